//! Whatever happens, in any order: a replay gives the same bytes, and quantities are conserved.

use proptest::prelude::*;

use super::*;
use crate::book::exchange::{Exchange, MarketRules, Working};
use crate::book::ladder::SelfTrade;

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
