"""A subscription to one relay domain that survives the relay: in order, nothing twice, gaps named.

It reads on demand (what the consumer does not take stays with the relay, under the policy that it
named), reconnects by itself and goes on after the last sequence that it handed out. Decoding of
frames is `frames`' part.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeVar

import grpc.aio

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client._backoff import Backoff
from alphapulse_client._channel import ChannelFactory, Metadata
from alphapulse_client._streams import retry_level
from alphapulse_client.domains import relay_domain
from alphapulse_client.errors import (
    Cancelled,
    DeadlineExceeded,
    InternalError,
    InvalidArgument,
    MeshError,
    ResourceExhausted,
    Unavailable,
)
from alphapulse_client.frames import Frame
from alphapulse_client.instrument_ids import InstrumentKey, join_ids
from alphapulse_client.transports.base import Gap
from alphapulse_client.transports.connecting import TRANSPORTS, connect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator
    from types import TracebackType

    import numpy as np

    from alphapulse_client.transports.base import Delivery, FeedSource
    from alphapulse_layout import Domain

__all__ = ["Batch", "Gap", "SlowConsumerPolicy", "Start", "Subscription"]

_LOG = logging.getLogger(__name__)

SlowConsumerPolicy = Literal["block", "drop_oldest", "conflate", "disconnect"]
"""What the relay does when this subscriber falls behind: hold producers back (nothing is lost), go
on without it and report a gap, keep the last value of each instrument, or end the stream."""

Start = Literal["latest", "oldest", "snapshot"] | int | datetime
"""Where to start: what comes from now on, the oldest frame of the window, last values then live, a
sequence, or the first frame that the relay got at or after an aware time."""

_POLICIES: Final[dict[str, pb.SlowConsumerPolicy.ValueType]] = {
    "block": pb.SLOW_CONSUMER_POLICY_BLOCK,
    "drop_oldest": pb.SLOW_CONSUMER_POLICY_DROP_OLDEST,
    "conflate": pb.SLOW_CONSUMER_POLICY_CONFLATE,
    "disconnect": pb.SLOW_CONSUMER_POLICY_DISCONNECT,
}
_STARTS: Final[dict[str, pb.StartPosition.ValueType]] = {
    "latest": pb.START_POSITION_LATEST,
    "oldest": pb.START_POSITION_OLDEST,
    "snapshot": pb.START_POSITION_SNAPSHOT,
}
# What ends a stream without meaning that the next one fails too.
_TRANSIENT: Final = (Unavailable, Cancelled, DeadlineExceeded, InternalError, ResourceExhausted)
_SLOW_CONSUMER: Final = "SLOW_CONSUMER"
_SEQUENCE_AHEAD: Final = "SEQUENCE_AHEAD"

_Number = TypeVar("_Number")


@dataclass(frozen=True, slots=True)
class Batch:
    """All that was ready, up to the batch size: frames in the order of their sequences."""

    frames: list[Frame]
    gaps: list[Gap] = field(default_factory=list)
    delivered_sequence: int = 0
    """Every sequence up to here was delivered, filtered out or reported as a gap."""
    head_sequence: int = 0
    """The relay's newest sequence when it sent this."""
    resume_token: bytes = b""
    """Opaque: `resume=` of a later subscription goes on behind this batch, also after restarts of
    the relay and of the client. Empty where the transport gives none."""
    snapshot_sequence: int = 0
    """With `start="snapshot"`: these are last values as of this sequence, not news. The last such
    batch has `delivered_sequence` set, and what follows is every frame after it. 0: news. `gaps`
    of such a batch are frames that the snapshot should have looked at and could not."""
    snapshot_first_sequence: int = 0
    """With `snapshot_sequence`: the first sequence that the snapshot looked at; a value that has
    not changed since then is not in it."""

    def rows(self, message_type: int | None = None) -> list[np.ndarray[Any, np.dtype[np.void]]]:
        """The record arrays of the frames, of one message type where given; views, not copies."""
        return [
            frame.rows
            for frame in self.frames
            if message_type is None or frame.message_type == message_type
        ]

    @property
    def records(self) -> int:
        """Records in all frames."""
        return sum(frame.info.record_count for frame in self.frames)

    @property
    def lag(self) -> int:
        """Frames that were in the relay behind this batch when it was sent."""
        return max(0, self.head_sequence - self.delivered_sequence)

    def __iter__(self) -> Iterator[Frame]:
        return iter(self.frames)

    def __len__(self) -> int:
        return len(self.frames)


class Subscription:
    """An endless, resumable stream of batches: ``async for batch in subscription``.

    For one consumer task. Connecting happens at the first read, or at `ready()`. Use it as an async
    context manager, or call `close()`.

    Args:
        target: `host:port` or `unix:path` of a relay or of Envoy, or a channel (not closed here).
        domain: `market_data`, `signal`, `execution` or `system`.
        message_types, instruments, venues, sources, asset_types: filters; an empty one passes all.
        predicate: a condition on fields of the record.
        start: see `Start`.
        resume: the `resume_token` of the last batch of an earlier subscription, instead of `start`.
            One of another relay, or older than the relay's memory, is refused (`TOKEN_FOREIGN`).
        policy: see `SlowConsumerPolicy`.
        name: for people, and for the relay's lag gauge.
        max_batch_bytes: target size of a batch; 0 is the relay's choice (256 KiB).
        verify_checksums: check each frame's checksum again here, end to end (the relay has done it,
            unless its policy says otherwise); a bad one raises FrameError.
        reconnect: waits between attempts; None: the first failure is raised.
        metadata: sent with each call.
        transports: what may carry the feed where the relay offers it; empty: gRPC alone.
    """

    def __init__(
        self,
        target: str | grpc.aio.Channel | ChannelFactory,
        domain: str | Domain,
        *,
        message_types: Iterable[int] = (),
        instruments: Iterable[InstrumentKey] = (),
        venues: Iterable[int] = (),
        sources: Iterable[int] = (),
        asset_types: Iterable[int] = (),
        predicate: str = "",
        start: Start = "latest",
        resume: bytes = b"",
        policy: SlowConsumerPolicy = "block",
        name: str = "",
        max_batch_bytes: int = 0,
        verify_checksums: bool = False,
        reconnect: Backoff | None = Backoff(),  # noqa: B008  # frozen
        metadata: Metadata = (),
        transports: Iterable[str] = TRANSPORTS,
    ) -> None:
        self.domain = relay_domain(domain)
        self.name = name
        self._verify = verify_checksums
        self._request = _checked(
            message_types=[int(number) for number in message_types],
            instrument_ids=join_ids(instruments),
            slow_consumer_policy=_choice(_POLICIES, policy, "policy"),
            max_batch_bytes=max_batch_bytes,
            subscriber_name=name,
            venues=[int(number) for number in venues],
            sources=[int(number) for number in sources],
            asset_types=[int(number) for number in asset_types],
            predicate=predicate,
            resume_token=resume,
        )
        _set_start(self._request, start)
        if isinstance(target, str):
            target = ChannelFactory(target)
        self._owns_channel = isinstance(target, ChannelFactory)
        self._factory = target if isinstance(target, ChannelFactory) else None
        self._channel = None if isinstance(target, ChannelFactory) else target
        self._metadata = grpc.aio.Metadata(*metadata)
        self._backoff = reconnect.start() if reconnect is not None else None
        self._transports = tuple(transports)
        self._transport = ""
        self._transport_detail = ""
        self._source: FeedSource | None = None
        self._opening: asyncio.Future[tuple[FeedSource, str]] | None = None
        self._position: int | None = None
        self._head = 0
        self._moving = False
        self._early: Batch | None = None
        self._lost = 0
        self._reconnects = 0
        self.closed = False
        """By `close`."""

    @property
    def transport(self) -> str:
        """What carries the feed: `grpc`, `shm` or `nats`; empty before the first connection."""
        return self._transport

    @property
    def transport_detail(self) -> str:
        """Why it is gRPC where the mesh might have better; empty where there is nothing to say."""
        return self._transport_detail

    @property
    def delivered_sequence(self) -> int:
        """Newest sequence that is accounted for: delivered, filtered out or reported as a gap."""
        return self._position or 0

    @property
    def head_sequence(self) -> int:
        """The relay's newest sequence, as last heard."""
        return self._head

    @property
    def lag(self) -> int:
        """Frames that the relay has beyond `delivered_sequence`, as last heard."""
        return max(0, self._head - self.delivered_sequence)

    @property
    def lost(self) -> int:
        """Frames reported as gaps so far."""
        return self._lost

    @property
    def reconnects(self) -> int:
        """Times that a broken stream was taken up again."""
        return self._reconnects

    async def ready(self, timeout: float | None = None) -> int:  # noqa: ASYNC109  # the public way
        """Wait until the relay has fixed the starting position; returns the sequence before it.

        What is published after this is delivered, whatever breaks in between.

        Raises:
            DeadlineExceeded: not within `timeout` seconds.
            MeshError: the relay refused the subscription.
        """
        if self._position is None and self._early is None:
            try:
                async with asyncio.timeout(timeout):
                    batch = await self._next()
                    if batch is not None and (batch.frames or batch.gaps):
                        self._early = batch
            except TimeoutError:
                raise DeadlineExceeded(
                    f"the {self.domain} relay did not answer within {timeout} s",
                    reason="RELAY_NOT_READY",
                    domain=self.domain,
                ) from None
        return self.delivered_sequence

    async def batches(self) -> AsyncIterator[Batch]:
        """The same as iterating over the subscription."""
        async for batch in self:
            yield batch

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Batch:
        """The next batch that holds a frame or a gap.

        Raises:
            MeshError: the relay refused the request, or ended it under the policy `disconnect`
                (reason `SLOW_CONSUMER`).
            StopAsyncIteration: the subscription was closed.
        """
        if self._early is not None:
            batch, self._early = self._early, None
            return batch
        while True:
            following = await self._next()
            if following is None:
                raise StopAsyncIteration
            if following.frames or following.gaps:
                return following

    async def close(self) -> None:
        """End the stream; the connection too where it is the subscription's own. Idempotent."""
        self.closed = True
        source, opening = self._source, self._opening
        self._end_source()
        if opening is not None:
            await asyncio.wait((opening,))
        if source is not None:
            await source.wait_closed()
        if self._owns_channel and self._channel is not None:
            await self._channel.close()
            self._channel = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # ------------------------------------------------------------------------------------- reading

    async def _next(self) -> Batch | None:
        """The next message of the relay, progress messages too; reconnects until there is one.

        None once the subscription is closed.
        """
        while not self.closed:
            source = self._source
            try:
                if source is None or self._moving:
                    # the old one until then, lest the relay think that nobody needs what follows
                    following = await self._open()
                    if source is not None:
                        source.cancel()
                    source, self._moving = following, False
                    self._source = source
                delivery = await source.receive()
            except MeshError as error:
                self._end_source()
                failure = error
            except asyncio.CancelledError:
                # aio says so both when our task is cancelled and when the call was, by close()
                if self.closed and not _being_cancelled():
                    return None
                raise
            else:
                if self._backoff is not None:
                    self._backoff.reset()
                self._moving = delivery.moves_on
                return self._decode(delivery)
            if self.closed:
                return None
            lost = self._after_failure(failure)
            if lost is not None:
                return lost
            if self._backoff is not None:
                await self._backoff.sleep()
            self._reconnects += 1
        return None

    def _after_failure(self, failure: MeshError) -> Batch | None:
        """Raise what is final; a batch where the failure itself is news; None to try again."""
        if self._backoff is None:
            raise failure
        if failure.reason == _SEQUENCE_AHEAD and self._position is not None:
            # The relay came back without its memory and counts from the beginning.
            gap = Gap(self._position + 1, self._position, "RELAY_RESTARTED")
            self._position = None
            self._request.start = pb.START_POSITION_OLDEST
            return Batch([], [gap])
        slow = (
            failure.reason == _SLOW_CONSUMER
            and self._request.slow_consumer_policy == pb.SLOW_CONSUMER_POLICY_DISCONNECT
        )
        if slow or not isinstance(failure, _TRANSIENT):
            raise failure
        _LOG.log(
            retry_level(failure, self._backoff),
            "%s subscription %r: %s (%s); resuming after sequence %s",
            self.domain,
            self.name,
            failure.message,
            failure.reason,
            self._position,
        )
        return None

    def _end_source(self) -> None:
        self._moving = False
        if self._opening is not None:
            self._opening.cancel()
        if self._source is not None:
            self._source.cancel()
            self._source = None

    async def _open(self) -> FeedSource:
        if self._channel is None:
            assert self._factory is not None, "a subscription has a channel or makes one"
            self._channel = self._factory.open()
        request = self._request
        if self._position is not None:
            request.resume_token = b""
            request.start = pb.START_POSITION_SEQUENCE
            request.start_sequence = self._position + 1
        self._opening = asyncio.ensure_future(
            connect(self._channel, self.domain, request, self._metadata, self._transports)
        )
        source, self._transport_detail = await self._opening
        self._transport = source.transport
        if self.closed:  # between its last step and ours
            source.cancel()
        return source

    def _decode(self, delivery: Delivery) -> Batch:
        # the token stands in the last message of a snapshot, which may be as of before any frame
        if delivery.resume_token or not delivery.snapshot_sequence:
            self._position = delivery.delivered_sequence
        self._head = delivery.head_sequence
        self._lost += sum(gap.count for gap in delivery.gaps)
        return Batch(
            [Frame.parse(frame, checksum=self._verify) for frame in delivery.frames],
            delivery.gaps,
            delivery.delivered_sequence,
            delivery.head_sequence,
            delivery.resume_token,
            delivery.snapshot_sequence,
            delivery.snapshot_first_sequence,
        )


def _checked(**fields: Any) -> pb.SubscribeRequest:
    try:
        return pb.SubscribeRequest(**fields)
    except (TypeError, ValueError) as error:  # a number that its field does not hold
        raise InvalidArgument(f"subscription: {error}", reason="ARGUMENT_INVALID") from None


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def _choice(table: dict[str, _Number], name: str, what: str) -> _Number:
    try:
        return table[name]
    except KeyError:
        raise InvalidArgument(
            f"{what} {name!r} is none of {', '.join(table)}",
            reason="ARGUMENT_INVALID",
            **{what: name},
        ) from None


def _set_start(request: pb.SubscribeRequest, start: Start) -> None:
    if isinstance(start, str):
        request.start = _choice(_STARTS, start, "start")
    elif isinstance(start, datetime):
        if start.tzinfo is None:
            raise InvalidArgument(
                "a starting time needs a time zone", reason="ARGUMENT_INVALID", start=str(start)
            )
        request.start = pb.START_POSITION_TIME
        request.start_time.FromDatetime(start.astimezone(UTC))
    elif 0 <= start < 1 << 64:
        request.start = pb.START_POSITION_SEQUENCE
        request.start_sequence = start
    else:
        raise InvalidArgument(
            f"start {start} is no sequence", reason="ARGUMENT_INVALID", start=start
        )
