"""What differs between the four relays: service names, message types, section of configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alphapulse_layout import Domain, SourceType
from alphapulse_mesh.runtime.names import Service

__all__ = ["BY_INSTANCE", "RelayDomain"]


@dataclass(frozen=True, slots=True)
class RelayDomain:
    """One of the four domains."""

    name: str
    """As in the configuration and in `GetStatusResponse.domain`: `market_data`."""
    service: Service
    """Name of the process; also of its ring."""
    grpc_service: str
    """Full name of the gRPC service."""
    source: SourceType
    """What the relay's own frames would name as their source."""
    domain: Domain
    custom_types: bool
    """Whether message types registered at run time (200-255) may pass: their number names no
    domain, so that the producer's choice of relay decides. Not on the execution path.
    """

    def accepts(self, message_type: int) -> bool:
        """Whether frames of this type belong here."""
        low, high = self.domain.value
        if low <= message_type <= high:
            return True
        low, high = Domain.CUSTOM.value
        return self.custom_types and low <= message_type <= high


_DOMAINS: Final = (
    RelayDomain(
        name="market_data",
        service=Service.RELAY_MARKET_DATA,
        grpc_service="alphapulse.relay.v1.MarketDataRelay",
        source=SourceType.MARKET_DATA_RELAY,
        domain=Domain.MARKET_DATA,
        custom_types=True,
    ),
    RelayDomain(
        name="signal",
        service=Service.RELAY_SIGNAL,
        grpc_service="alphapulse.relay.v1.SignalRelay",
        source=SourceType.SIGNAL_RELAY,
        domain=Domain.SIGNAL,
        custom_types=True,
    ),
    RelayDomain(
        name="execution",
        service=Service.RELAY_EXECUTION,
        grpc_service="alphapulse.relay.v1.ExecutionRelay",
        source=SourceType.EXECUTION_RELAY,
        domain=Domain.EXECUTION,
        custom_types=False,
    ),
    RelayDomain(
        name="system",
        service=Service.RELAY_SYSTEM,
        grpc_service="alphapulse.relay.v1.SystemRelay",
        source=SourceType.SYSTEM_RELAY,
        domain=Domain.SYSTEM,
        custom_types=True,
    ),
)

BY_INSTANCE: Final[dict[str, RelayDomain]] = {
    domain.name.replace("_", "-"): domain for domain in _DOMAINS
}
"""`--instance` → domain."""
