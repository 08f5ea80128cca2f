"""`python -m alphapulse_mesh.relay --config FILE --instance DOMAIN`, one process a domain.

DOMAIN is market-data, signal, execution or system.
"""

from __future__ import annotations

import sys
from contextlib import closing

from alphapulse_mesh.relay.domains import BY_INSTANCE
from alphapulse_mesh.relay.hub import Hub
from alphapulse_mesh.relay.metrics import HubCollector, registered
from alphapulse_mesh.relay.service import (
    RelayServicer,
    add_relay_to_server,
    end_streams_at_drain,
)
from alphapulse_mesh.relay.tracing import PublishTracer
from alphapulse_mesh.runtime.server import ServiceContext, run_service

_BY_SERVICE = {domain.service: domain for domain in BY_INSTANCE.values()}


async def main(service: ServiceContext) -> None:
    """Serve one relay until the process is told to stop."""
    domain = _BY_SERVICE[service.service]
    hub = Hub(
        domain,
        service.config.relay(service.service),
        ring_path=service.paths.shm_path(service.service),
        memory_path=service.paths.data_dir / f"{service.service}.memory",
        max_message_bytes=service.config.server.max_message_bytes,
        tracer=PublishTracer(service.telemetry, domain),
        latencies=service.latencies,
    )
    with closing(hub), registered(service.metrics.registry, HubCollector(hub)):
        service.host.add(add_relay_to_server, RelayServicer(hub))
        async with service.host:
            service.host.background(hub.tell_progress(), name="relay-progress")
            service.host.background(
                end_streams_at_drain(hub, service.host.draining), name="relay-drain"
            )
            await service.host.run_until_signalled()


if __name__ == "__main__":
    sys.exit(run_service({name: domain.service for name, domain in BY_INSTANCE.items()}, main))
