"""Several domains as one stream, by the time that frames were made or as they arrive.

    async with mesh.feed(market_data=True, signals={"name": "desk"}, execution=True) as feed:
        async for batch in feed:
            for domain, frame in batch:
                ...

Each domain has a subscription of its own: one relay's failure leaves the others running, and it
comes back by itself. What a subscription promises is `subscription`'s part; here they are only put
together.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, Protocol, Self

from alphapulse_client._tokens import make_token, parse_token
from alphapulse_client.errors import InvalidArgument, MeshError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from types import TracebackType

    from alphapulse_client.frames import Frame
    from alphapulse_client.subscription import Batch
    from alphapulse_client.transports.base import Gap

__all__ = ["DomainState", "MergeOrder", "MergedBatch", "MergedFeed"]

MergeOrder = Literal["time", "arrival"]
"""`time`: by the frames' own timestamps; `arrival`: as they come, batch by batch."""

_MOST_FRAMES: Final = 4096
"""That wait here for one domain; then its relay waits, or does what the policy says."""


class Source(Protocol):
    """What is merged: a `Subscription`."""

    def __aiter__(self) -> Self: ...
    async def __anext__(self) -> Batch: ...
    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class MergedBatch:
    """What could be handed over at once."""

    items: list[tuple[str, Frame]]
    """Domain and frame; by time under `time`."""
    gaps: list[tuple[str, Gap]] = field(default_factory=list)
    """What a domain's subscriber will not get; told before later frames of it."""
    failures: list[tuple[str, MeshError]] = field(default_factory=list)
    """Domains that have ended for good, and why; each once."""

    def __iter__(self) -> Iterator[tuple[str, Frame]]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(slots=True)
class DomainState:
    """How one domain of a merged feed is doing."""

    domain: str
    frames: int = 0
    """Received."""
    late: int = 0
    """Of these, made before something that had been handed over already (under `time`)."""
    lost: int = 0
    """Reported by gaps."""
    error: MeshError | None = None
    """Why it has ended for good; None while it runs, or reconnects."""
    newest_ns: int = 0
    """Newest time of making that was received, ns since the epoch."""
    heard: float = 0.0
    """`time.monotonic()` of the last arrival."""
    waiting: int = 0
    """Frames that are here and not handed over."""
    lag: int = 0
    """Frames that its relay had behind the last batch that came."""
    ended: bool = False
    _token: bytes = b""
    _epoch: int | None = None
    """Of the relay's memory, as tokens have it."""
    _within: Frame | None = None
    """The last frame that was handed over, where its batch has more."""

    @property
    def resume_token(self) -> bytes:
        """`resume=` of a later subscription to the domain goes on behind what was handed over here.

        Empty before the first frame, and within a snapshot. Where the transport's tokens name no
        sequence it is that of the last batch that was handed over whole.
        """
        if self._within is not None and (token := self.token_behind(self._within.sequence)):
            return token
        return self._token

    def token_behind(self, sequence: int) -> bytes:
        """The same behind a sequence of the domain: for who has not used all that it was handed.

        Empty where tokens name no sequence, and before the first frame.
        """
        return b"" if self._epoch is None else make_token(self._epoch, sequence)

    def hand_over(self, frame: Frame | None, batch: Batch, *, last: bool) -> None:
        """Note that a frame of the batch (None: a batch without) has left the feed."""
        self.waiting -= frame is not None
        if batch.snapshot_sequence and not (last and batch.delivered_sequence):
            return
        self._within = None if last else frame
        if place := parse_token(batch.resume_token):
            self._epoch = place[0]
        if last:
            self._token = batch.resume_token or self._token


class MergedFeed:
    """An endless stream of `MergedBatch`; for one consumer task. Close it, or use `async with`.

    Under `time` a frame is handed over once every other domain has shown a later one, or has been
    silent for `patience`: so an idle domain delays the others by that and no more, and what comes
    later than it was waited for is handed over at once and counted as late.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        *,
        order: MergeOrder = "time",
        patience: float = 0.05,
    ) -> None:
        """`sources`: domain → subscription, owned from now on; `patience` in seconds.

        Raises:
            InvalidArgument: no source, an order that there is not, a negative patience.
        """
        if not sources:
            raise InvalidArgument("a merged feed needs a domain", reason="ARGUMENT_INVALID")
        if order not in {"time", "arrival"}:
            raise InvalidArgument(
                f"order {order!r} is neither time nor arrival", reason="ARGUMENT_INVALID"
            )
        if patience < 0:
            raise InvalidArgument(f"patience {patience} is negative", reason="ARGUMENT_INVALID")
        self._sources = dict(sources)
        self._order = order
        self._patience = patience
        self.states = {domain: DomainState(domain) for domain in sources}
        """Domain → how it is doing."""
        self._arrived: deque[tuple[str, Batch]] = deque()
        self._waiting: list[tuple[int, int, int, Frame, Batch, bool]] = []
        """A heap of (time, place of the domain, count, frame, its batch, the last of it)."""
        self._domains = list(self._sources)
        self._counter = itertools.count()
        self._handed_ns = 0
        self._gaps: list[tuple[str, Gap]] = []
        self._failures: list[tuple[str, MeshError]] = []
        self._news = asyncio.Event()
        self._room = {domain: asyncio.Event() for domain in sources}
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> MergedBatch:
        """The next batch that holds something.

        Raises:
            MeshError: every domain has ended for good: the last one's reason.
            StopAsyncIteration: the feed was closed, or every domain has ended in peace.
        """
        self._start()
        while not self._closed:
            self._news.clear()
            batch = self._next_by_time() if self._order == "time" else self._next_arrived()
            if batch is not None:
                return batch
            if all(state.ended for state in self.states.values()) and not self._waiting:
                errors = [state.error for state in self.states.values() if state.error]
                if errors:
                    raise errors[-1]
                break
            try:
                async with asyncio.timeout(self._until_idle()):
                    await self._news.wait()
            except TimeoutError:
                pass  # a domain has been silent for long enough
        raise StopAsyncIteration

    async def close(self) -> None:
        """End all subscriptions. Idempotent."""
        self._closed = True
        self._news.set()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(source.close() for source in self._sources.values()))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    # ------------------------------------------------------------------------------------- reading

    def _start(self) -> None:
        if not self._tasks:
            now = time.monotonic()
            for domain in self._domains:
                self.states[domain].heard = now
                self._tasks.append(asyncio.create_task(self._read(domain), name=f"merge-{domain}"))

    async def _read(self, domain: str) -> None:
        state, room = self.states[domain], self._room[domain]
        try:
            async for batch in self._sources[domain]:
                while state.waiting >= _MOST_FRAMES:
                    room.clear()
                    await room.wait()
                self._take(state, batch)
        except MeshError as error:
            state.error = error
            self._failures.append((domain, error))
        finally:
            state.ended = True
            self._news.set()

    def _take(self, state: DomainState, batch: Batch) -> None:
        state.heard = time.monotonic()
        state.frames += len(batch.frames)
        state.waiting += len(batch.frames)
        state.lost += sum(gap.count for gap in batch.gaps)
        state.lag = batch.lag
        if self._order == "arrival":
            self._arrived.append((state.domain, batch))
        else:
            self._gaps += [(state.domain, gap) for gap in batch.gaps]
            place = self._domains.index(state.domain)
            now = time.time_ns()
            if not batch.frames and not state.waiting:
                state.hand_over(None, batch, last=True)
            for left, frame in zip(range(len(batch.frames) - 1, -1, -1), batch.frames, strict=True):
                # A domain's own order is its sequence: a frame is due no sooner than those before
                # it. A clock that is ahead of ours must not hold everybody back.
                made = min(frame.timestamp, now)
                state.newest_ns = max(state.newest_ns, made)
                heapq.heappush(
                    self._waiting,
                    (state.newest_ns, place, next(self._counter), frame, batch, left == 0),
                )
        self._news.set()

    # ------------------------------------------------------------------------------- handing over

    def _next_arrived(self) -> MergedBatch | None:
        failures, self._failures = self._failures, []
        if not self._arrived:
            return MergedBatch([], [], failures) if failures else None
        domain, batch = self._arrived.popleft()
        self.states[domain].waiting -= max(len(batch.frames) - 1, 0)
        self._handed(domain, batch.frames[-1] if batch.frames else None, batch, last=True)
        return MergedBatch(
            [(domain, frame) for frame in batch.frames],
            [(domain, gap) for gap in batch.gaps],
            failures,
        )

    def _next_by_time(self) -> MergedBatch | None:
        limit = self._watermark()
        items: list[tuple[str, Frame]] = []
        while self._waiting and (limit is None or self._waiting[0][0] <= limit):
            due, place, _, frame, batch, last = heapq.heappop(self._waiting)
            domain = self._domains[place]
            if due < self._handed_ns:
                self.states[domain].late += 1
            self._handed_ns = max(self._handed_ns, due)
            items.append((domain, frame))
            self._handed(domain, frame, batch, last=last)
        if not items and not self._gaps and not self._failures:
            return None
        gaps, self._gaps = self._gaps, []
        failures, self._failures = self._failures, []
        return MergedBatch(items, gaps, failures)

    def _handed(self, domain: str, frame: Frame | None, batch: Batch, *, last: bool) -> None:
        state = self.states[domain]
        state.hand_over(frame, batch, last=last)
        if state.waiting < _MOST_FRAMES:
            self._room[domain].set()

    def _watermark(self) -> int | None:
        """Nothing older than this is waited for; None where nobody is waited for."""
        awaited = [state for state in self.states.values() if not self._idle(state)]
        return min((state.newest_ns for state in awaited), default=None)

    def _idle(self, state: DomainState) -> bool:
        """It is not waited for: what it may still send would be late. One that is full is read on
        only when others are given up.
        """
        return state.ended or time.monotonic() - state.heard >= self._patience

    def _until_idle(self) -> float | None:
        """Seconds until the next silent domain is not waited for any more."""
        if not self._waiting:
            return None
        heard = [state.heard for state in self.states.values() if not self._idle(state)]
        if not heard:
            return None
        return max(min(heard) + self._patience - time.monotonic(), 0.0005)
