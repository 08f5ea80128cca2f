"""Venues: changes, fees by tier, sessions, measurements; and the router that lives on them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import VenueId
from alphapulse_mesh.registry import identity, routing
from alphapulse_mesh.registry.commands import RegistryPlanner
from alphapulse_mesh.registry.fees import quote_fees
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.sessions import sessions
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.registry.venue_metrics import KEPT, VenueMetrics, summary
from alphapulse_mesh.runtime.errors import (
    AlreadyExists,
    Conflict,
    FailedPrecondition,
    InvalidArgument,
    MeshError,
    NotFound,
    OutOfRange,
    UnknownInstrument,
)
from alphapulse_testing.registry import pair, stock

NOW = int(dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC).timestamp()) * 1_000_000_000
TIERS: Any = [
    {"min_volume": "1000", "maker_fee_bps": "5", "taker_fee_bps": "8.0"},
    {"min_volume": "50000.5", "maker_fee_bps": "-1", "taker_fee_bps": "4"},
]


class Registry:
    def __init__(self) -> None:
        self.state = RegistryState()
        self.ids: dict[str, pb.Instrument] = {}

    def commit(self, planner: RegistryPlanner) -> None:
        for change in planner.changes:
            self.state.apply(change.revision, change)

    def register(self, instrument: pb.Instrument) -> pb.Instrument:
        planner = RegistryPlanner(self.state)
        entry, _ = planner.register_instrument(instrument)
        self.commit(planner)
        return entry.message()

    def update(self, mask: str = "", expected: int = 0, **fields: Any) -> pb.Venue:
        request = pb.UpdateVenueRequest(venue=pb.Venue(**fields), expected_revision=expected)
        request.update_mask.paths.extend(mask.split(",") if mask else [])
        planner = RegistryPlanner(self.state)
        entry, _ = planner.update_venue(request)
        self.commit(planner)
        return entry.message

    def retire(self, key: str) -> pb.Venue:
        planner = RegistryPlanner(self.state)
        entry, _ = planner.retire_venue(key, 0, NOW)
        self.commit(planner)
        return entry.message


def refused(kind: type[MeshError], reason: Reason, call: Any) -> None:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.reason == reason


def test_a_venue_changes_and_is_the_same_after_a_snapshot() -> None:
    registry = Registry()
    kraken = registry.update(
        name="KRAKEN",
        country="US",
        endpoints=[
            {"protocol": pb.ENDPOINT_PROTOCOL_WEBSOCKET, "url": "wss://ws.example/v2"},
            {"protocol": pb.ENDPOINT_PROTOCOL_FIX, "url": "tls://fix.example:4433"},
        ],
        fee_tiers=TIERS,
    )
    assert kraken.venue == VenueId.KRAKEN
    assert kraken.fee_tiers[0].taker_fee_bps == "8"
    assert kraken.revision == registry.state.revision == 1
    moved = registry.update("mic,title", name="KRAKEN", mic="KRKN")
    assert (moved.mic, moved.title, moved.country) == ("KRKN", "", "US")
    assert registry.state.venue("KRKN") is registry.state.venue("KRAKEN")
    registry.update("mic", name="KRAKEN")
    assert registry.state.venue("KRKN") is None
    assert registry.state.revision == 3
    registry.update(name="KRAKEN", country="US")
    assert registry.state.revision == 3
    dump = registry.state.dump()
    loaded = RegistryState.load(dump)
    assert loaded.dump() == dump
    assert loaded.venues[VenueId.KRAKEN].message == registry.state.venues[VenueId.KRAKEN].message


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"kind": pb.VENUE_KIND_BROKER}, Reason.FIELD_IMMUTABLE),
        ({"chain_id": 5}, Reason.FIELD_IMMUTABLE),
        ({"mic": "xnas"}, Reason.VENUE_MIC_INVALID),
        ({"operating_mic": "X"}, Reason.VENUE_MIC_INVALID),
        ({"calendar": "no such!"}, Reason.VENUE_CALENDAR_INVALID),
        ({"status": 99}, Reason.VENUE_STATUS_UNKNOWN),
        ({"fee_currency": "U S D"}, Reason.VENUE_FEE_INVALID),
        ({"fee_tiers": TIERS[::-1]}, Reason.VENUE_TIERS_INVALID),
        ({"fee_tiers": [{"min_volume": "-1"}]}, Reason.VENUE_TIERS_INVALID),
        ({"fee_tiers": [{"min_volume": "1", "maker_fee_bps": "1"}]}, Reason.VENUE_TIERS_INVALID),
        ({"endpoints": [{"url": "https://a.example"}]}, Reason.VENUE_ENDPOINT_INVALID),
        (
            {"endpoints": [{"protocol": 1, "url": "ftp://a.example"}]},
            Reason.VENUE_ENDPOINT_INVALID,
        ),
        (
            {"endpoints": [{"protocol": 1, "url": "https://user:secret@a.example"}]},
            Reason.VENUE_ENDPOINT_INVALID,
        ),
        ({"endpoints": [{"protocol": 3, "url": "tcp://a.example"}]}, Reason.VENUE_ENDPOINT_INVALID),
    ],
)
def test_bad_venues_say_why(fields: dict[str, Any], reason: Reason) -> None:
    registry = Registry()
    refused(InvalidArgument, reason, lambda: registry.update(name="KRAKEN", **fields))
    assert registry.state.revision == 0


def test_what_else_refuses_a_change() -> None:
    registry = Registry()
    known = registry.update(name="KRAKEN", country="US")
    refused(
        Conflict,
        Reason.REVISION_CONFLICT,
        lambda: registry.update(name="KRAKEN", country="DE", expected=known.revision + 1),
    )
    refused(
        AlreadyExists, Reason.VENUE_CONFLICT, lambda: registry.update(name="KRAKEN", mic="XNYS")
    )
    refused(NotFound, Reason.VENUE_UNKNOWN, lambda: registry.update(name="NOWHERE", country="US"))


def test_a_venue_that_lists_nothing_can_be_retired() -> None:
    registry = Registry()
    known = registry.register(pair(venue=VenueId.KRAKEN))
    refused(FailedPrecondition, Reason.VENUE_IN_USE, lambda: registry.retire("KRAKEN"))
    planner = RegistryPlanner(registry.state)
    planner.delist_instrument(bytes.fromhex(known.id_text), pb.DelistInstrumentRequest(), NOW)
    registry.commit(planner)
    assert registry.retire("KRAKEN").retired
    revision = registry.state.revision
    assert registry.retire("KRAKEN").retired
    assert registry.state.revision == revision
    refused(
        FailedPrecondition,
        Reason.VENUE_RETIRED,
        lambda: registry.register(pair("ETH", venue=VenueId.KRAKEN)),
    )


@pytest.mark.parametrize(
    ("volume", "tier", "taker", "fee", "following"),
    [
        ("", -1, "10", "2", "1000"),
        ("999.99", -1, "10", "2", "1000"),
        ("1000", 0, "8", "1.6", "50000.5"),
        ("50000.5", 1, "4", "0.8", ""),
    ],
)
def test_fees_are_those_of_the_tier(
    volume: str, tier: int, taker: str, fee: str, following: str
) -> None:
    venue = Registry().update(name="KRAKEN", maker_fee_bps="6", taker_fee_bps="10", fee_tiers=TIERS)
    answer = quote_fees(venue, pb.QuoteFeesRequest(volume=volume, notional="2000"))
    assert (answer.tier, answer.taker_fee_bps, answer.taker_fee) == (tier, taker, fee)
    assert answer.next_tier_volume == following
    assert Decimal(answer.maker_fee) == 2000 * Decimal(answer.maker_fee_bps) / 10_000


def test_bad_fee_questions_say_why() -> None:
    venue = pb.Venue(name="X", fee_tiers=TIERS)
    refused(
        FailedPrecondition,
        Reason.VENUE_FEES_UNKNOWN,
        lambda: quote_fees(venue, pb.QuoteFeesRequest()),
    )
    for text in ("-1", "1e3", "NaN", "1_000", " 1"):
        refused(
            InvalidArgument,
            Reason.AMOUNT_INVALID,
            lambda text=text: quote_fees(venue, pb.QuoteFeesRequest(volume=text)),
        )


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> int:
    return int(dt.datetime(year, month, day, hour, minute, tzinfo=dt.UTC).timestamp()) * 10**9


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_sessions_of_new_york() -> None:
    venues = RegistryState().venues
    nasdaq = venues[VenueId.NASDAQ].message
    friday = sessions(nasdaq, at(2024, 3, 1, 15))
    assert (friday.calendar, friday.open, friday.time_zone) == ("XNYS", True, "America/New_York")
    assert friday.next_close.ToNanoseconds() == at(2024, 3, 1, 21)
    assert friday.next_open.ToNanoseconds() == at(2024, 3, 4, 14, 30)
    assert not sessions(nasdaq, at(2024, 3, 1, 21)).open
    assert sessions(nasdaq, at(2024, 3, 1, 14, 30)).open
    after_the_change_of_clocks = sessions(nasdaq, at(2024, 3, 10, 12))
    assert after_the_change_of_clocks.next_open.ToNanoseconds() == at(2024, 3, 11, 13, 30)
    early = sessions(nasdaq, at(2024, 7, 3, 15))
    assert early.next_close.ToNanoseconds() == at(2024, 7, 3, 17)
    refused(OutOfRange, Reason.SESSION_OUT_OF_RANGE, lambda: sessions(nasdaq, at(1975, 1, 1)))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_sessions_elsewhere() -> None:
    venues = RegistryState().venues
    assert sessions(venues[VenueId.BINANCE].message, NOW).always_open
    for venue in (
        pb.Venue(name="B", kind=pb.VENUE_KIND_BROKER),
        pb.Venue(name="C", calendar="NOSUCH"),
    ):
        refused(NotFound, Reason.VENUE_CALENDAR_UNKNOWN, lambda venue=venue: sessions(venue, NOW))


def metric(second: int, **fields: Any) -> pb.VenueMetric:
    one = pb.VenueMetric(**fields)
    one.time.FromNanoseconds(NOW - (1000 - second) * 1_000_000_000)
    return one


def test_measurements_are_a_bounded_series_in_the_order_of_time() -> None:
    metrics = VenueMetrics()
    status = metrics.report(1, [metric(2, latency_ns=30, status=1), metric(1, latency_ns=10)])
    assert status == pb.VENUE_STATUS_OPEN
    assert metrics.report(1, [metric(0, status=6)]) == 0  # older than what is known
    found = metrics.of(1, 0, NOW)
    assert [one.latency_ns for one in found] == [0, 10, 30]
    answer = summary(found)
    assert answer.median_latency_ns == 20
    assert answer.health_score == 5000
    for start in range(0, KEPT + 1000, 1000):
        metrics.report(1, [metric(3 + start + i) for i in range(1000)])
    assert metrics.count(1) == KEPT
    assert summary([]) == pb.GetVenueMetricsResponse()


def test_bad_measurements_say_why() -> None:
    metrics = VenueMetrics()
    refused(InvalidArgument, Reason.REQUEST_EMPTY, lambda: metrics.report(1, []))
    refused(
        InvalidArgument,
        Reason.BATCH_TOO_LARGE,
        lambda: metrics.report(1, [metric(0)] * 1001),
    )
    for bad in (
        pb.VenueMetric(),
        metric(1, liquidity_score=10_001),
        metric(1, reliability_score=10_001),
        metric(1, error_ppm=1_000_001),
        metric(1, status=77),
    ):
        refused(
            InvalidArgument,
            Reason.METRIC_INVALID,
            lambda bad=bad: metrics.report(1, [metric(0), bad]),
        )
    assert metrics.count(1) == 0


# ------------------------------------------------------------------------------------------ routing


class Market(Registry):
    """BTC/USDT on three venues with fees of 10, 20 and 0 basis points."""

    def __init__(self) -> None:
        super().__init__()
        self.metrics = VenueMetrics()
        for venue, fee in (("BINANCE", "10"), ("KRAKEN", "20"), ("OKX", "0")):
            self.update(name=venue, maker_fee_bps="0", taker_fee_bps=fee)
            self.ids[venue] = self.register(pair(venue=VenueId[venue]))

    def book(self, venue: str, *levels: tuple[str, str], side: str = "asks") -> pb.RouteBook:
        made = [pb.RouteLevel(price=price, quantity=quantity) for price, quantity in levels]
        return pb.RouteBook(instrument_id=self.ids[venue].id, **{side: made})  # type: ignore[arg-type]  # one of two

    def route(self, *books: pb.RouteBook, **fields: Any) -> pb.RouteOrderResponse:
        request = pb.RouteOrderRequest(
            **{
                "instrument_id": self.ids["BINANCE"].id,
                "side": pb.ROUTE_SIDE_BUY,
                "quantity": "1",
                "books": books,
                **fields,
            }
        )
        return routing.route(self.state, self.metrics, request, NOW)


def legs(answer: pb.RouteOrderResponse) -> list[tuple[str, str]]:
    return [(VenueId(leg.venue).name, leg.quantity) for leg in answer.legs]


def test_fees_decide_between_equal_prices() -> None:
    market = Market()
    books = [market.book(venue, ("100", "5")) for venue in ("BINANCE", "KRAKEN", "OKX")]
    answer = market.route(*books)
    assert legs(answer) == [("OKX", "1")]
    assert [(c.effective_price, c.chosen) for c in answer.choices] == [
        ("100", True),
        ("100.1", False),
        ("100.2", False),
    ]


def test_a_split_takes_the_cheapest_levels_everywhere() -> None:
    market = Market()
    books = [
        market.book("BINANCE", ("100", "1"), ("101", "5")),
        market.book("KRAKEN", ("100.05", "2")),
        market.book("OKX", ("100.5", "1")),
    ]
    answer = market.route(*books, quantity="4.5")
    assert legs(answer) == [("BINANCE", "1.5"), ("KRAKEN", "2"), ("OKX", "1")]
    first = answer.legs[0]
    assert (first.limit_price, first.average_price) == ("101", "100.33333333")
    assert first.fee == "0.1505"
    assert answer.unrouted_quantity == "0"
    one = market.route(*books, quantity="4.5", max_venues=1)
    assert legs(one) == [("BINANCE", "4.5")]
    limited = market.route(*books, quantity="4.5", limit_price="100.1")
    assert legs(limited) == [("BINANCE", "1"), ("KRAKEN", "2")]
    assert limited.unrouted_quantity == "1.5"
    assert {c.excluded for c in limited.choices} == {"", "NO_LIQUIDITY"}


def test_selling_takes_the_highest_bids() -> None:
    market = Market()
    answer = market.route(
        market.book("BINANCE", ("100", "1"), side="bids"),
        market.book("OKX", ("99.95", "1"), side="bids"),
        side=pb.ROUTE_SIDE_SELL,
    )
    assert legs(answer) == [("OKX", "1")]  # 99.95 without a fee is more than 100 less 0.1


def test_urgency_weighs_latency_and_failures() -> None:
    market = Market()
    market.metrics.report(
        VenueId.OKX, [metric(0, latency_ns=2_000_000_000, reliability_score=9000)]
    )
    books = [market.book("BINANCE", ("100", "1")), market.book("OKX", ("100", "1"))]
    patient = market.route(*books, urgency=pb.ROUTE_URGENCY_PATIENT)
    assert legs(patient) == [("OKX", "1")]
    urgent = market.route(*books, urgency=pb.ROUTE_URGENCY_IMMEDIATE)
    assert legs(urgent) == [("BINANCE", "1")]
    slow = urgent.choices[1]
    assert (slow.latency_ns, slow.reliability_score) == (2_000_000_000, 9000)
    assert slow.penalty_bps == "30"


@pytest.mark.parametrize(
    ("status", "excluded"),
    [
        (pb.VENUE_STATUS_DOWN, "VENUE_DOWN"),
        (pb.VENUE_STATUS_HALTED, "VENUE_HALTED"),
        (pb.VENUE_STATUS_CLOSED, "VENUE_CLOSED"),
    ],
)
def test_a_shut_venue_gets_nothing(status: pb.VenueStatus.ValueType, excluded: str) -> None:
    market = Market()
    market.update(name="OKX", status=status)
    answer = market.route(
        market.book("OKX", ("90", "9")),
        market.book("BINANCE", ("100", "1")),
    )
    assert legs(answer) == [("BINANCE", "1")]
    assert [c.excluded for c in answer.choices] == ["", excluded]


def test_unknown_fees_exclude_a_venue() -> None:
    market = Market()
    market.ids["GATE"] = market.register(pair(venue=VenueId.GATE))
    answer = market.route(market.book("GATE", ("90", "9")))
    assert not answer.legs
    assert answer.unrouted_quantity == "1"
    assert answer.choices[0].excluded == "FEES_UNKNOWN"


def test_bad_routes_say_why() -> None:
    market = Market()
    good = market.book("OKX", ("100", "1"))
    market.ids["OTHER"] = market.register(stock())
    bad: list[tuple[Reason, tuple[pb.RouteBook, ...], dict[str, Any]]] = [
        (Reason.ROUTE_INVALID, (good,), {"side": 0}),
        (Reason.ROUTE_INVALID, (good,), {"urgency": 9}),
        (Reason.ROUTE_INVALID, (good,), {"quantity": ""}),
        (Reason.AMOUNT_INVALID, (good,), {"quantity": "-1"}),
        (Reason.ROUTE_INVALID, (), {}),
        (Reason.ROUTE_INVALID, (good, good), {}),
        (Reason.ROUTE_INVALID, (market.book("OTHER", ("1", "1")),), {}),
        (Reason.ROUTE_INVALID, (market.book("OKX", ("2", "1"), ("1", "1")),), {}),
        (Reason.ROUTE_INVALID, (market.book("OKX", ("2", "0")),), {}),
    ]
    for reason, books, fields in bad:
        refused(
            InvalidArgument,
            reason,
            lambda books=books, fields=fields: market.route(*books, **fields),
        )
    refused(
        UnknownInstrument,
        Reason.INSTRUMENT_UNKNOWN,
        lambda: market.route(good, instrument_id=identity.to_message(b"\x07" * 16)),
    )


BOOKS = st.lists(
    st.lists(st.tuples(st.integers(90, 110), st.integers(1, 5)), min_size=1, max_size=4),
    min_size=1,
    max_size=3,
)


@settings(max_examples=60, deadline=None)
@given(BOOKS, st.integers(1, 20))
def test_no_unit_could_be_had_cheaper(books: list[list[tuple[int, int]]], wanted: int) -> None:
    market = Market()
    fees = {"BINANCE": 10, "KRAKEN": 20, "OKX": 0}
    units: list[Decimal] = []
    made = []
    for venue, levels in zip(fees, books, strict=False):
        levels.sort()
        made.append(market.book(venue, *((str(p), str(q)) for p, q in levels)))
        for price, size in levels:
            units += [price * (1 + Decimal(fees[venue]) / 10_000)] * size
    answer = market.route(*made, quantity=str(wanted))
    filled = sum(Decimal(leg.quantity) for leg in answer.legs)
    assert filled == min(wanted, len(units))
    assert filled + Decimal(answer.unrouted_quantity) == wanted
    cost = sum(
        Decimal(leg.average_price) * Decimal(leg.quantity) + Decimal(leg.fee) for leg in answer.legs
    )
    cheapest = sum(sorted(units)[:wanted], Decimal(0))
    assert abs(cost - cheapest) < Decimal("1e-6") * max(1, wanted)
