"""The portfolio's decisions and books, without I/O: signals, acknowledgements and fills in, orders
out.

ENTER opens both legs in the same size; EXIT closes what the strategy holds, each leg by itself. An
EXIT that comes while orders on its instruments are still under way waits for them, and an ENTER
that comes meanwhile takes its place. The same signal never leads to a second pair of orders: the
numbers of its orders are a function of its id.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse_client.decimals import SCALE, to_fixed
from alphapulse_layout import OrdStatus, SignalAction
from alphapulse_mesh.portfolio.order_table import (
    FINAL_STATES,
    OpenOrder,
    OrderTable,
    client_order_id,
)
from alphapulse_mesh.portfolio.positions import PositionBook, PositionFill
from alphapulse_mesh.portfolio.sizing import (
    Exposure,
    Leg,
    Limits,
    Reason,
    size_entry,
    size_exit_leg,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from alphapulse_client.context import FrameContext
    from alphapulse_mesh.portfolio.instruments import Contract
    from alphapulse_mesh.runtime.config import PortfolioConfig

__all__ = ["Decision", "NewOrder", "PortfolioManager", "TradeSignal"]

_NS: Final = 1_000_000_000
_KEPT_SIGNALS: Final = 1 << 16
_ACTIONS: Final = (SignalAction.ENTER, SignalAction.EXIT)


class TradeSignal(NamedTuple):
    """An ArbitrageOpportunity row as Python values, and where it came from."""

    signal_id: int
    strategy_id: int
    action: int
    buy_id: bytes
    sell_id: bytes
    buy_price: int
    sell_price: int
    max_size: int
    confidence: int
    made_at: int
    """When the frame was made, wall clock, ns."""
    context: FrameContext


class NewOrder(NamedTuple):
    """One order to be sent."""

    client_order_id: int
    leg: Leg


@dataclass(frozen=True, slots=True)
class Decision:
    """What a signal leads to: orders, a reason why not, or neither (it waits)."""

    signal: TradeSignal
    orders: tuple[NewOrder, ...] = ()
    reason: Reason | None = None


@dataclass(slots=True)
class _Bucket:
    """So many orders a second, and no more than that at once."""

    rate: int
    tokens: float = field(init=False)
    at: int = 0

    def __post_init__(self) -> None:
        self.tokens = float(self.rate)

    def take(self, count: int, now: int) -> bool:
        self.tokens = min(float(self.rate), self.tokens + (now - self.at) / _NS * self.rate)
        self.at = now
        if self.tokens < count:
            return False
        self.tokens -= count
        return True


@dataclass(slots=True)
class _WorstCase:
    """One position and what is under way on it."""

    multiplier: int
    price: int = 0
    held: int = 0
    buys: int = 0
    sells: int = 0

    @property
    def value(self) -> int:
        most = max(abs(self.held), abs(self.held + self.buys), abs(self.held - self.sells))
        return most * self.price * self.multiplier // (SCALE * SCALE)


class PortfolioManager:
    """All positions and orders of one account. `contract_of`: None for an unknown instrument."""

    def __init__(
        self, settings: PortfolioConfig, contract_of: Callable[[bytes], Contract | None]
    ) -> None:
        self.account_id = settings.account_id
        self.positions = PositionBook()
        self.orders = OrderTable()
        self.declined: dict[str, int] = {}
        self._settings = settings
        self._limits = Limits.of(settings)
        self._budgets = {
            int(strategy): to_fixed(budget)
            for strategy, budget in settings.strategy_budgets.items()
        }
        self._contract_of = contract_of
        self._max_age = int(settings.max_signal_age_seconds * _NS)
        self._bucket = _Bucket(settings.max_orders_per_second)
        self._decided: OrderedDict[int, None] = OrderedDict()
        self._waiting: dict[tuple[int, frozenset[bytes]], TradeSignal] = {}

    # ------------------------------------------------------------------ signals

    def decide(self, signal: TradeSignal, now: int) -> list[Decision]:
        """What to do with a signal at `now` (wall clock, ns), and with one that it replaces."""
        if signal.signal_id in self._decided or any(
            self.orders.knows(client_order_id(signal.signal_id, leg)) for leg in (0, 1)
        ):
            return [self._decline(signal, Reason.DUPLICATE_SIGNAL)]
        self._decided[signal.signal_id] = None
        if len(self._decided) > _KEPT_SIGNALS:
            self._decided.popitem(last=False)
        decisions: list[Decision] = []
        pair = _pair(signal)
        replaced = self._waiting.pop(pair, None)
        if replaced is not None:
            decisions.append(self._decline(replaced, Reason.SUPERSEDED))
        if now - signal.made_at > self._max_age:
            decisions.append(self._decline(signal, Reason.SIGNAL_EXPIRED))
        elif signal.action == SignalAction.EXIT and self.orders.has_open(*pair):
            self._waiting[pair] = signal
            decisions.append(Decision(signal))
        else:
            decisions.append(self._size(signal, now))
        return decisions

    def resume(self, now: int) -> list[Decision]:
        """Decisions on signals that have waited for orders which are now closed."""
        ready = [pair for pair in self._waiting if not self.orders.has_open(*pair)]
        return [self._size(self._waiting.pop(pair), now) for pair in ready]

    @property
    def waiting(self) -> int:
        """Signals that wait for open orders."""
        return len(self._waiting)

    def _size(self, signal: TradeSignal, now: int) -> Decision:
        """Under all limits; the orders count as open from here on."""
        if signal.action not in _ACTIONS:
            return self._decline(signal, Reason.UNSUPPORTED_ACTION)
        if signal.confidence < self._settings.min_confidence * 10_000:
            return self._decline(signal, Reason.LOW_CONFIDENCE)
        legs = self._legs(signal)
        if isinstance(legs, Reason):
            return self._decline(signal, legs)
        entering = signal.action == SignalAction.ENTER
        sized = self._entry(signal, legs) if entering else self._exit(signal, legs)
        if isinstance(sized, Reason):
            return self._decline(signal, sized)
        if len(self.orders) + len(sized) > self._settings.max_open_orders:
            return self._decline(signal, Reason.MAX_OPEN_ORDERS)
        if not self._bucket.take(len(sized), now):
            return self._decline(signal, Reason.RATE_LIMIT)
        for order in sized:
            leg = order.leg
            self.orders.add(
                OpenOrder(
                    order.client_order_id,
                    signal.strategy_id,
                    leg.contract.id,
                    leg.buys,
                    leg.price,
                    leg.quantity,
                    leg.contract.multiplier,
                )
            )
        return Decision(signal, sized)

    def _legs(self, signal: TradeSignal) -> tuple[Leg, Leg] | Reason:
        """Buy, then sell, without quantities."""
        if signal.buy_price <= 0 or signal.sell_price <= 0 or signal.buy_id == signal.sell_id:
            return Reason.INVALID_SIGNAL
        contracts = self._contract_of(signal.buy_id), self._contract_of(signal.sell_id)
        buy, sell = contracts
        if buy is None or sell is None:
            return Reason.UNKNOWN_INSTRUMENT
        if buy.inverse or sell.inverse:
            return Reason.INVERSE_INSTRUMENT
        if not (buy.tradable and sell.tradable):
            return Reason.INSTRUMENT_NOT_TRADABLE
        limit = self._limits.limit_price
        legs = (
            Leg(buy, True, limit(signal.buy_price, buy.tick, buys=True), 0),
            Leg(sell, False, limit(signal.sell_price, sell.tick, buys=False), 0),
        )
        return legs if all(leg.price > 0 for leg in legs) else Reason.INVALID_SIGNAL

    def _entry(self, signal: TradeSignal, legs: tuple[Leg, Leg]) -> tuple[NewOrder, ...] | Reason:
        positions, orders, strategy = self.positions, self.orders, signal.strategy_id
        budget = self._budgets.get(strategy, self._limits.max_gross_notional)
        first, second = (
            Exposure(
                positions.quantity(leg.contract.id),
                orders.working(leg.contract.id, buys=leg.buys),
            )
            for leg in legs
        )
        sized = size_entry(
            self._limits,
            legs,
            (first, second),
            max_size=signal.max_size,
            gross_room=self._limits.max_gross_notional - self.exposure(),
            budget_room=budget - self.exposure(strategy),
        )
        if isinstance(sized, Reason):
            return sized
        return tuple(
            NewOrder(client_order_id(signal.signal_id, number), leg)
            for number, leg in enumerate(sized)
        )

    def exposure(self, strategy_id: int | None = None) -> int:
        """The most that a strategy (None: all) can come to hold with the orders that are under way:
        absolute values at the last or the ordered prices, in the quote currency, 1e-8.
        """
        cases: dict[tuple[int, bytes], _WorstCase] = {}
        for position in self.positions:
            if strategy_id in (None, position.strategy_id):
                case = _WorstCase(position.multiplier, position.mark, position.quantity)
                cases[position.strategy_id, position.instrument_id] = case
        for order in self.orders:
            if strategy_id in (None, order.strategy_id):
                key = order.strategy_id, order.instrument_id
                case = cases.setdefault(key, _WorstCase(order.multiplier))
                case.price = max(case.price, order.price)
                case.buys += order.leaves if order.buys else 0
                case.sells += 0 if order.buys else order.leaves
        return sum(case.value for case in cases.values())

    def _exit(self, signal: TradeSignal, legs: tuple[Leg, Leg]) -> tuple[NewOrder, ...] | Reason:
        sized = [
            NewOrder(client_order_id(signal.signal_id, number), closing)
            for number, leg in enumerate(legs)
            if (
                closing := size_exit_leg(
                    self._limits,
                    leg,
                    self.positions.quantity(leg.contract.id, signal.strategy_id),
                )
            )
            is not None
        ]
        return tuple(sized) if sized else Reason.NOTHING_TO_CLOSE

    def _decline(self, signal: TradeSignal, reason: Reason) -> Decision:
        self.declined[reason] = self.declined.get(reason, 0) + 1
        return Decision(signal, reason=reason)

    # ------------------------------------------------------------------ what became of orders

    def on_fill(
        self, fill: PositionFill, client_id: int, cumulative: int, leaves: int, status: int
    ) -> bool:
        """A fill of this account; False when it was counted before."""
        counted = self.positions.apply(fill, self._contract_of(fill.instrument_id))
        self.orders.fill(client_id, cumulative, final=leaves == 0 or status in FINAL_STATES)
        return counted

    def on_status(self, client_id: int, status: int, cumulative: int) -> None:
        """Where an order of this account stands."""
        if status in FINAL_STATES:
            self.orders.finish(client_id, cumulative)

    def on_refused(self, client_id: int) -> None:
        """Execution refused an order: nothing of it was or will be filled."""
        self.on_status(client_id, OrdStatus.REJECTED, 0)


def _pair(signal: TradeSignal) -> tuple[int, frozenset[bytes]]:
    return signal.strategy_id, frozenset((signal.buy_id, signal.sell_id))
