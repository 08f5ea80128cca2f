use alphapulse_gen::fbs;
use alphapulse_gen::layout::{RECORDS, SpanId, Trade};
use alphapulse_gen::record::{as_bytes, rows};
use proptest::prelude::*;

use super::super::shape::{
    Second, compressed_slot, custom_slot, frame_slot, record_of, rows_slot, second_of,
};
use super::super::*;
use super::{Rng, Sample, context, foreign, golden, message_types};

#[test]
fn every_type_reads_back_as_written() {
    let mut rng = Rng(1);
    for message_type in message_types() {
        for count in [0, 1, 2, 33] {
            let sample = Sample::new(message_type, count, &mut rng);
            let frame = sample.encode().unwrap();
            let info = verify(&frame).unwrap();
            assert_eq!(frame.len() % 8, 0);
            assert_eq!(info.header.message_type.0, message_type);
            assert_eq!(info.header.source.0, 1);
            assert_eq!(info.header.flags.0, 0b1_0100);
            assert_eq!(info.priority(), 1);
            assert_eq!(info.header.payload_size as usize, sample.rows.len());
            assert_eq!(info.header.timestamp, 1_700_000_000_123_456_789);
            assert_eq!(info.header.sequence, 0);
            assert_eq!(info.context, context());
            assert_eq!(info.record_count, count);
            assert_eq!(info.stride, sample.stride as usize);
            assert_eq!(info.rows(&frame), sample.rows);
            assert_eq!(info.blob(&frame), sample.blob);
            assert_eq!(info.components(&frame), sample.components);
            assert_eq!(info.extensions(&frame), sample.extensions);
            assert_eq!(info.header.checksum, checksum(&frame).unwrap());
            assert_eq!(info.rows_offset % 8, 0, "rows can be read in place");
            assert_eq!(info.components_offset % 8, 0);
        }
    }
}

#[test]
fn flatc_reads_what_the_encoder_writes() {
    let mut rng = Rng(2);
    for message_type in message_types() {
        for count in [0, 5] {
            let sample = Sample::new(message_type, count, &mut rng);
            let bytes = sample.encode().unwrap();
            // Aligned as a receiver's buffer is: the official verifier looks at offsets only.
            let frame = fbs::root_as_frame(&bytes).unwrap();
            assert!(fbs::frame_buffer_has_identifier(&bytes));
            assert_eq!(frame.header().magic(), 0xDEAD_BEEF);
            assert_eq!(frame.header().message_type().0, message_type);
            assert_eq!(frame.header().payload_size() as usize, sample.rows.len());
            assert_eq!(frame.context().trace_flags(), 1);
            assert_eq!(frame.records_type().0, record_of(message_type).unwrap().member);
            assert_eq!(frame.extensions().unwrap().bytes(), sample.extensions);
            if let Some(trades) = frame.records_as_trade_rows() {
                let sent = sample
                    .rows
                    .chunks_exact(64)
                    .map(|row| i64::from_le_bytes(row[32..40].try_into().unwrap()));
                assert!(trades.rows().unwrap().iter().map(|trade| trade.price()).eq(sent));
            }
            if let Some(found) = frame.records_as_instrument_discovered_rows() {
                assert_eq!(found.blob().unwrap().bytes(), sample.blob);
            }
            if let Some(updates) = frame.records_as_synthetic_update_rows() {
                assert_eq!(updates.components().unwrap().bytes(), sample.components);
            }
            if let Some(custom) = frame.records_as_custom_rows() {
                assert_eq!(custom.stride(), 24);
                assert_eq!(custom.schema_hash(), 0x1122_3344_5566_7788);
                assert_eq!(custom.data().unwrap().bytes(), sample.rows);
            }
        }
    }
}

#[test]
fn slots_are_those_of_flatc() {
    let slot = |offset: u16| usize::from(offset - 4) / 2;
    assert_eq!(frame_slot::HEADER, slot(fbs::Frame::VT_HEADER));
    assert_eq!(frame_slot::CONTEXT, slot(fbs::Frame::VT_CONTEXT));
    assert_eq!(frame_slot::RECORDS_TYPE, slot(fbs::Frame::VT_RECORDS_TYPE));
    assert_eq!(frame_slot::RECORDS, slot(fbs::Frame::VT_RECORDS));
    assert_eq!(frame_slot::EXTENSIONS, slot(fbs::Frame::VT_EXTENSIONS));
    assert_eq!(frame_slot::COUNT, slot(fbs::Frame::VT_EXTENSIONS) + 1);
    assert_eq!(rows_slot::ROWS, slot(fbs::TradeRows::VT_ROWS));
    assert_eq!(rows_slot::SECOND, slot(fbs::ConfigUpdateRows::VT_BLOB));
    assert_eq!(rows_slot::SECOND, slot(fbs::SyntheticUpdateRows::VT_COMPONENTS));
    assert_eq!(custom_slot::STRIDE, slot(fbs::CustomRows::VT_STRIDE));
    assert_eq!(custom_slot::SCHEMA_HASH, slot(fbs::CustomRows::VT_SCHEMA_HASH));
    assert_eq!(custom_slot::DATA, slot(fbs::CustomRows::VT_DATA));
    assert_eq!(compressed_slot::MEMBER, slot(fbs::CompressedRows::VT_MEMBER));
    assert_eq!(compressed_slot::UNCOMPRESSED_SIZE, slot(fbs::CompressedRows::VT_UNCOMPRESSED_SIZE));
    assert_eq!(compressed_slot::DATA, slot(fbs::CompressedRows::VT_DATA));
}

/// The one thing about the tables that is written by hand, held against the schema's text.
#[test]
fn second_vectors_are_those_of_the_schema() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/flatbuffers/alphapulse");
    let text: String = ["market_data", "signals", "execution", "system", "registry"]
        .iter()
        .map(|name| std::fs::read_to_string(folder.join(format!("{name}.fbs"))).unwrap())
        .collect();
    for record in RECORDS.iter().filter(|record| record.stride != 0) {
        let start = text.find(&format!("table {}Rows {{", record.name)).unwrap();
        let table = &text[start..start + text[start..].find('}').unwrap()];
        let expected = match (table.matches(';').count(), table.contains("blob:[ubyte];")) {
            (1, _) => Second::None,
            (2, true) => Second::Blob,
            (2, false) if table.contains("components:[SyntheticComponent];") => Second::Components,
            _ => panic!("{} has vectors that the codec does not know", record.name),
        };
        assert_eq!(second_of(record.member), expected, "{}", record.name);
    }
}

#[test]
fn frames_of_other_builders_are_read() {
    for (name, frame) in golden() {
        let info = verify(&frame).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(info.record_count > 0, "{name}");
        assert_ne!(info.header_offset, 32, "{name}: another layout than our own encoder's");
    }
    let trade = |price| {
        let id = fbs::InstrumentId::new(1, 2, 3, 1, 0);
        fbs::Trade::new(&id, 1, 2, price, 4, 5, fbs::Side::BUY, 0, fbs::TradeFlag::empty(), 0)
    };
    let trades: Vec<_> = (0..10).map(trade).collect();
    let extensions = super::extensions();
    let positions: std::collections::BTreeSet<_> = (0..100)
        .map(|shuffle| {
            let frame = foreign(&trades, &extensions, shuffle);
            let info = verify(&frame).unwrap();
            assert_eq!(info.record_count, 10);
            assert_eq!(info.extensions(&frame), extensions);
            let prices = info.rows(&frame).chunks_exact(64).map(|row| row[32]);
            assert!(prices.eq(0..10));
            (info.header_offset, info.rows_offset)
        })
        .collect();
    assert!(positions.len() > 1, "the shuffles differ");
    let empty = foreign(&[], &[], 0);
    assert_eq!(verify(&empty).unwrap().record_count, 0);
}

#[test]
fn a_stamp_leaves_the_checksum_alone() {
    let mut rng = Rng(3);
    let own = Sample::new(1, 3, &mut rng).encode().unwrap();
    for mut frame in golden().into_iter().map(|(_, frame)| frame).chain([own]) {
        let before = verify(&frame).unwrap();
        stamp(&mut frame, u64::MAX - 5).unwrap();
        let after = verify(&frame).unwrap();
        assert_eq!(after.header.sequence, u64::MAX - 5);
        assert_eq!(after.header.checksum, before.header.checksum);
        stamp(&mut frame, before.header.sequence).unwrap();
        assert_eq!(verify(&frame).unwrap(), before);
    }
}

#[test]
fn the_checksum_is_the_standard_one() {
    let mut rng = Rng(4);
    let mut frame = Sample::new(2, 1, &mut rng).encode().unwrap();
    stamp(&mut frame, 99).unwrap();
    let written = verify(&frame).unwrap().header.checksum;
    frame[32 + 12..32 + 24].fill(0);
    let mut crc = u32::MAX;
    for byte in &frame {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & 0u32.wrapping_sub(crc & 1));
        }
    }
    assert_eq!(written, !crc);
}

#[test]
fn rows_are_read_in_place() {
    let mut rng = Rng(5);
    let sample = Sample::new(1, 4, &mut rng);
    let frame = sample.encode().unwrap();
    // An allocation of 64-bit words is aligned as shared memory is.
    let aligned: Vec<SpanId> = frame.chunks_exact(8).map(|word| SpanId(word.try_into().unwrap())).collect();
    let frame = as_bytes(&aligned);
    let info = verify(frame).unwrap();
    let trades = rows::<Trade>(info.rows(frame)).unwrap();
    assert_eq!(as_bytes(trades), sample.rows);
}

proptest! {
    #[test]
    fn any_rows_survive(
        index in 0..message_types().len(),
        count in 0_usize..50,
        seed: u64,
        flags in 0_u8..64,
        timestamp: u64,
        source: u8,
        runs in 1_usize..4,
    ) {
        let mut rng = Rng(seed);
        let sample = Sample::new(message_types()[index], count, &mut rng);
        let stride = sample.stride as usize;
        let cut = (count / runs) * stride;
        let (head, tail) = sample.rows.split_at(cut);
        let parts = FrameParts {
            message_type: sample.message_type,
            source,
            flags: flags & !0b11,
            sequence: seed,
            timestamp,
            context: context(),
            rows: &[head, tail],
            stride: sample.stride,
            schema_hash: seed,
            blob: &sample.blob,
            components: &sample.components,
            extensions: &sample.extensions,
        };
        let frame = encode(&parts).unwrap();
        let info = verify(&frame).unwrap();
        prop_assert_eq!(info.rows(&frame), &sample.rows[..]);
        prop_assert_eq!(info.header.sequence, seed);
        prop_assert_eq!(info.header.source.0, source);
        prop_assert_eq!(encoded_len(&parts).unwrap(), frame.len());
        prop_assert!(fbs::root_as_frame(&frame).is_ok());
    }
}
