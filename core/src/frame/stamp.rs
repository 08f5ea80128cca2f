//! The sequence, written in place: the only bytes of a frame that change on its way.

use alphapulse_gen::layout::FrameHeader;

use super::error::{Reason, Result, refuse};
use super::shape::{MAGIC, frame_slot};
use super::verify::{root_table, u32_at};

/// Start of the header, found through the frame's own tables and checked to be one.
pub fn header_offset(frame: &[u8]) -> Result<usize> {
    let header = root_table(frame)?.required(frame_slot::HEADER, size_of::<FrameHeader>(), 8, "header")?;
    let magic = u32_at(frame, header);
    if magic != MAGIC {
        return refuse(Reason::BadMagic, header, format!("magic is 0x{magic:08X}, not 0xDEADBEEF"));
    }
    Ok(header)
}

/// Give the frame at the start of `buffer` its sequence. The checksum does not cover it.
pub fn stamp(buffer: &mut [u8], sequence: u64) -> Result<()> {
    let at = header_offset(buffer)? + std::mem::offset_of!(FrameHeader, sequence);
    buffer[at..at + 8].copy_from_slice(&sequence.to_le_bytes());
    Ok(())
}
