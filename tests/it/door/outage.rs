//! The database goes away and comes back: no delivery is acknowledged meanwhile, and nobody has to restart anything.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use customer_intelligence::db::embedded::{Durability, Embedded, EmbeddedConfig};
use customer_intelligence::db::{PoolConfig, migrate, pool};
use customer_intelligence::http::Limits;
use customer_intelligence::inbox;
use reqwest::StatusCode;
use uuid::Uuid;

use super::rig::{Rig, booking};

const PATIENCE: Duration = Duration::from_secs(30);

/// A folder that PostgreSQL's own user can enter too.
pub(super) fn folder() -> tempfile::TempDir {
    let enterable = Permissions::from_mode(0o711);
    tempfile::Builder::new()
        .permissions(enterable)
        .tempdir()
        .unwrap()
}

fn own_server(folder: &tempfile::TempDir) -> EmbeddedConfig {
    EmbeddedConfig {
        durability: Durability::Throwaway,
        ..EmbeddedConfig::new(folder.path().to_owned(), None)
    }
}

#[tokio::test]
async fn while_the_database_is_away_hasura_is_told_to_come_again_and_then_all_is_well() {
    let folder = folder();
    let server = Embedded::start(own_server(&folder)).await.unwrap();
    migrate::run(&server.connect_options()).await.unwrap();
    let pool = pool::connect_lazy(server.connect_options(), &PoolConfig::default());
    let rig = Rig::new(pool).await;
    let tenant = Uuid::from_u128(1);
    let envelope = booking(tenant, Uuid::from_u128(2));
    assert_eq!(
        rig.deliver(&envelope).await.status(),
        StatusCode::NO_CONTENT
    );

    server.stop().await.unwrap();
    for _ in 0..3 {
        let answer = rig.deliver(&envelope).await;
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        let seconds: u32 = answer.headers()["retry-after"]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        assert!(seconds > 0);
    }

    let server = Embedded::start(own_server(&folder)).await.unwrap();
    let begun = Instant::now();
    while rig.deliver(&envelope).await.status() != StatusCode::NO_CONTENT {
        assert!(begun.elapsed() < PATIENCE, "the door does not recover");
    }
    assert!(
        rig.kept(tenant).await >= 2,
        "what was acknowledged before and after is there"
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn more_than_may_wait_is_told_to_come_again() {
    let nowhere = pool::options_from_url("postgres://nobody@localhost/none?host=/nowhere").unwrap();
    let slow = PoolConfig {
        acquire_timeout: Duration::from_secs(10),
        ..PoolConfig::default()
    };
    let narrow = inbox::Limits {
        queue_rows: 0,
        ..inbox::Limits::default()
    };
    let rig = Rig::with(
        pool::connect_lazy(nowhere, &slow),
        Limits::default(),
        narrow,
    )
    .await;
    let answer = rig
        .deliver(&booking(Uuid::from_u128(1), Uuid::from_u128(2)))
        .await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "1");
}
