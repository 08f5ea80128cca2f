"""The orders that the portfolio has sent: which still work, and how much they may still change.

An order is open until its final state is known and every fill of it has been counted, so that there
is no moment in which its quantity is in neither the orders nor the positions.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alphapulse_client.decimals import SCALE
from alphapulse_layout import OrdStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FINAL_STATES", "OpenOrder", "OrderTable", "client_order_id"]

FINAL_STATES: Final = frozenset(
    {
        OrdStatus.FILLED,
        OrdStatus.CANCELED,
        OrdStatus.REJECTED,
        OrdStatus.EXPIRED,
        OrdStatus.DONE_FOR_DAY,
    }
)
_KEPT_ORDERS: Final = 1 << 18
_MASK: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E3779B97F4A7C15


def client_order_id(signal_id: int, leg: int) -> int:
    """The number of a signal's order, 1 … 2^64 - 1: the same signal and leg always have the same.

    SplitMix64's finaliser, which is one-to-one: two signals never share the number of a leg.
    """
    mixed = (signal_id + _GOLDEN * (leg + 1)) & _MASK
    mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & _MASK
    return (mixed ^ (mixed >> 31)) or _GOLDEN


@dataclass(slots=True)
class OpenOrder:
    """One order that may still be filled. Prices and quantities 1e-8."""

    client_order_id: int
    strategy_id: int
    instrument_id: bytes
    buys: bool
    price: int
    quantity: int
    multiplier: int = SCALE
    filled: int = 0
    """Counted from fills."""
    final: int | None = None
    """What is filled in the end, once the order's final state is known."""

    @property
    def leaves(self) -> int:
        """What may still be filled."""
        return max(0, (self.quantity if self.final is None else self.final) - self.filled)


class OrderTable:
    """All orders of one account, by client order id."""

    def __init__(self, limit: int = _KEPT_ORDERS) -> None:
        """`limit`: closed orders that are remembered, to know their numbers again."""
        self._limit = limit
        self._open: dict[int, OpenOrder] = {}
        self._closed: OrderedDict[int, None] = OrderedDict()

    def __len__(self) -> int:
        return len(self._open)

    def __iter__(self) -> Iterator[OpenOrder]:
        return iter(self._open.values())

    def knows(self, number: int) -> bool:
        """There is, or was, an order of that number."""
        return number in self._open or number in self._closed

    def add(self, order: OpenOrder) -> bool:
        """A new order; False when its number is known."""
        if self.knows(order.client_order_id):
            return False
        self._open[order.client_order_id] = order
        return True

    def fill(self, number: int, cumulative: int, *, final: bool) -> None:
        """A fill brought the order to `cumulative`; `final`: nothing more can be filled."""
        order = self._open.get(number)
        if order is None:
            return
        order.filled = max(order.filled, cumulative)
        if final:
            order.final = order.filled
        self._settle(order)

    def finish(self, number: int, cumulative: int) -> None:
        """The order's final state: `cumulative` filled, whether those fills were counted or not."""
        order = self._open.get(number)
        if order is not None:
            order.final = cumulative
            self._settle(order)

    def remember(self, number: int) -> None:
        """A closed order of an earlier process."""
        if number not in self._open:
            self._close(number)

    def working(self, instrument_id: bytes, *, buys: bool) -> int:
        """Quantity that may still be bought (sold) of an instrument."""
        return sum(
            order.leaves
            for order in self._open.values()
            if order.instrument_id == instrument_id and order.buys == buys
        )

    def has_open(self, strategy_id: int, instrument_ids: frozenset[bytes]) -> bool:
        """A strategy has an order under way on one of the instruments."""
        return any(
            order.strategy_id == strategy_id and order.instrument_id in instrument_ids
            for order in self._open.values()
        )

    def _settle(self, order: OpenOrder) -> None:
        if order.final is not None and order.filled >= order.final:
            del self._open[order.client_order_id]
            self._close(order.client_order_id)

    def _close(self, number: int) -> None:
        self._closed[number] = None
        if len(self._closed) > self._limit:
            self._closed.popitem(last=False)
