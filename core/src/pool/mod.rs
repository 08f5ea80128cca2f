//! Buffers for frames built in Rust: given back when dropped, so that steady state allocates nothing.
//!
//! Buffers come in powers of two. A pool keeps at most so many idle buffers of each size; what comes
//! back beyond that is freed.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SMALLEST_BITS: u32 = 8;
const LARGEST_BITS: u32 = 26;
const CLASSES: usize = (LARGEST_BITS - SMALLEST_BITS + 1) as usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PoolStats {
    /// Buffers asked for.
    pub taken: u64,
    /// Of these, served without an allocation.
    pub reused: u64,
    /// Buffers out at this moment.
    pub in_use: u64,
    /// Bytes of idle buffers.
    pub idle_bytes: u64,
}

impl PoolStats {
    /// Share of requests served without an allocation, 0 … 1.
    pub fn efficiency(&self) -> f64 {
        if self.taken == 0 { 0.0 } else { self.reused as f64 / self.taken as f64 }
    }
}

struct Inner {
    idle: [Mutex<Vec<Vec<u8>>>; CLASSES],
    keep: usize,
    taken: AtomicU64,
    reused: AtomicU64,
    in_use: AtomicU64,
}

/// Clones share the buffers.
#[derive(Clone)]
pub struct Pool(Arc<Inner>);

fn lock(idle: &Mutex<Vec<Vec<u8>>>) -> MutexGuard<'_, Vec<Vec<u8>>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Pool {
    /// `keep`: idle buffers of each size at most.
    pub fn new(keep: usize) -> Self {
        Pool(Arc::new(Inner {
            idle: std::array::from_fn(|_| Mutex::new(Vec::with_capacity(keep))),
            keep,
            taken: AtomicU64::new(0),
            reused: AtomicU64::new(0),
            in_use: AtomicU64::new(0),
        }))
    }

    /// An empty buffer with room for at least `capacity` bytes. Above 64 MiB it is not pooled.
    pub fn take(&self, capacity: usize) -> Buffer {
        let inner = &*self.0;
        inner.taken.fetch_add(1, Ordering::Relaxed);
        inner.in_use.fetch_add(1, Ordering::Relaxed);
        let class = class_of(capacity);
        let idle = class.and_then(|class| lock(&inner.idle[class]).pop());
        if idle.is_some() {
            inner.reused.fetch_add(1, Ordering::Relaxed);
        }
        let bytes = idle.unwrap_or_else(|| match class {
            Some(class) => Vec::with_capacity(1 << (class as u32 + SMALLEST_BITS)),
            None => Vec::with_capacity(capacity),
        });
        Buffer { bytes, pool: self.0.clone() }
    }

    pub fn stats(&self) -> PoolStats {
        let inner = &*self.0;
        let idle = inner.idle.iter().map(|i| lock(i).iter().map(|b| b.capacity() as u64).sum::<u64>());
        PoolStats {
            taken: inner.taken.load(Ordering::Relaxed),
            reused: inner.reused.load(Ordering::Relaxed),
            in_use: inner.in_use.load(Ordering::Relaxed),
            idle_bytes: idle.sum(),
        }
    }
}

/// The smallest class that holds `capacity`.
fn class_of(capacity: usize) -> Option<usize> {
    let bits = capacity.max(1).next_power_of_two().trailing_zeros().max(SMALLEST_BITS);
    (bits <= LARGEST_BITS).then(|| (bits - SMALLEST_BITS) as usize)
}

/// A buffer that goes back to its pool when dropped. It may grow like any vector.
pub struct Buffer {
    bytes: Vec<u8>,
    pool: Arc<Inner>,
}

impl Deref for Buffer {
    type Target = Vec<u8>;

    fn deref(&self) -> &Vec<u8> {
        &self.bytes
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        self.pool.in_use.fetch_sub(1, Ordering::Relaxed);
        let mut bytes = std::mem::take(&mut self.bytes);
        bytes.clear();
        // A buffer serves the largest class that it fully holds, also after it grew.
        let capacity = bytes.capacity();
        if !(1 << SMALLEST_BITS..2 << LARGEST_BITS).contains(&capacity) {
            return;
        }
        let class = (capacity.ilog2().min(LARGEST_BITS) - SMALLEST_BITS) as usize;
        let mut idle = lock(&self.pool.idle[class]);
        if idle.len() < self.pool.keep {
            idle.push(bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steady_state_allocates_nothing() {
        let pool = Pool::new(4);
        for round in 0..100 {
            let mut a = pool.take(1000);
            let b = pool.take(5000);
            assert!(a.is_empty() && a.capacity() >= 1000 && b.capacity() >= 5000);
            a.extend_from_slice(&[round; 900]);
        }
        let stats = pool.stats();
        assert_eq!((stats.taken, stats.reused, stats.in_use), (200, 198, 0));
        assert_eq!(stats.idle_bytes, 1024 + 8192);
        assert!(stats.efficiency() > 0.98);
    }

    #[test]
    fn a_buffer_serves_the_size_it_has_grown_to() {
        let pool = Pool::new(4);
        let mut buffer = pool.take(10);
        buffer.resize(100_000, 0);
        let capacity = buffer.capacity();
        drop(buffer);
        assert!(pool.take(65_536).capacity() >= 65_536);
        assert_eq!(pool.stats().reused, 1, "{capacity}");
    }

    #[test]
    fn no_more_is_kept_than_was_asked_for() {
        let pool = Pool::new(1);
        let held: Vec<Buffer> = (0..3).map(|_| pool.take(256)).collect();
        assert_eq!(pool.stats().in_use, 3);
        drop(held);
        assert_eq!(pool.stats().idle_bytes, 256);
        drop(pool.take(1 << 28));
        assert_eq!(pool.stats().idle_bytes, 256);
    }
}
