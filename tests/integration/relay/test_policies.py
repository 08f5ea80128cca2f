"""What each policy costs: whom it holds back, what opens the breaker, what is lost and told.

Subscribers here have no network, which would buffer megabytes for one that does not read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client import Frame
from alphapulse_client._wire import read_subscribe_response
from alphapulse_mesh.relay.metrics import HubCollector
from alphapulse_mesh.runtime.errors import ResourceExhausted
from alphapulse_testing.frames import instrument, numbers_of, trades
from alphapulse_testing.waiting import eventually

from .test_publish import failure_of

if TYPE_CHECKING:
    from alphapulse_mesh.relay.subscribers import Subscriber

    from .conftest import Relay, StartRelay

PATIENCE = 30.0
BLOCK = pb.SLOW_CONSUMER_POLICY_BLOCK
DROP = pb.SLOW_CONSUMER_POLICY_DROP_OLDEST
CONFLATE = pb.SLOW_CONSUMER_POLICY_CONFLATE
DISCONNECT = pb.SLOW_CONSUMER_POLICY_DISCONNECT


def subscribe(relay: Relay, policy: pb.SlowConsumerPolicy.ValueType, name: str) -> Subscriber:
    return relay.hub.subscribe(
        pb.SubscribeRequest(slow_consumer_policy=policy, subscriber_name=name, max_batch_bytes=1)
    )


def drain(relay: Relay, subscriber: Subscriber) -> tuple[list[Frame], list[pb.Gap]]:
    """Everything that is there for a subscriber."""
    frames: list[Frame] = []
    gaps: list[pb.Gap] = []
    while (message := subscriber.next_message()) is not None:
        relay.hub.sent(subscriber)
        more, rest = read_subscribe_response(message)
        frames += [Frame.parse(bytes(frame)) for frame in more]
        gaps += rest.gaps
    return frames, gaps


def gauges(registry: CollectorRegistry) -> dict[str, float]:
    """Every sample of the relay, by its name and its subscriber."""
    return {
        sample.name.removeprefix("alphapulse_relay_") + sample.labels.get("subscriber", ""): (
            sample.value
        )
        for family in registry.collect()
        for sample in family.samples
    }


@pytest.mark.parametrize("policy", [BLOCK, DROP, CONFLATE, DISCONNECT])
async def test_only_who_blocks_opens_the_circuit_breaker(
    start_relay: StartRelay, policy: pb.SlowConsumerPolicy.ValueType
) -> None:
    relay = await start_relay(
        max_queue_frames=20, circuit_breaker_frames=10, subscriber_lease_seconds=PATIENCE
    )
    registry = CollectorRegistry()
    registry.register(HubCollector(relay.hub))
    stalled = subscribe(relay, policy, "stalled")
    publisher = relay.publisher()
    await publisher.publish([trades([number]) for number in range(50)])
    late = relay.publish()
    if policy == BLOCK:
        await eventually(lambda: relay.hub.pressure.waits > 0)
        await eventually(lambda: publisher.acknowledged == 10)
        status, seen = await relay.status(), gauges(registry)
        assert (status.circuit_open, status.backlog_frames) == (True, 10)
        assert (seen["circuit_open"], seen["backlog_frames"]) == (1, 10)
        assert seen["subscriber_lag_framesstalled"] == 10
        await late.call.write(pb.PublishRequest(producer_id=9))
        assert (await failure_of(late.call)).reason == "CIRCUIT_OPEN"
        drain(relay, stalled)
        assert relay.hub.pressure.observed() == (0, True), "one still waits for its turn"
        while publisher.acknowledged < 50:
            await eventually(
                lambda: relay.hub.window.head > stalled.position or not publisher.unacknowledged
            )
            drain(relay, stalled)
    else:
        await publisher.flush(PATIENCE)
        assert (await late.name(9)).hello
        assert relay.hub.pressure.waits == 0
    status, seen = await relay.status(), gauges(registry)
    assert (status.circuit_open, status.backlog_frames) == (False, 0)
    assert (seen["circuit_open"], seen["backlog_frames"]) == (0, 0)
    assert (await relay.publish().name(10)).hello, "whoever comes is let in"


async def test_what_each_policy_makes_of_a_subscriber_that_the_window_has_left(
    start_relay: StartRelay,
) -> None:
    relay = await start_relay(max_queue_frames=100, circuit_breaker_frames=100)
    registry = CollectorRegistry()
    registry.register(HubCollector(relay.hub))
    drops, conflates, ends = (
        subscribe(relay, policy, name)
        for policy, name in ((DROP, "drops"), (CONFLATE, "conflates"), (DISCONNECT, "ends"))
    )
    for one in (drops, conflates, ends):
        drain(relay, one)  # each has been told its position
    names, total = [instrument(number) for number in range(3)], 500
    publisher = relay.publisher()
    for start in range(0, total, 50):
        await publisher.publish(
            [
                trades([n, n + 1000], instruments=[names[n % 3]] * 2)
                for n in range(start, start + 50)
            ]
        )
        await publisher.flush(PATIENCE)

    frames, gaps = drain(relay, drops)
    assert [(gap.reason, gap.range.first, gap.range.last) for gap in gaps] == [
        ("SLOW_CONSUMER", 1, 400)
    ]
    assert [frame.sequence for frame in frames] == list(range(401, 501))

    frames, gaps = drain(relay, conflates)
    assert (gaps[0].reason, gaps[0].range.first, gaps[0].range.last) == ("SLOW_CONSUMER", 1, 400)
    assert {gap.reason for gap in gaps[1:]} == {"CONFLATED", "CONFLATED_PARTLY"}
    assert sorted(numbers_of(frames)) == [1497, 1498, 1499], "the last value of each"
    told = [frame.sequence for frame in frames]
    for gap in gaps:
        if gap.reason != "CONFLATED_PARTLY":
            told += range(gap.range.first, gap.range.last + 1)
    assert sorted(told) == list(range(1, total + 1)), "each delivered or told, once"
    assert sum(gap.records for gap in gaps) + 3 == 2 * 100, "each record that was in the window"

    with pytest.raises(ResourceExhausted) as caught:
        ends.next_message()
    assert caught.value.reason == "SLOW_CONSUMER"
    assert (caught.value.values["first"], caught.value.values["last"]) == (1, 400)

    by_name = {one.name: one for one in (await relay.status()).subscribers}
    assert (by_name["drops"].lost_frames, by_name["drops"].conflated_frames) == (400, 0)
    assert (by_name["conflates"].lost_frames, by_name["conflates"].conflated_frames) == (400, 97)
    seen = gauges(registry)
    assert (seen["subscriber_lost_framesdrops"], seen["subscriber_lag_framesdrops"]) == (400, 0)
    assert seen["subscriber_conflated_framesconflates"] == 97
    assert seen["subscriber_conflated_framesdrops"] == 0
    assert seen["subscriber_lag_framesends"] == total, "until its stream has ended"


async def test_a_conflating_subscriber_that_falls_out_again_and_again_converges(
    start_relay: StartRelay,
) -> None:
    """Whatever it missed, in the end it holds what the window holds."""
    relay = await start_relay(ring_bytes=1 << 18)
    slow = subscribe(relay, CONFLATE, "slow")
    drain(relay, slow)
    publisher = relay.publisher()
    held: dict[object, int] = {}
    told: list[int] = []
    names, number = [instrument(index) for index in range(20)], 0
    for _ in range(10):
        for _ in range(100):
            batch = range(number, number + 100)
            await publisher.publish(trades(batch, instruments=[names[n % 20] for n in batch]))
            number += 100
        await publisher.flush(PATIENCE)
        frames, gaps = drain(relay, slow)
        for frame in frames:
            held.update(
                zip(
                    frame.rows["instrument_id"].tolist(),
                    frame.rows["trade_id"].tolist(),
                    strict=True,
                )
            )
            told.append(frame.sequence)
        for gap in gaps:
            if gap.reason != "CONFLATED_PARTLY":
                told += range(gap.range.first, gap.range.last + 1)
        assert sorted(held.values()) == list(range(number - 20, number))
    assert sorted(told) == list(range(1, relay.hub.window.head + 1))
    assert slow.lost > 0
    assert slow.conflated > 0
