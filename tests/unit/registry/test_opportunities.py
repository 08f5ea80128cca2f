"""Cross-venue opportunities and live books, by hand-made quotes."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import frames
from alphapulse_client.context import new_context
from alphapulse_layout import MessageType, VenueId
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.commands import RegistryPlanner
from alphapulse_mesh.registry.fees import price_unit
from alphapulse_mesh.registry.opportunities import Opportunities, opportunity_frame
from alphapulse_mesh.registry.quotes import STALE_NS, LiveQuotes
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_testing.registry import APPLE_ISIN, APPLE_SHARE_CLASS, pair, perpetual, stock

if TYPE_CHECKING:
    from collections.abc import Sequence

NOW = 1_700_000_000_000_000_000
E8 = 100_000_000


class World:
    """A registry with quotes."""

    def __init__(self) -> None:
        self.state = RegistryState()
        self.quotes = LiveQuotes(self.state)
        self.found = Opportunities(self.state, self.quotes)

    def register(self, instrument: pb.Instrument) -> bytes:
        planner = RegistryPlanner(self.state)
        entry, _ = planner.register_instrument(instrument)
        for change in planner.changes:
            self.state.apply(change.revision, change)
        return entry.id

    def fees(self, venue: int, bps: str) -> None:
        planner = RegistryPlanner(self.state)
        name = self.state.venues[venue].message.name
        planner.update_venue(
            pb.UpdateVenueRequest(
                venue=pb.Venue(name=name, maker_fee_bps=bps, taker_fee_bps=bps),
            )
        )
        for change in planner.changes:
            self.state.apply(change.revision, change)

    def quote(
        self, instrument_id: bytes, bid: float, ask: float, size: float = 1, at: int = NOW
    ) -> list[bytes]:
        rows = frames.rows(MessageType.QUOTE, 1)
        rows["instrument_id"] = np.frombuffer(instrument_id, rows.dtype["instrument_id"])
        rows["bid_price"], rows["ask_price"] = round(bid * E8), round(ask * E8)
        rows["bid_size"] = rows["ask_size"] = round(size * E8)
        rows["exchange_time"] = rows["receive_time"] = at
        return self.quotes.take(rows)


@pytest.fixture
def world() -> World:
    made = World()
    for venue in (VenueId.BINANCE, VenueId.KRAKEN, VenueId.BINANCE_FUTURES):
        made.fees(venue, "10")
    return made


def told(world: World, moved: Sequence[bytes], now: int = NOW) -> list[tuple[bytes, bytes, int]]:
    return [(each.a.id, each.b.id, int(each.bps)) for each in world.found.move(moved, now)]


def test_the_same_pair_on_two_venues_net_of_fees(world: World) -> None:
    one = world.register(pair())
    two = world.register(pair(venue=VenueId.KRAKEN, symbol="BTC/USDT"))
    world.quote(one, 99, 100)
    # 101 / 100 is 100 basis points, of which each side takes 10
    [(bought, sold, bps)] = told(world, world.quote(two, 101, 102))
    assert (bought, sold) == (one, two)
    expected = (Decimal(101) * (1 - Decimal("0.001"))) / (Decimal(100) * (1 + Decimal("0.001"))) - 1
    assert bps == int(expected * 10_000)
    # the same prices again are no news; a better one is; one that fees eat is none
    assert told(world, world.quote(two, 101, 102)) == []
    assert told(world, world.quote(two, 102, 103))
    assert told(world, world.quote(two, 100.1, 103)) == []


def test_a_stale_quote_opens_nothing(world: World) -> None:
    one = world.register(pair())
    two = world.register(pair(venue=VenueId.KRAKEN, symbol="BTC/USDT"))
    world.quote(one, 99, 100, at=NOW - STALE_NS - 1)
    assert told(world, world.quote(two, 101, 102)) == []


def test_spot_against_its_perpetual(world: World) -> None:
    spot = world.register(pair())
    derivative = world.register(
        perpetual(underlying=identity.to_message(spot), quote_currency="USDT")
    )
    world.quote(spot, 99, 100)
    assert [(a, b) for a, b, _ in told(world, world.quote(derivative, 101, 102))] == [
        (spot, derivative)
    ]


def test_a_share_in_two_currencies_needs_a_live_rate(world: World) -> None:
    for venue in (VenueId.NASDAQ, VenueId.XETRA):
        world.fees(venue, "0")
    both = {"isin": APPLE_ISIN, "share_class_figi": APPLE_SHARE_CLASS}
    home = world.register(stock("AAPL", VenueId.NASDAQ, quote_currency="USD", **both))
    abroad = world.register(stock("APC", VenueId.XETRA, quote_currency="EUR", **both))
    rate = world.register(
        pb.Instrument(
            asset_type=common_pb2.ASSET_TYPE_FX_PAIR, base_currency="EUR", quote_currency="USD"
        )
    )
    world.quote(home, 110, 111)
    assert told(world, world.quote(abroad, 105, 106)) == []  # no rate, no claim
    world.quote(rate, 1.09, 1.11)
    [(bought, sold, bps)] = told(world, world.quote(abroad, 105, 107))
    assert (bought, sold) == (home, abroad)
    assert bps == int((Decimal(105) * Decimal("1.1") / 111 - 1) * 10_000)
    # the rate alone moves: at 1.08 105 is 113.4, at 1.05 it is 110.25, less than the 111 paid
    [(bought, sold, bps)] = told(world, world.quote(rate, 1.07, 1.09))
    assert (bought, sold, bps) == (home, abroad, int((Decimal("113.4") / 111 - 1) * 10_000))
    assert told(world, world.quote(rate, 1.04, 1.06)) == []
    # at parity it is the other way round
    world.quote(rate, 0.99, 1.01)
    [(bought, sold, _)] = told(world, world.quote(abroad, 104, 105))
    assert (bought, sold) == (abroad, home)


def test_a_price_in_pence_is_a_hundredth_of_one_in_pounds(world: World) -> None:
    for venue in (VenueId.LSE, VenueId.XETRA, VenueId.NASDAQ):
        world.fees(venue, "0")
    both = {"isin": APPLE_ISIN, "share_class_figi": APPLE_SHARE_CLASS}
    pence = world.register(stock("SHAR", VenueId.LSE, quote_currency="GBX", **both))
    pounds = world.register(stock("SHAR", VenueId.XETRA, quote_currency="GBP", **both))
    dollars = world.register(stock("SHARD", VenueId.NASDAQ, quote_currency="USD", **both))
    world.quote(pence, 999, 1000)
    assert told(world, world.quote(pounds, 9.99, 10)) == []  # the same price
    [(bought, sold, bps)] = told(world, world.quote(pounds, 10.10, 10.11))
    assert (bought, sold, bps) == (pence, pounds, 100)
    [back] = world.found.move(world.quote(pence, 1020, 1030), NOW)
    assert (back.a.id, back.b.id) == (pounds, pence)
    assert (back.rate, back.currencies) == (Decimal("0.01"), ("GBP", "GBX"))
    # by way of pounds against dollars, for a pair of pence exists nowhere
    rate = world.register(
        pb.Instrument(
            asset_type=common_pb2.ASSET_TYPE_FX_PAIR, base_currency="GBP", quote_currency="USD"
        )
    )
    world.quote(rate, 1.25, 1.25)
    world.quote(pounds, 10.20, 10.30)
    [found] = world.found.move(world.quote(dollars, 13.13, 13.14), NOW)[:1]
    assert (found.a.id, found.b.id) == (pence, dollars)
    assert (found.rate, int(found.bps)) == (
        Decimal(80),
        int((Decimal("1050.4") / 1030 - 1) * 10_000),
    )


def test_a_stablecoin_by_the_name_of_a_hundredth_is_none(world: World) -> None:
    one = world.register(pair(symbol="BTC-USX", quote_currency="USX"))
    assert price_unit(world.state, world.state.instruments[one]) == ("USX", Decimal(1))


def test_unknown_fees_claim_nothing(world: World) -> None:
    one = world.register(pair())
    two = world.register(pair(venue=VenueId.CME, symbol="BTC/USDT"))
    assert not world.state.venues[VenueId.CME].message.taker_fee_bps
    world.quote(one, 99, 100)
    assert told(world, world.quote(two, 105, 106)) == []
    world.fees(VenueId.CME, "1")
    assert told(world, world.quote(two, 105, 107))


def test_the_frame_says_what_was_found(world: World) -> None:
    one = world.register(pair())
    two = world.register(pair(venue=VenueId.KRAKEN, symbol="BTC/USDT"))
    world.quote(one, 99, 100, size=3)
    found = world.found.move(world.quote(two, 101, 102, size=2), NOW)
    frame = frames.Frame.parse(opportunity_frame(found, new_context(sampled=False), NOW))
    [row] = frame.rows
    assert row["instrument_a_id"].tobytes() == one
    assert row["instrument_b_id"].tobytes() == two
    assert (row["price_a"], row["price_b"], row["max_size"]) == (100 * E8, 101 * E8, 2 * E8)
    assert (row["venue_a"], row["venue_b"]) == (VenueId.BINANCE, VenueId.KRAKEN)
    assert row["spread_bps"] == int(found[0].bps)
    assert row["confidence"] == 10_000


def test_live_books_of_all_lines(world: World) -> None:
    one = world.register(pair())
    two = world.register(pair(venue=VenueId.KRAKEN, symbol="BTC/USDT"))
    world.quote(one, 99, 100)
    world.quote(two, 0, 102)
    books = world.quotes.books(world.state.instruments[one], NOW)
    assert [book.instrument_id for book in books] == [one, two]
    assert books[0].bids == [(Decimal(99), Decimal(1))]
    assert not books[1].bids
    assert books[1].asks == [(Decimal(102), Decimal(1))]
    assert {book.source for book in books} == {pb.BOOK_SOURCE_LIVE_QUOTE}
    assert world.quotes.books(world.state.instruments[one], NOW + STALE_NS + 1) == []
