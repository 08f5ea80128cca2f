"""A registry process that follows a relay process: opportunities by basis points, and routing over
live books.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import frames
from alphapulse_client.context import new_context, parse_traceparent
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_client.mesh import Mesh
from alphapulse_client.publisher import Publisher
from alphapulse_client.subscription import Subscription
from alphapulse_client.system_frames import read_heartbeat
from alphapulse_layout import BookAction, BookFlag, MessageType, Side, SourceType, VenueId
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.processes import MeshProcesses
from alphapulse_testing.registry import currency, pair, perpetual

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_client.context import FrameContext
    from alphapulse_mesh.runtime.config import MeshConfig

pytestmark = pytest.mark.timeout(300)
E8 = 100_000_000
SOURCE = SourceType.BINANCE_COLLECTOR


def quote(instrument: pb.Instrument, bid: int, ask: int, context: FrameContext) -> bytes:
    rows = frames.rows(MessageType.QUOTE, 1)
    rows["instrument_id"] = np.frombuffer(id_bytes(instrument), rows.dtype["instrument_id"])
    rows["bid_price"], rows["ask_price"] = bid * E8, ask * E8
    rows["bid_size"] = rows["ask_size"] = E8
    rows["exchange_time"] = rows["receive_time"] = time.time_ns()
    return frames.encode(MessageType.QUOTE, rows, source=SOURCE, context=context)


def book(instrument: pb.Instrument, *asks: tuple[int, int]) -> bytes:
    rows = frames.rows(MessageType.ORDER_BOOK, 1 + len(asks))
    rows["instrument_id"] = np.frombuffer(id_bytes(instrument), rows.dtype["instrument_id"])
    rows["action"] = [BookAction.CLEAR, *[BookAction.SET] * len(asks)]
    rows["side"][1:] = Side.SELL
    rows["price"][1:], rows["size"][1:] = ([each[at] * E8 for each in asks] for at in (0, 1))
    rows["flags"] = BookFlag.VALID
    rows["flags"][-1] |= BookFlag.LAST_IN_EVENT
    rows["receive_time"] = time.time_ns()
    return frames.encode(MessageType.ORDER_BOOK, rows, source=SOURCE, context=new_context())


async def test_a_process_finds_opportunities_and_routes_over_live_books(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(registry={"publish_live": True, "live_depth": 2})
    services = (Service.REGISTRY, Service.RELAY_MARKET_DATA)
    async with MeshProcesses(config, tmp_path, *services) as mesh, asyncio.timeout(150):
        target = mesh.config.endpoint(Service.RELAY_MARKET_DATA).target
        async with (
            Mesh.connect(mesh.config.endpoint(Service.REGISTRY).target) as client,
            Publisher(target, "market_data", producer_name="collector") as collector,
        ):
            registry = client.registry
            for venue in ("BINANCE", "BINANCE_FUTURES"):
                await registry.update_venue(
                    pb.Venue(name=venue, maker_fee_bps="0", taker_fee_bps="0"),
                    fields=["maker_fee_bps", "taker_fee_bps"],
                )
            bitcoin = (await registry.register(currency("BTC"))).instrument
            spot = (await registry.register(pair())).instrument
            derived = (
                await registry.register(
                    perpetual(underlying=bitcoin.id, base_currency="BTC", quote_currency="USDT")
                )
            ).instrument
            contexts = {id_bytes(each): new_context() for each in (spot, derived)}

            async def market() -> None:
                while True:  # the registry subscribes when it is ready, and quotes grow old
                    await collector.publish(quote(spot, 99, 100, contexts[id_bytes(spot)]))
                    await collector.publish(quote(derived, 102, 103, contexts[id_bytes(derived)]))
                    await collector.publish(book(spot, (100, 1), (101, 2), (102, 3)))
                    await asyncio.sleep(0.1)

            async def routed() -> pb.RouteOrderResponse:
                request: dict[str, Any] = {"side": pb.ROUTE_SIDE_BUY, "quantity": "9"}
                while True:
                    answer = await registry.route(
                        pb.RouteOrderRequest(instrument_id=spot.id, **request)
                    )
                    if answer.choices[0].book_source == pb.BOOK_SOURCE_LIVE_DEPTH:
                        return answer
                    await asyncio.sleep(0.05)

            quoting = asyncio.create_task(market())
            try:
                event = await anext(aiter(registry.watch(min_opportunity_bps=150)))
                answer = await routed()
            finally:
                quoting.cancel()
                await asyncio.gather(quoting, return_exceptions=True)
    found = event.opportunity
    assert (found.buy_instrument_id, found.sell_instrument_id) == (spot.id, derived.id)
    assert found.spread_bps == "200"  # bought at 100, sold at 102, no fees
    context = parse_traceparent(found.traceparent)
    assert context is not None
    assert context.trace_id in {each.trace_id for each in contexts.values()}
    (leg,) = answer.legs
    # two levels a side are looked at: 1 at 100 and 2 at 101
    assert (leg.venue, leg.quantity, leg.average_price) == (VenueId.BINANCE, "3", "100.66666667")
    assert answer.unrouted_quantity == "6"


async def test_heartbeats_say_how_far_behind_its_feeds_the_registry_is(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(
        registry={"publish_live": True, "live_depth": 2, "discovery": "review"},
        system={"heartbeat_seconds": 0.1},
    )
    services = (Service.REGISTRY, Service.RELAY_MARKET_DATA, Service.RELAY_SYSTEM)
    async with MeshProcesses(config, tmp_path, *services) as mesh, asyncio.timeout(150):
        target = mesh.config.endpoint(Service.RELAY_SYSTEM).target
        async with Subscription(
            target, "system", message_types=[MessageType.HEARTBEAT], start="oldest"
        ) as feed:
            async for batch in feed:
                beats = [beat for frame in batch if (beat := read_heartbeat(frame)) is not None]
                told = [beat.lags for beat in beats if beat.sender.service == Service.REGISTRY]
                # quotes, books and what collectors met
                if any(len(lags) == 3 for lags in told):
                    break
