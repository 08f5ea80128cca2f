"""When a replica that takes over the shared-memory index may show what it knows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from alphapulse_core import InstrumentIndex, InstrumentIndexWriter
from alphapulse_mesh.registry.shared_index import SharedIndex
from alphapulse_mesh.registry.state import RegistryState

if TYPE_CHECKING:
    from pathlib import Path

SHOWN = 7
"""The revision that readers of the dead writer were shown."""


async def test_who_takes_over_shows_nothing_before_it_has_caught_up(tmp_path: Path) -> None:
    path = tmp_path / "index"
    dead = InstrumentIndexWriter(str(path))
    dead.commit(SHOWN)
    dead.close()
    index = InstrumentIndex.attach(str(path))

    state = RegistryState()
    state.revision = SHOWN - 2
    waited: list[int] = []
    caught_up = asyncio.Event()

    async def wait_beyond(revision: int, _seconds: float) -> None:
        """A step of the follower each time, then nothing more happens."""
        waited.append(revision)
        assert index.revision == SHOWN, "readers were shown something older"
        if state.revision == SHOWN:
            caught_up.set()
            await asyncio.Event().wait()
        state.revision += 1
        await asyncio.sleep(0)

    async def journal_end() -> int:
        return SHOWN

    work = asyncio.create_task(SharedIndex(state, path, wait_beyond, journal_end).run())
    async with asyncio.timeout(30):
        await caught_up.wait()
    assert waited == [SHOWN - 2, SHOWN - 1, SHOWN]
    assert index.generation == 2  # the new writer's
    work.cancel()
    await asyncio.gather(work, return_exceptions=True)
