"""A subscriber's seat at the relay: the `Attach` stream of whoever reads the frames elsewhere.

The relay says how the domain is carried and where to start; from then on the stream carries the
subscriber's progress up and, when the relay ends it, the reason down. Blocking, lag and liveness so
hold for every transport.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client._streams import BROKEN, StreamEnd
from alphapulse_client.domains import relay_service
from alphapulse_client.errors import DeadlineExceeded, MeshError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc.aio

    from alphapulse_client.domains import RelayDomain

__all__ = ["Seat"]

_PATIENCE_SECONDS: Final = 10.0
_IDLE_SECONDS: Final = 0.1
"""How often progress is told while nobody may be waiting for it."""


class Seat:
    """One `Attach` stream."""

    def __init__(
        self, channel: grpc.aio.Channel, domain: RelayDomain, metadata: grpc.aio.Metadata
    ) -> None:
        method: grpc.aio.StreamStreamMultiCallable[pb.AttachRequest, pb.AttachResponse] = (
            channel.stream_stream(
                f"/{relay_service(domain)}/Attach",
                request_serializer=pb.AttachRequest.SerializeToString,
                response_deserializer=pb.AttachResponse.FromString,
            )
        )
        self._call = method(metadata=metadata)
        self._end = StreamEnd(self._call)
        self.failure: MeshError | None = None
        """Why the relay ended the stream; None while it stands."""
        self.ended = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._due = asyncio.Event()
        self._progress = pb.AttachRequest()
        self._told = 0
        self._told_at = 0.0
        self._told_bytes = 0
        self.report_bytes = 1 << 20
        """Bytes read after which progress is told at once."""
        self.report_frames = 10_000
        """Frames after which it is."""

    async def open(
        self, request: pb.SubscribeRequest, transports: Sequence[str], boot_id: str
    ) -> pb.AttachResponse:
        """Ask for a seat; returns the relay's offer.

        Raises:
            MeshError: the relay refuses the subscription, or does not know `Attach`.
        """
        first = pb.AttachRequest(subscribe=request, transports=transports, boot_id=boot_id)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._call.write(first)
                answer = await self._call.read()
        except TimeoutError:
            raise DeadlineExceeded(
                f"the relay did not offer a seat within {_PATIENCE_SECONDS:g} s",
                reason="RELAY_NOT_READY",
            ) from None
        except BROKEN:
            raise await self._end.why() from None
        if not isinstance(answer, pb.AttachResponse):
            raise await self._end.why()
        self._told = answer.start_sequence - 1
        self._tasks = [
            asyncio.create_task(self._watch(), name="seat-watch"),
            asyncio.create_task(self._tell(), name="seat-tell"),
        ]
        return answer

    def delivered(
        self, sequence: int, *, total_bytes: int, lost: int, records: int, idle: bool
    ) -> None:
        """The consumer is done with everything up to `sequence`; told now or soon.

        Args:
            sequence: of the domain.
            total_bytes: read since the beginning.
            lost: frames lost since the beginning.
            records: handed out since the beginning.
            idle: there is nothing more to read.
        """
        if sequence == self._told:
            return
        if (
            total_bytes - self._told_bytes < self.report_bytes
            and sequence - self._told < self.report_frames
            and not (idle and time.monotonic() - self._told_at >= _IDLE_SECONDS)
        ):
            return
        self._progress.delivered_sequence = sequence
        self._progress.lost_frames = lost
        self._progress.delivered_records = records
        self._told = sequence
        self._told_bytes = total_bytes
        self._told_at = time.monotonic()
        self._due.set()

    def cancel(self) -> None:
        """Leave the seat, now. Idempotent."""
        self._call.cancel()
        for task in self._tasks:
            task.cancel()

    async def _watch(self) -> None:
        with suppress(*BROKEN):
            while isinstance(await self._call.read(), pb.AttachResponse):
                pass
        self.failure = await self._end.why()
        self.ended.set()

    async def _tell(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            try:
                await self._call.write(self._progress)
            except BROKEN:
                return  # the other half finds out why
