"""Latencies: what is counted where, and that a host without shared memory runs on."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from alphapulse_client.frames import Frame, encode
from alphapulse_core import LatencyHistograms
from alphapulse_layout import DTYPES, MessageType, SourceType
from alphapulse_mesh.runtime.latency import Latencies, Stage
from alphapulse_mesh.runtime.telemetry import new_context

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

SECOND = 1_000_000_000


def counts(path: Path) -> dict[tuple[int, int], int]:
    found = LatencyHistograms.attach(str(path)).snapshots()
    return {(row["message_type"], row["stage"]): row["count"] for row in found}


def test_columns_are_counted_by_type(tmp_path: Path) -> None:
    latencies = Latencies(tmp_path / "latency")
    made = np.full(5, time.time_ns() - SECOND, np.uint64)
    latencies.record_columns(Stage.PUBLISH, np.array([1, 2, 1, 1, 2], np.uint8), made)
    latencies.record_columns(Stage.DELIVER, np.array([2, 2], np.uint8), made[:2])
    assert counts(tmp_path / "latency") == {
        (1, Stage.PUBLISH): 3,
        (2, Stage.PUBLISH): 2,
        (2, Stage.DELIVER): 2,
    }
    smallest = min(
        row["min"] for row in LatencyHistograms.attach(str(tmp_path / "latency")).snapshots()
    )
    assert smallest >= SECOND * 0.99


def test_frames_count_from_their_making(tmp_path: Path) -> None:
    rows = np.zeros(3, DTYPES[MessageType.TRADE])
    made = time.time_ns() - 5 * SECOND
    frame = encode(
        MessageType.TRADE,
        rows,
        source=SourceType.SIMULATOR_COLLECTOR,
        context=new_context(),
        timestamp=made,
    )
    Latencies(tmp_path / "latency").record_frames(Stage.DELIVER, [Frame.parse(frame)] * 4)
    [row] = LatencyHistograms.attach(str(tmp_path / "latency")).snapshots()
    assert (row["message_type"], row["count"]) == (MessageType.TRADE, 4)
    assert row["min"] >= 4.9 * SECOND


def test_a_clock_that_ran_backwards_counts_as_nothing(tmp_path: Path) -> None:
    latencies = Latencies(tmp_path / "latency")
    latencies.record_since(Stage.DECIDE, 20, time.time_ns() + 3600 * SECOND)
    [row] = LatencyHistograms.attach(str(tmp_path / "latency")).snapshots()
    assert row["max"] == 0


def test_no_file_is_made_where_nothing_is_counted(tmp_path: Path) -> None:
    latencies = Latencies(tmp_path / "latency")
    latencies.record_frames(Stage.DELIVER, [])
    assert not (tmp_path / "latency").exists()


def test_a_foreign_file_costs_one_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "latency"
    path.write_bytes(b"not a histogram" * 1000)
    latencies = Latencies(path)
    for _ in range(3):
        latencies.record_since(Stage.DECIDE, 20, time.time_ns())
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert str(path) in caplog.text
    assert path.read_bytes().startswith(b"not a histogram")
