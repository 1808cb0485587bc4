//! A real Nix with a store of its own, and trees written by the tests.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use picket_builder::{
    BuildError, BuildRequest, Builder, Evaluation, JobSet, Limits, Nix, NixConfig, Revision,
};
use picket_domain::{BuildReport, CommitSha, JobOutcome, JobPattern, Scope, StorePath};
use picket_testkit::nix::{HELPERS, NixConf, NixStore, with_helpers, write_files};
use tempfile::TempDir;

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

    /// Another builder with the same state, as after a restart with other limits.
    pub(crate) fn again(&self, limits: Limits) -> Builder {
        let nix = Nix::new(NixConfig {
            bin_dir: None,
            environment: self.store.environment(),
            options: Vec::new(),
        });
        Builder::new(nix, &self.path("state"), limits).unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A revision whose `jobs.nix` has this text, in which `mk` and `mkWith` are defined.
    pub(crate) fn revision(&self, name: char, jobs: &str) -> Revision {
        let jobs = with_helpers(jobs);
        self.tree(name, &[("helpers.nix", HELPERS), ("jobs.nix", &jobs)])
    }

    pub(crate) fn tree(&self, name: char, files: &[(&str, &str)]) -> Revision {
        let rev = CommitSha::parse(&name.to_string().repeat(40)).unwrap();
        let tree = self.path(&format!("tree-{name}"));
        write_files(&tree, files).unwrap();
        Revision { rev, tree }
    }

    /// The names of the jobs that a revision has.
    pub(crate) async fn names(&self, revision: &Revision, jobs: &JobSet) -> Vec<String> {
        match self.builder.evaluate(revision, jobs).await.unwrap() {
            Evaluation::Jobs(found) => found.jobs.keys().map(ToString::to_string).collect(),
            other => panic!("{other:?}"),
        }
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
        self.build_packages(base, head, jobs, [0, 0]).await
    }

    /// The same with packages, and with their tests: at most so many of either.
    pub(crate) async fn build_packages(
        &self,
        base: &Revision,
        head: &Revision,
        jobs: &JobSet,
        [rebuild_limit, package_tests]: [u32; 2],
    ) -> Result<BuildReport, BuildError> {
        let required = &[JobPattern::all()];
        let request = BuildRequest {
            base,
            head,
            jobs,
            required,
            rebuild_limit,
            scope: &Scope::default(),
            package_tests,
        };
        self.builder.build(request).await
    }

    pub(crate) async fn build_required(
        &self,
        base: &Revision,
        head: &Revision,
        required: &[JobPattern],
    ) -> Result<BuildReport, BuildError> {
        let request = BuildRequest {
            base,
            head,
            jobs: &jobs(),
            required,
            rebuild_limit: 0,
            scope: &Scope::default(),
            package_tests: 0,
        };
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
            BuildReport::EvaluationUnfinished { detail, .. } => format!("unfinished: {detail}"),
            BuildReport::Evaluated { jobs, changed, .. } => {
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

/// The limits of evaluations alone.
pub(crate) fn evaluation(evaluation: picket_evaluator::Limits) -> Limits {
    Limits {
        evaluation,
        ..Limits::default()
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
        JobOutcome::Refused { .. } => "refused".to_owned(),
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
        JobOutcome::Refused { why } => why,
        JobOutcome::Built { .. } => panic!("{job} was built"),
    }
}

/// Reads a file that a builder wrote, outside of its store.
pub(crate) fn lines(path: &Path) -> usize {
    fs::read_to_string(path).map_or(0, |text| text.lines().count())
}
