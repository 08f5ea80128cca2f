"""A real host on a free port: errors, traces, metrics, limits, deadlines, health, reflection."""

from __future__ import annotations

import asyncio
import logging
import urllib.request
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from google.rpc import error_details_pb2
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from grpc_status import rpc_status

from alphapulse.system.v1 import system_pb2, system_pb2_grpc
from alphapulse_mesh.runtime.errors import (
    DeadlineExceeded,
    InternalError,
    InvalidArgument,
    OrderRejected,
    Unavailable,
    from_rpc_error,
)
from alphapulse_mesh.runtime.interceptors import call_options, current_deadline
from alphapulse_mesh.runtime.metrics import Metrics
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.telemetry import (
    Telemetry,
    current_context,
    format_traceparent,
    new_context,
    parse_traceparent,
)
from alphapulse_testing.echo import METHODS, NAME, Echo, add_echo_to_server, call

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from alphapulse_mesh.runtime.config import MeshConfig
    from alphapulse_mesh.runtime.server import ServiceHost

SERVING = health_pb2.HealthCheckResponse.SERVING


class Served:
    """The echo service on a host, with what observes it."""

    def __init__(
        self,
        host: ServiceHost,
        channel: grpc.aio.Channel,
        echo: Echo,
        metrics: Metrics,
        telemetry: Telemetry,
    ) -> None:
        self.host, self.channel, self.echo = host, channel, echo
        self.metrics, self.telemetry = metrics, telemetry


@pytest_asyncio.fixture
async def served(
    aio_server: Any, mesh_config: MeshConfig, otlp_receiver: Any
) -> AsyncIterator[Served]:
    telemetry_config = mesh_config.telemetry.model_copy(
        update={"otlp_endpoint": otlp_receiver.endpoint, "rpc_sample_ratio": 0.0}
    )
    config = mesh_config.model_copy(update={"telemetry": telemetry_config})
    telemetry = Telemetry.start("registry", config)
    with Metrics("registry", "registry") as metrics:
        echo = Echo()
        host, channel = await aio_server(
            (add_echo_to_server, echo), telemetry=telemetry, metrics=metrics, config=config
        )
        yield Served(host, channel, echo, metrics, telemetry)
        echo.release.set()
        await asyncio.to_thread(telemetry.close)


@pytest.mark.parametrize("method", METHODS)
class TestEveryShape:
    async def test_messages_pass(self, served: Served, method: str) -> None:
        assert b"".join(await call(served.channel, method, b"one", b"two")) in (b"onetwo", b"one")

    async def test_our_errors_become_rich_statuses(self, served: Served, method: str) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(served.channel, method, b"reject")
        assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
        status = rpc_status.from_call(caught.value)  # type: ignore[arg-type]  # reads what both have
        assert status is not None
        assert len(status.details) == 1
        info = error_details_pb2.ErrorInfo()
        assert status.details[0].Unpack(info)
        assert (info.reason, info.domain) == ("ORDER_TOO_LARGE", "alphapulse")
        error = from_rpc_error(caught.value)
        assert isinstance(error, OrderRejected)
        assert error.reason == "ORDER_TOO_LARGE"
        assert error.values == {"limit": "10"}

    async def test_a_defect_stays_private_and_is_logged_with_its_trace(
        self, served: Served, method: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        context = new_context(sampled=False)
        with caplog.at_level(logging.ERROR), pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(served.channel, method, b"crash", **call_options(context))
        error = from_rpc_error(caught.value)
        assert isinstance(error, InternalError)
        assert error.reason == "INTERNAL"
        assert error.values == {"trace_id": context.trace_hex}
        assert "passwd" not in repr(caught.value)
        record = next(record for record in caplog.records if record.exc_info)
        assert "passwd" in str(record.exc_info)
        assert vars(record)["trace_id"] == context.trace_hex

    async def test_a_handlers_own_status_is_left_alone(self, served: Served, method: str) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(served.channel, method, b"abort")
        assert caught.value.code() is grpc.StatusCode.DATA_LOSS
        assert caught.value.details() == "own status"

    async def test_the_callers_deadline_reaches_and_ends_the_handler(
        self, served: Served, method: str
    ) -> None:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(served.channel, method, b"wait", timeout=0.3)
        assert isinstance(from_rpc_error(caught.value), DeadlineExceeded)
        await asyncio.wait_for(served.echo.cancelled.wait(), 5)

    async def test_the_trace_is_carried_on(self, served: Served, method: str) -> None:
        context = new_context(sampled=False)
        answer = (await call(served.channel, method, b"context", **call_options(context)))[0]
        inside = parse_traceparent(answer)
        assert inside is not None
        assert inside.trace_id == context.trace_id
        assert inside.message_id != context.message_id
        assert not inside.sampled

    async def test_sampled_calls_are_spans_under_their_caller(
        self, served: Served, method: str, otlp_receiver: Any
    ) -> None:
        unsampled, sampled = new_context(sampled=False), new_context(sampled=True)
        await call(served.channel, method, b"x", **call_options(unsampled))
        await call(served.channel, method, b"x", **call_options(sampled))
        with pytest.raises(grpc.aio.AioRpcError):
            await call(served.channel, method, b"crash", **call_options(sampled))
        await asyncio.to_thread(served.telemetry.flush)
        spans = [span for _, span in otlp_receiver.named(f"{NAME}/{method}")]
        assert [span.trace_id for span in spans] == [sampled.trace_id] * 2
        assert {span.parent_span_id for span in spans} == {sampled.message_id}
        attributes = [{a.key: a.value.string_value for a in span.attributes} for span in spans]
        assert attributes[0] == {
            "rpc.system.name": "grpc",
            "rpc.method": f"{NAME}/{method}",
            "rpc.status_code": "OK",
        }
        assert attributes[1]["rpc.status_code"] == "INTERNAL"
        assert attributes[1]["error.type"] == "INTERNAL"

    async def test_calls_are_counted_by_code(self, served: Served, method: str) -> None:
        await call(served.channel, method, b"x")
        with pytest.raises(grpc.aio.AioRpcError):
            await call(served.channel, method, b"reject")
        with pytest.raises(grpc.aio.AioRpcError):
            await call(served.channel, method, b"wait", timeout=0.3)
        await asyncio.wait_for(served.echo.cancelled.wait(), 5)

        def count(name: str, code: str | None = None) -> float:
            return sum(
                sample.value
                for metric in served.metrics.registry.collect()
                for sample in metric.samples
                if sample.name == name
                and sample.labels["grpc_method"] == method
                and (code is None or sample.labels["grpc_code"] == code)
            )

        # The client has its answer before the server has left the interceptor.
        async with asyncio.timeout(5):
            while count("grpc_server_in_flight"):  # noqa: ASYNC110  # counters set no event
                await asyncio.sleep(0.01)
        assert count("grpc_server_started_total") == 3
        assert count("grpc_server_handled_total", "OK") == 1
        assert count("grpc_server_handled_total", "FAILED_PRECONDITION") == 1
        assert count("grpc_server_handled_total", "DEADLINE_EXCEEDED") == 1


@pytest.mark.parametrize(
    "method", ["/alphapulse.system.v1.AgentService/GetAgentStatus", "/grpc.health.v1.Health/Watch"]
)
async def test_bytes_that_are_no_request_are_the_callers_fault(
    served: Served, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    unary = method.endswith("Status")
    make: Any = served.channel.unary_unary if unary else served.channel.unary_stream
    asked = make(method)(b"\xff\xff\xff")
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await (asked if unary else asked.read())
    error = from_rpc_error(caught.value)
    assert isinstance(error, InvalidArgument)
    assert error.reason == "REQUEST_MALFORMED"
    assert not caplog.records, "it is none of ours"


async def test_root_calls_are_sampled_by_ratio(aio_server: Any, make_config: Any) -> None:
    answers = []
    for ratio in (0.0, 1.0):
        config = make_config(telemetry={"rpc_sample_ratio": ratio})
        with Telemetry.start("registry", config) as telemetry:
            _, channel = await aio_server(
                (add_echo_to_server, Echo()), telemetry=telemetry, config=config
            )
            [answer] = await call(channel, "Unary", b"context")
            answers.append(parse_traceparent(answer))
    assert [context is not None and context.sampled for context in answers] == [False, True]


class TestCallOptions:
    async def test_outside_of_an_rpc_there_is_nothing_to_carry(self) -> None:
        assert call_options() == {}
        assert call_options(timeout=2.0) == {"timeout": 2.0}

    async def test_the_margin_comes_off_what_the_caller_has_left(self) -> None:
        loop = asyncio.get_running_loop()
        current_deadline.set(loop.time() + 10.0)
        context = new_context()
        current_context.set(context)
        options = call_options(timeout=60.0, margin=4.0, metadata=[("a", "b")])
        assert 5.0 < options["timeout"] <= 6.0
        assert options["metadata"] == (("a", "b"), ("traceparent", format_traceparent(context)))
        assert call_options(timeout=1.0)["timeout"] == 1.0

    async def test_no_time_left_is_an_error_at_once(self) -> None:
        current_deadline.set(asyncio.get_running_loop().time() + 0.001)
        with pytest.raises(DeadlineExceeded):
            call_options(margin=0.005)

    async def test_handlers_know_whether_there_is_a_deadline(self, served: Served) -> None:
        assert await call(served.channel, "Unary", b"deadline") == [b"none"]
        assert await call(served.channel, "Unary", b"deadline", timeout=30) == [b"some"]


class TestLimits:
    async def test_a_request_that_is_too_large(self, aio_server: Any, make_config: Any) -> None:
        config = make_config(server={"max_message_bytes": 4096})
        _, channel = await aio_server((add_echo_to_server, Echo()), config=config)
        assert await call(channel, "Unary", bytes(4096)) == [bytes(4096)]
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(channel, "Unary", bytes(4097))
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED

    async def test_a_response_that_is_too_large(self, aio_server: Any, make_config: Any) -> None:
        config = make_config(server={"max_message_bytes": 4096})
        _, channel = await aio_server((add_echo_to_server, Echo()), config=config)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(channel, "Unary", b"big")
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED

    async def test_too_many_calls_at_once_are_shed(self, aio_server: Any, make_config: Any) -> None:
        config = make_config(server={"max_concurrent_rpcs": 2})
        echo = Echo()
        _, channel = await aio_server((add_echo_to_server, echo), config=config)
        held = [asyncio.create_task(call(channel, "Unary", b"wait")) for _ in range(2)]
        await asyncio.wait_for(echo.crowded.wait(), 5)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await call(channel, "Unary", b"one too many")
        assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        echo.release.set()
        assert await asyncio.gather(*held) == [[b"wait"], [b"wait"]]
        assert await call(channel, "Unary", b"room again") == [b"room again"]

    async def test_streams_beyond_a_connections_limit_wait(
        self, aio_server: Any, make_config: Any
    ) -> None:
        config = make_config(server={"max_concurrent_streams": 1})
        echo = Echo()
        _, channel = await aio_server((add_echo_to_server, echo), config=config)
        held = asyncio.create_task(call(channel, "Unary", b"wait"))
        await asyncio.wait_for(echo.entered.wait(), 5)
        second = asyncio.create_task(call(channel, "Unary", b"second"))
        await asyncio.sleep(0.2)
        assert echo.calls == 1
        echo.release.set()
        assert await held == [b"wait"]
        assert await second == [b"second"]


class TestBinding:
    async def test_port_in_use_is_named(
        self, aio_server: Any, make_config: Callable[..., MeshConfig], free_port: int
    ) -> None:
        config = make_config(registry={"port": free_port})
        await aio_server((add_echo_to_server, Echo()), config=config)
        with pytest.raises(Unavailable, match=f"port {free_port}") as caught:
            await aio_server((add_echo_to_server, Echo()), config=config)
        assert caught.value.reason == "PORT_IN_USE"

    async def test_address_that_is_not_ours(self, aio_server: Any, make_config: Any) -> None:
        config = make_config(mesh={"host": "192.0.2.1"})
        with pytest.raises(Unavailable) as caught:
            await aio_server((add_echo_to_server, Echo()), config=config)
        assert caught.value.reason == "BIND_FAILED"

    async def test_unix_socket(self, aio_server: Any, make_config: Any, tmp_path: Any) -> None:
        config = make_config(mesh={"run_dir": tmp_path / "r"}, server={"transport": "unix"})
        host, channel = await aio_server((add_echo_to_server, Echo()), config=config)
        assert await call(channel, "Unary", b"x") == [b"x"]
        assert host.paths.read_ready(Service.REGISTRY).target == host.target
        with pytest.raises(Unavailable) as caught:
            await aio_server((add_echo_to_server, Echo()), config=config)
        assert caught.value.reason == "PORT_IN_USE"
        assert await call(channel, "Unary", b"still there") == [b"still there"]

    async def test_a_stale_socket_file_is_taken_over(
        self, aio_server: Any, make_config: Any, tmp_path: Any
    ) -> None:
        import socket

        config = make_config(mesh={"run_dir": tmp_path / "r"}, server={"transport": "unix"})
        path = tmp_path / "r/sockets/registry.sock"
        path.parent.mkdir(parents=True)
        with socket.socket(socket.AF_UNIX) as dead:
            dead.bind(str(path))
        _, channel = await aio_server((add_echo_to_server, Echo()), config=config)
        assert await call(channel, "Unary", b"x") == [b"x"]


class TestAboutItself:
    async def test_health_of_the_whole_and_of_each_service(self, served: Served) -> None:
        stub: Any = health_pb2_grpc.HealthStub(served.channel)  # the stubs have no methods
        for name in ("", NAME, "alphapulse.system.v1.AgentService"):
            answer = await stub.Check(health_pb2.HealthCheckRequest(service=name))
            assert answer.status == SERVING
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.Check(health_pb2.HealthCheckRequest(service="no.such.Service"))
        assert caught.value.code() is grpc.StatusCode.NOT_FOUND

    async def test_reflection_lists_services_and_gives_descriptors(self, served: Served) -> None:
        def ask() -> tuple[set[str], set[str]]:
            with grpc.insecure_channel(served.host.target) as channel:
                database = ProtoReflectionDescriptorDatabase(channel)
                file = database.FindFileContainingSymbol("alphapulse.system.v1.AgentService")
                return set(database.get_services()), {s.name for s in file.service}

        listed, described = await asyncio.to_thread(ask)
        assert listed == {
            NAME,
            "alphapulse.system.v1.AgentService",
            "grpc.health.v1.Health",
            "grpc.reflection.v1alpha.ServerReflection",
        }
        assert "AgentService" in described

    async def test_agent_status(self, served: Served) -> None:
        served.host.agent.count("frames", 3)
        served.host.agent.count("frames")
        served.host.agent.handled_types = (1, 2)
        stub = system_pb2_grpc.AgentServiceStub(served.channel)
        status = await stub.GetAgentStatus(system_pb2.GetAgentStatusRequest())
        assert status.name == "registry"
        assert status.state == system_pb2.SERVICE_STATE_SERVING
        assert dict(status.counters) == {"frames": 4}
        assert list(status.handled_types) == [1, 2]
        assert not status.finished

    async def test_ready_file_tells_where(self, served: Served) -> None:
        ready = served.host.paths.read_ready(Service.REGISTRY)
        assert ready is not None
        assert ready.port == served.host.port > 0
        assert ready.alive()

    async def test_metrics_are_served_as_text(self, served: Served) -> None:
        await call(served.channel, "Unary", b"x")
        port = served.metrics.serve()

        def fetch() -> str:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as response:
                return str(response.read().decode())

        text = await asyncio.to_thread(fetch)
        assert 'alphapulse_service_info{instance="registry",service="registry"} 1.0' in text
        assert (
            'grpc_server_handled_total{grpc_code="OK",grpc_method="Unary",'
            f'grpc_service="{NAME}",grpc_type="unary"}} 1.0'
        ) in text

    def test_metrics_port_in_use_is_named(self) -> None:
        with Metrics("a", "a") as first, Metrics("b", "b") as second:
            port = first.serve()
            with pytest.raises(Unavailable, match=str(port)) as caught:
                second.serve(port)
            assert caught.value.reason == "PORT_IN_USE"
