//! The hot path of AlphaPulse: what is paid per record, and nothing else.
//!
//! Deterministic and without I/O of its own, except that the ring maps a shared-memory file.
//! Services, policy and configuration stay in Python. The Python module `alphapulse_core` is a thin
//! layer under [`py`], built only with the feature `python`.

pub mod book;
pub mod dispatch;
pub mod engine;
pub mod frame;
#[cfg(not(loom))]
pub mod histogram;
pub mod identity;
#[cfg(not(loom))]
pub mod inbox;
#[cfg(not(loom))]
pub mod index;
pub mod instrument;
pub mod pool;
pub mod ring;
pub mod schema;

#[cfg(feature = "python")]
mod py;
