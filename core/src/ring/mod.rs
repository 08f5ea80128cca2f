//! The shared-memory ring: one file, many producers, broadcast readers.
//!
//! ```
//! use alphapulse_core::ring::{ReaderConfig, Ring, RingConfig};
//!
//! let ring = Ring::anonymous(&RingConfig::new(1 << 16))?;
//! let mut reader = ring.reader(&ReaderConfig::gating("strategy"))?;
//! let mut producer = ring.producer()?;
//! producer.publish(b"tick")?;
//! let seen = reader.poll(100, |entry| assert_eq!(entry.payload, b"tick"), |_gap| ())?;
//! assert_eq!(seen, 1);
//! # Ok::<(), alphapulse_core::ring::RingError>(())
//! ```
//!
//! The ring moves bytes and knows nothing of frames. Layout: `docs/ring-layout.md`.

pub mod layout;
pub mod memory;
pub mod protocol;
pub mod sync;

#[cfg(not(loom))]
mod config;
#[cfg(not(loom))]
mod error;
#[cfg(not(loom))]
mod file;
#[cfg(not(loom))]
mod handle;
#[cfg(not(loom))]
mod notify;
#[cfg(not(loom))]
mod park;
#[cfg(not(loom))]
pub(crate) mod process;
#[cfg(not(loom))]
mod processor;
#[cfg(not(loom))]
mod producer;
#[cfg(not(loom))]
mod reader;
#[cfg(not(loom))]
mod slots;
#[cfg(not(loom))]
mod stats;
#[cfg(not(loom))]
pub mod system;
#[cfg(not(loom))]
mod wait;

#[cfg(not(loom))]
pub(crate) use self::{
    file::reserve,
    park::{futex_wait, futex_wake},
    reader::copy_shared,
};

#[cfg(not(loom))]
pub use self::{
    config::{ReaderConfig, RingConfig, Start, WaitStrategy},
    error::{LayoutFault, Result, RingError},
    file::check_header,
    handle::{Found, Ring, inspect, reclaim, unlink_if},
    park::{forget_registration, registered},
    processor::{Decision, Ended, EntryHandler, ErrorPolicy, Processor},
    producer::{BatchClaim, Cut, EntryClaim, Producer},
    reader::{Entry, Gap, GapReason, Reader, Run, copy_out},
    slots::Recovered,
    stats::{ProducerStats, ReaderStats, RingStats},
};

#[cfg(all(test, not(loom)))]
mod tests;
