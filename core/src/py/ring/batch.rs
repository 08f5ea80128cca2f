//! What readers get: gaps, views into the ring, and packed copies.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use numpy::PyArray1;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList, PyMemoryView, PySlice};
use pyo3::{ffi, intern};

use crate::frame::message::EntryPrefix;
use crate::ring::{self as core, GapReason, Run};

/// Where a batch's bytes are.
pub(super) enum Storage {
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

/// A 64-byte aligned private copy.
#[derive(Default)]
pub(super) struct Aligned {
    lines: Vec<Line>,
}

#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

impl Aligned {
    /// At least `bytes` writable bytes; old contents are kept or zero.
    pub(super) fn room(&mut self, bytes: usize) -> *mut u8 {
        let lines = bytes.div_ceil(64);
        if self.lines.len() < lines {
            self.lines.resize(lines, Line([0; 64]));
        }
        self.lines.as_mut_ptr().cast()
    }
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

pub(super) fn gap_list(py: Python<'_>, gaps: &[core::Gap]) -> PyResult<Py<PyList>> {
    let made = gaps.iter().map(|g| Gap { first: g.first, last: g.last, reason: g.reason });
    let objects = made.map(|g| Py::new(py, g)).collect::<PyResult<Vec<_>>>()?;
    Ok(PyList::new(py, objects)?.unbind())
}

#[pyclass(frozen, module = "alphapulse_core")]
pub struct Batch {
    storage: Storage,
    first: u64,
    /// Sequence of the last entry; 0 where there is none.
    last: u64,
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
    pub(super) fn new(py: Python<'_>, run: &Run, storage: Storage) -> PyResult<Self> {
        let places = run.offsets.iter().zip(&run.lengths);
        Ok(Batch {
            storage,
            first: run.sequences.first().copied().unwrap_or(run.first),
            last: run.sequences.last().copied().unwrap_or(0),
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

    /// Entries of a relay's ring.
    fn relayed<'py>(slf: &Bound<'py, Self>) -> PyResult<(Bound<'py, PyList>, u64, u64)> {
        let this = slf.get();
        let view = PyMemoryView::from(slf.as_any())?;
        let list = PyList::empty(slf.py());
        let start = this.start()?;
        let mut records = 0;
        for (offset, length) in &this.places {
            if *length < EntryPrefix::BYTES {
                let told = format!("an entry of {length} bytes is none of a relay");
                return Err(PyValueError::new_err(told));
            }
            // SAFETY: the entry's bytes are valid as for `__getbuffer__`, and long enough.
            let count = unsafe { start.add(offset + EntryPrefix::RECORDS_AT).cast::<u32>().read_unaligned() };
            records += u64::from(count);
            list.append(Self::slice(&view, offset + EntryPrefix::BYTES, offset + length)?)?;
        }
        Ok((list, this.last, records))
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
    pub(super) fn new(py: Python<'_>, run: &Run, data: Py<PyAny>) -> PyResult<Self> {
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
