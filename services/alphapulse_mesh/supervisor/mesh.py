"""All processes of one mesh: start in stages, drain in the reverse order, clean up.

Which processes there are is `plan`'s part, keeping one of them running is `processes`'.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import time
from typing import IO, TYPE_CHECKING, Self

from alphapulse_mesh.runtime.config import Endpoint, MeshConfig, dump_toml
from alphapulse_mesh.runtime.errors import (
    ConfigError,
    FailedPrecondition,
    MeshError,
    Unavailable,
)
from alphapulse_mesh.runtime.names import RINGS, Service
from alphapulse_mesh.runtime.paths import MeshPaths, write_atomically
from alphapulse_mesh.runtime.ports import resolve_ports
from alphapulse_mesh.runtime.programs import find_jaeger
from alphapulse_mesh.supervisor import envoy, jaeger, nats
from alphapulse_mesh.supervisor.plan import ProcessSpec, endpoints, plan
from alphapulse_mesh.supervisor.processes import ManagedProcess

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["Mesh"]

log = logging.getLogger(__name__)


class Mesh:
    """The processes of one mesh. As a context manager it stops what it started."""

    def __init__(self, config: MeshConfig) -> None:
        """Ports of `config` that are 0 are chosen here.

        Raises:
            ConfigError: a configured port is taken.
        """
        self.config = resolve_ports(config)
        self.paths = MeshPaths(config)
        self.started_ns = time.time_ns()
        self.supervisor_pid = os.getpid()
        self.jaeger_url = ""
        self.processes: dict[str, ManagedProcess] = {}
        self.stop_asked = asyncio.Event()
        self._lock: IO[str] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start(self, system_target: str) -> None:
        """Start every process and wait until all are healthy. `lock` comes first.

        Args:
            system_target: gRPC target of the supervisor's own service, for Envoy.

        Raises:
            ConfigError: a program that the mesh needs is missing.
            Unavailable: a process did not become healthy in time; says which and its last words.
        """
        # A mesh that was killed left its rings: they hold the window of a dead mesh.
        self.paths.clean(RINGS)
        specs: list[ProcessSpec] = []
        if self.config.supervisor.jaeger:
            specs.append(self._prepare_jaeger())
        if nats.needs_server(self.config):
            prepared = nats.prepare(self.config)
            self.config = prepared.config
            write_atomically(prepared.path, prepared.document.encode())
            specs.append(prepared.spec)
        write_atomically(self.paths.resolved_config, dump_toml(self.config).encode())
        specs += plan(self.config, envoy_config=self._write_envoy_config(system_target))
        for spec in specs:
            self.processes[spec.name] = ManagedProcess(
                spec, self.config.supervisor, log_file=self.log_dir / f"{spec.name}.log"
            )
        for stage in sorted({spec.stage for spec in specs}):
            members = [p for p in self.processes.values() if p.spec.stage == stage]
            for process in members:
                process.start()
            await self._wait_healthy(members)

    def _write_envoy_config(self, system_target: str) -> Path:
        places = endpoints(self.config)
        if not system_target.startswith("unix:"):
            # The supervisor serves already, perhaps on a port that the system chose.
            host, _, port = system_target.rpartition(":")
            places[Service.SUPERVISOR] = Endpoint(host, int(port))
        path = self.paths.run_dir / "envoy.json"
        document = envoy.bootstrap(self.config, places)
        write_atomically(path, envoy.render(document).encode())
        return path

    def _prepare_jaeger(self) -> ProcessSpec:
        program = find_jaeger()
        if program is None:
            raise ConfigError(
                "jaeger is not installed; `make jaeger` installs it (Go 1.26 or newer)",
                reason="CONFIG_PROGRAM_NOT_FOUND",
                program="jaeger",
            )
        ports = jaeger.choose_ports(self.config.supervisor.jaeger_ui_port)
        path = self.paths.run_dir / "jaeger.json"
        write_atomically(path, jaeger.configuration(ports).encode())
        self.jaeger_url = ports.url
        telemetry = self.config.telemetry.model_copy(update={"otlp_endpoint": ports.otlp_endpoint})
        self.config = self.config.model_copy(update={"telemetry": telemetry})
        return ProcessSpec(
            name="jaeger",
            argv=(str(program), "--config", str(path)),
            stage=-1,  # before anything that could be traced
            ready_url=ports.health_url,
        )

    @property
    def log_dir(self) -> Path:
        """What the processes write, a rotated file each."""
        return self.paths.data_dir / "logs"

    async def _wait_healthy(self, members: list[ManagedProcess]) -> None:
        limit = self.config.supervisor.start_timeout_seconds
        waits = {asyncio.create_task(p.healthy.wait()): p for p in members}
        stop = asyncio.create_task(self.stop_asked.wait())
        try:
            pending = set(waits)
            deadline = time.monotonic() + limit
            while pending:
                done, _ = await asyncio.wait(
                    {*pending, stop},
                    timeout=max(0.0, deadline - time.monotonic()),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                if stop in done:
                    raise Unavailable("stopped while starting", reason="MESH_STOPPED")
                if not done:
                    late = [waits[task] for task in pending]
                    words = "; ".join(f"{p.spec.name}: {p.last_error or 'no answer'}" for p in late)
                    raise Unavailable(
                        f"not healthy within {limit:g} s: {words} (logs in {self.log_dir})",
                        reason="MESH_NOT_HEALTHY",
                        services=",".join(p.spec.name for p in late),
                    )
                pending -= done
        finally:
            for task in (*waits, stop):
                task.cancel()

    async def restart(self, name: str) -> None:
        """Drain one process and start it anew.

        Raises:
            MeshError: there is no process of that name.
        """
        process = self.processes.get(name)
        if process is None:
            raise MeshError(
                f"no service {name!r} in this mesh; there are {', '.join(self.processes)}",
                reason="UNKNOWN_SERVICE",
                service=name,
            )
        await process.restart()

    async def stop(self) -> None:
        """Drain everything, producers first, and remove run files and shared memory."""
        self.stop_asked.set()
        stages = sorted({p.spec.stage for p in self.processes.values()}, reverse=True)
        for stage in stages:  # producers drain before what they publish to
            members = [p for p in self.processes.values() if p.spec.stage == stage]
            await asyncio.gather(*(p.stop() for p in members))
        self.processes.clear()
        if self._lock is not None:
            self.paths.clean(RINGS)
            self._lock.close()
            self._lock = None

    def lock(self) -> None:
        """Make sure that this is the only supervisor of the mesh.

        Raises:
            FailedPrecondition: a mesh of this name runs in the same run directory.
        """
        self.paths.create()
        # Open until we end: the kernel lets go of the lock even when we are killed.
        lock = (self.paths.run_dir / "supervisor.lock").open("a+")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            owner = lock.read().strip() or "unknown"
            lock.close()
            raise FailedPrecondition(
                f"mesh {self.config.mesh.name!r} is running already (process {owner}); "
                "`alphapulse down` stops it, or choose another name",
                reason="MESH_RUNNING",
                mesh=self.config.mesh.name,
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        self._lock = lock
