"""The command `alphapulse bench`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.markup import escape

from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.bench import feed, registry, ring
from alphapulse_mesh.cli.bench.interleave import Effort
from alphapulse_mesh.cli.bench.results import Result
from alphapulse_mesh.cli.bench.targets import Target, judge

__all__ = ["bench"]

FULL: Final = Effort(rounds=9, seconds=0.25, warm_up=1.0, budget=900.0)
QUICK: Final = Effort(rounds=3, seconds=0.05, warm_up=0.15, budget=75.0)


class Bench(StrEnum):
    """What can be measured."""

    RING = "ring"
    FEED = "feed"
    REGISTRY = "registry"
    EXECUTION = "execution"
    BOOK = "book"
    COLLECTORS = "collectors"
    OPPORTUNITIES = "opportunities"
    BACKTEST = "backtest"
    ALL = "all"


Run = Callable[[Path, Effort], Iterator[Result]]
BENCHES: Final[dict[Bench, tuple[Run, tuple[Target, ...]]]] = {
    Bench.RING: (ring.run, ring.TARGETS),
    Bench.FEED: (feed.run, feed.TARGETS),
    Bench.REGISTRY: (registry.run, registry.TARGETS),
}


def bench(
    what: Annotated[Bench, typer.Argument(help="What to measure.", show_default=False)],
    quick: Annotated[
        bool, typer.Option("--quick", help="The same cases on less work, within two minutes.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One result a line as JSON.")] = False,
) -> None:
    """Measure the project beside its peers: same work, same call, in turns."""
    root = Path(__file__).resolve().parents[4]
    if not (root / "tests/bench").is_dir():
        output.errors.print("[bold red]error[/]: benchmarks need the source tree (tests/bench)")
        raise typer.Exit(2)
    chosen = [name for name in Bench if name in BENCHES] if what is Bench.ALL else [what]
    for name in chosen:
        if name not in BENCHES:
            output.errors.print(f"[bold red]error[/]: the bench {name.value} is not there yet")
            raise typer.Exit(4)
        run, targets = BENCHES[name]
        results = list(_shown(run(root, QUICK if quick else FULL), as_json=as_json))
        if not as_json:
            _print_targets(results, targets)


def _shown(results: Iterable[Result], *, as_json: bool) -> Iterator[Result]:
    """Each result as it comes: a line of JSON, or of a list."""
    for result in results:
        if as_json:
            sys.stdout.write(result.line() + "\n")
            sys.stdout.flush()
        else:
            value = "—" if result.value is None else f"{result.value:,.6g}"
            spread = "" if result.low is None else f"{result.low:,.4g} … {result.high:,.4g}"
            said = f"{result.case:26} {result.subject:11} {result.metric:21} {value:>13} {spread}"
            reason = f" [yellow]{escape(result.detail)}[/]" if result.value is None else ""
            output.console.print(f"{said}{reason}", highlight=False)
        yield result


def _print_targets(results: list[Result], targets: Iterable[Target]) -> None:
    rows = []
    for verdict in judge(results, targets):
        target, colour = (
            verdict.target,
            {"ok": "green", "missed": "red"}.get(verdict.word, "yellow"),
        )
        rows.append((
            target.case, f"{target.metric} / {target.peer or '1'}",
            f"{target.bound} {target.ratio:g}",
            "—" if verdict.ratio is None else f"{verdict.ratio:,.4g}",
            f"[{colour}]{verdict.word}[/]",
        ))  # fmt: skip
    output.console.print()
    output.console.print(output.table(("case", "ratio", "target", "measured>", ""), rows))
