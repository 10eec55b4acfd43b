//! Erased stays erased: what names a fenced person is veiled before anything else sees it.

use uuid::Uuid;

use crate::domain::source::{Field, SourceKind, Value, Version};

/// Replaces the names of fenced persons by a nameless mark; none when the version is about nobody else.
pub fn veil(mut version: Version, is_fenced: impl Fn(Uuid) -> bool) -> Option<Version> {
    if version.source.kind == SourceKind::PersonProfile && is_fenced(version.source.id) {
        return None;
    }
    for (field, value) in &mut version.fields {
        if let (Field::Person | Field::MergedInto | Field::Entity, Value::Id(id)) =
            (&*field, &*value)
            && is_fenced(*id)
        {
            *value = Value::Id(Uuid::nil());
        }
    }
    Some(version)
}

/// Everyone a version names: those the fence must be asked about.
pub fn named(version: &Version) -> impl Iterator<Item = Uuid> {
    let profile = (version.source.kind == SourceKind::PersonProfile).then_some(version.source.id);
    let fields = [Field::Person, Field::MergedInto, Field::Entity];
    let linked = fields.into_iter().filter_map(|field| version.id(field));
    profile.into_iter().chain(linked)
}
