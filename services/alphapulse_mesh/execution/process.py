"""The execution process: recover, serve, and leave nothing half done."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np
from prometheus_client import Gauge

from alphapulse.execution.v1 import execution_pb2_grpc as rpc
from alphapulse_client._channel import ChannelFactory
from alphapulse_client.registry import RegistryClient
from alphapulse_client.subscription import Subscription
from alphapulse_layout import Domain, MessageType
from alphapulse_mesh.execution.archive import OrderArchive
from alphapulse_mesh.execution.instruments import InstrumentCache
from alphapulse_mesh.execution.journal import Journal
from alphapulse_mesh.execution.limits import make_engine
from alphapulse_mesh.execution.pipeline import Pipeline
from alphapulse_mesh.execution.publication import Publication
from alphapulse_mesh.execution.rows import ORDER_VIEW, id_bytes
from alphapulse_mesh.execution.service import ExecutionService
from alphapulse_mesh.execution.tracing import Tracer
from alphapulse_mesh.execution.venues import SimulatedVenue
from alphapulse_mesh.runtime.errors import MeshError
from alphapulse_mesh.runtime.event_store import SqliteEventStore
from alphapulse_mesh.runtime.names import Service

if TYPE_CHECKING:
    import alphapulse_core as core
    from alphapulse_mesh.runtime.config import MeshConfig
    from alphapulse_mesh.runtime.server import ServiceContext, ServiceHost

__all__ = ["main"]

_log = logging.getLogger(__name__)

_RECONCILE_SECONDS: Final = 5.0
"""How long the start waits for the registry before serving in the state RECONCILING."""
_RETRY_SECONDS: Final = 0.5
_PUBLISH_SECONDS: Final = 2.0
"""How long the end waits for the relay to have everything."""
_COUNT_SECONDS: Final = 1.0


async def main(context: ServiceContext) -> None:
    """Recover from the journal, then serve until told to stop."""
    config, host = context.config, context.host
    settings = config.execution
    path = context.paths.database(settings.database)
    engine = make_engine(settings)
    venue = SimulatedVenue(settings.simulated_venue, time.time_ns)
    archive = OrderArchive(path.with_name(path.name + ".archive"))
    registry_channel = ChannelFactory(config.endpoint(Service.REGISTRY).target).open()
    async with (
        contextlib.AsyncExitStack() as stack,
        await SqliteEventStore.open(path) as store,
    ):
        stack.callback(archive.close)
        stack.push_async_callback(registry_channel.close)
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
        target = config.endpoint(Service.RELAY_EXECUTION).target
        publication = Publication(journal, store, target, config.mesh.name)
        instruments = InstrumentCache(
            RegistryClient(registry_channel), (engine.set_instruments, venue.set_instruments)
        )
        pipeline = Pipeline(engine, journal, archive, venue, publication, Tracer(context.telemetry))
        service = ExecutionService(
            pipeline,
            instruments,
            host.draining,
            max_message_bytes=config.server.max_message_bytes,
        )
        add: Any = rpc.add_ExecutionServiceServicer_to_server  # its stub asks for a base class
        host.add(add, service)
        _measure(context, pipeline, journal, publication)
        reconciling = asyncio.create_task(
            _reconcile(engine, pipeline, instruments, settings.risk.trading_state)
        )
        engine.set_trading_state("reconciling")
        await asyncio.wait({reconciling}, timeout=_RECONCILE_SECONDS)
        running = asyncio.create_task(pipeline.run(), name="execution-pipeline")
        publishing = asyncio.create_task(publication.run(), name="execution-publication")
        async with host:
            host.background(_watch(running), name="execution-pipeline")
            host.background(_watch(publishing), name="execution-publication")
            host.background(_watch(reconciling), name="execution-reconcile")
            host.background(venue.run(), name="venue")
            host.background(instruments.follow(), name="instruments")
            host.background(_follow_market(config, pipeline), name="market-data")
            host.background(_count(host, pipeline, publication), name="execution-counters")
            try:
                await host.run_until_signalled()
            finally:
                reconciling.cancel()
                pipeline.stop()
                await asyncio.gather(running, reconciling, return_exceptions=True)
                await publication.close(_PUBLISH_SECONDS)
                publishing.cancel()
                await asyncio.gather(publishing, return_exceptions=True)


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


async def _follow_market(config: MeshConfig, pipeline: Pipeline) -> None:
    """Quotes of the MarketDataRelay: what prices are compared with, and the venue's liquidity."""
    while True:
        try:
            async with Subscription(
                config.endpoint(Service.RELAY_MARKET_DATA).target,
                Domain.MARKET_DATA,
                message_types=[MessageType.QUOTE],
                name="execution",
            ) as quotes:
                async for batch in quotes:
                    for rows in batch.rows():
                        pipeline.quotes(rows)
        except MeshError as error:
            _log.warning("no market data: %s (%s)", error, error.reason)
        await asyncio.sleep(_RETRY_SECONDS)


async def _count(host: ServiceHost, pipeline: Pipeline, publication: Publication) -> None:
    """Keep the counters that `alphapulse status` shows."""
    while True:
        counters = host.agent.counters
        engine = pipeline.engine
        counters["orders"] = engine.next_order_id - 1
        counters["open_orders"] = engine.open_orders
        counters["journal_sequence"] = engine.sequence
        counters["unpublished_frames"] = publication.lag
        counters.update(pipeline.counters)
        await asyncio.sleep(_COUNT_SECONDS)


def _measure(
    context: ServiceContext, pipeline: Pipeline, journal: Journal, publication: Publication
) -> None:
    engine = pipeline.engine
    gauges = {
        "orders": ("Orders taken.", lambda: engine.next_order_id - 1),
        "open_orders": ("Orders that work.", lambda: engine.open_orders),
        "orders_in_memory": ("Orders held in memory.", lambda: engine.orders_in_memory),
        "journal_sequence": ("Sequence of the last report.", lambda: engine.sequence),
        "journal_frames": ("Durable frames.", lambda: journal.version),
        "unpublished_frames": ("Durable frames the relay has not got.", lambda: publication.lag),
        "queued_commands": ("Commands that wait for their turn.", lambda: pipeline.queued),
    }
    for name, (text, value) in gauges.items():
        gauge = Gauge(f"alphapulse_execution_{name}", text, registry=context.metrics.registry)
        gauge.set_function(value)
