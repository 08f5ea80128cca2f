"""The registry as a process: kill -9 in the middle of a batch, SIGTERM, what it says of itself."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import urllib.request
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse.registry.v1 import registry_pb2_grpc
from alphapulse.system.v1 import system_pb2, system_pb2_grpc
from alphapulse_mesh.registry.journal import STREAM, decode_event
from alphapulse_mesh.registry.state import RegistryState
from alphapulse_mesh.runtime.config import MeshConfig, dump_toml
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_testing.registry import currency, id_of, pair, running_registry, stock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

BATCH = 150


class Process:
    """A running registry and a stub of it."""

    def __init__(self, process: asyncio.subprocess.Process, target: str, metrics: int) -> None:
        self.process, self.target, self.metrics = process, target, metrics
        self.channel = grpc.aio.insecure_channel(target)
        self.stub: Any = registry_pb2_grpc.RegistryServiceStub(self.channel)

    async def end(self, number: signal.Signals) -> int:
        """Send a signal, return the exit code."""
        self.process.send_signal(number)
        return await self.process.wait()


@asynccontextmanager
async def registry_process(config: MeshConfig, directory: Path) -> AsyncIterator[Process]:
    """Started from a file, as the supervisor does; killed at the end if it still runs."""
    path = directory / "mesh.toml"
    path.write_text(dump_toml(config), encoding="utf-8")
    with (directory / "registry.log").open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "alphapulse_mesh.registry", "--config", str(path), stderr=log
        )
    try:
        ready = None
        async with asyncio.timeout(60):
            while ready is None or ready.pid != process.pid:
                assert process.returncode is None, (directory / "registry.log").read_text()
                await asyncio.sleep(0.02)
                ready = MeshPaths(config).read_ready(Service.REGISTRY)
        running = Process(process, ready.target, ready.metrics_port)
        try:
            yield running
        finally:
            await running.channel.close()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def batch(number: int) -> pb.BatchRegisterInstrumentsRequest:
    """Batch `number`: its own instruments, and some that every batch has."""
    instruments = [currency(f"B{number}"), pair(f"B{number}", "USDT"), currency("SHARED")]
    instruments += [stock(f"S{number}.{n}") for n in range(BATCH - len(instruments))]
    return pb.BatchRegisterInstrumentsRequest(instruments=instruments, request_id=f"batch-{number}")


Answers = dict[int, pb.BatchRegisterInstrumentsResponse]


async def register_until_dead(process: Process, first: int, answers: Answers) -> int:
    """Batches without end, two at a time; returns the number of the first not tried."""
    numbers = iter(range(first, 1_000_000))
    tried = first

    async def work() -> None:
        nonlocal tried
        for number in numbers:
            tried = max(tried, number + 1)
            try:
                answers[number] = await process.stub.BatchRegisterInstruments(batch(number))
            except grpc.aio.AioRpcError as error:
                if error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.CANCELLED}:
                    return  # killed
                raise

    await asyncio.gather(work(), work())
    return tried


@pytest.mark.parametrize("seed", range(3))
async def test_killed_in_the_middle_of_batches(
    seed: int, make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    config = make_config(registry={"snapshot_every_events": 400})
    rng = random.Random(seed)
    answers: Answers = {}
    tried = 0
    for _ in range(2):
        async with registry_process(config, tmp_path) as process:
            work = asyncio.create_task(register_until_dead(process, tried, answers))
            wanted = len(answers) + rng.randint(1, 6)
            while len(answers) < wanted:  # noqa: ASYNC110  # the moment is random anyway
                await asyncio.sleep(0.001)
            await asyncio.sleep(rng.random() * 0.05)
            assert await process.end(signal.SIGKILL) == -signal.SIGKILL
            tried = await work
    async with registry_process(config, tmp_path) as process:
        await check_what_is_there(process, answers)
        # The client that got no answer asks again: what was done is not done twice.
        for number in range(tried):
            answer = await process.stub.BatchRegisterInstruments(batch(number))
            assert all(outcome.reason == "" for outcome in answer.outcomes)
            if number in answers:
                assert answer == answers[number]
        listed = await all_keys(process)
        assert len(listed) == len(set(listed)) == tried * (BATCH - 1) + 1
        assert await process.end(signal.SIGTERM) == 0
    await check_journal(MeshPaths(config).database(config.registry.database))


async def check_what_is_there(process: Process, answers: Answers) -> None:
    """Everything acknowledged, each once."""
    for number, answer in answers.items():
        ids = b"".join(id_of(pb.Instrument(id=outcome.id)) for outcome in answer.outcomes)
        got = await process.stub.BatchGetInstruments(pb.BatchGetInstrumentsRequest(ids=ids))
        assert list(got.missing) == []
        assert [i.symbol for i in got.instruments] == [i.symbol for i in batch(number).instruments]
    listed = await all_keys(process)
    assert len(listed) == len(set(listed))
    # A batch is there as a whole or not at all.
    sizes = Counter(key.partition(".")[0] for key in listed if ":stock:" in key)
    assert set(sizes.values()) == {BATCH - 3}


async def all_keys(process: Process) -> list[str]:
    """The natural key of every instrument."""
    keys: list[str] = []
    request = pb.ListInstrumentsRequest(page_size=1000)
    while True:
        answer = await process.stub.ListInstruments(request)
        keys += [instrument.natural_key for instrument in answer.instruments]
        request.page_token = answer.next_page_token
        if not request.page_token:
            return keys


async def check_journal(path: Path) -> None:
    """Snapshot and replay, and replay alone, give the same bytes."""
    async with running_registry(path) as running:
        state = RegistryState()
        async for event in running.store.read(STREAM):
            state.apply(event.version, decode_event(event))
        assert state.dump() == running.writer.state.dump()
        assert await running.store.load_snapshot(STREAM) is not None


async def test_what_it_says_of_itself(mesh_config: MeshConfig, tmp_path: Path) -> None:
    async with registry_process(mesh_config, tmp_path) as process:
        await process.stub.RegisterInstrument(
            pb.RegisterInstrumentRequest(instrument=currency("BTC"))
        )
        make_stub: Any = reflection_pb2_grpc.ServerReflectionStub  # its stubs know no aio
        reflection = make_stub(process.channel)
        asked = reflection_pb2.ServerReflectionRequest(list_services="")
        async for answer in reflection.ServerReflectionInfo(iter([asked])):
            names = {service.name for service in answer.list_services_response.service}
        assert "alphapulse.registry.v1.RegistryService" in names
        agent: Any = system_pb2_grpc.AgentServiceStub(process.channel)
        status = await agent.GetAgentStatus(system_pb2.GetAgentStatusRequest())
        assert status.name == "registry"
        assert status.counters["instruments"] == status.counters["revision"] == 1
        url = f"http://127.0.0.1:{process.metrics}/metrics"
        text = await asyncio.to_thread(lambda: urllib.request.urlopen(url).read().decode())
        assert "alphapulse_registry_instruments 1.0" in text
        assert "alphapulse_registry_venues" in text
        watching = process.stub.WatchRegistry(pb.WatchRegistryRequest(from_revision=1))
        assert (await watching.read()).revision == 1
        assert await process.end(signal.SIGTERM) == 0
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await watching.read()
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    assert MeshPaths(mesh_config).read_ready(Service.REGISTRY) is None


async def test_a_damaged_journal_ends_it_with_one_line(
    mesh_config: MeshConfig, tmp_path: Path
) -> None:
    paths = MeshPaths(mesh_config)
    paths.create()
    paths.database(mesh_config.registry.database).write_bytes(b"not a database" * 100)
    config = tmp_path / "mesh.toml"
    config.write_text(dump_toml(mesh_config), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "alphapulse_mesh.registry",
        "--config",
        str(config),
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await process.communicate()
    assert process.returncode == 1
    last = stderr.decode().splitlines()[-1]
    assert last.startswith("registry: ")
    assert "registry.db" in last
    assert "Traceback" not in stderr.decode()
