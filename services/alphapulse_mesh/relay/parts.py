"""How a producer's message is cut where it is more than the ring takes at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alphapulse_mesh.relay.window import PREFIX

if TYPE_CHECKING:
    import alphapulse_core as core

__all__ = ["parts_of"]


def parts_of(block: core.MessageBlock, limit: int, most: int) -> list[tuple[int, int]]:
    """The message as ranges of at most `limit` bytes of the ring and `most` frames; never none."""
    # an entry is rounded up to the ring's 64-byte slots and has one of them to itself
    count = len(block)
    if block.size + count * (PREFIX.itemsize + 128) <= limit and count <= most:
        return [(0, count)]
    costs = np.cumsum((block.lengths.astype(np.int64) + PREFIX.itemsize + 127) // 64 * 64)
    parts: list[tuple[int, int]] = []
    start, spent = 0, 0
    while start < count:
        stop = max(int(np.searchsorted(costs, spent + limit, side="right")), start + 1)
        stop = min(stop, start + most)
        parts.append((start, stop))
        start, spent = stop, int(costs[stop - 1])
    return parts
