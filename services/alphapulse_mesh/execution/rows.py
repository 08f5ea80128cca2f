"""The rows that execution handles as NumPy dtypes, and orders and fills as messages.

Layouts are not typed here: they come from the schemas (`alphapulse_layout`) and from the core. What
a request must look like to become a row is `requests`' part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

import alphapulse_core as core
from alphapulse.common.v1 import instrument_id_pb2 as common_pb
from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse_client.decimals import fixed_text
from alphapulse_layout import OrderReason
from alphapulse_layout.dtypes import FILL, FRAME_CONTEXT, ORDER_REQUEST, ORDER_STATUS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Rows = NDArray[np.void]

__all__ = [
    "FILL",
    "INSTRUMENT_RULES",
    "ORDER_VIEW",
    "OUTCOME",
    "VENUE_REPORT",
    "fill_message",
    "id_bytes",
    "order_message",
    "reason_name",
    "view_of",
]


def _dtype(fields: tuple[list[str], list[str], list[int], int]) -> np.dtype[np.void]:
    names, formats, offsets, itemsize = fields
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": itemsize})


VENUE_REPORT: Final = _dtype(core.VENUE_REPORT_FIELDS)
"""One answer of a venue to the engine."""
INSTRUMENT_RULES: Final = _dtype(core.INSTRUMENT_RULES_FIELDS)
"""What the checks must know of an instrument."""
OUTCOME: Final = _dtype(core.OUTCOME_FIELDS)
"""What became of one command row."""
ORDER_VIEW: Final[np.dtype[np.void]] = np.dtype(
    [
        ("request", ORDER_REQUEST),
        ("status", ORDER_STATUS),
        ("context", FRAME_CONTEXT),
        ("accepted_at", "<u8"),
        ("updated_at", "<u8"),
        ("stop_price", "<i8"),
        ("triggered", "u1"),
        ("open", "u1"),
        ("base", "u1"),
        ("pending_cancel", "u1"),
        ("pending_replace", "u1"),
        ("reserved", "V3"),
    ]
)
"""An order as it was taken and as it stands."""
assert ORDER_VIEW.itemsize == core.ORDER_VIEW_BYTES

_NO_ID: Final = bytes(16)
_REASONS: Final = {reason.value: reason.name for reason in OrderReason}


def reason_name(number: int) -> str:
    """Name of an `OrderReason`; empty for NONE, the number for one that is not known here."""
    return "" if number == 0 else _REASONS.get(number, str(number))


def id_bytes(row: Any, field: str = "instrument_id") -> bytes:
    """The 16 bytes of a row's instrument id."""
    return bytes(row[field].tobytes())


def view_of(data: bytes) -> Any:
    """The one ORDER_VIEW row of `data`."""
    return np.frombuffer(data, ORDER_VIEW)[0]


def _enum(number: Any) -> Any:
    """A protobuf enumeration's value: its numbers are those of the FlatBuffers one."""
    return int(number)


def _set_time(stamp: Any, nanoseconds: int) -> None:
    stamp.seconds, stamp.nanos = divmod(nanoseconds, 1_000_000_000)


def order_message(view: Any) -> pb.Order:
    """The message of an ORDER_VIEW row."""
    request, status = view["request"], view["status"]
    number = request["instrument_id"]
    instrument = id_bytes(request)
    order = pb.Order(
        order_id=int(status["order_id"]),
        client_order_id=int(status["client_order_id"]),
        account_id=int(status["account_id"]),
        strategy_id=int(status["strategy_id"]),
        instrument_id=common_pb.InstrumentId(
            asset_id=int(number["asset_id"]),
            venue=int(number["venue"]),
            asset_type=_enum(number["asset_type"]),
            scheme=_enum(number["scheme"]),
            salt=int(number["salt"]),
        ),
        instrument_id_text="" if instrument == _NO_ID else instrument.hex(),
        side=_enum(status["side"]),
        order_type=_enum(status["order_type"]),
        time_in_force=_enum(status["time_in_force"]),
        quantity=fixed_text(int(status["quantity"])),
        cumulative_quantity=fixed_text(int(status["cumulative_quantity"])),
        leaves_quantity=fixed_text(int(status["leaves_quantity"])),
        status=_enum(status["status"]),
        reason=reason_name(int(status["reason"])),
        trace_id=bytes(view["context"]["trace_id"].tobytes()).hex(),
        journal_sequence=int(status["journal_sequence"]),
    )
    if status["price"]:
        order.price = fixed_text(int(status["price"]))
    if view["stop_price"]:
        order.stop_price = fixed_text(int(view["stop_price"]))
    if status["cumulative_quantity"]:
        order.average_price = fixed_text(int(status["average_price"]))
    _set_time(order.created_at, int(view["accepted_at"]))
    _set_time(order.updated_at, int(view["updated_at"]))
    if request["expires_at"]:
        _set_time(order.expires_at, int(request["expires_at"]))
    return order


def fill_message(row: Any, trace_id: bytes) -> pb.Fill:
    """The message of a FILL row; `trace_id` is its order's."""
    fill = pb.Fill(
        order_id=int(row["order_id"]),
        client_order_id=int(row["client_order_id"]),
        trade_id=int(row["trade_id"]),
        instrument_id_text=id_bytes(row).hex(),
        side=_enum(row["side"]),
        price=fixed_text(int(row["price"])),
        quantity=fixed_text(int(row["quantity"])),
        fee=fixed_text(int(row["fee"])),
        fee_currency=bytes(row["fee_currency"]).decode("ascii"),
        journal_sequence=int(row["journal_sequence"]),
        trace_id=trace_id.hex(),
        account_id=int(row["account_id"]),
    )
    _set_time(fill.transact_time, int(row["transact_time"]))
    return fill
