"""Rows: packed like the generated dtypes, drained in order of arrival."""

from __future__ import annotations

import numpy as np
import pytest

from alphapulse_layout import BookAction, BookFlag, MessageType, Side, dtypes
from alphapulse_mesh.collectors.rows import Levels, RowBuffer, row_struct

A, B = bytes(range(16)), bytes(range(16, 32))
VALID = int(BookFlag.VALID)


@pytest.mark.parametrize("name", sorted(dtypes.STRUCTS))
def test_a_packed_record_reads_back_through_its_dtype(name: str) -> None:
    dtype = dtypes.STRUCTS[name]
    assert dtype.names is not None
    assert dtype.fields is not None
    values: list[int | bytes] = []
    for number, field in enumerate(dtype.names, start=1):
        kind = dtype.fields[field][0]
        values.append(number if kind.kind in "ui" else bytes([64 + number % 60]) * kind.itemsize)
    (row,) = np.frombuffer(row_struct(dtype).pack(*values), dtype=dtype)
    for field, value in zip(dtype.names, values, strict=True):
        found = row[field]
        assert (found.tobytes() if isinstance(value, bytes) else int(found)) == value


def test_a_record_with_a_hole_is_refused() -> None:
    with pytest.raises(ValueError, match="padding"):
        row_struct(np.dtype({"names": ["a"], "formats": ["<u4"], "offsets": [4], "itemsize": 8}))


def test_types_come_out_in_the_order_of_their_first_row() -> None:
    rows = RowBuffer()
    rows.quote(A, 1, 20, 5, 6, 7, 8, 9, 0)
    rows.trade(A, 1, 10, 5, 6, 7, int(Side.BUY), 0)
    rows.quote(B, 1, 30, 5, 6, 7, 8, 9, 0)
    assert len(rows) == 3
    batches = rows.drain()
    assert [batch.message_type for batch in batches] == [MessageType.TRADE, MessageType.QUOTE]
    quotes = batches[1].rows
    assert quotes["receive_time"].tolist() == [20, 30]
    assert [row.tobytes() for row in quotes["instrument_id"]] == [A, B]
    assert len(rows) == 0
    assert rows.drain() == []


def test_levels_share_their_event_and_its_last_row_ends_it() -> None:
    book = RowBuffer().book
    book.clear(A, 1, 2, 3, VALID, ends_event=False)
    book.levels(A, 1, 2, 3, Levels([10, 9], [1, 2]), Levels([11], [3]), VALID)
    book.levels(B, 4, 5, 6, Levels([8], [0]), Levels([], []), 0)
    assert len(book) == 5
    rows = book.drain()
    assert rows["action"].tolist() == [BookAction.CLEAR] + [BookAction.SET] * 4
    assert rows["side"].tolist() == [0, Side.BUY, Side.BUY, Side.SELL, Side.BUY]
    assert rows["price"].tolist() == [0, 10, 9, 11, 8]
    assert rows["size"].tolist() == [0, 1, 2, 3, 0]
    assert rows["update_id"].tolist() == [3, 3, 3, 3, 6]
    last = (rows["flags"] & BookFlag.LAST_IN_EVENT) != 0
    assert last.tolist() == [False, False, False, True, True]
    assert [row.tobytes() for row in rows["instrument_id"]] == [A] * 4 + [B]
    assert len(book) == 0


def test_a_drained_batch_does_not_change_when_more_comes() -> None:
    rows = RowBuffer()
    rows.quote(A, 1, 1, 5, 6, 7, 8, 9, 0)
    rows.book.levels(A, 1, 1, 1, Levels([1], [1]), Levels([2], [1]), VALID)
    kept = rows.drain()
    before = [batch.rows.tobytes() for batch in kept]
    rows.quote(B, 2, 2, 50, 60, 70, 80, 90, 0)
    rows.book.levels(B, 2, 2, 2, Levels([3], [9]), Levels([4], [9]), VALID)
    rows.drain()
    assert [batch.rows.tobytes() for batch in kept] == before
