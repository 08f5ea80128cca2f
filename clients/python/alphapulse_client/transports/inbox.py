"""A producer's inbox at a relay of its host: frames are written into memory, not sent.

The relay names the inbox in its greeting; the stream that greeted stays, for signs of life and for
the reason of an end. Frames keep the numbers that they would have on the stream, so that what was
not acknowledged when the relay went is sent again to the next one, whichever way. Its layout is
docs/inbox-layout.md.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import alphapulse_core as core
from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client.errors import FailedPrecondition

if TYPE_CHECKING:
    from alphapulse_client._reports import Reports
    from alphapulse_client._sending import SendQueue

__all__ = ["Inbox", "InboxLink"]

_LOG = logging.getLogger(__name__)

CUSTOM: Final = "types that are registered at run time are the relay's to check"
"""Why frames go over gRPC from the first such one on."""
_FULL_SECONDS: Final = 0.001
"""How often room is looked for where frames wait."""
_IDLE_SECONDS: Final = 0.005
"""How often acknowledgements are looked for that nobody waits for."""
_PATIENCE_SECONDS: Final = 200e-6
"""Longest that an event loop stands still for an acknowledgement."""
_PART: Final = 4
"""Of what is on the way this part is waited for, not for each frame."""

_WRITES: Final = 64
"""Calls that write before others of the event loop are to get their turn."""
_BATCH_BYTES: Final = 1 << 20
_OVERHEAD: Final = 128
"""For what stands before a message and before its first frame."""


class Inbox:
    """One inbox, for as long as the stream that has brought it."""

    def __init__(
        self, offer: pb.InboxAttachment, queue: SendQueue, reports: Reports, base: int
    ) -> None:
        """Open it. `base`: a frame's number on the wire is the queue's plus this.

        Raises:
            FailedPrecondition: it cannot be written from here: no such file, no permission, another
                layout (reason `SHM_UNWRITABLE`).
        """
        if offer.layout_version != core.INBOX_LAYOUT_VERSION:
            raise _unwritable(f"the inbox has layout {offer.layout_version}")
        try:
            self._writer = core.InboxWriter(offer.path, offer.doorbell_path, offer.incarnation)
        except core.RingError as error:
            raise _unwritable(str(error)) from None
        self._queue = queue
        self._reports = reports
        self._base = base
        self._left: tuple[int, list[bytes]] | None = None
        """Taken from the queue and not written yet: wire number of the first, frames."""
        self._counted = 0
        self._last = 0
        """Wire number of the last frame that was written."""
        self.over = ""
        """Why nothing more is written; empty: it is."""

    @property
    def exhausted(self) -> bool:
        """What comes next must go another way, and all that was written is acknowledged."""
        return bool(self.over) and self._queue.done >= self._last

    @property
    def relay_sequence(self) -> int:
        """Sequence in the relay of the last frame that it took; 0: none yet."""
        return self._writer.relay_sequence

    def new_duplicates(self) -> int:
        """Frames that the relay had already, since the last call."""
        before, self._counted = self._counted, self._writer.duplicates
        return self._counted - before

    def write(self) -> None:
        """Write what is queued, as far as there is room."""
        queue, writer = self._queue, self._writer
        if queue.custom:
            self.over = CUSTOM
        while not self.over:
            if self._left is None:
                if not queue:
                    return
                room = writer.room - _OVERHEAD
                if room <= 0:
                    return
                self._left = queue.take(min(room, _BATCH_BYTES))
            first, frames = self._left
            written = writer.write(self._base + first, frames)
            self._last = max(self._last, first + written - 1)
            if written == len(frames):
                self._left = None
                continue
            if written:
                self._left = (first + written, frames[written:])
            elif len(frames[0]) > writer.max_frame:
                self.over = "a frame is larger than the inbox"
            return

    def settle(self) -> bool:
        """Take what the relay says: acknowledged, refused, missed; whether there was news."""
        acknowledged = self._writer.acknowledged  # before the reports: they are complete up to it
        for kind, first, last, offset, reason, message in self._writer.reports():
            if kind == "missed":
                for gap in self._queue.gaps_of(first - self._base, last - self._base):
                    self._reports.missed(gap)
                continue
            rejection = pb.FrameRejection(
                producer_sequence=first, reason=reason, offset=offset, message=message
            )
            self._reports.refused(rejection, self._queue.number_of(first - self._base))
        return self._queue.acknowledge(acknowledged - self._base)

    def wait(self) -> None:
        """Stand still until a part of what is on the way is acknowledged, a moment at most."""
        some = self._queue.done + len(self._queue) // _PART
        self._writer.wait(self._base + some, _PATIENCE_SECONDS)

    def close(self) -> None:
        """Let go of it. Idempotent."""
        self._writer.close()


class InboxLink:
    """What a publisher has to do with inboxes: the one that stands, and the sums over all."""

    def __init__(self, queue: SendQueue, reports: Reports, progress: asyncio.Event) -> None:
        """`progress` is set when the relay has said something."""
        self._queue = queue
        self._reports = reports
        self._progress = progress
        self._inbox: Inbox | None = None
        self._writes = 0
        self.transport = ""
        """`grpc` or `shm`; empty before the first greeting."""
        self.detail = ""
        """Why it is gRPC; empty where there is nothing to say."""
        self.relay_sequence = 0
        """As last heard through an inbox."""
        self.duplicates = 0
        """As heard through inboxes."""

    @property
    def open(self) -> bool:
        """Frames are written into memory."""
        return self._inbox is not None

    def greeted(self, greeting: pb.PublishResponse, base: int) -> None:
        """A stream stands: write into memory from now on where the relay lets us and we can."""
        self.transport, self.detail = "grpc", greeting.detail
        if not greeting.HasField("inbox"):
            return
        if self._queue.custom:
            self.detail = CUSTOM
            return
        try:
            self._inbox = Inbox(greeting.inbox, self._queue, self._reports, base)
        except FailedPrecondition as error:
            self.detail = error.message
            _LOG.info("%s", error.message)
        else:
            self.transport = "shm"

    def close(self) -> None:
        """Hear a last time what was acknowledged. Idempotent."""
        inbox, self._inbox = self._inbox, None
        if inbox is not None:
            self._settle(inbox)
            inbox.close()

    def write(self) -> bool:
        """Write what is queued; whether others of the event loop are due."""
        if self._inbox is None:
            return False
        self._inbox.write()
        self._writes += 1
        return self._writes % _WRITES == 0

    def settled(self) -> bool:
        """Stand still for a moment for the relay's word; whether there was one."""
        if self._inbox is None:
            return False
        self._inbox.wait()
        return self._settle(self._inbox)

    async def serve(self, work: asyncio.Event) -> None:
        """One look after what `publish` has left, and at what the relay says; then a wait.

        `work` is set when there is something new to look after.
        """
        inbox = self._inbox
        if inbox is None:
            return
        inbox.write()
        self._settle(inbox)
        if inbox.exhausted:
            self.close()
            self._queue.broken()  # what does not fit is sent instead
            self.transport, self.detail = "grpc", inbox.over
        elif self._queue:
            await asyncio.sleep(_FULL_SECONDS)
        elif len(self._queue):
            await asyncio.sleep(_IDLE_SECONDS)
        else:
            work.clear()
            await work.wait()

    def _settle(self, inbox: Inbox) -> bool:
        news = inbox.settle()
        self.relay_sequence = max(self.relay_sequence, inbox.relay_sequence)
        self.duplicates += inbox.new_duplicates()
        if news:
            self._progress.set()
        return news


def _unwritable(why: str) -> FailedPrecondition:
    return FailedPrecondition(f"not over shared memory: {why}", reason="SHM_UNWRITABLE")
