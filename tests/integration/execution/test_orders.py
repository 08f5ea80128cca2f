"""The unary calls: submit, cancel, get, list; what they refuse and how."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse.execution.v1 import execution_pb2_grpc as rpc
from alphapulse.registry.v1 import registry_pb2 as registry_pb
from alphapulse_client.context import new_context
from alphapulse_client.errors import (
    AlreadyExists,
    InvalidArgument,
    NotFound,
    OrderRejected,
    Unavailable,
    from_rpc_error,
)
from alphapulse_testing.execution import BTCUSDT, spot, until_status

if TYPE_CHECKING:
    from alphapulse_testing.execution import Served

LIMIT: dict[str, Any] = {"price": "100", "account_id": 1}


async def test_an_order_that_the_market_meets_is_filled_with_its_fee(served: Served) -> None:
    served.quote(ask="100")
    order = await served.orders.submit(BTCUSDT, "buy", "2", price="100.5", account_id=1)
    assert order.status == pb.ORDER_STATUS_FILLED
    assert (order.cumulative_quantity, order.leaves_quantity) == ("2", "0")
    assert order.average_price == "100"
    assert order.instrument_id_text == BTCUSDT.hex()
    found = await served.orders.get(order.order_id)
    assert found.order == order
    (fill,) = found.fills
    assert (fill.price, fill.quantity, fill.side) == ("100", "2", pb.SIDE_BUY)
    assert (fill.fee, fill.fee_currency) == ("0.1", "USDT")  # 5 bps of 200
    assert fill.trace_id == order.trace_id
    assert fill.journal_sequence == order.journal_sequence


async def test_an_order_rests_until_the_market_comes(served: Served) -> None:
    served.quote()
    order = await served.orders.submit(BTCUSDT, "buy", "3", **LIMIT)
    assert order.status == pb.ORDER_STATUS_NEW
    served.quote(bid="98", ask="99", size="1")
    served.quote(bid="98", ask="99.5", size="5")
    order = await until_status(served.orders, order.order_id, pb.ORDER_STATUS_FILLED)
    assert order.average_price == "100"
    fills = (await served.orders.get(order.order_id)).fills
    assert [fill.quantity for fill in fills] == ["1", "2"]


async def test_a_market_order_needs_a_market(served: Served) -> None:
    order = await served.orders.submit(BTCUSDT, "sell", "1", account_id=1)
    assert (order.status, order.reason) == (pb.ORDER_STATUS_REJECTED, "NO_LIQUIDITY")
    served.quote(bid="99", size="0.5")
    order = await served.orders.submit(BTCUSDT, "sell", "1", account_id=1)
    assert (order.status, order.reason) == (pb.ORDER_STATUS_CANCELED, "NO_LIQUIDITY")
    assert order.cumulative_quantity == "0.5"


async def test_a_canceled_order_is_canceled_once_and_a_filled_one_not_at_all(
    served: Served,
) -> None:
    served.quote()
    order = await served.orders.submit(BTCUSDT, "buy", "1", client_order_id=9, **LIMIT)
    canceled = await served.orders.cancel(account_id=1, client_order_id=9)
    assert (canceled.order_id, canceled.status) == (order.order_id, pb.ORDER_STATUS_CANCELED)
    assert canceled.reason == "USER_REQUESTED"
    assert await served.orders.cancel(order.order_id) == canceled, "a repeated call changes nothing"
    filled = await served.orders.submit(BTCUSDT, "buy", "1", price="101", account_id=1)
    with pytest.raises(OrderRejected) as closed:
        await served.orders.cancel(filled.order_id)
    assert closed.value.reason == "ORDER_CLOSED"
    assert closed.value.values["status"] == "FILLED"
    with pytest.raises(NotFound) as unknown:
        await served.orders.cancel(777)
    assert unknown.value.reason == "UNKNOWN_ORDER"


async def test_the_same_client_order_id_is_the_same_order(served: Served) -> None:
    stub: Any = rpc.ExecutionServiceStub(served.channel)
    request = pb.SubmitOrderRequest(
        instrument_id=BTCUSDT.hex(),
        side=pb.SIDE_BUY,
        price="100",
        quantity="1",
        account_id=1,
        client_order_id=5,
    )
    first = await stub.SubmitOrder(request)
    again = await stub.SubmitOrder(request)
    assert not first.duplicate
    assert again.duplicate
    assert again.order == first.order
    request.quantity = "2"
    with pytest.raises(grpc.aio.AioRpcError) as other:
        await stub.SubmitOrder(request)
    error = from_rpc_error(other.value)
    assert isinstance(error, AlreadyExists)
    assert error.reason == "DUPLICATE_CLIENT_ORDER_ID"


async def test_the_same_request_id_is_the_same_order(served: Served) -> None:
    first = await served.orders.submit(BTCUSDT, "buy", "1", request_id="once", **LIMIT)
    again = await served.orders.submit(BTCUSDT, "buy", "1", request_id="once", **LIMIT)
    other = await served.orders.submit(BTCUSDT, "buy", "1", request_id="twice", **LIMIT)
    account = await served.orders.submit(
        BTCUSDT, "buy", "1", request_id="once", price="100", account_id=2
    )
    assert first.order_id == again.order_id
    assert len({first.order_id, other.order_id, account.order_id}) == 3


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"quantity": "1e3x"}, "DECIMAL_INVALID"),
        ({"quantity": ""}, "QUANTITY_MISSING"),
        ({"quantity": "-1"}, "DECIMAL_INVALID"),
        ({"quantity": "0.000000001"}, "DECIMAL_INVALID"),
        ({"price": "NaN"}, "DECIMAL_INVALID"),
        ({"price": "1e400"}, "DECIMAL_INVALID"),
        ({"side": 0}, "SIDE_MISSING"),
        ({"side": 7}, "SIDE_MISSING"),
        ({"order_type": 99}, "ORDER_TYPE_CONFLICT"),
        ({"instrument_id": "xyz"}, "INSTRUMENT_ID_INVALID"),
        ({"instrument_id": ""}, "INSTRUMENT_ID_INVALID"),
        ({"request_id": "x" * 129}, "REQUEST_ID_INVALID"),
    ],
)
async def test_a_malformed_request_is_no_order(
    served: Served, fields: dict[str, Any], reason: str
) -> None:
    stub: Any = rpc.ExecutionServiceStub(served.channel)
    known = {"instrument_id": BTCUSDT.hex(), "side": 1, "price": "100", "quantity": "1"}
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.SubmitOrder(pb.SubmitOrderRequest(**{**known, **fields}))
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert from_rpc_error(refused.value).reason == reason
    assert served.execution.engine.next_order_id == 1


@pytest.mark.parametrize(
    ("arguments", "fields", "reason"),
    [
        ((bytes(16), "buy", "1"), LIMIT, "UNKNOWN_INSTRUMENT"),
        ((BTCUSDT, "buy", "1"), {"price": "100.001"}, "PRICE_OFF_TICK"),
        ((BTCUSDT, "buy", "0.000001"), LIMIT, "QUANTITY_OFF_LOT"),
        ((BTCUSDT, "buy", "0.01"), LIMIT, "NOTIONAL_TOO_SMALL"),
        ((BTCUSDT, "buy", "1000000"), LIMIT, "QUANTITY_TOO_LARGE"),
        ((BTCUSDT, "buy", "0"), LIMIT, "INVALID_QUANTITY"),
        ((BTCUSDT, "buy", "1"), {"price": "-5"}, "INVALID_PRICE"),
        ((BTCUSDT, "buy", "1"), {"price": "120"}, "PRICE_COLLAR"),
    ],
)
async def test_an_impossible_order_is_on_record_as_refused(
    served: Served, arguments: tuple[Any, ...], fields: dict[str, Any], reason: str
) -> None:
    served.quote()
    order = await served.orders.submit(*arguments, **fields)
    assert (order.status, order.reason) == (pb.ORDER_STATUS_REJECTED, reason)
    assert (await served.orders.get(order.order_id)).order == order


async def test_an_order_with_an_expiry_is_good_till_then(served: Served) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=0.3)
    order = await served.orders.submit(
        BTCUSDT, "buy", "1", expires_at=soon, time_in_force=pb.TIME_IN_FORCE_GTD, **LIMIT
    )
    assert order.status == pb.ORDER_STATUS_NEW
    assert order.expires_at.ToDatetime(UTC) == soon
    await until_status(served.orders, order.order_id, pb.ORDER_STATUS_EXPIRED)


async def test_a_halted_instrument_is_followed(served: Served) -> None:
    first = await served.orders.submit(BTCUSDT, "buy", "1", **LIMIT)
    assert first.status == pb.ORDER_STATUS_NEW
    served.registry.change(spot(status=registry_pb.INSTRUMENT_STATUS_HALTED, revision=2))
    order = await _refused(served)
    assert order.reason == "INSTRUMENT_NOT_TRADABLE"
    assert served.registry.asked == 1, "an instrument is fetched once"


async def _refused(served: Served) -> pb.Order:
    """The first order that is refused: the registry's word takes a moment."""
    for _ in range(1000):
        order = await served.orders.submit(BTCUSDT, "buy", "1", **LIMIT)
        if order.status == pb.ORDER_STATUS_REJECTED:
            return order
    raise AssertionError("never refused")


async def test_without_the_registry_nothing_is_taken_and_nothing_is_refused(
    served: Served,
) -> None:
    served.registry.away = True
    stub: Any = rpc.ExecutionServiceStub(served.channel)
    with pytest.raises(grpc.aio.AioRpcError) as away:
        await stub.SubmitOrder(
            pb.SubmitOrderRequest(
                instrument_id=BTCUSDT.hex(), side=pb.SIDE_BUY, price="100", quantity="1"
            )
        )
    assert isinstance(from_rpc_error(away.value), Unavailable)
    served.registry.away = False
    order = await served.orders.submit(BTCUSDT, "buy", "1", **LIMIT)
    assert order.order_id == 1


async def test_lists_come_newest_first_page_by_page(served: Served) -> None:
    served.quote(ask="100")
    for number in range(1, 8):
        await served.orders.submit(
            BTCUSDT,
            "buy",
            "1",
            price="100" if number % 2 else "50",
            client_order_id=number,
            account_id=1 + number % 3,
            strategy_id=number % 2,
        )
    everything = [order.order_id async for order in served.orders.list(page_size=2)]
    assert everything == [7, 6, 5, 4, 3, 2, 1]
    assert [o.order_id async for o in served.orders.list(open_only=True, page_size=1)] == [6, 4, 2]
    assert [o.order_id async for o in served.orders.list(account_id=2)] == [7, 4, 1]
    assert [o.order_id async for o in served.orders.list(strategy_id=1)] == [7, 5, 3, 1]
    assert [o.order_id async for o in served.orders.list(status=pb.ORDER_STATUS_NEW)] == [6, 4, 2]
    assert [o.order_id async for o in served.orders.list(instrument=bytes(16))] == []
    fills = [fill.order_id async for fill in served.orders.fills(page_size=3)]
    assert fills == [7, 5, 3, 1]
    assert [fill.order_id async for fill in served.orders.fills(order_id=5)] == [5]


async def test_bad_pages_are_refused(served: Served) -> None:
    stub: Any = rpc.ExecutionServiceStub(served.channel)
    for request, reason in (
        (pb.ListOrdersRequest(page_size=-1), "PAGE_SIZE_INVALID"),
        (pb.ListOrdersRequest(page_token="nonsense"), "PAGE_TOKEN_INVALID"),
        (pb.ListOrdersRequest(page_token="ZmlsbHM6NQ"), "PAGE_TOKEN_INVALID"),
    ):
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.ListOrders(request)
        error = from_rpc_error(refused.value)
        assert isinstance(error, InvalidArgument)
        assert error.reason == reason
    with pytest.raises(grpc.aio.AioRpcError) as unnamed:
        await stub.GetOrder(pb.GetOrderRequest())
    assert from_rpc_error(unnamed.value).reason == "ORDER_NOT_NAMED"


async def test_the_trace_of_the_caller_goes_on_into_the_order(served: Served) -> None:
    context = new_context(sampled=True)
    order = await served.orders.submit(BTCUSDT, "buy", "1", context=context, **LIMIT)
    assert order.trace_id == context.trace_hex
