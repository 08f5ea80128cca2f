"""Targets as ratios within one run: ours to a peer's figure of the same case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from alphapulse_mesh.cli.bench.results import Result, find

# A single round on a busy machine may be off by any factor.
FEWEST_ROUNDS = 3

__all__ = ["Target", "Verdict", "judge"]


@dataclass(frozen=True, slots=True)
class Target:
    """`alphapulse` / `peer` of `metric` in `case` is to be `bound` `ratio`; peer "" is the plain
    value.
    """

    case: str
    metric: str
    peer: str
    bound: Literal["at least", "at most"]
    ratio: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a run met a target; `ratio` None where a side was not measured."""

    target: Target
    ratio: float | None
    rounds: int = FEWEST_ROUNDS

    @property
    def word(self) -> Literal["ok", "missed", "not measured", "too few rounds"]:
        if self.ratio is None:
            return "not measured"
        if self.rounds < FEWEST_ROUNDS:
            return "too few rounds"
        above = self.ratio >= self.target.ratio
        below = self.ratio <= self.target.ratio
        return "ok" if (above if self.target.bound == "at least" else below) else "missed"


def judge(results: Sequence[Result], targets: Iterable[Target]) -> list[Verdict]:
    """Each target's verdict, in order."""
    verdicts = []
    for target in targets:
        ours = find(results, target.case, "alphapulse", target.metric)
        theirs = find(results, target.case, target.peer, target.metric)
        value, rounds = (theirs.value, theirs.samples) if theirs else (None, 0)
        if not target.peer:
            value, rounds = 1.0, FEWEST_ROUNDS
        if ours is None or ours.value is None or not value:
            verdicts.append(Verdict(target, None))
        else:
            verdicts.append(Verdict(target, ours.value / value, min(ours.samples, rounds)))
    return verdicts
