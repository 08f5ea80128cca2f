"""The binary schema (.bfbs) as plain values: enums, structs with exact offsets, record types.

flatc turns the binary schema into JSON by means of its own `reflection.fbs`, so that no second
parser of the schema language exists. `load` checks what every generator relies on: no hidden
padding, sizes as their comments state them, known scalar types.
"""

import json
import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

NAMESPACE: Final = "alphapulse_fbs."
MESSAGE_TYPE_ENUM: Final = "MessageType"
RECORD_UNION: Final = "Records"
INSTRUMENT_ID: Final = "InstrumentId"

# FlatBuffers base type -> (size in bytes, signed)
SCALARS: Final[dict[str, tuple[int, bool]]] = {
    "Byte": (1, True),
    "UByte": (1, False),
    "Short": (2, True),
    "UShort": (2, False),
    "Int": (4, True),
    "UInt": (4, False),
    "Long": (8, True),
    "ULong": (8, False),
}

# The number of a message type decides the domain (design, "The wire").
DOMAINS: Final[dict[str, tuple[int, int]]] = {
    "MARKET_DATA": (1, 19),
    "SIGNAL": (20, 39),
    "EXECUTION": (40, 59),
    "SYSTEM": (100, 109),
    "CUSTOM": (200, 255),
}


class SchemaError(Exception):
    """The schema breaks a rule that the generators rely on."""


@dataclass(frozen=True, slots=True)
class EnumValue:
    name: str
    value: int
    doc: str


@dataclass(frozen=True, slots=True)
class Enum:
    """`size` is in bytes; the values of flags are masks (1 << bit)."""

    name: str
    size: int
    signed: bool
    flags: bool
    doc: str
    values: tuple[EnumValue, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One member of a struct: a scalar (`struct` None), an enum over a scalar, or a struct."""

    name: str
    offset: int
    size: int
    signed: bool
    enum: Enum | None
    struct: "Struct | None"
    doc: str

    @property
    def type_name(self) -> str:
        """The name that the layout table prints: `u64`, `Side:u8`, `InstrumentId`."""
        if self.struct is not None:
            return self.struct.name
        scalar = scalar_name(self.size, self.signed)
        return scalar if self.enum is None else f"{self.enum.name}:{scalar}"


@dataclass(frozen=True, slots=True)
class Struct:
    """`fixed` is "bytes" or "text" where the struct is one opaque run of bytes, else ""."""

    name: str
    size: int
    align: int
    fixed: str
    doc: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class RecordType:
    """A member of the union of record vectors, with the type that its rows have on the wire.

    `message_type` is None for rows that travel only inside an RPC answer; `struct` is None for
    rows whose layout is registered at run time.
    """

    table: str
    member: int
    message_type: EnumValue | None
    struct: Struct | None

    @property
    def domain(self) -> str:
        return "" if self.message_type is None else domain_of(self.message_type.value)

    @property
    def instrument_offsets(self) -> tuple[int, ...]:
        """Where the row holds instrument ids, for filters that must not know the type."""
        if self.struct is None:
            return ()
        return tuple(
            f.offset
            for f in self.struct.fields
            if f.struct is not None and f.struct.name == INSTRUMENT_ID
        )


@dataclass(frozen=True, slots=True)
class Schema:
    """Everything in declaration-independent, sorted order, so that output is deterministic."""

    enums: tuple[Enum, ...]
    structs: tuple[Struct, ...]
    records: tuple[RecordType, ...]
    file_identifier: str

    def enum(self, name: str) -> Enum:
        return next(e for e in self.enums if e.name == name)

    def struct(self, name: str) -> Struct:
        return next(s for s in self.structs if s.name == name)


def scalar_name(size: int, signed: bool) -> str:
    return f"{'i' if signed else 'u'}{size * 8}"


def domain_of(message_type: int) -> str:
    for name, (low, high) in DOMAINS.items():
        if low <= message_type <= high:
            return name
    raise SchemaError(f"message type {message_type} is in no domain: {DOMAINS}")


def load(bfbs: Path, *, flatc: str, reflection_fbs: Path) -> Schema:
    """Read `bfbs` and check it. Raises SchemaError naming the struct or the enum at fault."""
    return parse(_to_json(bfbs, flatc, reflection_fbs))


def parse(raw: dict[str, Any]) -> Schema:
    """A schema from the JSON form of `reflection.fbs`; see `load`."""
    enums = [_enum(e) for e in raw["enums"]]
    structs = _structs(raw["objects"], enums)
    union = next(e for e in raw["enums"] if _short(e["name"]) == RECORD_UNION)
    message_types = next(e for e in enums if e.name == MESSAGE_TYPE_ENUM)
    return Schema(
        enums=tuple(sorted(enums, key=lambda e: e.name)),
        structs=tuple(sorted(structs.values(), key=lambda s: s.name)),
        records=tuple(_records(union, raw["objects"], structs, message_types)),
        file_identifier=raw["file_ident"],
    )


def _to_json(bfbs: Path, flatc: str, reflection_fbs: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as out:
        subprocess.run(
            [
                flatc,
                "--json",
                "--strict-json",
                "--defaults-json",
                "--raw-binary",
                "-o",
                out,
                reflection_fbs,
                "--",
                bfbs,
            ],
            check=True,
        )
        parsed: dict[str, Any] = json.loads((Path(out) / f"{bfbs.stem}.json").read_text())
        return parsed


def _short(name: str) -> str:
    return name.removeprefix(NAMESPACE)


def _doc(raw: dict[str, Any]) -> str:
    return " ".join(line.strip() for line in raw.get("documentation", [])).strip()


def _attributes(raw: dict[str, Any]) -> dict[str, str]:
    return {a["key"]: a.get("value", "") for a in raw.get("attributes", [])}


def _enum(raw: dict[str, Any]) -> Enum:
    base = raw["underlying_type"]["base_type"]
    size, signed = SCALARS["UByte" if base == "UType" else base]
    return Enum(
        name=_short(raw["name"]),
        size=size,
        signed=signed,
        flags="bit_flags" in _attributes(raw),
        doc=_doc(raw),
        values=tuple(EnumValue(v["name"], v["value"], _doc(v)) for v in raw["values"]),
    )


def _structs(objects: list[dict[str, Any]], enums: list[Enum]) -> dict[str, Struct]:
    done: dict[str, Struct] = {}

    def build(index: int) -> Struct:
        raw = objects[index]
        name = _short(raw["name"])
        if name not in done:
            done[name] = _checked(_struct(raw))
        return done[name]

    def _struct(raw: dict[str, Any]) -> Struct:
        fields = []
        for f in sorted(raw["fields"], key=lambda f: f["id"]):
            kind = f["type"]
            common = (f["name"], f["offset"])
            if kind["base_type"] == "Obj":
                inner = build(kind["index"])
                fields.append(Field(*common, inner.size, False, None, inner, _doc(f)))
            elif kind["base_type"] in SCALARS:
                size, signed = SCALARS[kind["base_type"]]
                enum = enums[kind["index"]] if kind["index"] >= 0 else None
                fields.append(Field(*common, size, signed, enum, None, _doc(f)))
            else:
                raise SchemaError(
                    f"{raw['name']}.{f['name']}: {kind['base_type']} is not allowed in a record"
                )
        attributes = _attributes(raw)
        fixed = "bytes" if "fixed_bytes" in attributes else "text"
        return Struct(
            name=_short(raw["name"]),
            size=raw["bytesize"],
            align=raw["minalign"],
            fixed=fixed if {"fixed_bytes", "fixed_text"} & attributes.keys() else "",
            doc=_doc(raw),
            fields=tuple(fields),
        )

    for index, raw in enumerate(objects):
        if raw["is_struct"]:
            build(index)
    return done


def _checked(struct: Struct) -> Struct:
    end = 0
    for field in struct.fields:
        if field.offset != end:
            raise SchemaError(
                f"{struct.name}.{field.name}: {field.offset - end} bytes of hidden padding before "
                f"offset {field.offset}; add a reserved field"
            )
        end += field.size
    if end != struct.size:
        raise SchemaError(
            f"{struct.name}: {struct.size - end} bytes of hidden padding at the end; "
            "add a reserved field"
        )
    stated = re.search(r"\b(\d+) bytes\.$", struct.doc)
    if stated is not None and int(stated[1]) != struct.size:
        raise SchemaError(f"{struct.name}: {struct.size} bytes, but its comment says {stated[1]}")
    return struct


def _records(
    union: dict[str, Any],
    objects: list[dict[str, Any]],
    structs: dict[str, Struct],
    message_types: Enum,
) -> list[RecordType]:
    by_name = {v.name: v for v in message_types.values}
    records = []
    for member in union["values"]:
        if member["name"] == "NONE":
            continue
        table = objects[member["union_type"]["index"]]
        rows = next((f for f in table["fields"] if f["name"] == "rows"), None)
        attribute = _attributes(member).get("message_type")
        if attribute is not None and attribute not in by_name:
            raise SchemaError(f"{member['name']}: unknown message type {attribute!r}")
        if rows is None and attribute is None:
            continue  # the compressed form of another member
        if rows is not None and rows["offset"] != 4:
            raise SchemaError(f"{member['name']}: `rows` must be the table's first field")
        records.append(
            RecordType(
                table=_short(table["name"]),
                member=member["value"],
                message_type=by_name[attribute] if attribute is not None else None,
                struct=structs[_short(objects[rows["type"]["index"]]["name"])] if rows else None,
            )
        )
    carried = {r.message_type.name for r in records if r.message_type is not None}
    missing = [v.name for v in message_types.values if v.name not in carried | {"NONE"}]
    if missing:
        raise SchemaError(f"message types without a member of {RECORD_UNION}: {missing}")
    return records
