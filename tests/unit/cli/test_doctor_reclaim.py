"""What `doctor --reclaim` takes for a dead registry's, and what it leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alphapulse_core import InstrumentIndexWriter
from alphapulse_mesh.cli.doctor import _reclaim_indices

if TYPE_CHECKING:
    from pathlib import Path


def test_an_index_is_removed_when_nobody_writes_it(tmp_path: Path) -> None:
    alive, dead = (tmp_path / f"alphapulse-{name}-registry-index" for name in ("alive", "dead"))
    writers = [InstrumentIndexWriter(str(path)) for path in (alive, dead)]
    for writer in writers:
        writer.extend(bytes(128))
        writer.commit(1)
    writers[1].close()
    assert _reclaim_indices(tmp_path) == [dead]
    assert sorted(path.name for path in tmp_path.iterdir()) == [alive.name, f"{alive.name}.lock"]
    writers[0].close()
    assert _reclaim_indices(tmp_path) == [alive]
    assert not list(tmp_path.iterdir())
