"""Two replicas as processes behind Envoy: under reads and writes each is killed -9 and started
again; both answer alike, and no acknowledged write is lost.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse.registry.v1 import registry_pb2_grpc as rpc
from alphapulse_client.registry import RegistryClient
from alphapulse_mesh.runtime.config import MeshConfig, dump_toml
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.runtime.ports import resolve_ports
from alphapulse_mesh.runtime.programs import find_program
from alphapulse_mesh.supervisor import envoy
from alphapulse_mesh.supervisor.plan import plan
from alphapulse_testing.registry import stock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

BATCH = 10
Mesh = dict[str, asyncio.subprocess.Process]
Begin = Any  # a coroutine function of a process's name


async def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110  # of two processes and four tasks
            await asyncio.sleep(0.02)


async def start(argv: Sequence[str], log: Path) -> asyncio.subprocess.Process:
    with log.open("ab") as out:
        return await asyncio.create_subprocess_exec(*argv, stdout=out, stderr=out)


def stub(target: str) -> tuple[grpc.aio.Channel, Any]:
    channel = grpc.aio.insecure_channel(target)
    return channel, rpc.RegistryServiceStub(channel)


@asynccontextmanager
async def replicas(config: MeshConfig, directory: Path) -> AsyncIterator[tuple[Mesh, Begin]]:
    """Two registries and Envoy; yields them and what starts one (again)."""
    paths = MeshPaths(config)
    paths.create()
    paths.resolved_config.write_text(dump_toml(config), encoding="utf-8")
    envoy_config = directory / "envoy.json"
    places = {Service.REGISTRY: config.endpoint(Service.REGISTRY)}
    envoy_config.write_text(envoy.render(envoy.bootstrap(config, places)), encoding="utf-8")
    specs = {spec.name: spec for spec in plan(config, envoy_config=envoy_config)}
    running: Mesh = {}

    async def begin(name: str) -> asyncio.subprocess.Process:
        log = directory / f"{name}.log"
        running[name] = process = await start(specs[name].argv, log)
        if name != "envoy":
            instance = name.removeprefix("registry").removeprefix("-") or None

            def ready() -> bool:
                assert process.returncode is None, log.read_text()
                said = paths.read_ready(Service.REGISTRY, instance)
                return said is not None and said.pid == process.pid

            await until(ready)
        return process

    try:
        for name in ("registry", "registry-2", "envoy"):
            await begin(name)
        yield running, begin
    finally:
        for process in running.values():
            if process.returncode is None:
                process.kill()
            await process.wait()


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
