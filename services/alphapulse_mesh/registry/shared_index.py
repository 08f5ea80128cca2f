"""Keeps the shared-memory index at the registry's present revision.

Readers see a change a few milliseconds after it was acknowledged; registering pays for it by the
batch. Of several replicas the one that holds the index's lock writes; when it dies another takes
over with an index of its own making, for the journal, not the file, is what is true.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from alphapulse_core import InstrumentIndexError, InstrumentIndexWriter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from alphapulse_mesh.registry.state import RegistryState

__all__ = ["SharedIndex"]

_log = logging.getLogger(__name__)

_CHUNK: Final = 2000
"""Instruments that are written before requests get their turn."""
_RETRY_SECONDS: Final = 2.0
_IDLE_SECONDS: Final = 3600.0


class SharedIndex:
    """Writes the index of one registry process, while it holds the lock."""

    def __init__(
        self,
        state: RegistryState,
        path: Path,
        wait_beyond: Callable[[int, float], Awaitable[object]],
        journal_end: Callable[[], Awaitable[int]],
    ) -> None:
        """`wait_beyond(revision, seconds)`: until the state is beyond a revision; `journal_end()`:
        the revision of the last event that any replica has written.
        """
        self._state = state
        self._path = path
        self._wait_beyond = wait_beyond
        self._journal_end = journal_end
        self._writer: InstrumentIndexWriter | None = None

    async def run(self) -> None:
        """For ever, until there is no shared memory for it: then without, which is logged."""
        try:
            while not self._take():  # noqa: ASYNC110  # another process lets go of it
                await asyncio.sleep(_RETRY_SECONDS)
            await self._catch_up()
            while True:
                await self._write()
                await self._wait_beyond(self._state.revision, _IDLE_SECONDS)
        except InstrumentIndexError as error:
            _log.warning("no instruments in shared memory: %s", error)
        finally:
            if self._writer is not None:
                self._writer.close()

    def _take(self) -> bool:
        state = self._state
        try:
            self._writer = InstrumentIndexWriter(str(self._path), len(state.in_order) * 5 // 4)
        except InstrumentIndexError as error:
            if error.reason != "INDEX_BUSY":
                raise
            return False
        # what has changed until now is in what will be written first
        state.changed_instruments.clear()
        return True

    async def _catch_up(self) -> None:
        """Until this replica knows all that the writer before it can have shown its readers."""
        end = await self._journal_end()
        while self._state.revision < end:
            await self._wait_beyond(self._state.revision, _IDLE_SECONDS)

    async def _write(self) -> None:
        """Everything up to the present revision, or a later one."""
        writer, state = self._writer, self._state
        assert writer is not None, "taken before"
        while (start := len(writer)) < len(state.in_order):
            chunk = state.in_order[start : start + _CHUNK]
            writer.extend(b"".join([entry.record() for entry in chunk]))
            await asyncio.sleep(0)
        # from here to the commit nothing else runs: this is the state of one revision
        changed = state.changed_instruments
        for ordinal in changed:
            writer.replace(ordinal, state.in_order[ordinal].record())
        changed.clear()
        writer.commit(state.revision)
