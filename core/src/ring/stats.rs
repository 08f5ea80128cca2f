//! A snapshot of a ring's counters and tables, for operators. Not atomic as a whole.

use std::sync::atomic::Ordering;

use super::handle::Ring;
use super::layout::*;
use super::process::{self, Liveness, ProcessId};
use super::protocol;
use super::slots::read_name;

#[derive(Debug, Clone, PartialEq)]
pub struct ReaderStats {
    pub name: String,
    pub slot: u32,
    pub pid: u32,
    pub alive: bool,
    pub evicted: bool,
    pub gating: bool,
    pub sequence: u64,
    pub lag: u64,
    pub lost: u64,
    pub gap_entries: u64,
    pub after: Vec<String>,
    pub lease_ns: u64,
    pub heartbeat_age_ns: u64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct ProducerStats {
    pub slot: u32,
    pub pid: u32,
    pub alive: bool,
    /// First sequence of a claim not yet published (multi-producer rings).
    pub in_flight: Option<u64>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RingStats {
    pub next_sequence: u64,
    pub oldest_sequence: u64,
    pub claimed_bytes: u64,
    pub halted: bool,
    pub gap_entries: u64,
    pub producers_recovered: u64,
    pub readers_evicted: u64,
    pub producer_waits: u64,
    pub reader_overruns: u64,
    pub reader_lost: u64,
    pub readers: Vec<ReaderStats>,
    pub producers: Vec<ProducerStats>,
}

fn process_of(identity: &Identity) -> (Owner, bool) {
    let owner = Owner(identity.owner.load(Ordering::Acquire));
    let id = ProcessId {
        pid: owner.pid(),
        start: identity.start.load(Ordering::Acquire),
        namespace: identity.namespace.load(Ordering::Acquire),
    };
    (owner, id.liveness() != Liveness::Dead)
}

impl Ring {
    pub fn stats(&self) -> RingStats {
        let memory = self.memory();
        let control = memory.control();
        let (next, position) = protocol::claimed(memory);
        let count = |c: &super::sync::AtomicU64| c.load(Ordering::Relaxed);
        let now = process::coarse_ns();
        let readers = (0..memory.max_readers)
            .filter_map(|slot| {
                let reader = memory.reader(slot);
                let (owner, alive) = process_of(&reader.identity);
                if !matches!(owner.state(), SLOT_ACTIVE | SLOT_EVICTED) {
                    return None;
                }
                let sequence = reader.cursor.sequence.load(Ordering::Acquire);
                let dependencies = reader.facts.dependency_count.load(Ordering::Acquire) as usize;
                let after = reader.facts.dependencies[..dependencies.min(MAX_DEPENDENCIES)]
                    .iter()
                    .map(|d| d.load(Ordering::Acquire))
                    .filter(|d| *d < memory.max_readers)
                    .map(|d| read_name(&memory.reader(d).facts))
                    .collect();
                Some(ReaderStats {
                    name: read_name(&reader.facts),
                    slot,
                    pid: owner.pid(),
                    alive,
                    evicted: owner.state() == SLOT_EVICTED,
                    gating: reader.facts.flags.load(Ordering::Acquire) & READER_GATING != 0,
                    sequence,
                    lag: next.saturating_sub(sequence),
                    lost: count(&reader.facts.lost),
                    gap_entries: count(&reader.facts.gap_entries),
                    after,
                    lease_ns: count(&reader.identity.lease_ns),
                    heartbeat_age_ns: now.saturating_sub(count(&reader.identity.heartbeat_ns)),
                })
            })
            .collect();
        let mut producers = Vec::new();
        protocol::for_each_producer(memory, |slot| {
            let producer = memory.producer(slot);
            let (owner, alive) = process_of(&producer.identity);
            let first = producer.intent.first.load(Ordering::Acquire);
            producers.push(ProducerStats {
                slot,
                pid: owner.pid(),
                alive,
                in_flight: (first != IDLE).then_some(first),
            });
        });
        RingStats {
            next_sequence: next,
            oldest_sequence: self.oldest_sequence(),
            claimed_bytes: position,
            halted: self.halted(),
            gap_entries: count(&control.counters.gap_entries),
            producers_recovered: count(&control.counters.producers_recovered),
            readers_evicted: count(&control.counters.readers_evicted),
            producer_waits: count(&control.counters.producer_waits),
            reader_overruns: count(&control.counters.reader_overruns),
            reader_lost: count(&control.counters.reader_lost),
            readers,
            producers,
        }
    }
}
