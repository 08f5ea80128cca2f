"""`alphapulse bench ring` end to end on next to no work: every case and subject, right shapes."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from alphapulse_mesh.cli.bench import command, ring
from alphapulse_mesh.cli.bench.interleave import Effort
from alphapulse_mesh.cli.main import app

ROOT = Path(__file__).resolve().parents[3]
BUILT = (
    ROOT / ".tools/build/ring-bench/release/alphapulse-ring-bench",
    ROOT / "tests/bench/ring/lmax/target/lmax-bench.jar",
)
MANDATED = {
    "handover", "1p1c-64B-batch1", "1p1c-64B-batched", "1p3c-64B", "3p1c-64B", "4p4c-64B",
    "python-64B",
}  # fmt: skip


@pytest.mark.timeout(400)
def test_every_case_gives_its_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    for tool in ("cargo", "java", "mvn"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    for program in BUILT:
        if not program.exists():
            pytest.skip(f"{program.name} is not built: make bench-peers")
    left = set(Path("/dev/shm").iterdir())
    monkeypatch.setattr(command, "QUICK", Effort(rounds=1, seconds=0.001, warm_up=0.0))
    result = CliRunner().invoke(app, ["bench", "ring", "--quick", "--json"])
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert {line["case"] for line in lines} == set(ring.CASES) >= MANDATED
    for line in lines:
        assert line["bench"] == "ring"
        assert line["value"] is None or line["value"] > 0, line
        assert line["value"] is not None or line["detail"], line
    missing = {
        (line["case"], line["subject"]): line["detail"] for line in lines if not line["value"]
    }
    assert not missing, missing
    measured = {(line["case"], line["subject"]) for line in lines}
    for target in ring.TARGETS:
        assert (target.case, "alphapulse") in measured
        assert not target.peer or (target.case, target.peer) in measured
    assert {"limit", "alphapulse", "lmax", "iceoryx2"} == {
        s for c, s in measured if c == "handover"
    }
    fresh = {path.name for path in set(Path("/dev/shm").iterdir()) - left}
    assert not {name for name in fresh if name.startswith("alphapulse-bench")}
