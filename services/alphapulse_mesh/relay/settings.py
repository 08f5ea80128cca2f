"""What of a relay's policy can be changed while it runs, and how nobody loses a frame by it.

A change is checked as the configuration is, and against bounds that no running relay should leave.
A wider limit holds at once. A shorter window holds once nobody who is connected needs what would
leave it; a lower circuit breaker first holds producers back until the backlog is below it.
"""

from __future__ import annotations

import asyncio
import difflib
import time
from typing import TYPE_CHECKING, Any, Final

from pydantic import ValidationError

from alphapulse_mesh.runtime.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alphapulse_mesh.relay.hub import Hub

__all__ = ["AT_RUN_TIME", "RelaySettings"]

AT_RUN_TIME: Final[dict[str, tuple[float, float]]] = {
    "max_queue_frames": (16, 100_000_000),
    "circuit_breaker_frames": (8, 100_000_000),
    "max_subscribers": (1, 100_000),
    "subscriber_lease_seconds": (0.1, 3600),
    "subscriber_linger_seconds": (0, 3600),
    "producer_lease_seconds": (0.1, 3600),
    "shm_spin_microseconds": (0, 1_000_000),
    "validate_checksums": (0, 1),
    "require_sequence": (0, 1),
}
"""Setting → bounds. Memory, transport and port are fixed as long as the process lives."""
_SETTLE_SECONDS: Final = 0.05


class RelaySettings:
    """The changeable settings of one hub. `close` it before the hub."""

    def __init__(self, hub: Hub) -> None:
        self.prefix = f"relays.{hub.domain.name}."
        self._hub = hub
        self._timer: asyncio.TimerHandle | None = None
        self._patience_ends = 0.0

    def change(self, values: Mapping[str, Any]) -> None:
        """Put all in force or none.

        Raises:
            ConfigError: no such setting (`CONFIG_UNKNOWN_KEY`), one that is fixed while the relay
                runs (`CONFIG_NOT_AT_RUN_TIME`), a value out of bounds or of another type
                (`CONFIG_INVALID_VALUE`).
        """
        config = self._hub.config
        known = type(config).model_fields
        for key, value in values.items():
            if key not in known:
                near = difflib.get_close_matches(key, list(AT_RUN_TIME), n=2)
                raise ConfigError(
                    f"a relay has no setting {key[:64]!r};"
                    f" {'did you mean' if near else 'there are'} {', '.join(near or AT_RUN_TIME)}",
                    reason="CONFIG_UNKNOWN_KEY",
                    key=key[:64],
                )
            if key not in AT_RUN_TIME:
                raise ConfigError(
                    f"{key} is fixed as long as the relay runs: set it in the configuration file",
                    reason="CONFIG_NOT_AT_RUN_TIME",
                    key=key,
                )
            low, high = AT_RUN_TIME[key]
            # `not within` also refuses what is no number in order
            if not isinstance(value, int | float) or not low <= value <= high:
                raise ConfigError(
                    f"{key}: {str(value)[:64]!r} is not within {low:g} and {high:g}",
                    reason="CONFIG_INVALID_VALUE",
                    key=key,
                )
        try:
            changed = type(config).model_validate({**config.model_dump(), **values}, strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = ".".join(str(part) for part in first["loc"]) or next(iter(values))
            raise ConfigError(
                f"{key}: {first['msg'].removeprefix('Value error, ')}"[:500],
                reason="CONFIG_INVALID_VALUE",
                key=key,
            ) from None
        self._hub.reconfigure(changed)
        self._patience_ends = time.monotonic() + changed.subscriber_lease_seconds
        self._settle()

    def _settle(self) -> None:
        """Shorten the window as soon as that costs nobody a frame."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        hub = self._hub
        wanted = hub.config.max_queue_frames
        if wanted < hub.window.max_frames and self._needed() > wanted:
            self._timer = asyncio.get_running_loop().call_later(_SETTLE_SECONDS, self._settle)
            return
        hub.window.max_frames = wanted

    def _needed(self) -> int:
        """Frames that must stay: for good those of the blocking ones, others' for a while."""
        hub = self._hub
        lags = [one.lag for one in hub.subscribers]
        if time.monotonic() >= self._patience_ends:
            lags = []
        return max(hub.pressure.backlog(), *lags, 0)

    def close(self) -> None:
        """Stop waiting for a shorter window."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
