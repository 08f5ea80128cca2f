"""Span files: the JSON-lines file that every service always writes, and reading a directory of
them.

One finished span is one line:
    {"trace_id", "span_id", "parent_span_id" ("" for a root), "name", "kind", "service", "instance",
     "start_ns", "end_ns", "attributes": {}, "links": [{"trace_id", "span_id"}],
     "status": {"code": "UNSET" | "OK" | "ERROR", "message"}}
Ids are lower-case hex. Each process writes files of its own (`<service id>.jsonl`, rotated to `.1`,
`.2`, …), so that no lock is shared. A process killed in the middle of a line leaves a torn one;
readers skip it. When spans are recorded and exported is `telemetry`'s part.
"""

from __future__ import annotations

import fcntl
import logging
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.trace import format_span_id, format_trace_id

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from opentelemetry.sdk.trace import ReadableSpan

__all__ = ["SpanFileExporter", "SpanRecord", "find_spans", "read_spans"]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SpanRecord:
    """A span as read back from a file. Times are ns since the epoch, ids lower-case hex."""

    trace_id: str
    span_id: str
    parent_span_id: str
    name: str
    kind: str
    service: str
    instance: str
    start_ns: int
    end_ns: int
    attributes: dict[str, Any] = field(default_factory=dict)
    links: list[dict[str, str]] = field(default_factory=list)
    status: dict[str, str] = field(default_factory=dict)


def span_line(span: ReadableSpan, service: str, instance: str) -> bytes:
    """One line, without its newline."""
    context, parent, status = span.get_span_context(), span.parent, span.status
    assert context is not None, "recorded spans have a context"
    return orjson.dumps(
        {
            "trace_id": format_trace_id(context.trace_id),
            "span_id": format_span_id(context.span_id),
            "parent_span_id": format_span_id(parent.span_id) if parent else "",
            "name": span.name,
            "kind": span.kind.name,
            "service": service,
            "instance": instance,
            "start_ns": span.start_time,
            "end_ns": span.end_time,
            "attributes": dict(span.attributes or {}),
            "links": [
                {
                    "trace_id": format_trace_id(link.context.trace_id),
                    "span_id": format_span_id(link.context.span_id),
                }
                for link in span.links
            ],
            "status": {"code": status.status_code.name, "message": status.description or ""},
        },
        default=str,
    )


class SpanFileExporter(SpanExporter):
    """Appends spans to `<directory>/<instance>.jsonl`; beyond `max_bytes` it rotates, keeping
    `keep` older files. Called from the batch processor's thread only.
    """

    def __init__(
        self, directory: Path, service: str, instance: str, *, max_bytes: int, keep: int
    ) -> None:
        self._service, self._instance = service, instance
        self._max_bytes, self._keep = max_bytes, keep
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = directory / f"{instance}.jsonl"
        self._fd = self._open()
        if not self._lock():  # another living process has this name: a file of our own
            os.close(self._fd)
            self.path = directory / f"{instance}.{os.getpid()}.jsonl"
            self._fd = self._open()
            self._lock()
        self._size = os.fstat(self._fd).st_size
        self._mend()

    def _open(self) -> int:
        return os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def _lock(self) -> bool:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _mend(self) -> None:
        """End a line that a killed predecessor left torn, so that ours begin on their own."""
        if self._size and os.pread(self._fd, 1, self._size - 1) != b"\n":
            try:
                self._size += os.write(self._fd, b"\n")
            except OSError as error:  # a full disk: the service starts without
                _log.warning("trace file %s: %s", self.path, error.strerror)

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Write the spans; a full disk loses them with one log line, and never stops the
        service.
        """
        data = b"".join(span_line(span, self._service, self._instance) + b"\n" for span in spans)
        try:
            if self._size and self._size + len(data) > self._max_bytes:
                self._rotate()
            view = memoryview(data)
            while view:
                written = os.write(self._fd, view)
                self._size += written
                view = view[written:]
        except OSError as error:
            _log.warning("trace file %s: %s; %d spans lost", self.path, error.strerror, len(spans))
            return SpanExportResult.FAILURE
        return SpanExportResult.SUCCESS

    def _rotate(self) -> None:
        for number in range(self._keep, 0, -1):
            source = (
                self.path if number == 1 else self.path.with_name(f"{self.path.name}.{number - 1}")
            )
            if source.exists():
                source.replace(self.path.with_name(f"{self.path.name}.{number}"))
        old, self._fd = self._fd, self._open()
        os.close(old)
        self._lock()
        self._size = 0

    def shutdown(self) -> None:
        """Close the file."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Nothing is held back here."""
        return True


def read_spans(directory: Path) -> Iterator[SpanRecord]:
    """Every span of every file in `directory`, oldest file of each service first; torn lines
    skipped.
    """
    for path in sorted(directory.glob("*.jsonl*"), key=_age):
        try:
            file = path.open("rb")
        except FileNotFoundError:  # rotated away while we looked
            continue
        with file:
            for line in file:
                record = _parse(line)
                if record is not None:
                    yield record


def _age(path: Path) -> tuple[str, int]:
    name, _, number = path.name.rpartition(".jsonl")
    return name, -int(number[1:]) if number[1:].isdigit() else 0


def _parse(line: bytes) -> SpanRecord | None:
    if not line.endswith(b"\n"):
        return None
    try:
        return SpanRecord(**orjson.loads(line))
    except (orjson.JSONDecodeError, TypeError):
        return None


def find_spans(
    directory: Path, *, trace_id: str | None = None, attribute: tuple[str, str] | None = None
) -> list[SpanRecord]:
    """The spans of one trace, ordered by start.

    Named by `trace_id` (32 hex digits), or by an attribute that any span of it has, e.g.
    `(attributes.ORDER_ID, order_id)`. Empty when there is none.
    """
    spans = list(read_spans(directory))
    if attribute is not None:
        key, value = attribute
        # A span of several orders names them all, with commas between.
        trace_id = next(
            (s.trace_id for s in spans if value in str(s.attributes.get(key, "")).split(",")), None
        )
    return sorted((s for s in spans if s.trace_id == trace_id), key=lambda s: s.start_ns)
