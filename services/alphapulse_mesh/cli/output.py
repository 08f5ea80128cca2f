"""What every command prints through: tables for people, `--json` for programs, errors, exit codes.

0  done                       3  the mesh or the service does not answer
1  it failed                  4  the named thing does not exist
2  wrong use or configuration 5  refused (an order, a registration)
130  interrupted
"""

from __future__ import annotations

import asyncio
import functools
import os
import sys
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, NoReturn, ParamSpec

import grpc
import orjson
import typer
from google.protobuf.message import Message
from google.protobuf.struct_pb2 import Struct
from google.protobuf.timestamp_pb2 import Timestamp
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from alphapulse.common.v1 import instrument_id_pb2
from alphapulse.registry.v1 import registry_pb2
from alphapulse_client import instrument_ids as ids
from alphapulse_client.errors import (
    AlreadyExists,
    Conflict,
    DeadlineExceeded,
    FailedPrecondition,
    InvalidArgument,
    MeshError,
    NotFound,
    Unavailable,
    from_rpc_error,
)

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor

__all__ = [
    "EXIT_CODES",
    "ConfigOption",
    "JsonOption",
    "NameOption",
    "TargetOption",
    "as_dict",
    "command",
    "console",
    "errors",
    "fail",
    "fields",
    "id_text",
    "key_values",
    "link_ends",
    "print_json",
    "table",
]

# What goes to a file or another program is not cut to the 80 columns of an unknown terminal.
_PIPED_COLUMNS: Final = 240
# Columns that a person copies from: others give way first.
_WHOLE: Final = frozenset({"id", "trace id"})


def _width() -> int | None:
    return None if sys.stdout.isatty() or "COLUMNS" in os.environ else _PIPED_COLUMNS


console: Final = Console(soft_wrap=True, width=_width())
errors: Final = Console(stderr=True, soft_wrap=True)

# The first class that fits decides.
EXIT_CODES: Final[tuple[tuple[type[MeshError], int], ...]] = (
    (NotFound, 4),
    (Unavailable, 3),
    (DeadlineExceeded, 3),
    (AlreadyExists, 5),
    (Conflict, 5),
    (FailedPrecondition, 5),
    (InvalidArgument, 2),
    (MeshError, 1),
)

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of tables.")]
NameOption = Annotated[
    str | None, typer.Option("--name", "-n", help="Name of the mesh.", show_default="alphapulse")
]
ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", "-c", help="Configuration file (TOML).", envvar="ALPHAPULSE_CONFIG"),
]
TargetOption = Annotated[
    str | None,
    typer.Option(
        "--target",
        "-t",
        help="Address of the gateway. Default: that of the running mesh, else localhost:10000.",
        envvar="ALPHAPULSE_TARGET",
    ),
]

P = ParamSpec("P")


def command(function: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Make a coroutine function a command: its known failures become one clear line and an exit
    code.
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            asyncio.run(function(*args, **kwargs))
        except MeshError as error:
            fail(error)
        except grpc.RpcError as error:
            fail(from_rpc_error(error))
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
        except BrokenPipeError:
            # who reads has had enough (`| head`): no failure, and nobody to tell
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

    return run


def fail(error: MeshError) -> NoReturn:
    """Print the error on standard error and end with its exit code."""
    errors.print(f"[bold red]error[/]: {escape(error.message)}", highlight=False, markup=True)
    if error.reason not in ("INTERNAL", "UNKNOWN"):
        errors.print(f"  reason {error.reason}", style="dim", highlight=False, markup=False)
    raise typer.Exit(next(code for kind, code in EXIT_CODES if isinstance(error, kind)))


def print_json(value: Any) -> None:
    """One JSON document on one line of standard output."""
    sys.stdout.write(orjson.dumps(value, default=_plain).decode() + "\n")
    sys.stdout.flush()


def _plain(value: Any) -> Any:
    if isinstance(value, Message):
        return as_dict(value)
    if isinstance(value, bytes):
        return value.hex()
    if hasattr(value, "item"):
        return value.item()
    return str(value)


def as_dict(message: Message) -> dict[str, Any]:
    """A protobuf message as JSON would have it, with the names of the schema."""
    from google.protobuf.json_format import MessageToDict  # noqa: PLC0415  # only where it is asked

    return MessageToDict(message, preserving_proto_field_name=True)


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    title: str | None = None,
    markup: bool = True,
) -> Table:
    """A table; a column name that ends in `>` is right-aligned. Without `markup` cells are printed
    as they stand: the names of tokens and shares have brackets in them.
    """
    result = Table(title=title, title_justify="left", box=None, header_style="bold", pad_edge=False)
    for name in columns:
        result.add_column(
            name.rstrip(">"),
            justify="right" if name.endswith(">") else "left",
            no_wrap=name in _WHOLE,
        )
    for row in rows:
        result.add_row(*(str(cell) if markup else Text(str(cell)) for cell in row))
    return result


def key_values(values: Mapping[str, object]) -> Table:
    """Two columns, for one thing's fields, printed as they stand."""
    result = Table(box=None, show_header=False, pad_edge=False)
    result.add_column(style="dim")
    result.add_column()
    for key, value in values.items():
        result.add_row(key, Text(str(value)))
    return result


def fields(message: Message) -> dict[str, str]:
    """What is set in a message, for people: enumerations by their short names, ids as text, numbers
    and texts of a list one after the other, metadata as `name: value`.
    """
    return {
        field.name.replace("_", " "): _said(field, value) for field, value in message.ListFields()
    }


def _said(field: FieldDescriptor, value: Any) -> str:
    if field.is_repeated:
        return ", ".join(_said_one(field, each) for each in value)
    return _said_one(field, value)


def _said_one(field: FieldDescriptor, value: Any) -> str:
    if isinstance(value, instrument_id_pb2.InstrumentId):
        return id_text(value)
    if isinstance(value, Timestamp):
        return value.ToJsonString()
    if isinstance(value, Struct):
        said = as_dict(value)
        return "\n".join(f"{name}: {said[name]}" for name in sorted(said))
    if isinstance(value, Message):
        return " ".join(f"{name} {text}" for name, text in fields(value).items())
    if field.enum_type is not None:
        prefix = field.enum_type.values[0].name.removesuffix("UNSPECIFIED")
        found = field.enum_type.values_by_number.get(value)
        return found.name.removeprefix(prefix).lower() if found else str(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def id_text(key: instrument_id_pb2.InstrumentId) -> str:
    """An instrument id as 32 hexadecimal digits."""
    return ids.id_text(key)


def link_ends(
    link: registry_pb2.Link,
) -> tuple[instrument_id_pb2.InstrumentId, instrument_id_pb2.InstrumentId]:
    """Both ends of a link; `from` is a word of Python's."""
    return getattr(link, "from"), link.to
