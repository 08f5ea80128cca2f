//! Cutting frames down to what a subscriber wants.
//!
//! Message types and sources decide about whole frames; instruments, venues and asset types about
//! rows, by their instrument ids. A row passes when any of its ids satisfies all three at once. Rows
//! of a type that has no instrument id pass, except that a venue update is held against the venues
//! by its own field: a subscriber to one instrument still hears heartbeats and errors. A predicate
//! is asked about every row beside that; no row of a type that lacks one of its fields passes.

use std::borrow::Cow;
use std::sync::Arc;

use alphapulse_gen::layout::{InstrumentId, MessageType, VenueUpdate};
use hashbrown::HashSet;

use super::compress::{Codec, DEFAULT_MAX_BYTES, compress, decompress_inspected, parts_of};
use super::encode::encode;
use super::error::{Reason, Result, refuse};
use super::predicate::Predicate;
use super::verify::{FrameInfo, inspect};
use crate::schema::Schema;

pub const ID_BYTES: usize = size_of::<InstrumentId>();

/// A set of instrument ids.
#[derive(Clone, Debug, Default)]
pub struct InstrumentSet {
    ids: HashSet<u128>,
}

impl InstrumentSet {
    /// `None` where the bytes are not whole ids of 16 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let ids = bytes.chunks_exact(ID_BYTES);
        ids.remainder().is_empty().then(|| Self { ids: ids.filter_map(id_of).collect() })
    }

    #[must_use]
    pub fn contains(&self, id: &[u8; ID_BYTES]) -> bool {
        self.ids.contains(&u128::from_le_bytes(*id))
    }

    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }
}

fn id_of(bytes: &[u8]) -> Option<u128> {
    bytes.first_chunk().map(|id| u128::from_le_bytes(*id))
}

/// A set of small numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberSet(Box<[u64]>);

impl NumberSet {
    #[must_use]
    pub fn new(numbers: &[u16]) -> Self {
        let top = numbers.iter().copied().max().unwrap_or(0);
        let mut words = vec![0; usize::from(top) / 64 + 1];
        for number in numbers {
            words[usize::from(number / 64)] |= 1 << (number % 64);
        }
        Self(words.into())
    }

    #[must_use]
    pub fn contains(&self, number: u16) -> bool {
        self.0.get(usize::from(number / 64)).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }
}

/// What a filter makes of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Passed {
    /// The frame as it is.
    Whole,
    /// A smaller frame: some of the rows, same sequence, context, blob and extensions.
    Part(Vec<u8>),
    Nothing,
}

/// `None` in a part passes everything.
#[derive(Clone, Debug)]
pub struct FrameFilter {
    pub message_types: Option<NumberSet>,
    pub sources: Option<NumberSet>,
    pub instruments: Option<Arc<InstrumentSet>>,
    pub venues: Option<NumberSet>,
    pub asset_types: Option<NumberSet>,
    pub predicate: Option<Predicate>,
    /// Types registered at run time, for the instrument ids of their rows.
    pub schemas: Vec<(u8, Arc<Schema>)>,
    /// Largest content to decompress a frame to.
    pub max_bytes: usize,
}

impl Default for FrameFilter {
    fn default() -> Self {
        Self {
            message_types: None,
            sources: None,
            instruments: None,
            venues: None,
            asset_types: None,
            predicate: None,
            schemas: Vec::new(),
            max_bytes: DEFAULT_MAX_BYTES,
        }
    }
}

impl FrameFilter {
    #[must_use]
    pub fn passes_all(&self) -> bool {
        self.message_types.is_none() && self.sources.is_none() && !self.looks_at_rows()
    }

    fn looks_at_rows(&self) -> bool {
        self.looks_at_ids() || self.predicate.is_some()
    }

    fn looks_at_ids(&self) -> bool {
        self.instruments.is_some() || self.venues.is_some() || self.asset_types.is_some()
    }

    /// A compressed frame is opened only when its rows must be looked at, and a part of it is
    /// compressed again by the same codec.
    pub fn apply(&self, frame: &[u8]) -> Result<Passed> {
        if self.passes_all() {
            return Ok(Passed::Whole);
        }
        let info = inspect(frame)?;
        let passes = |set: &Option<NumberSet>, number: u8| {
            set.as_ref().is_none_or(|set| set.contains(u16::from(number)))
        };
        let message_type = info.header.message_type;
        if !passes(&self.message_types, message_type.0) || !passes(&self.sources, info.header.source.0) {
            return Ok(Passed::Nothing);
        }
        if !self.looks_at_rows() || !self.concerns(&info) {
            return Ok(Passed::Whole);
        }
        let Some(codec) = Codec::from_bits(info.codec()) else { return self.cut(frame, &info) };
        let Some(plain) = decompress_inspected(frame, &info, self.max_bytes)? else {
            return refuse(Reason::BadCompression, info.compressed_offset, "a codec without compressed rows");
        };
        Ok(match self.cut(&plain, &inspect(&plain)?)? {
            Passed::Part(part) => Passed::Part(compress(&part, codec, 0)?),
            other => other,
        })
    }

    /// Where rows have instrument ids.
    fn instrument_offsets(&self, info: &FrameInfo) -> Cow<'static, [usize]> {
        let number = info.header.message_type.0;
        match self.schemas.iter().find(|(known, _)| *known == number) {
            Some((_, schema)) if schema.hash == info.schema_hash && schema.stride() == info.stride => {
                schema.instrument_offsets().into()
            }
            _ => info.record.instrument_offsets.into(),
        }
    }

    /// Whether the rows have what the filter asks about.
    fn concerns(&self, info: &FrameInfo) -> bool {
        self.predicate.is_some()
            || !info.record.instrument_offsets.is_empty()
            || self.schemas.iter().any(|(number, _)| *number == info.header.message_type.0)
            || (self.venues.is_some() && info.header.message_type == MessageType::VENUE_UPDATE)
    }

    fn cut(&self, frame: &[u8], info: &FrameInfo) -> Result<Passed> {
        let rows = info.rows(frame);
        let message_type = info.header.message_type;
        let matched = match &self.predicate {
            None => None,
            Some(predicate) => match predicate.matches_frame(info, rows) {
                None => return Ok(Passed::Nothing),
                matched => matched,
            },
        };
        if rows.is_empty() {
            return Ok(Passed::Whole);
        }
        let matches = |i: usize| matched.as_ref().is_none_or(|words| words[i / 64] >> (i % 64) & 1 == 1);
        let offsets = self.instrument_offsets(info);
        let offsets = offsets.as_ref();
        let runs = if message_type == MessageType::VENUE_UPDATE {
            runs(rows, info.stride, |i, row| self.venue_passes(row) && matches(i))
        } else if offsets.is_empty() || !self.looks_at_ids() {
            runs(rows, info.stride, |i, _| matches(i))
        } else if let [0] = offsets {
            runs(rows, info.stride, |i, row| self.id_passes(row, 0) && matches(i))
        } else {
            let any = |row: &[u8]| offsets.iter().any(|at| self.id_passes(row, *at));
            runs(rows, info.stride, |i, row| any(row) && matches(i))
        };
        match runs.as_slice() {
            [] => Ok(Passed::Nothing),
            [run] if run.len() == rows.len() => Ok(Passed::Whole),
            runs => encode(&parts_of(info, frame, runs)).map(Passed::Part),
        }
    }

    fn id_passes(&self, row: &[u8], at: usize) -> bool {
        let Some(id) = row.get(at..).and_then(|tail| tail.first_chunk::<ID_BYTES>()) else { return false };
        let venue = u16::from_le_bytes([
            id[std::mem::offset_of!(InstrumentId, venue)],
            id[std::mem::offset_of!(InstrumentId, venue) + 1],
        ]);
        let asset_type = id[std::mem::offset_of!(InstrumentId, asset_type)];
        self.venues.as_ref().is_none_or(|set| set.contains(venue))
            && self.asset_types.as_ref().is_none_or(|set| set.contains(u16::from(asset_type)))
            && self.instruments.as_ref().is_none_or(|set| set.contains(id))
    }

    fn venue_passes(&self, row: &[u8]) -> bool {
        let at = std::mem::offset_of!(VenueUpdate, venue);
        match (&self.venues, row.get(at..at + 2)) {
            (Some(set), Some(venue)) => set.contains(u16::from_le_bytes([venue[0], venue[1]])),
            _ => true,
        }
    }
}

/// The rows that pass, neighbours joined.
fn runs(rows: &[u8], stride: usize, passes: impl Fn(usize, &[u8]) -> bool) -> Vec<&[u8]> {
    let mut runs = Vec::new();
    let mut start = None;
    for (i, row) in rows.chunks_exact(stride).enumerate() {
        match (passes(i, row), start) {
            (true, None) => start = Some(i * stride),
            (false, Some(from)) => {
                runs.push(&rows[from..i * stride]);
                start = None;
            }
            _ => {}
        }
    }
    if let Some(from) = start {
        runs.push(&rows[from..]);
    }
    runs
}
