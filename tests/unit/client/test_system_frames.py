"""System frames: what a service says comes out of the frame as it went in, however long or odd."""

from __future__ import annotations

import pytest

from alphapulse_client.context import new_context
from alphapulse_client.errors import FrameError, InvalidArgument
from alphapulse_client.frames import Frame, encode, rows
from alphapulse_client.system_frames import (
    ConfigChange,
    FeedLag,
    Heartbeat,
    Sender,
    config_result_frame,
    config_update_frame,
    error_frame,
    heartbeat_frame,
    read_config_results,
    read_config_updates,
    read_errors,
    read_heartbeat,
    read_snapshots,
    sender_of,
    snapshot_frame,
)
from alphapulse_layout import SourceType
from alphapulse_layout.enums import ConfigOutcome, MessageType

SENDER = Sender("relay-market-data", "1.2.3", epoch=2**63 + 1, config_version=7)


def test_a_heartbeat_tells_name_version_epoch_and_lags() -> None:
    lags = [FeedLag("market_data", 12, 3, 40), FeedLag("signal", 0)]
    beat = Heartbeat(
        SENDER,
        created_at=5,
        started_at=1,
        pid=99,
        interval_ms=2000,
        state=2,
        frames_in=10,
        records_out=2**40,
        lags=lags,
    )
    read = read_heartbeat(Frame.parse(heartbeat_frame(beat)))
    assert read is not None
    assert read.lags == tuple(lags)
    assert (read.sender.service, read.sender.version) == ("relay-market-data", "1.2.3")
    assert (read.sender.epoch, read.sender.config_version) == (2**63 + 1, 7)
    assert (read.pid, read.interval_ms, read.state, read.records_out) == (99, 2000, 2, 2**40)


def test_lags_are_bounded() -> None:
    beat = Heartbeat(
        SENDER, 1, 1, 1, 1, 2, lags=[FeedLag(f"feed-{number}", number) for number in range(100)]
    )
    read = read_heartbeat(Frame.parse(heartbeat_frame(beat)))
    assert read is not None
    assert [lag.feed for lag in read.lags] == [f"feed-{number}" for number in range(8)]


def test_a_heartbeat_of_another_program_may_lack_everything_but_the_row() -> None:
    row = rows(MessageType.HEARTBEAT, 1)
    row["service"] = b"somebody"
    context = new_context()
    plain = encode(MessageType.HEARTBEAT, row, source=SourceType.EXTERNAL, context=context)
    read = read_heartbeat(Frame.parse(plain))
    assert read is not None
    assert read.sender == Sender("somebody")
    empty = encode(MessageType.HEARTBEAT, row[:0], source=SourceType.EXTERNAL, context=context)
    assert read_heartbeat(Frame.parse(empty)) is None


def test_an_error_keeps_its_reason_and_its_cause() -> None:
    cause = new_context()
    text = "größer " * 1000
    frame = Frame.parse(
        error_frame(
            SENDER, reason="RING_FOREIGN_WRITER", text=text, code=15, severity=3, cause=cause
        )
    )
    (error,) = read_errors(frame)
    assert (error.service, error.reason) == ("relay-market-data", "RING_FOREIGN_WRITER")
    assert (error.code, error.severity) == (15, 3)
    assert text.startswith(error.text)
    assert 2000 < len(error.text.encode()) <= 2048
    assert frame.context.trace_id == cause.trace_id
    assert frame.context.causation_id == cause.message_id


@pytest.mark.parametrize("value", [5, 0.25, True, None, "déjà", [1, {"a": 2}]])
def test_a_setting_comes_as_it_went(value: object) -> None:
    frame = Frame.parse(config_update_frame({"relays.signal.x": value, "b": 1}, version=9))
    assert read_config_updates(frame) == [
        ConfigChange("relays.signal.x", 9, value),
        ConfigChange("b", 9, 1),
    ]


def test_settings_that_are_too_long_are_not_sent() -> None:
    for values in ({"k" * 129: 1}, {"k": "v" * 4096}):
        with pytest.raises(InvalidArgument) as refused:
            config_update_frame(values, version=1)
        assert refused.value.reason == "CONFIG_TOO_LARGE"


@pytest.mark.parametrize("value", [b"{", b"\xff", b"[" * 4000, b""])
def test_values_that_are_no_json_are_refused(value: bytes) -> None:
    row = rows(MessageType.CONFIG_UPDATE, 1)
    row["key_length"], row["value_length"] = 1, len(value)
    frame = encode(
        MessageType.CONFIG_UPDATE,
        row,
        source=SourceType.EXTERNAL,
        context=new_context(),
        blob=b"k" + value,
    )
    with pytest.raises(FrameError) as refused:
        read_config_updates(Frame.parse(frame))
    assert refused.value.reason == "FRAME_BAD_CONTENT"


def test_answers_name_the_service_and_the_reason() -> None:
    said = [
        ConfigChange("a", 3, outcome=ConfigOutcome.APPLIED),
        ConfigChange("b", 3, outcome=ConfigOutcome.REFUSED, reason="CONFIG_STALE", detail="old"),
    ]
    frame = Frame.parse(config_result_frame(SENDER, said, new_context()))
    answers = list(read_config_results(frame))
    assert [(one.key, one.outcome, one.reason, one.detail) for one in answers] == [
        ("a", ConfigOutcome.APPLIED, "", ""),
        ("b", ConfigOutcome.REFUSED, "CONFIG_STALE", "old"),
    ]
    assert {one.service for one in answers} == {"relay-market-data"}
    assert sender_of(frame).epoch == SENDER.epoch


def test_a_snapshot_tells_whose_it_is_and_how_far_it_reaches() -> None:
    (mark,) = read_snapshots(Frame.parse(snapshot_frame(SENDER, sequence=2**40, records=12)))
    assert (mark.service, mark.sequence, mark.records) == ("relay-market-data", 2**40, 12)
    assert mark.created_at
    begun = rows(MessageType.SNAPSHOT, 1)
    begun["phase"] = 1
    frame = encode(MessageType.SNAPSHOT, begun, source=SourceType.REGISTRY, context=new_context())
    assert read_snapshots(Frame.parse(frame)) == []
