"""Where time goes between the making of a frame and what comes of it, for `alphapulse top`.

Every process of a mesh counts into one shared-memory file of histograms, one for each (message
type, stage); the core's `LatencyHistograms` keeps them, any process reads them while they grow. A
host that gives no shared memory runs without: one warning, nothing else changes.

Times are differences of wall clocks: right between processes of one host, as good as its clock
between hosts. What seems to come before its making counts as 0.
"""

from __future__ import annotations

import logging
import time
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from alphapulse_core import LatencyHistograms, RingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from alphapulse_client.frames import Frame
    from alphapulse_core import MessageBlock

__all__ = ["LATENCY", "Latencies", "Stage"]

_log = logging.getLogger(__name__)

LATENCY: Final = "latency"
"""Name of the file among a mesh's shared memory (`MeshPaths.shm_path`)."""
_CELLS: Final = 128
"""Histograms a mesh may have: about 40 message types, of which a stage sees a few."""


class Stage(IntEnum):
    """What a histogram measures. The numbers are in shared memory: never reuse one."""

    PUBLISH = 0
    """A frame's making to its place in the relay's ring."""
    DELIVER = 1
    """A frame's making to its arrival at a consumer of the relay."""
    DECIDE = 2
    """Arrival of the frames of one batch to the decision on the last of them."""
    JOURNAL = 3
    """Arrival of a command at execution to its place in the durable journal."""

    @property
    def label(self) -> str:
        """As people read it."""
        return self.name.lower()


class Latencies:
    """Counts into the histograms of one mesh. `record_*` never raise for want of room."""

    def __init__(self, path: Path | None = None) -> None:
        """`path`: the mesh's file, made by the first count of any process; None counts nothing."""
        self._path = path
        self._histograms: LatencyHistograms | None = None

    def record_columns(
        self, stage: Stage, types: NDArray[np.uint8], made_ns: NDArray[np.uint64]
    ) -> None:
        """Frames as columns: (n,) message types, (n,) when each was made (ns since the epoch)."""
        if self._path is None or not len(types):
            return
        elapsed = _since(made_ns)
        first = int(types[0])
        if (types == first).all():
            self._record(stage, first, elapsed)
            return
        for number in np.unique(types):
            self._record(stage, int(number), elapsed[types == number])

    def record_message(self, stage: Stage, block: MessageBlock) -> None:
        """Frames of one message."""
        if self._path is not None:
            self._count(lambda histograms: histograms.record_message(block, stage, time.time_ns()))

    def record_frames(self, stage: Stage, frames: Iterable[Frame]) -> None:
        """Frames that have just arrived."""
        if self._path is None:
            return
        made = [(frame.message_type, frame.timestamp) for frame in frames]
        self.record_columns(
            stage,
            np.fromiter((number for number, _ in made), np.uint8, len(made)),
            np.fromiter((at for _, at in made), np.uint64, len(made)),
        )

    def record_since(self, stage: Stage, message_type: int, begun_ns: int) -> None:
        """One step that began at `begun_ns` (ns since the epoch) and ends now."""
        if self._path is not None:
            self._record(stage, message_type, _since(np.array([begun_ns], np.uint64)))

    def _record(self, stage: Stage, message_type: int, elapsed: NDArray[np.uint64]) -> None:
        self._count(lambda histograms: histograms.record(message_type, stage, elapsed))

    def shared(self) -> LatencyHistograms | None:
        """The histograms themselves, for who counts without Python; None: nothing is counted."""
        self._count(lambda _: None)
        return self._histograms if self._path is not None else None

    def _count(self, count: Callable[[LatencyHistograms], None]) -> None:
        if self._path is None:
            return
        try:
            if self._histograms is None:
                self._histograms = LatencyHistograms.open_or_create(str(self._path), _CELLS)
            count(self._histograms)
        except RingError as error:  # no shared memory, a foreign file, or no room for a new type
            _log.warning("latencies of this process are not measured: %s", error)
            self._path = None


def _since(made_ns: NDArray[np.uint64]) -> NDArray[np.uint64]:
    now = np.uint64(time.time_ns())
    return now - np.minimum(made_ns, now)
