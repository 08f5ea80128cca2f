"""The journal's bytes: a change as an event of the event store, and back.

Every change that clients may watch is stored as the very `WatchRegistryResponse` that they get, its
fields in the order revision, time, event, so that a watch hands out stored bytes and a replay
slices the instrument out of them. A recorded request is stored alone: nobody watches it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from google.protobuf.message import DecodeError

from alphapulse_core import instrument_event
from alphapulse_mesh.registry import wire
from alphapulse_mesh.registry.model import Change, ChangeKind, InstrumentEntry, decode_change
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.runtime.errors import DataLoss
from alphapulse_mesh.runtime.event_store import NewEvent, RecordedEvent

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["STREAM", "bookmark", "decode_event", "encode_event", "encode_events", "is_watched"]

STREAM: Final = "registry"

_TYPES: Final = {
    ChangeKind.REQUEST_RECORDED: "request.recorded",
    ChangeKind.INSTRUMENT_REGISTERED: "instrument.registered",
    ChangeKind.INSTRUMENT_UPDATED: "instrument.updated",
    ChangeKind.LINK_ADDED: "link.added",
    ChangeKind.LINK_REMOVED: "link.removed",
    ChangeKind.VENUE_REGISTERED: "venue.registered",
    ChangeKind.COLLISION_DETECTED: "collision.detected",
    ChangeKind.VENUE_UPDATED: "venue.updated",
    ChangeKind.SYNTHETIC_DEFINED: "synthetic.defined",
}
_KINDS: Final = {name: kind for kind, name in _TYPES.items()}
_LENGTH_DELIMITED: Final = 2
_TAGS: Final = {kind: bytes((kind << 3 | _LENGTH_DELIMITED,)) for kind in ChangeKind}
_REVISION_TAG: Final = 0x08
_TIME_TAG: Final = 0x12
_SECOND: Final = 1_000_000_000
_INSTRUMENTS: Final = {ChangeKind.INSTRUMENT_REGISTERED, ChangeKind.INSTRUMENT_UPDATED}


def encode_events(changes: Sequence[Change], time_ns: int) -> list[NewEvent]:
    """The events of changes that are committed at `time_ns`."""
    time, varint = _time(time_ns), wire.varint
    events = []
    for change in changes:
        kind = change.kind
        if kind is ChangeKind.REQUEST_RECORDED:
            events.append(NewEvent(_TYPES[kind], wire.body_of(change.wire)))
            continue
        # `wire` is the same field but for its tag, which is one byte in both
        data = b"\x08" + varint(change.revision) + time + _TAGS[kind] + change.wire[1:]
        events.append(NewEvent(_TYPES[kind], data))
    return events


def encode_event(change: Change, time_ns: int) -> NewEvent:
    """The event of one change."""
    return encode_events((change,), time_ns)[0]


def bookmark(revision: int, time_ns: int) -> bytes:
    """A `WatchRegistryResponse` without an event."""
    return wire.uint(1, revision) + _time(time_ns)


def _time(time_ns: int) -> bytes:
    seconds, nanos = divmod(time_ns, _SECOND)
    return wire.message(2, wire.uint(1, seconds) + wire.uint(2, nanos))


def is_watched(event: RecordedEvent | NewEvent) -> bool:
    """Whether clients are told of it."""
    return event.type != _TYPES[ChangeKind.REQUEST_RECORDED]


def decode_event(event: RecordedEvent) -> Change:
    """The change that an event stands for.

    Raises:
        DataLoss: it is not one of ours, or its revision is not its place (JOURNAL_INVALID).
    """
    try:
        kind = _KINDS[event.type]
        if kind in _INSTRUMENTS:
            read = instrument_event(event.data, event.version)
            if read is not None and read[0] == kind:
                return InstrumentEntry.of_fields(read[2], read[1], kind, event.version)
        body = event.data
        if kind is not ChangeKind.REQUEST_RECORDED:
            body = _body(event.data, event.version, kind)
        return decode_change(event.version, kind, body)
    except (KeyError, ValueError, IndexError, DecodeError) as error:
        raise DataLoss(
            f"event {event.version} ({event.type!r}) of the registry cannot be read: {error!r}",
            reason=Reason.JOURNAL_INVALID,
            revision=event.version,
            type=event.type,
        ) from error


def _body(data: bytes, version: int, kind: ChangeKind) -> bytes:
    if data[0] != _REVISION_TAG:
        raise ValueError("no revision")
    revision, at = wire.read_varint(data, 1)
    if revision != version:
        raise ValueError(f"it says revision {revision}")
    if data[at] != _TIME_TAG:
        raise ValueError("no time")
    size, at = wire.read_varint(data, at + 1)
    at += size
    if data[at] != kind << 3 | _LENGTH_DELIMITED:
        raise ValueError("another kind of event within")
    size, at = wire.read_varint(data, at + 1)
    if at + size != len(data):
        raise ValueError("cut short, or bytes after the end")
    return data[at:]
