"""One line of configuration moves a domain: the diff of docs/transports.md, on a real mesh."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from alphapulse_client import Publisher, Subscription
from alphapulse_testing.frames import signals
from alphapulse_testing.running_mesh import running_mesh

if TYPE_CHECKING:
    from alphapulse_testing.running_mesh import RunningMesh

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(420)]

PAGE = Path(__file__).parents[2] / "docs/transports.md"
PATIENCE = 60.0


def lines_of_the_page() -> tuple[str, list[str]]:
    """The heading of the page's diff, and its lines in the order in which a domain moves."""
    diff = PAGE.read_text("utf-8").split("```diff\n")[1].split("```")[0].splitlines()
    (heading,) = (line[1:] for line in diff if line.startswith(" "))
    return heading, [line[1:] for line in diff if line[0] in "+-"]


async def market_data(mesh: RunningMesh) -> str:
    """Read the collector's feed, dense and without a gap; what carried it."""
    async with Subscription(mesh.gateway, "market_data", start="oldest") as subscription:
        sequences: list[int] = []
        async with asyncio.timeout(PATIENCE):
            while len(sequences) < 20:
                batch = await anext(subscription)
                assert batch.gaps == []
                sequences += [frame.sequence for frame in batch]
        assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
        return subscription.transport


async def exchanged(mesh: RunningMesh, domain: str) -> str:
    """Publish signals and read them again; what carried them."""
    async with (
        Subscription(mesh.gateway, domain) as subscription,
        Publisher(mesh.gateway, domain, producer_name="e2e") as publisher,
    ):
        await subscription.ready(PATIENCE)
        await publisher.publish([signals([number]) for number in range(10)])
        await publisher.flush(PATIENCE)
        numbers: list[int] = []
        async with asyncio.timeout(PATIENCE):
            while len(numbers) < 10:
                for rows in (await anext(subscription)).rows():
                    numbers += rows["signal_id"].tolist()
        assert numbers == list(range(10))
        return subscription.transport


async def test_three_lines_move_a_domain_and_domains_differ() -> None:
    heading, lines = lines_of_the_page()
    assert heading == "[relays.market_data]"
    with running_mesh(
        "e2e-transports",
        relays={"market_data": {"transport": "grpc"}, "signal": {"transport": "shm"}},
        strategies={"cross_venue_arbitrage": {"enabled": False}},
    ) as mesh:
        carried = []
        for before, line in zip([None, *lines], lines, strict=False):
            if before is not None:
                text = mesh.config.read_text()
                assert text.count(f"{heading}\n{before}\n") == 1
                await asyncio.to_thread(mesh.stop)
                mesh.config.write_text(text.replace(f"{heading}\n{before}", f"{heading}\n{line}"))
                await asyncio.to_thread(mesh.start)
            carried.append(await market_data(mesh))
        assert carried == ["grpc", "shm", "nats"]
        assert await exchanged(mesh, "signal") == "shm", "on the same mesh"
        async with Subscription(mesh.gateway, "execution") as subscription:
            await subscription.ready(PATIENCE)
            assert subscription.transport == "grpc"
        services = mesh.services()
        assert services["nats"]["state"] == "SERVICE_STATE_SERVING", "started by itself"
