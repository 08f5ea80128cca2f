//! TLV extensions: type u8, length u8, value. Unknown types are passed on, truncated ones refused.

use super::error::{FrameError, Reason, Result, refuse};

/// Longest value of one TLV.
pub const MAX_VALUE: usize = u8::MAX as usize;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tlv<'a> {
    pub tlv_type: u8,
    /// Start of the value within the extensions.
    pub offset: usize,
    pub value: &'a [u8],
}

/// The TLVs one after the other; ends after the first error.
pub fn walk(extensions: &[u8]) -> impl Iterator<Item = Result<Tlv<'_>>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        if at >= extensions.len() {
            return None;
        }
        let start = at;
        let [tlv_type, length, rest @ ..] = &extensions[start..] else {
            at = extensions.len();
            return Some(refuse(Reason::BadTlv, start, "a TLV of one byte: type without length"));
        };
        let Some(value) = rest.get(..usize::from(*length)) else {
            at = extensions.len();
            return Some(Err(truncated(start, *tlv_type, *length, rest.len())));
        };
        at = start + 2 + value.len();
        Some(Ok(Tlv { tlv_type: *tlv_type, offset: start + 2, value }))
    })
}

#[cold]
fn truncated(start: usize, tlv_type: u8, length: u8, left: usize) -> FrameError {
    let detail = format!("TLV of type {tlv_type} says {length} bytes, {left} are left");
    FrameError::new(Reason::BadTlv, start, detail)
}

/// `Err` where the bytes are not whole TLVs.
pub fn check(extensions: &[u8]) -> Result<()> {
    walk(extensions).try_for_each(|tlv| tlv.map(drop))
}

/// The first TLV of a type.
pub fn find(extensions: &[u8], tlv_type: u8) -> Result<Option<Tlv<'_>>> {
    for tlv in walk(extensions) {
        let tlv = tlv?;
        if tlv.tlv_type == tlv_type {
            return Ok(Some(tlv));
        }
    }
    Ok(None)
}

/// Append one TLV.
pub fn push(out: &mut Vec<u8>, tlv_type: u8, value: &[u8]) -> Result<()> {
    let Ok(length) = u8::try_from(value.len()) else {
        let detail = format!("a TLV holds at most {MAX_VALUE} bytes, not {}", value.len());
        return refuse(Reason::BadTlv, out.len(), detail);
    };
    out.reserve(2 + value.len());
    out.extend_from_slice(&[tlv_type, length]);
    out.extend_from_slice(value);
    Ok(())
}
