//! What a person sees while builds run.
//!
//! A program of its own, since what is traced is captured for the whole of it: other tests beside
//! this one would decide whether anything is traced at all.

#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail as its own lines do"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use insta::assert_snapshot;
use picket_builder::{BuildRequest, Builder, JobSet, Limits, Nix, NixConfig, Revision};
use picket_domain::{CommitSha, JobPattern, Scope};
use picket_testkit::nix::{NixConf, NixStore};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Captured {
    /// The sentences, without the fields that follow them.
    fn sentences(&self) -> String {
        let bytes = self.0.lock().unwrap().clone();
        let text = String::from_utf8(bytes).unwrap();
        let sentences = text
            .lines()
            .map(|line| line.split(" rev=").next().unwrap_or_default());
        sentences.collect::<Vec<_>>().join("\n")
    }
}

fn revision(dir: &Path, name: char, jobs: &str) -> Revision {
    let tree = dir.join(name.to_string());
    fs::create_dir(&tree).unwrap();
    fs::write(tree.join("jobs.nix"), jobs).unwrap();
    Revision {
        rev: CommitSha::parse(&name.to_string().repeat(40)).unwrap(),
        tree,
    }
}

const JOBS: &str = r#"
let mk = name: script: derivation {
  inherit name;
  system = builtins.currentSystem;
  builder = "/bin/sh";
  args = [ "-c" script ];
}; in rec {
  lib = mk "lib-1.0" "echo lib > $out";
  app = mk "app-2.0" "read x < ${lib}; echo > $out";
  bad = mk "bad-3.0" "read x < ${app}; exit 1";
}"#;

#[tokio::test]
async fn every_stage_and_build_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let store = NixStore::create(&dir.path().join("nix")).unwrap();
    let one_by_one = NixConf::default().with("max-jobs", "1");
    store.configure(&one_by_one).unwrap();
    let nix = Nix::new(NixConfig {
        environment: store.environment(),
        ..NixConfig::default()
    });
    let builder = Builder::new(nix, &dir.path().join("state"), Limits::default()).unwrap();
    let base = &revision(dir.path(), 'a', "{ }");
    let head = &revision(dir.path(), 'b', JOBS);
    let jobs = &JobSet {
        file: "jobs.nix".into(),
        arguments: BTreeMap::new(),
        attributes: Vec::new(),
    };

    let captured = Captured::default();
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("picket::progress=info"))
        .with_writer(captured.clone())
        .with_ansi(false)
        .without_time()
        .with_level(false)
        .with_target(false)
        .init();
    let request = BuildRequest {
        base,
        head,
        jobs,
        required: &[JobPattern::all()],
        rebuild_limit: 0,
        scope: &Scope::default(),
        package_tests: 0,
    };
    builder.build(request).await.unwrap();
    assert_snapshot!(captured.sentences(), @"
    evaluating jobs.nix at aaaaaaaaaaaa
    evaluating jobs.nix at bbbbbbbbbbbb
    3 of 3 jobs differ from the base's
    3 derivations to build, 0 paths to substitute
    building 1 of 3: lib-1.0
    built 1 of 3: lib-1.0
    building 2 of 3: app-2.0
    built 2 of 3: app-2.0
    building 3 of 3: bad-3.0
    failed: bad-3.0
    ");
}
