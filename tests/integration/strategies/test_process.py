"""The strategy as a process: pairs from a real registry, ticks and signals through real relays."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

import grpc.aio
import pytest

from alphapulse.strategy.v1 import strategy_pb2 as pb
from alphapulse.strategy.v1 import strategy_pb2_grpc as rpc
from alphapulse_client.mesh import Mesh
from alphapulse_layout import SourceType
from alphapulse_mesh.collectors.sources.simulator import SimulatorSource
from alphapulse_mesh.runtime.edges import COLLECTOR_PUBLISH, SIGNAL_PUBLISH, STRATEGY_DECIDE
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.paths import Ready, pid_start_time
from alphapulse_mesh.runtime.trace_files import read_spans
from alphapulse_testing.offline import offline_signals
from alphapulse_testing.processes import MeshProcesses

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_client.frames import Frame, Rows
    from alphapulse_mesh.runtime.config import MeshConfig

pytestmark = pytest.mark.timeout(300)

AROUND_IT = (Service.REGISTRY, Service.RELAY_MARKET_DATA, Service.RELAY_SIGNAL)
SIMULATED = {"venue": "SIMULATOR", "speed": "max", "seed": 1, "duration_seconds": 30}


@pytest.fixture
def config(make_config: Callable[..., MeshConfig]) -> Callable[..., MeshConfig]:
    def make(**source: Any) -> MeshConfig:
        relays = {"market_data": {"ring_bytes": 1 << 24}}
        return make_config(collectors=[SIMULATED | source], relays=relays)

    return make


async def status(mesh: MeshProcesses) -> pb.GetStrategyStatusResponse:
    async with grpc.aio.insecure_channel(mesh[Service.STRATEGY].target) as channel:
        stub: rpc.StrategyServiceAsyncStub = rpc.StrategyServiceStub(channel)
        return await stub.GetStrategyStatus(pb.GetStrategyStatusRequest(), timeout=10)


async def caught_up(mesh: MeshProcesses) -> pb.GetStrategyStatusResponse:
    """The collector has finished, and the strategy has read all of it."""
    target = mesh.config.endpoint(Service.RELAY_MARKET_DATA).target
    async with asyncio.timeout(120), Mesh.connect(target) as relay:
        while True:
            finished = (await mesh[Service.COLLECTOR].agent()).finished
            head = (await relay.relay_status("market_data")).head_sequence
            answer = await status(mesh)
            if finished and answer.market_data_sequence >= head:
                return answer
            await asyncio.sleep(0.05)  # other processes: there is no event to wait for


async def all_signals(mesh: MeshProcesses) -> list[Frame]:
    async with Mesh.connect(mesh.config.endpoint(Service.RELAY_SIGNAL).target) as relay:
        head = (await relay.relay_status("signal")).head_sequence
        frames: list[Frame] = []
        if not head:
            return frames
        async for batch in relay.feed("signal", start="oldest", policy="block"):
            frames += batch.frames
            if batch.delivered_sequence >= head:
                return frames
    raise AssertionError("the feed ended")


def ids(frames: list[Frame]) -> list[int]:
    return [int(frame.rows["signal_id"][0]) for frame in frames]


async def test_simulated_ticks_become_traced_signals(
    config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    async with MeshProcesses(config(), tmp_path, *AROUND_IT, Service.STRATEGY) as mesh:
        assert (await status(mesh)).state == pb.STRATEGY_STATE_WARMING_UP  # no instruments yet
        await mesh.start(Service.COLLECTOR)
        answer = await caught_up(mesh)
        signals = await all_signals(mesh)
        collected = await mesh[Service.COLLECTOR].agent()
        await mesh[Service.STRATEGY].terminate()
        await mesh[Service.COLLECTOR].terminate()
        spans = list(read_spans(mesh.config.trace_dir))
    assert answer.state == pb.STRATEGY_STATE_RUNNING
    assert answer.records == collected.counters["quotes"]  # not one was missed
    assert answer.signals == len(signals) > 20
    assert answer.lost_frames == 0
    assert len(answer.pairs) == 2
    assert sum(pair.signals for pair in answer.pairs) == len(signals)
    assert len(set(ids(signals))) == len(signals)
    assert {frame.source for frame in signals} == {SourceType.ARBITRAGE_STRATEGY}
    by_id = {(span.trace_id, span.span_id): span for span in spans}
    for frame in signals:
        context = frame.context
        publish = by_id[context.trace_hex, context.message_hex]
        decide = by_id[context.trace_hex, publish.parent_span_id]
        tick = by_id[context.trace_hex, decide.parent_span_id]
        assert (publish.name, decide.name) == (SIGNAL_PUBLISH, STRATEGY_DECIDE)
        assert (tick.name, tick.service) == (COLLECTOR_PUBLISH, Service.COLLECTOR)


def pose_as_supervisor(mesh: MeshProcesses) -> None:
    """Children take what they find of an earlier process only within one run of a supervisor."""
    pid = os.getpid()
    started = pid_start_time(pid)
    assert started is not None
    mesh.paths.write_ready(Ready(Service.SUPERVISOR, pid, started, "127.0.0.1", 0, None, 0))


async def test_killed_in_the_middle_it_misses_and_repeats_nothing(
    config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    """A run with a crash gives the signals of a run without; what was not known to be safe comes
    again under the same id.
    """
    seconds = 60
    source = SimulatorSource(seed=1, speed="max", duration=seconds * 1_000_000_000)
    expected = [signal.row for signal in await offline_signals(source)]
    settings = config(duration_seconds=seconds)
    async with MeshProcesses(settings, tmp_path, *AROUND_IT) as mesh:
        pose_as_supervisor(mesh)
        await mesh.start(Service.STRATEGY)
        await mesh.start(Service.COLLECTOR)
        while (await status(mesh)).signals < 10:  # noqa: ASYNC110  # another process: no event
            await asyncio.sleep(0.01)
        await mesh[Service.STRATEGY].kill()
        await mesh.start(Service.STRATEGY)
        answer = await caught_up(mesh)
        found = await all_signals(mesh)
        log = mesh[Service.STRATEGY].log()
    assert answer.lost_frames == 0
    assert "going on after market-data sequence" in log
    names = ("created_at", "buy_price", "sell_price", "max_size", "action")

    def decision(row: Rows) -> tuple[int, ...]:
        return tuple(int(row[name][0]) for name in names)

    decisions = [decision(frame.rows) for frame in found]
    assert list(dict.fromkeys(decisions)) == [decision(row) for row in expected]
    assert len(set(ids(found))) == len(expected)


async def test_the_signal_relay_may_die(config: Callable[..., MeshConfig], tmp_path: Path) -> None:
    async with MeshProcesses(config(speed=15), tmp_path, *AROUND_IT, Service.STRATEGY) as mesh:
        await mesh.start(Service.COLLECTOR)
        await asyncio.sleep(0.5)
        await mesh[Service.RELAY_SIGNAL].kill()
        await asyncio.sleep(0.2)
        await mesh.start(Service.RELAY_SIGNAL)
        answer = await caught_up(mesh)
        async with asyncio.timeout(30):  # until the publisher has reconnected
            signals = await all_signals(mesh)
            while len(signals) < answer.signals:
                await asyncio.sleep(0.05)
                signals = await all_signals(mesh)
    assert len(signals) == len(set(ids(signals))) == answer.signals
