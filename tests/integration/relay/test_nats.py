"""A domain in JetStream: replay beyond the window, subjects, a server that goes, a lost host."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest
import pytest_asyncio

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client import Publisher, Subscription
from alphapulse_client.transports.grouplog import GroupLog, connect
from alphapulse_layout import MessageType
from alphapulse_mesh.relay.jetstream import stream_names
from alphapulse_testing.frames import instrument, numbers_of, quotes, trades
from alphapulse_testing.nats_server import NatsServer
from alphapulse_testing.relays import serve_relay
from alphapulse_testing.waiting import eventually

from .test_publish import failure_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from alphapulse_client import Batch
    from alphapulse_client.subscription import Start
    from alphapulse_mesh.runtime.config import MeshConfig

PATIENCE = 30.0
DOMAIN = "market_data"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path) as server:
        yield server


class Relays:
    """Relays of one domain, one after the other, on one NATS server."""

    def __init__(self, make_config: Callable[..., MeshConfig], server: NatsServer) -> None:
        self._make_config, self._server = make_config, server

    def config(self, **section: Any) -> MeshConfig:
        wanted = {"transport": "nats", "ring_bytes": 1 << 20, **section}
        return self._make_config(nats={"url": self._server.url}, relays={DOMAIN: wanted})

    def serve(self, directory: Path, **section: Any) -> Any:
        return serve_relay(self.config(**section), "market-data", directory)

    async def log(self, stack: AsyncExitStack) -> tuple[Any, GroupLog, str]:
        """The stream itself: a connection, its groups, its name."""
        connection = await connect(self._server.url, name="test")
        stack.push_async_callback(connection.close)
        name, prefix = stream_names(self.config(), DOMAIN)
        return connection, GroupLog(connection, name, prefix), name


@pytest.fixture
def relays(make_config: Callable[..., MeshConfig], server: NatsServer) -> Relays:
    return Relays(make_config, server)


@pytest_asyncio.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


async def publish(target: str, frames: list[bytes]) -> int:
    async with Publisher(target, DOMAIN, producer_name="test") as publisher:
        await publisher.publish(frames)
        await publisher.flush(PATIENCE)
        return publisher.relay_sequence


async def read(subscription: Subscription, count: int) -> list[Batch]:
    """Batches with the next `count` records."""
    batches: list[Batch] = []
    async with asyncio.timeout(PATIENCE):
        while sum(batch.records for batch in batches) < count:
            batches.append(await anext(subscription))
    return batches


def numbers(batches: list[Batch]) -> list[int]:
    return [number for batch in batches for number in numbers_of(batch)]


async def test_it_goes_back_beyond_the_window_of_the_relay(relays: Relays, tmp_path: Path) -> None:
    async with relays.serve(tmp_path, max_queue_frames=10, circuit_breaker_frames=10) as (
        hub,
        host,
    ):
        await publish(host.target, [trades([number]) for number in range(50)])
        await asyncio.sleep(0.02)
        moment = datetime.now(UTC)
        await asyncio.sleep(0.02)
        await publish(host.target, [trades([number]) for number in range(50, 100)])
        assert hub.window.oldest == 91
        starts: tuple[tuple[Start, int], ...] = (("oldest", 0), (31, 30), (moment, 50))
        for start, first in starts:
            async with Subscription(host.target, DOMAIN, start=start) as subscription:
                assert await subscription.ready(PATIENCE) == first
                assert numbers(await read(subscription, 100 - first)) == list(range(first, 100))
                assert subscription.transport == "nats", subscription.transport_detail


async def test_who_replays_holds_nobody_until_it_comes_to_the_window(
    relays: Relays, tmp_path: Path
) -> None:
    limits = {"max_queue_frames": 10, "circuit_breaker_frames": 10}
    async with relays.serve(tmp_path, **limits) as (hub, host):
        await publish(host.target, [trades([number]) for number in range(100)])
        async with Subscription(
            host.target, DOMAIN, start="oldest", name="replayer", max_batch_bytes=1
        ) as subscription:
            await subscription.ready(PATIENCE)
            await publish(host.target, [trades([number]) for number in range(100, 150)])
            assert numbers(await read(subscription, 150)) == list(range(150))

            def blocks() -> bool:
                return [one.blocking for one in hub.subscribers if one.name == "replayer"] == [True]

            reading = asyncio.ensure_future(anext(subscription))
            await eventually(blocks)
            await publish(host.target, [trades([150])])
            assert numbers_of(await reading) == [150]


async def test_filters_read_only_the_subjects_that_they_need(
    relays: Relays, tmp_path: Path, stack: AsyncExitStack
) -> None:
    async with relays.serve(tmp_path) as (_, host):
        frames = [
            trades([0], instruments=[instrument(1, venue=1)]),
            quotes(3),
            trades([1], instruments=[instrument(1, venue=2)]),
            trades([2, 3], instruments=[instrument(1, venue=1), instrument(1, venue=2)]),
            trades([4], instruments=[instrument(1, venue=1)]),
        ]
        await publish(host.target, frames)
        async with Subscription(
            host.target, DOMAIN, start="oldest", message_types=[MessageType.TRADE], venues=[1]
        ) as subscription:
            batches = await read(subscription, 3)
            assert numbers(batches) == [0, 2, 4]
            assert batches[-1].delivered_sequence == 5
            assert subscription.transport == "nats"
        _, log, name = await relays.log(stack)
        info = await log.jetstream.stream_info(name, subjects_filter=">")
        trade = f"alphapulse.{name.split('_')[1]}.{DOMAIN}.{int(MessageType.TRADE)}"
        subjects = set(info.state.subjects)
        assert {f"{trade}.0", f"{trade}.1", f"{trade}.2"} <= subjects, "0: of several venues"


async def test_a_start_at_no_time_is_refused_before_the_stream_is_asked(
    relays: Relays, tmp_path: Path
) -> None:
    wanted = pb.SubscribeRequest(start=pb.START_POSITION_TIME)
    wanted.start_time.nanos = -5
    async with relays.serve(tmp_path) as (hub, host), grpc.aio.insecure_channel(host.target) as to:
        call: Any = to.stream_stream(
            f"/{hub.domain.grpc_service}/Attach",
            request_serializer=pb.AttachRequest.SerializeToString,
            response_deserializer=pb.AttachResponse.FromString,
        )()
        await call.write(pb.AttachRequest(subscribe=wanted, transports=["nats"]))
        assert (await failure_of(call)).reason == "START_TIME_INVALID"


async def test_without_a_server_it_is_grpc_and_comes_back(
    relays: Relays, server: NatsServer, tmp_path: Path
) -> None:
    """The server dies under a feed and comes back with another one: nothing is lost or twice."""
    async with relays.serve(tmp_path) as (_, host):
        subscription = Subscription(host.target, DOMAIN, start="oldest")
        async with subscription, Publisher(host.target, DOMAIN, producer_name="test") as publisher:
            await publisher.publish([trades([number]) for number in range(10)])
            assert numbers(await read(subscription, 10)) == list(range(10))
            assert subscription.transport == "nats"
            server.kill()
            await publisher.publish([trades([number]) for number in range(10, 20)])
            await publisher.flush(PATIENCE)
            assert numbers(await read(subscription, 10)) == list(range(10, 20))
            assert subscription.transport == "grpc"
            assert server.url in subscription.transport_detail
            server.start()

            async def offered() -> bool:
                async with Subscription(host.target, DOMAIN, start="oldest") as another:
                    await another.ready(PATIENCE)
                    return another.transport == "nats"

            await eventually(offered)
            await publisher.publish([trades([20])])
            assert numbers(await read(subscription, 1)) == [20]
        async with Subscription(host.target, DOMAIN, start="oldest") as later:
            batches = await read(later, 21)
            assert numbers(batches) == list(range(21)), "the stream has all of it, once"
            assert [gap for batch in batches for gap in batch.gaps] == []
            assert later.transport == "nats"


async def test_a_relay_that_starts_without_a_server_serves_over_grpc(
    relays: Relays, server: NatsServer, tmp_path: Path
) -> None:
    server.kill()
    async with relays.serve(tmp_path) as (_, host):
        await publish(host.target, [trades([1])])
        async with Subscription(host.target, DOMAIN, start="oldest") as subscription:
            assert numbers(await read(subscription, 1)) == [1]
            assert subscription.transport == "grpc"
            assert server.url in subscription.transport_detail


async def test_who_has_no_token_gets_the_feed_over_grpc(
    make_config: Callable[..., MeshConfig], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token is in the environment of those who may read, and nowhere else."""
    token = "not-for-everybody"
    with NatsServer(tmp_path, token=token) as server:
        config = make_config(
            nats={"url": server.url, "token": token},
            relays={DOMAIN: {"transport": "nats", "ring_bytes": 1 << 20}},
        )
        async with serve_relay(config, "market-data", tmp_path) as (hub, host):
            await publish(host.target, [trades([1])])
            for mine, carrier in (("", "grpc"), ("a wrong one", "grpc"), (token, "nats")):
                monkeypatch.setenv("ALPHAPULSE_NATS__TOKEN", mine)
                async with Subscription(host.target, DOMAIN, start="oldest") as subscription:
                    assert numbers(await read(subscription, 1)) == [1]
                    assert subscription.transport == carrier, subscription.transport_detail
                    assert token not in subscription.transport_detail
            await eventually(lambda: {one.name for one in hub.subscribers} == {"jetstream"})


async def test_what_is_acknowledged_before_an_orderly_end_is_in_the_stream(
    relays: Relays, tmp_path: Path, stack: AsyncExitStack
) -> None:
    async with relays.serve(tmp_path) as (_, host):
        newest = await publish(host.target, [trades(range(100)) for _ in range(500)])
    _, log, _ = await relays.log(stack)
    found = await log.newest()
    assert found is not None
    assert found.index.last == newest


async def test_after_the_loss_of_a_host_no_sequence_is_used_twice(
    relays: Relays, tmp_path: Path
) -> None:
    """A relay with an empty disk goes on behind the stream, and readers are told of the rest."""
    first, second = tmp_path / "one", tmp_path / "two"
    first.mkdir()
    second.mkdir()
    async with relays.serve(first) as (hub, host):
        epoch = hub.window.epoch
        await publish(host.target, [trades([number]) for number in range(10)])
        async with Subscription(host.target, DOMAIN, start="oldest") as subscription:
            [*_, seen] = await read(subscription, 10)
    async with relays.serve(second, max_queue_frames=1000, circuit_breaker_frames=1000) as (
        hub,
        host,
    ):
        assert hub.window.epoch == epoch, "tokens stay good"
        assert await publish(host.target, [trades([10])]) == 1011
        async with Subscription(host.target, DOMAIN, resume=seen.resume_token) as subscription:
            batches = await read(subscription, 1)
            assert numbers(batches) == [10]
            gaps = [gap for batch in batches for gap in batch.gaps]
            assert [(gap.first, gap.last, gap.reason) for gap in gaps] == [
                (11, 1010, "RELAY_RESTARTED")
            ]
            assert subscription.transport == "nats", subscription.transport_detail


async def test_what_a_dead_writer_left_of_a_group_is_passed_over(
    relays: Relays, tmp_path: Path, stack: AsyncExitStack
) -> None:
    """Messages without an index: the relay writes on behind them, readers do not count them."""
    _, log, _ = await relays.log(stack)
    prefix = stream_names(relays.config(), DOMAIN)[1]
    async with (
        relays.serve(tmp_path) as (_, host),
        Subscription(host.target, DOMAIN) as live,
        Subscription(host.target, DOMAIN, message_types=[MessageType.TRADE]) as filtered,
    ):
        for one in (live, filtered):
            await one.ready(PATIENCE)
        for number in range(5):
            await publish(host.target, [trades([number]), quotes(1)])
            await log.jetstream.publish(f"{prefix}.{int(MessageType.TRADE)}.1", b"half of a group")
        for one in (live, filtered, Subscription(host.target, DOMAIN, start="oldest")):
            batches = await read(one, 10 if one is not filtered else 5)
            assert numbers(batches) == list(range(5))
            assert [gap for batch in batches for gap in batch.gaps] == []
            # where the dead writer came between the relay and its own next message, readers hear
            # that nothing was written just now, and go over to gRPC: whole either way
            if one.transport != "nats":
                assert "wrong last sequence" in one.transport_detail
            await one.close()


async def test_what_is_no_relays_in_the_stream_costs_no_frame(
    relays: Relays, tmp_path: Path, stack: AsyncExitStack
) -> None:
    """Bytes of somebody with the right to write: the feed goes on over gRPC, whole."""
    _, log, _ = await relays.log(stack)
    subject = stream_names(relays.config(), DOMAIN)[1] + ".index"
    async with (
        relays.serve(tmp_path) as (_, host),
        Subscription(host.target, DOMAIN, start="oldest") as subscription,
    ):
        await publish(host.target, [trades([number]) for number in range(10)])
        batches = await read(subscription, 10)
        assert subscription.transport == "nats"
        await log.jetstream.publish(subject, b"no index")
        await publish(host.target, [trades([number]) for number in range(10, 20)])
        batches += await read(subscription, 10)
        assert numbers(batches) == list(range(20))
        assert [gap for batch in batches for gap in batch.gaps] == []
        assert subscription.transport == "grpc"
        assert "not a relay's" in subscription.transport_detail


async def test_a_stream_of_another_past_is_left_alone(
    relays: Relays, tmp_path: Path, stack: AsyncExitStack
) -> None:
    """Somebody else's groups under our name: the relay does not write behind them."""
    async with relays.serve(tmp_path) as (_, host):
        await publish(host.target, [trades([1])])
        connection, log, name = await relays.log(stack)

        async def written() -> bool:
            return await log.newest() is not None

        await eventually(written)
        found = await log.newest()
        assert found is not None
        foreign = found.index._replace(epoch=1, first=2, last=9, frames=0, parts=())
        subject = stream_names(relays.config(), DOMAIN)[1] + ".index"
        await log.jetstream.publish(subject, foreign.encode())
        before = (await log.jetstream.stream_info(name)).state.last_seq
        await publish(host.target, [trades([2])])

        async def told() -> bool:
            async with Subscription(host.target, DOMAIN, start=1) as subscription:
                assert numbers(await read(subscription, 2)) == [1, 2]
                assert subscription.transport == "grpc"
                return "another past" in subscription.transport_detail

        await eventually(told)
        assert (await log.jetstream.stream_info(name)).state.last_seq == before
        assert connection.is_connected
