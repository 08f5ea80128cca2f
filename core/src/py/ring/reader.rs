//! `RingReader`: polls, waits and wakes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use pyo3::exceptions::PyValueError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyBytes;

use super::super::buffer::{Bytes, working};
use super::batch::{Aligned, Batch, Packed, Storage};
use super::{Deadline, FORKS, ok, raise};
use crate::ring::{self as core, Reader, RingError, Run};

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
    pub(super) fn new(reader: Reader, gating: bool, forks: u32) -> Self {
        RingReader {
            name: reader.name().to_owned(),
            gating,
            open: Mutex::new(Some(OpenReader {
                reader,
                run: Run::default(),
                spare: Arc::default(),
                outstanding: false,
            })),
            turn: Arc::new(AtomicU64::new(0)),
            forks,
        }
    }

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
