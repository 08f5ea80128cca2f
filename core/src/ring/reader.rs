//! Reading: by closure over views (gating), by gathered run, or copied and validated.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::config::{ReaderConfig, WaitStrategy};
use super::error::{Result, RingError};
use super::handle::Ring;
use super::layout::*;
use super::memory::Memory;
use super::notify::Bell;
use super::park::Bed;
use super::process;
use super::protocol::{self, Look, ReaderCore};
use super::slots::{self, Dependency};
use super::sync::prefetch_read;
use super::wait::PileUp;

mod run;
mod waiting;

pub use run::{Entry, Gap, GapReason, Run};

/// How far ahead a reader asks for payload. It may be a line that is being written: that costs its
/// producer less than the reader gains, measured with 64-byte entries.
const READ_AHEAD: u64 = 2048;

/// A registered reader with its own cursor.
pub struct Reader {
    ring: Ring,
    core: ReaderCore,
    owner: Owner,
    name: String,
    gating: bool,
    wait: WaitStrategy,
    dependencies: Vec<Dependency>,
    /// Entries before this are finished by all dependencies.
    cleared: u64,
    lost: u64,
    /// A gap found before any poll, at the start.
    start_gap: Option<Gap>,
    polls: u32,
    /// Where the reader last found a claimed but unpublished entry, and when.
    hole: Option<(u64, u64)>,
    bell: Option<Arc<Bell>>,
    pile_up: PileUp,
}

impl Reader {
    pub(super) fn new(ring: Ring, config: &ReaderConfig) -> Result<Self> {
        let got = slots::register_reader(ring.memory(), config)?;
        let core = ReaderCore::new(got.slot, got.sequence, got.position);
        let mut reader = Reader {
            ring,
            core,
            owner: got.owner,
            name: got.name,
            gating: config.gating,
            wait: config.wait,
            cleared: if got.dependencies.is_empty() { u64::MAX } else { 0 },
            dependencies: got.dependencies,
            lost: 0,
            start_gap: None,
            polls: 0,
            hole: None,
            bell: None,
            pile_up: PileUp::default(),
        };
        if got.wanted < got.sequence {
            let gap = Gap { first: got.wanted, last: got.sequence - 1, reason: GapReason::Overrun };
            reader.count_lost(gap.count());
            reader.start_gap = Some(gap);
        }
        Ok(reader)
    }

    pub fn ring(&self) -> &Ring {
        &self.ring
    }

    #[inline(always)]
    fn memory(&self) -> &Memory {
        self.ring.memory()
    }

    /// The memory, not borrowed from `self`: for the length of one call, which `self.ring` outlives.
    #[inline(always)]
    fn unbound<'m>(&self) -> &'m Memory {
        // SAFETY: `self.ring` keeps the memory alive and is never replaced; callers are methods that
        // do not let the reference out.
        unsafe { &*Arc::as_ptr(self.ring.memory()) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn gating(&self) -> bool {
        self.gating
    }

    /// The next sequence to be delivered.
    pub fn sequence(&self) -> u64 {
        self.core.sequence
    }

    /// Entries claimed and not yet delivered to this reader.
    pub fn lag(&self) -> u64 {
        self.ring.next_sequence().saturating_sub(self.core.sequence)
    }

    /// Entries lost to overruns.
    pub fn lost(&self) -> u64 {
        self.lost
    }

    pub fn dependencies(&self) -> impl Iterator<Item = &str> {
        self.dependencies.iter().map(|d| d.name.as_str())
    }

    pub fn wait_strategy(&self) -> WaitStrategy {
        self.wait
    }

    /// Continues elsewhere. Gating readers cannot: what they passed is given back.
    pub fn seek(&mut self, sequence: u64) -> Result<()> {
        if self.gating {
            return Err(RingError::Invalid { detail: "a gating reader cannot seek".into() });
        }
        self.core.jump(sequence);
        self.start_gap = None;
        Ok(())
    }

    pub fn heartbeat(&self) {
        let identity = &self.memory().reader(self.core.slot).identity;
        identity.heartbeat_ns.store(process::coarse_ns(), Ordering::Release);
    }

    /// Whether this reader still holds its slot.
    #[inline(always)]
    fn check_owner(&self) -> Result<()> {
        let owner = self.memory().reader(self.core.slot).identity.owner.load(Ordering::Acquire);
        if owner == self.owner.0 { Ok(()) } else { Err(self.evicted()) }
    }

    #[cold]
    fn evicted(&self) -> RingError {
        RingError::Evicted { name: self.name.clone(), sequence: self.core.sequence }
    }

    /// Calls `each` with every entry that is ready, at most `max`, straight from the ring, and gives
    /// them back; returns how many. Gaps go to `gap`. Gating readers only: others could be overrun
    /// while `each` looks.
    #[inline]
    pub fn poll(
        &mut self,
        max: usize,
        mut each: impl FnMut(Entry<'_>),
        gap: impl FnMut(Gap),
    ) -> Result<usize> {
        self.poll_until(
            max,
            |entry| {
                each(entry);
                true
            },
            gap,
        )
    }

    /// `poll` that ends when `each` returns false; that entry stays the reader's next one.
    #[inline]
    pub fn poll_until(
        &mut self,
        max: usize,
        mut each: impl FnMut(Entry<'_>) -> bool,
        mut gap: impl FnMut(Gap),
    ) -> Result<usize> {
        if !self.gating {
            return Err(RingError::Invalid { detail: "only gating readers may poll by reference".into() });
        }
        self.begin_poll()?;
        if let Some(first) = self.start_gap.take() {
            gap(first);
        }
        let memory = self.unbound();
        let hand_back = memory.capacity / 8;
        let mut given_back = self.core.position;
        let mut seen = if self.allowed()? { self.core.look(memory) } else { Look::Pending };
        let mut count = 0;
        while count < max {
            let Look::Ready(word) = seen else { break };
            let (sequence, position) = (self.core.sequence, self.core.position);
            self.core.advance(word);
            seen = if self.allowed()? { protocol::look(memory, self.core.sequence) } else { Look::Pending };
            if word.is_gap() {
                self.note_gap();
                gap(Gap { first: sequence, last: sequence, reason: GapReason::ProducerLost });
            } else {
                prefetch_read(memory.at(position + READ_AHEAD));
                // SAFETY: published, and not given back before `release`; gating keeps producers off.
                let payload = unsafe {
                    std::slice::from_raw_parts(memory.at(position).cast_const(), word.length() as usize)
                };
                let end_of_batch = count + 1 == max || !matches!(seen, Look::Ready(_));
                if !each(Entry { sequence, payload, end_of_batch }) {
                    self.core.retreat(word);
                    self.release();
                    return Ok(count);
                }
                count += 1;
            }
            if self.core.position - given_back >= hand_back {
                given_back = self.core.position;
                self.release();
            }
        }
        if self.core.position != given_back || count != 0 {
            self.release();
        } else {
            self.nothing_found()?;
        }
        Ok(count)
    }

    /// Collects what is ready, up to the limits (at least one entry), without giving it back; the
    /// reader's place moves. Views of the entries are `view(run)`.
    pub fn gather(&mut self, run: &mut Run, max_entries: usize, max_bytes: u64) -> Result<()> {
        run.clear(self.core.sequence);
        self.begin_poll()?;
        if let Some(gap) = self.start_gap.take() {
            run.first = gap.first;
            run.gaps.push(gap);
        }
        let memory = self.unbound();
        loop {
            if run.len() >= max_entries {
                run.more = true;
                break;
            }
            if !self.allowed()? {
                break;
            }
            match self.core.look(memory) {
                Look::Pending => break,
                Look::Overrun => {
                    if !run.is_empty() {
                        // What was found so far is told first; the overrun comes with the next poll.
                        run.more = true;
                        break;
                    }
                    self.skip_overrun(run);
                }
                Look::Ready(word) if word.is_gap() => {
                    run.gap(self.core.sequence, self.core.sequence, GapReason::ProducerLost);
                    self.note_gap();
                    self.core.advance(word);
                }
                Look::Ready(word) => {
                    if run.is_empty() {
                        run.position = self.core.position;
                    }
                    let offset = self.core.position - run.position;
                    let bytes = offset + word.length() as u64;
                    if !run.is_empty() && (bytes > max_bytes || bytes > memory.capacity) {
                        run.more = true;
                        break;
                    }
                    run.sequences.push(self.core.sequence);
                    run.offsets.push(offset);
                    run.lengths.push(word.length());
                    run.bytes = bytes;
                    self.core.advance(word);
                }
            }
        }
        if run.is_blank() {
            self.nothing_found()?;
        }
        Ok(())
    }

    /// `gather` into `out`, validated: entries that producers overtook while they were copied are
    /// reported as an overrun gap. Gives everything back. `out` is replaced.
    pub fn gather_copied(
        &mut self,
        run: &mut Run,
        out: &mut Vec<u8>,
        max_entries: usize,
        max_bytes: u64,
    ) -> Result<()> {
        out.clear();
        self.gather(run, max_entries, max_bytes)?;
        if !run.is_empty() {
            out.reserve(run.bytes as usize);
            // SAFETY: `run.bytes` bytes are reserved; `copy_out` writes exactly those.
            unsafe {
                copy_out(self.memory(), run.position, out.as_mut_ptr(), run.bytes as usize);
                out.set_len(run.bytes as usize);
            }
            let dropped = self.settle_copy(run);
            if dropped != 0 {
                out.drain(..dropped);
            }
        }
        self.release();
        Ok(())
    }

    /// After copying a gathered run: drops what was overrun meanwhile, as a gap, and returns by how
    /// many bytes the copy's front shrinks.
    pub fn settle_copy(&mut self, run: &mut Run) -> usize {
        if self.gating || run.is_empty() {
            return 0;
        }
        let memory = self.unbound();
        std::sync::atomic::fence(Ordering::Acquire);
        let floor = memory.control().claim.position(Ordering::Acquire).saturating_sub(memory.capacity);
        let overrun = run.offsets.iter().take_while(|o| run.position + **o < floor).count();
        if overrun == 0 {
            return 0;
        }
        let bytes = run.offsets.get(overrun).copied().unwrap_or(run.bytes) as usize;
        let (first, last) = (run.sequences[0], run.sequences[overrun - 1]);
        // Gap entries in between were counted as such already.
        let inner: u64 =
            run.gaps.iter().filter(|g| g.first > first && g.last < last).map(|g| g.count()).sum();
        self.count_lost(overrun as u64);
        memory.control().counters.reader_overruns.fetch_add(1, Ordering::Relaxed);
        if inner == 0 {
            run.gap(first, last, GapReason::Overrun);
        } else {
            for sequence in &run.sequences[..overrun] {
                match run.gaps.last_mut() {
                    Some(gap) if gap.reason == GapReason::Overrun && gap.last + 1 == *sequence => {
                        gap.last = *sequence;
                    }
                    _ => run.gaps.push(Gap { first: *sequence, last: *sequence, reason: GapReason::Overrun }),
                }
            }
        }
        run.drop_front(overrun);
        bytes
    }

    /// The bytes of a gathered run. For non-gating readers they may change at any time: ask
    /// `intact` after use.
    ///
    /// # Safety
    /// The slice must not be used after `release` or the next gather, and for a non-gating reader
    /// only in ways that bear torn contents.
    pub unsafe fn view(&self, run: &Run) -> &[u8] {
        // SAFETY: inside the doubly mapped region; lifetime per the caller's promise.
        unsafe { std::slice::from_raw_parts(self.memory().at(run.position).cast_const(), run.bytes as usize) }
    }

    /// Whether no producer may have begun to overwrite anything of the run.
    pub fn intact(&self, run: &Run) -> bool {
        run.is_empty() || protocol::intact(self.memory(), run.position)
    }

    /// Gives everything delivered so far back to the producers and to readers that run behind.
    #[inline(always)]
    pub fn release(&self) {
        let memory = self.memory();
        if self.core.release(memory) {
            self.wake_others();
        }
    }

    #[cold]
    fn wake_others(&self) {
        let control = self.memory().control();
        Bed::producers(control).wake();
        if control.signals.dependents.load(Ordering::Relaxed) != 0 {
            Bed::readers(control).wake();
        }
    }

    #[inline(always)]
    fn begin_poll(&mut self) -> Result<()> {
        self.polls = self.polls.wrapping_add(1);
        if self.polls & 0x3f == 0 {
            self.heartbeat();
        }
        self.check_owner()
    }

    /// Whether all dependencies have finished the entry at the reader's place.
    #[inline(always)]
    fn allowed(&mut self) -> Result<bool> {
        if self.core.sequence < self.cleared {
            return Ok(true);
        }
        self.ask_dependencies()
    }

    fn ask_dependencies(&mut self) -> Result<bool> {
        let mut cleared = u64::MAX;
        for dependency in &self.dependencies {
            let other = self.memory().reader(dependency.slot);
            cleared = cleared.min(other.cursor.sequence.load(Ordering::Acquire));
            if other.identity.owner.load(Ordering::Acquire) != dependency.owner.0 {
                return Err(RingError::DependencyLost {
                    name: self.name.clone(),
                    dependency: dependency.name.clone(),
                });
            }
        }
        self.cleared = cleared;
        Ok(self.core.sequence < cleared)
    }

    /// Runs no longer behind `name` (after [`RingError::DependencyLost`]). A descriptor from
    /// [`fd`](Self::fd) is closed: ask for a new one.
    pub fn drop_dependency(&mut self, name: &str) {
        self.dependencies.retain(|d| d.name != name);
        self.bell = None;
        self.cleared = if self.dependencies.is_empty() { u64::MAX } else { 0 };
    }

    fn note_gap(&self) {
        self.memory().reader(self.core.slot).facts.gap_entries.fetch_add(1, Ordering::Relaxed);
    }

    fn count_lost(&mut self, entries: u64) {
        self.lost += entries;
        let memory = self.ring.memory();
        memory.reader(self.core.slot).facts.lost.fetch_add(entries, Ordering::Relaxed);
        memory.control().counters.reader_lost.fetch_add(entries, Ordering::Relaxed);
    }

    /// Moves to the oldest entry that will last a while, and says exactly what was skipped.
    #[cold]
    fn skip_overrun(&mut self, run: &mut Run) {
        let memory = self.unbound();
        let from = self.core.sequence;
        let to = protocol::oldest(memory, memory.capacity / 8).max(from + 1);
        run.gap(from, to - 1, GapReason::Overrun);
        self.count_lost(to - from);
        memory.control().counters.reader_overruns.fetch_add(1, Ordering::Relaxed);
        self.core.jump(to);
    }

    /// An empty poll: the ring may be halted, or the next entry may belong to a dead producer.
    #[inline(always)]
    fn nothing_found(&mut self) -> Result<()> {
        // A spinning reader then gets the payload together with the word that announces it.
        prefetch_read(self.memory().at(self.core.position));
        if self.polls & 0xff == 0 || self.ring.halted() {
            self.check_hole();
            if self.ring.halted() && self.core.sequence >= self.ring.next_sequence() {
                return Err(RingError::Halted { path: self.ring.path().into() });
            }
        }
        Ok(())
    }

    pub fn slot(&self) -> u32 {
        self.core.slot
    }

    /// Takes back a gathered run that was not released: its entries will be gathered again.
    pub fn rewind(&mut self, run: &Run) {
        if let Some(first) = run.sequences.first() {
            self.core.jump(*first);
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        slots::release_reader(self.ring.memory(), self.core.slot, self.owner);
    }
}

/// Copies `length` bytes at `position` that a producer may be overwriting; the caller validates.
///
/// # Safety
/// `to` is valid for `length` bytes; `length` is at most the capacity.
pub unsafe fn copy_out(memory: &Memory, position: u64, to: *mut u8, length: usize) {
    // SAFETY: `length` bytes from any position are mapped; the rest is the caller's promise.
    unsafe { copy_shared(memory.at(position), to, length) };
}

/// Copies bytes that another process may be changing: whatever it finds, each byte once.
///
/// # Safety
/// `from` is mapped and `to` valid for `length` bytes.
pub(crate) unsafe fn copy_shared(from: *const u8, to: *mut u8, length: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: both ranges are valid; `rep movsb` tolerates concurrent writers, and the compiler does
    // not look into it.
    unsafe {
        std::arch::asm!(
            "rep movsb",
            inout("rcx") length => _,
            inout("rsi") from => _,
            inout("rdi") to => _,
            options(nostack, preserves_flags)
        );
    }
    #[cfg(not(target_arch = "x86_64"))]
    // SAFETY: both ranges are valid; volatile reads are not assumed to be stable by the compiler.
    unsafe {
        let words = length / 8;
        for i in 0..words {
            let word = std::ptr::read_volatile(from.cast::<u64>().add(i));
            std::ptr::write_unaligned(to.cast::<u64>().add(i), word);
        }
        for i in words * 8..length {
            *to.add(i) = std::ptr::read_volatile(from.add(i));
        }
    }
}
