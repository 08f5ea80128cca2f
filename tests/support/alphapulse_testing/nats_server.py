"""A real NATS server with JetStream, on a port that it chooses."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from alphapulse_mesh.runtime.programs import find_program

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["nats_server"]


@contextmanager
def nats_server(directory: Path) -> Iterator[str]:
    """Its URL; what it acknowledges is on disk in `directory`. Skips where it is not installed."""
    program = find_program("nats-server")
    if program is None:
        pytest.skip("nats-server is not installed")
    config = directory / "nats.conf"
    store = f'store_dir: "{directory}", sync_interval: always'
    config.write_text(f'listen: "127.0.0.1:-1"\njetstream {{ {store} }}\n')
    argv = [str(program), "-c", str(config), "--ports_file_dir", str(directory)]
    with (directory / "nats.log").open("wb") as log:
        server = subprocess.Popen(argv, stdout=log, stderr=log)
    try:
        deadline = time.monotonic() + 30
        while not (found := list(directory.glob("*.ports"))):
            assert server.poll() is None, (directory / "nats.log").read_text()
            assert time.monotonic() < deadline, "nats-server does not start"
            time.sleep(0.02)
        yield json.loads(found[0].read_text())["nats"][0]
    finally:
        server.kill()
        server.wait()
