"""Types registered at run time (200-255), read and written without generated code.

A `RecordSchema` is made from the type's binary schema (`flatc --binary --schema`). Rows of a struct
are a NumPy structured array over the frame's bytes; a table is a `Record`, whose fields are read
when they are asked for. Registering and fetching schemas is `Mesh`'s, checking them the core's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import numpy as np
from flatbuffers import number_types
from flatbuffers.table import Table

import alphapulse_core as core
from alphapulse_client.decimals import DECIMALS, fixed_text
from alphapulse_client.errors import FrameError, InvalidArgument
from alphapulse_client.frames import Frame, encode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from alphapulse.relay.v1 import relay_pb2
    from alphapulse_client.context import FrameContext
    from alphapulse_client.frames import BytesLike, Rows

__all__ = ["Record", "RecordSchema"]

_INSTRUMENT_ID: Final = "alphapulse_fbs.InstrumentId"
_SIZES: Final = ("size", "quantity", "ratio")
_LETTERS: Final = {"unsigned": "u", "signed": "i", "float": "f"}


class _Field(NamedTuple):
    """As the core describes one."""

    name: str
    at: int
    size: int
    kind: str
    detail: Any
    default: int


class RecordSchema:
    """What the rows of a registered type are.

    Args:
        message_type: 200 to 255.
        schema: the binary schema, at most 64 KiB.
        root: full name of the struct or root table that a row is; empty: the schema's root table,
            or the struct that is in its only field, a vector.

    Raises:
        InvalidArgument: the schema is refused (`SCHEMA_…`).
    """

    def __init__(self, message_type: int, schema: bytes, root: str = "") -> None:
        try:
            self._core = core.Schema(schema, root)
        except core.SchemaError as error:
            raise InvalidArgument(f"the schema: {error}", reason=error.reason) from None
        self.message_type: Final = message_type
        self.schema: Final = schema
        """The binary schema."""
        self._shapes = [
            (name, size, [_Field(*field) for field in fields])
            for name, size, fields in self._core.shapes()
        ]
        self._dtype = None if self._core.is_table else _struct_dtype(self._shapes[0])

    @classmethod
    def of(cls, info: relay_pb2.SchemaInfo) -> Self:
        """From a relay's answer that has the binary schema."""
        return cls(info.message_type, info.schema, info.root)

    @property
    def root(self) -> str:
        """Full name of the struct or table that a row is."""
        return self._core.root

    @property
    def hash(self) -> int:
        """What frames of the type carry."""
        return self._core.hash

    @property
    def is_table(self) -> bool:
        """A frame holds one table instead of rows."""
        return self._core.is_table

    @property
    def dtype(self) -> np.dtype[np.void]:
        """Of a row.

        Raises:
            InvalidArgument: it is a table.
        """
        if self._dtype is None:
            raise InvalidArgument(
                f"{self.root} is a table: its rows have no fixed size", reason="SCHEMA_IS_TABLE"
            )
        return self._dtype

    def check(self, frame: Frame) -> None:
        """Raises FrameError (`FRAME_SCHEMA_MISMATCH`) where a frame is not one of this schema."""
        try:
            self._core.check(frame.data)
        except core.FrameError as error:
            raise FrameError(str(error), reason=error.reason, offset=error.offset) from None

    def rows(self, frame: Frame) -> Rows:
        """(n,) read-only structured array over the frame's bytes.

        Raises:
            FrameError: the frame is not one of this schema (`FRAME_SCHEMA_MISMATCH`).
            InvalidArgument: the type is a table.
        """
        dtype = self.dtype
        self.check(frame)
        return frame.rows.view(dtype)

    def record(self, frame: Frame) -> Record:
        """The table of a frame; fields are read when they are asked for.

        Raises:
            FrameError: the frame is not one of this schema (`FRAME_SCHEMA_MISMATCH`).
            InvalidArgument: the type has rows of a fixed size.
        """
        if not self.is_table:
            raise InvalidArgument(
                f"{self.root} is a struct: `rows` gives its rows", reason="SCHEMA_IS_STRUCT"
            )
        self.check(frame)
        data = frame.rows.tobytes()
        position = int.from_bytes(data[:4], "little")
        return Record(self._shapes, 0, Table(data, position))

    def plain(self, frame: Frame, part: slice = slice(None)) -> list[dict[str, Any]]:
        """Records of a frame (those of `part`) as values that JSON knows; of a table its only one.

        Numbers with decimals are exact text, ids and bytes hexadecimal digits, enumerations their
        numbers, objects that were left out None.

        Raises:
            FrameError: the frame is not one of this schema (`FRAME_SCHEMA_MISMATCH`).
        """
        if self.is_table:
            return [_plain_table(self.record(frame))][part]
        return [
            {field.name: _plain_value(field, row[field.name]) for field in self._shapes[0][2]}
            for row in self.rows(frame)[part]
        ]

    def encode(
        self,
        rows: BytesLike,
        *,
        source: int,
        context: FrameContext,
        **options: Any,
    ) -> bytes:
        """One frame: (n,) array of `dtype`, or the bytes of one finished FlatBuffer of the table.

        `options`: as of `frames.encode`. Raises FrameError.
        """
        data = rows.tobytes() if isinstance(rows, np.ndarray) else bytes(rows)
        # A table is one row: FlatBuffers aligns within it, the frame its start.
        stride = len(data) if self.is_table else self.dtype.itemsize
        frame = encode(
            self.message_type,
            data,
            source=source,
            context=context,
            stride=stride,
            schema_hash=self.hash,
            **options,
        )
        self.check(Frame.parse(frame, checksum=False))
        return frame

    def __repr__(self) -> str:
        return f"<RecordSchema {self.message_type} {self.root} hash=0x{self.hash:016x}>"


def _struct_dtype(shape: tuple[str, int, list[Any]]) -> np.dtype[np.void]:
    _, size, fields = shape
    named = [_Field(*field) for field in fields]
    return np.dtype(
        {
            "names": [field.name for field in named],
            "formats": [_format(field) for field in named],
            "offsets": [field.at for field in named],
            "itemsize": size,
        }
    )


def _format(field: _Field) -> Any:
    """What NumPy calls a kind; enumerations are their numbers."""
    match field.kind:
        case "unsigned" | "signed" | "float":
            return f"<{_LETTERS[field.kind]}{field.size}"
        case "bool":
            return "?"
        case "enum":
            return f"<{'i' if field.detail[1] else 'u'}{field.size}"
        case "text":
            return f"S{field.size}"
        case "bytes":
            return f"V{field.size}"
        case "struct":
            return _struct_dtype(field.detail)
        case "array":
            element, count = field.detail
            return (_format(_Field(*element)), (count,))
        case _:
            raise AssertionError(f"{field.kind} has no fixed size")


class Record:
    """A table, read lazily: `record.text`, `record["author"].name`, `record.points` (an array).

    Numbers as Python has them, enumerations as their numbers, structs as NumPy records, texts as
    `str`, vectors of numbers and structs as arrays, other vectors as lists; None for an object that
    was left out.
    """

    __slots__ = ("_fields", "_shapes", "_table")

    def __init__(self, shapes: list[Any], number: int, table: Table) -> None:
        """The caller has checked the bytes against the schema."""
        self._shapes = shapes
        self._fields: dict[str, _Field] = {field.name: field for field in shapes[number][2]}
        self._table = table

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no field {name!r}; there are {', '.join(self)}") from None

    def __getitem__(self, name: str) -> Any:
        field = self._fields[name]
        table = self._table
        offset = table.Offset(field.at)
        if field.size:
            data = table.Bytes
            if offset:
                start = table.Pos + offset
                value = np.frombuffer(data, _format(field), 1, start)[0]
            elif field.size > 8 or field.kind in {"struct", "text", "bytes"}:
                return None
            else:
                default = field.default.to_bytes(8, "little")[: field.size]
                value = np.frombuffer(default, _format(field), 1)[0]
            return value.item() if value.dtype.names is None else value
        if not offset:
            return None
        if field.kind == "vector":
            return self._vector(_Field(*field.detail), offset)
        return self._elsewhere(field, table.Pos + offset)

    def _elsewhere(self, field: _Field, at: int) -> Any:
        """A text or a table, by the place of the offset that leads to it."""
        table = self._table
        if field.kind == "string":
            return table.String(at).decode("utf-8", "replace")
        return Record(self._shapes, field.detail, Table(table.Bytes, table.Indirect(at)))

    def _vector(self, element: _Field, offset: int) -> Any:
        table = self._table
        start, count = table.Vector(offset), table.VectorLen(offset)
        if element.size:
            values = np.frombuffer(table.Bytes, _format(element), count, start)
            values.flags.writeable = False
            return values
        step = number_types.UOffsetTFlags.bytewidth
        return [self._elsewhere(element, start + step * i) for i in range(count)]

    def __iter__(self) -> Iterator[str]:
        """Names of the fields."""
        return iter(self._fields)

    def as_dict(self) -> dict[str, Any]:
        """All fields, tables within too."""
        return {name: _plain(self[name]) for name in self}

    def __repr__(self) -> str:
        return f"<Record {', '.join(self)}>"


def _plain(value: Any) -> Any:
    if isinstance(value, Record):
        return value.as_dict()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value


def _plain_table(record: Record) -> dict[str, Any]:
    return {
        name: _plain_value(field, record[name])
        for name, field in record._fields.items()  # of this module
    }


def _decimals(field: _Field) -> int:
    """As predicates count: what the schema says, else 8 of a signed 64-bit number, or of a size."""
    if field.detail is not None:
        return int(field.detail)
    if field.size != 8:
        return 0
    return DECIMALS if field.kind == "signed" or field.name.endswith(_SIZES) else 0


def _plain_value(field: _Field, value: Any) -> Any:
    if value is None:
        return None
    match field.kind:
        case "signed" | "unsigned":
            decimals = _decimals(field)
            return fixed_text(value, decimals) if decimals else int(value)
        case "float":
            return float(value)
        case "bool":
            return bool(value)
        case "enum":
            return int(value)
        case "text":
            return bytes(value).decode("ascii", "replace")
        case "bytes":
            return bytes(value).hex()
        case "struct":
            name, _, fields = field.detail
            if name == _INSTRUMENT_ID:
                return value.tobytes().hex()
            return {one[0]: _plain_value(_Field(*one), value[one[0]]) for one in fields}
        case "array":
            element = _Field(*field.detail[0])
            return [_plain_value(element, one) for one in value]
        case "vector":
            element = _Field(*field.detail)
            return [_plain_value(element, one) for one in value]
        case "table":
            return _plain_table(value)
        case _:
            return value
