"""`alphapulse trace`: one decision as a tree, from the span files that every service writes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from rich.text import Text
from rich.tree import Tree

from alphapulse_mesh.cli import output
from alphapulse_mesh.runtime import attributes
from alphapulse_mesh.runtime.config import load_config
from alphapulse_mesh.runtime.errors import InvalidArgument, NotFound
from alphapulse_mesh.runtime.trace_files import SpanRecord, find_spans, read_spans

_SHOWN: Final = (
    attributes.DOMAIN,
    attributes.SEQUENCE,
    attributes.MESSAGING_BATCH_COUNT,
    attributes.SYMBOL,
    attributes.EDGE_BPS,
    attributes.ORDER_ID,
    attributes.SIDE,
    attributes.PRICE,
    attributes.QUANTITY,
    attributes.DECISION,
    attributes.REASON,
)
"""What a person wants beside the names; `--json` prints everything."""

app = typer.Typer(help="Follow one decision from tick to fill.", no_args_is_help=True)

DirectoryOption = Annotated[
    Path | None,
    typer.Option("--directory", "-d", help="Span files. Default: those of the mesh."),
]


def _directory(directory: Path | None, name: str | None, config: Path | None) -> Path:
    if directory is None:
        loaded = load_config(config, **({"mesh": {"name": name}} if name else {}))
        directory = loaded.trace_dir
    if not directory.is_dir():
        raise NotFound(
            f"{directory}: no span files here; run `alphapulse demo` or `alphapulse up` first, "
            "or name their directory with --directory",
            reason="TRACES_NOT_FOUND",
            directory=str(directory),
        )
    return directory


@app.command("show")
@output.command
async def show(
    key: Annotated[str, typer.Argument(help="A trace id (32 hexadecimal digits) or an order id.")],
    directory: DirectoryOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Draw the spans of one trace as a tree."""
    place = _directory(directory, name, config)
    spans = _find(place, key.strip().lower())
    if as_json:
        output.print_json({"trace_id": spans[0].trace_id, "spans": spans})
        return
    output.console.print(tree(spans))


@app.command("list")
@output.command
async def list_traces(
    directory: DirectoryOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    limit: Annotated[int, typer.Option(help="Newest traces to show.")] = 20,
    as_json: output.JsonOption = False,
) -> None:
    """The newest traces that led to an order."""
    place = _directory(directory, name, config)
    traces: dict[str, list[SpanRecord]] = defaultdict(list)
    for span in read_spans(place):
        traces[span.trace_id].append(span)
    with_order = [
        spans
        for spans in traces.values()
        if any(attributes.ORDER_ID in s.attributes for s in spans)
    ]
    with_order.sort(key=lambda spans: min(s.start_ns for s in spans), reverse=True)
    rows: list[dict[str, Any]] = [
        {
            "trace_id": spans[0].trace_id,
            "order_ids": _order_ids(spans),
            "spans": len(spans),
            "services": sorted({s.service for s in spans}),
            "milliseconds": _duration_ms(spans),
        }
        for spans in with_order[:limit]
    ]
    if as_json:
        output.print_json({"traces": rows})
        return
    output.console.print(
        output.table(
            ["trace id", "orders", "spans>", "services>", "ms>"],
            (
                (
                    row["trace_id"],
                    ", ".join(map(str, row["order_ids"])),
                    row["spans"],
                    len(row["services"]),
                    f"{row['milliseconds']:.1f}",
                )
                for row in rows
            ),
        )
    )


def _find(directory: Path, key: str) -> list[SpanRecord]:
    if len(key) == 32 and all(c in "0123456789abcdef" for c in key):
        spans = find_spans(directory, trace_id=key)
    elif key.isdigit():
        spans = find_spans(directory, attribute=(attributes.ORDER_ID, key))
    else:
        raise InvalidArgument(
            f"{key!r} is neither a trace id (32 hexadecimal digits) nor an order id (a number)",
            reason="INVALID_TRACE_KEY",
        )
    if not spans:
        raise NotFound(
            f"no span of {key} in {directory}; files are rotated, so an old trace may be gone",
            reason="TRACE_NOT_FOUND",
            key=key,
        )
    return spans


def _order_ids(spans: Iterable[SpanRecord]) -> list[int]:
    """Orders that the spans name; one span may name several, with commas between."""
    named = (str(s.attributes.get(attributes.ORDER_ID, "")).split(",") for s in spans)
    return sorted({int(text) for texts in named for text in texts if text.isdigit()})


def _duration_ms(spans: Sequence[SpanRecord]) -> float:
    return (max(s.end_ns for s in spans) - min(s.start_ns for s in spans)) / 1e6


def tree(spans: Sequence[SpanRecord]) -> Tree:
    """The spans of one trace, ordered by start, as a tree; without its parent a span is a root."""
    start = min(span.start_ns for span in spans)
    known = {span.span_id for span in spans}
    children: dict[str, list[SpanRecord]] = defaultdict(list)
    for span in spans:
        children[span.parent_span_id if span.parent_span_id in known else ""].append(span)
    services = {span.service for span in spans}
    root = Tree(
        Text.assemble(
            ("trace ", "bold"),
            spans[0].trace_id,
            (
                f"  {len(spans)} spans, {len(services)} services, {_duration_ms(spans):.2f} ms",
                "dim",
            ),
        )
    )
    # Without recursion: a malformed file must not exhaust the stack.
    pending = [(root, span) for span in reversed(children[""])]
    drawn: set[str] = set()
    while pending:
        parent, span = pending.pop()
        if span.span_id in drawn:
            continue
        drawn.add(span.span_id)
        node = parent.add(_label(span, start))
        pending += [(node, child) for child in reversed(children[span.span_id])]
    return root


def _label(span: SpanRecord, start: int) -> Text:
    failed = span.status.get("code") == "ERROR"
    label = Text.assemble(
        (span.name, "bold red" if failed else "bold cyan"),
        (f"  {span.service}", "green"),
        (f"  +{(span.start_ns - start) / 1e6:.2f} ms", "dim"),
        f"  {(span.end_ns - span.start_ns) / 1e6:.3f} ms",
    )
    shown = {
        key.rpartition(".")[2]: value
        for key in _SHOWN
        if (value := span.attributes.get(key)) is not None
    }
    if shown:
        label.append("  " + " ".join(f"{key}={value}" for key, value in shown.items()), "dim")
    if span.links:
        label.append(f"  +{len(span.links)} links", "yellow")
    if failed and span.status.get("message"):
        label.append(f"  {span.status['message']}", "red")
    return label
