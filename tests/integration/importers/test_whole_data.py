"""The whole data set by the command line, twice: the second time finds everything there."""

from __future__ import annotations

import asyncio
import csv
import gzip
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import Mesh
from alphapulse_client.instrument_ids import id_text
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


async def the_dirt_is_dealt_with(mesh: Mesh, report: Path) -> None:
    """Rows without a MIC, FIGIs of several lines, one token with other decimals elsewhere."""
    without: Counter[str] = Counter()
    figis: Counter[str] = Counter()
    for name in ("nasdaq_nms_excerpt.csv", "equities.csv.gz", "etfs.csv.gz"):
        path = DATA / "instruments_financedatabase" / name
        opened = gzip.open if path.suffix == ".gz" else open
        with opened(path, "rt", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                without[name] += not row["mic"]
                figis[row.get("figi", "")] += 1
    assert without["equities.csv.gz"] == 831
    told: Counter[str] = Counter()
    with report.open() as file:
        for line in file:
            said = json.loads(line)
            outcomes = {"MIC_FROM_EXCHANGE", "MIC_FROM_SUFFIX", "LISTING_VENUE_UNKNOWN"}
            told[said["file"]] += said["reason"] in outcomes
    assert {name: told[name] for name in without} == without
    twice = [figi for figi, lines in figis.items() if figi and lines > 1]
    assert len(twice) == 144
    for figi in twice:
        answer = await mesh.registry.resolve_all(pb.ResolveInstrumentRequest(figi=figi))
        assert answer.candidates, figi
    ethereum = await mesh.registry.resolve("USDC", venue="ETHEREUM")
    bsc = await mesh.registry.resolve("USDC", venue="BSC")
    assert (ethereum.decimals, bsc.decimals) == (6, 18)
    links = {(each.type, id_text(each.to)) async for each in mesh.registry.links(bsc)}
    assert (pb.LINK_TYPE_BRIDGED_FROM, ethereum.id_text) in links


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
        await the_dirt_is_dealt_with(mesh, tmp_path / "first.jsonl")
        kinds = {
            name: [i async for i in mesh.registry.list(asset_type=common_pb2.AssetType.Value(name))]
            for name in ("ASSET_TYPE_FX_PAIR", "ASSET_TYPE_FUND", "ASSET_TYPE_CRYPTO_PAIR")
        }
        by_source = {summary["source"]: summary for summary in first}
        for name, source in zip(kinds, ("currencies", "moneymarkets", "cryptos"), strict=True):
            created = by_source[f"financedatabase {source}.csv.gz"]["created"]
            assert len(kinds[name]) == created > 1000
        await mesh.close()
