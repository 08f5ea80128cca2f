"""Several relays as one stream: one that dies leaves the others running, and comes back."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from alphapulse_client import MergedFeed, Publisher, Subscription
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.frames import signals, trades
from alphapulse_testing.relays import RelayProcess

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

PATIENCE = 60.0


async def test_a_dead_relay_leaves_the_others_running(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(mesh={"run_dir": tmp_path / "r"}, server={"transport": "unix"})
    async with AsyncExitStack() as stack:
        relays = {
            domain: await stack.enter_async_context(RelayProcess(config, service, tmp_path))
            for domain, service in (
                ("market_data", Service.RELAY_MARKET_DATA),
                ("signal", Service.RELAY_SIGNAL),
            )
        }
        publishers = {
            domain: await stack.enter_async_context(
                Publisher(relay.target, domain, producer_name="test")
            )
            for domain, relay in relays.items()
        }
        feed = MergedFeed(
            {
                domain: Subscription(relay.target, domain, start="oldest", name="merged")
                for domain, relay in relays.items()
            },
            patience=0.1,
        )
        await stack.enter_async_context(feed)
        seen: Counter[str] = Counter()

        async def read_until(domain: str, count: int) -> None:
            async with asyncio.timeout(PATIENCE):
                while seen[domain] < count:
                    batch = await anext(feed)
                    assert not batch.failures
                    assert not batch.gaps
                    made = [frame.timestamp for _, frame in batch]
                    assert made == sorted(made)
                    seen.update(name for name, _ in batch)

        for number in range(10):
            await publishers["market_data"].publish(trades([number]))
            await publishers["signal"].publish(signals([number]))
        await read_until("market_data", 10)
        await read_until("signal", 10)

        await relays["market_data"].kill()
        await publishers["signal"].publish([signals([number]) for number in range(5)])
        await read_until("signal", 15)
        assert seen["market_data"] == 10

        await relays["market_data"].start()
        await publishers["market_data"].publish([trades([number]) for number in range(5)])
        await read_until("market_data", 15)
        assert {state.lost for state in feed.states.values()} == {0}
        assert feed.states["market_data"].error is None
