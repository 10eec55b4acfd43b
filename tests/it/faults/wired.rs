//! The program on a test's database, with a breakable link before its door and another before its database.

use std::time::Duration;

use sqlx::AssertSqlSafe;
use uuid::Uuid;

use super::expected::Expected;
use super::load::{Load, Tally};
use super::program::{Door, Program};
use super::proxy::{Behind, Proxy};
use super::shown::{compare, drained};
use crate::property::crowd::{self, Crowd};
use crate::support::TestDb;

pub(super) const TENANT: Uuid = Uuid::from_u128(0x3e_71_e5);
/// Longest time that a client waits for an answer.
const CLIENT_PATIENCE: Duration = Duration::from_secs(3);

/// A program whose links can be broken.
pub(super) struct Wired {
    pub(super) db: TestDb,
    pub(super) program: Program,
    /// Before the program's door.
    pub(super) outside: Proxy,
    /// Between the program and its database.
    pub(super) inside: Proxy,
}

impl Wired {
    pub(super) async fn new(settings: &[(&'static str, &str)]) -> Self {
        let db = TestDb::new().await;
        let superuser = db.superuser();
        // Whoever is no superuser may become what it is a member of; another test may be making it now.
        let login = "do $$ begin
            create role ci_faults login in role ci_owner, ci_app, ci_eraser, ci_reader;
            exception when duplicate_object or unique_violation then null;
            end $$";
        sqlx::raw_sql(login).execute(&superuser).await.unwrap();
        let options = db.options();
        let name = options.get_database().unwrap().to_owned();
        sqlx::raw_sql(AssertSqlSafe(format!(
            "grant create on database {name} to ci_owner, ci_faults"
        )))
        .execute(&superuser)
        .await
        .unwrap();
        let folder = options.get_socket().expect("the test server has a socket");
        let socket = folder.join(format!(".s.PGSQL.{}", options.get_port()));
        let inside = Proxy::before(Behind::Database(socket)).await;
        let port = inside.port();
        let url = format!("postgres://ci_faults@127.0.0.1:{port}/{name}?sslmode=disable");
        let mut all = vec![("DATABASE_URL", url)];
        all.extend(
            settings
                .iter()
                .map(|(name, value)| (*name, (*value).to_owned())),
        );
        let program = Program::with(all).await;
        let outside = Proxy::before(Behind::Door(program.port())).await;
        Self {
            db,
            program,
            outside,
            inside,
        }
    }

    /// The door behind the breakable link.
    pub(super) fn door(&self) -> Door {
        Door::through(self.outside.port(), CLIENT_PATIENCE)
    }

    /// Everything is delivered and folded; every insight and every row of the log is as expected. Returns what the
    /// deliverer met, and how long folding took after the last delivery.
    pub(super) async fn settle(mut self, load: Load, expected: &[Expected]) -> (Tally, Duration) {
        let tally = load.finish().await;
        let mut folded = Duration::ZERO;
        for one in expected {
            folded += drained(&self.program, one).await;
        }
        for one in expected {
            compare(&self.program, one).await;
        }
        let (status, _) = self.program.stop().await;
        assert!(status.success(), "{status}");
        for one in expected {
            one.assert_log(self.db.pool()).await;
        }
        (tally, folded)
    }
}

/// Deliveries and what follows from them.
pub(super) fn told(histories: u64) -> (Crowd, Expected) {
    let crowd = crowd::plainly(TENANT, 0..histories);
    let expected = Expected::of(&crowd);
    (crowd, expected)
}
