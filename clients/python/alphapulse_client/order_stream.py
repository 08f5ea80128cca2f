"""A stream of order frames to execution that survives execution.

Frames go up, one acknowledgement a row comes down once it is durable. What is unacknowledged is
sent again after a reconnect; execution knows an order again by account and client order id. Making
frames is `frames`' part.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Final, Self

import grpc.aio

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse.execution.v1 import execution_pb2_grpc as rpc
from alphapulse_client._backoff import Backoff, BackoffState
from alphapulse_client._streams import StreamEnd, run_halves
from alphapulse_client.errors import (
    Cancelled,
    FailedPrecondition,
    InternalError,
    MeshError,
    ResourceExhausted,
    Unavailable,
)

if TYPE_CHECKING:
    from types import TracebackType

    from alphapulse_client._channel import Metadata

__all__ = ["OrderStream"]

_LOG = logging.getLogger(__name__)

_BATCH_BYTES: Final = 1 << 20
_TRANSIENT: Final = (Unavailable, Cancelled, InternalError, ResourceExhausted)
_Call = grpc.aio.StreamStreamCall[pb.SubmitFramesRequest, pb.SubmitFramesResponse]


class _Pending:
    """A frame on its way and who waits for it."""

    __slots__ = ("frame", "number", "outcome", "rows")

    def __init__(
        self, number: int, frame: bytes, outcome: asyncio.Future[list[pb.OrderAcknowledgement]]
    ) -> None:
        self.number = number
        self.frame = frame
        self.outcome = outcome
        self.rows: list[pb.OrderAcknowledgement] = []


class OrderStream:
    """Order frames up, one acknowledgement a row down once it is durable; survives execution.

    Frames without an acknowledgement are sent again after a reconnect; execution knows an order
    again by account and client order id, so that none is placed twice.
    """

    def __init__(
        self, stub: rpc.ExecutionServiceAsyncStub, *, max_unacked: int, metadata: Metadata
    ) -> None:
        self._stub = stub
        self._metadata = metadata
        self._room = asyncio.Semaphore(max_unacked)
        self._pending: deque[_Pending] = deque()
        self._unsent = 0
        """How many of `pending`, at its end, were not sent on the stream that stands."""
        self._last = 0
        self._work = asyncio.Event()
        self._failure: MeshError | None = None
        self._task: asyncio.Task[None] | None = None
        self.reconnects = 0
        """Times that a broken stream was taken up again."""

    async def submit(self, frame: bytes) -> list[pb.OrderAcknowledgement]:
        """Send a frame and wait until its rows are durable or refused: one answer a row, in order.

        Raises:
            MeshError: execution refused the stream for good, or the stream was closed.
        """
        return await (await self.send(frame))

    async def send(self, frame: bytes) -> asyncio.Future[list[pb.OrderAcknowledgement]]:
        """Queue a frame and return the future of its acknowledgements.

        Waits while `max_unacked` frames are unacknowledged.
        """
        await self._room.acquire()
        self._check_open()
        self._last += 1
        outcome = asyncio.get_running_loop().create_future()
        outcome.add_done_callback(lambda _: self._room.release())
        self._pending.append(_Pending(self._last, frame, outcome))
        self._unsent += 1
        self._work.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="order-stream")
            self._task.add_done_callback(self._task_done)
        return outcome

    async def close(self) -> None:
        """Wait for what is unacknowledged (at most 5 s), then end the stream. Idempotent."""
        waiting = [pending.outcome for pending in self._pending if not pending.outcome.done()]
        if waiting and self._failure is None:
            await asyncio.wait(waiting, timeout=5.0)
        self._fail(FailedPrecondition("the order stream is closed", reason="STREAM_CLOSED"))
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def _check_open(self) -> None:
        if self._failure is not None:
            raise self._failure

    def _fail(self, failure: MeshError) -> None:
        self._failure = self._failure or failure
        for pending in self._pending:
            if not pending.outcome.done():
                pending.outcome.set_exception(self._failure)
        self._pending.clear()
        self._unsent = 0

    async def _run(self) -> None:
        retry = Backoff().start()
        while True:
            call = self._stub.SubmitFrames(metadata=self._metadata)
            end = StreamEnd(call)
            failure = await run_halves(end, self._read(call, retry), self._write(call))
            if not isinstance(failure, _TRANSIENT):
                self._fail(failure)
                return
            _LOG.info("order stream: %s (%s)", failure.message, failure.reason)
            await retry.sleep()
            for pending in self._pending:
                pending.rows.clear()
            self._unsent = len(self._pending)
            self._work.set()
            self.reconnects += 1

    def _task_done(self, task: asyncio.Task[None]) -> None:
        """A defect of ours must not leave `submit` waiting for ever."""
        if not task.cancelled() and (error := task.exception()) is not None:
            _LOG.error("the order stream failed", exc_info=error)
            self._fail(InternalError(f"the order stream failed: {error!r}"))

    async def _write(self, call: _Call) -> None:
        while True:
            if not self._unsent:
                self._work.clear()
                await self._work.wait()
                continue
            batch: list[_Pending] = []
            size = 0
            while self._unsent and size < _BATCH_BYTES:
                pending = self._pending[-self._unsent]
                self._unsent -= 1
                size += len(pending.frame)
                batch.append(pending)
            await call.write(
                pb.SubmitFramesRequest(
                    frames=[pending.frame for pending in batch], first_sequence=batch[0].number
                )
            )

    async def _read(self, call: _Call, retry: BackoffState) -> None:
        while True:
            response = await call.read()
            if not isinstance(response, pb.SubmitFramesResponse):  # EOF
                return
            retry.reset()
            self._take(response)

    def _take(self, response: pb.SubmitFramesResponse) -> None:
        if not self._pending:
            return
        first = self._pending[0].number
        for row in response.acknowledgements:
            index = row.frame_sequence - first
            if 0 <= index < len(self._pending):
                self._pending[index].rows.append(row)
        while self._pending and self._pending[0].number <= response.acknowledged_sequence:
            done = self._pending.popleft()
            if not done.outcome.done():
                done.outcome.set_result(done.rows)
