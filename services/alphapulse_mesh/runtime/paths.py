"""Where a mesh keeps things on this host: sockets, ready files, generated files, shared memory.

    <run_dir>/<service id>.ready.json    who is up, on which ports
    <run_dir>/sockets/<service id>.sock  with server.transport = "unix"
    <run_dir>/mesh.toml                  the resolved configuration that children read
    <data_dir>/…                         journals; traces/ the span files
    /dev/shm/alphapulse-<mesh>-<ring>    rings and the registry index

Starting and stopping processes is the supervisor's part.
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from alphapulse_mesh.runtime.errors import ConfigError, DataLoss
from alphapulse_mesh.runtime.names import service_id

if TYPE_CHECKING:
    from alphapulse_mesh.runtime.config import MeshConfig

__all__ = ["SHM_DIR", "SHM_PREFIX", "MeshPaths", "Ready", "pid_start_time", "write_atomically"]

SHM_DIR: Final = Path("/dev/shm")  # noqa: S108  # where Linux keeps shared memory, not a temporary file
SHM_PREFIX: Final = "alphapulse-"
"""Names of all meshes' shared memory begin with it."""
_SOCKET_PATH_LIMIT: Final = 107  # sockaddr_un.sun_path without the final NUL (unix(7))


@dataclass(frozen=True, slots=True)
class Ready:
    """What a service says of itself once it serves."""

    service: str
    """Service id: `registry`, `collector-2`."""
    pid: int
    started: int
    """Start time of the process in clock ticks since boot: tells it from a later one with its
    pid."""
    host: str
    port: int
    """TCP port, or 0 when it listens on `socket`."""
    socket: str | None
    metrics_port: int
    """Port of `/metrics` on loopback; 0: none."""

    @property
    def target(self) -> str:
        """What a gRPC channel is given."""
        return f"unix:{self.socket}" if self.socket else f"{self.host}:{self.port}"

    def alive(self) -> bool:
        """Whether the very process that wrote this still runs."""
        return pid_start_time(self.pid) == self.started


class MeshPaths:
    """The files of one mesh."""

    def __init__(self, config: MeshConfig) -> None:
        self.mesh = config.mesh.name
        self.run_dir = config.run_dir
        self.data_dir = config.data_dir

    def create(self) -> None:
        """Make the directories, readable by this user alone."""
        for directory in (self.run_dir, self.data_dir):
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)

    @property
    def resolved_config(self) -> Path:
        """The TOML that the supervisor writes for its children."""
        return self.run_dir / "mesh.toml"

    def database(self, path: Path) -> Path:
        """A journal's path: absolute, or relative to the data directory."""
        return self.data_dir / path

    def socket(self, service: str, instance: str | None = None) -> Path:
        """The Unix socket of a service.

        Raises:
            ConfigError: the path is longer than the system allows for a socket.
        """
        path = self.run_dir / "sockets" / f"{service_id(service, instance)}.sock"
        if len(os.fsencode(path)) > _SOCKET_PATH_LIMIT:
            raise ConfigError(
                f"{path}: longer than the {_SOCKET_PATH_LIMIT} bytes of a socket path; "
                "set mesh.run_dir to a shorter one",
                reason="CONFIG_SOCKET_PATH_TOO_LONG",
                path=str(path),
            )
        return path

    def ready_file(self, service: str, instance: str | None = None) -> Path:
        """The ready file of a service."""
        return self.run_dir / f"{service_id(service, instance)}.ready.json"

    def write_ready(self, ready: Ready) -> Path:
        """Write a ready file in one step: a reader sees all of it or none."""
        path = self.run_dir / f"{ready.service}.ready.json"
        write_atomically(path, json.dumps(asdict(ready)).encode() + b"\n")
        return path

    def read_ready(self, service: str, instance: str | None = None) -> Ready | None:
        """What the service last said, or None when it is not up. Check `alive()` after a crash.

        Raises:
            DataLoss: the file is not one of ours.
        """
        return self._read(self.ready_file(service, instance))

    def all_ready(self) -> list[Ready]:
        """Every service that has a ready file, by service id."""
        found = (self._read(path) for path in sorted(self.run_dir.glob("*.ready.json")))
        return [ready for ready in found if ready is not None]

    @staticmethod
    def _read(path: Path) -> Ready | None:
        try:
            return Ready(**json.loads(path.read_bytes()))
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise DataLoss(
                f"{path}: not a ready file: {error}", reason="READY_FILE_INVALID", path=str(path)
            ) from None

    def shm_name(self, ring: str) -> str:
        """Name of a shared-memory file of this mesh, e.g. for `shm_open` or the core's ring."""
        return f"{SHM_PREFIX}{self.mesh}-{ring}"

    def shm_path(self, ring: str) -> Path:
        """The same as a path."""
        return SHM_DIR / self.shm_name(ring)

    def shm_files(self, rings: tuple[str, ...]) -> list[Path]:
        """Those of the named rings that exist. Names, not a wildcard: mesh `a` must never take the
        files of mesh `a-b` for its own.
        """
        return [path for path in map(self.shm_path, rings) if path.exists()]

    def remove_ready(self, service: str, instance: str | None = None) -> None:
        """Remove a ready file, if it is there."""
        self.ready_file(service, instance).unlink(missing_ok=True)

    def clean(self, rings: tuple[str, ...] = ()) -> list[Path]:
        """Remove what a dead mesh left: ready files of dead processes, sockets without a living
        owner, and the shared memory of `rings`. Returns what was removed. Data stays.

        Call it only when this mesh's processes are known to be gone: shared memory is not checked.
        """
        removed: list[Path] = []
        owners = {ready.socket for ready in self.all_ready() if ready.alive()}
        for path in sorted(self.run_dir.glob("*.ready.json")):
            ready = self._read(path)
            if ready is None or not ready.alive():
                removed.append(path)
        removed += [p for p in sorted(self.run_dir.glob("sockets/*.sock")) if str(p) not in owners]
        removed += self.shm_files(rings)
        for path in removed:
            path.unlink(missing_ok=True)
        return removed


def pid_start_time(pid: int) -> int | None:
    """Start time of a process in clock ticks since boot (field 22 of /proc/<pid>/stat), None if
    gone.

    A zombie counts as gone: it serves nobody.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command name may hold spaces and brackets: fields are counted from the last ')'.
    fields = stat[stat.rindex(b")") + 2 :].split()
    return None if fields[0] in b"ZX" else int(fields[19])


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that readers see the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fd, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
