"""Natural keys: which one an instrument has, and that the id is a function of the key's text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import alphapulse_core as core
from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import VenueId
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.identity import NaturalKey
from alphapulse_mesh.registry.planning import Planner
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.runtime.errors import InvalidArgument
from alphapulse_testing.registry import (
    APPLE_FIGI,
    APPLE_ISIN,
    APPLE_SHARE_CLASS,
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

REPOSITORY = Path(__file__).resolve().parents[3]
VECTORS = json.loads((REPOSITORY / "schemas/vectors/instrument_ids.json").read_text("utf-8"))

A = common_pb2.AssetType
S = common_pb2.IdScheme


def of_type(kind: int, **fields: Any) -> pb.Instrument:
    return pb.Instrument(asset_type=A.ValueType(kind), **fields)


KEYS = [
    (currency("USD"), "v1:currency:0:USD", S.ID_SCHEME_SYMBOL),
    (currency("1000PEPE"), "v1:currency:0:1000PEPE", S.ID_SCHEME_SYMBOL),
    (currency("stETH"), "v1:currency:0:stETH", S.ID_SCHEME_HASH),
    (
        of_type(A.ASSET_TYPE_FX_PAIR, base_currency="EUR", quote_currency="USD"),
        "v1:fx_pair:0:EUR/USD",
        S.ID_SCHEME_PAIR,
    ),
    (pair("BTC", "USDT"), "v1:crypto_pair:1:BTC/USDT", S.ID_SCHEME_PAIR),
    (
        pair("BTC", "USD", venue=VenueId.KRAKEN, symbol="XBT/USD"),
        "v1:crypto_pair:4:BTC/USD",
        S.ID_SCHEME_PAIR,
    ),
    (pair("1000SATS", "USDT"), "v1:crypto_pair:1:1000SATS/USDT", S.ID_SCHEME_HASH),
    (perpetual("BTCUSDT"), "v1:perpetual:2:BTCUSDT", S.ID_SCHEME_SYMBOL),
    (
        perpetual("BTC-PERPETUAL", venue=VenueId.DERIBIT),
        "v1:perpetual:13:BTC-PERPETUAL",
        S.ID_SCHEME_HASH,
    ),
    (
        perpetual("pf_xbtusd", venue=VenueId.KRAKEN_FUTURES),
        "v1:perpetual:5:pf_xbtusd",
        S.ID_SCHEME_HASH,
    ),
    (future("ESM4"), "v1:future:440:ESM4@20240621", S.ID_SCHEME_HASH),
    (
        option(),
        "v1:option:13:BTC-21JUN24-70000-C@20240621",
        S.ID_SCHEME_HASH,
    ),
    (stock("AAPL"), "v1:stock:400:AAPL", S.ID_SCHEME_SYMBOL),
    (stock("BRK.B", VenueId.NYSE), "v1:stock:401:BRK.B", S.ID_SCHEME_SYMBOL),
    (stock("0865", VenueId.HKEX), "v1:stock:421:0865", S.ID_SCHEME_SYMBOL),
    (stock("", 0, isin=APPLE_ISIN), "v1:stock:0:US0378331005", S.ID_SCHEME_ISIN),
    (stock("AAPL", isin=APPLE_ISIN), "v1:stock:400:AAPL", S.ID_SCHEME_SYMBOL),
    (
        stock("", 0, share_class_figi=APPLE_SHARE_CLASS),
        "v1:stock:0:figi:BBG001S5N8V8",
        S.ID_SCHEME_HASH,
    ),
    (stock("", VenueId.NYSE, figi=APPLE_FIGI), "v1:stock:401:figi:BBG000B9XRY4", S.ID_SCHEME_HASH),
    (
        of_type(A.ASSET_TYPE_BOND, venue=VenueId.XETRA, symbol="DE0001102580"),
        "v1:bond:410:DE0001102580",
        S.ID_SCHEME_ISIN,
    ),
    (
        of_type(A.ASSET_TYPE_DEPOSITARY_RECEIPT, isin=APPLE_ISIN),
        "v1:depositary_receipt:0:US0378331005",
        S.ID_SCHEME_ISIN,
    ),
    (of_type(A.ASSET_TYPE_INDEX, symbol="SPX"), "v1:index:0:SPX", S.ID_SCHEME_SYMBOL),
    (of_type(A.ASSET_TYPE_COMMODITY, symbol="WTI"), "v1:commodity:0:WTI", S.ID_SCHEME_SYMBOL),
    (
        of_type(A.ASSET_TYPE_SYNTHETIC, symbol="btc_basis"),
        "v1:synthetic:0:btc_basis",
        S.ID_SCHEME_HASH,
    ),
    (
        token(USDC_ETHEREUM),
        "v1:token:100:0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48",
        S.ID_SCHEME_HASH,
    ),
    (token("", symbol="ETH", decimals=18), "v1:token:100:native", S.ID_SCHEME_HASH),
    (
        token("", 0, venue=VenueId.BITCOIN, symbol="BTC", decimals=8),
        "v1:token:108:native",
        S.ID_SCHEME_HASH,
    ),
    (token(USDC_SOLANA, 0, venue=VenueId.SOLANA), f"v1:token:107:{USDC_SOLANA}", S.ID_SCHEME_HASH),
    (
        pool(),
        "v1:pool:201:1:0x88e6a0c2ddd26feeb64f039a2c41296fcb3f5640",
        S.ID_SCHEME_HASH,
    ),
]


@pytest.mark.parametrize(("instrument", "text", "scheme"), KEYS, ids=[key[1] for key in KEYS])
def test_natural_key_and_scheme(instrument: pb.Instrument, text: str, scheme: int) -> None:
    entry, created = Planner(RegistryState()).register_instrument(instrument)
    assert created
    assert entry.natural_key == text
    stored = entry.message()
    assert stored.natural_key == text
    assert stored.id.scheme == scheme
    assert stored.id_text == entry.id.hex()
    assert (stored.id.venue, stored.id.asset_type) == (stored.venue, stored.asset_type)


def test_another_key_is_another_id() -> None:
    made = {
        text: Planner(RegistryState()).register_instrument(instrument)[0].id
        for instrument, text, _ in KEYS
    }
    assert len(made) == len({text for _, text, _ in KEYS})
    assert len(set(made.values())) == len(made)


def test_the_venues_own_number_is_the_key_of_a_dated_contract() -> None:
    number = core.instrument_id_numeric(A.ASSET_TYPE_FUTURE, VenueId.CME, 17077)
    instrument = future("ESM4", id_text=number.hex())
    entry, _ = Planner(RegistryState()).register_instrument(instrument)
    assert entry.id == number
    assert entry.natural_key == "v1:future:440:17077"


def test_an_expiry_makes_a_reused_symbol_another_contract() -> None:
    planner = Planner(RegistryState())
    one, _ = planner.register_instrument(future("ESM4"))
    other, _ = planner.register_instrument(future("ESM4", expires_at=EXPIRY.replace(year=2034)))
    assert one.id != other.id


@pytest.mark.parametrize(
    "instrument",
    [
        stock("AAPL", 0),
        stock("", VenueId.NASDAQ),
        of_type(A.ASSET_TYPE_ETF, venue=VenueId.XETRA, share_class_figi=APPLE_SHARE_CLASS),
    ],
)
def test_a_security_that_nothing_names_is_refused(instrument: pb.Instrument) -> None:
    with pytest.raises(InvalidArgument) as caught:
        Planner(RegistryState()).register_instrument(instrument)
    assert caught.value.reason == Reason.KEY_MISSING


LOCALS = st.text(
    st.characters(codec="utf-8", exclude_categories=["C"]), min_size=1, max_size=20
) | st.text("AB01.-", min_size=1, max_size=13)


@given(
    st.sampled_from([A.ASSET_TYPE_STOCK, A.ASSET_TYPE_PERPETUAL, A.ASSET_TYPE_FUTURE]),
    LOCALS,
    LOCALS,
)
def test_equal_texts_and_only_these_have_equal_ids(kind: int, one: str, other: str) -> None:
    first, second = NaturalKey(kind, 1, one), NaturalKey(kind, 1, other)
    assert (identity.make_id(first) == identity.make_id(second)) == (one == other)
    assert first.text == core.canonical_key(kind, 1, one)


# kind of a vector → the asset types whose keys the registry makes so
KIND_OF_KEY = {
    "pair": identity.PAIRS,
    "numeric": identity.DATED,
    "address": {A.ASSET_TYPE_TOKEN},
    "symbol": set(A.values()) - identity.PAIRS - identity.DATED - identity.ON_CHAIN,
}


@pytest.mark.parametrize(
    "vector",
    [v for v in VECTORS["vectors"] if v.get("asset_type") in KIND_OF_KEY.get(v["kind"], ())],
    ids=lambda vector: vector["name"],
)
def test_ids_are_those_of_the_shared_vectors(vector: dict[str, Any]) -> None:
    local = vector["canonical_key"].split(":", 3)[3]
    key = NaturalKey(vector["asset_type"], vector["venue"], local)
    assert key.text == vector["canonical_key"]
    assert identity.make_id(key).hex() == vector["id"]
    assert S.Name(S.ValueType(identity.scheme_of(key))) == f"ID_SCHEME_{vector['scheme']}"


def test_an_isin_needs_its_check_digit() -> None:
    assert identity.is_isin(APPLE_ISIN)
    assert not identity.is_isin("US0378331006")
    assert not identity.is_isin("US037833100")
    assert not identity.is_isin("us0378331005")
    wrong = NaturalKey(A.ASSET_TYPE_STOCK, 1, "US0378331006")
    assert identity.scheme_of(wrong) == S.ID_SCHEME_SYMBOL


@given(st.binary(min_size=16, max_size=16))
def test_forms_of_an_id(raw: bytes) -> None:
    message = identity.to_message(raw)
    assert identity.from_message(message) == raw
    assert identity.parse_id(raw.hex()) == raw
    assert identity.parse_id(raw.hex().upper()) == raw


@pytest.mark.parametrize("text", ["", "00", "0" * 31, "0" * 33, " " + "0" * 31, "g" * 32])
def test_other_texts_are_no_ids(text: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        identity.parse_id(text)
    assert caught.value.reason == Reason.ID_INVALID


@pytest.mark.parametrize("fields", [{"venue": 65536}, {"asset_type": 256}, {"scheme": -1}])
def test_other_messages_are_no_ids(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        identity.from_message(common_pb2.InstrumentId(**fields))
    assert caught.value.reason == Reason.ID_INVALID
