"""`bench ring`: the ring beside LMAX Disruptor, iceoryx2, pyzmq, a pipe and the bare cache line.

The work is done by three programs under `tests/bench/ring` that answer one command a line: a Rust
crate (the ring, iceoryx2, the hand-over), a Maven module (LMAX) and a Python script. Every producer
writes every byte of each message and every consumer of a compiled subject reads every byte.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from alphapulse_core import encode_frame, verify_frame
from alphapulse_layout import DTYPES, MessageType, SourceType
from alphapulse_mesh.cli.bench.interleave import Case, Effort, Latency, Rate, Subject, run_case
from alphapulse_mesh.cli.bench.peers import Peer
from alphapulse_mesh.cli.bench.results import Result
from alphapulse_mesh.cli.bench.targets import Target

__all__ = ["CASES", "TARGETS", "run"]

BATCH: Final = 64
PYTHON_BATCH: Final = 4096
# Messages in flight, for all subjects: as in LMAX's own benchmarks, and what suits it best.
SLOTS: Final = {64: 65_536, 1024: 4096, BATCH * 64: 1024}

TARGETS: Final = (
    Target("handover", "p50_ns", "limit", "at most", 1.3),
    Target("1p1c-64B-batch1", "per_second", "lmax", "at least", 1.5),
    Target("1p1c-64B-batched", "per_second", "lmax", "at least", 1.5),
    Target("1p1c-64B-batch1", "per_second", "iceoryx2", "at least", 5),
    Target("1p1c-64B-batched", "per_second", "iceoryx2", "at least", 5),
    Target("1p3c-64B", "per_second", "lmax", "at least", 1),
    Target("3p1c-64B", "per_second", "lmax", "at least", 1),
    Target("python-64B", "per_second", "pyzmq", "at least", 50),
    Target("frame-verify-64KiB", "p50_ns", "", "at most", 10_000),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """One throughput case of the compiled subjects."""

    name: str
    producers: int
    consumers: int
    size: int
    batch: int
    processes: bool = False
    # records that one message carries
    records: int = 1


def _shapes() -> Iterator[Shape]:
    for size, label in ((64, "64B"), (1024, "1KiB")):
        yield Shape(f"1p1c-{label}-batch1", 1, 1, size, 1)
        yield Shape(f"1p1c-{label}-batched", 1, 1, size, BATCH)
        for producers, consumers in ((1, 3), (3, 1), (4, 4)):
            yield Shape(f"{producers}p{consumers}c-{label}", producers, consumers, size, 1)
        if size == 64:
            for producers, consumers in ((1, 3), (3, 1), (4, 4)):
                name = f"{producers}p{consumers}c-{label}-batched"
                yield Shape(name, producers, consumers, size, BATCH)
    yield Shape("1p1c-64B-batch1-processes", 1, 1, 64, 1, processes=True)
    yield Shape("1p1c-64B-batched-processes", 1, 1, 64, BATCH, processes=True)
    yield Shape("1p1c-64B-packed", 1, 1, BATCH * 64, 1, records=BATCH)


SHAPES: Final = tuple(_shapes())
CASES: Final = (
    "handover", "handover-1KiB", "handover-processes", *(shape.name for shape in SHAPES),
    "python-64B", "python-64B-batch1", "python-64B-packed", "frame-verify-64KiB",
)  # fmt: skip


def run(root: Path, effort: Effort) -> Iterator[Result]:
    """Measure all cases; `root` is the source tree. Lines come as soon as their case is done."""
    folder = root / "tests/bench/ring"
    hint = "run `make bench-peers`"
    rust = root / ".tools/build/ring-bench/release/alphapulse-ring-bench"
    jar = folder / "lmax/target/lmax-bench.jar"
    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="alphapulse-bench.") as scratch:
        cwd = Path(scratch)
        compiled = stack.enter_context(closing(Peer([str(rust)], built=rust, hint=hint, cwd=cwd)))
        java = stack.enter_context(closing(Peer(_java(jar), built=jar, hint=hint, cwd=cwd)))
        script = folder / "python_peers.py"
        python = stack.enter_context(
            closing(
                Peer([sys.executable, str(script)], built=script, hint="a source tree", cwd=cwd)
            )
        )
        started = time.monotonic()
        for case in _cases(compiled, java, python):
            yield from run_case("ring", case, effort.after(time.monotonic() - started))


def _java(jar: Path) -> list[str]:
    return ["java", "-XX:+UseParallelGC", "-Xms512m", "-Xmx512m", "-jar", str(jar)]


def _cases(rust: Peer, java: Peer, python: Peer) -> Iterator[Case]:
    def latency(subject: str, how: str, size: int) -> Latency:
        return Latency(lambda n: rust.ask(f"latency {subject} {how} {size} {n} 1024"))

    def lmax_latency(size: int) -> Latency:
        return Latency(lambda n: java.ask(f"latency {size} {n} 1024"))

    one_way = "one way = half a round trip, both sides spinning"
    limit = Subject("limit", latency("limit", "threads", 8), "one word, one cache line each way")
    for name, size in (("handover", 64), ("handover-1KiB", 1024)):
        subjects = (
            limit,
            Subject("alphapulse", latency("alphapulse", "threads", size)),
            Subject("lmax", lmax_latency(size)),
            Subject("iceoryx2", latency("iceoryx2", "threads", size)),
        )
        yield Case(name, subjects, f"{size} bytes; threads; {one_way}")
    apart = (Subject(name, latency(name, "processes", 64)) for name in ("alphapulse", "iceoryx2"))
    yield Case("handover-processes", (limit, *apart), f"64 bytes; processes; {one_way}")
    for shape in SHAPES:
        yield _throughput(shape, rust, java)
    yield from _python(python)
    yield Case("frame-verify-64KiB", (Subject("alphapulse", Latency(_verify_frame)),))


def _throughput(shape: Shape, rust: Peer, java: Peer) -> Case:
    how = "processes" if shape.processes else "threads"
    work = f"{shape.producers} {shape.consumers} {shape.size} {shape.batch}"
    slots = SLOTS[shape.size]

    def rate(ask: Peer, prefix: str) -> Rate:
        return Rate(
            lambda n: ask.ask(f"throughput {prefix}{work} {n} {slots}")[0],
            records=shape.records,
            consumers=shape.consumers,
            step=shape.producers * shape.batch,
        )

    subjects = [
        Subject("alphapulse", rate(rust, f"alphapulse {how} ")),
        Subject("iceoryx2", rate(rust, f"iceoryx2 {how} "), "no batches: a send each"
                if shape.batch > 1 else ""),
    ]  # fmt: skip
    if how == "threads" and shape.records == 1:
        subjects.insert(1, Subject("lmax", rate(java, "")))
    size = f"{shape.size} bytes" if shape.records == 1 else f"{shape.records} records a message"
    detail = f"{size}; batch {shape.batch}; {how}; {slots} slots"
    return Case(shape.name, subjects, detail)


def _python(python: Peer) -> Iterator[Case]:
    def rate(subject: str, batch: int) -> Rate:
        # Starting the processes takes far longer than a small round: begin with a round that the
        # first wake-ups do not decide.
        start = 1 << 21 if subject.startswith("alphapulse") and batch > 1 else 1 << 15
        return Rate(
            lambda n: python.ask(f"throughput {subject} {batch} {n}")[0],
            step=batch,
            start=start,
            most=100_000_000,
        )

    each = {
        "alphapulse": f"blocks of {PYTHON_BATCH} entries from NumPy, read as NumPy views",
        "pyzmq": "push-pull over ipc, a message a record",
        "pipe": "a write a record, read in blocks",
        "iceoryx2": "its Python package, a sample a record",
    }
    batched = [Subject(name, rate(name, PYTHON_BATCH), text) for name, text in each.items()]
    yield Case("python-64B", batched, "64 bytes; processes")
    single = [
        Subject("alphapulse", rate("alphapulse", 1), "a publish a record, read as NumPy views"),
        Subject("pyzmq", rate("pyzmq", 1), each["pyzmq"]),
    ]
    yield Case("python-64B-batch1", single, "64 bytes; batch 1; processes")
    packed = [
        Subject(name, rate(f"{name} packed", PYTHON_BATCH))
        for name in ("alphapulse", "pyzmq", "pipe")
    ]
    yield Case("python-64B-packed", packed, f"{PYTHON_BATCH} records of 64 bytes a message")


def _verify_frame(count: int) -> list[float]:
    """Check structure and checksum of one market-data frame of 64 KiB, from Python."""
    kind = MessageType.TRADE
    rows = np.zeros(65_536 // DTYPES[kind].itemsize, DTYPES[kind])
    frame = encode_frame(
        int(kind), rows, source=int(SourceType.BINANCE_COLLECTOR), timestamp=1,
        trace_id=bytes(range(16)), message_id=bytes(range(8)),
    )  # fmt: skip
    times = np.empty(count, np.float64)
    clock = time.perf_counter_ns
    for index in range(count):
        before = clock()
        verify_frame(frame)
        times[index] = clock() - before
    return [float(np.quantile(times, q)) for q in (0.5, 0.99, 0.999, 1.0)]
