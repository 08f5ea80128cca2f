"""Answers from a state: resolve, lists, batches. Each returns an encoded response.

Reading never waits: what a request's `min_revision` asks for is the service's part.
"""

from __future__ import annotations

from bisect import bisect_left
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeVar

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import identity, wire
from alphapulse_mesh.registry.model import InstrumentEntry, LinkEntry, VenueEntry, time_ns
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.validation import normal_address
from alphapulse_mesh.runtime.errors import (
    InvalidArgument,
    NotFound,
    ResourceExhausted,
    UnknownInstrument,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from alphapulse_mesh.registry.paging import Paging
    from alphapulse_mesh.registry.state import RegistryState

__all__ = [
    "batch_get",
    "bounded",
    "count_ids",
    "find_venue",
    "get_instrument",
    "get_venue",
    "list_instruments",
    "list_links",
    "list_venues",
    "page",
    "resolve",
    "venue_number",
]

MAX_BATCH_IDS: Final = 100_000
_T = TypeVar("_T")

_NAMINGS: Final = ("symbol", "isin", "contract_address", "cusip", "figi", "identifier")
_LIFE: Final[dict[int, int]] = {
    pb.INSTRUMENT_STATUS_ACTIVE: 0,
    pb.INSTRUMENT_STATUS_HALTED: 1,
    pb.INSTRUMENT_STATUS_ANNOUNCED: 2,
    pb.INSTRUMENT_STATUS_EXPIRED: 3,
    pb.INSTRUMENT_STATUS_DELISTED: 4,
}


def get_instrument(state: RegistryState, instrument_id: bytes) -> bytes:
    """`GetInstrumentResponse`.

    Raises:
        UnknownInstrument: no instrument has the id.
    """
    return _instrument(state, instrument_id).wire + wire.uint(2, state.revision)


def _instrument(state: RegistryState, instrument_id: bytes) -> InstrumentEntry:
    entry = state.instruments.get(instrument_id)
    if entry is None:
        raise UnknownInstrument(
            f"no instrument has the id {instrument_id.hex()}",
            reason=Reason.INSTRUMENT_UNKNOWN,
            id=instrument_id,
        )
    return entry


def batch_get(state: RegistryState, ids: bytes, max_bytes: int) -> bytes:
    """`BatchGetInstrumentsResponse` for ids of 16 bytes, one after the other.

    Raises:
        InvalidArgument: not a multiple of 16 bytes, or too many.
        ResourceExhausted: the answer would be longer than `max_bytes` (RESPONSE_TOO_LARGE).
    """
    size, count = identity.ID_BYTES, count_ids(ids)
    find = state.instruments.get
    entries = [find(ids[at : at + size]) for at in range(0, len(ids), size)]
    missing = [index for index, entry in enumerate(entries) if entry is None]
    answer = b"".join(
        [
            *[entry.wire if entry is not None else wire.EMPTY_ITEM for entry in entries],
            wire.packed(2, missing),
            wire.uint(3, state.revision),
        ]
    )
    return bounded(answer, f"{count} ids; ask for fewer at a time", max_bytes)


def count_ids(ids: bytes) -> int:
    """How many ids of 16 bytes there are.

    Raises:
        InvalidArgument: not a multiple of 16 bytes, or too many.
    """
    count, rest = divmod(len(ids), identity.ID_BYTES)
    if rest or count > MAX_BATCH_IDS:
        raise InvalidArgument(
            f"ids: {len(ids)} bytes are not up to {MAX_BATCH_IDS} ids of {identity.ID_BYTES} bytes",
            reason=Reason.BATCH_IDS_INVALID if rest else Reason.BATCH_TOO_LARGE,
            limit=MAX_BATCH_IDS,
        )
    return count


def bounded(answer: bytes, what: str, max_bytes: int) -> bytes:
    """`answer`, when it is not too long.

    Raises:
        ResourceExhausted: it is longer than `max_bytes` (RESPONSE_TOO_LARGE).
    """
    if len(answer) > max_bytes:
        raise ResourceExhausted(
            f"the answer has {len(answer)} bytes for {what}",
            reason=Reason.RESPONSE_TOO_LARGE,
            bytes=len(answer),
            limit=max_bytes,
        )
    return answer


# ----------------------------------------------------------------------------------------- resolve


class _Rank(NamedTuple):
    """How well an instrument answers a name; smaller is better, equal means ambiguous."""

    level: int
    """Of a FIGI: the venue line before the composite before the share class."""
    receipt: bool
    """The security itself before receipts on it, which often carry its ISIN."""
    line: bool
    """By an identifier: the security as such before its lines on venues."""
    life: int
    not_primary: bool


def resolve(
    state: RegistryState, request: pb.ResolveInstrumentRequest, now_ns: int, max_bytes: int
) -> bytes:
    """`ResolveInstrumentResponse`: all that fit at `as_of` (else at `now_ns`), the best first.

    Raises:
        InvalidArgument: not exactly one way of naming (RESOLVE_NAMING).
        ResourceExhausted: the answer would be longer than `max_bytes` (RESPONSE_TOO_LARGE).
        UnknownInstrument: nothing has the name (INSTRUMENT_UNKNOWN), or not at that time
            (INSTRUMENT_NOT_VALID_THEN).
        NotFound: no such venue.
    """
    given = [field for field in _NAMINGS if getattr(request, field)]
    if len(given) != 1:
        raise InvalidArgument(
            f"name the instrument in exactly one of the ways {', '.join(_NAMINGS)}",
            reason=Reason.RESOLVE_NAMING,
            given=",".join(given),
        )
    naming = given[0]
    value: str = getattr(request, naming)
    if naming == "identifier":
        naming, value, named = _identified(state, value)
    else:
        named = _named(state, naming, value)
    found = _narrowed(state, request, named)
    if not found:
        raise UnknownInstrument(
            f"no instrument has the {naming} {value!r}{_within(request)}",
            reason=Reason.INSTRUMENT_UNKNOWN,
            **{naming: value},
        )
    at = time_ns(request.as_of) if request.HasField("as_of") else now_ns
    valid = [entry for entry in found if entry.valid_from_ns <= at < entry.valid_until_ns]
    if not valid:
        raise UnknownInstrument(
            f"{len(found)} instruments have or had the {naming} {value!r}{_within(request)}, "
            "none at that time",
            reason=Reason.INSTRUMENT_NOT_VALID_THEN,
            **{naming: value},
        )
    ranked = sorted(
        (_rank(entry, naming, value), _abroad(state, entry), entry.ordinal, entry)
        for entry in valid
    )
    ambiguous = len(ranked) > 1 and ranked[0][0] == ranked[1][0]
    entries = [entry for *_, entry in ranked]
    wires = [entry.wire for entry in entries]
    answer = b"".join(
        (
            *wires,
            wire.boolean(2, ambiguous),
            wire.uint(3, state.revision),
            *(wire.message(4, group) for group in _groups(state, entries)),
        )
    )
    return bounded(answer, f"{len(wires)} candidates; narrow the question", max_bytes)


def _identified(state: RegistryState, value: str) -> tuple[str, str, Sequence[InstrumentEntry]]:
    """What kind of identifier `value` is, by who has it; how it is written; and who has it."""
    if len(value) == 2 * identity.ID_BYTES and identity.is_id(value):
        instrument_id = bytes.fromhex(value)
        if instrument_id in state.instruments:
            return "identifier", value, state.versions(instrument_id)
    if value.startswith("v1:"):
        kind, _, rest = value[3:].partition(":")
        entries = state.by_type.get(identity.type_number(kind), ()) if rest else ()
        return "identifier", value, [entry for entry in entries if entry.natural_key == value]
    for naming in ("isin", "figi", "cusip", "contract_address", "symbol"):
        exact = naming in {"contract_address", "symbol"}
        written = value if exact else value.upper()
        found = _named(state, naming, written)
        if found:
            return naming, written, found
    return "identifier", value, ()


def _abroad(state: RegistryState, entry: InstrumentEntry) -> bool:
    """Not in the country of the ISIN: says which line comes first, not which is meant."""
    if not entry.isin or not entry.venue:
        return False
    return state.venues[entry.venue].message.country != entry.isin[:2]


def _groups(state: RegistryState, entries: Sequence[InstrumentEntry]) -> list[bytes]:
    """`CandidateGroup`s: what is of one type and one share class. A security as such, which has no
    venue, is listed with its lines and is not their primary line.
    """
    groups: dict[tuple[int, str], list[int]] = {}
    for position, entry in enumerate(entries):
        # without a share class only lines of equal ISIN are together, and only by their type
        key = (entry.asset_type, entry.share_class or entry.isin or entry.id.hex())
        groups.setdefault(key, []).append(position)

    def order(position: int) -> tuple[bool, bool, bool, int]:
        entry = entries[position]
        return (not entry.venue, not entry.primary, _abroad(state, entry), position)

    made = []
    for (asset_type, _), positions in groups.items():
        positions.sort(key=order)
        group = pb.CandidateGroup(
            asset_type=common_pb2.AssetType.ValueType(asset_type),
            share_class_figi=entries[positions[0]].share_class,
            candidates=positions,
            primary=positions[0],
        )
        made.append(group.SerializeToString(deterministic=True))
    return made


def _named(state: RegistryState, naming: str, value: str) -> Sequence[InstrumentEntry]:
    if naming == "contract_address":
        return state.by_address.get(normal_address(value), ())
    index = {
        "symbol": state.by_symbol,
        "isin": state.by_isin,
        "cusip": state.by_cusip,
        "figi": state.by_figi,
    }[naming]
    return index.get(value, ())


def _narrowed(
    state: RegistryState,
    request: pb.ResolveInstrumentRequest,
    entries: Iterable[InstrumentEntry],
) -> list[InstrumentEntry]:
    venue = venue_number(state, request.venue)
    return [
        entry
        for entry in entries
        if (venue is None or entry.venue == venue)
        and (not request.chain_id or entry.chain_id == request.chain_id)
        and (not request.asset_type or entry.asset_type == request.asset_type)
    ]


def _within(request: pb.ResolveInstrumentRequest) -> str:
    parts = []
    if request.asset_type:
        parts.append(f"asset type {request.asset_type}")
    if request.venue:
        parts.append(f"venue {request.venue}")
    if request.chain_id:
        parts.append(f"chain {request.chain_id}")
    return f" ({', '.join(parts)})" if parts else ""


def _rank(entry: InstrumentEntry, naming: str, value: str) -> _Rank:
    return _Rank(
        level=entry.figis.index(value) if naming == "figi" else 0,
        receipt=entry.asset_type == common_pb2.ASSET_TYPE_DEPOSITARY_RECEIPT,
        line=naming in {"isin", "cusip", "figi"} and entry.venue != 0,
        life=_LIFE.get(entry.status, len(_LIFE)),
        not_primary=not entry.primary,
    )


# ------------------------------------------------------------------------------------------- lists


def list_instruments(
    state: RegistryState, request: pb.ListInstrumentsRequest, paging: Paging, max_bytes: int
) -> bytes:
    """`ListInstrumentsResponse`, in the order of registration.

    Raises:
        NotFound: no such venue.
    """
    venue = venue_number(state, request.venue)
    kind, status, prefix = request.asset_type, request.status, request.symbol_prefix
    entries = state.in_order
    if venue is not None:
        entries = state.by_venue.get(venue, [])
    elif kind:
        entries = state.by_type.get(kind, [])

    def passes(entry: InstrumentEntry) -> bool:
        return (
            (not kind or entry.asset_type == kind)
            and (not status or entry.status == status)
            and entry.symbol.startswith(prefix)
        )

    start = bisect_left(entries, paging.start, key=attrgetter("ordinal"))
    found = _first(entries, start, passes, paging.size + 1)
    ordinals = [entry.ordinal for entry in found]
    return page(state.revision, paging, [entry.wire for entry in found], ordinals, max_bytes)


def list_links(
    state: RegistryState, request: pb.ListLinksRequest, paging: Paging, max_bytes: int
) -> bytes:
    """`ListLinksResponse`, in the order in which the links were added.

    Raises:
        InvalidArgument, UnknownInstrument: no such instrument.
    """
    links: Sequence[LinkEntry] = state.links_in_order
    if request.instrument_id:
        entry = _instrument(state, identity.parse_id(request.instrument_id, "instrument_id"))
        links = state.links_of.get(entry.id, [])

    def passes(link: LinkEntry) -> bool:
        return not request.type or link.key.type == request.type

    start = bisect_left(links, paging.start, key=attrgetter("revision"))
    found = _first(links, start, passes, paging.size + 1)
    revisions = [link.revision for link in found]
    return page(state.revision, paging, [link.wire for link in found], revisions, max_bytes)


def list_venues(
    state: RegistryState, request: pb.ListVenuesRequest, paging: Paging, max_bytes: int
) -> bytes:
    """`ListVenuesResponse`, by number."""
    numbers = sorted(
        number
        for number, entry in state.venues.items()
        if number >= paging.start and (not request.kind or entry.message.kind == request.kind)
    )[: paging.size + 1]
    wires = [state.venues[number].wire for number in numbers]
    return page(state.revision, paging, wires, numbers, max_bytes)


def _first(items: Sequence[_T], start: int, passes: Callable[[_T], bool], count: int) -> list[_T]:
    """The first `count` of `items[start:]` that pass."""
    found = []
    for index in range(start, len(items)):
        if passes(items[index]):
            found.append(items[index])
            if len(found) == count:
                break
    return found


def page(
    revision: int,
    paging: Paging,
    found: Sequence[bytes],
    positions: Sequence[int],
    max_bytes: int,
) -> bytes:
    """One page of what was found (one more than the page, when there is more)."""
    wires, whole = _fitting(list(found[: paging.size]), max_bytes)
    more = len(found) > paging.size or not whole
    token = paging.token(positions[len(wires)]) if more else ""
    return b"".join((*wires, wire.text(2, token), wire.uint(3, revision)))


def _fitting(wires: list[bytes], max_bytes: int) -> tuple[list[bytes], bool]:
    """As many as an answer may hold (at least one), and whether that is all."""
    total = 0
    for index, encoded in enumerate(wires):
        total += len(encoded)
        if total > max_bytes and index:
            return wires[:index], False
    return wires, True


# ------------------------------------------------------------------------------------------ venues


def get_venue(state: RegistryState, key: str) -> bytes:
    """`GetVenueResponse`.

    Raises:
        NotFound: no venue has that number, name or MIC.
    """
    return find_venue(state, key).wire + wire.uint(2, state.revision)


def venue_number(state: RegistryState, key: str) -> int | None:
    """The number of a venue by number, name or MIC; None when none is named.

    Raises:
        NotFound: there is no such venue.
    """
    return find_venue(state, key).message.venue if key else None


def find_venue(state: RegistryState, key: str) -> VenueEntry:
    entry = state.venue(key)
    if entry is None:
        raise NotFound(
            f"no venue has the number, name or MIC {key!r}",
            reason=Reason.VENUE_UNKNOWN,
            venue=key,
        )
    return entry
