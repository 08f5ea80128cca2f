"""Positions: exact over any sequence of fills, each counted once."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alphapulse_client.decimals import SCALE
from alphapulse_mesh.portfolio.instruments import Contract
from alphapulse_mesh.portfolio.positions import (
    FillKey,
    Position,
    PositionBook,
    PositionFill,
    SeenFills,
)

ID = b"instrument-id-16"
TRADES = st.lists(
    st.tuples(st.booleans(), st.integers(1, 10**13), st.integers(1, 10**10)), max_size=30
)


def contract(**fields: object) -> Contract:
    facts: dict[str, object] = {
        "id": ID, "symbol": "BTCUSDT", "tick": 1, "lot": 1, "min_quantity": 0, "max_quantity": 0,
        "min_notional": 0, "multiplier": SCALE, "inverse": False, "tradable": True,
        "base_currency": "",
    }  # fmt: skip
    return Contract(**{**facts, **fields})  # type: ignore[arg-type]  # any of its fields


def fill(trade_id: int, *, buys: bool = True, price: int = 0, **fields: object) -> PositionFill:
    facts: dict[str, object] = {
        "key": FillKey(1, trade_id), "strategy_id": 1, "instrument_id": ID, "buys": buys,
        "price": price or 100 * SCALE, "quantity": SCALE, "fee": 0, "fee_currency": "USDT",
        "journal_sequence": trade_id,
    }  # fmt: skip
    return PositionFill(**{**facts, **fields})  # type: ignore[arg-type]  # any of its fields


@given(TRADES)
def test_quantity_and_money_are_conserved(trades: list[tuple[bool, int, int]]) -> None:
    """Realised profit and open cost together are what was received less what was paid: exactly."""
    position = Position(ID, 1)
    quantity = cash = 0
    for buys, price, size in trades:
        position.trade(buys=buys, price=price, quantity=size)
        quantity += size if buys else -size
        cash += -price * size if buys else price * size
    assert position.quantity == quantity
    assert position.realized - position.cost == cash
    if not quantity:
        assert position.cost == 0
        assert position.realized == cash


@given(TRADES)
def test_the_average_price_lies_between_the_prices_of_its_entries(
    trades: list[tuple[bool, int, int]],
) -> None:
    position = Position(ID, 1)
    entries: list[int] = []
    for buys, price, size in trades:
        before = position.quantity
        position.trade(buys=buys, price=price, quantity=size)
        if before * position.quantity <= 0:  # opened, closed or turned
            entries = []
        entries.append(price)
        if position.quantity:
            assert position.cost * position.quantity >= 0
            assert min(entries) - 1 <= position.average_price <= max(entries)


def test_a_round_trip_by_hand() -> None:
    position = Position(ID, 1)
    position.trade(buys=True, price=100 * SCALE, quantity=2 * SCALE)
    position.trade(buys=True, price=110 * SCALE, quantity=2 * SCALE)
    assert position.average_price == 105 * SCALE
    position.trade(buys=False, price=120 * SCALE, quantity=SCALE)
    assert position.realized_pnl == 15 * SCALE
    assert position.average_price == 105 * SCALE
    position.trade(buys=False, price=100 * SCALE, quantity=5 * SCALE)  # closes 3, opens 2 short
    assert position.realized_pnl == 0
    assert (position.quantity, position.average_price) == (-2 * SCALE, 100 * SCALE)
    position.trade(buys=True, price=90 * SCALE, quantity=2 * SCALE)
    assert (position.quantity, position.realized_pnl) == (0, 20 * SCALE)
    # opened again, the profit of the closed cycle stays
    position.trade(buys=True, price=70 * SCALE, quantity=SCALE)
    assert (position.average_price, position.realized_pnl) == (70 * SCALE, 20 * SCALE)


def test_a_contract_of_a_hundredth() -> None:
    position = Position(ID, 1, multiplier=SCALE // 100)
    position.trade(buys=True, price=50_000 * SCALE, quantity=10 * SCALE)
    assert position.notional == 5_000 * SCALE
    position.trade(buys=False, price=50_100 * SCALE, quantity=10 * SCALE)
    assert position.realized_pnl == 10 * SCALE


def test_a_fill_counts_once() -> None:
    book = PositionBook()
    assert book.apply(fill(1), contract())
    assert not book.apply(fill(1), contract())
    assert not book.apply(fill(1, price=5), contract())  # the same id with other data
    assert book.apply(fill(2), contract())
    assert book.quantity(ID) == 2 * SCALE


def test_strategies_are_netted_apart() -> None:
    book = PositionBook()
    book.apply(fill(1, strategy_id=1), contract())
    book.apply(fill(2, strategy_id=2, buys=False), contract())
    assert book.quantity(ID) == 0
    assert book.quantity(ID, 1) == SCALE
    assert book.gross() == 200 * SCALE
    assert book.gross(2) == 100 * SCALE


def test_fees_in_the_quote_and_in_the_base_currency() -> None:
    spot = contract(base_currency="BTC")
    book = PositionBook()
    book.apply(fill(1, fee=SCALE // 10), spot)
    position = book.get(1, ID)
    assert position is not None
    assert (position.quantity, position.fees) == (SCALE, SCALE // 10)
    # a commission in what was bought is so much less of it, worth so much
    book.apply(fill(2, fee=SCALE // 1000, fee_currency="BTC"), spot)
    assert position.quantity == 2 * SCALE - SCALE // 1000
    assert position.fees == SCALE // 10 + SCALE // 10
    assert Fraction(position.cost, position.quantity) == 100 * SCALE


@given(st.lists(st.integers(1, 60), max_size=200), st.integers(1, 10))
def test_forgetting_old_fills_does_not_count_them_again(sequence: list[int], limit: int) -> None:
    """Fills come in the order of the journal, with repetitions of any age."""
    seen, counted, newest = SeenFills(limit), set(), 0
    for number in sequence:
        journal = number if number <= newest else newest + 1
        newest = max(newest, journal)
        fresh = seen.add(FillKey(1, journal), journal)
        assert fresh == (journal not in counted)
        counted.add(journal)


def test_fills_without_a_journal_sequence_count_too() -> None:
    seen = SeenFills()
    assert seen.add(FillKey(1, 1), 0)
    assert not seen.add(FillKey(1, 1), 0)
    assert seen.add(FillKey(1, 2), 0)


@pytest.mark.parametrize("buys", [True, False])
def test_an_unknown_instrument_is_counted_with_a_multiplier_of_one(buys: bool) -> None:
    book = PositionBook()
    assert book.apply(fill(1, buys=buys), None)
    assert book.gross() == 100 * SCALE
