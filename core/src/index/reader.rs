//! Looking up. Nothing here waits for the writer but a snapshot.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering, fence};
use std::sync::{RwLock, RwLockReadGuard};
use std::time::{Duration, Instant};

use super::error::{IndexError, Result};
use super::layout::{Key, Kind, Mapping, RECORD_BYTES, Record, SHARED};

const BLOCK: usize = 32;
/// A reader that meets a change each time looks at every record instead: the writer died in one, or
/// is busy with nothing else.
const MOST_RETRIES: usize = 1000;

/// All records of one revision.
pub struct Snapshot {
    pub revision: u64,
    pub records: Vec<u8>,
}

/// A view of the index at a path, which follows it into larger files.
pub struct Reader {
    path: PathBuf,
    mapping: RwLock<Arc<Mapping>>,
}

impl Reader {
    /// # Errors
    /// `Missing`, `Layout`.
    pub fn attach(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Ok(Reader { path: path.into(), mapping: RwLock::new(Arc::new(Mapping::open(path, false)?)) })
    }

    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file as it is now. A retired one is good until its successor can be opened.
    pub fn view(&self) -> Arc<Mapping> {
        let held = self.held();
        if held.header().retired.load(Ordering::Acquire) == 0 {
            return held.clone();
        }
        drop(held);
        let mut held = self.mapping.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Ok(newer) = Mapping::open(&self.path, false) {
            *held = Arc::new(newer);
        }
        held.clone()
    }

    fn held(&self) -> RwLockReadGuard<'_, Arc<Mapping>> {
        self.mapping.read().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Everything up to this revision of the registry is there, and perhaps some of the next.
    pub fn revision(&self) -> u64 {
        self.view().header().revision.load(Ordering::Acquire)
    }

    pub fn len(&self) -> usize {
        self.view().header().instruments.load(Ordering::Acquire) as usize
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn generation(&self) -> u64 {
        self.view().header().generation
    }

    /// Size of the file.
    pub fn bytes(&self) -> usize {
        self.view().bytes()
    }

    /// The record of an id.
    pub fn get(&self, id: &[u8; 16]) -> Option<Record> {
        let held = self.held();
        if held.header().retired.load(Ordering::Acquire) == 0 {
            return held.get(id).copied();
        }
        drop(held);
        self.view().get(id).copied()
    }

    /// Gives `took` the record of each instrument with this key, in the order of registration.
    pub fn each(&self, kind: Kind, key: &[u8], took: impl FnMut(&Record)) {
        let held = self.held();
        if held.header().retired.load(Ordering::Acquire) == 0 {
            return held.find(kind, key, took);
        }
        drop(held);
        self.view().find(kind, key, took);
    }

    /// The records of all instruments with this key, in the order of registration.
    pub fn find(&self, kind: Kind, key: &[u8]) -> Vec<Record> {
        let mut found = Vec::new();
        self.each(kind, key, |record| found.push(*record));
        found
    }

    /// Appends the records of `ids`, 16 bytes each, to `out`, zeros for an unknown one, whose
    /// positions go to `missing`.
    pub fn gather(&self, ids: &[u8], out: &mut Vec<u8>, missing: &mut Vec<u32>) {
        self.view().gather(ids, out, missing);
    }

    /// For each key of `width` bytes how many instruments have it, and the record of the best one:
    /// a primary listing before others, then the one registered first; zeros for none.
    pub fn find_many(&self, kind: Kind, keys: &[u8], width: usize, out: &mut Vec<u8>, counts: &mut Vec<u32>) {
        let view = self.view();
        for key in keys.chunks_exact(width.max(1)) {
            let (mut count, mut best): (u32, Option<Record>) = (0, None);
            let end = key.iter().rposition(|byte| *byte != 0).map_or(0, |at| at + 1);
            let key = if kind == Kind::Id || kind == Kind::Address { key } else { &key[..end] };
            let took = |record: &Record| {
                count += 1;
                if best.as_ref().is_none_or(|held| !primary(held) && primary(record)) {
                    best = Some(*record);
                }
            };
            view.find(kind, key, took);
            out.extend_from_slice(&best.unwrap_or([0; RECORD_BYTES]));
            counts.push(count);
        }
    }

    /// All records as they were at one revision.
    ///
    /// # Errors
    /// `Invalid` where the writer was busy, or died in a batch, for all of `patience`.
    pub fn snapshot(&self, patience: Duration) -> Result<Snapshot> {
        let deadline = Instant::now() + patience;
        loop {
            let view = self.view();
            let header = view.header();
            let before = header.batch.load(Ordering::Acquire);
            if before % 2 == 0 {
                let revision = header.revision.load(Ordering::Acquire);
                let count = header.instruments.load(Ordering::Acquire) as usize;
                let mut records = Vec::with_capacity(count * RECORD_BYTES);
                (0..count).filter_map(|at| view.record_of(at)).for_each(|record| records.extend(record));
                fence(Ordering::Acquire);
                if header.batch.load(Ordering::Relaxed) == before {
                    return Ok(Snapshot { revision, records });
                }
            }
            if Instant::now() >= deadline {
                let path = self.path.display();
                let detail = format!("{path}: no snapshot within {patience:?}: the registry writes, or died");
                return Err(IndexError::Invalid { detail });
            }
            std::thread::sleep(Duration::from_micros(50));
        }
    }
}

fn primary(record: &Record) -> bool {
    record[126] & 0b10 != 0
}

impl Mapping {
    #[inline]
    pub fn get(&self, id: &[u8; 16]) -> Option<&Record> {
        let key = Kind::Id.key(id)?;
        let hash = self.hash(Kind::Id, &key);
        self.get_hashed(id, hash)
    }

    #[inline]
    fn get_hashed(&self, id: &[u8; 16], hash: u64) -> Option<&Record> {
        let table = self.table(Kind::Id);
        let mask = table.len() - 1;
        let tag = hash >> 32;
        let mut at = hash as usize & mask;
        for _ in 0..table.len() {
            let entry = table[at].load(Ordering::Acquire);
            if entry == 0 {
                return None;
            }
            if entry >> 32 == tag {
                let record = self.record_of((entry as u32 as usize).wrapping_sub(1));
                if let Some(record) = record.filter(|record| record[..16] == id[..]) {
                    return Some(record);
                }
            }
            at = (at + 1) & mask;
        }
        None
    }

    pub fn gather(&self, ids: &[u8], out: &mut Vec<u8>, missing: &mut Vec<u32>) {
        out.reserve(ids.len() / 16 * RECORD_BYTES);
        let table = self.table(Kind::Id);
        let mask = table.len() - 1;
        let mut hashes = [0; BLOCK];
        let mut slots = [0usize; BLOCK];
        for (block, ids) in ids.chunks(BLOCK * 16).enumerate() {
            // each pass asks memory for what the next one needs, so that the misses overlap
            for (hash, id) in hashes.iter_mut().zip(ids.chunks_exact(16)) {
                *hash = Kind::Id.key(id).map_or(0, |key| self.hash(Kind::Id, &key));
                prefetch(&table[*hash as usize & mask]);
            }
            let count = ids.len() / 16;
            for (slot, hash) in slots.iter_mut().zip(&hashes[..count]) {
                let entry = table[*hash as usize & mask].load(Ordering::Acquire);
                let instrument = (entry as u32 as usize).wrapping_sub(1);
                *slot = instrument;
                if let Some(current) = self.current().get(instrument) {
                    prefetch(current);
                }
            }
            for slot in &slots[..count] {
                if let Some(record) = self.record_of(*slot) {
                    prefetch(record);
                    prefetch(&record[64]);
                }
            }
            for (index, id) in ids.chunks_exact(16).enumerate() {
                let id: &[u8; 16] = id.try_into().expect("chunks of 16");
                match self.get_hashed(id, hashes[index]) {
                    Some(record) => out.extend_from_slice(record),
                    None => {
                        out.extend_from_slice(&[0; RECORD_BYTES]);
                        missing.push((block * BLOCK + index) as u32);
                    }
                }
            }
        }
    }

    /// Gives `took` the records with this key in the order of registration. Where instruments
    /// changed keys meanwhile they are looked up again.
    pub fn find(&self, kind: Kind, key: &[u8], mut took: impl FnMut(&Record)) {
        // each kind by its name, so that the compiler knows how long its keys are
        match kind {
            Kind::Id => {
                if let Some(record) = key.try_into().ok().and_then(|id| self.get(id)) {
                    took(record);
                }
            }
            Kind::Isin | Kind::Cusip | Kind::Figi => {
                let Some((high, low)) = code(key) else { return };
                let at = kind.at();
                let same = |record: &Record| word(record, at) == high && half(record, at + 8) == low;
                let hash = self.hash_code(kind, high, low);
                self.find_where(kind, hash, same, took);
            }
            Kind::Symbol | Kind::Address => {
                let Some(key) = kind.key(key) else { return };
                self.find_where(kind, self.hash(kind, &key), |record| kind.is_of(record, &key), took);
            }
        }
    }

    /// The instruments under this hash that are the `same`.
    #[inline(always)]
    fn find_where(
        &self,
        kind: Kind,
        hash: u64,
        same: impl Fn(&Record) -> bool,
        mut took: impl FnMut(&Record),
    ) {
        let moves = &self.header().moves;
        for _ in 0..MOST_RETRIES {
            let before = moves.load(Ordering::Acquire);
            let unmoved = || {
                fence(Ordering::Acquire);
                before % 2 == 0 && moves.load(Ordering::Relaxed) == before
            };
            let Some((instrument, record, shared)) = self.head(kind, hash, &same) else {
                if unmoved() {
                    return;
                }
                std::thread::yield_now();
                continue;
            };
            if !shared && unmoved() {
                return took(record); // by far the most keys are of one instrument
            }
            let mut found = vec![(instrument, record)];
            self.walk(self.next(kind), instrument, &same, &mut found);
            if unmoved() {
                found.sort_unstable_by_key(|(instrument, _)| *instrument);
                return found.into_iter().for_each(|(_, record)| took(record));
            }
            std::thread::yield_now();
        }
        // records are whole at any time; only the chains are not, while `moves` is odd
        let count = (self.header().instruments.load(Ordering::Acquire) as usize).min(self.geometry.capacity);
        (0..count).filter_map(|at| self.record_of(at)).filter(|record| same(record)).for_each(took);
    }

    /// The first instrument of a key's chain, its record, and whether there are more.
    #[inline(always)]
    fn head(&self, kind: Kind, hash: u64, same: impl Fn(&Record) -> bool) -> Option<(usize, &Record, bool)> {
        let table = self.table(kind);
        let mask = table.len() - 1;
        let mut at = hash as usize & mask;
        for _ in 0..table.len() {
            let entry = table[at].load(Ordering::Acquire);
            if entry == 0 {
                return None;
            }
            if entry >> 32 == hash >> 32 {
                let instrument = ((entry as u32 & !SHARED) as usize).wrapping_sub(1);
                if let Some(record) = self.record_of(instrument).filter(|record| same(record)) {
                    return Some((instrument, record, entry as u32 & SHARED != 0));
                }
            }
            at = (at + 1) & mask;
        }
        None
    }

    /// What follows the head of a chain.
    fn walk<'a>(
        &'a self,
        next: &[AtomicU32],
        head: usize,
        same: impl Fn(&Record) -> bool,
        found: &mut Vec<(usize, &'a Record)>,
    ) {
        let mut at = head;
        // a chain is no longer than there are instruments, whatever the file says
        for _ in 0..next.len() {
            let Some(link) = next.get(at) else { break };
            at = (link.load(Ordering::Acquire) as usize).wrapping_sub(1);
            if let Some(record) = self.record_of(at).filter(|record| same(record)) {
                found.push((at, record));
            }
        }
    }

    /// Whether the instrument (+ 1) has this key now.
    pub(super) fn has(&self, kind: Kind, key: &Key, link: u32) -> bool {
        let record = self.record_of((link as usize).wrapping_sub(1));
        record.is_some_and(|record| kind.is_of(record, key))
    }
}

/// A code of at most twelve characters as two numbers; None where it is none.
#[inline(always)]
fn code(key: &[u8]) -> Option<(u64, u32)> {
    if let Ok(whole) = <&[u8; 12]>::try_from(key) {
        return (whole[0] != 0).then(|| (word(whole, 0), half(whole, 8)));
    }
    let mut padded = [0; 12];
    padded.get_mut(..key.len())?.copy_from_slice(key);
    (padded[0] != 0).then(|| (word(&padded, 0), half(&padded, 8)))
}

#[inline(always)]
fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

#[inline(always)]
fn half(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().expect("four bytes"))
}

#[inline]
fn prefetch<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a hint about a reference, which is valid.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
