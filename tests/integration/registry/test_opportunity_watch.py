"""Opportunities across venues on a real MarketDataRelay and a real registry: found from live
quotes, published as frames, and watched by basis points. All figures are reckoned by hand.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import frames
from alphapulse_client.context import new_context, parse_traceparent
from alphapulse_client.errors import FailedPrecondition
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_client.publisher import Publisher
from alphapulse_client.registry import RegistryClient
from alphapulse_client.subscription import Subscription
from alphapulse_layout import MessageType, SourceType, VenueId
from alphapulse_mesh.registry.live import QuoteFollower
from alphapulse_mesh.registry.opportunity_feed import OpportunityFeed, OpportunityQueue, Told
from alphapulse_mesh.registry.quotes import LiveQuotes
from alphapulse_mesh.registry.service import add_registry_service
from alphapulse_testing.registry import (
    APPLE_ISIN,
    APPLE_SHARE_CLASS,
    USDC_ETHEREUM,
    WETH_ETHEREUM,
    RunningRegistry,
    currency,
    pair,
    perpetual,
    pool,
    running_registry,
    stock,
    token,
)
from alphapulse_testing.relays import serve_relay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from alphapulse_client.context import FrameContext
    from alphapulse_client.frames import Frame
    from alphapulse_mesh.runtime.config import MeshConfig

E8 = 100_000_000
OTHER_POOL = "0x397FF1542f962076d0BFE58eA045FfA2d347ACa0"
K = pb.EventKind


@dataclass
class Market:
    """What a test has in hand."""

    running: RunningRegistry
    registry: RegistryClient
    collector: Publisher
    frames: Subscription
    relay: str

    async def add(self, instrument: pb.Instrument) -> pb.Instrument:
        return (await self.registry.register(instrument)).instrument

    async def fees(self, venue: str, bps: str) -> None:
        await self.registry.update_venue(
            pb.Venue(name=venue, maker_fee_bps=bps, taker_fee_bps=bps),
            fields=["maker_fee_bps", "taker_fee_bps"],
        )

    async def quote(self, instrument: pb.Instrument, bid: str, ask: str) -> FrameContext:
        """A frame of one fresh quote of 2, and its context."""
        rows = frames.rows(MessageType.QUOTE, 1)
        rows["instrument_id"] = np.frombuffer(id_bytes(instrument), rows.dtype["instrument_id"])
        rows["bid_price"], rows["ask_price"] = (int(Decimal(side) * E8) for side in (bid, ask))
        rows["bid_size"] = rows["ask_size"] = 2 * E8
        rows["exchange_time"] = rows["receive_time"] = time.time_ns()
        context = new_context()
        await self.collector.publish(
            frames.encode(
                MessageType.QUOTE, rows, source=SourceType.BINANCE_COLLECTOR, context=context
            )
        )
        return context

    async def opened(self) -> tuple[Frame, Any]:
        """The next frame of opportunities, and its first row."""
        async for batch in self.frames:
            for frame in batch.frames:
                return frame, frame.rows[0]
        raise AssertionError("the subscription has ended")


@pytest.fixture
async def market(
    make_config: Callable[..., MeshConfig], tmp_path: Path, aio_server: Any
) -> AsyncIterator[Market]:
    """A relay, a registry that follows its quotes, and a collector."""
    async with (
        serve_relay(make_config(), "market-data", tmp_path) as (_, relay),
        running_registry(tmp_path / "registry.db") as running,
        Publisher(relay.target, "market_data", producer_name="registry") as told,
        Publisher(relay.target, "market_data", producer_name="collector") as collector,
        Subscription(
            relay.target,
            "market_data",
            message_types=[MessageType.CROSS_VENUE_OPPORTUNITY],
            start="oldest",
        ) as heard,
        asyncio.timeout(120),
    ):
        service = running.service
        service.quotes._stale_ns = 120 * 1_000_000_000  # a slow machine makes no quote old here
        follower = QuoteFollower(service.quotes, service.opportunities, relay.target, told)
        following = asyncio.create_task(follower.run())
        _, channel = await aio_server((add_registry_service, service))
        made = Market(running, RegistryClient(channel), collector, heard, relay.target)
        try:
            await followed(made)
            yield made
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)


async def followed(market: Market) -> None:
    """Until the registry gets quotes."""
    one = await market.add(currency("XXX"))
    while market.running.service.quotes.quote(id_bytes(one), time.time_ns()) is None:
        await market.quote(one, "1", "1")
        await asyncio.sleep(0.02)


@asynccontextmanager
async def watching(
    market: Market, from_revision: int = 0, **filters: Any
) -> AsyncIterator[asyncio.Queue[pb.WatchRegistryResponse]]:
    """What a watch gets; it is live when this begins."""
    got: asyncio.Queue[pb.WatchRegistryResponse] = asyncio.Queue()
    live = asyncio.Event()

    async def follow() -> None:
        stream = market.registry.watch(from_revision, bookmarks=True, **filters)
        async for event in stream:
            if event.WhichOneof("event") is None:
                live.set()
            else:
                got.put_nowait(event)

    following = asyncio.create_task(follow())
    try:
        await live.wait()
        yield got
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def shares(market: Market) -> tuple[pb.Instrument, pb.Instrument, pb.Instrument]:
    await market.fees("NASDAQ", "1")
    await market.fees("XETRA", "2")
    both = {"isin": APPLE_ISIN, "share_class_figi": APPLE_SHARE_CLASS}
    home = await market.add(stock("AAPL", VenueId.NASDAQ, quote_currency="USD", **both))
    abroad = await market.add(stock("APC", VenueId.XETRA, quote_currency="EUR", **both))
    rate = await market.add(
        pb.Instrument(
            asset_type=common_pb2.ASSET_TYPE_FX_PAIR, base_currency="EUR", quote_currency="USD"
        )
    )
    return home, abroad, rate


async def test_one_share_in_two_currencies(market: Market) -> None:
    home, abroad, rate = await shares(market)
    async with watching(market, min_opportunity_bps=100) as told:
        await market.quote(rate, "1.08", "1.10")
        cause = await market.quote(home, "99.90", "100.00")
        tipped = await market.quote(abroad, "95.00", "95.20")
        event = await told.get()
        found = event.opportunity
        # sold at 95 x 1.09 = 103.55, less 2 bps: 103.52929; bought at 100 and 1 bp: 100.01
        assert found.spread_bps == "351.89381062"
        assert found.kind == pb.OPPORTUNITY_KIND_SAME_SECURITY
        assert (found.buy_instrument_id, found.sell_instrument_id) == (home.id, abroad.id)
        assert (found.buy_price, found.buy_currency, found.buy_fee_bps) == ("100", "USD", "1")
        assert (found.sell_price, found.sell_currency, found.sell_fee_bps) == ("95", "EUR", "2")
        assert (found.rate, found.max_quantity, found.missed) == ("1.09", "2", 0)
        frame, row = await market.opened()
        assert row["opportunity_id"] == found.opportunity_id
        assert (row["price_a"], row["price_b"], row["spread_bps"]) == (100 * E8, 95 * E8, 351)
        # the frame and the watch name one context: a child of the quote that opened it; the quote
        # of the other side is a further cause
        context = parse_traceparent(found.traceparent)
        assert context is not None
        assert (context.trace_id, context.message_id) == (
            frame.context.trace_id,
            frame.context.message_id,
        )
        assert frame.context.trace_id == tipped.trace_id
        assert frame.context.causation_id == tipped.message_id
        assert [(bytes(each.trace_id), bytes(each.span_id)) for each in frame.causes] == [
            (cause.trace_id, cause.message_id)
        ]


async def test_one_pair_of_tokens_on_two_exchanges(market: Market) -> None:
    usdc = await market.add(token(USDC_ETHEREUM))
    weth = await market.add(token(WETH_ETHEREUM, symbol="WETH", decimals=18))
    tokens = [weth.id, usdc.id]
    one = await market.add(pool(pool_tokens=tokens, pool_fee_ppm=500))
    other = await market.add(
        pool(OTHER_POOL, venue=VenueId.SUSHISWAP, pool_tokens=tokens, pool_fee_ppm=3000)
    )
    turned = await market.add(
        pool("0x" + "11" * 20, venue=VenueId.SUSHISWAP, pool_tokens=tokens[::-1], pool_fee_ppm=1)
    )
    async with watching(market, min_opportunity_bps=100, chain_id=1) as told:
        await market.quote(turned, "0.0004", "0.0005")  # the price of the other token
        await market.quote(one, "1999", "2000")
        tipped = await market.quote(other, "2040", "2041")
        found = (await told.get()).opportunity
        # bought at 2000 and 5 bps: 2001; sold at 2040 less 30 bps: 2033.88
        assert found.spread_bps == "164.31784108"
        assert found.kind == pb.OPPORTUNITY_KIND_SAME_TOKEN
        assert (found.buy_venue, found.sell_venue) == (VenueId.UNISWAP_V3, VenueId.SUSHISWAP)
        assert (found.buy_fee_bps, found.sell_fee_bps) == ("5", "30")
        frame, row = await market.opened()
        assert row["instrument_a_id"].tobytes() == id_bytes(one)
        assert frame.context.causation_id == tipped.message_id


async def spot_and_perpetual(market: Market) -> tuple[pb.Instrument, pb.Instrument]:
    await market.fees("BINANCE", "10")
    await market.fees("BINANCE_FUTURES", "5")
    bitcoin = await market.add(currency("BTC"))
    spot = await market.add(pair())
    return spot, await market.add(
        perpetual(underlying=bitcoin.id, base_currency="BTC", quote_currency="USDT")
    )


async def test_spot_against_what_derives_from_its_currency(market: Market) -> None:
    spot, derived = await spot_and_perpetual(market)
    bitcoin = next(e for e in market.running.service.state.in_order if e.symbol == "BTC")
    others = [
        perpetual("BTCUSD", underlying=spot.id, base_currency="BTC", inverse=True),
        perpetual("BTCEUR", base_currency="BTC", quote_currency="EUR"),
    ]
    others[1].underlying.CopyFrom(bitcoin.message().id)
    async with watching(market, min_opportunity_bps=50) as told:
        for other in others:  # an inverse one, and one in another currency: no such comparison
            await market.quote(await market.add(other), "500", "501")
        await market.quote(spot, "99", "100")
        await market.quote(derived, "101", "102")
        found = (await told.get()).opportunity
        # bought at 100 and 10 bps: 100.1; sold at 101 less 5 bps: 100.9495
        assert found.spread_bps == "84.86513487"
        assert found.kind == pb.OPPORTUNITY_KIND_BASIS
        assert (found.buy_instrument_id, found.sell_instrument_id) == (spot.id, derived.id)


async def test_each_watch_gets_what_is_above_its_bound(market: Market) -> None:
    spot, derived = await spot_and_perpetual(market)
    async with (
        watching(market, min_opportunity_bps=1) as low,
        watching(market, kinds=[K.EVENT_KIND_OPPORTUNITY]) as every,
        watching(market, min_opportunity_bps=100) as high,
        watching(market, min_opportunity_bps=1, venues=["KRAKEN"]) as elsewhere,
        watching(market, kinds=[K.EVENT_KIND_INSTRUMENT], min_opportunity_bps=1) as changes,
    ):
        await market.quote(spot, "99", "100")
        for bid in ("101", "102", "103"):  # 84.8, 184.7 and 284.6 basis points
            await market.quote(derived, bid, "110")
        bounds = [Decimal((await low.get()).opportunity.spread_bps) for _ in range(3)]
        assert [int(each) for each in bounds] == [84, 184, 284]
        assert [int(Decimal((await every.get()).opportunity.spread_bps)) for _ in range(3)] == [
            84, 184, 284
        ]  # fmt: skip
        assert [int(Decimal((await high.get()).opportunity.spread_bps)) for _ in range(2)] == [
            184, 284
        ]  # fmt: skip
        assert high.empty()
        assert elsewhere.empty()
        kinds = {changes.get_nowait().WhichOneof("event") for _ in range(changes.qsize())}
        assert kinds == {"instrument_registered"}  # which say what they want, and nothing else


async def test_a_watch_goes_on_without_gap_and_gets_what_stands(market: Market) -> None:
    spot, derived = await spot_and_perpetual(market)
    wanted = [K.EVENT_KIND_INSTRUMENT, K.EVENT_KIND_OPPORTUNITY]
    seen: list[pb.WatchRegistryResponse] = []
    start = market.running.service.state.revision
    async with watching(market, start, kinds=wanted) as first:
        await market.add(stock("A"))
        seen.append(await first.get())
        await market.quote(spot, "99", "100")
        await market.quote(derived, "101", "102")
        seen.append(await first.get())
        assert [each.WhichOneof("event") for each in seen] == [
            "instrument_registered", "opportunity"
        ]  # fmt: skip
        # an opportunity has the revision that the watch has reached: going on after it is safe
        assert seen[1].revision == seen[0].revision
    await market.add(stock("B"))
    async with watching(market, seen[-1].revision, kinds=wanted) as second:
        again = await second.get()
        assert again.instrument_registered.symbol == "B"
        # quotes grow old in five seconds: fresh ones with the same prices are no news, so what
        # comes is what stood when the watch began, or what stands since
        while second.empty():
            await market.quote(spot, "99", "100")
            await market.quote(derived, "101", "102")
            await asyncio.sleep(0.02)
        standing = await second.get()
        assert standing.opportunity.buy_instrument_id == spot.id
        assert standing.revision == again.revision


async def test_a_replica_that_publishes_nothing_finds_the_same(market: Market) -> None:
    spot, derived = await spot_and_perpetual(market)
    state = market.running.service.state
    quotes = LiveQuotes(state, stale_ns=120 * 1_000_000_000)  # as slow as a machine may be
    feed = OpportunityFeed(state, quotes)
    follower = QuoteFollower(quotes, feed, market.relay, None)
    following = asyncio.create_task(follower.run())
    try:
        with feed.queue(lambda _: True) as queue:
            while not quotes.instruments():
                await market.quote(await market.add(currency("XXX")), "1", "1")
                await asyncio.sleep(0.02)
            async with watching(market, min_opportunity_bps=1) as told:
                await market.quote(spot, "99", "100")
                await market.quote(derived, "101", "102")
                one = await told.get()
                await queue.wait()
                taken = queue.take()
        assert taken is not None
        other = pb.WatchRegistryResponse.FromString(taken[0].response(one.revision, 0))
        assert other.opportunity.opportunity_id == one.opportunity.opportunity_id
        assert other.opportunity.spread_bps == one.opportunity.spread_bps
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


async def test_what_a_slow_watch_loses_is_counted(market: Market) -> None:
    spot, derived = await spot_and_perpetual(market)
    queue = OpportunityQueue(lambda each: each.bps >= 100, keep=2)
    feed = market.running.service.opportunities
    with feed.queue(lambda _: True) as every:
        await market.quote(spot, "99", "100")
        for bid in ("101", "102", "103", "104", "105"):
            await market.quote(derived, bid, "110")
        told: list[Told] = []
        while len(told) < 5:
            await every.wait()
            taken = every.take()
            if taken is not None:
                told.append(taken[0])
    queue.add(told)
    sent = []
    while (taken := queue.take()) is not None:
        response = pb.WatchRegistryResponse.FromString(taken[0].response(7, taken[1]))
        assert response.revision == 7
        sent.append((response.opportunity.sell_price, response.opportunity.missed))
    assert sent == [("104", 2), ("105", 0)]


async def test_without_quotes_there_is_nothing_to_watch(tmp_path: Path, aio_server: Any) -> None:
    async with running_registry(tmp_path / "registry.db") as running:
        _, channel = await aio_server((add_registry_service, running.service))
        registry = RegistryClient(channel)
        with pytest.raises(FailedPrecondition) as caught:
            await anext(aiter(registry.watch(min_opportunity_bps=5)))
        assert caught.value.reason == "OPPORTUNITIES_OFF"
