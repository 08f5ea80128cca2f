"""Fixtures that every room's tests share: servers on free ports, configuration, an OTLP receiver.

Streaming and timing are tested through `aio_server`. Contract tests of servicers use pytest-grpc's
fixtures (`grpc_add_to_server`, `grpc_servicer`, `grpc_stub_cls` in the module, `grpc_stub` in the
test); its server knows threads only, so `grpc_server` is a real `ServiceHost` here, on a loop of
its own.
"""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from opentelemetry.proto.collector.trace.v1 import (
    trace_service_pb2,
    trace_service_pb2_grpc,
)

from alphapulse_mesh.runtime import ports
from alphapulse_mesh.runtime.config import MeshConfig, load_config
from alphapulse_mesh.runtime.latency import LATENCY
from alphapulse_mesh.runtime.names import REGISTRY_INDEX, Service
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.runtime.server import ServiceHost

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from opentelemetry.proto.trace.v1 import trace_pb2

# How long an example takes is a busy host's business: a limit would be a timing assert.
settings.register_profile("timeless", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("timeless")

DATA_VARIABLE = "ALPHAPULSE_DATA"


@pytest.fixture
def free_port() -> int:
    """A TCP port on loopback that was free a moment ago. Prefer port 0 wherever possible."""
    return ports.free_port()


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The recorded data (ALPHAPULSE_DATA, default `../shared/data`); skips where there is none."""
    path = Path(os.environ.get(DATA_VARIABLE, Path(__file__).parents[2] / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no recorded data at {path}: set {DATA_VARIABLE}")
    return path


def _make_config(directory: Path, sections: dict[str, Any]) -> MeshConfig:
    defaults: dict[str, Any] = {
        "mesh": {
            "name": f"test-{os.getpid()}",
            "run_dir": directory / "run",
            "data_dir": directory / "data",
        },
        "server": {"drain_seconds": 2.0, "drain_notice_seconds": 0.0},
        "telemetry": {"flush_seconds": 0.05, "market_data_sample_ratio": 1.0},
        "relays": {
            name: {"ring_bytes": 1 << 20}
            for name in ("market_data", "signal", "execution", "system")
        },
    }
    for name, values in sections.items():
        merge = isinstance(values, dict) and name in defaults
        defaults[name] = {**defaults[name], **values} if merge else values
    return load_config(None, **defaults)


@pytest.fixture
def make_config(tmp_path: Path) -> Iterator[Callable[..., MeshConfig]]:
    """Builds configurations that keep everything below `tmp_path` and answer fast.

    `make_config(registry={"port": 0})`: sections that are given are merged over these. The mesh's
    latencies and index, which outlive processes, are removed at the end; a ring is its relay's.
    """
    made: list[MeshPaths] = []

    def make(**sections: Any) -> MeshConfig:
        config = _make_config(tmp_path, sections)
        made.append(MeshPaths(config))
        return config

    yield make
    for paths in made:
        for name in (LATENCY, REGISTRY_INDEX, f"{REGISTRY_INDEX}.lock"):
            paths.shm_path(name).unlink(missing_ok=True)


@pytest.fixture
def mesh_config(make_config: Callable[..., MeshConfig]) -> MeshConfig:
    """`make_config()` as it comes."""
    return make_config()


class AioServer(Protocol):
    """Starts a host with the given `(add_to_server, servicer)` pairs; returns it and a channel."""

    async def __call__(
        self,
        *servicers: tuple[Callable[[Any, Any], None], Any],
        service: Service = ...,
        config: MeshConfig | None = None,
        **host_options: Any,
    ) -> tuple[ServiceHost, grpc.aio.Channel]: ...


@pytest_asyncio.fixture
async def aio_server(mesh_config: MeshConfig) -> AsyncIterator[AioServer]:
    """Real servers on free ports, drained at the end of the test.

    host, channel = await aio_server((add_XServicer_to_server, XServicer()))
    """
    async with AsyncExitStack() as stack:

        async def start(
            *servicers: tuple[Callable[[Any, Any], None], Any],
            service: Service = Service.REGISTRY,
            config: MeshConfig | None = None,
            **host_options: Any,
        ) -> tuple[ServiceHost, grpc.aio.Channel]:
            host = ServiceHost(config or mesh_config, service, **host_options)
            for add_to_server, servicer in servicers:
                host.add(add_to_server, servicer)
            await stack.enter_async_context(host)
            channel = grpc.aio.insecure_channel(host.target)
            await stack.enter_async_context(channel)
            return host, channel

        yield start


class _ServerThread:
    """A `ServiceHost` on an event loop in a thread, for synchronous clients."""

    def __init__(self, config: MeshConfig, add_to_server: Any, servicer: Any) -> None:
        self._config, self._add_to_server, self._servicer = config, add_to_server, servicer
        self._started: Future[ServiceHost] = Future()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=[self._run()])

    async def _run(self) -> None:
        try:
            async with AsyncExitStack() as stack:
                servicer = self._servicer
                if callable(servicer):  # a factory of an async context manager: it needs the loop
                    servicer = await stack.enter_async_context(servicer())
                host = ServiceHost(self._config, Service.REGISTRY)
                host.add(self._add_to_server, servicer)
                await stack.enter_async_context(host)
                self._stop = asyncio.Event()
                self._started.set_result(host)
                await self._stop.wait()
        except BaseException as error:
            if self._started.done():
                raise
            self._started.set_exception(error)

    def __enter__(self) -> ServiceHost:
        self._thread.start()
        return self._started.result()

    def __exit__(self, *_: object) -> None:
        if self._started.exception() is None:
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()
        self._loop.close()


@pytest.fixture(scope="module")
def grpc_server(
    grpc_add_to_server: Any, grpc_servicer: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServiceHost]:
    """In place of pytest-grpc's: the module's servicer behind our real server.

    `grpc_servicer` is a servicer, or a function that returns an async context manager of one.
    """
    config = _make_config(tmp_path_factory.mktemp("grpc"), {})
    with _ServerThread(config, grpc_add_to_server, grpc_servicer) as host:
        yield host


@pytest.fixture(scope="module")
def grpc_addr(grpc_server: ServiceHost) -> str:
    """In place of pytest-grpc's: the port that the server took."""
    return grpc_server.target


@dataclass
class OtlpReceiver:
    """A real OTLP/gRPC trace receiver that keeps what it gets."""

    endpoint: str
    spans: list[tuple[str, trace_pb2.Span]] = field(default_factory=list)
    """(service.name, span) in order of arrival."""
    resources: list[dict[str, str]] = field(default_factory=list)

    def named(self, name: str) -> list[tuple[str, trace_pb2.Span]]:
        """The spans of one name."""
        return [(service, span) for service, span in self.spans if span.name == name]

    def edges(self) -> set[tuple[tuple[str, str], tuple[str, str]]]:
        """Every parent → child pair received, each as (span name, service)."""
        by_id = {
            (span.trace_id, span.span_id): (span.name, service) for service, span in self.spans
        }
        return {
            (by_id[span.trace_id, span.parent_span_id], (span.name, service))
            for service, span in self.spans
            if (span.trace_id, span.parent_span_id) in by_id
        }


class _TraceService(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self, receiver: OtlpReceiver) -> None:
        self._receiver = receiver

    def Export(  # name of the RPC
        self, request: Any, context: Any
    ) -> Any:
        for resource_spans in request.resource_spans:
            resource = {
                item.key: item.value.string_value for item in resource_spans.resource.attributes
            }
            self._receiver.resources.append(resource)
            for scope_spans in resource_spans.scope_spans:
                for span in scope_spans.spans:
                    self._receiver.spans.append((resource.get("service.name", ""), span))
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
def otlp_receiver() -> Iterator[OtlpReceiver]:
    """An OTLP receiver on a free port, in threads of its own, so that it works beside any loop."""
    with ThreadPoolExecutor(2) as pool:
        server = grpc.server(pool, options=[("grpc.so_reuseport", 0)])
        port = server.add_insecure_port("127.0.0.1:0")
        receiver = OtlpReceiver(f"http://127.0.0.1:{port}")
        add: Any = trace_service_pb2_grpc.add_TraceServiceServicer_to_server  # has no types
        add(_TraceService(receiver), server)
        server.start()
        yield receiver
        server.stop(None).wait()
