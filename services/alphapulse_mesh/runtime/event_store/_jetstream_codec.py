"""Events as JetStream messages: an append is one blob, cut into messages where it is too long.

Each message says the first version, the number of events and which piece of the blob it is. Each
event keeps the checksum that the other stores keep.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse_mesh.runtime.errors import DataLoss
from alphapulse_mesh.runtime.event_store.base import NewEvent, RecordedEvent, event_checksum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Piece", "decode", "encode", "piece_of"]

_EVENT: Final = struct.Struct("<IIqI")  # bytes of type and data, time, checksum
_FIRST: Final = "Alphapulse-First"
_COUNT: Final = "Alphapulse-Count"
_PIECE: Final = "Alphapulse-Piece"
_PIECES: Final = "Alphapulse-Pieces"


class Piece(NamedTuple):
    """One message of an append."""

    first: int
    """Version of its first event."""
    size: int
    """How many events the append has."""
    number: int
    """From 1 to `pieces`."""
    pieces: int
    data: bytes

    @property
    def last(self) -> int:
        """Version of the last event of the append."""
        return self.first + self.size - 1

    def headers(self) -> dict[str, str]:
        """What the message says of itself."""
        return {
            _FIRST: str(self.first),
            _COUNT: str(self.size),
            _PIECE: str(self.number),
            _PIECES: str(self.pieces),
        }


def encode(
    stream: str, events: Sequence[NewEvent], first: int, now_ns: int, limit: int
) -> list[Piece]:
    """The pieces of an append, of at most `limit` bytes each."""
    parts = bytearray()
    for version, (kind, data) in enumerate(events, first):
        name = kind.encode()
        checksum = event_checksum(stream, version, name, data, now_ns)
        parts += _EVENT.pack(len(name), len(data), now_ns, checksum) + name + data
    blob = bytes(parts)
    starts = range(0, len(blob), limit)
    return [
        Piece(first, len(events), number, len(starts), blob[at : at + limit])
        for number, at in enumerate(starts, 1)
    ]


def piece_of(stream: str, headers: Mapping[str, str] | None, data: bytes | None) -> Piece:
    """The piece that a message is.

    Raises:
        DataLoss: it is none (STORE_CORRUPT).
    """
    try:
        said = headers or {}
        first, size, number, pieces = (
            int(said[name]) for name in (_FIRST, _COUNT, _PIECE, _PIECES)
        )
    except (KeyError, ValueError) as error:
        raise DataLoss(
            f"stream {stream!r} holds a message that is no append: {error!r}",
            reason="STORE_CORRUPT",
            stream=stream,
        ) from error
    return Piece(first, size, number, pieces, data or b"")


def decode(stream: str, pieces: Sequence[Piece]) -> list[RecordedEvent]:
    """The events of an append.

    Raises:
        DataLoss: the bytes are not what was written (EVENT_CORRUPT).
    """
    first, count = pieces[0].first, pieces[0].size
    blob = b"".join(piece.data for piece in pieces)
    events = []
    at = 0
    for version in range(first, first + count):
        try:
            named, size, recorded_ns, checksum = _EVENT.unpack_from(blob, at)
        except struct.error:
            raise _corrupt(stream, version) from None
        at += _EVENT.size
        kind, data = blob[at : at + named], blob[at + named : at + named + size]
        at += named + size
        whole = len(kind) == named and len(data) == size
        if not whole or event_checksum(stream, version, kind, data, recorded_ns) != checksum:
            raise _corrupt(stream, version)
        events.append(RecordedEvent(stream, version, kind.decode(), data, recorded_ns))
    if at != len(blob):
        raise _corrupt(stream, first + count - 1)
    return events


def _corrupt(stream: str, version: int) -> DataLoss:
    return DataLoss(
        f"event {version} of stream {stream!r} fails its checksum",
        reason="EVENT_CORRUPT",
        stream=stream,
        version=version,
    )
