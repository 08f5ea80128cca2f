"""The records that every subject of `bench feed` carries: 64 bytes each, real where there are any.

Levels of Binance's order book out of the recordings under ALPHAPULSE_DATA, else of random prices.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from alphapulse_client import Frame, encode, new_context
from alphapulse_layout import DTYPES, MessageType, SourceType, VenueId
from alphapulse_mesh.collectors.binance import BinanceNormalizer
from alphapulse_mesh.collectors.rows import RowBuffer
from alphapulse_mesh.collectors.sources.recording import Recording

KIND = MessageType.ORDER_BOOK
RECORD = DTYPES[KIND].itemsize
FRAME_RECORDS = 2000
"""A frame of a busy producer: 125 KiB, so that two of them make a message of a publisher."""
PROBE_RECORDS = 64
"""A frame whose latency is measured: 4 KiB."""
FRAMES = 16

_FILE = "binance_raw_hftbacktest/usdm_btcusdt_20240808.gz"


def load() -> tuple[np.ndarray[Any, np.dtype[np.void]], str]:
    """(n,) book levels, enough for all frames, and where they are from."""
    wanted = FRAMES * FRAME_RECORDS
    path = Path(os.environ.get("ALPHAPULSE_DATA", "/nonexistent")) / _FILE
    if not path.exists():
        levels = np.zeros(wanted, DTYPES[KIND])
        random = np.random.default_rng(1)
        levels["price"] = 6_000_000_000_000 + random.integers(-10_000, 10_000, wanted) * 10_000_000
        levels["size"] = random.integers(0, 10**9, wanted)
        levels["update_id"] = np.arange(wanted)
        return levels, "random levels (ALPHAPULSE_DATA is not set)"
    rows = RowBuffer()
    normalizer = BinanceNormalizer(VenueId.BINANCE_FUTURES, {"BTCUSDT": b"instrument-id-16"}, rows)
    found: list[np.ndarray[Any, np.dtype[np.void]]] = []
    count = 0
    for block in Recording(path, 0, lambda _where, _what: None).blocks():
        for time, payload in zip(block.times.tolist(), block.payloads, strict=True):
            normalizer.feed(time, payload)
        for batch in rows.drain():
            if batch.message_type == KIND:
                found.append(batch.rows)
                count += len(batch.rows)
        if count >= wanted:
            break
    levels = np.concatenate(found)
    return np.resize(levels, wanted), "book levels recorded at Binance"


def frames() -> tuple[list[bytes], str]:
    """Frames to publish over and over, and where their records are from."""
    levels, origin = load()
    return [
        encode(
            KIND,
            levels[at : at + FRAME_RECORDS],
            source=SourceType.BINANCE_COLLECTOR,
            context=new_context(sampled=False),
        )
        for at in range(0, len(levels), FRAME_RECORDS)
    ], origin


def probe(records: int) -> np.ndarray[Any, np.dtype[np.void]]:
    """Records of a frame whose latency is measured."""
    return load()[0][:records].copy()


def rows_of(frame: bytes) -> list[bytes]:
    """The records of a frame one by one, for peers that send a message a record."""
    data = Frame.parse(frame, checksum=False).rows.tobytes()
    return [data[at : at + RECORD] for at in range(0, len(data), RECORD)]
