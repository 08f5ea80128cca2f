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

use alphapulse_gen::fields::record_fields;
use alphapulse_gen::layout::{MessageType, RECORDS};

use super::filter::NumberSet;
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

/// A compiled predicate.
#[derive(Clone, Debug)]
pub struct Predicate {
    /// By message type.
    programs: Vec<(u8, Program)>,
}

impl Predicate {
    /// Compile for the message types given, or for all. `Ok(None)` for an empty text.
    pub fn compile(text: &str, message_types: Option<&NumberSet>) -> Result<Option<Self>> {
        let Some(expression) = syntax::parse(text)? else { return Ok(None) };
        let mut programs = Vec::new();
        let mut furthest: Option<PredicateError> = None;
        for record in &RECORDS {
            let (Some(MessageType(number)), Some(fields)) =
                (record.message_type, record_fields(record.member))
            else {
                continue;
            };
            if message_types.is_some_and(|wanted| !wanted.contains(u16::from(number))) {
                continue;
            }
            match compile::program(&expression, fields) {
                Ok(program) => programs.push((number, program)),
                // The error of the type that the predicate fits best.
                Err(error) => match &furthest {
                    Some(known) if (known.offset, known.reason) >= (error.offset, error.reason) => {}
                    _ => furthest = Some(error),
                },
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

    /// One bit a row, lowest first; `None` for a type that the predicate does not fit.
    #[must_use]
    pub fn matches(&self, message_type: u8, rows: &[u8]) -> Option<Vec<u64>> {
        let (_, program) = self.programs.iter().find(|(number, _)| *number == message_type)?;
        Some(program.run(rows))
    }
}

#[cfg(test)]
mod tests;
