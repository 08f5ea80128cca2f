"""What the registry says, as rules; fetched once, followed, never guessed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_layout import AssetType
from alphapulse_mesh.execution.instruments import InstrumentCache, rules_row
from alphapulse_mesh.runtime.errors import InvalidArgument, OutOfRange, Unavailable
from alphapulse_testing.execution import BTCUSDT, FakeRegistry, eventually, spot
from alphapulse_testing.frames import instrument

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np


def test_rules_are_the_registrys_numbers() -> None:
    (row,) = rules_row(spot(min_quantity="0.001", max_quantity="9000"))
    assert row["instrument_id"].tobytes() == BTCUSDT
    assert (row["tick_size"], row["lot_size"]) == (1_000_000, 1_000)
    assert (row["min_quantity"], row["max_quantity"]) == (100_000, 900_000_000_000)
    assert row["min_notional"] == 500_000_000
    assert row["multiplier"] == 100_000_000
    assert row["settlement_currency"] == b"USDT"
    assert row["flags"] == 1


@pytest.mark.parametrize(
    ("fields", "flags"),
    [
        ({"status": pb.INSTRUMENT_STATUS_HALTED}, 0),
        ({"status": pb.INSTRUMENT_STATUS_EXPIRED}, 0),
        ({"asset_type": AssetType.CURRENCY}, 0),
        ({"asset_type": AssetType.INDEX}, 0),
        ({"quote_currency": ""}, 0),
        ({"asset_type": AssetType.PERPETUAL}, 0),
        ({"asset_type": AssetType.PERPETUAL, "contract_multiplier": "0.01"}, 1),
        ({"asset_type": AssetType.PERPETUAL, "contract_multiplier": "100", "inverse": True}, 3),
    ],
)
def test_what_cannot_be_traded_safely_is_not_tradable(fields: dict[str, Any], flags: int) -> None:
    assert rules_row(spot(**fields))["flags"][0] == flags


def test_an_inverse_contract_settles_in_its_base() -> None:
    row = rules_row(spot(inverse=True, contract_multiplier="100"))
    assert row["settlement_currency"][0] == b"BTC"


def test_a_number_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidArgument):
        rules_row(spot(tick_size="fine"))


async def until(condition: Callable[[], bool]) -> None:
    async def holds() -> bool:
        return condition()

    await eventually(holds)


def cache(registry: FakeRegistry) -> tuple[InstrumentCache, list[np.ndarray[Any, Any]]]:
    heard: list[np.ndarray[Any, Any]] = []
    return InstrumentCache(registry, (heard.append,)), heard


async def test_an_instrument_is_fetched_once_however_many_ask() -> None:
    registry = FakeRegistry()
    instruments, heard = cache(registry)
    await asyncio.gather(*(instruments.ensure([BTCUSDT]) for _ in range(20)))
    assert (registry.asked, len(heard)) == (1, 1)
    assert BTCUSDT in instruments


async def test_an_unknown_one_stays_unknown_and_may_be_registered_later() -> None:
    registry = FakeRegistry()
    instruments, heard = cache(registry)
    other = instrument(2)
    await instruments.ensure([other])
    assert not heard
    registry.instruments[other] = spot(other)
    await instruments.ensure([other, BTCUSDT])
    assert len(heard) == 2


async def test_a_silent_registry_is_an_error() -> None:
    registry = FakeRegistry()
    registry.away = True
    instruments, _ = cache(registry)
    with pytest.raises(Unavailable):
        await instruments.ensure([BTCUSDT])


async def test_changes_are_followed_and_old_news_is_not_taken() -> None:
    registry = FakeRegistry()
    instruments, heard = cache(registry)
    following = asyncio.create_task(instruments.follow())
    await instruments.ensure([BTCUSDT])
    registry.change(spot(instrument(9), revision=2))
    registry.change(spot(status=pb.INSTRUMENT_STATUS_HALTED, revision=3))
    await until(lambda: len(heard) == 2)
    assert [int(row["flags"][0]) for row in heard] == [1, 0]
    assert instrument(9) not in instruments
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)


async def test_a_compacted_history_is_fetched_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alphapulse_mesh.execution.instruments._RETRY_SECONDS", 0.0)
    registry = FakeRegistry()
    instruments, heard = cache(registry)
    await instruments.ensure([BTCUSDT])
    asked: list[int] = []

    async def watch(from_revision: int = 0) -> Any:
        asked.append(from_revision)
        if len(asked) == 1:
            registry.instruments[BTCUSDT] = spot(tick_size="0.5", revision=90)
            raise OutOfRange("compacted")
        await asyncio.Event().wait()
        yield

    monkeypatch.setattr(registry, "watch", watch)
    following = asyncio.create_task(instruments.follow())
    await until(lambda: len(asked) == 2)
    assert asked == [1, 90]
    assert heard[-1]["tick_size"][0] == 50_000_000
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
