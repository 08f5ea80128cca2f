"""Latency histograms in shared memory, from Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from alphapulse_core import LatencyHistograms, RingLayoutError, RingMissing, RingTableFull

if TYPE_CHECKING:
    from pathlib import Path


def test_one_process_reads_what_another_mapping_records(tmp_path: Path) -> None:
    path = str(tmp_path / "mesh.latency")
    values = np.random.default_rng(7).lognormal(10, 2, 50_000).astype(np.uint64)
    LatencyHistograms.open_or_create(path).record(3, 1, values)
    (row,) = LatencyHistograms.attach(path).snapshots()
    assert (row["message_type"], row["stage"], row["count"]) == (3, 1, len(values))
    assert (row["min"], row["max"]) == (values.min(), values.max())
    for name, quantile in (("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p999", 0.999)):
        exact = float(np.quantile(values, quantile, method="inverted_cdf"))
        assert row[name] == pytest.approx(exact, rel=0.01)


def test_refusals_are_typed(tmp_path: Path) -> None:
    with pytest.raises(RingMissing):
        LatencyHistograms.attach(str(tmp_path / "none"))
    (tmp_path / "foreign").write_bytes(b"not histograms")
    with pytest.raises(RingLayoutError):
        LatencyHistograms.open_or_create(str(tmp_path / "foreign"))
    small = LatencyHistograms.open_or_create(str(tmp_path / "small"), cells=1)
    one = np.ones(1, dtype=np.uint64)
    small.record(1, 0, one)
    with pytest.raises(RingTableFull):
        small.record(2, 0, one)
