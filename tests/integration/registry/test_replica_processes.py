"""Two replicas as processes behind Envoy: under reads and writes each is killed -9 and started
again; both answer alike, and no acknowledged write is lost.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
from typing import TYPE_CHECKING

import grpc.aio
import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.registry import RegistryClient
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.ports import resolve_ports
from alphapulse_mesh.runtime.programs import find_program
from alphapulse_testing.registry import stock
from alphapulse_testing.replicas import replicas, stub, until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

BATCH = 10


@pytest.mark.skipif(find_program("envoy") is None, reason="Envoy is not installed")
async def test_replicas_behind_envoy_lose_nothing_while_each_is_killed(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = resolve_ports(
        make_config(
            server={"transport": "unix"},
            registry={"replicas": 2},
            envoy={"port": 0, "admin_port": 0},
        )
    )
    acknowledged: dict[bytes, str] = {}
    read = 0
    stopping = asyncio.Event()
    numbers = itertools.count()

    async def write(client: RegistryClient) -> None:
        while not stopping.is_set():
            number = next(numbers)
            shares = [stock(f"R{number}.{each}") for each in range(BATCH)]
            for share, outcome in zip(shares, await client.register_many(shares), strict=True):
                assert not outcome.reason, outcome
                assert outcome.id.asset_id
                acknowledged[outcome.id.SerializeToString()] = share.symbol

    async def check(client: RegistryClient) -> None:
        nonlocal read
        while not stopping.is_set():
            if not acknowledged:
                await asyncio.sleep(0.01)
                continue
            key, symbol = next(reversed(acknowledged.items()))
            # whichever replica answers: one that is behind waits, or another one is asked
            found = await client.resolve(symbol, venue="NASDAQ", min_revision=client.revision)
            assert found.id.SerializeToString() == key
            read += 1

    async def more(writes: int, reads: int) -> None:
        written, seen = len(acknowledged) + writes, read + reads
        await until(lambda: len(acknowledged) >= written and read >= seen)

    async with replicas(config, tmp_path) as (running, begin):
        channel = grpc.aio.insecure_channel(f"127.0.0.1:{config.envoy.port}")
        client = RegistryClient(channel, timeout=60.0)
        work: list[asyncio.Future[None]] = [
            asyncio.ensure_future(each(client)) for each in (write, write, check, check)
        ]
        try:
            await more(100, 20)
            for name in ("registry", "registry-2"):
                running[name].send_signal(signal.SIGKILL)
                await running[name].wait()
                await more(100, 20)
                await begin(name)
                await more(100, 20)
        finally:
            stopping.set()
            await asyncio.wait_for(asyncio.gather(*work), 90)
        await channel.close()
        await _both_have_all(config, acknowledged)


async def _both_have_all(config: MeshConfig, acknowledged: dict[bytes, str]) -> None:
    answers = []
    for instance in config.instances(Service.REGISTRY):
        channel, direct = stub(config.endpoint(Service.REGISTRY, instance).target)
        async with channel:
            known = await direct.ListInstruments(
                pb.ListInstrumentsRequest(page_size=1000, min_revision=len(acknowledged))
            )
            pages = list(known.instruments)
            while known.next_page_token:
                known = await direct.ListInstruments(
                    pb.ListInstrumentsRequest(page_size=1000, page_token=known.next_page_token)
                )
                pages += known.instruments
            answers.append(pages)
    one, two = answers
    assert one == two
    held = {each.id.SerializeToString(): each.symbol for each in one}
    assert len(held) == len(one)
    assert acknowledged.items() <= held.items()
