"""Routing over live books: what is kept of a feed of levels, and splits reckoned by hand."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import frames
from alphapulse_client.subscription import Batch, Gap
from alphapulse_layout import BookAction, BookFlag, MessageType, Side, VenueId
from alphapulse_mesh.registry import identity, routing
from alphapulse_mesh.registry.commands import RegistryPlanner
from alphapulse_mesh.registry.live_books import _KEPT_LEVELS, BookFollower, Depth, LiveBooks
from alphapulse_mesh.registry.quotes import STALE_NS, LiveQuotes
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.registry.venue_metrics import VenueMetrics
from alphapulse_mesh.runtime.errors import InvalidArgument
from alphapulse_testing.registry import APPLE_ISIN, APPLE_SHARE_CLASS, pair, stock

E8 = 100_000_000
NOW = 1_700_000_000_000_000_000
SECOND = 1_000_000_000
VALID, LAST = BookFlag.VALID, BookFlag.LAST_IN_EVENT
CLEAR = (0, 0, 0, BookAction.CLEAR, VALID)
LOST = (0, 0, 0, BookAction.CLEAR, LAST)
Row = tuple[int, int, int, int, int]
ONE, TWO = b"\x01" * 16, b"\x02" * 16


def bid(price: float, size: float, flags: int = VALID) -> Row:
    return (Side.BUY, round(price * E8), round(size * E8), BookAction.SET, flags)


def ask(price: float, size: float, flags: int = VALID) -> Row:
    return (Side.SELL, round(price * E8), round(size * E8), BookAction.SET, flags)


def levels(instrument_id: bytes, *made: Row, at: int = NOW) -> frames.Rows:
    """Rows of one instrument; the last one ends the event."""
    rows = frames.rows(MessageType.ORDER_BOOK, len(made))
    rows["instrument_id"] = np.frombuffer(instrument_id, rows.dtype["instrument_id"])
    for name, values in zip(
        ("side", "price", "size", "action", "flags"), zip(*made, strict=True), strict=True
    ):
        rows[name] = values
    rows["flags"][-1] |= LAST
    rows["receive_time"] = at
    return rows


def depth(books: LiveBooks, instrument_id: bytes = ONE, count: int = 10) -> Any:
    found = books.depth(instrument_id, count)
    return (
        None
        if found is None
        else ([p // E8 for p, _ in found.bids], [p // E8 for p, _ in found.asks])
    )


# ------------------------------------------------------------------------------------------- books


def test_a_book_is_its_snapshot_and_what_changes_it() -> None:
    books = LiveBooks()
    books.take(levels(ONE, bid(1, 1)))
    assert depth(books) is None  # a change of a book that nobody has seen begin
    books.take(levels(ONE, CLEAR, bid(99, 1), bid(98, 2), ask(101, 1), ask(102, 2)))
    assert depth(books) == ([99, 98], [101, 102])
    books.take(levels(ONE, bid(99, 0), bid(97, 3), ask(100, 1), ask(105, 0)))
    assert depth(books) == ([98, 97], [100, 101, 102])
    assert depth(books, count=1) == ([98], [100])
    found = books.depth(ONE, 5)
    assert found == Depth(
        [(98 * E8, 2 * E8), (97 * E8, 3 * E8)],
        [(100 * E8, E8), (101 * E8, E8), (102 * E8, 2 * E8)],
        NOW,
    )
    books.take(levels(ONE, LOST))
    assert depth(books) is None
    books.take(levels(ONE, bid(99, 1)))
    assert depth(books) is None
    books.take(levels(ONE, CLEAR, bid(90, 1)))
    assert depth(books) == ([90], [])


def test_books_of_one_frame_are_apart_and_an_event_is_whole_or_not_shown() -> None:
    books = LiveBooks()
    rows = np.concatenate(
        [
            levels(ONE, CLEAR, bid(9, 1)),
            levels(TWO, CLEAR, bid(8, 1)),
            levels(ONE, ask(10, 1)),
        ]
    )
    books.take(rows)
    assert (depth(books), depth(books, TWO)) == (([9], [10]), ([8], []))
    part = levels(ONE, bid(9, 0), bid(7, 1))
    part["flags"][-1] = VALID  # the event goes on in the next frame
    books.take(part)
    assert depth(books) is None
    books.take(levels(ONE, ask(11, 1)))
    assert depth(books) == ([7], [10, 11])
    books.take(rows[:0])
    books.forget()
    assert len(books) == 0


def test_a_deep_book_keeps_its_best_levels_and_claims_no_more() -> None:
    books = LiveBooks()
    count = 2 * _KEPT_LEVELS + 1
    prices = list(range(1, count + 1))
    random.Random(7).shuffle(prices)  # an order, no secret
    books.take(levels(ONE, CLEAR, *(ask(price, 1) for price in prices)))
    found = books.depth(ONE, count)
    assert found is not None
    shown = [price // E8 for price, _ in found.asks]
    # whatever the order, the best that were kept are shown without a hole
    assert shown == list(range(1, len(shown) + 1))
    assert len(shown) >= _KEPT_LEVELS
    books.take(levels(ONE, ask(count + 5, 1), ask(1, 0), ask(0.5, 2)))
    after = books.depth(ONE, count)
    assert after is not None
    assert after.asks[0] == (E8 // 2, 2 * E8)
    assert after.asks[-1][0] == shown[-1] * E8  # nothing is claimed beyond a hole


def test_a_hole_in_the_feed_ends_what_is_known() -> None:
    follower = BookFollower(LiveBooks(), "unused")
    assert follower.take(Batch([], delivered_sequence=1))
    assert not follower.take(Batch([], [Gap(2, 3, "SLOW_CONSUMER")], delivered_sequence=3))


# ----------------------------------------------------------------------------------------- routing


@dataclass
class Market:
    """A pair on three venues with fees of 10, 20 and 0 basis points, and live books."""

    state: RegistryState = field(default_factory=RegistryState)
    metrics: VenueMetrics = field(default_factory=VenueMetrics)
    ids: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.live = LiveQuotes(self.state, levels=10)
        for venue, fee in (("BINANCE", "10"), ("KRAKEN", "20"), ("OKX", "0")):
            self.fees(venue, fee)
            self.ids[venue] = self.register(pair(venue=VenueId[venue]))

    def register(self, instrument: pb.Instrument) -> bytes:
        planner = RegistryPlanner(self.state)
        entry, _ = planner.register_instrument(instrument)
        self.apply(planner)
        return entry.id

    def fees(self, venue: str, bps: str, *tiers: tuple[str, str]) -> None:
        planner = RegistryPlanner(self.state)
        made = pb.Venue(name=venue, maker_fee_bps=bps, taker_fee_bps=bps)
        for volume, tier_bps in tiers:
            made.fee_tiers.add(min_volume=volume, maker_fee_bps=tier_bps, taker_fee_bps=tier_bps)
        planner.update_venue(pb.UpdateVenueRequest(venue=made))
        self.apply(planner)

    def apply(self, planner: RegistryPlanner) -> None:
        for change in planner.changes:
            self.state.apply(change.revision, change)

    def book(self, venue: str, *rows: Row, at: int = NOW) -> None:
        self.live.depths.take(levels(self.ids[venue], CLEAR, *rows, at=at))

    def quote(self, venue: str, sides: tuple[float, float], size: float = 1, **fields: int) -> None:
        rows = frames.rows(MessageType.QUOTE, 1)
        rows["instrument_id"] = np.frombuffer(self.ids[venue], rows.dtype["instrument_id"])
        rows["bid_price"], rows["ask_price"] = (round(side * E8) for side in sides)
        rows["bid_size"] = rows["ask_size"] = round(size * E8)
        rows["receive_time"] = NOW
        for name, value in fields.items():
            rows[name] = value
        self.live.take(rows)

    def route(self, quantity: str, **fields: Any) -> pb.RouteOrderResponse:
        request = pb.RouteOrderRequest(
            **{
                "instrument_id": identity.to_message(self.ids["BINANCE"]),
                "side": pb.ROUTE_SIDE_BUY,
                "quantity": quantity,
                **fields,
            }
        )
        return routing.route(self.state, self.metrics, request, NOW, self.live)


def legs(answer: pb.RouteOrderResponse) -> dict[str, tuple[str, str, str]]:
    return {
        VenueId(leg.venue).name: (leg.quantity, leg.limit_price, leg.average_price)
        for leg in answer.legs
    }


def choice(answer: pb.RouteOrderResponse, venue: str) -> pb.RouteChoice:
    (found,) = (each for each in answer.choices if each.venue == VenueId[venue])
    return found


@pytest.fixture
def market() -> Market:
    """Asks, each with what it costs with the fee:

    BINANCE (10 bps)  100 x 1 = 100.1     100.2 x 2 = 100.3002   101 x 5 = 101.101
    KRAKEN  (20 bps)   99.9 x 2 = 100.0998  100.6 x 4 = 100.8012
    OKX     (none)    100.25 x 1 = 100.25   100.4 x 3 = 100.4
    """
    made = Market()
    made.book("BINANCE", ask(100, 1), ask(100.2, 2), ask(101, 5), bid(99, 1))
    made.book("KRAKEN", ask(99.9, 2), ask(100.6, 4), bid(98, 1))
    made.book("OKX", ask(100.25, 1), ask(100.4, 3), bid(97, 1))
    return made


def test_a_small_order_goes_to_one_level_and_a_large_one_across_levels_and_venues(
    market: Market,
) -> None:
    assert legs(market.route("1.5")) == {"KRAKEN": ("1.5", "99.9", "99.9")}
    # 2 at 99.9, 1 at 100, 1 at 100.25, 2 at 100.2, 3 at 100.4, then 1 of 4 at 100.6
    answer = market.route("10")
    assert legs(answer) == {
        "KRAKEN": ("3", "100.6", "100.13333333"),  # (2 x 99.9 + 100.6) / 3
        "BINANCE": ("3", "100.2", "100.13333333"),  # (100 + 2 x 100.2) / 3
        "OKX": ("4", "100.4", "100.3625"),  # (100.25 + 3 x 100.4) / 4
    }
    assert answer.unrouted_quantity == "0"
    (kraken,) = (leg for leg in answer.legs if leg.venue == VenueId.KRAKEN)
    taken = [(level.price, level.quantity) for level in kraken.levels]
    assert taken == [("99.9", "2"), ("100.6", "1")]
    assert kraken.fee == "0.6008"  # 300.4 at 20 bps
    # all there is: 8 on BINANCE, 6 on KRAKEN, 4 on OKX
    assert market.route("20").unrouted_quantity == "2"


def test_every_choice_says_what_it_was_judged_by(market: Market) -> None:
    answer = market.route("10", urgency=pb.ROUTE_URGENCY_PATIENT)
    binance = choice(answer, "BINANCE")
    assert (binance.levels, binance.levels_taken, binance.taken) == (3, 2, "3")
    assert (binance.price, binance.effective_price, binance.available) == ("100", "100.1", "8")
    assert (binance.fee_bps, binance.fee_tier, binance.volume) == ("10", -1, "0")
    assert (binance.currency, binance.rate) == ("USDT", "1")
    assert binance.book_source == pb.BOOK_SOURCE_LIVE_DEPTH
    assert binance.book_age_ns == 0
    assert [VenueId(each.venue).name for each in answer.choices] == ["KRAKEN", "BINANCE", "OKX"]


def test_depth_says_how_deep_to_look(market: Market) -> None:
    answer = market.route("10", depth=1)  # 1 + 2 + 1 at the tops
    assert {venue: leg[0] for venue, leg in legs(answer).items()} == {
        "BINANCE": "1",
        "KRAKEN": "2",
        "OKX": "1",
    }
    assert answer.unrouted_quantity == "6"
    assert {each.levels for each in answer.choices} == {1}


def test_selling_takes_the_bids_from_above(market: Market) -> None:
    answer = market.route("2", side=pb.ROUTE_SIDE_SELL)
    # 99 less 10 bps is 98.901, 98 less 20 bps 97.804, 97 without a fee 97
    assert legs(answer) == {"BINANCE": ("1", "99", "99"), "KRAKEN": ("1", "98", "98")}


def test_the_callers_volume_decides_the_tier(market: Market) -> None:
    market.fees("KRAKEN", "20", ("1000000", "4"))
    market.fees("BINANCE", "10", ("500000", "8"), ("1000000", "1"))
    answer = market.route("3", volume="600000")
    assert [(choice(answer, v).fee_bps, choice(answer, v).fee_tier) for v in market.ids] == [
        ("8", 0),
        ("20", -1),
        ("0", -1),
    ]
    # on one venue by name it is more: 100 at 1 bp is 100.01, before 99.9 at 20 bps = 100.0998
    answer = market.route("1", volumes=[pb.VenueVolume(venue="BINANCE", volume="2000000")])
    assert legs(answer) == {"BINANCE": ("1", "100", "100")}
    assert (choice(answer, "BINANCE").fee_tier, choice(answer, "BINANCE").volume) == (1, "2000000")
    assert choice(answer, "KRAKEN").volume == "0"
    # a book of the request says it itself
    book = pb.RouteBook(
        instrument_id=identity.to_message(market.ids["KRAKEN"]),
        asks=[pb.RouteLevel(price="100", quantity="1")],
        volume="1000000",
    )
    own = market.route("1", books=[book], volume="5")
    assert (own.choices[0].fee_bps, own.choices[0].fee_tier) == ("4", 0)
    assert own.choices[0].book_source == pb.BOOK_SOURCE_REQUEST


def test_a_newer_quote_is_the_top_of_its_book(market: Market) -> None:
    # 100 and 100.2 have gone since: the quote is newer than the book
    market.quote("BINANCE", (99.5, 100.3), size=4, receive_time=NOW + 1)
    answer = market.route("6", books=[], depth=2, side=pb.ROUTE_SIDE_BUY)
    binance = choice(answer, "BINANCE")
    assert (binance.price, binance.available) == ("100.3", "9")  # 4 at 100.3, 5 at 101
    # an older one is not looked at
    market.quote("KRAKEN", (90, 91), receive_time=NOW - 1)
    assert choice(market.route("1"), "KRAKEN").price == "99.9"


def test_without_a_book_the_quote_counts_and_stale_ones_do_not(market: Market) -> None:
    market.live.depths.take(levels(market.ids["OKX"], LOST))
    market.quote("OKX", (99, 99.5), size=7)
    answer = market.route("7")
    assert legs(answer) == {"OKX": ("7", "99.5", "99.5")}
    assert choice(answer, "OKX").book_source == pb.BOOK_SOURCE_LIVE_QUOTE
    # the collector says that the connection behind it is lost
    market.quote("OKX", (99, 99.5), size=7, flags=4)
    assert {VenueId(each.venue).name for each in market.route("1").choices} == {"BINANCE", "KRAKEN"}
    # a book that nothing was heard of for too long
    market.book("KRAKEN", ask(1, 1), at=NOW - STALE_NS - 1)
    assert {VenueId(each.venue).name for each in market.route("1").choices} == {"BINANCE"}
    market.quote("KRAKEN", (99, 99.8))  # but its quotes still come
    answer = market.route("1")
    assert choice(answer, "KRAKEN").price == "99.8"
    assert choice(answer, "KRAKEN").book_source == pb.BOOK_SOURCE_LIVE_DEPTH


def test_answers_of_the_venue_count_before_the_feeds_latency(market: Market) -> None:
    one = pb.VenueMetric(latency_ns=SECOND // 100, status=pb.VENUE_STATUS_OPEN)
    two = pb.VenueMetric(order_ack_latency_ns=2 * SECOND, orders=4, reject_ppm=500_000)
    for each in (one, two):
        each.time.FromNanoseconds(NOW - SECOND)
    market.metrics.report(VenueId.KRAKEN, [one, two])
    kraken = choice(market.route("1", urgency=pb.ROUTE_URGENCY_NORMAL), "KRAKEN")
    assert (kraken.latency_ns, kraken.order_ack_latency_ns) == (SECOND // 100, 2 * SECOND)
    assert (kraken.latency_penalty_bps, kraken.failure_penalty_bps) == ("2", "5")
    assert (kraken.penalty_bps, kraken.reject_ppm) == ("7", 500_000)
    assert kraken.effective_price == "100.16973"  # 99.9 and 27 bps
    assert not kraken.chosen


def test_lines_in_other_currencies_are_compared_at_a_rate() -> None:
    market = Market()
    for venue in ("NASDAQ", "XETRA"):
        market.fees(venue, "0")
    both: dict[str, Any] = {"isin": APPLE_ISIN, "share_class_figi": APPLE_SHARE_CLASS}
    market.ids["NASDAQ"] = market.register(
        stock("AAPL", VenueId.NASDAQ, quote_currency="USD", **both)
    )
    market.ids["XETRA"] = market.register(stock("APC", VenueId.XETRA, quote_currency="EUR", **both))
    market.book("NASDAQ", ask(110, 1), ask(112, 9))
    market.book("XETRA", ask(100, 1), ask(101, 9))
    ask_for: dict[str, Any] = {"instrument_id": identity.to_message(market.ids["NASDAQ"])}
    answer = market.route("2", **ask_for)
    assert legs(answer) == {"NASDAQ": ("2", "112", "111")}
    assert choice(answer, "XETRA").excluded == "RATE_UNKNOWN"
    # at 1.105 dollars a euro 100 is 110.5 and 101 is 111.605
    rates = [pb.CurrencyRate(source="EUR", target="USD", rate="1.105")]
    answer = market.route("3", rates=rates, **ask_for)
    assert legs(answer) == {"NASDAQ": ("1", "110", "110"), "XETRA": ("2", "101", "100.5")}
    xetra = choice(answer, "XETRA")
    assert (xetra.currency, xetra.rate, xetra.effective_price) == ("EUR", "1.105", "110.5")
    # the limit is in the instrument's currency
    answer = market.route("3", rates=rates, limit_price="111", **ask_for)
    assert legs(answer) == {"NASDAQ": ("1", "110", "110"), "XETRA": ("1", "100", "100")}
    # the same rate from the other side, and a live one
    turned = [pb.CurrencyRate(source="USD", target="EUR", rate="0.8")]
    assert choice(market.route("1", rates=turned, **ask_for), "XETRA").rate == "1.25"
    market.ids["EURUSD"] = market.register(
        pb.Instrument(
            asset_type=common_pb2.ASSET_TYPE_FX_PAIR, base_currency="EUR", quote_currency="USD"
        )
    )
    market.quote("EURUSD", (1.0, 1.02))
    assert choice(market.route("1", **ask_for), "XETRA").effective_price == "101"


def test_bad_questions_say_why(market: Market) -> None:
    for fields in (
        {"volume": "x"},
        {"rates": [pb.CurrencyRate(source="EUR", target="USD", rate="0")]},
        {"rates": [pb.CurrencyRate(target="USD", rate="1")]},
        {"rates": [pb.CurrencyRate(source="A", target="B", rate="1")] * 101},
        {"volumes": [pb.VenueVolume(venue="BINANCE", volume="1")] * 101},
    ):
        with pytest.raises(InvalidArgument):
            market.route("1", **fields)


def test_what_a_split_costs_is_the_least(market: Market) -> None:
    """The cost of a unit of a level is the same for each, so the least is the cheapest units."""
    costs = sorted(
        price * (1 + Decimal(fee) / 10_000)
        for price, size, fee in (
            (Decimal(100), 1, 10), (Decimal("100.2"), 2, 10), (Decimal(101), 5, 10),
            (Decimal("99.9"), 2, 20), (Decimal("100.6"), 4, 20),
            (Decimal("100.25"), 1, 0), (Decimal("100.4"), 3, 0),
        )
        for _ in range(size)
    )  # fmt: skip
    for quantity in range(1, 19):
        answer = market.route(str(quantity))
        paid = sum(
            Decimal(level.price) * Decimal(level.quantity)
            for leg in answer.legs
            for level in leg.levels
        ) + sum(Decimal(leg.fee) for leg in answer.legs)
        assert paid == sum(costs[:quantity])


def test_pence_are_hundredths_of_pounds() -> None:
    market = Market()
    both: dict[str, Any] = {"isin": APPLE_ISIN, "share_class_figi": APPLE_SHARE_CLASS}
    lines = (("LSE", "GBX"), ("XETRA", "EUR"), ("NASDAQ", "GBP"))
    for number, (venue, currency) in enumerate(lines):
        market.fees(venue, "0")
        line = stock(f"AAPL{number}", VenueId[venue], quote_currency=currency, **both)
        market.ids[venue] = market.register(line)
    market.book("LSE", ask(8070, 1), ask(8080, 9))
    market.book("XETRA", ask(95, 1), ask(96, 9))
    market.book("NASDAQ", ask(80, 1), ask(90, 9))
    # 95 euros at 0.85 are 80.75 pounds, 8075 pence; 80 pounds are 8000 pence
    rates = [pb.CurrencyRate(source="EUR", target="GBP", rate="0.85")]
    answer = market.route("4", instrument_id=identity.to_message(market.ids["LSE"]), rates=rates)
    assert legs(answer) == {
        "NASDAQ": ("1", "80", "80"),
        "LSE": ("2", "8080", "8075"),
        "XETRA": ("1", "95", "95"),
    }
    found = choice(answer, "XETRA")
    assert (found.currency, found.rate, found.effective_price) == ("EUR", "85", "8075")
