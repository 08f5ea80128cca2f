//! The ring's side: gating readers that look at entries in place, claims filled in place.

use std::path::PathBuf;

use alphapulse_core::ring::{Producer, Reader, ReaderConfig, Ring, RingConfig, Start, WaitStrategy};

use crate::Outcome;
use crate::work::{Role, Side, Work, Worker, expected, fill, sum};

/// The ring files of one run: `there`, and `back` for echoes.
pub struct Files(Vec<PathBuf>);

impl Files {
    pub fn create(name: &str, work: &Work, directions: &[&str]) -> Outcome<Self> {
        let mut files = Files(Vec::new());
        let capacity = (work.slots * work.bytes.next_multiple_of(64) as u64).next_power_of_two();
        for direction in directions {
            let path = path(name, direction);
            Ring::create(&path, &RingConfig::new(capacity).multi_producer(work.producers > 1))?;
            files.0.push(path);
        }
        Ok(files)
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        for path in &self.0 {
            let _ = std::fs::remove_file(path);
        }
    }
}

fn path(name: &str, direction: &str) -> PathBuf {
    PathBuf::from(format!("/dev/shm/{name}.{direction}"))
}

pub fn open_reader(name: &str, direction: &str, index: u64, spin: bool) -> Outcome<Reader> {
    let ring = Ring::attach(path(name, direction))?;
    let config = ReaderConfig::gating(format!("consumer-{index}"));
    Ok(ring.reader(&config.start(Start::Oldest).wait(strategy(spin)))?)
}

pub fn open_producer(name: &str, direction: &str, spin: bool) -> Outcome<Producer> {
    let mut producer = Ring::attach(path(name, direction))?.producer()?;
    producer.wait = strategy(spin);
    Ok(producer)
}

fn strategy(spin: bool) -> WaitStrategy {
    if spin { WaitStrategy::BusySpin } else { WaitStrategy::Yield }
}

pub fn run(worker: &Worker, side: &Side, finished: &mut dyn FnMut()) -> Outcome<()> {
    let work = &worker.work;
    match worker.role {
        Role::Producer => {
            let mut producer = open_producer(&worker.name, "there", false)?;
            side.ready();
            produce(&mut producer, work)?;
            finished();
        }
        Role::Consumer => {
            let mut reader = open_reader(&worker.name, "there", worker.index, false)?;
            side.ready();
            let total = consume(&mut reader, work)?;
            finished();
            if total != expected(work) {
                return Err("not what was sent arrived".into());
            }
        }
        Role::Echo => {
            let mut reader = open_reader(&worker.name, "there", 0, true)?;
            let mut producer = open_producer(&worker.name, "back", true)?;
            side.ready();
            let mut left = work.events as usize;
            while left > 0 {
                let mut echoed = Ok(());
                let seen = reader.poll(
                    left,
                    |entry| echoed = send(&mut producer, work.bytes, sum(entry.payload)),
                    |_| (),
                )?;
                echoed?;
                left -= seen;
                if seen == 0 {
                    std::hint::spin_loop();
                }
            }
            finished();
        }
    }
    Ok(())
}

#[inline(always)]
pub fn send(producer: &mut Producer, bytes: usize, value: u64) -> Outcome<()> {
    let mut entry = producer.claim(bytes)?;
    fill(entry.payload(), value);
    entry.publish();
    Ok(())
}

fn produce(producer: &mut Producer, work: &Work) -> Outcome<()> {
    let each = work.events / work.producers;
    // The sizes that are measured, as constants: a user's record has a fixed size, too.
    match work.bytes {
        64 => produce_sized::<64>(producer, each, work.batch),
        1024 => produce_sized::<1024>(producer, each, work.batch),
        4096 => produce_sized::<4096>(producer, each, work.batch),
        other => Err(format!("payloads of {other} bytes are not measured").into()),
    }
}

fn produce_sized<const N: usize>(producer: &mut Producer, each: u64, batch: u64) -> Outcome<()> {
    if batch == 1 {
        for value in 0..each {
            send(producer, N, value)?;
        }
        return Ok(());
    }
    for base in (0..each).step_by(batch as usize) {
        let mut claim = producer.claim_batch(batch as usize, N)?;
        for index in 0..batch {
            fill(&mut claim.payload(index as usize)[..N], base + index);
        }
        claim.publish();
    }
    Ok(())
}

fn consume(reader: &mut Reader, work: &Work) -> Outcome<u64> {
    // As in `produce`: LMAX's handlers know the size of their event, too.
    match work.bytes {
        64 => consume_sized::<64>(reader, work),
        1024 => consume_sized::<1024>(reader, work),
        4096 => consume_sized::<4096>(reader, work),
        other => Err(format!("payloads of {other} bytes are not measured").into()),
    }
}

fn consume_sized<const N: usize>(reader: &mut Reader, work: &Work) -> Outcome<u64> {
    let (mut left, mut total) = (work.events as usize, 0u64);
    while left > 0 {
        let seen = reader.poll(left, |entry| total = total.wrapping_add(sum(&entry.payload[..N])), |_| ())?;
        left -= seen;
        if seen == 0 {
            reader.wait(None);
        }
    }
    Ok(total)
}
