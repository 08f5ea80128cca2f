"""Where a subscriber starts that wants the present first: the last values of the window, then news.

The image as of a sequence is the window folded: of each instrument the last trade, quote and value,
of each book what its last clearing and the levels since then leave of it, at the places and
sequences that they had. What replaces nothing (signals, orders, discoveries) is there whole. It is
made when it is asked for, so that publishing pays nothing for it, and reaches as far back as the
window does and `snapshot_frames` allows; what is older is not in it, and the image says where it
begins. Frames that producers overwrite while it is made are gaps in it.

One is made at a time, so that a crowd that starts together costs others no more than one does; who
waits meanwhile for the same shares it.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_mesh.relay.conflation import conflate
from alphapulse_mesh.relay.subscribers import PRODUCER_DIED, WINDOW_EXPIRED, gap_of
from alphapulse_mesh.relay.tokens import make_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from alphapulse_mesh.relay.selection import Selection
    from alphapulse_mesh.relay.window import Run, Window

__all__ = ["Images"]

_REASONS: Final = {"overrun": WINDOW_EXPIRED, "producer-lost": PRODUCER_DIED}
_FOLD_BYTES: Final = 4 << 20
"""As much of the window is folded into the image at once."""
_READ_BYTES: Final = 1 << 20
"""As much of the window is read before other streams get their turn."""
_SHARED_PART: Final = 8
"""An image is shared until so much of the window has come after it."""


@dataclass(slots=True)
class _Image:
    """What the window was folded to."""

    as_of: int
    """Of when it is."""
    first: int
    """The first sequence that was looked at."""
    run: Run | None = None
    gaps: list[pb.Gap] = field(default_factory=list)
    """Of what could not be read."""


class Images:
    """The images of one relay."""

    def __init__(self, window: Window) -> None:
        self.folded = 0
        """How often the window was folded."""
        self._window = window
        self._turn = asyncio.Lock()
        self._waiting = 0
        self._last: tuple[bytes, _Image] | None = None

    async def messages(
        self,
        wanted: bytes,
        selection: Selection,
        begin: Callable[[int], None],
        *,
        most_bytes: int,
        most_frames: int,
    ) -> AsyncIterator[bytes]:
        """Serialized `SubscribeResponse`s of at most `most_bytes`, or a frame; at least one.

        Folds the newest `most_frames` of the window, or shares what was folded for the same
        `wanted` (the filters as bytes). `begin` is told the first sequence after the image, as soon
        as it is known. The first message has the gaps, the last one says that everything up to the
        image is done with.
        """
        image = await self._image(wanted, selection, begin, most_frames)
        window, gaps, run = self._window, image.gaps, image.run
        piece = b""
        # copied one by one: who reads slowly has one image in memory, not two
        for start, stop in () if run is None else _cuts(run, most_bytes):
            if piece:
                yield piece + _tail(window, image, gaps, done=False)
                gaps = []
            assert run is not None, "it has been cut"
            piece = bytes(run.part(start, stop).data)
        yield piece + _tail(window, image, gaps, done=True)

    async def _image(
        self, wanted: bytes, selection: Selection, begin: Callable[[int], None], most_frames: int
    ) -> _Image:
        self._waiting += 1
        try:
            async with self._turn:
                if self._last is not None and self._last[0] == wanted:
                    image = self._last[1]
                    if self._is_fresh(image):
                        begin(image.as_of + 1)
                        return image
                as_of = self._window.head
                begin(as_of + 1)
                image = await _fold(self._window, selection, as_of, most_frames)
                self.folded += 1
                self._last = wanted, image
                return image
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._last = None  # nobody is left to share it with

    def _is_fresh(self, image: _Image) -> bool:
        oldest, head = self._window.oldest, self._window.head
        since = head - image.as_of
        return oldest <= image.as_of + 1 and since * _SHARED_PART <= head - oldest + 1


async def _fold(window: Window, selection: Selection, as_of: int, most_frames: int) -> _Image:
    image: Run | None = None
    pending: list[Run] = []
    size = 0
    at = max(window.oldest, as_of - most_frames + 1)
    folded = _Image(as_of, at)
    while at <= as_of:
        if at < (oldest := window.oldest):  # run over meanwhile
            folded.gaps.append(gap_of(at, min(oldest - 1, as_of), WINDOW_EXPIRED))
            at = oldest
            continue
        runs, holes, at = window.read(at, _READ_BYTES)
        for hole in holes:
            if hole.first <= as_of:
                reason = _REASONS.get(hole.reason, hole.reason)
                folded.gaps.append(gap_of(hole.first, min(hole.last, as_of), reason))
        for run in runs:
            if run.first > as_of:
                break
            cut = run.part(0, min(run.last, as_of) - run.first + 1)
            passed = cut if selection.everything else selection.apply(cut)
            if passed is not None:
                pending.append(passed)
                size += passed.size
        if size >= _FOLD_BYTES:
            image = _folded(image, pending)
            pending, size = [], 0
        await asyncio.sleep(0)
    folded.run = _folded(image, pending)
    return folded


def _folded(image: Run | None, runs: list[Run]) -> Run | None:
    parts = runs if image is None else [image, *runs]
    return conflate(parts, spare_urgent=False).run if parts else None


def _cuts(image: Run, most: int) -> Iterator[tuple[int, int]]:
    """Ranges of whole frames with at most so many bytes, or of one frame."""
    start = size = 0
    lengths = image.lengths.tolist()
    for index, length in enumerate(lengths):
        if index > start and size + length > most:
            yield start, index
            start, size = index, 0
        size += length
    yield start, len(lengths)


def _tail(window: Window, image: _Image, gaps: list[pb.Gap], *, done: bool) -> bytes:
    as_of = image.as_of
    response = pb.SubscribeResponse(
        delivered_sequence=as_of if done else 0,
        head_sequence=window.head,
        # an empty window has an image too: nothing, as of before the first frame
        snapshot_sequence=max(as_of, 1),
        snapshot_first_sequence=image.first,
        gaps=gaps,
    )
    if done:
        response.resume_token = make_token(window.epoch, as_of)
    return response.SerializeToString()
