//! Compression of a frame's rows: LZ4 (block format), Zstd, Snappy (raw format).
//!
//! What is compressed is the rows, then the blob or the components of record types that have them,
//! then, for a type registered at run time, its stride (u32), four zero bytes and its schema hash
//! (u64). Sizes tell where each begins: the rows are the header's `payload_size`. Header, context and
//! extensions stay readable.

use std::cell::RefCell;

use super::encode::{FrameParts, encode, encode_compressed};
use super::error::{FrameError, Reason, Result, refuse};
use super::shape::{MAX_FRAME, Second, is_custom, second_of};
use super::verify::{CUSTOM_TRAILER, FrameInfo, inspect};

/// The codec in the two low bits of a frame's flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Codec {
    Lz4 = 1,
    Zstd = 2,
    Snappy = 3,
}

impl Codec {
    #[must_use]
    pub const fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            1 => Some(Self::Lz4),
            2 => Some(Self::Zstd),
            3 => Some(Self::Snappy),
            _ => None,
        }
    }
}

/// What a frame may claim to hold unless the caller says otherwise.
pub const DEFAULT_MAX_BYTES: usize = 64 << 20;

/// The parts of a frame, as far as it holds them in place.
pub(super) fn parts_of<'a>(info: &FrameInfo, frame: &'a [u8], rows: &'a [&'a [u8]]) -> FrameParts<'a> {
    FrameParts {
        message_type: info.header.message_type.0,
        source: info.header.source.0,
        flags: info.header.flags.0 & !super::shape::CODEC_MASK,
        sequence: info.header.sequence,
        timestamp: info.header.timestamp,
        context: info.context,
        rows,
        stride: info.stride as u32,
        schema_hash: info.schema_hash,
        blob: info.blob(frame),
        components: info.components(frame),
        extensions: info.extensions(frame),
    }
}

/// The frame, not compressed yet, with its content compressed. `level` is Zstd's, 0 its default.
pub fn compress(frame: &[u8], codec: Codec, level: i32) -> Result<Vec<u8>> {
    let info = inspect(frame)?;
    if info.compressed {
        return refuse(Reason::BadCompression, info.header_offset, "the frame is compressed already");
    }
    let rows = info.rows(frame);
    let mut trailer = [0; CUSTOM_TRAILER];
    let rest: &[u8] = if is_custom(info.record.member) {
        trailer[..4].copy_from_slice(&(info.stride as u32).to_le_bytes());
        trailer[8..].copy_from_slice(&info.schema_hash.to_le_bytes());
        &trailer
    } else {
        match second_of(info.record.member) {
            Second::None => &[],
            Second::Blob => info.blob(frame),
            Second::Components => info.components(frame),
        }
    };
    let joined;
    let content = if rest.is_empty() {
        rows
    } else {
        joined = [rows, rest].concat();
        &joined
    };
    let data = pack(content, codec, level)
        .map_err(|detail| FrameError::new(Reason::BadCompression, info.rows_offset, detail))?;
    let parts = FrameParts { blob: &[], components: &[], ..parts_of(&info, frame, &[]) };
    encode_compressed(&parts, codec as u8, rows.len(), content.len(), &data)
}

/// The plain frame of a compressed one; `None` where it is plain already.
///
/// Nothing is allocated for content above `max_bytes`.
pub fn decompress(frame: &[u8], max_bytes: usize) -> Result<Option<Vec<u8>>> {
    let info = inspect(frame)?;
    decompress_inspected(frame, &info, max_bytes)
}

pub(super) fn decompress_inspected(
    frame: &[u8],
    info: &FrameInfo,
    max_bytes: usize,
) -> Result<Option<Vec<u8>>> {
    let Some(codec) = Codec::from_bits(info.codec()) else { return Ok(None) };
    let size = info.uncompressed_size;
    if size > max_bytes.min(MAX_FRAME) {
        let detail = format!("{size} bytes of content, the limit is {max_bytes}");
        return refuse(Reason::TooLarge, info.compressed_offset, detail);
    }
    let content = unpack(info.compressed_data(frame), codec, size)
        .map_err(|detail| FrameError::new(Reason::BadCompression, info.compressed_offset, detail))?;
    let (rows, rest) = content.split_at(info.header.payload_size as usize);
    let rows = [rows];
    let mut parts = parts_of(info, frame, &rows);
    if is_custom(info.record.member) {
        let (stride, hash) = rest.split_at(8);
        let mut word = [0; 8];
        word.copy_from_slice(stride);
        let stride = u64::from_le_bytes(word);
        let Ok(stride) = u32::try_from(stride) else {
            return refuse(
                Reason::BadCompression,
                info.compressed_offset,
                "the stride is not followed by zeros",
            );
        };
        parts.stride = stride;
        word.copy_from_slice(hash);
        parts.schema_hash = u64::from_le_bytes(word);
    } else {
        match second_of(info.record.member) {
            Second::None => {}
            Second::Blob => parts.blob = rest,
            Second::Components => parts.components = rest,
        }
    }
    // Encoding checks what the rows refer to; its offsets are not those of this frame.
    match encode(&parts) {
        Ok(plain) => Ok(Some(plain)),
        Err(error) => Err(FrameError { offset: info.compressed_offset, ..error }),
    }
}

thread_local! {
    // A Zstd context is hundreds of kilobytes: made once a thread, not once a frame.
    static ZSTD_COMPRESSOR: RefCell<Option<(i32, zstd::bulk::Compressor<'static>)>> = const { RefCell::new(None) };
    static ZSTD_DECOMPRESSOR: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

fn pack(content: &[u8], codec: Codec, level: i32) -> std::result::Result<Vec<u8>, String> {
    match codec {
        Codec::Lz4 => Ok(lz4_flex::block::compress(content)),
        Codec::Snappy => snap::raw::Encoder::new().compress_vec(content).map_err(|e| e.to_string()),
        Codec::Zstd => ZSTD_COMPRESSOR.with_borrow_mut(|slot| {
            let compressor = match slot {
                Some((known, compressor)) if *known == level => compressor,
                other => {
                    let made = zstd::bulk::Compressor::new(level).map_err(|e| e.to_string())?;
                    &mut other.insert((level, made)).1
                }
            };
            compressor.compress(content).map_err(|e| e.to_string())
        }),
    }
}

/// Exactly `size` bytes, which the caller has bounded.
fn unpack(data: &[u8], codec: Codec, size: usize) -> std::result::Result<Vec<u8>, String> {
    match codec {
        // A length byte of LZ4 stands for at most 255 bytes.
        Codec::Lz4 if size / 255 > data.len() => return Err("more content than LZ4 can hold in it".into()),
        Codec::Snappy => {
            let claimed = snap::raw::decompress_len(data).map_err(|e| e.to_string())?;
            if claimed != size {
                return Err(format!("Snappy says {claimed} bytes, the frame {size}"));
            }
            // An element of three bytes stands for at most 64.
            if size / 64 > data.len() {
                return Err("more content than Snappy can hold in it".into());
            }
        }
        _ => {}
    }
    let mut content = vec![0; size];
    let written = match codec {
        Codec::Lz4 => lz4_flex::block::decompress_into(data, &mut content).map_err(|e| e.to_string())?,
        Codec::Snappy => {
            snap::raw::Decoder::new().decompress(data, &mut content).map_err(|e| e.to_string())?
        }
        Codec::Zstd => ZSTD_DECOMPRESSOR.with_borrow_mut(|slot| {
            let decompressor = match slot {
                Some(decompressor) => decompressor,
                none => none.insert(zstd::bulk::Decompressor::new().map_err(|e| e.to_string())?),
            };
            decompressor.decompress_to_buffer(data, &mut content[..]).map_err(|e| e.to_string())
        })?,
    };
    if written != size {
        return Err(format!("{written} bytes of content, the frame says {size}"));
    }
    Ok(content)
}
