"""What venues are called: the built-in ones by heart, all others as the registry has them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from alphapulse_client.errors import NotFound
from alphapulse_layout import VenueId

if TYPE_CHECKING:
    from collections.abc import Iterable

    from alphapulse_client import Mesh

__all__ = ["VenueNames", "venue_names"]

_ONE_BY_ONE: Final = 32
"""Of more names than this all are asked for at once."""


class VenueNames:
    """Names by number; a number that was not learned is its own name."""

    def __init__(self, mesh: Mesh) -> None:
        """Nothing is asked yet."""
        self._registry = mesh.registry
        self._names: dict[int, str] = {venue.value: venue.name for venue in VenueId}
        self._names[0] = ""

    def __getitem__(self, number: int) -> str:
        """The name; of 0, which is no venue, nothing."""
        return self._names.get(number) or (str(number) if number else "")

    async def learn(self, numbers: Iterable[int]) -> None:
        """Ask the registry for the names of those that are not known yet."""
        unknown = set(numbers) - self._names.keys()
        if len(unknown) > _ONE_BY_ONE:
            async for venue in self._registry.venues():
                self._names[venue.venue] = venue.name
        else:
            await asyncio.gather(*map(self._ask, unknown))

    async def _ask(self, number: int) -> None:
        try:
            self._names[number] = (await self._registry.venue(number)).name
        except NotFound:
            self._names[number] = str(number)


async def venue_names(mesh: Mesh, numbers: Iterable[int]) -> VenueNames:
    """The names of these venues."""
    names = VenueNames(mesh)
    await names.learn(numbers)
    return names
