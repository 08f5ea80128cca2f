"""`alphapulse demo`: the whole mesh for a bounded time, from market data to fills, and its account.

The mesh is the real one (`supervisor`, a process a service, Envoy). Beside it this command is one
more client: it subscribes to every domain through the gateway and counts what reaches it, so that
`lost` compares what the relays took with what a client got.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import itertools
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Annotated, Any, Final

import grpc
import typer
from rich.live import Live
from rich.text import Text

from alphapulse.execution.v1 import execution_pb2, execution_pb2_grpc
from alphapulse.registry.v1 import registry_pb2, registry_pb2_grpc
from alphapulse.relay.v1 import relay_pb2, relay_pb2_grpc
from alphapulse.strategy.v1 import strategy_pb2, strategy_pb2_grpc
from alphapulse.system.v1 import system_pb2, system_pb2_grpc
from alphapulse_client.subscription import Subscription
from alphapulse_layout import MessageType
from alphapulse_mesh.cli import mesh as life
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.trace import tree
from alphapulse_mesh.runtime import attributes, edges
from alphapulse_mesh.runtime.config import MeshConfig, load_config
from alphapulse_mesh.runtime.errors import ConfigError, Unavailable
from alphapulse_mesh.runtime.paths import MeshPaths
from alphapulse_mesh.runtime.trace_files import SpanRecord, read_spans

_DOMAINS: Final = {
    "market_data": relay_pb2_grpc.MarketDataRelayStub,
    "signal": relay_pb2_grpc.SignalRelayStub,
    "execution": relay_pb2_grpc.ExecutionRelayStub,
}
_POLL_SECONDS: Final = 0.2
_QUIET_POLLS: Final = 3
_DRAIN_SECONDS: Final = 120.0
_SNIFFED_LINES: Final = 400


@dataclass(slots=True)
class Report:
    """What the demo's last line says."""

    frames: int = 0
    records: int = 0
    trades: int = 0
    quotes: int = 0
    book_levels: int = 0
    signals: int = 0
    orders: int = 0
    fills: int = 0
    lost: int = 0
    instruments: int = 0
    corrupt_lines: int = 0
    trace_id: str = ""
    services_in_trace: int = 0
    spans_in_trace: int = 0
    seconds: float = 0.0
    records_per_second: int = 0
    traces: str = ""


@dataclass(slots=True)
class _Audit:
    """What one client got of one domain."""

    frames: int = 0
    records: int = 0
    by_type: Counter[int] = field(default_factory=Counter)
    delivered: int = 0
    gaps: int = 0
    first_at: float = 0.0


@output.command
async def demo(
    replay: Annotated[
        list[Path] | None,
        typer.Option(
            "--replay",
            help="Recorded Binance frames (.gz or plain). Repeat it, or give more paths after it.",
        ),
    ] = None,
    more: Annotated[
        list[Path] | None, typer.Argument(metavar="[PATH]...", help="More recorded files.")
    ] = None,
    speed: Annotated[
        str,
        typer.Option(help="Times the recorded speed, or max.", show_default="1, max for --replay"),
    ] = "",
    seconds: Annotated[
        float | None,
        typer.Option(help="Market time to run for.", show_default="10, all of a recording"),
    ] = None,
    seed: Annotated[int, typer.Option(help="Of the market simulator.")] = 1,
    name: Annotated[str, typer.Option("--name", "-n", help="Name of the mesh.")] = "demo",
    port: Annotated[int, typer.Option(help="Port of the gateway; 0 is any free one.")] = 0,
    config: output.ConfigOption = None,
    jaeger: Annotated[bool, typer.Option("--jaeger", help="Send traces to Jaeger too.")] = False,
    as_json: output.JsonOption = False,
) -> None:
    """Run the whole mesh for a bounded time; the last line is one JSON object."""
    files = [*(replay or []), *(more or [])]
    with tempfile.TemporaryDirectory(prefix="alphapulse-") as run_dir:
        loaded = _configuration(
            config,
            name=name,
            port=port,
            files=files,
            speed=speed,
            seconds=seconds,
            seed=seed,
            run_dir=Path(run_dir),
        )
        report = await _run(loaded, jaeger=jaeger, quiet=as_json)
    output.print_json(asdict(report))
    if report.lost:
        raise typer.Exit(1)


def _configuration(
    config: Path | None,
    *,
    name: str,
    port: int,
    files: Sequence[Path],
    speed: str,
    seconds: float | None,
    seed: int,
    run_dir: Path,
) -> MeshConfig:
    pace: float | str = speed or ("max" if files else "1")
    if pace != "max":
        try:
            pace = float(pace)
        except ValueError:
            raise ConfigError(
                f"--speed {speed!r}: a number (times the recorded speed) or max",
                reason="CONFIG_INVALID_VALUE",
                key="speed",
            ) from None
    sources: list[dict[str, Any]] = [
        {"venue": venue_of(path), "kind": "replay", "path": str(path), "speed": pace}
        | ({"duration_seconds": seconds} if seconds else {})
        for path in files
    ] or [
        {
            "venue": "SIMULATOR",
            "kind": "simulator",
            "seed": seed,
            "speed": pace,
            "duration_seconds": seconds or 10.0,
        }
    ]
    data_dir = Path(".alphapulse", name, "data").absolute()
    loaded = load_config(
        config,
        mesh={"name": name, "run_dir": str(run_dir), "data_dir": str(data_dir)},
        collectors=sources,
        envoy={"port": port},
        # Few and large frames: every one of them can be traced.
        telemetry={"market_data_sample_ratio": 1.0},
    )
    # Each demo starts from nothing; its traces stay until the next one.
    if life.running(loaded) is None:
        shutil.rmtree(data_dir, ignore_errors=True)
    return loaded


def venue_of(path: Path) -> str:
    """Which of Binance's venues a recording is of: only futures chain their diffs with `pu`.

    Raises:
        ConfigError: no such file, or it holds no book, trade or quote of Binance's.
    """
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            lines = list(itertools.islice(file, _SNIFFED_LINES))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file", reason="CONFIG_RECORDING_NOT_FOUND", path=str(path)
        ) from None
    except OSError as error:  # a directory, no right to read, not gzip
        raise ConfigError(
            f"{path}: {error.strerror or error}",
            reason="CONFIG_RECORDING_UNREADABLE",
            path=str(path),
        ) from None
    text = b"".join(lines)
    if b'"pu":' in text or b'"e":"bookTicker"' in text:
        return "BINANCE_FUTURES"
    if b"@depth" in text or b"@trade" in text or b"@bookTicker" in text:
        return "BINANCE"
    raise ConfigError(
        f"{path}: no Binance frames in its first {_SNIFFED_LINES} lines "
        '(wanted: "<receive ns> <raw JSON>" a line)',
        reason="CONFIG_RECORDING_UNKNOWN",
        path=str(path),
    )


async def _run(config: MeshConfig, *, jaeger: bool, quiet: bool) -> Report:
    if jaeger:
        supervisor = config.supervisor.model_copy(update={"jaeger": True})
        config = config.model_copy(update={"supervisor": supervisor})
    process = life.start_supervisor(config, detach=False)
    try:
        async with contextlib.AsyncExitStack() as stack:
            view = stack.enter_context(
                Live(console=output.errors, transient=True, auto_refresh=False)
            )
            gateway = await _gateway(config, process, view)
            channel = await stack.enter_async_context(grpc.aio.insecure_channel(gateway))
            audits = {domain: _Audit() for domain in _DOMAINS}
            for domain, audit in audits.items():
                stack.push_async_callback(
                    _cancel, asyncio.create_task(_follow(gateway, domain, audit))
                )
            async for state in life.wait_until_up(config, process):
                view.update(life.render(state), refresh=True)
            await _until_drained(config, channel, audits, view, process)
            report = await _account(channel, audits, config)
            report.seconds = round(time.monotonic() - audits["market_data"].first_at, 3)
            report.records_per_second = round(report.records / max(report.seconds, 1e-9))
    finally:
        with contextlib.suppress(Unavailable):
            await life.stop(config)
        process.wait(timeout=60)
    spans = _best_trace(config)
    if spans:
        report.trace_id = spans[0].trace_id
        report.services_in_trace = len({span.service for span in spans})
        report.spans_in_trace = len(spans)
    report.traces = str(config.trace_dir)
    if not quiet:
        _print(report, spans)
    return report


async def _gateway(config: MeshConfig, process: Any, view: Live) -> str:
    """The gateway's address, as soon as it and the relays serve; collectors start after that."""
    wanted = {"envoy", "relay-market-data", "relay-signal", "relay-execution"}
    async for state in life.wait_until_up(config, process):
        view.update(life.render(state), refresh=True)
        serving = {s.name for s in state.services if s.state == system_pb2.SERVICE_STATE_SERVING}
        if wanted <= serving:
            return state.gateway_address
    return (await life.get_status(config)).gateway_address


async def _follow(gateway: str, domain: str, audit: _Audit) -> None:
    """One client of one domain, from the first frame on; holds the feed back rather than lose."""
    async with Subscription(gateway, domain, start="oldest", policy="block", name="demo") as feed:
        async for batch in feed:
            audit.first_at = audit.first_at or time.monotonic()
            audit.frames += len(batch.frames)
            for frame in batch.frames:
                count = frame.info.record_count
                audit.records += count
                audit.by_type[frame.message_type] += count
            audit.gaps += sum(gap.count for gap in batch.gaps)
            audit.delivered = batch.delivered_sequence


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _until_drained(
    config: MeshConfig,
    channel: grpc.aio.Channel,
    audits: dict[str, _Audit],
    view: Live,
    process: Any,
) -> None:
    """Until the source has ended and nothing is on its way any more."""
    finished_at = 0.0
    quiet = 0
    before: tuple[int, ...] = ()
    async for agent in _collector(config):
        if process.poll() is not None:
            raise Unavailable("the mesh ended during the demo", reason="MESH_NOT_RUNNING")
        heads = {domain: (await _status(channel, domain)).head_sequence for domain in _DOMAINS}
        portfolio = await strategy_pb2_grpc.PortfolioServiceStub(channel).GetPortfolio(
            strategy_pb2.GetPortfolioRequest()
        )
        strategy = await strategy_pb2_grpc.StrategyServiceStub(channel).GetStrategyStatus(
            strategy_pb2.GetStrategyStatusRequest()
        )
        view.update(_progress(audits, agent), refresh=True)
        if not agent.finished:
            continue
        finished_at = finished_at or time.monotonic()
        behind = {
            "strategy": heads["market_data"] - strategy.market_data_sequence,
            "portfolio (signals)": heads["signal"] - portfolio.signal_sequence,
            "portfolio (executions)": heads["execution"] - portfolio.execution_sequence,
            "open orders": portfolio.open_orders,
        } | {
            f"client ({domain})": heads[domain] - audit.delivered
            for domain, audit in audits.items()
        }
        state = tuple(heads.values())
        quiet = quiet + 1 if state == before and not any(behind.values()) else 0
        before = state
        if quiet >= _QUIET_POLLS:
            return
        if time.monotonic() - finished_at > _DRAIN_SECONDS:
            late = ", ".join(f"{who}: {count}" for who, count in behind.items() if count)
            raise Unavailable(
                f"not drained {_DRAIN_SECONDS:g} s after the end of the source: {late}",
                reason="MESH_NOT_DRAINED",
            )


async def _collector(config: MeshConfig) -> AsyncIterator[system_pb2.GetAgentStatusResponse]:
    """What the collector says of itself, again and again."""
    paths = MeshPaths(config)
    last = system_pb2.GetAgentStatusResponse()
    while True:
        ready = paths.read_ready("collector")
        if ready is not None:
            with contextlib.suppress(grpc.aio.AioRpcError):  # it may just be restarting
                async with grpc.aio.insecure_channel(ready.target) as channel:
                    last = await system_pb2_grpc.AgentServiceStub(channel).GetAgentStatus(
                        system_pb2.GetAgentStatusRequest(), timeout=5
                    )
        yield last
        await asyncio.sleep(_POLL_SECONDS)


async def _status(channel: grpc.aio.Channel, domain: str) -> relay_pb2.GetStatusResponse:
    answer: relay_pb2.GetStatusResponse = await _DOMAINS[domain](channel).GetStatus(
        relay_pb2.GetStatusRequest(), timeout=30
    )
    return answer


def _progress(audits: dict[str, _Audit], agent: system_pb2.GetAgentStatusResponse) -> Text:
    market = audits["market_data"]
    orders = audits["execution"].by_type
    percent = agent.counters.get("progress_percent")
    return Text.assemble(
        ("market data ", "dim"),
        f"{market.records:,} records in {market.frames:,} frames",
        ("   signals ", "dim"),
        f"{audits['signal'].records:,}",
        ("   orders ", "dim"),
        f"{orders[MessageType.ORDER_REQUEST]:,}",
        ("   fills ", "dim"),
        f"{orders[MessageType.FILL]:,}",
        ("   draining" if agent.finished else f"   {percent} %" if percent else "", "yellow"),
    )


async def _account(
    channel: grpc.aio.Channel, audits: dict[str, _Audit], config: MeshConfig
) -> Report:
    """Compare what the relays took with what the client got."""
    report = Report()
    for domain, audit in audits.items():
        status = await _status(channel, domain)
        report.lost += max(0, status.published_records - audit.records)
        report.lost += sum(subscriber.lost_frames for subscriber in status.subscribers)
    market, signal = audits["market_data"], audits["signal"]
    report.frames = market.frames
    report.records = market.records
    report.trades = market.by_type[MessageType.TRADE]
    report.quotes = market.by_type[MessageType.QUOTE]
    report.book_levels = market.by_type[MessageType.ORDER_BOOK]
    report.signals = signal.records
    report.orders = await _count_orders(channel)
    report.fills = audits["execution"].by_type[MessageType.FILL]
    report.instruments = await _count_instruments(channel)
    async for agent in _collector(config):
        report.corrupt_lines = agent.counters.get("corrupt_lines", 0)
        break
    return report


async def _count_orders(channel: grpc.aio.Channel) -> int:
    stub, count, token = execution_pb2_grpc.ExecutionServiceStub(channel), 0, ""
    while True:
        page = await stub.ListOrders(
            execution_pb2.ListOrdersRequest(page_size=1000, page_token=token)
        )
        count += len(page.orders)
        if not (token := page.next_page_token):
            return count


async def _count_instruments(channel: grpc.aio.Channel) -> int:
    stub, count, token = registry_pb2_grpc.RegistryServiceStub(channel), 0, ""
    while True:
        page = await stub.ListInstruments(
            registry_pb2.ListInstrumentsRequest(page_size=1000, page_token=token)
        )
        count += len(page.instruments)
        if not (token := page.next_page_token):
            return count


def _best_trace(config: MeshConfig) -> list[SpanRecord]:
    """The spans of one filled order: of the trace in which the most of the declared edges are."""
    traces: dict[str, list[SpanRecord]] = {}
    for span in read_spans(config.trace_dir):
        traces.setdefault(span.trace_id, []).append(span)
    filled = [
        spans for spans in traces.values() if any(s.name == edges.EXECUTION_FILL for s in spans)
    ]
    if not filled:
        return []
    best = max(filled, key=lambda spans: (_edges_in(spans), -len(spans)))
    return sorted(best, key=lambda span: span.start_ns)


def _edges_in(spans: Sequence[SpanRecord]) -> int:
    by_id = {span.span_id: span for span in spans}
    found = {
        ((parent.name, parent.service), (span.name, span.service))
        for span in spans
        if (parent := by_id.get(span.parent_span_id)) is not None
    }
    return sum(1 for edge in edges.EDGES if (tuple(edge.parent), tuple(edge.child)) in found)


def _print(report: Report, spans: Sequence[SpanRecord]) -> None:
    output.console.print(
        output.key_values(
            {
                "market data": f"{report.records:,} records in {report.frames:,} frames: "
                f"{report.trades:,} trades, {report.quotes:,} quotes, "
                f"{report.book_levels:,} book levels",
                "decisions": f"{report.signals:,} signals, {report.orders:,} orders, "
                f"{report.fills:,} fills",
                "lost": f"{report.lost:,} records",
                "time": f"{report.seconds:.1f} s, {report.records_per_second:,} records/s",
            }
        )
    )
    if spans:
        output.console.print(tree(spans))
        order = next(
            (
                s.attributes[attributes.ORDER_ID]
                for s in spans
                if attributes.ORDER_ID in s.attributes
            ),
            None,
        )
        if order is not None:
            program = sys.argv[0] if Path(sys.argv[0]).name == "alphapulse" else "alphapulse"
            output.console.print(
                f"again: {program} trace show {report.trace_id} --directory {report.traces}",
                style="dim",
            )
