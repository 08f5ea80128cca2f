"""Recorded lines `<receive ns> <raw JSON>`, gzipped or plain: reading one file, merging several.

What cannot be a line of the format is reported with file and line and left out; what is wrong
inside the JSON is the normaliser's to find. Pace and slices are `replay`'s part.
"""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, cast

import numpy as np

from alphapulse_mesh.runtime.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

__all__ = ["Block", "Recording", "merge_recordings"]

_CHUNK_BYTES: Final = 256 << 10
_LATEST: Final = b"9223372036854775807"
"""Largest time that fits the column; all have as many digits."""
_GZIP_MAGIC: Final = b"\x1f\x8b"

Report = Callable[[str, str], None]
"""Called with `file:line` and what is wrong there."""


@dataclass(slots=True)
class Block:
    """Lines in order: `times` and `files` and `lines` are (n,) int64, `payloads` n JSON texts."""

    times: NDArray[np.int64]
    files: NDArray[np.int64]
    lines: NDArray[np.int64]
    payloads: list[bytes]

    def __len__(self) -> int:
        return len(self.payloads)


class Recording:
    """One file.

    `index`: what `Block.files` says of its lines. `report`: told of lines that are left out.
    """

    def __init__(self, path: Path, index: int, report: Report) -> None:
        self.path = path
        self.index = index
        self._report = report
        self.size = 0
        """Bytes of the file; 0 before it is read."""
        self.position = 0
        """Bytes of it that have been read."""

    def check(self) -> None:
        """Raises ConfigError when the file cannot be opened (reason CONFIG_RECORDING_…)."""
        try:
            self.path.open("rb").close()
        except FileNotFoundError:
            raise ConfigError(
                f"{self.path}: no such recording",
                reason="CONFIG_RECORDING_NOT_FOUND",
                path=str(self.path),
            ) from None
        except OSError as error:
            raise ConfigError(
                f"{self.path}: {error.strerror or error}",
                reason="CONFIG_RECORDING_UNREADABLE",
                path=str(self.path),
            ) from None

    def blocks(self) -> Iterator[Block]:
        """The whole file, a few thousand lines at a time."""
        number = 0
        rest = b""
        with self.path.open("rb") as raw, self._unpacked(raw) as stream:
            self.size = os.fstat(raw.fileno()).st_size
            while True:
                try:
                    chunk = stream.read(_CHUNK_BYTES)
                    self.position = raw.tell()
                except (EOFError, gzip.BadGzipFile, zlib.error) as error:
                    self._report(f"{self.path}:{number + 1}", f"the rest cannot be read: {error}")
                    return
                lines = (rest + chunk).split(b"\n")
                rest = lines.pop() if chunk else b""
                block = self._parse(lines, number)
                number += len(lines)
                if block:
                    yield block
                if not chunk:
                    return

    @staticmethod
    def _unpacked(raw: BinaryIO) -> BinaryIO:
        packed = raw.read(2) == _GZIP_MAGIC
        raw.seek(0)
        return cast("BinaryIO", gzip.GzipFile(fileobj=raw)) if packed else raw

    def _parse(self, lines: list[bytes], before: int) -> Block:
        times: list[int] = []
        numbers: list[int] = []
        payloads: list[bytes] = []
        for number, line in enumerate(lines, start=before + 1):
            stamp, _, payload = line.partition(b" ")
            if len(stamp) == 19 and stamp.isdigit() and stamp <= _LATEST and payload:
                times.append(int(stamp))
                numbers.append(number)
                payloads.append(payload)
            elif line.strip():
                shown = line[:60].decode(errors="replace")
                self._report(f"{self.path}:{number}", f"no '<receive ns> <JSON>': {shown!r}")
        return Block(
            np.array(times, dtype=np.int64),
            np.full(len(times), self.index, dtype=np.int64),
            np.array(numbers, dtype=np.int64),
            payloads,
        )


def merge_recordings(recordings: Sequence[Recording]) -> Iterator[Block]:
    """All lines of all files by receive time; ties between files always fall the same way.

    The order within a file is never changed: where a recorder's clock stepped back, the line counts
    as received with the one before it.
    """
    streams = [_monotonic(recording.blocks()) for recording in recordings]
    pending: list[_Pending | None] = [_next(stream) for stream in streams]
    while any(item is not None for item in pending):
        # Nothing that is still unread comes before the earliest of the blocks' last lines.
        horizon = min(int(item.keys[-1]) for item in pending if item is not None)
        parts: list[_Pending] = []
        for position, item in enumerate(pending):
            if item is None:
                continue
            ready = int(np.searchsorted(item.keys, horizon, side="right"))
            if ready:
                head, tail = item.split(ready)
                parts.append(head)
                pending[position] = tail if len(tail.keys) else _next(streams[position])
        keys = np.concatenate([part.keys for part in parts])
        order = np.argsort(keys, kind="stable")
        payloads = [payload for part in parts for payload in part.block.payloads]
        yield Block(
            np.concatenate([part.block.times for part in parts])[order],
            np.concatenate([part.block.files for part in parts])[order],
            np.concatenate([part.block.lines for part in parts])[order],
            [payloads[at] for at in order.tolist()],
        )


@dataclass(slots=True)
class _Pending:
    """A block and its keys: receive times, made non-decreasing over the file."""

    keys: NDArray[np.int64]
    block: Block

    def split(self, at: int) -> tuple[_Pending, _Pending]:
        block = self.block
        return (
            _Pending(
                self.keys[:at],
                Block(block.times[:at], block.files[:at], block.lines[:at], block.payloads[:at]),
            ),
            _Pending(
                self.keys[at:],
                Block(block.times[at:], block.files[at:], block.lines[at:], block.payloads[at:]),
            ),
        )


def _monotonic(blocks: Iterator[Block]) -> Iterator[_Pending]:
    newest = 0
    for block in blocks:
        keys = np.maximum.accumulate(np.maximum(block.times, newest))
        newest = int(keys[-1])
        yield _Pending(keys, block)


def _next(stream: Iterator[_Pending]) -> _Pending | None:
    return next(stream, None)
