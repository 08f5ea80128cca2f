"""The registry as `bench registry` asks it: a process of its own, through the client library."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Final

import grpc
import grpc.aio

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse.registry.v1 import registry_pb2_grpc as rpc
from alphapulse_client.instrument_index import get_instrument_registry, index_path
from alphapulse_client.registry import RegistryClient
from alphapulse_mesh.cli.bench.peers import PeerError
from alphapulse_mesh.cli.bench.registry_data import Data, quantiles
from alphapulse_mesh.runtime.config import MeshConfig, dump_toml
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.paths import MeshPaths

__all__ = ["Registry"]

_START_SECONDS: Final = 60.0
_BATCH: Final = 10_000
_FLIGHT: Final = 2
_MESSAGE_BYTES: Final = 64 << 20
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", _MESSAGE_BYTES),
    ("grpc.max_send_message_length", _MESSAGE_BYTES),
)
_METHOD: Final = "/alphapulse.registry.v1.RegistryService/BatchRegisterInstruments"
_COLD: Final = """
import asyncio, sys, time
from pathlib import Path
from alphapulse_mesh.registry.writer import RegistryWriter
from alphapulse_mesh.runtime.event_store import SqliteEventStore
async def main():
    began = time.perf_counter()
    async with await SqliteEventStore.open(Path(sys.argv[1])) as store:
        writer = RegistryWriter(store, snapshot_every=1 << 62)
        await writer.recover()
        print(time.perf_counter() - began, len(writer.state.in_order))
asyncio.run(main())
"""


_NUMBERS = itertools.count(1)


class Registry:
    """One process; made with the first `fill`."""

    def __init__(
        self, scratch: Path, data: Data, ask: Callable[[Coroutine[Any, Any, Any]], Any]
    ) -> None:
        """Nothing runs yet. `ask` runs a coroutine in the bench's loop."""
        self._scratch, self._data, self._ask = scratch / "registry", data, ask
        self._scratch.mkdir()
        # The journal alone: a snapshot would make the start that is measured another one.
        self.config = MeshConfig.model_validate(
            {
                "mesh": {
                    # its index in shared memory is nobody else's
                    "name": f"bench-{os.getpid()}-{next(_NUMBERS)}",
                    "data_dir": str(self._scratch / "data"),
                    "run_dir": str(self._scratch / "run"),
                },
                "server": {"max_message_bytes": _MESSAGE_BYTES},
                "registry": {"snapshot_every_events": 1 << 40},
            }
        )
        self._process: subprocess.Popen[bytes] | None = None
        self._revision = 0
        self._channel: grpc.aio.Channel | None = None
        self.target = ""

    def fill(self) -> None:
        """Start it and register everything."""
        path = self._scratch / "mesh.toml"
        path.write_text(dump_toml(self.config), encoding="utf-8")
        log = (self._scratch / "registry.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "alphapulse_mesh.registry", "--config", str(path)],
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _START_SECONDS
        ready = None
        while ready is None:
            if self._process.poll() is not None or time.monotonic() > deadline:
                text = (self._scratch / "registry.log").read_text()[-500:]
                raise RuntimeError(f"the registry did not start: {text}")
            time.sleep(0.02)
            ready = MeshPaths(self.config).read_ready(Service.REGISTRY)
        self.target = ready.target
        self._ask(self._connect(ready.target))
        for request in self._data.requests:
            self._ask(self._register(request))

    async def _connect(self, target: str) -> None:
        self._channel = grpc.aio.insecure_channel(target, options=_OPTIONS)
        self.client = RegistryClient(self._channel, timeout=60.0)
        self.stub: rpc.RegistryServiceAsyncStub = rpc.RegistryServiceStub(self._channel)
        self._batch: Any
        # requests are encoded before the clock runs: encoding them is the importer's part
        self._batch = self._channel.unary_unary(
            _METHOD,
            request_serializer=None,
            response_deserializer=pb.BatchRegisterInstrumentsResponse.FromString,
        )

    async def _register(self, request: bytes) -> None:
        answer = await self._batch(request)
        self._revision = max(self._revision, answer.revision)
        refused = [each for each in answer.outcomes if each.reason]
        assert not refused, refused[:1]

    # ----------------------------------------------------------------------------------- measuring

    def register_batches(self, count: int) -> float:
        """Seconds for `count` new ones."""
        requests = [self._data.fresh_request(_BATCH) for _ in range(count // _BATCH)]

        async def measure() -> float:
            before = time.perf_counter()
            await _in_flight((self._register(one) for one in requests), _FLIGHT)
            return time.perf_counter() - before

        return float(self._ask(measure()))

    def register_one(self, count: int) -> list[float]:
        """One after the other."""
        fresh = self._data.fresh(count)
        requests = [pb.RegisterInstrumentRequest(instrument=one) for one in fresh]
        return self._one_by_one([partial(self.stub.RegisterInstrument, one) for one in requests])

    def get_one(self, count: int) -> list[float]:
        """One after the other."""
        requests = [pb.GetInstrumentRequest(id=one.hex()) for one in self._data.some(count)]
        return self._one_by_one([partial(self.stub.GetInstrument, one) for one in requests])

    def _one_by_one(self, calls: list[Callable[[], Any]]) -> list[float]:
        async def measure() -> list[float]:
            times = []
            for call in calls:
                before = time.perf_counter_ns()
                await call()
                times.append(time.perf_counter_ns() - before)
            return quantiles(times)

        found: list[float] = self._ask(measure())
        return found

    def get_batches(self, count: int) -> float:
        """Seconds for the records of `count` ids."""
        batches = [b"".join(batch) for batch in self._data.batches(count, _BATCH)]

        async def fetch(ids: bytes) -> None:
            found = await self.client.records(ids)
            assert len(found) * 16 == len(ids)

        async def measure() -> float:
            before = time.perf_counter()
            await _in_flight((fetch(ids) for ids in batches), _FLIGHT)
            return time.perf_counter() - before

        return float(self._ask(measure()))

    def stream(self, count: int) -> float:
        """Seconds for the first `count` events of a watch from the beginning."""

        async def measure() -> float:
            before = time.perf_counter()
            async with contextlib.aclosing(self._events(0)) as events:
                seen = 0
                async for _ in events:
                    seen += 1
                    if seen == count:
                        break
            return time.perf_counter() - before

        return float(self._ask(measure()))

    def stream_records(self, count: int) -> float:
        """Seconds for the first `count` records of a stream of everything."""

        async def measure() -> float:
            before = time.perf_counter()
            seen = 0
            async with contextlib.aclosing(self._records()) as batches:
                async for rows in batches:
                    seen += rows
                    if seen >= count:
                        break
            assert seen >= count
            return time.perf_counter() - before

        return float(self._ask(measure()))

    async def _records(self) -> AsyncGenerator[int, None]:
        async for batch in self.client.stream_records(batch_rows=1000):
            yield len(batch.rows)

    async def _events(self, revision: int) -> AsyncGenerator[pb.WatchRegistryResponse, None]:
        call = self.stub.WatchRegistry(pb.WatchRegistryRequest(from_revision=revision))
        try:
            async for event in call:
                if event.WhichOneof("event") is not None:
                    yield event
        finally:
            call.cancel()

    def watch_delivery(self, count: int) -> list[float]:
        """From the call of a registration to its event, one after the other."""
        fresh = self._data.fresh(count)

        async def measure() -> list[float]:
            answer = await self.stub.ListInstruments(pb.ListInstrumentsRequest(page_size=1))
            times = []
            async with contextlib.aclosing(self._events(answer.revision)) as events:
                following = aiter(events)
                for one in fresh:
                    before = time.perf_counter_ns()
                    call = self.stub.RegisterInstrument(
                        pb.RegisterInstrumentRequest(instrument=one)
                    )
                    event = await anext(following)
                    times.append(time.perf_counter_ns() - before)
                    assert event.instrument_registered.symbol == one.symbol
                    await call
            return quantiles(times)

        found: list[float] = self._ask(measure())
        return found

    def cold_start(self) -> tuple[float, str]:
        """Seconds from opening a journal of the data to a state that can answer, in a process of
        its own.
        """
        path = self._journal()
        ran = subprocess.run(
            [sys.executable, "-c", _COLD, str(path)], capture_output=True, text=True, check=False
        )
        if ran.returncode:
            raise PeerError(f"no start: {ran.stderr[-200:]}")
        seconds, count = ran.stdout.split()
        detail = f"{count} instruments from the journal, no snapshot; without Python's own start"
        return float(seconds), detail

    def _journal(self) -> Path:
        """A journal of exactly the data, made once."""
        folder = self._scratch / "cold"
        path = folder / "registry.db"
        if not folder.exists():
            folder.mkdir()
            other = Registry(folder, self._data, self._ask)
            try:
                other.fill()
            finally:
                other.close()
            shutil.move(MeshPaths(other.config).database(other.config.registry.database), path)
        return path

    def index_bytes_each(self) -> tuple[float, str]:
        """Bytes of the shared-memory index for each instrument."""
        index = get_instrument_registry(path=self.index_path)
        detail = f"the index's whole file, {len(index):,} instruments, every key"
        return index.file_bytes / len(index), detail

    @property
    def index_path(self) -> Path:
        """Of the shared-memory index, which is a little behind what is acknowledged."""
        path = index_path(self.config.mesh.name)
        get_instrument_registry(path=path).wait(self._revision, _START_SECONDS)
        return path

    def close(self) -> None:
        """End the process."""
        if self._channel is not None:
            self._ask(self._channel.close())
            self._channel = None
        process, self._process = self._process, None
        if process is not None:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        path = index_path(self.config.mesh.name)
        for file in (path, path.with_name(f"{path.name}.lock")):
            file.unlink(missing_ok=True)


async def _in_flight(calls: Any, limit: int) -> None:
    """Await all, `limit` at a time."""
    pending = iter(calls)

    async def worker() -> None:
        for call in pending:
            await call

    await asyncio.gather(*(worker() for _ in range(limit)))
