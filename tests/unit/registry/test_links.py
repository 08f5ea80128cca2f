"""Links that go again: which may, what becomes of pages, and that every fold agrees."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import VenueId
from alphapulse_mesh.registry import queries
from alphapulse_mesh.registry.commands import RegistryPlanner
from alphapulse_mesh.registry.journal import decode_event, encode_event
from alphapulse_mesh.registry.paging import Paging
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.runtime.errors import (
    Conflict,
    FailedPrecondition,
    InvalidArgument,
    UnknownInstrument,
)
from alphapulse_mesh.runtime.event_store import RecordedEvent
from alphapulse_testing.registry import APPLE_SHARE_CLASS, currency, pair, perpetual, stock

if TYPE_CHECKING:
    from collections.abc import Callable

    from alphapulse_mesh.runtime.errors import MeshError

L = pb.LinkType
SAME = L.LINK_TYPE_SAME_SECURITY


class Registry:
    """A state whose changes go through the journal's encoding."""

    def __init__(self) -> None:
        self.state = RegistryState()

    def commit(self, planner: RegistryPlanner) -> None:
        for change in planner.changes:
            event = encode_event(change, 1)
            recorded = RecordedEvent("registry", change.revision, event.type, event.data, 1)
            self.state.apply(change.revision, decode_event(recorded))

    def register(self, instrument: pb.Instrument) -> pb.Instrument:
        planner = RegistryPlanner(self.state)
        entry, _ = planner.register_instrument(instrument)
        self.commit(planner)
        return entry.message()

    def link(self, one: pb.Instrument, other: pb.Instrument, kind: L.ValueType = SAME) -> pb.Link:
        planner = RegistryPlanner(self.state)
        entry, _ = planner.link(link_of(one, other, kind))
        self.commit(planner)
        return pb.LinkInstrumentsResponse.FromString(entry.wire).link

    def unlink(
        self, one: pb.Instrument, other: pb.Instrument, kind: L.ValueType = SAME, expected: int = 0
    ) -> tuple[pb.Link, bool]:
        planner = RegistryPlanner(self.state)
        request = pb.UnlinkInstrumentsRequest(
            link=link_of(one, other, kind), expected_revision=expected
        )
        encoded, removed = planner.unlink(request)
        self.commit(planner)
        return pb.UnlinkInstrumentsResponse.FromString(encoded).link, removed


def link_of(one: pb.Instrument, other: pb.Instrument, kind: L.ValueType) -> pb.Link:
    link = pb.Link(to=other.id, type=kind)
    getattr(link, "from").CopyFrom(one.id)
    return link


def refused(error: type[MeshError], reason: Reason, call: Callable[[], object]) -> None:
    with pytest.raises(error) as caught:
        call()
    assert caught.value.reason == reason


def page(state: RegistryState, size: int, token: str = "") -> pb.ListLinksResponse:
    request = pb.ListLinksRequest(page_size=size, page_token=token)
    paging = Paging(request, default_size=100, max_size=1000)
    return pb.ListLinksResponse.FromString(queries.list_links(state, request, paging, 1 << 20))


def test_a_link_goes_and_comes_again() -> None:
    registry = Registry()
    one, other = registry.register(stock("A")), registry.register(stock("B"))
    before = registry.state.dump()
    link = registry.link(one, other)
    assert registry.unlink(one, other) == (link, True)
    assert registry.state.links == {}
    assert not registry.state.links_of
    assert RegistryState.load(registry.state.dump()).dump() == registry.state.dump()
    assert registry.state.dump()[40:] == before[40:]  # but for the revision: nothing of it stays
    again, removed = registry.unlink(one, other)
    assert (again.revision, removed) == (0, False)
    assert registry.link(one, other).revision == link.revision + 2


def test_a_link_that_is_another_by_now_is_not_meant() -> None:
    registry = Registry()
    one, other = registry.register(stock("A")), registry.register(stock("B"))
    link = registry.link(one, other)
    refused(
        Conflict,
        Reason.REVISION_CONFLICT,
        lambda: registry.unlink(one, other, expected=link.revision + 1),
    )
    assert registry.unlink(one, other, expected=link.revision)[1]
    refused(
        Conflict,
        Reason.REVISION_CONFLICT,
        lambda: registry.unlink(one, other, expected=link.revision),
    )


def test_what_the_data_say_is_corrected_there_first() -> None:
    registry = Registry()
    share: dict[str, Any] = {"share_class_figi": APPLE_SHARE_CLASS}
    bitcoin = registry.register(currency("BTC"))
    spot = registry.register(pair())
    derived = registry.register(perpetual(underlying=bitcoin.id))
    home = registry.register(stock("AAPL", **share))
    abroad = registry.register(stock("APC", VenueId.XETRA, **share))
    planner = RegistryPlanner(registry.state)
    entry, _ = planner.define_synthetic(
        pb.DefineSyntheticRequest(
            name="TWICE", formula="2 * a", inputs=[pb.SyntheticInput(alias="a", id=spot.id)]
        )
    )
    registry.commit(planner)
    twice = registry.state.instruments[entry.id].message()
    stated = [
        (derived, bitcoin, L.LINK_TYPE_DERIVATIVE_OF),
        (bitcoin, spot, L.LINK_TYPE_BASE_OF),
        (abroad, home, SAME),
        (spot, twice, L.LINK_TYPE_COMPONENT_OF),
    ]
    assert len(registry.state.links) == len(stated)
    for one, other, kind in stated:
        refused(
            FailedPrecondition,
            Reason.LINK_STATED,
            lambda one=one, other=other, kind=kind: registry.unlink(one, other, kind),  # type: ignore[misc]  # bound now
        )
    # a wrong share class is put right, and then the link that it made goes for good
    planner = RegistryPlanner(registry.state)
    planner.update_instrument(
        pb.UpdateInstrumentRequest(
            instrument=pb.Instrument(id_text=abroad.id_text),
            update_mask=FieldMask(paths=["share_class_figi"]),
        )
    )
    registry.commit(planner)
    assert registry.unlink(abroad, home)[1]
    planner = RegistryPlanner(registry.state)
    planner.update_instrument(
        pb.UpdateInstrumentRequest(instrument=pb.Instrument(id_text=abroad.id_text, name="Apple"))
    )
    registry.commit(planner)
    assert SAME not in {key.type for key in registry.state.links}


def test_bad_unlinking_says_why() -> None:
    registry = Registry()
    one, other = registry.register(stock("A")), registry.register(stock("B"))
    refused(
        InvalidArgument,
        Reason.LINK_TYPE_MISSING,
        lambda: registry.unlink(one, other, L.LINK_TYPE_UNSPECIFIED),
    )
    nobody = pb.Instrument(id=common_pb2.InstrumentId(asset_id=7))
    refused(UnknownInstrument, Reason.INSTRUMENT_UNKNOWN, lambda: registry.unlink(one, nobody))


def test_one_commit_sees_what_it_has_planned() -> None:
    registry = Registry()
    one, other = registry.register(stock("A")), registry.register(stock("B"))
    planner = RegistryPlanner(registry.state)
    planner.link(link_of(one, other, SAME))
    unlink = pb.UnlinkInstrumentsRequest(link=link_of(one, other, SAME))
    assert planner.unlink(unlink)[1]
    assert not planner.unlink(unlink)[1]
    assert planner.link(link_of(one, other, SAME))[1]
    registry.commit(planner)
    assert len(registry.state.links) == 1
    planner = RegistryPlanner(registry.state)
    planner.unlink(unlink)
    planner.roll_back(0)
    assert planner.unlink(unlink)[1]


def test_pages_go_on_while_links_go() -> None:
    registry = Registry()
    shares = [registry.register(stock(f"S{number}")) for number in range(8)]
    links = [registry.link(one, other) for one, other in itertools.pairwise(shares)]
    first = page(registry.state, 3)
    assert list(first.links) == links[:3]
    registry.unlink(shares[0], shares[1])  # one before the page's end
    registry.unlink(shares[4], shares[5])  # and one after it
    rest = page(registry.state, 3, first.next_page_token)
    assert list(rest.links) == [links[3], *links[5:]]
    # a replica that began from a snapshot goes on at the same place
    loaded = RegistryState.load(registry.state.dump())
    assert page(loaded, 3, first.next_page_token) == rest
