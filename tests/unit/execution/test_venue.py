"""The simulated venue as a connector: latency, expiry, fees from the configuration."""

from __future__ import annotations

import asyncio
import time
from decimal import Decimal
from typing import Any

import numpy as np
import pytest

from alphapulse_layout import ExecType, MessageType, TimeInForce
from alphapulse_mesh.execution.instruments import rules_row
from alphapulse_mesh.execution.limits import fee_rate, make_engine
from alphapulse_mesh.execution.rows import VENUE_REPORT
from alphapulse_mesh.execution.venues import SimulatedVenue
from alphapulse_mesh.runtime.config import ExecutionConfig, RiskLimits, SimulatedVenueConfig
from alphapulse_mesh.runtime.errors import ConfigError
from alphapulse_testing.execution import eventually, order_rows, quote_rows, spot

NEW = int(MessageType.ORDER_REQUEST)


class Heard:
    def __init__(self, **settings: Any) -> None:
        self.venue = SimulatedVenue(SimulatedVenueConfig(**settings), time.time_ns)
        self.reports: list[Any] = []
        self.venue.attach(lambda data: self.reports.extend(np.frombuffer(data, VENUE_REPORT)))
        self.venue.set_instruments(rules_row(spot()))

    async def twice(self) -> bool:
        return len(self.reports) == 2

    @property
    def words(self) -> list[tuple[int, str]]:
        return [
            (int(row["order_id"]), ExecType(int(row["exec_type"])).name) for row in self.reports
        ]


async def test_fees_are_the_configured_ones() -> None:
    heard = Heard(maker_fee_bps="-0.25", taker_fee_bps="7.5")
    heard.venue.quotes(quote_rows("99", "100"))
    await heard.venue.send(NEW, [1], order_rows(1, quantity="2").tobytes())
    assert heard.words == [(1, "NEW"), (1, "TRADE")]
    assert heard.reports[1]["fee"] == 15_000_000  # 7.5 bps of 200
    assert heard.reports[1]["fee_currency"] == b"USDT"
    await heard.venue.send(NEW, [2], order_rows(2, price="98").tobytes())
    heard.venue.quotes(quote_rows("97", "98"))
    assert heard.reports[-1]["fee"] == -245_000  # 0.25 bps of 98


async def test_latency_holds_commands_back_and_keeps_their_order() -> None:
    heard = Heard(latency_seconds=0.02)
    running = asyncio.create_task(heard.venue.run())
    await heard.venue.send(NEW, [1], order_rows(1).tobytes())
    await heard.venue.send(int(MessageType.ORDER_CANCEL), [1], b"")
    assert not heard.reports
    await eventually(heard.twice)
    assert heard.words == [(1, "NEW"), (1, "CANCELED")]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_orders_expire_while_nothing_else_happens() -> None:
    heard = Heard()
    running = asyncio.create_task(heard.venue.run())
    await asyncio.sleep(0)
    soon = time.time_ns() + 30_000_000
    row = order_rows(1, time_in_force=TimeInForce.GTD, expires_at=soon)
    await heard.venue.send(NEW, [1], row.tobytes())
    await eventually(heard.twice)
    assert heard.words == [(1, "NEW"), (1, "EXPIRED")]
    assert time.time_ns() >= soon
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_an_instrument_without_a_currency_has_no_market() -> None:
    heard = Heard()
    heard.venue.set_instruments(rules_row(spot(b"\1" * 16, quote_currency="")))
    await heard.venue.send(NEW, [1], order_rows(1, instrument_id=b"\1" * 16).tobytes())
    assert heard.words == [(1, "REJECTED")]


def test_fees_are_never_rounded() -> None:
    assert fee_rate(Decimal("0.0001"), "x") == 1
    with pytest.raises(ConfigError):
        fee_rate(Decimal("0.00001"), "x")
    with pytest.raises(ConfigError):
        fee_rate(Decimal("Infinity"), "x")


def test_a_limit_that_does_not_fit_the_wire_is_a_configuration_error() -> None:
    limits = RiskLimits(max_order_notional=Decimal("1e12"))
    with pytest.raises(ConfigError) as refused:
        make_engine(ExecutionConfig(risk=limits))
    assert "max_order_notional" in refused.value.message
