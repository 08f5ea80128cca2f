"""Quotes of the MarketDataRelay: what prices are compared with, and a simulated venue's liquidity.

It starts at the present: after a restart the last quotes are there at once, as old as they are, so
that an order is judged as it would have been before. What becomes of a quote is the engine's part.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Final, Protocol

from alphapulse_client.subscription import Subscription
from alphapulse_layout import Domain, MessageType
from alphapulse_mesh.runtime.errors import MeshError
from alphapulse_mesh.runtime.latency import Latencies, Stage

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from alphapulse_client.frames import Rows

__all__ = ["follow_market"]

_log = logging.getLogger(__name__)

_RETRY_SECONDS: Final = 0.5


class TakesQuotes(Protocol):
    """Of the pipeline."""

    def quotes(self, rows: Rows, arrived_ns: int | None = None) -> None:
        """See `Pipeline.quotes`."""
        ...


async def follow_market(
    target: str,
    pipeline: TakesQuotes,
    latencies: Latencies,
    *,
    reading: Callable[[Subscription], AbstractAsyncContextManager[None]] | None = None,
) -> None:
    """Hand on every quote, until cancelled; an unreachable relay is asked again.

    `reading`: around the time that a subscription is read.
    """
    while True:
        try:
            async with (
                Subscription(
                    target,
                    Domain.MARKET_DATA,
                    message_types=[MessageType.QUOTE],
                    start="snapshot",
                    name="execution",
                ) as quotes,
                reading(quotes) if reading else nullcontext(),
            ):
                async for batch in quotes:
                    if batch.snapshot_sequence:
                        for frame in batch:
                            pipeline.quotes(frame.rows, min(frame.timestamp, time.time_ns()))
                        continue
                    latencies.record_frames(Stage.DELIVER, batch.frames)
                    for rows in batch.rows():
                        pipeline.quotes(rows)
        except MeshError as error:
            _log.warning("no market data: %s (%s)", error, error.reason)
        await asyncio.sleep(_RETRY_SECONDS)
