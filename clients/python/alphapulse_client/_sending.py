"""What a publisher has still to send or to hear of: by priority before it is sent, then by number.

`publish` numbers frames in its own order. Where frames wait, those of a higher priority are sent
first; a frame gets its number on the wire when it is first sent and keeps it when it is sent again,
or else the relay could not tell what it has already. Sending is `publisher`'s part.
"""

from __future__ import annotations

from collections import deque
from itertools import islice
from typing import Final

import alphapulse_core as core
from alphapulse_client._reports import ProducerGap

__all__ = ["SendQueue", "priority_of"]

_FIRST_CUSTOM: Final = 200
_RESERVE: Final = 8
"""Frames with a priority find room when all of the window is taken but for this part more."""


def priority_of(frame: bytes) -> int:
    """0 to 3, from the frame's flags; 0 for what is no frame, which the relay will say."""
    try:
        return core.inspect_frame(frame).flags >> 2 & 3
    except core.FrameError:
        return 0


class SendQueue:
    """The unacknowledged frames of one publisher."""

    def __init__(self, max_frames: int, max_bytes: int, *, by_priority: bool) -> None:
        """`by_priority` False: everything goes in the order in which it came."""
        self._max_frames = max_frames
        self._max_bytes = max_bytes
        self._by_priority = by_priority
        # (number, frame) each
        self._lanes: tuple[deque[tuple[int, bytes]], ...] = tuple(deque() for _ in range(4))
        """Never sent; by priority, the lowest first."""
        self._again: deque[tuple[int, bytes]] = deque()
        """To be sent again, in the order in which they were sent before."""
        self._inflight: deque[tuple[int, bytes]] = deque()
        """Sent on the stream that stands, in that order."""
        self._bytes = 0
        self._done = 0
        """Frames acknowledged: the wire number of the last one, counted from 1 in this object."""
        self._ahead: set[int] = set()
        """Numbers that are acknowledged while a lower one is not."""
        self.custom = False
        """A frame of a type that is registered at run time has been queued."""
        self.last = 0
        """Number of the last frame that was added."""
        self.acknowledged = 0
        """Everything up to this number is acknowledged."""

    def __len__(self) -> int:
        """Frames that are not acknowledged."""
        return self.last - self._done

    def __bool__(self) -> bool:
        """There is something to send."""
        return bool(self._again) or any(self._lanes)

    # ------------------------------------------------------------------------------------- filling

    def priority(self, frame: bytes) -> int:
        """0 to 3, of a frame to be queued, where that matters here; notes its type too.

        0 for what is no frame, which the relay will say.
        """
        try:
            info = core.inspect_frame(frame)
        except core.FrameError:
            return 0
        self.custom |= info.message_type >= _FIRST_CUSTOM
        return info.flags >> 2 & 3 if self._by_priority else 0

    def full(self, priority: int) -> bool:
        """Whether a frame of this priority must wait for acknowledgements."""
        frames, size = self._max_frames, self._max_bytes
        if priority:
            frames += max(frames // _RESERVE, 1)
            size += size // _RESERVE
        return len(self) >= frames or self._bytes >= size

    def add(self, frame: bytes, priority: int) -> None:
        """Queue one more frame."""
        self.last += 1
        self._lanes[priority].append((self.last, frame))
        self._bytes += len(frame)

    # ------------------------------------------------------------------------------------- sending

    def take(self, most_bytes: int) -> tuple[int, list[bytes]]:
        """The next message: wire number of its first frame, and at least one where there is one."""
        first = self._done + len(self._inflight) + 1
        frames: list[bytes] = []
        size = 0
        for lane in (self._again, *reversed(self._lanes)):
            while lane and (not frames or size + len(lane[0][1]) <= most_bytes):
                item = lane.popleft()
                self._inflight.append(item)
                frames.append(item[1])
                size += len(item[1])
            if lane:
                break
        return first, frames

    def broken(self) -> None:
        """The stream has ended: what was sent on it is to be sent again."""
        self._again.extendleft(reversed(self._inflight))
        self._inflight.clear()

    # ---------------------------------------------------------------------------------- hearing of

    def acknowledge(self, wire: int) -> bool:
        """Everything up to this wire number is done with; whether that is news."""
        sent = self._done + len(self._inflight) + len(self._again)
        count = min(wire, sent) - self._done
        for _ in range(count):
            # after a reconnect the relay may acknowledge what waits to be sent again
            number, frame = self._inflight.popleft() if self._inflight else self._again.popleft()
            self._bytes -= len(frame)
            if number == self.acknowledged + 1:
                self.acknowledged = number
            else:
                self._ahead.add(number)
            while self._ahead and self.acknowledged + 1 in self._ahead:
                self.acknowledged += 1
                self._ahead.remove(self.acknowledged)
        self._done += max(count, 0)
        return count > 0

    @property
    def done(self) -> int:
        """Wire number of the last acknowledged frame, counted from 1 in this object."""
        return self._done

    def number_of(self, wire: int) -> int:
        """What `add` gave the frame that has this wire number; the same where it is not known."""
        at = wire - self._done - 1
        if 0 <= at < len(self._inflight):
            return self._inflight[at][0]
        return wire

    def gaps_of(self, first: int, last: int) -> list[ProducerGap]:
        """A range of wire numbers as ranges of frames."""
        at = first - self._done - 1
        if not 0 <= at <= last - self._done - 1 < len(self._inflight):
            return [ProducerGap(first, last)]
        numbers = sorted(number for number, _ in islice(self._inflight, at, at + last - first + 1))
        gaps: list[ProducerGap] = []
        start = previous = numbers[0]
        for number in numbers[1:]:
            if number != previous + 1:
                gaps.append(ProducerGap(start, previous))
                start = number
            previous = number
        return [*gaps, ProducerGap(start, previous)]
