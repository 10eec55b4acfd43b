//! Write down by which channel a customer asked to be reached; what they asked for comes before whatever was learned.
//!
//! It takes the way of a delivery, in one transaction with its trace in the audit log, so that the screen shows it when the
//! answer is there. Deliberately absent: whether they may be written to there; that is consent's.

use chrono::{DateTime, SubsecRound, Utc};
use serde_json::json;
use uuid::Uuid;

use super::consents::Consents;
use super::record::{self, Pen, TRIES};
use crate::audit::{self, Act, Actor, Entry, Subject};
use crate::contracts::ChannelWish;
use crate::db::{Error, Tx};
use crate::domain::model::channel::Channel;

/// What is to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Whose customer.
    pub tenant_id: Uuid,
    /// Whose wish.
    pub person: Uuid,
    /// The channel; none takes back what was asked for before.
    pub channel: Option<Channel>,
    /// When it was said; now unless told.
    pub said_at: Option<DateTime<Utc>>,
    /// The form, call or paper.
    pub source: String,
    /// The same key again is the same wish, however often it is sent.
    pub idempotency_key: String,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recorded {
    /// It is written down.
    Done,
    /// It was written down before.
    Known,
    /// There is no such customer.
    UnknownPerson,
    /// The key names something else that was said.
    KeyReused,
    /// It is said to have been said in the future.
    WrongTime,
}

/// Where wishes are written down. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Wishes {
    pen: Pen,
}

impl Wishes {
    /// Beside the consents, in the same database.
    #[must_use]
    pub fn beside(consents: &Consents) -> Self {
        let pen = consents.pen.clone();
        Self { pen }
    }

    /// Writes it down.
    pub async fn record(&self, order: &Order, actor: &Actor) -> Result<Recorded, Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            match self.transact(order, actor).await {
                Err(Error::Retry(_)) if tries < TRIES => {}
                done => return done,
            }
        }
    }

    async fn transact(&self, order: &Order, actor: &Actor) -> Result<Recorded, Error> {
        let (tenant_id, pen) = (order.tenant_id, &self.pen);
        let Some(mut page) = pen.open(tenant_id).await? else {
            return Ok(Recorded::UnknownPerson);
        };
        let wish = match check(&mut page.tx, order, page.now).await? {
            Ok(wish) => wish,
            Err(refused) => return Ok(refused),
        };
        let written = pen.write(&mut page, wish.version(), tenant_id);
        if written.await? == 0 {
            return Ok(Recorded::UnknownPerson);
        }
        let entry = Entry {
            tenant_id,
            actor: actor.clone(),
            act: Act::ChannelStated,
            subject: Subject::person(pen.pepper.tag(tenant_id, order.person)).by(wish.id),
            detail: json!({ "channel": wish.channel.map(Channel::name), "source": wish.source }),
            at: page.now,
        };
        audit::write(&mut page.tx, &entry).await?;
        page.tx.commit().await?;
        Ok(Recorded::Done)
    }
}

/// What is to be written, or why not.
async fn check(
    tx: &mut Tx,
    order: &Order,
    now: DateTime<Utc>,
) -> Result<Result<ChannelWish, Recorded>, Error> {
    let (tenant_id, person) = (order.tenant_id, order.person);
    if record::root(tx, tenant_id, person).await?.is_none() {
        return Ok(Err(Recorded::UnknownPerson));
    }
    let said_at = order.said_at.unwrap_or(now).trunc_subsecs(6);
    let wish = ChannelWish {
        id: record::named("channel", tenant_id, person, &order.idempotency_key),
        person,
        channel: order.channel,
        said_at,
        source: order.source.clone(),
    };
    if let Some(known) = record::known(tx, tenant_id, wish.key()).await? {
        let same = known.fields == wish.fields()
            && order.said_at.is_none_or(|_| known.version_at == said_at);
        return Ok(Err(if same {
            Recorded::Known
        } else {
            Recorded::KeyReused
        }));
    }
    if said_at > now {
        return Ok(Err(Recorded::WrongTime));
    }
    Ok(Ok(wish))
}
