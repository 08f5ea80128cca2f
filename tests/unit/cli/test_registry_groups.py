"""`alphapulse registry resolve`: candidates by what they really are."""

from __future__ import annotations

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import VenueId
from alphapulse_mesh.cli.registry import grouped_rows

A = common_pb2.AssetType


def test_the_primary_line_comes_first_and_receipts_stand_apart() -> None:
    lines = [
        pb.Instrument(asset_type=kind, symbol=symbol, venue=venue)
        for kind, symbol, venue in (
            (A.ASSET_TYPE_STOCK, "APC", VenueId.XETRA),
            (A.ASSET_TYPE_STOCK, "AAPL", VenueId.NASDAQ),
            (A.ASSET_TYPE_DEPOSITARY_RECEIPT, "AAPL", VenueId.BYMA),
        )
    ]
    answer = pb.ResolveInstrumentResponse(
        candidates=lines,
        groups=[
            pb.CandidateGroup(asset_type=A.ASSET_TYPE_STOCK, candidates=[1, 0], primary=1),
            pb.CandidateGroup(
                asset_type=A.ASSET_TYPE_DEPOSITARY_RECEIPT, candidates=[2], primary=2
            ),
        ],
    )
    assert [row[:3] for row in grouped_rows(answer)] == [
        ("share, primary", "AAPL", "NASDAQ"),
        ("share", "APC", "XETRA"),
        ("depositary receipt", "AAPL", "BYMA"),
    ]
