"""Causality: the three ids that every frame carries, and W3C `traceparent` text for gRPC metadata.

`FrameContext` is the frame's `context` struct as a Python value: correlation id = trace id, message
id = span id, causation id = the parent's span id. Recording spans is the services' business
(`alphapulse_mesh.runtime.telemetry`); this module needs no OpenTelemetry.
"""

from __future__ import annotations

import os
import random
import re
from typing import Final, NamedTuple

__all__ = [
    "NO_SPAN",
    "FrameContext",
    "IdSource",
    "format_traceparent",
    "new_context",
    "parse_traceparent",
    "sampled_by_ratio",
]

NO_SPAN: Final = bytes(8)
"""Causation id of a frame that nothing caused: the root of its trace."""

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?\Z")
_NO_TRACE = bytes(16)


class FrameContext(NamedTuple):
    """Who I am and what caused me. `sampled` is the W3C sampled flag, decided once at the root."""

    trace_id: bytes
    """16 bytes, never all zero; the correlation id."""
    message_id: bytes
    """8 bytes, never all zero; the span id of what made this message."""
    causation_id: bytes
    """8 bytes; the message id of the cause, or `NO_SPAN`."""
    sampled: bool

    def child(self, *, sampled: bool | None = None) -> FrameContext:
        """A new message caused by this one: same trace, new message id."""
        return new_context(self, sampled=sampled)

    @property
    def trace_hex(self) -> str:
        """The trace id as 32 lower-case hex digits."""
        return self.trace_id.hex()

    @property
    def message_hex(self) -> str:
        """The message id as 16 lower-case hex digits."""
        return self.message_id.hex()


class IdSource:
    """Random ids; with a seed the same ids again (backtests, golden files). Not for secrets."""

    def __init__(self, seed: int | None = None) -> None:
        self._bits = random.Random(  # noqa: S311  # ids, not secrets
            int.from_bytes(os.urandom(32), "big") if seed is None else seed
        ).getrandbits

    def trace_id(self) -> bytes:
        """16 random bytes, not all zero."""
        return (self._bits(128) or 1).to_bytes(16, "big")

    def span_id(self) -> bytes:
        """8 random bytes, not all zero."""
        return (self._bits(64) or 1).to_bytes(8, "big")


_IDS: Final = IdSource()


def new_context(
    parent: FrameContext | None = None, *, sampled: bool | None = None, ids: IdSource = _IDS
) -> FrameContext:
    """A context for a new message: a child of `parent`, or the root of a new trace.

    `sampled=None` inherits the parent's flag (True for a root); decisions and orders pass True.
    """
    if parent is None:
        return FrameContext(ids.trace_id(), ids.span_id(), NO_SPAN, sampled is not False)
    return FrameContext(
        parent.trace_id,
        ids.span_id(),
        parent.message_id,
        parent.sampled if sampled is None else sampled,
    )


def sampled_by_ratio(trace_id: bytes, ratio: float) -> bool:
    """Whether a trace is in the sample: the same answer for the same trace id in every process.

    Compares the low 64 bits with ratio · 2⁶⁴, as OpenTelemetry's TraceIdRatioBased sampler does.
    """
    return int.from_bytes(trace_id[8:], "big") < round(ratio * 2**64)


def format_traceparent(context: FrameContext) -> str:
    """`00-<trace id>-<message id>-<flags>` (W3C Trace Context, version 00)."""
    flags = "01" if context.sampled else "00"
    return f"00-{context.trace_id.hex()}-{context.message_id.hex()}-{flags}"


def parse_traceparent(text: str | bytes) -> FrameContext | None:
    """The context that a `traceparent` names, or None where the standard says to ignore the header.

    The causation id is `NO_SPAN`: a traceparent does not tell who caused its sender.
    """
    match = _TRACEPARENT.match(text.decode("ascii", "replace") if isinstance(text, bytes) else text)
    if match is None or match[1] == "ff" or (match[1] == "00" and match[5]):
        return None
    trace_id, span_id = bytes.fromhex(match[2]), bytes.fromhex(match[3])
    if trace_id == _NO_TRACE or span_id == NO_SPAN:
        return None
    return FrameContext(trace_id, span_id, NO_SPAN, bool(int(match[4], 16) & 1))
