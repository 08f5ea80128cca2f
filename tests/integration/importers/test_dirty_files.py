"""Files as strangers write them: each row is imported or refused with its reason, and the same file
again changes nothing.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse_client.errors import InvalidArgument
from alphapulse_mesh.importers.ccxt_markets import import_markets
from alphapulse_mesh.importers.financedatabase import import_listings
from alphapulse_mesh.importers.financedatabase_kinds import importer_of
from alphapulse_mesh.importers.loading import Loader
from alphapulse_mesh.importers.places import Places
from alphapulse_mesh.importers.tokens import import_pools, import_tokens
from alphapulse_mesh.importers.venues import COLUMNS, import_venues

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from alphapulse_client.registry import RegistryClient
    from alphapulse_mesh.importers.rows import Summary

USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
LISTING = "symbol,name,currency,exchange,mic,isin"
POOL = ("chain_id", "dex", "pool_address", "token0", "token1", "fee_ppm", "token0_decimals")


async def read(registry: RegistryClient, kind: str, path: Path) -> Summary:
    if kind == "venues":
        (summary,) = await import_venues(registry, [path], lambda _: None)
        return summary
    loader, places = Loader(registry), await Places.read(registry)
    if kind == "listings":
        (summary,) = await import_listings(loader, places, [path])
        return summary
    named = {"tokens": import_tokens, "pools": import_pools, "ccxt": import_markets}
    one = importer_of(path) if kind == "financedatabase" else named[kind]
    assert one is not None
    return await one(loader, places, path)


async def imported(registry: RegistryClient, kind: str, path: Path) -> Summary:
    """The summary of the first time, after a second that changed nothing."""
    first = await read(registry, kind, path)
    again = await read(registry, kind, path)
    for summary in (first, again):
        done = summary.created + summary.updated + summary.unchanged
        assert summary.read == done + summary.refused, summary.problems
    assert (again.read, again.created, again.updated) == (first.read, 0, 0)
    assert again.reasons(refused=True) == first.reasons(refused=True)
    return first


def refusals(summary: Summary) -> list[tuple[int, str]]:
    """Line and reason of each refused row, as the file has them."""
    return sorted((p.place.line, p.reason) for p in summary.problems if p.refused)


def address(number: int) -> str:
    return f"0x{number:040x}"


def token(**fields: Any) -> dict[str, Any]:
    return {
        "chainId": 1, "address": USDC, "symbol": "USDC", "name": "USD Coin", "decimals": 6,
        **fields,
    }  # fmt: skip


def write_json(path: Path, document: Any) -> Path:
    path.write_text(json.dumps(document))
    return path


def write_csv(path: Path, rows: Sequence[Sequence[str]], encoding: str = "utf-8") -> Path:
    with path.open("w", newline="", encoding=encoding) as file:
        csv.writer(file).writerows(rows)
    return path


# ------------------------------------------------------------------------------------------ venues


async def test_venues_in_other_columns_with_a_mark_and_line_ends_in_a_title(
    registry: RegistryClient, tmp_path: Path
) -> None:
    values = dict.fromkeys(COLUMNS, "") | {
        "MIC": "XXX1", "OPERATING MIC": "XXX1", "STATUS": "Expired",
        "MARKET NAME-INSTITUTION DESCRIPTION": "EXCHANGE\r\nOF NOWHERE",
        "ISO COUNTRY CODE (ISO 3166)": "DE",
    }  # fmt: skip
    columns = sorted(COLUMNS, reverse=True)
    rows = [[f" {column} " for column in columns], [values[column] for column in columns]]
    path = write_csv(tmp_path / "mic_2026-11-11.csv", rows, "utf-8-sig")
    summary = await imported(registry, "venues", path)
    assert (summary.created, summary.refused) == (1, 0)
    venue = await registry.venue("XXX1")
    assert (venue.title, venue.country, venue.retired) == ("EXCHANGE OF NOWHERE", "DE", True)


async def test_venues_as_iso_publishes_them(registry: RegistryClient, tmp_path: Path) -> None:
    """In Windows-1252, under a name without a date: the list is as old as its newest row."""

    def listed(folder: str, title: str, updated: str) -> Path:
        (tmp_path / folder).mkdir()
        row = ["XXX1", "XXX1", title, "RMKT", "DE", "ACTIVE", "", updated]
        rows = [[*COLUMNS, "LAST UPDATE DATE"], row]
        return write_csv(tmp_path / folder / "ISO10383_MIC.csv", rows, "cp1252")

    await imported(registry, "venues", listed("new", "BÖRSE", "20261026"))
    venue = await registry.venue("XXX1")
    assert (venue.title, venue.metadata["as_of"]) == ("BÖRSE", "2026-10-26")
    older = await read(registry, "venues", listed("old", "BOERSE", "20250101"))
    assert older.reasons(refused=False) == {"OLDER_LIST": 1}
    later = write_csv(
        tmp_path / "mic-20261109.csv", [COLUMNS, ["XXX1", "XXX1", "NEU", "", "DE", "", ""]]
    )
    assert (await imported(registry, "venues", later)).updated == 1


async def test_venues_that_are_none(registry: RegistryClient, tmp_path: Path) -> None:
    title = "NAME"
    rows = [
        COLUMNS,
        ["XXX1", "XXX1", title, "RMKT", "DE", "ACTIVE", ""],
        ["xxx2", "XXX2", title, "RMKT", "DE", "ACTIVE", ""],
        ["", "", "", "", "", "", ""],
        ["XXX4", "XXX4", title, "RMKT", "DEU", "ACTIVE", ""],
        ["XXX5", "XXX5"],
        ["XXX6", "XXX6", "NAME", " LTD.", "RMKT", "DE", "ACTIVE", ""],
        ["XXX1", "XXX1", "ANOTHER", "RMKT", "DE", "ACTIVE", ""],
    ]
    path = write_csv(tmp_path / "mic_2026-11-11.csv", rows)
    summary = await imported(registry, "venues", path)
    assert refusals(summary) == [
        (3, "VENUE_MIC_INVALID"), (4, "VENUE_MIC_INVALID"), (5, "VENUE_COUNTRY_INVALID"),
        (6, "ROW_INVALID"), (7, "ROW_INVALID"), (8, "LISTED_TWICE"),
    ]  # fmt: skip
    assert (summary.read, summary.created) == (7, 1)
    assert (await registry.venue("XXX1")).title == title


# ---------------------------------------------------------------------------------------- listings


async def test_listings_of_which_rows_are_broken(registry: RegistryClient, tmp_path: Path) -> None:
    text = "\r\n".join(
        [
            LISTING,
            'GOOD,"Quoted ""name""\r\nin two lines",USD,NMS,XNAS,',
            "",
            "COMMA,Commas, Inc.,USD,NMS,XNAS,",
            "SHORT,Short",
            ",No symbol,USD,NMS,XNAS,US0378331005",
            "NO\0UGHT,Nought,USD,NMS,XNAS,",
            f"{'L' * 70},Long,USD,NMS,XNAS,",
            f"HUGE,{'x' * 140_000},USD,NMS,XNAS,",
            "AFTER,After it,USD,NMS,XNAS,",
            'OPEN,"Quotes that nobody closes,USD,NMS,XNAS,',
            "SWALLOWED,By them,USD,NMS,XNAS,",
        ]
    )
    path = tmp_path / "equities.csv"
    path.write_bytes(text.encode())
    summary = await imported(registry, "listings", path)
    assert refusals(summary) == [
        (5, "ROW_INVALID"), (6, "ROW_INVALID"), (7, "ROW_INVALID"),
        (8, "INSTRUMENT_TEXT_INVALID"), (9, "INSTRUMENT_TEXT_TOO_LONG"), (10, "ROW_INVALID"),
        (12, "ROW_INVALID"),
    ]  # fmt: skip
    assert summary.created == 2
    assert (await registry.resolve("GOOD", venue="XNAS")).name == 'Quoted "name" in two lines'
    (swallowed,) = (p for p in summary.problems if p.place.line == 12)
    assert "line 13" in swallowed.message


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("equities.csv", b"", "COLUMN_MISSING"),
        ("equities.csv", b"symbol;name;currency;exchange;mic;isin\n", "COLUMN_MISSING"),
        ("equities.csv", LISTING.encode("utf-16"), "COLUMN_MISSING"),
        ("equities.csv", b"\x81\x8d\x8f", "FILE_UNREADABLE"),
        ("equities.csv", b"x" * 140_000, "FILE_UNREADABLE"),
        ("equities.csv.gz", LISTING.encode(), "FILE_UNREADABLE"),
        ("equities.csv.gz", gzip.compress(LISTING.encode())[:-12], "FILE_UNREADABLE"),
        ("equities.csv.gz", gzip.compress(LISTING.encode())[:10] + b"\xff" * 40, "FILE_UNREADABLE"),
    ],
)
async def test_files_that_are_none(
    registry: RegistryClient, tmp_path: Path, name: str, data: bytes, reason: str
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InvalidArgument) as caught:
        await read(registry, "listings", path)
    assert caught.value.reason == reason


async def test_a_refused_currency_is_not_a_second_row(
    registry: RegistryClient, tmp_path: Path
) -> None:
    path = tmp_path / "cryptos.csv"
    path.write_text(
        f"symbol,name,cryptocurrency,currency\nABC-USD,Abc,ABC,USD\n{'Q' * 80}-USD,Q,,\n-,,,\n"
    )
    summary = await imported(registry, "financedatabase", path)
    assert refusals(summary) == [(3, "INSTRUMENT_TEXT_TOO_LONG"), (4, "ROW_INVALID")]
    assert (summary.read, summary.created) == (3, 1)


# ------------------------------------------------------------------------------------------ tokens


async def test_tokens_that_are_none(registry: RegistryClient, tmp_path: Path) -> None:
    tokens: list[Any] = [
        token(),
        token(address=USDC.lower(), name="The same again"),
        token(address=USDC.replace("A0b8", "A0B8")),
        token(address=USDC[2:]),
        token(address=USDC[:-1]),
        token(address=address(0)),
        token(address=None),
        token(address=address(7), symbol=None),
        token(address=address(8), decimals=6.5),
        token(address=address(9), decimals=-1),
        token(address=address(10), decimals=256),
        token(address=address(11), decimals=True),
        token(address=address(12), chainId=0),
        token(address=address(13), chainId=-1),
        token(address=address(14), chainId=1 << 32),
        token(address=address(15), chainId=1.5),
        token(address=address(16), chainId=None),
        None, 17, "text", [],
        token(chainId=103, address="EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v"),
    ]  # fmt: skip
    path = write_json(tmp_path / "bad.tokenlist.json", {"timestamp": None, "tokens": tokens})
    summary = await imported(registry, "tokens", path)
    assert summary.reasons(refused=True) == {
        "ROW_INVALID": 13, "INSTRUMENT_ADDRESS_INVALID": 3, "INSTRUMENT_DECIMALS_OUT_OF_RANGE": 2,
        "LISTED_TWICE": 1, "TEST_NETWORK": 1, "ADDRESS_CHECKSUM_INVALID": 1,
    }  # fmt: skip
    assert summary.created == 1
    usdc = await registry.resolve(contract_address=USDC, chain_id=1)
    assert usdc.name == "USD Coin"
    assert "as_of" not in usdc.metadata  # any dated list is newer


async def test_tokens_in_odd_forms(registry: RegistryClient, tmp_path: Path) -> None:
    """Numbers as text, an address in capitals, bridges that are none, line ends in names."""
    bridges: list[Any] = [
        None, [1], "text", {"bridgeInfo": None}, {"bridgeInfo": [1]},
        {"bridgeInfo": {"1": "text"}}, {"bridgeInfo": {"1": {"tokenAddress": 5}}},
        {"bridgeInfo": {"1": {"tokenAddress": address(99)}}},  # which the list has not
    ]  # fmt: skip
    tokens = [
        token(chainId="1", address="0X" + USDC[2:], decimals="37", name=" USD\r\nCoin\0"),
        *(
            token(chainId=10, address=address(n), extensions=extensions)
            for n, extensions in enumerate(bridges, 1)
        ),
        token(
            chainId=10, address=address(50), decimals=0,
            extensions={"bridgeInfo": {"1": {"tokenAddress": USDC}}},
        ),
    ]  # fmt: skip
    path = write_json(tmp_path / "odd.tokenlist.json", {"timestamp": 1790000000, "tokens": tokens})
    summary = await imported(registry, "tokens", path)
    assert (summary.created, summary.refused) == (len(tokens), 0)
    assert summary.reasons(refused=False) == {"DECIMALS_DIFFER": 1}
    usdc = await registry.resolve(contract_address=USDC, chain_id=1)
    assert (usdc.decimals, usdc.name) == (37, "USD Coin")
    linked = await registry.resolve(contract_address=address(50), chain_id=10)
    assert linked.underlying == usdc.id


# ------------------------------------------------------------------------------------------- pools


async def test_pools_that_are_none(registry: RegistryClient, tmp_path: Path) -> None:
    def row(number: int, **fields: str) -> list[str]:
        good = {
            "chain_id": "1", "dex": "uniswap_v3", "pool_address": address(number),
            "token0": address(1), "token1": address(2), "fee_ppm": "500", "token0_decimals": "6",
        }  # fmt: skip
        return [{**good, **fields}[column] for column in POOL]

    rows = [
        POOL,
        row(100),
        row(100, fee_ppm="3000"),
        row(102, dex="Nowhere"),
        row(103, chain_id="²"),
        row(104, chain_id="9" * 30),
        row(105, chain_id="0"),
        row(106, fee_ppm="9" * 12),
        row(107, fee_ppm="0.3%"),
        row(108, fee_ppm="2000000"),
        row(109, token0_decimals="-1"),
        row(110, token0_decimals="9" * 12),
        row(111, token0=address(3), token0_decimals="300"),
        row(112, token0="unknown"),
        row(113, token1=address(1)),
        row(114)[:4],
        row(115, token0=address(4), token0_decimals=""),  # a token that no list has
        row(116, token1=USDC.replace("A0b8", "A0B8")),
    ]
    path = write_csv(tmp_path / "pools.csv", rows)
    summary = await imported(registry, "pools", path)
    assert refusals(summary) == [
        (3, "LISTED_TWICE"), (4, "DEX_UNKNOWN"), *((line, "ROW_INVALID") for line in range(5, 10)),
        (10, "INSTRUMENT_POOL_FEE_OUT_OF_RANGE"), (11, "ROW_INVALID"), (12, "ROW_INVALID"),
        (13, "REFERENCE_REFUSED"), (14, "REFERENCE_REFUSED"), (15, "ROW_INVALID"),
        (16, "ROW_INVALID"), (18, "ADDRESS_CHECKSUM_INVALID"),
    ]  # fmt: skip
    assert summary.created == 2
    why = {p.place.line: p.message for p in summary.problems}
    assert "decimals" in why[13]
    assert "contract_address" in why[14]
    unknown = await registry.resolve(contract_address=address(4), chain_id=1)
    assert unknown.metadata["decimals"] == "unknown"
    pool = await registry.resolve(contract_address=address(100), chain_id=1)
    assert pool.pool_fee_ppm == 500


# -------------------------------------------------------------------------------------------- ccxt


async def test_markets_of_nulls_and_of_other_types(
    registry: RegistryClient, tmp_path: Path
) -> None:
    def market(name: str, **fields: Any) -> dict[str, Any]:
        return {
            "id": name, "symbol": f"{name}/USDT", "base": name, "quote": "USDT", "type": "spot",
            "precision": {"price": 0.01, "amount": 0.001}, "maker": -0.0, "taker": 0.001, **fields,
        }  # fmt: skip

    markets = [
        market("A"),
        dict.fromkeys(market("B")),
        market("C", type={"spot": True}),
        market("D", type=None),
        market("E", precision=None, limits=None, active=None, created=None, info=None),
        market("F", precision=[1], limits="none", created=True),
        market("G", precision={"price": -3, "amount": "abc"}),
        market("H", limits={"amount": {"min": 10, "max": 1}}),
        market("I", base="USDT"),
        market("J", type="future", settle=5, expiry="tomorrow"),
        market("K", type="swap", settle="", contractSize="1e3", symbol="K" * 3000),
        market("L" * 200, base="L"),
        market("M", base="M" * 300),
        7, None,
    ]  # fmt: skip
    document = {"exchange": "upbit", "precisionMode": ["TICK_SIZE"], "markets": markets}
    summary = await imported(registry, "ccxt", write_json(tmp_path / "any.json", document))
    assert refusals(summary) == [
        (2, "ROW_INVALID"), (3, "ROW_INVALID"), (4, "ROW_INVALID"),
        (8, "INSTRUMENT_QUANTITY_RANGE_EMPTY"), (9, "INSTRUMENT_CURRENCY_INVALID"),
        (10, "INSTRUMENT_FIELD_MISSING"), (12, "INSTRUMENT_TEXT_TOO_LONG"),
        (13, "INSTRUMENT_CURRENCY_INVALID"), (14, "ROW_INVALID"), (15, "ROW_INVALID"),
    ]  # fmt: skip
    made = Counter([each.symbol async for each in registry.list(venue="UPBIT")])
    assert made == Counter("AEFGK")
    assert (await registry.resolve("A", venue="UPBIT")).tick_size == "0.01"
    assert (await registry.venue("UPBIT")).maker_fee_bps == "0"
