//! Fields of rows for those who find them by name: shapes lent as the predicate compiler wants them,
//! and of a table its scalars and structs gathered into a row of a fixed size.

use alphapulse_gen::fields as gen_fields;
use bumpalo::Bump;

use super::shape::{FieldShape, Kind, Shape};
use crate::frame::table::{FlatTable, root_of};

/// Makes the compiler's view of shapes, which lives as long as the arena.
pub struct LendShape<'a> {
    arena: &'a Bump,
}

impl<'a> LendShape<'a> {
    #[must_use]
    pub const fn new(arena: &'a Bump) -> Self {
        Self { arena }
    }

    /// A struct. What no predicate can be about (arrays) is left out.
    #[must_use]
    pub fn structure(&self, shape: &'a Shape) -> &'a gen_fields::StructType<'a> {
        let fields = shape.fields.iter().filter_map(|field| self.field(field, field.at));
        let fields: Vec<_> = fields.collect();
        // The compiler knows ids and wide numbers by their short names.
        let ours = shape.name.starts_with("alphapulse_fbs.");
        let name = if ours { shape.short_name() } else { &shape.name };
        self.arena.alloc(gen_fields::StructType {
            name,
            size: shape.size,
            fields: self.arena.alloc_slice_copy(&fields),
        })
    }

    /// The row that a plan gathers.
    #[must_use]
    pub fn gathered(&self, table: &'a Shape, plan: &TablePlan) -> &'a gen_fields::StructType<'a> {
        let fields: Vec<_> = plan
            .parts
            .iter()
            .filter_map(|part| table.fields.get(part.field).and_then(|field| self.field(field, part.to)))
            .collect();
        self.arena.alloc(gen_fields::StructType {
            name: &table.name,
            size: plan.size,
            fields: self.arena.alloc_slice_copy(&fields),
        })
    }

    fn field(&self, field: &'a FieldShape, offset: usize) -> Option<gen_fields::Field<'a>> {
        let kind = match &field.kind {
            Kind::Unsigned => gen_fields::Kind::Unsigned,
            Kind::Signed => gen_fields::Kind::Signed,
            Kind::Fixed { signed, decimals } => {
                gen_fields::Kind::Fixed { signed: *signed, decimals: *decimals }
            }
            Kind::Float => gen_fields::Kind::Float,
            Kind::Bool => gen_fields::Kind::Bool,
            Kind::Bytes => gen_fields::Kind::Bytes,
            Kind::Text => gen_fields::Kind::Text,
            Kind::Enum(names) => {
                let values: Vec<_> =
                    names.values.iter().map(|(name, value)| (name.as_str(), *value)).collect();
                gen_fields::Kind::Enum(self.arena.alloc(gen_fields::EnumType {
                    name: &names.name,
                    flags: names.flags,
                    values: self.arena.alloc_slice_copy(&values),
                }))
            }
            Kind::Struct(shape) => gen_fields::Kind::Struct(self.structure(shape)),
            Kind::Array { .. } | Kind::String | Kind::Vector(_) | Kind::Table(_) => return None,
        };
        Some(gen_fields::Field { name: &field.name, offset, size: field.size, kind })
    }
}

#[derive(Clone, Debug)]
struct Part {
    /// Among the table's fields.
    field: usize,
    slot: usize,
    size: usize,
    /// Byte of the gathered row.
    to: usize,
    default: [u8; 8],
}

/// Which fields of a table make up a row of a fixed size.
#[derive(Clone, Debug)]
pub struct TablePlan {
    parts: Vec<Part>,
    pub size: usize,
}

impl TablePlan {
    #[must_use]
    pub fn new(table: &Shape) -> Self {
        let mut parts = Vec::new();
        let mut size = 0;
        for (number, field) in table.fields.iter().enumerate().filter(|(_, field)| field.size > 0) {
            let default = field.default.to_le_bytes();
            parts.push(Part { field: number, slot: (field.at - 4) / 2, size: field.size, to: size, default });
            size += field.size;
        }
        Self { parts, size: size.max(1) }
    }

    /// The row of a table; `None` where the bytes are no table.
    #[must_use]
    pub fn gather(&self, bytes: &[u8]) -> Option<Vec<u8>> {
        let table: FlatTable<'_> = root_of(bytes)?;
        let mut row = vec![0; self.size];
        for part in &self.parts {
            let room = &mut row[part.to..part.to + part.size];
            match table.bytes_of(part.slot, part.size)? {
                Some(found) => room.copy_from_slice(found),
                None if part.size <= 8 => room.copy_from_slice(&part.default[..part.size]),
                None => {}
            }
        }
        Some(row)
    }
}
