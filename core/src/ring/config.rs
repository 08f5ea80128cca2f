//! What a ring, a reader and a producer are asked to be.

use std::time::Duration;

use super::error::{Result, RingError};
use super::layout::*;

/// A new ring. Build it from [`RingConfig::new`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RingConfig {
    /// Bytes of payload, a power of two.
    pub capacity: u64,
    /// Whether several producers may be attached at once.
    pub multi_producer: bool,
    pub max_producers: u32,
    pub max_readers: u32,
    /// Ask for 2 MiB pages; refused requests are warnings.
    pub huge_pages: bool,
    /// Touch every page now.
    pub prefault: bool,
    pub lock_memory: bool,
    pub numa_node: Option<u32>,
}

impl RingConfig {
    pub fn new(capacity: u64) -> Self {
        RingConfig {
            capacity,
            multi_producer: false,
            max_producers: 32,
            max_readers: 128,
            huge_pages: false,
            prefault: true,
            lock_memory: false,
            numa_node: None,
        }
    }

    pub fn multi_producer(mut self, multi: bool) -> Self {
        self.multi_producer = multi;
        self
    }

    pub fn prefault(mut self, prefault: bool) -> Self {
        self.prefault = prefault;
        self
    }

    pub fn check(&self) -> Result<()> {
        let invalid = |detail: String| Err(RingError::Invalid { detail });
        let capacity = self.capacity;
        if !capacity.is_power_of_two() || !(MIN_CAPACITY..=MAX_CAPACITY).contains(&capacity) {
            return invalid(format!(
                "capacity must be a power of two from {MIN_CAPACITY} to {MAX_CAPACITY}, not {capacity}"
            ));
        }
        if self.huge_pages && capacity < 2 << 20 {
            return invalid(format!("huge pages need a capacity of at least 2 MiB, not {capacity}"));
        }
        if !(1..=MAX_READERS).contains(&self.max_readers) {
            return invalid(format!("max_readers must be 1 to {MAX_READERS}, not {}", self.max_readers));
        }
        if !(1..=MAX_PRODUCERS).contains(&self.max_producers) {
            return invalid(format!(
                "max_producers must be 1 to {MAX_PRODUCERS}, not {}",
                self.max_producers
            ));
        }
        Ok(())
    }
}

/// Where a reader starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Start {
    /// The next entry to be claimed.
    #[default]
    Latest,
    Oldest,
    Sequence(u64),
    /// Where a reader of the same name stopped; else the oldest.
    Resume,
}

/// How a reader or a blocked producer waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WaitStrategy {
    /// Lowest latency, one core each.
    BusySpin,
    /// Spin, then give the core away between looks.
    Yield,
    /// Spin, yield, then sleep for doubling times up to a millisecond.
    BackOff,
    /// Spin briefly, then sleep on a futex until woken.
    #[default]
    Block,
    /// Spin, then yield, then block, each for a time.
    Phased { spin: Duration, yields: Duration },
}

#[derive(Debug, Clone)]
pub struct ReaderConfig {
    /// Empty for a generated one. At most 63 bytes.
    pub name: String,
    pub gating: bool,
    pub start: Start,
    /// Readers that must have finished an entry first.
    pub after: Vec<String>,
    pub wait: WaitStrategy,
    /// How long a dead reader's place is kept.
    pub lease: Duration,
}

impl Default for ReaderConfig {
    fn default() -> Self {
        ReaderConfig {
            name: String::new(),
            gating: false,
            start: Start::default(),
            after: Vec::new(),
            wait: WaitStrategy::default(),
            lease: Duration::from_secs(5),
        }
    }
}

impl ReaderConfig {
    pub fn gating(name: impl Into<String>) -> Self {
        ReaderConfig { name: name.into(), gating: true, ..Default::default() }
    }

    pub fn observing(name: impl Into<String>) -> Self {
        ReaderConfig { name: name.into(), ..Default::default() }
    }

    pub fn start(mut self, start: Start) -> Self {
        self.start = start;
        self
    }

    pub fn after(mut self, names: &[&str]) -> Self {
        self.after = names.iter().map(|n| n.to_string()).collect();
        self
    }

    pub fn wait(mut self, wait: WaitStrategy) -> Self {
        self.wait = wait;
        self
    }

    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }
}
