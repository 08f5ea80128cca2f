//! The index against a model, under growth, renaming, death and readers in other threads.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::*;

/// SplitMix64: a seed gives the same run everywhere.
struct Rng(u64);

impl Rng {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}

struct Place(PathBuf);

impl Place {
    fn new(name: &str) -> Self {
        let name = format!("alphapulse-index-{name}-{}", std::process::id());
        Place(std::env::temp_dir().join(name))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for suffix in ["", ".lock"] {
            let _ = std::fs::remove_file(format!("{}{suffix}", self.0.display()));
        }
    }
}

fn record(number: u64, isin: &str, symbol: &str, venue: u16) -> Record {
    let mut made = [0; RECORD_BYTES];
    made[..8].copy_from_slice(&number.to_le_bytes());
    made[8..10].copy_from_slice(&venue.to_le_bytes());
    made[32..32 + symbol.len()].copy_from_slice(symbol.as_bytes());
    made[84..84 + isin.len()].copy_from_slice(isin.as_bytes());
    made
}

fn id(number: u64, venue: u16) -> [u8; 16] {
    record(number, "", "", venue)[..16].try_into().unwrap()
}

fn symbol(venue: u16, text: &str) -> Vec<u8> {
    [&venue.to_le_bytes(), text.as_bytes()].concat()
}

#[test]
fn every_kind_of_key_finds_its_instruments() {
    let place = Place::new("kinds");
    let mut writer = Writer::create(&place.0, 16).unwrap();
    let mut token = record(3, "", "USDC", 1);
    token[64..84].copy_from_slice(&[0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
    token[96..108].copy_from_slice(b"BBG000B9XRY4");
    token[108..117].copy_from_slice(b"037833100");
    writer.put(0, &record(1, "US0378331005", "AAPL", 400)).unwrap();
    writer.put(1, &record(2, "US0378331005", "APC", 401)).unwrap();
    writer.put(2, &token).unwrap();
    assert!(matches!(Reader::attach(&place.0), Err(IndexError::Missing { .. })), "nothing is committed");
    writer.commit(7).unwrap();
    let reader = Reader::attach(&place.0).unwrap();
    assert_eq!((reader.revision(), reader.len()), (7, 3));
    assert_eq!(reader.get(&id(2, 401)).unwrap()[32..35], *b"APC");
    assert_eq!(reader.get(&id(2, 400)), None);
    assert_eq!(reader.find(Kind::Isin, b"US0378331005").len(), 2, "an ISIN alone never merges");
    assert_eq!(reader.find(Kind::Symbol, &symbol(400, "AAPL")).len(), 1);
    assert_eq!(reader.find(Kind::Symbol, &symbol(401, "AAPL")).len(), 0);
    assert_eq!(reader.find(Kind::Address, &token[64..84]), [token]);
    assert_eq!(reader.find(Kind::Figi, b"BBG000B9XRY4"), [token]);
    assert_eq!(reader.find(Kind::Cusip, b"037833100"), [token]);
    assert_eq!(reader.find(Kind::Id, &token[..16]), [token]);
    assert_eq!(reader.find(Kind::Isin, b""), [] as [Record; 0], "nobody has an empty key");
    assert_eq!(reader.find(Kind::Isin, &[b'X'; 40]), [] as [Record; 0]);
    let (mut out, mut counts) = (Vec::new(), Vec::new());
    reader.find_many(Kind::Isin, b"US0378331005US0000000000", 12, &mut out, &mut counts);
    assert_eq!(counts, [2, 0]);
    assert_eq!(out[..16], id(1, 400));
    assert!(writer.put(5, &token).is_err(), "numbers are dense");
    assert!(writer.put(0, &token).is_err(), "an instrument keeps its id");
}

#[test]
fn a_primary_listing_is_the_best_of_its_isin() {
    let place = Place::new("primary");
    let mut writer = Writer::create(&place.0, 16).unwrap();
    let mut primary = record(2, "US0378331005", "AAPL", 400);
    primary[126] = 0b10;
    writer.put(0, &record(1, "US0378331005", "AAPLD", 9)).unwrap();
    writer.put(1, &primary).unwrap();
    writer.commit(1).unwrap();
    let (mut out, mut counts) = (Vec::new(), Vec::new());
    let reader = Reader::attach(&place.0).unwrap();
    reader.find_many(Kind::Isin, b"US0378331005", 12, &mut out, &mut counts);
    assert_eq!((out, counts), (primary.to_vec(), vec![2]));
}

/// Random registrations and changes of keys, compared with a plain map; files are outgrown.
#[test]
fn it_says_what_a_map_says() {
    let place = Place::new("model");
    let mut rng = Rng(11);
    let mut writer = Writer::create(&place.0, 16).unwrap();
    let mut model: Vec<Record> = Vec::new();
    let mut reader: Option<Reader> = None;
    for revision in 1..=300 {
        for _ in 0..rng.next() % 12 {
            let isin = format!("US{:010}", rng.next() % 40);
            let ticker = format!("S{}", rng.next() % 60);
            if model.is_empty() || rng.next() % 3 > 0 {
                let made = record(model.len() as u64 + 1, &isin, &ticker, (rng.next() % 3) as u16);
                writer.put(model.len(), &made).unwrap();
                model.push(made);
            } else {
                let at = (rng.next() % model.len() as u64) as usize;
                let venue = u16::from_le_bytes([model[at][8], model[at][9]]);
                let isin = if rng.next() % 4 == 0 { "" } else { &isin };
                let changed = record(at as u64 + 1, isin, &ticker, venue);
                writer.put(at, &changed).unwrap();
                model[at] = changed;
            }
        }
        writer.commit(revision).unwrap();
        let reader = reader.get_or_insert_with(|| Reader::attach(&place.0).unwrap());
        assert_eq!((reader.revision(), reader.len()), (revision, model.len()));
        let mut by_isin: BTreeMap<Vec<u8>, Vec<Record>> = BTreeMap::new();
        for held in &model {
            by_isin.entry(held[84..96].to_vec()).or_default().push(*held);
            assert_eq!(reader.get(held[..16].try_into().unwrap()), Some(*held));
        }
        by_isin.remove(&vec![0; 12]);
        for (isin, expected) in by_isin {
            assert_eq!(reader.find(Kind::Isin, &isin), expected, "in the order of registration");
        }
        let snapshot = reader.snapshot(Duration::from_secs(5)).unwrap();
        assert_eq!((snapshot.revision, snapshot.records), (revision, model.concat()));
        let asked: Vec<u8> = (0..80).flat_map(|_| id(rng.next() % 400, (rng.next() % 3) as u16)).collect();
        let (mut out, mut missing) = (Vec::new(), Vec::new());
        reader.gather(&asked, &mut out, &mut missing);
        for (at, (id, found)) in asked.chunks(16).zip(out.chunks(RECORD_BYTES)).enumerate() {
            let expected = model.iter().find(|held| held[..16] == *id);
            assert_eq!(expected.map_or([0; RECORD_BYTES].as_slice(), |held| held), found);
            assert_eq!(expected.is_none(), missing.contains(&(at as u32)));
        }
    }
    assert!(writer.generation() > 3, "it has grown");
}

#[test]
fn readers_never_see_half_a_record_while_it_grows_and_changes() {
    let place = Place::new("readers");
    let mut writer = Writer::create(&place.0, 16).unwrap();
    // each record is full of one byte behind its keys, which says which version it is
    let version = |number: u64, fill: u8| {
        let mut made = record(number, &format!("US{:010}", number % 7), "", 1);
        made[16..32].fill(fill);
        made[96..108].fill(0);
        made[112..126].fill(fill);
        made[108..112].fill(0);
        made
    };
    writer.put(0, &version(1, 1)).unwrap();
    writer.commit(1).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let looks: [Arc<AtomicU64>; 2] = Default::default();
    let threads: Vec<_> = looks
        .iter()
        .map(|looks| {
            let (stop, looks, reader) = (stop.clone(), looks.clone(), Reader::attach(&place.0).unwrap());
            std::thread::spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let before = reader.revision();
                    let count = reader.len() as u64;
                    for number in (1..=count).rev().take(50) {
                        let found = reader.get(&id(number, 1)).expect("what was seen stays");
                        assert!(found[16..32].iter().chain(&found[112..126]).all(|byte| *byte == found[16]));
                    }
                    for found in reader.find(Kind::Isin, b"US0000000003") {
                        assert_eq!(found[84..96], *b"US0000000003");
                    }
                    assert!(reader.revision() >= before, "revisions only grow");
                    looks.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let (mut count, mut revision) = (1, 1u64);
    let deadline = Instant::now() + Duration::from_secs(60);
    let unseen = || (0..2).any(|at| !threads[at].is_finished() && looks[at].load(Ordering::Relaxed) == 0);
    // Grown, it changes on until both readers have looked, however late they came to run.
    while revision < 2000 || unseen() {
        assert!(Instant::now() < deadline, "a reader does not look");
        revision += 1;
        if revision % 3 == 0 || revision > 2000 {
            writer.put(
                (revision as usize * 7) % count,
                &version((revision * 7) % count as u64 + 1, revision as u8),
            )
        } else {
            count += 1;
            writer.put(count - 1, &version(count as u64, revision as u8))
        }
        .unwrap();
        writer.commit(revision).unwrap();
    }
    stop.store(true, Ordering::Relaxed);
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn a_new_writer_begins_anew_and_the_old_readers_follow() {
    let place = Place::new("anew");
    let mut first = Writer::create(&place.0, 16).unwrap();
    first.put(0, &record(1, "", "OLD", 1)).unwrap();
    first.commit(5).unwrap();
    assert!(matches!(Writer::create(&place.0, 16), Err(IndexError::Busy { .. })));
    let reader = Reader::attach(&place.0).unwrap();
    first.put(1, &record(2, "", "HALF", 1)).unwrap();
    drop(first); // as if it died: the second record belongs to no revision
    assert!(reader.snapshot(Duration::from_millis(1)).is_err(), "it died in a batch");
    let unnamed = format!("{}.123.new", place.0.display());
    std::fs::write(&unnamed, b"of a writer that died").unwrap();
    let mut second = Writer::create(&place.0, 16).unwrap();
    assert!(!std::path::Path::new(&unnamed).exists());
    second.put(0, &record(1, "", "NEW", 1)).unwrap();
    assert_eq!(reader.get(&id(1, 1)).unwrap()[32..35], *b"OLD", "good until there is another");
    second.commit(6).unwrap();
    assert_eq!(reader.get(&id(1, 1)).unwrap()[32..35], *b"NEW");
    assert_eq!((reader.revision(), reader.len()), (6, 1));
    assert_eq!(reader.generation(), 2);
}

#[test]
fn what_is_not_an_index_is_refused() {
    let place = Place::new("foreign");
    let refused = |bytes: &[u8], why: &str| {
        std::fs::write(&place.0, bytes).unwrap();
        match Reader::attach(&place.0) {
            Err(IndexError::Layout { detail, .. }) => assert!(detail.contains(why), "{detail}"),
            other => panic!("{why}: {:?}", other.map(|reader| reader.len())),
        }
    };
    refused(b"", "too few");
    refused(&[7; 5000], "not an index");
    let mut writer = Writer::create(&place.0, 16).unwrap();
    writer.put(0, &record(1, "", "A", 1)).unwrap();
    writer.commit(1).unwrap();
    let good = std::fs::read(&place.0).unwrap();
    let with = |at: usize, byte: u8| {
        let mut bytes = good.clone();
        bytes[at] = byte;
        bytes
    };
    refused(&with(8, 9), "layout 9");
    refused(&with(24, !good[24]), "checksum");
    refused(&good[..good.len() - 4096], "bytes are not those");
    // behind the header nothing is trusted: wild numbers find nothing and do no harm
    let mut rng = Rng(3);
    for _ in 0..50 {
        let mut bytes = good.clone();
        for _ in 0..200 {
            let at = 4096 + (rng.next() as usize) % (bytes.len() - 4096);
            bytes[at] = rng.next() as u8;
        }
        std::fs::write(&place.0, &bytes).unwrap();
        let reader = Reader::attach(&place.0).unwrap();
        let _ = (reader.get(&id(1, 1)), reader.find(Kind::Symbol, &symbol(1, "A")));
        let _ = reader.snapshot(Duration::from_millis(1));
    }
}

#[test]
fn readers_of_a_reclaimed_index_find_the_next_one() {
    let place = Place::new("reclaimed");
    let mut writer = Writer::create(&place.0, 4).unwrap();
    writer.put(0, &record(1, "", "OLD", 1)).unwrap();
    writer.commit(7).unwrap();
    let reader = Reader::attach(&place.0).unwrap();
    assert!(!reclaim(&place.0).unwrap(), "its writer is alive");
    drop(writer);
    assert!(reclaim(&place.0).unwrap());
    assert!(!place.0.exists() && !PathBuf::from(format!("{}.lock", place.0.display())).exists());
    assert_eq!(reader.find(Kind::Symbol, &symbol(1, "OLD")).len(), 1, "what was held stays good");

    let mut writer = Writer::create(&place.0, 4).unwrap();
    writer.put(0, &record(2, "", "NEW", 1)).unwrap();
    writer.commit(1).unwrap();
    assert_eq!(reader.revision(), 1);
    assert_eq!(reader.find(Kind::Symbol, &symbol(1, "NEW")).len(), 1);
    assert!(reader.find(Kind::Symbol, &symbol(1, "OLD")).is_empty());
}

#[test]
fn what_is_no_index_is_reclaimed_too() {
    let place = Place::new("no-index");
    std::fs::write(&place.0, b"torn").unwrap();
    assert!(reclaim(&place.0).unwrap());
    assert!(!place.0.exists());
}
