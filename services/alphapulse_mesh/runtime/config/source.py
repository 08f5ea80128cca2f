"""The values of the file being loaded, as a pydantic-settings source.

Apart from `sections` and `loading`, which both need it.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final

from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["file_source", "file_values"]

_NOTHING: Final[Mapping[str, Any]] = {}

file_values: ContextVar[Mapping[str, Any]] = ContextVar("alphapulse_config", default=_NOTHING)
"""What `load_config` read from the file; empty outside of it."""


def file_source(settings_cls: type[BaseSettings]) -> PydanticBaseSettingsSource:
    """`file_values` as a source."""
    return InitSettingsSource(settings_cls, dict(file_values.get()))
