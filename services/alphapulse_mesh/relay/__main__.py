"""`python -m alphapulse_mesh.relay --config FILE --instance DOMAIN`, one process a domain.

DOMAIN is market-data, signal, execution or system.
"""

from __future__ import annotations

import sys
from contextlib import closing, nullcontext

from alphapulse_mesh.relay.domains import BY_INSTANCE
from alphapulse_mesh.relay.hub import Hub
from alphapulse_mesh.relay.jetstream import StreamWriter, adopt_stream
from alphapulse_mesh.relay.leaf import Leaf, join_upstream
from alphapulse_mesh.relay.metrics import HubCollector, lags_of, registered, traffic_of
from alphapulse_mesh.relay.service import (
    RelayServicer,
    add_relay_to_server,
    end_streams_at_drain,
)
from alphapulse_mesh.relay.settings import RelaySettings
from alphapulse_mesh.relay.tracing import PublishTracer
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.server import ServiceContext, run_service
from alphapulse_mesh.runtime.system import OperatorToken

_BY_SERVICE = {domain.service: domain for domain in BY_INSTANCE.values()}


async def main(service: ServiceContext) -> None:
    """Serve one relay until the process is told to stop."""
    domain = _BY_SERVICE[service.service]
    config = service.config.relay(service.service)
    memory_path = service.paths.data_dir / f"{service.service}.memory"
    ring_path = service.paths.shm_path(service.service)
    if config.transport == "nats":
        await adopt_stream(service.config, domain.name, memory_path)
    if config.upstream is not None:
        await join_upstream(config.upstream, domain, memory_path, ring_path)
    hub = Hub(
        domain,
        config,
        ring_path=ring_path,
        memory_path=memory_path,
        max_message_bytes=service.config.server.max_message_bytes,
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
        stream = StreamWriter(service.config, hub) if config.transport == "nats" else None
        leaf = Leaf(service.config, hub, config.upstream) if config.upstream is not None else None
        servicer = RelayServicer(hub, stream, leaf=leaf, operator=operator, updates=system.updates)
        service.host.add(add_relay_to_server, servicer)
        async with stream or nullcontext(), leaf or nullcontext(), service.host:
            if leaf is not None:
                service.host.background(leaf.run(), name="relay-leaf")
                service.host.background(leaf.follow_schemas(), name="relay-leaf-schemas")
            service.host.background(hub.tell_progress(), name="relay-progress")
            service.host.background(
                end_streams_at_drain(hub, service.host.draining), name="relay-drain"
            )
            await service.host.run_until_signalled()


if __name__ == "__main__":
    sys.exit(run_service({name: domain.service for name, domain in BY_INSTANCE.items()}, main))
