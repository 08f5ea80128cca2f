"""The spread's columns against a plain loop over the same quotes, however the feed is cut."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse_layout import QuoteFlag, dtypes
from alphapulse_mesh.strategies.spread import (
    DERIVATIVE,
    SPOT,
    SlowMean,
    Spread,
    SpreadColumns,
    SpreadSettings,
)

if TYPE_CHECKING:
    from alphapulse_client.frames import Rows

MS = 1_000_000
T0 = 1_700_000_000_000 * MS
SETTINGS = SpreadSettings(fees_bps=2.0, max_age=500 * MS, half_life=1000 * MS, warmup=300 * MS)


class Quote(NamedTuple):
    leg: int
    time: int
    bid: int
    width: int
    flags: int = 0


QUOTES = st.lists(
    st.builds(
        Quote,
        leg=st.sampled_from([SPOT, DERIVATIVE]),
        time=st.integers(0, 400),
        bid=st.integers(9_900, 10_100),
        width=st.integers(1, 5),
        flags=st.sampled_from([0, 0, 0, int(QuoteFlag.STALE), int(QuoteFlag.ONE_SIDED)]),
    ),
    max_size=40,
)


def rows_of(quotes: list[Quote]) -> tuple[Rows, np.ndarray[tuple[int], np.dtype[np.intp]]]:
    rows = np.zeros(len(quotes), dtype=dtypes.QUOTE)
    rows["receive_time"] = [T0 + quote.time * MS for quote in quotes]
    rows["bid_price"] = [quote.bid * 10**8 for quote in quotes]
    rows["ask_price"] = [(quote.bid + quote.width) * 10**8 for quote in quotes]
    rows["flags"] = [quote.flags for quote in quotes]
    return rows, np.array([quote.leg for quote in quotes], dtype=np.intp)


@dataclass
class Plain:
    """The same rules, a quote at a time."""

    settings: SpreadSettings = SETTINGS
    last: dict[int, Quote] = field(default_factory=dict)
    time: int = 0
    cell: int | None = None
    basis: float = math.nan
    total: float = 0.0
    weight: float = 0.0
    first: int | None = None

    def add(self, quote: Quote) -> tuple[float, float, float, float]:
        self.last[quote.leg] = quote
        self.time = max(self.time, quote.time)
        now = T0 + self.time * MS
        cell = now // (100 * MS)
        if self.cell is not None and cell > self.cell and not math.isnan(self.basis):
            keep = 0.5 ** ((cell - self.cell) * 100 * MS / self.settings.half_life)
            self.total = self.total * keep + self.basis * (1 - keep)
            self.weight = self.weight * keep + (1 - keep)
        self.cell = cell
        usable = len(self.last) == 2 and all(
            not leg.flags and (self.time - leg.time) * MS <= self.settings.max_age
            for leg in self.last.values()
        )
        if not usable:
            return (math.nan,) * 4
        spot, perp = self.last[SPOT], self.last[DERIVATIVE]
        mid = spot.bid + spot.width / 2
        long = (spot.bid - perp.bid - perp.width) / mid * 1e4 - self.settings.fees_bps
        short = (perp.bid - spot.bid - spot.width) / mid * 1e4 - self.settings.fees_bps
        self.basis = (perp.bid + perp.width / 2 - mid) / mid * 1e4
        if self.first is None:
            self.first = now
        mean = self.total / self.weight if self.weight else math.nan
        warm = now >= self.first + self.settings.warmup
        return long, short, self.basis, self.basis - mean if warm else math.nan


def columns_of(found: SpreadColumns) -> list[tuple[float, ...]]:
    return list(
        zip(
            found.edge_long[2:].tolist(),
            found.edge_short[2:].tolist(),
            found.basis[2:].tolist(),
            found.deviation[2:].tolist(),
            strict=True,
        )
    )


@given(QUOTES, st.sets(st.integers(1, 39)))
def test_columns_are_those_of_a_plain_loop(quotes: list[Quote], cuts: set[int]) -> None:
    plain = Plain()
    expected = [plain.add(quote) for quote in quotes]
    spread = Spread(SETTINGS)
    found: list[tuple[float, ...]] = []
    edges = [0, *sorted(cut for cut in cuts if cut < len(quotes)), len(quotes)]
    for start, end in itertools.pairwise(edges):
        if start < end:
            found += columns_of(spread.add(*rows_of(quotes[start:end])))
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours == pytest.approx(theirs, nan_ok=True, abs=1e-9)


@given(QUOTES, st.integers(0, 40))
def test_a_restored_spread_goes_on_as_if_nothing_had_been(quotes: list[Quote], at: int) -> None:
    whole, first, second = Spread(SETTINGS), Spread(SETTINGS), Spread(SETTINGS)
    head, tail = quotes[:at], quotes[at:]
    if head:
        whole.add(*rows_of(head))
        first.add(*rows_of(head))
    second.restore(first.state())
    if tail:
        np.testing.assert_array_equal(
            np.array(columns_of(second.add(*rows_of(tail)))),
            np.array(columns_of(whole.add(*rows_of(tail)))),
        )


@given(QUOTES.filter(bool), st.integers(1, 39))
def test_the_batches_do_not_change_a_bit(quotes: list[Quote], cut: int) -> None:
    """Signals must be the same bytes on every run, so this is exact, not approximate."""
    one, two = Spread(SETTINGS), Spread(SETTINGS)
    whole = columns_of(one.add(*rows_of(quotes)))
    parts: list[tuple[float, ...]] = []
    for part in (quotes[:cut], quotes[cut:]):
        if part:
            parts += columns_of(two.add(*rows_of(part)))
    np.testing.assert_array_equal(np.array(parts), np.array(whole))


def test_the_mean_weighs_first_samples_in_full() -> None:
    mean = SlowMean(half_life=1000 * MS)
    assert math.isnan(mean.value)
    mean.add(4.0, 1)
    assert mean.value == pytest.approx(4.0)
    for _ in range(10):  # one half-life of zeros
        mean.add(0.0, 1)
    assert mean.value < 2.0


@pytest.mark.parametrize(
    "damage",
    [
        {"last": "00"},
        {"known": [True]},
        {"time": "x"},
        {"mean": [1.0]},
        {"basis": "y"},
    ],
)
def test_a_state_of_something_else_is_refused_whole(damage: dict[str, object]) -> None:
    spread = Spread(SETTINGS)
    spread.add(*rows_of([Quote(SPOT, 1, 10_000, 1), Quote(DERIVATIVE, 150, 10_001, 1)]))
    before = spread.state()
    with pytest.raises((KeyError, TypeError, ValueError)):
        spread.restore(before | damage)
    assert spread.state() == before
