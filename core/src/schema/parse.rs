//! From the bytes of a `.bfbs` to shapes. Every index, offset and size is checked: the verifier says
//! only that the bytes are some binary schema, not that it makes sense.

use std::collections::HashSet;

use flatbuffers_reflection::reflection::{self, BaseType, Enum, Field, Object, Type};

use super::shape::{EnumShape, FieldShape, Kind, Shape};
use super::{Layout, Result, SchemaReason, refuse};

/// Bytes of a struct.
const MAX_SIZE: usize = 64 << 10;
/// Fields of all structs and tables that can be reached, those of a nested struct each time.
const MAX_FIELDS: usize = 1024;
const MAX_VALUES: usize = 4096;
const MAX_DEPTH: usize = 16;
const MAX_NAME: usize = 64;
const MAX_DECIMALS: u32 = 18;

fn malformed<T>(detail: impl Into<String>) -> Result<T> {
    refuse(SchemaReason::Malformed, detail)
}

fn unsupported<T>(detail: impl Into<String>) -> Result<T> {
    refuse(SchemaReason::Unsupported, detail)
}

/// The root's full name, and its layout.
pub fn parse(bytes: &[u8], root: &str) -> Result<(String, Layout)> {
    // The identifier is at 4..8: shorter ones would not do for the test itself.
    if bytes.len() < 8 || !reflection::schema_buffer_has_identifier(bytes) {
        return malformed("the bytes are no binary schema: `flatc --binary --schema` writes one");
    }
    let options = flatbuffers::VerifierOptions {
        max_depth: 32,
        max_tables: 20_000,
        max_apparent_size: 16 << 20,
        ..Default::default()
    };
    let schema = match reflection::root_as_schema_with_opts(&options, bytes) {
        Ok(schema) => schema,
        Err(error) => {
            let words: String = error.to_string().chars().take(200).collect();
            return malformed(format!("the binary schema is broken: {words}"));
        }
    };
    let mut reader = Reader { schema, fields: 0, values: 0, tables: Vec::new(), known: Vec::new() };
    let object = reader.root(root)?;
    let name = checked_path(object.name())?;
    if object.is_struct() {
        return Ok((name, Layout::Struct(reader.structure(&object, 0)?)));
    }
    reader.table(&object, 0)?;
    Ok((name, Layout::Table(reader.tables)))
}

struct Reader<'a> {
    schema: reflection::Schema<'a>,
    fields: usize,
    values: usize,
    tables: Vec<Shape>,
    /// Names of the tables above.
    known: Vec<String>,
}

impl<'a> Reader<'a> {
    fn root(&self, wanted: &str) -> Result<Object<'a>> {
        if wanted.is_empty() {
            let Some(table) = self.schema.root_table() else {
                return refuse(
                    SchemaReason::UnknownRoot,
                    "the schema has no root_type: name the struct that a row is",
                );
            };
            if table.fields().len() == 1 {
                let of = table.fields().get(0).type_();
                if of.base_type() == BaseType::Vector && of.element() == BaseType::Obj {
                    let element = self.object(of.index())?;
                    if element.is_struct() {
                        return Ok(element);
                    }
                }
            }
            return Ok(table);
        }
        let Some(object) = self.schema.objects().iter().find(|object| object.name() == wanted) else {
            return refuse(SchemaReason::UnknownRoot, "the schema has no struct or table of that name");
        };
        let is_root = self.schema.root_table().is_some_and(|table| table.name() == wanted);
        if !object.is_struct() && !is_root {
            return unsupported("of tables only the schema's root_type can be a row");
        }
        Ok(object)
    }

    fn object(&self, index: i32) -> Result<Object<'a>> {
        let objects = self.schema.objects();
        match usize::try_from(index) {
            Ok(index) if index < objects.len() => Ok(objects.get(index)),
            _ => malformed(format!("there is no object {index}")),
        }
    }

    fn enumeration(&self, index: i32) -> Result<Option<Enum<'a>>> {
        let enums = self.schema.enums();
        match usize::try_from(index) {
            Ok(index) if index < enums.len() => Ok(Some(enums.get(index))),
            Ok(_) => malformed(format!("there is no enumeration {index}")),
            Err(_) => Ok(None),
        }
    }

    fn count_field(&mut self) -> Result<()> {
        self.fields += 1;
        if self.fields > MAX_FIELDS {
            return refuse(SchemaReason::TooLarge, format!("a row has more than {MAX_FIELDS} fields"));
        }
        Ok(())
    }

    fn structure(&mut self, object: &Object<'_>, depth: usize) -> Result<Shape> {
        let name = checked_path(object.name())?;
        if depth > MAX_DEPTH {
            return malformed(format!("{name} is nested more than {MAX_DEPTH} deep"));
        }
        let size = usize::try_from(object.bytesize()).unwrap_or(0);
        let align = usize::try_from(object.minalign()).unwrap_or(0);
        if !(1..=MAX_SIZE).contains(&size) || ![1, 2, 4, 8].contains(&align) || size % align != 0 {
            return malformed(format!("{name} has {size} bytes aligned to {align}"));
        }
        let mut fields = Vec::new();
        for field in object.fields() {
            self.count_field()?;
            fields.push(self.struct_field(&field, depth)?);
        }
        fields.sort_by_key(|field| field.at);
        let mut end = 0;
        for field in &fields {
            if field.at < end || field.at + field.size > size {
                return malformed(format!("{name}.{} overlaps or leaves the struct", field.name));
            }
            end = field.at + field.size;
        }
        unique(&name, &fields)?;
        Ok(Shape { name, size, align, fields })
    }

    fn struct_field(&mut self, field: &Field<'_>, depth: usize) -> Result<FieldShape> {
        let name = checked_name(field.name())?;
        let of = field.type_();
        let at = usize::from(field.offset());
        let (kind, size, align) = match of.base_type() {
            BaseType::Array => {
                let (kind, size, align) = self.value(&of, of.element(), field, depth)?;
                let count = usize::from(of.fixed_length());
                if count == 0 || count * size > MAX_SIZE {
                    return malformed(format!("{name} is an array of {count} × {size} bytes"));
                }
                if kind == Kind::Unsigned && size == 1 {
                    (Kind::Bytes, count, 1)
                } else {
                    let element = FieldShape { name: String::new(), at: 0, size, kind, default: 0 };
                    (Kind::Array { element: element.into(), count }, count * size, align)
                }
            }
            base => self.value(&of, base, field, depth)?,
        };
        if at % align != 0 {
            return malformed(format!("{name} at byte {at} is not aligned to {align}"));
        }
        Ok(FieldShape { name, at, size, kind, default: 0 })
    }

    /// Kind, size and alignment of what has a fixed size.
    fn value(
        &mut self,
        of: &Type<'_>,
        base: BaseType,
        field: &Field<'_>,
        depth: usize,
    ) -> Result<(Kind, usize, usize)> {
        if base == BaseType::Obj {
            let object = self.object(of.index())?;
            if !object.is_struct() {
                return malformed(format!("{} is a table where a struct is expected", field.name()));
            }
            let fixed = |wanted: &str| {
                object.attributes().is_some_and(|all| all.iter().any(|one| one.key() == wanted))
            };
            let shape = self.structure(&object, depth + 1)?;
            let (size, align) = (shape.size, shape.align);
            let kind = if fixed("fixed_text") {
                Kind::Text
            } else if fixed("fixed_bytes") {
                Kind::Bytes
            } else {
                Kind::Struct(shape)
            };
            return Ok((kind, size, align));
        }
        let (size, signed) = match base {
            BaseType::Bool => return Ok((Kind::Bool, 1, 1)),
            BaseType::Float => return Ok((Kind::Float, 4, 4)),
            BaseType::Double => return Ok((Kind::Float, 8, 8)),
            BaseType::UByte => (1, false),
            BaseType::UShort => (2, false),
            BaseType::UInt => (4, false),
            BaseType::ULong => (8, false),
            BaseType::Byte => (1, true),
            BaseType::Short => (2, true),
            BaseType::Int => (4, true),
            BaseType::Long => (8, true),
            _ => {
                let name = base.variant_name().unwrap_or("an unknown type");
                return unsupported(format!("{}: {name} cannot be part of a row", field.name()));
            }
        };
        if let Some(names) = self.enumeration(of.index())? {
            return Ok((Kind::Enum(self.names(&names, size, signed)?), size, size));
        }
        let kind = match decimals_of(field)? {
            Some(decimals) => Kind::Fixed { signed, decimals },
            None if signed => Kind::Signed,
            None => Kind::Unsigned,
        };
        Ok((kind, size, size))
    }

    fn names(&mut self, names: &Enum<'_>, size: usize, signed: bool) -> Result<EnumShape> {
        let mask = if size == 8 { u64::MAX } else { (1 << (8 * size)) - 1 };
        let mut values = Vec::new();
        for value in names.values() {
            self.values += 1;
            if self.values > MAX_VALUES {
                return refuse(SchemaReason::TooLarge, format!("more than {MAX_VALUES} names of values"));
            }
            values.push((checked_name(value.name())?, value.value() as u64 & mask));
        }
        let flags = names.attributes().is_some_and(|all| all.iter().any(|one| one.key() == "bit_flags"));
        Ok(EnumShape { name: checked_path(names.name())?, flags, signed, values })
    }

    /// Number of the table among those of the layout.
    fn table(&mut self, object: &Object<'_>, depth: usize) -> Result<usize> {
        let name = checked_path(object.name())?;
        if let Some(number) = self.known.iter().position(|known| *known == name) {
            return Ok(number);
        }
        if depth > MAX_DEPTH {
            return malformed(format!("{name} is nested more than {MAX_DEPTH} deep"));
        }
        let number = self.tables.len();
        self.known.push(name.clone());
        self.tables.push(Shape { name: name.clone(), size: 0, align: 0, fields: Vec::new() });
        let mut fields = Vec::new();
        for field in object.fields() {
            self.count_field()?;
            fields.push(self.table_field(&field, depth)?);
        }
        fields.sort_by_key(|field| field.at);
        if fields.windows(2).any(|pair| pair[0].at == pair[1].at) {
            return malformed(format!("two fields of {name} are one"));
        }
        unique(&name, &fields)?;
        self.tables[number].fields = fields;
        Ok(number)
    }

    fn table_field(&mut self, field: &Field<'_>, depth: usize) -> Result<FieldShape> {
        let name = checked_name(field.name())?;
        let of = field.type_();
        let at = usize::from(field.offset());
        if at < 4 || at % 2 != 0 {
            return malformed(format!("{name} at byte {at} of a vtable"));
        }
        let (kind, size) = match of.base_type() {
            BaseType::String => (Kind::String, 0),
            BaseType::Obj if !self.object(of.index())?.is_struct() => {
                let object = self.object(of.index())?;
                (Kind::Table(self.table(&object, depth + 1)?), 0)
            }
            BaseType::Vector => (Kind::Vector(self.element(&of, field, depth)?.into()), 0),
            base => {
                let (kind, size, _) = self.value(&of, base, field, depth)?;
                (kind, size)
            }
        };
        let default = match kind {
            Kind::Float if size == 4 => u64::from((field.default_real() as f32).to_bits()),
            Kind::Float => field.default_real().to_bits(),
            _ => field.default_integer() as u64,
        };
        Ok(FieldShape { name, at, size, kind, default })
    }

    fn element(&mut self, of: &Type<'_>, field: &Field<'_>, depth: usize) -> Result<FieldShape> {
        let (kind, size) = match of.element() {
            BaseType::String => (Kind::String, 0),
            BaseType::Obj if !self.object(of.index())?.is_struct() => {
                let object = self.object(of.index())?;
                (Kind::Table(self.table(&object, depth + 1)?), 0)
            }
            base => {
                let (kind, size, _) = self.value(of, base, field, depth)?;
                (kind, size)
            }
        };
        Ok(FieldShape { name: String::new(), at: 0, size, kind, default: 0 })
    }
}

fn decimals_of(field: &Field<'_>) -> Result<Option<u32>> {
    let Some(attributes) = field.attributes() else { return Ok(None) };
    let Some(given) = attributes.iter().find(|one| one.key() == "decimals") else { return Ok(None) };
    match given.value().unwrap_or("").parse() {
        Ok(decimals) if decimals <= MAX_DECIMALS => Ok(Some(decimals)),
        _ => malformed(format!("{}: decimals are 0 to {MAX_DECIMALS}", field.name())),
    }
}

fn unique(owner: &str, fields: &[FieldShape]) -> Result<()> {
    let mut seen = HashSet::new();
    match fields.iter().find(|field| !seen.insert(&field.name)) {
        Some(twice) => malformed(format!("{owner} has two fields {}", twice.name)),
        None => Ok(()),
    }
}

/// A name as the schema language has them.
fn checked_name(name: &str) -> Result<String> {
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    if !first || name.len() > MAX_NAME || !letters.all(|c| c.is_ascii_alphanumeric() || c == '_') {
        return malformed("a name that is none");
    }
    Ok(name.to_owned())
}

fn checked_path(path: &str) -> Result<String> {
    if path.len() > 4 * MAX_NAME {
        return malformed("a name that is none");
    }
    for part in path.split('.') {
        checked_name(part)?;
    }
    Ok(path.to_owned())
}
