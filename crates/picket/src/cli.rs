//! The command line.

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::{Parser, Subcommand};
use picket_domain::{CommitSha, EntryHash, PrNumber};
use picket_publisher::{KeyName, PublicKey};
use url::Url;

use crate::commands;
use crate::logging::{self, LogFormat};

/// A security channel for Nix: a stable channel plus the security fixes that your team approved,
/// built, signed and published within minutes.
///
/// Try it with `picket demo`. To run it, make a key with `picket keygen`, write a configuration
/// file (`picket check-config --help` lists the keys), and start `picket serve`.
#[derive(Debug, Parser)]
#[command(name = "picket", version, arg_required_else_help = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Watch, assemble, build, publish and serve, until stopped.
    Serve(Serve),
    /// Show the whole way of a fix in a small world of its own.
    ///
    /// Makes a small nixpkgs, a stand-in for GitHub and an official channel on this machine, with
    /// open security pull requests, and runs Picket on it. Needs nix, git and a static busybox; no
    /// network, no root. The web pages stay up until you press Ctrl-C. A second run on the same
    /// folder goes on from where the first one was.
    Demo(Demo),
    /// Check a configuration file and the files that it names, and stop.
    #[command(after_long_help = crate::config::keys_help())]
    CheckConfig(CheckConfig),
    /// Make a signing key and print its public half.
    Keygen(Keygen),
    /// Check a channel from outside, as its clients see it: the release's signature, every file's
    /// hash, and every narinfo and NAR of its binary cache.
    Verify(Verify),
    /// Look after the audit log.
    #[command(subcommand)]
    AuditLog(AuditLog),
    /// Replay real backports with Picket's merge engine, as a check of it.
    ///
    /// Every commit with one `cherry picked from commit X` line is ground truth: X is picked onto
    /// the backport's first parent, and the tree is compared with the one that people committed.
    /// The repository is only read.
    Replay(Replay),
    /// Tell how a pick was made, and how to make it again with git alone.
    ///
    /// PICK is a commit of a channel's branch; or, with --config, a pull request's number, for its
    /// commits in the present chain. Prints what went into the merge, the engine and its options,
    /// what people made of conflicts, and commands that make the same commit in any clone.
    Explain(Explain),
}

/// `picket serve`
#[derive(Debug, clap::Args)]
pub struct Serve {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Allow sign-in by passphrase ([web.demo_sign_in]); on loopback only.
    #[arg(long)]
    pub allow_demo_sign_in: bool,
    /// How log lines look. PICKET_LOG=debug shows more of them.
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub log_format: LogFormat,
}

/// `picket demo`
#[derive(Debug, clap::Args)]
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

/// `picket check-config`
#[derive(Debug, clap::Args)]
pub struct CheckConfig {
    /// The configuration file.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Allow sign-in by passphrase, as `picket serve` does.
    #[arg(long)]
    pub allow_demo_sign_in: bool,
}

/// `picket keygen`
#[derive(Debug, clap::Args)]
pub struct Keygen {
    /// The key's name, which clients see: by custom host name and number, as sec.example.org-1.
    pub name: KeyName,
    /// The file that gets the secret key; it must not exist.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// `picket verify`
#[derive(Debug, clap::Args)]
pub struct Verify {
    /// The channel's address, as clients subscribe to it.
    pub url: Url,
    /// A public key that the release may be signed with (repeatable).
    #[arg(long = "public-key", value_name = "KEY", required = true)]
    pub public_keys: Vec<PublicKey>,
    /// Print the report as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `picket audit-log`
#[derive(Debug, Subcommand)]
pub enum AuditLog {
    /// Check the log's hash chain from the first entry to the last.
    ///
    /// Prints how many entries there are and the hash of the last. Note that hash elsewhere: with
    /// --head, entries cut off the log's end are found too.
    Verify(AuditLogVerify),
}

/// `picket audit-log verify`
#[derive(Debug, clap::Args)]
pub struct AuditLogVerify {
    /// The configuration file, which names the database.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// The hash of an entry that the log must still hold, as an earlier run printed it.
    #[arg(long, value_name = "HASH")]
    pub head: Option<EntryHash>,
    /// Print the result as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `picket replay`
#[derive(Debug, clap::Args)]
pub struct Replay {
    /// The git repository.
    #[arg(long, value_name = "PATH")]
    pub repo: PathBuf,
    /// Replay the backports in this revision's history.
    #[arg(long, value_name = "REV", required_unless_present = "picks")]
    pub branch: Option<String>,
    /// Replay the pairs in this file: BACKPORT SOURCE, a pair a line.
    #[arg(long, value_name = "FILE", conflicts_with = "branch")]
    pub picks: Option<PathBuf>,
    /// Replay with another engine too, and print every disagreement.
    #[arg(long, value_enum)]
    pub against: Option<Opponent>,
    /// Propose what becomes of conflicts, and compare that with what people committed.
    #[arg(long)]
    pub proposals: bool,
    /// List the picks that conflict: BACKPORT SOURCE identical|different|none PATHS, by tabs.
    #[arg(long, requires = "proposals")]
    pub list: bool,
    /// At most this many, the newest first.
    #[arg(long, value_name = "N")]
    pub limit: Option<usize>,
    /// Print the figures as one JSON object, in the last line.
    #[arg(long)]
    pub json: bool,
}

/// `picket explain`
#[derive(Debug, clap::Args)]
pub struct Explain {
    /// The pick: a commit's full id, or a pull request's number.
    #[arg(value_name = "PICK")]
    pub pick: PickName,
    /// The configuration file, which names the mirror and the database.
    #[arg(long, value_name = "FILE", required_unless_present = "repo")]
    pub config: Option<PathBuf>,
    /// A git repository that has the pick and the commit that it was made of.
    #[arg(long, value_name = "PATH", conflicts_with = "config")]
    pub repo: Option<PathBuf>,
    /// Print a list of JSON objects, one for each commit.
    #[arg(long)]
    pub json: bool,
}

/// What a pick is called by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PickName {
    /// One of its commits.
    Commit(CommitSha),
    /// Its pull request.
    PullRequest(PrNumber),
}

impl FromStr for PickName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Ok(commit) = text.parse() {
            return Ok(Self::Commit(commit));
        }
        let number = text.strip_prefix('#').unwrap_or(text).parse();
        number.map(Self::PullRequest).map_err(|_| {
            "neither a commit's id (40 lower-case hexadecimal digits) nor a number".to_owned()
        })
    }
}

/// Another merge engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Opponent {
    /// `git merge-tree`, as one process.
    Git,
}

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    // Both rustls providers may be linked in through dependencies; one must be chosen.
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        eprintln!("error: another TLS provider was installed before the program started");
        return ExitCode::FAILURE;
    }
    logging::init(match &cli.command {
        Command::Serve(serve) => serve.log_format,
        Command::Demo(_) | Command::Verify(_) => LogFormat::Progress,
        Command::CheckConfig(_)
        | Command::Keygen(_)
        | Command::AuditLog(_)
        | Command::Replay(_)
        | Command::Explain(_) => LogFormat::Text,
    });
    let result = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(run(cli.command)));
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(arguments) => commands::serve::run(arguments).await,
        Command::Demo(arguments) => commands::demo::run(arguments).await,
        Command::CheckConfig(arguments) => commands::check_config::run(&arguments),
        Command::Keygen(arguments) => commands::keygen::run(&arguments),
        Command::Verify(arguments) => commands::verify::run(&arguments).await,
        Command::AuditLog(AuditLog::Verify(arguments)) => {
            commands::audit_log::verify(&arguments).await
        }
        Command::Replay(arguments) => commands::replay::run(&arguments),
        Command::Explain(arguments) => commands::explain::run(&arguments).await,
    }
}
