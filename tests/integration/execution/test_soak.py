"""Many orders through one process: memory stays flat, nothing is lost on the way."""

from __future__ import annotations

import asyncio
import gc
from typing import TYPE_CHECKING

import psutil
import pytest

from alphapulse_client.orders import OrdersClient
from alphapulse_layout import Side, TimeInForce
from alphapulse_testing.execution import (
    SpanRecorder,
    eventually,
    order_frame,
    quote_rows,
    serving,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from opentelemetry.sdk.trace import ReadableSpan

    from alphapulse_mesh.runtime.config import MeshConfig

BATCH = 250


class Dropped(SpanRecorder):
    """Spans go nowhere: a recorder that keeps them would be all that grows."""

    def on_end(self, span: ReadableSpan) -> None:
        """See the class."""


@pytest.mark.timeout(600)
@pytest.mark.parametrize("orders", [8_000, pytest.param(20_000, marks=pytest.mark.soak)])
async def test_memory_is_flat_over_many_orders(
    make_config: Callable[..., MeshConfig], orders: int
) -> None:
    config = make_config(
        execution={
            "keep_closed_orders": 500,
            "snapshot_every_events": 5_000,
            "risk": {"max_orders_per_second": 1_000_000, "max_position_notional": 1_000_000_000},
        }
    )
    process = psutil.Process()
    sizes: list[int] = []
    async with serving(config, recorder=Dropped()) as (execution, channel):
        async with OrdersClient(channel).submit_frames() as stream:
            for start in range(1, orders, BATCH):
                # each batch trades with the market and closes
                execution.pipeline.quotes(quote_rows("100", "100.01", "100000"))
                side = Side.BUY if (start // BATCH) % 2 else Side.SELL
                pending = [
                    await stream.send(
                        order_frame(
                            number,
                            side=side,
                            price="101" if side == Side.BUY else "99",
                            time_in_force=TimeInForce.IOC,
                        )
                    )
                    for number in range(start, start + BATCH)
                ]
                for outcome in asyncio.as_completed(pending):
                    assert [ack.reason for ack in await outcome] == [""]
                if start > orders // 2:
                    gc.collect()
                    sizes.append(process.memory_info().rss)
        engine = execution.engine

        async def answered() -> bool:  # the venue's answers come after the acknowledgements
            return engine.open_orders == 0

        await eventually(answered)
        assert engine.next_order_id == orders + 1
        assert engine.orders_in_memory <= 500 + BATCH + 1
        assert execution.pipeline.counters["fills"] == orders
    # The later half against the earlier: less than 100 bytes an order may stay, beside what
    # allocators and SQLite's caches take by steps. An order alone is several hundred bytes.
    half = len(sizes) // 2
    grown = min(sizes[half:]) - min(sizes[:half])
    assert grown < (1 << 20) + 100 * orders // 4, f"{grown / 1e6:.1f} MB over {orders // 4} orders"
