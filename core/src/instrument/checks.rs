//! Check digits and decimal text, by table and without allocation.
//!
//! Sources: ISO 6166 (ISIN), ANSI X9.6 (CUSIP), the OMG's FIGI standard. The country prefixes of an
//! ISIN are those of ISO 3166-1, withdrawn ones that are still in use, and the special ones.

const SCALE_PLACES: usize = 8;

/// 0–35 for `0-9A-Z`; anything else has none.
const fn value(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some((byte - b'0') as u32),
        b'A'..=b'Z' => Some((byte - b'A') as u32 + 10),
        _ => None,
    }
}

/// Shape and check digit of ISO 6166, whatever the country.
#[must_use]
pub fn is_isin(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 12 || !bytes[..2].iter().all(u8::is_ascii_uppercase) || !bytes[11].is_ascii_digit() {
        return false;
    }
    // Luhn over the digits that letters are spelled out as: from the right every other one doubled
    let mut sum = 0;
    let mut double = true;
    for byte in bytes[..11].iter().rev() {
        let Some(number) = value(*byte) else { return false };
        let parts: &[u32] = if number > 9 { &[number % 10, number / 10] } else { &[number] };
        for digit in parts {
            sum += if double { digits_of(digit * 2) } else { *digit };
            double = !double;
        }
    }
    (10 - sum % 10) % 10 == u32::from(bytes[11] - b'0')
}

/// As `is_isin`, of a country that issues them.
#[must_use]
pub fn isin_is_valid(text: &str) -> bool {
    is_isin(text) && COUNTRIES.binary_search(&&text[..2]).is_ok()
}

/// Nine characters with their check digit.
#[must_use]
pub fn cusip_is_valid(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.len() != 9 {
        return false;
    }
    let mut sum = 0;
    for (index, byte) in bytes[..8].iter().enumerate() {
        let number = match byte {
            b'*' => 36,
            b'@' => 37,
            b'#' => 38,
            _ => match value(*byte) {
                Some(number) => number,
                None => return false,
            },
        };
        sum += digits_of(number * (1 + index as u32 % 2));
    }
    u32::from(bytes[8]) == u32::from(b'0') + (10 - sum % 10) % 10
}

/// Twelve characters without vowels, the third a `G`, with their check digit.
#[must_use]
pub fn figi_is_valid(text: &str) -> bool {
    let bytes = text.as_bytes();
    let good = bytes.len() == 12
        && !bytes[0].is_ascii_digit()
        && !bytes[1].is_ascii_digit()
        && bytes[2] == b'G'
        && !matches!(&bytes[..2], b"BS" | b"BM" | b"GG" | b"GB" | b"VG")
        && !bytes.iter().any(|byte| matches!(byte, b'A' | b'E' | b'I' | b'O' | b'U'));
    if !good {
        return false;
    }
    let mut sum = 0;
    for (index, byte) in bytes[..11].iter().enumerate() {
        let Some(number) = value(*byte) else { return false };
        sum += digits_of(number * (1 + index as u32 % 2));
    }
    u32::from(bytes[11]) == u32::from(b'0') + (10 - sum % 10) % 10
}

/// Sum of the decimal digits of a number below 100.
const fn digits_of(number: u32) -> u32 {
    number / 10 + number % 10
}

/// Decimal text without sign as an integer of 1e-8, and its normal form's length: trailing zeros
/// after the point go. `None` where it has another form or more than 20 digits before the point.
#[must_use]
pub fn decimal(text: &str) -> Option<(u128, &str)> {
    let (whole, places) = match text.split_once('.') {
        Some((_, "")) => return None,
        Some((whole, places)) => (whole, places),
        None => (text, ""),
    };
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    if whole.is_empty() || whole.len() > 20 || leading_zero || places.len() > SCALE_PLACES {
        return None;
    }
    if !digits(whole) || !digits(places) {
        return None;
    }
    let mut scaled: u128 = whole.parse().ok()?;
    for index in 0..SCALE_PLACES {
        let digit = places.as_bytes().get(index).map_or(0, |byte| byte - b'0');
        scaled = scaled * 10 + u128::from(digit);
    }
    let kept = places.trim_end_matches('0').len();
    let length = if kept == 0 { whole.len() } else { whole.len() + 1 + kept };
    Some((scaled, &text[..length]))
}

/// Prefixes of ISINs, in order.
const COUNTRIES: &[&str] = &[
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AN", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ",
    "BA", "BB", "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT",
    "BV", "BW", "BY", "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR",
    "CS", "CU", "CV", "CW", "CX", "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH",
    "ER", "ES", "ET", "EU", "FI", "FJ", "FK", "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH",
    "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS", "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT",
    "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR", "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG",
    "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA", "LB", "LC", "LI", "LK", "LR", "LS", "LT",
    "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK", "ML", "MM", "MN", "MO", "MP", "MQ",
    "MR", "MS", "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE", "NF", "NG", "NI", "NL", "NO",
    "NP", "NR", "NU", "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM", "PN", "PR", "PS", "PT",
    "PW", "PY", "QA", "QS", "QT", "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG", "SH",
    "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF",
    "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US",
    "UY", "UZ", "VA", "VC", "VE", "VG", "VI", "VN", "VU", "WF", "WS", "XA", "XB", "XC", "XD", "XF", "XK",
    "XS", "YE", "YT", "ZA", "ZM", "ZW",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_digits_of_known_numbers() {
        assert!(isin_is_valid("US0378331005") && isin_is_valid("GB00BYXJL758"));
        assert!(!isin_is_valid("US0378331003") && !isin_is_valid("us0378331005"));
        assert!(is_isin("ZZ0000000008") != is_isin("ZZ0000000009") && !isin_is_valid("ZZ0000000008"));
        assert!(cusip_is_valid("037833100") && !cusip_is_valid("037833101"));
        assert!(figi_is_valid("BBG000BLNQ16") && !figi_is_valid("BBG000BLNQ14"));
        assert!(COUNTRIES.is_sorted());
    }

    #[test]
    fn decimals_in_normal_form() {
        assert_eq!(decimal("0.0100"), Some((1_000_000, "0.01")));
        assert_eq!(decimal("5.000"), Some((500_000_000, "5")));
        assert_eq!(decimal("0"), Some((0, "0")));
        for bad in ["", ".5", "5.", "05", "1e5", "-1", "0.123456789", "1.2.3", "٣"] {
            assert_eq!(decimal(bad), None, "{bad}");
        }
    }
}
