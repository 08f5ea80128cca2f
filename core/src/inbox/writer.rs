//! The producer's side of an inbox.

use std::path::Path;
use std::sync::atomic::{Ordering, fence};
use std::time::{Duration, Instant};

use super::layout::*;
use super::memory::{self, Doorbell, Memory};
use crate::ring::{Result, RingError};

/// Tag of field 1 of a message, wire type LEN.
const TAG: u8 = 0x0A;
/// Most bytes that the length of a frame takes.
const LENGTH_BYTES: usize = 5;

/// Writes frames into an inbox that a relay has offered. One thread at a time.
pub struct Writer {
    memory: Memory,
    doorbell: Doorbell,
    written: u64,
    reports: u64,
}

impl Writer {
    /// Opens what the relay named. `incarnation` is that of the offer.
    pub fn open(path: &Path, doorbell: &Path, incarnation: u64) -> Result<Self> {
        let memory = Memory::attach(path)?;
        if memory.identity.incarnation != incarnation {
            return Err(RingError::Missing { path: path.into() });
        }
        let words = memory.words();
        let written = words.up.written.load(Ordering::Acquire);
        let reports = words.read.reports.load(Ordering::Acquire);
        Ok(Writer { doorbell: Doorbell::attach(doorbell)?, written, reports, memory })
    }

    /// Whether the relay has given the inbox up.
    pub fn closed(&self) -> bool {
        self.memory.words().down.state.load(Ordering::Acquire) != OPEN
    }

    /// Largest frame that fits, ever.
    pub fn max_frame(&self) -> usize {
        self.memory.capacity - ALIGN - MESSAGE_HEADER - 1 - LENGTH_BYTES
    }

    /// Bytes that can be written now. A relay whose words make no sense has none.
    pub fn room(&self) -> usize {
        let taken = self.memory.words().down.taken.load(Ordering::Acquire);
        match self.written.checked_sub(taken) {
            Some(waiting) => self.memory.capacity.saturating_sub(waiting as usize),
            None => 0,
        }
    }

    /// Writes as many of the frames as there is room for, in order, as one message numbered from
    /// `first` on; returns how many. The relay is woken where it sleeps.
    pub fn write<'f>(&mut self, first: u64, frames: impl Iterator<Item = &'f [u8]>) -> usize {
        let room = self.room();
        let base = self.memory.at(self.written);
        let (mut size, mut count) = (0, 0);
        for frame in frames {
            let mut header = [TAG, 0, 0, 0, 0, 0];
            let head = 1 + put_varint(&mut header[1..], frame.len());
            let end = size + head + frame.len();
            if span(end) > room || (count > 0 && end > MAX_MESSAGE) {
                break;
            }
            // SAFETY: `span(end)` bytes from the position are contiguous, within what the relay has
            // given back, and written by this side alone.
            unsafe {
                let at = base.add(MESSAGE_HEADER + size);
                std::ptr::copy_nonoverlapping(header.as_ptr(), at, head);
                std::ptr::copy_nonoverlapping(frame.as_ptr(), at.add(head), frame.len());
            }
            (size, count) = (end, count + 1);
        }
        if count == 0 {
            return 0;
        }
        // SAFETY: as above; `size` is at most the capacity.
        unsafe {
            std::ptr::write_unaligned(base.cast::<[u32; 2]>(), [size as u32, 0]);
            std::ptr::write_unaligned(base.add(8).cast::<u64>(), first);
        }
        self.written += span(size) as u64;
        let words = self.memory.words();
        words.up.written.store(self.written, Ordering::Release);
        // The relay says that it sleeps before it looks a last time: one of both is seen.
        fence(Ordering::SeqCst);
        if words.sleep.relay.load(Ordering::Relaxed) != 0 && words.sleep.relay.swap(0, Ordering::SeqCst) != 0
        {
            self.doorbell.ring();
        }
        count
    }

    /// Every frame up to this number is taken, or refused and reported: read the reports afterwards.
    pub fn acknowledged(&self) -> u64 {
        self.memory.words().down.acknowledged.load(Ordering::Acquire)
    }

    /// The relay's sequence of the last frame taken; 0 before the first.
    pub fn relay_sequence(&self) -> u64 {
        self.memory.words().down.relay_sequence.load(Ordering::Acquire)
    }

    /// Frames that the relay had already.
    pub fn duplicates(&self) -> u64 {
        self.memory.words().down.duplicates.load(Ordering::Acquire)
    }

    /// What has been reported since the last call.
    pub fn reports(&mut self) -> Vec<Report> {
        let words = self.memory.words();
        let known = words.down.reports.load(Ordering::Acquire);
        let mut reports = Vec::new();
        // More than there are slots would be nonsense: the oldest of them are gone.
        for index in self.reports..known.min(self.reports.saturating_add(REPORTS)) {
            let mut bytes = [0; REPORT_BYTES];
            for (word, out) in self.memory.report(index).iter().zip(bytes.chunks_exact_mut(8)) {
                out.copy_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
            }
            reports.push(Report::read(&bytes));
        }
        if !reports.is_empty() {
            self.reports = known;
            words.read.reports.store(known, Ordering::Release);
            // It may wait for the slots.
            if words.sleep.relay.swap(0, Ordering::SeqCst) != 0 {
                self.doorbell.ring();
            }
        }
        reports
    }

    /// Waits until something beyond `number` is acknowledged, or the inbox is closed; false when the
    /// time is over.
    pub fn wait(&self, number: u64, time: Duration) -> bool {
        let sleep = &self.memory.words().sleep;
        let until = Instant::now() + time;
        loop {
            let value = sleep.progress.load(Ordering::Acquire);
            sleep.producer.store(1, Ordering::SeqCst);
            fence(Ordering::SeqCst);
            if self.acknowledged() > number || self.closed() {
                return true;
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            memory::wait(&sleep.progress, value, left);
        }
    }
}

fn put_varint(into: &mut [u8], mut value: usize) -> usize {
    let mut at = 0;
    while value >= 0x80 {
        into[at] = value as u8 | 0x80;
        value >>= 7;
        at += 1;
    }
    into[at] = value as u8;
    at + 1
}
