"""One relay's decisions: what is taken, who waits for whom, who is told what.

Everything runs on one event loop and works on batches: a message of a producer is checked, stamped
and appended in a handful of calls into the core, however many frames it holds. `service` speaks
gRPC, `window` keeps the frames, `producers` and `subscribers` keep their books.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections import Counter
from typing import TYPE_CHECKING, Final

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_mesh.relay.acceptance import Acceptance
from alphapulse_mesh.relay.image import Images
from alphapulse_mesh.relay.memory import RelayMemory
from alphapulse_mesh.relay.parts import parts_of
from alphapulse_mesh.relay.pressure import Pressure
from alphapulse_mesh.relay.producers import Producer, ProducerTable, PublishSession
from alphapulse_mesh.relay.pumping import Pumping
from alphapulse_mesh.relay.requests import check_name, policy_of, start_of
from alphapulse_mesh.relay.schemas import Schemas
from alphapulse_mesh.relay.selection import Selection, filters_of, select
from alphapulse_mesh.relay.shedding import priority_of
from alphapulse_mesh.relay.subscribers import SharedResponses, Subscriber
from alphapulse_mesh.relay.window import RUN_BYTES, Run, Window
from alphapulse_mesh.relay.wire import Promised, chosen, read_publish_request
from alphapulse_mesh.runtime.errors import (
    InvalidArgument,
    MeshError,
    ResourceExhausted,
)
from alphapulse_mesh.runtime.latency import Latencies, Stage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    import alphapulse_core as core
    from alphapulse_mesh.relay.domains import RelayDomain
    from alphapulse_mesh.relay.tracing import PublishTracer
    from alphapulse_mesh.runtime.config import RelayConfig

__all__ = ["Hub"]

_log = logging.getLogger(__name__)

_PROGRESS_SECONDS: Final = 1.0
_MAX_BYTES: Final = 4 << 20
"""Largest frame and largest batch, whatever the ring would hold."""
_MESSAGE_RESERVE: Final = 512
"""For what stands in a message beside the frames."""
_MOST_UNTOLD: Final = 512
"""Refusals and gaps that wait to be told before no more of a producer's frames are looked at."""
_ACKNOWLEDGED_PART: Final = 8
"""Subscribers acknowledge after this part of what would hold producers back: they seldom wait."""
_LAST_NUMBER: Final = (1 << 63) - 1


class Hub:
    """The relay of one domain, without the network. Make it and use it inside one event loop."""

    def __init__(
        self,
        domain: RelayDomain,
        config: RelayConfig,
        *,
        ring_path: Path,
        memory_path: Path,
        max_message_bytes: int = 16 << 20,
        tracer: PublishTracer | None = None,
        latencies: Latencies | None = None,
    ) -> None:
        """Open the window and the memory that an earlier process may have left.

        `max_message_bytes`: limit of the server; frames and batches stay below half of it, so that
        a batch and one frame more still fit.

        Raises:
            DataLoss: a file that is not ours is in the way.
            ResourceExhausted: there is no shared memory for the ring.
        """
        self.domain = domain
        self.config = config
        self.memory = RelayMemory(memory_path)
        try:
            self.window = Window(
                ring_path,
                ring_bytes=config.ring_bytes,
                max_frames=config.max_queue_frames,
                memory=self.memory,
            )
        except BaseException:
            self.memory.close()
            raise
        try:
            self.schemas = Schemas(memory_path.with_suffix(".schemas"))
        except BaseException:
            self.window.close()
            self.memory.close()
            raise
        half = max_message_bytes // 2 - _MESSAGE_RESERVE
        self.max_frame = min(self.window.max_frame, _MAX_BYTES, half)
        """Largest frame in bytes that is taken."""
        self._max_batch = min(_MAX_BYTES, half)
        self.acceptance = Acceptance(domain, self.max_frame, self.schemas)
        self.producers = ProducerTable(self.memory)
        self.producers.restore(self.window)
        self.subscribers: set[Subscriber] = set()
        self._acknowledging: dict[int, Subscriber] = {}
        self.rejected: Counter[str] = Counter()
        """Frames refused, by reason, since the process began."""
        self.duplicates = 0
        self.published_bytes = 0
        """Bytes of frames taken since the process began."""
        self.tracer = tracer
        self.latencies = latencies or Latencies()
        self._shared = SharedResponses()
        self.images = Images(self.window)
        self._news = asyncio.Event()
        self._refusal: MeshError | None = None
        self.pressure = Pressure(self.window, self.memory, self.subscribers, config)
        self.pumping = Pumping(self)
        self.pressure.floor_moved = self.pumping.set_floor
        if self.window.head:
            _log.info(
                "window continues: sequences %d to %d, %d producers known",
                self.window.oldest,
                self.window.head,
                len(self.producers.all()),
            )

    # --------------------------------------------------------------------------------- publishing

    def open_producer(self, producer_id: int, name: str, incarnation: int = 0) -> PublishSession:
        """A Publish stream begins, in the calling task.

        Raises:
            AlreadyExists: another producer lives under this id.
            InvalidArgument: no producer id.
            ResourceExhausted: the circuit breaker is open, or too many producers are connected.
        """
        self._check_serving()
        if self.pressure.breaker_open:
            backlog = self.pressure.backlog()
            raise ResourceExhausted(
                f"the {self.domain.name} relay holds {backlog} frames for its slowest subscriber",
                reason="CIRCUIT_OPEN",
                backlog=backlog,
                limit=self.config.circuit_breaker_frames,
            )
        check_name(name)
        lease = self.config.producer_lease_seconds
        earlier = self.producers.session_of(producer_id)
        session = self.producers.open(producer_id, name, incarnation, lease)
        if earlier is not None:
            self.pumping.close_lane(earlier)
        return session

    async def take(self, session: PublishSession, request: bytes) -> None:
        """One message of a producer: check, stamp, append, note what to acknowledge.

        Waits while a blocking subscriber is too far behind. A frame that is refused is reported
        and counted; the stream goes on.

        Raises:
            InvalidArgument: the bytes are not a PublishRequest, or name another producer.
        """
        with session.taking():
            await self._take(session, request)

    async def _take(self, session: PublishSession, request: bytes) -> None:
        block, rest = read_publish_request(request, checksum=self.config.validate_checksums)
        producer = session.producer
        if rest.producer_id not in {0, producer.producer_id}:
            raise InvalidArgument(
                "a stream is of one producer: the id has changed", reason="PRODUCER_ID_INVALID"
            )
        count = len(block)
        if count == 0:
            return
        self.pumping.close_lane(session)  # one way at a time, or numbers would cross
        first = rest.first_sequence or producer.sequence + 1
        if first + count > _LAST_NUMBER:
            raise InvalidArgument(
                f"a producer's numbers end at {_LAST_NUMBER}: {first} is none of them",
                reason="PRODUCER_SEQUENCE_INVALID",
                first_sequence=first,
            )
        self.producers.begins(session)
        skip = await self._continue_at(session, first, count)
        if skip == count:
            return
        numbers: int | list[int] = first
        if skip or not self.acceptance.takes_all(block, operator=session.operator):
            good = await self._judge(session, block, first, skip)
            numbers = (good + first).tolist()
            block = chosen(block, good)
        if len(block):
            await self._append(session, block, numbers)
            self.latencies.record_message(Stage.PUBLISH, block)
        self.producers.advance(producer, first + count - 1)
        session.changed.set()

    async def _continue_at(self, session: PublishSession, first: int, count: int) -> int:
        """How many frames of the message are not to be looked at; all where it must be refused.

        Waits while the producer has yet to hear of much.
        """
        producer = session.producer
        expected = producer.sequence + 1
        if producer.sequence == 0 or first == expected:
            return 0
        if first < expected:
            known = min(expected - first, count)
            self.duplicates += known
            session.dropped(known)
            return known
        if self.config.require_sequence:
            for number in range(first, first + count):
                refusal = f"the next frame must be number {expected}"
                await self._refuse(session, number, "SEQUENCE_GAP", 0, refusal)
            return count
        await self._has_heard(session)
        session.missed(expected, first - 1)
        return 0

    async def _judge(
        self, session: PublishSession, block: core.MessageBlock, first: int, skip: int
    ) -> NDArray[np.intp]:
        """The good frames from `skip` on, by index; refuses and reports the others.

        Waits while the producer has yet to hear of much.
        """
        good, refusals = self.acceptance.judge(block, operator=session.operator, skip=skip)
        for index, reason, offset, message in refusals:
            await self._refuse(session, first + index, reason, offset, message)
        return good

    async def _refuse(
        self, session: PublishSession, sequence: int, reason: str, offset: int, message: str
    ) -> None:
        await self._has_heard(session)
        self.rejected[reason] += 1
        session.refused(sequence, reason, offset, message)

    @staticmethod
    async def _has_heard(session: PublishSession) -> None:
        """Others get their turn, and what is to be told takes bounded memory."""
        if session.untold >= _MOST_UNTOLD:
            await session.told()

    async def _append(
        self, session: PublishSession, block: core.MessageBlock, numbers: int | list[int]
    ) -> None:
        urgency: int | None = None
        for start, stop in parts_of(block, self.window.max_run, self.config.circuit_breaker_frames):
            start_ns = time.time_ns()
            piece = block if stop - start == len(block) else block.part(start, stop)
            those = numbers + start if isinstance(numbers, int) else numbers[start:stop]
            last = those + len(piece) - 1 if isinstance(those, int) else those[-1]
            kept: Run | None = None
            while True:
                if urgency is None and self.pressure.holds_back:
                    urgency = priority_of(block)
                if self.pressure.has_room(len(piece), urgency or 0):
                    kept = self._try_append(session, piece, those)
                    if kept is None:  # the ring is full before the gate, which may lag behind
                        self.pressure.move_gate()
                        kept = self._try_append(session, piece, those)
                    if kept is not None:
                        break
                if urgency is None:
                    urgency = priority_of(block)
                await self.pressure.wait(urgency)
                if len(piece) > self.config.circuit_breaker_frames:  # lowered meanwhile
                    await self._append(session, piece, those)
                    break
            if kept is None:
                continue  # it went in smaller parts
            # subscribers first: they are scheduled before the acknowledgement is
            self.wake()
            self.pressure.taken()
            self.producers.advance(session.producer, last)
            session.appended(self.window.head, kept.size)
            self.published_bytes += kept.size
            if self.tracer is not None:
                self.tracer.published(kept, piece.sampled(), start_ns)

    def _try_append(
        self, session: PublishSession, block: core.MessageBlock, numbers: int | list[int]
    ) -> Run | None:
        return self.window.append(block, producer_id=session.producer.producer_id, numbers=numbers)

    async def follow(self, session: PublishSession, block: core.MessageBlock, first: int) -> None:
        """Frames that an upstream relay has checked and numbered, from `first`, which is next here.

        Waits as `take` does.
        """
        await self._append(session, block, first)

    async def skip(self, session: PublishSession, count: int, reason: str) -> None:
        """The next `count` sequences are holes, as the upstream relay said."""
        most = max(min(self.window.max_run // 128, self.config.circuit_breaker_frames), 1)
        while count:
            part = min(count, most)
            while not (
                self.pressure.has_room(part, 0)
                and self.window.skip(part, reason, producer_id=session.producer.producer_id)
            ):
                self.pressure.move_gate()
                await self.pressure.wait(0)
            count -= part
            self.wake()
            self.pressure.taken()
            self.producers.advance(session.producer, self.window.head)
            await asyncio.sleep(0)

    # --------------------------------------------------------------------------------- subscribing

    def subscribe(self, request: pb.SubscribeRequest) -> Subscriber:
        """A Subscribe stream begins, in the calling task.

        Raises:
            InvalidArgument: a filter that cannot be meant, or no token of a relay.
            FailedPrecondition: a resume token of another relay or time (`TOKEN_FOREIGN`).
            OutOfRange: a start beyond the newest sequence (reason `SEQUENCE_AHEAD`).
            ResourceExhausted: too many subscribers.
        """
        self._check_serving()
        if len(self.subscribers) >= self.config.max_subscribers:
            raise ResourceExhausted(
                f"the {self.domain.name} relay has {len(self.subscribers)} subscribers",
                reason="TOO_MANY_SUBSCRIBERS",
                limit=self.config.max_subscribers,
            )
        check_name(request.subscriber_name)
        subscriber = Subscriber(
            self.window,
            self._shared,
            name=request.subscriber_name,
            policy=policy_of(request),
            selection=self._select(request),
            start=start_of(request, self.window, self.domain.name),
            max_batch_bytes=min(request.max_batch_bytes or RUN_BYTES, self._max_batch),
            promised=self._promise() if request.acknowledges else None,
        )
        if subscriber.promised is not None:
            self._acknowledging[subscriber.promised.subscription_id] = subscriber
        self.subscribers.add(subscriber)
        self.pressure.joined(subscriber)
        self.pumping.eager(True)  # until it is known to read elsewhere
        return subscriber

    def image(
        self, request: pb.SubscribeRequest, subscriber: Subscriber
    ) -> AsyncIterator[bytes] | None:
        """The messages of the image that the subscriber starts with; None where it wants none."""
        if request.resume_token or request.start != pb.START_POSITION_SNAPSHOT:
            return None
        return self._image(request, subscriber)

    async def _image(
        self, request: pb.SubscribeRequest, subscriber: Subscriber
    ) -> AsyncIterator[bytes]:
        blocks = subscriber.blocking

        def begin(start: int) -> None:
            subscriber.start_at(start)
            subscriber.blocking = blocks
            self.pressure.joined(subscriber)

        subscriber.blocking = False  # until its turn comes it needs nothing
        self.pressure.move_gate()
        try:
            async for message in self.images.messages(
                filters_of(request) + self.schemas.types,
                subscriber.selection,
                begin,
                most_bytes=min(request.max_batch_bytes or RUN_BYTES, self._max_batch),
                most_frames=self.config.snapshot_frames,
            ):
                yield message
        finally:
            subscriber.blocking = blocks

    def _select(self, request: pb.SubscribeRequest) -> Selection:
        return select(request, self.acceptance.types, self.domain.name, self.schemas.filters)

    def leave(self, subscriber: Subscriber) -> None:
        """The stream has ended. Idempotent."""
        if subscriber in self.subscribers:
            self.subscribers.discard(subscriber)
            if subscriber.promised is not None:
                del self._acknowledging[subscriber.promised.subscription_id]
            self.pressure.left(subscriber)

    def sent(self, subscriber: Subscriber) -> None:
        """The subscriber's last message was handed to its connection."""
        subscriber.sent()
        self.pressure.moved(subscriber)

    def acknowledged(self, subscription_id: int, sequence: int) -> None:
        """A subscriber says what has reached it; nothing where it has gone meanwhile."""
        subscriber = self._acknowledging.get(subscription_id)
        if subscriber is not None:
            subscriber.acknowledge(sequence)
            self.pressure.moved(subscriber)

    def _promise(self) -> Promised:
        return Promised(
            int.from_bytes(os.urandom(8), "little") or 1,
            self.window.ring.capacity // _ACKNOWLEDGED_PART,
            max(self.config.circuit_breaker_frames // _ACKNOWLEDGED_PART, 1),
        )

    @property
    def serves_frames(self) -> bool:
        """Frames go to a subscriber through here: not all read the ring themselves."""
        return any(not subscriber.seated for subscriber in self.subscribers)

    async def news(self, subscriber: Subscriber) -> None:
        """Wait until there may be something for the subscriber."""
        if subscriber.more or subscriber.position < self.window.head:
            await asyncio.sleep(0)
            return
        await self._news.wait()

    def wake(self) -> None:
        """There is news: everybody who waits now is woken, who comes later waits for the next."""
        self._news.set()
        self._news.clear()

    async def tell_progress(self) -> None:
        """For ever: now and then tell idle subscribers how far they are, to resume from there."""
        while True:
            await asyncio.sleep(_PROGRESS_SECONDS)
            idle = [
                subscriber
                for subscriber in self.subscribers
                if subscriber.reported < subscriber.position
            ]
            for subscriber in idle:
                subscriber.tell_progress = True
            if idle:
                self.wake()

    # ----------------------------------------------------------------------------------- lifecycle

    def reconfigure(self, config: RelayConfig) -> None:
        """Go on under other limits. The window's length is `settings`' to change."""
        self.config = config
        self.pressure.obey(config)
        self.pumping.reconfigure(config)

    def end_all(self, error: MeshError) -> None:
        """End every stream with `error` and take no new ones."""
        self._refusal = error
        for stream in (*self.subscribers, *self.producers.sessions()):
            stream.end(error)

    @property
    def ending(self) -> bool:
        """It takes no new streams."""
        return self._refusal is not None

    def _check_serving(self) -> None:
        if self._refusal is not None:
            raise self._refusal

    def close(self) -> None:
        """Detach from the ring and the memory; both stay for the next process."""
        self.pumping.close()
        self.window.close()
        self.memory.close()

    def known_producers(self) -> list[Producer]:
        """Every producer that is remembered, connected or not."""
        return self.producers.all()
