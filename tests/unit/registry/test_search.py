"""Search, groups of candidates, fixed records, and every place where an instrument is listed."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Any

import pytest

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.frames import Frame
from alphapulse_layout import InstrumentFlag, VenueId
from alphapulse_mesh.registry import queries, search
from alphapulse_mesh.registry.commands import RegistryPlanner
from alphapulse_mesh.registry.paging import Paging
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.runtime.errors import InvalidArgument, UnknownInstrument
from alphapulse_testing.registry import (
    APPLE_CUSIP,
    APPLE_FIGI,
    APPLE_ISIN,
    APPLE_SHARE_CLASS,
    USDC_ETHEREUM,
    currency,
    pair,
    stock,
    token,
)

A = common_pb2.AssetType
NOW = int(dt.datetime(2024, 3, 1, tzinfo=dt.UTC).timestamp() * 1e9)
LIMIT = 1 << 20
SHARE: dict[str, Any] = {"isin": APPLE_ISIN, "share_class_figi": APPLE_SHARE_CLASS}


def receipt(symbol: str, venue: int, **fields: Any) -> pb.Instrument:
    return pb.Instrument(
        asset_type=A.ASSET_TYPE_DEPOSITARY_RECEIPT, symbol=symbol, venue=venue, **fields
    )


@pytest.fixture
def state() -> RegistryState:
    return registry(
        receipt("AAPL", VenueId.BYMA, name="Apple CEDEAR", **SHARE),
        stock("APC", VenueId.XETRA, name="Apple Inc.", quote_currency="EUR", **SHARE),
        stock(name="Apple Inc.", quote_currency="USD", figi=APPLE_FIGI, cusip=APPLE_CUSIP, **SHARE),
        stock("MSFT", name="Microsoft"),
        token(name="USD Coin"),
        currency("BTC"),
        pair("BTC", "USDT"),
        pair("BTC", "USDT", venue=VenueId.KRAKEN, symbol="XBT/USDT"),
        pair("BTC", "EUR"),
    )


def registry(*instruments: pb.Instrument) -> RegistryState:
    state = RegistryState()
    planner = RegistryPlanner(state)
    for instrument in instruments:
        planner.register_instrument(instrument)
    for change in planner.changes:
        state.apply(change.revision, change)
    return state


def found(state: RegistryState, size: int = 100, **fields: Any) -> list[pb.Instrument]:
    """All pages of a search."""
    request = pb.SearchInstrumentsRequest(page_size=size, **fields)
    everything: list[pb.Instrument] = []
    while True:
        paging = Paging(request, default_size=100, max_size=1000)
        answer = pb.SearchInstrumentsResponse.FromString(
            asyncio.run(search.search(state, request, paging, LIMIT))
        )
        everything += answer.instruments
        if not answer.next_page_token:
            return everything
        request.page_token = answer.next_page_token


def symbols(instruments: list[pb.Instrument]) -> list[str]:
    return [instrument.symbol for instrument in instruments]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ({"query": "apple inc"}, ["APC", "AAPL"]),
        ({"query": "aApL"}, ["AAPL", "AAPL"]),
        ({"query": USDC_ETHEREUM}, ["USDC"]),
        ({"query": APPLE_CUSIP}, ["AAPL", "APC", "AAPL"]),  # it is part of the ISIN
        ({"query": APPLE_FIGI}, ["AAPL"]),
        ({"query": "apple soft"}, []),
        ({"symbol_prefix": "A"}, ["AAPL", "APC", "AAPL"]),
        ({"symbol_prefix": "a"}, []),
        ({"isin_prefix": "US", "venues": ["XNAS"]}, ["AAPL"]),
        ({"venues": ["KRAKEN", "XETR"]}, ["APC", "XBT/USDT"]),
        ({"asset_types": [A.ASSET_TYPE_TOKEN, A.ASSET_TYPE_CURRENCY]}, ["USDC", "BTC"]),
        ({"chain_id": 1}, ["USDC"]),
        ({"currency": "EUR"}, ["APC", "BTCEUR"]),
        ({"statuses": [pb.INSTRUMENT_STATUS_HALTED]}, []),
    ],
)
@pytest.mark.parametrize("size", [1, 2, 100])
def test_what_is_asked_for_is_found(
    state: RegistryState, question: dict[str, Any], answer: list[str], size: int
) -> None:
    assert symbols(found(state, size, **question)) == answer


def test_a_word_is_compared_once_however_often_it_is_said(state: RegistryState) -> None:
    assert symbols(found(state, query="apple " * 40)) == symbols(found(state, query="apple"))
    assert search._words("b a  B apple") == ["apple", "b", "a"]


def test_a_query_is_bounded(state: RegistryState) -> None:
    assert found(state, query="x" * search.QUERY_CHARACTERS) == []
    with pytest.raises(InvalidArgument) as caught:
        found(state, query="a " * search.QUERY_CHARACTERS)
    assert caught.value.reason == Reason.QUERY_TOO_LONG
    assert caught.value.values["limit"] == search.QUERY_CHARACTERS


def test_a_mask_leaves_only_what_is_named(state: RegistryState) -> None:
    (one,) = found(state, query="microsoft", read_mask={"paths": ["symbol", "venue"]})
    assert one == pb.Instrument(symbol="MSFT", venue=VenueId.NASDAQ)
    with pytest.raises(InvalidArgument) as caught:
        found(state, read_mask={"paths": ["symbols"]})
    assert caught.value.reason == Reason.FIELD_MASK_INVALID


def resolved(state: RegistryState, **naming: Any) -> pb.ResolveInstrumentResponse:
    request = pb.ResolveInstrumentRequest(**naming)
    return pb.ResolveInstrumentResponse.FromString(queries.resolve(state, request, NOW, LIMIT))


def test_candidates_are_grouped_by_what_they_are(state: RegistryState) -> None:
    answer = resolved(state, isin=APPLE_ISIN)
    shares, receipts = answer.groups
    assert shares.asset_type == A.ASSET_TYPE_STOCK
    assert shares.share_class_figi == APPLE_SHARE_CLASS
    assert symbols([answer.candidates[i] for i in shares.candidates]) == ["AAPL", "APC"]
    primary = answer.candidates[shares.primary]
    assert primary.venue == VenueId.NASDAQ  # the ISIN's country
    assert receipts.asset_type == A.ASSET_TYPE_DEPOSITARY_RECEIPT
    assert [answer.candidates[i].venue for i in receipts.candidates] == [VenueId.BYMA]
    assert answer.ambiguous  # two lines of the share: an ISIN does not say which


def test_the_line_that_the_issuer_names_is_the_primary_one() -> None:
    state = registry(stock(**SHARE), stock("APC", VenueId.XETRA, primary_listing=True, **SHARE))
    answer = resolved(state, isin=APPLE_ISIN)
    (group,) = answer.groups
    assert answer.candidates[group.primary].symbol == "APC"
    assert not answer.ambiguous


@pytest.mark.parametrize(
    ("identifier", "symbol"),
    [
        (APPLE_CUSIP, "AAPL"),
        (APPLE_FIGI, "AAPL"),
        (APPLE_FIGI.lower(), "AAPL"),
        (USDC_ETHEREUM, "USDC"),
        ("MSFT", "MSFT"),
        (f"v1:stock:{int(VenueId.XETRA)}:APC", "APC"),
    ],
)
def test_any_identifier_is_understood(state: RegistryState, identifier: str, symbol: str) -> None:
    answer = resolved(state, identifier=identifier)
    assert symbols(list(answer.candidates)) == [symbol]
    by_id = resolved(state, identifier=answer.candidates[0].id_text)
    assert by_id.candidates == answer.candidates


def test_an_identifier_that_nothing_has(state: RegistryState) -> None:
    for identifier in ("NOPE", "v1:stock:1:NOPE", "v1:nope", "ab" * 16):
        with pytest.raises(UnknownInstrument) as caught:
            resolved(state, identifier=identifier)
        assert caught.value.reason == Reason.INSTRUMENT_UNKNOWN


def test_records_hold_what_fits() -> None:
    state = registry(
        stock(
            "A" * 40,
            tick_size="0.01",
            lot_size="100",
            figi=APPLE_FIGI,
            cusip=APPLE_CUSIP,
            primary_listing=True,
            **SHARE,
        ),
        token(),
    )
    share, coin = state.in_order
    ids = share.id + bytes(16) + coin.id
    answer = pb.BatchGetInstrumentRecordsResponse.FromString(
        search.batch_get_records(state, ids, NOW, LIMIT)
    )
    assert list(answer.missing) == [1]
    assert answer.revision == state.revision
    rows = Frame.parse(answer.frame).rows
    assert rows["instrument_id"].tobytes() == ids
    assert rows["tick_size"].tolist() == [1_000_000, 0, 0]
    assert rows["lot_size"].tolist() == [10_000_000_000, 0, 0]
    assert rows["symbol"].tolist() == [b"A" * 32, b"", b"USDC"]
    assert rows["isin"].tolist() == [APPLE_ISIN.encode(), b"", b""]
    assert rows["cusip"].tolist() == [APPLE_CUSIP.encode(), b"", b""]
    assert rows["figi"].tolist() == [APPLE_FIGI.encode(), b"", b""]
    assert rows["address"][2].tobytes().hex() == USDC_ETHEREUM[2:].lower()
    assert rows["decimals"].tolist() == [0, 0, 6]
    assert rows["flags"].tolist() == [
        InstrumentFlag.PRIMARY_LISTING | InstrumentFlag.SYMBOL_TRUNCATED,
        0,
        0,
    ]


def places(state: RegistryState, symbol: str, venue: int) -> list[tuple[str, str, int]]:
    (entry,) = [e for e in state.by_symbol[symbol] if e.venue == venue]
    answer = pb.FindVenuesResponse.FromString(
        search.find_venues(state, entry.id, pb.FindVenuesRequest(), NOW, LIMIT)
    )
    return [(one.venue.name, one.instrument.symbol, one.link) for one in answer.listings]


def test_all_venues_of_a_share_of_a_pair_and_of_a_currency(state: RegistryState) -> None:
    same = pb.LINK_TYPE_SAME_SECURITY
    assert places(state, "APC", VenueId.XETRA) == [("XETRA", "APC", 0), ("NASDAQ", "AAPL", same)]
    assert places(state, "AAPL", VenueId.NASDAQ) == [("NASDAQ", "AAPL", 0), ("XETRA", "APC", same)]
    assert places(state, "AAPL", VenueId.BYMA) == [("BYMA", "AAPL", 0)]
    assert places(state, "BTCUSDT", VenueId.BINANCE) == [
        ("BINANCE", "BTCUSDT", 0),
        ("KRAKEN", "XBT/USDT", 0),
    ]
    base = pb.LINK_TYPE_BASE_OF
    assert places(state, "BTC", 0) == [
        ("BINANCE", "BTCUSDT", base),
        ("BINANCE", "BTCEUR", base),
        ("KRAKEN", "XBT/USDT", base),
    ]


async def test_a_long_search_gives_others_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_AT_A_TIME", 2)
    state = registry(*[pair(f"X{number}", "USD") for number in range(8)])
    before = state.revision
    request = pb.SearchInstrumentsRequest(symbol_prefix="nobody")
    paging = Paging(request, default_size=100, max_size=1000)
    work = asyncio.create_task(search.search(state, request, paging, LIMIT))
    turns = 0
    while not work.done():
        await asyncio.sleep(0)
        turns += 1
        state.revision += 1
    answer = pb.SearchInstrumentsResponse.FromString(await work)
    assert turns >= 4
    assert answer.revision == before, "it cannot have seen what came later"
