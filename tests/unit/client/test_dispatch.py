"""Dispatch by type: who is called with what, in which order, and what a failure does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from alphapulse_client import Dispatcher, Frame, encode, new_context
from alphapulse_layout import DTYPES, MessageType, SourceType

if TYPE_CHECKING:
    from collections.abc import Sequence

TRADE, QUOTE = MessageType.TRADE, MessageType.QUOTE
ORDER, STATUS = MessageType.ORDER_REQUEST, MessageType.ORDER_STATUS


def frame(message_type: MessageType, timestamp: int, records: int = 1) -> Frame:
    rows = np.zeros(records, DTYPES[message_type])
    source = SourceType.SIMULATOR_COLLECTOR
    return Frame.parse(
        encode(message_type, rows, source=source, context=new_context(), timestamp=timestamp)
    )


BATCH = [
    frame(kind, at)
    for at, kind in enumerate([QUOTE, ORDER, TRADE, QUOTE, STATUS, ORDER, TRADE], start=1)
]


class Calls(list[tuple[int, list[int]]]):
    """Notes what it is called with."""

    def __call__(self, message_type: int, frames: Sequence[Frame]) -> None:
        self.append((message_type, [one.timestamp for one in frames]))


def test_batches_come_per_type_by_priority_in_order() -> None:
    calls = Calls()
    dispatcher = Dispatcher()
    market = dispatcher.register([TRADE, QUOTE], calls, name="market data")
    orders = dispatcher.register([ORDER], calls, priority=10)
    dispatcher.dispatch(BATCH)
    assert calls[0] == (ORDER, [2, 6]), "the higher priority first"
    assert sorted(calls[1:]) == sorted([(TRADE, [3, 7]), (QUOTE, [1, 4])])
    assert dispatcher.unhandled == 1, "the status"
    assert dispatcher.stats == [orders, market]
    assert (market.frames, market.batches, market.largest_batch) == (4, 2, 2)


def test_records_are_counted() -> None:
    dispatcher = Dispatcher()
    stats = dispatcher.register([TRADE], Calls())
    dispatcher.dispatch([frame(TRADE, 1, 5), frame(TRADE, 2, 7)])
    assert (stats.frames, stats.records) == (2, 12)


def test_a_type_has_one_handler() -> None:
    dispatcher = Dispatcher()
    dispatcher.register([TRADE], Calls())
    with pytest.raises(ValueError, match=f"type {int(TRADE)} has a handler"):
        dispatcher.register([QUOTE, TRADE], Calls())
    with pytest.raises(ValueError, match="at least one"):
        dispatcher.register([], Calls())
    dispatcher.register([QUOTE], Calls())  # the refused one took nothing


def fail(message_type: int, frames: Sequence[Frame]) -> None:
    raise RuntimeError(f"no {message_type}")


def test_a_fatal_failure_comes_out_and_is_counted() -> None:
    dispatcher = Dispatcher()
    stats = dispatcher.register([TRADE], fail)
    with pytest.raises(RuntimeError):
        dispatcher.dispatch(BATCH)
    assert (stats.failures, stats.last_failure) == (1, f"RuntimeError: no {int(TRADE)}")


def test_a_skipped_failure_leaves_the_others_alone(caplog: pytest.LogCaptureFixture) -> None:
    calls = Calls()
    dispatcher = Dispatcher()
    stats = dispatcher.register([ORDER], fail, name="orders", priority=1, on_error="skip")
    dispatcher.register([TRADE], calls)
    dispatcher.dispatch(BATCH)
    assert (stats.failures, calls) == (1, [(TRADE, [3, 7])])
    assert "orders failed on 2 frames" in caplog.text


def test_a_callable_decides() -> None:
    seen: list[tuple[str, int, int]] = []
    dispatcher = Dispatcher()
    dispatcher.register(
        [ORDER],
        fail,
        on_error=lambda error, number, frames: seen.append((str(error), number, len(frames))),
    )
    dispatcher.dispatch(BATCH)
    assert seen == [(f"no {int(ORDER)}", ORDER, 2)]
