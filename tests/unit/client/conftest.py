"""Services that do what a test tells them, on a real server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc
import grpc.aio
import pytest_asyncio

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse.relay.v1 import relay_pb2_grpc as rpc
from alphapulse_mesh.runtime.interceptors import MeshInterceptor

Serve = Callable[..., Any]


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """`target = await serve(add_XServicer_to_server, servicer)`; errors travel as the mesh's do."""
    servers: list[grpc.aio.Server] = []

    async def start(add: Callable[[Any, Any], None], servicer: Any) -> str:
        server = grpc.aio.server(interceptors=[MeshInterceptor()])
        add(servicer, server)
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        servers.append(server)
        return f"127.0.0.1:{port}"

    yield start
    for server in servers:
        await server.stop(0)


class ScriptedRelay(rpc.MarketDataRelayServicer):
    """A relay that follows a script: one handler for each stream that is begun, in order."""

    def __init__(self) -> None:
        self.publish_streams: list[Any] = []
        self.subscribe_streams: list[Any] = []
        self.subscribe_requests: list[pb.SubscribeRequest] = []

    # gRPC takes coroutines too, its stubs do not know
    async def Publish(  # type: ignore[override]
        self, request_iterator: Any, context: Any
    ) -> None:
        await self.publish_streams.pop(0)(request_iterator, context)

    async def Subscribe(  # type: ignore[override]  # likewise
        self, request: pb.SubscribeRequest, context: Any
    ) -> None:
        self.subscribe_requests.append(request)
        await self.subscribe_streams.pop(0)(request, context)

    async def GetStatus(self, request: Any, context: Any) -> pb.GetStatusResponse:
        return pb.GetStatusResponse()

    async def Acknowledge(self, request: Any, context: Any) -> pb.AcknowledgeResponse:
        return pb.AcknowledgeResponse()

    async def ListSchemas(self, request: Any, context: Any) -> pb.ListSchemasResponse:
        return pb.ListSchemasResponse()

    async def RegisterSchema(self, request: Any, context: Any) -> pb.RegisterSchemaResponse:
        return pb.RegisterSchemaResponse()

    async def Attach(  # type: ignore[override]  # likewise
        self, request_iterator: Any, context: Any
    ) -> None:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "nothing to attach to")
