//! The order engine: commands in, events out.
//!
//! Single-threaded and deterministic: no I/O, no clock, no randomness. Commands (new, cancel, modify)
//! and venue reports are decided against the state ([`state`], a fold over the journal) and what
//! [`risk`] knows; the outcome is a list of rows that the fold takes at once and that the service
//! journals and publishes as frames ([`output`]). Replaying those frames gives the same state, byte
//! for byte ([`snapshot`]).
//!
//! Span ids of what the engine causes are functions of the id of the command that caused it
//! ([`derive_span`]), so a replay names the same spans.

pub mod order;
pub mod output;
pub mod risk;
pub mod snapshot;
pub mod state;

use alphapulse_gen::layout::{
    ExecType, ExecutionReport, Fill, FrameContext, MessageType, OrdStatus, OrderCancel, OrderModify,
    OrderReason, OrderRequest, Quote, SpanId, TimeInForce, TraceId,
};
use alphapulse_gen::record::{Layout, read};

use crate::book::report::VenueReport;
use crate::frame;
use order::{Order, is_terminal};
use output::{Outcome, Output, Route};
use risk::{InstrumentRules, Limits, Risk, TradingState};
use state::{Event, Inconsistent, State, derived};

/// What the span of a step is, for [`derive_span`].
const VENUE_SUBMIT: u64 = 1;
/// Added to the journal sequence before the batch of fills.
const FILL: u64 = 1 << 32;

/// The id of a span that `parent` causes: a fixed, invertible function for each `step`, so that two
/// parents never get one child. Never zero.
#[must_use]
pub fn derive_span(parent: SpanId, step: u64) -> SpanId {
    // SplitMix64 (Steele, Lea, Flood 2014)
    let mix = |mut z: u64| {
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    };
    let salt = mix(step.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let id = mix(u64::from_be_bytes(parent.0) ^ salt);
    SpanId(if id == 0 { salt | 1 } else { id }.to_be_bytes())
}

/// Something a venue said that cannot be right, or that nobody waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anomaly {
    /// The same trade again: dropped.
    DuplicateTrade,
    /// A known trade id with other data: dropped, a person has to look.
    ConflictingTrade,
    /// More was done than was ordered: recorded, nothing is left.
    OverFill,
    /// A fill of an order that had ended: recorded.
    LateFill,
    /// An order that the engine does not know.
    UnknownOrder,
    /// A word that does not fit where the order stands: dropped.
    Unexpected,
}

impl Anomaly {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::DuplicateTrade => "DUPLICATE_TRADE",
            Self::ConflictingTrade => "CONFLICTING_TRADE",
            Self::OverFill => "OVER_FILL",
            Self::LateFill => "LATE_FILL",
            Self::UnknownOrder => "UNKNOWN_ORDER",
            Self::Unexpected => "UNEXPECTED_REPORT",
        }
    }
}

/// Why rows or frames were not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EngineError {
    /// Not a type of command or journal row.
    MessageType(u8),
    /// No whole number of rows.
    RowSize {
        expected: usize,
        actual: usize,
    },
    Frame(frame::FrameError),
    Journal(Inconsistent),
}

impl std::fmt::Display for EngineError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::MessageType(number) => write!(f, "message type {number} is no order row"),
            Self::RowSize { expected, actual } => {
                write!(f, "{actual} bytes are no whole number of rows of {expected}")
            }
            Self::Frame(error) => write!(f, "{}", error.detail),
            Self::Journal(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for EngineError {}

impl From<Inconsistent> for EngineError {
    fn from(error: Inconsistent) -> Self {
        Self::Journal(error)
    }
}

fn rows_of<T: Layout>(bytes: &[u8]) -> Result<impl Iterator<Item = T> + '_, EngineError> {
    let size = size_of::<T>();
    if bytes.len() % size != 0 {
        return Err(EngineError::RowSize { expected: size, actual: bytes.len() });
    }
    Ok(bytes.chunks_exact(size).map(|row| read(row).expect("a whole row")))
}

/// The engine. See the module page.
pub struct Engine {
    state: State,
    risk: Risk,
}

impl Engine {
    #[must_use]
    pub fn new(limits: Limits, keep_closed: usize) -> Self {
        Self { state: State::new(keep_closed), risk: Risk::new(limits) }
    }

    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    pub fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    pub fn set_limits(&mut self, limits: Limits) {
        self.risk.set_limits(limits);
    }

    pub fn set_trading_state(&mut self, trading_state: TradingState) {
        self.risk.trading_state = trading_state;
    }

    pub fn set_rules(&mut self, rules: InstrumentRules) {
        self.risk.set_rules(rules);
    }

    #[must_use]
    pub fn risk(&self) -> &Risk {
        &self.risk
    }

    /// The last quote is what prices are compared with.
    pub fn quote(&mut self, quote: &Quote, now: u64) {
        self.risk.quote(quote, now);
    }

    /// Decide the rows of one command frame. `context` is the one under which execution publishes:
    /// the command's trace, the span of the acceptance, and the command's own id as the cause.
    pub fn apply_commands(
        &mut self,
        message_type: MessageType,
        rows: &[u8],
        context: FrameContext,
        now: u64,
    ) -> Result<Output, EngineError> {
        let mut out = Output::new(now);
        let at = out.context(context);
        match message_type {
            MessageType::ORDER_REQUEST => {
                for row in rows_of::<OrderRequest>(rows)? {
                    self.submit(row, at, now, &mut out);
                }
            }
            MessageType::ORDER_CANCEL => {
                for row in rows_of::<OrderCancel>(rows)? {
                    self.cancel(&row, at, now, &mut out);
                }
            }
            MessageType::ORDER_MODIFY => {
                for row in rows_of::<OrderModify>(rows)? {
                    self.modify(&row, at, now, &mut out);
                }
            }
            other => return Err(EngineError::MessageType(other.0)),
        }
        Ok(self.finish(out))
    }

    /// Decide what venues said, in the order in which they said it.
    pub fn apply_reports(&mut self, reports: &[VenueReport], now: u64) -> Output {
        let mut out = Output::new(now);
        let batch = FILL.wrapping_add(self.state.sequence());
        for report in reports {
            self.hear(report, batch, &mut out);
        }
        self.finish(out)
    }

    /// Take the rows of a journaled frame again.
    pub fn apply_events(&mut self, bytes: &[u8]) -> Result<(), EngineError> {
        let info = frame::verify(bytes).map_err(EngineError::Frame)?;
        let rows = info.rows(bytes);
        let context = info.context;
        match info.header.message_type {
            MessageType::ORDER_REQUEST => {
                self.state.begin_orders();
                for row in rows_of(rows)? {
                    self.state.apply(&Event::Request(row), &context)?;
                }
            }
            MessageType::ORDER_MODIFY => {
                for row in rows_of(rows)? {
                    self.state.apply(&Event::Modify(row), &context)?;
                }
            }
            MessageType::EXECUTION_REPORT => {
                for row in rows_of(rows)? {
                    self.state.apply(&Event::Report(row), &context)?;
                }
            }
            MessageType::FILL => {
                for row in rows_of(rows)? {
                    self.state.apply(&Event::Fill(row), &context)?;
                }
            }
            // Where orders stand follows from the reports.
            MessageType::ORDER_STATUS => {}
            other => return Err(EngineError::MessageType(other.0)),
        }
        Ok(())
    }

    fn submit(&mut self, mut row: OrderRequest, at: u32, now: u64, out: &mut Output) {
        if row.client_order_id != 0 {
            let known = self.state.find(row.account_id, row.client_order_id);
            if let Some(order) = self.state.order(known) {
                let reason = if same_order(&order.request, &row) {
                    order.reason
                } else {
                    OrderReason::DUPLICATE_CLIENT_ORDER_ID
                };
                out.outcomes.push(Outcome { reason, duplicate: 1, ..outcome(order) });
                return;
            }
        }
        if out.requests.is_empty() {
            self.state.begin_orders();
        }
        if row.time_in_force == TimeInForce::NONE {
            row.time_in_force = TimeInForce::GTC;
        }
        if row.client_order_id == 0 {
            // Above what clients choose: the top bit is ours.
            row.client_order_id = self.free_client_order_id(row.account_id);
        }
        let checked = self.risk.validate(&row, now).and_then(|()| self.risk.check(&self.state, &row, now));
        let context = out.contexts[at as usize];
        let order_id = self.state.apply_request(&row, &context).expect("the client order id is new");
        out.requests.push((at, row));
        match checked {
            Ok(()) => {
                self.report(order_id, ExecType::PENDING_NEW, OrderReason::NONE, now, at, out);
                out.routes.push(Route::New { order_id, request: row });
            }
            Err(reason) => self.report(order_id, ExecType::REJECTED, reason, now, at, out),
        }
        let order = self.state.order(order_id).expect("just made");
        out.outcomes.push(outcome(order));
    }

    fn free_client_order_id(&self, account_id: u32) -> u64 {
        let mut id = 1 << 63 | self.state.next_order_id();
        while self.state.find(account_id, id) != 0 {
            id += 1;
        }
        id
    }

    /// The order that a cancel or modify names, or why it names none.
    fn named(&self, order_id: u64, account_id: u32, client_order_id: u64) -> Result<u64, OrderReason> {
        let id = if order_id != 0 { order_id } else { self.state.find(account_id, client_order_id) };
        match self.state.order(id) {
            Some(order) if account_id == 0 || order.request.account_id == account_id => Ok(id),
            _ => Err(OrderReason::UNKNOWN_ORDER),
        }
    }

    fn cancel(&mut self, row: &OrderCancel, at: u32, now: u64, out: &mut Output) {
        let order_id = match self.named(row.order_id, row.account_id, row.client_order_id) {
            Ok(order_id) => order_id,
            Err(reason) => {
                let client_order_id = row.client_order_id;
                out.outcomes.push(Outcome { client_order_id, reason, ..Outcome::default() });
                return;
            }
        };
        let order = self.state.order(order_id).expect("found above");
        if order.pending_cancel || order.base == OrdStatus::CANCELED {
            out.outcomes.push(Outcome { duplicate: 1, ..outcome(order) });
            return;
        }
        if order.is_closed() {
            out.outcomes.push(Outcome { reason: OrderReason::ORDER_CLOSED, ..outcome(order) });
            return;
        }
        let instrument_id = order.request.instrument_id;
        let client_order_id = order.client_order_id;
        self.report(order_id, ExecType::PENDING_CANCEL, OrderReason::NONE, now, at, out);
        out.routes.push(Route::Cancel(OrderCancel { instrument_id, order_id, client_order_id, ..*row }));
        let order = self.state.order(order_id).expect("found above");
        out.outcomes.push(outcome(order));
    }

    fn modify(&mut self, row: &OrderModify, at: u32, now: u64, out: &mut Output) {
        let order_id = match self.named(row.order_id, row.account_id, row.client_order_id) {
            Ok(order_id) => order_id,
            Err(reason) => {
                let client_order_id = row.client_order_id;
                out.outcomes.push(Outcome { client_order_id, reason, ..Outcome::default() });
                return;
            }
        };
        let order = self.state.order(order_id).expect("found above");
        let account_id = order.request.account_id;
        let taken = self.state.find(account_id, row.new_client_order_id);
        if row.new_client_order_id != 0 && taken != 0 {
            let same = taken == order_id && row.new_client_order_id != order.request.client_order_id;
            let reason = if same { OrderReason::NONE } else { OrderReason::DUPLICATE_CLIENT_ORDER_ID };
            out.outcomes.push(Outcome { reason, duplicate: 1, ..outcome(order) });
            return;
        }
        let checked = if order.is_closed() || order.pending_cancel {
            Err(OrderReason::ORDER_CLOSED)
        } else if order.pending_replace.is_some() {
            Err(OrderReason::RECONCILING)
        } else {
            self.risk.check_modify(&self.state, order, row, now)
        };
        if let Err(reason) = checked {
            out.outcomes.push(Outcome { reason, ..outcome(order) });
            return;
        }
        let row = OrderModify {
            instrument_id: order.request.instrument_id,
            order_id,
            client_order_id: order.client_order_id,
            account_id,
            ..*row
        };
        self.state.apply_modify(&row).expect("the order is known");
        out.modifies.push((at, row));
        self.report(order_id, ExecType::PENDING_REPLACE, OrderReason::NONE, now, at, out);
        out.routes.push(Route::Modify(row));
        let order = self.state.order(order_id).expect("found above");
        out.outcomes.push(outcome(order));
    }

    fn hear(&mut self, report: &VenueReport, batch: u64, out: &mut Output) {
        let Some(order) = self.state.order(report.order_id) else {
            out.anomalies.push((Anomaly::UnknownOrder, *report));
            return;
        };
        let closed = order.is_closed();
        match report.exec_type {
            ExecType::TRADE => self.hear_trade(report, batch, out),
            ExecType::TRADE_CANCEL | ExecType::TRADE_CORRECT => {
                let known = order.trade(report.trade_id).is_some_and(|trade| trade.busted == 0);
                if !known {
                    out.anomalies.push((Anomaly::Unexpected, *report));
                    return;
                }
                let at = out.context(fill_context(order, batch));
                self.traded(report, at, out);
            }
            ExecType::NEW if order.base == OrdStatus::PENDING_NEW => {
                let at = out.context(venue_context(order));
                self.answer(report, ExecType::NEW, at, out);
            }
            // A refusal after something was done is an end of the rest.
            ExecType::REJECTED if order.base == OrdStatus::PENDING_NEW => {
                let exec_type = if order.cumulative > 0 { ExecType::CANCELED } else { ExecType::REJECTED };
                let at = out.context(venue_context(order));
                self.answer(report, exec_type, at, out);
            }
            ExecType::REJECTED | ExecType::CANCELED | ExecType::EXPIRED if !is_terminal(order.base) => {
                let by_command = report.exec_type == ExecType::CANCELED && order.pending_cancel;
                let context = if by_command { command_context(order) } else { venue_context(order) };
                let at = out.context(context);
                // Of an order that is done there is nothing left to cancel: it stays filled.
                let exec_type = match report.exec_type {
                    _ if closed => ExecType::RESTATED,
                    ExecType::REJECTED => ExecType::CANCELED,
                    other => other,
                };
                self.answer(report, exec_type, at, out);
            }
            ExecType::SUSPENDED if !is_terminal(order.base) => {
                let at = out.context(venue_context(order));
                self.answer(report, ExecType::SUSPENDED, at, out);
            }
            ExecType::REPLACED if order.pending_replace.is_some() => {
                let at = out.context(command_context(order));
                self.replaced(report, at, out);
            }
            ExecType::CANCEL_REJECTED if order.pending_cancel || order.pending_replace.is_some() => {
                let at = out.context(command_context(order));
                self.answer(report, ExecType::CANCEL_REJECTED, at, out);
            }
            ExecType::RESTATED if !is_terminal(order.base) => {
                let at = out.context(venue_context(order));
                self.replaced(report, at, out);
            }
            _ => out.anomalies.push((Anomaly::Unexpected, *report)),
        }
    }

    fn hear_trade(&mut self, report: &VenueReport, batch: u64, out: &mut Output) {
        let order = self.state.order(report.order_id).expect("looked up before");
        if let Some(known) = order.trade(report.trade_id) {
            let same = known.price == report.price && known.quantity == report.quantity;
            let anomaly = if same { Anomaly::DuplicateTrade } else { Anomaly::ConflictingTrade };
            out.anomalies.push((anomaly, *report));
            return;
        }
        if report.quantity == 0 || order.cumulative.checked_add(report.quantity).is_none() {
            out.anomalies.push((Anomaly::Unexpected, *report));
            return;
        }
        if is_terminal(order.base) {
            out.anomalies.push((Anomaly::LateFill, *report));
        } else if order.cumulative + report.quantity > order.quantity {
            out.anomalies.push((Anomaly::OverFill, *report));
        }
        let at = out.context(fill_context(order, batch));
        self.traded(report, at, out);
        let order = self.state.order(report.order_id).expect("looked up before");
        let trade = order.trade(report.trade_id).expect("just traded");
        let row = Fill {
            fee: report.fee,
            fee_currency: report.fee_currency,
            liquidity: report.liquidity,
            ..order.fill_row(trade)
        };
        self.state.apply_fill(&row).expect("the trade is known");
        out.fills.push((at, row));
    }

    fn traded(&mut self, report: &VenueReport, at: u32, out: &mut Output) {
        let row = ExecutionReport {
            execution_id: report.trade_id,
            last_price: report.price,
            last_quantity: report.quantity,
            exec_type: report.exec_type,
            reason: report.reason,
            ..self.blank(report.order_id, report.transact_time)
        };
        self.commit(row, at, out);
    }

    /// New terms of an order. Fewer than what is done: the order is done.
    fn replaced(&mut self, report: &VenueReport, at: u32, out: &mut Output) {
        let order = self.state.order(report.order_id).expect("looked up before");
        let row = ExecutionReport {
            price: if report.price == 0 { order.price } else { report.price },
            quantity: if report.quantity == 0 {
                order.quantity
            } else {
                report.quantity.max(order.cumulative)
            },
            exec_type: report.exec_type,
            reason: report.reason,
            ..self.blank(report.order_id, report.transact_time)
        };
        self.commit(row, at, out);
    }

    fn answer(&mut self, report: &VenueReport, exec_type: ExecType, at: u32, out: &mut Output) {
        self.report(report.order_id, exec_type, report.reason, report.transact_time, at, out);
    }

    fn report(
        &mut self,
        order_id: u64,
        exec_type: ExecType,
        reason: OrderReason,
        time: u64,
        at: u32,
        out: &mut Output,
    ) {
        let row = ExecutionReport { exec_type, reason, ..self.blank(order_id, time) };
        self.commit(row, at, out);
    }

    fn blank(&self, order_id: u64, time: u64) -> ExecutionReport {
        let order = self.state.order(order_id).expect("a report is made for a known order");
        ExecutionReport {
            order_id,
            transact_time: time,
            price: order.price,
            quantity: order.quantity,
            journal_sequence: self.state.sequence() + 1,
            ..ExecutionReport::default()
        }
    }

    fn commit(&mut self, row: ExecutionReport, at: u32, out: &mut Output) {
        let context = out.contexts[at as usize];
        self.state.apply_report(&row, &context).expect("only possible reports are made");
        let order = self.state.order(row.order_id).expect("the report was applied to it");
        out.reports.push((at, derived(order, row)));
        out.touch(row.order_id, at);
    }

    fn finish(&self, mut out: Output) -> Output {
        out.take_statuses(&self.state);
        out
    }
}

fn outcome(order: &Order) -> Outcome {
    Outcome {
        order_id: order.order_id,
        client_order_id: order.client_order_id,
        status: order.status(),
        duplicate: 0,
        reason: order.reason,
        reserved: 0,
    }
}

/// Whether a repeated request asks for the same thing.
fn same_order(a: &OrderRequest, b: &OrderRequest) -> bool {
    let normal = |tif: TimeInForce| if tif == TimeInForce::NONE { TimeInForce::GTC } else { tif };
    a.instrument_id == b.instrument_id
        && a.side == b.side
        && a.order_type == b.order_type
        && normal(a.time_in_force) == normal(b.time_in_force)
        && a.price == b.price
        && a.stop_price == b.stop_price
        && a.quantity == b.quantity
        && a.expires_at == b.expires_at
        && a.flags == b.flags
}

fn child(trace_id: TraceId, message_id: SpanId, causation_id: SpanId, flags: u8) -> FrameContext {
    FrameContext { trace_id, message_id, causation_id, trace_flags: flags, ..FrameContext::default() }
}

/// The context of what the venue says of an order: caused by its acceptance.
#[must_use]
pub fn venue_context(order: &Order) -> FrameContext {
    let accepted = order.context.message_id;
    let span = derive_span(accepted, VENUE_SUBMIT);
    child(order.context.trace_id, span, accepted, order.context.trace_flags)
}

/// The context of the fills of one batch: caused by the submission to the venue.
fn fill_context(order: &Order, batch: u64) -> FrameContext {
    let venue = venue_context(order);
    let span = derive_span(venue.message_id, batch);
    child(venue.trace_id, span, venue.message_id, venue.trace_flags)
}

/// The context of the answer to a cancel or modify command: of the command's own trace.
fn command_context(order: &Order) -> FrameContext {
    let (trace_id, span) = order.command;
    child(trace_id, derive_span(span, VENUE_SUBMIT), span, 1)
}

#[cfg(test)]
mod tests;
