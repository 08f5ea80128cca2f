"""Restarts: nothing acknowledged is lost, nothing is doubled, replay gives the same bytes."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse_client.context import new_context
from alphapulse_client.errors import Conflict, DataLoss
from alphapulse_client.orders import OrdersClient
from alphapulse_mesh.execution.limits import make_engine
from alphapulse_mesh.execution.pipeline import Command
from alphapulse_mesh.runtime.event_store import NewEvent, SqliteEventStore
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_testing.execution import (
    BTCUSDT,
    FakeRegistry,
    order_rows,
    quote_rows,
    running_execution,
    serving,
    until_status,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.execution.process import Execution
    from alphapulse_mesh.runtime.config import MeshConfig


def database(config: MeshConfig) -> Path:
    return MeshPaths(config).database(config.execution.database)


async def digest_of_journal(execution: Execution, config: MeshConfig) -> bytes:
    """What an empty engine becomes by the journal alone, from its first frame on."""
    engine = make_engine(config.execution)
    async for frame in execution.journal.read(1):
        engine.apply_events((frame,))
    return engine.digest()


async def test_a_restart_gives_the_same_state_and_goes_on(config: MeshConfig) -> None:
    async with serving(config) as (execution, channel):
        orders = OrdersClient(channel)
        execution.pipeline.quotes(quote_rows("99", "101"))
        filled = await orders.submit(BTCUSDT, "buy", "1", price="101", account_id=1)
        resting = await orders.submit(BTCUSDT, "buy", "2", price="100", account_id=1)
        gone = await orders.submit(BTCUSDT, "buy", "3", price="98", account_id=1)
        await orders.cancel(gone.order_id)
        before = [order async for order in orders.list()]
        digest = execution.engine.digest()
        assert await digest_of_journal(execution, config) == digest
    async with serving(config) as (execution, channel):
        orders = OrdersClient(channel)
        assert execution.engine.digest() == digest
        assert [order async for order in orders.list()] == before
        assert execution.venue.open_orders == 1
        execution.pipeline.quotes(quote_rows("98", "99", "10"))
        order = await until_status(orders, resting.order_id, pb.ORDER_STATUS_FILLED)
        assert order.average_price == "100"
        fills = [fill async for fill in orders.fills()]
        assert [fill.order_id for fill in fills] == [resting.order_id, filled.order_id]
        assert fills[0].trade_id > fills[1].trade_id, "trade ids go on"
        again = await orders.submit(BTCUSDT, "buy", "1", price="98", account_id=1)
        assert again.order_id == 4


@pytest.mark.parametrize("every", [1, 3, 1_000_000])
async def test_snapshots_change_nothing(make_config: Callable[..., MeshConfig], every: int) -> None:
    config = make_config(execution={"snapshot_every_events": every})
    digest = b""
    kept: list[tuple[int, int]] = []
    for turn in range(4):
        async with serving(config) as (execution, channel):
            assert turn == 0 or execution.engine.digest() == digest
            execution.journal.on_snapshot = lambda version, orders: kept.append((version, orders))
            orders = OrdersClient(channel)
            for number in range(5):
                await orders.submit(
                    BTCUSDT, "buy", "1", price="90", client_order_id=number + 1, account_id=turn + 1
                )
            digest = execution.engine.digest()
            assert await digest_of_journal(execution, config) == digest
        # each end keeps one, and tells of it when it is there
        assert kept[-1] == (execution.journal.version, 5 * (turn + 1))


async def test_orders_keep_their_place_in_line_over_a_restart(config: MeshConfig) -> None:
    async with serving(config) as (_, channel):
        orders = OrdersClient(channel)
        for account in (1, 2, 3):
            await orders.submit(BTCUSDT, "sell", "1", price="100", account_id=account)
    async with running_execution(config) as execution:
        depth = execution.venue.exchange.depth(BTCUSDT, 2)
        assert [order_id for order_id, _, _ in depth] == [1, 2, 3]


class Held:
    """A venue that takes commands and never gets to work: what a kill leaves unanswered."""

    name = "held"

    def __init__(self) -> None:
        self.sent: list[tuple[int, list[int]]] = []

    def attach(self, sink: Any) -> None: ...

    def set_instruments(self, rules: Any) -> None: ...

    async def send(self, message_type: int, order_ids: Any, rows: bytes) -> None:
        self.sent.append((message_type, list(order_ids)))

    def quotes(self, rows: Any) -> None: ...

    async def reconcile(self, working: Any, unanswered: Any, trade_id: int) -> None: ...

    async def run(self) -> None:
        await asyncio.Event().wait()


async def test_what_the_venue_never_answered_is_unknown_not_refused_and_sent_again(
    config: MeshConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Held()
    with monkeypatch.context() as patch:
        patch.setattr("alphapulse_mesh.execution.process.SimulatedVenue", lambda *_: held)
        async with serving(config) as (execution, channel):
            orders = OrdersClient(channel)
            first = await orders.submit(BTCUSDT, "buy", "1", price="100", account_id=1)
            second = await orders.submit(BTCUSDT, "buy", "1", price="99", account_id=1)
            assert first.status == pb.ORDER_STATUS_PENDING_NEW
            assert (await orders.cancel(second.order_id)).status == pb.ORDER_STATUS_PENDING_CANCEL
            assert len(held.sent) == 3
    async with serving(config) as (execution, channel):
        orders = OrdersClient(channel)
        await until_status(orders, first.order_id, pb.ORDER_STATUS_NEW)
        await until_status(orders, second.order_id, pb.ORDER_STATUS_CANCELED)
        assert execution.venue.open_orders == 1
        assert execution.pipeline.counters["unexpected_report"] == 0


async def test_a_second_reconciliation_changes_nothing(config: MeshConfig) -> None:
    async with serving(config) as (_, channel):
        orders = OrdersClient(channel)
        for price in ("99", "98", "97"):
            await orders.submit(BTCUSDT, "buy", "1", price=price, account_id=1)
    async with running_execution(config) as execution:
        digest, version = execution.engine.digest(), execution.journal.version
        depth = execution.venue.exchange.depth(BTCUSDT, 1)
        assert len(depth) == 3
        for _ in range(2):
            await execution.pipeline.reconcile()
            await asyncio.sleep(0.02)
        assert execution.engine.digest() == digest
        assert execution.journal.version == version
        assert execution.venue.exchange.depth(BTCUSDT, 1) == depth


async def test_trading_waits_for_reconciliation(
    config: MeshConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serving(config) as (_, channel):
        order = await OrdersClient(channel).submit(BTCUSDT, "buy", "1", price="100", account_id=1)
    monkeypatch.setattr("alphapulse_mesh.execution.process._RECONCILE_SECONDS", 0.05)
    monkeypatch.setattr("alphapulse_mesh.execution.process._RETRY_SECONDS", 0.01)
    registry = FakeRegistry()
    registry.away = True
    async with serving(config, registry) as (_, channel):
        orders = OrdersClient(channel)
        assert (await orders.get(order.order_id)).order.status == pb.ORDER_STATUS_NEW
        canceled = await orders.cancel(order.order_id)
        assert canceled.status == pb.ORDER_STATUS_PENDING_CANCEL, "held for the venue"
        registry.away = False
        await until_status(orders, order.order_id, pb.ORDER_STATUS_CANCELED)
        fresh = await orders.submit(BTCUSDT, "buy", "1", price="100", account_id=1)
        assert fresh.status == pb.ORDER_STATUS_NEW


@pytest.fixture
async def journaled(config: MeshConfig) -> MeshConfig:
    """A journal of some orders, closed."""
    async with serving(config) as (execution, channel):
        execution.pipeline.quotes(quote_rows("99", "101"))
        orders = OrdersClient(channel)
        for _ in range(3):
            await orders.submit(BTCUSDT, "buy", "1", price="101", account_id=1)
    return config


def forget_snapshots(connection: sqlite3.Connection) -> None:
    connection.execute("DELETE FROM snapshots WHERE stream = 'execution'")


async def test_a_changed_event_is_found(journaled: MeshConfig) -> None:
    with sqlite3.connect(database(journaled)) as connection:
        forget_snapshots(connection)
        (data,) = connection.execute("SELECT data FROM events WHERE version = 4").fetchone()
        changed = bytearray(data)
        changed[len(changed) // 2] ^= 1
        connection.execute("UPDATE events SET data = ? WHERE version = 4", (bytes(changed),))
    with pytest.raises(DataLoss) as found:
        async with running_execution(journaled):
            pass
    assert found.value.reason == "EVENT_CORRUPT"


async def test_a_missing_event_is_found(journaled: MeshConfig) -> None:
    with sqlite3.connect(database(journaled)) as connection:
        forget_snapshots(connection)
        connection.execute("DELETE FROM events WHERE version = 4")
    with pytest.raises(DataLoss):
        async with running_execution(journaled):
            pass


async def test_events_that_are_intact_and_do_not_fit_are_found(journaled: MeshConfig) -> None:
    """A journal whose every checksum is right, and which still is not the one that was written."""
    path = database(journaled)
    async with await SqliteEventStore.open(path) as store:
        events = [NewEvent(one.type, one.data) async for one in store.read("execution")]
    for found in path.parent.glob(f"{path.name}*"):
        found.unlink()
    reports = [at for at, event in enumerate(events) if event.type == "EXECUTION_REPORT"]
    events[reports[0]], events[reports[1]] = events[reports[1]], events[reports[0]]
    async with await SqliteEventStore.open(path) as store:
        await store.append("execution", events)
    with pytest.raises(DataLoss) as refused:
        async with running_execution(journaled):
            pass
    assert refused.value.reason == "JOURNAL_INCONSISTENT"
    assert refused.value.values["version"] == reports[0] + 1


async def test_a_second_execution_on_one_journal_is_stopped(config: MeshConfig) -> None:
    async with serving(config) as (first, channel), running_execution(config) as second:
        await OrdersClient(channel).submit(BTCUSDT, "buy", "1", price="100", account_id=1)
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        await second.instruments.ensure([BTCUSDT])
        second.pipeline.submit(Command(40, order_rows(9), new_context(), done))
        with pytest.raises(Conflict):
            await asyncio.wait_for(second.tasks["pipeline"], 10)
        done.cancel()
        assert first.engine.next_order_id == 2


async def test_old_orders_leave_memory_and_are_known_all_the_same(
    make_config: Callable[..., MeshConfig],
) -> None:
    config = make_config(execution={"keep_closed_orders": 3, "snapshot_every_events": 7})
    seen: list[pb.Order] = []
    for turn in range(2):
        async with serving(config) as (execution, channel):
            orders = OrdersClient(channel)
            execution.pipeline.quotes(quote_rows("99", "101", "1000"))
            for number in range(1, 11):
                order = await orders.submit(
                    BTCUSDT, "buy", "1", price="101", client_order_id=number, account_id=turn + 1
                )
                seen.append(order)
            assert execution.engine.orders_in_memory == 4
            listed = [order async for order in orders.list(page_size=3)]
            assert listed == seen[::-1]
            assert (await orders.get(1)).order == seen[0]
            assert len((await orders.get(1)).fills) == 1
            again = await orders.submit(
                BTCUSDT, "buy", "1", price="101", client_order_id=1, account_id=turn + 1
            )
            assert again == seen[10 * turn], "known again by the client's number"
            fills = [fill.order_id async for fill in orders.fills(page_size=4)]
            assert fills == [order.order_id for order in reversed(seen)]
            accounts = [o.order_id async for o in orders.list(account_id=1, page_size=2)]
            assert accounts == [order.order_id for order in reversed(seen[:10])]
    archive = database(config).with_name("execution.db.archive")
    for suffix in ("", "-wal", "-shm"):
        archive.with_name(archive.name + suffix).unlink(missing_ok=True)
    async with serving(config) as (execution, channel):
        orders = OrdersClient(channel)
        listed = [order async for order in orders.list(page_size=3)]
        assert listed == seen[::-1], "the archive is made again from the journal"


async def test_an_archive_of_another_journal_is_forgotten(
    make_config: Callable[..., MeshConfig],
) -> None:
    config = make_config(execution={"keep_closed_orders": 1})
    for _ in range(2):
        async with serving(config) as (execution, channel):
            orders = OrdersClient(channel)
            execution.pipeline.quotes(quote_rows("99", "101", "1000"))
            for number in range(1, 5):
                order = await orders.submit(
                    BTCUSDT, "buy", "1", price="101", client_order_id=number, account_id=1
                )
                assert order.order_id == number
        path = database(config)
        for found in path.parent.glob(f"{path.name}*"):
            if not found.name.startswith(f"{path.name}.archive"):
                found.unlink()
