//! Facts about the frame's tables that the generated record layouts do not tell: slots, and which
//! record vectors have a second vector beside them. A test holds them against flatc's own constants.

use alphapulse_gen::layout::{MessageType, RECORDS, Records, SyntheticComponent};
use alphapulse_gen::record::{RecordType, record_type};

/// FlatBuffers offsets are 32-bit and signed ones are in use.
pub const MAX_FRAME: usize = i32::MAX as usize;

pub const MAGIC: u32 = 0xDEAD_BEEF;
pub const VERSION: u8 = 1;
/// The codec bits of the header's flags.
pub const CODEC_MASK: u8 = 0b11;

/// Every record holds a 64-bit word, so every vector of records is aligned to 8.
pub const ROW_ALIGN: usize = 8;
pub const COMPONENT_STRIDE: usize = size_of::<SyntheticComponent>();

/// Slots of the table `Frame`.
pub mod frame_slot {
    pub const HEADER: usize = 0;
    pub const CONTEXT: usize = 1;
    pub const RECORDS_TYPE: usize = 2;
    pub const RECORDS: usize = 3;
    pub const EXTENSIONS: usize = 4;
    pub const COUNT: usize = 5;
}

/// Slots of every table of built-in rows; the second one only where [`Second`] says so.
pub mod rows_slot {
    pub const ROWS: usize = 0;
    pub const SECOND: usize = 1;
}

/// Slots of `CustomRows`.
pub mod custom_slot {
    pub const STRIDE: usize = 0;
    pub const SCHEMA_HASH: usize = 1;
    pub const DATA: usize = 2;
}

/// Slots of `CompressedRows`.
pub mod compressed_slot {
    pub const MEMBER: usize = 0;
    pub const UNCOMPRESSED_SIZE: usize = 1;
    pub const DATA: usize = 2;
}

/// The vector beside the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    None,
    Blob,
    Components,
}

#[must_use]
pub const fn second_of(member: u8) -> Second {
    match Records(member) {
        Records::INSTRUMENT_DISCOVERED_ROWS
        | Records::INSTRUMENT_DISCOVERY_ROWS
        | Records::SYSTEM_ERROR_ROWS
        | Records::CONFIG_UPDATE_ROWS
        | Records::CONFIG_RESULT_ROWS => Second::Blob,
        Records::SYNTHETIC_UPDATE_ROWS => Second::Components,
        _ => Second::None,
    }
}

const fn find(member: u8) -> &'static RecordType {
    let mut i = 0;
    while i < RECORDS.len() {
        if RECORDS[i].member == member {
            return &RECORDS[i];
        }
        i += 1;
    }
    panic!("the schema has this member")
}

static REGISTRY_RECORD: &RecordType = find(Records::INSTRUMENT_RECORD_ROWS.0);

/// The record of a message type; type 0 is the registry's record, which travels in RPC answers only.
#[must_use]
pub fn record_of(message_type: u8) -> Option<&'static RecordType> {
    if message_type == MessageType::NONE.0 {
        Some(REGISTRY_RECORD)
    } else {
        record_type(MessageType(message_type))
    }
}

#[must_use]
pub const fn is_custom(member: u8) -> bool {
    member == Records::CUSTOM_ROWS.0
}
