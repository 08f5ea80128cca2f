//! Bindings of the registry's shared-memory index.

use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use numpy::PyArray1;
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use pyo3::{create_exception, intern};

use super::buffer::{Bytes, working};
use crate::index::{IndexError, Kind, RECORD_BYTES, Reader, Record, Writer, reclaim};

create_exception!(
    alphapulse_core._native,
    InstrumentIndexError,
    PyException,
    "An index that cannot be used; `reason` says why."
);

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("InstrumentIndexError", m.py().get_type::<InstrumentIndexError>())?;
    m.add_class::<InstrumentIndex>()?;
    m.add_class::<InstrumentIndexWriter>()?;
    m.add_function(wrap_pyfunction!(index_reclaim, m)?)
}

#[pyfunction]
fn index_reclaim(py: Python<'_>, path: PathBuf) -> PyResult<bool> {
    ok(py, py.detach(|| reclaim(path)))
}

fn raise(py: Python<'_>, error: &IndexError) -> PyErr {
    if let IndexError::Invalid { detail } = error {
        return PyValueError::new_err(detail.clone());
    }
    let raised = InstrumentIndexError::new_err(error.to_string());
    match raised.value(py).setattr(intern!(py, "reason"), error.reason()) {
        Ok(()) => raised,
        Err(failed) => failed,
    }
}

fn ok<T>(py: Python<'_>, result: crate::index::Result<T>) -> PyResult<T> {
    result.map_err(|error| raise(py, &error))
}

fn kind_of(name: &str) -> PyResult<Kind> {
    Ok(match name {
        "id" => Kind::Id,
        "symbol" => Kind::Symbol,
        "isin" => Kind::Isin,
        "cusip" => Kind::Cusip,
        "figi" => Kind::Figi,
        "address" => Kind::Address,
        _ => {
            let known = "id, symbol, isin, cusip, figi, address";
            return Err(PyValueError::new_err(format!("{name:?} is none of {known}")));
        }
    })
}

fn record_of(bytes: &[u8]) -> PyResult<&Record> {
    bytes
        .try_into()
        .map_err(|_| PyValueError::new_err(format!("a record has {RECORD_BYTES} bytes, not {}", bytes.len())))
}

type Found<'py> = (Bound<'py, PyArray1<u8>>, Bound<'py, PyArray1<u32>>);

/// Reads an index; see the stub.
#[pyclass(frozen, module = "alphapulse_core")]
pub struct InstrumentIndex {
    inner: Reader,
}

#[pymethods]
impl InstrumentIndex {
    #[staticmethod]
    fn attach(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Ok(Self { inner: ok(py, Reader::attach(path))? })
    }
    #[getter]
    fn path(&self) -> String {
        self.inner.path().display().to_string()
    }
    #[getter]
    fn revision(&self) -> u64 {
        self.inner.revision()
    }
    #[getter]
    fn generation(&self) -> u64 {
        self.inner.generation()
    }
    #[getter]
    fn file_bytes(&self) -> usize {
        self.inner.bytes()
    }
    fn __len__(&self) -> usize {
        self.inner.len()
    }

    fn get<'py>(&self, py: Python<'py>, instrument_id: &[u8]) -> PyResult<Option<Bound<'py, PyBytes>>> {
        let id = instrument_id.try_into().map_err(|_| {
            PyValueError::new_err(format!("an instrument id has 16 bytes, not {}", instrument_id.len()))
        })?;
        Ok(self.inner.get(id).map(|record| PyBytes::new(py, &record)))
    }

    fn find<'py>(&self, py: Python<'py>, kind: &str, key: &[u8]) -> PyResult<Bound<'py, PyList>> {
        let found = self.inner.find(kind_of(kind)?, key);
        PyList::new(py, found.iter().map(|record| PyBytes::new(py, record)))
    }

    fn gather<'py>(&self, py: Python<'py>, ids: &Bound<'py, PyAny>) -> PyResult<Found<'py>> {
        let ids = Bytes::of(ids)?;
        let ids = ids.as_slice();
        if ids.len() % 16 != 0 {
            return Err(PyValueError::new_err(format!("{} bytes are no whole number of ids", ids.len())));
        }
        let (out, missing) = working(py, ids.len() * 8, || {
            let (mut out, mut missing) = (Vec::new(), Vec::new());
            self.inner.gather(ids, &mut out, &mut missing);
            (out, missing)
        });
        Ok((PyArray1::from_vec(py, out), PyArray1::from_vec(py, missing)))
    }

    fn find_many<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        keys: &Bound<'py, PyAny>,
        width: usize,
    ) -> PyResult<Found<'py>> {
        let (kind, keys) = (kind_of(kind)?, Bytes::of(keys)?);
        let keys = keys.as_slice();
        if width == 0 || keys.len() % width != 0 {
            let message = format!("{} bytes are no whole number of keys of {width}", keys.len());
            return Err(PyValueError::new_err(message));
        }
        let (out, counts) = working(py, keys.len() * 8, || {
            let (mut out, mut counts) = (Vec::new(), Vec::new());
            self.inner.find_many(kind, keys, width, &mut out, &mut counts);
            (out, counts)
        });
        Ok((PyArray1::from_vec(py, out), PyArray1::from_vec(py, counts)))
    }

    #[pyo3(signature = (timeout = 5.0))]
    fn snapshot<'py>(&self, py: Python<'py>, timeout: f64) -> PyResult<(u64, Bound<'py, PyArray1<u8>>)> {
        let patience = Duration::try_from_secs_f64(timeout)
            .map_err(|_| PyValueError::new_err("timeout must be seconds, not negative"))?;
        let taken = ok(py, py.detach(|| self.inner.snapshot(patience)))?;
        Ok((taken.revision, PyArray1::from_vec(py, taken.records)))
    }

    fn __repr__(&self) -> String {
        format!("<InstrumentIndex {} revision {}>", self.path(), self.revision())
    }
}

/// Writes an index; see the stub.
#[pyclass(frozen, module = "alphapulse_core")]
pub struct InstrumentIndexWriter {
    inner: Mutex<Option<Writer>>,
}

impl InstrumentIndexWriter {
    fn lock(&self) -> MutexGuard<'_, Option<Writer>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Writer) -> T) -> PyResult<T> {
        let mut held = self.lock();
        held.as_mut().map(work).ok_or_else(|| PyValueError::new_err("the index writer is closed"))
    }
}

#[pymethods]
impl InstrumentIndexWriter {
    #[new]
    #[pyo3(signature = (path, capacity = 1024))]
    fn new(py: Python<'_>, path: PathBuf, capacity: usize) -> PyResult<Self> {
        let writer = ok(py, Writer::create(path, capacity))?;
        Ok(Self { inner: Mutex::new(Some(writer)) })
    }
    fn __len__(&self) -> PyResult<usize> {
        self.with(|writer| writer.len())
    }
    #[getter]
    fn generation(&self) -> PyResult<u64> {
        self.with(|writer| writer.generation())
    }
    #[getter]
    fn file_bytes(&self) -> PyResult<usize> {
        self.with(|writer| writer.bytes())
    }

    fn extend(&self, py: Python<'_>, records: &[u8]) -> PyResult<()> {
        if records.len() % RECORD_BYTES != 0 {
            let message = format!("{} bytes are no whole number of records", records.len());
            return Err(PyValueError::new_err(message));
        }
        let written = self.with(|writer| {
            records.chunks_exact(RECORD_BYTES).try_for_each(|record| {
                let record = record.try_into().expect("chunks of a record");
                writer.put(writer.len(), record)
            })
        })?;
        ok(py, written)
    }

    fn replace(&self, py: Python<'_>, instrument: usize, record: &[u8]) -> PyResult<()> {
        let record = record_of(record)?;
        let written = self.with(|writer| {
            if instrument >= writer.len() {
                let detail = format!("there is no instrument {instrument}");
                return Err(IndexError::Invalid { detail });
            }
            writer.put(instrument, record)
        })?;
        ok(py, written)
    }

    fn commit(&self, py: Python<'_>, revision: u64) -> PyResult<()> {
        let shown = self.with(|writer| writer.commit(revision))?;
        ok(py, shown)
    }

    fn close(&self) {
        *self.lock() = None;
    }
}
