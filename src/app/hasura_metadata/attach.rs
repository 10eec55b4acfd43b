//! The same wiring as one request to Hasura's metadata API, for a Hasura that already has metadata of its own.
//!
//! `metadata apply` replaces everything a server knows; this adds. Absent on purpose: tracking of tables and their
//! permissions, which such a server has already.

use super::joins::{JOINS, relationship};
use super::tables::{EventTable, reference};
use super::triggers::event_trigger;
use super::yaml::{Yaml, map, text};
use super::{GeneratedFile, REMOTE_SCHEMA, RoleSchema, SOURCE, crons, remote_schema};
use crate::workers::cron::JOBS;

/// `attach.json`: a `bulk` request, in the order in which one part needs the other.
pub(super) fn file(tables: &[EventTable], roles: &[RoleSchema]) -> GeneratedFile {
    let mut commands = vec![add_remote_schema()];
    commands.extend(roles.iter().map(|role| {
        let permission = remote_schema::permission(role);
        command(
            "add_remote_schema_permissions",
            &[map([("remote_schema", text(REMOTE_SCHEMA))]), permission],
        )
    }));
    commands.extend(JOINS.iter().map(|join| {
        command(
            "pg_create_remote_relationship",
            &[place(join.schema, join.table), relationship(join)],
        )
    }));
    commands.push(back());
    commands.extend(tables.iter().map(|table| {
        command(
            "pg_create_event_trigger",
            &[
                place(&table.schema, &table.table),
                flat(event_trigger(table)),
            ],
        )
    }));
    commands.extend(
        JOBS.iter()
            .map(|job| command("create_cron_trigger", &[crons::trigger(job)])),
    );
    let request = map([("type", text("bulk")), ("args", Yaml::List(commands))]);
    GeneratedFile {
        path: "attach.json".to_owned(),
        content: format!("{:#}\n", request.json()),
    }
}

fn add_remote_schema() -> Yaml {
    let schema = map([
        ("name", text(REMOTE_SCHEMA)),
        ("definition", remote_schema::definition()),
        ("comment", text(remote_schema::COMMENT)),
    ]);
    command("add_remote_schema", &[schema])
}

fn back() -> Yaml {
    let (of, relationship) = remote_schema::back_to_the_profile();
    let place = map([
        ("remote_schema", text(REMOTE_SCHEMA)),
        ("type_name", text(of)),
    ]);
    command(
        "create_remote_schema_remote_relationship",
        &[place, relationship],
    )
}

fn place(schema: &str, table: &str) -> Yaml {
    map([
        ("source", text(SOURCE)),
        ("table", reference(schema, table)),
    ])
}

fn command(kind: &str, arguments: &[Yaml]) -> Yaml {
    map([
        ("type", text(kind)),
        (
            "args",
            Yaml::Map(arguments.iter().flat_map(entries).collect()),
        ),
    ])
}

/// The API takes a trigger's operations beside its other settings, not inside `definition`.
fn flat(trigger: Yaml) -> Yaml {
    let Yaml::Map(settings) = trigger else {
        return trigger;
    };
    let flattened = settings.into_iter().flat_map(|(key, value)| match value {
        Yaml::Map(definition) if key == "definition" => definition,
        value => vec![(key, value)],
    });
    Yaml::Map(flattened.collect())
}

fn entries(value: &Yaml) -> Vec<(String, Yaml)> {
    match value {
        Yaml::Map(entries) => entries.clone(),
        _ => vec![],
    }
}
