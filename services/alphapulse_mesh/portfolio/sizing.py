"""From a signal to quantities: the most that every limit allows, the same exposure on both legs.

Pure arithmetic in the wire's integers. Quantities are rounded down to lots that both legs can
trade, never up; what is then too small for a venue is declined with the limit that made it so.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse_client.decimals import SCALE, to_fixed

if TYPE_CHECKING:
    from alphapulse_mesh.portfolio.instruments import Contract
    from alphapulse_mesh.runtime.config import PortfolioConfig

__all__ = ["Exposure", "Leg", "Limits", "Reason", "size_entry", "size_exit_leg"]

_BPS: Final = 10_000


class Reason(StrEnum):
    """Why a signal led to no order. Stable: keys of `GetPortfolioResponse.declined`."""

    DUPLICATE_SIGNAL = "DUPLICATE_SIGNAL"
    SIGNAL_EXPIRED = "SIGNAL_EXPIRED"
    LOW_CONFIDENCE = "LOW_CONFIDENCE"
    UNSUPPORTED_ACTION = "UNSUPPORTED_ACTION"
    INVALID_SIGNAL = "INVALID_SIGNAL"
    UNKNOWN_INSTRUMENT = "UNKNOWN_INSTRUMENT"
    INSTRUMENT_NOT_TRADABLE = "INSTRUMENT_NOT_TRADABLE"
    INVERSE_INSTRUMENT = "INVERSE_INSTRUMENT"
    MAX_OPEN_ORDERS = "MAX_OPEN_ORDERS"
    RATE_LIMIT = "RATE_LIMIT"
    POSITION_LIMIT = "POSITION_LIMIT"
    GROSS_LIMIT = "GROSS_LIMIT"
    STRATEGY_BUDGET = "STRATEGY_BUDGET"
    BELOW_MINIMUM = "BELOW_MINIMUM"
    NOTHING_TO_CLOSE = "NOTHING_TO_CLOSE"
    SUPERSEDED = "SUPERSEDED"


class Leg(NamedTuple):
    """One order to be. Price and quantity 1e-8."""

    contract: Contract
    buys: bool
    price: int
    quantity: int


class Exposure(NamedTuple):
    """What is held and under way when a signal is sized."""

    net: int
    """Signed contracts of the leg's instrument, all strategies, 1e-8."""
    working: int
    """Contracts that orders in the leg's direction may still add."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The portfolio's settings in the wire's integers: money 1e-8 of the quote currency."""

    order_notional: int
    max_order_notional: int
    max_position_notional: int
    max_gross_notional: int
    slippage: int
    """1e-8 of a basis point."""

    @classmethod
    def of(cls, settings: PortfolioConfig) -> Limits:
        """From the configuration."""
        return cls(
            to_fixed(settings.order_notional),
            to_fixed(settings.max_order_notional),
            to_fixed(settings.max_position_notional),
            to_fixed(settings.max_gross_notional),
            to_fixed(settings.slippage_bps),
        )

    def limit_price(self, price: int, tick: int, *, buys: bool) -> int:
        """The worst price to accept for `price`, on the venue's tick and within the slippage."""
        slack = price * self.slippage // (SCALE * _BPS)
        if buys:
            return (price + slack) // tick * tick
        return -(-(price - slack) // tick) * tick


def size_entry(
    limits: Limits,
    legs: tuple[Leg, Leg],
    exposures: tuple[Exposure, Exposure],
    *,
    max_size: int,
    gross_room: int,
    budget_room: int,
) -> tuple[Leg, Leg] | Reason:
    """Both legs with their quantities (those given are not looked at), or the limit that forbids
    it.

    `max_size`: what the market shows, units of the underlying of 1e-8. `gross_room` and
    `budget_room`: money that may still be held in all and by the strategy, 1e-8.
    """
    both = sum(leg.price for leg in legs)
    dearest = max(leg.price for leg in legs)
    # each cap in units of the underlying, with what is said when it is the one that counts
    caps = [
        (max_size, Reason.BELOW_MINIMUM),
        (limits.order_notional * SCALE // dearest, Reason.BELOW_MINIMUM),
        (limits.max_order_notional * SCALE // dearest, Reason.BELOW_MINIMUM),
        (gross_room * SCALE // both, Reason.GROSS_LIMIT),
        (budget_room * SCALE // both, Reason.STRATEGY_BUDGET),
    ]
    for leg, exposure in zip(legs, exposures, strict=True):
        multiplier = leg.contract.multiplier
        held = exposure.net if leg.buys else -exposure.net
        used = (held + exposure.working) * leg.price * multiplier // (SCALE * SCALE)
        room = limits.max_position_notional - used
        caps.append((room * SCALE // leg.price, Reason.POSITION_LIMIT))
        if leg.contract.max_quantity:
            caps.append((leg.contract.max_quantity * multiplier // SCALE, Reason.BELOW_MINIMUM))
    units, reason = min(caps, key=lambda cap: cap[0])
    if units <= 0:
        return reason
    # 1e-16 units of the underlying that are whole lots of both legs
    step = math.lcm(*(leg.contract.lot * leg.contract.multiplier for leg in legs))
    exact = units * SCALE // step * step
    first, second = (leg._replace(quantity=exact // leg.contract.multiplier) for leg in legs)
    if not (_tradable(first) and _tradable(second)):
        return reason
    return first, second


def size_exit_leg(limits: Limits, leg: Leg, held: int) -> Leg | None:
    """The order that closes what a strategy holds (signed contracts), or None: nothing to close.

    A leg closes its own position, whatever became of the other one.
    """
    open_quantity = -held if leg.buys else held
    contract = leg.contract
    most = limits.max_order_notional * SCALE * SCALE // (leg.price * contract.multiplier)
    if contract.max_quantity:
        most = min(most, contract.max_quantity)
    quantity = min(open_quantity, most) // contract.lot * contract.lot
    sized = leg._replace(quantity=quantity)
    return sized if quantity > 0 and _tradable(sized) else None


def _tradable(leg: Leg) -> bool:
    contract = leg.contract
    notional = leg.quantity * leg.price * contract.multiplier // (SCALE * SCALE)
    return (
        leg.quantity > 0
        and leg.quantity >= contract.min_quantity
        and notional >= contract.min_notional
    )
