"""The spans of execution have the ids of its frames, and the journal tells the same chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse_client.context import new_context
from alphapulse_client.frames import Frame
from alphapulse_client.orders import OrdersClient
from alphapulse_layout import MessageType
from alphapulse_mesh.runtime import attributes
from alphapulse_mesh.runtime.edges import (
    EXECUTION_ACCEPT,
    EXECUTION_FILL,
    EXECUTION_RISK,
    VENUE_SUBMIT,
)
from alphapulse_testing.execution import (
    BTCUSDT,
    SpanRecorder,
    order_frame,
    quote_rows,
    serving,
    until_status,
)

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from alphapulse_mesh.runtime.config import MeshConfig


def span_id(span: ReadableSpan) -> str:
    assert span.context is not None
    return f"{span.context.span_id:016x}"


def parent_id(span: ReadableSpan) -> str:
    assert span.parent is not None
    return f"{span.parent.span_id:016x}"


async def test_one_order_is_one_chain_in_spans_and_in_the_journal(config: MeshConfig) -> None:
    recorder = SpanRecorder()
    cause = new_context(sampled=True)
    async with serving(config, recorder=recorder) as (execution, channel):
        execution.pipeline.quotes(quote_rows("99", "100"))
        async with OrdersClient(channel).submit_frames() as stream:
            await stream.submit(order_frame(1, context=cause))
        order = await until_status(OrdersClient(channel), 1, pb.ORDER_STATUS_FILLED)
        frames = [Frame.parse(frame) async for frame in execution.journal.read(1)]
    (accept,) = recorder.named(EXECUTION_ACCEPT)
    (risk,) = recorder.named(EXECUTION_RISK)
    (submit,) = recorder.named(VENUE_SUBMIT)
    (fill,) = recorder.named(EXECUTION_FILL)
    assert parent_id(accept) == cause.message_hex
    assert parent_id(risk) == span_id(accept)
    assert parent_id(submit) == span_id(accept)
    assert parent_id(fill) == span_id(submit)
    for span in (accept, risk, submit, fill):
        assert span.context is not None
        assert f"{span.context.trace_id:032x}" == cause.trace_hex == order.trace_id
        assert span.attributes is not None
        assert span.attributes[attributes.ORDER_ID] == 1
        assert set(span.attributes) <= attributes.DECLARED
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.start_time <= span.end_time
    chain = {
        (
            MessageType(frame.message_type).name,
            frame.context.message_hex,
            frame.context.causation_id,
        )
        for frame in frames
    }
    accepted, submitted = bytes.fromhex(span_id(accept)), bytes.fromhex(span_id(submit))
    assert ("ORDER_REQUEST", span_id(accept), cause.message_id) in chain
    assert ("EXECUTION_REPORT", span_id(submit), accepted) in chain
    assert ("FILL", span_id(fill), submitted) in chain
    assert {frame.context.trace_id for frame in frames} == {cause.trace_id}


async def test_orders_of_an_unsampled_cause_are_traced_from_execution_on(
    config: MeshConfig,
) -> None:
    recorder = SpanRecorder()
    cause = new_context(sampled=False)
    async with (
        serving(config, recorder=recorder) as (_, channel),
        OrdersClient(channel).submit_frames() as stream,
    ):
        await stream.submit(order_frame(1, 2, context=cause))
    accepts = recorder.named(EXECUTION_ACCEPT)
    assert len(accepts) == 2, "each order of a small frame is a span of its own"
    assert all(span.parent is None for span in accepts)
    assert len({span_id(span) for span in accepts}) == 2


async def test_a_refused_order_says_why(config: MeshConfig) -> None:
    recorder = SpanRecorder()
    async with serving(config, recorder=recorder) as (_, channel):
        await OrdersClient(channel).submit(BTCUSDT, "buy", "0.000001", price="100", account_id=1)
    (risk,) = recorder.named(EXECUTION_RISK)
    assert risk.attributes is not None
    assert risk.attributes[attributes.DECISION] == "rejected"
    assert risk.attributes[attributes.REASON] == "QUANTITY_OFF_LOT"
    assert not recorder.named(VENUE_SUBMIT)
