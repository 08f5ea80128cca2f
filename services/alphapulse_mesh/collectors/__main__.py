"""`python -m alphapulse_mesh.collectors --config FILE`: the collector process."""

from __future__ import annotations

import hashlib
import sys
import time
from typing import TYPE_CHECKING

from alphapulse_client.mesh import Mesh
from alphapulse_layout import VenueId
from alphapulse_mesh.collectors.counters import CollectorCounters
from alphapulse_mesh.collectors.discovery import Discoveries
from alphapulse_mesh.collectors.health import VenueHealth
from alphapulse_mesh.collectors.markets import venue_of
from alphapulse_mesh.collectors.service import Collector
from alphapulse_mesh.collectors.sources.live import Endpoints, LiveSource
from alphapulse_mesh.collectors.sources.replay import RecordedFile, ReplaySource
from alphapulse_mesh.collectors.sources.simulator import SimulatorSource
from alphapulse_mesh.collectors.universe import Universe
from alphapulse_mesh.runtime.errors import ConfigError
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.runs import supervised_run
from alphapulse_mesh.runtime.server import ServiceContext, run_service
from alphapulse_mesh.runtime.venue_reports import VenueReporter, registry_targets

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alphapulse_client.publisher import Rejection
    from alphapulse_mesh.collectors.sources.base import Source
    from alphapulse_mesh.runtime.config import CollectorSource

__all__ = ["main", "make_sources"]

_AUTO = "auto"
_NS = 1_000_000_000


def make_sources(
    settings: Sequence[CollectorSource], report: Callable[[str, str], None]
) -> list[Source]:
    """The sources that are configured; recordings with one speed are merged into one.

    Raises:
        ConfigError: none is configured, or a setting does not fit its kind of source.
    """
    if not settings:
        raise ConfigError(
            "collectors: no source is configured; add a [[collectors]] table",
            reason="CONFIG_NO_SOURCES",
        )
    sources: list[Source] = []
    replays: dict[tuple[object, object], list[CollectorSource]] = {}
    for item in settings:
        match item.kind:
            case "replay":
                replays.setdefault((item.speed, item.duration_seconds), []).append(item)
            case "simulator":
                sources.append(_simulator(item))
            case "live":
                sources.append(_live(item))
    return [*(_replay(items, report) for items in replays.values()), *sources]


def _replay(items: Sequence[CollectorSource], report: Callable[[str, str], None]) -> Source:
    files = []
    for item in items:
        assert item.path is not None, "checked by the configuration"
        venue = None if item.venue == _AUTO else venue_of(item.venue)
        wanted = frozenset(item.symbols) or None
        files.append(RecordedFile(item.path, venue, wanted, item.unknown))
    return ReplaySource(files, report, speed=items[0].speed, duration=_duration(items[0]))


def _simulator(item: CollectorSource) -> Source:
    if venue_of(item.venue) not in (VenueId.SIMULATOR, VenueId.SIMULATOR_FUTURES):
        raise ConfigError(
            f"collectors: the simulator is venue SIMULATOR, not {item.venue}",
            reason="CONFIG_INVALID_VALUE",
        )
    return SimulatorSource(
        seed=item.seed,
        speed=item.speed,
        symbols=item.symbols,
        duration=_duration(item),
        max_messages=item.max_messages,
    )


def _live(item: CollectorSource) -> Source:
    venue = venue_of(item.venue)
    return LiveSource(venue, item.symbols, endpoints=Endpoints.of(venue, item.url, item.rest_url))


def _duration(item: CollectorSource) -> int | None:
    return None if item.duration_seconds is None else int(item.duration_seconds * _NS)


def _producer_id(service: ServiceContext) -> int | None:
    """The same for every start in one run of the mesh, None (a random one) outside: a restart after
    a crash may go on with what an earlier process has published, a new run may not.
    """
    run = supervised_run(service.paths)
    if run is None:
        return None
    what = f"{run}/{service.host.agent.name}"
    return int.from_bytes(hashlib.blake2b(what.encode(), digest_size=8).digest(), "little") or 1


async def main(service: ServiceContext) -> None:
    """Serve status and collect until SIGTERM; when a bounded source ends, the status stays."""
    config, host = service.config, service.host
    counters = CollectorCounters(host.agent, service.metrics)
    sources = make_sources(config.collectors, counters.corrupt)
    collector: Collector | None = None

    def rejected(rejection: Rejection) -> None:
        assert collector is not None, "nothing is published before"
        collector.rejected(rejection)

    producer_id = _producer_id(service)
    async with (
        Mesh(config.endpoint(Service.REGISTRY).target, timeout=30.0) as registry,
        Mesh(config.endpoint(Service.RELAY_MARKET_DATA).target) as relay,
    ):
        publisher = relay.publisher(
            "market_data",
            producer_name=host.agent.name,
            producer_id=producer_id,
            on_rejection=rejected,
        )
        discoveries = Discoveries(
            relay.publisher("market_data", producer_name=f"{host.agent.name}-discovery"),
            counters.discovered,
            interval=config.registry.discovery_interval_seconds,
        )
        health = VenueHealth(host.agent.name, time.time_ns())
        reporter = VenueReporter(
            registry_targets(config), health.measure, config.registry.venue_report_seconds
        )
        collector = Collector(
            sources,
            Universe(registry.registry),
            publisher,
            host.agent,
            counters,
            service.telemetry,
            resume=producer_id is not None,
            discoveries=discoveries,
            health=health,
        )
        async with host:
            host.background(discoveries.run(), name="discoveries")
            if config.registry.venue_report_seconds:
                host.background(reporter.run(), name="venue-reports")
            host.background(collector.run(), name="collector")
            await host.run_until_signalled()


if __name__ == "__main__":
    sys.exit(run_service(Service.COLLECTOR, main))
