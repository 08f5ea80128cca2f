//! Look-ups in a registry's shared-memory index, for `alphapulse bench registry`: one command a line.
//!
//! `attach PATH` reads what is there; `id N` and `isin N` look up N instruments in random order and
//! answer p50, p99, p99.9 and the maximum in nanoseconds. A sample is the mean of eight look-ups in a
//! row, which the processor may overlap: the clock alone takes as long as one of them.

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::{Duration, Instant};

use alphapulse_core::index::{Kind, RECORD_BYTES, Reader};

const SAMPLE: usize = 8;

struct Asked {
    reader: Reader,
    ids: Vec<[u8; 16]>,
    isins: Vec<[u8; 12]>,
}

fn attach(path: &str) -> Result<Asked, String> {
    let reader = Reader::attach(path).map_err(|error| error.to_string())?;
    let taken = reader.snapshot(Duration::from_secs(30)).map_err(|error| error.to_string())?;
    let mut rows: Vec<&[u8]> = taken.records.chunks_exact(RECORD_BYTES).collect();
    // the order in which they are asked for
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for at in (1..rows.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        rows.swap(at, (state >> 33) as usize % (at + 1));
    }
    let part = |row: &[u8], from: usize, to: usize| row[from..to].to_vec();
    let ids = rows.iter().filter_map(|row| part(row, 0, 16).try_into().ok()).collect();
    let isins = rows.iter().filter_map(|row| part(row, 84, 96).try_into().ok());
    let isins = isins.filter(|isin: &[u8; 12]| isin[0] != 0).collect();
    Ok(Asked { reader, ids, isins })
}

fn timed(count: usize, mut once: impl FnMut(usize) -> u8) -> String {
    let mut times = Vec::with_capacity(count / SAMPLE);
    let mut at = 0;
    for _ in 0..count.div_ceil(SAMPLE) {
        let began = Instant::now();
        for _ in 0..SAMPLE {
            black_box(once(at));
            at += 1;
        }
        times.push(began.elapsed().as_nanos() as f64 / SAMPLE as f64);
    }
    times.sort_by(f64::total_cmp);
    let rank = |q: f64| times[((times.len() - 1) as f64 * q) as usize];
    format!("{} {} {} {}", rank(0.5), rank(0.99), rank(0.999), rank(1.0))
}

fn main() {
    let mut asked: Option<Asked> = None;
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let (command, rest) = line.split_once(' ').unwrap_or((&line, ""));
        let answer = match (command, &asked, rest.parse().ok()) {
            ("attach", ..) => match attach(rest) {
                Ok(made) => {
                    let count = made.ids.len().to_string();
                    asked = Some(made);
                    count
                }
                Err(error) => format!("error {error}"),
            },
            ("id", Some(Asked { reader, ids, .. }), Some(count)) if !ids.is_empty() => {
                timed(count, |at| reader.get(black_box(&ids[at % ids.len()])).map_or(0, |row| row[127]))
            }
            ("isin", Some(Asked { reader, isins, .. }), Some(count)) if !isins.is_empty() => {
                timed(count, |at| {
                    let mut last = 0;
                    let isin = black_box(&isins[at % isins.len()]);
                    reader.each(Kind::Isin, isin, |row| last = row[127]);
                    last
                })
            }
            _ => "error attach PATH, then id N or isin N".into(),
        };
        println!("{answer}");
        let _ = std::io::stdout().flush();
    }
}
