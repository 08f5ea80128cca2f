//! The registry's index in shared memory: the fixed record of every instrument, found by id, symbol
//! and venue, ISIN, CUSIP, FIGI and contract address.
//!
//! One writer, any number of readers in any process. A record is written once, into a slot that
//! nobody has seen, and shown by one atomic store; readers take no lock. When a file is full the
//! writer makes a larger one under the same name and retires the old one, which its readers keep
//! until they look again. Layout and protocol: `docs/index-layout.md`.
//!
//! ```
//! use alphapulse_core::index::{Kind, Reader, Writer};
//!
//! let path = std::env::temp_dir().join(format!("doc-index-{}", std::process::id()));
//! let mut writer = Writer::create(&path, 16)?;
//! let mut record = [0; 128];
//! record[0] = 7; // the id's first byte
//! record[84..96].copy_from_slice(b"US0378331005");
//! writer.put(0, &record)?;
//! writer.commit(1)?;
//!
//! let reader = Reader::attach(&path)?;
//! assert_eq!(reader.revision(), 1);
//! assert_eq!(reader.find(Kind::Isin, b"US0378331005"), [record]);
//! # std::fs::remove_file(&path)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod layout;
mod reader;
mod writer;

pub use error::{IndexError, Result};
pub use layout::{KINDS, Kind, RECORD_BYTES, Record};
pub use reader::{Reader, Snapshot};
pub use writer::{Writer, reclaim};

#[cfg(test)]
mod tests;
