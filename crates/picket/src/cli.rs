//! The command line.

mod accounts;
mod impact;
mod mirror;
mod recognise;
mod sign_server;
mod tarball;

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::{Parser, Subcommand};
use picket_domain::{CommitSha, EntryHash, PrNumber};
use picket_publisher::{KeyName, PublicKey};
use url::Url;

use crate::commands;
use crate::logging::{self, LogFormat};
use crate::process;

pub use accounts::{Accounts, AccountsList, AccountsUnbind};
pub use impact::Impact;
pub use mirror::Mirror;
pub use recognise::Recognise;
pub use sign_server::SignServer;
pub use tarball::Tarball;

/// A security channel for Nix: a stable channel plus the security fixes that your team approved,
/// built, signed and published within minutes.
///
/// To run it, make a key with `picket keygen`, write a configuration
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
    /// Hold the signing keys, and sign what `picket serve` may have signed, until stopped.
    ///
    /// Whoever reaches the service, which listens to the world, then has no key. The signer has a user of
    /// its own and no network, and takes four things alone over its socket: a store path's fingerprint,
    /// a release.json, a latest.json, and the entries of the release log. It signs a store path with one
    /// content only, a release only if its number is higher than those before, a statement of which
    /// release is current only if it goes forward and soon expires, and a log only if it grows. All
    /// that it signed and refused is in log.jsonl of its folder, a line of JSON each.
    ///
    ///   picket sign-server --key key --state state --socket /run/picket-signer/socket
    ///
    /// signing.server, in the configuration of `picket serve`, names the socket. Both programs have to be
    /// of one version. deploy/systemd has units. What is published is served also while the signer is
    /// down; what is to be published waits for it.
    #[command(verbatim_doc_comment)]
    SignServer(SignServer),
    /// Check a configuration file and the files that it names, and stop.
    #[command(after_long_help = crate::config::keys_help())]
    CheckConfig(CheckConfig),
    /// Make a signing key and print its public half.
    Keygen(Keygen),
    /// Check a channel from outside, as its clients see it: the release's signature, every file's
    /// hash, every narinfo and NAR of its binary cache, that it is the current release, and that it is
    /// in the release log.
    ///
    /// Which release is the current one is stated in the channel's latest.json, which is signed anew
    /// all the time and expires after some days. A channel that was moved back, and a mirror that
    /// stands still, are told by it. A channel of an older Picket has none; that is noted, and wrong
    /// only with --require-latest, or where a file given as --state remembers that it had one.
    ///
    /// The release log is the same for all: who is shown a release of their own does not find it there.
    /// A service whose latest.json names a log has to have it, and a file given as --state remembers how
    /// far it had grown: it only ever grows.
    ///
    /// The address of one release gives that release, whatever comes later: there nothing is said
    /// of the current one, and nothing remembered of the channel.
    Verify(Verify),
    /// Bring copies of what is published up to date: in S3 buckets, or in folders elsewhere.
    ///
    /// With --config, those that the configuration's `mirror` sections name; `picket serve` does the
    /// same by itself after each release. Or by hand, of any public folder:
    ///
    ///   picket mirror --from /var/lib/picket/public --to s3://channel.example.org/nixos
    ///
    /// Only what changed is written, and what was removed here is removed there, as far as an earlier
    /// run put it there. Readers of a mirror are led to whole releases at every instant, also where this
    /// is killed; the next run goes on. Run it as the user that the service runs as.
    ///
    /// Credentials are those of the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and
    /// AWS_SESSION_TOKEN where there is one; or those of --credentials-file. deploy/README.md says what
    /// they must allow, and what is to stand before a bucket so that Nix can subscribe to it.
    #[command(verbatim_doc_comment)]
    Mirror(Box<Mirror>),
    /// Remove what the retention rules let go, or say what that would be.
    ///
    /// That is: releases that were superseded long ago (the newest ones of each channel stay), paths
    /// of the binary cache that no release needs any more, and evaluations, build logs and roots in
    /// the Nix store that no build needs. The keys retention.* say for how long each is kept.
    ///
    /// `picket serve` does the same by itself, once an hour. This is for looking first, with
    /// --dry-run, and for a disk that runs short. It may run beside a service: what is in use stays,
    /// and is told. Run it as the user that the service runs as.
    Gc(Gc),
    /// Look after the accounts behind the team's logins.
    ///
    /// A login is bound to the first account at GitHub that signs in under it. No other one is let in
    /// under that name, should its holder give it up and somebody else take it.
    #[command(subcommand)]
    Accounts(Accounts),
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
    /// Say what a change changes, before anybody approves it: attributes, derivations to build.
    ///
    /// BASE and HEAD are revisions of a nixpkgs repository, which is only read. The first look at a
    /// repository evaluates all of BASE, and keeps what it learns; another BASE near it takes seconds.
    /// The estimate for a HEAD then takes a second. Where it does not know something, it says so.
    ///
    /// Attributes are counted as `nix-env -qaP` counts them where unfree packages are allowed: those of
    /// the top level, for any system, each derivation by one of its names. One has changed if its
    /// outputs have other store paths.
    ///
    /// What a commit changes, and whether that is really so:
    ///
    ///   picket impact --repo nixpkgs.git --base abc123^ --head abc123 --full
    ///
    /// What it does to the NixOS tests and packages that the small channel waits for:
    ///
    ///   picket impact --repo nixpkgs.git --base abc123^ --head abc123 --jobset nixos/release-small.nix
    #[command(verbatim_doc_comment)]
    Impact(Impact),
    /// Tell which pull requests are security fixes, though nobody labelled them, and why.
    ///
    /// FILE has a JSON object on each line: number, title, body (or null), base (the branch), and
    /// files (a list of paths, if they are known). Other fields are ignored. Printed is each security
    /// fix with its reasons, and where they were found; docs/recognition.md says how they are weighed.
    ///
    /// If lines have a label, security (true or false), the last line says how many of the recognised
    /// ones are security fixes (precision), and how many security fixes were recognised (recall).
    ///
    ///   {"number": 61827, "title": "openssl: cve-2019-1543", "body": null, "base": "master"}
    ///
    /// What the open pull requests of a repository are:
    ///
    ///   gh pr list --limit 200 --json number,title,body,baseRefName |
    ///     jq --compact-output '.[] | .base = .baseRefName' | picket recognise -
    ///
    /// A line that cannot be read is told on standard error; the others are answered all the same, and
    /// the exit code is 1.
    #[command(verbatim_doc_comment)]
    Recognise(Recognise),
    /// Pack a revision's tree as a channel's releases are packed: nixexprs.tar.xz and nixexprs.tar.zst.
    ///
    /// The same revision gives the same bytes everywhere. The archive is cut into blocks, which are
    /// compressed on several processors; with --keep, a later revision's archive takes those over that
    /// are the same.
    Tarball(Tarball),
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
    /// Take it for wrong if the channel has no latest.json.
    #[arg(long)]
    pub require_latest: bool,
    /// A file that remembers the highest release of each channel that was good, and refuses a lower
    /// one, or another of the same number; and how far the release log had grown. Made where it is
    /// missing. Without it nothing is remembered.
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Print the report as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `picket gc`
#[derive(Debug, clap::Args)]
pub struct Gc {
    /// The configuration file, which names the data folder and what is kept.
    #[arg(long, value_name = "FILE")]
    pub config: PathBuf,
    /// Remove nothing: say what would go, and why.
    #[arg(long)]
    pub dry_run: bool,
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
    logging::init(match &cli.command {
        Command::Serve(serve) => serve.log_format,
        Command::SignServer(serve) => serve.log_format,
        Command::Verify(_) | Command::Mirror(_) => LogFormat::Progress,
        Command::CheckConfig(_)
        | Command::Keygen(_)
        | Command::Gc(_)
        | Command::Accounts(_)
        | Command::AuditLog(_)
        | Command::Replay(_)
        | Command::Explain(_)
        | Command::Impact(_)
        | Command::Recognise(_)
        | Command::Tarball(_) => LogFormat::Text,
    });
    let result = process::use_tls()
        .and_then(|()| Ok(tokio::runtime::Runtime::new()?))
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
        Command::SignServer(arguments) => commands::sign_server::run(arguments).await,
        Command::CheckConfig(arguments) => commands::check_config::run(&arguments).await,
        Command::Keygen(arguments) => commands::keygen::run(&arguments),
        Command::Verify(arguments) => commands::verify::run(&arguments).await,
        Command::Mirror(arguments) => commands::mirror::run(&arguments).await,
        Command::Gc(arguments) => commands::gc::run(&arguments).await,
        Command::Accounts(Accounts::List(arguments)) => commands::accounts::list(&arguments).await,
        Command::Accounts(Accounts::Unbind(arguments)) => {
            commands::accounts::unbind(&arguments).await
        }
        Command::AuditLog(AuditLog::Verify(arguments)) => {
            commands::audit_log::verify(&arguments).await
        }
        Command::Replay(arguments) => commands::replay::run(&arguments),
        Command::Explain(arguments) => commands::explain::run(&arguments).await,
        Command::Impact(arguments) => commands::impact::run(arguments).await,
        Command::Recognise(arguments) => commands::recognise::run(&arguments),
        Command::Tarball(arguments) => commands::tarball::run(&arguments),
    }
}
