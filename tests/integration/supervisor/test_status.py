"""What the supervisor says of its processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alphapulse.system.v1 import system_pb2
from alphapulse_mesh.supervisor.heartbeats import Heartbeats
from alphapulse_mesh.supervisor.mesh import Mesh
from alphapulse_mesh.supervisor.plan import ProcessSpec
from alphapulse_mesh.supervisor.processes import ManagedProcess
from alphapulse_mesh.supervisor.service import SystemServicer
from alphapulse_testing.waiting import eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig


async def test_a_silent_service_is_missing_and_a_program_of_others_is_not(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    mesh = Mesh(make_config(envoy={"port": 0}))
    specs = (
        ProcessSpec(name="registry", argv=("sleep", "600"), stage=0),
        ProcessSpec(name="nats", argv=("sleep", "600"), stage=0, ready_url="http://127.0.0.1:1/"),
    )
    async with mesh:
        for spec in specs:
            log = tmp_path / f"{spec.name}.log"
            process = ManagedProcess(spec, mesh.config.supervisor, log_file=log)
            mesh.processes[spec.name] = process
            process.start()
        await eventually(lambda: all(one.pid for one in mesh.processes.values()), seconds=60)
        for process in mesh.processes.values():
            process.started_ns = 1  # up for decades, and never heard of
        servicer = SystemServicer(mesh, heartbeats=Heartbeats(mesh.paths, 2.0))
        context: Any = None  # not looked at
        answer = await servicer.GetMeshStatus(system_pb2.GetMeshStatusRequest(), context)
    assert {one.name: one.heartbeat.missing for one in answer.services} == {
        "registry": True,
        "nats": False,
    }
