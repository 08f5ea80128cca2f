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
