//! The bytes of a ring file, as documented in `docs/ring-layout.md`. A change here is a new
//! `LAYOUT_VERSION`.
//!
//! ```text
//! 0                    Fixed      4096 bytes: identity and geometry, written once, checksummed
//! 4096                 Control    hot words, each in a pair of cache lines of its own
//! producers_offset     ProducerSlot × max_producers      256 bytes each
//! readers_offset       ReaderSlot × max_readers          512 bytes each
//! words_offset         u64 × index_len   entry words: stamp and length, by sequence
//! positions_offset     u64 × index_len   entry byte positions, by sequence
//! data_offset          capacity bytes of payload, each entry 64-byte aligned
//! ```

use super::sync::{AtomicU32, AtomicU64, ClaimWord};

pub const MAGIC: [u8; 8] = *b"APULRING";
pub const LAYOUT_VERSION: u32 = 1;

/// Entries start on, and are padded to, this many bytes.
pub const BLOCK: u64 = 64;
pub const MIN_CAPACITY: u64 = 4096;
pub const MAX_CAPACITY: u64 = 1 << 32;
pub const MAX_READERS: u32 = 1024;
pub const MAX_PRODUCERS: u32 = 256;
pub const NAME_LEN: usize = 64;
pub const MAX_DEPENDENCIES: usize = 8;

/// `Fixed::flags`
pub const FLAG_MULTI_PRODUCER: u32 = 1;
pub const FLAG_HUGE_PAGES: u32 = 2;

/// `Control::state`
pub const STATE_OPEN: u32 = 1;
pub const STATE_HALTED: u32 = 2;

/// `Owner::state`
pub const SLOT_FREE: u8 = 0;
pub const SLOT_CLAIMING: u8 = 1;
pub const SLOT_ACTIVE: u8 = 2;
pub const SLOT_EVICTED: u8 = 3;

/// `Identity::owner`: pid in the high half, then 24 bits of generation and 8 of state, so that taking
/// a slot, and saying who took it, are one store, and a late comparison with an earlier holder fails.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Owner(pub u64);

impl Owner {
    pub fn new(pid: u32, generation: u32, state: u8) -> Self {
        Owner((pid as u64) << 32 | ((generation & 0xff_ffff) as u64) << 8 | state as u64)
    }

    #[inline(always)]
    pub fn state(self) -> u8 {
        self.0 as u8
    }

    pub fn generation(self) -> u32 {
        (self.0 >> 8) as u32 & 0xff_ffff
    }

    pub fn pid(self) -> u32 {
        (self.0 >> 32) as u32
    }

    pub fn with_state(self, state: u8) -> Self {
        Owner(self.0 & !0xff | state as u64)
    }
}

/// `ReaderSlot::flags`
pub const READER_GATING: u32 = 1;

/// `ProducerSlot::first` when no claim is in flight.
pub const IDLE: u64 = u64::MAX;

/// Written once by the creator, before the file gets its name.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct Fixed {
    pub magic: [u8; 8],
    pub version: u32,
    pub flags: u32,
    pub capacity: u64,
    pub index_len: u64,
    pub file_size: u64,
    pub control_offset: u64,
    pub producers_offset: u64,
    pub readers_offset: u64,
    pub words_offset: u64,
    pub positions_offset: u64,
    pub data_offset: u64,
    pub max_producers: u32,
    pub max_readers: u32,
    /// Random; tells a recreated file from the one before.
    pub incarnation: u64,
    pub created_unix_ns: u64,
    pub creator_pid: u32,
    pub page_size: u32,
    pub creator_start: u64,
    pub boot_id: [u8; 16],
    /// FNV-1a over all bytes before this one.
    pub checksum: u64,
}

pub const FIXED_LEN: usize = std::mem::size_of::<Fixed>();
pub const CONTROL_OFFSET: u64 = 4096;

/// Two cache lines: the adjacent-line prefetcher must not drag a neighbour's word along.
#[repr(C, align(128))]
#[derive(Default)]
pub struct Padded<T>(pub T);

impl<T> std::ops::Deref for Padded<T> {
    type Target = T;
    #[inline(always)]
    fn deref(&self) -> &T {
        &self.0
    }
}

/// Read by producers and consumers on every operation, written only when something unusual happens,
/// so that it stays shared in every cache.
#[repr(C)]
#[derive(Default)]
pub struct Signals {
    /// Moves when a gating reader joins or leaves, or the ring halts: producers then look again.
    pub epoch: AtomicU32,
    pub state: AtomicU32,
    /// 1 while a reader may be asleep on `Wake::readers`.
    pub readers_asleep: AtomicU32,
    /// 1 while a producer may be asleep on `Wake::producers`.
    pub producers_asleep: AtomicU32,
    /// Number of active readers that run behind another reader.
    pub dependents: AtomicU32,
    pub reserved: AtomicU32,
}

/// Futex words.
#[repr(C)]
#[derive(Default)]
pub struct Wake {
    pub readers: AtomicU32,
    pub producers: AtomicU32,
}

#[repr(C)]
#[derive(Default)]
pub struct Counters {
    /// Entries filled in as gaps because their producer died or gave up.
    pub gap_entries: AtomicU64,
    pub producers_recovered: AtomicU64,
    pub readers_evicted: AtomicU64,
    pub producer_waits: AtomicU64,
    pub reader_overruns: AtomicU64,
    pub reader_lost: AtomicU64,
}

#[repr(C)]
#[derive(Default)]
pub struct Control {
    pub claim: Padded<ClaimWord>,
    pub signals: Padded<Signals>,
    pub wake: Padded<Wake>,
    /// Bit per reader slot: producers must not overtake it.
    pub gating: Padded<[AtomicU64; (MAX_READERS / 64) as usize]>,
    /// Bit per producer slot that was ever taken.
    pub producing: Padded<[AtomicU64; (MAX_PRODUCERS / 64) as usize]>,
    pub counters: Padded<Counters>,
}

/// A claim is announced in `position` and `first` before it is made and withdrawn after it is
/// published. `first` is always a real claim boundary: it was read from the claim word.
#[repr(C)]
#[derive(Default)]
pub struct Intent {
    pub first: AtomicU64,
    pub position: AtomicU64,
}

/// Who holds a slot: an [`Owner`] word, and what it takes to tell whether that process still lives.
#[repr(C)]
#[derive(Default)]
pub struct Identity {
    pub owner: AtomicU64,
    /// Start time of the process in clock ticks since boot: pid reuse is not the same process.
    pub start: AtomicU64,
    /// Inode of the pid namespace: a pid of another namespace cannot be judged here.
    pub namespace: AtomicU64,
    pub heartbeat_ns: AtomicU64,
    pub lease_ns: AtomicU64,
}

#[repr(C)]
#[derive(Default)]
pub struct ProducerSlot {
    pub intent: Padded<Intent>,
    pub identity: Padded<Identity>,
}

/// Where a reader is. Everything before `sequence`, and every byte before `position`, is given back.
#[repr(C)]
#[derive(Default)]
pub struct Cursor {
    pub sequence: AtomicU64,
    pub position: AtomicU64,
}

#[repr(C)]
pub struct ReaderFacts {
    pub flags: AtomicU32,
    pub dependency_count: AtomicU32,
    /// Slots of the readers that this one runs behind.
    pub dependencies: [AtomicU32; MAX_DEPENDENCIES],
    pub lost: AtomicU64,
    pub gap_entries: AtomicU64,
    /// UTF-8, zero-padded, as eight little-endian words.
    pub name: [AtomicU64; NAME_LEN / 8],
}

impl Default for ReaderFacts {
    fn default() -> Self {
        ReaderFacts {
            flags: AtomicU32::new(0),
            dependency_count: AtomicU32::new(0),
            dependencies: std::array::from_fn(|_| AtomicU32::new(u32::MAX)),
            lost: AtomicU64::new(0),
            gap_entries: AtomicU64::new(0),
            name: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

#[repr(C)]
#[derive(Default)]
pub struct ReaderSlot {
    pub cursor: Padded<Cursor>,
    pub identity: Padded<Identity>,
    pub facts: Padded<ReaderFacts>,
    reserved: Padded<[AtomicU64; 2]>,
}

#[cfg(not(loom))]
const _: () = {
    assert!(FIXED_LEN == 152);
    assert!(std::mem::size_of::<Control>() == 768);
    assert!(std::mem::size_of::<ProducerSlot>() == 256);
    assert!(std::mem::size_of::<ReaderSlot>() == 512);
    assert!(std::mem::size_of::<ReaderFacts>() == 120);
};

/// An entry word: stamp in the high half, length in the low half.
///
/// The stamp is the lap number of the sequence over the index, plus one: a word is published for a
/// sequence exactly when its stamp is that sequence's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Word(pub u64);

/// Set in the length of an entry that holds nothing: the rest is the bytes it covers.
pub const GAP: u32 = 1 << 31;

impl Word {
    #[inline(always)]
    pub fn new(stamp: u32, length: u32) -> Self {
        Word((stamp as u64) << 32 | length as u64)
    }

    #[inline(always)]
    pub fn stamp(self) -> u32 {
        (self.0 >> 32) as u32
    }

    #[inline(always)]
    pub fn is_gap(self) -> bool {
        self.0 as u32 & GAP != 0
    }

    /// Payload bytes; meaningless for a gap.
    #[inline(always)]
    pub fn length(self) -> u32 {
        self.0 as u32
    }

    /// Bytes from this entry's position to the next one's.
    #[inline(always)]
    pub fn span(self) -> u64 {
        if self.is_gap() { (self.0 as u32 & !GAP) as u64 } else { span(self.0 as u32 as u64) }
    }
}

/// Bytes that an entry of `length` takes: at least one block.
#[inline(always)]
pub fn span(length: u64) -> u64 {
    (length.max(1) + (BLOCK - 1)) & !(BLOCK - 1)
}

/// Where everything is, for a ring of `capacity` bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Geometry {
    pub capacity: u64,
    pub index_len: u64,
    pub producers_offset: u64,
    pub readers_offset: u64,
    pub words_offset: u64,
    pub positions_offset: u64,
    pub data_offset: u64,
    pub file_size: u64,
}

impl Geometry {
    /// `page`: 4096, or 2 MiB for huge pages; index and data start on a page.
    pub fn new(capacity: u64, max_producers: u32, max_readers: u32, page: u64) -> Self {
        let up = |n: u64, to: u64| n.div_ceil(to) * to;
        let index_len = capacity / BLOCK;
        let producers_offset = CONTROL_OFFSET + 1024;
        let readers_offset = producers_offset + max_producers as u64 * 256;
        let words_offset = up(readers_offset + max_readers as u64 * 512, 4096);
        let positions_offset = up(words_offset + index_len * 8, 4096);
        let data_offset = up(positions_offset + index_len * 8, page);
        Geometry {
            capacity,
            index_len,
            producers_offset,
            readers_offset,
            words_offset,
            positions_offset,
            data_offset,
            file_size: data_offset + up(capacity, page),
        }
    }
}

pub fn checksum(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |h, b| (h ^ *b as u64).wrapping_mul(0x0000_0100_0000_01b3))
}

/// The offsets that docs/ring-layout.md prints.
#[cfg(not(loom))]
const _: () = {
    use std::mem::offset_of;
    assert!(offset_of!(Fixed, capacity) == 16);
    assert!(offset_of!(Fixed, max_producers) == 88);
    assert!(offset_of!(Fixed, incarnation) == 96);
    assert!(offset_of!(Fixed, boot_id) == 128);
    assert!(offset_of!(Fixed, checksum) == 144);
    assert!(offset_of!(Control, signals) == 128);
    assert!(offset_of!(Control, wake) == 256);
    assert!(offset_of!(Control, gating) == 384);
    assert!(offset_of!(Control, producing) == 512);
    assert!(offset_of!(Control, counters) == 640);
    assert!(offset_of!(ProducerSlot, identity) == 128);
    assert!(offset_of!(ReaderSlot, identity) == 128);
    assert!(offset_of!(ReaderSlot, facts) == 256);
    assert!(offset_of!(Identity, lease_ns) == 32);
    assert!(offset_of!(ReaderFacts, lost) == 40);
    assert!(offset_of!(ReaderFacts, name) == 56);
};
