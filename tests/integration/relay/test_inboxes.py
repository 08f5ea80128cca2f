"""Producers that write into memory: who may, what is refused, what the relay knows, and crashes."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client import new_context
from alphapulse_client.errors import from_rpc_error
from alphapulse_client.transports.shm import boot_id
from alphapulse_mesh.relay.domains import BY_INSTANCE
from alphapulse_mesh.relay.metrics import HubCollector
from alphapulse_mesh.relay.tracing import PublishTracer
from alphapulse_mesh.runtime import attributes
from alphapulse_mesh.runtime.edges import RELAY_PUBLISH
from alphapulse_mesh.runtime.telemetry import Telemetry
from alphapulse_testing.frames import numbers_of, quotes, trades
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from alphapulse_client import Publisher, Subscription
    from alphapulse_client.frames import Frame
    from alphapulse_mesh.runtime.config import MeshConfig

    from .conftest import RawPublish, Relay, StartRelay

PATIENCE = 30.0
_WORDS_AT = 4096

_PRODUCER = """
import asyncio, sys
from alphapulse_client import Publisher
from alphapulse_testing.frames import trades

async def main():
    publisher = Publisher(sys.argv[1], "market_data", producer_name="victim", producer_id=7)
    await publisher.ready(30)
    print(publisher.transport, publisher.resumed_sequence, flush=True)
    number = publisher.resumed_sequence
    while True:
        await publisher.publish(trades([number]))
        number += 1

asyncio.run(main())
"""


async def shm(start_relay: StartRelay, **settings: Any) -> Relay:
    relay: Relay = await start_relay(transport="shm", **settings)
    return relay


async def publish(publisher: Publisher, numbers: range) -> None:
    await publisher.publish([trades([number]) for number in numbers])
    await publisher.flush(PATIENCE)


async def read(subscription: Subscription, count: int) -> list[Frame]:
    frames: list[Frame] = []
    async with asyncio.timeout(PATIENCE):
        while len(frames) < count:
            batch = await anext(subscription)
            assert not batch.gaps
            frames += batch.frames
    return frames


async def named(stream: RawPublish, producer_id: int) -> pb.PublishResponse:
    """Greeted as a producer that can write into memory."""
    await stream.call.write(
        pb.PublishRequest(producer_id=producer_id, transports=["shm"], boot_id=boot_id())
    )
    hello: pb.PublishResponse = await stream.call.read()
    return hello


async def test_both_ways_share_one_sequence_and_every_subscriber(start_relay: StartRelay) -> None:
    relay = await shm(start_relay)
    near, far = relay.publisher(), relay.publisher(transports=())
    readers = [relay.subscription(), relay.subscription(transports=())]
    for reader in readers:
        await reader.ready(PATIENCE)
    for start in range(0, 200, 20):
        await asyncio.gather(
            publish(near, range(start, start + 20)), publish(far, range(1000 + start, 1020 + start))
        )
    assert (near.transport, far.transport) == ("shm", "grpc")
    for reader, transport in zip(readers, ("shm", "grpc"), strict=True):
        frames = await read(reader, 400)
        assert reader.transport == transport
        assert [frame.sequence for frame in frames] == list(range(1, 401))
        numbers = numbers_of(frames)
        assert [n for n in numbers if n < 1000] == list(range(200))
        assert [n for n in numbers if n >= 1000] == list(range(1000, 1200))
    assert {near.relay_sequence, far.relay_sequence} <= set(range(380, 401))
    status = await relay.status()
    assert (status.head_sequence, status.published_frames, status.published_records) == (
        400,
        400,
        400,
    )
    assert sorted(one.acknowledged_sequence for one in status.producers) == [200, 200]


async def test_what_is_refused_is_told_before_a_flush_returns(start_relay: StartRelay) -> None:
    relay = await shm(start_relay)
    noisy, calm = relay.publisher(), relay.publisher()
    await asyncio.gather(noisy.ready(PATIENCE), calm.ready(PATIENCE))
    bad = [b"rubbish", quotes(1)[:-8], b""]
    await noisy.publish([trades([1]), *bad * 100, trades([2])])
    await publish(calm, range(10, 60))
    await noisy.flush(PATIENCE)
    assert (noisy.transport, noisy.rejected) == ("shm", 300)
    first = noisy.rejections[0]
    assert first.producer_sequence == 2
    assert first.reason.startswith("FRAME_")
    assert {one.reason for one in noisy.rejections} == set((await relay.status()).rejected_frames)
    subscription = relay.subscription(start="oldest")
    numbers = numbers_of(await read(subscription, 52))
    assert sorted(numbers) == [1, 2, *range(10, 60)]
    assert calm.rejected == 0
    page = generate_latest(_registry(relay)).decode()
    assert "alphapulse_relay_frames_total 52.0" in page
    assert sum((await relay.status()).rejected_frames.values()) == 300


def _registry(relay: Relay) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(HubCollector(relay.hub))
    return registry


async def test_nonsense_in_an_inbox_ends_its_stream_alone(start_relay: StartRelay) -> None:
    relay = await shm(start_relay)
    calm = relay.publisher()
    await publish(calm, range(10))
    stream = relay.publish()
    hello = await named(stream, 99)
    with Path(hello.inbox.path).open("r+b", buffering=0) as file:  # noqa: ASYNC230  # memory
        file.seek(_WORDS_AT)
        file.write((12345).to_bytes(8, "little"))
        with pytest.raises(OSError, match="not permitted"):
            file.truncate(0)
    assert await _end_of(stream) == "REQUEST_MALFORMED"
    await publish(calm, range(10, 20))
    assert len(await read(relay.subscription(start="oldest"), 20)) == 20


async def _end_of(stream: RawPublish) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            while await stream.call.read() is not grpc.aio.EOF:
                pass
        await stream.call
    except grpc.aio.AioRpcError as error:
        return from_rpc_error(error).reason
    return ""


@pytest.mark.parametrize(
    ("way", "detail"),
    [
        ("transports", ""),
        ("relay", "carried by grpc"),
        ("host", "another host"),
        ("gone", "no ring at"),
        ("layout", "layout 2"),
        ("system", "system domain"),
    ],
)
async def test_it_is_grpc_by_itself_and_says_why(
    start_relay: StartRelay, monkeypatch: pytest.MonkeyPatch, way: str, detail: str
) -> None:
    options: dict[str, Any] = {"transports": ()} if way == "transports" else {}
    transport = "grpc" if way == "relay" else "shm"
    instance = "system" if way == "system" else "market-data"
    relay: Relay = await start_relay(instance, transport=transport)
    if way == "host":
        monkeypatch.setattr(relay.hub.pumping, "_boot_id", "elsewhere")
    if way in {"gone", "layout"}:
        offer = relay.hub.pumping.offer

        def changed(*given: Any) -> tuple[pb.InboxAttachment | None, str]:
            found, why = offer(*given)
            assert found is not None
            if way == "gone":
                found.path = "/proc/self/fd/999999"
            else:
                found.layout_version += 1
            return found, why

        monkeypatch.setattr(relay.hub.pumping, "offer", changed)
    publisher = relay.publisher(**options)
    await publisher.publish(b"no frame")
    await publisher.flush(PATIENCE)
    assert publisher.transport == "grpc"
    assert detail in publisher.transport_detail
    assert bool(detail) == bool(publisher.transport_detail)
    assert publisher.rejected == 1


async def test_inboxes_run_out_and_come_back(start_relay: StartRelay) -> None:
    relay = await shm(start_relay, ring_bytes=1 << 18)
    streams = [relay.publish() for _ in range(64)]
    hellos = [await named(stream, index + 1) for index, stream in enumerate(streams)]
    assert all(hello.HasField("inbox") for hello in hellos)
    late = relay.publisher()
    await publish(late, range(3))
    assert late.transport == "grpc"
    assert "64 inbox slots" in late.transport_detail
    for stream in streams:
        stream.call.cancel()
    await eventually(lambda: len(relay.hub.producers.sessions()) == 1)
    again = relay.publisher()
    await publish(again, range(3))
    assert again.transport == "shm"


async def test_a_frame_larger_than_the_inbox_is_sent(start_relay: StartRelay) -> None:
    relay = await shm(start_relay, ring_bytes=1 << 18)
    publisher = relay.publisher()
    frames = [trades([1]), trades(range(20_000)), trades([2])]
    await publisher.publish(frames)
    await publisher.flush(PATIENCE)
    assert publisher.transport == "grpc"
    assert [one.reason for one in publisher.rejections] == ["FRAME_TOO_LARGE"]
    assert publisher.rejections[0].producer_sequence == 2
    assert numbers_of(await read(relay.subscription(start="oldest"), 2)) == [1, 2]


async def test_settings_change_under_way(start_relay: StartRelay) -> None:
    relay = await shm(start_relay)
    publisher = relay.publisher()
    await publish(publisher, range(2))
    torn = bytearray(trades([3]))
    torn[-1] ^= 1  # in the padding or in the row: the checksum covers both
    await publisher.publish(bytes(torn))
    await publisher.flush(PATIENCE)
    assert [one.reason for one in publisher.rejections] == ["FRAME_BAD_CHECKSUM"]
    relay.hub.reconfigure(relay.hub.config.model_copy(update={"validate_checksums": False}))
    await publisher.publish(bytes(torn))
    await publisher.flush(PATIENCE)
    assert (publisher.transport, publisher.rejected) == ("shm", 1)


async def test_sampled_frames_have_their_span(
    start_relay: StartRelay, make_config: Callable[..., MeshConfig], otlp_receiver: Any
) -> None:
    domain = BY_INSTANCE["market-data"]
    config = make_config(telemetry={"otlp_endpoint": otlp_receiver.endpoint})
    sampled = new_context(new_context(), sampled=True)
    with Telemetry.start(domain.service, config) as telemetry:
        relay = await start_relay(transport="shm", tracer=PublishTracer(telemetry, domain))
        publisher = relay.publisher()
        await publisher.publish([trades([1]), trades([2], context=sampled), trades([3])])
        await publisher.flush(PATIENCE)
        assert publisher.transport == "shm"
        await relay.status()  # the relay looks at what was published
    [(_, span)] = otlp_receiver.named(RELAY_PUBLISH)
    assert span.trace_id == sampled.trace_id
    assert span.parent_span_id == sampled.message_id
    told = {item.key: item.value.int_value for item in span.attributes}
    assert told[attributes.SEQUENCE] == 2


async def test_a_killed_producer_goes_on_where_it_was(
    start_relay: StartRelay, tmp_path: Path
) -> None:
    relay = await shm(start_relay, ring_bytes=1 << 22, producer_lease_seconds=0.2)
    subscription = relay.subscription(start="oldest", name="witness")
    program = tmp_path / "producer.py"
    program.write_text(_PRODUCER)
    numbers: list[int] = []
    for _ in range(3):
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(program),
            relay.host.target,
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(PATIENCE):
                transport, _ = (await process.stdout.readline()).split()
                assert transport == b"shm"
                wanted = len(numbers) + 500
                while len(numbers) < wanted:
                    batch = await anext(subscription)
                    assert not batch.gaps
                    numbers += numbers_of(batch.frames)
        finally:
            process.send_signal(signal.SIGKILL)
            await process.wait()
    assert numbers == list(range(len(numbers))), "each once, in order"
