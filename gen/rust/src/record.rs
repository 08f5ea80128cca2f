//! Rows read in place: what ties the generated layouts to runs of bytes.

use crate::layout::{MessageType, RECORDS};

/// A value that is its bytes.
///
/// # Safety
/// The type is `repr(C)`, holds integers only, has no padding byte, and its size and alignment are
/// those of the FlatBuffers struct `NAME`: then every run of `size_of::<Self>()` bytes is a value.
pub unsafe trait Layout: Copy + Default + 'static {
    /// The struct's name in the schema.
    const NAME: &'static str;
}

/// A row of the frame's union of record vectors.
pub trait Record: Layout {
    /// The type on the wire; `None` for rows that travel only inside an RPC answer.
    const MESSAGE_TYPE: Option<MessageType>;
    /// The tag in the frame's union.
    const MEMBER: u8;
}

/// One member of the frame's union of record vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordType {
    pub name: &'static str,
    /// `None` for rows that travel only inside an RPC answer.
    pub message_type: Option<MessageType>,
    pub member: u8,
    /// Bytes of a row; 0 where the layout is registered at run time.
    pub stride: usize,
    /// Where a row holds instrument ids, for filters that do not know the type.
    pub instrument_offsets: &'static [usize],
}

const NONE: u8 = u8::MAX;

/// Message type -> index into [`RECORDS`].
const INDEX: [u8; 256] = {
    let mut index = [NONE; 256];
    let mut i = 0;
    while i < RECORDS.len() {
        if let Some(message_type) = RECORDS[i].message_type {
            index[message_type.0 as usize] = i as u8;
        }
        i += 1;
    }
    index
};

/// The record type that a message type carries. Types of 200-255 are all the envelope of types
/// registered at run time; a number that the schema does not have is `None`.
#[must_use]
pub const fn record_type(message_type: MessageType) -> Option<&'static RecordType> {
    let number = if message_type.0 >= MessageType::CUSTOM.0 {
        MessageType::CUSTOM.0
    } else {
        message_type.0
    };
    match INDEX[number as usize] {
        NONE => None,
        i => Some(&RECORDS[i as usize]),
    }
}

/// The rows of `bytes`, in place. `None` where the length is no multiple of the stride or the
/// address is not aligned for `T`.
#[must_use]
pub fn rows<T: Layout>(bytes: &[u8]) -> Option<&[T]> {
    let stride = size_of::<T>();
    if bytes.len() % stride != 0 || !bytes.as_ptr().cast::<T>().is_aligned() {
        return None;
    }
    // SAFETY: the pointer is aligned and valid for `len` bytes, which are whole values of `T`;
    // every bit pattern is a value of a `Layout`; the borrow keeps the bytes unchanged.
    Some(unsafe { core::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len() / stride) })
}

/// One value read from the front of `bytes`, aligned or not. `None` where they are too few.
#[must_use]
pub fn read<T: Layout>(bytes: &[u8]) -> Option<T> {
    if bytes.len() < size_of::<T>() {
        return None;
    }
    // SAFETY: enough bytes, unaligned read, every bit pattern is a value of a `Layout`.
    Some(unsafe { bytes.as_ptr().cast::<T>().read_unaligned() })
}

/// The bytes of `rows`, in place.
#[must_use]
pub fn as_bytes<T: Layout>(rows: &[T]) -> &[u8] {
    // SAFETY: a `Layout` has no padding byte, so all of the slice's bytes are initialised.
    unsafe { core::slice::from_raw_parts(rows.as_ptr().cast(), size_of_val(rows)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::{Side, Trade};

    fn trades() -> Vec<Trade> {
        (1..=3)
            .map(|i| Trade {
                price: -i,
                side: Side::SELL,
                ..Trade::default()
            })
            .collect()
    }

    #[test]
    fn rows_of_bytes_are_the_same_rows() {
        let trades = trades();
        let bytes = as_bytes(&trades);
        assert_eq!(bytes.len(), 3 * 64);
        assert_eq!(rows::<Trade>(bytes), Some(&trades[..]));
        assert_eq!(read::<Trade>(&bytes[64..]), Some(trades[1]));
    }

    #[test]
    fn broken_runs_are_refused() {
        let trades = trades();
        let bytes = as_bytes(&trades);
        assert_eq!(rows::<Trade>(&bytes[..100]), None);
        assert_eq!(rows::<Trade>(&bytes[1..65]), None, "misaligned");
        assert_eq!(read::<Trade>(&bytes[..63]), None);
    }

    #[test]
    fn every_message_type_finds_its_record() {
        for record in &RECORDS {
            if let Some(message_type) = record.message_type {
                assert_eq!(record_type(message_type), Some(record));
            }
        }
        assert_eq!(
            record_type(MessageType(255)).map(|r| r.name),
            Some("Custom")
        );
        assert_eq!(record_type(MessageType::NONE), None);
        assert_eq!(record_type(MessageType(199)), None);
    }
}
