"""Rows on their way into frames: one buffer a record type, filled a row at a time, drained whole.

Trades and quotes are packed to bytes as they come; book levels, which come in runs that share most
fields, are kept as columns and put together by NumPy at the drain. The packers are derived from the
generated dtypes, so no layout is written twice. Making frames of the rows is `service`'s part.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from alphapulse_layout import BookAction, BookFlag, MessageType, Side, dtypes

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BookRows", "Levels", "RowBatch", "RowBuffer", "row_struct"]

_CODES: Final = {
    ("u", 1): "B",
    ("u", 2): "H",
    ("u", 4): "I",
    ("u", 8): "Q",
    ("i", 4): "i",
    ("i", 8): "q",
}


def row_struct(dtype: np.dtype[np.void]) -> struct.Struct:
    """The packer of a record: nested structs (instrument ids) and raw bytes are taken as `bytes`.

    Raises:
        ValueError: the record has padding or a field that this does not know.
    """
    assert dtype.names is not None
    assert dtype.fields is not None
    text, end = "<", 0
    for name in dtype.names:
        field, offset = dtype.fields[name][:2]
        if offset != end:
            raise ValueError(f"{name}: {offset - end} bytes of padding before it")
        end = offset + field.itemsize
        text += _CODES.get((field.kind, field.itemsize), "")
        if field.kind in "VS":
            text += f"{field.itemsize}s"
    packer = struct.Struct(text)
    if packer.size != dtype.itemsize:
        raise ValueError(f"fields take {packer.size} bytes of {dtype.itemsize}")
    return packer


_pack_trade: Final = row_struct(dtypes.TRADE).pack
_pack_quote: Final = row_struct(dtypes.QUOTE).pack
_pack_level: Final = row_struct(dtypes.BOOK_LEVEL).pack

_CLEAR: Final = int(BookAction.CLEAR)
_SET: Final = int(BookAction.SET)
_BUY: Final = int(Side.BUY)
_SELL: Final = int(Side.SELL)
_NO_SIDE: Final = int(Side.NONE)
_LAST: Final = int(BookFlag.LAST_IN_EVENT)


class RowBatch(NamedTuple):
    """Rows of one type, in order of arrival."""

    message_type: MessageType
    rows: NDArray[np.void]
    """(n,) of the type's dtype, C-contiguous."""


class Levels(NamedTuple):
    """One side of a book event: prices and sizes of 1e-8, as long as one another."""

    prices: list[int]
    sizes: list[int]


class BookRows:
    """Book levels: what neighbours share (one side of one event) is packed once, as a template row
    without price and size; the drain repeats it and fills these in.
    """

    def __init__(self) -> None:
        self._prices: list[int] = []
        self._sizes: list[int] = []
        self._templates = bytearray()
        self._counts: list[int] = []
        self._ends_event: list[bool] = []

    def __len__(self) -> int:
        return len(self._prices)

    def clear(
        self,
        instrument: bytes,
        exchange_time: int,
        receive_time: int,
        update_id: int,
        flags: int,
        *,
        ends_event: bool,
    ) -> None:
        """A CLEAR row; `ends_event` when no levels follow it."""
        self._templates += _pack_level(
            instrument,
            exchange_time,
            receive_time,
            0,
            0,
            update_id,
            _NO_SIDE,
            _CLEAR,
            flags,
            0,
            0,
        )
        self._prices.append(0)
        self._sizes.append(0)
        self._counts.append(1)
        self._ends_event.append(ends_event)

    def levels(
        self,
        instrument: bytes,
        exchange_time: int,
        receive_time: int,
        update_id: int,
        bids: Levels,
        asks: Levels,
        flags: int,
    ) -> None:
        """SET rows of one event, bids before asks; the last row ends the event."""
        for side, levels, ends_event in ((_BUY, bids, not asks.prices), (_SELL, asks, True)):
            if levels.prices:
                self._templates += _pack_level(
                    instrument,
                    exchange_time,
                    receive_time,
                    0,
                    0,
                    update_id,
                    side,
                    _SET,
                    flags,
                    0,
                    0,
                )
                self._prices += levels.prices
                self._sizes += levels.sizes
                self._counts.append(len(levels.prices))
                self._ends_event.append(ends_event)

    def drain(self) -> NDArray[np.void]:
        """(n,) of BOOK_LEVEL; nothing is left here afterwards."""
        rows = np.repeat(np.frombuffer(self._templates, dtype=dtypes.BOOK_LEVEL), self._counts)
        rows["price"] = self._prices
        rows["size"] = self._sizes
        last_of_run = np.cumsum(self._counts) - 1
        rows["flags"][last_of_run[self._ends_event]] |= _LAST
        self._templates = bytearray()
        self._prices, self._sizes, self._counts, self._ends_event = [], [], [], []
        return rows


class RowBuffer:
    """What has been normalised and not yet framed."""

    def __init__(self) -> None:
        self._trades = bytearray()
        self._quotes = bytearray()
        self.book = BookRows()

    def __len__(self) -> int:
        """Rows of all types."""
        return (
            len(self._trades) // dtypes.TRADE.itemsize
            + len(self._quotes) // dtypes.QUOTE.itemsize
            + len(self.book)
        )

    def trade(
        self,
        instrument: bytes,
        exchange_time: int,
        receive_time: int,
        price: int,
        size: int,
        trade_id: int,
        side: int,
        flags: int,
    ) -> None:
        """One TRADE row."""
        self._trades += _pack_trade(
            instrument, exchange_time, receive_time, price, size, trade_id, side, 0, flags, 0
        )

    def quote(
        self,
        instrument: bytes,
        exchange_time: int,
        receive_time: int,
        bid_price: int,
        ask_price: int,
        bid_size: int,
        ask_size: int,
        update_id: int,
        flags: int,
    ) -> None:
        """One QUOTE row."""
        self._quotes += _pack_quote(
            instrument,
            exchange_time,
            receive_time,
            bid_price,
            ask_price,
            bid_size,
            ask_size,
            update_id,
            flags,
            0,
            0,
        )

    def drain(self) -> list[RowBatch]:
        """All rows, a batch a type, the type whose first row came first in front.

        Within a type, and so within an instrument and type, the order is that of arrival.
        """
        batches = []
        if self._trades:
            rows = np.frombuffer(bytes(self._trades), dtype=dtypes.TRADE)
            batches.append(RowBatch(MessageType.TRADE, rows))
            self._trades.clear()
        if self._quotes:
            rows = np.frombuffer(bytes(self._quotes), dtype=dtypes.QUOTE)
            batches.append(RowBatch(MessageType.QUOTE, rows))
            self._quotes.clear()
        if self.book:
            batches.append(RowBatch(MessageType.ORDER_BOOK, self.book.drain()))
        batches.sort(key=lambda batch: int(batch.rows["receive_time"][0]))
        return batches
