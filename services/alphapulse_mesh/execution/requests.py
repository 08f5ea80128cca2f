"""From request messages to command rows, and what makes a request malformed.

A malformed request (no decimal, no id, a contradiction) is INVALID_ARGUMENT and never an order. An
impossible order (off tick, unknown instrument, beyond a limit) is one: the engine refuses it with a
reason that stays on record.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from blake3 import blake3

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse_client.decimals import to_fixed
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_layout import OrderFlag, OrderType, TimeInForce
from alphapulse_layout.dtypes import INSTRUMENT_ID, ORDER_CANCEL, ORDER_REQUEST
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.void]

__all__ = [
    "cancel_row",
    "instrument_filter",
    "order_row",
    "page_size",
    "page_token",
    "parse_page_token",
]

DEFAULT_PAGE: Final = 100
MAX_PAGE: Final = 1000
_REQUEST_ID_LIMIT: Final = 128
_OURS: Final = 1 << 63
"""Top bit of client order ids that execution makes."""
_FROM_REQUEST_ID: Final = 1 << 62


def order_row(request: pb.SubmitOrderRequest, now: int) -> Rows:
    """The (1,) ORDER_REQUEST row of a request.

    Raises:
        InvalidArgument: INSTRUMENT_ID_INVALID, DECIMAL_INVALID, QUANTITY_MISSING, SIDE_MISSING,
            ORDER_TYPE_CONFLICT, REQUEST_ID_INVALID, TIMESTAMP_INVALID.
    """
    row = np.zeros(1, ORDER_REQUEST)
    row["instrument_id"] = np.frombuffer(id_bytes(request.instrument_id), INSTRUMENT_ID)
    if request.side not in {pb.SIDE_BUY, pb.SIDE_SELL}:
        raise InvalidArgument("side is missing", reason="SIDE_MISSING")
    if not request.quantity:
        raise InvalidArgument("quantity is missing", reason="QUANTITY_MISSING")
    row["side"] = request.side
    row["order_type"] = _order_type(request)
    row["time_in_force"] = request.time_in_force or TimeInForce.GTC
    row["quantity"] = _decimal(request.quantity, "quantity", least=0)
    row["price"] = _decimal(request.price, "price") if request.price else 0
    row["stop_price"] = _decimal(request.stop_price, "stop_price") if request.stop_price else 0
    row["client_order_id"] = request.client_order_id or _from_request_id(request)
    row["account_id"] = request.account_id
    row["strategy_id"] = request.strategy_id
    row["created_at"] = now
    row["expires_at"] = _time(request)
    row["flags"] = (OrderFlag.POST_ONLY if request.post_only else 0) | (
        OrderFlag.REDUCE_ONLY if request.reduce_only else 0
    )
    return row


def _order_type(request: pb.SubmitOrderRequest) -> int:
    """What is asked for, or what the prices say: LIMIT with a price, MARKET without."""
    limit, stop = bool(request.price), bool(request.stop_price)
    if request.order_type:
        known = {pb.ORDER_TYPE_MARKET, pb.ORDER_TYPE_LIMIT, pb.ORDER_TYPE_STOP}
        if request.order_type not in known | {pb.ORDER_TYPE_STOP_LIMIT}:
            raise InvalidArgument(
                f"order_type {request.order_type} is unknown", reason="ORDER_TYPE_CONFLICT"
            )
        return int(request.order_type)
    if stop:
        return OrderType.STOP_LIMIT if limit else OrderType.STOP
    return OrderType.LIMIT if limit else OrderType.MARKET


def _decimal(text: str, field: str, least: int | None = None) -> int:
    try:
        value = to_fixed(text)
    except InvalidArgument as error:
        raise InvalidArgument(
            f"{field}: {error.message}", reason=error.reason, field=field, value=text
        ) from None
    if least is not None and value < least:
        raise InvalidArgument(
            f"{field}: {text!r} is negative", reason="DECIMAL_INVALID", field=field, value=text
        )
    return value


def _time(request: pb.SubmitOrderRequest) -> int:
    if not request.HasField("expires_at"):
        return 0
    stamp = request.expires_at
    if stamp.seconds < 0 or not 0 <= stamp.nanos < 1_000_000_000 or stamp.seconds > 1 << 33:
        raise InvalidArgument(
            "expires_at is no time after 1970", reason="TIMESTAMP_INVALID", field="expires_at"
        )
    return stamp.seconds * 1_000_000_000 + stamp.nanos


def _from_request_id(request: pb.SubmitOrderRequest) -> int:
    """A client order id that is a function of account and request id; 0 without one.

    A repeated call names the same order for as long as the journal lives.
    """
    if not request.request_id:
        return 0
    if len(request.request_id) > _REQUEST_ID_LIMIT:
        raise InvalidArgument(
            f"request_id is longer than {_REQUEST_ID_LIMIT} characters",
            reason="REQUEST_ID_INVALID",
        )
    text = f"{request.account_id}:{request.request_id}"
    number = int.from_bytes(blake3(text.encode()).digest(8), "little")
    return _OURS | _FROM_REQUEST_ID | (number & (_FROM_REQUEST_ID - 1))


def cancel_row(request: pb.CancelOrderRequest, now: int) -> Rows:
    """The (1,) ORDER_CANCEL row of a request.

    Raises:
        InvalidArgument: ORDER_NOT_NAMED.
    """
    check_named(request)
    row = np.zeros(1, ORDER_CANCEL)
    row["order_id"] = request.order_id
    row["client_order_id"] = request.client_order_id
    row["account_id"] = request.account_id
    row["created_at"] = now
    return row


def check_named(request: pb.CancelOrderRequest | pb.GetOrderRequest) -> None:
    """Refuse a request that names no order (ORDER_NOT_NAMED)."""
    if not request.order_id and not request.client_order_id:
        raise InvalidArgument(
            "neither order_id nor client_order_id is given", reason="ORDER_NOT_NAMED"
        )


def instrument_filter(text: str) -> bytes | None:
    """The 16 bytes of an instrument id in text, None for none."""
    return id_bytes(text) if text else None


def page_size(request: Any) -> int:
    """How many to answer: 100 for 0, at most 1,000; a negative size is refused (AIP-158)."""
    size = int(request.page_size)
    if size < 0:
        raise InvalidArgument("page_size is negative", reason="PAGE_SIZE_INVALID")
    return min(size or DEFAULT_PAGE, MAX_PAGE)


def page_token(kind: str, before: int) -> str:
    """An opaque token for the page below `before`."""
    return base64.urlsafe_b64encode(f"{kind}:{before}".encode()).decode().rstrip("=")


def parse_page_token(kind: str, token: str) -> int:
    """Where the page begins: everything below this number; all for an empty token."""
    if not token:
        return (1 << 64) - 1
    try:
        decoded = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("ascii")
        found, _, number = decoded.partition(":")
        before = int(number)
    except (ValueError, binascii.Error):
        found, before = "", 0
    if found != kind or not 0 < before < 1 << 64:
        raise InvalidArgument("page_token is not one of ours", reason="PAGE_TOKEN_INVALID")
    return before
