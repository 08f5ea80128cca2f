//! The ring's file: creating it whole, refusing what is not one, mapping it.
//!
//! A file gets its final name only when its header is complete, so a torn file is a damaged one.

use std::ffi::CString;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::config::RingConfig;
use super::error::{LayoutFault, Result, RingError};
use super::layout::*;
use super::process;
use super::system;

const SMALL_PAGE: u64 = 4096;
const HUGE_PAGE: u64 = 2 << 20;

/// A mapped ring file: everything up to the data once, the data twice in a row.
pub struct Mapping {
    base: *mut u8,
    /// The reservation, for unmapping; `base` is aligned inside it.
    reserved: (*mut u8, usize),
    mapped: usize,
    fixed: Fixed,
    path: PathBuf,
    _file: File,
}

// SAFETY: the mapping is plain memory; who may touch which byte is the protocol's business.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    pub fn base(&self) -> *mut u8 {
        self.base
    }

    pub fn fixed(&self) -> &Fixed {
        &self.fixed
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The bytes up to the end of the second copy of the data.
    pub fn mapped(&self) -> (*mut u8, usize) {
        (self.base, self.mapped)
    }

    fn new(file: File, path: &Path, fixed: Fixed) -> Result<Self> {
        let page = if fixed.flags & FLAG_HUGE_PAGES != 0 { HUGE_PAGE } else { SMALL_PAGE };
        let first = fixed.data_offset + fixed.capacity;
        let mapped = (first + fixed.capacity) as usize;
        let reserve = mapped + page as usize;
        // SAFETY: a fresh anonymous reservation without access.
        let raw = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                reserve,
                libc::PROT_NONE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if raw == libc::MAP_FAILED {
            return Err(RingError::system(format!("reserving {reserve} bytes of address space")));
        }
        let raw: *mut u8 = raw.cast();
        let base = raw.wrapping_add(raw.align_offset(page as usize));
        let mapping =
            Mapping { base, reserved: (raw, reserve), mapped, fixed, path: path.into(), _file: file };
        mapping.map_fixed(0, first, 0)?;
        mapping.map_fixed(first, fixed.capacity, fixed.data_offset)?;
        Ok(mapping)
    }

    fn map_fixed(&self, at: u64, length: u64, file_offset: u64) -> Result<()> {
        // SAFETY: replaces a part of our own reservation, which nothing points into yet.
        let got = unsafe {
            libc::mmap(
                self.base.wrapping_add(at as usize).cast(),
                length as usize,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_FIXED,
                self._file.as_raw_fd(),
                file_offset as libc::off_t,
            )
        };
        if got == libc::MAP_FAILED {
            return Err(RingError::system(format!("mapping {length} bytes of {}", self.path.display())));
        }
        Ok(())
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the reservation made in `new`; whoever held pointers into it kept this value alive.
        unsafe { libc::munmap(self.reserved.0.cast(), self.reserved.1) };
    }
}

/// Makes the file and maps it. `Exists` when the name is taken, `Invalid` for an impossible geometry.
pub fn create(path: &Path, config: &RingConfig) -> Result<Mapping> {
    config.check()?;
    if path.symlink_metadata().is_ok() {
        return Err(RingError::Exists { path: path.into() });
    }
    let temporary = PathBuf::from(format!("{}.{}.new", path.display(), process::random_u64()));
    let file =
        OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&temporary).map_err(
            |source| RingError::System { action: format!("creating {}", temporary.display()), source },
        )?;
    let made = build(&file, path, config).and_then(|fixed| {
        // link(2), unlike rename(2), fails when the name is taken.
        std::fs::hard_link(&temporary, path).map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => RingError::Exists { path: path.into() },
            _ => RingError::System { action: format!("naming {}", path.display()), source },
        })?;
        Ok(fixed)
    });
    // The temporary name goes in either case; a leftover after a crash here is a `.new` file, which
    // `reclaim` also removes.
    let _ = std::fs::remove_file(&temporary);
    Mapping::new(file, path, made?)
}

/// A ring without a name, for one process and those that inherit its descriptor.
pub fn anonymous(config: &RingConfig) -> Result<Mapping> {
    config.check()?;
    let name = CString::new("alphapulse-ring").expect("no NUL in a literal");
    // SAFETY: `name` is a valid C string; a fresh descriptor is owned by the File.
    let fd = unsafe { libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC) };
    if fd < 0 {
        return Err(RingError::system("memfd_create"));
    }
    // SAFETY: fresh, owned descriptor.
    let file = unsafe { File::from_raw_fd(fd) };
    let path = PathBuf::from(format!("/proc/{}/fd/{fd}", std::process::id()));
    let fixed = build(&file, &path, config)?;
    Mapping::new(file, &path, fixed)
}

/// Sizes the file, reserves its pages and writes the header.
fn build(file: &File, path: &Path, config: &RingConfig) -> Result<Fixed> {
    let page = if config.huge_pages { HUGE_PAGE } else { SMALL_PAGE };
    let geometry = Geometry::new(config.capacity, config.max_producers, config.max_readers, page);
    reserve(file, geometry.file_size).map_err(|source| RingError::System {
        action: format!("reserving {} bytes for {}", geometry.file_size, path.display()),
        source,
    })?;
    let mut fixed = Fixed {
        magic: MAGIC,
        version: LAYOUT_VERSION,
        flags: if config.multi_producer { FLAG_MULTI_PRODUCER } else { 0 }
            | if config.huge_pages { FLAG_HUGE_PAGES } else { 0 },
        capacity: geometry.capacity,
        index_len: geometry.index_len,
        file_size: geometry.file_size,
        control_offset: CONTROL_OFFSET,
        producers_offset: geometry.producers_offset,
        readers_offset: geometry.readers_offset,
        words_offset: geometry.words_offset,
        positions_offset: geometry.positions_offset,
        data_offset: geometry.data_offset,
        max_producers: config.max_producers,
        max_readers: config.max_readers,
        incarnation: process::random_u64(),
        created_unix_ns: process::unix_ns(),
        creator_pid: std::process::id(),
        page_size: page as u32,
        creator_start: process::ProcessId::current().start,
        boot_id: process::boot_id(),
        checksum: 0,
    };
    fixed.checksum = checksum(&fixed_bytes(&fixed)[..FIXED_LEN - 8]);
    let mapping = Mapping::new(
        file.try_clone().map_err(|source| RingError::System { action: "dup".into(), source })?,
        path,
        fixed,
    )?;
    // SAFETY: the mapping is at least a page; nobody else knows the file yet.
    unsafe {
        std::ptr::copy_nonoverlapping(fixed_bytes(&fixed).as_ptr(), mapping.base(), FIXED_LEN);
        let control = &*mapping.base().add(CONTROL_OFFSET as usize).cast::<Control>();
        control.signals.state.store(STATE_OPEN, std::sync::atomic::Ordering::Release);
        let producers = mapping.base().add(geometry.producers_offset as usize).cast::<ProducerSlot>();
        for slot in 0..config.max_producers as usize {
            let producer = &*producers.add(slot);
            producer.intent.first.store(IDLE, std::sync::atomic::Ordering::Release);
        }
    }
    Ok(fixed)
}

/// Makes a file this long with all of its pages, so that memory which is not there (a full /dev/shm) is
/// an error here and not a SIGBUS at some later store. Whatever is mapped is made with it.
pub(crate) fn reserve(file: &File, bytes: u64) -> std::io::Result<()> {
    loop {
        // SAFETY: a system call on an open descriptor.
        match unsafe { libc::posix_fallocate(file.as_raw_fd(), 0, bytes as libc::off_t) } {
            0 => return Ok(()),
            // A signal came before all was there, and nothing is.
            libc::EINTR => {}
            code => return Err(std::io::Error::from_raw_os_error(code)),
        }
    }
}

fn fixed_bytes(fixed: &Fixed) -> [u8; FIXED_LEN] {
    // SAFETY: repr(C) without padding (its size is the sum of its fields, pinned in layout.rs).
    unsafe { std::mem::transmute_copy(fixed) }
}

/// Opens and checks an existing ring.
pub fn attach(path: &Path) -> Result<Mapping> {
    let (file, fixed) = open_checked(path)?;
    Mapping::new(file, path, fixed)
}

fn open_checked(path: &Path) -> Result<(File, Fixed)> {
    let mut file =
        OpenOptions::new().read(true).write(true).open(path).map_err(|source| match source.kind() {
            std::io::ErrorKind::NotFound => RingError::Missing { path: path.into() },
            std::io::ErrorKind::IsADirectory => RingError::Layout {
                path: path.into(),
                kind: LayoutFault::Foreign,
                detail: "it is a directory".into(),
            },
            _ => RingError::System { action: format!("opening {}", path.display()), source },
        })?;
    let refuse = |kind, detail: String| RingError::Layout { path: path.into(), kind, detail };
    let metadata = file
        .metadata()
        .map_err(|source| RingError::System { action: format!("stat {}", path.display()), source })?;
    if !metadata.is_file() {
        return Err(refuse(LayoutFault::Foreign, "not a regular file".into()));
    }
    let mut bytes = [0u8; FIXED_LEN];
    let mut got = 0;
    while got < FIXED_LEN {
        match file.read(&mut bytes[got..]) {
            Ok(0) => break,
            Ok(n) => got += n,
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(source) => {
                return Err(RingError::System { action: format!("reading {}", path.display()), source });
            }
        }
    }
    let fixed = check_header(&bytes[..got], metadata.len()).map_err(|(kind, detail)| refuse(kind, detail))?;
    Ok((file, fixed))
}

/// Pure check of a header, so that it can be tested on arbitrary bytes.
pub fn check_header(bytes: &[u8], file_size: u64) -> Result<Fixed, (LayoutFault, String)> {
    if bytes.len() < 12 || bytes[..8] != MAGIC {
        return Err((LayoutFault::Foreign, "it does not begin with APULRING".into()));
    }
    let version = u32::from_le_bytes(bytes[8..12].try_into().expect("four bytes"));
    if version != LAYOUT_VERSION {
        return Err((
            LayoutFault::Version,
            format!("layout version {version}, this library reads {LAYOUT_VERSION}"),
        ));
    }
    if bytes.len() < FIXED_LEN {
        return Err((LayoutFault::Torn, format!("{} bytes of a {FIXED_LEN}-byte header", bytes.len())));
    }
    // SAFETY: FIXED_LEN bytes are there; every bit pattern is a valid Fixed.
    let fixed: Fixed = unsafe { std::ptr::read_unaligned(bytes.as_ptr().cast()) };
    if fixed.checksum != checksum(&bytes[..FIXED_LEN - 8]) {
        return Err((LayoutFault::Torn, "the header's checksum does not match".into()));
    }
    let sane = fixed.capacity.is_power_of_two()
        && (MIN_CAPACITY..=MAX_CAPACITY).contains(&fixed.capacity)
        && (1..=MAX_PRODUCERS).contains(&fixed.max_producers)
        && (1..=MAX_READERS).contains(&fixed.max_readers)
        && fixed.flags & !(FLAG_MULTI_PRODUCER | FLAG_HUGE_PAGES) == 0;
    let page = if fixed.flags & FLAG_HUGE_PAGES != 0 { HUGE_PAGE } else { SMALL_PAGE };
    if !sane
        || Geometry::new(fixed.capacity, fixed.max_producers, fixed.max_readers, page)
            != (Geometry {
                capacity: fixed.capacity,
                index_len: fixed.index_len,
                producers_offset: fixed.producers_offset,
                readers_offset: fixed.readers_offset,
                words_offset: fixed.words_offset,
                positions_offset: fixed.positions_offset,
                data_offset: fixed.data_offset,
                file_size: fixed.file_size,
            })
        || fixed.control_offset != CONTROL_OFFSET
        || fixed.page_size as u64 != page
    {
        return Err((LayoutFault::Torn, "the header's geometry does not add up".into()));
    }
    if file_size != fixed.file_size {
        let detail = format!("{file_size} bytes long, its header says {}", fixed.file_size);
        return Err((LayoutFault::Torn, detail));
    }
    Ok(fixed)
}

/// Touches and, if asked, locks and places the pages. What the system refuses becomes a warning.
pub fn prepare_pages(mapping: &Mapping, config: &RingConfig, status: &mut system::Status) {
    let (base, length) = mapping.mapped();
    if mapping.fixed().flags & FLAG_HUGE_PAGES != 0 {
        status.note("huge_pages", system::advise_huge(base, length));
    }
    if let Some(node) = config.numa_node {
        status.note("numa_node", system::bind_memory(base, length, node));
    }
    if config.prefault {
        status.note("prefault", system::populate(base, length));
    }
    if config.lock_memory {
        status.note("lock_memory", system::lock(base, length));
    }
}

/// Removes the name. Missing is not an error.
pub fn unlink(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(RingError::System { action: format!("removing {}", path.display()), source })
        }
        _ => Ok(()),
    }
}
