//! A database for one test: a copy of a migrated template, gone when the test ends.

use std::time::Duration;

use customer_intelligence::db::fenced::Reads;
use customer_intelligence::db::{Pool, PoolConfig, migrate, pool};
use customer_intelligence::domain::clock::Clock;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection, Row};
use tokio::sync::OnceCell;

use super::server;

/// Any number; the same for all who prepare the template on one server.
const TEMPLATE_LOCK: i64 = 0x6369_7465_6d70;
const SINCE_STRATEGY: i32 = 150_000;

/// A migrated database that nobody else uses.
pub(crate) struct TestDb {
    maintenance: PgConnectOptions,
    name: String,
    pool: Pool,
}

impl TestDb {
    /// Copies the template.
    pub(crate) async fn new() -> Self {
        static TEMPLATE: OnceCell<String> = OnceCell::const_new();
        let maintenance = server::maintenance().await;
        let mut connection = maintenance.connect().await.expect("the test server");
        let template = TEMPLATE.get_or_init(|| template(&maintenance)).await;
        let name = format!(
            "t_{}_{}",
            std::process::id(),
            Clock::system().uuid_v7().simple()
        );
        copy(&mut connection, template, &name).await;
        connection.close().await.expect("an open connection");
        let config = PoolConfig {
            max_connections: 8,
            acquire_timeout: Duration::from_secs(20),
            ..PoolConfig::default()
        };
        let pool = pool::connect_lazy(maintenance.clone().database(&name), &config);
        Self {
            maintenance,
            name,
            pool,
        }
    }

    /// Connections as the service has them (they have become `ci_app`).
    pub(crate) fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Connections as reads on behalf of callers have them: fenced by tenant.
    pub(crate) fn reads(&self) -> Reads {
        let config = PoolConfig {
            max_connections: 8,
            acquire_timeout: Duration::from_secs(20),
            ..PoolConfig::default()
        };
        Reads::fenced(self.options(), &config)
    }

    /// Connections as a superuser, for what a test has to arrange behind the service's back.
    pub(crate) fn superuser(&self) -> Pool {
        let options = self.options().options([("search_path", pool::SCHEMA)]);
        PgPoolOptions::new()
            .max_connections(2)
            .connect_lazy_with(options)
    }

    /// Runs a statement behind the service's back, and returns its first column, which is a text.
    pub(crate) async fn lines(&self, statement: &str) -> Vec<String> {
        let rows = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .fetch_all(&self.superuser())
            .await
            .unwrap_or_else(|err| panic!("{statement}: {err}"));
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// How to connect to it as a superuser.
    pub(crate) fn options(&self) -> PgConnectOptions {
        self.maintenance.clone().database(&self.name)
    }
}

impl Drop for TestDb {
    fn drop(&mut self) {
        let (maintenance, name) = (self.maintenance.clone(), self.name.clone());
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                let mut connection = maintenance.connect().await.expect("the test server");
                drop_database(&mut connection, &name).await;
            });
        });
        // A failure here only leaves a database behind, which the next run clears away.
        drop(dropped.join());
    }
}

/// Makes the migrated template if this server lacks it; returns its name.
async fn template(maintenance: &PgConnectOptions) -> String {
    let name = format!("tpl_{}", migrate::fingerprint());
    let mut connection = maintenance.connect().await.expect("the test server");
    let lock = format!("select pg_advisory_lock({TEMPLATE_LOCK})");
    run(&mut connection, lock).await;
    let ready = databases(&mut connection, "datistemplate and datname like 'tpl\\_%'").await;
    if !ready.contains(&name) {
        clear_away(&mut connection).await;
        run(&mut connection, format!("create database {name}")).await;
        migrate::run(&maintenance.clone().database(&name))
            .await
            .expect("migrations that apply");
        run(
            &mut connection,
            format!("alter database {name} is_template true"),
        )
        .await;
    }
    // Closing gives the lock back.
    connection.close().await.expect("an open connection");
    name
}

/// Drops older and half-made templates, and the databases of test processes that were killed.
async fn clear_away(connection: &mut PgConnection) {
    let users = server::users();
    for name in databases(connection, "datname like 'tpl\\_%' or datname like 't\\_%'").await {
        let owner = name.split('_').nth(1).unwrap_or_default();
        let in_use = users.iter().any(|user| user.ends_with(owner)) && server::is_alive(owner);
        if name.starts_with("tpl_") {
            run(
                connection,
                format!("alter database {name} is_template false"),
            )
            .await;
        }
        if !in_use {
            drop_database(connection, &name).await;
        }
    }
}

async fn copy(connection: &mut PgConnection, template: &str, name: &str) {
    let version = sqlx::raw_sql("select current_setting('server_version_num')::int")
        .fetch_one(&mut *connection)
        .await
        .expect("an answer");
    let strategy = match version.get::<i32, _>(0) {
        SINCE_STRATEGY.. => "strategy file_copy",
        _ => "",
    };
    run(
        connection,
        format!("create database {name} template {template} {strategy}"),
    )
    .await;
}

async fn drop_database(connection: &mut PgConnection, name: &str) {
    run(
        connection,
        format!("drop database if exists {name} with (force)"),
    )
    .await;
}

async fn databases(connection: &mut PgConnection, condition: &str) -> Vec<String> {
    let statement = format!("select datname from pg_database where {condition}");
    let rows = sqlx::raw_sql(AssertSqlSafe(statement))
        .fetch_all(connection)
        .await;
    rows.expect("an answer")
        .iter()
        .map(|row| row.get(0))
        .collect()
}

async fn run(connection: &mut PgConnection, statement: String) {
    let shown = statement.clone();
    if let Err(error) = sqlx::raw_sql(AssertSqlSafe(statement))
        .execute(connection)
        .await
    {
        panic!("{shown}: {error}");
    }
}
