"""`python -m alphapulse_mesh.supervisor --config FILE`: one mesh until SIGTERM or STOP."""

from __future__ import annotations

import sys

from alphapulse.system.v1 import system_pb2_grpc
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.server import ServiceContext, run_service
from alphapulse_mesh.supervisor.heartbeats import Heartbeats
from alphapulse_mesh.supervisor.mesh import Mesh
from alphapulse_mesh.supervisor.service import SystemServicer


async def main(service: ServiceContext) -> None:
    """Take the mesh's lock, serve, start everything, stop everything."""
    mesh = Mesh(service.config)
    mesh.lock()
    host = service.host
    heartbeats = Heartbeats(service.paths, service.config.system.heartbeat_seconds)
    host.add(
        system_pb2_grpc.add_SystemServiceServicer_to_server,
        SystemServicer(mesh, heartbeats=heartbeats),
    )

    async def run() -> None:
        await mesh.start(host.target)
        await mesh.stop_asked.wait()
        host.stop()

    async with mesh, host:
        host.background(run(), name="mesh")
        host.background(heartbeats.run(), name="heartbeats")
        await host.run_until_signalled()


if __name__ == "__main__":
    sys.exit(run_service(Service.SUPERVISOR, main))
