"""What was acknowledged is there: after a restart, from a snapshot, beside another writer, and when
the store fails.
"""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry.journal import STREAM
from alphapulse_mesh.registry.service import RegistryService
from alphapulse_mesh.registry.writer import RegistryWriter
from alphapulse_mesh.runtime.config import RegistryConfig
from alphapulse_mesh.runtime.errors import DataLoss, MeshError, Unavailable
from alphapulse_mesh.runtime.event_store import NewEvent, SqliteEventStore
from alphapulse_mesh.runtime.event_store.sqlite import connect
from alphapulse_testing.registry import (
    NoDeadline,
    RunningRegistry,
    colliding,
    currency,
    pair,
    perpetual,
    running_registry,
    stock,
)

if TYPE_CHECKING:
    from pathlib import Path


async def register(
    running: RunningRegistry, *instruments: pb.Instrument, request_id: str = ""
) -> pb.BatchRegisterInstrumentsResponse:
    request = pb.BatchRegisterInstrumentsRequest(instruments=instruments, request_id=request_id)
    answer = await running.service.BatchRegisterInstruments(request, NoDeadline())
    return pb.BatchRegisterInstrumentsResponse.FromString(answer)


async def fill(running: RunningRegistry, name: str, batches: int = 6) -> None:
    """Batches of everything, some with a request id."""
    for number in range(batches):
        code = f"{name}{number}"
        await register(
            running,
            pair(code, "USDT"),
            currency(code),
            currency(code.lower()),
            perpetual(f"{code}USDT"),
            stock(code),
            request_id=f"{code}-id" if number % 2 else "",
        )
    venue = pb.Venue(name=f"{name}_DESK", kind=pb.VENUE_KIND_BROKER)
    await running.service.RegisterVenue(pb.RegisterVenueRequest(venue=venue), NoDeadline())


async def test_a_restart_gives_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    async with running_registry(path, hash_id=colliding) as running:
        await fill(running, "A")
        dump = running.writer.state.dump()
    async with running_registry(path) as running:
        assert running.writer.state.dump() == dump


async def test_snapshot_and_replay_give_the_same_bytes(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    config = RegistryConfig(snapshot_every_events=10)
    async with running_registry(path, config=config) as running:
        await fill(running, "A")
        async with asyncio.timeout(60):  # snapshots are written beside the commits
            while await running.store.load_snapshot(STREAM) is None:  # noqa: ASYNC110  # no event
                await asyncio.sleep(0.01)
        await fill(running, "B", batches=1)
        dump = running.writer.state.dump()
    async with running_registry(path) as running:
        assert running.writer.state.dump() == dump
        snapshot = await running.store.load_snapshot(STREAM)
        assert snapshot is not None
        assert 10 <= snapshot.version < running.writer.state.revision
    with sqlite3.connect(path) as database:
        database.execute("DELETE FROM snapshots")
    database.close()
    async with running_registry(path) as running:
        assert running.writer.state.dump() == dump


async def test_a_request_id_is_remembered_across_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    async with running_registry(path) as running:
        first = await register(running, currency("BTC"), request_id="once")
        await register(running, currency("ETH"))
    async with running_registry(path) as running:
        assert await register(running, currency("BTC"), request_id="once") == first
        assert first.outcomes[0].created
        assert running.writer.state.revision == 3


async def test_a_batch_is_one_commit(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    async with running_registry(path) as running:
        await register(running, *(stock(f"S{number}") for number in range(500)))
    with sqlite3.connect(path) as database:
        (commits,) = database.execute("SELECT count(DISTINCT recorded_ns) FROM events").fetchone()
    database.close()
    assert commits == 1


async def test_those_who_wait_share_a_commit(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    async with running_registry(path) as running:
        await asyncio.gather(*(register(running, currency(f"C{n}")) for n in range(200)))
        assert running.writer.state.revision == 200
    with sqlite3.connect(path) as database:
        (commits,) = database.execute("SELECT count(DISTINCT recorded_ns) FROM events").fetchone()
    database.close()
    assert commits < 20


async def test_one_bad_request_of_a_group_is_refused_alone(tmp_path: Path) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        await register(running, stock("A"))
        calls = [
            running.service.RegisterInstrument(
                pb.RegisterInstrumentRequest(instrument=instrument), NoDeadline()
            )
            for instrument in (stock("B"), stock("A", name="other"), stock("C"))
        ]
        one, other, third = await asyncio.gather(*calls, return_exceptions=True)
        assert isinstance(other, MeshError)
        assert other.reason == "INSTRUMENT_CONFLICT"
        assert isinstance(one, bytes)
        assert isinstance(third, bytes)
        assert running.writer.state.revision == 3


async def test_a_caller_that_gives_up_does_not_stop_the_others(tmp_path: Path) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        quitter = asyncio.create_task(register(running, currency("BTC")))
        await asyncio.sleep(0)
        quitter.cancel()
        answer = await register(running, currency("ETH"))
        assert answer.outcomes[0].created
        with pytest.raises(asyncio.CancelledError):
            await quitter


async def test_two_writers_on_one_journal_agree(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    async with running_registry(path) as one, running_registry(path) as other:
        for number in range(5):
            await asyncio.gather(
                register(one, pair(f"A{number}", "USDT"), currency("SAME")),
                register(other, currency(f"A{number}"), currency("SAME")),
            )
        await register(one, currency("LAST"))
        await register(other, currency("LAST"), currency("VERY-LAST"))
        await register(one, currency("VERY-LAST"))
        # A write without changes plans on what it knows; one that appends must have seen all.
        await register(one, currency("END"))
        await register(other, currency("END"), currency("END2"))
        await register(one, currency("END2"), currency("END3"))
        await register(other, currency("END3"), currency("END4"))
        await register(one, currency("END4"), currency("END5"))
        states = one.writer.state, other.writer.state
        keys = [entry.natural_key for entry in states[0].in_order]
        assert len(keys) == len(set(keys))
        assert sum(key == "v1:currency:0:SAME" for key in keys) == 1
        assert keys[: len(states[1].in_order)] == [e.natural_key for e in states[1].in_order]
        assert len(states[0].links) == 5
        dump = states[0].dump()
    async with running_registry(path) as again:
        assert again.writer.state.dump() == dump


class Failing(sqlite3.Connection):
    """A database whose commits fail once it is told so."""

    broken = False

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """Everything but COMMIT."""
        if Failing.broken and arguments[0] == "COMMIT":
            raise sqlite3.OperationalError("disk I/O error")
        return super().execute(*arguments)


async def test_nothing_is_acknowledged_when_the_store_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Failing, "broken", False)
    original = sqlite3.connect

    def failing(path: Path) -> sqlite3.Connection:
        monkeypatch.setattr(sqlite3, "connect", lambda *a, **k: original(*a, factory=Failing, **k))
        try:
            return connect(path)
        finally:
            monkeypatch.setattr(sqlite3, "connect", original)

    path = tmp_path / "registry.db"
    async with await SqliteEventStore.open(path, failing) as store:
        writer = RegistryWriter(store, snapshot_every=1000)
        await writer.recover()
        running = asyncio.create_task(writer.run())
        registry = RunningRegistry(store, writer, _service(writer, store))
        await register(registry, currency("BTC"))
        dump = writer.state.dump()
        Failing.broken = True
        calls = [register(registry, currency(code)) for code in ("ETH", "SOL")]
        for outcome in await asyncio.gather(*calls, return_exceptions=True):
            assert isinstance(outcome, Unavailable)
            assert outcome.reason == "STORE_FAILED"
        with pytest.raises(Unavailable):
            await running
        with pytest.raises(Unavailable):
            await register(registry, currency("ADA"))
        assert writer.state.dump() == dump, "what is not durable is not shown"
    async with running_registry(path) as again:
        assert again.writer.state.dump() == dump


def _service(writer: RegistryWriter, store: SqliteEventStore) -> RegistryService:
    return RegistryService(writer, store, RegistryConfig(), max_message_bytes=1 << 20)


async def test_a_journal_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    async with await SqliteEventStore.open(path) as store:
        await store.append(STREAM, [NewEvent("order.accepted", b"\x08\x01")])
    with pytest.raises(DataLoss) as caught:
        async with running_registry(path):
            pass
    assert caught.value.reason == "JOURNAL_INVALID"


async def test_what_waits_when_the_service_drains_is_refused(tmp_path: Path) -> None:
    async with await SqliteEventStore.open(tmp_path / "registry.db") as store:
        writer = RegistryWriter(store, snapshot_every=1000)
        await writer.recover()
        registry = RunningRegistry(store, writer, _service(writer, store))
        running = asyncio.create_task(writer.run())
        await register(registry, currency("BTC"))
        blocked = asyncio.create_task(register(registry, currency("ETH")))
        await asyncio.sleep(0)  # it is in the queue now
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        for call in (blocked, register(registry, currency("SOL"))):
            with pytest.raises(Unavailable) as caught:
                await call
            assert caught.value.reason == "DRAINING"
        assert writer.state.revision == await store.version(STREAM) == 1


async def test_who_asks_is_told_of_each_snapshot_that_is_kept(tmp_path: Path) -> None:
    async with await SqliteEventStore.open(tmp_path / "registry.db") as store:
        writer = RegistryWriter(store, snapshot_every=2)
        kept: asyncio.Queue[tuple[int, int]] = asyncio.Queue()
        writer.on_snapshot = lambda revision, instruments: kept.put_nowait((revision, instruments))
        await writer.recover()
        registry = RunningRegistry(store, writer, _service(writer, store))
        running = asyncio.create_task(writer.run())
        for code in ("BTC", "ETH"):
            await register(registry, currency(code))
        async with asyncio.timeout(30):
            assert await kept.get() == (2, 2)
        snapshot = await store.load_snapshot(STREAM)
        assert snapshot is not None
        assert snapshot.version == 2
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
