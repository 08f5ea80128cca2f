"""What every source looks like to the collector: feeds, and slices of messages in order.

A *feed* is one connection's worth of messages: one venue, one normaliser. A *slice* is what belongs
into the same frames: a short span of market time, or what has just come in.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from alphapulse_layout import VenueId
    from alphapulse_mesh.collectors.markets import Market

__all__ = ["Connection", "Disconnected", "Feed", "Message", "RestSnapshot", "Slice", "Source"]


class RestSnapshot(NamedTuple):
    """The body of the REST depth endpoint's answer for one symbol."""

    symbol: str
    body: bytes


class Disconnected(NamedTuple):
    """The feed's connection is gone: its books are lost, its quotes stale."""

    reason: str


Message = bytes | RestSnapshot | Disconnected


@dataclass(slots=True)
class Connection:
    """Whether a connection is there, and for how long it was not."""

    up: bool = False
    since_ns: int = 0
    """Of the last change, ns since the epoch; 0: before it was tried first."""
    down_ns: int = 0
    """Sum over the times that are over."""

    def lost(self, now_ns: int) -> None:
        """It is gone, or could not be made."""
        if self.up or not self.since_ns:
            self.up, self.since_ns = False, now_ns

    def came(self, now_ns: int) -> None:
        """It is there."""
        if not self.up:
            self.down_ns = self.down_until(now_ns)
            self.up, self.since_ns = True, now_ns

    def down_until(self, now_ns: int) -> int:
        """How long it was not there up to now, ns."""
        open_ns = now_ns - self.since_ns if self.since_ns and not self.up else 0
        return self.down_ns + max(open_ns, 0)


@dataclass(slots=True)
class Feed:
    """One connection of a source."""

    name: str
    """For people: a file, an address."""
    venue: VenueId
    symbols: tuple[str, ...] = ()
    """What the feed brings, as far as known at the start."""
    wanted: frozenset[str] | None = None
    """Only these symbols; None: all."""
    markets: dict[str, Market] = field(default_factory=dict)
    """Facts that the venue told about symbols; `market_of` knows the others."""
    needs_snapshot: set[str] = field(default_factory=set)
    """Written by the normaliser: symbols whose book waits for a REST snapshot."""
    connection: Connection | None = None
    """Kept by a source that has one."""
    unknown: Literal["register", "discover"] = "register"
    """What becomes of symbols that nobody named: registered here, or told to the registry and
    published once it has them as active."""


@dataclass(slots=True)
class Slice:
    """Messages in order: message i came on feed `feeds[i]` at `times[i]` (ns since the epoch)."""

    feeds: Sequence[int]
    times: Sequence[int]
    messages: Sequence[Message]
    origin: Callable[[int], str]
    """Where message i is from, for reports: `file:line`."""


class Source(Protocol):
    """Where messages come from."""

    bounded: bool
    """It ends by itself."""
    repeatable: bool
    """Made anew with the same settings it gives the same slices again."""
    measured: bool
    """It is of the present: how it comes tells how its venues are."""

    async def open(self) -> Sequence[Feed]:
        """Find out what there is.

        Raises:
            ConfigError: it cannot be read at all: missing file, unknown symbol.
        """
        ...

    def catch_up(self, behind: bool) -> None:
        """While `behind`, slices come without waiting: they have been published before."""
        ...

    def slices(self) -> AsyncIterator[Slice]:
        """All slices, in order; paces itself."""
        ...

    @property
    def progress(self) -> float | None:
        """Share of a bounded source that has been read, 0 to 1; None where it has no end."""
        ...

    async def close(self) -> None:
        """Let go of files and connections. Idempotent."""
        ...
