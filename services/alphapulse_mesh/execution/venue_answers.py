"""How venues answer orders: how long they take, and how many they refuse. For `ReportVenueMetrics`.

A sample: at most so many orders are waited for at once, and an answer that does not come in a
minute is not waited for any more. What risk checks refuse never goes to a venue and does not count.
"""

from __future__ import annotations

import statistics
from collections import OrderedDict, defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import ExecType, MessageType, dtypes
from alphapulse_mesh.execution.rows import VENUE_REPORT

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["VenueAnswers"]

_NEW: Final = int(MessageType.ORDER_REQUEST)
_REJECTED: Final = int(ExecType.REJECTED)
_WAITING: Final = 1024
_SAMPLES: Final = 1000
_PATIENCE_NS: Final = 60 * 1_000_000_000
_MILLION: Final = 1_000_000


class _Sent(NamedTuple):
    venue: int
    at_ns: int


@dataclass(slots=True)
class _Interval:
    """One venue, since it was looked at last."""

    latencies: deque[int] = field(default_factory=lambda: deque(maxlen=_SAMPLES))
    answered: int = 0
    rejected: int = 0


class VenueAnswers:
    """Hears of orders that leave and of the venue's first word on each."""

    def __init__(self, source: str) -> None:
        """`source` is the service's name."""
        self._source = source
        self._waiting: OrderedDict[int, _Sent] = OrderedDict()
        self._venues: defaultdict[int, _Interval] = defaultdict(_Interval)

    def sent(self, message_type: int, order_ids: Sequence[int], rows: bytes, now_ns: int) -> None:
        """Orders leave for their venues; only as many are remembered as there is room for."""
        room = _WAITING - len(self._waiting)
        if message_type != _NEW or room <= 0:
            return
        venues = np.frombuffer(rows, dtypes.ORDER_REQUEST)["instrument_id"]["venue"][:room]
        for order_id, venue in zip(order_ids, venues.tolist(), strict=False):
            self._waiting[order_id] = _Sent(venue, now_ns)

    def heard(self, reports: bytes, now_ns: int) -> None:
        """VENUE_REPORT rows: the first word on an order counts."""
        if not self._waiting:
            return
        rows = np.frombuffer(reports, VENUE_REPORT)
        kinds = rows["exec_type"].tolist()
        for order_id, kind in zip(rows["order_id"].tolist(), kinds, strict=True):
            sent = self._waiting.pop(order_id, None)
            if sent is None:
                continue
            interval = self._venues[sent.venue]
            interval.answered += 1
            interval.rejected += kind == _REJECTED
            interval.latencies.append(max(now_ns - sent.at_ns, 1))

    def measure(self, now_ns: int) -> list[tuple[int, pb.VenueMetric]]:
        """A measurement of each venue that answered since the last one. Of a venue's state it says
        nothing: that is for those who are connected to its market.
        """
        while self._waiting:
            order_id, sent = next(iter(self._waiting.items()))
            if now_ns - sent.at_ns < _PATIENCE_NS:
                break
            del self._waiting[order_id]
        made = []
        for venue, interval in self._venues.items():
            metric = pb.VenueMetric(
                order_ack_latency_ns=int(statistics.median(interval.latencies)),
                orders=interval.answered,
                reject_ppm=_MILLION * interval.rejected // interval.answered,
                source=self._source,
            )
            metric.time.FromNanoseconds(now_ns)
            made.append((venue, metric))
        self._venues.clear()
        return made
