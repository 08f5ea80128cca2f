"""Markets of ccxt: recorded answers of exchanges as ccxt 4.5 puts them, and what is not one.

`ccxt/*.json` are `markets` that ccxt made of cryptofeed's recordings of OKX (2022), Binance and
Kraken Futures (2021), a few of each, without the raw `info`.
"""

from __future__ import annotations

import datetime as dt
import json
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import FailedPrecondition, InvalidArgument, NotFound, Unavailable
from alphapulse_mesh.importers.ccxt_markets import import_markets, read_markets
from alphapulse_mesh.importers.loading import Loader
from alphapulse_mesh.importers.places import Places

if TYPE_CHECKING:
    from alphapulse_client.registry import RegistryClient
    from alphapulse_mesh.importers.rows import Summary

DATA = Path(__file__).parent / "ccxt"


def on(year: int, month: int, day: int) -> Timestamp:
    return Timestamp(seconds=int(dt.datetime(year, month, day, tzinfo=dt.UTC).timestamp()))


async def load(registry: RegistryClient, path: Path) -> Summary:
    return await import_markets(Loader(registry), await Places.read(registry), path)


def market(**fields: Any) -> dict[str, Any]:
    """A spot market of today's ccxt."""
    return {
        "id": "ABCUSDT", "symbol": "ABC/USDT", "base": "ABC", "quote": "USDT", "settle": None,
        "type": "spot", "active": True, "inverse": None, "contractSize": None, "expiry": None,
        "precision": {"price": 0.01, "amount": 0.001}, "maker": 0.001, "taker": 0.002,
        "percentage": True,
        "limits": {"amount": {"min": 0.001, "max": 1000}, "cost": {"min": 5, "max": None}},
        **fields,
    }  # fmt: skip


def write(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


async def test_okx(registry: RegistryClient) -> None:
    summary = await load(registry, DATA / "okx.json")
    again = await load(registry, DATA / "okx.json")
    assert (summary.read, summary.created, summary.refused) == (9, 9, 0)
    assert (again.created, again.updated, again.unchanged) == (0, 0, 9)
    assert summary.reasons(refused=False) == {"NUMBER_OUT_OF_RANGE": 3, "FEES_DIFFER": 1}
    spot = await registry.resolve("BTC-USDT", venue="OKX")
    assert spot.asset_type == common_pb2.ASSET_TYPE_CRYPTO_PAIR
    assert (spot.tick_size, spot.lot_size, spot.min_quantity) == ("0.1", "0.00000001", "0.00001")
    assert spot.valid_from.ToMilliseconds() == 1548133413000
    tiny = await registry.resolve("BABYDOGE-USDT", venue="OKX")
    assert (tiny.tick_size, tiny.metadata["tick_size"]) == ("", "0.000000000001")
    linear = await registry.resolve("BTC-USDT-SWAP", venue="OKX")
    assert linear.asset_type == common_pb2.ASSET_TYPE_PERPETUAL
    assert (linear.inverse, linear.settlement_currency) == (False, "USDT")
    assert (linear.contract_multiplier, linear.underlying) == ("0.01", spot.id)
    inverse = await registry.resolve("BTC-USD-SWAP", venue="OKX")
    bitcoin = await registry.resolve_all(
        pb.ResolveInstrumentRequest(symbol="BTC", asset_type=common_pb2.ASSET_TYPE_CURRENCY)
    )
    assert (inverse.inverse, inverse.settlement_currency) == (True, "BTC")
    assert inverse.underlying == bitcoin.candidates[0].id  # there is no BTC/USD on the venue
    call = await registry.resolve_all(
        pb.ResolveInstrumentRequest(symbol="BTC-USD-220514-22000-C", as_of=on(2022, 5, 13))
    )
    (option,) = call.candidates
    assert (option.strike_price, option.option_right) == ("22000", pb.OPTION_RIGHT_CALL)
    assert option.expires_at.ToJsonString() == "2022-05-14T08:00:00Z"
    assert option.status == pb.INSTRUMENT_STATUS_EXPIRED
    links = [link async for link in registry.links(bitcoin.candidates[0].id)]
    assert {link.type for link in links} == {
        pb.LINK_TYPE_BASE_OF, pb.LINK_TYPE_DERIVATIVE_OF,
    }  # fmt: skip
    assert (await registry.venue("OKX")).taker_fee_bps == ""


async def test_one_exchange_of_several_venues_and_its_fees(registry: RegistryClient) -> None:
    summary = await load(registry, DATA / "binance.json")
    assert (summary.created, summary.problems) == (7, [])
    spot = await registry.resolve("BTCUSDT", venue="BINANCE")
    swap = await registry.resolve("BTCUSDT", venue="BINANCE_FUTURES")
    assert (swap.asset_type, swap.underlying) == (common_pb2.ASSET_TYPE_PERPETUAL, spot.id)
    fees = {name: await registry.venue(name) for name in ("BINANCE", "BINANCE_FUTURES")}
    assert [(v.maker_fee_bps, v.taker_fee_bps) for v in fees.values()] == [("10", "10"), ("2", "5")]
    # the user's own schedule stays, whatever a later list says
    mine = pb.Venue(name="BINANCE", maker_fee_bps="1", taker_fee_bps="7.5")
    mine.metadata["fees_from"] = "me"
    await registry.update_venue(mine)
    again = await load(registry, DATA / "binance.json")
    assert again.reasons(refused=False) == {"FEES_KEPT": 1}
    assert (await registry.venue("BINANCE")).taker_fee_bps == "7.5"


async def test_indices_and_inverse_contracts(registry: RegistryClient) -> None:
    summary = await load(registry, DATA / "krakenfutures.json")
    assert (summary.created, summary.problems) == (3, [])
    index = await registry.resolve("in_xbtusd", venue="KRAKEN_FUTURES")
    assert (index.asset_type, index.status) == (
        common_pb2.ASSET_TYPE_INDEX, pb.INSTRUMENT_STATUS_ACTIVE,
    )  # fmt: skip
    future = await registry.resolve_all(
        pb.ResolveInstrumentRequest(symbol="fi_xbtusd_210924", as_of=on(2021, 9, 1))
    )
    assert future.candidates[0].inverse


async def test_dirt_is_refused_and_said(registry: RegistryClient, tmp_path: Path) -> None:
    markets = [
        market(),
        market(id="ABCUSDT2"),  # the same pair again
        market(id="X", symbol="X/Y", base="X", quote=None),
        market(id="Z", symbol="Z/USDT", base="Z", type="warrant"),
        "no market",
        market(id="币安", symbol="币安/USDT", base="币安"),
        market(id="H", symbol="H/USDT", base="H", active=False, limits={}),
        market(id="O", symbol="O", type="option", settle="USDT", expiry=1893456000000, strike=1),
        market(id="Q", symbol="Q", base="BTC", quote="USD", settle="ETH", type="swap"),
        market(
            id="BIG", symbol="BIG/USDT", base="BIG", limits={"amount": {"min": -1, "max": 1e30}}
        ),
    ]
    path = write(tmp_path / "mexc-2026-01-01.json", markets)
    summary = await load(registry, path)
    refused = {(p.place.line, p.reason) for p in summary.problems if p.refused}
    assert refused == {
        (2, "LISTED_TWICE"), (3, "ROW_INVALID"), (4, "MARKET_TYPE_UNKNOWN"), (5, "ROW_INVALID"),
        (6, "INSTRUMENT_CURRENCY_INVALID"), (8, "INSTRUMENT_FIELD_MISSING"),
    }  # fmt: skip
    assert summary.read == 10
    assert summary.created == 4
    halted = await registry.resolve("H", venue="MEXC")
    assert halted.status == pb.INSTRUMENT_STATUS_HALTED
    assert halted.metadata["as_of"] == "2026-01-01"
    quanto = await registry.resolve("Q", venue="MEXC")
    assert quanto.metadata["quanto"] == "true"
    big = await registry.resolve("BIG", venue="MEXC")
    assert (big.min_quantity, big.max_quantity) == ("", "")
    assert big.metadata["max_quantity"] == "1" + "0" * 30
    older = write(tmp_path / "mexc-2025-01-01.json", [market(active=False)])
    assert (await load(registry, older)).reasons(refused=False) == {"OLDER_LIST": 1}


@pytest.mark.parametrize(
    ("about", "precision", "tick", "lot"),
    [
        ({}, {"price": 2, "amount": 0}, "0.01", "1"),
        ({}, {"price": 1, "amount": 1}, "1", "1"),
        ({"precisionMode": 2}, {"price": 1, "amount": -2}, "0.1", "100"),
        ({"precisionMode": 4}, {"price": 2, "amount": "5e-1"}, "2", "0.5"),
        ({"precisionMode": 3}, {"price": 5, "amount": 8}, "", "0.00000001"),
        ({"exchange": "bitfinex"}, {"price": 5, "amount": 8}, "", "0.00000001"),
        ({}, {"price": None, "amount": True}, "", ""),
    ],
)
async def test_precisions(
    registry: RegistryClient,
    tmp_path: Path,
    about: dict[str, Any],
    precision: dict[str, Any],
    tick: str,
    lot: str,
) -> None:
    one = market(precision=precision)
    document = {"exchange": "gate", **about, "markets": {"ABC/USDT": one}} if about else [one]
    await load(registry, write(tmp_path / "gateio.json", document))
    found = await registry.resolve(
        "ABCUSDT", venue="BITFINEX" if about.get("exchange") == "bitfinex" else "GATE"
    )
    assert (found.tick_size, found.lot_size) == (tick, lot)


async def test_markets_by_id(registry: RegistryClient, tmp_path: Path) -> None:
    by_id = {"ABCUSDT": [market(), market(type="swap", settle="USDT", contractSize=1)]}
    summary = await load(registry, write(tmp_path / "Bybit.json", by_id))
    assert (summary.read, summary.created, summary.refused) == (2, 2, 0)


async def test_an_exchange_that_the_registry_does_not_know(
    registry: RegistryClient, tmp_path: Path
) -> None:
    await load(registry, write(tmp_path / "upbit.json", [market()]))
    venue = await registry.venue("UPBIT")
    assert venue.kind == pb.VENUE_KIND_CRYPTO_EXCHANGE
    assert venue.maker_fee_bps == "10"


@pytest.mark.parametrize(
    ("name", "document", "reason"),
    [
        ("markets.json", [{}], "EXCHANGE_UNKNOWN"),
        ("okx.json", {}, "FILE_UNREADABLE"),
        ("okx.json", [1, 2], "FILE_UNREADABLE"),
        ("okx.json", "text", "FILE_UNREADABLE"),
    ],
)
async def test_no_markets(tmp_path: Path, name: str, document: Any, reason: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        await read_markets(write(tmp_path / name, document))
    assert caught.value.reason == reason


async def test_a_missing_file_is_no_exchange(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no such file"):
        await read_markets(tmp_path / "okx.json")


class ExchangeError(Exception):
    """The root of ccxt's errors."""


def installed(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[str]:
    """Put a module in ccxt's place; answers what was done with the exchange."""
    done: list[str] = []

    def exchange(_: dict[str, Any]) -> Any:
        async def load_markets() -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        async def close() -> None:
            done.append("closed")

        return SimpleNamespace(load_markets=load_markets, close=close, precisionMode=2)

    library = ModuleType("ccxt.async_support")
    library.__dict__.update(exchanges=["kucoin"], BaseError=ExchangeError, kucoin=exchange)
    monkeypatch.setitem(sys.modules, "ccxt", ModuleType("ccxt"))
    monkeypatch.setitem(sys.modules, "ccxt.async_support", library)
    return done


async def test_live(registry: RegistryClient, monkeypatch: pytest.MonkeyPatch) -> None:
    one = market(precision={"price": 4, "amount": 2})
    done = installed(monkeypatch, {"ABC/USDT": one})
    summary = await load(registry, Path("kucoin"))
    assert (summary.source, summary.created, done) == ("ccxt kucoin", 1, ["closed"])
    assert (await registry.resolve("ABCUSDT", venue="KUCOIN")).tick_size == "0.0001"


async def test_live_refusals(monkeypatch: pytest.MonkeyPatch) -> None:
    done = installed(monkeypatch, ExchangeError("GET https://… timed out"))
    with pytest.raises(Unavailable, match="timed out") as caught:
        await read_markets(Path("kucoin"))
    assert (caught.value.reason, done) == ("EXCHANGE_UNREACHABLE", ["closed"])
    with pytest.raises(InvalidArgument) as unknown:
        await read_markets(Path("kukoin"))
    assert unknown.value.reason == "EXCHANGE_UNKNOWN"
    monkeypatch.setitem(sys.modules, "ccxt.async_support", None)
    with pytest.raises(FailedPrecondition, match="pip install") as missing:
        await read_markets(Path("kucoin"))
    assert missing.value.reason == "CCXT_NOT_INSTALLED"
