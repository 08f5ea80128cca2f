//! Relays and producers killed at random points: every number is in the ring exactly once, in order,
//! and none is missing that was acknowledged.
//!
//! The program starts itself as its own worker processes. `INBOX_KILLS=2000` makes the long form.

mod support;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use alphapulse_core::frame::{FrameParts, encode, record_of};
use alphapulse_core::inbox::{Kept, Pump, PumpConfig, Rules, Writer};
use alphapulse_core::ring::{GapReason, ReaderConfig, Ring, RingConfig, RingError, Run, Start, WaitStrategy};
use alphapulse_gen::layout::FrameContext;
use support::{Board, Dice, PATIENCE, Place, Worker};

const CAPACITY: u64 = 1 << 18;
const PRODUCER_ID: u64 = 7;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["relay", place] => relay(Path::new(place)),
        ["producer", place, wanted] => produce(Path::new(place), wanted.parse().unwrap()),
        _ => {
            let kills = std::env::var("INBOX_KILLS").ok().map_or(60, |n| n.parse().expect("INBOX_KILLS"));
            let started = Instant::now();
            let told = rounds(kills);
            println!("inbox_kill: {told}, {:.1} s", started.elapsed().as_secs_f64());
        }
    }
}

// Words of the board: the producer's number as the relay keeps it; the offer that a producer wants; the
// newest number that a producer saw acknowledged; whose the number is.
const KEPT: usize = 0;
const WANTED: usize = 1;
const SEEN: usize = 2;
const OWNER: usize = 3;
const WORDS: usize = 4;

fn frame(payload: usize) -> Vec<u8> {
    let rows = vec![0u8; record_of(1).unwrap().stride * payload];
    let parts = FrameParts {
        message_type: 1,
        source: 1,
        flags: 0,
        sequence: 0,
        timestamp: 1,
        context: FrameContext::default(),
        rows: &[&rows],
        stride: 0,
        schema_hash: 0,
        blob: &[],
        components: &[],
        extensions: &[],
    };
    encode(&parts).unwrap()
}

/// The newest number of the producer: what is kept, or what is in the ring, whichever is later.
fn known(ring: &Ring, board: &Board) -> u64 {
    let config = ReaderConfig::observing("look").start(Start::Oldest);
    let mut reader = ring.reader(&config).unwrap();
    let (mut run, mut bytes) = (Run::default(), Vec::new());
    let mut newest = board.get(KEPT);
    loop {
        reader.gather_copied(&mut run, &mut bytes, usize::MAX, u64::MAX).unwrap();
        if run.is_blank() {
            return newest;
        }
        for offset in &run.offsets {
            let at = *offset as usize + 8;
            newest = newest.max(u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()));
        }
    }
}

/// Serves one producer at a time, each with a new inbox, until it is killed.
fn relay(place: &Path) {
    let ring = Ring::attach(place.join("ring")).unwrap();
    let board = Board::open(&place.join("board"));
    let producer = loop {
        match ring.producer() {
            Ok(producer) => break producer,
            // The predecessor was killed and what it left was not yet recovered.
            Err(RingError::Busy { .. }) => std::thread::sleep(Duration::from_micros(200)),
            Err(error) => panic!("{error}"),
        }
    };
    ring.recover();
    let rules = Rules {
        accepted: [true; 256],
        max_frame: 20_000,
        max_run: 1 << 15,
        checksum: true,
        require_sequence: true,
        base: 1,
        domain: "test".into(),
    };
    let config = PumpConfig { rules, spin: Duration::ZERO, counters: None, latencies: None };
    let pump = Pump::start(Arc::new(Mutex::new(producer)), config).unwrap();
    let (mut served, mut lane) = (0, None);
    loop {
        let wanted = board.get(WANTED);
        if wanted != served {
            if let Some(lane) = lane {
                pump.close(lane);
            }
            let kept = Kept { number: board.word(KEPT), owner: board.word(OWNER), value: wanted };
            // SAFETY: the board is never unmapped.
            let offer = unsafe { pump.open(PRODUCER_ID, known(&ring, &board), Some(kept)) }.unwrap();
            let text = format!(
                "{} {} {} {}",
                wanted,
                offer.path.display(),
                offer.doorbell.display(),
                offer.incarnation
            );
            std::fs::write(place.join("offer.new"), text).unwrap();
            std::fs::rename(place.join("offer.new"), place.join("offer")).unwrap();
            (served, lane) = (wanted, Some(offer.lane));
        }
        // The ring may be full: the reader gives back what it has seen.
        if pump.held().is_some() {
            pump.set_limit(u64::MAX);
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

/// Opens what the relay of the moment offers.
fn open(place: &Path, wanted: u64) -> Option<Writer> {
    let text = std::fs::read_to_string(place.join("offer")).ok()?;
    let words: Vec<&str> = text.split(' ').collect();
    if words.len() != 4 || words[0].parse() != Ok(wanted) {
        return None;
    }
    Writer::open(Path::new(words[1]), Path::new(words[2]), words[3].parse().ok()?).ok()
}

/// Writes numbers on from what the relay knows, as fast as they go.
fn produce(place: &Path, mut wanted: u64) {
    let board = Board::open(&place.join("board"));
    let mut dice = Dice::new(wanted);
    let frames: Vec<Vec<u8>> = (0..20).map(|n| frame(n * 10)).collect();
    loop {
        let Some(mut writer) = open(place, wanted) else {
            std::thread::sleep(Duration::from_micros(200));
            continue;
        };
        let mut number = writer.acknowledged();
        let mut quiet = Instant::now();
        loop {
            let count = 1 + dice.roll(20) as usize;
            let before = number;
            number += writer.write(number + 1, frames[..count].iter().map(Vec::as_slice)) as u64;
            assert!(writer.reports().is_empty(), "nothing is refused");
            let acknowledged = writer.acknowledged();
            if acknowledged > board.get(SEEN) {
                board.set(SEEN, acknowledged);
                quiet = Instant::now();
            }
            if number == before {
                writer.wait(acknowledged, Duration::from_millis(1));
            }
            // Its relay has died: the next one is asked.
            if writer.closed() || quiet.elapsed() > Duration::from_millis(50) {
                wanted += 1 << 32;
                board.set(WANTED, wanted);
                break;
            }
        }
    }
}

fn rounds(kills: u64) -> String {
    let place = Place::new("inbox-kill");
    let ring = Ring::create(place.join("ring"), &RingConfig::new(CAPACITY)).unwrap();
    let board = Board::create(&place.join("board"), WORDS);
    let config = ReaderConfig::gating("audit").wait(WaitStrategy::Block).lease(Duration::from_secs(3600));
    let mut reader = ring.reader(&config).unwrap();
    let name = place.display().to_string();
    let mut dice = Dice::new(u64::from(std::process::id()));
    let (mut of_producer, mut gaps, mut last) = (1u64, 0u64, 0u64);
    board.set(WANTED, of_producer);
    let mut relay = Worker::start(&["relay", &name]);
    let mut producer = Worker::start(&["producer", &name, &of_producer.to_string()]);
    let mut run = Run::default();
    for _ in 0..kills {
        let until = Instant::now() + Duration::from_micros(5_000 + dice.roll(60_000));
        // Some progress in each round, so that the kills hit work.
        let from = last;
        let patience = Instant::now() + PATIENCE;
        while Instant::now() < until || last == from {
            assert!(Instant::now() < patience, "no progress since number {last}");
            reader.wait(Some(Duration::from_millis(5)));
            reader.check_hole();
            reader.gather(&mut run, usize::MAX, u64::MAX).unwrap();
            assert!(run.gaps.iter().all(|gap| gap.reason == GapReason::ProducerLost));
            gaps += run.gaps.iter().map(|gap| gap.count()).sum::<u64>();
            // SAFETY: a gating reader's view, used before it is released.
            let bytes = unsafe { reader.view(&run) };
            for offset in &run.offsets {
                let at = *offset as usize + 8;
                let number = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
                assert_eq!(number, last + 1, "each number once, in order");
                last = number;
            }
            reader.release();
        }
        // What somebody saw acknowledged before now is in the ring by now.
        match dice.roll(3) {
            0 => {
                producer.kill();
                of_producer += 1;
                board.set(WANTED, of_producer);
                producer = Worker::start(&["producer", &name, &of_producer.to_string()]);
            }
            _ => {
                relay.kill();
                relay = Worker::start(&["relay", &name]);
            }
        }
    }
    let seen = board.get(SEEN);
    let deadline = Instant::now() + PATIENCE;
    while last < seen {
        assert!(Instant::now() < deadline, "{seen} was acknowledged, the ring ends with {last}");
        reader.wait(Some(Duration::from_millis(5)));
        reader.gather(&mut run, usize::MAX, u64::MAX).unwrap();
        // SAFETY: as above.
        let bytes = unsafe { reader.view(&run) };
        for offset in &run.offsets {
            let at = *offset as usize + 8;
            let number = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
            assert_eq!(number, last + 1);
            last = number;
        }
        reader.release();
    }
    relay.kill();
    producer.kill();
    format!("{kills} kills, {last} frames, {gaps} gaps")
}
