"""Binance itself as a source: WebSocket streams and REST snapshots, spot or USDT futures.

Connects, subscribes (trade, bookTicker, depth diffs of every symbol), fetches a depth snapshot for
each book once its diffs flow and again whenever the normaliser has lost it, and starts over with
growing pauses when the connection goes. A lost connection is told downstream as `Disconnected`, so
that stale books and quotes are marked. Limits are the venue's: 1,024 streams a connection, 5
inbound messages a second, a disconnect every 24 hours.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import time
import urllib.request
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, urlsplit

import orjson
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from alphapulse_layout import VenueId
from alphapulse_mesh.collectors.markets import Market
from alphapulse_mesh.collectors.sources.base import (
    Connection,
    Disconnected,
    Feed,
    Message,
    RestSnapshot,
    Slice,
)
from alphapulse_mesh.collectors.sources.replay import MAX_SLICE_MESSAGES
from alphapulse_mesh.runtime.errors import ConfigError, Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

__all__ = ["Endpoints", "LiveSource"]

_log = logging.getLogger(__name__)

_MAX_STREAMS: Final = 1024
_STREAMS_A_REQUEST: Final = 100
_REQUEST_INTERVAL: Final = 0.25
_HELD_MESSAGES: Final = 1 << 16
"""Beyond this the socket is not read until the collector has caught up."""
_MAX_MESSAGE_BYTES: Final = 16 << 20
_SNAPSHOT_LIMIT: Final = 1000
_HTTP_TIMEOUT: Final = 10.0
_ANSWER_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where one market of Binance is found."""

    stream: str
    rest: str
    depth_path: str
    info_path: str

    @classmethod
    def of(cls, venue: VenueId, stream: str | None = None, rest: str | None = None) -> Endpoints:
        """The venue's own, or others that speak the same shapes."""
        if venue is VenueId.BINANCE:
            return cls(
                stream or "wss://stream.binance.com:9443",
                rest or "https://api.binance.com",
                "/api/v3/depth",
                "/api/v3/exchangeInfo",
            )
        if venue is VenueId.BINANCE_FUTURES:
            return cls(
                stream or "wss://fstream.binance.com",
                rest or "https://fapi.binance.com",
                "/fapi/v1/depth",
                "/fapi/v1/exchangeInfo",
            )
        raise ConfigError(
            f"collectors: there is no live source for {venue.name}",
            reason="CONFIG_UNKNOWN_VENUE",
            venue=venue.name,
        )


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds between attempts; each failure in a row doubles the first up to the longest."""

    first: float = 0.5
    longest: float = 30.0

    def after(self, failures: int) -> float:
        """With jitter, so that many clients do not come back at once."""
        ceiling = min(self.longest, self.first * 2.0 ** min(failures, 16))
        return ceiling * random.uniform(0.5, 1.0)  # noqa: S311  # jitter, not a secret


class LiveSource:
    """One venue's symbols, endlessly."""

    bounded = False
    repeatable = False
    measured = True

    def __init__(
        self,
        venue: VenueId,
        symbols: Sequence[str],
        *,
        endpoints: Endpoints | None = None,
        pauses: Pauses = Pauses(),  # frozen
    ) -> None:
        self._endpoints = endpoints or Endpoints.of(venue)
        self._symbols = tuple(symbols)
        self._streams = [
            f"{symbol.lower()}@{kind}"
            for symbol in self._symbols
            for kind in ("trade", "bookTicker", "depth@100ms")
        ]
        if len(self._streams) > _MAX_STREAMS:
            raise ConfigError(
                f"collectors: {len(symbols)} symbols are {len(self._streams)} streams, "
                f"{venue.name} allows {_MAX_STREAMS} a connection; name fewer per source",
                reason="CONFIG_TOO_MANY_STREAMS",
                symbols=len(symbols),
            )
        self._pauses = pauses
        self._link = Connection()
        self._feed = Feed(
            self._endpoints.stream,
            venue,
            self._symbols,
            frozenset(self._symbols),
            connection=self._link,
        )
        self._inbox: deque[tuple[int, Message]] = deque()
        self._arrived = asyncio.Event()
        self._drained = asyncio.Event()
        self._fetches: dict[str, asyncio.Task[None]] = {}
        self._connection = 0
        self.reconnects = 0

    async def open(self) -> Sequence[Feed]:
        """The feed, with ticks, lots and currencies from the venue's exchangeInfo.

        Raises:
            ConfigError: the venue does not trade a symbol.
            Unavailable: the venue's REST endpoint does not answer.
        """
        info = await self._get(self._endpoints.info_path, {})
        listed = {item["symbol"]: item for item in info["symbols"]}
        for symbol in self._symbols:
            if symbol not in listed:
                raise ConfigError(
                    f"collectors: {self._feed.venue.name} does not list {symbol!r}",
                    reason="CONFIG_UNKNOWN_SYMBOL",
                    symbol=symbol,
                )
            self._feed.markets[symbol] = _market(self._feed.venue, listed[symbol])
        return [self._feed]

    def catch_up(self, behind: bool) -> None:
        """Nothing can be caught up with: what was missed is gone."""

    @property
    def progress(self) -> float | None:
        """It has no end."""
        return None

    async def slices(self) -> AsyncIterator[Slice]:
        """Whatever has come in, at once; a burst in parts of bounded length."""
        reading = asyncio.create_task(self._read_forever(), name="live-reader")
        try:
            while True:
                while not self._inbox:
                    self._arrived.clear()
                    arrived = asyncio.ensure_future(self._arrived.wait())
                    await asyncio.wait((arrived, reading), return_when=asyncio.FIRST_COMPLETED)
                    arrived.cancel()
                    if reading.done():
                        reading.result()
                count = min(len(self._inbox), MAX_SLICE_MESSAGES)
                times, messages = zip(*(self._inbox.popleft() for _ in range(count)), strict=True)
                self._drained.set()
                yield Slice((0,) * count, times, messages, self._origin)
                self._fetch_wanted_snapshots()
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            await self.close()

    async def close(self) -> None:
        """Stop fetching snapshots."""
        fetches = list(self._fetches.values())
        for task in fetches:
            task.cancel()
        await asyncio.gather(*fetches, return_exceptions=True)
        self._fetches.clear()

    def _origin(self, _index: int) -> str:
        return self._feed.name

    def _put(self, message: Message) -> None:
        self._inbox.append((time.time_ns(), message))
        self._arrived.set()

    # ------------------------------------------------------------------ the socket

    async def _read_forever(self) -> None:
        failures = 0
        while True:
            before = self._connection
            try:
                await self._read_connection()
                reason = "the venue closed the connection"
            except (OSError, WebSocketException, TimeoutError) as error:
                reason = f"{type(error).__name__}: {error}"
            self._link.lost(time.time_ns())
            if self._connection != before:  # it had come up
                failures = 0
                await self.close()
                self._put(Disconnected(reason))
            pause = self._pauses.after(failures)
            failures += 1
            self.reconnects += 1
            _log.warning("%s: %s; again in %.1f s", self._feed.name, reason, pause)
            await asyncio.sleep(pause)

    async def _read_connection(self) -> None:
        url = f"{self._endpoints.stream}/stream"
        async with connect(url, max_size=_MAX_MESSAGE_BYTES, max_queue=1024) as socket:
            await self._subscribe(socket)
            self._connection += 1
            self._link.came(time.time_ns())
            _log.info("%s: %d streams", self._feed.name, len(self._streams))
            with contextlib.suppress(WebSocketException):  # closed: the loop above starts over
                while True:
                    self._put(await socket.recv(decode=False))
                    if len(self._inbox) >= _HELD_MESSAGES:
                        self._drained.clear()
                        await self._drained.wait()

    async def _subscribe(self, socket: ClientConnection) -> None:
        """SUBSCRIBE in requests of bounded size, each answered with a null result."""
        for number, start in enumerate(range(0, len(self._streams), _STREAMS_A_REQUEST), start=1):
            if number > 1:
                await asyncio.sleep(_REQUEST_INTERVAL)
            streams = self._streams[start : start + _STREAMS_A_REQUEST]
            request = {"method": "SUBSCRIBE", "params": streams, "id": number}
            await socket.send(orjson.dumps(request).decode())
            async with asyncio.timeout(_ANSWER_TIMEOUT):
                while True:
                    data = await socket.recv(decode=False)
                    answer = orjson.loads(data)
                    if answer.get("id") != number:
                        self._put(data)  # streams of earlier requests flow already
                        continue
                    if "error" in answer or answer.get("code"):
                        raise Unavailable(
                            f"{self._feed.name}: subscription refused: {answer}",
                            reason="SUBSCRIPTION_REFUSED",
                        )
                    break

    # ------------------------------------------------------------------ REST

    def _fetch_wanted_snapshots(self) -> None:
        for symbol in self._feed.needs_snapshot:
            if symbol not in self._fetches:
                self._fetches[symbol] = asyncio.create_task(
                    self._fetch_snapshot(symbol), name=f"snapshot-{symbol}"
                )

    async def _fetch_snapshot(self, symbol: str) -> None:
        """Until the normaliser has a book: one that comes too early is of no use, take another."""
        failures = 0
        while symbol in self._feed.needs_snapshot:
            try:
                query = {"symbol": symbol, "limit": str(_SNAPSHOT_LIMIT)}
                body = await self._fetch(self._endpoints.depth_path, query)
                self._put(RestSnapshot(symbol, body))
            except Unavailable as error:
                _log.warning("%s", error)
            await asyncio.sleep(self._pauses.after(failures))
            failures += 1
        del self._fetches[symbol]

    async def _get(self, path: str, query: dict[str, str]) -> Any:
        return orjson.loads(await self._fetch(path, query))

    async def _fetch(self, path: str, query: dict[str, str]) -> bytes:
        parameters = "&".join(f"{key}={quote(value)}" for key, value in query.items())
        url = f"{self._endpoints.rest}{path}{'?' if parameters else ''}{parameters}"
        if urlsplit(url).scheme not in ("http", "https"):
            raise ConfigError(f"collectors: {url!r} is not http", reason="CONFIG_INVALID_VALUE")
        try:
            return await asyncio.to_thread(_download, url)
        except OSError as error:
            raise Unavailable(f"{url}: {error}", reason="VENUE_UNAVAILABLE", url=url) from error


def _download(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=_HTTP_TIMEOUT) as answer:  # noqa: S310  # it is http
        body: bytes = answer.read()
        return body


def _market(venue: VenueId, item: dict[str, Any]) -> Market:
    """A symbol of exchangeInfo."""
    filters = {entry["filterType"]: entry for entry in item["filters"]}
    notional = filters.get("NOTIONAL") or filters.get("MIN_NOTIONAL") or {}
    return Market(
        venue,
        item["symbol"],
        item["baseAsset"],
        item["quoteAsset"],
        filters["PRICE_FILTER"]["tickSize"],
        filters["LOT_SIZE"]["stepSize"],
        notional.get("minNotional") or notional.get("notional") or "",
    )
