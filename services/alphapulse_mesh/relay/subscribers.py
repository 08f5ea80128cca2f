"""A subscriber of a relay: where it stands, what it wants, and the next message for it.

Each message drains all that is ready up to the subscriber's batch size: one frame when idle,
thousands under load, without a timer. Waiting, and holding producers back, is `hub`'s part.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_mesh.relay.conflation import conflate
from alphapulse_mesh.relay.shedding import Shedding
from alphapulse_mesh.relay.streams import Stream
from alphapulse_mesh.relay.window import Hole, Run, join
from alphapulse_mesh.relay.wire import Promised, tail
from alphapulse_mesh.runtime.errors import ResourceExhausted

if TYPE_CHECKING:
    from alphapulse_mesh.relay.selection import Selection
    from alphapulse_mesh.relay.window import Window

__all__ = [
    "PRODUCER_DIED",
    "SLOW_CONSUMER",
    "WINDOW_EXPIRED",
    "SharedResponses",
    "Subscriber",
    "gap_of",
    "slow_consumer",
]

SLOW_CONSUMER: Final = "SLOW_CONSUMER"
WINDOW_EXPIRED: Final = "WINDOW_EXPIRED"
PRODUCER_DIED: Final = "PRODUCER_DIED"

_SCAN_BYTES: Final = 4 << 20
"""Most that is filtered before other subscribers get their turn."""
_CONFLATE_BYTES: Final = 1 << 20
"""Most that is conflated at once, for the same reason."""


@dataclass(slots=True)
class SharedResponses:
    """The last message that an unfiltered subscriber got: the next one may want the very same."""

    key: tuple[int, int, int] = (0, 0, 0)
    response: bytes = b""


@dataclass(slots=True)
class _Drained:
    """What one message is made of."""

    runs: list[Run] = field(default_factory=list)
    gaps: list[pb.Gap] = field(default_factory=list)
    bytes: int = 0
    whole: bool = True
    """No run was cut or filtered."""


class Subscriber(Stream):
    """One subscription. Its cursor is the relay's; the client tells its own when it comes back."""

    def __init__(
        self,
        window: Window,
        shared: SharedResponses,
        *,
        name: str,
        policy: pb.SlowConsumerPolicy.ValueType,
        selection: Selection,
        start: int,
        max_batch_bytes: int,
        promised: Promised | None = None,
    ) -> None:
        super().__init__()
        self.name = name
        self.policy = policy
        self.blocking = policy == pb.SLOW_CONSUMER_POLICY_BLOCK
        self.position = start - 1
        """Newest sequence that was handed to the connection, filtered out or reported as a gap."""
        self.progress_at = time.monotonic()
        """When `position` last moved by a message."""
        self.lost = 0
        self.conflated = 0
        """Frames of which nothing was left."""
        self.delivered_records = 0
        self.reported = -1
        """`position` as the client was last told."""
        self.tell_progress = True
        """The next message is due even when it has no frames."""
        self.more = False
        """`next_message` stopped before the end, to let others have their turn."""
        self.sent_away = False
        """It took nothing for too long: nobody waits for it."""
        self.seated = False
        """It reads elsewhere and tells how far it has come."""
        self.memory_slot: int | None = None
        """Where the relay remembers `position` beyond its own life."""
        self.promised = promised
        """What it was told about acknowledging; None: what was handed over counts as received."""
        self.acknowledged = start - 1
        """Newest sequence that it has said to have."""
        self._window = window
        self._shared = shared
        self.selection = selection
        self._next = start
        self._run: Run | None = None
        self._batch = max_batch_bytes
        # What is more than a batch is behind: as much is then looked at for its last values.
        self._most = max_batch_bytes
        if policy == pb.SLOW_CONSUMER_POLICY_CONFLATE:
            self._most = max(max_batch_bytes, _CONFLATE_BYTES)
        self._shedding: Shedding | None = None
        if policy == pb.SLOW_CONSUMER_POLICY_DROP_OLDEST:
            self._shedding = Shedding(window)
        self._records_on_the_way = 0
        self._expired_as = WINDOW_EXPIRED

    @property
    def floor(self) -> int:
        """Newest sequence that it does not need any more, even if its connection breaks now."""
        if self.promised is None or self.acknowledged >= self.reported:
            return self.position
        return min(self.acknowledged, self.position)

    def start_at(self, start: int) -> None:
        """Nothing was handed to it yet: it begins here."""
        self._next = start
        self.position = self.acknowledged = start - 1
        self.progress_at = time.monotonic()

    def acknowledge(self, sequence: int) -> None:
        """It has got everything up to here."""
        sequence = min(sequence, self._next - 1)
        if sequence > self.acknowledged:
            self.acknowledged = sequence
            self.progress_at = time.monotonic()

    @property
    def lag(self) -> int:
        """Frames behind the newest."""
        return self._window.head - self.position

    def next_message(self) -> bytes | None:
        """A serialized `SubscribeResponse`, or None when there is nothing to say.

        Call `sent` once it was handed to the connection.

        Raises:
            ResourceExhausted: the subscriber fell out of the window and asked to be disconnected.
        """
        drained = self._drain()
        # What was filtered out needs no message to be done with.
        if not drained.runs and not drained.gaps:
            self.position = self._next - 1
            if not self.tell_progress or self.reported == self.position:
                self.tell_progress = False
                return None
        head = self._window.head
        self._records_on_the_way = sum(run.record_total for run in drained.runs)
        delivered = self._next - 1
        first = self.promised is not None and self.reported < 0
        if first or not drained.whole or drained.gaps or not drained.runs:
            promised = self.promised if first else None
            return join(
                drained.runs, tail(delivered, head, self._window.epoch, drained.gaps, promised)
            )
        key = (drained.runs[0].first, delivered, head)
        if self._shared.key != key:
            self._shared.response = join(drained.runs, tail(delivered, head, self._window.epoch))
            self._shared.key = key
        return self._shared.response

    def sent(self) -> None:
        """The last message was handed to the connection."""
        self.position = self.reported = self._next - 1
        self.tell_progress = False
        self.progress_at = time.monotonic()
        self.delivered_records += self._records_on_the_way
        self._records_on_the_way = 0

    def told(self, delivered: int, *, lost: int, records: int) -> None:
        """It reads elsewhere, and says how far it has come."""
        if delivered > self.position:
            self._next = delivered + 1
            self.position = self.reported = delivered
            self.progress_at = time.monotonic()
        self.lost = lost
        self.delivered_records = records

    # ------------------------------------------------------------------------------------- draining

    def _drain(self) -> _Drained:
        window = self._window
        drained = _Drained(whole=self.selection.everything)
        scanned = 0
        self.more = False
        shed_until = 0
        if self._shedding is not None:
            self._shedding.look(self._next)
            shed_until = self._shedding.until
        while self._next <= window.head and drained.bytes < self._most:
            if scanned >= _SCAN_BYTES:
                self.more = True
                break
            budget = self._most - drained.bytes
            if self._next < (oldest := window.oldest):
                self._lose(Hole(self._next, oldest - 1, "overrun"), drained)
                self._next = oldest
                continue
            if self._next <= shed_until:
                runs, following = self._shed(budget, drained)
            elif (kept := self._kept()) is not None:
                runs = [self._cut(kept, budget, drained)]
                following = runs[0].last + 1
            else:
                runs, following = self._read(budget, drained)
            self._next = following
            for piece in runs:
                scanned += piece.size
                passed = piece if self.selection.everything else self.selection.apply(piece)
                if passed is not None:
                    drained.runs.append(passed)
                    drained.bytes += passed.size
        self._expired_as = SLOW_CONSUMER
        if self._most > self._batch and drained.bytes > self._batch:
            self._conflate(drained)
        return drained

    def _shed(self, budget: int, drained: _Drained) -> tuple[list[Run], int]:
        """Give up what has no priority before the next frame that has one, and read that."""
        assert self._shedding is not None, "only who drops does it"
        drained.whole = False
        first, count = self._shedding.following(self._next)
        if first > self._next:
            self._lose(Hole(self._next, first - 1, "overrun"), drained)
        if not count:
            return [], first
        runs, _, _ = self._window.read(first, budget)
        run = runs[0].part(0, min(count, runs[0].last - first + 1))
        return [run], run.last + 1

    def _conflate(self, drained: _Drained) -> None:
        left = conflate(drained.runs, spare_urgent=True)
        self.conflated += left.frames
        drained.runs = [left.run] if left.run is not None else []
        drained.gaps += left.gaps
        drained.gaps.sort(key=lambda gap: gap.range.first)
        drained.whole = False

    def _kept(self) -> Run | None:
        """The run in memory that holds the next frame."""
        run = self._run
        if run is not None and self._next > run.last:
            run = run.following
        if run is None or not run.first <= self._next <= run.last:
            run = self._window.kept_after(self._next)
        self._run = run
        return run

    def _cut(self, run: Run, budget: int, drained: _Drained) -> Run:
        """What of the run is wanted now: from the next frame on, whole frames within the budget."""
        start = self._next - run.first
        if start == 0 and run.size <= max(budget, self._most):
            return run
        ends = run.offsets[start:].astype(np.int64) + run.lengths[start:]
        begin = int(ends[0]) - int(run.lengths[start])
        count = int(np.searchsorted(ends, begin + budget, side="right"))
        drained.whole = False
        return run.part(start, start + max(count, 1))

    def _read(self, budget: int, drained: _Drained) -> tuple[list[Run], int]:
        """The next runs out of the ring, and what to read after them; holes become gaps."""
        drained.whole = False
        runs, holes, following = self._window.read(self._next, budget)
        for hole in holes:
            self._lose(hole, drained)
        return runs, following

    def _lose(self, hole: Hole, drained: _Drained) -> None:
        if hole.reason == "overrun":
            reason = self._expired_as
            if reason == SLOW_CONSUMER and self.policy == pb.SLOW_CONSUMER_POLICY_DISCONNECT:
                raise slow_consumer(self.name, hole.first, hole.last)
            self.lost += hole.last - hole.first + 1
        else:
            reason = PRODUCER_DIED if hole.reason == "producer-lost" else hole.reason
        drained.gaps.append(gap_of(hole.first, hole.last, reason))


def gap_of(first: int, last: int, reason: str) -> pb.Gap:
    """Sequences that a subscriber will not get, and why."""
    return pb.Gap(range=pb.SequenceRange(first=first, last=last), reason=reason)


def slow_consumer(name: str, first: int, last: int) -> ResourceExhausted:
    """Why a subscriber is disconnected."""
    return ResourceExhausted(
        f"subscriber {name!r} is too slow: frames {first} to {last} wait for it",
        reason=SLOW_CONSUMER,
        first=first,
        last=last,
    )
