"""The simulated market: repeatable, and consistent in the venue's own terms."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest

from alphapulse_layout import MessageType, VenueId
from alphapulse_mesh.collectors.binance import BinanceNormalizer
from alphapulse_mesh.collectors.rows import RowBuffer
from alphapulse_mesh.collectors.sources.simulated_market import SimulatedEvent, SimulatedMarket
from alphapulse_mesh.collectors.sources.simulator import EPOCH, SimulatorSource
from alphapulse_mesh.runtime.errors import ConfigError
from alphapulse_testing.books import Book

if TYPE_CHECKING:
    from alphapulse_mesh.collectors.sources.base import Slice

SECOND = 1_000_000_000
VENUES = (VenueId.SIMULATOR, VenueId.SIMULATOR_FUTURES) * 2
SYMBOLS = ("BTCUSDT", "BTCUSDT", "ETHUSDT", "ETHUSDT")
IDS = [bytes([number]) * 16 for number in range(1, 5)]


def events(seed: int, count: int) -> list[SimulatedEvent]:
    return list(itertools.islice(SimulatedMarket(seed, EPOCH).events(), count))


def test_the_seed_decides_every_byte() -> None:
    assert events(7, 5000) == events(7, 5000)
    assert events(7, 5000) != events(8, 5000)


async def slices(source: SimulatorSource) -> list[Slice]:
    await source.open()
    return [part async for part in source.slices()]


async def test_a_bounded_run_at_full_speed_is_repeatable() -> None:
    def source() -> SimulatorSource:
        return SimulatorSource(seed=3, speed="max", duration=2 * SECOND)

    assert source().bounded
    assert source().repeatable
    first, second = await slices(source()), await slices(source())
    assert [list(part.messages) for part in first] == [list(part.messages) for part in second]
    assert first[-1].times[-1] < EPOCH + 2 * SECOND
    times = [time for part in first for time in part.times]
    assert times[-1] - times[0] > 1.9 * SECOND


async def test_bounded_by_messages() -> None:
    source = SimulatorSource(seed=3, speed="max", max_messages=1234)
    parts = await slices(source)
    assert source.progress == 1.0
    assert sum(len(part.messages) for part in parts) == 1234
    assert SimulatorSource(seed=3).progress is None


async def test_symbols_choose_assets() -> None:
    feeds = await SimulatorSource(seed=1, symbols=["ETHUSDT"]).open()
    assert [(feed.venue, feed.symbols) for feed in feeds] == [
        (VenueId.SIMULATOR, ("ETHUSDT",)),
        (VenueId.SIMULATOR_FUTURES, ("ETHUSDT",)),
    ]
    with pytest.raises(ConfigError, match="no 'DOGEUSDT'; it has BTCUSDT, ETHUSDT"):
        SimulatorSource(seed=1, symbols=["DOGEUSDT"])


@pytest.fixture(scope="module")
def market() -> list[RowBuffer]:
    """Half a minute of market, normalised, a buffer a feed."""
    buffers = [RowBuffer() for _ in VENUES]
    normalizers = [
        BinanceNormalizer(venue, {symbol: key}, rows)
        for venue, symbol, key, rows in zip(VENUES, SYMBOLS, IDS, buffers, strict=True)
    ]
    for time, feed, payload in itertools.takewhile(
        lambda event: event[0] < EPOCH + 30 * SECOND, SimulatedMarket(5, EPOCH).events()
    ):
        normalizers[feed].feed(time, payload)
    assert all(item.counters.book_gaps == item.counters.ignored == 0 for item in normalizers)
    return buffers


def test_books_prices_and_trades_are_those_of_a_market(market: list[RowBuffer]) -> None:
    mids = []
    for rows in market:
        batches = {batch.message_type: batch.rows for batch in rows.drain()}
        quotes, trades = batches[MessageType.QUOTE], batches[MessageType.TRADE]
        assert (quotes["bid_price"] < quotes["ask_price"]).all()
        assert (quotes["bid_size"] > 0).all()
        assert (quotes["ask_size"] > 0).all()
        assert (np.diff(quotes["receive_time"].astype(np.int64)) >= 0).all()
        assert (np.diff(trades["trade_id"].astype(np.int64)) == 1).all()
        book = Book()
        book.apply(batches[MessageType.ORDER_BOOK])
        names = ("bid_price", "ask_price", "bid_size", "ask_size")
        tops = dict(
            zip(
                quotes["update_id"].tolist(),
                zip(*(quotes[name].tolist() for name in names), strict=True),
                strict=True,
            )
        )
        both = tops.keys() & book.tops.keys()
        assert len(both) > 100
        assert all(tops[update] == book.tops[update] for update in both)
        mid = (quotes["bid_price"] + quotes["ask_price"]) / 2
        assert mid.min() / mid.max() > 0.97
        mids.append((quotes["receive_time"].astype(np.int64), mid))
    for spot, perpetual in (mids[:2], mids[2:]):
        at = np.searchsorted(spot[0], perpetual[0], side="right") - 1
        basis = (perpetual[1] / spot[1][at] - 1)[at >= 0] * 1e4
        assert 1 < basis.std() < 20
        assert abs(basis.mean()) < 5  # it comes back


def test_prices_are_written_like_the_venues() -> None:
    shown = {}
    for _, feed, payload in events(1, 500):
        message = orjson.loads(payload)
        if "bookTicker" in message.get("stream", ""):
            shown[feed] = message["data"]
    assert [len(shown[feed]["b"].partition(".")[2]) for feed in range(4)] == [8, 2, 8, 2]
    assert [("T" in shown[feed]) for feed in range(4)] == [False, True, False, True]
