//! `picket audit-log verify` on the log of a channel at work.

use anyhow::Result;
use picket_domain::PrNumber;
use picket_tests::{Ran, Stage, run};
use serde_json::Value;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{ConnectOptions, Connection};

const MASTODON: PrNumber = PrNumber(4242);

fn verify(stage: &Stage, more: &[&str]) -> Result<Ran> {
    let config = stage.world.config_file.display().to_string();
    let command = ["audit-log", "verify", "--config", &config];
    run(command.iter().chain(more))
}

/// The number of entries and the last one's hash, of a log that is whole.
fn good(stage: &Stage, more: &[&str]) -> Result<(u64, String)> {
    let ran = verify(stage, &[more, &["--json"]].concat())?;
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let json: Value = serde_json::from_str(&ran.stdout)?;
    let entries = json["entries"].as_u64().unwrap_or_default();
    let head = json["head"].as_str().unwrap_or_default().to_owned();
    Ok((entries, head))
}

/// Somebody at work on the file itself, past what protects it.
async fn tamper(stage: &Stage, statements: &str) -> Result<()> {
    let file = stage.dir().join("data/picket.db");
    let options = SqliteConnectOptions::new().filename(file);
    let mut connection: SqliteConnection = options.connect().await?;
    for statement in statements.split(';') {
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&mut connection)
            .await?;
    }
    connection.close().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_log_is_found() -> Result<()> {
    let stage = Stage::open().await?;
    stage
        .until("the first release is out", |json| {
            json["release"].is_string()
        })
        .await?;
    let (_, first_head) = good(&stage, &[])?;
    stage.approve(MASTODON).await?;
    stage.until_pick(MASTODON, "released").await?;
    let (entries, head) = good(&stage, &["--head", &first_head])?;
    assert_eq!(entries, 4, "a release, two approvals, a release");
    let words = verify(&stage, &[])?.stdout;
    assert_eq!(
        words,
        format!("4 entries, whole; the last one's hash is {head}\n")
    );

    let unknown = verify(&stage, &["--head", &"ab".repeat(32)])?;
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(1), ""));
    assert!(
        unknown.stderr.contains("entries were cut off"),
        "{}",
        unknown.stderr
    );

    let protected = tamper(&stage, "UPDATE audit_log SET at = 0 WHERE seq = 2").await;
    let refused = protected.expect_err("the log is append-only").to_string();
    assert!(
        refused.contains("the audit log is append-only"),
        "{refused}"
    );

    tamper(
        &stage,
        "DROP TRIGGER audit_log_never_shrinks; DELETE FROM audit_log WHERE seq = 4",
    )
    .await?;
    assert_eq!(good(&stage, &[])?.0, 3, "the rest is whole");
    let cut_off = verify(&stage, &["--head", &head])?;
    assert_eq!(cut_off.code, Some(1), "{}", cut_off.stdout);

    tamper(
        &stage,
        "DROP TRIGGER audit_log_never_changes; \
         UPDATE audit_log SET actor = 'mallory' WHERE seq = 2",
    )
    .await?;
    let changed = verify(&stage, &["--json"])?;
    assert_eq!((changed.code, changed.stdout.as_str()), (Some(1), ""));
    assert!(changed.stderr.contains("entry 2"), "{}", changed.stderr);
    Ok(())
}
