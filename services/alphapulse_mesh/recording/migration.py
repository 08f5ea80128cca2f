"""Migrates signals between the fixed arbitrage record and the DeFi signal: recordings, and live.

What becomes of a frame is `alphapulse_client.defi_signals`' part; here are the frames around it,
where they come from and go to, and how an interrupted live migration goes on without loss and
without doubles.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Self

import orjson

import alphapulse_core as core
from alphapulse_client import Frame, Gap
from alphapulse_client.defi_signals import MIGRATES, Loss, add_losses, migrate
from alphapulse_mesh.recording.reader import RecordedGap
from alphapulse_mesh.recording.writer import RecordingWriter
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable, Iterable, Mapping
    from pathlib import Path

    from alphapulse_client import Batch, Publisher
    from alphapulse_layout import MessageType
    from alphapulse_mesh.recording.reader import Recording

__all__ = ["Checkpoint", "Summary", "migrate_live", "migrate_recording"]


@dataclass(slots=True)
class Summary:
    """What a migration has done so far."""

    frames: int = 0
    """Read."""
    migrated: int = 0
    """Of these, of the type that migrates; all else stays as it is."""
    made: int = 0
    """Frames that those became."""
    records: int = 0
    """In them."""
    losses: list[Loss] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    """Of a live feed: what was in them is not migrated."""

    def convert(
        self, frame: Frame, to: MessageType, known: Mapping[str, Any], *, caused: bool
    ) -> list[bytes]:
        """The frames that one becomes, counted."""
        result = migrate(frame, to, caused=caused, **known)
        self.migrated += 1
        self.made += len(result.frames)
        self.records += frame.info.record_count
        if result.losses:
            self.losses = add_losses([*self.losses, *result.losses])
        return result.frames


def migrate_recording(
    recordings: Iterable[Recording],
    into: Path,
    to: MessageType,
    known: Mapping[str, Any],
    *,
    progress: Callable[[int], None] = lambda _: None,
) -> Summary:
    """Write a new recording in which frames of the other type are frames of type `to`.

    Gaps and frames of every other type are taken over byte for byte, sequences and times too. A
    frame that becomes several gives all of them its sequence. A file that could not be finished is
    removed.

    Raises:
        AlreadyExists: `into` exists (reason `FILE_EXISTS`).
        FrameError: a frame is damaged; its sequence is in the values.
    """
    summary = Summary()
    recordings = list(recordings)
    domains = {recording.domain for recording in recordings}
    if len(domains) != 1:
        raise InvalidArgument(
            f"recordings of {', '.join(sorted(domains))}: migrate one domain at a time",
            reason="PARTS_MIXED",
        )
    writer = RecordingWriter(into, domains.pop())
    try:
        for recording in recordings:
            for row in recording:
                if isinstance(row, RecordedGap):
                    last = row.first - 1 if row.last is None else row.last
                    writer.add_gaps([Gap(row.first, last, row.reason)], row.recorded_at)
                else:
                    summary.frames += 1
                    frame = row.frame()
                    made = (
                        [_parsed(data, row.sequence) for data in
                         summary.convert(frame, to, known, caused=False)]
                        if frame.message_type == MIGRATES[to]
                        else [frame]
                    )  # fmt: skip
                    writer.add(made, row.recorded_at)
                    progress(summary.frames)
                if writer.due:
                    writer.flush(sync=False)
        writer.close()
    except BaseException:
        writer.abandon()
        raise
    return summary


def _parsed(data: bytes, sequence: int) -> Frame:
    stamped = bytearray(data)
    core.stamp_sequence(stamped, sequence)
    return Frame.parse(bytes(stamped), checksum=False)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far a live migration has come: what is before it is acknowledged where it goes."""

    producer_id: int
    """Under which the results are published."""
    sequence: int
    """Of the source: the last one that is done."""
    token: bytes = b""
    """The same place as the relay names it; empty before the first batch."""
    published: int = 0
    """Frames that what is done has become: the producer's number of the last."""

    @classmethod
    def load(cls, path: Path) -> Self | None:
        """The one that was saved; None where there is none.

        Raises:
            InvalidArgument: the file holds something else (reason `CHECKPOINT_INVALID`).
        """
        try:
            said = orjson.loads(path.read_bytes())
            return cls(
                int(said["producer_id"]),
                int(said["sequence"]),
                bytes.fromhex(said["token"]),
                int(said["published"]),
            )
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InvalidArgument(
                f"{path} is no checkpoint of a migration: {error}", reason="CHECKPOINT_INVALID"
            ) from None

    def save(self, path: Path) -> None:
        """Replace the file as a whole: a crash leaves the old one or the new one."""
        said = asdict(self) | {"token": self.token.hex()}
        beside = path.with_name(f"{path.name}.new")
        with beside.open("wb") as file:
            file.write(orjson.dumps(said))
            file.flush()
            os.fdatasync(file.fileno())
        beside.replace(path)


async def migrate_live(
    feed: AsyncIterable[Batch],
    publisher: Publisher,
    to: MessageType,
    known: Mapping[str, Any],
    *,
    since: Checkpoint,
    summary: Summary,
    records: int | None = None,
    saved: Callable[[Checkpoint], None] = lambda _: None,
) -> None:
    """Publish what the frames of a feed become, until `records` of them or the feed's end.

    Each result is caused by its frame and has the same bytes whenever it is made, so what was
    published after `since` and before a crash is found by number and not published again. `saved`
    gets a checkpoint after each batch, once the relay has acknowledged it; `summary` is kept up.

    Raises:
        MeshError: the feed or the publisher was refused.
    """
    await publisher.ready(60)
    there = max(publisher.resumed_sequence - since.published, 0)
    published = since.published
    async for batch in feed:
        summary.gaps += batch.gaps
        for frame in batch.frames:
            summary.frames += 1
            made = summary.convert(frame, to, known, caused=True)
            published += len(made)
            skip = min(there, len(made))
            there -= skip
            await publisher.publish(made[skip:])
        await publisher.flush()
        saved(
            Checkpoint(
                publisher.producer_id, batch.delivered_sequence, batch.resume_token, published
            )
        )
        if records is not None and summary.records >= records:
            break
