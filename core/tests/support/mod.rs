//! What the programs that kill their own worker processes share.

// Each program is compiled with all of it and uses its part.
#![allow(dead_code)]

use std::ops::Deref;
use std::os::fd::AsRawFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// For whatever must come about, however busy the machine is.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// xorshift: cheap, seeded by what differs between processes.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

/// A file of words that outlives whoever writes them.
pub struct Board(&'static [AtomicU64]);

impl Board {
    /// All words are 0.
    pub fn create(path: &Path, words: usize) -> Self {
        std::fs::write(path, vec![0; words * 8]).unwrap();
        Self::open(path)
    }

    pub fn open(path: &Path) -> Self {
        let file = std::fs::OpenOptions::new().read(true).write(true).open(path).unwrap();
        let bytes = file.metadata().unwrap().len() as usize;
        // SAFETY: a fresh shared mapping of a file of that length, never unmapped.
        let words = unsafe {
            let access = libc::PROT_READ | libc::PROT_WRITE;
            let at = libc::mmap(std::ptr::null_mut(), bytes, access, libc::MAP_SHARED, file.as_raw_fd(), 0);
            assert_ne!(at, libc::MAP_FAILED);
            std::slice::from_raw_parts(at.cast::<AtomicU64>(), bytes / 8)
        };
        Board(words)
    }

    pub fn word(&self, index: usize) -> &'static AtomicU64 {
        &self.0[index]
    }

    pub fn get(&self, index: usize) -> u64 {
        self.0[index].load(Ordering::Acquire)
    }

    pub fn set(&self, index: usize, value: u64) {
        self.0[index].store(value, Ordering::Release);
    }
}

/// This program, started again as one of its workers; it does not outlive this value.
pub struct Worker(Child);

impl Worker {
    pub fn start(arguments: &[&str]) -> Self {
        Worker(Command::new(std::env::current_exe().unwrap()).args(arguments).spawn().unwrap())
    }

    pub fn kill(mut self) {
        self.0.kill().unwrap();
        let status = self.0.wait().unwrap();
        assert_eq!(status.signal(), Some(libc::SIGKILL), "a worker ended by itself: {status}");
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A folder of this process, in shared memory where there is some, that goes with this value.
pub struct Place(PathBuf);

impl Place {
    pub fn new(name: &str) -> Self {
        let shared = PathBuf::from("/dev/shm");
        let folder = if shared.is_dir() { shared } else { std::env::temp_dir() };
        let place = folder.join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir(&place).unwrap();
        Place(place)
    }
}

impl Deref for Place {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Waits for something that must come about.
pub fn until<T>(what: &str, mut there: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = there() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited {PATIENCE:?} for {what}");
        std::thread::sleep(Duration::from_micros(200));
    }
}
