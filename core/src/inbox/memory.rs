//! The mapped files: an inbox, and the doorbell that all producers of a relay ring.
//!
//! Both are memory files of the relay, sealed against any change of their size, so that no process
//! can make another fault by cutting them off; they go with the last process that has them open.

use std::fs::{File, OpenOptions, Permissions};
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::{FileExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::layout::*;
use crate::ring::{LayoutFault, Result, RingError, process, reserve};

/// Bytes up for frames of at most `max_frame` bytes: one of them, and some of the usual size.
pub fn capacity_for(max_frame: usize) -> usize {
    span(max_frame.saturating_add(MIN_CAPACITY / 2)).next_power_of_two().clamp(MIN_CAPACITY, MAX_CAPACITY)
}

fn memory_file(name: &std::ffi::CStr, size: usize) -> Result<(File, PathBuf)> {
    // SAFETY: `name` is a C string; the fresh descriptor is owned by the File.
    let fd = unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING) };
    if fd < 0 {
        return Err(RingError::system("memfd_create"));
    }
    // SAFETY: as above.
    let file = unsafe { File::from_raw_fd(fd) };
    let system = |action: &str, source| RingError::System { action: action.into(), source };
    // Whoever may open it is decided as for a ring: the user's own processes.
    file.set_permissions(Permissions::from_mode(0o600)).map_err(|e| system("restricting an inbox", e))?;
    reserve(&file, size as u64).map_err(|e| system(&format!("reserving {size} bytes for an inbox"), e))?;
    let seals = libc::F_SEAL_SHRINK | libc::F_SEAL_GROW | libc::F_SEAL_SEAL;
    // SAFETY: a system call on our own descriptor.
    if unsafe { libc::fcntl(fd, libc::F_ADD_SEALS, seals) } != 0 {
        return Err(RingError::system("sealing an inbox"));
    }
    let path = PathBuf::from(format!("/proc/{}/fd/{fd}", std::process::id()));
    Ok((file, path))
}

/// Opens what a relay has named, whoever it may be: its size and seals say what it is.
fn open(path: &Path) -> Result<(File, usize)> {
    let file =
        OpenOptions::new().read(true).write(true).open(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => RingError::Missing { path: path.into() },
            _ => RingError::System { action: format!("opening {}", path.display()), source },
        })?;
    // SAFETY: a system call on our own descriptor; what is no memory file answers with an error.
    let seals = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_GET_SEALS) };
    if seals < 0 || seals & libc::F_SEAL_SHRINK == 0 {
        return Err(refuse(path, LayoutFault::Foreign, "not a sealed memory file"));
    }
    let size = file.metadata().map_err(|source| RingError::System { action: "stat".into(), source })?.len();
    Ok((file, size as usize))
}

fn refuse(path: &Path, kind: LayoutFault, detail: impl Into<String>) -> RingError {
    RingError::Layout { path: path.into(), kind, detail: detail.into() }
}

/// A reservation of address space with parts of one file in it.
struct Mapping {
    base: *mut u8,
    length: usize,
}

// SAFETY: plain memory; who may touch which byte is the protocol's business.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    fn reserve(length: usize) -> Result<Self> {
        // SAFETY: a fresh reservation without access.
        let base = unsafe {
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
            libc::mmap(std::ptr::null_mut(), length, libc::PROT_NONE, flags, -1, 0)
        };
        if base == libc::MAP_FAILED {
            return Err(RingError::system(format!("reserving {length} bytes of address space")));
        }
        Ok(Mapping { base: base.cast(), length })
    }

    fn map(&self, file: &File, at: usize, length: usize, from: usize, writable: bool) -> Result<()> {
        let access = libc::PROT_READ | if writable { libc::PROT_WRITE } else { 0 };
        // SAFETY: replaces a part of our own reservation, which nothing points into yet.
        let got = unsafe {
            libc::mmap(
                self.base.add(at).cast(),
                length,
                access,
                libc::MAP_SHARED | libc::MAP_FIXED,
                file.as_raw_fd(),
                from as libc::off_t,
            )
        };
        if got == libc::MAP_FAILED {
            Err(RingError::system(format!("mapping {length} bytes")))
        } else {
            Ok(())
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the reservation made in `reserve`; whoever held pointers kept this value.
        unsafe { libc::munmap(self.base.cast(), self.length) };
    }
}

/// An inbox as either side sees it: the words, the slots, and the bytes up twice in a row.
pub struct Memory {
    mapping: Mapping,
    pub capacity: usize,
    pub identity: Identity,
    pub path: PathBuf,
    _file: File,
}

impl Memory {
    /// The relay's side, which only reads the bytes up.
    pub fn create(capacity: usize) -> Result<Self> {
        if !capacity.is_power_of_two() || !(MIN_CAPACITY..=MAX_CAPACITY).contains(&capacity) {
            return Err(RingError::Invalid { detail: format!("no capacity of an inbox: {capacity}") });
        }
        let (file, path) = memory_file(c"alphapulse-inbox", DATA_AT + capacity)?;
        let identity = Identity {
            magic: MAGIC,
            version: LAYOUT_VERSION,
            reserved: 0,
            capacity: capacity as u64,
            incarnation: process::random_u64() | 1,
        };
        // SAFETY: repr(C) without padding, its size pinned in the layout.
        let bytes: [u8; size_of::<Identity>()] = unsafe { std::mem::transmute(identity) };
        file.write_all_at(&bytes, 0)
            .map_err(|source| RingError::System { action: "writing an inbox's identity".into(), source })?;
        let memory = Self::map(file, path, identity, false)?;
        memory.words().down.state.store(OPEN, Ordering::Release);
        Ok(memory)
    }

    /// The producer's side.
    pub fn attach(path: &Path) -> Result<Self> {
        let (file, size) = open(path)?;
        let mut bytes = [0; size_of::<Identity>()];
        file.read_exact_at(&mut bytes, 0)
            .map_err(|_| refuse(path, LayoutFault::Torn, "too short for an inbox"))?;
        // SAFETY: as many bytes, and every pattern is a valid Identity.
        let identity: Identity = unsafe { std::mem::transmute(bytes) };
        if identity.magic != MAGIC {
            return Err(refuse(path, LayoutFault::Foreign, "it does not begin with APULINBX"));
        }
        if identity.version != LAYOUT_VERSION {
            let detail = format!("layout version {}, this library writes {LAYOUT_VERSION}", identity.version);
            return Err(refuse(path, LayoutFault::Version, detail));
        }
        let capacity = usize::try_from(identity.capacity).unwrap_or(0);
        let sane = capacity.is_power_of_two() && (MIN_CAPACITY..=MAX_CAPACITY).contains(&capacity);
        if !sane || size != DATA_AT + capacity {
            let detail = format!("{size} bytes with a capacity of {}", identity.capacity);
            return Err(refuse(path, LayoutFault::Torn, detail));
        }
        Self::map(file, path.into(), identity, true)
    }

    fn map(file: File, path: PathBuf, identity: Identity, writer: bool) -> Result<Self> {
        let capacity = identity.capacity as usize;
        let mapping = Mapping::reserve(DATA_AT + 2 * capacity)?;
        mapping.map(&file, PAGE, DATA_AT - PAGE, PAGE, true)?;
        mapping.map(&file, DATA_AT, capacity, DATA_AT, writer)?;
        mapping.map(&file, DATA_AT + capacity, capacity, DATA_AT, writer)?;
        Ok(Memory { mapping, capacity, identity, path, _file: file })
    }

    pub fn words(&self) -> &Words {
        // SAFETY: inside the mapping, page-aligned, all fields atomic.
        unsafe { &*self.mapping.base.add(WORDS_AT).cast() }
    }

    /// The byte at `position` of the stream up; `capacity` bytes from there are contiguous.
    pub fn at(&self, position: u64) -> *mut u8 {
        let offset = (position & (self.capacity as u64 - 1)) as usize;
        self.mapping.base.wrapping_add(DATA_AT + offset)
    }

    /// The 32 words of report number `index`: atomics, for the other side may write nonsense.
    pub fn report(&self, index: u64) -> &[AtomicU64; REPORT_BYTES / 8] {
        let at = REPORTS_AT + (index % REPORTS) as usize * REPORT_BYTES;
        // SAFETY: inside the mapping and aligned to 256 bytes.
        unsafe { &*self.mapping.base.add(at).cast() }
    }
}

/// The word that producers bump to wake the pump.
pub struct Doorbell {
    mapping: Mapping,
    pub path: PathBuf,
    _file: File,
}

impl Doorbell {
    pub fn create() -> Result<Self> {
        let (file, path) = memory_file(c"alphapulse-doorbell", PAGE)?;
        Self::map(file, path)
    }

    pub fn attach(path: &Path) -> Result<Self> {
        let (file, size) = open(path)?;
        if size != PAGE {
            return Err(refuse(path, LayoutFault::Torn, format!("a doorbell of {size} bytes")));
        }
        Self::map(file, path.into())
    }

    fn map(file: File, path: PathBuf) -> Result<Self> {
        let mapping = Mapping::reserve(PAGE)?;
        mapping.map(&file, 0, PAGE, 0, true)?;
        Ok(Doorbell { mapping, path, _file: file })
    }

    fn word(&self) -> &AtomicU32 {
        // SAFETY: the first word of the page.
        unsafe { &*self.mapping.base.cast() }
    }

    pub fn value(&self) -> u32 {
        self.word().load(Ordering::Acquire)
    }

    pub fn ring(&self) {
        wake(self.word());
    }

    /// Until it rings after `value` was read, or `time` is over.
    pub fn wait(&self, value: u32, time: Duration) {
        wait(self.word(), value, time);
    }
}

/// Moves the word and wakes whoever waits on it.
pub fn wake(word: &AtomicU32) {
    word.fetch_add(1, Ordering::SeqCst);
    crate::ring::futex_wake(word);
}

pub fn wait(word: &AtomicU32, value: u32, time: Duration) {
    crate::ring::futex_wait(word, value, time);
}
