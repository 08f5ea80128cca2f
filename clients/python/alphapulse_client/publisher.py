"""A publisher to one relay domain that survives the relay: each frame is in the relay once.

Each frame gets the producer's next number. What is not acknowledged is kept and sent again after a
reconnect; the relay drops what it has already. When the window of unacknowledged frames is full,
`publish` waits: that is the back-pressure of the whole feed. Making frames is `frames`' part.
"""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Final, Self

import grpc.aio
from typing_extensions import Buffer

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client._backoff import Backoff
from alphapulse_client._channel import ChannelFactory, Metadata
from alphapulse_client._numbering import Numbering
from alphapulse_client._reports import ProducerGap, Rejection, Reports
from alphapulse_client._sending import SendQueue
from alphapulse_client._streams import BROKEN, StreamEnd, retry_level, run_halves
from alphapulse_client._wire import encode_publish_request
from alphapulse_client.domains import relay_domain, relay_service
from alphapulse_client.errors import (
    Cancelled,
    DeadlineExceeded,
    FailedPrecondition,
    FrameError,
    InternalError,
    InvalidArgument,
    MeshError,
    ResourceExhausted,
    Unavailable,
)
from alphapulse_client.transports.inbox import InboxLink
from alphapulse_client.transports.shm import boot_id

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from alphapulse_layout import Domain

__all__ = ["MAX_FRAME_BYTES", "ProducerGap", "Publisher", "Rejection"]

_LOG = logging.getLogger(__name__)

MAX_FRAME_BYTES: Final = 4 << 20
"""Largest frame that a publisher takes: what also the smallest default window of a relay holds."""

_BATCH_BYTES: Final = 1 << 20
"""Of a message: gRPC costs by the message as much as by the byte, far below this."""
_BEATS: Final = 4
"""Signs of life within a lease, while there is nothing to send."""
_ID_IN_USE: Final = "PRODUCER_ID_IN_USE"
_TRANSIENT: Final = (Unavailable, Cancelled, DeadlineExceeded, InternalError, ResourceExhausted)


class Publisher:
    """Sends frames of one producer to one relay domain.

    `publish` may be called by several tasks of one event loop; order within a task is kept. Use it
    as an async context manager (leaving it flushes), or call `start()` and `close()`.

    Args:
        target: `host:port` or `unix:path` of a relay or of Envoy, or a channel (not closed here).
        domain: `market_data`, `signal`, `execution` or `system`.
        producer_name: for people: service and instance.
        producer_id: not 0, of this producer alone, stable over reconnects; None: a random one. A
            process that takes an earlier one's id goes on after that one's last number. While
            another one lives under it, it is refused (`PRODUCER_ID_IN_USE`), after a wait of the
            relay's lease in case that one only seems to live.
        max_unacked: frames that may wait for their acknowledgement before `publish` waits.
        max_unacked_bytes: the same in bytes.
        priorities: whether frames of a higher priority (header flags, 0 to 3) are sent before those
            that wait; the order of those of one priority is always kept. False: all in order.
        on_rejection: called for each refused frame; None logs a warning.
        on_gap: called for each range of frames that the relay never got; None logs a warning.
        reconnect: waits between attempts; None: the first failure is final.
        metadata: sent with each stream.
        transports: what frames may be written to beside gRPC where the relay offers it; empty: gRPC
            alone.
    """

    def __init__(
        self,
        target: str | grpc.aio.Channel | ChannelFactory,
        domain: str | Domain,
        *,
        producer_name: str,
        producer_id: int | None = None,
        max_unacked: int = 8192,
        max_unacked_bytes: int = 8 << 20,
        priorities: bool = True,
        on_rejection: Callable[[Rejection], None] | None = None,
        on_gap: Callable[[ProducerGap], None] | None = None,
        reconnect: Backoff | None = Backoff(),  # noqa: B008  # frozen
        metadata: Metadata = (),
        transports: Iterable[str] = ("shm",),
    ) -> None:
        if producer_id is not None and not 0 < producer_id < 1 << 64:
            raise InvalidArgument(
                f"producer id {producer_id} is not in 1..2^64-1", reason="PRODUCER_ID_INVALID"
            )
        if max_unacked < 1 or max_unacked_bytes < 1:
            raise InvalidArgument(
                f"max_unacked {max_unacked} and max_unacked_bytes {max_unacked_bytes} must be"
                " positive: nothing could be sent",
                reason="ARGUMENT_INVALID",
            )
        self.domain = relay_domain(domain)
        self.producer_name = producer_name
        self.producer_id = producer_id or int.from_bytes(os.urandom(8), "little") or 1
        self._queue = SendQueue(max_unacked, max_unacked_bytes, by_priority=priorities)
        self._reports = Reports(f"{self.domain} publisher {producer_name!r}", on_rejection, on_gap)
        self._numbering = Numbering(self.producer_id)
        if isinstance(target, str):
            target = ChannelFactory(target)
        self._owns_channel = isinstance(target, ChannelFactory)
        self._factory = target if isinstance(target, ChannelFactory) else None
        self._channel = None if isinstance(target, ChannelFactory) else target
        self._method = f"/{relay_service(domain)}/Publish"
        self._metadata = grpc.aio.Metadata(*metadata)
        self._backoff = reconnect.start() if reconnect is not None else None

        self._transports = tuple(transports)
        self._in_use_since: float | None = None
        self._lease = 0.0
        self._spoke = self._beat_due = False
        self._relay_sequence = 0
        self._duplicates = self._reconnects = 0
        self._work = asyncio.Event()
        self._progress = asyncio.Event()
        self._memory = InboxLink(self._queue, self._reports, self._progress)
        self._connected = asyncio.Event()
        self._failure: MeshError | None = None
        self._task: asyncio.Task[None] | None = None
        self.closed = False
        """By `close`."""

    # -------------------------------------------------------------------------------------- public

    @property
    def acknowledged(self) -> int:
        """Every frame up to this number the relay has taken, dropped as a duplicate or refused.

        Frames are numbered from 1 in the order of `publish`.
        """
        return self._queue.acknowledged

    @property
    def published(self) -> int:
        """Number of the last frame given to `publish`."""
        return self._queue.last

    @property
    def unacknowledged(self) -> int:
        """Frames that are not acknowledged yet."""
        return len(self._queue)

    @property
    def relay_sequence(self) -> int:
        """Sequence in the relay of the last frame of ours that it took, as last heard."""
        return max(self._relay_sequence, self._memory.relay_sequence)

    @property
    def resumed_sequence(self) -> int:
        """What the relay had of this producer id before this object, by its first greeting.

        0 before `ready()`. A producer that makes the same frames again leaves out so many.
        """
        return self._numbering.resumed

    @property
    def duplicates(self) -> int:
        """Frames that the relay had already when they were sent again."""
        return self._duplicates + self._memory.duplicates

    @property
    def transport(self) -> str:
        """What frames are written to: `grpc` or `shm`; empty before the first connection."""
        return self._memory.transport

    @property
    def transport_detail(self) -> str:
        """Why it is gRPC where the mesh might have better; empty where there is nothing to say."""
        return self._memory.detail

    @property
    def reconnects(self) -> int:
        """Times that a broken stream was taken up again."""
        return self._reconnects

    @property
    def rejected(self) -> int:
        """Frames refused so far."""
        return self._reports.rejected

    @property
    def rejections(self) -> list[Rejection]:
        """The last refused frames (at most 1,000), oldest first."""
        return list(self._reports.rejections)

    @property
    def missing(self) -> int:
        """Frames that the relay says never came."""
        return self._reports.missing

    @property
    def gaps(self) -> list[ProducerGap]:
        """The last ranges (at most 1,000) that the relay found missing in our numbers."""
        return list(self._reports.gaps)

    async def start(self) -> None:
        """Begin to connect, in the background. `publish` does it too."""
        if self._task is None and not self.closed:
            self._task = asyncio.create_task(self._run(), name=f"publisher-{self.domain}")
            self._task.add_done_callback(self._task_done)

    async def ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # the public way
        """Wait until the relay has answered.

        Raises:
            DeadlineExceeded: not within `timeout` seconds.
            MeshError: the relay refused the producer.
        """
        await self.start()
        await self._until(self._connected.is_set, timeout, "connect")

    async def publish(self, frames: Buffer | Iterable[Buffer]) -> int:
        """Queue one frame or several, in order; waits while too much is unacknowledged.

        Returns the number of the last one; it is safe in the relay once `acknowledged` reaches it.

        Raises:
            FrameError: a frame is larger than `MAX_FRAME_BYTES` (nothing after it was queued).
            MeshError: the relay refused the producer for good, or the publisher is closed.
        """
        await self.start()
        for item in (frames,) if isinstance(frames, (bytes, Buffer)) else frames:
            frame = item if isinstance(item, bytes) else bytes(item)
            if len(frame) > MAX_FRAME_BYTES:
                raise FrameError(
                    f"a frame of {len(frame)} bytes is above the limit of {MAX_FRAME_BYTES}",
                    reason="FRAME_TOO_LARGE",
                    size=len(frame),
                    limit=MAX_FRAME_BYTES,
                )
            self._check_open()
            priority = self._queue.priority(frame)
            while self._queue.full(priority):
                await self._room(priority)
                self._check_open()
            self._queue.add(frame, priority)
            self._work.set()
        if self._memory.write():  # nothing above may have waited: others get their turn
            await asyncio.sleep(0)
        return self._queue.last

    async def flush(self, timeout: float | None = None) -> None:  # noqa: ASYNC109  # the public way
        """Wait until everything published so far is acknowledged (taken, or refused and reported).

        Raises:
            DeadlineExceeded: not within `timeout` seconds; nothing is dropped.
            MeshError: the relay refused the producer for good.
        """
        target = self._queue.last
        await self._until(lambda: self._queue.acknowledged >= target, timeout, "acknowledge")

    async def close(self, *, flush: float | None = 5.0) -> None:
        """Flush for at most `flush` seconds (None: do not), then end the stream. Idempotent.

        Raises:
            DeadlineExceeded: frames are still unacknowledged; everything is closed all the same.
            MeshError: like `flush`.
        """
        if self.closed:
            return
        try:
            if flush is not None and self._task is not None:
                await self.flush(flush)
        finally:
            self.closed = True
            self._progress.set()
            if self._task is not None:
                self._task.cancel()
                await asyncio.gather(self._task, return_exceptions=True)
            if self._owns_channel and self._channel is not None:
                await self._channel.close()
                self._channel = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close(flush=5.0 if error is None else None)

    # ------------------------------------------------------------------------------------- waiting

    async def _room(self, priority: int) -> None:
        """Wait for acknowledgements, for there are too many frames without."""
        if self._memory.open:
            self._memory.write()
            await asyncio.sleep(0)
            if not self._queue.full(priority) or self._memory.settled():
                return
        self._progress.clear()
        await self._progress.wait()

    def _check_open(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self.closed:
            raise FailedPrecondition("the publisher is closed", reason="PUBLISHER_CLOSED")

    async def _until(
        self,
        condition: Callable[[], bool],
        timeout: float | None,  # noqa: ASYNC109  # one helper of the two public waits
        what: str,
    ) -> None:
        try:
            async with asyncio.timeout(timeout):
                while not condition():
                    self._check_open()
                    if self._memory.settled():
                        continue
                    self._progress.clear()
                    await self._progress.wait()
        except TimeoutError:
            raise DeadlineExceeded(
                f"the {self.domain} relay did not {what} within {timeout} s"
                f" ({self.unacknowledged} frames unacknowledged)",
                reason="RELAY_NOT_READY",
                domain=self.domain,
                unacknowledged=self.unacknowledged,
            ) from None

    # ------------------------------------------------------------------------------------- sending

    async def _run(self) -> None:
        while True:
            try:
                failure = await self._session()
            finally:
                self._connected.clear()
                self._queue.broken()
            if self._backoff is None or not self._may_pass(failure):
                self._fail(failure)
                return
            _LOG.log(
                retry_level(failure, self._backoff),
                "%s publisher %r: %s (%s); %d frames to be sent again",
                self.domain,
                self.producer_name,
                failure.message,
                failure.reason,
                self.unacknowledged,
            )
            await self._backoff.sleep()
            self._reconnects += 1

    def _may_pass(self, failure: MeshError) -> bool:
        """Whether to try again. Who seems to live under our id may be a connection that broke
        unseen: no longer than its lease.
        """
        if failure.reason != _ID_IN_USE:
            return isinstance(failure, _TRANSIENT)
        now = asyncio.get_running_loop().time()
        if self._in_use_since is None:
            self._in_use_since = now
        return now - self._in_use_since < float(failure.values.get("lease_seconds", 0))

    def _fail(self, failure: MeshError) -> None:
        self._failure = failure
        self._progress.set()

    def _task_done(self, task: asyncio.Task[None]) -> None:
        """A defect of ours must not leave `publish` waiting for ever."""
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("%s publisher %r failed", self.domain, self.producer_name, exc_info=error)
            self._fail(InternalError(f"the publisher failed: {error!r}"))

    async def _session(self) -> MeshError:
        """One stream: say who we are, hear how far the relay has come, send from there on.

        Returns why it ended.
        """
        if self._channel is None:
            assert self._factory is not None, "a publisher has a channel or makes one"
            self._channel = self._factory.open()
        method: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = self._channel.stream_stream(
            self._method, request_serializer=None, response_deserializer=None
        )
        call = method(metadata=self._metadata)
        end = StreamEnd(call)
        try:
            hello = pb.PublishRequest(
                producer_id=self.producer_id,
                producer_name=self.producer_name,
                incarnation=self._numbering.incarnation,
                transports=self._transports,
                boot_id=boot_id() if self._transports else "",
            )
            await call.write(hello.SerializeToString())
            answer = await call.read()
            if not isinstance(answer, bytes):  # EOF
                return await end.why()
            greeting = pb.PublishResponse.FromString(answer)
            if failure := self._greeted(greeting):
                return failure
            self._memory.greeted(greeting, self._numbering.base)
            beating = asyncio.ensure_future(self._beat())
            try:
                return await run_halves(end, self._read(call), self._write(call))
            finally:
                beating.cancel()
        except BROKEN:  # before the greeting
            return await end.why()
        finally:
            self._memory.close()
            call.cancel()

    def _greeted(self, hello: pb.PublishResponse) -> MeshError | None:
        """A stream stands; returns why frames cannot be sent on it."""
        if self._backoff is not None:
            self._backoff.reset()
        self._in_use_since = None
        self._lease = hello.lease_milliseconds / 1000
        failure = self._numbering.greeted(hello, done=self._queue.done, waiting=self.unacknowledged)
        if failure is not None:
            return failure
        self._take_acknowledged(hello.acknowledged_sequence)
        self._connected.set()
        self._progress.set()
        self._work.set()
        return None

    async def _write(self, call: grpc.aio.StreamStreamCall[bytes, bytes]) -> None:
        while self._memory.open:
            if self._beat_due:
                await self._say(call, b"")
            await self._memory.serve(self._work)
        while True:
            if not self._queue:
                if self._beat_due:
                    await self._say(call, b"")  # a message without frames: we live
                    continue
                self._work.clear()
                await self._work.wait()
                continue
            first, frames = self._queue.take(_BATCH_BYTES)
            await self._say(call, encode_publish_request(frames, self._numbering.base + first))

    async def _say(self, call: grpc.aio.StreamStreamCall[bytes, bytes], message: bytes) -> None:
        self._spoke, self._beat_due = True, False
        await call.write(message)

    async def _beat(self) -> None:
        """For ever: have something said within the lease that the relay has told."""
        while self._lease:
            self._spoke = False
            await asyncio.sleep(self._lease / _BEATS)
            if not self._spoke:
                self._beat_due = True
                self._work.set()

    async def _read(self, call: grpc.aio.StreamStreamCall[bytes, bytes]) -> None:
        while True:
            data = await call.read()
            if not isinstance(data, bytes):  # EOF
                return
            response = pb.PublishResponse.FromString(data)
            base = self._numbering.base
            self._relay_sequence = max(self._relay_sequence, response.relay_sequence)
            self._duplicates += response.duplicates
            for rejection in response.rejections:
                number = self._queue.number_of(rejection.producer_sequence - base)
                self._reports.refused(rejection, number)
            for gap in response.gaps:
                for own in self._queue.gaps_of(gap.first - base, gap.last - base):
                    self._reports.missed(own)
            self._take_acknowledged(response.acknowledged_sequence)

    def _take_acknowledged(self, wire_sequence: int) -> None:
        if self._queue.acknowledge(wire_sequence - self._numbering.base):
            self._progress.set()
