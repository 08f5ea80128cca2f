"""Shared memory that is full: an error with a name and nothing left behind, never a fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alphapulse_testing.small_disk import on_small_disk

if TYPE_CHECKING:
    from pathlib import Path

MADE = """
import numpy as np
from alphapulse_core import (
    InstrumentIndexError, InstrumentIndexWriter, LatencyHistograms, Ring, RingError
)

try:
    {made}
except (InstrumentIndexError, RingError) as error:
    print(error.reason, sorted(path.name for path in HERE.iterdir()))
"""


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (
            """
    histograms = LatencyHistograms.open_or_create(str(HERE / "latency"), cells=128)
    for number in range(128):
        histograms.record(number, 0, np.arange(1 << 16, dtype=np.uint64))
""",
            "RING_SYSTEM []",
        ),
        ('Ring.create(str(HERE / "ring"), 1 << 20)', "RING_SYSTEM []"),
        ('InstrumentIndexWriter(str(HERE / "index"), 100_000)', "INDEX_SYSTEM ['index.lock']"),
    ],
    ids=["histograms", "ring", "index"],
)
def test_what_has_no_room_is_refused(tmp_path: Path, made: str, told: str) -> None:
    assert on_small_disk(tmp_path, MADE.format(made=made)) == told


GROWN = """
from alphapulse_core import InstrumentIndex, InstrumentIndexError, InstrumentIndexWriter

path = str(HERE / "index")
writer = InstrumentIndexWriter(path, 16)
committed = 0
try:
    while True:
        number = len(writer)
        writer.extend(number.to_bytes(16, "little") + bytes(112))
        writer.commit(number + 1)
        committed = number + 1
except InstrumentIndexError as error:
    print(error.reason)
index = InstrumentIndex.attach(path)
found = sum(index.get(number.to_bytes(16, "little")) is not None for number in range(committed))
print(found == committed == index.revision > 16)
print(sorted(path.name for path in HERE.iterdir()))
"""


def test_an_index_that_cannot_grow_keeps_what_it_has(tmp_path: Path) -> None:
    told = on_small_disk(tmp_path, GROWN)
    assert told.splitlines() == ["INDEX_SYSTEM", "True", "['index', 'index.lock']"]
