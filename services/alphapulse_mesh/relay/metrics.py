"""The relay's counters for Prometheus, read when they are asked for: publishing pays nothing."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from alphapulse_client.system_frames import FeedLag
from alphapulse_layout import MessageType
from alphapulse_mesh.runtime.system.reports import Traffic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

    from alphapulse_mesh.relay.hub import Hub

__all__ = ["HubCollector", "lags_of", "registered", "traffic_of"]

_LAGS: Final = 4
_MOST_RECORDS: Final = (1 << 64) - 1


@contextmanager
def registered(registry: CollectorRegistry, collector: Collector) -> Iterator[None]:
    """In the registry as long as the block runs: it must not be read once the hub is closed."""
    registry.register(collector)
    try:
        yield
    finally:
        registry.unregister(collector)


class HubCollector(Collector):
    """Metrics of one hub, prefix `alphapulse_relay_`."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub

    def collect(self) -> Iterator[Metric]:
        """The current values; called from the metrics server's thread."""
        hub = self._hub
        # Copies of what the event loop changes: a scrape may see two moments, never a broken set.
        subscribers = tuple(hub.subscribers)
        producers = hub.known_producers()
        window = hub.window
        yield CounterMetricFamily(
            "alphapulse_relay_frames", "Frames taken since the ring was made.", hub.memory.frames
        )
        records = CounterMetricFamily(
            "alphapulse_relay_records",
            "Records taken since the ring was made.",
            labels=["message_type"],
        )
        for number, count in hub.memory.records_by_type.items():
            records.add_metric([_name(number)], count)
        yield records
        yield CounterMetricFamily(
            "alphapulse_relay_bytes", "Bytes of frames taken by this process.", hub.published_bytes
        )
        rejected = CounterMetricFamily(
            "alphapulse_relay_rejected_frames", "Frames refused.", labels=["reason"]
        )
        for reason, count in dict(hub.rejected).items():
            rejected.add_metric([reason], count)
        yield rejected
        yield CounterMetricFamily(
            "alphapulse_relay_duplicate_frames", "Frames that were here already.", hub.duplicates
        )
        yield CounterMetricFamily(
            "alphapulse_relay_producer_waits",
            "Times that a producer was held back.",
            hub.pressure.waits,
        )
        backlog, open_now = hub.pressure.observed()
        yield GaugeMetricFamily(
            "alphapulse_relay_circuit_open",
            "1 while no new producer is let in.",
            float(open_now),
        )
        yield GaugeMetricFamily(
            "alphapulse_relay_backlog_frames",
            "Frames that wait for the slowest blocking subscriber.",
            backlog,
        )
        yield GaugeMetricFamily("alphapulse_relay_head_sequence", "Newest sequence.", window.head)
        yield GaugeMetricFamily(
            "alphapulse_relay_oldest_sequence", "Oldest sequence of the window.", window.oldest
        )
        yield GaugeMetricFamily(
            "alphapulse_relay_producers",
            "Connected producers.",
            sum(producer.session is not None for producer in producers),
        )
        yield GaugeMetricFamily(
            "alphapulse_relay_subscribers", "Connected subscribers.", len(subscribers)
        )
        lag = GaugeMetricFamily(
            "alphapulse_relay_subscriber_lag_frames",
            "Frames that the slowest subscriber of this name is behind.",
            labels=["subscriber"],
        )
        lost = GaugeMetricFamily(
            "alphapulse_relay_subscriber_lost_frames",
            "Frames that connected subscribers of this name have lost.",
            labels=["subscriber"],
        )
        conflated = GaugeMetricFamily(
            "alphapulse_relay_subscriber_conflated_frames",
            "Frames of which connected subscribers of this name got later values instead.",
            labels=["subscriber"],
        )
        merged: dict[str, int] = {}
        slowest: dict[str, int] = {}
        losses: dict[str, int] = {}
        for subscriber in subscribers:
            name = subscriber.name or "unnamed"
            slowest[name] = max(slowest.get(name, 0), subscriber.lag)
            losses[name] = losses.get(name, 0) + subscriber.lost
            merged[name] = merged.get(name, 0) + subscriber.conflated
        for name, value in slowest.items():
            lag.add_metric([name], value)
            lost.add_metric([name], losses[name])
            conflated.add_metric([name], merged[name])
        yield lag
        yield lost
        yield conflated


def traffic_of(hub: Hub) -> Traffic:
    """What has gone through a relay, for its heartbeats."""
    subscribers = tuple(hub.subscribers)
    return Traffic(
        frames_in=hub.memory.frames,
        records_in=sum(hub.memory.records_by_type.values()),
        # who reads elsewhere tells its own count: whatever it says, the sum has a field of 64 bits
        records_out=min(sum(one.delivered_records for one in subscribers), _MOST_RECORDS),
    )


def lags_of(hub: Hub) -> list[FeedLag]:
    """The subscribers that are furthest behind, for its heartbeats; at most four."""
    slowest = sorted(hub.subscribers, key=lambda one: -one.lag)[:_LAGS]
    backlog = hub.pressure.backlog()
    return [FeedLag(one.name or "unnamed", one.lag, one.lost, backlog) for one in slowest]


def _name(number: int) -> str:
    try:
        return MessageType(number).name
    except ValueError:
        return str(number)
