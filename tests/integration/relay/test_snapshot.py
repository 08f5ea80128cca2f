"""Starting at the present: the last values of the window, then every frame after them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np

import alphapulse_core as core
from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client import Publisher, Subscription
from alphapulse_client._wire import read_subscribe_response
from alphapulse_client.context import new_context
from alphapulse_client.frames import encode, rows
from alphapulse_layout import BookAction, MessageType, Side, SourceType
from alphapulse_layout.dtypes import INSTRUMENT_ID
from alphapulse_mesh.relay.wire import encode_run
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.frames import instrument, numbers_of, signals, trades
from alphapulse_testing.relays import RelayProcess
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_client import Batch
    from alphapulse_mesh.runtime.config import MeshConfig

PATIENCE = 30.0


def book(number: int, *levels: tuple[int, int, int]) -> bytes:
    """Levels (side, price, size) of an instrument; a price of 0 clears its book."""
    records = rows(MessageType.ORDER_BOOK, len(levels))
    for record, (side, price, size) in zip(records, levels, strict=True):
        record["instrument_id"] = np.frombuffer(instrument(number), INSTRUMENT_ID)[0]
        record["side"], record["price"], record["size"] = side, price, size
        record["action"] = BookAction.SET if price else BookAction.CLEAR
    return encode(
        MessageType.ORDER_BOOK,
        records,
        source=SourceType.BINANCE_COLLECTOR,
        context=new_context(sampled=False),
    )


async def image_of(subscription: Subscription) -> tuple[list[Batch], int]:
    """The batches of the image, and as of when."""
    batches: list[Batch] = []
    async with asyncio.timeout(PATIENCE):
        async for batch in subscription:
            assert batch.snapshot_sequence
            batches.append(batch)
            if batch.delivered_sequence:
                return batches, batch.delivered_sequence
    raise AssertionError("the feed ended within the image")


async def test_the_last_values_come_first_and_then_everything(start_relay: Any) -> None:
    relay = await start_relay()
    out = relay.publisher()
    # `trades([n])` are of one instrument: the last of them is its last value
    await out.publish([trades([number]) for number in range(50)])
    await out.flush(PATIENCE)
    feed = relay.subscription(start="snapshot", policy="block")
    batches, as_of = await image_of(feed)
    assert [numbers_of(batch) for batch in batches] == [[49]]
    assert as_of == 50
    assert batches[0].frames[0].sequence == 50, "as it was sent"
    assert not any(batch.gaps for batch in batches), "nothing was missed"
    await out.publish([trades([number]) for number in range(50, 60)])
    seen: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while len(seen) < 10:
            batch = await anext(feed)
            assert not batch.snapshot_sequence
            first = as_of + len(seen) + 1
            assert [frame.sequence for frame in batch] == list(range(first, first + len(batch)))
            seen += numbers_of(batch)
    assert seen == list(range(50, 60)), "no overlap, no hole"


async def test_a_book_is_its_snapshot_and_the_levels_since(start_relay: Any) -> None:
    relay = await start_relay()
    out = relay.publisher()
    bid, ask = int(Side.BUY), int(Side.SELL)
    await out.publish(
        [
            book(1, (bid, 90, 1), (ask, 110, 1)),  # of before
            book(1, (bid, 0, 0), (bid, 100, 5), (bid, 99, 7), (ask, 101, 3)),
            book(2, (bid, 0, 0), (bid, 50, 1)),
            book(1, (bid, 100, 6), (ask, 102, 9)),
            book(1, (ask, 101, 0)),
        ]
    )
    await out.flush(PATIENCE)
    batches, _ = await image_of(relay.subscription(start="snapshot", max_batch_bytes=1))
    assert len(batches) > 1, "whole frames, in messages of their own"
    held: dict[tuple[bytes, int, int], int] = {}
    for batch in batches:
        for frame in batch:
            for level in frame.rows:
                name = level["instrument_id"].tobytes()
                if level["action"] == BookAction.CLEAR:
                    held = {key: size for key, size in held.items() if key[0] != name}
                else:
                    held[name, int(level["side"]), int(level["price"])] = int(level["size"])
    first, second = instrument(1), instrument(2)
    assert {key: size for key, size in held.items() if size} == {
        (first, bid, 100): 6, (first, bid, 99): 7, (first, ask, 102): 9, (second, bid, 50): 1,
    }  # fmt: skip


async def test_filters_and_what_has_no_last_value(start_relay: Any) -> None:
    market = await start_relay()
    await market.publisher().publish([trades([1]), book(1, (1, 5, 5))])
    feed = market.subscription(start="snapshot", message_types=[MessageType.ORDER_BOOK])
    async with asyncio.timeout(PATIENCE):
        while market.hub.window.head < 2:  # noqa: ASYNC110 - told by the network
            await asyncio.sleep(0.01)
    batches, _ = await image_of(feed)
    assert [frame.message_type for batch in batches for frame in batch] == [MessageType.ORDER_BOOK]
    desk = await start_relay("signal")
    out = desk.publisher()
    await out.publish([signals([number]) for number in range(5)])
    await out.flush(PATIENCE)
    batches, _ = await image_of(desk.subscription(start="snapshot"))
    assert sum(len(batch) for batch in batches) == 5


async def test_an_empty_window_and_a_large_one(start_relay: Any) -> None:
    relay = await start_relay(ring_bytes=16 << 20)
    empty = relay.subscription(start="snapshot")
    await empty.ready(PATIENCE)
    out = relay.publisher()
    many = [trades(range(number, number + 2000)) for number in range(0, 100_000, 2000)]
    await out.publish(many)
    await out.flush(PATIENCE)
    batches, as_of = await image_of(relay.subscription(start="snapshot"))
    assert as_of == len(many)
    assert numbers_of(batches[-1])[-1] == 99_999
    assert sum(batch.records for batch in batches) < 2000, "last values, not all of them"
    async with asyncio.timeout(PATIENCE):
        seen = numbers_of(await anext(empty))
    assert seen[0] == 0, "news, from the first frame on"


async def test_what_is_overwritten_while_it_is_folded_is_a_gap(start_relay: Any) -> None:
    relay = await start_relay(ring_bytes=4 << 20)
    out = relay.publisher()
    many = [trades(range(number, number + 200)) for number in range(0, 60_000, 200)]
    await out.publish(many)
    await out.flush(PATIENCE)
    request = pb.SubscribeRequest(
        start=pb.START_POSITION_SNAPSHOT,
        slow_consumer_policy=pb.SLOW_CONSUMER_POLICY_DROP_OLDEST,
    )
    subscriber = relay.hub.subscribe(request)
    as_of, oldest = subscriber.position, relay.hub.window.oldest
    image = relay.hub.image(request, subscriber)
    folding = asyncio.ensure_future(anext(image))
    await asyncio.sleep(0)  # it has read its first part
    run_over = core.read_message(bytes(encode_run(many).data))
    for start in range(0, len(run_over), 50):
        assert relay.hub.window.append(
            run_over.part(start, start + 50), producer_id=9, numbers=start + 1
        )
    _, first = read_subscribe_response(await folding)
    [gap] = first.gaps
    assert gap.reason == "WINDOW_EXPIRED"
    assert oldest < gap.range.first <= gap.range.last <= as_of
    assert (first.snapshot_first_sequence, first.snapshot_sequence) == (oldest, as_of)
    assert first.delivered_sequence == as_of, "the rest is live"
    relay.hub.leave(subscriber)


async def test_a_crowd_that_starts_together_shares_what_is_folded(start_relay: Any) -> None:
    relay = await start_relay(ring_bytes=16 << 20, circuit_breaker_frames=10)
    out = relay.publisher()
    await out.publish([trades(range(number, number + 50)) for number in range(0, 50_000, 50)])
    await out.flush(PATIENCE)
    crowd = [relay.subscription(start="snapshot", policy="block") for _ in range(20)]
    other = relay.subscription(start="snapshot", predicate="trade_id < 100")
    relays = relay.hub.images
    await relays._turn.acquire()  # as if another one were being folded
    images = [asyncio.create_task(image_of(feed)) for feed in (*crowd, other)]
    await eventually(lambda: relays._waiting == len(images))
    relays._turn.release()
    # meanwhile it is published on, more than who blocks would let through if it were waited for
    await out.publish([trades([50_000 + number]) for number in range(8)])
    found = [await image for image in images]
    assert 2 <= relays.folded <= 3, "once for each filter, or as they took turns"
    for (batches, as_of), feed in zip(found[:-1], crowd, strict=True):
        assert as_of >= 1000
        last = 49_999 if as_of == 1000 else 50_000 + as_of - 1001
        assert numbers_of(batches[-1]) == [last]
        async with asyncio.timeout(PATIENCE):
            seen: list[int] = []
            while as_of + len(seen) < 1008:
                batch = await anext(feed)
                assert batch.gaps == []
                seen += numbers_of(batch)
        assert seen == list(range(last + 1, 50_008)), "every frame after it, once"
    assert numbers_of(found[-1][0][-1]) == [99], "of its own filter"


async def test_who_waits_for_its_image_holds_nobody_back(start_relay: Any) -> None:
    relay = await start_relay(max_queue_frames=50, circuit_breaker_frames=10)
    request = pb.SubscribeRequest(start=pb.START_POSITION_SNAPSHOT, subscriber_name="waits")
    await relay.hub.images._turn.acquire()  # somebody else's is being folded
    subscriber = relay.hub.subscribe(request)
    image = relay.hub.image(request, subscriber)
    waiting = asyncio.ensure_future(anext(image))
    await asyncio.sleep(0)
    out = relay.publisher()
    await out.publish([trades([number]) for number in range(40)])
    await out.flush(PATIENCE)
    assert relay.hub.pressure.waits == 0
    relay.hub.images._turn.release()
    _, first = read_subscribe_response(await waiting)
    assert (first.delivered_sequence, subscriber.position) == (40, 40)
    await out.publish([trades([number]) for number in range(40, 60)])
    async with asyncio.timeout(PATIENCE):
        while not relay.hub.pressure.waits:  # noqa: ASYNC110 - told by the network
            await asyncio.sleep(0.01)
    assert relay.hub.window.head == 50, "now it blocks"
    relay.hub.leave(subscriber)


async def test_over_a_restart_it_goes_on_behind_the_image(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(mesh={"run_dir": tmp_path / "r"})
    async with (
        RelayProcess(config, Service.RELAY_MARKET_DATA, tmp_path) as relay,
        Publisher(relay.target, "market_data", producer_name="test") as out,
        Subscription(relay.target, "market_data", start="snapshot", policy="block") as feed,
    ):
        await out.publish([trades([number]) for number in range(20)])
        await out.flush(PATIENCE)
        await image_of(feed)
        await relay.kill()
        await relay.start()
        late = Subscription(relay.target, "market_data", start="snapshot")
        batches, as_of = await image_of(late)
        await late.close()
        assert (numbers_of(batches[-1]), as_of) == ([19], 20), "made anew from the ring"
        await out.publish(trades([20]))
        async with asyncio.timeout(PATIENCE):
            batch = await anext(feed)
        assert (numbers_of(batch), batch.snapshot_sequence) == ([20], 0)
