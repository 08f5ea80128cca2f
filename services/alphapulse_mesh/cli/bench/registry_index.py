"""The look-ups of `bench registry` that leave no process: the core's table of records beside a dict
and SQLite's own table in memory.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

from alphapulse_core import InstrumentRecords
from alphapulse_mesh.cli.bench.interleave import Case, Latency, Rate, Subject
from alphapulse_mesh.cli.bench.peers import Peer, PeerError
from alphapulse_mesh.cli.bench.registry_data import Data, timed

__all__ = ["index_cases"]

_BLOCK = 100_000


def _no_index(_: int) -> list[float]:
    raise PeerError("this build has no shared-memory index")


def index_cases(root: Path, data: Data, held: dict[bytes, bytes]) -> Iterator[Case]:
    """The four cases."""
    program = root / ".tools/build/registry-bench/release/examples/registry_lookup"
    with closing(
        Peer([str(program)], built=program, hint="run `make bench-peers`", cwd=root)
    ) as rust:

        def from_rust(count: int) -> list[float]:
            rust.ask(f"fill {data.count}")
            return rust.ask(f"id {count}")

        detail = "from Rust; the mean of eight in a row, the last byte of each record read"
        own = "the core's table in its process"
        probe = Latency(from_rust, start=10_000, most=1_000_000)
        yield Case("lookup-id", (Subject("alphapulse", probe, own),), detail)
    yield from _python_cases(data, held)


def _python_cases(data: Data, held: dict[bytes, bytes]) -> Iterator[Case]:
    yield Case("lookup-isin", (Subject("alphapulse", Latency(_no_index)),), "from Rust")
    table = InstrumentRecords()
    table.extend(b"".join(data.records))
    own = "the core's table in this process"

    def from_table(count: int) -> list[float]:
        ids = data.some(count)
        return timed(count, lambda at: table.gather(ids[at]))

    def many_from_table(count: int) -> float:
        ids = b"".join(data.some(count))
        before = time.perf_counter()
        found, missing = table.gather(ids)
        rows = np.frombuffer(found, "V128")
        took = time.perf_counter() - before
        assert len(rows) == count
        assert not missing
        return took

    memory = sqlite3.connect(":memory:")
    memory.execute("CREATE TABLE t (id BLOB PRIMARY KEY, record BLOB) WITHOUT ROWID")
    memory.executemany("INSERT INTO t VALUES (?, ?)", held.items())
    select = "SELECT record FROM t WHERE id = ?"

    def from_dict(count: int) -> list[float]:
        ids = data.some(count)
        return timed(count, lambda at: held[ids[at]])

    def from_sqlite(count: int) -> list[float]:
        ids = data.some(count)
        return timed(count, lambda at: memory.execute(select, (ids[at],)).fetchone())

    yield Case(
        "lookup-python",
        (
            Subject("alphapulse", Latency(from_table, start=1000, most=400_000), own),
            Subject("sqlite", Latency(from_sqlite, start=1000, most=100_000), "in memory"),
            Subject("dict", Latency(from_dict, start=1000, most=400_000)),
        ),
        "one by one from Python, with the clock's own 50 ns",
    )

    def many_from_dict(count: int) -> float:
        ids = data.some(count)
        before = time.perf_counter()
        rows = np.frombuffer(b"".join([held[one] for one in ids]), "V128")
        took = time.perf_counter() - before
        assert len(rows) == count
        return took

    yield Case(
        "lookup-vector",
        (
            Subject("alphapulse", Rate(many_from_table, start=10_000, most=_BLOCK), own),
            Subject("dict", Rate(many_from_dict, start=10_000, most=_BLOCK), "joined to an array"),
        ),
        "an array of ids to an array of records",
    )
    memory.close()
