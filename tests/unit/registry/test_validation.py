"""What is refused at the border, each with its own reason, and the normal form of what is not."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import VenueId
from alphapulse_mesh.registry.planning import Planner
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.registry.validation import (
    check_isin_prefix,
    check_request_id,
    normalise_instrument,
    normalise_venue,
)
from alphapulse_mesh.runtime.errors import InvalidArgument, MeshError, NotFound
from alphapulse_testing.registry import (
    APPLE_CUSIP,
    APPLE_FIGI,
    APPLE_ISIN,
    EXPIRY,
    USDC_ETHEREUM,
    USDC_SOLANA,
    currency,
    future,
    option,
    pair,
    perpetual,
    pool,
    stock,
    token,
)

A = common_pb2.AssetType


def of_type(kind: int, **fields: Any) -> pb.Instrument:
    return pb.Instrument(asset_type=A.ValueType(kind), **fields)


def with_metadata(**values: Any) -> pb.Instrument:
    instrument = currency()
    instrument.metadata.update(values)
    return instrument


def deep(levels: int) -> pb.Instrument:
    value: dict[str, Any] = {}
    for _ in range(levels):
        value = {"in": value}
    return with_metadata(**value)


def unset_value() -> pb.Instrument:
    instrument = currency()
    instrument.metadata.fields["nothing"].SetInParent()
    return instrument


UNKNOWN_ID = common_pb2.InstrumentId(
    asset_id=7, asset_type=A.ASSET_TYPE_CURRENCY, scheme=common_pb2.ID_SCHEME_SYMBOL
)
EVM = "0x" + "ab" * 20

REFUSED = [
    (pb.Instrument(symbol="X"), Reason.ASSET_TYPE_MISSING),
    (of_type(99, symbol="X"), Reason.ASSET_TYPE_UNKNOWN),
    (currency(status=pb.InstrumentStatus.ValueType(77)), Reason.STATUS_UNKNOWN),
    (currency(""), Reason.FIELD_MISSING),
    (of_type(A.ASSET_TYPE_FX_PAIR, base_currency="EUR"), Reason.FIELD_MISSING),
    (pair(venue=0), Reason.FIELD_MISSING),
    (perpetual(""), Reason.FIELD_MISSING),
    (of_type(A.ASSET_TYPE_FUTURE, symbol="ESM4", venue=VenueId.CME), Reason.FIELD_MISSING),
    (option(strike_price=""), Reason.FIELD_MISSING),
    (option(option_right=pb.OPTION_RIGHT_UNSPECIFIED), Reason.FIELD_MISSING),
    (token(chain_id=0), Reason.FIELD_MISSING),
    (pool(chain_id=0), Reason.FIELD_MISSING),
    (pool(""), Reason.FIELD_MISSING),
    (currency(venue=VenueId.BINANCE), Reason.FIELD_FORBIDDEN),
    (stock(strike_price="1"), Reason.FIELD_FORBIDDEN),
    (stock(expires_at=EXPIRY), Reason.FIELD_FORBIDDEN),
    (stock(contract_address=EVM), Reason.FIELD_FORBIDDEN),
    (pair(inverse=True), Reason.FIELD_FORBIDDEN),
    (pair(isin=APPLE_ISIN), Reason.FIELD_FORBIDDEN),
    (pair(underlying=UNKNOWN_ID), Reason.FIELD_FORBIDDEN),
    (token(pool_fee_ppm=1), Reason.FIELD_FORBIDDEN),
    (pool(pool_tokens=[UNKNOWN_ID] * 9), Reason.FIELD_FORBIDDEN),
    (stock("AA\nPL"), Reason.TEXT_INVALID),
    (stock(" AAPL"), Reason.TEXT_INVALID),
    (stock(name="Apple\x7f"), Reason.TEXT_INVALID),
    (stock("A" * 65), Reason.TEXT_TOO_LONG),
    (stock(name="é" * 129), Reason.TEXT_TOO_LONG),
    (stock(isin="US0378331006"), Reason.ISIN_INVALID),
    (stock(isin="US037833100"), Reason.ISIN_INVALID),
    (stock(isin="us0378331005"), Reason.ISIN_INVALID),
    (stock(isin=" US0378331005"), Reason.ISIN_INVALID),
    (stock(isin="ZZ0378331004"), Reason.ISIN_INVALID),
    (stock(cusip="037833101"), Reason.CUSIP_INVALID),
    (stock(cusip="03783310"), Reason.CUSIP_INVALID),
    (stock(figi="BBG000B9XRY5"), Reason.FIGI_INVALID),
    (stock(share_class_figi="BBG001S5N8V9"), Reason.FIGI_INVALID),
    (stock(composite_figi="BBG"), Reason.FIGI_INVALID),
    (currency("US D"), Reason.CURRENCY_INVALID),
    (currency("BTC/USDT"), Reason.CURRENCY_INVALID),
    (pair("BTC", "BTC", symbol="BTCBTC"), Reason.CURRENCY_INVALID),
    (pair(quote="U/D"), Reason.CURRENCY_INVALID),
    (stock(quote_currency="U" * 33), Reason.CURRENCY_INVALID),
    (
        of_type(A.ASSET_TYPE_FX_PAIR, base_currency="EUR", quote_currency="USDT"),
        Reason.CURRENCY_INVALID,
    ),
    (
        of_type(A.ASSET_TYPE_FX_PAIR, base_currency="EUR", quote_currency="ABC"),
        Reason.CURRENCY_UNKNOWN,
    ),
    (
        of_type(A.ASSET_TYPE_FX_PAIR, base_currency="GBX", quote_currency="USD"),
        Reason.CURRENCY_UNKNOWN,
    ),
    (stock(quote_currency="USDT"), Reason.CURRENCY_UNKNOWN),
    (stock(quote_currency="GBp"), Reason.CURRENCY_UNKNOWN),
    (stock(quote_currency="XXX"), Reason.CURRENCY_UNKNOWN),
    (stock(quote_currency="GBX", settlement_currency="GBX"), Reason.CURRENCY_UNKNOWN),
    (future(quote_currency="USDC"), Reason.CURRENCY_UNKNOWN),
    (future(settlement_currency="usd"), Reason.CURRENCY_UNKNOWN),
    (pair(tick_size="0.000000001"), Reason.DECIMAL_INVALID),
    (pair(tick_size="1e-2"), Reason.DECIMAL_INVALID),
    (pair(tick_size="-1"), Reason.DECIMAL_INVALID),
    (pair(tick_size="+1"), Reason.DECIMAL_INVALID),
    (pair(tick_size=".5"), Reason.DECIMAL_INVALID),
    (pair(tick_size="1."), Reason.DECIMAL_INVALID),
    (pair(tick_size="007"), Reason.DECIMAL_INVALID),
    (pair(tick_size="٣"), Reason.DECIMAL_INVALID),
    (pair(lot_size="NaN"), Reason.DECIMAL_INVALID),
    (pair(tick_size="0"), Reason.DECIMAL_OUT_OF_RANGE),
    (pair(tick_size="92233720368.54775808"), Reason.DECIMAL_OUT_OF_RANGE),
    (pair(lot_size="184467440737.09551616"), Reason.DECIMAL_OUT_OF_RANGE),
    (pair(min_quantity="2", max_quantity="1.99999999"), Reason.QUANTITY_RANGE_EMPTY),
    (token(decimals=256), Reason.DECIMALS_OUT_OF_RANGE),
    (pool(pool_fee_ppm=1_000_001), Reason.POOL_FEE_OUT_OF_RANGE),
    (token(EVM[:-1]), Reason.ADDRESS_INVALID),
    (token(EVM[2:]), Reason.ADDRESS_INVALID),
    (token("0x" + "zz" * 20), Reason.ADDRESS_INVALID),
    (token("0x" + "00" * 20), Reason.ADDRESS_INVALID),
    (token("0x" + "ab" * 32), Reason.ADDRESS_INVALID),
    (token(USDC_SOLANA), Reason.ADDRESS_INVALID),
    (token(USDC_SOLANA[:-3], 0, venue=VenueId.SOLANA), Reason.ADDRESS_INVALID),
    (token(USDC_ETHEREUM, 0, venue=VenueId.SOLANA), Reason.ADDRESS_INVALID),
    (token(EVM, 999_999), Reason.CHAIN_UNKNOWN),
    (pool(chain_id=999_999), Reason.CHAIN_UNKNOWN),
    (token(EVM, 137, venue=VenueId.ETHEREUM), Reason.CHAIN_MISMATCH),
    (token(EVM, 1, venue=VenueId.BITCOIN), Reason.CHAIN_MISMATCH),
    (token(EVM, 1, venue=VenueId.UNISWAP_V3), Reason.VENUE_KIND),
    (pool(venue=VenueId.ETHEREUM), Reason.VENUE_KIND),
    (pool(venue=VenueId.BINANCE), Reason.VENUE_KIND),
    (stock(venue=VenueId.ETHEREUM), Reason.VENUE_KIND),
    (future(expires_at={"seconds": -1}), Reason.TIME_INVALID),
    (future(expires_at={"seconds": 1, "nanos": 1_000_000_000}), Reason.TIME_INVALID),
    (stock(valid_from=dt.datetime(2600, 1, 1, tzinfo=dt.UTC)), Reason.TIME_INVALID),
    (future(valid_from=EXPIRY), Reason.EXPIRY_BEFORE_START),
    (stock(valid_from=EXPIRY, valid_to=EXPIRY), Reason.VALIDITY_EMPTY),
    (with_metadata(x=float("nan")), Reason.METADATA_INVALID),
    (with_metadata(x=[{"y": float("inf")}]), Reason.METADATA_INVALID),
    (unset_value(), Reason.METADATA_INVALID),
    (deep(17), Reason.METADATA_INVALID),
    (with_metadata(x="y" * 20_000), Reason.METADATA_TOO_LARGE),
    (currency(id={"asset_id": 1}), Reason.ID_MISMATCH),
    (currency(id_text="0" * 31 + "1"), Reason.ID_MISMATCH),
    (currency(id={"asset_id": 1}, id_text="0" * 31 + "1"), Reason.ID_MISMATCH),
    (currency(id={"venue": 70_000}), Reason.ID_INVALID),
    (currency(id_text="BTC"), Reason.ID_INVALID),
    (currency(natural_key="v1:currency:0:ETH"), Reason.KEY_MISMATCH),
    (stock("", 0), Reason.KEY_MISSING),
]


@pytest.mark.parametrize(
    ("instrument", "reason"), REFUSED, ids=[f"{i}-{row[1]}" for i, row in enumerate(REFUSED)]
)
def test_refused(instrument: pb.Instrument, reason: Reason) -> None:
    planner = Planner(RegistryState())
    with pytest.raises(InvalidArgument) as caught:
        planner.register_instrument(instrument)
    assert caught.value.reason == reason
    assert planner.changes == []


@pytest.mark.parametrize(
    ("instrument", "reason", "field"),
    [
        (perpetual(underlying=UNKNOWN_ID), Reason.UNDERLYING_UNKNOWN, "underlying"),
        (pool(pool_tokens=[UNKNOWN_ID]), Reason.POOL_TOKEN_UNKNOWN, "pool_tokens"),
        (stock(venue=1000), Reason.VENUE_UNKNOWN, ""),
        (stock(venue=70_000), Reason.VENUE_UNKNOWN, ""),
    ],
)
def test_what_it_names_must_be_there(instrument: pb.Instrument, reason: Reason, field: str) -> None:
    with pytest.raises(NotFound) as caught:
        Planner(RegistryState()).register_instrument(instrument)
    assert caught.value.reason == reason
    assert caught.value.values.get("field", "") == field


def test_every_refusal_of_an_instrument_is_tried_here() -> None:
    tried = {reason for _, reason in REFUSED}
    shape = {
        reason
        for reason in Reason
        if reason.startswith("INSTRUMENT_")
        and not reason.endswith(("_UNKNOWN", "_CONFLICT", "_NOT_VALID_THEN"))
    }
    assert shape <= tried


def test_normal_form() -> None:
    given_one = pair(
        tick_size="0.0100",
        lot_size="1.00000000",
        min_quantity="0.00",
        max_quantity="184467440737.09551615",
        min_notional="5.50",
        revision=9,
    )
    normal = normalise_instrument(given_one)
    assert (normal.tick_size, normal.lot_size, normal.min_quantity) == ("0.01", "1", "0")
    assert (normal.max_quantity, normal.min_notional) == ("184467440737.09551615", "5.5")
    assert normal.status == pb.INSTRUMENT_STATUS_ACTIVE
    assert normal.revision == 0
    assert given_one.tick_size == "0.0100", "the request itself is left alone"
    assert normalise_instrument(normal) == normal


def test_good_identifiers_and_contracts_pass() -> None:
    normalise_instrument(stock(isin=APPLE_ISIN, cusip=APPLE_CUSIP, figi=APPLE_FIGI))
    normalise_instrument(future(valid_from=EXPIRY - dt.timedelta(days=90)))
    normalise_instrument(option())
    normalise_instrument(deep(15))
    assert normalise_instrument(token()).contract_address == USDC_ETHEREUM.lower()
    solana = token(USDC_SOLANA, 0, venue=VenueId.SOLANA)
    assert normalise_instrument(solana).contract_address == USDC_SOLANA


def test_fx_pair_without_symbol_goes_by_its_codes() -> None:
    fx = of_type(A.ASSET_TYPE_FX_PAIR, base_currency="EUR", quote_currency="USD")
    assert normalise_instrument(fx).symbol == "EUR/USD"


@given(
    st.decimals(min_value=0, max_value=90_000_000_000, places=8, allow_nan=False).map(
        lambda value: f"{value:f}"
    )
)
def test_decimals_keep_their_value(text: str) -> None:
    normal = normalise_instrument(pair(min_notional=text)).min_notional
    assert Decimal(normal) == Decimal(text)
    assert "." not in normal or normal[-1] not in "0."
    assert normalise_instrument(pair(min_notional=normal)).min_notional == normal


def venue(**fields: Any) -> pb.Venue:
    return pb.Venue(**{"name": "LOCAL", "kind": pb.VENUE_KIND_EXCHANGE, **fields})


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (venue(name=""), Reason.VENUE_NAME_INVALID),
        (venue(name="local"), Reason.VENUE_NAME_INVALID),
        (venue(name="1INCH"), Reason.VENUE_NAME_INVALID),
        (venue(name="A" * 65), Reason.VENUE_NAME_INVALID),
        (venue(kind=0), Reason.VENUE_KIND_MISSING),
        (venue(kind=99), Reason.VENUE_KIND_MISSING),
        (venue(mic="xnas"), Reason.VENUE_MIC_INVALID),
        (venue(mic="XNASX"), Reason.VENUE_MIC_INVALID),
        (venue(country="USA"), Reason.VENUE_COUNTRY_INVALID),
        (venue(title="a\x00b"), Reason.VENUE_TEXT_INVALID),
        (venue(title="t" * 257), Reason.VENUE_TEXT_INVALID),
        (venue(maker_fee_bps="free"), Reason.VENUE_FEE_INVALID),
        (venue(taker_fee_bps="10000.01"), Reason.VENUE_FEE_INVALID),
        (venue(kind=pb.VENUE_KIND_CHAIN), Reason.VENUE_CHAIN_MISSING),
        (venue(venue=1000), Reason.VENUE_NUMBER_RESERVED),
        (venue(venue=65536), Reason.VENUE_NUMBER_RESERVED),
    ],
)
def test_refused_venues(message: pb.Venue, reason: Reason) -> None:
    planner = Planner(RegistryState())
    with pytest.raises(MeshError) as caught:
        planner.register_venue(message)
    assert caught.value.reason == reason
    assert planner.changes == []


def test_fees_have_a_normal_form() -> None:
    normal = normalise_venue(venue(maker_fee_bps="-0.50", taker_fee_bps="10.0"))
    assert (normal.maker_fee_bps, normal.taker_fee_bps) == ("-0.5", "10")
    assert normalise_venue(venue(maker_fee_bps="-0.0")).maker_fee_bps == "0"


@pytest.mark.parametrize("request_id", ["a b", "é", "x" * 129, "\n"])
def test_refused_request_ids(request_id: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        check_request_id(request_id)
    assert caught.value.reason == Reason.REQUEST_ID_INVALID


@pytest.mark.parametrize("prefix", ["us", "US0378331005X", "U S"])
def test_refused_isin_prefixes(prefix: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        check_isin_prefix(prefix)
    assert caught.value.reason == Reason.WATCH_FILTER_INVALID
