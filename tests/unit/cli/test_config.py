"""`alphapulse config`: how assignments are read, and what it says where no mesh runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from alphapulse_mesh.cli.config import parse
from alphapulse_mesh.cli.main import app
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from pathlib import Path


def test_assignments_are_full_names_and_json_values() -> None:
    assert parse(
        [
            "market_data.max_queue_frames=500000",
            "relays.execution.require_sequence=false",
            "system.subscriber_lease_seconds=2.5",
            "telemetry.log_level=debug",
        ]
    ) == {
        "relays.market_data.max_queue_frames": 500000,
        "relays.execution.require_sequence": False,
        "relays.system.subscriber_lease_seconds": 2.5,
        "telemetry.log_level": "debug",
    }


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("market_data", "CONFIG_SYNTAX"),
        ("max_queue_frames=5", "CONFIG_SYNTAX"),
        ("mesh.name=other", "CONFIG_UNKNOWN_KEY"),
        ("relays.nonsense.x=1", "CONFIG_UNKNOWN_KEY"),
        ("credentials.BINANCE.api_key=x", "CONFIG_UNKNOWN_KEY"),
    ],
)
def test_what_cannot_be_meant_is_refused(text: str, reason: str) -> None:
    with pytest.raises(InvalidArgument) as refused:
        parse([text])
    assert refused.value.reason == reason


def test_a_setting_given_twice_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        parse(["signal.max_subscribers=1", "relays.signal.max_subscribers=2"])


def test_without_a_mesh_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in (["set", "signal.max_subscribers=1"], ["show"]):
        outcome = CliRunner().invoke(app, ["config", *arguments, "--name", "nobody"])
        assert outcome.exit_code == 3
