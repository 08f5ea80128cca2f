"""Where a subscriber starts that wants the present first: the last values of the window, then news.

The image as of a sequence is the window folded: of each instrument the last trade, quote and value,
of each book what its last clearing and the levels since then leave of it, at the places and
sequences that they had. What replaces nothing (signals, orders, discoveries) is there whole. It is
made when it is asked for, so that publishing pays nothing for it, and reaches as far back as the
window does; what is older is not known to the relay.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from alphapulse.relay.v1 import relay_pb2 as pb
from alphapulse_mesh.relay.conflation import conflate
from alphapulse_mesh.relay.tokens import make_token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alphapulse_mesh.relay.selection import Selection
    from alphapulse_mesh.relay.window import Run, Window

__all__ = ["image_messages"]

_FOLD_BYTES: Final = 4 << 20
"""As much of the window is folded into the image at once."""
_READ_BYTES: Final = 1 << 20
"""As much of the window is read before other streams get their turn."""


async def image_messages(
    window: Window, selection: Selection, as_of: int, most_bytes: int
) -> AsyncIterator[bytes]:
    """Serialized `SubscribeResponse`s of at most `most_bytes`, or a frame; at least one.

    The last one says that everything up to `as_of` is done with.
    """
    image = await _fold(window, selection, as_of)
    pieces = [] if image is None else _pieces(image, most_bytes)
    for piece in pieces[:-1]:
        yield bytes(piece.data) + _tail(window, as_of, done=False)
    last = bytes(pieces[-1].data) if pieces else b""
    yield last + _tail(window, as_of, done=True)


async def _fold(window: Window, selection: Selection, as_of: int) -> Run | None:
    image: Run | None = None
    pending: list[Run] = []
    size = 0
    at = window.oldest
    while at <= as_of:
        runs, _, at = window.read(at, _READ_BYTES)
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
    return _folded(image, pending)


def _folded(image: Run | None, runs: list[Run]) -> Run | None:
    parts = runs if image is None else [image, *runs]
    return conflate(parts, spare_urgent=False).run if parts else None


def _pieces(image: Run, most: int) -> list[Run]:
    """The image in whole frames."""
    pieces: list[Run] = []
    start = size = 0
    lengths = image.lengths.tolist()
    for index, length in enumerate(lengths):
        if index > start and size + length > most:
            pieces.append(image.part(start, index))
            start, size = index, 0
        size += length
    pieces.append(image.part(start, len(lengths)))
    return pieces


def _tail(window: Window, as_of: int, *, done: bool) -> bytes:
    response = pb.SubscribeResponse(
        delivered_sequence=as_of if done else 0,
        head_sequence=window.head,
        # an empty window has an image too: nothing, as of before the first frame
        snapshot_sequence=max(as_of, 1),
    )
    if done:
        response.resume_token = make_token(window.epoch, as_of)
    return response.SerializeToString()
