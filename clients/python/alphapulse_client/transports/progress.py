"""What a subscriber over gRPC tells the relay: how far frames have really come.

A relay that dies takes with it what it had handed to the connection and what had not yet come
through. So a blocking subscriber acknowledges what it has got, seldom and off the path of the
frames, and the relay keeps the rest. Which subscriptions do so is `grpc`'s part.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import grpc
import grpc.aio

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client.domains import relay_service

if TYPE_CHECKING:
    from alphapulse_client.domains import RelayDomain

__all__ = ["Progress"]

_LOG = logging.getLogger(__name__)

_SECONDS: Final = 0.05
"""After this long also less than the relay asks for is acknowledged."""
_PATIENCE_SECONDS: Final = 5.0


class Progress:
    """The acknowledgements of one Subscribe stream; none before the relay asks for them."""

    def __init__(
        self, channel: grpc.aio.Channel, domain: RelayDomain, metadata: grpc.aio.Metadata
    ) -> None:
        self._method: grpc.aio.UnaryUnaryMultiCallable[pb.AcknowledgeRequest, bytes] = (
            channel.unary_unary(
                f"/{relay_service(domain)}/Acknowledge",
                request_serializer=pb.AcknowledgeRequest.SerializeToString,
                response_deserializer=None,
            )
        )
        self._metadata = metadata
        self._id = 0
        self._bytes = 0
        self._limit_bytes = self._limit_frames = 0
        self._sequence = self._told = 0
        self._due = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None

    def received(self, response: pb.SubscribeResponse, size: int) -> None:
        """A response of `size` bytes has arrived."""
        if response.subscription_id:
            self._id = response.subscription_id
            self._limit_bytes = response.acknowledge_bytes
            self._limit_frames = response.acknowledge_frames
            self._task = asyncio.create_task(self._tell(), name="subscription-progress")
        if not self._id:
            return
        self._sequence = response.delivered_sequence
        self._bytes += size
        # what was filtered out counts too: the relay keeps sequences
        frames = self._sequence - self._told
        if self._bytes >= self._limit_bytes or frames >= self._limit_frames:
            self._due.set()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_SECONDS, self._due.set)

    def cancel(self) -> None:
        """Tell no more. Idempotent."""
        self._id = 0
        if self._timer is not None:
            self._timer.cancel()
        if self._task is not None:
            self._task.cancel()

    async def _tell(self) -> None:
        """For ever, one call after the other: each says all that has come until then."""
        while True:
            await self._due.wait()
            self._due.clear()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            self._bytes = 0
            if self._sequence == self._told:
                continue
            sequence = self._sequence
            request = pb.AcknowledgeRequest(subscription_id=self._id, delivered_sequence=sequence)
            try:
                await self._method(request, metadata=self._metadata, timeout=_PATIENCE_SECONDS)
            except grpc.aio.AioRpcError as error:
                # where the stream has broken too it is opened again; else the next one says it
                _LOG.debug("progress was not told: %s", error.details())
                await asyncio.sleep(_SECONDS)
                self._due.set()
            else:
                self._told = sequence
