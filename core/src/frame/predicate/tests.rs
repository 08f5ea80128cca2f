use alphapulse_gen::fields::{Kind, RECORD_FIELDS};
use alphapulse_gen::layout::{
    ArbitrageOpportunity, DeFiSignal, Fill, Heartbeat, InstrumentId, Int128, MessageType,
    PoolArbitrageSignal, Quote, QuoteFlag, Side, StrategyAlert, SystemError, Text8, Text64, Trade, UInt128,
};
use alphapulse_gen::record::{Record, as_bytes};
use proptest::prelude::*;

use super::compile::decimals;
use super::*;

/// Which rows match, by a predicate that must compile.
fn matching<T: Record>(text: &str, rows: &[T]) -> Vec<bool> {
    let predicate = Predicate::compile(text, None, &[]).unwrap_or_else(|e| panic!("{text}: {e}")).unwrap();
    let number = T::MESSAGE_TYPE.unwrap().0;
    let words = predicate.matches(number, as_bytes(rows)).unwrap_or_else(|| panic!("{text} does not fit"));
    (0..rows.len()).map(|i| words[i / 64] >> (i % 64) & 1 == 1).collect()
}

fn holds<T: Record>(text: &str, row: T) -> bool {
    matching(text, &[row])[0]
}

fn refusal(text: &str) -> (&'static str, usize) {
    let error = Predicate::compile(text, None, &[]).expect_err(text);
    (error.reason.code(), error.offset)
}

fn quote(bid: i64, ask: i64) -> Quote {
    Quote { bid_price: bid, ask_price: ask, bid_size: 150_000_000, ask_size: 1, ..Quote::default() }
}

const UNIT: i64 = 100_000_000;

#[test]
fn the_example_of_the_protocol() {
    let text = "ask_price - bid_price > 0.5";
    assert!(!holds(text, quote(100 * UNIT, 100 * UNIT + UNIT / 2)));
    assert!(holds(text, quote(100 * UNIT, 100 * UNIT + UNIT / 2 + 1)));
    let sell = Trade { side: Side::SELL, price: 5 * UNIT, ..Trade::default() };
    assert!(holds("price >= 5 and side == SELL", sell));
    assert!(!holds("price >= 5 and side == BUY", sell));
    assert!(holds("BUY != side", sell));
}

#[test]
fn numbers_are_in_natural_units_and_exact() {
    let trade =
        Trade { price: 6_123_410_000_000, size: 12_345_678, trade_id: (1 << 53) + 1, ..Trade::default() };
    for text in [
        "price == 61234.1",
        "price == 61234.10000000",
        "price == 6.12341e4",
        "price == 612341E-1",
        "size == .12345678",
        "trade_id == 9007199254740993",
        "price * size == 61234.1 * 0.12345678",
        "price - 61234 == 0.1",
        "price + size - size == 61234.1",
        "-price < -61234.09999999",
        "abs(1 - 3) == 2",
        "2 + 3 * 4 == 14",
        "(2 + 3) * 4 == 20",
        "10 - 3 - 2 == 5",
        "- - 3 == 3",
        "0.1 + 0.2 == 0.3",
    ] {
        assert!(holds(text, trade), "{text}");
    }
    for text in ["price == 61234.10000001", "trade_id == 9007199254740992", "size != 0.12345678"] {
        assert!(!holds(text, trade), "{text}");
    }
}

#[test]
fn a_division_is_a_float_and_by_zero_nothing() {
    assert!(holds("(ask_price - bid_price) * 10000 / bid_price > 4.9", quote(10_000 * UNIT, 10_005 * UNIT)));
    assert!(!holds("(ask_price - bid_price) * 10000 / bid_price > 5.1", quote(10_000 * UNIT, 10_005 * UNIT)));
    assert!(holds("bid_price / 3 * 3 / bid_price <= 1", quote(7 * UNIT, 0)));
    for text in ["1 / bid_price > 0", "1 / bid_price < 0", "0 / bid_price == 0", "1 / bid_price != 1"] {
        assert!(!holds(text, quote(0, 1)), "{text}");
    }
    assert!(holds("not 1 / bid_price > 0", quote(0, 1)));
    assert!(holds("1 / bid_price != 2", quote(UNIT, 1)));
}

#[test]
fn numbers_of_128_bits() {
    let row = PoolArbitrageSignal {
        pool_a_reserve0: UInt128 { lo: 5, hi: 1 },
        pool_b_reserve0: UInt128 { lo: u64::MAX, hi: u64::MAX },
        expected_profit: Int128 { lo: u64::MAX - 9, hi: -1 },
        gas_cost: UInt128 { lo: 7, hi: 0 },
        ..PoolArbitrageSignal::default()
    };
    for text in [
        "pool_a_reserve0 == 18446744073709551621",
        "pool_b_reserve0 > 100000000000000000000000000000",
        "expected_profit == -10",
        "abs(expected_profit) == 10",
        "expected_profit + gas_cost < 0",
        "pool_a_reserve0 * pool_a_reserve0 > 3.4e29 * 1e9",
        "pool_b_reserve0 * pool_b_reserve0 > 0",
        "pool_b_reserve0 + pool_b_reserve0 > pool_b_reserve0",
    ] {
        assert!(holds(text, row), "{text}");
    }
    let least = PoolArbitrageSignal { expected_profit: Int128 { lo: 0, hi: i64::MIN }, ..row };
    assert!(holds("-expected_profit > 0 and abs(expected_profit) > 0", least));
    let half = DeFiSignal { amount_in_q: UInt128 { lo: 1 << 63, hi: 2 }, ..DeFiSignal::default() };
    assert!(holds("amount_in_q == 2.5 / 1", half));
}

#[test]
fn logic_and_precedence() {
    let row = quote(UNIT, 2 * UNIT);
    for (text, expected) in [
        ("true", true),
        ("false", false),
        ("not false", true),
        ("not not true", true),
        ("true or false and false", true),
        ("(true or false) and false", false),
        ("not true or true", true),
        ("not (true or true)", false),
        ("not bid_price == 1 or ask_price == 2", true),
        ("bid_price == 1 and ask_price == 2 and bid_size == 1.5", true),
        ("bid_price<1 or bid_price>1", false),
        ("bid_price <= 1 and bid_price >= 1", true),
    ] {
        assert_eq!(holds(text, row), expected, "{text}");
    }
}

#[test]
fn names_flags_ids_and_texts() {
    let id = InstrumentId { asset_id: 5, venue: 1, asset_type: 8, scheme: 1, salt: 0 };
    let quote = Quote { instrument_id: id, flags: QuoteFlag(0b101), ..Quote::default() };
    for (text, expected) in [
        ("instrument_id.venue == BINANCE", true),
        ("instrument_id.venue == 1", true),
        ("instrument_id.asset_type == CRYPTO_PAIR and instrument_id.scheme == SYMBOL", true),
        ("instrument_id.asset_id == 5", true),
        ("instrument_id == '05000000000000000100080100000000'", true),
        ("instrument_id != \"05000000000000000100080100000000\"", false),
        ("'05000000000000000100080100000001' == instrument_id", false),
        ("flags.STALE", true),
        ("flags.INDICATIVE", false),
        ("flags.ONE_SIDED and not flags.INDICATIVE", true),
        ("flags == 5", true),
    ] {
        assert_eq!(holds(text, quote), expected, "{text}");
    }
    let fill = Fill { fee_currency: Text8(*b"USDT\0\0\0\0"), ..Fill::default() };
    assert!(holds("fee_currency == 'USDT'", fill));
    assert!(!holds("fee_currency == 'USD'", fill));
    assert!(holds("fee_currency != 'USDTUSDT'", fill));
    let mut text = [0; 64];
    text[..2].copy_from_slice(b"hi");
    let alert = StrategyAlert { text: Text64(text), ..StrategyAlert::default() };
    assert!(holds("text == 'hi' and severity < WARNING", alert));
    let pair =
        ArbitrageOpportunity { base_id: id, quote_id: id, venue_a: 2, ..ArbitrageOpportunity::default() };
    assert!(holds("base_id == quote_id and venue_a == BINANCE_FUTURES", pair));
    let error = SystemError { message_type: MessageType::TRADE, ..SystemError::default() };
    assert!(holds("message_type == TRADE", error));
}

#[test]
fn a_predicate_fits_the_types_that_have_its_fields() {
    let compile = |text, types: Option<&[u16]>| {
        Predicate::compile(text, types.map(NumberSet::new).as_ref(), &[]).map(Option::unwrap)
    };
    let trade = as_bytes(&[Trade { price: UNIT, ..Trade::default() }]).to_vec();
    let price = compile("price > 0", None).unwrap();
    assert_eq!(price.matches(1, &trade), Some(vec![1]));
    assert_eq!(price.matches(2, &[0; 80]), None, "a quote has no price");
    assert_eq!(price.matches(200, &[0; 80]), None);
    assert_eq!(price.matches(1, &[]), Some(vec![]));
    assert_eq!(compile("price > 0", Some(&[2, 40])).unwrap().matches(1, &trade), None);
    assert_eq!(compile("price > 0", Some(&[2])).unwrap_err().reason, PredicateReason::UnknownName);
    let mixed = compile("price > bid_price", None).unwrap_err();
    assert_eq!(mixed.reason, PredicateReason::UnknownName);
    assert_eq!(compile("true", Some(&[222])).unwrap_err().reason, PredicateReason::UnknownName);
    assert!(Predicate::compile("  ", None, &[]).unwrap().is_none());
    assert_eq!(compile("true", None).unwrap().matches(100, as_bytes(&[Heartbeat::default()])), Some(vec![1]));
}

#[test]
fn errors_name_the_place() {
    const SYNTAX: &str = "PREDICATE_SYNTAX";
    const NAME: &str = "PREDICATE_UNKNOWN_NAME";
    const TYPE: &str = "PREDICATE_TYPE";
    const LARGE: &str = "PREDICATE_TOO_LARGE";
    for (text, reason, offset) in [
        ("price >", SYNTAX, 7),
        ("price > > 5", SYNTAX, 8),
        ("> 5", SYNTAX, 0),
        ("price = 5", SYNTAX, 6),
        ("price ! 5", SYNTAX, 6),
        ("1 < price < 2", SYNTAX, 10),
        ("(price > 5", SYNTAX, 0),
        ("price > 5)", SYNTAX, 9),
        ("price > 5 6", SYNTAX, 10),
        ("price > 5 and", SYNTAX, 13),
        ("price > 5x", SYNTAX, 9),
        ("price > 5.1.2", SYNTAX, 11),
        ("price > 1e", SYNTAX, 9),
        ("price > 1e+", SYNTAX, 9),
        ("fee_currency == 'USD", SYNTAX, 16),
        ("price & 5", SYNTAX, 6),
        ("ünd > 5", SYNTAX, 0),
        ("price > 'ä' and €", SYNTAX, 16),
        ("sqrt(price) > 5", SYNTAX, 0),
        ("flags. > 5", SYNTAX, 5),
        ("price > 5 AND size > 5", SYNTAX, 10),
        ("prize > 5", NAME, 0),
        ("price > 5 and prize > 5", NAME, 14),
        ("side == BUYY", NAME, 8),
        ("side.BUY", NAME, 0),
        ("flags.NOTHING", NAME, 0),
        ("instrument_id.nothing == 1", NAME, 0),
        ("price.x > 1", NAME, 0),
        ("nothing.at.all", NAME, 0),
        ("reserved > 1", NAME, 0),
        ("price > UP", NAME, 8),
        ("price", TYPE, 0),
        ("5", TYPE, 0),
        ("'text'", TYPE, 0),
        ("price > 5 and size", TYPE, 14),
        ("not price", TYPE, 4),
        ("price + size", TYPE, 6),
        ("price == 'abc'", TYPE, 9),
        ("'a' == 'a'", TYPE, 0),
        ("price > (size > 5)", TYPE, 14),
        ("price > true", TYPE, 8),
        ("1 + flags.STALE > 1", TYPE, 4),
        ("fee_currency > 'USD'", TYPE, 15),
        ("fee_currency == 'TOO LONG A TEXT'", TYPE, 16),
        ("fee_currency == 5", TYPE, 0),
        ("instrument_id == 'xyz'", TYPE, 17),
        ("instrument_id == 5", TYPE, 0),
        ("address == '0x12'", TYPE, 11),
        ("base_id == price", NAME, 11),
        ("base_id == created_at", TYPE, 11),
        ("price > 1234567890123456789012345678901", LARGE, 8),
        ("price > 1e99", LARGE, 8),
        ("price > 1e-99", LARGE, 8),
        ("price > 1e99999999999999999999", SYNTAX, 9),
    ] {
        assert_eq!(refusal(text), (reason, offset), "{text}");
    }
}

#[test]
fn what_is_too_large_is_refused() {
    let (reason, offset) = refusal(&" ".repeat(4097));
    assert_eq!((reason, offset), ("PREDICATE_TOO_LARGE", 4096));
    for text in [
        format!("{}1 > 0{}", "(".repeat(1000), ")".repeat(1000)),
        format!("{}true", "not ".repeat(1000)),
        format!("{}1 > 0", "-".repeat(1000)),
        format!("price > 0{}", " + 1".repeat(1000)),
    ] {
        assert_eq!(refusal(&text).0, "PREDICATE_TOO_LARGE");
    }
    assert!(holds(
        &format!("price <= 0{}", " + 1".repeat(100)),
        Trade { price: 100 * UNIT, ..Trade::default() }
    ));
}

#[test]
fn every_field_of_every_record_has_a_use() {
    for (member, record) in RECORD_FIELDS {
        for field in record.fields.iter().filter(|field| !field.name.starts_with("reserved")) {
            let name = field.name;
            let text = match field.kind {
                Kind::Unsigned | Kind::Signed | Kind::Enum(_) => format!("{name} == 0"),
                Kind::Text => format!("{name} == ''"),
                Kind::Bytes => format!("{name} == '{}'", "00".repeat(field.size)),
                Kind::Struct(inner) if inner.name == "InstrumentId" => format!("{name}.asset_id == 0"),
                Kind::Struct(_) => format!("{name} == 0"),
                Kind::Float | Kind::Bool | Kind::Fixed { .. } => unreachable!("built-in records have none"),
            };
            let Some(message_type) = RECORDS.iter().find(|r| r.member == member).and_then(|r| r.message_type)
            else {
                continue;
            };
            let types = NumberSet::new(&[u16::from(message_type.0)]);
            let predicate =
                Predicate::compile(&text, Some(&types), &[]).unwrap_or_else(|e| panic!("{text}: {e}"));
            let rows = vec![0; record.size];
            assert_eq!(predicate.unwrap().matches(message_type.0, &rows), Some(vec![1]), "{text}");
        }
    }
}

/// The rule about natural units, spelt out: a field that is added must be on the right side of it.
#[test]
fn scaled_fields_are_these() {
    let mut scaled = std::collections::BTreeSet::new();
    let mut plain = std::collections::BTreeSet::new();
    for (_, record) in RECORD_FIELDS {
        for field in record.fields.iter().filter(|f| f.kind == Kind::Unsigned && f.size == 8) {
            if decimals(field) == 0 {
                plain.insert(field.name)
            } else {
                scaled.insert(field.name)
            };
        }
    }
    let expected = [
        "ask_size",
        "average_ratio",
        "bid_size",
        "cumulative_quantity",
        "current_ratio",
        "last_quantity",
        "leaves_quantity",
        "lot_size",
        "max_size",
        "quantity",
        "size",
    ];
    assert!(scaled.iter().copied().eq(expected), "{scaled:?}");
    for name in &plain {
        let endings =
            ["_time", "_id", "_at", "_ns", "_block", "_number", "_sequence", "_start", "_hash", "_bytes"];
        let known = [
            "reserved",
            "reserved1",
            "reserved2",
            "reserved3",
            "sequence",
            "record_count",
            "version",
            "gas_limit",
            "orders",
            "fills",
            "signals",
            "frames_in",
            "frames_out",
            "records_in",
            "records_out",
        ];
        let counted = endings.iter().any(|end| name.ends_with(end)) || known.contains(name);
        assert!(counted, "{name}: a time, an id, a count, or 1e-8? Say so here and in docs/predicates.md");
    }
}

proptest! {
    /// Any text is refused or runs; nothing panics.
    #[test]
    fn any_text_is_refused_or_runs(text in "[ -~äß€]{0,60}") {
        if let Ok(Some(predicate)) = Predicate::compile(&text, None, &[]) {
            for number in [1_u8, 2, 20] {
                let _ = predicate.matches(number, &[0xAA; 64 * 80 * 3]);
            }
        }
    }

    /// Texts that are nearly right.
    #[test]
    fn any_row_of_words_is_refused_or_runs(
        words in prop::collection::vec(prop::sample::select(vec![
            "price", "size", "side", "flags", "BUY", "STALE", ".", "(", ")", "+", "-", "*", "/", "<", ">=", "==",
            "!=", "and", "or", "not", "abs", "1", "0.5", "1e10", "'x'", "instrument_id", "venue", "true",
        ]), 0..14),
        fill: u8,
    ) {
        let text = words.join(" ");
        if let Ok(Some(predicate)) = Predicate::compile(&text, None, &[]) {
            let words = predicate.matches(1, &[fill; 64 * 70]);
            prop_assert!(words.is_none_or(|words| words.len() == 2 && words[1] >> 6 == 0));
        }
    }

    /// Sums, products and comparisons agree with 128-bit arithmetic on the raw integers.
    #[test]
    fn integers_are_exact(price: i64, size: u64, trade_id: u64, k in -1000_i64..1000) {
        let trade = Trade { price, size, trade_id, ..Trade::default() };
        let (p, s, t) = (i128::from(price), i128::from(size), i128::from(trade_id));
        let unit = i128::from(UNIT);
        let k = i128::from(k);
        let check = |text: String, expected: bool| {
            prop_assert_eq!(holds(&text, trade), expected, "{}", text);
            Ok(())
        };
        check("price < size".into(), p < s)?;
        check("price + size >= 0".into(), p + s >= 0)?;
        check(format!("price == {}{}.{:08}", if p < 0 { "-" } else { "" }, p.abs() / unit, p.abs() % unit), true)?;
        check(format!("trade_id - {t} == 0"), true)?;
        check(format!("price * ({k}) > size"), p * k > s)?;
        check("abs(price) == price".into(), p >= 0)?;
        check(format!("(price - size) * 2 <= {k}"), (p - s) * 2 <= k * unit)?;
    }

    /// Rows answer for themselves, whatever their number and place in a batch.
    #[test]
    fn a_batch_is_its_rows(prices in prop::collection::vec(-5_i64..5, 0..200)) {
        let rows: Vec<_> = prices.iter().map(|price| Trade { price: *price, ..Trade::default() }).collect();
        let expected: Vec<_> = prices.iter().map(|price| *price > 0 || *price == -3).collect();
        prop_assert_eq!(matching("price > 0 or price == -0.00000003", &rows), expected);
    }
}
