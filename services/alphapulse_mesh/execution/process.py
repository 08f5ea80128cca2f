"""The execution process: recover, serve, and leave nothing half done."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from prometheus_client import Gauge
from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from alphapulse.execution.v1 import execution_pb2_grpc as rpc
from alphapulse_client._channel import ChannelFactory
from alphapulse_client.registry import RegistryClient
from alphapulse_mesh.execution.archive import OrderArchive
from alphapulse_mesh.execution.instruments import InstrumentCache
from alphapulse_mesh.execution.journal import Journal
from alphapulse_mesh.execution.limits import make_engine
from alphapulse_mesh.execution.market import follow_market
from alphapulse_mesh.execution.pipeline import Pipeline
from alphapulse_mesh.execution.publication import Publication
from alphapulse_mesh.execution.rows import ORDER_VIEW, id_bytes
from alphapulse_mesh.execution.service import ExecutionService
from alphapulse_mesh.execution.tracing import Tracer
from alphapulse_mesh.execution.venues import SimulatedVenue
from alphapulse_mesh.runtime.errors import MeshError
from alphapulse_mesh.runtime.event_store import SqliteEventStore
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.runtime.venue_reports import VenueReporter, registry_targets

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable

    import alphapulse_core as core
    from alphapulse_mesh.execution.instruments import Registry
    from alphapulse_mesh.runtime.config import MeshConfig
    from alphapulse_mesh.runtime.latency import Latencies
    from alphapulse_mesh.runtime.server import ServiceContext, ServiceHost
    from alphapulse_mesh.runtime.telemetry import Telemetry

__all__ = ["Execution", "main", "open_execution"]

_log = logging.getLogger(__name__)

_RECONCILE_SECONDS: Final = 5.0
"""How long the start waits for the registry before serving in the state RECONCILING."""
_RETRY_SECONDS: Final = 0.5
_PUBLISH_SECONDS: Final = 2.0
"""How long the end waits for the relay to have everything."""
_COUNT_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Execution:
    """A recovered execution whose pipeline runs."""

    engine: core.OrderEngine
    journal: Journal
    venue: SimulatedVenue
    pipeline: Pipeline
    instruments: InstrumentCache
    service: ExecutionService
    publication: Publication | None
    tasks: dict[str, asyncio.Task[None]]
    """What runs until the end; a failure of one is a failure of the service."""


@asynccontextmanager
async def open_execution(
    config: MeshConfig,
    registry: Registry,
    *,
    publish_to: str | None,
    draining: asyncio.Event | None = None,
    telemetry: Telemetry | None = None,
    clock_ns: Callable[[], int] = time.time_ns,
    latencies: Latencies | None = None,
) -> AsyncIterator[Execution]:
    """Recover from the journal, reconcile with the venue, and run the pipeline.

    `publish_to`: target of the ExecutionRelay, None to publish nothing. At the end what is queued
    is finished, journaled and, as far as the relay is there, published.

    Raises:
        DataLoss: the journal is damaged. Unavailable: it cannot be opened.
    """
    settings = config.execution
    path = MeshPaths(config).database(settings.database)
    engine = make_engine(settings)
    venue = SimulatedVenue(settings.simulated_venue, clock_ns)
    archive = OrderArchive(path.with_name(path.name + ".archive"))
    async with AsyncExitStack() as stack:
        stack.callback(archive.close)
        store = await stack.enter_async_context(await SqliteEventStore.open(path))
        journal = Journal(store, archive, snapshot_every=settings.snapshot_every_events)
        started = time.monotonic()
        await journal.recover(engine)
        _log.info(
            "recovered %d frames in %.3f s: %d orders open, journal sequence %d",
            journal.version,
            time.monotonic() - started,
            engine.open_orders,
            engine.sequence,
        )
        publication = None
        if publish_to is not None:
            publication = Publication(journal, store, publish_to, config.mesh.name)
        instruments = InstrumentCache(registry, (engine.set_instruments, venue.set_instruments))
        pipeline = Pipeline(
            engine,
            journal,
            archive,
            venue,
            publication,
            Tracer(telemetry),
            clock_ns=clock_ns,
            latencies=latencies,
        )
        service = ExecutionService(
            pipeline,
            instruments,
            draining or asyncio.Event(),
            max_message_bytes=config.server.max_message_bytes,
            clock_ns=clock_ns,
        )
        engine.set_trading_state("reconciling")
        work = {
            "reconcile": _reconcile(engine, pipeline, instruments, settings.risk.trading_state),
            "pipeline": pipeline.run(),
            "venue": venue.run(),
            "instruments": instruments.follow(),
        }
        if publication is not None:
            work["publication"] = publication.run()
        tasks = {name: asyncio.create_task(one, name=name) for name, one in work.items()}
        try:
            await asyncio.wait({tasks["reconcile"]}, timeout=_RECONCILE_SECONDS)
            yield Execution(
                engine, journal, venue, pipeline, instruments, service, publication, tasks
            )
        finally:
            for name in ("reconcile", "venue", "instruments"):
                tasks[name].cancel()
            pipeline.stop()
            await asyncio.gather(tasks["pipeline"], return_exceptions=True)
            if publication is not None:
                await publication.close(_PUBLISH_SECONDS)
                tasks["publication"].cancel()
            await asyncio.gather(*tasks.values(), return_exceptions=True)


async def main(context: ServiceContext) -> None:
    """Recover, then serve until told to stop."""
    config, host = context.config, context.host
    async with AsyncExitStack() as stack:
        channel = ChannelFactory(config.endpoint(Service.REGISTRY).target).open()
        stack.push_async_callback(channel.close)
        execution = await stack.enter_async_context(
            open_execution(
                config,
                RegistryClient(channel),
                publish_to=config.endpoint(Service.RELAY_EXECUTION).target,
                draining=host.draining,
                telemetry=context.telemetry,
                latencies=context.latencies,
            )
        )
        execution.journal.on_snapshot = host.system.kept
        add: Any = rpc.add_ExecutionServiceServicer_to_server  # its stub asks for a base class
        host.add(add, execution.service)
        _measure(context, execution)
        async with host:
            for name, task in execution.tasks.items():
                host.background(_watch(task), name=name)
            market = config.endpoint(Service.RELAY_MARKET_DATA).target
            following = follow_market(
                market, execution.pipeline, context.latencies, reading=host.system.reading
            )
            host.background(following, name="market-data")
            host.background(_count(host, execution), name="counters")
            if config.registry.venue_report_seconds:
                reporter = VenueReporter(
                    registry_targets(config),
                    execution.pipeline.answers.measure,
                    config.registry.venue_report_seconds,
                )
                host.background(reporter.run(), name="venue-reports")
            await host.run_until_signalled()


async def _reconcile(
    engine: core.OrderEngine,
    pipeline: Pipeline,
    instruments: InstrumentCache,
    state: Literal["active", "reducing", "halted"],
) -> None:
    """Give the venue its orders back; new ones are refused until then."""
    views = np.frombuffer(engine.working(), ORDER_VIEW)
    ids = {id_bytes(view["request"]) for view in views}
    while ids:
        try:
            await instruments.ensure(ids)
            break
        except MeshError as error:
            _log.warning("reconciliation waits for the registry: %s (%s)", error, error.reason)
            await asyncio.sleep(_RETRY_SECONDS)
    await pipeline.reconcile()
    engine.set_trading_state(state)


async def _watch(task: asyncio.Task[None]) -> None:
    """Fail when the task fails; the task itself outlives the drain."""
    await asyncio.shield(task)


async def _count(host: ServiceHost, execution: Execution) -> None:
    """Keep the counters that `alphapulse status` shows."""
    engine, counters = execution.engine, host.agent.counters
    while True:
        counters["orders"] = engine.next_order_id - 1
        counters["open_orders"] = engine.open_orders
        counters["journal_sequence"] = engine.sequence
        counters["unpublished_frames"] = _unpublished(execution)
        counters.update(execution.pipeline.counters)
        await asyncio.sleep(_COUNT_SECONDS)


def _unpublished(execution: Execution) -> int:
    return 0 if execution.publication is None else execution.publication.lag


def _measure(context: ServiceContext, execution: Execution) -> None:
    engine, pipeline = execution.engine, execution.pipeline
    gauges = {
        "orders": ("Orders taken.", lambda: engine.next_order_id - 1),
        "open_orders": ("Orders that work.", lambda: engine.open_orders),
        "orders_in_memory": ("Orders held in memory.", lambda: engine.orders_in_memory),
        "journal_sequence": ("Sequence of the last report.", lambda: engine.sequence),
        "journal_frames": ("Durable frames.", lambda: execution.journal.version),
        "unpublished_frames": (
            "Durable frames that the relay has not got.",
            lambda: _unpublished(execution),
        ),
        "queued_commands": ("Commands that wait for their turn.", lambda: pipeline.queued),
    }
    for name, (text, value) in gauges.items():
        gauge = Gauge(f"alphapulse_execution_{name}", text, registry=context.metrics.registry)
        gauge.set_function(value)
    context.metrics.registry.register(_Events(pipeline))


class _Events(Collector):
    """What the pipeline counts, as one metric: commands, fills, anomalies of venues, bad frames."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    def collect(self) -> Iterable[Metric]:
        """See `prometheus_client`."""
        events = CounterMetricFamily(
            "alphapulse_execution_events",
            "Commands, venue reports and anomalies.",
            labels=["event"],
        )
        for name, count in sorted(self._pipeline.counters.items()):
            events.add_metric([name], count)
        yield events
