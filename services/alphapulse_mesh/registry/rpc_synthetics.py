"""RPCs on synthetics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alphapulse_mesh.registry import synthetics, wire
from alphapulse_mesh.registry.rpc import CallContext, Rpcs, one_changed

if TYPE_CHECKING:
    from alphapulse.registry.v1 import registry_pb2 as pb
    from alphapulse_mesh.registry.commands import RegistryPlanner
    from alphapulse_mesh.registry.writer import Respond

__all__ = ["SyntheticRpcs"]


class SyntheticRpcs(Rpcs):
    """See the module."""

    async def DefineSynthetic(self, request: pb.DefineSyntheticRequest, _: CallContext) -> bytes:
        """Define one, or a new version."""

        async def plan(planner: RegistryPlanner) -> Respond:
            entry, changed = planner.define_synthetic(request)
            return one_changed(entry.wire, new=changed)

        return await self._change("DefineSynthetic", request, plan)

    async def GetSynthetic(self, request: pb.GetSyntheticRequest, context: CallContext) -> bytes:
        """A definition."""
        await self._reach(request.min_revision, context)
        entry = synthetics.find_synthetic(self.state, request.name)
        return entry.wire + wire.uint(2, self.state.revision)

    async def ListSynthetics(
        self, request: pb.ListSyntheticsRequest, context: CallContext
    ) -> bytes:
        """A page of definitions."""
        paging = self._paging(request)
        await self._reach(request.min_revision, context)
        return synthetics.list_synthetics(self.state, request, paging, self._max_bytes)

    async def EvaluateSynthetic(
        self, request: pb.EvaluateSyntheticRequest, context: CallContext
    ) -> bytes:
        """A value for given values."""
        await self._reach(request.min_revision, context)
        entry = synthetics.find_synthetic(self.state, request.name)
        values = synthetics.parse_values(request.values)
        return synthetics.answer(self.state, entry, values).SerializeToString()
