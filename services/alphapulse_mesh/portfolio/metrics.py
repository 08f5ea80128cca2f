"""The portfolio's Prometheus metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

from alphapulse_client.decimals import SCALE

if TYPE_CHECKING:
    from alphapulse_mesh.portfolio.manager import Decision, PortfolioManager
    from alphapulse_mesh.runtime.metrics import Metrics

__all__ = ["PortfolioMetrics"]


class PortfolioMetrics:
    """Counted by the service; the gauges read the manager when they are scraped."""

    def __init__(self, metrics: Metrics, manager: PortfolioManager) -> None:
        registry = metrics.registry
        self._decisions = Counter(
            "alphapulse_portfolio_decisions",
            "Signals by what became of them: sized, waiting, or the reason why not.",
            ("outcome",),
            registry=registry,
        )
        self._orders = Counter("alphapulse_portfolio_orders", "Orders sent.", registry=registry)
        self._fills = Counter("alphapulse_portfolio_fills", "Fills counted.", registry=registry)
        Gauge(
            "alphapulse_portfolio_open_orders", "Orders under way.", registry=registry
        ).set_function(lambda: len(manager.orders))
        Gauge(
            "alphapulse_portfolio_gross_notional", "Held, at the last prices.", registry=registry
        ).set_function(lambda: manager.positions.gross() / SCALE)

    def decision(self, decision: Decision) -> None:
        """One decision."""
        if decision.orders:
            self._decisions.labels("sized").inc()
            self._orders.inc(len(decision.orders))
        else:
            self._decisions.labels(decision.reason or "waiting").inc()

    def fills(self, count: int) -> None:
        """Fills that were not counted before."""
        self._fills.inc(count)
