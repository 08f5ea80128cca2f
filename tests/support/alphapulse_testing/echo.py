"""A service of every shape and both styles, over plain bytes: no generated code needed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc

from alphapulse_mesh.runtime.errors import OrderRejected
from alphapulse_mesh.runtime.interceptors import current_deadline
from alphapulse_mesh.runtime.telemetry import current_context, format_traceparent

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

NAME = "test.v1.EchoService"


class Echo:
    """What it does is chosen by the request: `reject`, `crash`, `abort`, `wait`, …, else echo."""

    def __init__(self) -> None:
        self.entered = asyncio.Event()
        self.crowded = asyncio.Event()
        self.release = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.calls = 0

    async def _act(self, request: bytes, context: Any) -> bytes:
        self.calls += 1
        if self.calls > 1:
            self.crowded.set()
        match request:
            case b"reject":
                raise OrderRejected("beyond the limit", reason="ORDER_TOO_LARGE", limit=10)
            case b"crash":
                raise RuntimeError("private: /etc/passwd")
            case b"abort":
                await context.abort(grpc.StatusCode.DATA_LOSS, "own status")
            case b"wait":
                self.entered.set()
                try:
                    await self.release.wait()
                except asyncio.CancelledError:
                    self.cancelled.set()
                    raise
            case b"context":
                current = current_context.get()
                return format_traceparent(current).encode() if current else b"none"
            case b"deadline":
                return b"none" if current_deadline.get() is None else b"some"
            case b"big":
                return bytes(8 << 20)
        return request

    async def unary(self, request: bytes, context: Any) -> bytes:
        return await self._act(request, context)

    async def client_stream(self, requests: AsyncIterator[bytes], context: Any) -> bytes:
        return b"".join([await self._act(request, context) async for request in requests])

    async def server_stream(self, request: bytes, context: Any) -> AsyncIterator[bytes]:
        for part in request.split(b","):
            yield await self._act(part, context)

    async def server_stream_coroutine(self, request: bytes, context: Any) -> None:
        for part in request.split(b","):
            await context.write(await self._act(part, context))

    async def bidi(self, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        async for request in requests:
            yield await self._act(request, context)

    async def bidi_coroutine(self, requests: AsyncIterator[bytes], context: Any) -> None:
        async for request in requests:
            await context.write(await self._act(request, context))


def add_echo_to_server(echo: Echo, server: Any) -> None:
    """As generated code does it."""
    handlers: dict[str, Any] = {
        "Unary": grpc.unary_unary_rpc_method_handler(echo.unary),
        "ClientStream": grpc.stream_unary_rpc_method_handler(echo.client_stream),
        "ServerStream": grpc.unary_stream_rpc_method_handler(echo.server_stream),
        "ServerStreamCoroutine": grpc.unary_stream_rpc_method_handler(echo.server_stream_coroutine),
        "Bidi": grpc.stream_stream_rpc_method_handler(echo.bidi),
        "BidiCoroutine": grpc.stream_stream_rpc_method_handler(echo.bidi_coroutine),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(NAME, handlers),))


METHODS = (
    "Unary",
    "ClientStream",
    "ServerStream",
    "ServerStreamCoroutine",
    "Bidi",
    "BidiCoroutine",
)


async def call(channel: Any, method: str, *requests: bytes, **options: Any) -> list[bytes]:
    """Call a method of any shape; the responses in order."""
    path = f"/{NAME}/{method}"

    async def sending() -> AsyncIterator[bytes]:
        for request in requests:
            yield request

    if method == "Unary":
        return [await channel.unary_unary(path)(requests[0], **options)]
    if method == "ClientStream":
        return [await channel.stream_unary(path)(sending(), **options)]
    if method.startswith("ServerStream"):
        responses = channel.unary_stream(path)(b",".join(requests), **options)
    else:
        responses = channel.stream_stream(path)(sending(), **options)
    return [response async for response in responses]
