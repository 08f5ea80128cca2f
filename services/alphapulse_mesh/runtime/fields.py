"""What the fields of records mean beyond their types: times, fixed point, enumerations, names.

For whoever shows records to people or makes columns of them. How fields lie in bytes is generated
(`alphapulse_layout`); what predicates make of them is the core's (docs/predicates.md), by the same
rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from alphapulse_layout.enums import (
    AlertSeverity,
    AssetType,
    BookAction,
    DeFiVenueType,
    ExecType,
    Liquidity,
    MessageType,
    MevKind,
    OrderReason,
    OrderType,
    OrdStatus,
    RiskMetricKind,
    ServiceState,
    Side,
    SignalAction,
    SourceType,
    TimeInForce,
    VenueId,
    VenueStatus,
)

if TYPE_CHECKING:
    from enum import IntEnum

__all__ = ["TIMES", "enum_name", "enum_of", "is_fixed_point", "type_name"]

TIMES: Final = frozenset({
    "exchange_time", "receive_time", "created_at", "expires_at", "transact_time", "period_start",
    "started_at",
})  # fmt: skip
"""Fields that hold nanoseconds since the epoch; 0 is null."""

_SIZES: Final = frozenset({
    "size", "bid_size", "ask_size", "quantity", "cumulative_quantity", "leaves_quantity",
    "last_quantity", "max_size", "lot_size", "current_ratio", "average_ratio",
})  # fmt: skip
"""Unsigned fixed point with 8 decimals; every signed 64-bit field is fixed point too."""

_ENUMS: Final[dict[str, type[IntEnum]]] = {
    "side": Side, "order_type": OrderType, "exec_type": ExecType, "time_in_force": TimeInForce,
    "liquidity": Liquidity, "severity": AlertSeverity, "state": ServiceState, "source": SourceType,
    "message_type": MessageType, "venue": VenueId, "venue_a": VenueId, "venue_b": VenueId,
    "venue_a_type": DeFiVenueType, "venue_b_type": DeFiVenueType, "asset_type": AssetType,
    "previous_status": VenueStatus,
}  # fmt: skip
# names that mean different things in different types
_ENUMS_OF: Final[dict[tuple[int, str], type[IntEnum]]] = {
    (MessageType.ORDER_BOOK, "action"): BookAction,
    (MessageType.ARBITRAGE_OPPORTUNITY, "action"): SignalAction,
    (MessageType.VENUE_UPDATE, "status"): VenueStatus,
    (MessageType.ORDER_STATUS, "status"): OrdStatus,
    (MessageType.FILL, "status"): OrdStatus,
    (MessageType.EXECUTION_REPORT, "status"): OrdStatus,
    (MessageType.ORDER_STATUS, "reason"): OrderReason,
    (MessageType.EXECUTION_REPORT, "reason"): OrderReason,
    (MessageType.RISK_METRIC, "kind"): RiskMetricKind,
    (MessageType.MEV_OPPORTUNITY, "kind"): MevKind,
}


def enum_of(message_type: int, field: str) -> type[IntEnum] | None:
    """The enumeration that a field of a message type holds, if any."""
    return _ENUMS_OF.get((message_type, field)) or _ENUMS.get(field)


def enum_name(enum: type[IntEnum], number: int) -> str:
    """Name of a number; one that has none as digits."""
    try:
        return enum(number).name
    except ValueError:
        return str(number)


def is_fixed_point(kind: np.dtype[Any], field: str) -> bool:
    """A number of 1e-8: every signed 64-bit field, and sizes, quantities and ratios."""
    return kind == np.int64 or field in _SIZES


def type_name(message_type: int) -> str:
    """Lower-case name of a message type, `custom_201` for one registered at run time."""
    try:
        return MessageType(message_type).name.lower()
    except ValueError:
        return f"custom_{message_type}"
