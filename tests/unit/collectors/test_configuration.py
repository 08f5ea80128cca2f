"""From configuration to sources, and what is refused with the name of the thing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_layout import SourceType, VenueId
from alphapulse_mesh.collectors.__main__ import make_sources
from alphapulse_mesh.collectors.markets import market_of, source_type, split_symbol, venue_of
from alphapulse_mesh.collectors.sources.live import LiveSource
from alphapulse_mesh.collectors.sources.replay import ReplaySource
from alphapulse_mesh.collectors.sources.simulator import SimulatorSource
from alphapulse_mesh.runtime.config import CollectorSource
from alphapulse_mesh.runtime.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from alphapulse_mesh.collectors.sources.base import Source


def sources(*settings: dict[str, Any]) -> list[Source]:
    return make_sources([CollectorSource(**item) for item in settings], lambda _w, _x: None)


def test_recordings_of_one_speed_are_one_source(tmp_path: Path) -> None:
    made = sources(
        {"venue": "auto", "kind": "replay", "path": tmp_path / "a", "speed": "max"},
        {"venue": "SIMULATOR"},
        {"venue": "BINANCE", "kind": "replay", "path": tmp_path / "b", "speed": "max"},
        {"venue": "BINANCE", "kind": "replay", "path": tmp_path / "c", "speed": 2},
        {"venue": "binance-futures", "kind": "live", "symbols": ("BTCUSDT",)},
    )
    kinds = [type(source) for source in made]
    assert kinds == [ReplaySource, ReplaySource, SimulatorSource, LiveSource]


def test_no_sources_is_an_error() -> None:
    with pytest.raises(ConfigError, match=r"\[\[collectors\]\]"):
        sources()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"venue": "NASDAQ", "kind": "live", "symbols": ("AAPL",)}, "no collector for .*NASDAQ"),
        ({"venue": "SIMULATOR", "kind": "live", "symbols": ("X",)}, "no live source for SIMULATOR"),
        ({"venue": "BINANCE", "kind": "simulator"}, "the simulator is venue SIMULATOR"),
        (
            {"venue": "BINANCE", "kind": "live", "symbols": tuple(f"S{n}USDT" for n in range(400))},
            "400 symbols are 1200 streams",
        ),
    ],
)
def test_impossible_sources(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        sources(settings)


def test_venues_by_name() -> None:
    assert venue_of("binance") is VenueId.BINANCE
    assert venue_of("Binance-Futures") is VenueId.BINANCE_FUTURES
    assert source_type(VenueId.BINANCE_FUTURES) is SourceType.BINANCE_COLLECTOR
    assert source_type(VenueId.SIMULATOR) is SourceType.SIMULATOR_COLLECTOR


@pytest.mark.parametrize(
    ("symbol", "base", "quote"),
    [
        ("BTCUSDT", "BTC", "USDT"),
        ("ETHBTC", "ETH", "BTC"),
        ("BTCFDUSD", "BTC", "FDUSD"),
        ("1000SHIBUSDT", "1000SHIB", "USDT"),
        ("BTCUSDT_240927", "BTC", "USDT"),
    ],
)
def test_symbols_are_split_at_the_quote_currency(symbol: str, base: str, quote: str) -> None:
    assert split_symbol(symbol) == (base, quote)


@pytest.mark.parametrize("symbol", ["USDT", "ABC", ""])
def test_what_is_no_pair_is_refused(symbol: str) -> None:
    with pytest.raises(ValueError, match="quote currency"):
        split_symbol(symbol)


def test_contract_facts() -> None:
    spot, future = (market_of(v, "BTCUSDT") for v in (VenueId.BINANCE, VenueId.BINANCE_FUTURES))
    assert (spot.perpetual, spot.tick_size, spot.lot_size) == (False, "0.01", "0.00001")
    assert (future.perpetual, future.tick_size, future.lot_size) == (True, "0.10", "0.001")
    assert market_of(VenueId.BINANCE, "XYZUSDT").tick_size == "0.00000001"
