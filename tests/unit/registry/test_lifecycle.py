"""Updates: corrections, new periods of validity, renamed tickers, used symbols, delisting."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import VenueId
from alphapulse_mesh.registry import queries, search
from alphapulse_mesh.registry.commands import RegistryPlanner
from alphapulse_mesh.registry.journal import decode_event, encode_event
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.runtime.errors import (
    AlreadyExists,
    Conflict,
    InvalidArgument,
    MeshError,
    UnknownInstrument,
)
from alphapulse_mesh.runtime.event_store import RecordedEvent
from alphapulse_testing.registry import (
    APPLE_ISIN,
    APPLE_SHARE_CLASS,
    currency,
    future,
    pair,
    perpetual,
    stock,
    token,
)

LIMIT = 1 << 20


def day(year: int, month: int = 1, date: int = 1) -> dt.datetime:
    return dt.datetime(year, month, date, tzinfo=dt.UTC)


def ns(moment: dt.datetime) -> int:
    return int(moment.timestamp()) * 1_000_000_000


RENAMED = day(2022, 6, 9)
NOW = ns(day(2025))


class Registry:
    """A state, changed as the writer does it: through the journal's bytes."""

    def __init__(self) -> None:
        self.state = RegistryState()
        self.journal: list[RecordedEvent] = []

    def _commit(self, planner: RegistryPlanner) -> None:
        for change in planner.changes:
            event = encode_event(change, 1)
            stored = RecordedEvent("registry", change.revision, event.type, event.data, 1)
            self.journal.append(stored)
            self.state.apply(change.revision, decode_event(stored))

    def register(self, instrument: pb.Instrument) -> pb.Instrument:
        planner = RegistryPlanner(self.state)
        entry, _ = planner.register_instrument(instrument)
        self._commit(planner)
        return entry.message()

    def update(
        self, known: pb.Instrument, mask: str = "", *, expected: int = 0, at: Any = None, **new: Any
    ) -> pb.Instrument:
        request = pb.UpdateInstrumentRequest(
            instrument=pb.Instrument(**new),
            expected_revision=expected,
            effective_time=at,
        )
        request.instrument.id_text = known.id_text
        request.update_mask.paths.extend(mask.split(",") if mask else [])
        planner = RegistryPlanner(self.state)
        entry, _ = planner.update_instrument(request)
        self._commit(planner)
        return entry.message()

    def delist(self, known: pb.Instrument, at: Any = None, expected: int = 0) -> pb.Instrument:
        request = pb.DelistInstrumentRequest(time=at, expected_revision=expected)
        planner = RegistryPlanner(self.state)
        entry, _ = planner.delist_instrument(bytes.fromhex(known.id_text), request, NOW)
        self._commit(planner)
        return entry.message()

    def resolve(self, symbol: str, at: Any = None) -> list[pb.Instrument]:
        request = pb.ResolveInstrumentRequest(symbol=symbol, venue="XNAS", as_of=at)
        answer = queries.resolve(self.state, request, NOW, LIMIT)
        return list(pb.ResolveInstrumentResponse.FromString(answer).candidates)


def refused(kind: type[MeshError], reason: Reason, call: Any) -> MeshError:
    with pytest.raises(kind) as caught:
        call()
    assert caught.value.reason == reason
    return caught.value


def test_a_renamed_ticker_resolves_as_of_a_date() -> None:
    registry = Registry()
    facebook = registry.register(stock("FB", name="Facebook, Inc."))
    meta = registry.update(facebook, symbol="META", name="Meta Platforms, Inc.", at=RENAMED)
    assert meta.id == facebook.id
    assert meta.natural_key == facebook.natural_key
    assert meta.version == 1
    (then,) = registry.resolve("FB", day(2021))
    assert (then.name, then.version, then.id) == ("Facebook, Inc.", 0, facebook.id)
    assert then.valid_to.ToDatetime(dt.UTC) == RENAMED
    (today,) = registry.resolve("META")
    assert today == meta
    refused(UnknownInstrument, Reason.INSTRUMENT_NOT_VALID_THEN, lambda: registry.resolve("FB"))
    refused(
        UnknownInstrument,
        Reason.INSTRUMENT_NOT_VALID_THEN,
        lambda: registry.resolve("META", day(2021)),
    )
    # what an importer brings under the new symbol is that instrument, not a second one
    again = registry.register(stock("META", name="Meta Platforms, Inc."))
    assert again == meta
    history = pb.GetInstrumentHistoryResponse.FromString(
        search.get_history(registry.state, bytes.fromhex(meta.id_text))
    )
    assert [i.symbol for i in history.instruments] == ["FB", "META"]


def test_a_used_symbol_is_another_instrument_from_its_own_day_on() -> None:
    registry = Registry()
    first = registry.register(stock("SNOW", name="Intrawest", valid_from=day(2014)))
    registry.delist(first, at=day(2017, 8))
    refused(
        AlreadyExists,
        Reason.INSTRUMENT_CONFLICT,
        lambda: registry.register(stock("SNOW", name="Snowflake")),
    )
    refused(
        AlreadyExists,
        Reason.INSTRUMENT_CONFLICT,
        lambda: registry.register(stock("SNOW", name="Snowflake", valid_from=day(2016))),
    )
    later = stock("SNOW", name="Snowflake", valid_from=day(2020, 9, 16))
    second = registry.register(later)
    assert second.natural_key == f"v1:stock:{int(VenueId.NASDAQ)}:SNOW@20200916"
    assert second.id != first.id
    assert registry.register(later) == second
    assert [i.name for i in registry.resolve("SNOW", day(2015))] == ["Intrawest"]
    assert [i.name for i in registry.resolve("SNOW")] == ["Snowflake"]
    refused(
        UnknownInstrument,
        Reason.INSTRUMENT_NOT_VALID_THEN,
        lambda: registry.resolve("SNOW", day(2019)),
    )


def test_the_symbol_that_a_renamed_line_left_is_free_from_then_on() -> None:
    registry = Registry()
    facebook = registry.register(stock("FB"))
    registry.update(facebook, symbol="META", at=RENAMED)
    refused(
        AlreadyExists,
        Reason.INSTRUMENT_CONFLICT,
        lambda: registry.register(stock("FB", name="ProShares", valid_from=day(2022))),
    )
    other = registry.register(stock("FB", name="ProShares", valid_from=day(2024)))
    assert other.id != facebook.id
    assert [i.name for i in registry.resolve("FB")] == ["ProShares"]
    assert [i.id for i in registry.resolve("FB", day(2021))] == [facebook.id]


def test_a_symbol_in_use_is_not_taken_by_a_rename() -> None:
    registry = Registry()
    facebook = registry.register(stock("FB"))
    fund = registry.register(stock("META", name="Ball Metaverse"))
    for at in (None, RENAMED):
        refused(
            AlreadyExists,
            Reason.INSTRUMENT_CONFLICT,
            lambda at=at: registry.update(facebook, symbol="META", at=at),
        )
    registry.update(fund, symbol="METV", at=day(2022, 1, 31))
    registry.update(facebook, symbol="META", at=RENAMED)
    assert [i.id for i in registry.resolve("META", day(2021))] == [fund.id]
    assert [i.id for i in registry.resolve("META")] == [facebook.id]


def test_a_correction_takes_the_place_of_what_was_there() -> None:
    registry = Registry()
    known = registry.register(stock(isin=APPLE_ISIN, tick_size="0.1", name="Aple"))
    corrected = registry.update(known, name="Apple", tick_size="0.010")
    assert (corrected.name, corrected.tick_size, corrected.isin) == ("Apple", "0.01", APPLE_ISIN)
    assert corrected.version == 0
    assert corrected.revision == registry.state.revision
    cleared = registry.update(known, "isin")
    assert cleared.isin == ""
    assert APPLE_ISIN not in registry.state.by_isin
    assert len(registry.state.by_symbol["AAPL"]) == 1
    revision = registry.state.revision
    assert registry.update(known, name="Apple") == cleared
    assert registry.state.revision == revision


def test_the_expected_revision_must_be_the_one_there() -> None:
    registry = Registry()
    known = registry.register(stock())
    changed = registry.update(known, name="Apple", expected=known.revision)
    error = refused(
        Conflict,
        Reason.REVISION_CONFLICT,
        lambda: registry.update(known, name="Pear", expected=known.revision),
    )
    assert error.values["revision"] == changed.revision
    refused(
        Conflict,
        Reason.REVISION_CONFLICT,
        lambda: registry.delist(known, expected=known.revision),
    )
    assert registry.resolve("AAPL") == [changed]


@pytest.mark.parametrize(
    ("instrument", "field", "value"),
    [
        (stock(), "asset_type", 3),
        (stock(), "venue", VenueId.NYSE),
        (pair(), "quote_currency", "EUR"),
        (token(), "contract_address", "0x" + "11" * 20),
        (token(), "chain_id", 137),
        (future(), "expires_at", day(2030)),
        (future(), "symbol", "ESU4"),
        (currency(), "symbol", "XBT"),
    ],
)
def test_what_makes_the_key_stays(instrument: pb.Instrument, field: str, value: Any) -> None:
    registry = Registry()
    known = registry.register(instrument)
    before = registry.state.dump()
    with pytest.raises(InvalidArgument) as caught:
        registry.update(known, **{field: value})
    assert caught.value.reason in {Reason.FIELD_IMMUTABLE, Reason.FIELD_MISSING}
    assert registry.state.dump() == before


def test_a_reference_stays_once_it_is_set() -> None:
    registry = Registry()
    bitcoin, ether = registry.register(currency("BTC")), registry.register(currency("ETH"))
    known = registry.register(perpetual())
    linked = registry.update(known, underlying=bitcoin.id)
    assert [link.key.type for link in registry.state.links_in_order] == [pb.LINK_TYPE_DERIVATIVE_OF]
    refused(
        InvalidArgument,
        Reason.FIELD_IMMUTABLE,
        lambda: registry.update(linked, underlying=ether.id),
    )


def test_bad_updates_say_why() -> None:
    registry = Registry()
    known = registry.register(stock(valid_from=day(2020)))

    def refuse(reason: Reason, **fields: Any) -> None:
        refused(InvalidArgument, reason, lambda: registry.update(known, **fields))

    refuse(Reason.FIELD_MASK_INVALID, mask="nonsense")
    refuse(Reason.ISIN_INVALID, isin="US0378331006")
    refuse(Reason.EFFECTIVE_TIME_INVALID, name="x", at=day(2019))
    refuse(Reason.EFFECTIVE_TIME_INVALID, name="x", at=day(2020))
    refuse(Reason.STATUS_TRANSITION, status=pb.INSTRUMENT_STATUS_ANNOUNCED)
    refuse(Reason.STATUS_TRANSITION, status=pb.INSTRUMENT_STATUS_EXPIRED)
    refused(
        InvalidArgument,
        Reason.FIELD_MISSING,
        lambda: RegistryPlanner(registry.state).update_instrument(pb.UpdateInstrumentRequest()),
    )
    refused(
        UnknownInstrument,
        Reason.INSTRUMENT_UNKNOWN,
        lambda: registry.update(pb.Instrument(id_text="07" * 16), name="x"),
    )


def test_delisting_ends_the_validity_and_is_idempotent() -> None:
    registry = Registry()
    known = registry.register(stock())
    gone = registry.delist(known, at=day(2023))
    assert gone.status == pb.INSTRUMENT_STATUS_DELISTED
    assert gone.valid_to.ToDatetime(dt.UTC) == day(2023)
    assert registry.delist(known) == gone
    assert registry.resolve("AAPL", day(2022))[0].id == known.id
    refused(UnknownInstrument, Reason.INSTRUMENT_NOT_VALID_THEN, lambda: registry.resolve("AAPL"))
    refused(
        InvalidArgument,
        Reason.STATUS_TRANSITION,
        lambda: registry.update(known, status=pb.INSTRUMENT_STATUS_ACTIVE),
    )
    back = registry.update(known, status=pb.INSTRUMENT_STATUS_ACTIVE, at=day(2024))
    assert not back.HasField("valid_to")
    assert registry.resolve("AAPL") == [back]


def test_a_delisting_to_come_leaves_the_status() -> None:
    registry = Registry()
    known = registry.register(stock(valid_from=day(2020)))
    ending = registry.delist(known, at=day(2030))
    assert ending.status == pb.INSTRUMENT_STATUS_ACTIVE
    assert registry.resolve("AAPL") == [ending]
    refused(
        InvalidArgument,
        Reason.EFFECTIVE_TIME_INVALID,
        lambda: registry.delist(known, at=day(2019)),
    )


def test_halted_and_active_take_turns() -> None:
    registry = Registry()
    known = registry.register(stock())
    halted = registry.update(known, status=pb.INSTRUMENT_STATUS_HALTED)
    assert halted.status == pb.INSTRUMENT_STATUS_HALTED
    active = registry.update(known, status=pb.INSTRUMENT_STATUS_ACTIVE)
    assert active.status == pb.INSTRUMENT_STATUS_ACTIVE


def test_lines_of_one_share_class_are_linked_and_equal_isins_are_not() -> None:
    registry = Registry()
    share: dict[str, Any] = {"isin": APPLE_ISIN, "share_class_figi": APPLE_SHARE_CLASS}
    first = registry.register(stock(**share))
    second = registry.register(stock("APC", VenueId.XETRA, **share))
    registry.register(stock("AAPL", VenueId.BYMA, isin=APPLE_ISIN))
    receipt = stock("AAPL34", VenueId.B3, **share)
    receipt.asset_type = 5  # type: ignore[assignment]  # depositary receipt
    registry.register(receipt)
    (link,) = registry.state.links_in_order
    assert link.key.type == pb.LINK_TYPE_SAME_SECURITY
    assert (link.key.source.hex(), link.key.target.hex()) == (second.id_text, first.id_text)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["register", "rename", "correct", "halt", "delist"]),
        st.sampled_from(["AAA", "BBB", "CCC"]),
        st.sampled_from(["AAA", "BBB", "CCC", "DDD"]),
        st.integers(2001, 2024),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_replay_and_snapshot_give_the_same_state(steps: list[tuple[str, str, str, int]]) -> None:
    registry = Registry()
    known: dict[str, pb.Instrument] = {}
    for what, one, other, year in steps:
        try:
            if what == "register":
                known[one] = registry.register(
                    stock(one, share_class_figi=APPLE_SHARE_CLASS, valid_from=day(year))
                )
            elif one not in known:
                continue
            elif what == "rename":
                registry.update(known[one], symbol=other, at=day(year, 5))
            elif what == "correct":
                registry.update(known[one], symbol=other, name=f"{other} {year}")
            elif what == "halt":
                registry.update(known[one], status=pb.INSTRUMENT_STATUS_HALTED)
            else:
                registry.delist(known[one], at=day(year, 6))
        except MeshError:
            continue  # refused: the property below says that it left nothing behind
    replayed = RegistryState()
    for event in registry.journal:
        replayed.apply(event.version, decode_event(event))
    dump = registry.state.dump()
    assert replayed.dump() == dump
    loaded = RegistryState.load(dump)
    assert loaded.dump() == dump
    # at no time does a symbol mean two instruments
    for year in range(2000, 2027):
        at = ns(day(year, 7))
        for symbol in ("AAA", "BBB", "CCC", "DDD"):
            valid = {
                entry.id
                for entry in loaded.by_symbol.get(symbol, ())
                if entry.valid_from_ns <= at < entry.valid_until_ns
            }
            assert len(valid) <= 1
