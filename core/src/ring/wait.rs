//! Waiting, one step at a time: the caller looks again between steps.

use std::time::{Duration, Instant};

use super::config::WaitStrategy;
use super::park::Bed;

const SPINS: u32 = 200;
const YIELDS: u32 = 50;
/// No sleep is longer: a waiter looks for dead peers and renews its lease this often.
pub const LONGEST_SLEEP: Duration = Duration::from_millis(100);

pub struct Waiter {
    strategy: WaitStrategy,
    step: u32,
    started: Option<Instant>,
    deadline: Option<Instant>,
}

impl Waiter {
    /// `timeout`: None waits for ever.
    pub fn new(strategy: WaitStrategy, timeout: Option<Duration>) -> Self {
        Waiter {
            strategy,
            step: 0,
            started: None,
            deadline: timeout.and_then(|t| Instant::now().checked_add(t)),
        }
    }

    /// Steps so far; grows by one each time.
    pub fn steps(&self) -> u32 {
        self.step
    }

    /// Waits one step, at most `longest`; false when the time is over. `ready` is asked only before a
    /// real sleep.
    pub fn step(&mut self, bed: Bed<'_>, longest: Duration, ready: impl FnOnce() -> bool) -> bool {
        self.step = self.step.saturating_add(1);
        // Reading the clock costs more than a spin: spinners look at it now and then.
        let spinning = match self.strategy {
            WaitStrategy::BusySpin => true,
            _ => self.step <= SPINS,
        };
        if spinning && (self.step & 0x3f != 0) {
            std::hint::spin_loop();
            return true;
        }
        let now = Instant::now();
        let left = match self.deadline {
            Some(deadline) if deadline <= now => return false,
            Some(deadline) => (deadline - now).min(longest),
            None => longest,
        };
        if spinning {
            return true;
        }
        let since = now - *self.started.get_or_insert(now);
        match self.strategy {
            WaitStrategy::BusySpin => {}
            WaitStrategy::Yield => std::thread::yield_now(),
            WaitStrategy::BackOff => match self.step - SPINS {
                n if n <= YIELDS => std::thread::yield_now(),
                n => {
                    let nap = Duration::from_micros(1 << (n - YIELDS).min(10));
                    std::thread::sleep(nap.min(left));
                }
            },
            WaitStrategy::Block => bed.sleep(left, ready),
            WaitStrategy::Phased { spin, yields } => {
                if since < spin {
                    std::hint::spin_loop();
                } else if since < spin + yields {
                    std::thread::yield_now();
                } else {
                    bed.sleep(left, ready);
                }
            }
        }
        true
    }
}

/// Lets entries pile up for a reader that keeps catching up with fast producers.
///
/// A reader that looks at every entry the moment it is published takes the cache line away from the
/// producer that is about to write the next word into it: both crawl. At more than some ten million
/// entries a second, sustained, a pause of about two microseconds costs nothing and multiplies the
/// throughput.
#[derive(Default)]
pub struct PileUp {
    since: u64,
    sequence: u64,
    streak: u32,
}

impl PileUp {
    /// Ticks per entry below which entries come fast: about 100 ns.
    const FAST: u64 = 256;
    /// Waits in a row that must have found fast entries.
    const STREAK: u32 = 16;
    /// Ticks of a pause: about 2 µs.
    const PAUSE: u64 = 5000;

    /// Called when a wait begins at `sequence`; pauses if that is better.
    #[inline]
    pub fn before_wait(&mut self, sequence: u64) {
        let now = ticks();
        let entries = sequence - self.sequence.min(sequence);
        let fast = entries != 0 && now.wrapping_sub(self.since) < entries.saturating_mul(Self::FAST);
        self.streak = if fast { self.streak.saturating_add(1) } else { 0 };
        (self.since, self.sequence) = (now, sequence);
        if self.streak >= Self::STREAK {
            while ticks().wrapping_sub(now) < Self::PAUSE {
                std::hint::spin_loop();
            }
        }
    }
}

#[inline(always)]
fn ticks() -> u64 {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    // SAFETY: reads a counter.
    unsafe {
        std::arch::x86_64::_rdtsc()
    }
    // Nanoseconds: the same order of magnitude.
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    super::process::monotonic_ns()
}
