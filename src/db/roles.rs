//! The roles of the database and how a session becomes one of them: `ci_owner` migrates, `ci_app` works, `ci_eraser`
//! takes out what was logged, `ci_reader` reads on behalf of one caller and sees one tenant.
//!
//! They are created by migrations. Deliberately absent: grants on tables; each migration states its own, and
//! `row_security.sql` those of the reader.

use sqlx::PgConnection;

use super::{Error, Pool, Tx};

/// What a pool's sessions become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Session {
    /// `ci_app`, if that role exists yet (it does not before the first migration).
    App,
    /// `ci_reader`; without that role there is no session.
    Reader,
}

/// Becomes that role for the rest of the session.
pub(super) async fn become_role(
    session: Session,
    connection: &mut PgConnection,
) -> Result<(), sqlx::Error> {
    match session {
        Session::App => become_app(connection).await,
        Session::Reader => become_reader(connection).await,
    }
}

async fn become_reader(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("set role ci_reader")
        .execute(connection)
        .await
        .map(drop)
}

async fn become_app(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("select set_config('role', rolname, false) from pg_roles where rolname = 'ci_app'")
        .fetch_optional(connection)
        .await
        .map(drop)
}

/// Becomes `ci_owner` for the rest of the session.
pub(super) async fn become_owner(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("set role ci_owner")
        .execute(connection)
        .await
        .map(drop)
}

/// Becomes `ci_eraser` until the transaction ends: the only role that may delete what was logged.
pub async fn become_eraser(tx: &mut Tx) -> Result<(), Error> {
    sqlx::query!("set local role ci_eraser")
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Whether the login role behind this pool is a superuser, whatever role its sessions have become since.
///
/// On a server that is not the embedded one such a login could undo every restriction, so the service refuses it.
pub async fn login_is_superuser(pool: &Pool) -> Result<bool, Error> {
    let superuser = sqlx::query_scalar!(
        r#"select rolsuper as "superuser!" from pg_roles where rolname = session_user"#
    )
    .fetch_one(pool)
    .await?;
    Ok(superuser)
}
