"""`python -m alphapulse_mesh.supervisor.render --config FILE`: write what a mesh's processes read.

For orchestrators that start the processes themselves (Compose): the resolved configuration and
Envoy's, in the run directory. There is no supervisor then, so no SystemService behind the gateway.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from alphapulse_mesh.runtime.config import dump_toml, load_config
from alphapulse_mesh.runtime.errors import MeshError
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.paths import MeshPaths, write_atomically
from alphapulse_mesh.runtime.ports import resolve_ports
from alphapulse_mesh.supervisor import envoy
from alphapulse_mesh.supervisor.plan import endpoints


def render(config_file: Path | None) -> list[Path]:
    """Write `mesh.toml` and `envoy.json`; returns their paths."""
    config = resolve_ports(load_config(config_file))
    paths = MeshPaths(config)
    paths.create()
    places = endpoints(config)
    del places[Service.SUPERVISOR]
    envoy_file = paths.run_dir / "envoy.json"
    write_atomically(paths.resolved_config, dump_toml(config).encode())
    write_atomically(envoy_file, envoy.render(envoy.bootstrap(config, places)).encode())
    return [paths.resolved_config, envoy_file]


def main() -> int:
    """Parse the command line; our errors are one line and exit code 2."""
    parser = argparse.ArgumentParser(description="write the files that a mesh's processes read")
    parser.add_argument("--config", type=Path, metavar="FILE", help="TOML file of the mesh")
    try:
        for path in render(parser.parse_args().config):
            sys.stdout.write(f"{path}\n")
    except MeshError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
