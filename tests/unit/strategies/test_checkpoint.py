"""Checkpoints belong to one run; anything else in the file is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alphapulse_mesh.strategies.checkpoint import Checkpoint, CheckpointFile

if TYPE_CHECKING:
    from pathlib import Path

SAVED = Checkpoint(17, {"a": {"x": 1.5, "y": None}}, {"signals": 3})


def test_what_was_saved_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "strategy.checkpoint.json"
    assert CheckpointFile(path, "run-1").load() is None
    CheckpointFile(path, "run-1").save(SAVED)
    assert CheckpointFile(path, "run-1").load() == SAVED
    assert list(tmp_path.iterdir()) == [path]


def test_another_run_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    CheckpointFile(path, "run-1").save(SAVED)
    assert CheckpointFile(path, "run-2").load() is None


@pytest.mark.parametrize(
    "text", [b"", b"[]", b"{}", b'{"version":1,"run":"r","sequence":"x","state":{}}', b"\xff"]
)
def test_a_broken_file_is_no_checkpoint(
    tmp_path: Path, text: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(text)
    assert CheckpointFile(path, "r").load() is None
    assert str(path) in caplog.text
