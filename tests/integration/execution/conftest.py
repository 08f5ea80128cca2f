"""A running execution behind a real server, with a registry that answers from memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable  # noqa: TC003  # pytest reads fixtures' annotations
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio

from alphapulse_client.orders import OrdersClient
from alphapulse_testing.execution import FakeRegistry, Served, serving

if TYPE_CHECKING:
    from alphapulse_mesh.runtime.config import MeshConfig


@pytest.fixture
def config(make_config: Callable[..., MeshConfig]) -> MeshConfig:
    return make_config(
        execution={
            "risk": {"max_orders_per_second": 1_000_000},
            "simulated_venue": {"maker_fee_bps": 1, "taker_fee_bps": 5},
        }
    )


@pytest_asyncio.fixture
async def served(config: MeshConfig) -> AsyncIterator[Served]:
    registry = FakeRegistry()
    async with serving(config, registry) as (execution, channel):
        yield Served(execution, channel, OrdersClient(channel), registry)
