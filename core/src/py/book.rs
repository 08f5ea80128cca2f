//! Bindings of the simulated exchange. Rows cross as bytes; answers are rows of `VENUE_REPORT`.

use alphapulse_gen::layout::{OrderRequest, Quote, Text8};
use alphapulse_gen::record::{Layout, as_bytes, read};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use super::buffer::Bytes;
use crate::book::exchange::{Exchange, MarketRules, Working};
use crate::book::ladder::{BookSide, SelfTrade};
use crate::book::report::{FIELDS, VenueReport};
use crate::engine::order::OrderView;
use crate::engine::risk::InstrumentRules;

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add_class::<SimulatedExchange>()?;
    m.add("VENUE_REPORT_FIELDS", fields(&FIELDS, size_of::<VenueReport>()))?;
    Ok(())
}

/// What `numpy.dtype` takes as a dictionary, without the dictionary.
pub fn fields(
    fields: &[(&'static str, &'static str, usize)],
    size: usize,
) -> (Vec<&'static str>, Vec<&'static str>, Vec<usize>, usize) {
    let names = fields.iter().map(|field| field.0).collect();
    let formats = fields.iter().map(|field| field.1).collect();
    let offsets = fields.iter().map(|field| field.2).collect();
    (names, formats, offsets, size)
}

/// The rows of a buffer, aligned or not.
pub fn rows_of<T: Layout>(bytes: &[u8]) -> PyResult<Vec<T>> {
    let size = size_of::<T>();
    if bytes.len() % size != 0 {
        return Err(PyValueError::new_err(format!(
            "{} bytes are no whole number of rows of {size}",
            bytes.len()
        )));
    }
    Ok(bytes.chunks_exact(size).map(|row| read(row).expect("a whole row")).collect())
}

fn answer<'py>(py: Python<'py>, reports: &[VenueReport]) -> Bound<'py, PyBytes> {
    PyBytes::new(py, as_bytes(reports))
}

/// A simulated exchange: many books, order types, fees and expiry. See the stub.
#[pyclass(module = "alphapulse_core._native")]
pub struct SimulatedExchange(Exchange);

#[pymethods]
impl SimulatedExchange {
    #[new]
    #[pyo3(signature = (*, self_trade = "cancel-newest"))]
    fn new(self_trade: &str) -> PyResult<Self> {
        let policy = match self_trade {
            "cancel-newest" => SelfTrade::CancelNewest,
            "cancel-oldest" => SelfTrade::CancelOldest,
            "cancel-both" => SelfTrade::CancelBoth,
            other => return Err(PyValueError::new_err(format!("unknown self-trade policy {other:?}"))),
        };
        Ok(Self(Exchange::new(policy)))
    }

    #[pyo3(signature = (rules, *, maker_fee, taker_fee))]
    fn set_markets(&mut self, rules: &Bound<'_, PyAny>, maker_fee: i64, taker_fee: i64) -> PyResult<()> {
        for rules in rows_of::<InstrumentRules>(Bytes::of(rules)?.as_slice())? {
            if rules.multiplier == 0 || rules.settlement_currency == Text8::default() {
                return Err(PyValueError::new_err("a market needs a multiplier and a settlement currency"));
            }
            let market = MarketRules {
                contract: rules.contract(),
                maker_rate: maker_fee,
                taker_rate: taker_fee,
                fee_currency: rules.settlement_currency,
            };
            self.0.set_market(rules.instrument_id, market);
        }
        Ok(())
    }

    fn submit<'py>(
        &mut self,
        py: Python<'py>,
        order_ids: Vec<u64>,
        requests: &Bound<'py, PyAny>,
        now: u64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let requests = rows_of::<OrderRequest>(Bytes::of(requests)?.as_slice())?;
        if order_ids.len() != requests.len() {
            return Err(PyValueError::new_err("one order id a request"));
        }
        let mut out = Vec::new();
        self.0.submit_batch(order_ids.iter().copied().zip(&requests), now, &mut out);
        Ok(answer(py, &out))
    }

    fn cancel<'py>(&mut self, py: Python<'py>, order_ids: Vec<u64>, now: u64) -> Bound<'py, PyBytes> {
        let mut out = Vec::new();
        for order_id in order_ids {
            self.0.cancel(order_id, now, &mut out);
        }
        answer(py, &out)
    }

    fn modify<'py>(
        &mut self,
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        now: u64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let mut out = Vec::new();
        for row in rows_of::<alphapulse_gen::layout::OrderModify>(Bytes::of(rows)?.as_slice())? {
            self.0.modify(row.order_id, row.price, row.stop_price, row.quantity, now, &mut out);
        }
        Ok(answer(py, &out))
    }

    fn restore(&mut self, views: &Bound<'_, PyAny>) -> PyResult<Vec<u64>> {
        let mut refused = Vec::new();
        for view in rows_of::<OrderView>(Bytes::of(views)?.as_slice())? {
            let working = Working {
                price: view.status.price,
                stop_price: view.stop_price,
                quantity: view.status.quantity,
                done: view.status.cumulative_quantity,
                triggered: view.triggered != 0,
                accepted_at: view.accepted_at,
            };
            if !self.0.restore(view.status.order_id, &view.request, &working) {
                refused.push(view.status.order_id);
            }
        }
        Ok(refused)
    }

    fn quotes<'py>(
        &mut self,
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        now: u64,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let mut out = Vec::new();
        for quote in rows_of::<Quote>(Bytes::of(rows)?.as_slice())? {
            self.0.quote(&quote, now, &mut out);
        }
        Ok(answer(py, &out))
    }

    fn advance<'py>(&mut self, py: Python<'py>, now: u64) -> Bound<'py, PyBytes> {
        let mut out = Vec::new();
        self.0.advance(now, &mut out);
        answer(py, &out)
    }

    fn start_trade_ids_at(&mut self, trade_id: u64) {
        self.0.start_trade_ids_at(trade_id);
    }

    #[getter]
    fn next_expiry(&self) -> Option<u64> {
        self.0.next_expiry()
    }

    #[getter]
    fn open_orders(&self) -> usize {
        self.0.open_orders()
    }

    fn depth(&self, instrument_id: &[u8], side: u8) -> PyResult<Vec<(u64, i64, u64)>> {
        let side = match side {
            1 => BookSide::Bid,
            2 => BookSide::Ask,
            other => return Err(PyValueError::new_err(format!("side {other} is neither 1 nor 2"))),
        };
        let id = read(instrument_id).filter(|_| instrument_id.len() == 16);
        let id = id.ok_or_else(|| PyValueError::new_err("an instrument id has 16 bytes"))?;
        let Some(book) = self.0.book(id) else { return Ok(Vec::new()) };
        Ok(book.iter(side).map(|order| (order.order_id, order.price, order.quantity)).collect())
    }
}
