"""Closed orders that have left memory, so that they can still be read and are known again.

A projection of the journal in a SQLite file of its own: it can be deleted, and is rebuilt on the
next start. Identity (account and client order id) is kept for ever: a repeated command of last year
is still the same order.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from blake3 import blake3

from alphapulse_layout.dtypes import FILL
from alphapulse_mesh.execution.rows import ORDER_VIEW
from alphapulse_mesh.runtime.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["ArchivedOrder", "OrderArchive"]

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS orders (
    order_id    INTEGER PRIMARY KEY,
    account_id  INTEGER NOT NULL,
    strategy_id INTEGER NOT NULL,
    instrument  BLOB NOT NULL,
    status      INTEGER NOT NULL,
    view        BLOB NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS client_orders (
    account_id      INTEGER NOT NULL,
    client_order_id BLOB NOT NULL,
    order_id        INTEGER NOT NULL,
    PRIMARY KEY (account_id, client_order_id)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fills (
    journal_sequence INTEGER PRIMARY KEY,
    order_id         INTEGER NOT NULL,
    trace_id         BLOB NOT NULL,
    row              BLOB NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS fills_of_order ON fills (order_id);
CREATE TABLE IF NOT EXISTS journal (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    digest  BLOB NOT NULL,
    version INTEGER NOT NULL
) STRICT;
"""
_MAX_I64: Final = (1 << 63) - 1


class ArchivedOrder(NamedTuple):
    """An order that has left memory."""

    view: bytes
    """One ORDER_VIEW row."""
    fills: bytes
    """Its FILL rows, oldest first."""


class OrderArchive:
    """The archive beside a journal. All calls but `settle` are short and block."""

    def __init__(self, path: Path) -> None:
        """Open or create it.

        Raises:
            Unavailable: it cannot be opened (ARCHIVE_FAILED).
        """
        self._path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
            # Not FULL: what a power failure takes is made again from the journal (see `settle`).
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
            self._db.executescript(_SCHEMA)
            found = self._db.execute("SELECT digest, version FROM journal").fetchone()
            count = self._db.execute("SELECT COUNT(*) FROM orders").fetchone()
        except (OSError, sqlite3.Error) as error:
            raise Unavailable(
                f"{path}: {error}; it can be deleted, it is made again from the journal",
                reason="ARCHIVE_FAILED",
                path=str(path),
            ) from error
        self._digest: bytes | None = found[0] if found else None
        self.version = int(found[1]) if found else 0
        """The archive holds every order that had left memory at this version of the journal."""
        self._count = int(count[0])

    def __bool__(self) -> bool:
        """Whether there is anything to look up."""
        return self._count > 0

    def bind(self, first_frame: bytes) -> None:
        """Belong to the journal that begins with this frame; forget what is of another one.

        Empty: the journal has not begun.
        """
        digest = blake3(first_frame).digest()
        if digest == self._digest:
            return
        self._db.execute("BEGIN")
        for table in ("orders", "client_orders", "fills", "journal"):
            self._db.execute(f"DELETE FROM {table}")  # noqa: S608  # names of our own
        self._db.execute("INSERT INTO journal VALUES (1, ?, 0)", (digest,))
        self._db.execute("COMMIT")
        self._digest, self.version, self._count = digest, 0, 0

    def add(self, orders: Iterable[tuple[bytes, bytes, list[int]]]) -> None:
        """Put in what `OrderEngine.take_evicted` gave; the same again changes nothing."""
        found = list(orders)
        if not found:
            return
        views = np.frombuffer(b"".join(view for view, _, _ in found), ORDER_VIEW)
        status = views["status"]
        ids = status["order_id"].tolist()
        accounts = status["account_id"].tolist()
        columns = (
            ids,
            accounts,
            status["strategy_id"].tolist(),
            _cells(views["request"]["instrument_id"], 16),
            status["status"].tolist(),
            (view for view, _, _ in found),
        )
        numbers = (
            (account, number.to_bytes(8, "big"), order_id)
            for (_, _, known), account, order_id in zip(found, accounts, ids, strict=True)
            for number in known
        )
        rows = np.frombuffer(b"".join(fills for _, fills, _ in found), FILL)
        trace_of = dict(zip(ids, _cells(views["context"]["trace_id"], 16), strict=True))
        owners = rows["order_id"].tolist()
        fills = (
            rows["journal_sequence"].tolist(),
            owners,
            (trace_of[order_id] for order_id in owners),
            _cells(rows, FILL.itemsize),
        )
        self._db.execute("BEGIN")
        self._db.executemany(
            "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?)", zip(*columns, strict=True)
        )
        self._db.executemany("INSERT OR REPLACE INTO client_orders VALUES (?, ?, ?)", numbers)
        self._db.executemany(
            "INSERT OR REPLACE INTO fills VALUES (?, ?, ?, ?)", zip(*fills, strict=True)
        )
        self._db.execute("COMMIT")
        self._count += len(found)  # a replay may count twice: it only ever says "not empty"

    def find(self, account_id: int, client_order_id: int) -> int:
        """Order id of a client's number, 0 where there is none."""
        if not self._count:
            return 0
        row = self._db.execute(
            "SELECT order_id FROM client_orders WHERE account_id = ? AND client_order_id = ?",
            (account_id, client_order_id.to_bytes(8, "big")),
        ).fetchone()
        return int(row[0]) if row else 0

    def get(self, order_id: int) -> ArchivedOrder | None:
        """An order with its fills."""
        if not self._count or order_id > _MAX_I64:
            return None
        row = self._db.execute("SELECT view FROM orders WHERE order_id = ?", (order_id,)).fetchone()
        if row is None:
            return None
        fills = self._db.execute(
            "SELECT row FROM fills WHERE order_id = ? ORDER BY journal_sequence", (order_id,)
        )
        return ArchivedOrder(row[0], b"".join(fill for (fill,) in fills))

    def orders(
        self,
        *,
        before: int,
        limit: int,
        account_id: int = 0,
        strategy_id: int = 0,
        instrument_id: bytes | None = None,
        status: int = 0,
    ) -> list[bytes]:
        """ORDER_VIEW rows with an id below `before`, newest first; 0 and None pass everything."""
        where, values = ["order_id < ?"], [min(before, _MAX_I64)]
        parameters: list[Any] = [*values]
        for column, value in (
            ("account_id", account_id),
            ("strategy_id", strategy_id),
            ("instrument", instrument_id),
            ("status", status),
        ):
            if value:
                where.append(f"{column} = ?")
                parameters.append(value)
        sql = f"SELECT view FROM orders WHERE {' AND '.join(where)} ORDER BY order_id DESC LIMIT ?"  # noqa: S608  # columns are ours, values are bound
        return [row[0] for row in self._db.execute(sql, (*parameters, limit))]

    def fills(self, *, before: int, limit: int) -> list[tuple[bytes, bytes]]:
        """(FILL row, trace id) with a journal sequence below `before`, newest first."""
        found = self._db.execute(
            "SELECT row, trace_id FROM fills WHERE journal_sequence < ?"
            " ORDER BY journal_sequence DESC LIMIT ?",
            (min(before, _MAX_I64), limit),
        )
        return [(row, trace) for row, trace in found]

    async def settle(self, version: int) -> None:
        """Make durable that everything evicted up to `version` is here: the disk is waited for, so
        that a snapshot of that version may forget it.
        """
        self._db.execute("UPDATE journal SET version = ?", (version,))
        await asyncio.to_thread(self._db.execute, "PRAGMA wal_checkpoint(TRUNCATE)")
        self.version = version

    def close(self) -> None:
        """Close the file. Idempotent."""
        self._db.close()


def _cells(column: NDArray[np.void], size: int) -> Iterator[bytes]:
    """The bytes of each element."""
    data = column.tobytes()
    return (data[at : at + size] for at in range(0, len(data), size))
