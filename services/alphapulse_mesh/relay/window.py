"""The window of a relay: the frames that one can start from, in a ring that outlives the process.

The ring file holds everything; the latest runs are also kept in memory, encoded as subscribers get
them, so that what is sent to a hundred subscribers is encoded once. Who may publish and who waits
for whom is `hub`'s part.
"""

from __future__ import annotations

import logging
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np

import alphapulse_core as core
from alphapulse_client.transports.base import HOLE_REASONS, HOLE_TYPE
from alphapulse_mesh.relay.gate import Gate
from alphapulse_mesh.relay.runs import Run, join
from alphapulse_mesh.relay.wire import encode_run
from alphapulse_mesh.runtime.errors import DataLoss, ResourceExhausted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from alphapulse_mesh.relay.memory import RelayMemory

__all__ = ["PREFIX", "PRIORITY_BITS", "Hole", "OtherWriter", "Run", "Window", "join"]

_log = logging.getLogger(__name__)

PREFIX: Final = np.dtype(
    [
        ("producer_id", "<u8"),
        ("producer_sequence", "<u8"),
        ("received_ns", "<u8"),
        ("message_type", "u1"),
        ("flags", "u1"),
        ("trace_flags", "u1"),
        ("reserved", "u1"),
        ("record_count", "<u4"),
    ]
)
"""What stands before each frame in its ring entry, as the core writes it; 32 bytes."""

RUN_BYTES: Final = 1 << 20
"""Frames are kept and sent in runs of about this size."""
_CACHE_PART: Final = 4  # of the ring's size may be kept in memory too
_READ_ENTRIES: Final = 4096
_TYPE_AT: Final = 24
_HOLES_BYTES: Final = 256 << 10
"""Of entries that stand for holes, read at once."""
_LOOK_BYTES: Final = 64 << 20
_FLAGS_AT: Final = 25
PRIORITY_BITS: Final = np.uint8(0b1100)
"""Of a frame's flags: 0 normal .. 3 highest."""


class OtherWriter(Protocol):
    """Who publishes into the ring beside the window, on a thread of its own."""

    def collect(self) -> None:
        """Tell the window what has been published. Cheap where nothing has."""
        ...

    def pause(self) -> None:
        """Publish nothing until `resume`; what was published before is told."""
        ...

    def resume(self) -> None:
        """Publish again."""
        ...


class Hole(NamedTuple):
    """Sequences that the window does not have."""

    first: int
    last: int
    reason: str
    """`overrun`: it has left the window; `producer-lost`: claimed by a process that died; else what
    a leaf relay's upstream said."""


class Window:
    """The ring of one relay and the latest runs. Used by one thread."""

    def __init__(
        self, path: Path, *, ring_bytes: int, max_frames: int, memory: RelayMemory
    ) -> None:
        """Open the ring at `path`, with all that an earlier process of the relay left in it.

        Raises:
            ResourceExhausted: the ring cannot be made (no shared memory left).
            DataLoss: a file is there that is not a ring of this layout.
        """
        try:
            self.ring = core.Ring.open_or_create(str(path), ring_bytes, producers="single")
        except core.RingLayoutError as error:
            raise DataLoss(f"{path}: {error}", reason=error.reason, path=str(path)) from None
        except core.RingSystemError as error:
            raise ResourceExhausted(
                f"{path}: {error}", reason="RING_NO_MEMORY", path=str(path)
            ) from None
        self._memory = memory
        self.epoch = memory.epoch
        """Of the sequences: what a resume token is checked against."""
        self.max_frames = max_frames
        """Frames that one can start from; what is before them is no more in the window."""
        # One reader for everybody who is far behind: it is set to where it is wanted, and never
        # holds the producer back.
        self._reader = self.ring.reader("relay-window", start="oldest")
        # where somebody blocked, who may come back, the gate is where the last process had it
        self._gate = Gate(self.ring, left_behind=bool(memory.subscribers()))
        self._base = self._find_base()
        self._head = self.ring.next_sequence - 1 + self._base
        self._others: OtherWriter | None = None
        memory.head = self._head
        self._oldest_run: Run | None = None
        self._newest_run: Run | None = None
        self._cached = 0
        self._cache_limit = max(ring_bytes // _CACHE_PART, 2 * RUN_BYTES)
        self.max_frame = self.ring.max_entry - PREFIX.itemsize
        """Largest frame in bytes that fits an entry."""
        self.max_run = min(2 * RUN_BYTES, self.ring.max_batch)
        """Most bytes of the ring for the frames of one `append`, unless it is a single frame."""

    def _find_base(self) -> int:
        base = self._memory.base_of(self.ring.incarnation)
        if base is not None:
            return base
        base = self._memory.head + 1
        self._reader.seek(self.ring.oldest_sequence)
        batch = self._reader.poll_bytes(1)
        if len(batch):
            # The memory is gone, the ring is not: frames tell their own sequence.
            at = int(batch.offsets[0]) + PREFIX.itemsize
            frame = memoryview(batch.data)[at : int(batch.offsets[0]) + int(batch.lengths[0])]
            base = core.inspect_frame(frame).sequence - int(batch.sequences[0])
        self._memory.adopt(self.ring.incarnation, base)
        return base

    @property
    def base(self) -> int:
        """Sequence in the domain = sequence in the ring + base."""
        return self._base

    @property
    def head(self) -> int:
        """Newest sequence; what a crash left half written counts, and is reported as a hole."""
        if self._others is not None:
            self._others.collect()
        return self._head

    def share(self, others: OtherWriter) -> None:
        """Somebody else publishes into the ring too, from now on."""
        self._others = others

    def published(self, head: int, *, keep: bool) -> None:
        """Somebody else has published up to `head`; `keep`: encode it for subscribers now."""
        sequence, self._head = self._head + 1, max(head, self._head)
        while keep and sequence <= head:
            runs, holes, following = self.read(sequence, RUN_BYTES)
            if holes or not runs:
                break
            for run in runs:
                self._keep(run)
            sequence = following
        if sequence <= head:  # what is kept has no holes: the rest is read from the ring
            self._oldest_run = self._newest_run = None
            self._cached = 0

    @property
    def oldest(self) -> int:
        """Oldest sequence that can be read; `head + 1` when there is none."""
        return max(self.ring.oldest_sequence + self._base, self.head - self.max_frames + 1)

    @property
    def full(self) -> bool:
        """Frames leave it as others come."""
        return self.ring.oldest_sequence > 0 or self.head - self.oldest + 1 >= self.max_frames

    # ------------------------------------------------------------------------------------ appending

    def append(
        self, block: core.MessageBlock, *, producer_id: int, numbers: int | list[int]
    ) -> Run | None:
        """Append the frames of a message, stamped with the next sequences, as one claim.

        `numbers`: the producer's number of the first frame, or of each. Returns None when there is
        no room before the gate (nothing was appended).
        """
        others = self._others
        if others is None:
            return self._append(block, producer_id, numbers)
        others.pause()
        try:
            return self._append(block, producer_id, numbers)
        finally:
            others.resume()

    def _append(
        self, block: core.MessageBlock, producer_id: int, numbers: int | list[int]
    ) -> Run | None:
        first = self.head + 1
        appended = self.ring.try_publish_message(
            block, first, producer_id=producer_id, numbers=numbers, received_ns=time.time_ns()
        )
        if appended is None:
            return None
        self._head = appended[1] + self._base
        if appended[0] + self._base != first:
            raise DataLoss(
                f"the ring gave sequence {appended[0] + self._base}, not {first}: another process"
                " writes to it",
                reason="RING_FOREIGN_WRITER",
            )
        kept = Run(first, block)
        self._memory.published(self._head, block.totals())
        self._keep(kept)
        return kept

    def skip(self, count: int, reason: str, *, producer_id: int) -> bool:
        """Let the next `count` sequences be holes, at most `max_run` / 128; False: no room."""
        prefixes = np.zeros(count, PREFIX)
        prefixes["producer_id"] = producer_id
        prefixes["producer_sequence"] = np.arange(self.head + 1, self.head + 1 + count)
        prefixes["received_ns"] = time.time_ns()
        prefixes["message_type"] = HOLE_TYPE
        prefixes["record_count"] = HOLE_REASONS.index(reason)
        if self.ring.try_publish_batch([b""] * count, prefixes=prefixes.tobytes()) is None:
            return False
        self._head += count
        self._memory.published(self.head, [])
        return True

    def _keep(self, run: Run) -> None:
        if self._newest_run is not None:
            self._newest_run.following = run
        else:
            self._oldest_run = run
        self._newest_run = run
        self._cached += run.size
        while self._cached > self._cache_limit and self._oldest_run is not run:
            gone = self._oldest_run
            assert gone is not None, "there are runs, for their bytes are counted"
            self._oldest_run = gone.following
            # A subscriber may still hold it: it must not keep the whole chain behind it alive.
            gone.following = None
            gone.expired = True
            self._cached -= gone.size

    # -------------------------------------------------------------------------------------- reading

    def kept_after(self, sequence: int) -> Run | None:
        """The run in memory that holds `sequence`, None when it must be read from the ring."""
        run = self._oldest_run
        if run is None or sequence < run.first:
            return None
        while run is not None and run.last < sequence:
            run = run.following
        if run is not None and sequence < run.first:
            return None  # a hole before it
        return run

    def read(self, sequence: int, max_bytes: int) -> tuple[list[Run], list[Hole], int]:
        """Frames from `sequence` on out of the ring: runs, holes, and the next sequence to read.

        At least one frame when there is one, else up to `max_bytes`; all in one run where no hole
        parts them.
        """
        self._reader.seek(max(sequence - self._base, 0))
        # Views into the ring, where this thread alone writes to it, and not before they are copied.
        most = min(_READ_ENTRIES, max(self._head - sequence + 1, 1))
        copy = self._others is not None
        entries = self._reader.poll(most, max_bytes + max_bytes // 4, copy=copy)
        only_holes = len(entries) > 0 and bool((_holes_at(entries) >= 0).all())
        if only_holes:
            # holes cost their reader nothing: they are told together, however small its batches
            self._reader.seek(max(sequence - self._base, 0))
            entries = self._reader.poll(most, _HOLES_BYTES + max_bytes, copy=copy)
        holes = [
            Hole(
                max(gap.first + self._base, sequence),
                gap.last + self._base,
                "overrun" if gap.reason == "overrun" else "producer-lost",
            )
            for gap in entries.gaps
        ]
        following = sequence
        if holes:
            following = holes[-1].last + 1
        runs: list[Run] = []
        if len(entries):
            sequences = entries.sequences.astype(np.int64) + self._base
            following = max(following, int(sequences[-1]) + 1)
            # dense except at holes
            told = _holes_at(entries)
            breaks = np.flatnonzero((np.diff(sequences) != 1) | (np.diff(told) != 0)) + 1
            bounds = [0, *breaks.tolist(), len(sequences)]
            for start, stop in pairwise(bounds):
                if told[start] < 0 and only_holes:
                    following = int(sequences[start])
                    break
                if told[start] < 0:
                    runs.append(self._run(entries, sequences, start, stop))
                    continue
                reason = HOLE_REASONS[min(int(told[start]), len(HOLE_REASONS) - 1)]
                holes.append(Hole(int(sequences[start]), int(sequences[stop - 1]), reason))
            holes.sort()
        return runs, holes, following

    @staticmethod
    def _run(entries: core.Batch, sequences: NDArray[np.int64], start: int, stop: int) -> Run:
        data = memoryview(entries.block)  # type: ignore[arg-type]  # an array is a buffer
        offsets = entries.offsets[start:stop].tolist()
        lengths = entries.lengths[start:stop].tolist()
        prefixes = _prefixes_at(entries.block, entries.offsets[start:stop])
        run = encode_run(
            data[at + PREFIX.itemsize : at + size]
            for at, size in zip(offsets, lengths, strict=True)
        )
        return Run(int(sequences[start]), run, prefixes["message_type"], prefixes["record_count"])

    def scan(self) -> Iterator[NDArray[np.void]]:
        """The prefixes of all entries of the window, in order, some thousands at a time."""
        self._reader.seek(self.ring.oldest_sequence)
        while True:
            packed = self._reader.poll_bytes(_READ_ENTRIES, 4 << 20)
            if not packed:
                return
            if len(packed):
                yield prefixes_of(packed, 0, len(packed))

    def urgent(self, first: int, last: int) -> NDArray[np.int64]:
        """(n,) sequences in `first..=last` of frames with a priority; only their flags are read."""
        self._reader.seek(max(first - self._base, 0))
        found: list[NDArray[np.int64]] = []
        while first <= last:
            entries = self._reader.poll(_READ_ENTRIES, _LOOK_BYTES, copy=False)
            if entries.gaps:
                first = entries.gaps[-1].last + self._base + 1
            if len(entries):
                flags = entries.block[entries.offsets.astype(np.int64) + _FLAGS_AT]
                sequences = entries.sequences.astype(np.int64) + self._base
                found.append(sequences[(flags & PRIORITY_BITS != 0) & (sequences <= last)])
                first = max(first, int(sequences[-1]) + 1)
            elif not entries.gaps:
                break
        return np.concatenate(found) if found else np.empty(0, np.int64)

    def first_received_at(self, time_ns: int) -> int:
        """Sequence of the first frame that the relay got at `time_ns` or later; else head + 1."""
        low, high = self.oldest, self.head + 1
        while low < high:
            middle = (low + high) // 2
            received = self._received_at(middle)
            if received is None or received[1] >= time_ns:
                high = middle
            else:
                low = received[0] + 1
        return low

    def _received_at(self, sequence: int) -> tuple[int, int] | None:
        """(sequence, time) of the first entry at or after `sequence`; None when there is none."""
        self._reader.seek(sequence - self._base)
        packed = self._reader.poll_bytes(1)
        if not len(packed):
            return None
        prefix = prefixes_of(packed, 0, 1)
        return int(packed.sequences[0]) + self._base, int(prefix["received_ns"][0])

    # ------------------------------------------------------------------------------- back-pressure

    def gate_at(self, sequence: int | None) -> None:
        """Keep what is in the window from `sequence` on from being overwritten; None: nothing.

        Raises:
            ResourceExhausted: other readers have every slot of the ring (`RING_READERS_FULL`).
        """
        self._gate.at(None if sequence is None else sequence - self._base)

    def close(self) -> None:
        """Detach; the ring stays for the next process of the relay."""
        self._gate.close()
        self._reader.close()
        self.ring.close()


def prefixes_of(packed: core.Packed, start: int, stop: int) -> NDArray[np.void]:
    """(n,) PREFIX of the entries `start:stop` of a poll."""
    return _prefixes_at(np.frombuffer(packed.data, np.uint8), packed.offsets[start:stop])


def _holes_at(entries: core.Batch) -> NDArray[np.int64]:
    """(n,) number of the reason where an entry stands for a hole, -1 where it is a frame."""
    hole = entries.block[entries.offsets.astype(np.int64) + _TYPE_AT] == HOLE_TYPE
    told = np.full(len(hole), -1, np.int64)
    if hole.any():
        told[hole] = _prefixes_at(entries.block, entries.offsets[hole])["record_count"]
    return told


def _prefixes_at(data: NDArray[np.uint8], offsets: NDArray[np.uint64]) -> NDArray[np.void]:
    at = offsets.astype(np.int64)[:, None] + np.arange(PREFIX.itemsize)
    gathered: NDArray[np.void] = data[at].view(PREFIX).reshape(-1)
    return gathered
