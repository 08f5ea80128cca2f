"""What a relay must remember beyond its window: producers, blocking subscribers, its counters.

A small mapped file beside the journals. The window alone would forget a producer whose last frame
has left it, and frames that were refused never enter it; then a producer that reconnects after a
crash of the relay would be told a wrong number. And a relay that has just started must know for
whom to hold producers back. Writes go to the page cache, so they outlive the
process (kill -9), and the ordinary reboot that empties shared memory; a power cut may lose the
latest, and then the window's own entries correct what is too old.
"""

from __future__ import annotations

import hashlib
import mmap
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Self

import numpy as np

from alphapulse_mesh.runtime.errors import DataLoss, ResourceExhausted

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from numpy.typing import NDArray

__all__ = ["MAX_PRODUCERS", "ProducerMemory", "RelayMemory", "remembered_as"]

_MAGIC: Final = 0x3159_414C_4552_5041  # "APRELAY1" as little-endian bytes
_HEADER: Final = np.dtype(
    [
        ("magic", "<u8"),
        ("ring", "<u8"),
        ("base", "<u8"),
        ("head", "<u8"),
        ("frames", "<u8"),
        ("epoch", "<u8"),
        ("layout", "<u8"),
        ("reserved", "<u8"),
        ("records_by_type", "<u8", (256,)),
    ]
)
_PRODUCER: Final = np.dtype(
    [
        ("producer_id", "<u8"),
        ("sequence", "<u8"),
        ("seen_ns", "<u8"),
        ("name", "S32"),
        ("incarnation", "<u8"),
    ]
)
_LAYOUT: Final = 1
"""0: a producer's name reached into what is its incarnation now."""
_NAME_BYTES: Final = 56
_SUBSCRIBER: Final = np.dtype([("position", "<u8"), ("name", f"S{_NAME_BYTES}")])
MAX_PRODUCERS: Final = 4096
"""Producers remembered; the one not seen for longest is forgotten first."""
MAX_SUBSCRIBERS: Final = 1024
"""Blocking subscribers remembered; what is beyond is not waited for after a restart."""
_PRODUCERS_AT: Final = _HEADER.itemsize
_HEAD_WORD: Final = 3
_SUBSCRIBERS_AT: Final = _PRODUCERS_AT + MAX_PRODUCERS * _PRODUCER.itemsize
_SIZE: Final = _SUBSCRIBERS_AT + MAX_SUBSCRIBERS * _SUBSCRIBER.itemsize


def remembered_as(name: str) -> str:
    """A subscriber's name as the memory keeps it: two names never share a line.

    What does not fit is its beginning and a digest of all of it; a NUL would end it early.
    """
    encoded = name.encode()
    if len(encoded) <= _NAME_BYTES and "\0" not in name:
        return name
    digest = "#" + hashlib.blake2b(encoded, digest_size=8).hexdigest()
    begins = encoded[: _NAME_BYTES - len(digest)].decode("utf-8", "ignore")
    return begins.replace("\0", "?") + digest


@dataclass(slots=True)
class ProducerMemory:
    """One producer's line of the table."""

    producer_id: int
    sequence: int
    name: str
    slot: int
    incarnation: int


class RelayMemory:
    """The mapped file. Use it from one thread; close it, or use it with `with`."""

    def __init__(self, path: Path) -> None:
        """Open or make the file.

        Raises:
            DataLoss: the file is there and is not a relay's memory.
            ResourceExhausted: the disk has no room for it.
        """
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            size = os.fstat(self._fd).st_size
            if size not in {0, _SIZE}:
                raise self._foreign()
            self._reserve(size)
            mapping = mmap.mmap(self._fd, _SIZE)
        except BaseException:
            os.close(self._fd)
            raise
        self._header: NDArray[np.void] = np.frombuffer(mapping, _HEADER, 1)
        self._table: NDArray[np.void] = np.frombuffer(
            mapping, _PRODUCER, MAX_PRODUCERS, _PRODUCERS_AT
        )
        self._subscribers: NDArray[np.void] = np.frombuffer(
            mapping, _SUBSCRIBER, MAX_SUBSCRIBERS, _SUBSCRIBERS_AT
        )
        self._positions: NDArray[np.uint64] = self._subscribers["position"]
        magic = int(self._header["magic"][0])
        if magic not in {0, _MAGIC}:
            self.close()
            raise self._foreign()
        self._header["magic"] = _MAGIC
        if int(self._header["layout"][0]) < _LAYOUT:
            self._table["incarnation"] = 0
            self._header["layout"] = _LAYOUT
        if not self._header["epoch"][0]:
            self._header["epoch"] = int.from_bytes(os.urandom(8), "little") or 1
        self._records: NDArray[np.uint64] = self._header["records_by_type"][0]
        self._sequences: NDArray[np.uint64] = self._table["sequence"]
        self._seen: NDArray[np.uint64] = self._table["seen_ns"]

    # -------------------------------------------------------------------------------- the sequence

    def base_of(self, ring: int) -> int | None:
        """What is added to a sequence of this ring (by its incarnation) to get the domain's.

        None for a ring that is not the one remembered.
        """
        header = self._header
        return int(header["base"][0]) if int(header["ring"][0]) == ring else None

    def adopt(self, ring: int, base: int) -> None:
        """A ring that was not known before: its counters start anew."""
        header = self._header
        header["frames"] = 0
        self._records[:] = 0
        header["base"] = base
        header["ring"] = ring

    def published(self, head: int, totals: list[tuple[int, int, int]]) -> None:
        """(message type, frames, records) of each type were appended, `head` the last one."""
        header = self._header
        header["head"] = head
        header["frames"] += sum(frames for _, frames, _ in totals)
        for message_type, _, records in totals:
            self._records[message_type] += np.uint64(records)

    @property
    def head(self) -> int:
        """Newest sequence remembered; it outlives the ring."""
        return int(self._header["head"][0])

    @head.setter
    def head(self, sequence: int) -> None:
        self._header["head"] = sequence

    @property
    def epoch(self) -> int:
        """Drawn when the memory was made: tells its sequences from those of any other relay."""
        return int(self._header["epoch"][0])

    def continue_from(self, epoch: int, head: int) -> None:
        """Sequences go on behind `head`, as part of that epoch."""
        self._header["epoch"] = epoch
        self._header["head"] = head

    @property
    def frames(self) -> int:
        """Frames taken since the ring was made."""
        return int(self._header["frames"][0])

    @property
    def records_by_type(self) -> dict[int, int]:
        """Records in them, by message type."""
        records = self._records
        return {int(number): int(records[number]) for number in np.flatnonzero(records)}

    # ------------------------------------------------------------------------------- the producers

    def producers(self) -> list[ProducerMemory]:
        """All that are remembered."""
        table = self._table
        return [
            ProducerMemory(
                int(table["producer_id"][slot]),
                int(table["sequence"][slot]),
                bytes(table["name"][slot]).decode("utf-8", "replace"),
                int(slot),
                int(table["incarnation"][slot]),
            )
            for slot in np.flatnonzero(table["producer_id"])
        ]

    def add_producer(self, producer_id: int, name: str, *, keep: set[int]) -> int:
        """A slot for a new producer, not one of the slots in `keep`.

        Raises:
            ResourceExhausted: every slot belongs to a connected producer.
        """
        table = self._table
        free = np.flatnonzero(table["producer_id"] == 0)
        if len(free):
            slot = int(free[0])
        else:
            by_age = (int(index) for index in np.argsort(self._seen))
            slot = next((index for index in by_age if index not in keep), -1)
            if slot < 0:
                raise ResourceExhausted(
                    f"{MAX_PRODUCERS} producers are connected", reason="TOO_MANY_PRODUCERS"
                )
        table["producer_id"][slot] = 0
        table["sequence"][slot] = 0
        table["incarnation"][slot] = 0
        self._seen[slot] = time.time_ns()
        table["name"][slot] = name.encode()[:32]
        table["producer_id"][slot] = producer_id
        return slot

    def producer_at(self, slot: int, sequence: int) -> None:
        """The producer's newest number that was taken or refused."""
        self._sequences[slot] = sequence
        self._seen[slot] = time.time_ns()

    def incarnation_at(self, slot: int, incarnation: int) -> None:
        """Whose frames the producer's are from now on."""
        self._table["incarnation"][slot] = incarnation

    def producer_seen(self, slot: int) -> None:
        """The producer lives, and somebody else keeps its number."""
        self._seen[slot] = time.time_ns()

    def producer_words(self, slot: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
        """(1,) the word of its newest number, (1,) of whose it is, for a writer beside this one."""
        return self._sequences[slot : slot + 1], self._table["incarnation"][slot : slot + 1]

    @property
    def counters(self) -> NDArray[np.uint64]:
        """Newest sequence, frames, three others, records by message type; for another writer."""
        words: NDArray[np.uint64] = self._header.view(np.uint64)
        return words[_HEAD_WORD:]

    def producer_id_at(self, slot: int) -> int:
        """Who has the slot now; 0 for nobody."""
        return int(self._table["producer_id"][slot])

    # ----------------------------------------------------------------------- blocking subscribers

    def subscribers(self) -> dict[str, int]:
        """Newest sequence handed to each blocking subscriber that is remembered, by name (as
        `remembered_as` has it).
        """
        table = self._subscribers
        return {
            bytes(table["name"][slot]).decode("utf-8", "replace"): int(table["position"][slot])
            for slot in np.flatnonzero(table["name"] != b"")
        }

    def add_subscriber(self, name: str, position: int) -> int | None:
        """The slot of a blocking subscriber, its old one where it has one; None: no room."""
        names = self._subscribers["name"]
        encoded = remembered_as(name).encode()
        slots = np.flatnonzero(names == encoded)
        if not len(slots):
            slots = np.flatnonzero(names == b"")
        if not len(slots):
            return None
        slot = int(slots[0])
        self._positions[slot] = position
        names[slot] = encoded
        return slot

    def subscriber_at(self, slot: int, position: int) -> None:
        """Newest sequence that was handed to the subscriber."""
        self._positions[slot] = position

    def forget_subscriber(self, name: str) -> None:
        """It is not waited for any more."""
        names = self._subscribers["name"]
        names[names == remembered_as(name).encode()] = b""

    # ----------------------------------------------------------------------------------- lifecycle

    def close(self) -> None:
        """Let go of the file, which stays. Idempotent.

        The mapping ends with the last array over it.
        """
        if self._fd < 0:
            return
        for name in [name for name, value in vars(self).items() if isinstance(value, np.ndarray)]:
            delattr(self, name)
        os.close(self._fd)
        self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _reserve(self, size: int) -> None:
        """All of the file: a store into a mapped hole of a full disk would end the process."""
        try:
            os.posix_fallocate(self._fd, 0, _SIZE)
        except OSError as error:
            os.ftruncate(self._fd, size)
            raise ResourceExhausted(
                f"{self.path}: {error.strerror}",
                reason="RELAY_MEMORY_NO_SPACE",
                path=str(self.path),
            ) from None

    def _foreign(self) -> DataLoss:
        return DataLoss(
            f"{self.path}: not a relay's memory; move it away to start without",
            reason="RELAY_MEMORY_INVALID",
            path=str(self.path),
        )
