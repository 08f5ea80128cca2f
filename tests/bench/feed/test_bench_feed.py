"""`alphapulse bench feed` end to end on next to no work: cases of one subscriber, right shapes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from alphapulse_mesh.cli.bench import command, feed
from alphapulse_mesh.cli.bench.interleave import Effort
from alphapulse_mesh.cli.main import app

if TYPE_CHECKING:
    import pytest

MANDATED = {"grpc-1sub", "grpc-10sub", "grpc-100sub", "shm-1sub", "nats-1sub", "stalled-sub"}
CHOSEN = {"grpc-1sub-packed", "nats-1sub", "stalled-sub"}
NEEDS_A_SERVER = {"redis"}
"""Subjects whose server a machine may not have."""


def test_a_case_gives_its_lines_for_every_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    # a hundred processes are no test's business
    chosen = [case for case in feed._ALL if case.name in CHOSEN]
    monkeypatch.setattr(feed, "_ALL", tuple(chosen))
    monkeypatch.setattr(command, "QUICK", Effort(rounds=1, seconds=0.001, warm_up=0.0))
    result = CliRunner().invoke(app, ["bench", "feed", "--quick", "--json"])
    assert result.exit_code == 0, result.output
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    figures = {(one["case"], one["subject"], one["metric"]): one["value"] for one in lines}
    for line in lines:
        assert line["bench"] == "feed"
        if line["subject"] not in NEEDS_A_SERVER:
            assert line["value"] is not None, line
        assert line["value"] is not None or line["detail"], line
    for subject in ("alphapulse", "limit", "nats-py", "pyzmq"):
        for metric in ("per_second", "cpu_ns_each", "p50_ns", "p999_ns"):
            assert figures["grpc-1sub-packed", subject, metric] > 0
    for metric in ("per_second", "cpu_ns_each", "p50_ns", "p999_ns"):
        assert figures["nats-1sub", "alphapulse", metric] > 0
    for stage in ("", "-to-relay", "-from-relay"):
        for subject in ("alphapulse", "unstalled"):
            assert figures[f"stalled-sub{stage}", subject, "p99_ns"] > 0
    # the benches' meshes are named after who runs them
    assert not list(Path("/dev/shm").glob(f"alphapulse-bench-{os.getpid()}-*"))


def test_all_mandated_cases_are_there_with_their_targets() -> None:
    assert set(feed.CASES) >= MANDATED
    stages = {case + suffix for case in feed.CASES for suffix in ("", "-publisher")}
    assert {target.case for target in feed.TARGETS} <= stages


def test_frames_are_as_long_here_as_in_the_script() -> None:
    script = Path(__file__).with_name("records.py").read_text()
    assert f"FRAME_RECORDS = {feed.FRAME_RECORDS}\n" in script
