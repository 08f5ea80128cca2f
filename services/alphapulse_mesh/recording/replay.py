"""Publishes a recording again: every byte of every frame but the relay's sequence, at any speed.

A replay is one producer: its id is made of the recording, the domain and the number of the run, and
its numbers are the places of the frames in the recording. So the relay itself knows how far an
interrupted replay came, and drops what comes twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
import time
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from alphapulse_client import Publisher
    from alphapulse_mesh.recording.reader import RecordedFrame, Recording

__all__ = ["Pace", "Plan", "plan", "play", "producer_id"]

_CHUNK_BYTES: Final = 256 << 10
_MAX_RUNS: Final = 10_000


def producer_id(recordings: Sequence[Recording], domain: str, run: int) -> int:
    """The id of the producer that replays these files into a domain for the `run`-th time."""
    parts = ",".join(f"{r.identity.recording_id}.{r.identity.part}" for r in recordings)
    digest = hashlib.blake2b(f"{parts}>{domain}#{run}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1


@dataclass(frozen=True, slots=True)
class Plan:
    """Which run of the replay it is, and how many frames the relay has of it already."""

    run: int
    producer_id: int
    done: int


def plan(
    recordings: Sequence[Recording], domain: str, total: int, known: Mapping[int, int]
) -> Plan:
    """The first run that is not complete: an interrupted one goes on, a complete one begins anew.

    `known`: the relay's producers and their last numbers.

    Raises:
        InvalidArgument: the files are parts of different recordings, or not in order.
    """
    ids = [recording.identity for recording in recordings]
    if len({one.recording_id for one in ids}) > 1 or any(
        after.part <= before.part for before, after in pairwise(ids)
    ):
        raise InvalidArgument(
            "the files are not the parts of one recording in their order", reason="PARTS_MIXED"
        )
    for run in range(_MAX_RUNS):
        number = producer_id(recordings, domain, run)
        done = known.get(number, 0)
        if done < total or total == 0:
            return Plan(run, number, done)
    raise InvalidArgument(f"replayed {_MAX_RUNS} times already", reason="REPLAYED_OFTEN")


class Pace:
    """Waits between frames as their producers did, `speed` times as fast; `inf`: not at all.

    Raises:
        InvalidArgument: the speed is not above 0.
    """

    def __init__(self, speed: float) -> None:
        if not speed > 0:
            raise InvalidArgument(f"speed {speed} is not above 0", reason="SPEED_INVALID")
        self._speed = speed
        self._first = 0
        self._began = 0.0

    def due_in(self, timestamp: int) -> float:
        """Seconds until a frame of this time (nanoseconds) is due; 0 when it is, or was."""
        if math.isinf(self._speed):
            return 0.0
        now = time.monotonic()
        if not self._began:
            self._first, self._began = timestamp, now
        # frames of several producers may be a little out of order: such a one is due at once
        elapsed = (timestamp - self._first) / 1e9 / self._speed
        return max(0.0, self._began + elapsed - now)


async def play(
    recordings: Iterable[Recording],
    publisher: Publisher,
    *,
    pace: Pace,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Publish what the relay does not have yet; returns the frames sent, all acknowledged.

    `progress` is told the place in the recording, beginning with what was there already.

    Raises:
        MeshError: the relay refused the producer.
        DataLoss: the file is damaged.
    """
    await publisher.ready()
    place, skip = 0, publisher.resumed_sequence
    sent = 0
    chunk: list[bytes] = []
    size = 0

    async def send() -> None:
        nonlocal sent, size
        await publisher.publish(chunk)
        sent += len(chunk)
        chunk.clear()
        size = 0
        progress(place)

    for frame in _after(recordings, skip):
        if place == 0 and skip:
            place = skip
            progress(place)
        wait = pace.due_in(frame.timestamp)
        if chunk and (wait > 0 or size + len(frame.data) > _CHUNK_BYTES):
            await send()
        if wait > 0:
            await asyncio.sleep(wait)
        chunk.append(frame.data)
        size += len(frame.data)
        place += 1
    if chunk:
        await send()
    await publisher.flush()
    return sent


def _after(recordings: Iterable[Recording], skip: int) -> Iterable[RecordedFrame]:
    """The frames behind the first `skip`."""
    for recording in recordings:
        frames, _ = recording.count()
        if frames <= skip:
            skip -= frames
            continue
        for frame in recording.frames():
            if skip:
                skip -= 1
            else:
                yield frame
