"""Execution tells a real registry how its venue answers orders."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from alphapulse_client.registry import RegistryClient
from alphapulse_mesh.registry.service import add_registry_service
from alphapulse_mesh.runtime.venue_reports import VenueReporter
from alphapulse_testing.execution import BTCUSDT
from alphapulse_testing.registry import running_registry

if TYPE_CHECKING:
    from pathlib import Path

    from alphapulse_testing.execution import Served


async def test_order_answers_reach_the_registry(
    served: Served, tmp_path: Path, aio_server: Any
) -> None:
    served.quote(ask="100")
    for price in ("100.5", "50"):  # one is filled at once, one rests
        await served.orders.submit(BTCUSDT, "buy", "1", price=price, account_id=1)
    answers = served.execution.pipeline.answers
    async with running_registry(tmp_path / "registry.db") as running, asyncio.timeout(120):
        host, channel = await aio_server((add_registry_service, running.service))
        registry = RegistryClient(channel)
        revision = running.service.state.revision
        reporting = asyncio.create_task(VenueReporter([host.target], answers.measure, 0.02).run())
        try:
            venue = int.from_bytes(BTCUSDT[8:10], "little")
            found = await registry.venue_metrics(venue)
            while found.orders < 2:
                await asyncio.sleep(0.02)
                found = await registry.venue_metrics(venue)
        finally:
            reporting.cancel()
            await asyncio.gather(reporting, return_exceptions=True)
        assert (found.orders, found.reject_ppm) == (2, 0)
        assert found.median_order_ack_latency_ns > 0
        assert found.metrics[0].source == "execution"
        # of the venue's state execution says nothing, so nothing of it changed
        assert running.service.state.revision == revision
