//! Sleeping and waking across processes: futexes on words of the ring, and the asymmetric barrier
//! that lets publishers look for sleepers without a fence.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, compiler_fence, fence};
use std::time::Duration;

use super::layout::{Control, Signals};

const MEMBARRIER_GLOBAL_EXPEDITED: i32 = 1 << 1;
const MEMBARRIER_REGISTER_GLOBAL_EXPEDITED: i32 = 1 << 2;

/// Whether this process takes part in other processes' barriers. Cleared in a forked child, which
/// must register again.
static REGISTERED: AtomicBool = AtomicBool::new(false);

fn membarrier_call(command: i32) -> bool {
    // SAFETY: membarrier takes two integers and touches no memory of ours.
    unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
}

/// Called by every attach. Where the kernel refuses, light fences are full fences.
pub fn register_process() {
    if !REGISTERED.load(Ordering::Acquire) && membarrier_call(MEMBARRIER_REGISTER_GLOBAL_EXPEDITED) {
        REGISTERED.store(true, Ordering::Release);
    }
}

pub fn forget_registration() {
    REGISTERED.store(false, Ordering::Release);
}

/// Whether publishers of this process run without a fence.
pub fn registered() -> bool {
    REGISTERED.load(Ordering::Relaxed)
}

pub fn membarrier() {
    fence(Ordering::SeqCst);
    // A kernel that refuses this also refused the registration, so that everyone fences.
    membarrier_call(MEMBARRIER_GLOBAL_EXPEDITED);
    fence(Ordering::SeqCst);
}

#[inline(always)]
pub fn light_fence() {
    if REGISTERED.load(Ordering::Relaxed) {
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}

/// One side's bed: the flag that says somebody may sleep, and the futex word they sleep on.
#[derive(Clone, Copy)]
pub struct Bed<'a> {
    asleep: &'a AtomicU32,
    word: &'a AtomicU32,
}

impl<'a> Bed<'a> {
    pub fn readers(control: &'a Control) -> Self {
        let signals: &Signals = &control.signals;
        Bed { asleep: &signals.readers_asleep, word: &control.wake.readers }
    }

    pub fn producers(control: &'a Control) -> Self {
        let signals: &Signals = &control.signals;
        Bed { asleep: &signals.producers_asleep, word: &control.wake.producers }
    }

    /// Sleeps until woken or until `time` is over, unless `ready` is true once the other side is
    /// certain to see that somebody sleeps.
    pub fn sleep(&self, time: Duration, ready: impl FnOnce() -> bool) {
        let word = self.word.load(Ordering::Acquire);
        self.announce();
        if ready() {
            return;
        }
        futex_wait(self.word, word, time);
    }

    /// Makes sure that whoever publishes from now on wakes the sleepers; look again afterwards.
    pub fn announce(&self) {
        self.asleep.store(1, Ordering::SeqCst);
        membarrier();
    }

    /// Wakes everybody. The flag is taken first, so that a sleeper which died costs one call only.
    #[cold]
    pub fn wake(&self) {
        if self.asleep.swap(0, Ordering::SeqCst) != 0 {
            self.word.fetch_add(1, Ordering::SeqCst);
            futex_wake(self.word);
        }
    }

    /// Wakes everybody, flag or not (halt, eviction, recovery).
    pub fn wake_always(&self) {
        self.asleep.store(0, Ordering::SeqCst);
        self.word.fetch_add(1, Ordering::SeqCst);
        futex_wake(self.word);
    }
}

pub(crate) fn futex_wait(word: &AtomicU32, value: u32, time: Duration) {
    let timeout = libc::timespec {
        tv_sec: time.as_secs().min(i32::MAX as u64) as libc::time_t,
        tv_nsec: time.subsec_nanos() as libc::c_long,
    };
    // SAFETY: `word` outlives the call; not FUTEX_PRIVATE because other processes wake it. Every
    // outcome (woken, value moved, timeout, signal) leads to the caller looking again.
    unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT, value, &timeout, 0usize, 0u32);
    }
}

pub(crate) fn futex_wake(word: &AtomicU32) {
    // SAFETY: `word` outlives the call.
    unsafe {
        libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE, i32::MAX, 0usize, 0usize, 0u32);
    }
}
