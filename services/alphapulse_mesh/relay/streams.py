"""How the relay ends a stream from outside: with an error, which a broken line does not have."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alphapulse_mesh.runtime.errors import MeshError

__all__ = ["Stream"]


class Stream:
    """The task that serves one stream, and how to stop it."""

    def __init__(self) -> None:
        """Make it in the task that serves the stream."""
        self._task = asyncio.current_task()
        self.ended: MeshError | None = None
        """Why the relay ended it."""

    def end(self, error: MeshError) -> None:
        """Stop serving; the peer gets `error`. The first call counts."""
        if self.ended is None and self._task is not None and not self._task.done():
            self.ended = error
            self._task.cancel()

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Around the work: turns the cancellation by `end` into its error."""
        try:
            yield
        except asyncio.CancelledError:
            if self.ended is None:
                raise
            assert self._task is not None, "it was cancelled"
            self._task.uncancel()
            raise self.ended from None
