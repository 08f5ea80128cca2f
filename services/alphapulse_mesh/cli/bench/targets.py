"""Targets as ratios within one run: ours to a peer's figure of the same case."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from alphapulse_mesh.cli.bench.results import Result, find

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

    @property
    def word(self) -> Literal["ok", "missed", "not measured"]:
        if self.ratio is None:
            return "not measured"
        above = self.ratio >= self.target.ratio
        below = self.ratio <= self.target.ratio
        return "ok" if (above if self.target.bound == "at least" else below) else "missed"


def judge(results: Sequence[Result], targets: Iterable[Target]) -> list[Verdict]:
    """Each target's verdict, in order."""
    verdicts = []
    for target in targets:
        ours = find(results, target.case, "alphapulse", target.metric)
        theirs = find(results, target.case, target.peer, target.metric) if target.peer else 1.0
        ratio = ours / theirs if ours is not None and theirs else None
        verdicts.append(Verdict(target, ratio))
    return verdicts
