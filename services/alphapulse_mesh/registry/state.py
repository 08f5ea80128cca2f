"""The fold: the registry's state is what its changes, applied in order, make of it. Deterministic,
no I/O, no clock. `dump` is the canonical text of a state: equal states are equal bytes, and a dump
is what a snapshot holds.

Nothing but links is ever taken away, so an id that was given stays given. An update in place takes
the place of what it corrects; one as of a time closes the period of validity before it, which stays
found as of then.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections import OrderedDict, defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from google.protobuf.message import DecodeError

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import identity, wire
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
    decode_change,
)
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.record_table import RecordTable
from alphapulse_mesh.registry.venues import builtin_venues
from alphapulse_mesh.runtime.errors import DataLoss

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["REQUESTS_KEPT", "REQUEST_BYTES_KEPT", "RegistryState"]

REQUESTS_KEPT: Final = 10_000
REQUEST_BYTES_KEPT: Final = 64 << 20
"""How much of the past a repeated request id is answered from: the last so many, of so many bytes.
"""

_MAGIC: Final = b"alphapulse registry state 1\n"
_HEAD: Final = struct.Struct("<QI")


class RegistryState:
    """Everything that the registry knows at one revision, and the indices that questions need."""

    def __init__(self, venues: Iterable[pb.Venue] | None = None) -> None:
        """Empty but for the venues that are always there."""
        self.revision = 0
        self.venue_revision = 0
        """Grows with every change of a venue."""
        self.instruments: dict[bytes, InstrumentEntry] = {}
        self.in_order: list[InstrumentEntry] = []
        """Instruments by ordinal, each in its last period of validity."""
        self.history: defaultdict[bytes, list[InstrumentEntry]] = defaultdict(list)
        """Instrument → the periods before the last one."""
        self.record_table = RecordTable()
        """The fixed records, for answers of many."""
        self.changed_instruments: set[int] = set()
        """Ordinals whose present data the shared index has not got yet; it takes them out."""
        self.by_venue: defaultdict[int, list[InstrumentEntry]] = defaultdict(list)
        self.by_type: defaultdict[int, list[InstrumentEntry]] = defaultdict(list)
        self.by_symbol: defaultdict[str, list[InstrumentEntry]] = defaultdict(list)
        self.by_isin: defaultdict[str, list[InstrumentEntry]] = defaultdict(list)
        self.by_cusip: defaultdict[str, list[InstrumentEntry]] = defaultdict(list)
        self.by_figi: defaultdict[str, list[InstrumentEntry]] = defaultdict(list)
        self.by_address: defaultdict[str, list[InstrumentEntry]] = defaultdict(list)
        self.pairs_by_base: defaultdict[str, list[InstrumentEntry]] = defaultdict(list)
        self._pools: defaultdict[tuple[bytes, ...], list[InstrumentEntry]] = defaultdict(list)
        self._pools_read = 0
        self.links: dict[LinkKey, LinkEntry] = {}
        self.links_in_order: list[LinkEntry] = []
        """By the revision of their coming, which is where a page of them goes on."""
        self.links_of: defaultdict[bytes, list[LinkEntry]] = defaultdict(list)
        """Instrument → the links that begin or end there, in the same order."""
        self.venues: dict[int, VenueEntry] = {}
        self.venue_names: dict[str, VenueEntry] = {}
        self.venue_mics: dict[str, VenueEntry] = {}
        self.chains: dict[int, VenueEntry] = {}
        """EIP-155 number → the venue that is the chain."""
        self.changed_venues: dict[int, VenueEntry] = {}
        """Venues that events are about, in the order of their first one."""
        self.synthetics: dict[bytes, SyntheticEntry] = {}
        self.synthetic_names: dict[str, SyntheticEntry] = {}
        self.collisions: list[CollisionEntry] = []
        self.requests: OrderedDict[str, RequestEntry] = OrderedDict()
        self._request_bytes = 0
        for venue in builtin_venues() if venues is None else venues:
            self._index_venue(VenueEntry.of(venue))

    # ------------------------------------------------------------------------------------ the fold

    def apply(self, revision: int, change: Change) -> None:
        """Apply the next change.

        Raises:
            DataLoss: it is not the next one (JOURNAL_INVALID).
        """
        if revision != self.revision + 1 or change.revision != revision:
            raise DataLoss(
                f"change {change.revision} of revision {revision} cannot follow {self.revision}",
                reason=Reason.JOURNAL_INVALID,
                revision=revision,
                expected=self.revision + 1,
            )
        self._add(change)
        self.revision = revision

    def _add(self, change: Change) -> None:
        if isinstance(change, InstrumentEntry):
            if change.kind is ChangeKind.INSTRUMENT_UPDATED:
                self._update_instrument(change)
            else:
                self._add_instrument(change)
            return
        match change:
            case LinkEntry():
                self._add_link(change)
            case LinkRemoval():
                self._remove_link(change)
            case VenueEntry():
                self.changed_venues[change.message.venue] = change
                self._index_venue(change)
            case SyntheticEntry():
                self.synthetics[change.id] = change
                self.synthetic_names[change.message.name] = change
            case CollisionEntry():
                self.collisions.append(change)
            case RequestEntry():
                self._add_request(change)

    def _add_instrument(self, entry: InstrumentEntry) -> None:
        entry.ordinal = len(self.in_order)
        self.in_order.append(entry)
        self.instruments[entry.id] = entry
        self.by_venue[entry.venue].append(entry)
        self.by_type[entry.asset_type].append(entry)
        if entry.pair_base:
            self.pairs_by_base[entry.pair_base].append(entry)
        self._name(entry)

    def _name(self, entry: InstrumentEntry) -> None:
        # as `_names`, in so many words: a start with 100,000 instruments spends its time here
        if entry.symbol:
            self.by_symbol[entry.symbol].append(entry)
        if entry.isin:
            self.by_isin[entry.isin].append(entry)
        if entry.cusip:
            self.by_cusip[entry.cusip].append(entry)
        line, composite, share_class = entry.figis
        if line:
            self.by_figi[line].append(entry)
        if composite and composite != line:
            self.by_figi[composite].append(entry)
        if share_class and share_class not in {line, composite}:
            self.by_figi[share_class].append(entry)
        if entry.contract_address:
            self.by_address[entry.contract_address].append(entry)

    def _names(
        self, entry: InstrumentEntry
    ) -> Iterator[tuple[defaultdict[str, list[InstrumentEntry]], str]]:
        """The identifiers that a period of validity is found by, and their indices."""
        if entry.symbol:
            yield self.by_symbol, entry.symbol
        if entry.isin:
            yield self.by_isin, entry.isin
        if entry.cusip:
            yield self.by_cusip, entry.cusip
        for figi in dict.fromkeys(entry.figis):
            if figi:
                yield self.by_figi, figi
        if entry.contract_address:
            yield self.by_address, entry.contract_address

    def _update_instrument(self, entry: InstrumentEntry) -> None:
        before = self.instruments[entry.id]
        entry.ordinal = before.ordinal
        for index, key in self._names(before):
            _remove(index, key, before)
        if entry.version > before.version:
            past = before.closed(entry.valid_from_ns)
            self.history[entry.id].append(past)
            self._name(past)
        self._name(entry)
        self.instruments[entry.id] = self.in_order[entry.ordinal] = entry
        self.record_table.changed(entry.ordinal)
        self.changed_instruments.add(entry.ordinal)
        for held in (self.by_venue[entry.venue], self.by_type[entry.asset_type]):
            held[_place(held, entry.ordinal)] = entry
        if entry.pair_base:
            pairs = self.pairs_by_base[entry.pair_base]
            pairs[_place(pairs, entry.ordinal)] = entry

    def versions(self, instrument_id: bytes) -> list[InstrumentEntry]:
        """Every period of validity of an instrument that is there, the last one last."""
        return [*self.history.get(instrument_id, ()), self.instruments[instrument_id]]

    def _add_link(self, link: LinkEntry) -> None:
        self.links_in_order.append(link)
        self.links[link.key] = link
        self.links_of[link.key.source].append(link)
        self.links_of[link.key.target].append(link)

    def _remove_link(self, removal: LinkRemoval) -> None:
        link = self.links.pop(removal.key)
        source, target = self.links_of[link.key.source], self.links_of[link.key.target]
        for held in (self.links_in_order, source, target):
            del held[bisect_left(held, link.revision, key=attrgetter("revision"))]
        for end, held in ((link.key.source, source), (link.key.target, target)):
            if not held:
                del self.links_of[end]

    def _index_venue(self, entry: VenueEntry) -> None:
        venue = entry.message
        self.venue_revision += 1
        before = self.venues.get(venue.venue)
        if before is not None and before.message.mic != venue.mic:
            self.venue_mics.pop(before.message.mic, None)
        self.venues[venue.venue] = entry
        self.venue_names[venue.name] = entry
        if venue.mic:
            self.venue_mics[venue.mic] = entry
        if venue.kind == pb.VENUE_KIND_CHAIN and venue.chain_id:
            self.chains[venue.chain_id] = entry

    def _add_request(self, entry: RequestEntry) -> None:
        self.requests[entry.request_id] = entry
        self._request_bytes += len(entry.wire)
        while len(self.requests) > REQUESTS_KEPT or self._request_bytes > REQUEST_BYTES_KEPT:
            _, oldest = self.requests.popitem(last=False)
            self._request_bytes -= len(oldest.wire)

    # --------------------------------------------------------------------------------------- looks

    def venue(self, key: str) -> VenueEntry | None:
        """The venue of a number, a name or a MIC, in this order."""
        if key.isascii() and key.isdigit():
            return self.venues.get(int(key)) if len(key) <= 5 else None
        return self.venue_names.get(key) or self.venue_mics.get(key)

    def pools_like(self, pool: InstrumentEntry) -> list[InstrumentEntry]:
        """The pools of the same tokens in the same order, itself among them: their prices are of
        one thing. None is found by tokens that are not said. Read when it is asked first: a start
        pays nothing for it.
        """
        pools = self.by_type.get(common_pb2.ASSET_TYPE_POOL, [])
        for entry in pools[self._pools_read :]:
            self._pools[_tokens(entry)].append(entry)
        self._pools_read = len(pools)
        tokens = _tokens(pool)
        return [self.instruments[each.id] for each in self._pools[tokens]] if tokens else [pool]

    # ---------------------------------------------------------------------------------------- dump

    def dump(self) -> bytes:
        """The state as canonical bytes; `load` makes the state of them again."""
        changes = list(self._changes())
        parts = [_MAGIC, _HEAD.pack(self.revision, len(changes))]
        seen: set[bytes] = set()
        for change in changes:
            kind = change.kind
            if isinstance(change, InstrumentEntry):
                # what has one period is one record, whatever became of it
                first = change.id not in seen
                seen.add(change.id)
                kind = ChangeKind.INSTRUMENT_REGISTERED if first else ChangeKind.INSTRUMENT_UPDATED
            parts.append(bytes((kind,)))
            parts.append(wire.varint(change.revision))
            parts.append(change.wire)
        return b"".join(parts)

    def _changes(self) -> Iterator[Change]:
        """What a state is made of, by kind, each in the order of its coming."""
        yield from self.changed_venues.values()
        for entry in self.in_order:
            yield from self.versions(entry.id) if entry.version else (entry,)
        yield from self.links_in_order
        yield from self.synthetics.values()
        yield from self.collisions
        yield from self.requests.values()

    @classmethod
    def load(cls, data: bytes, venues: Iterable[pb.Venue] | None = None) -> RegistryState:
        """The state that `dump` wrote.

        Raises:
            DataLoss: the bytes are not a dump (SNAPSHOT_INVALID).
        """
        state = cls(venues)
        try:
            at = len(_MAGIC) + _HEAD.size
            if data[: len(_MAGIC)] != _MAGIC:
                raise ValueError("no registry state")
            revision, count = _HEAD.unpack(data[len(_MAGIC) : at])
            for _ in range(count):
                kind = ChangeKind(data[at])
                changed, at = wire.read_varint(data, at + 1)
                size, start = wire.read_varint(data, at + 1)
                at = start + size
                if at > len(data):
                    raise ValueError("cut short")
                state._add(decode_change(changed, kind, data[start:at]))
            if at != len(data):
                raise ValueError("bytes after the end")
        except (ValueError, IndexError, struct.error, DecodeError) as error:
            raise DataLoss(
                f"a snapshot of the registry cannot be read: {error}",
                reason=Reason.SNAPSHOT_INVALID,
            ) from error
        state.revision = revision
        return state


def _tokens(pool: InstrumentEntry) -> tuple[bytes, ...]:
    return tuple(identity.from_message(each) for each in pool.message().pool_tokens)


def _remove(
    index: defaultdict[str, list[InstrumentEntry]], key: str, entry: InstrumentEntry
) -> None:
    """Take one period out of an index; a key without any leaves it too."""
    held = index[key]
    held[:] = [other for other in held if other is not entry]
    if not held:
        del index[key]


def _place(held: list[InstrumentEntry], ordinal: int) -> int:
    return bisect_left(held, ordinal, key=attrgetter("ordinal"))
