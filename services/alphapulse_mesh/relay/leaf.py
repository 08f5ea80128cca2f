"""A leaf: the relay of a domain that another relay numbers, for the subscribers of its own host.

It is one subscriber of its upstream, over gRPC or whatever carries the domain there, and appends
what it gets to its own ring under the same sequences; what the upstream tells it is missing is a
hole here, with the same range and reason. So windows, policies, shared memory and resume tokens
hold at the leaf as they do upstream, and one frame crosses the wire once, however many read it.
Publishing goes through to the upstream, which alone acknowledges.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self, TypeVar

import grpc
import grpc.aio
import numpy as np

import alphapulse_core as core
from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client import Backoff, Subscription
from alphapulse_client._channel import ChannelFactory
from alphapulse_client._tokens import parse_token
from alphapulse_client._wire import encode_publish_request
from alphapulse_client.domains import relay_domain
from alphapulse_client.errors import from_rpc_error
from alphapulse_client.transports.grpc import GrpcSource
from alphapulse_mesh.relay.acceptance import Acceptance, Refusal
from alphapulse_mesh.relay.memory import RelayMemory
from alphapulse_mesh.relay.wire import chosen
from alphapulse_mesh.runtime.errors import MeshError, Unavailable
from alphapulse_mesh.runtime.system import OPERATOR_METADATA

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from google.protobuf.message import Message

    from alphapulse_client import Batch, Frame, Gap
    from alphapulse_client._channel import Metadata
    from alphapulse_mesh.relay.domains import RelayDomain
    from alphapulse_mesh.relay.hub import Hub
    from alphapulse_mesh.relay.producers import PublishSession
    from alphapulse_mesh.runtime.config import MeshConfig

    Context = grpc.aio.ServicerContext[bytes, bytes]
    _Answer = TypeVar("_Answer", bound=Message)

__all__ = ["Leaf", "join_upstream"]

_log = logging.getLogger(__name__)

_PRODUCER: Final = int.from_bytes(b"upstream", "little")
_MOST_HOLES: Final = 4 << 20
"""A longer hole is not written into the ring: the leaf begins anew behind it."""
_RETRY_SECONDS: Final = 1.0
_PATIENCE_SECONDS: Final = 5.0
_SCHEMA_SECONDS: Final = 2.0
"""How often the upstream is asked for types that were registered there."""
_FORWARDED: Final = ("traceparent", "tracestate", "authorization", OPERATOR_METADATA)


class _Upstream(NamedTuple):
    """Where the upstream is."""

    epoch: int
    oldest: int
    head: int


async def join_upstream(
    upstream: str, domain: RelayDomain, memory_path: Path, ring_path: Path
) -> None:
    """Before the relay opens its memory: go on where it was, or where the upstream's window begins.

    Waits for the upstream where there is nothing to go on from.
    """
    while True:
        try:
            there = await _look(upstream, domain)
            break
        except MeshError as error:
            with RelayMemory(memory_path) as memory:
                known = memory.head > 0
            _log.warning(
                "%s: %s%s", upstream, error.message, "; serving what is here" if known else ""
            )
            if known:
                return
            await asyncio.sleep(_RETRY_SECONDS)
    with RelayMemory(memory_path) as memory:
        same = memory.epoch == there.epoch and memory.head <= there.head
        if same and there.oldest - memory.head <= _MOST_HOLES:
            return
        _log.info("beginning at sequence %d of %s", there.oldest, upstream)
        memory.continue_from(there.epoch, there.oldest - 1)
        ring_path.unlink(missing_ok=True)  # noqa: ASYNC240  # nothing is served yet


async def _look(upstream: str, domain: RelayDomain) -> _Upstream:
    channel = ChannelFactory(upstream).open()
    try:
        request = pb.SubscribeRequest(
            start=pb.START_POSITION_OLDEST,
            slow_consumer_policy=pb.SLOW_CONSUMER_POLICY_DROP_OLDEST,
            subscriber_name="leaf that looks",
        )
        source = GrpcSource(channel, relay_domain(domain.name), request, grpc.aio.Metadata())
        try:
            delivery = await source.receive()
        finally:
            source.cancel()
    finally:
        await channel.close()
    token = parse_token(delivery.resume_token)
    if token is None:
        raise Unavailable(
            f"{upstream} gives no resume token: it is no relay of this version",
            reason="UPSTREAM_UNSUITABLE",
        )
    first = delivery.delivered_sequence + 1
    if delivery.frames:
        first = core.inspect_frame(delivery.frames[0]).sequence
    return _Upstream(token[0], first, max(delivery.head_sequence, delivery.delivered_sequence))


class Leaf:
    """Follows one upstream. Use it as a context manager around `run` and the server."""

    def __init__(self, config: MeshConfig, hub: Hub, upstream: str) -> None:
        self._hub = hub
        self._upstream = upstream
        self._name = f"leaf {config.mesh.name}@{socket.gethostname()}"
        self._acceptance = Acceptance(hub.domain, hub.max_frame, None)
        self._channel: grpc.aio.Channel | None = None
        self._subscription: Subscription | None = None

    async def __aenter__(self) -> Self:
        """Connect; waits a moment for the upstream, so that nothing passes by who comes first."""
        self._channel = ChannelFactory(self._upstream).open()
        self._subscription = Subscription(
            self._upstream,
            self._hub.domain.name,
            start=self._hub.window.head + 1,
            policy="block",  # what leaves the upstream's window here is missed by everybody here
            name=self._name,
            reconnect=Backoff(),
        )
        try:
            await self._subscription.ready(_PATIENCE_SECONDS)
        except MeshError as error:
            _log.warning("%s: %s", self._upstream, error.message)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._channel is not None, "entered"
        assert self._subscription is not None, "entered"
        await self._subscription.close()
        await self._channel.close()

    # ------------------------------------------------------------------------------------ following

    async def run(self) -> None:
        """For ever: what the upstream has goes into the ring.

        Raises:
            Unavailable: the upstream's sequences do not go on from here (reason `LEAF_REBASED`):
                who starts the relay again has it begin where the upstream is.
        """
        assert self._subscription is not None, "entered"
        hub = self._hub
        session = hub.producers.open(_PRODUCER, f"upstream {self._upstream}", 0, 1.0)
        try:
            async for batch in self._subscription:
                await self._take(session, batch)
        except MeshError as error:
            if error.reason != "SEQUENCE_AHEAD":
                raise
            raise self._rebased("it is behind this leaf") from error
        finally:
            hub.producers.close(session)

    async def _take(self, session: PublishSession, batch: Batch) -> None:
        token = parse_token(batch.resume_token)
        if token is not None and token[0] != self._hub.window.epoch:
            raise self._rebased("it has another past than this leaf")
        parts: list[tuple[int, Gap | list[Frame]]] = [(gap.first, gap) for gap in batch.gaps]
        parts += [(run[0].sequence, run) for run in _runs(batch.frames)]
        for _, part in sorted(parts, key=lambda one: one[0]):
            if isinstance(part, list):
                await self._append(session, part)
            elif part.last < part.first:
                raise self._rebased("it has lost its memory")
            else:
                await self._skip(session, part.last, part.reason)

    async def _skip(self, session: PublishSession, last: int, reason: str) -> None:
        count = last - self._hub.window.head
        if count > _MOST_HOLES:
            raise self._rebased(f"it has gone {count} frames further meanwhile")
        if count > 0:
            await self._hub.skip(session, count, reason)

    async def _append(self, session: PublishSession, frames: list[Frame]) -> None:
        hub = self._hub
        following = hub.window.head + 1
        frames = [frame for frame in frames if frame.sequence >= following]
        if not frames:
            return
        if frames[0].sequence > following:
            await self._skip(session, frames[0].sequence - 1, "RELAY_RESTARTED")
        first = frames[0].sequence
        message = encode_publish_request((bytes(frame) for frame in frames), first)
        block = core.read_message(message, checksum=hub.config.validate_checksums)
        if self._acceptance.takes_all(block, operator=True):
            await hub.follow(session, block, first)
            return
        good, refusals = self._acceptance.judge(block, operator=True)
        start = 0
        for index, why, _, _ in (*refusals, Refusal(len(block), "", 0, "")):
            if index > start:
                run = chosen(block, good[(good >= start) & (good < index)])
                await hub.follow(session, run, first + start)
            if why:
                _log.warning("frame %d of %s: %s", first + index, self._upstream, why)
                hub.rejected[why] += 1
                await hub.skip(session, 1, "FRAME_REFUSED")
            start = index + 1

    def _rebased(self, why: str) -> Unavailable:
        error = Unavailable(
            f"{self._upstream}: {why}; this leaf starts again where it is", reason="LEAF_REBASED"
        )
        self._hub.end_all(error)
        return error

    # -------------------------------------------------------------------------------------- schemas

    async def follow_schemas(self) -> None:
        """For ever: types that are registered at the upstream are registered here too."""
        refused: set[int] = set()
        while True:
            try:
                answer = await self._ask(
                    "ListSchemas", pb.ListSchemasRequest(with_schemas=True), pb.ListSchemasResponse
                )
            except MeshError as error:  # what is known stays, as the frames do
                _log.debug("schemas of %s: %s", self._upstream, error.message)
            else:
                for info in answer.schemas:
                    self._learn(info, refused)
            await asyncio.sleep(_SCHEMA_SECONDS)

    def _learn(self, info: pb.SchemaInfo, refused: set[int]) -> None:
        number = info.message_type
        request = pb.RegisterSchemaRequest(message_type=number, schema=info.schema, root=info.root)
        try:
            self._hub.schemas.register(request, allowed=self._hub.domain.custom_types)
        except MeshError as error:
            if number not in refused:
                _log.error("type %d of %s is not taken: %s", number, self._upstream, error.message)
            refused.add(number)

    async def register_schema(
        self, request: pb.RegisterSchemaRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> None:
        """At the upstream, which says whether the type is free.

        Raises:
            MeshError: what the upstream says, or that it is not there.
        """
        await self._ask("RegisterSchema", request, pb.RegisterSchemaResponse, _passed_on(context))

    async def _ask(
        self, method: str, request: Message, answer: type[_Answer], metadata: Metadata = ()
    ) -> _Answer:
        assert self._channel is not None, "entered"
        call: grpc.aio.UnaryUnaryMultiCallable[bytes, bytes] = self._channel.unary_unary(
            f"/{self._hub.domain.grpc_service}/{method}",
            request_serializer=None,
            response_deserializer=None,
        )
        try:
            told = await call(
                request.SerializeToString(),
                metadata=grpc.aio.Metadata(*metadata),
                timeout=_PATIENCE_SECONDS,
            )
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from None
        return answer.FromString(told)

    # ----------------------------------------------------------------------------------- publishing

    async def publish(self, requests: AsyncIterator[bytes], context: Context) -> None:
        """A `Publish` stream through to the upstream and back, byte by byte.

        Raises:
            MeshError: what the upstream says, or that it is not there; the producer tries again.
        """
        assert self._channel is not None, "entered"
        method: grpc.aio.StreamStreamMultiCallable[bytes, bytes] = self._channel.stream_stream(
            f"/{self._hub.domain.grpc_service}/Publish",
            request_serializer=None,
            response_deserializer=None,
        )
        call = method(metadata=grpc.aio.Metadata(*_passed_on(context)))

        async def pass_on() -> None:
            async for request in requests:
                await call.write(request)
            await call.done_writing()

        passing = asyncio.ensure_future(pass_on())
        try:
            while isinstance(answer := await call.read(), bytes):
                await context.write(answer)
            if (code := await call.code()) != grpc.StatusCode.OK:
                raise Unavailable(
                    f"{self._upstream}: {code.name} {await call.details()}",
                    reason="UPSTREAM_ENDED_STREAM",
                )
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from None
        finally:
            passing.cancel()
            call.cancel()
            await asyncio.gather(passing, return_exceptions=True)


def _passed_on(context: grpc.aio.ServicerContext[Any, Any]) -> list[tuple[str, str | bytes]]:
    """Metadata of a call that the upstream gets too."""
    sent = context.invocation_metadata() or ()
    return [(key, value) for key, value in sent if key in _FORWARDED]


def _runs(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Frames in order as runs of consecutive sequences."""
    if not frames:
        return []
    sequences = np.array([frame.sequence for frame in frames], np.int64)
    breaks = (np.flatnonzero(np.diff(sequences) != 1) + 1).tolist()
    bounds = [0, *breaks, len(frames)]
    return [list(frames[start:stop]) for start, stop in pairwise(bounds)]
