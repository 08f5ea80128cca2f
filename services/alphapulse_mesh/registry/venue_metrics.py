"""What was measured of venues: the last measurements of each, in memory on this replica, and their
summary.
"""

from __future__ import annotations

import statistics
from bisect import bisect_left, insort
from collections import defaultdict
from typing import TYPE_CHECKING, Final

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry.model import time_ns
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.validation import check_time
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["KEPT", "VenueMetrics", "summary"]

KEPT: Final = 4096
_BATCH: Final = 1000
_FULL: Final = 10_000
_UP: Final = {pb.VENUE_STATUS_OPEN, pb.VENUE_STATUS_CLOSED, pb.VENUE_STATUS_AUCTION}


class VenueMetrics:
    """Measurements by venue number, each venue's ordered by time."""

    def __init__(self) -> None:
        """None yet."""
        self._held: defaultdict[int, list[pb.VenueMetric]] = defaultdict(list)

    def report(self, venue: int, metrics: Sequence[pb.VenueMetric]) -> int:
        """Keep measurements; the status of the newest one when it is the newest of all, else 0.

        Raises:
            InvalidArgument: none, or one that cannot be (METRIC_INVALID), or too many
                (BATCH_TOO_LARGE); then none is kept.
        """
        _check(metrics)
        held = self._held[venue]
        for metric in metrics:
            insort(held, metric, key=_time)
        del held[:-KEPT]
        newest = max(metrics, key=_time)
        return newest.status if held and _time(held[-1]) == _time(newest) else 0

    def count(self, venue: int) -> int:
        """How many are kept of a venue."""
        return len(self._held.get(venue, ()))

    def of(self, venue: int, start_ns: int, end_ns: int) -> list[pb.VenueMetric]:
        """Those from `start_ns` to before `end_ns`, oldest first."""
        held = self._held.get(venue, [])
        return held[bisect_left(held, start_ns, key=_time) : bisect_left(held, end_ns, key=_time)]


def _time(metric: pb.VenueMetric) -> int:
    return time_ns(metric.time)


def _check(metrics: Sequence[pb.VenueMetric]) -> None:
    if not metrics:
        raise InvalidArgument("metrics is empty", reason=Reason.REQUEST_EMPTY)
    if len(metrics) > _BATCH:
        raise InvalidArgument(
            f"{len(metrics)} metrics are more than {_BATCH}",
            reason=Reason.BATCH_TOO_LARGE,
            limit=_BATCH,
        )
    for metric in metrics:
        check_time("time", metric.time)
        good = (
            metric.HasField("time")
            and metric.liquidity_score <= _FULL
            and metric.reliability_score <= _FULL
            and metric.error_ppm <= 1_000_000
            and metric.reject_ppm <= 1_000_000
            and (metric.orders or not metric.reject_ppm)
            and metric.status in pb.VenueStatus.values()
        )
        if not good:
            raise InvalidArgument(
                "a metric has a time, scores to 10,000, errors and rejects to 1,000,000 ppm, "
                "orders where it has rejects, a known status",
                reason=Reason.METRIC_INVALID,
            )


def summary(metrics: Sequence[pb.VenueMetric]) -> pb.GetVenueMetricsResponse:
    """The answer for measurements; all zero when there are none."""
    answer = pb.GetVenueMetricsResponse(metrics=metrics)
    if not metrics:
        return answer
    answer.median_latency_ns = _median([metric.latency_ns for metric in metrics])
    answer.median_order_ack_latency_ns = _median([m.order_ack_latency_ns for m in metrics])
    answer.mean_error_ppm = sum(metric.error_ppm for metric in metrics) // len(metrics)
    answer.mean_liquidity_score = _mean([metric.liquidity_score for metric in metrics])
    answer.mean_reliability_score = _mean([metric.reliability_score for metric in metrics])
    answer.orders = sum(metric.orders for metric in metrics)
    refused = sum(metric.reject_ppm * metric.orders for metric in metrics)
    answer.reject_ppm = refused // answer.orders if answer.orders else 0
    answer.gaps = sum(metric.gaps for metric in metrics)
    known = [metric.status in _UP for metric in metrics if metric.status]
    answer.health_score = _FULL * sum(known) // len(known) if known else 0
    return answer


def _median(numbers: Sequence[int]) -> int:
    """Of those that are known, which is what is not 0; 0 when none is."""
    known = [number for number in numbers if number]
    return int(statistics.median(known)) if known else 0


def _mean(scores: Sequence[int]) -> int:
    """Of those that are said, which is what is not 0; 0 when none is."""
    said = [score for score in scores if score]
    return sum(said) // len(said) if said else 0
