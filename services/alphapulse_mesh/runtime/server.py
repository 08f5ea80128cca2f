"""The one server builder, and the one way a service process begins and ends.

`ServiceHost` binds a `grpc.aio` server with health, reflection, agent status, limits and
interceptors, writes the ready file, and drains: NOT_SERVING first, then the notice time, then no
new calls while those in flight end. `run_service` is what each `python -m
alphapulse_mesh.<service>` calls:

    async def main(service: ServiceContext) -> None:
        async with await SqliteEventStore.open(...) as store:
            service.host.add(add_RegistryServiceServicer_to_server, RegistryServicer(store))
            async with service.host:                       # recovered: bind, SERVING, ready file
                await service.host.run_until_signalled()   # returns drained, resources still open

    if __name__ == "__main__":
        run_service(Service.REGISTRY, main)
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ctypes
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from alphapulse.system.v1 import system_pb2, system_pb2_grpc
from alphapulse_mesh.runtime.agent import AgentReporter, AgentServicer, AgentStatus
from alphapulse_mesh.runtime.binding import bind_socket, bind_tcp
from alphapulse_mesh.runtime.config import MeshConfig, load_config
from alphapulse_mesh.runtime.errors import (
    ConfigError,
    FailedPrecondition,
    MeshError,
    Unavailable,
)
from alphapulse_mesh.runtime.interceptors import (
    CallObserver,
    MeshInterceptor,
    MetricsObserver,
    TracingObserver,
)
from alphapulse_mesh.runtime.latency import LATENCY, Latencies
from alphapulse_mesh.runtime.logs import configure_logging
from alphapulse_mesh.runtime.metrics import Metrics
from alphapulse_mesh.runtime.names import Service, service_id
from alphapulse_mesh.runtime.paths import MeshPaths, Ready, pid_start_time
from alphapulse_mesh.runtime.system import SystemFeed
from alphapulse_mesh.runtime.telemetry import Telemetry, software_version

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["EXIT_CONFIG", "EXIT_FAILED", "ServiceContext", "ServiceHost", "run_service"]

EXIT_FAILED: Final = 1
"""The service failed; starting it again may help."""
EXIT_CONFIG: Final = 2
"""Configuration or command line is wrong; starting it again cannot help."""

_log = logging.getLogger(__name__)
_HEALTH_NOTICE_SECONDS: Final = 1.0
ServicerT = TypeVar("ServicerT")


class _Health(health_aio.HealthServicer):
    """The stock servicer, whose `Watch` streams end when the server drains instead of holding it
    up.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ended = asyncio.Event()

    async def Watch(self, request: Any, context: Any) -> None:  # name of the RPC
        """Statuses as they change, until the server drains."""
        watch = asyncio.ensure_future(super().Watch(request, context))
        ended = asyncio.ensure_future(self.ended.wait())
        try:
            await asyncio.wait({watch, ended}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            watch.cancel()
            ended.cancel()
            await asyncio.gather(watch, ended, return_exceptions=True)


class _NameRecorder:
    """Stands in for the server in `add_…_to_server` calls, to learn the names of the services."""

    def __init__(self, server: grpc.aio.Server) -> None:
        self._server = server
        self.names: set[str] = set()

    def add_generic_rpc_handlers(self, handlers: Sequence[grpc.ServiceRpcHandler]) -> None:
        self.names.update(handler.service_name() for handler in handlers)
        self._server.add_generic_rpc_handlers(tuple(handlers))

    def add_registered_method_handlers(self, service: str, handlers: Any) -> None:
        self.names.add(service)
        self._server.add_registered_method_handlers(service, handlers)


class ServiceHost:
    """One gRPC server with everything that a service of the mesh has.

    Make it inside a running event loop, `add` servicers, then `async with host:`. `telemetry` and
    `metrics` are borrowed, not closed.
    """

    def __init__(
        self,
        config: MeshConfig,
        service: Service,
        *,
        instance: str | None = None,
        telemetry: Telemetry | None = None,
        metrics: Metrics | None = None,
        report_to: str | None = None,
        system_feed: bool = False,
    ) -> None:
        """`report_to`: target of a supervisor that did not start this process, to send heartbeats
        to. `system_feed`: speak and listen on the SystemRelay, once there is one.
        """
        self.config = config
        self.service = service
        self.instance = instance
        self.agent = AgentStatus(service_id(service, instance), software_version())
        self.draining = asyncio.Event()
        """Set when the drain begins: long streams should end by themselves."""
        self.port = 0
        """TCP port once started; 0 with a Unix socket."""
        self.paths = MeshPaths(config)
        self.system = SystemFeed(config.system, service, self.agent, self.paths)
        """The line to the SystemRelay."""
        self._on_system_relay = system_feed
        self._metrics = metrics
        self._report_to = report_to
        self._services: set[str] = set()
        self._health = _Health()
        self._started = False
        self._drained = False
        self._stop = asyncio.Event()
        self._impatient = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._failure: BaseException | None = None
        observers: list[CallObserver] = []
        if metrics is not None:
            observers.append(MetricsObserver(metrics))
        if telemetry is not None:
            observers.append(TracingObserver(telemetry))
        self._server = grpc.aio.server(
            interceptors=[MeshInterceptor(observers)],
            options=_options(config),
            maximum_concurrent_rpcs=config.server.max_concurrent_rpcs,
        )
        self.add(system_pb2_grpc.add_AgentServiceServicer_to_server, AgentServicer(self.agent))

    def add(self, add_to_server: Callable[[ServicerT, Any], None], servicer: ServicerT) -> None:
        """Add a servicer by its generated function: `add(add_XServicer_to_server, XServicer())`."""
        if self._started:
            raise FailedPrecondition("servicers are added before the host starts", reason="STARTED")
        recorder = _NameRecorder(self._server)
        add_to_server(servicer, recorder)
        self._services |= recorder.names

    @property
    def target(self) -> str:
        """What a gRPC channel on this host is given, once started."""
        if self.config.server.transport == "unix":
            return f"unix:{self.paths.socket(self.service, self.instance)}"
        return f"{self.config.mesh.host}:{self.port}"

    def background(self, work: Coroutine[Any, Any, None], *, name: str) -> None:
        """Run `work` beside the server until the drain, which cancels it. When it fails the service
        ends, and `run_until_signalled` raises the failure; when it returns the service goes on.
        """
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._background_done)

    def stop(self) -> None:
        """Ask for the drain, as SIGTERM does."""
        if self._stop.is_set():
            self._impatient.set()
        self._stop.set()

    async def start(self) -> None:
        """Bind, serve, say SERVING, write the ready file.

        Raises:
            Unavailable: the port or socket is taken (PORT_IN_USE) or cannot be bound (BIND_FAILED).
        """
        self._started = True
        self.paths.create()
        names = {*self._services, health_pb2.DESCRIPTOR.services_by_name["Health"].full_name}
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        reflection.enable_server_reflection((*sorted(names), reflection.SERVICE_NAME), self._server)
        for name in self._services:
            await self._health.set(name, health_pb2.HealthCheckResponse.SERVING)
        self.port = self._bind()
        await self._server.start()
        self.agent.state = system_pb2.SERVICE_STATE_SERVING
        self.paths.write_ready(self._ready())
        if self._report_to is not None:
            self.background(
                AgentReporter(self._report_to, self.agent, self.target).run(), name="agent-reporter"
            )
        if self._on_system_relay:
            self.background(self.system.run(self.draining), name="system-feed")
        _log.info("serving on %s", self.target)

    async def drain(self) -> None:
        """NOT_SERVING, wait for the notice time, refuse new calls, let those in flight end (at most
        `drain_seconds`; a second signal ends it at once). Idempotent.
        """
        if self._drained or not self._started:
            return
        self._drained = True
        settings = self.config.server
        self.agent.state = system_pb2.SERVICE_STATE_DRAINING
        self.paths.remove_ready(self.service, self.instance)
        # A watcher that reads nothing must not hold up the drain.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(
                self._health.enter_graceful_shutdown(), timeout=_HEALTH_NOTICE_SECONDS
            )
        await self._pause(settings.drain_notice_seconds)
        self.draining.set()
        self._health.ended.set()
        stopping = asyncio.ensure_future(self._server.stop(settings.drain_seconds))
        await self._pause(settings.drain_seconds, until=stopping)
        await self._server.stop(0)
        await stopping
        await self._cancel_background()
        self.agent.state = system_pb2.SERVICE_STATE_STOPPED
        _log.info("drained")

    async def run_until_signalled(self) -> None:
        """Serve until SIGTERM, SIGINT, `stop()` or the failure of background work; then drain.

        Raises:
            BaseException: what the background work failed with, after the drain.
        """
        loop = asyncio.get_running_loop()
        signals = (signal.SIGTERM, signal.SIGINT)
        for number in signals:
            loop.add_signal_handler(number, self.stop)
        try:
            await self._stop.wait()
            await self.drain()
        finally:
            for number in signals:
                loop.remove_signal_handler(number)
        if self._failure is not None:
            raise self._failure

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.drain()

    # ----------------------------------------------------------------- private

    async def _pause(self, seconds: float, until: asyncio.Future[Any] | None = None) -> None:
        """Wait, but no longer than until a second signal, or until `until` is done."""
        impatient = asyncio.ensure_future(self._impatient.wait())
        waiting: set[asyncio.Future[Any]] = {impatient} if until is None else {impatient, until}
        # The server's own grace ends at the same time: give it the chance to end by itself.
        grace = seconds if until is None else seconds + 1.0
        await asyncio.wait(waiting, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
        impatient.cancel()

    def _background_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        _log.error("%s failed: %s", task.get_name(), error)
        self._failure = self._failure or error
        self._stop.set()

    async def _cancel_background(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _bind(self) -> int:
        if self.config.server.transport == "unix":
            path = self.paths.socket(self.service, self.instance)
            bind_socket(self._server, path, name=self.agent.name)
            return 0
        port = self.config.endpoint(self.service, self.instance).port
        return bind_tcp(self._server, self.config.mesh.host, port, name=self.agent.name)

    def _ready(self) -> Ready:
        pid = os.getpid()
        unix = self.config.server.transport == "unix"
        return Ready(
            service=self.agent.name,
            pid=pid,
            started=pid_start_time(pid) or 0,
            host=self.config.mesh.host,
            port=self.port,
            socket=str(self.paths.socket(self.service, self.instance)) if unix else None,
            metrics_port=self._metrics.port if self._metrics else 0,
        )


def _options(config: MeshConfig) -> list[tuple[str, int]]:
    server = config.server
    ping = int(server.min_ping_interval_seconds * 1000)
    return [
        ("grpc.so_reuseport", 0),  # else two services share a port and nobody is told
        ("grpc.max_receive_message_length", server.max_message_bytes),
        ("grpc.max_send_message_length", server.max_message_bytes),
        ("grpc.max_concurrent_streams", server.max_concurrent_streams),
        # gRPC's own limit of 1,000 calls not yet taken up ends some of a burst at random, as
        # CANCELLED; beyond ours they are RESOURCE_EXHAUSTED (maximum_concurrent_rpcs).
        ("grpc.server.max_pending_requests", 4 * server.max_concurrent_rpcs),
        ("grpc.server.max_pending_requests_hard_limit", 8 * server.max_concurrent_rpcs),
        ("grpc.keepalive_time_ms", int(server.keepalive_seconds * 1000)),
        ("grpc.keepalive_timeout_ms", int(server.keepalive_timeout_seconds * 1000)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", ping),
    ]


# ------------------------------------------------------------------- processes


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """What a service's `main` is given."""

    config: MeshConfig
    service: Service
    instance: str | None
    """`--instance`; None for services of which there is one, and for the relays."""
    host: ServiceHost
    telemetry: Telemetry
    metrics: Metrics
    paths: MeshPaths
    latencies: Latencies


ServiceMain = Callable[[ServiceContext], Awaitable[None]]


def run_service(
    service: Service | Mapping[str, Service], main: ServiceMain, argv: Sequence[str] | None = None
) -> int:
    """Run `main` as a service process and return its exit code: `sys.exit(run_service(…))`.

    Reads `--config FILE` and `--instance X`; sets up logging, uvloop where there is one, telemetry,
    metrics and the host. With a mapping (the relays) the instance chooses the service. `--parent
    PID`: take the death of that process as SIGTERM, so that nothing is left of a mesh whose
    supervisor was killed. Our errors end it with one line on stderr and EXIT_FAILED or EXIT_CONFIG.
    """
    arguments = _arguments(service, argv)
    chosen, instance = _choose(service, arguments.instance)
    try:
        config = load_config(arguments.config)
        configure_logging(service_id(chosen, instance), config.telemetry)
        if arguments.parent is not None:
            _die_with(arguments.parent)
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(config, chosen, instance, main, arguments.report_to))
    except MeshError as error:
        sys.stderr.write(f"{service_id(chosen, instance)}: {error}\n")
        return EXIT_CONFIG if isinstance(error, ConfigError) else EXIT_FAILED
    except KeyboardInterrupt:
        return 128 + signal.SIGINT
    return 0


async def _serve(
    config: MeshConfig,
    service: Service,
    instance: str | None,
    main: ServiceMain,
    report_to: str | None,
) -> None:
    identity = service_id(service, instance)
    paths = MeshPaths(config)
    paths.create()
    with (
        Metrics(service, identity) as metrics,
        Telemetry.start(service, config, instance) as telemetry,
    ):
        metrics.serve(config.telemetry.metrics_port.get(identity, 0), config.telemetry.metrics_host)
        host = ServiceHost(
            config,
            service,
            instance=instance,
            telemetry=telemetry,
            metrics=metrics,
            report_to=report_to,
            system_feed=True,
        )
        try:
            latencies = Latencies(paths.shm_path(LATENCY))
            await main(
                ServiceContext(
                    config, service, instance, host, telemetry, metrics, paths, latencies
                )
            )
        finally:
            await host.drain()


def _arguments(service: Service | Mapping[str, Service], argv: Sequence[str] | None) -> Any:
    parser = argparse.ArgumentParser(
        description=f"AlphaPulse {service}" if isinstance(service, str) else None
    )
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML file of the mesh")
    choices = sorted(service) if isinstance(service, Mapping) else None
    parser.add_argument(
        "--instance",
        choices=choices,
        required=choices is not None,
        help="which of several processes of this service this is",
    )
    parser.add_argument("--parent", type=int, metavar="PID", help="end when this process ends")
    parser.add_argument(
        "--report-to",
        metavar="HOST:PORT",
        help="supervisor to register with, when it did not start this",
    )
    return parser.parse_args(argv)


def _choose(
    service: Service | Mapping[str, Service], instance: str | None
) -> tuple[Service, str | None]:
    if isinstance(service, Mapping):
        assert instance is not None, "required by the parser"
        return service[instance], None
    return service, instance


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop  # noqa: PLC0415  # not on every platform
    except ImportError:  # not made for this platform: asyncio's own loop
        return None
    return uvloop.new_event_loop


def _die_with(parent: int) -> None:
    """Ask Linux for SIGTERM when our parent dies (prctl(2), PR_SET_PDEATHSIG)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(1, signal.SIGTERM, 0, 0, 0) != 0:
        number = ctypes.get_errno()
        _log.warning("cannot follow the parent process: %s", os.strerror(number))
    if os.getppid() != parent:  # it died before we asked
        raise Unavailable(f"parent process {parent} is gone", reason="PARENT_GONE", pid=parent)
