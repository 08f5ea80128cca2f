"""Taking links away. What an instrument or a synthetic says itself is not taken away here: the next
update of the instrument would bring it back. Correct the data first, then the link may go.
"""

from __future__ import annotations

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.model import InstrumentEntry, LinkKey, LinkRemoval
from alphapulse_mesh.registry.planning import Planner, underlying_of
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.registry.synthetics import SyntheticPlanner
from alphapulse_mesh.runtime.errors import Conflict, FailedPrecondition, InvalidArgument

__all__ = ["LinkChangesPlanner"]


class LinkChangesPlanner(SyntheticPlanner, Planner):
    """Plans the end of links."""

    def unlink(self, request: pb.UnlinkInstrumentsRequest) -> tuple[bytes, bool]:
        """The link as it was (field 1 of an answer), and whether it was there.

        Raises:
            InvalidArgument: the link has no type (LINK_TYPE_MISSING).
            UnknownInstrument: one of its ends is not there.
            Conflict: another revision of it than the expected one (REVISION_CONFLICT).
            FailedPrecondition: the data of its ends say the same (LINK_STATED_BY_DATA).
        """
        link = request.link
        if not link.type or link.type not in pb.LinkType.values():
            raise InvalidArgument("the link has no type", reason=Reason.LINK_TYPE_MISSING)
        source = self._known(getattr(link, "from"), "from", Reason.INSTRUMENT_UNKNOWN)
        target = self._known(link.to, "to", Reason.INSTRUMENT_UNKNOWN)
        key = LinkKey(source.id, target.id, link.type)
        found = self._link(key)
        revision = found.revision if found else 0
        if request.expected_revision and request.expected_revision != revision:
            raise Conflict(
                f"the link is at revision {revision}, not {request.expected_revision}",
                reason=Reason.REVISION_CONFLICT,
                revision=revision,
                expected_revision=request.expected_revision,
            )
        if found is None:
            absent = pb.Link(to=link.to, type=link.type)
            getattr(absent, "from").CopyFrom(getattr(link, "from"))
            return pb.UnlinkInstrumentsResponse(link=absent).SerializeToString(), False
        said_by = self._said_by(key, source, target)
        if said_by:
            raise FailedPrecondition(
                f"{said_by} says {pb.LinkType.Name(link.type)}: correct that, then unlink",
                reason=Reason.LINK_STATED,
                field=said_by,
                id=source.id,
            )
        self._plan(LinkRemoval(key, self.revision + 1, found.wire))
        return found.wire, True

    def _said_by(self, key: LinkKey, source: InstrumentEntry, target: InstrumentEntry) -> str:
        """The field from which the link follows; empty when nothing says it but the link."""
        if underlying_of(source.message()) == target.id:
            return "underlying" if key.type == self._underlying_link(source, target.id) else ""
        match key.type:
            case pb.LINK_TYPE_SAME_SECURITY:
                one, other = ((end.asset_type, end.share_class) for end in (source, target))
                return "share_class_figi" if one == other and one[1] else ""
            case pb.LINK_TYPE_BASE_OF:
                currency = source.asset_type == common_pb2.ASSET_TYPE_CURRENCY
                pair = target.asset_type in identity.PAIRS and target.pair_base == source.symbol
                return "base_currency" if currency and pair else ""
            case pb.LINK_TYPE_COMPONENT_OF:
                synthetic = self._synthetic(target.id)
                made_of = synthetic is not None and source.id in synthetic.inputs.values()
                return "inputs" if made_of else ""
            case _:
                return ""
