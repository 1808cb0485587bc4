//! The help texts: what a person reads who has nothing else.

use anyhow::{Context, Result};
use picket_tests::{Ran, run, run_demo};

/// What `--help` prints, without the blanks that clap leaves at the ends of lines.
fn help(command: &[&str]) -> Result<String> {
    text(&run(command.iter().chain(&["--help"]))?)
}

fn text(ran: &Ran) -> Result<String> {
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(0), ""));
    let lines: Vec<&str> = ran.stdout.lines().map(str::trim_end).collect();
    Ok(lines.join("\n"))
}

#[test]
fn without_a_command_there_is_help() -> Result<()> {
    let ran = run::<&str>([])?;
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""));
    assert!(
        ran.stderr.contains("Usage: picket <COMMAND>"),
        "{}",
        ran.stderr
    );
    let version = run(["--version"])?;
    assert_eq!(
        version.stdout,
        concat!("picket ", env!("CARGO_PKG_VERSION"), "\n")
    );
    Ok(())
}

#[test]
fn help_of_picket() -> Result<()> {
    insta::assert_snapshot!(help(&[])?, @"
    A security channel for Nix: a stable channel plus the security fixes that your team approved, built,
    signed and published within minutes.

    To run it, make a key with `picket keygen`, write a configuration file (`picket check-config --help`
    lists the keys), and start `picket serve`.

    Usage: picket <COMMAND>

    Commands:
      serve         Watch, assemble, build, publish and serve, until stopped
      sign-server   Hold the signing keys, and sign what `picket serve` may have signed, until stopped.
      check-config  Check a configuration file and the files that it names, and stop
      keygen        Make a signing key and print its public half
      verify        Check a channel from outside, as its clients see it: the release's signature, every
                    file's hash, every narinfo and NAR of its binary cache, that it is the current
                    release, and that it is in the release log
      mirror        Bring copies of what is published up to date: in S3 buckets, or in folders
                    elsewhere.
      gc            Remove what the retention rules let go, or say what that would be
      accounts      Look after the accounts behind the team's logins
      audit-log     Look after the audit log
      replay        Replay real backports with Picket's merge engine, as a check of it
      explain       Tell how a pick was made, and how to make it again with git alone
      impact        Say what a change changes, before anybody approves it: attributes, derivations to
                    build.
      recognise     Tell which pull requests are security fixes, though nobody labelled them, and why.
      tarball       Pack a revision's tree as a channel's releases are packed: nixexprs.tar.xz and
                    nixexprs.tar.zst
      help          Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    ");
    Ok(())
}

#[test]
fn help_of_serve() -> Result<()> {
    insta::assert_snapshot!(help(&["serve"])?, @r"
    Watch, assemble, build, publish and serve, until stopped

    Usage: picket serve [OPTIONS] --config <FILE>

    Options:
          --config <FILE>
              The configuration file

          --allow-demo-sign-in
              Allow sign-in by passphrase ([web.demo_sign_in]); on loopback only

          --log-format <LOG_FORMAT>
              How log lines look. PICKET_LOG=debug shows more of them

              Possible values:
              - text:     One line an event, for people
              - json:     One JSON object an event, for log collectors
              - progress: Progress alone, with the seconds since the start

              [default: text]

      -h, --help
              Print help (see a summary with '-h')
    ");
    Ok(())
}

#[test]
fn help_of_mirror() -> Result<()> {
    insta::assert_snapshot!(help(&["mirror"])?, @"
    Bring copies of what is published up to date: in S3 buckets, or in folders elsewhere.

    With --config, those that the configuration's `mirror` sections name; `picket serve` does the
    same by itself after each release. Or by hand, of any public folder:

      picket mirror --from /var/lib/picket/public --to s3://channel.example.org/nixos

    Only what changed is written, and what was removed here is removed there, as far as an earlier
    run put it there. Readers of a mirror are led to whole releases at every instant, also where this
    is killed; the next run goes on. Run it as the user that the service runs as.

    Credentials are those of the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and
    AWS_SESSION_TOKEN where there is one; or those of --credentials-file. deploy/README.md says what
    they must allow, and what is to stand before a bucket so that Nix can subscribe to it.

    Usage: picket mirror [OPTIONS]

    Options:
          --config <FILE>
              The configuration file, which names the public folder and its mirrors

          --from <DIR>
              A public folder: the folder public in a Picket's data_dir

          --to <PLACE>
              Where the copy is: s3://BUCKET/PREFIX, or a folder. With --config, one of its mirrors
              alone

          --endpoint <URL>
              The address of the bucket's server, where that is not Amazon's

          --region <REGION>
              The bucket's region

          --credentials-file <FILE>
              A file in the form of ~/.aws/credentials, instead of the environment's

          --no-conditional-writes
              For a server that knows no If-Match and If-None-Match on what is written. Nothing then
              keeps two services from writing to one mirror at the same time

          --adopt
              Take a mirror over that another public folder had: what that one put there is kept or
              removed by this one's runs from now on

          --dry-run
              Write nothing: say what would be done

          --json
              Print what was done as JSON, an object for each mirror

      -h, --help
              Print help (see a summary with '-h')
    ");
    Ok(())
}

#[test]
fn help_of_impact() -> Result<()> {
    insta::assert_snapshot!(help(&["impact"])?, @r#"
    Say what a change changes, before anybody approves it: attributes, derivations to build.

    BASE and HEAD are revisions of a nixpkgs repository, which is only read. The first look at a
    repository evaluates all of BASE, and keeps what it learns; another BASE near it takes seconds.
    The estimate for a HEAD then takes a second. Where it does not know something, it says so.

    Attributes are counted as `nix-env -qaP` counts them where unfree packages are allowed: those of
    the top level, for any system, each derivation by one of its names. One has changed if its
    outputs have other store paths.

    What a commit changes, and whether that is really so:

      picket impact --repo nixpkgs.git --base abc123^ --head abc123 --full

    What it does to the NixOS tests and packages that the small channel waits for:

      picket impact --repo nixpkgs.git --base abc123^ --head abc123 --jobset nixos/release-small.nix

    Usage: picket impact [OPTIONS] --repo <PATH> --base <REV> --head <REV>

    Options:
          --repo <PATH>
              The git repository, a clone of nixpkgs

          --base <REV>
              The revision before the change

          --head <REV>
              The revision after it

          --jobset <FILE>
              A file of the tree whose jobs are looked at, instead of the package set's top level

          --full
              Evaluate everything after the change as well, and compare the estimate with that

          --mass-rebuild <N>
              More derivations to build than these are called a mass rebuild

              [default: 500]

          --system <SYSTEM>
              The system, as Nix names it

              [default: x86_64-linux]

          --cache <DIR>
              The folder for trees, derivations and what is known of bases; default: picket/impact in
              the user's cache folder. It can be removed at any time

          --cache-mib <MIB>
              How much that folder may hold beside the tree, in MiB. What has not been used for longest
              goes

              [default: 4096]

          --budget <SECONDS>
              How much processor time the estimate may take, in seconds

              [default: 1.2]

          --memory-mib <MIB>
              How much memory evaluating may take, in MiB. Half of the machine's unless told

          --unsandboxed
              Evaluate although there is no sandbox here, so that only Nix itself keeps the tree's
              expressions from reading this machine's files

          --json
              Make the last line of the output a JSON object

      -h, --help
              Print help (see a summary with '-h')
    "#);
    Ok(())
}

#[test]
fn help_of_recognise() -> Result<()> {
    insta::assert_snapshot!(help(&["recognise"])?, @r#"
    Tell which pull requests are security fixes, though nobody labelled them, and why.

    FILE has a JSON object on each line: number, title, body (or null), base (the branch), and
    files (a list of paths, if they are known). Other fields are ignored. Printed is each security
    fix with its reasons, and where they were found; docs/recognition.md says how they are weighed.

    If lines have a label, security (true or false), the last line says how many of the recognised
    ones are security fixes (precision), and how many security fixes were recognised (recall).

      {"number": 61827, "title": "openssl: cve-2019-1543", "body": null, "base": "master"}

    What the open pull requests of a repository are:

      gh pr list --limit 200 --json number,title,body,baseRefName |
        jq --compact-output '.[] | .base = .baseRefName' | picket recognise -

    A line that cannot be read is told on standard error; the others are answered all the same, and
    the exit code is 1.

    Usage: picket recognise [OPTIONS] <FILE>

    Arguments:
      <FILE>
              The pull requests, a JSON object a line; `-` is standard input

    Options:
          --list
              List what was wrong at the end: security fixes missed, and others taken for one

          --json
              Print a JSON object for each line: number, security, reasons

      -h, --help
              Print help (see a summary with '-h')
    "#);
    Ok(())
}

#[test]
fn help_of_demo() -> Result<()> {
    insta::assert_snapshot!(text(&run_demo(["--help"])?)?, @r"
    Show the whole way of a fix in a small world of its own.

    Makes a small nixpkgs, a stand-in for GitHub and an official channel on this machine, with open
    security pull requests, and runs Picket on it. Needs nix, git and a static busybox; no network, no
    root. The web pages stay up until you press Ctrl-C. A second run on the same folder goes on from
    where the first one was.

    Usage: cargo xtask demo [OPTIONS]

    Options:
          --dir <DIR>
              The folder that everything is kept in

              [default: picket-demo]

          --port <N>
              The port of the web pages, on 127.0.0.1; 0 takes a free one. Default: that of the folder's
              last run, or 8080

          --exit
              Approve through the web pages' own endpoints, publish, verify, and stop

          --json
              Print one JSON object as the last line of standard output

      -h, --help
              Print help (see a summary with '-h')

      -V, --version
              Print version
    ");
    Ok(())
}

#[test]
fn help_of_check_config() -> Result<()> {
    let text = help(&["check-config"])?;
    let (text, keys) = text
        .split_once("\n  data_dir\n")
        .context("the list of keys")?;
    assert!(keys.contains("  channel.required_approvals\n"), "{keys}");
    insta::assert_snapshot!(text, @r"
    Check a configuration file and the files that it names, and stop

    Usage: picket check-config [OPTIONS] --config <FILE>

    Options:
          --config <FILE>
              The configuration file

          --allow-demo-sign-in
              Allow sign-in by passphrase, as `picket serve` does

      -h, --help
              Print help (see a summary with '-h')

    The configuration file's keys:
    ");
    Ok(())
}

#[test]
fn help_of_keygen() -> Result<()> {
    insta::assert_snapshot!(help(&["keygen"])?, @r"
    Make a signing key and print its public half

    Usage: picket keygen --out <FILE> <NAME>

    Arguments:
      <NAME>  The key's name, which clients see: by custom host name and number, as sec.example.org-1

    Options:
          --out <FILE>  The file that gets the secret key; it must not exist
      -h, --help        Print help
    ");
    Ok(())
}

#[test]
fn help_of_sign_server() -> Result<()> {
    insta::assert_snapshot!(help(&["sign-server"])?, @r#"
    Hold the signing keys, and sign what `picket serve` may have signed, until stopped.

    Whoever reaches the service, which listens to the world, then has no key. The signer has a user of
    its own and no network, and takes four things alone over its socket: a store path's fingerprint,
    a release.json, a latest.json, and the entries of the release log. It signs a store path with one
    content only, a release only if its number is higher than those before, a statement of which
    release is current only if it goes forward and soon expires, and a log only if it grows. All
    that it signed and refused is in log.jsonl of its folder, a line of JSON each.

      picket sign-server --key key --state state --socket /run/picket-signer/socket

    signing.server, in the configuration of `picket serve`, names the socket. Both programs have to be
    of one version. deploy/systemd has units. What is published is served also while the signer is
    down; what is to be published waits for it.

    Usage: picket sign-server [OPTIONS] --key <FILE> --state <DIR>

    Options:
          --key <FILE>
              A file with a secret key, as `picket keygen` writes it (repeatable, while one key replaces
              another: everything is signed with each)

          --state <DIR>
              The folder for what it has to remember, and for its log; made where it is missing. It is
              part of what the key is worth: without it numbers and paths could be signed a second time

          --socket <PATH>
              The socket to listen on; left out where systemd hands it over. Its owner and its group may
              ask

          --channel <NAME>
              A channel whose releases it signs (repeatable). Without one, those of any channel

          --store-dir <DIR>
              The store folder that clients have: no path of another one is signed

              [default: /nix/store]

          --latest-hours <HOURS>
              For how many hours a statement of which release is current may hold; not fewer than
              signing.latest_hours of `picket serve`

              [default: 72]

          --log-format <LOG_FORMAT>
              How log lines look. PICKET_LOG=debug shows more of them

              Possible values:
              - text:     One line an event, for people
              - json:     One JSON object an event, for log collectors
              - progress: Progress alone, with the seconds since the start

              [default: text]

      -h, --help
              Print help (see a summary with '-h')
    "#);
    Ok(())
}

#[test]
fn help_of_verify() -> Result<()> {
    insta::assert_snapshot!(help(&["verify"])?, @r"
    Check a channel from outside, as its clients see it: the release's signature, every file's hash,
    every narinfo and NAR of its binary cache, that it is the current release, and that it is in the
    release log.

    Which release is the current one is stated in the channel's latest.json, which is signed anew all
    the time and expires after some days. A channel that was moved back, and a mirror that stands still,
    are told by it. A channel of an older Picket has none; that is noted, and wrong only with
    --require-latest, or where a file given as --state remembers that it had one.

    The release log is the same for all: who is shown a release of their own does not find it there. A
    service whose latest.json names a log has to have it, and a file given as --state remembers how far
    it had grown: it only ever grows.

    The address of one release gives that release, whatever comes later: there nothing is said of the
    current one, and nothing remembered of the channel.

    Usage: picket verify [OPTIONS] --public-key <KEY> <URL>

    Arguments:
      <URL>
              The channel's address, as clients subscribe to it

    Options:
          --public-key <KEY>
              A public key that the release may be signed with (repeatable)

          --require-latest
              Take it for wrong if the channel has no latest.json

          --state <FILE>
              A file that remembers the highest release of each channel that was good, and refuses a
              lower one, or another of the same number; and how far the release log had grown. Made
              where it is missing. Without it nothing is remembered

          --json
              Print the report as one JSON object

      -h, --help
              Print help (see a summary with '-h')
    ");
    Ok(())
}

#[test]
fn help_of_gc() -> Result<()> {
    insta::assert_snapshot!(help(&["gc"])?, @r"
    Remove what the retention rules let go, or say what that would be.

    That is: releases that were superseded long ago (the newest ones of each channel stay), paths of the
    binary cache that no release needs any more, and evaluations, build logs and roots in the Nix store
    that no build needs. The keys retention.* say for how long each is kept.

    `picket serve` does the same by itself, once an hour. This is for looking first, with --dry-run, and
    for a disk that runs short. It may run beside a service: what is in use stays, and is told. Run it
    as the user that the service runs as.

    Usage: picket gc [OPTIONS] --config <FILE>

    Options:
          --config <FILE>
              The configuration file, which names the data folder and what is kept

          --dry-run
              Remove nothing: say what would go, and why

          --json
              Print the report as one JSON object

      -h, --help
              Print help (see a summary with '-h')
    ");
    Ok(())
}

#[test]
fn help_of_accounts() -> Result<()> {
    insta::assert_snapshot!(help(&["accounts"])?, @"
    Look after the accounts behind the team's logins.

    A login is bound to the first account at GitHub that signs in under it. No other one is let in under
    that name, should its holder give it up and somebody else take it.

    Usage: picket accounts <COMMAND>

    Commands:
      list    List the logins, and whose they are
      unbind  Take a login from its account, so that the next one that signs in under it keeps it
      help    Print this message or the help of the given subcommand(s)

    Options:
      -h, --help
              Print help (see a summary with '-h')
    ");
    Ok(())
}

#[test]
fn help_of_accounts_unbind() -> Result<()> {
    insta::assert_snapshot!(help(&["accounts", "unbind"])?, @"
    Take a login from its account, so that the next one that signs in under it keeps it.

    For a member who has a new account, or a name that was passed on. The account's sessions end, and
    what it approved does not count any more for what is not out yet. The audit log says so.

    Usage: picket accounts unbind [OPTIONS] --config <FILE> <LOGIN>

    Arguments:
      <LOGIN>
              The login

    Options:
          --config <FILE>
              The configuration file, which names the database

          --json
              Print the result as one JSON object

      -h, --help
              Print help (see a summary with '-h')
    ");
    Ok(())
}

#[test]
fn help_of_audit_log() -> Result<()> {
    insta::assert_snapshot!(help(&["audit-log"])?, @r"
    Look after the audit log

    Usage: picket audit-log <COMMAND>

    Commands:
      verify  Check the log's hash chain from the first entry to the last
      help    Print this message or the help of the given subcommand(s)

    Options:
      -h, --help  Print help
    ");
    Ok(())
}

#[test]
fn help_of_audit_log_verify() -> Result<()> {
    insta::assert_snapshot!(help(&["audit-log", "verify"])?, @r"
    Check the log's hash chain from the first entry to the last.

    Prints how many entries there are and the hash of the last. Note that hash elsewhere: with --head,
    entries cut off the log's end are found too.

    Usage: picket audit-log verify [OPTIONS] --config <FILE>

    Options:
          --config <FILE>
              The configuration file, which names the database

          --head <HASH>
              The hash of an entry that the log must still hold, as an earlier run printed it

          --json
              Print the result as one JSON object

      -h, --help
              Print help (see a summary with '-h')
    ");
    Ok(())
}

#[test]
fn help_of_explain() -> Result<()> {
    insta::assert_snapshot!(help(&["explain"])?, @"
    Tell how a pick was made, and how to make it again with git alone.

    PICK is a commit of a channel's branch; or, with --config, a pull request's number, for its commits
    in the present chain. Prints what went into the merge, the engine and its options, what people made
    of conflicts, and commands that make the same commit in any clone.

    Usage: picket explain [OPTIONS] <PICK>

    Arguments:
      <PICK>
              The pick: a commit's full id, or a pull request's number

    Options:
          --config <FILE>
              The configuration file, which names the mirror and the database

          --repo <PATH>
              A git repository that has the pick and the commit that it was made of

          --json
              Print a list of JSON objects, one for each commit

      -h, --help
              Print help (see a summary with '-h')
    ");
    Ok(())
}
