"""`python -m alphapulse_mesh.relay --config FILE --instance DOMAIN`, one process a domain.

DOMAIN is market-data, signal, execution or system.
"""

from __future__ import annotations

import sys
from contextlib import closing

from alphapulse_mesh.relay.domains import BY_INSTANCE
from alphapulse_mesh.relay.metrics import HubCollector, lags_of, registered, traffic_of
from alphapulse_mesh.relay.serving import open_hub, serving
from alphapulse_mesh.relay.settings import RelaySettings
from alphapulse_mesh.relay.tracing import PublishTracer
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.server import ServiceContext, run_service
from alphapulse_mesh.runtime.system import OperatorToken

_BY_SERVICE = {domain.service: domain for domain in BY_INSTANCE.values()}


async def main(service: ServiceContext) -> None:
    """Serve one relay until the process is told to stop."""
    domain = _BY_SERVICE[service.service]
    hub = await open_hub(
        service.config,
        domain,
        ring_path=service.paths.shm_path(service.service),
        memory_path=service.paths.data_dir / f"{service.service}.memory",
        tracer=PublishTracer(service.telemetry, domain),
        latencies=service.latencies,
    )
    settings = RelaySettings(hub)
    system = service.host.system
    system.own(settings)
    system.epoch = hub.window.epoch
    system.count(lambda: traffic_of(hub))
    system.watch(lambda: lags_of(hub))
    operator = (
        OperatorToken.make(service.paths) if service.service is Service.RELAY_SYSTEM else None
    )
    with (
        closing(hub),
        closing(settings),
        registered(service.metrics.registry, HubCollector(hub)),
    ):
        async with serving(service.host, hub, operator=operator, updates=system.updates):
            await service.host.run_until_signalled()


if __name__ == "__main__":
    sys.exit(run_service({name: domain.service for name, domain in BY_INSTANCE.items()}, main))
