//! Expression tree and record layout to program.
//!
//! Every integer carries its scale and its largest magnitude, so that the compiler knows where 128
//! bits hold the exact result and goes over to floating point where they might not.

use alphapulse_gen::fields::{
    ASSET_TYPE_NAMES, EnumType, Field, ID_SCHEME_NAMES, Kind, StructType, VENUE_ID_NAMES,
};

use super::program::{Load, Op, Program};
use super::syntax::{Binary, Comparison, Expression, Node};
use super::{PredicateError, PredicateReason, Result};
use crate::identity::parse_text;

/// Decimals of prices and sizes.
const DECIMALS: u32 = 8;
/// Beyond this 10^scale leaves 128 bits.
const MAX_SCALE: u32 = 36;
/// Magnitudes stay at or below this one, so that a sign can always be turned.
const LARGEST: u128 = i128::MAX as u128;

/// The program of an expression over a record.
pub fn program(expression: &Expression, record: &StructType<'_>) -> Result<Program> {
    let ops = Compiler { record }.condition(expression)?;
    Ok(Program { ops, stride: record.size })
}

fn mistyped<T>(at: usize, detail: impl Into<String>) -> Result<T> {
    Err(PredicateError::new(PredicateReason::Type, at, detail))
}

fn unknown<T>(at: usize, detail: impl Into<String>) -> Result<T> {
    Err(PredicateError::new(PredicateReason::UnknownName, at, detail))
}

/// A number on the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Number {
    /// value × 10^-scale, of at most this magnitude.
    Int {
        scale: u32,
        magnitude: u128,
    },
    Float,
}

/// A field with its place in the row.
#[derive(Clone, Copy)]
struct Place<'a> {
    field: &'a Field<'a>,
    offset: usize,
    /// Whose values may be named beside it.
    names: Option<&'a EnumType<'a>>,
}

/// What a name stands for in this record.
enum Meaning<'a> {
    Field(Place<'a>),
    /// One flag of a field.
    Flag {
        place: Place<'a>,
        mask: u64,
    },
    /// No field: perhaps the value of an enumeration.
    Word,
}

struct Compiler<'a> {
    record: &'a StructType<'a>,
}

impl<'a> Compiler<'a> {
    fn meaning(&self, path: &[String], at: usize) -> Result<Meaning<'a>> {
        let Some((first, rest)) = path.split_first() else { return Ok(Meaning::Word) };
        let Some(field) = self.record.field(first).filter(|field| !field.name.starts_with("reserved")) else {
            return if rest.is_empty() {
                Ok(Meaning::Word)
            } else {
                unknown(at, format!("{} has no field '{first}'", self.record.name))
            };
        };
        let mut place = Place { field, offset: field.offset, names: names_of(self.record, field) };
        for name in rest {
            match place.field.kind {
                Kind::Struct(inner) => {
                    let Some(field) = inner.field(name) else {
                        return unknown(at, format!("{} has no field '{name}'", inner.name));
                    };
                    let offset = place.offset + field.offset;
                    place = Place { field, offset, names: names_of(inner, field) };
                }
                Kind::Enum(names) if names.flags && rest.len() == 1 => {
                    let Some(mask) = names.value(name) else {
                        return unknown(at, format!("{} has no flag '{name}'", names.name));
                    };
                    return Ok(Meaning::Flag { place, mask });
                }
                _ => return unknown(at, format!("'{}' has no parts", place.field.name)),
            }
        }
        Ok(Meaning::Field(place))
    }

    fn condition(&self, expression: &Expression) -> Result<Vec<Op>> {
        match &expression.node {
            Node::Truth(value) => Ok(vec![Op::Truth(*value)]),
            Node::Not(inner) => {
                let mut ops = self.condition(inner)?;
                ops.push(Op::Not);
                Ok(ops)
            }
            Node::Binary(operator @ (Binary::And | Binary::Or), left, right) => {
                let mut ops = self.condition(left)?;
                ops.extend(self.condition(right)?);
                ops.push(if *operator == Binary::And { Op::And } else { Op::Or });
                Ok(ops)
            }
            Node::Binary(Binary::Compare(comparison), left, right) => {
                self.comparison(*comparison, left, right)
            }
            Node::Name(path) => match self.meaning(path, expression.at)? {
                Meaning::Flag { place, mask } => {
                    let load = integer(place.field.size, false);
                    Ok(vec![Op::Bits { offset: place.offset, load, mask: i128::from(mask) }])
                }
                Meaning::Field(place) if place.field.kind == Kind::Bool => {
                    Ok(vec![Op::Bits { offset: place.offset, load: Load::U8, mask: 1 }])
                }
                Meaning::Field(_) => mistyped(
                    expression.at,
                    format!("'{}' is a value, not a condition: compare it with something", path.join(".")),
                ),
                Meaning::Word => self.no_such_field(path, expression.at),
            },
            _ => mistyped(expression.at, "a value where a condition is expected: compare it with something"),
        }
    }

    fn no_such_field<T>(&self, path: &[String], at: usize) -> Result<T> {
        unknown(
            at,
            format!("no record that is selected has all of these fields: '{}' is missing", path.join(".")),
        )
    }

    fn comparison(&self, comparison: Comparison, left: &Expression, right: &Expression) -> Result<Vec<Op>> {
        if let Some(ops) = self.named(comparison, left, right)? {
            return Ok(ops);
        }
        if let Some(ops) = self.named(comparison.flipped(), right, left)? {
            return Ok(ops);
        }
        let (mut ops, left_number) = self.number(left)?;
        let (right_ops, right_number) = self.number(right)?;
        let exact = align(&mut ops, left_number, right_ops, right_number, |a, b| Some(a.max(b)));
        ops.push(if exact.is_some() { Op::CompareInt(comparison) } else { Op::CompareFloat(comparison) });
        Ok(ops)
    }

    /// A comparison of a field with a word or a text, or of two runs of bytes.
    fn named(
        &self,
        comparison: Comparison,
        left: &Expression,
        right: &Expression,
    ) -> Result<Option<Vec<Op>>> {
        let Node::Name(path) = &left.node else { return Ok(None) };
        let Meaning::Field(place) = self.meaning(path, left.at)? else { return Ok(None) };
        match &right.node {
            Node::Name(word) => match self.meaning(word, right.at)? {
                Meaning::Word => self.with_word(comparison, place, word, right.at).map(Some),
                Meaning::Field(other) if is_run(place.field) || is_run(other.field) => {
                    if !is_run(place.field) || !is_run(other.field) || place.field.size != other.field.size {
                        return mistyped(
                            right.at,
                            format!("'{}' and '{}' cannot be compared", place.field.name, other.field.name),
                        );
                    }
                    let size = place.field.size;
                    let equal = Op::FieldsEqual { left: place.offset, right: other.offset, size };
                    equality(comparison, equal, right.at).map(Some)
                }
                _ => Ok(None),
            },
            Node::Text(text) => {
                let bytes = run_of(place.field, text, right.at)?;
                let equal = Op::BytesEqual { offset: place.offset, bytes };
                equality(comparison, equal, right.at).map(Some)
            }
            _ => Ok(None),
        }
    }

    fn with_word(
        &self,
        comparison: Comparison,
        place: Place<'_>,
        word: &[String],
        at: usize,
    ) -> Result<Vec<Op>> {
        let Some(names) = place.names else { return self.no_such_field(word, at) };
        let value = match word {
            [word] => names.value(word),
            _ => None,
        };
        let Some(value) = value else {
            return unknown(at, format!("{} has no value '{}'", names.name, word.join(".")));
        };
        let load = Op::Load { offset: place.offset, load: integer(place.field.size, false) };
        Ok(vec![load, Op::Int(i128::from(value)), Op::CompareInt(comparison)])
    }

    fn number(&self, expression: &Expression) -> Result<(Vec<Op>, Number)> {
        let at = expression.at;
        match &expression.node {
            Node::Number { value, scale } => {
                Ok((vec![Op::Int(*value)], Number::Int { scale: *scale, magnitude: value.unsigned_abs() }))
            }
            Node::Name(path) => match self.meaning(path, at)? {
                Meaning::Field(place) => field_number(place, at),
                Meaning::Flag { .. } => {
                    mistyped(at, format!("'{}' is a condition, not a number", path.join(".")))
                }
                Meaning::Word => self.no_such_field(path, at),
            },
            Node::Negate(inner) => self.unary(inner, Op::NegateInt, Op::NegateFloat),
            Node::Absolute(inner) => self.unary(inner, Op::AbsoluteInt, Op::AbsoluteFloat),
            Node::Binary(operator, left, right) => self.arithmetic(at, *operator, left, right),
            Node::Text(_) => {
                mistyped(at, "a text can only be compared with a field that holds one, by == or !=")
            }
            Node::Truth(_) | Node::Not(_) => mistyped(at, "a condition where a number is expected"),
        }
    }

    fn unary(&self, inner: &Expression, int: Op, float: Op) -> Result<(Vec<Op>, Number)> {
        let (mut ops, number) = self.number(inner)?;
        ops.push(if number == Number::Float { float } else { int });
        Ok((ops, number))
    }

    fn arithmetic(
        &self,
        at: usize,
        operator: Binary,
        left: &Expression,
        right: &Expression,
    ) -> Result<(Vec<Op>, Number)> {
        let (int, float) = match operator {
            Binary::Add => (Op::AddInt, Op::AddFloat),
            Binary::Subtract => (Op::SubtractInt, Op::SubtractFloat),
            Binary::Multiply => (Op::MultiplyInt, Op::MultiplyFloat),
            Binary::Divide => (Op::DivideFloat, Op::DivideFloat),
            _ => return mistyped(at, "a condition where a number is expected"),
        };
        let (mut ops, a) = self.number(left)?;
        let (right_ops, b) = self.number(right)?;
        let exact = match operator {
            Binary::Multiply => multiply(&mut ops, a, right_ops, b),
            Binary::Divide => {
                to_float(&mut ops, a);
                ops.extend(right_ops);
                to_float(&mut ops, b);
                None
            }
            _ => align(&mut ops, a, right_ops, b, u128::checked_add),
        };
        match exact {
            Some(number) => {
                ops.push(int);
                Ok((ops, number))
            }
            None => {
                ops.push(float);
                Ok((ops, Number::Float))
            }
        }
    }
}

/// The enumeration that names a field's values, also where the layout has a bare number.
fn names_of<'a>(owner: &StructType<'a>, field: &Field<'a>) -> Option<&'a EnumType<'a>> {
    match (field.kind, owner.name, field.name) {
        (Kind::Enum(names), ..) if !names.flags => Some(names),
        (_, "InstrumentId", "asset_type") => Some(&ASSET_TYPE_NAMES),
        (_, "InstrumentId", "scheme") => Some(&ID_SCHEME_NAMES),
        (Kind::Unsigned, _, "venue" | "venue_a" | "venue_b") => Some(&VENUE_ID_NAMES),
        _ => None,
    }
}

fn integer(size: usize, signed: bool) -> Load {
    match (size, signed) {
        (1, false) => Load::U8,
        (2, false) => Load::U16,
        (4, false) => Load::U32,
        (1, true) => Load::I8,
        (2, true) => Load::I16,
        (4, true) => Load::I32,
        (_, true) => Load::I64,
        (_, false) => Load::U64,
    }
}

/// Decimals of a field: every signed 64-bit field is in 1e-8, and so are the unsigned ones that hold
/// a size, a quantity or a ratio. The rest are times, ids and counts.
pub fn decimals(field: &Field<'_>) -> u32 {
    let scaled = match field.kind {
        Kind::Signed => field.size == 8,
        Kind::Unsigned => {
            field.size == 8 && ["size", "quantity", "ratio"].iter().any(|end| field.name.ends_with(end))
        }
        Kind::Fixed { decimals, .. } => return decimals,
        _ => false,
    };
    if scaled { DECIMALS } else { 0 }
}

fn field_number(place: Place<'_>, at: usize) -> Result<(Vec<Op>, Number)> {
    let field = place.field;
    let (load, magnitude) = match field.kind {
        Kind::Signed => (integer(field.size, true), 1 << (8 * field.size - 1)),
        Kind::Fixed { signed: true, .. } => (integer(field.size, true), 1 << (8 * field.size - 1)),
        Kind::Unsigned | Kind::Bool | Kind::Enum(_) | Kind::Fixed { .. } => {
            (integer(field.size, false), 1 << (8 * field.size))
        }
        Kind::Float => {
            let wide = field.size == 8;
            return Ok((vec![Op::LoadFloat { offset: place.offset, wide }], Number::Float));
        }
        Kind::Struct(inner) if inner.name == "UInt128" => (Load::U128, LARGEST),
        Kind::Struct(inner) if inner.name == "Int128" => (Load::I128, LARGEST),
        Kind::Struct(_) => return mistyped(at, format!("'{}' has parts: name one of them", field.name)),
        Kind::Text | Kind::Bytes => {
            return mistyped(at, format!("'{}' is no number: compare it with a text", field.name));
        }
    };
    let mut ops = vec![Op::Load { offset: place.offset, load }];
    // Q64.64 by the naming of the schema.
    if field.size == 16 && field.name.ends_with("_q") {
        ops.push(Op::Float(2_f64.powi(64)));
        return Ok((ops, Number::Float));
    }
    Ok((ops, Number::Int { scale: decimals(field), magnitude }))
}

/// A run of bytes that is only ever equal or not.
fn is_run(field: &Field<'_>) -> bool {
    match field.kind {
        Kind::Text | Kind::Bytes => true,
        Kind::Struct(inner) => inner.name == "InstrumentId",
        _ => false,
    }
}

/// The bytes of a text as the field holds them.
fn run_of(field: &Field<'_>, text: &str, at: usize) -> Result<Box<[u8]>> {
    match field.kind {
        Kind::Text => {
            if text.len() > field.size {
                return mistyped(at, format!("'{}' holds {} characters", field.name, field.size));
            }
            let mut bytes = vec![0; field.size];
            bytes[..text.len()].copy_from_slice(text.as_bytes());
            Ok(bytes.into())
        }
        Kind::Struct(inner) if inner.name == "InstrumentId" => match parse_text(text) {
            Ok(id) => Ok(id.into()),
            Err(error) => mistyped(at, error.to_string()),
        },
        Kind::Bytes => {
            let digits = text.strip_prefix("0x").unwrap_or(text);
            let nibbles: Option<Vec<u8>> = digits.chars().map(|c| c.to_digit(16).map(|n| n as u8)).collect();
            match nibbles {
                Some(nibbles) if nibbles.len() == 2 * field.size => {
                    Ok(nibbles.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
                }
                _ => mistyped(at, format!("'{}' is {} hexadecimal digits", field.name, 2 * field.size)),
            }
        }
        _ => mistyped(at, format!("'{}' holds no text", field.name)),
    }
}

fn equality(comparison: Comparison, equal: Op, at: usize) -> Result<Vec<Op>> {
    match comparison {
        Comparison::Equal => Ok(vec![equal]),
        Comparison::NotEqual => Ok(vec![equal, Op::Not]),
        _ => mistyped(at, "texts and ids are equal or not, there is no order among them"),
    }
}

fn to_float(ops: &mut Vec<Op>, number: Number) {
    if let Number::Int { scale, .. } = number {
        ops.push(Op::Float(10_f64.powi(scale as i32)));
    }
}

/// Both numbers at one scale, or both as floats; the left one's operations are in `ops` already.
/// `None` where the result needs floats.
fn align(
    ops: &mut Vec<Op>,
    left: Number,
    right_ops: Vec<Op>,
    right: Number,
    magnitude: impl Fn(u128, u128) -> Option<u128>,
) -> Option<Number> {
    if let (Number::Int { scale: a, magnitude: m }, Number::Int { scale: b, magnitude: n }) = (left, right) {
        let scale = a.max(b);
        let (up, down) = (scale - a, scale - b);
        let grown = |magnitude: u128, by: u32| 10_u128.checked_pow(by)?.checked_mul(magnitude);
        let result = if scale <= MAX_SCALE { grown(m, up).zip(grown(n, down)) } else { None };
        let fits = result.filter(|(m, n)| *m <= LARGEST && *n <= LARGEST);
        if let Some(total) = fits.and_then(|(m, n)| magnitude(m, n)).filter(|total| *total <= LARGEST) {
            rescale(ops, up);
            ops.extend(right_ops);
            rescale(ops, down);
            return Some(Number::Int { scale, magnitude: total });
        }
    }
    to_float(ops, left);
    ops.extend(right_ops);
    to_float(ops, right);
    None
}

fn rescale(ops: &mut Vec<Op>, by: u32) {
    if by > 0 {
        ops.push(Op::Rescale(10_i128.pow(by)));
    }
}

fn multiply(ops: &mut Vec<Op>, left: Number, right_ops: Vec<Op>, right: Number) -> Option<Number> {
    if let (Number::Int { scale: a, magnitude: m }, Number::Int { scale: b, magnitude: n }) = (left, right) {
        let magnitude = m.checked_mul(n).filter(|magnitude| *magnitude <= LARGEST);
        if let Some(magnitude) = magnitude.filter(|_| a + b <= MAX_SCALE) {
            ops.extend(right_ops);
            return Some(Number::Int { scale: a + b, magnitude });
        }
    }
    to_float(ops, left);
    ops.extend(right_ops);
    to_float(ops, right);
    None
}
