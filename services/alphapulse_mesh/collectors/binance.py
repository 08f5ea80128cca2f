"""Binance's exchange JSON, spot and USDT futures, to rows: trades, quotes, book levels.

Takes what the WebSocket sends (combined-stream envelope or bare event) and REST depth snapshots.
Times are the venue's own where it gives one: `T` (matching engine) before `E` (sent). Spot
bookTicker has neither, so its rows carry the newest exchange time known of the instrument, a lower
bound; the receive time would not do, because a recorder's clock may be behind the exchange's by
more than a second. Book rows obey the venue's sequence rules (`sequence`): only a book in sequence
is published, `BookFlag.VALID` says so on every row, and a book that is lost is cleared without that
flag.

Reading lines and sockets is `sources`' part, registering instruments `universe`'s.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, NamedTuple

import orjson

from alphapulse_layout import BookFlag, QuoteFlag, Side, TradeFlag, VenueId
from alphapulse_mesh.collectors.fixed import FixedCache
from alphapulse_mesh.collectors.rows import Levels, RowBuffer
from alphapulse_mesh.collectors.sequence import BookSequence, Diff, Verdict

__all__ = ["BinanceNormalizer", "MalformedMessageError", "NormalizerCounters", "UnknownSymbolError"]

_MS: Final = 1_000_000
_BUY: Final = int(Side.BUY)
_SELL: Final = int(Side.SELL)
_ONE_SIDED: Final = int(QuoteFlag.ONE_SIDED)
_STALE: Final = int(QuoteFlag.STALE)
_LIQUIDATION: Final = int(TradeFlag.LIQUIDATION)
_VALID: Final = int(BookFlag.VALID)
_SNAPSHOT: Final = int(BookFlag.SNAPSHOT)

# what a message of another shape than documented makes the handlers raise
_SHAPE_ERRORS: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError, struct.error)

_CHAINED_VENUES: Final = frozenset({VenueId.BINANCE_FUTURES, VenueId.SIMULATOR_FUTURES})

Handler = Callable[[int, Any], None]


class MalformedMessageError(Exception):
    """A message that is not JSON, or not of a documented shape; nothing of it was taken."""


class UnknownSymbolError(Exception):
    """A message about an instrument that was not announced; feed it again after `add`."""

    def __init__(self, symbol: str) -> None:
        super().__init__(symbol)
        self.symbol = symbol


@dataclass(slots=True)
class NormalizerCounters:
    """Counted since the start."""

    messages: int = 0
    ignored: int = 0
    """Answers, unknown streams, symbols that were not asked for, trades without price or size."""
    book_gaps: int = 0
    stale_diffs: int = 0
    """Diffs that the book had already."""
    useless_snapshots: int = 0


class _DiffBody(NamedTuple):
    exchange_time: int
    bids: Levels
    asks: Levels


class _LastQuote(NamedTuple):
    bid_price: int
    ask_price: int
    bid_size: int
    ask_size: int
    update_id: int


@dataclass(slots=True)
class _Instrument:
    id: bytes
    symbol: str
    book: BookSequence[_DiffBody]
    exchange_time: int = 0
    quote: _LastQuote | None = None
    has_book: bool = field(default=False)
    """A book was published, so losing it must be too."""


class BinanceNormalizer:
    """One venue's messages into `rows`. Not for concurrent use.

    `symbols`: instrument ids (16 bytes) by symbol; None as id: known, not wanted.
    """

    def __init__(
        self,
        venue: VenueId,
        symbols: Mapping[str, bytes | None],
        rows: RowBuffer,
        needs_snapshot: set[str] | None = None,
    ) -> None:
        self.venue = venue
        self.counters = NormalizerCounters()
        self.needs_snapshot = set[str]() if needs_snapshot is None else needs_snapshot
        """Symbols whose depth stream waits for a snapshot."""
        self._rows = rows
        self._fixed = FixedCache()
        self._chained = venue in _CHAINED_VENUES
        self._instruments: dict[str, _Instrument | None] = {}
        self._streams: dict[str, Handler] = {}
        for symbol, instrument_id in symbols.items():
            self.add(symbol, instrument_id)

    def add(self, symbol: str, instrument_id: bytes | None) -> None:
        """Announce an instrument; None: its messages are ignored."""
        self._instruments[symbol] = (
            None
            if instrument_id is None
            else _Instrument(instrument_id, symbol, BookSequence(chained=self._chained))
        )
        self._streams.clear()

    def forget(self, symbol: str) -> None:
        """Let the next message of an instrument be one that was not announced."""
        self._instruments.pop(symbol, None)
        self._streams.clear()

    def feed(self, receive_time: int, payload: bytes | str) -> None:
        """One message, received at `receive_time` (ns since the epoch).

        Raises:
            MalformedMessageError, UnknownSymbolError: no row was made.
        """
        try:
            message = orjson.loads(payload)
            self.counters.messages += 1
            handler = self._streams.get(message.get("stream"))
            if handler is not None:
                handler(receive_time, message["data"])
            else:
                self._first_of_stream(receive_time, message)
        except UnknownSymbolError:
            self.counters.messages -= 1
            raise
        except _SHAPE_ERRORS as error:
            what = f"{type(error).__name__}: {error}"
            raise MalformedMessageError(what) from error

    def snapshot(self, symbol: str, receive_time: int, payload: bytes) -> bool:
        """The answer of the REST depth endpoint for `symbol`; False: too old, take another."""
        try:
            return self._snapshot(self._instrument(symbol), receive_time, orjson.loads(payload))
        except _SHAPE_ERRORS as error:
            raise MalformedMessageError(
                f"snapshot of {symbol}: {type(error).__name__}: {error}"
            ) from error

    def disconnected(self, receive_time: int) -> None:
        """The connection is gone: books are lost, quotes are repeated once with the STALE flag."""
        for instrument in self._instruments.values():
            if instrument is None:
                continue
            self._lose_book(instrument, receive_time)
            instrument.book.invalidate()
            quote = instrument.quote
            if quote is not None:
                self._rows.quote(
                    instrument.id, instrument.exchange_time, receive_time, *quote, _STALE
                )
                instrument.quote = None

    def trim(self) -> None:
        """Bound the caches; call it between batches."""
        self._fixed.trim()

    # ------------------------------------------------------------------ which handler

    def _first_of_stream(self, receive_time: int, message: dict[str, Any]) -> None:
        """Messages without envelope, and the first one of each stream."""
        data = message.get("data", message)
        if "lastUpdateId" in data:
            self._snapshot(self._owner_of_snapshot(data), receive_time, data)
            return
        handler = self._handler(data)
        if handler is None:
            self.counters.ignored += 1
            return
        handler(receive_time, data)
        stream = message.get("stream")
        if stream is not None:
            self._streams[stream] = handler

    def _handler(self, data: dict[str, Any]) -> Handler | None:
        event = data.get("e", "bookTicker" if "u" in data and "B" in data else None)
        if event not in ("trade", "bookTicker", "depthUpdate"):
            return None
        instrument = self._instruments.get(data["s"])
        if instrument is None:
            if data["s"] not in self._instruments:
                raise UnknownSymbolError(data["s"])
            return self._ignore
        match event:
            case "trade":
                return partial(self._trade, instrument)
            case "bookTicker":
                return partial(self._quote, instrument)
            case _:
                return partial(self._depth, instrument)

    def _ignore(self, _receive_time: int, _data: dict[str, Any]) -> None:
        self.counters.ignored += 1

    def _instrument(self, symbol: str) -> _Instrument:
        instrument = self._instruments.get(symbol)
        if instrument is None:
            raise UnknownSymbolError(symbol)
        return instrument

    def _owner_of_snapshot(self, data: dict[str, Any]) -> _Instrument:
        """A REST snapshot names no symbol: it is that of the only instrument of the feed."""
        wanted = [item for item in self._instruments.values() if item is not None]
        if len(wanted) != 1:
            raise ValueError(f"a snapshot without symbol in a feed of {len(wanted)} instruments")
        return wanted[0]

    # ------------------------------------------------------------------ handlers

    def _trade(self, instrument: _Instrument, receive_time: int, data: dict[str, Any]) -> None:
        fixed = self._fixed
        price, size = fixed[data["p"]], fixed[data["q"]]
        if not (price and size):  # "X": "NA": the venue's book-keeping, nobody traded
            self.counters.ignored += 1
            return
        time = _nanoseconds(data["T"])
        # m: the buyer is the maker, so the seller is the aggressor
        side = _SELL if data["m"] else _BUY
        kind = data.get("X", "MARKET")
        flags = 0 if kind == "MARKET" else _LIQUIDATION
        self._rows.trade(instrument.id, time, receive_time, price, size, data["t"], side, flags)
        instrument.exchange_time = max(instrument.exchange_time, time)

    def _quote(self, instrument: _Instrument, receive_time: int, data: dict[str, Any]) -> None:
        fixed = self._fixed
        bid, bid_size = fixed[data["b"]], fixed[data["B"]]
        ask, ask_size = fixed[data["a"]], fixed[data["A"]]
        update_id = data["u"]
        time = data.get("T")
        time = instrument.exchange_time if time is None else _nanoseconds(time)
        flags = 0 if bid and ask else _ONE_SIDED
        self._rows.quote(
            instrument.id, time, receive_time, bid, ask, bid_size, ask_size, update_id, flags
        )
        instrument.quote = _LastQuote(bid, ask, bid_size, ask_size, update_id)
        instrument.exchange_time = max(instrument.exchange_time, time)

    def _depth(self, instrument: _Instrument, receive_time: int, data: dict[str, Any]) -> None:
        first, last = data["U"], data["u"]
        previous = data["pu"] if self._chained else 0
        if not 0 <= first <= last or previous < 0:
            raise ValueError(f"update ids U={first} u={last} pu={previous}")
        time = _nanoseconds(data["T"] if "T" in data else data["E"])
        body = _DiffBody(time, self._levels(data["b"]), self._levels(data["a"]))
        diff = Diff(first, last, previous, body)
        instrument.exchange_time = max(instrument.exchange_time, body.exchange_time)
        verdict = instrument.book.diff(diff)
        if verdict is Verdict.APPLY:
            self._publish(instrument, receive_time, diff)
        elif verdict is Verdict.OLD:
            self.counters.stale_diffs += 1
        elif verdict is Verdict.WAIT:
            self.needs_snapshot.add(instrument.symbol)
        else:
            self.counters.book_gaps += 1
            self.needs_snapshot.add(instrument.symbol)
            self._lose_book(instrument, receive_time)

    def _snapshot(self, instrument: _Instrument, receive_time: int, data: dict[str, Any]) -> bool:
        bids, asks = self._levels(data["bids"]), self._levels(data["asks"])
        update_id = data["lastUpdateId"]
        time = _nanoseconds(data["T"]) if "T" in data else instrument.exchange_time
        following = instrument.book.snapshot(update_id)
        if following is None:
            self.counters.useless_snapshots += 1
            return False
        self.needs_snapshot.discard(instrument.symbol)
        flags = _VALID | _SNAPSHOT
        book = self._rows.book
        empty = not (bids.prices or asks.prices)
        book.clear(instrument.id, time, receive_time, update_id, flags, ends_event=empty)
        book.levels(instrument.id, time, receive_time, update_id, bids, asks, flags)
        instrument.has_book = True
        # They were received before the snapshot, but are in the book only from now on: with their
        # own receive time a reader who sorts by it would apply them to the book before.
        for diff in following:
            self._publish(instrument, receive_time, diff)
        return True

    def _publish(self, instrument: _Instrument, receive_time: int, diff: Diff[_DiffBody]) -> None:
        time, bids, asks = diff.body
        self._rows.book.levels(instrument.id, time, receive_time, diff.last, bids, asks, _VALID)

    def _lose_book(self, instrument: _Instrument, receive_time: int) -> None:
        if instrument.has_book:
            instrument.has_book = False
            self._rows.book.clear(
                instrument.id,
                instrument.exchange_time,
                receive_time,
                instrument.book.local,
                0,
                ends_event=True,
            )

    def _levels(self, levels: list[list[str]]) -> Levels:
        fixed = self._fixed
        return Levels([fixed[level[0]] for level in levels], [fixed[level[1]] for level in levels])


def _nanoseconds(milliseconds: int) -> int:
    if milliseconds.__class__ is not int or milliseconds < 0:
        raise ValueError(f"time {milliseconds!r} is not milliseconds since the epoch")
    return milliseconds * _MS
