"""Who a producer is: one living process to an id, its successors, and how they are told apart."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client import AlreadyExists, FailedPrecondition, ProducerGap, Unavailable
from alphapulse_testing.frames import numbers_of, trades
from alphapulse_testing.waiting import eventually

from .test_publish import failure_of

if TYPE_CHECKING:
    from .conftest import RawPublish, Relay, StartRelay

PATIENCE = 30.0
ID, FIRST, SECOND = 77, 5, 6


async def refusal_of(stream: RawPublish, incarnation: int) -> str:
    """Why a stream under the id is refused."""
    await stream.call.write(pb.PublishRequest(producer_id=ID, incarnation=incarnation))
    return (await failure_of(stream.call)).reason


@pytest.mark.parametrize(("first", "second"), [(FIRST, SECOND), (FIRST, 0), (0, FIRST), (0, 0)])
async def test_a_second_living_producer_is_refused_and_the_first_goes_on(
    start_relay: StartRelay, first: int, second: int
) -> None:
    relay = await start_relay()
    living = relay.publish()
    await living.name(ID, "the first", incarnation=first)
    await living.send(1, trades([1]))
    assert await refusal_of(relay.publish(), second) == "PRODUCER_ID_IN_USE"
    assert (await living.send(2, trades([2]))).acknowledged_sequence == 2
    [known] = (await relay.status()).producers
    assert (known.name, known.connected, known.acknowledged_sequence) == ("the first", True, 2)


async def test_who_is_not_heard_of_for_the_lease_is_succeeded(start_relay: StartRelay) -> None:
    relay = await start_relay(producer_lease_seconds=0.3)
    silent = relay.publish()
    hello = await silent.name(ID, incarnation=FIRST)
    assert hello.lease_milliseconds == 300
    await silent.send(1, trades([1]))
    [session] = relay.hub.producers.sessions()
    await eventually(lambda: not session.lives)
    successor = relay.publish()
    hello = await successor.name(ID, incarnation=SECOND)
    assert (hello.acknowledged_sequence, hello.last_incarnation) == (1, FIRST)
    assert (await failure_of(silent.call)).reason == "PRODUCER_REPLACED"
    assert (await successor.send(2, trades([2]))).acknowledged_sequence == 2


async def test_who_has_told_no_incarnation_lives_as_long_as_its_stream(
    start_relay: StartRelay,
) -> None:
    relay = await start_relay(producer_lease_seconds=0.05)
    silent = relay.publish()
    await silent.name(ID)
    await asyncio.sleep(0.2)  # it never promised to say anything
    assert await refusal_of(relay.publish(), SECOND) == "PRODUCER_ID_IN_USE"
    silent.call.cancel()
    await eventually(lambda: not relay.hub.producers.sessions())
    assert (await relay.publish().name(ID, incarnation=SECOND)).hello


async def test_an_idle_publisher_says_that_it_lives(start_relay: StartRelay) -> None:
    relay = await start_relay(producer_lease_seconds=1.0)
    publisher = relay.publisher(producer_id=ID)
    await publisher.ready(PATIENCE)
    [session] = relay.hub.producers.sessions()
    opened = session._heard_at
    await eventually(lambda: session._heard_at > opened + 2.0)
    assert publisher.reconnects == 0
    assert relay.hub.window.head == 0, "without a frame"


async def test_who_is_held_back_lives(start_relay: StartRelay) -> None:
    """The relay reads nothing of it meanwhile: its signs of life would not be heard."""
    relay = await start_relay(
        max_queue_frames=20, circuit_breaker_frames=10, producer_lease_seconds=0.1
    )
    relay.hub.subscribe(pb.SubscribeRequest())  # blocks, and reads nothing
    held = relay.publisher(producer_id=ID)
    await held.publish([trades([number]) for number in range(50)])
    await eventually(lambda: relay.hub.pressure.waits > 0)
    [session] = relay.hub.producers.sessions()
    heard = session._heard_at
    await asyncio.sleep(0.3)
    assert session._heard_at == heard
    assert session.lives


async def test_a_publisher_takes_an_id_over_once_its_owner_is_not_heard_of(
    start_relay: StartRelay,
) -> None:
    relay = await start_relay(producer_lease_seconds=1.0)
    ghost = relay.publish()  # a connection that broke without the relay's noticing
    await ghost.name(ID, incarnation=FIRST)
    await ghost.send(1, trades([1]))
    publisher = relay.publisher(producer_id=ID)
    await publisher.publish(trades([2]))
    await publisher.flush(PATIENCE)
    assert publisher.resumed_sequence == 1
    feed = relay.subscription(start="oldest")
    assert numbers_of(await anext(feed)) == [1, 2]


async def test_a_publisher_gives_up_where_the_owner_lives(start_relay: StartRelay) -> None:
    relay = await start_relay(producer_lease_seconds=5.0)
    living, late = relay.publisher(producer_id=ID), relay.publisher(producer_id=ID)
    await living.ready(PATIENCE)
    with pytest.raises(AlreadyExists) as caught:
        await late.ready(PATIENCE)
    assert caught.value.reason == "PRODUCER_ID_IN_USE"
    await living.publish(trades([1]))
    await living.flush(PATIENCE)
    assert living.reconnects == 0, "its stream has stood all the time"


async def _taken_over(relay: Relay) -> None:
    """Another process publishes under the id while its owner's line is cut, and goes."""
    [session] = relay.hub.producers.sessions()
    relay.hub.producers.close(session)  # as when the relay notices first that the line broke
    other = relay.publish()
    await other.name(ID, incarnation=SECOND)
    await other.send(session.producer.sequence + 1, trades([100]))
    other.call.cancel()
    await eventually(lambda: not relay.hub.producers.sessions())
    session.end(Unavailable("the line is cut"))


async def test_who_was_succeeded_while_away_is_told_and_not_acknowledged(
    start_relay: StartRelay,
) -> None:
    """What the relay has now under the next number is the other's frame: it must not count."""
    relay = await start_relay()
    owner = relay.publisher(producer_id=ID)
    await owner.publish(trades([1]))
    await owner.flush(PATIENCE)
    await _taken_over(relay)
    await owner.publish(trades([2]))
    with pytest.raises(FailedPrecondition) as caught:
        await owner.flush(PATIENCE)
    assert caught.value.reason == "PRODUCER_REPLACED"
    assert owner.acknowledged == 1


async def test_who_has_published_nothing_yet_goes_on_behind_its_successor(
    start_relay: StartRelay,
) -> None:
    relay = await start_relay()
    earlier = relay.publish()
    await earlier.name(ID, incarnation=SECOND)
    await earlier.send(1, trades([1]))
    earlier.call.cancel()
    await eventually(lambda: not relay.hub.producers.sessions())
    owner = relay.publisher(producer_id=ID)
    await owner.ready(PATIENCE)
    await _taken_over(relay)  # by the same one as before
    await owner.publish(trades([2]))
    await owner.flush(PATIENCE)
    feed = relay.subscription(start="oldest")
    assert numbers_of(await anext(feed)) == [1, 100, 2]


async def test_frames_that_the_relay_never_got_are_reported_by_their_numbers(
    start_relay: StartRelay,
) -> None:
    relay = await start_relay()
    told: list[ProducerGap] = []
    publisher = relay.publisher(producer_id=ID, on_gap=told.append)
    await publisher.publish([trades([number]) for number in range(5)])
    await publisher.flush(PATIENCE)
    [session] = relay.hub.producers.sessions()
    relay.hub.producers.advance(session.producer, 2)  # it has lost what was behind
    await publisher.publish(trades([5]))
    await publisher.flush(PATIENCE)
    assert publisher.gaps == told == [ProducerGap(3, 5)]
    assert (publisher.missing, told[0].count) == (3, 3)
    assert (await relay.status()).producers[0].missing == 3
