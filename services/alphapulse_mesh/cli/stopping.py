"""How a command that runs until it is told to ends: Ctrl-C, a request to end, or a time.

None of them is a failure: the command finishes what it has in hand, says how far it came and ends
with 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

__all__ = ["stopped_by_signals", "until"]

T = TypeVar("T")


@contextlib.contextmanager
def stopped_by_signals(seconds: float | None = None) -> Iterator[asyncio.Event]:
    """An event that Ctrl-C, SIGTERM or the end of `seconds` sets."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    timer = None if seconds is None else loop.call_later(seconds, stop.set)
    try:
        yield stop
    finally:
        if timer is not None:
            timer.cancel()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def until(source: AsyncIterator[T], stop: asyncio.Event) -> AsyncIterator[T]:
    """What the source gives until the event is set; what is being waited for then is given up."""
    ended = asyncio.ensure_future(stop.wait())
    try:
        while not stop.is_set():
            following = asyncio.ensure_future(_next(source))
            try:
                await asyncio.wait({following, ended}, return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not following.done():
                    following.cancel()
            if following.cancelled() or not following.done():
                await asyncio.gather(following, return_exceptions=True)
                return
            found = following.result()
            if found is None:
                return
            yield found[0]
    finally:
        ended.cancel()


async def _next(source: AsyncIterator[T]) -> tuple[T] | None:
    try:
        return (await anext(source),)
    except StopAsyncIteration:
        return None
