"""The journal: every frame that execution makes, in order, durable before anything is acknowledged.

One event of the stream is one frame; its version is the frame's number, dense from 1, which is also
its number towards the ExecutionRelay. A frame carries its context and its checksum, so the journal
alone rebuilds state and causal chain. What the frames mean is the order engine's part.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import alphapulse_core as core
from alphapulse_layout import MessageType
from alphapulse_mesh.runtime.errors import DataLoss
from alphapulse_mesh.runtime.event_store import EventStore, NewEvent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from alphapulse_mesh.execution.archive import OrderArchive

__all__ = ["STREAM", "Journal"]

_log = logging.getLogger(__name__)

STREAM: Final = "execution"
_NAMES: Final = {member.value: member.name for member in MessageType}
_REPLAY_BATCH: Final = 512


class Journal:
    """The stream of one execution service. `recover` comes first."""

    def __init__(self, store: EventStore, archive: OrderArchive, *, snapshot_every: int) -> None:
        self._store = store
        self._archive = archive
        self._snapshot_every = snapshot_every
        self._snapshot_at = 0
        self.version = 0
        """Number of the last durable frame."""
        self.on_snapshot: Callable[[int, int], None] | None = None
        """Told of each snapshot that is kept: the number of its last frame, orders in memory."""

    async def recover(self, engine: core.OrderEngine) -> None:
        """Bring an empty engine to where the journal ends: newest snapshot, then every frame after.

        Raises:
            DataLoss: JOURNAL_INCONSISTENT, or what the store raises for damaged events.
        """
        first = b""
        async for event in self._store.read(STREAM):
            first = event.data
            break
        self._archive.bind(first)
        snapshot = await self._store.load_snapshot(STREAM)
        # Orders that left the snapshot's memory are in the archive, or the snapshot is no use.
        if snapshot is not None and self._archive.version >= snapshot.version:
            try:
                engine.restore(snapshot.data)
            except core.JournalError as error:
                _log.warning("the snapshot at %d is not used: %s", snapshot.version, error)
            else:
                self.version = self._snapshot_at = snapshot.version
        frames: list[bytes] = []
        async for event in self._store.read(STREAM, self.version + 1):
            frames.append(event.data)
            if len(frames) == _REPLAY_BATCH:
                self._replay(engine, frames)
                frames = []
        self._replay(engine, frames)

    def _replay(self, engine: core.OrderEngine, frames: list[bytes]) -> None:
        for frame in frames:
            try:
                engine.apply_events((frame,))
            except ValueError as error:
                number = self.version + 1
                raise DataLoss(
                    f"journal entry {number} does not continue the one before it: {error}",
                    reason="JOURNAL_INCONSISTENT",
                    stream=STREAM,
                    version=number,
                ) from None
            self.version += 1
        self._archive.add(engine.take_evicted())

    async def append(self, frames: Sequence[bytes]) -> int:
        """Make the frames durable, all or none; returns the number of the first.

        Raises:
            Conflict: another process writes this journal.
            MeshError: the store failed; the engine is ahead of it and must not be used any more.
        """
        first = self.version + 1
        if first == 1:
            self._archive.bind(frames[0])
        events = [NewEvent(_NAMES[core.inspect_frame(one).message_type], one) for one in frames]
        await self._store.append(STREAM, events, expected_version=self.version)
        self.version += len(events)
        return first

    def read(self, first: int) -> AsyncIterator[bytes]:
        """The frames from number `first` on to the present end."""
        return self._read(first)

    async def _read(self, first: int) -> AsyncIterator[bytes]:
        async for event in self._store.read(STREAM, first):
            yield event.data

    @property
    def snapshot_due(self) -> bool:
        """Enough has been journaled since the last snapshot."""
        return self.version - self._snapshot_at >= self._snapshot_every

    async def save_snapshot(self, engine: core.OrderEngine) -> None:
        """Keep the engine's state, which must be that of the last durable frame."""
        version, data = self.version, engine.snapshot()
        self._snapshot_at = version
        await self._archive.settle(version)
        orders = engine.orders_in_memory
        await self._store.save_snapshot(STREAM, version, data)
        if self.on_snapshot is not None:
            self.on_snapshot(version, orders)
