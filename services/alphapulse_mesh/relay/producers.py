"""The producers of a relay: how far each has come, and what the next acknowledgement must say."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_mesh.relay.streams import Stream
from alphapulse_mesh.runtime.errors import FailedPrecondition, InvalidArgument

if TYPE_CHECKING:
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
    duplicates: int = 0
    rejected: int = 0
    session: PublishSession | None = None


class PublishSession(Stream):
    """One stream of a producer, and what its next acknowledgement will say."""

    def __init__(self, producer: Producer) -> None:
        super().__init__()
        self.producer = producer
        self.changed = asyncio.Event()
        """There is something to acknowledge."""
        self.taken_bytes = 0
        """Bytes of frames that were taken since the last acknowledgement."""
        self._told = asyncio.Event()
        self._relay_sequence = 0
        self._rejections: list[pb.FrameRejection] = []
        self._gaps: list[pb.SequenceRange] = []
        self._duplicates = 0

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
    def pending_rejections(self) -> int:
        """Refusals that the next acknowledgement will name."""
        return len(self._rejections)

    async def told(self) -> None:
        """Wait until the next acknowledgement has been made."""
        self._told.clear()
        await self._told.wait()

    def acknowledgement(self, *, hello: bool = False) -> bytes:
        """A serialized `PublishResponse` with all that happened since the last one."""
        response = pb.PublishResponse(
            acknowledged_sequence=self.producer.sequence,
            relay_sequence=self._relay_sequence,
            rejections=self._rejections,
            duplicates=self._duplicates,
            gaps=self._gaps,
            hello=hello,
        )
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
                line.producer_id, line.name, line.slot, line.sequence
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

    def open(self, producer_id: int, name: str) -> PublishSession:
        """A stream of this producer begins, in the calling task; an earlier one of it ends.

        Raises:
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
        if producer.session is not None:
            producer.session.end(
                FailedPrecondition(
                    f"producer {producer_id:#x} ({name}) has begun another stream",
                    reason="PRODUCER_REPLACED",
                    producer_id=producer_id,
                )
            )
        producer.name = name or producer.name
        producer.session = PublishSession(producer)
        return producer.session

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
