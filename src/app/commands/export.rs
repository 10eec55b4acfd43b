//! `customer-intelligence export`: everything held about one person, for whoever asks for their own data.

use std::collections::BTreeSet;
use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::super::config::Config;
use super::super::{Database, signals};
use super::backfill::keyed;
use super::say;
use crate::audit::{self, Act, Actor, Entry, Subject};
use crate::db::{Pool, PoolConfig, Tx, migrate};
use crate::domain::clock::Clock;
use crate::domain::metric::Language;
use crate::privacy::export::{Answer, Category, Document, Request, csv, export};
use crate::resolve::fence::Pepper;
use crate::telemetry::subject::Tagger;

/// A person of a hundred thousand activities is read within this.
const STATEMENT_TIMEOUT: Duration = Duration::from_mins(1);
/// Exit code when nobody has that id.
const UNKNOWN: u8 = 3;
/// Exit code when the person was erased.
const ERASED: u8 = 4;

/// Whose data, and in which form.
#[derive(Debug, clap::Args)]
pub(in crate::app) struct Options {
    /// Whose customer.
    #[arg(long)]
    tenant: Uuid,
    /// The person, by the id of the profile; after a merge any of the merged ones.
    #[arg(long)]
    person: Uuid,
    /// One JSON document, or a folder of CSV tables.
    #[arg(long, value_enum, default_value_t = Format::Json)]
    format: Format,
    /// Where to write: a file for JSON (standard output unless told), a new folder for CSV. Readable by its owner only.
    #[arg(long)]
    out: Option<PathBuf>,
    /// Only these categories: profile, activities, log, metrics, consents, access, processing, storage.
    #[arg(long, value_delimiter = ',', value_parser = category)]
    only: Vec<Category>,
    /// In which language formulas and purposes are explained; the person's own unless told.
    #[arg(long, value_enum)]
    language: Option<Tongue>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Json,
    Csv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Tongue {
    De,
    En,
}

fn category(name: &str) -> Result<Category, String> {
    Category::from_name(name).ok_or_else(|| {
        let names: Vec<&str> = Category::ALL.into_iter().map(Category::name).collect();
        format!("there are {}", names.join(", "))
    })
}

pub(super) async fn run(mut config: Config, options: Options) -> anyhow::Result<ExitCode> {
    if options.format == Format::Csv && options.out.is_none() {
        bail!("CSV is a folder of tables: name a new one with --out");
    }
    if let Some(out) = options.out.as_deref().filter(|out| out.exists()) {
        bail!("{} exists already; name another --out", out.display());
    }
    let began = Instant::now();
    let secrets = keyed(&mut config)?;
    let database = Database::open(&config.database).await?;
    migrate::run(database.options()).await?;
    let pool = database.pool(&PoolConfig {
        max_connections: 1,
        statement_timeout: STATEMENT_TIMEOUT,
        ..config.database.pool()
    });
    let only: BTreeSet<Category> = options.only.iter().copied().collect();
    let request = Request {
        tenant_id: options.tenant,
        person: options.person,
        categories: if only.is_empty() {
            Category::ALL.into()
        } else {
            only
        },
        language: options.language.map(|told| match told {
            Tongue::De => Language::German,
            Tongue::En => Language::English,
        }),
        quarantine_days: config.contacts.quarantine_days.into(),
    };
    let pepper = Pepper::new(&secrets.derive("fence"));
    let now = Clock::system().now();
    let exporting = async {
        let answer = export(&pool, &pepper, &request, now).await?;
        if matches!(answer, Answer::Found(_)) {
            note(&pool, &pepper, &request, (options.format, now)).await?;
        }
        Ok(answer)
    };
    let answer = tokio::select! {
        answer = exporting => answer,
        () = signals::stop() => Err(anyhow::anyhow!("interrupted; nothing was written")),
    };
    pool.close().await;
    database.close().await?;
    let tag = Tagger::new(&secrets.derive("log-tags")).tag(options.tenant, options.person);
    conclude(answer?, &options, &tag, began)
}

/// Says in the audit log that there was an export, before anything leaves.
async fn note(
    pool: &Pool,
    pepper: &Pepper,
    request: &Request,
    (format, at): (Format, DateTime<Utc>),
) -> anyhow::Result<()> {
    let categories = request.categories.iter().map(|one| one.name());
    let format = match format {
        Format::Json => "JSON",
        Format::Csv => "CSV",
    };
    let entry = Entry {
        tenant_id: request.tenant_id,
        actor: Actor::COMMAND,
        act: Act::Exported,
        subject: Subject::person(pepper.tag(request.tenant_id, request.person)),
        detail: json!({ "categories": categories.collect::<Vec<_>>(), "format": format }),
        at,
    };
    let mut tx = Tx::begin(pool).await?;
    audit::write(&mut tx, &entry).await?;
    Ok(tx.commit().await?)
}

/// Writes the export, or says why there is none.
fn conclude(
    answer: Answer,
    options: &Options,
    tag: &str,
    began: Instant,
) -> anyhow::Result<ExitCode> {
    match answer {
        Answer::Found(document) => {
            write(&document, options)?;
            let rows = |category| -> usize {
                let of = document.tables.iter();
                of.filter(|table| table.category == category)
                    .map(|table| table.rows.len())
                    .sum()
            };
            let took = began.elapsed();
            tracing::info!(
                tenant = %options.tenant,
                subject = tag,
                activities = rows(Category::Activities),
                log_rows = rows(Category::Log),
                took_ms = took.as_millis(),
                "a person's data were exported"
            );
            if let Some(out) = &options.out {
                let tables = document.tables.len();
                let all: usize = document.tables.iter().map(|table| table.rows.len()).sum();
                say(&format!(
                    "{}: {tables} tables, {all} rows, in {:.1} s\n",
                    out.display(),
                    took.as_secs_f64()
                ))?;
            }
            Ok(ExitCode::SUCCESS)
        }
        Answer::Unknown { waiting } => {
            tracing::info!(tenant = %options.tenant, subject = tag, "no such person to export");
            let held = match waiting {
                0 => "nothing is held under this id".to_owned(),
                rows => format!(
                    "{rows} rows of the platform name the id and wait for its profile, for 400 days at most"
                ),
            };
            say(&format!(
                "No customer of this tenant has this id: {held}.\n"
            ))?;
            Ok(UNKNOWN.into())
        }
        Answer::Erased { at } => {
            tracing::info!(tenant = %options.tenant, subject = tag, "the person to export is erased");
            say(&format!(
                "This person was erased on {}: nothing is held but a keyed hash that keeps them from coming back.\n",
                at.date_naive()
            ))?;
            Ok(ERASED.into())
        }
    }
}

fn write(document: &Document, options: &Options) -> anyhow::Result<()> {
    match (options.format, &options.out) {
        (Format::Json, None) => say(&json(document)?),
        (Format::Json, Some(out)) => file(out, &json(document)?),
        (Format::Csv, out) => {
            let folder = out.as_deref().unwrap_or(Path::new("."));
            DirBuilder::new()
                .mode(0o700)
                .create(folder)
                .with_context(|| format!("{} cannot be made", folder.display()))?;
            let mut files = csv(document).into_iter();
            files.try_for_each(|(name, text)| file(&folder.join(name), &text))
        }
    }
}

fn json(document: &Document) -> anyhow::Result<String> {
    Ok(serde_json::to_string_pretty(document)? + "\n")
}

/// A new file that only its owner can read.
fn file(path: &Path, text: &str) -> anyhow::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("{} cannot be made", path.display()))?;
    file.write_all(text.as_bytes())
        .with_context(|| format!("{} cannot be written", path.display()))
}
