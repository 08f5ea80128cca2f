"""Databento's instrument definitions: DBN files of the schema `definition`, versions 1 to 3.

A file tells of an instrument as often as its venue did, and of a spread once a leg. What it told
last is one row here; what becomes of each class of instrument is in docs/importing.md.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import databento_dbn as dbn
import zstandard

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import InvalidArgument, MeshError
from alphapulse_mesh.importers.loading import AS_OF, BROKEN, each
from alphapulse_mesh.importers.rows import Place, Row, Summary, put

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path
    from typing import BinaryIO

    from alphapulse_mesh.importers.loading import Loader
    from alphapulse_mesh.importers.places import Places

__all__ = ["import_definitions", "read_definitions"]

_A = common_pb2.AssetType
_C = dbn.InstrumentClass
_TYPES: Final = {
    str(_C.STOCK): _A.ASSET_TYPE_STOCK,
    str(_C.BOND): _A.ASSET_TYPE_BOND,
    str(_C.INDEX): _A.ASSET_TYPE_INDEX,
    str(_C.FUTURE): _A.ASSET_TYPE_FUTURE,
    str(_C.FUTURE_SPREAD): _A.ASSET_TYPE_FUTURE,
    str(_C.CALL): _A.ASSET_TYPE_OPTION,
    str(_C.PUT): _A.ASSET_TYPE_OPTION,
    str(_C.FX_SPOT): _A.ASSET_TYPE_FX_PAIR,
    str(_C.COMMODITY_SPOT): _A.ASSET_TYPE_COMMODITY,
}
_SPREADS: Final = frozenset({str(_C.OPTION_SPREAD), str(_C.MIXED_SPREAD)})
_BY_CFI: Final = {
    "CE": _A.ASSET_TYPE_ETF, "CI": _A.ASSET_TYPE_FUND, "ED": _A.ASSET_TYPE_DEPOSITARY_RECEIPT,
}  # fmt: skip
"""ISO 10962: what a "stock" of Databento's is, where the venue says its CFI."""
_SECURITIES: Final = frozenset({_A.ASSET_TYPE_STOCK, *_BY_CFI.values()})
_DATED: Final = frozenset({_A.ASSET_TYPE_FUTURE, _A.ASSET_TYPE_OPTION})
_FIELDS: Final = frozenset(
    {
        "status", "quote_currency", "settlement_currency", "tick_size", "min_quantity",
        "max_quantity", "contract_multiplier", "underlying", "metadata",
    }
)  # fmt: skip
_TEXTS: Final = (
    "currency", "settl_currency", "strike_price_currency", "asset", "underlying", "leg_raw_symbol",
    "cfi", "security_type", "secsubtype", "group", "unit_of_measure",
)  # fmt: skip
"""Of a record, what else may be no text."""
_ZSTD: Final = b"\x28\xb5\x2f\xfd"
_CHUNK: Final = 1 << 20
_I32, _U32 = (1 << 31) - 1, (1 << 32) - 1
"""How DBN says that a number is not given."""
_DAY_NS: Final = 86_400_000_000_000
_LINKS_AT_ONCE: Final = 64


class _Key(NamedTuple):
    dataset: str
    exchange: str
    instrument_class: str
    symbol: str
    day: int
    """Of its expiry, 0 for none."""


@dataclass(slots=True)
class Definition:
    """What a file told of one instrument last."""

    place: Place
    key: _Key
    record: Any
    """`InstrumentDefMsg` of version 3."""
    legs: dict[int, Any] = field(default_factory=dict)
    """The records of a spread by the number of the leg."""


# ------------------------------------------------------------------------------------------- files


def read_definitions(
    paths: Sequence[Path], summary: Summary
) -> tuple[dict[_Key, Definition], dict[tuple[str, int], _Key]]:
    """The instruments of all files, and which of them an instrument number means.

    Raises:
        InvalidArgument: a file cannot be read, or is none of DBN (FILE_UNREADABLE).
    """
    found: dict[_Key, Definition] = {}
    numbers: dict[tuple[str, int], _Key] = {}
    for path in paths:
        dataset, count = "", 0
        for record in _records(path, summary):
            if isinstance(record, dbn.Metadata):
                dataset = record.dataset
                if record.schema not in {None, dbn.Schema.DEFINITION}:
                    text = f"a file of {record.schema}"
                    summary.leave_out(Place(path.name, 0, path.name), "NO_DEFINITIONS", text)
                    break
            elif isinstance(record, dbn.InstrumentDefMsg):
                count += 1
                place = Place(path.name, count, str(record.instrument_id))
                _take(place, dataset, record, found, numbers, summary)
    return found, numbers


def _take(
    place: Place,
    dataset: str,
    record: Any,
    found: dict[_Key, Definition],
    numbers: dict[tuple[str, int], _Key],
    summary: Summary,
) -> None:
    try:
        expires = record.expiration
        key = _Key(
            dataset,
            record.exchange,
            str(record.instrument_class),
            record.raw_symbol,
            expires // _DAY_NS if expires != dbn.UNDEF_TIMESTAMP else 0,
        )
        legs = {record.leg_index: record} if record.leg_count else {}
        for name in _TEXTS:
            getattr(record, name)
    except dbn.DBNError as error:  # text that is no UTF-8
        summary.leave_out(place, "ROW_INVALID", str(error)[:200])
        return
    numbers[dataset, record.instrument_id] = key
    place = Place(place.file, place.line, record.raw_symbol)
    known = found.get(key)
    if known is None:
        found[key] = Definition(place, key, record, legs)
    elif record.ts_recv >= known.record.ts_recv:
        known.place, known.record = place, record
        known.legs.update(legs)


def _records(path: Path, summary: Summary) -> Iterator[Any]:
    """Metadata and records, as version 3."""
    decoder = dbn.DBNDecoder(
        upgrade_policy=dbn.VersionUpgradePolicy.UPGRADE_TO_V3  # type: ignore[arg-type]  # stub: int
    )
    begun = False
    try:
        with path.open("rb") as file:
            for chunk in _chunks(file):
                for record in _decoded(decoder, chunk):
                    begun = True
                    yield record
    except (OSError, dbn.DBNError, zstandard.ZstdError) as error:
        raise InvalidArgument(f"{path}: {error}", reason="FILE_UNREADABLE") from None
    if not begun:
        raise InvalidArgument(f"{path}: no DBN", reason="FILE_UNREADABLE")
    if decoder.buffer():
        # a whole record is missing its end: what came before it is imported
        summary.leave_out(Place(path.name, 0, path.name), "FILE_TRUNCATED", "ends within a record")


def _decoded(decoder: Any, chunk: bytes) -> list[Any]:
    """The records that `chunk` ends.

    Raises:
        dbn.DBNError: it is none of theirs.
    """
    try:
        decoder.write(chunk)
        decoded: list[Any] = decoder.decode()
    except BaseException as error:
        # a record shorter than its kind is a panic there, and PyO3's panics are no Exception
        if type(error).__name__ != "PanicException":
            raise
        raise dbn.DBNError(str(error)[:200]) from None
    return decoded


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    """The bytes of a file, decompressed where it is Zstandard."""
    magic = file.read(len(_ZSTD))
    file.seek(0)
    read: Callable[[int], bytes] = file.read
    if magic == _ZSTD:
        reader = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        read = reader.read
    while chunk := read(_CHUNK):
        yield chunk


# -------------------------------------------------------------------------------------------- rows


async def import_definitions(
    loader: Loader, places: Places, paths: Sequence[Path]
) -> list[Summary]:
    """All files together, because an option in one may be on a future in another."""
    summary = Summary("databento")
    found, numbers = read_definitions(paths, summary)
    kinds = await _known_kinds(loader, places, found)
    first: list[Row] = []
    options: list[tuple[Row, Definition]] = []
    spreads: list[Definition] = []
    by_symbol: dict[tuple[int, str], str] = {}
    for definition in found.values():
        row = _row(places, definition, kinds, summary)
        if row is None:
            continue
        message = row.message
        if message.asset_type == _A.ASSET_TYPE_OPTION:
            options.append((row, definition))
            continue
        first.append(row)
        if message.asset_type in _SECURITIES:
            by_symbol.setdefault((0, message.symbol), row.key)
        by_symbol.setdefault((message.venue, message.symbol), row.key)
        if definition.key.instrument_class == str(_C.FUTURE_SPREAD):
            spreads.append(definition)
    await loader.load(first, _FIELDS, summary)
    for row, definition in options:
        underlying = numbers.get((definition.key.dataset, definition.record.underlying_id))
        name = definition.record.underlying
        candidates = (
            _text(underlying) if underlying is not None else "",
            by_symbol.get((row.message.venue, name), ""),
            by_symbol.get((0, name), ""),
        )
        row.underlying = next((each for each in candidates if each in loader.ids), "")
    await loader.load([row for row, _ in options], _FIELDS, summary)
    await _link_legs(loader, spreads, numbers, summary)
    return [summary]


async def _known_kinds(
    loader: Loader, places: Places, found: dict[_Key, Definition]
) -> dict[tuple[int, str], int]:
    """What the registry knows the securities of these venues to be, beside shares: Databento calls
    a fund's line a stock as well, and one line is not two instruments.
    """
    venues = {
        venue.venue: venue
        for key in found
        if key.instrument_class == str(_C.STOCK) and (venue := _venue(places, key)) is not None
    }
    kinds: dict[tuple[int, str], int] = {}
    for number, venue in venues.items():
        for kind in sorted(_SECURITIES - {_A.ASSET_TYPE_STOCK}):
            async for known in loader.registry.list(venue=venue.name, asset_type=kind):
                kinds[number, known.symbol] = kind
    return kinds


def _venue(places: Places, key: _Key) -> pb.Venue | None:
    """By the MIC of the record, else by that which the data set's name begins with."""
    return places.by_mic.get(key.exchange) or places.by_mic.get(key.dataset.partition(".")[0])


def _text(key: _Key) -> str:
    return ":".join(map(str, key))


def _row(
    places: Places, definition: Definition, kinds: dict[tuple[int, str], int], summary: Summary
) -> Row | None:
    record, key, place = definition.record, definition.key, definition.place
    if key.instrument_class in _SPREADS:
        text = "a spread with options has neither a strike nor a right of its own"
        summary.leave_out(place, "SPREAD_OF_OPTIONS", text)
        return None
    kind = _TYPES.get(key.instrument_class)
    if kind is None:
        text = f"instrument class {key.instrument_class!r}"
        summary.leave_out(place, "INSTRUMENT_CLASS_UNKNOWN", text)
        return None
    venue = _venue(places, key)
    if venue is None:
        text = f"exchange {key.exchange!r}, data set {key.dataset!r}: import venues first"
        summary.leave_out(place, "VENUE_UNKNOWN", text)
        return None
    if kind == _A.ASSET_TYPE_STOCK:
        kind = _security(place, venue, record, kinds, summary)
    message = pb.Instrument(
        asset_type=kind,
        venue=venue.venue,
        symbol=key.symbol,
        quote_currency=record.currency,
        settlement_currency=record.settl_currency,
        status=pb.INSTRUMENT_STATUS_ACTIVE,
    )
    if kind == _A.ASSET_TYPE_FX_PAIR and not _pair(message, record):
        text = f"{key.symbol!r} in {record.currency!r} names no two currencies"
        summary.leave_out(place, "PAIR_UNREADABLE", text)
        return None
    source = _about(key, record)
    _numbers(place, message, record, source, summary)
    _times(message, record)
    put(message.metadata, source)
    if key.instrument_class == str(_C.FUTURE_SPREAD):
        message.metadata["legs"] = [
            {"symbol": leg.leg_raw_symbol, "side": str(leg.leg_side), "ratio": _ratio(leg)}
            for _, leg in sorted(definition.legs.items())
        ]
        if len(definition.legs) != record.leg_count or not definition.legs:
            text = f"{len(definition.legs)} of {record.leg_count} legs"
            summary.adapt(place, "LEGS_MISSING", text)
    return Row(place, message, key=_text(key))


def _security(
    place: Place,
    venue: pb.Venue,
    record: Any,
    kinds: dict[tuple[int, str], int],
    summary: Summary,
) -> common_pb2.AssetType.ValueType:
    known = kinds.get((venue.venue, record.raw_symbol))
    if known is not None:
        name = _A.Name(_A.ValueType(known))
        summary.adapt(place, "KIND_KNOWN", f"the registry has it as {name}")
        return _A.ValueType(known)
    return _BY_CFI.get(record.cfi[:2], _A.ASSET_TYPE_STOCK)


def _pair(message: pb.Instrument, record: Any) -> bool:
    """Split `EUR/USD` or `EURUSD` by the currency that it is priced in."""
    symbol, quote = record.raw_symbol, record.currency
    base = symbol.removesuffix(quote).rstrip("/.-")
    if len(base) != 3 or not quote or base == symbol:
        return False
    message.base_currency = base
    return True


def _about(key: _Key, record: Any) -> dict[str, str]:
    told = dt.datetime.fromtimestamp(record.ts_recv // 1_000_000_000, dt.UTC)
    source = {
        AS_OF: told.date().isoformat(),
        "dataset": key.dataset,
        "asset": record.asset,
        "cfi": record.cfi,
        "security_type": record.security_type,
        "product_group": record.group,
        "underlying_symbol": record.underlying,
        "unit_of_measure": record.unit_of_measure,
        "strike_currency": record.strike_price_currency,
    }
    if record.display_factor not in {dbn.UNDEF_PRICE, dbn.FIXED_PRICE_SCALE}:
        source["display_factor"] = _decimal(Decimal(record.display_factor).scaleb(-9))
    if 0 < record.min_lot_size_round_lot < _I32:
        source["round_lot"] = str(record.min_lot_size_round_lot)
    if key.instrument_class in {str(_C.FUTURE), str(_C.FUTURE_SPREAD), str(_C.CALL), str(_C.PUT)}:
        source["databento_instrument_id"] = str(record.instrument_id)  # elsewhere another each day
    if key.instrument_class == str(_C.FUTURE_SPREAD):
        source["strategy"] = record.secsubtype.strip() or "spread"
    return source


def _numbers(
    place: Place, message: pb.Instrument, record: Any, source: dict[str, str], summary: Summary
) -> None:
    prices = {"tick_size": record.min_price_increment}
    if message.asset_type in _DATED or message.asset_type == _A.ASSET_TYPE_COMMODITY:
        if record.unit_of_measure_qty not in {dbn.UNDEF_PRICE, 0}:
            prices["contract_multiplier"] = record.unit_of_measure_qty
        elif 0 < record.contract_multiplier < _I32:
            prices["contract_multiplier"] = record.contract_multiplier * dbn.FIXED_PRICE_SCALE
    if message.asset_type == _A.ASSET_TYPE_OPTION:
        prices["strike_price"] = record.strike_price
        call = str(record.instrument_class) == str(_C.CALL)
        message.option_right = pb.OPTION_RIGHT_CALL if call else pb.OPTION_RIGHT_PUT
    for name, value in prices.items():
        if value == dbn.UNDEF_PRICE or value <= 0:
            continue
        text = _decimal(Decimal(value).scaleb(-9))
        if value % 10:
            source[name] = text
            summary.adapt(place, "NUMBER_OUT_OF_RANGE", f"{name} {text} is in the metadata only")
        else:
            setattr(message, name, text)
    for name, value in (
        ("min_quantity", record.min_trade_vol),
        ("max_quantity", record.max_trade_vol),
    ):
        if 0 < value < _U32:
            setattr(message, name, str(value))


def _times(message: pb.Instrument, record: Any) -> None:
    """Valid from its activation to its removal; the last moment of a dated one is its expiry."""
    if record.activation not in {0, dbn.UNDEF_TIMESTAMP}:
        message.valid_from.FromNanoseconds(record.activation)
    expires = record.expiration
    if expires not in {0, dbn.UNDEF_TIMESTAMP} and message.asset_type in (
        _DATED | {_A.ASSET_TYPE_BOND}
    ):
        message.expires_at.FromNanoseconds(expires)
        if expires <= dt.datetime.now(dt.UTC).timestamp() * 1_000_000_000:
            message.status = pb.INSTRUMENT_STATUS_EXPIRED
            return  # venues delete what has expired
    if record.security_update_action == dbn.SecurityUpdateAction.DELETE:
        message.status = pb.INSTRUMENT_STATUS_DELISTED
        message.valid_to.FromNanoseconds(record.ts_recv)


def _ratio(leg: Any) -> str:
    """Of quantities: how many of the leg for one of the spread."""
    over, under = leg.leg_ratio_qty_numerator, leg.leg_ratio_qty_denominator
    return f"{over}/{under}" if under > 1 else str(over)


def _decimal(number: Decimal) -> str:
    return format(number.normalize(), "f")


async def _link_legs(
    loader: Loader,
    spreads: Sequence[Definition],
    numbers: dict[tuple[str, int], _Key],
    summary: Summary,
) -> None:
    """Each leg is COMPONENT_OF its spread."""
    pairs: list[tuple[Place, common_pb2.InstrumentId, common_pb2.InstrumentId]] = []
    for definition in spreads:
        own = loader.ids.get(_text(definition.key))
        for leg in definition.legs.values():
            key = numbers.get((definition.key.dataset, leg.leg_instrument_id))
            part = loader.ids.get(_text(key)) if key is not None else None
            if own is not None and part is not None:
                pairs.append((definition.place, part, own))
            elif own is not None:
                summary.adapt(
                    definition.place, "LEG_UNKNOWN", f"{leg.leg_raw_symbol} is in no file"
                )

    async def one(item: tuple[Place, common_pb2.InstrumentId, common_pb2.InstrumentId]) -> None:
        place, part, whole = item
        try:
            await loader.registry.link(part, whole, pb.LINK_TYPE_COMPONENT_OF)
        except BROKEN:
            raise
        except MeshError as error:
            summary.adapt(place, error.reason, error.message)

    await each(pairs, one, at_once=_LINKS_AT_ONCE)
