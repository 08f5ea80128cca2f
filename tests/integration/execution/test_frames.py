"""SubmitFrames: order frames up, one acknowledgement a row down, bad frames named, nothing lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse.execution.v1 import execution_pb2_grpc as rpc
from alphapulse_client.context import new_context
from alphapulse_client.decimals import to_fixed
from alphapulse_client.frames import encode, rows
from alphapulse_layout import MessageType, Side, SourceType, TimeInForce
from alphapulse_testing.execution import cancel_frame, order_frame, order_rows, until_status
from alphapulse_testing.frames import trades

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alphapulse_testing.execution import Served


async def exchange(
    served: Served, *frames: bytes, first: int = 1
) -> tuple[list[pb.OrderAcknowledgement], int]:
    """Send the frames on a stream of their own; all acknowledgements and the last number."""
    stub: Any = rpc.ExecutionServiceStub(served.channel)

    async def sending() -> AsyncIterator[pb.SubmitFramesRequest]:
        for number, frame in enumerate(frames, first):
            yield pb.SubmitFramesRequest(frames=[frame], first_sequence=number)

    acknowledgements: list[pb.OrderAcknowledgement] = []
    last = 0
    async for response in stub.SubmitFrames(sending()):
        acknowledgements += response.acknowledgements
        assert response.acknowledged_sequence > last
        last = response.acknowledged_sequence
    return acknowledgements, last


async def test_every_row_is_acknowledged_in_order(served: Served) -> None:
    found, last = await exchange(served, order_frame(1, 2, 3), order_frame(4), cancel_frame(2))
    assert last == 3
    assert [(ack.frame_sequence, ack.row) for ack in found] == [
        (1, 0), (1, 1), (1, 2), (2, 0), (3, 0),
    ]  # fmt: skip
    assert [ack.client_order_id for ack in found] == [1, 2, 3, 4, 2]
    assert [ack.order_id for ack in found] == [1, 2, 3, 4, 2]
    assert [ack.status for ack in found] == [pb.ORDER_STATUS_PENDING_NEW] * 4 + [
        pb.ORDER_STATUS_PENDING_CANCEL
    ]
    await until_status(served.orders, 2, pb.ORDER_STATUS_CANCELED)


@pytest.mark.parametrize("count", [17, 5000])
async def test_a_large_frame_is_one_decision(served: Served, count: int) -> None:
    found, _ = await exchange(served, order_frame(*range(1, count + 1), account_id=3))
    taken = [ack for ack in found if ack.status == pb.ORDER_STATUS_PENDING_NEW]
    refused = [ack for ack in found if ack.reason]
    assert len(taken) == min(count, 1000), "the limit of open orders"
    assert {ack.reason for ack in refused} <= {"EXPOSURE_LIMIT"}
    assert [ack.row for ack in found] == list(range(count))


async def test_bad_frames_are_refused_with_their_reason_and_the_stream_lives_on(
    served: Served,
) -> None:
    good = order_frame(1)
    flipped = bytearray(good)
    flipped[-20] ^= 1
    found, last = await exchange(
        served, good[:50], bytes(flipped), b"", trades([1]), order_frame(2)
    )
    assert [ack.reason for ack in found] == [
        "FRAME_TRUNCATED",
        "FRAME_BAD_CHECKSUM",
        "FRAME_TRUNCATED",
        "FRAME_BAD_TYPE",
        "",
    ]
    assert [ack.order_id for ack in found] == [0, 0, 0, 0, 1]
    assert last == 5
    assert served.execution.pipeline.counters["frames_refused"] == 4


async def test_what_was_sent_twice_is_one_order(served: Served) -> None:
    first, _ = await exchange(served, order_frame(1, 2))
    again, _ = await exchange(served, order_frame(1, 2), order_frame(2, price="99"))
    assert [ack.order_id for ack in first] == [ack.order_id for ack in again[:2]]
    assert [ack.duplicate for ack in again] == [True, True, True]
    assert [ack.reason for ack in again] == ["", "", "DUPLICATE_CLIENT_ORDER_ID"]
    assert served.execution.engine.next_order_id == 3


async def test_cancels_and_modifies_of_unknown_orders_are_refused_rows(served: Served) -> None:
    modify = rows(MessageType.ORDER_MODIFY, 1)
    modify["order_id"], modify["quantity"] = 77, to_fixed("1")
    frame = encode(
        MessageType.ORDER_MODIFY, modify, source=SourceType.EXTERNAL, context=new_context()
    )
    found, _ = await exchange(served, cancel_frame(5), frame)
    assert [ack.reason for ack in found] == ["UNKNOWN_ORDER", "UNKNOWN_ORDER"]
    assert [ack.order_id for ack in found] == [0, 0]


async def test_an_order_is_replaced(served: Served) -> None:
    await exchange(served, order_frame(1, price="90", quantity="2"))
    modify = rows(MessageType.ORDER_MODIFY, 1)
    modify["client_order_id"], modify["account_id"], modify["new_client_order_id"] = 1, 1, 2
    modify["price"], modify["quantity"] = to_fixed("100"), to_fixed("3")
    frame = encode(
        MessageType.ORDER_MODIFY, modify, source=SourceType.EXTERNAL, context=new_context()
    )
    found, _ = await exchange(served, frame)
    assert found[0].status == pb.ORDER_STATUS_PENDING_REPLACE
    await until_status(served.orders, 1, pb.ORDER_STATUS_NEW)
    order = (await served.orders.get(account_id=1, client_order_id=2)).order
    assert (order.order_id, order.price, order.quantity) == (1, "100", "3")
    served.quote(bid="98", ask="99")
    order = await until_status(served.orders, 1, pb.ORDER_STATUS_FILLED)
    assert order.cumulative_quantity == "3"


async def test_two_clients_trade_with_each_other(served: Served) -> None:
    await exchange(served, order_frame(1, side=Side.SELL, account_id=1, quantity="2"))
    await exchange(served, order_frame(1, account_id=2, quantity="3"))
    await until_status(served.orders, 1, pb.ORDER_STATUS_FILLED)
    maker = await served.orders.get(account_id=1, client_order_id=1)
    taker = await served.orders.get(account_id=2, client_order_id=1)
    assert maker.order.status == pb.ORDER_STATUS_FILLED
    assert taker.order.status == pb.ORDER_STATUS_PARTIALLY_FILLED
    assert maker.fills[0].trade_id == taker.fills[0].trade_id
    assert (maker.fills[0].fee, taker.fills[0].fee) == ("0.02", "0.1")


async def test_the_stream_of_the_client_library_works(served: Served) -> None:
    served.quote(ask="100")
    async with served.orders.submit_frames() as stream:
        acknowledgements = await stream.submit(
            order_frame(1, time_in_force=TimeInForce.IOC, quantity="1")
        )
    assert [ack.reason for ack in acknowledgements] == [""]
    await until_status(served.orders, acknowledgements[0].order_id, pb.ORDER_STATUS_FILLED)


async def test_a_frame_without_rows_is_acknowledged(served: Served) -> None:
    empty = encode(
        MessageType.ORDER_REQUEST,
        order_rows()[:0],
        source=SourceType.EXTERNAL,
        context=new_context(),
    )
    found, last = await exchange(served, empty, order_frame(1))
    assert (len(found), last) == (1, 2)
    assert found[0].order_id == 1
