//! One-way latency: half of a round trip between two threads or processes, both spinning.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::work::{Channel, Gate, How, Member, Role, Subject, Work, Worker, sum};
use crate::{Outcome, iceoryx, ours};

/// CLOCK_MONOTONIC in nanoseconds: the same in every process.
#[inline(always)]
pub fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a valid place for the time.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

#[repr(align(128))]
struct Line(AtomicU64);

/// The limit: one word on one cache line there, one on another back, and nothing else.
pub fn bare(rounds: usize) -> Vec<f64> {
    let lines = Arc::new([Line(AtomicU64::new(0)), Line(AtomicU64::new(0))]);
    let peer = lines.clone();
    let rounds = rounds as u64;
    let echo = std::thread::spawn(move || {
        for round in 1..=rounds {
            while peer[0].0.load(Ordering::Acquire) != round {
                std::hint::spin_loop();
            }
            peer[1].0.store(round, Ordering::Release);
        }
    });
    let times = (1..=rounds)
        .map(|round| {
            let from = now();
            lines[0].0.store(round, Ordering::Release);
            while lines[1].0.load(Ordering::Acquire) != round {
                std::hint::spin_loop();
            }
            (now() - from) as f64 / 2.0
        })
        .collect();
    echo.join().expect("the echo does not fail");
    times
}

pub fn of(subject: Subject, how: How, bytes: usize, rounds: usize, slots: u64) -> Outcome<Vec<f64>> {
    let events = rounds as u64;
    let work = Work { subject, how, producers: 1, consumers: 1, bytes, batch: 1, events, slots };
    let channel = Channel::open(&work, &["there", "back"])?;
    let (name, gate) = (channel.name.clone(), Gate::default());
    let worker = Worker { work: work.clone(), role: Role::Echo, index: 0, name: name.clone() };
    let times = match subject {
        Subject::Ours => {
            let mut reader = ours::open_reader(&name, "back", 0, true)?;
            let mut producer = ours::open_producer(&name, "there", true)?;
            measured(worker, &gate, rounds, |value| {
                ours::send(&mut producer, bytes, value)?;
                let mut got = 0;
                while reader.poll(1, |entry| got = sum(entry.payload), |_| ())? == 0 {
                    std::hint::spin_loop();
                }
                Ok(got)
            })?
        }
        Subject::Iceoryx => {
            let receiver = iceoryx::open_receiver(&name, "back", &work)?;
            let sender = iceoryx::open_sender(&name, "there", &work)?;
            measured(worker, &gate, rounds, |value| {
                iceoryx::send(&sender.port, bytes, value)?;
                loop {
                    if let Some(sample) = receiver.port.receive().map_err(|e| format!("{e:?}"))? {
                        return Ok(sum(sample.payload()));
                    }
                    std::hint::spin_loop();
                }
            })?
        }
    };
    Ok(times)
}

fn measured(
    echo: Worker,
    gate: &Gate,
    rounds: usize,
    mut trip: impl FnMut(u64) -> Outcome<u64>,
) -> Outcome<Vec<f64>> {
    let words = echo.work.bytes as u64 / 8;
    let mut member = Member::start(echo, gate)?;
    member.await_ready(gate)?;
    member.go()?;
    let mut times = Vec::with_capacity(rounds);
    for round in 0..rounds as u64 {
        let from = now();
        let got = trip(round)?;
        times.push((now() - from) as f64 / 2.0);
        if got != round.wrapping_mul(words).wrapping_mul(words) {
            return Err("not what was sent came back".into());
        }
    }
    member.end()?;
    member.leave()?;
    Ok(times)
}
