"""Priorities: who goes first where something waits, and who is given up last."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client import Frame, Publisher, Subscription
from alphapulse_client._wire import read_subscribe_response
from alphapulse_testing.frames import instrument, numbers_of, trades
from alphapulse_testing.relays import serve_relay
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from alphapulse_client import Gap
    from alphapulse_mesh.relay.subscribers import Subscriber
    from alphapulse_mesh.runtime.config import MeshConfig

    from .conftest import Relay, StartRelay

PATIENCE = 30.0
EVERY, STEPS = 20, 300
"""One frame of so many has a priority; so many are published while a reader takes three."""
ONE = len(trades([0]))


def mixed(start: int) -> list[bytes]:
    """The frames of a step, one with a priority: a publisher sends that one first."""
    return [
        trades([number], priority=2 if number % EVERY == EVERY - 1 else 0)
        for number in range(start, start + EVERY)
    ]


def take(relay: Relay, subscriber: Subscriber) -> tuple[list[Frame], list[pb.Gap]]:
    """The next message for a subscriber without a network, which would buffer what it gets."""
    message = subscriber.next_message()
    if message is None:
        return [], []
    relay.hub.sent(subscriber)
    frames, rest = read_subscribe_response(message)
    return [Frame.parse(bytes(frame)) for frame in frames], list(rest.gaps)


def told(frames: Iterable[Frame], gaps: Iterable[Any]) -> list[int]:
    sequences = [frame.sequence for frame in frames]
    for gap in gaps:
        sequences += range(gap.first, gap.last + 1)
    return sorted(sequences)


async def test_of_messages_that_are_held_back_the_urgent_one_goes_first(
    start_relay: StartRelay,
) -> None:
    relay = await start_relay(max_queue_frames=20, circuit_breaker_frames=10)
    reader = relay.hub.subscribe(pb.SubscribeRequest())
    streams = [relay.publish() for _ in range(3)]
    for index, stream in enumerate(streams):
        await stream.name(index + 1)
    await streams[0].send(
        1, *(trades([number]) for number in range(10))
    )  # as much as there is room
    waiting = relay.hub.pressure._held_back
    for stream, priority in ((streams[1], 0), (streams[2], 3)):
        frames = [trades([100 + 100 * priority + number], priority=priority) for number in range(4)]
        await stream.call.write(pb.PublishRequest(first_sequence=1, frames=frames))
        await eventually(partial(waiting.__getitem__, priority))
    seen: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while len(seen) < 18:
            seen += numbers_of(take(relay, reader)[0])
            await asyncio.sleep(0)
    assert seen == [*range(10), *range(400, 404), *range(100, 104)]


async def test_who_drops_gives_up_what_has_no_priority_first(start_relay: StartRelay) -> None:
    relay = await start_relay(ring_bytes=1 << 18)
    reader = relay.hub.subscribe(
        pb.SubscribeRequest(
            slow_consumer_policy=pb.SLOW_CONSUMER_POLICY_DROP_OLDEST, max_batch_bytes=3 * ONE
        )
    )
    out = relay.publisher()
    frames: list[Frame] = []
    gaps: list[pb.Gap] = []
    for start in range(0, EVERY * STEPS, EVERY):
        await out.publish(mixed(start))
        await out.flush(PATIENCE)
        more = take(relay, reader)
        frames += more[0]
        gaps += more[1]
    while reader.position < relay.hub.window.head:
        more = take(relay, reader)
        frames += more[0]
        gaps += more[1]
    urgent = [frame.sequence for frame in frames if frame.info.flags >> 2]
    assert urgent == list(range(1, EVERY * STEPS + 1, EVERY)), "each of them"
    assert {gap.reason for gap in gaps} == {"SLOW_CONSUMER"}
    assert [frame.sequence for frame in frames] == sorted(frame.sequence for frame in frames)
    assert told(frames, (gap.range for gap in gaps)) == list(range(1, EVERY * STEPS + 1))
    assert reader.lost == EVERY * STEPS - len(frames) > EVERY * STEPS // 2


async def test_one_that_keeps_up_or_starts_at_the_oldest_gives_nothing_up(
    start_relay: StartRelay,
) -> None:
    relay = await start_relay(ring_bytes=1 << 18)
    out = relay.publisher()
    for start in range(0, 2000, EVERY):
        await out.publish(mixed(start))
    await out.flush(PATIENCE)
    assert relay.hub.window.full
    late = relay.hub.subscribe(
        pb.SubscribeRequest(
            start=pb.START_POSITION_OLDEST,
            slow_consumer_policy=pb.SLOW_CONSUMER_POLICY_DROP_OLDEST,
            max_batch_bytes=1,
        )
    )
    oldest, head = relay.hub.window.oldest, relay.hub.window.head
    frames: list[Frame] = []
    while late.position < head:
        more, gaps = take(relay, late)
        assert gaps == []
        frames += more
    assert [frame.sequence for frame in frames] == list(range(oldest, head + 1))


async def test_without_priorities_nothing_is_given_up_before_it_must_be(
    start_relay: StartRelay,
) -> None:
    relay = await start_relay(ring_bytes=1 << 18)
    reader = relay.hub.subscribe(
        pb.SubscribeRequest(
            slow_consumer_policy=pb.SLOW_CONSUMER_POLICY_DROP_OLDEST, max_batch_bytes=1
        )
    )
    out = relay.publisher()
    for start in range(0, 2000, EVERY):
        await out.publish([trades([number]) for number in range(start, start + EVERY)])
        await out.flush(PATIENCE)
        lost, oldest = reader.lost, relay.hub.window.oldest
        take(relay, reader)
        if reader.lost > lost:
            assert reader.position == oldest, "what had left the window, and no more"
    assert reader.lost


async def test_who_conflates_gets_what_has_a_priority_whole(start_relay: StartRelay) -> None:
    relay = await start_relay()
    out = relay.publisher()
    count = 400
    await out.publish(
        [
            trades(
                [2 * at, 2 * at + 1], instruments=[instrument(at % 3)] * 2, priority=at % 50 == 7
            )
            for at in range(count)
        ]
    )
    await out.flush(PATIENCE)
    order = [frame.sequence for frame in (await anext(relay.subscription(start="oldest"))).frames]
    assert order == list(range(1, count + 1))
    reader = relay.hub.subscribe(
        pb.SubscribeRequest(
            slow_consumer_policy=pb.SLOW_CONSUMER_POLICY_CONFLATE,
            start=pb.START_POSITION_OLDEST,
            max_batch_bytes=1,
        )
    )
    frames, gaps = take(relay, reader)
    urgent = [frame for frame in frames if frame.info.flags >> 2]
    assert numbers_of(urgent) == [
        number for at in range(count) if at % 50 == 7 for number in (2 * at, 2 * at + 1)
    ]
    normal = [frame for frame in frames if not frame.info.flags >> 2]
    assert len(normal) <= 3, "of each instrument its last value"
    assert [frame.sequence for frame in frames] == sorted(frame.sequence for frame in frames)
    whole = [gap.range for gap in gaps if gap.reason == "CONFLATED"]
    assert told(frames, whole) == list(range(1, count + 1))


async def test_a_reader_of_the_ring_gives_up_what_has_no_priority_first(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(relays={"market_data": {"transport": "shm", "ring_bytes": 1 << 18}})
    frames: list[Frame] = []
    gaps: list[Gap] = []
    async with (
        serve_relay(config, "market-data", tmp_path) as (_, host),
        Subscription(
            host.target, "market_data", policy="drop_oldest", max_batch_bytes=3 * ONE
        ) as reader,
        Publisher(host.target, "market_data", producer_name="test") as out,
    ):
        await reader.ready(PATIENCE)
        assert reader.transport == "shm"
        for start in range(0, EVERY * STEPS, EVERY):
            await out.publish(mixed(start))
            await out.flush(PATIENCE)
            batch = await anext(reader)
            frames += [Frame.parse(bytes(frame)) for frame in batch]
            gaps += batch.gaps
        while reader.delivered_sequence < EVERY * STEPS:
            batch = await anext(reader)
            frames += [Frame.parse(bytes(frame)) for frame in batch]
            gaps += batch.gaps
    urgent = [frame.sequence for frame in frames if frame.info.flags >> 2]
    assert urgent == list(range(1, EVERY * STEPS + 1, EVERY)), "each of them"
    assert {gap.reason for gap in gaps} == {"SLOW_CONSUMER"}
    assert [frame.sequence for frame in frames] == sorted(frame.sequence for frame in frames)
    assert told(frames, gaps) == list(range(1, EVERY * STEPS + 1))
    assert reader.lost == EVERY * STEPS - len(frames) > 0
