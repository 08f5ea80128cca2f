"""`alphapulse.system.v1.SystemService`: the state of the mesh, agents from elsewhere, control.

Processes that the supervisor started need no registration: it sees them itself. Others (an agent on
another host, a notebook) register and send heartbeats; when those stop, the agent counts as failed.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from alphapulse.system.v1 import system_pb2, system_pb2_grpc
from alphapulse_mesh.runtime.errors import (
    AlreadyExists,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from alphapulse_mesh.supervisor.heartbeats import Heartbeats
    from alphapulse_mesh.supervisor.mesh import Mesh
    from alphapulse_mesh.supervisor.processes import ManagedProcess

__all__ = ["SystemServicer"]

Context = grpc.aio.ServicerContext[Any, Any]

_MAX_AGENTS: Final = 1024
_MAX_COUNTERS: Final = 64
_MISSED_HEARTBEATS: Final = 3


@dataclass(slots=True)
class _Agent:
    name: str
    address: str
    pid: int
    handled_types: tuple[int, ...]
    seen: float
    started_ns: int
    state: system_pb2.ServiceState.ValueType = system_pb2.SERVICE_STATE_STARTING
    counters: dict[str, int] = field(default_factory=dict)


class SystemServicer(system_pb2_grpc.SystemServiceServicer):
    """Answers for one `Mesh`."""

    def __init__(
        self,
        mesh: Mesh,
        *,
        heartbeats: Heartbeats | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mesh = mesh
        self._heartbeats = heartbeats
        self._clock = clock
        self._agents: dict[str, _Agent] = {}  # by lease
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def _interval(self) -> float:
        return self._mesh.config.supervisor.heartbeat_seconds

    async def GetMeshStatus(
        self, request: system_pb2.GetMeshStatusRequest, context: Context
    ) -> system_pb2.GetMeshStatusResponse:
        """Every process and agent."""
        mesh = self._mesh
        answer = system_pb2.GetMeshStatusResponse(
            mesh=mesh.config.mesh.name,
            gateway_address=f"{mesh.config.mesh.host}:{mesh.config.envoy.port}",
            supervisor_pid=mesh.supervisor_pid,
            started_at=_timestamp(mesh.started_ns),
            jaeger_url=mesh.jaeger_url,
        )
        for process in mesh.processes.values():
            resident, cpu = process.usage()
            answer.services.add(
                name=process.spec.name,
                pid=process.pid,
                address=process.spec.address,
                state=process.state,
                restarts=process.restarts,
                started_at=_timestamp(process.started_ns) if process.started_ns else None,
                resident_bytes=resident,
                cpu=cpu,
                last_error=process.last_error,
                heartbeat=self._heartbeat(process),
            )
        late = self._clock() - _MISSED_HEARTBEATS * self._interval
        for agent in self._agents.values():
            answer.services.add(
                name=agent.name,
                pid=agent.pid,
                address=agent.address,
                state=system_pb2.SERVICE_STATE_FAILED if agent.seen < late else agent.state,
                started_at=_timestamp(agent.started_ns),
                last_error="no heartbeat" if agent.seen < late else "",
                counters=agent.counters,
            )
        return answer

    def _heartbeat(self, process: ManagedProcess) -> system_pb2.HeartbeatStatus | None:
        """Of a service that runs; programs of others (Envoy, NATS, Jaeger) send none."""
        theirs = process.spec.ready_url is not None
        if self._heartbeats is None or not process.pid or theirs:
            return None
        up_seconds = (time.time_ns() - process.started_ns) / 1e9
        return self._heartbeats.status(process.spec.name, up_seconds)

    async def RegisterAgent(
        self, request: system_pb2.RegisterAgentRequest, context: Context
    ) -> system_pb2.RegisterAgentResponse:
        """Add an agent; a name whose agent has fallen silent may be taken over."""
        name = request.name
        if not name or len(name) > 64 or not name.replace("-", "").replace("_", "").isalnum():
            raise InvalidArgument(
                f"name {name[:64]!r}: 1 to 64 letters, digits, - and _",
                reason="INVALID_AGENT_NAME",
                name=name[:64],
            )
        late = self._clock() - _MISSED_HEARTBEATS * self._interval
        for lease, agent in list(self._agents.items()):
            if agent.seen < late and (agent.name == name or len(self._agents) >= _MAX_AGENTS):
                del self._agents[lease]
        taken = name in self._mesh.processes or any(a.name == name for a in self._agents.values())
        if taken:
            raise AlreadyExists(
                f"agent {name!r} is there already", reason="AGENT_EXISTS", name=name
            )
        if len(self._agents) >= _MAX_AGENTS:
            raise ResourceExhausted(
                f"{_MAX_AGENTS} agents are registered", reason="TOO_MANY_AGENTS", limit=_MAX_AGENTS
            )
        lease = secrets.token_hex(16)
        self._agents[lease] = _Agent(
            name=name,
            address=request.address[:256],
            pid=request.pid,
            handled_types=tuple(request.handled_types[:256]),
            seen=self._clock(),
            started_ns=time.time_ns(),
        )
        return system_pb2.RegisterAgentResponse(lease=lease, interval_ms=int(self._interval * 1000))

    async def SendHeartbeat(
        self, request: system_pb2.SendHeartbeatRequest, context: Context
    ) -> system_pb2.SendHeartbeatResponse:
        """An agent is alive."""
        agent = self._agents.get(request.lease)
        if agent is None:
            raise NotFound("no agent holds this lease; register again", reason="UNKNOWN_LEASE")
        agent.seen = self._clock()
        agent.state = request.state or system_pb2.SERVICE_STATE_SERVING
        agent.counters = dict(list(request.counters.items())[:_MAX_COUNTERS])
        return system_pb2.SendHeartbeatResponse(interval_ms=int(self._interval * 1000))

    async def ControlMesh(
        self, request: system_pb2.ControlMeshRequest, context: Context
    ) -> system_pb2.ControlMeshResponse:
        """Restart one service, or stop the mesh; answers when it has begun."""
        match request.action:
            case system_pb2.MESH_ACTION_STOP:
                self._mesh.stop_asked.set()
            case system_pb2.MESH_ACTION_RESTART:
                if request.service not in self._mesh.processes:
                    raise NotFound(
                        f"no service {request.service[:64]!r} in this mesh; "
                        f"there are {', '.join(self._mesh.processes)}",
                        reason="UNKNOWN_SERVICE",
                        service=request.service[:64],
                    )
                task = asyncio.create_task(self._mesh.restart(request.service))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            case _:
                raise InvalidArgument("action: say RESTART or STOP", reason="INVALID_ACTION")
        return system_pb2.ControlMeshResponse(accepted=True)


def _timestamp(time_ns: int) -> Timestamp:
    stamp = Timestamp()
    stamp.FromNanoseconds(time_ns)
    return stamp
