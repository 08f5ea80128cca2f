"""The venues that every registry knows from the start, and the numbers that it may give to others.

Names and numbers are those of the FlatBuffers enumeration `VenueId`; kinds, chains, MICs (ISO
10383, list of 2025-10-13) and titles are added here. Venues registered at run time are events, see
`venue_registration`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import VenueId

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "FIRST_GIVEN_NUMBER",
    "LAST_GIVEN_NUMBER",
    "SOLANA_CHAIN_ID",
    "builtin_venues",
]

FIRST_GIVEN_NUMBER: Final = 49152
LAST_GIVEN_NUMBER: Final = 65535

SOLANA_CHAIN_ID: Final = 501000101
"""Solana has no EIP-155 number; this is the one that Uniswap's token lists use."""


class _Facts(NamedTuple):
    title: str
    kind: pb.VenueKind.ValueType
    mic: str = ""
    country: str = ""
    chain_id: int = 0


def _crypto(title: str) -> _Facts:
    return _Facts(title, pb.VENUE_KIND_CRYPTO_EXCHANGE)


def _chain(title: str, chain_id: int) -> _Facts:
    return _Facts(title, pb.VENUE_KIND_CHAIN, chain_id=chain_id)


def _dex(title: str) -> _Facts:
    # One number for the protocol, on whichever chains it is deployed: the pool says which.
    return _Facts(title, pb.VENUE_KIND_DEX)


def _exchange(title: str, mic: str, country: str) -> _Facts:
    return _Facts(title, pb.VENUE_KIND_EXCHANGE, mic, country)


_V = VenueId
_FACTS: Final[dict[VenueId, _Facts]] = {
    _V.BINANCE: _crypto("Binance spot"),
    _V.BINANCE_FUTURES: _crypto("Binance USD-margined futures"),
    _V.BINANCE_US: _crypto("Binance.US"),
    _V.KRAKEN: _crypto("Kraken"),
    _V.KRAKEN_FUTURES: _crypto("Kraken Futures"),
    _V.COINBASE: _crypto("Coinbase Exchange"),
    _V.COINBASE_ADVANCED: _crypto("Coinbase Advanced Trade"),
    _V.OKX: _crypto("OKX"),
    _V.BYBIT: _crypto("Bybit"),
    _V.BITFINEX: _crypto("Bitfinex"),
    _V.BITSTAMP: _crypto("Bitstamp"),
    _V.GEMINI: _crypto("Gemini"),
    _V.DERIBIT: _crypto("Deribit"),
    _V.DYDX: _Facts("dYdX", pb.VENUE_KIND_DEX),
    _V.HYPERLIQUID: _Facts("Hyperliquid", pb.VENUE_KIND_DEX),
    _V.BINANCE_COIN_FUTURES: _crypto("Binance coin-margined futures"),
    _V.KUCOIN: _crypto("KuCoin"),
    _V.GATE: _crypto("Gate"),
    _V.MEXC: _crypto("MEXC"),
    _V.SIMULATOR: _Facts("Simulated spot exchange", pb.VENUE_KIND_SIMULATED),
    _V.SIMULATOR_FUTURES: _Facts("Simulated futures exchange", pb.VENUE_KIND_SIMULATED),
    _V.ETHEREUM: _chain("Ethereum", 1),
    _V.POLYGON: _chain("Polygon PoS", 137),
    _V.ARBITRUM: _chain("Arbitrum One", 42161),
    _V.OPTIMISM: _chain("OP Mainnet", 10),
    _V.BASE: _chain("Base", 8453),
    _V.BSC: _chain("BNB Smart Chain", 56),
    _V.AVALANCHE: _chain("Avalanche C-Chain", 43114),
    _V.SOLANA: _chain("Solana", SOLANA_CHAIN_ID),
    _V.BITCOIN: _chain("Bitcoin", 0),
    _V.CELO: _chain("Celo", 42220),
    _V.GNOSIS: _chain("Gnosis Chain", 100),
    _V.ZKSYNC: _chain("ZKsync Era", 324),
    _V.UNISWAP_V2: _dex("Uniswap v2"),
    _V.UNISWAP_V3: _dex("Uniswap v3"),
    _V.UNISWAP_V4: _dex("Uniswap v4"),
    _V.SUSHISWAP: _dex("SushiSwap"),
    _V.CURVE: _dex("Curve"),
    _V.BALANCER: _dex("Balancer"),
    _V.PANCAKESWAP: _dex("PancakeSwap"),
    _V.QUICKSWAP: _dex("QuickSwap"),
    _V.BANCOR: _dex("Bancor"),
    _V.ZERO_EX: _dex("0x"),
    _V.ALPACA: _Facts("Alpaca", pb.VENUE_KIND_BROKER, country="US"),
    _V.POLYGON_IO: _Facts("Polygon.io", pb.VENUE_KIND_DATA_VENDOR, country="US"),
    _V.INTERACTIVE_BROKERS: _Facts("Interactive Brokers", pb.VENUE_KIND_BROKER, "IBKR", "US"),
    _V.DATABENTO: _Facts("Databento", pb.VENUE_KIND_DATA_VENDOR, country="US"),
    _V.NASDAQ: _exchange("Nasdaq", "XNAS", "US"),
    _V.NYSE: _exchange("New York Stock Exchange", "XNYS", "US"),
    _V.NYSE_ARCA: _exchange("NYSE Arca", "ARCX", "US"),
    _V.NYSE_AMERICAN: _exchange("NYSE American", "XASE", "US"),
    _V.CBOE_BZX: _exchange("Cboe BZX U.S. Equities Exchange", "BATS", "US"),
    _V.IEX: _exchange("Investors Exchange", "IEXG", "US"),
    _V.XETRA: _exchange("Xetra", "XETR", "DE"),
    _V.FRANKFURT: _exchange("Börse Frankfurt", "XFRA", "DE"),
    _V.LSE: _exchange("London Stock Exchange", "XLON", "GB"),
    _V.EURONEXT_PARIS: _exchange("Euronext Paris", "XPAR", "FR"),
    _V.EURONEXT_AMSTERDAM: _exchange("Euronext Amsterdam", "XAMS", "NL"),
    _V.SIX: _exchange("SIX Swiss Exchange", "XSWX", "CH"),
    _V.TSE: _exchange("Tokyo Stock Exchange", "XTKS", "JP"),
    _V.HKEX: _exchange("Hong Kong Exchanges and Clearing", "XHKG", "HK"),
    _V.SGX: _exchange("Singapore Exchange", "XSES", "SG"),
    _V.ASX: _exchange("ASX", "XASX", "AU"),
    _V.TSX: _exchange("Toronto Stock Exchange", "XTSE", "CA"),
    _V.B3: _exchange("B3 Brasil Bolsa Balcão", "BVMF", "BR"),
    _V.BYMA: _exchange("Bolsas y Mercados Argentinos", "XBUE", "AR"),
    _V.CME: _exchange("Chicago Mercantile Exchange", "XCME", "US"),
    _V.CBOT: _exchange("Chicago Board of Trade", "XCBT", "US"),
    _V.NYMEX: _exchange("New York Mercantile Exchange", "XNYM", "US"),
    _V.COMEX: _exchange("COMEX", "XCEC", "US"),
    _V.ICE_FUTURES_US: _exchange("ICE Futures U.S.", "IFUS", "US"),
    _V.EUREX: _exchange("Eurex", "XEUR", "DE"),
    _V.OTC: _exchange("OTC Markets", "OTCM", "US"),
}


def builtin_venues() -> Iterator[pb.Venue]:
    """Every member of `VenueId` but NONE, by number. Fees are left unsaid: they are the caller's
    tier.
    """
    for member in VenueId:
        if member is VenueId.NONE:
            continue
        facts = _FACTS[member]
        yield pb.Venue(
            venue=member.value,
            name=member.name,
            kind=facts.kind,
            mic=facts.mic,
            title=facts.title,
            country=facts.country,
            chain_id=facts.chain_id,
        )
