"""How a venue changes: its connectivity, fees, calendar and state; and how it is retired."""

from __future__ import annotations

from typing import Final

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry.comparing import differences
from alphapulse_mesh.registry.masks import check_mask, copy_field
from alphapulse_mesh.registry.model import ChangeKind, VenueEntry
from alphapulse_mesh.registry.planning import Planner
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.validation import normalise_venue
from alphapulse_mesh.runtime.errors import (
    Conflict,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
)

__all__ = ["VenueChangesPlanner"]

_FIXED: Final = frozenset({"venue", "name", "kind", "chain_id", "retired"})
"""What instruments' ids and keys are made of, and what has its own call."""
_OVER: Final = {pb.INSTRUMENT_STATUS_EXPIRED, pb.INSTRUMENT_STATUS_DELISTED}


class VenueChangesPlanner(Planner):
    """Plans changes of venues."""

    def update_venue(self, request: pb.UpdateVenueRequest) -> tuple[VenueEntry, bool]:
        """The entry after an update, and whether anything changed.

        Raises:
            InvalidArgument: a field that cannot change or be so.
            AlreadyExists: the new MIC is another's (VENUE_CONFLICT).
            Conflict: it has another revision than the one expected (REVISION_CONFLICT).
            NotFound: no such venue.
        """
        given = request.venue
        entry = self._expected_venue(given.name or str(given.venue), request.expected_revision)
        set_fields = {field.name for field, _ in given.ListFields()}
        paths = check_mask(request.update_mask, pb.Venue.DESCRIPTOR) or sorted(
            set_fields - {"venue", "name", "revision"}
        )
        after = pb.Venue()
        after.CopyFrom(entry.message)
        for path in paths:
            after.ClearField(path)  # type: ignore[arg-type]  # checked against the schema
            if path in set_fields:
                copy_field(given, after, path)
        return self._venue_becomes(entry, after)

    def set_venue_status(self, number: int, status: int) -> tuple[VenueEntry, bool]:
        """The entry with that status, and whether it had another."""
        entry = self._venue(number)
        after = pb.Venue()
        after.CopyFrom(entry.message)
        after.status = pb.VenueStatus.ValueType(status)
        return self._venue_becomes(entry, after)

    def retire_venue(
        self, key: str, expected_revision: int, now_ns: int
    ) -> tuple[VenueEntry, bool]:
        """The entry of a venue that lists nothing any more, and whether that is new.

        Raises:
            FailedPrecondition: something is listed there (VENUE_IN_USE).
            Conflict, NotFound: as `update_venue`.
        """
        entry = self._expected_venue(key, expected_revision)
        if entry.message.retired:
            return entry, False
        for listed in self._state.by_venue.get(entry.message.venue, ()):
            last = self.instrument(listed.id) or listed
            if last.status not in _OVER and last.valid_until_ns > now_ns:
                raise FailedPrecondition(
                    f"{last.natural_key} is listed on {entry.message.name}",
                    reason=Reason.VENUE_IN_USE,
                    venue=entry.message.venue,
                    id=last.id,
                )
        after = pb.Venue()
        after.CopyFrom(entry.message)
        after.retired = True
        return self._venue_planned(after), True

    def _expected_venue(self, key: str, expected_revision: int) -> VenueEntry:
        entry = self._venue_by_key(key)
        if entry is None:
            raise NotFound(
                f"no venue has the number, name or MIC {key[:80]!r}",
                reason=Reason.VENUE_UNKNOWN,
                venue=key[:80],
            )
        if expected_revision and entry.revision != expected_revision:
            raise Conflict(
                f"venue {key} is at revision {entry.revision}, not {expected_revision}",
                reason=Reason.REVISION_CONFLICT,
                revision=entry.revision,
                expected_revision=expected_revision,
            )
        return entry

    def _venue_becomes(self, entry: VenueEntry, after: pb.Venue) -> tuple[VenueEntry, bool]:
        normal = normalise_venue(after)
        normal.retired = entry.message.retired
        changed = differences(normal, entry.message, ignored={"revision"})
        if not changed:
            return entry, False
        for field in changed:
            if field in _FIXED:
                raise InvalidArgument(
                    f"{field} of venue {entry.message.name} cannot change",
                    reason=Reason.FIELD_IMMUTABLE,
                    field=field,
                )
        if "mic" in changed:
            self._check_mic_and_chain(normal)
        return self._venue_planned(normal), True

    def _venue_planned(self, message: pb.Venue) -> VenueEntry:
        message.revision = self.revision + 1
        entry = VenueEntry.of(message, ChangeKind.VENUE_UPDATED)
        self._plan(entry)
        return entry
