"""asyncio glue for the ring: await the next batch without a thread per task.

The wake-up is an eventfd written by one helper thread of the process; nothing here polls.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

    from alphapulse_core._native import Batch, Packed, RingReader

__all__ = ["AsyncReader"]


class AsyncReader:
    """Awaitable view of a `RingReader`; use it from one task of one running event loop.

    ``async for batch in AsyncReader(reader)`` yields each non-empty `Batch`, which stays valid
    until the next iteration. The iteration ends with `RingHalted` once a halted ring is drained.
    """

    def __init__(self, reader: RingReader) -> None:
        self._reader = reader
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()
        self._fd = reader.fileno()
        self._loop.add_reader(self._fd, self._on_readable)

    @property
    def reader(self) -> RingReader:
        return self._reader

    def _on_readable(self) -> None:
        self._reader.clear()
        self._ready.set()

    async def ready(self) -> None:
        """Return once the reader has something to poll (or an error to raise)."""
        self._ready.clear()
        if self._reader.arm():
            await self._ready.wait()

    async def poll(self, max_entries: int = 65536, max_bytes: int = 1 << 30) -> Batch:
        """The next non-empty batch."""
        while True:
            batch = self._reader.poll(max_entries, max_bytes)
            if batch:
                return batch
            await self.ready()

    async def poll_bytes(self, max_entries: int = 65536, max_bytes: int = 1 << 20) -> Packed:
        """The next non-empty batch, copied and committed."""
        while True:
            packed = self._reader.poll_bytes(max_entries, max_bytes)
            if packed:
                return packed
            await self.ready()

    def close(self) -> None:
        """Detach from the event loop; the reader itself stays open."""
        self._loop.remove_reader(self._fd)

    async def __aiter__(self) -> AsyncIterator[Batch]:
        while True:
            yield await self.poll()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
