"""Commands that are imported when they are called: `alphapulse --help` needs none of them.

A line of help for each stands in the table, so that listing and completing import nothing; a test
holds the lines against the commands' own.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command_from_info, get_group
from typer.models import CommandInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Lazy", "lazy_group"]


class Lazy(NamedTuple):
    """Where a command is: a function, or a `typer.Typer` with commands of its own."""

    module: str
    attribute: str
    help: str

    def load(self, name: str) -> Any:
        """The command, under this name."""
        found = getattr(importlib.import_module(self.module), self.attribute)
        if not isinstance(found, typer.Typer):
            return get_command_from_info(
                CommandInfo(name, callback=found),
                pretty_exceptions_short=False,
                rich_markup_mode="rich",
            )
        group = get_group(found)
        group.name = name
        return group


def lazy_group(table: Mapping[str, Lazy]) -> type[TyperGroup]:
    """A class of groups (`typer.Typer(cls=…)`) with these commands, in this order."""

    class LazyGroup(TyperGroup):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self._loaded: set[str] = set()
            for name, entry in table.items():
                self.commands[name] = TyperCommand(name, help=entry.help)

        def list_commands(self, ctx: Any) -> list[str]:
            return list(table)

        def resolve_command(self, ctx: Any, args: list[str]) -> Any:
            name = args[0] if args else ""
            if name in table and name not in self._loaded:
                self.commands[name] = table[name].load(name)
                self._loaded.add(name)
            return super().resolve_command(ctx, args)

    return LazyGroup
