use std::sync::Arc;

use alphapulse_gen::layout::{ArbitrageOpportunity, InstrumentId, RECORDS, Trade, VenueUpdate};
use alphapulse_gen::record::{as_bytes, read};
use proptest::prelude::*;

use super::super::*;
use super::{Rng, Sample, context};

fn id(asset_id: u64, venue: u16, asset_type: u8) -> InstrumentId {
    InstrumentId { asset_id, venue, asset_type, scheme: 1, salt: 0 }
}

fn frame_of(message_type: u8, rows: &[u8]) -> Vec<u8> {
    let sample = Sample {
        message_type,
        rows: rows.to_vec(),
        stride: 0,
        blob: Vec::new(),
        components: Vec::new(),
        extensions: super::extensions(),
    };
    sample.encode().unwrap()
}

fn trades(ids: &[InstrumentId]) -> Vec<u8> {
    let rows: Vec<_> = ids
        .iter()
        .zip(0..)
        .map(|(id, price)| Trade { instrument_id: *id, price, ..Trade::default() })
        .collect();
    let mut frame = frame_of(1, as_bytes(&rows));
    stamp(&mut frame, 77).unwrap();
    frame
}

fn instruments(ids: &[InstrumentId]) -> Option<Arc<InstrumentSet>> {
    InstrumentSet::from_bytes(as_bytes(ids)).map(Arc::new)
}

/// Prices of the rows that a filter leaves; the frame it leaves is checked on the way.
fn prices(filter: &FrameFilter, frame: &[u8]) -> Vec<i64> {
    let passed = match filter.apply(frame).unwrap() {
        Passed::Nothing => return Vec::new(),
        Passed::Whole => frame.to_vec(),
        Passed::Part(part) => part,
    };
    let info = verify(&passed).unwrap();
    let before = verify(frame).unwrap();
    assert_eq!(info.context, before.context);
    assert_eq!(info.header.sequence, before.header.sequence);
    assert_eq!(info.header.timestamp, before.header.timestamp);
    assert_eq!(info.header.flags, before.header.flags);
    assert_eq!(info.extensions(&passed), before.extensions(frame));
    let plain = decompress(&passed, 1 << 20).unwrap().unwrap_or(passed);
    let info = inspect(&plain).unwrap();
    info.rows(&plain).chunks_exact(64).map(|row| read::<Trade>(row).unwrap().price).collect()
}

#[test]
fn rows_of_other_instruments_are_cut_out() {
    let (a, b, c) = (id(1, 1, 8), id(2, 1, 8), id(1, 2, 10));
    let frame = trades(&[a, b, a, a, c, b]);
    let filter = FrameFilter { instruments: instruments(&[a]), ..FrameFilter::default() };
    assert_eq!(prices(&filter, &frame), [0, 2, 3]);
    let filter = FrameFilter { instruments: instruments(&[c, b]), ..FrameFilter::default() };
    assert_eq!(prices(&filter, &frame), [1, 4, 5]);
    let all = FrameFilter { instruments: instruments(&[a, b, c]), ..FrameFilter::default() };
    assert_eq!(all.apply(&frame).unwrap(), Passed::Whole);
    let none = FrameFilter { instruments: instruments(&[id(9, 1, 8)]), ..FrameFilter::default() };
    assert_eq!(none.apply(&frame).unwrap(), Passed::Nothing);
}

#[test]
fn venues_and_asset_types_are_those_of_the_id() {
    let frame = trades(&[id(1, 1, 8), id(1, 2, 10), id(2, 300, 2), id(3, 65535, 2)]);
    let venues =
        |numbers: &[u16]| FrameFilter { venues: Some(NumberSet::new(numbers)), ..FrameFilter::default() };
    assert_eq!(prices(&venues(&[1, 300]), &frame), [0, 2]);
    assert_eq!(prices(&venues(&[65535]), &frame), [3]);
    assert_eq!(prices(&venues(&[64]), &frame), [0; 0]);
    let types = FrameFilter { asset_types: Some(NumberSet::new(&[2])), ..FrameFilter::default() };
    assert_eq!(prices(&types, &frame), [2, 3]);
    let both = FrameFilter { asset_types: Some(NumberSet::new(&[2])), ..venues(&[1, 300]) };
    assert_eq!(prices(&both, &frame), [2]);
}

#[test]
fn one_id_must_satisfy_all_parts_at_once() {
    let row = ArbitrageOpportunity {
        base_id: id(1, 1, 8),
        quote_id: id(2, 2, 10),
        ..ArbitrageOpportunity::default()
    };
    let frame = frame_of(20, as_bytes(&[row]));
    let filter = |instrument, venue| FrameFilter {
        instruments: instruments(&[instrument]),
        venues: Some(NumberSet::new(&[venue])),
        ..FrameFilter::default()
    };
    assert_eq!(filter(id(2, 2, 10), 2).apply(&frame).unwrap(), Passed::Whole, "the second id counts too");
    assert_eq!(filter(id(1, 1, 8), 2).apply(&frame).unwrap(), Passed::Nothing);
}

#[test]
fn types_without_an_instrument_pass() {
    let mut rng = Rng(21);
    let filter = FrameFilter {
        instruments: instruments(&[id(1, 1, 1)]),
        asset_types: Some(NumberSet::new(&[1])),
        ..FrameFilter::default()
    };
    for record in RECORDS.iter().filter(|record| record.instrument_offsets.is_empty()) {
        let frame = Sample::new(record.message_type.unwrap().0, 2, &mut rng).encode().unwrap();
        assert_eq!(filter.apply(&frame).unwrap(), Passed::Whole, "{}", record.name);
    }
}

#[test]
fn venue_updates_are_held_against_the_venues() {
    let rows = [1, 2, 1].map(|venue| VenueUpdate { venue, ..VenueUpdate::default() });
    let frame = frame_of(12, as_bytes(&rows));
    let filter = FrameFilter { venues: Some(NumberSet::new(&[2])), ..FrameFilter::default() };
    let Passed::Part(part) = filter.apply(&frame).unwrap() else { panic!("one of three passes") };
    assert_eq!(verify(&part).unwrap().record_count, 1);
    let other = FrameFilter { instruments: instruments(&[id(1, 1, 1)]), ..FrameFilter::default() };
    assert_eq!(other.apply(&frame).unwrap(), Passed::Whole);
}

#[test]
fn message_types_and_sources_decide_about_the_frame() {
    let frame = trades(&[id(1, 1, 8)]);
    let types = |numbers: &[u16]| FrameFilter {
        message_types: Some(NumberSet::new(numbers)),
        ..FrameFilter::default()
    };
    assert_eq!(types(&[1]).apply(&frame).unwrap(), Passed::Whole);
    assert_eq!(types(&[2, 222]).apply(&frame).unwrap(), Passed::Nothing);
    let sources = FrameFilter { sources: Some(NumberSet::new(&[2])), ..types(&[1]) };
    assert_eq!(sources.apply(&frame).unwrap(), Passed::Nothing);
}

#[test]
fn compressed_frames_are_cut_and_packed_again() {
    let (a, b) = (id(1, 1, 8), id(2, 1, 8));
    let frame = trades(&[a, b, a]);
    for codec in [Codec::Lz4, Codec::Zstd, Codec::Snappy] {
        let packed = compress(&frame, codec, 0).unwrap();
        let filter = FrameFilter { instruments: instruments(&[a]), ..FrameFilter::default() };
        assert_eq!(prices(&filter, &packed), [0, 2]);
        let all = FrameFilter { instruments: instruments(&[a, b]), ..FrameFilter::default() };
        assert_eq!(all.apply(&packed).unwrap(), Passed::Whole);
        let bounded = FrameFilter { max_bytes: 100, ..filter };
        assert_eq!(bounded.apply(&packed).unwrap_err().reason, Reason::TooLarge);
    }
}

#[test]
fn a_predicate_is_asked_beside_the_ids() {
    let (a, b) = (id(1, 1, 8), id(2, 1, 8));
    let frame = trades(&[a, b, a, b, a]);
    let predicate = |text| Predicate::compile(text, None, &[]).unwrap();
    let filter = FrameFilter { predicate: predicate("price > 0.00000001"), ..FrameFilter::default() };
    assert!(!filter.passes_all());
    assert_eq!(prices(&filter, &frame), [2, 3, 4]);
    assert_eq!(prices(&filter, &compress(&frame, Codec::Zstd, 0).unwrap()), [2, 3, 4]);
    let both = FrameFilter { instruments: instruments(&[a]), ..filter };
    assert_eq!(prices(&both, &frame), [2, 4]);
    let all = FrameFilter { predicate: predicate("price >= 0"), ..FrameFilter::default() };
    assert_eq!(all.apply(&frame).unwrap(), Passed::Whole);
    let none = FrameFilter { predicate: predicate("price < 0"), ..FrameFilter::default() };
    assert_eq!(none.apply(&frame).unwrap(), Passed::Nothing);
    let other = FrameFilter { predicate: predicate("bid_price >= 0"), ..FrameFilter::default() };
    assert_eq!(other.apply(&frame).unwrap(), Passed::Nothing, "a trade has no such field");
    assert_eq!(other.apply(&trades(&[])).unwrap(), Passed::Nothing);
    assert_eq!(all.apply(&trades(&[])).unwrap(), Passed::Whole, "nothing was filtered out");
    let heartbeats = FrameFilter { predicate: predicate("frames_in == 0"), ..both };
    let beat = frame_of(100, &[0; 96 * 2]);
    assert_eq!(heartbeats.apply(&beat).unwrap(), Passed::Whole, "no instrument, but the field");
}

#[test]
fn a_bad_frame_is_an_error() {
    let filter = FrameFilter { venues: Some(NumberSet::new(&[1])), ..FrameFilter::default() };
    assert_eq!(filter.apply(b"not a frame").unwrap_err().reason, Reason::BadIdentifier);
}

#[test]
fn blob_and_components_stay() {
    let mut rng = Rng(22);
    for message_type in [10, 16, 18] {
        let mut sample = Sample::new(message_type, 4, &mut rng);
        let stride = sample.stride as usize;
        let wanted = [7_u8; 16];
        sample.rows[2 * stride..2 * stride + 16].copy_from_slice(&wanted);
        let frame = sample.encode().unwrap();
        let set = InstrumentSet::from_bytes(&wanted).map(Arc::new);
        let filter = FrameFilter { instruments: set, ..FrameFilter::default() };
        let Passed::Part(part) = filter.apply(&frame).unwrap() else { panic!("one of four passes") };
        let info = verify(&part).unwrap();
        assert_eq!(info.rows(&part), &sample.rows[2 * stride..3 * stride]);
        assert_eq!(info.blob(&part), sample.blob);
        assert_eq!(info.components(&part), sample.components);
        assert_eq!(info.context, context());
    }
}

proptest! {
    /// The same rows as a plain loop over them would keep.
    #[test]
    fn a_filter_is_a_loop(
        keys in prop::collection::vec((0_u64..4, 0_u16..3, 0_u8..3), 0..40),
        chosen in prop::option::of(prop::collection::vec((0_u64..4, 0_u16..3, 0_u8..3), 1..6)),
        venues in prop::option::of(prop::collection::vec(0_u16..3, 1..3)),
        asset_types in prop::option::of(prop::collection::vec(0_u16..3, 1..3)),
        packed: bool,
    ) {
        let make = |(a, v, t): &(u64, u16, u8)| id(*a, *v, *t);
        let ids: Vec<_> = keys.iter().map(make).collect();
        let filter = FrameFilter {
            instruments: chosen.as_ref().and_then(|keys| instruments(&keys.iter().map(make).collect::<Vec<_>>())),
            venues: venues.as_deref().map(NumberSet::new),
            asset_types: asset_types.as_deref().map(NumberSet::new),
            ..FrameFilter::default()
        };
        let plain = trades(&ids);
        let frame = if packed { compress(&plain, Codec::Lz4, 0).unwrap() } else { plain };
        let expected: Vec<i64> = keys.iter().zip(0..).filter(|(key, _)| {
            chosen.as_ref().is_none_or(|all| all.contains(key))
                && venues.as_ref().is_none_or(|all| all.contains(&key.1))
                && asset_types.as_ref().is_none_or(|all| all.contains(&u16::from(key.2)))
        }).map(|(_, price)| price).collect();
        prop_assert_eq!(prices(&filter, &frame), expected);
    }
}
