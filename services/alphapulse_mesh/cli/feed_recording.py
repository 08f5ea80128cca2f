"""`alphapulse feed record | replay | export | repair`: a domain into Arrow files, and back.

What a file holds is `alphapulse_mesh.recording`'s part. pyarrow is imported when it is needed: it
would double the time that every other command takes to start.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import typer
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from alphapulse_client import Subscription
from alphapulse_client.domains import relay_domain
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.feed import DomainArgument
from alphapulse_mesh.cli.feed_options import Selection
from alphapulse_mesh.cli.feed_stats import app
from alphapulse_mesh.cli.gateway import connect
from alphapulse_mesh.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from alphapulse_mesh.recording import RecordingWriter
    from alphapulse_mesh.recording.layout import Identity

__all__ = ["app"]

_FLUSH_SECONDS: Final = 1.0
_DRAW_SECONDS: Final = 0.25
_MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Limits:
    seconds: float | None
    records: int | None


@app.command("record")
@output.command
async def record(
    domain: DomainArgument,
    file: Annotated[Path, typer.Argument(help="Arrow file to make, e.g. day.arrow.")],
    seconds: Annotated[float | None, typer.Option(help="Stop after this time.")] = None,
    records: Annotated[int | None, typer.Option(help="Stop after so many records.", min=1)] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", "--types", help="Only these message types.")
    ] = None,
    instruments: Annotated[
        list[str] | None,
        typer.Option(
            "--instrument", "--instruments", "-i", help="Only these: id, SYMBOL or SYMBOL@VENUE."
        ),
    ] = None,
    venues: Annotated[
        list[str] | None, typer.Option("--venue", help="Only these: name, MIC or number.")
    ] = None,
    where: Annotated[str, typer.Option(help="Only records that this predicate lets through.")] = "",
    start: Annotated[
        str, typer.Option(help="latest, oldest, snapshot, a sequence, a time, or -5m.")
    ] = "latest",
    policy: Annotated[
        str,
        typer.Option(
            help="drop never slows the mesh and records gaps; block loses nothing; conflate keeps "
            "last values; disconnect ends the recording."
        ),
    ] = "drop",
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on behind what FILE and its parts have, in a new part."),
    ] = False,
    rotate_mib: Annotated[
        float, typer.Option(help="Begin a new part (day.1.arrow, …) at this size; 0: never.", min=0)
    ] = 0,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Record a domain until Ctrl-C, --seconds or --records; gaps become rows."""
    from alphapulse_mesh.recording import RecordingWriter  # noqa: PLC0415  # pyarrow

    after = _resumed(file, domain) if resume else None
    selection = Selection(
        domains=[domain], types=types or [], instruments=instruments or [], venues=venues or [],
        where=where, start=start, policy=policy,
    )  # fmt: skip
    async with connect(target, name, config) as mesh:
        chosen = await selection.subscriptions(mesh, f"alphapulse feed record {file.name}")
        [(subject, options)] = chosen.items()
        if after is not None and after.sequence is not None:
            options["start"] = after.sequence + 1
        feed = mesh.feed(subject, **options)
        # the relay has fixed where it begins before a file is made: a typing error leaves none
        await feed.ready(30)
        writer = RecordingWriter(
            file,
            feed.domain,
            rotate_bytes=int(rotate_mib * _MIB),
            after=after.identity if after is not None else None,
        )
        began = time.monotonic()
        with _status(writer, feed, began, shown=not as_json) as draw:
            await _record(feed, writer, _Limits(seconds, records), draw)
    summary = {
        "files": [str(path) for path in writer.paths],
        "frames": writer.frames,
        "records": writer.records,
        "gaps": writer.gaps,
        "lost": writer.lost,
        "frame_bytes": writer.frame_bytes,
        "file_bytes": writer.file_bytes,
        "seconds": round(time.monotonic() - began, 3),
    }
    if as_json:
        output.print_json(summary)
    else:
        output.console.print(output.key_values({**summary, "files": " ".join(summary["files"])}))  # type: ignore[arg-type]  # a list


class _After(NamedTuple):
    """Where an earlier recorder ended."""

    identity: Identity
    sequence: int | None


def _resumed(file: Path, domain: str) -> _After:
    """Ends a file that was cut, and says what comes next.

    Raises:
        NotFound, DataLoss: there is no such recording.
        InvalidArgument: it is of another domain (reason `DOMAIN_MISMATCH`).
    """
    from alphapulse_mesh import recording  # noqa: PLC0415  # pyarrow

    parts = recording.parts_of(file)
    if parts[0].domain != relay_domain(domain):
        raise InvalidArgument(
            f"{file} is a recording of {parts[0].domain}, not of {domain}", reason="DOMAIN_MISMATCH"
        )
    last = parts[-1]
    if not last.complete:
        recording.repair(last.path)
    return _After(last.identity, recording.last_sequence(parts))


async def _record(feed: Subscription, writer: RecordingWriter, limits: _Limits, draw: Any) -> None:
    """Take batches until a limit or a signal; flush by size and by time; close the file."""
    writing = asyncio.Lock()

    async def flush() -> None:
        # in a thread: the disk must not hold up the feed's connection
        async with writing:
            await asyncio.to_thread(writer.flush)

    async def flush_by_time() -> None:
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            await flush()

    async def take() -> None:
        async for batch in feed:
            now = time.time_ns()
            async with writing:
                writer.add_gaps(batch.gaps, now)
                writer.add(batch.frames, now)
            if writer.due:
                await flush()
            draw()
            if limits.records is not None and writer.records >= limits.records:
                return

    tasks = [asyncio.ensure_future(take()), asyncio.ensure_future(flush_by_time())]
    with _stopping(tasks[0]):
        try:
            done, _ = await asyncio.wait(
                tasks, timeout=limits.seconds, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                if not task.cancelled():
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            writer.close()


@contextlib.contextmanager
def _stopping(task: asyncio.Future[None]) -> Iterator[None]:
    """Ctrl-C and a request to end are how a recording ends, not failures."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


@contextlib.contextmanager
def _status(
    writer: RecordingWriter, feed: Subscription, began: float, *, shown: bool
) -> Iterator[Any]:
    """A line of what was recorded, redrawn now and then."""
    if not shown:
        yield lambda: None
        return
    with Live(console=output.errors, auto_refresh=False, transient=True) as live:
        drawn = 0.0

        def draw() -> None:
            nonlocal drawn
            now = time.monotonic()
            if now - drawn < _DRAW_SECONDS:
                return
            drawn = now
            said = (
                f"{writer.paths[-1].name}: {writer.frames:,} frames, {writer.records:,} records, "
                f"{writer.records / max(now - began, 1e-3):,.0f}/s, "
                f"{writer.file_bytes / _MIB:,.1f} MiB, lag {feed.lag:,}, lost {writer.lost:,}"
            )
            live.update(Text(said), refresh=True)

        yield draw


@app.command("replay")
@output.command
async def replay(
    files: Annotated[list[Path], typer.Argument(help="A recording, or all its parts in order.")],
    speed: Annotated[str, typer.Option(help="1 as recorded, N times as fast, or max.")] = "1",
    domain: Annotated[
        str | None, typer.Option(help="Into this domain; default: where it was recorded.")
    ] = None,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Publish a recording again, byte for byte; an interrupted replay goes on where it stopped."""
    from alphapulse_mesh.recording import Recording  # noqa: PLC0415  # pyarrow
    from alphapulse_mesh.recording.replay import Pace, plan, play  # noqa: PLC0415  # pyarrow

    pace = Pace(_speed(speed))
    recordings = [Recording(file) for file in files]
    into = domain or recordings[0].domain
    total = sum(recording.count()[0] for recording in recordings)
    async with connect(target, name, config) as mesh:
        status = await mesh.relay_status(into)
        known = {one.producer_id: one.acknowledged_sequence for one in status.producers}
        chosen = plan(recordings, into, total, known)
        columns = (
            TextColumn("replaying"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=output.errors, disable=as_json) as progress:
            task = progress.add_task("", total=total)
            async with mesh.publisher(
                into,
                producer_name=f"alphapulse feed replay {files[0].name}",
                producer_id=chosen.producer_id,
                priorities=False,  # as it was recorded; a place in it is a number
            ) as publisher:
                sent = await play(
                    recordings,
                    publisher,
                    pace=pace,
                    progress=lambda place: progress.update(task, completed=place),
                )
                rejections = publisher.rejections
                rejected = publisher.rejected
    summary = {
        "domain": into,
        "run": chosen.run,
        "frames": total,
        "already_there": total - sent,
        "sent": sent,
        "rejected": rejected,
    }
    if as_json:
        output.print_json(summary)
    else:
        output.console.print(output.key_values(summary))
        for rejection in rejections[:20]:
            output.errors.print(f"refused: {rejection.reason}: {rejection.message}", style="red")
    if rejected:
        raise typer.Exit(5)


def _speed(text: str) -> float:
    if text == "max":
        return float("inf")
    try:
        return float(text.removesuffix("x"))
    except ValueError:
        raise InvalidArgument(
            f"--speed {text!r}: a number or max", reason="SPEED_INVALID"
        ) from None


@app.command("export")
@output.command
async def export(
    files: Annotated[list[Path], typer.Argument(help="A recording, or all its parts in order.")],
    directory: Annotated[Path, typer.Argument(help="Gets <type>.parquet for each message type.")],
    as_json: output.JsonOption = False,
) -> None:
    """Decode a recording into Parquet tables with typed columns, one a message type."""
    from alphapulse_mesh import recording  # noqa: PLC0415  # pyarrow

    recordings = [recording.Recording(file) for file in files]
    total = sum(one.count()[0] for one in recordings)
    columns = (TextColumn("exporting"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=output.errors, disable=as_json) as progress:
        task = progress.add_task("", total=total)
        rows = recording.export(
            recordings, directory, progress=lambda done: progress.update(task, completed=done)
        )
    if as_json:
        output.print_json(rows)
    else:
        output.console.print(
            output.table(
                ["table", "rows>"],
                [(directory / f"{name}.parquet", f"{count:,}") for name, count in rows.items()],
            )
        )


@app.command("repair")
@output.command
async def repair(
    file: Annotated[Path, typer.Argument(help="A recording whose recorder was killed.")],
    as_json: output.JsonOption = False,
) -> None:
    """End a recording that its recorder could not end, so that every Arrow reader takes it."""
    from alphapulse_mesh import recording  # noqa: PLC0415  # pyarrow

    frames = recording.repair(file)
    if as_json:
        output.print_json({"file": str(file), "frames": frames})
    else:
        output.console.print(f"{file}: {frames:,} frames")
