"""Wider questions: search by words and filters, the history of an instrument, fixed records of
many, and every place where an instrument is listed.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import deque
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import frames
from alphapulse_client.context import new_context
from alphapulse_layout import SourceType
from alphapulse_mesh.registry import identity, queries, wire
from alphapulse_mesh.registry.masks import check_mask
from alphapulse_mesh.registry.model import InstrumentEntry, time_ns
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.validation import check_isin_prefix
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from alphapulse_mesh.registry.paging import Paging
    from alphapulse_mesh.registry.state import RegistryState

__all__ = ["batch_get_records", "find_venues", "get_history", "listings", "search"]

_L = pb.LinkType
_ELSEWHERE: Final = {_L.LINK_TYPE_SAME_SECURITY, _L.LINK_TYPE_BRIDGED_FROM}
"""Links that lead to the same thing at another place."""
QUERY_CHARACTERS: Final = 256
"""As long as the longest name."""


_AT_A_TIME: Final = 5000
"""Instruments that one search looks at before others get their turn: some milliseconds."""


def get_history(state: RegistryState, instrument_id: bytes) -> bytes:
    """`GetInstrumentHistoryResponse`.

    Raises:
        UnknownInstrument: no instrument has the id.
    """
    queries.get_instrument(state, instrument_id)
    wires = [entry.wire for entry in state.versions(instrument_id)]
    return b"".join((*wires, wire.uint(2, state.revision)))


def batch_get_records(state: RegistryState, ids: bytes, now_ns: int, max_bytes: int) -> bytes:
    """`BatchGetInstrumentRecordsResponse` for ids of 16 bytes, one after the other.

    Raises:
        InvalidArgument: not a multiple of 16 bytes, or too many.
        ResourceExhausted: the answer would be longer than `max_bytes` (RESPONSE_TOO_LARGE).
    """
    count = queries.count_ids(ids)
    rows, missing = state.record_table.gather(state.in_order, ids)
    frame = frames.encode(
        frames.REGISTRY_RECORDS,
        rows,
        source=SourceType.REGISTRY,
        context=new_context(sampled=False),
        timestamp=now_ns,
    )
    answer = b"".join((wire.item(frame), wire.packed(2, missing), wire.uint(3, state.revision)))
    return queries.bounded(answer, f"{count} ids; ask for fewer at a time", max_bytes)


async def search(
    state: RegistryState, request: pb.SearchInstrumentsRequest, paging: Paging, max_bytes: int
) -> bytes:
    """`SearchInstrumentsResponse`, in the order of registration. Others get their turn meanwhile:
    its revision is that of the beginning, and some of what came later may be in it.

    Raises:
        InvalidArgument: no beginning of an ISIN (WATCH_FILTER_INVALID), no such field
            (FIELD_MASK_INVALID), too long a text (SEARCH_QUERY_TOO_LONG).
        NotFound: no such venue.
    """
    paths = check_mask(request.read_mask, pb.Instrument.DESCRIPTOR)
    passes = _filter(state, request)
    start = bisect_left(state.in_order, paging.start, key=attrgetter("ordinal"))
    revision = state.revision
    found = []
    for index in range(start, len(state.in_order)):
        if (index - start) % _AT_A_TIME == _AT_A_TIME - 1:
            await asyncio.sleep(0)
        entry = passes(state.in_order[index])
        if entry is not None:
            found.append(entry)
            if len(found) > paging.size:
                break
    ordinals = [entry.ordinal for entry in found]
    wires = [_masked(entry, paths) if paths else entry.wire for entry in found]
    return queries.page(revision, paging, wires, ordinals, max_bytes)


def _filter(
    state: RegistryState, request: pb.SearchInstrumentsRequest
) -> Callable[[InstrumentEntry], InstrumentEntry | None]:
    """What of an instrument passes: the period of validity that is meant, or None."""
    check_isin_prefix(request.isin_prefix)
    words = _words(request.query)
    prefix, isin, chain = request.symbol_prefix, request.isin_prefix, request.chain_id
    venues = {queries.venue_number(state, key) for key in request.venues}
    kinds, statuses = set(request.asset_types), set(request.statuses)
    currency = request.currency
    as_of = time_ns(request.as_of) if request.HasField("as_of") else None

    def passes(entry: InstrumentEntry) -> InstrumentEntry | None:
        if (kinds and entry.asset_type not in kinds) or (venues and entry.venue not in venues):
            return None
        if as_of is not None:
            entry_then = _then(state, entry, as_of)
            if entry_then is None:
                return None
            entry = entry_then
        fits = (
            (not statuses or entry.status in statuses)
            and entry.symbol.startswith(prefix)
            and entry.isin.startswith(isin)
            and (not chain or entry.chain_id == chain)
            and (not words or _has(entry, words))
            and (not currency or _in_currency(entry, currency))
        )
        return entry if fits else None

    return passes


def _then(state: RegistryState, entry: InstrumentEntry, at_ns: int) -> InstrumentEntry | None:
    """The period that `at_ns` falls into."""
    periods = state.versions(entry.id) if entry.version else [entry]
    for period in periods:
        if period.valid_from_ns <= at_ns < period.valid_until_ns:
            return period
    return None


def _words(query: str) -> list[str]:
    """What is searched for, each once, the longest first because they are in the fewest names.
    Every instrument is held against every word, which is why they are bounded.

    Raises:
        InvalidArgument: SEARCH_QUERY_TOO_LONG.
    """
    if len(query) > QUERY_CHARACTERS:
        raise InvalidArgument(
            f"query: {len(query)} characters are more than {QUERY_CHARACTERS}",
            reason=Reason.QUERY_TOO_LONG,
            field="query",
            limit=QUERY_CHARACTERS,
        )
    return sorted(dict.fromkeys(query.casefold().split()), key=len, reverse=True)


def _has(entry: InstrumentEntry, words: list[str]) -> bool:
    name = entry.words
    words = [word for word in words if word not in name]
    if not words:
        return True
    text = " ".join(
        (entry.symbol, entry.isin, entry.cusip, *entry.figis, entry.contract_address)
    ).casefold()
    return all(word in text for word in words)


def _in_currency(entry: InstrumentEntry, currency: str) -> bool:
    if currency.encode() not in entry.wire:  # most need not be decoded
        return False
    message = entry.message()
    return currency in {
        message.base_currency,
        message.quote_currency,
        message.settlement_currency,
    }


def _masked(entry: InstrumentEntry, paths: list[str]) -> bytes:
    message = entry.message()
    for field, _ in message.ListFields():
        if field.name not in paths:
            message.ClearField(field.name)  # type: ignore[arg-type]  # its own field
    return wire.item(message.SerializeToString(deterministic=True))


# ------------------------------------------------------------------------------------------ places


def listings(state: RegistryState, entry: InstrumentEntry) -> Iterator[tuple[InstrumentEntry, int]]:
    """An instrument and what is the same elsewhere, each once, with the link type that led there: 0
    for itself, for the same pair and for pools of the same tokens.
    """
    yield entry, 0
    seen = {entry.id}
    if entry.asset_type in identity.PAIRS:
        local = entry.natural_key.split(":", 3)[3]
        for other in state.pairs_by_base.get(entry.pair_base, ()):
            same = other.asset_type == entry.asset_type and other.id not in seen
            if same and other.natural_key.split(":", 3)[3] == local:
                seen.add(other.id)
                yield other, 0
        return
    if entry.asset_type == common_pb2.ASSET_TYPE_POOL:
        for other in state.pools_like(entry):
            if other.id != entry.id:
                yield other, 0
        return
    waiting = deque([entry])
    while waiting:
        here = waiting.popleft()
        for link in state.links_of.get(here.id, ()):
            source, target, kind = link.key
            other_id = target if source == here.id else source
            pair = kind == _L.LINK_TYPE_BASE_OF and here.asset_type == _CURRENCY
            if other_id in seen or not (kind in _ELSEWHERE or pair):
                continue
            seen.add(other_id)
            other = state.instruments[other_id]
            yield other, kind
            if kind in _ELSEWHERE:
                waiting.append(other)


_CURRENCY: Final = common_pb2.ASSET_TYPE_CURRENCY


def find_venues(
    state: RegistryState,
    instrument_id: bytes,
    request: pb.FindVenuesRequest,
    now_ns: int,
    max_bytes: int,
) -> bytes:
    """`FindVenuesResponse`: the listings that were valid at `as_of` (else at `now_ns`).

    Raises:
        UnknownInstrument: no instrument has the id.
        ResourceExhausted: the answer would be longer than `max_bytes` (RESPONSE_TOO_LARGE).
    """
    queries.get_instrument(state, instrument_id)
    at = time_ns(request.as_of) if request.HasField("as_of") else now_ns
    found = []
    for other, kind in listings(state, state.instruments[instrument_id]):
        period = _then(state, other, at)
        if period is not None and period.venue:
            own = other.id != instrument_id
            found.append((own, not period.primary, period.venue, period.ordinal, period, kind))
    found.sort(key=lambda item: item[:4])
    parts = []
    for *_, period, kind in found:
        venue = wire.body_of(state.venues[period.venue].wire)
        body = wire.message(1, venue) + wire.message(2, wire.body_of(period.wire))
        parts.append(wire.item(body + wire.uint(3, kind)))
    answer = b"".join((*parts, wire.uint(2, state.revision)))
    return queries.bounded(answer, f"{len(parts)} listings", max_bytes)
