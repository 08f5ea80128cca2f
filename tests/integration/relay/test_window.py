"""The window of a relay, without a network: what its gate keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import alphapulse_core as core
from alphapulse_mesh.relay.memory import RelayMemory
from alphapulse_mesh.relay.window import Window
from alphapulse_mesh.relay.wire import encode_run
from alphapulse_testing.frames import trades

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    with RelayMemory(tmp_path / "memory") as memory:
        window = Window(tmp_path / "ring", ring_bytes=1 << 16, max_frames=10_000, memory=memory)
        yield window
        window.close()


def append(window: Window, count: int = 4) -> bool:
    """Whether there was room for as many frames."""
    message = bytes(encode_run([trades(range(20))] * count).data)
    block = core.read_message(message)
    return window.append(block, producer_id=1, numbers=window.head + 1) is not None


def test_a_gate_behind_the_window_stays_at_its_oldest_frame(window: Window) -> None:
    for _ in range(100):
        assert append(window)
    oldest = window.oldest
    assert oldest > 10
    window.gate_at(2)  # somebody is waited for who needs what has gone, and what is left
    kept = []
    for _ in range(100):
        while append(window):
            pass
        window.gate_at(2)  # the relay looks again, for its ring is full
        kept.append(window.oldest)
    assert set(kept) == {kept[0]}, "asking again gives nothing up"
    assert kept[0] < oldest + 20, "a new gate keeps three quarters of the ring"
    assert [run.first for run in window.read(kept[0], 1 << 20)[0]] == [kept[0]]


def test_a_gate_moves_back_for_who_needs_more(window: Window) -> None:
    for _ in range(10):
        assert append(window)
    window.gate_at(30)
    window.gate_at(20)
    while append(window):
        pass
    assert window.oldest <= 20
    window.gate_at(None)
    for _ in range(50):
        assert append(window)
    assert window.oldest > 30
