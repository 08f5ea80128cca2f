"""What stands around every RPC: errors, traces, metrics, deadlines. Thin, because each call pays
for it.

`MeshInterceptor` wraps each handler once, by its shape (unary or streaming in, unary or streaming
out,
async generator or coroutine style), and tells its observers when a call begins and ends. Errors are
translated in one place: a `MeshError` becomes a rich status, anything else INTERNAL with the story
in the log and nothing of it on the wire.

On the calling side there is no interceptor at all (the stock ones cost half a millisecond):
`call_options` gives metadata and time-out of an outgoing call, carrying the trace and what is left
of the caller's time.
"""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import logging
import time
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Protocol, TypedDict

import grpc
import grpc.aio
from google.protobuf.message import DecodeError
from opentelemetry.trace import Status, StatusCode

from alphapulse_mesh.runtime import attributes as names
from alphapulse_mesh.runtime.errors import (
    STATUS_DETAILS_KEY,
    DeadlineExceeded,
    InternalError,
    InvalidArgument,
    MeshError,
    Unavailable,
    code_of,
    from_rpc_error,
    to_status,
)
from alphapulse_mesh.runtime.telemetry import (
    FrameContext,
    SpanKind,
    Telemetry,
    current_context,
    format_traceparent,
    new_context,
    parse_traceparent,
    sampled_by_ratio,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from alphapulse_mesh.runtime.metrics import Metrics

    _Decode = Callable[[Any], Any]

__all__ = [
    "CallObserver",
    "MeshInterceptor",
    "MetricsObserver",
    "RpcCall",
    "TracingObserver",
    "call_options",
    "current_deadline",
]

_log = logging.getLogger(__name__)

TRACEPARENT: Final = "traceparent"
_UNTRACED: Final = ("grpc.health.", "grpc.reflection.")

current_deadline: ContextVar[float | None] = ContextVar("alphapulse_deadline", default=None)
"""`time.monotonic()` at which the RPC being served must be answered, or None."""


class RpcCall:
    """One call, from its first byte to its status."""

    __slots__ = ("code", "context", "error", "frame_context", "handler", "start_ns")

    def __init__(self, handler: HandlerInfo, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        self.handler = handler
        self.context = context
        self.start_ns = time.time_ns()
        self.code = grpc.StatusCode.OK
        self.error: MeshError | None = None
        self.frame_context: FrameContext | None = None


class HandlerInfo:
    """What is the same for all calls of a method."""

    __slots__ = ("labels", "method", "service", "shape", "streaming", "traced")

    def __init__(self, path: str, handler: grpc.RpcMethodHandler[Any, Any]) -> None:
        self.service, _, self.method = path.lstrip("/").partition("/")
        request, response = bool(handler.request_streaming), bool(handler.response_streaming)
        self.streaming = request or response
        self.shape = {
            (False, False): "unary",
            (True, False): "client_stream",
            (False, True): "server_stream",
            (True, True): "bidi_stream",
        }[request, response]
        self.labels = (self.shape, self.service, self.method)
        self.traced = not self.service.startswith(_UNTRACED)


class CallObserver(Protocol):
    """Told of each call; must not raise, must not wait."""

    def started(self, call: RpcCall) -> None:
        """The handler is about to run, in this task."""
        ...

    def ended(self, call: RpcCall) -> None:
        """The handler has ended; `call.code` and `call.error` say how."""
        ...


class TracingObserver:
    """Takes the caller's `traceparent`, makes it `current_context`, records a server span if
    sampled.

    Streams without a sampled `traceparent` are not recorded: a feed's span would last for days.
    """

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry

    def started(self, call: RpcCall) -> None:
        """Set `current_context`."""
        if not call.handler.traced:
            return
        parent = None
        for key, value in call.context.invocation_metadata() or ():
            if key == TRACEPARENT:
                parent = parse_traceparent(value)
        context = new_context(parent)
        if parent is None:
            ratio = 0.0 if call.handler.streaming else self._telemetry.rpc_sample_ratio
            context = context._replace(sampled=sampled_by_ratio(context.trace_id, ratio))
        call.frame_context = context
        current_context.set(context)

    def ended(self, call: RpcCall) -> None:
        """Record the span."""
        context = call.frame_context
        if context is None or not context.sampled:
            return
        info = call.handler
        attributes: dict[str, str | bool | int | float] = {
            names.RPC_SYSTEM: "grpc",
            names.RPC_METHOD: f"{info.service}/{info.method}",
            names.RPC_STATUS_CODE: call.code.name,
        }
        status = Status(StatusCode.UNSET)
        if call.code in _SERVER_FAULTS:
            attributes[names.ERROR_TYPE] = call.error.reason if call.error else call.code.name
            status = Status(StatusCode.ERROR, call.error.message if call.error else None)
        self._telemetry.span_for_frame(
            f"{info.service}/{info.method}",
            context,
            kind=SpanKind.SERVER,
            start_ns=call.start_ns,
            attributes=attributes,
            status=status,
        )


# The codes that the RPC conventions count as errors of the server's span.
_SERVER_FAULTS: Final = frozenset(
    {
        grpc.StatusCode.UNKNOWN,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.UNIMPLEMENTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)


class MetricsObserver:
    """Counts calls by method and code, and measures those that are not streams."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics

    def started(self, call: RpcCall) -> None:
        """One more in flight."""
        labels = call.handler.labels
        self._metrics.rpc_started.labels(*labels).inc()
        self._metrics.rpc_in_flight.labels(*labels).inc()

    def ended(self, call: RpcCall) -> None:
        """One less, by code."""
        labels, code = call.handler.labels, call.code.name
        self._metrics.rpc_in_flight.labels(*labels).dec()
        self._metrics.rpc_handled.labels(*labels, code).inc()
        if not call.handler.streaming:
            seconds = (time.time_ns() - call.start_ns) / 1e9
            self._metrics.rpc_seconds.labels(*labels, code).observe(seconds)


class MeshInterceptor(grpc.aio.ServerInterceptor):
    """Wraps every handler of a server with deadline, observers and error translation."""

    def __init__(self, observers: Sequence[CallObserver] = ()) -> None:
        self._observers = tuple(observers)
        self._wrapped: dict[str, tuple[Any, grpc.RpcMethodHandler[Any, Any]]] = {}

    async def intercept_service(
        self,
        continuation: Callable[
            [grpc.HandlerCallDetails], Awaitable[grpc.RpcMethodHandler[Any, Any] | None]
        ],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The wrapped handler of the method; wrapped once, then remembered."""
        handler = await continuation(handler_call_details)
        if handler is None:
            return None
        path = handler_call_details.method
        known = self._wrapped.get(path)
        if known is not None and known[0] is handler:
            return known[1]
        wrapped = self._wrap(handler, HandlerInfo(path, handler))
        self._wrapped[path] = (handler, wrapped)
        return wrapped

    def _wrap(
        self, handler: grpc.RpcMethodHandler[Any, Any], info: HandlerInfo
    ) -> grpc.RpcMethodHandler[Any, Any]:
        kinds = {
            "unary": (handler.unary_unary, grpc.unary_unary_rpc_method_handler),
            "client_stream": (handler.stream_unary, grpc.stream_unary_rpc_method_handler),
            "server_stream": (handler.unary_stream, grpc.unary_stream_rpc_method_handler),
            "bidi_stream": (handler.stream_stream, grpc.stream_stream_rpc_method_handler),
        }
        behaviour, make = kinds[info.shape]
        decode = _decoder(handler.request_deserializer, info)
        # gRPC decodes a single request before anything of ours runs, and answers a broken one with
        # the words of the decoder: so that one is decoded in here.
        inside = decode if decode is not None and not handler.request_streaming else _as_it_is
        if inspect.isasyncgenfunction(behaviour):
            around: Any = self._generator(behaviour, info, inside)
        elif inspect.iscoroutinefunction(behaviour):
            around = self._coroutine(behaviour, info, inside)
        else:
            raise TypeError(f"{info.service}/{info.method}: the handler is not async")
        return make(
            around,
            request_deserializer=decode if handler.request_streaming else None,
            response_serializer=handler.response_serializer,
        )

    def _coroutine(self, behaviour: Any, info: HandlerInfo, decode: _Decode) -> Any:
        async def call(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
            rpc = self._begin(info, context)
            try:
                return await behaviour(decode(request), context)
            except BaseException as error:  # noqa: BLE001  # translated and raised again, always
                await self._raise(rpc, error)
            finally:
                self._end(rpc)

        return call

    def _generator(self, behaviour: Any, info: HandlerInfo, decode: _Decode) -> Any:
        async def call(
            request: Any, context: grpc.aio.ServicerContext[Any, Any]
        ) -> AsyncIterator[Any]:
            rpc = self._begin(info, context)
            try:
                async with contextlib.aclosing(behaviour(decode(request), context)) as responses:
                    async for response in responses:
                        yield response
            except BaseException as error:  # noqa: BLE001  # translated and raised again, always
                await self._raise(rpc, error)
            finally:
                self._end(rpc)

        return call

    def _begin(self, info: HandlerInfo, context: grpc.aio.ServicerContext[Any, Any]) -> RpcCall:
        call = RpcCall(info, context)
        remaining = _remaining(context)
        # Set, never reset: each RPC is served in a task, and so in a context, of its own.
        current_deadline.set(None if remaining is None else time.monotonic() + remaining)
        for observer in self._observers:
            observer.started(call)
        return call

    def _end(self, call: RpcCall) -> None:
        for observer in self._observers:
            observer.ended(call)

    async def _raise(self, call: RpcCall, error: BaseException) -> None:
        """Answer with the status that `error` stands for; never returns normally."""
        if isinstance(error, asyncio.CancelledError | GeneratorExit):
            remaining = _remaining(call.context)
            late = remaining is not None and remaining <= 0
            call.code = grpc.StatusCode.DEADLINE_EXCEEDED if late else grpc.StatusCode.CANCELLED
            raise error
        if isinstance(error, grpc.aio.AbortError):  # the handler gave its own status
            call.code = _abort_code(call.context)
            raise error
        if not isinstance(error, Exception):  # KeyboardInterrupt, SystemExit: not ours to answer
            call.code = grpc.StatusCode.INTERNAL
            raise error
        call.error = _as_mesh_error(error, call)
        call.code = code_of(call.error)
        status = to_status(call.error)
        await call.context.abort(
            call.code,
            status.message,
            trailing_metadata=((STATUS_DETAILS_KEY, status.SerializeToString()),),
        )


def _decoder(deserialize: _Decode | None, info: HandlerInfo) -> _Decode | None:
    """The same, but for the error: what cannot be decoded is the caller's fault."""
    if deserialize is None:
        return None

    def decode(data: Any) -> Any:
        try:
            return deserialize(data)
        except DecodeError:
            raise InvalidArgument(
                f"{info.method}: the message is not the one that it takes",
                reason="REQUEST_MALFORMED",
            ) from None

    return decode


def _as_it_is(data: Any) -> Any:
    return data


def _remaining(context: Any) -> float | None:
    """Seconds left of the caller's deadline, None without one (the stubs know only a float)."""
    remaining: float | None = context.time_remaining()
    return remaining


def _abort_code(context: Any) -> grpc.StatusCode:
    """The code that a handler aborted with (a number or None where the stubs say StatusCode)."""
    code = context.code()
    return code if isinstance(code, grpc.StatusCode) else grpc.StatusCode.UNKNOWN


def _as_mesh_error(error: Exception, call: RpcCall) -> MeshError:
    if isinstance(error, MeshError):
        return error
    if isinstance(error, grpc.RpcError):
        # A service that we called could not answer in time or at all: neither could we.
        downstream = from_rpc_error(error)
        if isinstance(downstream, Unavailable | DeadlineExceeded):
            return downstream
    trace_id = call.frame_context.trace_hex if call.frame_context else ""
    _log.error(
        "%s/%s failed: %s",
        call.handler.service,
        call.handler.method,
        type(error).__name__,
        exc_info=error,
        extra={"trace_id": trace_id},
    )
    return InternalError(
        "internal error; the server's log has it by this trace id", trace_id=trace_id
    )


class CallOptions(TypedDict, total=False):
    """Keyword arguments of a stub's call."""

    metadata: tuple[tuple[str, str], ...]
    timeout: float


def call_options(
    context: FrameContext | None = None,
    *,
    timeout: float | None = None,
    margin: float = 0.005,
    metadata: Sequence[tuple[str, str]] = (),
) -> CallOptions:
    """Metadata and time-out of an outgoing call: `await stub.Get(request, **call_options())`.

    `context` (default: that of the RPC being served) becomes the `traceparent`. The time-out is the
    smaller of `timeout` and what the caller of the RPC being served has left, less `margin`
    seconds.

    Raises:
        DeadlineExceeded: nothing is left of the caller's time.
    """
    options: CallOptions = {}
    context = context or current_context.get()
    if context is not None:
        options["metadata"] = (*metadata, (TRACEPARENT, format_traceparent(context)))
    elif metadata:
        options["metadata"] = tuple(metadata)
    deadline = current_deadline.get()
    if deadline is not None:
        remaining = deadline - time.monotonic() - margin
        if remaining <= 0:
            raise DeadlineExceeded("the caller's deadline leaves no time for a further call")
        timeout = remaining if timeout is None else min(timeout, remaining)
    if timeout is not None:
        options["timeout"] = timeout
    return options
