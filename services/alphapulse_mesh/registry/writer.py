"""The one who writes: requests become changes, changes become durable, then they are applied and
answered. All requests that wait are one commit (group commit), planned one after the other on top
of each other.

The journal is the judge of order: every append names the version that it was planned on. If another
process wrote first, its events are applied and the requests planned anew; `follow` applies them
also while there is nothing to write, which makes a replica.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from alphapulse_core import instrument_id_hash
from alphapulse_mesh.registry.commands import RegistryPlanner
from alphapulse_mesh.registry.journal import STREAM, decode_event, encode_events, is_watched
from alphapulse_mesh.registry.model import Change, CollisionEntry
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.registry.watch import RECENT_EVENTS, Recent, Watched
from alphapulse_mesh.runtime.errors import (
    Conflict,
    InvalidArgument,
    MeshError,
    Unavailable,
)

if TYPE_CHECKING:
    from alphapulse_mesh.registry.identity import HashId
    from alphapulse_mesh.runtime.event_store import EventStore, NewEvent, RecordedEvent

__all__ = ["Command", "RegistryWriter", "Respond"]

_log = logging.getLogger(__name__)
FOLLOW_SECONDS: Final = 0.1
_GROUP_WEIGHT: Final = 20_000  # changes that one commit is about to have before it takes no more
_BULK: Final = 1000

Respond = Callable[[int], bytes]
"""Makes the encoded answer, given the registry's revision after the call."""


@dataclass(frozen=True, slots=True)
class Command:
    """One request that may change the registry."""

    method: str
    plan: Callable[[RegistryPlanner], Awaitable[Respond]]
    """Plans the changes. It may give way to other tasks, but must not wait for any."""
    request_id: str = ""
    digest: bytes = b""
    """Of the request without its id: the same id must mean the same request."""
    weight: int = 1
    future: asyncio.Future[bytes] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )


class RegistryWriter:
    """Owns the state: recovers it, and is the only one to change it. `run` must be running for
    `submit` to be answered.
    """

    def __init__(
        self,
        store: EventStore,
        *,
        snapshot_every: int,
        keep_recent: int = RECENT_EVENTS,
        hash_id: HashId = instrument_id_hash,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """For `recover`; nothing is read yet. `keep_recent`: how many events watchers are served
        from memory before the store is read for them.
        """
        self.state = RegistryState()
        self.recent = Recent(keep=keep_recent)
        self._keep_recent = keep_recent
        self._store = store
        self._snapshot_every = snapshot_every
        self._hash_id = hash_id
        self._clock_ns = clock_ns
        self._queue: asyncio.Queue[Command] = asyncio.Queue()
        self._snapshot_at = 0
        self._snapshot: asyncio.Task[None] | None = None
        self._ended: MeshError | None = None
        self._behind = False
        self.on_snapshot: Callable[[int, int], None] | None = None
        """Told of each snapshot that is kept: its revision, and how many instruments it has."""

    async def recover(self) -> None:
        """Snapshot, then the events after it.

        Raises:
            DataLoss: the journal cannot be read, or is not this registry's.
        """
        with _without_collection():
            snapshot = await self._store.load_snapshot(STREAM)
            if snapshot is not None:
                self.state = RegistryState.load(snapshot.data)
                self._snapshot_at = self.state.revision
            async for event in self._store.read(STREAM, self.state.revision + 1):
                self.state.apply(event.version, decode_event(event))
        self.recent = Recent(self.state.revision, self._keep_recent)
        _log.info(
            "recovered revision %d (snapshot at %d): %d instruments, %d links",
            self.state.revision,
            self._snapshot_at,
            len(self.state.in_order),
            len(self.state.links_in_order),
        )

    async def submit(self, command: Command) -> bytes:
        """The encoded answer, once everything that it says is durable.

        Raises:
            MeshError: the refusal.
            Unavailable: nothing more can be written.
        """
        if self._ended is not None:
            raise Unavailable(self._ended.message, reason=self._ended.reason)
        self._queue.put_nowait(command)
        return await command.future

    async def journal_end(self) -> int:
        """The revision of the last event in the journal, whichever replica wrote it."""
        return await self._store.version(STREAM)

    async def follow(self, seconds: float = FOLLOW_SECONDS) -> None:
        """Apply what other processes append to the journal, looking every so many seconds, until
        cancelled or nothing more can be written. `run` must be running: it alone changes the state.
        """
        while self._ended is None:
            await asyncio.sleep(seconds)
            if await self.journal_end() > self.state.revision:
                self._behind = True
                with contextlib.suppress(Unavailable):  # the writer has ended, and says why
                    await self.submit(Command("Follow", _nothing))

    async def run(self) -> None:
        """Serve `submit` until cancelled.

        Raises:
            MeshError: the store failed; the service has to be started anew.
        """
        self._ended = None
        group: list[Command] = []
        try:
            while True:
                group = await self._take()
                await self._serve(group)
                self._maybe_snapshot()
        except BaseException as error:
            failure = error if isinstance(error, MeshError) else None
            self._end(failure or Unavailable("the registry drains", reason=Reason.DRAINING), group)
            raise
        finally:
            if self._snapshot is not None:
                self._snapshot.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._snapshot

    def _end(self, failure: MeshError, group: Sequence[Command]) -> None:
        self._ended = failure
        waiting = [*group]
        while not self._queue.empty():
            waiting.append(self._queue.get_nowait())
        for command in waiting:
            if not command.future.done():
                command.future.set_exception(
                    Unavailable(failure.message, reason=failure.reason, **failure.values)
                )

    async def _take(self) -> list[Command]:
        """All that waits, at least one, up to what a commit should hold."""
        group = [await self._queue.get()]
        weight = group[0].weight
        while weight < _GROUP_WEIGHT and not self._queue.empty():
            group.append(self._queue.get_nowait())
            weight += group[-1].weight
        return group

    async def _serve(self, group: Sequence[Command]) -> None:
        """Plan, make durable, apply, answer."""
        if sum(command.weight for command in group) >= _BULK:
            with _without_collection():  # nearly all that it makes stays
                await self._commit(group)
        else:
            await self._commit(group)

    async def _commit(self, group: Sequence[Command]) -> None:
        if self._behind:
            self._behind = False
            await self._catch_up()
        current = False
        while True:
            planner = RegistryPlanner(self.state, self._hash_id)
            answers = [await self._answer(planner, command) for command in group]
            changes = planner.changes
            if not changes:
                # No append tells whether another process was faster: what is refused, or found to
                # be there already, must be so by the journal of this moment.
                if current or await self._store.version(STREAM) <= self.state.revision:
                    break
                await self._catch_up()
                current = True
                continue
            now_ns = self._clock_ns()
            events = encode_events(changes, now_ns)
            try:
                await self._store.append(STREAM, events, expected_version=self.state.revision)
            except Conflict:
                await self._catch_up()
                continue
            self._apply(changes, events)
            break
        for command, answer in zip(group, answers, strict=True):
            if command.future.done():  # its caller has gone
                continue
            if isinstance(answer, bytes):
                command.future.set_result(answer)
            else:
                command.future.set_exception(answer)

    async def _answer(self, planner: RegistryPlanner, command: Command) -> bytes | Exception:
        planned = len(planner.changes)
        try:
            recorded = planner.recorded(command.request_id) if command.request_id else None
            if recorded is not None:
                if (recorded.method, recorded.digest) != (command.method, command.digest):
                    raise InvalidArgument(
                        f"request_id {command.request_id!r} was used for another request",
                        reason=Reason.REQUEST_ID_REUSED,
                        request_id=command.request_id,
                    )
                return recorded.response
            respond = await command.plan(planner)
            if command.request_id:
                return planner.record(command.request_id, command.method, command.digest, respond)
            return respond(planner.revision)
        except Exception as error:  # noqa: BLE001  # it is the caller's: others of the group go on
            planner.roll_back(planned)
            return error

    def _apply(self, changes: Sequence[Change], events: Sequence[NewEvent | RecordedEvent]) -> None:
        watched = []
        for change, event in zip(changes, events, strict=True):
            self.state.apply(change.revision, change)
            data = event.data if is_watched(event) else b""
            watched.append(Watched(change.revision, data, change))
            if isinstance(change, CollisionEntry):
                _log.critical(
                    "id collision: %r has %s, so %r got %s",
                    change.existing_key,
                    change.id.hex(),
                    change.colliding_key,
                    change.assigned_id.hex(),
                )
        self.recent.extend(watched)

    async def _catch_up(self) -> None:
        """Apply what another process has written."""
        before = self.state.revision
        async for event in self._store.read(STREAM, before + 1):
            self._apply([decode_event(event)], [event])
        _log.debug("another writer: from revision %d to %d", before, self.state.revision)

    def _maybe_snapshot(self) -> None:
        busy = self._snapshot is not None and not self._snapshot.done()
        if busy or self.state.revision - self._snapshot_at < self._snapshot_every:
            return
        self._snapshot_at = self.state.revision
        data = self.state.dump()
        self._snapshot = asyncio.get_running_loop().create_task(
            self._save(self._snapshot_at, len(self.state.in_order), data), name="registry-snapshot"
        )

    async def _save(self, revision: int, instruments: int, data: bytes) -> None:
        try:
            await self._store.save_snapshot(STREAM, revision, data)
        except MeshError as error:  # the journal has everything: only the next start is slower
            _log.warning("no snapshot at revision %d: %s", revision, error)
            return
        if self.on_snapshot is not None:
            self.on_snapshot(revision, instruments)


@contextlib.contextmanager
def _without_collection() -> Iterator[None]:
    """What a start makes is there to stay: looking through it again and again finds no garbage."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


async def _nothing(_: RegistryPlanner) -> Respond:
    """The plan of a command that only has the journal read."""
    return lambda _: b""
