"""The core's normaliser against the registry's own rules, which are the authority."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import cusip, figi, isin

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_core import cusip_is_valid, figi_is_valid, instrument_fields, isin_is_valid
from alphapulse_layout import VenueId
from alphapulse_mesh.registry import wire
from alphapulse_mesh.registry.batches import VenueTable
from alphapulse_mesh.registry.commands import RegistryPlanner
from alphapulse_mesh.registry.model import InstrumentEntry, serialized
from alphapulse_mesh.registry.records import instrument_record
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_testing.registry import (
    APPLE_CUSIP,
    APPLE_FIGI,
    APPLE_ISIN,
    APPLE_SHARE_CLASS,
    EXPIRY,
    currency,
    future,
    option,
    pair,
    perpetual,
    pool,
    stock,
    token,
)

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*@#"
_CHECKS: dict[Any, Any] = {isin: isin_is_valid, cusip: cusip_is_valid, figi: figi_is_valid}


@given(
    st.sampled_from([(isin, 2, 9), (cusip, 0, 8), (figi, 3, 8)]),
    st.data(),
)
def test_check_digits_are_those_of_stdnum(what: tuple[Any, int, int], data: st.DataObject) -> None:
    module, head, rest = what
    begin = {0: "", 2: data.draw(st.sampled_from(["US", "DE", "XS", "ZZ"])), 3: "BBG"}[head]
    characters = _ALPHABET if module is cusip else _ALPHABET[:36]
    body = begin + data.draw(st.text(characters, min_size=rest, max_size=rest))
    ours = _CHECKS[module]
    good = body + module.calc_check_digit(body)
    for text in (good, good[:-1] + str((int(good[-1]) + 1) % 10), good[:-1], good.lower() + " "):
        theirs = module.is_valid(text) and module.validate(text) == text
        assert ours(text) == theirs, text


def both_ways(instruments: list[pb.Instrument]) -> tuple[int, int]:
    """Register them one after the other on both ways; how many the fast one took, of how many."""
    fast_state, slow_state = RegistryState(), RegistryState()
    table = VenueTable()
    fast = 0
    for instrument in instruments:
        request = pb.BatchRegisterInstrumentsRequest(instruments=[instrument])
        read = table.normaliser(fast_state).batch(request.SerializeToString())
        assert read is not None
        [item] = read[0]
        fast += isinstance(item, tuple)
        planner = RegistryPlanner(fast_state)
        outcome = planner.register_item(item)
        other = RegistryPlanner(slow_state)
        assert outcome == other.register_item(instrument.SerializeToString())
        # to the byte: the journal must not tell which way was taken
        assert [c.wire for c in planner.changes] == [c.wire for c in other.changes]
        for change in planner.changes:
            fast_state.apply(change.revision, change)
        for change in other.changes:
            slow_state.apply(change.revision, change)
    assert fast_state.dump() == slow_state.dump()
    for one, two in zip(fast_state.in_order, slow_state.in_order, strict=True):
        assert one.record() == two.record()
    return fast, len(instruments)


def test_what_things_are_priced_in_is_judged_alike() -> None:
    codes = ["USD", "DEM", "CNH", "XAU", "GBX", "ILA", "USDT", "XXX", "usd", ""]
    makers: list[Any] = [
        stock, future, pair, option, perpetual, currency,
        lambda **f: future(venue=VenueId.DERIBIT, **f),
        lambda **f: perpetual(venue=VenueId.INTERACTIVE_BROKERS, **f),
        lambda **f: of_kind(common_pb2.ASSET_TYPE_INDEX, **f),
        lambda **f: of_kind(common_pb2.ASSET_TYPE_INDEX, venue=VenueId.KRAKEN_FUTURES, **f),
        lambda **f: of_kind(common_pb2.ASSET_TYPE_INDEX, venue=VenueId.EUREX, **f),
        lambda **f: of_kind(common_pb2.ASSET_TYPE_COMMODITY, venue=VenueId.COMEX, **f),
        lambda **f: of_kind(common_pb2.ASSET_TYPE_FX_PAIR, **{"base_currency": "EUR", **f}),
    ]  # fmt: skip
    fields = ("quote_currency", "settlement_currency", "base_currency")
    both_ways(
        [
            make(**({"quote_currency": "EUR"} if make is pair else {}), **{field: code})
            for make in makers
            for field in fields
            for code in codes
            if not (make is pair and field != "settlement_currency")
        ]
    )


def of_kind(kind: common_pb2.AssetType.ValueType, **fields: Any) -> pb.Instrument:
    return pb.Instrument(asset_type=kind, **{"symbol": "X", **fields})


def test_plain_instruments_of_every_kind_take_the_fast_way() -> None:
    plain = [
        currency("BTC"),
        pair("BTC", "USDT", tick_size="0.0100", lot_size="1.0", min_quantity="0", max_quantity="9"),
        pb.Instrument(
            asset_type=common_pb2.ASSET_TYPE_FX_PAIR, base_currency="EUR", quote_currency="USD"
        ),
        stock(
            isin=APPLE_ISIN,
            cusip=APPLE_CUSIP,
            figi=APPLE_FIGI,
            share_class_figi=APPLE_SHARE_CLASS,
            primary_listing=True,
            name="Äpple Inc. ß",
            metadata={"sector": "IT", "a": 1.5, "b": True, "c": None},
        ),
        stock("APC", VenueId.XETRA, isin=APPLE_ISIN, share_class_figi=APPLE_SHARE_CLASS),
        stock("", 0, isin=APPLE_ISIN),
        stock("", 0, share_class_figi=APPLE_SHARE_CLASS),
        perpetual(inverse=True, contract_multiplier="10.50"),
        future(),
        option(),
        token(),
        token("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", symbol="x" * 40, decimals=18),
    ]
    fast, count = both_ways([*plain, *plain])
    assert fast == count


def test_what_is_doubtful_takes_the_slow_way_and_is_refused_alike() -> None:
    bad = [
        stock(isin="US0378331006"),
        stock(cusip="037833101"),
        stock(figi="BBG000BLNQ14"),
        stock("A\x00"),
        stock(" A"),
        stock("A" * 65),
        stock(venue=60_000),
        stock(tick_size="0"),
        stock(tick_size="1e3"),
        stock(strike_price="1"),
        stock(metadata={"deep": {"er": [1]}}),
        stock(metadata={"nan": float("nan")}),
        stock(status=9),
        pair("BTC", "BTC"),
        pair("B C", "BTC"),
        pair(min_quantity="2", max_quantity="1"),
        currency("BTC", venue=1),
        future(expires_at=EXPIRY, valid_from=EXPIRY),
        stock(valid_to={"seconds": 5}, valid_from={"seconds": 5}),
        stock(valid_from={"seconds": -1}),
        stock(valid_from={"nanos": 1_000_000_000}),
        token("0x" + "0" * 40),
        token("0x1234"),
        token(chain_id=77_777),
        token(venue=VenueId.BINANCE),
        pool(),
        pb.Instrument(),
        pb.Instrument(asset_type=common_pb2.ASSET_TYPE_STOCK),
        stock(id_text="00" * 16),
        perpetual(underlying=pb.Instrument().id),
    ]
    fast, _ = both_ways(bad)
    assert fast <= 1  # what is plain by itself may need the registry to refuse it


@pytest.mark.parametrize("seed", range(20))
def test_random_instruments_come_out_alike(seed: int) -> None:
    dice = random.Random(seed)
    words = ["", "A", "BTC", "USD", "EUR", "aa", "0", "1.50", "0.1", "BRK.B", "AT&T", "ÄÖ", " x"]
    texts = [f.name for f in pb.Instrument.DESCRIPTOR.fields if f.type == f.TYPE_STRING]
    texts = [name for name in texts if name not in {"id_text", "natural_key"}]
    made = []
    for _ in range(60):
        make: Any = dice.choice([stock, pair, currency, perpetual, future, option, token, pool])
        instrument = make()
        for name in dice.sample(texts, dice.randint(0, 2)):
            setattr(instrument, name, dice.choice(words))
        if dice.random() < 0.3:
            instrument.asset_type = dice.choice(common_pb2.AssetType.values())
        if dice.random() < 0.3:
            instrument.venue = dice.choice([0, VenueId.BINANCE, VenueId.ETHEREUM, VenueId.CME, 999])
        if dice.random() < 0.2:
            instrument.valid_from.seconds = dice.randint(-5, 2_000_000_000)
        made.append(instrument)
    both_ways(made)


def test_the_core_reads_a_stored_instrument_as_the_messages_do() -> None:
    for number, instrument in enumerate(
        [stock(isin=APPLE_ISIN), token(), option(), pair(), pool()]
    ):
        instrument.revision, instrument.version = number + 1, number
        body = serialized(instrument)
        fields = instrument_fields(body)
        assert fields is not None
        slow = InstrumentEntry(instrument, body)
        quick = InstrumentEntry.of_fields(fields, wire.item(body), slow.kind, fields[17])
        for name in set(InstrumentEntry.__slots__) - {"_record"}:
            assert getattr(quick, name) == getattr(slow, name), name
        assert quick.record() == instrument_record(instrument)
