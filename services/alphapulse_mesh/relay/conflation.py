"""Keeping only last values for a subscriber that lags, and saying exactly what went.

Which record replaces which is the core's part (`conflate_block`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

import alphapulse_core as core
from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_mesh.relay.window import PRIORITY_BITS, Run
from alphapulse_mesh.relay.wire import encode_run

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["CONFLATED", "CONFLATED_PARTLY", "Conflation", "conflate"]

CONFLATED: Final = "CONFLATED"
CONFLATED_PARTLY: Final = "CONFLATED_PARTLY"


class Conflation(NamedTuple):
    """What is left of several runs."""

    run: Run | None
    gaps: list[pb.Gap]
    """Ascending: frames that went whole, and frames that are in `run` cut down."""
    frames: int
    """Frames that went whole."""


def conflate(runs: list[Run], *, spare_urgent: bool) -> Conflation:
    """The last values in consecutive runs, each at the place and sequence that it had.

    `spare_urgent`: a frame with a priority stays whole, and replaces nothing.
    """
    data = b"".join(run.data for run in runs)
    starts = np.cumsum([0, *(len(run.data) for run in runs)]).astype(np.uint64)
    offsets = np.concatenate(
        [run.offsets + start for run, start in zip(runs, starts[:-1], strict=True)]
    )
    lengths = np.concatenate([run.lengths for run in runs])
    spared: NDArray[np.bool_] | None = None
    if spare_urgent:
        flags = core.verify_block(data, offsets, lengths, checksum=False).flags
        spared = flags & PRIORITY_BITS != 0
        if not spared.any():
            spared = None
    normal = slice(None) if spared is None else ~spared
    (block, bounds, kept), (sequences, records, partly) = core.conflate_block(
        data, offsets[normal], lengths[normal]
    )
    gaps = _ranges(sequences, records, partly)
    gone = int(np.count_nonzero(~partly))
    view = memoryview(block)  # type: ignore[arg-type]  # an ndarray is a buffer
    frames = [view[start:end] for start, end in pairwise(bounds.tolist())]
    if spared is not None:
        whole = [
            memoryview(data)[at : at + size]
            for at, size in zip(offsets[spared].tolist(), lengths[spared].tolist(), strict=True)
        ]
        places = np.concatenate((np.flatnonzero(~spared)[kept], np.flatnonzero(spared)))
        both = frames + whole
        frames = [both[index] for index in np.argsort(places).tolist()]
    if not frames:
        return Conflation(None, gaps, gone)
    encoded = encode_run(frames)
    left = core.verify_block(encoded.data, encoded.offsets, encoded.lengths, checksum=False)
    return Conflation(Run(runs[0].first, encoded, left.message_type, left.record_count), gaps, gone)


def _ranges(
    sequences: NDArray[np.uint64], records: NDArray[np.uint64], partly: NDArray[np.bool_]
) -> list[pb.Gap]:
    """Neighbours of one kind as one gap."""
    if not len(sequences):
        return []
    breaks = np.flatnonzero((np.diff(sequences) != 1) | (partly[1:] != partly[:-1])) + 1
    return [
        pb.Gap(
            range=pb.SequenceRange(first=int(sequences[start]), last=int(sequences[stop - 1])),
            reason=CONFLATED_PARTLY if partly[start] else CONFLATED,
            records=int(records[start:stop].sum()),
        )
        for start, stop in pairwise([0, *breaks.tolist(), len(sequences)])
    ]
