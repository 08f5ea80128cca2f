"""A seeded market that speaks Binance: trades, bookTickers, depth diffs and snapshots as exchange
JSON.

Two underlyings, each traded spot and as a perpetual future. The spot price is a geometric random
walk; the perpetual follows it at a basis that reverts to its mean (Ornstein-Uhlenbeck), so that the
venues are apart by a few basis points now and then. The same settings give the same bytes. Time is
market time only; `simulator` paces it.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left, insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ASSETS", "SimulatedAsset", "SimulatedEvent", "SimulatedMarket"]

_MS: Final = 1_000_000
_YEAR_SECONDS: Final = 365 * 86_400
_DEPTH: Final = 25
"""Levels a side."""
_DEPTH_INTERVAL: Final = 100 * _MS
_STEP: Final = 10 * _MS
"""Mean time between two moves of one underlying."""
_LATENCY: Final = 2 * _MS
"""From the exchange's time to ours."""


@dataclass(frozen=True, slots=True)
class SimulatedAsset:
    """One underlying and how it moves."""

    symbol: str
    price: float
    """At the start, in the quote currency."""
    spot_tick: str
    perpetual_tick: str
    lot: str
    mean_size: float
    """Mean quantity of a level."""
    volatility: float = 0.6
    """Of the spot price, per square root of a year."""
    basis_mean_bps: float = 0.0
    basis_deviation_bps: float = 5.0
    basis_half_life_seconds: float = 1.0


ASSETS: Final = (
    SimulatedAsset("BTCUSDT", 61_837.63, "0.01", "0.10", "0.001", 1.5),
    SimulatedAsset("ETHUSDT", 2_683.80, "0.01", "0.01", "0.001", 25.0),
)


class SimulatedEvent(NamedTuple):
    """One message: received at `time` (ns) on `feed` (asset number · 2, + 1 for the perpetual)."""

    time: int
    feed: int
    payload: bytes


class _Steps(NamedTuple):
    """Decimal steps as text of whole numbers of steps: no float reaches the wire."""

    places: int
    unit: int
    """Units of the last place per step."""
    pad: str

    @classmethod
    def of(cls, step: str, shown_places: int | None) -> _Steps:
        fraction = step.partition(".")[2]
        places = len(fraction)
        unit = int(step.replace(".", ""))
        return cls(places, unit, "0" * ((shown_places or places) - places))

    def text(self, steps: int) -> str:
        whole, rest = divmod(steps * self.unit, 10**self.places)
        return f"{whole}.{rest:0{self.places}d}{self.pad}"


@dataclass(slots=True)
class _Side:
    """One side of a book, best first. Keys are ticks, negated for bids, so that both ascend."""

    sign: int
    keys: list[int] = field(default_factory=list)
    sizes: dict[int, int] = field(default_factory=dict)
    changed: dict[int, None] = field(default_factory=dict)

    @property
    def best(self) -> int:
        return self.keys[0]

    def set(self, key: int, size: int) -> None:
        if key not in self.sizes:
            insort(self.keys, key)
        self.sizes[key] = size
        self.changed[key] = None

    def drop(self, key: int) -> None:
        del self.sizes[key]
        del self.keys[bisect_left(self.keys, key)]
        self.changed[key] = None


class _Book:
    """The book of one instrument, and the messages that its changes make."""

    def __init__(
        self,
        symbol: str,
        price: _Steps,
        lot: _Steps,
        mean_lots: float,
        rng: random.Random,
        *,
        perpetual: bool,
    ) -> None:
        self.symbol = symbol
        self.perpetual = perpetual
        self._stream = symbol.lower()
        self._price = price
        self._lot = lot
        self._mean_lots = mean_lots
        self._rng = rng
        self._bids = _Side(-1)
        self._asks = _Side(1)
        self._update = 1_000_000
        self._published = self._update
        self._trade = 1_000
        self._top: tuple[int, int, int, int] | None = None

    def move(self, time: int, mid: float) -> list[str]:
        """Trade through and refill the book so that it stands around `mid` (in ticks); the messages
        of it.
        """
        bid = math.floor(mid)
        ask = bid + 1
        messages: list[str] = []
        for side, best, buys in ((self._asks, ask, True), (self._bids, -bid, False)):
            taken = False
            while side.keys and side.best < best:
                key = side.best
                if not taken:  # the first level went to somebody, the others were withdrawn
                    messages.append(
                        self._trade_message(time, key * side.sign, side.sizes[key], buys=buys)
                    )
                    taken = True
                side.drop(key)
                self._update += 1
        for side, best in ((self._bids, -bid), (self._asks, ask)):
            if not side.keys or side.best > best:
                self._set(side, best)
            gap = max(1, (side.keys[-1] - best) // _DEPTH)
            while len(side.keys) < _DEPTH:
                self._set(side, side.keys[-1] + 1 + int(self._rng.random() * 2 * max(gap, 4)))
            while len(side.keys) > _DEPTH:
                side.drop(side.keys[-1])
                self._update += 1
        return messages

    def flicker(self, time: int) -> list[str]:
        """A small trade at the touch now and then, and levels that change their size."""
        messages: list[str] = []
        rng = self._rng
        if rng.random() < 0.3:
            buys = rng.random() < 0.5
            side = self._asks if buys else self._bids
            key = side.best
            there = side.sizes[key]
            lots = min(there - 1, 1 + int(rng.random() * self._mean_lots * 0.1))
            if lots > 0:
                messages.append(self._trade_message(time, key * side.sign, lots, buys=buys))
                side.set(key, there - lots)
                self._update += 1
        for side in (self._bids, self._asks):
            if rng.random() < 0.5:
                self._set(side, side.keys[int(rng.random() * min(6, len(side.keys)))])
        return messages

    def ticker(self, time: int) -> str | None:
        """The bookTicker when the top has changed since the last one."""
        bids, asks = self._bids, self._asks
        top = (-bids.best, bids.sizes[bids.best], asks.best, asks.sizes[asks.best])
        if top == self._top:
            return None
        self._top = top
        price, lot = self._price.text, self._lot.text
        values = (
            f'"s":"{self.symbol}","b":"{price(top[0])}","B":"{lot(top[1])}",'
            f'"a":"{price(top[2])}","A":"{lot(top[3])}"'
        )
        if self.perpetual:
            ms = time // _MS
            data = f'{{"e":"bookTicker","u":{self._update},{values},"T":{ms},"E":{ms}}}'
        else:
            data = f'{{"u":{self._update},{values}}}'
        return f'{{"stream":"{self._stream}@bookTicker","data":{data}}}'

    def depth(self, time: int) -> str | None:
        """The diff since the last one."""
        if self._update == self._published:
            return None
        bids, asks = self._changes(self._bids), self._changes(self._asks)
        first, last, previous = self._published + 1, self._update, self._published
        self._published = last
        ms = time // _MS
        dated = f'"E":{ms},"T":{ms}' if self.perpetual else f'"E":{ms}'
        chain = f',"pu":{previous}' if self.perpetual else ""
        return (
            f'{{"stream":"{self._stream}@depth@100ms","data":{{"e":"depthUpdate",{dated},'
            f'"s":"{self.symbol}","U":{first},"u":{last}{chain},"b":[{bids}],"a":[{asks}]}}}}'
        )

    def snapshot(self, time: int) -> str:
        """What the REST depth endpoint would answer now."""
        ms = time // _MS
        dated = f'"E":{ms},"T":{ms},' if self.perpetual else ""
        bids = self._levels(self._bids, self._bids.keys)
        asks = self._levels(self._asks, self._asks.keys)
        return f'{{"lastUpdateId":{self._update},{dated}"bids":[{bids}],"asks":[{asks}]}}'

    def _set(self, side: _Side, key: int) -> None:
        side.set(key, 1 + int(self._rng.expovariate(1.0) * self._mean_lots))
        self._update += 1

    def _changes(self, side: _Side) -> str:
        text = self._levels(side, side.changed)
        side.changed = {}
        return text

    def _levels(self, side: _Side, keys: list[int] | dict[int, None]) -> str:
        price, lot, sign, sizes = self._price.text, self._lot.text, side.sign, side.sizes
        return ",".join(f'["{price(key * sign)}","{lot(sizes.get(key, 0))}"]' for key in keys)

    def _trade_message(self, time: int, ticks: int, lots: int, *, buys: bool) -> str:
        self._trade += 1
        ms = time // _MS
        maker = "false" if buys else "true"
        kind = '"X":"MARKET",' if self.perpetual else ""
        tail = "" if self.perpetual else ',"M":true'
        return (
            f'{{"stream":"{self._stream}@trade","data":{{"e":"trade","E":{ms},"T":{ms},'
            f'"s":"{self.symbol}","t":{self._trade},"p":"{self._price.text(ticks)}",'
            f'"q":"{self._lot.text(lots)}",{kind}"m":{maker}{tail}}}}}'
        )


class _Underlying:
    """Spot and perpetual of one asset."""

    def __init__(self, asset: SimulatedAsset, number: int, start: int, seed: int) -> None:
        self._asset = asset
        self._rng = rng = random.Random(f"{seed}/{asset.symbol}")  # noqa: S311  # a market, no secret
        self._log_price = math.log(asset.price)
        self._basis = asset.basis_mean_bps
        self._time = start
        self._next_depth = start + _DEPTH_INTERVAL
        lot = float(asset.lot)
        self._ticks = (float(asset.spot_tick), float(asset.perpetual_tick))
        self._books = tuple(
            _Book(
                asset.symbol,
                # Binance shows spot numbers with 8 places, futures ones with those of the step
                _Steps.of(tick, None if perpetual else 8),
                _Steps.of(asset.lot, None if perpetual else 8),
                asset.mean_size / lot,
                rng,
                perpetual=perpetual,
            )
            for tick, perpetual in ((asset.spot_tick, False), (asset.perpetual_tick, True))
        )
        self._feed = 2 * number
        self._snapshots_due = True

    @property
    def time(self) -> int:
        """Exchange time of the next step."""
        return self._time

    def step(self) -> Iterator[SimulatedEvent]:
        """One move of both instruments."""
        rng, asset, time = self._rng, self._asset, self._time
        received = time + _LATENCY
        gap = int(_STEP * (0.5 + rng.random()))
        seconds = gap / 1e9
        self._log_price += asset.volatility * math.sqrt(seconds / _YEAR_SECONDS) * rng.gauss(0, 1)
        keep = 0.5 ** (seconds / asset.basis_half_life_seconds)
        spread = asset.basis_deviation_bps * math.sqrt(1 - keep * keep)
        self._basis = (
            asset.basis_mean_bps
            + (self._basis - asset.basis_mean_bps) * keep
            + spread * rng.gauss(0, 1)
        )
        spot = math.exp(self._log_price)
        prices = (spot, spot * (1 + self._basis / 1e4))
        depth_due = time >= self._next_depth
        for offset, book in enumerate(self._books):
            feed = self._feed + offset
            messages: list[str | None] = [
                *book.move(time, prices[offset] / self._ticks[offset]),
                *book.flicker(time),
                book.ticker(time),
            ]
            if depth_due:
                messages.append(book.depth(time))
            for message in messages:
                if message is not None:
                    yield SimulatedEvent(received, feed, message.encode())
            # After a first diff, as a recorder gets it: the buffering rule is needed here too.
            if depth_due and self._snapshots_due:
                yield SimulatedEvent(received, feed, book.snapshot(time).encode())
        if depth_due:
            self._snapshots_due = False
            self._next_depth += _DEPTH_INTERVAL
        self._time += gap


class SimulatedMarket:
    """All assets, in the order of time. Iterate `events()` once."""

    def __init__(self, seed: int, start: int, assets: tuple[SimulatedAsset, ...] = ASSETS) -> None:
        """`start`: exchange time of the first message, ns since the epoch."""
        self._underlyings = [
            _Underlying(asset, number, start, seed) for number, asset in enumerate(assets)
        ]

    def events(self) -> Iterator[SimulatedEvent]:
        """Endless."""
        while True:
            yield from min(self._underlyings, key=lambda item: item.time).step()
