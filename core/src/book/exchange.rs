//! A simulated exchange over [`Book`]: order types, times in force, stops, fees, expiry.
//!
//! Deterministic: no clock (time comes with each call), no randomness, answers in the order in which
//! things happened. The venue's own liquidity is the last quote's best bid and offer, as long as it
//! lasts: what was taken is gone until the next quote. Orders meet that liquidity and one another.

use std::collections::BTreeSet;

use alphapulse_gen::layout::{
    ExecType, InstrumentId, Liquidity, OrderFlag, OrderReason, OrderRequest, OrderType, Quote, QuoteFlag,
    Side, Text8, TimeInForce,
};
use hashbrown::HashMap;

use super::ladder::{Book, BookSide, Match, Resting, SelfTrade};
use super::money::{Contract, fee};
use super::report::VenueReport;

const DAY: u64 = 86_400 * 1_000_000_000;

/// What the exchange must know of an instrument before it takes an order in it. There are no
/// defaults: an instrument without fees is not traded.
#[derive(Clone, Copy, Debug)]
pub struct MarketRules {
    pub contract: Contract,
    /// 1e-4 basis points; negative is a rebate.
    pub maker_rate: i64,
    /// 1e-4 basis points.
    pub taker_rate: i64,
    pub fee_currency: Text8,
}

struct Market {
    rules: MarketRules,
    book: Book,
    /// Bid and ask of the last firm quote, whatever is left of their sizes.
    bid: Option<i64>,
    ask: Option<i64>,
    /// (stop price, arrival, order id)
    buy_stops: BTreeSet<(i64, u64, u64)>,
    sell_stops: BTreeSet<(i64, u64, u64)>,
}

impl Market {
    /// The liquidity that a quote shows; none where it is not firm.
    fn show(&mut self, quote: &Quote) {
        let firm = quote.flags.0 & (QuoteFlag::STALE.0 | QuoteFlag::INDICATIVE.0) == 0;
        let side = |price: i64, size: u64| (firm && price > 0 && size > 0).then_some((price, size));
        let bid = side(quote.bid_price, quote.bid_size);
        let ask = side(quote.ask_price, quote.ask_size);
        self.bid = bid.map(|(price, _)| price);
        self.ask = ask.map(|(price, _)| price);
        let (price, size) = bid.unwrap_or_default();
        self.book.set_external(BookSide::Bid, price, size);
        let (price, size) = ask.unwrap_or_default();
        self.book.set_external(BookSide::Ask, price, size);
    }
}

#[derive(Clone, Copy)]
struct Order {
    instrument: InstrumentId,
    side: BookSide,
    order_type: OrderType,
    time_in_force: TimeInForce,
    post_only: bool,
    owner: u32,
    price: i64,
    stop_price: i64,
    quantity: u64,
    done: u64,
    /// 0: never.
    expires_at: u64,
    arrival: u64,
    /// Waits for its stop price.
    waiting: bool,
}

impl Order {
    fn leaves(&self) -> u64 {
        self.quantity.saturating_sub(self.done)
    }

    fn limit(&self) -> Option<i64> {
        match self.order_type {
            OrderType::MARKET | OrderType::STOP => None,
            _ => Some(self.price),
        }
    }

    fn is_stop(&self) -> bool {
        matches!(self.order_type, OrderType::STOP | OrderType::STOP_LIMIT)
    }
}

/// What [`Exchange::restore`] needs of a working order beside its request.
#[derive(Clone, Copy, Debug)]
pub struct Working {
    pub price: i64,
    pub stop_price: i64,
    pub quantity: u64,
    pub done: u64,
    /// A stop order whose stop price was reached.
    pub triggered: bool,
    /// When the engine took it: a DAY order ends with that day.
    pub accepted_at: u64,
}

/// The exchange. See the module page.
pub struct Exchange {
    markets: HashMap<InstrumentId, Market>,
    /// Last quotes of instruments whose market is not open yet.
    early_quotes: HashMap<InstrumentId, Quote>,
    orders: HashMap<u64, Order>,
    /// (expiry, order id)
    expiries: BTreeSet<(u64, u64)>,
    self_trade: SelfTrade,
    next_trade_id: u64,
    arrivals: u64,
}

impl Exchange {
    #[must_use]
    pub fn new(self_trade: SelfTrade) -> Self {
        Self {
            markets: HashMap::new(),
            early_quotes: HashMap::new(),
            orders: HashMap::new(),
            expiries: BTreeSet::new(),
            self_trade,
            next_trade_id: 1,
            arrivals: 0,
        }
    }

    /// Trade ids start here: above every id that an order has already. Never lowers the counter.
    pub fn start_trade_ids_at(&mut self, trade_id: u64) {
        self.next_trade_id = self.next_trade_id.max(trade_id);
    }

    /// Open a market, or change the rules of one. A market opens with the last quote that came.
    pub fn set_market(&mut self, instrument: InstrumentId, rules: MarketRules) {
        if let Some(market) = self.markets.get_mut(&instrument) {
            market.rules = rules;
            return;
        }
        let mut market = Market {
            rules,
            book: Book::new(),
            bid: None,
            ask: None,
            buy_stops: BTreeSet::new(),
            sell_stops: BTreeSet::new(),
        };
        if let Some(quote) = self.early_quotes.remove(&instrument) {
            market.show(&quote);
        }
        self.markets.insert(instrument, market);
    }

    #[must_use]
    pub fn has_market(&self, instrument: InstrumentId) -> bool {
        self.markets.contains_key(&instrument)
    }

    /// Orders that work or wait for their stop price.
    #[must_use]
    pub fn open_orders(&self) -> usize {
        self.orders.len()
    }

    /// The book of a market, for display and tests.
    #[must_use]
    pub fn book(&self, instrument: InstrumentId) -> Option<&Book> {
        self.markets.get(&instrument).map(|market| &market.book)
    }

    /// Earliest time at which an order expires.
    #[must_use]
    pub fn next_expiry(&self) -> Option<u64> {
        self.expiries.first().map(|&(time, _)| time)
    }

    /// Take an order. An id that is here already is not taken again and not answered again.
    pub fn submit(&mut self, order_id: u64, request: &OrderRequest, now: u64, out: &mut Vec<VenueReport>) {
        if self.orders.contains_key(&order_id) {
            return;
        }
        let mut order = match self.admit(request, now) {
            Ok(order) => order,
            Err(reason) => {
                out.push(answer(order_id, ExecType::REJECTED, reason, now));
                return;
            }
        };
        let market = &self.markets[&request.instrument_id];
        if order.post_only && would_take(market, &order) {
            out.push(answer(order_id, ExecType::REJECTED, OrderReason::POST_ONLY, now));
            return;
        }
        self.arrivals += 1;
        order.arrival = self.arrivals;
        out.push(answer(order_id, ExecType::NEW, OrderReason::NONE, now));
        if order.expires_at != 0 && order.expires_at <= now {
            out.push(answer(order_id, ExecType::EXPIRED, OrderReason::EXPIRY_IN_PAST, now));
            return;
        }
        self.keep(order_id, order);
        if order.waiting {
            self.await_stop(order_id, &order);
            self.trigger_stops(request.instrument_id, now, out);
        } else {
            self.activate(order_id, now, out);
        }
    }

    /// Take orders one after the other. The answers are sorted by what they say: acknowledgements
    /// first, then trades, then ends. Each order's own answers stay in their order, so nobody can
    /// tell the difference, and rows of one kind go into one frame.
    pub fn submit_batch<'a>(
        &mut self,
        orders: impl Iterator<Item = (u64, &'a OrderRequest)>,
        now: u64,
        out: &mut Vec<VenueReport>,
    ) {
        let start = out.len();
        for (order_id, request) in orders {
            self.submit(order_id, request, now, out);
        }
        out[start..].sort_by_key(|report| match report.exec_type {
            ExecType::NEW | ExecType::REJECTED => 0,
            ExecType::RESTATED => 1,
            ExecType::TRADE => 2,
            _ => 3,
        });
    }

    /// Put a working order back as it stood, without an answer; after a restart, oldest first.
    /// `false` where the instrument has no market, nothing is left of it, or it is here already.
    pub fn restore(&mut self, order_id: u64, request: &OrderRequest, working: &Working) -> bool {
        let Ok(mut order) = self.admit(request, working.accepted_at) else {
            return false;
        };
        order.price = working.price;
        order.stop_price = working.stop_price;
        order.quantity = working.quantity;
        order.done = working.done;
        order.waiting = order.is_stop() && !working.triggered;
        self.arrivals += 1;
        order.arrival = self.arrivals;
        if order.leaves() == 0 || self.orders.contains_key(&order_id) {
            return false;
        }
        self.keep(order_id, order);
        if order.waiting {
            self.await_stop(order_id, &order);
        } else {
            self.rest(order_id, &order);
        }
        true
    }

    /// Cancel an order. One that is not here was done before.
    pub fn cancel(&mut self, order_id: u64, now: u64, out: &mut Vec<VenueReport>) {
        let reply = if self.drop_order(order_id).is_some() {
            answer(order_id, ExecType::CANCELED, OrderReason::USER_REQUESTED, now)
        } else {
            answer(order_id, ExecType::CANCEL_REJECTED, OrderReason::ORDER_CLOSED, now)
        };
        out.push(reply);
    }

    /// Replace price, stop price (0: as it was) and total quantity (0: as it was) of an order. Time
    /// priority is kept only when the price stays and the quantity does not rise.
    pub fn modify(
        &mut self,
        order_id: u64,
        price: i64,
        stop_price: i64,
        quantity: u64,
        now: u64,
        out: &mut Vec<VenueReport>,
    ) {
        let Some(&old) = self.orders.get(&order_id) else {
            out.push(answer(order_id, ExecType::CANCEL_REJECTED, OrderReason::ORDER_CLOSED, now));
            return;
        };
        let mut order = old;
        if price != 0 && old.limit().is_some() {
            order.price = price;
        }
        if stop_price != 0 && old.waiting {
            order.stop_price = stop_price;
        }
        if quantity != 0 {
            order.quantity = quantity.max(old.done);
        }
        let market = self.markets.get_mut(&order.instrument).expect("its market is open");
        if order.post_only && !order.waiting && would_take(market, &order) {
            out.push(answer(order_id, ExecType::CANCEL_REJECTED, OrderReason::POST_ONLY, now));
            return;
        }
        out.push(VenueReport {
            price: order.price,
            stop_price: order.stop_price,
            quantity: order.quantity,
            ..answer(order_id, ExecType::REPLACED, OrderReason::NONE, now)
        });
        if order.leaves() == 0 {
            self.drop_order(order_id);
            return;
        }
        if !order.waiting && order.price == old.price && order.leaves() <= old.leaves() {
            market.book.reduce(order_id, order.leaves());
            self.orders.insert(order_id, order);
            return;
        }
        self.drop_order(order_id);
        self.arrivals += 1;
        order.arrival = self.arrivals;
        self.keep(order_id, order);
        if order.waiting {
            self.await_stop(order_id, &order);
            self.trigger_stops(order.instrument, now, out);
        } else {
            self.activate(order_id, now, out);
        }
    }

    /// A new quote replaces the venue's liquidity; orders that it crosses are filled, stops that it
    /// reaches are triggered.
    pub fn quote(&mut self, quote: &Quote, now: u64, out: &mut Vec<VenueReport>) {
        let Some(market) = self.markets.get_mut(&quote.instrument_id) else {
            self.early_quotes.insert(quote.instrument_id, *quote);
            return;
        };
        market.show(quote);
        for side in [BookSide::Bid, BookSide::Ask] {
            let matches = self.markets.get_mut(&quote.instrument_id);
            let matches = matches.expect("found above").book.match_external(side);
            for hit in matches {
                let trade_id = self.trade_id();
                self.fill(hit.order_id, trade_id, &hit, Liquidity::MAKER, now, out);
            }
        }
        self.trigger_stops(quote.instrument_id, now, out);
    }

    /// Time has come to `now`: orders that ended by then expire.
    pub fn advance(&mut self, now: u64, out: &mut Vec<VenueReport>) {
        while let Some(&(time, order_id)) = self.expiries.first() {
            if time > now {
                break;
            }
            self.drop_order(order_id);
            out.push(answer(order_id, ExecType::EXPIRED, OrderReason::NONE, now));
        }
    }

    fn admit(&self, request: &OrderRequest, now: u64) -> Result<Order, OrderReason> {
        if !self.markets.contains_key(&request.instrument_id) {
            return Err(OrderReason::UNKNOWN_INSTRUMENT);
        }
        let side = match request.side {
            Side::BUY => BookSide::Bid,
            Side::SELL => BookSide::Ask,
            _ => return Err(OrderReason::INVALID_SIDE),
        };
        let order_type = request.order_type;
        let is_stop = match order_type {
            OrderType::MARKET | OrderType::LIMIT => false,
            OrderType::STOP | OrderType::STOP_LIMIT => true,
            _ => return Err(OrderReason::UNSUPPORTED_ORDER_TYPE),
        };
        let expires_at = match request.time_in_force {
            TimeInForce::DAY => now.saturating_sub(now % DAY).saturating_add(DAY),
            TimeInForce::GTD => request.expires_at,
            TimeInForce::GTC | TimeInForce::IOC | TimeInForce::FOK => 0,
            _ => return Err(OrderReason::UNSUPPORTED_TIME_IN_FORCE),
        };
        if request.quantity == 0 {
            return Err(OrderReason::INVALID_QUANTITY);
        }
        Ok(Order {
            instrument: request.instrument_id,
            side,
            order_type,
            time_in_force: request.time_in_force,
            post_only: request.flags.contains(OrderFlag::POST_ONLY),
            owner: request.account_id,
            price: request.price,
            stop_price: request.stop_price,
            quantity: request.quantity,
            done: 0,
            expires_at,
            arrival: 0,
            waiting: is_stop,
        })
    }

    /// Match an order that works, and rest or cancel what is left.
    fn activate(&mut self, order_id: u64, now: u64, out: &mut Vec<VenueReport>) {
        let order = self.orders[&order_id];
        let policy = self.self_trade;
        let market = self.markets.get_mut(&order.instrument).expect("its market is open");
        let leaves = order.leaves();
        if order.time_in_force == TimeInForce::FOK
            && market.book.available(order.side, order.limit(), leaves, order.owner) < leaves
        {
            self.end(order_id, ExecType::CANCELED, OrderReason::FILL_OR_KILL, now, out);
            return;
        }
        let taken = market.book.take(order.side, order.limit(), leaves, order.owner, policy);
        for hit in &taken.matches {
            let trade_id = self.trade_id();
            self.fill(order_id, trade_id, hit, Liquidity::TAKER, now, out);
            if hit.order_id != 0 {
                self.fill(hit.order_id, trade_id, hit, Liquidity::MAKER, now, out);
            }
        }
        for canceled in taken.canceled {
            self.end(canceled, ExecType::CANCELED, OrderReason::SELF_TRADE, now, out);
        }
        if taken.remaining == 0 {
            return;
        }
        if taken.self_trade {
            self.end(order_id, ExecType::CANCELED, OrderReason::SELF_TRADE, now, out);
            return;
        }
        let rests = order.limit().is_some()
            && !matches!(order.time_in_force, TimeInForce::IOC | TimeInForce::FOK | TimeInForce::NONE);
        if rests {
            let order = self.orders[&order_id];
            self.rest(order_id, &order);
        } else {
            self.end(order_id, ExecType::CANCELED, OrderReason::NO_LIQUIDITY, now, out);
        }
    }

    fn trigger_stops(&mut self, instrument: InstrumentId, now: u64, out: &mut Vec<VenueReport>) {
        loop {
            let market = self.markets.get_mut(&instrument).expect("its market is open");
            let buy = market
                .buy_stops
                .first()
                .copied()
                .filter(|&(stop, _, _)| market.ask.is_some_and(|ask| ask >= stop));
            let sell = market
                .sell_stops
                .last()
                .copied()
                .filter(|&(stop, _, _)| market.bid.is_some_and(|bid| bid <= stop));
            let order_id = match (buy, sell) {
                (Some(buy), Some(sell)) if u64::MAX - sell.1 < buy.1 => sell.2,
                (Some(buy), _) => buy.2,
                (None, Some(sell)) => sell.2,
                (None, None) => return,
            };
            if let Some(key) = buy.filter(|key| key.2 == order_id) {
                market.buy_stops.remove(&key);
            }
            if let Some(key) = sell.filter(|key| key.2 == order_id) {
                market.sell_stops.remove(&key);
            }
            let order = self.orders.get_mut(&order_id).expect("a waiting order is known");
            order.waiting = false;
            out.push(VenueReport {
                price: order.price,
                stop_price: order.stop_price,
                quantity: order.quantity,
                ..answer(order_id, ExecType::RESTATED, OrderReason::NONE, now)
            });
            self.activate(order_id, now, out);
        }
    }

    fn fill(
        &mut self,
        order_id: u64,
        trade_id: u64,
        hit: &Match,
        liquidity: Liquidity,
        now: u64,
        out: &mut Vec<VenueReport>,
    ) {
        let order = self.orders.get_mut(&order_id).expect("a matched order is known");
        let rules = &self.markets[&order.instrument].rules;
        order.done += hit.quantity;
        let rate = if liquidity == Liquidity::MAKER { rules.maker_rate } else { rules.taker_rate };
        let fee = fee(rules.contract, hit.price, hit.quantity, rate);
        out.push(VenueReport {
            trade_id,
            price: hit.price,
            quantity: hit.quantity,
            // beyond 92 billion units: as much as the field holds, never a wrapped number
            fee: fee.unwrap_or(if rate < 0 { i64::MIN } else { i64::MAX }),
            fee_currency: rules.fee_currency,
            liquidity,
            ..answer(order_id, ExecType::TRADE, OrderReason::NONE, now)
        });
        if order.leaves() == 0 {
            self.drop_order(order_id);
        }
    }

    fn end(
        &mut self,
        order_id: u64,
        exec_type: ExecType,
        reason: OrderReason,
        now: u64,
        out: &mut Vec<VenueReport>,
    ) {
        self.drop_order(order_id);
        out.push(answer(order_id, exec_type, reason, now));
    }

    fn keep(&mut self, order_id: u64, order: Order) {
        if order.expires_at != 0 {
            self.expiries.insert((order.expires_at, order_id));
        }
        self.orders.insert(order_id, order);
    }

    fn rest(&mut self, order_id: u64, order: &Order) {
        let market = self.markets.get_mut(&order.instrument).expect("its market is open");
        market.book.insert(Resting {
            order_id,
            side: order.side,
            price: order.price,
            quantity: order.leaves(),
            owner: order.owner,
        });
    }

    fn await_stop(&mut self, order_id: u64, order: &Order) {
        let market = self.markets.get_mut(&order.instrument).expect("its market is open");
        // Of two stops at one price the older comes first; sell stops are taken from the end.
        let _ = match order.side {
            BookSide::Bid => market.buy_stops.insert((order.stop_price, order.arrival, order_id)),
            BookSide::Ask => market.sell_stops.insert((order.stop_price, u64::MAX - order.arrival, order_id)),
        };
    }

    fn drop_order(&mut self, order_id: u64) -> Option<Order> {
        let order = self.orders.remove(&order_id)?;
        if order.expires_at != 0 {
            self.expiries.remove(&(order.expires_at, order_id));
        }
        let market = self.markets.get_mut(&order.instrument).expect("its market is open");
        market.book.remove(order_id);
        market.buy_stops.remove(&(order.stop_price, order.arrival, order_id));
        market.sell_stops.remove(&(order.stop_price, u64::MAX - order.arrival, order_id));
        Some(order)
    }

    fn trade_id(&mut self) -> u64 {
        let trade_id = self.next_trade_id;
        self.next_trade_id += 1;
        trade_id
    }
}

fn would_take(market: &Market, order: &Order) -> bool {
    market
        .book
        .best_price(order.side.opposite())
        .is_some_and(|price| order.side.crosses(order.limit(), price))
}

fn answer(order_id: u64, exec_type: ExecType, reason: OrderReason, now: u64) -> VenueReport {
    VenueReport { order_id, transact_time: now, exec_type, reason, ..VenueReport::default() }
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;
