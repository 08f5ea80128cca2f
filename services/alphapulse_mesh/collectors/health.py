"""What a collector measures of the venues that it is connected to, for `ReportVenueMetrics`.

An interval at a time, venue by venue: how late trades come, how wide quotes are, how many messages,
which of them could not be read, holes in the venue's numbering, and whether the connection was
there. Nothing is said of a venue that nothing was heard of yet. Only sources that are of the
present are measured: a recording tells nothing of how its venue is now.
"""

from __future__ import annotations

import statistics
from collections import defaultdict, deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import MessageType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alphapulse_mesh.collectors.binance import NormalizerCounters
    from alphapulse_mesh.collectors.rows import RowBatch
    from alphapulse_mesh.collectors.sources.base import Feed

__all__ = ["VenueHealth"]

_SAMPLES: Final = 1000
_FULL: Final = 10_000
_BPS: Final = 10_000
_MILLION: Final = 1_000_000
_GAP_COSTS: Final = 100
"""Points of reliability that a hole in the numbering takes."""
_DEGRADED_PPM: Final = 10_000
_LATEST: Final = 60 * 1_000_000_000
"""A trade that seems to come later is a clock's fault, or a replay's."""


@dataclass(slots=True)
class _Watched:
    """One feed, and what it had counted when it was looked at last."""

    feed: Feed
    counters: NormalizerCounters
    messages: int = 0
    gaps: int = 0
    down_ns: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Interval:
    """One venue, since it was looked at last."""

    messages: int = 0
    failed: int = 0
    gaps: int = 0
    down_ns: int = 0
    feeds: int = 0
    feeds_up: int = 0


class VenueHealth:
    """Of all feeds of a collector that are of the present."""

    def __init__(self, source: str, now_ns: int) -> None:
        """`source` is the service's name; the first interval begins at `now_ns`."""
        self._source = source
        self._since = now_ns
        self._feeds: list[_Watched] = []
        self._latencies: defaultdict[int, deque[int]] = defaultdict(lambda: deque(maxlen=_SAMPLES))
        self._spreads: defaultdict[int, deque[float]] = defaultdict(lambda: deque(maxlen=_SAMPLES))
        self._heard: set[int] = set()

    def watch(self, feed: Feed, counters: NormalizerCounters) -> None:
        """Measure a feed from now on; `counters` are its normaliser's."""
        self._feeds.append(_Watched(feed, counters))

    def failed(self, feed: Feed) -> None:
        """A message of the feed could not be read."""
        for each in self._feeds:
            if each.feed is feed:
                each.failed += 1

    def sample(self, batches: Sequence[RowBatch]) -> None:
        """How late the last trade of each batch came, and how wide its last quote is. Clocks
        differ: a trade from the future, or from long ago, says nothing.
        """
        for message_type, rows in batches:
            if not len(rows):
                continue
            row = rows[-1]
            venue = int(row["instrument_id"]["venue"])
            if message_type == MessageType.TRADE:
                late = int(row["receive_time"]) - int(row["exchange_time"])
                if 0 < late < _LATEST:
                    self._latencies[venue].append(late)
            elif message_type == MessageType.QUOTE:
                bid, ask = int(row["bid_price"]), int(row["ask_price"])
                if 0 < bid < ask:
                    self._spreads[venue].append((ask - bid) / (ask + bid) * 2 * _BPS)

    def measure(self, now_ns: int) -> list[tuple[int, pb.VenueMetric]]:
        """A measurement of each venue that was heard of, for the time since the last one."""
        span = max(now_ns - self._since, 1)
        self._since = now_ns
        venues: defaultdict[int, _Interval] = defaultdict(_Interval)
        for each in self._feeds:
            interval = venues[each.feed.venue]
            self._add(interval, each, now_ns)
        made = []
        for venue, interval in venues.items():
            if interval.messages or interval.down_ns:
                self._heard.add(venue)
            if venue in self._heard:
                latencies = self._latencies.pop(venue, ())
                metric = self._metric(interval, latencies, span, now_ns)
                metric.liquidity_score = _liquidity(self._spreads.pop(venue, ()))
                made.append((venue, metric))
        return made

    def _add(self, interval: _Interval, watched: _Watched, now_ns: int) -> None:
        counters, connection = watched.counters, watched.feed.connection
        interval.feeds += 1
        interval.feeds_up += connection is None or connection.up
        interval.messages += counters.messages - watched.messages
        interval.gaps += counters.book_gaps - watched.gaps
        interval.failed += watched.failed
        down_ns = 0 if connection is None else connection.down_until(now_ns)
        interval.down_ns += down_ns - watched.down_ns
        watched.messages, watched.gaps = counters.messages, counters.book_gaps
        watched.down_ns, watched.failed = down_ns, 0

    def _metric(
        self, interval: _Interval, latencies: Sequence[int], span: int, now_ns: int
    ) -> pb.VenueMetric:
        tried = interval.messages + interval.failed
        error_ppm = _MILLION * interval.failed // tried if tried else 0
        up = 1 - min(interval.down_ns / (span * interval.feeds), 1.0)
        score = round(_FULL * up * (1 - error_ppm / _MILLION)) - _GAP_COSTS * interval.gaps
        metric = pb.VenueMetric(
            latency_ns=int(statistics.median(latencies)) if latencies else 0,
            messages_per_second=round(interval.messages * 1_000_000_000 / span),
            error_ppm=error_ppm,
            reliability_score=max(score, 1),
            status=_status(interval, error_ppm),
            source=self._source,
            gaps=interval.gaps,
        )
        metric.time.FromNanoseconds(now_ns)
        return metric


def _liquidity(spreads: Sequence[float]) -> int:
    """Of the median quoted spread in basis points: 10,000 of none, half of it at 1, a tenth at 9;
    0 where nothing was quoted.
    """
    return max(round(_FULL / (1 + statistics.median(spreads))), 1) if spreads else 0


def _status(interval: _Interval, error_ppm: int) -> pb.VenueStatus.ValueType:
    if not interval.feeds_up:
        return pb.VENUE_STATUS_DOWN
    troubled = interval.feeds_up < interval.feeds or interval.down_ns or interval.gaps
    if troubled or error_ppm >= _DEGRADED_PPM:
        return pb.VENUE_STATUS_DEGRADED
    return pb.VENUE_STATUS_OPEN
