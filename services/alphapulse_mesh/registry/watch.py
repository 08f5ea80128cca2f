"""Following the registry: every change after a revision, in order, each once; then live.

A watcher is a cursor over the journal's dense revisions, so there is nothing to lose between
backlog and live: what the recent past in memory no longer holds is read from the event store. A
slow watcher holds nothing but its cursor. What a filter keeps back, and recorded requests, show as
revisions that a bookmark passes. Opportunities are no changes: they come between the changes once
the backlog is through, and carry the revision that the watcher has reached.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import queries
from alphapulse_mesh.registry.journal import STREAM, bookmark, decode_event, is_watched
from alphapulse_mesh.registry.model import (
    Change,
    CollisionEntry,
    InstrumentEntry,
    LinkEntry,
    LinkRemoval,
    SyntheticEntry,
    VenueEntry,
)
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.validation import check_isin_prefix
from alphapulse_mesh.runtime.errors import InvalidArgument, OutOfRange, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Iterable, Sequence

    from alphapulse_mesh.registry.opportunities import Opportunity
    from alphapulse_mesh.registry.opportunity_feed import OpportunityFeed, OpportunityQueue
    from alphapulse_mesh.registry.state import RegistryState
    from alphapulse_mesh.runtime.event_store import EventStore

__all__ = ["RECENT_EVENTS", "Recent", "WatchFilter", "Watched", "check_start", "watch"]

BOOKMARK_SECONDS: Final = 5.0
RECENT_EVENTS: Final = 16_384
_CHUNK: Final = 1024


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
    opportunity_bps: Decimal | None = None
    """Opportunities from so many basis points on; None when they are not asked for."""

    @classmethod
    def of(cls, request: pb.WatchRegistryRequest, state: RegistryState) -> WatchFilter:
        """The filter of a request.

        Raises:
            InvalidArgument: not the beginning of an ISIN, or a number that stands for nothing and
                that no change would ever pass (WATCH_FILTER_INVALID).
            NotFound: no such venue.
        """
        check_isin_prefix(request.isin_prefix)
        _check_numbers("asset_types", request.asset_types, common_pb2.AssetType.values())
        _check_numbers("link_types", request.link_types, pb.LinkType.values())
        _check_numbers("kinds", request.kinds, pb.EventKind.values())
        venues = {queries.venue_number(state, key) for key in request.venues}
        return cls(
            frozenset(request.asset_types),
            frozenset(number for number in venues if number is not None),
            request.isin_prefix,
            request.chain_id,
            frozenset(request.link_types),
            frozenset(request.kinds or _implied(request)),
            _opportunity_bps(request),
        )

    def passes(self, change: Change, state: RegistryState) -> bool:
        """Whether the watcher wants to see `change`; `state` knows the ends of a link."""
        match change:
            case InstrumentEntry():
                return self._kind(pb.EVENT_KIND_INSTRUMENT) and self._instrument(change)
            case LinkEntry() | LinkRemoval():
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

    def wants(self, opportunity: Opportunity) -> bool:
        """Whether the watcher wants to see an opportunity; one of its sides must fit."""
        return (
            self.opportunity_bps is not None
            and opportunity.bps >= self.opportunity_bps
            and any(self._instrument(side) for side in (opportunity.a, opportunity.b))
        )

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


def _implied(request: pb.WatchRegistryRequest) -> list[int]:
    """The kinds that other filters say are wanted, and nothing else."""
    kinds: list[int] = [pb.EVENT_KIND_LINK] if request.link_types else []
    return [*kinds, pb.EVENT_KIND_OPPORTUNITY] if request.min_opportunity_bps else kinds


def _opportunity_bps(request: pb.WatchRegistryRequest) -> Decimal | None:
    named = pb.EVENT_KIND_OPPORTUNITY in request.kinds
    if not named and (request.kinds or not request.min_opportunity_bps):
        return None
    return Decimal(request.min_opportunity_bps)


def _check_numbers(field: str, given: Iterable[int], known: Collection[int]) -> None:
    for number in given:
        if not number or number not in known:
            raise InvalidArgument(
                f"{field}: {number} stands for nothing",
                reason=Reason.WATCH_FILTER_INVALID,
                field=field,
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
    opportunities: OpportunityFeed | None = None,
    bookmark_seconds: float = BOOKMARK_SECONDS,
    clock_ns: Callable[[], int] = time.time_ns,
) -> AsyncIterator[bytes]:
    """`WatchRegistryResponse`s after `from_revision`, without end. A bookmark says when the backlog
    is through, and how far the stream is whenever nothing was sent for `bookmark_seconds`. After
    the first bookmark come the opportunities that stand then, and those that are found from then
    on.
    """
    if opportunities is None or wanted.opportunity_bps is None:
        async for response in _watch(
            state, recent, store, from_revision, wanted, None, bookmark_seconds, clock_ns
        ):
            yield response
        return
    with opportunities.queue(wanted.wants) as queue:
        found = _Found(opportunities, queue)
        async for response in _watch(
            state, recent, store, from_revision, wanted, found, bookmark_seconds, clock_ns
        ):
            yield response


class _Found(NamedTuple):
    """Where a watcher's opportunities come from."""

    feed: OpportunityFeed
    queue: OpportunityQueue


async def _watch(  # what a watcher's cursor runs over
    state: RegistryState,
    recent: Recent,
    store: EventStore,
    from_revision: int,
    wanted: WatchFilter,
    found: _Found | None,
    bookmark_seconds: float,
    clock_ns: Callable[[], int],
) -> AsyncIterator[bytes]:
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
            if found is not None and not caught_up:
                found.queue.replace(found.feed.standing())
            caught_up, sent_at, idle = True, time.monotonic(), 0.0
            continue  # the registry may have gone on while the bookmark was sent
        if found is None:
            await recent.wait_beyond(cursor, bookmark_seconds - idle)
        elif (taken := found.queue.take()) is not None:
            told, missed = taken
            yield told.response(cursor, missed)
            sent_at = time.monotonic()
        else:
            await _either(recent.wait_beyond(cursor, bookmark_seconds - idle), found.queue.wait())


async def _either(*waits: Coroutine[object, object, object]) -> None:
    """Until one of them is through.

    Raises:
        Unavailable: the service drains (DRAINING).
    """
    tasks = [asyncio.ensure_future(each) for each in waits]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _stored(store: EventStore, cursor: int, recent: Recent) -> AsyncIterator[Watched]:
    """The journal after `cursor`, as far as it is applied here."""
    async for event in store.read(STREAM, cursor + 1):
        if event.version <= recent.revision:
            data = event.data if is_watched(event) else b""
            yield Watched(event.version, data, decode_event(event))
