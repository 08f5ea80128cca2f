"""Calls on links."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client._registry_calls import PAGE, RegistryCalls, repeatable
from alphapulse_client.instrument_ids import InstrumentKey, id_message, id_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["LinkCalls"]


class LinkCalls(RegistryCalls):
    """See `RegistryClient`."""

    async def links(
        self,
        instrument: InstrumentKey | None = None,
        *,
        link_type: pb.LinkType.ValueType = pb.LINK_TYPE_UNSPECIFIED,
        min_revision: int = 0,
    ) -> AsyncIterator[pb.Link]:
        """The links that begin or end at an instrument (None: all), of one type where given."""
        request = pb.ListLinksRequest(
            instrument_id="" if instrument is None else id_text(instrument),
            type=link_type,
            page_size=PAGE,
            min_revision=min_revision,
        )
        while True:
            response = await self._call(self._stub.ListLinks, request)
            for link in response.links:
                yield link
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def link(
        self, source: InstrumentKey, target: InstrumentKey, link_type: pb.LinkType.ValueType
    ) -> pb.Link:
        """Add the link `source` → `target`, or get the one that is there."""
        link = pb.Link(to=id_message(target), type=link_type)
        getattr(link, "from").CopyFrom(id_message(source))
        response = self._wrote(
            await self._call(self._stub.LinkInstruments, pb.LinkInstrumentsRequest(link=link))
        )
        return response.link

    async def unlink(
        self,
        source: InstrumentKey,
        target: InstrumentKey,
        link_type: pb.LinkType.ValueType,
        *,
        expected_revision: int = 0,
        request_id: str = "",
    ) -> bool:
        """Take the link `source` → `target` away; whether it was there.

        Raises:
            Conflict: it is not at `expected_revision`.
            FailedPrecondition: the data of its ends say the same (LINK_STATED_BY_DATA).
        """
        link = pb.Link(to=id_message(target), type=link_type)
        getattr(link, "from").CopyFrom(id_message(source))
        request = pb.UnlinkInstrumentsRequest(
            link=link,
            expected_revision=expected_revision,
            request_id=repeatable(request_id, expected_revision),
        )
        return self._wrote(await self._call(self._stub.UnlinkInstruments, request)).removed
