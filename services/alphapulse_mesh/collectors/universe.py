"""The collector's instruments in the registry: currencies, then the markets that refer to them.

Registering is idempotent. Who registered a market first decides its facts (tick, lot): a market
that is there with others is used as it is, and the difference is logged.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from alphapulse.common.v1 import instrument_id_pb2 as common_pb
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_layout import AssetType
from alphapulse_mesh.runtime.errors import FailedPrecondition, UnknownInstrument

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alphapulse_client.registry import RegistryClient
    from alphapulse_mesh.collectors.markets import Market

__all__ = ["Universe"]

_log = logging.getLogger(__name__)
_CONFLICT: Final = "INSTRUMENT_CONFLICT"


class Universe:
    """Ids of what the collector publishes."""

    def __init__(self, registry: RegistryClient) -> None:
        self._registry = registry
        self._currencies: dict[str, common_pb.InstrumentId] = {}
        self._markets: dict[tuple[int, str], bytes] = {}

    def __len__(self) -> int:
        """Markets, currencies not counted."""
        return len(self._markets)

    async def ensure(self, markets: Sequence[Market]) -> list[bytes]:
        """Ids (16 bytes) of the markets, in order, registering what is not there.

        Raises:
            FailedPrecondition: the registry refuses one (its reason).
            Unavailable: the registry does not answer.
        """
        missing = [
            market for market in markets if (market.venue, market.symbol) not in self._markets
        ]
        if missing:
            await self._ensure_currencies(
                code for market in missing for code in (market.base, market.quote)
            )
            requests = [self._instrument(market) for market in missing]
            outcomes = await self._registry.register_many(requests)
            for market, request, outcome in zip(missing, requests, outcomes, strict=True):
                found = await self._accepted(request, outcome)
                self._markets[market.venue, market.symbol] = id_bytes(found)
        return [self._markets[market.venue, market.symbol] for market in markets]

    async def find(self, market: Market) -> bytes | None:
        """The id of a market that somebody else registered; None while it is not there as active.

        Raises:
            Unavailable: the registry does not answer.
        """
        kind = AssetType.PERPETUAL if market.perpetual else AssetType.CRYPTO_PAIR
        try:
            found = await self._registry.resolve(
                market.symbol, venue=str(int(market.venue)), asset_type=kind
            )
        except UnknownInstrument:
            return None
        if found.status != pb.INSTRUMENT_STATUS_ACTIVE:
            return None
        made = self._markets[market.venue, market.symbol] = id_bytes(found.id)
        return made

    async def _ensure_currencies(self, codes: Iterable[str]) -> None:
        new = [code for code in dict.fromkeys(codes) if code not in self._currencies]
        requests = [
            pb.Instrument(asset_type=common_pb.ASSET_TYPE_CURRENCY, symbol=code) for code in new
        ]
        outcomes = await self._registry.register_many(requests)
        for code, request, outcome in zip(new, requests, outcomes, strict=True):
            self._currencies[code] = await self._accepted(request, outcome)

    async def _accepted(
        self, request: pb.Instrument, outcome: pb.RegistrationOutcome
    ) -> common_pb.InstrumentId:
        if not outcome.reason:
            return outcome.id
        name = request.symbol
        if outcome.reason == _CONFLICT:
            found = await self._registry.resolve(
                name,
                venue=str(request.venue) if request.venue else "",
                asset_type=AssetType(request.asset_type),
            )
            _log.warning(
                "%s is in the registry with other facts (%s): used as it is", name, outcome.message
            )
            return found.id
        raise FailedPrecondition(
            f"the registry refuses {name}: {outcome.message}", reason=outcome.reason, symbol=name
        )

    def _instrument(self, market: Market) -> pb.Instrument:
        instrument = pb.Instrument(
            asset_type=(
                common_pb.ASSET_TYPE_PERPETUAL
                if market.perpetual
                else common_pb.ASSET_TYPE_CRYPTO_PAIR
            ),
            venue=market.venue,
            symbol=market.symbol,
            base_currency=market.base,
            quote_currency=market.quote,
            tick_size=market.tick_size,
            lot_size=market.lot_size,
            min_notional=market.min_notional,
        )
        if market.perpetual:
            instrument.settlement_currency = market.quote
            instrument.contract_multiplier = "1"
            instrument.underlying.CopyFrom(self._currencies[market.base])
        return instrument
