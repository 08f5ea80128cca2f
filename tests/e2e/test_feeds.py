"""Feeds of several domains through the gateway of a whole mesh, without asyncio."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from alphapulse_client import connect_sync
from alphapulse_testing.frames import signals
from alphapulse_testing.running_mesh import running_mesh

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alphapulse_client.merged import MergeOrder
    from alphapulse_client.sync import SyncMergedFeed
    from alphapulse_testing.running_mesh import RunningMesh

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

PATIENCE = 90.0


@pytest.fixture(scope="module")
def meshes() -> Iterator[RunningMesh]:
    with running_mesh("feeds") as mesh:
        yield mesh


def read_until(feed: SyncMergedFeed, seen: dict[str, list[int]], wanted: dict[str, int]) -> None:
    """Read on until so many sequences of each domain are there; nothing may be lost."""
    deadline = time.monotonic() + PATIENCE
    for batch in feed:
        assert not batch.gaps
        assert not batch.failures
        for domain, frame in batch:
            seen[domain].append(frame.sequence)
        if all(len(seen[domain]) >= count for domain, count in wanted.items()):
            return
        assert time.monotonic() < deadline, {domain: len(found) for domain, found in seen.items()}


@pytest.mark.parametrize("order", ["time", "arrival"])
def test_a_killed_relay_leaves_the_other_domains_running_and_comes_back(
    meshes: RunningMesh, order: MergeOrder
) -> None:
    seen: dict[str, list[int]] = {"market_data": [], "signal": []}
    with (
        connect_sync(meshes.gateway) as mesh,
        mesh.publisher("signal", producer_name="test") as publisher,
    ):
        feed = mesh.feed(
            market_data={"start": "oldest", "policy": "block", "name": f"reader {order}"},
            signals={"start": "oldest", "policy": "block", "name": f"reader {order}"},
            order=order,
        )
        with feed:
            publisher.publish([signals([number]) for number in range(5)])
            publisher.flush(30)
            read_until(feed, seen, {"market_data": 20, "signal": 5})
            before = meshes.services()["relay-signal"].get("restarts", 0)
            os.kill(meshes.pid("relay-signal"), signal.SIGKILL)
            read_until(feed, seen, {"market_data": len(seen["market_data"]) + 20})
            meshes.until_serving("relay-signal", restarted=before + 1)
            publisher.publish([signals([number]) for number in range(5)])
            publisher.flush(60)
            read_until(feed, seen, {"signal": len(seen["signal"]) + 5})
            assert {state.error for state in feed.states.values()} == {None}
        for found in seen.values():
            assert found == list(range(found[0], found[0] + len(found)))


def test_tail_takes_symbols_and_venues_by_name(meshes: RunningMesh) -> None:
    said = meshes.call(
        "feed", "tail", "-i", "BTCUSDT@SIMULATOR", "--start", "oldest", "--count", "20"
    ).stdout
    ids = {json.loads(line)["instrument_id"] for line in said.splitlines()}
    [found] = meshes.json("registry", "resolve", "BTCUSDT", "--venue", "SIMULATOR")["candidates"]
    assert ids == {found["id_text"]}
    anywhere = meshes.call(
        "feed", "tail", "market_data,execution", "-i", "BTCUSDT", "--start", "-1h", "--count", "20"
    ).stdout
    seen = {json.loads(line)["domain"] for line in anywhere.splitlines()}
    assert seen
    assert seen <= {"market_data", "execution"}
    live = meshes.call("feed", "tail", "market_data,execution", "-i", "BTCUSDT", "--count", "20")
    assert "market_data" in {json.loads(line)["domain"] for line in live.stdout.splitlines()}
    failed = meshes.call("feed", "tail", "-i", "NOSUCHCOIN", check=False)
    assert failed.returncode == 4
    assert "--instrument 'NOSUCHCOIN'" in failed.stderr
    failed = meshes.call("feed", "tail", "--venue", "MARS", check=False)
    assert failed.returncode == 4
    assert "--venue 'MARS'" in failed.stderr
