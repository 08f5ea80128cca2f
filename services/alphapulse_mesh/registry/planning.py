"""From a request to changes: what an instrument adds to the registry as it stands.

A planner sees the state and, on top of it, what it has planned itself, so that many requests make
one commit. Every check of a request comes before its first change, so a refused one leaves nothing
behind.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.comparing import begins_after, refuse_other_data, requested_id
from alphapulse_mesh.registry.currencies import check_listed_currencies
from alphapulse_mesh.registry.linking import LinkPlanner
from alphapulse_mesh.registry.model import (
    END_OF_TIME,
    CollisionEntry,
    InstrumentEntry,
    serialized,
    time_ns,
)
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.validation import check_address, normalise_instrument
from alphapulse_mesh.registry.venue_registration import VenueRegistrationPlanner
from alphapulse_mesh.registry.venues import SOLANA_CHAIN_ID
from alphapulse_mesh.runtime.errors import AlreadyExists, FailedPrecondition, InvalidArgument

if TYPE_CHECKING:
    from alphapulse_mesh.registry.identity import NaturalKey

__all__ = ["Planner", "underlying_of"]

_A = common_pb2.AssetType


class Planner(LinkPlanner, VenueRegistrationPlanner):
    """Plans registrations and links; updates build on it."""

    def register_instrument(self, instrument: pb.Instrument) -> tuple[InstrumentEntry, bool]:
        """The entry of `instrument`, and whether it is new.

        Raises:
            InvalidArgument, NotFound: it cannot be registered as it is.
            AlreadyExists: its key is there with other data (INSTRUMENT_CONFLICT, value `fields`).
        """
        normal = normalise_instrument(instrument)
        requested = requested_id(instrument)
        self._place(normal)
        self._check_references(normal)
        key, found, instrument_id, met = self._find_line(
            identity.natural_key(normal, requested), normal
        )
        if instrument.natural_key and instrument.natural_key != key.text:
            raise InvalidArgument(
                f"the natural key is {key.text!r}, not {instrument.natural_key[:160]!r}",
                reason=Reason.KEY_MISMATCH,
                natural_key=key.text,
            )
        if requested is not None and requested != instrument_id:
            raise InvalidArgument(
                f"the id of {key.text!r} is {instrument_id.hex()}, not {requested.hex()}",
                reason=Reason.ID_MISMATCH,
                id=instrument_id,
                natural_key=key.text,
            )
        if found is not None:
            refuse_other_data(found, normal)
            return found, False
        return self._add_instrument(normal, key, instrument_id, met), True

    def _find_line(
        self, key: NaturalKey, normal: pb.Instrument
    ) -> tuple[NaturalKey, InstrumentEntry | None, bytes, list[InstrumentEntry]]:
        """`_find_place`, minding that venues rename lines and give a symbol to another one later:
        the key that the instrument gets, who has it, the id and the ids met.

        Raises:
            AlreadyExists: another one is called so at that time (INSTRUMENT_CONFLICT).
        """
        found, instrument_id, met = self._find_place(key)
        if key.asset_type not in identity.KEYED_BY_SYMBOL or key.local != normal.symbol:
            return key, found, instrument_id, met
        if found is not None and begins_after(found, normal):
            key = identity.successor(key, time_ns(normal.valid_from))
            found, instrument_id, met = self._find_place(key)
        if found is None:
            found = self._called(normal)
            if found is not None:
                return key, found, found.id, met
            until = time_ns(normal.valid_to) if normal.HasField("valid_to") else END_OF_TIME
            self.check_symbol(None, normal, time_ns(normal.valid_from), until)
        return key, found, instrument_id, met

    def _bearers(self, asset_type: int, venue: int, symbol: str) -> list[bytes]:
        """The instruments that are or were called so, in a stable order."""
        held = self._state.by_symbol.get(symbol)
        called = self._called_so.get((asset_type, venue, symbol))
        if held is None and called is None:
            return []
        known = [e.id for e in held or () if e.asset_type == asset_type and e.venue == venue]
        planned = [e.id for e in called or ()]
        return list(dict.fromkeys([*known, *planned]))

    def _called(self, normal: pb.Instrument) -> InstrumentEntry | None:
        """The instrument of another key that has the symbol now, when `normal` can be that one."""
        for instrument_id in self._bearers(normal.asset_type, normal.venue, normal.symbol):
            entry = self.instrument(instrument_id)
            if entry is not None and entry.symbol == normal.symbol:
                return None if begins_after(entry, normal) else entry
        return None

    def check_symbol(
        self, own: bytes | None, normal: pb.Instrument, from_ns: int, until_ns: int
    ) -> None:
        """At no time does a symbol mean two instruments of one type on one venue.

        Raises:
            AlreadyExists: another one than `own` is called so in that time (INSTRUMENT_CONFLICT).
        """
        for instrument_id in self._bearers(normal.asset_type, normal.venue, normal.symbol):
            if instrument_id == own:
                continue
            for period in self._all_periods(instrument_id):
                apart = period.valid_until_ns <= from_ns or until_ns <= period.valid_from_ns
                if period.symbol == normal.symbol and not apart:
                    raise AlreadyExists(
                        f"{period.natural_key} has the symbol {normal.symbol!r} at that time",
                        reason=Reason.INSTRUMENT_CONFLICT,
                        id=period.id,
                        natural_key=period.natural_key,
                        fields="symbol",
                    )

    def _all_periods(self, instrument_id: bytes) -> list[InstrumentEntry]:
        """Periods of validity with everything planned so far."""
        known = instrument_id in self._state.instruments
        periods = self._state.versions(instrument_id) if known else []
        for planned in self._periods.get(instrument_id, ()):
            last = periods.pop() if periods else None
            if last is not None and planned.version > last.version:
                periods.append(last.closed(planned.valid_from_ns))
            periods.append(planned)
        return periods

    def _add_instrument(
        self,
        normal: pb.Instrument,
        key: NaturalKey,
        instrument_id: bytes,
        met: list[InstrumentEntry],
    ) -> InstrumentEntry:
        normal.id.CopyFrom(identity.to_message(instrument_id))
        normal.id_text = instrument_id.hex()
        normal.natural_key = key.text
        normal.revision = self.revision + 1
        entry = InstrumentEntry(normal, serialized(normal))
        self._plan(entry)
        for other in met:
            self._plan(CollisionEntry.of(other, entry, self.revision + 1))
        self._derive_links(underlying_of(normal), entry)
        return entry

    def _place(self, normal: pb.Instrument) -> None:
        """Check the venue, and for what lives on a chain fill in the venue or the chain number."""
        kind = normal.asset_type
        if kind == common_pb2.ASSET_TYPE_TOKEN and not normal.venue:
            if not normal.chain_id:
                raise InvalidArgument(
                    "a token needs its chain_id, or the chain as its venue",
                    reason=Reason.FIELD_MISSING,
                    field="chain_id",
                )
            normal.venue = self._chain(normal.chain_id).message.venue
        venue = self._venue(normal.venue).message if normal.venue else pb.Venue()
        if normal.venue:
            self._check_venue_kind(kind, venue)
            check_listed_currencies(normal, venue)
        if venue.retired:
            raise FailedPrecondition(
                f"{venue.name} is retired", reason=Reason.VENUE_RETIRED, venue=venue.venue
            )
        if kind not in identity.ON_CHAIN:
            return
        normal.chain_id = normal.chain_id or venue.chain_id
        if venue.chain_id != normal.chain_id and (
            venue.chain_id or venue.kind == pb.VENUE_KIND_CHAIN
        ):
            raise InvalidArgument(
                f"{venue.name} is on chain {venue.chain_id}, not {normal.chain_id}",
                reason=Reason.CHAIN_MISMATCH,
                venue=venue.venue,
                chain_id=normal.chain_id,
            )
        if kind == common_pb2.ASSET_TYPE_POOL:
            if not normal.chain_id:
                raise InvalidArgument(
                    "a pool needs its chain_id", reason=Reason.FIELD_MISSING, field="chain_id"
                )
            self._chain(normal.chain_id)
        if normal.contract_address:
            check_address(
                normal.contract_address,
                solana=normal.chain_id == SOLANA_CHAIN_ID,
                pool=kind == common_pb2.ASSET_TYPE_POOL,
            )

    @staticmethod
    def _check_venue_kind(kind: common_pb2.AssetType.ValueType, venue: pb.Venue) -> None:
        if kind == common_pb2.ASSET_TYPE_TOKEN:
            fits = venue.kind == pb.VENUE_KIND_CHAIN
        elif kind == common_pb2.ASSET_TYPE_POOL:
            fits = venue.kind == pb.VENUE_KIND_DEX
        else:
            fits = venue.kind != pb.VENUE_KIND_CHAIN
        if not fits:
            raise InvalidArgument(
                f"{venue.name}: {_A.Name(kind)} is not listed on a {pb.VenueKind.Name(venue.kind)}",
                reason=Reason.VENUE_KIND,
                venue=venue.venue,
            )

    def _check_references(self, normal: pb.Instrument) -> None:
        if normal.HasField("underlying"):
            self._known(normal.underlying, "underlying", Reason.UNDERLYING_UNKNOWN)
        for token in normal.pool_tokens:
            self._known(token, "pool_tokens", Reason.POOL_TOKEN_UNKNOWN)


def underlying_of(normal: pb.Instrument) -> bytes | None:
    """The id of what `normal` is of, if it says so."""
    return identity.from_message(normal.underlying) if normal.HasField("underlying") else None
