//! Checks before an order is taken: is it possible at all, and does it keep the limits?
//!
//! Nothing is rounded to fit, nothing is read as a default where data is missing. What is known here
//! (rules, quotes, rates) is not part of the journaled state: the outcome of each check is.

use alphapulse_gen::layout::{
    InstrumentId, OrderFlag, OrderModify, OrderReason, OrderRequest, OrderType, Quote, QuoteFlag, Side,
    Text8, TimeInForce,
};
use alphapulse_gen::record::Layout;
use hashbrown::HashMap;

use super::order::Order;
use super::state::State;
use crate::book::money::{Contract, notional};

/// What the registry says of an instrument, as far as orders need it. 80 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C)]
pub struct InstrumentRules {
    pub instrument_id: InstrumentId,
    /// 0: any price.
    pub tick_size: i64,
    /// 0: any quantity.
    pub lot_size: u64,
    pub min_quantity: u64,
    /// 0: no bound of its own.
    pub max_quantity: u64,
    pub min_notional: u64,
    /// Units of the underlying per contract, 1e-8; not 0.
    pub multiplier: u64,
    /// What fees and profit are settled in.
    pub settlement_currency: Text8,
    /// Bit 0: may be traded. Bit 1: inverse.
    pub flags: u32,
    pub reserved: u32,
}

const _: () = assert!(size_of::<InstrumentRules>() == 80);

// SAFETY: `repr(C)`, integers and layouts only, no padding byte (16 + 8 words, asserted above).
unsafe impl Layout for InstrumentRules {
    const NAME: &'static str = "InstrumentRules";
}

impl InstrumentRules {
    pub const TRADABLE: u32 = 1;
    pub const INVERSE: u32 = 2;

    #[must_use]
    pub fn contract(&self) -> Contract {
        Contract { multiplier: self.multiplier, inverse: self.flags & Self::INVERSE != 0 }
    }
}

/// Name, NumPy type and offset of each field: what Python builds its dtype from.
pub const RULES_FIELDS: [(&str, &str, usize); 10] = [
    ("instrument_id", "V16", core::mem::offset_of!(InstrumentRules, instrument_id)),
    ("tick_size", "<i8", core::mem::offset_of!(InstrumentRules, tick_size)),
    ("lot_size", "<u8", core::mem::offset_of!(InstrumentRules, lot_size)),
    ("min_quantity", "<u8", core::mem::offset_of!(InstrumentRules, min_quantity)),
    ("max_quantity", "<u8", core::mem::offset_of!(InstrumentRules, max_quantity)),
    ("min_notional", "<u8", core::mem::offset_of!(InstrumentRules, min_notional)),
    ("multiplier", "<u8", core::mem::offset_of!(InstrumentRules, multiplier)),
    ("settlement_currency", "S8", core::mem::offset_of!(InstrumentRules, settlement_currency)),
    ("flags", "<u4", core::mem::offset_of!(InstrumentRules, flags)),
    ("reserved", "<u4", core::mem::offset_of!(InstrumentRules, reserved)),
];

/// Whether orders are taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TradingState {
    #[default]
    Active,
    /// Only what makes a position smaller.
    Reducing,
    /// Nothing but cancels.
    Halted,
    /// Nothing but cancels, until the venue's view is known.
    Reconciling,
}

/// Limits of an account. There is no `Default`: a limit nobody set must not be read as none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub max_order_quantity: u64,
    /// 1e-8 of the quote currency.
    pub max_order_notional: u64,
    pub max_open_orders: u32,
    /// Per instrument: position and all open orders of one side, 1e-8 of the quote currency.
    pub max_position_notional: u64,
    pub max_orders_per_second: u32,
    /// How far a limit price may be on the far side of the last mid: 1e-4 basis points.
    pub price_band: u64,
    /// Age at which a quote is stale, nanoseconds since it arrived; 0: never.
    pub max_quote_age: u64,
    /// Refuse limit orders too while there is no quote to compare with.
    pub require_quote: bool,
}

#[derive(Clone, Copy, Debug)]
struct LastQuote {
    bid: Option<i64>,
    ask: Option<i64>,
    /// When it came here, not what the venue's clock said: replayed data is not stale.
    arrived_at: u64,
    firm: bool,
}

impl LastQuote {
    fn mid(&self) -> Option<i64> {
        match (self.bid, self.ask) {
            (Some(bid), Some(ask)) => Some(bid + (ask - bid) / 2),
            (one, other) => one.or(other),
        }
    }
}

/// What the checks know beside the state.
pub struct Risk {
    limits: Limits,
    pub trading_state: TradingState,
    rules: HashMap<InstrumentId, InstrumentRules>,
    quotes: HashMap<InstrumentId, LastQuote>,
    /// Theoretical arrival time of the next order by account (generic cell rate algorithm).
    rates: HashMap<u32, u64>,
}

const SECOND: u64 = 1_000_000_000;
const BAND_SCALE: i128 = 100_000_000;

impl Risk {
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            trading_state: TradingState::Active,
            rules: HashMap::new(),
            quotes: HashMap::new(),
            rates: HashMap::new(),
        }
    }

    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    pub fn set_rules(&mut self, rules: InstrumentRules) {
        self.rules.insert(rules.instrument_id, rules);
    }

    #[must_use]
    pub fn rules(&self, instrument: InstrumentId) -> Option<&InstrumentRules> {
        self.rules.get(&instrument)
    }

    pub fn quote(&mut self, quote: &Quote, now: u64) {
        let side = |price: i64, size: u64| (price > 0 && size > 0).then_some(price);
        let last = LastQuote {
            bid: side(quote.bid_price, quote.bid_size),
            ask: side(quote.ask_price, quote.ask_size),
            arrived_at: now,
            firm: quote.flags.0 & (QuoteFlag::STALE.0 | QuoteFlag::INDICATIVE.0) == 0,
        };
        self.quotes.insert(quote.instrument_id, last);
    }

    /// Whether the order is possible: its own fields and the instrument's rules.
    pub fn validate(&self, row: &OrderRequest, now: u64) -> Result<(), OrderReason> {
        if !matches!(row.side, Side::BUY | Side::SELL) {
            return Err(OrderReason::INVALID_SIDE);
        }
        let (limit, stop) = match row.order_type {
            OrderType::MARKET => (false, false),
            OrderType::LIMIT => (true, false),
            OrderType::STOP => (false, true),
            OrderType::STOP_LIMIT => (true, true),
            _ => return Err(OrderReason::UNSUPPORTED_ORDER_TYPE),
        };
        let known = OrderFlag::POST_ONLY.0 | OrderFlag::REDUCE_ONLY.0;
        if row.flags.0 & !known != 0 {
            return Err(OrderReason::UNSUPPORTED_ORDER_TYPE);
        }
        let immediate = matches!(row.time_in_force, TimeInForce::IOC | TimeInForce::FOK);
        if row.flags.contains(OrderFlag::POST_ONLY) {
            if !limit {
                return Err(OrderReason::UNSUPPORTED_ORDER_TYPE);
            }
            if immediate {
                return Err(OrderReason::UNSUPPORTED_TIME_IN_FORCE);
            }
        }
        match row.time_in_force {
            TimeInForce::DAY | TimeInForce::GTC | TimeInForce::IOC | TimeInForce::FOK => {
                if row.expires_at != 0 {
                    return Err(OrderReason::UNSUPPORTED_TIME_IN_FORCE);
                }
            }
            TimeInForce::GTD if row.expires_at <= now => return Err(OrderReason::EXPIRY_IN_PAST),
            TimeInForce::GTD => {}
            _ => return Err(OrderReason::UNSUPPORTED_TIME_IN_FORCE),
        }
        let Some(rules) = self.rules.get(&row.instrument_id) else {
            return Err(OrderReason::UNKNOWN_INSTRUMENT);
        };
        if rules.flags & InstrumentRules::TRADABLE == 0 {
            return Err(OrderReason::INSTRUMENT_NOT_TRADABLE);
        }
        self.quantity(rules, row.quantity)?;
        price(rules, row.price, limit)?;
        price(rules, row.stop_price, stop)
    }

    /// Whether a valid order keeps the limits.
    pub fn check(&mut self, state: &State, row: &OrderRequest, now: u64) -> Result<(), OrderReason> {
        match self.trading_state {
            TradingState::Halted => return Err(OrderReason::TRADING_HALTED),
            TradingState::Reconciling => return Err(OrderReason::RECONCILING),
            TradingState::Active | TradingState::Reducing => {}
        }
        let reduces = self.trading_state == TradingState::Reducing;
        if (reduces || row.flags.contains(OrderFlag::REDUCE_ONLY)) && !would_reduce(state, row) {
            return Err(if reduces { OrderReason::TRADING_HALTED } else { OrderReason::REDUCE_ONLY });
        }
        if state.open_orders(row.account_id) >= self.limits.max_open_orders {
            return Err(OrderReason::EXPOSURE_LIMIT);
        }
        let price = match row.order_type {
            OrderType::MARKET => 0,
            OrderType::STOP => row.stop_price,
            _ => row.price,
        };
        self.money(state, row, price, u128::from(row.quantity), now)?;
        self.rate(row.account_id, now)
    }

    /// Whether a replacement is possible and keeps the limits; `price` and `quantity` of `row` are
    /// the new ones, 0 where they stay.
    pub fn check_modify(
        &self,
        state: &State,
        order: &Order,
        row: &OrderModify,
        now: u64,
    ) -> Result<(), OrderReason> {
        match self.trading_state {
            TradingState::Halted | TradingState::Reducing => return Err(OrderReason::TRADING_HALTED),
            TradingState::Reconciling => return Err(OrderReason::RECONCILING),
            TradingState::Active => {}
        }
        let request = &order.request;
        let Some(rules) = self.rules.get(&request.instrument_id) else {
            return Err(OrderReason::UNKNOWN_INSTRUMENT);
        };
        if rules.flags & InstrumentRules::TRADABLE == 0 {
            return Err(OrderReason::INSTRUMENT_NOT_TRADABLE);
        }
        let mut wanted = *request;
        wanted.price = if row.price == 0 { order.price } else { row.price };
        wanted.stop_price = if row.stop_price == 0 { order.stop_price } else { row.stop_price };
        wanted.quantity = if row.quantity == 0 { order.quantity } else { row.quantity };
        self.quantity(rules, wanted.quantity)?;
        let has_limit = matches!(request.order_type, OrderType::LIMIT | OrderType::STOP_LIMIT);
        let has_stop = matches!(request.order_type, OrderType::STOP | OrderType::STOP_LIMIT);
        price(rules, wanted.price, has_limit)?;
        price(rules, wanted.stop_price, has_stop)?;
        let reference = if has_limit { wanted.price } else { wanted.stop_price };
        let more = u128::from(wanted.quantity.saturating_sub(order.quantity));
        self.money(state, &wanted, reference, more, now)
    }

    fn quantity(&self, rules: &InstrumentRules, quantity: u64) -> Result<(), OrderReason> {
        if quantity == 0 {
            return Err(OrderReason::INVALID_QUANTITY);
        }
        if rules.lot_size != 0 && quantity % rules.lot_size != 0 {
            return Err(OrderReason::QUANTITY_OFF_LOT);
        }
        if quantity < rules.min_quantity {
            return Err(OrderReason::QUANTITY_TOO_SMALL);
        }
        let own = rules.max_quantity != 0 && quantity > rules.max_quantity;
        if own || quantity > self.limits.max_order_quantity {
            return Err(OrderReason::QUANTITY_TOO_LARGE);
        }
        Ok(())
    }

    /// Collar, notional and exposure. `more`: what the order adds to the account's open quantity.
    fn money(
        &self,
        state: &State,
        row: &OrderRequest,
        own_price: i64,
        more: u128,
        now: u64,
    ) -> Result<(), OrderReason> {
        let rules = &self.rules[&row.instrument_id];
        let quote = self.quotes.get(&row.instrument_id);
        if let Some(quote) = quote {
            let age = now.saturating_sub(quote.arrived_at);
            if !quote.firm || (self.limits.max_quote_age != 0 && age > self.limits.max_quote_age) {
                return Err(OrderReason::STALE_MARKET_DATA);
            }
        } else if self.limits.require_quote {
            return Err(OrderReason::STALE_MARKET_DATA);
        }
        let buy = row.side == Side::BUY;
        let touch = quote.and_then(|quote| if buy { quote.ask } else { quote.bid });
        let price = if own_price != 0 { Some(own_price) } else { touch };
        // A market order that nothing can be compared with would be taken at any price.
        let Some(price) = price else { return Err(OrderReason::NO_LIQUIDITY) };
        let mid = quote.and_then(LastQuote::mid);
        if let Some(mid) = mid.filter(|_| own_price != 0 && row.order_type != OrderType::STOP) {
            let band = i128::from(mid) * i128::from(self.limits.price_band) / BAND_SCALE;
            let far = if buy {
                i128::from(own_price) > i128::from(mid) + band
            } else {
                i128::from(own_price) < i128::from(mid) - band
            };
            if far {
                return Err(OrderReason::PRICE_COLLAR);
            }
        }
        let contract = rules.contract();
        let value = notional(contract, price, row.quantity);
        if value.is_none_or(|value| value > u128::from(self.limits.max_order_notional)) {
            return Err(OrderReason::NOTIONAL_TOO_LARGE);
        }
        if value.is_some_and(|value| value < u128::from(rules.min_notional)) {
            return Err(OrderReason::NOTIONAL_TOO_SMALL);
        }
        let net = state.position(row.account_id, row.instrument_id);
        let open = state.open_in(row.account_id, row.instrument_id);
        let side = if buy { open.buy } else { open.sell };
        let signed = i128::try_from(side + more).unwrap_or(i128::MAX);
        let worst = (if buy { net } else { -net }).saturating_add(signed);
        if worst > 0 {
            let exposure =
                u64::try_from(worst).ok().and_then(|worst| notional(contract, mid.unwrap_or(price), worst));
            if exposure.is_none_or(|value| value > u128::from(self.limits.max_position_notional)) {
                return Err(OrderReason::EXPOSURE_LIMIT);
            }
        }
        Ok(())
    }

    fn rate(&mut self, account_id: u32, now: u64) -> Result<(), OrderReason> {
        let step = SECOND / u64::from(self.limits.max_orders_per_second.max(1));
        let next = self.rates.entry(account_id).or_insert(0);
        let after = (*next).max(now) + step;
        if after - now > SECOND {
            return Err(OrderReason::RATE_LIMIT);
        }
        *next = after;
        Ok(())
    }
}

/// Whether an order with all open ones of its side can only make the position smaller.
fn would_reduce(state: &State, row: &OrderRequest) -> bool {
    let net = state.position(row.account_id, row.instrument_id);
    let open = state.open_in(row.account_id, row.instrument_id);
    let (held, working) = if row.side == Side::BUY { (-net, open.buy) } else { (net, open.sell) };
    let wanted = u128::from(row.quantity) + working;
    held > 0 && wanted <= held.unsigned_abs()
}

fn price(rules: &InstrumentRules, price: i64, wanted: bool) -> Result<(), OrderReason> {
    if !wanted {
        return if price == 0 { Ok(()) } else { Err(OrderReason::INVALID_PRICE) };
    }
    if price <= 0 {
        return Err(OrderReason::INVALID_PRICE);
    }
    if rules.tick_size > 0 && price % rules.tick_size != 0 {
        return Err(OrderReason::PRICE_OFF_TICK);
    }
    Ok(())
}
