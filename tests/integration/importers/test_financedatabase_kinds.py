"""FinanceDatabase's currencies, cryptos, funds and indices; hundredths of a currency."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.importers.financedatabase import import_listings
from alphapulse_mesh.importers.financedatabase_kinds import importer_of
from alphapulse_mesh.importers.loading import Loader
from alphapulse_mesh.importers.places import Places

if TYPE_CHECKING:
    from pathlib import Path

    from alphapulse_client.registry import RegistryClient
    from alphapulse_mesh.importers.rows import Summary

A = common_pb2.AssetType


async def load(registry: RegistryClient, path: Path, *rows: tuple[str, ...]) -> Summary:
    """Import a file of a header and rows."""
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)
    read = importer_of(path)
    assert read is not None
    return await read(Loader(registry), await Places.read(registry), path)


async def every(registry: RegistryClient, kind: A.ValueType) -> dict[str, pb.Instrument]:
    return {each.symbol: each async for each in registry.list(asset_type=kind)}


async def test_pairs_of_currencies(registry: RegistryClient, tmp_path: Path) -> None:
    rows = [
        ("symbol", "name", "base_currency", "quote_currency", "exchange"),
        ("AED=X", "USD/AED", "USD", "AED", "CCY"),
        ("USDAED=X", "USD/AED", "USD", "AED", "CCY"),  # the same once more
        ("EURBGN=X", "EUR/BGN", "EUR", "BGN", "CCY"),  # withdrawn, and history all the same
        ("AUXCAD=X", "AUX/CAD", "AUX", "CAD", "CCY"),  # an index of Yahoo's
        ("EUREUR=X", "EUR/EUR", "EUR", "EUR", "CCY"),
        ("ZACUSD=X", "ZAC/USD", "ZAC", "USD", "CCY"),  # hundredths are no currency
    ]
    path = tmp_path / "currencies.csv"
    summary = await load(registry, path, *rows)
    again = await load(registry, path, *rows)
    assert (summary.read, summary.created, again.unchanged) == (6, 2, 2)
    assert summary.reasons(refused=True) == {
        "INSTRUMENT_CURRENCY_UNKNOWN": 2, "INSTRUMENT_CURRENCY_INVALID": 1, "LISTED_TWICE": 1,
    }  # fmt: skip
    pairs = await every(registry, A.ASSET_TYPE_FX_PAIR)
    assert set(pairs) == {"USD/AED", "EUR/BGN"}
    assert (pairs["USD/AED"].venue, pairs["USD/AED"].metadata["source_symbol"]) == (0, "AED=X")
    currencies = await every(registry, A.ASSET_TYPE_CURRENCY)
    assert set(currencies) == {"AED", "BGN", "CAD", "EUR", "USD"}
    assert currencies["USD"].name == "US Dollar"
    links = [link async for link in registry.links(pairs["USD/AED"].id)]
    assert [(getattr(link, "from"), link.type) for link in links] == [
        (currencies["USD"].id, pb.LINK_TYPE_BASE_OF)
    ]


async def test_pairs_of_a_composite(registry: RegistryClient, tmp_path: Path) -> None:
    summary = await load(
        registry,
        tmp_path / "cryptos.csv",
        ("symbol", "name", "cryptocurrency", "currency", "exchange"),
        ("AAVE-CAD", "Aave CAD", "AAVE", "CAD", "CCC"),
        ("TRUE-USD", "True USD", "True", "USD", "CCC"),  # a spreadsheet took it for a truth value
        ("FIL-BTC", "", "", "", ""),
        ("AAVE", "Aave", "AAVE", "USD", "CCC"),
    )
    assert summary.reasons(refused=True) == {"ROW_INVALID": 1}
    assert summary.reasons(refused=False) == {"CODES_FROM_SYMBOL": 2}
    venue = await registry.venue("YAHOO_CCC")
    assert venue.kind == pb.VENUE_KIND_DATA_VENDOR
    pairs = await every(registry, A.ASSET_TYPE_CRYPTO_PAIR)
    assert {(p.base_currency, p.quote_currency, p.venue) for p in pairs.values()} == {
        ("AAVE", "CAD", venue.venue), ("TRUE", "USD", venue.venue), ("FIL", "BTC", venue.venue),
    }  # fmt: skip
    assert (await every(registry, A.ASSET_TYPE_CURRENCY))["AAVE"].name == "Aave"


async def test_funds_and_indices(registry: RegistryClient, tmp_path: Path) -> None:
    header = ("symbol", "name", "currency", "summary", "family", "exchange")
    funds = [
        ("AALXX", "Thrivent Money Market Fund", "USD", "…", "Thrivent Mutual Funds", "NAS"),
        ("SNBKZ.SW", "", "CHF", "", "", "EBS"),
        ("0P0001.L", "Pence", "GBp", "", "", "LSE"),
        ("BAD", "Bad", "ABC", "", "", ""),
    ]
    summary = await load(registry, tmp_path / "moneymarkets.csv", header, *funds)
    assert (summary.created, summary.reasons(refused=True)) == (
        3, {"INSTRUMENT_CURRENCY_UNKNOWN": 1},
    )  # fmt: skip
    assert summary.reasons(refused=False) == {"CURRENCY_SPELLING": 1}
    found = await every(registry, A.ASSET_TYPE_FUND)
    assert found["AALXX"].metadata["family"] == "Thrivent Mutual Funds"
    assert (found["AALXX"].venue, found["AALXX"].quote_currency) == (0, "USD")
    assert found["0P0001.L"].quote_currency == "GBX"
    assert found["0P0001.L"].settlement_currency == "GBP"
    same = await load(registry, tmp_path / "funds.csv", header, funds[0])
    assert (same.created, same.unchanged) == (0, 1)
    await load(registry, tmp_path / "indices.csv", header, ("^GSPC", "S&P 500", "USD", "", "", ""))
    assert (await every(registry, A.ASSET_TYPE_INDEX))["^GSPC"].name == "S&P 500"


async def test_lines_quoted_in_hundredths(registry: RegistryClient, tmp_path: Path) -> None:
    path = tmp_path / "equities.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [
                ("symbol", "name", "currency", "exchange", "mic", "isin"),
                ("AAL.L", "Anglo American", "GBp", "LSE", "XLON", ""),
                ("BARC.L", "Barclays", "GBP", "LSE", "XLON", ""),
                ("ODD.L", "Odd", "GBPENCE", "LSE", "XLON", ""),
            ]
        )
    (summary,) = await import_listings(Loader(registry), await Places.read(registry), [path])
    assert summary.reasons(refused=True) == {"INSTRUMENT_CURRENCY_UNKNOWN": 1}
    stocks = await every(registry, A.ASSET_TYPE_STOCK)
    assert [(s.quote_currency, s.settlement_currency) for s in stocks.values()] == [
        ("GBX", "GBP"), ("GBP", ""),
    ]  # fmt: skip
