"""How venues answer orders: the first word on each, in a bounded sample."""

from __future__ import annotations

import numpy as np

from alphapulse_layout import ExecType, MessageType, VenueId, dtypes
from alphapulse_mesh.execution import venue_answers
from alphapulse_mesh.execution.rows import VENUE_REPORT
from alphapulse_mesh.execution.venue_answers import VenueAnswers

MS = 1_000_000
NEW, CANCEL = int(MessageType.ORDER_REQUEST), int(MessageType.ORDER_CANCEL)


def orders(*venues: int) -> bytes:
    rows = np.zeros(len(venues), dtypes.ORDER_REQUEST)
    rows["instrument_id"]["venue"] = venues
    return rows.tobytes()


def reports(*told: tuple[int, int]) -> bytes:
    rows = np.zeros(len(told), VENUE_REPORT)
    rows["order_id"] = [order_id for order_id, _ in told]
    rows["exec_type"] = [kind for _, kind in told]
    return rows.tobytes()


def test_first_words_and_refusals_by_venue() -> None:
    answers = VenueAnswers("execution")
    binance, kraken = VenueId.BINANCE, VenueId.KRAKEN
    answers.sent(NEW, [1, 2, 3, 4], orders(binance, binance, binance, kraken), 0)
    answers.sent(CANCEL, [9], b"", 0)
    answers.heard(reports((1, ExecType.NEW)), 10 * MS)
    answers.heard(reports((1, ExecType.TRADE), (2, ExecType.REJECTED), (77, ExecType.NEW)), 20 * MS)
    answers.heard(reports((3, ExecType.TRADE)), 90 * MS)
    ((venue, metric),) = answers.measure(100 * MS)
    assert venue == binance
    assert (metric.order_ack_latency_ns, metric.orders) == (20 * MS, 3)
    assert (metric.reject_ppm, metric.status, metric.source) == (333_333, 0, "execution")
    assert metric.time.ToNanoseconds() == 100 * MS
    assert answers.measure(110 * MS) == []
    answers.heard(reports((4, ExecType.REJECTED)), 120 * MS)
    ((venue, metric),) = answers.measure(130 * MS)
    assert (venue, metric.reject_ppm) == (kraken, 1_000_000)


def test_what_is_not_answered_is_not_waited_for_for_ever() -> None:
    answers = VenueAnswers("execution")
    count = venue_answers._WAITING + 5
    answers.sent(NEW, range(count), orders(*[VenueId.OKX] * count), 0)
    assert len(answers._waiting) == venue_answers._WAITING
    answers.sent(NEW, [count], orders(VenueId.OKX), 0)
    answers.heard(reports((count, ExecType.NEW)), 5)
    assert answers.measure(6) == []
    answers.measure(venue_answers._PATIENCE_NS)
    assert not answers._waiting
    answers.sent(NEW, [count], orders(VenueId.OKX), 7)
    answers.heard(reports((count, ExecType.NEW)), 9)
    ((_, metric),) = answers.measure(10)
    assert metric.order_ack_latency_ns == 2
