"""The run loop of one strategy: frames from the MarketDataRelay, signals to the SignalRelay.

The subscription blocks rather than loses, and resumes by sequence after a reconnect; a frame that
was processed is never processed again. Each signal is a frame of its own: child of the decision,
which is a child of the frame that tipped it, in that frame's trace; frames that it further rests on
are CAUSE TLVs and span links. Decisions are always sampled.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from alphapulse_client.frames import encode
from alphapulse_mesh.runtime import attributes as names
from alphapulse_mesh.runtime.edges import SIGNAL_PUBLISH, STRATEGY_DECIDE
from alphapulse_mesh.runtime.errors import MeshError
from alphapulse_mesh.runtime.latency import Latencies, Stage
from alphapulse_mesh.runtime.telemetry import SpanKind, new_context
from alphapulse_mesh.strategies.checkpoint import Checkpoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alphapulse_client.frames import Frame
    from alphapulse_client.publisher import Publisher
    from alphapulse_client.subscription import Batch, Subscription
    from alphapulse_mesh.runtime.agent import AgentStatus
    from alphapulse_mesh.runtime.telemetry import Telemetry
    from alphapulse_mesh.strategies.base import InstrumentDirectory, Signal, Strategy
    from alphapulse_mesh.strategies.checkpoint import CheckpointFile
    from alphapulse_mesh.strategies.metrics import StrategyMetrics

__all__ = ["MAX_CATCH_UP_NS", "StrategyRunner"]

_log = logging.getLogger(__name__)

MAX_CATCH_UP_NS: Final = 5_000_000_000
"""Frames made longer than this before the start are learnt from, but not decided on."""
_CHECKPOINT_SECONDS: Final = 0.2
_REFRESH_SECONDS: Final = 30.0
_RETRY_SECONDS: Final = 0.5
_COUNTERS: Final = ("frames", "records", "signals", "enter", "exit", "lost")


class StrategyRunner:
    """Runs one strategy until cancelled."""

    def __init__(
        self,
        strategy: Strategy,
        directory: InstrumentDirectory,
        subscription: Subscription,
        publisher: Publisher,
        telemetry: Telemetry,
        agent: AgentStatus,
        metrics: StrategyMetrics,
        *,
        checkpoints: CheckpointFile | None = None,
        restored: Checkpoint | None = None,
        decide_from: int = 0,
        latencies: Latencies | None = None,
    ) -> None:
        """`restored`: what the subscription goes on from. `decide_from`: frames made before (ns)
        are only learnt from.
        """
        self.strategy = strategy
        self.paused = False
        self._directory = directory
        self._subscription = subscription
        self._publisher = publisher
        self._telemetry = telemetry
        self._agent = agent
        self._metrics = metrics
        self._checkpoints = checkpoints
        self._decide_from = decide_from
        self._latencies = latencies or Latencies()
        self._last = 0 if restored is None else restored.sequence
        self._busy = False
        self._unresolved: set[bytes] = set()
        self._refresh_due = 0.0
        self._checkpoint_due = 0.0
        agent.handled_types = tuple(strategy.message_types)
        for name in _COUNTERS:
            agent.counters.setdefault(name, 0)
        if restored is not None:
            agent.counters.update(restored.counters)
            strategy.restore(restored.state)

    @property
    def sequence(self) -> int:
        """Every market-data frame up to here is decided on (or was filtered out by the relay)."""
        if self._busy:
            return self._last
        return max(self._last, self._subscription.delivered_sequence)

    @property
    def lost(self) -> int:
        """Frames that the relay reported as lost."""
        return self._subscription.lost

    async def run(self) -> None:
        """Decide until cancelled.

        Raises:
            MeshError: a relay refused for good.
        """
        await self._refresh()
        await self._publisher.start()
        async for batch in self._subscription:
            self._busy = True
            await self._take(batch)
            self._busy = False

    async def _take(self, batch: Batch) -> None:
        start = time.time_ns()
        if any(gap.reason == "RELAY_RESTARTED" for gap in batch.gaps):
            self._last = 0  # the relay counts anew
        frames = [
            frame
            for frame in batch.frames
            if frame.sequence > self._last and frame.message_type in self.strategy.message_types
        ]
        if frames:
            self._latencies.record_frames(Stage.DELIVER, frames)
            await self._resolve(frames)
            fresh = self._first_fresh(frames)
            self.strategy.on_batch(frames[:fresh], muted=True)
            signals = self.strategy.on_batch(frames[fresh:], muted=self.paused)
            self._latencies.record_since(Stage.DECIDE, frames[-1].message_type, start)
            for signal in signals:
                await self._publish(signal, start)
        records = sum(frame.info.record_count for frame in frames)
        self._last = max(self._last, batch.delivered_sequence)
        self._count(len(frames), records, batch)
        self._save()

    def _first_fresh(self, frames: Sequence[Frame]) -> int:
        """Frames come in the order of their making, near enough: where the fresh ones begin."""
        for index, frame in enumerate(frames):
            if frame.timestamp >= self._decide_from:
                self._decide_from = 0
                return index
        return len(frames)

    async def _resolve(self, frames: Sequence[Frame]) -> None:
        """Ask the registry when there are ids that the strategy has not been told of."""
        unknown = self.strategy.unknown(frames) - self._unresolved
        if unknown or time.monotonic() >= self._refresh_due:
            await self._refresh()
            self._unresolved = self.strategy.unknown(frames) | self._unresolved

    async def _refresh(self) -> None:
        while True:
            try:
                await self.strategy.on_start(self._directory)
                break
            except MeshError as error:
                _log.warning("the registry does not answer: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)
        self._refresh_due = time.monotonic() + _REFRESH_SECONDS

    async def _publish(self, signal: Signal, start: int) -> None:
        decision = new_context(signal.cause, sampled=True)
        context = new_context(decision)
        attributes = {
            **signal.attributes,
            names.MESSAGING_CONVERSATION_ID: context.trace_hex,
            names.CAUSATION_ID: signal.cause.message_hex,
        }
        begun = time.time_ns()
        self._telemetry.span_for_frame(
            STRATEGY_DECIDE,
            decision,
            kind=SpanKind.CONSUMER,
            start_ns=start,
            end_ns=begun,
            links=signal.further_causes,
            attributes=attributes,
        )
        frame = encode(
            signal.message_type,
            signal.row,
            source=self.strategy.source,
            context=context,
            causes=[(cause.trace_id, cause.message_id) for cause in signal.further_causes],
        )
        await self._publisher.publish(frame)
        self._telemetry.span_for_frame(
            SIGNAL_PUBLISH,
            context,
            kind=SpanKind.PRODUCER,
            start_ns=begun,
            attributes={
                **attributes,
                names.CAUSATION_ID: decision.message_hex,
                names.MESSAGING_SYSTEM: "alphapulse",
                names.MESSAGING_OPERATION_NAME: "publish",
                names.MESSAGING_OPERATION_TYPE: "send",
                names.MESSAGING_DESTINATION_NAME: "signal",
                names.MESSAGING_MESSAGE_ID: context.message_hex,
                names.MESSAGE_TYPE: signal.message_type.name,
            },
        )
        action = str(signal.attributes.get(names.DECISION, ""))
        self._agent.count("signals")
        if action in _COUNTERS:
            self._agent.count(action)
        self._metrics.signal(action)

    def _count(self, frames: int, records: int, batch: Batch) -> None:
        self._agent.count("frames", frames)
        self._agent.count("records", records)
        self._agent.counters["lost"] = self.lost
        self._metrics.batch(frames, records, batch.lag)

    def _save(self) -> None:
        """Now and then, and only when every signal up to here is safe in the relay."""
        now = time.monotonic()
        if self._checkpoints is None or now < self._checkpoint_due:
            return
        if self._publisher.unacknowledged:
            return
        self._checkpoint_due = now + _CHECKPOINT_SECONDS
        self._checkpoints.save(
            Checkpoint(self._last, self.strategy.state(), dict(self._agent.counters))
        )
