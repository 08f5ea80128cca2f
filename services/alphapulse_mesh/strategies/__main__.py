"""`python -m alphapulse_mesh.strategies --config FILE`: the strategy process."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING

from alphapulse.strategy.v1.strategy_pb2_grpc import add_StrategyServiceServicer_to_server
from alphapulse_client.mesh import Mesh
from alphapulse_mesh.runtime.errors import ConfigError, MeshError
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.runs import supervised_run
from alphapulse_mesh.runtime.server import ServiceContext, run_service
from alphapulse_mesh.strategies.checkpoint import Checkpoint, CheckpointFile
from alphapulse_mesh.strategies.cross_venue_arbitrage import CrossVenueArbitrage
from alphapulse_mesh.strategies.metrics import StrategyMetrics
from alphapulse_mesh.strategies.service import MAX_CATCH_UP_NS, StrategyRunner
from alphapulse_mesh.strategies.servicer import StrategyServicer

if TYPE_CHECKING:
    from alphapulse_mesh.runtime.config import StrategiesConfig
    from alphapulse_mesh.strategies.base import Strategy

__all__ = ["main", "make_strategy"]

_log = logging.getLogger(__name__)


def make_strategy(settings: StrategiesConfig) -> Strategy:
    """The strategy that is enabled. Raises ConfigError when none is."""
    if not settings.cross_venue_arbitrage.enabled:
        raise ConfigError("strategies: none is enabled", reason="CONFIG_NO_STRATEGY")
    return CrossVenueArbitrage(settings.cross_venue_arbitrage)


def _checkpoints(service: ServiceContext) -> CheckpointFile | None:
    run = supervised_run(service.paths)
    if run is None:
        return None
    return CheckpointFile(service.paths.run_dir / f"{service.host.agent.name}.checkpoint.json", run)


async def _restored(checkpoints: CheckpointFile | None, relay: Mesh) -> Checkpoint | None:
    """The checkpoint to go on from, if the relay still has what follows it."""
    checkpoint = None if checkpoints is None else checkpoints.load()
    if checkpoint is None:
        return None
    try:
        status = await relay.relay_status("market_data")
    except MeshError as error:
        _log.warning("the market-data relay does not answer (%s): starting anew", error)
        return None
    if not status.oldest_sequence <= checkpoint.sequence + 1 <= status.head_sequence + 1:
        _log.warning("the checkpoint has left the relay's window: starting anew")
        return None
    _log.info("going on after market-data sequence %d", checkpoint.sequence)
    return checkpoint


async def main(service: ServiceContext) -> None:
    """Serve status and decide until SIGTERM."""
    config, host = service.config, service.host
    strategy = make_strategy(config.strategies)
    checkpoints = _checkpoints(service)
    async with (
        Mesh(config.endpoint(Service.REGISTRY).target, timeout=5.0) as registry,
        Mesh(config.endpoint(Service.RELAY_MARKET_DATA).target) as market_data,
        Mesh(config.endpoint(Service.RELAY_SIGNAL).target) as signals,
    ):
        restored = await _restored(checkpoints, market_data)
        subscription = market_data.feed(
            "market_data",
            message_types=strategy.message_types,
            start="oldest" if restored is None else restored.sequence + 1,
            policy="block",
            name=host.agent.name,
        )
        host.system.watch_subscription(subscription)
        runner = StrategyRunner(
            strategy,
            registry.registry,
            subscription,
            signals.publisher("signal", producer_name=host.agent.name),
            service.telemetry,
            host.agent,
            StrategyMetrics(service.metrics),
            checkpoints=checkpoints,
            restored=restored,
            decide_from=time.time_ns() - MAX_CATCH_UP_NS,
            latencies=service.latencies,
        )
        host.add(add_StrategyServiceServicer_to_server, StrategyServicer(runner, host.agent))
        async with host:
            host.background(runner.run(), name="strategy")
            await host.run_until_signalled()


if __name__ == "__main__":
    sys.exit(run_service(Service.STRATEGY, main))
