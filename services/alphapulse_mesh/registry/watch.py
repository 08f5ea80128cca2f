"""Following the registry: every change after a revision, in order, each once; then live.

A watcher is a cursor over the journal's dense revisions, so there is nothing to lose between
backlog and live: what the recent past in memory no longer holds is read from the event store. A
slow watcher holds nothing but its cursor. What a filter keeps back, and recorded requests, show as
revisions that a bookmark passes.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import queries
from alphapulse_mesh.registry.journal import STREAM, bookmark, decode_event, is_watched
from alphapulse_mesh.registry.model import (
    Change,
    CollisionEntry,
    InstrumentEntry,
    LinkEntry,
    SyntheticEntry,
    VenueEntry,
)
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.validation import check_isin_prefix
from alphapulse_mesh.runtime.errors import OutOfRange, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from alphapulse_mesh.registry.state import RegistryState
    from alphapulse_mesh.runtime.event_store import EventStore

__all__ = ["RECENT_EVENTS", "Recent", "WatchFilter", "Watched", "check_start", "watch"]

BOOKMARK_SECONDS: Final = 5.0
RECENT_EVENTS: Final = 16_384
_CHUNK: Final = 1024
_KIND_LINK: Final = (pb.EVENT_KIND_LINK,)


class Watched(NamedTuple):
    """One committed event, as watchers get it."""

    revision: int
    data: bytes
    """`WatchRegistryResponse`; empty for what is not shown."""
    change: Change


class Recent:
    """The last changes in memory, and the wake-up of those who wait for the next."""

    def __init__(self, revision: int = 0, keep: int = RECENT_EVENTS) -> None:
        """Nothing yet; the next one is `revision` + 1."""
        self._first = revision + 1
        self._events: list[Watched] = []
        self._keep = keep
        self._changed = asyncio.Event()
        self._closed = False

    @property
    def revision(self) -> int:
        """The last one."""
        return self._first + len(self._events) - 1

    def extend(self, events: Sequence[Watched]) -> None:
        """Add what was committed and applied, and wake everybody."""
        self._events.extend(events)
        if len(self._events) > 2 * self._keep:  # seldom, so that the cost a change is constant
            dropped = len(self._events) - self._keep
            del self._events[:dropped]
            self._first += dropped
        self._wake()

    def close(self) -> None:
        """The service drains: end every wait, now and from now on."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def after(self, revision: int, limit: int) -> Sequence[Watched] | None:
        """Up to `limit` changes after `revision`; None when the next one is no longer held."""
        start = revision + 1 - self._first
        return None if start < 0 else self._events[start : start + limit]

    async def wait_beyond(self, revision: int, seconds: float) -> bool:
        """Wait until there is something after `revision`, at most so long; whether there is.

        Raises:
            Unavailable: the service drains (DRAINING).
        """
        end = time.monotonic() + seconds
        while self.revision <= revision:
            if self._closed:
                raise Unavailable("the registry drains", reason=Reason.DRAINING)
            remaining = end - time.monotonic()
            if remaining <= 0:
                return False
            try:
                await asyncio.wait_for(self._changed.wait(), remaining)
            except TimeoutError:
                return self.revision > revision
        return True


@dataclass(frozen=True, slots=True)
class WatchFilter:
    """What a watcher wants. All that is set must fit; a link fits when one of its ends does."""

    asset_types: frozenset[int] = field(default_factory=frozenset)
    venues: frozenset[int] = field(default_factory=frozenset)
    isin_prefix: str = ""
    chain_id: int = 0
    link_types: frozenset[int] = field(default_factory=frozenset)
    kinds: frozenset[int] = field(default_factory=frozenset)

    @classmethod
    def of(cls, request: pb.WatchRegistryRequest, state: RegistryState) -> WatchFilter:
        """The filter of a request.

        Raises:
            InvalidArgument: not the beginning of an ISIN (WATCH_FILTER_INVALID).
            NotFound: no such venue.
        """
        check_isin_prefix(request.isin_prefix)
        venues = {queries.venue_number(state, key) for key in request.venues}
        return cls(
            frozenset(request.asset_types),
            frozenset(number for number in venues if number is not None),
            request.isin_prefix,
            request.chain_id,
            frozenset(request.link_types),
            frozenset(request.kinds or (_KIND_LINK if request.link_types else ())),
        )

    def passes(self, change: Change, state: RegistryState) -> bool:
        """Whether the watcher wants to see `change`; `state` knows the ends of a link."""
        match change:
            case InstrumentEntry():
                return self._kind(pb.EVENT_KIND_INSTRUMENT) and self._instrument(change)
            case LinkEntry():
                return (
                    self._kind(pb.EVENT_KIND_LINK)
                    and (not self.link_types or change.key.type in self.link_types)
                    and self._either(change.key.source, change.key.target, state)
                )
            case CollisionEntry():
                return self._kind(pb.EVENT_KIND_COLLISION) and self._either(
                    change.id, change.assigned_id, state
                )
            case VenueEntry():
                return self._kind(pb.EVENT_KIND_VENUE) and self._venue(change.message)
            case SyntheticEntry():
                synthetic = state.instruments.get(change.id)
                return (
                    self._kind(pb.EVENT_KIND_SYNTHETIC)
                    and synthetic is not None
                    and self._instrument(synthetic)
                )
            case _:
                return False

    def _kind(self, kind: int) -> bool:
        return not self.kinds or kind in self.kinds

    def _either(self, one: bytes, other: bytes, state: RegistryState) -> bool:
        ends = (state.instruments.get(one), state.instruments.get(other))
        return any(end is not None and self._instrument(end) for end in ends)

    def _instrument(self, entry: InstrumentEntry) -> bool:
        return (
            (not self.asset_types or entry.asset_type in self.asset_types)
            and (not self.venues or entry.venue in self.venues)
            and entry.isin.startswith(self.isin_prefix)
            and (not self.chain_id or entry.chain_id == self.chain_id)
        )

    def _venue(self, venue: pb.Venue) -> bool:
        """A venue has no asset type and no ISIN: a filter on these keeps it back."""
        return (
            not self.asset_types
            and not self.isin_prefix
            and (not self.venues or venue.venue in self.venues)
            and (not self.chain_id or venue.chain_id == self.chain_id)
        )


def check_start(from_revision: int, revision: int, history: int) -> None:
    """Whether a watch may begin there.

    Raises:
        OutOfRange: older than what is kept (REVISION_COMPACTED, value `oldest_revision`).
    """
    oldest = max(0, revision - history)
    if from_revision < oldest:
        raise OutOfRange(
            f"changes after revision {from_revision} are no longer kept, those after {oldest} are; "
            "list, then watch from the revision of the list",
            reason=Reason.REVISION_COMPACTED,
            oldest_revision=oldest,
            revision=revision,
        )


async def watch(
    state: RegistryState,
    recent: Recent,
    store: EventStore,
    from_revision: int,
    wanted: WatchFilter,
    *,
    bookmark_seconds: float = BOOKMARK_SECONDS,
    clock_ns: Callable[[], int] = time.time_ns,
) -> AsyncIterator[bytes]:
    """`WatchRegistryResponse`s after `from_revision`, without end. A bookmark says when the backlog
    is through, and how far the stream is whenever nothing was sent for `bookmark_seconds`.
    """
    cursor = from_revision
    caught_up = False
    sent_at = 0.0
    while True:
        events = recent.after(cursor, _CHUNK)
        if events is None:
            async for event in _stored(store, cursor, recent):
                cursor = event.revision
                if event.data and wanted.passes(event.change, state):
                    yield event.data
            continue
        for event in events:
            cursor = event.revision
            if event.data and wanted.passes(event.change, state):
                yield event.data
                sent_at = time.monotonic()
        if cursor < recent.revision:
            await asyncio.sleep(0)  # let others run, also when nothing was sent
            continue
        idle = time.monotonic() - sent_at
        if not caught_up or idle >= bookmark_seconds:
            yield bookmark(cursor, clock_ns())
            caught_up, sent_at, idle = True, time.monotonic(), 0.0
        await recent.wait_beyond(cursor, bookmark_seconds - idle)


async def _stored(store: EventStore, cursor: int, recent: Recent) -> AsyncIterator[Watched]:
    """The journal after `cursor`, as far as it is applied here."""
    async for event in store.read(STREAM, cursor + 1):
        if event.version <= recent.revision:
            data = event.data if is_watched(event) else b""
            yield Watched(event.version, data, decode_event(event))
