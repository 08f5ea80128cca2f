"""What is traded where: contract facts of the markets that the collectors know without asking.

The facts (tick, lot, least notional) are those of Binance's exchangeInfo in August 2024, the time
of the recordings. A live source asks the venue instead. A symbol that is not listed here gets the
finest steps there are, so that nothing valid is refused. Registration is `universe`'s part.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from alphapulse_layout import SourceType, VenueId
from alphapulse_mesh.runtime.errors import ConfigError

__all__ = ["FUTURES_VENUES", "Market", "market_of", "source_type", "split_symbol", "venue_of"]

FUTURES_VENUES: Final = frozenset({VenueId.BINANCE_FUTURES, VenueId.SIMULATOR_FUTURES})

# longest first: FDUSD before USD
_QUOTES: Final = (
    "FDUSD", "USDT", "USDC", "BUSD", "TUSD", "USD1", "USD", "BTC", "ETH", "BNB", "EUR", "TRY",
    "BRL", "JPY", "DAI",
)  # fmt: skip

_SOURCES: Final = {
    VenueId.BINANCE: SourceType.BINANCE_COLLECTOR,
    VenueId.BINANCE_FUTURES: SourceType.BINANCE_COLLECTOR,
    VenueId.SIMULATOR: SourceType.SIMULATOR_COLLECTOR,
    VenueId.SIMULATOR_FUTURES: SourceType.SIMULATOR_COLLECTOR,
}


@dataclass(frozen=True, slots=True)
class Market:
    """One instrument of one venue; decimal fields are decimal text."""

    venue: VenueId
    symbol: str
    base: str
    quote: str
    tick_size: str
    lot_size: str
    min_notional: str = ""

    @property
    def perpetual(self) -> bool:
        """A perpetual future; else a spot pair."""
        return self.venue in FUTURES_VENUES


# (symbol, is perpetual) → tick size, lot size, least notional
_FACTS: Final = {
    ("BTCUSDT", False): ("0.01", "0.00001", "5"),
    ("ETHUSDT", False): ("0.01", "0.0001", "5"),
    ("BTCUSDT", True): ("0.10", "0.001", "100"),
    ("ETHUSDT", True): ("0.01", "0.001", "20"),
}
_FINEST: Final = ("0.00000001", "0.00000001", "")


def split_symbol(symbol: str) -> tuple[str, str]:
    """Base and quote currency of a Binance symbol: `BTCUSDT` is BTC and USDT.

    A delivery suffix (`_240927`) is no part of the quote.

    Raises:
        ValueError: it ends in no quote currency that is known here.
    """
    pair = symbol.partition("_")[0]
    for quote in _QUOTES:
        if pair.endswith(quote) and len(pair) > len(quote):
            return pair.removesuffix(quote), quote
    raise ValueError(f"{symbol!r} ends in no known quote currency")


def market_of(venue: VenueId, symbol: str) -> Market:
    """The market behind a symbol. Raises ValueError like `split_symbol`."""
    base, quote = split_symbol(symbol)
    tick, lot, notional = _FACTS.get((symbol, venue in FUTURES_VENUES), _FINEST)
    return Market(venue, symbol, base, quote, tick, lot, notional)


def venue_of(name: str) -> VenueId:
    """The venue of a configured name: `BINANCE_FUTURES`, also in lower case or with dashes.

    Raises:
        ConfigError: no collector speaks for that venue (reason CONFIG_UNKNOWN_VENUE).
    """
    wanted = name.upper().replace("-", "_")
    for venue in _SOURCES:
        if venue.name == wanted:
            return venue
    known = ", ".join(venue.name for venue in _SOURCES)
    raise ConfigError(
        f"collectors: no collector for venue {name!r}; there are {known}",
        reason="CONFIG_UNKNOWN_VENUE",
        venue=name,
    )


def source_type(venue: VenueId) -> SourceType:
    """What frames of a venue's collector name as their source."""
    return _SOURCES[venue]
