"""Logging of a service: one JSON object (or one plain line) a record on stderr.

Every line names the service and, inside an RPC, its trace, so that logs and spans find each other.
Modules log through `logging.getLogger(__name__)`; values go into the message or into `extra`.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, Final

import orjson

from alphapulse_mesh.runtime.telemetry import current_context

if TYPE_CHECKING:
    from alphapulse_mesh.runtime.config import TelemetryConfig

__all__ = ["configure_logging"]

_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class _JsonFormatter(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "time_ns": int(record.created * 1e9),
            "level": record.levelname.lower(),
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
        }
        context = current_context.get()
        if context is not None:
            entry["trace_id"] = context.trace_hex
        entry.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(entry, default=str).decode()


class _TextFormatter(logging.Formatter):
    def __init__(self, service: str) -> None:
        super().__init__(f"%(asctime)s %(levelname)-7s {service}: %(message)s", "%H:%M:%S")


def configure_logging(service: str, settings: TelemetryConfig) -> None:
    """Send every record of this process to stderr in the configured format and level."""
    handler = logging.StreamHandler(sys.stderr)
    make = _JsonFormatter if settings.log_format == "json" else _TextFormatter
    handler.setFormatter(make(service))
    logging.basicConfig(level=settings.log_level.upper(), handlers=[handler], force=True)
    # A lost exporter endpoint is one warning of ours, not a line a second of theirs.
    logging.getLogger("opentelemetry").setLevel(logging.ERROR)
