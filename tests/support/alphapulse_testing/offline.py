"""Market data through the strategy without a mesh: what a mesh must come to as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alphapulse_client.frames import Frame
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_layout import AssetType, MessageType, VenueId
from alphapulse_mesh.collectors.binance import BinanceNormalizer
from alphapulse_mesh.collectors.framing import Framer
from alphapulse_mesh.collectors.markets import source_type
from alphapulse_mesh.collectors.rows import RowBuffer
from alphapulse_mesh.runtime.config import CrossVenueArbitrageConfig
from alphapulse_mesh.runtime.telemetry import Telemetry
from alphapulse_mesh.strategies.cross_venue_arbitrage import CrossVenueArbitrage
from alphapulse_testing.quotes import Directory, instrument

if TYPE_CHECKING:
    from alphapulse_mesh.collectors.sources.base import Source
    from alphapulse_mesh.strategies.base import Signal

__all__ = ["offline_signals"]


async def offline_signals(source: Source) -> list[Signal]:
    """What the strategy makes of a source with its settings as they come, a frame at a time."""
    rows = RowBuffer()
    items = [instrument(AssetType.CURRENCY, VenueId.NONE, code) for code in ("BTC", "ETH")]
    normalizers = []
    for feed in await source.open():
        (symbol,) = feed.symbols
        perpetual = feed.venue in (VenueId.BINANCE_FUTURES, VenueId.SIMULATOR_FUTURES)
        item = instrument(
            AssetType.PERPETUAL if perpetual else AssetType.CRYPTO_PAIR,
            feed.venue,
            symbol,
            base_currency=symbol.removesuffix("USDT"),
            quote_currency="USDT",
        )
        items.append(item)
        normalizers.append(BinanceNormalizer(feed.venue, {symbol: id_bytes(item)}, rows))
    made = CrossVenueArbitrage(CrossVenueArbitrageConfig())
    await made.on_start(Directory(*items))
    assert len(made.pairs) == 2
    framer = Framer(source_type(normalizers[0].venue), Telemetry("t", [], resource=None))  # type: ignore[arg-type]  # records nothing
    signals: list[Signal] = []
    async for part in source.slices():
        for feed_number, time, message in zip(part.feeds, part.times, part.messages, strict=True):
            normalizers[feed_number].feed(time, message)  # type: ignore[arg-type]  # no controls
        for frame in framer.frames(rows.drain(), 0):
            if frame.message_type == MessageType.QUOTE:
                signals += made.on_batch([Frame.parse(frame.data)])
    return signals
