//! Who is alive: pid, start time and pid namespace of a process, and the clocks of leases.

use std::sync::OnceLock;

/// A process as another process can check it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessId {
    pub pid: u32,
    /// Clock ticks since boot at which it started (`/proc/<pid>/stat`, field 22).
    pub start: u64,
    /// Inode of its pid namespace.
    pub namespace: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    Alive,
    Dead,
    /// Of another pid namespace: only its lease can tell.
    Unknown,
}

impl ProcessId {
    /// The calling process. Reads `/proc`; not for hot paths.
    pub fn current() -> Self {
        let pid = std::process::id();
        ProcessId { pid, start: start_time(pid).unwrap_or(0), namespace: namespace() }
    }

    pub fn liveness(&self) -> Liveness {
        if self.namespace != namespace() {
            return Liveness::Unknown;
        }
        match start_time(self.pid) {
            Some(start) if start == self.start => Liveness::Alive,
            _ => Liveness::Dead,
        }
    }
}

/// Start time of a process that still runs; None for none and for a zombie, which runs no more.
pub fn start_time(pid: u32) -> Option<u64> {
    let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The command name, in parentheses, may itself contain spaces and parentheses.
    let rest = &stat[stat.iter().rposition(|b| *b == b')')? + 1..];
    let mut fields = std::str::from_utf8(rest).ok()?.split_ascii_whitespace();
    let state = fields.next()?;
    if state == "Z" || state == "X" {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

fn namespace() -> u64 {
    static INODE: OnceLock<u64> = OnceLock::new();
    *INODE.get_or_init(|| {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata("/proc/self/ns/pid").map(|m| m.ino()).unwrap_or(0)
    })
}

pub fn boot_id() -> [u8; 16] {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let hex: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    let mut id = [0; 16];
    for (byte, pair) in id.iter_mut().zip(hex.chunks_exact(2)) {
        *byte = std::str::from_utf8(pair).ok().and_then(|p| u8::from_str_radix(p, 16).ok()).unwrap_or(0);
    }
    id
}

fn clock(id: libc::clockid_t) -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` is valid for writing; the clocks used here always exist on Linux.
    unsafe { libc::clock_gettime(id, &mut time) };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

/// Nanoseconds since boot, the same for every process; a few milliseconds coarse and very cheap.
pub fn coarse_ns() -> u64 {
    clock(libc::CLOCK_MONOTONIC_COARSE)
}

pub fn monotonic_ns() -> u64 {
    clock(libc::CLOCK_MONOTONIC)
}

pub fn unix_ns() -> u64 {
    clock(libc::CLOCK_REALTIME)
}

pub fn random_u64() -> u64 {
    let mut bytes = [0u8; 8];
    // SAFETY: writes at most 8 bytes into an 8-byte buffer.
    let got = unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    if got == 8 { u64::from_le_bytes(bytes) } else { unix_ns() ^ (std::process::id() as u64) << 40 }
}
