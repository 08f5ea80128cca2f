"""What the streams share: run both halves, find out why one ended, say so once."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from alphapulse_client.errors import InternalError, MeshError, Unavailable, from_rpc_error

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from alphapulse_client._backoff import BackoffState

__all__ = ["end_of_stream", "retry_level", "run_halves"]


async def run_halves(
    call: grpc.aio.StreamStreamCall[Any, Any],
    read: Coroutine[Any, Any, None],
    write: Coroutine[Any, Any, None],
) -> MeshError:
    """Run the reading and the writing half until the stream breaks; returns why.

    The reading half returns at the end of the stream; the writing half never returns. When this is
    cancelled both halves are, and the call.
    """
    reader, writer = asyncio.ensure_future(read), asyncio.ensure_future(write)
    try:
        await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
        # A writer learns only that the stream has ended, a reader also why.
        if not reader.done():
            await asyncio.wait((reader,), timeout=1.0)
        (reader if reader.done() else writer).result()
        return await end_of_stream(call)
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error)
    except asyncio.InvalidStateError:  # aio: written to after its end
        return await end_of_stream(call)
    finally:
        reader.cancel()
        writer.cancel()
        await asyncio.gather(reader, writer, return_exceptions=True)
        call.cancel()


def retry_level(failure: MeshError, backoff: BackoffState) -> int:
    """How loud to say that a stream broke: the first time, and louder for a service's defect."""
    if not backoff.first:
        return logging.DEBUG
    # gRPC calls some broken lines INTERNAL too; a service's own has the trace to look for
    defect = isinstance(failure, InternalError) and "trace_id" in failure.values
    return logging.WARNING if defect else logging.INFO


async def end_of_stream(call: grpc.aio.StreamStreamCall[Any, Any]) -> MeshError:
    """Why a stream that has ended did: its error, or that the server ended it in peace."""
    code = await call.code()
    if code is grpc.StatusCode.OK:
        return Unavailable("the service ended the stream", reason="STREAM_ENDED")
    return from_rpc_error(
        grpc.aio.AioRpcError(
            code,
            await call.initial_metadata(),
            await call.trailing_metadata(),
            details=await call.details(),
        )
    )
