"""The one task that moves orders: decide, journal, acknowledge, route, hear, publish.

A turn takes everything that is waiting (commands of all clients, answers of all venues), decides it
in the engine, makes the frames durable in one append, and only then acknowledges, publishes and
routes. Under load turns grow, so that many orders share an fsync; alone, an order waits for nobody.
A failed append is the end of the process: the engine is ahead of the journal then.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alphapulse_layout import MessageType
from alphapulse_mesh.execution.rows import ORDER_VIEW, OUTCOME, VENUE_REPORT
from alphapulse_mesh.execution.tracing import Decided, Tracer, accept_context
from alphapulse_mesh.execution.venue_answers import VenueAnswers
from alphapulse_mesh.execution.venues import VenueCommand
from alphapulse_mesh.runtime.errors import MeshError, Unavailable
from alphapulse_mesh.runtime.latency import Latencies, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    import alphapulse_core as core
    from alphapulse_client.context import FrameContext
    from alphapulse_mesh.execution.archive import OrderArchive
    from alphapulse_mesh.execution.journal import Journal
    from alphapulse_mesh.execution.publication import Publication
    from alphapulse_mesh.execution.venues import VenueConnector

    Rows = NDArray[np.void]

__all__ = ["Command", "Pipeline"]

_log = logging.getLogger(__name__)

_NEW: Final = int(MessageType.ORDER_REQUEST)
_CANCEL: Final = int(MessageType.ORDER_CANCEL)
_MODIFY: Final = int(MessageType.ORDER_MODIFY)
_TURN_ROWS: Final = 4096
"""Command rows a turn takes at most: bounds how long the first of them waits."""
_ALARMS: Final = frozenset({"CONFLICTING_TRADE", "OVER_FILL", "LATE_FILL", "UNKNOWN_ORDER"})
_PENDING_NEW: Final = 1


@dataclass(slots=True)
class Command:
    """Rows of one command frame or call, and who waits for what becomes of them."""

    message_type: int
    rows: Rows
    cause: FrameContext
    """Of the frame, or of the call."""
    done: asyncio.Future[Rows]
    """(n,) OUTCOME rows, once they are durable."""
    after_venue: bool = False
    """Answer only after the venue's first word, where that comes at once."""
    received_ns: int = field(default_factory=time.time_ns)


class Pipeline:
    """See the module. `engine` and `archive` may be read between awaits, after `settled()`."""

    def __init__(
        self,
        engine: core.OrderEngine,
        journal: Journal,
        archive: OrderArchive,
        venue: VenueConnector,
        publication: Publication | None,
        tracer: Tracer,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
        latencies: Latencies | None = None,
    ) -> None:
        self.engine = engine
        self.archive = archive
        self.counters: Counter[str] = Counter()
        self._journal = journal
        self._venue = venue
        self._publication = publication
        self._tracer = tracer
        self._clock_ns = clock_ns
        self._latencies = latencies or Latencies()
        self._last_ns = 0
        self.answers = VenueAnswers("execution")
        """How the venues answer."""
        self._commands: deque[Command] = deque()
        self._reports: deque[bytes] = deque()
        self._late: list[tuple[Command, Rows]] = []
        """Decided and durable; they wait for the venue's first word."""
        self._wake = asyncio.Event()
        self._commit: asyncio.Future[None] | None = None
        self._failure: MeshError | None = None
        self._stopping = False
        self._reconciled = False
        """Until then nothing is sent to the venue: `reconcile` does, in the right order."""
        venue.attach(self._heard)

    # ---------------------------------------------------------------------------------- public

    def submit(self, command: Command) -> None:
        """Queue a command; its future is answered once it is durable.

        Raises:
            Unavailable: execution is stopping.
        """
        if self._failure is not None:
            raise self._failure
        if self._stopping:
            raise Unavailable("execution is stopping", reason="STOPPING")
        self._commands.append(command)
        self._wake.set()

    def quotes(self, rows: Rows, arrived_ns: int | None = None) -> None:
        """QUOTE rows of the market: for risk and for the venue.

        `arrived_ns`: when, of quotes that are no news; those are no liquidity any more.
        """
        if arrived_ns is not None:
            self.engine.quotes(rows, arrived_ns)
            return
        self.engine.quotes(rows, self._now())
        self._venue.quotes(rows)

    async def settled(self) -> None:
        """Until all that the engine holds now is durable: what is read after this was journaled."""
        while self._commit is not None:
            await asyncio.shield(self._commit)

    @property
    def queued(self) -> int:
        """Commands that wait for their turn."""
        return len(self._commands)

    async def reconcile(self) -> None:
        """After recovery: give the venue its orders back, and what it never answered."""
        self._reconciled = True
        views = np.frombuffer(self.engine.working(), ORDER_VIEW)
        acknowledged = views[views["base"] != _PENDING_NEW]
        await self._venue.reconcile(
            np.ascontiguousarray(acknowledged),
            self._unanswered(views),
            self.engine.max_trade_id + 1,
        )

    async def run(self) -> None:
        """Take turns until `stop`, or until the journal fails."""
        try:
            while True:
                if self._commands or self._reports or self._late:
                    await self._turn()
                elif self._stopping:
                    break
                else:
                    self._wake.clear()
                    await self._wake.wait()
            await self._journal.save_snapshot(self.engine)
        except MeshError as error:
            self._refuse_all(error)
            raise
        finally:
            self._refuse_all(Unavailable("execution has stopped", reason="STOPPING"))

    def stop(self) -> None:
        """Finish what is queued, keep a snapshot, and end `run`. New commands are refused."""
        self._stopping = True
        self._wake.set()

    # ------------------------------------------------------------------------------- one turn

    async def _turn(self) -> None:
        late, self._late = self._late, []
        heard_ns = self._now()
        heard = self._hear(heard_ns)
        commands = self._take()
        decided: list[tuple[Command, Rows, core.EngineOutput | None, FrameContext]] = []
        frames = heard.frames() if heard is not None else []
        spans: list[Decided] = []
        for command in commands:
            outcomes, output, context, span = self._decide(command)
            if output is not None:
                frames += output.frames()
            if span is not None:
                spans.append(span)
            decided.append((command, outcomes, output, context))
        if frames:
            await self._append(frames)
        durable_ns = self._now()
        if heard is not None:
            self._tracer.filled(heard, heard_ns)
        for span in spans:
            self._tracer.accepted(span, durable_ns)
        if commands:
            self._latencies.record_columns(
                Stage.JOURNAL,
                np.array([command.message_type for command in commands], np.uint8),
                np.array([command.received_ns for command in commands], np.uint64),
            )
        for command, outcomes in late:
            _answer(command, outcomes)
        for command, outcomes, output, context in decided:
            if output is not None:
                await self._route(output, context)
            if command.after_venue and self._reports:
                self._late.append((command, outcomes))
            else:
                _answer(command, outcomes)
        if self._journal.snapshot_due:
            await self._journal.save_snapshot(self.engine)

    def _take(self) -> list[Command]:
        taken: list[Command] = []
        rows = 0
        while self._commands and rows < _TURN_ROWS:
            command = self._commands.popleft()
            rows += len(command.rows)
            taken.append(command)
        return taken

    def _hear(self, now: int) -> core.EngineOutput | None:
        if not self._reports:
            return None
        reports = b"".join(self._reports)
        self._reports.clear()
        output = self.engine.apply_reports(reports, now)
        self.counters["venue_reports"] += len(reports) // VENUE_REPORT.itemsize
        for name, data in output.anomalies:
            self.counters[name.lower()] += 1
            if name in _ALARMS:
                report: Any = np.frombuffer(data, VENUE_REPORT)[0]
                _log.error(
                    "venue %s: %s: order %d, trade %d, %d at %d",
                    self._venue.name,
                    name,
                    report["order_id"],
                    report["trade_id"],
                    report["quantity"],
                    report["price"],
                )
        self.counters["fills"] += sum(len(fill[4]) // 128 for fill in output.fills())
        return output if len(output) else None

    def _decide(
        self, command: Command
    ) -> tuple[Rows, core.EngineOutput | None, FrameContext, Decided | None]:
        start = self._now()
        context = accept_context(command.cause)
        rows = command.rows
        known: dict[int, Any] = {}
        if command.message_type == _NEW and self.archive:
            known = self._archived(rows)
            if known:
                rows = rows[[index for index in range(len(rows)) if index not in known]]
        output: core.EngineOutput | None = None
        outcomes: Rows = np.empty(0, OUTCOME)
        if len(rows):
            output = self.engine.apply_commands(
                command.message_type,
                np.ascontiguousarray(rows),
                now=start,
                trace_id=context.trace_id,
                message_id=context.message_id,
                causation_id=context.causation_id,
                sampled=context.sampled,
            )
            outcomes = np.frombuffer(output.outcomes, OUTCOME)
            self.archive.add(self.engine.take_evicted())
        if known:
            outcomes = _merged(outcomes, known)
        self.counters["commands"] += len(command.rows)
        span = Decided(
            command.message_type,
            command.rows,
            outcomes,
            context,
            command.received_ns,
            start,
            self._now(),
        )
        return outcomes, output, context, span

    def _archived(self, rows: Rows) -> dict[int, Any]:
        """Outcomes of rows whose orders have left memory long ago, by position."""
        known: dict[int, Any] = {}
        for index, row in enumerate(rows):
            account, number = int(row["account_id"]), int(row["client_order_id"])
            if number == 0 or self.engine.find(account, number):
                continue
            order_id = self.archive.find(account, number)
            archived = self.archive.get(order_id) if order_id else None
            if archived is not None:
                status = np.frombuffer(archived.view, ORDER_VIEW)["status"][0]
                known[index] = (order_id, number, status["status"], 1, status["reason"], 0)
        return known

    async def _append(self, frames: list[bytes]) -> None:
        commit = asyncio.get_running_loop().create_future()
        self._commit = commit
        try:
            first = await self._journal.append(frames)
        finally:
            self._commit = None
            commit.set_result(None)
        if self._publication is not None:
            self._publication.offer(first, frames)

    async def _route(self, output: core.EngineOutput, context: FrameContext) -> None:
        if not self._reconciled:
            return
        for message_type, order_ids, rows in output.routes():
            start = self._now()
            self.answers.sent(message_type, order_ids, rows, start)
            await self._venue.send(message_type, order_ids, rows)
            self._tracer.submitted(context, order_ids, self._venue.name, start)

    def _heard(self, reports: bytes) -> None:
        self.answers.heard(reports, self._now())
        self._reports.append(reports)
        self._wake.set()

    def _unanswered(self, views: Rows) -> list[VenueCommand]:
        """Commands that were durable before the end and have no answer in the journal, as they were
        given: new orders, then replacements, then cancels.
        """
        commands: list[VenueCommand] = []
        new = views[views["base"] == _PENDING_NEW]
        if len(new):
            ids = [int(number) for number in new["status"]["order_id"]]
            commands.append(VenueCommand(_NEW, ids, np.ascontiguousarray(new["request"]).tobytes()))
        for kind, flag in ((_MODIFY, "pending_replace"), (_CANCEL, "pending_cancel")):
            for order_id in views[views[flag] == 1]["status"]["order_id"]:
                row = self.engine.pending_modify(int(order_id)) if kind == _MODIFY else b""
                commands.append(VenueCommand(kind, [int(order_id)], row or b""))
        return commands

    def _refuse_all(self, error: MeshError) -> None:
        self._failure = self._failure or error
        waiting = [command for command, _ in self._late] + list(self._commands)
        self._late.clear()
        self._commands.clear()
        for command in waiting:
            if not command.done.done():
                command.done.set_exception(self._failure)

    def _now(self) -> int:
        """Wall clock that never goes back: journaled times are in order."""
        self._last_ns = max(self._last_ns, self._clock_ns())
        return self._last_ns


def _answer(command: Command, outcomes: Rows) -> None:
    if not command.done.done():
        command.done.set_result(outcomes)


def _merged(decided: Rows, known: dict[int, Any]) -> Rows:
    """Outcomes in the order of the command's rows: known ones at their positions."""
    merged = np.empty(len(decided) + len(known), OUTCOME)
    rest = iter(decided)
    for index in range(len(merged)):
        merged[index] = known[index] if index in known else next(rest)
    return merged
