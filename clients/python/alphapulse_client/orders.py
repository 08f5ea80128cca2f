"""Orders as a client sees them: one at a time with retries that cannot order twice, or as frames.

Answers are the generated messages of `alphapulse.execution.v1`. An order that validation, risk or
the venue refused is an answer (status `REJECTED` and a reason), not an exception.
"""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Literal

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse.execution.v1 import execution_pb2_grpc as rpc
from alphapulse_client._calls import Caller
from alphapulse_client.errors import InvalidArgument
from alphapulse_client.instrument_ids import InstrumentKey, id_text
from alphapulse_client.order_stream import OrderStream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    import grpc.aio

    from alphapulse_client._channel import Metadata
    from alphapulse_client.context import FrameContext

__all__ = ["Acknowledgement", "Fill", "Order", "OrdersClient", "Price", "SideName"]

Order = pb.Order
Fill = pb.Fill
Acknowledgement = pb.OrderAcknowledgement
Price = str | int | Decimal
"""An exact decimal number; a binary float is refused."""
SideName = Literal["buy", "sell"]

_PAGE: Final = 1000
_SIDES: Final[dict[str, pb.Side.ValueType]] = {"buy": pb.SIDE_BUY, "sell": pb.SIDE_SELL}


class OrdersClient:
    """Calls of `ExecutionService`. `timeout` is seconds per call, over all attempts."""

    def __init__(
        self, channel: grpc.aio.Channel, *, timeout: float = 10.0, metadata: Metadata = ()
    ) -> None:
        self._channel = channel
        self._stub: rpc.ExecutionServiceAsyncStub = rpc.ExecutionServiceStub(channel)
        self._call = Caller(timeout, metadata)
        self._metadata = metadata

    async def submit(
        self,
        instrument: InstrumentKey,
        side: SideName | int,
        quantity: Price,
        *,
        price: Price | None = None,
        stop_price: Price | None = None,
        order_type: pb.OrderType.ValueType = pb.ORDER_TYPE_UNSPECIFIED,
        time_in_force: pb.TimeInForce.ValueType = pb.TIME_IN_FORCE_UNSPECIFIED,
        client_order_id: int = 0,
        account_id: int = 0,
        strategy_id: int = 0,
        expires_at: datetime | None = None,
        post_only: bool = False,
        reduce_only: bool = False,
        request_id: str = "",
        context: FrameContext | None = None,
        timeout: float | None = None,  # noqa: ASYNC109  # becomes gRPC's deadline
    ) -> pb.Order:
        """Place an order: LIMIT when a price is given, MARKET when none is.

        Repeated by itself while execution is unavailable, always with one request id, so that it is
        one order. `context`: what caused it; its trace goes on into the order's.

        Returns the order as it stands: look at `status`, and at `reason` when it is REJECTED.

        Raises:
            InvalidArgument: the request is wrong in itself.
            Unavailable, DeadlineExceeded: not known whether it was taken; ask with the same
                `client_order_id` or submit again with the same `request_id`.
        """
        request = pb.SubmitOrderRequest(
            instrument_id=id_text(instrument),
            side=_side(side),
            order_type=order_type,
            time_in_force=time_in_force,
            price=_decimal(price, "price"),
            stop_price=_decimal(stop_price, "stop_price"),
            quantity=_decimal(quantity, "quantity"),
            client_order_id=client_order_id,
            account_id=account_id,
            strategy_id=strategy_id,
            request_id=request_id or str(uuid.uuid4()),
            post_only=post_only,
            reduce_only=reduce_only,
        )
        if expires_at is not None:
            request.expires_at.FromDatetime(expires_at.astimezone(UTC))
        response = await self._call(
            self._stub.SubmitOrder, request, context=context, timeout=timeout
        )
        return response.order

    async def cancel(
        self,
        order_id: int = 0,
        *,
        account_id: int = 0,
        client_order_id: int = 0,
        context: FrameContext | None = None,
    ) -> pb.Order:
        """Ask for the cancelation of a working order, by its id or by account and client order id.

        Raises:
            NotFound: there is no such order.
            OrderRejected: it is not working any more.
        """
        request = pb.CancelOrderRequest(
            order_id=order_id, account_id=account_id, client_order_id=client_order_id
        )
        return (await self._call(self._stub.CancelOrder, request, context=context)).order

    async def get(
        self, order_id: int = 0, *, account_id: int = 0, client_order_id: int = 0
    ) -> pb.GetOrderResponse:
        """An order and its fills, oldest first. Raises NotFound."""
        request = pb.GetOrderRequest(
            order_id=order_id, account_id=account_id, client_order_id=client_order_id
        )
        return await self._call(self._stub.GetOrder, request)

    async def list(
        self,
        *,
        account_id: int = 0,
        instrument: InstrumentKey | None = None,
        status: pb.OrderStatus.ValueType = pb.ORDER_STATUS_UNSPECIFIED,
        open_only: bool = False,
        strategy_id: int = 0,
        page_size: int = _PAGE,
    ) -> AsyncIterator[pb.Order]:
        """All orders that pass the filter, newest first; pages by itself."""
        request = pb.ListOrdersRequest(
            page_size=page_size,
            account_id=account_id,
            instrument_id="" if instrument is None else id_text(instrument),
            status=status,
            open_only=open_only,
            strategy_id=strategy_id,
        )
        while True:
            response = await self._call(self._stub.ListOrders, request)
            for order in response.orders:
                yield order
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def fills(self, order_id: int = 0, *, page_size: int = _PAGE) -> AsyncIterator[pb.Fill]:
        """Fills of an order, or all of them, newest first; pages by itself."""
        request = pb.ListFillsRequest(page_size=page_size, order_id=order_id)
        while True:
            response = await self._call(self._stub.ListFills, request)
            for fill in response.fills:
                yield fill
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    def submit_frames(self, *, max_unacked: int = 1024) -> OrderStream:
        """A stream of order frames (types 40, 43, 44); use it as an async context manager."""
        return OrderStream(self._stub, max_unacked=max_unacked, metadata=self._metadata)


def _side(side: SideName | int) -> pb.Side.ValueType:
    if isinstance(side, str):
        number = _SIDES.get(side.lower())
        if number is None:
            raise InvalidArgument(f"side {side!r} is neither 'buy' nor 'sell'", side=side)
        return number
    return pb.SIDE_BUY if side == pb.SIDE_BUY else pb.SIDE_SELL


def _decimal(value: Price | None, name: str) -> str:
    """Decimal text as the service takes it; whether it is a possible price is the service's say."""
    if value is None:
        return ""
    if isinstance(value, float):
        raise InvalidArgument(
            f"{name}: {value!r} is a binary float; give decimal text, an int or a Decimal",
            reason="DECIMAL_INVALID",
            field=name,
        )
    return format(value, "f") if isinstance(value, Decimal) else str(value)
