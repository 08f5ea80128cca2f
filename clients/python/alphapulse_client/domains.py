"""The four relay domains as a client names them, and the gRPC service of each."""

from __future__ import annotations

from typing import Final, Literal, get_args

from alphapulse_client.errors import InvalidArgument
from alphapulse_layout import Domain

__all__ = ["DOMAINS", "RelayDomain", "relay_domain", "relay_service"]

RelayDomain = Literal["market_data", "signal", "execution", "system"]
"""A domain that has a relay."""

DOMAINS: Final[tuple[RelayDomain, ...]] = get_args(RelayDomain)

_SERVICES: Final[dict[RelayDomain, str]] = {
    "market_data": "alphapulse.relay.v1.MarketDataRelay",
    "signal": "alphapulse.relay.v1.SignalRelay",
    "execution": "alphapulse.relay.v1.ExecutionRelay",
    "system": "alphapulse.relay.v1.SystemRelay",
}


def relay_domain(domain: str | Domain) -> RelayDomain:
    """The domain by name (`market_data`, also `market-data`) or as the layout's `Domain`.

    Raises:
        InvalidArgument: no relay has this domain (reason `DOMAIN_UNKNOWN`).
    """
    name = domain.name.lower() if isinstance(domain, Domain) else domain.replace("-", "_")
    if name not in DOMAINS:
        raise InvalidArgument(
            f"no relay has the domain {name!r}; there are {', '.join(DOMAINS)}",
            reason="DOMAIN_UNKNOWN",
            domain=name,
        )
    return name


def relay_service(domain: str | Domain) -> str:
    """The full name of the domain's gRPC service, e.g. `alphapulse.relay.v1.SignalRelay`."""
    return _SERVICES[relay_domain(domain)]
