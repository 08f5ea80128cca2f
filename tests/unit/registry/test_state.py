"""The fold, by property: replay, snapshot and dump agree whatever was done, and nothing is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import VenueId
from alphapulse_mesh.registry import identity, state
from alphapulse_mesh.registry.journal import STREAM, decode_event, encode_event
from alphapulse_mesh.registry.model import InstrumentEntry, RequestEntry
from alphapulse_mesh.registry.planning import Planner
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.registry.venues import builtin_venues
from alphapulse_mesh.runtime.errors import DataLoss, MeshError
from alphapulse_mesh.runtime.event_store import RecordedEvent
from alphapulse_testing.registry import (
    APPLE_COMPOSITE,
    APPLE_CUSIP,
    APPLE_FIGI,
    APPLE_ISIN,
    APPLE_SHARE_CLASS,
    USDC_ETHEREUM,
    colliding,
    currency,
    pair,
    perpetual,
    stock,
    token,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alphapulse_mesh.registry.model import Change

CODES = st.sampled_from(["BTC", "ETH", "USD", "btc", "eth", "LONGCODE1", "usdc.e"])
TICKS = st.sampled_from(["", "0.01", "0.10"])
VENUES = st.sampled_from([VenueId.BINANCE, VenueId.KRAKEN])


@st.composite
def commands(draw: st.DrawFn) -> Any:
    """Something done to a registry: mostly sensible, often repeated, sometimes refused."""
    kind = draw(st.sampled_from(["currency", "pair", "perpetual", "venue", "link", "request"]))
    code, quote = draw(CODES), draw(CODES)
    tick, venue = draw(TICKS), draw(VENUES)
    pick = draw(st.integers(0, 7)), draw(st.integers(0, 7))
    match kind:
        case "currency":
            return lambda planner: planner.register_instrument(currency(code))
        case "pair":
            new = pair(code, quote, venue=venue, tick_size=tick)
            return lambda planner: planner.register_instrument(new)
        case "perpetual":
            return lambda planner: planner.register_instrument(
                perpetual(code, **_underlying(planner, pick[0]))
            )
        case "venue":
            new_venue = pb.Venue(name=f"V_{quote.upper()[:3]}", kind=pb.VENUE_KIND_BROKER)
            return lambda planner: planner.register_venue(new_venue)
        case "link":
            return lambda planner: planner.link(_link(planner, *pick))
        case _:
            name = f"request-{pick[0]}"
            return lambda planner: (
                planner.recorded(name)
                or planner.record(name, "method", code.encode(), lambda revision: b"%d" % revision)
            )


def _known(planner: Planner) -> list[InstrumentEntry]:
    planned = [c for c in planner.changes if isinstance(c, InstrumentEntry)]
    return [*planner._state.in_order, *planned]


def _underlying(planner: Planner, index: int) -> dict[str, Any]:
    known = _known(planner)
    return {"underlying": identity.to_message(known[index % len(known)].id)} if known else {}


def _link(planner: Planner, one: int, other: int) -> pb.Link:
    known = _known(planner) or [Planner(RegistryState()).register_instrument(currency())[0]]
    ends: dict[str, Any] = {"from": identity.to_message(known[one % len(known)].id)}
    target = identity.to_message(known[other % len(known)].id)
    return pb.Link(to=target, type=pb.LINK_TYPE_SAME_SECURITY, **ends)


GROUPS = st.lists(st.lists(commands(), min_size=1, max_size=6), max_size=8)


def run(groups: Sequence[Sequence[Any]]) -> tuple[RegistryState, list[RecordedEvent]]:
    """The state and the journal that commits of these commands make."""
    folded, journal = RegistryState(), []
    for group in groups:
        planner = Planner(folded, colliding)
        for command in group:
            planned = len(planner.changes)
            try:
                command(planner)
            except MeshError:
                assert len(planner.changes) == planned
        for change in planner.changes:
            kind, data = encode_event(change, 1_700_000_000_123_456_789)
            journal.append(RecordedEvent(STREAM, change.revision, kind, data, 0))
            folded.apply(change.revision, change)
    return folded, journal


def replay(start: RegistryState, journal: Sequence[RecordedEvent]) -> RegistryState:
    for event in journal:
        start.apply(event.version, decode_event(event))
    return start


@settings(max_examples=60, deadline=None)
@given(GROUPS, st.data())
def test_replay_and_snapshot_give_the_same_bytes(groups: Any, data: st.DataObject) -> None:
    folded, journal = run(groups)
    dump = folded.dump()
    assert replay(RegistryState(), journal).dump() == dump
    assert RegistryState.load(dump).dump() == dump
    cut = data.draw(st.integers(0, len(journal)))
    snapshot = replay(RegistryState(), journal[:cut]).dump()
    assert replay(RegistryState.load(snapshot), journal[cut:]).dump() == dump


@settings(max_examples=60, deadline=None)
@given(GROUPS)
def test_what_holds_in_every_state(groups: Any) -> None:
    folded, journal = run(groups)
    assert folded.revision == len(journal)
    keys = [entry.natural_key for entry in folded.in_order]
    assert len(keys) == len(set(keys)) == len(folded.instruments)
    assert [entry.ordinal for entry in folded.in_order] == list(range(len(keys)))
    for entry in folded.in_order:
        message = entry.message()
        assert folded.instruments[entry.id] is entry
        assert identity.from_message(message.id) == entry.id
        assert entry in folded.by_symbol[entry.symbol]
        assert entry in folded.by_venue[entry.venue]
        assert entry in folded.by_type[entry.asset_type]
        if entry.pair_base:
            base = [c for c in folded.by_symbol[entry.pair_base] if c.venue == 0]
            linked = {k.source for k in folded.links if k.target == entry.id and k.type == 7}
            assert linked == {currency.id for currency in base}
    for key in folded.links:
        assert key.source in folded.instruments
        assert key.target in folded.instruments
    for collision in folded.collisions:
        holder = folded.instruments[collision.id]
        assert holder.natural_key == collision.existing_key
        later = folded.instruments[collision.assigned_id]
        assert later.natural_key == collision.colliding_key
        assert later.revision > holder.revision


@settings(max_examples=40, deadline=None)
@given(GROUPS)
def test_grouping_changes_nothing(groups: Any) -> None:
    together = [[command for group in groups for command in group]]
    alone = [[command] for group in groups for command in group]
    assert run(groups)[0].dump() == run(together)[0].dump() == run(alone)[0].dump()


def changes_of(*instruments: pb.Instrument) -> list[Change]:
    planner = Planner(RegistryState())
    for instrument in instruments:
        planner.register_instrument(instrument)
    return planner.changes


def test_only_the_next_change_is_applied() -> None:
    changes = changes_of(currency("BTC"), currency("ETH"))
    folded = RegistryState()
    folded.apply(1, changes[0])
    for revision, change in ((1, changes[0]), (3, changes[1]), (2, changes[0])):
        with pytest.raises(DataLoss) as caught:
            folded.apply(revision, change)
        assert caught.value.reason == Reason.JOURNAL_INVALID
    folded.apply(2, changes[1])
    assert folded.revision == 2


def test_every_identifier_is_indexed() -> None:
    folded = RegistryState()
    share = stock(
        isin=APPLE_ISIN,
        cusip=APPLE_CUSIP,
        figi=APPLE_FIGI,
        composite_figi=APPLE_COMPOSITE,
        share_class_figi=APPLE_SHARE_CLASS,
    )
    for change in changes_of(share, token()):
        folded.apply(change.revision, change)
    one, other = folded.in_order
    assert folded.by_isin[APPLE_ISIN] == folded.by_cusip[APPLE_CUSIP] == [one]
    for figi in (APPLE_FIGI, APPLE_COMPOSITE, APPLE_SHARE_CLASS):
        assert folded.by_figi[figi] == [one]
    assert folded.by_address[USDC_ETHEREUM.lower()] == [other]


@pytest.mark.parametrize("damage", ["magic", "cut", "longer", "kind", "count"])
def test_a_damaged_snapshot_is_refused(damage: str) -> None:
    folded = RegistryState()
    for change in changes_of(currency("BTC"), pair()):
        folded.apply(change.revision, change)
    data = folded.dump()
    head = len(b"alphapulse registry state 1\n")
    broken = {
        "magic": b"x" + data[1:],
        "cut": data[:-1],
        "longer": data + b"\0",
        "kind": data[: head + 12] + b"\x63" + data[head + 13 :],
        "count": data[: head + 8] + b"\x09" + data[head + 9 :],
    }[damage]
    with pytest.raises(DataLoss) as caught:
        RegistryState.load(broken)
    assert caught.value.reason == Reason.SNAPSHOT_INVALID


def test_only_the_last_requests_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state, "REQUESTS_KEPT", 3)
    folded = RegistryState()
    for number in range(1, 6):
        folded.apply(number, RequestEntry.of(f"r{number}", "m", b"d", b"answer", number))
    assert list(folded.requests) == ["r3", "r4", "r5"]
    again = RegistryState.load(folded.dump())
    assert again.dump() == folded.dump()
    monkeypatch.setattr(state, "REQUEST_BYTES_KEPT", 120)
    folded.apply(6, RequestEntry.of("r6", "m", b"d", b"x" * 90, 6))
    assert list(folded.requests) == ["r6"]


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("instrument.moved", b""),
        ("instrument.registered", b""),
        ("instrument.registered", b"\x08\x02\x12\x00\x1a\x00"),
        ("instrument.registered", b"\x08\x01\x1a\x00"),
        ("instrument.registered", b"\x08\x01\x12\x00\x2a\x00"),
        ("instrument.registered", b"\x08\x01\x12\x00\x1a\x05"),
        ("instrument.registered", b"\x08\x01\x12\x00\x1a\x01\xff"),
        ("instrument.registered", b"\x08" + b"\xff" * 10),
        ("request.recorded", b"\x0a\x01"),
        ("request.recorded", b"\x0a\x00\x12\x00\x1a\x00\x22\x00\x00"),
        ("request.recorded", b"\x0a\x00\x1a\x00\x12\x00\x22\x00"),
    ],
)
def test_a_foreign_event_is_refused(kind: str, data: bytes) -> None:
    with pytest.raises(DataLoss) as caught:
        decode_event(RecordedEvent(STREAM, 1, kind, data, 0))
    assert caught.value.reason == Reason.JOURNAL_INVALID


def test_the_journal_holds_what_watchers_get() -> None:
    change = changes_of(pair(tick_size="0.01"))[0]
    event = encode_event(change, 1_700_000_000_000_000_005)
    response = pb.WatchRegistryResponse.FromString(event.data)
    assert response.revision == 1
    assert (response.time.seconds, response.time.nanos) == (1_700_000_000, 5)
    assert isinstance(change, InstrumentEntry)
    assert response.instrument_registered == change.message()
    assert response.SerializeToString(deterministic=True) == event.data


def test_built_in_venues_are_every_number_with_facts() -> None:
    venues = list(builtin_venues())
    assert [v.venue for v in venues] == [v.value for v in VenueId if v is not VenueId.NONE]
    assert [v.name for v in venues] == [v.name for v in VenueId if v is not VenueId.NONE]
    assert all(v.kind and v.title for v in venues)
    mics = [v.mic for v in venues if v.mic]
    chains = [v.chain_id for v in venues if v.chain_id]
    assert len(mics) == len(set(mics))
    assert len(chains) == len(set(chains))
    assert all(v.mic and v.country for v in venues if v.kind == pb.VENUE_KIND_EXCHANGE)


def test_a_venue_is_found_by_number_name_and_mic() -> None:
    folded = RegistryState()
    nasdaq = folded.venues[VenueId.NASDAQ]
    assert folded.venue("400") is folded.venue("NASDAQ") is folded.venue("XNAS") is nasdaq
    for key in ("", "0", "65536", "999999", "nasdaq", "XXXX", "-1", "٤٠٠"):
        assert folded.venue(key) is None
