//! Publishing.

use std::time::Duration;

use super::config::WaitStrategy;
use super::error::{Result, RingError};
use super::handle::Ring;
use super::layout::{BLOCK, Owner, span};
use super::memory::Memory;
use super::park::Bed;
use super::protocol::{Claim, ProducerCore, Refusal};
use super::slots;
use super::wait::{LONGEST_SLEEP, Waiter};

/// A registered producer. Publishing takes `&mut self`: one thread per producer.
pub struct Producer {
    ring: Ring,
    core: ProducerCore,
    owner: Owner,
    /// How it waits when gating readers hold it back.
    pub wait: WaitStrategy,
}

impl Producer {
    pub(super) fn new(ring: Ring) -> Result<Self> {
        let (slot, owner) = slots::register_producer(ring.memory())?;
        let core = ProducerCore::new(ring.memory(), slot);
        Ok(Producer { ring, core, owner, wait: WaitStrategy::default() })
    }

    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    #[inline(always)]
    fn memory(&self) -> &Memory {
        self.ring.memory()
    }

    /// Publishes one entry; waits while gating readers leave no room.
    #[inline]
    pub fn publish(&mut self, payload: &[u8]) -> Result<u64> {
        let mut entry = self.claim(payload.len())?;
        entry.payload().copy_from_slice(payload);
        Ok(entry.publish())
    }

    /// `publish` that refuses with [`RingError::Full`] instead of waiting.
    #[inline]
    pub fn try_publish(&mut self, payload: &[u8]) -> Result<u64> {
        let mut entry = self.try_claim(payload.len())?;
        entry.payload().copy_from_slice(payload);
        Ok(entry.publish())
    }

    /// Claims one entry to be written in place; waits while there is no room.
    #[inline(always)]
    pub fn claim(&mut self, length: usize) -> Result<EntryClaim<'_>> {
        let claim = match self.checked_claim(1, span(length as u64))? {
            Some(claim) => claim,
            None => self.claim_waiting(1, span(length as u64), None)?,
        };
        Ok(EntryClaim { producer: self, claim, length: length as u32 })
    }

    #[inline(always)]
    pub fn try_claim(&mut self, length: usize) -> Result<EntryClaim<'_>> {
        match self.checked_claim(1, span(length as u64))? {
            Some(claim) => Ok(EntryClaim { producer: self, claim, length: length as u32 }),
            None => Err(self.full(span(length as u64))),
        }
    }

    /// Claims `count` entries of `length` bytes each; waits while there is no room.
    #[inline(always)]
    pub fn claim_batch(&mut self, count: usize, length: usize) -> Result<BatchClaim<'_>> {
        let (count, stride) = (count as u64, span(length as u64));
        if count == 0 {
            return Err(RingError::Invalid { detail: "a batch has at least one entry".into() });
        }
        let bytes = count.saturating_mul(stride);
        let claim = match self.checked_claim(count, bytes)? {
            Some(claim) => claim,
            None => self.claim_waiting(count, bytes, None)?,
        };
        Ok(BatchClaim { producer: self, claim, length: length as u32, stride })
    }

    /// Publishes `payloads` as one claim, all or nothing; returns their first and last sequence.
    ///
    /// `timeout`: None waits for ever, zero not at all ([`RingError::Full`]). Each payload may come in
    /// two parts, a prefix and a body, which become one entry.
    pub fn publish_batch<'p, I>(&mut self, payloads: I, timeout: Option<Duration>) -> Result<(u64, u64)>
    where
        I: Iterator<Item = (&'p [u8], &'p [u8])> + Clone,
    {
        let (mut count, mut bytes) = (0u64, 0u64);
        for (prefix, body) in payloads.clone() {
            let length = (prefix.len() + body.len()) as u64;
            self.check_size("entry", length)?;
            count += 1;
            bytes += span(length);
        }
        if count == 0 {
            return Err(RingError::Invalid { detail: "a batch has at least one entry".into() });
        }
        let claim = match self.checked_claim(count, bytes)? {
            Some(claim) => claim,
            None if timeout == Some(Duration::ZERO) => return Err(self.full(bytes)),
            None => self.claim_waiting(count, bytes, timeout)?,
        };
        let mut position = claim.position;
        let mut sequence = claim.first;
        for (prefix, body) in payloads {
            let length = prefix.len() + body.len();
            self.core.ask_ahead(self.memory(), position);
            // SAFETY: the claim covers span(length) bytes at `position`, written by nobody else; the
            // region is contiguous for any quarter of it.
            unsafe {
                let at = self.memory().at(position);
                if prefix.is_empty() && body.len() == BLOCK as usize {
                    // The size of most records: a few moves instead of two calls.
                    std::ptr::copy_nonoverlapping(body.as_ptr(), at, BLOCK as usize);
                } else {
                    std::ptr::copy_nonoverlapping(prefix.as_ptr(), at, prefix.len());
                    std::ptr::copy_nonoverlapping(body.as_ptr(), at.add(prefix.len()), body.len());
                }
            }
            self.core.ask_index_ahead(self.memory(), sequence, position);
            self.core.publish(self.ring.memory(), sequence, position, length as u32);
            position += span(length as u64);
            sequence += 1;
        }
        self.finish();
        Ok((claim.first, sequence - 1))
    }

    /// Publishes entries of these `lengths` as one claim, all or nothing, each written in place by
    /// `write(index, entry)`, which must fill all of it and must not panic.
    ///
    /// `timeout` as in [`publish_batch`](Self::publish_batch).
    pub fn publish_written<I>(
        &mut self,
        lengths: I,
        timeout: Option<Duration>,
        mut write: impl FnMut(usize, &mut [u8]),
    ) -> Result<(u64, u64)>
    where
        I: Iterator<Item = usize> + Clone,
    {
        let (mut count, mut bytes) = (0u64, 0u64);
        for length in lengths.clone() {
            self.check_size("entry", length as u64)?;
            count += 1;
            bytes += span(length as u64);
        }
        if count == 0 {
            return Err(RingError::Invalid { detail: "a batch has at least one entry".into() });
        }
        let claim = match self.checked_claim(count, bytes)? {
            Some(claim) => claim,
            None if timeout == Some(Duration::ZERO) => return Err(self.full(bytes)),
            None => self.claim_waiting(count, bytes, timeout)?,
        };
        let (mut position, mut sequence) = (claim.position, claim.first);
        for (index, length) in lengths.enumerate() {
            // SAFETY: the claim covers span(length) bytes at `position`, written by nobody else and
            // read by nobody before they are published; the region is contiguous for any quarter.
            let entry = unsafe { std::slice::from_raw_parts_mut(self.memory().at(position), length) };
            write(index, entry);
            self.core.publish(self.ring.memory(), sequence, position, length as u32);
            position += span(length as u64);
            sequence += 1;
        }
        self.finish();
        Ok((claim.first, sequence - 1))
    }

    fn check_size(&self, what: &'static str, size: u64) -> Result<()> {
        let limit = self.memory().quarter();
        if size > limit { Err(RingError::TooLarge { what, size, limit }) } else { Ok(()) }
    }

    /// None when there is no room.
    #[inline(always)]
    fn checked_claim(&mut self, count: u64, bytes: u64) -> Result<Option<Claim>> {
        if bytes > self.memory().quarter() {
            self.check_size(if count == 1 { "entry" } else { "batch" }, bytes)?;
        }
        match self.core.claim(self.ring.memory(), count, bytes) {
            Ok(claim) => Ok(Some(claim)),
            Err(refusal) => self.refused(refusal),
        }
    }

    #[cold]
    fn refused(&self, refusal: Refusal) -> Result<Option<Claim>> {
        match refusal {
            Refusal::Full => Ok(None),
            Refusal::Halted => Err(RingError::Halted { path: self.ring.path().into() }),
        }
    }

    #[cold]
    fn full(&self, needed: u64) -> RingError {
        RingError::Full { needed, slowest: slots::slowest_gating(self.memory()) }
    }

    /// Waits for room. Looks for dead readers and producers once it has waited for a while.
    #[cold]
    fn claim_waiting(&mut self, count: u64, bytes: u64, timeout: Option<Duration>) -> Result<Claim> {
        let memory = self.ring.memory().clone();
        let control = memory.control();
        control.counters.producer_waits.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let mut waiter = Waiter::new(self.wait, timeout);
        let mut patrol = Patrol::new();
        loop {
            let mut got = None;
            let waiting = waiter.step(Bed::producers(control), patrol.nap(), || {
                // Between the announcement and the sleep: room may have come meanwhile.
                got = Some(self.core.claim(&memory, count, bytes));
                !matches!(got, Some(Err(Refusal::Full)))
            });
            let outcome = match got {
                Some(outcome) => outcome,
                None => self.core.claim(&memory, count, bytes),
            };
            match outcome {
                Ok(claim) => return Ok(claim),
                Err(Refusal::Halted) => return Err(RingError::Halted { path: self.ring.path().into() }),
                Err(Refusal::Full) if !waiting => return Err(self.full(bytes)),
                Err(Refusal::Full) => {}
            }
            if patrol.due() {
                slots::recover(&memory);
            }
        }
    }

    #[inline(always)]
    fn finish(&self) {
        if self.core.finish(self.memory()) {
            Bed::readers(self.memory().control()).wake();
        }
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        slots::release_producer(self.ring.memory(), self.core.slot, self.owner);
    }
}

/// Entries cut out of one block: entry i is prefix i and then `block[offsets[i]..offsets[i + 1]]`.
#[derive(Clone)]
pub struct Cut<'a> {
    block: &'a [u8],
    /// Ascending and within the block, checked when made.
    offsets: &'a [u64],
    prefixes: &'a [u8],
    prefix_length: usize,
}

impl<'a> Cut<'a> {
    /// `prefixes` is empty or divides into as many parts as there are entries.
    pub fn new(block: &'a [u8], offsets: &'a [u64], prefixes: &'a [u8]) -> Result<Self> {
        let invalid = |detail: String| Err(RingError::Invalid { detail });
        let count = offsets.len().saturating_sub(1);
        if count == 0 {
            return invalid("a batch has at least one entry".into());
        }
        if prefixes.len() % count != 0 {
            return invalid(format!("prefixes: {} bytes do not divide into {count} entries", prefixes.len()));
        }
        if let Some(pair) = offsets.windows(2).find(|p| p[0] > p[1] || p[1] > block.len() as u64) {
            let (from, to, length) = (pair[0], pair[1], block.len());
            return invalid(format!(
                "offsets {from}..{to} are not an ascending range of the block's {length} bytes"
            ));
        }
        Ok(Cut { block, offsets, prefixes, prefix_length: prefixes.len() / count })
    }

    /// Bytes of all entries together.
    pub fn bytes(&self) -> usize {
        (self.offsets[self.offsets.len() - 1] - self.offsets[0]) as usize + self.prefixes.len()
    }
}

impl<'a> Iterator for Cut<'a> {
    type Item = (&'a [u8], &'a [u8]);

    #[inline(always)]
    fn next(&mut self) -> Option<Self::Item> {
        let (&[from, to], _) = self.offsets.split_first_chunk::<2>()?;
        let (prefix, prefixes) = self.prefixes.split_at(self.prefix_length);
        self.offsets = &self.offsets[1..];
        self.prefixes = prefixes;
        // SAFETY: ascending offsets within the block, checked in `new`.
        Some((prefix, unsafe { self.block.get_unchecked(from as usize..to as usize) }))
    }
}

/// When a waiter looks for the dead: after 2 ms, then at doubling intervals up to a quarter second.
pub(super) struct Patrol {
    next: std::time::Instant,
    interval: Duration,
}

impl Patrol {
    pub(super) fn new() -> Self {
        let interval = Duration::from_millis(2);
        Patrol { next: std::time::Instant::now() + interval, interval }
    }

    pub(super) fn due(&mut self) -> bool {
        let now = std::time::Instant::now();
        if now < self.next {
            return false;
        }
        self.interval = (self.interval * 2).min(Duration::from_millis(250));
        self.next = now + self.interval;
        true
    }

    /// How long a sleep may be so that the next patrol is not late.
    pub(super) fn nap(&self) -> Duration {
        self.interval.min(LONGEST_SLEEP)
    }
}

/// One claimed entry. Dropped without [`publish`](Self::publish) it becomes a gap.
pub struct EntryClaim<'p> {
    producer: &'p mut Producer,
    claim: Claim,
    length: u32,
}

impl EntryClaim<'_> {
    pub fn sequence(&self) -> u64 {
        self.claim.first
    }

    /// The bytes to fill; what they hold before is whatever was there.
    #[inline(always)]
    pub fn payload(&mut self) -> &mut [u8] {
        self.producer.core.ask_ahead(self.producer.memory(), self.claim.position);
        // SAFETY: the claim owns span(length) bytes at its position until it is published.
        unsafe {
            std::slice::from_raw_parts_mut(
                self.producer.memory().at(self.claim.position),
                self.length as usize,
            )
        }
    }

    #[inline(always)]
    pub fn publish(self) -> u64 {
        let this = std::mem::ManuallyDrop::new(self);
        let producer = &this.producer;
        // Eight entries share an index line: once for each is enough. In the loops over batches the
        // branch would cost more than the repetition, measured.
        if this.claim.first & 7 == 0 {
            producer.core.ask_index_ahead(producer.memory(), this.claim.first, this.claim.position);
        }
        producer.core.publish(producer.memory(), this.claim.first, this.claim.position, this.length);
        producer.finish();
        this.claim.first
    }
}

impl Drop for EntryClaim<'_> {
    fn drop(&mut self) {
        let memory = self.producer.memory();
        self.producer.core.abandon(memory, &self.claim, self.claim.first, self.claim.position);
        self.producer.finish();
    }
}

/// Claimed entries of one size. Dropped without [`publish`](Self::publish) they become gaps.
pub struct BatchClaim<'p> {
    producer: &'p mut Producer,
    claim: Claim,
    length: u32,
    stride: u64,
}

impl BatchClaim<'_> {
    pub fn len(&self) -> usize {
        self.claim.count as usize
    }

    pub fn is_empty(&self) -> bool {
        self.claim.count == 0
    }

    pub fn first(&self) -> u64 {
        self.claim.first
    }

    /// The bytes of entry `index` to fill.
    #[inline(always)]
    pub fn payload(&mut self, index: usize) -> &mut [u8] {
        assert!((index as u64) < self.claim.count);
        let position = self.claim.position + index as u64 * self.stride;
        self.producer.core.ask_ahead(self.producer.memory(), position);
        // SAFETY: inside the claim, which is contiguous in the doubly mapped region.
        unsafe { std::slice::from_raw_parts_mut(self.producer.memory().at(position), self.length as usize) }
    }

    /// Makes all entries visible; returns the first and last sequence.
    #[inline(always)]
    pub fn publish(self) -> (u64, u64) {
        let this = std::mem::ManuallyDrop::new(self);
        let producer = &this.producer;
        for index in 0..this.claim.count {
            let position = this.claim.position + index * this.stride;
            producer.core.ask_index_ahead(producer.memory(), this.claim.first + index, position);
            producer.core.publish(producer.memory(), this.claim.first + index, position, this.length);
        }
        producer.finish();
        (this.claim.first, this.claim.first + this.claim.count - 1)
    }
}

impl Drop for BatchClaim<'_> {
    fn drop(&mut self) {
        let memory = self.producer.memory();
        self.producer.core.abandon(memory, &self.claim, self.claim.first, self.claim.position);
        self.producer.finish();
    }
}
