"""A small mesh for the tests of clients in other languages, which they start and steer themselves.

    python -m alphapulse_testing.client_mesh

A registry, an execution and a market-data relay as processes on free ports. The first line on
standard output is JSON with their addresses; then each line of JSON on standard input is a command
and has one line as its answer. The end of standard input ends it all.

    {"do": "publish", "count": 100, "extensions": ""}   frames of one trade each, numbered on
    {"do": "restart", "service": "registry"}            kill -9 of it, then a new one; the relay if
                                                        none is named
    {"do": "restart", "forget": true}                   the same, without the relay's memory
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from alphapulse_client.publisher import Publisher
from alphapulse_layout import VenueId
from alphapulse_mesh.runtime.config import load_config
from alphapulse_mesh.runtime.names import Service
from alphapulse_testing.frames import instrument, trades
from alphapulse_testing.processes import MeshProcesses

_SERVICES: Final = (Service.REGISTRY, Service.RELAY_MARKET_DATA, Service.EXECUTION)
_INSTRUMENTS: Final = 4
"""Trade n is of instrument n modulo this, as `alphapulse_testing.frames.instrument` names it."""


class ClientMesh:
    """The processes and what has been published to them."""

    def __init__(self, directory: Path) -> None:
        config = load_config(
            None,
            mesh={
                "name": f"clients-{os.getpid()}",
                "run_dir": directory / "run",
                "data_dir": directory / "data",
            },
            server={"transport": "tcp", "drain_seconds": 2.0, "drain_notice_seconds": 0.0},
            relays={"market_data": {"ring_bytes": 1 << 22}},
        )
        self.processes = MeshProcesses(config, directory, *_SERVICES)
        self._published = 0

    def addresses(self) -> dict[str, str]:
        """host:port of each service, by name."""
        return {
            "registry": self.processes[Service.REGISTRY].target,
            "relay": self.processes[Service.RELAY_MARKET_DATA].target,
            "execution": self.processes[Service.EXECUTION].target,
        }

    async def publish(self, count: int, extensions: str) -> dict[str, int]:
        """Frames of one trade each; returns how many there are in all, once they are taken."""
        relay = self.processes[Service.RELAY_MARKET_DATA]
        async with Publisher(relay.target, "market_data", producer_name="client-mesh") as publisher:
            for number in range(self._published + 1, self._published + count + 1):
                await publisher.publish(
                    trades(
                        [number],
                        instruments=[instrument(number % _INSTRUMENTS, venue=VenueId.BINANCE)],
                        price=number,
                        extensions=bytes.fromhex(extensions),
                    )
                )
            await publisher.flush()
        self._published += count
        return {"published": self._published}

    async def restart(self, service: Service, *, forget: bool) -> dict[str, str]:
        """kill -9 and start; with `forget` what a relay kept outside the process goes too."""
        process = self.processes[service]
        await process.kill()
        if forget:
            paths = self.processes.paths
            paths.shm_path(service).unlink()
            (paths.data_dir / f"{service}.memory").unlink()
        await process.start()
        return {service: process.target}

    async def obey(self, command: dict[str, Any]) -> dict[str, Any]:
        """One command."""
        match command.pop("do"):
            case "publish":
                return await self.publish(command["count"], command.get("extensions", ""))
            case "restart":
                service = Service(command.get("service", Service.RELAY_MARKET_DATA))
                return await self.restart(service, forget=command.get("forget", False))
            case unknown:
                raise ValueError(f"no such command: {unknown}")


async def main() -> None:
    """Until standard input ends, or somebody ends the tests."""
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, commands.feed_eof)
    with tempfile.TemporaryDirectory(prefix="ap-clients-") as directory:
        mesh = ClientMesh(Path(directory))
        async with mesh.processes:
            print(json.dumps(mesh.addresses()), flush=True)
            while line := await commands.readline():
                print(json.dumps(await mesh.obey(json.loads(line))), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
