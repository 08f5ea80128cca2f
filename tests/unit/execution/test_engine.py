"""The core's engine and exchange through Python: batches, replay, snapshots, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import alphapulse_core as core
from alphapulse_client.frames import Frame
from alphapulse_layout import ExecType, MessageType, OrdStatus, Side
from alphapulse_layout.dtypes import EXECUTION_REPORT, FILL, ORDER_REQUEST
from alphapulse_mesh.execution.instruments import rules_row
from alphapulse_mesh.execution.limits import make_engine
from alphapulse_mesh.execution.rows import ORDER_VIEW, OUTCOME, VENUE_REPORT
from alphapulse_mesh.runtime.config import ExecutionConfig
from alphapulse_testing.execution import BTCUSDT, order_rows, quote_rows, spot

NOW = 1_700_000_000_000_000_000
CONTEXT: dict[str, Any] = {"trace_id": b"t" * 16, "message_id": b"m" * 8, "causation_id": b"c" * 8}


def engine() -> core.OrderEngine:
    made = make_engine(ExecutionConfig())
    made.set_instruments(rules_row(spot()))
    return made


def exchange() -> core.SimulatedExchange:
    made = core.SimulatedExchange()
    made.set_markets(rules_row(spot()), maker_fee=10_000, taker_fee=50_000)
    return made


def submit(
    made: core.OrderEngine, rows: Any, now: int = NOW, **context: bytes
) -> core.EngineOutput:
    return made.apply_commands(
        int(MessageType.ORDER_REQUEST), rows, now=now, **{**CONTEXT, **context}
    )


def test_a_batch_is_decided_row_by_row() -> None:
    made = engine()
    output = submit(made, order_rows(1, 2, 1))
    outcomes = np.frombuffer(output.outcomes, OUTCOME)
    assert outcomes["order_id"].tolist() == [1, 2, 1]
    assert outcomes["duplicate"].tolist() == [0, 0, 1]
    ((kind, order_ids, rows),) = output.routes()
    assert (kind, order_ids) == (MessageType.ORDER_REQUEST, [1, 2])
    assert np.frombuffer(rows, ORDER_REQUEST)["client_order_id"].tolist() == [1, 2]
    frames = [Frame.parse(frame) for frame in output.frames()]
    assert [frame.message_type for frame in frames] == [
        MessageType.ORDER_REQUEST,
        MessageType.EXECUTION_REPORT,
    ]
    assert frames[0].context.message_id == CONTEXT["message_id"]
    assert frames[0].context.causation_id == CONTEXT["causation_id"]
    assert frames[0].timestamp == NOW


def test_what_the_venue_says_becomes_reports_fills_and_statuses() -> None:
    made, venue = engine(), exchange()
    venue.quotes(quote_rows("99", "100"), NOW)
    output = submit(made, order_rows(1, quantity="2"))
    ((_, order_ids, rows),) = output.routes()
    output = made.apply_reports(venue.submit(order_ids, rows, NOW), NOW)
    assert len(output) == 2
    reports = np.frombuffer(output.reports, EXECUTION_REPORT)
    assert reports["exec_type"].tolist() == [ExecType.NEW, ExecType.TRADE]
    assert reports["status"].tolist() == [OrdStatus.NEW, OrdStatus.FILLED]
    ((trace_id, message_id, causation_id, sampled, data),) = output.fills()
    (fill,) = np.frombuffer(data, FILL)
    assert (trace_id, sampled) == (CONTEXT["trace_id"], True)
    assert made.venue_context(1) == (trace_id, causation_id, CONTEXT["message_id"], True)
    assert message_id not in {causation_id, CONTEXT["message_id"]}
    assert (fill["order_id"], fill["price"], fill["fee"]) == (1, 10_000_000_000, 10_000_000)
    kinds = [Frame.parse(frame).message_type for frame in output.frames()]
    assert kinds == [45, 45, 42, 41]
    view = np.frombuffer(made.order(1) or b"", ORDER_VIEW)[0]
    assert view["status"]["status"] == OrdStatus.FILLED
    assert made.order_fills(1) == data
    assert made.position(1, BTCUSDT) == 200_000_000


def test_wrong_rows_are_refused_and_change_nothing() -> None:
    made = engine()
    digest = made.digest()
    with pytest.raises(ValueError, match="whole number of rows"):
        made.apply_commands(40, b"x" * 111, now=NOW, **CONTEXT)
    with pytest.raises(ValueError, match="no order row"):
        made.apply_commands(1, b"", now=NOW, **CONTEXT)
    with pytest.raises(ValueError, match="16 bytes"):
        submit(made, order_rows(1), trace_id=b"short")
    with pytest.raises(core.JournalError):
        made.restore(b"nonsense")
    with pytest.raises(core.JournalError):
        made.apply_events((b"nonsense",))
    assert made.digest() == digest


def test_a_view_has_no_hidden_bytes() -> None:
    assert ORDER_VIEW.itemsize == core.ORDER_VIEW_BYTES
    assert VENUE_REPORT.itemsize == 72


ORDERS = st.tuples(
    st.sampled_from([Side.BUY, Side.SELL]),
    st.integers(95, 105),
    st.integers(1, 20),
    st.integers(1, 3),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(ORDERS, st.integers(95, 105), st.sampled_from(["snapshot", "replay"])),
        max_size=40,
    )
)
def test_replay_and_snapshot_give_the_same_bytes(steps: list[Any]) -> None:
    made, venue = engine(), exchange()
    frames: list[bytes] = []
    for number, step in enumerate(steps, 1):
        now = NOW + number
        if isinstance(step, int):
            reports = venue.quotes(quote_rows(str(step), str(step + 1), "3"), now)
        elif step == "snapshot":
            restored = engine()
            restored.restore(made.snapshot())
            assert restored.digest() == made.digest()
            made = restored
            continue
        elif step == "replay":
            replayed = engine()
            replayed.apply_events(frames)
            assert replayed.snapshot() == made.snapshot()
            made = replayed
            continue
        else:
            side, price, quantity, account = step
            rows = order_rows(
                number, side=side, price=str(price), quantity=str(quantity), account_id=account
            )
            output = submit(made, rows, now, message_id=number.to_bytes(8, "big"))
            frames += output.frames()
            reports = b"".join(
                venue.submit(order_ids, data, now) for _, order_ids, data in output.routes()
            )
        output = made.apply_reports(reports, now)
        assert not output.anomalies
        frames += output.frames()
    replayed = engine()
    replayed.apply_events(frames)
    assert replayed.digest() == made.digest()
