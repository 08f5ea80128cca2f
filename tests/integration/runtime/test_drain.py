"""The end of a service: drain in process, and whole processes under signals."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from alphapulse_mesh.runtime.config import dump_toml
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.paths import MeshPaths, Ready
from alphapulse_testing.echo import NAME, Echo, add_echo_to_server, call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alphapulse_mesh.runtime.config import MeshConfig

SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING
SUPPORT = Path(__file__).parents[2] / "support"


async def health(channel: grpc.aio.Channel, service: str = "") -> int:
    stub: Any = health_pb2_grpc.HealthStub(channel)  # the stubs have no methods
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
    return int(answer.status)


class TestDrain:
    async def test_calls_in_flight_end_and_new_ones_are_refused(self, aio_server: Any) -> None:
        echo = Echo()
        host, channel = await aio_server((add_echo_to_server, echo))
        held = asyncio.create_task(call(channel, "Unary", b"wait"))
        await asyncio.wait_for(echo.entered.wait(), 5)
        drain = asyncio.create_task(host.drain())
        await asyncio.wait_for(host.draining.wait(), 5)
        await asyncio.sleep(0.1)
        async with grpc.aio.insecure_channel(host.target) as late:
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await call(late, "Unary", b"late")
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert not drain.done()
        echo.release.set()
        assert await held == [b"wait"]
        await asyncio.wait_for(drain, 5)

    async def test_health_says_so_before_calls_are_refused(
        self, aio_server: Any, make_config: Any
    ) -> None:
        config = make_config(server={"drain_notice_seconds": 0.5})
        host, channel = await aio_server((add_echo_to_server, Echo()), config=config)
        assert await health(channel) == SERVING
        drain = asyncio.create_task(host.drain())
        await asyncio.sleep(0.1)
        assert await health(channel) == NOT_SERVING
        assert await health(channel, NAME) == NOT_SERVING
        assert await call(channel, "Unary", b"still served") == [b"still served"]
        assert host.paths.read_ready(Service.REGISTRY) is None
        await drain

    async def test_what_does_not_end_is_cancelled_at_the_limit(
        self, aio_server: Any, make_config: Any
    ) -> None:
        config = make_config(server={"drain_seconds": 0.2})
        echo = Echo()
        host, channel = await aio_server((add_echo_to_server, echo), config=config)
        held = asyncio.create_task(call(channel, "Unary", b"wait"))
        await asyncio.wait_for(echo.entered.wait(), 5)
        await asyncio.wait_for(host.drain(), 10)
        assert echo.cancelled.is_set()
        with pytest.raises(grpc.aio.AioRpcError):
            await held

    async def test_health_watchers_are_told_and_do_not_hold_up_the_drain(
        self, aio_server: Any, make_config: Any
    ) -> None:
        config = make_config(server={"drain_seconds": 60.0, "drain_notice_seconds": 0.1})
        host, channel = await aio_server((add_echo_to_server, Echo()), config=config)
        stub: Any = health_pb2_grpc.HealthStub(channel)  # the stubs have no methods
        watch = stub.Watch(health_pb2.HealthCheckRequest(service=NAME))
        assert (await watch.read()).status == SERVING
        await asyncio.wait_for(host.drain(), 10)
        assert (await watch.read()).status == NOT_SERVING
        assert await watch.read() is grpc.aio.EOF

    async def test_background_work_is_cancelled_after_the_calls(self, aio_server: Any) -> None:
        host, _ = await aio_server((add_echo_to_server, Echo()))
        ended: list[str] = []

        async def work() -> None:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("work")

        host.background(work(), name="work")
        await asyncio.sleep(0)
        await host.drain()
        assert ended == ["work"]

    async def test_background_failure_ends_the_service(self, aio_server: Any) -> None:
        host, _ = await aio_server((add_echo_to_server, Echo()))

        async def work() -> None:
            raise RuntimeError("feed ended")

        host.background(work(), name="work")
        with pytest.raises(RuntimeError, match="feed ended"):
            await asyncio.wait_for(host.run_until_signalled(), 10)

    async def test_background_work_that_returns_leaves_the_service_up(
        self, aio_server: Any
    ) -> None:
        host, channel = await aio_server((add_echo_to_server, Echo()))

        async def work() -> None:
            host.agent.finished = True

        host.background(work(), name="replay")
        await asyncio.sleep(0.05)
        assert host.agent.finished
        assert await call(channel, "Unary", b"up") == [b"up"]


SERVICE = """
import asyncio, sys
sys.path.insert(0, sys.argv.pop(1))
from alphapulse_testing.echo import Echo, add_echo_to_server
from alphapulse_mesh.runtime.errors import Unavailable
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.server import ServiceContext, run_service

mode = sys.argv.pop(1)

async def main(service: ServiceContext) -> None:
    if mode == "unavailable":
        raise Unavailable("no venue", reason="VENUE_GONE")
    echo = Echo()
    service.host.add(add_echo_to_server, echo)
    async with service.host:
        if mode == "release":
            async def release() -> None:
                await service.host.draining.wait()
                await asyncio.sleep(0.3)
                echo.release.set()
            releasing = asyncio.create_task(release())
        await service.host.run_until_signalled()
    print("closed in order", flush=True)

sys.exit(run_service(Service.COLLECTOR, main))
"""


class Running:
    """A service process made from SERVICE."""

    def __init__(self, config: MeshConfig, directory: Path, mode: str, *options: str) -> None:
        self.config = config
        file = directory / "mesh.toml"
        file.write_text(dump_toml(config))
        command = [sys.executable, "-c", SERVICE, str(SUPPORT), mode, "--config", str(file)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("ALPHAPULSE_")}
        self.process = subprocess.Popen(
            [*command, *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        )

    async def ready(self, instance: str | None = None) -> Ready:
        paths = MeshPaths(self.config)
        for _ in range(600):
            ready = paths.read_ready(Service.COLLECTOR, instance)
            if ready is not None:
                return ready
            if self.process.poll() is not None:
                break
            await asyncio.sleep(0.05)
        raise AssertionError(self.process.communicate()[1])

    async def ended(self) -> tuple[int, str, str]:
        out, err = await asyncio.to_thread(self.process.communicate, timeout=30)
        return self.process.returncode, out, err


@pytest.fixture
def start(tmp_path: Path, mesh_config: MeshConfig) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def begin(mode: str, *options: str, config: MeshConfig | None = None) -> Running:
        running.append(Running(config or mesh_config, tmp_path, mode, *options))
        return running[-1]

    yield begin
    for one in running:
        one.process.kill()
        one.process.communicate()


class TestProcess:
    async def test_a_call_in_flight_survives_sigterm(self, start: Callable[..., Running]) -> None:
        service = start("release")
        ready = await service.ready()
        assert ready.pid == service.process.pid
        async with grpc.aio.insecure_channel(ready.target) as channel:
            held = asyncio.create_task(call(channel, "Unary", b"wait"))
            await asyncio.sleep(0.3)
            service.process.send_signal(signal.SIGTERM)
            assert await asyncio.wait_for(held, 20) == [b"wait"]
        code, out, err = await service.ended()
        assert code == 0, err
        assert "closed in order" in out
        assert MeshPaths(service.config).all_ready() == []

    async def test_a_second_signal_does_not_wait(
        self, start: Callable[..., Running], make_config: Any
    ) -> None:
        service = start("plain", config=make_config(server={"drain_seconds": 600.0}))
        ready = await service.ready()
        async with grpc.aio.insecure_channel(ready.target) as channel:
            held = asyncio.create_task(call(channel, "Unary", b"wait"))
            await asyncio.sleep(0.3)
            service.process.send_signal(signal.SIGINT)
            await asyncio.sleep(0.3)
            service.process.send_signal(signal.SIGINT)
            code, out, _ = await service.ended()
            with pytest.raises(grpc.aio.AioRpcError):
                await held
        assert code == 0
        assert "closed in order" in out

    async def test_logs_are_json_lines_on_stderr(self, start: Callable[..., Running]) -> None:
        service = start("plain", "--instance", "b")
        ready = await service.ready("b")
        assert ready.service == "collector-b"
        assert ready.metrics_port > 0
        service.process.send_signal(signal.SIGTERM)
        _, _, err = await service.ended()
        lines = [json.loads(line) for line in err.splitlines()]
        assert {line["service"] for line in lines} == {"collector-b"}
        assert any(line["message"].startswith("serving on ") for line in lines)

    async def test_our_errors_end_it_with_one_line(self, start: Callable[..., Running]) -> None:
        code, out, err = await start("unavailable").ended()
        assert (code, out, err) == (1, "", "collector: no venue\n")

    async def test_a_wrong_configuration_is_named_and_told_apart(
        self, start: Callable[..., Running], tmp_path: Path
    ) -> None:
        wrong = tmp_path / "wrong.toml"
        wrong.write_text("[mesh]\nnam = 'x'\n")
        code, _, err = await start("plain", "--config", str(wrong)).ended()
        assert code == 2
        assert err == f"collector: {wrong}: unknown key 'mesh.nam'; did you mean 'name'?\n"

    async def test_it_ends_with_its_parent(self, tmp_path: Path, mesh_config: MeshConfig) -> None:
        file = tmp_path / "mesh.toml"
        file.write_text(dump_toml(mesh_config))
        parent_code = (
            "import os, subprocess, sys, time\n"
            "own = ['--parent', str(os.getpid())]\n"
            "subprocess.Popen([sys.executable, '-c', *sys.argv[1:], *own])\n"
            "time.sleep(600)\n"
        )
        arguments = [SERVICE, str(SUPPORT), "plain", "--config", str(file)]
        with subprocess.Popen([sys.executable, "-c", parent_code, *arguments]) as parent:
            paths = MeshPaths(mesh_config)
            for _ in range(600):
                ready = paths.read_ready(Service.COLLECTOR)
                if ready is not None:
                    break
                await asyncio.sleep(0.05)
            assert ready is not None
            assert ready.alive()
            parent.kill()
        for _ in range(600):
            if not ready.alive():
                break
            await asyncio.sleep(0.05)
        assert not ready.alive()
        assert paths.all_ready() == []
