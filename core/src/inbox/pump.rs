//! The thread that empties a relay's inboxes, and how the relay's services hold, hear and steer it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, RawFd};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::lane::{Kept, Lane, Rules, Turn};
use super::memory::{Doorbell, capacity_for};
use super::sink::{Counters, LaneNews, News, Sink};
use crate::histogram::Histograms;
use crate::ring::{Producer, Result, RingError};

/// No sleep is longer: a producer that died between writing and ringing is heard all the same.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);
/// Producers with an inbox at a time.
const MOST_LANES: usize = 64;

/// What a pump is made of.
pub struct PumpConfig {
    pub rules: Rules,
    /// How long it looks for work before it sleeps.
    pub spin: Duration,
    pub counters: Option<Counters>,
    /// And the stage that is counted.
    pub latencies: Option<(Arc<Histograms>, u16)>,
}

/// Where a producer may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub lane: u64,
    pub path: PathBuf,
    pub doorbell: PathBuf,
    pub incarnation: u64,
}

struct State {
    rules: Rules,
    /// How long to look for work before sleeping.
    spin: Duration,
    lanes: Vec<Lane>,
    sink: Sink,
    /// Of lanes that were closed, until the next look.
    closed: Vec<LaneNews>,
    next_id: u64,
}

struct Shared {
    doorbell: Doorbell,
    state: Mutex<State>,
    /// Callers that want the state: the pump stands aside for them.
    holds: AtomicU32,
    stop: AtomicBool,
    /// The descriptor was rung, and nobody has looked since.
    rung: AtomicBool,
    /// Ring the descriptor for each batch, not only where something must be done.
    eager: AtomicBool,
    /// Subscribers hold producers back: 0, or 1 and the highest priority that waits.
    held: AtomicU32,
    bell: File,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // A panic of the pump leaves no lane half moved: positions move last.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self) {
        if !self.rung.swap(true, Ordering::AcqRel) {
            // Cannot fail: the counter would have to reach 2^64 - 1.
            let _ = (&self.bell).write(&1u64.to_ne_bytes());
        }
    }
}

/// The pump of one relay. Its thread ends when this value is dropped.
pub struct Pump {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    pid: u32,
}

impl Pump {
    /// Starts the thread. `producer` is the one of the relay's ring, shared with whoever else
    /// publishes into it; they do so while the pump is held.
    pub fn start(producer: Arc<Mutex<Producer>>, config: PumpConfig) -> Result<Self> {
        // SAFETY: a fresh descriptor, owned by the File from here on.
        let bell = unsafe {
            let fd = libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK);
            if fd < 0 {
                return Err(RingError::system("eventfd"));
            }
            File::from_raw_fd(fd)
        };
        let mut sink = Sink::new(producer, config.rules.base);
        sink.counters = config.counters;
        sink.latencies = config.latencies;
        let shared = Arc::new(Shared {
            doorbell: Doorbell::create()?,
            state: Mutex::new(State {
                rules: config.rules,
                spin: config.spin,
                lanes: Vec::new(),
                sink,
                closed: Vec::new(),
                next_id: 1,
            }),
            holds: AtomicU32::new(0),
            stop: AtomicBool::new(false),
            rung: AtomicBool::new(false),
            eager: AtomicBool::new(false),
            held: AtomicU32::new(0),
            bell,
        });
        let of_thread = shared.clone();
        let thread = std::thread::Builder::new()
            .name("relay-pump".into())
            .spawn(move || run(&of_thread))
            .map_err(|source| RingError::System { action: "starting the pump".into(), source })?;
        Ok(Pump { shared, thread: Some(thread), pid: std::process::id() })
    }

    fn hold(&self) -> Hold<'_> {
        Hold::new(&self.shared)
    }

    /// A new inbox for a producer whose newest number is `sequence`.
    ///
    /// # Safety
    /// `kept` is valid until the lane is closed or the pump dropped.
    pub unsafe fn open(&self, producer_id: u64, sequence: u64, kept: Option<Kept>) -> Result<Offer> {
        let mut hold = self.hold();
        let state = hold.state();
        if state.lanes.len() >= MOST_LANES {
            return Err(RingError::TableFull { what: "inbox", limit: MOST_LANES as u32 });
        }
        let id = state.next_id;
        let lane = Lane::new(id, capacity_for(state.rules.max_frame), producer_id, sequence, kept)?;
        state.next_id += 1;
        let offer = Offer {
            lane: id,
            path: lane.memory().path.clone(),
            doorbell: self.shared.doorbell.path.clone(),
            incarnation: lane.memory().identity.incarnation,
        };
        state.lanes.push(lane);
        Ok(offer)
    }

    /// Takes what the producer has written, as far as there is room, and closes its inbox. What came
    /// of it is in the next news. Returns its newest number, None where there is no such lane.
    pub fn close(&self, lane: u64) -> Option<u64> {
        let mut hold = self.hold();
        let state = hold.state();
        let at = state.lanes.iter().position(|one| one.id == lane)?;
        let mut lane = state.lanes.swap_remove(at);
        let until = lane.written();
        // Who writes on meanwhile may lead past that, and is not followed.
        while lane.in_hand() || (until.wrapping_sub(lane.taken()) as i64) > 0 {
            if lane.turn(&state.rules, &mut state.sink) != Turn::Worked {
                break;
            }
        }
        lane.close();
        let sequence = lane.sequence();
        state.closed.push(news_of(&lane));
        Some(sequence)
    }

    /// Other rules for messages that are taken from now on.
    pub fn set_rules(&self, checksum: bool, require_sequence: bool, spin: Duration) {
        let mut hold = self.hold();
        let state = hold.state();
        state.rules.checksum = checksum;
        state.rules.require_sequence = require_sequence;
        state.spin = spin;
    }

    /// Newest sequence of the domain that may be published from now on; wakes who was held back.
    pub fn set_limit(&self, limit: u64) {
        let mut hold = self.hold();
        hold.state().sink.limit = limit;
        // Before the pump looks again: what it then finds counts.
        self.shared.held.store(0, Ordering::Release);
        drop(hold);
        self.shared.doorbell.ring();
    }

    /// The highest priority of what is held back, by the limit or by a gating reader of the ring; None
    /// where nothing is.
    pub fn held(&self) -> Option<u32> {
        self.shared.held.load(Ordering::Acquire).checked_sub(1)
    }

    /// Producers of which a message waits to be published.
    pub fn in_hand(&self) -> usize {
        self.hold().state().lanes.iter().filter(|lane| lane.in_hand()).count()
    }

    /// Whether the descriptor is rung for each batch, for whoever waits for its frames.
    pub fn set_eager(&self, eager: bool) {
        self.shared.eager.store(eager, Ordering::Release);
    }

    /// Readable when there is news that must not wait, until it is taken.
    pub fn fd(&self) -> RawFd {
        self.shared.bell.as_raw_fd()
    }

    /// What has happened since the last call; None where nothing has. Whatever a producer knows to be
    /// acknowledged is in it, for the pump is never looked at in the middle of a turn.
    pub fn news(&self) -> Option<News> {
        if self.shared.rung.load(Ordering::Acquire) {
            let mut count = [0u8; 8];
            let _ = (&self.shared.bell).read(&mut count);
            self.shared.rung.store(false, Ordering::Release);
        }
        let mut hold = self.hold();
        let state = hold.state();
        let mut lanes = std::mem::take(&mut state.closed);
        for lane in state.lanes.iter_mut().filter(|lane| lane.moved) {
            lane.moved = false;
            lanes.push(news_of(lane));
        }
        // A frame published or refused has moved its lane.
        (!lanes.is_empty()).then(|| News { lanes, ..state.sink.take_news() })
    }

    /// Nothing is published until [`resume`](Self::resume). Calls may be nested.
    pub fn pause(&self) {
        self.shared.holds.fetch_add(1, Ordering::SeqCst);
        // Whoever has the state now is not in the middle of anything any more.
        drop(self.shared.lock());
    }

    pub fn resume(&self) {
        self.shared.holds.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        let Some(thread) = self.thread.take() else { return };
        if self.pid != std::process::id() {
            // A forked child: the thread stayed with the parent.
            std::mem::forget(thread);
            return;
        }
        self.shared.stop.store(true, Ordering::Release);
        self.shared.doorbell.ring();
        // It cannot panic while holding anything of ours; a panic was already printed.
        let _ = thread.join();
        let mut state = self.shared.lock();
        state.lanes.iter_mut().for_each(Lane::close);
        state.lanes.clear();
    }
}

/// The state, with the pump standing aside.
struct Hold<'a> {
    shared: &'a Shared,
    guard: Option<MutexGuard<'a, State>>,
}

impl<'a> Hold<'a> {
    fn new(shared: &'a Shared) -> Self {
        shared.holds.fetch_add(1, Ordering::SeqCst);
        Hold { shared, guard: Some(shared.lock()) }
    }

    fn state(&mut self) -> &mut State {
        self.guard.as_mut().expect("held until dropped")
    }
}

impl Drop for Hold<'_> {
    fn drop(&mut self) {
        self.guard = None;
        self.shared.holds.fetch_sub(1, Ordering::SeqCst);
    }
}

fn news_of(lane: &Lane) -> LaneNews {
    LaneNews {
        id: lane.id,
        sequence: lane.sequence(),
        duplicates: lane.duplicates,
        rejected: lane.rejected,
        missing: lane.missing,
        broken: lane.broken.clone().unwrap_or_default(),
    }
}

/// What a round over all lanes has come to.
#[derive(Default)]
struct Round {
    worked: bool,
    /// 0, or 1 and the highest priority that waits.
    held: u32,
    broken: bool,
}

/// One turn for each lane, so that none waits for another's flood.
fn round(shared: &Shared, state: &mut State) -> Round {
    let mut round = Round::default();
    if state.lanes.iter().any(Lane::in_hand) {
        // What was held back and may go on now: the most urgent goes first.
        state.lanes.sort_by_key(|lane| std::cmp::Reverse(lane.urgency()));
    }
    for lane in &mut state.lanes {
        match lane.turn(&state.rules, &mut state.sink) {
            Turn::Worked => round.worked = true,
            Turn::Held => round.held = round.held.max(lane.urgency() + 1),
            Turn::Broken => round.broken = true,
            Turn::Idle | Turn::Unread => {}
        }
        if shared.holds.load(Ordering::Relaxed) != 0 {
            // The others come first in the next round.
            break;
        }
    }
    if state.lanes.len() > 1 {
        state.lanes.rotate_left(1);
    }
    round
}

fn run(shared: &Shared) {
    let mut idle_since: Option<Instant> = None;
    let mut patience = 0;
    while !shared.stop.load(Ordering::Acquire) {
        if shared.holds.load(Ordering::Acquire) != 0 {
            patience += 1;
            if patience < 100 {
                std::thread::yield_now();
            } else {
                std::thread::sleep(Duration::from_micros(50));
            }
            continue;
        }
        patience = 0;
        let value = shared.doorbell.value();
        let mut state = shared.lock();
        let round = round(shared, &mut state);
        let held = round.held != 0;
        if held && !round.worked {
            shared.held.store(round.held, Ordering::Release);
        }
        if round.broken || held || (round.worked && shared.eager.load(Ordering::Acquire)) {
            shared.tell();
        }
        if round.worked {
            idle_since = None;
            continue;
        }
        let since = idle_since.get_or_insert_with(Instant::now);
        if !state.lanes.is_empty() && !held && since.elapsed() < state.spin {
            drop(state);
            std::thread::yield_now();
            continue;
        }
        state.lanes.iter().for_each(Lane::announce_sleep);
        fence(Ordering::SeqCst);
        let ready = !held && state.lanes.iter().any(Lane::ready);
        drop(state);
        if !ready {
            shared.doorbell.wait(value, LONGEST_SLEEP);
            idle_since = None;
        }
    }
}
