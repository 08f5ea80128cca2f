"""A feed out of the domain's JetStream stream: any host that reaches the NATS server.

The relay hands out the stream's name with a seat. Groups of frames are pulled when the consumer
wants more, never before, so that what it does not take stays in the stream and memory is bounded;
what has left the stream meanwhile is told by the sequences that the next group does not begin with.
What the messages hold is `groups`' part, finding the place to start is `grouplog`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from nats.js import api

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client._tokens import make_token
from alphapulse_client.errors import (
    DataLoss,
    FailedPrecondition,
    MeshError,
    ResourceExhausted,
    Unavailable,
)
from alphapulse_client.transports.base import Delivery, Gap
from alphapulse_client.transports.grouplog import BROKEN, GroupLog, connect
from alphapulse_client.transports.groups import MIXED_VENUE, Group, Index, Part, index_subject
from alphapulse_client.transports.selection import FrameSelection

if TYPE_CHECKING:
    from alphapulse_client.transports.seat import Seat

__all__ = ["NatsSource"]

_LOG = logging.getLogger(__name__)

_BATCH_BYTES: Final = 256 << 10
_PULL_BYTES: Final = 2 << 20
"""Most that is on the way to here, or here and not yet asked for."""
_PULL_MESSAGES: Final = 4096
_LINGER_SECONDS: Final = 30.0
_HEARTBEAT_SECONDS: Final = 2.0
_SILENCE_SECONDS: Final = 8.0
"""Without a word for so long the server, or the way to it, is taken for dead."""
_TELL_SECONDS: Final = 0.25
_FORGOTTEN_SECONDS: Final = 120.0
"""After this long without a pull the server forgets a consumer; the subscription makes another."""
_MAX_SUBJECTS: Final = 64
"""Of a filter; beyond it everything is read and filtered here."""
_ANY: Final = "*"
_STATUS: Final = "Status"
_PULL_ENDED: Final = {"404", "408"}
_PULL_FULL: Final = ("batch completed", "message size exceeds maxbytes")


class NatsSource:
    """A pull consumer of the domain's stream behind a seat. Make it with `open`."""

    transport = "nats"

    def __init__(
        self, seat: Seat, answer: pb.AttachResponse, request: pb.SubscribeRequest, connection: Any
    ) -> None:
        """For `open`, which has made these."""
        seat.report_bytes = answer.stream.report_bytes or seat.report_bytes
        seat.report_frames = answer.stream.report_frames or seat.report_frames
        self._seat = seat
        self._connection = connection
        self._offer = answer.stream
        self._epoch = answer.epoch
        self._selection = FrameSelection(request)
        self._disconnect = request.slow_consumer_policy == pb.SLOW_CONSUMER_POLICY_DISCONNECT
        self._name = request.subscriber_name
        self._batch_bytes = request.max_batch_bytes or _BATCH_BYTES
        self._keys = _wanted_keys(request)
        self._position = answer.start_sequence - 1
        self._head = answer.head_sequence
        self._lost = self._records = self._bytes = 0
        self._answered = self._closed = False
        self._expired_as = "SLOW_CONSUMER"
        self._inbox: deque[Any] = deque()
        self._news = asyncio.Event()
        self._parts: list[tuple[tuple[int, int], bytes]] = []
        self._groups: deque[_Remaining] = deque()
        self._pulled = 0  # messages that the pull on its way may still bring; 0: there is none
        self._lingering = False
        self._pull_subject = self._pull_inbox = ""
        self._closing: asyncio.Task[None] | None = None

    @classmethod
    async def open(
        cls, seat: Seat, answer: pb.AttachResponse, request: pb.SubscribeRequest
    ) -> NatsSource:
        """Connect to the server that the relay has named, and find the place in the stream.

        Raises:
            FailedPrecondition: it cannot be read from here: no way to the server, no right, another
                stream than the relay's (reason `NATS_UNREADABLE`); gRPC it must be.
        """
        offer = answer.stream
        gone = asyncio.Event()

        async def closed() -> None:
            gone.set()

        try:
            connection = await connect(offer.url, name=f"feed {offer.name}", closed=closed)
        except Exception as error:
            # a server may refuse in as many ways as there are of authentication
            raise _unreadable(f"{offer.url}: {error!r}") from error
        source: NatsSource | None = None
        try:
            source = cls(seat, answer, request, connection)
            await source._start(answer.start_sequence, answer.oldest_sequence)
        except BROKEN as error:
            raise _unreadable(f"{offer.url}: stream {offer.name}: {error!r}") from error
        except MeshError as error:
            raise _unreadable(error.message) from error
        else:
            source._gone = gone
            return source
        finally:
            if source is None or not source._pull_subject:
                await connection.close()

    _gone: asyncio.Event
    """The connection has ended."""

    async def _start(self, sequence: int, oldest_of_relay: int) -> None:
        log = GroupLog(self._connection, self._offer.name, self._offer.subject_prefix)
        newest = await log.newest()
        if newest is not None and newest.index.epoch != self._epoch:
            raise _unreadable(f"stream {self._offer.name} holds another past than the relay")
        begin, oldest = 1, oldest_of_relay
        if newest is not None:
            begin = newest.place + 1
            if newest.index.last >= sequence:
                found = await log.first(lambda index: index.last >= sequence) or newest
                begin, oldest = found.begin, found.index.first
            self._head = max(self._head, newest.index.last)
        if oldest > sequence:  # what is missing was so before this reader came
            self._expired_as = "WINDOW_EXPIRED"
        filters = [f"{self._offer.subject_prefix}.>"]
        if self._keys is not None:
            filters = [index_subject(self._offer.subject_prefix)]
            filters += [
                f"{self._offer.subject_prefix}.{number}.{venue}" for number, venue in self._keys
            ]
        info = await log.jetstream.add_consumer(
            self._offer.name,
            api.ConsumerConfig(
                deliver_policy=api.DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=max(begin, 1),
                ack_policy=api.AckPolicy.NONE,
                filter_subjects=filters,
                inactive_threshold=_FORGOTTEN_SECONDS,
                mem_storage=True,
                num_replicas=1,
            ),
        )
        self._pull_inbox = self._connection.new_inbox()
        await self._connection.subscribe(self._pull_inbox, cb=self._arrived)
        self._pull_subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._offer.name}.{info.name}"

    async def _arrived(self, message: Any) -> None:
        self._inbox.append(message)
        self._news.set()

    # ------------------------------------------------------------------------------------- reading

    async def receive(self) -> Delivery:
        """See `FeedSource`."""
        self._tell(idle=False)
        if not self._answered:  # what the first answer of the relay over gRPC is: the position
            self._answered = True
            return self._delivery([], [])
        while True:
            self._check()
            if not self._groups:
                await self._fetch()
            delivery = self._deliver()
            if delivery is not None:
                return delivery

    def _check(self) -> None:
        if self._closed:
            raise Unavailable("the subscription was closed", reason="SUBSCRIPTION_CLOSED")
        if self._seat.failure is not None:
            raise self._seat.failure
        if self._gone.is_set():
            raise Unavailable(
                f"the connection to {self._offer.url} has ended", reason="NATS_CONNECTION_LOST"
            )

    async def _fetch(self) -> None:
        """At least one group; all that is ready, up to what one pull brings."""
        loop = asyncio.get_running_loop()
        heard = loop.time()
        if not self._pulled:
            await self._pull(lingering=False)
        while True:
            self._news.clear()
            while self._inbox:
                heard = loop.time()
                self._take(self._inbox.popleft())
            if self._groups and (self._lingering or not self._pulled):
                return
            if not self._pulled:  # nothing more is there: wait for what comes
                await self._pull(lingering=True)
            self._tell(idle=True)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TELL_SECONDS):
                    await self._news.wait()
            self._check()
            if loop.time() - heard > _SILENCE_SECONDS:
                raise Unavailable(
                    f"{self._offer.url} has said nothing for {_SILENCE_SECONDS:g} s",
                    reason="NATS_CONNECTION_LOST",
                )

    async def _pull(self, *, lingering: bool) -> None:
        """Ask for what is there, or for what is there and comes within a while."""
        wanted: dict[str, Any] = {"batch": _PULL_MESSAGES, "max_bytes": _PULL_BYTES}
        if lingering:
            wanted["expires"] = int(_LINGER_SECONDS * 1e9)
            wanted["idle_heartbeat"] = int(_HEARTBEAT_SECONDS * 1e9)
        else:
            wanted["no_wait"] = True
        self._pulled, self._lingering = _PULL_MESSAGES, lingering
        try:
            await self._connection.publish(
                self._pull_subject, json.dumps(wanted).encode(), reply=self._pull_inbox
            )
        except BROKEN as error:
            raise Unavailable(f"{self._offer.url}: {error!r}", reason="NATS_CONNECTION_LOST") from (
                error
            )

    def _take(self, message: Any) -> None:
        status = (message.headers or {}).get(_STATUS)
        if status is not None:
            self._ended(status, message.headers.get("Description", ""))
            return
        self._pulled -= 1
        self._bytes += len(message.data)
        tokens = message.subject[len(self._offer.subject_prefix) + 1 :]
        if tokens != "index":
            number, _, venue = tokens.partition(".")
            self._parts.append(((int(number), int(venue)), message.data))
            return
        try:
            index = Index.decode(message.data)
        except DataLoss as error:  # somebody else's: what the relay writes is whole without it
            _LOG.warning("%s: %s", self._offer.url, error.message)
            return
        parts, self._parts = self._parts, []
        if index.epoch != self._epoch:
            raise Unavailable("the stream has another past than before", reason="STREAM_REPLACED")
        self._head = max(self._head, index.last)
        wanted = [part for part in index.parts if self._wants(part)]
        # before those of the group may be what a writer left that died in the middle of one
        parts = parts[len(parts) - len(wanted) :] if len(parts) >= len(wanted) else []
        if [part.key for part in wanted] != [key for key, _ in parts]:
            return  # its beginning has left the stream: it is missed with all before it
        payloads = [payload for _, payload in parts]
        self._groups.append(_Remaining(Group.decode(index, wanted, payloads)))

    def _wants(self, part: Part) -> bool:
        if self._keys is None:
            return True
        number, venue = str(part.message_type), str(part.venue)
        return not self._keys.isdisjoint(((number, venue), (number, _ANY), (_ANY, venue)))

    def _ended(self, status: str, description: str) -> None:
        """A pull has brought all that it could; anything else ends the source."""
        if status == "100":  # idle heartbeat
            return
        if status in _PULL_ENDED or description.lower() in _PULL_FULL:
            self._pulled = 0
            return
        raise Unavailable(f"{self._offer.url}: {status} {description}", reason="NATS_CONSUMER_LOST")

    # ---------------------------------------------------------------------------------- delivering

    def _deliver(self) -> Delivery | None:
        frames: list[memoryview] = []
        gaps: list[Gap] = []
        room, before = self._batch_bytes, self._position
        while self._groups and room > 0:
            remaining = self._groups[0]
            index = remaining.group.index
            if index.last <= self._position:
                self._groups.popleft()
                continue
            if index.first > self._position + 1:
                if frames and self._disconnect:
                    break
                self._lose(index.first - 1, gaps)
            if not remaining.taken:
                remaining.skip(self._position)
            taken = remaining.take(room, self._selection, frames)
            if taken is None:
                break
            room -= taken[0]
            self._records += taken[1]
            done = remaining.done
            position = index.last if done else remaining.position
            gaps += [
                Gap(max(gap.first, self._position + 1), min(gap.last, position), gap.reason)
                for gap in index.holes
                if gap.last > self._position and gap.first <= position
            ]
            self._position = position
            self._expired_as = "SLOW_CONSUMER"
            if done:
                self._groups.popleft()
        if self._position == before:
            return None
        return self._delivery(frames, gaps)

    def _lose(self, last: int, gaps: list[Gap]) -> None:
        first = self._position + 1
        if self._disconnect and self._expired_as == "SLOW_CONSUMER":
            raise ResourceExhausted(
                f"subscriber {self._name!r} is too slow: frames {first} to {last} wait for it",
                reason="SLOW_CONSUMER",
                first=str(first),
                last=str(last),
            )
        gaps.append(Gap(first, last, self._expired_as))
        self._lost += last - first + 1
        self._position = last

    def _delivery(self, frames: list[memoryview], gaps: list[Gap]) -> Delivery:
        token = make_token(self._epoch, self._position)
        head = max(self._head, self._position)
        return Delivery(frames, gaps, self._position, head, resume_token=token)

    def _tell(self, *, idle: bool) -> None:
        self._seat.delivered(
            self._position,
            total_bytes=self._bytes,
            lost=self._lost,
            records=self._records,
            idle=idle,
        )

    # ----------------------------------------------------------------------------------- lifecycle

    def cancel(self) -> None:
        """See `FeedSource`."""
        if self._closed:
            return
        self._closed = True
        self._seat.cancel()
        self._news.set()
        self._groups.clear()
        self._closing = asyncio.ensure_future(self._close())

    async def _close(self) -> None:
        with contextlib.suppress(*BROKEN):
            await self._connection.close()

    async def wait_closed(self) -> None:
        """See `FeedSource`."""
        if self._closing is not None:
            await self._closing


class _Remaining:
    """A group and how much of it was handed out."""

    def __init__(self, group: Group) -> None:
        self.group = group
        self.taken = 0
        """Frames that were handed out or are not wanted."""

    @property
    def done(self) -> bool:
        return self.taken == len(self.group.sequences)

    @property
    def position(self) -> int:
        """Sequence of the last frame that was taken."""
        return int(self.group.sequences[self.taken - 1])

    def skip(self, position: int) -> None:
        """Pass over what is not behind `position`."""
        self.taken = int(np.searchsorted(self.group.sequences, position, side="right"))

    def take(
        self, room: int, selection: FrameSelection, frames: list[memoryview]
    ) -> tuple[int, int] | None:
        """Append the next frames, up to `room` bytes of them; returns bytes and records read.

        At least one frame where `frames` is empty; None where not even one has room.
        """
        group, start = self.group, self.taken
        ends = np.cumsum(group.lengths[start:].astype(np.int64))
        count = int(np.searchsorted(ends, room, side="right"))
        if not count and len(ends):
            if frames:
                return None
            count = 1
        if not count:
            return 0, 0
        stop = start + count
        self.taken = stop
        frames += selection.apply(
            group.block,
            group.offsets[start:stop],
            group.lengths[start:stop],
            group.types[start:stop],
        )
        return int(ends[count - 1]), int(group.records[start:stop].sum())


def _wanted_keys(request: pb.SubscribeRequest) -> set[tuple[str, str]] | None:
    """Ends of the subjects that may hold what is wanted; None: all of them."""
    types = {str(number) for number in request.message_types} or {_ANY}
    venues = (
        {str(number) for number in (*request.venues, MIXED_VENUE)} if request.venues else {_ANY}
    )
    if len(types) * len(venues) > _MAX_SUBJECTS:
        venues = {_ANY}
    if len(types) > _MAX_SUBJECTS or types == venues:
        return None
    return set(itertools.product(types, venues))


def _unreadable(why: str) -> FailedPrecondition:
    return FailedPrecondition(f"not over NATS: {why}", reason="NATS_UNREADABLE")
