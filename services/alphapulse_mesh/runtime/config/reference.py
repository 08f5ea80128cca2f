"""The page docs/configuration.md, made from the sections themselves:

    python -m alphapulse_mesh.runtime.config.reference > docs/configuration.md

Types, bounds and defaults come from the models, meanings from the text under each setting, units
from the last word of its name. A test compares the committed page with what is printed here.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import sys
import types
from decimal import Decimal
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    NamedTuple,
    Union,
    get_args,
    get_origin,
)

from annotated_types import Ge, Gt, Le, Lt, MinLen
from pydantic import BaseModel, SecretStr
from pydantic_core import PydanticUndefined

from alphapulse_mesh.runtime.config import relay_sections, sections
from alphapulse_mesh.runtime.config.loading import ENV_PREFIX
from alphapulse_mesh.runtime.config.sections import MeshConfig
from alphapulse_mesh.runtime.config.types import power_of_two

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic.fields import FieldInfo

__all__ = ["markdown"]

_HEAD: Final = """\
# Configuration

<!-- printed by `python -m alphapulse_mesh.runtime.config.reference`: edit the sections -->

One TOML file holds every setting of a mesh: `alphapulse up --config mesh.toml`. Each has a default,
so the file may be short or missing:

```toml
[mesh]
name = "research"

[envoy]
port = 10100

[execution.risk]
max_order_notional = "50000"

[[collectors]]
venue = "BINANCE"
kind = "live"
symbols = ["BTCUSDT"]
```

An environment variable wins over the file, and what the command line sets wins over both. Its name
is `ALPHAPULSE_`, the section, two underscores and the key, in capitals:
`ALPHAPULSE_EXECUTION__RISK__MAX_OPEN_ORDERS=50`. A list or a free table is given as JSON. A key or
section that does not exist is refused by name, with what was probably meant; so is a value out of
bounds.

Exact decimals are written as text (`"0.5"`) or as whole numbers. A relative path is taken from the
working directory, a journal's from the data directory. A port of 0 is any free one. A setting whose
default is a dash is unset. Secrets are never printed, nor written into the files that the
supervisor hands to its processes: set them in the environment, which those inherit.
"""
# The last words of a setting's name that say its unit.
_UNITS: Final[Mapping[str, str]] = {
    "seconds": "s",
    "bytes": "bytes",
    "bps": "basis points",
    "ratio": "share",
    "confidence": "share",
    "second": "per second",
    "frames": "frames",
    "events": "events",
    "spans": "spans",
    "messages": "messages",
    "orders": "orders",
    "streams": "streams",
    "rpcs": "calls",
    "subscribers": "streams",
    "batch": "items",
    "size": "items",
    "notional": "quote currency",
    "budgets": "quote currency",
    "leg": "basis points",
    "quantity": "instrument units",
    "concurrency": "threads",
    "keep": "files",
    "speed": "times",
}
_BOUNDS: Final = ((Ge, "ge", "≥"), (Gt, "gt", ">"), (Le, "le", "≤"), (Lt, "lt", "<"))
_NAMES: Final[Mapping[Any, str]] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    Decimal: "decimal",
    str: "text",
    Path: "path",
    SecretStr: "secret",
}


class _Table(NamedTuple):
    """One TOML table: its header, the prefix of its variables, and the class of its settings."""

    header: str
    environment: str
    model: type[BaseModel]


def markdown() -> str:
    """The whole page."""
    tables = _tables(MeshConfig, (), repeated=False)
    return "\n".join([_HEAD, *(_section(table) for table in tables)])


def _tables(model: type[BaseModel], path: tuple[str, ...], *, repeated: bool) -> Iterator[_Table]:
    """Every table below `model`, itself first where it has settings of its own."""
    if any(_nested(field) is None for field in model.model_fields.values()):
        name = ".".join(path)
        # an array of tables has no variables for its parts: it is given whole, as JSON
        prefix = "" if repeated else ENV_PREFIX + "".join(f"{p.upper()}__" for p in path)
        yield _Table(f"[[{name}]]" if repeated else f"[{name}]", prefix, model)
    for name, field in model.model_fields.items():
        inner = _nested(field)
        if inner is None:
            continue
        kind = get_origin(field.annotation)
        below = (*path, name, "<venue>") if kind is dict else (*path, name)
        yield from _tables(inner, below, repeated=kind is tuple)


def _nested(field: FieldInfo) -> type[BaseModel] | None:
    """The section that a field holds, alone, in a list or under free keys."""
    for candidate in (field.annotation, *get_args(field.annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _section(table: _Table) -> str:
    meanings = _meanings(table.model)
    lines = [f"## `{table.header}`", _cell(inspect.cleandoc(table.model.__doc__ or "")), ""]
    if not table.environment:
        name = table.header.strip("[]").upper()
        lines += [f"Environment: `{ENV_PREFIX}{name}`, the whole list as JSON.", ""]
    lines += ["| setting | type | default | unit | meaning |", "| --- | --- | --- | --- | --- |"]
    for name, field in table.model.model_fields.items():
        if _nested(field) is not None:
            continue
        variable = f"<br>`{table.environment}{name.upper()}`" if table.environment else ""
        cells = (
            f"`{name}`{variable}",
            _type(field.annotation, field.metadata),
            _default(field),
            _unit(name),
            _cell(meanings.get(name, "")),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    """Name → the text under it, those of a base class where the class repeats only a default."""
    classes = {node.name: node for node in _SOURCE.body if isinstance(node, ast.ClassDef)}
    out: dict[str, str] = {}
    for base in reversed(model.__mro__):
        body = classes[base.__name__].body if base.__name__ in classes else []
        for statement, after in itertools.pairwise(body):
            if (
                isinstance(statement, ast.AnnAssign)
                and isinstance(statement.target, ast.Name)
                and isinstance(after, ast.Expr)
                and isinstance(after.value, ast.Constant)
                and isinstance(after.value.value, str)
            ):
                out[statement.target.id] = inspect.cleandoc(after.value.value)
    return out


_SOURCE: Final = ast.parse(inspect.getsource(sections) + inspect.getsource(relay_sections))


def _type(annotation: Any, metadata: list[Any]) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0], [*arguments[1:], *metadata])
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in arguments)
    if origin in {Union, types.UnionType}:
        return " or ".join(_type(a, metadata) for a in arguments if a is not types.NoneType)
    if origin is tuple:
        return f"list of {_type(arguments[0], [])}"
    if origin is dict:
        return f"table of {_type(arguments[1], [])}"
    return ", ".join([_NAMES[annotation], *_bounds(metadata)])


def _bounds(metadata: list[Any]) -> Iterator[str]:
    flat = [part for item in metadata for part in getattr(item, "metadata", [item])]
    for item in flat:
        for kind, attribute, sign in _BOUNDS:
            if isinstance(item, kind):
                yield f"{sign} {getattr(item, attribute):g}"
        if isinstance(item, MinLen):
            yield "not empty"
        if pattern := getattr(item, "pattern", None):
            yield f"`{pattern}`"
        if getattr(item, "func", None) is power_of_two:
            yield "a power of two"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value is PydanticUndefined:
        return "required"
    if value is None or value in ((), {}):
        return "-"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, tuple):
        return "<br>".join(f"`{item}`" for item in value)
    return f"`{value}`"


def _unit(name: str) -> str:
    return _UNITS.get(name.rsplit("_", 1)[-1], "")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


if __name__ == "__main__":
    sys.stdout.write(markdown())
