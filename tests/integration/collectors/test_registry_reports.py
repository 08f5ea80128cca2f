"""What collectors and execution tell the registry: unknown symbols, and how venues are."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any

import orjson
import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import UnknownInstrument
from alphapulse_client.mesh import Mesh
from alphapulse_client.registry import RegistryClient
from alphapulse_layout import MessageType, VenueId
from alphapulse_mesh.registry.service import add_registry_service
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.venue_reports import VenueReporter, registry_targets
from alphapulse_testing.processes import MeshProcesses
from alphapulse_testing.registry import running_registry

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

pytestmark = pytest.mark.timeout(300)

BEHIND_IT = (Service.REGISTRY, Service.RELAY_MARKET_DATA)
SECOND = 1_000_000_000


def recording(path: Path, symbols: tuple[str, ...], seconds: float) -> Path:
    """Quotes of spot symbols in turn, twenty a second, so many seconds of them."""
    start = 1_723_161_600 * SECOND
    lines = []
    for number in range(int(20 * seconds)):
        symbol = symbols[number % len(symbols)]
        data = {"u": number + 1, "s": symbol, "b": "1", "B": "2", "a": "3", "A": "4"}
        message = orjson.dumps({"stream": f"{symbol.lower()}@bookTicker", "data": data})
        lines.append(f"{start + number * SECOND // 20} {message.decode()}\n")
    path.write_text("".join(lines))
    return path


async def until(condition: Callable[[], Awaitable[Any]], seconds: float = 150) -> Any:
    """The first answer of another process that is true."""
    async with asyncio.timeout(seconds):
        while not (answer := await condition()):  # noqa: ASYNC110  # of other processes
            await asyncio.sleep(0.05)
        return answer


async def test_a_collector_tells_of_symbols_and_of_venues(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    path = recording(tmp_path / "spot.txt", ("BTCUSDT", "DOGEUSDT", "XRPEUR"), 3)
    replay = {
        "venue": "BINANCE",
        "kind": "replay",
        "path": path,
        "speed": "max",
        "symbols": ["BTCUSDT"],
    }
    config = make_config(
        collectors=[replay, {"venue": "SIMULATOR", "symbols": ["BTCUSDT"]}],
        registry={"discovery": "review", "venue_report_seconds": 0.2},
    )
    async with MeshProcesses(config, tmp_path, *BEHIND_IT) as mesh:
        await mesh.start(Service.COLLECTOR)
        async with Mesh.connect(mesh.config.endpoint(Service.REGISTRY).target) as registry:

            async def announced() -> list[pb.Instrument]:
                found = [
                    item
                    async for item in registry.registry.list(
                        venue="BINANCE", status=pb.INSTRUMENT_STATUS_ANNOUNCED
                    )
                ]
                return found if len(found) == 2 else []

            async def measured() -> pb.GetVenueMetricsResponse | None:
                answer = await registry.registry.venue_metrics("SIMULATOR")
                return answer if answer.metrics else None

            found = await until(announced)
            metrics = await until(measured)
            known = await registry.registry.resolve("BTCUSDT", venue="BINANCE")
            venue = await registry.registry.venue("SIMULATOR")
            recorded = await registry.registry.venue_metrics("BINANCE")
    assert {(each.symbol, each.base_currency, each.quote_currency) for each in found} == {
        ("DOGEUSDT", "DOGE", "USDT"),
        ("XRPEUR", "XRP", "EUR"),
    }
    assert known.status == pb.INSTRUMENT_STATUS_ACTIVE  # it was asked for, and registered
    assert metrics.metrics[0].source == "collector"
    assert metrics.metrics[0].messages_per_second > 0
    assert (metrics.health_score, metrics.mean_reliability_score) == (10_000, 10_000)
    assert venue.status == pb.VENUE_STATUS_OPEN
    assert not recorded.metrics  # a recording says nothing of how its venue is now


async def test_what_the_registry_registers_is_published_from_then_on(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    path = recording(tmp_path / "spot.txt", ("DOGEUSDT",), 600)
    source = {
        "venue": "BINANCE", "kind": "replay", "path": path, "speed": 4, "unknown": "discover"
    }  # fmt: skip
    config = make_config(collectors=[source], registry={"discovery": "register"})
    async with MeshProcesses(config, tmp_path, *BEHIND_IT) as mesh:
        relay_target = mesh.config.endpoint(Service.RELAY_MARKET_DATA).target
        async with (
            Mesh.connect(relay_target) as relay,
            Mesh.connect(mesh.config.endpoint(Service.REGISTRY).target) as registry,
            relay.feed("market_data", message_types=[MessageType.QUOTE]) as quotes,
            asyncio.timeout(120),
        ):
            await quotes.ready()
            with pytest.raises(UnknownInstrument):
                await registry.registry.resolve("DOGEUSDT", venue="BINANCE")
            collector = await mesh.start(Service.COLLECTOR)
            batch = await anext(aiter(quotes))
            found = await registry.registry.resolve("DOGEUSDT", venue="BINANCE")
        status = await collector.agent()
    assert found.status == pb.INSTRUMENT_STATUS_ACTIVE
    row = batch.frames[0].rows[0]
    assert row["update_id"] > 1  # what came before the decision was not published
    assert status.counters["discovered"] == 1
    assert status.counters["ignored"] > 0


async def test_a_registry_that_is_away_is_no_harm(
    tmp_path: Path, aio_server: Any, free_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    asked = 0

    def measure(now_ns: int) -> list[tuple[int, pb.VenueMetric]]:
        nonlocal asked
        asked += 1
        metric = pb.VenueMetric(latency_ns=asked, source="test")
        metric.time.FromNanoseconds(now_ns)
        nobody = pb.VenueMetric(source="test")  # has no time: refused
        return [(VenueId.BINANCE, metric), (VenueId.KRAKEN, nobody)]

    async with running_registry(tmp_path / "registry.db") as running:
        host, channel = await aio_server((add_registry_service, running.service))
        targets = [f"127.0.0.1:{free_port}", host.target]
        reporter = VenueReporter(targets, measure, 0.01, clock_ns=time.time_ns)
        reporting = asyncio.create_task(reporter.run())
        try:
            client = RegistryClient(channel)

            async def kept() -> bool:
                return len((await client.venue_metrics("BINANCE")).metrics) >= 3

            await until(kept)
            assert not reporting.done()
            assert reporter.reported >= 3
        finally:
            reporting.cancel()
            await asyncio.gather(reporting, return_exceptions=True)
        assert not (await client.venue_metrics("KRAKEN")).metrics
    # said once for each, however often it failed
    said = [record for record in caplog.records if "not reported" in record.message]
    assert len(said) == 2


def test_every_replica_is_told(make_config: Callable[..., MeshConfig]) -> None:
    config = make_config(server={"transport": "unix"}, registry={"replicas": 3})
    targets = registry_targets(config)
    assert len(set(targets)) == 3
