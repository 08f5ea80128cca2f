"""The spans of execution: acceptance, risk, submission to the venue, fills.

Orders are always sampled. Ids are those of the frames: the acceptance is the message id of the
ORDER_REQUEST frame, the submission that of the venue's answers, a fill that of the FILL frame, so
that the journal and the trace backend tell one story.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

import alphapulse_core as core
from alphapulse_client.context import NO_SPAN, FrameContext, new_context
from alphapulse_client.decimals import fixed_text
from alphapulse_layout import MessageType, OrdStatus, Side
from alphapulse_layout.dtypes import FILL
from alphapulse_mesh.execution.rows import OUTCOME, id_bytes, reason_name
from alphapulse_mesh.runtime import attributes as names
from alphapulse_mesh.runtime.edges import (
    EXECUTION_ACCEPT,
    EXECUTION_FILL,
    EXECUTION_RISK,
    VENUE_SUBMIT,
)
from alphapulse_mesh.runtime.telemetry import SpanKind, Telemetry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.void]

__all__ = ["Decided", "Tracer", "accept_context", "venue_context"]

_VENUE_STEP: Final = 1
"""As in the core: what `derive_span_id` makes the submission's id of the acceptance's."""
_SIDES: Final = {int(Side.BUY): "buy", int(Side.SELL): "sell"}
_NEW: Final = int(MessageType.ORDER_REQUEST)

Attributes = dict[str, str | bool | int | float]


def accept_context(cause: FrameContext) -> FrameContext:
    """The context of an acceptance caused by a frame or a call; where that is not recorded, the
    acceptance is the root of its part of the trace.
    """
    context = new_context(cause, sampled=True)
    return context if cause.sampled else context._replace(causation_id=NO_SPAN)


def venue_context(accepted: FrameContext) -> FrameContext:
    """The context of the submission to a venue that follows an acceptance."""
    span = core.derive_span_id(accepted.message_id, _VENUE_STEP)
    return FrameContext(accepted.trace_id, span, accepted.message_id, accepted.sampled)


class Decided(NamedTuple):
    """A command frame after its decision, for its spans."""

    message_type: int
    rows: Rows
    outcomes: Rows
    context: FrameContext
    received_ns: int
    decide_start_ns: int
    decide_end_ns: int


class Tracer:
    """Records spans; does nothing without telemetry."""

    def __init__(self, telemetry: Telemetry | None) -> None:
        self._telemetry = telemetry

    def accepted(self, decided: Decided, end_ns: int) -> None:
        """Acceptance and risk check of a command frame; `end_ns`: when it was durable."""
        if self._telemetry is None or not decided.context.sampled:
            return
        found = _command_attributes(decided)
        self._telemetry.span_for_frame(
            EXECUTION_ACCEPT,
            decided.context,
            kind=SpanKind.CONSUMER,
            start_ns=decided.received_ns,
            end_ns=end_ns,
            attributes=found,
        )
        self._telemetry.child_span(
            EXECUTION_RISK,
            decided.context,
            start_ns=decided.decide_start_ns,
            end_ns=decided.decide_end_ns,
            attributes={
                key: found[key]
                for key in (names.ORDER_ID, names.DECISION, names.REASON)
                if key in found
            },
        )

    def submitted(
        self, accepted: FrameContext, order_ids: list[int], venue: str, start_ns: int
    ) -> None:
        """Commands of one acceptance were given to a venue."""
        if self._telemetry is None or not accepted.sampled:
            return
        found: Attributes = {names.VENUE: venue, names.MESSAGING_BATCH_COUNT: len(order_ids)}
        if len(order_ids) == 1:
            found[names.ORDER_ID] = order_ids[0]
        self._telemetry.span_for_frame(
            VENUE_SUBMIT,
            venue_context(accepted),
            kind=SpanKind.CLIENT,
            start_ns=start_ns,
            attributes=found,
        )

    def filled(self, output: core.EngineOutput, start_ns: int) -> None:
        """Fills were journaled; `start_ns`: when the venue's word was taken."""
        if self._telemetry is None:
            return
        for trace_id, message_id, causation_id, sampled, data in output.fills():
            if not sampled:
                continue
            rows = np.frombuffer(data, FILL)
            found: Attributes = {names.MESSAGING_BATCH_COUNT: len(rows)}
            if len({int(row["order_id"]) for row in rows}) == 1:
                found |= _fill_attributes(rows)
            self._telemetry.span_for_frame(
                EXECUTION_FILL,
                FrameContext(trace_id, message_id, causation_id, sampled),
                kind=SpanKind.PRODUCER,
                start_ns=start_ns,
                attributes=found,
            )


def _fill_attributes(rows: Rows) -> Attributes:
    """Of the fills of one order: their sum, and the last price."""
    last: Any = rows[-1]
    return {
        names.ORDER_ID: int(last["order_id"]),
        names.CLIENT_ORDER_ID: int(last["client_order_id"]),
        names.EXECUTION_ID: int(last["trade_id"]),
        names.INSTRUMENT_ID: id_bytes(last).hex(),
        names.SIDE: _SIDES.get(int(last["side"]), ""),
        names.PRICE: fixed_text(int(last["price"])),
        names.QUANTITY: fixed_text(sum(int(row["quantity"]) for row in rows)),
        names.MESSAGING_DESTINATION_NAME: "execution",
        names.MESSAGING_OPERATION_TYPE: "send",
    }


def _command_attributes(decided: Decided) -> Attributes:
    outcomes = decided.outcomes
    found: Attributes = {
        names.MESSAGE_TYPE: decided.message_type,
        names.MESSAGING_BATCH_COUNT: len(decided.rows),
        names.CAUSATION_ID: decided.context.causation_id.hex(),
    }
    if len(outcomes) != 1 or outcomes.dtype != OUTCOME:
        return found
    row: Any = decided.rows[0]
    outcome: Any = outcomes[0]
    found[names.ORDER_ID] = int(outcome["order_id"])
    found[names.CLIENT_ORDER_ID] = int(outcome["client_order_id"])
    found[names.INSTRUMENT_ID] = id_bytes(row).hex()
    reason = reason_name(int(outcome["reason"]))
    refused = int(outcome["status"]) == OrdStatus.REJECTED or (
        bool(reason) and decided.message_type != _NEW
    )
    found[names.DECISION] = "rejected" if refused else "accepted"
    if reason:
        found[names.REASON] = reason
    if decided.message_type == _NEW:
        found[names.SIDE] = _SIDES.get(int(row["side"]), "")
        found[names.PRICE] = fixed_text(int(row["price"]))
        found[names.QUANTITY] = fixed_text(int(row["quantity"]))
    return found
