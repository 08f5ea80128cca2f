//! The protocol itself: claim, publish, read, give back, recover. No I/O, no waiting, no allocation
//! on the publish and read paths; everything here also runs under the model checker.
//!
//! * A producer moves the claim word by its number of entries and bytes, writes the payload, then
//!   stores each entry's position and, with release, its word. A word carries the lap of its
//!   sequence, so readers need no shared "published" cursor: they look at the next word.
//! * Positions are bytes and only grow. A claim may reach `capacity` bytes beyond the slowest of
//!   (gating readers, claims in flight, the claim word itself); producers cache that limit and look
//!   again when they reach it, or when `Signals::epoch` moves.
//! * Bytes at `p` are intact as long as the claim position has not passed `p + capacity`: the claim
//!   word moves before the first byte is overwritten. Non-gating readers check this after copying.
//! * In a multi-producer ring each claim is first announced in the producer's `Intent`. `first` is
//!   always a claim boundary, so the extent of a dead producer's claim is the distance to the next
//!   boundary, wherever it was interrupted.

use super::layout::*;
use super::memory::Memory;
use super::sync::*;

/// How far ahead of a published entry its producer asks for cache lines, in bytes and in entries.
/// Measured with 64-byte entries on rings of 256 KiB to 16 MiB; beyond the second-level cache it is
/// the difference between 30 and 180 million entries a second.
#[cfg(not(loom))]
const WRITE_AHEAD: u64 = 4096;
#[cfg(not(loom))]
const INDEX_AHEAD: u64 = 64;

/// Entries `first .. first + count`, bytes `position .. position + span`, owned until published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    pub first: u64,
    pub count: u64,
    pub position: u64,
    pub span: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    Full,
    Halted,
}

/// A producer's private side.
pub struct ProducerCore {
    pub slot: u32,
    /// Where the single producer stands; unused in multi-producer rings.
    next: (u64, u64),
    limit: u64,
    epoch: u32,
}

impl ProducerCore {
    /// For a slot that was registered and whose predecessor's claims were recovered.
    pub fn new(memory: &Memory, slot: u32) -> Self {
        let control = memory.control();
        ProducerCore {
            slot,
            next: (control.claim.sequence(Ordering::Acquire), control.claim.position(Ordering::Acquire)),
            limit: 0,
            epoch: 0,
        }
    }

    /// Claims `count ≥ 1` entries of `span` bytes together; `span ≤ capacity / 4`.
    #[inline(always)]
    pub fn claim(&mut self, memory: &Memory, count: u64, span: u64) -> Result<Claim, Refusal> {
        if memory.multi {
            self.claim_multi(memory, count, span)
        } else {
            self.claim_single(memory, count, span)
        }
    }

    #[inline(always)]
    fn claim_single(&mut self, memory: &Memory, count: u64, span: u64) -> Result<Claim, Refusal> {
        let control = memory.control();
        let (first, position) = self.next;
        let end = position + span;
        if control.signals.epoch.load(Ordering::Acquire) != self.epoch || end > self.limit {
            self.look_again(memory, end)?;
        }
        self.next = (first + count, end);
        control.claim.store(first + count, end);
        // The claim is visible before any byte below it changes (pairs with `intact`).
        fence(Ordering::Release);
        Ok(Claim { first, count, position, span })
    }

    #[inline(always)]
    fn claim_multi(&mut self, memory: &Memory, count: u64, span: u64) -> Result<Claim, Refusal> {
        let control = memory.control();
        let intent = &memory.producer(self.slot).intent;
        loop {
            let (first, position) = claimed(memory);
            let end = position + span;
            if control.signals.epoch.load(Ordering::Acquire) != self.epoch || end > self.limit {
                self.look_again(memory, end)?;
            }
            intent.position.store(position, Ordering::Release);
            intent.first.store(first, Ordering::Release);
            if control.claim.advance((first, position), (first + count, end)) {
                fence(Ordering::Release);
                return Ok(Claim { first, count, position, span });
            }
            intent.first.store(IDLE, Ordering::Release);
            spin_hint();
        }
    }

    /// Recomputes how far claims may go.
    #[cold]
    fn look_again(&mut self, memory: &Memory, end: u64) -> Result<(), Refusal> {
        let control = memory.control();
        let epoch = control.signals.epoch.load(Ordering::Acquire);
        if control.signals.state.load(Ordering::Acquire) == STATE_HALTED {
            return Err(Refusal::Halted);
        }
        // The claim word first: a claim announced after this look starts at or beyond it.
        let mut low = if memory.multi { control.claim.position(Ordering::Acquire) } else { self.next.1 };
        for_each_bit(&control.gating.0, |slot| {
            low = low.min(memory.reader(slot).cursor.position.load(Ordering::Acquire));
        });
        if memory.multi {
            for_each_producer(memory, |slot| {
                if let Some((_, position)) = intent(memory, slot) {
                    low = low.min(position);
                }
            });
        }
        self.limit = low + memory.capacity;
        self.epoch = epoch;
        if end <= self.limit { Ok(()) } else { Err(Refusal::Full) }
    }

    /// Asks for ownership of the payload line that will be written some entries after `position`, if it
    /// is known to be free: taking lines that readers still want would slow both sides.
    #[cfg(not(loom))]
    #[inline(always)]
    pub fn ask_ahead(&self, memory: &Memory, position: u64) {
        if position + WRITE_AHEAD <= self.limit {
            prefetch_write(memory.at(position + WRITE_AHEAD));
        }
    }

    /// The same for the index lines of an entry that is published now.
    #[cfg(not(loom))]
    #[inline(always)]
    pub fn ask_index_ahead(&self, memory: &Memory, sequence: u64, position: u64) {
        if position + WRITE_AHEAD <= self.limit {
            prefetch_write((memory.word(sequence + INDEX_AHEAD) as *const AtomicU64).cast());
            prefetch_write((memory.position(sequence + INDEX_AHEAD) as *const AtomicU64).cast());
        }
    }

    /// Makes one claimed entry visible. Its payload must have been written.
    #[inline(always)]
    pub fn publish(&self, memory: &Memory, sequence: u64, position: u64, length: u32) {
        memory.position(sequence).store(position, Ordering::Relaxed);
        memory.word(sequence).store(Word::new(memory.stamp(sequence), length).0, Ordering::Release);
    }

    /// Ends a claim whose entries are all published. True when somebody may have to be woken.
    #[inline(always)]
    pub fn finish(&self, memory: &Memory) -> bool {
        if memory.multi {
            memory.producer(self.slot).intent.first.store(IDLE, Ordering::Release);
        }
        light_fence();
        memory.control().signals.readers_asleep.load(Ordering::Relaxed) != 0
    }

    /// Gives up the entries of `claim` from `from` on, whose bytes start at `position`: they become
    /// gap entries. Call `finish` afterwards.
    #[cold]
    pub fn abandon(&self, memory: &Memory, claim: &Claim, from: u64, position: u64) {
        let end = (claim.first + claim.count, claim.position + claim.span);
        let filled = fill(memory, (from, position), end);
        memory.control().counters.gap_entries.fetch_add(filled, Ordering::Relaxed);
    }
}

/// The claim word as a pair. In a multi-producer ring both halves are of one moment; in a
/// single-producer ring the position may lag behind the sequence, never lead.
#[inline(always)]
pub fn claimed(memory: &Memory) -> (u64, u64) {
    let claim = &memory.control().claim;
    if !memory.multi {
        let position = claim.position(Ordering::Acquire);
        return (claim.sequence(Ordering::Acquire), position);
    }
    let mut sequence = claim.sequence(Ordering::Acquire);
    loop {
        let position = claim.position(Ordering::Acquire);
        let again = claim.sequence(Ordering::Acquire);
        if sequence == again {
            return (sequence, position);
        }
        sequence = again;
    }
}

/// A producer's announced claim, unless it has none.
fn intent(memory: &Memory, slot: u32) -> Option<(u64, u64)> {
    let intent = &memory.producer(slot).intent;
    loop {
        let first = intent.first.load(Ordering::Acquire);
        if first == IDLE {
            return None;
        }
        let position = intent.position.load(Ordering::Acquire);
        if intent.first.load(Ordering::Acquire) == first {
            return Some((first, position));
        }
        spin_hint();
    }
}

/// Whether no producer may have begun to overwrite bytes from `position` on. Call it after reading.
#[inline(always)]
pub fn intact(memory: &Memory, position: u64) -> bool {
    fence(Ordering::Acquire);
    memory.control().claim.position(Ordering::Acquire) <= position + memory.capacity
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Published: its word.
    Ready(Word),
    Pending,
    /// The index slot already belongs to a later lap.
    Overrun,
}

#[inline(always)]
pub fn look(memory: &Memory, sequence: u64) -> Look {
    let word = Word(memory.word(sequence).load(Ordering::Acquire));
    let ahead = word.stamp().wrapping_sub(memory.stamp(sequence)) as i32;
    if ahead == 0 {
        Look::Ready(word)
    } else if ahead < 0 {
        Look::Pending
    } else {
        Look::Overrun
    }
}

/// The byte position of a published entry by its sequence alone.
pub fn locate(memory: &Memory, sequence: u64) -> Result<u64, Look> {
    match look(memory, sequence) {
        Look::Ready(_) => {}
        other => return Err(other),
    }
    let position = memory.position(sequence).load(Ordering::Relaxed);
    fence(Ordering::Acquire);
    // Not claimed again: the index slot still was this lap's when the position was read.
    if memory.control().claim.sequence(Ordering::Acquire) > sequence + memory.index_len() {
        return Err(Look::Overrun);
    }
    Ok(position)
}

/// The oldest sequence whose bytes will survive the next `slack` claimed bytes.
pub fn oldest(memory: &Memory, slack: u64) -> u64 {
    let (end, end_position) = claimed(memory);
    let floor = (end_position + slack).saturating_sub(memory.capacity);
    let (mut low, mut high) = (end.saturating_sub(memory.index_len()), end);
    while low < high {
        let middle = low + (high - low) / 2;
        match locate(memory, middle) {
            Ok(position) if position < floor => low = middle + 1,
            Err(Look::Overrun) => low = middle + 1,
            _ => high = middle,
        }
    }
    low
}

/// A reader's private side: where it stands. It owns its cursor in shared memory.
pub struct ReaderCore {
    pub slot: u32,
    pub sequence: u64,
    pub position: u64,
    /// False until the position was read from the index (a start is known by its sequence only).
    anchored: bool,
}

impl ReaderCore {
    pub fn new(slot: u32, sequence: u64, position: u64) -> Self {
        ReaderCore { slot, sequence, position, anchored: false }
    }

    /// What is at the reader's place. `Ready` also makes `self.position` exact.
    #[inline(always)]
    pub fn look(&mut self, memory: &Memory) -> Look {
        if !self.anchored {
            return self.anchor(memory);
        }
        look(memory, self.sequence)
    }

    #[cold]
    fn anchor(&mut self, memory: &Memory) -> Look {
        let seen = look(memory, self.sequence);
        if let Look::Ready(_) = seen {
            match locate(memory, self.sequence) {
                Ok(position) => {
                    self.position = position;
                    self.anchored = true;
                }
                Err(other) => return other,
            }
        }
        seen
    }

    #[inline(always)]
    pub fn advance(&mut self, word: Word) {
        self.sequence += 1;
        self.position += word.span();
    }

    /// Takes the last `advance` back.
    pub fn retreat(&mut self, word: Word) {
        self.sequence -= 1;
        self.position -= word.span();
    }

    /// Puts the reader elsewhere (non-gating readers, or a gating one that was overrun at its start).
    pub fn jump(&mut self, sequence: u64) {
        self.sequence = sequence;
        self.anchored = false;
    }

    /// Gives everything before the reader's place back. True when somebody may have to be woken.
    #[inline(always)]
    pub fn release(&self, memory: &Memory) -> bool {
        let cursor = &memory.reader(self.slot).cursor;
        // Sequence first: producers follow the position, which for a reader that is killed between the
        // two may only be too low, lest its successor begin with what is overwritten.
        cursor.sequence.store(self.sequence, Ordering::Release);
        cursor.position.store(self.position, Ordering::Release);
        light_fence();
        let signals = &memory.control().signals;
        signals.producers_asleep.load(Ordering::Relaxed) != 0
            || (signals.dependents.load(Ordering::Relaxed) != 0
                && signals.readers_asleep.load(Ordering::Relaxed) != 0)
    }
}

/// Makes producers respect the gating reader in `slot` from `wanted` on, or from the oldest place
/// that is certain to be safe; returns where it starts as (sequence, lower bound of its position).
///
/// One claim per producer may still be under way on an older look at the readers. It reaches at most
/// a quarter of the ring beyond the claim word that is read after the barrier.
pub fn join_gating(memory: &Memory, slot: u32, wanted: u64) -> (u64, u64) {
    let control = memory.control();
    let cursor = &memory.reader(slot).cursor;
    let bound = |sequence: u64| match locate(memory, sequence) {
        Ok(position) => position,
        // Not published yet: somewhere in the last lap. The first look makes it exact.
        Err(_) => control.claim.position(Ordering::Acquire).saturating_sub(memory.capacity),
    };
    let start = |sequence: u64| {
        // Position before sequence: it may only be too low.
        let position = control.claim.position(Ordering::Acquire);
        let end = control.claim.sequence(Ordering::Acquire);
        if sequence >= end { (sequence, position) } else { (sequence, bound(sequence)) }
    };
    let (_, position) = start(wanted);
    cursor.sequence.store(wanted, Ordering::Release);
    cursor.position.store(position, Ordering::Release);
    set_bit(&control.gating.0, slot);
    control.signals.epoch.fetch_add(1, Ordering::AcqRel);
    heavy_fence();
    let safe = oldest(memory, memory.quarter());
    let (sequence, position) = start(wanted.max(safe));
    cursor.sequence.store(sequence, Ordering::Release);
    cursor.position.store(position, Ordering::Release);
    (sequence, position)
}

/// Stops producers from waiting for the reader in `slot`. The caller wakes blocked producers.
pub fn leave_gating(memory: &Memory, slot: u32) {
    clear_bit(&memory.control().gating.0, slot);
    memory.control().signals.epoch.fetch_add(1, Ordering::AcqRel);
}

/// Turns the unpublished claims of dead producers into gap entries, from sequence `from` on.
///
/// `dead(slot)` must be true only where the slot's holder will never store again. It is asked after the
/// announced claims were read, so that they are that holder's. Any number of processes may recover at
/// once: each step is a compare-and-swap from the value of the lap before.
/// Returns the number of entries filled in and the bits of dead slots that still have a claim which
/// cannot be told apart from a live producer's.
pub fn recover(memory: &Memory, from: u64, dead: &dyn Fn(u32) -> bool) -> (u64, Vec<u32>) {
    let (end, end_position) = claimed(memory);
    let mut intents: Vec<(u32, u64, u64)> = Vec::new();
    if memory.multi {
        for_each_producer(memory, |slot| {
            if let Some((first, position)) = intent(memory, slot) {
                intents.push((slot, first, position));
            }
        });
    }
    let mut filled = 0;
    let mut unclear = Vec::new();
    let mut sequence = from.max(end.saturating_sub(memory.index_len()));
    while sequence < end {
        if look(memory, sequence) != Look::Pending {
            sequence += 1;
            continue;
        }
        let published = (sequence + 1..end).find(|s| look(memory, *s) != Look::Pending).unwrap_or(end);
        if !memory.multi {
            if dead(0) {
                filled += recover_single(memory, sequence, end);
            }
            break;
        }
        // The owner announced the greatest boundary at or below this sequence.
        let owner_first = intents.iter().map(|i| i.1).filter(|first| *first <= sequence).max();
        let next = intents.iter().filter(|i| i.1 > sequence).min_by_key(|i| i.1);
        let boundary = match next {
            Some((_, first, position)) if *first < published => (*first, *position),
            _ if published < end => (published, memory.position(published).load(Ordering::Relaxed)),
            _ => (end, end_position),
        };
        let owners = || intents.iter().filter(|i| Some(i.1) == owner_first);
        if owner_first.is_some() && owners().all(|i| dead(i.0)) {
            let position = match owners().find(|i| i.1 == sequence) {
                Some((_, _, position)) => Some(*position),
                // A batch that was interrupted: right behind the last entry it published.
                None => match look(memory, sequence - 1) {
                    Look::Ready(word) => {
                        Some(memory.position(sequence - 1).load(Ordering::Relaxed) + word.span())
                    }
                    _ => None,
                },
            };
            if let Some(position) = position {
                filled += fill(memory, (sequence, position), boundary);
            }
        } else {
            unclear.extend(owners().map(|i| i.0).filter(|slot| dead(*slot)));
        }
        sequence = boundary.0;
    }
    if filled != 0 {
        memory.control().counters.gap_entries.fetch_add(filled, Ordering::Relaxed);
    }
    (filled, unclear)
}

/// Everything unpublished in a single-producer ring is its dead producer's.
fn recover_single(memory: &Memory, sequence: u64, end: u64) -> u64 {
    let claim = &memory.control().claim;
    let position = match sequence.checked_sub(1).map(|before| (before, look(memory, before))) {
        None => 0,
        Some((before, Look::Ready(word))) => memory.position(before).load(Ordering::Relaxed) + word.span(),
        Some(_) => return 0,
    };
    // Killed between the two halves of the claim word: the position still lacks its share.
    let least = position + (end - sequence) * BLOCK;
    claim.raise_position(least);
    fill(memory, (sequence, position), (end, claim.position(Ordering::Acquire)))
}

/// Makes gap entries of `[from, to)`, both as (sequence, position); the last one covers what is left.
/// Returns how many this call made.
fn fill(memory: &Memory, from: (u64, u64), to: (u64, u64)) -> u64 {
    let mut made = 0;
    for sequence in from.0..to.0 {
        let old_word = memory.word(sequence).load(Ordering::Acquire);
        let old_position = memory.position(sequence).load(Ordering::Relaxed);
        // Looked at after its values were taken: still of the lap before.
        if look(memory, sequence) != Look::Pending {
            continue;
        }
        let position = from.1 + (sequence - from.0) * BLOCK;
        let span = if sequence + 1 == to.0 { to.1 - position } else { BLOCK };
        let _ = memory.position(sequence).compare_exchange(
            old_position,
            position,
            Ordering::AcqRel,
            Ordering::Relaxed,
        );
        let gap = Word::new(memory.stamp(sequence), GAP | span as u32);
        let done =
            memory.word(sequence).compare_exchange(old_word, gap.0, Ordering::AcqRel, Ordering::Relaxed);
        made += done.is_ok() as u64;
    }
    made
}

/// Calls `visit` with each active producer slot.
pub fn for_each_producer(memory: &Memory, mut visit: impl FnMut(u32)) {
    for_each_bit(&memory.control().producing.0, |slot| {
        let owner = Owner(memory.producer(slot).identity.owner.load(Ordering::Acquire));
        if owner.state() == SLOT_ACTIVE {
            visit(slot);
        }
    });
}

pub fn for_each_bit(words: &[AtomicU64], mut visit: impl FnMut(u32)) {
    for (index, word) in words.iter().enumerate() {
        let mut bits = word.load(Ordering::Acquire);
        while bits != 0 {
            visit(index as u32 * 64 + bits.trailing_zeros());
            bits &= bits - 1;
        }
    }
}

pub fn has_bit(words: &[AtomicU64], bit: u32) -> bool {
    words[bit as usize / 64].load(Ordering::Acquire) >> (bit % 64) & 1 != 0
}

pub fn set_bit(words: &[AtomicU64], bit: u32) {
    words[bit as usize / 64].fetch_or(1 << (bit % 64), Ordering::AcqRel);
}

pub fn clear_bit(words: &[AtomicU64], bit: u32) {
    words[bit as usize / 64].fetch_and(!(1 << (bit % 64)), Ordering::AcqRel);
}
