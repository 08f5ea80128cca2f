"""Which record replaces which when a batch is conflated."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

import alphapulse_core as core
from alphapulse_client.context import new_context
from alphapulse_client.frames import Frame, encode, rows
from alphapulse_layout import BookAction, MessageType, Side, SourceType
from alphapulse_layout.dtypes import INSTRUMENT_ID
from alphapulse_testing.frames import instrument, signals, trades

if TYPE_CHECKING:
    from numpy.typing import NDArray


def levels(*changes: tuple[int, int, int, int]) -> bytes:
    """A frame of levels: (instrument, side, price, size); a price of 0 clears the book."""
    records = rows(MessageType.ORDER_BOOK, len(changes))
    for record, (number, side, price, size) in zip(records, changes, strict=True):
        record["instrument_id"] = np.frombuffer(instrument(number), INSTRUMENT_ID)[0]
        record["side"], record["price"], record["size"] = side, price, size
        record["action"] = BookAction.SET if price else BookAction.CLEAR
    return encode(
        MessageType.ORDER_BOOK,
        records,
        source=SourceType.BINANCE_COLLECTOR,
        context=new_context(sampled=False),
    )


def conflated(*frames: bytes) -> tuple[list[Frame], list[tuple[int, int, bool]]]:
    """What is left, and (sequence, records, whether some are left) of what went."""
    data = bytearray(b"".join(frames))
    lengths = np.array([len(frame) for frame in frames], np.uint32)
    offsets = (np.cumsum(lengths) - lengths).astype(np.uint64)
    core.stamp_sequences(data, offsets, 1)
    (block, bounds, _), gone = core.conflate_block(data, offsets, lengths)
    view = block.tobytes()
    ends: list[int] = bounds.tolist()
    left = [Frame.parse(view[start:end], checksum=True) for start, end in itertools.pairwise(ends)]
    columns: list[NDArray[Any]] = list(gone)
    return left, list(zip(*(column.tolist() for column in columns), strict=True))


def book(frame: Frame) -> list[tuple[int, int, int]]:
    return [(int(row["side"]), int(row["price"]), int(row["size"])) for row in frame.rows]


def test_the_last_trade_of_each_instrument_stays_in_place() -> None:
    one, other = instrument(1), instrument(2)
    left, gone = conflated(
        trades([1, 2], instruments=[one, one]),
        trades([3, 4], instruments=[one, other]),
        trades([5], instruments=[one]),
    )
    assert [(frame.sequence, frame.rows["trade_id"].tolist()) for frame in left] == [
        (2, [4]),
        (3, [5]),
    ]
    assert gone == [(1, 2, False), (2, 1, True)]


def test_a_level_is_replaced_by_the_same_price_and_side() -> None:
    left, gone = conflated(
        levels((1, Side.BUY, 100, 5), (1, Side.SELL, 100, 6), (2, Side.BUY, 100, 7)),
        levels((1, Side.BUY, 100, 0), (1, Side.BUY, 101, 8)),
    )
    assert [book(frame) for frame in left] == [
        [(Side.SELL, 100, 6), (Side.BUY, 100, 7)],
        [(Side.BUY, 100, 0), (Side.BUY, 101, 8)],
    ]
    assert gone == [(1, 1, True)]


def test_a_cleared_book_forgets_its_levels_alone() -> None:
    left, gone = conflated(
        levels((1, Side.BUY, 100, 5), (2, Side.BUY, 100, 7)),
        levels((1, 0, 0, 0), (1, Side.BUY, 99, 1)),
        levels((1, Side.BUY, 99, 2)),
    )
    assert [(frame.sequence, len(frame.rows)) for frame in left] == [(1, 1), (2, 1), (3, 1)]
    assert book(left[0]) == [(Side.BUY, 100, 7)]
    assert left[1].rows["action"].tolist() == [BookAction.CLEAR]
    assert gone == [(1, 1, True), (2, 1, True)]


def test_what_does_not_replace_stays() -> None:
    sent = [signals([1, 2]), signals([3]), trades([])]
    left, gone = conflated(*sent)
    assert [len(frame.rows) for frame in left] == [2, 1, 0]
    assert gone == []
