"""From TOML file, environment and overrides to a `MeshConfig`, and back to TOML for child
processes.

What goes wrong is a `ConfigError` that names the key, where it was set and what was probably meant;
callers print its message and need no traceback.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, get_args

import tomli_w
from pydantic import BaseModel, SecretStr, ValidationError
from pydantic_settings import (
    SettingsError,
)

from alphapulse_mesh.runtime.config.sections import MeshConfig
from alphapulse_mesh.runtime.config.source import file_values
from alphapulse_mesh.runtime.errors import ConfigError

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

__all__ = ["ENV_PREFIX", "dump_toml", "load_config"]

ENV_PREFIX: Final = "ALPHAPULSE_"
_DELIMITER: Final = "__"


def load_config(path: Path | None = None, **overrides: Any) -> MeshConfig:
    """The configuration from `path` (TOML), `ALPHAPULSE_SECTION__KEY` variables, and `overrides`.

    Later ones win. `overrides` are sections as nested mappings: `load_config(mesh={"name": "b"})`.

    Raises:
        ConfigError: missing file, broken TOML, unknown key, impossible value.
    """
    values = _read(path) if path is not None else {}
    _check_environment_sections()
    token = file_values.set(values)
    try:
        return MeshConfig(**overrides)
    except ValidationError as error:
        raise _explain(error, path, values) from None
    except SettingsError as error:
        raise ConfigError(
            f"environment: {error}: {error.__cause__}", reason="CONFIG_ENVIRONMENT"
        ) from None
    finally:
        file_values.reset(token)


def dump_toml(config: MeshConfig) -> str:
    """The resolved configuration as TOML: paths absolute, nothing left to defaults, no secrets.

    A child process reads secrets from the environment that it inherits.
    """
    return tomli_w.dumps(_plain(config))


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no such file", reason="CONFIG_NOT_FOUND", file=str(path)
        ) from None
    except OSError as error:
        raise ConfigError(
            f"{path}: {error.strerror}", reason="CONFIG_UNREADABLE", file=str(path)
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path}: not valid TOML: {error}", reason="CONFIG_SYNTAX", file=str(path)
        ) from None


def _check_environment_sections() -> None:
    """pydantic-settings drops variables whose first part is no section; a typing slip must not be
    silent. Variables without `__` are other people's (ALPHAPULSE_DATA names the test data).
    """
    for name in os.environ:
        if not name.upper().startswith(ENV_PREFIX) or _DELIMITER not in name[len(ENV_PREFIX) :]:
            continue
        section = name[len(ENV_PREFIX) :].split(_DELIMITER, 1)[0].lower()
        if section not in MeshConfig.model_fields:
            raise ConfigError(
                f"environment variable {name}: unknown section {section!r}"
                f"{_near(section, MeshConfig.model_fields)}",
                reason="CONFIG_UNKNOWN_KEY",
                key=section,
                source=name,
            )


def _explain(error: ValidationError, path: Path | None, values: Mapping[str, Any]) -> ConfigError:
    """One error of pydantic's list as our sentence; the first is enough to act on."""
    details = error.errors(include_url=False)
    first = details[0]
    key = _dotted(first["loc"])
    source = _origin(first["loc"], path, values)
    if first["type"] == "extra_forbidden":
        known = _model_at(first["loc"][:-1]).model_fields
        return ConfigError(
            f"{source}: unknown key {key!r}{_near(str(first['loc'][-1]), known)}",
            reason="CONFIG_UNKNOWN_KEY",
            key=key,
            source=source,
        )
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return ConfigError(
        f"{source}: {key}: {_sentence(first)}{more}",
        reason="CONFIG_INVALID_VALUE",
        key=key,
        source=source,
    )


def _sentence(detail: ErrorDetails) -> str:
    message = detail["msg"].removeprefix("Value error, ")
    message = message[:1].lower() + message[1:]
    given = detail["input"]
    if isinstance(given, str | int | float) and not _is_secret(detail["loc"]):
        return f"{message} (got {given!r})"
    return message


def _is_secret(loc: tuple[int | str, ...]) -> bool:
    """Whether the value at `loc` is a secret: then not even a wrong one is shown."""
    names = [part for part in loc if isinstance(part, str)]
    model = _model_at(loc[:-1])
    field = model.model_fields.get(names[-1]) if names else None
    return field is not None and "SecretStr" in str(field.annotation)


def _dotted(loc: tuple[int | str, ...]) -> str:
    text = ""
    for part in loc:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _origin(loc: tuple[int | str, ...], path: Path | None, values: Mapping[str, Any]) -> str:
    """Where the value at `loc` was set: the environment variable, the file, or the command line."""
    for length in range(len(loc), 0, -1):
        variable = (ENV_PREFIX + _DELIMITER.join(str(part) for part in loc[:length])).upper()
        if any(name.upper() == variable for name in os.environ):
            return f"environment variable {variable}"
    found: Any = values
    for part in loc:
        if isinstance(found, Mapping) and part in found:
            found = found[str(part)]
        elif isinstance(found, list) and isinstance(part, int) and part < len(found):
            found = found[part]
        else:
            break
    if found is not values and path is not None:
        return str(path)
    return "configuration"


def _model_at(loc: tuple[int | str, ...]) -> type[BaseModel]:
    """The section that `loc` leads to; list positions and free keys (venue codes) are passed by."""
    model: type[BaseModel] = MeshConfig
    for part in loc:
        if isinstance(part, str) and part in model.model_fields:
            model = next(_models(model.model_fields[part].annotation), model)
    return model


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models(argument)


def _near(key: str, known: Any) -> str:
    close = difflib.get_close_matches(key.lower(), list(known), n=3, cutoff=0.6)
    if close:
        return f"; did you mean {' or '.join(repr(name) for name in close)}?"
    return f"; known here: {', '.join(known)}"


def _plain(value: Any) -> Any:
    """TOML values of a model; None and secrets are left out."""
    if isinstance(value, BaseModel):
        fields = ((name, getattr(value, name)) for name in type(value).model_fields)
        return {name: _plain(item) for name, item in fields if not _omitted(item)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items() if not _omitted(item)}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else str(value)
    return value


def _omitted(value: Any) -> bool:
    if value is None or isinstance(value, SecretStr):
        return True
    # A table that holds nothing but secrets (credentials of a venue) would come back incomplete.
    if isinstance(value, BaseModel):
        items = [getattr(value, name) for name in type(value).model_fields]
        return bool(items) and all(_omitted(item) for item in items)
    if isinstance(value, Mapping):
        return all(_omitted(item) for item in value.values())
    return False
