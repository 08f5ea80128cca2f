//! The frame filter.

use std::sync::Arc;

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::batch::entries;
use super::{explained, raise};
use crate::frame as codec;
use crate::frame::{NumberSet, Passed};
use crate::py::buffer::{Bytes, working};
use crate::py::schema::Schema;

create_exception!(
    alphapulse_core._native,
    PredicateError,
    PyValueError,
    "A filter predicate that does not parse or does not fit its record."
);

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("PredicateError", m.py().get_type::<PredicateError>())?;
    m.add_class::<InstrumentSet>()?;
    m.add_class::<FrameFilter>()?;
    m.add_function(wrap_pyfunction!(filter_frame, m)?)?;
    m.add_function(wrap_pyfunction!(conflate_block, m)?)?;
    Ok(())
}

fn raise_predicate(py: Python<'_>, error: &codec::PredicateError) -> PyErr {
    explained(py, PredicateError::new_err(error.to_string()), error.reason.code(), error.offset)
}

/// A set of instrument ids, 16 bytes each.
#[pyclass(frozen, module = "alphapulse_core._native")]
pub struct InstrumentSet(Arc<codec::InstrumentSet>);

#[pymethods]
impl InstrumentSet {
    #[new]
    fn new(ids: &Bound<'_, PyAny>) -> PyResult<Self> {
        let ids = Bytes::of(ids)?;
        match codec::InstrumentSet::from_bytes(ids.as_slice()) {
            Some(set) => Ok(Self(Arc::new(set))),
            None => Err(PyValueError::new_err("instrument ids are 16 bytes each")),
        }
    }
    fn __len__(&self) -> usize {
        self.0.len()
    }
    fn __contains__(&self, instrument_id: &[u8]) -> bool {
        instrument_id.try_into().is_ok_and(|id| self.0.contains(&id))
    }
}

/// What a subscriber wants, compiled once.
#[pyclass(frozen, module = "alphapulse_core._native")]
pub struct FrameFilter(codec::FrameFilter);

fn numbers(given: Option<Vec<u16>>) -> Option<NumberSet> {
    given.filter(|numbers| !numbers.is_empty()).map(|numbers| NumberSet::new(&numbers))
}

fn instrument_set(given: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Arc<codec::InstrumentSet>>> {
    let Some(given) = given else { return Ok(None) };
    let set = match given.cast::<InstrumentSet>() {
        Ok(set) => Arc::clone(&set.get().0),
        Err(_) => InstrumentSet::new(given)?.0,
    };
    Ok((!set.is_empty()).then_some(set))
}

type Entries<'py> = (Bound<'py, PyArray1<u8>>, Bound<'py, PyArray1<u64>>, Bound<'py, PyArray1<u32>>);

#[pymethods]
impl FrameFilter {
    #[new]
    #[pyo3(signature = (*, message_types = None, sources = None, instruments = None, venues = None,
        asset_types = None, predicate = "", schemas = None, max_bytes = codec::DEFAULT_MAX_BYTES))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of one Python function")]
    fn new(
        py: Python<'_>,
        message_types: Option<Vec<u16>>,
        sources: Option<Vec<u16>>,
        instruments: Option<&Bound<'_, PyAny>>,
        venues: Option<Vec<u16>>,
        asset_types: Option<Vec<u16>>,
        predicate: &str,
        schemas: Option<Vec<(u8, Bound<'_, Schema>)>>,
        max_bytes: usize,
    ) -> PyResult<Self> {
        let message_types = numbers(message_types);
        let schemas = schemas.unwrap_or_default();
        let schemas: Vec<_> =
            schemas.iter().map(|(number, schema)| (*number, Arc::clone(&schema.get().0))).collect();
        let predicate = codec::Predicate::compile(predicate, message_types.as_ref(), &schemas)
            .map_err(|e| raise_predicate(py, &e))?;
        Ok(Self(codec::FrameFilter {
            message_types,
            sources: numbers(sources),
            instruments: instrument_set(instruments)?,
            venues: numbers(venues),
            asset_types: numbers(asset_types),
            predicate,
            schemas,
            max_bytes,
        }))
    }

    #[getter]
    fn passes_all(&self) -> bool {
        self.0.passes_all()
    }

    fn apply<'py>(&self, frame: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = frame.py();
        let lent = Bytes::of(frame)?;
        let bytes = lent.as_slice();
        match working(py, bytes.len(), || self.0.apply(bytes)).map_err(|e| raise(py, &e))? {
            Passed::Whole => Ok(Some(frame.clone())),
            Passed::Part(part) => Ok(Some(PyBytes::new(py, &part).into_any())),
            Passed::Nothing => Ok(None),
        }
    }

    #[pyo3(signature = (block, offsets, lengths, *, skip = 0))]
    fn apply_block<'py>(
        &self,
        py: Python<'py>,
        block: &Bound<'py, PyAny>,
        offsets: PyReadonlyArray1<'py, u64>,
        lengths: PyReadonlyArray1<'py, u32>,
        skip: usize,
    ) -> PyResult<Entries<'py>> {
        let block = Bytes::of(block)?;
        let frames = entries(block.as_slice(), &offsets, &lengths, skip)?;
        let total: usize = frames.iter().map(|frame| frame.len()).sum();
        let filtered = working(py, total, || {
            let mut out = Vec::with_capacity(total);
            let mut ends = vec![0];
            let mut from = Vec::new();
            for (i, frame) in frames.iter().enumerate() {
                match self.0.apply(frame)? {
                    Passed::Whole => out.extend_from_slice(frame),
                    Passed::Part(part) => out.extend_from_slice(&part),
                    Passed::Nothing => continue,
                }
                ends.push(out.len() as u64);
                from.push(i as u32);
            }
            Ok((out, ends, from))
        });
        let (out, ends, from) = filtered.map_err(|e: codec::FrameError| raise(py, &e))?;
        Ok((PyArray1::from_vec(py, out), PyArray1::from_vec(py, ends), PyArray1::from_vec(py, from)))
    }
}

#[pyfunction]
#[pyo3(signature = (frame, *, message_types = None, sources = None, instruments = None, venues = None,
    asset_types = None, predicate = ""))]
fn filter_frame<'py>(
    frame: &Bound<'py, PyAny>,
    message_types: Option<Vec<u16>>,
    sources: Option<Vec<u16>>,
    instruments: Option<&Bound<'py, PyAny>>,
    venues: Option<Vec<u16>>,
    asset_types: Option<Vec<u16>>,
    predicate: &str,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let max_bytes = codec::DEFAULT_MAX_BYTES;
    FrameFilter::new(
        frame.py(),
        message_types,
        sources,
        instruments,
        venues,
        asset_types,
        predicate,
        None,
        max_bytes,
    )?
    .apply(frame)
}

type Gone<'py> = (Bound<'py, PyArray1<u64>>, Bound<'py, PyArray1<u64>>, Bound<'py, PyArray1<bool>>);

#[pyfunction]
fn conflate_block<'py>(
    py: Python<'py>,
    block: &Bound<'py, PyAny>,
    offsets: PyReadonlyArray1<'py, u64>,
    lengths: PyReadonlyArray1<'py, u32>,
) -> PyResult<(Entries<'py>, Gone<'py>)> {
    let block = Bytes::of(block)?;
    let frames = entries(block.as_slice(), &offsets, &lengths, 0)?;
    let total: usize = frames.iter().map(|frame| frame.len()).sum();
    let conflated = working(py, total, || {
        let left = codec::conflate(&frames)?;
        let mut out = Vec::new();
        let mut ends = vec![0];
        let mut from = Vec::with_capacity(left.kept.len());
        for (index, part) in &left.kept {
            out.extend_from_slice(part.as_deref().unwrap_or(frames[*index]));
            ends.push(out.len() as u64);
            from.push(*index as u32);
        }
        Ok((out, ends, from, left.gone))
    });
    let (out, ends, from, gone) = conflated.map_err(|e: codec::FrameError| raise(py, &e))?;
    let sequences = gone.iter().map(|one| one.0).collect();
    let records = gone.iter().map(|one| one.1).collect();
    let partly = gone.iter().map(|one| one.2).collect();
    Ok((
        (PyArray1::from_vec(py, out), PyArray1::from_vec(py, ends), PyArray1::from_vec(py, from)),
        (PyArray1::from_vec(py, sequences), PyArray1::from_vec(py, records), PyArray1::from_vec(py, partly)),
    ))
}
