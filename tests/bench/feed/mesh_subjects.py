"""Ours in `bench feed`: a relay, over each transport."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import records
from subject import Arrival, Subject, nats_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

__all__ = ["Alphapulse", "NatsTransport", "Shm", "ShmPolling"]


class Alphapulse(Subject):
    """Ours over one transport."""

    transport = "grpc"
    url = ""
    """Of a NATS server."""
    spin_microseconds = 0
    """How long relay and readers poll shared memory before they sleep."""

    def _config(self) -> Any:
        from alphapulse_mesh.runtime.config import load_config

        section: dict[str, Any] = {"ring_bytes": 64 << 20}
        if self.transport != "grpc":
            section["transport"] = self.transport
        if self.spin_microseconds:
            section["shm_spin_microseconds"] = self.spin_microseconds
        try:
            return load_config(
                None,
                nats={"url": self.url} if self.url else {},
                mesh={
                    "name": f"bench-{os.getppid()}-{os.getpid()}",
                    "run_dir": Path(self.place) / "r",
                    "data_dir": Path(self.place) / "d",
                },
                relays={"market_data": section},
                server={"drain_notice_seconds": 0.0},
            )
        except Exception as error:
            raise RuntimeError(f"the transport {self.transport} is not there: {error}") from error

    def _target(self) -> str:
        return (Path(self.place) / "target").read_text()

    @contextlib.contextmanager
    def serve(self) -> Iterator[int]:
        from alphapulse_mesh.runtime.config import dump_toml
        from alphapulse_mesh.runtime.names import Service
        from alphapulse_mesh.runtime.paths import MeshPaths

        config = self._config()
        paths = MeshPaths(config)
        file = Path(self.place) / "mesh.toml"
        file.write_text(dump_toml(config))
        command = ["-m", "alphapulse_mesh.relay", "--config", str(file), "--instance",
                   "market-data", "--parent", str(os.getpid())]  # fmt: skip
        with (Path(self.place) / "log").open("wb") as log:
            process = subprocess.Popen([sys.executable, *command], stdout=log, stderr=log)
        try:
            deadline = time.monotonic() + 60
            while (ready := paths.read_ready(Service.RELAY_MARKET_DATA)) is None:
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the relay did not start")
                time.sleep(0.02)
            (Path(self.place) / "target").write_text(ready.target)
            self._ring_path = str(paths.shm_path(Service.RELAY_MARKET_DATA))
            yield process.pid
        finally:
            process.kill()
            process.wait()
            for path in Path("/dev/shm").glob(f"alphapulse-{config.mesh.name}-*"):
                path.unlink(missing_ok=True)

    @contextlib.asynccontextmanager
    async def publisher(self) -> AsyncIterator[None]:
        from alphapulse_client import Publisher

        async with Publisher(self._target(), "market_data", producer_name="bench") as self._out:
            await self._out.ready(30)
            yield

    async def send(self, unit: int) -> None:
        await self._out.publish(self.frames[unit])

    async def send_probe(self) -> None:
        from alphapulse_client import encode, new_context

        await self._out.publish(
            encode(records.KIND, self.probe_rows, source=1, context=new_context(sampled=False))
        )

    async def flush(self) -> None:
        await self._out.flush(60)

    async def subscribe(self, ready: Any) -> AsyncIterator[Sequence[Arrival]]:
        from alphapulse_client import Subscription

        async with Subscription(
            self._target(), "market_data", name=f"bench-{os.getpid()}", policy=self.slow_consumer
        ) as feed:
            await feed.ready(60)
            carrier = getattr(feed, "transport", "grpc") or "grpc"
            if not carrier.startswith(self.transport):
                raise RuntimeError(
                    f"came over {carrier}, not {self.transport}:"
                    f" {getattr(feed, 'transport_detail', '')}"
                )
            ready()
            async for batch in feed:
                if batch.gaps:
                    raise RuntimeError(f"frames were lost: {batch.gaps}")
                yield [(f.info.record_count, f.timestamp) for f in batch.frames]

    def stages(self, first: int, made: Sequence[int]) -> list[int]:
        """From the relay's ring: when it received the frames that were made at these times."""
        import numpy as np

        from alphapulse_core import Ring, inspect_frame

        ring = Ring.attach(self._ring_path)
        try:
            start = max(ring.oldest_sequence, ring.next_sequence - len(made))
            reader = ring.reader("bench-stages", start=start)
            found: dict[int, int] = {}
            while len(batch := reader.poll(4096, 64 << 20)):
                for index in range(len(batch)):
                    entry = batch.entry(index)
                    received = int(np.frombuffer(entry[16:24], np.uint64)[0])
                    found[inspect_frame(entry[32:]).timestamp] = received
            reader.close()
        finally:
            ring.close()
        return [found.get(one, 0) for one in made]


class Shm(Alphapulse):
    """Ours through shared memory; who has nothing to do sleeps."""

    transport = "shm"


class ShmPolling(Shm):
    """With a subscriber that waits for the next frame, as one that must be fast does."""

    spin_microseconds = 5000


class NatsTransport(Alphapulse):
    """Ours through JetStream: the hub is the relay and the server."""

    transport = "nats"

    @contextlib.contextmanager
    def serve(self) -> Iterator[int]:
        settings = f'jetstream {{ store_dir: "{self.place}/nats" }}'
        with nats_server(Path(self.place), settings) as (server, port):
            self.url = f"nats://127.0.0.1:{port}"
            self.other_hubs = (server,)
            with super().serve() as relay:
                yield relay
