"""`alphapulse feed`: watch a domain live, and publish frames into it."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import orjson
import typer
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from alphapulse_client import Frame, FrameContext, Subscription, encode, new_context, rows, to_fixed
from alphapulse_client.decimals import DECIMALS, fixed_text
from alphapulse_client.frames import dtype_of
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_layout import MessageType, SourceType
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.gateway import connect
from alphapulse_mesh.cli.venue_names import venue_names
from alphapulse_mesh.runtime.errors import InvalidArgument, MeshError

app = typer.Typer(help="Watch and feed the four domains.", no_args_is_help=True)

_REFRESH_SECONDS: Final = 0.25
_SHOWN: Final = 20
_TIMES: Final = frozenset({"exchange_time", "receive_time", "created_at", "transact_time"})
# Fields that hold fixed point with 8 decimals; all others are shown as they are.
_FIXED: Final = frozenset(
    {
        "price", "size", "bid_price", "ask_price", "bid_size", "ask_size", "quantity", "buy_price",
        "sell_price", "max_size", "estimated_profit", "cumulative_quantity", "leaves_quantity",
        "average_price", "last_price", "last_quantity", "fee", "stop_price", "limit_price",
        "price_a", "price_b", "realized_pnl", "unrealized_pnl", "mark_price", "market_value",
    }
)  # fmt: skip

DomainArgument = Annotated[str, typer.Argument(help="market_data, signal, execution or system.")]


def message_type(text: str) -> int:
    """Number of a message type by name or number.

    Raises:
        InvalidArgument: there is no such type.
    """
    with contextlib.suppress(ValueError):
        return int(text)
    try:
        return MessageType[text.upper().replace("-", "_")]
    except KeyError:
        names = ", ".join(t.name.lower() for t in MessageType if t)
        raise InvalidArgument(
            f"no message type {text!r}; there are {names}", reason="MESSAGE_TYPE_UNKNOWN"
        ) from None


def plain(row: np.void) -> dict[str, Any]:
    """One record as plain values: fixed point as decimal text, ids as hexadecimal digits."""
    result: dict[str, Any] = {}
    for name in row.dtype.names or ():
        if name.startswith("reserved"):
            continue
        value = row[name]
        if value.dtype.names and value.dtype.itemsize == 16 and "asset_id" in value.dtype.names:
            result[name] = value.tobytes().hex()
        elif value.dtype.names:
            result[name] = plain(value)
        elif value.dtype.kind == "S":
            result[name] = bytes(value).decode("ascii", "replace")
        elif value.dtype.kind == "V":
            result[name] = value.tobytes().hex()
        elif name in _FIXED:
            result[name] = fixed_text(int(value))
        else:
            result[name] = value.item()
    return result


@dataclass(slots=True)
class _View:
    """What the live table shows: totals, rates over the last seconds, the newest records."""

    frames: int = 0
    records: int = 0
    lost: int = 0
    lag: int = 0
    newest: deque[tuple[int, str, str, str]] = field(default_factory=lambda: deque(maxlen=_SHOWN))
    marks: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=20))
    symbols: Mapping[str, str] = field(default_factory=dict)

    def add(self, frame: Frame) -> None:
        self.frames += 1
        count = frame.info.record_count
        self.records += count
        for row in frame.rows[-_SHOWN:]:
            values = plain(row)
            key = next((v for v in values.values() if isinstance(v, str) and len(v) == 32), "")
            shown = " ".join(
                f"{name}={value}"
                for name, value in values.items()
                if name not in _TIMES and name != "instrument_id" and value not in (0, "", "0")
            )
            kind = MessageType(frame.message_type).name.lower()
            self.newest.append((frame.sequence, kind, self.symbols.get(key, key), shown))

    def table(self, domain: str) -> Table:
        now = time.monotonic()
        self.marks.append((now, self.records))
        since, before = self.marks[0]
        rate = (self.records - before) / (now - since) if now > since else 0.0
        return output.table(
            ["sequence>", "type", "instrument", "record"],
            self.newest,
            title=f"{domain}: {self.frames:,} frames, {self.records:,} records, "
            f"{rate:,.0f} records/s, lag {self.lag:,}, lost {self.lost:,}",
        )


@app.command("tail")
@output.command
async def tail(
    domain: DomainArgument = "market_data",
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only these message types.")
    ] = None,
    instruments: Annotated[
        list[str] | None, typer.Option("--instrument", "-i", help="Only these instrument ids.")
    ] = None,
    start: Annotated[str, typer.Option(help="latest, oldest, snapshot or a sequence.")] = "latest",
    limit: Annotated[int | None, typer.Option(help="Stop after this many records.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after this time.")] = None,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Show a domain live. With --json, one record a line."""
    async with connect(target, name, config) as mesh:
        view = _View(symbols=await _symbols(mesh) if not as_json else {})
        feed = mesh.feed(
            domain,
            message_types=[message_type(text) for text in types or ()],
            instruments=instruments or (),
            start=start_of(start),
            name="alphapulse feed tail",
        )
        live = (
            Live(console=output.console, auto_refresh=False)
            if not as_json
            else contextlib.nullcontext()
        )
        with live as shown, contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await _tail(feed, view, shown, domain, limit)


async def _tail(
    feed: Subscription, view: _View, live: Live | None, domain: str, limit: int | None
) -> None:
    drawn = 0.0
    async for batch in feed:
        view.lag = batch.lag
        view.lost += sum(gap.count for gap in batch.gaps)
        for gap in batch.gaps if live is None else ():
            output.print_json({"gap": {"first": gap.first, "last": gap.last, "reason": gap.reason}})
        for frame in batch.frames:
            if live is None:
                _print_rows(frame, None if limit is None else limit - view.records)
                view.records += frame.info.record_count
            else:
                view.add(frame)
            if limit is not None and view.records >= limit:
                break
        done = limit is not None and view.records >= limit
        if live is not None and (done or time.monotonic() - drawn > _REFRESH_SECONDS):
            live.update(view.table(domain), refresh=True)
            drawn = time.monotonic()
        if done:
            return


def _print_rows(frame: Frame, most: int | None) -> None:
    context = frame.context
    for row in frame.rows[:most]:
        output.print_json(
            {
                "sequence": frame.sequence,
                "type": MessageType(frame.message_type).name,
                "trace_id": context.trace_hex,
                **plain(row),
            }
        )


async def _symbols(mesh: Any) -> dict[str, str]:
    """Symbols by instrument id; at most a page, the rest is shown by id."""
    listed: list[Any] = []
    async for instrument in mesh.registry.list():
        listed.append(instrument)
        if len(listed) >= 10_000:
            break
    names = await venue_names(mesh, (one.venue for one in listed))
    return {one.id_text: f"{one.symbol} {names[one.venue]}".strip() for one in listed}


def start_of(text: str) -> Any:
    """Where a subscription starts, as an option names it."""
    if text in ("latest", "oldest", "snapshot"):
        return text
    try:
        return int(text)
    except ValueError:
        raise InvalidArgument(
            f"--start {text!r}: latest, oldest, snapshot or a sequence", reason="START_INVALID"
        ) from None


@app.command("publish")
@output.command
async def publish(
    domain: DomainArgument,
    file: Annotated[
        Path,
        typer.Argument(help='JSON lines: {"type": "trade", "instrument_id": …, fields …}.'),
    ],
    batch: Annotated[int, typer.Option(help="Records in a frame, at most.", min=1)] = 512,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Publish records from JSON lines, in the form that `feed tail --json` prints."""
    frames = list(_frames(file, batch))
    columns = (TextColumn("publishing"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with (
        connect(target, name, config) as mesh,
        mesh.publisher(domain, producer_name="alphapulse feed publish") as publisher,
    ):
        with Progress(*columns, console=output.errors, disable=as_json) as progress:
            task = progress.add_task("", total=len(frames))
            for frame in frames:
                await publisher.publish(frame)
                progress.advance(task)
        await publisher.flush()
        rejections = list(publisher.rejections)
    taken = len(frames) - len(rejections)
    if as_json:
        refused = [{"reason": r.reason, "message": r.message} for r in rejections]
        output.print_json({"frames": taken, "rejected": refused})
    else:
        output.console.print(f"{taken} frames published")
        for rejection in rejections:
            output.errors.print(f"refused: {rejection.reason}: {rejection.message}", style="red")
    if rejections:
        raise typer.Exit(5)


def _frames(file: Path, batch: int) -> Iterator[bytes]:
    """Frames of consecutive records of one type."""
    kind = 0
    pending: list[dict[str, Any]] = []
    context: FrameContext | None = None

    def flush() -> bytes:
        array = rows(kind, len(pending))
        for index, values in enumerate(pending):
            for name, value in values.items():
                array[index][name] = value
        return encode(kind, array, source=SourceType.EXTERNAL, context=context or new_context())

    try:
        lines = file.read_bytes().splitlines()
    except OSError as error:
        raise InvalidArgument(f"{file}: {error.strerror}", reason="FILE_UNREADABLE") from None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            values = orjson.loads(line)
            this = message_type(str(values.pop("type")))
            record = _record(this, values)
        except MeshError as error:
            raise InvalidArgument(f"{file}:{number}: {error}", reason="RECORD_INVALID") from None
        except (KeyError, ValueError, TypeError, AttributeError, ArithmeticError) as error:
            what = f"no field {error}" if isinstance(error, KeyError) else str(error)
            raise InvalidArgument(f"{file}:{number}: {what}", reason="RECORD_INVALID") from None
        if pending and (this != kind or len(pending) >= batch):
            yield flush()
            pending = []
        kind = this
        pending.append(record)
    if pending:
        yield flush()


def _record(kind: int, values: dict[str, Any]) -> dict[str, Any]:
    names = dtype_of(kind).names or ()
    for ignored in ("sequence", "trace_id"):
        if ignored not in names:
            values.pop(ignored, None)
    record: dict[str, Any] = {}
    for name, value in values.items():
        if name not in names:
            raise ValueError(f"{MessageType(kind).name.lower()} has no field {name!r}")
        field_type = dtype_of(kind)[name]
        if field_type.itemsize == 16 and field_type.names and "asset_id" in field_type.names:
            record[name] = np.frombuffer(id_bytes(value), dtype=field_type)[0]
        elif name in _FIXED:
            record[name] = _fixed(Decimal(str(value)), signed=field_type.kind == "i")
        elif field_type.kind == "S":
            record[name] = str(value).encode()
        elif field_type.kind == "V":
            record[name] = bytes.fromhex(value)
        else:
            record[name] = int(value)
    return record


def _fixed(value: Decimal, *, signed: bool) -> int:
    """Fixed point with 8 decimals, exactly; sizes are unsigned and use all 64 bits."""
    if signed:
        return to_fixed(value)
    scaled = value.scaleb(DECIMALS)
    if not value.is_finite() or scaled != scaled.to_integral_value() or not 0 <= scaled < 2**64:
        raise ValueError(f"{value} is no size: not negative, at most {DECIMALS} decimals, 64 bits")
    return int(scaled)
