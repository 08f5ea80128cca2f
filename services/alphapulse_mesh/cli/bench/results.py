"""The result line of a bench: one measured figure, or the reason why there is none."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

__all__ = ["METRICS", "Result", "find", "machine", "of_rounds", "read", "unavailable"]

METRICS: Final = frozenset({
    "per_second", "deliveries_per_second", "p50_ns", "p99_ns", "p999_ns", "max_ns", "bytes_each",
    "cpu_ns_each", "seconds",
})  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`value`: the median of `samples` rounds (`max_ns`: the largest); `low`, `high`: their range.

    `per_second` counts records, never batches, once each however many consumers got them.
    `value` None: it could not be measured; `detail` has the reason, else what was done.
    """

    bench: str
    case: str
    subject: str
    metric: str
    value: float | None
    unit: str
    samples: int
    low: float | None = None
    high: float | None = None
    detail: str = ""
    cpus: int = 0
    machine: str = ""

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ValueError(f"no such metric: {self.metric}")
        if self.value is None and not self.detail:
            raise ValueError("a result without a value needs its reason in detail")
        if self.value is not None and self.samples < 1:
            raise ValueError("a value has at least one sample")

    def line(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))


def read(path: Path) -> list[Result]:
    """The results of a file of JSON lines. Raises ValueError where a line is none."""
    results = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        try:
            results.append(Result(**json.loads(line)))
        except (TypeError, ValueError) as error:
            raise ValueError(f"{path}:{number}: not a result: {error}") from error
    return results


def of_rounds(
    bench: str, case: str, subject: str, metric: str, unit: str, rounds: Sequence[float],
    detail: str = "",
) -> Result:  # fmt: skip
    """The median of what the rounds gave, and their range; for `max_ns` the largest."""
    middle = max(rounds) if metric == "max_ns" else median(rounds)
    return Result(
        bench=bench, case=case, subject=subject, metric=metric, value=_short(middle), unit=unit,
        samples=len(rounds), low=_short(min(rounds)), high=_short(max(rounds)), detail=detail,
        cpus=cpus(), machine=machine(),
    )  # fmt: skip


def unavailable(bench: str, case: str, subject: str, metric: str, unit: str, why: str) -> Result:
    """The line of a subject that could not run."""
    return Result(
        bench=bench, case=case, subject=subject, metric=metric, value=None, unit=unit, samples=0,
        detail=why, cpus=cpus(), machine=machine(),
    )  # fmt: skip


def find(results: Iterable[Result], case: str, subject: str, metric: str) -> Result | None:
    """One figure's line; None where there is none."""
    for result in results:
        if (result.case, result.subject, result.metric) == (case, subject, metric):
            return result
    return None


def _short(value: float) -> float:
    """Five digits say more than the machine's noise does."""
    return float(f"{value:.5g}")


def cpus() -> int:
    """Processors that this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def machine() -> str:
    """Processor, kernel and Python, without names of hosts or people."""
    model = platform.machine()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = f"{model}, {line.partition(':')[2].strip()}"
                break
    except OSError:
        pass  # not Linux: the architecture has to do
    return f"{model}, {platform.system()} {platform.release()}, Python {platform.python_version()}"
