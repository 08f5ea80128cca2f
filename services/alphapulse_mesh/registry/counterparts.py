"""What an instrument's price may be held against: the same elsewhere, and what derives from it or
what it derives from, where one unit of either costs the same but for the basis.

Options are left out, whose price is of a right; so are inverse contracts and derivatives in another
currency than the pair, whose prices are of something else, and a simulated venue beside a real one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.search import listings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alphapulse_mesh.registry.model import InstrumentEntry
    from alphapulse_mesh.registry.state import RegistryState

__all__ = ["counterparts"]

_A = common_pb2.AssetType
_HELD: Final = identity.DERIVATIVES - {_A.ASSET_TYPE_OPTION}


def counterparts(state: RegistryState, entry: InstrumentEntry) -> list[InstrumentEntry]:
    """Other lines with a venue, each once, in a stable order."""
    if not entry.venue or entry.asset_type == _A.ASSET_TYPE_OPTION:
        return []
    found: dict[bytes, InstrumentEntry] = {}
    for root in _roots(state, entry):
        for other in _around(state, root):
            found[other.id] = other
    return [
        other
        for other in found.values()
        if other.id != entry.id
        and other.venue
        and _simulated(state, other) == _simulated(state, entry)
        and _comparable(entry, other)
    ]


def _roots(state: RegistryState, entry: InstrumentEntry) -> list[InstrumentEntry]:
    """What the lines around an instrument derive from: itself, unless it derives from something."""
    if entry.asset_type not in _HELD:
        return [entry]
    links = state.links_of.get(entry.id, ())
    underlying = [
        state.instruments[link.key.target]
        for link in links
        if link.key.type == pb.LINK_TYPE_DERIVATIVE_OF and link.key.source == entry.id
    ]
    return underlying or [entry]


def _around(state: RegistryState, root: InstrumentEntry) -> Iterator[InstrumentEntry]:
    """The same as `root` elsewhere, and the derivatives of each of these."""
    if root.asset_type == _A.ASSET_TYPE_CURRENCY:
        spot = list(state.pairs_by_base.get(root.symbol, ()))
        bases = [root]
    else:
        spot = [other for other, _ in listings(state, root)]
        bases = _currency_of(state, root)
    for line in spot:
        yield line
        yield from _derivatives(state, line)
    for base in bases:
        yield from _derivatives(state, base)


def _currency_of(state: RegistryState, pair: InstrumentEntry) -> list[InstrumentEntry]:
    """The base currency of a pair, which derivatives may name as what they are of."""
    if pair.asset_type not in identity.PAIRS:
        return []
    return [
        state.instruments[link.key.source]
        for link in state.links_of.get(pair.id, ())
        if link.key.type == pb.LINK_TYPE_BASE_OF and link.key.target == pair.id
    ]


def _derivatives(state: RegistryState, of: InstrumentEntry) -> Iterator[InstrumentEntry]:
    for link in state.links_of.get(of.id, ()):
        if link.key.type == pb.LINK_TYPE_DERIVATIVE_OF and link.key.target == of.id:
            derivative = state.instruments[link.key.source]
            if derivative.asset_type in _HELD:
                yield derivative


def _comparable(one: InstrumentEntry, other: InstrumentEntry) -> bool:
    if one.asset_type not in _HELD and other.asset_type not in _HELD:
        if one.asset_type in identity.PAIRS:  # reached by way of the base currency
            return one.natural_key.split(":", 3)[3] == other.natural_key.split(":", 3)[3]
        return True
    a, b = one.message(), other.message()
    if a.inverse or b.inverse:
        return False
    if identity.PAIRS & {one.asset_type, other.asset_type} or (a.base_currency and b.base_currency):
        based = not (a.base_currency and b.base_currency) or a.base_currency == b.base_currency
        priced = not (a.quote_currency and b.quote_currency) or a.quote_currency == b.quote_currency
        return based and priced
    return True


def _simulated(state: RegistryState, entry: InstrumentEntry) -> bool:
    return state.venues[entry.venue].message.kind == pb.VENUE_KIND_SIMULATED
