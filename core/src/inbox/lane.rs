//! The relay's side of one inbox: takes messages, refuses what is wrong, publishes the rest.

use std::sync::atomic::{AtomicU64, Ordering, fence};

use super::layout::*;
use super::memory::{self, Memory};
use super::sink::Sink;
use crate::frame::message::{self, MessageFrame};
use crate::ring::{Result, copy_shared, process};

/// A producer's numbers end there: clients count in signed words too.
const LAST_NUMBER: u64 = (1 << 63) - 1;

/// What a relay takes; the same for all of its producers.
#[derive(Clone)]
pub struct Rules {
    /// By message type.
    pub accepted: [bool; 256],
    /// Largest frame in bytes.
    pub max_frame: usize,
    /// Most bytes of the ring for one claim, unless it is a single frame.
    pub max_run: usize,
    pub checksum: bool,
    /// Refuse a frame whose number is not the producer's next.
    pub require_sequence: bool,
    /// Sequence in the domain = sequence in the ring + base.
    pub base: u64,
    /// Name of the domain, for refusals.
    pub domain: String,
}

/// Words that outlive the relay: where a producer's newest number is kept, and whose it is.
pub struct Kept {
    pub number: *const AtomicU64,
    /// Gets `value` before the first frame is taken.
    pub owner: *const AtomicU64,
    pub value: u64,
}

// SAFETY: atomics, valid for as long as the lane by the contract of `Pump::open`.
unsafe impl Send for Kept {}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Nothing was there.
    Idle,
    Worked,
    /// Subscribers hold producers back.
    Held,
    /// The producer has yet to read its reports.
    Unread,
    /// The inbox makes no sense and is given up.
    Broken,
}

/// A frame that is not taken, by its index in the message.
struct Refusal {
    index: usize,
    reason: &'static str,
    offset: usize,
    detail: String,
}

/// A message that is being published.
#[derive(Default)]
struct Taken {
    bytes: Vec<u8>,
    frames: Vec<MessageFrame>,
    /// In the order of the frames.
    refused: Vec<Refusal>,
    /// The producer's number of the first frame.
    first: u64,
    /// Frames done with.
    next: usize,
    /// Its frames are not what comes next: none of them moves the producer's number.
    gap: bool,
    /// When the message was taken.
    since_ns: u64,
}

pub struct Lane {
    memory: Memory,
    pub id: u64,
    producer_id: u64,
    /// Newest number that was taken or refused; 0: nothing is known.
    sequence: u64,
    kept: Option<Kept>,
    /// Position from which to take; the word in the inbox is told, never asked.
    taken: u64,
    reports: u64,
    message: Taken,
    pub duplicates: u64,
    pub rejected: u64,
    /// Numbers that never came.
    pub missing: u64,
    /// Why the inbox was given up.
    pub broken: Option<String>,
    /// Something of the above has moved since it was last told.
    pub moved: bool,
}

impl Lane {
    pub fn new(
        id: u64,
        capacity: usize,
        producer_id: u64,
        sequence: u64,
        kept: Option<Kept>,
    ) -> Result<Self> {
        let memory = Memory::create(capacity)?;
        memory.words().down.acknowledged.store(sequence, Ordering::Release);
        Ok(Lane {
            memory,
            id,
            producer_id,
            sequence,
            kept,
            taken: 0,
            reports: 0,
            message: Taken::default(),
            duplicates: 0,
            rejected: 0,
            missing: 0,
            broken: None,
            moved: false,
        })
    }

    pub fn memory(&self) -> &Memory {
        &self.memory
    }

    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Position up to which the producer has written.
    pub fn written(&self) -> u64 {
        self.memory.words().up.written.load(Ordering::Acquire)
    }

    /// Position up to which everything was taken.
    pub fn taken(&self) -> u64 {
        self.taken
    }

    /// Whether a turn could do something, held producers aside.
    pub fn ready(&self) -> bool {
        if self.broken.is_some() {
            return false;
        }
        if self.in_hand() { self.report_room() > 0 } else { self.written() != self.taken }
    }

    /// The highest priority among the frames that wait in hand.
    pub fn urgency(&self) -> u32 {
        let waiting = self.message.frames.get(self.message.next..).unwrap_or_default();
        waiting.iter().map(|frame| u32::from(frame.flags >> 2 & 3)).max().unwrap_or(0)
    }

    /// Asks the producer to ring the doorbell; look again afterwards.
    pub fn announce_sleep(&self) {
        self.memory.words().sleep.relay.store(1, Ordering::SeqCst);
    }

    /// Nobody takes from it any more.
    pub fn close(&mut self) {
        self.memory.words().down.state.store(CLOSED, Ordering::Release);
        memory::wake(&self.memory.words().sleep.progress);
    }

    /// Whether a message was taken of which frames are left.
    pub fn in_hand(&self) -> bool {
        self.message.next < self.message.frames.len()
    }

    fn report_room(&self) -> u64 {
        let read = self.memory.words().read.reports.load(Ordering::Acquire);
        REPORTS.saturating_sub(self.reports.wrapping_sub(read))
    }

    /// At most one message more: taken, checked, published and acknowledged as far as may be.
    pub fn turn(&mut self, rules: &Rules, sink: &mut Sink) -> Turn {
        if self.broken.is_some() {
            return Turn::Idle;
        }
        if !self.in_hand() {
            match self.take(rules) {
                Ok(true) => {}
                Ok(false) => return Turn::Idle,
                Err(why) => {
                    self.broken = Some(why);
                    self.moved = true;
                    self.close();
                    return Turn::Broken;
                }
            }
        }
        let before = self.message.next;
        let stopped = self.publish(rules, sink);
        if self.message.next > before || stopped.is_none() {
            self.acknowledge();
        }
        match stopped {
            // Part of the way counts as work only where it was some.
            Some(_) if self.message.next > before => Turn::Worked,
            Some(turn) => turn,
            None => Turn::Worked,
        }
    }

    /// Copies the next message out and checks it. False: there is none.
    fn take(&mut self, rules: &Rules) -> std::result::Result<bool, String> {
        let written = self.written();
        let waiting = written.wrapping_sub(self.taken);
        if waiting == 0 {
            return Ok(false);
        }
        if waiting > self.memory.capacity as u64 || waiting % ALIGN as u64 != 0 {
            return Err(format!("{waiting} bytes are said to wait in {}", self.memory.capacity));
        }
        let mut header = [0u8; MESSAGE_HEADER];
        // SAFETY: contiguous, within the mapping: 64 bytes at least are there.
        unsafe { copy_shared(self.memory.at(self.taken), header.as_mut_ptr(), MESSAGE_HEADER) };
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| header[at + i]));
        let (length, first) = (word(0) as usize, word(8));
        if length == 0 || length > waiting as usize || span(length) as u64 > waiting {
            return Err(format!("a message of {length} bytes is said to be among {waiting}"));
        }
        let message = &mut self.message;
        message.bytes.clear();
        message.bytes.reserve(length);
        // SAFETY: `span(length)` bytes were written, checked above; as many are reserved.
        unsafe {
            let from = self.memory.at(self.taken).wrapping_add(MESSAGE_HEADER);
            copy_shared(from, message.bytes.as_mut_ptr(), length);
            message.bytes.set_len(length);
        }
        self.taken = self.taken.wrapping_add(span(length) as u64);
        self.memory.words().down.taken.store(self.taken, Ordering::Release);
        let broken = |at: usize| format!("a message breaks at byte {at} of {length}");
        let (frames, end) = message::split(&message.bytes).map_err(broken)?;
        if end != length {
            return Err(broken(end));
        }
        message.since_ns = process::unix_ns();
        message.frames = frames;
        message.first = if first == 0 { self.sequence.wrapping_add(1) } else { first };
        if message.first.checked_add(message.frames.len() as u64).is_none_or(|end| end > LAST_NUMBER) {
            return Err(format!("frames are numbered from {first} on"));
        }
        message.refused = refusals(rules, &message.bytes, &mut message.frames);
        message.next = 0;
        message.gap = false;
        if let Some(kept) = &self.kept {
            // SAFETY: valid for as long as the lane.
            unsafe { &*kept.owner }.store(kept.value, Ordering::Release);
        }
        self.begin(rules);
        Ok(true)
    }

    /// What is known already is passed over; what never came is noted.
    fn begin(&mut self, rules: &Rules) {
        let (expected, first) = (self.sequence.wrapping_add(1), self.message.first);
        if self.sequence == 0 || first == expected {
            return;
        }
        if first < expected {
            let known = (expected - first).min(self.message.frames.len() as u64);
            self.message.next = known as usize;
            self.duplicates += known;
            self.moved = true;
            self.memory.words().down.duplicates.store(self.duplicates, Ordering::Relaxed);
        } else if rules.require_sequence {
            let refusal = |index| Refusal {
                index,
                reason: "SEQUENCE_GAP",
                offset: 0,
                detail: format!("the next frame must be number {expected}"),
            };
            self.message.refused = (0..self.message.frames.len()).map(refusal).collect();
            self.message.gap = true;
        } else {
            self.missing += first - expected;
            // Not a refusal: a report that finds no room is not worth holding anybody back.
            self.report(&Report::missed(expected, first - 1));
        }
    }

    /// Frames in order from `next` on; None when all are done with, else why not.
    fn publish(&mut self, rules: &Rules, sink: &mut Sink) -> Option<Turn> {
        while self.in_hand() {
            let next = self.message.next;
            let at = self.message.refused.partition_point(|refusal| refusal.index < next);
            match self.message.refused.get(at) {
                Some(refusal) if refusal.index == next => {
                    let number = self.message.first + next as u64;
                    let detail = refusal.detail.clone();
                    let report = Report::refused(number, refusal.reason, refusal.offset, detail);
                    let reason = refusal.reason;
                    if !self.report(&report) {
                        return Some(Turn::Unread);
                    }
                    self.rejected += 1;
                    sink.refused(reason);
                    self.message.next = next + 1;
                    if !self.message.gap {
                        self.sequence = number;
                    }
                }
                found => {
                    let end = found.map_or(self.message.frames.len(), |refusal| refusal.index);
                    let message = &self.message;
                    let number = message.first + next as u64;
                    let frames = &message.frames[next..end];
                    let published = sink.publish(
                        rules,
                        &message.bytes,
                        frames,
                        self.producer_id,
                        number,
                        message.since_ns,
                    );
                    if published == 0 {
                        return Some(Turn::Held);
                    }
                    self.message.next += published;
                    self.sequence = number + published as u64 - 1;
                    self.memory.words().down.relay_sequence.store(sink.head(), Ordering::Relaxed);
                }
            }
        }
        None
    }

    fn report(&mut self, report: &Report) -> bool {
        if self.report_room() == 0 {
            return false;
        }
        let slot = self.memory.report(self.reports);
        for (word, bytes) in slot.iter().zip(report.bytes().chunks_exact(8)) {
            word.store(u64::from_le_bytes(std::array::from_fn(|i| bytes[i])), Ordering::Relaxed);
        }
        self.reports += 1;
        self.memory.words().down.reports.store(self.reports, Ordering::Release);
        true
    }

    /// Says how far it has come: first where it is remembered, then to the producer.
    fn acknowledge(&mut self) {
        self.moved = true;
        if let Some(kept) = &self.kept {
            // SAFETY: valid for as long as the lane.
            unsafe { &*kept.number }.store(self.sequence, Ordering::Release);
        }
        let words = self.memory.words();
        words.down.acknowledged.store(self.sequence, Ordering::Release);
        fence(Ordering::SeqCst);
        if words.sleep.producer.load(Ordering::Relaxed) != 0
            && words.sleep.producer.swap(0, Ordering::SeqCst) != 0
        {
            memory::wake(&words.sleep.progress);
        }
    }
}

/// What is wrong with frames of a message, by the codec or by the relay's rules.
fn refusals(rules: &Rules, message: &[u8], frames: &mut [MessageFrame]) -> Vec<Refusal> {
    let malformed = message::check(message, frames, rules.checksum);
    let mut malformed = malformed.into_iter().peekable();
    let mut refused = Vec::new();
    for (index, frame) in frames.iter().enumerate() {
        if let Some((_, error)) = malformed.next_if(|(at, _)| *at == index) {
            let (reason, offset, detail) = (error.reason.code(), error.offset, error.to_string());
            refused.push(Refusal { index, reason, offset, detail });
        } else if frame.length as usize > rules.max_frame {
            let detail = format!("{} bytes, at most {} are taken", frame.length, rules.max_frame);
            refused.push(Refusal { index, reason: "FRAME_TOO_LARGE", offset: 0, detail });
        } else if !rules.accepted[usize::from(frame.message_type)] {
            let detail =
                format!("message type {} does not belong to the domain {}", frame.message_type, rules.domain);
            refused.push(Refusal { index, reason: "DOMAIN_MISMATCH", offset: 0, detail });
        }
    }
    refused
}
