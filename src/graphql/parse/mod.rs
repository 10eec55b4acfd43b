//! From a document's text to its tree, in one pass: a remote join of a thousand keys is mostly text.
//!
//! The grammar is the library's own (`graphql.pest` of async-graphql-parser), oddities included, and so are the
//! positions. What is refused here, and whatever is rare (block strings, escapes in strings), goes to the library's
//! parser: its verdict and its words count. Deliberately absent: error texts, and any document that the library would
//! read differently (`tests/it/graphql/parsing.rs` compares them).

mod cursor;
mod value;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use async_graphql::parser::types::{
    Directive, DocumentOperations, ExecutableDocument, Field, FragmentDefinition, FragmentSpread,
    InlineFragment, OperationDefinition, OperationType, Selection, SelectionSet, TypeCondition,
    VariableDefinition,
};
use async_graphql::parser::{Error, parse_query};
use async_graphql::{Name, Positioned};

use self::cursor::Cursor;

/// How deep the library follows selection sets below the outermost.
const DEPTH: usize = 64;

/// Reads a document; what is no document is refused in the library's words.
pub fn parse(text: &str) -> Result<ExecutableDocument, Error> {
    match quickly(text) {
        Some(document) => Ok(document),
        None => parse_query(text),
    }
}

/// The document, where it is an ordinary one; `None` does not mean that it is wrong.
#[must_use]
pub fn quickly(text: &str) -> Option<ExecutableDocument> {
    let mut cursor = Cursor::new(text);
    let mut operations = None;
    let mut fragments = HashMap::new();
    while let Some(first) = cursor.peek() {
        let start = cursor.position();
        let keyword = if first == b'{' { "" } else { cursor.name()? };
        if keyword == "fragment" {
            let name = Name::new(cursor.name()?);
            match fragments.entry(name) {
                Entry::Occupied(_) => return None,
                Entry::Vacant(free) => {
                    free.insert(Positioned::new(cursor.fragment()?, start));
                }
            }
        } else {
            let (name, operation) = cursor.operation(keyword)?;
            add(&mut operations, name, Positioned::new(operation, start))?;
        }
    }
    Some(ExecutableDocument {
        operations: operations?,
        fragments,
    })
}

/// An operation without a name has to be the only one.
fn add(
    operations: &mut Option<DocumentOperations>,
    name: Option<Name>,
    operation: Positioned<OperationDefinition>,
) -> Option<()> {
    match (name, operations) {
        (None, slot @ None) => *slot = Some(DocumentOperations::Single(operation)),
        (Some(name), slot) => {
            let all = slot.get_or_insert_with(|| DocumentOperations::Multiple(HashMap::new()));
            let DocumentOperations::Multiple(all) = all else {
                return None;
            };
            if all.insert(name, operation).is_some() {
                return None;
            }
        }
        (None, Some(_)) => return None,
    }
    Some(())
}

impl Cursor<'_> {
    /// An operation behind its keyword, which is empty for the short form.
    fn operation(&mut self, keyword: &str) -> Option<(Option<Name>, OperationDefinition)> {
        let ty = match keyword {
            "" | "query" => OperationType::Query,
            "mutation" => OperationType::Mutation,
            "subscription" => OperationType::Subscription,
            _ => return None,
        };
        let (mut name, mut variable_definitions, mut directives) = (None, Vec::new(), Vec::new());
        if !keyword.is_empty() {
            if self.peek_name() {
                name = Some(Name::new(self.name()?));
            }
            if self.eat(b'(') {
                variable_definitions = self.variables()?;
            }
            directives = self.directives()?;
        }
        let operation = OperationDefinition {
            ty,
            variable_definitions,
            directives,
            selection_set: self.selection_set(DEPTH)?,
        };
        Some((name, operation))
    }

    /// A fragment behind its name.
    fn fragment(&mut self) -> Option<FragmentDefinition> {
        self.peek()?;
        let start = self.position();
        if self.name()? != "on" {
            return None;
        }
        Some(FragmentDefinition {
            type_condition: Positioned::new(self.type_condition()?, start),
            directives: self.directives()?,
            selection_set: self.selection_set(DEPTH)?,
        })
    }

    /// A type condition behind its `on`: between the two the grammar allows blanks, but no comment.
    fn type_condition(&mut self) -> Option<TypeCondition> {
        if !self.skip_blanks() {
            return None;
        }
        let pos = self.position();
        Some(TypeCondition {
            on: Positioned::new(Name::new(self.name_here()?), pos),
        })
    }

    /// Definitions of variables behind the opening bracket. Directives stand before the default value here.
    fn variables(&mut self) -> Option<Vec<Positioned<VariableDefinition>>> {
        let mut all = Vec::new();
        while !self.eat(b')') {
            self.peek()?;
            let pos = self.position();
            let name = self.variable()?;
            self.expect(b':')?;
            let definition = VariableDefinition {
                name,
                var_type: self.type_reference()?,
                directives: self.directives()?,
                default_value: if self.eat(b'=') {
                    Some(self.constant()?)
                } else {
                    None
                },
            };
            all.push(Positioned::new(definition, pos));
        }
        Some(all)
    }

    fn directives(&mut self) -> Option<Vec<Positioned<Directive>>> {
        let mut all = Vec::new();
        while self.peek() == Some(b'@') {
            let pos = self.position();
            self.expect(b'@')?;
            let directive = Directive {
                name: self.positioned_name()?,
                arguments: self.arguments()?,
            };
            all.push(Positioned::new(directive, pos));
        }
        Some(all)
    }

    fn selection_set(&mut self, depth: usize) -> Option<Positioned<SelectionSet>> {
        self.peek()?;
        let pos = self.position();
        self.expect(b'{')?;
        let mut items = vec![self.selection(depth)?];
        while !self.eat(b'}') {
            items.push(self.selection(depth)?);
        }
        Some(Positioned::new(SelectionSet { items }, pos))
    }

    fn selection(&mut self, depth: usize) -> Option<Positioned<Selection>> {
        let first = self.peek()?;
        let pos = self.position();
        let selection = if first == b'.' {
            self.expect_text("...")?;
            self.spread(depth, pos)?
        } else {
            Selection::Field(Positioned::new(self.field(depth)?, pos))
        };
        Some(Positioned::new(selection, pos))
    }

    fn field(&mut self, depth: usize) -> Option<Field> {
        let first = self.positioned_name()?;
        let (alias, name) = if self.eat(b':') {
            (Some(first), self.positioned_name()?)
        } else {
            (None, first)
        };
        Some(Field {
            alias,
            name,
            arguments: self.arguments()?,
            directives: self.directives()?,
            selection_set: if self.peek() == Some(b'{') {
                self.selection_set(depth.checked_sub(1)?)?
            } else {
                Positioned::default()
            },
        })
    }

    /// What follows three dots.
    fn spread(&mut self, depth: usize, pos: async_graphql::Pos) -> Option<Selection> {
        let mut type_condition = None;
        if self.peek_name() {
            let start = self.position();
            let name = self.name()?;
            if name != "on" {
                let spread = FragmentSpread {
                    fragment_name: Positioned::new(Name::new(name), start),
                    directives: self.directives()?,
                };
                return Some(Selection::FragmentSpread(Positioned::new(spread, pos)));
            }
            type_condition = Some(Positioned::new(self.type_condition()?, start));
        }
        let fragment = InlineFragment {
            type_condition,
            directives: self.directives()?,
            selection_set: self.selection_set(depth.checked_sub(1)?)?,
        };
        Some(Selection::InlineFragment(Positioned::new(fragment, pos)))
    }
}
