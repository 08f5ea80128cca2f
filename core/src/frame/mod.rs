//! The frame codec: the unit of sequence, checksum, causality and compression on the wire.
//!
//! [`encode`] writes a FlatBuffers frame in one pass, [`verify`] reads one in place and checks it so
//! completely that whatever passes can be used without another check, [`stamp`] gives it a sequence,
//! [`filter`] cuts it down to what a subscriber wants, [`compress`] packs its rows, [`tlv`] walks its
//! extensions. Record layouts come from the generated crate `alphapulse-gen`; what a record means is
//! its users' business.
//!
//! Input may come from any FlatBuffers builder: only the checks assume a layout of tables, never the
//! order or the padding in which a builder leaves them.

mod checksum;
mod compress;
mod conflate;
mod content;
mod encode;
mod error;
mod filter;
pub mod message;
mod predicate;
mod shape;
mod stamp;
pub mod table;
pub mod tlv;
mod verify;

pub use checksum::checksum;
pub use compress::{Codec, DEFAULT_MAX_BYTES, compress, decompress};
pub use conflate::{Conflated, conflate};
pub use encode::{FrameParts, encode, encode_into, encoded_len};
pub use error::{FrameError, Reason, Result};
pub use filter::{FrameFilter, InstrumentSet, NumberSet, Passed};
pub use predicate::{Predicate, PredicateError, PredicateReason};
pub use shape::{MAX_FRAME, record_of};
pub use stamp::{header_offset, stamp};
pub use verify::{FrameInfo, inspect, verify};

#[cfg(not(target_endian = "little"))]
compile_error!("frames are read in place: a little-endian machine is needed");

#[cfg(test)]
pub(crate) mod tests;
