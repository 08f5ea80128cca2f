"""Consecutive frames of a relay's window, encoded as subscribers get them.

Which of them are kept is `window`'s part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

import alphapulse_core as core
from alphapulse_mesh.relay.wire import FrameRun

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Run", "join"]


class Run:
    """Consecutive frames, encoded as subscribers get them.

    Of a producer's message the copy with the sequences is made when somebody first wants it.
    """

    __slots__ = (
        "_data",
        "_lengths",
        "_offsets",
        "_records",
        "_type_set",
        "_types",
        "block",
        "expired",
        "first",
        "following",
        "last",
        "record_total",
        "size",
    )  # fmt: skip

    def __init__(
        self,
        first: int,
        source: FrameRun | core.MessageBlock,
        types: NDArray[np.uint8] | None = None,
        records: NDArray[np.uint32] | None = None,
    ) -> None:
        """`source`: a message's frames, all of them good; or what is encoded, with its columns."""
        self._data: bytes | bytearray | None = None
        self._offsets: NDArray[np.uint64] | None = None
        self._lengths: NDArray[np.uint32] | None = None
        self._types = types
        self._records = records
        self._type_set: frozenset[int] | None = None
        self.block: core.MessageBlock | None = None
        """The frames as they came, where they came in one message."""
        if isinstance(source, FrameRun):
            assert records is not None, "what is encoded comes with its columns"
            self._data, self._offsets, self._lengths, _ = source
            self.size = len(source.data)
            self.record_total = int(records.sum())
            count = len(records)
        else:
            self.block = source
            self.size = source.size
            """Bytes of `data`."""
            self.record_total = source.records
            """Records of all frames."""
            count = len(source)
        self.first = first
        """Sequence of the first frame."""
        self.last = first + count - 1
        """Sequence of the last frame."""
        self.following: Run | None = None
        """The next run, while both are kept."""
        self.expired = False
        """It is not kept any more: what follows must be read from the ring."""

    def _block(self) -> core.MessageBlock:
        assert self.block is not None, "a run has its columns or the message that they come from"
        return self.block

    @property
    def data(self) -> bytes | bytearray:
        """Field 1 of a `SubscribeResponse`, nothing else."""
        if self._data is None:
            self._data = self._block().stamped(self.first)
        return self._data

    @property
    def offsets(self) -> NDArray[np.uint64]:
        """(n,) first byte of each frame in `data`."""
        if self._offsets is None:
            self._offsets = self._block().offsets
        return self._offsets

    @property
    def lengths(self) -> NDArray[np.uint32]:
        """(n,) bytes of each frame."""
        if self._lengths is None:
            self._lengths = self._block().lengths
        return self._lengths

    @property
    def types(self) -> NDArray[np.uint8]:
        """(n,) message types."""
        if self._types is None:
            self._types = self._block().message_type
        return self._types

    @property
    def records(self) -> NDArray[np.uint32]:
        """(n,) record counts."""
        if self._records is None:
            self._records = self._block().record_count
        return self._records

    @property
    def type_set(self) -> frozenset[int]:
        """Which message types there are."""
        if self._type_set is None:
            self._type_set = frozenset(self.types.tolist())
        return self._type_set

    def part(self, start: int, stop: int) -> Run:
        """Frames `start:stop` of it."""
        if start == 0 and self.first + stop - 1 == self.last:
            return self
        if self.block is not None:
            return Run(self.first + start, self.block.part(start, stop))
        offsets, lengths = self.offsets, self.lengths
        begin = int(offsets[start - 1]) + int(lengths[start - 1]) if start else 0
        end = int(offsets[stop - 1]) + int(lengths[stop - 1])
        run = FrameRun(
            self.data[begin:end],
            offsets[start:stop] - np.uint64(begin),
            lengths[start:stop],
            end - begin,
        )
        return Run(self.first + start, run, self.types[start:stop], self.records[start:stop])


def join(runs: list[Run], tail: bytes) -> bytes:
    """One message of the runs' frames, then `tail`."""
    blocks = [(run.block, run.first) for run in runs if run.block is not None]
    if len(blocks) == len(runs):  # copied and stamped in one pass
        return core.join_stamped(blocks, tail)
    return b"".join((*(run.data for run in runs), tail))
