//! iceoryx2's side: publish-subscribe without overflow, samples loaned and filled in place. It has no
//! call for several samples at once: a batch is as many sends.

use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;

use crate::Outcome;
use crate::work::{Role, Side, Work, Worker, expected, fill, pause, sum};

type Sender = Publisher<ipc::Service, [u8], ()>;
type Receiver = Subscriber<ipc::Service, [u8], ()>;

/// A service's ports live as long as the node they are made by.
pub struct Port<T> {
    pub port: T,
    _node: Node<ipc::Service>,
}

fn failed(error: impl std::fmt::Debug) -> Box<dyn std::error::Error + Send + Sync> {
    format!("iceoryx2: {error:?}").into()
}

type Factory = iceoryx2::service::port_factory::publish_subscribe::PortFactory<ipc::Service, [u8], ()>;

fn service(node: &Node<ipc::Service>, name: &str, direction: &str, work: &Work) -> Outcome<Factory> {
    let name = ServiceName::new(&format!("{name}.{direction}")).map_err(failed)?;
    node.service_builder(&name)
        .publish_subscribe::<[u8]>()
        .payload_alignment(Alignment::new(64).ok_or("an alignment of 64")?)
        .enable_safe_overflow(false)
        .history_size(0)
        .subscriber_max_buffer_size(work.slots as usize)
        .max_publishers(work.producers.max(1) as usize)
        .max_subscribers(work.consumers.max(1) as usize)
        .max_nodes((work.producers + work.consumers + 4) as usize)
        .open_or_create()
        .map_err(failed)
}

pub fn open_receiver(name: &str, direction: &str, work: &Work) -> Outcome<Port<Receiver>> {
    let node = NodeBuilder::new().create::<ipc::Service>().map_err(failed)?;
    let service = service(&node, name, direction, work)?;
    let port = service.subscriber_builder().create().map_err(failed)?;
    Ok(Port { port, _node: node })
}

pub fn open_sender(name: &str, direction: &str, work: &Work) -> Outcome<Port<Sender>> {
    let node = NodeBuilder::new().create::<ipc::Service>().map_err(failed)?;
    let service = service(&node, name, direction, work)?;
    let port = service
        .publisher_builder()
        .initial_max_slice_len(work.bytes)
        .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
        .create()
        .map_err(failed)?;
    Ok(Port { port, _node: node })
}

#[inline(always)]
pub fn send(sender: &Sender, bytes: usize, value: u64) -> Outcome<()> {
    let mut sample = sender.loan_slice_uninit(bytes).map_err(failed)?;
    // SAFETY: every byte is written before the sample is sent; `u8` has no invalid value.
    let sample = unsafe {
        let payload = sample.payload_mut();
        fill(std::slice::from_raw_parts_mut(payload.as_mut_ptr().cast(), bytes), value);
        sample.assume_init()
    };
    sample.send().map_err(failed)?;
    Ok(())
}

pub fn run(worker: &Worker, side: &Side, finished: &mut dyn FnMut()) -> Outcome<()> {
    let work = &worker.work;
    let (name, spin) = (&worker.name, work.may_spin());
    match worker.role {
        Role::Producer => {
            let sender = open_sender(name, "there", work)?;
            side.ready();
            for value in 0..work.events / work.producers {
                send(&sender.port, work.bytes, value)?;
            }
            finished();
        }
        Role::Consumer => {
            let receiver = open_receiver(name, "there", work)?;
            side.ready();
            let (mut left, mut total) = (work.events, 0u64);
            while left > 0 {
                match receiver.port.receive().map_err(failed)? {
                    Some(sample) => {
                        total = total.wrapping_add(sum(sample.payload()));
                        left -= 1;
                    }
                    None => pause(spin),
                }
            }
            finished();
            if total != expected(work) {
                return Err("not what was sent arrived".into());
            }
        }
        Role::Echo => {
            let receiver = open_receiver(name, "there", work)?;
            let sender = open_sender(name, "back", work)?;
            side.ready();
            let mut left = work.events;
            while left > 0 {
                match receiver.port.receive().map_err(failed)? {
                    Some(sample) => {
                        send(&sender.port, work.bytes, sum(sample.payload()))?;
                        left -= 1;
                    }
                    None => std::hint::spin_loop(),
                }
            }
            finished();
        }
    }
    Ok(())
}
