//! Frames side by side as field 1 of a protobuf message: how a producer sends them, and, once they
//! are stamped, how subscribers get them.
//!
//! A relay checks such a message once and then works with what [`split`] found; the bytes are copied
//! for the ring and for the subscribers, with the sequences stamped into the copies.

use std::mem::offset_of;

use alphapulse_gen::layout::FrameHeader;

use super::error::FrameError;
use super::verify::{inspect, verify};

/// Tag of field 1, wire type LEN.
const TAG: u8 = 0x0A;
/// A length of more than 32 bits is none.
const MAX_SHIFT: u32 = 28;
/// Frames of one message: more than 16 MiB hold of the smallest good ones. What is noted of a frame
/// takes more room than the two bytes of an empty one.
pub const MAX_FRAMES: usize = 1 << 17;

/// One frame within its message, and what a relay asks of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageFrame {
    /// Where its field begins: the tag.
    pub begin: u32,
    /// Where the frame itself begins.
    pub at: u32,
    pub length: u32,
    /// Of the sequence, from the frame's first byte.
    pub sequence_at: u32,
    pub records: u32,
    pub timestamp: u64,
    pub message_type: u8,
    pub flags: u8,
    pub trace_flags: u8,
}

impl MessageFrame {
    #[must_use]
    pub fn end(&self) -> usize {
        self.at as usize + self.length as usize
    }

    #[must_use]
    pub fn bytes<'a>(&self, message: &'a [u8]) -> &'a [u8] {
        &message[self.at as usize..self.end()]
    }

    /// Give the copy of the frame at the start of `copy` its sequence.
    pub fn stamp(&self, copy: &mut [u8], sequence: u64) {
        let at = self.sequence_at as usize;
        copy[at..at + 8].copy_from_slice(&sequence.to_le_bytes());
    }
}

/// What stands before each frame in an entry of a relay's ring; 32 bytes, so that frames stay aligned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryPrefix {
    pub producer_id: u64,
    pub producer_sequence: u64,
    pub received_ns: u64,
    pub message_type: u8,
    pub flags: u8,
    pub trace_flags: u8,
    pub record_count: u32,
}

impl EntryPrefix {
    pub const BYTES: usize = 32;
    pub const RECORDS_AT: usize = 28;

    #[must_use]
    pub fn of(frame: &MessageFrame, producer_id: u64, producer_sequence: u64, received_ns: u64) -> Self {
        EntryPrefix {
            producer_id,
            producer_sequence,
            received_ns,
            message_type: frame.message_type,
            flags: frame.flags,
            trace_flags: frame.trace_flags,
            record_count: frame.records,
        }
    }

    #[must_use]
    pub fn bytes(&self) -> [u8; Self::BYTES] {
        let mut bytes = [0; Self::BYTES];
        bytes[0..8].copy_from_slice(&self.producer_id.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.producer_sequence.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.received_ns.to_le_bytes());
        bytes[24..27].copy_from_slice(&[self.message_type, self.flags, self.trace_flags]);
        bytes[28..32].copy_from_slice(&self.record_count.to_le_bytes());
        bytes
    }
}

/// Where the frames lie: the leading occurrences of field 1, and where the other fields begin.
///
/// # Errors
/// The byte at which the message breaks: there is no whole field, or one more than [`MAX_FRAMES`].
pub fn split(message: &[u8]) -> Result<(Vec<MessageFrame>, usize), usize> {
    let mut frames = Vec::new();
    let mut position = 0;
    while message.get(position) == Some(&TAG) {
        let broken = position;
        if frames.len() == MAX_FRAMES {
            return Err(broken);
        }
        let (mut size, mut shift) = (0usize, 0);
        let mut at = position + 1;
        loop {
            let byte = *message.get(at).filter(|_| shift <= MAX_SHIFT).ok_or(broken)?;
            at += 1;
            size |= usize::from(byte & 0x7F) << shift;
            if byte < 0x80 {
                break;
            }
            shift += 7;
        }
        let end = at.checked_add(size).filter(|end| *end <= message.len()).ok_or(broken)?;
        let fit = |value: usize| u32::try_from(value).map_err(|_| broken);
        frames.push(MessageFrame {
            begin: fit(position)?,
            at: fit(at)?,
            length: fit(end)? - fit(at)?,
            ..MessageFrame::default()
        });
        position = end;
    }
    Ok((frames, position))
}

/// Check every frame and note what it says of itself; returns those that are refused, by index.
pub fn check(message: &[u8], frames: &mut [MessageFrame], checksum: bool) -> Vec<(usize, FrameError)> {
    let look = if checksum { verify } else { inspect };
    let mut refused = Vec::new();
    for (index, frame) in frames.iter_mut().enumerate() {
        match look(frame.bytes(message)) {
            Ok(info) => {
                // A frame is below 2³¹ bytes.
                frame.sequence_at = (info.header_offset + offset_of!(FrameHeader, sequence)) as u32;
                frame.records = info.record_count as u32;
                frame.timestamp = info.header.timestamp;
                frame.message_type = info.header.message_type.0;
                frame.flags = info.header.flags.0;
                frame.trace_flags = info.context.trace_flags;
            }
            Err(error) => refused.push((index, error)),
        }
    }
    refused
}

/// Copy the fields of good `frames` to the start of `into`, stamped from `first_sequence` on; returns
/// the bytes written. `into` is at least as long as their fields.
pub fn copy_stamped(message: &[u8], frames: &[MessageFrame], first_sequence: u64, into: &mut [u8]) -> usize {
    let (Some(first), Some(last)) = (frames.first(), frames.last()) else { return 0 };
    let begin = first.begin as usize;
    let length = last.end() - begin;
    into[..length].copy_from_slice(&message[begin..last.end()]);
    for (frame, sequence) in frames.iter().zip(first_sequence..) {
        frame.stamp(&mut into[frame.at as usize - begin..length], sequence);
    }
    length
}
