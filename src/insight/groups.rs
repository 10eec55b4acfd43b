//! What groups of customers say: each person once, with the latest score and rating, in the group they were last assigned
//! to.

use uuid::Uuid;

use super::{Error, Reader};
use crate::domain::model::sentiment::{Sentiment, csat_of, nps_of};

/// What the group says, and the version of the groups; none where too few said something to tell.
pub(super) async fn sentiment(
    reader: &Reader,
    tenant: Uuid,
    cluster: i32,
) -> Result<Option<(Sentiment, Option<i32>)>, Error> {
    let mut connection = reader.connection(tenant).await?;
    let counted = sqlx::query!(
        r#"select count(nps_score) as "scores!", count(*) filter (where nps_score >= 9) as "promoters!",
             count(*) filter (where nps_score <= 6) as "detractors!", count(rating) as "ratings!",
             count(*) filter (where rating >= 4) as "satisfied!", max(clusters_version) as version
           from customer_score where tenant_id = $1 and cluster_id = $2"#,
        tenant,
        cluster,
    )
    .fetch_one(&mut *connection)
    .await?;
    connection.done();
    let people = |n: i64| u32::try_from(n).unwrap_or(u32::MAX);
    let found = Sentiment {
        nps: nps_of(
            people(counted.promoters),
            people(counted.detractors),
            people(counted.scores),
        ),
        csat: csat_of(people(counted.satisfied), people(counted.ratings)),
    };
    Ok((found != Sentiment::default()).then_some((found, counted.version)))
}
