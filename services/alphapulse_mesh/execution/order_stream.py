"""One client's stream of order frames: frames in, acknowledgements out, in the order of the frames.

Reading does not wait for the disk: up to `_WINDOW` frames are under way, and everything that has
become durable meanwhile is acknowledged in one message. A frame that cannot be read is refused with
its reason and the stream lives on.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse_client.frames import Frame
from alphapulse_layout import MessageType
from alphapulse_mesh.execution.pipeline import Command, Pipeline
from alphapulse_mesh.execution.rows import id_bytes, reason_name
from alphapulse_mesh.runtime.errors import FrameError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import numpy as np
    from numpy.typing import NDArray

    from alphapulse_mesh.execution.instruments import InstrumentCache

    Rows = NDArray[np.void]

__all__ = ["FrameSession"]

_TYPES: Final = frozenset(
    {MessageType.ORDER_REQUEST, MessageType.ORDER_CANCEL, MessageType.ORDER_MODIFY}
)
_WINDOW: Final = 1024
_SINGLE_ROWS: Final = 16
"""Up to so many rows, each order of a frame is accepted, and traced, by itself."""
_RESPONSE_ACKS: Final = 4096
_MAX_ROWS: Final = 16384


class _Pending(NamedTuple):
    """A frame under way: its commands, or why it was refused."""

    number: int
    parts: list[asyncio.Future[Rows]]
    refusal: FrameError | None


class FrameSession:
    """See the module. Use `serve` once."""

    def __init__(
        self,
        pipeline: Pipeline,
        instruments: InstrumentCache,
        draining: asyncio.Event,
        max_message_bytes: int,
    ) -> None:
        self._pipeline = pipeline
        self._instruments = instruments
        self._draining = draining
        self._limit = min(_RESPONSE_ACKS, max(1, max_message_bytes // 128))
        self._pending: asyncio.Queue[_Pending | None] = asyncio.Queue(_WINDOW)

    async def serve(
        self, messages: AsyncIterator[pb.SubmitFramesRequest]
    ) -> AsyncIterator[pb.SubmitFramesResponse]:
        """Responses as frames become durable; ends after the client's last frame, or on a drain.

        Raises:
            MeshError: the registry does not answer, or execution stops: what is unacknowledged may
                be sent again.
        """
        reader = asyncio.ensure_future(self._read(messages))
        try:
            while True:
                pending = await self._pending.get()
                if pending is None:
                    break
                response = pb.SubmitFramesResponse()
                ended = False
                while True:
                    await _acknowledge(pending, response)
                    if len(response.acknowledgements) >= self._limit or self._pending.empty():
                        break
                    following = self._pending.get_nowait()
                    if following is None:
                        ended = True
                        break
                    if not all(part.done() for part in following.parts):
                        yield response
                        response = pb.SubmitFramesResponse()
                    pending = following
                yield response
                if ended:
                    break
            await reader
        finally:
            reader.cancel()
            await asyncio.gather(reader, return_exceptions=True)

    async def _read(self, messages: AsyncIterator[pb.SubmitFramesRequest]) -> None:
        iterator = aiter(messages)
        drained = asyncio.ensure_future(self._draining.wait())
        try:
            while True:
                arrived = asyncio.ensure_future(anext(iterator, None))
                await asyncio.wait({arrived, drained}, return_when=asyncio.FIRST_COMPLETED)
                if not arrived.done():
                    arrived.cancel()
                    await asyncio.gather(arrived, return_exceptions=True)
                    break
                message = arrived.result()
                if message is None:
                    break
                for number, data in enumerate(message.frames, message.first_sequence):
                    await self._pending.put(await self._take(number, data))
        finally:
            drained.cancel()
            await self._pending.put(None)

    async def _take(self, number: int, data: bytes) -> _Pending:
        try:
            frame = Frame.parse(data)
            if frame.message_type not in _TYPES:
                raise FrameError(
                    f"message type {frame.message_type} is no order row",
                    reason="FRAME_BAD_TYPE",
                    message_type=frame.message_type,
                )
            rows = frame.rows
            if len(rows) > _MAX_ROWS:
                raise FrameError(
                    f"{len(rows)} rows are more than {_MAX_ROWS}", reason="FRAME_TOO_LARGE"
                )
        except FrameError as error:
            self._pipeline.counters["frames_refused"] += 1
            return _Pending(number, [], error)
        if frame.message_type == MessageType.ORDER_REQUEST:
            ids = {id_bytes(row) for row in rows}
            await self._instruments.ensure(ids)
        parts = [rows] if len(rows) > _SINGLE_ROWS else [rows[i : i + 1] for i in range(len(rows))]
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[Rows]] = []
        for part in parts:
            done: asyncio.Future[Rows] = loop.create_future()
            self._pipeline.submit(Command(frame.message_type, part, frame.context, done))
            futures.append(done)
        return _Pending(number, futures, None)


async def _acknowledge(pending: _Pending, response: pb.SubmitFramesResponse) -> None:
    """Wait for a frame to be durable and add an acknowledgement for each of its rows."""
    if pending.refusal is not None:
        response.acknowledgements.add(frame_sequence=pending.number, reason=pending.refusal.reason)
    position = 0
    for part in pending.parts:
        for outcome in await part:
            response.acknowledgements.add(
                frame_sequence=pending.number,
                row=position,
                order_id=int(outcome["order_id"]),
                client_order_id=int(outcome["client_order_id"]),
                status=int(outcome["status"]),
                reason=reason_name(int(outcome["reason"])),
                duplicate=bool(outcome["duplicate"]),
            )
            position += 1
    response.acknowledged_sequence = pending.number
