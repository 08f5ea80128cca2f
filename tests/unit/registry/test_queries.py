"""Which instruments a name means and in what order; pages that neither skip nor repeat."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import VenueId
from alphapulse_mesh.registry import queries
from alphapulse_mesh.registry.paging import Paging
from alphapulse_mesh.registry.planning import Planner
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.runtime.errors import (
    InvalidArgument,
    MeshError,
    NotFound,
    ResourceExhausted,
    UnknownInstrument,
)
from alphapulse_testing.registry import (
    APPLE_COMPOSITE,
    APPLE_CUSIP,
    APPLE_FIGI,
    APPLE_ISIN,
    APPLE_SHARE_CLASS,
    EXPIRY,
    USDC_ETHEREUM,
    USDC_WETH_POOL,
    currency,
    future,
    pair,
    perpetual,
    pool,
    stock,
    token,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

A = common_pb2.AssetType
NOW = int(dt.datetime(2024, 3, 1, tzinfo=dt.UTC).timestamp() * 1e9)
LIMIT = 1 << 20


def registry(*instruments: pb.Instrument) -> RegistryState:
    state = RegistryState()
    planner = Planner(state)
    for instrument in instruments:
        planner.register_instrument(instrument)
    for change in planner.changes:
        state.apply(change.revision, change)
    return state


def resolve(state: RegistryState, **naming: Any) -> pb.ResolveInstrumentResponse:
    request = pb.ResolveInstrumentRequest(**naming)
    return pb.ResolveInstrumentResponse.FromString(queries.resolve(state, request, NOW, LIMIT))


def keys(response: pb.ResolveInstrumentResponse | pb.ListInstrumentsResponse) -> list[str]:
    found: Sequence[pb.Instrument] = (
        response.candidates
        if isinstance(response, pb.ResolveInstrumentResponse)
        else response.instruments
    )
    return [instrument.natural_key for instrument in found]


def receipt(symbol: str, venue: int, **fields: Any) -> pb.Instrument:
    return pb.Instrument(
        asset_type=A.ASSET_TYPE_DEPOSITARY_RECEIPT, symbol=symbol, venue=venue, **fields
    )


# ----------------------------------------------------------------------------------------- resolve


@pytest.mark.parametrize("venue", ["NASDAQ", "XNAS", "400"])
def test_a_symbol_on_a_venue(venue: str) -> None:
    state = registry(stock("AAPL"), stock("AAPL", VenueId.NYSE))
    answer = resolve(state, symbol="AAPL", venue=venue)
    assert keys(answer) == ["v1:stock:400:AAPL"]
    assert not answer.ambiguous
    assert answer.revision == state.revision


def test_a_symbol_alone_is_ambiguous_when_several_have_it() -> None:
    answer = resolve(registry(perpetual("BTCUSDT"), pair()), symbol="BTCUSDT")
    assert keys(answer) == ["v1:perpetual:2:BTCUSDT", "v1:crypto_pair:1:BTC/USDT"]
    assert answer.ambiguous
    narrowed = resolve(
        registry(perpetual("BTCUSDT"), pair()),
        symbol="BTCUSDT",
        asset_type=A.ASSET_TYPE_CRYPTO_PAIR,
    )
    assert keys(narrowed) == ["v1:crypto_pair:1:BTC/USDT"]
    assert not narrowed.ambiguous


def test_symbols_are_exact() -> None:
    state = registry(stock("BRK.B"), perpetual("pf_xbtusd", venue=VenueId.KRAKEN_FUTURES))
    for symbol in ("brk.b", "BRK", "PF_XBTUSD", "pf_xbtusd "):
        with pytest.raises(UnknownInstrument) as caught:
            resolve(state, symbol=symbol)
        assert caught.value.reason == Reason.INSTRUMENT_UNKNOWN


def test_an_isin_puts_the_share_before_its_receipts_and_the_primary_line_first() -> None:
    state = registry(
        receipt("AAPL.BA", VenueId.BYMA, isin=APPLE_ISIN),
        stock("APC", VenueId.XETRA, isin=APPLE_ISIN),
        stock("AAPL", VenueId.NASDAQ, isin=APPLE_ISIN, primary_listing=True),
    )
    answer = resolve(state, isin=APPLE_ISIN)
    assert keys(answer) == [
        "v1:stock:400:AAPL",
        "v1:stock:410:APC",
        "v1:depositary_receipt:432:AAPL.BA",
    ]
    assert not answer.ambiguous
    assert keys(resolve(state, isin=APPLE_ISIN, venue="BYMA")) == [
        "v1:depositary_receipt:432:AAPL.BA"
    ]


def test_an_isin_alone_does_not_choose_between_lines() -> None:
    state = registry(stock("AAPL", isin=APPLE_ISIN), stock("APC", VenueId.XETRA, isin=APPLE_ISIN))
    assert resolve(state, isin=APPLE_ISIN).ambiguous


def test_the_security_as_such_comes_before_its_lines() -> None:
    state = registry(stock("AAPL", isin=APPLE_ISIN), stock("", 0, isin=APPLE_ISIN))
    answer = resolve(state, isin=APPLE_ISIN)
    assert keys(answer) == ["v1:stock:0:US0378331005", "v1:stock:400:AAPL"]
    assert not answer.ambiguous


def test_figis_of_every_level_the_narrowest_first() -> None:
    lines = (
        stock("AAPL", figi=APPLE_FIGI, composite_figi=APPLE_COMPOSITE),
        stock("AAPL", VenueId.NYSE, composite_figi=APPLE_FIGI, share_class_figi=APPLE_SHARE_CLASS),
    )
    state = registry(*reversed(lines))
    assert keys(resolve(state, figi=APPLE_FIGI)) == ["v1:stock:400:AAPL", "v1:stock:401:AAPL"]
    assert not resolve(state, figi=APPLE_FIGI).ambiguous
    assert keys(resolve(state, figi=APPLE_SHARE_CLASS)) == ["v1:stock:401:AAPL"]


def test_a_cusip() -> None:
    assert keys(resolve(registry(stock(cusip=APPLE_CUSIP)), cusip=APPLE_CUSIP)) == [
        "v1:stock:400:AAPL"
    ]


def test_a_contract_address_in_any_case_on_its_chain() -> None:
    state = registry(token(), token(chain_id=137), pool())
    for address in (USDC_ETHEREUM, USDC_ETHEREUM.lower(), USDC_ETHEREUM.upper()):
        answer = resolve(state, contract_address=address, chain_id=137)
        assert keys(answer) == [f"v1:token:101:{USDC_ETHEREUM.lower()}"]
    assert resolve(state, contract_address=USDC_ETHEREUM).ambiguous
    assert keys(resolve(state, contract_address=USDC_WETH_POOL, chain_id=1)) == [
        f"v1:pool:201:1:{USDC_WETH_POOL.lower()}"
    ]


def test_the_living_come_before_the_dead() -> None:
    state = registry(
        stock("X", VenueId.NYSE, status=pb.INSTRUMENT_STATUS_DELISTED),
        stock("X", VenueId.NASDAQ, status=pb.INSTRUMENT_STATUS_HALTED),
        stock("X", VenueId.XETRA),
    )
    answer = resolve(state, symbol="X")
    assert [i.venue for i in answer.candidates] == [VenueId.XETRA, VenueId.NASDAQ, VenueId.NYSE]
    assert not answer.ambiguous


def test_a_reused_symbol_is_what_it_was_at_that_time() -> None:
    later = EXPIRY.replace(year=2034)
    state = registry(
        future("ESM4", valid_from=EXPIRY - dt.timedelta(days=450)),
        future("ESM4", expires_at=later, valid_from=later - dt.timedelta(days=450)),
    )

    def as_of(moment: dt.datetime) -> list[str]:
        return keys(resolve(state, symbol="ESM4", as_of=moment))

    assert keys(resolve(state, symbol="ESM4")) == ["v1:future:440:ESM4@20240621"]
    assert as_of(EXPIRY) == ["v1:future:440:ESM4@20240621"]
    assert as_of(later) == ["v1:future:440:ESM4@20340621"]
    for moment in (EXPIRY + dt.timedelta(microseconds=1), EXPIRY - dt.timedelta(days=451)):
        with pytest.raises(UnknownInstrument) as caught:
            as_of(moment)
        assert caught.value.reason == Reason.INSTRUMENT_NOT_VALID_THEN


def test_the_end_of_validity_is_not_part_of_it() -> None:
    state = registry(stock("FB", valid_to=EXPIRY))
    assert keys(resolve(state, symbol="FB", as_of=EXPIRY - dt.timedelta(microseconds=1)))
    with pytest.raises(UnknownInstrument):
        resolve(state, symbol="FB", as_of=EXPIRY)


@pytest.mark.parametrize("naming", [{}, {"venue": "NASDAQ"}, {"symbol": "A", "isin": APPLE_ISIN}])
def test_exactly_one_way_of_naming(naming: dict[str, str]) -> None:
    with pytest.raises(InvalidArgument) as caught:
        resolve(registry(), **naming)
    assert caught.value.reason == Reason.RESOLVE_NAMING


def test_an_unknown_venue_is_said_to_be_unknown() -> None:
    with pytest.raises(NotFound) as caught:
        resolve(registry(stock()), symbol="AAPL", venue="NASDAC")
    assert caught.value.reason == Reason.VENUE_UNKNOWN


def test_an_answer_has_a_limit() -> None:
    state = registry(stock(), stock("AAPL", VenueId.NYSE))
    request = pb.ResolveInstrumentRequest(symbol="AAPL")
    with pytest.raises(ResourceExhausted) as caught:
        queries.resolve(state, request, NOW, 100)
    assert caught.value.reason == Reason.RESPONSE_TOO_LARGE


# ------------------------------------------------------------------------------------------- pages

UNIVERSE = [
    instrument
    for code in ("BTC", "ETH", "SOL", "ADA", "XRP")
    for instrument in (
        currency(code),
        pair(code, "USDT"),
        pair(code, "USD", venue=VenueId.KRAKEN, status=pb.INSTRUMENT_STATUS_HALTED),
        perpetual(f"{code}USDT"),
    )
]
FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "asset_type": st.sampled_from([A.ASSET_TYPE_CURRENCY, A.ASSET_TYPE_CRYPTO_PAIR, 99]),
        "venue": st.sampled_from(["BINANCE", "4", "BINANCE_FUTURES", "NASDAQ"]),
        "symbol_prefix": st.sampled_from(["B", "ETH", "XRPUSDT", "Z"]),
        "status": st.sampled_from([pb.INSTRUMENT_STATUS_ACTIVE, pb.INSTRUMENT_STATUS_HALTED]),
    },
)


def pages(state: RegistryState, limit: int = LIMIT, **fields: Any) -> list[list[str]]:
    """All pages of a question."""
    found, page_token = [], ""
    while True:
        request = pb.ListInstrumentsRequest(page_token=page_token, **fields)
        paging = Paging(request, default_size=100, max_size=1000)
        answer = pb.ListInstrumentsResponse.FromString(
            queries.list_instruments(state, request, paging, limit)
        )
        found.append(keys(answer))
        page_token = answer.next_page_token
        if not page_token:
            return found


@settings(deadline=None)
@given(FILTERS, st.integers(1, 8))
def test_pages_are_the_whole_in_order(filters: dict[str, Any], size: int) -> None:
    state = registry(*UNIVERSE)
    venue = queries.venue_number(state, filters.get("venue", ""))
    expected = [
        entry.natural_key
        for entry in state.in_order
        if (venue is None or entry.venue == venue)
        and entry.asset_type == filters.get("asset_type", entry.asset_type)
        and entry.status == filters.get("status", entry.status)
        and entry.symbol.startswith(filters.get("symbol_prefix", ""))
    ]
    found = pages(state, page_size=size, **filters)
    assert [key for page in found for key in page] == expected
    assert all(len(page) == size for page in found[:-1])


def test_a_page_ends_where_an_answer_would_be_too_large() -> None:
    state = registry(*UNIVERSE)
    found = pages(state, limit=300, page_size=1000)
    assert [key for page in found for key in page] == [e.natural_key for e in state.in_order]
    assert len(found) > 5


def test_pages_while_the_registry_grows() -> None:
    state = registry(*UNIVERSE[:4])
    request = pb.ListInstrumentsRequest(page_size=3)
    paging = Paging(request, default_size=100, max_size=1000)
    first = pb.ListInstrumentsResponse.FromString(
        queries.list_instruments(state, request, paging, LIMIT)
    )
    planner = Planner(state)
    planner.register_instrument(currency("DOGE"))
    for change in planner.changes:
        state.apply(change.revision, change)
    request.page_token = first.next_page_token
    rest = pb.ListInstrumentsResponse.FromString(
        queries.list_instruments(
            state, request, Paging(request, default_size=100, max_size=1000), LIMIT
        )
    )
    assert keys(first) + keys(rest) == [entry.natural_key for entry in state.in_order]


def test_links_by_instrument_and_type() -> None:
    state = registry(*UNIVERSE)
    btc = state.by_symbol["BTC"][0]

    def links(**fields: Any) -> list[pb.Link]:
        request = pb.ListLinksRequest(**fields)
        paging = Paging(request, default_size=100, max_size=1000)
        answer = queries.list_links(state, request, paging, LIMIT)
        return list(pb.ListLinksResponse.FromString(answer).links)

    assert len(links()) == 10
    assert len(links(instrument_id=btc.id.hex())) == 2
    assert len(links(type=pb.LINK_TYPE_BASE_OF)) == 10
    assert links(type=pb.LINK_TYPE_WRAPS) == []
    assert [link.revision for link in links()] == sorted(link.revision for link in links())
    with pytest.raises(UnknownInstrument):
        links(instrument_id="00" * 16)


def test_venues_by_kind_and_number() -> None:
    state = registry()
    request = pb.ListVenuesRequest(page_size=5, kind=pb.VENUE_KIND_CHAIN)
    numbers: list[int] = []
    while True:
        paging = Paging(request, default_size=100, max_size=1000)
        answer = pb.ListVenuesResponse.FromString(
            queries.list_venues(state, request, paging, LIMIT)
        )
        numbers += [venue.venue for venue in answer.venues]
        request.page_token = answer.next_page_token
        if not request.page_token:
            break
    assert numbers == list(range(100, 112))


@pytest.mark.parametrize(
    "change", [{"symbol_prefix": "B"}, {"page_token": "AQ"}, {"page_token": "%%"}]
)
def test_a_token_belongs_to_its_question(change: dict[str, str]) -> None:
    request = pb.ListInstrumentsRequest(page_size=3)
    page_token = Paging(request, default_size=100, max_size=1000).token(3)
    fields: dict[str, Any] = {"page_token": page_token, "page_size": 7, "min_revision": 1}
    other = pb.ListInstrumentsRequest(**{**fields, **change})
    with pytest.raises(InvalidArgument) as caught:
        Paging(other, default_size=100, max_size=1000)
    assert caught.value.reason == Reason.PAGE_TOKEN_INVALID
    same = pb.ListInstrumentsRequest(**fields)
    assert Paging(same, default_size=100, max_size=1000).start == 3


def test_a_token_of_another_list_is_refused() -> None:
    page_token = Paging(pb.ListLinksRequest(), default_size=1, max_size=1).token(3)
    with pytest.raises(InvalidArgument):
        Paging(pb.ListVenuesRequest(page_token=page_token), default_size=1, max_size=1)


def test_page_sizes_have_bounds() -> None:
    def size(asked: int) -> int:
        request = pb.ListLinksRequest(page_size=asked)
        return Paging(request, default_size=100, max_size=1000).size

    assert (size(0), size(7), size(5000)) == (100, 7, 1000)
    with pytest.raises(InvalidArgument) as caught:
        size(-1)
    assert caught.value.reason == Reason.PAGE_SIZE_NEGATIVE


# ----------------------------------------------------------------------------------------- batches


def test_a_batch_is_in_the_order_of_the_request() -> None:
    state = registry(*UNIVERSE)
    one, other = state.in_order[3], state.in_order[1]
    ids = one.id + b"\x01" * 16 + other.id + one.id + b"\x02" * 16
    answer = pb.BatchGetInstrumentsResponse.FromString(queries.batch_get(state, ids, LIMIT))
    assert [i.natural_key for i in answer.instruments] == [
        one.natural_key, "", other.natural_key, one.natural_key, "",
    ]  # fmt: skip
    assert list(answer.missing) == [1, 4]
    assert answer.revision == state.revision


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        (b"x" * 17, Reason.BATCH_IDS_INVALID),
        (b"x" * 16 * 100_001, Reason.BATCH_TOO_LARGE),
    ],
)
def test_refused_batches(ids: bytes, reason: Reason) -> None:
    with pytest.raises(MeshError) as caught:
        queries.batch_get(registry(), ids, 1 << 30)
    assert caught.value.reason == reason


def test_a_batch_has_a_limit() -> None:
    state = registry(currency())
    with pytest.raises(ResourceExhausted) as caught:
        queries.batch_get(state, state.in_order[0].id * 50, 1000)
    assert caught.value.reason == Reason.RESPONSE_TOO_LARGE
    assert caught.value.values["limit"] == 1000
