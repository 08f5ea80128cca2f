//! One throughput run: its workers, as threads or as processes, from a common start to the last end.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, mpsc};
use std::time::Duration;

use crate::{Outcome, iceoryx, latency, ours};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Subject {
    Ours,
    Iceoryx,
}

impl FromStr for Subject {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "alphapulse" => Ok(Subject::Ours),
            "iceoryx2" => Ok(Subject::Iceoryx),
            other => Err(format!("no such subject: {other}")),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    Threads,
    Processes,
}

impl FromStr for How {
    type Err = String;
    fn from_str(word: &str) -> Result<Self, String> {
        match word {
            "threads" => Ok(How::Threads),
            "processes" => Ok(How::Processes),
            other => Err(format!("neither threads nor processes: {other}")),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    Producer,
    Consumer,
    /// Sends each message of the first channel back on the second.
    Echo,
}

#[derive(Clone, Debug)]
pub struct Work {
    pub subject: Subject,
    pub how: How,
    pub producers: u64,
    pub consumers: u64,
    pub bytes: usize,
    /// Messages a claim; iceoryx2 sends one at a time.
    pub batch: u64,
    /// Of all producers together; a multiple of `producers * batch`.
    pub events: u64,
    pub slots: u64,
}

impl Work {
    /// Whether every thread can have a processor of its own: else spinning steals from the others.
    pub fn may_spin(&self) -> bool {
        let cpus = std::thread::available_parallelism().map_or(1, |n| n.get() as u64);
        self.producers + self.consumers <= cpus
    }

    /// Seconds until every consumer had every event.
    pub fn run(&self) -> Outcome<f64> {
        let channel = Channel::open(self, &["there"])?;
        // Producers first: a subscriber of iceoryx2 connects to the publishers that it finds, and what a
        // full publisher sends before its subscriber connected is lost. Nobody sends before the start.
        let roles = [(Role::Producer, self.producers), (Role::Consumer, self.consumers)];
        let gate = Gate::default();
        let mut crew = Vec::new();
        for (role, count) in roles {
            let mut fresh: Vec<Member> = (0..count)
                .map(|index| {
                    let worker = Worker { work: self.clone(), role, index, name: channel.name.clone() };
                    Member::start(worker, &gate)
                })
                .collect::<Outcome<_>>()?;
            fresh.iter_mut().try_for_each(|member| member.await_ready(&gate))?;
            crew.append(&mut fresh);
        }
        let start = latency::now();
        crew.iter_mut().try_for_each(Member::go)?;
        let ends: Vec<u64> = crew.iter_mut().map(Member::end).collect::<Outcome<_>>()?;
        crew.into_iter().try_for_each(Member::leave)?;
        Ok((ends.into_iter().max().unwrap_or(start) - start) as f64 / 1e9)
    }
}

/// What the workers of one run meet in; removed at the end.
pub struct Channel {
    pub name: String,
    _ring: Option<ours::Files>,
}

impl Channel {
    pub fn open(work: &Work, directions: &[&str]) -> Outcome<Self> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("alphapulse-bench.{}.{count}", std::process::id());
        let ring = match work.subject {
            Subject::Ours => Some(ours::Files::create(&name, work, directions)?),
            Subject::Iceoryx => None,
        };
        Ok(Channel { name, _ring: ring })
    }
}

/// How the workers of one run wait for each other; counters for threads, pipes for processes.
#[derive(Default, Clone)]
pub struct Gate {
    ready: Arc<AtomicU64>,
    open: Arc<AtomicU64>,
    closed: Arc<(Mutex<bool>, Condvar)>,
}

impl Gate {
    /// Asleep until `close`: a thread that looks now and then would take the processor from those
    /// that still work, hundreds of times in a round.
    fn await_close(&self) {
        let (closed, bell) = &*self.closed;
        let guard = closed.lock().unwrap_or_else(PoisonError::into_inner);
        drop(bell.wait_while(guard, |closed| !*closed));
    }

    fn close(&self) {
        let (closed, bell) = &*self.closed;
        *closed.lock().unwrap_or_else(PoisonError::into_inner) = true;
        bell.notify_all();
    }
}

/// One worker's side of the gate.
pub enum Side {
    Thread(Gate),
    Process,
}

impl Side {
    /// Says that everything is set up, and returns when all others have said so.
    pub fn ready(&self) {
        match self {
            Side::Thread(gate) => {
                gate.ready.fetch_add(1, Ordering::AcqRel);
                // Asleep, so that the others can set themselves up; the start is that much late.
                while gate.open.load(Ordering::Acquire) == 0 {
                    std::thread::sleep(Duration::from_micros(20));
                }
            }
            Side::Process => {
                say("ready");
                listen();
            }
        }
    }
}

fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().expect("the bench reads its workers");
}

fn listen() {
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).expect("the bench writes to its workers");
}

#[derive(Clone, Debug)]
pub struct Worker {
    pub work: Work,
    pub role: Role,
    pub index: u64,
    pub name: String,
}

impl Worker {
    /// Does the work between `side.ready()` and `finished()`, which returns when all are done.
    fn run(&self, side: &Side, finished: &mut dyn FnMut()) -> Outcome<()> {
        match self.work.subject {
            Subject::Ours => ours::run(self, side, finished),
            Subject::Iceoryx => iceoryx::run(self, side, finished),
        }
    }

    pub fn as_process(&self) -> Outcome<()> {
        self.run(&Side::Process, &mut || {
            say(&latency::now().to_string());
            listen();
        })
    }

    fn to_words(&self) -> Vec<String> {
        let w = &self.work;
        let subject = if w.subject == Subject::Ours { "alphapulse" } else { "iceoryx2" };
        let role = match self.role {
            Role::Producer => "producer",
            Role::Consumer => "consumer",
            Role::Echo => "echo",
        };
        let numbers = [w.producers, w.consumers, w.bytes as u64, w.batch, w.events, w.slots, self.index];
        let mut words = vec![subject.to_string(), role.to_string(), self.name.clone()];
        words.extend(numbers.iter().map(u64::to_string));
        words
    }

    pub fn from_words(words: &[String]) -> Outcome<Self> {
        let [subject, role, name, numbers @ ..] = words else {
            return Err("a worker needs its subject, role and name".into());
        };
        let n: Vec<u64> = numbers.iter().map(|word| word.parse()).collect::<Result<_, _>>()?;
        let &[producers, consumers, bytes, batch, events, slots, index] = n.as_slice() else {
            return Err("a worker needs seven numbers".into());
        };
        let role = match role.as_str() {
            "producer" => Role::Producer,
            "consumer" => Role::Consumer,
            "echo" => Role::Echo,
            other => return Err(format!("no such role: {other}").into()),
        };
        let (subject, how, bytes) = (subject.parse()?, How::Processes, bytes as usize);
        let work = Work { subject, how, producers, consumers, bytes, batch, events, slots };
        Ok(Worker { work, role, index, name: name.clone() })
    }
}

/// A worker as the bench sees it.
pub enum Member {
    Thread { handle: std::thread::JoinHandle<Outcome<()>>, gate: Gate, end: mpsc::Receiver<u64> },
    Process { child: Child, lines: BufReader<ChildStdout> },
}

impl Member {
    pub fn start(worker: Worker, gate: &Gate) -> Outcome<Self> {
        if worker.work.how == How::Processes {
            let mut child = Command::new(std::env::current_exe()?)
                .arg("worker")
                .args(worker.to_words())
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .spawn()?;
            let lines = BufReader::new(child.stdout.take().ok_or("no standard output")?);
            return Ok(Member::Process { child, lines });
        }
        let (stamp, end) = mpsc::channel();
        let (gate, inside) = (gate.clone(), gate.clone());
        let handle = std::thread::spawn(move || {
            worker.run(&Side::Thread(inside.clone()), &mut || {
                // Nobody listens any more where another worker failed.
                let _ = stamp.send(latency::now());
                // What this worker holds stays open until the others are done with it.
                inside.await_close();
            })
        });
        Ok(Member::Thread { handle, gate, end })
    }

    /// Blocks until this worker, or for threads one more worker, is set up.
    pub fn await_ready(&mut self, gate: &Gate) -> Outcome<()> {
        match self {
            Member::Thread { handle, .. } => {
                while gate.ready.load(Ordering::Acquire) == 0 {
                    if handle.is_finished() {
                        return Err("a worker ended early".into());
                    }
                    std::thread::sleep(Duration::from_micros(20));
                }
                gate.ready.fetch_sub(1, Ordering::AcqRel);
                Ok(())
            }
            Member::Process { lines, .. } => {
                if next_line(lines)? == "ready" {
                    Ok(())
                } else {
                    Err("a worker ended early".into())
                }
            }
        }
    }

    pub fn go(&mut self) -> Outcome<()> {
        match self {
            Member::Thread { gate, .. } => gate.open.store(1, Ordering::Release),
            Member::Process { child, .. } => nudge(child)?,
        }
        Ok(())
    }

    /// When the worker was done.
    pub fn end(&mut self) -> Outcome<u64> {
        match self {
            Member::Thread { end, .. } => Ok(end.recv().map_err(|_| "a worker ended early")?),
            Member::Process { lines, .. } => Ok(next_line(lines)?.parse()?),
        }
    }

    pub fn leave(self) -> Outcome<()> {
        match self {
            Member::Thread { handle, gate, .. } => {
                gate.close();
                handle.join().map_err(|_| "a worker panicked")??;
            }
            Member::Process { mut child, .. } => {
                nudge(&mut child)?;
                if !child.wait()?.success() {
                    return Err("a worker failed".into());
                }
            }
        }
        Ok(())
    }
}

fn nudge(child: &mut Child) -> Outcome<()> {
    let input = child.stdin.as_mut().ok_or("no standard input")?;
    input.write_all(b"\n")?;
    Ok(input.flush()?)
}

fn next_line(lines: &mut BufReader<ChildStdout>) -> Outcome<String> {
    let mut line = String::new();
    lines.read_line(&mut line)?;
    Ok(line.trim().to_string())
}

/// Writes every byte: eight of them at a time carry `value`.
#[inline(always)]
pub fn fill(payload: &mut [u8], value: u64) {
    for word in payload.chunks_exact_mut(8) {
        word.copy_from_slice(&value.to_ne_bytes());
    }
}

/// Reads every byte.
#[inline(always)]
pub fn sum(payload: &[u8]) -> u64 {
    payload
        .chunks_exact(8)
        .fold(0u64, |sum, word| sum.wrapping_add(u64::from_ne_bytes(word.try_into().expect("eight bytes"))))
}

/// What all consumers must have read: each producer sends 0, 1, 2, … in every word.
pub fn expected(work: &Work) -> u64 {
    let each = work.events / work.producers;
    let words = work.bytes as u64 / 8;
    (each * each.saturating_sub(1) / 2).wrapping_mul(words).wrapping_mul(work.producers)
}

/// One step of waiting for a message.
#[inline(always)]
pub fn pause(spin: bool) {
    if spin { std::hint::spin_loop() } else { std::thread::yield_now() }
}
