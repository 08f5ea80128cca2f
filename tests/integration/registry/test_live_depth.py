"""Routing over the books of a real MarketDataRelay: from the image of the moment on, through
changes, a lost book and a new one.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import frames
from alphapulse_client.context import new_context
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_client.publisher import Publisher
from alphapulse_client.registry import RegistryClient
from alphapulse_layout import BookAction, BookFlag, MessageType, Side, SourceType, VenueId
from alphapulse_mesh.registry.live_books import BookFollower
from alphapulse_mesh.registry.service import add_registry_service
from alphapulse_testing.registry import pair, running_registry
from alphapulse_testing.relays import serve_relay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

E8 = 100_000_000
VALID, LAST = BookFlag.VALID, BookFlag.LAST_IN_EVENT
CLEAR = (0, 0, 0, BookAction.CLEAR, VALID)
LOST = (0, 0, 0, BookAction.CLEAR, BookFlag.NONE)


def ask(price: float, size: float) -> tuple[int, ...]:
    return (Side.SELL, round(price * E8), round(size * E8), BookAction.SET, VALID)


def event(instrument: pb.Instrument, *made: tuple[int, ...]) -> bytes:
    """A frame of one event."""
    rows = frames.rows(MessageType.ORDER_BOOK, len(made))
    rows["instrument_id"] = np.frombuffer(id_bytes(instrument), rows.dtype["instrument_id"])
    for name, values in zip(
        ("side", "price", "size", "action", "flags"), zip(*made, strict=True), strict=True
    ):
        rows[name] = values
    rows["flags"][-1] |= LAST
    rows["receive_time"] = time.time_ns()
    return frames.encode(
        MessageType.ORDER_BOOK, rows, source=SourceType.BINANCE_COLLECTOR, context=new_context()
    )


async def test_a_split_over_the_live_books(
    make_config: Callable[..., MeshConfig], tmp_path: Path, aio_server: Any
) -> None:
    async with (
        serve_relay(make_config(), "market-data", tmp_path) as (_, relay),
        running_registry(tmp_path / "registry.db") as running,
        Publisher(relay.target, "market_data", producer_name="collector") as collector,
        asyncio.timeout(120),
    ):
        quotes = running.service.quotes
        quotes._stale_ns = 120 * 1_000_000_000  # a slow machine makes no book old here
        _, channel = await aio_server((add_registry_service, running.service))
        registry = RegistryClient(channel)
        one = (await registry.register(pair())).instrument
        two = (await registry.register(pair(venue=VenueId.KRAKEN, symbol="BTC/USDT"))).instrument
        for venue, fee in (("BINANCE", "10"), ("KRAKEN", "0")):
            await registry.update_venue(
                pb.Venue(name=venue, maker_fee_bps=fee, taker_fee_bps=fee),
                fields=["maker_fee_bps", "taker_fee_bps"],
            )
        # before anybody listens: a book, a change of it, and another book
        for data in (
            event(one, CLEAR, ask(100, 1), ask(101, 5)),
            event(one, ask(100, 2), ask(102, 1)),
            event(two, CLEAR, ask(100.05, 1), ask(100.5, 9)),
        ):
            await collector.publish(data)
        await collector.flush()

        async def asks(instrument: pb.Instrument, best: float | None) -> None:
            """Until the registry's best ask is that."""
            while True:
                found = quotes.depths.depth(id_bytes(instrument), 1)
                price = found.asks[0][0] / E8 if found is not None and found.asks else None
                if price == best:
                    return
                await asyncio.sleep(0.01)

        async def routed(quantity: str, **fields: Any) -> dict[int, tuple[str, str]]:
            answer = await registry.route(
                pb.RouteOrderRequest(
                    instrument_id=one.id, side=pb.ROUTE_SIDE_BUY, quantity=quantity, **fields
                )
            )
            sources = {each.book_source for each in answer.choices}
            assert sources == {pb.BOOK_SOURCE_LIVE_DEPTH}
            return {leg.venue: (leg.quantity, leg.average_price) for leg in answer.legs}

        following = asyncio.create_task(BookFollower(quotes.depths, relay.target).run())
        try:
            await asks(one, 100)
            await asks(two, 100.05)
            # 100.05 free of fees, then 100 at 10 bps is 100.1, then 100.5
            assert await routed("4") == {
                VenueId.KRAKEN: ("2", "100.275"),
                VenueId.BINANCE: ("2", "100"),
            }
            assert await routed("4", depth=1) == {
                VenueId.KRAKEN: ("1", "100.05"),
                VenueId.BINANCE: ("2", "100"),
            }
            await collector.publish(event(two, ask(100.05, 0), ask(99, 3)))
            await asks(two, 99)
            assert await routed("4") == {
                VenueId.KRAKEN: ("3", "99"),
                VenueId.BINANCE: ("1", "100"),
            }
            await collector.publish(event(two, LOST))
            await asks(two, None)
            assert await routed("4") == {VenueId.BINANCE: ("4", "100.5")}  # 2 at 100, 2 at 101
            await collector.publish(event(two, CLEAR, ask(98, 1)))
            await asks(two, 98)
            assert await routed("1") == {VenueId.KRAKEN: ("1", "98")}
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
