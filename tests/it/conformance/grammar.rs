//! The schema grammar of graphql-parser-hs, no wider: what is not written here, Hasura answers with "endOfInput".
//!
//! Deliberately refused because that parser does: directive definitions, `extend`, a leading `|`, `&` between interfaces,
//! block-string descriptions, empty braces, interfaces of interfaces.

use std::collections::BTreeMap;

use super::lexer::{Refused, Token, tokens};
use super::schema::{Const, Directive, Document, Field, InputValue, Kind, Roots, TypeDef, TypeRef};

/// Parses a role's schema text.
pub(crate) fn parse_schema(text: &str) -> Result<Document, Refused> {
    let mut parser = Parser::new(text)?;
    let mut document = Document::default();
    while parser.at < parser.tokens.len() {
        if parser.eat_word("schema") {
            document.schemas.push(parser.schema_block()?);
        } else {
            document.types.push(parser.type_definition()?);
        }
    }
    if document.schemas.is_empty() && document.types.is_empty() {
        return Err("an empty document".to_owned());
    }
    Ok(document)
}

/// Parses a constant that must be the whole text, as default values in an introspection answer are.
pub(crate) fn parse_constant(text: &str) -> Result<Const, Refused> {
    let mut parser = Parser::new(text)?;
    let value = parser.constant()?;
    if parser.at == parser.tokens.len() {
        Ok(value)
    } else {
        Err(format!("endOfInput after a value in {text:?}"))
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn new(text: &str) -> Result<Self, Refused> {
        Ok(Self {
            tokens: tokens(text)?,
            at: 0,
        })
    }

    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn eat(&mut self, mark: char) -> bool {
        let found = self.peek() == Some(&Token::Mark(mark));
        self.at += usize::from(found);
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(name)) if name == word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, mark: char) -> Result<(), Refused> {
        if self.eat(mark) {
            Ok(())
        } else {
            Err(self.refusal(&format!("'{mark}'")))
        }
    }

    fn name(&mut self) -> Result<String, Refused> {
        match self.peek() {
            Some(Token::Name(name)) => {
                let name = name.clone();
                self.at += 1;
                Ok(name)
            }
            _ => Err(self.refusal("a name")),
        }
    }

    fn refusal(&self, wanted: &str) -> Refused {
        format!(
            "endOfInput: token {} is {:?}, wanted {wanted}",
            self.at,
            self.peek()
        )
    }

    fn description(&mut self) {
        self.at += usize::from(matches!(self.peek(), Some(Token::Text(_))));
    }

    /// `open item+ close`: never empty.
    fn many<T>(
        &mut self,
        (open, close): (char, char),
        item: impl Fn(&mut Self) -> Result<T, Refused>,
    ) -> Result<Vec<T>, Refused> {
        self.expect(open)?;
        let mut items = vec![item(self)?];
        while !self.eat(close) {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn schema_block(&mut self) -> Result<Roots, Refused> {
        self.directives()?;
        let mut roots = Roots::default();
        for (operation, name) in self.many(('{', '}'), |p| {
            let operation = p.name()?;
            p.expect(':')?;
            Ok((operation, p.name()?))
        })? {
            match operation.as_str() {
                "query" => roots.query = Some(name),
                "mutation" => roots.mutation = Some(name),
                "subscription" => roots.subscription = Some(name),
                other => return Err(format!("endOfInput: unknown operation {other}")),
            }
        }
        Ok(roots)
    }

    fn type_definition(&mut self) -> Result<TypeDef, Refused> {
        self.description();
        let keyword = self.name()?;
        let name = self.name()?;
        let interfaces = if keyword == "type" && self.eat_word("implements") {
            vec![self.name()?]
        } else {
            vec![]
        };
        let directives = self.directives()?;
        let kind = match keyword.as_str() {
            "scalar" => Kind::Scalar,
            "type" => Kind::Object {
                interfaces,
                fields: self.many(('{', '}'), Self::field)?,
            },
            "interface" => Kind::Interface {
                fields: self.many(('{', '}'), Self::field)?,
                possible: vec![],
            },
            "union" => Kind::Union {
                members: self.members()?,
            },
            "enum" => Kind::Enum {
                values: self.many(('{', '}'), Self::enum_value)?,
            },
            "input" => Kind::InputObject {
                fields: self.many(('{', '}'), Self::input_value)?,
            },
            other => return Err(format!("endOfInput: \"{other}\" is no type definition")),
        };
        Ok(TypeDef {
            name,
            kind,
            directives,
        })
    }

    fn members(&mut self) -> Result<Vec<String>, Refused> {
        self.expect('=')?;
        let mut members = vec![self.name()?];
        while self.eat('|') {
            members.push(self.name()?);
        }
        Ok(members)
    }

    fn field(&mut self) -> Result<Field, Refused> {
        self.description();
        let name = self.name()?;
        let arguments = match self.peek() {
            Some(Token::Mark('(')) => self.many(('(', ')'), Self::input_value)?,
            _ => vec![],
        };
        self.expect(':')?;
        Ok(Field {
            name,
            arguments,
            ty: self.type_ref()?,
            directives: self.directives()?,
        })
    }

    fn enum_value(&mut self) -> Result<String, Refused> {
        self.description();
        let name = self.name()?;
        match self.directives()?.first() {
            None => Ok(name),
            Some(directive) => Err(format!(
                "Directive: {:?} does not exist in the upstream remote schema",
                directive.name
            )),
        }
    }

    fn input_value(&mut self) -> Result<InputValue, Refused> {
        self.description();
        let name = self.name()?;
        self.expect(':')?;
        let ty = self.type_ref()?;
        let default = if self.eat('=') {
            Some(self.constant()?)
        } else {
            None
        };
        Ok(InputValue {
            name,
            ty,
            default,
            directives: self.directives()?,
        })
    }

    fn type_ref(&mut self) -> Result<TypeRef, Refused> {
        if self.eat('[') {
            let of = Box::new(self.type_ref()?);
            self.expect(']')?;
            return Ok(TypeRef::List {
                of,
                nullable: !self.eat('!'),
            });
        }
        Ok(TypeRef::Named {
            name: self.name()?,
            nullable: !self.eat('!'),
        })
    }

    fn directives(&mut self) -> Result<Vec<Directive>, Refused> {
        let mut directives = Vec::new();
        while self.eat('@') {
            let name = self.name()?;
            let arguments = match self.peek() {
                Some(Token::Mark('(')) => self.many(('(', ')'), Self::pair)?.into_iter().collect(),
                _ => BTreeMap::new(),
            };
            directives.push(Directive { name, arguments });
        }
        Ok(directives)
    }

    fn pair(&mut self) -> Result<(String, Const), Refused> {
        let name = self.name()?;
        self.expect(':')?;
        Ok((name, self.constant()?))
    }

    fn constant(&mut self) -> Result<Const, Refused> {
        let token = self.peek().cloned();
        self.at += 1;
        Ok(match token {
            Some(Token::Number(number)) => Const::Number(number),
            Some(Token::Text(text)) => Const::Text(text),
            Some(Token::Name(name)) => match name.as_str() {
                "null" => Const::Null,
                "true" => Const::Boolean(true),
                "false" => Const::Boolean(false),
                _ => Const::Enum(name),
            },
            Some(Token::Mark('[')) => {
                let mut items = Vec::new();
                while !self.eat(']') {
                    items.push(self.constant()?);
                }
                Const::List(items)
            }
            Some(Token::Mark('{')) => {
                let mut fields = BTreeMap::new();
                while !self.eat('}') {
                    let (name, value) = self.pair()?;
                    fields.insert(name, value);
                }
                Const::Object(fields)
            }
            _ => {
                self.at -= 1;
                return Err(self.refusal("a value"));
            }
        })
    }
}
