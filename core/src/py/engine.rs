//! Bindings of the order engine. Rows cross as bytes, whole batches at a time.

use alphapulse_gen::layout::{
    Fill, FrameContext, InstrumentId, MessageType, OrdStatus, OrderCancel, OrderModify, OrderRequest, Quote,
    SpanId, TraceId,
};
use alphapulse_gen::record::{as_bytes, read};
use pyo3::create_exception;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};

use super::book::{fields, rows_of};
use super::buffer::Bytes;
use crate::book::report::VenueReport;
use crate::engine::order::{Order, OrderView, Trade};
use crate::engine::output::{OUTCOME_FIELDS, Outcome, Output, Route};
use crate::engine::risk::{InstrumentRules, Limits, RULES_FIELDS, TradingState};
use crate::engine::{Engine, EngineError, derive_span, snapshot, state::State, venue_context};

create_exception!(
    alphapulse_core._native,
    JournalError,
    PyValueError,
    "A journal that does not continue the state, or a snapshot that is none."
);

pub fn register(m: &Bound<'_, PyModule>) -> PyResult<()> {
    m.add("JournalError", m.py().get_type::<JournalError>())?;
    m.add_class::<OrderEngine>()?;
    m.add_class::<EngineOutput>()?;
    m.add_function(wrap_pyfunction!(derive_span_id, m)?)?;
    m.add("INSTRUMENT_RULES_FIELDS", fields(&RULES_FIELDS, size_of::<InstrumentRules>()))?;
    m.add("OUTCOME_FIELDS", fields(&OUTCOME_FIELDS, size_of::<Outcome>()))?;
    m.add("ORDER_VIEW_BYTES", size_of::<OrderView>())?;
    Ok(())
}

#[pyfunction]
fn derive_span_id<'py>(py: Python<'py>, parent: &[u8], step: u64) -> PyResult<Bound<'py, PyBytes>> {
    Ok(PyBytes::new(py, &derive_span(span(parent)?, step).0))
}

fn span(bytes: &[u8]) -> PyResult<SpanId> {
    let bytes = bytes.try_into().map_err(|_| PyValueError::new_err("a span id has 8 bytes"))?;
    Ok(SpanId(bytes))
}

fn trace(bytes: &[u8]) -> PyResult<TraceId> {
    let bytes = bytes.try_into().map_err(|_| PyValueError::new_err("a trace id has 16 bytes"))?;
    Ok(TraceId(bytes))
}

fn refused(error: &EngineError) -> PyErr {
    match error {
        EngineError::Journal(_) | EngineError::Frame(_) => JournalError::new_err(error.to_string()),
        EngineError::MessageType(_) | EngineError::RowSize { .. } => PyValueError::new_err(error.to_string()),
    }
}

/// What the engine made of a batch. See the stub.
#[pyclass(frozen, module = "alphapulse_core._native")]
pub struct EngineOutput(Output);

#[pymethods]
impl EngineOutput {
    fn frames<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyBytes>> {
        self.0.frames().iter().map(|frame| PyBytes::new(py, frame)).collect()
    }

    #[getter]
    fn outcomes<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, as_bytes(&self.0.outcomes))
    }

    #[getter]
    fn reports<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let rows: Vec<_> = self.0.reports.iter().map(|row| row.1).collect();
        PyBytes::new(py, as_bytes(&rows))
    }

    fn routes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        let mut rest = &self.0.routes[..];
        while let Some(first) = rest.first() {
            let kind = kind_of(first);
            let length = rest.iter().take_while(|route| kind_of(route) == kind).count();
            let (run, later) = rest.split_at(length);
            rest = later;
            let mut ids = Vec::with_capacity(length);
            let mut rows = Vec::new();
            for route in run {
                match route {
                    Route::New { order_id, request } => {
                        ids.push(*order_id);
                        rows.extend_from_slice(as_bytes::<OrderRequest>(&[*request]));
                    }
                    Route::Cancel(row) => {
                        ids.push(row.order_id);
                        rows.extend_from_slice(as_bytes::<OrderCancel>(&[*row]));
                    }
                    Route::Modify(row) => {
                        ids.push(row.order_id);
                        rows.extend_from_slice(as_bytes::<OrderModify>(&[*row]));
                    }
                }
            }
            list.append((kind.0, ids, PyBytes::new(py, &rows)))?;
        }
        Ok(list)
    }

    fn fills<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        let mut rest = &self.0.fills[..];
        while let Some(&(at, _)) = rest.first() {
            let length = rest.iter().take_while(|row| row.0 == at).count();
            let (run, later) = rest.split_at(length);
            rest = later;
            let rows: Vec<Fill> = run.iter().map(|row| row.1).collect();
            let context = &self.0.contexts[at as usize];
            list.append((
                PyBytes::new(py, &context.trace_id.0),
                PyBytes::new(py, &context.message_id.0),
                PyBytes::new(py, &context.causation_id.0),
                context.trace_flags & 1 != 0,
                PyBytes::new(py, as_bytes(&rows)),
            ))?;
        }
        Ok(list)
    }

    #[getter]
    fn anomalies<'py>(&self, py: Python<'py>) -> Vec<(&'static str, Bound<'py, PyBytes>)> {
        let anomalies = self.0.anomalies.iter();
        anomalies.map(|(anomaly, report)| (anomaly.name(), PyBytes::new(py, as_bytes(&[*report])))).collect()
    }

    fn __len__(&self) -> usize {
        self.0.reports.len()
    }
}

fn kind_of(route: &Route) -> MessageType {
    match route {
        Route::New { .. } => MessageType::ORDER_REQUEST,
        Route::Cancel(_) => MessageType::ORDER_CANCEL,
        Route::Modify(_) => MessageType::ORDER_MODIFY,
    }
}

/// The order engine. See the stub.
#[pyclass(module = "alphapulse_core._native")]
pub struct OrderEngine {
    engine: Engine,
    keep_closed: usize,
}

impl OrderEngine {
    fn state(&self) -> &State {
        self.engine.state()
    }
}

#[pymethods]
impl OrderEngine {
    #[new]
    #[pyo3(signature = (
        *, keep_closed_orders, max_order_quantity, max_order_notional, max_open_orders,
        max_position_notional, max_orders_per_second, price_band, max_quote_age, require_quote
    ))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of one call")]
    fn new(
        keep_closed_orders: usize,
        max_order_quantity: u64,
        max_order_notional: u64,
        max_open_orders: u32,
        max_position_notional: u64,
        max_orders_per_second: u32,
        price_band: u64,
        max_quote_age: u64,
        require_quote: bool,
    ) -> Self {
        let limits = Limits {
            max_order_quantity,
            max_order_notional,
            max_open_orders,
            max_position_notional,
            max_orders_per_second,
            price_band,
            max_quote_age,
            require_quote,
        };
        Self { engine: Engine::new(limits, keep_closed_orders), keep_closed: keep_closed_orders }
    }

    fn set_instruments(&mut self, rules: &Bound<'_, PyAny>) -> PyResult<()> {
        for rules in rows_of::<InstrumentRules>(Bytes::of(rules)?.as_slice())? {
            if rules.multiplier == 0 {
                return Err(PyValueError::new_err("an instrument needs a multiplier"));
            }
            self.engine.set_rules(rules);
        }
        Ok(())
    }

    fn has_instrument(&self, instrument_id: &[u8]) -> PyResult<bool> {
        Ok(self.engine.risk().rules(instrument(instrument_id)?).is_some())
    }

    fn set_trading_state(&mut self, trading_state: &str) -> PyResult<()> {
        let state = match trading_state {
            "active" => TradingState::Active,
            "reducing" => TradingState::Reducing,
            "halted" => TradingState::Halted,
            "reconciling" => TradingState::Reconciling,
            other => return Err(PyValueError::new_err(format!("unknown trading state {other:?}"))),
        };
        self.engine.set_trading_state(state);
        Ok(())
    }

    fn quotes(&mut self, rows: &Bound<'_, PyAny>, now: u64) -> PyResult<()> {
        for quote in rows_of::<Quote>(Bytes::of(rows)?.as_slice())? {
            self.engine.quote(&quote, now);
        }
        Ok(())
    }

    #[pyo3(signature = (message_type, rows, *, now, trace_id, message_id, causation_id, sampled = true))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of one call")]
    fn apply_commands(
        &mut self,
        message_type: u8,
        rows: &Bound<'_, PyAny>,
        now: u64,
        trace_id: &[u8],
        message_id: &[u8],
        causation_id: &[u8],
        sampled: bool,
    ) -> PyResult<EngineOutput> {
        let context = FrameContext {
            trace_id: trace(trace_id)?,
            message_id: span(message_id)?,
            causation_id: span(causation_id)?,
            trace_flags: u8::from(sampled),
            ..FrameContext::default()
        };
        let rows = Bytes::of(rows)?;
        let output = self.engine.apply_commands(MessageType(message_type), rows.as_slice(), context, now);
        output.map(EngineOutput).map_err(|error| refused(&error))
    }

    fn apply_reports(&mut self, reports: &Bound<'_, PyAny>, now: u64) -> PyResult<EngineOutput> {
        let reports = rows_of::<VenueReport>(Bytes::of(reports)?.as_slice())?;
        Ok(EngineOutput(self.engine.apply_reports(&reports, now)))
    }

    fn apply_events(&mut self, frames: &Bound<'_, PyAny>) -> PyResult<()> {
        for frame in frames.try_iter()? {
            let frame = Bytes::of(&frame?)?;
            self.engine.apply_events(frame.as_slice()).map_err(|error| refused(&error))?;
        }
        Ok(())
    }

    fn snapshot<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &snapshot::write(self.state()))
    }

    fn restore(&mut self, data: &Bound<'_, PyAny>) -> PyResult<()> {
        let restored = snapshot::restore(Bytes::of(data)?.as_slice(), self.keep_closed);
        let restored = restored.map_err(|error| JournalError::new_err(error.to_string()))?;
        *self.engine.state_mut() = restored;
        Ok(())
    }

    fn digest<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &snapshot::digest(self.state()))
    }

    fn take_evicted<'py>(
        &mut self,
        py: Python<'py>,
    ) -> Vec<(Bound<'py, PyBytes>, Bound<'py, PyBytes>, Vec<u64>)> {
        let evicted = self.engine.state_mut().take_evicted();
        let pack = |order: &Order| {
            let fills = fills_of(order);
            let mut numbers = vec![order.request.client_order_id];
            numbers.extend(&order.aliases);
            let view = PyBytes::new(py, as_bytes(&[order.view()]));
            (view, PyBytes::new(py, as_bytes(&fills)), numbers)
        };
        evicted.iter().map(pack).collect()
    }

    fn order<'py>(&self, py: Python<'py>, order_id: u64) -> Option<Bound<'py, PyBytes>> {
        self.state().order(order_id).map(|order| PyBytes::new(py, as_bytes(&[order.view()])))
    }

    fn find(&self, account_id: u32, client_order_id: u64) -> u64 {
        self.state().find(account_id, client_order_id)
    }

    #[pyo3(signature = (*, before = u64::MAX, limit = 100, account_id = 0, strategy_id = 0,
        instrument_id = None, status = 0, open_only = false))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of one call")]
    fn orders<'py>(
        &self,
        py: Python<'py>,
        before: u64,
        limit: usize,
        account_id: u32,
        strategy_id: u32,
        instrument_id: Option<&[u8]>,
        status: u8,
        open_only: bool,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let wanted = instrument_id.map(instrument).transpose()?;
        let passes = |order: &&Order| {
            let request = &order.request;
            (account_id == 0 || request.account_id == account_id)
                && (strategy_id == 0 || request.strategy_id == strategy_id)
                && wanted.is_none_or(|id| id == request.instrument_id)
                && (status == 0 || order.status() == OrdStatus(status))
                && (!open_only || !order.is_closed())
        };
        let views: Vec<OrderView> =
            self.state().orders_before(before).filter(passes).take(limit).map(Order::view).collect();
        Ok(PyBytes::new(py, as_bytes(&views)))
    }

    fn working<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let mut open: Vec<&Order> = self
            .state()
            .orders()
            .filter(|order| !order.is_closed() || order.pending_cancel || order.pending_replace.is_some())
            .collect();
        open.sort_by_key(|order| (order.priority == 0, order.priority, order.order_id));
        let views: Vec<OrderView> = open.into_iter().map(Order::view).collect();
        PyBytes::new(py, as_bytes(&views))
    }

    fn pending_modify<'py>(&self, py: Python<'py>, order_id: u64) -> Option<Bound<'py, PyBytes>> {
        let asked = self.state().order(order_id)?.pending_replace?;
        Some(PyBytes::new(py, as_bytes(&[asked])))
    }

    fn order_fills<'py>(&self, py: Python<'py>, order_id: u64) -> Bound<'py, PyBytes> {
        let fills = self.state().order(order_id).map(fills_of);
        PyBytes::new(py, as_bytes(&fills.unwrap_or_default()))
    }

    #[pyo3(signature = (*, before = u64::MAX, limit = 100))]
    fn fills<'py>(
        &self,
        py: Python<'py>,
        before: u64,
        limit: usize,
    ) -> (Bound<'py, PyBytes>, Bound<'py, PyBytes>) {
        let mut rows = Vec::new();
        let mut traces = Vec::new();
        for (order, trade) in self.state().trades_before(before).take(limit) {
            rows.push(order.fill_row(trade));
            traces.extend_from_slice(&order.context.trace_id.0);
        }
        (PyBytes::new(py, as_bytes(&rows)), PyBytes::new(py, &traces))
    }

    fn venue_context<'py>(&self, py: Python<'py>, order_id: u64) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let Some(order) = self.state().order(order_id) else { return Ok(None) };
        let context = venue_context(order);
        let parts = (
            PyBytes::new(py, &context.trace_id.0),
            PyBytes::new(py, &context.message_id.0),
            PyBytes::new(py, &context.causation_id.0),
            context.trace_flags & 1 != 0,
        );
        parts.into_pyobject(py).map(Some)
    }

    fn position(&self, account_id: u32, instrument_id: &[u8]) -> PyResult<i128> {
        Ok(self.state().position(account_id, instrument(instrument_id)?))
    }

    #[getter]
    fn sequence(&self) -> u64 {
        self.state().sequence()
    }

    #[getter]
    fn next_order_id(&self) -> u64 {
        self.state().next_order_id()
    }

    #[getter]
    fn max_trade_id(&self) -> u64 {
        self.state().max_trade_id()
    }

    #[getter]
    fn open_orders(&self) -> u64 {
        self.state().open_total()
    }

    #[getter]
    fn orders_in_memory(&self) -> usize {
        self.state().orders().count()
    }
}

fn instrument(bytes: &[u8]) -> PyResult<InstrumentId> {
    let id = read(bytes).filter(|_| bytes.len() == 16);
    id.ok_or_else(|| PyValueError::new_err("an instrument id has 16 bytes"))
}

fn fills_of(order: &Order) -> Vec<Fill> {
    let mut trades: Vec<&Trade> = order.trades.iter().filter(|trade| trade.busted == 0).collect();
    trades.sort_by_key(|trade| trade.journal_sequence);
    trades.into_iter().map(|trade| order.fill_row(trade)).collect()
}
