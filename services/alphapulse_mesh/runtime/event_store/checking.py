"""What every event store refuses before anything is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alphapulse_mesh.runtime.event_store.base import NewEvent

__all__ = ["check_append", "check_event", "check_from", "check_stream"]


def check_append(stream: str, events: Sequence[NewEvent]) -> None:
    """A named stream, and at least one event, each with a name and bytes.

    Raises:
        InvalidArgument: STREAM_INVALID, APPEND_EMPTY, EVENT_INVALID.
    """
    check_stream(stream)
    if not events:
        raise InvalidArgument(
            "append needs at least one event", reason="APPEND_EMPTY", stream=stream
        )
    for event in events:
        check_event(stream, *event)


def check_stream(stream: object) -> None:
    """A name for a stream. Raises InvalidArgument (STREAM_INVALID)."""
    if not isinstance(stream, str) or not stream or not stream.isprintable():
        raise InvalidArgument(f"{stream!r} is no name for a stream", reason="STREAM_INVALID")


def check_event(stream: str, kind: object, data: object) -> None:
    """A value that the store refuses would fail a whole group, other callers' parts too.

    Raises:
        InvalidArgument: EVENT_INVALID.
    """
    named = isinstance(kind, str) and kind.isascii() and kind.isprintable() and kind != ""
    if not named or not isinstance(data, bytes):
        raise InvalidArgument(
            f"event type {kind!r} must be printable ASCII, "
            f"and its data bytes, not {type(data).__name__}",
            reason="EVENT_INVALID",
            stream=stream,
        )


def check_from(from_version: int) -> None:
    """Versions begin at 1. Raises InvalidArgument (VERSION_INVALID)."""
    if from_version < 1:
        raise InvalidArgument(
            f"versions begin at 1, not {from_version}",
            reason="VERSION_INVALID",
            version=from_version,
        )
