//! Bindings of the identity functions: one id at a time, and arrays of them.

use numpy::{PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};
use pyo3::{create_exception, intern};

use super::buffer::Bytes;
use crate::identity::{
    self, ID_BYTES, IdentityError, Place, decode, from_bytes, parse_address, parse_text, to_bytes, to_text,
};
use alphapulse_gen::layout::InstrumentId;

create_exception!(alphapulse_core._native, InstrumentIdError, PyValueError, "A key without an id, or no id.");

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("InstrumentIdError", m.py().get_type::<InstrumentIdError>())?;
    m.add_function(wrap_pyfunction!(canonical_key, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_id_symbol, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_id_isin, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_id_pair, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_id_numeric, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_id_hash, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_id_address, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_ids_symbol, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_ids_isin, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_ids_pair, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_ids_numeric, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_ids_hash, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_id_parse, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_id_text, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_ids_parse, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_ids_text, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_id_decode, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_ids_decode, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_id_fields, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_id_from_fields, m)?)?;
    Ok(())
}

fn raise(py: Python<'_>, error: &IdentityError, index: Option<usize>) -> PyErr {
    let message = match index {
        Some(index) => format!("key {index}: {error}"),
        None => error.to_string(),
    };
    let raised = InstrumentIdError::new_err(message);
    match raised.value(py).setattr(intern!(py, "reason"), error.code()) {
        Ok(()) => raised,
        Err(failed) => failed,
    }
}

type OneId<'py> = PyResult<Bound<'py, PyBytes>>;

fn one(py: Python<'_>, id: identity::Result<InstrumentId>) -> OneId<'_> {
    id.map(|id| PyBytes::new(py, &to_bytes(&id))).map_err(|e| raise(py, &e, None))
}

#[pyfunction]
fn canonical_key(py: Python<'_>, asset_type: u8, venue: u16, local_key: &str) -> PyResult<String> {
    Place::new(asset_type, venue)
        .and_then(|place| place.canonical_key(local_key))
        .map_err(|e| raise(py, &e, None))
}

#[pyfunction]
fn instrument_id_symbol<'py>(py: Python<'py>, asset_type: u8, venue: u16, symbol: &str) -> OneId<'py> {
    one(py, Place::new(asset_type, venue).and_then(|place| place.symbol(symbol)))
}

#[pyfunction]
fn instrument_id_isin<'py>(py: Python<'py>, asset_type: u8, venue: u16, isin: &str) -> OneId<'py> {
    one(py, Place::new(asset_type, venue).and_then(|place| place.isin(isin)))
}

#[pyfunction]
fn instrument_id_pair<'py>(
    py: Python<'py>,
    asset_type: u8,
    venue: u16,
    base: &str,
    quote: &str,
) -> OneId<'py> {
    one(py, Place::new(asset_type, venue).and_then(|place| place.pair(base, quote)))
}

#[pyfunction]
fn instrument_id_numeric(py: Python<'_>, asset_type: u8, venue: u16, number: u64) -> OneId<'_> {
    one(py, Place::new(asset_type, venue).map(|place| place.numeric(number)))
}

#[pyfunction]
#[pyo3(signature = (asset_type, venue, canonical_key, attempt = 0))]
fn instrument_id_hash<'py>(
    py: Python<'py>,
    asset_type: u8,
    venue: u16,
    canonical_key: &str,
    attempt: u32,
) -> OneId<'py> {
    one(py, Place::new(asset_type, venue).and_then(|place| place.hash(canonical_key, attempt)))
}

#[pyfunction]
fn instrument_id_address<'py>(
    py: Python<'py>,
    asset_type: u8,
    venue: u16,
    address: &Bound<'py, PyAny>,
) -> OneId<'py> {
    let parsed = match address.cast::<PyString>() {
        Ok(text) => parse_address(text.to_str()?),
        Err(_) => {
            let bytes = Bytes::of(address)?;
            let length = bytes.as_slice().len();
            bytes
                .as_slice()
                .try_into()
                .map_err(|_| IdentityError::BadKey(format!("an address is 20 bytes, not {length}")))
        }
    };
    one(py, parsed.and_then(|address| Place::new(asset_type, venue)?.address(&address)))
}

// -------------------------------------------------------------------------------------------- arrays

/// A number for all keys, or one for each.
#[derive(FromPyObject)]
enum Column<'py, T: numpy::Element> {
    Each(PyReadonlyArray1<'py, T>),
    All(T),
}

impl<T: numpy::Element + Copy> Column<'_, T> {
    fn check(&self, name: &str, length: usize) -> PyResult<()> {
        match self {
            Self::Each(values) if values.as_array().len() != length => {
                let found = values.as_array().len();
                Err(PyValueError::new_err(format!("{found} {name} for {length} keys")))
            }
            _ => Ok(()),
        }
    }

    fn at(&self, index: usize) -> T {
        match self {
            Self::Each(values) => values.as_array()[index],
            Self::All(value) => *value,
        }
    }
}

type Ids<'py> = PyResult<Bound<'py, PyArray2<u8>>>;

fn array<'py>(py: Python<'py>, bytes: Vec<u8>) -> Ids<'py> {
    let count = bytes.len() / ID_BYTES;
    PyArray1::from_vec(py, bytes).reshape([count, ID_BYTES])
}

fn many<'py>(
    py: Python<'py>,
    asset_types: &Column<'py, u8>,
    venues: &Column<'py, u16>,
    count: usize,
    make: impl Fn(usize, Place) -> PyResult<identity::Result<InstrumentId>>,
) -> Ids<'py> {
    asset_types.check("asset types", count)?;
    venues.check("venues", count)?;
    let mut bytes = Vec::with_capacity(count * ID_BYTES);
    for i in 0..count {
        let place = Place::new(asset_types.at(i), venues.at(i)).map_err(|e| raise(py, &e, Some(i)))?;
        let id = make(i, place)?.map_err(|e| raise(py, &e, Some(i)))?;
        bytes.extend_from_slice(&to_bytes(&id));
    }
    array(py, bytes)
}

fn texts<'py>(sequence: &Bound<'py, PyAny>) -> PyResult<Vec<Bound<'py, PyString>>> {
    // A text is itself a sequence of texts, and never what the caller means here.
    if sequence.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("keys must be a sequence of str, not one str"));
    }
    sequence.try_iter()?.map(|text| Ok(text?.cast_into::<PyString>()?)).collect()
}

#[pyfunction]
fn instrument_ids_symbol<'py>(
    py: Python<'py>,
    asset_types: Column<'py, u8>,
    venues: Column<'py, u16>,
    symbols: &Bound<'py, PyAny>,
) -> Ids<'py> {
    let symbols = texts(symbols)?;
    many(py, &asset_types, &venues, symbols.len(), |i, place| Ok(place.symbol(symbols[i].to_str()?)))
}

#[pyfunction]
fn instrument_ids_isin<'py>(
    py: Python<'py>,
    asset_types: Column<'py, u8>,
    venues: Column<'py, u16>,
    isins: &Bound<'py, PyAny>,
) -> Ids<'py> {
    let isins = texts(isins)?;
    many(py, &asset_types, &venues, isins.len(), |i, place| Ok(place.isin(isins[i].to_str()?)))
}

#[pyfunction]
fn instrument_ids_pair<'py>(
    py: Python<'py>,
    asset_types: Column<'py, u8>,
    venues: Column<'py, u16>,
    bases: &Bound<'py, PyAny>,
    quotes: &Bound<'py, PyAny>,
) -> Ids<'py> {
    let (bases, quotes) = (texts(bases)?, texts(quotes)?);
    if bases.len() != quotes.len() {
        return Err(PyValueError::new_err(format!("{} bases and {} quotes", bases.len(), quotes.len())));
    }
    many(py, &asset_types, &venues, bases.len(), |i, place| {
        Ok(place.pair(bases[i].to_str()?, quotes[i].to_str()?))
    })
}

#[pyfunction]
fn instrument_ids_numeric<'py>(
    py: Python<'py>,
    asset_types: Column<'py, u8>,
    venues: Column<'py, u16>,
    numbers: PyReadonlyArray1<'py, u64>,
) -> Ids<'py> {
    let numbers = numbers.as_array();
    many(py, &asset_types, &venues, numbers.len(), |i, place| Ok(Ok(place.numeric(numbers[i]))))
}

#[pyfunction]
#[pyo3(signature = (asset_types, venues, canonical_keys, attempt = 0))]
fn instrument_ids_hash<'py>(
    py: Python<'py>,
    asset_types: Column<'py, u8>,
    venues: Column<'py, u16>,
    canonical_keys: &Bound<'py, PyAny>,
    attempt: u32,
) -> Ids<'py> {
    let keys = texts(canonical_keys)?;
    many(py, &asset_types, &venues, keys.len(), |i, place| Ok(place.hash(keys[i].to_str()?, attempt)))
}

// ---------------------------------------------------------------------------------- text and decoding

fn id_of(py: Python<'_>, bytes: &[u8]) -> PyResult<[u8; ID_BYTES]> {
    bytes.try_into().map_err(|_| raise(py, &IdentityError::Malformed("it is not 16 bytes"), None))
}

/// The ids in 16 n bytes.
fn ids_of(py: Python<'_>, ids: &Bytes<'_>) -> PyResult<Vec<[u8; ID_BYTES]>> {
    let chunks = ids.as_slice().chunks_exact(ID_BYTES);
    if !chunks.remainder().is_empty() {
        return Err(raise(py, &IdentityError::Malformed("ids are 16 bytes each"), None));
    }
    chunks.map(|id| id_of(py, id)).collect()
}

#[pyfunction]
fn instrument_id_parse<'py>(py: Python<'py>, text: &str) -> OneId<'py> {
    parse_text(text).map(|id| PyBytes::new(py, &id)).map_err(|e| raise(py, &e, None))
}

#[pyfunction]
fn instrument_id_text(py: Python<'_>, instrument_id: &[u8]) -> PyResult<String> {
    Ok(to_text(&id_of(py, instrument_id)?))
}

#[pyfunction]
fn instrument_ids_parse<'py>(py: Python<'py>, texts: &Bound<'py, PyAny>) -> Ids<'py> {
    let texts = self::texts(texts)?;
    let mut bytes = Vec::with_capacity(texts.len() * ID_BYTES);
    for (i, text) in texts.iter().enumerate() {
        bytes.extend_from_slice(&parse_text(text.to_str()?).map_err(|e| raise(py, &e, Some(i)))?);
    }
    array(py, bytes)
}

#[pyfunction]
fn instrument_ids_text(py: Python<'_>, ids: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    Ok(ids_of(py, &Bytes::of(ids)?)?.iter().map(to_text).collect())
}

#[pyfunction]
fn instrument_id_decode(py: Python<'_>, instrument_id: &[u8]) -> PyResult<(u8, Option<String>)> {
    let id = from_bytes(&id_of(py, instrument_id)?);
    let key = decode(&id).map_err(|e| raise(py, &e, None))?;
    Ok((id.scheme, key))
}

#[pyfunction]
fn instrument_ids_decode(py: Python<'_>, ids: &Bound<'_, PyAny>) -> PyResult<Vec<(u8, Option<String>)>> {
    let ids = ids_of(py, &Bytes::of(ids)?)?;
    let decoded = ids.iter().map(|bytes| {
        let id = from_bytes(bytes);
        (id.scheme, decode(&id).unwrap_or(None))
    });
    Ok(decoded.collect())
}

#[pyfunction]
fn instrument_id_fields(py: Python<'_>, instrument_id: &[u8]) -> PyResult<(u64, u16, u8, u8, u32)> {
    let id = from_bytes(&id_of(py, instrument_id)?);
    Ok((id.asset_id, id.venue, id.asset_type, id.scheme, id.salt))
}

#[pyfunction]
fn instrument_id_from_fields(
    py: Python<'_>,
    asset_id: u64,
    venue: u16,
    asset_type: u8,
    scheme: u8,
    salt: u32,
) -> Bound<'_, PyBytes> {
    PyBytes::new(py, &to_bytes(&InstrumentId { asset_id, venue, asset_type, scheme, salt }))
}
