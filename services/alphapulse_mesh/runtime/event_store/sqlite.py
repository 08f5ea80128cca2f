"""The embedded event store: one SQLite file, WAL, synchronous=FULL, group commit.

Appends of all callers queue up for one writer thread, which puts everything that is waiting into
one transaction; the more callers wait, the more events share an fsync. A failed commit is fatal:
after a failed fsync nobody knows what the disk holds, so nothing is retried and the store refuses
further work until it is opened anew. Several processes may open one file; each transaction checks
the expected versions under SQLite's write lock.

What SQLite cannot see is checked here: a CRC-32 and a dense version per event, the stream's head
against its events, and beside the database `<name>.acked`, the number of events that were
acknowledged. SQLite cuts its log at the first damaged page without a word; if that takes
acknowledged events with it, the count tells. It is written after each commit without waiting for
the disk, so it can lag, never lead.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import sqlite3
import struct
import threading
import time
import zlib
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Self, TypeVar

from alphapulse_mesh.runtime.errors import (
    Conflict,
    DataLoss,
    FailedPrecondition,
    InvalidArgument,
    MeshError,
    OutOfRange,
    Unavailable,
)
from alphapulse_mesh.runtime.event_store.base import (
    ANY_VERSION,
    NewEvent,
    RecordedEvent,
    Snapshot,
    event_checksum,
)

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["SqliteEventStore"]

APPLICATION_ID: Final = 0x41504C53  # "APLS", in the file's header
SCHEMA_VERSION: Final = 1
_PAGE: Final = 2048  # events fetched at a time
_MAX_BATCH: Final = 16384  # events a transaction
_SNAPSHOTS_KEPT: Final = 2
_POLL_SECONDS: Final = 0.05  # how often a follower looks for another process's appends
_BUSY_SECONDS: Final = 10.0
_ACKED: Final = struct.Struct("<8sQI")
_ACKED_MAGIC: Final = b"APLSACK1"

_SCHEMA: Final = """
CREATE TABLE streams (
    id       INTEGER PRIMARY KEY,
    name     TEXT NOT NULL UNIQUE,
    version  INTEGER NOT NULL,
    checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE events (
    stream      INTEGER NOT NULL REFERENCES streams (id),
    version     INTEGER NOT NULL,
    type        TEXT NOT NULL,
    recorded_ns INTEGER NOT NULL,
    checksum    INTEGER NOT NULL,
    data        BLOB NOT NULL,
    PRIMARY KEY (stream, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE snapshots (
    stream   TEXT NOT NULL,
    version  INTEGER NOT NULL,
    checksum INTEGER NOT NULL,
    data     BLOB NOT NULL,
    PRIMARY KEY (stream, version)
) STRICT, WITHOUT ROWID;
"""

_log = logging.getLogger(__name__)
T = TypeVar("T")
Connect = Callable[[Path], sqlite3.Connection]


def connect(path: Path) -> sqlite3.Connection:
    """A connection as this store needs it; transactions are begun by hand."""
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


class _Append(NamedTuple):
    stream: str
    events: Sequence[NewEvent]
    expected_version: int
    future: asyncio.Future[int]


class _SaveSnapshot(NamedTuple):
    snapshot: Snapshot
    future: asyncio.Future[int]


class _Stop(NamedTuple):
    pass


_Request = _Append | _SaveSnapshot | _Stop


class SqliteEventStore:
    """`EventStore` in one SQLite file. Open it with `await SqliteEventStore.open(path)`."""

    def __init__(self, path: Path, connect: Connect = connect) -> None:
        """For `open`, inside a running loop. `connect` is the seam for fault injection."""
        self._path = path
        self._connect = connect
        self._requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()
        self._reader_pool = ThreadPoolExecutor(1, thread_name_prefix="event-store-read")
        self._writer_thread: threading.Thread | None = None
        self._failure: MeshError | None = None
        self._closed = True
        self._loop = asyncio.get_running_loop()
        self._changed = asyncio.Event()
        self._total = 0

    @classmethod
    async def open(cls, path: Path, connect: Connect = connect) -> Self:
        """Open or create the file, and check its structure and heads.

        Raises:
            DataLoss: the file is damaged, or acknowledged events are missing (STORE_CORRUPT,
                EVENT_MISSING).
            FailedPrecondition: another kind of database, or a newer schema (STORE_FOREIGN,
            STORE_SCHEMA). Unavailable: it cannot be opened (STORE_FAILED).
        """
        store = cls(path, connect)
        try:
            await store._loop.run_in_executor(store._reader_pool, store._translate, store._open)
        except BaseException:
            store._reader_pool.shutdown()
            raise
        store._closed = False
        store._writer_thread = threading.Thread(
            target=store._write_loop, name="event-store-write", daemon=True
        )
        store._writer_thread.start()
        return store

    # ------------------------------------------------------------------ public

    async def append(
        self, stream: str, events: Sequence[NewEvent], *, expected_version: int = ANY_VERSION
    ) -> int:
        """See `EventStore.append`."""
        if not stream or not events:
            raise InvalidArgument(
                "append needs a stream and at least one event", reason="APPEND_EMPTY", stream=stream
            )
        for event in events:
            _check_event(stream, *event)
        self._check_open()
        future: asyncio.Future[int] = self._loop.create_future()
        self._requests.put(_Append(stream, events, expected_version, future))
        return await future

    async def read(self, stream: str, from_version: int = 1) -> AsyncIterator[RecordedEvent]:
        """See `EventStore.read`. The end is the one at the time of the call."""
        self._check_open()
        _check_from(from_version)
        head = await self.version(stream)
        if from_version > head + 1:
            raise _beyond(stream, from_version, head)
        while from_version <= head:
            page = await self._in_reader(self._page, stream, from_version, head)
            for event in page:
                yield event
            from_version += len(page)

    async def follow(self, stream: str, from_version: int = 1) -> AsyncIterator[RecordedEvent]:
        """See `EventStore.follow`."""
        self._check_open()
        _check_from(from_version)
        head = await self.version(stream)
        if from_version > head + 1:
            raise _beyond(stream, from_version, head)
        while True:
            changed = self._changed  # taken before the look, so that no append falls between
            head = await self.version(stream)
            while from_version <= head:
                page = await self._in_reader(self._page, stream, from_version, head)
                for event in page:
                    yield event
                from_version += len(page)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), _POLL_SECONDS)
            if self._closed:
                return
            self._check_open()

    async def version(self, stream: str) -> int:
        """See `EventStore.version`."""
        self._check_open()
        return await self._in_reader(self._head, stream)

    async def save_snapshot(self, stream: str, version: int, data: bytes) -> None:
        """See `EventStore.save_snapshot`."""
        self._check_open()
        future: asyncio.Future[int] = self._loop.create_future()
        self._requests.put(_SaveSnapshot(Snapshot(stream, version, data), future))
        await future

    async def load_snapshot(self, stream: str) -> Snapshot | None:
        """See `EventStore.load_snapshot`."""
        self._check_open()
        return await self._in_reader(self._load_snapshot, stream)

    async def close(self) -> None:
        """See `EventStore.close`."""
        thread = self._writer_thread
        if self._closed or thread is None:
            return
        self._closed = True
        self._loop = asyncio.get_running_loop()
        self._requests.put(_Stop())
        await asyncio.to_thread(thread.join)
        self._wake()
        await self._loop.run_in_executor(self._reader_pool, self._reader.close)
        self._reader_pool.shutdown()
        os.close(self._acked_fd)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    # ------------------------------------------------------- in the reader thread

    async def _in_reader(self, function: Callable[..., T], *arguments: object) -> T:
        self._check_open()  # and no await until the call is queued: `close` comes after it
        return await self._loop.run_in_executor(
            self._reader_pool, self._translate, function, *arguments
        )

    def _translate(self, function: Callable[..., T], *arguments: object) -> T:
        try:
            return function(*arguments)
        except sqlite3.Error as error:
            raise self._database_error(error) from error
        except UnicodeDecodeError as error:  # in SQLite's own tables or messages
            raise self._corrupt(str(error)) from error

    def _corrupt(self, what: str) -> DataLoss:
        path = str(self._path)
        return DataLoss(f"{path}: {what}", reason="STORE_CORRUPT", path=path)

    def _database_error(self, error: sqlite3.Error) -> MeshError:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
            return self._corrupt(str(error))
        return Unavailable(
            f"{self._path}: {error}", reason="STORE_FAILED", path=str(self._path), sqlite=name
        )

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Unavailable(
                f"{self._path}: {error.strerror}", reason="STORE_FAILED", path=str(self._path)
            ) from None
        self._check_identity()
        self._reader = self._connect(self._path)
        try:
            self._prepare_schema()
            self._check_heads()
            self._acked_fd = self._open_acked()
        except BaseException:
            self._reader.close()
            raise

    def _check_identity(self) -> None:
        """Refuse a foreign database before anything in it is changed (also its journal mode)."""
        if not self._path.exists() or not self._path.stat().st_size:
            return
        with contextlib.closing(sqlite3.connect(self._path, timeout=_BUSY_SECONDS)) as connection:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            schema = connection.execute("PRAGMA user_version").fetchone()[0]
        if tables and application != APPLICATION_ID:
            raise FailedPrecondition(
                f"{self._path}: a database, but not an AlphaPulse event store",
                reason="STORE_FOREIGN",
                path=str(self._path),
            )
        if tables and schema != SCHEMA_VERSION:
            raise FailedPrecondition(
                f"{self._path}: has schema {schema}; this version reads {SCHEMA_VERSION}",
                reason="STORE_SCHEMA",
                path=str(self._path),
                schema=schema,
            )

    def _prepare_schema(self) -> None:
        connection = self._reader
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")

    def _check_heads(self) -> None:
        """Each stream's head must be its last event. By the index, so that opening does not read
        the events; holes between are found when they are read.
        """
        self._total = 0
        for row in self._reader.execute(
            "SELECT id, CAST(name AS BLOB), version, checksum, "
            "(SELECT min(version) FROM events WHERE stream = streams.id), "
            "(SELECT max(version) FROM events WHERE stream = streams.id) FROM streams"
        ):
            stream_id, name, version, checksum, first, last = row
            if not _checks(_head_checksum, (stream_id, name, version), checksum):
                raise self._corrupt(f"the head of stream {name!r} fails its checksum")
            if (first, last) != ((1, version) if version else (None, None)):
                stream = name.decode()
                raise DataLoss(
                    f"{self._path}: stream {stream!r} should have events 1 to {version}, "
                    f"but has {first} to {last}",
                    reason="EVENT_MISSING",
                    path=str(self._path),
                    stream=stream,
                    version=version,
                )
            self._total += version

    def _open_acked(self) -> int:
        path = self._path.with_name(self._path.name + ".acked")
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            acked = _read_acked(fd)
            if acked is None:
                _log.warning("%s: unreadable, begun anew", path)
            elif acked > self._total:
                raise DataLoss(
                    f"{self._path}: {acked} events were acknowledged, {self._total} are there. "
                    "Restore the database from a copy; to go on without the missing ones "
                    f"remove {path}",
                    reason="EVENT_MISSING",
                    path=str(self._path),
                    acknowledged=acked,
                    found=self._total,
                )
        except BaseException:
            os.close(fd)
            raise
        return fd

    def _head(self, stream: str) -> int:
        row = self._reader.execute(
            "SELECT version FROM streams WHERE name = ?", (stream,)
        ).fetchone()
        return row[0] if row else 0

    def _page(self, stream: str, from_version: int, head: int) -> list[RecordedEvent]:
        rows = self._reader.execute(
            "SELECT version, CAST(type AS BLOB), recorded_ns, checksum, data FROM events "
            "WHERE stream = (SELECT id FROM streams WHERE name = ?) AND version BETWEEN ? AND ? "
            "ORDER BY version LIMIT ?",
            (stream, from_version, head, _PAGE),
        ).fetchall()
        events = []
        expected = from_version
        for version, kind, recorded_ns, checksum, data in rows:
            if version != expected:
                break
            if not _checks(event_checksum, (stream, version, kind, data, recorded_ns), checksum):
                raise DataLoss(
                    f"{self._path}: event {version} of stream {stream!r} fails its checksum",
                    reason="EVENT_CORRUPT",
                    path=str(self._path),
                    stream=stream,
                    version=version,
                )
            events.append(RecordedEvent(stream, version, kind.decode(), data, recorded_ns))
            expected += 1
        if len(events) < min(_PAGE, head - from_version + 1):
            raise DataLoss(
                f"{self._path}: event {expected} of stream {stream!r} is missing",
                reason="EVENT_MISSING",
                path=str(self._path),
                stream=stream,
                version=expected,
            )
        return events

    def _load_snapshot(self, stream: str) -> Snapshot | None:
        for version, checksum, data in self._reader.execute(
            "SELECT version, checksum, data FROM snapshots WHERE stream = ? ORDER BY version DESC",
            (stream,),
        ):
            if _checks(_snapshot_checksum, (stream, version, data), checksum):
                return Snapshot(stream, version, data)
            _log.warning(
                "%s: snapshot of stream %r at %d fails its checksum, passed over",
                self._path,
                stream,
                version,
            )
        return None

    # ------------------------------------------------------- in the writer thread

    def _write_loop(self) -> None:
        connection: sqlite3.Connection | None = None
        stopping = False
        while not stopping:
            batch = self._take()
            stopping = any(isinstance(request, _Stop) for request in batch)
            if self._failure is None:
                try:
                    connection = connection or self._connect(self._path)
                    self._commit(connection, batch)
                    continue
                except sqlite3.Error as error:
                    self._failure = self._database_error(error)
                except OSError as error:
                    self._failure = Unavailable(
                        f"{self._path}: {error.strerror}",
                        reason="STORE_FAILED",
                        path=str(self._path),
                    )
                _log.critical("event store: %s; nothing more is written", self._failure)
            self._refuse(batch, self._failure)
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):  # it failed before: nothing new to say
                connection.close()

    def _take(self) -> list[_Request]:
        """Everything that waits (at least one), up to a transaction's size."""
        batch = [self._requests.get()]
        size = _weight(batch[0])
        with contextlib.suppress(queue.Empty):
            while size < _MAX_BATCH and not isinstance(batch[-1], _Stop):
                request = self._requests.get_nowait()
                batch.append(request)
                size += _weight(request)
        return batch

    def _commit(self, connection: sqlite3.Connection, batch: Sequence[_Request]) -> None:
        results: list[tuple[asyncio.Future[int], int | MeshError]] = []
        rows: list[tuple[int, int, str, int, int, bytes]] = []
        heads: dict[str, list[int]] = {}  # stream → [id, version, version before]
        connection.execute("BEGIN IMMEDIATE")
        for request in batch:
            match request:
                case _Append(stream, events, expected, future):
                    head = heads.get(stream) or self._load_head(connection, stream)
                    if expected not in (ANY_VERSION, head[1]):
                        results.append((future, _conflict(stream, expected, head[1])))
                        continue
                    heads[stream] = head
                    now = time.time_ns()
                    for kind, data in events:
                        head[1] += 1
                        checksum = event_checksum(stream, head[1], kind.encode(), data, now)
                        rows.append((head[0], head[1], kind, now, checksum, data))
                    results.append((future, head[1]))
                case _SaveSnapshot(snapshot, future):
                    head = heads.get(snapshot.stream) or self._load_head(
                        connection, snapshot.stream
                    )
                    if snapshot.version > head[1]:
                        results.append(
                            (future, _beyond(snapshot.stream, snapshot.version, head[1]))
                        )
                        continue
                    _write_snapshot(connection, snapshot)
                    results.append((future, snapshot.version))
                case _Stop():
                    pass
        connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.executemany(
            "UPDATE streams SET version = ?, checksum = ? WHERE id = ?",
            [
                (version, _head_checksum(stream_id, name.encode(), version), stream_id)
                for name, (stream_id, version) in heads.items()
            ],
        )
        connection.execute("COMMIT")
        if rows:
            self._acknowledge(len(rows))
        self._post(lambda: self._resolve(results, appended=bool(rows)))

    @staticmethod
    def _load_head(connection: sqlite3.Connection, stream: str) -> list[int]:
        select = "SELECT id, version FROM streams WHERE name = ?"
        row = connection.execute(select, (stream,)).fetchone()
        if row is None:
            stream_id = connection.execute(
                "INSERT INTO streams (name, version, checksum) VALUES (?, 0, 0) RETURNING id",
                (stream,),
            ).fetchone()[0]
            connection.execute(
                "UPDATE streams SET checksum = ? WHERE id = ?",
                (_head_checksum(stream_id, stream.encode(), 0), stream_id),
            )
            row = (stream_id, 0)
        return list(row)

    def _acknowledge(self, count: int) -> None:
        """Note the number of durable events. Only our own are added: what other processes appended
        is counted by them, and a number that is too small does no harm.
        """
        self._total += count
        head = _ACKED_MAGIC + struct.pack("<Q", self._total)
        os.pwrite(self._acked_fd, head + struct.pack("<I", zlib.crc32(head)), 0)

    # ------------------------------------------------------------- between threads

    def _post(self, callback: Callable[[], None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed without closing the store
            self._loop.call_soon_threadsafe(callback)

    def _resolve(
        self, results: Sequence[tuple[asyncio.Future[int], int | MeshError]], *, appended: bool
    ) -> None:
        for future, result in results:
            if future.done():  # its caller was cancelled
                continue
            if isinstance(result, MeshError):
                future.set_exception(result)
            else:
                future.set_result(result)
        if appended:
            self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _refuse(self, batch: Sequence[_Request], failure: MeshError) -> None:
        futures = [request.future for request in batch if not isinstance(request, _Stop)]
        self._post(lambda: self._resolve([(future, failure) for future in futures], appended=True))

    def _check_open(self) -> None:
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        if self._closed:
            raise Unavailable(f"{self._path}: closed", reason="STORE_CLOSED")


def _check_event(stream: str, kind: object, data: object) -> None:
    """A value that SQLite refuses would fail the whole transaction, other callers' parts too."""
    named = isinstance(kind, str) and kind.isascii() and kind.isprintable() and kind != ""
    if not named or not isinstance(data, bytes):
        raise InvalidArgument(
            f"event type {kind!r} must be printable ASCII, "
            f"and its data bytes, not {type(data).__name__}",
            reason="EVENT_INVALID",
            stream=stream,
        )


def _weight(request: _Request) -> int:
    return len(request.events) if isinstance(request, _Append) else 1


def _write_snapshot(connection: sqlite3.Connection, snapshot: Snapshot) -> None:
    stream, version, data = snapshot
    connection.execute(
        "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)",
        (stream, version, _snapshot_checksum(stream, version, data), data),
    )
    connection.execute(
        "DELETE FROM snapshots WHERE stream = ?1 AND version NOT IN "
        "(SELECT version FROM snapshots WHERE stream = ?1 ORDER BY version DESC LIMIT ?2)",
        (stream, _SNAPSHOTS_KEPT),
    )


def _head_checksum(stream_id: int, name: bytes, version: int) -> int:
    return zlib.crc32(b"%d %d %b" % (stream_id, version, name))


def _checks(function: Callable[..., int], values: tuple[object, ...], checksum: object) -> bool:
    """Whether values read back have their checksum; damage may have changed even their types."""
    try:
        return function(*values) == checksum
    except (TypeError, AttributeError, struct.error):
        return False


def _snapshot_checksum(stream: str, version: int, data: bytes) -> int:
    return zlib.crc32(data, zlib.crc32(f"{version} {stream}".encode()))


def _read_acked(fd: int) -> int | None:
    """The count, 0 for a new file, None for an unreadable one."""
    raw = os.pread(fd, _ACKED.size + 1, 0)
    if not raw:
        return 0
    if len(raw) != _ACKED.size:
        return None
    magic, count, checksum = _ACKED.unpack(raw)
    if magic != _ACKED_MAGIC or zlib.crc32(raw[:-4]) != checksum:
        return None
    return int(count)


def _check_from(from_version: int) -> None:
    if from_version < 1:
        raise InvalidArgument(
            f"versions begin at 1, not {from_version}",
            reason="VERSION_INVALID",
            version=from_version,
        )


def _conflict(stream: str, expected: int, actual: int) -> Conflict:
    return Conflict(
        f"stream {stream!r} is at version {actual}, not {expected}",
        reason="VERSION_CONFLICT",
        stream=stream,
        expected=expected,
        actual=actual,
    )


def _beyond(stream: str, version: int, head: int) -> OutOfRange:
    return OutOfRange(
        f"stream {stream!r} ends at version {head}; {version} is beyond it",
        reason="VERSION_OUT_OF_RANGE",
        stream=stream,
        version=version,
        head=head,
    )
