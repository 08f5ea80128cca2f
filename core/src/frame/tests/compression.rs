use super::super::*;
use super::{Rng, Sample, golden, message_types};

const CODECS: [Codec; 3] = [Codec::Lz4, Codec::Zstd, Codec::Snappy];

fn trade(count: usize) -> Vec<u8> {
    Sample::new(1, count, &mut Rng(31)).encode().unwrap()
}

/// The packed frame with some bytes replaced and a right checksum.
fn forged(mut frame: Vec<u8>, at: usize, bytes: &[u8]) -> Vec<u8> {
    frame[at..at + bytes.len()].copy_from_slice(bytes);
    let checksum = checksum(&frame).unwrap();
    frame[44..48].copy_from_slice(&checksum.to_le_bytes());
    frame
}

#[test]
fn every_type_and_codec_comes_back_byte_for_byte() {
    let mut rng = Rng(32);
    for message_type in message_types() {
        for count in [0, 1, 40] {
            let mut frame = Sample::new(message_type, count, &mut rng).encode().unwrap();
            stamp(&mut frame, 5).unwrap();
            for codec in CODECS {
                let packed = compress(&frame, codec, 0).unwrap();
                let info = verify(&packed).unwrap();
                let plain = verify(&frame).unwrap();
                assert!(info.compressed);
                assert_eq!(info.codec(), codec as u8);
                assert_eq!(info.priority(), plain.priority());
                assert_eq!(info.context, plain.context);
                assert_eq!(info.header.sequence, 5);
                assert_eq!(info.header.payload_size, plain.header.payload_size);
                assert_eq!(info.extensions(&packed), plain.extensions(&frame));
                if message_type < 200 {
                    assert_eq!(info.record_count, count);
                }
                assert!(alphapulse_gen::fbs::root_as_frame(&packed).is_ok());
                assert_eq!(decompress(&packed, 1 << 20).unwrap().unwrap(), frame);
                assert_eq!(compress(&packed, codec, 0).unwrap_err().reason, Reason::BadCompression);
            }
            assert_eq!(decompress(&frame, 0).unwrap(), None, "plain already");
        }
    }
}

#[test]
fn frames_of_other_builders_come_back_with_the_same_content() {
    for (name, frame) in golden() {
        let info = verify(&frame).unwrap();
        let packed = compress(&frame, Codec::Zstd, 3).unwrap();
        let plain = decompress(&packed, 1 << 20).unwrap().unwrap();
        let back = verify(&plain).unwrap();
        assert_eq!(back.rows(&plain), info.rows(&frame), "{name}");
        assert_eq!(back.blob(&plain), info.blob(&frame), "{name}");
        assert_eq!(back.components(&plain), info.components(&frame), "{name}");
        assert_eq!(back.schema_hash, info.schema_hash, "{name}");
    }
}

#[test]
fn rows_that_repeat_get_smaller() {
    let rows = [1; 64 * 500];
    let sample = Sample {
        message_type: 1,
        rows: rows.to_vec(),
        stride: 0,
        blob: vec![],
        components: vec![],
        extensions: vec![],
    };
    let frame = sample.encode().unwrap();
    for codec in CODECS {
        assert!(compress(&frame, codec, 0).unwrap().len() < frame.len() / 10, "{codec:?}");
    }
}

#[test]
fn the_limit_comes_before_the_memory() {
    for codec in CODECS {
        let packed = compress(&trade(10), codec, 0).unwrap();
        assert_eq!(decompress(&packed, 639).unwrap_err().reason, Reason::TooLarge);
        assert!(decompress(&packed, 640).is_ok());
        // Claims of 4 GiB: sizes agree, the content does not exist.
        let huge = (u32::MAX / 64 * 64).to_le_bytes();
        let bomb = forged(forged(packed, 40, &huge), 132, &huge);
        verify(&bomb).unwrap();
        assert_eq!(decompress(&bomb, usize::MAX).unwrap_err().reason, Reason::TooLarge);
        assert_eq!(decompress(&bomb, 1 << 20).unwrap_err().reason, Reason::TooLarge);
    }
}

#[test]
fn sizes_that_lie_are_refused() {
    for codec in CODECS {
        let packed = compress(&trade(10), codec, 0).unwrap();
        for rows in [9, 11, 12_000] {
            let size = (rows * 64_u32).to_le_bytes();
            let lie = forged(forged(packed.clone(), 40, &size), 132, &size);
            verify(&lie).unwrap();
            assert_eq!(
                decompress(&lie, 1 << 20).unwrap_err().reason,
                Reason::BadCompression,
                "{codec:?} {rows}"
            );
        }
        let size = 641_u32.to_le_bytes();
        assert_eq!(verify(&forged(packed.clone(), 132, &size)).unwrap_err().reason, Reason::BadSize);
        assert_eq!(verify(&forged(packed.clone(), 40, &size)).unwrap_err().reason, Reason::BadSize);
        let both = forged(forged(packed.clone(), 40, &size), 132, &size);
        assert_eq!(verify(&both).unwrap_err().reason, Reason::BadSize, "no whole rows");
        assert_eq!(verify(&forged(packed, 140, &[2])).unwrap_err().reason, Reason::TypeMismatch);
    }
}

#[test]
fn a_wrong_codec_is_refused() {
    for codec in CODECS {
        for other in CODECS.iter().filter(|other| **other != codec) {
            let packed = compress(&trade(10), codec, 0).unwrap();
            let flags = (packed[39] & !3) | *other as u8;
            let lie = forged(packed, 39, &[flags]);
            verify(&lie).unwrap();
            assert_eq!(decompress(&lie, 1 << 20).unwrap_err().reason, Reason::BadCompression);
        }
    }
}

#[test]
fn content_is_checked_like_rows_in_place() {
    // The rows refer to a blob of which the packed content holds less.
    let sample = Sample::new(103, 1, &mut Rng(33));
    let whole = compress(&sample.encode().unwrap(), Codec::Snappy, 0).unwrap();
    let info = verify(&whole).unwrap();
    let content = snap::raw::Decoder::new().decompress_vec(info.compressed_data(&whole)).unwrap();
    let short = snap::raw::Encoder::new().compress_vec(&content[..content.len() - 1]).unwrap();
    let plain = sample.encode().unwrap();
    let parts =
        FrameParts { blob: &[], ..super::super::compress::parts_of(&inspect(&plain).unwrap(), &plain, &[]) };
    let lie = super::super::encode::encode_compressed(&parts, 3, 48, content.len() - 1, &short).unwrap();
    verify(&lie).unwrap();
    assert_eq!(decompress(&lie, 1 << 20).unwrap_err().reason, Reason::BadOffset);
}
