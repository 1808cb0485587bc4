//! `picket gc` beside a running service.

use std::fs::{self, File};
use std::path::Path;
use std::time::SystemTime;

use anyhow::Result;
use picket_tests::{Ran, Stage, run};
use serde_json::{Value, json};

fn gc(stage: &Stage, more: &[&str]) -> Result<Ran> {
    let config = stage.world.config_file.display().to_string();
    let ran = run(["gc", "--config", &config].iter().chain(more))?;
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    Ok(ran)
}

/// A log of a revision that nobody knows, as it is long after its build.
fn write_old_log(folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join("x.log"), [b'x'; 5_000])?;
    for path in [folder.join("x.log"), folder.to_owned()] {
        File::open(path)?.set_modified(SystemTime::UNIX_EPOCH)?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nothing_needs_goes_and_a_dry_run_only_says_so() -> Result<()> {
    let stage = Stage::open().await?;
    stage
        .until("the first release is out", |json| {
            json["release"].is_string()
        })
        .await?;
    let log = stage.dir().join("data/builds/logs").join("ab".repeat(20));
    write_old_log(&log)?;
    assert_eq!(
        gc(&stage, &["--dry-run"])?.stdout,
        "build logs of abababababab  4 KiB  nothing needs it any more\nwould remove 4 KiB in all\n"
    );
    assert!(log.exists());
    let removed: Value = serde_json::from_str(&gc(&stage, &["--json"])?.stdout)?;
    let what = json!({
        "what": "build logs of abababababab",
        "why": "nothing needs it any more",
        "bytes": 5_000,
    });
    assert_eq!(removed, json!({"removed": [what], "bytes": 5_000}));
    assert!(!log.exists());
    assert_eq!(gc(&stage, &[])?.stdout, "removed nothing\n");
    stage.channel().await?;
    Ok(())
}
