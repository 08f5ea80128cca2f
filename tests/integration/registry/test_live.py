"""The registry on a real MarketDataRelay: values of synthetics when a component moves, and new
instruments as discovery frames.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import frames
from alphapulse_client.context import new_context
from alphapulse_client.publisher import Publisher
from alphapulse_client.subscription import Subscription
from alphapulse_layout import MessageType, SourceType
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.live import LiveRegistry, mid_prices
from alphapulse_testing.registry import (
    NoDeadline,
    RunningRegistry,
    currency,
    pair,
    running_registry,
)
from alphapulse_testing.relays import serve_relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from alphapulse_client.context import FrameContext
    from alphapulse_client.frames import Frame
    from alphapulse_mesh.runtime.config import MeshConfig

CONTEXT = NoDeadline()
ONE = 100_000_000


def quotes(context: FrameContext, *sides: tuple[bytes, int, int]) -> bytes:
    rows = frames.rows(MessageType.QUOTE, len(sides))
    ids = b"".join(each[0] for each in sides)
    rows["instrument_id"] = np.frombuffer(ids, dtype=rows.dtype["instrument_id"])
    rows["bid_price"] = [each[1] for each in sides]
    rows["ask_price"] = [each[2] for each in sides]
    rows["exchange_time"] = 7
    return frames.encode(
        MessageType.QUOTE, rows, source=SourceType.BINANCE_COLLECTOR, context=context
    )


async def register(running: RunningRegistry, instrument: pb.Instrument) -> pb.Instrument:
    request = pb.RegisterInstrumentRequest(instrument=instrument)
    answer = await running.service.RegisterInstrument(request, CONTEXT)
    return pb.RegisterInstrumentResponse.FromString(answer).instrument


async def define(running: RunningRegistry, name: str, text: str, **inputs: Any) -> None:
    request = pb.DefineSyntheticRequest(
        name=name,
        formula=text,
        inputs=[pb.SyntheticInput(alias=alias, id=i.id) for alias, i in inputs.items()],
    )
    await running.service.DefineSynthetic(request, CONTEXT)


@asynccontextmanager
async def live(
    config: MeshConfig, tmp_path: Path
) -> AsyncIterator[tuple[RunningRegistry, Publisher, Subscription]]:
    """A registry, a publisher beside it, and a subscription to what the registry publishes."""
    async with (
        serve_relay(config, "market-data", tmp_path) as (_, host),
        running_registry(tmp_path / "registry.db") as running,
        Publisher(host.target, "market_data", producer_name="registry") as told,
        Publisher(host.target, "market_data", producer_name="collector") as collector,
        Subscription(
            host.target, "market_data", sources=[SourceType.REGISTRY], start="oldest"
        ) as heard,
    ):
        made = LiveRegistry(running.writer.state, lambda: running.writer.recent, host.target, told)
        working = [
            asyncio.create_task(made.evaluate()),
            asyncio.create_task(made.tell_discoveries()),
        ]
        try:
            await asyncio.sleep(0)
            yield running, collector, heard
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)


async def frame_of(heard: Subscription, message_type: int) -> Frame:
    async for batch in heard:
        for frame in batch.frames:
            if frame.message_type == message_type:
                return frame
    raise AssertionError("the subscription has ended")


def test_the_middle_of_the_last_two_sided_quote() -> None:
    one, two = b"\x01" * 16, b"\x02" * 16
    data = quotes(new_context(), (one, 1, 2), (two, 0, 5), (one, 3, 6))
    assert mid_prices(frames.Frame.parse(data).rows) == {one: Decimal("0.000000045")}


async def test_a_new_instrument_is_told(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    async with live(make_config(), tmp_path) as (running, _, heard), asyncio.timeout(60):
        known = await register(running, pair("BTC", "USDT", tick_size="0.01", name="Bitcoin"))
        frame = await frame_of(heard, MessageType.INSTRUMENT_DISCOVERY)
        (row,) = frame.rows
        assert row["instrument_id"].tobytes() == identity.from_message(known.id)
        assert (row["symbol"], row["tick_size"]) == (b"BTCUSDT", ONE // 100)
        start = int(row["data_offset"])
        assert bytes(frame.blob)[start : start + int(row["data_length"])] == b"Bitcoin"


async def test_a_quote_moves_a_synthetic(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    async with live(make_config(), tmp_path) as (running, collector, heard), asyncio.timeout(60):
        first = await register(running, pair("BTC", "USDT"))
        second = await register(running, pair("ETH", "USDT"))
        await register(running, currency("EUR"))  # in no formula
        await define(running, "RATIO", "a / b", a=first, b=second)
        cause = new_context()
        ids = [identity.from_message(each.id) for each in (first, second)]
        data = quotes(cause, (ids[0], 99 * ONE, 101 * ONE), (ids[1], 20 * ONE, 20 * ONE))

        async def quote_until_heard() -> None:
            while True:  # the registry subscribes when it hears of the definition
                await collector.publish(data)
                await asyncio.sleep(0.05)

        quoting = asyncio.create_task(quote_until_heard())
        try:
            frame = await frame_of(heard, MessageType.SYNTHETIC_UPDATE)
        finally:
            quoting.cancel()
            await asyncio.gather(quoting, return_exceptions=True)
        (row,) = frame.rows
        assert row["value"] == 5 * ONE
        assert (row["version"], row["exchange_time"]) == (1, 7)
        entry = running.service.state.synthetic_names["RATIO"]
        assert row["synthetic_id"].tobytes() == entry.id
        assert row["formula_hash"] == entry.message.formula_hash
        assert frame.components["value"].tolist() == [100 * ONE, 20 * ONE]
        assert frame.components["instrument_id"].tobytes() == b"".join(ids)
        assert frame.context.trace_id == cause.trace_id
        assert frame.context.causation_id == cause.message_id
