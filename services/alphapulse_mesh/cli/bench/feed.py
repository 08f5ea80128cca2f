"""`bench feed`: publisher → relay → N subscribers, beside NATS, ZeroMQ, Redis and bare gRPC.

Each subject of a case is a program of its own (`tests/bench/feed/feed_peers.py`) with its hub and
its subscriber processes; all of a case live at the same time and are measured in turns, so that
noise hits all alike. Every subject carries the same records of 64 bytes.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from alphapulse_mesh.cli.bench.interleave import Effort
from alphapulse_mesh.cli.bench.peers import Peer, PeerError
from alphapulse_mesh.cli.bench.results import Result, of_rounds, unavailable
from alphapulse_mesh.cli.bench.targets import Target

__all__ = ["CASES", "TARGETS", "run"]

FRAME_RECORDS: Final = 2000
"""Of the script's `records`: what a frame of the throughput rounds carries."""

TARGETS: Final = (
    Target("grpc-1sub", "per_second", "", "at least", 5e6),
    Target("grpc-1sub", "per_second", "limit", "at least", 0.9),
    Target("grpc-1sub", "p50_ns", "limit", "at most", 1.3),
    Target("grpc-1sub", "per_second", "nats-py", "at least", 20),
    Target("grpc-1sub", "per_second", "pyzmq", "at least", 4),
    Target("shm-1sub", "per_second", "", "at least", 20e6),
    Target("shm-1sub", "p50_ns", "", "at most", 10_000),
    Target("grpc-100sub-paced-publisher", "cpu_ns_each", "one-sub", "at most", 1.05),
    Target("stalled-sub", "p99_ns", "unstalled", "at most", 1.3),
)


Measure = Literal["rate", "latency", "paced"]
"""`rate`: at full speed; `paced`: the same at an offered rate that all subscribers keep up with."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One program: its name in the results, how the script is called, and what is measured."""

    name: str
    program: str
    packed: bool = True
    options: tuple[str, ...] = ()
    detail: str = ""
    measures: tuple[Measure, ...] = ("rate", "latency")
    # 0: as many as the case has
    subscribers: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """The same records to the same number of subscribers for all subjects."""

    name: str
    subscribers: int
    subjects: tuple[Subject, ...]
    # what a round is shortened by, where all of it is done many times over
    share: float = 1.0


OURS: Final = Subject("alphapulse", "alphapulse", detail="frames of 2,000 records")
SHM: Final = Subject(
    "alphapulse",
    "alphapulse-shm-polling",
    detail="written into memory, read from the ring; relay and reader poll 5 ms before they sleep",
)
# readers that outnumber the processors would poll at each other's cost
SHM_MANY: Final = Subject(
    "alphapulse",
    "alphapulse-shm",
    detail="written into memory, read from the ring; relay and readers sleep when idle",
)
NATS: Final = Subject(
    "alphapulse",
    "alphapulse-nats",
    detail="published over gRPC, read from JetStream; the hub is relay and nats-server",
)
LIMIT: Final = Subject("limit", "limit", detail="grpc.aio hub, messages of eight frames, no checks")
PEERS: Final = (
    Subject("nats-py", "nats-py", packed=False, detail="core NATS, a message a record"),
    Subject("pyzmq", "pyzmq", packed=False, detail="XPUB-SUB over ipc, no hub, a message a record"),
    Subject("redis", "redis", packed=False, detail="a stream, an entry a record, pipelined"),
)
PACKED: Final = tuple(
    Subject(one.name, one.program, detail=f"{one.detail.split(',')[0]}, whole frames as messages")
    for one in PEERS
)
_PACED: Final = f"a frame of {FRAME_RECORDS:,} records every 50 ms"
_PACED_PART: Final = "-paced"
_PROBE: Final = "probe=1024"
_ALL: Final = (
    Case("grpc-1sub", 1, (OURS, LIMIT, *PEERS)),
    Case("grpc-1sub-packed", 1, (OURS, LIMIT, *PACKED)),
    Case("grpc-10sub", 10, (OURS, LIMIT, *PACKED), share=0.5),
    Case("shm-1sub", 1, (SHM, PACKED[1])),
    Case("shm-10sub", 10, (SHM_MANY, PACKED[1]), share=0.5),
    Case("nats-1sub", 1, (NATS, PACKED[0])),
    Case("nats-10sub", 10, (NATS, PACKED[0]), share=0.5),
    Case(
        "stalled-sub",
        1,
        (
            Subject("alphapulse", "alphapulse", options=("stalled", _PROBE),
                    detail="beside a subscriber that reads nothing", measures=("latency",)),
            Subject("unstalled", "alphapulse", options=(_PROBE,), detail="without it",
                    measures=("latency",)),
        ),
    ),
    # the last: their hundreds of processes take their time to start
    Case("shm-100sub", 100, (SHM_MANY, PACKED[1])),
    Case("nats-100sub", 100, (NATS, PACKED[0]), share=0.5),
    Case(
        "grpc-100sub",
        100,
        (
            replace(OURS, measures=("rate", "latency", "paced")),
            replace(OURS, name="one-sub", measures=("paced",), subscribers=1),
            replace(LIMIT, measures=("rate", "latency", "paced")),
            replace(LIMIT, name="limit-one-sub", measures=("paced",), subscribers=1),
            *PACKED,
        ),
        share=0.25,
    ),
)  # fmt: skip
CASES: Final = tuple(case.name for case in _ALL)
_NANOS: Final = ("p50_ns", "p99_ns", "p999_ns", "max_ns")
_STAGES: Final = ("", "-to-relay", "-from-relay")


@dataclass(slots=True)
class _Running:
    """One subject while its case is measured."""

    subject: Subject
    peer: Peer
    count: int
    """Subscribers."""
    frames: int = 64
    rates: dict[Measure, list[list[float]]] = field(default_factory=dict)
    """Seconds, processor seconds of publisher, hub and subscribers, records."""
    latencies: list[list[float]] = field(default_factory=list)
    memory: list[list[float]] = field(default_factory=list)
    failure: str = ""


def run(root: Path, effort: Effort) -> Iterator[Result]:
    """Measure all cases; `root` is the source tree. Lines come as soon as their case is done."""
    started = time.monotonic()
    one_sub: Result | None = None
    for case in _ALL:
        left = effort.after(time.monotonic() - started)
        for result in _case(root, case, left):
            yield result
            if (result.case, result.metric, result.subject) == (
                "grpc-1sub-publisher", "cpu_ns_each", "alphapulse",
            ):  # fmt: skip
                one_sub = result
        if case.name == "grpc-100sub" and one_sub is not None:
            detail = "the publisher's share in grpc-1sub"
            name = f"{case.name}-publisher"
            yield replace(one_sub, case=name, subject="one-sub", detail=detail)


def _case(root: Path, case: Case, effort: Effort) -> Iterator[Result]:
    script = root / "tests/bench/feed/feed_peers.py"
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="alphapulse-bench.") as cwd:
        running = []
        for subject in case.subjects:
            how = "packed" if subject.packed else "each"
            count = subject.subscribers or case.subscribers
            command = [sys.executable, str(script), subject.program, str(count), how]
            command += subject.options
            peer = stack.enter_context(closing(Peer(command, built=script, cwd=Path(cwd))))
            running.append(_Running(subject, peer, count))
        for one in running:
            _guarded(one, lambda one: _warm_up(one, case, effort))
        for turn in range(effort.rounds):
            first = turn % len(running)
            for one in running[first:] + running[:first]:
                _guarded(one, lambda one: _round(one, case, effort))
        for one in running:
            _guarded(one, lambda one: one.memory.append(one.peer.ask("memory")))
    for one in running:
        yield from _lines(case, one)


def _guarded(one: _Running, step: Callable[[_Running], object]) -> None:
    if one.failure:
        return
    try:
        step(one)
    except PeerError as error:
        one.failure = str(error)


def _warm_up(one: _Running, case: Case, effort: Effort) -> None:
    """Start it, and find how many frames fill a round's time."""
    measures = one.subject.measures
    if "latency" in measures:
        one.peer.ask(f"latency {_probes(case, effort)}", 120.0)
    if "paced" in measures:
        one.peer.ask("paced 4", 120.0)
    if "rate" not in measures:
        return
    wanted = max(4 * effort.seconds * case.share, 0.05)
    # the first answer has connections and caches to warm, and says how small to begin
    one.frames = 2 if one.subject.packed else 1
    deadline = time.monotonic() + max(effort.warm_up, 0.5) * 2
    while True:
        took = one.peer.ask(f"rate {one.frames}", 120.0)[0]
        grown = max(int(one.frames * wanted / max(took, 1e-6)), 1)
        done = grown <= 2 * one.frames
        one.frames = min(grown, one.frames * 8)
        if done or time.monotonic() >= deadline:
            return


def _probes(case: Case, effort: Effort) -> int:
    """Of a round; each gives a latency at every subscriber."""
    return max(int(1600 * effort.seconds / max(case.subscribers / 6, 1)), 10)


def _round(one: _Running, case: Case, effort: Effort) -> None:
    for measure in one.subject.measures:
        if measure == "latency":
            one.latencies.append(one.peer.ask(f"latency {_probes(case, effort)}", 120.0))
            continue
        frames = one.frames if measure == "rate" else max(int(160 * effort.seconds), 4)
        rate = one.peer.ask(f"{measure} {frames}", 120.0)
        one.rates.setdefault(measure, []).append([*rate, float(frames * FRAME_RECORDS)])


def _lines(case: Case, one: _Running) -> Iterator[Result]:
    name, subject = case.name, one.subject.name
    if one.failure or not (one.rates or one.latencies):
        latency = one.subject.measures == ("latency",)
        metric, unit = ("p50_ns", "ns") if latency else ("per_second", "records/s")
        why = one.failure or "nothing was measured"
        yield unavailable("feed", name, subject, metric, unit, why)
        return
    count = f"{one.count} subscriber{'s' if one.count > 1 else ''}"
    detail = "; ".join(part for part in (count, one.subject.detail) if part)

    def line(suffix: str, metric: str, unit: str, values: list[float]) -> Result:
        how = f"{count}; {_PACED}" if suffix.startswith(_PACED_PART) else detail
        return of_rounds("feed", name + suffix, subject, metric, unit, values, how)

    for measure, rounds in one.rates.items():
        paced = _PACED_PART if measure == "paced" else ""
        speeds = [records / max(seconds, 1e-6) for seconds, _, _, _, records in rounds]
        yield line(paced, "per_second", "records/s", speeds)
        if one.count > 1:
            got = [speed * one.count for speed in speeds]
            yield line(paced, "deliveries_per_second", "deliveries/s", got)
        yield line(paced, "cpu_ns_each", "ns", [sum(row[1:4]) * 1e9 / row[4] for row in rounds])
        for at, who in enumerate(("-publisher", "-hub", "-subscribers"), 1):
            values = [row[at] * 1e9 / row[4] for row in rounds]
            if any(values):
                yield line(paced + who, "cpu_ns_each", "ns", values)
    for index, stage in enumerate(_STAGES if one.latencies else ()):
        if one.latencies[0][4 * index] < 0:
            continue
        for at, metric in enumerate(_NANOS):
            yield line(stage, metric, "ns", [row[4 * index + at] for row in one.latencies])
    if one.memory:
        for at, who in enumerate(("-hub", "-publisher", "")):
            if one.memory[0][at]:
                yield line(who, "bytes_each", "bytes", [one.memory[0][at]])
