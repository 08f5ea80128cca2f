"""What a service says about itself: `AgentService`, and heartbeats to a supervisor that did not
start it.

`AgentStatus` is the one place where a service keeps its counters; `ServiceHost` serves it. The
supervisor polls the processes that it started; an agent that was started by hand registers and
sends heartbeats through `AgentReporter`.
"""

from __future__ import annotations

import asyncio
import logging
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from alphapulse.system.v1 import system_pb2, system_pb2_grpc

if TYPE_CHECKING:
    from google.protobuf.message import Message

__all__ = ["AgentReporter", "AgentServicer", "AgentStatus", "ServiceState"]

ServiceState = system_pb2.ServiceState
_log = logging.getLogger(__name__)
_RETRY_SECONDS = 1.0


@dataclass
class AgentStatus:
    """Live facts about one process; its service writes them, anyone may ask."""

    name: str
    """Service id."""
    version: str
    state: system_pb2.ServiceState.ValueType = system_pb2.SERVICE_STATE_STARTING
    handled_types: tuple[int, ...] = ()
    counters: dict[str, int] = field(default_factory=dict)
    """Counters by name; only upwards."""
    finished: bool = False
    """A bounded source has ended and everything was delivered."""

    def count(self, name: str, by: int = 1) -> None:
        """Add to a counter."""
        self.counters[name] = self.counters.get(name, 0) + by


class AgentServicer(system_pb2_grpc.AgentServiceServicer):
    """Answers `GetAgentStatus` from an `AgentStatus`."""

    def __init__(self, status: AgentStatus) -> None:
        self._status = status

    async def GetAgentStatus(
        self,
        request: system_pb2.GetAgentStatusRequest,
        context: grpc.aio.ServicerContext[Message, Message],
    ) -> system_pb2.GetAgentStatusResponse:
        """The present state and counters."""
        status = self._status
        return system_pb2.GetAgentStatusResponse(
            name=status.name,
            state=status.state,
            handled_types=status.handled_types,
            counters=status.counters,
            version=status.version,
            finished=status.finished,
        )


class AgentReporter:
    """Registers with a supervisor and sends heartbeats until cancelled: `await reporter.run()`.

    A supervisor that is away is tried again; after its restart the agent registers anew.
    """

    def __init__(self, target: str, status: AgentStatus, address: str = "") -> None:
        self._target = target
        self._status = status
        self._address = address

    async def run(self) -> None:
        """Report until cancelled."""
        async with grpc.aio.insecure_channel(self._target) as channel:
            stub = system_pb2_grpc.SystemServiceStub(channel)
            while True:
                try:
                    await self._report(stub)
                except grpc.aio.AioRpcError as error:
                    _log.debug("supervisor %s: %s", self._target, error.code().name)
                await asyncio.sleep(_RETRY_SECONDS)

    async def _report(self, stub: system_pb2_grpc.SystemServiceAsyncStub) -> None:
        status = self._status
        registered: system_pb2.RegisterAgentResponse = await stub.RegisterAgent(
            system_pb2.RegisterAgentRequest(
                name=status.name,
                address=self._address,
                handled_types=status.handled_types,
                pid=os.getpid(),
            ),
            timeout=5,
        )
        interval_ms = registered.interval_ms
        while True:
            # Half the interval, so that one late heartbeat is not a dead agent.
            await asyncio.sleep(interval_ms / 2000)
            answer: system_pb2.SendHeartbeatResponse = await stub.SendHeartbeat(
                system_pb2.SendHeartbeatRequest(
                    lease=registered.lease, state=status.state, counters=status.counters
                ),
                timeout=5,
            )
            interval_ms = answer.interval_ms or interval_ms
