//! Who takes part: registering producers and readers in the ring's tables, telling the living from
//! the dead, and freeing what the dead held.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::config::{ReaderConfig, Start};
use super::error::{Result, RingError};
use super::layout::*;
use super::memory::Memory;
use super::park::Bed;
use super::process::{self, Liveness, ProcessId};
use super::protocol;

/// How long somebody who is just taking or leaving a slot is waited for: it takes microseconds.
const SETTLING: Duration = Duration::from_secs(1);

/// What one pass of [`recover`] freed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Recovered {
    pub gap_entries: u64,
    pub producers: u32,
    pub readers: u32,
}

impl Recovered {
    pub fn total(&self) -> u64 {
        self.gap_entries + self.producers as u64 + self.readers as u64
    }
}

fn owner(identity: &Identity) -> Owner {
    Owner(identity.owner.load(Ordering::Acquire))
}

fn swap_owner(identity: &Identity, from: Owner, to: Owner) -> bool {
    identity.owner.compare_exchange(from.0, to.0, Ordering::AcqRel, Ordering::Relaxed).is_ok()
}

/// Whether the holder of a slot runs. A slot being taken is judged by its pid alone.
fn liveness(identity: &Identity) -> Liveness {
    let holder = owner(identity);
    match holder.state() {
        SLOT_FREE => Liveness::Dead,
        SLOT_CLAIMING => match process::start_time(holder.pid()) {
            Some(_) => Liveness::Alive,
            None => Liveness::Dead,
        },
        _ => ProcessId {
            pid: holder.pid(),
            start: identity.start.load(Ordering::Acquire),
            namespace: identity.namespace.load(Ordering::Acquire),
        }
        .liveness(),
    }
}

fn lease_over(identity: &Identity) -> bool {
    let beat = identity.heartbeat_ns.load(Ordering::Acquire);
    process::coarse_ns().saturating_sub(beat) > identity.lease_ns.load(Ordering::Acquire)
}

/// Dead beyond its lease. A holder in another pid namespace is judged by the lease alone.
fn reader_gone(identity: &Identity) -> bool {
    liveness(identity) != Liveness::Alive && lease_over(identity)
}

/// Whether producers respect a place in the slot: its holder's, or, while another registers there under
/// the same name, that of the one before.
fn holds_place(memory: &Memory, slot: u32) -> bool {
    let gating = memory.reader(slot).facts.flags.load(Ordering::Acquire) & READER_GATING != 0;
    gating && protocol::has_bit(&memory.control().gating.0, slot)
}

/// Whether a slot that was being taken or left, or was evicted from, is nobody's: who did so is dead,
/// and no place is kept in it, or no longer.
fn abandoned(memory: &Memory, slot: u32) -> bool {
    let identity = &memory.reader(slot).identity;
    liveness(identity) == Liveness::Dead && (!holds_place(memory, slot) || lease_over(identity))
}

/// The owner word of a slot once a living process has done with taking or leaving it.
fn settled(identity: &Identity) -> Owner {
    let deadline = Instant::now() + SETTLING;
    loop {
        let seen = owner(identity);
        let busy = seen.state() == SLOT_CLAIMING && liveness(identity) != Liveness::Dead;
        if !busy || Instant::now() >= deadline {
            return seen;
        }
        std::thread::sleep(Duration::from_micros(100));
    }
}

fn sign(identity: &Identity, lease: Duration) {
    let me = ProcessId::current();
    identity.start.store(me.start, Ordering::Release);
    identity.namespace.store(me.namespace, Ordering::Release);
    identity.lease_ns.store(lease.as_nanos().min(u64::MAX as u128) as u64, Ordering::Release);
    identity.heartbeat_ns.store(process::coarse_ns(), Ordering::Release);
}

/// Takes a slot in state `seen` for this process; None when somebody was faster.
fn take(identity: &Identity, seen: Owner) -> Option<Owner> {
    let mine = Owner::new(std::process::id(), seen.generation().wrapping_add(1), SLOT_CLAIMING);
    swap_owner(identity, seen, mine).then_some(mine)
}

/// Registers a producer: its slot and owner word.
pub fn register_producer(memory: &Memory) -> Result<(u32, Owner)> {
    let slots = if memory.multi { memory.max_producers } else { 1 };
    // Dead producers are recovered, and their slots freed, before any slot is taken over.
    recover(memory);
    for slot in 0..slots {
        let identity = &memory.producer(slot).identity;
        let seen = owner(identity);
        let takeable = match seen.state() {
            SLOT_FREE => true,
            SLOT_CLAIMING => liveness(identity) == Liveness::Dead,
            _ => false,
        };
        if !takeable {
            continue;
        }
        let Some(mine) = take(identity, seen) else { continue };
        sign(identity, Duration::ZERO);
        memory.producer(slot).intent.first.store(IDLE, Ordering::Release);
        protocol::set_bit(&memory.control().producing.0, slot);
        if !memory.multi {
            // A claimant that died before it was active may have left this to us.
            protocol::recover(memory, 0, &|_| true);
        }
        let active = mine.with_state(SLOT_ACTIVE);
        identity.owner.store(active.0, Ordering::Release);
        return Ok((slot, active));
    }
    if memory.multi {
        Err(RingError::TableFull { what: "producer", limit: slots })
    } else {
        let pid = owner(&memory.producer(0).identity).pid();
        Err(RingError::Busy { what: "the single-producer ring".into(), pid })
    }
}

pub fn release_producer(memory: &Memory, slot: u32, mine: Owner) {
    if mine.pid() != std::process::id() {
        // A forked child drops its copy of the parent's handle.
        return;
    }
    swap_owner(&memory.producer(slot).identity, mine, mine.with_state(SLOT_FREE));
}

/// A registered reader as its handle needs it.
pub struct Registration {
    pub slot: u32,
    pub owner: Owner,
    pub name: String,
    pub sequence: u64,
    pub position: u64,
    /// What was asked for but is overwritten: `wanted..sequence`.
    pub wanted: u64,
    pub dependencies: Vec<Dependency>,
}

#[derive(Debug, Clone)]
pub struct Dependency {
    pub slot: u32,
    pub owner: Owner,
    pub name: String,
}

pub fn register_reader(memory: &Memory, config: &ReaderConfig) -> Result<Registration> {
    let name = if config.name.is_empty() {
        format!("reader-{}-{:08x}", std::process::id(), process::random_u64() as u32)
    } else {
        config.name.clone()
    };
    if name.len() >= NAME_LEN || name.contains('\0') {
        return Err(RingError::Invalid {
            detail: format!("reader name must be at most {} bytes without NUL: {name:?}", NAME_LEN - 1),
        });
    }
    if config.after.len() > MAX_DEPENDENCIES {
        return Err(RingError::Invalid {
            detail: format!("a reader may run behind at most {MAX_DEPENDENCIES} others"),
        });
    }
    let dependencies =
        config.after.iter().map(|other| find_dependency(memory, &name, other)).collect::<Result<Vec<_>>>()?;
    let (slot, mine, former) = take_reader_slot(memory, &name)?;
    let reader = memory.reader(slot);
    // A dead gating reader of this name still holds its place: nothing can be overwritten meanwhile.
    let held = former.as_ref().filter(|f| f.held && config.gating && config.start == Start::Resume);
    if held.is_none() {
        protocol::leave_gating(memory, slot);
        reader.facts.flags.store(0, Ordering::Release);
    }
    if former.is_none() {
        // From here on the cursor is not that of whoever had the slot.
        write_name(&reader.facts, "");
    }
    sign(&reader.identity, config.lease);
    reader.facts.lost.store(0, Ordering::Release);
    reader.facts.gap_entries.store(0, Ordering::Release);
    reader.facts.dependency_count.store(dependencies.len() as u32, Ordering::Release);
    for (field, dependency) in reader.facts.dependencies.iter().zip(&dependencies) {
        field.store(dependency.slot, Ordering::Release);
    }
    let control = memory.control();
    let latest = || control.claim.sequence(Ordering::Acquire);
    let wanted = match config.start {
        Start::Latest => latest(),
        Start::Oldest => protocol::oldest(memory, if config.gating { memory.quarter() } else { 0 }),
        Start::Sequence(sequence) => sequence,
        Start::Resume => match &former {
            Some(former) => former.sequence,
            None => protocol::oldest(memory, if config.gating { memory.quarter() } else { 0 }),
        },
    };
    let (sequence, position) = if let Some(held) = held {
        (held.sequence, held.position)
    } else if config.gating {
        protocol::join_gating(memory, slot, wanted)
    } else {
        reader.cursor.sequence.store(wanted, Ordering::Release);
        reader.cursor.position.store(0, Ordering::Release);
        (wanted, 0)
    };
    // Who is killed before has not taken this name: the flag and the name say whose the cursor is.
    reader.facts.flags.store(if config.gating { READER_GATING } else { 0 }, Ordering::Release);
    if former.is_none() {
        write_name(&reader.facts, &name);
    }
    if !dependencies.is_empty() {
        control.signals.dependents.fetch_add(1, Ordering::AcqRel);
    }
    let active = mine.with_state(SLOT_ACTIVE);
    reader.identity.owner.store(active.0, Ordering::Release);
    // Two processes may have registered one name at once: the lower slot keeps it.
    if let Some(rival) = find_reader(memory, &name, |other| other < slot) {
        write_name(&reader.facts, "");
        release_reader(memory, slot, active);
        let pid = owner(&memory.reader(rival).identity).pid();
        return Err(RingError::Busy { what: format!("reader name '{name}'"), pid });
    }
    // Where it only asked for the oldest, nothing is missing that was overwritten while it joined.
    let named =
        matches!(config.start, Start::Sequence(_)) || (config.start == Start::Resume && former.is_some());
    let wanted = if named { wanted } else { sequence };
    Ok(Registration { slot, owner: active, name, sequence, position, wanted, dependencies })
}

/// What a slot's last holder left behind.
struct Former {
    sequence: u64,
    position: u64,
    /// Its place is still protected from producers.
    held: bool,
}

fn take_reader_slot(memory: &Memory, name: &str) -> Result<(u32, Owner, Option<Former>)> {
    for slot in 0..memory.max_readers {
        let reader = memory.reader(slot);
        if read_name(&reader.facts) != name {
            continue;
        }
        let seen = settled(&reader.identity);
        if read_name(&reader.facts) != name {
            continue;
        }
        match seen.state() {
            SLOT_ACTIVE | SLOT_CLAIMING if liveness(&reader.identity) != Liveness::Dead => {
                return Err(RingError::Busy { what: format!("reader name '{name}'"), pid: seen.pid() });
            }
            SLOT_EVICTED if liveness(&reader.identity) != Liveness::Dead => continue,
            _ => {}
        }
        let Some(mine) = take(&reader.identity, seen) else { continue };
        let former = Former {
            sequence: reader.cursor.sequence.load(Ordering::Acquire),
            position: reader.cursor.position.load(Ordering::Acquire),
            held: holds_place(memory, slot),
        };
        drop_dependent(memory, slot, seen);
        return Ok((slot, mine, Some(former)));
    }
    for pass in 0..2 {
        for slot in 0..memory.max_readers {
            let identity = &memory.reader(slot).identity;
            let seen = owner(identity);
            // First what is free, best of all never used; then what the dead left.
            let takeable = match (pass, seen.state()) {
                (0, SLOT_FREE) => true,
                (1, SLOT_CLAIMING | SLOT_EVICTED) => abandoned(memory, slot),
                (1, SLOT_ACTIVE) => reader_gone(identity),
                _ => false,
            };
            if !takeable {
                continue;
            }
            if let Some(mine) = take(identity, seen) {
                drop_dependent(memory, slot, seen);
                return Ok((slot, mine, None));
            }
        }
    }
    Err(RingError::TableFull { what: "reader", limit: memory.max_readers })
}

/// Once per active holder that had dependencies, by whoever ended its holding.
fn drop_dependent(memory: &Memory, slot: u32, seen: Owner) {
    let count = &memory.reader(slot).facts.dependency_count;
    if seen.state() == SLOT_ACTIVE && count.swap(0, Ordering::AcqRel) != 0 {
        memory.control().signals.dependents.fetch_sub(1, Ordering::AcqRel);
    }
}

fn find_reader(memory: &Memory, name: &str, which: impl Fn(u32) -> bool) -> Option<u32> {
    (0..memory.max_readers).filter(|slot| which(*slot)).find(|slot| {
        let reader = memory.reader(*slot);
        owner(&reader.identity).state() == SLOT_ACTIVE && read_name(&reader.facts) == name
    })
}

fn find_dependency(memory: &Memory, name: &str, other: &str) -> Result<Dependency> {
    match find_reader(memory, other, |_| true) {
        Some(slot) => {
            Ok(Dependency { slot, owner: owner(&memory.reader(slot).identity), name: other.into() })
        }
        None => Err(RingError::DependencyLost { name: name.into(), dependency: other.into() }),
    }
}

/// Takes the slot out of its holder's hands, stops it from gating, and leaves it in `state`.
///
/// Whoever wins the exchange to CLAIMING is alone with the slot, so that clearing the gating bit can
/// never hit a successor. A process killed in between leaves a CLAIMING slot, see [`recover`].
fn end_holding(memory: &Memory, slot: u32, seen: Owner, state: u8) -> bool {
    let identity = &memory.reader(slot).identity;
    let held = Owner::new(std::process::id(), seen.generation(), SLOT_CLAIMING);
    if !swap_owner(identity, seen, held) {
        return false;
    }
    protocol::leave_gating(memory, slot);
    drop_dependent(memory, slot, seen);
    identity.owner.store(seen.with_state(state).0, Ordering::Release);
    let control = memory.control();
    Bed::producers(control).wake_always();
    Bed::readers(control).wake_always();
    true
}

/// Ends a reader's registration. Its name and place stay readable for a later `Start::Resume`.
pub fn release_reader(memory: &Memory, slot: u32, mine: Owner) {
    if mine.pid() != std::process::id() {
        // A forked child drops its copy of the parent's handle.
        return;
    }
    end_holding(memory, slot, mine, SLOT_FREE);
    let evicted = mine.with_state(SLOT_EVICTED);
    swap_owner(&memory.reader(slot).identity, evicted, mine.with_state(SLOT_FREE));
}

/// Ejects the active reader in `slot` if its owner word still is `seen`.
pub fn evict_slot(memory: &Memory, slot: u32, seen: Owner) -> bool {
    if seen.state() != SLOT_ACTIVE {
        return false;
    }
    // A living holder must notice before the slot is used again.
    let dead = liveness(&memory.reader(slot).identity) == Liveness::Dead;
    if !end_holding(memory, slot, seen, if dead { SLOT_FREE } else { SLOT_EVICTED }) {
        return false;
    }
    memory.control().counters.readers_evicted.fetch_add(1, Ordering::Relaxed);
    true
}

pub fn evict(memory: &Memory, name: &str) -> bool {
    find_reader(memory, name, |_| true)
        .is_some_and(|slot| evict_slot(memory, slot, owner(&memory.reader(slot).identity)))
}

/// The gating reader that is furthest behind.
pub fn slowest_gating(memory: &Memory) -> Option<String> {
    let mut slowest: Option<(u64, u32)> = None;
    protocol::for_each_bit(&memory.control().gating.0, |slot| {
        let at = memory.reader(slot).cursor.position.load(Ordering::Acquire);
        if slowest.is_none_or(|(position, _)| at < position) {
            slowest = Some((at, slot));
        }
    });
    slowest.map(|(_, slot)| read_name(&memory.reader(slot).facts))
}

/// Frees what dead participants hold. Reads `/proc`; callers do this rarely.
pub fn recover(memory: &Memory) -> Recovered {
    let control = memory.control();
    let mut done = Recovered::default();
    // Judged before anything is looked at, so that all their claims are already visible.
    let mut dead: Vec<(u32, Owner)> = Vec::new();
    protocol::for_each_producer(memory, |slot| {
        let identity = &memory.producer(slot).identity;
        let seen = owner(identity);
        if seen.state() == SLOT_ACTIVE && liveness(identity) == Liveness::Dead {
            dead.push((slot, seen));
        }
    });
    if !dead.is_empty() {
        // Another process may have freed the slot meanwhile, and a living producer taken it: its owner is
        // looked at once more, after the claims were.
        let is_dead = |slot: u32| {
            dead.iter().any(|(s, seen)| *s == slot && owner(&memory.producer(slot).identity) == *seen)
        };
        let (filled, unclear) = protocol::recover(memory, 0, &is_dead);
        done.gap_entries = filled;
        for (slot, seen) in dead.iter().filter(|(slot, _)| !unclear.contains(slot)) {
            if swap_owner(&memory.producer(*slot).identity, *seen, seen.with_state(SLOT_FREE)) {
                done.producers += 1;
            }
        }
        control.counters.producers_recovered.fetch_add(done.producers as u64, Ordering::Relaxed);
        control.signals.epoch.fetch_add(1, Ordering::AcqRel);
        Bed::producers(control).wake_always();
        Bed::readers(control).wake_always();
    }
    for slot in 0..memory.max_readers {
        let identity = &memory.reader(slot).identity;
        let seen = owner(identity);
        let gone = match seen.state() {
            SLOT_ACTIVE => reader_gone(identity) && evict_slot(memory, slot, seen),
            // Killed while it registered or left.
            SLOT_CLAIMING | SLOT_EVICTED => {
                abandoned(memory, slot) && end_holding(memory, slot, seen, SLOT_FREE)
            }
            _ => false,
        };
        done.readers += gone as u32;
    }
    done
}

/// Live processes registered in the ring, as (pid, what).
pub fn participants(memory: &Memory) -> Vec<(u32, String)> {
    let mut living = Vec::new();
    let alive =
        |identity: &Identity| owner(identity).state() != SLOT_FREE && liveness(identity) != Liveness::Dead;
    for slot in 0..memory.max_producers {
        let identity = &memory.producer(slot).identity;
        if alive(identity) {
            living.push((owner(identity).pid(), format!("producer {slot}")));
        }
    }
    for slot in 0..memory.max_readers {
        let reader = memory.reader(slot);
        if alive(&reader.identity) {
            living.push((owner(&reader.identity).pid(), format!("reader '{}'", read_name(&reader.facts))));
        }
    }
    living
}

pub fn read_name(facts: &ReaderFacts) -> String {
    let bytes: Vec<u8> = facts.name.iter().flat_map(|w| w.load(Ordering::Acquire).to_le_bytes()).collect();
    let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

fn write_name(facts: &ReaderFacts, name: &str) {
    let mut bytes = [0u8; NAME_LEN];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    // No name while it is neither: should we be killed meanwhile, it is nobody's.
    facts.name[0].store(0, Ordering::Release);
    for (word, chunk) in facts.name.iter().zip(bytes.chunks_exact(8)).rev() {
        word.store(u64::from_le_bytes(chunk.try_into().expect("eight bytes")), Ordering::Release);
    }
}
