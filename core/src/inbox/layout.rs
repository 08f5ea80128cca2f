//! The bytes of an inbox. `docs/inbox-layout.md` says the same for people.

use std::sync::atomic::{AtomicU32, AtomicU64};

/// Of the file and of the messages in it.
pub const LAYOUT_VERSION: u32 = 1;
pub const MAGIC: [u8; 8] = *b"APULINBX";
pub const PAGE: usize = 4096;
/// Words of both sides.
pub const WORDS_AT: usize = PAGE;
/// Slots down.
pub const REPORTS_AT: usize = 2 * PAGE;
pub const REPORTS: u64 = 128;
pub const REPORT_BYTES: usize = 256;
/// Bytes up.
pub const DATA_AT: usize = REPORTS_AT + REPORTS as usize * REPORT_BYTES;
pub const MIN_CAPACITY: usize = 64 << 10;
pub const MAX_CAPACITY: usize = 64 << 20;

/// Before each message: its bytes (u32), 0 (u32), the producer's number of its first frame (u64).
pub const MESSAGE_HEADER: usize = 16;
/// Messages start on multiples of it.
pub const ALIGN: usize = 64;
/// Bytes of one message, unless it is a single frame: so that many producers get their turns.
pub const MAX_MESSAGE: usize = 1 << 20;

pub const OPEN: u32 = 1;
pub const CLOSED: u32 = 2;

/// What a message of `length` bytes takes.
pub fn span(length: usize) -> usize {
    (MESSAGE_HEADER + length).next_multiple_of(ALIGN)
}

/// Written once by the relay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Identity {
    pub magic: [u8; 8],
    pub version: u32,
    pub reserved: u32,
    pub capacity: u64,
    pub incarnation: u64,
}

/// The words, in groups that one side writes and the other reads, 128 bytes apart.
#[repr(C)]
pub struct Words {
    pub up: Up,
    pub down: Down,
    pub read: Read,
    pub sleep: Sleep,
}

/// By the producer.
#[repr(C, align(128))]
pub struct Up {
    /// Bytes written so far.
    pub written: AtomicU64,
}

/// By the relay.
#[repr(C, align(128))]
pub struct Down {
    /// Bytes taken so far.
    pub taken: AtomicU64,
    /// Every frame up to this number is in the ring, was there already, or is refused and reported.
    pub acknowledged: AtomicU64,
    /// Sequence in the domain of the last frame taken.
    pub relay_sequence: AtomicU64,
    /// Frames that were there already.
    pub duplicates: AtomicU64,
    /// Reports written so far.
    pub reports: AtomicU64,
    /// [`OPEN`] or [`CLOSED`].
    pub state: AtomicU32,
}

/// By the producer.
#[repr(C, align(128))]
pub struct Read {
    /// Reports read so far.
    pub reports: AtomicU64,
}

/// Set by who is about to sleep, taken by who wakes them.
#[repr(C, align(128))]
pub struct Sleep {
    pub relay: AtomicU32,
    pub producer: AtomicU32,
    /// Futex of the producer; the relay's is the doorbell.
    pub progress: AtomicU32,
}

const _: () = assert!(size_of::<Words>() <= PAGE && size_of::<Identity>() == 32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReportKind {
    /// A frame was refused.
    Refused,
    /// Numbers that never came.
    Missed,
}

/// What the relay tells a producer of its frames, beside acknowledging them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    pub kind: ReportKind,
    /// The producer's number; with [`ReportKind::Missed`], the first.
    pub number: u64,
    /// The last number; otherwise `number`.
    pub last: u64,
    /// Byte at which the frame is wrong.
    pub offset: u32,
    pub reason: String,
    pub message: String,
}

const REASON_AT: usize = 24;
const REASON_BYTES: usize = 40;
const MESSAGE_AT: usize = REASON_AT + REASON_BYTES;

impl Report {
    pub fn refused(number: u64, reason: &str, offset: usize, message: String) -> Self {
        let offset = u32::try_from(offset).unwrap_or(u32::MAX);
        Report { kind: ReportKind::Refused, number, last: number, offset, reason: reason.into(), message }
    }

    pub fn missed(first: u64, last: u64) -> Self {
        let (reason, message) = (String::new(), String::new());
        Report { kind: ReportKind::Missed, number: first, last, offset: 0, reason, message }
    }

    /// Texts that do not fit are cut.
    pub fn bytes(&self) -> [u8; REPORT_BYTES] {
        let mut bytes = [0; REPORT_BYTES];
        bytes[0] = match self.kind {
            ReportKind::Refused => 1,
            ReportKind::Missed => 2,
        };
        bytes[4..8].copy_from_slice(&self.offset.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.number.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.last.to_le_bytes());
        put_text(&mut bytes[REASON_AT..MESSAGE_AT], &self.reason);
        put_text(&mut bytes[MESSAGE_AT..], &self.message);
        bytes
    }

    pub fn read(bytes: &[u8; REPORT_BYTES]) -> Self {
        let word = |at: usize| u64::from_le_bytes(std::array::from_fn(|i| bytes[at + i]));
        Report {
            kind: if bytes[0] == 2 { ReportKind::Missed } else { ReportKind::Refused },
            number: word(8),
            last: word(16),
            offset: (word(0) >> 32) as u32,
            reason: text(&bytes[REASON_AT..MESSAGE_AT]),
            message: text(&bytes[MESSAGE_AT..]),
        }
    }
}

fn put_text(into: &mut [u8], text: &str) {
    let mut length = text.len().min(into.len());
    while !text.is_char_boundary(length) {
        length -= 1;
    }
    into[..length].copy_from_slice(&text.as_bytes()[..length]);
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}
