"""What `bench feed` measures beside ours: the bare stream, and NATS, ZeroMQ and Redis."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import records
from subject import TIME, Arrival, Subject, child, free_port, nats_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

__all__ = ["Limit", "Nats", "Redis", "Zmq"]


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
        code = f"import peer_subjects as s; s.Limit({self.place!r}, packed=True).serve_forever()"
        with child([sys.executable, "-c", code], Path(self.place), "target") as pid:
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

    async def send_now(self, unit: int) -> None:
        await self.send(unit)
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
        # a subscriber that is behind is waited for, not cut off: nothing may be lost here
        settings = 'max_pending: 4GB\nmax_payload: 8MB\nwrite_deadline: "60s"'
        with nats_server(Path(self.place), settings) as (pid, port):
            (Path(self.place) / "target").write_text(str(port))
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
        with child(command, Path(self.place), port) as pid:
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
