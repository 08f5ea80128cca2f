"""Settings that can be changed while a service runs: who owns them, and what is answered.

An update names settings by their full names in the configuration. A service looks only at those
that it owns, takes all of them or none, and answers each with a reason. What it holds is gone when
its process ends: what shall stay is written into the configuration file.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol

from alphapulse_client.system_frames import ConfigChange
from alphapulse_layout.enums import ConfigOutcome
from alphapulse_mesh.runtime.errors import InvalidArgument, MeshError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Answered", "LogLevel", "Settings", "Updates"]

_log = logging.getLogger(__name__)

_REMEMBERED: Final = 16
_LEVELS: Final = ("debug", "info", "warning", "error")


class Settings(Protocol):
    """Settings of one section that a service can change while it runs."""

    prefix: str
    """Section with its final point: `relays.market_data.`."""

    def change(self, values: Mapping[str, Any]) -> None:
        """Put all of them in force, named without the prefix, or none.

        Raises:
            MeshError: why not; `key` among its values says which one.
        """
        ...


class Answered(NamedTuple):
    """A change and when it was answered."""

    change: ConfigChange
    time_ns: int


class LogLevel:
    """`telemetry.log_level`: every service has it."""

    prefix = "telemetry."

    def change(self, values: Mapping[str, Any]) -> None:
        """Set the level of the process's root logger."""
        for key, value in values.items():
            if key != "log_level":
                raise InvalidArgument(
                    f"telemetry.{key} is fixed while services run; telemetry.log_level is not",
                    reason="CONFIG_NOT_AT_RUN_TIME",
                    key=key,
                )
            if value not in _LEVELS:
                raise InvalidArgument(
                    f"log_level: one of {', '.join(_LEVELS)}, not {value!r}"[:200],
                    reason="CONFIG_INVALID_VALUE",
                    key=key,
                )
        logging.getLogger().setLevel(str(values["log_level"]).upper())


class Updates:
    """What a service has been asked to change, and what became of it."""

    def __init__(self) -> None:
        self.version = 0
        """Newest update that was answered."""
        self.answered: deque[Answered] = deque(maxlen=_REMEMBERED)
        """The latest answers, oldest first."""
        self._owned: list[Settings] = [LogLevel()]
        self._versions: dict[str, int] = {}

    def own(self, settings: Settings) -> None:
        """The service answers for these settings."""
        self._owned.append(settings)

    def take(self, changes: Iterable[ConfigChange], now_ns: int) -> list[ConfigChange]:
        """Apply what of an update is this service's. Returns the answers; none where none is.

        All settings of one section are taken or refused together.
        """
        changes = list(changes)
        answers: list[ConfigChange] = []
        for settings in self._owned:
            mine = [change for change in changes if change.key.startswith(settings.prefix)]
            if mine:
                answers += self._apply(settings, mine)
        for answer in answers:
            self.answered.append(Answered(answer, now_ns))
            self.version = max(self.version, answer.version)
            _log.info(
                "setting %s: %s %s", answer.key, answer.outcome.name.lower(), answer.detail[:200]
            )
        return answers

    def _apply(self, settings: Settings, mine: list[ConfigChange]) -> list[ConfigChange]:
        stale = [one for one in mine if one.version <= self._versions.get(one.key, 0)]
        try:
            if stale:
                raise InvalidArgument(
                    f"{stale[0].key}: version {stale[0].version} is older than what is in force",
                    reason="CONFIG_STALE",
                    key=stale[0].key,
                )
            settings.change({one.key.removeprefix(settings.prefix): one.value for one in mine})
        except MeshError as error:
            return [
                _answer(one, ConfigOutcome.REFUSED, error.reason, error.message) for one in mine
            ]
        for one in mine:
            self._versions[one.key] = one.version
        return [_answer(one, ConfigOutcome.APPLIED, "", "") for one in mine]


def _answer(change: ConfigChange, outcome: ConfigOutcome, reason: str, detail: str) -> ConfigChange:
    return ConfigChange(
        change.key, change.version, change.value, outcome=outcome, reason=reason, detail=detail
    )
