//! The command line.

use std::path::PathBuf;

use clap::Parser;

/// Show the whole way of a fix in a small world of its own.
///
/// Makes a small nixpkgs, a stand-in for GitHub and an official channel on this machine, with
/// open security pull requests, and runs Picket on it. Needs nix, git and a static busybox; no
/// network, no root. The web pages stay up until you press Ctrl-C. A second run on the same
/// folder goes on from where the first one was.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask demo", bin_name = "cargo xtask demo", version)]
pub struct Demo {
    /// The folder that everything is kept in.
    #[arg(long, value_name = "DIR", default_value = "picket-demo")]
    pub dir: PathBuf,
    /// The port of the web pages, on 127.0.0.1; 0 takes a free one. Default: that of the folder's
    /// last run, or 8080.
    #[arg(long, value_name = "N")]
    pub port: Option<u16>,
    /// Approve through the web pages' own endpoints, publish, verify, and stop.
    #[arg(long)]
    pub exit: bool,
    /// Print one JSON object as the last line of standard output.
    #[arg(long)]
    pub json: bool,
}
