"""The collector's run loop: slices of messages in, acknowledged frames out.

One task a source; all share the publisher, whose full window holds every source back. A bounded
source ends the loop, and `finished` is told once the relay has acknowledged its last frame.

A source that gives the same slices again (a replay, the simulator at full speed) goes on where a
killed collector stopped: under the same producer id the relay says how many frames it has, and so
many are made and counted again, but not sent.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from alphapulse_mesh.collectors.binance import (
    BinanceNormalizer,
    MalformedMessageError,
    UnknownSymbolError,
)
from alphapulse_mesh.collectors.discovery import found_market
from alphapulse_mesh.collectors.framing import Framer, NewFrame
from alphapulse_mesh.collectors.markets import market_of, source_type
from alphapulse_mesh.collectors.rows import RowBuffer
from alphapulse_mesh.collectors.sources.base import Disconnected, Feed, RestSnapshot, Slice, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alphapulse_client.publisher import Publisher, Rejection
    from alphapulse_mesh.collectors.counters import CollectorCounters
    from alphapulse_mesh.collectors.discovery import Found
    from alphapulse_mesh.collectors.health import VenueHealth
    from alphapulse_mesh.collectors.markets import Market
    from alphapulse_mesh.collectors.universe import Universe
    from alphapulse_mesh.runtime.agent import AgentStatus
    from alphapulse_mesh.runtime.telemetry import Telemetry

__all__ = ["Collector", "Outlet"]

_log = logging.getLogger(__name__)
_ASK_AGAIN_SECONDS: Final = 2.0
"""After which the registry is asked again for what it had not decided on."""


class Outlet:
    """The one way out: publishes in order, counts, knows how many records a refused frame had."""

    def __init__(self, publisher: Publisher, counters: CollectorCounters, *, skip: int = 0) -> None:
        """`skip`: frames that the relay has already from an earlier run of the same sources."""
        self._publisher = publisher
        self._counters = counters
        self._skip = skip
        self._order = asyncio.Lock()
        self._waiting: deque[tuple[int, int]] = deque()
        """(number, records) of frames that are not acknowledged yet."""

    @property
    def catching_up(self) -> bool:
        """Frames are still being skipped."""
        return self._skip > 0

    async def publish(self, framer: Framer, frames: Sequence[NewFrame]) -> None:
        """Frames of one drain, one after the other; waits while the relay is behind."""
        async with self._order:
            for frame in frames:
                if self._skip:
                    self._skip -= 1
                else:
                    number = await self._publisher.publish(frame.data)
                    self._waiting.append((number, frame.records))
                    framer.published(frame)
                self._counters.published(frame.message_type, frame.records)
            acknowledged = self._publisher.acknowledged
            while self._waiting and self._waiting[0][0] <= acknowledged:
                self._waiting.popleft()

    def rejected(self, rejection: Rejection) -> None:
        """The relay refused a frame: its records are lost."""
        _log.error(
            "frame %d refused: %s (%s)",
            rejection.producer_sequence,
            rejection.message,
            rejection.reason,
        )
        records = dict(self._waiting).get(rejection.producer_sequence, 0)
        self._counters.lost(records)


class _Pump:
    """One source and its normalisers."""

    def __init__(
        self,
        source: Source,
        universe: Universe,
        outlet: Outlet,
        counters: CollectorCounters,
        telemetry: Telemetry,
        discoveries: Found | None,
        health: VenueHealth | None,
    ) -> None:
        self._source = source
        self._discoveries = discoveries
        self._health = health if source.measured else None
        self._undecided: dict[tuple[int, str], float] = {}
        """Symbols that the registry is yet to decide on, and when it is asked again."""
        self._universe = universe
        self._outlet = outlet
        self._counters = counters
        self._telemetry = telemetry
        self._rows = RowBuffer()
        self._feeds: Sequence[Feed] = ()
        self._normalizers: list[BinanceNormalizer] = []

    async def open(self) -> None:
        """Open the source, register what it is known to bring."""
        self._feeds = await self._source.open()
        for feed in self._feeds:
            normalizer = BinanceNormalizer(feed.venue, {}, self._rows, feed.needs_snapshot)
            self._normalizers.append(normalizer)
            if self._health is not None:
                self._health.watch(feed, normalizer.counters)
            for symbol in feed.symbols:
                await self._announce(feed, normalizer, symbol)

    async def run(self) -> None:
        """All slices of the source."""
        framer = Framer(source_type(self._feeds[0].venue), self._telemetry)
        self._source.catch_up(self._outlet.catching_up)
        try:
            async for part in self._source.slices():
                start = time.time_ns()
                await self._normalize(part)
                batches = self._rows.drain()
                if self._health is not None:
                    self._health.sample(batches)
                frames = list(framer.frames(batches, start))
                await self._outlet.publish(framer, frames)
                self._source.catch_up(self._outlet.catching_up)
                self._counters.read(len(part.times), part.times[-1])
                self._counters.normalizers([item.counters for item in self._normalizers])
                self._counters.progress(self._source.progress)
                for normalizer in self._normalizers:
                    normalizer.trim()
                if self._undecided:
                    self._ask_again()
        finally:
            await self._source.close()

    async def _normalize(self, part: Slice) -> None:
        """Every message of a slice; the bad ones are reported and left out."""
        feeds, times, messages = part.feeds, part.times, part.messages
        feed_of = [normalizer.feed for normalizer in self._normalizers]
        position, count = 0, len(messages)
        while position < count:
            try:
                for position in range(position, count):  # noqa: B020  # goes on where it stopped
                    message = messages[position]
                    if message.__class__ is bytes:
                        feed_of[feeds[position]](times[position], message)
                    else:
                        self._control(feeds[position], times[position], message)
            except MalformedMessageError as error:
                self._counters.corrupt(part.origin(position), str(error))
                if self._health is not None:
                    self._health.failed(self._feeds[feeds[position]])
                position += 1
            except UnknownSymbolError as error:  # then the same message again
                number = feeds[position]
                await self._announce(
                    self._feeds[number], self._normalizers[number], error.symbol, times[position]
                )
            else:
                return

    def _control(self, number: int, received: int, message: object) -> None:
        normalizer = self._normalizers[number]
        match message:
            case RestSnapshot(symbol, body):
                normalizer.snapshot(symbol, received, body)
            case Disconnected():
                normalizer.disconnected(received)
            case _:
                raise MalformedMessageError(f"{type(message).__name__} is no exchange message")

    async def _announce(
        self, feed: Feed, normalizer: BinanceNormalizer, symbol: str, received: int = 0
    ) -> None:
        """Find or register the instrument of a symbol, met at `received` (0: at the start)."""
        if feed.wanted is not None and symbol not in feed.wanted:
            normalizer.add(symbol, None)
            self._discovered(feed, symbol, None, received)
            return
        try:
            market = feed.markets.get(symbol) or market_of(feed.venue, symbol)
        except ValueError as error:
            _log.warning("%s: %s; its messages are ignored", feed.name, error)
            normalizer.add(symbol, None)
            self._discovered(feed, symbol, None, received)
            return
        if feed.unknown == "discover" and feed.wanted is None:
            found = await self._universe.find(market)
            normalizer.add(symbol, found)
            if found is None:
                number = self._normalizers.index(normalizer)
                self._undecided[number, symbol] = time.monotonic() + _ASK_AGAIN_SECONDS
                self._discovered(feed, symbol, market, received)
            self._counters.instruments(len(self._universe))
            return
        (instrument_id,) = await self._universe.ensure([market])
        normalizer.add(symbol, instrument_id)
        self._counters.instruments(len(self._universe))

    def _discovered(self, feed: Feed, symbol: str, market: Market | None, received: int) -> None:
        if self._discoveries is not None:
            instrument = found_market(feed.venue, symbol, market)
            self._discoveries.seen(instrument, source_type(feed.venue), 0, received)

    def _ask_again(self) -> None:
        """Let symbols that are undecided be met anew: the registry may have decided by now."""
        now = time.monotonic()
        for (number, symbol), due in list(self._undecided.items()):
            if due <= now:
                del self._undecided[number, symbol]
                self._normalizers[number].forget(symbol)


class Collector:
    """All sources of one collector process."""

    def __init__(
        self,
        sources: Sequence[Source],
        universe: Universe,
        publisher: Publisher,
        agent: AgentStatus,
        counters: CollectorCounters,
        telemetry: Telemetry,
        *,
        resume: bool = False,
        discoveries: Found | None = None,
        health: VenueHealth | None = None,
    ) -> None:
        """`resume`: skip the frames that the relay has already of this producer id. `discoveries`
        is told of what is not published, `health` measures the sources that are of the present.
        """
        self._discoveries = discoveries
        self._health = health
        self._sources = sources
        self._universe = universe
        self._publisher = publisher
        self._agent = agent
        self._counters = counters
        self._telemetry = telemetry
        self._resume = resume and len(sources) == 1 and sources[0].repeatable
        self._outlet: Outlet | None = None

    def rejected(self, rejection: Rejection) -> None:
        """To be given to the publisher as `on_rejection`."""
        if self._outlet is not None:
            self._outlet.rejected(rejection)

    async def run(self) -> None:
        """Until every source has ended and everything is acknowledged.

        Raises:
            ConfigError: a source cannot be read at all.
            MeshError: the registry or the relay refused for good.
        """
        await self._publisher.ready()
        skip = self._publisher.resumed_sequence if self._resume else 0
        if skip:
            _log.info("the relay has %d frames of an earlier run: going on after them", skip)
        outlet = self._outlet = Outlet(self._publisher, self._counters, skip=skip)
        pumps = [
            _Pump(
                source,
                self._universe,
                outlet,
                self._counters,
                self._telemetry,
                self._discoveries,
                self._health,
            )
            for source in self._sources
        ]
        for pump in pumps:
            await pump.open()
        async with asyncio.TaskGroup() as group:
            for pump in pumps:
                group.create_task(pump.run())
        await self._publisher.flush()
        self._agent.finished = True
        _log.info("finished: %s", self._agent.counters)
