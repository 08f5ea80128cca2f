//! Random sequences of operations on a ring, compared step by step with a plain list.

use alphapulse_core::ring::{Gap, GapReason, Reader, ReaderConfig, Ring, RingConfig, RingError, Run, Start};
use proptest::prelude::*;

const CAPACITY: u64 = 4096;

#[derive(Debug, Clone)]
enum Step {
    Publish(Vec<u16>),
    Abandon { published: u8, given_up: u8 },
    PollGating { reader: u8, max: u8 },
    PollFree { max: u8, bytes: u16 },
    Join { back: u8, gating: bool },
    Reattach,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => prop::collection::vec(0u16..400, 1..5).prop_map(Step::Publish),
        1 => (0u8..3, 1u8..4).prop_map(|(published, given_up)| Step::Abandon { published, given_up }),
        3 => (0u8..2, 1u8..20).prop_map(|(reader, max)| Step::PollGating { reader, max }),
        2 => (1u8..20, 0u16..2000).prop_map(|(max, bytes)| Step::PollFree { max, bytes }),
        1 => (0u8..80, any::<bool>()).prop_map(|(back, gating)| Step::Join { back, gating }),
        1 => Just(Step::Reattach),
    ]
}

/// What the ring should hold: every entry ever claimed, with its position.
#[derive(Default)]
struct Model {
    /// None is a gap entry.
    entries: Vec<(u64, Option<Vec<u8>>)>,
    end: u64,
}

fn span(length: usize) -> u64 {
    (length.max(1) as u64).div_ceil(64) * 64
}

impl Model {
    fn push(&mut self, payload: Option<Vec<u8>>) {
        let length = payload.as_ref().map_or(1, Vec::len);
        self.entries.push((self.end, payload));
        self.end += span(length);
    }

    fn position(&self, sequence: u64) -> u64 {
        self.entries.get(sequence as usize).map_or(self.end, |e| e.0)
    }

    /// The oldest sequence whose bytes outlive the next `slack` bytes.
    fn oldest(&self, slack: u64) -> u64 {
        let floor = (self.end + slack).saturating_sub(CAPACITY);
        (0..self.entries.len() as u64)
            .find(|s| self.position(*s) >= floor)
            .unwrap_or(self.entries.len() as u64)
    }

    fn payload(&self, sequence: u64) -> Option<&[u8]> {
        self.entries[sequence as usize].1.as_deref()
    }
}

fn payload(sequence: usize, length: u16) -> Vec<u8> {
    (0..length).map(|i| (sequence as u8).wrapping_mul(31) ^ i as u8).collect()
}

/// Checks what a poll told: contiguous from `next`, each sequence as an entry or in one gap.
fn check(model: &Model, next: &mut u64, run: &Run, bytes: &[u8]) -> Result<(), TestCaseError> {
    let gaps: Vec<Gap> = run.gaps.clone();
    let mut index = 0;
    let told = run.len() as u64 + gaps.iter().map(Gap::count).sum::<u64>();
    for sequence in *next..*next + told {
        if let Some(gap) = gaps.iter().find(|g| (g.first..=g.last).contains(&sequence)) {
            if gap.reason == GapReason::ProducerLost {
                prop_assert!(model.payload(sequence).is_none());
            } else {
                // Only what is, or will soon be, overwritten may be given up.
                prop_assert!(sequence < model.oldest(CAPACITY / 8));
            }
            continue;
        }
        prop_assert_eq!(run.sequences[index], sequence);
        let at = run.offsets[index] as usize;
        let got = &bytes[at..at + run.lengths[index] as usize];
        prop_assert_eq!(Some(got), model.payload(sequence));
        index += 1;
    }
    prop_assert_eq!(index, run.len());
    *next += told;
    Ok(())
}

/// Takes the overrun gap at a gating reader's start out of the run; returns where it starts.
fn joined_start(run: &mut Run) -> u64 {
    let gap = run.gaps.remove(0);
    gap.last + 1
}

struct Tracked {
    reader: Reader,
    next: u64,
    /// Where the producer must stop for it; known exactly once it has polled.
    gating: bool,
}

fn run(multi: bool, steps: Vec<Step>) -> Result<(), TestCaseError> {
    let ring = Ring::anonymous(&RingConfig::new(CAPACITY).multi_producer(multi)).unwrap();
    let mut model = Model::default();
    let mut producer = Some(ring.producer().unwrap());
    let track = |reader: Reader, next| Tracked { gating: reader.gating(), reader, next };
    let mut gating = vec![
        track(ring.reader(&ReaderConfig::gating("a")).unwrap(), 0),
        track(ring.reader(&ReaderConfig::gating("b")).unwrap(), 0),
    ];
    let mut free = track(ring.reader(&ReaderConfig::observing("free")).unwrap(), 0);
    let (mut found, mut bytes) = (Run::default(), Vec::new());
    for step in steps {
        let room = |model: &Model, gating: &[Tracked], span: u64| {
            let low = gating.iter().map(|g| model.position(g.next)).min().unwrap_or(model.end);
            model.end + span <= low + CAPACITY
        };
        match step {
            Step::Publish(lengths) => {
                let first = model.entries.len();
                let batch: Vec<_> = lengths.iter().enumerate().map(|(i, n)| payload(first + i, *n)).collect();
                let total: u64 = batch.iter().map(|p| span(p.len())).sum();
                let pairs = batch.iter().map(|p| p.split_at(p.len() / 2));
                let got = producer.as_mut().unwrap().publish_batch(pairs, Some(std::time::Duration::ZERO));
                if total > CAPACITY / 4 {
                    prop_assert!(matches!(got, Err(RingError::TooLarge { .. })), "{:?}", got);
                } else if room(&model, &gating, total) {
                    prop_assert_eq!(got.unwrap(), (first as u64, (first + batch.len() - 1) as u64));
                    batch.into_iter().for_each(|p| model.push(Some(p)));
                } else {
                    prop_assert!(matches!(got, Err(RingError::Full { .. })), "{:?}", got);
                }
            }
            Step::Abandon { published, given_up } => {
                let producer = producer.as_mut().unwrap();
                for _ in 0..published {
                    let next = payload(model.entries.len(), 3);
                    if producer.try_publish(&next).is_ok() {
                        model.push(Some(next));
                    }
                }
                if room(&model, &gating, given_up as u64 * 64) {
                    drop(producer.claim_batch(given_up as usize, 1).unwrap());
                    (0..given_up).for_each(|_| model.push(None));
                }
            }
            Step::PollGating { reader, max } => {
                let tracked = &mut gating[reader as usize];
                let before = tracked.next;
                tracked.reader.gather_copied(&mut found, &mut bytes, max as usize, u64::MAX).unwrap();
                check(&model, &mut tracked.next, &found, &bytes)?;
                prop_assert!(found.gaps.iter().all(|g| g.reason == GapReason::ProducerLost));
                prop_assert!(tracked.next > before || before == model.entries.len() as u64);
            }
            Step::PollFree { max, bytes: limit } => {
                free.reader.gather_copied(&mut found, &mut bytes, max as usize, limit as u64).unwrap();
                check(&model, &mut free.next, &found, &bytes)?;
                let within =
                    found.bytes <= (limit as u64).max(found.lengths.first().copied().unwrap_or(0) as u64);
                prop_assert!(within, "{} bytes for a limit of {}", found.bytes, limit);
            }
            Step::Join { back, gating } => {
                let wanted = (model.entries.len() as u64).saturating_sub(back as u64);
                let mut config = ReaderConfig::observing("").start(Start::Sequence(wanted));
                config.gating = gating;
                let mut joined = ring.reader(&config).unwrap();
                let mut next = wanted;
                if gating {
                    // What lies further back than three quarters, and nothing else, is not there.
                    let start = wanted.max(model.oldest(CAPACITY / 4));
                    prop_assert_eq!(joined.sequence(), start);
                    prop_assert_eq!(joined.lost(), start - wanted);
                }
                loop {
                    joined.gather_copied(&mut found, &mut bytes, usize::MAX, u64::MAX).unwrap();
                    if found.is_blank() {
                        break;
                    }
                    let overrun = found.gaps.iter().filter(|g| g.reason == GapReason::Overrun);
                    if gating && overrun.map(Gap::count).sum::<u64>() != 0 {
                        prop_assert_eq!(next, wanted, "only at the start");
                        next = joined_start(&mut found);
                    }
                    check(&model, &mut next, &found, &bytes)?;
                }
                prop_assert_eq!(next, model.entries.len() as u64);
            }
            Step::Reattach => {
                drop(producer.take());
                let again = Ring::attach(ring.path()).unwrap();
                prop_assert_eq!(again.next_sequence(), model.entries.len() as u64);
                prop_assert_eq!(again.oldest_sequence(), model.oldest(0));
                producer = Some(again.producer().unwrap());
            }
        }
        prop_assert!(gating.iter().all(|g| g.gating) && !free.gating);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_single_producer_ring_is_a_bounded_queue(steps in prop::collection::vec(step(), 1..120)) {
        run(false, steps)?;
    }

    #[test]
    fn a_multi_producer_ring_is_a_bounded_queue(steps in prop::collection::vec(step(), 1..120)) {
        run(true, steps)?;
    }
}
