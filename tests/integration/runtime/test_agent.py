"""An agent that was started by hand: it registers, sends heartbeats, outlives the supervisor."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc

from alphapulse.system.v1 import system_pb2, system_pb2_grpc
from alphapulse_mesh.runtime.agent import AgentReporter, AgentStatus

if TYPE_CHECKING:
    import pytest


class Supervisor(system_pb2_grpc.SystemServiceServicer):
    """Takes registrations; can forget them, as a restart would."""

    def __init__(self) -> None:
        self.registered: list[system_pb2.RegisterAgentRequest] = []
        self.heartbeats: asyncio.Queue[system_pb2.SendHeartbeatRequest] = asyncio.Queue()
        self.lease = ""

    async def GetMeshStatus(
        self, request: system_pb2.GetMeshStatusRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> system_pb2.GetMeshStatusResponse:
        raise NotImplementedError

    async def ControlMesh(
        self, request: system_pb2.ControlMeshRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> system_pb2.ControlMeshResponse:
        raise NotImplementedError

    async def RegisterAgent(
        self, request: system_pb2.RegisterAgentRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> system_pb2.RegisterAgentResponse:
        self.registered.append(request)
        self.lease = f"lease-{len(self.registered)}"
        return system_pb2.RegisterAgentResponse(lease=self.lease, interval_ms=20)

    async def SendHeartbeat(
        self, request: system_pb2.SendHeartbeatRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> system_pb2.SendHeartbeatResponse:
        if request.lease != self.lease:
            await context.abort(grpc.StatusCode.NOT_FOUND, "who is this?")
        self.heartbeats.put_nowait(request)
        return system_pb2.SendHeartbeatResponse(interval_ms=20)


async def test_registers_and_sends_heartbeats_with_counters(
    aio_server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alphapulse_mesh.runtime.agent._RETRY_SECONDS", 0.05)
    supervisor = Supervisor()
    host, _ = await aio_server((system_pb2_grpc.add_SystemServiceServicer_to_server, supervisor))
    status = AgentStatus("collector-mine", "1", handled_types=(1, 2))
    status.count("frames", 5)
    task = asyncio.create_task(AgentReporter(host.target, status, "127.0.0.1:7").run())
    try:
        beat = await asyncio.wait_for(supervisor.heartbeats.get(), 10)
        assert beat.lease == "lease-1"
        assert dict(beat.counters) == {"frames": 5}
        [registered] = supervisor.registered
        assert (registered.name, registered.address) == ("collector-mine", "127.0.0.1:7")
        assert list(registered.handled_types) == [1, 2]

        supervisor.lease = "forgotten"
        while not supervisor.heartbeats.empty():
            supervisor.heartbeats.get_nowait()
        beat = await asyncio.wait_for(supervisor.heartbeats.get(), 10)
        assert beat.lease == "lease-2"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_host_reports_to_the_supervisor_that_it_is_given(
    aio_server: Any, make_config: Any, tmp_path: Any
) -> None:
    supervisor = Supervisor()
    boss, _ = await aio_server((system_pb2_grpc.add_SystemServiceServicer_to_server, supervisor))
    agent_config = make_config(mesh={"run_dir": tmp_path / "agent"})
    agent, _ = await aio_server(config=agent_config, instance="a", report_to=boss.target)
    beat = await asyncio.wait_for(supervisor.heartbeats.get(), 10)
    assert beat.state == system_pb2.SERVICE_STATE_SERVING
    assert supervisor.registered[0].name == "registry-a"
    assert supervisor.registered[0].address == agent.target
