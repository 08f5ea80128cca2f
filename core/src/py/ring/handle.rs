//! `Ring`: a handle that publishes and makes readers.

use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use numpy::PyReadonlyArray1;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyDict, PyList, PyString};

use super::super::buffer::{Bytes, bytes_of_all, working};
use super::super::frame::MessageBlock;
use super::reader::RingReader;
use super::{Deadline, FORKS, Lent, PHASED, ok, parse_producers, parse_wait, raise};
use crate::frame::message::EntryPrefix;
use crate::ring::{self as core, Producer, ReaderConfig, RingConfig, RingError, Start};

pub(super) struct Open {
    ring: core::Ring,
    /// Shared with the pump of a relay, which publishes on a thread of its own.
    producer: Option<Arc<Mutex<Producer>>>,
}

impl Open {
    /// This handle's producer, registered on first use.
    fn shared_producer(&mut self) -> core::Result<Arc<Mutex<Producer>>> {
        if let Some(producer) = &self.producer {
            return Ok(producer.clone());
        }
        let mut producer = self.ring.producer()?;
        // Room comes within microseconds or not for long; the GIL is released meanwhile.
        producer.wait = PHASED;
        Ok(self.producer.insert(Arc::new(Mutex::new(producer))).clone())
    }

    fn producer(&mut self) -> core::Result<MutexGuard<'_, Producer>> {
        self.shared_producer()?;
        let producer = self.producer.as_ref().expect("was just made");
        Ok(producer.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A producer's numbers of consecutive frames: the first, or one for each.
#[derive(FromPyObject)]
enum Numbers {
    From(u64),
    Each(Vec<u64>),
}

impl Numbers {
    /// Checked to be for as many frames.
    fn of(self, frames: usize) -> PyResult<Self> {
        match &self {
            Numbers::Each(each) if each.len() != frames => {
                Err(PyValueError::new_err(format!("{} numbers for {frames} frames", each.len())))
            }
            _ => Ok(self),
        }
    }

    fn at(&self, index: usize) -> u64 {
        match self {
            Numbers::From(first) => first.wrapping_add(index as u64),
            Numbers::Each(each) => each[index],
        }
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

    /// The producer that this handle publishes with.
    pub fn shared_producer(&self, py: Python<'_>) -> PyResult<Arc<Mutex<Producer>>> {
        match &mut *self.lock(py)? {
            Some(open) => ok(py, open.shared_producer()),
            None => Err(raise(py, RingError::Closed { what: "ring" })),
        }
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
            let mut own = ok(py, open.producer())?;
            let producer = &mut *own;
            let outcome = if first_try {
                working(py, bytes, || producer.publish_batch(pairs.clone(), Some(Duration::ZERO)))
            } else {
                let slice = deadline.slice();
                py.detach(|| producer.publish_batch(pairs.clone(), Some(slice)))
            };
            drop(own);
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
        let mut own = ok(py, open.producer())?;
        let producer = &mut *own;
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

    #[pyo3(signature = (block, first_sequence, *, producer_id, numbers, received_ns))]
    fn try_publish_message(
        &self,
        py: Python<'_>,
        block: &Bound<'_, MessageBlock>,
        first_sequence: u64,
        producer_id: u64,
        numbers: Numbers,
        received_ns: u64,
    ) -> PyResult<Option<(u64, u64)>> {
        let block = block.get();
        block.check_good()?;
        let (message, frames) = (block.message(py), block.frames());
        let numbers = numbers.of(frames.len())?;
        let mut guard = self.lock(py)?;
        let Some(open) = &mut *guard else {
            return Err(raise(py, RingError::Closed { what: "ring" }));
        };
        let mut own = ok(py, open.producer())?;
        let producer = &mut *own;
        let lengths = frames.iter().map(|frame| EntryPrefix::BYTES + frame.length as usize);
        let outcome = working(py, block.size(), || {
            producer.publish_written(lengths, Some(Duration::ZERO), |index, entry| {
                let frame = &frames[index];
                let (prefix, copy) = entry.split_at_mut(EntryPrefix::BYTES);
                let prefix_of = EntryPrefix::of(frame, producer_id, numbers.at(index), received_ns);
                prefix.copy_from_slice(&prefix_of.bytes());
                copy.copy_from_slice(frame.bytes(message));
                frame.stamp(copy, first_sequence.wrapping_add(index as u64));
            })
        });
        match outcome {
            Ok(range) => Ok(Some(range)),
            Err(RingError::Full { .. }) => Ok(None),
            Err(error) => Err(raise(py, error)),
        }
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
        Ok(RingReader::new(reader, gating, self.forks))
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
