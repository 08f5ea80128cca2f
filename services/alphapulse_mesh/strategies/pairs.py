"""Spot and derivative of one underlying, found through the registry's links alone.

A derivative is DERIVATIVE_OF a currency, which is BASE_OF spot pairs. Of these, what can be held
against one another is compared: linear contracts in the same quote currency, both tradable, and
both on real venues or both on simulated ones.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse.common.v1 import instrument_id_pb2 as common_pb
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.decimals import to_fixed
from alphapulse_client.instrument_ids import id_bytes

if TYPE_CHECKING:
    from alphapulse_mesh.strategies.base import InstrumentDirectory

__all__ = ["PairOfInstruments", "find_pairs"]

_DERIVATIVES: Final = (common_pb.ASSET_TYPE_PERPETUAL, common_pb.ASSET_TYPE_FUTURE)


class PairOfInstruments(NamedTuple):
    """Two instruments on one underlying."""

    spot: bytes
    """16 bytes."""
    derivative: bytes
    spot_symbol: str
    derivative_symbol: str
    multiplier: int
    """Units of the underlying per contract of the derivative, 1e-8."""


async def find_pairs(directory: InstrumentDirectory) -> list[PairOfInstruments]:
    """All pairs, in the order of their ids."""
    derivatives: defaultdict[bytes, set[bytes]] = defaultdict(set)
    async for link in directory.links(link_type=pb.LINK_TYPE_DERIVATIVE_OF):
        derivatives[id_bytes(link.to)].add(_from(link))
    spots: defaultdict[bytes, set[bytes]] = defaultdict(set)
    async for link in directory.links(link_type=pb.LINK_TYPE_BASE_OF):
        if _from(link) in derivatives:
            spots[_from(link)].add(id_bytes(link.to))
    ids = sorted({*_members(spots), *_members(derivatives)})
    instruments = {
        key: instrument
        for key, instrument in zip(ids, await directory.get_many(ids), strict=True)
        if instrument is not None and instrument.status == pb.INSTRUMENT_STATUS_ACTIVE
    }
    simulated = await _simulated_venues(directory, instruments)
    return [
        PairOfInstruments(
            spot,
            derivative,
            instruments[spot].symbol,
            instruments[derivative].symbol,
            to_fixed(instruments[derivative].contract_multiplier or "1"),
        )
        for underlying in sorted(derivatives)
        for spot in sorted(spots[underlying] & instruments.keys())
        for derivative in sorted(derivatives[underlying] & instruments.keys())
        if _comparable(instruments[spot], instruments[derivative], simulated)
    ]


def _comparable(spot: pb.Instrument, derivative: pb.Instrument, simulated: set[int]) -> bool:
    settlement = derivative.settlement_currency or derivative.quote_currency
    return (
        spot.asset_type == common_pb.ASSET_TYPE_CRYPTO_PAIR
        and derivative.asset_type in _DERIVATIVES
        and not derivative.inverse
        and spot.quote_currency == derivative.quote_currency == settlement
        and (spot.venue in simulated) == (derivative.venue in simulated)
    )


async def _simulated_venues(
    directory: InstrumentDirectory, instruments: dict[bytes, pb.Instrument]
) -> set[int]:
    venues = {instrument.venue for instrument in instruments.values()}
    return {
        number
        for number in sorted(venues)
        if (await directory.venue(number)).kind == pb.VENUE_KIND_SIMULATED
    }


def _members(groups: dict[bytes, set[bytes]]) -> set[bytes]:
    return set[bytes]().union(*groups.values())


def _from(link: pb.Link) -> bytes:
    source: common_pb.InstrumentId = getattr(link, "from")  # a word of Python
    return id_bytes(source)
