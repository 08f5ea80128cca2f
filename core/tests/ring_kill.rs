//! Producers and readers killed at random points: every published entry arrives exactly once, every
//! sequence is an entry or a reported gap, and nobody stalls.
//!
//! The program starts itself as its own worker processes. `RING_KILLS=5000` makes the long form.

mod support;

use std::path::Path;
use std::time::{Duration, Instant};

use alphapulse_core::ring::{
    GapReason, Reader, ReaderConfig, Ring, RingConfig, RingError, Run, Start, WaitStrategy,
};
use support::{Board, Dice, PATIENCE, Place, Worker, until};

const CAPACITY: u64 = 1 << 15;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["producer", ring, board, tag] => produce(ring, board, tag.parse().unwrap()),
        ["reader", ring, board] => read(ring, board),
        _ => {
            let kills = std::env::var("RING_KILLS").ok().map_or(120, |n| n.parse().expect("RING_KILLS"));
            for multi in [true, false] {
                let started = Instant::now();
                let told = rounds(multi, kills / 2);
                println!("ring_kill multi={multi}: {told}, {:.1} s", started.elapsed().as_secs_f64());
            }
        }
    }
}

/// Words of the board. Word 0 is the reader's; word `1 + tag` the number of entries that producer `tag`
/// knows to be published.
const BOARD_WORDS: usize = 1 << 16;

fn entry(tag: u64, counter: u64, length: u64) -> Vec<u8> {
    let mut bytes = vec![(tag ^ counter) as u8; 16 + length as usize];
    bytes[..8].copy_from_slice(&tag.to_le_bytes());
    bytes[8..16].copy_from_slice(&counter.to_le_bytes());
    bytes
}

fn produce(ring: &str, board: &str, tag: u64) {
    let ring = Ring::attach(ring).unwrap();
    let board = Board::open(Path::new(board));
    let mut dice = Dice::new(tag + 1);
    let mut producer = loop {
        match ring.producer() {
            Ok(producer) => break producer,
            // The predecessor was killed but not yet reaped by a recovery.
            Err(RingError::Busy { .. }) => std::thread::sleep(Duration::from_micros(200)),
            Err(error) => panic!("{error}"),
        }
    };
    producer.wait = WaitStrategy::Block;
    let mut counter = 0;
    loop {
        match dice.roll(8) {
            0..5 => {
                producer.publish(&entry(tag, counter, dice.roll(600))).unwrap();
                counter += 1;
            }
            5 => {
                let batch: Vec<Vec<u8>> =
                    (0..1 + dice.roll(8)).map(|i| entry(tag, counter + i, dice.roll(300))).collect();
                producer.publish_batch(batch.iter().map(|b| (&b[..8], &b[8..])), None).unwrap();
                counter += batch.len() as u64;
            }
            6 => {
                // Long enough between claim and publish to be killed there often.
                let count = 1 + dice.roll(6);
                let mut claim = producer.claim_batch(count as usize, 48).unwrap();
                for i in 0..count {
                    claim.payload(i as usize).copy_from_slice(&entry(tag, counter + i, 32));
                }
                std::thread::sleep(Duration::from_micros(dice.roll(400)));
                claim.publish();
                counter += count;
            }
            _ => drop(producer.claim(100).unwrap()),
        }
        board.set(1 + tag as usize, counter);
    }
}

fn read(ring: &str, board: &str) {
    let ring = Ring::attach(ring).unwrap();
    let board = Board::open(Path::new(board));
    // It keeps its place until its successor has come, however late that is.
    let config = ReaderConfig::gating("killed").start(Start::Resume).lease(Duration::from_secs(3600));
    let mut reader = loop {
        match ring.reader(&config) {
            Ok(reader) => break reader,
            Err(RingError::Busy { .. }) => std::thread::sleep(Duration::from_micros(200)),
            Err(error) => panic!("{error}"),
        }
    };
    // What the predecessor gave back was written before it was noted, so it may be ahead of the note.
    let noted = board.get(0);
    assert!(reader.sequence() >= noted, "resumed at {} after {noted}", reader.sequence());
    let mut run = Run::default();
    let mut next = reader.sequence();
    loop {
        reader.gather(&mut run, 16, u64::MAX).unwrap();
        for gap in &run.gaps {
            assert_eq!(gap.reason, GapReason::ProducerLost, "a gating reader loses nothing: {gap:?}");
        }
        let told = run.len() as u64 + run.gaps.iter().map(|g| g.count()).sum::<u64>();
        assert_eq!(reader.sequence(), next + told);
        next = reader.sequence();
        reader.release();
        board.set(0, next);
        if run.is_blank() {
            reader.wait(Some(Duration::from_millis(50)));
        }
    }
}

/// What the surviving readers have seen.
struct Account {
    /// Next counter of each producer.
    next: Vec<u64>,
    next_sequence: u64,
    entries: u64,
    gaps: u64,
}

impl Account {
    fn drain(&mut self, reader: &mut Reader, run: &mut Run, bytes: &mut Vec<u8>) -> bool {
        reader.gather_copied(run, bytes, 64, u64::MAX).unwrap();
        let mut told: Vec<(u64, Option<usize>)> =
            run.sequences.iter().enumerate().map(|(i, s)| (*s, Some(i))).collect();
        for gap in &run.gaps {
            assert_eq!(gap.reason, GapReason::ProducerLost);
            told.extend((gap.first..=gap.last).map(|s| (s, None)));
        }
        told.sort();
        for (sequence, index) in told {
            assert_eq!(sequence, self.next_sequence, "each sequence is told exactly once, in order");
            self.next_sequence += 1;
            let Some(index) = index else {
                self.gaps += 1;
                continue;
            };
            let at = run.offsets[index] as usize;
            let payload = &bytes[at..at + run.lengths[index] as usize];
            let word = |i: usize| u64::from_le_bytes(payload[i..i + 8].try_into().unwrap());
            let (tag, counter) = (word(0), word(8));
            assert!(payload[16..].iter().all(|b| *b == (tag ^ counter) as u8), "torn payload at {sequence}");
            let expected = &mut self.next[tag as usize];
            assert_eq!(counter, *expected, "producer {tag}: nothing lost, nothing twice");
            *expected += 1;
            self.entries += 1;
        }
        !run.is_blank()
    }
}

fn rounds(multi: bool, kills: u64) -> String {
    let place = Place::new("ring-kill");
    let (path, board_path) = (place.join("ring"), place.join("board"));
    let (ring_name, board_name) = (path.to_str().unwrap(), board_path.to_str().unwrap());
    let ring = Ring::create(&path, &RingConfig::new(CAPACITY).multi_producer(multi)).unwrap();
    let board = Board::create(&board_path, BOARD_WORDS);
    let mut survivor = ring.reader(&ReaderConfig::gating("survivor")).unwrap();
    let mut account = Account { next: vec![0; BOARD_WORDS], next_sequence: 0, entries: 0, gaps: 0 };
    let (mut run, mut bytes) = (Run::default(), Vec::new());
    let mut dice = Dice::new(kills + multi as u64);
    let mut tags = 0..;
    let mut producer =
        || Worker::start(&["producer", ring_name, board_name, &tags.next().unwrap().to_string()]);
    let mut producers: Vec<Worker> = (0..if multi { 3 } else { 1 }).map(|_| producer()).collect();
    let mut reader = Worker::start(&["reader", ring_name, board_name]);
    let mut slowest = Duration::ZERO;
    for _ in 0..kills {
        let until = Instant::now() + Duration::from_micros(2_000 + dice.roll(6_000));
        let mut last_news = Instant::now();
        while Instant::now() < until {
            if account.drain(&mut survivor, &mut run, &mut bytes) {
                slowest = slowest.max(last_news.elapsed());
                last_news = Instant::now();
            } else {
                survivor.wait(Some(Duration::from_millis(1)));
            }
        }
        if dice.roll(4) == 0 {
            let next = Worker::start(&["reader", ring_name, board_name]);
            std::mem::replace(&mut reader, next).kill();
        } else {
            let victim = dice.roll(producers.len() as u64) as usize;
            producers.swap_remove(victim).kill();
            producers.push(producer());
        }
    }
    producers.into_iter().for_each(Worker::kill);
    // Everything claimed becomes an entry or a gap, without any producer left to help.
    let deadline = Instant::now() + PATIENCE;
    while account.next_sequence < ring.next_sequence() {
        assert!(
            Instant::now() < deadline,
            "stalled at {} of {}",
            account.next_sequence,
            ring.next_sequence()
        );
        if !account.drain(&mut survivor, &mut run, &mut bytes) {
            survivor.wait(Some(Duration::from_millis(5)));
        }
    }
    for tag in 0..tags.start as usize {
        let known = board.get(1 + tag);
        assert!(
            account.next[tag] >= known,
            "producer {tag}: {known} published, {} arrived",
            account.next[tag]
        );
    }
    until("the restarted reader", || (board.get(0) >= ring.next_sequence()).then_some(()));
    reader.kill();
    ring.recover();
    assert!(ring.stats().producers.is_empty(), "no slot of a dead producer stays taken");
    assert!(account.entries > 0);
    format!(
        "{kills} kills, {} entries, {} gap entries, longest silence {slowest:?}",
        account.entries, account.gaps
    )
}
