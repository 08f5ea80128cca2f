"""A leaf on another host: network namespaces, the cable pulled and plugged in again under load."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_client import Publisher, Subscription
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.frames import numbers_of, trades
from alphapulse_testing.namespaces import FarHost, far_host
from alphapulse_testing.nats_server import NatsServer
from alphapulse_testing.relays import RelayProcess
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

PATIENCE = 90.0
DOMAIN = "market_data"
PATIENT = {"subscriber_lease_seconds": 60.0, "subscriber_linger_seconds": 60.0}


@pytest.fixture
def far() -> Iterator[FarHost]:
    with far_host() as host:
        yield host


def relay(
    make_config: Callable[..., MeshConfig],
    place: Path,
    server: dict[str, Any],
    within: tuple[str, ...] = (),
    host: str = "127.0.0.1",
    nats: dict[str, Any] | None = None,
    **section: Any,
) -> RelayProcess:
    place.mkdir()
    config = make_config(
        # each host has memory of its own: another mesh's name keeps the rings apart
        mesh={
            "name": f"test-{os.getpid()}-{place.name}",
            "host": host,
            "run_dir": place / "r",
            "data_dir": place / "d",
        },
        server=server,
        nats=nats or {},
        relays={DOMAIN: {"ring_bytes": 1 << 20, **PATIENT, **section}},
    )
    return RelayProcess(config, Service.RELAY_MARKET_DATA, place, within=within)


@pytest.mark.timeout(240)
@pytest.mark.parametrize("carrier", ["grpc", "nats"])
async def test_cable(
    make_config: Callable[..., MeshConfig], tmp_path: Path, far: FarHost, carrier: str
) -> None:
    """Every acknowledged frame arrives once on the far host, pulled cables or not."""
    upstream: dict[str, Any] = {}
    if carrier == "nats":
        upstream["transport"] = "nats"
    async with AsyncExitStack() as stack:
        if carrier == "nats":
            server = stack.enter_context(NatsServer(tmp_path, host=far.near))
            upstream["nats"] = {"url": server.url}
        above = await stack.enter_async_context(
            relay(make_config, tmp_path / "a", {"transport": "tcp"}, host=far.near, **upstream)
        )
        below = await stack.enter_async_context(
            relay(
                make_config,
                tmp_path / "b",
                {"transport": "unix"},  # the file system is one: the test reaches it there
                far.within,
                upstream=above.target,
            )
        )
        assert above.target.startswith(far.near)
        reader = await stack.enter_async_context(
            Subscription(below.target, DOMAIN, name="reader", transports=())
        )
        await reader.ready(PATIENCE)
        publisher = await stack.enter_async_context(
            Publisher(above.target, DOMAIN, producer_name="test", max_unacked=64)
        )
        total, size = 2000, 50  # 6.7 MB: more than the windows

        async def produce() -> None:
            for number in range(0, total * size, size):
                await publisher.publish(trades(range(number, number + size)))
            await publisher.flush(PATIENCE)

        async def pull() -> None:
            await eventually(lambda: publisher.acknowledged >= total // 4, seconds=PATIENCE)
            far.pull()
            await asyncio.sleep(1.0)
            far.plug()
            await eventually(lambda: publisher.acknowledged >= total // 2, seconds=PATIENCE)
            far.disturb("delay", "5ms", "loss", "2%")

        numbers: list[int] = []

        async def read() -> None:
            while len(numbers) < total * size:
                batch = await anext(reader)
                assert batch.gaps == []
                numbers.extend(numbers_of(batch))

        async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as tasks:
            for work in (produce(), pull(), read()):
                tasks.create_task(work)
        assert numbers == list(range(total * size))
        seats = {one.name: one for one in (await above.status()).subscribers}
        (leaf,) = (one for name, one in seats.items() if name.startswith("leaf"))
        assert leaf.lost_frames == 0
        assert ("jetstream" in seats) is (carrier == "nats")
