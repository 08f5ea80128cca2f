"""The manager: signals to orders under limits, never twice, exits after entries."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alphapulse_client.context import new_context
from alphapulse_client.decimals import SCALE
from alphapulse_layout import OrdStatus, SignalAction
from alphapulse_mesh.portfolio.instruments import Contract
from alphapulse_mesh.portfolio.manager import Decision, PortfolioManager, TradeSignal
from alphapulse_mesh.portfolio.order_table import client_order_id
from alphapulse_mesh.portfolio.positions import FillKey, PositionFill
from alphapulse_mesh.portfolio.sizing import Reason
from alphapulse_mesh.runtime.config import PortfolioConfig

PERP, SPOT = b"perp-instrument0", b"spot-instrument0"
NOW = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
CONTEXT = new_context()


def contract(key: bytes, **fields: Any) -> Contract:
    facts: dict[str, Any] = {
        "id": key, "symbol": key.decode(), "tick": 10**6, "lot": 10**5, "min_quantity": 0,
        "max_quantity": 0, "min_notional": 0, "multiplier": SCALE, "inverse": False,
        "tradable": True, "base_currency": "",
    }  # fmt: skip
    return Contract(**{**facts, **fields})


def signal(number: int, action: int = SignalAction.ENTER, **fields: Any) -> TradeSignal:
    """ENTER buys the perpetual and sells spot, at 100; EXIT the other way round."""
    entering = action != SignalAction.EXIT
    facts: dict[str, Any] = {
        "signal_id": number, "strategy_id": 1, "action": action,
        "buy_id": PERP if entering else SPOT, "sell_id": SPOT if entering else PERP,
        "buy_price": 100 * SCALE, "sell_price": 100 * SCALE, "max_size": 1000 * SCALE,
        "confidence": 5000, "made_at": NOW, "context": CONTEXT,
    }  # fmt: skip
    return TradeSignal(**{**facts, **fields})


class Book:
    """A manager and a venue that does as it is told."""

    def __init__(self, contracts: dict[bytes, Contract] | None = None, **limits: Any) -> None:
        known = {PERP: contract(PERP), SPOT: contract(SPOT)} if contracts is None else contracts
        self.settings = PortfolioConfig(**limits)
        self.manager = PortfolioManager(self.settings, known.get)
        self.journal = 0

    def decide(self, *signals: TradeSignal, now: int = NOW) -> list[Decision]:
        return [item for each in signals for item in self.manager.decide(each, now)]

    def execute(self, decision: Decision, share: Decimal = Decimal(1)) -> None:
        """Fill so much of each order, cancel the rest."""
        for order in decision.orders:
            amount = int(order.leg.quantity * share)
            full = amount == order.leg.quantity
            if amount:
                self.journal += 1
                fill = PositionFill(
                    FillKey(order.client_order_id, 1),
                    decision.signal.strategy_id,
                    order.leg.contract.id,
                    order.leg.buys,
                    order.leg.price,
                    amount,
                    0,
                    "USDT",
                    self.journal,
                )
                status = OrdStatus.FILLED if full else OrdStatus.PARTIALLY_FILLED
                left = order.leg.quantity - amount
                assert self.manager.on_fill(fill, order.client_order_id, amount, left, status)
            if not full:
                self.manager.on_status(order.client_order_id, OrdStatus.CANCELED, amount)

    def position(self, key: bytes) -> int:
        return self.manager.positions.quantity(key)


def only(decisions: list[Decision]) -> Decision:
    (decision,) = decisions
    return decision


def test_an_entry_is_two_legs_of_one_size() -> None:
    book = Book()
    decision = only(book.decide(signal(5)))
    assert decision.reason is None
    buy, sell = decision.orders
    assert (buy.leg.contract.id, buy.leg.buys, buy.leg.price) == (PERP, True, 100 * SCALE)
    assert (sell.leg.contract.id, sell.leg.buys) == (SPOT, False)
    assert buy.leg.quantity == sell.leg.quantity == 10 * SCALE
    assert (buy.client_order_id, sell.client_order_id) == (
        client_order_id(5, 0),
        client_order_id(5, 1),
    )
    assert len(book.manager.orders) == 2


def test_in_and_out_again() -> None:
    book = Book()
    book.execute(only(book.decide(signal(1))))
    assert (book.position(PERP), book.position(SPOT)) == (10 * SCALE, -10 * SCALE)
    leave = only(book.decide(signal(2, SignalAction.EXIT, buy_price=99 * SCALE)))
    assert [(order.leg.contract.id, order.leg.buys) for order in leave.orders] == [
        (SPOT, True),
        (PERP, False),
    ]
    book.execute(leave)
    assert (book.position(PERP), book.position(SPOT)) == (0, 0)
    assert sum(position.realized_pnl for position in book.manager.positions) == 10 * SCALE
    assert len(book.manager.orders) == 0


def test_the_same_signal_again_is_no_second_order() -> None:
    book = Book()
    first = only(book.decide(signal(1)))
    assert only(book.decide(signal(1))).reason == Reason.DUPLICATE_SIGNAL
    book.execute(first)
    assert only(book.decide(signal(1))).reason == Reason.DUPLICATE_SIGNAL


@pytest.mark.parametrize("leg", [0, 1])
def test_after_a_restart_an_order_of_the_signal_is_known_again(leg: int) -> None:
    book = Book()
    book.manager.orders.remember(client_order_id(1, leg))
    assert only(book.decide(signal(1))).reason == Reason.DUPLICATE_SIGNAL


def test_an_exit_waits_for_orders_that_are_under_way() -> None:
    book = Book()
    enter = only(book.decide(signal(1)))
    waiting = only(book.decide(signal(2, SignalAction.EXIT)))
    assert (waiting.orders, waiting.reason) == ((), None)
    assert book.manager.waiting == 1
    assert book.manager.resume(NOW) == []
    book.execute(enter, Decimal("0.5"))
    leave = only(book.manager.resume(NOW))
    assert {order.leg.quantity for order in leave.orders} == {5 * SCALE}
    assert book.manager.waiting == 0


def test_an_entry_takes_the_place_of_a_waiting_exit() -> None:
    book = Book()
    book.decide(signal(1), signal(2, SignalAction.EXIT))
    replaced, enter = book.decide(signal(3))
    assert (replaced.signal.signal_id, replaced.reason) == (2, Reason.SUPERSEDED)
    assert len(enter.orders) == 2
    assert book.manager.waiting == 0


def test_each_leg_closes_what_became_of_it() -> None:
    """One leg filled and the other not: the way out trades only the one."""
    book = Book()
    enter = only(book.decide(signal(1)))
    buy, sell = enter.orders
    book.execute(Decision(enter.signal, (buy,)))
    book.execute(Decision(enter.signal, (sell,)), Decimal(0))
    leave = only(book.decide(signal(2, SignalAction.EXIT)))
    assert [(item.leg.contract.id, item.leg.quantity) for item in leave.orders] == [
        (PERP, 10 * SCALE)
    ]
    assert leave.orders[0].client_order_id == client_order_id(2, 1)


def test_another_strategys_position_is_not_closed() -> None:
    book = Book()
    book.execute(only(book.decide(signal(1))))
    leave = only(book.decide(signal(2, SignalAction.EXIT, strategy_id=2)))
    assert leave.reason == Reason.NOTHING_TO_CLOSE


@pytest.mark.parametrize(
    ("fields", "limits", "reason"),
    [
        ({"made_at": NOW - 6 * SECOND}, {}, Reason.SIGNAL_EXPIRED),
        ({"confidence": 100}, {"min_confidence": 0.5}, Reason.LOW_CONFIDENCE),
        ({"action": SignalAction.UPDATE}, {}, Reason.UNSUPPORTED_ACTION),
        ({"action": 99}, {}, Reason.UNSUPPORTED_ACTION),
        ({"buy_price": 0}, {}, Reason.INVALID_SIGNAL),
        ({"sell_id": PERP}, {}, Reason.INVALID_SIGNAL),
        ({"buy_id": b"nobody-knows-it0"}, {}, Reason.UNKNOWN_INSTRUMENT),
        ({"action": SignalAction.EXIT}, {}, Reason.NOTHING_TO_CLOSE),
        ({}, {"max_open_orders": 1}, Reason.MAX_OPEN_ORDERS),
        ({}, {"max_orders_per_second": 1}, Reason.RATE_LIMIT),
        ({}, {"max_gross_notional": Decimal("0.01")}, Reason.GROSS_LIMIT),
        ({}, {"strategy_budgets": {"1": Decimal("0.01")}}, Reason.STRATEGY_BUDGET),
        ({}, {"max_position_notional": Decimal("0.01")}, Reason.POSITION_LIMIT),
        ({"max_size": 1}, {}, Reason.BELOW_MINIMUM),
    ],
)
def test_reasons_for_no_order(
    fields: dict[str, Any], limits: dict[str, Any], reason: Reason
) -> None:
    book = Book(**limits)
    assert only(book.decide(signal(1, **{"action": SignalAction.ENTER} | fields))).reason == reason
    assert book.manager.declined == {reason: 1}
    assert len(book.manager.orders) == 0


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"inverse": True}, Reason.INVERSE_INSTRUMENT),
        ({"tradable": False}, Reason.INSTRUMENT_NOT_TRADABLE),
    ],
)
def test_instruments_that_are_not_traded(fields: dict[str, Any], reason: Reason) -> None:
    book = Book({PERP: contract(PERP, **fields), SPOT: contract(SPOT)})
    assert only(book.decide(signal(1))).reason == reason


def test_orders_under_way_count_against_the_limits() -> None:
    book = Book(max_position_notional=Decimal(2_500))
    quantities = [
        [order.leg.quantity for order in only(book.decide(signal(number))).orders]
        for number in range(1, 5)
    ]
    assert quantities == [[10 * SCALE] * 2, [10 * SCALE] * 2, [5 * SCALE] * 2, []]
    assert book.manager.declined == {Reason.POSITION_LIMIT: 1}


def test_exposure_is_the_worst_that_orders_can_make_of_it() -> None:
    book = Book()
    first = only(book.decide(signal(1)))
    assert book.manager.exposure() == 2_000 * SCALE
    book.execute(first)
    assert book.manager.exposure() == 2_000 * SCALE
    book.decide(signal(2, SignalAction.EXIT))  # closing can only make it less
    assert book.manager.exposure() == 2_000 * SCALE
    book.decide(signal(3, strategy_id=2))
    assert book.manager.exposure() == 4_000 * SCALE
    assert book.manager.exposure(2) == 2_000 * SCALE


def test_a_refused_order_makes_room_again() -> None:
    book = Book(max_position_notional=Decimal(1_000))
    first = only(book.decide(signal(1)))
    assert only(book.decide(signal(2))).reason == Reason.POSITION_LIMIT
    for order in first.orders:
        book.manager.on_refused(order.client_order_id)
    assert len(only(book.decide(signal(3))).orders) == 2


def test_the_rate_is_one_of_time() -> None:
    book = Book(max_orders_per_second=4)
    reasons = [only(book.decide(signal(n), now=NOW + n)).reason for n in range(1, 4)]
    assert reasons == [None, None, Reason.RATE_LIMIT]
    assert only(book.decide(signal(9), now=NOW + SECOND // 2 + 9)).reason is None


def test_slippage_moves_the_limit_price() -> None:
    book = Book(slippage_bps=Decimal(5))
    buy, sell = only(book.decide(signal(1))).orders
    assert (buy.leg.price, sell.leg.price) == (10_005 * 10**6, 9_995 * 10**6)


class Portfolio(RuleBasedStateMachine):
    """Whatever the order of signals, fills, cancels and repetitions: limits hold, books agree."""

    def __init__(self) -> None:
        super().__init__()
        self.book = Book(
            max_position_notional=Decimal(3_000),
            max_gross_notional=Decimal(5_000),
            strategy_budgets={"1": Decimal(4_000)},
            max_open_orders=6,
        )
        self.number = 0
        self.now = NOW
        self.working: list[Decision] = []
        self.sent: set[int] = set()

    def take(self, decisions: list[Decision]) -> None:
        for decision in decisions:
            for order in decision.orders:
                assert order.client_order_id not in self.sent
                self.sent.add(order.client_order_id)
            if decision.orders:
                self.working.append(decision)

    @rule(
        entering=st.booleans(),
        turned=st.booleans(),
        strategy=st.sampled_from([1, 2]),
        size=st.integers(0, 40),
        repeat=st.booleans(),
    )
    def signal(self, entering: bool, turned: bool, strategy: int, size: int, repeat: bool) -> None:
        if not (repeat and self.number):
            self.number += 1
        self.now += SECOND // 20
        action = SignalAction.ENTER if entering else SignalAction.EXIT
        ends = (SPOT, PERP) if turned else (PERP, SPOT)
        made = signal(
            self.number, action, strategy_id=strategy, max_size=size * SCALE,
            made_at=self.now, buy_id=ends[0], sell_id=ends[1],
        )  # fmt: skip
        self.take(self.book.decide(made, now=self.now))

    @rule(which=st.integers(0, 5), share=st.sampled_from(["0", "0.5", "1"]))
    def venue(self, which: int, share: str) -> None:
        if self.working:
            self.book.execute(self.working.pop(which % len(self.working)), Decimal(share))
            self.take(self.book.manager.resume(self.now))

    @invariant()
    def limits_hold(self) -> None:
        manager = self.book.manager
        held = {}
        for key in (PERP, SPOT):
            net = manager.positions.quantity(key)
            buys = manager.orders.working(key, buys=True)
            sells = manager.orders.working(key, buys=False)
            assert net + buys <= 30 * SCALE
            assert net - sells >= -30 * SCALE
            held[key] = net
        assert manager.positions.gross() <= manager.exposure() <= 5_000 * SCALE
        assert manager.positions.gross(1) <= manager.exposure(1) <= 4_000 * SCALE
        assert len(manager.orders) == sum(len(decision.orders) for decision in self.working) <= 6

    @invariant()
    def nothing_waits_for_nothing(self) -> None:
        if not self.working:
            assert self.book.manager.resume(self.now) == []
            assert self.book.manager.waiting == 0


TestPortfolio = Portfolio.TestCase
TestPortfolio.settings = hypothesis_settings(max_examples=60, stateful_step_count=40, deadline=None)
