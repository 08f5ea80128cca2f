"""`feed stats` on real relays: one look, live looks, a plot, a domain that nobody serves."""

from __future__ import annotations

import json
import signal as signals_of_the_system
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from alphapulse_client import connect_sync
from alphapulse_mesh.cli.main import app
from alphapulse_testing.frames import quotes, signals, trades

if TYPE_CHECKING:
    from pathlib import Path

    from .conftest import Relays


def stats(relays: Relays, *arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(
        app, ["feed", "stats", *arguments, "--json", "--target", relays.target],
        catch_exceptions=False,
    )  # fmt: skip
    assert result.exit_code == 0, result.stderr
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_look_at_domains_under_load(relays: Relays, tmp_path: Path) -> None:
    plot = tmp_path / "stats.svg"
    with (
        connect_sync(relays.target) as mesh,
        mesh.publisher("market_data", producer_name="ticks") as publisher,
        mesh.feed("market_data", name="desk") as feed,
    ):
        feed.ready(30)
        relays.publish("signal", [signals([1])])
        ended = threading.Event()

        def publish() -> None:
            while not ended.wait(0.01):
                publisher.publish([trades(range(10)), quotes(5)])

        def read() -> None:
            for _ in feed:
                pass

        threads = [threading.Thread(target=publish), threading.Thread(target=read, daemon=True)]
        for thread in threads:
            thread.start()
        try:
            looks = stats(
                relays, "market_data", "signal", "--interval", "0.3", "--seconds", "4",
                "--plot", str(plot),
            )  # fmt: skip
        finally:
            ended.set()
            threads[0].join(60)
    assert looks
    markets = [found["domains"]["market_data"] for found in looks]
    # one look may be short, or the machine busy: what matters is that each number comes at all
    assert any(market["records_per_second"] for market in markets)
    for kind in ("trade", "quote"):
        assert any(market["types"].get(kind, {}).get("records_per_second") for market in markets)
        assert any(market["types"].get(kind, {}).get("p99_us") for market in markets)
    assert any(market["venues"].get("BINANCE") for market in markets)
    assert any(market["seen"] for market in markets)
    for market in markets:
        assert market["circuit"] == "closed"
        assert [one["name"] for one in market["subscribers"]] == ["desk"]
        assert [one["name"] for one in market["producers"]] == ["ticks"]
    [signal] = [one["name"] for one in looks[-1]["domains"]["signal"]["producers"]]
    assert signal == "test"
    assert b"</svg>" in plot.read_bytes()


def test_once_is_one_look_and_a_domain_that_nobody_serves_says_so(relays: Relays) -> None:
    [found] = stats(relays, "signal", "execution", "--once", "--interval", "0.2")
    assert found["domains"]["signal"]["records_per_second"] == 0
    assert found["domains"]["execution"]["reason"]
    assert "types" not in found["domains"]["execution"]


def test_a_pipe_gets_plain_tables_and_ctrl_c_ends_it(relays: Relays) -> None:
    relays.publish("market_data", [trades([1])])
    process = subprocess.Popen(
        [sys.executable, "-m", "alphapulse_mesh.cli.main", "feed", "stats", "market_data",
         "--interval", "0.2", "--target", relays.target],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert "records/s" in process.stdout.readline()
    process.send_signal(signals_of_the_system.SIGINT)
    out, said = process.communicate(timeout=60)
    assert process.returncode == 0, said
    assert "\x1b" not in out
    assert "Traceback" not in said
