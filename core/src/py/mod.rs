//! The Python module `alphapulse_core._native`: each area registers itself with one line.
//!
//! Bindings convert types, release the GIL and map errors; they hold no logic of their own.

use pyo3::prelude::*;

mod book;
mod buffer;
mod engine;
mod frame;
mod histogram;
mod identity;
mod inbox;
mod index;
mod instrument;
mod ring;
mod schema;

#[pymodule]
fn _native(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("__version__", env!("CARGO_PKG_VERSION"))?;
    book::register(m)?;
    engine::register(m)?;
    frame::register(m)?;
    identity::register(m)?;
    inbox::register(m)?;
    index::register(m)?;
    instrument::register(m)?;
    histogram::register(m)?;
    ring::register(m)?;
    schema::register(m)?;
    // The package says what is public; a second list here would only have to agree with it.
    m.delattr("__all__")?;
    Ok(())
}
