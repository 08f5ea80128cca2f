"""Definitions of Databento: files made with its own library, and its samples where they are."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import databento_dbn as dbn
import numpy as np
import pytest
import zstandard
from google.protobuf.json_format import MessageToDict
from google.protobuf.timestamp_pb2 import Timestamp

from alphapulse.common.v1 import instrument_id_pb2 as common_pb2
from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import InvalidArgument
from alphapulse_layout import VenueId
from alphapulse_mesh.importers.databento import import_definitions
from alphapulse_mesh.importers.loading import Loader
from alphapulse_mesh.importers.places import Places

if TYPE_CHECKING:
    from alphapulse_client.registry import RegistryClient
    from alphapulse_mesh.importers.rows import Summary

SAMPLES = Path(os.environ.get("ALPHAPULSE_DATA", "../shared/data")) / "dbn_format_samples"
C = dbn.InstrumentClass
NANO = 1_000_000_000


def ns(year: int, month: int, day: int, hour: int = 0) -> int:
    return int(dt.datetime(year, month, day, hour, tzinfo=dt.UTC).timestamp()) * NANO


ACTIVE, EXPIRY, TOLD = ns(2090, 1, 2), ns(2096, 6, 21, 13), ns(2095, 1, 2)


def definition(symbol: str, kind: Any, **fields: Any) -> Any:
    """A record of CME, as of 2 January 2095."""
    return dbn.InstrumentDefMsg(
        **{
            "publisher_id": 1, "instrument_id": 1, "ts_event": TOLD, "ts_recv": TOLD,
            "min_price_increment": NANO // 4, "display_factor": NANO, "raw_symbol": symbol,
            "asset": "ES", "security_type": "FUT", "instrument_class": kind,
            "security_update_action": dbn.SecurityUpdateAction.ADD, "exchange": "XCME",
            "currency": "USD", "settl_currency": "USD", "activation": ACTIVE,
            "expiration": EXPIRY, "unit_of_measure_qty": 50 * NANO, "unit_of_measure": "IPNT",
            "min_trade_vol": 1, "max_trade_vol": 3000, "cfi": "FFIXSX", **fields,
        }
    )  # fmt: skip


def leg(index: int, number: int, symbol: str, side: Any, **fields: Any) -> Any:
    return definition(
        "ESM6-ESU6", C.FUTURE_SPREAD, instrument_id=9, leg_count=2, leg_index=index,
        leg_instrument_id=number, leg_raw_symbol=symbol, leg_side=side,
        leg_ratio_qty_numerator=1, leg_ratio_qty_denominator=1, secsubtype="EQ", **fields,
    )  # fmt: skip


def metadata(version: int = 3, dataset: str = "GLBX.MDP3", schema: Any = None) -> bytes:
    about: dict[str, Any] = {  # the stub gives the enumerations' members as text
        "dataset": dataset, "start": 0, "stype_in": dbn.SType.RAW_SYMBOL,
        "stype_out": dbn.SType.INSTRUMENT_ID, "schema": schema or dbn.Schema.DEFINITION,
        "symbols": [], "partial": [], "not_found": [], "mappings": [], "version": version,
    }  # fmt: skip
    made: bytes = dbn.Metadata(**about).encode()
    return made


def write(path: Path, *records: Any, **about: Any) -> Path:
    data = metadata(**about) + b"".join(map(bytes, records))
    path.write_bytes(zstandard.compress(data) if path.suffix == ".zst" else data)
    return path


async def load(registry: RegistryClient, *paths: Path) -> Summary:
    (summary,) = await import_definitions(Loader(registry), await Places.read(registry), paths)
    return summary


async def one(registry: RegistryClient, symbol: str, venue: str = "CME") -> pb.Instrument:
    request = pb.ResolveInstrumentRequest(symbol=symbol, venue=venue)
    request.as_of.CopyFrom(Timestamp(seconds=ns(2095, 6, 1) // NANO))
    (found,) = (await registry.resolve_all(request)).candidates
    return found


@pytest.mark.parametrize("name", ["es.dbn", "es.dbn.zst"])
async def test_futures_options_and_spreads(
    registry: RegistryClient, tmp_path: Path, name: str
) -> None:
    option = {
        "strike_price": 5000 * NANO, "strike_price_currency": "USD", "underlying": "ESM6",
        "cfi": "OCAFPS", "min_price_increment": NANO // 20,
    }  # fmt: skip
    path = write(
        tmp_path / name,
        definition("ESM6", C.FUTURE, instrument_id=3),
        definition("ESU6", C.FUTURE, instrument_id=4, expiration=EXPIRY + 90 * 86400 * NANO),
        leg(0, 3, "ESM6", dbn.Side.BID),
        leg(1, 4, "ESU6", dbn.Side.ASK),
        definition("ESM6 C5000", C.CALL, instrument_id=5, underlying_id=3, **option),
        # by its symbol alone
        definition("ESM6 P5000", C.PUT, instrument_id=6, **option),
        definition("UD:1V: GN 1", C.OPTION_SPREAD, instrument_id=7, leg_count=2, leg_index=0),
        definition("UD:1V: GN 1", C.OPTION_SPREAD, instrument_id=7, leg_count=2, leg_index=1),
        definition("UD:1V: HO 2", C.MIXED_SPREAD, instrument_id=8),
    )
    summary = await load(registry, path)
    again = await load(registry, path)
    assert (summary.read, summary.created) == (7, 5)
    assert summary.reasons(refused=True) == {"SPREAD_OF_OPTIONS": 2}
    assert summary.reasons(refused=False) == {}
    assert (again.created, again.updated, again.unchanged) == (0, 0, 5)
    june, spread = await one(registry, "ESM6"), await one(registry, "ESM6-ESU6")
    assert (june.asset_type, june.venue) == (common_pb2.ASSET_TYPE_FUTURE, VenueId.CME)
    assert (june.tick_size, june.contract_multiplier) == ("0.25", "50")
    assert (june.min_quantity, june.max_quantity) == ("1", "3000")
    assert (june.quote_currency, june.settlement_currency) == ("USD", "USD")
    assert june.expires_at.ToNanoseconds() == EXPIRY
    assert june.valid_from.ToNanoseconds() == ACTIVE
    assert (june.metadata["cfi"], june.metadata["unit_of_measure"]) == ("FFIXSX", "IPNT")
    assert spread.asset_type == common_pb2.ASSET_TYPE_FUTURE
    assert MessageToDict(spread.metadata)["legs"] == [
        {"symbol": "ESM6", "side": "B", "ratio": "1"},
        {"symbol": "ESU6", "side": "A", "ratio": "1"},
    ]
    legs = [link async for link in registry.links(spread.id)]
    assert {link.type for link in legs} == {pb.LINK_TYPE_COMPONENT_OF}
    assert {getattr(link, "from").asset_id for link in legs} == {
        june.id.asset_id, (await one(registry, "ESU6")).id.asset_id,
    }  # fmt: skip
    call, put = await one(registry, "ESM6 C5000"), await one(registry, "ESM6 P5000")
    assert (call.option_right, put.option_right) == (pb.OPTION_RIGHT_CALL, pb.OPTION_RIGHT_PUT)
    assert (call.strike_price, call.tick_size) == ("5000", "0.05")
    assert (call.underlying, put.underlying) == (june.id, june.id)


async def test_what_was_told_last_holds(registry: RegistryClient, tmp_path: Path) -> None:
    day = 86400 * NANO
    before = write(tmp_path / "a.dbn", definition("ESM6", C.FUTURE))
    finer = definition("ESM6", C.FUTURE, ts_recv=TOLD + day, min_price_increment=NANO // 10)
    late = write(tmp_path / "b.dbn", finer, definition("ESM6", C.FUTURE, ts_recv=TOLD - day))
    assert (await load(registry, late, before)).created == 1
    assert (await one(registry, "ESM6")).tick_size == "0.1"
    # a file of before says nothing new
    assert (await load(registry, before)).reasons(refused=False) == {"OLDER_LIST": 1}
    gone = definition(
        "ESM6", C.FUTURE, ts_recv=TOLD + 2 * day,
        security_update_action=dbn.SecurityUpdateAction.DELETE, min_price_increment=NANO // 10,
    )  # fmt: skip
    assert (await load(registry, write(tmp_path / "c.dbn", gone))).updated == 1
    assert (await one(registry, "ESM6")).status == pb.INSTRUMENT_STATUS_DELISTED


async def test_an_expired_contract_is_expired(registry: RegistryClient, tmp_path: Path) -> None:
    expiry = ns(2024, 6, 21, 13)
    record = definition("ESM4", C.FUTURE, activation=ns(2023, 3, 1), expiration=expiry)
    await load(registry, write(tmp_path / "a.dbn", record))
    (found,) = [each async for each in registry.list(venue="CME")]
    assert (found.symbol, found.status) == ("ESM4", pb.INSTRUMENT_STATUS_EXPIRED)


async def test_securities_and_pairs(registry: RegistryClient, tmp_path: Path) -> None:
    stock = {
        "exchange": "XNAS", "currency": "", "settl_currency": "", "expiration": dbn.UNDEF_TIMESTAMP,
        "activation": dbn.UNDEF_TIMESTAMP, "min_lot_size_round_lot": 100, "max_trade_vol": None,
        "min_price_increment": dbn.UNDEF_PRICE, "unit_of_measure_qty": dbn.UNDEF_PRICE, "cfi": "",
    }  # fmt: skip
    fund = pb.Instrument(
        asset_type=common_pb2.ASSET_TYPE_ETF, venue=VenueId.NASDAQ, symbol="QQQ", name="QQQ"
    )
    await registry.register(fund)
    fx = {"currency": "USD", "expiration": dbn.UNDEF_TIMESTAMP}
    path = write(
        tmp_path / "a.dbn",
        definition("MSFT", C.STOCK, **stock),
        definition("QQQ", C.STOCK, **stock),
        definition("SPY", C.STOCK, **{**stock, "cfi": "CEOGES"}),
        definition("EUR/USD", C.FX_SPOT, **fx),
        definition("GBPUSD", C.FX_SPOT, **fx),
        definition("EURO", C.FX_SPOT, **fx),
        definition("XAU", C.COMMODITY_SPOT, **fx),
        definition("SPX", C.INDEX, **fx),
        definition("US10Y", C.BOND, expiration=EXPIRY),
        definition("TINY", C.FUTURE, min_price_increment=1, unit_of_measure_qty=dbn.UNDEF_PRICE,
                   contract_multiplier=7),
        dataset="XNAS.ITCH",
    )  # fmt: skip
    summary = await load(registry, path)
    assert (summary.read, summary.created, summary.updated) == (10, 8, 1)
    assert summary.reasons(refused=True) == {"PAIR_UNREADABLE": 1}
    assert summary.reasons(refused=False) == {"KIND_KNOWN": 1, "NUMBER_OUT_OF_RANGE": 1}
    known = await one(registry, "QQQ", "XNAS")
    assert (known.asset_type, known.name) == (common_pb2.ASSET_TYPE_ETF, "QQQ")
    assert known.metadata["round_lot"] == "100"
    assert (await one(registry, "SPY", "XNAS")).asset_type == common_pb2.ASSET_TYPE_ETF
    share = await one(registry, "MSFT", "XNAS")
    assert (share.tick_size, share.max_quantity, share.valid_from.seconds) == ("", "", 0)
    pound = await one(registry, "GBPUSD")
    assert (pound.base_currency, pound.quote_currency) == ("GBP", "USD")
    assert (await one(registry, "US10Y")).expires_at.ToNanoseconds() == EXPIRY
    tiny = await one(registry, "TINY")
    assert (tiny.tick_size, tiny.metadata["tick_size"]) == ("", "0.000000001")
    assert tiny.contract_multiplier == "7"


async def test_dirt_is_refused_and_said(registry: RegistryClient, tmp_path: Path) -> None:
    good = definition("ESM6", C.FUTURE, instrument_id=3)
    odd = bytearray(bytes(definition("ESZ6", C.FUTURE)))
    odd[487:488] = b"?"  # instrument_class
    broken = bytearray(bytes(definition("ESH6", C.FUTURE)))
    broken[broken.index(b"ESH6")] = 0xFF
    path = write(
        tmp_path / "a.dbn",
        good, bytes(odd), bytes(broken),
        definition("X", C.FUTURE, exchange="XZZZ"),
        definition("LATE", C.FUTURE, activation=EXPIRY),
        definition("OPEN", C.FUTURE, expiration=dbn.UNDEF_TIMESTAMP),
        leg(0, 77, "ESX6", dbn.Side.BID),
        dataset="ZZZZ.MDP3",
    )  # fmt: skip
    with path.open("ab") as file:
        file.write(bytes(good)[:100])
    other = write(tmp_path / "b.dbn", schema=dbn.Schema.MBO)
    summary = await load(registry, path, other)
    refused = {(p.place.file, p.place.line, p.reason) for p in summary.problems if p.refused}
    assert refused == {
        ("a.dbn", 2, "INSTRUMENT_CLASS_UNKNOWN"), ("a.dbn", 3, "ROW_INVALID"),
        ("a.dbn", 4, "VENUE_UNKNOWN"), ("a.dbn", 5, "INSTRUMENT_EXPIRY_BEFORE_START"),
        ("a.dbn", 6, "INSTRUMENT_FIELD_MISSING"), ("a.dbn", 0, "FILE_TRUNCATED"),
        ("b.dbn", 0, "NO_DEFINITIONS"),
    }  # fmt: skip
    assert summary.reasons(refused=False) == {"LEGS_MISSING": 1, "LEG_UNKNOWN": 1}
    assert summary.created == 2
    assert summary.read == summary.created + summary.refused


@pytest.mark.parametrize("content", [b"", b"no DBN at all" * 20, b"\x28\xb5\x2f\xfd broken"])
async def test_no_dbn(registry: RegistryClient, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.dbn").write_bytes(content)
    with pytest.raises(InvalidArgument) as caught:
        await load(registry, tmp_path / "a.dbn")
    assert caught.value.reason == "FILE_UNREADABLE"


async def test_version_1(registry: RegistryClient, tmp_path: Path) -> None:
    row = np.zeros(1, np.dtype(dbn.InstrumentDefMsgV1._dtypes))
    assert row.itemsize == 360
    for name, value in {
        "length": 90, "rtype": 19, "publisher_id": 1, "instrument_id": 3, "ts_recv": TOLD,
        "raw_symbol": b"ESM6", "exchange": b"XCME", "currency": b"USD", "instrument_class": b"F",
        "min_price_increment": NANO // 4, "display_factor": NANO, "expiration": EXPIRY,
        "activation": ACTIVE, "security_update_action": b"A", "unit_of_measure_qty": 50 * NANO,
        "min_trade_vol": 1, "max_trade_vol": 100, "user_defined_instrument": b"N",
        "match_algorithm": b"F",
    }.items():  # fmt: skip
        row[name] = value
    (tmp_path / "a.dbn").write_bytes(metadata(version=1) + row.tobytes())
    summary = await load(registry, tmp_path / "a.dbn")
    assert (summary.created, summary.problems) == (1, [])
    assert (await one(registry, "ESM6")).contract_multiplier == "50"


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="no data set: ALPHAPULSE_DATA names none")
async def test_samples(registry: RegistryClient) -> None:
    old, new = "test_data.definition.dbn", "test_data.definition.v3.dbn.zst"
    first = await load(registry, SAMPLES / old)  # version 2
    again = await load(registry, SAMPLES / new)
    assert (first.read, first.created, first.problems) == (1, 1, [])
    assert (again.unchanged, again.problems) == (1, [])
    share = await registry.resolve("MSFT", venue="XNAS")
    assert share.asset_type == common_pb2.ASSET_TYPE_STOCK
    assert share.metadata["as_of"] == "2021-10-05"
    mbo = await load(registry, SAMPLES / "test_data.mbo.v3.dbn.zst")
    assert mbo.reasons(refused=True) == {"NO_DEFINITIONS": 1}


async def test_text_that_is_none_and_values_that_nobody_knows(
    registry: RegistryClient, tmp_path: Path
) -> None:
    """Each byte of text made one that begins no character: that record is refused, no other."""
    good = definition("ESU6", C.FUTURE, instrument_id=4)
    fields = {
        "currency": "USD", "settl_currency": "USD", "asset": "ES", "underlying": "UNDER",
        "cfi": "FFIXSX", "security_type": "FUT", "secsubtype": "SUB", "group": "GROUP",
        "unit_of_measure": "IPNT", "strike_price_currency": "STK", "leg_raw_symbol": "LEG",
        "exchange": "XCME", "raw_symbol": "ESM6",
    }  # fmt: skip
    plain = bytes(definition("ESM6", C.FUTURE, **fields))
    for number, text in enumerate(fields.values()):
        broken = plain.replace(b"%b\0" % text.encode(), b"\xff" + text.encode()[1:] + b"\0")
        assert broken != plain
        path = write(tmp_path / f"{number}.dbn", broken, good)
        summary = await load(registry, path)
        assert summary.reasons(refused=True) == {"ROW_INVALID": 1}, text
        assert (summary.read, summary.created + summary.unchanged) == (2, 1)


async def test_a_record_shorter_than_its_kind(registry: RegistryClient, tmp_path: Path) -> None:
    """The decoder panics, which is no Exception in Python."""
    short = bytes([60, 0x13]) + bytes(60 * 4 - 2)
    (tmp_path / "short.dbn").write_bytes(metadata(version=1) + short)
    with pytest.raises(InvalidArgument) as caught:
        await load(registry, tmp_path / "short.dbn")
    assert caught.value.reason == "FILE_UNREADABLE"
