"""A whole mesh speaks on its SystemRelay: heartbeats in its status, settings changed while it runs,
nobody obeyed who comes through the gateway, types registered through it.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import pytest

from alphapulse_client import Mesh, Publisher, Rejection
from alphapulse_client.system_frames import config_update_frame
from alphapulse_mesh.runtime.config import load_config
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.runtime.system import OperatorToken
from alphapulse_testing.custom_types import SENTIMENT, sentiment_frame, sentiments

if TYPE_CHECKING:
    from alphapulse_testing.running_mesh import RunningMesh

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
PROGRAMS = {"envoy"}


def test_every_service_is_heard_of(mesh: RunningMesh) -> None:
    deadline = time.monotonic() + 60
    while True:
        services = {s["name"]: s for s in mesh.json("status")["services"]}
        heard = {name for name, s in services.items() if s.get("heartbeat", {}).get("version")}
        if heard == set(services) - PROGRAMS or time.monotonic() > deadline:
            break
        time.sleep(0.2)
    assert heard == set(services) - PROGRAMS
    assert all(services[name]["heartbeat"]["epoch"] != "0" for name in heard)
    feeds = {lag["feed"] for lag in services["portfolio"]["heartbeat"]["lags"]}
    assert feeds == {"signal", "execution"}


def test_settings_change_while_the_mesh_runs(mesh: RunningMesh) -> None:
    done = mesh.json("config", "set", "signal.max_subscribers=77", "telemetry.log_level=info")
    outcomes = {(one["service"], one["key"]): one["outcome"] for one in done["answers"]}
    assert outcomes["relay-signal", "relays.signal.max_subscribers"] == "applied"
    assert outcomes["strategy", "telemetry.log_level"] == "applied"
    assert done["silent"] == []
    assert mesh.json("config", "show", "signal")["signal"]["policy"]["max_subscribers"] == "77"
    refused = mesh.call("config", "set", "signal.max_subscribers=0", check=False)
    assert refused.returncode == 1
    assert "CONFIG_INVALID_VALUE" in refused.stdout


def test_nobody_is_obeyed_who_comes_through_the_gateway(mesh: RunningMesh) -> None:
    """Even with the token: Envoy takes it off."""
    operator = OperatorToken.of(MeshPaths(load_config(mesh.config)))

    async def attempt() -> list[Rejection]:
        async with Publisher(
            mesh.gateway,
            "system",
            producer_name="outside",
            metadata=operator.metadata,
            on_rejection=lambda _: None,
        ) as publisher:
            frame = config_update_frame({"relays.signal.max_subscribers": 1}, version=1 << 62)
            await publisher.publish(frame)
            await publisher.flush(30)
            return publisher.rejections

    assert [one.reason for one in asyncio.run(attempt())] == ["CONFIG_NOT_AUTHORIZED"]


def test_a_type_is_registered_and_filtered_through_the_gateway(
    mesh: RunningMesh, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("schema") / "sentiment.bfbs"
    path.write_bytes(SENTIMENT)
    mesh.call("feed", "schemas", "register", "200", path)
    (known,) = mesh.json("feed", "schemas")
    assert (known["message_type"], known["root"]) == (200, "desk.Sentiment")
    refused = mesh.call("feed", "schemas", "register", "201", mesh.config, check=False)
    assert refused.returncode == 2

    async def high() -> list[int]:
        async with Mesh.connect(mesh.gateway) as client, asyncio.timeout(60):
            schema = (await client.schemas())[200]
            async with client.feed(message_types=[200], predicate="score > 0.5") as feed:
                await feed.ready(30)
                async with client.publisher("market_data", producer_name="desk") as publisher:
                    await publisher.publish(sentiment_frame(sentiments([0.2, 0.9])))
                batch = await anext(feed)
                while not batch.frames:
                    batch = await anext(feed)
                found: list[int] = schema.rows(batch.frames[0])["created_at"].tolist()
                return found

    assert asyncio.run(high()) == [1]
