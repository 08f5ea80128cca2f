//! An instrument as somebody wants to register it, brought into normal form with its key and its id.
//!
//! Mirrors `validation.py`, `identity.py` and `_place` of `planning.py` of the registry for what is
//! plainly right; a test of the registry holds the two against each other on the real data.

use std::collections::{HashMap, HashSet};

use alphapulse_gen::layout::{AssetType, InstrumentId};

use super::wire::{Reader, Value, put_bytes, put_text, put_uint, put_varint};
use super::{Instrument, checks, field as f, id_message, time_message};
use crate::identity::{Place, to_bytes, to_text};

const ACTIVE: u64 = 2;
const DELISTED: u64 = 5;
const SYMBOL_BYTES: usize = 64;
const NAME_BYTES: usize = 256;
const METADATA_BYTES: usize = 16 << 10;
/// The number that the registry gives Solana, whose addresses have another form.
const SOLANA: u64 = 501_000_101;
const LAST_SECOND: u64 = u64::MAX / 1_000_000_000;

/// `VenueKind` of the schema.
const KIND_EXCHANGE: u8 = 1;
const KIND_BROKER: u8 = 4;
const KIND_CHAIN: u8 = 5;

const SECURITIES: &[AssetType] = &[
    AssetType::STOCK,
    AssetType::ETF,
    AssetType::INDEX,
    AssetType::BOND,
    AssetType::DEPOSITARY_RECEIPT,
    AssetType::FUND,
];
const DERIVATIVES: &[AssetType] = &[AssetType::FUTURE, AssetType::OPTION, AssetType::PERPETUAL];
const KEYED_BY_NAME: &[AssetType] =
    &[AssetType::INDEX, AssetType::FUND, AssetType::COMMODITY, AssetType::SYNTHETIC, AssetType::CURRENCY];

const DECIMALS: &[(u32, u128, bool)] = &[
    (f::TICK, i64::MAX as u128, false),
    (f::LOT, u64::MAX as u128, false),
    (f::MIN_QUANTITY, u64::MAX as u128, true),
    (f::MAX_QUANTITY, u64::MAX as u128, false),
    (f::MIN_NOTIONAL, i64::MAX as u128, true),
    (f::MULTIPLIER, u64::MAX as u128, false),
    (f::STRIKE, i64::MAX as u128, false),
];

/// A venue, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub struct Venue {
    pub kind: u8,
    pub chain_id: u64,
}

/// The currencies that listed securities and pairs of currencies may be in.
#[derive(Default)]
pub struct Currencies {
    /// ISO 4217.
    pub codes: HashSet<String>,
    /// What venues quote in beside them: hundredths of a currency.
    pub units: HashSet<String>,
}

/// The venues and currencies that instruments may be registered with.
#[derive(Default)]
pub struct Normaliser {
    venues: HashMap<u64, Venue>,
    chains: HashMap<u64, u64>,
    currencies: Currencies,
}

/// An instrument in normal form, but for its revision.
pub struct Normal {
    pub id: InstrumentId,
    /// Its encoding up to the revision, and after it.
    pub head: Vec<u8>,
    pub tail: Vec<u8>,
    /// The key of the venue's or the world's own choosing, the last part of the natural key.
    pub local: String,
}

impl Normaliser {
    /// `venues`: number, kind and chain of those that are not retired.
    #[must_use]
    pub fn new(venues: impl IntoIterator<Item = (u64, Venue)>, currencies: Currencies) -> Self {
        let venues: HashMap<_, _> = venues.into_iter().collect();
        let chains = venues
            .iter()
            .filter(|(_, venue)| venue.kind == KIND_CHAIN && venue.chain_id != 0)
            .map(|(number, venue)| (venue.chain_id, *number))
            .collect();
        Self { venues, chains, currencies }
    }

    /// `None`: let the registry look at it.
    #[must_use]
    pub fn normalise(&self, given: &Instrument<'_>) -> Option<Normal> {
        let kind = given.asset_type();
        let special = [f::ID_TEXT, f::NATURAL_KEY].iter().any(|field| !given.text(*field).is_empty());
        if special || given.id != InstrumentId::default() || given.number(f::ASSET_TYPE) > 255 {
            return None;
        }
        check_fields(kind, given)?;
        let status = match given.number(f::STATUS) {
            0 => ACTIVE,
            status if status <= DELISTED => status,
            _ => return None,
        };
        let plain = |text: &str, limit: usize| {
            text.len() <= limit
                && text.trim() == text
                && !text.bytes().any(|byte| byte < 0x20 || byte == 0x7f)
        };
        if !plain(given.text(f::SYMBOL), SYMBOL_BYTES) || !plain(given.text(f::NAME), NAME_BYTES) {
            return None;
        }
        check_identifiers(given)?;
        check_currencies(kind, given)?;
        self.know_currencies(kind, given)?;
        let mut scaled = [0u128; 39];
        let mut decimals = [""; 39];
        for (field, limit, zero) in DECIMALS {
            let text = given.text(*field);
            if text.is_empty() {
                continue;
            }
            let (value, normal) = checks::decimal(text)?;
            if value > *limit || (value == 0 && !zero) {
                return None;
            }
            scaled[*field as usize] = value;
            decimals[*field as usize] = normal;
        }
        let both =
            !decimals[f::MIN_QUANTITY as usize].is_empty() && !decimals[f::MAX_QUANTITY as usize].is_empty();
        if both && scaled[f::MIN_QUANTITY as usize] > scaled[f::MAX_QUANTITY as usize] {
            return None;
        }
        if given.number(f::DECIMALS) > 255 {
            return None;
        }
        check_times(given)?;
        let metadata = match given.metadata {
            None => None,
            Some(bytes) => Some(metadata(bytes)?),
        };
        let address = given.text(f::ADDRESS);
        let address = if address.starts_with("0x") || address.starts_with("0X") {
            address.to_lowercase()
        } else {
            address.into()
        };
        let (venue, chain_id) = self.place(kind, given, &address)?;
        let symbol = match (kind, given.text(f::SYMBOL)) {
            (AssetType::FX_PAIR | AssetType::CRYPTO_PAIR, "") => {
                format!("{}/{}", given.text(f::BASE), given.text(f::QUOTE))
            }
            (_, symbol) => symbol.into(),
        };
        let local = local_key(kind, given, venue, &symbol, &address)?;
        let place = Place::new(kind.0, u16::try_from(venue).ok()?).ok()?;
        let id = make_id(place, kind, given, &local)?;

        let mut head = Vec::with_capacity(256);
        put_bytes(&mut head, f::ID, &id_message(&id));
        put_text(&mut head, f::ID_TEXT, &to_text(&to_bytes(&id)));
        put_uint(&mut head, f::ASSET_TYPE, u64::from(kind.0));
        put_uint(&mut head, f::VENUE, venue);
        put_text(&mut head, f::SYMBOL, &symbol);
        put_text(&mut head, f::NAME, given.text(f::NAME));
        put_uint(&mut head, f::STATUS, status);
        put_text(&mut head, f::NATURAL_KEY, &place.canonical_key(&local).ok()?);
        for field in [f::BASE, f::QUOTE, f::SETTLEMENT] {
            put_text(&mut head, field, given.text(field));
        }
        if let Some(underlying) = &given.underlying {
            put_bytes(&mut head, f::UNDERLYING, &id_message(underlying));
        }
        for field in [f::ISIN, f::CUSIP, f::FIGI, f::SHARE_CLASS, f::COMPOSITE] {
            put_text(&mut head, field, given.text(field));
        }
        put_uint(&mut head, f::CHAIN, chain_id);
        put_text(&mut head, f::ADDRESS, &address);
        put_uint(&mut head, f::DECIMALS, given.number(f::DECIMALS));
        for field in [f::TICK, f::LOT, f::MIN_QUANTITY, f::MAX_QUANTITY, f::MIN_NOTIONAL, f::MULTIPLIER] {
            put_text(&mut head, field, decimals[field as usize]);
        }
        put_uint(&mut head, f::INVERSE, u64::from(given.number(f::INVERSE) != 0));
        if let Some(expires) = given.expires {
            put_bytes(&mut head, f::EXPIRES, &time_message(expires));
        }
        put_text(&mut head, f::STRIKE, decimals[f::STRIKE as usize]);
        put_uint(&mut head, f::RIGHT, given.number(f::RIGHT));
        for (field, time) in [(f::VALID_FROM, given.valid_from), (f::VALID_TO, given.valid_to)] {
            if let Some(time) = time {
                put_bytes(&mut head, field, &time_message(time));
            }
        }
        if let Some(metadata) = metadata {
            put_bytes(&mut head, f::METADATA, &metadata);
        }
        let mut tail = Vec::new();
        put_uint(&mut tail, f::PRIMARY, u64::from(given.number(f::PRIMARY) != 0));
        Some(Normal { id, head, tail, local })
    }

    /// The currencies of what is listed, or a pair of them, are of the list. What crypto venues
    /// quote in is open.
    fn know_currencies(&self, kind: AssetType, given: &Instrument<'_>) -> Option<()> {
        let Currencies { codes, units } = &self.currencies;
        let pair = kind == AssetType::FX_PAIR;
        let listed = match kind {
            AssetType::INDEX
            | AssetType::COMMODITY
            | AssetType::FUTURE
            | AssetType::OPTION
            | AssetType::PERPETUAL => {
                let venue = self.venues.get(&given.number(f::VENUE));
                venue.is_some_and(|venue| matches!(venue.kind, KIND_EXCHANGE | KIND_BROKER))
            }
            _ => SECURITIES.contains(&kind),
        };
        if !pair && !listed {
            return Some(());
        }
        let known = |field: u32| {
            let text = given.text(field);
            text.is_empty() || codes.contains(text) || (!pair && field == f::QUOTE && units.contains(text))
        };
        let base = !pair || known(f::BASE);
        (base && known(f::QUOTE) && known(f::SETTLEMENT)).then_some(())
    }

    /// Venue and chain, each filled in from the other for what lives on a chain.
    fn place(&self, kind: AssetType, given: &Instrument<'_>, address: &str) -> Option<(u64, u64)> {
        let mut number = given.number(f::VENUE);
        let mut chain = given.number(f::CHAIN);
        let token = kind == AssetType::TOKEN;
        if u32::try_from(chain).is_err() {
            return None;
        }
        if token && number == 0 {
            number = *self.chains.get(&chain)?;
        }
        if number == 0 {
            return Some((0, 0));
        }
        let venue = self.venues.get(&number)?;
        if (venue.kind == KIND_CHAIN) != token {
            return None;
        }
        if token {
            chain = if chain == 0 { venue.chain_id } else { chain };
            let evm = address.is_empty()
                || (address.len() == 42
                    && address[2..].bytes().all(|byte| byte.is_ascii_hexdigit())
                    && address[2..].bytes().any(|byte| byte != b'0'));
            if chain != venue.chain_id || chain == SOLANA || !evm {
                return None;
            }
        }
        Some((number, chain))
    }
}

/// The fields that a type needs are there, and those that it has none of are not.
fn check_fields(kind: AssetType, given: &Instrument<'_>) -> Option<()> {
    const fn bit(field: u32) -> u64 {
        1 << field
    }
    let security = SECURITIES.contains(&kind);
    let derivative = DERIVATIVES.contains(&kind);
    let needed: &[u32] = match kind {
        AssetType::CURRENCY | AssetType::COMMODITY => &[f::SYMBOL],
        AssetType::FX_PAIR => &[f::BASE, f::QUOTE],
        AssetType::CRYPTO_PAIR => &[f::SYMBOL, f::BASE, f::QUOTE, f::VENUE],
        AssetType::FUTURE => &[f::SYMBOL, f::VENUE, f::EXPIRES],
        AssetType::PERPETUAL => &[f::SYMBOL, f::VENUE],
        AssetType::OPTION => &[f::SYMBOL, f::VENUE, f::EXPIRES, f::STRIKE, f::RIGHT],
        AssetType::TOKEN => &[],
        _ if security => &[],
        _ => return None, // pools, synthetics, and what this build does not know
    };
    let has = |field: u32| match field {
        f::VENUE | f::RIGHT => given.number(field) != 0,
        f::EXPIRES => given.expires.is_some(),
        _ => !given.text(field).is_empty(),
    };
    if !needed.iter().all(|field| has(*field)) || given.number(f::RIGHT) > 2 {
        return None;
    }
    let mut forbidden = bit(f::POOL_TOKENS) | bit(f::POOL_FEE);
    let mut unless = |good: bool, fields: &[u32]| {
        if !good {
            forbidden |= fields.iter().fold(0, |bits, field| bits | bit(*field));
        }
    };
    let receipt = kind == AssetType::DEPOSITARY_RECEIPT;
    let token = kind == AssetType::TOKEN;
    unless(derivative || receipt || token, &[f::UNDERLYING]);
    unless(security || derivative, &[f::ISIN, f::CUSIP]);
    unless(security, &[f::SHARE_CLASS, f::PRIMARY]);
    unless(token, &[f::CHAIN, f::ADDRESS]);
    unless(derivative, &[f::INVERSE]);
    unless(derivative || kind == AssetType::COMMODITY, &[f::MULTIPLIER]);
    let dated = matches!(kind, AssetType::FUTURE | AssetType::OPTION);
    unless(dated || kind == AssetType::BOND, &[f::EXPIRES]);
    unless(kind == AssetType::OPTION, &[f::STRIKE, f::RIGHT]);
    unless(kind != AssetType::CURRENCY, &[f::VENUE]);
    (given.given & forbidden == 0).then_some(())
}

fn check_identifiers(given: &Instrument<'_>) -> Option<()> {
    let good = |field: u32, check: fn(&str) -> bool| {
        let text = given.text(field);
        text.is_empty() || check(text)
    };
    (good(f::ISIN, checks::isin_is_valid)
        && good(f::CUSIP, checks::cusip_is_valid)
        && [f::FIGI, f::SHARE_CLASS, f::COMPOSITE].iter().all(|field| good(*field, checks::figi_is_valid)))
    .then_some(())
}

fn check_currencies(kind: AssetType, given: &Instrument<'_>) -> Option<()> {
    let code = |text: &str| {
        let bytes = text.as_bytes();
        (1..=32).contains(&bytes.len())
            && bytes[0].is_ascii_alphanumeric()
            && bytes.iter().all(|byte| byte.is_ascii_alphanumeric() || b".$_-".contains(byte))
    };
    let fiat = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    if kind == AssetType::CURRENCY && !code(given.text(f::SYMBOL)) {
        return None;
    }
    for field in [f::BASE, f::QUOTE, f::SETTLEMENT] {
        let text = given.text(field);
        let good = if kind == AssetType::FX_PAIR { fiat(text) } else { code(text) };
        if !text.is_empty() && !good {
            return None;
        }
    }
    let pair = matches!(kind, AssetType::FX_PAIR | AssetType::CRYPTO_PAIR);
    (!pair || given.text(f::BASE) != given.text(f::QUOTE)).then_some(())
}

fn check_times(given: &Instrument<'_>) -> Option<()> {
    for time in [given.expires, given.valid_from, given.valid_to].into_iter().flatten() {
        time.nanoseconds()?;
        if time.seconds as u64 >= LAST_SECOND {
            return None;
        }
    }
    let start = given.valid_from.unwrap_or_default().nanoseconds()?;
    if let (Some(expires), Some(_)) = (given.expires, given.valid_from) {
        if expires.nanoseconds()? <= start {
            return None;
        }
    }
    match given.valid_to {
        Some(end) if end.nanoseconds()? <= start => None,
        _ => Some(()),
    }
}

/// A flat `Struct` with its keys in order; `None` for anything deeper or doubtful.
fn metadata(bytes: &[u8]) -> Option<Vec<u8>> {
    if bytes.len() > METADATA_BYTES {
        return None;
    }
    let mut entries = Vec::new();
    for item in Reader::new(bytes) {
        let (1, Value::Bytes(entry)) = item? else { return None };
        let mut parts = Reader::new(entry);
        let (1, Value::Bytes(key)) = parts.next()?? else { return None };
        let (2, Value::Bytes(value)) = parts.next()?? else { return None };
        if parts.next().is_some() {
            return None;
        }
        let key = std::str::from_utf8(key).ok()?;
        let mut fields = Reader::new(value);
        let mut made = Vec::with_capacity(value.len());
        match fields.next()?? {
            (1, Value::Varint(0)) => made.extend_from_slice(&[0x08, 0]),
            (2, Value::Fixed64(bits)) if f64::from_bits(bits).is_finite() => {
                made.push(0x11);
                made.extend_from_slice(&bits.to_le_bytes());
            }
            (3, Value::Bytes(text)) => put_bytes(&mut made, 3, std::str::from_utf8(text).ok()?.as_bytes()),
            (4, Value::Varint(truth)) if truth <= 1 => made.extend_from_slice(&[0x20, truth as u8]),
            _ => return None,
        }
        if fields.next().is_some() {
            return None;
        }
        entries.push((key, made));
    }
    entries.sort_by(|one, other| one.0.as_bytes().cmp(other.0.as_bytes()));
    if entries.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return None;
    }
    let mut out = Vec::with_capacity(bytes.len());
    for (key, value) in entries {
        let mut entry = Vec::with_capacity(key.len() + value.len() + 8);
        put_bytes(&mut entry, 1, key.as_bytes());
        put_bytes(&mut entry, 2, &value);
        put_varint(&mut out, 1 << 3 | 2);
        put_varint(&mut out, entry.len() as u64);
        out.extend_from_slice(&entry);
    }
    Some(out)
}

fn local_key(
    kind: AssetType,
    given: &Instrument<'_>,
    venue: u64,
    symbol: &str,
    address: &str,
) -> Option<String> {
    match kind {
        AssetType::FX_PAIR | AssetType::CRYPTO_PAIR => {
            Some(format!("{}/{}", given.text(f::BASE), given.text(f::QUOTE)))
        }
        AssetType::TOKEN => Some(if address.is_empty() { "native" } else { address }.into()),
        AssetType::FUTURE | AssetType::OPTION => {
            let (year, month, day) = civil(given.expires?.seconds.div_euclid(86_400));
            Some(format!("{symbol}@{year:04}{month:02}{day:02}"))
        }
        _ if SECURITIES.contains(&kind) => {
            let isin = given.text(f::ISIN);
            if venue != 0 && !symbol.is_empty() {
                return Some(symbol.into());
            }
            if !isin.is_empty() {
                return Some(isin.into());
            }
            let figi = given.text(if venue != 0 { f::FIGI } else { f::SHARE_CLASS });
            if !figi.is_empty() {
                return Some(format!("figi:{figi}"));
            }
            (!symbol.is_empty() && KEYED_BY_NAME.contains(&kind)).then(|| symbol.into())
        }
        _ => (!symbol.is_empty()).then(|| symbol.into()),
    }
}

fn make_id(place: Place, kind: AssetType, given: &Instrument<'_>, local: &str) -> Option<InstrumentId> {
    let made = match kind {
        AssetType::FX_PAIR | AssetType::CRYPTO_PAIR => place.pair(given.text(f::BASE), given.text(f::QUOTE)),
        AssetType::TOKEN | AssetType::FUTURE | AssetType::OPTION => place.hashed(local),
        _ if SECURITIES.contains(&kind) && checks::is_isin(local) => place.isin(local),
        _ => place.symbol(local),
    };
    made.ok()
}

/// Year, month and day of a count of days since 1970 (Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_dates() {
        assert_eq!(civil(0), (1970, 1, 1));
        assert_eq!(civil(19_895), (2024, 6, 21));
        assert_eq!(civil(11_016), (2000, 2, 29));
    }

    #[test]
    fn what_is_doubtful_is_left_to_the_registry() {
        let currencies = Currencies {
            codes: ["USD", "GBP"].map(String::from).into(),
            units: ["GBX"].map(String::from).into(),
        };
        let normaliser = Normaliser::new([(9, Venue { kind: 1, chain_id: 0 })], currencies);
        let stock = |extra: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            put_uint(&mut out, f::ASSET_TYPE, u64::from(AssetType::STOCK.0));
            put_uint(&mut out, f::VENUE, 9);
            put_text(&mut out, f::SYMBOL, "AAPL");
            extra(&mut out);
            Instrument::parse(&out).and_then(|given| normaliser.normalise(&given)).map(|normal| normal.local)
        };
        assert_eq!(stock(&|_| {}).as_deref(), Some("AAPL"));
        assert_eq!(stock(&|out| put_text(out, f::ISIN, "US0378331006")), None);
        assert_eq!(stock(&|out| put_text(out, f::STRIKE, "1")), None);
        assert_eq!(stock(&|out| put_text(out, f::SYMBOL, "TWICE")), None);
        assert_eq!(stock(&|out| put_text(out, f::TICK, "0")), None);
        assert_eq!(stock(&|out| put_uint(out, 99, 1)), None);
    }
}
