//! Instrument ids: 16 bytes that are a pure function of a versioned natural key.
//!
//! Reversible wherever the key fits 64 bits (symbols, ISINs, pairs, native numbers), BLAKE3 of the
//! canonical key where it does not. The rules stand in docs/identity.md; schemas/vectors holds
//! examples that every language must reproduce. Whether a key names something real, and what happens
//! when two keys meet in one id, is the registry's business.

use std::fmt;

use alphapulse_gen::layout::{AssetType, IdScheme, InstrumentId};
use alphapulse_gen::record::{as_bytes, read};

/// Bytes of an id.
pub const ID_BYTES: usize = size_of::<InstrumentId>();
/// Longest symbol that is reversible.
pub const SYMBOL_LENGTH: usize = 12;
/// Longest code of a pair that is reversible.
pub const CODE_LENGTH: usize = 6;

const ISIN_LENGTH: usize = 12;
const ADDRESS_BYTES: usize = 20;
const SYMBOL_BASE: u64 = 39;
const ISIN_BASE: u64 = 36;
const CODE_BASE: u64 = 37;
const CODE_SPAN: u64 = CODE_BASE.pow(CODE_LENGTH as u32);

/// Why there is no id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityError {
    EmptyKey,
    BadAssetType(u8),
    BadKey(String),
    BadText(String),
    /// Bytes that no encoder makes.
    Malformed(&'static str),
}

impl IdentityError {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::EmptyKey => "ID_EMPTY_KEY",
            Self::BadAssetType(_) => "ID_BAD_ASSET_TYPE",
            Self::BadKey(_) => "ID_BAD_KEY",
            Self::BadText(_) => "ID_BAD_TEXT",
            Self::Malformed(_) => "ID_MALFORMED",
        }
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EmptyKey => f.write_str("an instrument needs a key: this one is empty"),
            Self::BadAssetType(number) => write!(f, "asset type {number} is not known"),
            Self::BadKey(detail) | Self::BadText(detail) => f.write_str(detail),
            Self::Malformed(detail) => write!(f, "not an instrument id: {detail}"),
        }
    }
}

impl std::error::Error for IdentityError {}

pub type Result<T> = std::result::Result<T, IdentityError>;

/// Where an instrument belongs: the part of its key that every scheme keeps in the open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub asset_type: AssetType,
    pub venue: u16,
}

impl Place {
    /// Refuses asset types that the schema does not have.
    pub fn new(asset_type: u8, venue: u16) -> Result<Self> {
        let asset_type = AssetType(asset_type);
        if asset_type == AssetType::NONE || asset_type.name().is_none() {
            return Err(IdentityError::BadAssetType(asset_type.0));
        }
        Ok(Self { asset_type, venue })
    }

    /// `v1:<asset type, lower case>:<venue number>:`.
    fn prefix(self) -> String {
        let name = self.asset_type.name().unwrap_or_default().to_ascii_lowercase();
        format!("v1:{name}:{}:", self.venue)
    }

    /// The canonical natural key. Case and every character of the local key are kept.
    pub fn canonical_key(self, local_key: &str) -> Result<String> {
        if local_key.is_empty() {
            return Err(IdentityError::EmptyKey);
        }
        Ok(self.prefix() + local_key)
    }

    fn id(self, scheme: IdScheme, asset_id: u64, salt: u32) -> InstrumentId {
        InstrumentId { asset_id, venue: self.venue, asset_type: self.asset_type.0, scheme: scheme.0, salt }
    }

    /// A venue's symbol: reversible up to 12 characters of `A-Z 0-9 . -`, else hashed.
    pub fn symbol(self, symbol: &str) -> Result<InstrumentId> {
        if symbol.is_empty() {
            return Err(IdentityError::EmptyKey);
        }
        match pack(symbol.as_bytes(), SYMBOL_LENGTH, SYMBOL_BASE, symbol_digit) {
            Some(value) => Ok(self.id(IdScheme::SYMBOL, value, 0)),
            None => self.hashed(symbol),
        }
    }

    /// ISO 6166: two letters, nine letters or digits, one digit. The check digit is not computed.
    pub fn isin(self, isin: &str) -> Result<InstrumentId> {
        if isin.is_empty() {
            return Err(IdentityError::EmptyKey);
        }
        let value = is_isin(isin.as_bytes())
            .then(|| pack(isin.as_bytes(), ISIN_LENGTH, ISIN_BASE, isin_digit))
            .flatten()
            .ok_or_else(|| IdentityError::BadKey(format!("{isin:?} is not shaped like an ISIN")))?;
        Ok(self.id(IdScheme::ISIN, value, 0))
    }

    /// A pair of codes: reversible up to 6 characters of `A-Z 0-9` each, else the hash of
    /// `BASE/QUOTE`.
    pub fn pair(self, base: &str, quote: &str) -> Result<InstrumentId> {
        if base.is_empty() || quote.is_empty() {
            return Err(IdentityError::EmptyKey);
        }
        if base.contains('/') || quote.contains('/') {
            return Err(IdentityError::BadKey(format!("a code of the pair {base:?}, {quote:?} holds a '/'")));
        }
        let code = |code: &str| pack(code.as_bytes(), CODE_LENGTH, CODE_BASE, code_digit);
        match (code(base), code(quote)) {
            (Some(base), Some(quote)) => Ok(self.id(IdScheme::PAIR, base * CODE_SPAN + quote, 0)),
            _ => self.hashed(&format!("{base}/{quote}")),
        }
    }

    /// The venue's own number.
    #[must_use]
    pub fn numeric(self, number: u64) -> InstrumentId {
        self.id(IdScheme::NUMERIC, number, 0)
    }

    /// A 20-byte address on a chain: the hash of `0x` and 40 lower-case digits.
    pub fn address(self, address: &[u8; ADDRESS_BYTES]) -> Result<InstrumentId> {
        self.hashed(&format!("0x{}", hex(address)))
    }

    /// The hash of this place's canonical key for `local_key`.
    pub fn hashed(self, local_key: &str) -> Result<InstrumentId> {
        self.hash(&self.canonical_key(local_key)?, 0)
    }

    /// BLAKE3 of a canonical key of this place. `attempt` counts the collisions that the key lost.
    pub fn hash(self, canonical_key: &str, attempt: u32) -> Result<InstrumentId> {
        match canonical_key.strip_prefix(&self.prefix()) {
            None => {
                let detail = format!("{canonical_key:?} does not begin with {:?}", self.prefix());
                return Err(IdentityError::BadKey(detail));
            }
            Some("") => return Err(IdentityError::EmptyKey),
            Some(_) => {}
        }
        let mut hasher = blake3::Hasher::new();
        hasher.update(canonical_key.as_bytes());
        if attempt > 0 {
            hasher.update(format!("#{attempt}").as_bytes());
        }
        let digest = hasher.finalize();
        let word = |at: usize| {
            let mut word = [0; 4];
            word.copy_from_slice(&digest.as_bytes()[at..at + 4]);
            u32::from_le_bytes(word)
        };
        let asset_id = u64::from(word(0)) | u64::from(word(4)) << 32;
        Ok(self.id(IdScheme::HASH, asset_id, word(8)))
    }
}

/// The address that `0x` and 40 hexadecimal digits of any case name.
pub fn parse_address(text: &str) -> Result<[u8; ADDRESS_BYTES]> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    digits.and_then(|digits| unhex(digits.as_bytes())).ok_or_else(|| {
        IdentityError::BadKey(format!("{text:?} is not an address: 0x and 40 hexadecimal digits"))
    })
}

/// The natural key of a reversible id: the symbol, the ISIN, `BASE/QUOTE` or the number in decimal;
/// `None` for a hashed one.
pub fn decode(id: &InstrumentId) -> Result<Option<String>> {
    let scheme = IdScheme(id.scheme);
    if scheme != IdScheme::HASH && id.salt != 0 {
        return Err(IdentityError::Malformed("a reversible id has no salt"));
    }
    match scheme {
        IdScheme::SYMBOL => {
            unpack(id.asset_id, SYMBOL_LENGTH, SYMBOL_BASE, b"\0ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-")
                .map(Some)
                .ok_or(IdentityError::Malformed("the number is no symbol"))
        }
        IdScheme::ISIN => {
            unpack(id.asset_id, ISIN_LENGTH, ISIN_BASE, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")
                .filter(|isin| is_isin(isin.as_bytes()))
                .map(Some)
                .ok_or(IdentityError::Malformed("the number is no ISIN"))
        }
        IdScheme::PAIR => {
            const ALPHABET: &[u8] = b"\0ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
            let code = |value| unpack(value, CODE_LENGTH, CODE_BASE, ALPHABET);
            match (code(id.asset_id / CODE_SPAN), code(id.asset_id % CODE_SPAN)) {
                (Some(base), Some(quote)) => Ok(Some(format!("{base}/{quote}"))),
                _ => Err(IdentityError::Malformed("the number is no pair")),
            }
        }
        IdScheme::NUMERIC => Ok(Some(id.asset_id.to_string())),
        IdScheme::HASH => Ok(None),
        _ => Err(IdentityError::Malformed("the scheme is not known")),
    }
}

/// The 16 bytes of an id.
#[must_use]
pub fn to_bytes(id: &InstrumentId) -> [u8; ID_BYTES] {
    let mut bytes = [0; ID_BYTES];
    bytes.copy_from_slice(as_bytes(std::slice::from_ref(id)));
    bytes
}

#[must_use]
pub fn from_bytes(bytes: &[u8; ID_BYTES]) -> InstrumentId {
    read(bytes).unwrap_or_default()
}

/// 32 lower-case hexadecimal digits, in memory order.
#[must_use]
pub fn to_text(bytes: &[u8; ID_BYTES]) -> String {
    hex(bytes)
}

/// The bytes of 32 hexadecimal digits of any case.
pub fn parse_text(text: &str) -> Result<[u8; ID_BYTES]> {
    unhex(text.as_bytes())
        .ok_or_else(|| IdentityError::BadText(format!("{text:?} is not an id: 32 hexadecimal digits")))
}

/// Σ digit · base^(width-1-i), left-aligned; `None` where a character has no digit or there are too
/// many. Callers choose width and base so that it fits 64 bits.
fn pack(text: &[u8], width: usize, base: u64, digit: impl Fn(u8) -> Option<u64>) -> Option<u64> {
    if text.len() > width {
        return None;
    }
    let value = text.iter().try_fold(0, |value, byte| Some(value * base + digit(*byte)?))?;
    Some(value * base.pow((width - text.len()) as u32))
}

/// The text of a packed number; `None` where it is empty, has a gap or is too large.
fn unpack(mut value: u64, width: usize, base: u64, alphabet: &[u8]) -> Option<String> {
    let mut text = vec![0; width];
    for place in text.iter_mut().rev() {
        *place = alphabet[(value % base) as usize];
        value /= base;
    }
    let end = text.iter().position(|byte| *byte == 0).unwrap_or(width);
    if value != 0 || end == 0 || text[end..].iter().any(|byte| *byte != 0) {
        return None;
    }
    text.truncate(end);
    String::from_utf8(text).ok()
}

fn code_digit(byte: u8) -> Option<u64> {
    match byte {
        b'A'..=b'Z' => Some(u64::from(byte - b'A') + 1),
        b'0'..=b'9' => Some(u64::from(byte - b'0') + 27),
        _ => None,
    }
}

fn symbol_digit(byte: u8) -> Option<u64> {
    match byte {
        b'.' => Some(37),
        b'-' => Some(38),
        _ => code_digit(byte),
    }
}

fn isin_digit(byte: u8) -> Option<u64> {
    match byte {
        b'0'..=b'9' => Some(u64::from(byte - b'0')),
        b'A'..=b'Z' => Some(u64::from(byte - b'A') + 10),
        _ => None,
    }
}

fn is_isin(text: &[u8]) -> bool {
    text.len() == ISIN_LENGTH
        && text[..2].iter().all(u8::is_ascii_uppercase)
        && text[2..11].iter().all(|byte| isin_digit(*byte).is_some())
        && text[11].is_ascii_digit()
}

fn hex(bytes: &[u8]) -> String {
    let digit = |nibble: u8| char::from(b"0123456789abcdef"[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

fn unhex<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    if digits.len() != 2 * N {
        return None;
    }
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let mut bytes = [0; N];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = (nibble(pair[0])? << 4 | nibble(pair[1])?) as u8;
    }
    Some(bytes)
}
