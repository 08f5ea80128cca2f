"""Cross-venue arbitrage: spot against the derivative of the same underlying.

When the derivative is cheap (dear) against spot by more than the fees of both legs plus a
threshold, and the basis is below (above) its own slow mean, the strategy signals ENTER: buy the
cheap side, sell the dear one. Once the basis is back at its mean it signals EXIT: the same legs the
other way round. The two conditions are apart, which is the hysteresis, and signals on a pair keep a
pause of market time. The arithmetic over whole batches is `spread`'s part.
"""

from __future__ import annotations

import hashlib
import logging
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

import numpy as np

from alphapulse_client.decimals import SCALE, to_fixed
from alphapulse_client.frames import rows as zeroed_rows
from alphapulse_layout import MessageType, SignalAction, SourceType
from alphapulse_mesh.runtime import attributes as names
from alphapulse_mesh.runtime.errors import ConfigError
from alphapulse_mesh.strategies.base import InstrumentDirectory, Signal, Strategy
from alphapulse_mesh.strategies.pairs import PairOfInstruments, find_pairs
from alphapulse_mesh.strategies.spread import (
    DERIVATIVE,
    SPOT,
    Spread,
    SpreadColumns,
    SpreadSettings,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from alphapulse_client.context import FrameContext
    from alphapulse_client.frames import Frame, Rows
    from alphapulse_mesh.runtime.config import CrossVenueArbitrageConfig

__all__ = ["FLAT", "LONG", "SHORT", "CrossVenueArbitrage", "PairStatus"]

_log = logging.getLogger(__name__)

FLAT: Final = 0
LONG: Final = 1
"""Holds the derivative against spot sold."""
SHORT: Final = -1

_ID_BYTES: Final = 16
_NS: Final = 1_000_000_000
_MAX_CONFIDENCE: Final = 10_000
_INT32_MAX: Final = (1 << 31) - 1
_SIGNAL_KEY: Final = struct.Struct("<I16s16s8sQB")


class PairStatus(NamedTuple):
    """One pair for people."""

    pair: PairOfInstruments
    basis_bps: float
    """nan before both sides have a quote."""
    signals: int
    position: int


@dataclass(slots=True)
class _Pair:
    instruments: PairOfInstruments
    spread: Spread
    position: int = FLAT
    next_time: int = 0
    """Market time before which there is no further signal."""
    signals: int = 0
    contexts: list[FrameContext | None] = field(default_factory=lambda: [None, None])
    """Of the frames that the last quote of either leg came in."""


class _Quotes(NamedTuple):
    """All quotes of a batch."""

    rows: Rows
    ids: list[bytes]
    frame: NDArray[np.intp]
    """(n,) which frame a row is of."""


class CrossVenueArbitrage(Strategy):
    """See the module's docstring. Settings: `CrossVenueArbitrageConfig`."""

    name: ClassVar = "cross-venue-arbitrage"
    source: ClassVar = SourceType.ARBITRAGE_STRATEGY
    message_types: ClassVar = (MessageType.QUOTE,)

    def __init__(self, settings: CrossVenueArbitrageConfig, strategy_id: int = 1) -> None:
        """Raises ConfigError when EXIT would come before ENTER could."""
        super().__init__(strategy_id)
        if settings.exit_deviation_bps >= settings.min_deviation_bps:
            raise ConfigError(
                "strategies.cross_venue_arbitrage: exit_deviation_bps "
                f"({settings.exit_deviation_bps}) must be below min_deviation_bps "
                f"({settings.min_deviation_bps}), or positions close as they open",
                reason="CONFIG_INVALID_VALUE",
                key="strategies.cross_venue_arbitrage.exit_deviation_bps",
            )
        self._min_edge = float(settings.min_edge_bps)
        self._min_deviation = float(settings.min_deviation_bps)
        self._exit_deviation = float(settings.exit_deviation_bps)
        self._cooldown = int(settings.cooldown_seconds * _NS)
        self._max_notional = to_fixed(settings.max_notional)
        self._fee = to_fixed(settings.fee_bps_per_leg)
        self._spread_settings = SpreadSettings(
            fees_bps=2 * float(settings.fee_bps_per_leg),
            max_age=int(settings.max_quote_age_seconds * _NS),
            half_life=int(settings.basis_half_life_seconds * _NS),
            warmup=int(settings.basis_warmup_seconds * _NS),
        )
        self._pairs: dict[tuple[bytes, bytes], _Pair] = {}
        self._known: set[bytes] = set()
        self._restored: dict[str, Any] = {}

    # --------------------------------------------------------------------------- what it is told

    async def on_start(self, directory: InstrumentDirectory) -> None:
        """Find the pairs; those that are there keep their state."""
        for instruments in await find_pairs(directory):
            key = instruments.spot, instruments.derivative
            if key in self._pairs:
                continue
            pair = self._pairs[key] = _Pair(instruments, Spread(self._spread_settings))
            self._known.update(key)
            state = self._restored.pop(_pair_key(pair), None)
            if state is not None:
                _restore_pair(pair, state)

    def unknown(self, frames: Sequence[Frame]) -> set[bytes]:
        """Ids in the frames that no pair has."""
        return set(_quotes(frames).ids) - self._known

    @property
    def ready(self) -> bool:
        """There is a pair."""
        return bool(self._pairs)

    @property
    def pairs(self) -> list[PairStatus]:
        """Every pair that is compared."""
        return [
            PairStatus(pair.instruments, pair.spread.basis, pair.signals, pair.position)
            for pair in self._pairs.values()
        ]

    # --------------------------------------------------------------------------- deciding

    def on_batch(self, frames: Sequence[Frame], *, muted: bool = False) -> list[Signal]:
        """Signals of all pairs, in the order of their frames."""
        if not frames:
            return []
        quotes = _quotes(frames)
        found: list[tuple[int, Signal]] = []
        for pair in self._pairs.values():
            spot, derivative = pair.instruments.spot, pair.instruments.derivative
            places = [at for at, key in enumerate(quotes.ids) if key in (spot, derivative)]
            if not places:
                continue
            legs = np.array(
                [SPOT if quotes.ids[at] == spot else DERIVATIVE for at in places], dtype=np.intp
            )
            columns = pair.spread.add(quotes.rows[places], legs)
            # the two carried quotes came with frames of earlier batches: -1
            frame_of = np.concatenate([np.array([-1, -1]), quotes.frame[places]])
            if not muted:
                found += self._decide(pair, columns, frame_of, frames)
            for leg, at in ((SPOT, columns.spot[-1]), (DERIVATIVE, columns.derivative[-1])):
                if frame_of[at] >= 0:
                    pair.contexts[leg] = frames[frame_of[at]].context
        found.sort(key=lambda item: item[0])
        return [signal for _, signal in found]

    def _decide(
        self,
        pair: _Pair,
        columns: SpreadColumns,
        frame_of: NDArray[np.intp],
        frames: Sequence[Frame],
    ) -> list[tuple[int, Signal]]:
        """The pair's turns within a batch, each with the frame that brought it."""
        deviation = columns.deviation
        with np.errstate(invalid="ignore"):
            go_long = (columns.edge_long >= self._min_edge) & (deviation <= -self._min_deviation)
            go_short = (columns.edge_short >= self._min_edge) & (deviation >= self._min_deviation)
            turns = {
                FLAT: np.flatnonzero(go_long | go_short),
                LONG: np.flatnonzero(deviation >= -self._exit_deviation),
                SHORT: np.flatnonzero(deviation <= self._exit_deviation),
            }
        found: list[tuple[int, Signal]] = []
        at = 0
        while True:
            candidates = turns[pair.position]
            first = max(at, int(np.searchsorted(columns.time, pair.next_time)))
            index = int(np.searchsorted(candidates, first))
            if index == len(candidates):
                return found
            at = int(candidates[index])
            entering = pair.position == FLAT
            # an EXIT trades the opposite way of the position that it closes
            direction = (LONG if go_long[at] else SHORT) if entering else -pair.position
            action = SignalAction.ENTER if entering else SignalAction.EXIT
            found.append(
                (
                    int(frame_of[at]),
                    self._signal(pair, columns, at, direction, action, frame_of, frames),
                )
            )
            pair.position = direction if entering else FLAT
            pair.next_time = int(columns.time[at]) + self._cooldown
            pair.signals += 1
            at += 1

    def _signal(
        self,
        pair: _Pair,
        columns: SpreadColumns,
        at: int,
        direction: int,
        action: SignalAction,
        frame_of: NDArray[np.intp],
        frames: Sequence[Frame],
    ) -> Signal:
        instruments = pair.instruments
        spot, derivative = columns.quotes[columns.spot[at]], columns.quotes[columns.derivative[at]]
        buying, selling = (derivative, spot) if direction == LONG else (spot, derivative)
        edge = float((columns.edge_long if direction == LONG else columns.edge_short)[at])
        deviation = float(columns.deviation[at])
        buy, sell = int(buying["ask_price"]), int(selling["bid_price"])
        multipliers = (
            (instruments.multiplier, SCALE)
            if direction == LONG
            else (SCALE, instruments.multiplier)
        )
        size = min(
            int(buying["ask_size"]) * multipliers[0] // SCALE,
            int(selling["bid_size"]) * multipliers[1] // SCALE,
            self._max_notional * SCALE // buy,
        )
        now = int(columns.time[at])
        cause = frames[frame_of[at]].context
        row = zeroed_rows(MessageType.ARBITRAGE_OPPORTUNITY, 1)
        row["base_id"], row["quote_id"] = buying["instrument_id"], selling["instrument_id"]
        row["created_at"], row["expires_at"] = now, now + self._spread_settings.max_age
        row["buy_price"], row["sell_price"], row["max_size"] = buy, sell, size
        row["estimated_profit"] = self._profit(buy, sell, size)
        row["strategy_id"] = self.strategy_id
        row["spread_bps"] = round((sell - buy) / buy * 1e4)
        row["deviation_bps_e2"] = max(-_INT32_MAX, min(_INT32_MAX, round(deviation * 100)))
        row["venue_a"] = buying["instrument_id"]["venue"]
        row["venue_b"] = selling["instrument_id"]["venue"]
        row["confidence"] = round(_MAX_CONFIDENCE * abs(deviation) / (abs(deviation) + 1.0))
        row["action"] = action
        signal_id = self._signal_id(row, cause)
        row["signal_id"] = signal_id
        return Signal(
            MessageType.ARBITRAGE_OPPORTUNITY,
            row,
            signal_id,
            cause,
            self._further_causes(pair, columns, at, frame_of, frames),
            {
                names.STRATEGY: self.name,
                names.SIGNAL_ID: str(signal_id),
                names.DECISION: action.name.lower(),
                names.EDGE_BPS: round(edge, 4),
                names.SYMBOL: f"{instruments.spot_symbol} / {instruments.derivative_symbol}",
            },
        )

    def _further_causes(
        self,
        pair: _Pair,
        columns: SpreadColumns,
        at: int,
        frame_of: NDArray[np.intp],
        frames: Sequence[Frame],
    ) -> tuple[FrameContext, ...]:
        """The frame that the other leg's quote came in, when it is another one."""
        decisive = int(frame_of[at])
        for leg, place in ((SPOT, columns.spot[at]), (DERIVATIVE, columns.derivative[at])):
            number = int(frame_of[place])
            context = pair.contexts[leg] if number < 0 else frames[number].context
            if number != decisive and context is not None:
                return (context,)
        return ()

    def _profit(self, buy: int, sell: int, size: int) -> int:
        """In the quote currency, after fees of both legs, 1e-8."""
        fees = (buy + sell) * size * self._fee // (SCALE * SCALE * 10_000)
        return (sell - buy) * size // SCALE - fees

    def _signal_id(self, row: Rows, cause: FrameContext) -> int:
        """The same decision on the same frame has the same id, also after a restart."""
        key = _SIGNAL_KEY.pack(
            self.strategy_id,
            row["base_id"].tobytes(),
            row["quote_id"].tobytes(),
            cause.message_id,
            int(row["created_at"][0]),
            int(row["action"][0]),
        )
        return int.from_bytes(hashlib.blake2b(key, digest_size=8).digest(), "little") or 1

    # --------------------------------------------------------------------------- restarts

    def state(self) -> dict[str, Any]:
        """Positions, means and last quotes of every pair."""
        return {
            **self._restored,
            **{_pair_key(pair): _pair_state(pair) for pair in self._pairs.values()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up pairs now, or when `on_start` finds them."""
        self._restored = dict(state)
        for pair in self._pairs.values():
            known = self._restored.pop(_pair_key(pair), None)
            if known is not None:
                _restore_pair(pair, known)


def _quotes(frames: Sequence[Frame]) -> _Quotes:
    rows = [frame.rows for frame in frames]
    joined = np.concatenate(rows)
    raw = joined["instrument_id"].tobytes()
    return _Quotes(
        joined,
        [raw[at : at + _ID_BYTES] for at in range(0, len(raw), _ID_BYTES)],
        np.repeat(np.arange(len(rows)), [len(part) for part in rows]),
    )


def _pair_key(pair: _Pair) -> str:
    return f"{pair.instruments.spot.hex()}/{pair.instruments.derivative.hex()}"


def _pair_state(pair: _Pair) -> dict[str, Any]:
    return {
        "position": pair.position,
        "next_time": pair.next_time,
        "signals": pair.signals,
        "spread": pair.spread.state(),
    }


def _restore_pair(pair: _Pair, state: Mapping[str, Any]) -> None:
    """All of it or, when it is not a pair's state, nothing."""
    try:
        position = int(state["position"])
        next_time, signals = int(state["next_time"]), int(state["signals"])
        if position not in (FLAT, LONG, SHORT):
            raise ValueError(f"no position {position}")
        pair.spread.restore(state["spread"])
    except (KeyError, TypeError, ValueError) as error:
        _log.warning("%s: no state of a pair (%r): starting without", _pair_key(pair), error)
        return
    pair.position, pair.next_time, pair.signals = position, next_time, signals
