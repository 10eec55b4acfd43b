//! The rows of `export_request` and `export_chunk`.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgExecutor};
use uuid::Uuid;

use super::request::{Form, Standing, State};
use crate::db::{Error, Pool, Tx};

/// Bytes of an archive in one row.
const CHUNK_BYTES: usize = 1 << 20;

/// A new request.
pub(super) struct New<'n> {
    pub(super) tenant_id: Uuid,
    pub(super) request_id: Uuid,
    pub(super) person: Uuid,
    pub(super) subject_tag: Uuid,
    pub(super) categories: &'n [String],
    pub(super) form: Form,
    pub(super) language: Option<&'static str>,
    pub(super) recipient: &'n str,
    pub(super) token_hash: &'n [u8],
    pub(super) requested_at: DateTime<Utc>,
    pub(super) due_at: DateTime<Utc>,
}

pub(super) async fn insert(tx: &mut Tx, new: &New<'_>) -> Result<(), Error> {
    sqlx::query!(
        "insert into export_request
           (tenant_id, request_id, person_profile_id, subject_tag, categories, format, language, recipient,
            token_hash, state, requested_at, due_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11)",
        new.tenant_id,
        new.request_id,
        new.person,
        new.subject_tag,
        new.categories,
        new.form.code(),
        new.language,
        new.recipient,
        new.token_hash,
        new.requested_at,
        new.due_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How many of the person's and of the tenant's requests are not over.
pub(super) async fn unfinished(
    tx: &mut Tx,
    tenant_id: Uuid,
    person: Uuid,
) -> Result<(i64, i64), Error> {
    let found = sqlx::query!(
        r#"select count(*) filter (where person_profile_id = $2) as "person!", count(*) as "all!"
           from export_request where tenant_id = $1 and state in (0, 1, 2)"#,
        tenant_id,
        person,
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok((found.person, found.all))
}

struct Row {
    tenant_id: Uuid,
    request_id: Uuid,
    person: Option<Uuid>,
    categories: Vec<String>,
    format: i16,
    state: i16,
    requested_at: DateTime<Utc>,
    due_at: DateTime<Utc>,
    ready_at: Option<DateTime<Utc>>,
    expires_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    bytes: Option<i64>,
}

impl TryFrom<Row> for Standing {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let misfit = |column| Error::Inconsistent {
            table: "export_request",
            column,
            id: row.request_id,
        };
        Ok(Self {
            tenant_id: row.tenant_id,
            request_id: row.request_id,
            person: row.person,
            form: Form::of(row.format).ok_or_else(|| misfit("format"))?,
            state: State::of(row.state).ok_or_else(|| misfit("state"))?,
            categories: row.categories,
            requested_at: row.requested_at,
            due_at: row.due_at,
            ready_at: row.ready_at,
            expires_at: row.expires_at,
            ended_at: row.ended_at,
            bytes: row.bytes,
        })
    }
}

/// The tenant's requests, the latest first: of this person where one is given, behind this place.
pub(super) async fn list(
    executor: impl PgExecutor<'_>,
    tenant_id: Uuid,
    person: Option<Uuid>,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<Standing>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select tenant_id, request_id, person_profile_id as person, categories, format, state, requested_at,
                due_at, ready_at, expires_at, ended_at, bytes
         from export_request
         where tenant_id = $1 and ($2::uuid is null or person_profile_id = $2)
           and ($3::timestamptz is null or (requested_at, request_id) < ($3, $4::uuid))
         order by requested_at desc, request_id desc limit $5",
        tenant_id,
        person,
        after.map(|(at, _)| at),
        after.map(|(_, id)| id),
        limit,
    )
    .fetch_all(executor)
    .await?;
    rows.into_iter().map(Standing::try_from).collect()
}

/// Requests of whichever tenants that wait to be taken up, or that somebody took up and left, the oldest first.
pub(super) async fn waiting(
    pool: &Pool,
    now: DateTime<Utc>,
    left_before: DateTime<Utc>,
) -> Result<Vec<(Uuid, Uuid)>, Error> {
    let found = sqlx::query!(
        "select tenant_id, request_id from export_request
         where (state = 0 and (claimed_at is null or claimed_at < $1))
            or (state = 1 and claimed_at < $2)
         order by requested_at, request_id limit 20",
        now,
        left_before,
    )
    .fetch_all(pool)
    .await?;
    let found = found.into_iter();
    Ok(found.map(|row| (row.tenant_id, row.request_id)).collect())
}

/// A request that was taken up.
#[derive(Debug, Clone)]
pub(super) struct Claim {
    pub(super) tenant_id: Uuid,
    pub(super) request_id: Uuid,
    pub(super) claimed_at: DateTime<Utc>,
    pub(super) person: Uuid,
    pub(super) subject_tag: Uuid,
    pub(super) categories: Vec<String>,
    pub(super) format: i16,
    pub(super) language: Option<String>,
    pub(super) recipient: String,
    pub(super) attempts: i16,
}

/// Takes a request up; none when somebody else was faster.
pub(super) async fn claim(
    pool: &Pool,
    (tenant_id, request_id): (Uuid, Uuid),
    now: DateTime<Utc>,
    left_before: DateTime<Utc>,
) -> Result<Option<Claim>, Error> {
    let claimed = sqlx::query_as!(
        Claim,
        r#"update export_request set state = 1, claimed_at = $3, attempts = attempts + 1
           where tenant_id = $1 and request_id = $2 and person_profile_id is not null
             and (state = 0 or (state = 1 and claimed_at < $4))
           returning tenant_id, request_id, claimed_at as "claimed_at!", person_profile_id as "person!",
             subject_tag, categories, format, language, recipient, attempts"#,
        tenant_id,
        request_id,
        now,
        left_before,
    )
    .fetch_optional(pool)
    .await?;
    Ok(claimed)
}

/// Whether the request is still in the hands of whoever made this claim; locks it until the transaction ends.
pub(super) async fn is_mine(tx: &mut Tx, claim: &Claim) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select true as "mine!" from export_request
           where tenant_id = $1 and request_id = $2 and state = 1 and claimed_at = $3
             and person_profile_id is not null
           for update"#,
        claim.tenant_id,
        claim.request_id,
        claim.claimed_at,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found.is_some())
}

/// Stores the archive. The request is locked.
pub(super) async fn store(
    tx: &mut Tx,
    claim: &Claim,
    archive: &[u8],
    (ready_at, expires_at): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    for (number, body) in (0_i32..).zip(archive.chunks(CHUNK_BYTES)) {
        sqlx::query!(
            "insert into export_chunk (tenant_id, request_id, number, person_profile_id, body)
             values ($1, $2, $3, $4, $5)",
            claim.tenant_id,
            claim.request_id,
            number,
            claim.person,
            body,
        )
        .execute(&mut **tx)
        .await?;
    }
    sqlx::query!(
        "update export_request set state = 2, ready_at = $3, expires_at = $4, bytes = $5
         where tenant_id = $1 and request_id = $2",
        claim.tenant_id,
        claim.request_id,
        ready_at,
        expires_at,
        i64::try_from(archive.len()).unwrap_or(i64::MAX),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Lets a request go: to be taken up again at that time, or for good.
pub(super) async fn release(
    tx: &mut Tx,
    claim: &Claim,
    state: State,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let ended = (state != State::Requested).then_some(at);
    sqlx::query!(
        "update export_request set state = $4, claimed_at = $5, ended_at = $6
         where tenant_id = $1 and request_id = $2 and state = 1 and claimed_at = $3",
        claim.tenant_id,
        claim.request_id,
        claim.claimed_at,
        state.code(),
        at,
        ended,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What is looked at before an archive is handed out; the row is locked until the transaction ends.
pub(super) struct Kept {
    pub(super) token_hash: Vec<u8>,
    pub(super) state: i16,
    pub(super) subject_tag: Uuid,
    pub(super) expires_at: Option<DateTime<Utc>>,
}

pub(super) async fn kept(
    tx: &mut Tx,
    tenant_id: Uuid,
    request_id: Uuid,
) -> Result<Option<Kept>, Error> {
    let found = sqlx::query_as!(
        Kept,
        "select token_hash, state, subject_tag, expires_at from export_request
         where tenant_id = $1 and request_id = $2 for update",
        tenant_id,
        request_id,
    )
    .fetch_optional(&mut **tx)
    .await?;
    Ok(found)
}

/// Takes the archive out. The request is locked.
pub(super) async fn take(
    connection: &mut PgConnection,
    tenant_id: Uuid,
    request_id: Uuid,
    (state, now): (State, DateTime<Utc>),
) -> Result<Vec<u8>, Error> {
    let mut chunks = sqlx::query!(
        "delete from export_chunk where tenant_id = $1 and request_id = $2 returning number, body",
        tenant_id,
        request_id,
    )
    .fetch_all(&mut *connection)
    .await?;
    chunks.sort_unstable_by_key(|chunk| chunk.number);
    sqlx::query!(
        "update export_request set state = $3, ended_at = $4 where tenant_id = $1 and request_id = $2",
        tenant_id,
        request_id,
        state.code(),
        now,
    )
    .execute(connection)
    .await?;
    Ok(chunks.into_iter().flat_map(|chunk| chunk.body).collect())
}

/// Archives of whichever tenants that nobody fetched in time.
pub(super) async fn overdue(pool: &Pool, now: DateTime<Utc>) -> Result<Vec<(Uuid, Uuid)>, Error> {
    let found = sqlx::query!(
        "select tenant_id, request_id from export_request where state = 2 and expires_at <= $1
         order by expires_at limit 100",
        now,
    )
    .fetch_all(pool)
    .await?;
    let found = found.into_iter();
    Ok(found.map(|row| (row.tenant_id, row.request_id)).collect())
}

/// How many requests of whichever tenants are not answered though they are due by that instant.
pub(super) async fn due(pool: &Pool, by: DateTime<Utc>) -> Result<i64, Error> {
    let found = sqlx::query_scalar!(
        r#"select count(*) as "due!" from export_request where state in (0, 1, 6) and due_at < $1"#,
        by
    )
    .fetch_one(pool)
    .await?;
    Ok(found)
}

/// Cancels what is under way about these persons, takes their archives out, and their ids from everything that is over.
/// In the eraser's role or the service's; the caller holds the tenant's row. Returns requests and pieces.
pub(super) async fn forget(
    tx: &mut Tx,
    tenant_id: Uuid,
    persons: &[Uuid],
    now: DateTime<Utc>,
) -> Result<(u64, u64), Error> {
    // The requests first: whoever is storing an archive holds its request, and has stored it when this goes on.
    let requests = sqlx::query!(
        "update export_request set person_profile_id = null,
           state = case when state in (0, 1, 2) then 5 else state end,
           ended_at = coalesce(ended_at, $3)
         where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        persons,
        now,
    )
    .execute(&mut **tx)
    .await?;
    let chunks = sqlx::query!(
        "delete from export_chunk where tenant_id = $1 and person_profile_id = any ($2)",
        tenant_id,
        persons,
    )
    .execute(&mut **tx)
    .await?;
    Ok((requests.rows_affected(), chunks.rows_affected()))
}
