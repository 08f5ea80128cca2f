//! Predicates on the fields of a record, as a subscriber writes them:
//! `ask_price - bid_price > 0.5 and side == BUY`.
//!
//! A text is parsed once, compiled for every message type that has all of its fields, and evaluated
//! over rows in batches. Numbers are exact as long as only `+ - *` and comparisons touch them, and
//! binary floating point from a division on. docs/predicates.md is the user's page.

mod compile;
mod program;
mod syntax;

use std::fmt;
use std::sync::Arc;

use alphapulse_gen::fields::record_fields;
use alphapulse_gen::layout::{MessageType, RECORDS};

use bumpalo::Bump;

use super::filter::NumberSet;
use super::verify::FrameInfo;
use crate::schema::{Layout, LendShape, Schema, TablePlan};
use program::Program;

/// Why a predicate is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PredicateReason {
    Syntax,
    /// No record that is selected has the field, or the enumeration has no such value.
    UnknownName,
    /// Things that do not go together: a text with a number, a number as a condition.
    Type,
    TooLarge,
}

impl PredicateReason {
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Syntax => "PREDICATE_SYNTAX",
            Self::UnknownName => "PREDICATE_UNKNOWN_NAME",
            Self::Type => "PREDICATE_TYPE",
            Self::TooLarge => "PREDICATE_TOO_LARGE",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PredicateError {
    pub reason: PredicateReason,
    /// Character of the text, from 0.
    pub offset: usize,
    pub detail: String,
}

impl PredicateError {
    fn new(reason: PredicateReason, offset: usize, detail: impl Into<String>) -> Self {
        Self { reason, offset, detail: detail.into() }
    }
}

impl fmt::Display for PredicateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (character {})", self.detail, self.offset)
    }
}

impl std::error::Error for PredicateError {}

type Result<T> = std::result::Result<T, PredicateError>;

/// A type registered at run time, as a predicate meets it.
#[derive(Clone, Debug)]
struct Registered {
    hash: u64,
    /// For tables: the fields that make up a row.
    plan: Option<TablePlan>,
}

#[derive(Clone, Debug)]
struct Compiled {
    message_type: u8,
    program: Program,
    registered: Option<Registered>,
}

/// A compiled predicate.
#[derive(Clone, Debug)]
pub struct Predicate {
    programs: Vec<Compiled>,
}

impl Predicate {
    /// Compile for the message types given, or for all, built in or among `schemas`. `Ok(None)` for
    /// an empty text.
    pub fn compile(
        text: &str,
        message_types: Option<&NumberSet>,
        schemas: &[(u8, Arc<Schema>)],
    ) -> Result<Option<Self>> {
        let Some(expression) = syntax::parse(text)? else { return Ok(None) };
        let mut programs = Vec::new();
        let mut furthest: Option<PredicateError> = None;
        let wanted = |number: u8| message_types.is_none_or(|wanted| wanted.contains(u16::from(number)));
        // The error of the type that the predicate fits best.
        let mut keep = |error: PredicateError| match &furthest {
            Some(known) if (known.offset, known.reason) >= (error.offset, error.reason) => {}
            _ => furthest = Some(error),
        };
        for record in &RECORDS {
            let (Some(MessageType(number)), Some(fields)) =
                (record.message_type, record_fields(record.member))
            else {
                continue;
            };
            if !wanted(number) {
                continue;
            }
            match compile::program(&expression, fields) {
                Ok(program) => programs.push(Compiled { message_type: number, program, registered: None }),
                Err(error) => keep(error),
            }
        }
        for (number, schema) in schemas.iter().filter(|(number, _)| wanted(*number)) {
            let arena = Bump::new();
            let lend = LendShape::new(&arena);
            let (fields, plan) = match &schema.layout {
                Layout::Struct(shape) => (lend.structure(shape), None),
                Layout::Table(tables) => {
                    let Some(root) = tables.first() else { continue };
                    let plan = TablePlan::new(root);
                    (lend.gathered(root, &plan), Some(plan))
                }
            };
            match compile::program(&expression, fields) {
                Ok(program) => programs.push(Compiled {
                    message_type: *number,
                    program,
                    registered: Some(Registered { hash: schema.hash, plan }),
                }),
                Err(error) => keep(error),
            }
        }
        match (programs.is_empty(), furthest) {
            (true, Some(error)) => Err(error),
            (true, None) => Err(PredicateError::new(
                PredicateReason::UnknownName,
                0,
                "none of the message types has fields that are known",
            )),
            _ => Ok(Some(Self { programs })),
        }
    }

    fn compiled(&self, message_type: u8) -> Option<&Compiled> {
        self.programs.iter().find(|compiled| compiled.message_type == message_type)
    }

    /// One bit a row, lowest first; `None` for a type that the predicate does not fit. Rows of a
    /// built-in type.
    #[must_use]
    pub fn matches(&self, message_type: u8, rows: &[u8]) -> Option<Vec<u64>> {
        Some(self.compiled(message_type)?.program.run(rows))
    }

    /// The same of a frame's rows, also of a type registered at run time: `None` too for rows of
    /// another schema than the predicate was compiled for.
    #[must_use]
    pub fn matches_frame(&self, info: &FrameInfo, rows: &[u8]) -> Option<Vec<u64>> {
        let compiled = self.compiled(info.header.message_type.0)?;
        let Some(registered) = &compiled.registered else { return Some(compiled.program.run(rows)) };
        if info.schema_hash != registered.hash {
            return None;
        }
        match &registered.plan {
            // One row, gathered from the table that the rows are.
            Some(plan) => Some(compiled.program.run(&plan.gather(rows)?)),
            None if info.stride == compiled.program.stride => Some(compiled.program.run(rows)),
            None => None,
        }
    }
}

#[cfg(test)]
mod tests;
