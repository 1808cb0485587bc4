//! A real Nix with a store of its own, and trees written by the tests.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use picket_builder::{BuildError, BuildRequest, Builder, JobSet, Limits, Nix, NixConfig, Revision};
use picket_domain::{BuildReport, CommitSha, JobOutcome, StorePath};
use picket_testkit::nix::{NixConf, NixStore};
use tempfile::TempDir;

/// What job files are written with: a derivation whose builder is a shell script of built-ins.
const HELPERS: &str = r#"
rec {
  mk = name: script: mkWith { inherit name; } script;
  mkWith = more: script: derivation ({
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-c" script ];
  } // more);
}
"#;

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) store: NixStore,
    pub(crate) builder: Builder,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default(), &NixConf::default())
    }

    pub(crate) fn with_limits(limits: Limits) -> Self {
        Self::with(limits, &NixConf::default())
    }

    pub(crate) fn with(limits: Limits, conf: &NixConf) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = NixStore::create(&dir.path().join("nix")).unwrap();
        store.configure(conf).unwrap();
        let nix = Nix::new(NixConfig {
            bin_dir: None,
            environment: store.environment(),
            options: Vec::new(),
        });
        let builder = Builder::new(nix, &dir.path().join("state"), limits).unwrap();
        Self {
            dir,
            store,
            builder,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A revision whose `jobs.nix` has this text, in which `mk` and `mkWith` are defined.
    pub(crate) fn revision(&self, name: char, jobs: &str) -> Revision {
        let jobs = format!("with import ./helpers.nix;\n{jobs}\n");
        self.tree(name, &[("helpers.nix", HELPERS), ("jobs.nix", &jobs)])
    }

    pub(crate) fn tree(&self, name: char, files: &[(&str, &str)]) -> Revision {
        let rev = CommitSha::parse(&name.to_string().repeat(40)).unwrap();
        let tree = self.path(&format!("tree-{name}"));
        for (path, content) in files {
            let path = tree.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            match content.strip_prefix("-> ") {
                Some(target) => symlink(target, path).unwrap(),
                None => fs::write(path, content).unwrap(),
            }
        }
        Revision { rev, tree }
    }

    pub(crate) async fn build(
        &self,
        base: &Revision,
        head: &Revision,
    ) -> Result<BuildReport, BuildError> {
        self.build_jobs(base, head, &jobs()).await
    }

    pub(crate) async fn build_jobs(
        &self,
        base: &Revision,
        head: &Revision,
        jobs: &JobSet,
    ) -> Result<BuildReport, BuildError> {
        let request = BuildRequest { base, head, jobs };
        self.builder.build(request).await
    }

    /// Runs the garbage collector.
    pub(crate) fn collect_garbage(&self) {
        self.store.run("nix-store", ["--gc"]).unwrap();
    }

    /// The report in words, without what differs from run to run.
    pub(crate) fn told(&self, report: &BuildReport) -> String {
        let text = match report {
            BuildReport::EvaluationFailed { error } => format!("does not evaluate: {error}"),
            BuildReport::Evaluated { jobs, changed } => {
                let changed = changed
                    .iter()
                    .map(|report| format!("\n{}: {}", report.job, outcome(&report.outcome)));
                format!("{jobs} jobs{}", changed.collect::<String>())
            }
        };
        let store = format!("{}/", self.store.store_dir().display());
        let mut plain = String::new();
        for (at, part) in text.split(&store).enumerate() {
            plain.push_str(if at == 0 {
                part
            } else {
                &part["12345678901234567890123456789012-".len()..]
            });
        }
        plain
    }
}

/// The job set of the trees that [`World::revision`] writes.
pub(crate) fn jobs() -> JobSet {
    JobSet {
        file: "jobs.nix".into(),
        arguments: BTreeMap::new(),
        attributes: Vec::new(),
    }
}

fn outcome(outcome: &JobOutcome) -> String {
    match outcome {
        JobOutcome::Built { drv, outputs } => {
            let mut outputs: Vec<_> = outputs.iter().map(StorePath::name).collect();
            outputs.sort_unstable();
            format!("built {} -> {}", drv.name(), outputs.join(" "))
        }
        JobOutcome::Failed {
            drv, failed, cause, ..
        } => format!("{} failed by {} ({cause:?})", drv.name(), failed.name()),
        JobOutcome::EvaluationFailed { .. } => "evaluation failed".to_owned(),
    }
}

/// What is said about why a job failed.
pub(crate) fn said_of<'a>(report: &'a BuildReport, job: &str) -> &'a str {
    let mut jobs = report.changed().iter();
    let found = jobs.find(|report| report.job.as_str() == job).unwrap();
    match &found.outcome {
        JobOutcome::Failed { log_tail, .. } => log_tail,
        JobOutcome::EvaluationFailed { error } => error,
        JobOutcome::Built { .. } => panic!("{job} was built"),
    }
}

/// Reads a file that a builder wrote, outside of its store.
pub(crate) fn lines(path: &Path) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.lines().count())
}
