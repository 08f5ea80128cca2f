//! Latency histograms in shared memory: any process records, any process reads while it runs.
//!
//! Log-linear buckets as in HdrHistogram: 128 per power of two, so a value is known to better than
//! 1 % (at most 1/128 above its bucket's lower end); exact below 256. One file holds one histogram for
//! each (message type, stage). Recording is one relaxed add to a bucket, one to the sum, and, rarely, a
//! new maximum; nothing is locked or allocated. Counts survive their processes.
//!
//! The file is `<mesh>.latency` by convention. Layout, little-endian:
//! ```text
//! 0     magic "APULHIST", version u32, cells u32, incarnation u64, created_unix_ns u64, checksum u64
//! 4096  cells × Cell: key u64 (0 free; 1 << 63 | stage << 16 | message type), count is the buckets'
//!       sum, sum u64, max u64, min u64 (inverted), 4 reserved words, BUCKETS × u64
//! ```

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::ring::{LayoutFault, Result, RingError};

mod file;

const MAGIC: [u8; 8] = *b"APULHIST";
const VERSION: u32 = 1;
/// Buckets per power of two.
const SUB_BITS: u32 = 7;
const SUB: usize = 1 << SUB_BITS;
/// Values from 2^40 ns (18 minutes) on share the last bucket.
const TOP_BITS: u32 = 40;
/// Buckets of one histogram.
pub const BUCKETS: usize = (TOP_BITS - SUB_BITS) as usize * SUB + SUB;
const TAKEN: u64 = 1 << 63;

/// One histogram as it lies in the file.
#[repr(C)]
struct Cell {
    key: AtomicU64,
    sum: AtomicU64,
    max: AtomicU64,
    /// `u64::MAX - minimum`, so that zeroed memory means none.
    min: AtomicU64,
    reserved: [AtomicU64; 4],
    buckets: [AtomicU64; BUCKETS],
}

/// The bucket of a value.
#[inline(always)]
pub fn bucket_of(value: u64) -> usize {
    let value = value.min((1 << TOP_BITS) - 1);
    if value < 2 * SUB as u64 {
        return value as usize;
    }
    let exponent = 63 - value.leading_zeros();
    let shift = exponent - SUB_BITS;
    (shift as usize) * SUB + (value >> shift) as usize
}

/// Smallest value of a bucket, and how many values share it.
pub fn bucket_range(bucket: usize) -> (u64, u64) {
    if bucket < 2 * SUB {
        return (bucket as u64, 1);
    }
    let shift = bucket / SUB - 1;
    let low = ((bucket - shift * SUB) as u64) << shift;
    (low, 1 << shift)
}

/// A mapped file of histograms.
pub struct Histograms {
    file: file::Mapped,
}

/// A copy of one histogram, taken while others may record.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub message_type: u16,
    pub stage: u16,
    pub count: u64,
    pub sum: u64,
    pub max: u64,
    pub min: u64,
    buckets: Vec<u64>,
}

impl Snapshot {
    /// The value below or at which the share `quantile` (0 … 1) of the records lies; 0 without any.
    pub fn quantile(&self, quantile: f64) -> u64 {
        let wanted = ((quantile.clamp(0.0, 1.0) * self.count as f64).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in self.buckets.iter().enumerate() {
            seen += count;
            if seen >= wanted {
                let (low, width) = bucket_range(bucket);
                return (low + width / 2).min(self.max).max(self.min);
            }
        }
        0
    }

    pub fn mean(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.sum as f64 / self.count as f64 }
    }

    /// What was recorded since `earlier`, a snapshot of the same histogram.
    pub fn since(&self, earlier: &Snapshot) -> Snapshot {
        let buckets: Vec<u64> =
            self.buckets.iter().zip(&earlier.buckets).map(|(now, then)| now.saturating_sub(*then)).collect();
        Snapshot {
            count: buckets.iter().sum(),
            sum: self.sum.wrapping_sub(earlier.sum),
            buckets,
            ..self.clone()
        }
    }
}

/// Records into one histogram.
#[derive(Clone, Copy)]
pub struct Recorder<'h> {
    cell: &'h Cell,
}

impl Recorder<'_> {
    #[inline(always)]
    pub fn record(&self, nanoseconds: u64) {
        self.cell.buckets[bucket_of(nanoseconds)].fetch_add(1, Ordering::Relaxed);
        self.cell.sum.fetch_add(nanoseconds, Ordering::Relaxed);
        if nanoseconds > self.cell.max.load(Ordering::Relaxed) {
            self.cell.max.fetch_max(nanoseconds, Ordering::Relaxed);
        }
        if u64::MAX - nanoseconds > self.cell.min.load(Ordering::Relaxed) {
            self.cell.min.fetch_max(u64::MAX - nanoseconds, Ordering::Relaxed);
        }
    }
}

impl Histograms {
    /// Attaches to the file, or makes it for up to `cells` histograms.
    pub fn open_or_create(path: impl AsRef<Path>, cells: u32) -> Result<Self> {
        if !(1..=65_536).contains(&cells) {
            return Err(RingError::Invalid { detail: format!("cells must be 1 to 65536, not {cells}") });
        }
        Ok(Histograms { file: file::open_or_create(path.as_ref(), cells)? })
    }

    pub fn attach(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Histograms { file: file::attach(path.as_ref())? })
    }

    /// The histogram of a message type at a stage, made when it is new.
    pub fn recorder(&self, message_type: u16, stage: u16) -> Result<Recorder<'_>> {
        let key = TAKEN | (stage as u64) << 16 | message_type as u64;
        let cells = self.file.cells();
        let start = (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as usize % cells.len();
        for step in 0..cells.len() {
            let cell = &cells[(start + step) % cells.len()];
            let seen = match cell.key.load(Ordering::Acquire) {
                0 => match cell.key.compare_exchange(0, key, Ordering::AcqRel, Ordering::Acquire) {
                    Ok(_) => key,
                    Err(other) => other,
                },
                other => other,
            };
            if seen == key {
                return Ok(Recorder { cell });
            }
        }
        Err(RingError::TableFull { what: "histogram", limit: cells.len() as u32 })
    }

    /// Copies of all histograms that have records, by (message type, stage).
    pub fn snapshots(&self) -> Vec<Snapshot> {
        let mut all: Vec<Snapshot> = self.file.cells().iter().filter_map(snapshot).collect();
        all.sort_by_key(|s| (s.message_type, s.stage));
        all
    }
}

fn snapshot(cell: &Cell) -> Option<Snapshot> {
    let key = cell.key.load(Ordering::Acquire);
    let buckets: Vec<u64> = cell.buckets.iter().map(|b| b.load(Ordering::Relaxed)).collect();
    let count = buckets.iter().sum();
    (key & TAKEN != 0 && count != 0).then(|| Snapshot {
        message_type: key as u16,
        stage: (key >> 16) as u16,
        count,
        sum: cell.sum.load(Ordering::Relaxed),
        max: cell.max.load(Ordering::Relaxed),
        min: u64::MAX - cell.min.load(Ordering::Relaxed),
        buckets,
    })
}

fn refuse(path: &Path, kind: LayoutFault, detail: impl Into<String>) -> RingError {
    RingError::Layout { path: path.into(), kind, detail: detail.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_bucket_holds_its_value_within_a_percent(value in 0u64..1 << TOP_BITS) {
            let (low, width) = bucket_range(bucket_of(value));
            prop_assert!(low <= value && value < low + width);
            prop_assert!(width == 1 || width * 100 <= low);
        }

        #[test]
        fn quantiles_are_near_the_exact_ones(mut values in prop::collection::vec(0u64..1 << 36, 1..500)) {
            let directory = tempdir();
            let histograms = Histograms::open_or_create(directory.0.join("h"), 4).unwrap();
            let recorder = histograms.recorder(7, 3).unwrap();
            values.iter().for_each(|v| recorder.record(*v));
            values.sort_unstable();
            let taken = &histograms.snapshots()[0];
            prop_assert_eq!((taken.message_type, taken.stage, taken.count), (7, 3, values.len() as u64));
            prop_assert_eq!((taken.min, taken.max), (values[0], *values.last().unwrap()));
            for quantile in [0.0, 0.5, 0.9, 0.99, 1.0] {
                let rank = ((quantile * values.len() as f64).ceil() as usize).max(1) - 1;
                let (exact, told) = (values[rank], taken.quantile(quantile));
                prop_assert!(told.abs_diff(exact) * 100 <= exact, "{} instead of {}", told, exact);
            }
        }
    }

    #[test]
    fn buckets_are_contiguous() {
        let mut next = 0;
        for bucket in 0..BUCKETS {
            let (low, width) = bucket_range(bucket);
            assert_eq!(low, next);
            next = low + width;
        }
        assert_eq!(next, 1 << TOP_BITS);
        assert_eq!(bucket_of(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn two_mappings_count_into_one_histogram() {
        let directory = tempdir();
        let path = directory.0.join("mesh.latency");
        let first = Histograms::open_or_create(&path, 4).unwrap();
        let second = Histograms::open_or_create(&path, 4).unwrap();
        std::thread::scope(|scope| {
            for histograms in [&first, &second] {
                scope.spawn(move || {
                    let recorder = histograms.recorder(1, 0).unwrap();
                    (0..10_000).for_each(|v| recorder.record(v));
                });
            }
        });
        let taken = Histograms::attach(&path).unwrap().snapshots();
        assert_eq!((taken.len(), taken[0].count), (1, 20_000));
        assert_eq!(taken[0].since(&taken[0]).count, 0);
    }

    #[test]
    fn a_full_table_and_a_foreign_file_are_refused() {
        let directory = tempdir();
        let histograms = Histograms::open_or_create(directory.0.join("h"), 2).unwrap();
        histograms.recorder(1, 0).unwrap();
        histograms.recorder(2, 0).unwrap();
        assert!(histograms.recorder(1, 0).is_ok());
        assert!(matches!(histograms.recorder(3, 0), Err(RingError::TableFull { limit: 2, .. })));
        let foreign = directory.0.join("f");
        std::fs::write(&foreign, b"something else").unwrap();
        assert!(matches!(
            Histograms::attach(&foreign),
            Err(RingError::Layout { kind: LayoutFault::Foreign, .. })
        ));
        assert!(matches!(Histograms::attach(directory.0.join("none")), Err(RingError::Missing { .. })));
    }

    struct Directory(std::path::PathBuf);

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }

    fn tempdir() -> Directory {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let name = format!("histogram-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Directory(path)
    }
}
