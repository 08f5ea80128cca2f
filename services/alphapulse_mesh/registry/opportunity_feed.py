"""Opportunities for those who watch: what the quotes of the moment open, told live.

They are no events of the journal: no revision brings one again. Who joins is told first what stands
at that moment, so that a watch that begins anew misses nothing that is still there; then each as it
is found. A watcher that is slow loses the oldest and is told how many.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse_client.context import FrameContext, new_context
from alphapulse_mesh.registry import wire
from alphapulse_mesh.registry.opportunities import Opportunities, Opportunity, opportunity_message

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from alphapulse_mesh.registry.quotes import LiveQuotes
    from alphapulse_mesh.registry.state import RegistryState

__all__ = ["QUEUED", "OpportunityFeed", "OpportunityQueue", "Told"]

QUEUED: Final = 1024
"""Opportunities that wait for one watcher."""
_TIME: Final = 2
_FIELD: Final = 11
_MISSED: Final = 20
_SECOND: Final = 1_000_000_000


class Told(NamedTuple):
    """An opportunity and its encoding, made once for all who watch."""

    opportunity: Opportunity
    found_ns: int
    body: bytes

    def response(self, revision: int, missed: int) -> bytes:
        """`WatchRegistryResponse` for one watcher."""
        seconds, nanos = divmod(self.found_ns, _SECOND)
        found = wire.uint(1, seconds) + wire.uint(2, nanos)
        body = self.body + wire.uint(_MISSED, missed)
        return wire.uint(1, revision) + wire.message(_TIME, found) + wire.message(_FIELD, body)


class OpportunityQueue:
    """What waits for one watcher."""

    def __init__(self, passes: Callable[[Opportunity], bool], keep: int = QUEUED) -> None:
        """`passes` says what the watcher wants; at most `keep` wait."""
        self._passes = passes
        self._keep = keep
        self._waiting: deque[Told] = deque()
        self._missed = 0
        self._changed = asyncio.Event()

    def add(self, told: Iterable[Told]) -> None:
        """Let what the watcher wants wait for it; the oldest give way."""
        self._waiting.extend(each for each in told if self._passes(each.opportunity))
        while len(self._waiting) > self._keep:
            self._waiting.popleft()
            self._missed += 1
        if self._waiting:
            self._changed.set()

    def replace(self, told: Iterable[Told]) -> None:
        """Forget what waits: this is what there is."""
        self._waiting.clear()
        self._missed = 0
        self.add(told)

    def take(self) -> tuple[Told, int] | None:
        """The next one, and how many were lost before it."""
        if not self._waiting:
            self._changed.clear()
            return None
        missed, self._missed = self._missed, 0
        return self._waiting.popleft(), missed

    async def wait(self) -> None:
        """Until something waits."""
        await self._changed.wait()


class OpportunityFeed:
    """Finds opportunities as quotes move, and tells those who watch."""

    def __init__(
        self,
        state: RegistryState,
        quotes: LiveQuotes,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """Nobody watches; `followed` says whether anybody fills `quotes`."""
        self._quotes = quotes
        self._clock_ns = clock_ns
        self._opportunities = Opportunities(state, quotes)
        self._queues: set[OpportunityQueue] = set()
        self.followed = False

    @property
    def wanted(self) -> bool:
        """Somebody watches."""
        return bool(self._queues)

    def move(
        self, moved: Iterable[bytes], context: FrameContext, now_ns: int
    ) -> Sequence[Opportunity]:
        """Take it that these instruments have other quotes; what that opens, the best first.
        `context` is what the opportunities get.
        """
        found = self._opportunities.move(moved, now_ns)
        if found and self._queues:
            told = [_told(each, context, now_ns) for each in found]
            for queue in self._queues:
                queue.add(told)
        return found

    @contextmanager
    def queue(self, passes: Callable[[Opportunity], bool]) -> Iterator[OpportunityQueue]:
        """A watcher's queue, while it watches."""
        made = OpportunityQueue(passes)
        if not self._queues:  # nobody may have looked for a while
            self._opportunities.move(self._quotes.instruments(), self._clock_ns())
        self._queues.add(made)
        try:
            yield made
        finally:
            self._queues.discard(made)

    def standing(self) -> list[Told]:
        """What there is at this moment, the best first."""
        now_ns = self._clock_ns()
        made = []
        for each in self._opportunities.standing(now_ns):
            newer = each.a if each.ask.receive_time >= each.bid.receive_time else each.b
            cause = self._quotes.context(newer.id)
            context = new_context(sampled=False) if cause is None else cause.child()
            made.append(_told(each, context, now_ns))
        return made


def _told(opportunity: Opportunity, context: FrameContext, now_ns: int) -> Told:
    message = opportunity_message(opportunity, context, now_ns)
    return Told(opportunity, now_ns, message.SerializeToString(deterministic=True))
