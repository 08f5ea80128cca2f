"""The live source against a venue on loopback that speaks Binance's shapes."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
import pytest_asyncio
from websockets.asyncio.server import ServerConnection, serve

from alphapulse_layout import VenueId
from alphapulse_mesh.collectors.binance import BinanceNormalizer
from alphapulse_mesh.collectors.rows import RowBuffer
from alphapulse_mesh.collectors.sources.base import Disconnected, RestSnapshot
from alphapulse_mesh.collectors.sources.live import Endpoints, LiveSource, Pauses
from alphapulse_mesh.runtime.errors import ConfigError, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from alphapulse_mesh.collectors.sources.base import Message

QUICK = Pauses(first=0.01, longest=0.05)


class LocalVenue:
    """WebSocket streams and the two REST endpoints of one market."""

    def __init__(self) -> None:
        self.subscriptions: list[list[str]] = []
        self.connections: list[ServerConnection] = []
        self.connected = asyncio.Event()
        self.refuse = False
        self.snapshot_ids: list[int] = []
        """lastUpdateId of each depth answer; the last one is repeated."""
        self.depth_requests: list[str] = []

    # ------------------------------------------------------------- WebSocket

    async def stream(self, connection: ServerConnection) -> None:
        with contextlib.suppress(Exception):
            async for text in connection:
                request = orjson.loads(text)
                self.subscriptions.append(request["params"])
                if self.refuse:
                    error = {"error": {"code": 2, "msg": "Invalid request"}, "id": request["id"]}
                    await connection.send(orjson.dumps(error).decode())
                    continue
                answer = {"result": None, "id": request["id"]}
                await connection.send(orjson.dumps(answer).decode())
                self.connections.append(connection)
                self.connected.set()

    async def send(self, stream: str, **data: Any) -> None:
        message = {"stream": stream, "data": data}
        await self.connections[-1].send(orjson.dumps(message).decode())

    async def drop(self) -> None:
        self.connected.clear()
        self.connections[-1].transport.abort()

    # ------------------------------------------------------------- REST

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode()
        while (await reader.readline()).strip():
            pass
        url = urlsplit(line.split(" ")[1])
        status, body = self.resource(url.path, parse_qs(url.query))
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()

    def resource(self, path: str, query: dict[str, list[str]]) -> tuple[str, bytes]:
        if path.endswith("/exchangeInfo"):
            filters = [
                {"filterType": "PRICE_FILTER", "tickSize": "0.25000000"},
                {"filterType": "LOT_SIZE", "stepSize": "0.00100000"},
                {"filterType": "NOTIONAL", "minNotional": "7.00000000"},
            ]
            market = {"symbol": "BTCUSDT", "baseAsset": "BTC", "quoteAsset": "USDT"}
            return "200 OK", orjson.dumps({"symbols": [market | {"filters": filters}]})
        if path.endswith("/depth") and self.snapshot_ids:
            self.depth_requests.append(query["symbol"][0])
            last = self.snapshot_ids[0]
            if len(self.snapshot_ids) > 1:
                self.snapshot_ids.pop(0)
            levels = {"bids": [["99.5", "1"]], "asks": [["100", "2"]]}
            return "200 OK", orjson.dumps({"lastUpdateId": last} | levels)
        return "503 Service Unavailable", b"{}"


class Started:
    """The venue, and how to reach it."""

    def __init__(self, venue: LocalVenue, endpoints: Endpoints) -> None:
        self.venue = venue
        self.endpoints = endpoints

    def source(self, *symbols: str) -> LiveSource:
        return LiveSource(
            VenueId.BINANCE, symbols or ("BTCUSDT",), endpoints=self.endpoints, pauses=QUICK
        )


@pytest_asyncio.fixture
async def started() -> AsyncIterator[Started]:
    venue = LocalVenue()
    rest = await asyncio.start_server(venue.answer, "127.0.0.1", 0)
    async with serve(venue.stream, "127.0.0.1", 0) as sockets, rest:
        stream_port = next(iter(sockets.sockets)).getsockname()[1]
        rest_port = rest.sockets[0].getsockname()[1]
        yield Started(
            venue,
            Endpoints.of(
                VenueId.BINANCE, f"ws://127.0.0.1:{stream_port}", f"http://127.0.0.1:{rest_port}"
            ),
        )


class Reader:
    """Reads a source's messages one by one, through a normaliser as the collector does."""

    def __init__(self, source: LiveSource) -> None:
        self.source = source
        self.rows = RowBuffer()
        self._held: list[Message] = []

    async def __aenter__(self) -> Self:
        (feed,) = await self.source.open()
        self.feed = feed
        self.normalizer = BinanceNormalizer(
            feed.venue, {"BTCUSDT": bytes(16)}, self.rows, feed.needs_snapshot
        )
        self._slices = self.source.slices()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._slices.aclose()  # type: ignore[attr-defined]  # it is a generator

    async def next(self) -> Message:
        async with asyncio.timeout(10):
            while not self._held:
                part = await anext(self._slices)
                for time, message in zip(part.times, part.messages, strict=True):
                    match message:
                        case RestSnapshot(symbol, body):
                            self.normalizer.snapshot(symbol, time, body)
                        case Disconnected():
                            self.normalizer.disconnected(time)
                        case _:
                            self.normalizer.feed(time, message)
                    self._held.append(message)
        return self._held.pop(0)

    async def until(self, kind: type[Message]) -> Message:
        while True:
            message = await self.next()
            if isinstance(message, kind):
                return message


async def test_what_the_venue_says_of_its_markets(started: Started) -> None:
    (feed,) = await started.source().open()
    market = feed.markets["BTCUSDT"]
    assert (market.base, market.quote) == ("BTC", "USDT")
    assert (market.tick_size, market.lot_size, market.min_notional) == (
        "0.25000000",
        "0.00100000",
        "7.00000000",
    )
    with pytest.raises(ConfigError, match="does not list 'NOPEUSDT'"):
        await started.source("BTCUSDT", "NOPEUSDT").open()


async def test_a_venue_that_is_away_is_unavailable(free_port: int) -> None:
    endpoints = Endpoints.of(VenueId.BINANCE, "ws://127.0.0.1:1", f"http://127.0.0.1:{free_port}")
    with pytest.raises(Unavailable, match=str(free_port)):
        await LiveSource(VenueId.BINANCE, ["BTCUSDT"], endpoints=endpoints).open()


async def test_streams_are_subscribed_in_requests_of_bounded_size(started: Started) -> None:
    symbols = [f"S{number}USDT" for number in range(40)]
    source = LiveSource(VenueId.BINANCE, symbols, endpoints=started.endpoints, pauses=QUICK)
    slices = source.slices()
    reading = asyncio.ensure_future(anext(slices))
    async with asyncio.timeout(10):
        for _ in range(2):
            await started.venue.connected.wait()
            started.venue.connected.clear()
    assert [len(streams) for streams in started.venue.subscriptions] == [100, 20]
    assert started.venue.subscriptions[0][:3] == [
        "s0usdt@trade",
        "s0usdt@bookTicker",
        "s0usdt@depth@100ms",
    ]
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await slices.aclose()  # type: ignore[attr-defined]  # it is a generator


async def test_a_book_begins_with_the_first_snapshot_that_fits(started: Started) -> None:
    """Too early a snapshot is of no use: another one is fetched."""
    started.venue.snapshot_ids = [5, 20]
    async with Reader(started.source()) as reader:
        first = asyncio.ensure_future(reader.next())
        await started.venue.connected.wait()
        await started.venue.send(
            "btcusdt@depth@100ms",
            e="depthUpdate", E=1, s="BTCUSDT", U=15, u=22, b=[["99", "3"]], a=[],
        )  # fmt: skip
        assert isinstance(await first, bytes)
        assert reader.feed.needs_snapshot == {"BTCUSDT"}
        await reader.until(RestSnapshot)
        await reader.until(RestSnapshot)
        assert reader.feed.needs_snapshot == set()
    assert started.venue.depth_requests[:2] == ["BTCUSDT", "BTCUSDT"]
    (batch,) = reader.rows.drain()
    assert batch.rows["update_id"].tolist() == [20, 20, 20, 22]


async def test_a_lost_connection_is_told_and_taken_up_again(started: Started) -> None:
    started.venue.snapshot_ids = [1]
    async with Reader(started.source()) as reader:
        first = asyncio.ensure_future(reader.next())
        await started.venue.connected.wait()
        quote = {"s": "BTCUSDT", "b": "1", "B": "1", "a": "2", "A": "1"}
        await started.venue.send("btcusdt@bookTicker", u=1, **quote)
        await first
        await started.venue.drop()
        assert isinstance(await reader.until(Disconnected), Disconnected)
        link = reader.source._feed.connection
        assert link is not None
        second = asyncio.ensure_future(reader.next())
        await started.venue.connected.wait()
        await started.venue.send("btcusdt@bookTicker", u=2, **quote)
        assert b'"u":2' in await second
        assert reader.source.reconnects == 1
        assert link.up
        assert link.down_ns > 0
    (batch,) = reader.rows.drain()
    assert batch.rows["update_id"].tolist() == [1, 1, 2]
    assert batch.rows["flags"].tolist() == [0, 4, 0]  # the one in the middle is stale


async def test_a_refused_subscription_ends_the_source(started: Started) -> None:
    started.venue.refuse = True
    async with Reader(started.source()) as reader:
        with pytest.raises(Unavailable, match="refused"):
            await reader.next()
