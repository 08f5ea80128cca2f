use alphapulse_gen::layout::{ConfigResult, ConfigUpdate, DeFiSignal, MessageType, SyntheticUpdate};
use alphapulse_gen::record::as_bytes;

use super::super::*;
use super::{Rng, Sample, context, extensions, golden, message_types};

fn trade() -> Vec<u8> {
    Sample::new(1, 3, &mut Rng(11)).encode().unwrap()
}

/// Reason and offset of a frame with some bytes replaced; the checksum is made right again.
fn refusal(mut frame: Vec<u8>, at: usize, bytes: &[u8]) -> (Reason, usize) {
    frame[at..at + bytes.len()].copy_from_slice(bytes);
    if let Ok(checksum) = checksum(&frame) {
        let header = header_offset(&frame).unwrap();
        frame[header + 12..header + 16].copy_from_slice(&checksum.to_le_bytes());
    }
    let error = verify(&frame).unwrap_err();
    (error.reason, error.offset)
}

#[test]
fn the_header_is_checked() {
    assert_eq!(refusal(trade(), 4, b"APF2"), (Reason::BadIdentifier, 4));
    assert_eq!(refusal(trade(), 32, &[0]), (Reason::BadMagic, 32));
    assert_eq!(refusal(trade(), 37, &[2]), (Reason::BadVersion, 37));
    assert_eq!(refusal(trade(), 36, &[4]), (Reason::BadType, 36));
    assert_eq!(refusal(trade(), 36, &[199]), (Reason::BadType, 36));
    assert_eq!(refusal(trade(), 36, &[2]), (Reason::TypeMismatch, 32), "a quote in trade rows");
    assert_eq!(refusal(trade(), 36, &[200]), (Reason::TypeMismatch, 32), "not the custom envelope");
    assert_eq!(refusal(trade(), 36, &[0]), (Reason::TypeMismatch, 32), "not the registry's record");
    assert_eq!(refusal(trade(), 112, &[36]), (Reason::TypeMismatch, 32), "compressed without a codec");
    assert_eq!(refusal(trade(), 112, &[0]), (Reason::TypeMismatch, 32), "no union member");
    assert_eq!(refusal(trade(), 39, &[1]), (Reason::TypeMismatch, 32), "a codec without compressed rows");
    assert_eq!(refusal(trade(), 40, &191_u32.to_le_bytes()), (Reason::BadSize, 40));
    assert_eq!(refusal(trade(), 40, &256_u32.to_le_bytes()), (Reason::BadSize, 40));
}

#[test]
fn every_bit_outside_sequence_and_checksum_is_covered() {
    let frame = trade();
    for at in (0..frame.len()).filter(|at| !(32 + 16..32 + 24).contains(at)) {
        let mut changed = frame.clone();
        changed[at] ^= 1 << (at % 8);
        assert!(verify(&changed).is_err(), "byte {at}");
    }
    let mut changed = frame;
    changed[150] ^= 1;
    let error = verify(&changed).unwrap_err();
    assert_eq!((error.reason, error.offset), (Reason::BadChecksum, 44));
}

#[test]
fn tables_are_checked() {
    use Reason::{BadOffset, Truncated};
    assert_eq!(refusal(trade(), 0, &4_u32.to_le_bytes()), (BadOffset, 0), "root in the identifier");
    assert_eq!(refusal(trade(), 0, &30_u32.to_le_bytes()), (BadOffset, 30), "root misaligned");
    assert_eq!(refusal(trade(), 0, &u32::MAX.to_le_bytes()).0, Truncated);
    assert_eq!(refusal(trade(), 28, &100_i32.to_le_bytes()), (BadOffset, 28), "vtable before the start");
    assert_eq!(refusal(trade(), 28, &i32::MIN.to_le_bytes()), (Truncated, 28), "vtable behind the end");
    assert_eq!(refusal(trade(), 28, &19_i32.to_le_bytes()).0, BadOffset, "vtable misaligned");
    assert_eq!(refusal(trade(), 8, &[3, 0]).0, BadOffset, "vtable too short");
    assert_eq!(refusal(trade(), 8, &[13, 0]).0, BadOffset, "vtable of an odd size");
    assert_eq!(refusal(trade(), 8, &[0xFE, 0xFF]).0, Truncated);
    assert_eq!(refusal(trade(), 10, &[0xFF, 0xFF]).0, Truncated, "table reaches past the end");
    assert_eq!(refusal(trade(), 12, &[0, 0]), (BadOffset, 28), "no header");
    assert_eq!(refusal(trade(), 12, &[8, 0]), (BadOffset, 12), "header misaligned");
    assert_eq!(refusal(trade(), 12, &[84, 0]), (BadOffset, 12), "header outside its table");
    assert_eq!(refusal(trade(), 12, &[2, 0]), (BadOffset, 12), "header over the table's own offset");
    assert_eq!(refusal(trade(), 14, &[0, 0]), (BadOffset, 28), "no context");
    assert_eq!(refusal(trade(), 18, &[0, 0]), (BadOffset, 28), "no records");
    assert_eq!(refusal(trade(), 104, &0_u32.to_le_bytes()), (BadOffset, 104));
    assert_eq!(refusal(trade(), 104, &22_u32.to_le_bytes()), (BadOffset, 104), "records misaligned");
    assert_eq!(refusal(trade(), 104, &1_000_000_u32.to_le_bytes()), (Truncated, 104));
    assert_eq!(refusal(trade(), 128, &u32::MAX.to_le_bytes()), (Truncated, 128));
    assert_eq!(refusal(trade(), 128, &16_u32.to_le_bytes()), (BadOffset, 144), "rows misaligned");
    assert_eq!(refusal(trade(), 140, &u32::MAX.to_le_bytes()), (Truncated, 140));
    assert_eq!(refusal(trade(), 140, &9_u32.to_le_bytes()), (Truncated, 140), "more rows than bytes");
    assert_eq!(refusal(trade(), 140, &2_u32.to_le_bytes()), (Reason::BadSize, 40), "fewer than promised");
}

#[test]
fn every_shorter_frame_is_refused() {
    let mut rng = Rng(12);
    let own = message_types().into_iter().map(|number| Sample::new(number, 2, &mut rng).encode().unwrap());
    for frame in own.chain(golden().into_iter().map(|(_, frame)| frame)) {
        for length in 0..frame.len() {
            let error = verify(&frame[..length]).unwrap_err();
            assert!(
                matches!(error.reason, Reason::Truncated | Reason::BadChecksum),
                "{length} of {}: {error}",
                frame.len()
            );
            assert!(error.offset <= length);
        }
    }
}

#[test]
fn unaligned_buffers_are_read() {
    let frame = trade();
    for shift in 0..8 {
        let mut buffer = vec![0xAA; shift];
        buffer.extend_from_slice(&frame);
        assert_eq!(verify(&buffer[shift..]), verify(&frame));
    }
}

#[test]
fn tlvs_must_be_whole() {
    let mut sample = Sample::new(1, 1, &mut Rng(13));
    for broken in [&[31][..], &[31, 5, 1, 2, 3, 4], &[1, 0, 2], &[1, 1, 1, 255, 255]] {
        sample.extensions = broken.to_vec();
        assert_eq!(sample.encode().unwrap_err().reason, Reason::BadTlv);
    }
    sample.extensions = extensions();
    let frame = sample.encode().unwrap();
    let start = verify(&frame).unwrap().extensions_offset;
    // One byte short: a last byte remains that is no TLV. One too long: nothing is left for it.
    assert_eq!(refusal(frame.clone(), start + 29, &[254]), (Reason::BadTlv, start + 284));
    assert_eq!(refusal(frame, start + 27, &[254]), (Reason::BadTlv, start + 282));
}

#[test]
fn tlvs_are_walked_and_found() {
    let extensions = extensions();
    let all: Vec<_> = tlv::walk(&extensions).map(|tlv| tlv.unwrap()).collect();
    let seen: Vec<_> = all.iter().map(|tlv| (tlv.tlv_type, tlv.offset, tlv.value.len())).collect();
    assert_eq!(seen, [(31, 2, 24), (111, 28, 0), (250, 30, 255)]);
    assert_eq!(tlv::find(&extensions, 111).unwrap().unwrap().value, &[] as &[u8]);
    assert_eq!(tlv::find(&extensions, 1).unwrap(), None);
    assert_eq!(tlv::walk(&[]).count(), 0);
    let broken: Vec<_> = tlv::walk(&[1, 1, 9, 7]).collect();
    assert_eq!(broken.len(), 2);
    assert_eq!(broken[1].as_ref().unwrap_err().offset, 3);
    assert_eq!(tlv::push(&mut Vec::new(), 1, &[0; 256]).unwrap_err().reason, Reason::BadTlv);
}

#[test]
fn rows_may_only_refer_to_what_is_there() {
    let cases: [(MessageType, Vec<u8>, bool); 11] = [
        (MessageType::CONFIG_UPDATE, config(0, 50, 50), true),
        (MessageType::CONFIG_UPDATE, config(1, 50, 50), false),
        (MessageType::CONFIG_UPDATE, config(u32::MAX, u16::MAX, u16::MAX), false),
        (MessageType::CONFIG_UPDATE, config(100, 0, 0), true),
        (MessageType::CONFIG_RESULT, config_result(0, 50, 30, 20), true),
        (MessageType::CONFIG_RESULT, config_result(0, 50, 30, 21), false),
        (MessageType::SYNTHETIC_UPDATE, synthetic(10, 0), true),
        (MessageType::SYNTHETIC_UPDATE, synthetic(9, 2), false),
        (MessageType::DEFI_SIGNAL, defi(26, 2), true),
        (MessageType::DEFI_SIGNAL, defi(26, 3), false),
        (MessageType::DEFI_SIGNAL, defi(u16::MAX, u16::MAX), false),
    ];
    for (message_type, row, good) in cases {
        let mut sample = Sample::new(message_type.0, 1, &mut Rng(14));
        let tame = sample.encode().unwrap();
        let at = verify(&tame).unwrap().rows_offset;
        let reason =
            if message_type == MessageType::DEFI_SIGNAL { Reason::BadTlv } else { Reason::BadOffset };
        if good {
            sample.rows = row;
            verify(&sample.encode().unwrap()).unwrap();
        } else {
            assert_eq!(refusal(tame, at, &row), (reason, at));
            sample.rows = row;
            assert_eq!(sample.encode().unwrap_err().reason, reason);
        }
    }
}

fn config_result(key_offset: u32, key_length: u16, reason_length: u16, detail_length: u16) -> Vec<u8> {
    let row =
        ConfigResult { key_offset, key_length, reason_length, detail_length, ..ConfigResult::default() };
    as_bytes(&[row]).to_vec()
}

fn config(key_offset: u32, key_length: u16, value_length: u16) -> Vec<u8> {
    let row = ConfigUpdate { key_offset, key_length, value_length, ..ConfigUpdate::default() };
    as_bytes(&[row]).to_vec()
}

fn synthetic(first_component: u32, component_count: u16) -> Vec<u8> {
    let row = SyntheticUpdate { first_component, component_count, ..SyntheticUpdate::default() };
    as_bytes(&[row]).to_vec()
}

fn defi(tlv_offset: u16, tlv_length: u16) -> Vec<u8> {
    let row = DeFiSignal { tlv_offset, tlv_length, ..DeFiSignal::default() };
    as_bytes(&[row]).to_vec()
}

#[test]
fn rows_of_a_registered_type_are_whole() {
    let frame = Sample::new(222, 3, &mut Rng(15)).encode().unwrap();
    assert_eq!(refusal(frame.clone(), 132, &0_u32.to_le_bytes()).0, Reason::BadSize);
    assert_eq!(refusal(frame.clone(), 132, &25_u32.to_le_bytes()).0, Reason::BadSize);
    assert_eq!(refusal(frame, 148, &64_u32.to_le_bytes()).0, Reason::BadSize);
}

#[test]
fn what_cannot_be_a_frame_is_not_written() {
    let rows = [0; 64];
    let parts = FrameParts {
        message_type: 1,
        source: 0,
        flags: 0,
        sequence: 0,
        timestamp: 0,
        context: context(),
        rows: &[&rows],
        stride: 0,
        schema_hash: 0,
        blob: &[],
        components: &[],
        extensions: &[],
    };
    assert!(encode(&parts).is_ok());
    let refused = |parts: FrameParts<'_>| encode(&parts).unwrap_err().reason;
    assert_eq!(refused(FrameParts { message_type: 4, ..parts }), Reason::BadType);
    assert_eq!(refused(FrameParts { message_type: 2, ..parts }), Reason::BadSize);
    assert_eq!(refused(FrameParts { message_type: 200, ..parts }), Reason::BadSize);
    assert_eq!(refused(FrameParts { rows: &[&rows[1..]], ..parts }), Reason::BadSize);
    assert_eq!(refused(FrameParts { flags: 2, ..parts }), Reason::BadCompression);
    assert_eq!(refused(FrameParts { blob: &[1], ..parts }), Reason::TypeMismatch);
    assert_eq!(refused(FrameParts { components: &[0; 24], ..parts }), Reason::TypeMismatch);
    let synthetic = FrameParts { message_type: 18, rows: &[], ..parts };
    assert_eq!(refused(FrameParts { components: &[0; 23], ..synthetic }), Reason::BadSize);
    let mut short = vec![0; encoded_len(&parts).unwrap() - 8];
    assert_eq!(encode_into(&parts, &mut short).unwrap_err().reason, Reason::BadSize);
}

#[test]
fn a_stamp_needs_a_frame() {
    assert_eq!(stamp(&mut [], 1).unwrap_err().reason, Reason::Truncated);
    assert_eq!(stamp(&mut [0; 64], 1).unwrap_err().reason, Reason::BadIdentifier);
    let mut frame = trade();
    frame[32] = 0;
    assert_eq!(stamp(&mut frame, 1).unwrap_err().reason, Reason::BadMagic);
    assert_eq!(checksum(&frame).unwrap_err().reason, Reason::BadMagic);
}

#[test]
fn errors_speak() {
    let error = verify(b"short").unwrap_err();
    assert_eq!(error.to_string(), "FRAME_TRUNCATED at byte 5: 5 bytes are too few for a frame");
}
