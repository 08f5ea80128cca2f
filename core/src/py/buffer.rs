//! Bytes of Python objects, without a copy and without asking for a format.

use std::marker::PhantomPinned;
use std::pin::Pin;

use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PySequence};

/// Above this many bytes the GIL is released while Rust works.
const DETACH_BYTES: usize = 32 << 10;

/// C-contiguous bytes that an object lends; given back on drop.
pub enum Bytes<'py> {
    Immutable(Bound<'py, PyBytes>),
    Lent(Pin<Box<Lease>>),
}

pub struct Lease {
    view: ffi::Py_buffer,
    _pinned: PhantomPinned,
}

impl Drop for Lease {
    fn drop(&mut self) {
        // SAFETY: `view` was filled by PyObject_GetBuffer and is released once. A lease lives in
        // calls from Python only, so the interpreter is attached here.
        unsafe { ffi::PyBuffer_Release(&mut self.view) }
    }
}

impl<'py> Bytes<'py> {
    pub fn of(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast::<PyBytes>() {
            return Ok(Self::Immutable(bytes.clone()));
        }
        Self::lend(object, ffi::PyBUF_SIMPLE)
    }

    /// Refused with BufferError when the object is read-only.
    pub fn writable(object: &Bound<'py, PyAny>) -> PyResult<Self> {
        Self::lend(object, ffi::PyBUF_WRITABLE)
    }

    fn lend(object: &Bound<'py, PyAny>, flags: std::ffi::c_int) -> PyResult<Self> {
        let mut lease = Box::new(Lease { view: ffi::Py_buffer::new(), _pinned: PhantomPinned });
        // SAFETY: the object is alive, the view is ours and does not move: it is boxed, then pinned.
        if unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), &mut lease.view, flags) } != 0 {
            // Nothing was lent, so nothing may be given back.
            std::mem::forget(lease);
            return Err(PyErr::fetch(object.py()));
        }
        Ok(Self::Lent(Box::into_pin(lease)))
    }

    pub fn as_slice(&self) -> &[u8] {
        match self {
            Self::Immutable(bytes) => bytes.as_bytes(),
            Self::Lent(lease) if lease.view.len == 0 => &[],
            // SAFETY: a simple view is `len` contiguous bytes, valid until it is released. The
            // caller's contract (see the stub) is that nobody changes them during the call.
            Self::Lent(lease) => unsafe {
                std::slice::from_raw_parts(lease.view.buf.cast(), lease.view.len.unsigned_abs())
            },
        }
    }

    /// Only for what [`Bytes::writable`] made.
    pub fn as_mut_slice(&mut self) -> PyResult<&mut [u8]> {
        match self {
            Self::Lent(lease) if lease.view.readonly == 0 => {
                if lease.view.len == 0 {
                    return Ok(&mut []);
                }
                // SAFETY: as above, and the exporter said that it is writable; `&mut self` keeps
                // this the only slice that is made of the lease.
                Ok(unsafe {
                    std::slice::from_raw_parts_mut(lease.view.buf.cast(), lease.view.len.unsigned_abs())
                })
            }
            _ => Err(PyBufferError::new_err("the buffer is read-only")),
        }
    }

    /// Size of one element where the exporter has elements of more than a byte.
    pub fn item_size(&self) -> Option<usize> {
        match self {
            Self::Immutable(_) => None,
            Self::Lent(lease) => usize::try_from(lease.view.itemsize).ok().filter(|size| *size > 1),
        }
    }
}

/// The bytes of every element of a sequence.
pub fn bytes_of_all<'py>(objects: &Bound<'py, PyAny>) -> PyResult<Vec<Bytes<'py>>> {
    let sequence = objects.cast::<PySequence>()?;
    let mut all = Vec::with_capacity(sequence.len()?);
    for object in sequence.try_iter()? {
        all.push(Bytes::of(&object?)?);
    }
    Ok(all)
}

/// Run `work` over `bytes` of input, with the GIL released where that is worth it.
pub fn working<T: Send>(py: Python<'_>, bytes: usize, work: impl FnOnce() -> T + Send) -> T {
    if bytes < DETACH_BYTES { work() } else { py.detach(work) }
}
