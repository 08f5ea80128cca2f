//! The codec against flatc's own reader and verifier, against frames of other builders, and against
//! bytes that nobody meant.

use std::path::PathBuf;

use alphapulse_gen::fbs;
use alphapulse_gen::layout::{
    ConfigResult, ConfigUpdate, DeFiSignal, FrameContext, InstrumentDiscovered, InstrumentDiscovery,
    MessageType, RECORDS, SpanId, SyntheticUpdate, SystemError, TraceId,
};
use alphapulse_gen::record::{Layout, as_bytes, read};

use super::shape::{Second, is_custom, second_of};
use super::{FrameError, FrameParts, encode, tlv};

mod compression;
mod filters;
mod fuzz;
mod message;
mod refusals;
mod roundtrip;

/// SplitMix64: a seed gives the same run everywhere.
pub struct Rng(pub u64);

impl Rng {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count).map(|_| self.next() as u8).collect()
    }
}

pub fn context() -> FrameContext {
    FrameContext {
        trace_id: TraceId(*b"0123456789abcdef"),
        message_id: SpanId(*b"ABCDEFGH"),
        causation_id: SpanId(*b"abcdefgh"),
        trace_flags: 1,
        ..FrameContext::default()
    }
}

pub fn extensions() -> Vec<u8> {
    let mut out = Vec::new();
    tlv::push(&mut out, 31, &[7; 24]).unwrap();
    tlv::push(&mut out, 111, &[]).unwrap();
    tlv::push(&mut out, 250, &[9; 255]).unwrap();
    out
}

/// Every message type that travels, and one registered at run time.
pub fn message_types() -> Vec<u8> {
    RECORDS.iter().map(|record| record.message_type.map_or(0, |number| number.0)).chain([222]).collect()
}

fn edit<T: Layout>(row: &mut [u8], change: impl FnOnce(&mut T)) {
    let mut value: T = read(row).unwrap();
    change(&mut value);
    row.copy_from_slice(as_bytes(std::slice::from_ref(&value)));
}

/// What a frame owns.
#[derive(Clone)]
pub struct Sample {
    pub message_type: u8,
    pub rows: Vec<u8>,
    pub stride: u32,
    pub blob: Vec<u8>,
    pub components: Vec<u8>,
    pub extensions: Vec<u8>,
}

impl Sample {
    /// Random rows whose references are in range.
    pub fn new(message_type: u8, count: usize, rng: &mut Rng) -> Self {
        let record = super::record_of(message_type).unwrap();
        let custom = is_custom(record.member);
        let stride = if custom { 24 } else { record.stride };
        let mut rows = rng.bytes(count * stride);
        let second = second_of(record.member);
        let blob = if second == Second::Blob { rng.bytes(100) } else { Vec::new() };
        let components = if second == Second::Components { rng.bytes(10 * 24) } else { Vec::new() };
        let extensions = extensions();
        for row in rows.chunks_exact_mut(stride) {
            match MessageType(message_type) {
                MessageType::INSTRUMENT_DISCOVERED => edit(row, |r: &mut InstrumentDiscovered| {
                    (r.metadata_offset, r.metadata_length) = (60, 40);
                }),
                MessageType::INSTRUMENT_DISCOVERY => edit(row, |r: &mut InstrumentDiscovery| {
                    (r.data_offset, r.data_length) = (100, 0);
                }),
                MessageType::ERROR => edit(row, |r: &mut SystemError| {
                    (r.text_offset, r.text_length, r.reason_length) = (10, 80, 10);
                }),
                MessageType::CONFIG_UPDATE => edit(row, |r: &mut ConfigUpdate| {
                    (r.key_offset, r.key_length, r.value_length) = (0, 1, 99);
                }),
                MessageType::CONFIG_RESULT => edit(row, |r: &mut ConfigResult| {
                    (r.key_offset, r.key_length, r.reason_length, r.detail_length) = (0, 1, 49, 50);
                }),
                MessageType::SYNTHETIC_UPDATE => edit(row, |r: &mut SyntheticUpdate| {
                    (r.first_component, r.component_count) = (4, 6);
                }),
                MessageType::DEFI_SIGNAL => edit(row, |r: &mut DeFiSignal| {
                    (r.tlv_offset, r.tlv_length) = (26, 2 + 257);
                }),
                _ => {}
            }
        }
        Self { message_type, rows, stride: stride as u32, blob, components, extensions }
    }

    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        encode(&FrameParts {
            message_type: self.message_type,
            source: 1,
            flags: 0b1_0100,
            sequence: 0,
            timestamp: 1_700_000_000_123_456_789,
            context: context(),
            rows: &[&self.rows],
            stride: self.stride,
            schema_hash: 0x1122_3344_5566_7788,
            blob: &self.blob,
            components: &self.components,
            extensions: &self.extensions,
        })
    }
}

/// Frames that Python's FlatBuffers builder has written, one of each record type.
pub fn golden() -> Vec<(String, Vec<u8>)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../schemas/golden");
    let mut frames = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // The registry's record is golden as bare rows.
        if path.extension().is_some_and(|e| e == "bin") && !path.ends_with("instrument_record.bin") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            frames.push((name, std::fs::read(&path).unwrap()));
        }
    }
    assert!(frames.len() > 30);
    frames
}

/// A frame of the Rust builder with its fields in an order of their own, behind a gap.
pub fn foreign(rows: &[fbs::Trade], extensions: &[u8], shuffle: u64) -> Vec<u8> {
    let mut builder = flatbuffers::FlatBufferBuilder::new();
    let gap = builder.create_string("something that the frame does not refer to");
    let extensions = builder.create_vector(extensions);
    let rows_vector = builder.create_vector(rows);
    let member = fbs::TradeRows::create(&mut builder, &fbs::TradeRowsArgs { rows: Some(rows_vector) });
    let context = fbs::FrameContext::new(
        &fbs::TraceId::new(1, 2),
        &fbs::SpanId::new(3),
        &fbs::SpanId::new(0),
        1,
        0,
        0,
        0,
    );
    let header = fbs::FrameHeader::new(
        0xDEAD_BEEF,
        fbs::MessageType::TRADE,
        1,
        fbs::SourceType::BINANCE_COLLECTOR,
        fbs::FrameFlag::empty(),
        (rows.len() * 64) as u32,
        0,
        7,
        8,
    );
    let mut frame = fbs::FrameBuilder::new(&mut builder);
    let mut order = [0, 1, 2, 3, 4];
    let mut rng = Rng(shuffle);
    for i in (1..order.len()).rev() {
        order.swap(i, rng.below(i + 1));
    }
    for field in order {
        match field {
            0 => frame.add_header(&header),
            1 => frame.add_context(&context),
            2 => frame.add_records_type(fbs::Records::TradeRows),
            3 => frame.add_records(member.as_union_value()),
            _ => frame.add_extensions(extensions),
        }
    }
    let root = frame.finish();
    let _ = gap;
    fbs::finish_frame_buffer(&mut builder, root);
    let mut bytes = builder.finished_data().to_vec();
    let at = super::header_offset(&bytes).unwrap() + 12;
    let checksum = super::checksum(&bytes).unwrap();
    bytes[at..at + 4].copy_from_slice(&checksum.to_le_bytes());
    bytes
}
