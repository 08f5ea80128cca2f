//! Bindings of the shared-memory ring: `handle` publishes, `reader` consumes, `batch` is what it gets.
//! Here is what they share: errors, timeouts, names of settings, and what looks at files from outside.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyDict;

use super::buffer::Bytes;
use crate::ring::{self as core, Found, LayoutFault, RingError, WaitStrategy};

mod batch;
mod handle;
mod reader;

use batch::{Batch, Gap, Packed};
pub use handle::Ring;
use reader::RingReader;

const PHASED: WaitStrategy =
    WaitStrategy::Phased { spin: Duration::from_micros(20), yields: Duration::from_micros(200) };

/// How long a wait may hold back Ctrl-C.
const SIGNAL_SLICE: Duration = Duration::from_millis(100);

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    watch_forks();
    m.add_class::<Ring>()?;
    m.add_class::<RingReader>()?;
    m.add_class::<Batch>()?;
    m.add_class::<Packed>()?;
    m.add_class::<Gap>()?;
    m.add_function(wrap_pyfunction!(ring_inspect, m)?)?;
    m.add_function(wrap_pyfunction!(ring_reclaim, m)?)?;
    Ok(())
}

/// Counts the forks between this process and the one that loaded the module.
static FORKS: AtomicU32 = AtomicU32::new(0);

extern "C" fn after_fork_in_child() {
    FORKS.fetch_add(1, Ordering::Relaxed);
    core::forget_registration();
}

fn watch_forks() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler only stores to atomics, which is safe in a forked child.
        unsafe { libc::pthread_atfork(None, None, Some(after_fork_in_child)) };
    });
}

pub fn raise(py: Python<'_>, error: RingError) -> PyErr {
    match build_error(py, error) {
        Ok(error) | Err(error) => error,
    }
}

fn build_error(py: Python<'_>, error: RingError) -> PyResult<PyErr> {
    let facts = PyDict::new(py);
    facts.set_item("reason", error.reason())?;
    let class = match &error {
        RingError::Full { needed, slowest } => {
            facts.set_item("needed", needed)?;
            facts.set_item("slowest", slowest)?;
            "RingFull"
        }
        RingError::TooLarge { size, limit, .. } => {
            facts.set_item("size", size)?;
            facts.set_item("limit", limit)?;
            "RingTooLarge"
        }
        RingError::Halted { .. } => "RingHalted",
        RingError::Closed { .. } | RingError::Forked => "RingClosedError",
        RingError::Evicted { name, sequence } => {
            facts.set_item("name", name)?;
            facts.set_item("sequence", sequence)?;
            "RingEvicted"
        }
        RingError::DependencyLost { name, dependency } => {
            facts.set_item("name", name)?;
            facts.set_item("dependency", dependency)?;
            "RingDependencyLost"
        }
        RingError::Busy { pid, .. } => {
            facts.set_item("pid", pid)?;
            "RingBusy"
        }
        RingError::TableFull { limit, .. } => {
            facts.set_item("limit", limit)?;
            "RingTableFull"
        }
        RingError::Missing { .. } => "RingMissing",
        RingError::Exists { .. } => "RingExists",
        RingError::Layout { .. } => "RingLayoutError",
        RingError::System { source, .. } => {
            facts.set_item("errno", source.raw_os_error())?;
            "RingSystemError"
        }
        RingError::Invalid { detail } => return Ok(PyValueError::new_err(detail.clone())),
    };
    static ERRORS: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module =
        ERRORS.get_or_try_init(py, || py.import("alphapulse_core.ring_errors").map(Bound::unbind))?.bind(py);
    let value = module.getattr(class)?.call((error.to_string(),), Some(&facts))?;
    Ok(PyErr::from_value(value))
}

pub fn ok<T>(py: Python<'_>, result: core::Result<T>) -> PyResult<T> {
    result.map_err(|error| raise(py, error))
}

/// What is left of a timeout in seconds; None for ever.
struct Deadline(Option<Instant>);

impl Deadline {
    fn new(timeout: Option<f64>) -> PyResult<Self> {
        match timeout {
            None => Ok(Deadline(None)),
            Some(seconds) if seconds.is_nan() || seconds < 0.0 => {
                Err(PyValueError::new_err("timeout must not be negative"))
            }
            // A timeout that the clock cannot hold is for ever.
            Some(seconds) => Ok(Deadline(
                Duration::try_from_secs_f64(seconds).ok().and_then(|t| Instant::now().checked_add(t)),
            )),
        }
    }

    fn slice(&self) -> Duration {
        self.0.map_or(SIGNAL_SLICE, |d| d.saturating_duration_since(Instant::now()).min(SIGNAL_SLICE))
    }

    fn over(&self) -> bool {
        self.0.is_some_and(|d| Instant::now() >= d)
    }
}

fn parse_wait(name: &str) -> PyResult<WaitStrategy> {
    Ok(match name {
        "busy-spin" => WaitStrategy::BusySpin,
        "yield" => WaitStrategy::Yield,
        "back-off" => WaitStrategy::BackOff,
        "block" => WaitStrategy::Block,
        "phased" => {
            WaitStrategy::Phased { spin: Duration::from_micros(20), yields: Duration::from_micros(200) }
        }
        other => return Err(PyValueError::new_err(format!("no such wait strategy: '{other}'"))),
    })
}

fn parse_producers(name: &str) -> PyResult<bool> {
    match name {
        "single" => Ok(false),
        "multi" => Ok(true),
        other => Err(PyValueError::new_err(format!("producers must be 'single' or 'multi', not '{other}'"))),
    }
}

/// Payloads that Python lends, as (prefix, body) pairs.
struct Lent<'a> {
    bodies: Vec<&'a [u8]>,
    prefixes: &'a [u8],
    prefix_length: usize,
}

impl<'a> Lent<'a> {
    fn new(bodies: Vec<&'a [u8]>, prefixes: Option<&'a Bytes<'_>>) -> PyResult<Self> {
        let prefixes = prefixes.map_or(&[][..], Bytes::as_slice);
        let count = bodies.len();
        if count == 0 {
            return Err(PyValueError::new_err("a batch has at least one entry"));
        }
        if prefixes.len() % count != 0 {
            return Err(PyValueError::new_err(format!(
                "prefixes: {} bytes do not divide into {count} entries",
                prefixes.len()
            )));
        }
        Ok(Lent { bodies, prefixes, prefix_length: prefixes.len() / count })
    }

    fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> + Clone {
        let length = self.prefix_length;
        self.bodies
            .iter()
            .enumerate()
            .map(move |(i, body)| (&self.prefixes[i * length..(i + 1) * length], *body))
    }

    fn bytes(&self) -> usize {
        self.prefixes.len() + self.bodies.iter().map(|b| b.len()).sum::<usize>()
    }
}

#[pyfunction]
fn ring_inspect<'py>(py: Python<'py>, path: PathBuf) -> PyResult<Bound<'py, PyDict>> {
    let found = py.detach(|| core::inspect(&path));
    let out = PyDict::new(py);
    match ok(py, found)? {
        Found::Missing => out.set_item("state", "missing")?,
        Found::Refused(kind, detail) => {
            let state = match kind {
                LayoutFault::Foreign => "foreign",
                LayoutFault::Torn => "torn",
                LayoutFault::Version => "version",
                LayoutFault::Geometry => "geometry",
            };
            out.set_item("state", state)?;
            out.set_item("detail", detail)?;
        }
        Found::Ring { fixed_capacity, incarnation, living } => {
            out.set_item("state", if living.is_empty() { "stale" } else { "live" })?;
            out.set_item("capacity", fixed_capacity)?;
            out.set_item("incarnation", incarnation)?;
            out.set_item("living", living)?;
        }
    }
    Ok(out)
}

#[pyfunction]
fn ring_reclaim(py: Python<'_>, directory: PathBuf, prefix: &str) -> PyResult<Vec<String>> {
    let removed = py.detach(|| core::reclaim(Path::new(&directory), prefix));
    Ok(ok(py, removed)?.iter().map(|p| p.display().to_string()).collect())
}
