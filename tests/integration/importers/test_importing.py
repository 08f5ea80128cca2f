"""Imports into a registry process: dirt, repetition, newer lists, kill -9 in the middle."""

from __future__ import annotations

import asyncio
import csv
import json
from typing import TYPE_CHECKING

import pytest

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client import Mesh
from alphapulse_mesh.importers.financedatabase import import_listings
from alphapulse_mesh.importers.loading import Loader
from alphapulse_mesh.importers.places import Places
from alphapulse_mesh.importers.rows import write_report
from alphapulse_mesh.importers.tokens import import_pools, import_tokens
from alphapulse_mesh.importers.venues import COLUMNS, import_venues
from alphapulse_mesh.runtime.config import MeshConfig
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.processes import MeshProcesses

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from pathlib import Path

    from alphapulse_mesh.importers.rows import Summary

APPLE = "US0378331005"
CLASS = "BBG001S5N8V8"
LISTING = (
    "symbol", "name", "currency", "exchange", "mic", "isin", "cusip", "figi", "country",
    "shareclass_figi", "delisted",
)  # fmt: skip
LISTINGS = [
    ("AAPL", "Apple Inc.", "USD", "NMS", "XNAS", APPLE, "037833100", "BBG000B9Y5X2",
     "United States", CLASS, "False"),
    ("APC.DE", "Apple Inc.", "EUR", "GER", "XETR", APPLE, "037833100", "BBG000DH0LL7",
     "United States", CLASS, "False"),
    ("AAPL.BA", "Apple Inc.", "ARS", "BUE", "XBUE", APPLE, "", "", "United States", CLASS, "False"),
    ("AAPL34.SA", "Apple Inc.", "BRL", "SAO", "BVMF", APPLE, "", "", "United States", CLASS,
     "False"),
    # beside the ISIN of the share a CUSIP of its own: an ADR
    ("SAP.DE", "SAP SE", "EUR", "GER", "XETR", "DE0007164600", "", "BBG000BG7GX2", "Germany",
     "BBG001S6RK27", "False"),
    ("SAP", "SAP SE", "USD", "NYQ", "XNYS", "DE0007164600", "803054204", "BBG000BDSMR0", "Germany",
     "BBG001S6RD41", "False"),
    # one FIGI on two lines
    ("HUSQ.DE", "Husqvarna", "EUR", "GER", "XETR", "", "", "BBG000BG7DY8", "Sweden", "", "False"),
    ("HUSA.DE", "Husqvarna", "EUR", "GER", "XETR", "", "", "BBG000BG7DY8", "Sweden", "", "True"),
    # neither exchange nor MIC
    ("1419.L", "Tama Home", "", "", "", "", "", "", "Japan", "", "False"),
    ("ACAM", "", "", "", "", "", "", "", "", "", "False"),
    # a wrong check digit
    ("BAD.DE", "Bad", "EUR", "GER", "XETR", "US0378331006", "", "", "", "", "False"),
]  # fmt: skip
USDC, PEPE = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "0x" + "12" * 20
USDC_BSC = "0x8AC76a51cc950d9822D68b83fE1Ad97B32Cd580d"


def write(path: Path, header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def mics(path: Path, *rows: tuple[str, str, str]) -> Path:
    """A list of (MIC, title, status)."""
    full = [(mic, mic, title, "RMKT", "DE", status, "") for mic, title, status in rows]
    return write(path, COLUMNS, full)


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[MeshProcesses]:
    config = MeshConfig(
        mesh={  # type: ignore[arg-type]  # pydantic makes the section
            "name": "importing", "run_dir": str(tmp_path / "run"), "data_dir": str(tmp_path / "d"),
        },
        envoy={"port": 0},  # type: ignore[arg-type]  # likewise
    )  # fmt: skip
    async with MeshProcesses(config, tmp_path, Service.REGISTRY) as running:
        yield running


async def connected(processes: MeshProcesses) -> Mesh:
    return await Mesh.connect(processes[Service.REGISTRY].target, timeout=60)


async def listings(mesh: Mesh, path: Path, *, batch: int = 1000) -> Summary:
    places = await Places.read(mesh.registry)
    (summary,) = await import_listings(Loader(mesh.registry, batch=batch), places, [path])
    return summary


async def test_listings_are_what_they_are(processes: MeshProcesses, tmp_path: Path) -> None:
    path = write(tmp_path / "equities.csv", LISTING, LISTINGS)
    mesh = await connected(processes)
    first = await listings(mesh, path)
    again = await listings(mesh, path)
    assert (first.read, first.created, first.updated) == (11, 9, 0)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 9)
    refused = {(p.place.line, p.reason) for p in first.problems if p.refused}
    assert refused == {(11, "LISTING_VENUE_UNKNOWN"), (12, "INSTRUMENT_ISIN_INVALID")}
    answer = await mesh.registry.resolve_all(pb.ResolveInstrumentRequest(identifier=APPLE))
    share, receipts = answer.groups
    assert share.asset_type == common_pb2.ASSET_TYPE_STOCK
    assert answer.candidates[share.primary].symbol == "AAPL"
    assert {answer.candidates[i].symbol for i in share.candidates} == {"AAPL", "APC"}
    assert receipts.asset_type == common_pb2.ASSET_TYPE_DEPOSITARY_RECEIPT
    cedear = next(c for c in answer.candidates if c.symbol == "AAPL34")
    assert cedear.underlying == answer.candidates[share.primary].id
    assert not cedear.share_class_figi
    sap = await mesh.registry.resolve("SAP", venue="XNYS")
    assert sap.asset_type == common_pb2.ASSET_TYPE_DEPOSITARY_RECEIPT
    twice = await mesh.registry.resolve_all(pb.ResolveInstrumentRequest(figi="BBG000BG7DY8"))
    assert [c.status for c in twice.candidates] == [
        pb.INSTRUMENT_STATUS_ACTIVE, pb.INSTRUMENT_STATUS_DELISTED,
    ]  # fmt: skip
    assert (await mesh.registry.resolve("1419", venue="XLON")).name == "Tama Home"
    write_report(tmp_path / "report.csv", [first])
    with (tmp_path / "report.csv").open(newline="") as file:
        report = list(csv.DictReader(file))
    assert [(r["line"], r["outcome"]) for r in report if r["reason"] == "RECEIPT"] == [
        ("4", "adapted"), ("5", "adapted"), ("7", "adapted"),
    ]  # fmt: skip
    await mesh.close()


async def test_changed_data_is_an_update(processes: MeshProcesses, tmp_path: Path) -> None:
    mesh = await connected(processes)
    await listings(mesh, write(tmp_path / "equities.csv", LISTING, LISTINGS[:2]))
    changed = (*LISTINGS[0][:1], "Apple", *LISTINGS[0][2:])
    again = await listings(mesh, write(tmp_path / "equities.csv", LISTING, [changed, LISTINGS[1]]))
    assert (again.created, again.updated, again.unchanged) == (0, 1, 1)
    assert (await mesh.registry.resolve("AAPL", venue="XNAS")).name == "Apple"
    await mesh.close()


async def test_lists_of_venues_follow_one_another(processes: MeshProcesses, tmp_path: Path) -> None:
    mesh = await connected(processes)
    old = mics(
        tmp_path / "mic_2025-01-01.csv",
        ("XBER", "BERLIN", "ACTIVE"), ("360T", "360T", "ACTIVE"), ("BASE", "BASE", "ACTIVE"),
        ("XGON", "GONE", "ACTIVE"),
    )  # fmt: skip
    new = mics(
        tmp_path / "mic_2025-02-01.csv",
        ("XBER", "BOERSE BERLIN", "UPDATED"), ("360T", "360T", "ACTIVE"),
        ("BASE", "BASE", "ACTIVE"), ("XGON", "GONE", "EXPIRED"), ("XNEW", "NEW", "ACTIVE"),
    )  # fmt: skip

    def ignore(_: int) -> None: ...

    first, second = await import_venues(mesh.registry, [new, old], ignore)
    assert (first.created, second.created, second.updated, second.unchanged) == (4, 1, 1, 3)
    assert (await mesh.registry.venue("XBER")).title == "BOERSE BERLIN"
    assert (await mesh.registry.venue("XGON")).retired
    assert (await mesh.registry.venue("BASE")).kind == pb.VENUE_KIND_CHAIN
    assert (await mesh.registry.venue("MIC_BASE")).metadata["mic"] == "BASE"
    (stale,) = await import_venues(mesh.registry, [old], ignore)
    assert stale.reasons(refused=False)["OLDER_LIST"] == 1
    assert (await mesh.registry.venue("XBER")).title == "BOERSE BERLIN"
    await mesh.close()


async def test_tokens_and_pools(processes: MeshProcesses, tmp_path: Path) -> None:
    mesh = await connected(processes)
    bridge = {"bridgeInfo": {"1": {"tokenAddress": USDC.lower()}}}
    tokens = [
        {"chainId": 56, "address": USDC_BSC, "symbol": "USDC", "name": "USDC", "decimals": 18,
         "extensions": bridge},
        {"chainId": 1, "address": USDC, "symbol": "USDC", "name": "USD Coin", "decimals": 6},
        {"chainId": 103, "address": "EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v",
         "symbol": "T", "name": "T", "decimals": 6},
        {"chainId": 1, "address": "0x12", "symbol": "X", "name": "X", "decimals": 6},
    ]  # fmt: skip
    path = tmp_path / "a.tokenlist.json"
    path.write_text(json.dumps({"timestamp": "2026-01-01T00:00:00Z", "tokens": tokens}))
    places, loader = await Places.read(mesh.registry), Loader(mesh.registry)
    summary = await import_tokens(loader, places, path)
    assert (summary.read, summary.created) == (4, 2)
    assert summary.reasons(refused=True) == {"TEST_NETWORK": 1, "INSTRUMENT_ADDRESS_INVALID": 1}
    assert summary.reasons(refused=False) == {"DECIMALS_DIFFER": 1}
    usdc = await mesh.registry.resolve(contract_address=USDC, chain_id=1)
    other = await mesh.registry.resolve(contract_address=USDC_BSC, chain_id=56)
    assert (usdc.decimals, other.decimals, other.underlying) == (6, 18, usdc.id)
    header = ("chain_id", "dex", "pool_address", "token0", "token1", "fee_ppm")
    pools = [("1", "uniswap_v3", "0x" + "ab" * 20, USDC, PEPE, "500"),
             ("1", "other", "0x" + "cd" * 20, USDC, PEPE, "500")]  # fmt: skip
    summary = await import_pools(loader, places, write(tmp_path / "pools.csv", header, pools))
    assert (summary.created, summary.reasons(refused=True)) == (1, {"DEX_UNKNOWN": 1})
    pool = await mesh.registry.resolve(contract_address="0x" + "ab" * 20, chain_id=1)
    assert pool.pool_tokens[0] == usdc.id
    assert (await mesh.registry.get(usdc.id)).name == "USD Coin"  # the pool's file changed nothing
    await mesh.close()


async def test_a_killed_registry_has_no_row_twice(processes: MeshProcesses, tmp_path: Path) -> None:
    rows = [(f"S{n}.DE", f"S{n}", "EUR", "GER", "XETR", *[""] * 5, "False") for n in range(6000)]
    path = write(tmp_path / "equities.csv", LISTING, rows)
    mesh = await connected(processes)
    running = asyncio.create_task(listings(mesh, path, batch=50))
    async with asyncio.timeout(120):
        async for _ in mesh.registry.watch(asset_types=[common_pb2.ASSET_TYPE_STOCK]):
            break  # the first row is there
        await processes[Service.REGISTRY].kill()
        await processes.start(Service.REGISTRY)
        running.cancel()  # the importer dies as well
        await asyncio.gather(running, return_exceptions=True)
        await mesh.close()
        mesh = await connected(processes)
        kept = [i.symbol async for i in mesh.registry.list(venue="XETR")]
        assert 0 < len(kept) == len(set(kept))
        summary = await listings(mesh, path)
        assert (summary.created, summary.unchanged) == (6000 - len(kept), len(kept))
        found = [i.symbol async for i in mesh.registry.list(venue="XETR")]
    assert sorted(found) == sorted(f"S{n}" for n in range(6000))
    await mesh.close()
