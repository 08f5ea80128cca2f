"""`bench registry`: the registry beside Redis, SQLite, NATS KV and a plain dict.

The registry runs as its own process, as `alphapulse up` starts it, and is asked by the client
library; Redis and NATS run as theirs, on loopback, with everything that is acknowledged on disk.
SQLite and the dict have no wire at all. All hold the same records of 128 bytes by the same ids.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from itertools import chain
from pathlib import Path
from typing import Final

from alphapulse_mesh.cli.bench.interleave import Case, Effort, Latency, Rate, Subject, run_case
from alphapulse_mesh.cli.bench.peers import PeerError
from alphapulse_mesh.cli.bench.registry_data import Data
from alphapulse_mesh.cli.bench.registry_index import index_cases
from alphapulse_mesh.cli.bench.registry_peers import NatsKv, Redis, Sqlite
from alphapulse_mesh.cli.bench.registry_server import Registry
from alphapulse_mesh.cli.bench.results import Result, of_rounds, unavailable
from alphapulse_mesh.cli.bench.targets import Target

__all__ = ["CASES", "TARGETS", "run"]

INSTRUMENTS: Final = 100_000
QUICK_INSTRUMENTS: Final = 20_000
BATCH: Final = 10_000

CASES: Final = (
    "lookup-id", "lookup-isin", "lookup-python", "lookup-vector", "grpc-one", "grpc-batch",
    "grpc-stream", "register-one", "register-batch", "watch", "cold-start", "memory",
)  # fmt: skip
TARGETS: Final = (
    Target("lookup-id", "p50_ns", "", "at most", 60),
    Target("lookup-vector", "per_second", "", "at least", 10_000_000),
    Target("grpc-batch", "per_second", "", "at least", 1_000_000),
    Target("grpc-batch", "per_second", "redis", "at least", 5),
    Target("register-batch", "per_second", "", "at least", 50_000),
    Target("cold-start", "seconds", "", "at most", 2),
    Target("memory", "bytes_each", "", "at most", 600),
)


def run(root: Path, effort: Effort) -> Iterator[Result]:
    """Measure all cases; lines come as soon as their case is done."""
    quick = effort.rounds < 5
    data = Data(QUICK_INSTRUMENTS if quick else INSTRUMENTS)
    started = time.monotonic()

    def left() -> Effort:
        return effort.after(time.monotonic() - started)

    with ExitStack() as stack, tempfile.TemporaryDirectory(prefix="alphapulse-bench.") as scratch:
        loop = stack.enter_context(closing(asyncio.new_event_loop()))
        ask = loop.run_until_complete
        registry = Registry(Path(scratch), data, ask)
        stack.callback(registry.close)
        redis = Redis(Path(scratch), data)
        stack.callback(redis.close)
        nats = NatsKv(Path(scratch), data, ask)
        stack.callback(nats.close)
        sqlite = Sqlite(Path(scratch), data)
        stack.callback(sqlite.close)
        held = dict(zip(data.ids, data.records, strict=True))
        # registering comes first: it fills the stores that the other cases read
        registry.fill()
        for case in _registering(registry, redis, nats, sqlite):
            yield from run_case("registry", case, left())
        yield from run_case("registry", _watch(registry), left())
        reading = _reading(data, registry, redis, nats, sqlite, held)
        for case in chain(index_cases(root, data, held, registry.index_path), reading):
            yield from run_case("registry", case, left())
        rounds = left().rounds
        yield from _seconds("cold-start", "alphapulse", registry.cold_start, min(rounds, 5))
        yield from _seconds("cold-start", "redis", redis.cold_start, min(rounds, 5))
        yield from _bytes_each("alphapulse", registry.index_bytes_each)
        yield from _bytes_each("redis", redis.bytes_each)
        yield from _bytes_each("sqlite", sqlite.bytes_each)
        yield from _bytes_each("dict", data.dict_bytes_each)


def _registering(registry: Registry, redis: Redis, nats: NatsKv, sqlite: Sqlite) -> Iterator[Case]:
    durable = "acknowledged once on disk"
    yield Case(
        "register-one",
        (
            Subject("alphapulse", Latency(registry.register_one, start=50, most=2000)),
            Subject("redis", Latency(redis.set_one, start=50, most=2000), "appendfsync always"),
            Subject("sqlite", Latency(sqlite.insert_one, start=50, most=2000), "a commit each"),
            Subject("nats-kv", Latency(nats.put_one, start=50, most=2000), "sync always"),
        ),
        f"one after the other; {durable}",
    )
    each = f"{BATCH} a call; {durable}"
    yield Case(
        "register-batch",
        (
            Subject(
                "alphapulse",
                Rate(registry.register_batches, step=BATCH, start=BATCH, most=4 * BATCH),
                "checked, identified, linked; two calls in flight",
            ),
            Subject(
                "redis",
                Rate(redis.set_batches, step=BATCH, start=BATCH, most=4 * BATCH),
                "pipelined SET of the bytes, appendfsync always",
            ),
            Subject(
                "sqlite",
                Rate(sqlite.insert_batches, step=BATCH, start=BATCH, most=4 * BATCH),
                "executemany of the bytes, synchronous FULL, a commit a batch",
            ),
            Subject(
                "nats-kv",
                Rate(nats.put_many, step=1000, start=1000, most=2000),
                "256 puts in flight, sync always",
            ),
        ),
        each,
    )


def _watch(registry: Registry) -> Case:
    return Case(
        "watch",
        (Subject("alphapulse", Latency(registry.watch_delivery, start=50, most=1000)),),
        "from the call of a registration to its event at a watcher in the same process, durable",
    )


def _reading(
    data: Data, registry: Registry, redis: Redis, nats: NatsKv, sqlite: Sqlite,
    held: dict[bytes, bytes],
) -> Iterator[Case]:  # fmt: skip
    yield Case(
        "grpc-one",
        (
            Subject("alphapulse", Latency(registry.get_one, start=100, most=5000)),
            Subject("redis", Latency(redis.get_one, start=100, most=5000)),
            Subject("sqlite", Latency(sqlite.get_one, start=100, most=5000), "no wire"),
            Subject("nats-kv", Latency(nats.get_one, start=100, most=5000)),
        ),
        "one by its id, one after the other",
    )

    def from_dict(count: int) -> float:
        before = time.perf_counter()
        for batch in data.batches(count, BATCH):
            found = [held[one] for one in batch]
            assert len(found) == len(batch)
        return time.perf_counter() - before

    most = 40 * BATCH
    yield Case(
        "grpc-batch",
        (
            Subject(
                "alphapulse",
                Rate(registry.get_batches, step=BATCH, start=BATCH, most=most),
                "BatchGetInstrumentRecords into one NumPy array; two calls in flight",
            ),
            Subject(
                "redis",
                Rate(redis.get_batches, step=BATCH, start=BATCH, most=most),
                "a pipeline of ten MGETs of 1,000",
            ),
            Subject(
                "sqlite",
                Rate(sqlite.get_batches, step=BATCH, start=BATCH, most=most),
                "SELECT … IN of 10,000; no wire",
            ),
            Subject(
                "nats-kv", Rate(nats.get_many, step=1000, start=1000, most=5000), "256 in flight"
            ),
            Subject("dict", Rate(from_dict, step=BATCH, start=BATCH, most=most), "no wire"),
        ),
        f"{BATCH} ids a call, to their records",
    )
    yield Case(
        "grpc-stream",
        (
            Subject(
                "alphapulse",
                Rate(registry.stream, step=1000, start=1000, most=len(data.ids)),
                "WatchRegistry from the beginning: whole instruments as messages",
            ),
            Subject(
                "alphapulse-records",
                Rate(registry.stream_records, step=1000, start=1000, most=len(data.ids)),
                "StreamInstrumentRecords of everything, into NumPy arrays",
            ),
            Subject(
                "redis",
                Rate(redis.scan, step=1000, start=1000, most=len(data.ids)),
                "SCAN and MGET of 1,000",
            ),
        ),
        "everything, one after the other",
    )


def _seconds(
    case: str, subject: str, once: Callable[[], tuple[float, str]], rounds: int
) -> Iterator[Result]:
    taken: list[float] = []
    detail = ""
    try:
        for _ in range(rounds):
            seconds, detail = once()
            taken.append(seconds)
    except PeerError as error:
        yield unavailable("registry", case, subject, "seconds", "s", str(error))
        return
    yield of_rounds("registry", case, subject, "seconds", "s", taken, detail)


def _bytes_each(subject: str, measure: Callable[[], tuple[float, str]]) -> Iterator[Result]:
    try:
        value, detail = measure()
    except PeerError as error:
        yield unavailable("registry", "memory", subject, "bytes_each", "B", str(error))
        return
    # counted, not timed: it is the same however often one looks
    yield of_rounds("registry", "memory", subject, "bytes_each", "B", [value] * 3, detail)
