"""Fixed records in a stream: all rows as of one revision, in frames of a bounded number of rows.

What is streamed is chosen at once, as references to entries that never change, so that the registry
may go on while a slow reader takes its time; a stream holds eight bytes an instrument and the frame
that is on its way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alphapulse_client import frames
from alphapulse_client.context import new_context
from alphapulse_layout import SourceType
from alphapulse_mesh.registry import identity, queries, wire
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.records import RECORD_BYTES
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alphapulse.registry.v1 import registry_pb2 as pb
    from alphapulse_mesh.registry.model import InstrumentEntry
    from alphapulse_mesh.registry.state import RegistryState

__all__ = ["MAX_ROWS", "STREAMS", "record_batches"]

STREAMS: Final = 64
"""Open streams of records of one replica."""
MAX_ROWS: Final = 16_384
_ROWS: Final = 4096
_UNKNOWN: Final = bytes(RECORD_BYTES)


def record_batches(
    state: RegistryState, request: pb.StreamInstrumentRecordsRequest, now_ns: int, max_bytes: int
) -> Iterator[bytes]:
    """`StreamInstrumentRecordsResponse`s; what they show is fixed when this returns.

    Raises:
        InvalidArgument: not one of `ids` and `all`, or filters with `ids` (RECORDS_SELECTION); ids
            that are none (BATCH_IDS_INVALID) or too many (BATCH_TOO_LARGE).
        NotFound: no such venue.
    """
    if bool(request.ids) == request.all:
        raise InvalidArgument(
            "ask for `ids` or for `all`, and for one of them", reason=Reason.RECORDS_SELECTION
        )
    if request.ids and (request.asset_types or request.venues):
        raise InvalidArgument("filters go with `all`", reason=Reason.RECORDS_SELECTION)
    entries = _named(state, request.ids) if request.ids else _filtered(state, request)
    rows = min(request.batch_rows or _ROWS, MAX_ROWS, max(1, max_bytes // (RECORD_BYTES + 8)))
    return _batches(entries, state.revision, rows, now_ns)


def _named(state: RegistryState, ids: bytes) -> Sequence[InstrumentEntry | None]:
    queries.count_ids(ids)
    find, size = state.instruments.get, identity.ID_BYTES
    return [find(ids[at : at + size]) for at in range(0, len(ids), size)]


def _filtered(
    state: RegistryState, request: pb.StreamInstrumentRecordsRequest
) -> Sequence[InstrumentEntry | None]:
    kinds = set(request.asset_types)
    venues = {queries.find_venue(state, key).message.venue for key in request.venues}
    if not kinds and not venues:
        return list(state.in_order)
    return [
        entry
        for entry in state.in_order
        if (not kinds or entry.asset_type in kinds) and (not venues or entry.venue in venues)
    ]


def _batches(
    entries: Sequence[InstrumentEntry | None], revision: int, rows: int, now_ns: int
) -> Iterator[bytes]:
    total = len(entries)
    for start in range(0, total, rows) if total else (0,):
        part = entries[start : start + rows]
        missing = [start + at for at, entry in enumerate(part) if entry is None]
        frame = b""
        if part:
            frame = frames.encode(
                frames.REGISTRY_RECORDS,
                b"".join([_UNKNOWN if entry is None else entry.record() for entry in part]),
                source=SourceType.REGISTRY,
                context=new_context(sampled=False),
                timestamp=now_ns,
            )
        yield b"".join(
            (
                wire.item(frame) if frame else b"",
                wire.packed(2, missing),
                wire.uint(3, revision),
                wire.uint(4, start),
                wire.uint(5, total),
            )
        )
