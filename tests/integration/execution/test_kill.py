"""kill -9 of a real execution process under load: what it acknowledged is there, once."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse_client._channel import ChannelFactory
from alphapulse_client.orders import OrdersClient
from alphapulse_client.publisher import Publisher
from alphapulse_client.registry import RegistryClient
from alphapulse_client.subscription import Subscription
from alphapulse_layout import MessageType, Side, TimeInForce
from alphapulse_mesh.execution.limits import make_engine
from alphapulse_mesh.runtime.event_store import SqliteEventStore
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.execution import eventually, order_frame, quote_frame
from alphapulse_testing.processes import MeshProcesses
from alphapulse_testing.registry import pair

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse.registry.v1 import registry_pb2 as registry_pb
    from alphapulse_client.frames import Frame
    from alphapulse_mesh.runtime.config import MeshConfig

KILLS = 3


async def traded_pair(mesh: MeshProcesses, stack: AsyncExitStack) -> registry_pb.Instrument:
    channel = ChannelFactory(mesh[Service.REGISTRY].target).open()
    stack.push_async_callback(channel.close)
    answer = await RegistryClient(channel).register(
        pair(tick_size="0.01", lot_size="0.001", status=2)
    )
    return answer.instrument


class Load:
    """Orders of both sides without end, and what became of each."""

    def __init__(self, orders: OrdersClient, instrument_id: bytes) -> None:
        self.acknowledged: dict[int, pb.OrderAcknowledgement] = {}
        self._orders = orders
        self._instrument_id = instrument_id
        self._random = random.Random(7)
        self.reconnects = 0

    async def run(self, until: asyncio.Event) -> None:
        async with self._orders.submit_frames() as stream:
            number = 0
            pending: list[asyncio.Future[list[pb.OrderAcknowledgement]]] = []
            while not until.is_set():
                number += 1
                frame = order_frame(
                    number,
                    side=self._random.choice([Side.BUY, Side.SELL]),
                    price=f"{self._random.randint(9990, 10010) / 100:.2f}",
                    quantity=f"{self._random.randint(1, 50) / 10}",
                    time_in_force=self._random.choice([TimeInForce.GTC, TimeInForce.IOC]),
                    account_id=number % 5 + 1,
                    instrument_id=self._instrument_id,
                )
                pending.append(await stream.send(frame))
                await asyncio.sleep(0.001)
            for outcome in pending:
                for ack in await outcome:
                    assert ack.order_id not in self.acknowledged, "two commands, one order"
                    self.acknowledged[ack.order_id] = ack
            self.reconnects = stream.reconnects


async def quoting(target: str, instrument_id: bytes, until: asyncio.Event) -> None:
    walk = random.Random(3)
    async with Publisher(target, "market_data", producer_name="test") as publisher:
        while not until.is_set():
            mid = 10000 + walk.randint(-8, 8)
            await publisher.publish(
                quote_frame(
                    f"{(mid - 1) / 100:.2f}", f"{(mid + 1) / 100:.2f}", "2",
                    instrument_id=instrument_id,
                )
            )  # fmt: skip
            await asyncio.sleep(0.005)


async def read_all(subscription: Subscription, frames: list[Frame]) -> None:
    async for batch in subscription:
        assert not batch.gaps
        frames += batch.frames


@pytest.mark.timeout(240)
async def test_no_acknowledged_order_is_missing_after_kill_9(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(
        envoy={"port": 0},
        execution={
            "snapshot_every_events": 400,
            "keep_closed_orders": 200,
            "risk": {"max_open_orders": 100_000, "max_orders_per_second": 1_000_000},
        },
        relays={
            "execution": {"ring_bytes": 16 << 20, "max_queue_frames": 100_000},
            "market_data": {"ring_bytes": 4 << 20},
        },
    )
    services = (
        Service.REGISTRY,
        Service.RELAY_MARKET_DATA,
        Service.RELAY_EXECUTION,
        Service.EXECUTION,
    )
    async with MeshProcesses(config, tmp_path, *services) as mesh, AsyncExitStack() as stack:
        instrument = await traded_pair(mesh, stack)
        instrument_id = bytes.fromhex(instrument.id_text)
        channel = ChannelFactory(mesh[Service.EXECUTION].target).open()
        stack.push_async_callback(channel.close)
        orders = OrdersClient(channel)
        subscription = Subscription(
            mesh[Service.RELAY_EXECUTION].target, "execution", start="oldest", name="test"
        )
        stack.push_async_callback(subscription.close)
        until = asyncio.Event()
        frames: list[Frame] = []
        load = Load(orders, instrument_id)
        reading = asyncio.create_task(read_all(subscription, frames))
        running = asyncio.create_task(load.run(until))
        market = asyncio.create_task(
            quoting(mesh[Service.RELAY_MARKET_DATA].target, instrument_id, until)
        )
        moments = random.Random(11)
        for _ in range(KILLS):
            await asyncio.sleep(0.3 + moments.random())
            await mesh[Service.EXECUTION].kill()
            await mesh[Service.EXECUTION].start()
        await asyncio.sleep(0.5)
        until.set()
        await asyncio.gather(running, market)

        async def answered() -> bool:  # an acknowledgement comes before the venue's answer
            pending = pb.ORDER_STATUS_PENDING_NEW
            return not [order async for order in orders.list(status=pending)]

        await eventually(answered)
        listed = {order.order_id: order async for order in orders.list()}
        fills = [fill async for fill in orders.fills()]
        assert await mesh[Service.EXECUTION].terminate() == 0
        assert load.reconnects >= KILLS

        # every acknowledgement is an order, and every order was asked for once
        assert len(load.acknowledged) > 100
        assert set(listed) == set(load.acknowledged)
        for order_id, ack in load.acknowledged.items():
            assert listed[order_id].client_order_id == ack.client_order_id
            refused = ack.status == pb.ORDER_STATUS_REJECTED
            assert (listed[order_id].status == pb.ORDER_STATUS_REJECTED) == refused

        # the relay told all of it, in order
        newest = max(order.journal_sequence for order in listed.values())

        async def told_all() -> bool:
            return bool(frames) and _last(frames) >= newest

        await eventually(told_all)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        reports = [n for f in _of(frames, MessageType.EXECUTION_REPORT)
                   for n in f.rows["journal_sequence"].tolist()]  # fmt: skip
        assert reports == list(range(1, newest + 1))
        told = [(int(row["order_id"]), int(row["trade_id"]), int(row["quantity"]))
                for f in _of(frames, MessageType.FILL) for row in f.rows]  # fmt: skip
        assert len({(order_id, trade_id) for order_id, trade_id, _ in told}) == len(told)
        assert sorted((fill.order_id, fill.trade_id) for fill in fills) == sorted(
            (order_id, trade_id) for order_id, trade_id, _ in told
        )
        assert told, "nothing traded"

        # the journal alone gives the state that the service had
        path = mesh.paths.database(config.execution.database)
        engine = make_engine(config.execution)
        async with await SqliteEventStore.open(path) as store:
            snapshot = await store.load_snapshot("execution")
            assert snapshot is not None
            async for event in store.read("execution"):
                engine.apply_events((event.data,))
                if event.version == snapshot.version:
                    assert engine.snapshot() == snapshot.data
        assert engine.sequence == newest
        for order_id, order in listed.items():
            done = sum(quantity for number, _, quantity in told if number == order_id)
            assert f"{done / 1e8:g}" == f"{float(order.cumulative_quantity):g}"


def _of(frames: list[Frame], message_type: int) -> list[Frame]:
    return [frame for frame in frames if frame.message_type == message_type]


def _last(frames: list[Frame]) -> int:
    reports = _of(frames, MessageType.EXECUTION_REPORT)
    return int(reports[-1].rows["journal_sequence"][-1]) if reports else 0
