//! The Rust side of `alphapulse bench ring`: the ring, iceoryx2 and the bare cache-line hand-over on
//! the same work. Producers write every byte of each message, consumers read every byte.
//!
//! One command a line on standard input, one line of answer:
//!
//! * `throughput SUBJECT HOW PRODUCERS CONSUMERS BYTES BATCH EVENTS SLOTS` → `SECONDS`, from the
//!   common start until every consumer has had every event. `HOW` is `threads` or `processes`.
//! * `latency SUBJECT HOW BYTES ROUNDS SLOTS` → one way in ns, half of a round trip:
//!   `P50 P99 P999 MAX`. The subject `limit` passes one word on one cache line each way.
//!
//! `error REASON` where it cannot be done. `worker …` on the command line is the same work as one
//! process of its own. Orchestration, statistics and tables are the Python side's.

mod iceoryx;
mod latency;
mod ours;
mod work;

use std::io::{BufRead, Write};

use work::{How, Work, Worker};

pub type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() -> Outcome<()> {
    iceoryx2::prelude::set_log_level(iceoryx2::prelude::LogLevel::Fatal);
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "worker") {
        return Worker::from_words(&words[1..])?.as_process();
    }
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<&str> = line.split_whitespace().collect();
        let said = match answer(&words) {
            Ok(numbers) => numbers.iter().map(|n| n.to_string()).collect::<Vec<_>>().join(" "),
            Err(error) => format!("error {}", error.to_string().replace('\n', " ")),
        };
        println!("{said}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

fn answer(words: &[&str]) -> Outcome<Vec<f64>> {
    let numbers =
        |from: usize| -> Outcome<Vec<u64>> { words[from..].iter().map(|word| Ok(word.parse()?)).collect() };
    match words {
        ["throughput", subject, how, _, _, _, _, _, _] => {
            let n = numbers(3)?;
            let work = Work {
                subject: subject.parse()?,
                how: how.parse()?,
                producers: n[0],
                consumers: n[1],
                bytes: n[2] as usize,
                batch: n[3],
                events: n[4] / n[0] / n[3] * n[3] * n[0],
                slots: n[5],
            };
            Ok(vec![work.run()?])
        }
        ["latency", subject, how, _, _, _] => {
            let n = numbers(3)?;
            let (how, rounds) = (how.parse::<How>()?, n[1] as usize);
            let mut nanos = match *subject {
                "limit" => latency::bare(rounds),
                subject => latency::of(subject.parse()?, how, n[0] as usize, rounds, n[2])?,
            };
            nanos.sort_by(f64::total_cmp);
            let at = |quantile: f64| nanos[((nanos.len() as f64 * quantile) as usize).min(nanos.len() - 1)];
            Ok(vec![at(0.5), at(0.99), at(0.999), at(1.0)])
        }
        _ => Err(format!("no such command: {}", words.join(" ")).into()),
    }
}
