"""The whole data set by the command line, twice: the second time finds everything there."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import Mesh
from alphapulse_mesh.runtime.config import MeshConfig
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.processes import MeshProcesses

DATA = Path(os.environ.get("ALPHAPULSE_DATA", "../shared/data"))
pytestmark = pytest.mark.skipif(
    not (DATA / "instruments_financedatabase").is_dir(),
    reason="no data set: ALPHAPULSE_DATA names no directory that has it",
)


async def imported(target: str, report: Path) -> list[dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).parent / "alphapulse", "registry", "import", "all", DATA,
        "--target", target, "--report", report, "--json",
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    out, _ = await asyncio.wait_for(process.communicate(), 200)
    assert process.returncode == 0
    found: list[dict[str, Any]] = json.loads(out)["imports"]
    return found


async def test_all_of_it_is_there_once(tmp_path: Path) -> None:
    config = MeshConfig(
        mesh={  # type: ignore[arg-type]  # pydantic makes the section
            "name": "whole-data", "run_dir": str(tmp_path / "run"), "data_dir": str(tmp_path / "d"),
        },
        envoy={"port": 0},  # type: ignore[arg-type]  # likewise
    )  # fmt: skip
    async with MeshProcesses(config, tmp_path, Service.REGISTRY) as processes:
        target = processes[Service.REGISTRY].target
        first = await imported(target, tmp_path / "first.jsonl")
        again = await imported(target, tmp_path / "again.jsonl")
        for once, twice in zip(first, again, strict=True):
            told = once["created"] + once["updated"] + once["unchanged"] + once["refused"]
            assert told == once["read"], once["source"]
            assert (twice["created"], twice["updated"]) == (0, 0), once["source"]
            assert twice["refused"] == once["refused"]
        refused = sum(summary["refused"] for summary in first)
        with (tmp_path / "first.jsonl").open() as file:
            assert sum(json.loads(line)["outcome"] == "refused" for line in file) == refused
        mesh = await Mesh.connect(target, timeout=60)
        answer = await mesh.registry.resolve_all(
            pb.ResolveInstrumentRequest(identifier="US0378331005")
        )
        share, receipts = answer.groups
        assert answer.candidates[share.primary].natural_key.endswith(":AAPL")
        assert share.asset_type == common_pb2.ASSET_TYPE_STOCK
        symbols = {answer.candidates[position].symbol for position in receipts.candidates}
        assert symbols == {"AAPL", "AAPLB", "AAPLC", "AAPLD", "AAPL34"}
        kinds = {
            name: [i async for i in mesh.registry.list(asset_type=common_pb2.AssetType.Value(name))]
            for name in ("ASSET_TYPE_FX_PAIR", "ASSET_TYPE_FUND", "ASSET_TYPE_CRYPTO_PAIR")
        }
        by_source = {summary["source"]: summary for summary in first}
        for name, source in zip(kinds, ("currencies", "moneymarkets", "cryptos"), strict=True):
            created = by_source[f"financedatabase {source}.csv.gz"]["created"]
            assert len(kinds[name]) == created > 1000
        await mesh.close()
