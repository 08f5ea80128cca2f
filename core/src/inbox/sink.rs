//! Where a pump's frames go: the relay's ring, its counters, and what its services are told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::lane::Rules;
use crate::frame::message::{EntryPrefix, MessageFrame};
use crate::histogram::Histograms;
use crate::ring::{Producer, RingError, process};

/// Sampled frames kept between two looks; what is beyond is counted only.
const MOST_SAMPLED: usize = 256;

/// Words that outlive the relay: newest sequence, frames, three others, records by message type.
pub struct Counters(*const AtomicU64);

// SAFETY: atomics, valid for as long as this value by the contract of `new`.
unsafe impl Send for Counters {}

impl Counters {
    pub const WORDS: usize = RECORDS_AT + 256;

    /// # Safety
    /// `words` points to as many words as [`WORDS`](Self::WORDS) says, aligned, for as long as this
    /// value lives, and nobody else writes to them while a pump runs and is not held.
    pub unsafe fn new(words: *const u64) -> Self {
        Counters(words.cast())
    }

    fn word(&self, index: usize) -> &AtomicU64 {
        // SAFETY: by the contract of `new`.
        unsafe { &*self.0.add(index) }
    }

    fn add(&self, index: usize, count: u64) {
        let word = self.word(index);
        word.store(word.load(Ordering::Relaxed).wrapping_add(count), Ordering::Relaxed);
    }
}

const RECORDS_AT: usize = 5;

/// A published frame whose trace is sampled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sampled {
    pub sequence: u64,
    /// When its message was taken, and when it was in the ring; nanoseconds since the epoch.
    pub start_ns: u64,
    pub end_ns: u64,
}

/// How far one producer has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LaneNews {
    pub id: u64,
    pub sequence: u64,
    /// Since the lane was opened.
    pub duplicates: u64,
    pub rejected: u64,
    /// Numbers that never came.
    pub missing: u64,
    /// Why its inbox was given up; empty where it was not.
    pub broken: String,
}

/// What has happened since the last look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct News {
    /// Newest sequence of the domain.
    pub head: u64,
    pub bytes: u64,
    pub refused: Vec<(&'static str, u64)>,
    pub sampled: Vec<Sampled>,
    /// Those of which something has moved.
    pub lanes: Vec<LaneNews>,
}

/// Publishes for all lanes of a pump.
pub struct Sink {
    pub producer: Arc<Mutex<Producer>>,
    pub counters: Option<Counters>,
    /// And the stage that is counted.
    pub latencies: Option<(Arc<Histograms>, u16)>,
    /// Newest sequence of the domain that may be published; what is beyond must wait.
    pub limit: u64,
    pub base: u64,
    head: u64,
    news: News,
}

impl Sink {
    pub fn new(producer: Arc<Mutex<Producer>>, base: u64) -> Self {
        let mut sink = Sink {
            producer,
            counters: None,
            latencies: None,
            limit: u64::MAX,
            base,
            head: 0,
            news: News::default(),
        };
        sink.look();
        sink
    }

    /// Newest sequence of the domain.
    pub fn head(&self) -> u64 {
        self.head
    }

    fn look(&mut self) {
        let producer = self.producer.lock().unwrap_or_else(PoisonError::into_inner);
        self.head = (producer.ring().next_sequence() + self.base).wrapping_sub(1);
    }

    pub fn refused(&mut self, reason: &'static str) {
        match self.news.refused.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, count)) => *count += 1,
            None => self.news.refused.push((reason, 1)),
        }
    }

    /// What has happened, but for the lanes.
    pub fn take_news(&mut self) -> News {
        self.look();
        News { head: self.head, ..std::mem::take(&mut self.news) }
    }

    /// Publishes good frames of a message from the first on: as many as there is room for, and as fit
    /// one claim. Returns how many; 0 where there is no room.
    pub fn publish(
        &mut self,
        rules: &Rules,
        message: &[u8],
        frames: &[MessageFrame],
        producer_id: u64,
        number: u64,
        since_ns: u64,
    ) -> usize {
        let shared = self.producer.clone();
        let mut producer = shared.lock().unwrap_or_else(PoisonError::into_inner);
        let first = producer.ring().next_sequence() + self.base;
        self.head = first - 1;
        let frames = &frames[..fitting(frames, rules.max_run, self.limit.saturating_sub(self.head))];
        if frames.is_empty() {
            return 0;
        }
        let received_ns = process::unix_ns();
        let lengths = frames.iter().map(|frame| EntryPrefix::BYTES + frame.length as usize);
        let outcome = producer.publish_written(lengths, Some(Duration::ZERO), |index, entry| {
            let frame = &frames[index];
            let (prefix, copy) = entry.split_at_mut(EntryPrefix::BYTES);
            let prefix_of = EntryPrefix::of(frame, producer_id, number + index as u64, received_ns);
            prefix.copy_from_slice(&prefix_of.bytes());
            copy.copy_from_slice(frame.bytes(message));
            frame.stamp(copy, first + index as u64);
        });
        drop(producer);
        match outcome {
            Ok(_) => self.published(frames, first, since_ns),
            Err(RingError::Full { .. }) => return 0,
            // A halted ring takes nothing more; its relay is about to end.
            Err(_) => return 0,
        }
        frames.len()
    }

    fn published(&mut self, frames: &[MessageFrame], first: u64, since_ns: u64) {
        self.head = first + frames.len() as u64 - 1;
        let end_ns = process::unix_ns();
        if let Some(counters) = &self.counters {
            counters.word(0).store(self.head, Ordering::Relaxed);
            counters.add(1, frames.len() as u64);
            for frame in frames {
                counters.add(RECORDS_AT + usize::from(frame.message_type), u64::from(frame.records));
            }
        }
        self.count(frames, end_ns);
        for (index, frame) in frames.iter().enumerate() {
            self.news.bytes += u64::from(frame.length);
            if frame.trace_flags & 1 != 0 && self.news.sampled.len() < MOST_SAMPLED {
                let sequence = first + index as u64;
                self.news.sampled.push(Sampled { sequence, start_ns: since_ns, end_ns });
            }
        }
    }

    fn count(&mut self, frames: &[MessageFrame], now_ns: u64) {
        let Some((histograms, stage)) = &self.latencies else { return };
        for of_one_type in frames.chunk_by(|a, b| a.message_type == b.message_type) {
            let Ok(recorder) = histograms.recorder(of_one_type[0].message_type.into(), *stage) else {
                // No cell is left: nothing of this process is measured any more.
                self.latencies = None;
                return;
            };
            of_one_type.iter().for_each(|frame| recorder.record(now_ns.saturating_sub(frame.timestamp)));
        }
    }
}

/// How many frames fit a claim of `bytes`, of at most `count`; one always fits where one may.
fn fitting(frames: &[MessageFrame], bytes: usize, count: u64) -> usize {
    let mut spent = 0;
    let most = frames.len().min(usize::try_from(count).unwrap_or(usize::MAX));
    let fits = frames[..most].iter().take_while(|frame| {
        spent += (EntryPrefix::BYTES + frame.length as usize).next_multiple_of(64);
        spent <= bytes
    });
    fits.count().max(most.min(1))
}
