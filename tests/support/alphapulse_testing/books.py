"""A plain order book, built from BOOK_LEVEL rows the way a reader of the feed would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alphapulse_layout import BookAction, BookFlag, Side

if TYPE_CHECKING:
    from collections.abc import Container

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Book"]


class Book:
    """Levels from BOOK_LEVEL rows, and its top after events of `wanted` update ids (None: all)."""

    def __init__(self, wanted: Container[int] | None = None) -> None:
        self._wanted = wanted
        self.sides: dict[int, dict[int, int]] = {Side.BUY: {}, Side.SELL: {}}
        self.tops: dict[int, tuple[int, int, int, int]] = {}
        self.events = 0

    def apply(self, rows: NDArray[np.void]) -> None:
        columns = ("action", "side", "price", "size", "flags", "update_id")
        for action, side, price, size, flags, update in zip(
            *(rows[name].tolist() for name in columns), strict=True
        ):
            assert flags & BookFlag.VALID
            if action == BookAction.CLEAR:
                self.sides[Side.BUY].clear()
                self.sides[Side.SELL].clear()
            elif size:
                self.sides[side][price] = size
            else:
                self.sides[side].pop(price, None)
            if flags & BookFlag.LAST_IN_EVENT:
                self.events += 1
                if self._wanted is not None and update not in self._wanted:
                    continue
                bids, asks = self.sides[Side.BUY], self.sides[Side.SELL]
                bid, ask = max(bids), min(asks)
                assert bid < ask
                self.tops[update] = (bid, ask, bids[bid], asks[ask])
