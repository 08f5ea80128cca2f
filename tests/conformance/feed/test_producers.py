"""Producers on every transport: whose id it is, and who goes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alphapulse_client import AlreadyExists
from alphapulse_testing.frames import numbers_of, trades

from .test_conformance import PATIENCE, publish_all, read_numbers, read_to

if TYPE_CHECKING:
    from .conftest import Feed, OpenFeed


async def test_of_what_waits_with_a_producer_the_urgent_goes_first(feed: Feed) -> None:
    subscription, publisher = feed.subscription(), feed.publisher()
    await subscription.ready(PATIENCE)
    priorities = [0, 3, 0, 1, 3, 2, 0]
    await publisher.publish(
        [trades([number], priority=priority) for number, priority in enumerate(priorities)]
    )
    await publisher.flush(PATIENCE)
    frames, gaps = await read_to(subscription, len(priorities))
    assert gaps == []
    assert numbers_of(frames) == [1, 4, 5, 3, 0, 2, 6], "and each priority in its order"
    assert [frame.sequence for frame in frames] == list(range(1, 8))
    assert publisher.acknowledged == len(priorities)


async def test_a_living_producer_keeps_its_id_to_itself(open_feed: OpenFeed) -> None:
    feed = await open_feed(producer_lease_seconds=5.0)
    subscription = feed.subscription()
    await subscription.ready(PATIENCE)
    first, second = feed.publisher(producer_id=7), feed.publisher(producer_id=7)
    await publish_all(first, [trades([0])])
    with pytest.raises(AlreadyExists) as caught:
        await publish_all(second, [trades([100])])
    assert caught.value.reason == "PRODUCER_ID_IN_USE"
    await publish_all(first, [trades([1])])
    assert first.reconnects == 0
    assert await read_numbers(subscription, 2) == [0, 1]


async def test_a_producer_that_starts_again_goes_on_after_its_last_number(feed: Feed) -> None:
    subscription = feed.subscription()
    await subscription.ready(PATIENCE)
    for start in (0, 10, 20):
        publisher = feed.publisher(producer_id=7)
        await publish_all(publisher, [trades([number]) for number in range(start, start + 10)])
        assert (publisher.resumed_sequence, publisher.acknowledged) == (start, 10)
        assert (publisher.duplicates, publisher.gaps) == (0, [])
        await publisher.close()
    assert await read_numbers(subscription, 30) == list(range(30))
