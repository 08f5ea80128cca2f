"""In what an instrument may be priced: the form of codes, and for what is listed, whether they are
currencies (ISO 4217, `runtime.currencies`).

What crypto venues quote in is open: a code there is whatever the venue trades.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.registry import identity
from alphapulse_mesh.registry.reasons import Reason
from alphapulse_mesh.runtime.currencies import CURRENCIES, MINOR_UNITS
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Container

__all__ = ["check_currencies", "check_listed_currencies", "is_listed"]

_A = common_pb2.AssetType
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9.$_\-]{0,31}")
_FIAT: Final = re.compile(r"[A-Z]{3}")
_FIELDS: Final = ("base_currency", "quote_currency", "settlement_currency")
_QUOTES: Final = CURRENCIES | MINOR_UNITS.keys()
_LISTED: Final = identity.SECURITIES - {_A.ASSET_TYPE_INDEX}
_LISTED_ON_EXCHANGES: Final = identity.DERIVATIVES | {
    _A.ASSET_TYPE_INDEX,
    _A.ASSET_TYPE_COMMODITY,
}
"""These are on crypto venues too, in whatever is traded there."""
_EXCHANGES: Final = frozenset({pb.VENUE_KIND_EXCHANGE, pb.VENUE_KIND_BROKER})


def check_currencies(normal: pb.Instrument) -> None:
    """Check all codes of an instrument, as far as it can be told without its venue, and give a pair
    without a symbol that of its codes.

    Raises:
        InvalidArgument: CURRENCY_INVALID, CURRENCY_UNKNOWN.
    """
    kind = normal.asset_type
    if kind == common_pb2.ASSET_TYPE_CURRENCY:
        _check_form("symbol", normal.symbol, _CODE)
    pattern = _FIAT if kind == common_pb2.ASSET_TYPE_FX_PAIR else _CODE
    for field in _FIELDS:
        if value := getattr(normal, field):
            _check_form(field, value, pattern)
    if kind == common_pb2.ASSET_TYPE_FX_PAIR:
        for field in _FIELDS:
            _check_known(field, getattr(normal, field), CURRENCIES)
    elif kind in _LISTED:
        _check_quote(normal)
    if kind not in identity.PAIRS:
        return
    if normal.base_currency == normal.quote_currency:
        raise InvalidArgument(
            f"{normal.base_currency} against itself is no pair",
            reason=Reason.CURRENCY_INVALID,
            field="quote_currency",
        )
    # Currencies are quoted under no symbol of their own: a pair without one goes by its codes.
    normal.symbol = normal.symbol or f"{normal.base_currency}/{normal.quote_currency}"


def check_listed_currencies(normal: pb.Instrument, venue: pb.Venue) -> None:
    """Check what an exchange or a broker quotes in.

    Raises:
        InvalidArgument: CURRENCY_UNKNOWN.
    """
    if is_listed(normal.asset_type, venue):
        _check_quote(normal)


def is_listed(asset_type: int, venue: pb.Venue) -> bool:
    """Whether prices of such an instrument on that venue are in currencies of ISO 4217, or in the
    hundredths of some.
    """
    return asset_type in _LISTED or (
        asset_type in _LISTED_ON_EXCHANGES and venue.kind in _EXCHANGES
    )


def _check_quote(normal: pb.Instrument) -> None:
    """Prices may be in hundredths of a currency; what is paid is in a currency."""
    _check_known("quote_currency", normal.quote_currency, _QUOTES)
    _check_known("settlement_currency", normal.settlement_currency, CURRENCIES)


def _check_form(field: str, value: str, pattern: re.Pattern[str]) -> None:
    if not pattern.fullmatch(value):
        what = "an ISO 4217 code" if pattern is _FIAT else "a currency code"
        raise InvalidArgument(
            f"{field}: {value[:64]!r} is not {what}", reason=Reason.CURRENCY_INVALID, field=field
        )


def _check_known(field: str, code: str, known: Container[str]) -> None:
    if code and code not in known:
        raise InvalidArgument(
            f"{field}: ISO 4217 has no currency {code!r}",
            reason=Reason.CURRENCY_UNKNOWN,
            field=field,
        )
