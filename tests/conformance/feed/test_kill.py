"""kill -9 under load: several producers, a subscriber of every policy, every transport."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

import pytest

from alphapulse_client import ResourceExhausted
from alphapulse_testing.frames import instrument, numbers_of, trades
from alphapulse_testing.waiting import eventually

from .test_conformance import PATIENCE

if TYPE_CHECKING:
    from alphapulse_client import Gap, Publisher, SlowConsumerPolicy, Subscription

    from .conftest import OpenFeed

PRODUCERS, FRAMES, RECORDS = 3, 800, 10
KILLS = 2


@dataclass
class Witness:
    """All that one subscriber was told."""

    subscription: Subscription
    pause: float = 0.0
    """Seconds for each batch: one that is slow."""
    frames: dict[int, list[int]] = field(default_factory=dict)
    """Sequence → the numbers that came in that frame."""
    gaps: list[Gap] = field(default_factory=list)
    refused: ResourceExhausted | None = None

    async def watch(self) -> None:
        try:
            async for batch in self.subscription:
                for frame in batch:
                    assert frame.sequence not in self.frames, "delivered twice"
                    assert frame.sequence > max(self.frames, default=0), "out of order"
                    self.frames[frame.sequence] = numbers_of([frame])
                self.gaps += batch.gaps
                await asyncio.sleep(self.pause)
        except ResourceExhausted as error:
            self.refused = error

    def has_come_to(self, head: int) -> bool:
        return self.refused is not None or self.subscription.delivered_sequence >= head

    def told(self) -> list[int]:
        """Every sequence that was delivered, or reported as not to be, repetitions kept."""
        told = list(self.frames)
        for gap in self.gaps:
            if gap.reason != "CONFLATED_PARTLY":  # those came, cut down
                told += range(gap.first, gap.last + 1)
        return sorted(told)


def urgent(number: int) -> bool:
    """Of the last producer each fifth frame has a priority: it may overtake its others."""
    return number // (FRAMES * RECORDS) == PRODUCERS - 1 and number // RECORDS % 5 == 0


async def produce(publisher: Publisher, index: int) -> None:
    """Frames whose numbers are the producer's own, in order."""
    first = index * FRAMES * RECORDS
    for at in range(first, first + FRAMES * RECORDS, RECORDS):
        names = [instrument(index * RECORDS + number) for number in range(RECORDS)]
        await publisher.publish(
            trades(range(at, at + RECORDS), instruments=names, priority=2 * urgent(at))
        )
    await publisher.flush(3 * PATIENCE)


async def test_whatever_was_acknowledged_arrives_once_or_is_reported_to_everybody(
    open_feed: OpenFeed,
) -> None:
    feed = await open_feed(process=True, subscriber_linger_seconds=2 * PATIENCE)
    publishers = [feed.publisher(f"p{index}", max_unacked=64) for index in range(PRODUCERS)]
    policies: list[tuple[SlowConsumerPolicy, str, float]] = [
        ("block", "first", 0.0),
        ("block", "second", 0.0),
        ("drop_oldest", "drops", 0.01),
        ("conflate", "conflates", 0.01),
        ("disconnect", "ends", 0.0),
    ]
    witnesses = {
        name: Witness(
            feed.subscription(
                policy=policy, name=name, start="oldest", max_batch_bytes=8192 if pause else 0
            ),
            pause,
        )
        for policy, name, pause in policies
    }
    for witness in witnesses.values():
        await witness.subscription.ready(PATIENCE)
    watching = [asyncio.create_task(witness.watch()) for witness in witnesses.values()]

    def has_taken(due: int) -> bool:
        return publishers[0].acknowledged >= due

    async def kill_now_and_then() -> None:
        for kill in range(1, KILLS + 1):
            due = FRAMES * kill // (KILLS + 1)
            await eventually(partial(has_taken, due))
            await feed.crash()
            await feed.recover()

    async with asyncio.timeout(4 * PATIENCE), asyncio.TaskGroup() as tasks:
        tasks.create_task(kill_now_and_then())
        for index, publisher in enumerate(publishers):
            tasks.create_task(produce(publisher, index))
    head = (await feed.status()).head_sequence
    for name, witness in witnesses.items():
        try:
            await eventually(partial(witness.has_come_to, head))
        except TimeoutError:
            pytest.fail(f"{name} is at {witness.subscription.delivered_sequence} of {head}")
    for task in watching:
        task.cancel()
    for outcome in await asyncio.gather(*watching, return_exceptions=True):
        assert outcome is None or isinstance(outcome, asyncio.CancelledError), outcome

    whole = witnesses["first"]
    assert {gap.reason for gap in whole.gaps} <= {"PRODUCER_DIED"}, "never acknowledged"
    numbers = [number for numbers in whole.frames.values() for number in numbers]
    for index in range(PRODUCERS):
        first = index * FRAMES * RECORDS
        own = [number for number in numbers if number // (FRAMES * RECORDS) == index]
        assert sorted(own) == list(range(first, first + FRAMES * RECORDS)), "each once"
        for kind in (True, False):
            same = [number for number in own if urgent(number) == kind]
            assert same == sorted(same), "in order within a priority"
    # one that had nothing left to send may come back later than the others
    await eventually(lambda: all(publisher.reconnects >= 1 for publisher in publishers))
    assert witnesses["second"].frames == whole.frames
    for name, witness in witnesses.items():
        told = witness.told()
        if witness.refused is None:
            assert told == list(range(1, head + 1)), f"{name}: each sequence once, none left out"
        else:
            assert witness.refused.reason == "SLOW_CONSUMER"
            until = int(str(witness.refused.values["first"]))
            assert told == list(range(1, until)), f"{name}: all until it was sent away"
        for sequence, came in witness.frames.items():
            assert set(came) <= set(whole.frames[sequence]), f"{name}: the same under a number"
            if name != "conflates":
                assert came == whole.frames[sequence]
    conflated = witnesses["conflates"]
    final = FRAMES * RECORDS - RECORDS
    last = {number for number in numbers if number % (FRAMES * RECORDS) >= final}
    # what has left the window before it was read is known to nobody; all else came
    lost: set[int] = set()
    for gap in conflated.gaps:
        if not gap.reason.startswith("CONFLATED"):
            lost.update(range(gap.first, gap.last + 1))
    came_to = {number for came in conflated.frames.values() for number in came}
    for sequence, came in whole.frames.items():
        if sequence not in lost:
            assert last.intersection(came) <= came_to, "the last value of each"
