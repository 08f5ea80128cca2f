"""What a service makes of updates and errors before the relay comes in: pure parts of the feed."""

from __future__ import annotations

import logging
import stat
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_client.context import new_context
from alphapulse_client.frames import Frame
from alphapulse_client.system_frames import ConfigChange, Sender, read_errors
from alphapulse_mesh.runtime.errors import ConfigError, DataLoss, PermissionDenied
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.runtime.system import OPERATOR_METADATA, OperatorToken
from alphapulse_mesh.runtime.system.reports import Rate, error_frame_of
from alphapulse_mesh.runtime.system.updates import Updates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from alphapulse_mesh.runtime.config import MeshConfig


class Section:
    prefix = "section."

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def change(self, values: Mapping[str, Any]) -> None:
        if "bad" in values:
            raise ConfigError("it is bad", reason="CONFIG_INVALID_VALUE", key="bad")
        self.values |= values


@pytest.fixture
def level() -> Iterator[None]:
    before = logging.getLogger().level
    yield
    logging.getLogger().setLevel(before)


def answers(updates: Updates, version: int, **values: Any) -> list[tuple[str, str]]:
    changes = [
        ConfigChange(key.replace("__", "."), version, value) for key, value in values.items()
    ]
    return [(one.outcome.name, one.reason) for one in updates.take(changes, 1)]


def test_a_section_is_taken_whole_or_not_at_all() -> None:
    updates, section = Updates(), Section()
    updates.own(section)
    refused = ("REFUSED", "CONFIG_INVALID_VALUE")
    assert answers(updates, 1, section__a=1, section__bad=2) == [refused, refused]
    assert section.values == {}
    assert answers(updates, 2, section__a=1, section__b=2) == [("APPLIED", "")] * 2
    assert section.values == {"a": 1, "b": 2}
    assert updates.version == 2
    assert [one.change.key for one in updates.answered][-1] == "section.b"


def test_what_is_somebody_elses_is_not_answered() -> None:
    assert answers(Updates(), 1, other__a=1) == []


def test_an_older_update_does_not_undo_a_newer_one() -> None:
    updates, section = Updates(), Section()
    updates.own(section)
    assert answers(updates, 5, section__a="new") == [("APPLIED", "")]
    for version in (4, 5):
        assert answers(updates, version, section__a="old") == [("REFUSED", "CONFIG_STALE")]
    assert section.values == {"a": "new"}
    assert answers(updates, 4, section__b="other") == [("APPLIED", "")]


def test_answers_are_remembered_up_to_a_bound() -> None:
    updates = Updates()
    updates.own(Section())
    for version in range(1, 100):
        answers(updates, version, section__a=version)
    assert [one.change.version for one in updates.answered] == list(range(84, 100))


@pytest.mark.usefixtures("level")
def test_every_service_has_a_log_level() -> None:
    updates = Updates()
    assert answers(updates, 1, telemetry__log_level="error") == [("APPLIED", "")]
    assert logging.getLogger().level == logging.ERROR
    assert answers(updates, 2, telemetry__log_level="loud") == [("REFUSED", "CONFIG_INVALID_VALUE")]
    assert answers(updates, 3, telemetry__metrics_port=1) == [("REFUSED", "CONFIG_NOT_AT_RUN_TIME")]
    assert logging.getLogger().level == logging.ERROR


def test_errors_are_bounded_and_those_left_out_are_counted() -> None:
    now = 0.0
    rate = Rate(60, clock=lambda: now)
    assert sum(rate.passes() for _ in range(1000)) == 60
    assert rate.refused == 940
    now = 2.0
    assert [rate.passes() for _ in range(3)] == [True, True, False]


def test_a_logged_error_becomes_a_frame_with_reason_and_cause() -> None:
    cause = new_context()
    error = DataLoss("the ring is torn", reason="RING_TORN")
    record = logging.LogRecord(
        "alphapulse_mesh.x", logging.ERROR, "", 1, "it failed: %s", ("why",),
        (DataLoss, error, None),
    )  # fmt: skip
    record.cause = cause
    frame = Frame.parse(error_frame_of(Sender("relay-system"), record, 12))
    (read,) = read_errors(frame)
    assert (read.reason, read.code, read.severity) == ("RING_TORN", 15, 3)
    assert read.text == "it failed: why (12 errors before it were not reported)"
    assert frame.context.causation_id == cause.message_id


def test_an_error_without_an_exception_is_one_too() -> None:
    record = logging.LogRecord("alphapulse_mesh.x", logging.CRITICAL, "", 1, "no", (), None)
    (read,) = read_errors(Frame.parse(error_frame_of(Sender("a"), record, 0)))
    assert (read.reason, read.code, read.severity) == ("SERVICE_ERROR", 13, 4)


def test_the_operators_token_is_for_its_user_alone(make_config: Callable[..., MeshConfig]) -> None:
    paths = MeshPaths(make_config())
    with pytest.raises(PermissionDenied) as refused:
        OperatorToken.of(paths)
    assert refused.value.reason == "OPERATOR_TOKEN_UNREADABLE"
    paths.create()
    token = OperatorToken.make(paths)
    (file,) = paths.run_dir.glob("*operator*")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    secret = file.read_text()
    assert secret not in repr(token)
    assert OperatorToken.of(paths).shown_by(token.metadata)
    assert OperatorToken.make(paths).metadata == token.metadata, "it outlives the relay"
    assert not token.shown_by(None)
    assert not token.shown_by([(OPERATOR_METADATA, "")])
    assert not token.shown_by([(OPERATOR_METADATA, "é")])
    assert not token.shown_by([*token.metadata, (OPERATOR_METADATA, "guess")])
