"""The registry as it stands with what one commit in the making has planned on top of it.

It changes nothing but its own list of changes: the writer makes that durable and applies it. What
a request comes to is decided by the planners that build on this.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_core import instrument_id_hash
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.model import (
    Change,
    ChangeKind,
    CollisionEntry,
    InstrumentEntry,
    LinkEntry,
    LinkKey,
    LinkRemoval,
    RequestEntry,
    SyntheticEntry,
    VenueEntry,
)
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.runtime.errors import InvalidArgument, NotFound, UnknownInstrument

if TYPE_CHECKING:
    from collections.abc import Callable

    from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
    from alphapulse_mesh.registry.identity import HashId, NaturalKey
    from alphapulse_mesh.registry.state import RegistryState

__all__ = ["Planned"]


class Planned:
    """One commit in the making, and questions to the registry with it."""

    def __init__(self, state: RegistryState, hash_id: HashId = instrument_id_hash) -> None:
        """`hash_id` is the seam by which tests make ids collide."""
        self._state = state
        self._hash_id = hash_id
        self.changes: list[Change] = []
        self._currency_ids: dict[str, bytes] = {}
        self._forget()

    @property
    def revision(self) -> int:
        """What the registry's revision will be with everything planned so far."""
        return self._state.revision + len(self.changes)

    def roll_back(self, count: int) -> None:
        """Take back all but the first `count` changes."""
        kept = self.changes[:count]
        self.changes = []
        self._forget()
        for change in kept:
            self._plan(change)

    def _forget(self) -> None:
        self._instruments: dict[bytes, InstrumentEntry] = {}
        self._pairs_by_base: defaultdict[str, list[InstrumentEntry]] = defaultdict(list)
        self._share_classes: dict[tuple[int, str], InstrumentEntry] = {}
        self._periods: defaultdict[bytes, list[InstrumentEntry]] = defaultdict(list)
        self._called_so: defaultdict[tuple[int, int, str], list[InstrumentEntry]] = defaultdict(
            list
        )
        self._links: dict[LinkKey, LinkEntry | None] = {}
        """Planned links, None for one that is taken away."""
        self._venues: dict[int, VenueEntry] = {}
        self._venue_keys: dict[str, VenueEntry] = {}
        self._chains: dict[int, VenueEntry] = {}
        self._requests: dict[str, RequestEntry] = {}
        self._synthetics: dict[bytes, SyntheticEntry] = {}

    def _plan(self, change: Change) -> None:
        self.changes.append(change)
        if isinstance(change, InstrumentEntry):
            self._plan_instrument(change)
            return
        match change:
            case LinkEntry():
                self._links[change.key] = change
            case LinkRemoval():
                self._links[change.key] = None
            case VenueEntry():
                venue = change.message
                self._venues[venue.venue] = change
                self._venue_keys[venue.name] = change
                if venue.mic:
                    self._venue_keys[venue.mic] = change
                if venue.kind == pb.VENUE_KIND_CHAIN:
                    self._chains[venue.chain_id] = change
            case RequestEntry():
                self._requests[change.request_id] = change
            case SyntheticEntry():
                self._synthetics[change.id] = change
            case CollisionEntry():
                pass

    def _plan_instrument(self, entry: InstrumentEntry) -> None:
        self._instruments[entry.id] = entry
        if entry.figis[2]:
            self._share_classes.setdefault((entry.asset_type, entry.figis[2]), entry)
        self._periods[entry.id].append(entry)
        if entry.asset_type in identity.KEYED_BY_SYMBOL:
            self._called_so[entry.asset_type, entry.venue, entry.symbol].append(entry)
        if entry.pair_base and entry.kind is ChangeKind.INSTRUMENT_REGISTERED:
            self._pairs_by_base[entry.pair_base].append(entry)

    def instrument(self, instrument_id: bytes) -> InstrumentEntry | None:
        """The instrument of an id, planned ones included."""
        return self._instruments.get(instrument_id) or self._state.instruments.get(instrument_id)

    def _known(
        self, message: common_pb2.InstrumentId, field: str, reason: Reason
    ) -> InstrumentEntry:
        instrument_id = identity.from_message(message)
        entry = self.instrument(instrument_id)
        if entry is None:
            raise UnknownInstrument(
                f"{field}: no instrument has the id {instrument_id.hex()}",
                reason=reason,
                field=field,
                id=instrument_id,
            )
        return entry

    def _find_place(
        self, key: NaturalKey
    ) -> tuple[InstrumentEntry | None, bytes, list[InstrumentEntry]]:
        """Who has the key, else which id is free for it; and the others whose ids it met on the
        way. Ids are never given back, so the first free attempt means that the key is not there.
        """
        text = key.text
        met: list[InstrumentEntry] = []
        while True:
            instrument_id = identity.make_id(key, len(met), self._hash_id)
            entry = self.instrument(instrument_id)
            if entry is None or entry.natural_key == text:
                return entry, instrument_id, met
            met.append(entry)

    def _venue(self, number: int) -> VenueEntry:
        entry = self._venues.get(number) or self._state.venues.get(number)
        if entry is None:
            raise NotFound(
                f"no venue has the number {number}", reason=Reason.VENUE_UNKNOWN, venue=number
            )
        return entry

    def _chain(self, chain_id: int) -> VenueEntry:
        entry = self._state.chains.get(chain_id) or self._chains.get(chain_id)
        if entry is None:
            raise InvalidArgument(
                f"no chain has the number {chain_id}; register it as a venue first",
                reason=Reason.CHAIN_UNKNOWN,
                chain_id=chain_id,
            )
        return entry

    def _venue_by_key(self, key: str) -> VenueEntry | None:
        if key.isascii() and key.isdigit() and int(key) in self._venues:
            return self._venues[int(key)]
        return self._venue_keys.get(key) or self._state.venue(key)

    def recorded(self, request_id: str) -> RequestEntry | None:
        """What was answered to a request id."""
        return self._state.requests.get(request_id) or self._requests.get(request_id)

    def record(
        self, request_id: str, method: str, digest: bytes, respond: Callable[[int], bytes]
    ) -> bytes:
        """Keep and return the answer; `respond` makes it of the revision after the call."""
        revision = self.revision + 1
        response = respond(revision)
        self._plan(RequestEntry.of(request_id, method, digest, response, revision))
        return response
