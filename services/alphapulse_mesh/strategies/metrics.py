"""The strategy's Prometheus metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter, Gauge

if TYPE_CHECKING:
    from alphapulse_mesh.runtime.metrics import Metrics

__all__ = ["StrategyMetrics"]


class StrategyMetrics:
    """Counted by the run loop."""

    def __init__(self, metrics: Metrics) -> None:
        registry = metrics.registry
        self._frames = Counter("alphapulse_strategy_frames", "Frames read.", registry=registry)
        self._records = Counter("alphapulse_strategy_records", "Records read.", registry=registry)
        self._signals = Counter(
            "alphapulse_strategy_signals", "Signals published.", ("action",), registry=registry
        )
        self._lag = Gauge(
            "alphapulse_strategy_lag_frames", "Frames behind the relay.", registry=registry
        )

    def batch(self, frames: int, records: int, lag: int) -> None:
        """One batch of frames, and how many were behind it in the relay."""
        self._frames.inc(frames)
        self._records.inc(records)
        self._lag.set(lag)

    def signal(self, action: str) -> None:
        """One published signal."""
        self._signals.labels(action).inc()
