"""FinanceDatabase's equities and ETFs: one row a listing, under Yahoo's symbols.

Its identifiers were joined by name, so some stand on what they do not name. What is provably wrong
is taken off a line (docs/importing.md says when); what only may be wrong stays, and an identifier
that several lines have is answered as ambiguous.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Final, NamedTuple

from stdnum import isin as stdnum_isin

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.importers.rows import Place, Row, Summary, clean, put, read_csv
from alphapulse_mesh.runtime.currencies import MINOR_UNITS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alphapulse_mesh.importers.loading import Loader
    from alphapulse_mesh.importers.places import Places

__all__ = ["import_listings", "put_currency"]

_A = common_pb2.AssetType
_COLUMNS: Final = ("symbol", "name", "currency", "exchange", "mic", "isin")
_FIELDS: Final = frozenset(
    {
        "name", "quote_currency", "isin", "cusip", "figi", "composite_figi", "share_class_figi",
        "status", "primary_listing", "metadata", "underlying", "settlement_currency",
    }
)  # fmt: skip
# suffix of Yahoo's → MIC, for rows that name neither exchange nor MIC
_SUFFIXES: Final = {
    "T": "XJPX", "TW": "XTAI", "AX": "XASX", "WA": "XWAR", "L": "XLON", "F": "XFRA", "ST": "XSTO",
    "PA": "XPAR", "MI": "XMIL", "DE": "XETR", "SW": "XSWX", "TO": "XTSE", "OL": "XOSL",
    "AS": "XAMS", "CO": "XCSE", "MC": "XMAD", "HE": "XHEL", "NE": "NEOE", "AT": "ASEX",
    "BR": "XBRU", "TA": "XTAE", "VI": "XWBO", "PR": "XPRA", "V": "XTSX", "RO": "XBSE",
    "SN": "XSGO", "KS": "XKRX",
}  # fmt: skip
_PRINCIPAL: Final = {
    "US": ("XNYS", "XNAS", "XASE", "ARCX", "BATS"), "DE": ("XETR",), "GB": ("XLON",),
    "IN": ("XNSE",), "CA": ("XTSE", "XTSX"), "CH": ("XSWX",), "FR": ("XPAR",), "JP": ("XJPX",),
    "AU": ("XASX",), "NL": ("XAMS",), "IT": ("XMIL",), "SE": ("XSTO",), "KR": ("XKRX", "XKOS"),
}  # fmt: skip
"""Country of an ISIN → the markets where its primary line is."""
_RECEIPT_NAME: Final = re.compile(
    r"\b(ADR|ADS|GDR|CDR|(American|Global) Depositary|Depositary Receipts?)\b", re.IGNORECASE
)
_SPELLINGS: Final = {
    "GBp": "GBX", "GBx": "GBX", "ILa": "ILA", "USc": "USX", "USx": "USX", "ZAc": "ZAC",
}  # fmt: skip
"""How others write hundredths of a currency."""
_BDR: Final = re.compile(r"[A-Z0-9]{4}3[1-9]")
"""B3 gives these endings to Brazilian depositary receipts."""


class _Listing(NamedTuple):
    place: Place
    row: dict[str, str]
    venue: pb.Venue
    symbol: str
    fund: bool


async def import_listings(loader: Loader, places: Places, paths: Sequence[Path]) -> list[Summary]:
    """All files together, because a receipt in one may be of a share in another."""
    summary = Summary("financedatabase")
    listings = _read(paths, places, summary)
    receipts = _receipt_classes(listings)
    doubtful = _doubtful(listings)
    first: list[Row] = []
    others: list[Row] = []
    later: list[tuple[Row, str, str]] = []
    shares: dict[str, str] = {}
    primary: set[str] = set()
    for index, listing in enumerate(listings):
        row = _row(listing, str(index), receipts, summary, doubtful=index in doubtful)
        message, given = row.message, listing.row
        if message.asset_type == _A.ASSET_TYPE_DEPOSITARY_RECEIPT:
            later.append((row, given["isin"], given.get("shareclass_figi", "")))
            continue
        markets = _PRINCIPAL.get(message.isin[:2], ())
        main = listing.venue.mic in markets and message.isin not in primary
        if main and message.status == pb.INSTRUMENT_STATUS_ACTIVE and message.isin:
            primary.add(message.isin)
            message.primary_listing = True
        (first if message.primary_listing else others).append(row)
    for row in (*first, *others):
        for name in (row.message.isin, row.message.share_class_figi):
            if name:
                shares.setdefault(name, row.key)
    await loader.load(first, _FIELDS, summary)
    await loader.load(others, _FIELDS, summary)
    for row, isin, share_class in later:
        origin = shares.get(isin) or shares.get(share_class, "")
        if origin in loader.ids:
            row.underlying = origin
    await loader.load([row for row, *_ in later], _FIELDS, summary)
    return [summary]


def _read(paths: Sequence[Path], places: Places, summary: Summary) -> list[_Listing]:
    found = []
    seen: set[tuple[bool, int, str]] = set()
    for path in paths:
        fund = path.name.startswith("etf")
        for line, row in read_csv(path, summary, *_COLUMNS):
            place = Place(path.name, line, row["symbol"])
            symbol, _, suffix = row["symbol"].rpartition(".")
            if not symbol:
                symbol, suffix = row["symbol"], ""
            mic = row["mic"]
            if not mic and not row["exchange"]:
                mic = _SUFFIXES.get(suffix, "")
                if mic:
                    summary.adapt(place, "MIC_FROM_SUFFIX", f".{suffix} is {mic}")
            elif not mic and row["exchange"] == "TLO":
                mic = "ETLX"
                summary.adapt(place, "MIC_FROM_EXCHANGE", "TLO is EuroTLX, ETLX")
            venue = places.by_mic.get(mic)
            problem = ""
            if not symbol:
                problem = "ROW_INVALID"
            elif not mic:
                problem = "LISTING_VENUE_UNKNOWN"
            elif venue is None:
                problem = "VENUE_UNKNOWN"
            elif (fund, venue.venue, symbol) in seen:
                problem = "LISTED_TWICE"
            if problem or venue is None:
                what = f"MIC {mic!r}, exchange {row['exchange']!r}, suffix {suffix!r}"
                summary.leave_out(place, problem, what if symbol else "no symbol")
                continue
            seen.add((fund, venue.venue, symbol))
            found.append(_Listing(place, row, venue, symbol, fund))
    return found


def _receipt_classes(listings: Sequence[_Listing]) -> frozenset[str]:
    """Share classes that are receipts' own: a line has a CUSIP of North America beside the ISIN of
    a share elsewhere.
    """
    return frozenset(
        listing.row["shareclass_figi"]
        for listing in listings
        if listing.row.get("shareclass_figi") and _foreign_cusip(listing.row)
    )


def _foreign_cusip(row: dict[str, str]) -> bool:
    isin, cusip = row["isin"], row.get("cusip", "")
    return bool(
        isin and cusip and isin[:2] not in {"US", "CA"} and cusip[0].isdigit()
        and isin[2:11] != cusip
    )  # fmt: skip


def _doubtful(listings: Sequence[_Listing]) -> set[int]:
    """Lines of a venue that share an ISIN in one currency, without a FIGI of their own: at most one
    symbol can be that security's.
    """
    together: defaultdict[tuple[str, int, str], list[int]] = defaultdict(list)
    for index, listing in enumerate(listings):
        if listing.row["isin"]:
            key = (listing.row["isin"], listing.venue.venue, listing.row["currency"])
            together[key].append(index)
    return {
        index
        for indices in together.values()
        if len(indices) > 1
        for index in indices
        if not listings[index].row.get("figi")
    }


def _is_receipt(listing: _Listing, receipts: frozenset[str]) -> bool:
    row, mic, country = listing.row, listing.venue.mic, listing.row.get("country", "")
    if mic == "XBUE" and (
        (country and country != "Argentina") or row["isin"][:2] not in {"", "AR"}
    ):
        return True  # CEDEARs: every foreign share there is one
    if mic == "BVMF" and _BDR.fullmatch(listing.symbol):
        return True
    own = row.get("shareclass_figi", "") in receipts or _foreign_cusip(row)
    return own or (not listing.fund and _RECEIPT_NAME.search(row["name"]) is not None)


def _row(
    listing: _Listing, key: str, receipts: frozenset[str], summary: Summary, *, doubtful: bool
) -> Row:
    place, row, venue, symbol, fund = listing
    message = pb.Instrument(
        asset_type=_A.ASSET_TYPE_ETF if fund else _A.ASSET_TYPE_STOCK,
        venue=venue.venue,
        symbol=symbol,
        name=clean(row["name"]),
        status=(
            pb.INSTRUMENT_STATUS_DELISTED
            if row.get("delisted") == "True"
            else pb.INSTRUMENT_STATUS_ACTIVE
        ),
        isin=row["isin"],
        cusip=row.get("cusip", ""),
        figi=row.get("figi", ""),
        composite_figi=row.get("composite_figi", ""),
        share_class_figi=row.get("shareclass_figi", ""),
    )
    put_currency(message, row["currency"], place, summary)
    source = {"country": row.get("country", ""), "sector": row.get("sector", "")}
    if row["symbol"] != symbol:
        source["source_symbol"] = row["symbol"]
    if stdnum_isin.is_valid(symbol) and symbol != row["isin"] and venue.mic != "XCAI":
        # notes and certificates trade under their ISIN; the row's belongs to what they are on
        message.asset_type = _A.ASSET_TYPE_BOND
        _without_identifiers(message)
        message.isin = symbol
        if row["isin"]:
            summary.adapt(place, "ISIN_OF_ANOTHER", f"{row['isin']} is not {symbol}'s own")
    elif _is_receipt(listing, receipts):
        message.asset_type = _A.ASSET_TYPE_DEPOSITARY_RECEIPT
        if message.share_class_figi and message.share_class_figi not in receipts:
            # that of the share: receipts of two programmes are not one security
            source["underlying_share_class_figi"] = message.share_class_figi
            message.ClearField("share_class_figi")
        summary.adapt(place, "RECEIPT", "typed a depositary receipt")
    elif doubtful:
        source["doubtful_isin"] = row["isin"]
        _without_identifiers(message)
        summary.adapt(place, "ISIN_SHARED", f"{row['isin']} is on several lines of this venue")
    put(message.metadata, source)
    return Row(place, message, key=key)


def put_currency(message: pb.Instrument, code: str, place: Place, summary: Summary) -> None:
    """In what it is quoted; and where that is hundredths, what is paid."""
    quoted = _SPELLINGS.get(code, code)
    if quoted != code:
        summary.adapt(place, "CURRENCY_SPELLING", f"{code} is {quoted}")
    message.quote_currency = quoted
    if quoted in MINOR_UNITS:
        message.settlement_currency = MINOR_UNITS[quoted]


def _without_identifiers(message: pb.Instrument) -> None:
    for field in ("isin", "cusip", "figi", "composite_figi", "share_class_figi"):
        message.ClearField(field)
