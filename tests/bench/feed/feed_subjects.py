"""What `bench feed` measures, one class a subject: a hub, a publisher's side, a subscriber's side.

`Subject.serve` starts the hub in a process of its own, `publisher` is used by the measuring
process, `subscribe` by each subscriber process: it yields what arrives. A subject that cannot run
raises RuntimeError with its reason.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
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


class Alphapulse(Subject):
    """Ours over one transport."""

    transport = "grpc"
    url = ""
    """Of a NATS server."""

    def _config(self) -> Any:
        from alphapulse_mesh.runtime.config import load_config

        section: dict[str, Any] = {"ring_bytes": 64 << 20}
        if self.transport != "grpc":
            section["transport"] = self.transport
        if self.transport == "shm":
            # a subscriber that waits for the next frame, as one that must be fast does
            section["shm_spin_microseconds"] = 5000
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
    """Ours through shared memory."""

    transport = "shm"


class NatsTransport(Alphapulse):
    """Ours through JetStream: the hub is the relay and the server."""

    transport = "nats"

    @contextlib.contextmanager
    def serve(self) -> Iterator[int]:
        program = Path(sys.executable).with_name("nats-server")
        if not program.exists():
            raise RuntimeError("nats-server is not installed")
        port = free_port()
        config = Path(self.place) / "nats.conf"
        config.write_text(
            f'listen: "127.0.0.1:{port}"\njetstream {{ store_dir: "{self.place}/nats" }}\n'
        )
        self.url = f"nats://127.0.0.1:{port}"
        with _child([str(program), "-c", str(config)], Path(self.place), port) as server:
            self.other_hubs = (server,)
            with super().serve() as relay:
                yield relay


class Limit(Subject):
    """A bare `grpc.aio` hub: the same bytes in messages of the same size, and nothing else."""

    def serve_forever(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        import grpc

        queues: list[asyncio.Queue[bytes]] = []

        async def publish(requests: AsyncIterator[bytes], context: Any) -> bytes:
            async for message in requests:
                for queue in queues:
                    await queue.put(message)
            return b""

        async def subscribe(request: bytes, context: Any) -> AsyncIterator[bytes]:
            queue: asyncio.Queue[bytes] = asyncio.Queue(16)
            queues.append(queue)
            yield b""
            while True:
                yield await queue.get()

        server = grpc.aio.server(options=_GRPC)
        handlers: dict[str, Any] = {
            "Publish": grpc.stream_unary_rpc_method_handler(publish),
            "Subscribe": grpc.unary_stream_rpc_method_handler(subscribe),
        }
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("bare", handlers),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        (Path(self.place) / "target").write_text(f"127.0.0.1:{port}")
        await server.wait_for_termination()

    @contextlib.contextmanager
    def serve(self) -> Iterator[int]:
        code = f"import feed_subjects as s; s.Limit({self.place!r}, packed=True).serve_forever()"
        with _child([sys.executable, "-c", code], Path(self.place), "target") as pid:
            yield pid

    @contextlib.asynccontextmanager
    async def publisher(self) -> AsyncIterator[None]:
        import grpc

        target = (Path(self.place) / "target").read_text()
        async with grpc.aio.insecure_channel(target, options=_GRPC) as channel:
            self._call: Any = channel.stream_unary("/bare/Publish")()
            self._wait: list[bytes] = []
            yield

    async def send(self, unit: int) -> None:
        # eight frames a message, as the publisher of a mesh puts them together
        self._wait.append(self.frames[unit])
        if len(self._wait) == 8:
            await self.flush()

    async def flush(self) -> None:
        if self._wait:
            message, self._wait = b"".join(self._wait), []
            await self._call.write(message)

    async def send_probe(self) -> None:
        await self._call.write(self.stamped())

    async def subscribe(self, ready: Any) -> AsyncIterator[Sequence[Arrival]]:
        import grpc

        target = (Path(self.place) / "target").read_text()
        async with grpc.aio.insecure_channel(target, options=_GRPC) as channel:
            subscribe: Any = channel.unary_stream("/bare/Subscribe")
            call = subscribe(b"")
            await call.read()
            ready()
            size = 0
            while True:
                data = await call.read()
                if len(data) == TIME.size + self.probe_records * records.RECORD:
                    yield [(self.probe_records, TIME.unpack_from(data)[0])]
                else:
                    size = round(len(data) / (records.FRAME_RECORDS * records.RECORD))
                    yield [(records.FRAME_RECORDS, 0)] * size


_GRPC = [
    ("grpc.max_receive_message_length", 64 << 20),
    ("grpc.max_send_message_length", 64 << 20),
    ("grpc.use_local_subchannel_pool", 1),
]


class Nats(Subject):
    """nats-server with nats-py."""

    @contextlib.contextmanager
    def serve(self) -> Iterator[int]:
        program = Path(sys.executable).with_name("nats-server")
        if not program.exists():
            raise RuntimeError("nats-server is not installed")
        port = free_port()
        config = Path(self.place) / "nats.conf"
        # a subscriber that is behind is waited for, not cut off: nothing may be lost here
        config.write_text(
            f'listen: "127.0.0.1:{port}"\nmax_pending: 4GB\nmax_payload: 8MB\n'
            'write_deadline: "60s"\n'
        )
        (Path(self.place) / "target").write_text(str(port))
        with _child([str(program), "-c", str(config)], Path(self.place), port) as pid:
            yield pid

    async def _connect(self) -> Any:
        import nats

        port = (Path(self.place) / "target").read_text()
        return await nats.connect(
            f"nats://127.0.0.1:{port}", pending_size=64 << 20, allow_reconnect=False
        )

    @contextlib.asynccontextmanager
    async def publisher(self) -> AsyncIterator[None]:
        self._nc = await self._connect()
        yield
        await self._nc.close()

    async def send(self, unit: int) -> None:
        publish = self._nc.publish
        for message in self.units[unit]:
            await publish("feed", message)

    async def send_probe(self) -> None:
        await self._nc.publish("feed", self.stamped())
        await self._nc.flush()

    async def flush(self) -> None:
        await self._nc.flush(60)

    async def subscribe(self, ready: Any) -> AsyncIterator[Sequence[Arrival]]:
        nc = await self._connect()
        feed = await nc.subscribe("feed", pending_msgs_limit=-1, pending_bytes_limit=-1)
        await nc.flush()
        ready()
        async for message in feed.messages:
            yield (self.arrival(message.data),)


class Zmq(Subject):
    """pyzmq, publish-subscribe; the publisher binds, as there is no broker."""

    @contextlib.contextmanager
    def serve(self) -> Iterator[int]:
        (Path(self.place) / "target").write_text(f"ipc://{self.place}/zmq")
        yield 0

    @contextlib.asynccontextmanager
    async def publisher(self) -> AsyncIterator[None]:
        import zmq

        with zmq.Context() as context, context.socket(zmq.XPUB) as self._socket:
            self._socket.setsockopt(zmq.XPUB_NODROP, 1)
            self._socket.setsockopt(zmq.XPUB_VERBOSE, 1)
            self._socket.set_hwm(100_000 if not self.packed else 64)
            self._socket.setsockopt(zmq.LINGER, 0)
            self._socket.bind((Path(self.place) / "target").read_text())
            yield

    async def subscribers_are_here(self, count: int) -> None:
        for _ in range(count):
            if not self._socket.poll(30_000):
                raise RuntimeError("a subscriber did not come")
            self._socket.recv()

    async def send(self, unit: int) -> None:
        send = self._socket.send
        for message in self.units[unit]:
            send(message)

    async def send_probe(self) -> None:
        self._socket.send(self.stamped())

    async def subscribe(self, ready: Any) -> AsyncIterator[Sequence[Arrival]]:
        import zmq

        with zmq.Context() as context, context.socket(zmq.SUB) as feed:
            feed.set_hwm(100_000 if not self.packed else 64)
            feed.setsockopt(zmq.SUBSCRIBE, b"")
            feed.connect((Path(self.place) / "target").read_text())
            ready()
            while True:
                yield (self.arrival(feed.recv()),)


class Redis(Subject):
    """Redis streams with redis-py."""

    @contextlib.contextmanager
    def serve(self) -> Iterator[int]:
        program = shutil.which("redis-server")
        if program is None:
            raise RuntimeError("redis-server is not installed (Debian: redis-server)")
        port = free_port()
        (Path(self.place) / "target").write_text(str(port))
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                   "--appendonly", "no", "--dir", self.place]  # fmt: skip
        with _child(command, Path(self.place), port) as pid:
            yield pid

    def _connect(self) -> Any:
        import redis.asyncio as redis

        return redis.Redis(port=int((Path(self.place) / "target").read_text()))

    @contextlib.asynccontextmanager
    async def publisher(self) -> AsyncIterator[None]:
        self._redis = self._connect()
        yield
        await self._redis.aclose()

    async def send(self, unit: int) -> None:
        most = 200_000 if not self.packed else 2000
        pipe = self._redis.pipeline(transaction=False)
        for message in self.units[unit]:
            pipe.xadd("feed", {b"r": message}, maxlen=most, approximate=True)
        await pipe.execute()

    async def send_probe(self) -> None:
        await self._redis.xadd("feed", {b"r": self.stamped()})

    async def subscribe(self, ready: Any) -> AsyncIterator[Sequence[Arrival]]:
        client = self._connect()
        last: Any = b"0"
        if newest := await client.xrevrange("feed", count=1):
            last = newest[0][0]
        ready()
        while True:
            answer = await client.xread({"feed": last}, count=1000, block=1000)
            for _, entries in answer:
                last = entries[-1][0]
                yield [self.arrival(fields[b"r"]) for _, fields in entries]


SUBJECTS: dict[str, type[Subject]] = {
    "alphapulse": Alphapulse, "alphapulse-shm": Shm, "alphapulse-nats": NatsTransport,
    "limit": Limit, "nats-py": Nats, "pyzmq": Zmq, "redis": Redis,
}  # fmt: skip


@contextlib.contextmanager
def _child(command: list[str], place: Path, up: str | int) -> Iterator[int]:
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


def _is_up(place: Path, up: str | int) -> bool:
    if isinstance(up, str):
        return (place / up).exists() and (place / up).stat().st_size > 0
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", up), 1):
        return True
    return False
