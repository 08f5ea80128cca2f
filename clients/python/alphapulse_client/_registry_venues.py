"""Calls on venues: what they are, cost and measure, when they are open, and where an order goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client._registry_calls import PAGE, RegistryCalls, repeatable, set_time

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from datetime import datetime

    from google.protobuf.timestamp_pb2 import Timestamp

__all__ = ["VenueCalls"]


class VenueCalls(RegistryCalls):
    """See `RegistryClient`."""

    async def venue(self, key: str | int, *, min_revision: int = 0) -> pb.Venue:
        """A venue by number, name or MIC. Raises NotFound."""
        request = pb.GetVenueRequest(key=str(key), min_revision=min_revision)
        return (await self._call(self._stub.GetVenue, request)).venue

    async def venues(self, *, min_revision: int = 0) -> AsyncIterator[pb.Venue]:
        """All venues."""
        request = pb.ListVenuesRequest(page_size=PAGE, min_revision=min_revision)
        while True:
            response = await self._call(self._stub.ListVenues, request)
            for venue in response.venues:
                yield venue
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def venue_metrics(
        self,
        venue: str | int,
        *,
        start: Timestamp | datetime | None = None,
        end: Timestamp | datetime | None = None,
    ) -> pb.GetVenueMetricsResponse:
        """The measurements of a venue from `start` to before `end`, oldest first, with a summary:
        those of the replica that answers.
        """
        request = pb.GetVenueMetricsRequest(venue=str(venue))
        set_time(request.start_time, start)
        set_time(request.end_time, end)
        return await self._call(self._stub.GetVenueMetrics, request)

    async def quote_fees(
        self, venue: str | int, *, volume: str = "", notional: str = "", min_revision: int = 0
    ) -> pb.QuoteFeesResponse:
        """What a trade costs on a venue at the caller's volume of 30 days (decimal text)."""
        request = pb.QuoteFeesRequest(
            venue=str(venue), volume=volume, notional=notional, min_revision=min_revision
        )
        return await self._call(self._stub.QuoteFees, request)

    async def sessions(
        self,
        venue: str | int,
        *,
        time: Timestamp | datetime | None = None,
        min_revision: int = 0,
    ) -> pb.GetSessionsResponse:
        """Whether a venue trades at a time (now when None), and when it opens and closes next."""
        request = pb.GetSessionsRequest(venue=str(venue), min_revision=min_revision)
        set_time(request.time, time)
        return await self._call(self._stub.GetSessions, request)

    async def route(self, request: pb.RouteOrderRequest) -> pb.RouteOrderResponse:
        """The best venue or split for an order, each venue's judgement field by field. Without
        books the registry takes the live quotes that it follows.
        """
        return await self._call(self._stub.RouteOrder, request)

    async def report_venue_metrics(
        self, venue: str | int, metrics: Iterable[pb.VenueMetric]
    ) -> pb.ReportVenueMetricsResponse:
        """Add measurements of a venue, at most 1,000; the replica that answers keeps the last."""
        request = pb.ReportVenueMetricsRequest(venue=str(venue), metrics=metrics)
        return await self._call(self._stub.ReportVenueMetrics, request, idempotent=False)

    async def register_venue(self, venue: pb.Venue) -> pb.Venue:
        """Add a venue, or get the one that is there when all its data is the same."""
        request = pb.RegisterVenueRequest(venue=venue)
        return self._wrote(await self._call(self._stub.RegisterVenue, request)).venue

    async def update_venue(
        self,
        venue: pb.Venue,
        *,
        fields: Iterable[str] = (),
        expected_revision: int = 0,
        request_id: str = "",
    ) -> pb.Venue:
        """Change `fields` (those that are set, when none are named) of the venue of that name.

        Raises:
            Conflict: it is not at `expected_revision` any more.
        """
        request = pb.UpdateVenueRequest(
            venue=venue,
            expected_revision=expected_revision,
            request_id=repeatable(request_id, expected_revision),
        )
        request.update_mask.paths.extend(fields)
        return self._wrote(await self._call(self._stub.UpdateVenue, request)).venue

    async def retire_venue(
        self, key: str | int, *, expected_revision: int = 0, request_id: str = ""
    ) -> pb.Venue:
        """Retire a venue that lists nothing any more; its number is never given again.

        Raises:
            Conflict: it is not at `expected_revision` any more.
            FailedPrecondition: something is listed there (VENUE_IN_USE).
        """
        request = pb.DeleteVenueRequest(
            key=str(key),
            expected_revision=expected_revision,
            request_id=repeatable(request_id, expected_revision),
        )
        return self._wrote(await self._call(self._stub.DeleteVenue, request)).venue
