"""`alphapulse feed schemas`: types registered at run time, shown, fetched and registered."""

from __future__ import annotations

from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alphapulse_client import Mesh
from alphapulse_client.schemas import RecordSchema
from alphapulse_mesh.cli import output
from alphapulse_mesh.cli.feed_migrate import app as feed
from alphapulse_mesh.cli.gateway import connect
from alphapulse_mesh.runtime.errors import InvalidArgument, NotFound

if TYPE_CHECKING:
    from alphapulse.relay.v1 import relay_pb2

__all__ = ["feed"]

app = typer.Typer(help="Types registered at run time (200-255).", invoke_without_command=True)
feed.add_typer(app, name="schemas")  # `feed` with these commands added

DomainOption = Annotated[
    str, typer.Option("--domain", "-d", help="market_data, signal or system: whose relay.")
]
TypeArgument = Annotated[int, typer.Argument(min=200, max=255, help="Message type.")]


@app.callback()
def schemas(
    context: typer.Context,
    domain: DomainOption = "market_data",
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """The types that a relay knows beside the built-in ones."""
    if context.invoked_subcommand is None:
        _show(domain, target, name, config, as_json)


@output.command
async def _show(
    domain: str, target: str | None, name: str | None, config: Path | None, as_json: bool
) -> None:
    async with connect(target, name, config) as mesh:
        status = await mesh.relay_status(domain)
    if as_json:
        output.print_json([_plain(info) for info in status.schemas])
        return
    rows = [
        (
            info.message_type,
            info.root,
            f"{info.stride} bytes" if info.stride else "table",
            f"{info.schema_hash:016x}",
            info.registered_at.ToDatetime(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        )
        for info in status.schemas
    ]
    columns = ["type>", "root", "row", "hash", "registered (UTC)"]
    output.console.print(output.table(columns, rows))


def _plain(info: relay_pb2.SchemaInfo) -> dict[str, Any]:
    return {
        "message_type": info.message_type,
        "root": info.root,
        "stride": info.stride,
        "schema_hash": f"{info.schema_hash:016x}",
        "registered_at": info.registered_at.ToJsonString(),
    }


@app.command("register")
@output.command
async def register(
    message_type: TypeArgument,
    path: Annotated[
        Path,
        typer.Argument(
            exists=True,
            dir_okay=False,
            help="Binary schema: `flatc --binary --schema --bfbs-builtins type.fbs`.",
        ),
    ],
    root: Annotated[
        str, typer.Option(help="Struct or root table that a row is.", show_default="by the schema")
    ] = "",
    domain: DomainOption = "market_data",
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
    as_json: output.JsonOption = False,
) -> None:
    """Make a type known to a relay, for good. The same again is no change."""
    schema = path.read_bytes()
    if schema[4:8] != b"BFBS":
        raise InvalidArgument(
            f"{path} is no binary schema: `flatc --binary --schema --bfbs-builtins` makes one of"
            " an .fbs file",
            reason="SCHEMA_MALFORMED",
        )
    async with connect(target, name, config) as mesh:
        done = await mesh.register_schema(domain, message_type, schema, root)
    row = "table" if done.is_table else f"{done.dtype.itemsize} bytes"
    if as_json:
        output.print_json(
            {
                "message_type": message_type,
                "root": done.root,
                "stride": 0 if done.is_table else done.dtype.itemsize,
                "schema_hash": f"{done.hash:016x}",
            }
        )
    else:
        output.console.print(
            f"type {message_type} of {domain} is {done.root} ({row}), hash {done.hash:016x}"
        )


@app.command("get")
@output.command
async def get(
    message_type: TypeArgument,
    path: Annotated[Path, typer.Argument(dir_okay=False, help="Where to write the schema.")],
    domain: DomainOption = "market_data",
    target: output.TargetOption = None,
    name: output.NameOption = None,
    config: output.ConfigOption = None,
) -> None:
    """Write the binary schema of a registered type to a file."""
    async with connect(target, name, config) as mesh:
        schema = await _registered(mesh, domain, message_type)
    path.write_bytes(schema.schema)
    output.console.print(f"{path}: {schema.root}, {len(schema.schema)} bytes")


async def _registered(mesh: Mesh, domain: str, message_type: int) -> RecordSchema:
    known = await mesh.schemas(domain)
    if message_type not in known:
        raise NotFound(
            f"type {message_type} is not registered with the relay of {domain}",
            reason="SCHEMA_NOT_FOUND",
            message_type=message_type,
        )
    return known[message_type]
