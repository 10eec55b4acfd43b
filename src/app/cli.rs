//! The command line: what can be said, with an example each.

use clap::{Parser, Subcommand};

use super::commands::{
    audit, backfill, dead_letters, demo, doctor, erase, export, hasura, lab, outbox, purposes,
    rebuild, retain, train, verify,
};

/// Customer insight for people who run on Hasura: event triggers in, a remote schema out.
///
/// Settings come from the environment; `config print` shows them all.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Example:\n  customer-intelligence            # the same as `serve`"
)]
pub(super) struct Cli {
    /// What to do; without one, `serve`.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the service: webhook, workers and GraphQL.
    #[command(
        after_help = "Example:\n  CI_PORT=8090 DATABASE_URL=postgres://ci@db/ci customer-intelligence serve"
    )]
    Serve,
    /// See the service do its job: a simulated operator on tables shaped as the platform's, delivered as Hasura would.
    #[command(after_help = "Example:\n  customer-intelligence demo --persons 500 --seed 7")]
    Demo(demo::Options),
    /// Print the GraphQL schema.
    #[command(after_help = "Example:\n  customer-intelligence schema > schema.graphql")]
    Schema,
    /// Print who may ask what: permissions, roles, and every root field by role.
    #[command(after_help = "Example:\n  customer-intelligence access > docs/access.md")]
    Access,
    /// Bring the database schema up to date, and stop.
    #[command(
        after_help = "Example:\n  DATABASE_URL=postgres://owner@db/ci customer-intelligence migrate"
    )]
    Migrate,
    /// Bring history in: a file of event-trigger envelopes, one JSON object a line, or Hasura's own event log.
    ///
    /// History takes the same way as live events but stands behind them, and causes no outputs. It may be killed at any
    /// moment: the same command goes on where it was. What was known already is counted as duplicate and does no harm.
    #[command(
        after_help = "Examples:\n  customer-intelligence backfill export.ndjson.gz\n  \
            zcat export-*.gz | customer-intelligence backfill -\n  \
            customer-intelligence backfill --event-log postgres://reader@platform/db --from 2024-01-01"
    )]
    Backfill(backfill::Options),
    /// See whether all is well, and what to do where it is not: silent triggers, backlog, letters, gaps.
    ///
    /// Ends with 0 when all is well, 1 with warnings, 2 with errors.
    #[command(after_help = "Examples:\n  customer-intelligence doctor\n  \
            customer-intelligence doctor --source postgres://reader@platform/db --days 30\n  \
            customer-intelligence doctor --source postgres://reader@platform/db --export-gap gap.ndjson")]
    Doctor(doctor::Options),
    /// Everything held about one person and the profiles merged into them, for whoever asks for their own data.
    ///
    /// Ends with 3 when no customer has the id, with 4 when the person was erased.
    #[command(
        after_help = "Examples:\n  customer-intelligence export --tenant 6f1c…-… --person 0d2e…-… --out person.json\n  \
            customer-intelligence export --tenant 6f1c…-… --person 0d2e…-… --format csv --out person --language en\n  \
            customer-intelligence export --tenant 6f1c…-… --person 0d2e…-… --only consents,metrics"
    )]
    Export(export::Options),
    /// Fold everybody again from the log with this program's code; reads and ingest go on, a kill loses nothing.
    #[command(
        after_help = "Examples:\n  customer-intelligence rebuild --diff          # what would change, and why\n  customer-intelligence rebuild --max-rate 50000"
    )]
    Rebuild(rebuild::Options),
    /// Compare everything stored about customers with what the log says; exits with 1 when something differs.
    #[command(
        after_help = "Examples:\n  customer-intelligence verify --sample 1000\n  customer-intelligence verify --heal"
    )]
    Verify(verify::Options),
    /// Erase a person for good, with everyone merged with them, and prove it by a signed receipt.
    ///
    /// Goes on where an earlier call was cut off. A person nobody knows is fenced all the same, so that they never come.
    #[command(
        after_help = "Examples:\n  customer-intelligence erase --tenant 6f1c…-… --person 0d2e…-… --basis gdpr-request --dry-run\n  \
            customer-intelligence erase --tenant 6f1c…-… --person 0d2e…-… --basis gdpr-request > receipt.json\n  \
            customer-intelligence erase --tenant 6f1c…-… --verify 77aa…-…     # a day later: the second scan\n  \
            customer-intelligence erase --tenant 6f1c…-… --person 0d2e…-… --basis gdpr-request --only communications,feedback\n  \
            customer-intelligence erase --tenant 6f1c…-… --person 0d2e…-… --let-return TICKET-17\n  \
            customer-intelligence erase --check receipt.json\n  \
            customer-intelligence erase --reapply                             # after a restore from a backup"
    )]
    Erase(erase::Options),
    /// Let go of what was kept long enough: activities by their own clocks, persons nothing was heard of.
    ///
    /// The service does so every night; this is for looking first, and for not waiting. Persons are erased by the running
    /// service, with a receipt each.
    #[command(after_help = "Examples:\n  customer-intelligence retain --dry-run\n  \
            customer-intelligence retain --tenant 6f1c…-… --json")]
    Retain(retain::Options),
    /// Learn anew from everybody: who comes back and for how much, which tours go together, groups, habits.
    ///
    /// The service does so every night. A version speaks from then on when it beats its baseline and the one before.
    #[command(after_help = "Examples:\n  customer-intelligence train\n  \
            customer-intelligence train --tenant 6f1c…-… --only churn,tours --json")]
    Train(train::Options),
    /// Who did what, and who read about whom: look it up, and see whether anybody tampered with it.
    #[command(
        subcommand,
        after_help = "Example:\n  customer-intelligence audit verify"
    )]
    Audit(audit::Command),
    /// Look at deliveries that could not be understood, try them again, or drop them.
    #[command(
        subcommand,
        after_help = "Example:\n  customer-intelligence dead-letters list --reason wrong_type"
    )]
    DeadLetters(dead_letters::Command),
    /// What customers can be asked to allow.
    #[command(
        subcommand,
        after_help = "Example:\n  customer-intelligence purposes list --tenant 6f1c…-…"
    )]
    Purposes(purposes::Command),
    /// Look at messages to other systems that did not go out, and send parked ones again.
    #[command(
        subcommand,
        after_help = "Example:\n  customer-intelligence outbox list"
    )]
    Outbox(outbox::Command),
    /// Generate Hasura's metadata directory: event triggers, remote schema with role permissions, relationships.
    #[command(after_help = "Example:\n  customer-intelligence hasura --out hasura --check")]
    Hasura(hasura::Arguments),
    /// Try this program's models on any file of numbers, beside baselines.
    #[command(
        subcommand,
        after_help = "Example:\n  customer-intelligence lab recommend --train before.csv --test after.csv"
    )]
    Lab(lab::Command),
    /// The configuration: every setting and limit, and where its value came from.
    #[command(after_help = "Example:\n  customer-intelligence config")]
    Config {
        /// What to do with it; without one, `print`.
        #[command(subcommand)]
        command: Option<ConfigCommand>,
    },
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Print every setting with its value, origin and meaning; secrets are masked.
    #[command(
        after_help = "Example:\n  CI_PORT=9000 customer-intelligence config print | grep CI_PORT"
    )]
    Print,
}
