"""The registry as a client sees it: instruments, links and venues, looked up, registered, followed.

Answers are the generated messages of `alphapulse.registry.v1`. Reading is retried while the service
is unavailable; so is registering, which is idempotent by what it registers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import grpc.aio
import numpy as np

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client._backoff import Backoff
from alphapulse_client._registry_calls import PAGE, asset_type_of, repeatable, set_time
from alphapulse_client._registry_links import LinkCalls
from alphapulse_client._registry_synthetics import SyntheticCalls
from alphapulse_client._registry_venues import VenueCalls
from alphapulse_client.errors import (
    Cancelled,
    FailedPrecondition,
    InternalError,
    Unavailable,
    UnknownInstrument,
    from_rpc_error,
)
from alphapulse_client.frames import REGISTRY_RECORDS, Frame, rows
from alphapulse_client.instrument_ids import InstrumentKey, id_text, join_ids

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence
    from datetime import datetime

    from google.protobuf.timestamp_pb2 import Timestamp

    from alphapulse_client.frames import Rows

__all__ = [
    "AmbiguousInstrument",
    "Instrument",
    "Link",
    "Opportunity",
    "RecordBatch",
    "RegistryClient",
    "RegistryEvent",
    "Venue",
]

Instrument = pb.Instrument
Link = pb.Link
Venue = pb.Venue
Opportunity = pb.Opportunity
RegistryEvent = pb.WatchRegistryResponse
Outcomes = list[pb.RegistrationOutcome]

_BATCH_GET: Final = 10_000
_STREAM_IDS: Final = 100_000
_BATCH_REGISTER: Final = 10_000


class AmbiguousInstrument(FailedPrecondition):
    """Several instruments fit equally well; `candidates` has them, best first."""

    default_reason = "INSTRUMENT_AMBIGUOUS"

    def __init__(self, message: str, candidates: Sequence[pb.Instrument]) -> None:
        super().__init__(message, candidates=len(candidates))
        self.candidates: tuple[pb.Instrument, ...] = tuple(candidates)


class RecordBatch(NamedTuple):
    """Rows of a stream of records."""

    rows: Rows
    """(n,) array of `InstrumentRecord`."""
    first_row: int
    """Position of the first of them in the whole answer."""
    missing: Sequence[int]
    """Positions, in the whole answer, of ids that are unknown: their rows are zeros."""
    revision: int
    """That all rows of the stream were read at."""
    total_rows: int
    """Of the stream that the batch belongs to."""


class RegistryClient(VenueCalls, SyntheticCalls, LinkCalls):
    """Calls of `RegistryService`. `timeout` is seconds per call, over all attempts."""

    # ------------------------------------------------------------------------------------- reading

    async def get(self, instrument: InstrumentKey, *, min_revision: int = 0) -> pb.Instrument:
        """One instrument by its id.

        Raises:
            UnknownInstrument: no instrument has this id.
        """
        request = pb.GetInstrumentRequest(id=id_text(instrument), min_revision=min_revision)
        return (await self._call(self._stub.GetInstrument, request)).instrument

    async def get_many(
        self, instruments: Iterable[InstrumentKey], *, min_revision: int = 0
    ) -> list[pb.Instrument | None]:
        """Instruments by their ids, in order; None for an unknown one."""
        ids = join_ids(instruments)
        found: list[pb.Instrument | None] = []
        for start in range(0, len(ids), 16 * _BATCH_GET):
            request = pb.BatchGetInstrumentsRequest(
                ids=ids[start : start + 16 * _BATCH_GET], min_revision=min_revision
            )
            response = await self._call(self._stub.BatchGetInstruments, request)
            missing = frozenset(response.missing)
            found.extend(
                None if index in missing else instrument
                for index, instrument in enumerate(response.instruments)
            )
        return found

    async def resolve(
        self,
        symbol: str = "",
        *,
        venue: str = "",
        isin: str = "",
        contract_address: str = "",
        chain_id: int = 0,
        cusip: str = "",
        figi: str = "",
        identifier: str = "",
        asset_type: int = 0,
        as_of: Timestamp | datetime | None = None,
        min_revision: int = 0,
    ) -> pb.Instrument:
        """The one instrument behind a symbol on a venue, an ISIN, a contract address, ….

        `venue` is a name (`BINANCE`), a MIC or a number in text, and narrows any way of naming;
        `identifier` is any of them, found by its form; `as_of` asks for what was valid then.

        Raises:
            UnknownInstrument: nothing fits.
            AmbiguousInstrument: several fit equally well.
        """
        request = pb.ResolveInstrumentRequest(
            symbol=symbol,
            venue=venue,
            isin=isin,
            contract_address=contract_address,
            chain_id=chain_id,
            cusip=cusip,
            figi=figi,
            identifier=identifier,
            asset_type=asset_type_of(asset_type),
            min_revision=min_revision,
        )
        set_time(request.as_of, as_of)
        response = await self.resolve_all(request)
        if response.ambiguous:
            names = ", ".join(
                f"{candidate.symbol or candidate.id_text} ({candidate.id_text})"
                for candidate in response.candidates[:5]
            )
            raise AmbiguousInstrument(f"several instruments fit: {names}", response.candidates)
        if not response.candidates:
            raise UnknownInstrument("no instrument fits", reason="INSTRUMENT_UNKNOWN")
        return response.candidates[0]

    async def resolve_all(
        self, request: pb.ResolveInstrumentRequest
    ) -> pb.ResolveInstrumentResponse:
        """All candidates, best first, and whether the choice between them is open."""
        return await self._call(self._stub.ResolveInstrument, request)

    async def list(
        self,
        *,
        asset_type: int = 0,
        venue: str = "",
        symbol_prefix: str = "",
        status: pb.InstrumentStatus.ValueType = pb.INSTRUMENT_STATUS_UNSPECIFIED,
        page_size: int = PAGE,
        min_revision: int = 0,
    ) -> AsyncIterator[pb.Instrument]:
        """All instruments that pass the filter, in the order of registration; pages by itself."""
        request = pb.ListInstrumentsRequest(
            page_size=page_size,
            asset_type=asset_type_of(asset_type),
            venue=venue,
            symbol_prefix=symbol_prefix,
            status=status,
            min_revision=min_revision,
        )
        while True:
            response = await self._call(self._stub.ListInstruments, request)
            for instrument in response.instruments:
                yield instrument
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def search(
        self,
        query: str = "",
        *,
        symbol_prefix: str = "",
        asset_types: Iterable[int] = (),
        venues: Iterable[str] = (),
        statuses: Iterable[pb.InstrumentStatus.ValueType] = (),
        isin_prefix: str = "",
        chain_id: int = 0,
        currency: str = "",
        as_of: Timestamp | datetime | None = None,
        fields: Iterable[str] = (),
        page_size: int = PAGE,
        min_revision: int = 0,
    ) -> AsyncIterator[pb.Instrument]:
        """Instruments that have all words of `query` in symbol, name or identifiers and pass the
        filters; pages by itself. `as_of`: only what was valid then; `fields`: what is answered of
        each, everything when none are named.
        """
        request = pb.SearchInstrumentsRequest(
            query=query,
            symbol_prefix=symbol_prefix,
            asset_types=[asset_type_of(number) for number in asset_types],
            venues=list(venues),
            statuses=statuses,
            isin_prefix=isin_prefix,
            chain_id=chain_id,
            currency=currency,
            page_size=page_size,
            min_revision=min_revision,
        )
        request.read_mask.paths.extend(fields)
        set_time(request.as_of, as_of)
        while True:
            response = await self._call(self._stub.SearchInstruments, request)
            for instrument in response.instruments:
                yield instrument
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def find_all_venues(
        self, instrument: InstrumentKey, *, min_revision: int = 0
    ) -> Sequence[pb.VenueListing]:
        """Everywhere that an instrument is listed now, its own venue first."""
        request = pb.FindVenuesRequest(instrument_id=id_text(instrument), min_revision=min_revision)
        return (await self._call(self._stub.FindVenues, request)).listings

    async def records(
        self, instruments: Iterable[InstrumentKey] | bytes, *, min_revision: int = 0
    ) -> Rows:
        """Fixed records ((n,) array of `InstrumentRecord`) by ids, in order; zeros for an unknown
        one. Many ids are quickest as bytes, 16 each one after the other, as records hold them.
        """
        ids = instruments if isinstance(instruments, bytes) else join_ids(instruments)
        step = 16 * _BATCH_GET
        parts = []
        for start in range(0, len(ids), step):
            request = pb.BatchGetInstrumentRecordsRequest(
                ids=ids[start : start + step], min_revision=min_revision
            )
            response = await self._call(self._stub.BatchGetInstrumentRecords, request)
            parts.append(Frame.parse(response.frame).rows)
        if len(parts) == 1:
            return parts[0]
        return np.concatenate(parts) if parts else rows(REGISTRY_RECORDS, 0)

    async def history(
        self, instrument: InstrumentKey, *, min_revision: int = 0
    ) -> Sequence[pb.Instrument]:
        """Every period of validity of an instrument, the present one last: what it was called when.

        Raises:
            UnknownInstrument: no instrument has this id.
        """
        request = pb.GetInstrumentHistoryRequest(id=id_text(instrument), min_revision=min_revision)
        return (await self._call(self._stub.GetInstrumentHistory, request)).instruments

    async def stream_records(
        self,
        instruments: Iterable[InstrumentKey] | bytes | None = None,
        *,
        asset_types: Iterable[int] = (),
        venues: Iterable[str] = (),
        batch_rows: int = 0,
        min_revision: int = 0,
    ) -> AsyncIterator[RecordBatch]:
        """Fixed records in batches, all as of one revision: of ids, in their order and with zeros
        for unknown ones, or (None) of everything that passes the filters. A stream that breaks
        ends with its error: begin anew. Ids beyond 100,000 are asked for in several streams, each
        with a revision of its own.

        Raises:
            Unavailable: the stream broke, or too many are open.
        """
        request = pb.StreamInstrumentRecordsRequest(
            all=instruments is None,
            asset_types=[asset_type_of(number) for number in asset_types],
            venues=list(venues),
            batch_rows=batch_rows,
            min_revision=min_revision,
        )
        if instruments is None:
            ids = [b""]
        else:
            joined = instruments if isinstance(instruments, bytes) else join_ids(instruments)
            step = 16 * _STREAM_IDS
            ids = [joined[start : start + step] for start in range(0, len(joined), step)]
        for part, request.ids in enumerate(ids):
            call = self._stub.StreamInstrumentRecords(request, metadata=self._metadata)
            try:
                async for answer in call:
                    yield _record_batch(answer, part * _STREAM_IDS)
            except grpc.aio.AioRpcError as error:
                raise from_rpc_error(error) from error
            finally:
                call.cancel()

    # ------------------------------------------------------------------------------------- writing

    async def register(
        self, instrument: pb.Instrument, *, request_id: str = ""
    ) -> pb.RegisterInstrumentResponse:
        """Add an instrument, or get the one that is there when all its data is the same.

        Raises:
            AlreadyExists: it is there with other data.
            InvalidArgument: its data cannot be right.
        """
        request = pb.RegisterInstrumentRequest(instrument=instrument, request_id=request_id)
        return self._wrote(await self._call(self._stub.RegisterInstrument, request))

    async def update(
        self,
        instrument: pb.Instrument,
        *,
        fields: Iterable[str] = (),
        expected_revision: int = 0,
        effective_time: Timestamp | datetime | None = None,
        request_id: str = "",
    ) -> pb.Instrument:
        """Change `fields` (those that are set, when none are named) of the instrument that `id` or
        `id_text` names: in place, or from `effective_time` on.

        Raises:
            Conflict: it is not at `expected_revision` any more.
            InvalidArgument: a field that cannot change or be so.
        """
        request = pb.UpdateInstrumentRequest(
            instrument=instrument,
            expected_revision=expected_revision,
            request_id=repeatable(request_id, expected_revision),
        )
        request.update_mask.paths.extend(fields)
        set_time(request.effective_time, effective_time)
        return self._wrote(await self._call(self._stub.UpdateInstrument, request)).instrument

    async def delist(
        self,
        instrument: InstrumentKey,
        *,
        time: Timestamp | datetime | None = None,
        expected_revision: int = 0,
        request_id: str = "",
    ) -> pb.Instrument:
        """End an instrument's life at a time, now when None.

        Raises:
            Conflict: it is not at `expected_revision` any more.
        """
        request = pb.DelistInstrumentRequest(
            id=id_text(instrument),
            expected_revision=expected_revision,
            request_id=repeatable(request_id, expected_revision),
        )
        set_time(request.time, time)
        return self._wrote(await self._call(self._stub.DelistInstrument, request)).instrument

    async def register_many(self, instruments: Iterable[pb.Instrument]) -> Outcomes:
        """Add many; one outcome each, in order. A refusal is in its outcome, not an exception."""
        pending = list(instruments)
        outcomes: Outcomes = []
        for start in range(0, len(pending), _BATCH_REGISTER):
            request = pb.BatchRegisterInstrumentsRequest(
                instruments=pending[start : start + _BATCH_REGISTER]
            )
            response = self._wrote(await self._call(self._stub.BatchRegisterInstruments, request))
            outcomes.extend(response.outcomes)
        return outcomes

    # ----------------------------------------------------------------------------------- following

    async def watch(
        self,
        from_revision: int = 0,
        *,
        asset_types: Iterable[int] = (),
        venues: Iterable[str] = (),
        isin_prefix: str = "",
        chain_id: int = 0,
        link_types: Iterable[pb.LinkType.ValueType] = (),
        kinds: Iterable[pb.EventKind.ValueType] = (),
        min_opportunity_bps: int = 0,
        bookmarks: bool = False,
    ) -> AsyncIterator[pb.WatchRegistryResponse]:
        """Every change after `from_revision`, then live, without gap or repetition; reconnects.
        All filters that are given must fit; `link_types` alone says that links are wanted, and
        `min_opportunity_bps` alone that opportunities are. These are no changes: they come live
        between the changes, and after a reconnect those that stand come again.

        `bookmarks`: also yield the messages that only say how far the stream is.

        Raises:
            OutOfRange: the registry no longer has the changes from there on.
            FailedPrecondition: opportunities, where no quotes are followed (OPPORTUNITIES_OFF).
        """
        request = pb.WatchRegistryRequest(
            from_revision=from_revision,
            asset_types=[asset_type_of(number) for number in asset_types],
            venues=list(venues),
            isin_prefix=isin_prefix,
            chain_id=chain_id,
            link_types=link_types,
            kinds=kinds,
            min_opportunity_bps=min_opportunity_bps,
        )
        retry = Backoff().start()
        while True:
            call = self._stub.WatchRegistry(request, metadata=self._metadata)
            try:
                async for event in call:
                    retry.reset()
                    # Several changes may share a revision: it is done when the next one begins, but
                    # a registry sends them together, so that a break between them repeats none.
                    request.from_revision = max(request.from_revision, event.revision)
                    if bookmarks or event.WhichOneof("event") is not None:
                        yield event
            except grpc.aio.AioRpcError as error:
                failure = from_rpc_error(error)
                if not isinstance(failure, Unavailable | Cancelled | InternalError):
                    raise failure from error
            finally:
                call.cancel()
            await retry.sleep()


def _record_batch(answer: pb.StreamInstrumentRecordsResponse, before: int) -> RecordBatch:
    """`before`: rows of the streams before this one."""
    found = Frame.parse(answer.frame).rows if answer.frame else rows(REGISTRY_RECORDS, 0)
    return RecordBatch(
        found,
        before + answer.first_row,
        [before + position for position in answer.missing],
        answer.revision,
        answer.total_rows,
    )
