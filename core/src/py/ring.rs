//! Bindings of the shared-memory ring.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::{MutexExt, PyOnceLock};
use pyo3::types::{PyBytes, PyDict, PyList, PyMemoryView, PySlice, PyString};
use pyo3::{ffi, intern};

use super::buffer::{Bytes, bytes_of_all, working};
use crate::ring::{
    self as core, Found, GapReason, LayoutFault, Producer, Reader, ReaderConfig, RingConfig, RingError, Run,
    Start, WaitStrategy,
};

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

fn raise(py: Python<'_>, error: RingError) -> PyErr {
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

struct Open {
    ring: core::Ring,
    producer: Option<Producer>,
}

impl Open {
    /// This handle's producer, registered on first use.
    fn producer(&mut self) -> core::Result<&mut Producer> {
        if self.producer.is_none() {
            let mut producer = self.ring.producer()?;
            // Room comes within microseconds or not for long; the GIL is released meanwhile.
            producer.wait = PHASED;
            self.producer = Some(producer);
        }
        Ok(self.producer.as_mut().expect("was just made"))
    }
}

#[pyclass(frozen, module = "alphapulse_core")]
pub struct Ring {
    open: Mutex<Option<Open>>,
    /// Also there after `close`, for the properties that need no lock.
    path: PathBuf,
    fixed: core::layout::Fixed,
    created: bool,
    forks: u32,
}

impl Ring {
    fn wrap(py: Python<'_>, ring: core::Ring) -> PyResult<Self> {
        if let Some(warning) = ring.status().warning() {
            let category = py.get_type::<pyo3::exceptions::PyRuntimeWarning>();
            let text =
                std::ffi::CString::new(format!("{}: {warning}", ring.path().display())).unwrap_or_default();
            PyErr::warn(py, &category, &text, 2)?;
        }
        Ok(Ring {
            path: ring.path().to_owned(),
            fixed: *ring.fixed(),
            created: ring.created(),
            open: Mutex::new(Some(Open { ring, producer: None })),
            forks: FORKS.load(Ordering::Relaxed),
        })
    }

    fn check_fork(&self, py: Python<'_>) -> PyResult<()> {
        if self.forks == FORKS.load(Ordering::Relaxed) { Ok(()) } else { Err(raise(py, RingError::Forked)) }
    }

    fn lock(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, Option<Open>>> {
        self.check_fork(py)?;
        self.open
            .lock_py_attached(py)
            .map_err(|_| raise(py, RingError::Closed { what: "ring (after a panic)" }))
    }

    /// A clone of the handle, so that nothing is locked while it is used.
    fn ring(&self, py: Python<'_>) -> PyResult<core::Ring> {
        match &*self.lock(py)? {
            Some(open) => Ok(open.ring.clone()),
            None => Err(raise(py, RingError::Closed { what: "ring" })),
        }
    }

    /// Publishes `pairs` of prefix and body, `bytes` in all, waiting interruptibly for room.
    fn publish_pairs<'p, I>(
        &self,
        py: Python<'_>,
        pairs: I,
        bytes: usize,
        timeout: Option<f64>,
    ) -> PyResult<(u64, u64)>
    where
        I: Iterator<Item = (&'p [u8], &'p [u8])> + Clone + Send + Sync,
    {
        let deadline = Deadline::new(timeout)?;
        let mut first_try = true;
        loop {
            let mut guard = self.lock(py)?;
            let Some(open) = &mut *guard else {
                return Err(raise(py, RingError::Closed { what: "ring" }));
            };
            let producer = ok(py, open.producer())?;
            let outcome = if first_try {
                working(py, bytes, || producer.publish_batch(pairs.clone(), Some(Duration::ZERO)))
            } else {
                let slice = deadline.slice();
                py.detach(|| producer.publish_batch(pairs.clone(), Some(slice)))
            };
            drop(guard);
            first_try = false;
            match outcome {
                Err(RingError::Full { .. }) if !deadline.over() => py.check_signals()?,
                other => return ok(py, other),
            }
        }
    }
}

/// The keyword arguments that `create` and `open_or_create` share.
#[allow(clippy::too_many_arguments)] // mirrors the Python signature
fn config(
    capacity: u64,
    producers: &str,
    max_readers: u32,
    max_producers: u32,
    huge_pages: bool,
    prefault: bool,
    lock_memory: bool,
    numa_node: Option<u32>,
) -> PyResult<RingConfig> {
    let multi_producer = parse_producers(producers)?;
    Ok(RingConfig {
        capacity,
        multi_producer,
        max_producers,
        max_readers,
        huge_pages,
        prefault,
        lock_memory,
        numa_node,
    })
}

#[pymethods]
impl Ring {
    #[staticmethod]
    #[pyo3(signature = (path, capacity, *, producers="single", max_readers=128, max_producers=32,
                        huge_pages=false, prefault=true, lock_memory=false, numa_node=None))]
    #[allow(clippy::too_many_arguments)] // keyword arguments
    fn create(
        py: Python<'_>,
        path: PathBuf,
        capacity: u64,
        producers: &str,
        max_readers: u32,
        max_producers: u32,
        huge_pages: bool,
        prefault: bool,
        lock_memory: bool,
        numa_node: Option<u32>,
    ) -> PyResult<Self> {
        let config = config(
            capacity,
            producers,
            max_readers,
            max_producers,
            huge_pages,
            prefault,
            lock_memory,
            numa_node,
        )?;
        let ring = py.detach(|| core::Ring::create(&path, &config));
        Self::wrap(py, ok(py, ring)?)
    }

    #[staticmethod]
    fn attach(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let ring = py.detach(|| core::Ring::attach(&path));
        Self::wrap(py, ok(py, ring)?)
    }

    #[staticmethod]
    #[pyo3(signature = (path, capacity, *, producers="single", max_readers=128, max_producers=32,
                        huge_pages=false, prefault=true, lock_memory=false, numa_node=None,
                        replace_stale=true))]
    #[allow(clippy::too_many_arguments)] // keyword arguments
    fn open_or_create(
        py: Python<'_>,
        path: PathBuf,
        capacity: u64,
        producers: &str,
        max_readers: u32,
        max_producers: u32,
        huge_pages: bool,
        prefault: bool,
        lock_memory: bool,
        numa_node: Option<u32>,
        replace_stale: bool,
    ) -> PyResult<Self> {
        let config = config(
            capacity,
            producers,
            max_readers,
            max_producers,
            huge_pages,
            prefault,
            lock_memory,
            numa_node,
        )?;
        let ring = py.detach(|| core::Ring::open_or_create(&path, &config, replace_stale));
        Self::wrap(py, ok(py, ring)?)
    }

    #[getter]
    fn path(&self) -> String {
        self.path.display().to_string()
    }

    #[getter]
    fn capacity(&self) -> u64 {
        self.fixed.capacity
    }

    #[getter]
    fn max_entry(&self) -> u64 {
        self.fixed.capacity / 4
    }

    #[getter]
    fn max_batch(&self) -> u64 {
        self.fixed.capacity / 4
    }

    #[getter]
    fn producers(&self) -> &'static str {
        if self.fixed.flags & core::layout::FLAG_MULTI_PRODUCER != 0 { "multi" } else { "single" }
    }

    #[getter]
    fn created(&self) -> bool {
        self.created
    }

    #[getter]
    fn incarnation(&self) -> u64 {
        self.fixed.incarnation
    }

    #[getter]
    fn next_sequence(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.ring(py)?.next_sequence())
    }

    #[getter]
    fn oldest_sequence(&self, py: Python<'_>) -> PyResult<u64> {
        Ok(self.ring(py)?.oldest_sequence())
    }

    #[getter]
    fn halted(&self, py: Python<'_>) -> PyResult<bool> {
        Ok(self.ring(py)?.halted())
    }

    #[pyo3(signature = (payload, *, timeout=None))]
    fn publish(&self, py: Python<'_>, payload: &Bound<'_, PyAny>, timeout: Option<f64>) -> PyResult<u64> {
        let payload = Bytes::of(payload)?;
        let lent = Lent::new(vec![payload.as_slice()], None)?;
        Ok(self.publish_pairs(py, lent.pairs(), lent.bytes(), timeout)?.0)
    }

    #[pyo3(signature = (payloads, *, prefixes=None, timeout=None))]
    fn publish_batch(
        &self,
        py: Python<'_>,
        payloads: &Bound<'_, PyAny>,
        prefixes: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<(u64, u64)> {
        let payloads = bytes_of_all(payloads)?;
        let prefixes = prefixes.map(Bytes::of).transpose()?;
        let lent = Lent::new(payloads.iter().map(Bytes::as_slice).collect(), prefixes.as_ref())?;
        self.publish_pairs(py, lent.pairs(), lent.bytes(), timeout)
    }

    #[pyo3(signature = (payloads, *, prefixes=None))]
    fn try_publish_batch(
        &self,
        py: Python<'_>,
        payloads: &Bound<'_, PyAny>,
        prefixes: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Option<(u64, u64)>> {
        let payloads = bytes_of_all(payloads)?;
        let prefixes = prefixes.map(Bytes::of).transpose()?;
        let lent = Lent::new(payloads.iter().map(Bytes::as_slice).collect(), prefixes.as_ref())?;
        let bytes = lent.bytes();
        let mut guard = self.lock(py)?;
        let Some(open) = &mut *guard else {
            return Err(raise(py, RingError::Closed { what: "ring" }));
        };
        let producer = ok(py, open.producer())?;
        match working(py, bytes, || producer.publish_batch(lent.pairs(), Some(Duration::ZERO))) {
            Ok(range) => Ok(Some(range)),
            Err(RingError::Full { .. }) => Ok(None),
            Err(error) => Err(raise(py, error)),
        }
    }

    #[pyo3(signature = (block, offsets, *, prefixes=None, timeout=None))]
    fn publish_block(
        &self,
        py: Python<'_>,
        block: &Bound<'_, PyAny>,
        offsets: PyReadonlyArray1<'_, u64>,
        prefixes: Option<&Bound<'_, PyAny>>,
        timeout: Option<f64>,
    ) -> PyResult<(u64, u64)> {
        let block = Bytes::of(block)?;
        let prefixes = prefixes.map(Bytes::of).transpose()?;
        let gathered: Vec<u64>;
        let array = offsets.as_array();
        let offsets = match array.as_slice() {
            Some(contiguous) => contiguous,
            None => {
                gathered = array.iter().copied().collect();
                &gathered
            }
        };
        let prefixes = prefixes.as_ref().map_or(&[][..], Bytes::as_slice);
        let cut = ok(py, core::Cut::new(block.as_slice(), offsets, prefixes))?;
        let bytes = cut.bytes();
        self.publish_pairs(py, cut, bytes, timeout)
    }

    #[pyo3(
        signature = (name="", *, gating=false, start=None, after=vec![], wait="block", lease=5.0),
        text_signature = "($self, name='', *, gating=False, start='latest', after=(), wait='block', lease=5.0)"
    )]
    #[allow(clippy::too_many_arguments)] // keyword arguments
    fn reader(
        &self,
        py: Python<'_>,
        name: &str,
        gating: bool,
        start: Option<&Bound<'_, PyAny>>,
        after: Vec<String>,
        wait: &str,
        lease: f64,
    ) -> PyResult<RingReader> {
        let start = match start {
            None => Start::Latest,
            Some(start) => match start.cast::<PyString>() {
                Ok(word) => match word.to_str()? {
                    "latest" => Start::Latest,
                    "oldest" => Start::Oldest,
                    "resume" => Start::Resume,
                    other => return Err(PyValueError::new_err(format!("no such start: '{other}'"))),
                },
                Err(_) => Start::Sequence(start.extract()?),
            },
        };
        let lease =
            Duration::try_from_secs_f64(lease).map_err(|e| PyValueError::new_err(format!("lease: {e}")))?;
        let config =
            ReaderConfig { name: name.to_owned(), gating, start, after, wait: parse_wait(wait)?, lease };
        let ring = self.ring(py)?;
        let reader = py.detach(|| ring.reader(&config));
        let reader = ok(py, reader)?;
        Ok(RingReader {
            name: reader.name().to_owned(),
            gating,
            open: Mutex::new(Some(OpenReader {
                reader,
                run: Run::default(),
                spare: Arc::default(),
                outstanding: false,
            })),
            turn: Arc::new(AtomicU64::new(0)),
            forks: self.forks,
        })
    }

    fn evict(&self, py: Python<'_>, name: &str) -> PyResult<bool> {
        Ok(self.ring(py)?.evict(name))
    }

    fn recover(&self, py: Python<'_>) -> PyResult<u64> {
        let ring = self.ring(py)?;
        Ok(py.detach(|| ring.recover()).total())
    }

    fn halt(&self, py: Python<'_>) -> PyResult<()> {
        self.ring(py)?.halt();
        Ok(())
    }

    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        stats(py, &self.ring(py)?)
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.forks != FORKS.load(Ordering::Relaxed) {
            return Ok(());
        }
        let open = self.lock(py)?.take();
        py.detach(|| drop(open));
        Ok(())
    }

    fn unlink(&self, py: Python<'_>) -> PyResult<()> {
        // Also after `close`: by name, and only if the file still is this ring.
        let (path, incarnation) = (&self.path, self.fixed.incarnation);
        let outcome = py.detach(|| core::unlink_if(path, incarnation));
        ok(py, outcome)
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, PyAny>) -> PyResult<()> {
        self.close(py)
    }

    fn __repr__(&self) -> String {
        format!("<Ring {} capacity={} producers={}>", self.path(), self.capacity(), self.producers())
    }
}

fn stats<'py>(py: Python<'py>, ring: &core::Ring) -> PyResult<Bound<'py, PyDict>> {
    let stats = py.detach(|| ring.stats());
    let out = PyDict::new(py);
    out.set_item("path", ring.path())?;
    out.set_item("capacity", ring.capacity())?;
    out.set_item("producer_mode", if ring.multi_producer() { "multi" } else { "single" })?;
    out.set_item("incarnation", ring.fixed().incarnation)?;
    out.set_item("created_unix_ns", ring.fixed().created_unix_ns)?;
    out.set_item("next_sequence", stats.next_sequence)?;
    out.set_item("oldest_sequence", stats.oldest_sequence)?;
    out.set_item("claimed_bytes", stats.claimed_bytes)?;
    out.set_item("halted", stats.halted)?;
    out.set_item("gap_entries", stats.gap_entries)?;
    out.set_item("producers_recovered", stats.producers_recovered)?;
    out.set_item("readers_evicted", stats.readers_evicted)?;
    out.set_item("producer_waits", stats.producer_waits)?;
    out.set_item("reader_overruns", stats.reader_overruns)?;
    out.set_item("reader_lost", stats.reader_lost)?;
    let readers = PyList::empty(py);
    for reader in &stats.readers {
        let row = PyDict::new(py);
        row.set_item("name", &reader.name)?;
        row.set_item("slot", reader.slot)?;
        row.set_item("pid", reader.pid)?;
        row.set_item("alive", reader.alive)?;
        row.set_item("evicted", reader.evicted)?;
        row.set_item("gating", reader.gating)?;
        row.set_item("sequence", reader.sequence)?;
        row.set_item("lag", reader.lag)?;
        row.set_item("lost", reader.lost)?;
        row.set_item("gap_entries", reader.gap_entries)?;
        row.set_item("after", &reader.after)?;
        row.set_item("lease_ns", reader.lease_ns)?;
        row.set_item("heartbeat_age_ns", reader.heartbeat_age_ns)?;
        readers.append(row)?;
    }
    out.set_item("readers", readers)?;
    let producers = PyList::empty(py);
    for producer in &stats.producers {
        let row = PyDict::new(py);
        row.set_item("slot", producer.slot)?;
        row.set_item("pid", producer.pid)?;
        row.set_item("alive", producer.alive)?;
        row.set_item("in_flight", producer.in_flight)?;
        producers.append(row)?;
    }
    out.set_item("producers", producers)?;
    let system = PyDict::new(py);
    for (what, outcome) in ring.status().fields() {
        let row = PyDict::new(py);
        row.set_item("granted", outcome.is_ok())?;
        row.set_item("detail", outcome.as_ref().unwrap_or_else(|e| e))?;
        system.set_item(*what, row)?;
    }
    let barrier = PyDict::new(py);
    barrier.set_item("granted", core::registered())?;
    barrier.set_item("detail", if core::registered() { "membarrier" } else { "full fences" })?;
    system.set_item("asymmetric_barrier", barrier)?;
    out.set_item("system", system)?;
    Ok(out)
}

#[pyclass(frozen, module = "alphapulse_core")]
pub struct Gap {
    #[pyo3(get)]
    first: u64,
    #[pyo3(get)]
    last: u64,
    reason: GapReason,
}

#[pymethods]
impl Gap {
    #[getter]
    fn count(&self) -> u64 {
        self.last - self.first + 1
    }

    #[getter]
    fn reason(&self) -> &'static str {
        match self.reason {
            GapReason::Overrun => "overrun",
            GapReason::ProducerLost => "producer-lost",
        }
    }

    fn __repr__(&self) -> String {
        format!("Gap({}..={}, {})", self.first, self.last, self.reason())
    }
}

fn gap_list(py: Python<'_>, gaps: &[core::Gap]) -> PyResult<Py<PyList>> {
    let made = gaps.iter().map(|g| Gap { first: g.first, last: g.last, reason: g.reason });
    let objects = made.map(|g| Py::new(py, g)).collect::<PyResult<Vec<_>>>()?;
    Ok(PyList::new(py, objects)?.unbind())
}

/// A 64-byte aligned private copy.
#[derive(Default)]
struct Aligned {
    lines: Vec<Line>,
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

impl Aligned {
    /// At least `bytes` writable bytes; old contents are kept or zero.
    fn room(&mut self, bytes: usize) -> *mut u8 {
        let lines = bytes.div_ceil(64);
        if self.lines.len() < lines {
            self.lines.resize(lines, Line([0; 64]));
        }
        self.lines.as_mut_ptr().cast()
    }
}

struct OpenReader {
    reader: Reader,
    run: Run,
    /// The buffer of the last copied batch, used again once Python has let go of it.
    spare: Arc<Aligned>,
    /// A batch of views was handed out and not given back.
    outstanding: bool,
}

#[pyclass(frozen, module = "alphapulse_core")]
pub struct RingReader {
    open: Mutex<Option<OpenReader>>,
    name: String,
    gating: bool,
    /// Counts polls; a batch of views belongs to one.
    turn: Arc<AtomicU64>,
    forks: u32,
}

impl RingReader {
    fn lock(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, Option<OpenReader>>> {
        if self.forks != FORKS.load(Ordering::Relaxed) {
            return Err(raise(py, RingError::Forked));
        }
        self.open
            .lock_py_attached(py)
            .map_err(|_| raise(py, RingError::Closed { what: "reader (after a panic)" }))
    }

    fn with<T>(&self, py: Python<'_>, work: impl FnOnce(&mut OpenReader) -> core::Result<T>) -> PyResult<T> {
        match &mut *self.lock(py)? {
            Some(open) => ok(py, work(open)),
            None => Err(raise(py, RingError::Closed { what: "reader" })),
        }
    }

    /// Ends the batch before, so that its views say they are over.
    fn next_turn(&self, open: &mut OpenReader) -> u64 {
        if open.outstanding {
            open.reader.release();
            open.outstanding = false;
        }
        self.turn.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Waits until something can be polled or the time is over.
    fn await_entry(&self, py: Python<'_>, open: &mut OpenReader, timeout: Option<f64>) -> PyResult<bool> {
        if timeout == Some(0.0) {
            return Ok(true);
        }
        let deadline = Deadline::new(timeout)?;
        loop {
            let slice = deadline.slice();
            if open.reader.ready() || py.detach(|| open.reader.wait(Some(slice))) {
                return Ok(true);
            }
            if deadline.over() {
                return Ok(false);
            }
            py.check_signals()?;
        }
    }

    fn gather(
        &self,
        py: Python<'_>,
        open: &mut OpenReader,
        max_entries: usize,
        max_bytes: u64,
        timeout: Option<f64>,
    ) -> PyResult<u64> {
        if max_entries == 0 {
            return Err(PyValueError::new_err("max_entries must be at least 1"));
        }
        let turn = self.next_turn(open);
        self.await_entry(py, open, timeout)?;
        let OpenReader { reader, run, .. } = open;
        ok(py, reader.gather(run, max_entries, max_bytes))?;
        Ok(turn)
    }
}

#[pymethods]
impl RingReader {
    #[getter]
    fn name(&self) -> &str {
        &self.name
    }

    #[getter]
    fn gating(&self) -> bool {
        self.gating
    }

    #[getter]
    fn sequence(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |open| Ok(open.reader.sequence()))
    }

    #[getter]
    fn lag(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |open| Ok(open.reader.lag()))
    }

    #[getter]
    fn lost(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |open| Ok(open.reader.lost()))
    }

    #[pyo3(
        signature = (max_entries=65536, max_bytes=1 << 30, *, timeout=Some(0.0), copy=None),
        text_signature = "($self, max_entries=65536, max_bytes=1073741824, *, timeout=0.0, copy=None)"
    )]
    fn poll(
        &self,
        py: Python<'_>,
        max_entries: usize,
        max_bytes: u64,
        timeout: Option<f64>,
        copy: Option<bool>,
    ) -> PyResult<Batch> {
        let mut guard = self.lock(py)?;
        let Some(open) = &mut *guard else {
            return Err(raise(py, RingError::Closed { what: "reader" }));
        };
        let turn = self.gather(py, open, max_entries, max_bytes, timeout)?;
        let copied = copy.unwrap_or(!self.gating);
        let storage = if copied {
            if Arc::get_mut(&mut open.spare).is_none() {
                open.spare = Arc::default();
            }
            let buffer = Arc::get_mut(&mut open.spare).expect("not shared: checked or fresh");
            let bytes = open.run.bytes as usize;
            let to = buffer.room(bytes) as usize;
            let (reader, run) = (&mut open.reader, &mut open.run);
            let dropped = working(py, bytes, || {
                // SAFETY: `room` made `bytes` writable bytes at `to`, and the spare is ours alone.
                unsafe { core::copy_out(reader.ring().memory(), run.position, to as *mut u8, bytes) };
                reader.settle_copy(run)
            });
            open.reader.release();
            Storage::Copied { buffer: open.spare.clone(), start: dropped }
        } else {
            open.outstanding = true;
            Storage::Views { ring: open.reader.ring().clone(), turn, now: self.turn.clone() }
        };
        Batch::new(py, &open.run, storage)
    }

    #[pyo3(
        signature = (max_entries=65536, max_bytes=1 << 20, *, timeout=Some(0.0)),
        text_signature = "($self, max_entries=65536, max_bytes=1048576, *, timeout=0.0)"
    )]
    fn poll_bytes(
        &self,
        py: Python<'_>,
        max_entries: usize,
        max_bytes: u64,
        timeout: Option<f64>,
    ) -> PyResult<Packed> {
        let mut guard = self.lock(py)?;
        let Some(open) = &mut *guard else {
            return Err(raise(py, RingError::Closed { what: "reader" }));
        };
        self.gather(py, open, max_entries, max_bytes, timeout)?;
        let bytes = open.run.bytes as usize;
        // SAFETY: a new bytes object without contents, which nobody else has seen yet; it is filled
        // before it is handed out.
        let data = unsafe {
            Bound::from_owned_ptr_or_err(
                py,
                ffi::PyBytes_FromStringAndSize(std::ptr::null(), bytes as ffi::Py_ssize_t),
            )?
            .cast_into_unchecked::<PyBytes>()
        };
        let to = data.as_bytes().as_ptr() as usize;
        let (reader, run) = (&mut open.reader, &mut open.run);
        let dropped = working(py, bytes, || {
            // SAFETY: `bytes` bytes at `to`, in the object above that only this call knows.
            unsafe { core::copy_out(reader.ring().memory(), run.position, to as *mut u8, bytes) };
            reader.settle_copy(run)
        });
        open.reader.release();
        let data = if dropped == 0 { data } else { PyBytes::new(py, &data.as_bytes()[dropped..]) };
        Packed::new(py, &open.run, data.into_any().unbind())
    }

    #[pyo3(
        signature = (buffer, max_entries=65536, *, timeout=Some(0.0)),
        text_signature = "($self, buffer, max_entries=65536, *, timeout=0.0)"
    )]
    fn poll_into(
        &self,
        py: Python<'_>,
        buffer: &Bound<'_, PyAny>,
        max_entries: usize,
        timeout: Option<f64>,
    ) -> PyResult<Packed> {
        let mut lent = Bytes::writable(buffer)?;
        let target = lent.as_mut_slice()?;
        let mut guard = self.lock(py)?;
        let Some(open) = &mut *guard else {
            return Err(raise(py, RingError::Closed { what: "reader" }));
        };
        self.gather(py, open, max_entries, target.len() as u64, timeout)?;
        if open.run.bytes > target.len() as u64 {
            let size = open.run.bytes;
            open.reader.rewind(&open.run);
            if open.run.gaps.is_empty() {
                let limit = target.len() as u64;
                return Err(raise(py, RingError::TooLarge { what: "entry", size, limit }));
            }
            // The gaps are told now; the entry that does not fit, at the next poll.
            open.run.forget_entries();
        }
        let (reader, run) = (&mut open.reader, &mut open.run);
        let bytes = run.bytes as usize;
        let to = target.as_mut_ptr() as usize;
        let dropped = working(py, bytes, || {
            // SAFETY: the buffer is writable for at least `bytes` bytes while it is lent to us.
            unsafe { core::copy_out(reader.ring().memory(), run.position, to as *mut u8, bytes) };
            reader.settle_copy(run)
        });
        open.reader.release();
        open.run.shift(dropped as u64);
        Packed::new(py, &open.run, buffer.clone().unbind())
    }

    fn commit(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |open| {
            self.next_turn(open);
            Ok(())
        })
    }

    #[pyo3(signature = (timeout=None))]
    fn wait(&self, py: Python<'_>, timeout: Option<f64>) -> PyResult<bool> {
        let mut guard = self.lock(py)?;
        let Some(open) = &mut *guard else {
            return Err(raise(py, RingError::Closed { what: "reader" }));
        };
        if timeout == Some(0.0) {
            return Ok(open.reader.ready());
        }
        self.await_entry(py, open, timeout)
    }

    fn seek(&self, py: Python<'_>, sequence: u64) -> PyResult<()> {
        self.with(py, |open| {
            self.next_turn(open);
            open.reader.seek(sequence)
        })
    }

    fn drop_dependency(&self, py: Python<'_>, name: &str) -> PyResult<()> {
        self.with(py, |open| {
            open.reader.drop_dependency(name);
            Ok(())
        })
    }

    fn heartbeat(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |open| {
            open.reader.heartbeat();
            Ok(())
        })
    }

    fn fileno(&self, py: Python<'_>) -> PyResult<i32> {
        self.with(py, |open| open.reader.fd())
    }

    fn arm(&self, py: Python<'_>) -> PyResult<bool> {
        self.with(py, |open| open.reader.arm())
    }

    fn clear(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |open| {
            open.reader.clear();
            Ok(())
        })
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if self.forks != FORKS.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.turn.fetch_add(1, Ordering::AcqRel);
        let open = self.lock(py)?.take();
        py.detach(|| drop(open));
        Ok(())
    }

    fn __enter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    #[pyo3(signature = (*_exc))]
    fn __exit__(&self, py: Python<'_>, _exc: &Bound<'_, PyAny>) -> PyResult<()> {
        self.close(py)
    }

    fn __repr__(&self) -> String {
        format!("<RingReader {} gating={}>", self.name, if self.gating { "True" } else { "False" })
    }
}

/// Where a batch's bytes are.
enum Storage {
    /// In the ring; valid while `now` still is `turn`. The ring handle keeps the mapping in any case.
    Views {
        ring: core::Ring,
        turn: u64,
        now: Arc<AtomicU64>,
    },
    Copied {
        buffer: Arc<Aligned>,
        start: usize,
    },
}

#[pyclass(frozen, module = "alphapulse_core")]
pub struct Batch {
    storage: Storage,
    first: u64,
    position: u64,
    bytes: usize,
    more: bool,
    sequences: Py<PyArray1<u64>>,
    offsets: Py<PyArray1<u64>>,
    lengths: Py<PyArray1<u32>>,
    places: Vec<(usize, usize)>,
    gaps: Py<PyList>,
    has_gaps: bool,
}

impl Batch {
    fn new(py: Python<'_>, run: &Run, storage: Storage) -> PyResult<Self> {
        let places = run.offsets.iter().zip(&run.lengths);
        Ok(Batch {
            storage,
            first: run.sequences.first().copied().unwrap_or(run.first),
            position: run.position,
            bytes: run.bytes as usize,
            more: run.more,
            sequences: PyArray1::from_slice(py, &run.sequences).unbind(),
            offsets: PyArray1::from_slice(py, &run.offsets).unbind(),
            lengths: PyArray1::from_slice(py, &run.lengths).unbind(),
            places: places.map(|(o, l)| (*o as usize, *l as usize)).collect(),
            gaps: gap_list(py, &run.gaps)?,
            has_gaps: !run.gaps.is_empty(),
        })
    }

    fn start(&self) -> PyResult<*const u8> {
        match &self.storage {
            Storage::Copied { buffer, start } => Ok(buffer.lines.as_ptr().cast::<u8>().wrapping_add(*start)),
            Storage::Views { ring, turn, now } => {
                if now.load(Ordering::Acquire) != *turn {
                    return Err(PyValueError::new_err(
                        "this batch was given back by a later poll, commit or close",
                    ));
                }
                Ok(ring.memory().at(self.position).cast_const())
            }
        }
    }

    fn slice<'py>(view: &Bound<'py, PyMemoryView>, from: usize, to: usize) -> PyResult<Bound<'py, PyAny>> {
        view.as_any().get_item(PySlice::new(view.py(), from as isize, to as isize, 1))
    }
}

#[pymethods]
impl Batch {
    #[getter]
    fn first(&self) -> u64 {
        self.first
    }

    #[getter]
    fn sequences(&self, py: Python<'_>) -> Py<PyArray1<u64>> {
        self.sequences.clone_ref(py)
    }

    #[getter]
    fn offsets(&self, py: Python<'_>) -> Py<PyArray1<u64>> {
        self.offsets.clone_ref(py)
    }

    #[getter]
    fn lengths(&self, py: Python<'_>) -> Py<PyArray1<u32>> {
        self.lengths.clone_ref(py)
    }

    #[getter]
    fn block<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyAny>> {
        static FROM_BUFFER: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = slf.py();
        let numpy = FROM_BUFFER
            .get_or_try_init(py, || PyResult::Ok(py.import("numpy")?.getattr("frombuffer")?.unbind()))?;
        let arguments = PyDict::new(py);
        arguments.set_item(intern!(py, "dtype"), intern!(py, "u1"))?;
        numpy.bind(py).call((slf,), Some(&arguments))
    }

    #[getter]
    fn gaps(&self, py: Python<'_>) -> Py<PyList> {
        self.gaps.clone_ref(py)
    }

    #[getter]
    fn copied(&self) -> bool {
        matches!(self.storage, Storage::Copied { .. })
    }

    #[getter]
    fn more(&self) -> bool {
        self.more
    }

    fn intact(&self) -> bool {
        match &self.storage {
            Storage::Copied { .. } => true,
            Storage::Views { ring, .. } => {
                self.places.is_empty() || core::protocol::intact(ring.memory(), self.position)
            }
        }
    }

    fn entry<'py>(slf: &Bound<'py, Self>, index: isize) -> PyResult<Bound<'py, PyAny>> {
        let this = slf.get();
        let count = this.places.len() as isize;
        let place = if index < 0 { index + count } else { index };
        let Some((offset, length)) = usize::try_from(place).ok().and_then(|i| this.places.get(i)) else {
            return Err(PyIndexError::new_err(format!("entry {index} of a batch of {count}")));
        };
        Self::slice(&PyMemoryView::from(slf.as_any())?, *offset, offset + length)
    }

    fn entries<'py>(slf: &Bound<'py, Self>) -> PyResult<Bound<'py, PyList>> {
        let view = PyMemoryView::from(slf.as_any())?;
        let list = PyList::empty(slf.py());
        for (offset, length) in &slf.get().places {
            list.append(Self::slice(&view, *offset, offset + length)?)?;
        }
        Ok(list)
    }

    fn __len__(&self) -> usize {
        self.places.len()
    }

    fn __bool__(&self) -> bool {
        !self.places.is_empty() || self.has_gaps
    }

    fn __getitem__<'py>(slf: &Bound<'py, Self>, index: isize) -> PyResult<Bound<'py, PyAny>> {
        Self::entry(slf, index)
    }

    /// # Safety
    /// Called by the interpreter with a view to fill.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: std::ffi::c_int,
    ) -> PyResult<()> {
        let start = slf.get().start()?;
        let bytes = slf.get().bytes as ffi::Py_ssize_t;
        // SAFETY: `bytes` bytes at `start` live as long as this object, which the view keeps alive;
        // read-only, so that Python never writes into the ring. Requests to write are refused.
        let code =
            unsafe { ffi::PyBuffer_FillInfo(view, slf.as_ptr(), start.cast_mut().cast(), bytes, 1, flags) };
        if code == 0 { Ok(()) } else { Err(PyErr::fetch(slf.py())) }
    }

    fn __repr__(&self) -> String {
        format!("<Batch first={} entries={} bytes={}>", self.first, self.places.len(), self.bytes)
    }
}

#[pyclass(frozen, module = "alphapulse_core")]
pub struct Packed {
    #[pyo3(get)]
    data: Py<PyAny>,
    #[pyo3(get)]
    first: u64,
    #[pyo3(get)]
    more: bool,
    #[pyo3(get)]
    sequences: Py<PyArray1<u64>>,
    #[pyo3(get)]
    offsets: Py<PyArray1<u64>>,
    #[pyo3(get)]
    lengths: Py<PyArray1<u32>>,
    #[pyo3(get)]
    gaps: Py<PyList>,
    count: usize,
    has_gaps: bool,
}

impl Packed {
    fn new(py: Python<'_>, run: &Run, data: Py<PyAny>) -> PyResult<Self> {
        Ok(Packed {
            data,
            first: run.sequences.first().copied().unwrap_or(run.first),
            more: run.more,
            sequences: PyArray1::from_slice(py, &run.sequences).unbind(),
            offsets: PyArray1::from_slice(py, &run.offsets).unbind(),
            lengths: PyArray1::from_slice(py, &run.lengths).unbind(),
            gaps: gap_list(py, &run.gaps)?,
            count: run.len(),
            has_gaps: !run.gaps.is_empty(),
        })
    }
}

#[pymethods]
impl Packed {
    fn __len__(&self) -> usize {
        self.count
    }

    fn __bool__(&self) -> bool {
        self.count != 0 || self.has_gaps
    }

    fn __repr__(&self) -> String {
        format!("<Packed first={} entries={}>", self.first, self.count)
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
fn ring_reclaim(py: Python<'_>, directory: PathBuf, mesh: &str) -> PyResult<Vec<String>> {
    let removed = py.detach(|| core::reclaim(Path::new(&directory), mesh));
    Ok(ok(py, removed)?.iter().map(|p| p.display().to_string()).collect())
}
