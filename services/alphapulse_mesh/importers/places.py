"""Venues as importers need them: by name, MIC, chain, and made where they are missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.importers.venues import number_of

if TYPE_CHECKING:
    from alphapulse_client.registry import RegistryClient

__all__ = ["Places"]

# EIP-155 number → name, for chains that a registry does not have from the start
_CHAINS: Final = {
    3: "ROPSTEN", 4: "RINKEBY", 5: "GOERLI", 42: "KOVAN", 130: "UNICHAIN", 143: "MONAD",
    196: "X_LAYER", 480: "WORLD_CHAIN", 1868: "SONEIUM", 57073: "INK", 80001: "POLYGON_MUMBAI",
    81457: "BLAST", 7777777: "ZORA", 11155111: "SEPOLIA",
}  # fmt: skip


class Places:
    """The registry's venues at the beginning of an import, and those that it adds."""

    def __init__(self, registry: RegistryClient) -> None:
        self._registry = registry
        self.by_name: dict[str, pb.Venue] = {}
        self.by_number: dict[int, pb.Venue] = {}
        self.by_mic: dict[str, pb.Venue] = {}
        self.chains: dict[int, pb.Venue] = {}
        self._taken: dict[int, str] = {}

    @classmethod
    async def read(cls, registry: RegistryClient) -> Self:
        """All venues that the registry has."""
        places = cls(registry)
        async for venue in registry.venues():
            places.know(venue)
        return places

    def know(self, venue: pb.Venue) -> None:
        """Add one."""
        self.by_name[venue.name] = self.by_number[venue.venue] = venue
        self._taken[venue.venue] = venue.name
        if venue.mic:
            self.by_mic[venue.mic] = venue
        if venue.kind == pb.VENUE_KIND_CHAIN:
            self.chains[venue.chain_id] = venue

    async def chain(self, chain_id: int) -> pb.Venue:
        """The chain of a number, registered where it is new."""
        found = self.chains.get(chain_id)
        if found is not None:
            return found
        name = _CHAINS.get(chain_id, f"CHAIN_{chain_id}")
        return await self._add(
            pb.Venue(
                name=name, kind=pb.VENUE_KIND_CHAIN, chain_id=chain_id, title=f"Chain {chain_id}"
            )
        )

    async def named(self, name: str, kind: pb.VenueKind.ValueType, title: str) -> pb.Venue:
        """The venue of a name, registered where it is new."""
        found = self.by_name.get(name)
        if found is not None:
            return found
        return await self._add(pb.Venue(name=name, kind=kind, title=title))

    async def _add(self, venue: pb.Venue) -> pb.Venue:
        venue.venue = number_of(venue.name, self._taken)
        made = await self._registry.register_venue(venue)
        self.know(made)
        return made
