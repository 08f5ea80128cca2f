"""Resolve an instrument, read its quotes in place, place an order, see what became of it.

    python clients/python/examples/quickstart.py --target localhost:10000 \\
        --symbol BTCUSDT --venue SIMULATOR --quotes 20

The last line is one JSON object, so that a test can read it too.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from typing import TYPE_CHECKING

from alphapulse.execution.v1.execution_pb2 import TIME_IN_FORCE_IOC, OrderStatus
from alphapulse_client import Batch, Instrument, Mesh, MeshError, from_fixed, new_context
from alphapulse_client.mesh import DEFAULT_TARGET
from alphapulse_layout import MessageType

if TYPE_CHECKING:
    from decimal import Decimal


def show(instrument: Instrument, batch: Batch) -> tuple[int, Decimal | None]:
    """Print the last quote of each frame; returns how many quotes there were, and the last ask."""
    count, ask = 0, None
    for frame in batch:
        quotes = frame.rows  # a NumPy array over the bytes that came: nothing is copied
        last = quotes[-1]
        ask = from_fixed(int(last["ask_price"]))
        bid = from_fixed(int(last["bid_price"]))
        print(f"{frame.sequence:>8}  {instrument.symbol}  {bid} / {ask}  ({len(quotes)} quotes)")
        count += len(quotes)
    return count, ask


async def run(arguments: argparse.Namespace) -> dict[str, object]:
    """The whole tour."""
    async with Mesh.connect(arguments.target) as mesh:
        instrument = await mesh.registry.resolve(arguments.symbol, venue=arguments.venue)
        print(f"{instrument.symbol} at {arguments.venue} is {instrument.id_text}")

        seen, ask = 0, None
        feed = mesh.feed(
            "market_data",
            message_types=[MessageType.QUOTE],
            instruments=[instrument],
            name="quickstart",
        )
        async for batch in feed:
            for gap in batch.gaps:
                print(f"missed {gap.first} to {gap.last}: {gap.reason}")
            count, last_ask = show(instrument, batch)
            seen, ask = seen + count, last_ask or ask
            if seen >= arguments.quotes:
                break
        assert ask is not None, "a quote has an ask"

        # the order belongs to a trace that begins here: `alphapulse trace show` finds it by its id
        cause = new_context(sampled=True)
        order = await mesh.orders.submit(
            instrument,
            "buy",
            arguments.quantity,
            price=ask,
            time_in_force=TIME_IN_FORCE_IOC,  # should the price have moved on meanwhile
            context=cause,
        )
        answer = await mesh.orders.get(order.order_id)
        order = answer.order
        return {
            "instrument_id": instrument.id_text,
            "quotes": seen,
            "lost": feed.lost,
            "order_id": order.order_id,
            "status": OrderStatus.Name(order.status).removeprefix("ORDER_STATUS_"),
            "reason": order.reason,
            "fills": len(answer.fills),
            "trace_id": cause.trace_hex,
        }


def main() -> int:
    """Run the tour; an error of the mesh is one line, not a stack trace."""
    parser = argparse.ArgumentParser(description="A tour of the AlphaPulse Python client.")
    parser.add_argument("--target", default=DEFAULT_TARGET, help="Envoy's address")
    parser.add_argument("--symbol", default="BTCUSDT")
    parser.add_argument("--venue", default="SIMULATOR")
    parser.add_argument("--quotes", type=int, default=20, help="how many to read")
    parser.add_argument("--quantity", default="0.001")
    arguments = parser.parse_args()
    try:
        print(json.dumps(asyncio.run(run(arguments))))
    except MeshError as error:
        print(f"{error.reason}: {error}")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
