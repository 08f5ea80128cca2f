"""Leaf relays: several hosts share a domain; links that break, freeze, lose and delay."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio

from alphapulse_client import Frame, Mesh, Publisher, Subscription
from alphapulse_client.schemas import RecordSchema
from alphapulse_mesh.runtime.errors import AlreadyExists, ConfigError
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.custom_types import NOTE, SENTIMENT, sentiment_frame, sentiments
from alphapulse_testing.frames import numbers_of, trades
from alphapulse_testing.link import Link
from alphapulse_testing.nats_server import NatsServer
from alphapulse_testing.relays import RelayProcess, serve_relay
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from alphapulse_client import Batch, Gap
    from alphapulse_mesh.relay.hub import Hub
    from alphapulse_mesh.runtime.config import MeshConfig

PATIENCE = 60.0
DOMAIN = "market_data"


class Hosts:
    """An upstream relay and leaves of it, each with files of its own."""

    def __init__(
        self, make_config: Callable[..., MeshConfig], directory: Path, stack: AsyncExitStack
    ) -> None:
        self.make_config, self.directory, self.stack = make_config, directory, stack
        self._count = 0

    def config(self, **section: Any) -> MeshConfig:
        sections = {"nats": section.pop("nats")} if "nats" in section else {}
        return self.make_config(
            relays={DOMAIN: {"ring_bytes": 1 << 20, **section}},
            server={"drain_seconds": 0.5},
            **sections,
        )

    def place(self) -> Path:
        self._count += 1
        place = self.directory / f"host-{self._count}"
        place.mkdir()
        return place

    async def relay(self, place: Path | None = None, **section: Any) -> tuple[Hub, str]:
        """A relay beside the test; a leaf where `upstream` is set."""
        served = serve_relay(self.config(**section), "market-data", place or self.place())
        hub, host = await self.stack.enter_async_context(served)
        return hub, host.target

    async def process(self, **section: Any) -> RelayProcess:
        """A relay that can be killed."""
        place = self.place()
        config = self.make_config(
            mesh={"run_dir": place / "run", "data_dir": place / "data"},
            relays={DOMAIN: {"ring_bytes": 1 << 20, **section}},
        )
        return await self.stack.enter_async_context(
            RelayProcess(config, Service.RELAY_MARKET_DATA, place)
        )

    async def link(self, target: str, **options: Any) -> Link:
        return await self.stack.enter_async_context(Link(target, **options))

    def publisher(self, target: str, **options: Any) -> Publisher:
        publisher = Publisher(target, DOMAIN, producer_name="test", **options)
        self.stack.push_async_callback(publisher.close, flush=None)
        return publisher

    def subscription(self, target: str, **options: Any) -> Subscription:
        subscription = Subscription(target, DOMAIN, **options)
        self.stack.push_async_callback(subscription.close)
        return subscription


@pytest_asyncio.fixture
async def hosts(make_config: Callable[..., MeshConfig], tmp_path: Path) -> AsyncIterator[Hosts]:
    async with AsyncExitStack() as stack:
        yield Hosts(make_config, tmp_path, stack)


async def read(subscription: Subscription, records: int) -> list[Batch]:
    """Batches with the next `records` records."""
    batches: list[Batch] = []
    async with asyncio.timeout(PATIENCE):
        while sum(batch.records for batch in batches) < records:
            batches.append(await anext(subscription))
    return batches


def numbers(batches: list[Batch]) -> list[int]:
    return [number for batch in batches for number in numbers_of(batch)]


def gaps(batches: list[Batch]) -> list[Gap]:
    return [gap for batch in batches for gap in batch.gaps]


def told(batches: list[Batch]) -> list[int]:
    """Every sequence that was delivered or said to be missing."""
    found = [frame.sequence for batch in batches for frame in batch]
    for gap in gaps(batches):
        found += range(gap.first, gap.last + 1)
    return sorted(found)


async def publish(publisher: Publisher, first: int, count: int) -> None:
    await publisher.publish([trades([number]) for number in range(first, first + count)])
    await publisher.flush(PATIENCE)


async def acknowledged(publisher: Publisher, due: int) -> None:
    await eventually(lambda: publisher.acknowledged >= due, seconds=PATIENCE)


async def come_to(hub: Hub, sequence: int) -> None:
    await eventually(lambda: hub.window.head >= sequence, seconds=PATIENCE)


@pytest.mark.parametrize("carrier", ["grpc", "nats"])
async def test_a_leaf_gives_the_same_frames_under_the_same_sequences(
    hosts: Hosts, tmp_path: Path, carrier: str
) -> None:
    section: dict[str, Any] = {}
    if carrier == "nats":
        server = hosts.stack.enter_context(NatsServer(tmp_path))
        section = {"transport": "nats", "nats": {"url": server.url}}
    upstream, above = await hosts.relay(**section)
    publisher = hosts.publisher(above)
    await publish(publisher, 0, 10)
    leaf, below = await hosts.relay(upstream=above, transport="shm")
    assert leaf.window.epoch == upstream.window.epoch
    await publish(publisher, 10, 10)
    await come_to(leaf, 20)
    (reading,) = (one for one in upstream.subscribers if one.name.startswith("leaf"))
    assert reading.seated is (carrier == "nats"), "over what carries the domain there"
    first = hosts.subscription(above, start="oldest", transports=())
    second = hosts.subscription(below, start="oldest")
    frames = [
        [bytes(frame) for batch in await read(one, 20) for frame in batch]
        for one in (first, second)
    ]
    assert frames[0] == frames[1]
    assert second.transport == "shm"


async def test_what_is_published_at_a_leaf_is_the_upstreams(hosts: Hosts) -> None:
    upstream, above = await hosts.relay()
    _, below = await hosts.relay(upstream=above)
    reader = hosts.subscription(below)
    await reader.ready(PATIENCE)
    rejected: list[str] = []
    publisher = hosts.publisher(below, on_rejection=lambda one: rejected.append(one.reason))
    await publisher.publish([trades([1]), b"no frame", trades([2])])
    await publisher.flush(PATIENCE)
    assert publisher.relay_sequence == upstream.window.head == 2
    assert rejected == ["FRAME_BAD_IDENTIFIER"], "the upstream says so, through the leaf"
    assert numbers(await read(reader, 2)) == [1, 2]


async def test_a_token_is_good_at_each_relay_of_the_domain(hosts: Hosts) -> None:
    _, above = await hosts.relay()
    leaf, below = await hosts.relay(upstream=above)
    await publish(hosts.publisher(above), 0, 20)
    await come_to(leaf, 20)
    async with Subscription(above, DOMAIN, start="oldest", max_batch_bytes=1) as one:
        batch = await anext(one)
    seen = numbers_of(batch)
    async with Subscription(below, DOMAIN, resume=batch.resume_token, max_batch_bytes=1) as two:
        batch = await anext(two)
    seen += numbers_of(batch)
    async with Subscription(above, DOMAIN, resume=batch.resume_token) as three:
        seen += numbers(await read(three, 20 - len(seen)))
    assert seen == list(range(20))


@pytest.mark.parametrize("how", ["cut", "freeze"])
async def test_a_link_that_breaks_under_load_loses_nothing(hosts: Hosts, how: str) -> None:
    _, above = await hosts.relay(subscriber_linger_seconds=PATIENCE, subscriber_lease_seconds=60.0)
    link = await hosts.link(above)
    _, below = await hosts.relay(upstream=link.target)
    reader = hosts.subscription(below, name="reader")
    await reader.ready(PATIENCE)
    publisher = hosts.publisher(above, max_unacked=64)
    total, size = 3000, 50  # 10 MB: ten times the window

    async def produce() -> None:
        for number in range(0, total * size, size):
            await publisher.publish(trades(range(number, number + size)))
        await publisher.flush(PATIENCE)

    async def break_it() -> None:
        for due in (total // 4, total // 2):
            await eventually(lambda: publisher.acknowledged >= due, seconds=PATIENCE)  # noqa: B023  # awaited
            getattr(link, how)()
            await asyncio.sleep(0.5)
            link.heal()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(produce())
        tasks.create_task(break_it())
        reading = tasks.create_task(read(reader, total * size))
    batches = reading.result()
    assert numbers(batches) == list(range(total * size))
    assert gaps(batches) == []
    assert link.connections >= (3 if how == "cut" else 1)


async def test_a_link_with_loss_and_delay_keeps_order_and_loses_nothing(hosts: Hosts) -> None:
    _, above = await hosts.relay(subscriber_lease_seconds=60.0)
    link = await hosts.link(above, delay=0.005, loss=0.05)
    _, below = await hosts.relay(upstream=link.target)
    reader = hosts.subscription(below)
    await reader.ready(PATIENCE)
    publisher = hosts.publisher(above, max_unacked=256)
    frames = [trades(range(at, at + 50)) for at in range(0, 20_000, 50)]
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(publisher.publish(frames))
        reading = tasks.create_task(read(reader, 20_000))
    batches = reading.result()
    assert numbers(batches) == list(range(20_000))
    assert gaps(batches) == []
    assert link.lost > 0


async def test_a_leaf_that_was_away_too_long_tells_what_is_missing(hosts: Hosts) -> None:
    limits: dict[str, Any] = {"max_queue_frames": 50, "circuit_breaker_frames": 50}
    _, above = await hosts.relay(subscriber_linger_seconds=0.0, **limits)
    link = await hosts.link(above)
    leaf, below = await hosts.relay(upstream=link.target)
    readers = [
        hosts.subscription(below),
        hosts.subscription(below, max_batch_bytes=1),
    ]
    for reader in readers:
        await reader.ready(PATIENCE)
    publisher = hosts.publisher(above)
    await publish(publisher, 0, 10)
    await come_to(leaf, 10)
    link.cut()
    await publish(publisher, 10, 200)
    link.heal()
    await come_to(leaf, 210)
    readers.append(hosts.subscription(below, start="oldest"))
    for reader in readers:
        batches = await read(reader, 60)
        assert told(batches) == list(range(1, 211))
        assert [(gap.first, gap.last, gap.reason) for gap in gaps(batches)] == [
            (11, 160, "WINDOW_EXPIRED")
        ]
    status = hosts.subscription(below, start="snapshot")
    image = await anext(status)
    assert image.snapshot_sequence == 210


@pytest.mark.parametrize("transport", ["grpc", "shm"])
async def test_the_gaps_of_an_upstream_that_is_killed_are_the_leafs(
    hosts: Hosts, transport: str
) -> None:
    """Whatever the upstream says is missing, the leaf says too, and nothing else."""
    upstream = await hosts.process(ring_bytes=16 << 20)
    leaf, below = await hosts.relay(
        upstream=upstream.target, ring_bytes=16 << 20, transport=transport
    )
    reader = hosts.subscription(below)
    await reader.ready(PATIENCE)
    publisher = hosts.publisher(upstream.target, max_unacked=64)
    total = 3000

    async def produce() -> None:
        for number in range(total):
            await publisher.publish(trades([number]))
        await publisher.flush(PATIENCE)

    async def kill() -> None:
        for due in (total // 3, total * 2 // 3):
            await eventually(lambda: publisher.acknowledged >= due, seconds=PATIENCE)  # noqa: B023  # awaited
            await upstream.kill()
            await upstream.start()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(produce())
        tasks.create_task(kill())
        reading = tasks.create_task(read(reader, total))
    batches = reading.result()
    assert numbers(batches) == list(range(total)), "each once, in order"
    above = await read(hosts.subscription(upstream.target, start="oldest"), total)
    assert gaps(batches) == gaps(above)
    assert told(batches) == told(above)
    assert leaf.window.head >= total


async def test_a_leaf_goes_on_where_it_was(hosts: Hosts) -> None:
    _, above = await hosts.relay()
    publisher = hosts.publisher(above)
    leaf = await hosts.process(upstream=above)
    reader = hosts.subscription(leaf.target, start="oldest")
    await publish(publisher, 0, 10)
    batches = await read(reader, 10)
    await leaf.kill()
    await publish(publisher, 10, 10)
    await leaf.start()
    await publish(publisher, 20, 10)
    batches += await read(reader, 20)
    assert numbers(batches) == list(range(30))
    assert gaps(batches) == []


async def test_a_leaf_of_an_upstream_that_lost_its_past_begins_again(hosts: Hosts) -> None:
    place, leaf_place = hosts.place(), hosts.place()
    async with AsyncExitStack() as stack:
        served = serve_relay(hosts.config(), "market-data", place)
        _, host = await stack.enter_async_context(served)
        await publish(hosts.publisher(host.target), 0, 10)
        served = serve_relay(hosts.config(upstream=host.target), "market-data", leaf_place)
        leaf, _ = await stack.enter_async_context(served)
        await come_to(leaf, 10)
        before = leaf.window.epoch
    for file in place.iterdir():
        file.unlink()
    upstream, above = await hosts.relay(place)
    publisher = hosts.publisher(above)
    await publish(publisher, 100, 5)
    leaf, below = await hosts.relay(leaf_place, upstream=above)
    assert leaf.window.epoch == upstream.window.epoch != before
    batches = await read(hosts.subscription(below, start="oldest"), 5)
    assert numbers(batches) == list(range(100, 105))
    assert told(batches) == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("transport", ["grpc", "shm"])
async def test_a_frame_that_a_leaf_cannot_take_is_a_gap_there(hosts: Hosts, transport: str) -> None:
    _, above = await hosts.relay(ring_bytes=16 << 20)
    leaf, below = await hosts.relay(upstream=above, transport=transport)
    reader = hosts.subscription(below)
    await reader.ready(PATIENCE)
    publisher = hosts.publisher(above)
    big = trades(range(10_000))
    assert len(big) > leaf.max_frame
    await publisher.publish([trades([1]), big, trades([2]), big, big, trades([3])])
    await publisher.flush(PATIENCE)
    batches = await read(reader, 3)
    assert numbers(batches) == [1, 2, 3]
    assert told(batches) == [1, 2, 3, 4, 5, 6]
    assert {gap.reason for gap in gaps(batches)} == {"FRAME_REFUSED"}
    assert leaf.rejected == {"FRAME_TOO_LARGE": 3}


async def test_a_frame_that_only_the_leaf_checks_is_a_gap_there(hosts: Hosts) -> None:
    _, above = await hosts.relay(validate_checksums=False)
    leaf, below = await hosts.relay(upstream=above)
    reader = hosts.subscription(below)
    await reader.ready(PATIENCE)
    good = trades([9])
    at = Frame.parse(good).info.header_offset + 12  # of the checksum
    bad = good[:at] + bytes(4) + good[at + 4 :]
    publisher = hosts.publisher(above)
    await publisher.publish([trades([1]), bad, trades([2]), trades([3]), bad, bad, trades([4])])
    await publisher.flush(PATIENCE)
    batches = await read(reader, 4)
    assert numbers(batches) == [1, 2, 3, 4]
    assert told(batches) == [1, 2, 3, 4, 5, 6, 7]
    assert {gap.reason for gap in gaps(batches)} == {"FRAME_REFUSED"}
    assert leaf.rejected == {"FRAME_BAD_CHECKSUM": 3}
    await publish(publisher, 5, 1)
    assert numbers(await read(reader, 1)) == [5], "it goes on"


def test_a_leaf_writes_no_stream(make_config: Callable[..., MeshConfig]) -> None:
    with pytest.raises(ConfigError, match="a leaf"):
        make_config(relays={DOMAIN: {"upstream": "localhost:1", "transport": "nats"}})


async def test_types_registered_at_either_are_known_at_both(hosts: Hosts) -> None:
    upstream, target = await hosts.relay()
    leaf, local = await hosts.relay(upstream=target)
    async with Mesh.connect(target) as there, Mesh.connect(local) as here:
        await there.register_schema(DOMAIN, 200, SENTIMENT)
        await eventually(lambda: leaf.schemas.types == bytes([200]), seconds=PATIENCE)
        await here.register_schema(DOMAIN, 201, NOTE)
        assert upstream.schemas.types == leaf.schemas.types == bytes([200, 201])
        with pytest.raises(AlreadyExists) as taken:
            await here.register_schema(DOMAIN, 200, NOTE)
        assert taken.value.reason == "SCHEMA_CONFLICT"

        feed = hosts.subscription(local, message_types=[200], predicate="score > 0.5")
        await feed.ready(PATIENCE)
        publisher = hosts.publisher(local)
        await publisher.publish(sentiment_frame(sentiments([0.1, 0.9])))
        [batch] = await read(feed, 1)
        assert RecordSchema(200, SENTIMENT).rows(batch.frames[0])["score"].tolist() == [0.9]
