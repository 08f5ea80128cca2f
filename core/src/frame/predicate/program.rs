//! The compiled form: a stack machine whose every operation works on up to 64 rows at a time.

use super::syntax::Comparison;

/// Rows that one operation works on: one word of result bits.
const LANES: usize = 64;

/// How an integer lies in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    U8,
    U16,
    U32,
    U64,
    I8,
    I16,
    I32,
    I64,
    /// -2¹²⁷ counts as -2¹²⁷ + 1: the sign of what is loaded can be turned.
    I128,
    /// Amounts from 2¹²⁷ on count as 2¹²⁷ - 1.
    U128,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Op {
    Load {
        offset: usize,
        load: Load,
    },
    /// A floating-point number of 8 or 4 bytes.
    LoadFloat {
        offset: usize,
        wide: bool,
    },
    Int(i128),
    /// Multiply the integer on top by a power of ten.
    Rescale(i128),
    NegateInt,
    AbsoluteInt,
    AddInt,
    SubtractInt,
    MultiplyInt,
    CompareInt(Comparison),
    /// Integer to number: divided by this.
    Float(f64),
    NegateFloat,
    AbsoluteFloat,
    AddFloat,
    SubtractFloat,
    MultiplyFloat,
    /// By zero gives no number, which no comparison is true of.
    DivideFloat,
    CompareFloat(Comparison),
    Truth(bool),
    /// Whether all bits of the mask are set.
    Bits {
        offset: usize,
        load: Load,
        mask: i128,
    },
    BytesEqual {
        offset: usize,
        bytes: Box<[u8]>,
    },
    FieldsEqual {
        left: usize,
        right: usize,
        size: usize,
    },
    Not,
    And,
    Or,
}

/// Operations in postfix order; they leave one truth.
#[derive(Clone, Debug)]
pub struct Program {
    pub ops: Vec<Op>,
    pub stride: usize,
}

#[derive(Default)]
struct Stacks {
    ints: Vec<[i128; LANES]>,
    floats: Vec<[f64; LANES]>,
    truths: Vec<u64>,
}

impl Program {
    /// One bit a row, lowest first. `rows` are whole rows.
    pub fn run(&self, rows: &[u8]) -> Vec<u64> {
        let mut stacks = Stacks::default();
        let chunks = rows.chunks(LANES * self.stride);
        chunks
            .map(|chunk| {
                for op in &self.ops {
                    stacks.step(op, chunk, self.stride);
                }
                let found = stacks.truths.pop().unwrap_or(0);
                let count = chunk.len() / self.stride;
                if count < LANES { found & ((1 << count) - 1) } else { found }
            })
            .collect()
    }
}

fn lanes<T: Copy, const N: usize>(
    zero: T,
    chunk: &[u8],
    stride: usize,
    offset: usize,
    convert: impl Fn([u8; N]) -> T,
) -> [T; LANES] {
    let mut values = [zero; LANES];
    for (value, row) in values.iter_mut().zip(chunk.chunks_exact(stride)) {
        if let Some(bytes) = row.get(offset..).and_then(|tail| tail.first_chunk()) {
            *value = convert(*bytes);
        }
    }
    values
}

fn load(kind: Load, chunk: &[u8], stride: usize, offset: usize) -> [i128; LANES] {
    match kind {
        Load::U8 => lanes(0, chunk, stride, offset, |b| i128::from(u8::from_le_bytes(b))),
        Load::U16 => lanes(0, chunk, stride, offset, |b| i128::from(u16::from_le_bytes(b))),
        Load::U32 => lanes(0, chunk, stride, offset, |b| i128::from(u32::from_le_bytes(b))),
        Load::U64 => lanes(0, chunk, stride, offset, |b| i128::from(u64::from_le_bytes(b))),
        Load::I8 => lanes(0, chunk, stride, offset, |b| i128::from(i8::from_le_bytes(b))),
        Load::I16 => lanes(0, chunk, stride, offset, |b| i128::from(i16::from_le_bytes(b))),
        Load::I32 => lanes(0, chunk, stride, offset, |b| i128::from(i32::from_le_bytes(b))),
        Load::I64 => lanes(0, chunk, stride, offset, |b| i128::from(i64::from_le_bytes(b))),
        Load::I128 => lanes(0, chunk, stride, offset, |b| i128::from_le_bytes(b).max(-i128::MAX)),
        Load::U128 => {
            lanes(0, chunk, stride, offset, |b| i128::try_from(u128::from_le_bytes(b)).unwrap_or(i128::MAX))
        }
    }
}

fn mask<T: Copy>(values: &[T; LANES], test: impl Fn(T) -> bool) -> u64 {
    values.iter().enumerate().fold(0, |bits, (i, value)| bits | u64::from(test(*value)) << i)
}

fn mask2<T: Copy>(left: &[T; LANES], right: &[T; LANES], test: impl Fn(T, T) -> bool) -> u64 {
    left.iter().zip(right).enumerate().fold(0, |bits, (i, (a, b))| bits | u64::from(test(*a, *b)) << i)
}

/// What no number answers to is false, also for "not equal".
#[allow(clippy::double_comparisons, reason = "`!=` would be true of what is no number")]
fn compare<T: PartialOrd + Copy>(comparison: Comparison, left: &[T; LANES], right: &[T; LANES]) -> u64 {
    match comparison {
        Comparison::Equal => mask2(left, right, |a, b| a == b),
        Comparison::NotEqual => mask2(left, right, |a, b| a < b || a > b),
        Comparison::Less => mask2(left, right, |a, b| a < b),
        Comparison::LessOrEqual => mask2(left, right, |a, b| a <= b),
        Comparison::Greater => mask2(left, right, |a, b| a > b),
        Comparison::GreaterOrEqual => mask2(left, right, |a, b| a >= b),
    }
}

fn rows_where(chunk: &[u8], stride: usize, test: impl Fn(&[u8]) -> bool) -> u64 {
    chunk.chunks_exact(stride).enumerate().fold(0, |bits, (i, row)| bits | u64::from(test(row)) << i)
}

/// The top of a stack, changed in place. The compiler never lets one run empty.
fn change<T: Copy>(stack: &mut [[T; LANES]], with: impl Fn(T) -> T) {
    if let Some(top) = stack.last_mut() {
        for value in top {
            *value = with(*value);
        }
    }
}

fn join<T: Copy>(stack: &mut Vec<[T; LANES]>, with: impl Fn(T, T) -> T) {
    if let (Some(right), Some(left)) = (stack.pop(), stack.last_mut()) {
        for (a, b) in left.iter_mut().zip(right) {
            *a = with(*a, b);
        }
    }
}

impl Stacks {
    fn step(&mut self, op: &Op, chunk: &[u8], stride: usize) {
        match op {
            Op::Load { offset, load: kind } => self.ints.push(load(*kind, chunk, stride, *offset)),
            Op::LoadFloat { offset, wide: true } => {
                self.floats.push(lanes(0.0, chunk, stride, *offset, f64::from_le_bytes));
            }
            Op::LoadFloat { offset, wide: false } => {
                self.floats.push(lanes(0.0, chunk, stride, *offset, |b| f64::from(f32::from_le_bytes(b))));
            }
            Op::Int(value) => self.ints.push([*value; LANES]),
            // The compiler has bounded every integer: nothing here can wrap.
            Op::Rescale(power) => change(&mut self.ints, |value| value.wrapping_mul(*power)),
            Op::NegateInt => change(&mut self.ints, i128::wrapping_neg),
            Op::AbsoluteInt => change(&mut self.ints, i128::wrapping_abs),
            Op::AddInt => join(&mut self.ints, i128::wrapping_add),
            Op::SubtractInt => join(&mut self.ints, i128::wrapping_sub),
            Op::MultiplyInt => join(&mut self.ints, i128::wrapping_mul),
            Op::CompareInt(comparison) => {
                if let (Some(right), Some(left)) = (self.ints.pop(), self.ints.pop()) {
                    self.truths.push(compare(*comparison, &left, &right));
                }
            }
            Op::Float(divisor) => {
                if let Some(ints) = self.ints.pop() {
                    self.floats.push(ints.map(|value| value as f64 / divisor));
                }
            }
            Op::NegateFloat => change(&mut self.floats, |value| -value),
            Op::AbsoluteFloat => change(&mut self.floats, f64::abs),
            Op::AddFloat => join(&mut self.floats, |a, b| a + b),
            Op::SubtractFloat => join(&mut self.floats, |a, b| a - b),
            Op::MultiplyFloat => join(&mut self.floats, |a, b| a * b),
            Op::DivideFloat => join(&mut self.floats, |a, b| if b == 0.0 { f64::NAN } else { a / b }),
            Op::CompareFloat(comparison) => {
                if let (Some(right), Some(left)) = (self.floats.pop(), self.floats.pop()) {
                    self.truths.push(compare(*comparison, &left, &right));
                }
            }
            Op::Truth(value) => self.truths.push(if *value { u64::MAX } else { 0 }),
            Op::Bits { offset, load: kind, mask: bits } => {
                let values = load(*kind, chunk, stride, *offset);
                self.truths.push(mask(&values, |value| value & bits == *bits));
            }
            Op::BytesEqual { offset, bytes } => {
                let range = *offset..offset + bytes.len();
                self.truths.push(rows_where(chunk, stride, |row| row.get(range.clone()) == Some(&**bytes)));
            }
            Op::FieldsEqual { left, right, size } => self.truths.push(rows_where(chunk, stride, |row| {
                row.get(*left..left + size) == row.get(*right..right + size)
            })),
            Op::Not => {
                if let Some(top) = self.truths.last_mut() {
                    *top = !*top;
                }
            }
            Op::And => self.join_truths(|a, b| a & b),
            Op::Or => self.join_truths(|a, b| a | b),
        }
    }

    fn join_truths(&mut self, with: impl Fn(u64, u64) -> u64) {
        if let (Some(right), Some(left)) = (self.truths.pop(), self.truths.last_mut()) {
            *left = with(*left, right);
        }
    }
}
