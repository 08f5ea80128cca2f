"""The way from the fixed arbitrage record to the DeFi signal with TLVs, and back.

    converted = to_defi_signals(rows, chain_id=1)        # (n,) records, all at once
    frames = migrate(frame, MessageType.DEFI_SIGNAL)     # a whole frame, context and cause kept

What a signal has no field for, or holds more coarsely, goes into one ARBITRAGE_TERMS TLV a row, so
the way back is exact. Nothing is lost in silence: after a conversion the result is converted back
and compared with what came, and every field that differs is a `Loss`. Recordings and live domains
are migrated with these functions by `alphapulse feed migrate`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

import alphapulse_core as core
from alphapulse_client.errors import FrameError, InvalidArgument
from alphapulse_client.frames import Frame, encode, rows
from alphapulse_client.q64 import fixed_from_q64, product_to_q64, q64_from_fixed
from alphapulse_layout.dtypes import ARBITRAGE_OPPORTUNITY, ARBITRAGE_TERMS_TLV, DEFI_SIGNAL
from alphapulse_layout.enums import DeFiVenueType, FrameFlag, MessageType, TlvType, VenueId

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from alphapulse_client.context import FrameContext
    from alphapulse_client.frames import Rows

__all__ = [
    "KNOWN_FIELDS",
    "MIGRATES",
    "Converted",
    "Loss",
    "Migrated",
    "add_losses",
    "migrate",
    "row_tlvs",
    "to_arbitrage_opportunities",
    "to_defi_signals",
]

MIGRATES: Final = {
    MessageType.DEFI_SIGNAL: MessageType.ARBITRAGE_OPPORTUNITY,
    MessageType.ARBITRAGE_OPPORTUNITY: MessageType.DEFI_SIGNAL,
}
"""Into which type, from which."""

_MOST_TLV_BYTES: Final = (1 << 16) - 1
"""A signal's `tlv_offset` and `tlv_length` are 16 bits: more go into another frame."""
_VERSION: Final = 1
_BUYS: Final = 1
_MOST_STRATEGY: Final = (1 << 16) - 1
_TLV: Final = np.dtype([("type", "u1"), ("length", "u1"), ("value", ARBITRAGE_TERMS_TLV)])
_ROWS_A_FRAME: Final = _MOST_TLV_BYTES // _TLV.itemsize
_TERMS: Final = tuple(
    name for name in ARBITRAGE_TERMS_TLV.names or () if not name.startswith("reserved")
)
_WHY: Final = {
    "expected_profit_q": "a fixed record has 8 decimals in 64 bits",
    "optimal_size_q": "a fixed record has 8 decimals in 64 bits",
    "required_capital_q": "a fixed record has one size",
    "amount_in_q": "a fixed record has size and price",
    "min_out_q": "a fixed record has size and price",
    "confidence": "above 100",
}
_NO_FIELD: Final = "a fixed record has no such field"
# Only what the venue's name says for certain: PancakeSwap, SushiSwap and others run several kinds.
_VENUE_TYPES: Final = {
    VenueId.UNISWAP_V2: DeFiVenueType.UNISWAP_V2,
    VenueId.UNISWAP_V3: DeFiVenueType.UNISWAP_V3,
    VenueId.CURVE: DeFiVenueType.CURVE,
    VenueId.BALANCER: DeFiVenueType.BALANCER,
}
KNOWN_FIELDS: Final = frozenset(
    {
        "replace_signal_id", "gas_estimate_q", "observed_block", "valid_through_block",
        "state_hash", "base_token", "quote_token", "venue_a_router", "venue_b_router", "chain_id",
        "signal_nonce", "fee_a_ppm", "fee_b_ppm", "execution_flags", "slippage_bps",
        "price_impact_bps", "adapter_id", "venue_a_type", "venue_b_type",
    }
)  # fmt: skip
"""What a caller may know of a signal and a fixed record does not say."""


@dataclass(frozen=True, slots=True)
class Loss:
    """One thing that a conversion could not keep, and in how many rows."""

    field: str
    """Of the record that was converted; `TLV <number>` for one of its TLVs."""
    rows: int
    why: str
    recoverable: bool = False
    """The whole value is in the TLV: only who reads the signal's own field sees less."""


class Converted(NamedTuple):
    """Records of the other type."""

    rows: Rows
    """(n,), in the same order."""
    tlvs: bytes
    """What the rows' `tlv_offset` and `tlv_length` refer to: the beginning of the extensions."""
    losses: list[Loss]


@dataclass(frozen=True, slots=True)
class Migrated:
    """A frame as one or several of the other type."""

    frames: list[bytes]
    losses: list[Loss] = field(default_factory=list)


def to_defi_signals(records: Rows, *, tlvs: Sequence[bytes] = (), **known: Any) -> Converted:
    """(n,) ArbitrageOpportunity as (n,) DeFiSignal, n at most 1,310 without further TLVs.

    A signal buys `max_size` of the base for `buy_price`: `amount_in_q` is what that costs, and also
    the least to get out of the whole; profit and sizes are exact in Q64.64. `tlvs`: further TLVs of
    each row (`alphapulse_core.encode_tlv`), n of them or none. `known`: fields that a record does
    not say (routers, tokens, `chain_id`, fees, blocks, …), each a value or an (n,) array.

    Raises:
        InvalidArgument: records of another type, a field that cannot be told (`FIELD_UNKNOWN`), or
            more TLVs than 16 bits can point at (`TOO_MANY_ROWS`).
        FrameError: `tlvs` are no TLVs (`FRAME_BAD_TLV`).
    """
    _expect(records, ARBITRAGE_OPPORTUNITY)
    terms = np.zeros(len(records), _TLV)
    terms["type"], terms["length"] = TlvType.ARBITRAGE_TERMS, ARBITRAGE_TERMS_TLV.itemsize
    for name in _TERMS:
        terms["value"][name] = records[name]
    signals = _signals(records)
    extensions = _place_tlvs(signals, terms, tlvs)
    for name, value in known.items():
        if name not in KNOWN_FIELDS:
            raise InvalidArgument(
                f"{name!r} is not a field that a conversion is told; there are "
                f"{', '.join(sorted(KNOWN_FIELDS))}",
                reason="FIELD_UNKNOWN",
            )
        signals[name] = value
    losses: list[Loss] = []

    def in_tlv(name: str, where: NDArray[np.bool_], why: str) -> None:
        if where.any():
            losses.append(Loss(name, int(where.sum()), why, recoverable=True))

    strategies, confidence = records["strategy_id"], records["confidence"]
    in_tlv("strategy_id", strategies > _MOST_STRATEGY, "above 16 bits: 0 in the signal")
    in_tlv("confidence", _percent(confidence) * 100 != confidence, "whole percents in the signal")
    _, impossible = product_to_q64(records["max_size"], records["buy_price"])
    in_tlv("buy_price", impossible, "makes no amount with max_size: amount_in_q is 0")
    everywhere = np.ones(len(records), np.bool_)
    losses += _differences(records, _records(signals, terms["value"], everywhere))
    return Converted(signals, extensions, losses)


def to_arbitrage_opportunities(signals: Rows, extensions: bytes | memoryview = b"") -> Converted:
    """(n,) DeFiSignal as (n,) ArbitrageOpportunity; `extensions`: those of their frame.

    Exact for what came from `to_defi_signals`. Of others the record has what its fields can hold,
    and the rest is told: addresses, blocks, gas, further TLVs. A signal's own fields go before its
    ARBITRAGE_TERMS where the two do not agree.

    Raises:
        InvalidArgument: signals of another type.
        FrameError: a row's TLVs lie outside the extensions, or are cut (`FRAME_BAD_TLV`).
    """
    _expect(signals, DEFI_SIGNAL)
    terms, told, foreign = _read_terms(signals, extensions)
    records = _records(signals, terms, told)
    losses = [
        Loss(f"TLV {kind}", count, "a fixed record has no extensions")
        for kind, count in sorted(foreign.items())
    ]
    if not told.all():
        why = "the signal has none: prices, expiry, venues, spread and action are 0"
        losses.append(Loss("ARBITRAGE_TERMS", int((~told).sum()), why))
    losses += _differences(signals, _signals(records), without=("tlv_offset", "tlv_length"))
    return Converted(records, b"", losses)


def migrate(frame: Frame, to: MessageType, *, caused: bool = False, **known: Any) -> Migrated:
    """A frame of the other type as frames of type `to`; source, time and flags are kept.

    The result is that frame in another form, with its context; or with `caused`, where both are to
    be seen, a message that the frame has caused. Mostly it is one. What 16 bits cannot point at
    goes into further frames, whose message ids are derived from the frame's: the same frame always
    gives the same bytes. TLVs of the frame itself (causes, unknown ones) are in each. The sequence
    is the relay's to give: 0. `known`: as in `to_defi_signals`, for all rows.

    Raises:
        InvalidArgument: a frame of another type (`MESSAGE_TYPE_UNKNOWN`).
        FrameError: the frame is damaged.
    """
    if to not in MIGRATES or frame.message_type != MIGRATES[to]:
        raise InvalidArgument(
            f"message type {frame.message_type} does not migrate to {int(to)}",
            reason="MESSAGE_TYPE_UNKNOWN",
        )
    records, extensions = frame.rows, bytes(frame.extensions)
    if to == MessageType.ARBITRAGE_OPPORTUNITY:
        converted = to_arbitrage_opportunities(records, extensions)
        own = _without_rows(records, extensions)
        context = _context(frame, 0, caused=caused)
        return Migrated([_encoded(frame, to, converted, own, context)], converted.losses)
    frames: list[bytes] = []
    losses: list[Loss] = []
    for part, at in enumerate(range(0, max(len(records), 1), _ROWS_A_FRAME)):
        converted = to_defi_signals(records[at : at + _ROWS_A_FRAME], **known)
        context = _context(frame, part, caused=caused)
        frames.append(_encoded(frame, to, converted, extensions, context))
        losses += converted.losses
    return Migrated(frames, add_losses(losses))


def add_losses(losses: Iterable[Loss]) -> list[Loss]:
    """One of each kind, with the rows of all; in the order of their first."""
    found: dict[tuple[str, str, bool], int] = {}
    for loss in losses:
        key = (loss.field, loss.why, loss.recoverable)
        found[key] = found.get(key, 0) + loss.rows
    return [Loss(name, count, why, kept) for (name, why, kept), count in found.items()]


def row_tlvs(signal: np.void, extensions: bytes | memoryview) -> dict[int, bytes]:
    """The TLVs of one DeFi signal by type (of a repeated type the first), unknown ones too.

    `extensions`: those of its frame.

    Raises:
        FrameError: they lie outside the extensions, or are cut (`FRAME_BAD_TLV`).
    """
    start, length = int(signal["tlv_offset"]), int(signal["tlv_length"])
    if start + length > len(extensions):
        raise FrameError(
            f"a signal's TLVs are bytes {start}..{start + length} of {len(extensions)}",
            reason="FRAME_BAD_TLV",
        )
    own = bytes(extensions[start : start + length])
    found: dict[int, bytes] = {}
    for kind, at, size in _walk(own):
        found.setdefault(kind, own[at : at + size])
    return found


# ------------------------------------------------------------------------------------------ fields


def _signals(records: Rows) -> Rows:
    """What a signal's own fields can say of the records."""
    signals = rows(MessageType.DEFI_SIGNAL, len(records))
    signals["base_instrument"], signals["quote_instrument"] = (
        records["base_id"],
        records["quote_id"],
    )
    for name in ("signal_id", "created_at"):
        signals[name] = records[name]
    signals["expected_profit_q"] = q64_from_fixed(records["estimated_profit"])
    signals["optimal_size_q"] = q64_from_fixed(records["max_size"])
    signals["required_capital_q"] = signals["optimal_size_q"]
    cost, _ = product_to_q64(records["max_size"], records["buy_price"])
    signals["amount_in_q"] = signals["min_out_q"] = cost
    strategies = records["strategy_id"]
    signals["strategy_id"] = np.where(strategies > _MOST_STRATEGY, 0, strategies)
    signals["confidence"] = _percent(records["confidence"])
    signals["version"], signals["direction"] = _VERSION, _BUYS
    for side in ("a", "b"):
        for venue, kind in _VENUE_TYPES.items():
            signals[f"venue_{side}_type"][records[f"venue_{side}"] == venue] = kind
    return signals


def _records(signals: Rows, terms: NDArray[np.void], told: NDArray[np.bool_]) -> Rows:
    """What a record can say of the signals; `terms` counts only where it is `told`."""
    records = rows(MessageType.ARBITRAGE_OPPORTUNITY, len(signals))
    records["base_id"], records["quote_id"] = (
        signals["base_instrument"],
        signals["quote_instrument"],
    )
    for name in ("signal_id", "created_at"):
        records[name] = signals[name]
    records["estimated_profit"] = fixed_from_q64(signals["expected_profit_q"]).values
    records["max_size"] = fixed_from_q64(signals["optimal_size_q"]).values
    for name in _TERMS:
        records[name] = terms[name]
    # the signal's own field holds, where the TLV is not merely finer
    own = signals["strategy_id"].astype(np.uint32)
    finer = told & (own == np.where(terms["strategy_id"] > _MOST_STRATEGY, 0, terms["strategy_id"]))
    records["strategy_id"] = np.where(finer, terms["strategy_id"], own)
    percent = signals["confidence"].astype(np.uint16)
    finer = told & (_percent(terms["confidence"]) == percent)
    records["confidence"] = np.where(finer, terms["confidence"], percent * np.uint16(100))
    return records


def _percent(confidence: NDArray[np.uint16]) -> NDArray[np.uint32]:
    return np.minimum((confidence.astype(np.uint32) + 50) // 100, 100)


def _differences(before: Rows, after: Rows, *, without: Sequence[str] = ()) -> list[Loss]:
    """Every field that is not the same in both, and in how many rows."""
    losses = []
    for name in before.dtype.names or ():
        if name in without:
            continue
        size = before.dtype[name].itemsize
        one, two = (
            np.frombuffer(array[name].tobytes(), np.uint8).reshape(-1, size)
            for array in (before, after)
        )
        if count := int((one != two).any(axis=1).sum()):
            losses.append(Loss(name, count, _WHY.get(name, _NO_FIELD)))
    return losses


def _expect(array: Rows, dtype: np.dtype[np.void]) -> None:
    if array.dtype != dtype or array.ndim != 1:
        raise InvalidArgument(
            f"rows of {array.dtype.itemsize} bytes in shape {array.shape} are not of the type that "
            "is converted here",
            reason="MESSAGE_TYPE_UNKNOWN",
        )


# -------------------------------------------------------------------------------------------- TLVs


def _walk(extensions: bytes) -> list[tuple[int, int, int]]:
    try:
        return core.walk_tlv(extensions)
    except core.FrameError as error:
        raise FrameError(str(error), reason=error.reason, offset=error.offset) from None


def _place_tlvs(signals: Rows, terms: NDArray[Any], tlvs: Sequence[bytes]) -> bytes:
    """Give each row its place in the bytes that are returned."""
    if tlvs and len(tlvs) != len(signals):
        raise InvalidArgument(
            f"{len(tlvs)} TLVs for {len(signals)} rows", reason="ARGUMENT_INVALID"
        )
    for one in tlvs:
        _walk(one)
    lengths = np.full(len(signals), _TLV.itemsize, np.int64)
    if tlvs:
        lengths += np.array([len(one) for one in tlvs])
    offsets = np.cumsum(lengths) - lengths
    total = int(lengths.sum())
    if total > _MOST_TLV_BYTES:
        raise InvalidArgument(
            f"{len(signals)} rows have {total} bytes of TLVs, and a signal points at "
            f"{_MOST_TLV_BYTES} at most: convert fewer at a time",
            reason="TOO_MANY_ROWS",
        )
    signals["tlv_offset"], signals["tlv_length"] = offsets, lengths
    packed = terms.tobytes()
    if not tlvs:
        return packed
    size = _TLV.itemsize
    return b"".join(packed[at * size : (at + 1) * size] + one for at, one in enumerate(tlvs))


def _read_terms(
    signals: Rows, extensions: bytes | memoryview
) -> tuple[NDArray[np.void], NDArray[np.bool_], Counter[int]]:
    """Each row's ARBITRAGE_TERMS, where there is one, and the rows that have each other TLV."""
    packed = bytes(extensions)
    terms = np.zeros(len(signals), ARBITRAGE_TERMS_TLV)
    told = np.zeros(len(signals), np.bool_)
    foreign: Counter[int] = Counter()
    offsets = signals["tlv_offset"].astype(np.int64)
    lengths = signals["tlv_length"].astype(np.int64)
    # all that `to_defi_signals` makes by itself, at once
    usual = (lengths == _TLV.itemsize) & (offsets + lengths <= len(packed))
    if usual.any():
        content = np.frombuffer(packed, np.uint8)
        at = offsets[usual, None] + np.arange(_TLV.itemsize)
        found = np.frombuffer(content[at].tobytes(), _TLV)
        right = (found["type"] == TlvType.ARBITRAGE_TERMS) & (
            found["length"] == ARBITRAGE_TERMS_TLV.itemsize
        )
        usual[usual] = right
        terms[usual], told[usual] = found["value"][right], True
    for place in np.flatnonzero(~usual & (lengths > 0)):
        for kind, value in row_tlvs(signals[place], packed).items():
            if kind == TlvType.ARBITRAGE_TERMS and len(value) == ARBITRAGE_TERMS_TLV.itemsize:
                terms[place], told[place] = np.frombuffer(value, ARBITRAGE_TERMS_TLV)[0], True
            else:
                foreign[kind] += 1
    return terms, told, foreign


def _without_rows(signals: Rows, extensions: bytes) -> bytes:
    """The TLVs of the frame itself: those that no row points at."""
    steps = np.zeros(len(extensions) + 1, np.int64)
    starts = signals["tlv_offset"].astype(np.int64)
    np.add.at(steps, starts, 1)
    np.add.at(steps, starts + signals["tlv_length"], -1)
    taken = np.cumsum(steps) > 0
    return b"".join(
        extensions[at - 2 : at + size] for _, at, size in _walk(extensions) if not taken[at - 2]
    )


def _context(frame: Frame, part: int, *, caused: bool) -> FrameContext:
    own = frame.context
    if caused:
        message_id = core.derive_span_id(own.message_id, part + 1)
        return own._replace(message_id=message_id, causation_id=own.message_id)
    if part:
        return own._replace(message_id=core.derive_span_id(own.message_id, part))
    return own


def _encoded(
    frame: Frame, to: MessageType, converted: Converted, own: bytes, context: FrameContext
) -> bytes:
    info = frame.info
    return encode(
        to,
        converted.rows,
        source=frame.source,
        context=context,
        timestamp=frame.timestamp,
        extensions=converted.tlvs + own,
        priority=info.priority,
        snapshot=bool(info.flags & FrameFlag.SNAPSHOT),
        replayed=bool(info.flags & FrameFlag.REPLAY),
        compression=info.codec,
    )
