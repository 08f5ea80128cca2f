use alphapulse_gen::layout::{OrderRequest, Text8};
use proptest::prelude::*;

use super::*;
use crate::book::money::UNIT;

const P: i64 = UNIT as i64;
const NOW: u64 = 1_700_000_000_000_000_000;

fn id() -> InstrumentId {
    InstrumentId { asset_id: 1, venue: 90, asset_type: 8, scheme: 4, salt: 0 }
}

fn rules() -> MarketRules {
    MarketRules {
        contract: Contract::default(),
        maker_rate: -10_000,
        taker_rate: 50_000,
        fee_currency: Text8(*b"USDT\0\0\0\0"),
    }
}

fn quote(bid: i64, bid_size: u64, ask: i64, ask_size: u64) -> Quote {
    Quote {
        instrument_id: id(),
        bid_price: bid * P,
        ask_price: ask * P,
        bid_size: bid_size * UNIT,
        ask_size: ask_size * UNIT,
        ..Quote::default()
    }
}

fn order(side: Side, price: i64, quantity: u64) -> OrderRequest {
    OrderRequest {
        instrument_id: id(),
        side,
        price: price * P,
        quantity: quantity * UNIT,
        order_type: if price == 0 { OrderType::MARKET } else { OrderType::LIMIT },
        time_in_force: TimeInForce::GTC,
        account_id: 1,
        ..OrderRequest::default()
    }
}

struct Venue {
    exchange: Exchange,
    next: u64,
}

impl Venue {
    fn new() -> Self {
        let mut exchange = Exchange::new(SelfTrade::CancelNewest);
        exchange.set_market(id(), rules());
        Self { exchange, next: 0 }
    }

    fn submit(&mut self, request: OrderRequest) -> Vec<VenueReport> {
        self.next += 1;
        let mut out = Vec::new();
        self.exchange.submit(self.next, &request, NOW, &mut out);
        out
    }

    fn quote(&mut self, quote: &Quote) -> Vec<VenueReport> {
        let mut out = Vec::new();
        self.exchange.quote(quote, NOW, &mut out);
        out
    }
}

fn words(reports: &[VenueReport]) -> Vec<(u64, ExecType)> {
    reports.iter().map(|report| (report.order_id, report.exec_type)).collect()
}

#[test]
fn a_taker_pays_the_taker_fee_and_a_maker_gets_its_rebate() {
    let mut venue = Venue::new();
    venue.submit(order(Side::SELL, 100, 1));
    let out = venue.submit(OrderRequest { account_id: 2, ..order(Side::BUY, 100, 1) });
    assert_eq!(words(&out), [(2, ExecType::NEW), (2, ExecType::TRADE), (1, ExecType::TRADE)]);
    assert_eq!((out[1].fee, out[1].liquidity), (5_000_000, Liquidity::TAKER)); // 5 bps of 100
    assert_eq!((out[2].fee, out[2].liquidity), (-1_000_000, Liquidity::MAKER));
    assert_eq!(out[1].trade_id, out[2].trade_id);
    assert_eq!(out[1].fee_currency, Text8(*b"USDT\0\0\0\0"));
    assert_eq!(venue.exchange.open_orders(), 0);
}

#[test]
fn a_market_order_takes_what_the_quote_shows_and_no_more() {
    let mut venue = Venue::new();
    venue.quote(&quote(99, 5, 100, 3));
    let out = venue.submit(order(Side::BUY, 0, 5));
    assert_eq!(words(&out), [(1, ExecType::NEW), (1, ExecType::TRADE), (1, ExecType::CANCELED)]);
    assert_eq!((out[1].price, out[1].quantity), (100 * P, 3 * UNIT));
    assert_eq!(out[2].reason, OrderReason::NO_LIQUIDITY);
    let again = venue.submit(order(Side::BUY, 0, 1));
    assert_eq!(again[1].reason, OrderReason::NO_LIQUIDITY, "taken liquidity is gone until the next quote");
    venue.quote(&quote(99, 5, 100, 3));
    assert_eq!(venue.submit(order(Side::BUY, 0, 1))[1].exec_type, ExecType::TRADE);
}

#[test]
fn immediate_or_cancel_cancels_the_rest_and_fill_or_kill_takes_all_or_nothing() {
    let mut venue = Venue::new();
    venue.quote(&quote(99, 5, 100, 3));
    let fok = venue.submit(OrderRequest { time_in_force: TimeInForce::FOK, ..order(Side::BUY, 100, 4) });
    assert_eq!(words(&fok), [(1, ExecType::NEW), (1, ExecType::CANCELED)]);
    assert_eq!(fok[1].reason, OrderReason::FILL_OR_KILL);
    let fok = venue.submit(OrderRequest { time_in_force: TimeInForce::FOK, ..order(Side::BUY, 100, 2) });
    assert_eq!(words(&fok), [(2, ExecType::NEW), (2, ExecType::TRADE)]);
    let ioc = venue.submit(OrderRequest { time_in_force: TimeInForce::IOC, ..order(Side::BUY, 100, 4) });
    assert_eq!(words(&ioc), [(3, ExecType::NEW), (3, ExecType::TRADE), (3, ExecType::CANCELED)]);
    assert_eq!(ioc[1].quantity, UNIT);
    assert_eq!(venue.exchange.open_orders(), 0);
}

#[test]
fn resting_orders_fill_at_their_price_when_the_market_comes_to_them() {
    let mut venue = Venue::new();
    venue.quote(&quote(99, 5, 101, 5));
    assert_eq!(words(&venue.submit(order(Side::BUY, 100, 4))), [(1, ExecType::NEW)]);
    assert!(venue.quote(&quote(99, 5, 101, 5)).is_empty());
    let out = venue.quote(&quote(98, 5, 99, 3));
    assert_eq!(words(&out), [(1, ExecType::TRADE)]);
    assert_eq!((out[0].price, out[0].quantity, out[0].liquidity), (100 * P, 3 * UNIT, Liquidity::MAKER));
    assert_eq!(words(&venue.quote(&quote(98, 5, 99, 3))), [(1, ExecType::TRADE)]);
    assert_eq!(venue.exchange.open_orders(), 0);
}

#[test]
fn a_post_only_order_is_refused_rather_than_taking() {
    let mut venue = Venue::new();
    venue.quote(&quote(99, 5, 100, 5));
    let post_only = |price| OrderRequest { flags: OrderFlag::POST_ONLY, ..order(Side::BUY, price, 1) };
    let out = venue.submit(post_only(100));
    assert_eq!((words(&out), out[0].reason), (vec![(1, ExecType::REJECTED)], OrderReason::POST_ONLY));
    assert_eq!(words(&venue.submit(post_only(99))), [(2, ExecType::NEW)]);
    let mut moved = Vec::new();
    venue.exchange.modify(2, 100 * P, 0, 0, NOW, &mut moved);
    assert_eq!(words(&moved), [(2, ExecType::CANCEL_REJECTED)], "nor by a replacement");
    assert_eq!(venue.exchange.open_orders(), 1);
}

#[test]
fn stops_wait_for_their_price_and_are_triggered_oldest_first() {
    let mut venue = Venue::new();
    venue.quote(&quote(99, 5, 100, 5));
    let stop = |price: i64, limit: i64| OrderRequest {
        order_type: if limit == 0 { OrderType::STOP } else { OrderType::STOP_LIMIT },
        stop_price: price * P,
        price: limit * P,
        ..order(Side::BUY, limit, 1)
    };
    venue.submit(stop(105, 0));
    venue.submit(stop(105, 0));
    venue.submit(stop(103, 102));
    assert!(venue.quote(&quote(101, 5, 102, 5)).is_empty());
    let out = venue.quote(&quote(103, 5, 104, 5));
    assert_eq!(words(&out), [(3, ExecType::RESTATED)], "its limit of 102 is behind the market: it rests");
    let out = venue.quote(&quote(104, 5, 105, 5));
    let expected =
        [(1, ExecType::RESTATED), (1, ExecType::TRADE), (2, ExecType::RESTATED), (2, ExecType::TRADE)];
    assert_eq!(words(&out), expected);
    let sell = OrderRequest {
        order_type: OrderType::STOP,
        stop_price: 104 * P,
        price: 0,
        ..order(Side::SELL, 0, 1)
    };
    let out = venue.submit(sell);
    assert_eq!(words(&out)[..2], [(4, ExecType::NEW), (4, ExecType::RESTATED)], "reached already");
}

#[test]
fn orders_expire_at_their_time_and_at_the_end_of_the_day() {
    let mut venue = Venue::new();
    venue.submit(OrderRequest {
        time_in_force: TimeInForce::GTD,
        expires_at: NOW + 5,
        ..order(Side::BUY, 99, 1)
    });
    venue.submit(OrderRequest { time_in_force: TimeInForce::DAY, ..order(Side::BUY, 99, 1) });
    venue.submit(order(Side::BUY, 99, 1));
    assert_eq!(venue.exchange.next_expiry(), Some(NOW + 5));
    let mut out = Vec::new();
    venue.exchange.advance(NOW + 4, &mut out);
    assert!(out.is_empty());
    venue.exchange.advance(NOW + 5, &mut out);
    assert_eq!(words(&out), [(1, ExecType::EXPIRED)]);
    let midnight = (NOW / DAY + 1) * DAY;
    venue.exchange.advance(midnight, &mut out);
    assert_eq!(words(&out)[1..], [(2, ExecType::EXPIRED)]);
    assert_eq!(venue.exchange.open_orders(), 1);
}

#[test]
fn a_replacement_keeps_its_place_only_when_it_asks_for_less_at_the_same_price() {
    let mut venue = Venue::new();
    for account_id in 1..=3 {
        venue.submit(OrderRequest { account_id, ..order(Side::SELL, 100, 2) });
    }
    let mut out = Vec::new();
    venue.exchange.modify(1, 0, 0, UNIT, NOW, &mut out);
    venue.exchange.modify(2, 0, 0, 3 * UNIT, NOW, &mut out);
    assert_eq!(words(&out), [(1, ExecType::REPLACED), (2, ExecType::REPLACED)]);
    let line: Vec<u64> =
        venue.exchange.book(id()).unwrap().iter(BookSide::Ask).map(|order| order.order_id).collect();
    assert_eq!(line, [1, 3, 2]);
}

#[test]
fn one_account_does_not_trade_with_itself() {
    let mut venue = Venue::new();
    venue.submit(order(Side::SELL, 100, 2));
    let out = venue.submit(order(Side::BUY, 100, 2));
    assert_eq!(words(&out), [(2, ExecType::NEW), (2, ExecType::CANCELED)]);
    assert_eq!(out[1].reason, OrderReason::SELF_TRADE);
    assert_eq!(venue.exchange.open_orders(), 1);
}

#[test]
fn the_same_order_sent_twice_is_one_order() {
    let mut venue = Venue::new();
    let mut out = Vec::new();
    venue.exchange.submit(1, &order(Side::BUY, 99, 1), NOW, &mut out);
    venue.exchange.submit(1, &order(Side::BUY, 99, 1), NOW, &mut out);
    assert_eq!(words(&out), [(1, ExecType::NEW)]);
}

#[test]
fn a_market_without_rules_takes_no_orders_and_opens_with_the_last_quote() {
    let mut venue = Venue { exchange: Exchange::new(SelfTrade::CancelNewest), next: 0 };
    venue.quote(&quote(99, 5, 100, 5));
    let out = venue.submit(order(Side::BUY, 100, 1));
    assert_eq!(out[0].reason, OrderReason::UNKNOWN_INSTRUMENT);
    venue.exchange.set_market(id(), rules());
    assert_eq!(words(&venue.submit(order(Side::BUY, 100, 1))), [(2, ExecType::NEW), (2, ExecType::TRADE)]);
}

#[test]
fn nothing_trades_on_a_stale_quote() {
    let mut venue = Venue::new();
    venue.submit(order(Side::BUY, 100, 1));
    let stale = Quote { flags: QuoteFlag::STALE, ..quote(98, 5, 99, 5) };
    assert!(venue.quote(&stale).is_empty());
    let out = venue.submit(order(Side::BUY, 0, 1));
    assert_eq!(out[1].reason, OrderReason::NO_LIQUIDITY);
}

#[test]
fn a_batch_is_answered_by_kind_and_matched_in_order() {
    let orders = [order(Side::SELL, 100, 1), OrderRequest { account_id: 2, ..order(Side::BUY, 0, 2) }];
    let mut one_by_one = Venue::new();
    let mut expected: Vec<VenueReport> = orders.iter().flat_map(|row| one_by_one.submit(*row)).collect();
    let mut batch = Venue::new();
    let mut found = Vec::new();
    batch.exchange.submit_batch((1..).zip(&orders), NOW, &mut found);
    let expected_words = [
        (1, ExecType::NEW),
        (2, ExecType::NEW),
        (2, ExecType::TRADE),
        (1, ExecType::TRADE),
        (2, ExecType::CANCELED),
    ];
    assert_eq!(words(&found), expected_words);
    let key = |report: &VenueReport| (report.order_id, report.trade_id, report.exec_type);
    expected.sort_by_key(key);
    found.sort_by_key(key);
    assert_eq!(found, expected);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn quantity_is_conserved_and_no_order_trades_beyond_its_limit(
        steps in prop::collection::vec(
            (0_u8..5, any::<bool>(), 95_i64..106, 1_u64..10, 1_u32..4, 1_u8..5, 0_u64..60), 1..100)
    ) {
        let mut venue = Venue::new();
        let mut requests = std::collections::HashMap::new();
        let mut done: std::collections::HashMap<u64, u64> = std::collections::HashMap::new();
        let mut ended = std::collections::HashSet::new();
        let mut resting: (i128, i128) = (0, 0);
        let mut shown: i128 = 0;
        for (what, buy, price, size, account_id, tif, which) in steps {
            let side = if buy { Side::BUY } else { Side::SELL };
            let mut out = Vec::new();
            match what {
                0 => {
                    out = venue.quote(&quote(price, size, price + 1, size));
                    shown += 2 * i128::from(size * UNIT);
                }
                1 => venue.exchange.cancel(which, NOW, &mut out),
                2 => venue.exchange.modify(which, price * P, 0, size * UNIT, NOW, &mut out),
                _ => {
                    let request = OrderRequest {
                        account_id,
                        time_in_force: TimeInForce(tif),
                        ..order(side, if what == 3 { price } else { 0 }, size)
                    };
                    requests.insert(venue.next + 1, request);
                    out = venue.submit(request);
                }
            }
            for report in out {
                let Some(request) = requests.get_mut(&report.order_id) else {
                    prop_assert_eq!(report.exec_type, ExecType::CANCEL_REJECTED);
                    continue;
                };
                match report.exec_type {
                    ExecType::TRADE => {
                        prop_assert!(!ended.contains(&report.order_id));
                        let total = done.entry(report.order_id).or_default();
                        *total += report.quantity;
                        prop_assert!(*total <= request.quantity, "more than was ordered");
                        let bought = request.side == Side::BUY;
                        if request.price != 0 {
                            let better = if bought { report.price <= request.price } else { report.price >= request.price };
                            prop_assert!(better, "beyond the limit");
                        }
                        let amount = i128::from(report.quantity);
                        if bought { resting.0 += amount } else { resting.1 += amount }
                    }
                    ExecType::REPLACED => {
                        request.price = report.price;
                        request.quantity = report.quantity;
                    }
                    ExecType::CANCELED | ExecType::REJECTED | ExecType::EXPIRED => {
                        prop_assert!(ended.insert(report.order_id), "ended twice");
                    }
                    _ => {}
                }
            }
            let book = venue.exchange.book(id()).unwrap();
            for side in [BookSide::Bid, BookSide::Ask] {
                for resting in book.iter(side) {
                    let request = &requests[&resting.order_id];
                    let left = request.quantity - done.get(&resting.order_id).copied().unwrap_or(0);
                    prop_assert_eq!(resting.quantity, left, "the book and the answers agree");
                    prop_assert!(!ended.contains(&resting.order_id));
                }
            }
            // What clients bought and sold beyond one another came from the quotes.
            prop_assert!((resting.0 - resting.1).abs() <= shown);
            if let (Some((bid, _)), Some((ask, _))) =
                (book.best_resting(BookSide::Bid), book.best_resting(BookSide::Ask))
            {
                let own = book.front(BookSide::Bid).map(|order| order.owner)
                    == book.front(BookSide::Ask).map(|order| order.owner);
                prop_assert!(bid < ask || own, "the book is crossed");
            }
        }
    }
}
