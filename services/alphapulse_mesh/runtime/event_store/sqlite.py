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
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, Self, TypeVar

from alphapulse_mesh.runtime.errors import Unavailable
from alphapulse_mesh.runtime.event_store._sqlite_file import (
    AckedCount,
    Connect,
    Reader,
    connect,
    store_error,
)
from alphapulse_mesh.runtime.event_store._sqlite_writer import Writer, beyond
from alphapulse_mesh.runtime.event_store.base import (
    ANY_VERSION,
    NewEvent,
    RecordedEvent,
    Snapshot,
)
from alphapulse_mesh.runtime.event_store.checking import (
    check_append,
    check_event,
    check_from,
    check_stream,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path
    from types import TracebackType

__all__ = ["SqliteEventStore", "connect"]

_POLL_SECONDS: Final = 0.05  # how often a follower looks for another process's appends
T = TypeVar("T")


class SqliteEventStore:
    """`EventStore` in one SQLite file. Open it with `await SqliteEventStore.open(path)`."""

    def __init__(
        self,
        path: Path,
        pool: ThreadPoolExecutor,
        reader: Reader,
        acked: AckedCount,
        connect: Connect,
    ) -> None:
        """For `open`, which has made these."""
        self._path = path
        self._pool = pool
        self._reader = reader
        self._acked = acked
        self._changed = asyncio.Event()
        self._closed = False
        self._writer = Writer(path, connect, acked, reader.total, self._wake)

    @classmethod
    async def open(cls, path: Path, connect: Connect = connect) -> Self:
        """Open or create the file, and check its structure and heads.

        `connect` is the seam for fault injection.

        Raises:
            DataLoss: the file is damaged, or acknowledged events are missing (STORE_CORRUPT,
                EVENT_MISSING).
            FailedPrecondition: another kind of database or schema (STORE_FOREIGN, STORE_SCHEMA).
            Unavailable: it cannot be opened (STORE_FAILED).
        """
        pool = ThreadPoolExecutor(1, thread_name_prefix="event-store-read")
        try:
            reader, acked = await asyncio.get_running_loop().run_in_executor(
                pool, _translated, path, _open_file, path, connect
            )
        except BaseException:
            pool.shutdown()
            raise
        return cls(path, pool, reader, acked, connect)

    async def append(
        self, stream: str, events: Sequence[NewEvent], *, expected_version: int = ANY_VERSION
    ) -> int:
        """See `EventStore.append`."""
        check_append(stream, events)
        self._check_open()
        return await self._writer.append(stream, events, expected_version)

    async def read(self, stream: str, from_version: int = 1) -> AsyncIterator[RecordedEvent]:
        """See `EventStore.read`. The end is the one at the time of the call."""
        self._check_open()
        check_from(from_version)
        head = await self.version(stream)
        if from_version > head + 1:
            raise beyond(stream, from_version, head)
        while from_version <= head:
            page = await self._in_reader(self._reader.page, stream, from_version, head)
            for event in page:
                yield event
            from_version += len(page)

    async def follow(self, stream: str, from_version: int = 1) -> AsyncIterator[RecordedEvent]:
        """See `EventStore.follow`."""
        self._check_open()
        check_from(from_version)
        head = await self.version(stream)
        if from_version > head + 1:
            raise beyond(stream, from_version, head)
        while True:
            changed = self._changed  # taken before the look, so that no append falls between
            head = await self.version(stream)
            while from_version <= head:
                page = await self._in_reader(self._reader.page, stream, from_version, head)
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
        return await self._in_reader(self._reader.head, stream)

    async def save_snapshot(self, stream: str, version: int, data: bytes) -> None:
        """See `EventStore.save_snapshot`."""
        check_stream(stream)
        check_event(stream, "snapshot", data)
        self._check_open()
        await self._writer.save_snapshot(Snapshot(stream, version, data))

    async def load_snapshot(self, stream: str) -> Snapshot | None:
        """See `EventStore.load_snapshot`."""
        self._check_open()
        return await self._in_reader(self._reader.load_snapshot, stream)

    async def close(self) -> None:
        """See `EventStore.close`."""
        if self._closed:
            return
        self._closed = True
        await self._writer.close()
        self._wake()
        await asyncio.get_running_loop().run_in_executor(self._pool, self._reader.close)
        self._pool.shutdown()
        self._acked.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _in_reader(self, function: Callable[..., T], *arguments: object) -> T:
        self._check_open()  # and no await until the call is queued: `close` comes after it
        return await asyncio.get_running_loop().run_in_executor(
            self._pool, _translated, self._path, function, *arguments
        )

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _check_open(self) -> None:
        if self._writer.failure is not None:
            raise self._writer.failure.with_traceback(None)
        if self._closed:
            raise Unavailable(f"{self._path}: closed", reason="STORE_CLOSED")


def _open_file(path: Path, connect: Connect) -> tuple[Reader, AckedCount]:
    reader = Reader(path, connect)
    try:
        acked = AckedCount(path)
        try:
            # Before the heads: another process may append and count on between the two looks.
            count = acked.read()
            reader.check_heads()
            reader.check_acknowledged(count)
        except BaseException:
            acked.close()
            raise
    except BaseException:
        reader.close()
        raise
    return reader, acked


def _translated(path: Path, function: Callable[..., T], *arguments: object) -> T:
    try:
        return function(*arguments)
    except (sqlite3.Error, OSError, UnicodeDecodeError) as error:
        raise store_error(path, error) from error
