use proptest::prelude::*;

use super::*;

fn order(order_id: u64, side: BookSide, price: i64, quantity: u64) -> Resting {
    Resting { order_id, side, price, quantity, owner: u32::try_from(order_id).unwrap() }
}

fn book(orders: &[Resting]) -> Book {
    let mut book = Book::new();
    for order in orders {
        assert!(book.insert(*order));
    }
    book
}

#[test]
fn best_price_comes_first_then_the_oldest_order() {
    let mut book = book(&[
        order(1, BookSide::Ask, 101, 5),
        order(2, BookSide::Ask, 100, 5),
        order(3, BookSide::Ask, 100, 5),
    ]);
    let taken = book.take(BookSide::Bid, Some(101), 12, 99, SelfTrade::CancelNewest);
    let met: Vec<_> = taken.matches.iter().map(|hit| (hit.order_id, hit.price, hit.quantity)).collect();
    assert_eq!(met, [(2, 100, 5), (3, 100, 5), (1, 101, 2)]);
    assert_eq!(book.get(1).unwrap().quantity, 3);
    assert_eq!(book.len(), 1);
}

#[test]
fn an_order_never_trades_beyond_its_limit() {
    let mut book = book(&[order(1, BookSide::Bid, 99, 5), order(2, BookSide::Bid, 98, 5)]);
    let taken = book.take(BookSide::Ask, Some(99), 10, 99, SelfTrade::CancelNewest);
    assert_eq!(taken.matches.len(), 1);
    assert_eq!(taken.remaining, 5);
    assert_eq!(book.best_price(BookSide::Bid), Some(98));
}

#[test]
fn reducing_keeps_the_place_in_line() {
    let mut book = book(&[order(1, BookSide::Ask, 100, 5), order(2, BookSide::Ask, 100, 5)]);
    assert!(book.reduce(1, 2));
    assert!(!book.reduce(1, 3), "a larger quantity would need a new place");
    assert_eq!(book.front(BookSide::Ask).unwrap().order_id, 1);
    assert_eq!(book.best_resting(BookSide::Ask), Some((100, 7)));
}

#[test]
fn external_liquidity_is_gone_once_taken_until_the_next_quote() {
    let mut book = Book::new();
    book.set_external(BookSide::Ask, 100, 3);
    let first = book.take(BookSide::Bid, None, 5, 1, SelfTrade::CancelNewest);
    assert_eq!((first.matches.len(), first.remaining), (1, 2));
    let second = book.take(BookSide::Bid, None, 5, 1, SelfTrade::CancelNewest);
    assert!(second.matches.is_empty());
    book.set_external(BookSide::Ask, 101, 3);
    let third = book.take(BookSide::Bid, None, 5, 1, SelfTrade::CancelNewest);
    assert_eq!(third.matches[0].price, 101);
}

#[test]
fn external_liquidity_comes_before_resting_orders_of_its_price() {
    let mut book = book(&[order(1, BookSide::Ask, 100, 5)]);
    book.set_external(BookSide::Ask, 100, 3);
    let taken = book.take(BookSide::Bid, Some(100), 4, 99, SelfTrade::CancelNewest);
    let met: Vec<_> = taken.matches.iter().map(|hit| (hit.order_id, hit.quantity)).collect();
    assert_eq!(met, [(0, 3), (1, 1)]);
}

#[test]
fn resting_orders_fill_at_their_own_price_when_the_market_crosses() {
    let mut book = book(&[order(1, BookSide::Bid, 100, 5), order(2, BookSide::Bid, 100, 5)]);
    book.set_external(BookSide::Ask, 98, 7);
    let matches = book.match_external(BookSide::Bid);
    let met: Vec<_> = matches.iter().map(|hit| (hit.order_id, hit.price, hit.quantity)).collect();
    assert_eq!(met, [(1, 100, 5), (2, 100, 2)]);
    assert_eq!(book.external(BookSide::Ask), None);
}

#[test]
fn self_trade_prevention_follows_its_policy() {
    for (policy, canceled, stopped, filled) in [
        (SelfTrade::CancelNewest, vec![], true, 0),
        (SelfTrade::CancelOldest, vec![7], false, 5),
        (SelfTrade::CancelBoth, vec![7], true, 0),
    ] {
        let mut book = book(&[order(7, BookSide::Ask, 100, 5), order(8, BookSide::Ask, 100, 5)]);
        let taken = book.take(BookSide::Bid, Some(100), 5, 7, policy);
        assert_eq!(taken.canceled, canceled);
        assert_eq!(taken.self_trade, stopped);
        assert_eq!(5 - taken.remaining, filled);
    }
}

#[test]
fn available_quantity_passes_over_own_orders() {
    let mut book = book(&[order(1, BookSide::Ask, 100, 5), order(2, BookSide::Ask, 101, 5)]);
    book.set_external(BookSide::Ask, 100, 1);
    assert_eq!(book.available(BookSide::Bid, Some(101), 100, 9), 11);
    assert_eq!(book.available(BookSide::Bid, Some(100), 100, 1), 1);
    assert_eq!(book.available(BookSide::Bid, None, 4, 9), 4);
}

#[derive(Clone, Debug)]
enum Step {
    Add { bid: bool, price: i64, quantity: u64 },
    Take { bid: bool, price: i64, quantity: u64 },
    Cancel { which: usize },
    Reduce { which: usize, quantity: u64 },
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (any::<bool>(), 90_i64..110, 1_u64..20).prop_map(|(bid, price, quantity)| Step::Add {
            bid,
            price,
            quantity
        }),
        (any::<bool>(), 90_i64..110, 1_u64..40).prop_map(|(bid, price, quantity)| Step::Take {
            bid,
            price,
            quantity
        }),
        any::<usize>().prop_map(|which| Step::Cancel { which }),
        (any::<usize>(), 0_u64..20).prop_map(|(which, quantity)| Step::Reduce { which, quantity }),
    ]
}

/// The same rules without any cleverness: a list in order of arrival.
#[derive(Default)]
struct Naive(Vec<Resting>);

impl Naive {
    fn best(&self, side: BookSide) -> Option<usize> {
        let orders = self.0.iter().enumerate().filter(|(_, order)| order.side == side);
        match side {
            BookSide::Bid => orders.rev().max_by_key(|(_, order)| order.price),
            BookSide::Ask => orders.min_by_key(|(_, order)| order.price),
        }
        .map(|(at, _)| at)
    }
}

const fn side_of(bid: bool) -> BookSide {
    if bid { BookSide::Bid } else { BookSide::Ask }
}

proptest! {
    #[test]
    fn the_book_equals_a_naive_one(steps in prop::collection::vec(step(), 1..120)) {
        let mut book = Book::new();
        let mut naive = Naive::default();
        let mut next = 0_u64;
        for step in steps {
            match step {
                Step::Add { bid, price, quantity } => {
                    next += 1;
                    let order = order(next, side_of(bid), price, quantity);
                    book.insert(order);
                    naive.0.push(order);
                }
                Step::Take { bid, price, quantity } => {
                    let side = side_of(bid);
                    let taken = book.take(side, Some(price), quantity, u32::MAX, SelfTrade::CancelNewest);
                    let mut left = quantity;
                    let mut expected = Vec::new();
                    while left > 0 {
                        let Some(at) = naive.best(side.opposite()) else { break };
                        if !side.crosses(Some(price), naive.0[at].price) { break }
                        let fill = left.min(naive.0[at].quantity);
                        left -= fill;
                        naive.0[at].quantity -= fill;
                        expected.push((naive.0[at].order_id, naive.0[at].price, fill));
                        if naive.0[at].quantity == 0 { naive.0.remove(at); }
                    }
                    let met: Vec<_> =
                        taken.matches.iter().map(|hit| (hit.order_id, hit.price, hit.quantity)).collect();
                    prop_assert_eq!(met, expected);
                    prop_assert_eq!(taken.remaining, left);
                }
                Step::Cancel { which } => {
                    if !naive.0.is_empty() {
                        let order = naive.0.remove(which % naive.0.len());
                        prop_assert_eq!(book.remove(order.order_id), Some(order));
                    }
                }
                Step::Reduce { which, quantity } => {
                    if !naive.0.is_empty() {
                        let at = which % naive.0.len();
                        let order = naive.0[at];
                        let fits = quantity <= order.quantity;
                        prop_assert_eq!(book.reduce(order.order_id, quantity), fits);
                        if fits && quantity == 0 {
                            naive.0.remove(at);
                        } else if fits {
                            naive.0[at].quantity = quantity;
                        }
                    }
                }
            }
            for side in [BookSide::Bid, BookSide::Ask] {
                let total: u128 = book.iter(side).map(|order| u128::from(order.quantity)).sum();
                let expected: u128 = naive.0.iter().filter(|order| order.side == side)
                    .map(|order| u128::from(order.quantity)).sum();
                prop_assert_eq!(total, expected);
                let at_best: u128 = naive.best(side).map_or(0, |at| {
                    let price = naive.0[at].price;
                    naive.0.iter().filter(|order| order.side == side && order.price == price)
                        .map(|order| u128::from(order.quantity)).sum()
                });
                prop_assert_eq!(book.best_resting(side).map_or(0, |(_, quantity)| quantity), at_best);
            }
            prop_assert_eq!(book.len(), naive.0.len());
        }
    }
}
