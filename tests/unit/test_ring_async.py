"""The ring's awaitable side: eventfd, asyncio iteration, halting, many readers on one loop."""

from __future__ import annotations

import asyncio
import select
import threading
from typing import TYPE_CHECKING

import pytest

from alphapulse_core import Ring, RingHalted
from alphapulse_core.aio import AsyncReader

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def ring(tmp_path: Path) -> Iterator[Ring]:
    with Ring.create(str(tmp_path / "r"), 1 << 16) as made:
        yield made


def test_the_descriptor_rings_only_after_arming(ring: Ring) -> None:
    reader = ring.reader()
    poller = select.poll()
    poller.register(reader.fileno(), select.POLLIN)
    ring.publish(b"before")
    assert not reader.arm(), "something can be polled already"
    assert poller.poll(0) == []
    assert len(reader.poll()) == 1
    assert reader.arm()
    assert poller.poll(0) == []
    ring.publish(b"x")
    assert poller.poll(10_000), "the bell rings"
    reader.clear()
    assert poller.poll(0) == []
    assert len(reader.poll()) == 1


async def test_batches_arrive_as_they_are_published(ring: Ring) -> None:
    total = 2000
    async with AsyncReader(ring.reader("a", gating=True)) as reader:

        async def publish() -> None:
            # The reader runs on this very loop: waiting for room here would wait for ever.
            for first in range(0, total, 10):
                batch = [i.to_bytes(4, "little") for i in range(first, first + 10)]
                while ring.try_publish_batch(batch) is None:  # noqa: ASYNC110 - no event for room
                    await asyncio.sleep(0)
                if first % 100 == 0:
                    await asyncio.sleep(0)

        publisher = asyncio.create_task(publish())
        seen: list[int] = []
        async for batch in reader:
            seen.extend(int.from_bytes(entry, "little") for entry in batch.entries())
            if len(seen) == total:
                break
        await publisher
    assert seen == list(range(total))


async def test_one_thread_wakes_many_readers(ring: Ring) -> None:
    readers = [AsyncReader(ring.reader(f"r{i}")) for i in range(20)]
    waiting = [asyncio.create_task(reader.poll_bytes()) for reader in readers]
    await asyncio.sleep(0)
    thread = threading.Thread(target=ring.publish, args=(b"news",))
    thread.start()
    for packed in await asyncio.wait_for(asyncio.gather(*waiting), 20):
        assert packed.data == b"news"
    thread.join()
    assert sum(t.name == "ring-notifier" for t in threading.enumerate()) == 0
    for reader in readers:
        reader.close()


async def test_a_reader_behind_another_is_woken_by_it(ring: Ring) -> None:
    first = ring.reader("first", gating=True)
    async with AsyncReader(ring.reader("second", gating=True, after=["first"])) as second:
        ring.publish(b"x")
        waiting = asyncio.create_task(second.poll())
        await asyncio.sleep(0.01)
        assert not waiting.done()
        first.poll()
        first.commit()
        assert len(await asyncio.wait_for(waiting, 20)) == 1


async def test_halting_wakes_waiting_tasks(ring: Ring) -> None:
    async with AsyncReader(ring.reader()) as reader:
        waiting = asyncio.create_task(reader.poll())
        await asyncio.sleep(0.01)
        ring.halt()
        with pytest.raises(RingHalted):
            await asyncio.wait_for(waiting, 20)


@pytest.mark.parametrize("strategy", ["busy-spin", "yield", "back-off", "block", "phased"])
def test_every_strategy_waits_and_wakes(ring: Ring, strategy: str) -> None:
    reader = ring.reader(wait=strategy)  # type: ignore[arg-type]  # parametrised literal
    assert not reader.wait(timeout=0.01)
    assert not reader.poll(timeout=0.01)
    timer = threading.Timer(0.05, ring.publish, args=(b"x",))
    timer.start()
    batch = reader.poll(timeout=20)
    timer.join()
    assert [bytes(e) for e in batch.entries()] == [b"x"]


def test_a_waiting_publisher_lets_the_reader_of_its_process_run(ring: Ring) -> None:
    reader = ring.reader("r", gating=True)
    for _ in range(4):
        ring.publish(bytes(1 << 14))
    results: list[int] = []
    threads = [
        threading.Thread(target=lambda: results.append(ring.publish(b"waits"))) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
    while reader.sequence < 6:
        reader.poll(timeout=20)
    for thread in threads:
        thread.join(20)
    assert sorted(results) == [4, 5]


def test_unknown_strategies_are_refused(ring: Ring) -> None:
    with pytest.raises(ValueError, match="wait strategy"):
        ring.reader(wait="hope")  # type: ignore[arg-type]  # what the test is about
