"""`alphapulse registry synthetic`: formulas over instruments, defined, evaluated, listed."""

from __future__ import annotations

from typing import Annotated

import typer

from alphapulse_client.errors import InvalidArgument
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.gateway import connect

__all__ = ["app"]

app = typer.Typer(help="Synthetic instruments: formulas over others.", no_args_is_help=True)


def _pairs(given: list[str], what: str) -> list[tuple[str, str]]:
    pairs = []
    for each in given:
        left, found, right = each.partition("=")
        if not (left and found and right):
            raise InvalidArgument(f"{each!r} is not {what}", reason="ARGUMENT_INVALID")
        pairs.append((left, right))
    return pairs


@app.command("define")
@output.command
async def define(
    symbol: Annotated[str, typer.Argument(metavar="NAME", help="Its name.")],
    formula: Annotated[str, typer.Argument(help="Such as `(spot + perp) / 2`.")],
    inputs: Annotated[list[str], typer.Argument(help="What its names are: alias=INSTRUMENT_ID.")],
    title: Annotated[str, typer.Option(help="A name for people.")] = "",
    currency: Annotated[str, typer.Option(help="What the value is in.")] = "",
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Define a synthetic, or a new version of it."""
    named = _pairs(inputs, "alias=INSTRUMENT_ID")
    async with connect(target, name, config) as mesh:
        answer = await mesh.registry.define_synthetic(
            symbol, formula, named, title=title, quote_currency=currency
        )
    if as_json:
        output.print_json(output.as_dict(answer))
        return
    made = answer.synthetic
    word = "defined" if answer.changed else "was there"
    output.console.print(f"{made.name} version {made.version} {word}: {made.formula}")


@app.command("evaluate")
@output.command
async def evaluate(
    symbol: Annotated[str, typer.Argument(metavar="NAME", help="Its name, or its id.")],
    values: Annotated[list[str], typer.Argument(help="INSTRUMENT_ID=VALUE, or alias=VALUE.")],
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Evaluate a synthetic for given values."""
    given = _pairs(values, "INSTRUMENT_ID=VALUE")
    async with connect(target, name, config) as mesh:
        definition = await mesh.registry.synthetic(symbol)
        aliases = {each.alias: each.id for each in definition.inputs}
        answer = await mesh.registry.evaluate_synthetic(
            symbol, [(aliases.get(key, key), value) for key, value in given]
        )
    if as_json:
        output.print_json(output.as_dict(answer))
        return
    output.console.print(f"{answer.value}  (version {answer.version})")


@app.command("list")
@output.command
async def list_synthetics(
    made_of: Annotated[
        str | None, typer.Option(help="Those made of this instrument, itself or through others.")
    ] = None,
    prefix: Annotated[str, typer.Option(help="Names that begin so.")] = "",
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """List the synthetics that are defined."""
    async with connect(target, name, config) as mesh:
        found = [
            each async for each in mesh.registry.synthetics(made_of=made_of, name_prefix=prefix)
        ]
    if as_json:
        output.print_json({"synthetics": [output.as_dict(each) for each in found]})
        return
    rows = ((each.name, each.version, each.formula, output.id_text(each.id)) for each in found)
    output.console.print(output.table(["name", "version>", "formula", "id"], rows, markup=False))
