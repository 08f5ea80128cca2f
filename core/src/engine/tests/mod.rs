//! The engine with its journal kept: every test ends by replaying what was journalled.

mod identity;
mod journal;
mod properties;
mod refusals;
mod states;

use alphapulse_gen::layout::{InstrumentId, Liquidity, OrderFlag, OrderType, Side, Text8};
use alphapulse_gen::record::as_bytes;

use super::*;
use crate::book::money::UNIT;

const NOW: u64 = 1_700_000_000_000_000_000;
const PRICE: i64 = 100 * UNIT as i64;
const LOT: u64 = UNIT / 100;
const TICK: i64 = UNIT as i64 / 100;

fn id(number: u64) -> InstrumentId {
    InstrumentId { asset_id: number, venue: 90, asset_type: 8, scheme: 4, salt: 0 }
}

fn limits() -> Limits {
    Limits {
        max_order_quantity: 1_000 * UNIT,
        max_order_notional: 1_000_000 * UNIT,
        max_open_orders: 100,
        max_position_notional: 10_000_000 * UNIT,
        max_orders_per_second: 1_000_000,
        price_band: 1_000 * 10_000, // 10 %
        max_quote_age: 60_000_000_000,
        require_quote: false,
    }
}

fn rules(number: u64) -> InstrumentRules {
    InstrumentRules {
        instrument_id: id(number),
        tick_size: TICK,
        lot_size: LOT,
        min_quantity: LOT,
        max_quantity: 500 * UNIT,
        min_notional: UNIT,
        multiplier: UNIT,
        settlement_currency: Text8(*b"USDT\0\0\0\0"),
        flags: InstrumentRules::TRADABLE,
        reserved: 0,
    }
}

fn engine_with(limits: Limits, keep_closed: usize) -> Engine {
    let mut engine = Engine::new(limits, keep_closed);
    for number in 1..=3 {
        engine.set_rules(rules(number));
    }
    engine
}

fn engine() -> Engine {
    engine_with(limits(), 1_000)
}

fn request(client_order_id: u64) -> OrderRequest {
    OrderRequest {
        instrument_id: id(1),
        client_order_id,
        price: PRICE,
        quantity: 10 * UNIT,
        account_id: 7,
        side: Side::BUY,
        order_type: OrderType::LIMIT,
        time_in_force: TimeInForce::GTC,
        ..OrderRequest::default()
    }
}

fn context(number: u8) -> FrameContext {
    child(TraceId([number; 16]), SpanId([number; 8]), SpanId([number.wrapping_add(1); 8]), 1)
}

/// An engine whose every frame is kept, and replayed at the end of the test's life.
struct Journaled {
    engine: Engine,
    frames: Vec<Vec<u8>>,
    now: u64,
}

impl Journaled {
    fn new(engine: Engine) -> Self {
        Self { engine, frames: Vec::new(), now: NOW }
    }

    fn command<T: Layout>(&mut self, kind: MessageType, rows: &[T]) -> Output {
        self.now += 1;
        let number = u8::try_from(self.now % 200 + 1).unwrap();
        let out = self.engine.apply_commands(kind, as_bytes(rows), context(number), self.now).unwrap();
        self.frames.extend(out.frames());
        out
    }

    fn submit(&mut self, row: OrderRequest) -> Outcome {
        self.command(MessageType::ORDER_REQUEST, &[row]).outcomes[0]
    }

    fn cancel(&mut self, order_id: u64) -> Outcome {
        let row = OrderCancel { order_id, account_id: 7, ..OrderCancel::default() };
        self.command(MessageType::ORDER_CANCEL, &[row]).outcomes[0]
    }

    fn modify(&mut self, row: OrderModify) -> Outcome {
        let row = OrderModify { account_id: 7, ..row };
        self.command(MessageType::ORDER_MODIFY, &[row]).outcomes[0]
    }

    fn hear(&mut self, reports: &[VenueReport]) -> Output {
        self.now += 1;
        let out = self.engine.apply_reports(reports, self.now);
        self.frames.extend(out.frames());
        out
    }

    fn say(&mut self, order_id: u64, exec_type: ExecType) -> Output {
        self.hear(&[report(order_id, exec_type)])
    }

    /// A working order.
    fn working(&mut self, client_order_id: u64) -> u64 {
        let order_id = self.submit(request(client_order_id)).order_id;
        self.say(order_id, ExecType::NEW);
        order_id
    }

    fn order(&self, order_id: u64) -> &Order {
        self.engine.state().order(order_id).unwrap()
    }

    fn replayed(&self) -> Engine {
        let mut replayed = engine_with(limits(), self.engine.state().keep_closed());
        for frame in &self.frames {
            replayed.apply_events(frame).unwrap();
        }
        replayed
    }

    fn assert_replay(&self) {
        let replayed = self.replayed();
        assert_eq!(snapshot::digest(replayed.state()), snapshot::digest(self.engine.state()));
    }
}

fn report(order_id: u64, exec_type: ExecType) -> VenueReport {
    VenueReport { order_id, exec_type, transact_time: NOW, ..VenueReport::default() }
}

fn trade(order_id: u64, trade_id: u64, quantity: u64) -> VenueReport {
    VenueReport {
        trade_id,
        price: PRICE,
        quantity,
        fee: 5,
        fee_currency: Text8(*b"USDT\0\0\0\0"),
        liquidity: Liquidity::TAKER,
        ..report(order_id, ExecType::TRADE)
    }
}

fn assert_stands(order: &Order, status: OrdStatus, cumulative: u64, leaves: u64) {
    assert_eq!((order.status(), order.cumulative, order.leaves()), (status, cumulative, leaves));
}

fn quote(bid: i64, ask: i64) -> Quote {
    Quote {
        instrument_id: id(1),
        bid_price: bid,
        ask_price: ask,
        bid_size: UNIT,
        ask_size: UNIT,
        ..Quote::default()
    }
}
