"""A service's line to the SystemRelay, without the service."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING

from alphapulse_mesh.runtime.agent import AgentStatus
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.runtime.system import SystemFeed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alphapulse_mesh.runtime.config import MeshConfig
    from alphapulse_mesh.runtime.names import Service

__all__ = ["feed_of"]


@contextlib.asynccontextmanager
async def feed_of(
    config: MeshConfig, service: Service
) -> AsyncIterator[tuple[SystemFeed, logging.Logger]]:
    """A feed that runs, and a logger of the service's."""
    feed = SystemFeed(config.system, service, AgentStatus(service, "1"), MeshPaths(config))
    task = asyncio.create_task(feed.run(asyncio.Event()))
    log = logging.getLogger(f"alphapulse_mesh.{service}.test")
    try:
        await asyncio.sleep(0)
        yield feed, log
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
