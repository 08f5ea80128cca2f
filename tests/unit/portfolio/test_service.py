"""The portfolio between fake relays and a fake execution: frames, spans, recovery, status."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from alphapulse.execution.v1 import execution_pb2 as pb
from alphapulse.strategy.v1 import strategy_pb2
from alphapulse_client.context import FrameContext, new_context
from alphapulse_client.decimals import SCALE, fixed_text
from alphapulse_client.frames import Frame, encode
from alphapulse_client.frames import rows as zeroed_rows
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_client.subscription import Batch, Gap
from alphapulse_core import stamp_sequence
from alphapulse_layout import (
    AssetType,
    MessageType,
    OrderType,
    OrdStatus,
    Side,
    SignalAction,
    SourceType,
    TimeInForce,
    VenueId,
    dtypes,
)
from alphapulse_mesh.portfolio.instruments import Contracts
from alphapulse_mesh.portfolio.manager import PortfolioManager
from alphapulse_mesh.portfolio.metrics import PortfolioMetrics
from alphapulse_mesh.portfolio.order_table import client_order_id
from alphapulse_mesh.portfolio.service import PortfolioService
from alphapulse_mesh.portfolio.servicer import PortfolioServicer
from alphapulse_mesh.runtime.agent import AgentStatus
from alphapulse_mesh.runtime.config import PortfolioConfig
from alphapulse_mesh.runtime.edges import ORDER_SUBMIT, PORTFOLIO_DECIDE, PORTFOLIO_FILL
from alphapulse_mesh.runtime.errors import Unavailable
from alphapulse_mesh.runtime.metrics import Metrics
from alphapulse_mesh.runtime.telemetry import Telemetry
from alphapulse_testing.quotes import instrument

if TYPE_CHECKING:
    import builtins
    from collections.abc import AsyncIterator, Iterable

    from alphapulse.registry.v1 import registry_pb2

SPOT = instrument(
    AssetType.CRYPTO_PAIR, VenueId.BINANCE, "BTCUSDT", base_currency="BTC", quote_currency="USDT",
    tick_size="0.01", lot_size="0.001",
)  # fmt: skip
PERP = instrument(
    AssetType.PERPETUAL, VenueId.BINANCE_FUTURES, "BTCUSDT", quote_currency="USDT",
    tick_size="0.1", lot_size="0.001",
)  # fmt: skip
SPOT_ID, PERP_ID = id_bytes(SPOT), id_bytes(PERP)


def id_value(key: bytes) -> np.void:
    value: np.void = np.frombuffer(key, dtype=dtypes.INSTRUMENT_ID)[0]
    return value


def framed(kind: MessageType, rows: Any, sequence: int, context: FrameContext) -> Frame:
    data = bytearray(encode(kind, rows, source=SourceType.EXTERNAL, context=context))
    stamp_sequence(data, sequence)
    return Frame.parse(bytes(data))


def signal_frame(number: int, action: SignalAction = SignalAction.ENTER, *, sequence: int) -> Frame:
    rows = zeroed_rows(MessageType.ARBITRAGE_OPPORTUNITY, 1)
    ends = (PERP_ID, SPOT_ID) if action == SignalAction.ENTER else (SPOT_ID, PERP_ID)
    rows["base_id"], rows["quote_id"] = (id_value(key) for key in ends)
    rows["signal_id"], rows["strategy_id"], rows["action"] = number, 1, action
    rows["buy_price"] = rows["sell_price"] = 100 * SCALE
    rows["max_size"] = 1_000 * SCALE
    return framed(MessageType.ARBITRAGE_OPPORTUNITY, rows, sequence, new_context())


class FakeFeed:
    """A subscription that hands out what is put in."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Batch] = asyncio.Queue()
        self.delivered_sequence = 0
        self.lost = 0
        self.is_ready = False

    async def ready(self) -> int:
        self.is_ready = True
        return 0

    def put(self, *frames: Frame, gaps: list[Gap] | None = None) -> None:
        last = max((frame.sequence for frame in frames), default=0)
        self.queue.put_nowait(Batch(list(frames), gaps or [], last, last))

    async def __aiter__(self) -> AsyncIterator[Batch]:
        while True:
            batch = await self.queue.get()
            self.delivered_sequence = max(self.delivered_sequence, batch.delivered_sequence)
            self.lost += sum(gap.count for gap in batch.gaps)
            yield batch
            self.queue.task_done()


class FakeExecution:
    """`OrdersClient` with a journal: orders are filled by `fill`, answered by `acknowledge`."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.waiting: list[tuple[Frame, asyncio.Future[list[pb.OrderAcknowledgement]]]] = []
        self.orders: dict[int, pb.Order] = {}
        self.journal: list[pb.Fill] = []
        self.away = 0
        self.sequence = 0

    # ------------------------------------------------------ as OrdersClient

    async def list(self, *, account_id: int) -> AsyncIterator[pb.Order]:
        if self.away:
            self.away -= 1
            raise Unavailable("execution is away")
        for order in reversed(self.orders.values()):
            if order.account_id == account_id:
                yield order

    async def fills(self) -> AsyncIterator[pb.Fill]:
        for fill in reversed(self.journal):
            yield fill

    def submit_frames(self) -> FakeExecution:
        return self

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def send(self, data: bytes) -> asyncio.Future[builtins.list[pb.OrderAcknowledgement]]:
        frame = Frame.parse(data)
        outcome = asyncio.get_running_loop().create_future()
        self.frames.append(frame)
        self.waiting.append((frame, outcome))
        return outcome

    # ------------------------------------------------------ as the venue

    def acknowledge(self, *, refuse: str = "") -> None:
        """The oldest frame is durable, or refused."""
        frame, outcome = self.waiting.pop(0)
        answers = []
        for row in frame.rows:
            number = int(row["client_order_id"])
            status = pb.ORDER_STATUS_REJECTED if refuse else pb.ORDER_STATUS_NEW
            self.orders[number] = pb.Order(
                order_id=len(self.orders) + 1, client_order_id=number, account_id=1,
                strategy_id=int(row["strategy_id"]), side=pb.Side.ValueType(row["side"]),
                instrument_id_text=row["instrument_id"].tobytes().hex(), status=status,
                price=fixed_text(row["price"]), quantity=fixed_text(row["quantity"]),
            )  # fmt: skip
            answers.append(
                pb.OrderAcknowledgement(
                    order_id=self.orders[number].order_id,
                    client_order_id=number,
                    status=status,
                    reason=refuse,
                )
            )
        outcome.set_result(answers)

    def fill(self, number: int, context: FrameContext | None = None) -> Frame:
        """All of an order; the FILL frame of it."""
        order = self.orders[number]
        order.status = pb.ORDER_STATUS_FILLED
        order.cumulative_quantity = order.quantity
        fill = pb.Fill(
            order_id=order.order_id, client_order_id=number, trade_id=1, side=order.side,
            instrument_id_text=order.instrument_id_text, price=order.price, account_id=1,
            quantity=order.quantity, fee="0.05", fee_currency="USDT",
            journal_sequence=len(self.journal) + 1,
        )  # fmt: skip
        self.journal.append(fill)
        rows = zeroed_rows(MessageType.FILL, 1)
        rows["instrument_id"] = id_value(bytes.fromhex(fill.instrument_id_text))
        for name in ("order_id", "client_order_id", "trade_id", "account_id", "side"):
            rows[name] = getattr(fill, name)
        rows["price"], rows["quantity"] = (
            round(float(v) * SCALE) for v in (fill.price, fill.quantity)
        )
        rows["cumulative_quantity"] = rows["quantity"]
        rows["fee"], rows["fee_currency"] = SCALE // 20, b"USDT"
        rows["strategy_id"], rows["journal_sequence"] = order.strategy_id, fill.journal_sequence
        rows["status"] = OrdStatus.FILLED
        self.sequence += 1
        return framed(MessageType.FILL, rows, self.sequence, context or new_context())

    def status(self, number: int, status: OrdStatus, account_id: int = 1) -> Frame:
        rows = zeroed_rows(MessageType.ORDER_STATUS, 1)
        rows["client_order_id"], rows["account_id"], rows["status"] = number, account_id, status
        self.sequence += 1
        return framed(MessageType.ORDER_STATUS, rows, self.sequence, new_context())


class FakeRegistry:
    """Two instruments."""

    async def get_many(self, keys: Iterable[bytes]) -> list[registry_pb2.Instrument | None]:
        known = {SPOT_ID: SPOT, PERP_ID: PERP}
        return [known.get(key) for key in keys]


class Run:
    """One portfolio that runs while the `async with` lasts."""

    def __init__(self, execution: FakeExecution | None = None, **settings: Any) -> None:
        self.execution = execution or FakeExecution()
        self.signals, self.executions = FakeFeed(), FakeFeed()
        self.exporter = InMemorySpanExporter()
        self.agent = AgentStatus("portfolio", "0")
        contracts = Contracts(FakeRegistry())  # type: ignore[arg-type]  # stands in
        self.manager = PortfolioManager(PortfolioConfig(**settings), contracts.get)
        self.service = PortfolioService(
            self.manager,
            contracts,
            self.signals,  # type: ignore[arg-type]  # stands in
            self.executions,  # type: ignore[arg-type]  # stands in
            self.execution,  # type: ignore[arg-type]  # stands in
            Telemetry(
                "portfolio", [SimpleSpanProcessor(self.exporter)], resource=Resource.create({})
            ),
            self.agent,
            PortfolioMetrics(Metrics("portfolio", "portfolio"), self.manager),
        )

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self.service.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def settled(self) -> None:
        """Everything put in so far is worked off."""
        async with asyncio.timeout(10):
            await self.signals.queue.join()
            await self.executions.queue.join()
            for _ in range(10):
                await asyncio.sleep(0)

    async def entered(self, number: int = 1, sequence: int = 1) -> list[int]:
        """A signal becomes two acknowledged orders; their numbers."""
        self.signals.put(signal_frame(number, sequence=sequence))
        await self.settled()
        self.execution.acknowledge()
        await self.settled()
        return [client_order_id(number, leg) for leg in (0, 1)]

    async def portfolio(self) -> strategy_pb2.GetPortfolioResponse:
        servicer = PortfolioServicer(self.service, self.agent)
        return await servicer.GetPortfolio(strategy_pb2.GetPortfolioRequest(), None)  # type: ignore[arg-type]  # not looked at

    def spans(self, name: str) -> list[Any]:
        return [span for span in self.exporter.get_finished_spans() if span.name == name]


async def test_a_signal_becomes_one_frame_of_two_orders_in_its_trace() -> None:
    async with Run() as run:
        frame = signal_frame(9, sequence=1)
        run.signals.put(frame)
        await run.settled()
        (orders,) = run.execution.frames
        assert run.spans(ORDER_SUBMIT) == []  # it ends when execution has it
        run.execution.acknowledge()
        await run.settled()
    rows = orders.rows
    assert orders.message_type == MessageType.ORDER_REQUEST
    assert orders.source == SourceType.PORTFOLIO_MANAGER
    assert [row.tobytes() for row in rows["instrument_id"]] == [PERP_ID, SPOT_ID]
    assert rows["side"].tolist() == [Side.BUY, Side.SELL]
    assert rows["client_order_id"].tolist() == [client_order_id(9, 0), client_order_id(9, 1)]
    assert rows["signal_id"].tolist() == rows["group_id"].tolist() == [9, 9]
    assert set(rows["order_type"].tolist()) == {OrderType.LIMIT}
    assert set(rows["time_in_force"].tolist()) == {TimeInForce.IOC}
    assert rows["quantity"].tolist() == [10 * SCALE] * 2
    assert rows["price"].tolist() == [100 * SCALE] * 2
    assert rows["account_id"].tolist() == [1, 1]
    (decide,), (submit,) = run.spans(PORTFOLIO_DECIDE), run.spans(ORDER_SUBMIT)
    assert f"{decide.parent.span_id:016x}" == frame.context.message_hex
    assert submit.parent.span_id == decide.context.span_id
    assert f"{submit.context.span_id:016x}" == orders.context.message_hex
    assert f"{decide.context.span_id:016x}" == orders.context.causation_id.hex()
    assert orders.context.trace_id == frame.context.trace_id
    assert run.agent.counters["orders"] == run.agent.counters["acknowledged"] == 2


async def test_fills_make_positions_and_a_span_under_the_fill() -> None:
    async with Run() as run:
        numbers = await run.entered()
        fills = [run.execution.fill(number) for number in numbers]
        run.executions.put(*fills)
        run.executions.put(*fills)  # delivered again
        await run.settled()
        answer = await run.portfolio()
    assert {item.instrument_id_text: item.quantity for item in answer.positions} == {
        PERP_ID.hex(): "10",
        SPOT_ID.hex(): "-10",
    }
    assert {item.average_price for item in answer.positions} == {"100"}
    assert {item.fees for item in answer.positions} == {"0.05"}
    assert (answer.signals, answer.orders, answer.fills, answer.open_orders) == (1, 2, 2, 0)
    assert (answer.signal_sequence, answer.execution_sequence) == (1, 2)
    parents = [f"{span.parent.span_id:016x}" for span in run.spans(PORTFOLIO_FILL)]
    assert parents == [fill.context.message_hex for fill in fills]


async def test_an_exit_follows_when_the_entry_is_done() -> None:
    async with Run() as run:
        numbers = await run.entered()
        run.signals.put(signal_frame(2, SignalAction.EXIT, sequence=2))
        await run.settled()
        assert len(run.execution.frames) == 1
        run.executions.put(run.execution.fill(numbers[0]))
        run.executions.put(run.execution.status(numbers[1], OrdStatus.CANCELED))
        await run.settled()
        assert len(run.execution.frames) == 2
    leave = run.execution.frames[1].rows
    assert [row.tobytes() for row in leave["instrument_id"]] == [PERP_ID]
    assert leave["side"].tolist() == [Side.SELL]


async def test_a_refused_order_is_closed_and_lets_an_exit_go() -> None:
    async with Run() as run:
        run.signals.put(signal_frame(1, sequence=1), signal_frame(2, SignalAction.EXIT, sequence=2))
        await run.settled()
        run.execution.acknowledge(refuse="EXPOSURE_LIMIT")
        await run.settled()
        answer = await run.portfolio()
    assert answer.open_orders == 0
    assert run.agent.counters["refused"] == 2
    assert dict(answer.declined) == {"NOTHING_TO_CLOSE": 1}
    assert run.spans(ORDER_SUBMIT)[0].attributes["alphapulse.reason"] == (
        "EXPOSURE_LIMIT,EXPOSURE_LIMIT"
    )


async def test_a_broken_stream_leaves_orders_open() -> None:
    """Unknown is not refused."""
    async with Run() as run:
        run.signals.put(signal_frame(1, sequence=1))
        await run.settled()
        _, outcome = run.execution.waiting.pop()
        outcome.set_exception(Unavailable("gone"))
        await run.settled()
        assert (await run.portfolio()).open_orders == 2


async def test_other_accounts_are_none_of_its_business() -> None:
    async with Run() as run:
        numbers = await run.entered()
        run.executions.put(run.execution.status(numbers[0], OrdStatus.CANCELED, account_id=7))
        await run.settled()
        assert (await run.portfolio()).open_orders == 2


async def test_a_restart_rebuilds_everything_and_repeats_nothing() -> None:
    async with Run() as first:
        numbers = await first.entered(1)
        first.executions.put(*(first.execution.fill(number) for number in numbers))
        await first.entered(2, sequence=2)  # still open when it dies
        await first.settled()
        before = await first.portfolio()
    execution = first.execution
    execution.frames.clear()
    execution.away = 2  # and not at hand at once
    async with Run(execution) as second:
        monkey = pytest.MonkeyPatch()
        monkey.setattr("alphapulse_mesh.portfolio.recovery._RETRY_SECONDS", 0.0)
        for number in (1, 2):  # the relay's window has the signals still
            second.signals.put(signal_frame(number, sequence=number))
        await second.settled()
        after = await second.portfolio()
        monkey.undo()
        # what is delivered again from the window was counted from the journal
        second.executions.put(*(execution.fill(number) for number in numbers))
        await second.settled()
        replayed = await second.portfolio()
    assert sorted(str(item) for item in after.positions) == sorted(
        str(item) for item in before.positions
    )
    assert (after.fills, after.open_orders) == (2, 2)
    assert dict(after.declined) == {"DUPLICATE_SIGNAL": 2}
    assert execution.frames == []
    assert [item.quantity for item in replayed.positions] == [
        item.quantity for item in after.positions
    ]


async def test_a_gap_in_the_executions_is_filled_from_the_journal() -> None:
    async with Run() as run:
        numbers = await run.entered()
        lost = [run.execution.fill(number) for number in numbers]  # never delivered
        assert len(lost) == 2
        run.executions.put(gaps=[Gap(1, 2, "WINDOW_EXPIRED")])
        await run.settled()
        answer = await run.portfolio()
    assert (answer.fills, answer.open_orders) == (2, 0)
    assert len(answer.positions) == 2


async def test_signals_wait_for_the_recovery() -> None:
    execution = FakeExecution()
    execution.away = 1
    async with Run(execution) as run:
        run.signals.put(signal_frame(1, sequence=1))
        for _ in range(20):
            await asyncio.sleep(0)
        assert run.executions.is_ready
        assert execution.frames == []
        async with asyncio.timeout(10):
            await run.signals.queue.join()
        assert len(execution.frames) == 1


async def test_unknown_instruments_are_declined_not_waited_for() -> None:
    frame = signal_frame(1, sequence=1)
    rows = frame.rows.copy()
    rows["base_id"] = id_value(b"nobody-knows-it0")
    async with Run() as run:
        run.signals.put(framed(MessageType.ARBITRAGE_OPPORTUNITY, rows, 1, frame.context))
        await run.settled()
        assert dict((await run.portfolio()).declined) == {"UNKNOWN_INSTRUMENT": 1}
    (decide,) = run.spans(PORTFOLIO_DECIDE)
    assert decide.attributes["alphapulse.reason"] == "UNKNOWN_INSTRUMENT"
