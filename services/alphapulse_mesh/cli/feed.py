"""`alphapulse feed`: the commands on the four domains; here the one that publishes.

`feed_tail` and `feed_stats` look, `feed_recording` and `feed_migrate` keep and convert.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from alphapulse_client import FrameContext, encode, new_context, rows
from alphapulse_layout import SourceType
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.feed_values import message_type, record_of
from alphapulse_mesh.cli.gateway import connect
from alphapulse_mesh.runtime.errors import InvalidArgument, MeshError

__all__ = ["DomainArgument", "app"]

app = typer.Typer(help="Watch and feed the four domains.", no_args_is_help=True)

DomainArgument = Annotated[str, typer.Argument(help="market_data, signal, execution or system.")]


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
            if set(values) <= {"gap", "domain"}:
                continue  # what was missing while this was written
            this = message_type(str(values.pop("type")))
            record = record_of(this, values)
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
