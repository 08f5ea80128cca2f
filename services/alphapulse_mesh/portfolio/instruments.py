"""What sizing must know of an instrument, in the wire's integers, kept from the registry."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from alphapulse.common.v1 import instrument_id_pb2 as common_pb
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.decimals import SCALE, to_fixed
from alphapulse_client.instrument_ids import id_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alphapulse_client.registry import RegistryClient

__all__ = ["Contract", "Contracts", "contract_of"]


@dataclass(frozen=True, slots=True)
class Contract:
    """Facts of one instrument; prices and quantities are 1e-8."""

    id: bytes
    symbol: str
    tick: int
    lot: int
    min_quantity: int
    max_quantity: int
    """0: no limit."""
    min_notional: int
    multiplier: int
    """Units of the underlying per contract, 1e-8."""
    inverse: bool
    tradable: bool
    base_currency: str
    """Of a spot pair, where a fee in it changes what is held; empty for others."""


def contract_of(instrument: pb.Instrument) -> Contract:
    """The facts of a registry instrument; steps that it does not tell are the finest."""
    spot = instrument.asset_type == common_pb.ASSET_TYPE_CRYPTO_PAIR
    return Contract(
        id=id_bytes(instrument),
        symbol=instrument.symbol,
        tick=_fixed(instrument.tick_size, 1),
        lot=_fixed(instrument.lot_size, 1),
        min_quantity=_fixed(instrument.min_quantity, 0),
        max_quantity=_fixed(instrument.max_quantity, 0),
        min_notional=_fixed(instrument.min_notional, 0),
        multiplier=_fixed(instrument.contract_multiplier, SCALE),
        inverse=instrument.inverse,
        tradable=instrument.status == pb.INSTRUMENT_STATUS_ACTIVE,
        base_currency=instrument.base_currency if spot else "",
    )


def _fixed(text: str, default: int) -> int:
    return to_fixed(text) if text else default


class Contracts:
    """Contracts by id, asked of the registry once each."""

    def __init__(self, registry: RegistryClient) -> None:
        self._registry = registry
        self._known: dict[bytes, Contract] = {}

    def get(self, instrument_id: bytes) -> Contract | None:
        """What `load` has found."""
        return self._known.get(instrument_id)

    async def load(self, instrument_ids: Iterable[bytes]) -> None:
        """Ask for those that are not known yet; the registry may not know them either.

        Raises:
            MeshError: the registry does not answer.
        """
        missing = [key for key in dict.fromkeys(instrument_ids) if key not in self._known]
        if missing:
            for instrument in await self._registry.get_many(missing):
                if instrument is not None:
                    contract = contract_of(instrument)
                    self._known[contract.id] = contract
