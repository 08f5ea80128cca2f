//! CRC-32 (IEEE) over a frame with the fields that a relay stamps taken as zero.

use std::ops::Range;

use super::error::Result;
use super::stamp::header_offset;

/// `checksum` and `sequence` lie side by side in the header.
pub const STAMPED: Range<usize> = 12..24;

/// The checksum that the frame should carry. The header may lie anywhere, as its builder left it.
pub fn checksum(frame: &[u8]) -> Result<u32> {
    Ok(checksum_at(frame, header_offset(frame)?))
}

/// [`checksum`] where the start of the header is known to be in bounds.
pub fn checksum_at(frame: &[u8], header: usize) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&frame[..header + STAMPED.start]);
    hasher.update(&[0; STAMPED.end - STAMPED.start]);
    hasher.update(&frame[header + STAMPED.end..]);
    hasher.finalize()
}
