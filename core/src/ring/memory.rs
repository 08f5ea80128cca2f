//! The mapped ring as typed references. Nothing here decides anything: the protocol is in
//! `protocol.rs`, the file in `file.rs`.

use super::layout::*;
use super::sync::*;

/// Pointers into one mapping (or, under loom, into heap blocks), with the masks that index them.
pub struct Memory {
    control: *const Control,
    producers: *const ProducerSlot,
    readers: *const ReaderSlot,
    words: *const AtomicU64,
    positions: *const AtomicU64,
    #[cfg(not(loom))]
    data: *mut u8,
    pub capacity: u64,
    pub index_mask: u64,
    index_bits: u32,
    pub max_producers: u32,
    pub max_readers: u32,
    pub multi: bool,
    /// Keeps what the pointers point into.
    backing: Backing,
}

#[cfg(not(loom))]
pub type Backing = super::file::Mapping;

#[cfg(loom)]
pub struct Backing {
    _control: Box<Control>,
    _producers: Vec<ProducerSlot>,
    _readers: Vec<ReaderSlot>,
    _words: Vec<AtomicU64>,
    _positions: Vec<AtomicU64>,
    /// One word per block stands for its payload.
    blocks: Vec<AtomicU64>,
}

// SAFETY: every shared word behind the pointers is atomic; payload bytes are handed out by the
// protocol to one writer or to readers at a time, or copied under validation.
unsafe impl Send for Memory {}
// SAFETY: as above.
unsafe impl Sync for Memory {}

impl Memory {
    #[cfg(not(loom))]
    pub fn new(backing: Backing) -> Self {
        let fixed = *backing.fixed();
        let at = |offset: u64| backing.base().wrapping_add(offset as usize);
        Memory {
            control: at(fixed.control_offset).cast(),
            producers: at(fixed.producers_offset).cast(),
            readers: at(fixed.readers_offset).cast(),
            words: at(fixed.words_offset).cast(),
            positions: at(fixed.positions_offset).cast(),
            data: at(fixed.data_offset),
            capacity: fixed.capacity,
            index_mask: fixed.index_len - 1,
            index_bits: fixed.index_len.trailing_zeros(),
            max_producers: fixed.max_producers,
            max_readers: fixed.max_readers,
            multi: fixed.flags & FLAG_MULTI_PRODUCER != 0,
            backing,
        }
    }

    /// A heap ring for the model checker.
    #[cfg(loom)]
    pub fn model(capacity: u64, multi: bool, max_producers: u32, max_readers: u32) -> Self {
        let index_len = capacity / BLOCK;
        let zeros = |n: u64| (0..n).map(|_| AtomicU64::new(0)).collect::<Vec<_>>();
        let control = Box::<Control>::default();
        control.signals.state.store(STATE_OPEN, Ordering::Relaxed);
        let producers: Vec<ProducerSlot> = (0..max_producers).map(|_| Default::default()).collect();
        for slot in &producers {
            slot.intent.first.store(IDLE, Ordering::Relaxed);
        }
        let readers: Vec<ReaderSlot> = (0..max_readers).map(|_| Default::default()).collect();
        let (words, positions) = (zeros(index_len), zeros(index_len));
        Memory {
            control: &*control,
            producers: producers.as_ptr(),
            readers: readers.as_ptr(),
            words: words.as_ptr(),
            positions: positions.as_ptr(),
            capacity,
            index_mask: index_len - 1,
            index_bits: index_len.trailing_zeros(),
            max_producers,
            max_readers,
            multi,
            backing: Backing {
                _control: control,
                _producers: producers,
                _readers: readers,
                _words: words,
                _positions: positions,
                blocks: zeros(index_len),
            },
        }
    }

    pub fn backing(&self) -> &Backing {
        &self.backing
    }

    #[inline(always)]
    pub fn control(&self) -> &Control {
        // SAFETY: inside the backing, aligned by layout, all fields atomic.
        unsafe { &*self.control }
    }

    #[inline(always)]
    pub fn producer(&self, slot: u32) -> &ProducerSlot {
        debug_assert!(slot < self.max_producers);
        // SAFETY: `slot` is below max_producers (callers iterate or hold a registered slot).
        unsafe { &*self.producers.add(slot as usize) }
    }

    #[inline(always)]
    pub fn reader(&self, slot: u32) -> &ReaderSlot {
        debug_assert!(slot < self.max_readers);
        // SAFETY: `slot` is below max_readers (callers iterate or hold a registered slot).
        unsafe { &*self.readers.add(slot as usize) }
    }

    #[inline(always)]
    pub fn word(&self, sequence: u64) -> &AtomicU64 {
        // SAFETY: masked to the index.
        unsafe { &*self.words.add((sequence & self.index_mask) as usize) }
    }

    #[inline(always)]
    pub fn position(&self, sequence: u64) -> &AtomicU64 {
        // SAFETY: masked to the index.
        unsafe { &*self.positions.add((sequence & self.index_mask) as usize) }
    }

    /// The stamp that a published word of `sequence` carries.
    #[inline(always)]
    pub fn stamp(&self, sequence: u64) -> u32 {
        ((sequence >> self.index_bits) as u32).wrapping_add(1)
    }

    pub fn index_len(&self) -> u64 {
        self.index_mask + 1
    }

    /// Largest payload, and largest claim.
    pub fn quarter(&self) -> u64 {
        self.capacity / 4
    }

    /// Pointer to the bytes at `position`. The region is mapped twice in a row, so that `capacity`
    /// bytes from any position are contiguous.
    #[cfg(not(loom))]
    #[inline(always)]
    pub fn at(&self, position: u64) -> *mut u8 {
        self.data.wrapping_add((position & (self.capacity - 1)) as usize)
    }

    #[cfg(loom)]
    pub fn block(&self, position: u64) -> &AtomicU64 {
        &self.backing.blocks[((position / BLOCK) & self.index_mask) as usize]
    }
}
