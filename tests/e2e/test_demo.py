"""The demo: its last line, on the simulator and on recordings, and what it says to bad input."""

from __future__ import annotations

import gzip
import json
import socket
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_testing.running_mesh import alphapulse

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]
KEYS = {
    "frames", "records", "trades", "quotes", "signals", "orders", "fills", "lost", "instruments",
    "trace_id", "services_in_trace", "seconds",
}  # fmt: skip


def demo(*arguments: str | Path, name: str) -> dict[str, Any]:
    done = alphapulse("demo", "--name", name, *arguments, timeout=400)
    last: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    assert set(last) >= KEYS
    return last


def test_the_simulator_end_to_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    last = demo("--seconds", "6", name="demo-simulator")
    assert last["lost"] == 0
    assert last["records"] > 1000
    assert min(last["trades"], last["quotes"], last["signals"], last["orders"], last["fills"]) > 0
    assert last["services_in_trace"] >= 7
    shown = alphapulse("trace", "show", last["trace_id"], "--directory", last["traces"]).stdout
    assert "collector.publish" in shown
    assert "portfolio.fill" in shown


def test_recorded_spot_and_perpetual(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    folder = data_dir / "binance_raw_hftbacktest"
    last = demo(
        "--replay", folder / "spot_btcusdt_20240808.gz", folder / "usdm_btcusdt_20240808.gz",
        "--speed", "max", "--json", name="demo-recorded",
    )  # fmt: skip
    assert last["records"] > 200_000
    assert last["lost"] == 0
    assert min(last["signals"], last["orders"], last["fills"]) > 0
    assert last["services_in_trace"] >= 7
    assert last["corrupt_lines"] == 0


def test_a_corrupt_recording_is_counted_and_nothing_else_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    line = (
        '{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","t":%d,'
        '"p":"61800.10","q":"0.01","T":1723161255342,"m":true,"M":true}}'
    )
    lines = [f"{1723161254000000000 + n} {line % n}" for n in range(1, 201)]
    lines[50] = lines[50][:60]
    lines[100] = "no time stamp"
    lines[150] = f"{1723161254000000150} " + (line % 151).replace('"61800.10"', '"6180x"')
    recording = tmp_path / "torn.gz"
    recording.write_bytes(gzip.compress("\n".join(lines).encode()))
    last = demo("--replay", recording, "--json", name="demo-corrupt")
    assert last["corrupt_lines"] == 3
    assert last["trades"] == 197
    assert last["lost"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--replay", "nowhere.gz"], "nowhere.gz: no such file"),
        (["--speed", "fast"], "--speed 'fast'"),
        (["--replay", "empty.gz"], "no Binance frames"),
        (["--config", "typo.toml"], "did you mean 'max_order_quantity'"),
        (["--config", "broken.toml"], "not valid TOML"),
    ],
)
def test_bad_input_is_one_clear_line(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "typo.toml").write_text("[execution.risk]\nmax_order_quantty = 1\n")
    (tmp_path / "broken.toml").write_text("[execution\n")
    done = alphapulse("demo", "--name", "demo-bad", *arguments, check=False)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = alphapulse("up", "--name", "demo-port", "--port", str(port), check=False)
    assert done.returncode != 0
    assert f"port {port}" in done.stderr
    assert "Traceback" not in done.stderr
