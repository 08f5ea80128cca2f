"""A service's heartbeats and errors, as frames: what they say, and how many there may be.

`ErrorLog` makes a frame of every error that a service logs, so that a service reports by logging as
it always does. Sending is `feed`'s part.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse_client.system_frames import (
    FeedLag,
    Heartbeat,
    Sender,
    error_frame,
    heartbeat_frame,
)
from alphapulse_mesh.runtime.errors import MeshError, code_of
from alphapulse_mesh.runtime.telemetry import FrameContext, current_context

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Iterable

    from alphapulse_mesh.runtime.agent import AgentStatus

__all__ = ["ErrorLog", "Rate", "Traffic", "error_frame_of", "heartbeat"]

_OWN: Final = "alphapulse_mesh."
_SEVERITIES: Final = ((logging.CRITICAL, 4), (logging.ERROR, 3), (logging.WARNING, 2))
_INTERNAL: Final = 13  # grpc.StatusCode.INTERNAL
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


class Traffic(NamedTuple):
    """What has gone through a service since its start."""

    frames_in: int = 0
    frames_out: int = 0
    records_in: int = 0
    records_out: int = 0


class Rate:
    """At most so many a minute; as many may come at once."""

    def __init__(self, per_minute: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.refused = 0
        """Since the last one that passed."""
        self._per_minute = per_minute
        self._left = float(per_minute)
        self._clock = clock
        self._at = clock()

    def passes(self) -> bool:
        """Whether one more may pass now."""
        now = self._clock()
        self._left = min(self._per_minute, self._left + (now - self._at) * self._per_minute / 60)
        self._at = now
        if self._left < 1:
            self.refused += 1
            return False
        self._left -= 1
        return True


def heartbeat(
    sender: Sender,
    status: AgentStatus,
    *,
    started_ns: int,
    interval: float,
    traffic: Traffic,
    lags: Iterable[FeedLag],
) -> bytes:
    """A heartbeat of this process, as a frame."""
    return heartbeat_frame(
        Heartbeat(
            sender,
            created_at=time.time_ns(),
            started_at=started_ns,
            pid=os.getpid(),
            interval_ms=int(interval * 1000),
            state=int(status.state),
            resident_bytes=_resident_bytes(),
            cpu_ns=time.process_time_ns(),
            lags=tuple(lags),
            **traffic._asdict(),
        )
    )


def _resident_bytes() -> int:
    """From /proc/self/statm (proc(5)): the second number is pages."""
    try:
        return int(Path("/proc/self/statm").read_bytes().split()[1]) * _PAGE
    except (OSError, IndexError, ValueError):  # not on every system
        return 0


class ErrorLog(logging.Handler):
    """Gives every error that the service logs to `report`, on the event loop's thread."""

    def __init__(
        self, loop: AbstractEventLoop, report: Callable[[logging.LogRecord], None]
    ) -> None:
        super().__init__(logging.ERROR)
        self._loop = loop
        self._report = report

    def emit(self, record: logging.LogRecord) -> None:
        """Logging's hook. Our own records only: what others log is for the log."""
        if not record.name.startswith(_OWN) or self._loop.is_closed():
            return
        record.cause = current_context.get()  # of the thread and task that logs
        self._loop.call_soon_threadsafe(self._report, record)


def error_frame_of(sender: Sender, record: logging.LogRecord, unreported: int) -> bytes:
    """A logged error as a frame: reason and code of the exception that it tells of.

    `unreported`: errors that were left out before it.
    """
    error = record.exc_info[1] if record.exc_info else None
    text = record.getMessage()
    if unreported:
        text = f"{text[:1500]} ({unreported} errors before it were not reported)"
    cause = getattr(record, "cause", None)
    severity = next((rank for level, rank in _SEVERITIES if record.levelno >= level), 1)
    return error_frame(
        sender,
        reason=error.reason if isinstance(error, MeshError) else "SERVICE_ERROR",
        text=text,
        code=code_of(error).value[0] if isinstance(error, MeshError) else _INTERNAL,
        severity=severity,
        cause=cause if isinstance(cause, FrameContext) else None,
    )
