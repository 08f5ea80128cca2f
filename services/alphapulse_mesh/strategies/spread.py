"""The spread between two instruments, quote by quote, as columns.

Takes the quotes of one pair in the order of the feed and gives, for every quote, the edge of both
directions after fees and the distance of the basis from its slow mean. What was known before a
batch is carried into it, so that the result does not depend on how the feed was cut into batches.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from alphapulse_layout import QuoteFlag, dtypes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from alphapulse_client.frames import Rows

__all__ = ["DERIVATIVE", "SPOT", "SlowMean", "Spread", "SpreadColumns", "SpreadSettings"]

SPOT: Final = 0
DERIVATIVE: Final = 1

_UNUSABLE: Final = int(QuoteFlag.STALE | QuoteFlag.ONE_SIDED)
_MEAN_STEP: Final = 100_000_000
"""The mean takes one sample in so many ns of market time."""
_CARRIED: Final = 2
"""Rows in front of each batch: the last quote of either leg."""


@dataclass(frozen=True, slots=True)
class SpreadSettings:
    """Times in ns of market time."""

    fees_bps: float
    """Of both legs together."""
    max_age: int
    """A quote older than this beside the newest is not traded on."""
    half_life: int
    """Of the slow mean."""
    warmup: int


class SpreadColumns(NamedTuple):
    """One entry a quote, the two carried ones first. Basis points as float64, nan where unknown."""

    quotes: Rows
    """(n,) of QUOTE."""
    spot: NDArray[np.intp]
    """(n,) index of the spot quote that held then."""
    derivative: NDArray[np.intp]
    time: NDArray[np.int64]
    """(n,) market time, never falling."""
    edge_long: NDArray[np.float64]
    """Buy the derivative, sell spot: what is left after fees."""
    edge_short: NDArray[np.float64]
    """Buy spot, sell the derivative."""
    basis: NDArray[np.float64]
    """Derivative above spot, mid against mid."""
    deviation: NDArray[np.float64]
    """Of the basis from its slow mean; nan before the warm-up is over."""


class SlowMean:
    """Exponentially weighted mean over market time, sampled on a fixed grid.

    The weights are normalised, so that the first samples count in full.
    """

    def __init__(self, half_life: int) -> None:
        self._half_life = half_life
        self._sum = 0.0
        self._weight = 0.0

    @property
    def value(self) -> float:
        """The mean, nan without a sample."""
        return self._sum / self._weight if self._weight else float("nan")

    def add(self, sample: float, steps: int) -> None:
        """`sample` held for `steps` of the grid."""
        keep: float = 0.5 ** (steps * _MEAN_STEP / self._half_life)
        self._sum = self._sum * keep + sample * (1.0 - keep)
        self._weight = self._weight * keep + (1.0 - keep)

    def state(self) -> list[float]:
        """For `restore`."""
        return [self._sum, self._weight]

    def restore(self, state: list[float]) -> None:
        """Take up what `state` gave."""
        self._sum, self._weight = (float(number) for number in state)


class Spread:
    """One pair's quotes so far."""

    def __init__(self, settings: SpreadSettings) -> None:
        self._settings = settings
        self._mean = SlowMean(settings.half_life)
        self._last = np.zeros(_CARRIED, dtype=dtypes.QUOTE)
        self._known = [False, False]
        self._time = 0
        self._basis = float("nan")
        self._first: int | None = None

    @property
    def basis(self) -> float:
        """The last usable basis in basis points, nan without one."""
        return self._basis

    def add(self, rows: Rows, legs: NDArray[np.intp]) -> SpreadColumns:
        """Quotes in the order of the feed, (n,) of QUOTE, and which leg each is of (SPOT or
        DERIVATIVE).
        """
        settings = self._settings
        quotes = np.concatenate([self._last, rows])
        legs = np.concatenate([np.array([SPOT, DERIVATIVE]), legs])
        place = np.arange(len(quotes))
        spot = np.maximum.accumulate(np.where(legs == SPOT, place, 0))
        derivative = np.maximum.accumulate(np.where(legs == DERIVATIVE, place, 1))
        received = quotes["receive_time"].astype(np.int64)
        time = np.maximum(np.maximum.accumulate(received), self._time)
        fit = (quotes["flags"] & _UNUSABLE) == 0
        fit[:_CARRIED] &= self._known
        usable = fit[spot] & fit[derivative]
        usable &= time - np.minimum(received[spot], received[derivative]) <= settings.max_age
        usable[:_CARRIED] = False  # they were looked at when they came

        bid, ask = quotes["bid_price"].astype(np.float64), quotes["ask_price"].astype(np.float64)
        mid = (bid + ask) / 2
        with np.errstate(divide="ignore", invalid="ignore"):
            unit = 1e4 / mid[spot]
            edge_long = (bid[spot] - ask[derivative]) * unit - settings.fees_bps
            edge_short = (bid[derivative] - ask[spot]) * unit - settings.fees_bps
            basis = (mid[derivative] - mid[spot]) * unit
        for column in (edge_long, edge_short, basis):
            column[~usable] = np.nan

        deviation = basis - self._means(time, basis, usable)
        if self._first is None and usable.any():
            self._first = int(time[np.argmax(usable)])
        if self._first is not None:
            deviation[time < self._first + settings.warmup] = np.nan
        self._last = quotes[[spot[-1], derivative[-1]]]
        self._known = [self._known[leg] or bool((legs[_CARRIED:] == leg).any()) for leg in (0, 1)]
        self._time = int(time[-1])
        if usable.any():
            self._basis = float(basis[np.flatnonzero(usable)[-1]])
        return SpreadColumns(
            quotes, spot, derivative, time, edge_long, edge_short, basis, deviation
        )

    def _means(
        self, time: NDArray[np.int64], basis: NDArray[np.float64], usable: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """(n,) the mean as it stood at each quote: of the grid points passed by then."""
        cells = time // _MEAN_STEP
        cells[:_CARRIED] = self._time // _MEAN_STEP if self._time else cells[_CARRIED]
        passed = np.flatnonzero(np.diff(cells)) + 1
        place = np.arange(len(basis))
        newest = np.maximum.accumulate(np.where(usable, place, -1))
        values = [self._mean.value]
        for at in passed.tolist():
            before = int(newest[at - 1])
            sample = float(basis[before]) if before >= 0 else self._basis
            if sample == sample:  # noqa: PLR0124  # not nan
                self._mean.add(sample, int(cells[at] - cells[at - 1]))
            values.append(self._mean.value)
        edges = [0, *passed.tolist(), len(basis)]
        return np.repeat(np.array(values), np.diff(edges))

    def state(self) -> dict[str, Any]:
        """As JSON values, for `restore`."""
        return {
            "mean": self._mean.state(),
            "last": self._last.tobytes().hex(),
            "known": self._known,
            "time": self._time,
            "basis": None if self._basis != self._basis else self._basis,  # nan
            "first": self._first,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up what `state` gave.

        Raises:
            KeyError, TypeError, ValueError: it is something else; nothing has changed.
        """
        last = np.frombuffer(bytes.fromhex(state["last"]), dtype=dtypes.QUOTE)
        known = [bool(known) for known in state["known"]]
        if len(last) != _CARRIED or len(known) != _CARRIED:
            raise ValueError("a spread carries two quotes")
        time = int(state["time"])
        basis = float("nan") if state["basis"] is None else float(state["basis"])
        first = None if state["first"] is None else int(state["first"])
        mean = SlowMean(self._settings.half_life)
        mean.restore(state["mean"])
        self._mean, self._last, self._known = mean, last.copy(), known
        self._time, self._basis, self._first = time, basis, first
