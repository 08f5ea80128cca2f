//! Bindings of the shared-memory latency histograms.

use std::path::PathBuf;
use std::sync::Arc;

use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::frame::MessageBlock;
use super::ring::ok;
use crate::histogram::Histograms;

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<LatencyHistograms>()
}

#[pyclass(frozen, module = "alphapulse_core")]
pub struct LatencyHistograms {
    pub inner: Arc<Histograms>,
    path: PathBuf,
}

#[pymethods]
impl LatencyHistograms {
    #[staticmethod]
    #[pyo3(signature = (path, cells=64))]
    fn open_or_create(py: Python<'_>, path: PathBuf, cells: u32) -> PyResult<Self> {
        Ok(LatencyHistograms { inner: Arc::new(ok(py, Histograms::open_or_create(&path, cells))?), path })
    }

    #[staticmethod]
    fn attach(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        Ok(LatencyHistograms { inner: Arc::new(ok(py, Histograms::attach(&path))?), path })
    }

    #[getter]
    fn path(&self) -> String {
        self.path.display().to_string()
    }

    fn record(
        &self,
        py: Python<'_>,
        message_type: u16,
        stage: u16,
        nanoseconds: PyReadonlyArray1<'_, u64>,
    ) -> PyResult<()> {
        let recorder = ok(py, self.inner.recorder(message_type, stage))?;
        nanoseconds.as_array().iter().for_each(|n| recorder.record(*n));
        Ok(())
    }

    /// From the making of each frame of the message to `now_ns`.
    fn record_message(
        &self,
        py: Python<'_>,
        block: &Bound<'_, MessageBlock>,
        stage: u16,
        now_ns: u64,
    ) -> PyResult<()> {
        for of_one_type in block.get().frames().chunk_by(|a, b| a.message_type == b.message_type) {
            let recorder = ok(py, self.inner.recorder(of_one_type[0].message_type.into(), stage))?;
            of_one_type.iter().for_each(|frame| recorder.record(now_ns.saturating_sub(frame.timestamp)));
        }
        Ok(())
    }

    fn snapshots<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let rows = PyList::empty(py);
        for taken in self.inner.snapshots() {
            let row = PyDict::new(py);
            row.set_item("message_type", taken.message_type)?;
            row.set_item("stage", taken.stage)?;
            row.set_item("count", taken.count)?;
            row.set_item("mean", taken.mean())?;
            row.set_item("min", taken.min)?;
            row.set_item("max", taken.max)?;
            for (name, quantile) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)] {
                row.set_item(name, taken.quantile(quantile))?;
            }
            rows.append(row)?;
        }
        Ok(rows)
    }

    fn __repr__(&self) -> String {
        format!("<LatencyHistograms {}>", self.path())
    }
}
