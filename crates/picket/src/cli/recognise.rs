//! The arguments of `picket recognise`.

use std::path::PathBuf;

/// `picket recognise`
#[derive(Debug, clap::Args)]
pub struct Recognise {
    /// The pull requests, a JSON object a line; `-` is standard input.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
    /// List what was wrong at the end: security fixes missed, and others taken for one.
    #[arg(long, conflicts_with = "json")]
    pub list: bool,
    /// Print a JSON object for each line: number, security, reasons.
    #[arg(long)]
    pub json: bool,
}
