"""`alphapulse registry import` as people call it: tables, reports, exit codes."""

from __future__ import annotations

import asyncio
import csv
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_mesh.registry.service import add_registry_service
from alphapulse_testing.registry import running_registry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Import = Callable[..., Awaitable[tuple[int, str, str]]]

MARKETS = Path(__file__).parent / "ccxt"
PAIRS = "symbol,name,base_currency,quote_currency\nAED=X,USD/AED,USD,AED\nAUX=X,AUX/USD,AUX,USD\n"


@pytest.fixture
async def run(tmp_path: Path, aio_server: Any) -> AsyncIterator[Import]:
    """Runs an import; its exit code and what it wrote on both outputs."""
    async with running_registry(tmp_path / "registry.db") as running:
        host, _ = await aio_server((add_registry_service, running.service))

        async def command(*arguments: str | Path) -> tuple[int, str, str]:
            process = await asyncio.create_subprocess_exec(
                Path(sys.executable).parent / "alphapulse", "registry", "import", *arguments,
                "--target", host.target, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE, cwd=tmp_path, env={"COLUMNS": "200"},
            )  # fmt: skip
            out, err = await asyncio.wait_for(process.communicate(), 120)
            assert process.returncode is not None
            return process.returncode, out.decode(), err.decode()

        yield command


async def test_files_of_markets(run: Import, tmp_path: Path) -> None:
    report = tmp_path / "report.csv"
    code, out, _ = await run(
        "ccxt", MARKETS / "okx.json", MARKETS / "binance.json", "--report", report, "--json"
    )
    assert code == 0
    okx, binance = json.loads(out)["imports"]
    assert (okx["source"], okx["created"], okx["refused"]) == ("ccxt okx.json", 9, 0)
    assert (binance["source"], binance["created"]) == ("ccxt binance.json", 7)
    assert okx["seconds"] > 0
    assert binance["seconds"] > 0
    with report.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["reason"] for row in rows} == {"NUMBER_OUT_OF_RANGE", "FEES_DIFFER"}
    assert {row["file"] for row in rows} == {"okx.json"}


async def test_a_refused_row_is_told(run: Import, tmp_path: Path) -> None:
    (tmp_path / "currencies.csv").write_text(PAIRS)
    code, out, _ = await run("financedatabase", "currencies.csv", "--strict")
    assert code == 5
    assert "INSTRUMENT_CURRENCY_UNKNOWN" in out
    assert (await run("financedatabase", "currencies.csv"))[0] == 0


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("ccxt", "no/such/file.json"), "FILE_UNREADABLE"),
        (("databento", "nothing.dbn"), "FILE_UNREADABLE"),
        (("databento",), "FILE_UNREADABLE"),
        (("markets", "okx.json"), "IMPORTER_UNKNOWN"),
        (("all", "no/such/directory"), "FILE_UNREADABLE"),
    ],
)
async def test_what_cannot_be_imported(
    run: Import, arguments: tuple[str, ...], reason: str
) -> None:
    code, _, err = await run(*arguments)
    assert code not in {0, 5}
    assert reason in err
    assert "Traceback" not in err


async def test_everything_that_a_directory_has(run: Import, tmp_path: Path) -> None:
    """In the order of reference, whatever is missing."""
    data = tmp_path / "data"
    (data / "ccxt").mkdir(parents=True)
    (data / "ccxt" / "okx.json").write_bytes((MARKETS / "okx.json").read_bytes())
    (data / "instruments_financedatabase").mkdir()
    (data / "instruments_financedatabase" / "currencies.csv").write_text(PAIRS)
    code, out, _ = await run("all", data, "--json")
    assert code == 0
    assert [(each["source"], each["created"]) for each in json.loads(out)["imports"]] == [
        ("financedatabase currencies.csv", 1), ("ccxt okx.json", 9),
    ]  # fmt: skip
