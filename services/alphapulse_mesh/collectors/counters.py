"""What a collector counts: for `GetAgentStatus` and for Prometheus, from one place."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from prometheus_client import Counter, Gauge

from alphapulse_layout import MessageType

if TYPE_CHECKING:
    from alphapulse_mesh.collectors.binance import NormalizerCounters
    from alphapulse_mesh.runtime.agent import AgentStatus
    from alphapulse_mesh.runtime.metrics import Metrics

__all__ = ["CollectorCounters"]

_log = logging.getLogger(__name__)

_ROW_NAMES: Final = {
    MessageType.TRADE: "trades",
    MessageType.QUOTE: "quotes",
    MessageType.ORDER_BOOK: "book_levels",
}
_REPORTED_LINES: Final = 20
"""Corrupt lines that are logged one by one; the others are only counted."""


class CollectorCounters:
    """Writes into the agent's counters; all of them are there from the start."""

    def __init__(self, agent: AgentStatus, metrics: Metrics) -> None:
        self._agent = agent
        for name in (
            "frames", "records", *_ROW_NAMES.values(), "messages", "ignored", "corrupt_lines",
            "instruments", "book_gaps", "lost", "discovered",
        ):  # fmt: skip
            agent.counters.setdefault(name, 0)
        agent.handled_types = tuple(_ROW_NAMES)
        registry = metrics.registry
        frames = Counter(
            "alphapulse_collector_frames", "Frames published.", ("type",), registry=registry
        )
        records = Counter(
            "alphapulse_collector_records", "Records published.", ("type",), registry=registry
        )
        self._by_type = {
            kind: (frames.labels(kind.name), records.labels(kind.name)) for kind in _ROW_NAMES
        }
        self._corrupt = Counter(
            "alphapulse_collector_corrupt_lines", "Messages left out.", registry=registry
        )
        self._lost = Counter(
            "alphapulse_collector_lost_records",
            "Records that the relay refused.",
            registry=registry,
        )
        self._messages = Counter(
            "alphapulse_collector_messages", "Exchange messages read.", registry=registry
        )
        self._market_time = Gauge(
            "alphapulse_collector_market_time_seconds", "Newest receive time.", registry=registry
        )

    def published(self, message_type: MessageType, records: int) -> None:
        """One frame."""
        self._agent.count("frames")
        self._agent.count("records", records)
        self._agent.count(_ROW_NAMES[message_type], records)
        frames, rows = self._by_type[message_type]
        frames.inc()
        rows.inc(records)

    def corrupt(self, where: str, what: str) -> None:
        """A line or message that was left out."""
        self._agent.count("corrupt_lines")
        self._corrupt.inc()
        count = self._agent.counters["corrupt_lines"]
        if count <= _REPORTED_LINES:
            _log.warning("%s: skipped: %s", where, what)
        if count == _REPORTED_LINES:
            _log.warning("further corrupt lines are only counted")

    def discovered(self, count: int) -> None:
        """Instruments that are not published here, told to the relay."""
        self._agent.count("discovered", count)

    def lost(self, records: int) -> None:
        """Records in a frame that the relay refused."""
        self._agent.count("lost", records)
        self._lost.inc(records)

    def read(self, messages: int, newest: int) -> None:
        """Messages of a slice; `newest`: receive time of the last, ns."""
        self._agent.count("messages", messages)
        self._messages.inc(messages)
        self._market_time.set(newest / 1e9)

    def progress(self, share: float | None) -> None:
        """How far a bounded source is."""
        if share is not None:
            self._agent.counters["progress_percent"] = int(share * 100)

    def instruments(self, count: int) -> None:
        """Markets registered so far."""
        self._agent.counters["instruments"] = count

    def normalizers(self, counters: list[NormalizerCounters]) -> None:
        """What the normalisers have counted themselves."""
        for name in ("ignored", "book_gaps"):
            self._agent.counters[name] = sum(getattr(item, name) for item in counters)
