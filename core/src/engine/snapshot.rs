//! The state as bytes: equal states are equal bytes, so a digest of them compares two replays.
//!
//! Little-endian, versioned, sorted; what follows from the orders is left out and worked out again.
//! Integrity of the bytes at rest is the store's part (it keeps a checksum).

use alphapulse_gen::layout::{
    FrameContext, OrdStatus, OrderModify, OrderReason, OrderRequest, SpanId, TraceId,
};
use alphapulse_gen::record::{Layout, as_bytes, read};

use super::order::{Order, Trade};
use super::state::State;

const MAGIC: [u8; 4] = *b"APES";
const VERSION: u32 = 1;

/// Bytes that are no snapshot of this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadSnapshot(pub &'static str);

impl std::fmt::Display for BadSnapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "not a snapshot of the order engine: {}", self.0)
    }
}

impl std::error::Error for BadSnapshot {}

/// The state as bytes. Evicted orders that nobody took are not in it.
#[must_use]
pub fn write(state: &State) -> Vec<u8> {
    let mut out = Vec::with_capacity(256 + state.orders.len() * 420);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    for number in [state.next_order_id, state.sequence, state.max_trade_id] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    length(&mut out, state.orders.len());
    for order in state.orders.values() {
        write_order(&mut out, order);
    }
    length(&mut out, state.closed.len());
    for (order_id, closed_at) in &state.closed {
        out.extend_from_slice(&order_id.to_le_bytes());
        out.extend_from_slice(&closed_at.to_le_bytes());
    }
    length(&mut out, state.positions.len());
    for ((account, instrument), net) in &state.positions {
        out.extend_from_slice(&account.to_le_bytes());
        out.extend_from_slice(instrument);
        out.extend_from_slice(&net.to_le_bytes());
    }
    out
}

/// 32 bytes that name the state.
#[must_use]
pub fn digest(state: &State) -> [u8; 32] {
    *blake3::hash(&write(state)).as_bytes()
}

/// The state that [`write`] wrote.
pub fn restore(bytes: &[u8], keep_closed: usize) -> Result<State, BadSnapshot> {
    let mut input = Input(bytes);
    if input.take::<4>()? != MAGIC {
        return Err(BadSnapshot("wrong magic"));
    }
    if u32::from_le_bytes(input.take()?) != VERSION {
        return Err(BadSnapshot("unknown version"));
    }
    let mut state = State::new(keep_closed);
    state.next_order_id = input.u64()?;
    state.sequence = input.u64()?;
    state.max_trade_id = input.u64()?;
    for _ in 0..input.u64()? {
        let order = read_order(&mut input)?;
        if order.order_id == 0 || order.order_id >= state.next_order_id {
            return Err(BadSnapshot("an order id that was not given out"));
        }
        state.adopt(order);
    }
    for _ in 0..input.u64()? {
        state.closed.push_back((input.u64()?, input.u64()?));
    }
    for _ in 0..input.u64()? {
        let account = u32::from_le_bytes(input.take()?);
        let instrument = input.take()?;
        state.positions.insert((account, instrument), i128::from_le_bytes(input.take()?));
    }
    if !input.0.is_empty() {
        return Err(BadSnapshot("bytes after the end"));
    }
    Ok(state)
}

fn length(out: &mut Vec<u8>, length: usize) {
    out.extend_from_slice(&(length as u64).to_le_bytes());
}

fn write_order(out: &mut Vec<u8>, order: &Order) {
    for number in [order.order_id, order.client_order_id, order.quantity, order.cumulative] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&order.price.to_le_bytes());
    out.extend_from_slice(&order.stop_price.to_le_bytes());
    out.extend_from_slice(&order.cost.to_le_bytes());
    for number in
        [order.accepted_at, order.updated_at, order.journal_sequence, order.priority, order.closed_at]
    {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&order.reason.0.to_le_bytes());
    out.extend_from_slice(&[
        order.base.0,
        u8::from(order.pending_cancel),
        u8::from(order.triggered),
        u8::from(order.pending_replace.is_some()),
    ]);
    out.extend_from_slice(&order.command.0.0);
    out.extend_from_slice(&order.command.1.0);
    out.extend_from_slice(as_bytes(&[order.context]));
    out.extend_from_slice(as_bytes(&[order.request]));
    if let Some(asked) = order.pending_replace {
        out.extend_from_slice(as_bytes(&[asked]));
    }
    length(out, order.aliases.len());
    for alias in &order.aliases {
        out.extend_from_slice(&alias.to_le_bytes());
    }
    length(out, order.trades.len());
    out.extend_from_slice(as_bytes(&order.trades));
}

fn read_order(input: &mut Input<'_>) -> Result<Order, BadSnapshot> {
    let mut order = Order::new(input.u64()?, OrderRequest::default(), FrameContext::default());
    order.client_order_id = input.u64()?;
    order.quantity = input.u64()?;
    order.cumulative = input.u64()?;
    order.price = i64::from_le_bytes(input.take()?);
    order.stop_price = i64::from_le_bytes(input.take()?);
    order.cost = i128::from_le_bytes(input.take()?);
    order.accepted_at = input.u64()?;
    order.updated_at = input.u64()?;
    order.journal_sequence = input.u64()?;
    order.priority = input.u64()?;
    order.closed_at = input.u64()?;
    order.reason = OrderReason(u16::from_le_bytes(input.take()?));
    let [base, pending_cancel, triggered, pending_replace] = input.take()?;
    order.base = OrdStatus(base);
    order.pending_cancel = pending_cancel != 0;
    order.triggered = triggered != 0;
    order.command = (TraceId(input.take()?), SpanId(input.take()?));
    order.context = input.row()?;
    order.request = input.row()?;
    if pending_replace != 0 {
        order.pending_replace = Some(input.row::<OrderModify>()?);
    }
    for _ in 0..input.u64()? {
        order.aliases.push(input.u64()?);
    }
    for _ in 0..input.u64()? {
        order.trades.push(input.row::<Trade>()?);
    }
    Ok(order)
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], BadSnapshot> {
        let (head, rest) = self.0.split_first_chunk().ok_or(BadSnapshot("cut short"))?;
        self.0 = rest;
        Ok(*head)
    }

    fn u64(&mut self) -> Result<u64, BadSnapshot> {
        self.take().map(u64::from_le_bytes)
    }

    fn row<T: Layout>(&mut self) -> Result<T, BadSnapshot> {
        let row = read(self.0).ok_or(BadSnapshot("cut short"))?;
        self.0 = &self.0[size_of::<T>()..];
        Ok(row)
    }
}
