//! The nightly training, asked for as Hasura's cron trigger would, so that the screen shows at once what was learned.
//!
//! Deliberately absent: training itself; the service does that, and says in its registry of models when it is done.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::error::{Error, Result};
use super::gateway::{Gateway, Session};
use super::progress::Out;
use super::run::DemoConfig;
use super::{client, platform};
use crate::domain::model::registry::Kind;

/// The job's name, as Hasura's cron trigger has it.
const JOB: &str = "ci_train";
/// How long training may take.
const PATIENCE: Duration = Duration::from_mins(10);
const POLL: Duration = Duration::from_millis(100);
/// Whoever may look at models.
const ROLE: &str = "manager";

const MODELS: &str = "{ models(first: 1) { kind verdict reason took_ms confirmed_at } }";

/// Asks for the job, waits until every kind of model was trained, and says what came of it.
pub(super) async fn learn(
    config: &DemoConfig,
    session: &Session,
    out: Out<'_>,
    cancel: &CancellationToken,
) -> Result<()> {
    let begun = Instant::now();
    let server = config.server.trim_end_matches('/');
    let asked: DateTime<Utc> =
        platform::scalar(&config.platform, "select clock_timestamp()").await?;
    let call = json!({
        "id": Uuid::new_v5(&session.tenant, asked.to_rfc3339().as_bytes()), "name": JOB, "scheduled_time": asked,
        "payload": { "tenant_id": session.tenant }, "comment": null,
    });
    let answer = client::new(Duration::from_secs(30), 1)?
        .post(format!("{server}/hooks/cron"))
        .header("user-agent", super::USER_AGENT)
        .header("x-ci-secret", config.webhook_secret.expose_secret())
        .header("content-type", "application/json")
        .body(call.to_string())
        .send()
        .await?;
    answer.error_for_status()?;
    let manager = Session {
        role: ROLE.into(),
        ..session.clone()
    };
    let secret = config.gateway_secret.expose_secret();
    let url = format!("{server}/graphql");
    let office = Gateway::new(config.platform.clone(), url, secret, manager)?;
    while !cancel.is_cancelled() {
        let answer = office.answer(&json!({ "query": MODELS })).await;
        let models = trained(&answer, asked);
        if models.len() >= Kind::ALL.len() {
            for model in models {
                writeln!(out, "learned: {}", line(model))?;
            }
            let seconds = begun.elapsed().as_secs_f64();
            return Ok(writeln!(out, "the nightly training: {seconds:.1} s")?);
        }
        if begun.elapsed() > PATIENCE {
            return Err(Error::Config(format!(
                "the server did not train in time: {answer}"
            )));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// The versions that were trained, or come to again, since then.
fn trained(answer: &Value, since: DateTime<Utc>) -> Vec<&Value> {
    let models = answer.pointer("/data/models").and_then(Value::as_array);
    let done = |model: &&Value| {
        let at = model.get("confirmed_at").and_then(Value::as_str);
        at.and_then(|at| at.parse::<DateTime<Utc>>().ok())
            .is_some_and(|at| at >= since)
    };
    models.into_iter().flatten().filter(done).collect()
}

fn line(model: &Value) -> String {
    let text = |name: &str| model.get(name).and_then(Value::as_str).unwrap_or("?");
    let (kind, verdict) = (text("kind"), text("verdict"));
    let reason = text("reason");
    format!(
        "{} ({}): {reason}",
        kind.to_lowercase(),
        verdict.to_lowercase().replace('_', " ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_trained_before_it_was_asked_for_is_waited_past() {
        let of = |kind: &str, at: &str| json!({ "kind": kind, "verdict": "BEATEN_BY_BASELINE", "reason": "why", "confirmed_at": at });
        let models = [
            of("CHURN", "2026-06-01T02:10:00Z"),
            of("TOURS", "2026-05-31T02:10:00Z"),
        ];
        let answer = json!({ "data": { "models": models } });
        let asked = "2026-06-01T02:09:59.5Z".parse().unwrap();
        let done: Vec<String> = trained(&answer, asked).into_iter().map(line).collect();
        assert_eq!(done, ["churn (beaten by baseline): why"]);
        assert!(trained(&json!({ "errors": [] }), asked).is_empty());
    }
}
