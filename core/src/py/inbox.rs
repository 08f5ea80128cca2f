//! Bindings of a relay's inboxes: the pump, and a producer's writer.

use std::os::fd::RawFd;
use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use numpy::{PyArray1, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyBytes, PyDict, PyList};

use super::histogram::LatencyHistograms;
use super::ring::{Ring, ok, raise};
use crate::inbox::{self as core, Counters, Kept, LaneNews, PumpConfig, ReportKind, Rules};
use crate::ring::RingError;

/// Above this many bytes the GIL is released while frames are copied.
const DETACH_BYTES: usize = 256 << 10;

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("INBOX_LAYOUT_VERSION", core::LAYOUT_VERSION)?;
    m.add_class::<Pump>()?;
    m.add_class::<InboxWriter>()
}

type Words = Py<PyArray1<u64>>;
/// Kind, first and last number, offset, reason, message.
type ReportRow = (&'static str, u64, u64, u32, String, String);

/// The pump, and the arrays that keep what it writes to alive.
struct Open {
    pump: core::Pump,
    _counters: Option<Words>,
    kept: Vec<(u64, Words, Words)>,
}

#[pyclass(frozen, name = "InboxPump", module = "alphapulse_core")]
pub struct Pump {
    open: Mutex<Option<Open>>,
}

impl Pump {
    fn with<T>(&self, py: Python<'_>, work: impl FnOnce(&mut Open) -> PyResult<T>) -> PyResult<T> {
        let mut guard = self
            .open
            .lock_py_attached(py)
            .map_err(|_| raise(py, RingError::Closed { what: "pump (after a panic)" }))?;
        match &mut *guard {
            Some(open) => work(open),
            None => Err(raise(py, RingError::Closed { what: "pump" })),
        }
    }
}

fn words_of(py: Python<'_>, array: &Words, least: usize) -> PyResult<*const AtomicU64> {
    let array = array.bind(py);
    if array.len() < least || (least > 1 && !array.is_c_contiguous()) {
        return Err(PyValueError::new_err(format!("an array of at least {least} words is needed")));
    }
    let words = array.data().cast_const();
    if !words.cast::<AtomicU64>().is_aligned() {
        return Err(PyValueError::new_err("the words are not aligned"));
    }
    Ok(words.cast())
}

#[pymethods]
impl Pump {
    #[new]
    #[pyo3(signature = (ring, *, base, domain, accepted, max_frame, max_run, checksum=true,
                        require_sequence=false, spin=0.0, counters=None, latencies=None, stage=0))]
    #[allow(clippy::too_many_arguments)] // keyword arguments
    fn new(
        py: Python<'_>,
        ring: &Ring,
        base: u64,
        domain: String,
        accepted: &[u8],
        max_frame: usize,
        max_run: usize,
        checksum: bool,
        require_sequence: bool,
        spin: f64,
        counters: Option<Words>,
        latencies: Option<&LatencyHistograms>,
        stage: u16,
    ) -> PyResult<Self> {
        let types: [u8; 256] = accepted
            .try_into()
            .map_err(|_| PyValueError::new_err("accepted has a byte for each of 256 message types"))?;
        let spin =
            Duration::try_from_secs_f64(spin).map_err(|e| PyValueError::new_err(format!("spin: {e}")))?;
        let words = counters.as_ref().map(|array| words_of(py, array, Counters::WORDS)).transpose()?;
        let config = PumpConfig {
            rules: Rules {
                accepted: types.map(|accepted| accepted != 0),
                max_frame,
                max_run,
                checksum,
                require_sequence,
                base,
                domain,
            },
            spin,
            // SAFETY: the array is kept until the pump is gone; the stub says who may write to it.
            counters: words.map(|words| unsafe { Counters::new(words.cast()) }),
            latencies: latencies.map(|histograms| (histograms.inner.clone(), stage)),
        };
        let pump = ok(py, core::Pump::start(ring.shared_producer(py)?, config))?;
        Ok(Pump { open: Mutex::new(Some(Open { pump, _counters: counters, kept: Vec::new() })) })
    }

    #[pyo3(signature = (producer_id, sequence, *, kept, owner, incarnation))]
    fn open(
        &self,
        py: Python<'_>,
        producer_id: u64,
        sequence: u64,
        kept: Words,
        owner: Words,
        incarnation: u64,
    ) -> PyResult<(u64, String, String, u64)> {
        let words =
            Kept { number: words_of(py, &kept, 1)?, owner: words_of(py, &owner, 1)?, value: incarnation };
        self.with(py, |open| {
            // SAFETY: the arrays are kept until the lane is closed.
            let offer = ok(py, unsafe { open.pump.open(producer_id, sequence, Some(words)) })?;
            open.kept.push((offer.lane, kept, owner));
            Ok((
                offer.lane,
                offer.path.display().to_string(),
                offer.doorbell.display().to_string(),
                offer.incarnation,
            ))
        })
    }

    fn close_lane(&self, py: Python<'_>, lane: u64) -> PyResult<Option<u64>> {
        self.with(py, |open| {
            let pump = &open.pump;
            let sequence = py.detach(|| pump.close(lane));
            open.kept.retain(|(known, ..)| *known != lane);
            Ok(sequence)
        })
    }

    fn set_rules(&self, py: Python<'_>, checksum: bool, require_sequence: bool, spin: f64) -> PyResult<()> {
        let spin =
            Duration::try_from_secs_f64(spin).map_err(|e| PyValueError::new_err(format!("spin: {e}")))?;
        self.with(py, |open| {
            let pump = &open.pump;
            py.detach(|| pump.set_rules(checksum, require_sequence, spin));
            Ok(())
        })
    }

    fn set_limit(&self, py: Python<'_>, limit: u64) -> PyResult<()> {
        self.with(py, |open| {
            let pump = &open.pump;
            py.detach(|| pump.set_limit(limit));
            Ok(())
        })
    }

    #[getter]
    fn held(&self, py: Python<'_>) -> PyResult<Option<u32>> {
        self.with(py, |open| Ok(open.pump.held()))
    }

    fn set_eager(&self, py: Python<'_>, eager: bool) -> PyResult<()> {
        self.with(py, |open| {
            open.pump.set_eager(eager);
            Ok(())
        })
    }

    fn fileno(&self, py: Python<'_>) -> PyResult<RawFd> {
        self.with(py, |open| Ok(open.pump.fd()))
    }

    fn news<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let news = self.with(py, |open| {
            let pump = &open.pump;
            Ok(py.detach(|| pump.news()))
        })?;
        let Some(news) = news else { return Ok(None) };
        let out = PyDict::new(py);
        out.set_item("head", news.head)?;
        out.set_item("bytes", news.bytes)?;
        out.set_item("refused", news.refused)?;
        let sampled: Vec<_> =
            news.sampled.iter().map(|one| (one.sequence, one.start_ns, one.end_ns)).collect();
        out.set_item("sampled", sampled)?;
        let lanes = PyList::empty(py);
        for lane in news.lanes {
            let LaneNews { id, sequence, duplicates, rejected, missing, broken } = lane;
            lanes.append((id, sequence, duplicates, rejected, missing, broken))?;
        }
        out.set_item("lanes", lanes)?;
        Ok(Some(out))
    }

    fn pause(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |open| {
            let pump = &open.pump;
            py.detach(|| pump.pause());
            Ok(())
        })
    }

    fn resume(&self, py: Python<'_>) -> PyResult<()> {
        self.with(py, |open| {
            open.pump.resume();
            Ok(())
        })
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let open = self
            .open
            .lock_py_attached(py)
            .map_err(|_| raise(py, RingError::Closed { what: "pump (after a panic)" }))?
            .take();
        if let Some(Open { pump, _counters, kept }) = open {
            py.detach(|| drop(pump));
            drop((_counters, kept));
        }
        Ok(())
    }
}

#[pyclass(frozen, module = "alphapulse_core")]
pub struct InboxWriter {
    writer: Mutex<Option<core::Writer>>,
}

impl InboxWriter {
    fn with<T>(&self, py: Python<'_>, work: impl FnOnce(&mut core::Writer) -> PyResult<T>) -> PyResult<T> {
        let mut guard = self
            .writer
            .lock_py_attached(py)
            .map_err(|_| raise(py, RingError::Closed { what: "inbox (after a panic)" }))?;
        match &mut *guard {
            Some(writer) => work(writer),
            None => Err(raise(py, RingError::Closed { what: "inbox" })),
        }
    }
}

#[pymethods]
impl InboxWriter {
    #[new]
    fn new(py: Python<'_>, path: PathBuf, doorbell: PathBuf, incarnation: u64) -> PyResult<Self> {
        let writer = ok(py, core::Writer::open(&path, &doorbell, incarnation))?;
        Ok(InboxWriter { writer: Mutex::new(Some(writer)) })
    }

    #[getter]
    fn closed(&self, py: Python<'_>) -> PyResult<bool> {
        self.with(py, |writer| Ok(writer.closed()))
    }

    #[getter]
    fn max_frame(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, |writer| Ok(writer.max_frame()))
    }

    fn write(&self, py: Python<'_>, first: u64, frames: &Bound<'_, PyList>) -> PyResult<usize> {
        let frames: Vec<Bound<'_, PyBytes>> =
            frames.iter().map(|frame| Ok(frame.cast_into::<PyBytes>()?)).collect::<PyResult<_>>()?;
        let bytes: Vec<&[u8]> = frames.iter().map(|frame| frame.as_bytes()).collect();
        let size: usize = bytes.iter().map(|frame| frame.len()).sum();
        self.with(py, |writer| {
            let mut work = || writer.write(first, bytes.iter().copied());
            Ok(if size < DETACH_BYTES { work() } else { py.detach(work) })
        })
    }

    #[getter]
    fn room(&self, py: Python<'_>) -> PyResult<usize> {
        self.with(py, |writer| Ok(writer.room()))
    }

    #[getter]
    fn acknowledged(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |writer| Ok(writer.acknowledged()))
    }

    #[getter]
    fn relay_sequence(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |writer| Ok(writer.relay_sequence()))
    }

    #[getter]
    fn duplicates(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, |writer| Ok(writer.duplicates()))
    }

    fn reports(&self, py: Python<'_>) -> PyResult<Vec<ReportRow>> {
        let reports = self.with(py, |writer| Ok(writer.reports()))?;
        let kind = |kind| match kind {
            ReportKind::Refused => "refused",
            ReportKind::Missed => "missed",
        };
        Ok(reports
            .into_iter()
            .map(|one| (kind(one.kind), one.number, one.last, one.offset, one.reason, one.message))
            .collect())
    }

    fn wait(&self, py: Python<'_>, number: u64, timeout: f64) -> PyResult<bool> {
        let time = Duration::try_from_secs_f64(timeout)
            .map_err(|e| PyValueError::new_err(format!("timeout: {e}")))?;
        self.with(py, |writer| {
            let writer = &*writer;
            Ok(py.detach(|| writer.wait(number, time)))
        })
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let writer = self
            .writer
            .lock_py_attached(py)
            .map_err(|_| raise(py, RingError::Closed { what: "inbox (after a panic)" }))?
            .take();
        drop(writer);
        Ok(())
    }
}
