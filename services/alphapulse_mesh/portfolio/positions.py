"""Positions: netted per strategy and instrument, linear profit and loss, exact in integers.

Quantities are contracts of 1e-8, prices 1e-8; money (cost, profit) is kept in 1e-16, so that
nothing is rounded before it is shown. A position that is closed and opened again keeps the profit
of its closed cycles. Inverse contracts are not handled here; no order is placed on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse_client.decimals import SCALE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alphapulse_mesh.portfolio.instruments import Contract

__all__ = ["FillKey", "Position", "PositionBook", "PositionFill", "SeenFills"]

_KEPT_FILLS: Final = 1 << 18


class FillKey(NamedTuple):
    """What makes a fill that fill."""

    order_id: int
    trade_id: int


class PositionFill(NamedTuple):
    """One fill, as positions need it."""

    key: FillKey
    strategy_id: int
    instrument_id: bytes
    buys: bool
    price: int
    quantity: int
    fee: int
    fee_currency: str
    journal_sequence: int


@dataclass(slots=True)
class Position:
    """What one strategy holds of one instrument."""

    instrument_id: bytes
    strategy_id: int
    multiplier: int = SCALE
    quantity: int = 0
    """Signed contracts, 1e-8."""
    cost: int = 0
    """Signed: what the open quantity was bought for (sold for, negative), 1e-16 per contract unit.
    """
    realized: int = 0
    """Of closed quantity, before fees, 1e-16 per contract unit."""
    fees: int = 0
    """In the quote currency, 1e-8."""
    mark: int = 0
    """Last price seen, 1e-8."""

    @property
    def average_price(self) -> int:
        """Mean entry price, 1e-8, rounded down; 0 when flat."""
        return self.cost // self.quantity if self.quantity else 0

    @property
    def realized_pnl(self) -> int:
        """In the quote currency, 1e-8, rounded down."""
        return self.realized * self.multiplier // (SCALE * SCALE)

    @property
    def notional(self) -> int:
        """Absolute value at the mark, in the quote currency, 1e-8."""
        return abs(self.quantity) * self.mark * self.multiplier // (SCALE * SCALE)

    def trade(self, *, buys: bool, price: int, quantity: int) -> None:
        """A fill changes the position: what goes against it closes first, the rest opens anew."""
        self.mark = price
        signed = quantity if buys else -quantity
        if self.quantity * signed >= 0:
            self.quantity += signed
            self.cost += signed * price
            return
        closed = min(abs(self.quantity), quantity)
        removed = self.cost * closed // abs(self.quantity)
        proceeds = closed * price if self.quantity > 0 else -closed * price
        self.realized += proceeds - removed
        self.cost -= removed
        self.quantity += closed if self.quantity < 0 else -closed
        rest = quantity - closed
        if rest:
            self.quantity += rest if buys else -rest
            self.cost += (rest if buys else -rest) * price


class SeenFills:
    """Which fills have been counted: the last so many by key, older ones by journal sequence.

    Fills come in the order of the journal, so that one at or below the newest forgotten sequence
    that is not among the keys was counted before.
    """

    def __init__(self, limit: int = _KEPT_FILLS) -> None:
        self._limit = limit
        self._keys: dict[FillKey, int] = {}
        self._floor = 0

    def add(self, key: FillKey, journal_sequence: int) -> bool:
        """False when the fill was here already."""
        if key in self._keys or 0 < journal_sequence <= self._floor:
            return False
        self._keys[key] = journal_sequence
        if len(self._keys) > self._limit:
            oldest = next(iter(self._keys))
            self._floor = max(self._floor, self._keys.pop(oldest))
        return True


class PositionBook:
    """All positions of one account."""

    def __init__(self) -> None:
        self._positions: dict[tuple[int, bytes], Position] = {}
        self._seen = SeenFills()

    def __iter__(self) -> Iterator[Position]:
        return iter(self._positions.values())

    def get(self, strategy_id: int, instrument_id: bytes) -> Position | None:
        """What a strategy holds, or held."""
        return self._positions.get((strategy_id, instrument_id))

    def quantity(self, instrument_id: bytes, strategy_id: int | None = None) -> int:
        """Signed contracts of 1e-8, of one strategy or of all."""
        return sum(
            position.quantity
            for position in self._positions.values()
            if position.instrument_id == instrument_id
            and strategy_id in (None, position.strategy_id)
        )

    def gross(self, strategy_id: int | None = None) -> int:
        """Sum of the absolute values at the last prices, in the quote currency, 1e-8."""
        return sum(
            position.notional
            for position in self._positions.values()
            if strategy_id in (None, position.strategy_id)
        )

    def apply(self, fill: PositionFill, contract: Contract | None) -> bool:
        """Count a fill once; False for one that was counted before.

        `contract` None: the registry does not know the instrument; a multiplier of 1 is taken.
        """
        if not self._seen.add(fill.key, fill.journal_sequence):
            return False
        key = fill.strategy_id, fill.instrument_id
        position = self._positions.get(key)
        if position is None:
            multiplier = SCALE if contract is None else contract.multiplier
            position = self._positions[key] = Position(
                fill.instrument_id, fill.strategy_id, multiplier
            )
        position.trade(buys=fill.buys, price=fill.price, quantity=fill.quantity)
        if contract is not None and fill.fee_currency == contract.base_currency != "":
            # The venue kept a part of what was bought (or took more of what was sold): that is a
            # change of the holding at no price, paid for with its value.
            position.quantity -= fill.fee
            position.cost -= fill.fee * fill.price
            position.fees += fill.fee * fill.price // SCALE
        else:
            position.fees += fill.fee
        return True
