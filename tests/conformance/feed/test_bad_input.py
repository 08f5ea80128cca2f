"""Requests that cannot be meant, on every transport: a reason, and everything else goes on."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_client import InvalidArgument, MeshError
from alphapulse_layout import MessageType
from alphapulse_testing.frames import instrument, numbers_of, trades

from .test_conformance import PATIENCE, publish_all, read_numbers, read_to, sequences_of

if TYPE_CHECKING:
    from .conftest import Feed, OpenFeed


@pytest.mark.parametrize(
    ("wanted", "reason"),
    [
        ({"message_types": [5]}, "MESSAGE_TYPE_UNKNOWN"),
        ({"message_types": [MessageType.FILL]}, "DOMAIN_MISMATCH"),
        ({"message_types": [1 << 20]}, "DOMAIN_MISMATCH"),
        ({"message_types": [1] * 257}, "FILTER_TOO_LARGE"),
        ({"venues": [1 << 16]}, "FILTER_INVALID"),
        ({"venues": [1] * 65_537}, "FILTER_TOO_LARGE"),
        ({"sources": [256]}, "FILTER_INVALID"),
        ({"asset_types": [256]}, "FILTER_INVALID"),
        ({"instruments": [instrument(1)] * 100_001}, "FILTER_TOO_LARGE"),
        ({"predicate": "price >>> 3"}, "PREDICATE_SYNTAX"),
        ({"predicate": "no_such_field > 3"}, "PREDICATE_UNKNOWN_NAME"),
        ({"predicate": "price > 'a'"}, "PREDICATE_TYPE"),
        ({"predicate": "price > 1 or " * 4000 + "true"}, "PREDICATE_TOO_LARGE"),
        ({"start": 12}, "SEQUENCE_AHEAD"),
        ({"start": (1 << 64) - 1}, "SEQUENCE_AHEAD"),
        ({"resume": b"no token"}, "TOKEN_INVALID"),
        ({"name": "n" * 257}, "NAME_TOO_LONG"),
    ],
)
async def test_what_cannot_be_meant_is_refused_and_others_go_on(
    feed: Feed, wanted: dict[str, Any], reason: str
) -> None:
    good, publisher = feed.subscription(), feed.publisher()
    await good.ready(PATIENCE)
    await publish_all(publisher, [trades([number]) for number in range(10)])
    bad = feed.subscription(**wanted)
    with pytest.raises(MeshError) as caught:
        await bad.ready(PATIENCE)
    assert caught.value.reason == reason
    assert bad.reconnects == 0, "it is final"
    await publish_all(publisher, [trades([10])])
    assert await read_numbers(good, 11) == list(range(11))
    assert (good.reconnects, publisher.reconnects) == (0, 0)


@pytest.mark.parametrize(
    "wanted",
    [
        {"max_batch_bytes": -1},
        {"max_batch_bytes": 1 << 32},
        {"message_types": [-1]},
        {"venues": [1 << 32]},
        {"start": -1},
        {"start": 1 << 64},
        {"start": "tomorrow"},
        {"start": datetime(2026, 1, 1)},  # noqa: DTZ001  # that is what is wrong with it
        {"policy": "hope"},
    ],
)
async def test_what_no_request_can_say_is_refused_before_it_is_sent(
    feed: Feed, wanted: dict[str, Any]
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        feed.subscription(**wanted)
    assert caught.value.reason == "ARGUMENT_INVALID"


async def test_a_producer_that_could_send_nothing_is_refused(feed: Feed) -> None:
    with pytest.raises(InvalidArgument):
        feed.publisher(max_unacked=0)
    with pytest.raises(InvalidArgument):
        feed.publisher(max_unacked_bytes=-1)
    with pytest.raises(InvalidArgument):
        feed.publisher(producer_id=0)
    long = feed.publisher("p" * 257)
    with pytest.raises(InvalidArgument) as caught:
        await long.ready(PATIENCE)
    assert caught.value.reason == "NAME_TOO_LONG"


async def test_a_batch_larger_than_any_is_as_large_as_may_be(open_feed: OpenFeed) -> None:
    feed = await open_feed(ring_bytes=16 << 20)
    subscription = feed.subscription(start="oldest", max_batch_bytes=(1 << 32) - 1)
    frames = [trades(range(at, at + 1000)) for at in range(0, 150_000, 1000)]  # 9.6 MB
    await publish_all(feed.publisher(), frames)
    seen: list[int] = []
    async with asyncio.timeout(PATIENCE):
        while len(seen) < 150_000:
            batch = await anext(subscription)
            assert sum(len(bytes(frame)) for frame in batch) <= 8 << 20
            seen += numbers_of(batch)
    assert seen == list(range(150_000))


async def test_a_time_that_has_not_come_begins_with_what_comes_now(feed: Feed) -> None:
    publisher = feed.publisher()
    await publish_all(publisher, [trades([0])])
    subscription = feed.subscription(start=datetime.now(UTC) + timedelta(days=365))
    assert await subscription.ready(PATIENCE) == 1
    await publish_all(publisher, [trades([1])])
    assert await read_numbers(subscription, 1) == [1]


async def test_a_time_before_everything_begins_with_the_oldest(feed: Feed) -> None:
    await publish_all(feed.publisher(), [trades([number]) for number in range(3)])
    subscription = feed.subscription(start=datetime(1900, 1, 1, tzinfo=UTC))
    assert await read_numbers(subscription, 3) == [0, 1, 2]


@pytest.mark.parametrize("policy", ["block", "drop_oldest", "disconnect", "conflate"])
async def test_a_sequence_older_than_the_window_is_answered_with_what_there_is(
    open_feed: OpenFeed, policy: Any
) -> None:
    feed = await open_feed(max_queue_frames=50, circuit_breaker_frames=50)
    await publish_all(feed.publisher(), [trades([number]) for number in range(200)])
    subscription = feed.subscription(start=1, policy=policy)
    frames, gaps = await read_to(subscription, 200)
    # whoever conflates reads from the relay, and is far behind: it may get the last value alone
    conflated = [gap for gap in gaps if gap.reason == "CONFLATED"]
    expired = [gap for gap in gaps if gap not in conflated]
    if feed.replays and policy != "conflate":
        assert gaps == []
        assert numbers_of(frames) == list(range(200))
        return
    assert [(gap.reason, gap.first, gap.last) for gap in expired] == [("WINDOW_EXPIRED", 1, 150)]
    assert sequences_of(frames, gaps) == list(range(1, 201))
    assert numbers_of(frames)[-1] == 199
