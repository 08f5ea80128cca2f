"""The books that the MarketDataRelay shows, level by level, as far as they are known to be whole.

A book begins with a CLEAR row that is VALID and goes on with levels; one without VALID says that it
is lost. What began before this replica listened is in the image that a subscription starts with, or
not known. A side keeps its best levels: beyond the worst that was kept nothing is claimed until the
book begins anew.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alphapulse_client.subscription import Subscription
from alphapulse_layout import BookAction, BookFlag, MessageType, Side
from alphapulse_mesh.runtime.errors import MeshError

if TYPE_CHECKING:
    from alphapulse_client import frames
    from alphapulse_client.subscription import Batch
    from alphapulse_mesh.runtime.system import Reading

__all__ = ["BookFollower", "Depth", "LiveBooks"]

_log = logging.getLogger(__name__)
_ID_BYTES: Final = 16
_BOOKS: Final = 4096
_KEPT_LEVELS: Final = 2000
"""Of a side; twice as many are let in before the worst are dropped."""
_RETRY_SECONDS: Final = 1.0
_BUY: Final = int(Side.BUY)
_SELL: Final = int(Side.SELL)
_CLEAR: Final = int(BookAction.CLEAR)
_VALID: Final = int(BookFlag.VALID)
_LAST: Final = int(BookFlag.LAST_IN_EVENT)


class Depth(NamedTuple):
    """The best levels of a book, (price, size) in 1e-8, best first."""

    bids: list[tuple[int, int]]
    asks: list[tuple[int, int]]
    receive_time: int
    """Of the last change, ns."""


class _Side:
    """Price → size, and how far it is known."""

    __slots__ = ("edge", "levels", "sign")

    def __init__(self, sign: int) -> None:
        """`sign` is 1 where the lowest price is best, else -1."""
        self.sign = sign
        self.levels: dict[int, int] = {}
        self.edge: int | None = None
        """`sign` times the worst price that is known; None: all."""

    def set(self, price: int, size: int) -> None:
        """Take a level; 0 deletes it."""
        if not size:
            self.levels.pop(price, None)
        elif self.edge is None or price * self.sign <= self.edge:
            self.levels[price] = size
            if len(self.levels) > 2 * _KEPT_LEVELS:
                self.levels = dict(self.best(_KEPT_LEVELS))
                self.edge = max(kept * self.sign for kept in self.levels)

    def best(self, count: int) -> list[tuple[int, int]]:
        """The best levels, in order."""
        sign = self.sign
        return heapq.nsmallest(count, self.levels.items(), key=lambda level: level[0] * sign)


class _Book:
    """One instrument's book; `whole` between events, not within one."""

    __slots__ = ("asks", "bids", "receive_time", "whole")

    def __init__(self) -> None:
        """Just cleared."""
        self.bids, self.asks = _Side(-1), _Side(1)
        self.receive_time = 0
        self.whole = False


class LiveBooks:
    """Instrument → its book. Bounded: 4,096 books of 4,000 levels a side."""

    def __init__(self) -> None:
        """None is known yet."""
        self._books: dict[bytes, _Book] = {}
        self._full = False

    def __len__(self) -> int:
        return len(self._books)

    def take(self, rows: frames.Rows) -> None:
        """Apply BookLevel rows, in their order."""
        if not len(rows):
            return
        ids = rows["instrument_id"]
        changes = np.flatnonzero(ids[1:] != ids[:-1]) + 1
        starts = [0, *changes.tolist()]
        for start, end in zip(starts, [*starts[1:], len(rows)], strict=True):
            self._take_run(ids[start].tobytes(), rows[start:end])

    def _take_run(self, instrument_id: bytes, rows: frames.Rows) -> None:
        book = self._books.get(instrument_id)
        last = 0
        for action, side, flags, price, size in zip(
            rows["action"].tolist(),
            rows["side"].tolist(),
            rows["flags"].tolist(),
            rows["price"].tolist(),
            rows["size"].tolist(),
            strict=True,
        ):
            last = flags
            if action == _CLEAR:
                self._books.pop(instrument_id, None)
                book = self._begin(instrument_id) if flags & _VALID else None
            elif book is None:
                continue
            elif not flags & _VALID:
                self._books.pop(instrument_id, None)
                book = None
            elif side == _BUY:
                book.bids.set(price, size)
            elif side == _SELL:
                book.asks.set(price, size)
        if book is not None:
            book.whole = bool(last & _LAST)
            book.receive_time = int(rows["receive_time"][-1])

    def _begin(self, instrument_id: bytes) -> _Book | None:
        if len(self._books) >= _BOOKS:
            if not self._full:
                self._full = True
                _log.warning("more than %d books: of the others the quotes count", _BOOKS)
            return None
        made = self._books[instrument_id] = _Book()
        return made

    def settle(self) -> None:
        """The image that a subscription begins with is through: its books are whole, though rows
        that nothing is left of are not in it.
        """
        for book in self._books.values():
            book.whole = True

    def forget(self) -> None:
        """Something was missed: nothing is known any more."""
        self._books.clear()
        self._full = False

    def depth(self, instrument_id: bytes, levels: int) -> Depth | None:
        """The best levels of both sides; None where the book is not known, or in the middle of an
        event.
        """
        book = self._books.get(instrument_id)
        if book is None or not book.whole:
            return None
        return Depth(book.bids.best(levels), book.asks.best(levels), book.receive_time)


class BookFollower:
    """Follows every book of the MarketDataRelay, from the image of the moment on."""

    def __init__(self, books: LiveBooks, target: str, *, reading: Reading = nullcontext) -> None:
        """`target` is the relay; `reading`: around the time that a subscription is read."""
        self._books = books
        self._reading = reading
        self._target = target
        self._known_from = 0

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            self._books.forget()
            self._known_from = 0
            try:
                async with (
                    Subscription(
                        self._target,
                        "market_data",
                        message_types=[MessageType.ORDER_BOOK],
                        start="snapshot",
                        name="registry-books",
                    ) as levels,
                    self._reading(levels),
                ):
                    async for batch in levels:
                        if not self.take(batch):
                            break  # an image of the present is quicker than waiting for snapshots
            except MeshError as error:
                _log.warning("no books: %s (%s)", error, error.reason)
            await asyncio.sleep(_RETRY_SECONDS)

    def take(self, batch: Batch) -> bool:
        """Apply a batch; False when frames are missing, and with them what the books are."""
        if batch.gaps and not batch.snapshot_sequence:
            return False
        # an image with holes tells of the books that began after the last hole
        known_from = max((gap.last for gap in batch.gaps), default=0)
        self._known_from = max(self._known_from, known_from)
        for frame in batch.frames:
            if frame.sequence > self._known_from:
                self._books.take(frame.rows)
        if batch.snapshot_sequence and batch.delivered_sequence:
            self._books.settle()
        return True
