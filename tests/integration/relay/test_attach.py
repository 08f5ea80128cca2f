"""Reading a relay's ring: when it is offered, when it is not, and what then happens by itself."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest

import alphapulse_core as core
from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client import (
    FailedPrecondition,
    Frame,
    InvalidArgument,
    OutOfRange,
    Publisher,
    Subscription,
)
from alphapulse_client._tokens import make_token
from alphapulse_client.system_frames import Sender, read_heartbeat
from alphapulse_client.transports import connecting
from alphapulse_client.transports.shm import boot_id
from alphapulse_mesh.relay.metrics import lags_of, traffic_of
from alphapulse_mesh.runtime.agent import AgentStatus
from alphapulse_mesh.runtime.system.reports import heartbeat
from alphapulse_testing.frames import numbers_of, trades
from alphapulse_testing.relays import serve_relay
from alphapulse_testing.waiting import eventually

from .test_publish import failure_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from alphapulse_mesh.relay.hub import Hub
    from alphapulse_mesh.runtime.config import MeshConfig

PATIENCE = 30.0
Serve = Any


@pytest.fixture
def serve(make_config: Callable[..., MeshConfig], tmp_path: Path) -> Serve:
    """`async with serve(...) as (hub, target)`: a relay with its domain in shared memory."""

    @asynccontextmanager
    async def start(**section: Any) -> AsyncIterator[tuple[Hub, str]]:
        config = make_config(
            relays={"market_data": {"transport": "shm", "ring_bytes": 1 << 20, **section}}
        )
        async with serve_relay(config, "market-data", tmp_path) as (hub, host):
            yield hub, host.target

    return start


async def publish(target: str, numbers: range) -> None:
    async with Publisher(target, "market_data", producer_name="test") as publisher:
        await publisher.publish([trades([number]) for number in numbers])
        await publisher.flush(PATIENCE)


async def carried(target: str, **options: Any) -> tuple[str, str, list[int]]:
    """Transport, what was said of it, and the ten numbers that were read."""
    numbers: list[int] = []
    async with Subscription(target, "market_data", start="oldest", **options) as subscription:
        async with asyncio.timeout(PATIENCE):
            while len(numbers) < 10:
                numbers += numbers_of(await anext(subscription))
        return subscription.transport, subscription.transport_detail, numbers


async def test_who_shares_the_host_reads_the_ring(serve: Serve) -> None:
    async with serve() as (_, target):
        await publish(target, range(10))
        assert await carried(target) == ("shm", "", list(range(10)))


async def test_of_another_host_it_is_grpc(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "boot_id", lambda: "of another host")
    async with serve() as (_, target):
        await publish(target, range(10))
        assert await carried(target) == ("grpc", "the ring is on another host", list(range(10)))


async def test_where_the_file_cannot_be_opened_it_is_grpc(serve: Serve) -> None:
    async with serve() as (hub, target):
        await publish(target, range(10))
        ring = Path(hub.window.ring.path)
        hidden = ring.with_name(ring.name + ".hidden")
        ring.rename(hidden)
        try:
            transport, detail, numbers = await carried(target)
        finally:
            hidden.rename(ring)
        assert (transport, numbers) == ("grpc", list(range(10)))
        assert "not over shared memory" in detail
        assert str(ring) in detail
        assert not [one for one in hub.subscribers if one.seated], "the seat was given back"


async def test_when_every_readers_slot_is_taken_it_is_grpc(serve: Serve) -> None:
    """Whoever comes when the ring has no room for another reader, and whoever comes after."""
    async with serve() as (hub, target):
        await publish(target, range(10))
        with ExitStack() as stack:
            ring = stack.enter_context(closing(core.Ring.attach(hub.window.ring.path)))
            with suppress(core.RingTableFull):
                while True:
                    stack.enter_context(closing(ring.reader(start="oldest")))
            transport, detail, numbers = await carried(target)
            assert (transport, numbers) == ("grpc", list(range(10)))
            assert "not over shared memory" in detail
            assert not [one for one in hub.subscribers if one.seated], "the seat was given back"
        assert (await carried(target))[0] == "shm", "there is room again"


async def test_another_ring_under_the_same_name_is_not_read(serve: Serve) -> None:
    async with serve() as (hub, target):
        await publish(target, range(10))
        ring = Path(hub.window.ring.path)
        hidden = ring.with_name(ring.name + ".hidden")
        ring.rename(hidden)
        with closing(core.Ring.open_or_create(str(ring), 1 << 20, producers="single")):
            try:
                transport, detail, numbers = await carried(target)
            finally:
                hidden.rename(ring)
        assert (transport, numbers) == ("grpc", list(range(10)))
        assert "another ring" in detail


async def test_a_token_of_another_time_is_refused_over_the_ring_too(serve: Serve) -> None:
    async with serve() as (hub, target):
        await publish(target, range(10))
        foreign = make_token(hub.window.epoch + 1, 5)
        async with Subscription(target, "market_data", resume=foreign) as subscription:
            with pytest.raises(FailedPrecondition) as caught:
                await subscription.ready(PATIENCE)
        assert caught.value.reason == "TOKEN_FOREIGN"
        own = make_token(hub.window.epoch, 5)
        async with Subscription(target, "market_data", resume=own) as subscription:
            assert numbers_of(await anext(subscription)) == [5, 6, 7, 8, 9]
            assert subscription.transport == "shm"


async def test_what_only_the_relay_can_do_is_grpc(serve: Serve) -> None:
    async with serve() as (_, target):
        await publish(target, range(10))
        assert (await carried(target, policy="conflate"))[0] == "grpc"
        assert (await carried(target, transports=()))[0] == "grpc", "as the client wishes"


async def test_a_domain_of_grpc_says_so(serve: Serve) -> None:
    async with serve(transport="grpc") as (_, target):
        await publish(target, range(10))
        assert await carried(target) == (
            "grpc",
            "the domain is carried by gRPC",
            list(range(10)),
        )


async def test_a_token_of_the_ring_is_good_over_grpc_and_back(serve: Serve) -> None:
    async with serve() as (_, target):
        await publish(target, range(20))
        seen: list[int] = []
        token = b""
        for transports in (("shm",), (), ("shm",)):
            async with Subscription(
                target,
                "market_data",
                max_batch_bytes=1,
                transports=transports,
                **({"resume": token} if token else {"start": "oldest"}),
            ) as subscription:
                for _ in range(3):
                    batch = await anext(subscription)
                    seen += numbers_of(batch)
                    token = batch.resume_token
                assert subscription.transport == (transports or ("grpc",))[0]
        assert seen == list(range(len(seen)))
        assert len(seen) >= 9


async def test_a_seat_is_refused_as_a_subscription_is(serve: Serve) -> None:
    async with serve() as (_, target):
        with pytest.raises(InvalidArgument, match="predicate"):
            await carried(target, predicate="price >>> 3")
        async with Subscription(target, "market_data", start=1000) as subscription:
            with pytest.raises(OutOfRange):
                await anext(subscription)


async def test_bytes_that_ask_for_no_seat_are_refused_with_a_reason(serve: Serve) -> None:
    async with serve() as (hub, target), grpc.aio.insecure_channel(target) as channel:
        call: Any = channel.stream_stream(f"/{hub.domain.grpc_service}/Attach")()
        await call.write(b"\xff\xff\xff")
        assert (await failure_of(call)).reason == "REQUEST_MALFORMED"


async def test_what_a_seat_claims_of_itself_stays_within_what_a_heartbeat_can_say(
    serve: Serve,
) -> None:
    most = (1 << 64) - 1
    claim = pb.AttachRequest(delivered_sequence=most, lost_frames=most, delivered_records=most)
    async with serve() as (hub, target), grpc.aio.insecure_channel(target) as channel:
        await publish(target, range(10))
        attach: Any = channel.stream_stream(
            f"/{hub.domain.grpc_service}/Attach",
            request_serializer=pb.AttachRequest.SerializeToString,
            response_deserializer=pb.AttachResponse.FromString,
        )
        for name in ("one", "two"):
            call = attach()
            wanted = pb.SubscribeRequest(subscriber_name=name)
            await call.write(
                pb.AttachRequest(subscribe=wanted, transports=["shm"], boot_id=boot_id())
            )
            assert (await call.read()).transport == "shm"
            await call.write(claim)
        await eventually(
            lambda: [one.delivered_records for one in hub.subscribers] == [most, most],
            seconds=PATIENCE,
        )
        assert {one.position for one in hub.subscribers} == {10}, "no further than the relay is"
        beat = heartbeat(
            Sender("relay-market-data"),
            AgentStatus("relay-market-data", "1"),
            started_ns=0,
            interval=1.0,
            traffic=traffic_of(hub),
            lags=lags_of(hub),
        )
        read = read_heartbeat(Frame.parse(beat))
        assert read is not None
        assert read.records_out == most
        assert {(lag.lag_frames, lag.lost_frames) for lag in read.lags} == {(0, most)}


async def test_status_shows_who_reads_the_ring(serve: Serve) -> None:
    async with serve() as (hub, target):
        async with Subscription(target, "market_data", name="reader") as subscription:
            await subscription.ready(PATIENCE)
            await publish(target, range(10))
            async with asyncio.timeout(PATIENCE):
                while len(numbers_of(await anext(subscription))) == 0:
                    pass
                waiting = asyncio.ensure_future(anext(subscription))
                (seat,) = hub.subscribers
                while seat.position < 10:  # noqa: ASYNC110 - told by the network
                    await asyncio.sleep(0.01)
            assert (seat.name, seat.lag, seat.delivered_records) == ("reader", 0, 10)
            await subscription.close()
            with pytest.raises(StopAsyncIteration):
                await waiting
        async with asyncio.timeout(PATIENCE):
            while hub.subscribers:  # noqa: ASYNC110 - told by the network
                await asyncio.sleep(0.01)


async def test_closing_does_not_wait_for_a_relay_that_says_nothing() -> None:
    gone = asyncio.Event()
    accepted: list[asyncio.StreamWriter] = []  # gRPC may knock more than once

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted.append(writer)
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    host, port = server.sockets[0].getsockname()[:2]
    subscription = Subscription(f"{host}:{port}", "market_data")
    waiting = asyncio.ensure_future(anext(subscription))
    await eventually(lambda: bool(accepted), seconds=PATIENCE)
    async with asyncio.timeout(PATIENCE):
        await subscription.close()
        with pytest.raises(StopAsyncIteration):
            await waiting
        await gone.wait()
    server.close()
    for writer in accepted:
        writer.close()
        await writer.wait_closed()
