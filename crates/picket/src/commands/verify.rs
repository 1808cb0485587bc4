//! `picket verify`

use std::process::ExitCode;

use picket_publisher::{MissingLatest, VerifyTerms, verify_by};

use crate::cli;

pub(crate) async fn run(arguments: &cli::Verify) -> anyhow::Result<ExitCode> {
    let terms = VerifyTerms {
        missing_latest: match arguments.require_latest {
            true => MissingLatest::Wrong,
            false => MissingLatest::Noted,
        },
        state: arguments.state.as_deref(),
        ..VerifyTerms::of(&arguments.public_keys)
    };
    let report = verify_by(&arguments.url, &terms).await;
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
