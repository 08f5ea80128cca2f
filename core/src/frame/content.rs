//! What rows refer to beside themselves: ranges of the blob, of the components, of the extensions.

use std::borrow::Cow;

use alphapulse_gen::layout::{
    ConfigResult, ConfigUpdate, DeFiSignal, InstrumentDiscovered, InstrumentDiscovery, MessageType,
    SyntheticUpdate, SystemError,
};
use alphapulse_gen::record::{Layout, read};

use super::error::{FrameError, Reason, Result};
use super::tlv;

/// Rows and what they may refer to. The rows are whole records of the message type.
pub struct Content<'a> {
    pub message_type: MessageType,
    pub rows: &'a [u8],
    pub blob_length: usize,
    pub components_count: usize,
    /// Whole TLVs.
    pub extensions: &'a [u8],
}

/// `Err` where a row refers to what is not there; the error's offset counts from the first row.
pub fn check(content: &Content<'_>) -> Result<()> {
    let blob = content.blob_length as u64;
    match content.message_type {
        MessageType::INSTRUMENT_DISCOVERED => ranges(content, "blob", blob, |row: &InstrumentDiscovered| {
            (row.metadata_offset, u64::from(row.metadata_length))
        }),
        MessageType::INSTRUMENT_DISCOVERY => ranges(content, "blob", blob, |row: &InstrumentDiscovery| {
            (row.data_offset, u64::from(row.data_length))
        }),
        MessageType::ERROR => ranges(content, "blob", blob, |row: &SystemError| {
            (row.text_offset, u64::from(row.text_length) + u64::from(row.reason_length))
        }),
        MessageType::CONFIG_UPDATE => ranges(content, "blob", blob, |row: &ConfigUpdate| {
            (row.key_offset, u64::from(row.key_length) + u64::from(row.value_length))
        }),
        MessageType::CONFIG_RESULT => ranges(content, "blob", blob, |row: &ConfigResult| {
            let length =
                u64::from(row.key_length) + u64::from(row.reason_length) + u64::from(row.detail_length);
            (row.key_offset, length)
        }),
        MessageType::SYNTHETIC_UPDATE => {
            let count = content.components_count as u64;
            ranges(content, "components", count, |row: &SyntheticUpdate| {
                (row.first_component, u64::from(row.component_count))
            })
        }
        MessageType::DEFI_SIGNAL => tlv_ranges(content),
        _ => Ok(()),
    }
}

fn records<'a, T: Layout>(rows: &'a [u8]) -> impl Iterator<Item = (usize, T)> + 'a {
    let stride = size_of::<T>();
    rows.chunks_exact(stride).enumerate().map(move |(i, row)| (i * stride, read(row).unwrap_or_default()))
}

fn ranges<T: Layout>(
    content: &Content<'_>,
    name: &'static str,
    length: u64,
    range: impl Fn(&T) -> (u32, u64),
) -> Result<()> {
    for (at, row) in records::<T>(content.rows) {
        let (start, count) = range(&row);
        if u64::from(start) + count > length {
            let detail =
                format!("row {} refers to {name} {start} + {count} of {length}", at / size_of::<T>());
            return Err(outside(Reason::BadOffset, at, detail));
        }
    }
    Ok(())
}

#[cold]
fn outside(reason: Reason, at: usize, detail: impl Into<Cow<'static, str>>) -> FrameError {
    FrameError::new(reason, at, detail)
}

/// A row's range must be whole TLVs. The boundaries are found once, so that many rows over one range
/// cost no more than one.
fn tlv_ranges(content: &Content<'_>) -> Result<()> {
    let mut boundaries: Option<Vec<bool>> = None;
    for (at, row) in records::<DeFiSignal>(content.rows) {
        if row.tlv_length == 0 {
            continue;
        }
        let known = match &mut boundaries {
            Some(known) => known,
            none => none.insert(boundaries_of(content.extensions)?),
        };
        let start = usize::from(row.tlv_offset);
        let end = start + usize::from(row.tlv_length);
        let whole = |at: usize| known.get(at).copied().unwrap_or(false);
        if !(whole(start) && whole(end)) {
            let detail = format!("the TLVs {start}..{end} of a row are not whole ones of the extensions");
            return Err(outside(Reason::BadTlv, at, detail));
        }
    }
    Ok(())
}

/// For each byte that a row can name, whether a TLV begins there or the last one ends.
fn boundaries_of(extensions: &[u8]) -> Result<Vec<bool>> {
    let reach = extensions.len().min(2 * usize::from(u16::MAX));
    let mut known = vec![false; reach + 1];
    known[0] = true;
    for tlv in tlv::walk(extensions) {
        let tlv = tlv?;
        match known.get_mut(tlv.offset + tlv.value.len()) {
            Some(end) => *end = true,
            None => break,
        }
    }
    Ok(known)
}
