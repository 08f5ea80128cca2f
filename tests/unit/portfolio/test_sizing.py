"""Sizing never goes beyond a limit, never rounds up, and says which limit it was."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse_client.decimals import SCALE, to_fixed
from alphapulse_mesh.portfolio.instruments import Contract
from alphapulse_mesh.portfolio.sizing import (
    Exposure,
    Leg,
    Limits,
    Reason,
    size_entry,
    size_exit_leg,
)
from alphapulse_mesh.runtime.config import PortfolioConfig

UNLIMITED = 10**18


def contract(name: str = "x", **fields: Any) -> Contract:
    facts: dict[str, Any] = {
        "id": name.ljust(16).encode(), "symbol": name, "tick": 10**6, "lot": 10**5,
        "min_quantity": 0, "max_quantity": 0, "min_notional": 0, "multiplier": SCALE,
        "inverse": False, "tradable": True, "base_currency": "",
    }  # fmt: skip
    return Contract(**{**facts, **fields})


def limits(**fields: Any) -> Limits:
    facts = {"order_notional": 1_000, "max_order_notional": 10_000, "max_position_notional": 5_000}
    return Limits.of(PortfolioConfig(**{**facts, **fields}))


def legs(buy: Contract, sell: Contract, price: int = 100) -> tuple[Leg, Leg]:
    return Leg(buy, True, price * SCALE, 0), Leg(sell, False, price * SCALE, 0)


FREE = (Exposure(0, 0), Exposure(0, 0))


def size(
    buy: Contract, sell: Contract, exposures: tuple[Exposure, Exposure] = FREE, **options: Any
) -> tuple[Leg, Leg] | Reason:
    rooms = {"max_size": UNLIMITED, "gross_room": UNLIMITED, "budget_room": UNLIMITED}
    found = options.pop("limits", None) or limits()
    return size_entry(found, legs(buy, sell), exposures, **{**rooms, **options})


def test_the_target_size_on_both_legs() -> None:
    sized = size(contract("a"), contract("b"))
    assert not isinstance(sized, Reason)
    assert [leg.quantity for leg in sized] == [10 * SCALE, 10 * SCALE]


def test_lots_of_both_legs_and_multipliers() -> None:
    """0.003 of the one and 20 contracts of a thousandth of the other: 60 thousandths at a time."""
    buy = contract("a", lot=to_fixed("0.003"))
    sell = contract("b", lot=20 * SCALE, multiplier=SCALE // 1000)
    sized = size(buy, sell)
    assert not isinstance(sized, Reason)
    first, second = sized
    assert first.quantity == to_fixed("9.96")
    assert second.quantity == 9960 * SCALE
    assert first.quantity * SCALE == second.quantity * sell.multiplier


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"max_size": 0}, Reason.BELOW_MINIMUM),
        ({"max_size": 10**4}, Reason.BELOW_MINIMUM),
        ({"gross_room": 0}, Reason.GROSS_LIMIT),
        ({"gross_room": -5}, Reason.GROSS_LIMIT),
        ({"budget_room": 10**6}, Reason.STRATEGY_BUDGET),
        ({"exposures": (Exposure(50 * SCALE, 0), Exposure(0, 0))}, Reason.POSITION_LIMIT),
        ({"exposures": (Exposure(20 * SCALE, 30 * SCALE), Exposure(0, 0))}, Reason.POSITION_LIMIT),
        ({"exposures": (Exposure(0, 0), Exposure(-50 * SCALE, 0))}, Reason.POSITION_LIMIT),
    ],
)
def test_the_limit_that_forbids_it_is_named(options: dict[str, Any], reason: Reason) -> None:
    assert size(contract("a"), contract("b"), **options) == reason


def test_a_position_against_the_order_makes_room() -> None:
    sized = size(
        contract("a"),
        contract("b"),
        (Exposure(-50 * SCALE, 0), Exposure(50 * SCALE, 0)),
        limits=limits(order_notional=9_000),
    )
    assert not isinstance(sized, Reason)
    assert sized[0].quantity == 90 * SCALE


@pytest.mark.parametrize("field", ["min_notional", "min_quantity"])
def test_what_the_venue_finds_too_small(field: str) -> None:
    small = contract("b", **{field: 2_000 * SCALE})
    assert size(contract("a"), small) == Reason.BELOW_MINIMUM


AMOUNTS = st.integers(1, 10**6)


@given(
    price=st.integers(1, 10**6),
    lots=st.tuples(st.integers(1, 10**9), st.integers(1, 10**9)),
    multiplier=st.sampled_from([SCALE, SCALE // 1000, 10 * SCALE]),
    held=st.tuples(st.integers(-100, 100), st.integers(-100, 100)),
    working=st.tuples(st.integers(0, 50), st.integers(0, 50)),
    max_size=st.integers(0, 10**12),
    notionals=st.tuples(AMOUNTS, AMOUNTS, AMOUNTS),
    rooms=st.tuples(st.integers(-100, 10**6), st.integers(-100, 10**6)),
    most=st.integers(0, 10**10),
)
def test_no_limit_is_ever_passed(
    price: int,
    lots: tuple[int, int],
    multiplier: int,
    held: tuple[int, int],
    working: tuple[int, int],
    max_size: int,
    notionals: tuple[int, int, int],
    rooms: tuple[int, int],
    most: int,
) -> None:
    order, largest, position = notionals
    bounds = limits(
        order_notional=order, max_order_notional=largest, max_position_notional=position
    )
    buy = contract("a", lot=lots[0])
    sell = contract("b", lot=lots[1], multiplier=multiplier, max_quantity=most)
    exposures = tuple(
        Exposure(net * SCALE, under_way * SCALE)
        for net, under_way in zip(held, working, strict=True)
    )
    sized = size_entry(
        bounds,
        (Leg(buy, True, price * SCALE, 0), Leg(sell, False, price * SCALE, 0)),
        (exposures[0], exposures[1]),
        max_size=max_size,
        gross_room=rooms[0] * SCALE,
        budget_room=rooms[1] * SCALE,
    )
    if isinstance(sized, Reason):
        return
    values = []
    for leg, exposure in zip(sized, exposures, strict=True):
        units = Decimal(leg.quantity * leg.contract.multiplier) / SCALE / SCALE
        value = units * price
        values.append(value)
        assert leg.quantity > 0
        assert leg.quantity % leg.contract.lot == 0
        assert value <= min(order, largest)
        assert units * SCALE <= max_size
        sign = 1 if leg.buys else -1
        contracts = Decimal(sign * exposure.net + exposure.working + leg.quantity) / SCALE
        after = contracts * leg.contract.multiplier / SCALE * price
        assert after <= position
        if leg.contract.max_quantity:
            assert leg.quantity <= leg.contract.max_quantity
    assert values[0] == values[1]  # hedged to the last unit
    assert sum(values) <= min(rooms)


def test_closing_is_as_much_as_is_held() -> None:
    sell = Leg(contract("a"), False, 100 * SCALE, 0)
    buy = Leg(contract("a"), True, 100 * SCALE, 0)
    bounds = limits()
    closed = size_exit_leg(bounds, sell, 7 * SCALE)
    assert closed is not None
    assert closed.quantity == 7 * SCALE
    assert size_exit_leg(bounds, sell, -7 * SCALE) is None  # it would open, not close
    bought = size_exit_leg(bounds, buy, -7 * SCALE)
    assert bought is not None
    assert bought.quantity == 7 * SCALE
    assert size_exit_leg(bounds, buy, 0) is None


def test_closing_stays_within_one_order_and_whole_lots() -> None:
    leg = Leg(contract("a", lot=3 * SCALE), False, 100 * SCALE, 0)
    closed = size_exit_leg(limits(max_order_notional=1_000), leg, 50 * SCALE)
    assert closed is not None
    assert closed.quantity == 9 * SCALE
    assert size_exit_leg(limits(), leg, 2 * SCALE) is None


@pytest.mark.parametrize(
    ("slippage", "buys", "expected"),
    [("0", True, 10_000), ("0", False, 10_000), ("10", True, 10_010), ("10", False, 9_990)],
)
def test_limit_prices_are_on_the_tick(slippage: str, buys: bool, expected: int) -> None:
    bounds = limits(slippage_bps=Decimal(slippage))
    assert bounds.limit_price(10_000 * SCALE, 50 * 10**6, buys=buys) == expected * SCALE
    off = bounds.limit_price(10_000 * SCALE + 1, 50 * 10**6, buys=buys)
    assert off % (50 * 10**6) == 0
    # rounded so as never to be worse than allowed
    slack = 10_000 * SCALE * int(slippage) // 10_000 + 1
    assert abs(off - 10_000 * SCALE - 1) <= slack + 50 * 10**6
    assert (off <= 10_000 * SCALE + 1 + slack) if buys else (off >= 10_000 * SCALE + 1 - slack)
