"""The Subscribe stream: requests that cannot be served, limits, progress, the shape of answers."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client.errors import from_rpc_error
from alphapulse_testing.frames import numbers_of, trades
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from alphapulse_client.errors import MeshError

    from .conftest import Relay, StartRelay


async def refusal_of(call: Any) -> MeshError:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    return from_rpc_error(caught.value)


@pytest.mark.parametrize(
    ("wanted", "code", "reason"),
    [
        ({"message_types": [5]}, "INVALID_ARGUMENT", "MESSAGE_TYPE_UNKNOWN"),
        ({"message_types": [20]}, "INVALID_ARGUMENT", "DOMAIN_MISMATCH"),
        ({"message_types": [70_000]}, "INVALID_ARGUMENT", "DOMAIN_MISMATCH"),
        ({"instrument_ids": b"short"}, "INVALID_ARGUMENT", "INSTRUMENT_ID_INVALID"),
        ({"venues": [65_536]}, "INVALID_ARGUMENT", "FILTER_INVALID"),
        ({"sources": [256]}, "INVALID_ARGUMENT", "FILTER_INVALID"),
        ({"asset_types": [256]}, "INVALID_ARGUMENT", "FILTER_INVALID"),
        ({"predicate": "price >"}, "INVALID_ARGUMENT", "PREDICATE_SYNTAX"),
        ({"start": 99}, "UNIMPLEMENTED", "START_UNSUPPORTED"),
        ({"slow_consumer_policy": 99}, "UNIMPLEMENTED", "POLICY_UNSUPPORTED"),
        (
            {"start": pb.START_POSITION_TIME, "start_time": Timestamp(seconds=1 << 62)},
            "INVALID_ARGUMENT",
            "START_TIME_INVALID",
        ),
        (
            {"start": pb.START_POSITION_TIME, "start_time": Timestamp(nanos=-5)},
            "INVALID_ARGUMENT",
            "START_TIME_INVALID",
        ),
        ({"subscriber_name": "n" * 1000}, "INVALID_ARGUMENT", "NAME_TOO_LONG"),
        (
            {"start": pb.START_POSITION_SEQUENCE, "start_sequence": 2},
            "OUT_OF_RANGE",
            "SEQUENCE_AHEAD",
        ),
    ],
)
async def test_what_cannot_be_meant_is_refused_with_its_reason(
    start_relay: StartRelay, wanted: dict[str, Any], code: str, reason: str
) -> None:
    relay = await start_relay()
    call = relay.subscribe(**wanted)
    failure = await refusal_of(call)
    assert failure.reason == reason
    assert (await call.code()).name == code


async def test_bytes_that_are_no_request(start_relay: StartRelay) -> None:
    relay = await start_relay()
    call: Any = relay.channel.unary_stream(f"/{relay.service}/Subscribe")(b"\xff\xff")
    assert (await refusal_of(call)).reason == "REQUEST_MALFORMED"


async def test_the_first_answer_fixes_the_position(start_relay: StartRelay) -> None:
    relay = await start_relay()
    stream = relay.publish()
    await stream.name(1)
    await stream.send(1, trades([1]), trades([2]))
    first = await relay.subscribe().read()
    assert (list(first.frames), first.delivered_sequence, first.head_sequence) == ([], 2, 2)


async def test_too_many_subscribers(start_relay: StartRelay) -> None:
    relay = await start_relay(max_subscribers=2)
    calls = [relay.subscribe() for _ in range(2)]
    for call in calls:
        await call.read()
    assert (await refusal_of(relay.subscribe())).reason == "TOO_MANY_SUBSCRIBERS"
    calls[0].cancel()
    await eventually(lambda: len(relay.hub.subscribers) == 1)
    await relay.subscribe().read()


async def test_one_that_leaves_is_forgotten(start_relay: StartRelay) -> None:
    relay = await start_relay()
    call = relay.subscribe(subscriber_name="passer-by")
    await call.read()
    assert [one.name for one in (await relay.status()).subscribers] == ["passer-by"]
    call.cancel()
    await eventually(lambda: not relay.hub.subscribers)
    assert not (await relay.status()).subscribers


async def test_new_producers_are_refused_while_the_breaker_is_open(
    start_relay: StartRelay,
) -> None:
    relay = await start_relay(max_queue_frames=20, circuit_breaker_frames=10)
    # without a network, which would buffer some megabytes for a reader that does not read
    stalled = relay.hub.subscribe(pb.SubscribeRequest())
    publisher = relay.publisher()
    await publisher.publish([trades([number]) for number in range(50)])
    await eventually(lambda: relay.hub.pressure.waits > 0)
    await eventually(lambda: publisher.acknowledged == 10)
    late = relay.publish()
    await late.call.write(pb.PublishRequest(producer_id=99))
    failure = await refusal_of(late.call)
    assert failure.reason == "CIRCUIT_OPEN"
    assert failure.values["limit"] == "10"
    while relay.hub.window.head < 50 or stalled.position < 50:
        stalled.next_message()
        relay.hub.sent(stalled)
        await asyncio.sleep(0)
    await publisher.flush(10)
    assert await relay.publish().name(99), "closed again"


async def fill(relay: Relay, first: int, count: int) -> None:
    """As many frames of one record as may wait for nobody."""
    stream = relay.publish()
    await stream.name(first)
    await stream.send(1, *(trades([number]) for number in range(count)))


async def test_one_that_has_gone_is_waited_for_a_moment(start_relay: StartRelay) -> None:
    relay = await start_relay(
        max_queue_frames=20, circuit_breaker_frames=10, subscriber_linger_seconds=30.0
    )
    await fill(relay, 1, 4)
    wanted = {"subscriber_name": "reader", "start": pb.START_POSITION_OLDEST}
    leaving = relay.subscribe(**wanted)
    await leaving.read()
    leaving.cancel()
    await eventually(lambda: not relay.hub.subscribers)
    publisher = relay.publisher()
    await publisher.publish([trades([number]) for number in range(100, 130)])
    await eventually(lambda: relay.hub.pressure.waits > 0)
    assert publisher.acknowledged < 30, "held back although nobody is connected"
    again = relay.subscription(name="reader", start=1, policy="block")
    received: list[int] = []
    async with asyncio.timeout(10):
        while len(received) < 34:
            batch = await anext(again)
            assert batch.gaps == []
            received += numbers_of(batch)
    assert received == [*range(4), *range(100, 130)]


async def test_nobody_is_waited_for_longer_than_that(start_relay: StartRelay) -> None:
    relay = await start_relay(
        max_queue_frames=20, circuit_breaker_frames=10, subscriber_linger_seconds=0.2
    )
    leaving = relay.subscribe(subscriber_name="reader")
    await leaving.read()
    leaving.cancel()
    await eventually(lambda: not relay.hub.subscribers)
    publisher = relay.publisher()
    await publisher.publish([trades([number]) for number in range(50)])
    await publisher.flush(10)
    assert relay.hub.memory.subscribers() == {}


async def test_one_without_a_name_is_not_waited_for(start_relay: StartRelay) -> None:
    relay = await start_relay(
        max_queue_frames=20, circuit_breaker_frames=10, subscriber_linger_seconds=30.0
    )
    leaving = relay.subscribe()
    await leaving.read()
    leaving.cancel()
    await eventually(lambda: not relay.hub.subscribers)
    publisher = relay.publisher()
    await publisher.publish([trades([number]) for number in range(50)])
    await publisher.flush(10)
