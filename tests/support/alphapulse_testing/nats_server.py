"""A real NATS server with JetStream, on a port that it chooses."""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from typing import TYPE_CHECKING, Self

import pytest

from alphapulse_mesh.runtime.programs import find_program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

__all__ = ["NatsServer", "nats_server"]

_START_SECONDS = 30.0


class NatsServer:
    """One that a test can kill and start again on its port; its files are in `directory`."""

    def __init__(
        self,
        directory: Path,
        *,
        host: str = "127.0.0.1",
        token: str = "",
        sync_always: bool = False,
    ) -> None:
        """Skips where it is not installed. `token`: asked of clients. `sync_always`: what it
        acknowledges is on disk.
        """
        program = find_program("nats-server")
        if program is None:
            pytest.skip("nats-server is not installed")
        self._program = program
        self._directory = directory
        self._store = f'store_dir: "{directory}"' + (", sync_interval: always" * sync_always)
        self._process: subprocess.Popen[bytes] | None = None
        self._rights = f'authorization {{ token: "{token}" }}\n' if token else ""
        self._listen = f"{host}:-1"
        self.url = ""

    def start(self) -> None:
        """Start it, on the port that it had before."""
        directory = self._directory
        config = directory / "nats.conf"
        config.write_text(
            f'listen: "{self._listen}"\njetstream {{ {self._store} }}\n{self._rights}'
        )
        for old in directory.glob("*.ports"):
            old.unlink()
        argv = [str(self._program), "-c", str(config), "--ports_file_dir", str(directory)]
        with (directory / "nats.log").open("ab") as log:
            self._process = subprocess.Popen(argv, stdout=log, stderr=log)
        deadline = time.monotonic() + _START_SECONDS
        while not (url := self._told()):
            assert self._process.poll() is None, (directory / "nats.log").read_text()
            assert time.monotonic() < deadline, "nats-server does not start"
            time.sleep(0.02)
        self.url = url
        self._listen = url.removeprefix("nats://")

    def _told(self) -> str:
        """Its URL; empty while its file of ports is not there, or there and not yet written."""
        for file in self._directory.glob("*.ports"):
            with contextlib.suppress(json.JSONDecodeError):
                return str(json.loads(file.read_bytes())["nats"][0])
        return ""

    def kill(self) -> None:
        """kill -9. Idempotent."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()


@contextlib.contextmanager
def nats_server(directory: Path) -> Iterator[str]:
    """Its URL; what it acknowledges is on disk in `directory`. Skips where it is not installed."""
    with NatsServer(directory, sync_always=True) as server:
        yield server.url
