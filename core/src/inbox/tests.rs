//! A pump and its producers in one process; killed processes are `tests/inbox_kill.rs`' part.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::layout::*;
use super::memory::Memory;
use super::*;
use crate::frame::message::EntryPrefix;
use crate::frame::{self, FrameParts, tests as samples};
use crate::ring::{Reader, ReaderConfig, Ring, RingConfig, Run};

const BASE: u64 = 1;

/// A frame of `count` book levels.
fn levels(count: usize) -> Vec<u8> {
    samples::Sample::new(2, count, &mut samples::Rng(count as u64 + 1)).encode().expect("a frame")
}

fn urgent(priority: u8) -> Vec<u8> {
    let sample = samples::Sample::new(2, 1, &mut samples::Rng(1));
    let parts = FrameParts {
        message_type: 2,
        source: 1,
        flags: priority << 2,
        sequence: 0,
        timestamp: 1,
        context: samples::context(),
        rows: &[&sample.rows],
        stride: sample.stride,
        schema_hash: 0,
        blob: &[],
        components: &[],
        extensions: &[],
    };
    frame::encode(&parts).expect("a frame")
}

fn rules(accepted: impl Fn(u8) -> bool) -> Rules {
    Rules {
        accepted: std::array::from_fn(|number| accepted(number as u8)),
        max_frame: 30_000,
        max_run: 1 << 16,
        checksum: true,
        require_sequence: false,
        base: BASE,
        domain: "market_data".into(),
    }
}

struct Relay {
    ring: Ring,
    reader: Reader,
    pump: Pump,
    seen: u64,
}

/// What an entry of the ring says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    sequence: u64,
    producer_id: u64,
    number: u64,
    frame: Vec<u8>,
}

impl Relay {
    fn new(rules: Rules) -> Self {
        let ring = Ring::anonymous(&RingConfig::new(1 << 20)).unwrap();
        let reader = ring.reader(&ReaderConfig::gating("test")).unwrap();
        let producer = Arc::new(Mutex::new(ring.producer().unwrap()));
        let config = PumpConfig { rules, spin: Duration::ZERO, counters: None, latencies: None };
        let pump = Pump::start(producer, config).unwrap();
        Relay { ring, reader, pump, seen: 0 }
    }

    fn producer(&self, id: u64, sequence: u64) -> (u64, Writer) {
        // SAFETY: nothing is kept.
        let offer = unsafe { self.pump.open(id, sequence, None) }.unwrap();
        (offer.lane, Writer::open(&offer.path, &offer.doorbell, offer.incarnation).unwrap())
    }

    /// What is in the ring now.
    fn entries(&mut self) -> Vec<Entry> {
        let mut run = Run::default();
        let mut bytes = Vec::new();
        self.reader.gather(&mut run, usize::MAX, u64::MAX).unwrap();
        // SAFETY: a gating reader's view, used before it is released.
        bytes.extend_from_slice(unsafe { self.reader.view(&run) });
        self.reader.release();
        let word = |at: usize| u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        let entry = |index: usize| {
            let at = run.offsets[index] as usize;
            Entry {
                sequence: run.sequences[index],
                producer_id: word(at),
                number: word(at + 8),
                frame: bytes[at + EntryPrefix::BYTES..at + run.lengths[index] as usize].to_vec(),
            }
        };
        let entries: Vec<Entry> = (0..run.len()).map(entry).collect();
        self.seen += entries.len() as u64;
        entries
    }
}

/// Waits for a condition, generously.
fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < deadline, "{what} did not come about");
        std::thread::sleep(Duration::from_micros(200));
    }
}

fn write_all(writer: &mut Writer, first: u64, frames: &[Vec<u8>]) {
    let mut done = 0;
    until("room in the inbox", || {
        done += writer.write(first + done as u64, frames[done..].iter().map(Vec::as_slice));
        done == frames.len()
    });
}

#[test]
fn frames_come_through_in_order_with_their_sequences() {
    let mut relay = Relay::new(rules(|_| true));
    let (_, mut one) = relay.producer(7, 0);
    let (_, mut two) = relay.producer(8, 40);
    let frames: Vec<Vec<u8>> = (0..300).map(|n| levels(n % 20)).collect();
    write_all(&mut one, 1, &frames);
    write_all(&mut two, 41, &frames[..3]);
    assert!(one.wait(299, Duration::from_secs(60)) && two.wait(42, Duration::from_secs(60)));
    assert_eq!((one.acknowledged(), two.acknowledged()), (300, 43));
    let entries = relay.entries();
    assert_eq!(entries.iter().map(|e| e.sequence).collect::<Vec<_>>(), (0..303).collect::<Vec<_>>());
    for (id, first) in [(7, 1), (8, 41)] {
        let mine: Vec<&Entry> = entries.iter().filter(|e| e.producer_id == id).collect();
        let numbers: Vec<u64> = mine.iter().map(|e| e.number).collect();
        assert_eq!(numbers, (first..first + mine.len() as u64).collect::<Vec<_>>());
        for (entry, frame) in mine.iter().zip(&frames) {
            let info = frame::verify(&entry.frame).expect("whole");
            assert_eq!(info.header.sequence, entry.sequence + BASE);
            assert_eq!(entry.frame.len(), frame.len());
        }
    }
    let news = relay.pump.news().expect("something has happened");
    assert_eq!(news.head, 303 - 1 + BASE);
    let mut told: Vec<u64> = news.lanes.iter().map(|lane| lane.sequence).collect();
    told.sort_unstable();
    assert_eq!(told, [43, 300]);
    assert_eq!(relay.pump.news(), None);
}

#[test]
fn what_is_wrong_is_refused_with_its_reason_and_the_rest_is_not() {
    let mut relay = Relay::new(rules(|number| number == 2));
    let (_, mut writer) = relay.producer(7, 0);
    let good = levels(3);
    let mut torn = good.clone();
    *torn.last_mut().unwrap() ^= 1;
    let trade = samples::Sample::new(1, 1, &mut samples::Rng(1)).encode().unwrap();
    let frames = [good.clone(), torn, vec![], trade, levels(380), b"no frame".to_vec(), good];
    write_all(&mut writer, 1, &frames);
    assert!(writer.wait(6, Duration::from_secs(60)));
    let reports: Vec<(u64, String)> = writer.reports().into_iter().map(|r| (r.number, r.reason)).collect();
    let wanted = ["FRAME_BAD_CHECKSUM", "FRAME_TRUNCATED", "DOMAIN_MISMATCH", "FRAME_TOO_LARGE"];
    assert_eq!(reports[..4], [2, 3, 4, 5].map(|n| (n, wanted[n as usize - 2].to_owned())));
    assert_eq!((reports[4].0, reports[4].1.as_str()), (6, "FRAME_BAD_IDENTIFIER"));
    let numbers: Vec<u64> = relay.entries().iter().map(|e| e.number).collect();
    assert_eq!(numbers, [1, 7]);
    let news = relay.pump.news().unwrap();
    assert_eq!(news.refused.iter().map(|(_, count)| count).sum::<u64>(), 5);
    assert_eq!(news.lanes[0].rejected, 5);
}

#[test]
fn a_producer_that_reads_no_reports_waits_alone() {
    let mut relay = Relay::new(rules(|_| true));
    let (_, mut noisy) = relay.producer(7, 0);
    let (_, mut calm) = relay.producer(8, 0);
    let rubbish = vec![b"rubbish".to_vec(); 3 * REPORTS as usize];
    write_all(&mut noisy, 1, &rubbish);
    let frames = vec![levels(1); 50];
    write_all(&mut calm, 1, &frames);
    assert!(calm.wait(49, Duration::from_secs(60)));
    until("a full page of reports", || noisy.acknowledged() == REPORTS);
    let mut reports = Vec::new();
    until("all reports", || {
        reports.extend(noisy.reports());
        reports.len() == rubbish.len()
    });
    assert_eq!(reports.iter().map(|r| r.number).collect::<Vec<_>>(), (1..=3 * REPORTS).collect::<Vec<_>>());
    // A report is seen before what it says is acknowledged.
    assert!(noisy.wait(3 * REPORTS - 1, Duration::from_secs(60)));
    assert_eq!(noisy.acknowledged(), 3 * REPORTS);
    assert_eq!(relay.entries().len(), 50);
}

#[test]
fn a_limit_and_a_full_ring_hold_producers_back_until_there_is_room() {
    let mut relay = Relay::new(rules(|_| true));
    relay.pump.set_limit(BASE + 9);
    let (_, mut writer) = relay.producer(7, 0);
    write_all(&mut writer, 1, &vec![levels(1); 15]);
    until("the limit", || relay.pump.held().is_some());
    assert_eq!(relay.ring.next_sequence(), 10);
    assert_eq!(writer.acknowledged(), 10);
    relay.pump.set_limit(u64::MAX);
    assert!(writer.wait(14, Duration::from_secs(60)));
    // The gating reader has released nothing yet: the ring fills.
    let frames = vec![levels(360); 60];
    std::thread::scope(|scope| {
        scope.spawn(|| write_all(&mut writer, 16, &frames));
        until("a full ring", || relay.pump.held().is_some());
        let mut seen = 0;
        until("the rest", || {
            seen += relay.entries().len();
            relay.pump.set_limit(u64::MAX);
            seen == 75
        });
    });
}

#[test]
fn the_most_urgent_of_those_held_back_goes_first() {
    let mut relay = Relay::new(rules(|_| true));
    relay.pump.set_limit(BASE);
    let (_, mut first) = relay.producer(6, 0);
    write_all(&mut first, 1, &[levels(1)]);
    assert!(first.wait(0, Duration::from_secs(60)));
    let mut writers = Vec::new();
    for (id, priority) in [(7, 0), (8, 3), (9, 1)] {
        let (_, mut writer) = relay.producer(id, 0);
        write_all(&mut writer, 1, &[urgent(priority)]);
        writers.push(writer);
        until("the wait", || relay.pump.held() >= Some(u32::from(id != 7) * 3));
    }
    // All three must be in hand before there is room for one.
    until("the third", || relay.pump.in_hand() == 3);
    for limit in BASE + 1..BASE + 4 {
        relay.pump.set_limit(limit);
        until("room", || relay.ring.next_sequence() == limit - BASE + 1);
    }
    // A sequence is given before the frame is there.
    assert!(writers.iter().all(|writer| writer.wait(0, Duration::from_secs(60))));
    let order: Vec<u64> = relay.entries().iter().map(|entry| entry.producer_id).collect();
    assert_eq!(order, [6, 8, 9, 7]);
}

#[test]
fn numbers_known_already_are_dropped_and_jumps_are_said() {
    let mut relay = Relay::new(rules(|_| true));
    let (_, mut writer) = relay.producer(7, 5);
    write_all(&mut writer, 3, &vec![levels(1); 5]);
    write_all(&mut writer, 10, &vec![levels(1); 2]);
    assert!(writer.wait(10, Duration::from_secs(60)));
    assert_eq!(relay.entries().iter().map(|e| e.number).collect::<Vec<_>>(), [6, 7, 10, 11]);
    assert_eq!(writer.duplicates(), 3);
    let reports = writer.reports();
    assert_eq!((reports.len(), reports[0].kind), (1, ReportKind::Missed));
    assert_eq!((reports[0].number, reports[0].last), (8, 9));
}

#[test]
fn a_strict_relay_refuses_what_is_not_next() {
    let mut relay = Relay::new(Rules { require_sequence: true, ..rules(|_| true) });
    let (_, mut writer) = relay.producer(7, 5);
    write_all(&mut writer, 8, &vec![levels(1); 2]);
    let mut reports = Vec::new();
    until("both refusals", || {
        reports.extend(writer.reports());
        reports.len() == 2
    });
    assert!(reports.iter().all(|r| r.reason == "SEQUENCE_GAP"));
    write_all(&mut writer, 6, &[levels(1)]);
    assert!(writer.wait(5, Duration::from_secs(60)));
    assert_eq!(relay.entries().iter().map(|e| e.number).collect::<Vec<_>>(), [6]);
}

#[test]
fn a_closed_lane_has_given_what_was_written() {
    let mut relay = Relay::new(rules(|_| true));
    let (lane, mut writer) = relay.producer(7, 0);
    relay.pump.pause();
    write_all(&mut writer, 1, &vec![levels(2); 40]);
    relay.pump.resume();
    assert_eq!(relay.pump.close(lane), Some(40));
    assert!(writer.closed());
    assert_eq!(relay.entries().len(), 40);
    assert_eq!(relay.pump.close(lane), None);
    let news = relay.pump.news().unwrap();
    assert_eq!((news.lanes[0].id, news.lanes[0].sequence), (lane, 40));
}

/// Everything that a producer may write, as bytes.
fn scribble(path: &Path, at: usize, bytes: &[u8]) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    file.write_all_at(bytes, at as u64).unwrap();
    assert!(file.set_len(0).is_err(), "nobody can cut it off");
}

#[test]
fn nonsense_in_an_inbox_closes_it_and_harms_nobody() {
    let mut relay = Relay::new(rules(|_| true));
    let (_, mut calm) = relay.producer(8, 0);
    let capacity = capacity_for(30_000) as u64;
    // More than there can be; no multiple; a message longer than what waits; no message at all.
    let nonsense: [(u64, &[u8]); 4] = [
        (capacity + 64, &[]),
        (7, &[]),
        (128, &[0xFF, 0xFF, 0, 0, 0, 0, 0, 0]),
        (128, &[20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0x0A, 0x7F]),
    ];
    for (index, (written, data)) in nonsense.into_iter().enumerate() {
        // SAFETY: nothing is kept.
        let offer = unsafe { relay.pump.open(9, 0, None) }.unwrap();
        let writer = Writer::open(&offer.path, &offer.doorbell, offer.incarnation).unwrap();
        scribble(&offer.path, DATA_AT, data);
        scribble(&offer.path, WORDS_AT, &written.to_le_bytes());
        until("the inbox given up", || writer.closed());
        let news = relay.pump.news().unwrap();
        let told = news.lanes.iter().find(|lane| lane.id == offer.lane).expect("it is told");
        assert!(!told.broken.is_empty());
        relay.pump.close(offer.lane);
        write_all(&mut calm, index as u64 + 1, &[levels(1)]);
        assert!(calm.wait(index as u64, Duration::from_secs(60)));
    }
    assert_eq!(relay.entries().len(), 4);
}

#[test]
fn what_is_no_inbox_is_refused() {
    let offer_of = |path: &Path| Memory::attach(path).err().expect("refused").reason().to_owned();
    let file = std::env::temp_dir().join(format!("no-inbox-{}", std::process::id()));
    std::fs::write(&file, vec![0; DATA_AT + MIN_CAPACITY]).unwrap();
    assert_eq!(offer_of(&file), "RING_FOREIGN");
    std::fs::remove_file(&file).unwrap();
    assert_eq!(offer_of(&file), "RING_MISSING");
    let memory = Memory::create(MIN_CAPACITY).unwrap();
    for (at, reason) in [(0, "RING_FOREIGN"), (8, "RING_VERSION"), (16, "RING_TORN")] {
        let mut bytes = [0u8; 8];
        let file = std::fs::File::open(&memory.path).unwrap();
        std::os::unix::fs::FileExt::read_exact_at(&file, &mut bytes, at as u64).unwrap();
        scribble(&memory.path, at, &[0x55; 8]);
        assert_eq!(offer_of(&memory.path), reason);
        scribble(&memory.path, at, &bytes);
    }
    assert!(Memory::attach(&memory.path).is_ok());
}

#[test]
fn the_kept_word_is_never_behind_what_is_acknowledged() {
    let relay = Relay::new(rules(|_| true));
    let (kept, owner) = (AtomicU64::new(0), AtomicU64::new(5));
    // SAFETY: the word outlives the pump.
    let offer =
        unsafe { relay.pump.open(7, 0, Some(Kept { number: &kept, owner: &owner, value: 9 })) }.unwrap();
    let mut writer = Writer::open(&offer.path, &offer.doorbell, offer.incarnation).unwrap();
    assert_eq!(owner.load(Ordering::Acquire), 5);
    for number in 1..200 {
        write_all(&mut writer, number, &[levels(1)]);
        until("the acknowledgement", || {
            let acknowledged = writer.acknowledged();
            assert!(kept.load(Ordering::Acquire) >= acknowledged);
            acknowledged == number
        });
        assert_eq!(owner.load(Ordering::Acquire), 9);
    }
    drop(relay);
}

#[derive(Debug, Clone)]
enum Step {
    /// So many frames, numbered from the last one plus this.
    Write(u8, i8),
    Rubbish(u8),
    Reopen,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (1u8..40, -6i8..1).prop_map(|(count, back)| Step::Write(count, back)),
        1 => (1u8..5).prop_map(Step::Rubbish),
        1 => Just(Step::Reopen),
    ];
    prop::collection::vec(step, 1..25)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Every number is in the ring once, or refused once, whatever is sent again.
    #[test]
    fn each_number_once(steps in steps()) {
        let mut relay = Relay::new(rules(|_| true));
        let (mut lane, mut writer) = relay.producer(7, 0);
        let (mut last, mut refused) = (0u64, Vec::new());
        for step in steps {
            match step {
                Step::Write(count, back) => {
                    let first = (last as i64 + 1 + i64::from(back)).max(1) as u64;
                    write_all(&mut writer, first, &vec![levels(1); count as usize]);
                    last = last.max(first + u64::from(count) - 1);
                }
                Step::Rubbish(count) => {
                    write_all(&mut writer, last + 1, &vec![vec![1, 2, 3]; count as usize]);
                    refused.extend(last + 1..=last + u64::from(count));
                    last += u64::from(count);
                }
                Step::Reopen => {
                    let known = relay.pump.close(lane).expect("it was open");
                    prop_assert_eq!(known, last);
                    (lane, writer) = relay.producer(7, known);
                }
            }
        }
        until("everything acknowledged", || writer.acknowledged() == last);
        let taken: Vec<u64> = relay.entries().iter().map(|e| e.number).collect();
        let wanted: Vec<u64> = (1..=last).filter(|number| !refused.contains(number)).collect();
        prop_assert_eq!(taken, wanted);
    }

    /// Random bytes over everything that a producer can write: the pump lives on.
    #[test]
    fn scribbles_break_nothing(places in prop::collection::vec((0usize..1 << 17, prop::collection::vec(any::<u8>(), 1..64)), 1..60)) {
        let mut relay = Relay::new(rules(|_| true));
        let (_, mut calm) = relay.producer(8, 0);
        // SAFETY: nothing is kept.
        let offer = unsafe { relay.pump.open(9, 0, None) }.unwrap();
        let mut wild = Writer::open(&offer.path, &offer.doorbell, offer.incarnation).unwrap();
        for (at, bytes) in &places {
            wild.write(1, std::iter::once(&levels(1)[..]));
            let at = WORDS_AT + at % (DATA_AT + capacity_for(30_000) - WORDS_AT - 64);
            scribble(&offer.path, at, bytes);
            scribble(&offer.path, WORDS_AT, &bytes[..bytes.len().min(2)]);
            wild.reports();
        }
        let frames = vec![levels(3); 20];
        write_all(&mut calm, 1, &frames);
        prop_assert!(calm.wait(19, Duration::from_secs(60)));
        let mine = relay.entries().into_iter().filter(|e| e.producer_id == 8);
        let whole = mine.map(|e| frame::verify(&e.frame).is_ok());
        prop_assert_eq!(whole.collect::<Vec<_>>(), vec![true; 20]);
    }
}

#[test]
fn frames_of_any_size_up_to_the_largest_fit() {
    let mut relay = Relay::new(rules(|_| true));
    let (_, mut writer) = relay.producer(7, 0);
    for (number, count) in (1..).zip([0, 1, 100, 365, 0, 364]) {
        write_all(&mut writer, number, &[levels(count)]);
    }
    assert!(writer.wait(5, Duration::from_secs(60)));
    assert_eq!(relay.entries().len(), 6);
    assert!(writer.max_frame() >= 30_000);
}
