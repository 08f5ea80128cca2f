"""Seats for subscribers that read elsewhere: what a relay offers them, and how it hears of them.

A seat counts like a subscriber of `Subscribe` (blocking, lag, lease, status), only that the frames
do not pass through here: the subscriber reads the ring itself and says how far it has come. Whether
it may read the ring is decided by the file's permissions, which hold for its user's other processes
too; the offer says only where the ring is, and only to clients of this host. On NATS the offer
names the stream, and the server decides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client.transports.shm import LAYOUT_VERSION, boot_id
from alphapulse_mesh.runtime.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc.aio

    from alphapulse_mesh.relay.hub import Hub
    from alphapulse_mesh.relay.jetstream import StreamWriter

    Context = grpc.aio.ServicerContext[pb.AttachRequest, pb.AttachResponse]

__all__ = ["Seats"]

_DIRECT_POLICIES: Final = frozenset(
    (
        pb.SLOW_CONSUMER_POLICY_UNSPECIFIED,
        pb.SLOW_CONSUMER_POLICY_BLOCK,
        pb.SLOW_CONSUMER_POLICY_DROP_OLDEST,
        pb.SLOW_CONSUMER_POLICY_DISCONNECT,
    )
)
_DIRECT_STARTS: Final = frozenset(
    (
        pb.START_POSITION_UNSPECIFIED,
        pb.START_POSITION_LATEST,
        pb.START_POSITION_SEQUENCE,
        pb.START_POSITION_OLDEST,
        pb.START_POSITION_TIME,
    )
)
_REPORT_PART: Final = 8
"""Progress is told after this part of what holds producers back: they seldom wait for it."""
_FIRST_CUSTOM_TYPE: Final = 200


class Seats:
    """The `Attach` method of one relay."""

    def __init__(self, hub: Hub, stream: StreamWriter | None = None) -> None:
        """`stream`: of a domain on NATS."""
        self._hub = hub
        self._stream = stream
        self._boot_id = boot_id()

    async def attach(self, requests: AsyncIterator[pb.AttachRequest], context: Context) -> None:
        """`Attach`: one offer down, then progress up until either side ends it."""
        first = await anext(requests, None)
        if first is None:
            return
        offer = self._offer(first)
        if offer.transport == "grpc":
            await context.write(offer)
            return
        hub, stream, wanted = self._hub, self._stream, first.subscribe
        if stream is not None:
            try:
                wanted = await stream.resolved(wanted)
            except Unavailable as error:
                await context.write(_grpc(error.message))
                return
        subscriber = hub.subscribe(wanted)
        subscriber.seated = True
        replaying = subscriber.blocking and subscriber.position + 1 < hub.window.oldest
        if replaying:  # the stream has what it reads: it blocks once it has come to the ring
            subscriber.blocking = False
            hub.pressure.move_gate()
        if stream is not None:
            stream.seats.add(subscriber)
        try:
            with subscriber.serving():
                offer.start_sequence = subscriber.position + 1
                offer.oldest_sequence = hub.window.oldest
                offer.head_sequence = hub.window.head
                await context.write(offer)
                async for report in requests:
                    subscriber.told(
                        min(report.delivered_sequence, hub.window.head),
                        lost=report.lost_frames,
                        records=report.delivered_records,
                    )
                    if replaying and subscriber.position + 1 >= hub.window.oldest:
                        replaying, subscriber.blocking = False, True
                        hub.pressure.joined(subscriber)
                    hub.pressure.moved(subscriber)
        finally:
            if stream is not None:
                stream.seats.discard(subscriber)
            hub.leave(subscriber)

    def _offer(self, request: pb.AttachRequest) -> pb.AttachResponse:
        config = self._hub.config
        if config.transport == "grpc":
            return _grpc("the domain is carried by gRPC")
        if config.transport not in request.transports:
            return _grpc(f"the domain is carried by {config.transport}, which was not asked for")
        wanted = request.subscribe
        if wanted.slow_consumer_policy not in _DIRECT_POLICIES:
            return _grpc("this slow-consumer policy is the relay's work")
        if max(wanted.message_types, default=0) >= _FIRST_CUSTOM_TYPE:
            return _grpc("the relay alone knows the schemas of types registered at run time")
        looks_at_rows = wanted.predicate or wanted.instrument_ids or wanted.venues
        if (looks_at_rows or wanted.asset_types) and self._hub.schemas.filters:
            return _grpc("the relay alone knows the schemas of types registered at run time")
        offer = self._offer_stream() if config.transport == "nats" else self._offer_ring(request)
        if offer.transport != "grpc" and wanted.start not in _DIRECT_STARTS:
            snapshot = wanted.start == pb.START_POSITION_SNAPSHOT and not wanted.resume_token
            return _grpc("this start is the relay's work", after_snapshot=snapshot)
        return offer

    def _offer_ring(self, request: pb.AttachRequest) -> pb.AttachResponse:
        if not self._boot_id or request.boot_id != self._boot_id:
            return _grpc("the ring is on another host")
        config = self._hub.config
        ring = self._hub.window.ring
        return pb.AttachResponse(
            transport="shm",
            epoch=self._hub.window.epoch,
            ring=pb.RingAttachment(
                path=ring.path,
                layout_version=LAYOUT_VERSION,
                incarnation=ring.incarnation,
                base=self._hub.window.base,
                spin_microseconds=config.shm_spin_microseconds,
                report_bytes=ring.capacity // _REPORT_PART,
                report_frames=max(config.circuit_breaker_frames // _REPORT_PART, 1),
            ),
        )

    def _offer_stream(self) -> pb.AttachResponse:
        stream = self._stream
        if stream is None or stream.unavailable:
            return _grpc(stream.unavailable if stream is not None else "no stream is written")
        return pb.AttachResponse(
            transport="nats", epoch=self._hub.window.epoch, stream=stream.attachment()
        )


def _grpc(why: str, *, after_snapshot: bool = False) -> pb.AttachResponse:
    return pb.AttachResponse(transport="grpc", detail=why, after_snapshot=after_snapshot)
