"""A line between two hosts for tests: TCP through a proxy that is cut, frozen, slow or lossy."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Link"]

_CHUNK = 16 << 10


class Link:
    """Listens on loopback and passes on to `target` (host:port)."""

    def __init__(
        self,
        target: str,
        *,
        delay: float = 0.0,
        loss: float = 0.0,
        resent_after: float = 0.2,
        seed: int = 1,
    ) -> None:
        """`delay`: seconds for each chunk and way; `loss`: share of chunks that TCP must send
        again, which come `resent_after` seconds later, with all behind them.
        """
        host, _, port = target.rpartition(":")
        self._far = (host, int(port))
        self._delay, self._loss, self._resent_after = delay, loss, resent_after
        self._random = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._whole = asyncio.Event()
        self._whole.set()
        self._cut = False
        self.target = ""
        self.connections = 0
        """That were made so far."""
        self.lost = 0
        """Chunks that had to be sent again."""

    def cut(self) -> None:
        """Break every connection, and refuse new ones."""
        self._cut = True
        for task in self._tasks:
            task.cancel()

    def freeze(self) -> None:
        """Nothing passes, and nobody is told: what a pulled cable looks like."""
        self._whole.clear()

    def heal(self) -> None:
        """All is well again."""
        self._cut = False
        self._whole.set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.target = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        far: asyncio.StreamWriter | None = None
        try:
            if self._cut:
                return
            self.connections += 1
            far_reader, far = await asyncio.open_connection(*self._far)
            async with asyncio.TaskGroup() as ways:
                ways.create_task(self._pass_on(reader, far))
                ways.create_task(self._pass_on(far_reader, writer))
        except (OSError, asyncio.CancelledError, ExceptionGroup):
            pass  # it is a line: it breaks
        finally:
            self._tasks.discard(task)
            for one in (writer, far):
                if one is not None:
                    one.transport.abort()
                    with contextlib.suppress(OSError):
                        await one.wait_closed()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(_CHUNK):
            await self._whole.wait()
            late = self._delay
            if self._loss and self._random.random() < self._loss:
                self.lost += 1
                late += self._resent_after
            if late:
                await asyncio.sleep(late)
            writer.write(data)
            await writer.drain()
        raise ConnectionResetError("the other side has closed")
