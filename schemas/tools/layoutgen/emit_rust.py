"""Module `layout` of the crate `alphapulse-gen`: `repr(C)` records, checked at compile time."""

import textwrap

from layoutgen.names import NOTICE, constant
from layoutgen.schema import DOMAINS, Enum, Field, RecordType, Schema, Struct, scalar_name


def emit(schema: Schema) -> dict[str, str]:
    out = [
        f"// {NOTICE}",
        "//! The records of the wire as `repr(C)` values, byte for byte the FlatBuffers structs.",
        "//!",
        "//! Enumerations are newtypes over their number, so that a value which this build does",
        "//! not know is carried and never undefined behaviour. What turns bytes into rows is in",
        "//! [`crate::record`].",
        "",
        "use crate::record::{Layout, Record, RecordType};",
    ]
    for enum in schema.enums:
        out += ["", *_enum(enum)]
    for struct in schema.structs:
        out += ["", *(_fixed(struct) if struct.fixed else _struct(struct))]
    out += ["", *_records(schema)]
    return {"layout.rs": "\n".join(out) + "\n"}


def _doc(text: str, indent: str = "") -> list[str]:
    return [f"{indent}/// {line}" for line in textwrap.wrap(text, width=94 - len(indent))]


def _constant(name: str) -> str:
    """Members of the union are spelled as tables; constants are upper case in Rust."""
    return name if name.isupper() else constant(name)


def _enum(enum: Enum) -> list[str]:
    scalar = scalar_name(enum.size, enum.signed)
    out = [
        *_doc(enum.doc),
        "#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]",
        "#[repr(transparent)]",
        f"pub struct {enum.name}(pub {scalar});",
        "",
        f"impl {enum.name} {{",
    ]
    for value in enum.values:
        out += _doc(value.doc, "    ")
        out.append(f"    pub const {_constant(value.name)}: Self = Self({value.value});")
    if enum.flags:
        out += [
            "",
            "    /// True where every bit of `other` is set.",
            "    #[must_use]",
            "    pub const fn contains(self, other: Self) -> bool {",
            "        self.0 & other.0 == other.0",
            "    }",
            "",
            "    /// The bits of both.",
            "    #[must_use]",
            "    pub const fn with(self, other: Self) -> Self {",
            "        Self(self.0 | other.0)",
            "    }",
        ]
    else:
        out += [
            "",
            "    /// The name in the schema, `None` for a number that this build does not know.",
            "    #[must_use]",
            "    pub const fn name(self) -> Option<&'static str> {",
            "        match self.0 {",
            *(f'            {v.value} => Some("{v.name}"),' for v in enum.values),
            "            _ => None,",
            "        }",
            "    }",
        ]
    return [*out, "}"]


def _fixed(struct: Struct) -> list[str]:
    """A run of bytes, aligned as its words are in the schema."""
    # the standard library derives Default for arrays of up to 32 elements
    derived = struct.size <= 32
    traits = "Default, PartialEq" if derived else "PartialEq"
    out = [
        *_doc(struct.doc),
        f"#[derive(Clone, Copy, Debug, {traits}, Eq, PartialOrd, Ord, Hash)]",
        f"#[repr(C, align({struct.align}))]",
        f"pub struct {struct.name}(pub [u8; {struct.size}]);",
        "",
    ]
    if not derived:
        out += [
            f"impl Default for {struct.name} {{",
            "    fn default() -> Self {",
            f"        Self([0; {struct.size}])",
            "    }",
            "}",
            "",
        ]
    return [*out, *_layout_assertions(struct, with_fields=False)]


def _type(field: Field) -> str:
    if field.struct is not None:
        return field.struct.name
    return field.enum.name if field.enum else scalar_name(field.size, field.signed)


def _struct(struct: Struct) -> list[str]:
    out = [
        *_doc(struct.doc),
        "#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]",
        "#[repr(C)]",
        f"pub struct {struct.name} {{",
    ]
    for field in struct.fields:
        out += _doc(field.doc, "    ")
        out.append(f"    pub {field.name}: {_type(field)},")
    return [*out, "}", "", *_layout_assertions(struct, with_fields=True)]


def _layout_assertions(struct: Struct, *, with_fields: bool) -> list[str]:
    name = struct.name
    out = [
        "const _: () = {",
        f"    assert!(size_of::<{name}>() == {struct.size});",
        f"    assert!(align_of::<{name}>() == {struct.align});",
    ]
    if with_fields:
        out += [
            f"    assert!(core::mem::offset_of!({name}, {f.name}) == {f.offset});"
            for f in struct.fields
        ]
    return [
        *out,
        "};",
        "",
        "// SAFETY: `repr(C)`, integers only, no padding byte (asserted above).",
        f"unsafe impl Layout for {name} {{",
        f'    const NAME: &\'static str = "{name}";',
        "}",
    ]


def _records(schema: Schema) -> list[str]:
    identifier = schema.file_identifier
    out = [
        "/// The FlatBuffers file identifier of a frame.",
        f'pub const FILE_IDENTIFIER: [u8; 4] = *b"{identifier}";',
    ]
    for name, (low, high) in DOMAINS.items():
        out += [
            "",
            f"/// Message types of the {name.lower().replace('_', ' ')} domain.",
            f"pub const {name}_TYPES: core::ops::RangeInclusive<u8> = {low}..={high};",
        ]
    for record in schema.records:
        if record.struct is not None:
            out += ["", *_record_impl(record, record.struct)]
    out += [
        "",
        "/// Every member of the frame's union of record vectors, in the order of its tags.",
        f"pub const RECORDS: [RecordType; {len(schema.records)}] = [",
    ]
    for record in schema.records:
        offsets = ", ".join(str(o) for o in record.instrument_offsets)
        message_type = (
            f"Some(MessageType::{record.message_type.name})" if record.message_type else "None"
        )
        out += [
            "    RecordType {",
            f'        name: "{record.table.removesuffix("Rows")}",',
            f"        message_type: {message_type},",
            f"        member: {record.member},",
            f"        stride: {record.struct.size if record.struct else 0},",
            f"        instrument_offsets: &[{offsets}],",
            "    },",
        ]
    return [*out, "];"]


def _record_impl(record: RecordType, struct: Struct) -> list[str]:
    message_type = (
        f"Some(MessageType::{record.message_type.name})" if record.message_type else "None"
    )
    return [
        f"impl Record for {struct.name} {{",
        f"    const MESSAGE_TYPE: Option<MessageType> = {message_type};",
        f"    const MEMBER: u8 = {record.member};",
        "}",
    ]
