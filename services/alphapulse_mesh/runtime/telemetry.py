"""Traces: spans whose ids are exactly those of the frames, exported off the hot path.

A frame's context already names trace, span and parent, so a span is recorded *from* a context
rather than the other way round: `new_context` makes the ids (also when nothing is sampled),
`span_for_frame` records the span with these ids when the context's sampled flag is set. Callers
look at `context.sampled` before they build attributes; the unsampled path is one attribute look-up.

    context = new_context(tick.context, sampled=True)      # caused by the tick's frame
    start = time.time_ns()
    ...
    if context.sampled:
        telemetry.span_for_frame(SIGNAL_PUBLISH, context, kind=SpanKind.PRODUCER, start_ns=start,
                                 attributes={...})

Spans go to the rotating file always and to OTLP when an endpoint is configured, through the SDK's
batch processors (own threads). Market data is sampled by trace id (`sample_market_data`); decisions
and orders pass `sampled=True`.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Iterator, Mapping, Sequence
from contextvars import ContextVar
from importlib.metadata import PackageNotFoundError, version
from os import getpid
from typing import TYPE_CHECKING, Final, Self

from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

from alphapulse_client.context import (
    NO_SPAN,
    FrameContext,
    IdSource,
    format_traceparent,
    new_context,
    parse_traceparent,
    sampled_by_ratio,
)
from alphapulse_mesh.runtime import attributes as names
from alphapulse_mesh.runtime.errors import MeshError
from alphapulse_mesh.runtime.names import service_id
from alphapulse_mesh.runtime.trace_files import SpanFileExporter

if TYPE_CHECKING:
    from types import TracebackType

    from alphapulse_mesh.runtime.config import MeshConfig

__all__ = [
    "NO_SPAN",
    "FrameContext",
    "IdSource",
    "OpenSpan",
    "SpanKind",
    "Telemetry",
    "current_context",
    "format_traceparent",
    "new_context",
    "parse_traceparent",
    "sampled_by_ratio",
    "software_version",
]

Attribute = str | bool | int | float
Attributes = Mapping[str, Attribute]

_log = logging.getLogger(__name__)
_SAMPLED: Final = TraceFlags(TraceFlags.SAMPLED)
_UNSET: Final = Status(StatusCode.UNSET)
_SCOPE: Final = InstrumentationScope("alphapulse")
_LINK_LIMIT: Final = 128  # OpenTelemetry's default limit per span
_BATCH: Final = 512

current_context: ContextVar[FrameContext | None] = ContextVar("alphapulse_context", default=None)
"""The context of the RPC being served (set by the tracing interceptor), or None."""


def software_version() -> str:
    """Version of the installed package, `0` in a source tree that is not installed."""
    try:
        return version("alphapulse")
    except PackageNotFoundError:
        return "0"


class OpenSpan:
    """A span being measured by `Telemetry.span`: set attributes, links and status before it
    ends.
    """

    __slots__ = ("attributes", "context", "links", "status")

    def __init__(self, context: FrameContext, attributes: Attributes | None) -> None:
        self.context = context
        self.attributes: dict[str, Attribute] = dict(attributes or {})
        self.links: list[FrameContext] = []
        self.status: Status = _UNSET

    def fail(self, error: BaseException) -> None:
        """Mark the span as failed: `error.type` is the stable reason of our errors."""
        reason = error.reason if isinstance(error, MeshError) else type(error).__name__
        self.attributes[names.ERROR_TYPE] = reason
        self.status = Status(StatusCode.ERROR, str(error))


class Telemetry:
    """Where one process sends its spans. Make it with `start`, end it with `close` (or `with`)."""

    def __init__(
        self,
        service: str,
        processors: Sequence[SpanProcessor],
        *,
        resource: Resource,
        market_data_sample_ratio: float = 1.0,
        rpc_sample_ratio: float = 1.0,
    ) -> None:
        self.service = service
        self.market_data_sample_ratio = market_data_sample_ratio
        self.rpc_sample_ratio = rpc_sample_ratio
        self._processors = tuple(processors)
        self._resource = resource

    @classmethod
    def start(cls, service: str, config: MeshConfig, instance: str | None = None) -> Telemetry:
        """Open the span file (and the OTLP exporter when `telemetry.otlp_endpoint` is set)."""
        settings = config.telemetry
        identity = service_id(service, instance)
        exporters = [
            SpanFileExporter(
                config.trace_dir,
                service,
                identity,
                max_bytes=settings.file.max_bytes,
                keep=settings.file.keep,
            ),
            *_otlp_exporters(config),
        ]
        processors = [
            BatchSpanProcessor(
                exporter,
                max_queue_size=settings.queue_spans,
                schedule_delay_millis=settings.flush_seconds * 1000,
                max_export_batch_size=min(_BATCH, settings.queue_spans),
            )
            for exporter in exporters
        ]
        resource = Resource.create(
            {
                names.SERVICE_NAME: service,
                names.SERVICE_NAMESPACE: config.mesh.name,
                names.SERVICE_INSTANCE_ID: identity,
                names.SERVICE_VERSION: software_version(),
                names.PROCESS_PID: getpid(),
            }
        )
        return cls(
            service,
            processors,
            resource=resource,
            market_data_sample_ratio=settings.market_data_sample_ratio,
            rpc_sample_ratio=settings.rpc_sample_ratio,
        )

    def market_data_context(self, ids: IdSource | None = None) -> FrameContext:
        """The root context of a market-data frame, sampled by the configured ratio of trace ids."""
        context = new_context() if ids is None else new_context(ids=ids)
        return context._replace(
            sampled=sampled_by_ratio(context.trace_id, self.market_data_sample_ratio)
        )

    def span_for_frame(
        self,
        name: str,
        context: FrameContext,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        start_ns: int,
        end_ns: int | None = None,
        links: Sequence[FrameContext] = (),
        attributes: Attributes | None = None,
        status: Status = _UNSET,
    ) -> None:
        """Record a finished span with exactly the ids of `context`; nothing when it is not sampled.

        The parent is the causation id (`NO_SPAN`: a root). `links` are the further causes of a
        message made from several. Times are ns since the epoch, UTC; `end_ns` defaults to now. Look
        at `context.sampled` first, so that an unsampled frame does not even build its attributes.
        """
        if not context.sampled:
            return
        trace_id = int.from_bytes(context.trace_id, "big")
        parent = None
        if context.causation_id != NO_SPAN:
            parent = SpanContext(
                trace_id, int.from_bytes(context.causation_id, "big"), True, _SAMPLED
            )
        span = ReadableSpan(
            name,
            SpanContext(trace_id, int.from_bytes(context.message_id, "big"), False, _SAMPLED),
            parent,
            self._resource,
            attributes,
            links=[_link(cause) for cause in links[:_LINK_LIMIT]],
            kind=kind,
            status=status,
            start_time=start_ns,
            end_time=time.time_ns() if end_ns is None else end_ns,
            instrumentation_scope=_SCOPE,
        )
        for processor in self._processors:
            processor.on_end(span)

    def child_span(
        self,
        name: str,
        parent: FrameContext,
        *,
        kind: SpanKind = SpanKind.INTERNAL,
        start_ns: int,
        end_ns: int | None = None,
        links: Sequence[FrameContext] = (),
        attributes: Attributes | None = None,
        status: Status = _UNSET,
    ) -> FrameContext:
        """Record a span under `parent` with an id of its own, e.g. `relay.publish` of a frame that
        passes unchanged. Returns its context; when the parent is not sampled that is the parent.
        """
        if not parent.sampled:
            return parent
        context = new_context(parent)
        self.span_for_frame(
            name,
            context,
            kind=kind,
            start_ns=start_ns,
            end_ns=end_ns,
            links=links,
            attributes=attributes,
            status=status,
        )
        return context

    @contextlib.contextmanager
    def span(
        self,
        name: str,
        parent: FrameContext | None = None,
        *,
        sampled: bool | None = None,
        kind: SpanKind = SpanKind.INTERNAL,
        attributes: Attributes | None = None,
    ) -> Iterator[OpenSpan]:
        """Measure a block as a span caused by `parent`; its context is what to send on as cause.

        An exception marks the span as failed and passes on. For one span an order or decision, not
        one a record.
        """
        span = OpenSpan(new_context(parent, sampled=sampled), attributes)
        start = time.time_ns()
        try:
            yield span
        except BaseException as error:
            span.fail(error)
            raise
        finally:
            self.span_for_frame(
                name,
                span.context,
                kind=kind,
                start_ns=start,
                links=span.links,
                attributes=span.attributes,
                status=span.status,
            )

    def flush(self) -> None:
        """Hand over everything recorded so far to the exporters. Blocks; for ends and tests."""
        for processor in self._processors:
            processor.force_flush()

    def close(self) -> None:
        """Flush and stop. Blocks up to the exporter's time-out."""
        for processor in self._processors:
            processor.shutdown()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _link(cause: FrameContext) -> Link:
    return Link(
        SpanContext(
            int.from_bytes(cause.trace_id, "big"),
            int.from_bytes(cause.message_id, "big"),
            True,
            TraceFlags(1 if cause.sampled else 0),
        )
    )


def _otlp_exporters(config: MeshConfig) -> list[SpanExporter]:
    settings = config.telemetry
    if settings.otlp_endpoint is None:
        return []
    # Imported here: it costs 100 ms, and most processes run without an endpoint.
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (  # noqa: PLC0415  # see above
        OTLPSpanExporter,
    )

    headers = settings.otlp_headers.get_secret_value() if settings.otlp_headers else None
    return [
        OTLPSpanExporter(
            endpoint=settings.otlp_endpoint,
            insecure=not settings.otlp_endpoint.startswith("https:"),
            headers=headers,
            timeout=5,
        )
    ]
