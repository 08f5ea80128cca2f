"""`alphapulse registry`: link, unlink, history, metrics, review, records."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import typer

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_client.errors import InvalidArgument
from alphapulse_client.frames import REGISTRY_RECORDS, rows
from alphapulse_mesh.cli import output, synthetics
from alphapulse_mesh.cli.gateway import connect
from alphapulse_mesh.cli.registry import COLUMNS, app, asset_type, row
from alphapulse_mesh.cli.registry_queries import number_named, short_name
from alphapulse_mesh.cli.venue_names import venue_names

if TYPE_CHECKING:
    from alphapulse_client.frames import Rows

__all__ = ["app"]

app.add_typer(synthetics.app, name="synthetic")


@app.command("link")
@output.command
async def link(
    source: Annotated[str, typer.Argument(help="An instrument id.")],
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="Such as wraps or same_security.")],
    end: Annotated[str, typer.Argument(metavar="TO", help="An instrument id.")],
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Link two instruments: SOURCE is, wraps, derives from … TO."""
    async with connect(target, name, config) as mesh:
        made = await mesh.registry.link(source, end, number_named(pb.LinkType, "LINK_TYPE_", kind))
    if as_json:
        output.print_json(output.as_dict(made))
        return
    output.console.print(f"linked at revision {made.revision}")


@app.command("unlink")
@output.command
async def unlink(
    source: Annotated[str, typer.Argument(help="An instrument id.")],
    kind: Annotated[str, typer.Argument(metavar="TYPE", help="Such as wraps or same_security.")],
    end: Annotated[str, typer.Argument(metavar="TO", help="An instrument id.")],
    revision: Annotated[int, typer.Option(help="The link's revision; 0: whatever is there.")] = 0,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Take a link away; what the instruments say themselves is corrected there first."""
    async with connect(target, name, config) as mesh:
        removed = await mesh.registry.unlink(
            source,
            end,
            number_named(pb.LinkType, "LINK_TYPE_", kind),
            expected_revision=revision,
        )
    if as_json:
        output.print_json({"removed": removed})
        return
    output.console.print("taken away" if removed else "was not there")


@app.command("history")
@output.command
async def history(
    instrument: Annotated[str, typer.Argument(help="An instrument id.")],
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Show every period of validity of an instrument: what it was called when."""
    async with connect(target, name, config) as mesh:
        found = await mesh.registry.history(instrument)
    if as_json:
        output.print_json({"instruments": [output.as_dict(each) for each in found]})
        return
    lines = (
        (
            each.version,
            each.symbol,
            each.name,
            short_name(pb.InstrumentStatus.Name(each.status), "INSTRUMENT_STATUS_"),
            each.valid_from.ToJsonString() if each.HasField("valid_from") else "",
            each.valid_to.ToJsonString() if each.HasField("valid_to") else "",
        )
        for each in found
    )
    columns = ["version>", "symbol", "name", "status", "from", "to"]
    output.console.print(output.table(columns, lines, markup=False))


@app.command("metrics")
@output.command
async def metrics(
    venue: Annotated[str, typer.Argument(help="Name, MIC or number.")],
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Show what was measured of a venue, on the replica that answers."""
    async with connect(target, name, config) as mesh:
        found = await mesh.registry.venue_metrics(venue)
    if as_json:
        output.print_json(output.as_dict(found))
        return
    if not found.metrics:
        output.console.print(f"nothing was measured of {venue} here", markup=False)
        return
    output.console.print(
        output.key_values(
            {
                "measurements": len(found.metrics),
                "median latency": f"{found.median_latency_ns / 1e6:g} ms",
                "median order answer": f"{found.median_order_ack_latency_ns / 1e6:g} ms",
                "failed": f"{found.mean_error_ppm} ppm",
                "refused": f"{found.reject_ppm} ppm of {found.orders} orders",
                "gaps": found.gaps,
                "reliability": found.mean_reliability_score,
                "health": found.health_score,
            }
        )
    )


@app.command("review")
@output.command
async def review(
    accept: Annotated[list[str] | None, typer.Option(help="Make this one active.")] = None,
    reject: Annotated[list[str] | None, typer.Option(help="Delist this one.")] = None,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Decide on what was discovered and waits as announced; then list what still does."""
    async with connect(target, name, config) as mesh:
        for each in accept or ():
            active = pb.Instrument(id_text=each, status=pb.INSTRUMENT_STATUS_ACTIVE)
            await mesh.registry.update(active, fields=["status"])
        for each in reject or ():
            await mesh.registry.delist(each)
        announced = pb.INSTRUMENT_STATUS_ANNOUNCED
        found = [each async for each in mesh.registry.list(status=announced)]
        names = await venue_names(mesh, (each.venue for each in found))
    if as_json:
        output.print_json({"instruments": [output.as_dict(each) for each in found]})
        return
    lines = ((each.name, *row(each, names)) for each in found)
    output.console.print(output.table(["name", *COLUMNS], lines))


@app.command("records")
@output.command
async def records(
    file: Annotated[Path, typer.Argument(help="A .npy file to write.")],
    kind: Annotated[list[str] | None, typer.Option("--type", help="Asset types.")] = None,
    venue: Annotated[list[str] | None, typer.Option(help="Venues: name, MIC or number.")] = None,
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Write the fixed records of all instruments, as of one revision, as a NumPy array."""
    parts: list[Rows] = []
    revision = 0
    async with connect(target, name, config) as mesh:
        async for batch in mesh.registry.stream_records(
            asset_types=[asset_type(each) for each in kind or ()], venues=venue or ()
        ):
            parts.append(batch.rows)
            revision = batch.revision
    made = np.concatenate(parts) if parts else rows(REGISTRY_RECORDS, 0)
    try:
        with file.open("wb") as out:
            np.save(out, made, allow_pickle=False)
    except OSError as error:
        raise InvalidArgument(f"{file}: {error.strerror}", reason="FILE_UNWRITABLE") from None
    if as_json:
        output.print_json({"records": len(made), "revision": revision})
        return
    output.console.print(f"{len(made):,} records of revision {revision}")
