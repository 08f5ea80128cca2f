//! Instruments as the registry's protobuf message, read and made without an object a field: what a
//! batch registration and a replay of the journal pay per instrument.
//!
//! The rules are the registry's, which stay the authority: whatever is not plainly right is left to
//! them ([`normal::Normaliser::normalise`] answers `None`), and they say what is wrong with it.

pub mod checks;
pub mod normal;
pub mod table;
pub mod wire;

use alphapulse_gen::layout::{
    Address, AssetType, InstrumentFlag, InstrumentId, InstrumentRecord, InstrumentStatus, Text12, Text32,
};

use wire::{Reader, Value, put_uint, put_varint};

/// Numbers of the fields of `alphapulse.registry.v1.Instrument`.
pub mod field {
    pub const ID: u32 = 1;
    pub const ID_TEXT: u32 = 2;
    pub const ASSET_TYPE: u32 = 3;
    pub const VENUE: u32 = 4;
    pub const SYMBOL: u32 = 5;
    pub const NAME: u32 = 6;
    pub const STATUS: u32 = 7;
    pub const NATURAL_KEY: u32 = 8;
    pub const BASE: u32 = 9;
    pub const QUOTE: u32 = 10;
    pub const SETTLEMENT: u32 = 11;
    pub const UNDERLYING: u32 = 12;
    pub const ISIN: u32 = 13;
    pub const CUSIP: u32 = 14;
    pub const FIGI: u32 = 15;
    pub const SHARE_CLASS: u32 = 16;
    pub const COMPOSITE: u32 = 17;
    pub const CHAIN: u32 = 18;
    pub const ADDRESS: u32 = 19;
    pub const DECIMALS: u32 = 20;
    pub const TICK: u32 = 21;
    pub const LOT: u32 = 22;
    pub const MIN_QUANTITY: u32 = 23;
    pub const MAX_QUANTITY: u32 = 24;
    pub const MIN_NOTIONAL: u32 = 25;
    pub const MULTIPLIER: u32 = 26;
    pub const INVERSE: u32 = 27;
    pub const EXPIRES: u32 = 28;
    pub const STRIKE: u32 = 29;
    pub const RIGHT: u32 = 30;
    pub const POOL_TOKENS: u32 = 31;
    pub const POOL_FEE: u32 = 32;
    pub const VALID_FROM: u32 = 33;
    pub const VALID_TO: u32 = 34;
    pub const METADATA: u32 = 35;
    pub const REVISION: u32 = 36;
    pub const PRIMARY: u32 = 37;
    pub const VERSION: u32 = 38;
}

const FIELDS: usize = 39;
const END_OF_TIME: u64 = u64::MAX;

/// A moment as protobuf has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    pub seconds: i64,
    pub nanos: i32,
}

impl Time {
    /// Nanoseconds since the epoch; `None` outside 1970 to 2554.
    #[must_use]
    pub fn nanoseconds(self) -> Option<u64> {
        let seconds = u64::try_from(self.seconds).ok()?;
        let nanos = u64::try_from(self.nanos).ok().filter(|nanos| *nanos < 1_000_000_000)?;
        seconds.checked_mul(1_000_000_000)?.checked_add(nanos)
    }
}

/// The fields of one instrument, borrowed from its bytes.
pub struct Instrument<'a> {
    /// Bit n: field n is there.
    pub given: u64,
    texts: [&'a str; FIELDS],
    numbers: [u64; FIELDS],
    pub id: InstrumentId,
    pub underlying: Option<InstrumentId>,
    pub expires: Option<Time>,
    pub valid_from: Option<Time>,
    pub valid_to: Option<Time>,
    pub metadata: Option<&'a [u8]>,
}

impl<'a> Instrument<'a> {
    /// `None` where the bytes are no instrument, have fields that this build does not know, or say
    /// one of them twice.
    #[must_use]
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let mut made = Self {
            given: 0,
            texts: [""; FIELDS],
            numbers: [0; FIELDS],
            id: InstrumentId::default(),
            underlying: None,
            expires: None,
            valid_from: None,
            valid_to: None,
            metadata: None,
        };
        for item in Reader::new(bytes) {
            let (number, value) = item?;
            if number == 0 || number as usize >= FIELDS {
                return None;
            }
            let bit = 1u64 << number;
            if made.given & bit != 0 && number != field::POOL_TOKENS {
                return None;
            }
            made.take(number, value)?;
            made.given |= bit;
        }
        Some(made)
    }

    fn take(&mut self, number: u32, value: Value<'a>) -> Option<()> {
        use field as f;
        match (number, value) {
            (f::ID, Value::Bytes(bytes)) => self.id = instrument_id(bytes)?,
            (f::UNDERLYING, Value::Bytes(bytes)) => self.underlying = Some(instrument_id(bytes)?),
            (f::EXPIRES, Value::Bytes(bytes)) => self.expires = Some(time(bytes)?),
            (f::VALID_FROM, Value::Bytes(bytes)) => self.valid_from = Some(time(bytes)?),
            (f::VALID_TO, Value::Bytes(bytes)) => self.valid_to = Some(time(bytes)?),
            (f::METADATA, Value::Bytes(bytes)) => self.metadata = Some(bytes),
            (f::POOL_TOKENS, Value::Bytes(_)) => {}
            (
                f::ASSET_TYPE
                | f::VENUE
                | f::STATUS
                | f::CHAIN
                | f::DECIMALS
                | f::INVERSE
                | f::RIGHT
                | f::POOL_FEE
                | f::REVISION
                | f::PRIMARY
                | f::VERSION,
                Value::Varint(given),
            ) => self.numbers[number as usize] = given,
            (
                f::ID_TEXT
                | f::SYMBOL
                | f::NAME
                | f::NATURAL_KEY
                | f::BASE
                | f::QUOTE
                | f::SETTLEMENT
                | f::ISIN
                | f::CUSIP
                | f::FIGI
                | f::SHARE_CLASS
                | f::COMPOSITE
                | f::ADDRESS
                | f::TICK
                | f::LOT
                | f::MIN_QUANTITY
                | f::MAX_QUANTITY
                | f::MIN_NOTIONAL
                | f::MULTIPLIER
                | f::STRIKE,
                Value::Bytes(bytes),
            ) => self.texts[number as usize] = std::str::from_utf8(bytes).ok()?,
            _ => return None,
        }
        Some(())
    }

    #[must_use]
    pub fn text(&self, field: u32) -> &'a str {
        self.texts[field as usize]
    }

    #[must_use]
    pub fn number(&self, field: u32) -> u64 {
        self.numbers[field as usize]
    }

    /// The asset type; `NONE` for a number that it has none for.
    #[must_use]
    pub fn asset_type(&self) -> AssetType {
        AssetType(u8::try_from(self.number(field::ASSET_TYPE)).unwrap_or(0))
    }

    /// When it begins to be valid, and when it no longer is; `None` for impossible times.
    #[must_use]
    pub fn validity(&self) -> Option<(u64, u64)> {
        let from = self.valid_from.unwrap_or_default().nanoseconds()?;
        let mut until = END_OF_TIME;
        if let Some(end) = self.valid_to {
            until = until.min(end.nanoseconds()?);
        }
        if let Some(expiry) = self.expires {
            until = until.min(expiry.nanoseconds()?.saturating_add(1)); // the last moment still counts
        }
        Some((from, until))
    }

    /// The fixed record, for an instrument in normal form; `None` where a number does not fit.
    #[must_use]
    pub fn record(&self, id: InstrumentId) -> Option<InstrumentRecord> {
        let scaled = |number: u32| match self.text(number) {
            "" => Some(0),
            text => checks::decimal(text).map(|(scaled, _)| scaled),
        };
        let mut flags = 0;
        if self.number(field::INVERSE) != 0 {
            flags |= InstrumentFlag::INVERSE.0;
        }
        if self.number(field::PRIMARY) != 0 {
            flags |= InstrumentFlag::PRIMARY_LISTING.0;
        }
        let mut symbol = self.text(field::SYMBOL);
        if symbol.len() > 32 {
            flags |= InstrumentFlag::SYMBOL_TRUNCATED.0;
            symbol = &symbol[..whole_characters(symbol, 32)];
        }
        Some(InstrumentRecord {
            instrument_id: id,
            tick_size: i64::try_from(scaled(field::TICK)?).ok()?,
            lot_size: u64::try_from(scaled(field::LOT)?).ok()?,
            symbol: Text32(padded(symbol.as_bytes())),
            address: Address(address(self.text(field::ADDRESS))),
            isin: Text12(padded(self.text(field::ISIN).as_bytes())),
            figi: Text12(padded(self.text(field::FIGI).as_bytes())),
            cusip: Text12(padded(self.text(field::CUSIP).as_bytes())),
            chain_id: u32::try_from(self.number(field::CHAIN)).ok()?,
            decimals: u8::try_from(self.number(field::DECIMALS)).ok()?,
            status: InstrumentStatus(u8::try_from(self.number(field::STATUS)).ok()?),
            flags: InstrumentFlag(flags),
        })
    }
}

/// Where to cut text so that at most `limit` bytes of whole characters stay.
fn whole_characters(text: &str, limit: usize) -> usize {
    (0..=limit.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn padded<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut made = [0; N];
    let kept = bytes.len().min(N);
    made[..kept].copy_from_slice(&bytes[..kept]);
    made
}

/// The 20 bytes of an EVM address; zeros for any other form, as the record has no room for it.
fn address(text: &str) -> [u8; 20] {
    if text.len() == 42 && text.starts_with("0x") {
        return crate::identity::parse_address(text).unwrap_or_default();
    }
    [0; 20]
}

/// The protobuf form of an id; `None` where a field does not fit its width.
#[must_use]
pub fn instrument_id(bytes: &[u8]) -> Option<InstrumentId> {
    let mut id = InstrumentId::default();
    for item in Reader::new(bytes) {
        match item? {
            (1, Value::Fixed64(number)) => id.asset_id = number,
            (2, Value::Varint(number)) => id.venue = u16::try_from(number).ok()?,
            (3, Value::Varint(number)) => id.asset_type = u8::try_from(number).ok()?,
            (4, Value::Varint(number)) => id.scheme = u8::try_from(number).ok()?,
            (5, Value::Fixed32(number)) => id.salt = number,
            _ => return None,
        }
    }
    Some(id)
}

/// The one protobuf form of an id.
#[must_use]
pub fn id_message(id: &InstrumentId) -> Vec<u8> {
    let mut out = Vec::with_capacity(24);
    if id.asset_id != 0 {
        out.push(0x09);
        out.extend_from_slice(&id.asset_id.to_le_bytes());
    }
    put_uint(&mut out, 2, u64::from(id.venue));
    put_uint(&mut out, 3, u64::from(id.asset_type));
    put_uint(&mut out, 4, u64::from(id.scheme));
    if id.salt != 0 {
        out.push(0x2d);
        out.extend_from_slice(&id.salt.to_le_bytes());
    }
    out
}

fn time(bytes: &[u8]) -> Option<Time> {
    let mut made = Time::default();
    for item in Reader::new(bytes) {
        match item? {
            (1, Value::Varint(number)) => made.seconds = number as i64,
            (2, Value::Varint(number)) => made.nanos = i32::try_from(number as i64).ok()?,
            _ => return None,
        }
    }
    Some(made)
}

/// The one protobuf form of a moment.
#[must_use]
pub fn time_message(time: Time) -> Vec<u8> {
    let mut out = Vec::with_capacity(12);
    put_uint(&mut out, 1, time.seconds as u64);
    if time.nanos != 0 {
        put_varint(&mut out, 2 << 3);
        put_varint(&mut out, i64::from(time.nanos) as u64);
    }
    out
}
