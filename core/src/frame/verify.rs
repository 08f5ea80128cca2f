//! Reading a frame in place, for bytes that nobody vouches for.
//!
//! Every offset is checked before it is followed; nothing is allocated in proportion to what the
//! bytes claim. Builders of all languages are accepted: tables, vtables and vectors may lie in any
//! order with any padding, as long as they are where FlatBuffers allows them.

use alphapulse_gen::layout::{FILE_IDENTIFIER, FrameContext, FrameHeader, Records};
use alphapulse_gen::record::{RecordType, read};

use super::checksum::checksum_at;
use super::error::{Reason, Result, refuse};
use super::shape::{
    CODEC_MASK, COMPONENT_STRIDE, MAGIC, MAX_FRAME, ROW_ALIGN, Second, VERSION, compressed_slot, custom_slot,
    frame_slot, is_custom, record_of, rows_slot, second_of,
};
use super::{content, tlv};

/// What a frame says about itself; offsets and lengths are bytes of the frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameInfo {
    pub header: FrameHeader,
    pub context: FrameContext,
    pub header_offset: usize,
    /// What the rows are, also when they are compressed.
    pub record: &'static RecordType,
    /// Bytes of a row; 0 for a compressed frame of a type registered at run time.
    pub stride: usize,
    pub record_count: usize,
    /// Start of the rows; 0 where there are none in place.
    pub rows_offset: usize,
    pub rows_length: usize,
    pub schema_hash: u64,
    pub blob_offset: usize,
    pub blob_length: usize,
    pub components_offset: usize,
    pub components_count: usize,
    pub extensions_offset: usize,
    pub extensions_length: usize,
    pub compressed: bool,
    pub compressed_offset: usize,
    pub compressed_length: usize,
    pub uncompressed_size: usize,
}

impl FrameInfo {
    #[must_use]
    pub fn codec(&self) -> u8 {
        self.header.flags.0 & CODEC_MASK
    }

    #[must_use]
    pub fn priority(&self) -> u8 {
        (self.header.flags.0 >> 2) & 0b11
    }

    #[must_use]
    pub fn rows<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        &frame[self.rows_offset..self.rows_offset + self.rows_length]
    }

    #[must_use]
    pub fn blob<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        &frame[self.blob_offset..self.blob_offset + self.blob_length]
    }

    #[must_use]
    pub fn components<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        &frame[self.components_offset..self.components_offset + self.components_count * COMPONENT_STRIDE]
    }

    #[must_use]
    pub fn extensions<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        &frame[self.extensions_offset..self.extensions_offset + self.extensions_length]
    }

    #[must_use]
    pub fn compressed_data<'a>(&self, frame: &'a [u8]) -> &'a [u8] {
        &frame[self.compressed_offset..self.compressed_offset + self.compressed_length]
    }
}

/// [`inspect`], and the checksum.
pub fn verify(frame: &[u8]) -> Result<FrameInfo> {
    let info = inspect(frame)?;
    let found = checksum_at(frame, info.header_offset);
    if found != info.header.checksum {
        let at = info.header_offset + std::mem::offset_of!(FrameHeader, checksum);
        let detail = format!("checksum is 0x{:08X}, the bytes give 0x{found:08X}", info.header.checksum);
        return refuse(Reason::BadChecksum, at, detail);
    }
    Ok(info)
}

/// Check the whole structure, not the checksum.
pub fn inspect(frame: &[u8]) -> Result<FrameInfo> {
    let root = root_table(frame)?;
    let header_offset = root.required(frame_slot::HEADER, size_of::<FrameHeader>(), 8, "header")?;
    let context_offset = root.required(frame_slot::CONTEXT, size_of::<FrameContext>(), 8, "context")?;
    let header: FrameHeader = read(&frame[header_offset..]).unwrap_or_default();
    let record = check_header(&header, header_offset)?;

    let tag = root.scalar::<1>(frame_slot::RECORDS_TYPE)?[0];
    let codec = header.flags.0 & CODEC_MASK;
    let expected = if codec == 0 { record.member } else { Records::COMPRESSED_ROWS.0 };
    if tag != expected {
        let detail = format!(
            "message type {} with codec {codec} needs the union member {}, not {}",
            header.message_type.0,
            Records(expected).name().unwrap_or("?"),
            Records(tag).name().unwrap_or("?"),
        );
        return refuse(Reason::TypeMismatch, header_offset, detail);
    }
    let (extensions_offset, extensions_length) = root.vector(frame_slot::EXTENSIONS, 1, 1)?;

    let mut info = FrameInfo {
        header,
        context: read(&frame[context_offset..]).unwrap_or_default(),
        header_offset,
        record,
        stride: record.stride,
        record_count: 0,
        rows_offset: 0,
        rows_length: 0,
        schema_hash: 0,
        blob_offset: 0,
        blob_length: 0,
        components_offset: 0,
        components_count: 0,
        extensions_offset,
        extensions_length,
        compressed: codec != 0,
        compressed_offset: 0,
        compressed_length: 0,
        uncompressed_size: 0,
    };
    let Some(field) = root.field(frame_slot::RECORDS, 4, 4)? else {
        return refuse(Reason::BadOffset, root.position, "the frame has no records");
    };
    let member = Table::at(frame, follow(frame, field)?)?;
    if info.compressed {
        read_compressed(&member, &mut info)?;
    } else if is_custom(record.member) {
        read_custom(&member, &mut info)?;
    } else {
        read_rows(&member, &mut info)?;
    }

    if let Err(mut error) = tlv::check(info.extensions(frame)) {
        error.offset += extensions_offset;
        return Err(error);
    }
    if !info.compressed {
        let parts = content::Content {
            message_type: header.message_type,
            rows: info.rows(frame),
            blob_length: info.blob_length,
            components_count: info.components_count,
            extensions: info.extensions(frame),
        };
        if let Err(mut error) = content::check(&parts) {
            error.offset += info.rows_offset;
            return Err(error);
        }
    }
    Ok(info)
}

fn check_header(header: &FrameHeader, at: usize) -> Result<&'static RecordType> {
    if header.magic != MAGIC {
        return refuse(Reason::BadMagic, at, format!("magic is 0x{:08X}, not 0xDEADBEEF", header.magic));
    }
    if header.version != VERSION {
        let at = at + std::mem::offset_of!(FrameHeader, version);
        return refuse(Reason::BadVersion, at, format!("version {} is not known", header.version));
    }
    let Some(record) = record_of(header.message_type.0) else {
        let at = at + std::mem::offset_of!(FrameHeader, message_type);
        return refuse(Reason::BadType, at, format!("message type {} is not known", header.message_type.0));
    };
    Ok(record)
}

fn check_payload(info: &FrameInfo, rows_length: usize) -> Result<()> {
    if info.header.payload_size as usize == rows_length {
        return Ok(());
    }
    let at = info.header_offset + std::mem::offset_of!(FrameHeader, payload_size);
    let detail = format!("payload_size is {}, the rows are {rows_length} bytes", info.header.payload_size);
    refuse(Reason::BadSize, at, detail)
}

fn read_rows(table: &Table<'_>, info: &mut FrameInfo) -> Result<()> {
    (info.rows_offset, info.record_count) = table.vector(rows_slot::ROWS, info.stride, ROW_ALIGN)?;
    info.rows_length = info.record_count * info.stride;
    check_payload(info, info.rows_length)?;
    match second_of(info.record.member) {
        Second::None => {}
        Second::Blob => (info.blob_offset, info.blob_length) = table.vector(rows_slot::SECOND, 1, 1)?,
        Second::Components => {
            (info.components_offset, info.components_count) =
                table.vector(rows_slot::SECOND, COMPONENT_STRIDE, ROW_ALIGN)?;
        }
    }
    Ok(())
}

fn read_custom(table: &Table<'_>, info: &mut FrameInfo) -> Result<()> {
    info.stride = u32::from_le_bytes(table.scalar(custom_slot::STRIDE)?) as usize;
    info.schema_hash = u64::from_le_bytes(table.scalar(custom_slot::SCHEMA_HASH)?);
    (info.rows_offset, info.rows_length) = table.vector(custom_slot::DATA, 1, ROW_ALIGN)?;
    check_payload(info, info.rows_length)?;
    if info.stride == 0 || info.rows_length % info.stride != 0 {
        let detail = format!("{} bytes are no whole number of rows of {}", info.rows_length, info.stride);
        return refuse(Reason::BadSize, table.position, detail);
    }
    info.record_count = info.rows_length / info.stride;
    Ok(())
}

/// Bytes behind the rows in the compressed content of a type registered at run time: its stride
/// (u32), four zero bytes, its schema hash (u64).
pub const CUSTOM_TRAILER: usize = 16;

fn read_compressed(table: &Table<'_>, info: &mut FrameInfo) -> Result<()> {
    let member = table.scalar::<1>(compressed_slot::MEMBER)?[0];
    if member != info.record.member {
        let detail = format!(
            "message type {} needs the union member {}, not {member}",
            info.header.message_type.0, info.record.member
        );
        return refuse(Reason::TypeMismatch, table.position, detail);
    }
    let size = u32::from_le_bytes(table.scalar(compressed_slot::UNCOMPRESSED_SIZE)?) as usize;
    (info.compressed_offset, info.compressed_length) = table.vector(compressed_slot::DATA, 1, 1)?;
    info.uncompressed_size = size;
    let rows = info.header.payload_size as usize;
    let rest = size.checked_sub(rows);
    let fits = if is_custom(member) {
        rest == Some(CUSTOM_TRAILER)
    } else {
        rows % info.stride == 0
            && match second_of(member) {
                Second::None => rest == Some(0),
                Second::Blob => rest.is_some(),
                Second::Components => rest.is_some_and(|rest| rest % COMPONENT_STRIDE == 0),
            }
    };
    if !fits {
        let detail = format!("payload_size {rows} and uncompressed_size {size} do not agree");
        return refuse(Reason::BadSize, table.position, detail);
    }
    info.record_count = rows.checked_div(info.stride).unwrap_or(0);
    Ok(())
}

// ------------------------------------------------------------------------------ FlatBuffers, checked

/// The four bytes at `at`, which the caller has checked.
pub fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    u32::from_le_bytes(word)
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// The table at the root, with length and identifier checked.
pub fn root_table(frame: &[u8]) -> Result<Table<'_>> {
    if frame.len() < 8 {
        let detail = format!("{} bytes are too few for a frame", frame.len());
        return refuse(Reason::Truncated, frame.len(), detail);
    }
    if frame.len() > MAX_FRAME {
        return refuse(Reason::TooLarge, 0, format!("{} bytes are more than 2 GiB", frame.len()));
    }
    if frame[4..8] != FILE_IDENTIFIER {
        return refuse(Reason::BadIdentifier, 4, "the file identifier is not that of a frame");
    }
    let root = u32_at(frame, 0) as usize;
    if root < 8 {
        return refuse(Reason::BadOffset, 0, "the root points into the first eight bytes");
    }
    Table::at(frame, root)
}

/// Where the 32-bit offset at `at` (checked) leads.
fn follow(frame: &[u8], at: usize) -> Result<usize> {
    let offset = u32_at(frame, at) as usize;
    if offset == 0 {
        return refuse(Reason::BadOffset, at, "an offset of zero");
    }
    // No overflow: both are below 2³².
    let target = at + offset;
    if target + 4 > frame.len() {
        let detail = format!("an offset leads to byte {target} of {}", frame.len());
        return refuse(Reason::Truncated, at, detail);
    }
    if target % 4 != 0 {
        return refuse(Reason::BadOffset, at, format!("an offset leads to byte {target}, not aligned to 4"));
    }
    Ok(target)
}

/// A table whose vtable lies within the bytes.
pub struct Table<'a> {
    bytes: &'a [u8],
    pub position: usize,
    vtable: usize,
    /// Entries of the vtable.
    slots: usize,
    /// Bytes of the table's inline part.
    size: usize,
}

impl<'a> Table<'a> {
    pub fn at(bytes: &'a [u8], position: usize) -> Result<Self> {
        let length = bytes.len();
        if position + 4 > length {
            let detail = format!("a table at byte {position} of {length}");
            return refuse(Reason::Truncated, position.min(length), detail);
        }
        if position % 4 != 0 {
            return refuse(Reason::BadOffset, position, "a table that is not aligned to 4");
        }
        // The vtable may lie on either side: a signed distance, and both are below 2³¹.
        let back = u32_at(bytes, position) as i32;
        let vtable = position as i64 - i64::from(back);
        let Ok(vtable) = usize::try_from(vtable) else {
            return refuse(Reason::BadOffset, position, "a vtable before the start");
        };
        if vtable + 4 > length {
            return refuse(Reason::Truncated, position, format!("a vtable at byte {vtable} of {length}"));
        }
        let vtable_size = usize::from(u16_at(bytes, vtable));
        let size = usize::from(u16_at(bytes, vtable + 2));
        if vtable % 2 != 0 || vtable_size % 2 != 0 || vtable_size < 4 || size < 4 {
            return refuse(Reason::BadOffset, vtable, "a vtable that is misaligned or too short");
        }
        if vtable + vtable_size > length || position + size > length {
            return refuse(Reason::Truncated, position, "a table that reaches past the end");
        }
        Ok(Self { bytes, position, vtable, slots: (vtable_size - 4) / 2, size })
    }

    /// Position of a field of `size` bytes; `None` where the builder left it out.
    pub fn field(&self, slot: usize, size: usize, align: usize) -> Result<Option<usize>> {
        if slot >= self.slots {
            return Ok(None);
        }
        let entry = self.vtable + 4 + 2 * slot;
        let offset = usize::from(u16_at(self.bytes, entry));
        if offset == 0 {
            return Ok(None);
        }
        let at = self.position + offset;
        if offset < 4 || offset + size > self.size || at % align != 0 {
            return refuse(
                Reason::BadOffset,
                entry,
                format!("field {slot} is misaligned or outside its table"),
            );
        }
        Ok(Some(at))
    }

    pub fn required(&self, slot: usize, size: usize, align: usize, name: &'static str) -> Result<usize> {
        match self.field(slot, size, align)? {
            Some(at) => Ok(at),
            None => refuse(Reason::BadOffset, self.position, format!("the frame has no {name}")),
        }
    }

    /// A number of `N` bytes, aligned to its size; zero where the builder left it out.
    fn scalar<const N: usize>(&self, slot: usize) -> Result<[u8; N]> {
        let mut value = [0; N];
        if let Some(at) = self.field(slot, N, N)? {
            value.copy_from_slice(&self.bytes[at..at + N]);
        }
        Ok(value)
    }

    /// (start, count) of a vector; (0, 0) where the builder left it out or it is empty.
    fn vector(&self, slot: usize, stride: usize, align: usize) -> Result<(usize, usize)> {
        let Some(field) = self.field(slot, 4, 4)? else { return Ok((0, 0)) };
        let at = follow(self.bytes, field)?;
        let (start, count) = (at + 4, u32_at(self.bytes, at) as usize);
        if count == 0 {
            return Ok((0, 0));
        }
        if start % align != 0 {
            return refuse(
                Reason::BadOffset,
                at,
                format!("a vector at byte {start}, not aligned to {align}"),
            );
        }
        // No overflow: a count below 2³² times a stride that is a constant or 1.
        if (self.bytes.len() - start) / stride < count {
            let detail =
                format!("a vector of {count} × {stride} bytes, {} are left", self.bytes.len() - start);
            return refuse(Reason::Truncated, at, detail);
        }
        Ok((start, count))
    }
}
