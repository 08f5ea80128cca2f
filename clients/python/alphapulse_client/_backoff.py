"""How long to wait before the next attempt: exponential with full jitter, reset by success."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass

__all__ = ["Backoff", "BackoffState"]


@dataclass(frozen=True, slots=True)
class Backoff:
    """Bounds of the wait between attempts to reconnect, in seconds."""

    initial: float = 0.05
    maximum: float = 2.0
    factor: float = 2.0

    def start(self) -> BackoffState:
        """A counter of its own for one connection."""
        return BackoffState(self)


class BackoffState:
    """Attempts since the last success."""

    def __init__(self, bounds: Backoff) -> None:
        self._bounds = bounds
        self._ceiling = bounds.initial

    @property
    def ceiling(self) -> float:
        """Longest that the next `sleep` may take."""
        return self._ceiling

    @property
    def first(self) -> bool:
        """Nothing has failed since the last success, or since the beginning."""
        return self._ceiling == self._bounds.initial

    def reset(self) -> None:
        """The connection stands: the next failure waits for the initial time again."""
        self._ceiling = self._bounds.initial

    async def sleep(self) -> None:
        """Wait half to all of the current ceiling, then raise the ceiling."""
        ceiling = self._ceiling
        self._ceiling = min(ceiling * self._bounds.factor, self._bounds.maximum)
        await asyncio.sleep(ceiling * random.uniform(0.5, 1.0))  # noqa: S311  # jitter, not a secret
