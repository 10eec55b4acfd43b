//! The tokens of graphql-parser-hs. Commas are blanks; strings stand on one line and are unescaped as JSON is.

/// Where and why the text is refused.
pub(crate) type Refused = String;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Mark(char),
    Name(String),
    Number(String),
    Text(String),
}

/// Whether the text is a GraphQL name.
pub(crate) fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars
        .next()
        .is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// All tokens of a text.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, Refused> {
    let chars: Vec<char> = text.chars().collect();
    let (mut at, mut found) = (0, Vec::new());
    while let Some(rest @ [c, ..]) = chars.get(at..) {
        let (token, length) = match *c {
            ' ' | '\t' | '\n' | '\r' | ',' => (None, 1),
            '#' => (
                None,
                rest.iter().take_while(|c| !"\r\n".contains(**c)).count(),
            ),
            '{' | '}' | '(' | ')' | '[' | ']' | ':' | '!' | '=' | '@' | '|' | '&' | '$' => {
                (Some(Token::Mark(*c)), 1)
            }
            '"' => string(rest)?,
            '-' | '0'..='9' => {
                let number: String = rest
                    .iter()
                    .take_while(|c| "+-.eE".contains(**c) || c.is_ascii_digit())
                    .collect();
                number
                    .parse::<f64>()
                    .map_err(|error| format!("number {number}: {error}"))?;
                let length = number.len();
                (Some(Token::Number(number)), length)
            }
            _ if is_name(&c.to_string()) => {
                let name: String = rest
                    .iter()
                    .take_while(|c| c.is_ascii_alphanumeric() || **c == '_')
                    .collect();
                let length = name.len();
                (Some(Token::Name(name)), length)
            }
            other => return Err(format!("endOfInput: unexpected {other:?}")),
        };
        found.extend(token);
        at += length;
    }
    Ok(found)
}

/// A one-line string, unescaped as JSON is.
fn string(rest: &[char]) -> Result<(Option<Token>, usize), Refused> {
    if rest.starts_with(&['"', '"', '"']) {
        return Err("endOfInput: block strings are not accepted by every version".to_owned());
    }
    let mut escaped = false;
    let end = rest.iter().skip(1).position(|c| {
        let closes = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        closes
    });
    let length = end.ok_or("endOfInput: a string is not closed")? + 2;
    let literal: String = rest.iter().take(length).collect();
    let text =
        serde_json::from_str(&literal).map_err(|error| format!("string {literal}: {error}"))?;
    Ok((Some(Token::Text(text)), length))
}
