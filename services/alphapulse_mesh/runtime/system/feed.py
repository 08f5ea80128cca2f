"""A service's line to the SystemRelay: says that it lives and what goes wrong, obeys updates.

It never holds its service up: where the relay is away nothing piles up, and nothing that happens on
this line ends the service.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Final

from alphapulse_client.errors import FrameError, MeshError
from alphapulse_client.publisher import Publisher
from alphapulse_client.subscription import Subscription
from alphapulse_client.system_frames import (
    FeedLag,
    Sender,
    config_result_frame,
    read_config_updates,
    snapshot_frame,
)
from alphapulse_layout import SourceType
from alphapulse_layout.enums import MessageType
from alphapulse_mesh.runtime.names import RELAYS, Service
from alphapulse_mesh.runtime.system.reports import (
    ErrorLog,
    Rate,
    Traffic,
    error_frame_of,
    heartbeat,
)
from alphapulse_mesh.runtime.system.updates import Updates

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from alphapulse_client.frames import Frame
    from alphapulse_mesh.runtime.agent import AgentStatus
    from alphapulse_mesh.runtime.config import SystemFeedConfig
    from alphapulse_mesh.runtime.paths import MeshPaths
    from alphapulse_mesh.runtime.system.updates import Settings

__all__ = ["Reading", "SystemFeed"]

_log = logging.getLogger(__name__)

Reading = Callable[[Subscription], AbstractAsyncContextManager[object]]
"""What is around the time that a subscription is read: `SystemFeed.reading`, or nothing."""

_LOOK_SECONDS: Final = 0.5
_RETRY_SECONDS: Final = 5.0
_MOST_WAITING: Final = 64
"""Frames that may wait for the relay; what comes then is left out."""
_SOURCES: Final = {
    **dict(
        zip(
            RELAYS,
            (
                SourceType.MARKET_DATA_RELAY,
                SourceType.SIGNAL_RELAY,
                SourceType.EXECUTION_RELAY,
                SourceType.SYSTEM_RELAY,
            ),
            strict=True,
        )
    ),
    Service.REGISTRY: SourceType.REGISTRY,
    Service.EXECUTION: SourceType.EXECUTION_ENGINE,
    Service.PORTFOLIO: SourceType.PORTFOLIO_MANAGER,
    Service.STRATEGY: SourceType.ARBITRAGE_STRATEGY,
}


class SystemFeed:
    """What one service says and hears. Tell it what to say, then `run` it beside the service."""

    def __init__(
        self,
        settings: SystemFeedConfig,
        service: Service,
        status: AgentStatus,
        paths: MeshPaths,
    ) -> None:
        self.updates = Updates()
        self.epoch = int.from_bytes(os.urandom(8), "little")
        """Of this process, unless the service says better."""
        self.sent = 0
        """Frames given to the relay."""
        self.left_out = 0
        """Frames that were not sent because the relay did not take them in time."""
        self._settings = settings
        self._service = service
        self._status = status
        self._paths = paths
        self._traffic: Callable[[], Traffic] = Traffic
        self._lags: list[Callable[[], Iterable[FeedLag]]] = []
        self._started_ns = time.time_ns()
        self._errors = Rate(settings.errors_per_minute)
        self._publisher: Publisher | None = None
        self._outbox: asyncio.Queue[bytes] = asyncio.Queue(_MOST_WAITING)

    # ----------------------------------------------------------------------- what the service tells

    def watch(self, lags: Callable[[], Iterable[FeedLag]]) -> None:
        """Heartbeats say how far behind these feeds are."""
        self._lags.append(lags)

    def watch_subscription(self, subscription: Subscription) -> None:
        """The same, of a feed that the service reads."""
        self.watch(lambda: [FeedLag(subscription.domain, subscription.lag, subscription.lost)])

    @contextlib.asynccontextmanager
    async def reading(self, subscription: Subscription) -> AsyncIterator[None]:
        """The same, for as long as the block runs."""

        def lags() -> list[FeedLag]:
            return [FeedLag(subscription.domain, subscription.lag, subscription.lost)]

        self._lags.append(lags)
        try:
            yield
        finally:
            self._lags.remove(lags)

    def count(self, traffic: Callable[[], Traffic]) -> None:
        """Heartbeats say what has gone through the service."""
        self._traffic = traffic

    def kept(self, sequence: int, records: int) -> None:
        """The service has kept a snapshot of its state up to this sequence of its journal."""
        self._offer(snapshot_frame(self._sender(), sequence=sequence, records=records))

    def own(self, settings: Settings) -> None:
        """The service answers for these settings."""
        self.updates.own(settings)

    # -------------------------------------------------------------------------------------- running

    async def run(self, draining: asyncio.Event) -> None:
        """Say and hear until cancelled; while there is no SystemRelay, wait for one."""
        handler = ErrorLog(asyncio.get_running_loop(), self._report)
        logging.getLogger().addHandler(handler)
        try:
            while True:
                target = await self._find_relay()
                try:
                    await self._serve(target, draining)
                except MeshError as error:
                    _log.warning("the line to the SystemRelay: %s (%s)", error, error.reason)
                await asyncio.sleep(_RETRY_SECONDS)
        finally:
            logging.getLogger().removeHandler(handler)

    async def _find_relay(self) -> str:
        while True:
            ready = self._paths.read_ready(Service.RELAY_SYSTEM)
            if ready is not None and ready.alive():
                return ready.target
            await asyncio.sleep(_LOOK_SECONDS)

    async def _serve(self, target: str, draining: asyncio.Event) -> None:
        publisher = Publisher(
            target, "system", producer_name=self._status.name, max_unacked=2 * _MOST_WAITING
        )
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(publisher.close, flush=None)
            await publisher.start()
            tasks = [self._send(publisher)]
            if self._settings.heartbeat_seconds:
                tasks.append(self._beat(draining))
            if self._settings.obey_updates:
                tasks.append(self._obey(target))
            try:
                async with asyncio.TaskGroup() as group:
                    for task in tasks:
                        group.create_task(task)
            except* MeshError as errors:
                raise _first(errors) from None

    async def _send(self, publisher: Publisher) -> None:
        while True:
            frame = await self._outbox.get()
            await publisher.publish(frame)  # waits while the relay is away: the outbox fills
            self.sent += 1

    def _offer(self, frame: bytes) -> None:
        try:
            self._outbox.put_nowait(frame)
        except asyncio.QueueFull:
            self.left_out += 1

    async def _beat(self, draining: asyncio.Event) -> None:
        interval = self._settings.heartbeat_seconds
        while True:
            self._offer(
                heartbeat(
                    self._sender(),
                    self._status,
                    started_ns=self._started_ns,
                    interval=interval,
                    traffic=self._traffic(),
                    lags=[lag for lags in self._lags for lag in lags()],
                )
            )
            if draining.is_set():  # said so; what follows is the supervisor's to see
                await asyncio.sleep(interval)
                continue
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(draining.wait(), interval)

    def _report(self, record: logging.LogRecord) -> None:
        """A logged error becomes a frame, as long as there are not too many."""
        if self._errors.passes():
            unreported, self._errors.refused = self._errors.refused, 0
            self._offer(error_frame_of(self._sender(), record, unreported))

    async def _obey(self, target: str) -> None:
        async with Subscription(
            target,
            "system",
            message_types=[MessageType.CONFIG_UPDATE],
            policy="drop_oldest",
            name=f"{self._status.name}-settings",
            transports=(),
        ) as feed:
            async for batch in feed:
                for frame in batch:
                    self._take(frame)

    def _take(self, frame: Frame) -> None:
        try:
            changes = read_config_updates(frame)
        except FrameError as error:  # whoever sent it hears nothing, and gives up waiting
            _log.warning("a configuration update cannot be read: %s", error)
            return
        answers = self.updates.take(changes, time.time_ns())
        if answers:
            self._offer(config_result_frame(self._sender(), answers, frame.context))

    def _sender(self) -> Sender:
        return Sender(
            self._status.name,
            self._status.version,
            self.epoch,
            self.updates.version,
            _SOURCES.get(self._service, SourceType.EXTERNAL),
        )


def _first(errors: BaseExceptionGroup[MeshError]) -> MeshError:
    for error in errors.exceptions:
        if isinstance(error, MeshError):
            return error
        return _first(error)
    raise AssertionError("a group is never empty")
