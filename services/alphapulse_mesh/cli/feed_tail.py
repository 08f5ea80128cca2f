"""`alphapulse feed tail`: domains live, as a table, as lines, JSON or CSV.

What is shown how is `feed_views`' part, which frames come `feed_options`'.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Final, Literal

import typer
from rich.live import Live

from alphapulse_client import Frame, MergedFeed, Mesh
from alphapulse_client.schemas import RecordSchema
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.feed import app
from alphapulse_mesh.cli.feed_options import Selection
from alphapulse_mesh.cli.feed_values import Records
from alphapulse_mesh.cli.feed_views import CsvView, JsonView, LineView, Names, TableView, View
from alphapulse_mesh.cli.gateway import connect
from alphapulse_mesh.cli.stopping import stopped_by_signals, until
from alphapulse_mesh.cli.venue_names import VenueNames
from alphapulse_mesh.runtime.errors import InvalidArgument, MeshError

__all__ = ["app"]

_REFRESH_SECONDS: Final = 0.25
_MOST_LOOKUPS: Final = 256


class Format(StrEnum):
    """How records are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


@app.command("tail")
@output.command
async def tail(
    domains: Annotated[
        list[str] | None,
        typer.Argument(help="market_data (default), signal, execution, system; several, or all."),
    ] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Only these message types.")
    ] = None,
    instruments: Annotated[
        list[str] | None,
        typer.Option("--instrument", "-i", help="Only these: id, SYMBOL or SYMBOL@VENUE."),
    ] = None,
    venues: Annotated[
        list[str] | None, typer.Option("--venue", help="Only these: name, MIC or number.")
    ] = None,
    sources: Annotated[
        list[str] | None, typer.Option("--source", help="Only of these kinds of producers.")
    ] = None,
    asset_types: Annotated[
        list[str] | None, typer.Option("--asset-type", help="Only these asset types.")
    ] = None,
    where: Annotated[
        str, typer.Option(help='Only records like "ask_price - bid_price > 0.5 and side == BUY".')
    ] = "",
    start: Annotated[
        str,
        typer.Option(
            help="latest, oldest, snapshot, a sequence, a time (2026-01-31T08:00:00Z) or -5m."
        ),
    ] = "latest",
    policy: Annotated[
        str, typer.Option(help="When this falls behind: block, drop, conflate or disconnect.")
    ] = "drop",
    tokens: Annotated[
        list[str] | None,
        typer.Option("--token", help="Go on where an earlier one ended: TOKEN or DOMAIN:TOKEN."),
    ] = None,
    order: Annotated[
        str, typer.Option(help="Several domains: by time of making, or by arrival.")
    ] = "time",
    form: Annotated[
        Format | None, typer.Option("--format", help="Default: table, in a pipe json.")
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", "--limit", help="Stop after so many records.", min=1)
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after this time.", min=0)] = None,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Show one domain or several live, until Ctrl-C, --count or --seconds.

    At the end it says how to go on from there (--token). Repeat an option, or give it several
    values between commas.
    """
    if form is None:
        form = Format.TABLE if sys.stdout.isatty() and not as_json else Format.JSON
    elif as_json and form is not Format.JSON:
        raise InvalidArgument(
            f"--json and --format {form}: one of the two", reason="FORMAT_UNCLEAR"
        )
    selection = Selection(
        domains or [], types or [], instruments or [], venues or [], sources or [],
        asset_types or [], where, start, tokens or [], policy,
    )  # fmt: skip
    chosen = selection.chosen_domains()
    async with connect(target, name, config) as mesh:
        options = await selection.subscriptions(mesh, "alphapulse feed tail")
        feed = MergedFeed(
            {domain: mesh.feed(domain, **of_one) for domain, of_one in options.items()},
            order=_order(order, len(chosen)),
        )
        names = Names(VenueNames(mesh))
        records = Records({domain: await _schemas(mesh, domain) for domain in chosen})
        only = options[chosen[0]]["message_types"] if len(chosen) == 1 else ()
        async with feed:
            with (
                stopped_by_signals(seconds) as stop,
                _view(form, names, records, list(only), several=len(chosen) > 1) as view,
            ):
                try:
                    unused = await _show(mesh, feed, view, names, stop, count)
                finally:
                    view.flush(feed.states)
            _say_place(feed, unused)


def _order(text: str, domains: int) -> Literal["time", "arrival"]:
    if text not in ("time", "arrival"):
        raise InvalidArgument(f"--order {text!r}: time or arrival", reason="ORDER_UNKNOWN")
    # a single domain has its order already, and nobody to wait for
    return "time" if text == "time" and domains > 1 else "arrival"


@contextlib.contextmanager
def _view(
    form: Format, names: Names, records: Records, only: list[int], *, several: bool
) -> Iterator[View]:
    if form is Format.JSON:
        yield JsonView(records, several=several)
    elif form is Format.CSV:
        yield CsvView(only[0] if len(only) == 1 else None, records, several=several)
    elif not sys.stdout.isatty():
        yield LineView(names, records, several=several)
    else:
        with Live(console=output.console, auto_refresh=False) as live:
            yield TableView(live, names, records, several=several)


async def _schemas(mesh: Mesh, domain: str) -> dict[int, RecordSchema]:
    """The types that the domain's relay knows beside the built-in ones; none where it is away."""
    try:
        return await mesh.schemas(domain)
    except MeshError:
        return {}


async def _show(
    mesh: Mesh,
    feed: MergedFeed,
    view: View,
    names: Names,
    stop: asyncio.Event,
    count: int | None,
) -> list[tuple[str, Frame]]:
    """Show until it shall end; returns frames that were handed over and not shown, or not whole."""
    drawing = asyncio.ensure_future(_draw(mesh, feed, view, names))
    shown = 0
    try:
        async for batch in until(feed, stop):
            for domain, error in batch.failures:
                _failed(feed, domain, error)
            for domain, gap in batch.gaps:
                view.gap(domain, gap)
            for place, (domain, frame) in enumerate(batch.items):
                records = view.frame(domain, frame, None if count is None else count - shown)
                shown += records
                if shown == count:
                    whole = records == frame.info.record_count
                    return batch.items[place + whole :]
            if not isinstance(view, TableView):
                view.flush(feed.states)
    finally:
        drawing.cancel()
        await asyncio.gather(drawing, return_exceptions=True)
    return []


def _failed(feed: MergedFeed, domain: str, error: MeshError) -> None:
    """A wrong request is ours to mend; of a domain that has ended the others go on."""
    if isinstance(error, InvalidArgument) or len(feed.states) == 1:
        error.message = f"{domain}: {error.message}"
        raise error
    output.errors.print(f"{domain}: {error.message} ({error.reason})", style="red", markup=False)


async def _draw(mesh: Mesh, feed: MergedFeed, view: View, names: Names) -> None:
    """A table again and again, also while nothing comes; and names that only the registry has."""
    if not isinstance(view, TableView):
        return
    asking = True
    while True:
        view.flush(feed.states)
        if (names.unknown or names.strange) and asking:
            asking = await _ask(mesh, names)
        await asyncio.sleep(_REFRESH_SECONDS)


async def _ask(mesh: Mesh, names: Names) -> bool:
    """Whether there is a registry to ask again."""
    ids = [names.unknown.pop() for _ in range(min(len(names.unknown), _MOST_LOOKUPS))]
    try:
        found = await mesh.registry.get_many(ids) if ids else []
        for text, one in zip(ids, found, strict=True):
            if one is not None:
                names.learn(text, one.symbol, one.venue)
        await names.venues.learn(names.strange)
        names.strange.clear()
    except MeshError:
        return False  # a relay's own address, or no registry just now: ids are shown instead
    return True


def _say_place(feed: MergedFeed, unused: list[tuple[str, Frame]]) -> None:
    """How a later call goes on behind what was shown; beside the records, not among them."""
    tokens = {domain: state.resume_token for domain, state in feed.states.items()}
    for domain, frame in reversed(unused):
        tokens[domain] = feed.states[domain].token_behind(frame.sequence - 1)
    several = len(tokens) > 1
    said = [
        f"--token {domain}:{token.hex()}" if several else f"--token {token.hex()}"
        for domain, token in tokens.items()
        if token
    ]
    if said:
        output.errors.print(f"to go on: {' '.join(said)}", style="dim", soft_wrap=True)
