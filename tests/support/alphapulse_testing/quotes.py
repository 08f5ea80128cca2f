"""Quote frames by hand, and an instrument directory without a registry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alphapulse.common.v1 import instrument_id_pb2 as common_pb
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.context import new_context
from alphapulse_client.frames import Frame, encode
from alphapulse_client.frames import rows as zeroed_rows
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_core import instrument_id_symbol, stamp_sequence
from alphapulse_layout import AssetType, MessageType, SourceType, VenueId, dtypes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from alphapulse_client.instrument_ids import InstrumentKey

__all__ = ["MS", "T0", "Directory", "Tick", "instrument", "quote_frame"]

MS: Final = 1_000_000
T0: Final = 1_723_161_255_000 * MS


class Tick(NamedTuple):
    """One quote: sizes and prices in whole units, time in ms after `T0`."""

    instrument: bytes
    time: float
    bid: float
    ask: float
    size: float = 1.0
    flags: int = 0


def quote_frame(*ticks: Tick, sequence: int = 0, sampled: bool = True, made_at: int = 0) -> Frame:
    """One QUOTE frame, as a relay would hand it on."""
    rows = zeroed_rows(MessageType.QUOTE, len(ticks))
    rows["instrument_id"] = np.frombuffer(
        b"".join(tick.instrument for tick in ticks), dtype=dtypes.INSTRUMENT_ID
    )
    for name, scale in (("bid", 1e8), ("ask", 1e8)):
        rows[f"{name}_price"] = [round(getattr(tick, name) * scale) for tick in ticks]
        rows[f"{name}_size"] = [round(tick.size * 1e8) for tick in ticks]
    rows["receive_time"] = [T0 + round(tick.time * MS) for tick in ticks]
    rows["flags"] = [tick.flags for tick in ticks]
    data = bytearray(
        encode(
            MessageType.QUOTE,
            rows,
            source=SourceType.BINANCE_COLLECTOR,
            context=new_context(sampled=sampled),
            timestamp=made_at or None,
        )
    )
    stamp_sequence(data, sequence)
    return Frame.parse(bytes(data))


def instrument(
    asset_type: AssetType, venue: VenueId, symbol: str, **fields: object
) -> pb.Instrument:
    """An active instrument with its id, as the registry answers it."""
    item = pb.Instrument(
        asset_type=common_pb.AssetType.ValueType(asset_type),
        venue=venue,
        symbol=symbol,
        status=pb.INSTRUMENT_STATUS_ACTIVE,
    )
    for name, value in fields.items():
        setattr(item, name, value)
    raw = instrument_id_symbol(asset_type, venue, symbol)
    item.id_text = raw.hex()
    item.id.asset_id = int.from_bytes(raw[:8], "little")
    item.id.venue = int.from_bytes(raw[8:10], "little")
    item.id.asset_type = common_pb.AssetType.ValueType(raw[10])
    item.id.scheme = common_pb.IdScheme.ValueType(raw[11])
    item.id.salt = int.from_bytes(raw[12:], "little")
    return item


class Directory:
    """Instruments and the links that the registry would derive of them."""

    def __init__(self, *instruments: pb.Instrument) -> None:
        self.instruments = {id_bytes(item): item for item in instruments}
        self.calls = 0

    def add(self, *instruments: pb.Instrument) -> None:
        """More of them."""
        self.instruments |= {id_bytes(item): item for item in instruments}

    async def links(
        self,
        instrument: InstrumentKey | None = None,
        *,
        link_type: pb.LinkType.ValueType = pb.LINK_TYPE_UNSPECIFIED,
    ) -> AsyncIterator[pb.Link]:
        """Derivatives of currencies, currencies as bases of pairs."""
        assert instrument is None, "not needed so far"
        self.calls += 1
        for item in self.instruments.values():
            base = next(
                (
                    other
                    for other in self.instruments.values()
                    if other.asset_type == common_pb.ASSET_TYPE_CURRENCY
                    and other.symbol == item.base_currency
                ),
                None,
            )
            if base is None:
                continue
            pair = item.asset_type == common_pb.ASSET_TYPE_CRYPTO_PAIR
            ends = (base, item) if pair else (item, base)
            kind = pb.LINK_TYPE_BASE_OF if pair else pb.LINK_TYPE_DERIVATIVE_OF
            if link_type in (pb.LINK_TYPE_UNSPECIFIED, kind):
                link = pb.Link(to=ends[1].id, type=kind)
                getattr(link, "from").CopyFrom(ends[0].id)
                yield link

    async def get_many(
        self, instruments: Iterable[InstrumentKey], *, min_revision: int = 0
    ) -> list[pb.Instrument | None]:
        """By id."""
        return [self.instruments.get(id_bytes(key)) for key in instruments]

    async def venue(self, key: str | int) -> pb.Venue:
        """Simulated or not."""
        number = VenueId(int(key))
        simulated = number in (VenueId.SIMULATOR, VenueId.SIMULATOR_FUTURES)
        kind = pb.VENUE_KIND_SIMULATED if simulated else pb.VENUE_KIND_CRYPTO_EXCHANGE
        return pb.Venue(venue=number, name=number.name, kind=kind)
