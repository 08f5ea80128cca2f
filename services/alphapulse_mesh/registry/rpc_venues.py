"""RPCs on venues beyond registering and reading: changes, fees, sessions, measurements, routing."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from alphapulse_mesh.registry import routing, wire
from alphapulse_mesh.registry.fees import quote_fees
from alphapulse_mesh.registry.model import END_OF_TIME, time_ns
from alphapulse_mesh.registry.opportunity_feed import OpportunityFeed
from alphapulse_mesh.registry.queries import find_venue
from alphapulse_mesh.registry.quotes import LiveQuotes
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.rpc import CallContext, Rpcs, one_changed
from alphapulse_mesh.registry.sessions import sessions
from alphapulse_mesh.registry.validation import check_time
from alphapulse_mesh.registry.venue_metrics import VenueMetrics, summary
from alphapulse_mesh.registry.writer import Command
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from typing import Any

    from alphapulse.registry.v1 import registry_pb2 as pb
    from alphapulse_mesh.registry.commands import RegistryPlanner
    from alphapulse_mesh.registry.writer import Respond

__all__ = ["VenueRpcs"]

_STATUS: Final = "ReportVenueMetrics"


class VenueRpcs(Rpcs):
    """See the module."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As `Rpcs`; nothing is measured yet."""
        super().__init__(*args, **kwargs)
        self.metrics = VenueMetrics()
        self.quotes = LiveQuotes(self.state, levels=self._config.live_depth)
        """What RouteOrder looks at when it is given no books; whoever follows quotes fills it."""
        self.opportunities = OpportunityFeed(self.state, self.quotes, clock_ns=self._clock_ns)

    async def UpdateVenue(self, request: pb.UpdateVenueRequest, _: CallContext) -> bytes:
        """Change fields."""
        if not request.HasField("venue"):
            raise InvalidArgument("venue is missing", reason=Reason.REQUEST_EMPTY)

        async def plan(planner: RegistryPlanner) -> Respond:
            entry, changed = planner.update_venue(request)
            return one_changed(entry.wire, new=changed)

        return await self._change("UpdateVenue", request, plan)

    async def DeleteVenue(self, request: pb.DeleteVenueRequest, _: CallContext) -> bytes:
        """Retire a venue."""
        now_ns = self._clock_ns()

        async def plan(planner: RegistryPlanner) -> Respond:
            entry, changed = planner.retire_venue(request.key, request.expected_revision, now_ns)
            return one_changed(entry.wire, new=changed)

        return await self._change("DeleteVenue", request, plan)

    async def QuoteFees(self, request: pb.QuoteFeesRequest, context: CallContext) -> bytes:
        """What a trade costs."""
        await self._reach(request.min_revision, context)
        answer = quote_fees(find_venue(self.state, request.venue).message, request)
        answer.revision = self.state.revision
        return answer.SerializeToString()

    async def GetSessions(self, request: pb.GetSessionsRequest, context: CallContext) -> bytes:
        """Open or not, and when next."""
        await self._reach(request.min_revision, context)
        venue = find_venue(self.state, request.venue).message
        at_ns = self._clock_ns()
        if request.HasField("time"):
            check_time("time", request.time)
            at_ns = time_ns(request.time)
        answer = await asyncio.to_thread(sessions, venue, at_ns)
        answer.revision = self.state.revision
        return answer.SerializeToString()

    async def ReportVenueMetrics(
        self, request: pb.ReportVenueMetricsRequest, _: CallContext
    ) -> bytes:
        """Keep measurements; another status is a change of the venue."""
        number = find_venue(self.state, request.venue).message.venue
        status = self.metrics.report(number, request.metrics)
        if status and status != self.state.venues[number].message.status:

            async def plan(planner: RegistryPlanner) -> Respond:
                planner.set_venue_status(number, status)
                return lambda _: b""

            await self._writer.submit(Command(_STATUS, plan))
        return wire.uint(1, self.metrics.count(number)) + wire.uint(2, self.state.revision)

    async def GetVenueMetrics(self, request: pb.GetVenueMetricsRequest, _: CallContext) -> bytes:
        """The time series and its summary."""
        number = find_venue(self.state, request.venue).message.venue
        end = time_ns(request.end_time) if request.HasField("end_time") else END_OF_TIME
        found = self.metrics.of(number, time_ns(request.start_time), end)
        return summary(found).SerializeToString()

    async def RouteOrder(self, request: pb.RouteOrderRequest, context: CallContext) -> bytes:
        """The best venue or split."""
        await self._reach(request.min_revision, context)
        answer = routing.route(self.state, self.metrics, request, self._clock_ns(), self.quotes)
        return answer.SerializeToString()
