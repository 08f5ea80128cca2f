"""Programs that are not ours: Envoy and nats-server come in wheels, Jaeger from `make jaeger`."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from alphapulse_mesh.runtime.errors import ConfigError

__all__ = ["find_jaeger", "find_program", "require_program"]


def find_program(name: str) -> Path | None:
    """Where a program is: beside the interpreter (wheels put theirs there), else on the path."""
    beside = Path(sys.executable).parent / name
    if beside.exists():
        return beside
    found = shutil.which(name)
    return Path(found) if found else None


def require_program(name: str, *, setting: str, source: str) -> Path:
    """The same, for one that the mesh cannot do without.

    Raises:
        ConfigError: it is in neither place; says what brings it and which `setting` names it.
    """
    found = find_program(name)
    if found is None:
        raise ConfigError(
            f"{name}: command not found; {source} brings it, or set {setting}",
            reason="CONFIG_PROGRAM_NOT_FOUND",
            program=name,
        )
    return found


def find_jaeger(directory: Path | None = None) -> Path | None:
    """Jaeger's binary where `make jaeger` puts it, else on the path, or None."""
    candidate = (directory or Path.cwd()) / ".tools" / "bin" / "jaeger"
    return candidate if candidate.exists() else find_program("jaeger")
