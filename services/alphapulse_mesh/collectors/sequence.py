"""The sequence rules of Binance's depth streams: which diff may be applied to a book, and when.

Spot numbers updates densely; futures chain each diff to the one before by `pu`. Rules and field
names are those of the venue's page "How to manage a local order book correctly". No levels are held
here.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import Final, Generic, NamedTuple, TypeVar

__all__ = ["BookSequence", "Diff", "Verdict"]

_BUFFERED_DIFFS: Final = 4096  # minutes of a stream that waits for its snapshot

Body = TypeVar("Body")


class Verdict(Enum):
    """What to do with a diff."""

    APPLY = auto()
    """It follows on: apply it."""
    OLD = auto()
    """The book has it already: drop it."""
    WAIT = auto()
    """There is no snapshot yet: it is kept until one comes."""
    GAP = auto()
    """Something is missing before it: the book is lost, and waits for a snapshot from here on."""


class Diff(NamedTuple, Generic[Body]):
    """The numbers of one diff, and whatever else the caller wants back with it."""

    first: int
    """U."""
    last: int
    """u."""
    previous: int
    """pu; not used on spot."""
    body: Body


class BookSequence(Generic[Body]):
    """Where one instrument's book stands in the venue's numbering.

    `chained`: False for spot (U = local + 1), True for futures (pu = local).
    """

    def __init__(self, *, chained: bool) -> None:
        self._chained = chained
        self._waiting: deque[Diff[Body]] = deque(maxlen=_BUFFERED_DIFFS)
        self._bridged = False
        self.local = 0
        """Newest update in the book."""
        self.valid = False
        """There is a complete book."""

    def diff(self, diff: Diff[Body]) -> Verdict:
        """Judge one diff; WAIT and GAP keep it for the next snapshot."""
        if not self.valid:
            self._waiting.append(diff)
            return Verdict.WAIT
        if self._is_old(diff):
            return Verdict.OLD
        if not self._follows(diff):
            self.invalidate()
            self._waiting.append(diff)
            return Verdict.GAP
        self.local = diff.last
        self._bridged = True
        return Verdict.APPLY

    def snapshot(self, last_update_id: int) -> list[Diff[Body]] | None:
        """Start from a snapshot: the diffs that were kept and now follow it, in order.

        None: the snapshot is of no use (older than the book, or older than the first diff that was
        kept), and nothing has changed; take another one.
        """
        if self.valid and last_update_id < self.local:
            return None
        before = self.local, self._bridged, self.valid
        self.local, self._bridged, self.valid = last_update_id, False, True
        usable: list[Diff[Body]] = []
        for diff in self._waiting:
            if self._is_old(diff):
                continue
            if not self._follows(diff):
                self.local, self._bridged, self.valid = before
                return None
            self.local, self._bridged = diff.last, True
            usable.append(diff)
        self._waiting.clear()
        return usable

    def invalidate(self) -> None:
        """The book is lost (a gap, or the connection went): the next diffs wait for a snapshot."""
        self.valid = self._bridged = False
        self._waiting.clear()

    def _is_old(self, diff: Diff[Body]) -> bool:
        # a futures diff that ends exactly at the snapshot is the one that bridges to the chain
        if self._chained and not self._bridged:
            return diff.last < self.local
        return diff.last <= self.local

    def _follows(self, diff: Diff[Body]) -> bool:
        if not self._chained:
            return diff.first <= self.local + 1
        if self._bridged:
            return diff.previous == self.local
        # U <= local is the venue's wording; the snapshot may also fall between two diffs, whose
        # numbers are not dense, and then pu <= local says that nothing is missing
        return diff.first <= self.local or diff.previous <= self.local
