//! Fixed-point money: prices, sizes and amounts are integers of 1e-8.
//!
//! Nothing here rounds silently: the functions say how they round, and an amount that does not fit
//! is `None`, never a wrapped number.

/// One unit in fixed point.
pub const UNIT: u64 = 100_000_000;

/// Parts of a basis-point fee: a fee is given in 1e-4 basis points (1e-8 of the notional).
pub const FEE_SCALE: i128 = 100_000_000;

/// How price and quantity of an instrument become money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contract {
    /// Units of the underlying per contract, 1e-8.
    pub multiplier: u64,
    /// Profit, loss and fees are in the base currency.
    pub inverse: bool,
}

impl Default for Contract {
    fn default() -> Self {
        Self { multiplier: UNIT, inverse: false }
    }
}

/// `a * b / 1e8`, rounded down; `None` where it does not fit.
fn scale(a: u128, b: u64) -> Option<u128> {
    let unit = u128::from(UNIT);
    let b = u128::from(b);
    let whole = (a / unit).checked_mul(b)?;
    // (a % 1e8) * b < 2^27 * 2^64
    whole.checked_add((a % unit) * b / unit)
}

/// Value of a trade in the quote currency, 1e-8, rounded down; `None` where it does not fit.
///
/// Linear: price * quantity * multiplier. Inverse: quantity * multiplier (a contract is worth a
/// fixed amount of the quote currency).
#[must_use]
pub fn notional(contract: Contract, price: i64, quantity: u64) -> Option<u128> {
    if contract.inverse {
        return scale(u128::from(quantity), contract.multiplier);
    }
    let product = u128::from(price.unsigned_abs()) * u128::from(quantity);
    let value = product / u128::from(UNIT);
    if contract.multiplier == UNIT {
        return Some(value);
    }
    scale(value, contract.multiplier)
}

/// Value of a trade in the currency that it is settled in: of an inverse contract the base.
#[must_use]
pub fn settlement_value(contract: Contract, price: i64, quantity: u64) -> Option<u128> {
    if !contract.inverse {
        return notional(contract, price, quantity);
    }
    if price <= 0 {
        return None;
    }
    u128::from(quantity)
        .checked_mul(u128::from(contract.multiplier))
        .map(|product| product / u128::from(price.unsigned_abs()))
}

/// Fee of a trade, 1e-8 of its settlement currency, rounded half away from zero; negative is a
/// rebate. `rate` is in 1e-4 basis points. `None` where it does not fit.
#[must_use]
pub fn fee(contract: Contract, price: i64, quantity: u64, rate: i64) -> Option<i64> {
    let value = i128::try_from(settlement_value(contract, price, quantity)?).ok()?;
    let product = value.checked_mul(i128::from(rate))?;
    let half = FEE_SCALE / 2 * product.signum();
    i64::try_from(product.checked_add(half)? / FEE_SCALE).ok()
}

/// Mean price of `cost` (sum of price * quantity, 1e-16) over `quantity`, rounded half away from
/// zero; 0 where nothing is done.
#[must_use]
pub fn average_price(cost: i128, quantity: u64) -> i64 {
    if quantity == 0 {
        return 0;
    }
    let quantity = i128::from(quantity);
    let mean = (cost + quantity / 2 * cost.signum()) / quantity;
    i64::try_from(mean).unwrap_or(if mean < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINEAR: Contract = Contract { multiplier: UNIT, inverse: false };

    #[test]
    fn notional_of_large_orders_does_not_wrap() {
        assert_eq!(notional(LINEAR, 60_000 * UNIT as i64, 2 * UNIT), Some(u128::from(120_000 * UNIT)));
        assert!(notional(LINEAR, i64::MAX, u64::MAX).is_some());
        let huge = Contract { multiplier: u64::MAX, inverse: false };
        assert_eq!(notional(huge, i64::MAX, u64::MAX), None);
    }

    #[test]
    fn fee_rounds_half_away_from_zero_and_keeps_the_rebate_sign() {
        // 5 bps of 100.00 is 0.05
        assert_eq!(fee(LINEAR, 100 * UNIT as i64, UNIT, 50_000), Some(5_000_000));
        assert_eq!(fee(LINEAR, 100 * UNIT as i64, UNIT, -10_000), Some(-1_000_000));
        // 0.5 of the smallest unit
        assert_eq!(fee(LINEAR, UNIT as i64, 1, 50_000_000), Some(1));
        assert_eq!(fee(LINEAR, UNIT as i64, 1, -50_000_000), Some(-1));
    }

    #[test]
    fn inverse_contract_pays_its_fee_in_the_base_currency() {
        let inverse = Contract { multiplier: 100 * UNIT, inverse: true };
        // one contract of 100 USD at 50,000 is 0.002 BTC; 10 bps of that
        assert_eq!(notional(inverse, 50_000 * UNIT as i64, UNIT), Some(u128::from(100 * UNIT)));
        assert_eq!(fee(inverse, 50_000 * UNIT as i64, UNIT, 100_000), Some(200));
    }

    #[test]
    fn average_price_is_the_rounded_mean() {
        let cost = 10_i128 * 3 + 11;
        assert_eq!(average_price(cost, 4), 10);
        assert_eq!(average_price(10 + 11, 2), 11);
        assert_eq!(average_price(0, 0), 0);
    }
}
