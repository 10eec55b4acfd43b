//! The GraphQL-over-HTTP audit of the `graphql-http` package, run against the door on a port of its own.
//!
//! Needs node and npm. Where they are missing the test says so and passes, except in CI.

use std::path::Path;
use std::process::Stdio;

use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::JoinSet;

use super::rig::{Rig, SECRET};

/// Set while building in CI, where nothing may be left out.
fn in_ci() -> bool {
    option_env!("CI").is_some()
}

#[tokio::test]
async fn no_must_and_no_should_of_graphql_over_http_fails() {
    let folder = Path::new(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/graphql/audit"
    ));
    if let Err(reason) = install(folder).await {
        assert!(!in_ci(), "the audit must run in CI: {reason}");
        println!("left out, because {reason}");
        return;
    }
    let rig = Rig::new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/graphql", listener.local_addr().unwrap());
    let mut server = JoinSet::new();
    let router = rig.router.clone();
    server.spawn(async move { axum::serve(listener, router).await });
    let audit = Command::new("node")
        .args(["audit.mjs", &url, SECRET])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&audit.stdout);
    println!("{said}");
    assert!(
        audit.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&audit.stderr)
    );
}

async fn install(folder: &Path) -> Result<(), String> {
    if folder
        .join("node_modules/graphql-http/package.json")
        .exists()
    {
        return Ok(());
    }
    let npm = Command::new("npm")
        .arg("ci")
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .await;
    match npm {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!(
            "npm ci failed: {}",
            String::from_utf8_lossy(&output.stderr)
        )),
        Err(error) => Err(format!("npm cannot be run: {error}")),
    }
}
