"""From a request to changes: what an instrument, a venue or a link adds to the registry as it
stands.

A planner sees the state and, on top of it, what it has planned itself, so that many requests make
one commit. It changes nothing but its own list: the writer makes that durable and applies it. Every
check of a request comes before its first change, so a refused one leaves nothing behind.
"""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_core import instrument_id_hash
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.comparing import (
    begins_after,
    differences,
    refuse_other_data,
    requested_id,
    venue_conflict,
)
from alphapulse_mesh.registry.currencies import check_listed_currencies
from alphapulse_mesh.registry.identity import HashId, NaturalKey
from alphapulse_mesh.registry.model import (
    END_OF_TIME,
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
    serialized,
    time_ns,
)
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.validation import (
    check_address,
    normalise_instrument,
    normalise_venue,
)
from alphapulse_mesh.registry.venues import (
    FIRST_GIVEN_NUMBER,
    LAST_GIVEN_NUMBER,
    SOLANA_CHAIN_ID,
)
from alphapulse_mesh.runtime.errors import (
    AlreadyExists,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    UnknownInstrument,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from alphapulse_mesh.registry.state import RegistryState

__all__ = ["Planner", "underlying_of"]

_A = common_pb2.AssetType
_L = pb.LinkType
_DERIVED: Final[dict[int, int]] = {
    **dict.fromkeys(identity.DERIVATIVES, _L.LINK_TYPE_DERIVATIVE_OF),
    _A.ASSET_TYPE_DEPOSITARY_RECEIPT: _L.LINK_TYPE_RECEIPT_OF,
}
"""Asset type → the link that its `underlying` means (a token's depends on the chain)."""

_COIN: Final = {_A.ASSET_TYPE_TOKEN, _A.ASSET_TYPE_CURRENCY}
# link type → what it may begin at, what it may end at; None is anything
_ENDS: Final[dict[int, tuple[set[int] | None, set[int] | None]]] = {
    _L.LINK_TYPE_DERIVATIVE_OF: ({*identity.DERIVATIVES, _A.ASSET_TYPE_SYNTHETIC}, None),
    _L.LINK_TYPE_SAME_SECURITY: (None, None),
    _L.LINK_TYPE_RECEIPT_OF: ({_A.ASSET_TYPE_DEPOSITARY_RECEIPT}, {*identity.SECURITIES}),
    _L.LINK_TYPE_BRIDGED_FROM: ({_A.ASSET_TYPE_TOKEN}, {_A.ASSET_TYPE_TOKEN}),
    _L.LINK_TYPE_WRAPS: ({_A.ASSET_TYPE_TOKEN}, {*_COIN}),
    _L.LINK_TYPE_COMPONENT_OF: (
        None,
        {
            _A.ASSET_TYPE_SYNTHETIC,
            _A.ASSET_TYPE_INDEX,
            _A.ASSET_TYPE_ETF,
            _A.ASSET_TYPE_FUND,
            _A.ASSET_TYPE_FUTURE,  # a listed spread of its legs
        },
    ),
    _L.LINK_TYPE_BASE_OF: (None, {*identity.PAIRS, _A.ASSET_TYPE_POOL}),
}


class Planner:
    """One commit in the making."""

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

    # ---------------------------------------------------------------------------------- instruments

    def instrument(self, instrument_id: bytes) -> InstrumentEntry | None:
        """The instrument of an id, planned ones included."""
        return self._instruments.get(instrument_id) or self._state.instruments.get(instrument_id)

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

    # ---------------------------------------------------------------------------------------- links

    def _derive_links(self, underlying: bytes | None, entry: InstrumentEntry) -> None:
        """The links that an instrument's own fields mean, whichever of the two ends came first."""
        if underlying is not None:
            self._add_link(LinkKey(entry.id, underlying, self._underlying_link(entry, underlying)))
        if entry.figis[2]:
            # the first of a share class stands for it; an ISIN alone joins nothing
            first = self._first_of_share_class(entry)
            if first is not None and first.id != entry.id:
                self._add_link(LinkKey(entry.id, first.id, _L.LINK_TYPE_SAME_SECURITY))
        if entry.pair_base:
            base = self._currency(entry.pair_base)
            if base is not None:
                self._add_link(LinkKey(base.id, entry.id, _L.LINK_TYPE_BASE_OF))
        if entry.asset_type == common_pb2.ASSET_TYPE_CURRENCY:
            waiting = self._state.pairs_by_base.get(entry.symbol, [])
            for pair in (*waiting, *self._pairs_by_base.get(entry.symbol, [])):
                self._add_link(LinkKey(entry.id, pair.id, _L.LINK_TYPE_BASE_OF))

    def _first_of_share_class(self, entry: InstrumentEntry) -> InstrumentEntry | None:
        held = self._state.by_figi.get(entry.share_class, ())
        mine = (entry.asset_type, entry.share_class)
        lines = [line for line in held if (line.asset_type, line.share_class) == mine]
        if lines:
            return min(lines, key=attrgetter("ordinal"))
        return self._share_classes.get((entry.asset_type, entry.share_class))

    def _underlying_link(self, entry: InstrumentEntry, underlying: bytes) -> int:
        if entry.asset_type != common_pb2.ASSET_TYPE_TOKEN:
            return _DERIVED[entry.asset_type]
        other = self.instrument(underlying)
        assert other is not None, "checked before"
        bridged = other.asset_type == common_pb2.ASSET_TYPE_TOKEN and other.venue != entry.venue
        return _L.LINK_TYPE_BRIDGED_FROM if bridged else _L.LINK_TYPE_WRAPS

    def _currency(self, code: str) -> InstrumentEntry | None:
        key = NaturalKey(common_pb2.ASSET_TYPE_CURRENCY, 0, code)
        known = self._currency_ids.get(code)
        if known is not None:
            entry = self.instrument(known)
            if entry is None or entry.natural_key == key.text:
                return entry
        # another key may have taken the id since: the walk over the attempts tells
        found, instrument_id, _ = self._find_place(key)
        self._currency_ids[code] = instrument_id
        return found

    def _link(self, key: LinkKey) -> LinkEntry | None:
        """The link of a key, with what is planned."""
        return self._links[key] if key in self._links else self._state.links.get(key)

    def _add_link(self, key: LinkKey) -> tuple[LinkEntry, bool]:
        found = self._link(key)
        if found is not None:
            return found, False
        link = LinkEntry.of(key, self.revision + 1)
        self._plan(link)
        return link, True

    def link(self, link: pb.Link) -> tuple[LinkEntry, bool]:
        """The entry of a link that somebody states, and whether it is new.

        Raises:
            InvalidArgument: its type does not join such instruments.
            UnknownInstrument: one of its ends is not there.
        """
        if link.type == _L.LINK_TYPE_UNSPECIFIED or link.type not in _ENDS:
            raise InvalidArgument("the link has no type", reason=Reason.LINK_TYPE_MISSING)
        source = self._known(getattr(link, "from"), "from", Reason.INSTRUMENT_UNKNOWN)
        target = self._known(link.to, "to", Reason.INSTRUMENT_UNKNOWN)
        if source is target:
            raise InvalidArgument(
                "an instrument is not linked to itself", reason=Reason.LINK_TO_ITSELF
            )
        begins, ends = _ENDS[link.type]
        same = link.type != _L.LINK_TYPE_SAME_SECURITY or source.asset_type == target.asset_type
        fits = (begins is None or source.asset_type in begins) and (
            ends is None or target.asset_type in ends
        )
        if not (same and fits):
            raise InvalidArgument(
                f"{_L.Name(link.type)} does not join {source.natural_key} and {target.natural_key}",
                reason=Reason.LINK_TYPE_MISMATCH,
            )
        return self._add_link(LinkKey(source.id, target.id, link.type))

    # --------------------------------------------------------------------------------------- venues

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

    # ------------------------------------------------------------------------------------- requests

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


def underlying_of(normal: pb.Instrument) -> bytes | None:
    """The id of what `normal` is of, if it says so."""
    return identity.from_message(normal.underlying) if normal.HasField("underlying") else None
