"""Which transport a subscription takes: what the relay offers, where it can be read from here."""

from __future__ import annotations

import logging
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from alphapulse_client.errors import FailedPrecondition, Unimplemented
from alphapulse_client.transports.grpc import GrpcSource
from alphapulse_client.transports.seat import Seat
from alphapulse_client.transports.shm import ShmSource, boot_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    import grpc.aio

    from alphapulse.relay.v1 import relay_pb2 as pb
    from alphapulse_client.domains import RelayDomain
    from alphapulse_client.transports.base import FeedSource

__all__ = ["TRANSPORTS", "connect"]

_LOG = logging.getLogger(__name__)

_UNREADABLE: Final = ("SHM_UNREADABLE", "NATS_UNREADABLE")

TRANSPORTS: Final = ("shm", "nats") if find_spec("nats") is not None else ("shm",)
"""What can be read here beside gRPC, best first."""


async def connect(
    channel: grpc.aio.Channel,
    domain: RelayDomain,
    request: pb.SubscribeRequest,
    metadata: grpc.aio.Metadata,
    transports: Sequence[str] = TRANSPORTS,
) -> tuple[FeedSource, str]:
    """Open a subscription; also returns why it is gRPC where the relay offers better.

    Raises:
        MeshError: the relay refuses the subscription, or is not there.
    """
    detail = ""
    until_snapshot = False
    if transports:
        seat = Seat(channel, domain, metadata)
        source: FeedSource | None = None
        try:
            answer = await seat.open(request, transports, boot_id())
            detail, until_snapshot = answer.detail, answer.after_snapshot
            if answer.transport == "shm":
                source = ShmSource(seat, answer, request)
                return source, ""
            if answer.transport == "nats":
                # a tenth of a second of imports
                from alphapulse_client.transports.nats import (  # noqa: PLC0415  # only who uses it
                    NatsSource,
                )

                source = await NatsSource.open(seat, answer, request)
                return source, ""
        except Unimplemented:
            detail = "the relay does not know Attach"
        except FailedPrecondition as error:
            if error.reason not in _UNREADABLE:
                raise
            detail = error.message
            _LOG.info("%s subscription %r: %s", domain, request.subscriber_name, detail)
        finally:
            if source is None:
                seat.cancel()
    source = GrpcSource(channel, domain, request, metadata, until_snapshot=until_snapshot)
    return source, detail
