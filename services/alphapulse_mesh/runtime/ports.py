"""Concrete ports for a configuration that leaves some open: processes must know each other's.

A port that is free now may be taken by the time its service binds it; the service then says so and
the supervisor reports it.
"""

from __future__ import annotations

import random
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alphapulse_mesh.runtime.errors import ConfigError

if TYPE_CHECKING:
    from alphapulse_mesh.runtime.config import MeshConfig

__all__ = ["claim_port", "free_port", "resolve_ports"]

_LOOPBACK: Final = "127.0.0.1"
_LOWEST: Final = 12_000
"""Well-known services live below, among them this project's own defaults."""
_ATTEMPTS: Final = 64
_EPHEMERAL: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")
_LINUX_EPHEMERAL_FROM: Final = 32_768


def free_port(host: str = _LOOPBACK) -> int:
    """A port that nothing listens on now.

    Below the range that the system gives to outgoing connections, as long as there is room: from
    that range anybody who connects may take it meanwhile, even a client that looks for the very
    service that is to get it.
    """
    for candidate in random.sample(range(_LOWEST, _ephemeral_from()), _ATTEMPTS):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return candidate
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def _ephemeral_from() -> int:
    try:
        low = int(_EPHEMERAL.read_text().split()[0])
    except (OSError, ValueError, IndexError):  # not Linux
        low = _LINUX_EPHEMERAL_FROM
    return max(low, _LOWEST + _ATTEMPTS)


def claim_port(host: str, port: int, key: str) -> int:
    """`port` if it can be bound, a free one for 0.

    Raises:
        ConfigError: something listens there already.
    """
    if port == 0:
        return free_port(host)
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise ConfigError(
                f"{key}: port {port} on {host}: {error.strerror}; is another mesh running? "
                f"(`alphapulse status`) Set {key} to another port, or to 0 for any free one",
                reason="CONFIG_PORT_IN_USE",
                port=str(port),
            ) from None
    return port


def resolve_ports(config: MeshConfig) -> MeshConfig:
    """The configuration with every port that must be known beforehand set to a concrete one.

    Raises:
        ConfigError: a configured port is taken.
    """
    host = config.mesh.host
    envoy = config.envoy.model_copy(
        update={
            "port": claim_port(host, config.envoy.port, "envoy.port"),
            "admin_port": claim_port(_LOOPBACK, config.envoy.admin_port, "envoy.admin_port"),
        }
    )
    supervisor = config.supervisor
    if supervisor.jaeger:
        ui_port = claim_port(_LOOPBACK, supervisor.jaeger_ui_port, "supervisor.jaeger_ui_port")
        supervisor = supervisor.model_copy(update={"jaeger_ui_port": ui_port})
    updates: dict[str, object] = {"envoy": envoy, "supervisor": supervisor}
    if config.server.transport == "tcp":
        updates |= {
            "registry": _with_port(config, "registry"),
            "execution": _with_port(config, "execution"),
            "strategies": _with_port(config, "strategies"),
            "portfolio": _with_port(config, "portfolio"),
            "supervisor": supervisor.model_copy(
                update={"port": claim_port(host, supervisor.port, "supervisor.port")}
            ),
            "relays": config.relays.model_copy(
                update={
                    name: (section := getattr(config.relays, name)).model_copy(
                        update={"port": claim_port(host, section.port, f"relays.{name}.port")}
                    )
                    for name in ("market_data", "signal", "execution", "system")
                }
            ),
        }
    return config.model_copy(update=updates)


def _with_port(config: MeshConfig, name: str) -> object:
    section = getattr(config, name)
    return section.model_copy(
        update={"port": claim_port(config.mesh.host, section.port, f"{name}.port")}
    )
