"""The producers of a relay: how far each has come, and what the next acknowledgement must say."""

from __future__ import annotations

import asyncio
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_mesh.relay.streams import Stream
from alphapulse_mesh.runtime.errors import AlreadyExists, FailedPrecondition, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from alphapulse_mesh.relay.memory import RelayMemory
    from alphapulse_mesh.relay.window import Window

__all__ = ["Producer", "ProducerTable", "PublishSession"]


@dataclass(slots=True, eq=False)
class Producer:
    """One producer, connected or not."""

    producer_id: int
    name: str
    slot: int
    """Line in the relay's memory."""
    sequence: int = 0
    """Newest number that was taken or refused; 0: nothing is known."""
    incarnation: int = 0
    """Whose frame that was; 0: not known."""
    duplicates: int = 0
    rejected: int = 0
    missing: int = 0
    """Numbers that never came."""
    session: PublishSession | None = None


class PublishSession(Stream):
    """One stream of a producer, and what its next acknowledgement will say."""

    def __init__(self, producer: Producer, incarnation: int, lease_seconds: float) -> None:
        super().__init__()
        self.producer = producer
        self.incarnation = incarnation
        """Drawn by each start of the producer; 0: not told."""
        self.lease_seconds = lease_seconds
        self.operator = False
        """It has shown the operator's token: it may publish configuration updates."""
        self._heard_at = time.monotonic()
        self._taking = False
        self.changed = asyncio.Event()
        """There is something to acknowledge."""
        self.taken_bytes = 0
        """Bytes of frames that were taken since the last acknowledgement."""
        self.lane: int | None = None
        """Its inbox in shared memory, where it has one."""
        self._told = asyncio.Event()
        self._relay_sequence = 0
        self._rejections: list[pb.FrameRejection] = []
        self._gaps: list[pb.SequenceRange] = []
        self._duplicates = 0

    @contextmanager
    def taking(self) -> Iterator[None]:
        """Around the handling of a message, however long it must wait: the producer lives."""
        self._taking = True
        try:
            yield
        finally:
            self._taking = False
            self._heard_at = time.monotonic()

    @property
    def lives(self) -> bool:
        """Whether its producer must be counted as living: it was heard of within its lease.

        One that has not told its incarnation has promised no signs of life: it lives as long as
        its stream does, which gRPC's keep-alive ends.
        """
        if self.incarnation == 0 or self._taking:
            return True
        return time.monotonic() - self._heard_at < self.lease_seconds

    def appended(self, relay_sequence: int, size: int) -> None:
        """Frames of `size` bytes were taken, the last one with this sequence."""
        self._relay_sequence = relay_sequence
        self.taken_bytes += size
        self.changed.set()

    def dropped(self, count: int) -> None:
        """Frames were here already."""
        self._duplicates += count
        self.producer.duplicates += count
        self.changed.set()

    def missed(self, first: int, last: int) -> None:
        """Numbers that never came."""
        self._gaps.append(pb.SequenceRange(first=first, last=last))
        self.producer.missing += last - first + 1
        self.changed.set()

    def refused(self, sequence: int, reason: str, offset: int, message: str) -> None:
        """A frame was refused."""
        self.producer.rejected += 1
        self._rejections.append(
            pb.FrameRejection(
                producer_sequence=sequence, reason=reason, offset=offset, message=message
            )
        )
        self.changed.set()

    @property
    def untold(self) -> int:
        """Refusals and gaps that the next acknowledgement will name."""
        return len(self._rejections) + len(self._gaps)

    async def told(self) -> None:
        """Wait until the next acknowledgement has been made."""
        self._told.clear()
        await self._told.wait()

    def acknowledgement(
        self, *, hello: bool = False, inbox: pb.InboxAttachment | None = None, detail: str = ""
    ) -> bytes:
        """A serialized `PublishResponse` with all that happened since the last one.

        `inbox`, `detail`: with `hello`, where else frames may go, or why nowhere.
        """
        response = pb.PublishResponse(
            acknowledged_sequence=self.producer.sequence,
            relay_sequence=self._relay_sequence,
            rejections=self._rejections,
            duplicates=self._duplicates,
            gaps=self._gaps,
            hello=hello,
            inbox=inbox,
            detail=detail,
        )
        if hello:
            response.last_incarnation = self.producer.incarnation
            response.lease_milliseconds = int(self.lease_seconds * 1000)
        self.changed.clear()
        self._told.set()
        self.taken_bytes = 0
        self._rejections.clear()
        self._gaps.clear()
        self._duplicates = 0
        return response.SerializeToString()


@dataclass(slots=True)
class ProducerTable:
    """All producers that the relay remembers."""

    memory: RelayMemory
    _known: dict[int, Producer] = field(default_factory=dict)

    def restore(self, window: Window) -> None:
        """From the relay's memory and the window: whichever knows the later number is right."""
        for line in self.memory.producers():
            self._known[line.producer_id] = Producer(
                line.producer_id, line.name, line.slot, line.sequence, line.incarnation
            )
        for prefixes in window.scan():
            self._restore_from(prefixes)

    def _restore_from(self, prefixes: NDArray[np.void]) -> None:
        newest: dict[int, int] = dict(
            zip(
                prefixes["producer_id"].tolist(),
                prefixes["producer_sequence"].tolist(),
                strict=True,
            )
        )
        for producer_id, sequence in newest.items():
            producer = self._known.get(producer_id)
            if producer is None:
                slot = self.memory.add_producer(producer_id, "", keep=set())
                producer = self._known[producer_id] = Producer(producer_id, "", slot)
            if sequence > producer.sequence:
                producer.sequence = sequence
                self.memory.producer_at(producer.slot, sequence)

    def open(
        self, producer_id: int, name: str, incarnation: int, lease_seconds: float
    ) -> PublishSession:
        """A stream of this producer begins, in the calling task.

        An earlier one ends where it is of the same incarnation, which has lost its connection, or
        of one that has not been heard of for its lease.

        Raises:
            AlreadyExists: another producer lives under this id (reason `PRODUCER_ID_IN_USE`).
            InvalidArgument: the id is 0.
            ResourceExhausted: too many producers are connected.
        """
        if producer_id == 0:
            raise InvalidArgument(
                "the first message of a Publish stream must name a producer_id other than 0",
                reason="PRODUCER_ID_INVALID",
            )
        producer = self._known.get(producer_id)
        if producer is None or self.memory.producer_id_at(producer.slot) != producer_id:
            keep = {known.slot for known in self._known.values() if known.session is not None}
            slot = self.memory.add_producer(producer_id, name, keep=keep)
            self._known = {
                known.producer_id: known for known in self._known.values() if known.slot != slot
            }
            producer = self._known[producer_id] = Producer(producer_id, name, slot)
        if (earlier := producer.session) is not None:
            own = incarnation != 0 and incarnation == earlier.incarnation
            if not own and earlier.lives:
                raise AlreadyExists(
                    f"producer {producer_id:#x} ({producer.name}) is connected: another one"
                    " needs an id of its own",
                    reason="PRODUCER_ID_IN_USE",
                    producer_id=producer_id,
                    lease_seconds=earlier.lease_seconds,
                )
            earlier.end(
                FailedPrecondition(
                    f"producer {producer_id:#x} ({name}) has begun another stream",
                    reason="PRODUCER_REPLACED",
                    producer_id=producer_id,
                )
            )
        producer.name = name or producer.name
        producer.session = PublishSession(producer, incarnation, lease_seconds)
        return producer.session

    def begins(self, session: PublishSession) -> None:
        """Frames of the stream are coming: what the producer's last number is, is now its."""
        producer = session.producer
        if producer.incarnation != session.incarnation:
            producer.incarnation = session.incarnation
            self.memory.incarnation_at(producer.slot, session.incarnation)

    def session_of(self, producer_id: int) -> PublishSession | None:
        """The stream of a producer that stands."""
        producer = self._known.get(producer_id)
        return producer.session if producer is not None else None

    def close(self, session: PublishSession) -> None:
        """The stream has ended."""
        if session.producer.session is session:
            session.producer.session = None

    def advance(self, producer: Producer, sequence: int) -> None:
        """Everything up to this number was taken or refused."""
        producer.sequence = sequence
        self.memory.producer_at(producer.slot, sequence)

    def all(self) -> list[Producer]:
        """Every producer, by id."""
        return sorted(self._known.values(), key=lambda known: known.producer_id)

    def sessions(self) -> list[PublishSession]:
        """The streams that stand."""
        return [known.session for known in self._known.values() if known.session is not None]
