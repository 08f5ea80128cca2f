"""Rows and answers to and from the manager's plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from alphapulse_client.decimals import to_fixed
from alphapulse_client.frames import rows as zeroed_rows
from alphapulse_layout import MessageType, OrderType, Side, TimeInForce, dtypes
from alphapulse_mesh.portfolio.manager import TradeSignal
from alphapulse_mesh.portfolio.positions import FillKey, PositionFill

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alphapulse.execution.v1 import execution_pb2 as pb
    from alphapulse_client.frames import Frame, Rows
    from alphapulse_mesh.portfolio.manager import Decision

__all__ = ["fill_of_answer", "fill_of_row", "order_rows", "signals_of"]

_TEXT_PAD: Final = b"\0 "


def signals_of(frame: Frame) -> Iterator[TradeSignal]:
    """The signals of an ARBITRAGE_OPPORTUNITY frame."""
    context, made_at = frame.context, frame.timestamp
    for row in frame.rows:
        yield TradeSignal(
            signal_id=int(row["signal_id"]),
            strategy_id=int(row["strategy_id"]),
            action=int(row["action"]),
            buy_id=row["base_id"].tobytes(),
            sell_id=row["quote_id"].tobytes(),
            buy_price=int(row["buy_price"]),
            sell_price=int(row["sell_price"]),
            max_size=int(row["max_size"]),
            confidence=int(row["confidence"]),
            made_at=made_at,
            context=context,
        )


def order_rows(decision: Decision, account_id: int, now: int) -> Rows:
    """(n,) of ORDER_REQUEST: immediate-or-cancel limits, grouped under the signal."""
    signal = decision.signal
    rows = zeroed_rows(MessageType.ORDER_REQUEST, len(decision.orders))
    for row, order in zip(rows, decision.orders, strict=True):
        leg = order.leg
        instrument = signal.buy_id if leg.buys else signal.sell_id
        row["instrument_id"] = _id_value(instrument)
        row["client_order_id"] = order.client_order_id
        row["created_at"] = now
        row["signal_id"] = signal.signal_id
        row["price"] = leg.price
        row["quantity"] = leg.quantity
        row["account_id"] = account_id
        row["strategy_id"] = signal.strategy_id
        row["side"] = Side.BUY if leg.buys else Side.SELL
        row["order_type"] = OrderType.LIMIT
        row["time_in_force"] = TimeInForce.IOC
        row["group_id"] = signal.signal_id
    return rows


def fill_of_row(row: np.void) -> PositionFill:
    """A FILL row."""
    return PositionFill(
        key=FillKey(int(row["order_id"]), int(row["trade_id"])),
        strategy_id=int(row["strategy_id"]),
        instrument_id=row["instrument_id"].tobytes(),
        buys=int(row["side"]) == Side.BUY,
        price=int(row["price"]),
        quantity=int(row["quantity"]),
        fee=int(row["fee"]),
        fee_currency=bytes(row["fee_currency"]).rstrip(_TEXT_PAD).decode("ascii", "replace"),
        journal_sequence=int(row["journal_sequence"]),
    )


def fill_of_answer(fill: pb.Fill, strategy_id: int) -> PositionFill:
    """A fill as ListFills answers it; the strategy is known from its order."""
    return PositionFill(
        key=FillKey(fill.order_id, fill.trade_id),
        strategy_id=strategy_id,
        instrument_id=bytes.fromhex(fill.instrument_id_text),
        buys=int(fill.side) == Side.BUY,
        price=to_fixed(fill.price),
        quantity=to_fixed(fill.quantity),
        fee=to_fixed(fill.fee or "0"),
        fee_currency=fill.fee_currency,
        journal_sequence=fill.journal_sequence,
    )


def _id_value(instrument_id: bytes) -> np.void:
    value: np.void = np.frombuffer(instrument_id, dtype=dtypes.INSTRUMENT_ID)[0]
    return value
