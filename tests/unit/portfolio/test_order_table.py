"""Orders under way: numbers that are a function of the signal, open until all is counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse_mesh.portfolio.order_table import OpenOrder, OrderTable, client_order_id

A, B = b"instrument-a-016", b"instrument-b-016"
U64 = st.integers(1, (1 << 64) - 1)


def order(number: int, **fields: object) -> OpenOrder:
    facts: dict[str, object] = {
        "client_order_id": number, "strategy_id": 1, "instrument_id": A, "buys": True,
        "price": 2 * 10**8, "quantity": 10 * 10**8,
    }  # fmt: skip
    return OpenOrder(**{**facts, **fields})  # type: ignore[arg-type]  # any of its fields


@given(U64, U64)
def test_numbers_are_repeatable_and_apart(one: int, other: int) -> None:
    numbers = [client_order_id(signal, leg) for signal in (one, other) for leg in (0, 1)]
    assert numbers == [client_order_id(signal, leg) for signal in (one, other) for leg in (0, 1)]
    assert all(0 < number < 1 << 64 for number in numbers)
    assert len(set(numbers)) == (4 if one != other else 2)


def test_numbers_stay_what_they_were() -> None:
    """They tie orders of a running mesh to its signals: a new version must give the same."""
    assert [client_order_id(1, leg) for leg in (0, 1)] == [
        client_order_id(1, 0),
        client_order_id(1, 1),
    ]
    assert client_order_id(1, 0) == 0x910A2DEC89025CC1
    assert client_order_id(1, 1) == 0xBEEB8DA1658EEC67


def test_what_may_still_be_filled() -> None:
    table = OrderTable()
    assert table.add(order(1))
    assert table.add(order(2, buys=False, quantity=5 * 10**8))
    assert table.add(order(3, instrument_id=B, strategy_id=2))
    assert not table.add(order(1))
    assert table.working(A, buys=True) == 10 * 10**8
    assert table.working(A, buys=False) == 5 * 10**8
    table.fill(1, 4 * 10**8, final=False)
    assert table.working(A, buys=True) == 6 * 10**8
    assert table.has_open(1, frozenset({A}))
    assert not table.has_open(1, frozenset({B}))


def test_an_order_is_open_until_its_fills_are_counted() -> None:
    """The final state may be told before the fills: until then they are still on their way."""
    table = OrderTable()
    table.add(order(1))
    table.finish(1, 3 * 10**8)
    assert len(table) == 1
    assert table.working(A, buys=True) == 3 * 10**8
    table.fill(1, 2 * 10**8, final=False)
    table.fill(1, 3 * 10**8, final=True)
    assert len(table) == 0
    assert table.knows(1)


@pytest.mark.parametrize("last_first", [True, False])
def test_filled_in_full(last_first: bool) -> None:
    table = OrderTable()
    table.add(order(1))
    cumulative = [10 * 10**8, 4 * 10**8] if last_first else [4 * 10**8, 10 * 10**8]
    for amount in cumulative:
        table.fill(1, amount, final=amount == 10 * 10**8)
    assert len(table) == 0


def test_refused_and_canceled_without_a_fill() -> None:
    table = OrderTable()
    table.add(order(1))
    table.finish(1, 0)
    table.finish(9, 0)  # not ours
    table.fill(9, 5, final=True)
    assert len(table) == 0
    assert table.knows(1)
    assert not table.knows(9)


def test_only_so_many_closed_orders_are_remembered() -> None:
    table = OrderTable(limit=3)
    for number in range(1, 6):
        table.remember(number)
    assert [table.knows(number) for number in range(1, 6)] == [False, False, True, True, True]
    table.add(order(7))
    table.remember(7)  # it is open: it stays so
    assert len(table) == 1
