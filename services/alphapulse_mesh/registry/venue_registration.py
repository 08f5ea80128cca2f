"""New venues: their names, numbers, MICs and chains, each of which is one venue's."""

from __future__ import annotations

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry.comparing import differences, venue_conflict
from alphapulse_mesh.registry.model import VenueEntry
from alphapulse_mesh.registry.planned import Planned
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.validation import normalise_venue
from alphapulse_mesh.registry.venues import FIRST_GIVEN_NUMBER, LAST_GIVEN_NUMBER
from alphapulse_mesh.runtime.errors import InvalidArgument, ResourceExhausted

__all__ = ["VenueRegistrationPlanner"]


class VenueRegistrationPlanner(Planned):
    """Plans new venues."""

    def register_venue(self, venue: pb.Venue) -> tuple[VenueEntry, bool]:
        """The entry of `venue`, and whether it is new. Its name is its natural key.

        Raises:
            InvalidArgument: it cannot be registered as it is.
            AlreadyExists: its name, number, MIC or chain is another's (VENUE_CONFLICT).
            ResourceExhausted: all numbers are given out (VENUE_NUMBERS_EXHAUSTED).
        """
        normal = normalise_venue(venue)
        named = self._venue_by_key(normal.name)
        if named is not None:
            fields = differences(normal, named.message, ignored={"revision", "status", "retired"})
            if not normal.venue:
                fields = [field for field in fields if field != "venue"]
            if fields:
                raise venue_conflict(named, fields)
            return named, False
        if normal.venue:
            self._check_number(normal.venue)
        else:
            normal.venue = self._free_number()
        self._check_mic_and_chain(normal)
        normal.revision = self.revision + 1
        entry = VenueEntry.of(normal)
        self._plan(entry)
        return entry, True

    def _check_number(self, number: int) -> None:
        taken = self._state.venues.get(number) or self._venues.get(number)
        if taken is not None:
            raise venue_conflict(taken, ["venue"])
        if not FIRST_GIVEN_NUMBER <= number <= LAST_GIVEN_NUMBER:
            raise InvalidArgument(
                f"venue {number}: {FIRST_GIVEN_NUMBER} to {LAST_GIVEN_NUMBER} are free",
                reason=Reason.VENUE_NUMBER_RESERVED,
                venue=number,
            )

    def _free_number(self) -> int:
        for number in range(FIRST_GIVEN_NUMBER, LAST_GIVEN_NUMBER + 1):
            if number not in self._state.venues and number not in self._venues:
                return number
        raise ResourceExhausted(
            "every venue number is given out", reason=Reason.VENUE_NUMBERS_EXHAUSTED
        )

    def _check_mic_and_chain(self, venue: pb.Venue) -> None:
        """One key, one venue: GetVenue takes names and MICs alike, and a chain is one venue."""
        taken = self._venue_by_key(venue.mic) if venue.mic else None
        if taken is not None:
            raise venue_conflict(taken, ["mic"])
        if venue.kind == pb.VENUE_KIND_CHAIN:
            chain = self._state.chains.get(venue.chain_id) or self._chains.get(venue.chain_id)
            if chain is not None:
                raise venue_conflict(chain, ["chain_id"])
