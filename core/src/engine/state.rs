//! The state of execution as a fold over its journal.
//!
//! Every transition is an `ExecutionReport` row with the next journal sequence; `OrderRequest` rows
//! make orders and number them, `OrderModify` rows say what a pending replacement asks for, `Fill`
//! rows add fee and liquidity to the trade that its report brought. [`State::apply`] is the only way
//! in, live and on replay, and checks that a report says of its order what the fold makes of it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use alphapulse_gen::layout::{
    ExecType, ExecutionReport, Fill, FrameContext, InstrumentId, OrderModify, OrderReason, OrderRequest,
    OrderType, Side,
};
use alphapulse_gen::record::as_bytes;
use hashbrown::HashMap;

use super::order::{Order, Trade, base_after, is_terminal};

/// One row of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    Request(OrderRequest),
    Modify(OrderModify),
    Report(ExecutionReport),
    Fill(Fill),
}

/// A row that does not continue the journal before it: the journal was changed or cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inconsistent {
    /// Journal sequence at which it was seen.
    pub sequence: u64,
    pub detail: String,
}

impl fmt::Display for Inconsistent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "journal sequence {}: {}", self.sequence, self.detail)
    }
}

impl std::error::Error for Inconsistent {}

pub(super) type Account = (u32, InstrumentId);

/// What of an account's orders is open in one instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Open {
    pub buy: u128,
    pub sell: u128,
    pub orders: u32,
}

/// The fold. See the module page.
pub struct State {
    pub(super) orders: BTreeMap<u64, Box<Order>>,
    pub(super) next_order_id: u64,
    pub(super) sequence: u64,
    pub(super) max_trade_id: u64,
    /// Net traded quantity by account and instrument; flat ones are left out. The key is the
    /// account and the bytes of the instrument id.
    pub(super) positions: BTreeMap<(u32, [u8; 16]), i128>,
    /// Closed orders, the first to close first: (order id, sequence at which it closed).
    pub(super) closed: VecDeque<(u64, u64)>,
    keep_closed: usize,
    // Worked out from the orders:
    clients: HashMap<(u32, u64), u64>,
    open: HashMap<Account, Open>,
    open_orders: HashMap<u32, u32>,
    /// Journal sequence of a trade -> its order.
    trades: BTreeMap<u64, u64>,
    evicted: Vec<Order>,
}

pub(super) fn id_bytes(id: InstrumentId) -> [u8; 16] {
    let ids = [id];
    as_bytes(&ids).try_into().expect("an id has 16 bytes")
}

impl State {
    /// `keep_closed`: how many closed orders stay in memory; older ones are handed out by
    /// [`State::take_evicted`].
    #[must_use]
    pub fn new(keep_closed: usize) -> Self {
        Self {
            orders: BTreeMap::new(),
            next_order_id: 1,
            sequence: 0,
            max_trade_id: 0,
            positions: BTreeMap::new(),
            closed: VecDeque::new(),
            keep_closed,
            clients: HashMap::new(),
            open: HashMap::new(),
            open_orders: HashMap::new(),
            trades: BTreeMap::new(),
            evicted: Vec::new(),
        }
    }

    /// Sequence of the last report.
    #[must_use]
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    #[must_use]
    pub fn next_order_id(&self) -> u64 {
        self.next_order_id
    }

    #[must_use]
    pub fn max_trade_id(&self) -> u64 {
        self.max_trade_id
    }

    #[must_use]
    pub fn keep_closed(&self) -> usize {
        self.keep_closed
    }

    #[must_use]
    pub fn order(&self, order_id: u64) -> Option<&Order> {
        self.orders.get(&order_id).map(|order| &**order)
    }

    /// The order of a client's number, 0 where there is none.
    #[must_use]
    pub fn find(&self, account_id: u32, client_order_id: u64) -> u64 {
        self.clients.get(&(account_id, client_order_id)).copied().unwrap_or(0)
    }

    /// Orders in memory by id.
    pub fn orders(&self) -> impl DoubleEndedIterator<Item = &Order> + '_ {
        self.orders.values().map(|order| &**order)
    }

    /// Orders with an id below `before`, newest first.
    pub fn orders_before(&self, before: u64) -> impl Iterator<Item = &Order> + '_ {
        self.orders.range(..before).rev().map(|(_, order)| &**order)
    }

    /// Trades with a journal sequence below `before` and their orders, newest first.
    pub fn trades_before(&self, before: u64) -> impl Iterator<Item = (&Order, &Trade)> + '_ {
        self.trades.range(..before).rev().filter_map(|(&sequence, order_id)| {
            let order = self.order(*order_id)?;
            let trade = order.trades.iter().find(|trade| trade.journal_sequence == sequence)?;
            Some((order, trade))
        })
    }

    /// Net position of an account in an instrument.
    #[must_use]
    pub fn position(&self, account_id: u32, instrument: InstrumentId) -> i128 {
        self.positions.get(&(account_id, id_bytes(instrument))).copied().unwrap_or(0)
    }

    /// Open quantities of an account in an instrument.
    #[must_use]
    pub fn open_in(&self, account_id: u32, instrument: InstrumentId) -> Open {
        self.open.get(&(account_id, instrument)).copied().unwrap_or_default()
    }

    /// Open orders of an account.
    #[must_use]
    pub fn open_orders(&self, account_id: u32) -> u32 {
        self.open_orders.get(&account_id).copied().unwrap_or(0)
    }

    /// Open orders of all accounts.
    #[must_use]
    pub fn open_total(&self) -> u64 {
        self.open_orders.values().map(|&count| u64::from(count)).sum()
    }

    /// Closed orders that left memory since the last call, first closed first.
    pub fn take_evicted(&mut self) -> Vec<Order> {
        std::mem::take(&mut self.evicted)
    }

    /// To be called before the first request of a command frame: closed orders beyond the limit
    /// leave memory here and nowhere else, so that replay forgets at the same places.
    pub fn begin_orders(&mut self) {
        // In bulk: whoever stores them does it many at a time.
        let slack = (self.keep_closed / 16).min(256);
        if self.closed.len() <= self.keep_closed + slack {
            return;
        }
        while self.closed.len() > self.keep_closed {
            let Some((order_id, closed_at)) = self.closed.pop_front() else { return };
            // It may have been opened again by a bust, and closed again later.
            if self.orders.get(&order_id).is_none_or(|order| order.closed_at != closed_at) {
                continue;
            }
            let Some(order) = self.orders.remove(&order_id) else { continue };
            let account = order.request.account_id;
            self.clients.remove(&(account, order.request.client_order_id));
            for alias in &order.aliases {
                self.clients.remove(&(account, *alias));
            }
            for trade in &order.trades {
                self.trades.remove(&trade.journal_sequence);
            }
            self.evicted.push(*order);
        }
    }

    /// One row further. On error the state is spoilt and must not be used.
    pub fn apply(&mut self, event: &Event, context: &FrameContext) -> Result<(), Inconsistent> {
        match event {
            Event::Request(row) => self.apply_request(row, context).map(|_| ()),
            Event::Modify(row) => self.apply_modify(row),
            Event::Fill(row) => self.apply_fill(row),
            Event::Report(row) => {
                self.apply_report(row, context)?;
                let order = self.order(row.order_id).expect("the report was applied to it");
                let made = derived(order, *row);
                if made == *row {
                    return Ok(());
                }
                Err(self.inconsistent(format!(
                    "order {}: the journal says {:?} {}/{}, the fold makes {:?} {}/{}",
                    row.order_id,
                    row.status,
                    row.cumulative_quantity,
                    row.leaves_quantity,
                    made.status,
                    made.cumulative_quantity,
                    made.leaves_quantity,
                )))
            }
        }
    }

    pub(super) fn apply_request(
        &mut self,
        row: &OrderRequest,
        context: &FrameContext,
    ) -> Result<u64, Inconsistent> {
        let key = (row.account_id, row.client_order_id);
        if row.client_order_id == 0 || self.clients.contains_key(&key) {
            return Err(self.inconsistent(format!(
                "client order id {} of account {} is not new",
                row.client_order_id, row.account_id
            )));
        }
        let order_id = self.next_order_id;
        self.next_order_id += 1;
        self.clients.insert(key, order_id);
        self.orders.insert(order_id, Box::new(Order::new(order_id, *row, *context)));
        Ok(order_id)
    }

    pub(super) fn apply_modify(&mut self, row: &OrderModify) -> Result<(), Inconsistent> {
        let Some(order) = self.orders.get_mut(&row.order_id) else {
            return Err(self.inconsistent(format!("replacement of an unknown order {}", row.order_id)));
        };
        order.pending_replace = Some(*row);
        if row.new_client_order_id != 0 {
            order.aliases.push(row.new_client_order_id);
            let key = (order.request.account_id, row.new_client_order_id);
            self.clients.insert(key, row.order_id);
        }
        Ok(())
    }

    pub(super) fn apply_fill(&mut self, row: &Fill) -> Result<(), Inconsistent> {
        let found = self.orders.get_mut(&row.order_id).and_then(|order| order.trade_mut(row.trade_id));
        let Some(trade) = found else {
            return Err(self.inconsistent(format!(
                "fill of an unknown trade {} of order {}",
                row.trade_id, row.order_id
            )));
        };
        if trade.price != row.price || trade.quantity != row.quantity {
            return Err(self.inconsistent(format!(
                "fill of trade {} of order {} differs from its report",
                row.trade_id, row.order_id
            )));
        }
        trade.fee = row.fee;
        trade.fee_currency = row.fee_currency;
        trade.liquidity = row.liquidity;
        Ok(())
    }

    /// Apply a report's transition; derived fields of the row (status, quantities done and left) are
    /// not looked at.
    pub(super) fn apply_report(
        &mut self,
        row: &ExecutionReport,
        context: &FrameContext,
    ) -> Result<(), Inconsistent> {
        if row.journal_sequence != self.sequence + 1 {
            return Err(self.inconsistent(format!("the next sequence is {}", row.journal_sequence)));
        }
        let Some(order) = self.orders.get_mut(&row.order_id) else {
            return Err(self.inconsistent(format!("report of an unknown order {}", row.order_id)));
        };
        self.sequence = row.journal_sequence;
        let before = Share::of(order);
        let traded = transition(order, row, context);
        let Some(traded) = traded else {
            return Err(self.inconsistent(format!(
                "order {}: {} is not possible",
                row.order_id,
                row.exec_type.name().unwrap_or("an unknown exec type")
            )));
        };
        order.journal_sequence = row.journal_sequence;
        order.updated_at = row.transact_time;
        // Why it ended; that a command was refused is in the report alone.
        if row.reason != OrderReason::NONE && base_after(row.exec_type).is_some() {
            order.reason = row.reason;
        }
        let after = Share::of(order);
        if order.is_closed() && order.base.0 != 0 {
            if order.closed_at == 0 {
                order.closed_at = row.journal_sequence;
                self.closed.push_back((row.order_id, row.journal_sequence));
            }
        } else {
            order.closed_at = 0;
        }
        let account = (order.request.account_id, order.request.instrument_id);
        let sign: i128 = if order.request.side == Side::SELL { -1 } else { 1 };
        match row.exec_type {
            ExecType::TRADE => {
                self.max_trade_id = self.max_trade_id.max(row.execution_id);
                self.trades.insert(row.journal_sequence, row.order_id);
            }
            ExecType::TRADE_CANCEL => {
                let sequence = order.trade(row.execution_id).map(|trade| trade.journal_sequence);
                if let Some(sequence) = sequence {
                    self.trades.remove(&sequence);
                }
            }
            _ => {}
        }
        self.move_position(account, sign * traded);
        self.move_share(account, before, after);
        Ok(())
    }

    fn move_position(&mut self, account: Account, change: i128) {
        if change == 0 {
            return;
        }
        let key = (account.0, id_bytes(account.1));
        let net = self.positions.entry(key).or_insert(0);
        *net += change;
        if *net == 0 {
            self.positions.remove(&key);
        }
    }

    fn move_share(&mut self, account: Account, before: Share, after: Share) {
        if before == after {
            return;
        }
        let open = self.open.entry(account).or_default();
        open.buy = open.buy - before.buy + after.buy;
        open.sell = open.sell - before.sell + after.sell;
        open.orders = open.orders - before.orders + after.orders;
        if open.orders == 0 {
            self.open.remove(&account);
        }
        let count = self.open_orders.entry(account.0).or_default();
        *count = *count - before.orders + after.orders;
        if *count == 0 {
            self.open_orders.remove(&account.0);
        }
    }

    /// Put in an order that a snapshot holds, and work out what follows from it.
    pub(super) fn adopt(&mut self, order: Order) {
        let account = (order.request.account_id, order.request.instrument_id);
        self.clients.insert((account.0, order.request.client_order_id), order.order_id);
        for alias in &order.aliases {
            self.clients.insert((account.0, *alias), order.order_id);
        }
        for trade in order.trades.iter().filter(|trade| trade.busted == 0) {
            self.trades.insert(trade.journal_sequence, order.order_id);
        }
        self.move_share(account, Share::default(), Share::of(&order));
        self.orders.insert(order.order_id, Box::new(order));
    }

    fn inconsistent(&self, detail: String) -> Inconsistent {
        Inconsistent { sequence: self.sequence, detail }
    }
}

/// What an order adds to its account's open quantities.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
struct Share {
    buy: u128,
    sell: u128,
    orders: u32,
}

impl Share {
    fn of(order: &Order) -> Self {
        let leaves = u128::from(order.leaves());
        if leaves == 0 || order.base.0 == 0 {
            return Self::default();
        }
        if order.request.side == Side::SELL {
            Self { buy: 0, sell: leaves, orders: 1 }
        } else {
            Self { buy: leaves, sell: 0, orders: 1 }
        }
    }
}

/// What a report does to its order. Returns the change of the traded quantity, `None` where the
/// report cannot follow.
fn transition(order: &mut Order, row: &ExecutionReport, context: &FrameContext) -> Option<i128> {
    let mut traded = 0;
    match row.exec_type {
        ExecType::PENDING_CANCEL => {
            order.pending_cancel = true;
            order.command = (context.trace_id, context.message_id);
        }
        ExecType::PENDING_REPLACE => {
            order.pending_replace?;
            order.command = (context.trace_id, context.message_id);
        }
        ExecType::REPLACED => {
            if let Some(asked) = order.pending_replace.take() {
                if asked.stop_price != 0 {
                    order.stop_price = asked.stop_price;
                }
                if asked.new_client_order_id != 0 {
                    order.client_order_id = asked.new_client_order_id;
                }
            }
            if row.price != order.price || row.quantity > order.quantity {
                order.priority = row.journal_sequence;
            }
            order.price = row.price;
            order.quantity = row.quantity;
        }
        ExecType::RESTATED => {
            if matches!(order.request.order_type, OrderType::STOP | OrderType::STOP_LIMIT) {
                order.triggered = true;
            }
            order.price = row.price;
            order.quantity = row.quantity;
            if order.is_closed() {
                order.pending_cancel = false;
                order.pending_replace = None;
            }
        }
        // The venue answers commands in their order, and nothing can be replaced while a cancel is
        // pending: with both pending, the replacement came first.
        ExecType::CANCEL_REJECTED => {
            if order.pending_replace.take().is_none() {
                order.pending_cancel = false;
            }
        }
        ExecType::TRADE => {
            if order.trade(row.execution_id).is_some() {
                return None;
            }
            order.cumulative = order.cumulative.checked_add(row.last_quantity)?;
            order.cost += i128::from(row.last_price) * i128::from(row.last_quantity);
            traded = i128::from(row.last_quantity);
            let trade = Trade {
                trade_id: row.execution_id,
                transact_time: row.transact_time,
                price: row.last_price,
                quantity: row.last_quantity,
                journal_sequence: row.journal_sequence,
                cumulative: order.cumulative,
                status: order.status(),
                ..Trade::default()
            };
            order.add_trade(trade);
        }
        ExecType::TRADE_CANCEL | ExecType::TRADE_CORRECT => {
            let bust = row.exec_type == ExecType::TRADE_CANCEL;
            let known = *order.trade(row.execution_id).filter(|trade| trade.busted == 0)?;
            let quantity = if bust { 0 } else { row.last_quantity };
            let price = if bust { 0 } else { row.last_price };
            order.cumulative = order.cumulative.checked_sub(known.quantity)?.checked_add(quantity)?;
            order.cost += i128::from(price) * i128::from(quantity)
                - i128::from(known.price) * i128::from(known.quantity);
            traded = i128::from(quantity) - i128::from(known.quantity);
            let trade = order.trade_mut(row.execution_id)?;
            if bust {
                trade.busted = 1;
            } else {
                trade.price = price;
                trade.quantity = quantity;
            }
        }
        ExecType::ORDER_STATUS => {}
        other => {
            let base = base_after(other)?;
            if is_terminal(order.base) {
                return None;
            }
            if base == alphapulse_gen::layout::OrdStatus::PENDING_NEW {
                order.accepted_at = row.transact_time;
            }
            if other == ExecType::NEW {
                order.priority = row.journal_sequence;
            }
            if other == ExecType::REJECTED && order.accepted_at == 0 {
                order.accepted_at = row.transact_time;
            }
            order.base = base;
            if is_terminal(base) {
                order.pending_cancel = false;
                order.pending_replace = None;
            }
        }
    }
    Some(traded)
}

/// The report with the fields that follow from the order.
pub(super) fn derived(order: &Order, row: ExecutionReport) -> ExecutionReport {
    ExecutionReport {
        instrument_id: order.request.instrument_id,
        client_order_id: order.client_order_id,
        price: order.price,
        quantity: order.quantity,
        cumulative_quantity: order.cumulative,
        leaves_quantity: order.leaves(),
        average_price: order.average_price(),
        group_id: order.request.group_id,
        account_id: order.request.account_id,
        strategy_id: order.request.strategy_id,
        side: order.request.side,
        order_type: order.request.order_type,
        time_in_force: order.request.time_in_force,
        status: order.status(),
        ..row
    }
}
