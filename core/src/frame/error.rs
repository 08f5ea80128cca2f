//! Why a frame is refused: a stable reason, the byte where it was seen, and words for people.

use std::borrow::Cow;
use std::fmt;

/// Stable codes; the number is what columns of a batch carry (0 is "no error").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Reason {
    /// Something reaches past the end of the bytes.
    Truncated = 1,
    BadIdentifier = 2,
    BadMagic = 3,
    BadVersion = 4,
    /// A message type that the schema does not have.
    BadType = 5,
    /// Message type, union member and compression flag do not agree.
    TypeMismatch = 6,
    BadSize = 7,
    BadChecksum = 8,
    BadTlv = 9,
    /// An offset that is misaligned, points backwards, is missing where one is required, or leads
    /// out of the part of the frame that it belongs to.
    BadOffset = 10,
    BadCompression = 11,
    TooLarge = 12,
    /// Rows that are not those of the schema that the type is registered with.
    SchemaMismatch = 13,
}

impl Reason {
    /// The code that services and clients see.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Truncated => "FRAME_TRUNCATED",
            Self::BadIdentifier => "FRAME_BAD_IDENTIFIER",
            Self::BadMagic => "FRAME_BAD_MAGIC",
            Self::BadVersion => "FRAME_BAD_VERSION",
            Self::BadType => "FRAME_BAD_TYPE",
            Self::TypeMismatch => "FRAME_TYPE_MISMATCH",
            Self::BadSize => "FRAME_BAD_SIZE",
            Self::BadChecksum => "FRAME_BAD_CHECKSUM",
            Self::BadTlv => "FRAME_BAD_TLV",
            Self::BadOffset => "FRAME_BAD_OFFSET",
            Self::BadCompression => "FRAME_BAD_COMPRESSION",
            Self::TooLarge => "FRAME_TOO_LARGE",
            Self::SchemaMismatch => "FRAME_SCHEMA_MISMATCH",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrameError {
    pub reason: Reason,
    /// Byte of the input.
    pub offset: usize,
    pub detail: Cow<'static, str>,
}

impl FrameError {
    #[must_use]
    pub fn new(reason: Reason, offset: usize, detail: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, offset, detail: detail.into() }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.reason.code(), self.offset, self.detail)
    }
}

impl std::error::Error for FrameError {}

pub type Result<T> = std::result::Result<T, FrameError>;

/// `Err` of a reason; keeps the checks readable.
pub(super) fn refuse<T>(reason: Reason, offset: usize, detail: impl Into<Cow<'static, str>>) -> Result<T> {
    Err(FrameError::new(reason, offset, detail))
}
