"""A running execution behind a real server, with a registry that answers from memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest
import pytest_asyncio

from alphapulse_client.orders import OrdersClient
from alphapulse_mesh.execution.process import Execution
from alphapulse_testing.execution import FakeRegistry, quote_rows, serving

if TYPE_CHECKING:
    from alphapulse_mesh.runtime.config import MeshConfig


@dataclass
class Served:
    """What the tests talk to."""

    execution: Execution
    channel: grpc.aio.Channel
    orders: OrdersClient
    registry: FakeRegistry

    def quote(self, bid: str = "99", ask: str = "101", size: str = "10") -> None:
        """The market moves."""
        self.execution.pipeline.quotes(quote_rows(bid, ask, size))


@pytest.fixture
def config(make_config: Callable[..., MeshConfig]) -> MeshConfig:
    return make_config(execution={"risk": {"max_orders_per_second": 1_000_000}})


@pytest_asyncio.fixture
async def served(config: MeshConfig) -> AsyncIterator[Served]:
    registry = FakeRegistry()
    async with serving(config, registry) as (execution, channel):
        yield Served(execution, channel, OrdersClient(channel), registry)


Restart = Callable[..., Any]
