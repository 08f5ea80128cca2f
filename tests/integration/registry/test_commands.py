"""`alphapulse registry` against a registry that runs: what people see, and what programs read."""

from __future__ import annotations

import asyncio
import json
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import VenueId
from alphapulse_mesh.cli.bench.registry_data import Data
from alphapulse_mesh.cli.bench.registry_server import Registry
from alphapulse_mesh.cli.main import app
from alphapulse_testing.registry import id_of, pair

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

Run = Any


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, list[str]]]:
    """A registry with some shares and a pair on two venues: its target, and the pair's ids."""
    with closing(asyncio.new_event_loop()) as loop:
        registry = Registry(tmp_path_factory.mktemp("commands"), Data(20), loop.run_until_complete)
        try:
            registry.fill()
            made = [
                loop.run_until_complete(registry.client.register(each)).instrument
                for each in (
                    pair(),
                    pair(venue=VenueId.KRAKEN, symbol="BTC/USDT"),
                )
            ]
            fee = pb.Venue(name="BINANCE", maker_fee_bps="8", taker_fee_bps="10")

            async def charge() -> None:
                await registry.stub.UpdateVenue(pb.UpdateVenueRequest(venue=fee))

            loop.run_until_complete(charge())
            yield registry.target, [id_of(each).hex() for each in made]
        finally:
            registry.close()


@pytest.fixture
def run(target: tuple[str, list[str]]) -> Callable[..., str]:
    def call(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["registry", *arguments, "--target", target[0]])
        assert result.exit_code == code, (result.output, result.exception)
        return str(result.output)

    return call


def test_get_and_search(run: Run, target: tuple[str, list[str]]) -> None:
    one = json.loads(run("get", target[1][0], "--json"))
    assert one["symbol"] == "BTCUSDT"
    shown = {line.split("  ")[0]: line for line in run("get", target[1][0]).splitlines()}
    assert "crypto_pair" in shown["asset type"]
    assert "BINANCE (1)" in shown["venue"]
    assert target[1][0] in shown["id"]
    assert "'[/red]'" in run("get", "[/red]", code=2)
    found = json.loads(run("search", "company", "number", "7", "--json"))["instruments"]
    assert "S7" in {each["symbol"] for each in found}
    assert "S17" in run("search", "17", "--type", "stock")
    run("get", "00" * 16, code=4)


def test_venues_fees_and_sessions(run: Run, target: tuple[str, list[str]]) -> None:
    listed = json.loads(run("venues", target[1][0], "--json"))["listings"]
    assert [each["venue"]["name"] for each in listed] == ["BINANCE", "KRAKEN"]
    assert "KRAKEN" in run("venues")
    assert json.loads(run("fees", "BINANCE", "--notional", "1000", "--json"))["taker_fee"] == "1"
    assert "VENUE_FEES_UNKNOWN" in run("fees", "KRAKEN", code=5)
    assert json.loads(run("sessions", "BINANCE", "--json"))["open"] is True
    assert run("sessions", "BINANCE").split()[:2] == ["open", "yes"]


def test_resolve_by_a_symbol_anywhere_and_as_of_a_day(
    run: Run, target: tuple[str, list[str]]
) -> None:
    assert target[1][0] in run("resolve", "BTCUSDT")
    assert target[1][0] in run("resolve", "BTCUSDT", "--as-of", "2024-02-29")
    run("resolve", "BTCUSDT", "--as-of", "2024-02-30", code=2)
    run("resolve", "NOBODY", code=4)


def test_a_synthetic_is_defined_evaluated_and_listed(
    run: Run, target: tuple[str, list[str]]
) -> None:
    one, two = target[1]
    run("synthetic", "define", "MIDDLE", "(a + b) / 2", f"a={one}", f"b={two}", "--json")
    answer = json.loads(run("synthetic", "evaluate", "MIDDLE", "a=1", f"{two}=4", "--json"))
    assert answer["value"] == "2.5"
    assert "MIDDLE" in run("synthetic", "list")
    run("synthetic", "define", "BROKEN", "a +", f"a={one}", code=2)


def test_watch_tells_what_it_is_asked_for(run: Run) -> None:
    lines = run("watch", "--type", "crypto_pair", "--event", "instrument", "--count", "2")
    assert [line.split()[-1] for line in lines.splitlines()] == [
        "v1:crypto_pair:1:BTC/USDT",
        f"v1:crypto_pair:{int(VenueId.KRAKEN)}:BTC/USDT",
    ]


def test_route_without_quotes_says_so(run: Run, target: tuple[str, list[str]]) -> None:
    assert "quotes" in run("route", target[1][0], "buy", "1", code=2)


def test_links_come_and_go(run: Run, target: tuple[str, list[str]]) -> None:
    one, other = target[1]
    linked = json.loads(run("link", one, "same_security", other, "--json"))
    assert linked["type"] == "LINK_TYPE_SAME_SECURITY"
    run("unlink", one, "same_security", other, "--revision", "1", code=5)
    assert json.loads(run("unlink", one, "same_security", other, "--json")) == {"removed": True}
    assert "was not there" in run("unlink", one, "same_security", other)
    run("unlink", one, "nonsense", other, code=2)


def test_history_metrics_and_records(
    run: Run, target: tuple[str, list[str]], tmp_path: Path
) -> None:
    (period,) = json.loads(run("history", target[1][0], "--json"))["instruments"]
    assert period["symbol"] == "BTCUSDT"
    assert "active" in run("history", target[1][0])
    assert "nothing was measured of BINANCE" in run("metrics", "BINANCE")
    file = tmp_path / "records.npy"
    said = json.loads(run("records", str(file), "--type", "crypto_pair", "--json"))
    rows = np.load(file)
    assert said["records"] == len(rows) == 2
    assert sorted(rows["symbol"].tolist()) == [b"BTC/USDT", b"BTCUSDT"]


def test_synthetics_by_what_they_are_made_of(run: Run, target: tuple[str, list[str]]) -> None:
    one, other = target[1]
    run("synthetic", "define", "MADE", "a * 2", f"a={one}")
    ask = ("synthetic", "list", "--prefix", "MA", "--json", "--made-of")
    found = json.loads(run(*ask, one))["synthetics"]
    assert [each["name"] for each in found] == ["MADE"]
    assert not json.loads(run(*ask, other))["synthetics"]


def test_a_watch_for_opportunities_says_where_there_are_none(run: Run) -> None:
    assert "publish_live" in run("watch", "--min-bps", "10", code=5)


def test_what_was_discovered_is_reviewed(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "found.json"
    found = [
        {
            "asset_type": "ASSET_TYPE_STOCK",
            "symbol": symbol,
            "venue": int(VenueId.NYSE),
            "status": "INSTRUMENT_STATUS_ANNOUNCED",
        }
        for symbol in ("GOOD", "BAD", "OPEN")
    ]
    file.write_text(json.dumps(found))
    outcomes = json.loads(run("register", str(file), "--json"))["outcomes"]
    assert all(each["created"] for each in outcomes)

    def waiting(*arguments: str) -> dict[str, str]:
        answer = json.loads(run("review", *arguments, "--json"))["instruments"]
        return {each["symbol"]: each["id_text"] for each in answer}

    ids = waiting()
    assert set(ids) == {"GOOD", "BAD", "OPEN"}
    assert set(waiting("--accept", ids["GOOD"], "--reject", ids["BAD"])) == {"OPEN"}
    status = {symbol: json.loads(run("get", ids[symbol], "--json"))["status"] for symbol in ids}
    assert status == {
        "GOOD": "INSTRUMENT_STATUS_ACTIVE",
        "BAD": "INSTRUMENT_STATUS_DELISTED",
        "OPEN": "INSTRUMENT_STATUS_ANNOUNCED",
    }
    assert "OPEN" in run("review")
