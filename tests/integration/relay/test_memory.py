"""What a relay knows after it was started again: producers, refused frames, sequences, counters."""

from __future__ import annotations

import asyncio
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client import Publisher, Subscription
from alphapulse_mesh.relay.domains import BY_INSTANCE
from alphapulse_mesh.relay.hub import Hub
from alphapulse_mesh.relay.memory import MAX_PRODUCERS, RelayMemory, remembered_as
from alphapulse_mesh.runtime.errors import DataLoss, ResourceExhausted
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.frames import numbers_of, trades
from alphapulse_testing.relays import RelayProcess
from alphapulse_testing.small_disk import on_small_disk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig


async def test_refused_frames_are_remembered_through_a_crash(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    """Else a strict relay would wait for ever for a number that the producer has done with."""
    config = make_config(relays={"market_data": {"require_sequence": True}})
    async with (
        RelayProcess(config, Service.RELAY_MARKET_DATA, tmp_path) as relay,
        Publisher(
            relay.target, "market_data", producer_name="p", on_rejection=lambda _: None
        ) as publisher,
    ):
        await publisher.publish([trades([1]), b"not a frame"])
        await publisher.flush(30)
        await relay.kill()
        await relay.start()
        await publisher.publish(trades([2]))
        await publisher.flush(30)
        status = await relay.status()
        assert status.producers[0].acknowledged_sequence == 3
        assert (publisher.relay_sequence, status.head_sequence) == (2, 2)


async def test_the_sequence_goes_on_when_shared_memory_was_lost(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    """A reboot empties shared memory: no sequence is given twice, and who resumes is told."""
    config = make_config()
    async with (
        RelayProcess(config, Service.RELAY_MARKET_DATA, tmp_path) as relay,
        Publisher(relay.target, "market_data", producer_name="p") as publisher,
        Subscription(relay.target, "market_data", start="oldest", max_batch_bytes=1) as reader,
    ):
        await publisher.publish([trades([number]) for number in range(10)])
        await publisher.flush(30)
        seen = await anext(reader)
        assert numbers_of(seen) == [0]
        await reader.close()
        await relay.kill()
        relay.forget_ring()
        await relay.start()
        await publisher.publish(trades([10]))
        await publisher.flush(30)
        assert publisher.relay_sequence == 11
        async with Subscription(relay.target, "market_data", start=2) as again:
            batch = await anext(again)
            assert [(gap.first, gap.last, gap.reason) for gap in batch.gaps] == [
                (2, 10, "WINDOW_EXPIRED")
            ]
            frames = batch.frames or (await anext(again)).frames
            assert numbers_of(frames) == [10]


async def test_counters_go_on(make_config: Callable[..., MeshConfig], tmp_path: Path) -> None:
    async with RelayProcess(make_config(), Service.RELAY_MARKET_DATA, tmp_path) as relay:
        for _ in range(2):
            async with Publisher(relay.target, "market_data", producer_name="p") as publisher:
                await publisher.publish([trades(range(10)), trades([])])
            assert await relay.terminate() == 0
            await relay.start()
        status = await relay.status()
        assert (status.published_frames, status.published_records) == (4, 20)
        assert status.records_by_type == {1: 20}
        assert (status.oldest_sequence, status.head_sequence) == (1, 4)


async def test_draining_streams_are_taken_up_again(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(server={"drain_seconds": 5.0, "drain_notice_seconds": 0.0})
    async with (
        RelayProcess(config, Service.RELAY_MARKET_DATA, tmp_path) as relay,
        Publisher(relay.target, "market_data", producer_name="p") as publisher,
        Subscription(relay.target, "market_data") as subscription,
    ):
        await subscription.ready(30)
        await publisher.publish(trades([1]))
        await publisher.flush(30)
        assert await relay.terminate() == 0, "open streams do not hold the drain up"
        await relay.start()
        await publisher.publish(trades([2]))
        numbers: list[int] = []
        async with asyncio.timeout(30):
            while len(numbers) < 2:
                numbers += numbers_of(await anext(subscription))
        assert numbers == [1, 2]


def test_the_table_forgets_who_was_not_seen_for_longest(tmp_path: Path) -> None:
    with RelayMemory(tmp_path / "memory") as memory:
        slots = {number: memory.add_producer(number, "", keep=set()) for number in range(1, 5)}
        for number in range(5, MAX_PRODUCERS + 1):
            memory.add_producer(number, "", keep=set())
        for number in (1, 3, 4):
            memory.producer_at(slots[number], 10)
        assert memory.add_producer(99_999, "late", keep=set()) == slots[2]
        everybody = set(range(MAX_PRODUCERS))
        with pytest.raises(ResourceExhausted) as caught:
            memory.add_producer(99_998, "", keep=everybody)
        assert caught.value.reason == "TOO_MANY_PRODUCERS"
    with RelayMemory(tmp_path / "memory") as memory:
        known = {line.producer_id: line for line in memory.producers()}
        assert 2 not in known
        assert (known[1].sequence, known[99_999].name) == (10, "late")


LONG = "a-desk-with-a-name-that-is-longer-than-the-memory-has-room-for/"


def test_each_subscriber_has_a_line_of_its_own(tmp_path: Path) -> None:
    names = ["short", "\0", "short\0", "é" * 28, LONG + "one", LONG + "two", LONG + "é", "é" * 29]
    with RelayMemory(tmp_path / "memory") as memory:
        slots = [memory.add_subscriber(name, at) for at, name in enumerate(names)]
        assert len(set(slots)) == len(names)
        assert [memory.add_subscriber(name, at) for at, name in enumerate(names)] == slots
    with RelayMemory(tmp_path / "memory") as memory:
        known = memory.subscribers()
        assert [known[remembered_as(name)] for name in names] == list(range(len(names)))
        assert [remembered_as(name) for name in known] == list(known), "it is what it is kept as"
        memory.forget_subscriber(LONG + "one")
        assert len(memory.subscribers()) == len(names) - 1
        assert remembered_as(LONG + "two") in memory.subscribers()


@pytest.mark.parametrize("name", ["reader", LONG + "reader"])
async def test_who_came_back_is_still_known_when_nobody_else_is_waited_for(
    make_config: Callable[..., MeshConfig], tmp_path: Path, name: str
) -> None:
    domain = BY_INSTANCE["market-data"]
    section = make_config(relays={"market_data": {"subscriber_linger_seconds": 0.05}})
    request = pb.SubscribeRequest(subscriber_name=name)
    for _ in range(2):
        hub = Hub(
            domain,
            section.relay(domain.service),
            ring_path=tmp_path / "ring",
            memory_path=tmp_path / "memory",
        )
        with closing(hub):
            hub.subscribe(request)
            await asyncio.sleep(0.1)  # the linger of whoever had not come back is over
            assert hub.pressure.backlog() == 0
            assert list(hub.memory.subscribers()) == [remembered_as(name)]


async def test_one_that_is_sent_away_leaves_its_namesake_its_place(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    domain = BY_INSTANCE["market-data"]
    hub = Hub(
        domain,
        make_config().relay(domain.service),
        ring_path=tmp_path / "ring",
        memory_path=tmp_path / "memory",
    )
    with closing(hub):
        stays, goes = (hub.subscribe(pb.SubscribeRequest(subscriber_name="two")) for _ in "12")
        goes.sent_away = True
        hub.leave(goes)
        assert list(hub.memory.subscribers()) == ["two"]
        stays.sent_away = True
        hub.leave(stays)
        assert hub.memory.subscribers() == {}


@pytest.mark.parametrize("content", [b"something else", bytes(1 << 10)])
def test_a_foreign_file_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "memory"
    path.write_bytes(content)
    with pytest.raises(DataLoss) as caught:
        RelayMemory(path)
    assert caught.value.reason == "RELAY_MEMORY_INVALID"
    assert path.read_bytes() == content


ON_A_FULL_DISK = """
from pathlib import Path
from alphapulse_mesh.relay.memory import RelayMemory
from alphapulse_mesh.runtime.errors import ResourceExhausted

path = HERE / "memory"
try:
    RelayMemory(path)
except ResourceExhausted as error:
    print(error.reason, path.stat().st_size)
"""


def test_a_full_disk_is_an_error_with_a_name(tmp_path: Path) -> None:
    """And the file that was begun is none that a later start would refuse."""
    assert on_small_disk(tmp_path, ON_A_FULL_DISK) == "RELAY_MEMORY_NO_SPACE 0"


async def test_a_foreign_file_in_place_of_the_ring_is_left_alone(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    domain = BY_INSTANCE["system"]
    path = tmp_path / "ring"
    path.write_bytes(b"somebody's work" * 1000)
    with pytest.raises(DataLoss):
        Hub(
            domain,
            make_config().relay(domain.service),
            ring_path=path,
            memory_path=tmp_path / "memory",
        )
    assert path.read_bytes() == b"somebody's work" * 1000
