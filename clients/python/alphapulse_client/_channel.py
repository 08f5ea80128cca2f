"""Channels as every part of the client opens them: limits, keepalive, fast reconnection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import grpc
import grpc.aio

__all__ = ["MAX_MESSAGE_BYTES", "ChannelFactory", "Metadata"]

Metadata = Sequence[tuple[str, str | bytes]]

MAX_MESSAGE_BYTES: Final = 64 << 20
"""Largest message that a client takes; the servers' own limit is lower."""

_OPTIONS: Final[tuple[tuple[str, Any], ...]] = (
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.max_pings_without_data", 0),
    # a restarted service is back within a second: do not wait for gRPC's up to two minutes
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    # retries are ours: we know which calls may be repeated
    ("grpc.enable_retries", 0),
)
# Channels with equal arguments share one connection, and then one stream's flow control and one
# connection's lock are everybody's.
_OWN_CONNECTION: Final = ("grpc.use_local_subchannel_pool", 1)


class ChannelFactory:
    """Opens channels to one target."""

    def __init__(
        self,
        target: str,
        *,
        credentials: grpc.ChannelCredentials | None = None,
        interceptors: Sequence[grpc.aio.ClientInterceptor] = (),
    ) -> None:
        self.target = target
        self._credentials = credentials
        self._interceptors = tuple(interceptors)

    def open(self, *, own_connection: bool = True) -> grpc.aio.Channel:
        """A new channel; with `own_connection` it shares its connection with no other channel."""
        options = [*_OPTIONS, _OWN_CONNECTION] if own_connection else list(_OPTIONS)
        if self._credentials is None:
            return grpc.aio.insecure_channel(
                self.target, options=options, interceptors=self._interceptors
            )
        return grpc.aio.secure_channel(
            self.target, self._credentials, options=options, interceptors=self._interceptors
        )
