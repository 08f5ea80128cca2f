"""`python -m alphapulse_mesh.portfolio --config FILE`: the portfolio process."""

from __future__ import annotations

import sys

from alphapulse.strategy.v1.strategy_pb2_grpc import add_PortfolioServiceServicer_to_server
from alphapulse_client.mesh import Mesh
from alphapulse_mesh.portfolio.instruments import Contracts
from alphapulse_mesh.portfolio.manager import PortfolioManager
from alphapulse_mesh.portfolio.metrics import PortfolioMetrics
from alphapulse_mesh.portfolio.service import EXECUTION_TYPES, SIGNAL_TYPES, PortfolioService
from alphapulse_mesh.portfolio.servicer import PortfolioServicer
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.server import ServiceContext, run_service

__all__ = ["main"]


async def main(service: ServiceContext) -> None:
    """Serve status and manage until SIGTERM."""
    config, host = service.config, service.host
    async with (
        Mesh(config.endpoint(Service.REGISTRY).target, timeout=5.0) as registry,
        Mesh(config.endpoint(Service.RELAY_SIGNAL).target) as signal_relay,
        Mesh(config.endpoint(Service.RELAY_EXECUTION).target) as execution_relay,
        Mesh(config.endpoint(Service.EXECUTION).target, timeout=5.0) as execution,
    ):
        contracts = Contracts(registry.registry)
        manager = PortfolioManager(config.portfolio, contracts.get)
        name = host.agent.name
        signals = signal_relay.feed(
            "signal", message_types=SIGNAL_TYPES, start="oldest", policy="block", name=name
        )
        executions = execution_relay.feed(
            "execution", message_types=EXECUTION_TYPES, start="oldest", policy="block", name=name
        )
        host.system.watch_subscription(signals)
        host.system.watch_subscription(executions)
        portfolio = PortfolioService(
            manager,
            contracts,
            signals,
            executions,
            execution.orders,
            service.telemetry,
            host.agent,
            PortfolioMetrics(service.metrics, manager),
            service.latencies,
        )
        host.add(add_PortfolioServiceServicer_to_server, PortfolioServicer(portfolio, host.agent))
        async with host:
            host.background(portfolio.run(), name="portfolio")
            await host.run_until_signalled()


if __name__ == "__main__":
    sys.exit(run_service(Service.PORTFOLIO, main))
