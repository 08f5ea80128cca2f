//! The claim, publish, read and recover protocol under every interleaving that loom explores.
//!
//! Runs only with `RUSTFLAGS="--cfg loom" cargo test --release --test ring_loom` (`make loom`): the
//! ring's atomics are then loom's, and the memory is a heap of one word per block.
#![cfg(loom)]

use std::sync::Arc;
use std::sync::atomic::AtomicBool as PlainBool;

use alphapulse_core::ring::layout::*;
use alphapulse_core::ring::memory::Memory;
use alphapulse_core::ring::protocol::*;
use alphapulse_core::ring::sync::*;
use loom::thread;

fn model(run: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.max_branches = 20_000;
    builder.check(run);
}

/// A ring of four blocks whose claims take one block each.
fn ring(multi: bool) -> Arc<Memory> {
    let memory = Arc::new(Memory::model(4 * BLOCK, multi, 2, 2));
    for slot in 0..2 {
        let owner = Owner::new(1 + slot, 1, SLOT_ACTIVE);
        memory.producer(slot).identity.owner.store(owner.0, Ordering::Relaxed);
        if multi || slot == 0 {
            set_bit(&memory.control().producing.0, slot);
        }
    }
    memory
}

fn put(memory: &Memory, producer: &mut ProducerCore, value: u64) -> Result<u64, Refusal> {
    let claim = producer.claim(memory, 1, BLOCK)?;
    memory.block(claim.position).store(value, Ordering::Relaxed);
    producer.publish(memory, claim.first, claim.position, 8);
    producer.finish(memory);
    Ok(claim.first)
}

/// Takes what is ready; each value or None for a gap entry.
fn take(memory: &Memory, reader: &mut ReaderCore, into: &mut Vec<Option<u64>>) {
    while let Look::Ready(word) = reader.look(memory) {
        into.push((!word.is_gap()).then(|| memory.block(reader.position).load(Ordering::Relaxed)));
        reader.advance(word);
    }
    reader.release(memory);
}

fn gating(memory: &Memory) -> ReaderCore {
    let (sequence, position) = join_gating(memory, 0, 0);
    ReaderCore::new(0, sequence, position)
}

#[test]
fn a_single_producers_entries_arrive_in_order_and_whole() {
    model(|| {
        let memory = ring(false);
        let mut reader = gating(&memory);
        let of_thread = memory.clone();
        let producer = thread::spawn(move || {
            let mut producer = ProducerCore::new(&of_thread, 0);
            put(&of_thread, &mut producer, 10).unwrap();
            put(&of_thread, &mut producer, 11).unwrap();
        });
        let mut seen = Vec::new();
        take(&memory, &mut reader, &mut seen);
        producer.join().unwrap();
        take(&memory, &mut reader, &mut seen);
        assert_eq!(seen, [Some(10), Some(11)]);
    });
}

#[test]
fn a_full_ring_is_not_overwritten_and_goes_on_once_read() {
    model(|| {
        let memory = ring(false);
        let mut reader = gating(&memory);
        let mut producer = ProducerCore::new(&memory, 0);
        for value in 0..4 {
            put(&memory, &mut producer, value).unwrap();
        }
        let of_thread = memory.clone();
        let late = thread::spawn(move || put(&of_thread, &mut producer, 4));
        let mut seen = Vec::new();
        take(&memory, &mut reader, &mut seen);
        let outcome = late.join().unwrap();
        take(&memory, &mut reader, &mut seen);
        let told: u64 = 4 + outcome.is_ok() as u64;
        assert_eq!(seen, (0..told).map(Some).collect::<Vec<_>>());
    });
}

#[test]
fn two_producers_never_share_an_entry() {
    model(|| {
        let memory = ring(true);
        let mut reader = gating(&memory);
        let producers: Vec<_> = (0..2)
            .map(|slot| {
                let memory = memory.clone();
                thread::spawn(move || {
                    let mut producer = ProducerCore::new(&memory, slot);
                    put(&memory, &mut producer, 100 + slot as u64).unwrap()
                })
            })
            .collect();
        let mut seen = Vec::new();
        take(&memory, &mut reader, &mut seen);
        let mut sequences: Vec<u64> = producers.into_iter().map(|p| p.join().unwrap()).collect();
        take(&memory, &mut reader, &mut seen);
        sequences.sort();
        assert_eq!(sequences, [0, 1]);
        seen.sort();
        assert_eq!(seen, [Some(100), Some(101)]);
    });
}

#[test]
fn a_lapped_observer_never_believes_torn_bytes() {
    model(|| {
        let memory = ring(false);
        let mut producer = ProducerCore::new(&memory, 0);
        for value in 0..4 {
            put(&memory, &mut producer, value).unwrap();
        }
        let of_thread = memory.clone();
        let lapping = thread::spawn(move || put(&of_thread, &mut producer, 4).unwrap());
        // An observer at sequence 0, which sequence 4 overwrites.
        if let Ok(position) = locate(&memory, 0) {
            let value = memory.block(position).load(Ordering::Relaxed);
            if intact(&memory, position) {
                assert_eq!(value, 0);
            }
        }
        lapping.join().unwrap();
        assert!(!intact(&memory, 0));
        assert_eq!(locate(&memory, 4), Ok(4 * BLOCK));
    });
}

#[test]
fn a_joining_reader_misses_nothing_from_where_it_starts() {
    model(|| {
        let memory = ring(false);
        let of_thread = memory.clone();
        let producer = thread::spawn(move || {
            let mut producer = ProducerCore::new(&of_thread, 0);
            (0..6).take_while(|value| put(&of_thread, &mut producer, *value).is_ok()).count() as u64
        });
        let wanted = memory.control().claim.sequence(Ordering::Acquire);
        let (sequence, position) = join_gating(&memory, 0, wanted);
        let mut reader = ReaderCore::new(0, sequence, position);
        let made = producer.join().unwrap();
        let mut seen = Vec::new();
        take(&memory, &mut reader, &mut seen);
        assert_eq!(seen, (sequence..made).map(Some).collect::<Vec<_>>());
    });
}

#[test]
fn a_dead_producers_claim_becomes_one_gap_whoever_recovers() {
    model(|| {
        let memory = ring(true);
        let mut reader = gating(&memory);
        // Producer 1 dies between claim and publish; producer 0 goes on meanwhile.
        ProducerCore::new(&memory, 1).claim(&memory, 1, BLOCK).unwrap();
        let alive = {
            let memory = memory.clone();
            thread::spawn(move || {
                let mut producer = ProducerCore::new(&memory, 0);
                put(&memory, &mut producer, 7).unwrap()
            })
        };
        let other = {
            let memory = memory.clone();
            thread::spawn(move || recover(&memory, 0, &|slot| slot == 1).0)
        };
        let filled = recover(&memory, 0, &|slot| slot == 1).0 + other.join().unwrap();
        assert_eq!(alive.join().unwrap(), 1);
        // A recovery that could not tell the owner yet is repeated, as the waiters do.
        let filled = filled + recover(&memory, 0, &|slot| slot == 1).0;
        assert_eq!(filled, 1, "made a gap exactly once");
        let mut seen = Vec::new();
        take(&memory, &mut reader, &mut seen);
        assert_eq!(seen, [None, Some(7)]);
    });
}

#[test]
fn a_sleeper_is_woken_or_sees_the_entry() {
    model(|| {
        let memory = ring(false);
        let mut reader = gating(&memory);
        let of_thread = memory.clone();
        let woken = Arc::new(PlainBool::new(false));
        let wakes = woken.clone();
        let producer = thread::spawn(move || {
            let mut producer = ProducerCore::new(&of_thread, 0);
            let claim = producer.claim(&of_thread, 1, BLOCK).unwrap();
            producer.publish(&of_thread, claim.first, claim.position, 8);
            if producer.finish(&of_thread) {
                wakes.store(true, std::sync::atomic::Ordering::SeqCst);
            }
        });
        // The first half of `Bed::sleep`: announce, then look once more.
        memory.control().signals.readers_asleep.store(1, Ordering::SeqCst);
        heavy_fence();
        let sleeps = reader.look(&memory) == Look::Pending;
        producer.join().unwrap();
        assert!(!sleeps || woken.load(std::sync::atomic::Ordering::SeqCst), "slept through the entry");
    });
}
