//! Many frames at once: checks as columns, stamps, joining.

use numpy::{PyArray1, PyReadonlyArray1};
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;

use super::raise;
use crate::frame as codec;
use crate::py::buffer::{Bytes, bytes_of_all, working};

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<FrameBatch>()?;
    m.add_function(wrap_pyfunction!(verify_frames, m)?)?;
    m.add_function(wrap_pyfunction!(verify_block, m)?)?;
    m.add_function(wrap_pyfunction!(stamp_sequences, m)?)?;
    m.add_function(wrap_pyfunction!(join_frames, m)?)?;
    Ok(())
}

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
pub(super) fn entries<'a>(
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
