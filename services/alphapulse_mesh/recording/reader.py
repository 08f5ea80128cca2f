"""Reads a recording, also one whose recorder was killed: then up to the last whole batch."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from alphapulse_client import Frame
from alphapulse_mesh.recording.layout import Identity, part_path
from alphapulse_mesh.runtime.errors import DataLoss, InvalidArgument, MeshError, NotFound

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence
    from pathlib import Path

__all__ = [
    "RecordedFrame",
    "RecordedGap",
    "Recording",
    "last_sequence",
    "parts_of",
    "repair",
]

_STREAM_AT: Final = 8
"""An Arrow file is its magic, padded to so many bytes, and then a stream."""


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """One frame of a recording."""

    sequence: int
    recorded_at: int
    """Nanoseconds."""
    timestamp: int
    """When its producer made it, nanoseconds."""
    message_type: int
    record_count: int
    data: bytes

    def frame(self) -> Frame:
        """The same, checked. Raises FrameError."""
        return Frame.parse(self.data)


@dataclass(frozen=True, slots=True)
class RecordedGap:
    """Sequences `first..=last` that the recorder did not get; `last` None where nobody knows."""

    first: int
    last: int | None
    reason: str
    recorded_at: int


class Recording:
    """One file of a recording.

    Raises:
        NotFound: there is no such file (reason `FILE_NOT_FOUND`).
        InvalidArgument: it cannot be read.
        DataLoss: it is not a recording, or one of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with contextlib.closing(self._open(["sequence"])) as batches:
            self.identity = Identity.of(next(batches), path)
        self._counted: tuple[int, int] | None = None
        self.complete = self._has_footer()
        """Its recorder ended it; otherwise what was not flushed is missing."""

    @property
    def domain(self) -> str:
        """The relay domain that was recorded."""
        return self.identity.domain

    def count(self) -> tuple[int, int]:
        """(frames, records) in the file; reads one column of it the first time."""
        if self._counted is None:
            frames = records = 0
            for batch in self.batches(["record_count"]):
                column = batch.column("record_count")
                frames += len(column) - column.null_count
                records += sum(column.drop_null().to_pylist())
            self._counted = frames, records
        return self._counted

    def batches(self, columns: Sequence[str] | None = None) -> Iterator[Any]:
        """Its record batches one by one, all columns or some (`layout.SCHEMA`)."""
        with contextlib.closing(self._open(columns)) as batches:
            next(batches)
            yield from batches

    def __iter__(self) -> Iterator[RecordedFrame | RecordedGap]:
        """Frames and gaps in the order in which they came; a batch at a time is in memory."""
        for batch in self.batches():
            rows = {
                name: batch.column(name).to_pylist()
                for name in ("sequence", "gap_last", "gap_reason", "message_type", "record_count")
            }
            recorded = _nanoseconds(batch, "recorded_at")
            made = _nanoseconds(batch, "timestamp")
            data = batch.column("frame").to_pylist()
            for index, sequence in enumerate(rows["sequence"]):
                if data[index] is None:
                    yield RecordedGap(
                        sequence, rows["gap_last"][index], rows["gap_reason"][index],
                        recorded[index],
                    )  # fmt: skip
                else:
                    yield RecordedFrame(
                        sequence, recorded[index], made[index], rows["message_type"][index],
                        rows["record_count"][index], data[index],
                    )  # fmt: skip

    def frames(self) -> Iterator[RecordedFrame]:
        """The frames without the gaps."""
        return (row for row in self if isinstance(row, RecordedFrame))

    # ------------------------------------------------------------------------------------- the file

    def _open(self, columns: Sequence[str] | None) -> Generator[Any, None, None]:
        """The schema, then the batches as far as they are whole."""
        try:
            file = pa.memory_map(str(self.path))
        except FileNotFoundError:
            raise NotFound(f"there is no file {self.path}", reason="FILE_NOT_FOUND") from None
        except OSError as error:
            raise InvalidArgument(f"{self.path}: {error}", reason="FILE_UNREADABLE") from None
        with file:
            yield from self._read(file, columns)

    def _read(self, file: Any, columns: Sequence[str] | None) -> Iterator[Any]:
        try:
            file.seek(_STREAM_AT)
            schema = pa.ipc.read_schema(file)
            Identity.of(schema, self.path)
            yield schema
            options = pa.ipc.IpcReadOptions(
                included_fields=[schema.names.index(name) for name in columns or schema.names]
            )
            file.seek(_STREAM_AT)
            stream = pa.ipc.open_stream(file, options=options)
        except (pa.ArrowException, OSError, ValueError) as error:
            if isinstance(error, MeshError):
                raise
            raise DataLoss(
                f"{self.path} is not a recording: {error}", reason="RECORDING_INVALID"
            ) from None
        while True:
            try:
                batch = stream.read_next_batch()
            except StopIteration:
                return
            except (pa.ArrowException, OSError):
                # a batch that is cut is the last one of a recorder that was killed
                if self._has_footer():
                    raise DataLoss(
                        f"{self.path} is damaged after {file.tell()} bytes",
                        reason="RECORDING_DAMAGED",
                    ) from None
                return
            yield batch

    def _has_footer(self) -> bool:
        with self.path.open("rb") as file:
            size = file.seek(0, 2)
            file.seek(max(size - 6, 0))
            return file.read() == b"ARROW1"


def _nanoseconds(batch: Any, name: str) -> list[int]:
    """A column of times as numbers, 0 where there is none."""
    numbers: list[int] = batch.column(name).cast(pa.int64()).fill_null(0).to_pylist()
    return numbers


def parts_of(path: Path) -> list[Recording]:
    """The parts of a recording whose first is `path`, in order.

    Raises:
        NotFound: there is no such file (reason `FILE_NOT_FOUND`).
        DataLoss: one of them is no recording, or belongs to another one.
    """
    found = [Recording(path)]
    while (following := part_path(path, found[-1].identity.part + 1)).exists():
        one = Recording(following)
        if one.identity.recording_id != found[0].identity.recording_id:
            raise DataLoss(f"{following} is no part of {path}", reason="PARTS_MIXED")
        found.append(one)
    return found


def last_sequence(recordings: Sequence[Recording]) -> int | None:
    """The newest sequence that the parts have, as a frame or in a gap; None where all are empty."""
    for recording in reversed(recordings):
        newest = None
        for batch in recording.batches(["sequence", "gap_last"]):
            if batch.num_rows:
                first, last = batch.column("sequence")[-1], batch.column("gap_last")[-1]
                newest = last.as_py() or first.as_py()
        if newest is not None:
            return int(newest)
    return None


def repair(path: Path) -> int:
    """End a file whose recorder was killed, so that every reader of Arrow files takes it.

    Returns the frames in it. A complete file stays as it is.
    """
    recording = Recording(path)
    frames, _ = recording.count()
    if recording.complete:
        return frames
    whole = path.with_name(path.name + ".repaired")
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with (
        pa.OSFile(str(whole), "wb") as file,
        pa.ipc.new_file(file, recording.identity.schema(), options=options) as writer,
    ):
        for batch in recording.batches():
            writer.write_batch(batch)
    whole.replace(path)
    return frames
