"""`alphapulse top`: what it reads of rings and histograms that exist, and of those that do not."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import orjson
import pytest
from rich.console import Console
from typer.testing import CliRunner

from alphapulse_core import LatencyHistograms, Ring
from alphapulse_mesh.cli import top
from alphapulse_mesh.cli.main import app
from alphapulse_mesh.runtime import paths
from alphapulse_mesh.runtime.config import MeshConfig
from alphapulse_mesh.runtime.names import RELAYS
from alphapulse_mesh.runtime.paths import MeshPaths

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def shm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "SHM_DIR", tmp_path)
    return tmp_path


def test_rings_and_latencies_are_read_without_taking_part(shm: Path) -> None:
    assert shm.is_dir()
    config = MeshConfig()
    where = MeshPaths(config)
    ring = Ring.create(str(where.shm_path(RELAYS[0])), 1 << 18)
    reader = ring.reader("slow", gating=True)
    before = top.collect(config)
    ring.publish_batch([b"x"] * 500)
    LatencyHistograms.open_or_create(str(where.shm_path("latency"))).record(
        1, 2, np.full(10, 5_000, dtype=np.uint64)
    )
    state = top.collect(config)
    assert state["rings"][RELAYS[0]]["readers"][0]["lag"] == 500
    assert state["rings"][RELAYS[1]]["reason"] == "RING_MISSING"
    assert state["latencies"][0]["count"] == 10
    assert len(ring.stats()["readers"]) == 1
    written = io.StringIO()
    Console(width=200, file=written).print(top.render(state, before, 0.5))
    text = written.getvalue()
    assert "1,000" in text, "500 entries in half a second"
    assert "5.0" in text
    reader.close()
    ring.close()


def test_the_relays_own_places_in_its_ring_are_no_lag(shm: Path) -> None:
    config = MeshConfig()
    ring = Ring.create(str(MeshPaths(config).shm_path(RELAYS[0])), 1 << 18)
    places = [ring.reader(name) for name in ("relay-window", "relay-gate-spare-1")]
    reader = ring.reader("follows")
    ring.publish_batch([b"x"] * 321)
    reader.poll()
    reader.commit()
    written = io.StringIO()
    Console(width=200, file=written).print(top.render(top.collect(config), None, 0.5))
    line = next(line for line in written.getvalue().splitlines() if RELAYS[0] in line)
    cells = [cell.strip() for cell in line.strip(" │┃").split("│")]
    assert cells[4:6] == ["1", "0"], line
    for each in (*places, reader):
        each.close()
    ring.close()


def test_one_look_is_one_json_line(shm: Path) -> None:
    assert shm.is_dir()
    outcome = CliRunner().invoke(app, ["top", "--count", "1", "--json"])
    assert outcome.exit_code == 0
    state = orjson.loads(outcome.output)
    assert {r["reason"] for r in state["rings"].values()} == {"RING_MISSING"}
