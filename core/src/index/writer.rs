//! The one process that writes an index.

use std::fs::{File, OpenOptions};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use super::error::{IndexError, Result};
use super::layout::{ALL_KINDS, GONE, Geometry, Key, Kind, Mapping, Record, SHARED};
use crate::ring::process::random_u64;

/// Writes the index at a path; holds its lock while it lives.
///
/// What an earlier writer left is not read but replaced by the first `commit`: whatever state its
/// process died in, no reader meets it in a new file.
pub struct Writer {
    path: PathBuf,
    _lock: File,
    mapping: Mapping,
    /// Instruments, shown or not yet.
    instruments: usize,
    slots: usize,
    /// The file has its name, and the one before is retired.
    shown: bool,
    in_batch: bool,
}

impl Writer {
    /// A new index of at least `capacity` instruments; it grows by itself.
    ///
    /// # Errors
    /// `Busy` where another process writes it, `System`, `Invalid` for an impossible capacity.
    pub fn create(path: impl AsRef<Path>, capacity: usize) -> Result<Self> {
        let path = path.as_ref();
        let lock = lock(path)?;
        remove_unnamed(path);
        let before = Mapping::open(path, false).map_or(0, |old| old.header().generation);
        let mapping = make(path, Geometry::new(capacity)?, before + 1)?;
        Ok(Writer {
            path: path.into(),
            _lock: lock,
            mapping,
            instruments: 0,
            slots: 0,
            shown: false,
            in_batch: false,
        })
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.instruments
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.instruments == 0
    }

    /// Size of the file.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.mapping.bytes()
    }

    #[must_use]
    pub fn generation(&self) -> u64 {
        self.mapping.header().generation
    }

    /// The record of an instrument by its number: the next number, or one that is there.
    ///
    /// # Errors
    /// `Invalid` for a number that skips some, or another id than before; `System` without memory.
    pub fn put(&mut self, instrument: usize, record: &Record) -> Result<()> {
        if instrument > self.instruments {
            let detail = format!("instrument {instrument}, the next is {}", self.instruments);
            return Err(IndexError::Invalid { detail });
        }
        if self.slots == self.mapping.geometry.capacity {
            self.grow()?;
        }
        if !self.in_batch {
            self.in_batch = true;
            self.mapping.header().batch.fetch_add(1, Ordering::SeqCst);
        }
        let old =
            if instrument < self.instruments { self.mapping.record_of(instrument).copied() } else { None };
        if old.is_some_and(|old| old[..16] != record[..16]) {
            let detail = format!("instrument {instrument} has another id");
            return Err(IndexError::Invalid { detail });
        }
        let slot = self.slots;
        self.slots += 1;
        // SAFETY: the lock makes this the only writer; the slot is taken here for the first time.
        unsafe { self.mapping.fill(slot, record) };
        match old {
            Some(old) => self.replace(instrument, slot, &old, record),
            None => {
                self.instruments += 1;
                self.mapping.current()[instrument].store(slot as u32 + 1, Ordering::Release);
                for kind in ALL_KINDS {
                    if let Some(key) = kind.of(record) {
                        self.link(kind, &key, instrument);
                    }
                }
            }
        }
        let header = self.mapping.header();
        header.instruments.store(self.instruments as u64, Ordering::Release);
        header.slots.store(self.slots as u64, Ordering::Relaxed);
        Ok(())
    }

    /// What was put is everything up to this revision of the registry.
    ///
    /// # Errors
    /// `System` where the file cannot get its name (the first time).
    pub fn commit(&mut self, revision: u64) -> Result<()> {
        let header = self.mapping.header();
        header.revision.store(revision, Ordering::Release);
        if self.in_batch {
            self.in_batch = false;
            header.batch.fetch_add(1, Ordering::SeqCst);
        }
        if self.shown { Ok(()) } else { self.show() }
    }

    fn show(&mut self) -> Result<()> {
        // what an earlier process left, to tell its readers
        let old = Mapping::open(&self.path, true).ok();
        take_name(&self.mapping.path, &self.path, old.as_ref())?;
        self.shown = true;
        Ok(())
    }

    /// A record of an instrument that is there; chains change only where its keys do.
    fn replace(&mut self, instrument: usize, slot: usize, old: &Record, record: &Record) {
        let changed: Vec<(Kind, Option<Key>, Option<Key>)> = ALL_KINDS
            .iter()
            .map(|kind| (*kind, kind.of(old), kind.of(record)))
            .filter(|(_, before, after)| before != after)
            .collect();
        let current = &self.mapping.current()[instrument];
        if changed.is_empty() {
            current.store(slot as u32 + 1, Ordering::Release);
            return;
        }
        self.mapping.header().moves.fetch_add(1, Ordering::SeqCst);
        for (kind, before, _) in &changed {
            if let Some(key) = before {
                self.unlink(*kind, key, instrument);
            }
        }
        self.mapping.current()[instrument].store(slot as u32 + 1, Ordering::Release);
        for (kind, _, after) in &changed {
            if let Some(key) = after {
                self.link(*kind, key, instrument);
            }
        }
        self.mapping.header().moves.fetch_add(1, Ordering::SeqCst);
    }

    /// The entry of a key: where its chain begins, or where it would.
    fn entry(&self, kind: Kind, key: &Key) -> (usize, u64) {
        let table = self.mapping.table(kind);
        let mask = table.len() - 1;
        let hash = self.mapping.hash(kind, key);
        let mut at = hash as usize & mask;
        loop {
            let entry = table[at].load(Ordering::Relaxed);
            let head = entry as u32 & !SHARED;
            let same = entry >> 32 == hash >> 32 && head != GONE;
            if entry == 0 || (same && self.mapping.has(kind, key, head)) {
                return (at, hash >> 32 << 32);
            }
            at = (at + 1) & mask;
        }
    }

    /// Into the key's chain, behind its head. The record must be shown already: the key is read
    /// from it.
    fn link(&self, kind: Kind, key: &Key, instrument: usize) {
        let (at, tag) = self.entry(kind, key);
        let link = instrument as u32 + 1;
        let table = self.mapping.table(kind);
        let head = table[at].load(Ordering::Relaxed) as u32 & !SHARED;
        if head == 0 {
            if kind != Kind::Id {
                self.mapping.next(kind)[instrument].store(0, Ordering::Release);
            }
            table[at].store(tag | u64::from(link), Ordering::Release);
            return;
        }
        if kind == Kind::Id {
            return; // an id is of one instrument; the registry sees to that
        }
        let next = self.mapping.next(kind);
        let following = next[head as usize - 1].load(Ordering::Relaxed);
        next[instrument].store(following, Ordering::Release);
        next[head as usize - 1].store(link, Ordering::Release);
        table[at].store(tag | u64::from(SHARED | head), Ordering::Release);
    }

    /// Out of the key's chain; its record is still the old one.
    fn unlink(&self, kind: Kind, key: &Key, instrument: usize) {
        if kind == Kind::Id {
            return;
        }
        let (at, tag) = self.entry(kind, key);
        let table = self.mapping.table(kind);
        let next = self.mapping.next(kind);
        let link = instrument as u32 + 1;
        let following = next[instrument].load(Ordering::Relaxed);
        let head = table[at].load(Ordering::Relaxed) as u32 & !SHARED;
        if head == link {
            let head = if following == 0 { GONE } else { SHARED | following };
            table[at].store(tag | u64::from(head), Ordering::Release);
        } else {
            let mut before = head;
            while before != 0 && before != GONE {
                let after = next[before as usize - 1].load(Ordering::Relaxed);
                if after == link {
                    next[before as usize - 1].store(following, Ordering::Release);
                    break;
                }
                before = after;
            }
        }
        next[instrument].store(0, Ordering::Release);
    }

    /// Into a file of twice the size, without the versions that have gone.
    fn grow(&mut self) -> Result<()> {
        let wanted = (self.instruments + 1).max(16) * 2;
        let mut larger = Writer {
            path: self.path.clone(),
            _lock: self._lock.try_clone().map_err(|error| IndexError::io("locking", &self.path, error))?,
            mapping: make(&self.path, Geometry::new(wanted)?, self.generation() + 1)?,
            instruments: 0,
            slots: 0,
            shown: false,
            in_batch: false,
        };
        for instrument in 0..self.instruments {
            let record = self.mapping.record_of(instrument).copied().expect("every number has a record");
            larger.put(instrument, &record)?;
        }
        let revision = self.mapping.header().revision.load(Ordering::Relaxed);
        larger.mapping.header().revision.store(revision, Ordering::Release);
        if self.shown {
            take_name(&larger.mapping.path, &self.path, Some(&self.mapping))?;
            larger.shown = true;
        } else {
            let _ = std::fs::remove_file(&self.mapping.path);
        }
        larger.in_batch = true; // its puts began one
        std::mem::swap(self, &mut larger);
        Ok(())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        if !self.shown && self.mapping.path != self.path {
            let _ = std::fs::remove_file(&self.mapping.path);
        }
    }
}

/// Retires `old` and gives `new` its name, in this order: who dies in between leaves readers that
/// look at the name at each look-up until the next writer takes it; the other way round they would
/// read the old file for ever.
fn take_name(new: &Path, path: &Path, old: Option<&Mapping>) -> Result<()> {
    let retire = |word| {
        if let Some(old) = old {
            old.header().retired.store(word, Ordering::SeqCst);
        }
    };
    retire(1);
    std::fs::rename(new, path).map_err(|error| {
        retire(0);
        IndexError::io("naming", new, error)
    })
}

/// Removes the index of a writer that has gone, and tells readers that hold it to look at the name
/// again; `false` where a writer is alive.
///
/// # Errors
/// `System` where the files cannot be removed.
pub fn reclaim(path: impl AsRef<Path>) -> Result<bool> {
    let path = path.as_ref();
    let _lock = match lock(path) {
        Ok(lock) => lock,
        Err(IndexError::Busy { .. }) => return Ok(false),
        Err(error) => return Err(error),
    };
    remove_unnamed(path);
    // what is no index has no readers
    if let Ok(index) = Mapping::open(path, true) {
        index.header().retired.store(1, Ordering::SeqCst);
    }
    for name in [path, &beside(path, ".lock")] {
        match std::fs::remove_file(name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(IndexError::io("removing", name, error));
            }
            _ => {}
        }
    }
    Ok(true)
}

fn make(path: &Path, geometry: Geometry, generation: u64) -> Result<Mapping> {
    let new = beside(path, &format!(".{}.new", random_u64()));
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o640)
        .open(&new)
        .map_err(|error| IndexError::io("making", &new, error))?;
    Mapping::make(&file, &new, geometry, generation, random_u64()).inspect_err(|_| {
        let _ = std::fs::remove_file(&new);
    })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Files that writers who died had not yet given the name; with the lock they are nobody's.
fn remove_unnamed(path: &Path) {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return };
    let prefix = [name.as_encoded_bytes(), b"."].concat();
    for found in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = found.file_name();
        let name = name.as_encoded_bytes();
        if name.starts_with(&prefix) && name.ends_with(b".new") {
            let _ = std::fs::remove_file(found.path());
        }
    }
}

/// A lock of the file system: it ends with its holder, however that ends.
fn lock(path: &Path) -> Result<File> {
    let name = beside(path, ".lock");
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&name)
        .map_err(|error| IndexError::io("opening", &name, error))?;
    // SAFETY: the descriptor is open.
    if unsafe { libc::flock(file.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) } == 0 {
        // [`reclaim`] may have removed this very file since it was opened: then it locks nobody out
        let same = |named: std::fs::Metadata| {
            file.metadata().is_ok_and(|held| (held.dev(), held.ino()) == (named.dev(), named.ino()))
        };
        if std::fs::metadata(&name).is_ok_and(same) {
            return Ok(file);
        }
        return Err(IndexError::Busy { path: path.into() });
    }
    let error = std::io::Error::last_os_error();
    if error.kind() == std::io::ErrorKind::WouldBlock {
        return Err(IndexError::Busy { path: path.into() });
    }
    Err(IndexError::io("locking", &name, error))
}
