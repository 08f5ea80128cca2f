//! A reader with a thread of its own: lifecycle hooks, a policy for errors, and a halt that drains.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::error::{Result, RingError};
use super::reader::{Entry, Gap, Reader};
use super::system::{Placement, Status, place_thread};

/// What a processor does with its entries. Errors go to the [`ErrorPolicy`].
pub trait EntryHandler: Send {
    type Error: std::fmt::Display + Send;

    /// On the processor's thread, before the first entry, with what came of its placement.
    fn on_start(&mut self, _placement: &Status) {}

    /// `entry.end_of_batch` says when nothing more is ready: the moment to flush.
    fn on_entry(&mut self, entry: Entry<'_>) -> Result<(), Self::Error>;

    fn on_gap(&mut self, _gap: Gap) {}

    /// On the processor's thread, after the last entry.
    fn on_shutdown(&mut self) {}
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// The entry counts as done.
    Skip,
    /// The processor stops; the entry stays the reader's next one.
    Stop,
}

/// Judges the error of a handler at a sequence.
pub type Judge<E> = Box<dyn FnMut(u64, &E) -> Decision + Send>;

/// What happens when a handler fails on an entry.
pub enum ErrorPolicy<E> {
    Fatal,
    SkipAndCount,
    Custom(Judge<E>),
}

/// How a processor ended.
#[derive(Debug)]
pub enum Ended {
    /// Told to halt, or the ring was halted; everything ready was handled first.
    Drained,
    /// A handler failed on this entry and the policy said stop.
    Failed { sequence: u64, error: String },
    /// The ring refused: evicted, or a dependency is gone.
    Refused(RingError),
}

#[derive(Default)]
struct Shared {
    halt: AtomicBool,
    handled: AtomicU64,
    skipped: AtomicU64,
}

/// A running processor. Dropping it halts it, drains, and waits for its thread.
pub struct Processor {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<Ended>>,
}

impl Processor {
    /// Moves `reader`, which must be gating, to a new thread that feeds `handler`.
    pub fn spawn<H: EntryHandler + 'static>(
        reader: Reader,
        mut handler: H,
        mut policy: ErrorPolicy<H::Error>,
        placement: Placement,
    ) -> Result<Self> {
        if !reader.gating() {
            return Err(RingError::Invalid { detail: "a processor needs a gating reader".into() });
        }
        let shared = Arc::new(Shared::default());
        let of_thread = shared.clone();
        let thread = std::thread::Builder::new()
            .name(format!("ring {}", reader.name()))
            .spawn(move || {
                handler.on_start(&place_thread(&placement));
                let ended = run(reader, &mut handler, &mut policy, &of_thread);
                handler.on_shutdown();
                ended
            })
            .map_err(|source| RingError::System { action: "starting a processor".into(), source })?;
        Ok(Processor { shared, thread: Some(thread) })
    }

    pub fn handled(&self) -> u64 {
        self.shared.handled.load(Ordering::Relaxed)
    }

    /// Entries on which the handler failed and the policy went on.
    pub fn skipped(&self) -> u64 {
        self.shared.skipped.load(Ordering::Relaxed)
    }

    /// Handles what is ready, then ends.
    pub fn halt(mut self) -> Ended {
        self.shared.halt.store(true, Ordering::Release);
        self.join()
    }

    /// Waits until the processor ends by itself (halted ring, error).
    pub fn wait(mut self) -> Ended {
        self.join()
    }

    fn join(&mut self) -> Ended {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(ended)) => ended,
            Some(Err(panic)) => std::panic::resume_unwind(panic),
            None => Ended::Drained,
        }
    }
}

impl Drop for Processor {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.shared.halt.store(true, Ordering::Release);
            // A panic of the handler was already printed.
            let _ = thread.join();
        }
    }
}

fn run<H: EntryHandler>(
    mut reader: Reader,
    handler: &mut H,
    policy: &mut ErrorPolicy<H::Error>,
    shared: &Shared,
) -> Ended {
    loop {
        // Read before the poll, so that what was published before the halt is still handled.
        let halting = shared.halt.load(Ordering::Acquire);
        let mut failure = None;
        let polled = {
            let handler = std::cell::RefCell::new(&mut *handler);
            reader.poll_until(
                usize::MAX,
                |entry| {
                    let Err(error) = handler.borrow_mut().on_entry(entry) else {
                        shared.handled.fetch_add(1, Ordering::Relaxed);
                        return true;
                    };
                    let decision = match policy {
                        ErrorPolicy::Fatal => Decision::Stop,
                        ErrorPolicy::SkipAndCount => Decision::Skip,
                        ErrorPolicy::Custom(decide) => decide(entry.sequence, &error),
                    };
                    if decision == Decision::Stop {
                        failure = Some(Ended::Failed { sequence: entry.sequence, error: error.to_string() });
                        return false;
                    }
                    shared.skipped.fetch_add(1, Ordering::Relaxed);
                    true
                },
                |gap| handler.borrow_mut().on_gap(gap),
            )
        };
        if let Some(failed) = failure {
            return failed;
        }
        match polled {
            Ok(0) if halting => return Ended::Drained,
            // Waits are short so that a halt is seen soon.
            Ok(0) => _ = reader.wait(Some(Duration::from_millis(20))),
            Ok(_) => {}
            Err(RingError::Halted { .. }) => return Ended::Drained,
            Err(error) => return Ended::Refused(error),
        }
    }
}
