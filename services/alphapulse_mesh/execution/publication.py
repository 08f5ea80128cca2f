"""The journal's frames on the ExecutionRelay: each once, in order, over restarts of both sides.

A frame's number in the journal is its producer sequence, so the relay's greeting says where to go
on. When a relay comes back without its memory, a new producer id (the next epoch) starts from what
is known to have been published; consumers know a repeated row by its journal sequence.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Final

from blake3 import blake3

from alphapulse_client.publisher import Publisher
from alphapulse_layout import Domain
from alphapulse_mesh.runtime.errors import MeshError
from alphapulse_mesh.runtime.event_store import EventStore, NewEvent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alphapulse_client.publisher import Rejection
    from alphapulse_mesh.execution.journal import Journal

__all__ = ["STREAM", "Publication"]

_log = logging.getLogger(__name__)

STREAM: Final = "execution-publication"
_EVENT: Final = "publication.position"
_TAIL_FRAMES: Final = 8192
"""Frames held in memory for a relay that lags; older ones are read from the journal again."""
_BATCH: Final = 512
_SAVE_EVERY: Final = 10_000


class Publication:
    """Publishes a journal. `offer` tells it of new frames, `run` is its work."""

    def __init__(self, journal: Journal, store: EventStore, target: str, mesh: str) -> None:
        self._journal = journal
        self._store = store
        self._target = target
        self._mesh = mesh
        self._start = 0
        """Journal number before the first frame that the publisher sent."""
        self._epoch = 0
        self._base = 0
        """Journal number before the epoch's first frame."""
        self._saved = 0
        self._next = 1
        self._tail: deque[bytes] = deque()
        self._tail_end = 0
        """Journal number of the tail's last frame."""
        self._work = asyncio.Event()
        self._handed = asyncio.Event()
        """Frames were given to the publisher."""
        self._publisher: Publisher | None = None
        self.rejected = 0

    @property
    def position(self) -> int:
        """Number of the last frame that the relay is known to have."""
        if self._publisher is None:
            return self._saved
        return max(self._saved, self._start + self._publisher.acknowledged)

    @property
    def lag(self) -> int:
        """Durable frames that the relay does not have yet."""
        return self._journal.version - self.position

    def offer(self, first: int, frames: Sequence[bytes]) -> None:
        """New durable frames from number `first` on; never waits."""
        if self._tail_end != first - 1:
            self._tail.clear()
        self._tail.extend(frames)
        self._tail_end = first + len(frames) - 1
        while len(self._tail) > _TAIL_FRAMES:
            self._tail.popleft()
        self._work.set()

    async def run(self) -> None:
        """Publish what is durable, until it is cancelled or the relay refuses for good."""
        await self._load()
        while True:
            async with Publisher(
                self._target,
                Domain.EXECUTION,
                producer_name="execution",
                producer_id=self._producer_id(),
                priorities=False,  # its position is the journal's
                on_rejection=self._refused,
            ) as publisher:
                await publisher.ready()
                known = self._base + publisher.resumed_sequence
                if not self._saved <= known <= self._journal.version:
                    await self._new_epoch(known)
                    continue
                self._start, self._next = known, known + 1
                self._publisher = publisher
                if self._journal.version > known:
                    _log.info("%d frames are published again", self._journal.version - known)
                await self._publish(publisher)

    async def _publish(self, publisher: Publisher) -> None:
        while True:
            frames = await self._following()
            if frames:
                await publisher.publish(frames)
                self._next += len(frames)
                self._handed.set()
                if self.position - self._saved >= _SAVE_EVERY:
                    await self._save()
                continue
            self._work.clear()
            if self._next > self._journal.version:
                await self._work.wait()

    async def _following(self) -> list[bytes]:
        """Up to a batch of durable frames from `_next` on."""
        held = self._tail_end - self._next + 1
        if 0 < held <= len(self._tail):
            start = len(self._tail) - held
            return list(islice(self._tail, start, start + _BATCH))
        frames: list[bytes] = []
        if self._next <= self._journal.version:
            async for frame in self._journal.read(self._next):
                frames.append(frame)
                if len(frames) == _BATCH:
                    break
        return frames

    async def close(self, timeout: float) -> None:  # noqa: ASYNC109  # how long the relay is waited for
        """Wait for the relay to have everything, for at most `timeout` seconds, and remember it."""
        publisher = self._publisher
        try:
            async with asyncio.timeout(timeout):
                while publisher is not None and self._next <= self._journal.version:
                    self._handed.clear()
                    await self._handed.wait()
                if publisher is not None:
                    await publisher.flush()
        except TimeoutError:
            _log.warning("%d frames wait for the relay until the next start", self.lag)
        except MeshError as error:
            _log.warning("the relay has not taken everything: %s (%s)", error, error.reason)
        if self.position > self._saved:
            await self._save()

    # -------------------------------------------------------------------------------- position

    def _producer_id(self) -> int:
        name = f"{self._mesh}/execution/{self._epoch}".encode()
        return int.from_bytes(blake3(name).digest(8), "little") or 1

    async def _load(self) -> None:
        snapshot = await self._store.load_snapshot(STREAM)
        version = await self._store.version(STREAM)
        if version:
            async for event in self._store.read(STREAM, version):
                entry = json.loads(event.data)
                self._epoch, self._base = entry["epoch"], entry["base"]
        self._saved = self._base
        if snapshot is not None and snapshot.version == version:
            self._saved = max(self._saved, json.loads(snapshot.data)["position"])

    async def _save(self) -> None:
        self._saved = self.position
        data = json.dumps({"position": self._saved}).encode()
        version = await self._store.version(STREAM)
        await self._store.save_snapshot(STREAM, version, data)

    async def _new_epoch(self, known: int) -> None:
        """The relay does not know what it had acknowledged, or knows what was never journaled."""
        start = min(self._saved, self._journal.version)
        _log.warning(
            "the execution relay is at frame %d, execution knows of %d: starting anew from there",
            known,
            start,
        )
        self._epoch += 1
        self._base = self._saved = start
        entry = json.dumps({"epoch": self._epoch, "base": start}).encode()
        await self._store.append(STREAM, [NewEvent(_EVENT, entry)])

    def _refused(self, rejection: Rejection) -> None:
        self.rejected += 1
        _log.error(
            "the execution relay refused a frame of the journal: %s (%s)",
            rejection.message,
            rejection.reason,
        )
