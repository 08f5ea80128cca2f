"""A feed over the relay's own gRPC stream: TCP or Unix socket, any host, any language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc
import grpc.aio

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client._wire import read_subscribe_response
from alphapulse_client.domains import relay_service
from alphapulse_client.errors import Unavailable, from_rpc_error
from alphapulse_client.transports.base import Delivery, Gap
from alphapulse_client.transports.progress import Progress

if TYPE_CHECKING:
    from alphapulse_client.domains import RelayDomain

__all__ = ["GrpcSource"]


class GrpcSource:
    """The relay's `Subscribe` stream."""

    transport = "grpc"

    def __init__(
        self,
        channel: grpc.aio.Channel,
        domain: RelayDomain,
        request: pb.SubscribeRequest,
        metadata: grpc.aio.Metadata,
        *,
        until_snapshot: bool = False,
    ) -> None:
        """`until_snapshot`: only the snapshot comes this way."""
        self._domain = domain
        self._until_snapshot = until_snapshot
        if (
            request.slow_consumer_policy == pb.SLOW_CONSUMER_POLICY_BLOCK
            and request.subscriber_name
        ):
            # the relay waits for such a one also when its connection breaks: tell it for what
            asked, request = request, pb.SubscribeRequest()
            request.CopyFrom(asked)
            request.acknowledges = True
        self._progress = Progress(channel, domain, metadata)
        method: grpc.aio.UnaryStreamMultiCallable[bytes, bytes] = channel.unary_stream(
            f"/{relay_service(domain)}/Subscribe",
            request_serializer=None,
            response_deserializer=None,
        )
        self._call = method(request.SerializeToString(), metadata=metadata)

    async def receive(self) -> Delivery:
        """See `FeedSource`."""
        try:
            data = await self._call.read()
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error) from None
        if not isinstance(data, bytes):
            raise Unavailable(
                f"the {self._domain} relay ended the stream", reason="RELAY_CLOSED_STREAM"
            )
        frames, rest = read_subscribe_response(data)
        self._progress.received(rest, len(data))
        gaps = [Gap(gap.range.first, gap.range.last, gap.reason, gap.records) for gap in rest.gaps]
        return Delivery(
            frames,
            gaps,
            rest.delivered_sequence,
            rest.head_sequence,
            rest.snapshot_sequence,
            rest.resume_token,
            rest.snapshot_first_sequence,
            self._until_snapshot and bool(rest.snapshot_sequence and rest.resume_token),
        )

    def cancel(self) -> None:
        """See `FeedSource`."""
        self._call.cancel()
        self._progress.cancel()

    async def wait_closed(self) -> None:
        """See `FeedSource`."""
