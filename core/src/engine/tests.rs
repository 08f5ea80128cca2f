use alphapulse_gen::layout::{InstrumentId, Liquidity, OrderFlag, OrderType, Side, Text8};
use alphapulse_gen::record::as_bytes;
use proptest::prelude::*;

use super::*;
use crate::book::exchange::{Exchange, MarketRules, Working};
use crate::book::ladder::SelfTrade;
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

// ------------------------------------------------------------------------------ states of an order

#[test]
fn an_order_is_taken_acknowledged_and_filled() {
    let mut it = Journaled::new(engine());
    let taken = it.submit(request(1));
    assert_eq!((taken.order_id, taken.status, taken.duplicate), (1, OrdStatus::PENDING_NEW, 0));
    it.say(1, ExecType::NEW);
    assert_stands(it.order(1), OrdStatus::NEW, 0, 10 * UNIT);
    it.hear(&[trade(1, 1, 4 * UNIT)]);
    assert_stands(it.order(1), OrdStatus::PARTIALLY_FILLED, 4 * UNIT, 6 * UNIT);
    let out = it.hear(&[trade(1, 2, 6 * UNIT)]);
    assert_stands(it.order(1), OrdStatus::FILLED, 10 * UNIT, 0);
    assert_eq!(out.fills[0].1.status, OrdStatus::FILLED);
    assert_eq!(out.fills[0].1.fee, 5);
    assert_eq!(it.order(1).average_price(), PRICE);
    assert_eq!(it.engine.state().position(7, id(1)), i128::from(10 * UNIT));
    it.assert_replay();
}

#[test]
fn a_fill_can_come_before_the_acceptance() {
    let mut it = Journaled::new(engine());
    it.submit(request(1));
    it.hear(&[trade(1, 1, 4 * UNIT)]);
    assert_stands(it.order(1), OrdStatus::PARTIALLY_FILLED, 4 * UNIT, 6 * UNIT);
    it.say(1, ExecType::NEW);
    assert_stands(it.order(1), OrdStatus::PARTIALLY_FILLED, 4 * UNIT, 6 * UNIT);
    it.assert_replay();
}

#[test]
fn a_partial_fill_while_a_cancel_is_pending_keeps_it_pending_and_the_refusal_restores() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    assert_eq!(it.cancel(order).status, OrdStatus::PENDING_CANCEL);
    it.hear(&[trade(order, 1, 4 * UNIT)]);
    assert_stands(it.order(order), OrdStatus::PENDING_CANCEL, 4 * UNIT, 6 * UNIT);
    it.say(order, ExecType::CANCEL_REJECTED);
    assert_stands(it.order(order), OrdStatus::PARTIALLY_FILLED, 4 * UNIT, 6 * UNIT);
    it.assert_replay();
}

#[test]
fn an_order_filled_while_a_cancel_is_pending_is_filled_once_the_cancel_is_refused() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.cancel(order);
    it.hear(&[trade(order, 1, 10 * UNIT)]);
    assert_stands(it.order(order), OrdStatus::PENDING_CANCEL, 10 * UNIT, 0);
    it.say(order, ExecType::CANCEL_REJECTED);
    assert_stands(it.order(order), OrdStatus::FILLED, 10 * UNIT, 0);
    assert_eq!(it.order(order).reason, OrderReason::NONE);
    it.assert_replay();
}

#[test]
fn a_late_fill_on_a_canceled_order_keeps_it_canceled() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.cancel(order);
    it.say(order, ExecType::CANCELED);
    assert_stands(it.order(order), OrdStatus::CANCELED, 0, 0);
    let out = it.hear(&[trade(order, 1, 4 * UNIT)]);
    assert_eq!(out.anomalies[0].0, Anomaly::LateFill);
    assert_stands(it.order(order), OrdStatus::CANCELED, 4 * UNIT, 0);
    assert_eq!(out.fills[0].1.leaves_quantity, 0);
    it.hear(&[trade(order, 2, 6 * UNIT)]);
    assert_stands(it.order(order), OrdStatus::CANCELED, 10 * UNIT, 0);
    it.assert_replay();
}

#[test]
fn a_late_fill_after_expiry_is_recorded() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.say(order, ExecType::EXPIRED);
    it.hear(&[trade(order, 1, UNIT)]);
    assert_stands(it.order(order), OrdStatus::EXPIRED, UNIT, 0);
    assert_eq!(it.engine.state().position(7, id(1)), i128::from(UNIT));
    it.assert_replay();
}

#[test]
fn an_over_fill_is_recorded_and_leaves_nothing() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    let out = it.hear(&[trade(order, 1, 12 * UNIT)]);
    assert_eq!(out.anomalies[0].0, Anomaly::OverFill);
    assert_stands(it.order(order), OrdStatus::FILLED, 12 * UNIT, 0);
    assert_eq!(it.engine.state().position(7, id(1)), i128::from(12 * UNIT));
    it.assert_replay();
}

#[test]
fn a_repeated_trade_is_dropped_and_a_conflicting_one_raises_an_alarm() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, 4 * UNIT)]);
    let sequence = it.engine.state().sequence();
    assert_eq!(it.hear(&[trade(order, 1, 4 * UNIT)]).anomalies[0].0, Anomaly::DuplicateTrade);
    assert_eq!(it.hear(&[trade(order, 1, 5 * UNIT)]).anomalies[0].0, Anomaly::ConflictingTrade);
    assert_eq!(it.engine.state().sequence(), sequence);
    assert_stands(it.order(order), OrdStatus::PARTIALLY_FILLED, 4 * UNIT, 6 * UNIT);
}

#[test]
fn a_report_on_an_unknown_order_is_an_anomaly() {
    let mut it = Journaled::new(engine());
    assert_eq!(it.hear(&[trade(99, 1, UNIT)]).anomalies[0].0, Anomaly::UnknownOrder);
}

#[test]
fn a_replacement_to_less_than_what_is_done_fills_the_order() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, 4 * UNIT)]);
    let asked = it.modify(OrderModify { order_id: order, quantity: 3 * UNIT, ..OrderModify::default() });
    assert_eq!(asked.status, OrdStatus::PENDING_REPLACE);
    let answer = VenueReport { quantity: 3 * UNIT, ..report(order, ExecType::REPLACED) };
    it.hear(&[answer]);
    assert_stands(it.order(order), OrdStatus::FILLED, 4 * UNIT, 0);
    assert_eq!(it.order(order).quantity, 4 * UNIT);
    it.assert_replay();
}

#[test]
fn fills_while_a_replacement_is_pending_carry_the_original_orders_parameters() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.modify(OrderModify {
        order_id: order,
        new_client_order_id: 2,
        price: PRICE - TICK,
        quantity: 20 * UNIT,
        ..OrderModify::default()
    });
    let out = it.hear(&[trade(order, 1, UNIT)]);
    let report = out.reports[0].1;
    assert_eq!((report.price, report.quantity, report.client_order_id), (PRICE, 10 * UNIT, 1));
    assert_eq!((out.fills[0].1.client_order_id, out.fills[0].1.leaves_quantity), (1, 9 * UNIT));
    it.assert_replay();
}

#[test]
fn status_follows_fix_precedence_when_several_states_hold() {
    let mut order = Order::new(1, request(1), context(1));
    order.base = OrdStatus::NEW;
    assert_eq!(order.status(), OrdStatus::NEW);
    order.cumulative = UNIT;
    assert_eq!(order.status(), OrdStatus::PARTIALLY_FILLED);
    order.base = OrdStatus::SUSPENDED;
    assert_eq!(order.status(), OrdStatus::SUSPENDED);
    order.base = OrdStatus::STOPPED;
    assert_eq!(order.status(), OrdStatus::STOPPED);
    order.cumulative = 10 * UNIT;
    assert_eq!(order.status(), OrdStatus::FILLED);
    order.base = OrdStatus::DONE_FOR_DAY;
    assert_eq!(order.status(), OrdStatus::DONE_FOR_DAY);
    order.pending_replace = Some(OrderModify::default());
    assert_eq!(order.status(), OrdStatus::PENDING_REPLACE);
    order.pending_cancel = true;
    assert_eq!(order.status(), OrdStatus::PENDING_CANCEL);
}

#[test]
fn a_replacement_changes_price_quantity_and_number() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    let row = OrderModify {
        order_id: order,
        new_client_order_id: 2,
        price: PRICE - TICK,
        quantity: 12 * UNIT,
        ..OrderModify::default()
    };
    assert_eq!(it.modify(row).reason, OrderReason::NONE);
    assert_eq!(it.modify(row).duplicate, 1, "the same replacement again is the same one");
    it.hear(&[trade(order, 1, UNIT)]);
    assert_stands(it.order(order), OrdStatus::PENDING_REPLACE, UNIT, 9 * UNIT);
    it.hear(&[VenueReport { price: row.price, quantity: row.quantity, ..report(order, ExecType::REPLACED) }]);
    assert_stands(it.order(order), OrdStatus::PARTIALLY_FILLED, UNIT, 11 * UNIT);
    assert_eq!(it.order(order).price, PRICE - TICK);
    assert_eq!(it.order(order).client_order_id, 2);
    assert_eq!(it.engine.state().find(7, 1), order);
    assert_eq!(it.engine.state().find(7, 2), order);
    it.assert_replay();
}

#[test]
fn a_refused_replacement_restores_the_order() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.modify(OrderModify { order_id: order, quantity: 3 * UNIT, ..OrderModify::default() });
    it.cancel(order);
    assert_eq!(it.order(order).status(), OrdStatus::PENDING_CANCEL);
    it.say(order, ExecType::CANCEL_REJECTED);
    assert!(it.order(order).pending_cancel, "the replacement was answered, the cancel was not");
    it.say(order, ExecType::CANCEL_REJECTED);
    assert_stands(it.order(order), OrdStatus::NEW, 0, 10 * UNIT);
    it.assert_replay();
}

#[test]
fn a_bust_takes_the_trade_back_and_a_canceled_order_stays_canceled() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, 4 * UNIT)]);
    it.say(order, ExecType::CANCELED);
    it.hear(&[VenueReport { trade_id: 1, ..report(order, ExecType::TRADE_CANCEL) }]);
    assert_stands(it.order(order), OrdStatus::CANCELED, 0, 0);
    assert_eq!(it.engine.state().position(7, id(1)), 0);
    assert_eq!(it.order(order).average_price(), 0);
    it.assert_replay();
}

#[test]
fn a_bust_opens_a_filled_order_again_and_a_correction_changes_its_price() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, 10 * UNIT)]);
    assert_eq!(it.engine.state().open_orders(7), 0);
    it.hear(&[VenueReport {
        trade_id: 1,
        price: PRICE - TICK,
        quantity: 8 * UNIT,
        ..report(order, ExecType::TRADE_CORRECT)
    }]);
    assert_stands(it.order(order), OrdStatus::PARTIALLY_FILLED, 8 * UNIT, 2 * UNIT);
    assert_eq!(it.order(order).average_price(), PRICE - TICK);
    assert_eq!(it.engine.state().open_orders(7), 1);
    assert_eq!(it.engine.state().open_in(7, id(1)).buy, u128::from(2 * UNIT));
    it.assert_replay();
}

#[test]
fn a_cancel_of_a_filled_order_by_the_venue_leaves_it_filled() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, 10 * UNIT)]);
    it.say(order, ExecType::CANCELED);
    assert_stands(it.order(order), OrdStatus::FILLED, 10 * UNIT, 0);
    it.assert_replay();
}

#[test]
fn the_end_of_an_order_is_said_once() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.say(order, ExecType::CANCELED);
    for exec_type in [ExecType::CANCELED, ExecType::EXPIRED, ExecType::REJECTED, ExecType::NEW] {
        let out = it.say(order, exec_type);
        assert_eq!(out.anomalies[0].0, Anomaly::Unexpected);
        assert!(out.reports.is_empty());
    }
}

#[test]
fn a_refusal_by_the_venue_after_a_fill_is_a_cancel_of_the_rest() {
    let mut it = Journaled::new(engine());
    it.submit(request(1));
    it.hear(&[trade(1, 1, UNIT)]);
    it.say(1, ExecType::REJECTED);
    assert_stands(it.order(1), OrdStatus::CANCELED, UNIT, 0);
    it.assert_replay();
}

// ----------------------------------------------------------------------------------------- identity

#[test]
fn the_same_client_order_id_is_the_same_order() {
    let mut it = Journaled::new(engine());
    let first = it.submit(request(1));
    let again = it.submit(request(1));
    assert_eq!((again.order_id, again.duplicate, again.reason), (first.order_id, 1, OrderReason::NONE));
    let other = it.submit(OrderRequest { price: PRICE - TICK, ..request(1) });
    assert_eq!((other.duplicate, other.reason), (1, OrderReason::DUPLICATE_CLIENT_ORDER_ID));
    let account = it.submit(OrderRequest { account_id: 8, ..request(1) });
    assert_eq!((account.order_id, account.duplicate), (2, 0));
    assert_eq!(it.engine.state().next_order_id(), 3);
    it.assert_replay();
}

#[test]
fn a_request_repeated_within_one_frame_is_one_order() {
    let mut it = Journaled::new(engine());
    let out = it.command(MessageType::ORDER_REQUEST, &[request(1), request(1)]);
    assert_eq!((out.outcomes[0].order_id, out.outcomes[1].order_id), (1, 1));
    assert_eq!((out.outcomes[0].duplicate, out.outcomes[1].duplicate), (0, 1));
    assert_eq!(out.routes.len(), 1);
    it.assert_replay();
}

#[test]
fn orders_without_a_number_get_one_of_ours() {
    let mut it = Journaled::new(engine());
    let first = it.submit(request(0));
    let second = it.submit(request(0));
    assert_ne!(first.client_order_id, second.client_order_id);
    assert!(first.client_order_id >> 63 == 1);
    it.assert_replay();
}

#[test]
fn a_cancel_names_its_order_by_either_number_and_only_within_its_account() {
    let mut it = Journaled::new(engine());
    let order = it.working(5);
    let foreign = OrderCancel { order_id: order, account_id: 8, ..OrderCancel::default() };
    let out = it.command(MessageType::ORDER_CANCEL, &[foreign]);
    assert_eq!(out.outcomes[0].reason, OrderReason::UNKNOWN_ORDER);
    let own = OrderCancel { client_order_id: 5, account_id: 7, ..OrderCancel::default() };
    let out = it.command(MessageType::ORDER_CANCEL, &[own]);
    assert_eq!(out.outcomes[0].order_id, order);
    let out = it.command(MessageType::ORDER_CANCEL, &[own]);
    assert_eq!(out.outcomes[0].duplicate, 1, "a repeated cancel is the same one");
    assert!(out.routes.is_empty());
    it.assert_replay();
}

#[test]
fn closed_orders_leave_memory_in_the_order_in_which_they_closed() {
    let mut it = Journaled::new(engine_with(limits(), 2));
    for number in 1..=5 {
        let order = it.working(number);
        if number != 1 {
            it.say(order, ExecType::CANCELED);
        }
    }
    it.submit(request(6));
    let evicted: Vec<u64> = it.engine.state_mut().take_evicted().iter().map(|order| order.order_id).collect();
    assert_eq!(evicted, [2, 3], "the first is old but still works");
    assert_eq!(it.engine.state().find(7, 2), 0);
    assert_eq!(it.engine.state().find(7, 1), 1);
    it.assert_replay();
}

// -------------------------------------------------------------------------------- validation, risk

#[test]
fn impossible_orders_are_refused_with_their_reason() {
    let wrong: [(&str, OrderRequest, OrderReason); 19] = [
        ("instrument", OrderRequest { instrument_id: id(99), ..request(1) }, OrderReason::UNKNOWN_INSTRUMENT),
        ("side", OrderRequest { side: Side::NONE, ..request(1) }, OrderReason::INVALID_SIDE),
        (
            "type",
            OrderRequest { order_type: OrderType(9), ..request(1) },
            OrderReason::UNSUPPORTED_ORDER_TYPE,
        ),
        (
            "tif",
            OrderRequest { time_in_force: TimeInForce(9), ..request(1) },
            OrderReason::UNSUPPORTED_TIME_IN_FORCE,
        ),
        ("no quantity", OrderRequest { quantity: 0, ..request(1) }, OrderReason::INVALID_QUANTITY),
        ("lot", OrderRequest { quantity: UNIT + 1, ..request(1) }, OrderReason::QUANTITY_OFF_LOT),
        ("large", OrderRequest { quantity: 501 * UNIT, ..request(1) }, OrderReason::QUANTITY_TOO_LARGE),
        ("no price", OrderRequest { price: 0, ..request(1) }, OrderReason::INVALID_PRICE),
        ("negative price", OrderRequest { price: -TICK, ..request(1) }, OrderReason::INVALID_PRICE),
        ("tick", OrderRequest { price: PRICE + 1, ..request(1) }, OrderReason::PRICE_OFF_TICK),
        (
            "market with a price",
            OrderRequest { order_type: OrderType::MARKET, ..request(1) },
            OrderReason::INVALID_PRICE,
        ),
        (
            "market without a market",
            OrderRequest { order_type: OrderType::MARKET, price: 0, ..request(1) },
            OrderReason::NO_LIQUIDITY,
        ),
        ("stop price", OrderRequest { stop_price: PRICE, ..request(1) }, OrderReason::INVALID_PRICE),
        (
            "no stop price",
            OrderRequest { order_type: OrderType::STOP_LIMIT, ..request(1) },
            OrderReason::INVALID_PRICE,
        ),
        (
            "past",
            OrderRequest { time_in_force: TimeInForce::GTD, expires_at: NOW, ..request(1) },
            OrderReason::EXPIRY_IN_PAST,
        ),
        (
            "expiry of a GTC order",
            OrderRequest { expires_at: NOW * 2, ..request(1) },
            OrderReason::UNSUPPORTED_TIME_IN_FORCE,
        ),
        (
            "post only and immediate",
            OrderRequest { time_in_force: TimeInForce::IOC, flags: OrderFlag::POST_ONLY, ..request(1) },
            OrderReason::UNSUPPORTED_TIME_IN_FORCE,
        ),
        (
            "notional",
            OrderRequest { price: TICK, quantity: LOT, ..request(1) },
            OrderReason::NOTIONAL_TOO_SMALL,
        ),
        (
            "unknown flag",
            OrderRequest { flags: OrderFlag(1 << 9), ..request(1) },
            OrderReason::UNSUPPORTED_ORDER_TYPE,
        ),
    ];
    for (what, row, reason) in wrong {
        let mut it = Journaled::new(engine());
        let out = it.command(MessageType::ORDER_REQUEST, &[row]);
        assert_eq!((out.outcomes[0].status, out.outcomes[0].reason), (OrdStatus::REJECTED, reason), "{what}");
        assert!(out.routes.is_empty(), "{what}: nothing goes to the venue");
        assert_eq!(it.submit(row).duplicate, 1, "{what}: a refused order stays on record");
        it.assert_replay();
    }
}

#[test]
fn an_instrument_that_is_not_active_is_not_traded_but_its_orders_can_be_canceled() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.engine.set_rules(InstrumentRules { flags: 0, ..rules(1) });
    assert_eq!(it.submit(request(2)).reason, OrderReason::INSTRUMENT_NOT_TRADABLE);
    assert_eq!(it.cancel(order).status, OrdStatus::PENDING_CANCEL);
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

#[test]
fn a_price_collar_stops_prices_that_are_far_on_the_wrong_side_only() {
    let mut it = Journaled::new(engine());
    it.engine.quote(&quote(PRICE, PRICE), NOW);
    let band = PRICE / 10;
    for (side, price, reason) in [
        (Side::BUY, PRICE + band, OrderReason::NONE),
        (Side::BUY, PRICE + band + TICK, OrderReason::PRICE_COLLAR),
        (Side::BUY, PRICE - 5 * band, OrderReason::NONE),
        (Side::SELL, PRICE - band, OrderReason::NONE),
        (Side::SELL, PRICE - band - TICK, OrderReason::PRICE_COLLAR),
        (Side::SELL, PRICE + 5 * band, OrderReason::NONE),
    ] {
        assert_eq!(it.submit(OrderRequest { side, price, ..request(0) }).reason, reason, "{side:?} {price}");
    }
}

#[test]
fn stale_market_data_refuses_orders() {
    let mut it = Journaled::new(engine());
    it.engine.quote(&quote(PRICE, PRICE), NOW - 61_000_000_000);
    assert_eq!(it.submit(request(1)).reason, OrderReason::STALE_MARKET_DATA);
    it.engine.quote(&quote(PRICE, PRICE), NOW);
    assert_eq!(it.submit(request(2)).reason, OrderReason::NONE);
    let stale = Quote { flags: alphapulse_gen::layout::QuoteFlag::STALE, ..quote(PRICE, PRICE) };
    it.engine.quote(&stale, NOW);
    assert_eq!(it.submit(request(3)).reason, OrderReason::STALE_MARKET_DATA);
    let mut strict = Journaled::new(engine_with(Limits { require_quote: true, ..limits() }, 10));
    assert_eq!(strict.submit(request(1)).reason, OrderReason::STALE_MARKET_DATA);
}

#[test]
fn the_kill_switch_lets_nothing_but_cancels_through() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.engine.set_trading_state(TradingState::Halted);
    assert_eq!(it.submit(request(2)).reason, OrderReason::TRADING_HALTED);
    let row = OrderModify { order_id: order, quantity: UNIT, ..OrderModify::default() };
    assert_eq!(it.modify(row).reason, OrderReason::TRADING_HALTED);
    assert_eq!(it.cancel(order).status, OrdStatus::PENDING_CANCEL);
    it.engine.set_trading_state(TradingState::Reconciling);
    assert_eq!(it.submit(request(3)).reason, OrderReason::RECONCILING);
}

#[test]
fn reduce_only_never_adds_to_a_position() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, 10 * UNIT)]);
    let reduce =
        |side, quantity| OrderRequest { side, quantity, flags: OrderFlag::REDUCE_ONLY, ..request(0) };
    assert_eq!(it.submit(reduce(Side::BUY, UNIT)).reason, OrderReason::REDUCE_ONLY);
    assert_eq!(it.submit(reduce(Side::SELL, 11 * UNIT)).reason, OrderReason::REDUCE_ONLY);
    assert_eq!(it.submit(reduce(Side::SELL, 6 * UNIT)).reason, OrderReason::NONE);
    assert_eq!(it.submit(reduce(Side::SELL, 5 * UNIT)).reason, OrderReason::REDUCE_ONLY, "with the open one");
    assert_eq!(it.submit(reduce(Side::SELL, 4 * UNIT)).reason, OrderReason::NONE);
    it.engine.set_trading_state(TradingState::Reducing);
    assert_eq!(it.submit(request(0)).reason, OrderReason::TRADING_HALTED);
}

#[test]
fn exposure_is_cumulative_over_a_batch() {
    let strict = Limits { max_position_notional: 2_500 * UNIT, ..limits() };
    let mut it = Journaled::new(engine_with(strict, 10));
    // 1,000 each: two fit, the third does not, the other side is free
    let rows = [request(1), request(2), request(3), OrderRequest { side: Side::SELL, ..request(4) }];
    let out = it.command(MessageType::ORDER_REQUEST, &rows);
    let reasons: Vec<_> = out.outcomes.iter().map(|outcome| outcome.reason).collect();
    let none = OrderReason::NONE;
    assert_eq!(reasons, [none, none, OrderReason::EXPOSURE_LIMIT, none]);
}

#[test]
fn notional_open_orders_and_rate_have_limits() {
    let strict =
        Limits { max_order_notional: 1_000 * UNIT, max_open_orders: 2, max_orders_per_second: 3, ..limits() };
    let mut it = Journaled::new(engine_with(strict, 10));
    assert_eq!(
        it.submit(OrderRequest { quantity: 10 * UNIT + LOT, ..request(0) }).reason,
        OrderReason::NOTIONAL_TOO_LARGE
    );
    let first = it.submit(request(0)).order_id;
    assert_eq!(it.submit(request(0)).reason, OrderReason::NONE);
    assert_eq!(it.submit(request(0)).reason, OrderReason::EXPOSURE_LIMIT, "two are open");
    it.say(first, ExecType::CANCELED);
    let third = it.submit(request(0));
    assert_eq!(third.reason, OrderReason::NONE);
    it.say(third.order_id, ExecType::CANCELED);
    assert_eq!(it.submit(request(0)).reason, OrderReason::RATE_LIMIT, "three in this second");
    it.now += 1_000_000_000;
    assert_eq!(it.submit(request(0)).reason, OrderReason::NONE);
}

// ------------------------------------------------------------------------------------ the journal

#[test]
fn frames_tell_the_causal_chain() {
    let mut it = Journaled::new(engine());
    it.submit(request(1));
    it.say(1, ExecType::NEW);
    it.hear(&[trade(1, 1, UNIT)]);
    let contexts: Vec<(MessageType, FrameContext)> = it
        .frames
        .iter()
        .map(|bytes| frame::verify(bytes).unwrap())
        .map(|info| (info.header.message_type, info.context))
        .collect();
    let of = |kind: MessageType| contexts.iter().find(|found| found.0 == kind).unwrap().1;
    let (request, fill) = (of(MessageType::ORDER_REQUEST), of(MessageType::FILL));
    let submitted = contexts.iter().find(|found| found.1.message_id == fill.causation_id).unwrap().1;
    assert_eq!(submitted.causation_id, request.message_id);
    assert_eq!(fill.trace_id, request.trace_id);
    assert_ne!(fill.message_id, submitted.message_id);
}

#[test]
fn journal_sequences_are_dense_and_ascend_within_a_type() {
    let mut it = Journaled::new(engine());
    let a = it.working(1);
    let b = it.working(2);
    it.hear(&[trade(a, 1, UNIT), trade(b, 1, UNIT), trade(a, 2, UNIT), report(b, ExecType::CANCELED)]);
    let mut reports = Vec::new();
    let mut fills = Vec::new();
    for bytes in &it.frames {
        let info = frame::verify(bytes).unwrap();
        match info.header.message_type {
            MessageType::EXECUTION_REPORT => {
                reports.extend(
                    rows_of::<ExecutionReport>(info.rows(bytes)).unwrap().map(|r| r.journal_sequence),
                );
            }
            MessageType::FILL => {
                fills.extend(rows_of::<Fill>(info.rows(bytes)).unwrap().map(|r| r.journal_sequence));
            }
            _ => {}
        }
    }
    let dense: Vec<u64> = (1..=it.engine.state().sequence()).collect();
    assert_eq!(reports, dense);
    assert!(fills.is_sorted());
    assert_eq!(fills.len(), 3);
}

#[test]
fn a_changed_cut_or_reordered_journal_is_refused() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, UNIT)]);
    let reports: Vec<usize> = (0..it.frames.len())
        .filter(|&at| {
            frame::verify(&it.frames[at]).unwrap().header.message_type == MessageType::EXECUTION_REPORT
        })
        .collect();
    // cut out
    let mut replay = engine();
    let mut result = Ok(());
    for (at, frame) in it.frames.iter().enumerate() {
        if at != reports[1] && result.is_ok() {
            result = replay.apply_events(frame);
        }
    }
    assert!(matches!(result, Err(EngineError::Journal(_))), "{result:?}");
    // reordered
    let mut replay = engine();
    assert!(matches!(replay.apply_events(&it.frames[reports[1]]), Err(EngineError::Journal(_))));
    // every changed byte of a report is seen
    let intact = &it.frames[reports[0]];
    for at in 0..intact.len() {
        let mut changed = intact.clone();
        changed[at] ^= 1;
        let mut replay = engine();
        replay.apply_events(&it.frames[0]).unwrap();
        let outcome = replay.apply_events(&changed);
        // The relay's sequence is not part of what a producer says, nor of the checksum.
        let info = frame::verify(intact).unwrap();
        let sequence = info.header_offset + 16;
        if !(sequence..sequence + 8).contains(&at) {
            assert!(outcome.is_err(), "byte {at}");
        }
    }
}

#[test]
fn a_snapshot_cut_anywhere_is_refused() {
    let mut it = Journaled::new(engine());
    let order = it.working(1);
    it.hear(&[trade(order, 1, UNIT)]);
    let bytes = snapshot::write(it.engine.state());
    assert!(snapshot::restore(&bytes, 10).is_ok());
    for end in 0..bytes.len() {
        assert!(snapshot::restore(&bytes[..end], 10).is_err(), "cut at {end}");
    }
}

#[test]
fn span_ids_are_never_zero_and_differ_by_parent_and_step() {
    let mut seen = std::collections::HashSet::new();
    for parent in 0..1_000_u64 {
        for step in 0..10 {
            let span = derive_span(SpanId(parent.to_be_bytes()), step);
            assert_ne!(span.0, [0; 8]);
            assert!(seen.insert(span.0));
        }
    }
}

// ------------------------------------------------------------------------------------- properties

#[derive(Clone, Debug)]
enum Act {
    New {
        account: u32,
        buy: bool,
        market: bool,
        tif: u8,
        price: i64,
        lots: u64,
        post_only: bool,
    },
    Again {
        which: usize,
    },
    Cancel {
        which: usize,
    },
    Modify {
        which: usize,
        price: i64,
        lots: u64,
    },
    Quote {
        bid: i64,
        spread: i64,
        size: u64,
    },
    /// Something a venue should not say, or says late.
    Noise {
        which: usize,
        what: u8,
        lots: u64,
    },
    Restart {
        from_snapshot: bool,
    },
}

fn act() -> impl Strategy<Value = Act> {
    let price = 95_i64..106;
    prop_oneof![
        6 => (1_u32..4, any::<bool>(), any::<bool>(), 1_u8..5, price.clone(), 1_u64..30, any::<bool>()).prop_map(
            |(account, buy, market, tif, price, lots, post_only)| Act::New {
                account, buy, market: market && tif > 2, tif, price, lots, post_only
            }
        ),
        1 => any::<usize>().prop_map(|which| Act::Again { which }),
        2 => any::<usize>().prop_map(|which| Act::Cancel { which }),
        2 => (any::<usize>(), price.clone(), 1_u64..30)
            .prop_map(|(which, price, lots)| Act::Modify { which, price, lots }),
        4 => (price, 0_i64..4, 0_u64..40).prop_map(|(bid, spread, size)| Act::Quote { bid, spread, size }),
        2 => (any::<usize>(), 0_u8..6, 1_u64..10)
            .prop_map(|(which, what, lots)| Act::Noise { which, what, lots }),
        1 => any::<bool>().prop_map(|from_snapshot| Act::Restart { from_snapshot }),
    ]
}

fn exchange() -> Exchange {
    let mut exchange = Exchange::new(SelfTrade::CancelNewest);
    exchange.set_market(
        id(1),
        MarketRules {
            contract: rules(1).contract(),
            maker_rate: -10_000,
            taker_rate: 50_000,
            fee_currency: Text8(*b"USDT\0\0\0\0"),
        },
    );
    exchange
}

fn route(exchange: &mut Exchange, out: &Output, now: u64) -> Vec<VenueReport> {
    let mut reports = Vec::new();
    for route in &out.routes {
        match route {
            Route::New { order_id, request } => exchange.submit(*order_id, request, now, &mut reports),
            Route::Cancel(row) => exchange.cancel(row.order_id, now, &mut reports),
            Route::Modify(row) => {
                exchange.modify(row.order_id, row.price, row.stop_price, row.quantity, now, &mut reports);
            }
        }
    }
    reports
}

/// What a restarted process does: the journal is all that is left.
fn restart(it: &mut Journaled, from_snapshot: bool) -> Exchange {
    let before = snapshot::digest(it.engine.state());
    let replayed = if from_snapshot {
        let bytes = snapshot::write(it.engine.state());
        let mut fresh = engine_with(limits(), it.engine.state().keep_closed());
        *fresh.state_mut() = snapshot::restore(&bytes, it.engine.state().keep_closed()).unwrap();
        fresh
    } else {
        it.replayed()
    };
    assert_eq!(snapshot::digest(replayed.state()), before);
    it.engine = replayed;
    let mut exchange = exchange();
    exchange.start_trade_ids_at(it.engine.state().max_trade_id() + 1);
    let mut open: Vec<&Order> = it.engine.state().orders().filter(|order| !order.is_closed()).collect();
    open.sort_by_key(|order| order.priority);
    for order in open {
        let working = Working {
            price: order.price,
            stop_price: order.stop_price,
            quantity: order.quantity,
            done: order.cumulative,
            triggered: order.triggered,
            accepted_at: order.accepted_at,
        };
        assert!(exchange.restore(order.order_id, &order.request, &working));
    }
    exchange
}

fn check_invariants(it: &Journaled) {
    let state = it.engine.state();
    let mut open: std::collections::HashMap<u32, u32> = std::collections::HashMap::new();
    let mut net: std::collections::HashMap<u32, i128> = std::collections::HashMap::new();
    for order in state.orders() {
        let trades = order.trades.iter().filter(|trade| trade.busted == 0);
        let done: u64 = trades.clone().map(|trade| trade.quantity).sum();
        assert_eq!(done, order.cumulative, "order {}: its trades", order.order_id);
        let expected = if is_terminal(order.base) { 0 } else { order.quantity.saturating_sub(done) };
        assert_eq!(order.leaves(), expected);
        if order.status() == OrdStatus::FILLED {
            assert!(order.cumulative >= order.quantity);
        }
        if !order.is_closed() {
            *open.entry(order.request.account_id).or_default() += 1;
        }
        let sign = if order.request.side == Side::BUY { 1 } else { -1 };
        *net.entry(order.request.account_id).or_default() += sign * i128::from(done);
        let limit = order.request.order_type == OrderType::LIMIT;
        for trade in trades.filter(|trade| limit && trade.liquidity != Liquidity::NONE) {
            assert!(trade.price > 0);
        }
    }
    for account in 1..4 {
        assert_eq!(state.open_orders(account), open.get(&account).copied().unwrap_or(0));
        assert_eq!(state.position(account, id(1)), net.get(&account).copied().unwrap_or(0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_happens_replay_gives_the_same_bytes_and_quantities_are_conserved(
        acts in prop::collection::vec(act(), 1..80)
    ) {
        let mut it = Journaled::new(engine());
        let mut exchange = exchange();
        let mut next = 0_u64;
        let mut sent: Vec<OrderRequest> = Vec::new();
        for act in acts {
            let known = it.engine.state().next_order_id() - 1;
            let pick = |which: usize| if known == 0 { 0 } else { which as u64 % known + 1 };
            match act {
                Act::New { account, buy, market, tif, price, lots, post_only } => {
                    next += 1;
                    let row = OrderRequest {
                        instrument_id: id(1),
                        client_order_id: next,
                        account_id: account,
                        side: if buy { Side::BUY } else { Side::SELL },
                        order_type: if market { OrderType::MARKET } else { OrderType::LIMIT },
                        time_in_force: TimeInForce(tif),
                        price: if market { 0 } else { price * UNIT as i64 },
                        quantity: lots * UNIT / 10,
                        flags: OrderFlag(u16::from(post_only && !market && tif < 3)),
                        ..OrderRequest::default()
                    };
                    sent.push(row);
                    let out = it.command(MessageType::ORDER_REQUEST, &[row]);
                    let reports = route(&mut exchange, &out, it.now);
                    let heard = it.hear(&reports);
                    prop_assert!(heard.anomalies.is_empty(), "{:?}", heard.anomalies);
                }
                Act::Again { which } => {
                    if !sent.is_empty() {
                        let out = it.command(MessageType::ORDER_REQUEST, &[sent[which % sent.len()]]);
                        prop_assert_eq!(out.outcomes[0].duplicate, 1);
                        prop_assert!(out.frames().is_empty());
                    }
                }
                Act::Cancel { which } => {
                    let row = OrderCancel { order_id: pick(which), ..OrderCancel::default() };
                    let out = it.command(MessageType::ORDER_CANCEL, &[row]);
                    let reports = route(&mut exchange, &out, it.now);
                    let heard = it.hear(&reports);
                    prop_assert!(heard.anomalies.is_empty(), "{:?}", heard.anomalies);
                }
                Act::Modify { which, price, lots } => {
                    let row = OrderModify {
                        order_id: pick(which),
                        price: price * UNIT as i64,
                        quantity: lots * UNIT / 10,
                        ..OrderModify::default()
                    };
                    let out = it.command(MessageType::ORDER_MODIFY, &[row]);
                    let reports = route(&mut exchange, &out, it.now);
                    let heard = it.hear(&reports);
                    prop_assert!(heard.anomalies.is_empty(), "{:?}", heard.anomalies);
                }
                Act::Quote { bid, spread, size } => {
                    let quote = Quote {
                        bid_size: size * UNIT / 10,
                        ask_size: size * UNIT / 10,
                        ..quote(bid * UNIT as i64, (bid + spread) * UNIT as i64)
                    };
                    it.engine.quote(&quote, it.now);
                    let mut reports = Vec::new();
                    exchange.quote(&quote, it.now, &mut reports);
                    let heard = it.hear(&reports);
                    prop_assert!(heard.anomalies.is_empty(), "{:?}", heard.anomalies);
                }
                Act::Noise { which, what, lots } => {
                    let order_id = pick(which);
                    // Only of orders that the exchange has done with: the two must agree on the rest.
                    let done = it.engine.state().order(order_id).is_some_and(Order::is_closed);
                    let report = match what {
                        0 if done => trade(order_id, 1_000_000 + which as u64 % 50, lots * UNIT / 10),
                        1 => report(order_id + 10_000, ExecType::NEW),
                        2 if done => report(order_id, ExecType::CANCELED),
                        3 if done => report(order_id, ExecType::NEW),
                        4 if done => report(order_id, ExecType::CANCEL_REJECTED),
                        _ => report(0, ExecType::TRADE),
                    };
                    let before = it.engine.state().max_trade_id();
                    it.hear(&[report]);
                    exchange.start_trade_ids_at(it.engine.state().max_trade_id().max(before) + 1);
                }
                Act::Restart { from_snapshot } => exchange = restart(&mut it, from_snapshot),
            }
            check_invariants(&it);
        }
        it.assert_replay();
    }

    #[test]
    fn reports_in_any_order_never_break_the_fold(
        words in prop::collection::vec((1_u64..4, 0_u8..17, 0_u64..6, 1_u64..15), 1..60)
    ) {
        let mut it = Journaled::new(engine());
        for number in 1..4 {
            it.submit(request(number));
        }
        for (order_id, exec_type, trade_id, units) in words {
            if exec_type == 16 {
                it.cancel(order_id);
            } else if exec_type == 0 {
                it.modify(OrderModify { order_id, quantity: units * UNIT, ..OrderModify::default() });
            } else {
                it.hear(&[VenueReport {
                    trade_id,
                    price: PRICE,
                    quantity: units * UNIT,
                    ..report(order_id, ExecType(exec_type))
                }]);
            }
            check_invariants(&it);
        }
        it.assert_replay();
    }
}
