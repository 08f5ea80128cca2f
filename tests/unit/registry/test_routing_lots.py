"""Routing in whole lots: what no venue takes of its last lot goes to another, or is said."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import VenueId
from alphapulse_mesh.registry import identity, routing
from alphapulse_mesh.registry.commands import RegistryPlanner
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.registry.venue_metrics import VenueMetrics
from alphapulse_testing.registry import pair

NOW = 1_700_000_000_000_000_000
VENUES = {"BINANCE": "10", "KRAKEN": "20", "OKX": "0"}
"""And what they take, in basis points."""
ASKS = {
    # with the fee        100.1          100.3002       101.101
    "BINANCE": [("100", "1"), ("100.2", "2"), ("101", "5")],
    # with the fee       100.0998        100.8012
    "KRAKEN": [("99.9", "2"), ("100.6", "4")],
    "OKX": [("100.25", "1"), ("100.4", "3")],
}
Books = dict[str, list[tuple[str, str]]]


def route(
    quantity: str, lots: dict[str, str], books: Books | None = None, **fields: Any
) -> pb.RouteOrderResponse:
    """For a pair with these lots on the three venues."""
    state = RegistryState()
    ids = {}
    for venue, bps in VENUES.items():
        planner = RegistryPlanner(state)
        fees = pb.Venue(name=venue, maker_fee_bps=bps, taker_fee_bps=bps)
        planner.update_venue(pb.UpdateVenueRequest(venue=fees))
        line = pair(venue=VenueId[venue], lot_size=lots.get(venue, ""))
        entry, _ = planner.register_instrument(line)
        for change in planner.changes:
            state.apply(change.revision, change)
        ids[venue] = identity.to_message(entry.id)
    side = fields.setdefault("side", pb.ROUTE_SIDE_BUY)
    request = pb.RouteOrderRequest(instrument_id=ids["BINANCE"], quantity=quantity, **fields)
    for venue, offered in (books or ASKS).items():
        book = request.books.add(instrument_id=ids[venue])
        into = book.asks if side == pb.ROUTE_SIDE_BUY else book.bids
        for price, size in offered:
            into.add(price=price, quantity=size)
    return routing.route(state, VenueMetrics(), request, NOW)


def parts(answer: pb.RouteOrderResponse) -> dict[str, str]:
    return {VenueId(leg.venue).name: leg.quantity for leg in answer.legs}


def test_each_venue_gets_whole_lots() -> None:
    assert parts(route("10", {})) == {"KRAKEN": "3", "BINANCE": "3", "OKX": "4"}
    # the half of KRAKEN's second lot is had at 101 instead
    answer = route("10", {"KRAKEN": "2"})
    assert parts(answer) == {"KRAKEN": "2", "BINANCE": "4", "OKX": "4"}
    assert answer.unrouted_quantity == "0"


def test_a_lot_over_several_levels_costs_what_all_of_it_costs() -> None:
    lots = {"KRAKEN": "3"}  # 2 at 99.9 and 1 at 100.6 are 100.3336 each, with the fee
    assert parts(route("5", lots)) == {"BINANCE": "3", "OKX": "2"}
    # but less than 100.4, of which 3 are left by then
    assert parts(route("7", lots)) == {"BINANCE": "3", "KRAKEN": "3", "OKX": "1"}
    answer = route("18", lots)
    (kraken,) = (leg for leg in answer.legs if leg.venue == VenueId.KRAKEN)
    # a level of which a second lot is taken is one level still
    taken = [(each.price, each.quantity) for each in kraken.levels]
    assert taken == [("99.9", "2"), ("100.6", "4")]
    (choice,) = (each for each in answer.choices if each.venue == VenueId.KRAKEN)
    assert (choice.levels_taken, choice.taken) == (2, "6")


def test_what_fills_no_lot_remains_and_is_said() -> None:
    lots = dict.fromkeys(VENUES, "3")
    answer = route("10", lots)
    assert set(parts(answer).values()) == {"3"}
    assert answer.unrouted_quantity == "1"
    nothing = route("2", lots)
    assert (parts(nothing), nothing.unrouted_quantity) == ({}, "2")
    assert {each.excluded for each in nothing.choices} == {"LOT_SIZE"}
    one = route("5", lots, max_venues=1)
    assert sorted(each.excluded for each in one.choices) == ["", "MAX_VENUES", "MAX_VENUES"]
    assert one.unrouted_quantity == "2"


def test_a_lot_that_nobody_reaches_leaves_the_line_out_and_no_other() -> None:
    answer = route("1", {"KRAKEN": "1000"})
    assert parts(answer) == {"BINANCE": "1"}
    assert {each.excluded for each in answer.choices} == {""}  # nothing remained to be said


SIZES = st.decimals("0.1", "5", places=1)
BOOK = st.dictionaries(st.integers(90, 110), SIZES, min_size=1, max_size=4)


@pytest.mark.parametrize("side", [pb.ROUTE_SIDE_BUY, pb.ROUTE_SIDE_SELL])
@settings(max_examples=50, deadline=None)
@given(
    st.fixed_dictionaries(dict.fromkeys(VENUES, BOOK)),
    st.fixed_dictionaries(dict.fromkeys(VENUES, st.sampled_from(["", "0.3", "1", "2.5"]))),
    SIZES.map(lambda size: 3 * size),
)
def test_no_whole_lot_is_left_lying(
    side: int, books: dict[str, dict[int, Decimal]], lots: dict[str, str], wanted: Decimal
) -> None:
    falling = side == pb.ROUTE_SIDE_SELL
    made = {
        venue: [(str(price), str(book[price])) for price in sorted(book, reverse=falling)]
        for venue, book in books.items()
    }
    answer = route(str(wanted), lots, made, side=side)
    rest = Decimal(answer.unrouted_quantity)
    assert sum(Decimal(leg.quantity) for leg in answer.legs) + rest == wanted
    for each in answer.choices:
        lot = Decimal(lots[VenueId(each.venue).name] or "1e-8")
        taken, available = Decimal(each.taken), Decimal(each.available)
        assert taken % lot == 0
        assert rest < lot or available - taken < lot
