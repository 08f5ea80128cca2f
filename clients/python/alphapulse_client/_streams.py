"""What the streams share: run both halves, find out why one ended, say so once."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import grpc
import grpc.aio

from alphapulse_client.errors import InternalError, MeshError, Unavailable, from_rpc_error

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from alphapulse_client._backoff import BackoffState

__all__ = ["BROKEN", "StreamEnd", "retry_level", "run_halves"]

BROKEN: Final = (grpc.aio.AioRpcError, asyncio.InvalidStateError)
"""What aio raises where a stream has ended; `StreamEnd` says why it has."""

_AIO_ITSELF: Final = "Internal error from Core"
_PATIENCE_SECONDS: Final = 5.0
"""For the service's word where aio has said its own; it is on its way through the event loop."""


class StreamEnd:
    """Why a stream ended, in the service's words.

    Where a write fails because the stream has just ended, aio says INTERNAL, in words of its own:
    until the service's status comes, or over one that has come (grpc/grpc#36066). What the service
    refuses for good would then be tried again.
    """

    def __init__(self, call: grpc.aio.StreamStreamCall[Any, Any]) -> None:
        """Before anything is written to the call."""
        self.call: Final = call
        self._status = grpc.aio.AioRpcError(
            grpc.StatusCode.INTERNAL,
            grpc.aio.Metadata(),
            grpc.aio.Metadata(),
            details="the stream broke, and nobody has said why",
        )
        self._told = asyncio.Event()
        call.add_done_callback(self._note)

    async def why(self) -> MeshError:
        """Once it has ended: its error, or that the service ended it in peace."""
        with suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._told.wait()
        if self._status.code() is grpc.StatusCode.OK:
            return Unavailable("the service ended the stream", reason="STREAM_ENDED")
        return from_rpc_error(self._status)

    def _note(self, call: grpc.aio.StreamStreamCall[Any, Any]) -> None:
        """Each status at the moment in which aio sets it: there may be a second one."""
        reading = _status_of(call)
        try:
            reading.send(None)
        except StopIteration as end:  # at once: nothing of a call that is done is waited for
            status: grpc.aio.AioRpcError = end.value
            if not self._told.is_set() and not (status.details() or "").startswith(_AIO_ITSELF):
                self._status = status
                self._told.set()
        else:
            reading.close()


async def _status_of(call: grpc.aio.StreamStreamCall[Any, Any]) -> grpc.aio.AioRpcError:
    return grpc.aio.AioRpcError(
        await call.code(),
        await call.initial_metadata(),
        await call.trailing_metadata(),
        details=await call.details(),
    )


async def run_halves(
    end: StreamEnd,
    read: Coroutine[Any, Any, None],
    write: Coroutine[Any, Any, None],
) -> MeshError:
    """Run the reading and the writing half until the stream breaks; returns why.

    The reading half returns at the end of the stream; the writing half never returns. When this is
    cancelled both halves are, and the call of `end`.
    """
    reader, writer = asyncio.ensure_future(read), asyncio.ensure_future(write)
    try:
        await asyncio.wait((reader, writer), return_when=asyncio.FIRST_COMPLETED)
        # What the service said last is the reader's to take.
        if not reader.done():
            await asyncio.wait((reader,), timeout=1.0)
        with suppress(*BROKEN):
            (reader if reader.done() else writer).result()
        return await end.why()
    finally:
        reader.cancel()
        writer.cancel()
        await asyncio.gather(reader, writer, return_exceptions=True)
        end.call.cancel()


def retry_level(failure: MeshError, backoff: BackoffState) -> int:
    """How loud to say that a stream broke: the first time, and louder for a service's defect."""
    if not backoff.first:
        return logging.DEBUG
    # gRPC calls some broken lines INTERNAL too; a service's own has the trace to look for
    defect = isinstance(failure, InternalError) and "trace_id" in failure.values
    return logging.WARNING if defect else logging.INFO
