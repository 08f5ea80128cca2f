"""What `feed stats` says: two answers of a relay and what came in between, as one look.

Rates by type, of producers and of subscribers are exact: differences of the relay's own counters.
Rates by venue and source, and latencies, are of the frames that a subscription of the command's
own was given in between; `seen` says which part of all frames that was.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_layout import DTYPES
from alphapulse_layout.enums import SourceType, VenueId
from alphapulse_mesh.runtime.fields import enum_name, type_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from alphapulse_client import Batch, Frame

__all__ = ["OWN_NAME", "Sample", "look"]

OWN_NAME: Final = "alphapulse feed stats"
"""How the command's own subscription is called; it is not shown among the others."""
_MOST_LATENCIES: Final = 1 << 16
"""A type and look: what a median needs by far; more are not kept."""


def _venue_fields() -> dict[int, str]:
    """Message type → the field with its records' instrument."""
    found: dict[int, str] = {}
    for kind, dtype in DTYPES.items():
        for name in dtype.names or ():
            if "asset_id" in (dtype[name].names or ()):
                found[int(kind)] = name
                break
    return found


_VENUE_FIELDS: Final = _venue_fields()


class Sample:
    """Counts what a subscription to one domain is given."""

    def __init__(self, now_ns: Callable[[], int] = time.time_ns) -> None:
        self._now_ns = now_ns
        self.frames = 0
        self.venues: Counter[int] = Counter()
        """Records by venue."""
        self.sources: Counter[int] = Counter()
        """Records by kind of producer."""
        self.gaps: Counter[str] = Counter()
        """Frames missing by reason."""
        self.latencies: dict[int, list[int]] = {}
        """Message type → nanoseconds from a frame's making to its arrival here."""

    def add(self, batch: Batch) -> None:
        """Count a batch that has just arrived."""
        now = self._now_ns()
        self.frames += len(batch.frames)
        for gap in batch.gaps:
            self.gaps[gap.reason] += gap.count
        for frame in batch.frames:
            self.sources[frame.source] += frame.info.record_count
            kept = self.latencies.setdefault(frame.message_type, [])
            if len(kept) < _MOST_LATENCIES:
                kept.append(max(now - frame.timestamp, 0))
            self._count_venues(frame)

    def _count_venues(self, frame: Frame) -> None:
        field = _VENUE_FIELDS.get(frame.message_type)
        if field is None or not frame.info.record_count:
            return
        numbers, counts = np.unique(frame.rows[field]["venue"], return_counts=True)
        self.venues.update(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))


def look(
    before: pb.GetStatusResponse, after: pb.GetStatusResponse, seconds: float, sample: Sample
) -> dict[str, Any]:
    """Rates, lags, gaps, depth, circuit and latencies of a domain over the time between."""
    began = after.published_frames < before.published_frames  # the relay lost its memory

    def rate(now: int, then: int) -> float:
        return round(max(now if began else now - then, 0) / seconds, 1)

    frames = max(after.published_frames - (0 if began else before.published_frames), 0)
    return {
        "frames_per_second": rate(after.published_frames, before.published_frames),
        "records_per_second": rate(after.published_records, before.published_records),
        "oldest_sequence": after.oldest_sequence,
        "head_sequence": after.head_sequence,
        "queue_frames": after.backlog_frames,
        "queue_limit": int(after.policy.get("max_queue_frames", 0)),
        "circuit": "open" if after.circuit_open else "closed",
        "types": _types(before, after, rate, sample),
        "venues": _by_name(sample.venues, VenueId, seconds),
        "sources": _by_name(sample.sources, SourceType, seconds),
        "producers": _producers(before, after, rate),
        "subscribers": _subscribers(before, after, rate),
        "rejected": dict(after.rejected_frames),
        "gaps": dict(sample.gaps),
        "seen": round(min(sample.frames / frames, 1.0), 3) if frames else None,
    }


def _types(
    before: pb.GetStatusResponse,
    after: pb.GetStatusResponse,
    rate: Callable[[int, int], float],
    sample: Sample,
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for kind in sorted({*after.records_by_type, *sample.latencies}):
        now, then = after.records_by_type.get(kind, 0), before.records_by_type.get(kind, 0)
        found[type_name(kind)] = {
            "records": now,
            "records_per_second": rate(now, then),
            **_percentiles(sample.latencies.get(kind, [])),
        }
    return found


def _percentiles(nanoseconds: list[int]) -> dict[str, float | None]:
    if not nanoseconds:
        return {"p50_us": None, "p99_us": None, "max_us": None}
    p50, p99, most = np.percentile(nanoseconds, [50, 99, 100]) / 1000
    return {
        "p50_us": round(float(p50), 1),
        "p99_us": round(float(p99), 1),
        "max_us": round(float(most), 1),
    }


def _by_name(counts: Counter[int], enum: Any, seconds: float) -> dict[str, float]:
    return {
        enum_name(enum, number): round(count / seconds, 1) for number, count in counts.most_common()
    }


def _producers(
    before: pb.GetStatusResponse, after: pb.GetStatusResponse, rate: Callable[[int, int], float]
) -> list[dict[str, Any]]:
    then = {one.producer_id: one.acknowledged_sequence for one in before.producers}
    return [
        {
            "name": one.name,
            "id": f"{one.producer_id:016x}",
            "connected": one.connected,
            "frames": one.acknowledged_sequence,
            "frames_per_second": rate(
                one.acknowledged_sequence, then.get(one.producer_id, one.acknowledged_sequence)
            ),
            "duplicates": one.duplicates,
            "rejected": one.rejected,
            "missing": one.missing,
        }
        for one in after.producers
    ]


def _subscribers(
    before: pb.GetStatusResponse, after: pb.GetStatusResponse, rate: Callable[[int, int], float]
) -> list[dict[str, Any]]:
    then = {one.name: one.delivered_records for one in before.subscribers}
    return [
        {
            "name": one.name,
            "policy": pb.SlowConsumerPolicy.Name(one.policy)
            .removeprefix("SLOW_CONSUMER_POLICY_")
            .lower(),
            "lag_frames": one.lag_frames,
            "lost_frames": one.lost_frames,
            "conflated_frames": one.conflated_frames,
            "records_per_second": rate(
                one.delivered_records, then.get(one.name, one.delivered_records)
            ),
        }
        for one in after.subscribers
        if one.name != OWN_NAME
    ]
