"""Look-ups in the shared-memory index, over a writer beside the test."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import numpy as np
import pytest

import alphapulse_core as core
from alphapulse_client import (
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    Unavailable,
    UnknownInstrument,
    get_instrument_registry,
)
from alphapulse_layout import AssetType, InstrumentFlag, InstrumentStatus
from alphapulse_layout.dtypes import INSTRUMENT_RECORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

ISIN = "US0378331005"


def records(count: int) -> NDArray[np.void]:
    """Shares S0, S1, … of venue 400, all with one ISIN; each third a primary listing."""
    made = np.zeros(count, INSTRUMENT_RECORD)
    made["instrument_id"]["asset_id"] = np.arange(1, count + 1)
    made["instrument_id"]["venue"] = 400
    made["instrument_id"]["asset_type"] = AssetType.STOCK
    made["tick_size"] = 1_000_000
    made["lot_size"] = 100_000_000
    made["symbol"] = np.frombuffer(
        b"".join(f"S{number}".encode().ljust(32, b"\0") for number in range(count)),
        made.dtype["symbol"],
    )
    made["isin"] = np.frombuffer(ISIN.encode() * count, made.dtype["isin"])
    made["status"] = InstrumentStatus.ACTIVE
    made["flags"][2::3] = InstrumentFlag.PRIMARY_LISTING
    return made


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[core.InstrumentIndexWriter]:
    made = core.InstrumentIndexWriter(str(tmp_path / "index"))
    yield made
    made.close()


def test_a_handle_has_the_fields_of_its_record(
    writer: core.InstrumentIndexWriter, tmp_path: Path
) -> None:
    held = records(3)
    held["address"][1] = np.frombuffer(bytes(range(20)), held.dtype["address"])[0]
    held["chain_id"][1], held["decimals"][1] = 137, 6
    writer.extend(held.tobytes())
    writer.commit(9)
    registry = get_instrument_registry(path=tmp_path / "index")
    assert (registry.revision, len(registry)) == (9, 3)
    (second,) = registry.by_symbol("S1", held["instrument_id"]["venue"][1])
    assert second.id == held["instrument_id"][1].tobytes()
    assert second.asset_type is AssetType.STOCK
    assert (second.venue, second.symbol, second.isin, second.cusip) == (400, "S1", ISIN, "")
    assert (second.tick_size, second.lot_size) == (Decimal("0.01"), Decimal(1))
    assert (second.status, second.flags) == (InstrumentStatus.ACTIVE, InstrumentFlag.NONE)
    assert (second.chain_id, second.decimals, second.address) == (137, 6, bytes(range(20)))
    assert registry[second.id] == second
    assert second.id_text in registry
    assert registry.by_address("0x" + bytes(range(20)).hex(), chain_id=137) == [second]
    assert registry.by_address(bytes(range(20)), chain_id=1) == []
    assert [one.symbol for one in registry.by_isin(ISIN)] == ["S0", "S1", "S2"]
    assert registry.by_symbol("S1", 401) == []
    assert registry.by_figi("BBG000B9XRY4") == registry.by_cusip("037833100") == []
    with pytest.raises(UnknownInstrument, match="revision 9"):
        registry[b"\x01" * 16]


def test_look_ups_of_many_take_and_return_arrays(
    writer: core.InstrumentIndexWriter, tmp_path: Path
) -> None:
    held = records(5000)
    writer.extend(held.tobytes())
    writer.commit(1)
    registry = get_instrument_registry(path=tmp_path / "index")
    asked = held["instrument_id"][::-7].copy()
    asked["salt"][3] = 1
    found, known = registry.lookup(asked)
    assert known.tolist() == [index != 3 for index in range(len(asked))]
    np.testing.assert_array_equal(found[known], held[::-7][known])
    assert not found[3]["status"]
    again, _ = registry.lookup(asked.tobytes())
    np.testing.assert_array_equal(again, found)
    by_key, _ = registry.lookup([held["instrument_id"][5].tobytes().hex()])
    assert by_key[0] == held[5]
    empty, none = registry.lookup(b"")
    assert len(empty) == len(none) == 0
    best, counts = registry.lookup_isin(np.array([ISIN, "US0000000000", ""], "S12"))
    assert counts.tolist() == [5000, 0, 0]
    assert best[0] == held[2], "the first primary listing"
    assert registry.lookup_isin([ISIN, ISIN + "X"])[1].tolist() == [5000, 0]
    revision, everything = registry.snapshot()
    assert revision == 1
    np.testing.assert_array_equal(everything, held)


def test_it_follows_updates_and_growth(writer: core.InstrumentIndexWriter, tmp_path: Path) -> None:
    held = records(4000)
    writer.extend(held[:10].tobytes())
    writer.commit(1)
    registry = get_instrument_registry(path=tmp_path / "index")
    generation = writer.generation
    held["symbol"][4] = np.frombuffer(b"NEW".ljust(32, b"\0"), held.dtype["symbol"])[0]
    writer.replace(4, held[4].tobytes())
    writer.extend(held[10:].tobytes())
    writer.commit(2)
    assert writer.generation > generation
    assert registry.wait(2) == 2
    assert registry.by_symbol("S4", 400) == []
    assert registry.by_symbol("NEW", 400)[0].record == held[4]
    assert registry.snapshot()[1].tobytes() == held.tobytes()
    with pytest.raises(DeadlineExceeded, match="revision 2, not 3"):
        registry.wait(3, timeout=0.01)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="is the mesh up on this host") as missing:
        get_instrument_registry(path=tmp_path / "none")
    assert missing.value.reason == "INDEX_MISSING"
    (tmp_path / "other").write_bytes(b"something else" * 1000)
    with pytest.raises(FailedPrecondition, match="not an index") as foreign:
        get_instrument_registry(path=tmp_path / "other")
    assert foreign.value.reason == "INDEX_LAYOUT"


def test_what_cannot_be_asked_is_refused(
    writer: core.InstrumentIndexWriter, tmp_path: Path
) -> None:
    writer.extend(records(1).tobytes())
    writer.commit(1)
    registry = get_instrument_registry(path=tmp_path / "index")
    for wrong in (b"short", np.zeros(3, "V8")):
        with pytest.raises(InvalidArgument):
            registry.lookup(wrong)
    with pytest.raises(InvalidArgument, match="not an address"):
        registry.by_address("0x1234")
    with pytest.raises(InvalidArgument, match="venue"):
        registry.by_symbol("S0", 70_000)
    with pytest.raises(core.InstrumentIndexError, match="another process") as busy:
        core.InstrumentIndexWriter(str(tmp_path / "index"))
    assert busy.value.reason == "INDEX_BUSY"
    with pytest.raises(ValueError, match="another id"):
        writer.replace(0, records(2)[1].tobytes())
