//! The index's writer killed at random instants: readers of other processes find whole records, all
//! that was there before, and follow the next writer into its file.
//!
//! The program starts itself as the writer. `INDEX_KILLS=5000` makes the long form.

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use alphapulse_core::index::{Kind, RECORD_BYTES, Reader, Record, Writer};
use support::{Dice, Place, Worker, until};

/// Instruments that never change their ISIN.
const FIXED: u64 = 10;
const FIRST: u64 = 50;
const MOST: u64 = 2000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["writer", path, round] => write(Path::new(path), round.parse().unwrap()),
        _ => {
            let kills = std::env::var("INDEX_KILLS").ok().map_or(120, |n| n.parse().expect("INDEX_KILLS"));
            let started = Instant::now();
            let looked = rounds(kills);
            let seconds = started.elapsed().as_secs_f64();
            println!("index_kill: {kills} kills, {looked} looks, {seconds:.1} s");
        }
    }
}

/// A record that tells by itself whether it is whole: one number stands for all its parts.
fn record(number: u64, version: u64) -> Record {
    let mut made = [0; RECORD_BYTES];
    made[..8].copy_from_slice(&number.to_le_bytes());
    made[16..24].copy_from_slice(&version.to_le_bytes());
    let seal = (number << 32 ^ version).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    made[24..32].copy_from_slice(&seal.to_le_bytes());
    made[120..126].copy_from_slice(&seal.to_le_bytes()[2..]);
    let isin = if number < FIXED { "US0000000FIX".into() } else { format!("US{:010}", version % 7) };
    made[84..96].copy_from_slice(isin.as_bytes());
    made
}

fn number_of(found: &Record) -> u64 {
    let word = |at: usize| u64::from_le_bytes(found[at..at + 8].try_into().unwrap());
    let number = word(0);
    assert_eq!(*found, record(number, word(16)), "half a record of instrument {number}");
    number
}

/// Until it is killed: registers, changes, moves between keys, outgrows its file.
fn write(path: &Path, round: u64) {
    let mut dice = Dice::new(u64::from(std::process::id()) << 20 ^ round);
    let mut writer = Writer::create(path, 16).expect("the one before is dead");
    let mut count = FIRST;
    for number in 0..count {
        writer.put(number as usize, &record(number, 0)).unwrap();
    }
    for revision in round * 1_000_000_000.. {
        writer.commit(revision).unwrap();
        for _ in 0..dice.roll(6) {
            if count < MOST && dice.roll(4) == 0 {
                writer.put(count as usize, &record(count, revision)).unwrap();
                count += 1;
            } else {
                let number = dice.roll(count);
                writer.put(number as usize, &record(number, revision)).unwrap();
            }
        }
    }
}

fn rounds(kills: u64) -> u64 {
    let place = Place::new("index-kill");
    let path = place.join("index");
    let writer = |round: u64| Worker::start(&["writer", path.to_str().unwrap(), &round.to_string()]);
    let mut dice = Dice::new(u64::from(std::process::id()));
    let first = writer(1);
    let old = until("the first index", || Reader::attach(&path).ok());
    first.kill();
    let mut looked = 0;
    for round in 2..kills + 2 {
        let worker = writer(round);
        let follows = round % 2 == 0;
        if follows {
            until("a reader to follow", || (old.revision() >= round * 1_000_000_000).then_some(()));
        }
        let deadline = Instant::now() + Duration::from_micros(dice.roll(20_000));
        while Instant::now() < deadline {
            looked += look(&old);
        }
        worker.kill();
        looked += look(&old);
        looked += look(&Reader::attach(&path).expect("what is named is whole"));
    }
    looked
}

/// What any reader may count on at any time.
fn look(reader: &Reader) -> u64 {
    let before = reader.revision();
    let numbers: Vec<u64> = reader.find(Kind::Isin, b"US0000000FIX").iter().map(number_of).collect();
    assert_eq!(numbers, (0..FIXED).collect::<Vec<_>>(), "none lost, none twice, in their order");
    for number in 0..FIRST {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&number.to_le_bytes());
        assert_eq!(number_of(&reader.get(&id).expect("committed")), number);
    }
    for isin in 0..7 {
        let isin = format!("US{isin:010}");
        for found in reader.find(Kind::Isin, isin.as_bytes()) {
            assert!(number_of(&found) >= FIXED && found[84..96] == *isin.as_bytes());
        }
    }
    assert!(reader.revision() >= before, "revisions only grow");
    1
}
