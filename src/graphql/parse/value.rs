//! Arguments, values and the types of variables.
//!
//! Deliberately absent: block strings and escapes, which the library's parser reads.

use async_graphql::parser::types::Type;
use async_graphql::{Name, Positioned, Value as ConstValue};
use async_graphql_value::Value;

use super::cursor::{Cursor, is_name, is_name_start};

/// How deep values may nest here.
const DEPTH: usize = 64;

type Argument = (Positioned<Name>, Positioned<Value>);

impl Cursor<'_> {
    /// Arguments in brackets, of which there is at least one; none without brackets.
    pub(super) fn arguments(&mut self) -> Option<Vec<Argument>> {
        let mut all = Vec::new();
        if !self.eat(b'(') {
            return Some(all);
        }
        loop {
            let name = self.positioned_name()?;
            self.expect(b':')?;
            all.push((name, self.positioned_value()?));
            if self.eat(b')') {
                return Some(all);
            }
        }
    }

    /// The name of a variable, with its own position behind the dollar.
    pub(super) fn variable(&mut self) -> Option<Positioned<Name>> {
        self.expect(b'$')?;
        self.positioned_name()
    }

    /// A type, within which the grammar has no blanks.
    pub(super) fn type_reference(&mut self) -> Option<Positioned<Type>> {
        self.peek()?;
        let pos = self.position();
        let text = self.take_where(type_length)?;
        Some(Positioned::new(Type::new(text)?, pos))
    }

    /// A value without variables.
    pub(super) fn constant(&mut self) -> Option<Positioned<ConstValue>> {
        let Positioned { pos, node } = self.positioned_value()?;
        Some(Positioned::new(node.into_const()?, pos))
    }

    fn positioned_value(&mut self) -> Option<Positioned<Value>> {
        self.peek()?;
        let pos = self.position();
        Some(Positioned::new(self.value(DEPTH)?, pos))
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        Some(match self.peek()? {
            b'$' => Value::Variable(self.variable()?.node),
            b'-' | b'0'..=b'9' => Value::Number(self.take_where(number_length)?.parse().ok()?),
            b'"' => {
                self.expect_text("\"")?;
                let text = self.take_where(string_length)?.to_owned();
                self.expect_text("\"")?;
                Value::String(text)
            }
            b'[' => {
                self.expect(b'[')?;
                let mut items = Vec::new();
                while !self.eat(b']') {
                    items.push(self.value(depth)?);
                }
                Value::List(items)
            }
            b'{' => {
                self.expect(b'{')?;
                let mut fields = Vec::new();
                while !self.eat(b'}') {
                    let name = Name::new(self.name()?);
                    self.expect(b':')?;
                    fields.push((name, self.value(depth)?));
                }
                Value::Object(fields.into_iter().collect())
            }
            _ => word(self.name()?)?,
        })
    }
}

/// A value that is a word. The grammar takes the first letters of `nullable` for null: not to be decided here.
fn word(name: &str) -> Option<Value> {
    match name {
        "true" => Some(Value::Boolean(true)),
        "false" => Some(Value::Boolean(false)),
        "null" => Some(Value::Null),
        _ if ["true", "false", "null"]
            .iter()
            .any(|word| name.starts_with(word)) =>
        {
            None
        }
        _ => Some(Value::Enum(Name::new(name))),
    }
}

/// Length of the string that follows its opening quote, if it holds no escape and ends within its line.
fn string_length(text: &[u8]) -> Option<usize> {
    let end = text
        .iter()
        .position(|byte| matches!(byte, b'"' | b'\\' | b'\n' | b'\r'))?;
    let (inside, rest) = text.split_at_checked(end)?;
    let block = inside.is_empty() && rest.starts_with(b"\"\"");
    (rest.first() == Some(&b'"') && !block).then_some(end)
}

/// Length of the number that the text begins with; no name may follow it directly.
fn number_length(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        let end = rest.iter().position(|byte| !byte.is_ascii_digit());
        from + end.unwrap_or(rest.len())
    };
    let sign = usize::from(text.first() == Some(&b'-'));
    let mut end = match text.get(sign)? {
        b'0' => sign + 1,
        b'1'..=b'9' => digits(sign),
        _ => return None,
    };
    if text.get(end) == Some(&b'.') && digits(end + 1) > end + 1 {
        end = digits(end + 1);
    }
    if matches!(text.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(end + 1), Some(b'+' | b'-')));
        let from = end + 1 + sign;
        if digits(from) > from {
            end = digits(from);
        }
    }
    match text.get(end) {
        Some(next) if is_name_start(*next) => None,
        _ => Some(end),
    }
}

/// Length of the type that the text begins with.
fn type_length(text: &[u8]) -> Option<usize> {
    let open = text.iter().take_while(|byte| **byte == b'[').count();
    let mut end = open;
    if !text.get(end).copied().is_some_and(is_name_start) {
        return None;
    }
    while text.get(end).copied().is_some_and(is_name) {
        end += 1;
    }
    end += usize::from(text.get(end) == Some(&b'!'));
    for _ in 0..open {
        if text.get(end) != Some(&b']') {
            return None;
        }
        end += 1;
        end += usize::from(text.get(end) == Some(&b'!'));
    }
    Some(end)
}
