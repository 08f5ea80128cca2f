"""Unary calls: one time-out over all attempts, retries only of what may be repeated, our errors."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

import grpc.aio

from alphapulse_client._backoff import Backoff
from alphapulse_client.context import FrameContext, format_traceparent
from alphapulse_client.errors import (
    Cancelled,
    DeadlineExceeded,
    MeshError,
    Unavailable,
    from_rpc_error,
)

if TYPE_CHECKING:
    from alphapulse_client._channel import Metadata

__all__ = ["Caller"]

RequestT = TypeVar("RequestT")
ResponseT = TypeVar("ResponseT")

_RETRY: Final = Backoff(initial=0.02, maximum=0.5)
_REPEATED: Final = (Unavailable, Cancelled)
"""CANCELLED too is of the service: one that ends gives up the calls that it has just been sent.
When our own caller gives up, asyncio says so.
"""


class Method(Protocol[RequestT, ResponseT]):
    """A unary method of a generated stub."""

    def __call__(
        self,
        request: RequestT,
        /,
        *,
        timeout: float | None = None,
        metadata: Metadata | None = None,
    ) -> grpc.aio.UnaryUnaryCall[RequestT, ResponseT]:
        """Begin the call."""
        ...


class Caller:
    """Makes unary calls with one default time-out (seconds, over all attempts)."""

    def __init__(self, timeout: float, metadata: Metadata = ()) -> None:
        self._timeout = timeout
        self._metadata = tuple(metadata)

    async def __call__(
        self,
        method: Method[RequestT, ResponseT],
        request: RequestT,
        *,
        idempotent: bool = True,
        context: FrameContext | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # becomes gRPC's deadline
    ) -> ResponseT:
        """The answer; what a service that ends did not answer is tried again while there is time
        and the call is idempotent.

        Raises:
            MeshError: what the service answered, or DeadlineExceeded where it had not said why.
        """
        metadata = list(self._metadata)
        if context is not None:
            metadata.append(("traceparent", format_traceparent(context)))
        end = time.monotonic() + (self._timeout if timeout is None else timeout)
        retry = _RETRY.start()
        said: MeshError | None = None
        while True:
            remaining = max(0.001, end - time.monotonic())
            try:
                return await method(request, timeout=remaining, metadata=metadata)
            except grpc.aio.AioRpcError as error:
                failure = from_rpc_error(error)
                if said is not None and isinstance(failure, DeadlineExceeded):
                    raise said from error  # the time ran out while it was asked once more
                if not idempotent or not isinstance(failure, _REPEATED):
                    raise failure from error
                if time.monotonic() + retry.ceiling >= end:
                    raise failure from error
                if failure.reason != error.code().name:  # the service's own, not gRPC's
                    said = failure
            await retry.sleep()
