//! `customer-intelligence erase`: a person goes for good, and a receipt says so.

use std::fmt::Write;
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use serde_json::json;
use uuid::Uuid;

use super::super::config::Config;
use super::super::office::office;
use super::super::{Database, signals};
use super::{eraser, keys_of_the_service, say};
use crate::audit::Actor;
use crate::domain::category::Category;
use crate::privacy::comeback::{Comeback, Leave};
use crate::privacy::erase::{Basis, Office, Order, Preview};
use crate::privacy::ledger;
use crate::privacy::order::reference;
use crate::privacy::receipt::Signed;
use crate::resolve::fence_file::FenceFile;
use crate::workers::{Context, erase};

/// Whom to erase, or what to check.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("what").required(true).args(["person", "verify", "check", "reapply"])))]
pub(in crate::app) struct Options {
    /// Whose customer.
    #[arg(long)]
    tenant: Option<Uuid>,
    /// The person, or anyone merged with them.
    #[arg(long, requires = "tenant", requires = "grounds")]
    person: Option<Uuid>,
    /// Why the person is erased.
    #[arg(long, value_enum, group = "grounds")]
    basis: Option<Grounds>,
    /// The request's own id; the same again goes on with it, or gives its receipt.
    #[arg(long, requires = "person")]
    request: Option<Uuid>,
    /// Only these categories of what is known about the person; without it everything goes.
    #[arg(long, requires = "person", value_delimiter = ',', value_parser = category)]
    only: Vec<Category>,
    /// Let an erased person (with `--only`, one category of theirs) lawfully return, for this reference such as a
    /// ticket: what happens from now on is accepted again.
    #[arg(long, requires = "person", group = "grounds", value_name = "REFERENCE")]
    let_return: Option<String>,
    /// Change nothing: count, by table, what would go.
    #[arg(long, requires = "person", group = "grounds")]
    dry_run: bool,
    /// Scan again for whoever was erased with this request (a uuid, or `all`), and issue the next receipt.
    #[arg(long, requires = "tenant", value_name = "REQUEST")]
    verify: Option<String>,
    /// Check a receipt's signature and its place in the chain.
    #[arg(long, value_name = "FILE")]
    check: Option<PathBuf>,
    /// After a restore from a backup: erase again whoever came back with it.
    #[arg(long)]
    reapply: bool,
    /// Answer as JSON; a receipt always is.
    #[arg(long)]
    json: bool,
}

fn category(name: &str) -> Result<Category, String> {
    Category::named(name).ok_or_else(|| {
        let names = Category::ALL.map(|one| one.name().to_lowercase());
        format!("one of {}", names.join(", "))
    })
}

/// What an erasure rests on.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Grounds {
    /// The person asked (GDPR, article 17).
    GdprRequest,
    /// The person asked (CCPA).
    CcpaRequest,
    /// The operator's own rules.
    InternalPolicy,
}

impl From<Grounds> for Basis {
    fn from(grounds: Grounds) -> Self {
        match grounds {
            Grounds::GdprRequest => Self::GdprRequest,
            Grounds::CcpaRequest => Self::CcpaRequest,
            Grounds::InternalPolicy => Self::InternalPolicy,
        }
    }
}

pub(super) async fn run(mut config: Config, options: Options) -> anyhow::Result<()> {
    let secrets = keys_of_the_service(&mut config)?;
    let database = Database::open(&config.database).await?;
    let file = FenceFile::new(config.database.fence_ledger());
    let context = eraser(&database, &config, &secrets, file.clone());
    let office = office(&config, &secrets, &context, Actor::COMMAND)?;
    let desk = Desk {
        context,
        office,
        file,
    };
    let done = tokio::select! {
        done = desk.work(&options) => done,
        () = signals::stop() => Err(anyhow::anyhow!(
            "interrupted; the same command goes on where it was"
        )),
    };
    desk.context.pool.close().await;
    database.close().await?;
    done
}

struct Desk {
    context: Context,
    office: Office,
    file: FenceFile,
}

impl Desk {
    async fn work(&self, options: &Options) -> anyhow::Result<()> {
        if let Some(path) = &options.check {
            return self.check(path, options.json).await;
        }
        if options.reapply {
            return self.reapply(options.json).await;
        }
        let tenant_id = options.tenant.context("--tenant is missing")?;
        if let Some(request) = &options.verify {
            return self.verify(tenant_id, request).await;
        }
        let person = options.person.context("--person is missing")?;
        if options.dry_run {
            let preview = self.office.preview(tenant_id, person).await?;
            return say(&told(&preview, options.json)?);
        }
        if let Some(reason) = &options.let_return {
            return self.let_return(tenant_id, person, reason, options).await;
        }
        let order = Order {
            request_id: options.request,
            categories: options.only.iter().copied().collect(),
            ..Order::whole(
                tenant_id,
                person,
                options.basis.context("--basis is missing")?.into(),
            )
        };
        let done = erase::run(&self.context, &self.office, &order).await?;
        if done.request.removed.values().all(|rows| *rows == 0) {
            tracing::info!("nothing was known of this person; they are fenced and will never be");
        }
        show(&done.receipt)
    }

    async fn let_return(
        &self,
        tenant_id: Uuid,
        person: Uuid,
        reason: &str,
        options: &Options,
    ) -> anyhow::Result<()> {
        let reason = reference(reason).context(
            "--let-return takes a reference such as a ticket: letters, digits, . _ : # / -",
        )?;
        ensure!(options.only.len() < 2, "one category at a time");
        let leave = Leave {
            tenant_id,
            person,
            category: options.only.first().copied(),
            reason,
            actor: Actor::COMMAND,
        };
        match self.office.let_return(&leave).await? {
            Comeback::Allowed(at) => say(&format!(
                "what happens after {at} is accepted again; nothing from before comes back\n"
            )),
            Comeback::NotErased => bail!("not erased, or let back already"),
            Comeback::UnderWay => bail!("the erasure is not closed yet; wait for its second scan"),
        }
    }

    async fn verify(&self, tenant_id: Uuid, request: &str) -> anyhow::Result<()> {
        let requests = match request {
            "all" => self.office.open_requests(tenant_id).await?,
            one => vec![one.parse().context("--verify takes a uuid, or `all`")?],
        };
        for request_id in requests {
            let done = erase::verify(&self.context, &self.office, tenant_id, request_id).await?;
            show(&done.receipt)?;
        }
        Ok(())
    }

    async fn check(&self, path: &PathBuf, as_json: bool) -> anyhow::Result<()> {
        let text = tokio::fs::read_to_string(path)
            .await
            .with_context(|| format!("{} cannot be read", path.display()))?;
        let signed: Signed = serde_json::from_str(&text)
            .with_context(|| format!("{} is no receipt", path.display()))?;
        let length = self.office.check(&signed).await?;
        let number = signed.receipt.number;
        if as_json {
            let answer = json!({ "accepted": true, "number": number, "chain": length });
            return say(&format!("{answer}\n"));
        }
        say(&format!(
            "accepted: receipt {number} of {length} in an unbroken chain, signed by this service\n"
        ))
    }

    async fn reapply(&self, as_json: bool) -> anyhow::Result<()> {
        let path = self.file.path().display();
        let done = erase::reapply(&self.context, &self.office, &self.file).await?;
        if self.file.length().await? == 0 {
            bail!(
                "{path} is not there, or empty: nobody was ever erased, or CI_FENCE_LEDGER names another file"
            );
        }
        let (raised, erased, kept) = (done.raised, done.erased, done.kept);
        if as_json {
            let answer =
                json!({ "fences_raised": raised, "erased_again": erased, "written_down": kept });
            return say(&format!("{answer}\n"));
        }
        say(&format!(
            "{raised} fences were missing in the database and stand again; {erased} profiles were back and are erased; \
             {kept} tags were missing in {path} and stand in it now\n"
        ))
    }
}

fn show(receipt: &Signed) -> anyhow::Result<()> {
    say(&format!("{}\n", serde_json::to_string_pretty(receipt)?))
}

fn told(preview: &Preview, as_json: bool) -> anyhow::Result<String> {
    let known = preview.counts.values().any(|rows| *rows > 0);
    if as_json {
        let answer = json!({
            "profiles": preview.persons.len(), "known": known, "fenced_already": preview.fenced,
            "legal_holds": preview.holds, "rows": preview.counts,
        });
        return Ok(format!("{answer:#}\n"));
    }
    let mut text = String::new();
    match (known, preview.persons.len()) {
        (false, _) => writeln!(
            text,
            "nothing is known of this person; only the fence would be raised"
        )?,
        (true, 1) => writeln!(text, "one profile would be erased; rows that name it:")?,
        (true, n) => writeln!(
            text,
            "{n} merged profiles would be erased; rows that name them:"
        )?,
    }
    for (table, rows) in preview.counts.iter().filter(|(_, rows)| **rows > 0) {
        let what = ledger::of(table).map_or("", |table| table.holds);
        writeln!(text, "  {rows:>8}  {table:<18} {what}")?;
    }
    if preview.fenced {
        writeln!(text, "the person is fenced already")?;
    }
    for hold in &preview.holds {
        writeln!(
            text,
            "legal hold {hold} is open: the erasure would be suspended"
        )?;
    }
    writeln!(text, "nothing was changed")?;
    Ok(text)
}
