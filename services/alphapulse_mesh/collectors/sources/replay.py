"""Recorded files as a source: merged by receive time, at recorded speed, N times it, or flat out.

Slices are cut on a fixed grid of market time, so the same files with the same settings always give
the same slices, whatever the machine does meanwhile. Reading and merging is `recording`'s part.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
import orjson

from alphapulse_layout import VenueId
from alphapulse_mesh.collectors.sources.base import Feed, Slice
from alphapulse_mesh.collectors.sources.pacing import Pace, Speed, slice_span
from alphapulse_mesh.collectors.sources.recording import Block, Recording, Report, merge_recordings
from alphapulse_mesh.runtime.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence
    from pathlib import Path

__all__ = ["MAX_SLICE_MESSAGES", "RecordedFile", "ReplaySource"]

MAX_SLICE_MESSAGES: Final = 512
_PEEKED_LINES: Final = 2000


@dataclass(frozen=True, slots=True)
class RecordedFile:
    """One recording. `venue` None: told from its messages. `wanted` None: all symbols. `unknown` is
    that of `Feed`.
    """

    path: Path
    venue: VenueId | None = None
    wanted: frozenset[str] | None = None
    unknown: Literal["register", "discover"] = "register"


class ReplaySource:
    """Several recordings as one stream.

    `duration`: end after this much market time, ns. `report`: told of lines that are left out.
    """

    bounded = True
    measured = False

    def __init__(
        self,
        files: Sequence[RecordedFile],
        report: Report,
        *,
        speed: Speed = 1.0,
        duration: int | None = None,
    ) -> None:
        self._files = files
        # what the registry decides meanwhile is not the same the next time
        self.repeatable = all(file.unknown == "register" for file in files)
        self._report = report
        self._speed = speed
        self._pace = Pace(speed)
        self._duration = duration
        self._reading: list[Recording] = []

    async def open(self) -> Sequence[Feed]:
        """A feed a file, with the venue and the symbols that its first lines show.

        Raises:
            ConfigError: a file is missing, unreadable or holds nothing of a known venue.
        """
        return [self._peek(file) for file in self._files]

    def catch_up(self, behind: bool) -> None:
        """See `Source`."""
        self._pace.behind = behind

    @property
    def progress(self) -> float | None:
        """By bytes of the files."""
        size = sum(item.size for item in self._reading)
        return sum(item.position for item in self._reading) / size if size else 0.0

    async def slices(self) -> AsyncIterator[Slice]:
        """All lines; each slice when its span of market time is over at this speed."""
        recordings = self._reading = self._recordings(self._report)
        span = slice_span(self._speed)
        for block in _cut(self._within_duration(merge_recordings(recordings)), span):
            await self._pace.until(int(block.times[-1]))
            yield Slice(
                block.files.tolist(), block.times.tolist(), block.payloads, self._origin_in(block)
            )

    async def close(self) -> None:
        """Nothing is held between slices."""

    def _recordings(self, report: Report) -> list[Recording]:
        return [Recording(file.path, index, report) for index, file in enumerate(self._files)]

    def _origin_in(self, block: Block) -> _Origin:
        return _Origin([str(file.path) for file in self._files], block)

    def _within_duration(self, blocks: Iterator[Block]) -> Iterator[Block]:
        end: int | None = None
        for block in blocks:
            if self._duration is not None:
                if end is None:
                    end = int(block.times[0]) + self._duration
                late = np.flatnonzero(block.times >= end)
                if len(late):
                    yield _part(block, 0, int(late[0]))
                    return
            yield block

    def _peek(self, file: RecordedFile) -> Feed:
        recording = Recording(file.path, 0, lambda _where, _what: None)
        recording.check()
        venue, symbols = file.venue, dict.fromkeys(file.wanted or ())
        for payload in next((block.payloads for block in recording.blocks()), [])[:_PEEKED_LINES]:
            try:
                message = orjson.loads(payload)
                data = message.get("data", message)
            except (ValueError, AttributeError):
                continue  # reported when it is read for good
            if not isinstance(data, dict):
                continue
            venue = venue if venue is not None else _venue_shown(data)
            symbol = data.get("s")
            if isinstance(symbol, str) and file.wanted is None:
                symbols[symbol] = None
        if venue is None:
            raise ConfigError(
                f"{file.path}: no message of a known venue in its first {_PEEKED_LINES} lines",
                reason="CONFIG_RECORDING_UNKNOWN",
                path=str(file.path),
            )
        return Feed(file.path.name, venue, tuple(symbols), file.wanted, unknown=file.unknown)


class _Origin:
    """`file:line` of message i of a slice, put together only when somebody asks."""

    __slots__ = ("_block", "_paths")

    def __init__(self, paths: Sequence[str], block: Block) -> None:
        self._paths = paths
        self._block = block

    def __call__(self, index: int) -> str:
        return f"{self._paths[self._block.files[index]]}:{self._block.lines[index]}"


def _venue_shown(data: dict[str, object]) -> VenueId | None:
    """Which of Binance's two markets a message is of, when it shows."""
    if data.get("e") in ("depthUpdate", "bookTicker") or "B" in data:
        # only futures chain their diffs (pu) and date their bookTickers (E)
        futures = "pu" in data or data.get("e") == "bookTicker"
        return VenueId.BINANCE_FUTURES if futures else VenueId.BINANCE
    return None


def _cut(blocks: Iterator[Block], span: int) -> Iterator[Block]:
    """Blocks again, each within one cell of the grid of market time and of bounded length."""
    held: Block | None = None
    newest = 0
    for new in blocks:
        block = new if held is None else _join(held, new)
        if not len(block):
            continue
        # a time that steps back belongs to the cell that is open
        cells = np.maximum.accumulate(np.maximum(block.times, newest)) // span
        starts = [0, *(np.flatnonzero(np.diff(cells)) + 1).tolist()]
        for start, end in itertools.pairwise(starts):
            yield from _bounded(block, start, end)
        held = _part(block, starts[-1], len(block))
        newest = int(cells[-1]) * span
    if held is not None:
        yield from _bounded(held, 0, len(held))


def _bounded(block: Block, start: int, end: int) -> Iterator[Block]:
    for at in range(start, end, MAX_SLICE_MESSAGES):
        yield _part(block, at, min(end, at + MAX_SLICE_MESSAGES))


def _part(block: Block, start: int, end: int) -> Block:
    return Block(
        block.times[start:end],
        block.files[start:end],
        block.lines[start:end],
        block.payloads[start:end],
    )


def _join(first: Block, second: Block) -> Block:
    return Block(
        np.concatenate([first.times, second.times]),
        np.concatenate([first.files, second.files]),
        np.concatenate([first.lines, second.lines]),
        first.payloads + second.payloads,
    )
