"""RPCs on instruments beyond registering and reading: updates, history, search, records, places."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alphapulse_mesh.registry import identity, search
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.record_streams import STREAMS, record_batches
from alphapulse_mesh.registry.rpc import CallContext, Rpcs, one_changed
from alphapulse_mesh.runtime.errors import InvalidArgument, ResourceExhausted

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alphapulse.registry.v1 import registry_pb2 as pb
    from alphapulse_mesh.registry.commands import RegistryPlanner
    from alphapulse_mesh.registry.writer import Respond

__all__ = ["InstrumentRpcs"]


class InstrumentRpcs(Rpcs):
    """See the module."""

    record_streams = 0
    """Open streams of records."""

    async def UpdateInstrument(self, request: pb.UpdateInstrumentRequest, _: CallContext) -> bytes:
        """Change fields, in place or as of a time."""
        if not request.HasField("instrument"):
            raise InvalidArgument("instrument is missing", reason=Reason.REQUEST_EMPTY)

        async def plan(planner: RegistryPlanner) -> Respond:
            entry, changed = planner.update_instrument(request)
            return one_changed(entry.wire, new=changed)

        return await self._change("UpdateInstrument", request, plan)

    async def DelistInstrument(self, request: pb.DelistInstrumentRequest, _: CallContext) -> bytes:
        """End an instrument's life."""
        instrument_id = identity.parse_id(request.id)
        now_ns = self._clock_ns()

        async def plan(planner: RegistryPlanner) -> Respond:
            entry, changed = planner.delist_instrument(instrument_id, request, now_ns)
            return one_changed(entry.wire, new=changed)

        return await self._change("DelistInstrument", request, plan)

    async def GetInstrumentHistory(
        self, request: pb.GetInstrumentHistoryRequest, context: CallContext
    ) -> bytes:
        """Every period of validity."""
        instrument_id = identity.parse_id(request.id)
        await self._reach(request.min_revision, context)
        return search.get_history(self.state, instrument_id)

    async def SearchInstruments(
        self, request: pb.SearchInstrumentsRequest, context: CallContext
    ) -> bytes:
        """A page of what words and filters find."""
        paging = self._paging(request)
        await self._reach(request.min_revision, context)
        return await search.search(self.state, request, paging, self._max_bytes)

    async def BatchGetInstrumentRecords(
        self, request: pb.BatchGetInstrumentRecordsRequest, context: CallContext
    ) -> bytes:
        """Many instruments as fixed records."""
        await self._reach(request.min_revision, context)
        return search.batch_get_records(self.state, request.ids, self._clock_ns(), self._max_bytes)

    async def StreamInstrumentRecords(
        self, request: pb.StreamInstrumentRecordsRequest, context: CallContext
    ) -> AsyncIterator[bytes]:
        """Fixed records of many, as of one revision."""
        await self._reach(request.min_revision, context)
        if self.record_streams >= STREAMS:
            raise ResourceExhausted(
                f"{STREAMS} streams of records are open here; try again",
                reason=Reason.RECORD_STREAMS,
                limit=STREAMS,
            )
        batches = record_batches(self.state, request, self._clock_ns(), self._max_bytes)
        self.record_streams += 1
        try:
            for batch in batches:
                yield batch
                await asyncio.sleep(0)  # let others run, also when the reader is quick
        finally:
            self.record_streams -= 1

    async def FindVenues(self, request: pb.FindVenuesRequest, context: CallContext) -> bytes:
        """Everywhere that an instrument is listed."""
        instrument_id = identity.parse_id(request.instrument_id, "instrument_id")
        await self._reach(request.min_revision, context)
        return search.find_venues(
            self.state, instrument_id, request, self._clock_ns(), self._max_bytes
        )
