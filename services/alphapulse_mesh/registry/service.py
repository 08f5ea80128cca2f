"""The registry's RPCs: requests into commands and questions, answers out as bytes.

Answers are encoded where they are made (`wire`), so the handlers are registered with a serializer
that passes bytes on (`add_registry_service`). Errors are `MeshError`s: the runtime's interceptor
turns them into rich statuses.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import grpc
from google.protobuf import message_factory
from google.protobuf.message import Message

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import identity, queries, wire
from alphapulse_mesh.registry.batches import VenueTable
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.rpc import digest_of, one_changed
from alphapulse_mesh.registry.rpc_instruments import InstrumentRpcs
from alphapulse_mesh.registry.rpc_synthetics import SyntheticRpcs
from alphapulse_mesh.registry.rpc_venues import VenueRpcs
from alphapulse_mesh.registry.validation import check_request_id
from alphapulse_mesh.registry.watch import WatchFilter, check_start, watch
from alphapulse_mesh.registry.writer import Command
from alphapulse_mesh.runtime.errors import FailedPrecondition, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alphapulse_mesh.registry.commands import RegistryPlanner
    from alphapulse_mesh.registry.planning import Planner
    from alphapulse_mesh.registry.rpc import CallContext
    from alphapulse_mesh.registry.writer import Respond

__all__ = ["RegistryService", "add_registry_service"]

_SERVICE: Final = pb.DESCRIPTOR.services_by_name["RegistryService"]
_RAW: Final = {"BatchRegisterInstruments"}
"""Methods that read the bytes of their request themselves."""
_SLICE: Final = 512
"""Instruments of a batch planned before others may run."""


class RegistryService(InstrumentRpcs, VenueRpcs, SyntheticRpcs):
    """The RPCs of `alphapulse.registry.v1.RegistryService`, each with its encoded answer."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As `Rpcs`."""
        super().__init__(*args, **kwargs)
        self._venue_table = VenueTable()

    # --------------------------------------------------------------------------------------- writes

    async def RegisterInstrument(
        self, request: pb.RegisterInstrumentRequest, _: CallContext
    ) -> bytes:
        """Add one instrument, or answer the one that is there."""
        if not request.HasField("instrument"):
            raise InvalidArgument("instrument is missing", reason=Reason.REQUEST_EMPTY)

        async def plan(planner: Planner) -> Respond:
            entry, created = planner.register_instrument(request.instrument)
            return one_changed(entry.wire, new=created)

        return await self._change("RegisterInstrument", request, plan)

    async def BatchRegisterInstruments(
        self, request: pb.BatchRegisterInstrumentsRequest | bytes, _: CallContext
    ) -> bytes:
        """Add many in one commit; each has its own outcome."""
        data = request.SerializeToString() if isinstance(request, Message) else request
        normaliser = self._venue_table.normaliser(self.state)
        read = await asyncio.to_thread(normaliser.batch, data)
        if read is None:
            raise InvalidArgument(
                "the request cannot be read, or has fields that this version does not know",
                reason=Reason.REQUEST_UNREADABLE,
            )
        items, request_id = read
        count, limit = len(items), self._config.max_batch
        if not count:
            raise InvalidArgument("instruments is empty", reason=Reason.REQUEST_EMPTY)
        if count > limit:
            raise InvalidArgument(
                f"{count} instruments are more than {limit}",
                reason=Reason.BATCH_TOO_LARGE,
                limit=limit,
            )

        async def plan(planner: RegistryPlanner) -> Respond:
            outcomes: list[bytes] = []
            for start in range(0, count, _SLICE):
                outcomes += map(planner.register_item, items[start : start + _SLICE])
                await asyncio.sleep(0)
            return lambda revision: b"".join((*outcomes, wire.uint(2, revision)))

        check_request_id(request_id)
        digest = b""
        if request_id:
            digest = digest_of(pb.BatchRegisterInstrumentsRequest.FromString(data))
        command = Command("BatchRegisterInstruments", plan, request_id, digest, count)
        return await self._writer.submit(command)

    async def LinkInstruments(self, request: pb.LinkInstrumentsRequest, _: CallContext) -> bytes:
        """Add a link, or answer the one that is there."""
        if not request.HasField("link"):
            raise InvalidArgument("link is missing", reason=Reason.REQUEST_EMPTY)

        async def plan(planner: Planner) -> Respond:
            entry, created = planner.link(request.link)
            return one_changed(entry.wire, new=created)

        return await self._change("LinkInstruments", request, plan)

    async def UnlinkInstruments(
        self, request: pb.UnlinkInstrumentsRequest, _: CallContext
    ) -> bytes:
        """Take a link away."""
        if not request.HasField("link"):
            raise InvalidArgument("link is missing", reason=Reason.REQUEST_EMPTY)

        async def plan(planner: RegistryPlanner) -> Respond:
            encoded, removed = planner.unlink(request)
            return one_changed(encoded, new=removed)

        return await self._change("UnlinkInstruments", request, plan)

    async def RegisterVenue(self, request: pb.RegisterVenueRequest, _: CallContext) -> bytes:
        """Add a venue, or answer the one that is there."""
        if not request.HasField("venue"):
            raise InvalidArgument("venue is missing", reason=Reason.REQUEST_EMPTY)

        async def plan(planner: Planner) -> Respond:
            entry, created = planner.register_venue(request.venue)
            return one_changed(entry.wire, new=created)

        return await self._change("RegisterVenue", request, plan)

    # ---------------------------------------------------------------------------------------- reads

    async def GetInstrument(self, request: pb.GetInstrumentRequest, context: CallContext) -> bytes:
        """One instrument by its id."""
        instrument_id = identity.parse_id(request.id)
        await self._reach(request.min_revision, context)
        return queries.get_instrument(self.state, instrument_id)

    async def BatchGetInstruments(
        self, request: pb.BatchGetInstrumentsRequest, context: CallContext
    ) -> bytes:
        """Many instruments by their ids."""
        await self._reach(request.min_revision, context)
        return queries.batch_get(self.state, request.ids, self._max_bytes)

    async def ResolveInstrument(
        self, request: pb.ResolveInstrumentRequest, context: CallContext
    ) -> bytes:
        """The instruments that a name means, the best first."""
        await self._reach(request.min_revision, context)
        return queries.resolve(self.state, request, self._clock_ns(), self._max_bytes)

    async def ListInstruments(
        self, request: pb.ListInstrumentsRequest, context: CallContext
    ) -> bytes:
        """A page of instruments."""
        paging = self._paging(request)
        await self._reach(request.min_revision, context)
        return queries.list_instruments(self.state, request, paging, self._max_bytes)

    async def ListLinks(self, request: pb.ListLinksRequest, context: CallContext) -> bytes:
        """A page of links."""
        paging = self._paging(request)
        await self._reach(request.min_revision, context)
        return queries.list_links(self.state, request, paging, self._max_bytes)

    async def GetVenue(self, request: pb.GetVenueRequest, context: CallContext) -> bytes:
        """One venue by number, name or MIC."""
        await self._reach(request.min_revision, context)
        return queries.get_venue(self.state, request.key)

    async def ListVenues(self, request: pb.ListVenuesRequest, context: CallContext) -> bytes:
        """A page of venues."""
        paging = self._paging(request)
        await self._reach(request.min_revision, context)
        return queries.list_venues(self.state, request, paging, self._max_bytes)

    async def WatchRegistry(
        self, request: pb.WatchRegistryRequest, context: CallContext
    ) -> AsyncIterator[bytes]:
        """Every change after a revision, then live."""
        wanted = WatchFilter.of(request, self.state)
        await self._reach(request.from_revision, context)
        check_start(request.from_revision, self.state.revision, self._config.watch_history_events)
        if wanted.opportunity_bps is not None and not self.opportunities.followed:
            raise FailedPrecondition(
                "no quotes are followed here, so there are no opportunities; set "
                "registry.publish_live",
                reason=Reason.OPPORTUNITIES_OFF,
            )
        self.watchers += 1
        try:
            async for response in watch(
                self.state,
                self._writer.recent,
                self._store,
                request.from_revision,
                wanted,
                opportunities=self.opportunities,
            ):
                yield response
        finally:
            self.watchers -= 1

    def end_watches(self) -> None:
        """End every watch with UNAVAILABLE, so that the clients go to another replica."""
        self._writer.recent.close()


def _encoded(message: bytes) -> bytes:
    return message


def add_registry_service(service: object, server: Any) -> None:
    """As the generated `add_RegistryServiceServicer_to_server`, for methods that answer bytes. A
    method of the schema that `service` lacks is an AttributeError here.
    """
    handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}
    for method in _SERVICE.methods:
        make = (
            grpc.unary_stream_rpc_method_handler
            if method.server_streaming
            else grpc.unary_unary_rpc_method_handler
        )
        request_class = message_factory.GetMessageClass(method.input_type)
        handlers[method.name] = make(
            getattr(service, method.name),
            request_deserializer=_encoded if method.name in _RAW else request_class.FromString,
            response_serializer=_encoded,
        )
    generic = grpc.method_handlers_generic_handler(_SERVICE.full_name, handlers)
    server.add_generic_rpc_handlers((generic,))
    server.add_registered_method_handlers(_SERVICE.full_name, handlers)
