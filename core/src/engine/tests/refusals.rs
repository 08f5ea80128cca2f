//! What is refused before a venue hears of it: impossible orders, risk limits, the kill switch.

use super::*;

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
