//! Look-ups by id in the registry's own table, for `alphapulse bench registry`: one command a line.
//!
//! `fill COUNT` makes records of symbols; `id N` looks N of them up in random order and answers p50,
//! p99, p99.9 and the maximum in nanoseconds. A sample is the mean of eight look-ups in a row, which
//! the processor may overlap: the clock alone takes as long as one of them.

use std::hint::black_box;
use std::io::{BufRead, Write};
use std::time::Instant;

use alphapulse_core::identity::{Place, to_bytes};
use alphapulse_core::instrument::table::{RECORD_BYTES, RecordTable};

const SAMPLE: usize = 8;

struct Table {
    records: RecordTable,
    ids: Vec<[u8; 16]>,
}

fn fill(count: usize) -> Result<Table, String> {
    let place = Place::new(2, 400).map_err(|error| error.to_string())?;
    let mut table = Table { records: RecordTable::default(), ids: Vec::with_capacity(count) };
    let mut bytes = Vec::with_capacity(count * RECORD_BYTES);
    for number in 0..count {
        let id = to_bytes(&place.symbol(&format!("S{number}")).map_err(|error| error.to_string())?);
        bytes.extend_from_slice(&id);
        bytes.resize(bytes.len() + RECORD_BYTES - id.len(), 1);
        table.ids.push(id);
    }
    table.records.extend(&bytes);
    // the order in which they are asked for (a full-period step through a shuffled list)
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    for at in (1..count).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        table.ids.swap(at, (state >> 33) as usize % (at + 1));
    }
    Ok(table)
}

fn look_up(table: &Table, count: usize) -> String {
    let mut times = Vec::with_capacity(count / SAMPLE);
    let mut at = 0;
    for _ in 0..count.div_ceil(SAMPLE) {
        let began = Instant::now();
        for _ in 0..SAMPLE {
            let found = table.records.get(black_box(&table.ids[at % table.ids.len()]));
            black_box(found.map_or(0, |record| record[RECORD_BYTES - 1]));
            at += 1;
        }
        times.push(began.elapsed().as_nanos() as f64 / SAMPLE as f64);
    }
    times.sort_by(f64::total_cmp);
    let rank = |q: f64| times[((times.len() - 1) as f64 * q) as usize];
    format!("{} {} {} {}", rank(0.5), rank(0.99), rank(0.999), rank(1.0))
}

fn main() {
    let mut table: Option<Table> = None;
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let mut words = line.split_whitespace();
        let (command, number) = (words.next(), words.next().and_then(|word| word.parse().ok()));
        let answer = match (command, number, &table) {
            (Some("fill"), Some(count), _) => match fill(count) {
                Ok(made) => {
                    table = Some(made);
                    "0".into()
                }
                Err(error) => format!("error {error}"),
            },
            (Some("id"), Some(count), Some(table)) => look_up(table, count),
            _ => "error fill COUNT, then id N".into(),
        };
        println!("{answer}");
        let _ = std::io::stdout().flush();
    }
}
