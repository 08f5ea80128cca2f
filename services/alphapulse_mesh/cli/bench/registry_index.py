"""The look-ups of `bench registry` that need no call: the registry's shared-memory index, read from
another process, beside a dict and SQLite's own table in memory.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import numpy as np

from alphapulse_client import get_instrument_registry
from alphapulse_mesh.cli.bench.interleave import Case, Latency, Rate, Subject
from alphapulse_mesh.cli.bench.peers import Peer
from alphapulse_mesh.cli.bench.registry_data import Data, timed

__all__ = ["index_cases"]

_BLOCK = 100_000


def index_cases(root: Path, data: Data, held: dict[bytes, bytes], path: Path) -> Iterator[Case]:
    """The four cases; `path`: the index of the registry that runs."""
    program = root / ".tools/build/registry-bench/release/examples/registry_lookup"
    with closing(
        Peer([str(program)], built=program, hint="run `make bench-peers`", cwd=root)
    ) as rust:

        def from_rust(kind: str, count: int) -> list[float]:
            rust.ask(f"attach {path}")
            return rust.ask(f"{kind} {count}")

        detail = "from Rust; the mean of eight in a row, the last byte of each record read"
        for case, kind in (("lookup-id", "id"), ("lookup-isin", "isin")):
            probe = Latency(partial(from_rust, kind), start=10_000, most=1_000_000)
            yield Case(case, (Subject("alphapulse", probe),), detail)
    yield from _python_cases(data, held, path)


def _python_cases(data: Data, held: dict[bytes, bytes], path: Path) -> Iterator[Case]:
    index = get_instrument_registry(path=path)

    def from_index(count: int) -> list[float]:
        ids = data.some(count)
        return timed(count, lambda at: index.get(ids[at]))

    def many_from_index(count: int) -> float:
        ids = b"".join(data.some(count))
        before = time.perf_counter()
        rows, found = index.lookup(ids)
        took = time.perf_counter() - before
        assert len(rows) == count
        assert found.all()
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
            Subject("alphapulse", Latency(from_index, start=1000, most=400_000), "a handle"),
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
            Subject("alphapulse", Rate(many_from_index, start=10_000, most=_BLOCK)),
            Subject("dict", Rate(many_from_dict, start=10_000, most=_BLOCK), "joined to an array"),
        ),
        "an array of ids to an array of records",
    )
    memory.close()
