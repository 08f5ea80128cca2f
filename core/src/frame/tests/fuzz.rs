//! Random and mutated bytes: no panic, no read out of bounds (the slices would panic), and whatever
//! passes our verifier passes the official one.
//!
//! A short run belongs to every `cargo test`; the long one is
//! `cargo test --release --lib frame -- --ignored` (ALPHAPULSE_FUZZ_RUNS, two million by default).

use std::sync::Arc;

use alphapulse_gen::fbs;

use super::super::*;
use super::{Rng, Sample, golden, message_types};

/// Frames to start from: every type, empty and not, plain and packed, of our own and other builders.
fn corpus() -> Vec<Vec<u8>> {
    let mut rng = Rng(41);
    let mut frames: Vec<_> = golden().into_iter().map(|(_, frame)| frame).collect();
    for message_type in message_types() {
        for count in [0, 2] {
            frames.push(Sample::new(message_type, count, &mut rng).encode().unwrap());
        }
    }
    for i in 0..frames.len() {
        let codec = [Codec::Lz4, Codec::Zstd, Codec::Snappy][i % 3];
        frames.push(compress(&frames[i], codec, 0).unwrap());
    }
    frames
}

/// Everything that may be done with bytes of unknown origin. Returns whether they are a frame.
fn exercise(bytes: &[u8], filter: &FrameFilter) -> bool {
    let found = inspect(bytes);
    let _ = checksum(bytes);
    let _ = tlv::walk(bytes).count();
    let mut copy = bytes.to_vec();
    let stamped = stamp(&mut copy, 1);
    let info = match found {
        Ok(info) => info,
        Err(error) => {
            assert!(error.offset <= bytes.len(), "{error}");
            assert!(filter.apply(bytes).is_err());
            return false;
        }
    };
    stamped.unwrap();
    assert!(fbs::root_as_frame(bytes).is_ok(), "the official verifier refuses what ours passes");
    assert_eq!(info.rows(bytes).len(), info.rows_length);
    let _ = (info.blob(bytes), info.components(bytes), info.extensions(bytes), info.compressed_data(bytes));
    match filter.apply(bytes) {
        Ok(Passed::Part(part)) => assert!(verify(&part).is_ok()),
        Ok(_) => {}
        Err(_) => assert!(info.compressed, "a plain frame that passes can be filtered"),
    }
    match decompress(bytes, 1 << 16) {
        Ok(Some(plain)) => assert!(verify(&plain).is_ok()),
        Ok(None) => {
            let packed = compress(bytes, Codec::Lz4, 0).unwrap();
            assert!(verify(&packed).is_ok());
        }
        Err(_) => assert!(info.compressed),
    }
    true
}

/// One to eight changes of a kind that finds the borders of a format.
fn mutate(frame: &[u8], other: &[u8], rng: &mut Rng) -> Vec<u8> {
    let mut bytes = frame.to_vec();
    for _ in 0..=rng.below(8) {
        if bytes.is_empty() {
            return bytes;
        }
        // The prefix holds the tables: most changes go there.
        let reach = if rng.below(4) == 0 { bytes.len() } else { bytes.len().min(160) };
        let at = rng.below(reach);
        match rng.below(9) {
            0 => bytes[at] ^= 1 << rng.below(8),
            1 => bytes[at] = rng.next() as u8,
            2 => bytes[at] = [0, 1, 0x7F, 0x80, 0xFF][rng.below(5)],
            3 => {
                let at = at & !3;
                let edge =
                    [0, 1, 4, 8, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, bytes.len() as u32][rng.below(8)];
                let end = (at + 4).min(bytes.len());
                bytes[at..end].copy_from_slice(&edge.to_le_bytes()[..end - at]);
            }
            4 => {
                // A small step of a 16- or 32-bit number.
                let at = at & !1;
                if at + 2 <= bytes.len() {
                    let value = u16::from_le_bytes([bytes[at], bytes[at + 1]]);
                    let step = (rng.below(33) as u16).wrapping_sub(16);
                    bytes[at..at + 2].copy_from_slice(&value.wrapping_add(step).to_le_bytes());
                }
            }
            5 => bytes.truncate(at),
            6 => {
                let count = rng.below(16);
                let tail = rng.bytes(count);
                bytes.extend_from_slice(&tail);
            }
            7 => {
                // A piece of another frame at the same place.
                let end = (at + rng.below(64)).min(bytes.len()).min(other.len());
                if at < end {
                    bytes[at..end].copy_from_slice(&other[at..end]);
                }
            }
            _ => {
                // Move a piece: the same tables at other distances.
                let end = (at + 4 * rng.below(16)).min(bytes.len());
                let piece: Vec<u8> = bytes.drain(at..end).collect();
                let to = rng.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
        }
    }
    bytes
}

fn run(runs: usize, seed: u64) {
    let corpus = corpus();
    let mut rng = Rng(seed);
    let set = InstrumentSet::from_bytes(&[0; 16]).map(Arc::new);
    let filter = FrameFilter {
        instruments: set,
        venues: Some(NumberSet::new(&[0, 1, 2])),
        max_bytes: 1 << 16,
        ..FrameFilter::default()
    };
    for frame in &corpus {
        assert!(exercise(frame, &filter));
    }
    let mut passed = 0;
    for i in 0..runs {
        let bytes = if i % 16 == 0 {
            let length = rng.below(400);
            let mut bytes = rng.bytes(length);
            if i % 32 == 0 && length > 8 {
                bytes[4..8].copy_from_slice(b"APF1");
                bytes[..4].copy_from_slice(&(rng.below(length) as u32 & !3).to_le_bytes());
            }
            bytes
        } else {
            let frame = &corpus[rng.below(corpus.len())];
            let other = &corpus[rng.below(corpus.len())];
            mutate(frame, other, &mut rng)
        };
        let outcome = std::panic::catch_unwind(|| exercise(&bytes, &filter));
        match outcome {
            Ok(good) => passed += usize::from(good),
            Err(panic) => {
                eprintln!("run {i} of seed {seed}: {bytes:02x?}");
                std::panic::resume_unwind(panic);
            }
        }
    }
    assert!(passed > runs / 100, "the mutations reach beyond the first check: {passed} of {runs} passed");
    assert!(passed < runs, "the mutations break frames");
}

#[test]
#[cfg_attr(miri, ignore = "minutes under the interpreter; `pure_parts_under_miri` is for it")]
fn random_bytes_do_no_harm() {
    run(20_000, 42);
}

#[test]
#[ignore = "a soak: two million byte strings"]
fn millions_of_random_bytes_do_no_harm() {
    let runs = std::env::var("ALPHAPULSE_FUZZ_RUNS").ok().and_then(|runs| runs.parse().ok());
    let seed = std::env::var("ALPHAPULSE_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok());
    run(runs.unwrap_or(2_000_000), seed.unwrap_or(43));
}

/// No file, no foreign function: what the interpreter can watch byte by byte.
#[test]
fn pure_parts_under_miri() {
    let mut rng = Rng(44);
    let filter = FrameFilter { venues: Some(NumberSet::new(&[0, 1, 2])), ..FrameFilter::default() };
    for message_type in [1, 18, 37, 103, 222] {
        let frame = Sample::new(message_type, 2, &mut rng).encode().unwrap();
        let packed = compress(&frame, Codec::Lz4, 0).unwrap();
        assert_eq!(decompress(&packed, 1 << 16).unwrap().unwrap(), frame);
        for _ in 0..40 {
            for frame in [&frame, &packed] {
                let bytes = mutate(frame, &packed, &mut rng);
                if let Ok(info) = inspect(&bytes) {
                    let _ = (info.rows(&bytes), info.blob(&bytes), info.components(&bytes));
                    if info.codec() != Codec::Zstd as u8 {
                        let _ = filter.apply(&bytes);
                        let _ = decompress(&bytes, 1 << 16);
                    }
                }
            }
        }
    }
}
