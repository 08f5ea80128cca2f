//! Bindings of schemas registered at run time.

use std::sync::Arc;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyTuple;
use pyo3::{IntoPyObjectExt, create_exception, intern};

use super::buffer::Bytes;
use super::frame::raise;
use crate::schema as core;
use crate::schema::{FieldShape, Kind, Layout, Shape};

create_exception!(alphapulse_core._native, SchemaError, PyValueError, "A binary schema that is refused.");

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("SchemaError", m.py().get_type::<SchemaError>())?;
    m.add("MAX_SCHEMA_BYTES", core::MAX_SCHEMA)?;
    m.add_class::<Schema>()
}

/// A binary schema that was read and checked.
#[pyclass(frozen, module = "alphapulse_core._native")]
pub struct Schema(pub Arc<core::Schema>);

#[pymethods]
impl Schema {
    #[new]
    #[pyo3(signature = (schema, root = ""))]
    fn new(py: Python<'_>, schema: &Bound<'_, PyAny>, root: &str) -> PyResult<Self> {
        let bytes = Bytes::of(schema)?;
        match core::Schema::read(bytes.as_slice(), root) {
            Ok(schema) => Ok(Self(Arc::new(schema))),
            Err(error) => {
                let raised = SchemaError::new_err(error.to_string());
                raised.value(py).setattr(intern!(py, "reason"), error.reason.code())?;
                Err(raised)
            }
        }
    }
    #[getter]
    fn root(&self) -> &str {
        &self.0.root
    }
    #[getter]
    fn hash(&self) -> u64 {
        self.0.hash
    }
    #[getter]
    fn stride(&self) -> usize {
        self.0.stride()
    }
    #[getter]
    fn is_table(&self) -> bool {
        matches!(self.0.layout, Layout::Table(_))
    }
    fn shapes<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        match &self.0.layout {
            Layout::Struct(shape) => Ok(vec![described(py, shape)?]),
            Layout::Table(tables) => tables.iter().map(|table| described(py, table)).collect(),
        }
    }
    fn check(&self, frame: &Bound<'_, PyAny>) -> PyResult<()> {
        let bytes = Bytes::of(frame)?;
        self.0.check(bytes.as_slice()).map_err(|error| raise(frame.py(), &error))
    }
}

fn described<'py>(py: Python<'py>, shape: &Shape) -> PyResult<Bound<'py, PyAny>> {
    let fields: PyResult<Vec<_>> = shape.fields.iter().map(|field| field_of(py, field)).collect();
    (&shape.name, shape.size, fields?).into_bound_py_any(py)
}

fn field_of<'py>(py: Python<'py>, field: &FieldShape) -> PyResult<Bound<'py, PyAny>> {
    let (kind, detail): (&str, Bound<'py, PyAny>) = match &field.kind {
        Kind::Unsigned => ("unsigned", py.None().into_bound(py)),
        Kind::Signed => ("signed", py.None().into_bound(py)),
        Kind::Fixed { signed, decimals } => {
            (if *signed { "signed" } else { "unsigned" }, decimals.into_bound_py_any(py)?)
        }
        Kind::Float => ("float", py.None().into_bound(py)),
        Kind::Bool => ("bool", py.None().into_bound(py)),
        Kind::Enum(names) => {
            let values = PyTuple::new(py, names.values.iter())?;
            ("enum", (&names.name, names.signed, names.flags, values).into_bound_py_any(py)?)
        }
        Kind::Bytes => ("bytes", py.None().into_bound(py)),
        Kind::Text => ("text", py.None().into_bound(py)),
        Kind::Struct(shape) => ("struct", described(py, shape)?),
        Kind::Array { element, count } => ("array", (field_of(py, element)?, count).into_bound_py_any(py)?),
        Kind::String => ("string", py.None().into_bound(py)),
        Kind::Vector(element) => ("vector", field_of(py, element)?),
        Kind::Table(number) => ("table", number.into_bound_py_any(py)?),
    };
    (&field.name, field.at, field.size, kind, detail, field.default).into_bound_py_any(py)
}
