//! Writing a frame in one pass.
//!
//! The tables before the rows have the same shape in every frame, so they are laid down by position:
//! header at 32, context at 64, the rows at 144 (152 for types registered at run time), everything
//! a multiple of 8. Equal parts give equal bytes. What other builders write is read just the same.
//!
//! ```text
//!   0 root │ 4 "APF1" │ 8 vtable of Frame │ 28 Frame: 32 header, 64 context, 104 records,
//! 108 extensions, 112 records_type │ 116 vtable of the member │ 124 (128) member │ rows │
//! blob or components │ extensions │ zeros to a multiple of 8
//! ```

use alphapulse_gen::layout::{
    FILE_IDENTIFIER, FrameContext, FrameFlag, FrameHeader, MessageType, Records, SourceType,
};
use alphapulse_gen::record::{Layout, as_bytes};

use super::checksum::checksum_at;
use super::error::{Reason, Result, refuse};
use super::shape::{
    CODEC_MASK, COMPONENT_STRIDE, MAGIC, MAX_FRAME, Second, VERSION, frame_slot, is_custom, record_of,
    second_of,
};
use super::{content, tlv};

/// What a frame is made of.
#[derive(Clone, Copy, Debug)]
pub struct FrameParts<'a> {
    pub message_type: u8,
    pub source: u8,
    /// Without codec bits.
    pub flags: u8,
    /// 0 for a new frame.
    pub sequence: u64,
    pub timestamp: u64,
    pub context: FrameContext,
    /// Whole records; may come in several runs, which are written one after the other.
    pub rows: &'a [&'a [u8]],
    /// Bytes of a row, for a type registered at run time; ignored for the others.
    pub stride: u32,
    pub schema_hash: u64,
    /// Only for record types that have one.
    pub blob: &'a [u8],
    /// Only for record types that have them.
    pub components: &'a [u8],
    /// Whole TLVs.
    pub extensions: &'a [u8],
}

impl FrameParts<'_> {
    fn rows_length(&self) -> usize {
        self.rows.iter().map(|run| run.len()).sum()
    }
}

/// A new frame.
pub fn encode(parts: &FrameParts<'_>) -> Result<Vec<u8>> {
    let mut frame = vec![0; encoded_len(parts)?];
    encode_into(parts, &mut frame)?;
    Ok(frame)
}

/// Bytes of the frame; checks everything about the parts but what the rows refer to.
pub fn encoded_len(parts: &FrameParts<'_>) -> Result<usize> {
    Ok(Plan::of(parts)?.length)
}

/// Write the frame into zeroed bytes, exactly [`encoded_len`] of them.
pub fn encode_into(parts: &FrameParts<'_>, out: &mut [u8]) -> Result<()> {
    let plan = Plan::of(parts)?;
    if out.len() != plan.length {
        return refuse(Reason::BadSize, 0, format!("the frame is {} bytes, not {}", plan.length, out.len()));
    }
    let mut at = plan.data;
    for run in parts.rows {
        out[at..at + run.len()].copy_from_slice(run);
        at += run.len();
    }
    content::check(&content::Content {
        message_type: MessageType(parts.message_type),
        rows: &out[plan.data..at],
        blob_length: parts.blob.len(),
        components_count: parts.components.len() / COMPONENT_STRIDE,
        extensions: parts.extensions,
    })?;
    let mut writer = Writer { out };
    writer.frame(parts, 0, plan.member, plan.member_table, plan.extensions, plan.rows_length);
    if is_custom(plan.member) {
        writer.custom_table(parts.stride, parts.schema_hash, plan.count);
    } else {
        writer.rows_table(plan.count, plan.second);
        if let Some(at) = plan.second {
            let (count, bytes) = match second_of(plan.member) {
                Second::Components => (parts.components.len() / COMPONENT_STRIDE, parts.components),
                _ => (parts.blob.len(), parts.blob),
            };
            writer.vector(at, count, bytes);
        }
    }
    writer.seal(parts, plan.extensions);
    Ok(())
}

/// A frame whose content has been compressed already.
pub fn encode_compressed(
    parts: &FrameParts<'_>,
    codec: u8,
    payload_size: usize,
    uncompressed_size: usize,
    data: &[u8],
) -> Result<Vec<u8>> {
    let Some(record) = record_of(parts.message_type) else { return unknown_type(parts.message_type) };
    let end = COMPRESSED_DATA + data.len();
    let (extensions, length) = tail(end, parts.extensions)?;
    let mut out = vec![0; length];
    let mut writer = Writer { out: &mut out };
    writer.frame(parts, codec, Records::COMPRESSED_ROWS.0, WIDE_TABLE, extensions, payload_size);
    writer.compressed_table(record.member, uncompressed_size);
    writer.vector(COMPRESSED_DATA - 4, data.len(), data);
    writer.seal(parts, extensions);
    Ok(out)
}

const FRAME_VTABLE: usize = 8;
const FRAME_TABLE: usize = 28;
const HEADER: usize = 32;
const CONTEXT: usize = 64;
const RECORDS: usize = 104;
const EXTENSIONS: usize = 108;
const RECORDS_TYPE: usize = 112;
const FRAME_END: usize = 116;

const MEMBER_VTABLE: usize = 116;
/// The member's table behind a vtable of up to two slots.
const NARROW_TABLE: usize = 124;
/// The same behind a vtable of three slots.
const WIDE_TABLE: usize = 128;
const ROWS: usize = 144;
const CUSTOM_DATA: usize = 152;
const COMPRESSED_DATA: usize = 148;

const fn align(at: usize, to: usize) -> usize {
    at.next_multiple_of(to)
}

/// Where the variable parts lie.
struct Plan {
    member: u8,
    member_table: usize,
    data: usize,
    rows_length: usize,
    /// Elements of the rows' vector.
    count: usize,
    /// Position of the length of the blob or of the components.
    second: Option<usize>,
    extensions: Option<usize>,
    length: usize,
}

impl Plan {
    fn of(parts: &FrameParts<'_>) -> Result<Self> {
        let Some(record) = record_of(parts.message_type) else { return unknown_type(parts.message_type) };
        if parts.flags & CODEC_MASK != 0 {
            return refuse(Reason::BadCompression, 0, "codec bits are set for rows that are not compressed");
        }
        let rows_length = parts.rows_length();
        let custom = is_custom(record.member);
        let stride = if custom { parts.stride as usize } else { record.stride };
        if stride == 0 || rows_length % stride != 0 {
            let detail =
                format!("{rows_length} bytes are no whole number of rows of {stride} ({})", record.name);
            return refuse(Reason::BadSize, 0, detail);
        }
        let rows = rows_length / stride;
        let data = if custom { CUSTOM_DATA } else { ROWS };
        // Each part fits a frame, so that no sum below overflows.
        for length in [rows_length, parts.blob.len(), parts.components.len(), parts.extensions.len()] {
            if length > MAX_FRAME {
                return too_large(length);
            }
        }
        let mut end = data + rows_length;
        let second = second_of(record.member);
        let second_at = if second == Second::Blob && !parts.blob.is_empty() {
            let at = align(end, 4);
            end = at + 4 + parts.blob.len();
            Some(at)
        } else if second == Second::Components && !parts.components.is_empty() {
            let at = align(end + 4, 8) - 4;
            end = at + 4 + parts.components.len();
            Some(at)
        } else {
            None
        };
        if second != Second::Blob && !parts.blob.is_empty() {
            return refuse(Reason::TypeMismatch, 0, format!("{} rows have no blob", record.name));
        }
        if second != Second::Components && !parts.components.is_empty() {
            return refuse(Reason::TypeMismatch, 0, format!("{} rows have no components", record.name));
        }
        if parts.components.len() % COMPONENT_STRIDE != 0 {
            let detail = format!("{} bytes are no whole components", parts.components.len());
            return refuse(Reason::BadSize, 0, detail);
        }
        let (extensions, length) = tail(end, parts.extensions)?;
        Ok(Self {
            member: record.member,
            member_table: if custom { WIDE_TABLE } else { NARROW_TABLE },
            data,
            rows_length,
            count: if custom { rows_length } else { rows },
            second: second_at,
            extensions,
            length,
        })
    }
}

/// Where the extensions go behind `end`, and the length of the frame.
fn tail(end: usize, extensions: &[u8]) -> Result<(Option<usize>, usize)> {
    tlv::check(extensions)?;
    let at = (!extensions.is_empty()).then(|| align(end, 4));
    let length = align(at.map_or(end, |at| at + 4 + extensions.len()), 8);
    if length > MAX_FRAME { too_large(length) } else { Ok((at, length)) }
}

fn unknown_type<T>(message_type: u8) -> Result<T> {
    refuse(Reason::BadType, 0, format!("message type {message_type} is not known"))
}

fn too_large<T>(length: usize) -> Result<T> {
    refuse(Reason::TooLarge, 0, format!("{length} bytes do not fit a frame of 2 GiB"))
}

struct Writer<'a> {
    out: &'a mut [u8],
}

impl Writer<'_> {
    fn bytes(&mut self, at: usize, bytes: &[u8]) {
        self.out[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn u16s<const N: usize>(&mut self, at: usize, values: [usize; N]) {
        for (i, value) in values.into_iter().enumerate() {
            // Positions within the prefix: far below 2¹⁶.
            self.bytes(at + 2 * i, &(value as u16).to_le_bytes());
        }
    }

    /// The plan keeps every length and position below 2³¹.
    fn u32(&mut self, at: usize, value: usize) {
        self.bytes(at, &(value as u32).to_le_bytes());
    }

    fn offset(&mut self, at: usize, target: usize) {
        self.u32(at, target - at);
    }

    fn frame(
        &mut self,
        parts: &FrameParts<'_>,
        codec: u8,
        tag: u8,
        member_table: usize,
        extensions: Option<usize>,
        payload_size: usize,
    ) {
        let header = FrameHeader {
            magic: MAGIC,
            message_type: MessageType(parts.message_type),
            version: VERSION,
            source: SourceType(parts.source),
            flags: FrameFlag(parts.flags | codec),
            payload_size: payload_size as u32,
            checksum: 0,
            sequence: parts.sequence,
            timestamp: parts.timestamp,
        };
        let mut slots = [0; frame_slot::COUNT];
        slots[frame_slot::HEADER] = HEADER - FRAME_TABLE;
        slots[frame_slot::CONTEXT] = CONTEXT - FRAME_TABLE;
        slots[frame_slot::RECORDS_TYPE] = RECORDS_TYPE - FRAME_TABLE;
        slots[frame_slot::RECORDS] = RECORDS - FRAME_TABLE;
        slots[frame_slot::EXTENSIONS] = if extensions.is_some() { EXTENSIONS - FRAME_TABLE } else { 0 };
        self.u32(0, FRAME_TABLE);
        self.bytes(4, &FILE_IDENTIFIER);
        self.u16s(FRAME_VTABLE, [4 + 2 * frame_slot::COUNT, FRAME_END - FRAME_TABLE]);
        self.u16s(FRAME_VTABLE + 4, slots);
        self.u32(FRAME_TABLE, FRAME_TABLE - FRAME_VTABLE);
        self.layout(HEADER, &header);
        self.layout(CONTEXT, &parts.context);
        self.offset(RECORDS, member_table);
        if let Some(at) = extensions {
            self.offset(EXTENSIONS, at);
        }
        self.out[RECORDS_TYPE] = tag;
    }

    fn layout<T: Layout>(&mut self, at: usize, value: &T) {
        self.bytes(at, as_bytes(std::slice::from_ref(value)));
    }

    fn rows_table(&mut self, count: usize, second: Option<usize>) {
        const ROWS_FIELD: usize = NARROW_TABLE + 4;
        const SECOND_FIELD: usize = NARROW_TABLE + 8;
        self.u32(NARROW_TABLE, NARROW_TABLE - MEMBER_VTABLE);
        self.offset(ROWS_FIELD, ROWS - 4);
        self.u32(ROWS - 4, count);
        if let Some(at) = second {
            self.u16s(MEMBER_VTABLE, [8, 12, ROWS_FIELD - NARROW_TABLE, SECOND_FIELD - NARROW_TABLE]);
            self.offset(SECOND_FIELD, at);
        } else {
            self.u16s(MEMBER_VTABLE, [6, 8, ROWS_FIELD - NARROW_TABLE]);
        }
    }

    fn custom_table(&mut self, stride: u32, schema_hash: u64, length: usize) {
        self.u16s(MEMBER_VTABLE, [10, 20, 4, 8, 16]);
        self.u32(WIDE_TABLE, WIDE_TABLE - MEMBER_VTABLE);
        self.u32(WIDE_TABLE + 4, stride as usize);
        self.bytes(WIDE_TABLE + 8, &schema_hash.to_le_bytes());
        self.offset(WIDE_TABLE + 16, CUSTOM_DATA - 4);
        self.u32(CUSTOM_DATA - 4, length);
    }

    fn compressed_table(&mut self, member: u8, uncompressed_size: usize) {
        self.u16s(MEMBER_VTABLE, [10, 16, 12, 4, 8]);
        self.u32(WIDE_TABLE, WIDE_TABLE - MEMBER_VTABLE);
        self.u32(WIDE_TABLE + 4, uncompressed_size);
        self.offset(WIDE_TABLE + 8, COMPRESSED_DATA - 4);
        self.out[WIDE_TABLE + 12] = member;
    }

    fn vector(&mut self, at: usize, count: usize, bytes: &[u8]) {
        self.u32(at, count);
        self.bytes(at + 4, bytes);
    }

    fn seal(&mut self, parts: &FrameParts<'_>, extensions: Option<usize>) {
        if let Some(at) = extensions {
            self.vector(at, parts.extensions.len(), parts.extensions);
        }
        let checksum = checksum_at(self.out, HEADER);
        self.bytes(HEADER + std::mem::offset_of!(FrameHeader, checksum), &checksum.to_le_bytes());
    }
}
