"""Symbols and contracts that a collector met and does not publish, told as InstrumentDiscovered
frames.

What becomes of them is the registry's policy. Each is told once in an interval, through a producer
of its own, so that a replay's frames are the same with and without. Nothing waits for it, and what
cannot be told is forgotten and told when it is met again.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np
from google.protobuf.json_format import MessageToJson

from alphapulse.common.v1 import instrument_id_pb2 as common_pb
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import frames
from alphapulse_client.context import new_context
from alphapulse_client.instrument_ids import id_bytes, id_message
from alphapulse_core import InstrumentIdError, instrument_id_pair, instrument_id_symbol
from alphapulse_layout import MessageType, SourceType
from alphapulse_mesh.collectors.markets import FUTURES_VENUES, market_of
from alphapulse_mesh.runtime.errors import MeshError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alphapulse_client.publisher import Publisher
    from alphapulse_layout import VenueId
    from alphapulse_mesh.collectors.markets import Market

__all__ = ["Discoveries", "Found", "found_market"]

_log = logging.getLogger(__name__)
_REMEMBERED: Final = 10_000
_WAITING: Final = 1000
_ROWS: Final = 256
_SYMBOL_BYTES: Final = 64
_NS: Final = 1_000_000_000


class Found(Protocol):
    """Where what was met is told."""

    def seen(
        self, instrument: pb.Instrument, source: SourceType, exchange_time: int, received: int
    ) -> None:
        """An instrument that nobody here publishes was met."""
        ...


def found_market(venue: VenueId, symbol: str, market: Market | None = None) -> pb.Instrument:
    """What can be said of a symbol of a venue: with its currencies where they can be told."""
    instrument = pb.Instrument(
        asset_type=(
            common_pb.ASSET_TYPE_PERPETUAL
            if venue in FUTURES_VENUES
            else common_pb.ASSET_TYPE_CRYPTO_PAIR
        ),
        venue=venue,
        symbol=symbol,
    )
    if market is None:
        try:
            market = market_of(venue, symbol)
        except ValueError:
            return instrument
    instrument.base_currency, instrument.quote_currency = market.base, market.quote
    if market.perpetual:
        instrument.settlement_currency = market.quote
    return instrument


class Discoveries:
    """Tells of each once in `interval` seconds; bounded in what it remembers and what waits."""

    def __init__(
        self,
        publisher: Publisher,
        count: Callable[[int], None],
        *,
        interval: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`publisher` is of the market-data domain and used for this alone; `count` is told how
        many were taken by the relay.
        """
        self._publisher = publisher
        self._count = count
        self._interval = interval
        self._clock = clock
        self._told: OrderedDict[tuple[int, str], float] = OrderedDict()
        self._waiting: list[tuple[pb.Instrument, SourceType, int, int]] = []
        self._wake = asyncio.Event()

    def seen(
        self, instrument: pb.Instrument, source: SourceType, exchange_time: int, received: int
    ) -> None:
        """Tell of an instrument, unless it was told in this interval, or too many wait."""
        key, now = _key(instrument), self._clock()
        told = self._told.get(key)
        if (told is not None and now - told < self._interval) or len(self._waiting) >= _WAITING:
            return
        self._told[key] = now
        self._told.move_to_end(key)
        if len(self._told) > _REMEMBERED:
            self._told.popitem(last=False)
        self._waiting.append((instrument, source, exchange_time, received))
        self._wake.set()

    async def run(self) -> None:
        """Tell what waits, until cancelled; a relay that is away is no harm."""
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                await self._tell()
        finally:
            await self._publisher.close()

    async def _tell(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_ROWS], self._waiting[_ROWS:]
            try:
                for source in {each[1] for each in batch}:
                    data = discovered_frame([each for each in batch if each[1] is source], source)
                    await self._publisher.publish(data)
                await self._publisher.flush()
            except MeshError as error:
                _log.warning("discoveries were not told: %s (%s)", error, error.reason)
                for instrument, *_ in batch:
                    self._told.pop(_key(instrument), None)
            else:
                self._count(len(batch))


def _key(instrument: pb.Instrument) -> tuple[int, str]:
    where = instrument.venue or instrument.chain_id
    return where, instrument.symbol or instrument.contract_address


def discovered_frame(
    found: Sequence[tuple[pb.Instrument, SourceType, int, int]], source: SourceType
) -> bytes:
    """One frame of InstrumentDiscovered rows, each with its instrument as JSON in the blob; the id
    is there where symbol or currencies make it, else zeros.
    """
    rows = frames.rows(MessageType.INSTRUMENT_DISCOVERED, len(found))
    blob = bytearray()
    for row, (instrument, _, exchange_time, received) in zip(rows, found, strict=True):
        symbol = instrument.symbol.encode()[:_SYMBOL_BYTES]
        instrument_id = _id_of(instrument)
        if any(instrument_id):
            instrument.id.CopyFrom(id_message(instrument_id))
        metadata = MessageToJson(instrument, indent=None).encode()
        row["instrument_id"] = np.frombuffer(instrument_id, rows.dtype["instrument_id"])[0]
        row["exchange_time"], row["receive_time"] = exchange_time, received
        row["symbol"], row["symbol_length"] = symbol, len(symbol)
        row["metadata_offset"], row["metadata_length"] = len(blob), len(metadata)
        row["decimals"] = instrument.decimals
        blob += metadata
    return frames.encode(
        MessageType.INSTRUMENT_DISCOVERED,
        rows,
        source=source,
        context=new_context(),
        blob=bytes(blob),
    )


def _id_of(instrument: pb.Instrument) -> bytes:
    if instrument.HasField("id"):
        return id_bytes(instrument.id)
    try:
        if instrument.base_currency and instrument.asset_type == common_pb.ASSET_TYPE_CRYPTO_PAIR:
            return instrument_id_pair(
                instrument.asset_type,
                instrument.venue,
                instrument.base_currency,
                instrument.quote_currency,
            )
        if instrument.asset_type == common_pb.ASSET_TYPE_PERPETUAL:
            return instrument_id_symbol(instrument.asset_type, instrument.venue, instrument.symbol)
    except InstrumentIdError:
        pass  # such a name has a hashed id, which the registry makes
    return bytes(16)
