//! The histograms' file: made whole under a temporary name, checked, mapped.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Cell, MAGIC, VERSION, refuse};
use crate::ring::layout::checksum;
use crate::ring::{LayoutFault, Result, RingError, reserve};

const HEADER: usize = 40;
const CELLS_AT: usize = 4096;

pub struct Mapped {
    base: *mut u8,
    length: usize,
    cells: usize,
}

// SAFETY: shared memory of atomics only; the mapping lives as long as this value.
unsafe impl Send for Mapped {}
// SAFETY: as above.
unsafe impl Sync for Mapped {}

impl Mapped {
    pub fn cells(&self) -> &[Cell] {
        // SAFETY: the file was checked to hold this many cells behind its first page, and a page is
        // more aligned than a cell.
        unsafe { std::slice::from_raw_parts(self.base.add(CELLS_AT).cast(), self.cells) }
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: the mapping made in `map`; references into it borrow this value.
        unsafe { libc::munmap(self.base.cast(), self.length) };
    }
}

fn size(cells: u32) -> u64 {
    (CELLS_AT + cells as usize * std::mem::size_of::<Cell>()) as u64
}

fn system(action: String) -> impl FnOnce(std::io::Error) -> RingError {
    move |source| RingError::System { action, source }
}

pub fn open_or_create(path: &Path, cells: u32) -> Result<Mapped> {
    for _ in 0..100 {
        match attach(path) {
            Err(RingError::Missing { .. }) => {}
            other => return other,
        }
        match create(path, cells) {
            Err(RingError::Exists { .. }) => continue,
            other => other?,
        }
    }
    Err(RingError::Busy { what: path.display().to_string(), pid: 0 })
}

fn create(path: &Path, cells: u32) -> Result<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos() as u64);
    let unique = now ^ (std::process::id() as u64) << 32;
    let temporary = PathBuf::from(format!("{}.{unique}.new", path.display()));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .map_err(system(format!("creating {}", temporary.display())))?;
    let mut header = Vec::with_capacity(HEADER);
    header.extend_from_slice(&MAGIC);
    header.extend_from_slice(&VERSION.to_le_bytes());
    header.extend_from_slice(&cells.to_le_bytes());
    header.extend_from_slice(&unique.to_le_bytes());
    header.extend_from_slice(&now.to_le_bytes());
    let sum = checksum(&header);
    header.extend_from_slice(&sum.to_le_bytes());
    let made = reserve(&file, size(cells))
        .and_then(|()| file.write_all(&header))
        .and_then(|()| std::fs::hard_link(&temporary, path));
    let _ = std::fs::remove_file(&temporary);
    made.map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => RingError::Exists { path: path.into() },
        _ => RingError::System { action: format!("making {}", path.display()), source },
    })
}

pub fn attach(path: &Path) -> Result<Mapped> {
    let mut file =
        OpenOptions::new().read(true).write(true).open(path).map_err(|source| match source.kind() {
            ErrorKind::NotFound => RingError::Missing { path: path.into() },
            ErrorKind::IsADirectory => refuse(path, LayoutFault::Foreign, "it is a directory"),
            _ => RingError::System { action: format!("opening {}", path.display()), source },
        })?;
    let mut header = Vec::new();
    (&mut file)
        .take(HEADER as u64)
        .read_to_end(&mut header)
        .map_err(system(format!("reading {}", path.display())))?;
    let number = |at: usize| u32::from_le_bytes(header[at..at + 4].try_into().expect("four bytes"));
    if header.len() < HEADER || header[..8] != MAGIC {
        return Err(refuse(path, LayoutFault::Foreign, "it does not begin with APULHIST"));
    }
    if number(8) != VERSION {
        let detail = format!("layout version {}, this library reads {VERSION}", number(8));
        return Err(refuse(path, LayoutFault::Version, detail));
    }
    let cells = number(12);
    let length = file.metadata().map_err(system(format!("stat {}", path.display())))?.len();
    let told = u64::from_le_bytes(header[32..40].try_into().expect("eight bytes"));
    if told != checksum(&header[..32]) || length != size(cells) {
        return Err(refuse(path, LayoutFault::Torn, "its header does not fit its size or checksum"));
    }
    map(&file, path, length as usize, cells as usize)
}

fn map(file: &File, path: &Path, length: usize, cells: usize) -> Result<Mapped> {
    // SAFETY: a fresh shared mapping of a file of this length.
    let base = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED,
            file.as_raw_fd(),
            0,
        )
    };
    if base == libc::MAP_FAILED {
        let source = std::io::Error::last_os_error();
        return Err(RingError::System { action: format!("mapping {}", path.display()), source });
    }
    Ok(Mapped { base: base.cast(), length, cells })
}
