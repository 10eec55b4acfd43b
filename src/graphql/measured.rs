//! What is counted about requests: how long they take and which errors they end with.
//!
//! Labels are words of this file: never a tenant, a person, a field or a text of the caller's.

use std::time::Instant;

use async_graphql::parser::types::{DocumentOperations, OperationType};

use super::request::{Answer, Refusal};
use crate::telemetry::metrics::{GRAPHQL, GRAPHQL_CROWDED, GRAPHQL_ERRORS};

/// Which kind of operation, and how many root fields it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    kind: &'static str,
    roots: &'static str,
}

impl Shape {
    /// The shape of the operation with that name; one that cannot be found has no root fields.
    pub(super) fn of(operations: &DocumentOperations, name: Option<&str>) -> Self {
        let chosen = match (operations, name) {
            (DocumentOperations::Single(operation), _) => Some(operation),
            (DocumentOperations::Multiple(all), Some(name)) => all.get(name),
            (DocumentOperations::Multiple(all), None) => all.values().next(),
        };
        let roots = chosen.map_or(0, |operation| operation.node.selection_set.node.items.len());
        Self {
            kind: match chosen.map(|operation| operation.node.ty) {
                Some(OperationType::Mutation) => "mutation",
                Some(OperationType::Subscription) => "subscription",
                Some(OperationType::Query) | None => "query",
            },
            roots: match roots {
                0..=1 => "1",
                2..=10 => "10",
                11..=100 => "100",
                101..=1_000 => "1000",
                _ => "more",
            },
        }
    }

    /// Counts an operation that began at this instant and has ended.
    pub(super) fn answered(self, begun: Instant, answer: &Answer) {
        metrics::histogram!(GRAPHQL, "kind" => self.kind, "roots" => self.roots)
            .record(begun.elapsed());
        for code in answer.codes() {
            failed(code);
        }
    }
}

/// Counts a join that is answered without a statement because its tenant asks too often.
pub(super) fn crowded() {
    metrics::counter!(GRAPHQL_CROWDED).increment(1);
}

/// Counts a request that was not executed.
pub(super) fn refused(refusal: &Refusal) {
    failed(refusal.code());
}

fn failed(code: &str) {
    const CODES: [&str; 7] = [
        "FORBIDDEN",
        "BAD_USER_INPUT",
        "UNAVAILABLE",
        "GRAPHQL_PARSE_FAILED",
        "TOO_MUCH",
        "RATE_LIMITED",
        "BAD_REQUEST",
    ];
    let known = CODES.into_iter().find(|known| *known == code);
    metrics::counter!(GRAPHQL_ERRORS, "code" => known.unwrap_or("OTHER")).increment(1);
}

#[cfg(test)]
mod tests {
    use super::super::parse::parse;
    use super::*;

    #[test]
    fn an_operation_is_told_by_its_kind_and_about_how_many_roots_it_has() {
        let shape = |text: &str, name| {
            let Shape { kind, roots } = Shape::of(&parse(text).unwrap().operations, name);
            (kind, roots)
        };
        assert_eq!(shape("{ a }", None), ("query", "1"));
        let two = "mutation M { a } query Q { a b }";
        assert_eq!(shape(two, Some("M")), ("mutation", "1"));
        assert_eq!(shape(two, Some("Q")), ("query", "10"));
        assert_eq!(shape(two, Some("R")), ("query", "1"));
        for (fields, roots) in [(11, "100"), (1_000, "1000"), (1_001, "more")] {
            let text = format!("{{ {} }}", "a ".repeat(fields));
            assert_eq!(shape(&text, None), ("query", roots));
        }
    }
}
