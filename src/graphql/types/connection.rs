//! Lists in pages, in the form of Relay's connections.

use std::borrow::Cow;

use async_graphql::{OutputType, SimpleObject, TypeName};

use super::activity::CustomerActivity;
use super::audit::AuditEntry;
use super::dead_letter::DeadLetter;
use super::erasure::ErasureRequest;
use super::export::ExportRequest;

/// What comes in pages.
pub trait Paged: OutputType + Clone {
    /// What its edges and connections are called after.
    const NAME: &'static str;
}

impl Paged for CustomerActivity {
    const NAME: &'static str = "Activity";
}

impl Paged for AuditEntry {
    const NAME: &'static str = "Audit";
}

impl Paged for DeadLetter {
    const NAME: &'static str = "DeadLetter";
}

impl Paged for ErasureRequest {
    const NAME: &'static str = "ErasureRequest";
}

impl Paged for ExportRequest {
    const NAME: &'static str = "ExportRequest";
}

impl<N: Paged> TypeName for Edge<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", N::NAME).into()
    }
}

impl<N: Paged> TypeName for Connection<N> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", N::NAME).into()
    }
}

/// One of a list, with its place there.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case", name_type)]
pub struct Edge<N: Paged> {
    /// Pass it as `after` to go on from here.
    cursor: String,
    /// What stands there.
    node: N,
}

/// A page of a list, the latest first.
#[derive(Clone, Debug, SimpleObject)]
#[graphql(rename_fields = "snake_case", name_type)]
pub struct Connection<N: Paged> {
    /// All of the page with their cursors.
    edges: Vec<Edge<N>>,
    /// All of the page alone.
    nodes: Vec<N>,
    /// Whether and where it goes on.
    page_info: InsightPageInfo,
}

/// Whether and where a connection goes on.
#[derive(Clone, Debug, Default, SimpleObject)]
#[graphql(rename_fields = "snake_case")]
pub struct InsightPageInfo {
    /// There is more behind the last edge.
    has_next_page: bool,
    /// This page does not start at the beginning.
    has_previous_page: bool,
    /// Cursor of the first edge.
    start_cursor: Option<String>,
    /// Cursor of the last edge.
    end_cursor: Option<String>,
}

impl InsightPageInfo {
    /// Of a page with these cursors; `behind` when it does not start at the beginning, `more` when it is not the last.
    pub(super) fn new<'c>(
        cursors: impl DoubleEndedIterator<Item = &'c String> + Clone,
        (behind, more): (bool, bool),
    ) -> Self {
        Self {
            has_next_page: more,
            has_previous_page: behind,
            start_cursor: cursors.clone().next().cloned(),
            end_cursor: cursors.last().cloned(),
        }
    }
}

impl<N: Paged> Connection<N> {
    /// A page in GraphQL's form; `behind` when it does not start at the beginning, `more` when it is not the last.
    pub(in crate::graphql) fn new(
        page: impl IntoIterator<Item = (String, N)>,
        goes_on: (bool, bool),
    ) -> Self {
        let edge = |(cursor, node)| Edge { cursor, node };
        let edges: Vec<_> = page.into_iter().map(edge).collect();
        Self {
            nodes: edges.iter().map(|edge| edge.node.clone()).collect(),
            page_info: InsightPageInfo::new(edges.iter().map(|edge| &edge.cursor), goes_on),
            edges,
        }
    }
}
