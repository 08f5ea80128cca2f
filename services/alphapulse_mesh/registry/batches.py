"""Batches, whose plain instruments the core has brought into normal form: what is left to do here
is what needs the registry as it stands.

The fast way takes only what would pass the slow one (`Planner.register_instrument`) as it is; a
doubt sends an instrument there, where the refusals are made.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_core import InstrumentNormaliser, instrument_id_hash
from alphapulse_mesh.registry import identity, wire
from alphapulse_mesh.registry.model import ChangeKind, Fields, InstrumentEntry
from alphapulse_mesh.registry.planning import Planner
from alphapulse_mesh.runtime.currencies import CURRENCIES, MINOR_UNITS
from alphapulse_mesh.runtime.errors import MeshError

if TYPE_CHECKING:
    from alphapulse_mesh.registry.state import RegistryState

__all__ = ["BatchPlanner", "Prepared", "VenueTable", "outcome_of"]

Prepared = tuple[Fields, bytes, bytes, str, bytes | None, bytes]
"""See `InstrumentNormaliser.batch`."""

_REVISION_TAG: Final = b"\xa0\x02"  # field 36, varint
_CREATED_BYTES: Final = 2  # of an outcome: the field `created`, its last one


class VenueTable:
    """The core's normaliser, made anew when a venue has changed."""

    def __init__(self) -> None:
        """For no registry yet."""
        self._made: InstrumentNormaliser | None = None
        self._venues: tuple[int, int] = (-1, -1)

    def normaliser(self, state: RegistryState) -> InstrumentNormaliser:
        """That of the venues of `state`."""
        present = (id(state), state.venue_revision)
        if self._made is None or present != self._venues:
            venues = [
                (number, entry.message.kind, entry.message.chain_id)
                for number, entry in state.venues.items()
                if not entry.message.retired
            ]
            self._made = InstrumentNormaliser(venues, sorted(CURRENCIES), sorted(MINOR_UNITS))
            self._venues = present
        return self._made


class BatchPlanner(Planner):
    """Plans what the core has prepared."""

    def register_item(self, item: Prepared | bytes) -> bytes:
        """The encoded `RegistrationOutcome`, as field 1, of one instrument of a batch."""
        if isinstance(item, tuple):
            outcome = self._register_prepared(item)
            if outcome is not None:
                return outcome
            item = item[1] + item[2]
            instrument = pb.Instrument.FromString(item)
            for field in ("id", "id_text", "natural_key"):
                instrument.ClearField(field)
        else:
            instrument = pb.Instrument.FromString(item)
        return wire.item(outcome_of(self, instrument))

    def _register_prepared(self, prepared: Prepared) -> bytes | None:
        """None where the slow way has to look at it."""
        fields, head, tail, local, underlying, outcome = prepared
        if self._venues or self._hash_id is not instrument_id_hash:
            return None
        instrument_id, kind, venue, symbol = fields[0], fields[2], fields[3], fields[4]
        known = self.instrument(instrument_id)
        if known is not None:
            body = head + _REVISION_TAG + wire.varint(known.revision) + tail
            if known.wire == wire.item(body):  # the very same again, as a resumed import sends it
                return wire.item(outcome[2:-_CREATED_BYTES])
            return None
        if (
            kind in identity.KEYED_BY_SYMBOL
            and local == symbol
            and self._bearers(kind, venue, symbol)
        ):
            return None
        if underlying is not None and self.instrument(underlying) is None:
            return None
        revision = self.revision + 1
        body = head + _REVISION_TAG + wire.varint(revision) + tail
        entry = InstrumentEntry.of_fields(
            fields, wire.item(body), ChangeKind.INSTRUMENT_REGISTERED, revision
        )
        self._plan(entry)
        self._derive_links(underlying, entry)
        return outcome


def outcome_of(planner: Planner, instrument: pb.Instrument) -> bytes:
    """`RegistrationOutcome` of one instrument of a batch, refused or not."""
    try:
        entry, created = planner.register_instrument(instrument)
    except MeshError as error:
        outcome = pb.RegistrationOutcome(reason=error.reason, message=error.message)
        known = error.values.get("id")
        if isinstance(known, bytes):
            outcome.id.CopyFrom(identity.to_message(known))
    else:
        outcome = pb.RegistrationOutcome(id=identity.to_message(entry.id), created=created)
    return outcome.SerializeToString(deterministic=True)
