"""From entries of the relay's ring to the messages of a group in the domain's JetStream stream.

What the messages hold is defined with those who read them (`alphapulse_client.transports.groups`);
writing them is `jetstream`'s part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

import alphapulse_core as core
from alphapulse_client.transports.base import HOLE_REASONS, HOLE_TYPE, Gap
from alphapulse_client.transports.groups import (
    MIXED_VENUE,
    PIECE_BYTES,
    Index,
    Part,
    encode_part,
    index_subject,
)
from alphapulse_layout import DTYPES
from alphapulse_layout.dtypes import INSTRUMENT_ID
from alphapulse_mesh.relay.window import PREFIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["group_messages"]

_MAX_KEYS: Final = 256
"""Beyond it venues are not told apart."""


def _venue_offsets() -> Mapping[int, int]:
    """Message type → byte of the row at which its venue stands, where a row has exactly one."""
    assert INSTRUMENT_ID.fields is not None, "a structure"
    venue_at = INSTRUMENT_ID.fields["venue"][1]
    found: dict[int, int] = {}
    for number, dtype in DTYPES.items():
        assert dtype.fields is not None, "records are structures"
        ids = [at for kind, at, *_ in dtype.fields.values() if kind == INSTRUMENT_ID]
        if len(ids) == 1 and "venue" not in dtype.fields:
            found[number] = ids[0] + venue_at
    return found


_VENUE_AT: Final = _venue_offsets()


def group_messages(
    entries: core.Batch,
    *,
    prefix: str,
    epoch: int,
    base: int,
    first: int,
    holes: Sequence[Gap],
    received_before: int,
) -> tuple[Index, list[tuple[str, bytes]]]:
    """The index of a group, and its messages as (subject, payload), the index last.

    `entries` are of the ring, `base` is what is added to their sequences; `first` is the group's
    first sequence and `holes` are what is missing in it. `received_before`: when the last frame
    before the group was received, for a group without frames.
    """
    count = len(entries)
    holes = list(holes)
    last = max([gap.last for gap in holes], default=0)
    parts: list[Part] = []
    messages: list[tuple[str, bytes]] = []
    times = (received_before, received_before)
    if count:
        sequences = entries.sequences + np.uint64(base)
        last = max(last, int(sequences[-1]))
        prefixes = _prefixes(entries)
        received = prefixes["received_ns"]
        times = (int(received[0]), int(received[-1]))
        types = prefixes["message_type"]
        frames = _frames(entries)
        venues = np.array(
            [_venue(frame, number) for frame, number in zip(frames, types.tolist(), strict=True)],
            np.uint32,
        )
        hole = types == HOLE_TYPE  # of a ring that was a leaf's
        for sequence, number in zip(
            sequences[hole].tolist(), prefixes["record_count"][hole].tolist(), strict=True
        ):
            holes.append(Gap(sequence, sequence, HOLE_REASONS[min(number, len(HOLE_REASONS) - 1)]))
        count = int(np.count_nonzero(~hole))
        keys = types.astype(np.uint32) << np.uint32(16) | venues
        if len(np.unique(keys)) > _MAX_KEYS:
            keys &= np.uint32(0xFF << 16)
        for key in np.unique(keys[~hole]).tolist():
            chosen = np.flatnonzero((keys == key) & ~hole)
            payload = encode_part(
                [frames[index] for index in chosen.tolist()],
                sequences[chosen],
                received[chosen],
                prefixes["record_count"][chosen],
            )
            number, venue = key >> 16, key & 0xFFFF
            for at in range(0, len(payload), PIECE_BYTES):
                piece = payload[at : at + PIECE_BYTES]
                parts.append(Part(number, venue, len(piece), continues=at > 0))
                messages.append((f"{prefix}.{number}.{venue}", piece))
    index = Index(
        epoch, first, last, *times, count, parts, sorted(holes, key=lambda gap: gap.first)
    )
    messages.append((index_subject(prefix), index.encode()))
    return index, messages


def _prefixes(entries: core.Batch) -> NDArray[np.void]:
    at = entries.offsets.astype(np.int64)[:, None] + np.arange(PREFIX.itemsize)
    gathered: NDArray[np.void] = entries.block[at].view(PREFIX).reshape(-1)
    return gathered


def _frames(entries: core.Batch) -> list[memoryview]:
    data = memoryview(entries.block)  # type: ignore[arg-type]  # an array is a buffer
    return [
        data[at + PREFIX.itemsize : at + size]
        for at, size in zip(entries.offsets.tolist(), entries.lengths.tolist(), strict=True)
    ]


def _venue(frame: memoryview, message_type: int) -> int:
    """The venue of all rows; `MIXED_VENUE` where they differ or have none in place."""
    offset = _VENUE_AT.get(message_type)
    if offset is None:
        return MIXED_VENUE
    info = core.inspect_frame(frame)
    if not info.rows_offset or not info.record_count:
        return MIXED_VENUE
    venues: NDArray[np.uint16] = np.ndarray(
        info.record_count,
        np.dtype("<u2"),
        frame,
        info.rows_offset + offset,
        (info.stride,),
    )
    venue = int(venues[0])
    return venue if info.record_count == 1 or bool((venues == venue).all()) else MIXED_VENUE
