"""Links between instruments: those that their own fields mean, and those that somebody states."""

from __future__ import annotations

from operator import attrgetter
from typing import Final

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.identity import NaturalKey
from alphapulse_mesh.registry.model import InstrumentEntry, LinkEntry, LinkKey
from alphapulse_mesh.registry.planned import Planned
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.runtime.errors import InvalidArgument

__all__ = ["LinkPlanner"]

_A = common_pb2.AssetType
_L = pb.LinkType
_DERIVED: Final[dict[int, int]] = {
    **dict.fromkeys(identity.DERIVATIVES, _L.LINK_TYPE_DERIVATIVE_OF),
    _A.ASSET_TYPE_DEPOSITARY_RECEIPT: _L.LINK_TYPE_RECEIPT_OF,
}
"""Asset type → the link that its `underlying` means (a token's depends on the chain)."""

_COIN: Final = {_A.ASSET_TYPE_TOKEN, _A.ASSET_TYPE_CURRENCY}
# link type → what it may begin at, what it may end at; None is anything
_ENDS: Final[dict[int, tuple[set[int] | None, set[int] | None]]] = {
    _L.LINK_TYPE_DERIVATIVE_OF: ({*identity.DERIVATIVES, _A.ASSET_TYPE_SYNTHETIC}, None),
    _L.LINK_TYPE_SAME_SECURITY: (None, None),
    _L.LINK_TYPE_RECEIPT_OF: ({_A.ASSET_TYPE_DEPOSITARY_RECEIPT}, {*identity.SECURITIES}),
    _L.LINK_TYPE_BRIDGED_FROM: ({_A.ASSET_TYPE_TOKEN}, {_A.ASSET_TYPE_TOKEN}),
    _L.LINK_TYPE_WRAPS: ({_A.ASSET_TYPE_TOKEN}, {*_COIN}),
    _L.LINK_TYPE_COMPONENT_OF: (
        None,
        {
            _A.ASSET_TYPE_SYNTHETIC,
            _A.ASSET_TYPE_INDEX,
            _A.ASSET_TYPE_ETF,
            _A.ASSET_TYPE_FUND,
            _A.ASSET_TYPE_FUTURE,  # a listed spread of its legs
        },
    ),
    _L.LINK_TYPE_BASE_OF: (None, {*identity.PAIRS, _A.ASSET_TYPE_POOL}),
}


class LinkPlanner(Planned):
    """Plans links."""

    def _derive_links(self, underlying: bytes | None, entry: InstrumentEntry) -> None:
        """The links that an instrument's own fields mean, whichever of the two ends came first."""
        if underlying is not None:
            self._add_link(LinkKey(entry.id, underlying, self._underlying_link(entry, underlying)))
        if entry.figis[2]:
            # the first of a share class stands for it; an ISIN alone joins nothing
            first = self._first_of_share_class(entry)
            if first is not None and first.id != entry.id:
                self._add_link(LinkKey(entry.id, first.id, _L.LINK_TYPE_SAME_SECURITY))
        if entry.pair_base:
            base = self._currency(entry.pair_base)
            if base is not None:
                self._add_link(LinkKey(base.id, entry.id, _L.LINK_TYPE_BASE_OF))
        if entry.asset_type == common_pb2.ASSET_TYPE_CURRENCY:
            waiting = self._state.pairs_by_base.get(entry.symbol, [])
            for pair in (*waiting, *self._pairs_by_base.get(entry.symbol, [])):
                self._add_link(LinkKey(entry.id, pair.id, _L.LINK_TYPE_BASE_OF))

    def _first_of_share_class(self, entry: InstrumentEntry) -> InstrumentEntry | None:
        held = self._state.by_figi.get(entry.share_class, ())
        mine = (entry.asset_type, entry.share_class)
        lines = [line for line in held if (line.asset_type, line.share_class) == mine]
        if lines:
            return min(lines, key=attrgetter("ordinal"))
        return self._share_classes.get((entry.asset_type, entry.share_class))

    def _underlying_link(self, entry: InstrumentEntry, underlying: bytes) -> int:
        if entry.asset_type != common_pb2.ASSET_TYPE_TOKEN:
            return _DERIVED[entry.asset_type]
        other = self.instrument(underlying)
        assert other is not None, "checked before"
        bridged = other.asset_type == common_pb2.ASSET_TYPE_TOKEN and other.venue != entry.venue
        return _L.LINK_TYPE_BRIDGED_FROM if bridged else _L.LINK_TYPE_WRAPS

    def _currency(self, code: str) -> InstrumentEntry | None:
        key = NaturalKey(common_pb2.ASSET_TYPE_CURRENCY, 0, code)
        known = self._currency_ids.get(code)
        if known is not None:
            entry = self.instrument(known)
            if entry is None or entry.natural_key == key.text:
                return entry
        # another key may have taken the id since: the walk over the attempts tells
        found, instrument_id, _ = self._find_place(key)
        self._currency_ids[code] = instrument_id
        return found

    def _link(self, key: LinkKey) -> LinkEntry | None:
        """The link of a key, with what is planned."""
        return self._links[key] if key in self._links else self._state.links.get(key)

    def _add_link(self, key: LinkKey) -> tuple[LinkEntry, bool]:
        found = self._link(key)
        if found is not None:
            return found, False
        link = LinkEntry.of(key, self.revision + 1)
        self._plan(link)
        return link, True

    def link(self, link: pb.Link) -> tuple[LinkEntry, bool]:
        """The entry of a link that somebody states, and whether it is new.

        Raises:
            InvalidArgument: its type does not join such instruments.
            UnknownInstrument: one of its ends is not there.
        """
        if link.type == _L.LINK_TYPE_UNSPECIFIED or link.type not in _ENDS:
            raise InvalidArgument("the link has no type", reason=Reason.LINK_TYPE_MISSING)
        source = self._known(getattr(link, "from"), "from", Reason.INSTRUMENT_UNKNOWN)
        target = self._known(link.to, "to", Reason.INSTRUMENT_UNKNOWN)
        if source is target:
            raise InvalidArgument(
                "an instrument is not linked to itself", reason=Reason.LINK_TO_ITSELF
            )
        begins, ends = _ENDS[link.type]
        same = link.type != _L.LINK_TYPE_SAME_SECURITY or source.asset_type == target.asset_type
        fits = (begins is None or source.asset_type in begins) and (
            ends is None or target.asset_type in ends
        )
        if not (same and fits):
            raise InvalidArgument(
                f"{_L.Name(link.type)} does not join {source.natural_key} and {target.natural_key}",
                reason=Reason.LINK_TYPE_MISMATCH,
            )
        return self._add_link(LinkKey(source.id, target.id, link.type))
