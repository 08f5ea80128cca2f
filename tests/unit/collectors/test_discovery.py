"""What a collector meets and does not publish: told once in an interval, bounded, and never in the
way.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import orjson
from opentelemetry.sdk.resources import Resource

from alphapulse.common.v1 import instrument_id_pb2 as common_pb
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import Unavailable
from alphapulse_client.frames import Frame
from alphapulse_core import instrument_id_pair, instrument_id_symbol
from alphapulse_layout import MessageType, SourceType, VenueId
from alphapulse_mesh.collectors import discovery, service
from alphapulse_mesh.collectors.counters import CollectorCounters
from alphapulse_mesh.collectors.discovery import Discoveries, discovered_frame, found_market
from alphapulse_mesh.collectors.service import Collector
from alphapulse_mesh.collectors.sources.base import Feed, Slice
from alphapulse_mesh.registry.discovery import instruments_of
from alphapulse_mesh.runtime.agent import AgentStatus
from alphapulse_mesh.runtime.metrics import Metrics
from alphapulse_mesh.runtime.telemetry import Telemetry
from alphapulse_testing.registry import token

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    import pytest

    from alphapulse_mesh.collectors.markets import Market

SPOT, FUTURES = VenueId.BINANCE, VenueId.BINANCE_FUTURES
SOURCE = SourceType.BINANCE_COLLECTOR
A = common_pb.AssetType
T0 = 1_700_000_000_000_000_000


class FakePublisher:
    """Takes frames, or not."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.away = False
        self.closed = False
        self.flushed = asyncio.Event()

    async def publish(self, data: bytes) -> int:
        if self.away:
            self.flushed.set()
            raise Unavailable("the relay is away", reason="AWAY")
        self.frames.append(Frame.parse(data))
        return len(self.frames)

    async def flush(self) -> None:
        self.flushed.set()

    async def close(self) -> None:
        self.closed = True

    def symbols(self) -> list[str]:
        return [row["symbol"].decode() for frame in self.frames for row in frame.rows]


class Told:
    """Discoveries that run, with a clock that a test moves."""

    def __init__(self) -> None:
        self.publisher = FakePublisher()
        self.now = 0.0
        self.counted: list[int] = []
        self.discoveries = Discoveries(
            self.publisher,  # type: ignore[arg-type]  # as much of it as is used
            self.counted.append,
            interval=60.0,
            clock=lambda: self.now,
        )

    def see(self, symbol: str, venue: VenueId = SPOT) -> None:
        self.discoveries.seen(found_market(venue, symbol), SOURCE, 0, T0)

    async def told(self) -> list[str]:
        """What was told once everything that waits is."""
        self.publisher.flushed.clear()
        running = asyncio.create_task(self.discoveries.run())
        async with asyncio.timeout(30):
            await self.publisher.flushed.wait()
        await asyncio.sleep(0)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return self.publisher.symbols()


def test_a_frame_that_the_registry_understands() -> None:
    found = [
        found_market(SPOT, "DOGEUSDT"),
        found_market(FUTURES, "DOGEUSDT"),
        found_market(SPOT, "NOSUCHQUOTE"),
        token(),
    ]
    data = discovered_frame([(each, SOURCE, 3, T0) for each in found], SOURCE)
    frame = Frame.parse(data)
    assert frame.message_type == MessageType.INSTRUMENT_DISCOVERED
    assert frame.rows["receive_time"].tolist() == [T0] * 4
    assert frame.rows["exchange_time"].tolist() == [3] * 4
    ids = [row["instrument_id"].tobytes() for row in frame.rows]
    assert ids == [
        instrument_id_pair(A.ASSET_TYPE_CRYPTO_PAIR, SPOT, "DOGE", "USDT"),
        instrument_id_symbol(A.ASSET_TYPE_PERPETUAL, FUTURES, "DOGEUSDT"),
        bytes(16),
        bytes(16),
    ]
    pair, perpetual, riddle, contract = instruments_of(frame)
    assert isinstance(pair, pb.Instrument)
    assert (pair.base_currency, pair.quote_currency) == ("DOGE", "USDT")
    assert isinstance(perpetual, pb.Instrument)
    assert perpetual.settlement_currency == "USDT"
    assert isinstance(riddle, pb.Instrument)
    assert (riddle.symbol, riddle.base_currency) == ("NOSUCHQUOTE", "")
    assert isinstance(contract, pb.Instrument)
    assert contract.contract_address == token().contract_address


async def test_once_in_an_interval() -> None:
    told = Told()
    for symbol in ("DOGEUSDT", "DOGEUSDT", "XRPUSDT"):
        told.see(symbol)
    told.see("DOGEUSDT", FUTURES)  # another thing of the same name
    assert await told.told() == ["DOGEUSDT", "XRPUSDT", "DOGEUSDT"]
    assert told.counted == [3]
    told.now = 59.0
    told.see("DOGEUSDT")
    told.now = 60.0
    told.see("XRPUSDT")
    assert await told.told() == ["DOGEUSDT", "XRPUSDT", "DOGEUSDT", "XRPUSDT"]
    assert told.publisher.closed


async def test_what_could_not_be_told_is_told_when_it_is_met_again() -> None:
    told = Told()
    told.publisher.away = True
    told.see("DOGEUSDT")
    assert await told.told() == []
    assert told.counted == []
    told.publisher.away = False
    told.see("DOGEUSDT")
    assert await told.told() == ["DOGEUSDT"]


async def test_what_waits_and_what_is_remembered_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(discovery, "_WAITING", 3)
    monkeypatch.setattr(discovery, "_REMEMBERED", 2)
    told = Told()
    for symbol in ("AUSDT", "BUSDT", "CUSDT", "DUSDT"):
        told.see(symbol)
    assert await told.told() == ["AUSDT", "BUSDT", "CUSDT"]
    assert len(told.discoveries._told) == 2
    told.see("CUSDT")  # remembered
    told.see("DUSDT")  # found no room, and was not taken for told
    assert await told.told() == ["AUSDT", "BUSDT", "CUSDT", "DUSDT"]


# ------------------------------------------------------------------------------------ the run loop


def quote(symbol: str, number: int) -> bytes:
    data = {"u": number, "s": symbol, "b": "1", "B": "2", "a": "3", "A": "4"}
    return orjson.dumps({"stream": f"{symbol.lower()}@bookTicker", "data": data})


class Relay(FakePublisher):
    resumed_sequence = 0
    acknowledged = 0

    async def ready(self) -> None: ...


class Universe:
    """Has what a test puts there."""

    def __init__(self) -> None:
        self.active: dict[str, bytes] = {}
        self.registered: list[str] = []
        self.asked: list[str] = []

    def __len__(self) -> int:
        return len(self.registered)

    async def ensure(self, markets: Sequence[Market]) -> list[bytes]:
        self.registered += [market.symbol for market in markets]
        return [b"\x01" * 16 for _ in markets]

    async def find(self, market: Market) -> bytes | None:
        self.asked.append(market.symbol)
        return self.active.get(market.symbol)


class Source:
    """Slices that a test goes through one by one."""

    bounded = True
    repeatable = False
    measured = False

    def __init__(self, feed: Feed, *parts: Sequence[bytes]) -> None:
        self.feed = feed
        self.parts = parts
        self.between: list[object] = []

    async def open(self) -> Sequence[Feed]:
        return [self.feed]

    def catch_up(self, behind: bool) -> None: ...

    async def slices(self) -> AsyncIterator[Slice]:
        for number, messages in enumerate(self.parts):
            if number < len(self.between):
                step = self.between[number]
                assert callable(step)
                step()
            times = [T0 + number] * len(messages)
            yield Slice([0] * len(times), times, messages, partial("test:{}.{}".format, number))

    @property
    def progress(self) -> float | None:
        return None

    async def close(self) -> None: ...


class Seen:
    """In the place of `Discoveries`."""

    def __init__(self) -> None:
        self.met: list[tuple[str, str, int]] = []

    def seen(
        self, instrument: pb.Instrument, source: SourceType, exchange_time: int, received: int
    ) -> None:
        assert source is SOURCE
        self.met.append((instrument.symbol, instrument.base_currency, received))


async def collect(source: Source, universe: Universe) -> tuple[Relay, Seen]:
    relay, seen = Relay(), Seen()
    agent, metrics = AgentStatus("collector", "0"), Metrics("collector", "collector")
    telemetry = Telemetry("collector", [], resource=Resource.create({}))
    collector = Collector(
        [source],
        universe,  # type: ignore[arg-type]  # stands in
        relay,  # type: ignore[arg-type]  # stands in
        agent,
        CollectorCounters(agent, metrics),
        telemetry,
        discoveries=seen,
    )
    await collector.run()
    return relay, seen


async def test_symbols_that_nobody_asked_for_are_told_and_not_published() -> None:
    feed = Feed("test", SPOT, ("BTCUSDT",), frozenset({"BTCUSDT"}))
    source = Source(feed, [quote("BTCUSDT", 1), quote("DOGEUSDT", 2), quote("RIDDLE", 3)])
    universe = Universe()
    relay, seen = await collect(source, universe)
    assert universe.registered == ["BTCUSDT"]
    assert seen.met == [("DOGEUSDT", "DOGE", T0), ("RIDDLE", "", T0)]
    assert sum(len(frame.rows) for frame in relay.frames) == 1


async def test_what_is_for_the_registry_to_decide_is_published_once_it_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(service, "_ASK_AGAIN_SECONDS", 0.0)
    feed = Feed("test", SPOT, unknown="discover")
    parts = [[quote("DOGEUSDT", number)] for number in range(3)]
    source = Source(feed, *parts)
    universe = Universe()
    later = partial(universe.active.update, DOGEUSDT=b"\x02" * 16)
    source.between = [lambda: None, lambda: None, later]
    relay, seen = await collect(source, universe)
    assert universe.asked == ["DOGEUSDT"] * 3
    assert universe.registered == []
    assert seen.met == [("DOGEUSDT", "DOGE", T0), ("DOGEUSDT", "DOGE", T0 + 1)]
    (frame,) = relay.frames
    (row,) = frame.rows
    assert row["instrument_id"].tobytes() == b"\x02" * 16
    assert row["receive_time"] == T0 + 2
