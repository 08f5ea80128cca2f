//! A process's handle on a ring: making, attaching, inspecting, halting.

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use super::config::{ReaderConfig, RingConfig};
use super::error::{LayoutFault, Result, RingError};
use super::file;
use super::layout::*;
use super::memory::Memory;
use super::notify::Notifier;
use super::park::{self, Bed};
use super::process;
use super::producer::Producer;
use super::protocol;
use super::reader::Reader;
use super::slots::{self, Recovered};
use super::system::Status;

/// A mapped ring. Clones share the mapping, which lives until the last clone, producer, reader and
/// view of it is gone.
#[derive(Clone)]
pub struct Ring {
    memory: Arc<Memory>,
    status: Arc<Status>,
    notifier: Arc<Mutex<Option<Arc<Notifier>>>>,
    created: bool,
}

impl Ring {
    /// Makes a new ring file.
    pub fn create(path: impl AsRef<Path>, config: &RingConfig) -> Result<Self> {
        Self::over(file::create(path.as_ref(), config)?, config, true)
    }

    /// A ring without a name (memfd). `path()` leads to it while this process lives.
    pub fn anonymous(config: &RingConfig) -> Result<Self> {
        Self::over(file::anonymous(config)?, config, true)
    }

    pub fn attach(path: impl AsRef<Path>) -> Result<Self> {
        let mapping = file::attach(path.as_ref())?;
        let plain = RingConfig::new(mapping.fixed().capacity);
        Self::over(mapping, &plain, false)
    }

    /// Attaches when an intact ring of this capacity and producer mode is there, else makes one. A
    /// ring that does not fit is replaced only if `replace_stale` and nobody alive is registered in
    /// it; a torn ring file likewise; a foreign file never.
    pub fn open_or_create(path: impl AsRef<Path>, config: &RingConfig, replace_stale: bool) -> Result<Self> {
        let path = path.as_ref();
        config.check()?;
        for _ in 0..100 {
            match file::attach(path) {
                Ok(mapping) => {
                    let fixed = *mapping.fixed();
                    let multi = fixed.flags & FLAG_MULTI_PRODUCER != 0;
                    let ring = Self::over(mapping, config, false)?;
                    let halted = ring.halted();
                    if fixed.capacity == config.capacity && multi == config.multi_producer && !halted {
                        return Ok(ring);
                    }
                    let living = slots::participants(&ring.memory);
                    if !replace_stale || !living.is_empty() {
                        let detail = format!(
                            "it has {} bytes for {} producers{}, not {} bytes for {} producers; {}",
                            fixed.capacity,
                            if multi { "multi" } else { "single" },
                            if halted { " and is halted" } else { "" },
                            config.capacity,
                            if config.multi_producer { "multi" } else { "single" },
                            match living.first() {
                                Some((pid, what)) => format!("in use by pid {pid} ({what})"),
                                None => "replacing it was not allowed".into(),
                            }
                        );
                        return Err(RingError::Layout {
                            path: path.into(),
                            kind: LayoutFault::Geometry,
                            detail,
                        });
                    }
                    file::unlink(path)?;
                }
                Err(RingError::Layout { kind: LayoutFault::Torn, .. }) if replace_stale => {
                    file::unlink(path)?
                }
                Err(RingError::Missing { .. }) => {}
                Err(other) => return Err(other),
            }
            match Self::create(path, config) {
                Err(RingError::Exists { .. }) => continue,
                other => return other,
            }
        }
        Err(RingError::Busy { what: format!("{}", path.display()), pid: 0 })
    }

    fn over(mapping: file::Mapping, config: &RingConfig, created: bool) -> Result<Self> {
        use super::sync::ClaimWord;
        park::register_process();
        let mut status = Status::default();
        file::prepare_pages(&mapping, config, &mut status);
        let memory = Memory::new(mapping);
        if memory.multi && !ClaimWord::is_lock_free() {
            return Err(RingError::Invalid {
                detail: "this processor has no 16-byte compare-and-swap, which a multi-producer ring needs"
                    .into(),
            });
        }
        Ok(Ring { memory: Arc::new(memory), status: Arc::new(status), notifier: Arc::default(), created })
    }

    pub fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    pub fn path(&self) -> &Path {
        self.memory.backing().path()
    }

    pub fn fixed(&self) -> &Fixed {
        self.memory.backing().fixed()
    }

    pub fn capacity(&self) -> u64 {
        self.memory.capacity
    }

    /// Largest payload of one entry, and largest claim (each payload rounded up to 64).
    pub fn max_entry(&self) -> u64 {
        self.memory.quarter()
    }

    pub fn multi_producer(&self) -> bool {
        self.memory.multi
    }

    /// Whether this handle made the file.
    pub fn created(&self) -> bool {
        self.created
    }

    /// What was asked of the operating system for this mapping, and what came of it.
    pub fn status(&self) -> &Status {
        &self.status
    }

    /// The sequence that the next claim gets.
    pub fn next_sequence(&self) -> u64 {
        self.memory.control().claim.sequence(Ordering::Acquire)
    }

    /// The oldest entry still readable.
    pub fn oldest_sequence(&self) -> u64 {
        protocol::oldest(&self.memory, 0)
    }

    /// Registers a producer. A single-producer ring has one at a time.
    pub fn producer(&self) -> Result<Producer> {
        Producer::new(self.clone())
    }

    pub fn reader(&self, config: &ReaderConfig) -> Result<Reader> {
        Reader::new(self.clone(), config)
    }

    /// Frees what dead participants hold. Blocked producers and readers call it by themselves.
    pub fn recover(&self) -> Recovered {
        slots::recover(&self.memory)
    }

    /// Ejects a reader by name; false when there is none.
    pub fn evict(&self, name: &str) -> bool {
        slots::evict(&self.memory, name)
    }

    /// Ends publishing for good. Readers get what is there, then [`RingError::Halted`].
    pub fn halt(&self) {
        let control = self.memory.control();
        control.signals.state.store(STATE_HALTED, Ordering::Release);
        control.signals.epoch.fetch_add(1, Ordering::AcqRel);
        Bed::producers(control).wake_always();
        Bed::readers(control).wake_always();
    }

    pub fn halted(&self) -> bool {
        self.memory.control().signals.state.load(Ordering::Acquire) == STATE_HALTED
    }

    /// The helper thread behind readers' descriptors, started on first use.
    pub(super) fn notifier(&self) -> Result<Arc<Notifier>> {
        let mut notifier = self.notifier.lock().unwrap_or_else(PoisonError::into_inner);
        match &*notifier {
            Some(running) => Ok(running.clone()),
            None => {
                let started = Arc::new(Notifier::start(self.memory.clone())?);
                *notifier = Some(started.clone());
                Ok(started)
            }
        }
    }

    /// Removes the file's name, if it still is this ring's.
    pub fn unlink(&self) -> Result<()> {
        unlink_if(self.path(), self.fixed().incarnation)
    }
}

/// Removes the file at `path` if it is the ring with this incarnation.
pub fn unlink_if(path: &Path, incarnation: u64) -> Result<()> {
    match file::attach(path) {
        Ok(there) if there.fixed().incarnation == incarnation => file::unlink(path),
        Ok(_) | Err(RingError::Missing { .. } | RingError::Layout { .. }) => Ok(()),
        Err(other) => Err(other),
    }
}

/// What lies at a path, found without taking part in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    Missing,
    Refused(LayoutFault, String),
    /// Intact, with the live participants as (pid, what); none means stale.
    Ring {
        fixed_capacity: u64,
        incarnation: u64,
        living: Vec<(u32, String)>,
    },
}

pub fn inspect(path: impl AsRef<Path>) -> Result<Found> {
    match file::attach(path.as_ref()) {
        Ok(mapping) => {
            let fixed = *mapping.fixed();
            let living = slots::participants(&Memory::new(mapping));
            Ok(Found::Ring { fixed_capacity: fixed.capacity, incarnation: fixed.incarnation, living })
        }
        Err(RingError::Missing { .. }) => Ok(Found::Missing),
        Err(RingError::Layout { kind, detail, .. }) => Ok(Found::Refused(kind, detail)),
        Err(other) => Err(other),
    }
}

/// Half-made files younger than this may still be in the making.
const MAKING: std::time::Duration = std::time::Duration::from_secs(10);

/// Removes the rings in `directory` whose names begin with `prefix`, in which nobody alive is
/// registered and whose creator is gone, and the half-made and torn ones. Returns what was removed.
pub fn reclaim(directory: impl AsRef<Path>, prefix: &str) -> Result<Vec<PathBuf>> {
    let directory = directory.as_ref();
    let action = || format!("listing {}", directory.display());
    let entries =
        std::fs::read_dir(directory).map_err(|source| RingError::System { action: action(), source })?;
    let mut removed = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| RingError::System { action: action(), source })?;
        let name = entry.file_name();
        let Some(rest) = name.to_str().and_then(|n| n.strip_prefix(prefix)) else {
            continue;
        };
        let path = entry.path();
        let stale = match inspect(&path) {
            Ok(Found::Ring { living, .. }) => living.is_empty() && creator_gone(&path),
            Ok(Found::Refused(LayoutFault::Torn, _)) => true,
            // An empty or unreadable beginning under a creation name: its maker died while making it.
            Ok(Found::Refused(LayoutFault::Foreign, _)) => rest.ends_with(".new") && older(&entry, MAKING),
            _ => false,
        };
        if stale {
            file::unlink(&path)?;
            removed.push(path);
        }
    }
    removed.sort();
    Ok(removed)
}

fn older(entry: &std::fs::DirEntry, age: std::time::Duration) -> bool {
    let modified = entry.metadata().and_then(|m| m.modified());
    modified.is_ok_and(|at| at.elapsed().is_ok_and(|elapsed| elapsed > age))
}

fn creator_gone(path: &Path) -> bool {
    match file::attach(path) {
        Ok(mapping) => {
            let fixed = mapping.fixed();
            fixed.boot_id != process::boot_id()
                || process::start_time(fixed.creator_pid) != Some(fixed.creator_start)
        }
        Err(_) => false,
    }
}
