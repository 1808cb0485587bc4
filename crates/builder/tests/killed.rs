//! A builder that is killed in the middle of a build, and started again.
//!
//! A program of its own, which starts itself once more for the process that is killed.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail as its own lines do"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Command;

use picket_builder::{BuildRequest, Builder, JobSet, Limits, Nix, NixConfig, Revision};
use picket_domain::{BuildReport, CommitSha, JobPattern, Scope};
use picket_testkit::nix::NixStore;
use rustix::fs::{CWD, Mode, mkfifoat};

/// Says to the program that it is the one that is killed, and in which folder it works.
const WORLD: &str = "PICKET_TEST_KILLED_WORLD";

fn revision(dir: &Path, name: char) -> Revision {
    Revision {
        rev: CommitSha::parse(&name.to_string().repeat(40)).unwrap(),
        tree: dir.join(name.to_string()),
    }
}

async fn build(dir: &Path) -> BuildReport {
    let store = NixStore::create(&dir.join("nix")).unwrap();
    let nix = Nix::new(NixConfig {
        environment: store.environment(),
        ..NixConfig::default()
    });
    let builder = Builder::new(nix, &dir.join("state"), Limits::default()).unwrap();
    let (base, head) = (&revision(dir, 'a'), &revision(dir, 'b'));
    let jobs = &JobSet {
        file: "jobs.nix".into(),
        arguments: BTreeMap::new(),
        attributes: Vec::new(),
    };
    let request = BuildRequest {
        base,
        head,
        jobs,
        required: &[JobPattern::all()],
        rebuild_limit: 0,
        scope: &Scope::default(),
        package_tests: 0,
    };
    builder.build(request).await.unwrap()
}

/// `first` is done when `second`, which needs it, says so through a pipe and then never ends, unless
/// it is let.
fn jobs(dir: &Path) -> String {
    let dir = dir.display();
    format!(
        r#"
let mk = name: script: derivation {{
  inherit name;
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-c" script ];
}}; in rec {{
  first = mk "first" "echo >> {dir}/first; echo > $out";
  second = mk "second" ''
    read line < ${{first}}
    if ! test -e {dir}/again; then echo begun > {dir}/pipe; while :; do :; done; fi
    echo > $out
  '';
}}"#
    )
}

#[tokio::test]
async fn what_was_built_before_a_kill_is_not_built_again() {
    if let Some(dir) = std::env::var_os(WORLD) {
        build(Path::new(&dir)).await;
        panic!("its build does not end");
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (name, jobs) in [('a', "{ }".to_owned()), ('b', jobs(dir))] {
        let tree = revision(dir, name).tree;
        fs::create_dir(&tree).unwrap();
        fs::write(tree.join("jobs.nix"), jobs).unwrap();
    }
    mkfifoat(CWD, dir.join("pipe"), Mode::RWXU).unwrap();
    let mut killed = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "what_was_built_before_a_kill_is_not_built_again"])
        .env(WORLD, dir)
        .spawn()
        .unwrap();
    let mut line = String::new();
    let pipe = fs::File::open(dir.join("pipe")).unwrap();
    BufReader::new(pipe).read_line(&mut line).unwrap();
    assert_eq!(line, "begun\n");
    // SIGKILL: nothing of it gets to clean up.
    killed.kill().unwrap();
    killed.wait().unwrap();

    fs::write(dir.join("again"), "").unwrap();
    let report = build(dir).await;
    assert_eq!(report.built_outputs().len(), 2, "{report:?}");
    let times = fs::read_to_string(dir.join("first")).unwrap();
    assert_eq!(times.lines().count(), 1, "it was built once");
}
