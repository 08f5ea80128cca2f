"""Instruments to register in tests, and a registry on a real SQLite file."""

from __future__ import annotations

import asyncio
import datetime as dt
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_core import instrument_id_hash
from alphapulse_layout import VenueId
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.service import RegistryService
from alphapulse_mesh.registry.watch import RECENT_EVENTS
from alphapulse_mesh.registry.writer import RegistryWriter
from alphapulse_mesh.runtime.config import RegistryConfig
from alphapulse_mesh.runtime.event_store import SqliteEventStore

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from alphapulse_mesh.registry.identity import HashId

APPLE_ISIN: Final = "US0378331005"
APPLE_CUSIP: Final = "037833100"
APPLE_FIGI: Final = "BBG000B9XRY4"
APPLE_COMPOSITE: Final = "BBG000B9Y5X2"
APPLE_SHARE_CLASS: Final = "BBG001S5N8V8"
USDC_ETHEREUM: Final = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
WETH_ETHEREUM: Final = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
USDC_WETH_POOL: Final = "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640"
USDC_SOLANA: Final = "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"
EXPIRY: Final = dt.datetime(2024, 6, 21, 13, 30, tzinfo=dt.UTC)


def currency(code: str = "BTC", **fields: Any) -> pb.Instrument:
    """A currency, wherever it is held."""
    return pb.Instrument(asset_type=common_pb2.ASSET_TYPE_CURRENCY, symbol=code, **fields)


def pair(base: str = "BTC", quote: str = "USDT", **fields: Any) -> pb.Instrument:
    """A spot pair, on Binance unless said otherwise."""
    return pb.Instrument(
        asset_type=common_pb2.ASSET_TYPE_CRYPTO_PAIR,
        **{
            "venue": VenueId.BINANCE,
            "symbol": base + quote,
            "base_currency": base,
            "quote_currency": quote,
            **fields,
        },
    )


def perpetual(symbol: str = "BTCUSDT", **fields: Any) -> pb.Instrument:
    """A perpetual, on Binance futures unless said otherwise."""
    return pb.Instrument(
        asset_type=common_pb2.ASSET_TYPE_PERPETUAL,
        symbol=symbol,
        **{"venue": VenueId.BINANCE_FUTURES, **fields},
    )


def stock(symbol: str = "AAPL", venue: int = VenueId.NASDAQ, **fields: Any) -> pb.Instrument:
    """A share's line on a venue."""
    return pb.Instrument(
        asset_type=common_pb2.ASSET_TYPE_STOCK, symbol=symbol, venue=venue, **fields
    )


def future(symbol: str = "ESM4", **fields: Any) -> pb.Instrument:
    """A dated future on CME."""
    return pb.Instrument(
        asset_type=common_pb2.ASSET_TYPE_FUTURE,
        symbol=symbol,
        **{"venue": VenueId.CME, "expires_at": EXPIRY, **fields},
    )


def option(symbol: str = "BTC-21JUN24-70000-C", **fields: Any) -> pb.Instrument:
    """A call on Deribit."""
    return pb.Instrument(
        asset_type=common_pb2.ASSET_TYPE_OPTION,
        symbol=symbol,
        **{
            "venue": VenueId.DERIBIT,
            "expires_at": EXPIRY,
            "strike_price": "70000",
            "option_right": pb.OPTION_RIGHT_CALL,
            **fields,
        },
    )


def token(address: str = USDC_ETHEREUM, chain_id: int = 1, **fields: Any) -> pb.Instrument:
    """A token, on Ethereum unless said otherwise."""
    return pb.Instrument(
        asset_type=common_pb2.ASSET_TYPE_TOKEN,
        contract_address=address,
        chain_id=chain_id,
        **{"symbol": "USDC", "decimals": 6, **fields},
    )


def pool(address: str = USDC_WETH_POOL, **fields: Any) -> pb.Instrument:
    """A Uniswap v3 pool on Ethereum."""
    return pb.Instrument(
        asset_type=common_pb2.ASSET_TYPE_POOL,
        contract_address=address,
        **{"venue": VenueId.UNISWAP_V3, "chain_id": 1, **fields},
    )


def colliding(asset_type: int, venue: int, key: str, attempt: int) -> bytes:
    """A hash under which all keys of one asset type and venue share their first id."""
    prefix = ":".join(key.split(":")[:3])
    return instrument_id_hash(asset_type, venue, key if attempt else f"{prefix}:everyone", attempt)


def id_of(instrument: pb.Instrument) -> bytes:
    """The 16 bytes of a registered instrument's id."""
    return identity.from_message(instrument.id)


class NoDeadline:
    """The context of a call without a deadline, for calling the service itself."""

    def time_remaining(self) -> float | None:
        """There is none."""
        return None

    def invocation_metadata(self) -> Sequence[tuple[str, str | bytes]] | None:
        """Nothing came with it."""
        return None


@dataclass
class RunningRegistry:
    """A recovered registry whose writer runs."""

    store: SqliteEventStore
    writer: RegistryWriter
    service: RegistryService


@asynccontextmanager
async def running_registry(
    path: Path,
    *,
    config: RegistryConfig | None = None,
    hash_id: HashId = instrument_id_hash,
    keep_recent: int = RECENT_EVENTS,
    max_message_bytes: int = 16 << 20,
) -> AsyncIterator[RunningRegistry]:
    """A registry on the database at `path`, without a server."""
    settings = config or RegistryConfig()
    async with await SqliteEventStore.open(path) as store:
        writer = RegistryWriter(
            store,
            snapshot_every=settings.snapshot_every_events,
            keep_recent=keep_recent,
            hash_id=hash_id,
        )
        await writer.recover()
        service = RegistryService(writer, store, settings, max_message_bytes=max_message_bytes)
        running = asyncio.create_task(writer.run())
        try:
            yield RunningRegistry(store, writer, service)
        finally:
            service.end_watches()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
