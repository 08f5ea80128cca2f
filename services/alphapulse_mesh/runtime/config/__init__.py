"""Configuration of a mesh: one TOML file plus `ALPHAPULSE_…` environment variables, frozen and
typed.

`sections` and `relay_sections` declare what can be set and its defaults, `types` the kinds of
values; `loading` finds, merges, checks and writes it.
"""

from alphapulse_mesh.runtime.config.loading import ENV_PREFIX, dump_toml, load_config
from alphapulse_mesh.runtime.config.relay_sections import RelayConfig, RelaysConfig
from alphapulse_mesh.runtime.config.sections import (
    CollectorSource,
    CrossVenueArbitrageConfig,
    EnvoyConfig,
    ExecutionConfig,
    MeshConfig,
    MeshSection,
    PortfolioConfig,
    RegistryConfig,
    RiskLimits,
    ServerConfig,
    SimulatedVenueConfig,
    StrategiesConfig,
    SupervisorConfig,
    SystemFeedConfig,
    TelemetryConfig,
    TraceFileConfig,
    VenueCredentials,
)
from alphapulse_mesh.runtime.config.types import Endpoint

__all__ = [
    "ENV_PREFIX",
    "CollectorSource",
    "CrossVenueArbitrageConfig",
    "Endpoint",
    "EnvoyConfig",
    "ExecutionConfig",
    "MeshConfig",
    "MeshSection",
    "PortfolioConfig",
    "RegistryConfig",
    "RelayConfig",
    "RelaysConfig",
    "RiskLimits",
    "ServerConfig",
    "SimulatedVenueConfig",
    "StrategiesConfig",
    "SupervisorConfig",
    "SystemFeedConfig",
    "TelemetryConfig",
    "TraceFileConfig",
    "VenueCredentials",
    "dump_toml",
    "load_config",
]
