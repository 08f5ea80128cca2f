"""The run loop without a mesh: what it skips, asks, publishes, traces and keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from alphapulse.strategy.v1 import strategy_pb2 as pb
from alphapulse_client.frames import Frame
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_client.subscription import Batch, Gap
from alphapulse_layout import AssetType, MessageType, SourceType, VenueId
from alphapulse_mesh.runtime.agent import AgentStatus
from alphapulse_mesh.runtime.config import CrossVenueArbitrageConfig
from alphapulse_mesh.runtime.edges import SIGNAL_PUBLISH, STRATEGY_DECIDE
from alphapulse_mesh.runtime.errors import InvalidArgument, Unavailable
from alphapulse_mesh.runtime.metrics import Metrics
from alphapulse_mesh.runtime.telemetry import Telemetry
from alphapulse_mesh.strategies.checkpoint import CheckpointFile
from alphapulse_mesh.strategies.cross_venue_arbitrage import CrossVenueArbitrage
from alphapulse_mesh.strategies.metrics import StrategyMetrics
from alphapulse_mesh.strategies.service import StrategyRunner
from alphapulse_mesh.strategies.servicer import StrategyServicer
from alphapulse_testing.quotes import Directory, Tick, instrument, quote_frame

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

BTC = instrument(AssetType.CURRENCY, VenueId.NONE, "BTC")
SPOT = instrument(
    AssetType.CRYPTO_PAIR, VenueId.BINANCE, "BTCUSDT", base_currency="BTC", quote_currency="USDT"
)
PERP = instrument(
    AssetType.PERPETUAL,
    VenueId.BINANCE_FUTURES,
    "BTCUSDT",
    base_currency="BTC",
    quote_currency="USDT",
)


def frame(sequence: int, basis_bps: float, **fields: Any) -> Frame:
    """Both legs, 200 ms after the frame before."""
    perp = 10_000 * (1 + basis_bps / 1e4)
    time = sequence * 200.0
    return quote_frame(
        Tick(id_bytes(SPOT), time, 9_999.95, 10_000.05),
        Tick(id_bytes(PERP), time, perp - 0.05, perp + 0.05),
        sequence=sequence,
        **fields,
    )


QUIET = [frame(number, -1) for number in (1, 2, 3)]
SIGNALS = [frame(4, -8), frame(5, -1)]


class FakeFeed:
    """A subscription that hands out given batches."""

    def __init__(self, *batches: Batch) -> None:
        self._batches = batches
        self.delivered_sequence = 0
        self.lost = 0

    async def __aiter__(self) -> AsyncIterator[Batch]:
        for batch in self._batches:
            self.delivered_sequence = batch.delivered_sequence
            self.lost += sum(gap.count for gap in batch.gaps)
            yield batch


class FakePublisher:
    """Takes everything; `unacknowledged` as told."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.unacknowledged = 0

    async def start(self) -> None: ...

    async def publish(self, data: bytes) -> int:
        self.frames.append(Frame.parse(data))
        return len(self.frames)


def batch(*frames: Frame, gaps: list[Gap] | None = None) -> Batch:
    last = max((item.sequence for item in frames), default=0)
    return Batch(list(frames), gaps or [], last, last)


class Run:
    """One runner with fakes around it."""

    def __init__(self, *batches: Batch, directory: Directory | None = None, **options: Any) -> None:
        self.directory = directory or Directory(BTC, SPOT, PERP)
        self.agent = AgentStatus("strategy", "0")
        self.publisher = FakePublisher()
        self.exporter = InMemorySpanExporter()
        telemetry = Telemetry(
            "strategy", [SimpleSpanProcessor(self.exporter)], resource=Resource.create({})
        )
        settings = CrossVenueArbitrageConfig(basis_warmup_seconds=0.0, cooldown_seconds=0.0)
        self.runner = StrategyRunner(
            CrossVenueArbitrage(settings, strategy_id=7),
            self.directory,
            FakeFeed(*batches),  # type: ignore[arg-type]  # stands in
            self.publisher,  # type: ignore[arg-type]  # stands in
            telemetry,
            self.agent,
            StrategyMetrics(Metrics("strategy", "strategy")),
            **options,
        )
        self.servicer = StrategyServicer(self.runner, self.agent)

    async def __call__(self) -> list[int]:
        await self.runner.run()
        return [int(item.rows["signal_id"][0]) for item in self.publisher.frames]

    async def status(self) -> pb.GetStrategyStatusResponse:
        return await self.servicer.GetStrategyStatus(pb.GetStrategyStatusRequest(), None)  # type: ignore[arg-type]  # not looked at


async def test_signals_are_frames_in_the_trace_of_their_tick() -> None:
    run = Run(batch(*QUIET), batch(*SIGNALS))
    await run()
    enter, leave = run.publisher.frames
    assert enter.message_type == MessageType.ARBITRAGE_OPPORTUNITY
    assert enter.source == SourceType.ARBITRAGE_STRATEGY
    assert enter.rows["strategy_id"].tolist() == [7]
    assert enter.context.trace_id == SIGNALS[0].context.trace_id
    assert leave.context.trace_id == SIGNALS[1].context.trace_id
    spans = {
        (span.name, f"{span.context.trace_id:032x}"): span
        for span in run.exporter.get_finished_spans()
    }
    assert len(spans) == 4
    for tick, signal in zip(SIGNALS, (enter, leave), strict=True):
        decide = spans[STRATEGY_DECIDE, signal.context.trace_hex]
        publish = spans[SIGNAL_PUBLISH, signal.context.trace_hex]
        assert decide.parent is not None
        assert publish.parent is not None
        assert f"{decide.parent.span_id:016x}" == tick.context.message_hex
        assert publish.parent.span_id == decide.context.span_id
        assert f"{publish.context.span_id:016x}" == signal.context.message_hex
        assert f"{decide.context.span_id:016x}" == signal.context.causation_id.hex()


async def test_decisions_on_unsampled_ticks_are_sampled_and_name_further_causes() -> None:
    spot, perp = 10_000.0, 9_992.0
    first = quote_frame(
        Tick(id_bytes(SPOT), 800, spot - 0.05, spot + 0.05), sequence=4, sampled=False
    )
    second = quote_frame(
        Tick(id_bytes(PERP), 810, perp - 0.05, perp + 0.05), sequence=5, sampled=False
    )
    run = Run(batch(*QUIET, first, second))
    await run()
    (signal,) = run.publisher.frames
    assert signal.context.sampled
    assert signal.context.trace_id == second.context.trace_id
    ((trace_id, span_id),) = signal.causes
    assert (trace_id, span_id) == (first.context.trace_id, first.context.message_id)
    (decide,) = [s for s in run.exporter.get_finished_spans() if s.name == STRATEGY_DECIDE]
    (link,) = decide.links
    assert f"{link.context.span_id:016x}" == first.context.message_hex


async def test_frames_are_never_processed_twice() -> None:
    run = Run(batch(*QUIET, *SIGNALS), batch(SIGNALS[0], SIGNALS[1]), batch(*QUIET))
    assert len(await run()) == 2
    assert run.agent.counters["frames"] == 5
    assert run.agent.counters["records"] == 10


async def test_a_relay_that_counts_anew_is_listened_to() -> None:
    restarted = Gap(6, 0, "RELAY_RESTARTED")
    again = batch(frame(1, -1), frame(2, -8), gaps=[restarted])
    run = Run(batch(*QUIET, *SIGNALS), again)
    await run()
    assert run.agent.counters["frames"] == 7


async def test_losses_are_told() -> None:
    run = Run(batch(*QUIET, gaps=[Gap(10, 14, "SLOW_CONSUMER")]))
    await run()
    assert (await run.status()).lost_frames == 5
    assert run.agent.counters["lost"] == 5


async def test_old_frames_are_learnt_from_but_not_decided_on() -> None:
    old = [frame(number, basis, made_at=1_000) for number, basis in ((1, -1), (2, -1), (3, -8))]
    fresh = [frame(4, -8, made_at=3_000), frame(5, -1, made_at=1_500), frame(6, -8, made_at=4_000)]
    run = Run(batch(*old), batch(*fresh), decide_from=2_000)
    await run()
    actions = [int(item.rows["action"][0]) for item in run.publisher.frames]
    assert actions == [1, 2, 1]  # once one is fresh, those after it count as well


async def test_new_instruments_are_asked_for_once() -> None:
    directory = Directory(BTC, SPOT)
    run = Run(batch(QUIET[0]), batch(*QUIET[1:]), batch(*SIGNALS), directory=directory)
    await run()
    assert directory.calls == 4  # at the start and at the first unknown id, two kinds of links each
    assert (await run.status()).state == pb.STRATEGY_STATE_WARMING_UP


async def test_instruments_registered_meanwhile_are_found() -> None:
    run = Run(batch(*QUIET), batch(*SIGNALS))
    found = run.runner.strategy.on_start
    answers = [Directory(), Directory(BTC, SPOT, PERP)]

    async def on_start(directory: Any) -> None:
        await found(answers.pop(0))

    run.runner.strategy.on_start = on_start  # type: ignore[method-assign]  # one after the other
    assert len(await run()) == 2  # not even the first frame was missed


async def test_a_registry_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("alphapulse_mesh.strategies.service._RETRY_SECONDS", 0.0)
    run = Run(batch(*QUIET, *SIGNALS))
    found = run.runner.strategy.on_start
    failures = [Unavailable("away"), Unavailable("away")]

    async def on_start(directory: Any) -> None:
        if failures:
            raise failures.pop()
        await found(directory)

    run.runner.strategy.on_start = on_start  # type: ignore[method-assign]  # fails twice
    assert len(await run()) == 2


async def test_paused_it_reads_and_does_not_decide() -> None:
    run = Run(batch(*QUIET), batch(*SIGNALS))
    request = pb.SetStrategyStateRequest(state=pb.STRATEGY_STATE_PAUSED)
    answer = await run.servicer.SetStrategyState(request, None)  # type: ignore[arg-type]  # not looked at
    assert answer.state == pb.STRATEGY_STATE_PAUSED
    assert await run() == []
    status = await run.status()
    assert (status.state, status.frames) == (pb.STRATEGY_STATE_PAUSED, 5)
    with pytest.raises(InvalidArgument, match="RUNNING or PAUSED"):
        await run.servicer.SetStrategyState(pb.SetStrategyStateRequest(), None)  # type: ignore[arg-type]  # not looked at


async def test_the_status_tells_pairs_and_progress() -> None:
    run = Run(batch(*QUIET), batch(*SIGNALS))
    await run()
    status = await run.status()
    assert (status.strategy_id, status.name) == (7, "cross-venue-arbitrage")
    assert (status.state, status.frames, status.records) == (pb.STRATEGY_STATE_RUNNING, 5, 10)
    assert (status.signals, status.market_data_sequence) == (2, 5)
    (pair,) = status.pairs
    assert (pair.spot, pair.derivative, pair.signals) == (SPOT.id, PERP.id, 2)
    assert pair.spread_bps == pytest.approx(-1, abs=0.01)


async def test_a_killed_strategy_goes_on_where_it_was(tmp_path: Path) -> None:
    """The same signals as without the crash, and those that were not safe yet once more."""
    feed = [*QUIET, *SIGNALS, frame(6, -1), frame(7, -9), frame(8, -1)]
    expected = await Run(batch(*feed))()
    file = CheckpointFile(tmp_path / "x.json", "run")
    for cut in range(1, len(feed)):
        first = Run(*(batch(item) for item in feed[:cut]), checkpoints=file)
        first.runner._checkpoint_due = 0.0
        found = await first()
        checkpoint = file.load()
        assert checkpoint is not None
        rest = [item for item in feed if item.sequence > checkpoint.sequence]
        second = Run(batch(*rest), checkpoints=file, restored=checkpoint)
        found += await second()
        assert list(dict.fromkeys(found)) == expected
        assert second.agent.counters["signals"] == len(expected)
        (tmp_path / "x.json").unlink()


async def test_no_checkpoint_while_a_signal_is_not_safe(tmp_path: Path) -> None:
    file = CheckpointFile(tmp_path / "x.json", "run")
    run = Run(batch(*QUIET, *SIGNALS), checkpoints=file)
    run.publisher.unacknowledged = 1
    await run()
    assert file.load() is None
