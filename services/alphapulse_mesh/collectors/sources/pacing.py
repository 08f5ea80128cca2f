"""Market time against the wall clock: as recorded, faster, or without waiting."""

from __future__ import annotations

import asyncio
from typing import Literal

__all__ = ["Pace", "slice_span"]

Speed = float | Literal["max"]

_MAX_SPEED_SPAN = 50_000_000  # 50 ms: the venues of a pair stay in step, frames hold dozens of rows
_REAL_TIME_SPAN = 2_000_000  # 2 ms of wall time: what a message may wait for its frame


def slice_span(speed: Speed) -> int:
    """Market time of a slice, ns: 50 ms at full speed, else 2 ms of wall time (50 ms at most).

    It depends on the speed alone, not on timing, so that a repeated run has the same slices.
    """
    if speed == "max":
        return _MAX_SPEED_SPAN
    return min(_MAX_SPEED_SPAN, max(1, int(_REAL_TIME_SPAN * speed)))


class Pace:
    """Waits until a market time is due. The first one is due at once."""

    def __init__(self, speed: Speed) -> None:
        self._speed = speed
        self._market_start: int | None = None
        self._wall_start = 0.0
        self.behind = False
        """While set nothing waits; afterwards the next market time is due at once."""

    async def until(self, market_time: int) -> None:
        """Return when `market_time` (ns) is due; at full speed it only lets others run."""
        if self._speed == "max" or self.behind:
            self._market_start = None
            await asyncio.sleep(0)
            return
        loop = asyncio.get_running_loop()
        if self._market_start is None:
            self._market_start, self._wall_start = market_time, loop.time()
        due = self._wall_start + (market_time - self._market_start) / 1e9 / self._speed
        await asyncio.sleep(max(0.0, due - loop.time()))
