//! The wire types of AlphaPulse.
//!
//! [`layout`] has every record as a `repr(C)` value, [`record`] reads a run of bytes as rows of
//! them, in place, and [`fields`] tells their names at run time. `fbs` (feature, on by default) is
//! flatc's view of the same frames; `proto` (feature, off) the gRPC services. All but [`record`] and
//! this page is generated.

pub mod fields;
pub mod layout;
pub mod record;

#[cfg(feature = "fbs")]
#[allow(
    clippy::all,
    clippy::undocumented_unsafe_blocks,
    dead_code,
    mismatched_lifetime_syntaxes,
    missing_docs,
    non_camel_case_types,
    non_snake_case,
    non_upper_case_globals,
    unsafe_op_in_unsafe_fn,
    unused_imports
)]
mod frame_generated;

/// The frame as flatc reads and writes it.
#[cfg(feature = "fbs")]
pub use frame_generated::alphapulse_fbs as fbs;

#[cfg(feature = "proto")]
#[allow(clippy::all, clippy::pedantic)]
pub mod proto;
