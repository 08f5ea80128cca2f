"""The file of the SQLite store: its schema, and everything that is checked when it is read.

Damage is looked for where SQLite does not look: events, heads and snapshots carry checksums, and
`<name>.acked` beside the database counts the acknowledged events. Used from one thread at a time.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sqlite3
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

from alphapulse_mesh.runtime.errors import (
    DataLoss,
    FailedPrecondition,
    MeshError,
    Unavailable,
)
from alphapulse_mesh.runtime.event_store.base import RecordedEvent, Snapshot, event_checksum

__all__ = [
    "AckedCount",
    "Connect",
    "Reader",
    "acked_path",
    "connect",
    "head_checksum",
    "snapshot_checksum",
    "store_error",
]

APPLICATION_ID: Final = 0x41504C53  # "APLS", in the file's header
SCHEMA_VERSION: Final = 1
PAGE: Final = 2048  # events fetched at a time
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


def corrupt(path: Path, what: str) -> DataLoss:
    """The error for a file that is not what was written."""
    return DataLoss(f"{path}: {what}", reason="STORE_CORRUPT", path=str(path))


def store_error(path: Path, error: sqlite3.Error | UnicodeDecodeError | OSError) -> MeshError:
    """Our error for what SQLite or the system says."""
    if isinstance(error, UnicodeDecodeError):  # in a text of the file
        return corrupt(path, str(error))
    name = getattr(error, "sqlite_errorname", "")
    if name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return corrupt(path, str(error))
    text = (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
    return Unavailable(f"{path}: {text}", reason="STORE_FAILED", path=str(path), sqlite=name)


def head_checksum(stream_id: int, name: bytes, version: int) -> int:
    """CRC-32 of a row of `streams`."""
    return zlib.crc32(b"%d %d %b" % (stream_id, version, name))


def snapshot_checksum(stream: str, version: int, data: bytes) -> int:
    """CRC-32 of a snapshot."""
    return zlib.crc32(data, zlib.crc32(f"{version} {stream}".encode()))


def checks(function: Callable[..., int], values: tuple[object, ...], checksum: object) -> bool:
    """Whether values read back have their checksum; damage may have changed even their types."""
    try:
        return function(*values) == checksum
    except (TypeError, AttributeError, struct.error):
        return False


def acked_path(path: Path) -> Path:
    """The file beside the database that counts acknowledged events."""
    return path.with_name(path.name + ".acked")


class AckedCount:
    """How many events were acknowledged, kept beside the database.

    Written after each commit, not waited for: it can lag behind the database, never lead it. When
    several processes write, each writes what it knows; a number that is too small does no harm.
    """

    def __init__(self, path: Path) -> None:
        self._path = acked_path(path)
        self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def read(self) -> int | None:
        """The count, 0 for a new file, None (and a line in the log) for an unreadable one."""
        raw = os.pread(self._fd, _ACKED.size + 1, 0)
        if not raw:
            return 0
        if len(raw) == _ACKED.size:
            magic, count, checksum = _ACKED.unpack(raw)
            if magic == _ACKED_MAGIC and zlib.crc32(raw[:-4]) == checksum:
                return int(count)
        _log.warning("%s: unreadable, begun anew", self._path)
        os.ftruncate(self._fd, 0)
        return None

    def write(self, count: int) -> None:
        """Note a count."""
        head = _ACKED_MAGIC + struct.pack("<Q", count)
        os.pwrite(self._fd, head + struct.pack("<I", zlib.crc32(head)), 0)

    def close(self) -> None:
        """Close the file."""
        os.close(self._fd)


class Reader:
    """A checked connection for reading. Creates the file when there is none.

    Raises, here and in every method: `sqlite3.Error`, OSError, UnicodeDecodeError (`store_error`),
    DataLoss, FailedPrecondition.
    """

    def __init__(self, path: Path, connect: Connect) -> None:
        self.path = path
        self.total = 0
        path.parent.mkdir(parents=True, exist_ok=True)
        self._check_identity()
        self._connection = connect(path)
        self.close = self._connection.close
        try:
            self._prepare_schema()
        except BaseException:
            self.close()
            raise

    def _check_identity(self) -> None:
        """Refuse a foreign database before anything in it is changed (also its journal mode)."""
        if not self.path.exists() or not self.path.stat().st_size:
            return
        with contextlib.closing(sqlite3.connect(self.path, timeout=_BUSY_SECONDS)) as connection:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            schema = connection.execute("PRAGMA user_version").fetchone()[0]
        if tables and application != APPLICATION_ID:
            raise FailedPrecondition(
                f"{self.path}: a database, but not an AlphaPulse event store",
                reason="STORE_FOREIGN",
                path=str(self.path),
            )
        if tables and schema != SCHEMA_VERSION:
            raise FailedPrecondition(
                f"{self.path}: has schema {schema}; this version reads {SCHEMA_VERSION}",
                reason="STORE_SCHEMA",
                path=str(self.path),
                schema=schema,
            )

    def _prepare_schema(self) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        if not connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        connection.execute("COMMIT")

    def check_heads(self) -> None:
        """Each stream's head must be its last event. By the index, so that opening does not read
        the events; holes between are found when they are read.
        """
        self.total = 0
        for row in self._connection.execute(
            "SELECT id, CAST(name AS BLOB), version, checksum, "
            "(SELECT min(version) FROM events WHERE stream = streams.id), "
            "(SELECT max(version) FROM events WHERE stream = streams.id) FROM streams"
        ):
            stream_id, name, version, checksum, first, last = row
            if not checks(head_checksum, (stream_id, name, version), checksum):
                raise corrupt(self.path, f"the head of stream {name!r} fails its checksum")
            if (first, last) != ((1, version) if version else (None, None)):
                stream = name.decode()
                raise DataLoss(
                    f"{self.path}: stream {stream!r} should have events 1 to {version}, "
                    f"but has {first} to {last}",
                    reason="EVENT_MISSING",
                    path=str(self.path),
                    stream=stream,
                    version=version,
                )
            self.total += version

    def check_acknowledged(self, acked: int | None) -> None:
        """Hold the count of acknowledged events, read *before* the heads, against the events."""
        if acked is not None and acked > self.total:
            raise DataLoss(
                f"{self.path}: {acked} events were acknowledged, {self.total} are there. "
                "Restore the database from a copy; to go on without the missing ones "
                f"remove {acked_path(self.path)}",
                reason="EVENT_MISSING",
                path=str(self.path),
                acknowledged=acked,
                found=self.total,
            )

    def head(self, stream: str) -> int:
        """The stream's version, 0 for an unknown one."""
        row = self._connection.execute(
            "SELECT version FROM streams WHERE name = ?", (stream,)
        ).fetchone()
        return row[0] if row else 0

    def page(self, stream: str, from_version: int, head: int) -> list[RecordedEvent]:
        """Up to PAGE events from `from_version` to `head`, each checked."""
        rows = self._connection.execute(
            "SELECT version, CAST(type AS BLOB), recorded_ns, checksum, data FROM events "
            "WHERE stream = (SELECT id FROM streams WHERE name = ?) AND version BETWEEN ? AND ? "
            "ORDER BY version LIMIT ?",
            (stream, from_version, head, PAGE),
        ).fetchall()
        events = []
        expected = from_version
        for version, kind, recorded_ns, checksum, data in rows:
            if version != expected:
                break
            if not checks(event_checksum, (stream, version, kind, data, recorded_ns), checksum):
                raise DataLoss(
                    f"{self.path}: event {version} of stream {stream!r} fails its checksum",
                    reason="EVENT_CORRUPT",
                    path=str(self.path),
                    stream=stream,
                    version=version,
                )
            events.append(RecordedEvent(stream, version, kind.decode(), data, recorded_ns))
            expected += 1
        if len(events) < min(PAGE, head - from_version + 1):
            raise DataLoss(
                f"{self.path}: event {expected} of stream {stream!r} is missing",
                reason="EVENT_MISSING",
                path=str(self.path),
                stream=stream,
                version=expected,
            )
        return events

    def load_snapshot(self, stream: str) -> Snapshot | None:
        """The newest whose checksum holds."""
        for version, checksum, data in self._connection.execute(
            "SELECT version, checksum, data FROM snapshots WHERE stream = ? ORDER BY version DESC",
            (stream,),
        ).fetchall():
            if checks(snapshot_checksum, (stream, version, data), checksum):
                return Snapshot(stream, version, data)
            _log.warning(
                "%s: snapshot of stream %r at %d fails its checksum, passed over",
                self.path,
                stream,
                version,
            )
        return None
