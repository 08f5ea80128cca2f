"""`python -m alphapulse_mesh.runtime.probe TARGET`: exit code 0 when the gRPC service there serves.

For the health checks of containers: `unix:/path` or `host:port`.
"""

from __future__ import annotations

import sys
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

_SECONDS = 3.0


def probe(target: str) -> str:
    """`SERVING`, another state of the health protocol, or the name of the RPC's status code."""
    with grpc.insecure_channel(target) as channel:
        stub: Any = health_pb2_grpc.HealthStub(channel)  # the stubs have no methods
        try:
            answer = stub.Check(health_pb2.HealthCheckRequest(), timeout=_SECONDS)
        except grpc.RpcError as error:
            return str(error.code().name)
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m alphapulse_mesh.runtime.probe TARGET")
    state = probe(sys.argv[1])
    sys.exit(None if state == "SERVING" else f"{sys.argv[1]}: {state}")
