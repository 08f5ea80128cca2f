"""The last quote of every instrument that the MarketDataRelay shows, and rates between currencies.

Kept by the replica that asks for it; what is older than a bound is as if it were not there.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import QuoteFlag
from alphapulse_mesh.registry.identity import NaturalKey
from alphapulse_mesh.registry.live_books import LiveBooks
from alphapulse_mesh.registry.search import listings

if TYPE_CHECKING:
    from alphapulse_client import frames
    from alphapulse_client.context import FrameContext
    from alphapulse_mesh.registry.model import InstrumentEntry
    from alphapulse_mesh.registry.state import RegistryState

__all__ = ["STALE_NS", "LiveBook", "LiveQuotes", "Quote"]

STALE_NS: Final = 5_000_000_000
"""How old a quote may be to count."""
_ID_BYTES: Final = 16
_PLACES: Final = -8
_ONE: Final = Decimal(1)
_STALE: Final = int(QuoteFlag.STALE)


class Quote(NamedTuple):
    """Top of a book; prices and sizes in 1e-8, times in ns."""

    bid: int
    ask: int
    bid_size: int
    ask_size: int
    exchange_time: int
    receive_time: int


class LiveBook(NamedTuple):
    """What a line offers at this moment: (price, quantity), best first."""

    instrument_id: bytes
    bids: list[tuple[Decimal, Decimal]]
    asks: list[tuple[Decimal, Decimal]]
    source: pb.BookSource.ValueType
    age_ns: int
    """Since its last change or quote was received."""
    volume: str = ""
    """The caller's volume there, where the book says it."""


class LiveQuotes:
    """Instrument → its last quote, and its book where that is followed."""

    def __init__(self, state: RegistryState, stale_ns: int = STALE_NS, levels: int = 0) -> None:
        """None yet. `levels`: how many of a book's side are shown; 0: the top alone."""
        self._state = state
        self._levels = levels
        self.depths = LiveBooks()
        self._stale_ns = stale_ns
        self._quotes: dict[bytes, Quote] = {}
        self._contexts: dict[bytes, FrameContext] = {}

    def take(self, rows: frames.Rows, context: FrameContext | None = None) -> list[bytes]:
        """Keep the quotes of Quote rows; the instruments that have another one than before.
        `context` is that of their frame.
        """
        ids = rows["instrument_id"].tobytes()
        columns = (
            "bid_price",
            "ask_price",
            "bid_size",
            "ask_size",
            "exchange_time",
            "receive_time",
            "flags",
        )
        moved: dict[bytes, None] = {}
        for at, values in enumerate(zip(*(rows[name].tolist() for name in columns), strict=True)):
            instrument = ids[at * _ID_BYTES : (at + 1) * _ID_BYTES]
            quote = Quote(*values[:-1])
            if values[-1] & _STALE:  # the connection behind it is lost: it is no quote any more
                if self._quotes.pop(instrument, None) is not None:
                    moved[instrument] = None
                continue
            before = self._quotes.get(instrument)
            if before is None or before[:4] != quote[:4]:
                moved[instrument] = None
            self._quotes[instrument] = quote
            if context is not None:
                self._contexts[instrument] = context
        return list(moved)

    def instruments(self) -> list[bytes]:
        """What was quoted, ever."""
        return list(self._quotes)

    def context(self, instrument_id: bytes) -> FrameContext | None:
        """Of the frame of the last quote, where it is known."""
        return self._contexts.get(instrument_id)

    def quote(self, instrument_id: bytes, now_ns: int) -> Quote | None:
        """The last one, unless it is stale."""
        found = self._quotes.get(instrument_id)
        if found is None or now_ns - found.receive_time > self._stale_ns:
            return None
        return found

    def rate(self, source: str, target: str, now_ns: int) -> Decimal | None:
        """What one unit of `source` is worth in `target`: by the middle of a live pair of the two,
        either way round; None where there is none. Dollar stablecoins are no dollars here.
        """
        if source == target:
            return _ONE
        direct = self._middle(source, target, now_ns)
        if direct is not None:
            return direct
        inverse = self._middle(target, source, now_ns)
        return None if inverse is None else _ONE / inverse

    def _middle(self, base: str, quote: str, now_ns: int) -> Decimal | None:
        for entry in self._state.pairs_by_base.get(base, ()):
            if entry.asset_type != common_pb2.ASSET_TYPE_FX_PAIR:
                continue
            if (
                entry.natural_key
                != NaturalKey(entry.asset_type, entry.venue, f"{base}/{quote}").text
            ):
                continue
            found = self.quote(entry.id, now_ns)
            if found is not None and found.bid > 0 and found.ask > 0:
                return Decimal(found.bid + found.ask).scaleb(_PLACES) / 2
        return None

    def books(self, entry: InstrumentEntry, now_ns: int) -> list[LiveBook]:
        """The books of an instrument and of what is the same elsewhere: level by level where the
        book is known, else the last quote; none where both are stale.
        """
        made = []
        for other, _ in listings(self._state, entry):
            book = self._book(other, now_ns) if other.venue else None
            if book is not None:
                made.append(book)
        return made

    def _book(self, entry: InstrumentEntry, now_ns: int) -> LiveBook | None:
        quote = self.quote(entry.id, now_ns)
        depth = self.depths.depth(entry.id, self._levels) if self._levels else None
        if depth is not None and now_ns - depth.receive_time > self._stale_ns and quote is None:
            depth = None  # a book that does not move is good as long as quotes still come
        if depth is None and quote is None:
            return None
        source = pb.BOOK_SOURCE_LIVE_QUOTE if depth is None else pb.BOOK_SOURCE_LIVE_DEPTH
        newest = max(each.receive_time for each in (depth, quote) if each is not None)
        bids, asks = ([], []) if depth is None else (depth.bids, depth.asks)
        if quote is not None and (depth is None or quote.receive_time > depth.receive_time):
            bids = _topped(bids, quote.bid, quote.bid_size, lower=True)
            asks = _topped(asks, quote.ask, quote.ask_size, lower=False)
        return LiveBook(entry.id, _decimals(bids), _decimals(asks), source, max(now_ns - newest, 0))


def _topped(
    levels: list[tuple[int, int]], price: int, size: int, *, lower: bool
) -> list[tuple[int, int]]:
    """A side of a book under a newer quote: what is better than the quote has gone."""
    if price <= 0:
        return levels
    behind = [level for level in levels if (level[0] < price if lower else level[0] > price)]
    return [(price, size), *behind] if size > 0 else behind


def _decimals(levels: list[tuple[int, int]]) -> list[tuple[Decimal, Decimal]]:
    return [
        (Decimal(price).scaleb(_PLACES), Decimal(size).scaleb(_PLACES)) for price, size in levels
    ]
