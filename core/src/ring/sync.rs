//! Atomics of the ring, replaced by loom's under `--cfg loom` so that the same protocol code can be
//! model-checked.

#[cfg(loom)]
pub use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
#[cfg(not(loom))]
pub use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

#[cfg(target_endian = "big")]
compile_error!("the ring's layout is little-endian");

/// The claim word: next sequence and next byte position, moved together by producers.
///
/// Readers load the halves on their own: both only grow, so each half is a valid bound by itself.
#[cfg(not(loom))]
#[repr(C, align(16))]
#[derive(Default)]
pub struct ClaimWord {
    sequence: AtomicU64,
    position: AtomicU64,
}

#[cfg(not(loom))]
impl ClaimWord {
    #[inline(always)]
    pub fn sequence(&self, order: Ordering) -> u64 {
        self.sequence.load(order)
    }

    #[inline(always)]
    pub fn position(&self, order: Ordering) -> u64 {
        self.position.load(order)
    }

    /// For the only producer of a single-producer ring. The sequence goes first: a reader that takes
    /// the position before the sequence gets a position that is at most too low for it.
    #[inline(always)]
    pub fn store(&self, sequence: u64, position: u64) {
        self.sequence.store(sequence, Ordering::Release);
        self.position.store(position, Ordering::Release);
    }

    /// Repairs a position that a killed single producer left behind its sequence.
    pub fn raise_position(&self, least: u64) {
        self.position.fetch_max(least, Ordering::AcqRel);
    }

    /// Moves both halves when both still have the value in `from`.
    #[inline(always)]
    pub fn advance(&self, from: (u64, u64), to: (u64, u64)) -> bool {
        let pack = |(sequence, position): (u64, u64)| (sequence as u128) | ((position as u128) << 64);
        // SAFETY: same address, 16 bytes, aligned to 16 by the type; every access is atomic. The
        // halves are also loaded as 64-bit words, which the hardware keeps coherent with the
        // 16-byte exchange because both lie in one cache line.
        let whole = unsafe { &*(self as *const Self).cast::<portable_atomic::AtomicU128>() };
        whole.compare_exchange(pack(from), pack(to), Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    /// Whether `advance` needs no lock on this processor (a lock would not span processes).
    pub fn is_lock_free() -> bool {
        portable_atomic::AtomicU128::is_lock_free()
    }
}

/// Loom has no 128-bit atomics: 32 bits each are enough for a model.
#[cfg(loom)]
pub struct ClaimWord(AtomicU64);

#[cfg(loom)]
impl Default for ClaimWord {
    fn default() -> Self {
        ClaimWord(AtomicU64::new(0))
    }
}

#[cfg(loom)]
impl ClaimWord {
    fn pack((sequence, position): (u64, u64)) -> u64 {
        sequence << 32 | position
    }

    pub fn sequence(&self, order: Ordering) -> u64 {
        self.0.load(order) >> 32
    }

    pub fn position(&self, order: Ordering) -> u64 {
        self.0.load(order) & 0xffff_ffff
    }

    pub fn store(&self, sequence: u64, position: u64) {
        self.0.store(Self::pack((sequence, position)), Ordering::Release);
    }

    pub fn raise_position(&self, least: u64) {
        let seen = self.0.load(Ordering::Acquire);
        if seen & 0xffff_ffff < least {
            let raised = seen & !0xffff_ffff | least;
            let _ = self.0.compare_exchange(seen, raised, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    pub fn advance(&self, from: (u64, u64), to: (u64, u64)) -> bool {
        self.0.compare_exchange(Self::pack(from), Self::pack(to), Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }

    pub fn is_lock_free() -> bool {
        true
    }
}

#[inline(always)]
pub fn spin_hint() {
    #[cfg(loom)]
    loom::thread::yield_now();
    #[cfg(not(loom))]
    std::hint::spin_loop();
}

/// The rare side of an asymmetric barrier: after it, every store that another attached thread made
/// before its last [`light_fence`] is visible here, and what this thread stored is visible there.
pub fn heavy_fence() {
    #[cfg(loom)]
    fence(Ordering::SeqCst);
    #[cfg(not(loom))]
    super::park::membarrier();
}

/// The frequent side: free where the kernel's `membarrier` does the work, a full fence elsewhere.
#[inline(always)]
pub fn light_fence() {
    #[cfg(loom)]
    fence(Ordering::SeqCst);
    #[cfg(not(loom))]
    super::park::light_fence();
}

/// Asks for the cache line at `at`, to read it soon.
#[inline(always)]
pub fn prefetch_read(at: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri), not(loom)))]
    // SAFETY: a prefetch has no effect on memory, whatever the address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(at.cast());
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri), not(loom))))]
    let _ = at;
}

/// Asks for the cache line at `at`, to write it soon.
#[inline(always)]
pub fn prefetch_write(at: *const u8) {
    #[cfg(all(target_arch = "x86_64", not(miri), not(loom)))]
    // SAFETY: a prefetch has no effect on memory, whatever the address; processors without it take
    // it for a no-op.
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) at, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri), not(loom))))]
    let _ = at;
}
