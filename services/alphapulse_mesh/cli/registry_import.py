"""`alphapulse registry import`: files of others, made registrations."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from alphapulse_client import Mesh
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.gateway import find_target
from alphapulse_mesh.importers.ccxt_markets import import_markets
from alphapulse_mesh.importers.financedatabase import import_listings
from alphapulse_mesh.importers.financedatabase_kinds import importer_of
from alphapulse_mesh.importers.loading import Loader
from alphapulse_mesh.importers.places import Places
from alphapulse_mesh.importers.rows import Summary, write_report
from alphapulse_mesh.importers.tokens import import_pools, import_tokens
from alphapulse_mesh.importers.venues import import_venues
from alphapulse_mesh.runtime.errors import InvalidArgument, NotFound

_PATIENCE_SECONDS: Final = 120.0
"""How long a call is repeated while the registry is away: it may be starting again."""
KINDS: Final = ("venues", "financedatabase", "tokens", "pools", "ccxt", "databento")
# what `all` looks for below the data directory, in the order of reference
_ALL: Final = (
    ("venues", ("mic_iso10383/mic_*.csv",)),
    (
        "financedatabase",
        (
            "instruments_financedatabase/nasdaq_nms_excerpt.csv",
            "instruments_financedatabase/equities.csv*",
            "instruments_financedatabase/etfs.csv*",
            "instruments_financedatabase/currencies.csv*",
            "instruments_financedatabase/cryptos.csv*",
            "instruments_financedatabase/moneymarkets.csv*",
            "instruments_financedatabase/funds.csv*",
            "instruments_financedatabase/indices.csv*",
        ),
    ),
    ("tokens", ("token_lists/*.tokenlist.json*",)),
    ("pools", ("uniswap_pools/pools_*.csv",)),
    ("ccxt", ("ccxt/*.json*",)),
    ("databento", ("databento/*.dbn*", "dbn_format_samples/*definition*.dbn*")),
)


@output.command
async def import_command(
    kind: Annotated[str, typer.Argument(help=f"What the files are: {', '.join(KINDS)}; or all.")],
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="Files, for ccxt also exchanges; for all, the data."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(help="Write every refused and adapted row there: CSV or .jsonl.")
    ] = None,
    strict: Annotated[bool, typer.Option(help="Exit with 5 when a row was refused.")] = False,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Import venues and instruments; begin an interrupted import again and it goes on."""
    work = _work(kind, paths or [])
    mesh = await Mesh.connect(find_target(target, name, config), timeout=_PATIENCE_SECONDS)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=output.errors,
    )
    summaries: list[Summary] = []
    try:
        with progress:
            for each_kind, files in work:
                task = progress.add_task(each_kind, total=None)

                def advance(rows: int, task: object = task) -> None:
                    progress.advance(task, rows)  # type: ignore[arg-type]  # its own task id

                done = await _import(mesh, each_kind, files, advance)
                ends = [*(summary.begun for summary in done[1:]), time.monotonic()]
                for summary, end in zip(done, ends, strict=True):  # one file after the other
                    summary.seconds = end - summary.begun
                progress.update(task, total=progress.tasks[task].completed)
                summaries += done
    finally:
        await mesh.close()
    if report is not None:
        write_report(report, summaries)
    if as_json:
        output.print_json({"imports": [summary.as_dict() for summary in summaries]})
    else:
        _show(summaries)
    if strict and any(summary.refused for summary in summaries):
        raise typer.Exit(5)


def _work(kind: str, paths: list[Path]) -> list[tuple[str, list[Path]]]:
    if kind == "all":
        root = paths[0] if paths else Path(os.environ.get("ALPHAPULSE_DATA", "../shared/data"))
        found = [
            (each, [path for pattern in patterns for path in sorted(root.glob(pattern))])
            for each, patterns in _ALL
        ]
        work = [(each, files) for each, files in found if files]
        if not work:
            raise NotFound(f"{root}: nothing to import", reason="FILE_UNREADABLE")
        return work
    if kind not in KINDS:
        raise InvalidArgument(
            f"no importer {kind!r}; there are {', '.join(KINDS)} and all", reason="IMPORTER_UNKNOWN"
        )
    if not paths:
        raise InvalidArgument("which files?", reason="FILE_UNREADABLE")
    return [(kind, paths)]


async def _import(
    mesh: Mesh, kind: str, files: list[Path], progress: Callable[[int], None]
) -> list[Summary]:
    if kind == "venues":
        return await import_venues(mesh.registry, files, progress)
    places = await Places.read(mesh.registry)
    loader = Loader(mesh.registry, progress=progress)
    if kind == "financedatabase":
        readers = [(importer_of(path), path) for path in files]
        listings = [path for reader, path in readers if reader is None]
        done = await import_listings(loader, places, listings) if listings else []
        return [*done, *[await read(loader, places, path) for read, path in readers if read]]
    if kind == "databento":
        from alphapulse_mesh.importers.databento import (  # noqa: PLC0415  # their decoder
            import_definitions,
        )

        return await import_definitions(loader, places, files)
    one = {"tokens": import_tokens, "pools": import_pools, "ccxt": import_markets}[kind]
    return [await one(loader, places, path) for path in files]


def _show(summaries: list[Summary]) -> None:
    columns = ["source", "rows>", "new>", "changed>", "there>", "refused>", "seconds>"]
    rows = [
        (s.source, s.read, s.created, s.updated, s.unchanged, s.refused, f"{s.seconds:.1f}")
        for s in summaries
    ]
    output.console.print(output.table(columns, rows, markup=False))
    for refused, title in ((True, "refused"), (False, "adapted")):
        found = [
            (summary.source, reason, count)
            for summary in summaries
            for reason, count in summary.reasons(refused=refused).items()
        ]
        if found:
            output.console.print(output.table(["source", title, "rows>"], found, markup=False))
