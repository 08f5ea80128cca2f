//! One order: what was asked, where it stands, what was done.
//!
//! Quantities and lifecycle are kept apart. The lifecycle (`base` and what is pending) says what the
//! venue was told and has answered; the quantities say what was traded. FIX's OrdStatus is worked out
//! from both, so a fill can come before the acceptance, during a pending cancel or after the end
//! without an illegal state.

use alphapulse_gen::layout::{
    ExecType, Fill, FrameContext, Liquidity, OrdStatus, OrderModify, OrderReason, OrderRequest, OrderStatus,
    SpanId, Text8, TraceId,
};
use alphapulse_gen::record::Layout;

use crate::book::money::average_price;

/// One trade of an order. 72 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct Trade {
    /// Unique per order.
    pub trade_id: u64,
    pub transact_time: u64,
    pub price: i64,
    pub quantity: u64,
    pub fee: i64,
    pub journal_sequence: u64,
    /// Done, left and mean price after it are in the report; `cumulative` is kept for the fill row.
    pub cumulative: u64,
    pub fee_currency: Text8,
    pub liquidity: Liquidity,
    /// The order's status after the trade.
    pub status: OrdStatus,
    /// 1: canceled by the venue later on.
    pub busted: u8,
    pub reserved: u8,
    pub reserved1: u32,
}

const _: () = assert!(size_of::<Trade>() == 72);

// SAFETY: `repr(C)`, integers only, no padding byte (nine words, asserted above).
unsafe impl Layout for Trade {
    const NAME: &'static str = "Trade";
}

/// An order as readers see it: as it was taken and as it stands. 296 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct OrderView {
    pub request: OrderRequest,
    pub status: OrderStatus,
    /// Of the frame in which execution published the request: trace, span of the acceptance, cause.
    pub context: FrameContext,
    pub accepted_at: u64,
    pub updated_at: u64,
    pub stop_price: i64,
    /// 1: a stop order whose stop price was reached.
    pub triggered: u8,
    /// 1: it still works, or is on its way to the venue.
    pub open: u8,
    /// Lifecycle without quantities and pending commands.
    pub base: OrdStatus,
    pub pending_cancel: u8,
    pub pending_replace: u8,
    pub reserved: u8,
    pub reserved1: u16,
}

const _: () = assert!(size_of::<OrderView>() == 296);

// SAFETY: `repr(C)`, integers and layouts only, no padding byte (asserted above: 112 + 112 + 40 + 32).
unsafe impl Layout for OrderView {
    const NAME: &'static str = "OrderView";
}

/// One order. See the module page.
#[derive(Clone, Debug)]
pub struct Order {
    pub order_id: u64,
    /// As taken; `price`, `stop_price` and `quantity` below are as they stand.
    pub request: OrderRequest,
    pub context: FrameContext,
    pub client_order_id: u64,
    /// Client order ids that replacements gave it, beside the first.
    pub aliases: Vec<u64>,
    pub price: i64,
    pub stop_price: i64,
    pub quantity: u64,
    pub cumulative: u64,
    /// Sum of price * quantity of the trades, 1e-16.
    pub cost: i128,
    /// PENDING_NEW, NEW, SUSPENDED, STOPPED, or an end: CANCELED, REJECTED, EXPIRED, DONE_FOR_DAY.
    pub base: OrdStatus,
    pub pending_cancel: bool,
    pub pending_replace: Option<OrderModify>,
    /// Trace and span of the last cancel or modify command.
    pub command: (TraceId, SpanId),
    pub triggered: bool,
    pub reason: OrderReason,
    pub accepted_at: u64,
    pub updated_at: u64,
    pub journal_sequence: u64,
    /// Sequence at which it got its place in the venue's queue.
    pub priority: u64,
    /// Sequence at which it closed; 0 while it is open.
    pub closed_at: u64,
    /// Ascending by trade id.
    pub trades: Vec<Trade>,
}

/// Whether a lifecycle state is an end.
#[must_use]
pub const fn is_terminal(base: OrdStatus) -> bool {
    matches!(base, OrdStatus::CANCELED | OrdStatus::REJECTED | OrdStatus::EXPIRED | OrdStatus::DONE_FOR_DAY)
}

impl Order {
    #[must_use]
    pub fn new(order_id: u64, request: OrderRequest, context: FrameContext) -> Self {
        Self {
            order_id,
            request,
            context,
            client_order_id: request.client_order_id,
            aliases: Vec::new(),
            price: request.price,
            stop_price: request.stop_price,
            quantity: request.quantity,
            cumulative: 0,
            cost: 0,
            base: OrdStatus::NONE,
            pending_cancel: false,
            pending_replace: None,
            command: (TraceId::default(), SpanId::default()),
            triggered: false,
            reason: OrderReason::NONE,
            accepted_at: 0,
            updated_at: 0,
            journal_sequence: 0,
            priority: 0,
            closed_at: 0,
            trades: Vec::new(),
        }
    }

    /// What still works. Never negative: an over-fill leaves nothing.
    #[must_use]
    pub fn leaves(&self) -> u64 {
        if is_terminal(self.base) { 0 } else { self.quantity.saturating_sub(self.cumulative) }
    }

    /// Nothing more is expected of it, but for late fills.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.leaves() == 0
    }

    #[must_use]
    pub fn average_price(&self) -> i64 {
        average_price(self.cost, self.cumulative)
    }

    /// FIX OrdStatus by its rule of precedence: PendingCancel, PendingReplace, DoneForDay, Filled,
    /// Stopped, Suspended, Canceled and Expired, PartiallyFilled, New. One departure, also FIX's own
    /// (appendix D, late fills): an order that was canceled, rejected or expired stays so whatever is
    /// filled later.
    #[must_use]
    pub fn status(&self) -> OrdStatus {
        if self.pending_cancel {
            OrdStatus::PENDING_CANCEL
        } else if self.pending_replace.is_some() {
            OrdStatus::PENDING_REPLACE
        } else if is_terminal(self.base) {
            self.base
        } else if self.cumulative >= self.quantity {
            OrdStatus::FILLED
        } else if matches!(self.base, OrdStatus::STOPPED | OrdStatus::SUSPENDED) {
            self.base
        } else if self.cumulative > 0 {
            OrdStatus::PARTIALLY_FILLED
        } else {
            self.base
        }
    }

    #[must_use]
    pub fn trade(&self, trade_id: u64) -> Option<&Trade> {
        let at = self.trades.binary_search_by_key(&trade_id, |trade| trade.trade_id);
        at.ok().map(|at| &self.trades[at])
    }

    pub fn trade_mut(&mut self, trade_id: u64) -> Option<&mut Trade> {
        let at = self.trades.binary_search_by_key(&trade_id, |trade| trade.trade_id);
        at.ok().map(|at| &mut self.trades[at])
    }

    pub fn add_trade(&mut self, trade: Trade) {
        match self.trades.binary_search_by_key(&trade.trade_id, |known| known.trade_id) {
            Ok(at) => self.trades[at] = trade,
            Err(at) => self.trades.insert(at, trade),
        }
    }

    /// The row of an ORDER_STATUS frame.
    #[must_use]
    pub fn status_row(&self) -> OrderStatus {
        OrderStatus {
            instrument_id: self.request.instrument_id,
            order_id: self.order_id,
            client_order_id: self.client_order_id,
            transact_time: self.updated_at,
            price: self.price,
            quantity: self.quantity,
            cumulative_quantity: self.cumulative,
            leaves_quantity: self.leaves(),
            average_price: self.average_price(),
            journal_sequence: self.journal_sequence,
            account_id: self.request.account_id,
            strategy_id: self.request.strategy_id,
            side: self.request.side,
            order_type: self.request.order_type,
            time_in_force: self.request.time_in_force,
            status: self.status(),
            reason: self.reason,
            ..OrderStatus::default()
        }
    }

    /// The row of a FILL frame for one of its trades.
    #[must_use]
    pub fn fill_row(&self, trade: &Trade) -> Fill {
        Fill {
            instrument_id: self.request.instrument_id,
            order_id: self.order_id,
            client_order_id: self.client_order_id,
            trade_id: trade.trade_id,
            transact_time: trade.transact_time,
            price: trade.price,
            quantity: trade.quantity,
            cumulative_quantity: trade.cumulative,
            leaves_quantity: if is_terminal(trade.status) {
                0
            } else {
                self.quantity.saturating_sub(trade.cumulative)
            },
            fee: trade.fee,
            journal_sequence: trade.journal_sequence,
            fee_currency: trade.fee_currency,
            account_id: self.request.account_id,
            strategy_id: self.request.strategy_id,
            side: self.request.side,
            liquidity: trade.liquidity,
            status: trade.status,
            ..Fill::default()
        }
    }

    #[must_use]
    pub fn view(&self) -> OrderView {
        OrderView {
            request: self.request,
            status: self.status_row(),
            context: self.context,
            accepted_at: self.accepted_at,
            updated_at: self.updated_at,
            stop_price: self.stop_price,
            triggered: u8::from(self.triggered),
            open: u8::from(!self.is_closed()),
            base: self.base,
            pending_cancel: u8::from(self.pending_cancel),
            pending_replace: u8::from(self.pending_replace.is_some()),
            ..OrderView::default()
        }
    }
}

/// The state that a venue's word leads to, `None` for words that are no lifecycle change.
#[must_use]
pub const fn base_after(exec_type: ExecType) -> Option<OrdStatus> {
    Some(match exec_type {
        ExecType::PENDING_NEW => OrdStatus::PENDING_NEW,
        ExecType::NEW => OrdStatus::NEW,
        ExecType::CANCELED => OrdStatus::CANCELED,
        ExecType::REJECTED => OrdStatus::REJECTED,
        ExecType::EXPIRED => OrdStatus::EXPIRED,
        ExecType::SUSPENDED => OrdStatus::SUSPENDED,
        _ => return None,
    })
}
