//! What is known of a type: owned, checked, and without a trace of the bytes it was read from.

/// An enumeration. Values are as their bits lie in the row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnumShape {
    pub name: String,
    pub flags: bool,
    pub signed: bool,
    pub values: Vec<(String, u64)>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Unsigned,
    Signed,
    /// Integers that say how many decimals they have.
    Fixed {
        signed: bool,
        decimals: u32,
    },
    Float,
    Bool,
    Enum(EnumShape),
    /// A struct that is one run of bytes, or an array of them.
    Bytes,
    /// A struct that is one run of ASCII, padded with NUL.
    Text,
    Struct(Shape),
    /// In structs: as many, one after the other.
    Array {
        element: Box<FieldShape>,
        count: usize,
    },
    /// In tables.
    String,
    /// In tables.
    Vector(Box<FieldShape>),
    /// In tables: the number of a table of the layout.
    Table(usize),
}

/// A field, or an element of an array or vector.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldShape {
    pub name: String,
    /// Byte of the struct; of a table, the byte of its vtable.
    pub at: usize,
    /// Bytes in the row; 0 for what is elsewhere (strings, vectors, tables).
    pub size: usize,
    pub kind: Kind,
    /// Of a table's scalar that was left out.
    pub default: u64,
}

impl FieldShape {
    /// It names an instrument.
    #[must_use]
    pub fn is_instrument(&self) -> bool {
        matches!(&self.kind, Kind::Struct(shape) if shape.name == "alphapulse_fbs.InstrumentId" && shape.size == 16)
    }
}

/// A struct or a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape {
    /// Full name.
    pub name: String,
    /// Of a struct; 0 for a table.
    pub size: usize,
    pub align: usize,
    /// By position.
    pub fields: Vec<FieldShape>,
}

impl Shape {
    /// The name without its namespace.
    #[must_use]
    pub fn short_name(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or(&self.name)
    }
}
