//! `picket verify`

use std::process::ExitCode;

use crate::cli;

pub(crate) async fn run(arguments: &cli::Verify) -> anyhow::Result<ExitCode> {
    let report = picket_publisher::verify(&arguments.url, &arguments.public_keys).await;
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    Ok(if report.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
