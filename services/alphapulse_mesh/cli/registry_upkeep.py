"""`alphapulse registry`: link, unlink, review: what people decide about instruments."""

from __future__ import annotations

from typing import Annotated

import typer

from alphapulse.registry.v1 import registry_pb2 as pb
from alphapulse_mesh.cli import output, synthetics
from alphapulse_mesh.cli.gateway import connect
from alphapulse_mesh.cli.registry import COLUMNS, app, row
from alphapulse_mesh.cli.registry_queries import number_named
from alphapulse_mesh.cli.venue_names import venue_names

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
