"""The journal on the ExecutionRelay: every frame once and in order, whoever restarts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alphapulse_client.frames import Frame
from alphapulse_client.orders import OrdersClient
from alphapulse_client.subscription import Subscription
from alphapulse_layout import MessageType
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.execution import BTCUSDT, quote_rows, serving
from alphapulse_testing.relays import RelayProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.execution.process import Execution
    from alphapulse_mesh.runtime.config import MeshConfig


class Reader:
    """Reads the relay from its oldest frame, and counts what it has to explain."""

    def __init__(self, target: str) -> None:
        self.frames: list[Frame] = []
        self._subscription = Subscription(target, "execution", start="oldest", name="test")

    async def until(self, count: int) -> list[bytes]:
        """The first `count` frames, as they were published."""
        async with asyncio.timeout(20):
            while len(self.frames) < count:
                batch = await anext(self._subscription)
                assert not batch.gaps
                self.frames += batch.frames
        await self._subscription.close()
        assert [frame.sequence for frame in self.frames] == list(range(1, count + 1))
        return [unstamped(frame) for frame in self.frames]


def unstamped(frame: Frame) -> bytes:
    """The bytes without the sequence that the relay gave."""
    data = bytearray(bytes(frame))
    at = data.index((0xDEADBEEF).to_bytes(4, "little"))
    data[at + 16 : at + 24] = bytes(8)
    return bytes(data)


async def journaled(execution: Execution) -> list[bytes]:
    return [frame async for frame in execution.journal.read(1)]


async def trade(orders: OrdersClient, first: int, count: int) -> None:
    for number in range(first, first + count):
        await orders.submit(BTCUSDT, "buy", "1", price="101", client_order_id=number, account_id=1)


async def test_the_relay_gets_the_journal(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config()
    async with RelayProcess(config, Service.RELAY_EXECUTION, tmp_path) as relay:
        digests = []
        for turn in range(3):
            async with serving(config, publish_to=relay.target) as (execution, channel):
                execution.pipeline.quotes(quote_rows("99", "101", "1000"))
                await trade(OrdersClient(channel), 10 * turn + 1, 5)
                digests.append(execution.engine.digest())
                expected = await journaled(execution)
        found = await Reader(relay.target).until(len(expected))
        assert found == expected
        sequences = [
            number
            for frame in (Frame.parse(data) for data in found)
            if frame.message_type == MessageType.EXECUTION_REPORT
            for number in frame.rows["journal_sequence"].tolist()
        ]
        assert sequences == list(range(1, len(sequences) + 1))
        status = await relay.status()
        assert sum(producer.duplicates for producer in status.producers) == 0
        assert len(status.producers) == 1


async def test_orders_are_taken_while_the_relay_is_away(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config()
    async with (
        RelayProcess(config, Service.RELAY_EXECUTION, tmp_path) as relay,
        serving(config, publish_to=relay.target) as (execution, channel),
    ):
        orders = OrdersClient(channel)
        execution.pipeline.quotes(quote_rows("99", "101", "1000"))
        await trade(orders, 1, 3)
        await relay.kill()
        await trade(orders, 4, 3)
        assert execution.publication is not None
        assert execution.publication.lag > 0
        await relay.start()
        expected = await journaled(execution)
        found = await Reader(relay.target).until(len(expected))
        assert found == expected


async def test_frames_made_while_the_relay_was_away_are_published_after_a_restart(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config()
    async with RelayProcess(config, Service.RELAY_EXECUTION, tmp_path) as relay:
        async with serving(config, publish_to=relay.target) as (execution, channel):
            await trade(OrdersClient(channel), 1, 2)
            await relay.kill()
            await trade(OrdersClient(channel), 3, 2)
        await relay.start()
        async with serving(config, publish_to=relay.target) as (execution, channel):
            expected = await journaled(execution)
            assert await Reader(relay.target).until(len(expected)) == expected


async def test_a_relay_without_its_memory_gets_what_follows(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config()
    async with RelayProcess(config, Service.RELAY_EXECUTION, tmp_path) as relay:
        async with serving(config, publish_to=relay.target) as (execution, channel):
            await trade(OrdersClient(channel), 1, 3)
            before = execution.journal.version
        await relay.terminate()
        for path in relay.paths.shm_path(relay.service).parent.glob(
            f"{relay.paths.shm_path(relay.service).name}*"
        ):
            path.unlink()
        for path in relay.paths.data_dir.glob("*relay-execution*"):
            path.unlink()
        await relay.start()
        async with serving(config, publish_to=relay.target) as (execution, channel):
            await trade(OrdersClient(channel), 4, 3)
            expected = (await journaled(execution))[before:]
            found = await Reader(relay.target).until(len(expected))
            assert found == expected
        async with serving(config, publish_to=relay.target) as (execution, channel):
            await trade(OrdersClient(channel), 7, 1)
            expected = (await journaled(execution))[before:]
            assert await Reader(relay.target).until(len(expected)) == expected
