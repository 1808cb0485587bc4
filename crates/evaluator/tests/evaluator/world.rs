//! Trees written by the tests, and an evaluator for them.

use std::collections::BTreeMap;
use std::path::PathBuf;

use picket_domain::CommitSha;
use picket_evaluator::{
    Cache, EvaluateError, Evaluated, Evaluation, Evaluator, JobSet, Limits, Request, Revision,
};
use picket_nix::{Installed, Nix, NixConfig};
use picket_testkit::nix::{HELPERS, NixConf, NixStore, with_helpers, write_files};
use tempfile::TempDir;

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) store: NixStore,
    pub(crate) evaluator: Evaluator,
    pub(crate) installed: Installed,
}

impl World {
    pub(crate) async fn new(limits: Limits) -> Self {
        Self::with(limits, &NixConf::default(), &[]).await
    }

    pub(crate) async fn with(limits: Limits, conf: &NixConf, environment: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = NixStore::create(&dir.path().join("nix")).unwrap();
        store.configure(conf).unwrap();
        let mut all = store.environment();
        for (name, value) in environment {
            all.insert((*name).to_owned(), (*value).to_owned());
        }
        let nix = Nix::new(NixConfig {
            environment: all,
            ..NixConfig::default()
        });
        let installed = nix.installed().await.unwrap();
        let evaluator = Evaluator::new(nix, &dir.path().join("state"), limits);
        Self {
            dir,
            store,
            evaluator,
            installed,
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// A revision whose `jobs.nix` has this text, in which `mk` and `mkWith` are defined. Links are
    /// written as `-> target`.
    pub(crate) fn revision(&self, number: usize, jobs: &str, files: &[(&str, &str)]) -> Revision {
        let tree = self.path(&format!("tree-{number}"));
        let jobs = with_helpers(jobs);
        write_files(&tree, &[("helpers.nix", HELPERS), ("jobs.nix", &jobs)]).unwrap();
        write_files(&tree, files).unwrap();
        let rev = CommitSha::parse(&format!("{number:040x}")).unwrap();
        Revision { rev, tree }
    }

    pub(crate) async fn try_evaluate(
        &self,
        revision: &Revision,
        change: impl FnOnce(&mut Request<'_>),
    ) -> Result<Evaluation, EvaluateError> {
        let jobs = jobs();
        let mut request = Request::new(&self.installed, revision, &jobs);
        change(&mut request);
        self.evaluator.evaluate(request, Cache::Use).await
    }

    pub(crate) async fn evaluate(&self, revision: &Revision) -> Evaluated {
        match self.try_evaluate(revision, |_| {}).await.unwrap() {
            Evaluation::Jobs(evaluated) => evaluated,
            other => panic!("{other:?}"),
        }
    }

    /// The jobs in words: a line each, without what differs from run to run.
    pub(crate) fn told(&self, evaluated: &Evaluated) -> String {
        let lines = evaluated.jobs.iter().map(|(name, job)| match job {
            Ok(job) => format!("{name}: {}", job.drv.name()),
            Err(error) => {
                let error = error.to_string();
                format!("{name}: {}", error.lines().next().unwrap_or_default())
            }
        });
        self.plain(&lines.collect::<Vec<_>>().join("\n"))
    }

    /// Text without this world's folders, and without digests of store paths.
    pub(crate) fn plain(&self, text: &str) -> String {
        let store = format!("{}/", self.store.store_dir().display());
        let mut plain = String::new();
        for (at, part) in text.split(&store).enumerate() {
            let digest = part.len() > 33 && part.as_bytes()[32] == b'-';
            plain.push_str(match at {
                0 => part,
                _ if digest => &part[33..],
                _ => part,
            });
        }
        plain.replace(&self.dir.path().display().to_string(), "/world")
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
