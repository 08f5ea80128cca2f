"""Package `alphapulse_layout`: enums, NumPy dtypes and the table of record types."""

import textwrap

from layoutgen.names import NOTICE, constant
from layoutgen.schema import DOMAINS, Enum, Field, RecordType, Schema, Struct


def emit(schema: Schema) -> dict[str, str]:
    return {
        "__init__.py": _init(schema),
        "py.typed": "",
        "enums.py": _enums(schema),
        "dtypes.py": _dtypes(schema),
        "records.py": _records(schema),
    }


def _init(schema: Schema) -> str:
    names = sorted(e.name for e in schema.enums)
    tables = ["DTYPES", "Domain", "MEMBERS", "RECORDS", "RecordType", "domain_of"]
    out = [
        '"""Record layouts as NumPy dtypes, their enums, and the table of record types.',
        "",
        "`DTYPES` gives the dtype of a message type; `dtypes` has one dtype for every struct.",
        "",
        NOTICE,
        '"""',
        "",
        "from alphapulse_layout import dtypes",
        "from alphapulse_layout.enums import (",
        *(f"    {name}," for name in names),
        ")",
        "from alphapulse_layout.records import (",
        *(f"    {name}," for name in tables),
        ")",
        "",
        "__all__ = [",
        *(f'    "{name}",' for name in sorted([*names, *tables, "dtypes"])),
        "]",
    ]
    return "\n".join(out) + "\n"


def _doc(text: str, indent: str = "    ") -> list[str]:
    if not text:
        return []
    wrapped = textwrap.wrap(text.replace("\\", "\\\\"), width=96 - len(indent))
    if len(wrapped) == 1:
        return [f'{indent}"""{wrapped[0]}"""', ""]
    return [f'{indent}"""{wrapped[0]}', *(indent + w for w in wrapped[1:]), f'{indent}"""', ""]


def _comment(text: str, indent: str = "    ") -> list[str]:
    return [f"{indent}# {line}" for line in textwrap.wrap(text, width=96 - len(indent))]


def _enums(schema: Schema) -> str:
    out = [f'"""The enumerations of the wire. Flags are masks.\n\n{NOTICE}\n"""', ""]
    out += ["from enum import IntEnum, IntFlag", ""]
    for enum in schema.enums:
        out += ["", *_enum(enum)]
    return "\n".join(out) + "\n"


def _enum(enum: Enum) -> list[str]:
    out = [f"class {enum.name}({'IntFlag' if enum.flags else 'IntEnum'}):"]
    out += _doc(enum.doc)
    if enum.flags:
        out.append("    NONE = 0")
    for value in enum.values:
        out += _comment(value.doc)
        out.append(f"    {value.name} = {value.value}")
    return [*out, ""]


def _numpy(field: Field) -> str:
    if field.struct is None:
        return (
            f'"<{"i" if field.signed else "u"}{field.size}"'
            if field.size > 1
            else (f'"{"i" if field.signed else "u"}1"')
        )
    if field.struct.fixed:
        return f'"{"V" if field.struct.fixed == "bytes" else "S"}{field.size}"'
    return constant(field.struct.name)


def _ordered(schema: Schema) -> list[Struct]:
    """Structs after those that they contain; runs of bytes need no dtype of their own."""
    done: dict[str, Struct] = {}

    def visit(struct: Struct) -> None:
        for field in struct.fields:
            if field.struct is not None:
                visit(field.struct)
        if not struct.fixed:
            done.setdefault(struct.name, struct)

    for struct in schema.structs:
        visit(struct)
    return list(done.values())


def _dtypes(schema: Schema) -> str:
    out = [
        '"""One NumPy dtype per record, byte for byte the FlatBuffers struct.',
        "",
        "Runs of raw bytes are `V<n>`, padded ASCII is `S<n>`, 128-bit numbers and instrument ids",
        "are nested dtypes. Numbers are little-endian on every machine.",
        "",
        NOTICE,
        '"""',
        "",
        "from typing import Final",
        "",
        "import numpy as np",
        "",
        "RecordDtype = np.dtype[np.void]",
    ]
    for struct in _ordered(schema):
        out += ["", *_comment(struct.doc, "")]
        out.append(f"{constant(struct.name)}: Final[RecordDtype] = np.dtype(")
        out.append("    {")
        columns = {
            "names": [f'"{f.name}"' for f in struct.fields],
            "formats": [_numpy(f) for f in struct.fields],
            "offsets": [str(f.offset) for f in struct.fields],
        }
        for key, values in columns.items():
            out.append(f'        "{key}": [')
            out += textwrap.wrap(
                ", ".join(values) + ",",
                width=96,
                initial_indent=" " * 12,
                subsequent_indent=" " * 12,
                break_long_words=False,
            )
            out.append("        ],")
        out += [f'        "itemsize": {struct.size},', "    }", ")"]
    out += [
        "",
        "# By the name of the FlatBuffers struct.",
        "STRUCTS: Final[dict[str, RecordDtype]] = {",
    ]
    out += [f'    "{s.name}": {constant(s.name)},' for s in _ordered(schema)]
    return "\n".join([*out, "}"]) + "\n"


_RECORDS_HEAD = f'''"""Which record a message type carries: its dtype, its union member, its domain.

{NOTICE}
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Final

import numpy as np

from alphapulse_layout import dtypes
from alphapulse_layout.enums import MessageType


class Domain(Enum):
    """The domain that a message type belongs to; the value is its range of numbers, inclusive."""

'''

_RECORDS_TAIL = '''

@dataclass(frozen=True, slots=True)
class RecordType:
    """One kind of row.

    `message_type` is None for rows that travel only inside an RPC answer. `dtype` is None for rows
    whose layout is registered at run time. `member` is the tag in the frame's union of record
    vectors. `instrument_fields` names the top-level fields that hold an instrument id.
    """

    name: str
    message_type: MessageType | None
    dtype: np.dtype[np.void] | None
    member: int
    instrument_fields: tuple[str, ...]

    @property
    def stride(self) -> int:
        """Bytes of a row, 0 where the layout is registered at run time."""
        return 0 if self.dtype is None else self.dtype.itemsize

    @property
    def domain(self) -> Domain | None:
        """None where the rows have no message type."""
        return None if self.message_type is None else domain_of(self.message_type)


def domain_of(message_type: int) -> Domain:
    """The domain of `message_type`; ValueError for a number that no domain has."""
    for domain in Domain:
        low, high = domain.value
        if low <= message_type <= high:
            return domain
    raise ValueError(f"message type {message_type} is in no domain")

'''


def _records(schema: Schema) -> str:
    out = [_RECORDS_HEAD.rstrip("\n"), ""]
    out += [f"    {name} = ({low}, {high})" for name, (low, high) in DOMAINS.items()]
    out.append(_RECORDS_TAIL)
    out.append("# Every member of the union, in the order of its tags.")
    out.append("MEMBERS: Final[tuple[RecordType, ...]] = (")
    for record in schema.records:
        out += _record(record)
    out += [
        ")",
        "",
        "# By the message type of the header.",
        "RECORDS: Final[Mapping[MessageType, RecordType]] = MappingProxyType(",
        "    {r.message_type: r for r in MEMBERS if r.message_type is not None}",
        ")",
        "",
        "# The dtype of a message type's rows; types registered at run time are not here.",
        "DTYPES: Final[Mapping[int, np.dtype[np.void]]] = MappingProxyType(",
        "    {t: r.dtype for t, r in RECORDS.items() if r.dtype is not None}",
        ")",
    ]
    return "\n".join(out) + "\n"


def _record(record: RecordType) -> list[str]:
    struct = record.struct
    message_type = record.message_type
    ids = (
        ()
        if struct is None
        else tuple(f.name for f in struct.fields if f.offset in record.instrument_offsets)
    )
    listed = "(" + ", ".join(f'"{i}"' for i in ids) + ("," if len(ids) == 1 else "") + ")"
    return [
        "    RecordType(",
        f'        name="{record.table.removesuffix("Rows")}",',
        f"        message_type={f'MessageType.{message_type.name}' if message_type else None},",
        f"        dtype={f'dtypes.{constant(struct.name)}' if struct else None},",
        f"        member={record.member},",
        f"        instrument_fields={listed},",
        "    ),",
    ]
