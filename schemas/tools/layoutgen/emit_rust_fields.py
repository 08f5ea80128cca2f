"""Module `fields` of the crate `alphapulse-gen`: the names of fields and where they lie.

For code that learns names at run time (filters written as text); code that knows its record uses
the values of `layout`.
"""

from layoutgen.names import NOTICE
from layoutgen.schema import Enum, Field, Schema, Struct

PREAMBLE = """\
//! Names, positions and kinds of every field, for code that meets them at run time.

/// An enumeration; the values of flags are masks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnumType<'a> {
    pub name: &'a str,
    pub flags: bool,
    pub values: &'a [(&'a str, u64)],
}

impl EnumType<'_> {
    /// The number of a name.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<u64> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind<'a> {
    Unsigned,
    Signed,
    /// IEEE 754, of types registered at run time.
    Float,
    /// One byte, 0 or 1, of types registered at run time.
    Bool,
    /// An integer that says itself how many decimals it has, of types registered at run time.
    Fixed {
        signed: bool,
        decimals: u32,
    },
    Enum(&'a EnumType<'a>),
    /// Raw bytes.
    Bytes,
    /// ASCII, padded with NUL.
    Text,
    Struct(&'a StructType<'a>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    pub name: &'a str,
    pub offset: usize,
    pub size: usize,
    pub kind: Kind<'a>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StructType<'a> {
    pub name: &'a str,
    pub size: usize,
    pub fields: &'a [Field<'a>],
}

impl<'a> StructType<'a> {
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&'a Field<'a>> {
        self.fields.iter().find(|field| field.name == name)
    }
}

/// The layout of a built-in record by its member of the frame's union; `None` for a member whose
/// layout is registered at run time.
#[must_use]
pub fn record_fields(member: u8) -> Option<&'static StructType<'static>> {
    RECORD_FIELDS.iter().find(|(known, _)| *known == member).map(|(_, fields)| *fields)
}
"""


def emit(schema: Schema) -> dict[str, str]:
    out = [f"// {NOTICE}", *PREAMBLE.splitlines()]
    for enum in schema.enums:
        out += ["", *_enum(enum)]
    for struct in schema.structs:
        if not struct.fixed:
            out += ["", *_struct(struct)]
    rows = [
        f"({r.member}, &{_constant(r.struct.name)}),"
        for r in schema.records
        if r.struct is not None
    ]
    out += [
        "",
        "/// Member of the frame's union and its record.",
        f"pub static RECORD_FIELDS: [(u8, &StructType<'static>); {len(rows)}] = [",
        *(f"    {row}" for row in rows),
        "];",
    ]
    return {"fields.rs": "\n".join(out) + "\n"}


def _constant(name: str) -> str:
    """`BookLevel` -> `BOOK_LEVEL`, as a Rust static is written."""
    return "".join(
        f"_{c}" if c.isupper() and i and not name[i - 1].isupper() else c.upper()
        for i, c in enumerate(name)
    )


def _enum(enum: Enum) -> list[str]:
    return [
        f"pub static {_constant(enum.name)}_NAMES: EnumType<'static> = EnumType {{",
        f'    name: "{enum.name}",',
        f"    flags: {'true' if enum.flags else 'false'},",
        "    values: &[",
        *(f'        ("{v.name}", {v.value}),' for v in enum.values),
        "    ],",
        "};",
    ]


def _kind(field: Field) -> str:
    if field.struct is not None:
        fixed = {"bytes": "Kind::Bytes", "text": "Kind::Text"}
        return fixed.get(field.struct.fixed, f"Kind::Struct(&{_constant(field.struct.name)})")
    if field.enum is not None:
        return f"Kind::Enum(&{_constant(field.enum.name)}_NAMES)"
    return "Kind::Signed" if field.signed else "Kind::Unsigned"


def _struct(struct: Struct) -> list[str]:
    return [
        f"pub static {_constant(struct.name)}: StructType<'static> = StructType {{",
        f'    name: "{struct.name}",',
        f"    size: {struct.size},",
        "    fields: &[",
        *(
            f'        Field {{ name: "{f.name}", offset: {f.offset}, size: {f.size}, '
            f"kind: {_kind(f)} }},"
            for f in struct.fields
        ),
        "    ],",
        "};",
    ]
