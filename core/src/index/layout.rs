//! The bytes of an index file, and a mapping of one. All numbers are little-endian.
//!
//! A page of header; `current` (slot of each instrument's record), `next` (chains of instruments with
//! one key, a column for each kind but the id), the records by slot, and six hash tables.

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::error::{IndexError, Result};
use crate::ring::reserve;

pub const MAGIC: [u8; 8] = *b"APINDEX\0";
pub const VERSION: u32 = 1;
pub const PAGE: usize = 4096;
pub const RECORD_BYTES: usize = 128;
pub type Record = [u8; RECORD_BYTES];
pub const KINDS: usize = 6;
/// Kinds of key that several instruments may share: all but the id.
pub const CHAINED: usize = KINDS - 1;
/// Instruments are numbered in 32 bits, shown as number + 1.
pub const MAX_INSTRUMENTS: usize = 1 << 28;
/// An entry of a table whose instruments have all gone elsewhere.
pub const GONE: u32 = SHARED - 1;
/// In an entry: there are, or were, more instruments with the key; `next` has them.
pub const SHARED: u32 = 1 << 31;

/// What an instrument is looked up by. The number is that of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// 16 bytes, one instrument.
    Id = 0,
    /// The venue's number (u16) and the symbol, 34 bytes.
    Symbol = 1,
    /// 12 characters.
    Isin = 2,
    /// 9 characters.
    Cusip = 3,
    /// 12 characters: of the venue line.
    Figi = 4,
    /// 20 bytes, on whatever chain.
    Address = 5,
}

pub const ALL_KINDS: [Kind; KINDS] =
    [Kind::Id, Kind::Symbol, Kind::Isin, Kind::Cusip, Kind::Figi, Kind::Address];

const ID: std::ops::Range<usize> = 0..16;
const VENUE: std::ops::Range<usize> = 8..10;
const SYMBOL: std::ops::Range<usize> = 32..64;
const ADDRESS: std::ops::Range<usize> = 64..84;
const ISIN: std::ops::Range<usize> = 84..96;
const FIGI: std::ops::Range<usize> = 96..108;
const CUSIP: std::ops::Range<usize> = 108..120;
const FLAGS: usize = 126;
const SYMBOL_TRUNCATED: u8 = 1 << 2;

/// Bytes that a key is compared by, zero-padded.
pub const KEY_BYTES: usize = 34;
pub type Key = [u8; KEY_BYTES];

impl Kind {
    /// Place of the kind among the chains; not for the id.
    pub(super) fn chain(self) -> usize {
        self as usize - 1
    }

    /// Where a record has a code.
    #[inline(always)]
    pub(super) fn at(self) -> usize {
        match self {
            Kind::Isin => ISIN.start,
            Kind::Cusip => CUSIP.start,
            Kind::Figi => FIGI.start,
            Kind::Id | Kind::Symbol | Kind::Address => unreachable!("not a code"),
        }
    }

    /// Longest key in bytes.
    #[must_use]
    #[inline(always)]
    pub fn bytes(self) -> usize {
        match self {
            Kind::Id => 16,
            Kind::Symbol => KEY_BYTES,
            Kind::Isin | Kind::Cusip | Kind::Figi => 12,
            Kind::Address => 20,
        }
    }

    /// The key as it is compared; None where it is too long or empty, so that nothing has it.
    #[inline(always)]
    pub(super) fn key(self, bytes: &[u8]) -> Option<Key> {
        if bytes.len() > self.bytes() {
            return None;
        }
        let mut key = [0; KEY_BYTES];
        key[..bytes.len()].copy_from_slice(bytes);
        let told = match self {
            Kind::Id => true,
            Kind::Symbol => key[2] != 0, // the venue may be 0, the text may not
            Kind::Address => key != [0; KEY_BYTES],
            Kind::Isin | Kind::Cusip | Kind::Figi => key[0] != 0,
        };
        told.then_some(key)
    }

    /// Whether a record has the key, which is not empty.
    #[inline(always)]
    pub(super) fn is_of(self, record: &Record, key: &Key) -> bool {
        match self {
            Kind::Id => record[ID] == key[..16],
            Kind::Symbol => {
                record[VENUE] == key[..2]
                    && record[SYMBOL] == key[2..]
                    && record[FLAGS] & SYMBOL_TRUNCATED == 0
            }
            Kind::Isin => record[ISIN] == key[..12],
            Kind::Cusip => record[CUSIP] == key[..12],
            Kind::Figi => record[FIGI] == key[..12],
            Kind::Address => record[ADDRESS] == key[..20],
        }
    }

    /// The key of this kind that a record has.
    pub(super) fn of(self, record: &Record) -> Option<Key> {
        match self {
            Kind::Id => self.key(&record[ID]),
            Kind::Symbol if record[FLAGS] & SYMBOL_TRUNCATED != 0 => None,
            Kind::Symbol => {
                let mut key = [0; KEY_BYTES];
                key[..2].copy_from_slice(&record[VENUE]);
                key[2..].copy_from_slice(&record[SYMBOL]);
                self.key(&key)
            }
            Kind::Isin => self.key(&record[ISIN]),
            Kind::Cusip => self.key(&record[CUSIP]),
            Kind::Figi => self.key(&record[FIGI]),
            Kind::Address => self.key(&record[ADDRESS]),
        }
    }
}

/// The header's page. What is before `checksum` never changes once the file has its name.
#[repr(C)]
pub struct Header {
    pub magic: [u8; 8],
    pub version: u32,
    pub record_bytes: u32,
    pub file_bytes: u64,
    /// Mixed into every hash, so that keys cannot be chosen to collide.
    pub seed: u64,
    /// Tells this file from those before it.
    pub generation: u64,
    /// Most instruments, and most versions of records.
    pub capacity: u64,
    pub table_bits: u32,
    pub writer_pid: u32,
    pub checksum: u32,
    pub reserved: u32,
    /// Instruments that readers may see.
    pub instruments: AtomicU64,
    /// Everything up to this revision of the registry is there.
    pub revision: AtomicU64,
    /// Odd while a batch is being written: for whoever wants all of one revision.
    pub batch: AtomicU64,
    /// Odd while an instrument changes a key: chains are then read again.
    pub moves: AtomicU64,
    /// Not 0: another file has the name.
    pub retired: AtomicU64,
    /// Slots taken; for people.
    pub slots: AtomicU64,
}

const CHECKED: usize = std::mem::offset_of!(Header, checksum);
const _: () = assert!(CHECKED == 56 && size_of::<Header>() == 112);

/// Where the parts of a file of some capacity begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Geometry {
    pub capacity: usize,
    pub table_bits: u32,
}

impl Geometry {
    /// For so many instruments: tables are at most four fifths full.
    pub fn new(capacity: usize) -> Result<Self> {
        let capacity = capacity.max(16);
        if capacity > MAX_INSTRUMENTS {
            let detail = format!("an index of {capacity} instruments, at most {MAX_INSTRUMENTS} fit");
            return Err(IndexError::Invalid { detail });
        }
        let table_bits = (capacity + capacity / 4).next_power_of_two().trailing_zeros();
        Ok(Geometry { capacity, table_bits })
    }

    pub fn current_at(&self) -> usize {
        PAGE
    }
    pub fn next_at(&self) -> usize {
        self.current_at() + self.capacity * 4
    }
    pub fn records_at(&self) -> usize {
        (self.next_at() + self.capacity * 4 * CHAINED).next_multiple_of(RECORD_BYTES)
    }
    pub fn tables_at(&self) -> usize {
        self.records_at() + self.capacity * RECORD_BYTES
    }
    pub fn file_bytes(&self) -> usize {
        (self.tables_at() + ((KINDS * 8) << self.table_bits)).next_multiple_of(PAGE)
    }
}

/// A file in memory, checked; what is behind its numbers is checked at each use.
pub struct Mapping {
    base: *mut u8,
    bytes: usize,
    pub geometry: Geometry,
    pub path: PathBuf,
    seed: u64,
}

// SAFETY: shared words are atomics, records are written before they are shown and never after.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: mapped by `map`; everything that points into it borrows from this value.
        unsafe { libc::munmap(self.base.cast(), self.bytes) };
    }
}

impl Mapping {
    fn map(file: &File, path: &Path, bytes: usize, write: bool) -> Result<*mut u8> {
        let access = if write { libc::PROT_READ | libc::PROT_WRITE } else { libc::PROT_READ };
        // SAFETY: a fresh mapping of a descriptor that is open.
        let base =
            unsafe { libc::mmap(std::ptr::null_mut(), bytes, access, libc::MAP_SHARED, file.as_raw_fd(), 0) };
        if base == libc::MAP_FAILED { Err(IndexError::system("mapping", path)) } else { Ok(base.cast()) }
    }

    /// A new file of this geometry, all zeros but for its header, which `finish` makes valid.
    pub fn make(file: &File, path: &Path, geometry: Geometry, generation: u64, seed: u64) -> Result<Self> {
        let bytes = geometry.file_bytes();
        reserve(file, bytes as u64).map_err(|source| {
            let action = format!("taking {bytes} bytes of shared memory for {}", path.display());
            IndexError::System { action, source }
        })?;
        let base = Self::map(file, path, bytes, true)?;
        let header = Header {
            magic: MAGIC,
            version: VERSION,
            record_bytes: RECORD_BYTES as u32,
            file_bytes: bytes as u64,
            seed,
            generation,
            capacity: geometry.capacity as u64,
            table_bits: geometry.table_bits,
            writer_pid: std::process::id(),
            checksum: 0,
            reserved: 0,
            instruments: AtomicU64::new(0),
            revision: AtomicU64::new(0),
            batch: AtomicU64::new(0),
            moves: AtomicU64::new(0),
            retired: AtomicU64::new(0),
            slots: AtomicU64::new(0),
        };
        // SAFETY: the mapping is ours alone until the file gets its name, and at least a page.
        unsafe {
            base.cast::<Header>().write(header);
            let fixed = std::slice::from_raw_parts(base, CHECKED);
            (*base.cast::<Header>()).checksum = crc32fast::hash(fixed);
        }
        Ok(Mapping { base, bytes, geometry, path: path.into(), seed })
    }

    /// An existing file, with its header checked; `write` only to retire it.
    pub fn open(path: &Path, write: bool) -> Result<Self> {
        let opened = OpenOptions::new().read(true).write(write).open(path);
        let file = opened.map_err(|error| IndexError::io("opening", path, error))?;
        let length = file.metadata().map_err(|error| IndexError::io("reading", path, error))?.len() as usize;
        if length < PAGE {
            return Err(IndexError::layout(path, format!("{length} bytes are too few for an index")));
        }
        let base = Self::map(&file, path, length, write)?;
        let geometry = Geometry { capacity: 0, table_bits: 0 };
        let mut mapping = Mapping { base, bytes: length, geometry, path: path.into(), seed: 0 };
        let header = mapping.header();
        let wrong = |detail: String| Err(IndexError::layout(path, detail));
        if header.magic != MAGIC {
            return wrong("this is not an index".into());
        }
        if header.version != VERSION || header.record_bytes as usize != RECORD_BYTES {
            return wrong(format!("layout {} of an index, this program knows {VERSION}", header.version));
        }
        // SAFETY: within the first page; nobody writes these bytes any more.
        let fixed = unsafe { std::slice::from_raw_parts(base, CHECKED) };
        if crc32fast::hash(fixed) != header.checksum {
            return wrong("the header's checksum is wrong".into());
        }
        let expected =
            usize::try_from(header.capacity).ok().and_then(|capacity| Geometry::new(capacity).ok());
        match expected {
            Some(geometry) if geometry.table_bits == header.table_bits && geometry.file_bytes() == length => {
                mapping.seed = header.seed;
                mapping.geometry = geometry;
                Ok(mapping)
            }
            _ => wrong(format!("{length} bytes are not those of {} instruments", header.capacity)),
        }
    }

    pub fn bytes(&self) -> usize {
        self.bytes
    }

    #[inline]
    pub fn header(&self) -> &Header {
        // SAFETY: a page at least; the changing fields are atomics.
        unsafe { &*self.base.cast() }
    }

    #[inline]
    fn words(&self, at: usize, count: usize) -> &[AtomicU32] {
        debug_assert!(at + count * 4 <= self.bytes && at % 4 == 0);
        // SAFETY: inside the file by its geometry, which was checked against its length.
        unsafe { std::slice::from_raw_parts(self.base.add(at).cast(), count) }
    }

    /// Slot + 1 of each instrument's record.
    #[inline]
    pub fn current(&self) -> &[AtomicU32] {
        self.words(self.geometry.current_at(), self.geometry.capacity)
    }

    /// Instrument + 1 that has the same key, after each instrument.
    #[inline]
    pub fn next(&self, kind: Kind) -> &[AtomicU32] {
        let capacity = self.geometry.capacity;
        self.words(self.geometry.next_at() + kind.chain() * capacity * 4, capacity)
    }

    /// Entries of 64 bits: 32 of the hash, `SHARED`, and instrument + 1; 0 is empty.
    #[inline]
    pub fn table(&self, kind: Kind) -> &[AtomicU64] {
        let bits = self.geometry.table_bits;
        let at = self.geometry.tables_at() + ((kind as usize * 8) << bits);
        debug_assert!(at + (8 << bits) <= self.bytes && at % 8 == 0);
        // SAFETY: as in `words`; records begin at a multiple of 128.
        unsafe { std::slice::from_raw_parts(self.base.add(at).cast(), 1 << bits) }
    }

    /// The record in a slot that has been shown, None for a number that cannot be one.
    #[inline]
    pub fn record(&self, slot: usize) -> Option<&Record> {
        if slot >= self.geometry.capacity {
            return None;
        }
        // SAFETY: inside the file; a shown slot is never written again.
        Some(unsafe { &*self.base.add(self.geometry.records_at() + slot * RECORD_BYTES).cast() })
    }

    /// Fill a slot that nobody has been shown.
    ///
    /// # Safety
    /// The caller is the file's only writer and shows the slot only afterwards.
    pub unsafe fn fill(&self, slot: usize, record: &Record) {
        assert!(slot < self.geometry.capacity);
        let at = self.geometry.records_at() + slot * RECORD_BYTES;
        // SAFETY: inside the file, which `make` mapped for writing; no reader looks there yet.
        unsafe { self.base.add(at).cast::<Record>().write(*record) };
    }

    /// An instrument's record as it is now.
    #[inline]
    pub fn record_of(&self, instrument: usize) -> Option<&Record> {
        let slot = self.current().get(instrument)?.load(Ordering::Acquire);
        self.record((slot as usize).wrapping_sub(1))
    }

    /// `hash` of a code of twelve characters.
    #[inline(always)]
    pub fn hash_code(&self, kind: Kind, high: u64, low: u32) -> u64 {
        let state = fold(self.seed ^ (kind as u64) << 56 ^ high, 0x9E37_79B9_7F4A_7C15);
        let state = fold(state ^ u64::from(low), 0x9E37_79B9_7F4A_7C15);
        fold(state, 0xD6E8_FEB8_6659_FD93)
    }

    #[inline(always)]
    pub fn hash(&self, kind: Kind, key: &Key) -> u64 {
        let mut state = self.seed ^ (kind as u64) << 56;
        let words = kind.bytes().div_ceil(8);
        for index in 0..words {
            let mut word = [0; 8];
            let at = index * 8;
            let end = (at + 8).min(KEY_BYTES);
            word[..end - at].copy_from_slice(&key[at..end]);
            state = fold(state ^ u64::from_le_bytes(word), 0x9E37_79B9_7F4A_7C15);
        }
        fold(state, 0xD6E8_FEB8_6659_FD93)
    }
}

/// Multiply to 128 bits and fold: every bit of the answer hangs on every bit of the question.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    (product as u64) ^ (product >> 64) as u64
}
