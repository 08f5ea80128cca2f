"""A relay on gRPC: the methods of its domain's service, frames as opaque bytes.

The streaming methods take and give serialized messages, so that no frame is encoded again; what the
calls mean is `hub`'s part.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_mesh.relay.attach import Seats
from alphapulse_mesh.relay.wire import change_message, read_publish_request
from alphapulse_mesh.runtime.errors import InvalidArgument, Unavailable
from alphapulse_mesh.runtime.system import Updates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alphapulse_mesh.relay.hub import Hub
    from alphapulse_mesh.relay.jetstream import StreamWriter
    from alphapulse_mesh.relay.leaf import Leaf
    from alphapulse_mesh.relay.producers import PublishSession
    from alphapulse_mesh.runtime.system import OperatorToken

    Context = grpc.aio.ServicerContext[bytes, bytes]

__all__ = ["RelayServicer", "add_relay_to_server", "end_streams_at_drain"]

_BULK_BYTES: Final = 64 << 10
_BULK_SECONDS: Final = 0.002


class RelayServicer:
    """The gRPC service of one relay."""

    def __init__(
        self,
        hub: Hub,
        stream: StreamWriter | None = None,
        *,
        leaf: Leaf | None = None,
        operator: OperatorToken | None = None,
        updates: Updates | None = None,
    ) -> None:
        """`stream`: of a domain on NATS. `leaf`: of a domain that another relay numbers.
        `operator`: of those who may publish configuration updates; None: nobody may. `updates`:
        what the relay was asked to change, for its status.
        """
        self.hub = hub
        self.stream = stream
        self._leaf = leaf
        self._operator = operator
        self._updates = updates or Updates()

    async def publish(self, requests: AsyncIterator[bytes], context: Context) -> None:
        """`Publish`: frames up, one acknowledgement for all that was drained down."""
        if self._leaf is not None:
            await self._leaf.publish(requests, context)
            return
        first = await anext(requests, None)
        if first is None:
            return
        _, naming = read_publish_request(first)
        session = self.hub.open_producer(
            naming.producer_id, naming.producer_name, naming.incarnation
        )
        if self._operator is not None:
            session.operator = self._operator.shown_by(context.invocation_metadata())
        try:
            with session.serving():
                inbox, detail = self.hub.pumping.offer(session, naming)
                await context.write(session.acknowledgement(hello=True, inbox=inbox, detail=detail))
                await self._exchange(session, first, requests, context)
        finally:
            self.hub.pumping.close_lane(session)
            self.hub.producers.close(session)

    async def _exchange(
        self,
        session: PublishSession,
        first: bytes,
        requests: AsyncIterator[bytes],
        context: Context,
    ) -> None:
        writer = asyncio.ensure_future(_acknowledge(session, context))
        try:
            await self.hub.take(session, first)
            async for request in requests:
                await self.hub.take(session, request)
        finally:
            writer.cancel()
            await asyncio.gather(writer, return_exceptions=True)
        # the producer has no more: the last word is the acknowledgement of all
        await context.write(session.acknowledgement())

    async def subscribe(self, request: bytes, context: Context) -> None:
        """`Subscribe`: first where it starts, then all that is ready, message by message."""
        try:
            wanted = pb.SubscribeRequest.FromString(request)
        except DecodeError:
            raise InvalidArgument(
                "the message is not a SubscribeRequest", reason="REQUEST_MALFORMED"
            ) from None
        hub = self.hub
        subscriber = hub.subscribe(wanted)
        try:
            with subscriber.serving():
                if (image := hub.image(wanted, subscriber)) is not None:
                    async for part in image:
                        await context.write(part)
                while True:
                    message = subscriber.next_message()
                    if message is None:
                        await hub.news(subscriber)
                    else:
                        await context.write(message)
                        hub.sent(subscriber)
        finally:
            hub.leave(subscriber)

    async def acknowledge(
        self, request: pb.AcknowledgeRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.AcknowledgeResponse:
        """`Acknowledge`."""
        self.hub.acknowledged(request.subscription_id, request.delivered_sequence)
        return pb.AcknowledgeResponse()

    async def get_status(
        self, request: pb.GetStatusRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.GetStatusResponse:
        """`GetStatus`."""
        hub = self.hub
        config = hub.config
        records_by_type = hub.memory.records_by_type
        return pb.GetStatusResponse(
            domain=hub.domain.name,
            oldest_sequence=hub.window.oldest,
            head_sequence=hub.window.head,
            published_frames=hub.memory.frames,
            published_records=sum(records_by_type.values()),
            rejected_frames=hub.rejected,
            producers=[
                pb.ProducerStatus(
                    producer_id=producer.producer_id,
                    name=producer.name,
                    acknowledged_sequence=producer.sequence,
                    duplicates=producer.duplicates,
                    rejected=producer.rejected,
                    connected=producer.session is not None,
                    missing=producer.missing,
                )
                for producer in hub.known_producers()
            ],
            subscribers=[
                pb.SubscriberStatus(
                    name=subscriber.name,
                    delivered_sequence=subscriber.position,
                    lag_frames=subscriber.lag,
                    lost_frames=subscriber.lost,
                    delivered_records=subscriber.delivered_records,
                    policy=subscriber.policy,
                    conflated_frames=subscriber.conflated,
                )
                for subscriber in sorted(hub.subscribers, key=lambda one: one.name)
            ],
            policy={
                name: str(value).lower() if isinstance(value, bool) else str(value)
                for name, value in config.model_dump().items()
                if name != "port"
            },
            records_by_type=records_by_type,
            ring_bytes=hub.window.ring.capacity,
            circuit_open=hub.pressure.breaker_open,
            backlog_frames=hub.pressure.backlog(),
            config_version=self._updates.version,
            config_changes=[change_message(one) for one in self._updates.answered],
            schemas=hub.schemas.infos(),
        )

    async def register_schema(
        self, request: pb.RegisterSchemaRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.RegisterSchemaResponse:
        """`RegisterSchema`: it is on disk when this answers."""
        schemas = self.hub.schemas
        if self._leaf is not None:
            await self._leaf.register_schema(request, context)
        known = schemas.register(request, allowed=self.hub.domain.custom_types)
        return pb.RegisterSchemaResponse(
            schema=next(schemas.infos([request.message_type])), known=known
        )

    async def list_schemas(
        self, request: pb.ListSchemasRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.ListSchemasResponse:
        """`ListSchemas`."""
        infos = self.hub.schemas.infos(request.message_types, with_schemas=request.with_schemas)
        return pb.ListSchemasResponse(schemas=infos)


async def _acknowledge(session: PublishSession, context: Context) -> None:
    """For ever: while one acknowledgement is written, the next collects what happens meanwhile.

    A producer of small messages hears at once; one that sends in bulk hears of several together,
    for to it an acknowledgement only opens its window again.
    """
    while True:
        await session.changed.wait()
        if session.taken_bytes >= _BULK_BYTES:
            await asyncio.sleep(_BULK_SECONDS)
        await context.write(session.acknowledgement())


def add_relay_to_server(servicer: RelayServicer, server: grpc.aio.Server) -> None:
    """For `ServiceHost.add`: the domain's service, its streams without serializers."""
    name = servicer.hub.domain.grpc_service
    handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "Publish": grpc.stream_stream_rpc_method_handler(servicer.publish),
        "Subscribe": grpc.unary_stream_rpc_method_handler(servicer.subscribe),
        "Attach": grpc.stream_stream_rpc_method_handler(
            Seats(servicer.hub, servicer.stream).attach,
            request_deserializer=pb.AttachRequest.FromString,
            response_serializer=pb.AttachResponse.SerializeToString,
        ),
        "Acknowledge": grpc.unary_unary_rpc_method_handler(
            servicer.acknowledge,
            request_deserializer=pb.AcknowledgeRequest.FromString,
            response_serializer=pb.AcknowledgeResponse.SerializeToString,
        ),
        "GetStatus": grpc.unary_unary_rpc_method_handler(
            servicer.get_status,
            request_deserializer=pb.GetStatusRequest.FromString,
            response_serializer=pb.GetStatusResponse.SerializeToString,
        ),
        "RegisterSchema": grpc.unary_unary_rpc_method_handler(
            servicer.register_schema,
            request_deserializer=pb.RegisterSchemaRequest.FromString,
            response_serializer=pb.RegisterSchemaResponse.SerializeToString,
        ),
        "ListSchemas": grpc.unary_unary_rpc_method_handler(
            servicer.list_schemas,
            request_deserializer=pb.ListSchemasRequest.FromString,
            response_serializer=pb.ListSchemasResponse.SerializeToString,
        ),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(name, handlers),))


async def end_streams_at_drain(hub: Hub, draining: asyncio.Event) -> None:
    """Once the host drains, tell every stream to come again elsewhere or later."""
    await draining.wait()
    hub.end_all(
        Unavailable(f"the {hub.domain.name} relay is shutting down", reason="RELAY_DRAINING")
    )
