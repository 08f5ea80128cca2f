"""The portfolio in the mesh: signals and executions in, order frames out, spans along the way.

One task reads the SignalRelay, another the ExecutionRelay; both work on the manager in one event
loop. Order frames go up a stream that sends again what execution has not acknowledged; execution
knows an order again by its number, so nothing is ordered twice. On the start, and after a gap, the
books are rebuilt from execution (`recovery`) before anything is decided.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse_client.decimals import fixed_text
from alphapulse_client.frames import encode
from alphapulse_layout import MessageType, SourceType
from alphapulse_mesh.portfolio.recovery import reconcile
from alphapulse_mesh.portfolio.sizing import Reason
from alphapulse_mesh.portfolio.wire import fill_of_row, order_rows, signals_of
from alphapulse_mesh.runtime import attributes as names
from alphapulse_mesh.runtime.edges import ORDER_SUBMIT, PORTFOLIO_DECIDE, PORTFOLIO_FILL
from alphapulse_mesh.runtime.errors import MeshError
from alphapulse_mesh.runtime.latency import Latencies, Stage
from alphapulse_mesh.runtime.telemetry import SpanKind, new_context

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alphapulse_client.context import FrameContext
    from alphapulse_client.frames import Frame
    from alphapulse_client.order_stream import OrderStream
    from alphapulse_client.orders import OrdersClient
    from alphapulse_client.subscription import Batch, Subscription
    from alphapulse_mesh.portfolio.instruments import Contracts
    from alphapulse_mesh.portfolio.manager import Decision, PortfolioManager
    from alphapulse_mesh.portfolio.metrics import PortfolioMetrics
    from alphapulse_mesh.runtime.agent import AgentStatus
    from alphapulse_mesh.runtime.telemetry import Telemetry

__all__ = ["EXECUTION_TYPES", "SIGNAL_TYPES", "PortfolioService"]

_log = logging.getLogger(__name__)

SIGNAL_TYPES: Final = (MessageType.ARBITRAGE_OPPORTUNITY,)
EXECUTION_TYPES: Final = (MessageType.ORDER_STATUS, MessageType.FILL)
_COUNTERS: Final = (
    "signals", "orders", "fills", "declined", "refused", "acknowledged", "lost",
)  # fmt: skip
_RETRY_SECONDS: Final = 0.5
_RESTARTED: Final = "RELAY_RESTARTED"


class _Reader:
    """How far one subscription has been worked off."""

    def __init__(self, subscription: Subscription, latencies: Latencies) -> None:
        self.subscription = subscription
        self._latencies = latencies
        self._last = 0
        self._busy = False

    @property
    def sequence(self) -> int:
        """Everything up to here has been worked off, or was filtered out by the relay."""
        if self._busy:
            return self._last
        return max(self._last, self.subscription.delivered_sequence)

    def begin(self, batch: Batch) -> list[Frame]:
        """The frames that are new."""
        self._busy = True
        if any(gap.reason == _RESTARTED for gap in batch.gaps):
            self._last = 0  # the relay counts anew
        fresh = [frame for frame in batch.frames if frame.sequence > self._last]
        self._latencies.record_frames(Stage.DELIVER, fresh)
        return fresh

    def end(self, batch: Batch) -> None:
        """The batch is done."""
        self._last = max(self._last, batch.delivered_sequence)
        self._busy = False


class PortfolioService:
    """Runs one manager until cancelled."""

    def __init__(
        self,
        manager: PortfolioManager,
        contracts: Contracts,
        signals: Subscription,
        executions: Subscription,
        orders: OrdersClient,
        telemetry: Telemetry,
        agent: AgentStatus,
        metrics: PortfolioMetrics,
        latencies: Latencies | None = None,
    ) -> None:
        self.manager = manager
        self._contracts = contracts
        self._latencies = latencies or Latencies()
        self._signals = _Reader(signals, self._latencies)
        self._executions = _Reader(executions, self._latencies)
        self._orders = orders
        self._telemetry = telemetry
        self._agent = agent
        self._metrics = metrics
        self._stream: OrderStream | None = None
        self._orders_closed = asyncio.Event()
        agent.handled_types = (*SIGNAL_TYPES, *EXECUTION_TYPES)
        for name in _COUNTERS:
            agent.counters.setdefault(name, 0)

    @property
    def signal_sequence(self) -> int:
        """Newest signal that is decided on."""
        return self._signals.sequence

    @property
    def execution_sequence(self) -> int:
        """Newest execution that is in the books."""
        return self._executions.sequence

    async def run(self) -> None:
        """Until cancelled.

        Raises:
            MeshError: a relay refused for good.
        """
        # The relay's window first, the journal after it: between them nothing can fall through.
        await self._executions.subscription.ready()
        fills = await reconcile(self.manager, self._orders, self._contracts)
        self._agent.count("fills", fills)
        _log.info("recovered %d fills, %d open orders", fills, len(self.manager.orders))
        async with self._orders.submit_frames() as stream, asyncio.TaskGroup() as group:
            self._stream = stream
            group.create_task(self._read_executions())
            group.create_task(self._read_signals())
            group.create_task(self._resume_signals())

    # ------------------------------------------------------------------ signals

    async def _read_signals(self) -> None:
        async for batch in self._signals.subscription:
            start = time.time_ns()
            for frame in self._signals.begin(batch):
                await self._take_signals(frame)
                self._latencies.record_since(Stage.DECIDE, frame.message_type, start)
            self._signals.end(batch)
            self._count_lost()

    async def _take_signals(self, frame: Frame) -> None:
        start = time.time_ns()
        for signal in signals_of(frame):
            self._agent.count("signals")
            await self._load((signal.buy_id, signal.sell_id))
            decisions = self.manager.decide(signal, time.time_ns())
            await self._act(decisions, start)

    async def _resume_signals(self) -> None:
        """Orders that have just been closed may be what a signal has waited for."""
        while True:
            await self._orders_closed.wait()
            self._orders_closed.clear()
            now = time.time_ns()
            await self._act(self.manager.resume(now), now)

    async def _act(self, decisions: Iterable[Decision], start: int) -> None:
        for decision in decisions:
            self._metrics.decision(decision)
            if decision.reason is not None:
                self._agent.count("declined")
            if decision.reason == Reason.DUPLICATE_SIGNAL:
                continue  # its span was recorded when it came first
            if decision.orders:
                await self._submit(decision, start)
            elif decision.reason is not None:
                self._record_decision(decision, new_context(decision.signal.context), start)

    def _record_decision(self, decision: Decision, context: FrameContext, start: int) -> None:
        self._telemetry.span_for_frame(
            PORTFOLIO_DECIDE,
            context,
            kind=SpanKind.CONSUMER,
            start_ns=start,
            attributes={
                names.SIGNAL_ID: str(decision.signal.signal_id),
                names.CAUSATION_ID: context.causation_id.hex(),
                names.DECISION: "sized" if decision.orders else "declined",
                **({} if decision.reason is None else {names.REASON: decision.reason.value}),
            },
        )

    async def _submit(self, decision: Decision, start: int) -> None:
        assert self._stream is not None, "made by run"
        decided = new_context(decision.signal.context, sampled=True)
        self._record_decision(decision, decided, start)
        context = new_context(decided)
        begun = time.time_ns()
        frame = encode(
            MessageType.ORDER_REQUEST,
            order_rows(decision, self.manager.account_id, begun),
            source=SourceType.PORTFOLIO_MANAGER,
            context=context,
            timestamp=begun,
            priority=1,
        )
        outcome = await self._stream.send(frame)
        self._agent.count("orders", len(decision.orders))
        outcome.add_done_callback(lambda future: self._answered(decision, context, begun, future))

    def _answered(
        self,
        decision: Decision,
        context: FrameContext,
        begun: int,
        outcome: asyncio.Future[list[pb.OrderAcknowledgement]],
    ) -> None:
        """Execution has the order frame (or has refused it)."""
        attributes: dict[str, str | bool | int | float] = {
            names.MESSAGING_MESSAGE_ID: context.message_hex,
            names.MESSAGING_CONVERSATION_ID: context.trace_hex,
            names.CAUSATION_ID: context.causation_id.hex(),
            names.SIGNAL_ID: str(decision.signal.signal_id),
            names.CLIENT_ORDER_ID: ",".join(str(item.client_order_id) for item in decision.orders),
            names.QUANTITY: ",".join(fixed_text(item.leg.quantity) for item in decision.orders),
            names.PRICE: ",".join(fixed_text(item.leg.price) for item in decision.orders),
        }
        if outcome.cancelled() or outcome.exception() is not None:
            # Unknown is not refused: the orders stay open until execution says what they are.
            error = None if outcome.cancelled() else outcome.exception()
            _log.error("orders of signal %d: %r", decision.signal.signal_id, error)
            attributes[names.ERROR_TYPE] = getattr(error, "reason", type(error).__name__)
        else:
            answers = outcome.result()
            attributes[names.ORDER_ID] = ",".join(str(row.order_id) for row in answers)
            for row in answers:
                self._take_acknowledgement(row)
            refused = [row.reason for row in answers if _is_refused(row)]
            if refused:
                attributes[names.REASON] = ",".join(refused)
        self._telemetry.span_for_frame(
            ORDER_SUBMIT, context, kind=SpanKind.PRODUCER, start_ns=begun, attributes=attributes
        )

    def _take_acknowledgement(self, row: pb.OrderAcknowledgement) -> None:
        self._agent.count("acknowledged")
        if _is_refused(row):
            self._agent.count("refused")
            _log.warning("order %d refused: %s", row.client_order_id, row.reason)
            self.manager.on_refused(row.client_order_id)
            self._orders_closed.set()

    # ------------------------------------------------------------------ executions

    async def _read_executions(self) -> None:
        subscription = self._executions.subscription
        lost = subscription.lost
        async for batch in subscription:
            start = time.time_ns()
            frames = self._executions.begin(batch)
            if batch.gaps and (subscription.lost > lost or _restarted(batch)):
                lost = subscription.lost
                self._agent.count(
                    "fills", await reconcile(self.manager, self._orders, self._contracts)
                )
            for frame in frames:
                await self._take_execution(frame, start)
            self._orders_closed.set()
            self._executions.end(batch)
            self._count_lost()

    async def _take_execution(self, frame: Frame, start: int) -> None:
        rows = frame.rows[frame.rows["account_id"] == self.manager.account_id]
        if frame.message_type == MessageType.ORDER_STATUS:
            for row in rows:
                self.manager.on_status(
                    int(row["client_order_id"]),
                    int(row["status"]),
                    int(row["cumulative_quantity"]),
                )
            return
        counted = 0
        for row in rows:
            fill = fill_of_row(row)
            await self._load((fill.instrument_id,))
            counted += self.manager.on_fill(
                fill,
                int(row["client_order_id"]),
                int(row["cumulative_quantity"]),
                int(row["leaves_quantity"]),
                int(row["status"]),
            )
        if counted:
            self._agent.count("fills", counted)
            self._metrics.fills(counted)
            self._record_fills(frame, counted, start)

    def _record_fills(self, frame: Frame, counted: int, start: int) -> None:
        cause = frame.context
        if not cause.sampled:
            return
        row = frame.rows[0]
        self._telemetry.child_span(
            PORTFOLIO_FILL,
            cause,
            kind=SpanKind.CONSUMER,
            start_ns=start,
            attributes={
                names.CAUSATION_ID: cause.message_hex,
                names.MESSAGING_BATCH_COUNT: counted,
                names.SEQUENCE: frame.sequence,
                names.ORDER_ID: str(int(row["order_id"])),
                names.CLIENT_ORDER_ID: str(int(row["client_order_id"])),
                names.PRICE: fixed_text(int(row["price"])),
                names.QUANTITY: fixed_text(int(row["quantity"])),
            },
        )

    # ------------------------------------------------------------------ both

    async def _load(self, instrument_ids: Iterable[bytes]) -> None:
        """Ask for unknown instruments until the registry answers, be it that it has none."""
        wanted = list(instrument_ids)
        while any(self._contracts.get(key) is None for key in wanted):
            try:
                await self._contracts.load(wanted)
            except MeshError as error:
                _log.warning("the registry does not answer: %s", error)
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            return

    def _count_lost(self) -> None:
        self._agent.counters["lost"] = (
            self._signals.subscription.lost + self._executions.subscription.lost
        )


def _restarted(batch: Batch) -> bool:
    return any(gap.reason == _RESTARTED for gap in batch.gaps)


def _is_refused(row: pb.OrderAcknowledgement) -> bool:
    """Refused by risk or validation, or as a frame that could not be read."""
    return row.status == pb.ORDER_STATUS_REJECTED or (not row.order_id and bool(row.reason))
