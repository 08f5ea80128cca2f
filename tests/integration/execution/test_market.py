"""What execution knows of the market after a start: the present, as old as it is."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse_client import Publisher
from alphapulse_client.context import new_context
from alphapulse_client.frames import encode
from alphapulse_layout import MessageType, SourceType
from alphapulse_mesh.execution.market import follow_market
from alphapulse_mesh.runtime.latency import Latencies
from alphapulse_testing.execution import BTCUSDT, eventually, quote_rows
from alphapulse_testing.relays import serve_relay

if TYPE_CHECKING:
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig
    from alphapulse_testing.execution import Served

_MINUTE_NS = 60_000_000_000


def quote(bid: str, ask: str, *, age_ns: int = 0) -> bytes:
    return encode(
        MessageType.QUOTE,
        quote_rows(bid, ask),
        source=SourceType.BINANCE_COLLECTOR,
        context=new_context(sampled=False),
        timestamp=time.time_ns() - age_ns,
    )


@pytest.mark.parametrize(
    ("age_ns", "reason"), [(0, "PRICE_COLLAR"), (2 * _MINUTE_NS, "STALE_MARKET_DATA")]
)
async def test_after_a_start_orders_are_judged_by_the_quotes_of_before(
    served: Served, config: MeshConfig, tmp_path: Path, age_ns: int, reason: str
) -> None:
    async with (
        serve_relay(config, "market-data", tmp_path) as (_, host),
        Publisher(host.target, "market_data", producer_name="collector") as publisher,
    ):
        # nobody follows yet; of many quotes the last one is what counts
        await publisher.publish([quote("499", "501", age_ns=age_ns)] * 100)
        await publisher.publish(quote("99", "101", age_ns=age_ns))
        await publisher.flush(30)
        following = asyncio.create_task(
            follow_market(host.target, served.execution.pipeline, Latencies())
        )

        async def judged() -> bool:
            order = await served.orders.submit(BTCUSDT, "buy", "1", price="500", account_id=1)
            return (order.status, order.reason) == (pb.ORDER_STATUS_REJECTED, reason)

        await eventually(judged, within=30)
        market = await served.orders.submit(BTCUSDT, "buy", "1", account_id=1)
        assert market.status != pb.ORDER_STATUS_FILLED, "an old quote is no liquidity"
        await publisher.publish(quote("99", "101"))

        async def filled() -> bool:
            order = await served.orders.submit(BTCUSDT, "buy", "1", price="101", account_id=1)
            return order.status == pb.ORDER_STATUS_FILLED

        await eventually(filled, within=30)
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
