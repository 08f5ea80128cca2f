"""FinanceDatabase's files beside equities and ETFs: one row is a pair, a fund or an index as such.

None of them names a market: what they call the exchange is a service of quotes. Of which kind a
file is, its name says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from babel.numbers import get_currency_name

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.importers.financedatabase import put_currency
from alphapulse_mesh.importers.rows import Place, Row, Summary, clean, put, read_csv
from alphapulse_mesh.runtime.currencies import CURRENCIES

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from alphapulse_mesh.importers.loading import Loader
    from alphapulse_mesh.importers.places import Places

__all__ = ["importer_of"]

_A = common_pb2.AssetType
_PAIR_FIELDS: Final = frozenset({"name", "metadata"})
_NAMED_FIELDS: Final = frozenset({"name", "quote_currency", "settlement_currency", "metadata"})
_ABOUT: Final = ("family", "category_group", "category", "exchange", "market")
_COMPOSITE: Final = "YAHOO_CCC"


def importer_of(path: Path) -> Callable[[Loader, Places, Path], Awaitable[Summary]] | None:
    """What reads a file of that name; None for listings."""
    beginnings = {
        "currencies": _import_currencies,
        "cryptos": _import_cryptos,
        "moneymarkets": _import_funds,
        "funds": _import_funds,
        "indices": _import_indices,
    }
    return next((each for name, each in beginnings.items() if path.name.startswith(name)), None)


def _currency(place: Place, code: str, name: str = "") -> Row:
    """A currency that pairs refer to."""
    if code in CURRENCIES:
        name = get_currency_name(code, locale="en")
    message = pb.Instrument(asset_type=_A.ASSET_TYPE_CURRENCY, symbol=code, name=clean(name))
    return Row(place, message, key=code, fill_in=True)


def _once(place: Place, key: object, seen: set[object], summary: Summary) -> bool:
    """Whether the file has not had it before; a second one is refused."""
    if key in seen:
        summary.leave_out(place, "LISTED_TWICE", "the file has this one already")
        return False
    seen.add(key)
    return True


async def _import_currencies(loader: Loader, _: Places, path: Path) -> Summary:
    """Pairs of currencies, which belong to no venue."""
    summary = Summary(f"financedatabase {path.name}")
    rows: list[Row] = []
    seen: set[object] = set()
    currencies: dict[str, Row] = {}
    for line, row in read_csv(path, summary, "symbol", "name", "base_currency", "quote_currency"):
        place = Place(path.name, line, row["symbol"])
        codes = row["base_currency"], row["quote_currency"]
        message = pb.Instrument(
            asset_type=_A.ASSET_TYPE_FX_PAIR,
            base_currency=codes[0],
            quote_currency=codes[1],
            name=clean(row["name"]),
        )
        put(message.metadata, {"source_symbol": row["symbol"]})
        if not _once(place, codes, seen, summary):
            continue
        rows.append(Row(place, message))
        for code in CURRENCIES & set(codes):
            currencies.setdefault(code, _currency(place, code))
    await loader.load([currencies[code] for code in sorted(currencies)], frozenset(), summary)
    await loader.load(rows, _PAIR_FIELDS, summary)
    return summary


async def _import_cryptos(loader: Loader, places: Places, path: Path) -> Summary:
    """Pairs of Yahoo's composite of crypto exchanges: a price without a place to trade at."""
    summary = Summary(f"financedatabase {path.name}")
    venue = await places.named(
        _COMPOSITE, pb.VENUE_KIND_DATA_VENDOR, "Yahoo's composite of crypto exchanges"
    )
    rows: list[Row] = []
    seen: set[object] = set()
    currencies: dict[str, Row] = {}
    for line, row in read_csv(path, summary, "symbol", "name", "cryptocurrency", "currency"):
        place = Place(path.name, line, row["symbol"])
        base, _, quote = row["symbol"].rpartition("-")
        if not base or not quote:
            summary.leave_out(place, "ROW_INVALID", f"{row['symbol']!r} names no two currencies")
            continue
        if not _once(place, (base, quote), seen, summary):
            continue
        told = row["cryptocurrency"], row["currency"]
        if told != (base, quote):
            # TRUE that went through a spreadsheet, and rows without codes
            summary.adapt(place, "CODES_FROM_SYMBOL", f"not {told[0]!r} and {told[1]!r}")
        message = pb.Instrument(
            asset_type=_A.ASSET_TYPE_CRYPTO_PAIR,
            venue=venue.venue,
            symbol=row["symbol"],
            base_currency=base,
            quote_currency=quote,
            name=clean(row["name"]),
        )
        rows.append(Row(place, message))
        currencies.setdefault(base, _currency(place, base, row["name"].removesuffix(quote)))
        currencies.setdefault(quote, _currency(place, quote))
    await loader.load([currencies[code] for code in sorted(currencies)], frozenset(), summary)
    await loader.load(rows, _PAIR_FIELDS, summary)
    return summary


async def _import_funds(loader: Loader, _: Places, path: Path) -> Summary:
    """Funds that no exchange trades, money-market funds among them."""
    return await _import_named(loader, path, _A.ASSET_TYPE_FUND)


async def _import_indices(loader: Loader, _: Places, path: Path) -> Summary:
    return await _import_named(loader, path, _A.ASSET_TYPE_INDEX)


async def _import_named(
    loader: Loader, path: Path, kind: common_pb2.AssetType.ValueType
) -> Summary:
    """What goes by its symbol alone, with Yahoo's suffix: there is no venue to tell it by."""
    summary = Summary(f"financedatabase {path.name}")
    rows: list[Row] = []
    seen: set[object] = set()
    for line, row in read_csv(path, summary, "symbol", "name", "currency"):
        place = Place(path.name, line, row["symbol"])
        if not _once(place, row["symbol"], seen, summary):
            continue
        message = pb.Instrument(asset_type=kind, symbol=row["symbol"], name=clean(row["name"]))
        put_currency(message, row["currency"], place, summary)
        put(message.metadata, {name: row.get(name, "") for name in _ABOUT})
        rows.append(Row(place, message))
    await loader.load(rows, _NAMED_FIELDS, summary)
    return summary
