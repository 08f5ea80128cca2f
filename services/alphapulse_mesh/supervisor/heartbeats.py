"""Who has been heard of on the SystemRelay, and who is missing.

The supervisor reads heartbeats as anybody can; what it makes of them is shown by `status` and
`top`. It restarts nothing because of one: whether a process answers is asked by its health checks.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse.system.v1 import system_pb2
from alphapulse_client.subscription import Subscription
from alphapulse_client.system_frames import Heartbeat, read_heartbeat
from alphapulse_layout.enums import MessageType
from alphapulse_mesh.runtime.errors import MeshError
from alphapulse_mesh.runtime.names import Service

if TYPE_CHECKING:
    from collections.abc import Callable

    from alphapulse_mesh.runtime.paths import MeshPaths

__all__ = ["Heartbeats"]

_log = logging.getLogger(__name__)

_MISSED: Final = 3
_MAX_SERVICES: Final = 1024
"""Names remembered: anybody who may publish can make one up."""
_RETRY_SECONDS: Final = 1.0


class _Seen(NamedTuple):
    beat: Heartbeat
    at: float


class Heartbeats:
    """The latest heartbeat of each service. `run` it beside the supervisor."""

    def __init__(
        self,
        paths: MeshPaths,
        interval: float,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`interval`: seconds between those that are configured; 0: there are none."""
        self._paths = paths
        self._interval = interval
        self._clock = clock
        self._seen: dict[str, _Seen] = {}

    async def run(self) -> None:
        """Listen until cancelled."""
        while self._interval:
            ready = self._paths.read_ready(Service.RELAY_SYSTEM)
            if ready is not None and ready.alive():
                try:
                    await self._listen(ready.target)
                except MeshError as error:
                    _log.warning("no heartbeats: %s (%s)", error, error.reason)
            await asyncio.sleep(_RETRY_SECONDS)

    async def _listen(self, target: str) -> None:
        async with Subscription(
            target,
            "system",
            message_types=[MessageType.HEARTBEAT],
            policy="drop_oldest",
            name="supervisor-heartbeats",
            transports=(),
        ) as feed:
            async for batch in feed:
                for frame in batch:
                    beat = read_heartbeat(frame)
                    if beat is not None:
                        self.heard(beat)

    def heard(self, beat: Heartbeat) -> None:
        """A service lives."""
        name = beat.sender.service
        if name in self._seen or len(self._seen) < _MAX_SERVICES:
            self._seen[name] = _Seen(beat, self._clock())

    def status(self, name: str, up_seconds: float) -> system_pb2.HeartbeatStatus | None:
        """What is known of a service that has been up so long; None where there is nothing yet.

        One is missing when nothing was heard for three of its intervals, by our own clock.
        """
        if not self._interval:
            return None
        seen = self._seen.get(name)
        if seen is None or self._clock() - seen.at > up_seconds:  # that was its predecessor
            if up_seconds <= _MISSED * self._interval:
                return None
            return system_pb2.HeartbeatStatus(missing=True, interval_ms=int(self._interval * 1000))
        beat = seen.beat
        interval = max(beat.interval_ms / 1000, 0.05)
        message = system_pb2.HeartbeatStatus(
            interval_ms=beat.interval_ms,
            missing=self._clock() - seen.at > _MISSED * interval,
            state=system_pb2.ServiceState.ValueType(beat.state),
            version=beat.sender.version,
            epoch=beat.sender.epoch,
            config_version=beat.sender.config_version,
            lags=[system_pb2.FeedLag(**lag._asdict()) for lag in beat.lags],
        )
        message.created_at.FromNanoseconds(min(beat.created_at, (1 << 63) - 1))
        return message
