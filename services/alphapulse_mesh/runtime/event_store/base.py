"""The `EventStore` protocol: append-only streams of events, each with a dense version and a
checksum.

A stream's first event has version 1; a stream that was never written has version 0. What an event
means is the service's business: the store keeps a type name and bytes.

Errors, the same in every implementation:
    Conflict    VERSION_CONFLICT     the stream is not at `expected_version` (values: expected,
    actual) OutOfRange  VERSION_OUT_OF_RANGE reading from beyond the end
    DataLoss    EVENT_CORRUPT, EVENT_MISSING, STORE_CORRUPT (values: stream, version)
    Unavailable STORE_FAILED, STORE_CLOSED: nothing more is written until it is opened anew
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, Self, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from types import TracebackType

__all__ = [
    "ANY_VERSION",
    "EventStore",
    "NewEvent",
    "RecordedEvent",
    "Snapshot",
    "event_checksum",
]

ANY_VERSION: Final = -1
"""For `append`: whatever version the stream has."""


class NewEvent(NamedTuple):
    """An event to append."""

    type: str
    """Name of what happened, e.g. `order.accepted`; stable, the fold dispatches on it."""
    data: bytes


class RecordedEvent(NamedTuple):
    """An event as stored, its checksum verified."""

    stream: str
    version: int
    """Dense from 1 within the stream."""
    type: str
    data: bytes
    recorded_ns: int
    """When it was written, ns since the epoch, UTC."""


class Snapshot(NamedTuple):
    """A fold's state after `version` events."""

    stream: str
    version: int
    data: bytes


@runtime_checkable
class EventStore(Protocol):
    """See the module. Instances belong to one event loop."""

    async def append(
        self, stream: str, events: Sequence[NewEvent], *, expected_version: int = ANY_VERSION
    ) -> int:
        """Append all of `events` or none; returns the stream's new version once they are durable.

        With `expected_version` (0: the stream must be new) a concurrent append makes this one a
        Conflict. Appends of one caller to one stream are kept in the order of the calls, also when
        they are awaited together. A cancelled append may or may not have happened.
        """
        ...

    def read(self, stream: str, from_version: int = 1) -> AsyncIterator[RecordedEvent]:
        """The events from `from_version` to the present end, in order; none for an unknown
        stream.
        """
        ...

    def follow(self, stream: str, from_version: int = 1) -> AsyncIterator[RecordedEvent]:
        """As `read`, then every further event as it becomes durable, until closed or cancelled."""
        ...

    async def version(self, stream: str) -> int:
        """The stream's version: how many events it has."""
        ...

    async def save_snapshot(self, stream: str, version: int, data: bytes) -> None:
        """Keep a fold's state after `version` events; the last two are kept, older ones dropped."""
        ...

    async def load_snapshot(self, stream: str) -> Snapshot | None:
        """The newest snapshot whose checksum holds (a damaged one is logged and passed over)."""
        ...

    async def close(self) -> None:
        """Finish what was appended and release everything. Idempotent."""
        ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


_FIXED: Final = struct.Struct("<QqHI")


def event_checksum(stream: str, version: int, kind: bytes, data: bytes, recorded_ns: int) -> int:
    """CRC-32 over everything that an event is, so that a moved or renamed event is found too."""
    name = stream.encode()
    fixed = _FIXED.pack(version, recorded_ns, len(name), len(kind))
    return zlib.crc32(data, zlib.crc32(fixed + name + kind))
