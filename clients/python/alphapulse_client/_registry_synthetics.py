"""Calls on synthetics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client._registry_calls import PAGE, RegistryCalls, repeatable
from alphapulse_client.instrument_ids import InstrumentKey, id_message, id_text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

__all__ = ["SyntheticCalls"]


class SyntheticCalls(RegistryCalls):
    """See `RegistryClient`."""

    async def synthetic(self, name: str, *, min_revision: int = 0) -> pb.Synthetic:
        """A synthetic's definition. Raises NotFound."""
        request = pb.GetSyntheticRequest(name=name, min_revision=min_revision)
        return (await self._call(self._stub.GetSynthetic, request)).synthetic

    async def synthetics(
        self,
        *,
        made_of: InstrumentKey | None = None,
        name_prefix: str = "",
        min_revision: int = 0,
    ) -> AsyncIterator[pb.Synthetic]:
        """All synthetics in the order of their first definition, those alone that are made of an
        instrument (itself or through others) where one is given; pages by itself.
        """
        request = pb.ListSyntheticsRequest(
            instrument_id="" if made_of is None else id_text(made_of),
            name_prefix=name_prefix,
            page_size=PAGE,
            min_revision=min_revision,
        )
        while True:
            response = await self._call(self._stub.ListSynthetics, request)
            for synthetic in response.synthetics:
                yield synthetic
            if not response.next_page_token:
                return
            request.page_token = response.next_page_token

    async def evaluate_synthetic(
        self, name: str, values: Iterable[tuple[InstrumentKey, str]], *, min_revision: int = 0
    ) -> pb.EvaluateSyntheticResponse:
        """A synthetic's value for values (decimal text) of what it is made of."""
        request = pb.EvaluateSyntheticRequest(
            name=name,
            values=[pb.InstrumentValue(id=id_message(key), value=text) for key, text in values],
            min_revision=min_revision,
        )
        return await self._call(self._stub.EvaluateSynthetic, request)

    async def define_synthetic(
        self,
        name: str,
        formula: str,
        inputs: Iterable[tuple[str, InstrumentKey]],
        *,
        title: str = "",
        quote_currency: str = "",
        expected_revision: int = 0,
        request_id: str = "",
    ) -> pb.DefineSyntheticResponse:
        """Define a synthetic, or a new version of it; `inputs`: what the names in `formula` are.

        Raises:
            Conflict: the definition is not at `expected_revision` any more.
        """
        request = pb.DefineSyntheticRequest(
            name=name,
            formula=formula,
            inputs=[pb.SyntheticInput(alias=alias, id=id_message(key)) for alias, key in inputs],
            title=title,
            quote_currency=quote_currency,
            expected_revision=expected_revision,
            request_id=repeatable(request_id, expected_revision),
        )
        return self._wrote(await self._call(self._stub.DefineSynthetic, request))
