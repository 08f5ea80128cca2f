"""Books rebuilt from the rows of real recordings agree with the venue's own best bid and offer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alphapulse_layout import MessageType, VenueId
from alphapulse_mesh.collectors.binance import BinanceNormalizer
from alphapulse_mesh.collectors.rows import RowBuffer
from alphapulse_mesh.collectors.sources.recording import Recording
from alphapulse_testing.books import Book

if TYPE_CHECKING:
    from pathlib import Path


ID = b"instrument-id-16"
CASES = [
    ("spot_btcusdt", VenueId.BINANCE),
    ("spot_ethusdt", VenueId.BINANCE),
    ("usdm_btcusdt", VenueId.BINANCE_FUTURES),
    ("usdm_ethusdt", VenueId.BINANCE_FUTURES),
]
LEAST_COMPARED = 500
"""Each file has more bookTickers whose update id is also that of a depth event."""


@pytest.mark.parametrize(("name", "venue"), CASES)
def test_top_of_book_equals_the_bookticker_of_the_same_update(
    data_dir: Path, name: str, venue: VenueId
) -> None:
    path = data_dir / "binance_raw_hftbacktest" / f"{name}_20240808.gz"
    reports: list[str] = []
    rows, events = RowBuffer(), []
    normalizer = BinanceNormalizer(venue, {name.partition("_")[2].upper(): ID}, rows)
    quotes: dict[int, tuple[int, int, int, int]] = {}
    trades: list[int] = []
    for block in Recording(path, 0, lambda where, _what: reports.append(where)).blocks():
        for time, payload in zip(block.times.tolist(), block.payloads, strict=True):
            normalizer.feed(time, payload)
        for batch in rows.drain():
            match batch.message_type:
                case MessageType.ORDER_BOOK:
                    events.append(batch.rows)
                case MessageType.QUOTE:
                    names = ("bid_price", "ask_price", "bid_size", "ask_size")
                    tops = zip(*(batch.rows[item].tolist() for item in names), strict=True)
                    quotes.update(zip(batch.rows["update_id"].tolist(), tops, strict=True))
                case _:
                    trades += batch.rows["trade_id"].tolist()
    assert reports == []
    assert normalizer.counters.book_gaps == 0
    assert trades == list(range(trades[0], trades[0] + len(trades)))  # none lost, none twice
    book = Book(quotes.keys())
    for levels in events:
        book.apply(levels)
    both = quotes.keys() & book.tops.keys()
    assert [update for update in both if quotes[update] != book.tops[update]] == []
    assert len(both) > LEAST_COMPARED
