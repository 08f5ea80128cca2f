"""The contract of every RPC, as a plain synchronous client sees it (pytest-grpc's fixtures)."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse.registry.v1 import registry_pb2_grpc
from alphapulse_client.errors import (
    AlreadyExists,
    Conflict,
    InvalidArgument,
    MeshError,
    NotFound,
    OutOfRange,
    Unavailable,
    UnknownInstrument,
    from_rpc_error,
)
from alphapulse_mesh.registry.service import add_registry_service
from alphapulse_mesh.runtime.config import RegistryConfig
from alphapulse_testing.registry import (
    APPLE_ISIN,
    currency,
    id_of,
    pair,
    perpetual,
    running_registry,
    stock,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from alphapulse_mesh.registry.service import RegistryService

Stub = registry_pb2_grpc.RegistryServiceStub
_codes = (f"C{number}" for number in itertools.count())


@pytest.fixture(scope="module")
def grpc_add_to_server() -> Callable[[object, Any], None]:
    return add_registry_service


@pytest.fixture(scope="module")
def grpc_servicer(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[], AbstractAsyncContextManager[RegistryService]]:
    from contextlib import asynccontextmanager

    path = tmp_path_factory.mktemp("registry") / "registry.db"
    config = RegistryConfig(max_batch=50, watch_history_events=500)

    @asynccontextmanager
    async def service() -> AsyncIterator[RegistryService]:
        async with running_registry(path, config=config) as running:
            yield running.service

    return service


@pytest.fixture(scope="module")
def grpc_stub_cls() -> type[Stub]:
    return Stub


def new_code() -> str:
    """A currency that no other test of this module has."""
    return next(_codes)


def register(stub: Stub, instrument: pb.Instrument, **fields: Any) -> pb.RegisterInstrumentResponse:
    return stub.RegisterInstrument(pb.RegisterInstrumentRequest(instrument=instrument, **fields))


def refused(kind: type[MeshError], call: Callable[[], object]) -> MeshError:
    """The error of our own that a call ends with."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    error = from_rpc_error(caught.value)
    assert type(error) is kind, error
    return error


def test_register_and_get(grpc_stub: Stub) -> None:
    answer = register(grpc_stub, pair(new_code(), "USDT", tick_size="0.010"))
    assert answer.created
    instrument = answer.instrument
    assert instrument.tick_size == "0.01"
    assert instrument.revision == answer.revision
    got = grpc_stub.GetInstrument(pb.GetInstrumentRequest(id=instrument.id_text))
    assert got.instrument == instrument
    assert got.revision >= answer.revision
    again = register(grpc_stub, pair(instrument.base_currency, "USDT", tick_size="0.01"))
    assert not again.created
    assert again.instrument == instrument


def test_a_conflict_names_the_fields(grpc_stub: Stub) -> None:
    code = new_code()
    known = register(grpc_stub, pair(code, "USDT", tick_size="0.01")).instrument
    error = refused(AlreadyExists, lambda: register(grpc_stub, pair(code, "USDT", tick_size="0.1")))
    assert error.reason == "INSTRUMENT_CONFLICT"
    assert error.values["fields"] == "tick_size"
    assert error.values["id"] == known.id_text
    assert error.values["natural_key"] == known.natural_key


def test_get_refuses_what_is_not_there(grpc_stub: Stub) -> None:
    get = grpc_stub.GetInstrument
    error = refused(InvalidArgument, lambda: get(pb.GetInstrumentRequest(id="BTC")))
    assert error.reason == "INSTRUMENT_ID_INVALID"
    error = refused(UnknownInstrument, lambda: get(pb.GetInstrumentRequest(id="ab" * 16)))
    assert error.reason == "INSTRUMENT_UNKNOWN"
    assert error.values["id"] == "ab" * 16


def test_a_batch_has_an_outcome_for_each(grpc_stub: Stub) -> None:
    code = new_code()
    known = register(grpc_stub, pair(code, "EUR", tick_size="0.1")).instrument
    batch = [
        currency(code),
        currency(code),
        stock(isin="US0378331006"),
        pair(code, "EUR", tick_size="0.2"),
        pair(code, "USDT"),
        perpetual(f"{code}PERP", underlying={"asset_id": 5}),
    ]
    answer = grpc_stub.BatchRegisterInstruments(
        pb.BatchRegisterInstrumentsRequest(instruments=batch)
    )
    outcomes = answer.outcomes
    assert [o.created for o in outcomes] == [True, False, False, False, True, False]
    assert [o.reason for o in outcomes] == [
        "",
        "",
        "INSTRUMENT_ISIN_INVALID",
        "INSTRUMENT_CONFLICT",
        "",
        "INSTRUMENT_UNDERLYING_UNKNOWN",
    ]
    assert outcomes[0].id == outcomes[1].id
    assert outcomes[3].id == known.id
    assert all(o.message for o in outcomes if o.reason)
    links = grpc_stub.ListLinks(pb.ListLinksRequest(instrument_id=id_of_outcome(outcomes[0])))
    assert {link.type for link in links.links} == {pb.LINK_TYPE_BASE_OF}
    assert len(links.links) == 2
    got = grpc_stub.GetInstrument(
        pb.GetInstrumentRequest(id=known.id_text, min_revision=answer.revision)
    )
    assert got.revision == answer.revision


def id_of_outcome(outcome: pb.RegistrationOutcome) -> str:
    return id_of(pb.Instrument(id=outcome.id)).hex()


def test_an_underlying_may_come_earlier_in_the_batch(grpc_stub: Stub) -> None:
    code = new_code()
    alone = register(grpc_stub, currency(code)).instrument
    batch = [perpetual(f"{code}PERP", underlying=alone.id)]
    answer = grpc_stub.BatchRegisterInstruments(
        pb.BatchRegisterInstrumentsRequest(instruments=batch)
    )
    assert [o.reason for o in answer.outcomes] == [""]


def test_batches_have_a_size(grpc_stub: Stub) -> None:
    call = grpc_stub.BatchRegisterInstruments
    empty = refused(InvalidArgument, lambda: call(pb.BatchRegisterInstrumentsRequest()))
    assert empty.reason == "REQUEST_EMPTY"
    many = pb.BatchRegisterInstrumentsRequest(instruments=[currency()] * 51)
    error = refused(InvalidArgument, lambda: call(many))
    assert (error.reason, error.values["limit"]) == ("BATCH_TOO_LARGE", "50")


def test_batch_get(grpc_stub: Stub) -> None:
    one = register(grpc_stub, currency(new_code())).instrument
    other = register(grpc_stub, currency(new_code())).instrument
    ids = id_of(other) + b"\x07" * 16 + id_of(one)
    answer = grpc_stub.BatchGetInstruments(pb.BatchGetInstrumentsRequest(ids=ids))
    assert list(answer.instruments) == [other, pb.Instrument(), one]
    assert list(answer.missing) == [1]
    error = refused(
        InvalidArgument,
        lambda: grpc_stub.BatchGetInstruments(pb.BatchGetInstrumentsRequest(ids=b"short")),
    )
    assert error.reason == "BATCH_IDS_INVALID"


def test_resolve(grpc_stub: Stub) -> None:
    code = new_code()
    known = register(grpc_stub, stock(code, isin=APPLE_ISIN)).instrument
    answer = grpc_stub.ResolveInstrument(
        pb.ResolveInstrumentRequest(symbol=code, venue="XNAS", min_revision=known.revision)
    )
    assert list(answer.candidates) == [known]
    assert not answer.ambiguous
    by_isin = grpc_stub.ResolveInstrument(pb.ResolveInstrumentRequest(isin=APPLE_ISIN))
    assert known in by_isin.candidates
    error = refused(
        UnknownInstrument,
        lambda: grpc_stub.ResolveInstrument(pb.ResolveInstrumentRequest(symbol="NO-SUCH")),
    )
    assert error.reason == "INSTRUMENT_UNKNOWN"
    error = refused(
        InvalidArgument, lambda: grpc_stub.ResolveInstrument(pb.ResolveInstrumentRequest())
    )
    assert error.reason == "RESOLVE_NAMING"


def test_list_pages(grpc_stub: Stub) -> None:
    codes = [new_code() for _ in range(7)]
    for code in codes:
        register(grpc_stub, pair(code, "PAGED"))
    request = pb.ListInstrumentsRequest(page_size=3, venue="BINANCE", symbol_prefix="C")
    found: list[str] = []
    while True:
        answer = grpc_stub.ListInstruments(request)
        assert len(answer.instruments) <= 3
        found += [i.base_currency for i in answer.instruments if i.quote_currency == "PAGED"]
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert found == codes
    error = refused(
        InvalidArgument,
        lambda: grpc_stub.ListInstruments(pb.ListInstrumentsRequest(page_size=-1)),
    )
    assert error.reason == "PAGE_SIZE_NEGATIVE"
    error = refused(
        InvalidArgument,
        lambda: grpc_stub.ListInstruments(pb.ListInstrumentsRequest(page_token="x")),
    )
    assert error.reason == "PAGE_TOKEN_INVALID"
    error = refused(
        NotFound, lambda: grpc_stub.ListInstruments(pb.ListInstrumentsRequest(venue="NOWHERE"))
    )
    assert error.reason == "VENUE_UNKNOWN"


def test_links(grpc_stub: Stub) -> None:
    one = register(grpc_stub, stock(new_code())).instrument
    other = register(grpc_stub, stock(new_code())).instrument
    ends: dict[str, Any] = {"from": one.id}
    link = pb.Link(to=other.id, type=pb.LINK_TYPE_SAME_SECURITY, **ends)
    first = grpc_stub.LinkInstruments(pb.LinkInstrumentsRequest(link=link))
    again = grpc_stub.LinkInstruments(pb.LinkInstrumentsRequest(link=link))
    assert (first.created, again.created) == (True, False)
    assert first.link == again.link
    assert first.link.revision == first.revision
    listed = grpc_stub.ListLinks(pb.ListLinksRequest(instrument_id=other.id_text))
    assert list(listed.links) == [first.link]
    error = refused(InvalidArgument, lambda: grpc_stub.LinkInstruments(pb.LinkInstrumentsRequest()))
    assert error.reason == "REQUEST_EMPTY"
    error = refused(
        InvalidArgument, lambda: grpc_stub.ListLinks(pb.ListLinksRequest(instrument_id="x"))
    )
    assert error.reason == "INSTRUMENT_ID_INVALID"


def test_venues(grpc_stub: Stub) -> None:
    for key in ("400", "NASDAQ", "XNAS"):
        assert grpc_stub.GetVenue(pb.GetVenueRequest(key=key)).venue.name == "NASDAQ"
    error = refused(NotFound, lambda: grpc_stub.GetVenue(pb.GetVenueRequest(key="NOWHERE")))
    assert error.reason == "VENUE_UNKNOWN"
    asked = pb.Venue(name=f"DESK_{new_code()}", kind=pb.VENUE_KIND_BROKER, maker_fee_bps="-0.10")
    first = grpc_stub.RegisterVenue(pb.RegisterVenueRequest(venue=asked))
    again = grpc_stub.RegisterVenue(pb.RegisterVenueRequest(venue=asked))
    assert (first.created, again.created) == (True, False)
    assert first.venue == again.venue
    assert first.venue.venue >= 49152
    assert first.venue.maker_fee_bps == "-0.1"
    asked.taker_fee_bps = "5"
    error = refused(
        AlreadyExists, lambda: grpc_stub.RegisterVenue(pb.RegisterVenueRequest(venue=asked))
    )
    assert (error.reason, error.values["fields"]) == ("VENUE_CONFLICT", "taker_fee_bps")
    listed = grpc_stub.ListVenues(pb.ListVenuesRequest(kind=pb.VENUE_KIND_BROKER))
    assert first.venue in listed.venues
    line = register(grpc_stub, stock(new_code(), first.venue.venue)).instrument
    assert line.id.venue == first.venue.venue


# -------------------------------------------------------------------------- request ids, revisions


def test_a_repeated_request_id_answers_what_the_first_answered(grpc_stub: Stub) -> None:
    code = new_code()
    first = register(grpc_stub, currency(code), request_id=f"id-{code}")
    register(grpc_stub, currency(new_code()))
    again = register(grpc_stub, currency(code), request_id=f"id-{code}")
    assert again == first
    assert again.created
    without = register(grpc_stub, currency(code))
    assert not without.created


def test_a_request_id_stands_for_one_request(grpc_stub: Stub) -> None:
    code = new_code()
    register(grpc_stub, currency(code), request_id=f"id-{code}")
    other = refused(
        InvalidArgument,
        lambda: register(grpc_stub, currency(new_code()), request_id=f"id-{code}"),
    )
    assert other.reason == "REQUEST_ID_REUSED"
    request = pb.BatchRegisterInstrumentsRequest(
        instruments=[currency(code)], request_id=f"id-{code}"
    )
    method = refused(InvalidArgument, lambda: grpc_stub.BatchRegisterInstruments(request))
    assert method.reason == "REQUEST_ID_REUSED"
    unfit = refused(
        InvalidArgument, lambda: register(grpc_stub, currency(code), request_id="two words")
    )
    assert unfit.reason == "REQUEST_ID_INVALID"


def test_a_refused_request_id_may_be_used_again(grpc_stub: Stub) -> None:
    code = new_code()
    refused(
        InvalidArgument,
        lambda: register(grpc_stub, stock(code, isin="US"), request_id=f"id-{code}"),
    )
    assert register(grpc_stub, currency(code), request_id=f"id-{code}").created


@pytest.mark.parametrize(
    ("method", "request_class"),
    [
        ("RegisterVenue", pb.RegisterVenueRequest),
        ("LinkInstruments", pb.LinkInstrumentsRequest),
        ("RegisterInstrument", pb.RegisterInstrumentRequest),
    ],
)
def test_nothing_to_add(grpc_stub: Stub, method: str, request_class: Any) -> None:
    error = refused(InvalidArgument, lambda: getattr(grpc_stub, method)(request_class()))
    assert error.reason == "REQUEST_EMPTY"


def test_a_revision_is_waited_for(grpc_stub: Stub) -> None:
    known = register(grpc_stub, currency(new_code()))
    with ThreadPoolExecutor(1) as pool:
        asked = pb.GetInstrumentRequest(
            id=known.instrument.id_text, min_revision=known.revision + 1
        )
        waiting = pool.submit(grpc_stub.GetInstrument, asked, timeout=30)
        written = register(grpc_stub, currency(new_code()))
        assert waiting.result().revision >= written.revision


def test_a_revision_that_does_not_come(grpc_stub: Stub) -> None:
    fields = {
        "GetInstrument": {"id": "ab" * 16},
        "ListInstruments": {},
        "GetVenue": {"key": "NASDAQ"},
        "ListLinks": {},
    }

    def ask(method: str) -> MeshError:
        request = getattr(pb, f"{method}Request")(min_revision=1 << 40, **fields[method])
        return refused(Unavailable, lambda: getattr(grpc_stub, method)(request, timeout=6))

    # together: each waits until shortly before its caller's deadline
    with ThreadPoolExecutor(len(fields)) as pool:
        for error in pool.map(ask, fields):
            assert error.reason == "REVISION_NOT_REACHED"
            assert int(str(error.values["revision"])) < 1 << 40


# ------------------------------------------------------------------------------------------ watch


def test_watch_gives_the_backlog_then_what_comes(grpc_stub: Stub) -> None:
    first = register(grpc_stub, currency(new_code()))
    second = register(grpc_stub, currency(new_code()))
    stream = grpc_stub.WatchRegistry(pb.WatchRegistryRequest(from_revision=first.revision))
    assert next(stream).instrument_registered == second.instrument
    bookmark = next(stream)
    assert bookmark.WhichOneof("event") is None
    assert bookmark.revision == second.revision
    third = register(grpc_stub, currency(new_code()))
    assert next(stream).instrument_registered == third.instrument
    stream.cancel()


def test_watch_from_what_is_no_longer_kept(grpc_stub: Stub) -> None:
    for _ in range(11):  # 550 changes, of which 500 are kept
        batch = [currency(new_code()) for _ in range(50)]
        answer = grpc_stub.BatchRegisterInstruments(
            pb.BatchRegisterInstrumentsRequest(instruments=batch)
        )
    error = refused(OutOfRange, lambda: next(grpc_stub.WatchRegistry(pb.WatchRegistryRequest())))
    assert error.reason == "REVISION_COMPACTED"
    assert int(str(error.values["oldest_revision"])) == answer.revision - 500
    oldest = answer.revision - 500
    stream = grpc_stub.WatchRegistry(pb.WatchRegistryRequest(from_revision=oldest))
    assert next(stream).revision == oldest + 1
    stream.cancel()


def test_watch_refuses_a_filter_that_cannot_be(grpc_stub: Stub) -> None:
    error = refused(
        InvalidArgument,
        lambda: next(grpc_stub.WatchRegistry(pb.WatchRegistryRequest(isin_prefix="us"))),
    )
    assert error.reason == "WATCH_FILTER_INVALID"
    for field in ("asset_types", "link_types", "kinds"):
        for number in (0, 99):
            request = pb.WatchRegistryRequest(**{field: [number]})  # type: ignore[arg-type]  # any
            stream = grpc_stub.WatchRegistry(request, timeout=30)
            error = refused(InvalidArgument, stream.__next__)
            assert (error.reason, error.values["field"]) == ("WATCH_FILTER_INVALID", field)
    error = refused(
        NotFound,
        lambda: next(grpc_stub.WatchRegistry(pb.WatchRegistryRequest(venues=["NOWHERE"]))),
    )
    assert error.reason == "VENUE_UNKNOWN"


def test_many_callers_at_once(grpc_stub: Stub) -> None:
    """Each thread registers the same hundred: each is created once, and all see the same."""
    codes = [new_code() for _ in range(100)]
    created: list[str] = []
    lock = threading.Lock()

    def work(_: int) -> list[str]:
        ids = []
        for code in codes:
            answer = register(grpc_stub, currency(code))
            ids.append(answer.instrument.id_text)
            if answer.created:
                with lock:
                    created.append(code)
        return ids

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(work, range(4)))
    assert sorted(created) == sorted(codes)
    assert all(ids == results[0] for ids in results)


def test_update_delist_and_history(grpc_stub: Stub) -> None:
    known = register(grpc_stub, currency(new_code())).instrument
    line = register(grpc_stub, stock(known.symbol)).instrument
    update = pb.UpdateInstrumentRequest(
        instrument=pb.Instrument(id_text=line.id_text, name="New"),
        expected_revision=line.revision,
        request_id=f"update-{line.symbol}",
    )
    answer = grpc_stub.UpdateInstrument(update)
    assert answer.changed
    assert answer.instrument.name == "New"
    assert grpc_stub.UpdateInstrument(update) == answer  # the same request, not a stale revision
    update.request_id = ""
    error = refused(Conflict, lambda: grpc_stub.UpdateInstrument(update))
    assert error.reason == "REVISION_CONFLICT"
    gone = grpc_stub.DelistInstrument(pb.DelistInstrumentRequest(id=line.id_text))
    assert gone.instrument.status == pb.INSTRUMENT_STATUS_DELISTED
    history = grpc_stub.GetInstrumentHistory(pb.GetInstrumentHistoryRequest(id=line.id_text))
    assert list(history.instruments) == [gone.instrument]
    error = refused(
        InvalidArgument, lambda: grpc_stub.UpdateInstrument(pb.UpdateInstrumentRequest())
    )
    assert error.reason == "REQUEST_EMPTY"


def test_search_records_and_venues(grpc_stub: Stub) -> None:
    code = new_code()
    known = register(grpc_stub, pair(code, "USDT")).instrument
    answer = grpc_stub.SearchInstruments(pb.SearchInstrumentsRequest(query=f"{code}USDT"))
    assert list(answer.instruments) == [known]
    records = grpc_stub.BatchGetInstrumentRecords(
        pb.BatchGetInstrumentRecordsRequest(ids=id_of(known))
    )
    assert not records.missing
    venues = grpc_stub.FindVenues(pb.FindVenuesRequest(instrument_id=known.id_text))
    assert [(one.venue.name, one.instrument) for one in venues.listings] == [("BINANCE", known)]


def test_venues_change_quote_and_are_measured(grpc_stub: Stub) -> None:
    venue = pb.Venue(name="GEMINI", maker_fee_bps="1", taker_fee_bps="2.5")
    changed = grpc_stub.UpdateVenue(pb.UpdateVenueRequest(venue=venue))
    assert changed.changed
    assert not grpc_stub.UpdateVenue(pb.UpdateVenueRequest(venue=venue)).changed
    quote = grpc_stub.QuoteFees(pb.QuoteFeesRequest(venue="GEMINI", notional="100"))
    assert (quote.taker_fee, quote.tier) == ("0.025", -1)
    assert quote.revision >= changed.revision
    assert grpc_stub.GetSessions(pb.GetSessionsRequest(venue="GEMINI")).always_open
    one = pb.VenueMetric(latency_ns=5, status=pb.VENUE_STATUS_DOWN)
    one.time.GetCurrentTime()
    report = pb.ReportVenueMetricsRequest(venue="GEMINI", metrics=[one])
    answer = grpc_stub.ReportVenueMetrics(report)
    assert answer.kept == 1
    assert answer.revision > changed.revision
    assert grpc_stub.GetVenue(pb.GetVenueRequest(key="GEMINI")).venue.status == one.status
    found = grpc_stub.GetVenueMetrics(pb.GetVenueMetricsRequest(venue="GEMINI"))
    assert (list(found.metrics), found.median_latency_ns) == ([one], 5)
    gone = grpc_stub.DeleteVenue(pb.DeleteVenueRequest(key="GEMINI"))
    assert gone.venue.retired
    watch = grpc_stub.WatchRegistry(
        pb.WatchRegistryRequest(
            from_revision=changed.revision - 1, kinds=[pb.EVENT_KIND_VENUE], venues=["GEMINI"]
        )
    )
    events = list(itertools.islice(watch, 3))
    watch.cancel()
    assert [event.WhichOneof("event") for event in events] == ["venue_updated"] * 3


def test_synthetics_and_routes(grpc_stub: Stub) -> None:
    code = new_code()
    coin = register(grpc_stub, currency(code)).instrument
    line = register(grpc_stub, pair(code, "USDT")).instrument
    definition = pb.DefineSyntheticRequest(
        name=f"TWICE-{code}", formula="2*x", inputs=[pb.SyntheticInput(alias="x", id=coin.id)]
    )
    made = grpc_stub.DefineSynthetic(definition)
    assert made.changed
    assert made.synthetic.formula == "2 * x"
    got = grpc_stub.GetSynthetic(pb.GetSyntheticRequest(name=made.synthetic.name))
    assert got.synthetic == made.synthetic
    value = grpc_stub.EvaluateSynthetic(
        pb.EvaluateSyntheticRequest(
            name=made.synthetic.name, values=[pb.InstrumentValue(id=coin.id, value="1.25")]
        )
    )
    assert (value.value, value.version) == ("2.5", 1)
    definition.formula = "2 *"
    error = refused(InvalidArgument, lambda: grpc_stub.DefineSynthetic(definition))
    assert error.reason == "FORMULA_INVALID"
    grpc_stub.UpdateVenue(
        pb.UpdateVenueRequest(venue=pb.Venue(name="BINANCE", maker_fee_bps="0", taker_fee_bps="10"))
    )
    level = pb.RouteLevel(price="10", quantity="3")
    routed = grpc_stub.RouteOrder(
        pb.RouteOrderRequest(
            instrument_id=line.id,
            side=pb.ROUTE_SIDE_BUY,
            quantity="2",
            books=[pb.RouteBook(instrument_id=line.id, asks=[level])],
        )
    )
    assert [(leg.quantity, leg.fee) for leg in routed.legs] == [("2", "0.02")]
