//! The matching book of one instrument: price-time priority over resting orders.
//!
//! Levels are sorted maps of price; the orders of a level are a linked list through a slab, so that
//! adding, reducing and canceling by id cost no search. Beside the resting orders each side can
//! hold *external* liquidity: the size that a quote shows. At one price it comes before resting
//! orders (nobody knows its age, and the cautious assumption is that it was there first).

use std::collections::BTreeMap;

use hashbrown::HashMap;

/// Side of the book, and of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BookSide {
    Bid,
    Ask,
}

impl BookSide {
    #[must_use]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Bid => Self::Ask,
            Self::Ask => Self::Bid,
        }
    }

    /// Whether an order of this side with `limit` may trade at `price`.
    #[must_use]
    pub const fn crosses(self, limit: Option<i64>, price: i64) -> bool {
        match (self, limit) {
            (_, None) => true,
            (Self::Bid, Some(limit)) => price <= limit,
            (Self::Ask, Some(limit)) => price >= limit,
        }
    }

    /// Whether `a` is the better price for a resting order of this side.
    const fn better_or_equal(self, a: i64, b: i64) -> bool {
        match self {
            Self::Bid => a >= b,
            Self::Ask => a <= b,
        }
    }
}

/// A resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    pub order_id: u64,
    pub side: BookSide,
    pub price: i64,
    pub quantity: u64,
    /// Whose it is, for self-trade prevention.
    pub owner: u32,
}

/// What an incoming order met.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// The resting order, 0 for external liquidity.
    pub order_id: u64,
    pub price: i64,
    pub quantity: u64,
    /// What is left of the resting order.
    pub leaves: u64,
}

/// What to do when an order would trade with its own account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SelfTrade {
    /// Cancel what is left of the incoming order.
    #[default]
    CancelNewest,
    /// Cancel the resting order and go on.
    CancelOldest,
    /// Cancel both.
    CancelBoth,
}

/// How taking ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    pub matches: Vec<Match>,
    /// Resting orders removed by self-trade prevention.
    pub canceled: Vec<u64>,
    /// What is left of the incoming order.
    pub remaining: u64,
    /// The incoming order was stopped by self-trade prevention.
    pub self_trade: bool,
}

const NIL: u32 = u32::MAX;

#[derive(Clone, Copy)]
struct Node {
    order: Resting,
    previous: u32,
    next: u32,
}

#[derive(Clone, Copy)]
struct Level {
    head: u32,
    tail: u32,
    quantity: u128,
}

#[derive(Clone, Copy, Debug, Default)]
struct External {
    price: i64,
    size: u64,
}

/// The book. See the module page.
#[derive(Default)]
pub struct Book {
    nodes: Vec<Node>,
    free: Vec<u32>,
    index: HashMap<u64, u32>,
    bids: BTreeMap<i64, Level>,
    asks: BTreeMap<i64, Level>,
    external_bid: External,
    external_ask: External,
}

impl Book {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of resting orders.
    #[must_use]
    pub fn len(&self) -> usize {
        self.index.len()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.index.is_empty()
    }

    /// Add an order behind all others of its price. Does not match: see [`Book::take`].
    /// `false` where the id is here already or the quantity is 0.
    pub fn insert(&mut self, order: Resting) -> bool {
        if order.quantity == 0 || self.index.contains_key(&order.order_id) {
            return false;
        }
        let node = Node { order, previous: NIL, next: NIL };
        let slot = match self.free.pop() {
            Some(slot) => {
                self.nodes[slot as usize] = node;
                slot
            }
            None => {
                self.nodes.push(node);
                u32::try_from(self.nodes.len() - 1).expect("fewer than 2^32 resting orders")
            }
        };
        self.index.insert(order.order_id, slot);
        let level =
            self.levels(order.side).entry(order.price).or_insert(Level { head: NIL, tail: NIL, quantity: 0 });
        level.quantity += u128::from(order.quantity);
        let tail = level.tail;
        level.tail = slot;
        if tail == NIL {
            level.head = slot;
        } else {
            self.nodes[tail as usize].next = slot;
            self.nodes[slot as usize].previous = tail;
        }
        true
    }

    /// The order as it rests.
    #[must_use]
    pub fn get(&self, order_id: u64) -> Option<Resting> {
        self.index.get(&order_id).map(|&slot| self.nodes[slot as usize].order)
    }

    /// Take an order out.
    pub fn remove(&mut self, order_id: u64) -> Option<Resting> {
        let slot = self.index.remove(&order_id)?;
        let Node { order, previous, next } = self.nodes[slot as usize];
        if previous != NIL {
            self.nodes[previous as usize].next = next;
        }
        if next != NIL {
            self.nodes[next as usize].previous = previous;
        }
        let levels = self.levels(order.side);
        let level = levels.get_mut(&order.price).expect("the order's level");
        level.quantity -= u128::from(order.quantity);
        if previous == NIL {
            level.head = next;
        }
        if next == NIL {
            level.tail = previous;
        }
        if level.head == NIL {
            levels.remove(&order.price);
        }
        self.free.push(slot);
        Some(order)
    }

    /// Lower an order's quantity without loss of priority; 0 removes it. `false` where it is not
    /// here or the quantity would rise.
    pub fn reduce(&mut self, order_id: u64, quantity: u64) -> bool {
        let Some(&slot) = self.index.get(&order_id) else {
            return false;
        };
        let order = self.nodes[slot as usize].order;
        if quantity > order.quantity {
            return false;
        }
        if quantity == 0 {
            self.remove(order_id);
            return true;
        }
        self.nodes[slot as usize].order.quantity = quantity;
        let level = self.levels(order.side).get_mut(&order.price);
        level.expect("the order's level").quantity -= u128::from(order.quantity - quantity);
        true
    }

    /// Replace the external liquidity of a side; size 0 takes it away.
    pub fn set_external(&mut self, side: BookSide, price: i64, size: u64) {
        *self.external_mut(side) = External { price, size };
    }

    /// External liquidity of a side: price and size, `None` where there is none (left).
    #[must_use]
    pub fn external(&self, side: BookSide) -> Option<(i64, u64)> {
        let external = match side {
            BookSide::Bid => self.external_bid,
            BookSide::Ask => self.external_ask,
        };
        (external.size > 0).then_some((external.price, external.size))
    }

    /// Best price of the resting orders of a side and their quantity there.
    #[must_use]
    pub fn best_resting(&self, side: BookSide) -> Option<(i64, u128)> {
        let (price, level) = match side {
            BookSide::Bid => self.bids.last_key_value()?,
            BookSide::Ask => self.asks.first_key_value()?,
        };
        Some((*price, level.quantity))
    }

    /// Best price of a side, resting or external.
    #[must_use]
    pub fn best_price(&self, side: BookSide) -> Option<i64> {
        let resting = self.best_resting(side).map(|(price, _)| price);
        let external = self.external(side).map(|(price, _)| price);
        match (resting, external) {
            (Some(a), Some(b)) => Some(if side.better_or_equal(a, b) { a } else { b }),
            (a, b) => a.or(b),
        }
    }

    /// First order in line at the best price of a side.
    #[must_use]
    pub fn front(&self, side: BookSide) -> Option<Resting> {
        let level = match side {
            BookSide::Bid => self.bids.last_key_value()?.1,
            BookSide::Ask => self.asks.first_key_value()?.1,
        };
        Some(self.nodes[level.head as usize].order)
    }

    /// How much an order of `side` could take at `limit` or better, up to `wanted`, passing over
    /// orders of `owner`.
    #[must_use]
    pub fn available(&self, side: BookSide, limit: Option<i64>, wanted: u64, owner: u32) -> u64 {
        let opposite = side.opposite();
        let mut found: u128 = 0;
        if let Some((price, size)) = self.external(opposite) {
            if side.crosses(limit, price) {
                found += u128::from(size);
            }
        }
        let wanted = u128::from(wanted);
        let mut levels: Box<dyn Iterator<Item = (&i64, &Level)>> = match opposite {
            BookSide::Bid => Box::new(self.bids.iter().rev()),
            BookSide::Ask => Box::new(self.asks.iter()),
        };
        while found < wanted {
            let Some((price, level)) = levels.next() else {
                break;
            };
            if !side.crosses(limit, *price) {
                break;
            }
            let mut slot = level.head;
            while slot != NIL && found < wanted {
                let node = &self.nodes[slot as usize];
                if node.order.owner != owner {
                    found += u128::from(node.order.quantity);
                }
                slot = node.next;
            }
        }
        u64::try_from(found.min(wanted)).expect("not above a u64")
    }

    /// Take liquidity with an order of `side`: best price first, external before resting at one
    /// price, then the oldest order. The rest is not inserted.
    pub fn take(
        &mut self,
        side: BookSide,
        limit: Option<i64>,
        quantity: u64,
        owner: u32,
        policy: SelfTrade,
    ) -> Taken {
        let opposite = side.opposite();
        let mut taken = Taken { remaining: quantity, ..Taken::default() };
        while taken.remaining > 0 {
            let resting = self.front(opposite);
            let external = self.external(opposite);
            let use_external = match (external, resting) {
                (Some((price, _)), Some(order)) => opposite.better_or_equal(price, order.price),
                (Some(_), None) => true,
                (None, _) => false,
            };
            if use_external {
                let Some((price, size)) = external else { break };
                if !side.crosses(limit, price) {
                    break;
                }
                let fill = size.min(taken.remaining);
                self.external_mut(opposite).size -= fill;
                taken.remaining -= fill;
                taken.matches.push(Match { order_id: 0, price, quantity: fill, leaves: size - fill });
                continue;
            }
            let Some(order) = resting else { break };
            if !side.crosses(limit, order.price) {
                break;
            }
            if order.owner == owner {
                if policy != SelfTrade::CancelNewest {
                    self.remove(order.order_id);
                    taken.canceled.push(order.order_id);
                }
                if policy == SelfTrade::CancelOldest {
                    continue;
                }
                taken.self_trade = true;
                break;
            }
            let fill = order.quantity.min(taken.remaining);
            taken.remaining -= fill;
            self.reduce(order.order_id, order.quantity - fill);
            taken.matches.push(Match {
                order_id: order.order_id,
                price: order.price,
                quantity: fill,
                leaves: order.quantity - fill,
            });
        }
        taken
    }

    /// Fill the resting orders of `side` that the external liquidity of the other side crosses, at
    /// the resting order's price.
    pub fn match_external(&mut self, side: BookSide) -> Vec<Match> {
        let mut matches = Vec::new();
        let opposite = side.opposite();
        while let (Some((price, size)), Some(order)) = (self.external(opposite), self.front(side)) {
            if !side.crosses(Some(order.price), price) {
                break;
            }
            let fill = size.min(order.quantity);
            self.external_mut(opposite).size -= fill;
            self.reduce(order.order_id, order.quantity - fill);
            matches.push(Match {
                order_id: order.order_id,
                price: order.price,
                quantity: fill,
                leaves: order.quantity - fill,
            });
        }
        matches
    }

    /// Resting orders of a side, best price first, oldest first within a price.
    pub fn iter(&self, side: BookSide) -> impl Iterator<Item = Resting> + '_ {
        let levels: Box<dyn Iterator<Item = &Level>> = match side {
            BookSide::Bid => Box::new(self.bids.values().rev()),
            BookSide::Ask => Box::new(self.asks.values()),
        };
        levels.flat_map(move |level| {
            let mut slot = level.head;
            std::iter::from_fn(move || {
                if slot == NIL {
                    return None;
                }
                let node = &self.nodes[slot as usize];
                slot = node.next;
                Some(node.order)
            })
        })
    }

    fn levels(&mut self, side: BookSide) -> &mut BTreeMap<i64, Level> {
        match side {
            BookSide::Bid => &mut self.bids,
            BookSide::Ask => &mut self.asks,
        }
    }

    fn external_mut(&mut self, side: BookSide) -> &mut External {
        match side {
            BookSide::Bid => &mut self.external_bid,
            BookSide::Ask => &mut self.external_ask,
        }
    }
}

#[cfg(test)]
#[path = "ladder_tests.rs"]
mod tests;
