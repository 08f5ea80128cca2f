"""What a feed command looks at: its options become subscriptions, and errors name the option."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Final

from alphapulse.registry.v1 import registry_pb2
from alphapulse_client import DOMAINS, FeedOptions, Mesh, RelayDomain
from alphapulse_client.domains import relay_domain
from alphapulse_layout import AssetType, SourceType, VenueId
from alphapulse_layout.records import Domain, domain_of
from alphapulse_mesh.cli.feed_values import message_type, start_of
from alphapulse_mesh.runtime.errors import InvalidArgument, MeshError, UnknownInstrument
from alphapulse_mesh.runtime.fields import type_name

__all__ = ["POLICIES", "Selection", "words"]

POLICIES: Final[dict[str, Any]] = {
    "block": "block",
    "drop": "drop_oldest",
    "drop_oldest": "drop_oldest",
    "conflate": "conflate",
    "disconnect": "disconnect",
}
_ID_DIGITS: Final = 32


def words(texts: Iterable[str] | None) -> list[str]:
    """Options may be repeated, or hold several values between commas."""
    return [word.strip() for text in texts or () for word in text.split(",") if word.strip()]


@dataclass(slots=True)
class Selection:
    """What a command was told, as text; `subscriptions` makes options of feeds of it."""

    domains: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    instruments: list[str] = field(default_factory=list)
    venues: list[str] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    asset_types: list[str] = field(default_factory=list)
    where: str = ""
    start: str = "latest"
    tokens: list[str] = field(default_factory=list)
    policy: str = "drop"

    def chosen_domains(self) -> list[RelayDomain]:
        """The domains, each once; `all` is all four.

        Raises:
            InvalidArgument: no relay has one of them (reason `DOMAIN_UNKNOWN`).
        """
        named = words(self.domains) or ["market_data"]
        every = [*DOMAINS] if "all" in named else []
        return list(dict.fromkeys([*every, *(relay_domain(n) for n in named if n != "all")]))

    async def subscriptions(self, mesh: Mesh, name: str) -> dict[RelayDomain, FeedOptions]:
        """Options of a subscription for each domain; the registry is asked for symbols and venues.

        Raises:
            InvalidArgument: an option that cannot be meant; it says which.
            NotFound: no such venue or instrument.
        """
        domains = self.chosen_domains()
        types = self._types(domains)
        where = self._where(domains)
        venues = [await _venue(mesh, text) for text in words(self.venues)]
        shared: FeedOptions = {
            "venues": venues,
            "sources": [_number(SourceType, text, "--source") for text in words(self.sources)],
            "asset_types": [
                _number(AssetType, text, "--asset-type") for text in words(self.asset_types)
            ],
            "instruments": await self._instruments(mesh),
            "predicate": self.where,
            "policy": self._policy(),
            "name": name,
        }
        return {
            domain: {**shared, "message_types": types[domain], **where[domain]}
            for domain in domains
        }

    def _policy(self) -> Any:
        try:
            return POLICIES[self.policy]
        except KeyError:
            raise InvalidArgument(
                f"--policy {self.policy!r}: block, drop, conflate or disconnect",
                reason="POLICY_UNKNOWN",
            ) from None

    def _types(self, domains: list[RelayDomain]) -> dict[RelayDomain, list[int]]:
        """Each domain gets its own types of those that are named."""
        wanted = [message_type(text) for text in words(self.types)]
        for kind in wanted:
            if _domain(kind) not in (None, *domains):
                raise InvalidArgument(
                    f"--type {type_name(kind)} is of the {_domain(kind)} domain, not of "
                    f"{', '.join(domains)}",
                    reason="MESSAGE_TYPE_UNKNOWN",
                )
        found = {
            domain: [kind for kind in wanted if _domain(kind) in (None, domain)]
            for domain in domains
        }
        for domain, kinds in found.items():
            if wanted and not kinds:
                raise InvalidArgument(
                    f"--type {', '.join(map(type_name, wanted))}: none of the {domain} domain",
                    reason="MESSAGE_TYPE_UNKNOWN",
                )
        return found

    def _where(self, domains: list[RelayDomain]) -> dict[RelayDomain, FeedOptions]:
        """Where each domain starts: its token, or `--start`."""
        tokens: dict[RelayDomain, bytes] = {}
        for text in words(self.tokens):
            name, colon, digits = text.rpartition(":")
            if not colon and len(domains) > 1:
                raise InvalidArgument(
                    f"--token {text!r}: of which domain? DOMAIN:TOKEN", reason="TOKEN_INVALID"
                )
            domain = relay_domain(name) if colon else domains[0]
            if domain not in domains:
                raise InvalidArgument(
                    f"--token {text!r}: {domain} is not read here", reason="TOKEN_INVALID"
                )
            try:
                tokens[domain] = bytes.fromhex(digits)
            except ValueError:
                raise InvalidArgument(
                    f"--token {text!r} is not hexadecimal", reason="TOKEN_INVALID"
                ) from None
        start = start_of(self.start)
        if isinstance(start, int) and len(domains) > 1:
            raise InvalidArgument(
                f"--start {start}: each domain has sequences of its own; name one domain",
                reason="START_INVALID",
            )
        return {
            domain: {"resume": tokens[domain]} if domain in tokens else {"start": start}
            for domain in domains
        }

    async def _instruments(self, mesh: Mesh) -> list[bytes]:
        found: list[bytes] = []
        for text in words(self.instruments):
            symbol, _, venue = text.partition("@")
            if _is_id(text):
                found.append(bytes.fromhex(text))
            else:
                venues = [venue] if venue else words(self.venues)
                found += await _ids_of(mesh, symbol, venues)
        return found


def _is_id(text: str) -> bool:
    return len(text) == _ID_DIGITS and all(digit in "0123456789abcdefABCDEF" for digit in text)


async def _ids_of(mesh: Mesh, symbol: str, venues: list[str]) -> list[bytes]:
    """Ids of a symbol on the venues; without any, wherever it is listed."""
    found: list[registry_pb2.Instrument] = []
    for venue in venues:
        request = registry_pb2.ResolveInstrumentRequest(symbol=symbol, venue=venue)
        found += (await mesh.registry.resolve_all(request)).candidates
    if not venues:
        async for one in mesh.registry.list(symbol_prefix=symbol):
            if one.symbol.upper() == symbol.upper():
                found.append(one)
    if not found:
        where = f" on {', '.join(venues)}" if venues else ""
        raise UnknownInstrument(
            f"--instrument {symbol!r}: no such symbol{where}", reason="INSTRUMENT_UNKNOWN"
        )
    return [bytes.fromhex(one.id_text) for one in found]


async def _venue(mesh: Mesh, text: str) -> int:
    if text.isdigit():
        return int(text)
    try:
        return VenueId[text.upper()]
    except KeyError:
        pass
    try:
        return (await mesh.registry.venue(text)).venue
    except MeshError as error:
        error.message = f"--venue {text!r}: {error.message}"
        raise


def _number(enum: type[IntEnum], text: str, option: str) -> int:
    if text.isdigit():
        return int(text)
    try:
        return enum[text.upper().replace("-", "_")]
    except KeyError:
        names = ", ".join(one.name.lower() for one in enum if one)
        raise InvalidArgument(
            f"{option} {text!r}: there are {names}", reason="OPTION_INVALID"
        ) from None


def _domain(kind: int) -> str | None:
    """The domain of a type; None of one that several may carry."""
    try:
        found = domain_of(kind)
    except ValueError:
        raise InvalidArgument(
            f"--type {kind}: no domain has this number", reason="MESSAGE_TYPE_UNKNOWN"
        ) from None
    return None if found is Domain.CUSTOM else found.name.lower()
