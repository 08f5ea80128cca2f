"""What `bench feed` measures, one class a subject: a hub, a publisher's side, a subscriber's side.

`Subject.serve` starts the hub in a process of its own, `publisher` is used by the measuring
process, `subscribe` by each subscriber process: it yields what arrives. A subject that cannot run
raises RuntimeError with its reason. Ours are in `mesh_subjects`, all others in `peer_subjects`.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import records

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

__all__ = ["TIME", "Arrival", "Subject", "child", "free_port", "nats_server"]

TIME = struct.Struct("<q")
Arrival = tuple[int, int]
"""Records of a message, and when it was made (nanoseconds), 0 where that is not of interest."""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class Subject:
    """One way from a publisher over a hub to subscribers. Made again in each process."""

    def __init__(self, place: str, *, packed: bool) -> None:
        self.place = place
        self.packed = packed
        self.frames: list[bytes] = []
        self.units: list[list[bytes]] = []
        self.probe_records = records.PROBE_RECORDS
        self.slow_consumer: Any = "block"
        """Policy of our subscribers."""
        self.other_hubs: tuple[int, ...] = ()
        """Process ids that belong to the hub too; known after `serve`."""

    @contextlib.contextmanager
    def serve(self) -> Iterator[int]:
        """The hub; its process id."""
        raise NotImplementedError

    def prepare(self) -> str:
        """Make what is published, in the publisher's process; where the records are from."""
        self.frames, origin = records.frames()
        self.units = [[f] if self.packed else records.rows_of(f) for f in self.frames]
        self.probe_rows = records.probe(self.probe_records)
        self.probe_bytes = self.probe_rows.tobytes()
        return origin

    @contextlib.asynccontextmanager
    async def publisher(self) -> AsyncIterator[None]:
        """Connected."""
        raise NotImplementedError
        yield

    async def send(self, unit: int) -> None:
        """All records of a frame."""
        raise NotImplementedError

    async def send_now(self, unit: int) -> None:
        """The same, as a message of its own where frames would else leave together."""
        await self.send(unit)

    async def send_probe(self) -> None:
        """A message that says when it was made."""
        raise NotImplementedError

    async def subscribers_are_here(self, count: int) -> None:
        """They said that they are ready: only without a hub is there more to wait for."""

    async def flush(self) -> None:
        """Everything has left this process."""

    async def subscribe(self, ready: Any) -> AsyncIterator[Sequence[Arrival]]:
        """`ready()` once connected, then what arrives, for ever."""
        raise NotImplementedError
        yield

    def stages(self, first: int, made: Sequence[int]) -> list[int]:
        """When the hub had each probe, nanoseconds; empty where nobody knows."""
        return []

    def arrival(self, data: Any) -> Arrival:
        """Of a peer's message: a probe begins with its time."""
        if len(data) == TIME.size + self.probe_records * records.RECORD:
            return self.probe_records, TIME.unpack_from(data)[0]
        return max(len(data) // records.RECORD, 1) if not self.packed else records.FRAME_RECORDS, 0

    def stamped(self) -> bytes:
        return TIME.pack(time.time_ns()) + self.probe_bytes


@contextlib.contextmanager
def child(command: list[str], place: Path, up: str | int) -> Iterator[int]:
    """A server until the end of the block; `up`: the port or the file that shows that it is up."""
    with (place / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=Path(__file__).parent)
    try:
        deadline = time.monotonic() + 60
        while not _is_up(place, up):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{Path(command[0]).name} did not start")
            time.sleep(0.02)
        yield process.pid
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def nats_server(place: Path, settings: str) -> Iterator[tuple[int, int]]:
    """A nats-server with these settings until the end of the block: its process id and port.

    Raises:
        RuntimeError: it is not installed.
    """
    program = Path(sys.executable).with_name("nats-server")
    if not program.exists():
        raise RuntimeError("nats-server is not installed")
    port = free_port()
    config = place / "nats.conf"
    config.write_text(f'listen: "127.0.0.1:{port}"\n{settings}\n')
    with child([str(program), "-c", str(config)], place, port) as pid:
        yield pid, port


def _is_up(place: Path, up: str | int) -> bool:
    if isinstance(up, str):
        return (place / up).exists() and (place / up).stat().st_size > 0
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", up), 1):
        return True
    return False
