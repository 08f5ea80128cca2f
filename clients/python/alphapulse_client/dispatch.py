"""A table from message type to handler: frames of a batch are handed over per type, by priority.

What the core's dispatcher does for Rust, on batches as a subscription yields them: each handler is
called once for each of its types with all frames of that type, in the order of their sequences;
handlers of a higher priority come first. Gaps are the caller's: they are in the batch.
"""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from alphapulse_client.frames import Frame

__all__ = ["Dispatcher", "HandlerStats"]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class HandlerStats:
    """What one handler did since it was registered."""

    name: str
    priority: int
    types: tuple[int, ...]
    frames: int = 0
    records: int = 0
    batches: int = 0
    """Calls of the handler."""
    largest_batch: int = 0
    """Most frames in one call."""
    busy_ns: int = 0
    """Time inside the handler."""
    failures: int = 0
    last_failure: str = ""


@dataclass(slots=True)
class _Registered:
    handler: Callable[[int, Sequence[Frame]], None]
    on_error: Literal["fatal", "skip"] | Callable[[Exception, int, Sequence[Frame]], None]
    stats: HandlerStats


@dataclass(slots=True)
class Dispatcher:
    """Use it where batches arrive: ``async for batch in subscription: dispatcher.dispatch(batch)``.

    A type has one handler, a handler any number of types.
    """

    unhandled: int = 0
    """Frames whose type has no handler."""
    _handlers: list[_Registered] = field(default_factory=list)
    _types: set[int] = field(default_factory=set)

    def register(
        self,
        types: Iterable[int],
        handler: Callable[[int, Sequence[Frame]], None],
        *,
        name: str = "",
        priority: int = 0,
        on_error: (
            Literal["fatal", "skip"] | Callable[[Exception, int, Sequence[Frame]], None]
        ) = "fatal",
    ) -> HandlerStats:
        """Give `types` to ``handler(message_type, frames)``; returns its live statistics.

        `on_error` decides over an exception of the handler: "fatal" lets it out of `dispatch`,
        "skip" counts it, logs it and goes on, a callable is asked (what it raises comes out).

        Raises:
            ValueError: one of the types has a handler already, or none was named.
        """
        wanted = tuple(sorted({int(number) for number in types}))
        if not wanted:
            raise ValueError("a handler needs at least one message type")
        taken = self._types.intersection(wanted)
        if taken:
            raise ValueError(f"message type {min(taken)} has a handler already")
        stats = HandlerStats(name or getattr(handler, "__qualname__", "handler"), priority, wanted)
        self._types.update(wanted)
        self._handlers.append(_Registered(handler, on_error, stats))
        # stable: equal priorities stay in the order of registration
        self._handlers.sort(key=lambda one: -one.stats.priority)
        return stats

    def dispatch(self, frames: Iterable[Frame]) -> None:
        """Hand a batch over; a `Batch` is an iterable of frames.

        Raises:
            Exception: of a handler whose errors are fatal. Handlers behind it have not seen the
                batch then.
        """
        by_type: defaultdict[int, list[Frame]] = defaultdict(list)
        for frame in frames:
            by_type[int(frame.message_type)].append(frame)
        self.unhandled += sum(
            len(group) for number, group in by_type.items() if number not in self._types
        )
        for registered in self._handlers:
            for number in registered.stats.types:
                if number in by_type:
                    self._call(registered, number, by_type[number])

    @staticmethod
    def _call(registered: _Registered, number: int, frames: list[Frame]) -> None:
        stats = registered.stats
        stats.batches += 1
        stats.frames += len(frames)
        stats.records += sum(frame.info.record_count for frame in frames)
        stats.largest_batch = max(stats.largest_batch, len(frames))
        begun = time.perf_counter_ns()
        try:
            registered.handler(number, frames)
        except Exception as error:
            stats.failures += 1
            stats.last_failure = f"{type(error).__name__}: {error}"
            if registered.on_error == "fatal":
                raise
            if registered.on_error == "skip":
                _log.exception("%s failed on %d frames of type %d", stats.name, len(frames), number)
            else:
                registered.on_error(error, number, frames)
        finally:
            stats.busy_ns += time.perf_counter_ns() - begun

    @property
    def stats(self) -> list[HandlerStats]:
        """Of every handler, by falling priority."""
        return [registered.stats for registered in self._handlers]
