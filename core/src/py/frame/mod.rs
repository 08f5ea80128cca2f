//! Bindings of the frame codec: one frame here, many in [`batch`], the filter in [`filter`].

mod batch;
mod filter;
mod message;

use alphapulse_gen::layout::{FrameContext, SpanId, TraceId};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use pyo3::{create_exception, intern};

use super::buffer::{Bytes, working};
use crate::frame as codec;
use crate::frame::{Codec, Reason};

pub use message::MessageBlock;

create_exception!(alphapulse_core._native, FrameError, PyValueError, "A frame that the codec refuses.");

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("FrameError", m.py().get_type::<FrameError>())?;
    m.add_class::<FrameInfo>()?;
    m.add_function(wrap_pyfunction!(encode_frame, m)?)?;
    m.add_function(wrap_pyfunction!(inspect_frame, m)?)?;
    m.add_function(wrap_pyfunction!(verify_frame, m)?)?;
    m.add_function(wrap_pyfunction!(frame_checksum, m)?)?;
    m.add_function(wrap_pyfunction!(stamp_sequence, m)?)?;
    m.add_function(wrap_pyfunction!(walk_tlv, m)?)?;
    m.add_function(wrap_pyfunction!(find_tlv, m)?)?;
    m.add_function(wrap_pyfunction!(encode_tlv, m)?)?;
    m.add_function(wrap_pyfunction!(compress_frame, m)?)?;
    m.add_function(wrap_pyfunction!(decompress_frame, m)?)?;
    batch::register(m)?;
    message::register(m)?;
    filter::register(m)
}

pub fn raise(py: Python<'_>, error: &codec::FrameError) -> PyErr {
    explained(py, FrameError::new_err(error.to_string()), error.reason.code(), error.offset)
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
