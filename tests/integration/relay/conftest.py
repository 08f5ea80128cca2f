"""A relay inside the test's own event loop, behind a real server, and raw calls to it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest_asyncio

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client import Publisher, Subscription
from alphapulse_testing.relays import serve_relay

if TYPE_CHECKING:
    from pathlib import Path

    from alphapulse_mesh.relay.hub import Hub
    from alphapulse_mesh.runtime.config import MeshConfig
    from alphapulse_mesh.runtime.server import ServiceHost


class RawPublish:
    """A Publish stream as a producer of another language would hold it."""

    def __init__(self, call: Any) -> None:
        self.call = call

    async def name(
        self, producer_id: int, name: str = "raw", *, incarnation: int = 0
    ) -> pb.PublishResponse:
        naming = pb.PublishRequest(
            producer_id=producer_id, producer_name=name, incarnation=incarnation
        )
        await self.call.write(naming)
        hello: pb.PublishResponse = await self.call.read()
        return hello

    async def send(self, first: int, *frames: bytes) -> pb.PublishResponse:
        await self.call.write(pb.PublishRequest(frames=frames, first_sequence=first))
        answer: pb.PublishResponse = await self.call.read()
        return answer


@dataclass
class Relay:
    """One relay."""

    hub: Hub
    host: ServiceHost
    channel: grpc.aio.Channel
    stack: AsyncExitStack

    @property
    def service(self) -> str:
        return self.hub.domain.grpc_service

    def publish(self) -> RawPublish:
        call: Any = self.channel.stream_stream(
            f"/{self.service}/Publish",
            request_serializer=pb.PublishRequest.SerializeToString,
            response_deserializer=pb.PublishResponse.FromString,
        )()
        self.stack.callback(call.cancel)
        return RawPublish(call)

    def subscribe(self, **wanted: Any) -> Any:
        call: Any = self.channel.unary_stream(
            f"/{self.service}/Subscribe",
            request_serializer=pb.SubscribeRequest.SerializeToString,
            response_deserializer=pb.SubscribeResponse.FromString,
        )(pb.SubscribeRequest(**wanted))
        self.stack.callback(call.cancel)
        return call

    async def status(self) -> pb.GetStatusResponse:
        method: Any = self.channel.unary_unary(
            f"/{self.service}/GetStatus",
            request_serializer=pb.GetStatusRequest.SerializeToString,
            response_deserializer=pb.GetStatusResponse.FromString,
        )
        answer: pb.GetStatusResponse = await method(pb.GetStatusRequest())
        return answer

    def publisher(self, **options: Any) -> Publisher:
        publisher = Publisher(
            self.host.target, self.hub.domain.name, producer_name="test", **options
        )
        self.stack.push_async_callback(publisher.close, flush=None)
        return publisher

    def subscription(self, **options: Any) -> Subscription:
        subscription = Subscription(self.host.target, self.hub.domain.name, **options)
        self.stack.push_async_callback(subscription.close)
        return subscription


StartRelay = Callable[..., Any]


@pytest_asyncio.fixture
async def start_relay(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> AsyncIterator[StartRelay]:
    """`await start_relay("signal", ring_bytes=…)`; the ring is a file in the test's directory."""
    async with AsyncExitStack() as stack:

        async def start(
            instance: str = "market-data", *, tracer: Any = None, **settings: Any
        ) -> Relay:
            section = instance.replace("-", "_")
            config = make_config(relays={section: {"ring_bytes": 1 << 20, **settings}})
            served = serve_relay(config, instance, tmp_path, tracer=tracer)
            hub, host = await stack.enter_async_context(served)
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(host.target))
            return Relay(hub, host, channel, stack)

        yield start
