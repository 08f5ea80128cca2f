//! Bindings of the frame codec.

use std::sync::Arc;

use alphapulse_gen::layout::{FrameContext, SpanId, TraceId};
use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3::{create_exception, intern};

use super::buffer::{Bytes, bytes_of_all, working};
use crate::frame as codec;
use crate::frame::{Codec, NumberSet, Passed, Reason};

create_exception!(alphapulse_core._native, FrameError, PyValueError, "A frame that the codec refuses.");

create_exception!(
    alphapulse_core._native,
    PredicateError,
    PyValueError,
    "A filter predicate that does not parse or does not fit its record."
);

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("FrameError", m.py().get_type::<FrameError>())?;
    m.add("PredicateError", m.py().get_type::<PredicateError>())?;
    m.add_class::<FrameInfo>()?;
    m.add_class::<FrameBatch>()?;
    m.add_class::<InstrumentSet>()?;
    m.add_class::<FrameFilter>()?;
    m.add_function(wrap_pyfunction!(encode_frame, m)?)?;
    m.add_function(wrap_pyfunction!(inspect_frame, m)?)?;
    m.add_function(wrap_pyfunction!(verify_frame, m)?)?;
    m.add_function(wrap_pyfunction!(verify_frames, m)?)?;
    m.add_function(wrap_pyfunction!(verify_block, m)?)?;
    m.add_function(wrap_pyfunction!(frame_checksum, m)?)?;
    m.add_function(wrap_pyfunction!(stamp_sequence, m)?)?;
    m.add_function(wrap_pyfunction!(stamp_sequences, m)?)?;
    m.add_function(wrap_pyfunction!(join_frames, m)?)?;
    m.add_function(wrap_pyfunction!(filter_frame, m)?)?;
    m.add_function(wrap_pyfunction!(walk_tlv, m)?)?;
    m.add_function(wrap_pyfunction!(find_tlv, m)?)?;
    m.add_function(wrap_pyfunction!(encode_tlv, m)?)?;
    m.add_function(wrap_pyfunction!(compress_frame, m)?)?;
    m.add_function(wrap_pyfunction!(decompress_frame, m)?)?;
    Ok(())
}

fn raise(py: Python<'_>, error: &codec::FrameError) -> PyErr {
    explained(py, FrameError::new_err(error.to_string()), error.reason.code(), error.offset)
}

fn raise_predicate(py: Python<'_>, error: &codec::PredicateError) -> PyErr {
    explained(py, PredicateError::new_err(error.to_string()), error.reason.code(), error.offset)
}

fn explained(py: Python<'_>, raised: PyErr, reason: &str, offset: usize) -> PyErr {
    let value = raised.value(py);
    let set = value
        .setattr(intern!(py, "reason"), reason)
        .and_then(|()| value.setattr(intern!(py, "offset"), offset));
    match set {
        Ok(()) => raised,
        Err(failed) => failed,
    }
}

fn refused(py: Python<'_>, reason: Reason, offset: usize, detail: String) -> PyErr {
    raise(py, &codec::FrameError::new(reason, offset, detail))
}

// ---------------------------------------------------------------------------------------- one frame

/// What a frame says about itself. Offsets and lengths are bytes of the frame.
#[pyclass(frozen, module = "alphapulse_core._native")]
pub struct FrameInfo(codec::FrameInfo);

#[pymethods]
impl FrameInfo {
    #[getter]
    fn message_type(&self) -> u8 {
        self.0.header.message_type.0
    }
    #[getter]
    fn version(&self) -> u8 {
        self.0.header.version
    }
    #[getter]
    fn source(&self) -> u8 {
        self.0.header.source.0
    }
    #[getter]
    fn flags(&self) -> u8 {
        self.0.header.flags.0
    }
    #[getter]
    fn codec(&self) -> u8 {
        self.0.codec()
    }
    #[getter]
    fn priority(&self) -> u8 {
        self.0.priority()
    }
    #[getter]
    fn payload_size(&self) -> u32 {
        self.0.header.payload_size
    }
    #[getter]
    fn checksum(&self) -> u32 {
        self.0.header.checksum
    }
    #[getter]
    fn sequence(&self) -> u64 {
        self.0.header.sequence
    }
    #[getter]
    fn timestamp(&self) -> u64 {
        self.0.header.timestamp
    }
    #[getter]
    fn trace_id<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.context.trace_id.0)
    }
    #[getter]
    fn message_id<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.context.message_id.0)
    }
    #[getter]
    fn causation_id<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.context.causation_id.0)
    }
    #[getter]
    fn trace_flags(&self) -> u8 {
        self.0.context.trace_flags
    }
    #[getter]
    fn record_count(&self) -> usize {
        self.0.record_count
    }
    #[getter]
    fn stride(&self) -> usize {
        self.0.stride
    }
    #[getter]
    fn rows_offset(&self) -> usize {
        self.0.rows_offset
    }
    #[getter]
    fn extensions_offset(&self) -> usize {
        self.0.extensions_offset
    }
    #[getter]
    fn extensions_length(&self) -> usize {
        self.0.extensions_length
    }
    #[getter]
    fn blob_offset(&self) -> usize {
        self.0.blob_offset
    }
    #[getter]
    fn blob_length(&self) -> usize {
        self.0.blob_length
    }
    #[getter]
    fn components_offset(&self) -> usize {
        self.0.components_offset
    }
    #[getter]
    fn components_count(&self) -> usize {
        self.0.components_count
    }
    #[getter]
    fn header_offset(&self) -> usize {
        self.0.header_offset
    }
    #[getter]
    fn schema_hash(&self) -> u64 {
        self.0.schema_hash
    }
    #[getter]
    fn compressed(&self) -> bool {
        self.0.compressed
    }
    fn __repr__(&self) -> String {
        format!(
            "FrameInfo(message_type={}, source={}, sequence={}, record_count={}, stride={})",
            self.message_type(),
            self.source(),
            self.sequence(),
            self.record_count(),
            self.stride()
        )
    }
}

fn fixed<const N: usize>(py: Python<'_>, name: &str, bytes: &[u8]) -> PyResult<[u8; N]> {
    bytes
        .try_into()
        .map_err(|_| refused(py, Reason::BadSize, 0, format!("{name} is {} bytes, not {N}", bytes.len())))
}

#[pyfunction]
#[pyo3(signature = (message_type, rows, *, source, timestamp, trace_id, message_id, causation_id = None,
    trace_flags = 0, flags = 0, extensions = None, blob = None, components = None, stride = 0,
    schema_hash = 0))]
#[allow(clippy::too_many_arguments, reason = "keyword arguments of one Python function")]
fn encode_frame<'py>(
    py: Python<'py>,
    message_type: u8,
    rows: &Bound<'py, PyAny>,
    source: u8,
    timestamp: u64,
    trace_id: &[u8],
    message_id: &[u8],
    causation_id: Option<&[u8]>,
    trace_flags: u8,
    flags: u8,
    extensions: Option<&Bound<'py, PyAny>>,
    blob: Option<&Bound<'py, PyAny>>,
    components: Option<&Bound<'py, PyAny>>,
    stride: u32,
    schema_hash: u64,
) -> PyResult<Bound<'py, PyBytes>> {
    let rows = Bytes::of(rows)?;
    let extensions = extensions.map(Bytes::of).transpose()?;
    let blob = blob.map(Bytes::of).transpose()?;
    let components = components.map(Bytes::of).transpose()?;
    let stride = row_size(py, message_type, &rows, stride)?;
    let rows = [rows.as_slice()];
    let parts = codec::FrameParts {
        message_type,
        source,
        flags,
        sequence: 0,
        timestamp,
        context: FrameContext {
            trace_id: TraceId(fixed(py, "trace_id", trace_id)?),
            message_id: SpanId(fixed(py, "message_id", message_id)?),
            causation_id: SpanId(match causation_id {
                Some(id) => fixed(py, "causation_id", id)?,
                None => [0; 8],
            }),
            trace_flags,
            ..FrameContext::default()
        },
        rows: &rows,
        stride,
        schema_hash,
        blob: blob.as_ref().map_or(&[], Bytes::as_slice),
        components: components.as_ref().map_or(&[], Bytes::as_slice),
        extensions: extensions.as_ref().map_or(&[], Bytes::as_slice),
    };
    let length = codec::encoded_len(&parts).map_err(|e| raise(py, &e))?;
    PyBytes::new_with(py, length, |out| {
        working(py, length, || codec::encode_into(&parts, out)).map_err(|e| raise(py, &e))
    })
}

/// Bytes of a row: the schema's for built-in types, the array's or the argument for the others.
fn row_size(py: Python<'_>, message_type: u8, rows: &Bytes<'_>, stride: u32) -> PyResult<u32> {
    let Some(record) = codec::record_of(message_type) else { return Ok(stride) };
    let item = rows.item_size();
    let expected = match (record.stride, stride, item) {
        (0, 0, Some(item)) => item,
        (0, stride, _) => stride as usize,
        (size, _, _) => size,
    };
    if let Some(item) = item.filter(|item| *item != expected) {
        let detail = format!("rows of {item} bytes, {} is {expected}", record.name);
        return Err(refused(py, Reason::BadSize, 0, detail));
    }
    u32::try_from(expected).map_err(|_| refused(py, Reason::TooLarge, 0, format!("rows of {expected} bytes")))
}

#[pyfunction]
fn inspect_frame(py: Python<'_>, frame: &Bound<'_, PyAny>) -> PyResult<FrameInfo> {
    verify_frame(py, frame, false)
}

#[pyfunction]
#[pyo3(signature = (frame, *, checksum = true))]
fn verify_frame(py: Python<'_>, frame: &Bound<'_, PyAny>, checksum: bool) -> PyResult<FrameInfo> {
    let frame = Bytes::of(frame)?;
    check_one(py, frame.as_slice(), checksum).map(FrameInfo).map_err(|e| raise(py, &e))
}

fn check_one(py: Python<'_>, frame: &[u8], checksum: bool) -> codec::Result<codec::FrameInfo> {
    if checksum { working(py, frame.len(), || codec::verify(frame)) } else { codec::inspect(frame) }
}

#[pyfunction]
fn frame_checksum(py: Python<'_>, frame: &Bound<'_, PyAny>) -> PyResult<u32> {
    let frame = Bytes::of(frame)?;
    let frame = frame.as_slice();
    working(py, frame.len(), || codec::checksum(frame)).map_err(|e| raise(py, &e))
}

#[pyfunction]
fn stamp_sequence(py: Python<'_>, buffer: &Bound<'_, PyAny>, sequence: u64) -> PyResult<()> {
    let mut buffer = Bytes::writable(buffer)?;
    codec::stamp(buffer.as_mut_slice()?, sequence).map_err(|e| raise(py, &e))
}

// --------------------------------------------------------------------------------------- many frames

/// Columns over many frames, in their order.
#[pyclass(frozen, module = "alphapulse_core._native")]
pub struct FrameBatch {
    #[pyo3(get)]
    message_type: Py<PyArray1<u8>>,
    #[pyo3(get)]
    source: Py<PyArray1<u8>>,
    #[pyo3(get)]
    flags: Py<PyArray1<u8>>,
    #[pyo3(get)]
    trace_flags: Py<PyArray1<u8>>,
    #[pyo3(get)]
    record_count: Py<PyArray1<u32>>,
    #[pyo3(get)]
    timestamp: Py<PyArray1<u64>>,
    #[pyo3(get)]
    sequence: Py<PyArray1<u64>>,
    #[pyo3(get)]
    error: Py<PyArray1<u8>>,
    #[pyo3(get)]
    error_offset: Py<PyArray1<u32>>,
    length: usize,
    /// By the index of the frame, ascending.
    refused: Vec<(usize, codec::FrameError)>,
}

impl FrameBatch {
    fn of(py: Python<'_>, checked: Vec<codec::Result<codec::FrameInfo>>) -> Self {
        fn column<T: numpy::Element>(
            py: Python<'_>,
            checked: &[codec::Result<codec::FrameInfo>],
            good: impl Fn(&codec::FrameInfo) -> T,
            bad: impl Fn(&codec::FrameError) -> T,
        ) -> Py<PyArray1<T>> {
            let values = checked.iter().map(|one| match one {
                Ok(info) => good(info),
                Err(error) => bad(error),
            });
            PyArray1::from_vec(py, values.collect()).unbind()
        }
        let all = &checked;
        Self {
            message_type: column(py, all, |i| i.header.message_type.0, |_| 0),
            source: column(py, all, |i| i.header.source.0, |_| 0),
            flags: column(py, all, |i| i.header.flags.0, |_| 0),
            trace_flags: column(py, all, |i| i.context.trace_flags, |_| 0),
            // A frame is below 2³¹ bytes.
            record_count: column(py, all, |i| i.record_count as u32, |_| 0),
            timestamp: column(py, all, |i| i.header.timestamp, |_| 0),
            sequence: column(py, all, |i| i.header.sequence, |_| 0),
            error: column(py, all, |_| 0, |e| e.reason as u8),
            error_offset: column(py, all, |_| 0, |e| u32::try_from(e.offset).unwrap_or(u32::MAX)),
            length: checked.len(),
            refused: checked.into_iter().enumerate().filter_map(|(i, one)| Some((i, one.err()?))).collect(),
        }
    }

    fn refusal(&self, index: isize) -> PyResult<Option<&codec::FrameError>> {
        let index = if index < 0 { index + self.length as isize } else { index };
        let index = usize::try_from(index).ok().filter(|index| *index < self.length);
        let index = index.ok_or_else(|| PyIndexError::new_err("no such frame in the batch"))?;
        let found = self.refused.binary_search_by_key(&index, |(at, _)| *at);
        Ok(found.ok().and_then(|at| self.refused.get(at)).map(|(_, error)| error))
    }
}

#[pymethods]
impl FrameBatch {
    #[getter]
    fn errors(&self) -> usize {
        self.refused.len()
    }
    fn reason(&self, index: isize) -> PyResult<&'static str> {
        Ok(self.refusal(index)?.map_or("", |error| error.reason.code()))
    }
    fn message(&self, index: isize) -> PyResult<String> {
        Ok(self.refusal(index)?.map_or_else(String::new, ToString::to_string))
    }
    fn __len__(&self) -> usize {
        self.length
    }
}

fn check_all(frames: &[&[u8]], checksum: bool) -> Vec<codec::Result<codec::FrameInfo>> {
    let check = if checksum { codec::verify } else { codec::inspect };
    frames.iter().map(|frame| check(frame)).collect()
}

#[pyfunction]
#[pyo3(signature = (frames, *, checksum = true))]
fn verify_frames(py: Python<'_>, frames: &Bound<'_, PyAny>, checksum: bool) -> PyResult<FrameBatch> {
    let lent = bytes_of_all(frames)?;
    let frames: Vec<&[u8]> = lent.iter().map(Bytes::as_slice).collect();
    let total = frames.iter().map(|frame| frame.len()).sum();
    Ok(FrameBatch::of(py, working(py, total, || check_all(&frames, checksum))))
}

#[pyfunction]
#[pyo3(signature = (block, offsets, lengths, *, checksum = true))]
fn verify_block<'py>(
    py: Python<'py>,
    block: &Bound<'py, PyAny>,
    offsets: PyReadonlyArray1<'py, u64>,
    lengths: PyReadonlyArray1<'py, u32>,
    checksum: bool,
) -> PyResult<FrameBatch> {
    let block = Bytes::of(block)?;
    let frames = entries(block.as_slice(), &offsets, &lengths, 0)?;
    let total = frames.iter().map(|frame| frame.len()).sum();
    Ok(FrameBatch::of(py, working(py, total, || check_all(&frames, checksum))))
}

/// `block[offsets[i] + skip:offsets[i] + lengths[i]]` for each i.
fn entries<'a>(
    block: &'a [u8],
    offsets: &PyReadonlyArray1<'_, u64>,
    lengths: &PyReadonlyArray1<'_, u32>,
    skip: usize,
) -> PyResult<Vec<&'a [u8]>> {
    let (offsets, lengths) = (offsets.as_array(), lengths.as_array());
    if offsets.len() != lengths.len() {
        let message = format!("{} offsets and {} lengths", offsets.len(), lengths.len());
        return Err(PyValueError::new_err(message));
    }
    let all = offsets.iter().zip(lengths.iter()).enumerate().map(|(i, (offset, length))| {
        usize::try_from(*offset)
            .ok()
            .and_then(|start| Some(start.checked_add(skip)?..start.checked_add(*length as usize)?))
            .and_then(|range| block.get(range))
            .ok_or_else(|| PyValueError::new_err(format!("entry {i} lies outside the block")))
    });
    all.collect()
}

#[pyfunction]
fn stamp_sequences<'py>(
    py: Python<'py>,
    buffer: &Bound<'py, PyAny>,
    offsets: PyReadonlyArray1<'py, u64>,
    first_sequence: u64,
) -> PyResult<()> {
    let mut buffer = Bytes::writable(buffer)?;
    let buffer = buffer.as_mut_slice()?;
    for (offset, sequence) in offsets.as_array().iter().zip(first_sequence..) {
        let frame = usize::try_from(*offset).ok().and_then(|at| buffer.get_mut(at..));
        let Some(frame) = frame else {
            return Err(PyValueError::new_err(format!("offset {offset} lies outside the buffer")));
        };
        if let Err(mut error) = codec::stamp(frame, sequence) {
            error.offset += *offset as usize;
            return Err(raise(py, &error));
        }
    }
    Ok(())
}

type Joined<'py> = (Bound<'py, PyArray1<u8>>, Bound<'py, PyArray1<u64>>);

#[pyfunction]
#[pyo3(signature = (frames, *, first_sequence = None))]
fn join_frames<'py>(
    py: Python<'py>,
    frames: &Bound<'py, PyAny>,
    first_sequence: Option<u64>,
) -> PyResult<Joined<'py>> {
    let lent = bytes_of_all(frames)?;
    let frames: Vec<&[u8]> = lent.iter().map(Bytes::as_slice).collect();
    let total: usize = frames.iter().map(|frame| frame.len()).sum();
    let (block, offsets) = working(py, total, || {
        let mut block = Vec::with_capacity(total);
        let mut offsets = Vec::with_capacity(frames.len() + 1);
        offsets.push(0);
        for (i, frame) in frames.iter().enumerate() {
            let start = block.len();
            block.extend_from_slice(frame);
            offsets.push(block.len() as u64);
            if let Some(first) = first_sequence {
                codec::stamp(&mut block[start..], first.wrapping_add(i as u64)).map_err(|mut error| {
                    error.detail = format!("frame {i}: {}", error.detail).into();
                    error
                })?;
            }
        }
        Ok((block, offsets))
    })
    .map_err(|e: codec::FrameError| raise(py, &e))?;
    Ok((PyArray1::from_vec(py, block), PyArray1::from_vec(py, offsets)))
}

// -------------------------------------------------------------------------------------------- filter

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
        asset_types = None, predicate = "", max_bytes = codec::DEFAULT_MAX_BYTES))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of one Python function")]
    fn new(
        py: Python<'_>,
        message_types: Option<Vec<u16>>,
        sources: Option<Vec<u16>>,
        instruments: Option<&Bound<'_, PyAny>>,
        venues: Option<Vec<u16>>,
        asset_types: Option<Vec<u16>>,
        predicate: &str,
        max_bytes: usize,
    ) -> PyResult<Self> {
        let message_types = numbers(message_types);
        let predicate = codec::Predicate::compile(predicate, message_types.as_ref())
            .map_err(|e| raise_predicate(py, &e))?;
        Ok(Self(codec::FrameFilter {
            message_types,
            sources: numbers(sources),
            instruments: instrument_set(instruments)?,
            venues: numbers(venues),
            asset_types: numbers(asset_types),
            predicate,
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
        max_bytes,
    )?
    .apply(frame)
}

// ----------------------------------------------------------------------------------- TLV, compression

#[pyfunction]
fn walk_tlv(py: Python<'_>, extensions: &Bound<'_, PyAny>) -> PyResult<Vec<(u8, usize, usize)>> {
    let extensions = Bytes::of(extensions)?;
    let found = codec::tlv::walk(extensions.as_slice()).map(|tlv| {
        let tlv = tlv.map_err(|e| raise(py, &e))?;
        Ok((tlv.tlv_type, tlv.offset, tlv.value.len()))
    });
    found.collect()
}

#[pyfunction]
fn find_tlv<'py>(
    py: Python<'py>,
    extensions: &Bound<'py, PyAny>,
    tlv_type: u8,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let extensions = Bytes::of(extensions)?;
    let found = codec::tlv::find(extensions.as_slice(), tlv_type).map_err(|e| raise(py, &e))?;
    Ok(found.map(|tlv| PyBytes::new(py, tlv.value)))
}

#[pyfunction]
fn encode_tlv<'py>(
    py: Python<'py>,
    tlv_type: u8,
    value: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyBytes>> {
    let value = Bytes::of(value)?;
    let mut out = Vec::new();
    codec::tlv::push(&mut out, tlv_type, value.as_slice()).map_err(|e| raise(py, &e))?;
    Ok(PyBytes::new(py, &out))
}

#[pyfunction]
#[pyo3(signature = (frame, codec, *, level = 0))]
fn compress_frame<'py>(
    py: Python<'py>,
    frame: &Bound<'py, PyAny>,
    codec: u8,
    level: i32,
) -> PyResult<Bound<'py, PyBytes>> {
    let lent = Bytes::of(frame)?;
    let bytes = lent.as_slice();
    let Some(codec) = Codec::from_bits(codec) else {
        return Err(refused(py, Reason::BadCompression, 0, format!("codec {codec} is not 1, 2 or 3")));
    };
    let packed =
        working(py, bytes.len(), || codec::compress(bytes, codec, level)).map_err(|e| raise(py, &e))?;
    Ok(PyBytes::new(py, &packed))
}

#[pyfunction]
#[pyo3(signature = (frame, *, max_bytes = codec::DEFAULT_MAX_BYTES))]
fn decompress_frame<'py>(
    py: Python<'py>,
    frame: &Bound<'py, PyAny>,
    max_bytes: usize,
) -> PyResult<Bound<'py, PyAny>> {
    let lent = Bytes::of(frame)?;
    let bytes = lent.as_slice();
    match working(py, bytes.len(), || codec::decompress(bytes, max_bytes)).map_err(|e| raise(py, &e))? {
        Some(plain) => Ok(PyBytes::new(py, &plain).into_any()),
        None => Ok(frame.clone()),
    }
}
