//! What readers find: entries, gaps, and gathered runs of them.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapReason {
    /// A non-gating reader was lapped, or started at a place already overwritten.
    Overrun,
    /// Claimed by a producer that died or gave up before it published.
    ProducerLost,
}

/// Entry sequences that this reader did not get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    pub first: u64,
    pub last: u64,
    pub reason: GapReason,
}

impl Gap {
    pub fn count(&self) -> u64 {
        self.last - self.first + 1
    }
}

/// One entry as a closure sees it.
#[derive(Debug, Clone, Copy)]
pub struct Entry<'a> {
    pub sequence: u64,
    pub payload: &'a [u8],
    /// Nothing more is ready behind this one.
    pub end_of_batch: bool,
}

/// Entries found by one look, as places in the ring. Reused between looks, it stops allocating.
#[derive(Debug, Default, Clone)]
pub struct Run {
    pub sequences: Vec<u64>,
    /// From the first entry's position; entries are contiguous apart from padding.
    pub offsets: Vec<u64>,
    pub lengths: Vec<u32>,
    pub gaps: Vec<Gap>,
    /// Sequence before the first entry or gap of this run.
    pub first: u64,
    /// Position of the first entry.
    pub position: u64,
    /// Bytes from there to the end of the last payload.
    pub bytes: u64,
    /// Limits, not the end of what is ready, ended the run.
    pub more: bool,
}

impl Run {
    pub(super) fn clear(&mut self, first: u64) {
        self.sequences.clear();
        self.offsets.clear();
        self.lengths.clear();
        self.gaps.clear();
        (self.first, self.position, self.bytes, self.more) = (first, 0, 0, false);
    }

    pub fn len(&self) -> usize {
        self.sequences.len()
    }

    pub fn is_empty(&self) -> bool {
        self.sequences.is_empty()
    }

    /// Neither entries nor gaps.
    pub fn is_blank(&self) -> bool {
        self.sequences.is_empty() && self.gaps.is_empty()
    }

    pub(super) fn gap(&mut self, first: u64, last: u64, reason: GapReason) {
        match self.gaps.last_mut() {
            Some(gap) if gap.reason == reason && gap.last + 1 == first => gap.last = last,
            _ => self.gaps.push(Gap { first, last, reason }),
        }
    }

    /// Keeps the gaps only.
    pub fn forget_entries(&mut self) {
        self.drop_front(self.sequences.len());
        self.more = true;
    }

    /// Moves all offsets by what stays in front of the first entry.
    pub fn shift(&mut self, bytes: u64) {
        self.offsets.iter_mut().for_each(|o| *o += bytes);
    }

    /// Drops entries from the front whose bytes were overwritten meanwhile.
    pub(super) fn drop_front(&mut self, count: usize) {
        let base = self.offsets.get(count).copied().unwrap_or(self.bytes);
        self.sequences.drain(..count);
        self.lengths.drain(..count);
        self.offsets.drain(..count);
        self.offsets.iter_mut().for_each(|o| *o -= base);
        self.position += base;
        self.bytes -= base;
    }
}
