"""How a relay is put together: its hub, what carries its domain, and its service on a host."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from alphapulse_mesh.relay.hub import Hub
from alphapulse_mesh.relay.jetstream import StreamWriter, adopt_stream
from alphapulse_mesh.relay.leaf import Leaf, join_upstream
from alphapulse_mesh.relay.service import RelayServicer, add_relay_to_server, end_streams_at_drain

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from alphapulse_mesh.relay.domains import RelayDomain
    from alphapulse_mesh.relay.tracing import PublishTracer
    from alphapulse_mesh.runtime.config import MeshConfig
    from alphapulse_mesh.runtime.latency import Latencies
    from alphapulse_mesh.runtime.server import ServiceHost
    from alphapulse_mesh.runtime.system import OperatorToken, Updates

__all__ = ["open_hub", "serving"]


async def open_hub(
    config: MeshConfig,
    domain: RelayDomain,
    *,
    ring_path: Path,
    memory_path: Path,
    tracer: PublishTracer | None = None,
    latencies: Latencies | None = None,
) -> Hub:
    """The hub of one domain, where it was, or where its stream or its upstream is. Close it.

    Raises:
        DataLoss: a file that is not ours is in the way.
        ResourceExhausted: there is no shared memory for the ring.
    """
    section = config.relay(domain.service)
    if section.transport == "nats":
        await adopt_stream(config, domain.name, memory_path)
    if section.upstream is not None:
        await join_upstream(section.upstream, domain, memory_path, ring_path)
    return Hub(
        domain,
        section,
        ring_path=ring_path,
        memory_path=memory_path,
        max_message_bytes=config.server.max_message_bytes,
        tracer=tracer,
        latencies=latencies,
    )


@asynccontextmanager
async def serving(
    host: ServiceHost,
    *hubs: Hub,
    operator: OperatorToken | None = None,
    updates: Updates | None = None,
) -> AsyncIterator[None]:
    """Their services on `host`, which is started and drained here, with what runs beside them.

    `operator`, `updates`: as for `RelayServicer`.

    Raises:
        ConfigError: a domain is on NATS, and no server is named.
        Unavailable: the host cannot be bound.
    """
    leaves: list[Leaf] = []
    async with AsyncExitStack() as stack:
        for hub in hubs:
            stream: StreamWriter | None = None
            leaf: Leaf | None = None
            if hub.config.transport == "nats":
                stream = await stack.enter_async_context(StreamWriter(host.config, hub))
            if hub.config.upstream is not None:
                leaf = await stack.enter_async_context(Leaf(host.config, hub, hub.config.upstream))
                leaves.append(leaf)
            servicer = RelayServicer(hub, stream, leaf=leaf, operator=operator, updates=updates)
            host.add(add_relay_to_server, servicer)
        await stack.enter_async_context(host)
        for leaf in leaves:
            host.background(leaf.run(), name="relay-leaf")
            host.background(leaf.follow_schemas(), name="relay-leaf-schemas")
        for hub in hubs:
            host.background(hub.tell_progress(), name="relay-progress")
            host.background(end_streams_at_drain(hub, host.draining), name="relay-drain")
        yield
