"""One `relay.publish` span for each sampled frame, child of the span that made the frame.

The sampled flag is looked at for a whole run at once; an unsampled frame costs nothing more.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import alphapulse_core as core
from alphapulse_layout import MessageType, SourceType
from alphapulse_mesh.runtime import attributes as names
from alphapulse_mesh.runtime.edges import RELAY_PUBLISH
from alphapulse_mesh.runtime.telemetry import FrameContext, SpanKind, Telemetry

if TYPE_CHECKING:
    from alphapulse_mesh.relay.domains import RelayDomain
    from alphapulse_mesh.relay.window import Run

__all__ = ["PublishTracer"]


class PublishTracer:
    """Records the spans of one relay."""

    def __init__(self, telemetry: Telemetry, domain: RelayDomain) -> None:
        self._telemetry = telemetry
        self._domain = domain.name

    def published(self, run: Run, sampled: list[int], start_ns: int) -> None:
        """A run was appended, the `sampled` frames of it traced; handling began at `start_ns`."""
        if not sampled:
            return
        end_ns = time.time_ns()
        view = memoryview(run.data)
        for index in sampled:
            at = int(run.offsets[index])
            info = core.inspect_frame(view[at : at + int(run.lengths[index])])
            self._telemetry.child_span(
                RELAY_PUBLISH,
                FrameContext(info.trace_id, info.message_id, info.causation_id, True),
                kind=SpanKind.CONSUMER,
                start_ns=start_ns,
                end_ns=end_ns,
                attributes={
                    names.MESSAGING_SYSTEM: "alphapulse",
                    names.MESSAGING_OPERATION_NAME: "publish",
                    names.MESSAGING_OPERATION_TYPE: "process",
                    names.MESSAGING_DESTINATION_NAME: self._domain,
                    names.MESSAGING_MESSAGE_ID: info.message_id.hex(),
                    names.MESSAGING_CONVERSATION_ID: info.trace_id.hex(),
                    names.MESSAGING_BATCH_COUNT: info.record_count,
                    names.MESSAGING_BODY_SIZE: int(run.lengths[index]),
                    names.MESSAGE_TYPE: _name(MessageType, info.message_type),
                    names.SOURCE_TYPE: _name(SourceType, info.source),
                    names.SEQUENCE: run.first + index,
                },
            )


def _name(enum: type[MessageType | SourceType], number: int) -> str:
    try:
        return enum(number).name
    except ValueError:
        return str(number)
