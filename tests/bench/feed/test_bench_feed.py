"""`alphapulse bench feed` end to end on next to no work: cases of few subscribers, right shapes."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from alphapulse_mesh.cli.bench import command, feed
from alphapulse_mesh.cli.bench.interleave import Effort
from alphapulse_mesh.cli.main import app

if TYPE_CHECKING:
    import pytest

MANDATED = {
    f"{transport}-{count}sub" for transport in ("grpc", "shm", "nats") for count in (1, 10, 100)
} | {"stalled-sub"}
CHOSEN = {"nats-1sub": 1, "stalled-sub": 1, "shm-100sub": 2, "grpc-100sub": 2}
"""With how many subscribers: a hundred processes are no test's business."""
LEFT_OUT = {("nats-1sub", "nats-py"), ("shm-100sub", "pyzmq"), ("grpc-100sub", "limit-one-sub")}
"""Programs that run in another of these cases too."""
NEEDS_A_SERVER = {"redis"}
"""Subjects whose server a machine may not have."""


def test_a_case_gives_its_lines_for_every_subject(monkeypatch: pytest.MonkeyPatch) -> None:
    chosen = [
        replace(
            case,
            subscribers=CHOSEN[case.name],
            subjects=tuple(one for one in case.subjects if (case.name, one.name) not in LEFT_OUT),
        )
        for case in feed._ALL
        if case.name in CHOSEN
    ]
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
            assert figures["grpc-100sub", subject, metric] > 0
    for case in ("nats-1sub", "shm-100sub"):
        for metric in ("per_second", "cpu_ns_each", "p50_ns", "p999_ns"):
            assert figures[case, "alphapulse", metric] > 0
    for stage in ("", "-to-relay", "-from-relay"):
        for subject in ("alphapulse", "unstalled"):
            assert figures[f"stalled-sub{stage}", subject, "p99_ns"] > 0
    for subject in ("alphapulse", "one-sub", "limit"):
        for who in ("", "-publisher", "-hub", "-subscribers"):
            assert figures[f"grpc-100sub-paced{who}", subject, "cpu_ns_each"] > 0
        # four frames are three waits: no faster than offered, but for a timer that is early
        assert figures["grpc-100sub-paced", subject, "per_second"] < 8000 / 0.14
    counts = {(one["case"], one["subject"]): one["detail"].split()[0] for one in lines}
    assert counts["grpc-100sub-paced", "alphapulse"] == "2"
    assert counts["grpc-100sub-paced", "one-sub"] == "1"
    # the benches' meshes are named after who runs them
    assert not list(Path("/dev/shm").glob(f"alphapulse-bench-{os.getpid()}-*"))


def test_all_mandated_cases_are_there_with_their_targets() -> None:
    assert set(feed.CASES) >= MANDATED
    suffixes = ("", "-publisher", "-paced-publisher")
    stages = {case + suffix for case in feed.CASES for suffix in suffixes}
    assert {target.case for target in feed.TARGETS} <= stages


def test_frames_are_as_long_here_as_in_the_script() -> None:
    script = Path(__file__).with_name("records.py").read_text()
    assert f"FRAME_RECORDS = {feed.FRAME_RECORDS}\n" in script
