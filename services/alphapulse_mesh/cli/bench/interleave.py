"""Subjects in turns: each round measures all of a case, so that noise hits all alike."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from alphapulse_mesh.cli.bench.peers import PeerError
from alphapulse_mesh.cli.bench.results import Result, of_rounds, unavailable

__all__ = ["Case", "Effort", "Latency", "Rate", "Subject", "run_case"]


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: `rounds` of about `seconds` each, after `warm_up` seconds a subject.

    Once a bench has taken `budget` seconds, what is left of it gets one short round each: on a busy
    machine it ends late and says so by its `samples`, but it ends.
    """

    rounds: int
    seconds: float
    warm_up: float
    budget: float = float("inf")

    def after(self, elapsed: float) -> Effort:
        """What is left to spend on the next case."""
        return self if elapsed < self.budget else Effort(1, self.seconds / 10, 0.0)


@dataclass(frozen=True, slots=True)
class Rate:
    """Records a second. `measure(n)` moves n units of `records` records; gives the seconds."""

    measure: Callable[[int], float]
    records: int = 1
    consumers: int = 1
    step: int = 1
    start: int = 4096
    most: int = 50_000_000


@dataclass(frozen=True, slots=True)
class Latency:
    """`measure(n)` times n messages; gives p50, p99, p99.9 and the maximum in nanoseconds."""

    measure: Callable[[int], Sequence[float]]
    start: int = 1000
    most: int = 400_000


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is measured, how, and what there is to say about it."""

    name: str
    probe: Rate | Latency
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """The same work for all subjects."""

    name: str
    subjects: Sequence[Subject]
    detail: str = ""


@dataclass(slots=True)
class _Running:
    subject: Subject
    size: int = 0
    seen: list[Sequence[float]] = field(default_factory=list)
    failure: str = ""


def run_case(bench: str, case: Case, effort: Effort) -> Iterator[Result]:
    """Warm every subject up, measure them in turns, give their lines."""
    running = [_Running(subject) for subject in case.subjects]
    for one in running:
        _guarded(one, lambda one: _warm_up(one, effort))
    for turn in range(effort.rounds):
        first = turn % len(running)
        for one in running[first:] + running[:first]:
            if not one.failure:
                _guarded(one, lambda one: one.seen.append(_sample(one.subject.probe, one.size)))
    for one in running:
        yield from _lines(bench, case, one)


def _guarded(one: _Running, step: Callable[[_Running], None]) -> None:
    try:
        step(one)
    except PeerError as error:
        one.failure = str(error)


def _warm_up(one: _Running, effort: Effort) -> None:
    """Grow the work until one round of it takes as long as a sample should."""
    probe = one.subject.probe
    least = probe.step if isinstance(probe, Rate) else 100
    size = _whole(probe.start, least, probe.most)
    deadline = time.monotonic() + effort.warm_up
    while True:
        before = time.monotonic()
        sample = _sample(probe, size)
        # start-up of processes is not the work: a rate says how long that took
        took = size / sample[0] if isinstance(probe, Rate) else time.monotonic() - before
        grown = _whole(int(size * effort.seconds / max(took, 1e-9)), least, probe.most)
        done = grown <= 2 * size
        size = min(grown, size * 8)
        if time.monotonic() >= deadline and (done or time.monotonic() >= deadline + effort.warm_up):
            break
    one.size = size


def _whole(size: int, step: int, most: int) -> int:
    return max(min(size, most) // step, 1) * step


def _sample(probe: Rate | Latency, size: int) -> Sequence[float]:
    if isinstance(probe, Latency):
        return probe.measure(size)
    # units a second; a rate beyond the clock's resolution has no meaning
    return [size / max(probe.measure(size), 1e-6)]


_NANOS = ("p50_ns", "p99_ns", "p999_ns", "max_ns")


def _lines(bench: str, case: Case, one: _Running) -> Iterator[Result]:
    subject, probe = one.subject, one.subject.probe
    rate = isinstance(probe, Rate)
    if one.failure or not one.seen:
        metric, unit = ("per_second", "records/s") if rate else ("p50_ns", "ns")
        why = one.failure or "nothing was measured"
        yield unavailable(bench, case.name, subject.name, metric, unit, why)
        return
    detail = "; ".join(part for part in (case.detail, subject.detail, _sized(one)) if part)
    if isinstance(probe, Latency):
        for index, metric in enumerate(_NANOS):
            values = [sample[index] for sample in one.seen]
            yield of_rounds(bench, case.name, subject.name, metric, "ns", values, detail)
        return
    events = [sample[0] * probe.records for sample in one.seen]
    yield of_rounds(bench, case.name, subject.name, "per_second", "records/s", events, detail)
    if probe.consumers > 1:
        got = [rate * probe.consumers for rate in events]
        metric, unit = "deliveries_per_second", "deliveries/s"
        yield of_rounds(bench, case.name, subject.name, metric, unit, got, detail)


def _sized(one: _Running) -> str:
    probe = one.subject.probe
    if isinstance(probe, Rate):
        return f"{one.size * probe.records} records a round"
    return f"{one.size} messages a round"
