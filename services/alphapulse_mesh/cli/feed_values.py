"""Records and options of feeds as text: what `feed tail` prints, `feed publish` takes.

What fields mean is `runtime.fields`' part.
"""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from alphapulse_client import Start, to_fixed
from alphapulse_client.decimals import DECIMALS, fixed_text, from_halves, to_halves
from alphapulse_client.frames import Rows, dtype_of
from alphapulse_client.instrument_ids import id_bytes
from alphapulse_layout import MessageType
from alphapulse_mesh.runtime.errors import FrameError, InvalidArgument
from alphapulse_mesh.runtime.fields import is_fixed_point, type_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from alphapulse_client import Frame
    from alphapulse_client.schemas import RecordSchema

__all__ = ["ENVELOPE", "Records", "message_type", "plain", "plain_rows", "record_of", "start_of"]

ENVELOPE: Final = ("domain", "sequence", "trace_id")
"""What a line says of the frame, beside `type`; publishing leaves it out."""

_AGO: Final = re.compile(r"-(\d+(?:\.\d+)?)(ms|s|m|h|d)\Z")
_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def message_type(text: str) -> int:
    """Number of a message type by name or number.

    Raises:
        InvalidArgument: there is no such type.
    """
    with contextlib.suppress(ValueError):
        return int(text)
    try:
        return MessageType[text.upper().replace("-", "_")]
    except KeyError:
        names = ", ".join(t.name.lower() for t in MessageType if t)
        raise InvalidArgument(
            f"no message type {text!r}; there are {names}", reason="MESSAGE_TYPE_UNKNOWN"
        ) from None


class Records:
    """Records of frames as plain values, also of types that are registered at run time."""

    def __init__(self, schemas: Mapping[str, Mapping[int, RecordSchema]] | None = None) -> None:
        """`schemas`: what each domain's relay knows beside the built-in types."""
        self._schemas = schemas or {}

    def of(self, domain: str, frame: Frame, part: slice = slice(None)) -> list[dict[str, Any]]:
        """Those of `part`; see `plain_rows` and `RecordSchema.plain`."""
        schema = self._schemas.get(domain, {}).get(frame.message_type)
        if schema is not None:
            # one that was published before the schema was registered may be anything
            with contextlib.suppress(FrameError):
                return schema.plain(frame, part)
        return plain_rows(frame.rows[part])


def plain(row: np.void) -> dict[str, Any]:
    """One record as plain values; see `plain_rows`."""
    [values] = plain_rows(np.array([row], row.dtype))
    return values


def plain_rows(rows: Rows) -> list[dict[str, Any]]:
    """(n,) records as plain values, without reserved fields.

    Fixed point is decimal text, ids, addresses and hashes are hexadecimal digits, amounts of 128
    bits are integers in text: nothing is rounded. Of a type without a known layout the bytes.
    """
    if rows.dtype.names is None:
        return [{"record": row.tobytes().hex()} for row in rows]
    names = [name for name in rows.dtype.names if not name.startswith("reserved")]
    columns = [_column(name, rows[name]) for name in names]
    return [dict(zip(names, values, strict=True)) for values in zip(*columns, strict=True)]


def _column(name: str, values: NDArray[Any]) -> list[Any]:
    kind = values.dtype
    if kind.names is not None:
        if set(kind.names) == {"lo", "hi"}:
            halves = zip(values["lo"].tolist(), values["hi"].tolist(), strict=True)
            return [str(from_halves(lo, hi)) for lo, hi in halves]
        return _hex(values)
    if kind.kind == "V":
        return _hex(values)
    if kind.kind == "S":
        return [text.decode("ascii", "replace") for text in values.tolist()]
    if is_fixed_point(kind, name):
        return [fixed_text(number) for number in values.tolist()]
    numbers: list[Any] = values.tolist()
    return numbers


def _hex(values: NDArray[Any]) -> list[str]:
    data, size = values.tobytes().hex(), 2 * values.dtype.itemsize
    return [data[at : at + size] for at in range(0, len(data), size)]


def start_of(text: str, option: str = "--start") -> Start:
    """Where a subscription starts: `latest`, `oldest`, `snapshot`, a sequence, a time, or `-5m`.

    A time is ISO 8601 with its zone (`2026-01-31T08:00:00Z`); `-90s`, `-5m`, `-2h`, `-1d` are from
    now.

    Raises:
        InvalidArgument: none of these (reason `START_INVALID`).
    """
    if text in ("latest", "oldest", "snapshot"):
        return text  # type: ignore[return-value]  # one of the three
    if text.isdigit():
        return int(text)
    if ago := _AGO.match(text):
        return datetime.now(UTC) - timedelta(seconds=float(ago[1]) * _UNITS[ago[2]])
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidArgument(
            f"{option} {text!r}: latest, oldest, snapshot, a sequence, a time "
            "(2026-01-31T08:00:00Z) or how long ago (-5m)",
            reason="START_INVALID",
        ) from None
    if moment.tzinfo is None:
        raise InvalidArgument(
            f"{option} {text!r}: a time needs its zone, e.g. {text}Z", reason="START_INVALID"
        )
    return moment


def record_of(kind: int, values: dict[str, Any]) -> dict[str, Any]:
    """Fields for a record of a type out of what `plain` gives; what says of the frame is left out.

    Raises:
        ValueError: no such field, or a value that is none of its.
    """
    names = dtype_of(kind).names or ()
    record: dict[str, Any] = {}
    for name, value in values.items():
        if name not in names:
            if name in ENVELOPE:
                continue
            raise ValueError(f"{type_name(kind)} has no field {name!r}")
        field = dtype_of(kind)[name]
        if field.names and set(field.names) == {"lo", "hi"}:
            record[name] = to_halves(int(value), signed=field["hi"].kind == "i")
        elif field.names:
            record[name] = np.frombuffer(id_bytes(value), dtype=field)[0]
        elif is_fixed_point(field, name):
            record[name] = _fixed(Decimal(str(value)), signed=field.kind == "i")
        elif field.kind == "S":
            record[name] = str(value).encode()
        elif field.kind == "V":
            record[name] = bytes.fromhex(value)
        else:
            record[name] = int(value)
    return record


def _fixed(value: Decimal, *, signed: bool) -> int:
    """Fixed point with 8 decimals, exactly; sizes are unsigned and use all 64 bits."""
    if signed:
        return to_fixed(value)
    scaled = value.scaleb(DECIMALS)
    if not value.is_finite() or scaled != scaled.to_integral_value() or not 0 <= scaled < 2**64:
        raise ValueError(f"{value} is no size: not negative, at most {DECIMALS} decimals, 64 bits")
    return int(scaled)
