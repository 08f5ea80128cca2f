"""Heartbeats as the supervisor sees them: who lives, who is missing, who was never heard of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from alphapulse_client.system_frames import FeedLag, Heartbeat, Sender
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.supervisor.heartbeats import Heartbeats

if TYPE_CHECKING:
    from collections.abc import Callable

    from alphapulse_mesh.runtime.config import MeshConfig


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def heartbeats(make_config: Callable[..., MeshConfig], clock: Clock) -> Heartbeats:
    return Heartbeats(MeshPaths(make_config()), 2.0, clock=clock)


def beat(name: str = "registry", created_at: int = 7) -> Heartbeat:
    sender = Sender(name, "1.0", epoch=5, config_version=3)
    return Heartbeat(sender, created_at, 1, 10, 1000, 2, lags=(FeedLag("signal", 4, 1),))


def test_a_service_that_falls_silent_is_missing_after_three_of_its_intervals(
    heartbeats: Heartbeats, clock: Clock
) -> None:
    heartbeats.heard(beat())
    clock.now += 3.0
    status = heartbeats.status("registry", 100)
    assert status is not None
    assert not status.missing
    assert (status.version, status.epoch, status.config_version) == ("1.0", 5, 3)
    assert [(lag.feed, lag.lag_frames, lag.lost_frames) for lag in status.lags] == [
        ("signal", 4, 1)
    ]
    clock.now += 0.1
    late = heartbeats.status("registry", 100)
    assert late is not None
    assert late.missing


def test_a_service_that_was_never_heard_of_has_time_to_begin(heartbeats: Heartbeats) -> None:
    assert heartbeats.status("portfolio", 6.0) is None
    status = heartbeats.status("portfolio", 6.1)
    assert status is not None
    assert status.missing
    assert not status.HasField("created_at")


def test_a_new_process_is_not_judged_by_its_predecessor(
    heartbeats: Heartbeats, clock: Clock
) -> None:
    heartbeats.heard(beat())
    clock.now += 60
    assert heartbeats.status("registry", 1.0) is None


def test_names_that_somebody_makes_up_are_bounded(heartbeats: Heartbeats) -> None:
    for number in range(5000):
        heartbeats.heard(beat(f"nobody-{number}", created_at=2**64 - 1))
    assert heartbeats.status("nobody-4999", 1) is None
    assert heartbeats.status("nobody-1", 1) is not None


def test_without_heartbeats_nobody_is_missing(make_config: Callable[..., MeshConfig]) -> None:
    assert Heartbeats(MeshPaths(make_config()), 0).status("registry", 100) is None
