//! A producer's message as a relay takes it: checked once, then appended and sent on.

use numpy::PyArray1;
use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::frame as codec;
use crate::frame::message::{self, MessageFrame};
use crate::py::buffer::working;

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<MessageBlock>()?;
    m.add_function(wrap_pyfunction!(read_message, m)?)?;
    m.add_function(wrap_pyfunction!(join_stamped, m)?)?;
    Ok(())
}

/// Consecutive frames of one message; see the stub.
#[pyclass(frozen, module = "alphapulse_core._native")]
pub struct MessageBlock {
    message: Py<PyBytes>,
    frames: Vec<MessageFrame>,
    /// By the index of the frame, ascending.
    refused: Vec<(usize, codec::FrameError)>,
    end: usize,
}

impl MessageBlock {
    pub fn message<'py>(&'py self, py: Python<'py>) -> &'py [u8] {
        self.message.as_bytes(py)
    }

    pub fn frames(&self) -> &[MessageFrame] {
        &self.frames
    }

    /// The bytes of the fields, from the first tag to the end of the last frame.
    pub fn size(&self) -> usize {
        match (self.frames.first(), self.frames.last()) {
            (Some(first), Some(last)) => last.end() - first.begin as usize,
            _ => 0,
        }
    }

    /// What is stamped or appended has passed every check.
    pub fn check_good(&self) -> PyResult<()> {
        match self.refused.first() {
            None => Ok(()),
            Some((index, error)) => Err(PyValueError::new_err(format!("frame {index} is refused: {error}"))),
        }
    }

    fn column<T: numpy::Element>(
        &self,
        py: Python<'_>,
        value: impl Fn(&MessageFrame) -> T,
    ) -> Py<PyArray1<T>> {
        PyArray1::from_vec(py, self.frames.iter().map(value).collect()).unbind()
    }

    fn refusal(&self, index: usize) -> PyResult<Option<&codec::FrameError>> {
        if index >= self.frames.len() {
            return Err(PyIndexError::new_err("no such frame in the message"));
        }
        let found = self.refused.binary_search_by_key(&index, |(at, _)| *at);
        Ok(found.ok().and_then(|at| self.refused.get(at)).map(|(_, error)| error))
    }
}

#[pymethods]
impl MessageBlock {
    fn __len__(&self) -> usize {
        self.frames.len()
    }
    #[getter(message)]
    fn get_message(&self, py: Python<'_>) -> Py<PyBytes> {
        self.message.clone_ref(py)
    }
    #[getter]
    fn end(&self) -> usize {
        self.end
    }
    #[getter(size)]
    fn get_size(&self) -> usize {
        self.size()
    }
    #[getter]
    fn errors(&self) -> usize {
        self.refused.len()
    }
    #[getter]
    fn offsets(&self, py: Python<'_>) -> Py<PyArray1<u64>> {
        let begin = self.frames.first().map_or(0, |first| first.begin);
        self.column(py, |frame| u64::from(frame.at - begin))
    }
    #[getter]
    fn lengths(&self, py: Python<'_>) -> Py<PyArray1<u32>> {
        self.column(py, |frame| frame.length)
    }
    #[getter]
    fn message_type(&self, py: Python<'_>) -> Py<PyArray1<u8>> {
        self.column(py, |frame| frame.message_type)
    }
    #[getter]
    fn record_count(&self, py: Python<'_>) -> Py<PyArray1<u32>> {
        self.column(py, |frame| frame.records)
    }
    #[getter]
    fn records(&self) -> u64 {
        self.frames.iter().map(|frame| u64::from(frame.records)).sum()
    }

    fn reason(&self, index: usize) -> PyResult<&'static str> {
        Ok(self.refusal(index)?.map_or("", |error| error.reason.code()))
    }
    fn explanation(&self, index: usize) -> PyResult<String> {
        Ok(self.refusal(index)?.map_or_else(String::new, ToString::to_string))
    }
    fn error_offset(&self, index: usize) -> PyResult<usize> {
        Ok(self.refusal(index)?.map_or(0, |error| error.offset))
    }

    fn all_good(&self, accepted: &[u8], max_frame: usize) -> PyResult<bool> {
        if accepted.len() != 256 {
            return Err(PyValueError::new_err("accepted has a byte for each of 256 message types"));
        }
        let good = |frame: &MessageFrame| {
            accepted[usize::from(frame.message_type)] != 0 && frame.length as usize <= max_frame
        };
        Ok(self.refused.is_empty() && self.frames.iter().all(good))
    }

    /// Message type, frames and records of each type, in the order of their first frames.
    fn totals(&self) -> Vec<(u8, usize, u64)> {
        let mut totals: Vec<(u8, usize, u64)> = Vec::new();
        for frame in &self.frames {
            let records = u64::from(frame.records);
            match totals.iter_mut().find(|(kind, ..)| *kind == frame.message_type) {
                Some((_, frames, sum)) => (*frames, *sum) = (*frames + 1, *sum + records),
                None => totals.push((frame.message_type, 1, records)),
            }
        }
        totals
    }

    fn sampled(&self) -> Vec<usize> {
        let sampled = self.frames.iter().enumerate().filter(|(_, frame)| frame.trace_flags & 1 != 0);
        sampled.map(|(index, _)| index).collect()
    }

    fn part(&self, py: Python<'_>, start: usize, stop: usize) -> PyResult<Self> {
        self.check_good()?;
        let frames = self.frames.get(start..stop).map(<[MessageFrame]>::to_vec);
        let frames = frames.ok_or_else(|| PyIndexError::new_err("no such part of the message"))?;
        Ok(Self { message: self.message.clone_ref(py), frames, refused: Vec::new(), end: self.end })
    }

    #[pyo3(signature = (first_sequence, tail=None))]
    fn stamped<'py>(
        &self,
        py: Python<'py>,
        first_sequence: u64,
        tail: Option<&[u8]>,
    ) -> PyResult<Bound<'py, PyBytes>> {
        stamped(py, &[(self, first_sequence)], tail.unwrap_or_default())
    }
}

/// One new message: the fields of all blocks, stamped, then `tail`.
fn stamped<'py>(
    py: Python<'py>,
    blocks: &[(&MessageBlock, u64)],
    tail: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let mut size = tail.len();
    for (block, _) in blocks {
        block.check_good()?;
        size += block.size();
    }
    let parts: Vec<(&[u8], &[MessageFrame], u64)> =
        blocks.iter().map(|(block, first)| (block.message(py), block.frames(), *first)).collect();
    PyBytes::new_with(py, size, |into| {
        working(py, size, || {
            let mut at = 0;
            for (message, frames, first) in parts {
                at += message::copy_stamped(message, frames, first, &mut into[at..]);
            }
            into[at..].copy_from_slice(tail);
        });
        Ok(())
    })
}

#[pyfunction]
fn join_stamped<'py>(
    py: Python<'py>,
    blocks: Vec<(Bound<'py, MessageBlock>, u64)>,
    tail: &[u8],
) -> PyResult<Bound<'py, PyBytes>> {
    let blocks: Vec<(&MessageBlock, u64)> =
        blocks.iter().map(|(block, first)| (block.get(), *first)).collect();
    stamped(py, &blocks, tail)
}

#[pyfunction]
#[pyo3(signature = (message, *, checksum = true))]
fn read_message(py: Python<'_>, message: Bound<'_, PyBytes>, checksum: bool) -> PyResult<MessageBlock> {
    let bytes = message.as_bytes();
    let (mut frames, end) = message::split(bytes).map_err(|position| {
        let most = message::MAX_FRAMES;
        let text = format!("the run of frames breaks at byte {position} (at most {most} frames are taken)");
        let error = PyValueError::new_err(text);
        match error.value(py).setattr(intern!(py, "offset"), position) {
            Ok(()) => error,
            Err(failed) => failed,
        }
    })?;
    let refused = working(py, end, || message::check(bytes, &mut frames, checksum));
    Ok(MessageBlock { message: message.unbind(), frames, refused, end })
}
