//! Readiness as a file descriptor: one helper thread per ring and process sleeps on the ring's futex
//! and rings the eventfds of the readers that asked. Producers pay one wake-up only when it sleeps.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::error::{Result, RingError};
use super::layout::Owner;
use super::memory::Memory;
use super::park::Bed;
use super::process;
use super::protocol::{self, Look};
use super::slots::{self, Dependency};

const IDLE_SLEEP: Duration = Duration::from_millis(250);
const HOLE_SLEEP: Duration = Duration::from_millis(2);

/// A reader's eventfd and what has to happen for it to ring.
pub struct Bell {
    file: File,
    armed: AtomicBool,
    sequence: AtomicU64,
    slot: u32,
    owner: Owner,
    dependencies: Vec<Dependency>,
}

impl Bell {
    pub fn new(slot: u32, owner: Owner, dependencies: Vec<Dependency>) -> Result<Self> {
        // SAFETY: a fresh descriptor, owned by the File from here on.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return Err(RingError::system("eventfd"));
        }
        // SAFETY: as above.
        let file = unsafe { File::from_raw_fd(fd) };
        Ok(Bell {
            file,
            armed: AtomicBool::new(false),
            sequence: AtomicU64::new(0),
            slot,
            owner,
            dependencies,
        })
    }

    pub fn fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }

    /// Takes the readiness off the descriptor.
    pub fn clear(&self) {
        let mut count = [0u8; 8];
        // WouldBlock means that it had not rung.
        let _ = (&self.file).read(&mut count);
    }

    fn ring(&self) {
        if self.armed.swap(false, Ordering::AcqRel) {
            // Cannot fail: the counter would have to reach 2^64 - 1.
            let _ = (&self.file).write(&1u64.to_ne_bytes());
        }
    }

    /// Whether a poll at the bell's place would return something (an entry, a gap, or an error).
    fn due(&self, memory: &Memory) -> bool {
        let sequence = self.sequence.load(Ordering::Acquire);
        let control = memory.control();
        if memory.reader(self.slot).identity.owner.load(Ordering::Acquire) != self.owner.0 {
            return true;
        }
        let held = self.dependencies.iter().any(|d| {
            let other = memory.reader(d.slot);
            other.identity.owner.load(Ordering::Acquire) == d.owner.0
                && other.cursor.sequence.load(Ordering::Acquire) <= sequence
        });
        let drained = control.signals.state.load(Ordering::Acquire) == super::layout::STATE_HALTED
            && sequence >= control.claim.sequence(Ordering::Acquire);
        drained || (!held && protocol::look(memory, sequence) != Look::Pending)
    }

    fn hole(&self, memory: &Memory) -> bool {
        let sequence = self.sequence.load(Ordering::Acquire);
        memory.control().claim.sequence(Ordering::Acquire) > sequence
            && protocol::look(memory, sequence) == Look::Pending
    }
}

#[derive(Default)]
struct Bells {
    armed: Vec<Arc<Bell>>,
    stop: bool,
}

struct Shared {
    memory: Arc<Memory>,
    bells: Mutex<Bells>,
    work: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Bells> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rings what is due and drops it from the list; true when the thread has something to do
    /// other than sleep.
    fn ring_due(&self) -> bool {
        let mut bells = self.lock();
        let before = bells.armed.len();
        bells.armed.retain(|bell| {
            let keep = bell.armed.load(Ordering::Acquire) && !bell.due(&self.memory);
            if !keep {
                bell.ring();
            }
            keep
        });
        bells.stop || bells.armed.is_empty() || bells.armed.len() != before
    }
}

/// The helper thread. It ends when this value is dropped.
pub struct Notifier {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    pid: u32,
}

impl Notifier {
    pub fn start(memory: Arc<Memory>) -> Result<Self> {
        let shared = Arc::new(Shared { memory, bells: Mutex::new(Bells::default()), work: Condvar::new() });
        let of_thread = shared.clone();
        let thread = std::thread::Builder::new()
            .name("ring-notifier".into())
            .spawn(move || watch(&of_thread))
            .map_err(|source| RingError::System { action: "starting the notifier thread".into(), source })?;
        Ok(Notifier { shared, thread: Some(thread), pid: std::process::id() })
    }

    /// Asks for `bell` to ring once `sequence` can be polled. False: it can be polled now, and the
    /// bell will not ring.
    pub fn arm(&self, bell: &Arc<Bell>, sequence: u64) -> bool {
        bell.sequence.store(sequence, Ordering::Release);
        if bell.due(&self.shared.memory) {
            return false;
        }
        if !bell.armed.swap(true, Ordering::AcqRel) {
            let mut bells = self.shared.lock();
            if !bells.armed.iter().any(|b| Arc::ptr_eq(b, bell)) {
                bells.armed.push(bell.clone());
            }
            drop(bells);
            self.shared.work.notify_one();
        }
        // The thread may already sleep on a look that did not include this bell.
        Bed::readers(self.shared.memory.control()).announce();
        if bell.due(&self.shared.memory) && bell.armed.swap(false, Ordering::AcqRel) {
            return false;
        }
        true
    }
}

impl Drop for Notifier {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        if self.pid != std::process::id() {
            // A forked child: the thread stayed with the parent.
            std::mem::forget(thread);
            return;
        }
        self.shared.lock().stop = true;
        self.shared.work.notify_one();
        Bed::readers(self.shared.memory.control()).wake_always();
        // It cannot panic while holding anything of ours; a panic was already printed.
        let _ = thread.join();
    }
}

fn watch(shared: &Shared) {
    let memory = &*shared.memory;
    let mut hole_since: Option<Instant> = None;
    loop {
        {
            let mut bells = shared.lock();
            while bells.armed.is_empty() && !bells.stop {
                bells = shared.work.wait(bells).unwrap_or_else(PoisonError::into_inner);
            }
            if bells.stop {
                return;
            }
        }
        if shared.ring_due() {
            continue;
        }
        // The living readers behind the bells do not poll while they wait: keep their leases.
        let now = process::coarse_ns();
        let mut hole = false;
        for bell in &shared.lock().armed {
            memory.reader(bell.slot).identity.heartbeat_ns.store(now, Ordering::Release);
            hole |= bell.hole(memory);
        }
        if !hole {
            hole_since = None;
        } else if hole_since.get_or_insert_with(Instant::now).elapsed() >= HOLE_SLEEP {
            slots::recover(memory);
            hole_since = None;
            continue;
        }
        let longest = if hole { HOLE_SLEEP } else { IDLE_SLEEP };
        Bed::readers(memory.control()).sleep(longest, || shared.ring_due());
    }
}
