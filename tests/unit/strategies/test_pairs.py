"""Pairs come from links, and only what can be held against one another is a pair."""

from __future__ import annotations

from typing import Any

import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_layout import AssetType, VenueId
from alphapulse_mesh.strategies.pairs import find_pairs
from alphapulse_testing.quotes import Directory, instrument

BTC, ETH = (instrument(AssetType.CURRENCY, VenueId.NONE, code) for code in ("BTC", "ETH"))


def spot(base: str, venue: VenueId = VenueId.BINANCE, **fields: Any) -> pb.Instrument:
    facts = {"base_currency": base, "quote_currency": "USDT", **fields}
    return instrument(AssetType.CRYPTO_PAIR, venue, f"{base}USDT", **facts)


def perp(base: str, venue: VenueId = VenueId.BINANCE_FUTURES, **fields: Any) -> pb.Instrument:
    facts = {"base_currency": base, "quote_currency": "USDT", **fields}
    return instrument(AssetType.PERPETUAL, venue, f"{base}USDT", **facts)


async def pairs(*items: pb.Instrument) -> set[tuple[bytes, bytes]]:
    return {(pair.spot, pair.derivative) for pair in await find_pairs(Directory(*items))}


async def test_spot_and_derivatives_of_one_underlying() -> None:
    items = [spot("BTC"), spot("ETH"), perp("BTC"), perp("ETH"), perp("BTC", VenueId.BYBIT)]
    a, b, c, d, e = (id_bytes(item) for item in items)
    assert await pairs(BTC, ETH, *items) == {(a, c), (a, e), (b, d)}


async def test_symbols_alone_make_no_pair() -> None:
    assert await pairs(spot("BTC"), perp("BTC")) == set()  # without the currency: no links


async def test_the_multiplier_comes_along() -> None:
    (pair,) = await find_pairs(Directory(BTC, spot("BTC"), perp("BTC", contract_multiplier="0.01")))
    assert pair.multiplier == 1_000_000


@pytest.mark.parametrize(
    "other",
    [
        perp("BTC", inverse=True),
        perp("BTC", quote_currency="USDC"),
        perp("BTC", settlement_currency="BTC"),
        perp("BTC", VenueId.SIMULATOR_FUTURES),  # a simulated price beside a real one
        perp("BTC", status=pb.INSTRUMENT_STATUS_HALTED),
    ],
)
async def test_what_cannot_be_held_against_one_another(other: pb.Instrument) -> None:
    assert await pairs(BTC, spot("BTC"), other) == set()


async def test_two_simulated_venues_are_a_pair() -> None:
    items = spot("BTC", VenueId.SIMULATOR), perp("BTC", VenueId.SIMULATOR_FUTURES)
    assert len(await pairs(BTC, *items)) == 1
