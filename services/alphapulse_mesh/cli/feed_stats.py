"""`alphapulse feed stats`: rates, lags, gaps, depth, circuit and latencies of domains, live.

What the numbers are is `feed_sampling`'s part; the plot is `feed_plot`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import Group
from rich.live import Live

from alphapulse_client import Mesh, Subscription
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.feed_options import Selection
from alphapulse_mesh.cli.feed_sampling import OWN_NAME, Sample, look
from alphapulse_mesh.cli.feed_tail import app
from alphapulse_mesh.cli.gateway import connect
from alphapulse_mesh.cli.stopping import stopped_by_signals
from alphapulse_mesh.runtime.errors import MeshError

if TYPE_CHECKING:
    from alphapulse.relay.v1 import relay_pb2 as pb

__all__ = ["app", "render"]

_MOST_ROWS: Final = 12
_READY_SECONDS: Final = 5.0


class _Domain:
    """One domain under observation: its relay's counters, and a subscription of our own."""

    def __init__(self, mesh: Mesh, name: str) -> None:
        self.name = name
        self._mesh = mesh
        self._sample = Sample()
        self._status: pb.GetStatusResponse | None = None
        self._asked = 0.0
        self._failure: MeshError | None = None
        self._feed: Subscription = mesh.feed(
            name, start="latest", policy="drop_oldest", name=OWN_NAME
        )

    async def begin(self) -> None:
        """Wait until everything that is published from now on is counted, where that can be."""
        with contextlib.suppress(MeshError):  # the first look says why not
            await self._feed.ready(_READY_SECONDS)

    async def watch(self) -> None:
        """Count what comes, for as long as it comes; after `begin`."""
        try:
            async for batch in self._feed:
                self._sample.add(batch)
        except MeshError as error:
            self._failure = error

    async def look(self) -> dict[str, Any] | None:
        """What happened since the last call; None the first time."""
        try:
            status = await self._mesh.relay_status(self.name)
        except MeshError as error:
            return {"error": error.message, "reason": error.reason}
        now = time.monotonic()
        before, self._status = self._status, status
        seconds, self._asked = now - self._asked, now
        sample, self._sample = self._sample, Sample()
        if before is None:
            return None
        found = look(before, status, seconds, sample)
        if self._failure is not None:
            found["subscription"] = f"{self._failure.message} ({self._failure.reason})"
        return found


@app.command("stats")
@output.command
async def stats(
    domains: Annotated[
        list[str] | None,
        typer.Argument(help="market_data, signal, execution, system; default: all."),
    ] = None,
    interval: Annotated[float, typer.Option(min=0.1, help="Seconds between looks.")] = 1.0,
    once: Annotated[bool, typer.Option("--once", help="One look, over one interval.")] = False,
    seconds: Annotated[float | None, typer.Option(help="Stop after this time.", min=0)] = None,
    plot: Annotated[
        Path | None,
        typer.Option(help="Draw rates, lags and latencies over the time into this .svg or .png."),
    ] = None,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Rates by type, venue and producer, lags of subscribers, gaps, queue, circuit, latencies.

    Live until Ctrl-C, --seconds or --once; with --json one look a line. A domain whose relay does
    not answer says so, and the others go on.
    """
    draw = None
    if plot is not None:
        from alphapulse_mesh.cli.feed_plot import Plot  # noqa: PLC0415  # matplotlib, only for this

        draw = Plot(plot)
    chosen = Selection(domains=domains or ["all"]).chosen_domains()
    async with connect(target, name, config) as mesh, contextlib.AsyncExitStack() as stack:
        watched = [_Domain(mesh, domain) for domain in chosen]
        await asyncio.gather(*(domain.begin() for domain in watched))
        tasks = [asyncio.ensure_future(domain.watch()) for domain in watched]
        stack.callback(lambda: [task.cancel() for task in tasks])
        stop = stack.enter_context(stopped_by_signals(seconds))
        live = None
        if not as_json and sys.stdout.isatty() and not once:
            live = stack.enter_context(Live(console=output.console, auto_refresh=False))
        await asyncio.gather(*(domain.look() for domain in watched))
        while True:
            await _pause(stop, interval)
            looks = await asyncio.gather(*(domain.look() for domain in watched))
            state = {
                "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
                "domains": {
                    domain.name: found
                    for domain, found in zip(watched, looks, strict=True)
                    if found is not None
                },
            }
            if as_json:
                output.print_json(state)
            elif live is not None:
                live.update(render(state), refresh=True)
            else:
                output.console.print(render(state))
            if draw is not None:
                draw.add(time.monotonic(), state)
            if once or stop.is_set():
                break
    if draw is not None:
        draw.save()
        output.errors.print(f"drawn: {plot}", style="dim")


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await stop.wait()


def render(state: dict[str, Any]) -> Group:
    """The tables of one look."""
    parts: list[Any] = [
        output.table(
            [
                "domain",
                "frames/s>",
                "records/s>",
                "window>",
                "queue>",
                "circuit",
                "gaps",
                "refused",
            ],
            [_summary(name, found) for name, found in state["domains"].items()],
        )
    ]
    rows = {name: found for name, found in state["domains"].items() if "error" not in found}
    parts += _part(
        ["type", "records>", "records/s>", "p50 µs>", "p99 µs>", "max µs>"],
        [
            (f"{kind}", f"{one['records']:,}", f"{one['records_per_second']:,.0f}",
             *(_micros(one[key]) for key in ("p50_us", "p99_us", "max_us")))
            for found in rows.values() for kind, one in found["types"].items()
        ],
    )  # fmt: skip
    for title in ("venues", "sources"):
        parts += _part(
            ["domain", title.removesuffix("s"), "records/s>"],
            [
                (name, key, f"{rate:,.0f}")
                for name, found in rows.items() for key, rate in found[title].items()
            ],
        )  # fmt: skip
    parts += _part(
        ["domain", "producer", "frames/s>", "frames>", "duplicates>", "refused>", "missing>", ""],
        [
            (name, one["name"], f"{one['frames_per_second']:,.0f}", f"{one['frames']:,}",
             one["duplicates"], one["rejected"], one["missing"],
             "" if one["connected"] else "away")
            for name, found in rows.items() for one in found["producers"]
        ],
    )  # fmt: skip
    parts += _part(
        ["domain", "subscriber", "policy", "records/s>", "lag>", "lost>", "conflated>"],
        [
            (name, one["name"] or "(no name)", one["policy"], f"{one['records_per_second']:,.0f}",
             f"{one['lag_frames']:,}", f"{one['lost_frames']:,}", f"{one['conflated_frames']:,}")
            for name, found in rows.items() for one in found["subscribers"]
        ],
    )  # fmt: skip
    return Group(*parts)


def _summary(name: str, found: dict[str, Any]) -> tuple[object, ...]:
    if "error" in found:
        return name, "", "", "", "", found["reason"], "", found["error"]
    window = found["head_sequence"] - found["oldest_sequence"] + 1 if found["head_sequence"] else 0
    return (
        name,
        f"{found['frames_per_second']:,.0f}",
        f"{found['records_per_second']:,.0f}",
        f"{window:,}",
        f"{found['queue_frames']:,} of {found['queue_limit']:,}",
        found["circuit"],
        _counts(found["gaps"]),
        _counts(found["rejected"]),
    )


def _counts(counts: dict[str, int]) -> str:
    return " ".join(f"{reason} {count:,}" for reason, count in counts.items())


def _micros(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _part(columns: list[str], lines: list[tuple[object, ...]]) -> list[Any]:
    """A table where it has lines; of many the first, and how many more there are."""
    if not lines:
        return []
    shown = output.table(columns, lines[:_MOST_ROWS])
    if len(lines) > _MOST_ROWS:
        shown.caption = f"and {len(lines) - _MOST_ROWS} more: --json has all"
    return ["", shown]
