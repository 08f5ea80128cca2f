"""`python -m alphapulse_mesh.registry --config FILE`: the registry as a process."""

from __future__ import annotations

import contextlib
import gc
import logging
import sys
from typing import TYPE_CHECKING

from prometheus_client import Gauge

from alphapulse_client.publisher import Publisher
from alphapulse_mesh.registry.discovery import Discovery
from alphapulse_mesh.registry.live import LiveRegistry, QuoteFollower
from alphapulse_mesh.registry.live_books import BookFollower
from alphapulse_mesh.registry.service import RegistryService, add_registry_service
from alphapulse_mesh.registry.shared_index import SharedIndex
from alphapulse_mesh.registry.writer import RegistryWriter
from alphapulse_mesh.runtime.errors import ConfigError, Unavailable
from alphapulse_mesh.runtime.event_store import SqliteEventStore
from alphapulse_mesh.runtime.names import REGISTRY_INDEX, Service
from alphapulse_mesh.runtime.server import ServiceContext, ServiceHost, run_service

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from alphapulse_mesh.runtime.config import MeshConfig
    from alphapulse_mesh.runtime.event_store import EventStore
    from alphapulse_mesh.runtime.metrics import Metrics

_log = logging.getLogger(__name__)


async def main(context: ServiceContext) -> None:
    """Recover, then serve until told to stop."""
    config, host = context.config, context.host
    async with contextlib.AsyncExitStack() as stack:
        store = await stack.enter_async_context(await _open_store(context))
        writer = RegistryWriter(store, snapshot_every=config.registry.snapshot_every_events)
        writer.on_snapshot = host.system.kept
        await writer.recover()
        gc.freeze()  # the registry as it was: no collection needs to look at it
        service = RegistryService(
            writer,
            store,
            config.registry,
            max_message_bytes=config.server.max_message_bytes,
        )
        _measure(context.metrics, service)
        host.add(add_registry_service, service)
        # What goes to the relay goes there once: the first replica's part.
        first = context.instance is None
        market = config.endpoint(Service.RELAY_MARKET_DATA).target
        live = publisher = None
        if first and config.registry.publish_live:
            publisher = await _publisher(stack, config)
            live = LiveRegistry(
                writer.state, lambda: writer.recent, market, publisher, reading=host.system.reading
            )
        async with host:
            if config.registry.publish_live:
                follower = QuoteFollower(
                    service.quotes,
                    service.opportunities,
                    market,
                    publisher,
                    reading=host.system.reading,
                )
                host.background(_until_drained(follower.run()), name="registry-quotes")
                if config.registry.live_depth:
                    books = BookFollower(service.quotes.depths, market, reading=host.system.reading)
                    host.background(_until_drained(books.run()), name="registry-books")
            if live is not None:
                host.background(_until_drained(live.evaluate()), name="registry-synthetics")
                host.background(_until_drained(live.tell_discoveries()), name="registry-discovery")
            host.background(writer.run(), name="registry-writer")
            if config.registry.shared_index:
                index = SharedIndex(
                    writer.state,
                    context.paths.shm_path(REGISTRY_INDEX),
                    writer.recent.wait_beyond,
                    writer.journal_end,
                )
                host.background(_until_drained(index.run()), name="registry-index")
            if first and config.registry.discovery != "ignore":
                found = Discovery(
                    writer, market, config.registry.discovery, reading=host.system.reading
                )
                host.background(_until_drained(found.run()), name="registry-discovered")
            host.background(writer.follow(), name="registry-follower")
            host.background(_end_watches(host, service), name="registry-drain")
            host.background(_count(host, service, writer), name="registry-counters")
            await host.run_until_signalled()


async def _open_store(context: ServiceContext) -> EventStore:
    config = context.config.registry
    if config.event_store == "sqlite":
        return await SqliteEventStore.open(context.paths.database(config.database))
    from alphapulse_mesh.runtime.event_store.jetstream import (  # noqa: PLC0415  # brings NATS
        JetStreamEventStore,
    )

    name = f"{context.config.mesh.name}_registry"
    url = config.nats_url or context.config.nats.url
    if url is None:
        raise ConfigError(
            "registry.event_store is 'jetstream': set nats.url, or start the mesh with"
            " `alphapulse up`, which starts a server",
            reason="CONFIG_INVALID_VALUE",
            key="nats.url",
        )
    nats = context.config.nats
    return await JetStreamEventStore.open(
        url,
        name,
        replicas=config.nats_replicas,
        credentials_file=str(nats.credentials_file) if nats.credentials_file else None,
        token=nats.token.get_secret_value() if nats.token is not None else None,
    )


async def _publisher(stack: contextlib.AsyncExitStack, config: MeshConfig) -> Publisher:
    return await stack.enter_async_context(
        Publisher(
            config.endpoint(Service.RELAY_MARKET_DATA).target,
            "market_data",
            producer_name="registry",
            on_rejection=lambda rejection: _log.warning("a frame was refused: %s", rejection),
        )
    )


async def _until_drained(work: Awaitable[None]) -> None:
    with contextlib.suppress(Unavailable):  # the drain ends the wait
        await work


async def _end_watches(host: ServiceHost, service: RegistryService) -> None:
    await host.draining.wait()
    service.end_watches()


async def _count(host: ServiceHost, service: RegistryService, writer: RegistryWriter) -> None:
    """Keep the counters that `alphapulse status` shows at the present revision."""
    state = service.state
    with contextlib.suppress(Unavailable):  # the drain ends the wait
        while True:
            host.agent.counters["revision"] = state.revision
            host.agent.counters["instruments"] = len(state.in_order)
            await writer.recent.wait_beyond(state.revision, 3600.0)


def _measure(metrics: Metrics, service: RegistryService) -> None:
    state = service.state
    gauges = {
        "instruments": ("Instruments registered.", lambda: len(state.in_order)),
        "links": ("Links between instruments.", lambda: len(state.links_in_order)),
        "venues": ("Venues known.", lambda: len(state.venues)),
        "collisions": ("Ids that two keys met in.", lambda: len(state.collisions)),
        "revision": ("Revision of the registry.", lambda: state.revision),
        "watchers": ("Open watches.", lambda: service.watchers),
    }
    for name, (text, value) in gauges.items():
        Gauge(f"alphapulse_registry_{name}", text, registry=metrics.registry).set_function(value)


if __name__ == "__main__":
    sys.exit(run_service(Service.REGISTRY, main))
