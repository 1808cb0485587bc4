//! The help texts: what a person reads who has nothing else.

use anyhow::{Context, Result};
use picket_tests::run;

/// What `--help` prints, without the blanks that clap leaves at the ends of lines.
fn help(command: &[&str]) -> Result<String> {
    let ran = run(command.iter().chain(&["--help"]))?;
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

    Try it with `picket demo`. To run it, make a key with `picket keygen`, write a configuration file
    (`picket check-config --help` lists the keys), and start `picket serve`.

    Usage: picket <COMMAND>

    Commands:
      serve         Watch, assemble, build, publish and serve, until stopped
      demo          Show the whole way of a fix in a small world of its own
      check-config  Check a configuration file and the files that it names, and stop
      keygen        Make a signing key and print its public half
      verify        Check a channel from outside, as its clients see it: the release's signature, every
                    file's hash, and every narinfo and NAR of its binary cache
      audit-log     Look after the audit log
      replay        Replay real backports with Picket's merge engine, as a check of it
      explain       Tell how a pick was made, and how to make it again with git alone
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
fn help_of_demo() -> Result<()> {
    insta::assert_snapshot!(help(&["demo"])?, @r"
    Show the whole way of a fix in a small world of its own.

    Makes a small nixpkgs, a stand-in for GitHub and an official channel on this machine, with open
    security pull requests, and runs Picket on it. Needs nix, git and a static busybox; no network, no
    root. The web pages stay up until you press Ctrl-C. A second run on the same folder goes on from
    where the first one was.

    Usage: picket demo [OPTIONS]

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
fn help_of_verify() -> Result<()> {
    insta::assert_snapshot!(help(&["verify"])?, @r"
    Check a channel from outside, as its clients see it: the release's signature, every file's hash, and
    every narinfo and NAR of its binary cache

    Usage: picket verify [OPTIONS] --public-key <KEY> <URL>

    Arguments:
      <URL>  The channel's address, as clients subscribe to it

    Options:
          --public-key <KEY>  A public key that the release may be signed with (repeatable)
          --json              Print the report as one JSON object
      -h, --help              Print help
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
