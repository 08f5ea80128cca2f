"""The writer thread of the SQLite store: group commit, and a failed commit is the end.

Everything that waits goes into one transaction; the answers go back to the event loop after COMMIT.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import sqlite3
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alphapulse_mesh.runtime.errors import Conflict, InternalError, MeshError, OutOfRange
from alphapulse_mesh.runtime.event_store._sqlite_file import (
    AckedCount,
    Connect,
    head_checksum,
    snapshot_checksum,
    store_error,
)
from alphapulse_mesh.runtime.event_store.base import (
    ANY_VERSION,
    NewEvent,
    Snapshot,
    event_checksum,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["Writer", "beyond", "conflict"]

_MAX_BATCH: Final = 16384  # events a transaction
_SNAPSHOTS_KEPT: Final = 2
_COLUMNS: Final = 6
_ROWS: Final = 128
_VALUES: Final = f"({', '.join('?' * _COLUMNS)})"
_ONE: Final = f"INSERT INTO events VALUES {_VALUES}"  # noqa: S608  # placeholders
_MANY: Final = f"INSERT INTO events VALUES {', '.join([_VALUES] * _ROWS)}"  # noqa: S608  # as well
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Append:
    stream: str
    events: Sequence[NewEvent]
    expected_version: int
    future: asyncio.Future[int]


@dataclass(slots=True)
class _SaveSnapshot:
    snapshot: Snapshot
    future: asyncio.Future[int]


class _Stop:
    pass


_Request = _Append | _SaveSnapshot | _Stop
Results = list[tuple[_Request, int | MeshError]]


class Writer:
    """One thread that owns the writing connection. Made, asked and closed in the event loop."""

    def __init__(
        self,
        path: Path,
        connect: Connect,
        acked: AckedCount,
        total: int,
        answered: Callable[[], None],
    ) -> None:
        """`total`: events in the file now. `answered` is called in the loop after each group."""
        self.failure: MeshError | None = None
        """Once set, nothing more is written."""
        self._path = path
        self._connect = connect
        self._acked = acked
        self._total = total
        self._answered = answered
        self._loop = asyncio.get_running_loop()
        self._requests: queue.SimpleQueue[_Request] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="event-store-write", daemon=True)
        self._thread.start()

    async def append(self, stream: str, events: Sequence[NewEvent], expected: int) -> int:
        """The stream's new version, once durable."""
        future: asyncio.Future[int] = self._loop.create_future()
        self._requests.put(_Append(stream, events, expected, future))
        return await future

    async def save_snapshot(self, snapshot: Snapshot) -> None:
        """Returns once durable."""
        future: asyncio.Future[int] = self._loop.create_future()
        self._requests.put(_SaveSnapshot(snapshot, future))
        await future

    async def close(self) -> None:
        """Write what was asked before, then end the thread."""
        self._requests.put(_Stop())
        await asyncio.to_thread(self._thread.join)

    # ----------------------------------------------------------- in the thread

    def _run(self) -> None:
        connection: sqlite3.Connection | None = None
        stopping = False
        while not stopping:
            batch = self._take()
            stopping = any(isinstance(request, _Stop) for request in batch)
            if self.failure is None:
                try:
                    connection = connection or self._connect(self._path)
                    results = self._commit(connection, batch)
                except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
                    self.failure = store_error(self._path, error)
                except Exception as error:  # noqa: BLE001  # a defect; nobody may wait for ever
                    _log.exception("event store %s", self._path)
                    self.failure = InternalError(f"{self._path}: {error!r}")
                else:
                    self._answer(results)
                    continue
                _log.critical("event store: %s; nothing more is written", self.failure)
            self._answer([(request, self.failure) for request in batch])
        if connection is not None:
            with contextlib.suppress(sqlite3.Error):  # it failed before: nothing new to say
                connection.close()

    def _answer(self, results: Results) -> None:
        with contextlib.suppress(RuntimeError):  # the loop was closed without closing the store
            self._loop.call_soon_threadsafe(self._resolve, results)

    def _resolve(self, results: Results) -> None:
        """In the event loop: give each caller its answer, then wake the followers."""
        for request, result in results:
            if isinstance(request, _Stop) or request.future.done():  # its caller was cancelled
                continue
            if isinstance(result, MeshError):
                request.future.set_exception(result)
            else:
                request.future.set_result(result)
        self._answered()

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

    def _commit(self, connection: sqlite3.Connection, batch: Sequence[_Request]) -> Results:
        results: Results = []
        rows: list[int | str | bytes] = []  # row after row, _COLUMNS values each
        heads: dict[str, list[int]] = {}  # stream → [id, version]
        connection.execute("BEGIN IMMEDIATE")
        for request in batch:
            match request:
                case _Append(stream=stream, events=events, expected_version=expected):
                    head = heads.get(stream) or self._load_head(connection, stream)
                    if expected not in (ANY_VERSION, head[1]):
                        results.append((request, conflict(stream, expected, head[1])))
                        continue
                    heads[stream] = head
                    now = time.time_ns()
                    for kind, data in events:
                        head[1] += 1
                        checksum = event_checksum(stream, head[1], kind.encode(), data, now)
                        rows += (head[0], head[1], kind, now, checksum, data)
                    results.append((request, head[1]))
                case _SaveSnapshot(snapshot=snapshot):
                    head = heads.get(snapshot.stream) or self._load_head(
                        connection, snapshot.stream
                    )
                    if snapshot.version > head[1]:
                        results.append(
                            (request, beyond(snapshot.stream, snapshot.version, head[1]))
                        )
                        continue
                    _write_snapshot(connection, snapshot)
                    results.append((request, snapshot.version))
                case _Stop():
                    pass
        _insert(connection, rows)
        connection.executemany(
            "UPDATE streams SET version = ?, checksum = ? WHERE id = ?",
            [
                (version, head_checksum(stream_id, name.encode(), version), stream_id)
                for name, (stream_id, version) in heads.items()
            ],
        )
        connection.execute("COMMIT")
        if rows:
            self._total += len(rows) // _COLUMNS
            self._acked.write(self._total)
        return results

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
                (head_checksum(stream_id, stream.encode(), 0), stream_id),
            )
            row = (stream_id, 0)
        return list(row)


def _insert(connection: sqlite3.Connection, values: list[int | str | bytes]) -> None:
    """Many rows a statement: SQLite gives the interpreter away and has to get it back for each
    statement, which beside a busy event loop is what writing costs.
    """
    step = _ROWS * _COLUMNS
    whole = len(values) - len(values) % step
    for start in range(0, whole, step):
        connection.execute(_MANY, values[start : start + step])
    for start in range(whole, len(values), _COLUMNS):
        connection.execute(_ONE, values[start : start + _COLUMNS])


def _weight(request: _Request) -> int:
    return len(request.events) if isinstance(request, _Append) else 1


def _write_snapshot(connection: sqlite3.Connection, snapshot: Snapshot) -> None:
    stream, version, data = snapshot
    connection.execute(
        "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?, ?)",
        (stream, version, snapshot_checksum(stream, version, data), data),
    )
    connection.execute(
        "DELETE FROM snapshots WHERE stream = ?1 AND version NOT IN "
        "(SELECT version FROM snapshots WHERE stream = ?1 ORDER BY version DESC LIMIT ?2)",
        (stream, _SNAPSHOTS_KEPT),
    )


def conflict(stream: str, expected: int, actual: int) -> Conflict:
    """A stale expected version."""
    return Conflict(
        f"stream {stream!r} is at version {actual}, not {expected}",
        reason="VERSION_CONFLICT",
        stream=stream,
        expected=expected,
        actual=actual,
    )


def beyond(stream: str, version: int, head: int) -> OutOfRange:
    """A version that does not exist yet."""
    return OutOfRange(
        f"stream {stream!r} ends at version {head}; {version} is beyond it",
        reason="VERSION_OUT_OF_RANGE",
        stream=stream,
        version=version,
        head=head,
    )
