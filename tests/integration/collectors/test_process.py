"""The collector as a process before a real registry and a real relay."""

from __future__ import annotations

import asyncio
import gzip
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from alphapulse_client.mesh import Mesh
from alphapulse_layout import AssetType, MessageType, SourceType, VenueId
from alphapulse_mesh.runtime.edges import COLLECTOR_PUBLISH
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.server import EXIT_CONFIG
from alphapulse_mesh.runtime.trace_files import read_spans
from alphapulse_testing.processes import MeshProcesses

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse.system.v1 import system_pb2
    from alphapulse_client.frames import Frame
    from alphapulse_mesh.runtime.config import MeshConfig

pytestmark = pytest.mark.timeout(300)

BEHIND_IT = (Service.REGISTRY, Service.RELAY_MARKET_DATA)


@pytest.fixture
def config(make_config: Callable[..., MeshConfig]) -> Callable[..., MeshConfig]:
    """A configuration with these collector sources and room for their frames."""

    def make(*sources: dict[str, Any], **sections: Any) -> MeshConfig:
        relays = {"market_data": {"ring_bytes": 1 << 24}}
        return make_config(collectors=sources, relays=relays, **sections)

    return make


async def finished(mesh: MeshProcesses) -> system_pb2.GetAgentStatusResponse:
    async with asyncio.timeout(120):
        status = await mesh[Service.COLLECTOR].agent()
        while not status.finished:
            await asyncio.sleep(0.05)
            status = await mesh[Service.COLLECTOR].agent()
    return status


async def all_frames(mesh: MeshProcesses, **wanted: Any) -> list[Frame]:
    """Everything in the market-data relay."""
    async with Mesh.connect(mesh.config.endpoint(Service.RELAY_MARKET_DATA).target) as relay:
        head = (await relay.relay_status("market_data")).head_sequence
        frames: list[Frame] = []
        async for batch in relay.feed("market_data", start="oldest", policy="block", **wanted):
            assert not batch.gaps
            frames += batch.frames
            if batch.delivered_sequence >= head:
                return frames
    raise AssertionError("the feed ended")


async def test_the_simulator_reaches_the_relay_whole(
    config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    source = {"venue": "SIMULATOR", "speed": "max", "seed": 4, "duration_seconds": 20}
    async with MeshProcesses(config(source), tmp_path, *BEHIND_IT) as mesh:
        await mesh.start(Service.COLLECTOR)
        status = await finished(mesh)
        frames = await all_frames(mesh)
        spans = read_spans(mesh.config.trace_dir)
        async with Mesh.connect(mesh.config.endpoint(Service.REGISTRY).target) as registry:
            instruments = {
                bytes.fromhex(item.id_text): item async for item in registry.registry.list()
            }
            derivative = await registry.registry.resolve("BTCUSDT", venue="SIMULATOR_FUTURES")
            links = [link async for link in registry.registry.links(derivative)]
    counters = dict(status.counters)
    records = dict.fromkeys((MessageType.TRADE, MessageType.QUOTE, MessageType.ORDER_BOOK), 0)
    for frame in frames:
        records[MessageType(frame.message_type)] += len(frame.rows)
    assert counters["frames"] == len(frames)
    assert counters["records"] == sum(records.values()) > 10_000
    assert counters["trades"] == records[MessageType.TRADE]
    assert counters["quotes"] == records[MessageType.QUOTE]
    assert counters["book_levels"] == records[MessageType.ORDER_BOOK]
    assert counters["instruments"] == 4
    assert counters["lost"] == counters["corrupt_lines"] == 0
    assert {frame.source for frame in frames} == {SourceType.SIMULATOR_COLLECTOR}
    # every id is one of the registry's, of the kind and venue that the rows say
    ids = {key.tobytes() for frame in frames for key in np.unique(frame.rows["instrument_id"])}
    assert ids == {
        key
        for key, item in instruments.items()
        if int(item.asset_type) in (AssetType.CRYPTO_PAIR, AssetType.PERPETUAL)
    }
    assert {item.venue for item in instruments.values()} == {
        0,
        VenueId.SIMULATOR,
        VenueId.SIMULATOR_FUTURES,
    }
    assert len(links) == 1  # derived by the registry: the perpetual is a derivative of BTC
    # within an instrument and type, rows are in order over all frames
    for kind in records:
        newest: dict[bytes, int] = {}
        for frame in frames:
            if frame.message_type == kind:
                for row in frame.rows:
                    key = row["instrument_id"].tobytes()
                    assert newest.get(key, 0) <= row["receive_time"]
                    newest[key] = int(row["receive_time"])
    # everything is sampled here: one span a frame, with the frame's own ids
    published = {span.span_id for span in spans if span.name == COLLECTOR_PUBLISH}
    assert published == {frame.context.message_hex for frame in frames}


async def test_two_recordings_in_step_and_a_corrupt_line(
    config: Callable[..., MeshConfig], tmp_path: Path, data_dir: Path
) -> None:
    """The head of real spot and futures files, with a line broken in the middle."""
    folder = data_dir / "binance_raw_hftbacktest"
    paths: list[Path] = []
    for name in ("spot_btcusdt", "usdm_btcusdt"):
        with gzip.open(folder / f"{name}_20240808.gz") as file:
            lines = [next(file) for _ in range(4000)]
        if not paths:
            lines[2000] = lines[2000][:60] + b"\n"
        paths.append(tmp_path / f"{name}.gz")
        paths[-1].write_bytes(gzip.compress(b"".join(lines)))
    sources = [{"venue": "auto", "kind": "replay", "path": p, "speed": "max"} for p in paths]
    async with MeshProcesses(config(*sources), tmp_path, *BEHIND_IT) as mesh:
        collector = await mesh.start(Service.COLLECTOR)
        status = await finished(mesh)
        frames = await all_frames(mesh, message_types=[MessageType.QUOTE])
        log = collector.log()
    assert status.counters["corrupt_lines"] == 1
    assert f"{paths[0]}:2001: skipped" in log
    assert status.counters["messages"] == 8000
    venues = [set(frame.rows["instrument_id"]["venue"].tolist()) for frame in frames]
    assert sum(len(both) == 2 for both in venues) > len(frames) // 4  # slices hold both venues
    newest = 0
    for frame in frames:
        assert newest - 50_000_000 <= frame.rows["receive_time"].min()
        newest = int(frame.rows["receive_time"].max())


async def test_a_missing_recording_ends_the_process_with_one_line(
    config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    path = tmp_path / "missing.gz"
    source = {"venue": "auto", "kind": "replay", "path": path}
    async with MeshProcesses(config(source), tmp_path, *BEHIND_IT) as mesh:
        collector = mesh.process(Service.COLLECTOR)
        await collector.spawn()
        assert await collector.wait() == EXIT_CONFIG
        log = collector.log()
    assert f"collector: {path}: no such recording" in log
    assert "Traceback" not in log


async def test_the_relay_may_die_and_nothing_is_lost(
    config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    source = {"venue": "SIMULATOR", "speed": 4, "seed": 4, "duration_seconds": 12}
    async with MeshProcesses(config(source), tmp_path, *BEHIND_IT) as mesh:
        await mesh.start(Service.COLLECTOR)
        await asyncio.sleep(1.0)
        await mesh[Service.RELAY_MARKET_DATA].kill()
        await asyncio.sleep(0.3)
        await mesh.start(Service.RELAY_MARKET_DATA)
        status = await finished(mesh)
        frames = await all_frames(mesh)
    assert len(frames) == status.counters["frames"]
    assert sum(len(frame.rows) for frame in frames) == status.counters["records"]
    assert [frame.sequence for frame in frames] == list(range(1, len(frames) + 1))
    assert len({frame.context.message_id for frame in frames}) == len(frames)
    assert status.counters["lost"] == 0
