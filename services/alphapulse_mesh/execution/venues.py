"""Venues behind one protocol: commands go in, answers come out through a sink, in their order.

A connector never raises for what a venue may say: a refusal is an answer. What it cannot find out
is unknown, not refused. `SimulatedVenue` is the first implementation; its matching is the core's.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

import numpy as np

import alphapulse_core as core
from alphapulse_layout import MessageType
from alphapulse_mesh.execution.limits import fee_rate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from alphapulse_mesh.runtime.config import SimulatedVenueConfig

    Rows = NDArray[np.void]
    Sink = Callable[[bytes], None]
    """Takes VENUE_REPORT rows."""

__all__ = ["SimulatedVenue", "VenueCommand", "VenueConnector"]

_log = logging.getLogger(__name__)

_NEW: Final = int(MessageType.ORDER_REQUEST)
_CANCEL: Final = int(MessageType.ORDER_CANCEL)
_MODIFY: Final = int(MessageType.ORDER_MODIFY)


class VenueCommand(NamedTuple):
    """Rows for a venue, with execution's order ids."""

    message_type: int
    order_ids: Sequence[int]
    rows: bytes


class VenueConnector(Protocol):
    """A venue, or several behind one connection."""

    name: str

    def attach(self, sink: Sink) -> None:
        """Where answers go from now on. Called once, before anything else."""
        ...

    def set_instruments(self, rules: Rows) -> None:
        """INSTRUMENT_RULES rows of instruments that orders will name, new or changed."""
        ...

    async def send(self, message_type: int, order_ids: Sequence[int], rows: bytes) -> None:
        """Durable commands: ORDER_REQUEST, ORDER_CANCEL or ORDER_MODIFY rows with execution's order
        ids. Answers may come before this returns.
        """
        ...

    def quotes(self, rows: Rows) -> None:
        """QUOTE rows of the market; real venues have their own."""
        ...

    async def reconcile(
        self, working: Rows, unanswered: Sequence[VenueCommand], trade_id: int
    ) -> None:
        """After a restart: make venue and journal agree.

        `working` are ORDER_VIEW rows that the venue has acknowledged, in the order of their place
        in its queue; `unanswered` the commands that it may or may not have got; `trade_id` is above
        every id known. What the journal has not heard comes through the sink, with the same ids if
        it is asked for twice.
        """
        ...

    async def run(self) -> None:
        """The connector's own work, until it is cancelled."""
        ...


class SimulatedVenue:
    """Every venue, simulated: the market's quotes are its liquidity (see the core's stub)."""

    def __init__(self, config: SimulatedVenueConfig, clock_ns: Callable[[], int]) -> None:
        self.name = "simulated"
        self._exchange = core.SimulatedExchange(self_trade=config.self_trade)
        self._maker = fee_rate(config.maker_fee_bps, "execution.simulated_venue.maker_fee_bps")
        self._taker = fee_rate(config.taker_fee_bps, "execution.simulated_venue.taker_fee_bps")
        self._latency = config.latency_seconds
        self._clock_ns = clock_ns
        self._sink: Sink | None = None
        self._delayed: deque[tuple[float, int, Sequence[int], bytes]] = deque()
        self._timer = asyncio.Event()

    @property
    def open_orders(self) -> int:
        """Orders in its books."""
        return self._exchange.open_orders

    @property
    def exchange(self) -> core.SimulatedExchange:
        """The books, for display and tests."""
        return self._exchange

    def attach(self, sink: Sink) -> None:
        """See `VenueConnector.attach`."""
        self._sink = sink

    def set_instruments(self, rules: Rows) -> None:
        """See `VenueConnector.set_instruments`. Without a currency to settle in: no market."""
        fit = rules[rules["settlement_currency"] != b""]
        self._exchange.set_markets(
            np.ascontiguousarray(fit), maker_fee=self._maker, taker_fee=self._taker
        )

    async def send(self, message_type: int, order_ids: Sequence[int], rows: bytes) -> None:
        """See `VenueConnector.send`."""
        if self._latency:
            due = asyncio.get_running_loop().time() + self._latency
            self._delayed.append((due, message_type, order_ids, rows))
            self._timer.set()
        else:
            self._execute(message_type, order_ids, rows)

    def _execute(self, message_type: int, order_ids: Sequence[int], rows: bytes) -> None:
        now = self._clock_ns()
        if message_type == _NEW:
            reports = self._exchange.submit(order_ids, rows, now)
        elif message_type == _CANCEL:
            reports = self._exchange.cancel(order_ids, now)
        elif message_type == _MODIFY:
            reports = self._exchange.modify(rows, now)
        else:
            raise ValueError(f"message type {message_type} is no command")
        self._answer(reports)
        self._timer.set()

    def quotes(self, rows: Rows) -> None:
        """See `VenueConnector.quotes`."""
        self._answer(self._exchange.quotes(rows, self._clock_ns()))

    async def reconcile(
        self, working: Rows, unanswered: Sequence[VenueCommand], trade_id: int
    ) -> None:
        """See `VenueConnector.reconcile`. The simulation died with the process: what it had and had
        not said is gone, so the journal is the whole truth. Working orders take their places again,
        then what was never answered is sent anew.
        """
        self._exchange.start_trade_ids_at(trade_id)
        refused = self._exchange.restore(working)
        if refused:
            _log.info("%d orders have nothing left to work", len(refused))
        for command in unanswered:
            await self.send(command.message_type, command.order_ids, command.rows)

    async def run(self) -> None:
        """Execute what the latency held back, and expire orders in time."""
        loop = asyncio.get_running_loop()
        while True:
            self._timer.clear()
            while self._delayed and self._delayed[0][0] <= loop.time():
                self._execute(*self._delayed.popleft()[1:])
            self._answer(self._exchange.advance(self._clock_ns()))
            waits: list[float] = [3600.0]
            if self._delayed:
                waits.append(self._delayed[0][0] - loop.time())
            expiry = self._exchange.next_expiry
            if expiry is not None:
                waits.append((expiry - self._clock_ns()) / 1e9)
            try:
                async with asyncio.timeout(max(min(waits), 0.001)):
                    await self._timer.wait()
            except TimeoutError:
                continue

    def _answer(self, reports: bytes) -> None:
        if reports:
            assert self._sink is not None, "attach comes first"
            self._sink(reports)
