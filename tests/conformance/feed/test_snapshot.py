"""Starting at the present, on every transport: last values, then every frame after them."""

from __future__ import annotations

import asyncio
import itertools
from typing import TYPE_CHECKING

from alphapulse_testing.frames import instrument, numbers_of, trades

from .test_conformance import PATIENCE, publish_all, read_numbers, read_to

if TYPE_CHECKING:
    from alphapulse_client import Batch, Subscription

    from .conftest import Feed, OpenFeed


async def read_image(subscription: Subscription) -> list[Batch]:
    """The batches of last values that a snapshot begins with."""
    batches: list[Batch] = []
    async with asyncio.timeout(PATIENCE):
        while not batches or not batches[-1].delivered_sequence:
            batches.append(await anext(subscription))
            assert batches[-1].snapshot_sequence
    return batches


async def test_a_snapshot_is_the_present_and_then_every_frame(feed: Feed) -> None:
    publisher, names = feed.publisher(), [instrument(number) for number in range(3)]
    frames = [trades([number], instruments=[names[number % 3]]) for number in range(100)]
    await publish_all(publisher, frames[:60])
    subscription = feed.subscription(start="snapshot")
    batches = await read_image(subscription)
    assert sorted(numbers_of(itertools.chain(*batches))) == [57, 58, 59], "the last of each"
    assert {batch.snapshot_sequence for batch in batches} == {60}
    assert {batch.snapshot_first_sequence for batch in batches} == {1}
    assert not any(batch.gaps for batch in batches), "nothing was missing when it was folded"
    await publish_all(publisher, frames[60:])
    later, gaps = await read_to(subscription, 100)
    assert gaps == []
    assert [frame.sequence for frame in later] == list(range(61, 101)), "no overlap, no hole"
    assert subscription.transport == feed.transport, "what follows is carried as the domain is"


async def test_a_snapshot_loses_nothing_of_what_is_published_meanwhile(open_feed: OpenFeed) -> None:
    feed = await open_feed(ring_bytes=1 << 22)
    publisher, folded = feed.publisher(max_unacked=64), asyncio.Event()

    async def produce() -> int:
        """Until the snapshot has been read, and on."""
        total, more = 1000, 10
        while more > 0:
            await publish_all(publisher, [trades([total + number]) for number in range(100)])
            total, more = total + 100, more - folded.is_set()
        return total

    await publish_all(publisher, [trades([number]) for number in range(1000)])
    producing = asyncio.create_task(produce())
    subscription = feed.subscription(start="snapshot", name="late", policy="block")
    batches = await read_image(subscription)
    folded.set()
    as_of = batches[-1].delivered_sequence
    assert numbers_of(itertools.chain(*batches)) == [as_of - 1]
    later, gaps = await read_to(subscription, as_of + 900)
    total = await producing
    rest, lost = await read_to(subscription, total)
    assert gaps + lost == []
    assert numbers_of(later + rest) == list(range(as_of, total))
    assert subscription.transport == feed.transport


async def test_a_snapshot_tells_how_far_back_it_looked(open_feed: OpenFeed) -> None:
    feed = await open_feed(snapshot_frames=10)
    publisher, names = feed.publisher(), [instrument(number) for number in range(2)]
    await publish_all(publisher, [trades([0], instruments=[names[0]])])
    await publish_all(
        publisher, [trades([number], instruments=[names[1]]) for number in range(1, 50)]
    )
    [batch] = await read_image(feed.subscription(start="snapshot"))
    assert (batch.snapshot_first_sequence, batch.snapshot_sequence) == (41, 50)
    assert numbers_of(batch) == [49], "what has not changed since is not in it"


async def test_a_snapshot_of_nothing(feed: Feed) -> None:
    subscription, publisher = feed.subscription(start="snapshot"), feed.publisher()
    assert await subscription.ready(PATIENCE) == 0
    await publish_all(publisher, [trades([number]) for number in range(5)])
    assert await read_numbers(subscription, 5) == list(range(5))
    assert subscription.transport == feed.transport
