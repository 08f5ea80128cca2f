"""A feed at full rate: memory is sampled beside it. `make soak` runs it long and judges."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
import soak
from records import FRAME_RECORDS

if TYPE_CHECKING:
    from pathlib import Path


def samples(slope: float) -> list[soak.Sample]:
    """Memory that grows by `slope` bytes a second after a start that grows in any case."""
    return [
        soak.Sample(at, 1e8 + min(at, 100) * 1e6 + slope * at, 1e8, 1e8, int(at), 1e6)
        for at in range(5, 605, 5)
    ]


def test_a_start_that_fills_memory_is_flat_and_a_leak_is_not() -> None:
    assert soak.flat(samples(0))
    # a tenth of a megabyte a second: 40 MB over the judged part of 200 MB
    leaking = samples(1e5)
    assert not soak.flat(leaking)
    assert soak.growth(leaking)["relay"][1] == pytest.approx(1e5 * 3600)
    assert soak.growth(leaking)["publisher"][1] == pytest.approx(0, abs=1e-3)


def test_some_seconds_of_full_rate_lose_nothing_and_are_plotted(tmp_path: Path) -> None:
    found = soak.run(2, round_seconds=0.5)
    assert found[-1].records >= len(found) * 16 * FRAME_RECORDS
    assert all(one.relay > 0 and one.publisher > 0 and one.subscriber > 0 for one in found)
    soak.write(found, tmp_path / "feed-soak.jsonl")
    assert "| relay |" in (tmp_path / "feed-soak.md").read_text()
    assert "<svg" in (tmp_path / "feed-soak.svg").read_text()


@pytest.mark.soak
def test_memory_is_flat_at_full_rate() -> None:
    found = soak.run(float(os.environ.get("ALPHAPULSE_SOAK_SECONDS", "600")))
    assert soak.flat(found), soak.page(found, "feed-soak")
