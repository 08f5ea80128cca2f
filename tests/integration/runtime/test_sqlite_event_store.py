"""The SQLite store against a hostile world: kill -9, failing commits, full disks, changed bytes."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from alphapulse_mesh.runtime.errors import (
    DataLoss,
    FailedPrecondition,
    MeshError,
    Unavailable,
)
from alphapulse_mesh.runtime.event_store import NewEvent, RecordedEvent, SqliteEventStore
from alphapulse_mesh.runtime.event_store.sqlite import connect

EVENT = NewEvent("test.event", b"some bytes")


async def read_all(path: Path, stream: str = "s") -> list[RecordedEvent]:
    async with await SqliteEventStore.open(path) as store:
        return [event async for event in store.read(stream)]


async def fill(path: Path, count: int = 20, size: int = 64) -> list[RecordedEvent]:
    noise = random.Random(1)
    async with await SqliteEventStore.open(path) as store:
        for number in range(count):
            await store.append("s", [NewEvent(f"t{number}", noise.randbytes(size))])
        return [event async for event in store.read("s")]


WRITER = """
import asyncio, sys
from pathlib import Path
from alphapulse_mesh.runtime.event_store import NewEvent, SqliteEventStore

async def main():
    store = await SqliteEventStore.open(Path(sys.argv[1]))
    async def append(name):
        for number in range(1_000_000):
            version = await store.append("s", [NewEvent(name, b"%d" % number)])
            sys.stdout.write(f"{version} {name} {number}\\n")
            sys.stdout.flush()
    await asyncio.gather(*(append(f"w{n}") for n in range(8)))

asyncio.run(main())
"""


class TestKill:
    async def test_acknowledged_events_survive_kill_9(self, tmp_path: Path) -> None:
        path = tmp_path / "events.db"
        chance = random.Random(7)
        acknowledged: dict[int, tuple[str, str]] = {}
        for _ in range(4):
            process = subprocess.Popen(
                [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
            )
            assert process.stdout is not None
            lines = [process.stdout.readline() for _ in range(chance.randrange(20, 300))]
            process.send_signal(signal.SIGKILL)
            lines += process.stdout.readlines()
            process.wait()
            process.stdout.close()
            for line in lines:
                if line.endswith("\n"):
                    version, name, number = line.split()
                    acknowledged[int(version)] = (name, number)
            stored = await read_all(path)
            assert [event.version for event in stored] == list(range(1, len(stored) + 1))
            found = {event.version: (event.type, event.data.decode()) for event in stored}
            missing = {version for version in acknowledged if version not in found}
            assert not missing
            assert all(found[version] == value for version, value in acknowledged.items())


class Failing(sqlite3.Connection):
    """A connection whose commits fail once armed, as after EIO from fsync."""

    armed = False
    commits = 0

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        if sql == "COMMIT" and Failing.armed:
            Failing.commits += 1
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(sql, *arguments)


def connect_failing(path: Path) -> sqlite3.Connection:
    connect(path).close()
    return sqlite3.connect(path, isolation_level=None, check_same_thread=False, factory=Failing)


class TestFailingCommit:
    async def test_is_fatal_and_never_tried_again(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = tmp_path / "events.db"
        monkeypatch.setattr(Failing, "commits", 0)
        monkeypatch.setattr(Failing, "armed", False)
        store = await SqliteEventStore.open(path, connect_failing)
        assert await store.append("s", [EVENT]) == 1
        followed = store.follow("s", 2)
        following = asyncio.ensure_future(anext(followed))
        await asyncio.sleep(0.1)
        monkeypatch.setattr(Failing, "armed", True)
        outcomes = await asyncio.gather(
            *(store.append("s", [EVENT]) for _ in range(10)), return_exceptions=True
        )
        assert all(isinstance(outcome, Unavailable) for outcome in outcomes)
        assert {outcome.reason for outcome in outcomes if isinstance(outcome, MeshError)} == {
            "STORE_FAILED"
        }
        monkeypatch.setattr(Failing, "armed", False)
        for operation in (store.append("s", [EVENT]), store.save_snapshot("s", 1, b"")):
            with pytest.raises(Unavailable, match="disk I/O error"):
                await operation
        with pytest.raises(Unavailable, match="disk I/O error"):
            await asyncio.wait_for(following, 10)
        assert Failing.commits == 1
        await store.close()
        assert len(await read_all(path)) == 1


FULL_DISK = """
import asyncio, resource, signal, sys
from pathlib import Path
from alphapulse_mesh.runtime.errors import Unavailable
from alphapulse_mesh.runtime.event_store import NewEvent, SqliteEventStore

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

async def main():
    store = await SqliteEventStore.open(Path(sys.argv[1]))
    version = 0
    try:
        while True:
            version = await store.append("s", [NewEvent("t", bytes(1000))])
    except Unavailable as error:
        print(version, error.reason)
    try:
        await store.append("s", [NewEvent("t", b"small")])
    except Unavailable as error:
        print(error.reason)
    await store.close()

asyncio.run(main())
"""


async def test_no_room_left_is_told_and_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "events.db"
    done = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-c", FULL_DISK, str(path)],
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = done.stdout.splitlines()
    version, reason = first.split()
    assert (reason, second) == ("STORE_FAILED", "STORE_FAILED")
    assert int(version) > 0
    assert len(await read_all(path)) >= int(version)


async def outcome_of(path: Path, original: list[RecordedEvent]) -> str:
    """`same`, or the reason of the refusal; anything else than the true events fails the test."""
    try:
        found = await read_all(path)
    except (DataLoss, Unavailable, FailedPrecondition) as error:
        return error.reason
    assert found == original
    return "same"


class TestChangedBytes:
    """Whatever is changed on disk, a reader gets the true events or an error, never others."""

    async def test_flipped_bits_in_the_database(self, tmp_path: Path) -> None:
        path = tmp_path / "events.db"
        original = await fill(path)
        content = path.read_bytes()
        outcomes: dict[str, int] = {}
        for position in range(0, len(content), 37):
            bit = position // 37 % 8
            path.write_bytes(
                content[:position]
                + bytes([content[position] ^ (1 << bit)])
                + content[position + 1 :]
            )
            outcome = await outcome_of(path, original)
            outcomes[outcome] = outcomes.get(outcome, 0) + 1
            for leftover in ("-wal", "-shm"):
                path.with_name(path.name + leftover).unlink(missing_ok=True)
        assert outcomes["EVENT_CORRUPT"] > 10
        assert outcomes["same"] > 0, "free space"

    async def test_a_changed_event_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "events.db"
        await fill(path)
        for column, value in (("data", b"other"), ("type", "other"), ("recorded_ns", 1)):
            copy = tmp_path / f"{column}.db"
            shutil.copy(path, copy)
            with sqlite3.connect(copy) as connection:
                connection.execute(f"UPDATE events SET {column} = ? WHERE version = 7", (value,))
            connection.close()
            with pytest.raises(DataLoss, match="event 7 of stream 's'") as caught:
                await read_all(copy)
            assert caught.value.reason == "EVENT_CORRUPT"
            assert caught.value.values["version"] == 7

    @pytest.mark.parametrize(
        ("sql", "position"),
        [
            ("DELETE FROM events WHERE version = 7", "event 7"),
            ("DELETE FROM events WHERE version = 20", "1 to 20"),
            ("DELETE FROM events WHERE version = 1", "1 to 20"),
            ("UPDATE events SET version = 99 WHERE version = 20", "1 to 20"),
        ],
    )
    async def test_a_missing_event_is_found(self, tmp_path: Path, sql: str, position: str) -> None:
        path = tmp_path / "events.db"
        await fill(path)
        with sqlite3.connect(path) as connection:
            connection.execute(sql)
        connection.close()
        with pytest.raises(DataLoss, match=position) as caught:
            await read_all(path)
        assert caught.value.reason == "EVENT_MISSING"

    @pytest.mark.parametrize(
        "sql",
        [
            "UPDATE streams SET version = 19",
            "UPDATE streams SET name = 't'",
            "UPDATE streams SET checksum = 0",
        ],
    )
    async def test_a_changed_head_is_found(self, tmp_path: Path, sql: str) -> None:
        path = tmp_path / "events.db"
        await fill(path)
        with sqlite3.connect(path) as connection:
            connection.execute(sql)
        connection.close()
        with pytest.raises(DataLoss, match="head of stream") as caught:
            await read_all(path)
        assert caught.value.reason == "STORE_CORRUPT"

    async def test_events_that_changed_places_are_found(self, tmp_path: Path) -> None:
        path = tmp_path / "events.db"
        await fill(path)
        with sqlite3.connect(path) as connection:
            for old, new in ((3, 1000), (4, 3), (1000, 4)):
                connection.execute("UPDATE events SET version = ? WHERE version = ?", (new, old))
        connection.close()
        with pytest.raises(DataLoss, match="event 3"):
            await read_all(path)


def crashed_copy(path: Path, target: Path) -> Path:
    """The files of an open store, as a crash would leave them."""
    for suffix in ("", "-wal", ".acked"):
        source = path.with_name(path.name + suffix)
        shutil.copy(source, target / source.name)
    return target / path.name


class TestDamagedLog:
    async def test_a_cut_log_loses_nothing_acknowledged_in_silence(self, tmp_path: Path) -> None:
        path = tmp_path / "events.db"
        store = await SqliteEventStore.open(path)
        for number in range(12):
            await store.append("s", [NewEvent("t", b"%d" % number)])
        crash = tmp_path / "crash"
        crash.mkdir()
        copy = crashed_copy(path, crash)
        original = [event async for event in store.read("s")]
        await store.close()
        log = (crash / "events.db-wal").read_bytes()
        acked = (crash / "events.db.acked").read_bytes()
        clean = copy.read_bytes()
        complete = 0
        for cut in [*range(0, len(log), 1021), len(log)]:
            copy.write_bytes(clean)
            (crash / "events.db-shm").unlink(missing_ok=True)
            (crash / "events.db-wal").write_bytes(log[:cut])
            (crash / "events.db.acked").write_bytes(acked)
            outcome = await outcome_of(copy, original)
            assert outcome in ("same", "EVENT_MISSING")
            complete += outcome == "same"
        assert complete >= 1

    async def test_a_tail_that_was_not_acknowledged_is_cut(self, tmp_path: Path) -> None:
        path = tmp_path / "events.db"
        store = await SqliteEventStore.open(path)
        await store.append("s", [EVENT] * 3)
        acked = (tmp_path / "events.db.acked").read_bytes()
        await store.append("s", [EVENT])
        crash = tmp_path / "crash"
        crash.mkdir()
        copy = crashed_copy(path, crash)
        await store.close()
        (crash / "events.db.acked").write_bytes(acked)
        log = crash / "events.db-wal"
        log.write_bytes(log.read_bytes()[:-100])
        assert [event.version for event in await read_all(copy)] == [1, 2, 3]

    async def test_an_unreadable_count_is_begun_anew(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = tmp_path / "events.db"
        await fill(path, 3)
        acked = tmp_path / "events.db.acked"
        acked.write_bytes(b"garbage")
        assert len(await read_all(path)) == 3
        assert "begun anew" in caplog.text
        async with await SqliteEventStore.open(path) as store:
            await store.append("s", [EVENT])
        caplog.clear()
        assert len(await read_all(path)) == 4
        assert caplog.text == ""

    async def test_a_damaged_snapshot_is_passed_over_and_told(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture
    ) -> None:
        path = tmp_path / "events.db"
        async with await SqliteEventStore.open(path) as store:
            await store.append("s", [EVENT] * 3)
            for version in (1, 2, 3):
                await store.save_snapshot("s", version, b"state %d" % version)
        with sqlite3.connect(path) as connection:
            kept = connection.execute("SELECT version FROM snapshots ORDER BY 1").fetchall()
            connection.execute("UPDATE snapshots SET data = x'00' WHERE version = 3")
        connection.close()
        assert kept == [(2,), (3,)]
        async with await SqliteEventStore.open(path) as store:
            snapshot = await store.load_snapshot("s")
        assert snapshot is not None
        assert snapshot.version == 2
        assert "at 3 fails its checksum" in caplog.text


class TestOpening:
    async def test_foreign_database_is_refused_and_not_touched(self, tmp_path: Path) -> None:
        path = tmp_path / "other.db"
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE theirs (x)")
        connection.close()
        before = path.read_bytes()
        with pytest.raises(FailedPrecondition, match=r"other\.db") as caught:
            await SqliteEventStore.open(path)
        assert caught.value.reason == "STORE_FOREIGN"
        assert path.read_bytes() == before

    async def test_a_file_that_is_no_database(self, tmp_path: Path) -> None:
        path = tmp_path / "text.db"
        path.write_text("not a database, but long enough to look at" * 20)
        with pytest.raises(DataLoss, match=r"text\.db") as caught:
            await SqliteEventStore.open(path)
        assert caught.value.reason == "STORE_CORRUPT"

    async def test_newer_schema_is_refused(self, tmp_path: Path) -> None:
        path = tmp_path / "events.db"
        await fill(path, 1)
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 2")
        connection.close()
        with pytest.raises(FailedPrecondition, match="schema 2") as caught:
            await SqliteEventStore.open(path)
        assert caught.value.reason == "STORE_SCHEMA"

    async def test_directory_that_cannot_be_made(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(Unavailable, match="file/events") as caught:
            await SqliteEventStore.open(tmp_path / "file" / "events.db")
        assert caught.value.reason == "STORE_FAILED"

    async def test_opening_beside_a_busy_writer(self, tmp_path: Path) -> None:
        path = tmp_path / "events.db"
        async with await SqliteEventStore.open(path) as busy:

            async def append() -> None:
                while True:
                    await busy.append("s", [EVENT])

            writers = [asyncio.create_task(append()) for _ in range(4)]
            try:
                for _ in range(30):
                    found = await read_all(path)
                    assert [event.version for event in found] == list(range(1, len(found) + 1))
            finally:
                for writer in writers:
                    writer.cancel()
                await asyncio.gather(*writers, return_exceptions=True)

    async def test_it_is_durable_by_its_settings(self, tmp_path: Path) -> None:
        connection = connect(tmp_path / "events.db")
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
        connection.close()

    async def test_nothing_is_left_open(self, tmp_path: Path) -> None:
        before = set(Path("/proc/self/fd").iterdir())
        await fill(tmp_path / "events.db", 2)
        assert set(Path("/proc/self/fd").iterdir()) <= before
