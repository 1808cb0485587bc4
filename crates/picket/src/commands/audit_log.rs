//! `picket audit-log`

use std::process::ExitCode;

use anyhow::bail;
use picket_store::Store;
use serde_json::json;

use crate::cli;
use crate::config::{Allowances, Config};

pub(crate) async fn verify(arguments: &cli::AuditLogVerify) -> anyhow::Result<ExitCode> {
    // Reading the log needs no sign-in, so that of a demo is no reason to refuse.
    let config = Config::load(&arguments.config, Allowances { demo_sign_in: true })?;
    let store = Store::open_existing(config.database_url.expose()).await?;
    let (entries, head) = store.whole_log_verified().await?;
    if let Some(noted) = arguments.head
        && !store.log_holds(noted).await?
    {
        bail!("the log does not hold the entry {noted}: entries were cut off its end");
    }
    if arguments.json {
        println!(
            "{}",
            json!({ "entries": entries, "head": head.to_string() })
        );
    } else {
        println!("{entries} entries, whole; the last one's hash is {head}");
    }
    Ok(ExitCode::SUCCESS)
}
