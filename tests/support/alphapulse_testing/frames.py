"""Frames to publish in tests: each record carries a number, so that a test can count them again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from alphapulse_client.context import FrameContext, new_context
from alphapulse_client.frames import encode, rows
from alphapulse_layout import AssetType, IdScheme, MessageType, SourceType, VenueId
from alphapulse_layout.dtypes import INSTRUMENT_ID

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from alphapulse_client.frames import Frame

__all__ = ["instrument", "numbers_of", "quotes", "signals", "trades"]


def instrument(
    number: int,
    *,
    venue: int = VenueId.BINANCE,
    asset_type: int = AssetType.CRYPTO_PAIR,
) -> bytes:
    """16 bytes that name one of many instruments."""
    value = np.zeros(1, INSTRUMENT_ID)
    value[0] = (number, venue, asset_type, IdScheme.NUMERIC, 0)
    return value.tobytes()


def trades(
    numbers: Sequence[int] | range,
    *,
    instruments: Iterable[bytes] | None = None,
    source: int = SourceType.BINANCE_COLLECTOR,
    context: FrameContext | None = None,
    price: int = 1,
    extensions: bytes = b"",
    priority: int = 0,
) -> bytes:
    """A frame of trades whose `trade_id` are the numbers; one instrument, or one for each."""
    records = rows(MessageType.TRADE, len(numbers))
    records["trade_id"] = numbers
    records["price"] = price
    names = [instrument(1)] * len(numbers) if instruments is None else list(instruments)
    if names:
        records["instrument_id"] = np.frombuffer(b"".join(names), INSTRUMENT_ID)
    return encode(
        MessageType.TRADE,
        records,
        source=source,
        context=context or new_context(sampled=False),
        extensions=extensions,
        priority=priority,
    )


def quotes(count: int, *, name: bytes | None = None) -> bytes:
    """A frame of quotes."""
    records = rows(MessageType.QUOTE, count)
    records["instrument_id"] = np.frombuffer((name or instrument(1)) * count, INSTRUMENT_ID)
    return encode(
        MessageType.QUOTE,
        records,
        source=SourceType.BINANCE_COLLECTOR,
        context=new_context(sampled=False),
    )


def signals(numbers: Sequence[int], *, context: FrameContext | None = None) -> bytes:
    """A frame of arbitrage opportunities whose `signal_id` are the numbers."""
    records = rows(MessageType.ARBITRAGE_OPPORTUNITY, len(numbers))
    records["signal_id"] = numbers
    return encode(
        MessageType.ARBITRAGE_OPPORTUNITY,
        records,
        source=SourceType.ARBITRAGE_STRATEGY,
        context=context or new_context(sampled=False),
    )


def numbers_of(frames: Iterable[Frame]) -> list[int]:
    """The `trade_id` of all trades in the frames, in order."""
    return [
        number
        for frame in frames
        if frame.message_type == MessageType.TRADE
        for number in frame.rows["trade_id"].tolist()
    ]
