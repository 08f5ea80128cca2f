"""Two replicas of the registry as processes behind Envoy, which a test kills and starts again."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc.aio

from alphapulse.registry.v1 import registry_pb2_grpc as rpc
from alphapulse_mesh.runtime.config import MeshConfig, dump_toml
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.supervisor import envoy
from alphapulse_mesh.supervisor.plan import plan

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from pathlib import Path

__all__ = ["Begin", "Processes", "replicas", "stub", "until"]

Processes = dict[str, asyncio.subprocess.Process]
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
async def replicas(config: MeshConfig, directory: Path) -> AsyncIterator[tuple[Processes, Begin]]:
    """Two registries and Envoy; yields them and what starts one (again)."""
    paths = MeshPaths(config)
    paths.create()
    paths.resolved_config.write_text(dump_toml(config), encoding="utf-8")
    envoy_config = directory / "envoy.json"
    places = {Service.REGISTRY: config.endpoint(Service.REGISTRY)}
    envoy_config.write_text(envoy.render(envoy.bootstrap(config, places)), encoding="utf-8")
    specs = {spec.name: spec for spec in plan(config, envoy_config=envoy_config)}
    running: Processes = {}

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
