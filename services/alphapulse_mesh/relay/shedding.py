"""What a subscriber that falls behind gives up first: the frames without a priority.

Nothing overtakes in the window, whose sequence is the order. But where a subscriber that would
rather lose than block is about to be run over, whatever carries a priority and lies before it in
danger is delivered, and what stands between is given up at once, as a gap like any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

import alphapulse_core as core
from alphapulse_mesh.relay.window import PRIORITY_BITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from alphapulse_mesh.relay.window import Window

__all__ = ["Shedding", "priority_of"]

_DANGER: Final = 4
"""In this part of the window, at its old end, a subscriber that falls further behind sheds."""
_RELIEF: Final = 2
"""So far it sheds then."""


def priority_of(block: core.MessageBlock) -> int:
    """The highest priority in a producer's whole message, none of whose frames is refused."""
    flags = core.verify_block(block.message, block.offsets, block.lengths, checksum=False).flags
    return int((flags & PRIORITY_BITS).max(initial=0)) >> 2


class Shedding:
    """For one subscriber: from where to where it sheds, and what it keeps there."""

    def __init__(self, window: Window) -> None:
        self.until = 0
        """Up to this sequence only `urgent` frames are delivered."""
        self._window = window
        self._urgent: NDArray[np.int64] = np.empty(0, np.int64)
        self._margin: int | None = None
        self._calm = 0

    def look(self, following: int) -> None:
        """Before each message: `following` is the next sequence that the subscriber needs."""
        window = self._window
        oldest, head = window.oldest, window.head
        margin, before = following - oldest, self._margin
        self._margin = margin
        # One that begins at the oldest frame is as near to the end, but comes away from it.
        falling = before is not None and margin < before
        if not falling or not window.full or margin >= (head - oldest) // _DANGER:
            return
        if following <= max(self.until, self._calm):
            return
        last = oldest + (head - oldest) // _RELIEF
        self._urgent = window.urgent(max(following, oldest), last)
        if len(self._urgent):
            self.until = last
        else:
            self._calm = (
                last  # nothing there is dearer than the rest: it comes as long as it is left
            )

    def following(self, sequence: int) -> tuple[int, int]:
        """The next frame to keep from `sequence` on, and how many stand together there.

        (`until` + 1, 0) where there is none.
        """
        at = int(np.searchsorted(self._urgent, sequence))
        kept = self._urgent[at:]
        if not len(kept):
            return self.until + 1, 0
        breaks = np.flatnonzero(np.diff(kept) != 1)
        return int(kept[0]), int(breaks[0]) + 1 if len(breaks) else len(kept)
