"""The filters of a subscription applied by the subscriber, where no relay stands between.

The same compiled filter of the core as in the relay, over a whole batch at once.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

import alphapulse_core as core
from alphapulse_client.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from alphapulse.relay.v1 import relay_pb2 as pb

__all__ = ["FrameSelection", "row_filter"]


def row_filter(
    request: pb.SubscribeRequest, schemas: Sequence[tuple[int, core.Schema]] = ()
) -> core.FrameFilter | None:
    """The filters of a request compiled by the core; None where message types say it all.

    `schemas`: message types registered at run time, whose fields a predicate may name.

    Raises:
        InvalidArgument: the predicate does not parse.
    """
    by_row: dict[str, Any] = {
        "sources": list(request.sources),
        "instruments": core.InstrumentSet(request.instrument_ids)
        if request.instrument_ids
        else None,
        "venues": list(request.venues),
        "asset_types": list(request.asset_types),
        "predicate": request.predicate,
    }
    if not any(by_row.values()):
        return None
    try:
        return core.FrameFilter(
            message_types=sorted(set(request.message_types)), schemas=schemas, **by_row
        )
    except core.PredicateError as error:
        raise InvalidArgument(
            f"predicate: {error}", reason=error.reason, offset=error.offset
        ) from None


class FrameSelection:
    """What a subscriber wants, compiled once."""

    def __init__(self, request: pb.SubscribeRequest) -> None:
        """Compile the filters of a request.

        Raises:
            InvalidArgument: the predicate does not parse.
        """
        self.types: Final = np.zeros(256, np.bool_)
        """(256,): message types that may pass."""
        self.types[list(request.message_types) or slice(None)] = True
        self._every_type = not request.message_types
        self._rows = row_filter(request)

    @property
    def everything(self) -> bool:
        """Nothing is filtered out."""
        return self._every_type and self._rows is None

    def apply(
        self,
        block: NDArray[np.uint8],
        offsets: NDArray[np.uint64],
        lengths: NDArray[np.uint32],
        types: NDArray[np.uint8],
    ) -> Sequence[memoryview]:
        """The frames at `block[offsets[i]:offsets[i] + lengths[i]]` that pass, cut down to rows.

        Views into `block`, or into a new one where rows were cut; `types` are (n,) message types.
        """
        if not self._every_type:
            wanted = self.types[types]
            if not wanted.all():
                offsets, lengths = offsets[wanted], lengths[wanted]
        if not len(offsets):
            return []
        if self._rows is None:
            return _views(block, offsets, lengths)
        kept, bounds, _ = self._rows.apply_block(block, offsets, lengths)
        view = memoryview(kept)  # type: ignore[arg-type]  # an ndarray is a buffer
        return [view[start:end] for start, end in pairwise(bounds.tolist())]


def _views(
    block: NDArray[np.uint8], offsets: NDArray[np.uint64], lengths: NDArray[np.uint32]
) -> list[memoryview]:
    view = memoryview(block)  # type: ignore[arg-type]  # an ndarray is a buffer
    return [
        view[at : at + size] for at, size in zip(offsets.tolist(), lengths.tolist(), strict=True)
    ]
