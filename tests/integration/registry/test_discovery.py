"""What collectors discover becomes a registration or a review item, by policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from google.protobuf.json_format import MessageToJson

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import frames
from alphapulse_client.context import new_context
from alphapulse_core import instrument_id_hash, instrument_id_pair, instrument_id_symbol
from alphapulse_layout import MessageType, SourceType, VenueId
from alphapulse_mesh.registry.discovery import Discovery, Policy
from alphapulse_testing.registry import running_registry, token

if TYPE_CHECKING:
    from pathlib import Path

A = common_pb2.AssetType
PAIR = instrument_id_pair(A.ASSET_TYPE_CRYPTO_PAIR, VenueId.BINANCE, "BTC", "USDT")
PERPETUAL = instrument_id_symbol(A.ASSET_TYPE_PERPETUAL, VenueId.BINANCE_FUTURES, "BTCUSDT")
HASHED = instrument_id_hash(A.ASSET_TYPE_OPTION, VenueId.DERIBIT, "v1:option:13:X@20240101", 0)


def discovered(*rows: tuple[bytes, str, str]) -> frames.Frame:
    made = frames.rows(MessageType.INSTRUMENT_DISCOVERED, len(rows))
    ids = b"".join(row[0] for row in rows)
    made["instrument_id"] = np.frombuffer(ids, dtype=made.dtype["instrument_id"])
    blob = b""
    for row, (_, symbol, metadata) in zip(made, rows, strict=True):
        row["symbol"], row["symbol_length"] = symbol.encode(), len(symbol)
        row["metadata_offset"], row["metadata_length"] = len(blob), len(metadata)
        blob += metadata.encode()
    return frames.Frame.parse(
        frames.encode(
            MessageType.INSTRUMENT_DISCOVERED,
            made,
            source=SourceType.BINANCE_COLLECTOR,
            context=new_context(),
            blob=blob,
        )
    )


@pytest.mark.parametrize(
    ("policy", "status"),
    [
        ("review", pb.INSTRUMENT_STATUS_ANNOUNCED),
        ("register", pb.INSTRUMENT_STATUS_ACTIVE),
    ],
)
async def test_what_is_discovered_is_registered_by_policy(
    tmp_path: Path, policy: Policy, status: int
) -> None:
    frame = discovered(
        (PAIR, "BTCUSDT", ""),
        (PERPETUAL, "BTCUSDT", ""),
        (bytes(16), "USDC", MessageToJson(token())),
    )
    async with running_registry(tmp_path / "registry.db") as running:
        discovery = Discovery(running.writer, "unused", policy)
        await discovery.take(frame)
        state = running.service.state
        assert [entry.status for entry in state.in_order] == [status] * 3
        assert [entry.id for entry in state.in_order][:2] == [PAIR, PERPETUAL]
        assert state.in_order[0].message().base_currency == "BTC"
        assert discovery.outcomes == {"created": 3}
        revision = state.revision
        await discovery.take(frame)
        assert state.revision == revision
        assert discovery.outcomes == {"created": 3, "known": 3}


async def test_what_cannot_be_told_leaves_the_others(tmp_path: Path) -> None:
    frame = discovered(
        (HASHED, "X", ""),
        (bytes(16), "Y", "{not json"),
        (bytes(16), "Z", '{"asset_type": "ASSET_TYPE_STOCK", "isin": "US0378331006"}'),
        (PAIR, "BTCUSDT", ""),
    )
    async with running_registry(tmp_path / "registry.db") as running:
        discovery = Discovery(running.writer, "unused", "register")
        await discovery.take(frame)
        assert [entry.id for entry in running.service.state.in_order] == [PAIR]
        assert discovery.outcomes == {
            "DISCOVERY_UNREADABLE": 2,
            "INSTRUMENT_ISIN_INVALID": 1,
            "created": 1,
        }
