"""A relay behind a real server beside the test, or as a process that a test can kill."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import ExitStack, asynccontextmanager, closing
from typing import TYPE_CHECKING, Any, Self

import grpc.aio

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client.domains import relay_service
from alphapulse_mesh.relay.domains import BY_INSTANCE
from alphapulse_mesh.relay.serving import open_hub, serving
from alphapulse_mesh.runtime.config import MeshConfig, dump_toml
from alphapulse_mesh.runtime.names import RELAYS, Service
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.runtime.ports import free_port
from alphapulse_mesh.runtime.server import ServiceHost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path
    from types import TracebackType

    from alphapulse_mesh.relay.hub import Hub
    from alphapulse_mesh.relay.tracing import PublishTracer

__all__ = ["RelayProcess", "serve_relay", "serve_relays"]

_START_SECONDS = 60.0
_STOP_SECONDS = 30.0


@asynccontextmanager
async def serve_relay(
    config: MeshConfig, instance: str, directory: Path, *, tracer: PublishTracer | None = None
) -> AsyncIterator[tuple[Hub, ServiceHost]]:
    """A relay on this event loop behind a real server; its ring is a file in the directory."""
    hub = await open_hub(
        config,
        BY_INSTANCE[instance],
        ring_path=directory / f"{instance}.ring",
        memory_path=directory / f"{instance}.memory",
        tracer=tracer,
    )
    host = ServiceHost(config, hub.domain.service)
    with closing(hub):
        async with serving(host, hub):
            yield hub, host


@asynccontextmanager
async def serve_relays(
    config: MeshConfig, directory: Path, *instances: str
) -> AsyncIterator[tuple[dict[str, Hub], ServiceHost]]:
    """Relays of several domains behind one real server, as a gateway shows them; hubs by domain."""
    hubs: dict[str, Hub] = {}
    with ExitStack() as stack:
        for instance in instances:
            hub = await open_hub(
                config,
                BY_INSTANCE[instance],
                ring_path=directory / f"{instance}.ring",
                memory_path=directory / f"{instance}.memory",
            )
            hubs[hub.domain.name] = stack.enter_context(closing(hub))
        host = ServiceHost(config, BY_INSTANCE[instances[0]].service)
        async with serving(host, *hubs.values()):
            yield hubs, host


class RelayProcess:
    """`python -m alphapulse_mesh.relay` for one domain; stops and cleans up at the end."""

    def __init__(
        self, config: MeshConfig, service: Service, directory: Path, *, within: Sequence[str] = ()
    ) -> None:
        """A port of 0 in `config` is fixed at the first start: clients reconnect to it.

        `within`: a command that runs it, as `ip netns exec NAME`.
        """
        assert service in RELAYS
        self._config = config
        self.service = service
        self.domain = service.removeprefix("relay-").replace("-", "_")
        self.paths = MeshPaths(config)
        self._file = directory / f"{service}.toml"
        self._log = directory / f"{service}.log"
        self._process: asyncio.subprocess.Process | None = None
        self.target = ""
        self._within = tuple(within)
        self._on_socket = config.server.transport == "unix"

    async def start(self) -> None:
        """Start it and wait until it serves."""
        if not getattr(self._config.relays, self.domain).port and not self._on_socket:
            self._fix_port(free_port())
        self._file.write_text(dump_toml(self._config))
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._within,
                sys.executable,
                "-m",
                "alphapulse_mesh.relay",
                "--config",
                str(self._file),
                "--instance",
                self.domain.replace("_", "-"),
                "--parent",
                str(os.getpid()),
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(_START_SECONDS):
            while True:
                ready = self.paths.read_ready(self.service)
                if ready is not None and ready.pid == self._process.pid:
                    break
                if self._process.returncode is not None:
                    raise AssertionError(f"the relay ended: {self.log()}")
                await asyncio.sleep(0.01)
        self.target = ready.target

    def _fix_port(self, port: int) -> None:
        relays = self._config.relays
        section = getattr(relays, self.domain).model_copy(update={"port": port})
        self._config = self._config.model_copy(
            update={"relays": relays.model_copy(update={self.domain: section})}
        )

    async def kill(self) -> None:
        """kill -9, and wait until it is gone."""
        await self._end(signal.SIGKILL)

    async def terminate(self) -> int:
        """SIGTERM, and wait for the drain; returns the exit code."""
        return await self._end(signal.SIGTERM)

    async def pause(self) -> None:
        """SIGSTOP: it lives and does nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    async def resume(self) -> None:
        """SIGCONT."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    async def _end(self, number: int) -> int:
        assert self._process is not None
        self._process.send_signal(number)
        async with asyncio.timeout(_STOP_SECONDS):
            return await self._process.wait()

    async def status(self) -> pb.GetStatusResponse:
        """`GetStatus`."""
        async with grpc.aio.insecure_channel(self.target) as channel:
            method: Any = channel.unary_unary(
                f"/{relay_service(self.domain)}/GetStatus",
                request_serializer=pb.GetStatusRequest.SerializeToString,
                response_deserializer=pb.GetStatusResponse.FromString,
            )
            answer: pb.GetStatusResponse = await method(pb.GetStatusRequest(), timeout=30)
            return answer

    def log(self) -> str:
        """What it wrote."""
        return self._log.read_text() if self._log.exists() else ""

    def forget_ring(self) -> None:
        """Remove the shared memory, as a reboot does."""
        self.paths.shm_path(self.service).unlink()

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self._clean_up()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._clean_up()
        if error is not None:
            sys.stderr.write(self.log())

    async def _clean_up(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.kill()
            await self._process.wait()
        self.paths.shm_path(self.service).unlink(missing_ok=True)
