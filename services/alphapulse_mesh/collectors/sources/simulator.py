"""The simulated market as a source: paced, cut into slices, bounded by time or by messages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from alphapulse_layout import VenueId
from alphapulse_mesh.collectors.sources.base import Feed, Slice
from alphapulse_mesh.collectors.sources.pacing import Pace, Speed, slice_span
from alphapulse_mesh.collectors.sources.replay import MAX_SLICE_MESSAGES
from alphapulse_mesh.collectors.sources.simulated_market import (
    ASSETS,
    SimulatedEvent,
    SimulatedMarket,
)
from alphapulse_mesh.runtime.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

__all__ = ["EPOCH", "SimulatorSource"]

EPOCH: Final = 1_723_161_600_000_000_000
"""2024-08-09T00:00:00Z: when the simulated market opens at full speed."""


class SimulatorSource:
    """Spot and perpetual of BTC and ETH on the venues SIMULATOR and SIMULATOR_FUTURES.

    In real time the market's clock is the wall clock; at full speed it starts at `EPOCH`, so that
    the whole run is a function of the seed. `duration`: market time in ns; `max_messages`: both
    None: endless.
    """

    def __init__(
        self,
        *,
        seed: int,
        speed: Speed = 1.0,
        symbols: Sequence[str] = (),
        duration: int | None = None,
        max_messages: int | None = None,
    ) -> None:
        known = {asset.symbol: asset for asset in ASSETS}
        for symbol in symbols:
            if symbol not in known:
                raise ConfigError(
                    f"collectors: the simulator has no {symbol!r}; it has {', '.join(known)}",
                    reason="CONFIG_UNKNOWN_SYMBOL",
                    symbol=symbol,
                )
        self._assets = tuple(known[symbol] for symbol in symbols) or ASSETS
        self._seed = seed
        self._speed = speed
        self._pace = Pace(speed)
        self._duration = duration
        self._max_messages = max_messages
        self.bounded = duration is not None or max_messages is not None
        self.repeatable = speed == "max"
        self.measured = speed == 1.0
        self._done: float | None = 0.0 if self.bounded else None

    async def open(self) -> Sequence[Feed]:
        """Two feeds an asset: spot, then perpetual."""
        return [
            Feed(f"simulator/{venue.name}/{asset.symbol}", venue, (asset.symbol,))
            for asset in self._assets
            for venue in (VenueId.SIMULATOR, VenueId.SIMULATOR_FUTURES)
        ]

    def catch_up(self, behind: bool) -> None:
        """See `Source`."""
        self._pace.behind = behind

    @property
    def progress(self) -> float | None:
        """By market time or by messages, whichever is nearer to its end."""
        return self._done

    async def slices(self) -> AsyncIterator[Slice]:
        """All messages; each slice when its span of market time is over at this speed."""
        start = EPOCH if self._speed == "max" else time.time_ns()
        end = None if self._duration is None else start + self._duration
        span = slice_span(self._speed)
        await self._pace.until(start)
        held: list[SimulatedEvent] = []
        cell = 0
        events = SimulatedMarket(self._seed, start, self._assets).events()
        for taken, event in enumerate(events):
            if (end is not None and event.time >= end) or taken == self._max_messages:
                break
            if held and (event.time // span != cell or len(held) >= MAX_SLICE_MESSAGES):
                await self._pace.until(held[-1].time)
                yield _slice(held)
                held = []
            cell = event.time // span
            held.append(event)
            if self._duration is not None:
                self._done = (event.time - start) / self._duration
            if self._max_messages is not None:
                self._done = max(self._done or 0.0, (taken + 1) / self._max_messages)
        if held:
            yield _slice(held)

    async def close(self) -> None:
        """Nothing to let go of."""


def _slice(events: Sequence[SimulatedEvent]) -> Slice:
    times, feeds, messages = zip(*events, strict=True)
    return Slice(feeds, times, messages, lambda index: f"simulator, message at {times[index]} ns")
