//! `picket gc`

use std::process::ExitCode;

use picket_reconcile::{Removed, RetentionReport};

use crate::cli;
use crate::config::{Allowances, Config};
use crate::service::open_collector;

pub(crate) async fn run(arguments: &cli::Gc) -> anyhow::Result<ExitCode> {
    // Nobody signs in here, so that a demo's sign-in is no reason to refuse.
    let config = Config::load(&arguments.config, Allowances { demo_sign_in: true })?;
    let report = open_collector(config)
        .await?
        .collect(arguments.dry_run)
        .await?;
    if arguments.json {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        print!("{}", text(&report, arguments.dry_run));
    }
    Ok(ExitCode::SUCCESS)
}

fn text(report: &RetentionReport, dry_run: bool) -> String {
    let verb = if dry_run { "would remove" } else { "removed" };
    let mut text = table(&report.removed);
    if !report.left.is_empty() {
        text.push_str("still there:\n");
        text.push_str(&table(&report.left));
    }
    match report.removed.len() {
        0 => text.push_str(&format!("{verb} nothing\n")),
        _ => text.push_str(&format!("{verb} {} in all\n", size(report.bytes))),
    }
    text
}

/// A line for each: what, its size, why.
fn table(rows: &[Removed]) -> String {
    let cells: Vec<_> = rows.iter().map(|row| (row, size(row.bytes))).collect();
    let what = rows.iter().map(|row| row.what.chars().count()).max();
    let length = cells.iter().map(|(_, size)| size.len()).max();
    let (what, length) = (what.unwrap_or(0), length.unwrap_or(0));
    let lines = cells
        .iter()
        .map(|(row, size)| format!("{:what$}  {size:>length$}  {}\n", row.what, row.why));
    lines.collect()
}

/// Bytes as people read them.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_024 => format!("{bytes} B"),
        1_024..1_048_576 => format!("{} KiB", bytes >> 10),
        1_048_576..1_073_741_824 => format!("{} MiB", bytes >> 20),
        1_073_741_824.. => format!("{} GiB", bytes >> 30),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(what: &str, why: &str, bytes: u64) -> Removed {
        Removed {
            what: what.to_owned(),
            why: why.to_owned(),
            bytes,
        }
    }

    #[test]
    fn a_report_says_what_goes_and_why() {
        let report = RetentionReport {
            removed: vec![
                row(
                    "release nixos-26.05.1.abc",
                    "the next one took its place",
                    5 << 20,
                ),
                row("build logs of 0123abc", "nothing needs it any more", 900),
            ],
            bytes: (5 << 20) + 900,
            left: vec![row(
                "evaluations of fedc987",
                "a build works with it",
                2_048,
            )],
        };
        insta::assert_snapshot!(text(&report, true), @"
        release nixos-26.05.1.abc  5 MiB  the next one took its place
        build logs of 0123abc      900 B  nothing needs it any more
        still there:
        evaluations of fedc987  2 KiB  a build works with it
        would remove 5 MiB in all
        ");
        insta::assert_snapshot!(text(&RetentionReport::default(), false), @"removed nothing");
    }
}
