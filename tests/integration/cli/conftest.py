"""Relays of two domains behind one address, on a loop of their own: commands have loops too."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_client import connect_sync
from alphapulse_testing.relays import serve_relays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig


class Relays:
    """Where they are, and how frames get there."""

    def __init__(self, target: str) -> None:
        self.target = target

    def publish(self, domain: str, frames: list[bytes], name: str = "test") -> None:
        """All of them, acknowledged."""
        with (
            connect_sync(self.target) as mesh,
            mesh.publisher(domain, producer_name=name) as publisher,
        ):
            publisher.publish(frames)
            publisher.flush(60)

    def status(self, domain: str) -> Any:
        """`GetStatus` of a domain."""
        with connect_sync(self.target) as mesh:
            return mesh.relay_status(domain)


@pytest.fixture
def relays(make_config: Callable[..., MeshConfig], tmp_path: Path) -> Iterator[Relays]:
    """`market_data` and `signal`."""
    directory = tmp_path / "relays"
    directory.mkdir()
    started: Future[str] = Future()
    stop: list[Callable[[], Any]] = []

    async def run() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        stop.append(lambda: loop.call_soon_threadsafe(ended.set))
        async with serve_relays(make_config(), directory, "market-data", "signal") as (_, host):
            started.set_result(host.target)
            await ended.wait()

    thread = threading.Thread(target=asyncio.run, args=[run()])
    thread.start()
    try:
        yield Relays(started.result(60))
    finally:
        stop[0]()
        thread.join(60)
