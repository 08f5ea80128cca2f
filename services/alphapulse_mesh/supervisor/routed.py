"""Which gRPC services clients reach through Envoy, and which of their methods may be repeated.

The streaming ones are read from the schemas. Making routes of them is `envoy`'s part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alphapulse.execution.v1 import execution_pb2
from alphapulse.registry.v1 import registry_pb2
from alphapulse.relay.v1 import relay_pb2
from alphapulse.strategy.v1 import strategy_pb2
from alphapulse.system.v1 import system_pb2
from alphapulse_mesh.runtime.names import Service

if TYPE_CHECKING:
    from types import ModuleType

    from google.protobuf.descriptor import ServiceDescriptor

__all__ = ["ROUTED_SERVICES", "SHARED_SERVICES", "RoutedService"]


@dataclass(frozen=True, slots=True)
class RoutedService:
    """One gRPC service that clients reach through Envoy."""

    service: ServiceDescriptor
    process: Service
    """The process that serves it."""
    idempotent: tuple[str, ...] = ()
    """Methods that may be executed twice; others are retried only when surely not executed."""
    transcoded: bool = False
    """Unary methods with HTTP annotations are offered as JSON."""

    @property
    def grpc_name(self) -> str:
        """Full name, `package.Service`."""
        return self.service.full_name

    @property
    def methods(self) -> tuple[str, ...]:
        """Names of all methods."""
        return tuple(method.name for method in self.service.methods)

    @property
    def streaming(self) -> tuple[str, ...]:
        """Methods that stream: no time-out of any kind, no retry."""
        return tuple(
            method.name
            for method in self.service.methods
            if method.client_streaming or method.server_streaming
        )


def _service(file: ModuleType, name: str) -> ServiceDescriptor:
    found: ServiceDescriptor = file.DESCRIPTOR.services_by_name[name]
    return found


ROUTED_SERVICES: Final = (
    RoutedService(
        _service(registry_pb2, "RegistryService"),
        Service.REGISTRY,
        # Registration is idempotent by natural key: the same data again is the same instrument.
        idempotent=(
            "RegisterInstrument",
            "BatchRegisterInstruments",
            "GetInstrument",
            "BatchGetInstruments",
            "ResolveInstrument",
            "ListInstruments",
            "ListLinks",
            "LinkInstruments",
            "RegisterVenue",
            "GetVenue",
            "ListVenues",
            "DelistInstrument",
            "GetInstrumentHistory",
            "SearchInstruments",
            "BatchGetInstrumentRecords",
            "FindVenues",
            "QuoteFees",
            "GetSessions",
            "GetVenueMetrics",
            "DefineSynthetic",
            "GetSynthetic",
            "ListSynthetics",
            "EvaluateSynthetic",
            "RouteOrder",
        ),
        transcoded=True,
    ),
    *(
        RoutedService(
            _service(relay_pb2, name),
            process,
            idempotent=("GetStatus", "RegisterSchema", "ListSchemas"),
        )
        for name, process in (
            ("MarketDataRelay", Service.RELAY_MARKET_DATA),
            ("SignalRelay", Service.RELAY_SIGNAL),
            ("ExecutionRelay", Service.RELAY_EXECUTION),
            ("SystemRelay", Service.RELAY_SYSTEM),
        )
    ),
    RoutedService(
        _service(execution_pb2, "ExecutionService"),
        Service.EXECUTION,
        # SubmitOrder only with a client order id is idempotent, which a path cannot tell.
        idempotent=("GetOrder", "ListOrders", "ListFills"),
        transcoded=True,
    ),
    RoutedService(
        _service(strategy_pb2, "StrategyService"),
        Service.STRATEGY,
        idempotent=("GetStrategyStatus",),
        transcoded=True,
    ),
    RoutedService(
        _service(strategy_pb2, "PortfolioService"),
        Service.PORTFOLIO,
        idempotent=("GetPortfolio",),
        transcoded=True,
    ),
    RoutedService(
        _service(system_pb2, "SystemService"),
        Service.SUPERVISOR,
        idempotent=("GetMeshStatus", "SendHeartbeat"),
        transcoded=True,
    ),
)

SHARED_SERVICES: Final = (
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
)
"""The registry answers for the whole mesh: its descriptor pool holds every generated service."""
