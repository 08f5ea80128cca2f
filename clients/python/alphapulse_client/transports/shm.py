"""A feed out of the relay's shared-memory ring: no copy through a socket, no work for the relay.

The relay hands out the ring's path with a seat; the file's permissions say who may open it. Frames
are copied out of the ring and then checked to have been whole, so that nothing the producer
overwrites meanwhile is ever handed out. The ring's layout is docs/ring-layout.md.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import numpy as np

import alphapulse_core as core
from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_client._tokens import make_token
from alphapulse_client.errors import FailedPrecondition, ResourceExhausted, Unavailable
from alphapulse_client.transports.base import HOLE_REASONS, HOLE_TYPE, Delivery, Gap
from alphapulse_client.transports.selection import FrameSelection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alphapulse_client.transports.seat import Seat

__all__ = ["LAYOUT_VERSION", "PREFIX_BYTES", "ShmSource", "boot_id"]

LAYOUT_VERSION: Final = 1
"""Of a relay's ring and of the 32 bytes before each frame; another one is read over gRPC."""
PREFIX_BYTES: Final = 32
"""Before each frame: producer id u64, its number u64, time of receipt u64, type u8, flags u8, trace
flags u8, reserved u8, records u32."""
_TYPE_AT: Final = 24
_FLAGS_AT: Final = 25
_PRIORITY_BITS: Final = np.uint8(0b1100)
_RECORDS_AT: Final = 28
_BATCH_BYTES: Final = 256 << 10
_MOST_BATCH_BYTES: Final = 4 << 20
"""Whatever is asked for: as the relay's own messages."""
_BATCH_ENTRIES: Final = 65536
_SHED_BYTES: Final = 4 << 20
"""As much is looked at together for what has a priority."""
_SPIN_SLICE_SECONDS: Final = 200e-6
"""Longest that the event loop stands still while spinning."""
_LONGEST_WAIT_SECONDS: Final = 0.25


def boot_id() -> str:
    """What tells this host from every other; empty where there is no such thing."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


class ShmSource:
    """A reader of the ring behind a seat."""

    transport = "shm"

    def __init__(self, seat: Seat, answer: pb.AttachResponse, request: pb.SubscribeRequest) -> None:
        """Open the ring that the relay has named.

        Raises:
            FailedPrecondition: it cannot be read from here: no such file, no permission, another
                layout or another ring (reason `SHM_UNREADABLE`); gRPC it must be.
        """
        offer = answer.ring
        self._seat = seat
        seat.report_bytes = offer.report_bytes
        seat.report_frames = offer.report_frames
        self._selection = FrameSelection(request)
        self._disconnect = request.slow_consumer_policy == pb.SLOW_CONSUMER_POLICY_DISCONNECT
        self._sheds = request.slow_consumer_policy == pb.SLOW_CONSUMER_POLICY_DROP_OLDEST
        self._margin: int | None = None
        self._shed_until = 0
        self._name = request.subscriber_name
        self._batch_bytes = min(request.max_batch_bytes or _BATCH_BYTES, _MOST_BATCH_BYTES)
        self._base = offer.base
        self._spin = offer.spin_microseconds * 1e-6
        self._position = answer.start_sequence - 1
        self._expired: Gap | None = None
        if answer.oldest_sequence > answer.start_sequence:
            self._expired = Gap(answer.start_sequence, answer.oldest_sequence - 1, "WINDOW_EXPIRED")
        self._answered = False
        self._head = answer.head_sequence
        self._lost = self._records = self._bytes = 0
        self._epoch = answer.epoch
        self._closed = False
        self._watched: int | None = None
        self._ending: asyncio.Task[Literal[True]] | None = None
        self._waiting: asyncio.Future[None] | None = None
        self._reader = self._open(offer, max(answer.start_sequence, answer.oldest_sequence))

    def _open(self, offer: pb.RingAttachment, start: int) -> core.RingReader:
        if offer.layout_version != LAYOUT_VERSION:
            raise _unreadable(f"{offer.path} has layout {offer.layout_version}")
        try:
            ring = core.Ring.attach(offer.path)
        except core.RingError as error:
            raise _unreadable(f"{offer.path}: {error}") from None
        if ring.incarnation != offer.incarnation:
            ring.close()
            raise _unreadable(f"{offer.path} is another ring than the relay's")
        self._ring = ring
        # spinning readers give way at once to whoever wants the processor they wait for
        wait = "yield" if self._spin else "block"
        try:
            return ring.reader(start=start - self._base, wait=wait)  # type: ignore[arg-type]  # of two literals
        except core.RingError as error:  # every reader's slot is taken
            ring.close()
            raise _unreadable(f"{offer.path}: {error}") from None

    # ------------------------------------------------------------------------------------- reading

    async def receive(self) -> Delivery:
        """See `FeedSource`."""
        self._tell(idle=False)
        if not self._answered:  # what the first answer of the relay over gRPC is: the position
            self._answered = True
            gaps = []
            if self._expired is not None:
                gaps.append(self._expired)
                self._position = self._expired.last
                self._lost += self._expired.count
            return self._delivery([], gaps)
        while True:
            self._check()
            delivery = self._poll()
            if delivery is None:
                self._tell(idle=True)
                delivery = await self._wait()
            if delivery is not None:
                return delivery

    def _check(self) -> None:
        if self._closed:
            raise Unavailable("the subscription was closed", reason="SUBSCRIPTION_CLOSED")
        if self._seat.failure is not None:
            raise self._seat.failure

    def _poll(self, timeout: float = 0.0) -> Delivery | None:
        shed = self._sheds and self._in_danger()
        most = _SHED_BYTES if shed else self._batch_bytes
        try:
            batch = self._reader.poll(_BATCH_ENTRIES, most, timeout=timeout)
        except core.RingError as error:
            raise Unavailable(
                f"the ring cannot be read on: {error}", reason="SHM_READER_LOST"
            ) from None
        return self._take(batch, shed=shed) if batch else None

    def _in_danger(self) -> bool:
        """Whether the ring runs over this reader: then what has a priority comes first, as it does
        in the relay for those over gRPC.
        """
        ring, following = self._ring, self._reader.sequence
        oldest, end = ring.oldest_sequence, ring.next_sequence
        margin, before = following - oldest, self._margin
        self._margin = margin
        if following < self._shed_until:
            return True
        if not oldest or before is None or margin >= before or margin >= (end - oldest) // 4:
            return False
        self._shed_until = oldest + (end - oldest) // 2
        return True

    async def _wait(self) -> Delivery | None:
        """Spin as long as the relay's configuration says, then sleep until there is something."""
        if self._spin:
            until = time.monotonic() + self._spin
            while time.monotonic() < until:
                delivery = self._poll(_SPIN_SLICE_SECONDS)
                if delivery is not None:
                    return delivery
                await asyncio.sleep(0)
                self._check()
        if not self._reader.arm():
            return self._poll()
        loop = asyncio.get_running_loop()
        if self._watched is None:  # for good: to register for each wait costs more than it does
            self._watched = self._reader.fileno()
            loop.add_reader(self._watched, self._rung)
            self._ending = asyncio.create_task(self._seat.ended.wait(), name="seat-ended")
            self._ending.add_done_callback(self._wake)
        self._waiting = loop.create_future()
        # now and then, so that the seat hears of the last frames too
        timer = loop.call_later(_LONGEST_WAIT_SECONDS, self._wake)
        try:
            await self._waiting
        finally:
            timer.cancel()
            self._waiting = None
        return None

    def _rung(self) -> None:
        self._reader.clear()
        self._wake()

    def _wake(self, _: object = None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _unwatch(self) -> None:
        """Before the reader is closed: its descriptor may soon be somebody else's."""
        if self._watched is not None:
            asyncio.get_running_loop().remove_reader(self._watched)
            self._watched = None
        if self._ending is not None:
            self._ending.cancel()
        self._wake()

    def _take(self, batch: core.Batch, *, shed: bool) -> Delivery:
        """Gaps and frames of one poll, numbered as the domain does.

        `shed`: where there are frames with a priority, only those.
        """
        base = self._base
        gaps: list[Gap] = []
        position = self._position
        for hole in batch.gaps:
            first, last = max(hole.first + base, position + 1), hole.last + base
            if hole.reason != "overrun":
                gaps.append(Gap(first, last, "PRODUCER_DIED"))
                continue
            if self._disconnect:
                raise ResourceExhausted(
                    f"subscriber {self._name!r} is too slow: frames {first} to {last} wait for it",
                    reason="SLOW_CONSUMER",
                    first=str(first),
                    last=str(last),
                )
            gaps.append(Gap(first, last, "SLOW_CONSUMER"))
            self._lost += last - first + 1
        if gaps:
            position = max(position, gaps[-1].last)
        frames: Sequence[memoryview] = ()
        if len(batch) and not shed and self._selection.everything and not gaps:
            # in one call of the core: a frame that is waited for is here some microseconds sooner
            frames, last, records = batch.relayed()
            if all(frames):  # an entry without a frame is a hole
                position = max(position, last + base)
                self._bytes += sum(map(len, frames))
                self._records += records
                return self._advanced(position, frames, gaps)
        if len(batch):
            block, offsets, lengths = batch.block, batch.offsets, batch.lengths
            position = max(position, int(batch.sequences[-1]) + base)
            self._bytes += len(block)
            if (
                shed
                and (urgent := block[offsets.astype(np.int64) + _FLAGS_AT] & _PRIORITY_BITS).any()
            ):
                kept = urgent != 0
                for first, last in _ranges(batch.sequences[~kept].astype(np.int64) + base):
                    gaps.append(Gap(first, last, "SLOW_CONSUMER"))
                    self._lost += last - first + 1
                gaps.sort(key=lambda gap: gap.first)
                offsets, lengths = offsets[kept], lengths[kept]
            types = block[offsets.astype(np.int64) + _TYPE_AT]
            if not types.all():  # a leaf relay's ring: what its upstream did not have
                hole = types == HOLE_TYPE
                gaps += _holes(block, offsets[hole], batch.sequences[hole].astype(np.int64) + base)
                gaps.sort(key=lambda gap: gap.first)
                offsets, lengths, types = offsets[~hole], lengths[~hole], types[~hole]
            self._records += _records(block, offsets)
            offsets, lengths = offsets + np.uint64(PREFIX_BYTES), lengths - np.uint32(PREFIX_BYTES)
            frames = self._selection.apply(block, offsets, lengths, types)
        return self._advanced(position, frames, gaps)

    def _advanced(self, position: int, frames: Sequence[memoryview], gaps: list[Gap]) -> Delivery:
        self._position = position
        self._head = max(position, self._ring.next_sequence - 1 + self._base)
        return self._delivery(frames, gaps)

    def _delivery(self, frames: Sequence[memoryview], gaps: list[Gap]) -> Delivery:
        token = make_token(self._epoch, self._position)
        return Delivery(frames, gaps, self._position, self._head, resume_token=token)

    def _tell(self, *, idle: bool) -> None:
        self._seat.delivered(
            self._position,
            total_bytes=self._bytes,
            lost=self._lost,
            records=self._records,
            idle=idle,
        )

    # ----------------------------------------------------------------------------------- lifecycle

    def cancel(self) -> None:
        """See `FeedSource`."""
        if self._closed:
            return
        self._closed = True
        self._unwatch()
        self._seat.cancel()
        self._seat.ended.set()
        self._reader.close()
        self._ring.close()

    async def wait_closed(self) -> None:
        """See `FeedSource`."""


def _ranges(sequences: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Ascending sequences as closed ranges."""
    if not len(sequences):
        return []
    breaks = np.flatnonzero(np.diff(sequences) != 1) + 1
    return [(int(part[0]), int(part[-1])) for part in np.split(sequences, breaks)]


def _holes(
    block: NDArray[np.uint8], offsets: NDArray[np.uint64], sequences: NDArray[np.int64]
) -> list[Gap]:
    """The gaps that entries at these offsets stand for."""
    numbers = _counts(block, offsets)
    gaps: list[Gap] = []
    for number in np.unique(numbers).tolist():
        reason = HOLE_REASONS[min(number, len(HOLE_REASONS) - 1)]
        gaps += [Gap(*one, reason) for one in _ranges(sequences[numbers == number])]
    return gaps


def _records(block: NDArray[np.uint8], offsets: NDArray[np.uint64]) -> int:
    return int(_counts(block, offsets).sum())


def _counts(block: NDArray[np.uint8], offsets: NDArray[np.uint64]) -> NDArray[np.uint32]:
    at = offsets.astype(np.int64)[:, None] + np.arange(_RECORDS_AT, _RECORDS_AT + 4)
    counts: NDArray[np.uint32] = block[at].view("<u4").reshape(-1)
    return counts


def _unreadable(why: str) -> FailedPrecondition:
    return FailedPrecondition(f"not over shared memory: {why}", reason="SHM_UNREADABLE")
