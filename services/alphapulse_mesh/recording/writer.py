"""Writes a recording: collects rows, flushes them as record batches, begins a new part in time.

Memory is bounded by `flush_bytes`; a crash costs what was not flushed. Deciding when to flush by
time, and where frames come from, is the caller's part.
"""

from __future__ import annotations

import contextlib
import os
import struct
from typing import TYPE_CHECKING, Any, Final, Self

import pyarrow as pa

from alphapulse_layout import DTYPES
from alphapulse_mesh.recording.layout import SCHEMA, Identity, part_path
from alphapulse_mesh.runtime.errors import AlreadyExists, InvalidArgument, ResourceExhausted

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

    from alphapulse_client import Frame, Gap

__all__ = ["FLUSH_BYTES", "RecordingWriter"]

FLUSH_BYTES: Final = 8 << 20
"""Frame bytes of a record batch: what a crash costs at most, and most of what a recorder holds."""

_FLUSH_ROWS: Final = 1 << 16
_ZSTD_LEVEL: Final = 3
_U64: Final = struct.Struct("<Q")
_LAST_TIME: Final = (1 << 63) - 1
_NAMES: Final = tuple(SCHEMA.names)


def _time_offsets(name: str) -> dict[int, int]:
    """Message type → byte of the field in its records."""
    return {
        int(kind): dtype.fields[name][1]
        for kind, dtype in DTYPES.items()
        if dtype.fields is not None and name in dtype.fields
    }


_EXCHANGE_AT: Final = _time_offsets("exchange_time")
_RECEIVE_AT: Final = _time_offsets("receive_time")


class RecordingWriter:
    """One recording, in one file or several. Used by one thread at a time.

    Args:
        path: of the first part; it must not exist.
        domain: the relay domain that is recorded.
        rotate_bytes: a part that has grown to so many bytes is closed and the next one begun; 0:
            never.
        flush_bytes: see `FLUSH_BYTES`.
        after: the recording that is gone on with, in a part of its own.

    Raises:
        AlreadyExists: a file is in the way (reason `FILE_EXISTS`).
        InvalidArgument: the file cannot be made (reason `FILE_UNWRITABLE`).
    """

    def __init__(
        self,
        path: Path,
        domain: str,
        *,
        rotate_bytes: int = 0,
        flush_bytes: int = FLUSH_BYTES,
        after: Identity | None = None,
    ) -> None:
        self.identity = Identity.new(domain) if after is None else after
        self.frames = 0
        self.records = 0
        self.gaps = 0
        self.lost = 0
        """Frames in the gaps, as far as that is known."""
        self.frame_bytes = 0
        self.paths: list[Path] = []
        self._first = path
        self._part = 0 if after is None else after.part + 1
        self._whole = 0
        """Bytes of the part that are whole batches."""
        self._rotate_bytes = rotate_bytes
        self._flush_bytes = flush_bytes
        self._pending: list[tuple[Any, ...]] = []
        self._pending_bytes = 0
        self._closed_bytes = 0
        self._open_part()

    @property
    def file_bytes(self) -> int:
        """Bytes in all files so far."""
        return self._closed_bytes + (0 if self._file.closed else self._file.tell())

    @property
    def due(self) -> bool:
        """Enough is collected: flush before more is added."""
        return self._pending_bytes >= self._flush_bytes or len(self._pending) >= _FLUSH_ROWS

    def add(self, frames: Iterable[Frame], recorded_at: int) -> None:
        """Collect frames; `recorded_at` in nanoseconds. The frames' bytes are kept, not copied."""
        for frame in frames:
            info = frame.info
            size = len(frame)
            kind = info.message_type
            self._pending.append(
                (
                    info.sequence, None, None, recorded_at, kind, info.source, info.flags,
                    min(info.timestamp, _LAST_TIME), _first_time(frame, _EXCHANGE_AT.get(kind)),
                    _first_time(frame, _RECEIVE_AT.get(kind)), info.trace_id, info.message_id,
                    info.causation_id, bool(info.trace_flags & 1), info.record_count, frame.data,
                )
            )  # fmt: skip
            self._pending_bytes += size
            self.frame_bytes += size
            self.frames += 1
            self.records += info.record_count

    def add_gaps(self, gaps: Iterable[Gap], recorded_at: int) -> None:
        """Collect gaps, each a row of its own."""
        for gap in gaps:
            last = None if gap.last < gap.first else gap.last
            row = (gap.first, last, gap.reason, recorded_at)
            self._pending.append(row + (None,) * (len(_NAMES) - len(row)))
            self.gaps += 1
            self.lost += gap.count

    def flush(self, *, sync: bool = True) -> None:
        """Write what was collected as one record batch; `sync`: until the disk has it.

        Raises:
            ResourceExhausted: the disk takes no more (reason `FILE_WRITE_FAILED`). The file then
                ends with the last batch that is whole, and nothing more can be written.
        """
        if not self._pending or self._file.closed:
            return
        columns = zip(*self._pending, strict=True)
        batch = pa.record_batch(
            [
                pa.array(column, type=field.type)
                for column, field in zip(columns, SCHEMA, strict=True)
            ],
            schema=self._schema,
        )
        try:
            self._writer.write_batch(batch)
            if sync:
                os.fdatasync(self._file.fileno())
        except OSError as error:
            raise self._failed(error) from None
        self._whole = self._file.tell()
        self._pending.clear()
        self._pending_bytes = 0
        if self._rotate_bytes and self._file.tell() >= self._rotate_bytes:
            self._close_part()
            self._open_part()

    def close(self) -> None:
        """Flush and write the footer. Idempotent."""
        if not self._file.closed:
            self.flush(sync=False)
            self._close_part()

    def _failed(self, error: OSError) -> ResourceExhausted:
        """Cut off what is not whole, so that all readers stop where a killed recorder would."""
        path = self.paths[-1]
        with contextlib.suppress(OSError):
            self._file.truncate(self._whole)
        self._closed_bytes += self._whole
        self._file.close()
        lost = len(self._pending)
        return ResourceExhausted(
            f"{path}: {error.strerror or error}; {lost:,} rows were not written. What is there is "
            "whole: `feed repair` ends the file, `feed record --resume` goes on behind it",
            reason="FILE_WRITE_FAILED",
            path=str(path),
        )

    def abandon(self) -> None:
        """Close and remove all files."""
        self._file.close()
        for path in self.paths:
            path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _open_part(self) -> None:
        part, self._part = self._part, self._part + 1
        path = part_path(self._first, part)
        try:
            # unbuffered: what was flushed is the kernel's, whatever becomes of this process
            self._file = path.open("xb", buffering=0)
        except FileExistsError:
            raise AlreadyExists(f"{path} exists", reason="FILE_EXISTS", path=str(path)) from None
        except OSError as error:
            raise InvalidArgument(f"{path}: {error.strerror}", reason="FILE_UNWRITABLE") from None
        self.paths.append(path)
        identity = Identity(self.identity.recording_id, self.identity.domain, part)
        self._schema = identity.schema()
        options = pa.ipc.IpcWriteOptions(compression=pa.Codec("zstd", _ZSTD_LEVEL))
        self._writer = pa.ipc.new_file(self._file, self._schema, options=options)
        self._whole = self._file.tell()

    def _close_part(self) -> None:
        try:
            self._writer.close()
            os.fdatasync(self._file.fileno())
        except OSError as error:
            raise self._failed(error) from None
        self._closed_bytes += self._file.tell()
        self._file.close()


def _first_time(frame: Frame, offset: int | None) -> int | None:
    """Nanoseconds in the first record's field; None where there is none, or none that can be."""
    info = frame.info
    if offset is None or not info.record_count:
        return None
    if info.compressed:
        found: int = _U64.unpack_from(frame.rows.tobytes(), offset)[0]
    else:
        found = _U64.unpack_from(frame.data, info.rows_offset + offset)[0]  # type: ignore[arg-type]  # an array is a buffer
    # a producer may have written anything: Arrow's times end in 2262
    return found if 0 < found <= _LAST_TIME else None
