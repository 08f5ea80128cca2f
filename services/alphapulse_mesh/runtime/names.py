"""The names of the services: what traces, ready files, sockets and configuration call them."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["REGISTRY_INDEX", "RELAYS", "RINGS", "Service", "service_id"]


class Service(StrEnum):
    """One member per kind of process. The value is `service.name` in OpenTelemetry."""

    REGISTRY = "registry"
    RELAY_MARKET_DATA = "relay-market-data"
    RELAY_SIGNAL = "relay-signal"
    RELAY_EXECUTION = "relay-execution"
    RELAY_SYSTEM = "relay-system"
    EXECUTION = "execution"
    COLLECTOR = "collector"
    STRATEGY = "strategy"
    PORTFOLIO = "portfolio"
    SUPERVISOR = "supervisor"


RELAYS = (
    Service.RELAY_MARKET_DATA,
    Service.RELAY_SIGNAL,
    Service.RELAY_EXECUTION,
    Service.RELAY_SYSTEM,
)

REGISTRY_INDEX = "registry-index"
"""The instruments in shared memory; `REGISTRY_INDEX.lock` is its writer's."""

RINGS = (*RELAYS, "latency", REGISTRY_INDEX, f"{REGISTRY_INDEX}.lock")
"""Names of the shared-memory files of a mesh (`MeshPaths.shm_path`)."""


def service_id(service: str, instance: str | None = None) -> str:
    """`registry`, or with an instance `collector-binance`: unique within a mesh."""
    return service if instance is None else f"{service}-{instance}"
