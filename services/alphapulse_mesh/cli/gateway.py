"""Where the gateway of a mesh is, and a client connected to it.

The configuration is imported when it is asked for: a call that names its `--target` needs none, and
it is a quarter of what starting takes.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alphapulse_client import Mesh
from alphapulse_mesh.runtime.errors import ConfigError
from alphapulse_mesh.runtime.paths import MeshPaths

if TYPE_CHECKING:
    from alphapulse_mesh.runtime.config import MeshConfig

__all__ = ["connect", "find_target", "running_config"]

_DEFAULT_TARGET: Final = "localhost:10000"


def mesh_config(name: str | None, config: Path | None) -> MeshConfig:
    """The configuration that names the mesh: its file, its environment, its `--name`."""
    from alphapulse_mesh.runtime.config import load_config  # noqa: PLC0415  # see above

    return load_config(config, **({"mesh": {"name": name}} if name else {}))


def running_config(name: str | None, config: Path | None) -> MeshConfig | None:
    """The resolved configuration of the mesh if its supervisor runs, else None."""
    from alphapulse_mesh.runtime.config import load_config  # noqa: PLC0415  # see above

    paths = MeshPaths(mesh_config(name, config))
    ready = paths.read_ready("supervisor")
    if ready is None or not ready.alive():
        return None
    try:
        return load_config(paths.resolved_config)
    except ConfigError:  # it is just starting
        return None


def find_target(target: str | None, name: str | None, config: Path | None) -> str:
    """`target` as given, else the gateway of the running mesh, else the default address."""
    if target is not None:
        return target
    running = running_config(name, config)
    if running is None:
        return _DEFAULT_TARGET
    return f"{running.mesh.host}:{running.envoy.port}"


@contextlib.asynccontextmanager
async def connect(target: str | None, name: str | None, config: Path | None) -> AsyncIterator[Mesh]:
    """A client of the mesh, closed at the end."""
    mesh = await Mesh.connect(find_target(target, name, config))
    try:
        yield mesh
    finally:
        await mesh.close()
