//! Behaviour of one process's ring, through the public surface.

use super::layout::{Owner, SLOT_CLAIMING};
use super::sync::Ordering;
use super::*;

fn small(multi: bool) -> Ring {
    Ring::anonymous(&RingConfig::new(4096).multi_producer(multi)).unwrap()
}

fn drain(reader: &mut Reader) -> (Vec<(u64, Vec<u8>)>, Vec<Gap>) {
    let (mut run, mut bytes) = (Run::default(), Vec::new());
    let (mut entries, mut gaps) = (Vec::new(), Vec::new());
    loop {
        reader.gather_copied(&mut run, &mut bytes, 1000, 1 << 30).unwrap();
        if run.is_blank() {
            return (entries, gaps);
        }
        gaps.extend_from_slice(&run.gaps);
        for i in 0..run.len() {
            let at = run.offsets[i] as usize;
            entries.push((run.sequences[i], bytes[at..at + run.lengths[i] as usize].to_vec()));
        }
    }
}

#[test]
fn entries_come_out_as_they_went_in() {
    for multi in [false, true] {
        let ring = small(multi);
        let mut gating = ring.reader(&ReaderConfig::gating("g")).unwrap();
        let mut free = ring.reader(&ReaderConfig::observing("o")).unwrap();
        let mut producer = ring.producer().unwrap();
        let payloads: Vec<Vec<u8>> = (0..12u8).map(|i| vec![i; i as usize * 9]).collect();
        assert_eq!(producer.publish(&payloads[0]).unwrap(), 0);
        let rest = payloads[1..].iter().map(|p| p.split_at(p.len() / 3));
        assert_eq!(producer.publish_batch(rest, None).unwrap(), (1, 11));
        let expected: Vec<_> = payloads.iter().cloned().enumerate().map(|(i, p)| (i as u64, p)).collect();
        assert_eq!(drain(&mut free), (expected.clone(), vec![]));
        let mut seen = Vec::new();
        let mut ends = Vec::new();
        let count = gating
            .poll(
                100,
                |e| {
                    seen.push((e.sequence, e.payload.to_vec()));
                    ends.push(e.end_of_batch)
                },
                |g| panic!("{g:?}"),
            )
            .unwrap();
        assert_eq!((count, seen), (12, expected));
        assert_eq!(ends.iter().filter(|e| **e).count(), 1);
        assert!(ends[11]);
    }
}

#[test]
fn a_gating_reader_holds_producers_back() {
    for multi in [false, true] {
        let ring = small(multi);
        let mut reader = ring.reader(&ReaderConfig::gating("slow")).unwrap();
        let mut producer = ring.producer().unwrap();
        for i in 0..64u64 {
            producer.try_publish(&i.to_le_bytes()).unwrap();
        }
        match producer.try_publish(b"x") {
            Err(RingError::Full { needed: 64, slowest: Some(name) }) => assert_eq!(name, "slow"),
            other => panic!("{other:?}"),
        }
        assert_eq!(reader.poll(1, |e| assert_eq!(e.sequence, 0), |_| ()).unwrap(), 1);
        assert_eq!(producer.try_publish(b"x").unwrap(), 64);
        assert!(producer.try_publish(b"x").is_err());
        let mut next = 1;
        reader
            .poll(
                1000,
                |e| {
                    assert_eq!(e.sequence, next);
                    next += 1
                },
                |_| (),
            )
            .unwrap();
        assert_eq!(next, 65);
    }
}

#[test]
fn an_overrun_reader_learns_exactly_what_it_lost() {
    for multi in [false, true] {
        let ring = small(multi);
        let mut reader = ring.reader(&ReaderConfig::observing("o")).unwrap();
        let mut producer = ring.producer().unwrap();
        for i in 0..200u64 {
            producer.publish(&i.to_le_bytes()).unwrap();
        }
        let (entries, gaps) = drain(&mut reader);
        assert_eq!(gaps.len(), 1);
        assert_eq!((gaps[0].first, gaps[0].reason), (0, GapReason::Overrun));
        assert_eq!(gaps[0].last + 1, entries[0].0);
        assert_eq!(reader.lost(), gaps[0].count());
        assert_eq!(entries.last().unwrap().0, 199);
        assert_eq!(entries.len() as u64 + gaps[0].count(), 200);
        entries.iter().for_each(|(s, p)| assert_eq!(p, &s.to_le_bytes()));
    }
}

#[test]
fn readers_start_at_any_sequence_of_the_window() {
    let ring = Ring::anonymous(&RingConfig::new(1 << 16)).unwrap();
    let mut producer = ring.producer().unwrap();
    for i in 0..5000u64 {
        producer.publish(&vec![i as u8; (i % 700) as usize]).unwrap();
    }
    let oldest = ring.oldest_sequence();
    for start in [oldest, oldest + 7, 4990, 4999] {
        for gating in [false, true] {
            let mut config = ReaderConfig::observing("").start(Start::Sequence(start));
            config.gating = gating;
            let mut reader = ring.reader(&config).unwrap();
            let (entries, gaps) = drain(&mut reader);
            let lost: u64 = gaps.iter().map(Gap::count).sum();
            assert_eq!(entries[0].0, start + lost);
            assert!(lost == 0 || gating);
            entries.iter().for_each(|(s, p)| assert_eq!(p, &vec![*s as u8; (*s % 700) as usize]));
            assert_eq!(entries.last().unwrap().0, 4999);
        }
    }
}

#[test]
fn an_abandoned_claim_is_a_gap() {
    for multi in [false, true] {
        let ring = small(multi);
        let mut reader = ring.reader(&ReaderConfig::gating("g")).unwrap();
        let mut producer = ring.producer().unwrap();
        producer.publish(b"a").unwrap();
        drop(producer.claim(500).unwrap());
        drop(producer.claim_batch(3, 100).unwrap());
        producer.publish(b"b").unwrap();
        let (entries, gaps) = drain(&mut reader);
        assert_eq!(entries, vec![(0, b"a".to_vec()), (5, b"b".to_vec())]);
        assert_eq!(gaps, vec![Gap { first: 1, last: 4, reason: GapReason::ProducerLost }]);
    }
}

#[test]
fn a_reader_runs_behind_another() {
    let ring = small(false);
    let mut first = ring.reader(&ReaderConfig::gating("first")).unwrap();
    let mut second = ring.reader(&ReaderConfig::gating("second").after(&["first"])).unwrap();
    let mut producer = ring.producer().unwrap();
    for _ in 0..5 {
        producer.publish(b"x").unwrap();
    }
    assert_eq!(second.poll(10, |_| (), |_| ()).unwrap(), 0);
    first.poll(3, |_| (), |_| ()).unwrap();
    assert_eq!(second.poll(10, |_| (), |_| ()).unwrap(), 3);
    drop(first);
    assert!(matches!(second.poll(10, |_| (), |_| ()), Err(RingError::DependencyLost { .. })));
    second.drop_dependency("first");
    assert_eq!(second.poll(10, |_| (), |_| ()).unwrap(), 2);
}

#[test]
fn a_place_outlives_a_successor_that_was_killed_while_it_registered() {
    // As good as dead: above every process id.
    const NOBODY: u32 = 1 << 30;
    let ring = small(false);
    let config = ReaderConfig::gating("r").start(Start::Resume).lease(std::time::Duration::from_secs(3600));
    let mut producer = ring.producer().unwrap();
    let mut reader = ring.reader(&config).unwrap();
    (0..64u64).for_each(|i| _ = producer.try_publish(&i.to_le_bytes()).unwrap());
    assert_eq!(reader.poll(3, |_| (), |_| ()).unwrap(), 3);
    std::mem::forget(reader);
    let slot = ring.memory().reader(ring.stats().readers[0].slot);
    let seen = Owner(slot.identity.owner.load(Ordering::Acquire));
    let taken = Owner::new(NOBODY, seen.generation() + 1, SLOT_CLAIMING);
    slot.identity.owner.store(taken.0, Ordering::Release);
    assert_eq!(ring.recover().readers, 0, "within the lease its place is kept");
    for expected in [true, true, true, false] {
        assert_eq!(producer.try_publish(b"late").is_ok(), expected);
    }
    let mut next = ring.reader(&config).unwrap();
    let (entries, gaps) = drain(&mut next);
    assert_eq!(entries.iter().map(|(s, _)| *s).collect::<Vec<_>>(), (3..67).collect::<Vec<_>>());
    assert_eq!(gaps, []);
    // One that had no place yet leaves none behind.
    std::mem::forget(next);
    slot.facts.flags.store(0, Ordering::Release);
    slot.identity.owner.store(taken.0, Ordering::Release);
    assert_eq!(ring.recover().readers, 1);
    assert_eq!(ring.reader(&config).unwrap().sequence(), 67);
}

struct Summing {
    told: std::sync::mpsc::Sender<String>,
    fails_at: Option<u64>,
}

impl EntryHandler for Summing {
    type Error = String;

    fn on_start(&mut self, _: &system::Status) {
        self.told.send("start".into()).unwrap();
    }

    fn on_entry(&mut self, entry: Entry<'_>) -> Result<(), String> {
        if self.fails_at == Some(entry.sequence) {
            return Err("cannot".into());
        }
        self.told.send(String::from_utf8_lossy(entry.payload).into_owned()).unwrap();
        Ok(())
    }

    fn on_gap(&mut self, gap: Gap) {
        self.told.send(format!("gap {}", gap.count())).unwrap();
    }

    fn on_shutdown(&mut self) {
        self.told.send("shutdown".into()).unwrap();
    }
}

fn processed(policy: ErrorPolicy<String>, fails_at: Option<u64>) -> (Vec<String>, Ended) {
    let ring = small(false);
    let mut producer = ring.producer().unwrap();
    let reader = ring.reader(&ReaderConfig::gating("p")).unwrap();
    let (told, heard) = std::sync::mpsc::channel();
    let handler = Summing { told, fails_at };
    let running = Processor::spawn(reader, handler, policy, system::Placement::default()).unwrap();
    for name in ["a", "b", "c"] {
        producer.publish(name.as_bytes()).unwrap();
    }
    drop(producer.claim(1).unwrap());
    ring.halt();
    let ended = running.wait();
    (heard.try_iter().collect(), ended)
}

#[test]
fn a_processor_drains_before_it_ends() {
    let (told, ended) = processed(ErrorPolicy::Fatal, None);
    assert_eq!(told, ["start", "a", "b", "c", "gap 1", "shutdown"]);
    assert!(matches!(ended, Ended::Drained));
}

#[test]
fn a_failing_handler_is_judged_by_the_policy() {
    let (told, ended) = processed(ErrorPolicy::Fatal, Some(1));
    assert_eq!(told, ["start", "a", "shutdown"]);
    assert!(matches!(ended, Ended::Failed { sequence: 1, error } if error == "cannot"));
    let (told, ended) = processed(ErrorPolicy::SkipAndCount, Some(1));
    assert_eq!(told, ["start", "a", "c", "gap 1", "shutdown"]);
    assert!(matches!(ended, Ended::Drained));
    let (asked, answers) = std::sync::mpsc::channel();
    let custom = ErrorPolicy::Custom(Box::new(move |sequence, error: &String| {
        asked.send((sequence, error.clone())).unwrap();
        Decision::Skip
    }));
    let (told, ..) = processed(custom, Some(2));
    assert_eq!(told, ["start", "a", "b", "gap 1", "shutdown"]);
    assert_eq!(answers.recv().unwrap(), (2, "cannot".into()));
}
