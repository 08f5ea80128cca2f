//! Text to expression tree. Knows no records.

use super::{PredicateError, PredicateReason, Result};

/// Characters of a text.
const MAX_TEXT: usize = 4096;
/// Operators, names and numbers of a text: bounds every recursion over the tree.
const MAX_NODES: usize = 256;
/// Parentheses, signs and negations within one another.
const MAX_DEPTH: usize = 64;
/// Significant digits and decimals of a number: it stays within 128 bits.
const MAX_DIGITS: usize = 30;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    Or,
    And,
    Compare(Comparison),
    Add,
    Subtract,
    Multiply,
    Divide,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// The same with its sides exchanged.
    pub const fn flipped(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// value × 10^-scale.
    Number {
        value: i128,
        scale: u32,
    },
    Text(String),
    /// A field, one of a struct's, a flag of one, or the value of an enumeration.
    Name(Vec<String>),
    Truth(bool),
    Not(Box<Expression>),
    Negate(Box<Expression>),
    Absolute(Box<Expression>),
    Binary(Binary, Box<Expression>, Box<Expression>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expression {
    /// Character of the text.
    pub at: usize,
    pub node: Node,
}

fn syntax<T>(at: usize, detail: impl Into<String>) -> Result<T> {
    Err(PredicateError::new(PredicateReason::Syntax, at, detail))
}

/// The tree of a text; `None` for one of nothing but space.
pub fn parse(text: &str) -> Result<Option<Expression>> {
    let characters: Vec<char> = text.chars().collect();
    if characters.len() > MAX_TEXT {
        let detail = format!("a predicate has at most {MAX_TEXT} characters, not {}", characters.len());
        return Err(PredicateError::new(PredicateReason::TooLarge, MAX_TEXT, detail));
    }
    let tokens = tokens(&characters)?;
    if tokens.len() == 1 {
        return Ok(None);
    }
    let mut parser = Parser { tokens, next: 0, nodes: 0, depth: 0 };
    let expression = parser.any()?;
    let (at, token) = parser.peek();
    match token {
        Token::End => Ok(Some(expression)),
        Token::Compare(_) => syntax(at, "comparisons do not chain: join two with 'and'"),
        token => syntax(at, format!("{} where an operator or the end is expected", token.describe())),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Number { value: i128, scale: u32 },
    Text(String),
    Name(String),
    And,
    Or,
    Not,
    Compare(Comparison),
    Plus,
    Minus,
    Times,
    Over,
    Open,
    Close,
    Dot,
    End,
}

impl Token {
    fn describe(&self) -> String {
        match self {
            Self::Number { .. } => "a number".into(),
            Self::Text(_) => "a text".into(),
            Self::Name(name) => format!("'{name}'"),
            Self::And => "'and'".into(),
            Self::Or => "'or'".into(),
            Self::Not => "'not'".into(),
            Self::Compare(_) => "a comparison".into(),
            Self::Plus => "'+'".into(),
            Self::Minus => "'-'".into(),
            Self::Times => "'*'".into(),
            Self::Over => "'/'".into(),
            Self::Open => "'('".into(),
            Self::Close => "')'".into(),
            Self::Dot => "'.'".into(),
            Self::End => "the end".into(),
        }
    }
}

fn tokens(text: &[char]) -> Result<Vec<(usize, Token)>> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = text.get(at) {
        let start = at;
        let following = text.get(at + 1).copied();
        at += 1;
        let token = match c {
            ' ' | '\t' | '\n' | '\r' => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            '+' => Token::Plus,
            '-' => Token::Minus,
            '*' => Token::Times,
            '/' => Token::Over,
            '.' if !following.is_some_and(|c| c.is_ascii_digit()) => Token::Dot,
            '<' | '>' | '=' | '!' => {
                let both = following == Some('=');
                at += usize::from(both);
                Token::Compare(match (c, both) {
                    ('=', true) => Comparison::Equal,
                    ('!', true) => Comparison::NotEqual,
                    ('<', true) => Comparison::LessOrEqual,
                    ('<', false) => Comparison::Less,
                    ('>', true) => Comparison::GreaterOrEqual,
                    ('>', false) => Comparison::Greater,
                    ('=', false) => return syntax(start, "'=': equality is written '=='"),
                    _ => return syntax(start, "'!': negation is written 'not', inequality '!='"),
                })
            }
            '"' | '\'' => {
                let Some(length) = text[at..].iter().position(|other| *other == c) else {
                    return syntax(start, "a text without its closing quote");
                };
                at += length + 1;
                Token::Text(text[at - length - 1..at - 1].iter().collect())
            }
            '0'..='9' | '.' => {
                let (token, end) = number(text, start)?;
                at = end;
                token
            }
            'a'..='z' | 'A'..='Z' | '_' => {
                let word = |c: &char| c.is_ascii_alphanumeric() || *c == '_';
                at = text[start..].iter().position(|c| !word(c)).map_or(text.len(), |length| start + length);
                let name: String = text[start..at].iter().collect();
                match name.as_str() {
                    "and" => Token::And,
                    "or" => Token::Or,
                    "not" => Token::Not,
                    _ => Token::Name(name),
                }
            }
            other => return syntax(start, format!("'{other}' does not belong in a predicate")),
        };
        tokens.push((start, token));
    }
    tokens.push((text.len(), Token::End));
    Ok(tokens)
}

/// Digits with an optional point and an optional exponent, exactly.
fn number(text: &[char], start: usize) -> Result<(Token, usize)> {
    let mut at = start;
    let mut digits = String::new();
    let mut decimals = 0_i64;
    let mut point = false;
    while let Some(c) = text.get(at) {
        match c {
            '0'..='9' => {
                digits.push(*c);
                decimals += i64::from(point);
            }
            '.' if !point => point = true,
            _ => break,
        }
        at += 1;
    }
    if matches!(text.get(at), Some('e' | 'E')) {
        let sign = matches!(text.get(at + 1), Some('+' | '-'));
        let from = at + 1 + usize::from(sign);
        let length = text[from.min(text.len())..].iter().take_while(|c| c.is_ascii_digit()).count();
        let exponent: String = text[at + 1..from + length].iter().collect();
        let Ok(exponent) = exponent.parse::<i64>() else {
            return syntax(at, "a number whose exponent is not one");
        };
        decimals = decimals.saturating_sub(exponent);
        at = from + length;
    }
    if text.get(at).is_some_and(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.')) {
        return syntax(at, "a number is followed by an operator or a space");
    }
    let mut digits = digits.trim_start_matches('0').to_owned();
    while decimals > 0 && digits.ends_with('0') {
        digits.pop();
        decimals -= 1;
    }
    if digits.is_empty() {
        return Ok((Token::Number { value: 0, scale: 0 }, at));
    }
    if decimals < 0 && (digits.len() as i64).saturating_sub(decimals) <= MAX_DIGITS as i64 {
        digits.extend(std::iter::repeat_n('0', decimals.unsigned_abs() as usize));
        decimals = 0;
    }
    match (digits.parse(), u32::try_from(decimals)) {
        (Ok(value), Ok(scale)) if digits.len() <= MAX_DIGITS && scale as usize <= MAX_DIGITS => {
            Ok((Token::Number { value, scale }, at))
        }
        _ => {
            let detail = format!("a number has at most {MAX_DIGITS} digits");
            Err(PredicateError::new(PredicateReason::TooLarge, start, detail))
        }
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    next: usize,
    nodes: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> (usize, &Token) {
        // The last token is the end, and is never taken.
        let (at, token) = &self.tokens[self.next];
        (*at, token)
    }

    fn take(&mut self, token: &Token) -> Option<usize> {
        let (at, found) = self.peek();
        (found == token).then(|| {
            self.next += 1;
            at
        })
    }

    fn make(&mut self, at: usize, node: Node) -> Result<Expression> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let detail = format!("a predicate has at most {MAX_NODES} parts");
            return Err(PredicateError::new(PredicateReason::TooLarge, at, detail));
        }
        Ok(Expression { at, node })
    }

    fn binary(
        &mut self,
        at: usize,
        operator: Binary,
        left: Expression,
        right: Expression,
    ) -> Result<Expression> {
        self.make(at, Node::Binary(operator, left.into(), right.into()))
    }

    fn nested<T>(&mut self, at: usize, parse: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let detail = format!("a predicate is nested at most {MAX_DEPTH} deep");
            return Err(PredicateError::new(PredicateReason::TooLarge, at, detail));
        }
        let parsed = parse(self);
        self.depth -= 1;
        parsed
    }

    fn any(&mut self) -> Result<Expression> {
        let mut left = self.all()?;
        while let Some(at) = self.take(&Token::Or) {
            let right = self.all()?;
            left = self.binary(at, Binary::Or, left, right)?;
        }
        Ok(left)
    }

    fn all(&mut self) -> Result<Expression> {
        let mut left = self.negation()?;
        while let Some(at) = self.take(&Token::And) {
            let right = self.negation()?;
            left = self.binary(at, Binary::And, left, right)?;
        }
        Ok(left)
    }

    fn negation(&mut self) -> Result<Expression> {
        let Some(at) = self.take(&Token::Not) else { return self.comparison() };
        let inner = self.nested(at, Self::negation)?;
        self.make(at, Node::Not(inner.into()))
    }

    fn comparison(&mut self) -> Result<Expression> {
        let left = self.sum()?;
        let (at, token) = self.peek();
        let Token::Compare(comparison) = *token else { return Ok(left) };
        self.next += 1;
        let right = self.sum()?;
        self.binary(at, Binary::Compare(comparison), left, right)
    }

    fn sum(&mut self) -> Result<Expression> {
        let mut left = self.product()?;
        loop {
            let (at, token) = self.peek();
            let operator = match token {
                Token::Plus => Binary::Add,
                Token::Minus => Binary::Subtract,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.product()?;
            left = self.binary(at, operator, left, right)?;
        }
    }

    fn product(&mut self) -> Result<Expression> {
        let mut left = self.sign()?;
        loop {
            let (at, token) = self.peek();
            let operator = match token {
                Token::Times => Binary::Multiply,
                Token::Over => Binary::Divide,
                _ => return Ok(left),
            };
            self.next += 1;
            let right = self.sign()?;
            left = self.binary(at, operator, left, right)?;
        }
    }

    fn sign(&mut self) -> Result<Expression> {
        if let Some(at) = self.take(&Token::Minus) {
            let inner = self.nested(at, Self::sign)?;
            return self.make(at, Node::Negate(inner.into()));
        }
        self.primary()
    }

    fn primary(&mut self) -> Result<Expression> {
        let (at, token) = self.peek();
        let token = token.clone();
        if token != Token::End {
            self.next += 1;
        }
        match token {
            Token::Number { value, scale } => self.make(at, Node::Number { value, scale }),
            Token::Text(text) => self.make(at, Node::Text(text)),
            Token::Open => self.enclosed(at),
            Token::Name(name) => match name.as_str() {
                "true" | "false" => self.make(at, Node::Truth(name == "true")),
                "abs" if *self.peek().1 == Token::Open => {
                    self.next += 1;
                    let inner = self.enclosed(at)?;
                    self.make(at, Node::Absolute(inner.into()))
                }
                _ => self.path(at, name),
            },
            token => syntax(at, format!("{} where a field, a number or '(' is expected", token.describe())),
        }
    }

    fn enclosed(&mut self, open: usize) -> Result<Expression> {
        let inner = self.nested(open, Self::any)?;
        if self.take(&Token::Close).is_some() {
            return Ok(inner);
        }
        let (at, token) = self.peek();
        match token {
            Token::End => syntax(open, "a '(' without its ')'"),
            token => syntax(at, format!("{} where ')' or an operator is expected", token.describe())),
        }
    }

    fn path(&mut self, at: usize, first: String) -> Result<Expression> {
        let mut names = vec![first];
        while let Some(dot) = self.take(&Token::Dot) {
            let (_, token) = self.peek();
            let Token::Name(name) = token.clone() else {
                return syntax(dot, "a '.' without a name behind it");
            };
            self.next += 1;
            names.push(name);
        }
        if *self.peek().1 == Token::Open {
            return syntax(at, format!("'{}' is not a function: there is only abs()", names.join(".")));
        }
        self.make(at, Node::Name(names))
    }
}
