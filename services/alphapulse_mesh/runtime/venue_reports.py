"""Telling the registry what a service measured of venues, an interval at a time.

Every replica is told, for each keeps measurements for itself. One call a venue and interval; a
registry that is away, or refuses, is no harm: that interval is gone, the next one is told.
"""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Final

from alphapulse_client._channel import ChannelFactory
from alphapulse_client.errors import MeshError
from alphapulse_client.registry import RegistryClient
from alphapulse_mesh.runtime.names import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from alphapulse.registry.v1 import registry_pb2 as pb
    from alphapulse_mesh.runtime.config import MeshConfig

__all__ = ["VenueReporter", "registry_targets"]

_log = logging.getLogger(__name__)
_TIMEOUT: Final = 2.0
_VENUES: Final = 256


def registry_targets(config: MeshConfig) -> list[str]:
    """Where every replica of the registry is."""
    instances = config.instances(Service.REGISTRY)
    return [config.endpoint(Service.REGISTRY, instance).target for instance in instances]


class VenueReporter:
    """Asks for measurements every `interval` seconds and passes them on."""

    def __init__(
        self,
        targets: Sequence[str],
        measure: Callable[[int], Sequence[tuple[int, pb.VenueMetric]]],
        interval: float,
        *,
        clock_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        """`targets`: of the registry's replicas. `measure` is given the time (ns) and answers what
        was measured since it was asked last, by venue number.
        """
        self._targets = tuple(targets)
        self._measure = measure
        self._interval = interval
        self._clock_ns = clock_ns
        self._silent: set[str] = set()
        """Targets that did not answer; said once each time."""
        self.reported = 0
        """Measurements that a replica has taken."""

    async def run(self) -> None:
        """Until cancelled."""
        async with AsyncExitStack() as stack:
            clients: dict[str, RegistryClient] = {}
            for target in self._targets:
                channel = ChannelFactory(target).open()
                stack.push_async_callback(channel.close)
                clients[target] = RegistryClient(channel, timeout=_TIMEOUT)
            while True:
                await asyncio.sleep(self._interval)
                measured = self._measure(self._clock_ns())[:_VENUES]
                if measured:
                    telling = (self._tell(*each, measured) for each in clients.items())
                    await asyncio.gather(*telling)

    async def _tell(
        self, target: str, client: RegistryClient, measured: Sequence[tuple[int, pb.VenueMetric]]
    ) -> None:
        try:
            for venue, metric in measured:
                await client.report_venue_metrics(venue, [metric])
                self.reported += 1
        except MeshError as error:
            if target not in self._silent:
                self._silent.add(target)
                _log.warning("venues are not reported to %s: %s", target, error)
        else:
            self._silent.discard(target)
