"""Drained rows to frames, each the root of a trace of its own, with its `collector.publish` span.

Order: within an instrument and type frames and rows are in order of arrival. Across types the order
is that of the first row of each type within a drain, and of the frame's `timestamp` over drains; a
reader that needs the exact interleaving of, say, trades and quotes sorts by the rows'
`receive_time`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from alphapulse_client.frames import encode
from alphapulse_mesh.runtime import attributes as names
from alphapulse_mesh.runtime.edges import COLLECTOR_PUBLISH
from alphapulse_mesh.runtime.telemetry import FrameContext, SpanKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from alphapulse_layout import MessageType, SourceType
    from alphapulse_mesh.collectors.rows import RowBatch
    from alphapulse_mesh.runtime.telemetry import Telemetry

__all__ = ["Framer", "NewFrame"]

_MAX_ROWS: Final = 4096
"""256 KiB of book levels."""


class NewFrame:
    """A frame that is about to be published."""

    __slots__ = ("context", "data", "message_type", "records", "start_ns")

    def __init__(
        self,
        data: bytes,
        context: FrameContext,
        message_type: MessageType,
        records: int,
        start_ns: int,
    ) -> None:
        self.data = data
        self.context = context
        self.message_type = message_type
        self.records = records
        self.start_ns = start_ns


class Framer:
    """Makes the frames of one source."""

    def __init__(self, source: SourceType, telemetry: Telemetry) -> None:
        self._source = source
        self._telemetry = telemetry

    def frames(self, batches: Sequence[RowBatch], start_ns: int) -> Iterator[NewFrame]:
        """One frame a batch, more where it is long. `start_ns`: when reading of them began."""
        for message_type, rows in batches:
            for start in range(0, len(rows), _MAX_ROWS):
                part = rows[start : start + _MAX_ROWS]
                context = self._telemetry.market_data_context()
                data = encode(
                    message_type,
                    part,
                    source=self._source,
                    context=context,
                    timestamp=time.time_ns(),
                )
                yield NewFrame(data, context, message_type, len(part), start_ns)

    def published(self, frame: NewFrame) -> None:
        """Record the span of a frame that the publisher has taken."""
        if frame.context.sampled:
            self._telemetry.span_for_frame(
                COLLECTOR_PUBLISH,
                frame.context,
                kind=SpanKind.PRODUCER,
                start_ns=frame.start_ns,
                attributes={
                    names.MESSAGING_SYSTEM: "alphapulse",
                    names.MESSAGING_OPERATION_NAME: "publish",
                    names.MESSAGING_OPERATION_TYPE: "send",
                    names.MESSAGING_DESTINATION_NAME: "market_data",
                    names.MESSAGING_MESSAGE_ID: frame.context.message_hex,
                    names.MESSAGING_CONVERSATION_ID: frame.context.trace_hex,
                    names.MESSAGING_BATCH_COUNT: frame.records,
                    names.MESSAGING_BODY_SIZE: len(frame.data),
                    names.MESSAGE_TYPE: frame.message_type.name,
                },
            )
