"""Where a server listens, and why it cannot: gRPC itself says neither."""

from __future__ import annotations

import errno
import os
import socket
from typing import TYPE_CHECKING

from alphapulse_mesh.runtime.errors import Unavailable

if TYPE_CHECKING:
    from pathlib import Path

    import grpc.aio

__all__ = ["bind_socket", "bind_tcp"]


def bind_socket(server: grpc.aio.Server, path: Path, *, name: str) -> None:
    """Listen on a Unix socket, for the service `name`.

    Raises:
        Unavailable: another server lives there (`PORT_IN_USE`), or no file can be made
            (`BIND_FAILED`).
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    _refuse_living(path)
    if not _add(server, f"unix:{path}"):
        raise _cannot_bind(name, f"unix:{path}", str(path), "cannot be bound")


def bind_tcp(server: grpc.aio.Server, host: str, port: int, *, name: str) -> int:
    """Listen on a port, 0 for a free one, for the service `name`; returns the port.

    Raises:
        Unavailable: the port is taken (`PORT_IN_USE`) or cannot be bound (`BIND_FAILED`).
    """
    if bound := _add(server, f"{host}:{port}"):
        return bound
    raise _cannot_bind(name, f"{host}:{port}", f"port {port} on {host}", _why_not(host, port))


def _add(server: grpc.aio.Server, address: str) -> int:
    try:
        return server.add_insecure_port(address)
    except RuntimeError:
        return 0


def _cannot_bind(name: str, address: str, what: str, why: str) -> Unavailable:
    taken = why == os.strerror(errno.EADDRINUSE)
    return Unavailable(
        f"{name}: {what}: {why}",
        reason="PORT_IN_USE" if taken else "BIND_FAILED",
        address=address,
    )


def _why_not(host: str, port: int) -> str:
    """What the system says when it is asked the same."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or str(error)
    return "cannot be bound"


def _refuse_living(path: Path) -> None:
    """GRPC takes over an existing socket file, also that of a living server."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(os.fspath(path))
        except OSError:
            return  # nobody there, or a stale file: gRPC replaces it
    raise Unavailable(f"{path}: in use by another server", reason="PORT_IN_USE", address=str(path))
