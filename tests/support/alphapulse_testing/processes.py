"""Services as real processes on free ports, a mesh without supervisor and gateway."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final, Self

import grpc.aio

from alphapulse.system.v1 import system_pb2, system_pb2_grpc
from alphapulse_mesh.runtime.config import MeshConfig, dump_toml
from alphapulse_mesh.runtime.names import RELAYS, RINGS, Service
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.runtime.ports import resolve_ports

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["MeshProcesses", "ServiceProcess"]

_START_SECONDS: Final = 90.0
_STOP_SECONDS: Final = 30.0
_MODULES: Final = {
    Service.REGISTRY: "registry",
    Service.EXECUTION: "execution",
    Service.COLLECTOR: "collectors",
    Service.STRATEGY: "strategies",
    Service.PORTFOLIO: "portfolio",
    **dict.fromkeys(RELAYS, "relay"),
}


class ServiceProcess:
    """One service, that a test can kill and start again."""

    def __init__(self, service: Service, config_file: Path, paths: MeshPaths) -> None:
        self.service = service
        self._config_file = config_file
        self._paths = paths
        self._log = config_file.parent / f"{service}.log"
        self._process: asyncio.subprocess.Process | None = None
        self.target = ""

    @property
    def returncode(self) -> int | None:
        """Of the last start; None while it runs."""
        return None if self._process is None else self._process.returncode

    async def spawn(self) -> None:
        """Start it, without waiting."""
        instance = (
            ("--instance", self.service.removeprefix("relay-")) if self.service in RELAYS else ()
        )
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                f"alphapulse_mesh.{_MODULES[self.service]}",
                "--config",
                str(self._config_file),
                *instance,
                "--parent",
                str(os.getpid()),
                stdout=log,
                stderr=log,
            )

    async def start(self) -> None:
        """Start it and wait until it serves."""
        await self.spawn()
        assert self._process is not None
        async with asyncio.timeout(_START_SECONDS):
            while True:
                ready = self._paths.read_ready(self.service)
                if ready is not None and ready.pid == self._process.pid:
                    break
                if self._process.returncode is not None:
                    raise AssertionError(f"{self.service} ended: {self.log()}")
                await asyncio.sleep(0.02)
        self.target = ready.target

    async def wait(self) -> int:
        """Until it ends; its exit code."""
        assert self._process is not None
        async with asyncio.timeout(_START_SECONDS):
            return await self._process.wait()

    async def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def terminate(self) -> int:
        """SIGTERM, and wait for the drain; returns the exit code."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(_STOP_SECONDS):
            return await self._process.wait()

    async def agent(self) -> system_pb2.GetAgentStatusResponse:
        """What it says of itself."""
        async with grpc.aio.insecure_channel(self.target) as channel:
            stub: system_pb2_grpc.AgentServiceAsyncStub = system_pb2_grpc.AgentServiceStub(channel)
            return await stub.GetAgentStatus(system_pb2.GetAgentStatusRequest(), timeout=10)

    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text() if self._log.exists() else ""


class MeshProcesses:
    """Several services of one mesh; `async with` ends them and removes what they leave behind."""

    def __init__(self, config: MeshConfig, directory: Path, *services: Service) -> None:
        """`services` are started by `__aenter__`, others by `start`."""
        # no Envoy here, and its usual port may be somebody's
        envoy = config.envoy.model_copy(update={"port": 0})
        self.config = resolve_ports(config.model_copy(update={"envoy": envoy}))
        self.paths = MeshPaths(self.config)
        self._file = directory / "mesh.toml"
        self._first = services
        self._processes: dict[Service, ServiceProcess] = {}
        self._stack = AsyncExitStack()

    def __getitem__(self, service: Service) -> ServiceProcess:
        return self._processes[service]

    async def start(self, service: Service) -> ServiceProcess:
        """Start one more."""
        process = self.process(service)
        await process.start()
        return process

    def process(self, service: Service) -> ServiceProcess:
        """One that is not started yet."""
        process = ServiceProcess(service, self._file, self.paths)
        self._processes[service] = process
        return process

    async def __aenter__(self) -> Self:
        self.paths.create()
        self._file.write_text(dump_toml(self.config))
        try:
            # together: they wait for one another by themselves
            await asyncio.gather(*(self.start(service) for service in self._first))
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            for service, process in self._processes.items():
                sys.stderr.write(f"---- {service}\n{process.log()}\n")
        await self._end()

    async def _end(self) -> None:
        running = [item for item in self._processes.values() if item.returncode is None]
        await asyncio.gather(*(_stop(process) for process in running))
        self.paths.clean(RINGS)


async def _stop(process: ServiceProcess) -> None:
    try:
        await process.terminate()
    except TimeoutError:
        await process.kill()
