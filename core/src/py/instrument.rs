//! Bindings of the registry's instruments: batches brought into normal form, stored ones read back.

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use crate::identity::to_bytes;
use crate::instrument::normal::{Currencies, Normal, Normaliser, Venue};
use crate::instrument::table::{RECORD_BYTES, RecordTable};
use crate::instrument::wire::{Reader, Value, put_bytes, put_uint};
use crate::instrument::{Instrument, checks, field as f, id_message};
use alphapulse_gen::record::as_bytes;

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<InstrumentNormaliser>()?;
    m.add_class::<InstrumentRecords>()?;
    m.add_function(wrap_pyfunction!(instrument_fields, m)?)?;
    m.add_function(wrap_pyfunction!(instrument_event, m)?)?;
    m.add_function(wrap_pyfunction!(isin_is_valid, m)?)?;
    m.add_function(wrap_pyfunction!(cusip_is_valid, m)?)?;
    m.add_function(wrap_pyfunction!(figi_is_valid, m)?)?;
    Ok(())
}

#[pyfunction]
fn isin_is_valid(text: &str) -> bool {
    checks::isin_is_valid(text)
}

#[pyfunction]
fn cusip_is_valid(text: &str) -> bool {
    checks::cusip_is_valid(text)
}

#[pyfunction]
fn figi_is_valid(text: &str) -> bool {
    checks::figi_is_valid(text)
}

const PAIRS: [u8; 2] = [7, 8];

/// The attributes of the registry's entry, in its order; `None` where the bytes are not plain.
fn fields<'py>(py: Python<'py>, given: &Instrument<'_>) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let (Some(record), Some((from, until))) = (given.record(given.id), given.validity()) else {
        return Ok(None);
    };
    let kind = given.asset_type().0;
    let base = if PAIRS.contains(&kind) { given.text(f::BASE) } else { "" };
    let figis =
        (given.text(f::FIGI), given.text(f::COMPOSITE), given.text(f::SHARE_CLASS)).into_pyobject(py)?;
    let record = PyBytes::new(py, as_bytes(std::slice::from_ref(&record)));
    let items = [
        PyBytes::new(py, &to_bytes(&given.id)).into_any(),
        given.text(f::NATURAL_KEY).into_pyobject(py)?.into_any(),
        kind.into_pyobject(py)?.into_any(),
        given.number(f::VENUE).into_pyobject(py)?.into_any(),
        given.text(f::SYMBOL).into_pyobject(py)?.into_any(),
        given.text(f::NAME).into_pyobject(py)?.into_any(),
        given.number(f::STATUS).into_pyobject(py)?.into_any(),
        given.text(f::ISIN).into_pyobject(py)?.into_any(),
        given.text(f::CUSIP).into_pyobject(py)?.into_any(),
        figis.into_any(),
        given.number(f::CHAIN).into_pyobject(py)?.into_any(),
        given.text(f::ADDRESS).into_pyobject(py)?.into_any(),
        (given.number(f::PRIMARY) != 0).into_pyobject(py)?.to_owned().into_any(),
        base.into_pyobject(py)?.into_any(),
        from.into_pyobject(py)?.into_any(),
        until.into_pyobject(py)?.into_any(),
        given.number(f::VERSION).into_pyobject(py)?.into_any(),
        given.number(f::REVISION).into_pyobject(py)?.into_any(),
        record.into_any(),
    ];
    Ok(Some(PyTuple::new(py, items)?))
}

#[pyfunction]
fn instrument_fields<'py>(py: Python<'py>, body: &[u8]) -> PyResult<Option<Bound<'py, PyTuple>>> {
    match Instrument::parse(body) {
        Some(given) => fields(py, &given),
        None => Ok(None),
    }
}

/// Body and kind of an event that holds an instrument: revision, time, then field 3 or 4 to the end.
fn event(data: &[u8], revision: u64) -> Option<(u32, &[u8])> {
    let mut parts = Reader::new(data);
    let (1, Value::Varint(said)) = parts.next()?? else { return None };
    let (2, Value::Bytes(_)) = parts.next()?? else { return None };
    let (kind @ (3 | 4), Value::Bytes(body)) = parts.next()?? else { return None };
    (said == revision && parts.next().is_none()).then_some((kind, body))
}

#[pyfunction]
fn instrument_event<'py>(
    py: Python<'py>,
    data: &[u8],
    revision: u64,
) -> PyResult<Option<Bound<'py, PyTuple>>> {
    let Some((kind, body)) = event(data, revision) else { return Ok(None) };
    let Some(given) = Instrument::parse(body) else { return Ok(None) };
    let Some(read) = fields(py, &given)? else { return Ok(None) };
    let mut item = Vec::with_capacity(body.len() + 4);
    put_bytes(&mut item, 1, body);
    let item = PyBytes::new(py, &item);
    Ok(Some(PyTuple::new(py, [kind.into_pyobject(py)?.into_any(), item.into_any(), read.into_any()])?))
}

/// Knows venues and currencies; brings what clients send into normal form.
#[pyclass(frozen, module = "alphapulse_core")]
struct InstrumentNormaliser {
    inner: Normaliser,
}

enum Item<'a> {
    Normal(Normal, Option<[u8; 16]>),
    Other(&'a [u8]),
}

#[pymethods]
impl InstrumentNormaliser {
    #[new]
    fn new(venues: Vec<(u64, u8, u64)>, currencies: Vec<String>, minor_units: Vec<String>) -> Self {
        let venues = venues.into_iter().map(|(number, kind, chain_id)| (number, Venue { kind, chain_id }));
        let currencies =
            Currencies { codes: currencies.into_iter().collect(), units: minor_units.into_iter().collect() };
        Self { inner: Normaliser::new(venues, currencies) }
    }

    /// Every message of field 1 of `request`, in order: a tuple of what is plain, the bytes of what
    /// is not; and the text of field 2. `None` where `request` is no such message.
    fn batch<'py>(&self, py: Python<'py>, request: &[u8]) -> PyResult<Option<(Bound<'py, PyList>, String)>> {
        let read = py.detach(|| {
            let (mut items, mut request_id) = (Vec::new(), String::new());
            for part in Reader::new(request) {
                match part? {
                    (1, Value::Bytes(body)) => items.push(self.one(body)),
                    (2, Value::Bytes(text)) => request_id = String::from_utf8(text.to_vec()).ok()?,
                    _ => return None,
                }
            }
            Some((items, request_id))
        });
        let Some((items, request_id)) = read else { return Ok(None) };
        let made = PyList::empty(py);
        for item in items {
            match item {
                Item::Other(body) => made.append(PyBytes::new(py, body))?,
                Item::Normal(normal, underlying) => made.append(prepared(py, &normal, underlying)?)?,
            }
        }
        Ok(Some((made, request_id)))
    }
}

impl InstrumentNormaliser {
    fn one<'a>(&self, body: &'a [u8]) -> Item<'a> {
        let Some(given) = Instrument::parse(body) else { return Item::Other(body) };
        match self.inner.normalise(&given) {
            Some(normal) => Item::Normal(normal, given.underlying.map(|id| to_bytes(&id))),
            None => Item::Other(body),
        }
    }
}

/// (fields, head, tail, local key, underlying or None, outcome).
fn prepared<'py>(
    py: Python<'py>,
    normal: &Normal,
    underlying: Option<[u8; 16]>,
) -> PyResult<Bound<'py, PyAny>> {
    let body = [normal.head.as_slice(), normal.tail.as_slice()].concat();
    let read = match Instrument::parse(&body) {
        Some(given) => fields(py, &given)?,
        None => None,
    };
    let Some(read) = read else { return Ok(PyBytes::new(py, &body).into_any()) };
    let mut outcome = Vec::with_capacity(32);
    put_bytes(&mut outcome, 1, &id_message(&normal.id));
    put_uint(&mut outcome, 2, 1);
    let mut item = Vec::with_capacity(34);
    put_bytes(&mut item, 1, &outcome);
    let underlying = match underlying {
        Some(id) => PyBytes::new(py, &id).into_any(),
        None => py.None().into_bound(py),
    };
    let items = [
        read.into_any(),
        PyBytes::new(py, &normal.head).into_any(),
        PyBytes::new(py, &normal.tail).into_any(),
        normal.local.as_str().into_pyobject(py)?.into_any(),
        underlying,
        PyBytes::new(py, &item).into_any(),
    ];
    Ok(PyTuple::new(py, items)?.into_any())
}

/// Fixed records by id.
#[pyclass(module = "alphapulse_core")]
struct InstrumentRecords {
    inner: RecordTable,
}

#[pymethods]
impl InstrumentRecords {
    #[new]
    fn new() -> Self {
        Self { inner: RecordTable::default() }
    }

    fn __len__(&self) -> usize {
        self.inner.len()
    }

    fn extend(&mut self, records: &[u8]) -> PyResult<()> {
        if records.len() % RECORD_BYTES != 0 {
            return Err(PyValueError::new_err("records have 128 bytes each"));
        }
        self.inner.extend(records);
        Ok(())
    }

    fn replace(&mut self, place: usize, record: &[u8]) -> PyResult<()> {
        let record = record.try_into().map_err(|_| PyValueError::new_err("a record has 128 bytes"))?;
        if self.inner.replace(place, record) { Ok(()) } else { Err(PyIndexError::new_err(place)) }
    }

    fn gather<'py>(&self, py: Python<'py>, ids: &[u8]) -> PyResult<(Bound<'py, PyBytes>, Vec<u32>)> {
        if ids.len() % 16 != 0 {
            return Err(PyValueError::new_err("ids have 16 bytes each"));
        }
        let (mut out, mut missing) = (Vec::new(), Vec::new());
        self.inner.gather(ids, &mut out, &mut missing);
        Ok((PyBytes::new(py, &out), missing))
    }
}
