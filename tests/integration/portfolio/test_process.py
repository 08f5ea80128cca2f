"""From simulated ticks to fills: every service a process, the portfolio killed in the middle."""

from __future__ import annotations

import asyncio
from collections import Counter
from decimal import Decimal
from typing import TYPE_CHECKING

import grpc.aio
import pytest

from alphapulse.execution.v1 import execution_pb2
from alphapulse.strategy.v1 import strategy_pb2 as pb
from alphapulse.strategy.v1 import strategy_pb2_grpc as rpc
from alphapulse_client.mesh import Mesh
from alphapulse_mesh.portfolio.order_table import client_order_id
from alphapulse_mesh.runtime.edges import EDGES, EXECUTION_FILL
from alphapulse_mesh.runtime.names import Service
from alphapulse_mesh.runtime.trace_files import read_spans
from alphapulse_testing.processes import MeshProcesses

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from alphapulse_mesh.runtime.config import MeshConfig

pytestmark = pytest.mark.timeout(400)

EVERYTHING = (
    Service.REGISTRY,
    Service.RELAY_MARKET_DATA,
    Service.RELAY_SIGNAL,
    Service.RELAY_EXECUTION,
    Service.EXECUTION,
    Service.PORTFOLIO,
    Service.STRATEGY,
)


async def portfolio(mesh: MeshProcesses) -> pb.GetPortfolioResponse:
    async with grpc.aio.insecure_channel(mesh[Service.PORTFOLIO].target) as channel:
        stub: rpc.PortfolioServiceAsyncStub = rpc.PortfolioServiceStub(channel)
        return await stub.GetPortfolio(pb.GetPortfolioRequest(), timeout=10)


async def drained(mesh: MeshProcesses) -> pb.GetPortfolioResponse:
    """The source has ended, and what it led to has been worked off by everybody."""
    targets = {
        domain: mesh.config.endpoint(service).target
        for domain, service in (
            ("market_data", Service.RELAY_MARKET_DATA),
            ("signal", Service.RELAY_SIGNAL),
            ("execution", Service.RELAY_EXECUTION),
        )
    }
    before: list[int] = []
    async with asyncio.timeout(200):
        while True:
            heads = []
            for domain, target in targets.items():
                async with Mesh.connect(target, timeout=60.0) as relay:
                    heads.append((await relay.relay_status(domain)).head_sequence)
            strategy = await mesh[Service.STRATEGY].agent()
            answer = await portfolio(mesh)
            if (
                (await mesh[Service.COLLECTOR].agent()).finished
                and strategy.counters["signals"] <= heads[1] == answer.signal_sequence
                and heads[2] == answer.execution_sequence
                and not answer.open_orders
                and heads == before
            ):
                return answer
            before = heads
            await asyncio.sleep(0.3)  # other processes: there is no event to wait for


async def journal(
    mesh: MeshProcesses,
) -> tuple[list[execution_pb2.Order], list[execution_pb2.Fill]]:
    async with Mesh.connect(mesh.config.endpoint(Service.EXECUTION).target) as execution:
        orders = [order async for order in execution.orders.list()]
        fills = [fill async for fill in execution.orders.fills()]
    return orders, fills


def check_books(
    answer: pb.GetPortfolioResponse,
    orders: list[execution_pb2.Order],
    fills: list[execution_pb2.Fill],
    signals: set[int],
) -> None:
    """What the portfolio holds is what execution's journal says, and no signal ordered twice."""
    numbers = [order.client_order_id for order in orders]
    assert len(set(numbers)) == len(numbers)
    allowed = {client_order_id(signal, leg) for signal in signals for leg in (0, 1)}
    assert set(numbers) <= allowed
    net: Counter[str] = Counter()
    cash: Counter[str] = Counter()
    for fill in fills:
        sign = 1 if fill.side == execution_pb2.SIDE_BUY else -1
        quantity = sign * Decimal(fill.quantity)
        net[fill.instrument_id_text] += quantity  # type: ignore[assignment]  # decimals
        cash[fill.instrument_id_text] -= quantity * Decimal(fill.price)  # type: ignore[assignment]  # decimals
    held = {item.instrument_id_text: item for item in answer.positions}
    assert {key: Decimal(item.quantity) for key, item in held.items()} == dict(net)
    for key, item in held.items():
        # profit and open cost are the cash that has flowed, to the last shown place
        open_cost = Decimal(item.quantity) * Decimal(item.average_price)
        assert abs(Decimal(item.realized_pnl) - open_cost - cash[key]) < Decimal("0.001")
    assert sum(Decimal(item.fees) for item in answer.positions) == sum(
        Decimal(fill.fee) for fill in fills
    )
    assert answer.fills == len(fills)


async def published_signals(mesh: MeshProcesses) -> set[int]:
    async with Mesh.connect(mesh.config.endpoint(Service.RELAY_SIGNAL).target) as relay:
        head = (await relay.relay_status("signal")).head_sequence
        found: set[int] = set()
        async for batch in relay.feed("signal", start="oldest", policy="block"):
            found.update(int(row["signal_id"]) for frame in batch.frames for row in frame.rows)
            if batch.delivered_sequence >= head:
                break
    return found


async def test_ticks_become_fills_and_every_step_is_in_one_trace(
    make_config: Callable[..., MeshConfig], tmp_path: Path
) -> None:
    source = {"venue": "SIMULATOR", "seed": 1, "duration_seconds": 10, "speed": 2}
    relays = {name: {"ring_bytes": 1 << 24} for name in ("market_data", "execution")}
    config = make_config(collectors=[source], relays=relays)
    async with MeshProcesses(config, tmp_path, *EVERYTHING) as mesh:
        await mesh.start(Service.COLLECTOR)
        answer = await drained(mesh)
        orders, fills = await journal(mesh)
        signals = await published_signals(mesh)
        for service in (*EVERYTHING, Service.COLLECTOR):
            assert await mesh[service].terminate() == 0
        spans = list(read_spans(mesh.config.trace_dir))
    assert answer.signals == len(signals) > 0
    assert answer.orders == len(orders) > 0
    assert fills
    check_books(answer, orders, fills, signals)
    by_id = {(span.trace_id, span.span_id): span for span in spans}
    filled = {span.trace_id for span in spans if span.name == EXECUTION_FILL}
    complete = 0
    for trace_id in filled:
        found = {
            (by_id[key].name, by_id[key].service, span.name, span.service)
            for span in spans
            if span.trace_id == trace_id and (key := (trace_id, span.parent_span_id)) in by_id
        }
        complete += all((*edge.parent, *edge.child) in found for edge in EDGES)
    assert complete == len(filled) > 0


@pytest.mark.parametrize("victim", [Service.PORTFOLIO, Service.EXECUTION])
async def test_killed_in_the_middle_nothing_is_ordered_twice_or_forgotten(
    make_config: Callable[..., MeshConfig], tmp_path: Path, victim: Service
) -> None:
    source = {"venue": "SIMULATOR", "seed": 2, "duration_seconds": 15, "speed": 2}
    relays = {name: {"ring_bytes": 1 << 24} for name in ("market_data", "execution")}
    config = make_config(
        collectors=[source], relays=relays, portfolio={"max_signal_age_seconds": 120.0}
    )
    async with MeshProcesses(config, tmp_path, *EVERYTHING) as mesh:
        await mesh.start(Service.COLLECTOR)
        async with asyncio.timeout(60):
            while (await portfolio(mesh)).orders < 6:  # noqa: ASYNC110  # another process: no event
                await asyncio.sleep(0.05)
        await mesh[victim].kill()
        await mesh.start(victim)
        answer = await drained(mesh)
        orders, fills = await journal(mesh)
        signals = await published_signals(mesh)
    assert len(orders) > 6
    check_books(answer, orders, fills, signals)
    assert answer.signal_sequence == len(signals)
