"""Markets in ccxt's unified form: what `exchange.load_markets()` answers, from a file or live.

One market is one instrument on the exchange's venue. The codes of its currencies are ccxt's, which
writes XBT as BTC, so that one pair is one pair on all venues; the symbol is the venue's own.
"""

from __future__ import annotations

import datetime as dt
import re
from collections import defaultdict
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import InvalidArgument, MeshError, NotFound
from alphapulse_mesh.importers.ccxt_exchange import EXCHANGE_ID, fetch_markets
from alphapulse_mesh.importers.loading import AS_OF, BROKEN
from alphapulse_mesh.importers.rows import Place, Row, Summary, inside, put, read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from alphapulse_client.registry import RegistryClient
    from alphapulse_mesh.importers.loading import Loader
    from alphapulse_mesh.importers.places import Places

__all__ = ["Markets", "import_markets", "read_markets"]

_A = common_pb2.AssetType
_FIELDS: Final = frozenset(
    {
        "status", "base_currency", "quote_currency", "settlement_currency", "underlying",
        "tick_size", "lot_size", "min_quantity", "max_quantity", "min_notional",
        "contract_multiplier", "inverse", "strike_price", "option_right", "metadata",
    }
)  # fmt: skip
# ccxt's exchange → the venue of its spot markets, of linear, of inverse contracts and of options
_BINANCE: Final = ("BINANCE", "BINANCE_FUTURES", "BINANCE_COIN_FUTURES", "BINANCE_OPTIONS")
_VENUES: Final = {
    "binance": _BINANCE, "binanceusdm": _BINANCE, "binancecoinm": _BINANCE,
    "binanceus": ("BINANCE_US",) * 4,
    "kraken": ("KRAKEN",) * 4, "krakenfutures": ("KRAKEN_FUTURES",) * 4,
    "coinbase": ("COINBASE_ADVANCED",) * 4, "coinbaseexchange": ("COINBASE",) * 4,
    "gateio": ("GATE",) * 4, "kucoinfutures": ("KUCOIN_FUTURES",) * 4,
}  # fmt: skip
_TYPES: Final = {
    "spot": _A.ASSET_TYPE_CRYPTO_PAIR,
    "margin": _A.ASSET_TYPE_CRYPTO_PAIR,
    "swap": _A.ASSET_TYPE_PERPETUAL,
    "future": _A.ASSET_TYPE_FUTURE,
    "option": _A.ASSET_TYPE_OPTION,
    "index": _A.ASSET_TYPE_INDEX,
}
_NO_EXCHANGE: Final = frozenset({"ccxt", "exchange", "load", "markets", "market"})
"""Beginnings of file names that say nothing of the exchange."""
_DECIMAL_PLACES, _SIGNIFICANT_DIGITS, _TICK_SIZE = 2, 3, 4  # ccxt's numbers
_MODES: Final = (_DECIMAL_PLACES, _SIGNIFICANT_DIGITS, _TICK_SIZE)
_SIGNIFICANT: Final = frozenset({"bitfinex", "bithumb"})
"""Exchanges whose prices ccxt counts in significant digits: they have no one tick."""
_PLACES: Final = 8
_MOST: Final = {"max_quantity": Decimal((1 << 64) - 1).scaleb(-8)}
_DATE: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_EPOCH_END: Final = 18_446_744_073_000
"""Milliseconds: times end in 2554."""
_FEES_FROM: Final = "fees_from"


class Markets(NamedTuple):
    """What an exchange lists."""

    source: str
    """File or exchange, for people."""
    exchange: str
    """ccxt's name of it."""
    markets: Sequence[Any]
    precision_mode: int
    as_of: str
    """The date, "" where nothing says it."""


async def read_markets(path: Path) -> Markets:
    """Those of a file, or of the exchange that is named.

    Raises:
        MeshError: neither (FILE_UNREADABLE, EXCHANGE_UNKNOWN, EXCHANGE_UNREACHABLE,
            CCXT_NOT_INSTALLED).
    """
    if (there := _read_file(path)) is not None:
        return there
    name = str(path)
    if not EXCHANGE_ID.fullmatch(name):
        raise NotFound(f"{path}: no such file, and no exchange's name", reason="FILE_UNREADABLE")
    markets, mode = await fetch_markets(name)
    today = dt.datetime.now(dt.UTC).date().isoformat()
    return Markets(name, name, list(markets.values()), mode, today)


def _read_file(path: Path) -> Markets | None:
    """None where there is none."""
    if not path.exists():
        return None
    document = read_json(path)
    inner = document.get("markets") if isinstance(document, dict) else None
    about: dict[str, Any] = document if isinstance(inner, dict | list) else {}
    markets = inner if about else document
    listed = list(markets.values()) if isinstance(markets, dict) else markets
    if isinstance(listed, list) and all(isinstance(each, list) for each in listed):
        listed = [market for same in listed for market in same]  # `markets_by_id`
    if not isinstance(listed, list) or not any(isinstance(each, dict) for each in listed):
        raise InvalidArgument(f"{path}: no markets of ccxt", reason="FILE_UNREADABLE")
    exchange = _exchange_of(path, about)
    mode = about.get("precisionMode")
    if mode not in _MODES:  # whatever it is
        mode = _SIGNIFICANT_DIGITS if exchange in _SIGNIFICANT else _guessed_mode(listed)
    found = _DATE.search(str(about.get("timestamp", ""))) or _DATE.search(path.name)
    return Markets(path.name, exchange, listed, int(mode), found[0] if found else "")


def _exchange_of(path: Path, about: dict[str, Any]) -> str:
    named = str(about.get("exchange") or about.get("id") or "")
    name = named or re.split(r"[^a-z0-9]", path.name.lower())[0]
    if not EXCHANGE_ID.fullmatch(name) or name in _NO_EXCHANGE:
        raise InvalidArgument(
            f'{path}: of which exchange? name it "<exchange>.json" as ccxt calls it, '
            'or wrap it: {"exchange": "binance", "markets": …}',
            reason="EXCHANGE_UNKNOWN",
        )
    return name


def _guessed_mode(markets: Iterable[Any]) -> int:
    """Precisions are steps (0.01) in ccxt of today and were decimal places (2) in older ones. Steps
    that all are whole, and not all 1, are no steps.
    """
    values = {
        number
        for market in markets
        if isinstance(market, dict)
        for name in ("price", "amount")
        if (number := _number(inside(market, "precision", name))) is not None
    }
    whole = all(value == value.to_integral_value() for value in values)
    return _DECIMAL_PLACES if whole and values - {Decimal(1)} else _TICK_SIZE


async def import_markets(loader: Loader, places: Places, path: Path) -> Summary:
    """One exchange: its currencies, then its pairs, then what is derived from them."""
    found = await read_markets(path)
    summary = Summary(f"ccxt {found.source}")
    pairs: list[Row] = []
    others: list[Row] = []
    currencies: dict[str, Row] = {}
    fees: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    seen: set[tuple[object, ...]] = set()
    for number, market in enumerate(found.markets, 1):
        label = str(market.get("symbol", ""))[:64] if isinstance(market, dict) else ""
        place = Place(found.source, number, label)
        row = await _row(places, place, found, market, summary)
        if row is None:
            continue
        key = _identity(row.message)
        if key in seen:
            summary.leave_out(place, "LISTED_TWICE", "the exchange has this one already")
            continue
        seen.add(key)
        kind = row.message.asset_type
        (pairs if kind == _A.ASSET_TYPE_CRYPTO_PAIR else others).append(row)
        if kind == _A.ASSET_TYPE_INDEX:
            continue
        for code in (row.message.base_currency, row.message.quote_currency):
            currencies.setdefault(code, _currency(place, code))
        if market.get("active") is not False:
            fees[places.by_number[row.message.venue].name].add(_fees(market))
    await loader.load(list(currencies.values()), frozenset(), summary)
    await loader.load(pairs, _FIELDS, summary)
    for row in others:
        if row.message.asset_type != _A.ASSET_TYPE_INDEX:
            base, quote = row.message.base_currency, row.message.quote_currency
            spot = _pair_key(base, quote)
            row.underlying = spot if spot in loader.ids else base
    await loader.load(others, _FIELDS, summary)
    for name, schedules in sorted(fees.items()):
        place = Place(found.source, 0, name)
        await _set_fees(loader.registry, places, place, schedules, summary)
    return summary


def _identity(message: pb.Instrument) -> tuple[object, ...]:
    """What makes it that one (docs/identity.md)."""
    if message.asset_type == _A.ASSET_TYPE_CRYPTO_PAIR:
        return (message.venue, message.base_currency, message.quote_currency)
    day = message.expires_at.seconds // 86400
    return (message.asset_type, message.venue, message.symbol, day)


def _currency(place: Place, code: str) -> Row:
    message = pb.Instrument(asset_type=_A.ASSET_TYPE_CURRENCY, symbol=code)
    return Row(place, message, key=code, fill_in=True)


def _pair_key(base: str, quote: str) -> str:
    return f"{base}/{quote}"


async def _row(
    places: Places, place: Place, found: Markets, market: Any, summary: Summary
) -> Row | None:
    problem = _problem(market)
    if problem is not None:
        summary.leave_out(place, *problem)
        return None
    kind = _TYPES[market["type"]]
    venue = await places.named(
        _venue_name(found.exchange, kind, market), pb.VENUE_KIND_CRYPTO_EXCHANGE, found.exchange
    )
    message = pb.Instrument(
        asset_type=kind,
        venue=venue.venue,
        symbol=market["id"],
        status=_status(market, kind),
        base_currency=market["base"] if kind != _A.ASSET_TYPE_INDEX else "",
        quote_currency=market["quote"],
    )
    source = {
        AS_OF: found.as_of,
        "ccxt_exchange": found.exchange,
        "ccxt_symbol": market["symbol"],
    }
    for field, number in _steps(market, found.precision_mode).items():
        _put_number(place, message, field, number, source, summary)
    if kind not in {_A.ASSET_TYPE_CRYPTO_PAIR, _A.ASSET_TYPE_INDEX}:
        _contract(place, message, market, source, summary)
    created = market.get("created")
    if isinstance(created, int) and 0 < created < _EPOCH_END:
        message.valid_from.FromMilliseconds(created)
    for name, value in (
        ("max_notional", inside(market, "limits", "cost", "max")),
        ("max_leverage", inside(market, "limits", "leverage", "max")),
    ):
        number = _number(value)
        if number:
            source[name] = _text(number)
    put(message.metadata, source)
    is_pair = kind == _A.ASSET_TYPE_CRYPTO_PAIR
    return Row(place, message, key=_pair_key(market["base"], market["quote"]) if is_pair else "")


def _problem(market: Any) -> tuple[str, str] | None:
    """Reason and message, where it is no market that has a place here."""
    if not isinstance(market, dict):
        return "ROW_INVALID", f"no market: {str(market)[:80]}"
    for name in ("id", "symbol", "base", "quote", "type"):
        if not isinstance(market.get(name), str) or not market[name]:
            return "ROW_INVALID", f"{name} is {str(market.get(name))[:80]!r}"
    if market["type"] not in _TYPES:
        return "MARKET_TYPE_UNKNOWN", f"type {market['type'][:80]!r}"
    return None


def _venue_name(exchange: str, kind: int, market: dict[str, Any]) -> str:
    spot, linear, inverse, options = _VENUES.get(exchange, (exchange.upper(),) * 4)
    if kind == _A.ASSET_TYPE_CRYPTO_PAIR:
        return spot
    if kind == _A.ASSET_TYPE_OPTION:
        return options
    return inverse if market.get("inverse") is True else linear


def _status(market: dict[str, Any], kind: int) -> pb.InstrumentStatus.ValueType:
    expiry = market.get("expiry")
    dated = kind in {_A.ASSET_TYPE_FUTURE, _A.ASSET_TYPE_OPTION}
    now = dt.datetime.now(dt.UTC).timestamp() * 1000
    if dated and isinstance(expiry, int) and expiry <= now:
        return pb.INSTRUMENT_STATUS_EXPIRED
    # `active` says nothing of whether it comes back, and what is halted may
    halted = market.get("active") is False and kind != _A.ASSET_TYPE_INDEX
    return pb.INSTRUMENT_STATUS_HALTED if halted else pb.INSTRUMENT_STATUS_ACTIVE


def _steps(market: dict[str, Any], mode: int) -> dict[str, Decimal | None]:
    price = _number(inside(market, "precision", "price"))
    amount = _number(inside(market, "precision", "amount"))
    if mode == _SIGNIFICANT_DIGITS:
        price = None
    if mode != _TICK_SIZE:
        # amounts are in decimal places also where prices are in significant digits
        price, amount = (_step(value) for value in (price, amount))
    return {
        "tick_size": price,
        "lot_size": amount,
        "min_quantity": _number(inside(market, "limits", "amount", "min")),
        "max_quantity": _number(inside(market, "limits", "amount", "max")),
        "min_notional": _number(inside(market, "limits", "cost", "min")),
    }


def _step(places: Decimal | None) -> Decimal | None:
    """10^-places; None for what cannot be a number of places."""
    if places is None or not -20 <= places <= 40 or places != places.to_integral_value():
        return None
    return Decimal(1).scaleb(-int(places))


def _contract(
    place: Place,
    message: pb.Instrument,
    market: dict[str, Any],
    source: dict[str, str],
    summary: Summary,
) -> None:
    settle = market.get("settle")
    if isinstance(settle, str):
        message.settlement_currency = settle
        if settle not in {market["base"], market["quote"]}:
            source["quanto"] = "true"
    message.inverse = market.get("inverse") is True
    size = _number(market.get("contractSize"))
    _put_number(place, message, "contract_multiplier", size, source, summary)
    if message.asset_type == _A.ASSET_TYPE_PERPETUAL:
        return  # some venues write an expiry in a thousand years
    expiry = market.get("expiry")
    if isinstance(expiry, int) and 0 < expiry < _EPOCH_END:
        message.expires_at.FromMilliseconds(expiry)
    if message.asset_type == _A.ASSET_TYPE_OPTION:
        _put_number(place, message, "strike_price", _number(market.get("strike")), source, summary)
        message.option_right = {
            "call": pb.OPTION_RIGHT_CALL, "put": pb.OPTION_RIGHT_PUT,
        }.get(str(market.get("optionType")), pb.OPTION_RIGHT_UNSPECIFIED)  # fmt: skip


def _put_number(
    place: Place,
    message: pb.Instrument,
    field: str,
    number: Decimal | None,
    source: dict[str, str],
    summary: Summary,
) -> None:
    """Set a field; what the registry's 8 decimal places cannot hold goes to the metadata."""
    if not number or number < 0:
        return
    text = _text(number)
    if -_exponent(number) > _PLACES or number > _MOST.get(field, Decimal(1 << 63).scaleb(-8)):
        source[field] = text
        summary.adapt(place, "NUMBER_OUT_OF_RANGE", f"{field} {text} is in the metadata only")
        return
    setattr(message, field, text)


def _fees(market: dict[str, Any]) -> tuple[str, str]:
    """Maker and taker in basis points; empty where it does not say, or not as a fraction."""
    if market.get("percentage") is False:
        return "", ""
    maker, taker = _number(market.get("maker")), _number(market.get("taker"))
    if maker is None or taker is None or max(abs(maker), abs(taker)) > 1:
        return "", ""
    return _text(maker.scaleb(4)), _text(taker.scaleb(4))


async def _set_fees(
    registry: RegistryClient,
    places: Places,
    place: Place,
    schedules: set[tuple[str, str]],
    summary: Summary,
) -> None:
    """The base tier of a venue whose active markets agree on it, unless somebody else set one."""
    venue = places.by_name[place.label]
    if len(schedules) > 1:
        told = ", ".join(f"{maker}/{taker}" for maker, taker in sorted(schedules))
        summary.adapt(place, "FEES_DIFFER", f"maker/taker in bps: {told[:200]}; none is set")
        return
    ((maker, taker),) = schedules
    present = (venue.maker_fee_bps, venue.taker_fee_bps)
    if not maker or present == (maker, taker):
        return
    ours = venue.metadata.fields[_FEES_FROM].string_value if venue.HasField("metadata") else ""
    if any(present) and ours != "ccxt":
        summary.adapt(place, "FEES_KEPT", f"{'/'.join(present)} bps stay, not {maker}/{taker}")
        return
    wanted = pb.Venue(name=venue.name, maker_fee_bps=maker, taker_fee_bps=taker)
    wanted.metadata.CopyFrom(venue.metadata)
    put(wanted.metadata, {_FEES_FROM: "ccxt"})
    try:
        changed = await registry.update_venue(
            wanted,
            fields=("maker_fee_bps", "taker_fee_bps", "metadata"),
            expected_revision=venue.revision,
        )
    except BROKEN:
        raise
    except MeshError as error:
        summary.adapt(place, error.reason, error.message)
    else:
        places.know(changed)


# ----------------------------------------------------------------------------------------- numbers


def _number(value: Any) -> Decimal | None:
    """A finite number of JSON, or as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number.normalize() if number.is_finite() and abs(number.adjusted()) < 40 else None


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int), "finite"
    return exponent


def _text(number: Decimal) -> str:
    return format(number.normalize() + 0, "f")  # -0 is 0
