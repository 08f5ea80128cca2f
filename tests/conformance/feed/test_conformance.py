"""What every transport of a feed must do: order, exactly once, gaps that are told, resumption."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

import alphapulse_core as core
from alphapulse_client import Frame, ResourceExhausted, new_context
from alphapulse_layout import MessageType, TlvType
from alphapulse_testing.frames import instrument, numbers_of, quotes, trades
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from alphapulse_client import Batch, Gap, Publisher, Subscription

    from .conftest import Feed, OpenFeed

PATIENCE = 30.0


async def read_numbers(subscription: Subscription, count: int) -> list[int]:
    """The next `count` trades; no gap may be among them."""
    numbers: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while len(numbers) < count:
            batch = await anext(subscription)
            assert batch.gaps == []
            numbers += numbers_of(batch)
    return numbers


async def read_to(subscription: Subscription, sequence: int) -> tuple[list[Frame], list[Gap]]:
    """All frames and gaps until the subscription has come to a sequence."""
    frames: list[Frame] = []
    gaps: list[Gap] = []
    async with asyncio.timeout(PATIENCE):
        while subscription.delivered_sequence < sequence:
            batch: Batch = await anext(subscription)
            frames += batch.frames
            gaps += batch.gaps
    return frames, gaps


async def publish_all(publisher: Publisher, frames: list[bytes]) -> None:
    """Publish and wait for the acknowledgement of all."""
    await publisher.publish(frames)
    await publisher.flush(3 * PATIENCE)


def sequences_of(frames: list[Frame], gaps: list[Gap]) -> list[int]:
    """Every sequence that was delivered or reported missing, sorted, repetitions kept."""
    told = [frame.sequence for frame in frames]
    for gap in gaps:
        told += range(gap.first, gap.last + 1)
    return sorted(told)


# ---------------------------------------------------------------------------------------- delivery


async def test_frames_arrive_in_order_with_dense_sequences(feed: Feed) -> None:
    subscription, publisher = feed.subscription(), feed.publisher()
    assert await subscription.ready(PATIENCE) == 0
    for start in range(0, 100, 10):
        await publisher.publish([trades([number]) for number in range(start, start + 10)])
    frames, gaps = await read_to(subscription, 100)
    assert gaps == []
    assert [frame.sequence for frame in frames] == list(range(1, 101))
    assert numbers_of(frames) == list(range(100))


async def test_a_frame_arrives_as_it_was_sent_but_for_its_sequence(feed: Feed) -> None:
    subscription, publisher = feed.subscription(), feed.publisher()
    await subscription.ready(PATIENCE)
    context = new_context(new_context(), sampled=True)
    extensions = core.encode_tlv(TlvType.CUSTOM_STRATEGY, b"as it is") + core.encode_tlv(
        99, b"unknown"
    )
    sent = trades(range(100), context=context, extensions=extensions)
    await publisher.publish(sent)
    [received], _ = await read_to(subscription, 1)
    checked = Frame.parse(bytes(received), checksum=True)  # the producer's own checksum
    assert checked.info.checksum == Frame.parse(sent).info.checksum
    assert checked.context == context
    assert bytes(checked.extensions) == extensions
    assert (checked.rows == Frame.parse(sent).rows).all()
    differing = [at for at, (a, b) in enumerate(zip(sent, bytes(received), strict=True)) if a != b]
    start = checked.info.header_offset + 16
    assert set(differing) <= set(range(start, start + 8))


async def test_tlvs_stay_whole_in_a_frame_that_is_cut_down_to_some_of_its_rows(feed: Feed) -> None:
    """Rows of a signal point into the extensions: what others point at stays, and where it was."""
    wanted = instrument(2)
    subscription, publisher = feed.subscription(instruments=[wanted]), feed.publisher()
    await subscription.ready(PATIENCE)
    extensions = b"".join(core.encode_tlv(99, bytes([number]) * 40) for number in range(100))
    names = [instrument(number) for number in (1, 2, 3, 2)]
    await publisher.publish(trades(range(4), instruments=names, extensions=extensions))
    [received], _ = await read_to(subscription, 1)
    checked = Frame.parse(bytes(received), checksum=True)
    assert checked.rows["trade_id"].tolist() == [1, 3]
    assert bytes(checked.extensions) == extensions


async def test_order_is_kept_within_each_of_many_producers(feed: Feed) -> None:
    subscription = feed.subscription()
    await subscription.ready(PATIENCE)

    async def produce(index: int) -> None:
        publisher = feed.publisher(f"producer-{index}")
        for number in range(200):
            await publisher.publish(trades([index * 1000 + number]))
        await publisher.flush(PATIENCE)

    await asyncio.gather(*(produce(index) for index in range(4)))
    numbers = await read_numbers(subscription, 800)
    for index in range(4):
        own = [number % 1000 for number in numbers if number // 1000 == index]
        assert own == list(range(200))


async def test_every_subscriber_gets_everything(feed: Feed) -> None:
    subscriptions = [feed.subscription(name=f"s{index}") for index in range(5)]
    for subscription in subscriptions:
        await subscription.ready(PATIENCE)
    publisher = feed.publisher()
    await publisher.publish([trades([number]) for number in range(300)])
    for subscription in subscriptions:
        assert await read_numbers(subscription, 300) == list(range(300))


async def test_big_and_empty_frames(open_feed: OpenFeed) -> None:
    feed = await open_feed(ring_bytes=16 << 20)
    subscription, publisher = feed.subscription(), feed.publisher()
    await subscription.ready(PATIENCE)
    big = range(60_000)  # 3.8 MB, near a quarter of the window
    await publisher.publish([trades([]), trades(big), trades([]), trades([7])])
    frames, gaps = await read_to(subscription, 4)
    assert gaps == []
    assert [frame.info.record_count for frame in frames] == [0, 60_000, 0, 1]
    assert numbers_of(frames) == [*big, 7]


async def test_a_batch_holds_all_that_was_ready(feed: Feed) -> None:
    publisher = feed.publisher()
    await publisher.publish([trades([number]) for number in range(500)])
    await publisher.flush(PATIENCE)
    batch = await anext(feed.subscription(start="oldest"))
    assert len(batch) == 500, "one message for what waited, not one for each frame"


async def test_a_batch_keeps_to_the_size_that_was_asked_for(feed: Feed) -> None:
    publisher = feed.publisher()
    await publisher.publish([trades(range(10)) for _ in range(100)])
    await publisher.flush(PATIENCE)
    one = len(trades(range(10)))
    subscription = feed.subscription(start="oldest", max_batch_bytes=5 * one)
    batches = [len(await anext(subscription)) for _ in range(10)]
    assert all(1 <= size <= 5 for size in batches)


# ------------------------------------------------------------------------------------------- start


async def test_latest_starts_after_what_is_there(feed: Feed) -> None:
    publisher = feed.publisher()
    await publisher.publish([trades([number]) for number in range(5)])
    await publisher.flush(PATIENCE)
    subscription = feed.subscription(start="latest")
    assert await subscription.ready(PATIENCE) == 5
    await publisher.publish(trades([5]))
    assert await read_numbers(subscription, 1) == [5]


async def test_a_sequence_in_the_window(feed: Feed) -> None:
    publisher = feed.publisher()
    await publisher.publish([trades([number]) for number in range(10)])
    await publisher.flush(PATIENCE)
    assert await read_numbers(feed.subscription(start=7), 4) == [6, 7, 8, 9]


async def test_oldest_starts_with_the_oldest(feed: Feed) -> None:
    publisher = feed.publisher()
    await publisher.publish([trades([number]) for number in range(10)])
    await publisher.flush(PATIENCE)
    assert await read_numbers(feed.subscription(start="oldest"), 10) == list(range(10))


async def test_a_time_starts_with_the_first_frame_from_then_on(feed: Feed) -> None:
    publisher = feed.publisher()
    await publisher.publish([trades([number]) for number in range(5)])
    await publisher.flush(PATIENCE)
    await asyncio.sleep(0.02)
    moment = datetime.now(UTC)
    await asyncio.sleep(0.02)
    await publisher.publish([trades([number]) for number in range(5, 10)])
    await publisher.flush(PATIENCE)
    assert await read_numbers(feed.subscription(start=moment), 5) == [5, 6, 7, 8, 9]
    earlier = moment - timedelta(hours=1)
    assert await read_numbers(feed.subscription(start=earlier), 10) == list(range(10))
    later = feed.subscription(start=moment + timedelta(hours=1))
    assert await later.ready(PATIENCE) == 10


# ----------------------------------------------------------------------------- reconnect and resume


async def test_resume_goes_on_where_the_last_batch_ended(feed: Feed) -> None:
    publisher = feed.publisher()
    await publisher.publish([trades([number]) for number in range(100)])
    await publisher.flush(PATIENCE)
    first = feed.subscription(start="oldest", max_batch_bytes=4096)
    batch = await anext(first)
    await first.close()
    assert 0 < len(batch) < 100
    rest = feed.subscription(start=first.delivered_sequence + 1)
    assert numbers_of(batch) + await read_numbers(rest, 100 - len(batch)) == list(range(100))


async def test_the_window_survives_a_crash(open_feed: OpenFeed) -> None:
    feed = await open_feed(process=True)
    publisher = feed.publisher()
    await publisher.publish([trades([number]) for number in range(50)])
    await publisher.flush(PATIENCE)
    await feed.crash()
    await feed.recover()
    subscription = feed.subscription(start="oldest")
    assert await read_numbers(subscription, 50) == list(range(50))
    await publisher.publish(trades([50]))
    await publisher.flush(PATIENCE)
    assert publisher.relay_sequence == 51, "the sequence goes on, dense"
    assert await read_numbers(subscription, 1) == [50]


async def test_a_blocking_subscriber_loses_nothing_through_a_crash_at_full_speed(
    open_feed: OpenFeed,
) -> None:
    """Producers are back at once and would run over the window: they wait for those who read."""
    feed = await open_feed(process=True, ring_bytes=1 << 20, subscriber_linger_seconds=2 * PATIENCE)
    subscription, publisher = feed.subscription(name="reader"), feed.publisher()
    await subscription.ready(PATIENCE)
    total, size = 4000, 100  # 27 MB, some thirty times the window
    frames = [trades(range(at, at + size)) for at in range(0, total * size, size)]

    async def crash() -> None:
        await eventually(lambda: publisher.acknowledged >= total // 3)
        await feed.crash()
        await feed.recover()

    numbers: list[int] = []
    gaps: list[Gap] = []

    async def read_all() -> None:
        while len(numbers) < total * size:
            batch = await anext(subscription)
            numbers.extend(numbers_of(batch))
            gaps.extend(batch.gaps)
            assert {gap.reason for gap in gaps} <= {"PRODUCER_DIED"}, gaps

    try:
        async with asyncio.timeout(3 * PATIENCE), asyncio.TaskGroup() as tasks:
            tasks.create_task(read_all())
            tasks.create_task(crash())
            tasks.create_task(publish_all(publisher, frames))
    except TimeoutError:
        pytest.fail(
            f"read {len(numbers)} of {total * size} records to sequence"
            f" {subscription.delivered_sequence} of {subscription.head_sequence}, gaps {gaps};"
            f" {publisher.acknowledged} of {publisher.published} frames acknowledged, reconnects:"
            f" {publisher.reconnects} and {subscription.reconnects}; relay: {await feed.status()}"
        )
    assert numbers == list(range(total * size))
    assert publisher.reconnects >= 1


async def test_what_is_in_a_connection_that_breaks_is_kept_for_who_blocks(
    open_feed: OpenFeed,
) -> None:
    """A relay that dies takes along what it had handed over: none of it was acknowledged."""
    feed = await open_feed(process=True, ring_bytes=1 << 18, subscriber_linger_seconds=2 * PATIENCE)
    subscription, publisher = feed.subscription(name="reader"), feed.publisher(max_unacked=16)
    await subscription.ready(PATIENCE)
    size, total = 100, 300  # 2 MB: eight times the window, less than a connection takes
    frames = [trades(range(at, at + size)) for at in range(0, total * size, size)]
    producing = asyncio.create_task(publish_all(publisher, frames))
    stalled = -1
    while publisher.acknowledged != stalled or not stalled:  # until it moves no more
        stalled = publisher.acknowledged
        await asyncio.sleep(0.3)
    assert 0 < stalled < total // 4, "the window stays before what nobody has read"
    await feed.crash()
    await feed.recover()
    numbers: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while len(numbers) < total * size:
            batch = await anext(subscription)
            assert {gap.reason for gap in batch.gaps} <= {"PRODUCER_DIED"}, batch.gaps
            numbers += numbers_of(batch)
    await producing
    assert numbers == list(range(total * size))


# ------------------------------------------------------------------------------- gaps and policies


async def test_a_start_before_the_window_is_told_what_is_missing(open_feed: OpenFeed) -> None:
    feed = await open_feed(max_queue_frames=100, circuit_breaker_frames=100)
    publisher = feed.publisher()
    await publisher.publish([trades([number]) for number in range(1000)])
    await publisher.flush(PATIENCE)
    frames, gaps = await read_to(feed.subscription(start=3), 1000)
    assert sequences_of(frames, gaps) == list(range(3, 1001))
    if feed.replays:
        assert gaps == [], "the stream has more than the window"
        return
    assert [gap.reason for gap in gaps] == ["WINDOW_EXPIRED"]
    assert gaps[0].first == 3
    assert len(frames) == 100


async def test_a_start_before_all_that_is_kept_is_told_what_is_missing(
    open_feed: OpenFeed,
) -> None:
    feed = await open_feed(ring_bytes=1 << 18)
    await publish_all(feed.publisher(), [trades(range(100)) for _ in range(1000)])  # 7 MB
    frames, gaps = await read_to(feed.subscription(start=3), 1000)
    assert [gap.reason for gap in gaps] == ["WINDOW_EXPIRED"]
    assert gaps[0].first == 3
    assert sequences_of(frames, gaps) == list(range(3, 1001))
    assert len(frames) > 10


async def test_blocking_holds_the_producer_and_loses_nothing(open_feed: OpenFeed) -> None:
    feed = await open_feed(ring_bytes=1 << 18, subscriber_lease_seconds=PATIENCE)
    subscription, publisher = feed.subscription(policy="block"), feed.publisher(max_unacked=16)
    await subscription.ready(PATIENCE)
    total, size = 3000, 100  # 20 MB: more than the connection itself buffers
    producing = asyncio.create_task(
        publish_all(
            publisher, [trades(range(at, at + size)) for at in range(0, total * size, size)]
        )
    )
    stalled = -1
    while publisher.acknowledged != stalled or not stalled:  # until it moves no more
        stalled = publisher.acknowledged
        await asyncio.sleep(0.3)
    assert 0 < publisher.acknowledged < total, "held back"
    assert await read_numbers(subscription, total * size) == list(range(total * size))
    await producing
    assert publisher.acknowledged == total


async def test_dropping_tells_exactly_what_was_dropped(open_feed: OpenFeed) -> None:
    feed = await open_feed(ring_bytes=1 << 18)
    subscription = feed.subscription(policy="drop_oldest", max_batch_bytes=16 << 10)
    await subscription.ready(PATIENCE)
    await publish_all(feed.publisher(), [trades(range(100)) for _ in range(2000)])
    frames, gaps = await read_to(subscription, 2000)
    assert {gap.reason for gap in gaps} == {"SLOW_CONSUMER"}
    assert sequences_of(frames, gaps) == list(range(1, 2001))
    assert subscription.lost == 2000 - len(frames) > 0


async def test_disconnecting_says_why(open_feed: OpenFeed) -> None:
    feed = await open_feed(ring_bytes=1 << 18)
    subscription = feed.subscription(policy="disconnect", max_batch_bytes=16 << 10)
    await subscription.ready(PATIENCE)
    await publish_all(feed.publisher(), [trades(range(100)) for _ in range(2000)])
    frames: list[Frame] = []

    async def read_on() -> None:
        async for batch in subscription:
            assert batch.gaps == []
            frames.extend(batch.frames)

    with pytest.raises(ResourceExhausted) as caught:
        await read_on()
    assert caught.value.reason == "SLOW_CONSUMER"
    assert [frame.sequence for frame in frames] == list(range(1, len(frames) + 1))
    assert caught.value.values["first"] == str(len(frames) + 1), "where one would go on"


async def test_a_blocking_subscriber_that_takes_nothing_is_sent_away(open_feed: OpenFeed) -> None:
    feed = await open_feed(ring_bytes=1 << 18, subscriber_lease_seconds=0.5)
    subscription = feed.subscription(policy="block", max_batch_bytes=16 << 10)
    await subscription.ready(PATIENCE)
    await publish_all(feed.publisher(), [trades(range(100)) for _ in range(2000)])
    frames, gaps = await read_to(subscription, 2000)
    assert {gap.reason for gap in gaps} == {"WINDOW_EXPIRED"}, "it comes back to what is left"
    assert sequences_of(frames, gaps) == list(range(1, 2001))


async def test_conflating_keeps_the_last_of_each_instrument_and_tells_the_rest(
    open_feed: OpenFeed,
) -> None:
    feed = await open_feed(ring_bytes=64 << 20)
    subscription = feed.subscription(policy="conflate", start="oldest", max_batch_bytes=16 << 10)
    publisher, names = feed.publisher(), [instrument(number) for number in range(50)]
    total, size = 2000, 100  # 13 MB
    await publish_all(
        publisher,
        [
            trades(range(at, at + size), instruments=(names * 2)[:size])
            for at in range(0, total * size, size)
        ],
    )
    frames, gaps = await read_to(subscription, total)
    assert {gap.reason for gap in gaps} == {"CONFLATED", "CONFLATED_PARTLY"}
    whole = [gap for gap in gaps if gap.reason == "CONFLATED"]
    assert sequences_of(frames, whole) == list(range(1, total + 1))
    assert [frame.sequence for frame in frames] == sorted(frame.sequence for frame in frames)
    assert subscription.lost == total - len(frames) > total // 2
    numbers = numbers_of(frames)
    assert len(numbers) + sum(gap.records for gap in gaps) == total * size, "each record is told"
    assert numbers[-50:] == list(range(total * size - 50, total * size)), "the last of each"
    for frame in frames:
        Frame.parse(bytes(frame), checksum=True)  # sealed again


async def test_a_conflating_subscriber_that_keeps_up_gets_everything(feed: Feed) -> None:
    subscription, publisher = feed.subscription(policy="conflate"), feed.publisher()
    await subscription.ready(PATIENCE)
    await publisher.publish([trades([number]) for number in range(100)])
    assert await read_numbers(subscription, 100) == list(range(100))


async def test_one_that_reads_nothing_does_not_hold_others_back(open_feed: OpenFeed) -> None:
    feed = await open_feed(ring_bytes=1 << 18)
    idle = feed.subscription(policy="drop_oldest", name="idle")
    reader = feed.subscription(policy="block", name="reader")
    await idle.ready(PATIENCE)
    await reader.ready(PATIENCE)
    total, size = 1000, 100
    producing = asyncio.create_task(
        publish_all(
            feed.publisher(),
            [trades(range(at, at + size)) for at in range(0, total * size, size)],
        )
    )
    assert await read_numbers(reader, total * size) == list(range(total * size))
    await producing


# ----------------------------------------------------------------------------------------- filters


async def test_by_message_type(feed: Feed) -> None:
    subscription, publisher = (
        feed.subscription(message_types=[MessageType.TRADE]),
        feed.publisher(),
    )
    await subscription.ready(PATIENCE)
    await publisher.publish(
        itertools.chain.from_iterable((quotes(3), trades([number])) for number in range(20))
    )
    await publisher.publish([quotes(1), trades([20])])
    assert await read_numbers(subscription, 21) == list(range(21))


async def test_what_is_filtered_out_counts_as_delivered(feed: Feed) -> None:
    subscription, publisher = (
        feed.subscription(message_types=[MessageType.QUOTE]),
        feed.publisher(),
    )
    await subscription.ready(PATIENCE)
    await publisher.publish([trades([number]) for number in range(50)])
    await publisher.flush(PATIENCE)
    reading = asyncio.create_task(anext(subscription))
    await eventually(lambda: subscription.delivered_sequence == 50)
    await publisher.publish(quotes(1))
    batch = await reading
    assert [frame.message_type for frame in batch] == [MessageType.QUOTE]


async def test_by_instrument_cuts_frames_down(feed: Feed) -> None:
    wanted = instrument(3)
    subscription, publisher = feed.subscription(instruments=[wanted]), feed.publisher()
    await subscription.ready(PATIENCE)
    names = [instrument(number % 5) for number in range(50)]
    context = new_context(sampled=True)
    await publisher.publish(trades(range(50), instruments=names, context=context))
    await publisher.publish(trades(range(50, 60), instruments=[instrument(9)] * 10))
    await publisher.publish(trades([60], instruments=[wanted]))
    frames, _ = await read_to(subscription, 3)
    assert [frame.sequence for frame in frames] == [1, 3]
    assert numbers_of(frames) == [number for number in range(50) if number % 5 == 3] + [60]
    assert frames[0].context == context
    for frame in frames:
        Frame.parse(bytes(frame), checksum=True)  # sealed again


async def test_by_venue_source_and_asset_type(feed: Feed) -> None:
    publisher = feed.publisher()
    await publisher.publish(
        [
            trades([0], instruments=[instrument(1, venue=1, asset_type=8)], source=1),
            trades([1], instruments=[instrument(1, venue=2, asset_type=8)], source=1),
            trades([2], instruments=[instrument(1, venue=1, asset_type=10)], source=1),
            trades([3], instruments=[instrument(1, venue=1, asset_type=8)], source=2),
            trades([4], instruments=[instrument(2, venue=1, asset_type=8)], source=1),
        ]
    )
    await publisher.flush(PATIENCE)
    only = feed.subscription(start="oldest", venues=[1], sources=[1], asset_types=[8])
    assert await read_numbers(only, 2) == [0, 4]


async def test_by_predicate(feed: Feed) -> None:
    publisher = feed.publisher()
    await publisher.publish([trades([number], price=number) for number in range(10)])
    await publisher.flush(PATIENCE)
    subscription = feed.subscription(start="oldest", predicate="trade_id >= 7")
    assert await read_numbers(subscription, 3) == [7, 8, 9]


# --------------------------------------------------------------------------------------- bad input


async def test_a_bad_frame_is_refused_and_the_rest_passes(feed: Feed) -> None:
    subscription, publisher = (
        feed.subscription(),
        feed.publisher(on_rejection=lambda _: None),
    )
    await subscription.ready(PATIENCE)
    good = trades([1])
    at = Frame.parse(good).info.header_offset
    wrong_magic = good[:at] + b"\0\0\0\0" + good[at + 4 :]
    wrong_checksum = good[: at + 12] + b"\0\0\0\0" + good[at + 16 :]
    await publisher.publish(
        [good, wrong_magic, good[:40], wrong_checksum, b"", b"not a frame at all", good]
    )
    await publisher.flush(PATIENCE)
    frames, gaps = await read_to(subscription, 2)
    assert gaps == []
    assert numbers_of(frames) == [1, 1]
    refused = {one.producer_sequence: one for one in publisher.rejections}
    assert sorted(refused) == [2, 3, 4, 5, 6]
    assert refused[2].reason == "FRAME_BAD_MAGIC"
    assert refused[2].offset == at
    assert refused[3].reason == "FRAME_TRUNCATED"
    assert refused[4].reason == "FRAME_BAD_CHECKSUM"
    assert refused[4].offset == at + 12
    assert refused[5].reason == "FRAME_TRUNCATED"
    assert refused[6].reason.startswith("FRAME_")
    await publisher.publish(trades([2]))
    await publisher.flush(PATIENCE)
    assert await read_numbers(subscription, 1) == [2], "the stream lives on"


async def test_a_flood_of_malformed_frames_leaves_others_unharmed(feed: Feed) -> None:
    subscription, publisher = feed.subscription(), feed.publisher()
    flooder = feed.publisher("flooder", on_rejection=lambda _: None)
    await subscription.ready(PATIENCE)
    count = 20_000
    flood = asyncio.create_task(publish_all(flooder, [b"no frame"] * count))
    for number in range(100):
        await publisher.publish(trades([number]))
        await publisher.flush(PATIENCE)
    assert await read_numbers(subscription, 100) == list(range(100))
    await flood
    assert flooder.rejected == count
    assert publisher.rejected == 0
    assert subscription.head_sequence == 100, "nothing of it is in the feed"
