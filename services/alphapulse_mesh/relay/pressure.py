"""Back-pressure: for whom producers are held back, and for how long.

A blocking subscriber loses nothing while it is connected and takes something now and then (its
lease). One with a name is also waited for when it has gone, for a moment (the linger), so that a
broken line or a restart of the relay does not cost it frames. Nobody else ever slows a producer.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse_mesh.relay.memory import remembered_as
from alphapulse_mesh.relay.subscribers import slow_consumer

if TYPE_CHECKING:
    from collections.abc import Callable
    from collections.abc import Set as AbstractSet

    from alphapulse_mesh.relay.memory import RelayMemory
    from alphapulse_mesh.relay.subscribers import Subscriber
    from alphapulse_mesh.relay.window import Window
    from alphapulse_mesh.runtime.config import RelayConfig

__all__ = ["Pressure"]

_log = logging.getLogger(__name__)

_LOOK_SECONDS: Final = 0.25
"""How often a producer that is held back looks whether it still must be."""


class Awaited(NamedTuple):
    """A blocking subscriber that has gone and may come back."""

    floor: int
    """Everything after this sequence is kept for it."""
    until: float
    """`time.monotonic()` at which it is not waited for any more."""


class Pressure:
    """Keeps the window from running away from blocking subscribers."""

    def __init__(
        self,
        window: Window,
        memory: RelayMemory,
        subscribers: AbstractSet[Subscriber],
        config: RelayConfig,
    ) -> None:
        """`subscribers`: those that are connected, kept up to date by the caller.

        Whoever blocked when an earlier process of the relay ended is waited for.
        """
        self.waits = 0
        """Times that a producer was held back."""
        self.floor: int | None = None
        """As of the last move of the gate: what is after it is needed; None: nobody blocks."""
        self.floor_moved: Callable[[int | None], None] | None = None
        """Told at each of these moves."""
        self.gate_follows = False
        """Move the gate at each progress: somebody publishes who does not look before."""
        self._window = window
        self._memory = memory
        self._subscribers = subscribers
        self._config = config
        self._room = asyncio.Event()
        self._held_back = [0, 0, 0, 0]
        """Messages that wait, by their priority."""
        self._floor = 0
        self._awaited: dict[str, Awaited] = {}
        """By name, as the memory has it."""
        for name, position in memory.subscribers().items():
            self._await_return(name, position)
        self.move_gate()

    def obey(self, config: RelayConfig) -> None:
        """The limits have changed: who is held back looks again."""
        self._config = config
        self._room.set()

    # ---------------------------------------------------------------------------------- producers

    @property
    def breaker_open(self) -> bool:
        """Whether new producers are to be refused."""
        return any(self._held_back) or self.backlog() >= self._config.circuit_breaker_frames

    def backlog(self) -> int:
        """Frames that wait for the slowest blocking subscriber."""
        self._floor = self._find_floor()
        return self._window.head - self._floor

    def observed(self) -> tuple[int, bool]:
        """`backlog` and `breaker_open` as they are, from any thread: nothing is changed by it."""
        floors = [awaited.floor for awaited in tuple(self._awaited.values())]
        floors += [
            subscriber.floor
            for subscriber in tuple(self._subscribers)
            if subscriber.blocking and not subscriber.sent_away
        ]
        head = self._window.head
        backlog = head - min(floors, default=head)
        return backlog, self.holds_back or backlog >= self._config.circuit_breaker_frames

    @property
    def holds_back(self) -> bool:
        """Whether a message waits for room."""
        return any(self._held_back)

    def has_room(self, frames: int, priority: int) -> bool:
        """Whether as many frames more leave every blocking subscriber within the window, and no
        message of a higher priority waits for that room.
        """
        if any(self._held_back[priority + 1 :]):
            return False
        limit = self._config.circuit_breaker_frames - frames
        # the floor only rises between looks, except when somebody joins or leaves, which looks
        return self._window.head - self._floor <= limit or self.backlog() <= limit

    async def wait(self, priority: int) -> None:
        """Until a blocking subscriber moves on, or its time runs out and it counts no more."""
        self.waits += 1
        self._held_back[priority] += 1
        self._room.clear()
        lease = self._config.subscriber_lease_seconds
        try:
            async with asyncio.timeout(min(lease / 4, _LOOK_SECONDS)):
                await self._room.wait()
        except TimeoutError:
            self._send_away_stalled(lease)
        finally:
            self._held_back[priority] -= 1

    def taken(self) -> None:
        """A message was appended: others that wait may look whether there is room for them too."""
        if self.holds_back:
            self._room.set()

    def move_gate(self) -> None:
        """Let the ring overwrite what nobody needs any more, and nothing else."""
        floor = self._floor = self._find_floor()
        needed = self._awaited or any(subscriber.blocking for subscriber in self._subscribers)
        self._window.gate_at(floor + 1 if needed else None)
        self.floor = floor if needed else None
        if self.floor_moved is not None:
            self.floor_moved(self.floor)

    # -------------------------------------------------------------------------------- subscribers

    def joined(self, subscriber: Subscriber) -> None:
        """It is connected now."""
        if not subscriber.blocking:
            return
        self._awaited.pop(remembered_as(subscriber.name), None)
        if subscriber.name:
            subscriber.memory_slot = self._memory.add_subscriber(subscriber.name, subscriber.floor)
        self.move_gate()
        self._room.set()

    def moved(self, subscriber: Subscriber) -> None:
        """Its position has moved."""
        if not subscriber.blocking:
            return
        if subscriber.memory_slot is not None:
            self._memory.subscriber_at(subscriber.memory_slot, subscriber.floor)
        if self.gate_follows:
            self.move_gate()
        if self.holds_back:
            self._room.set()

    def left(self, subscriber: Subscriber) -> None:
        """It is not connected any more."""
        if not subscriber.blocking:
            return
        namesakes = any(
            other.blocking and other.name == subscriber.name for other in self._subscribers
        )
        if namesakes or not subscriber.name:
            pass  # somebody else holds the place of that name, or nobody
        elif subscriber.sent_away:
            self._memory.forget_subscriber(subscriber.name)
        else:
            self._await_return(
                subscriber.name,
                subscriber.floor,
                exact=subscriber.seated or subscriber.promised is not None,
            )
        self.move_gate()
        self._room.set()

    def _find_floor(self) -> int:
        """Newest sequence that nobody needs any more; the head when nobody blocks."""
        floor = self._window.head
        for subscriber in self._subscribers:
            if subscriber.blocking and not subscriber.sent_away:
                floor = min(floor, subscriber.floor)
        if self._awaited:
            self._give_up_waiting()
            for awaited in self._awaited.values():
                floor = min(floor, awaited.floor)
        return floor

    def _await_return(self, name: str, position: int, *, exact: bool = False) -> None:
        """Without acknowledgements, what was handed to a connection may not have come through it:
        half of what the window has before `position` is kept too.
        """
        floor = position
        if not exact:
            floor -= max(0, position - self._window.oldest) // 2
        until = time.monotonic() + self._config.subscriber_linger_seconds
        self._awaited[remembered_as(name)] = Awaited(min(floor, self._window.head), until)

    def _give_up_waiting(self) -> None:
        now = time.monotonic()
        for name in [name for name, awaited in self._awaited.items() if awaited.until <= now]:
            _log.info("subscriber %r has not come back: not waited for any more", name)
            del self._awaited[name]
            self._memory.forget_subscriber(name)

    def _send_away_stalled(self, lease: float) -> None:
        now = time.monotonic()
        floor = self._find_floor()
        for subscriber in tuple(self._subscribers):
            stalled = now - subscriber.progress_at
            if subscriber.blocking and subscriber.floor == floor and stalled > lease:
                _log.warning(
                    "subscriber %r has held producers back for %.1f s: sent away",
                    subscriber.name,
                    stalled,
                )
                # Its stream may take long to end, for it reads nothing: it counts no more from now.
                subscriber.sent_away = True
                subscriber.end(slow_consumer(subscriber.name, floor + 1, self._window.head))
        self.move_gate()
