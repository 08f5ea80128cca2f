//! Types registered at run time: their binary schemas (`.bfbs`), read and checked, and what follows
//! for frames of the type: whether one fits, and where the fields of its rows lie.
//!
//! [`parse`] reads a schema with the FlatBuffers project's own reflection classes, after its
//! verifier has passed, and keeps only what has been checked: nothing else looks at the schema's
//! bytes but the verifier of tables. [`table`] finds the fields of a table by checked look-ups.
//! Which type has which schema is the relay's business.

mod parse;
mod shape;
mod table;

use std::fmt;

use flatbuffers_reflection::{SafeBuffer, reflection};

use crate::frame::{self, DEFAULT_MAX_BYTES, FrameError, Reason};

pub use shape::{EnumShape, FieldShape, Kind, Shape};
pub use table::{LendShape, TablePlan};

/// Largest schema that is read.
pub const MAX_SCHEMA: usize = 64 << 10;
/// Types of this number and above are registered at run time.
pub const FIRST_TYPE: u8 = 200;

/// Why a schema is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SchemaReason {
    /// No binary schema, or one that contradicts itself.
    Malformed,
    TooLarge,
    /// There is no such struct or table, or none can be meant.
    UnknownRoot,
    /// A feature of FlatBuffers that rows must not use.
    Unsupported,
}

impl SchemaReason {
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed => "SCHEMA_MALFORMED",
            Self::TooLarge => "SCHEMA_TOO_LARGE",
            Self::UnknownRoot => "SCHEMA_ROOT_UNKNOWN",
            Self::Unsupported => "SCHEMA_UNSUPPORTED",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SchemaError {
    pub reason: SchemaReason,
    pub detail: String,
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for SchemaError {}

pub type Result<T> = std::result::Result<T, SchemaError>;

fn refuse<T>(reason: SchemaReason, detail: impl Into<String>) -> Result<T> {
    Err(SchemaError { reason, detail: detail.into() })
}

/// Bytes at an address that suits every scalar, as FlatBuffers' verifier wants them.
#[derive(Clone, Debug)]
struct Aligned {
    bytes: Vec<u8>,
    start: usize,
    length: usize,
}

impl Aligned {
    fn copy(bytes: &[u8]) -> Self {
        let mut room = vec![0; bytes.len() + 8];
        let start = room.as_ptr().align_offset(8).min(8);
        room[start..start + bytes.len()].copy_from_slice(bytes);
        Self { bytes: room, start, length: bytes.len() }
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..self.start + self.length]
    }
}

/// What a row of a type is.
#[derive(Clone, Debug)]
pub enum Layout {
    /// Rows of a fixed size.
    Struct(Shape),
    /// One FlatBuffer a frame: the tables of the schema that can be reached, its root first.
    Table(Vec<Shape>),
}

/// A schema that was read and checked.
#[derive(Clone, Debug)]
pub struct Schema {
    pub root: String,
    pub hash: u64,
    pub layout: Layout,
    /// For tables: what the verifier of tables reads.
    source: Option<std::sync::Arc<Aligned>>,
}

impl Schema {
    /// Read a binary schema. `root` names a struct or the root table; empty: the root table, or the
    /// struct that is in its only field, a vector.
    pub fn read(bytes: &[u8], root: &str) -> Result<Self> {
        if bytes.len() > MAX_SCHEMA {
            return refuse(
                SchemaReason::TooLarge,
                format!("{} bytes, at most {MAX_SCHEMA} are read", bytes.len()),
            );
        }
        let source = Aligned::copy(bytes);
        let (root, layout) = parse::parse(source.as_slice(), root)?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(root.as_bytes()).update(&[0]).update(bytes);
        let mut hash = [0; 8];
        hash.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
        let source = matches!(layout, Layout::Table(_)).then(|| source.into());
        Ok(Self { root, hash: u64::from_le_bytes(hash), layout, source })
    }

    /// Bytes of a row; 0 for a table.
    #[must_use]
    pub fn stride(&self) -> usize {
        match &self.layout {
            Layout::Struct(shape) => shape.size,
            Layout::Table(_) => 0,
        }
    }

    /// Where a row has instrument ids, for filters.
    #[must_use]
    pub fn instrument_offsets(&self) -> Vec<usize> {
        match &self.layout {
            Layout::Struct(shape) => {
                shape.fields.iter().filter(|field| field.is_instrument()).map(|field| field.at).collect()
            }
            Layout::Table(_) => Vec::new(),
        }
    }

    /// Whether a frame, which the codec has passed, is one of this schema.
    pub fn check(&self, frame: &[u8]) -> frame::Result<()> {
        let info = frame::inspect(frame)?;
        if info.compressed {
            return match frame::decompress(frame, DEFAULT_MAX_BYTES)? {
                Some(plain) => self.check(&plain),
                None => Ok(()),
            };
        }
        let mismatch =
            |detail: String| Err(FrameError::new(Reason::SchemaMismatch, info.rows_offset, detail));
        if info.schema_hash != self.hash {
            return mismatch(format!(
                "schema hash 0x{:016x}, the type is registered with 0x{:016x}",
                info.schema_hash, self.hash
            ));
        }
        match &self.layout {
            Layout::Struct(shape) if info.stride == shape.size => Ok(()),
            Layout::Struct(shape) => {
                mismatch(format!("rows of {} bytes, {} has {}", info.stride, self.root, shape.size))
            }
            Layout::Table(_) => match self.verify_table(info.rows(frame), info.record_count) {
                Ok(()) => Ok(()),
                Err(detail) => mismatch(detail),
            },
        }
    }

    fn verify_table(&self, row: &[u8], count: usize) -> std::result::Result<(), String> {
        if count != 1 {
            return Err(format!("{count} rows: a frame of tables holds one {}", self.root));
        }
        let Some(source) = &self.source else { return Ok(()) };
        // SAFETY: `Schema::read` has passed these very bytes through the verifier, and nothing has
        // changed them since.
        let schema = unsafe { reflection::root_as_schema_unchecked(source.as_slice()) };
        let row = Aligned::copy(row);
        let options = flatbuffers::VerifierOptions {
            max_depth: 32,
            max_tables: 100_000,
            max_apparent_size: 8 * row.length + 1024,
            ..Default::default()
        };
        match SafeBuffer::new_with_options(row.as_slice(), &schema, &options) {
            Ok(_) => Ok(()),
            Err(error) => {
                let words: String = error.to_string().chars().take(300).collect();
                Err(format!("no {}: {words}", self.root))
            }
        }
    }
}

#[cfg(test)]
mod tests;
