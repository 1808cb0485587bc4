//! Evaluating a job set: from a tree to its jobs' derivations.
//!
//! One `nix-instantiate --eval` walks the whole set. Job names and arguments go in and come out
//! as JSON; nothing foreign becomes Nix code. `tryEval` catches what throws, and one more run a
//! broken job gets Nix's message for it. What `tryEval` cannot catch (a syntax error, a missing
//! attribute, an endless recursion) takes the evaluation down as a whole, as it does on Hydra.

use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

use picket_domain::{JobName, StorePath};
use serde::{Deserialize, Serialize};

use crate::error::BuildError;
use crate::job_set::{JobSet, WalkerRequest, job_name};
use crate::limits::Limits;
use crate::nix::Nix;
use crate::nix_error::{evaluation_error, is_machines_fault};
use crate::process::{Finished, RunError, run};
use crate::text;

/// The expression that walks a job set.
pub(crate) const WALKER: &str = include_str!("walker.nix");

/// How long the description of a job set may be, in bytes.
const OUTPUT_MAX: u64 = 512 << 20;

/// A job set's jobs by name, each with its derivation or the reason why it has none.
pub type Jobs = BTreeMap<JobName, Result<Job, JobError>>;

/// A job that evaluates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Its derivation.
    pub drv: StorePath,
    /// Its outputs' paths, by name.
    pub outputs: BTreeMap<String, StorePath>,
    /// The system that it is built on: `x86_64-linux`.
    pub system: String,
}

/// Why a job does not evaluate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum JobError {
    /// It throws, or an assertion in it fails.
    Throws {
        /// The attribute path, with which it can be evaluated again for its message.
        path: Vec<String>,
    },
    /// It is a set nested too deep to be looked into.
    TooDeep,
    /// What it says is a derivation is none that could be built: a path that is no store path, or
    /// outputs whose paths are not known before they are built.
    Unbuildable,
}

/// What evaluating a job set came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evaluation {
    /// Its jobs.
    Jobs(Jobs),
    /// It does not evaluate as a whole.
    Failed {
        /// Nix's message, bounded; paths are relative to the tree.
        error: String,
    },
}

/// A job as the walker describes it.
#[derive(Deserialize)]
struct Found {
    path: Vec<String>,
    job: Option<Described>,
    error: Option<Problem>,
}

#[derive(Deserialize)]
struct Described {
    drv: String,
    system: serde_json::Value,
    outputs: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Problem {
    Throws,
    Deep,
}

/// Evaluates job sets with one Nix, within limits.
#[derive(Debug, Clone)]
pub(crate) struct Evaluator<'a> {
    pub(crate) nix: &'a Nix,
    pub(crate) limits: &'a Limits,
    pub(crate) store_dir: &'a str,
}

impl Evaluator<'_> {
    /// All jobs of the tree's job set. Derivations are written to the store.
    pub(crate) async fn evaluate(
        &self,
        tree: &Path,
        job_set: &JobSet,
    ) -> Result<Evaluation, BuildError> {
        match self.walk(tree, job_set, None).await? {
            Ok(json) => Ok(self.read(&json)),
            Err(error) => Ok(Evaluation::Failed { error }),
        }
    }

    /// What Nix says when it evaluates the job at this path alone.
    pub(crate) async fn explain(
        &self,
        tree: &Path,
        job_set: &JobSet,
        path: &[String],
    ) -> Result<String, BuildError> {
        let said = self.walk(tree, job_set, Some(path)).await?;
        Ok(said.err().unwrap_or_else(|| {
            "it evaluates alone, but not together with the other jobs".to_owned()
        }))
    }

    /// Runs the walker; the inner result is the change's doing.
    async fn walk(
        &self,
        tree: &Path,
        job_set: &JobSet,
        explain: Option<&[String]>,
    ) -> Result<Result<Vec<u8>, String>, BuildError> {
        const PROGRAM: &str = "nix-instantiate";
        let tree = tree.canonicalize().map_err(BuildError::file(tree))?;
        let request = WalkerRequest {
            tree: &tree,
            file: job_set.checked_file()?,
            arguments: &job_set.arguments,
            attributes: job_set.checked_attributes()?,
            depth: self.limits.depth,
            explain,
        };
        let request = serde_json::to_string(&request)
            .map_err(|error| BuildError::JobSet(error.to_string()))?;
        let mut command = self.nix.command(PROGRAM);
        command.args(["--eval", "--strict", "--json", "--read-write-mode"]);
        self.nix.add_options(&mut command);
        self.restrict(&mut command, &tree);
        command.args(["-E", WALKER, "--argstr", "request", &request]);
        let within = Duration::from_secs(self.limits.evaluation_seconds);
        match run(command, within, OUTPUT_MAX).await {
            Ok(done) => outcome(done, &tree),
            Err(RunError::TimedOut) => Ok(Err(format!(
                "the evaluation took longer than {} s and was stopped",
                within.as_secs()
            ))),
            Err(RunError::TooMuchOutput) => {
                Ok(Err("the job set is too large to be described".to_owned()))
            }
            Err(error) => Err(self.nix.failed(PROGRAM, error)),
        }
    }

    fn restrict(&self, command: &mut tokio::process::Command, tree: &Path) {
        // Whatever the environment and the operator's nix.conf say: evaluation must neither run
        // programs nor find other trees, and what is found by name may also be read.
        command.env("NIX_PATH", "");
        let mut set = |name, value| {
            command.args(["--option", name, value]);
        };
        set("allow-unsafe-native-code-during-evaluation", "false");
        set("nix-path", "");
        if self.limits.restricted {
            set("restrict-eval", "true");
            set("allowed-uris", "");
            set("allow-import-from-derivation", "false");
            command.arg("-I").arg(format!("picket={}", tree.display()));
        }
    }

    fn read(&self, json: &[u8]) -> Evaluation {
        let failed = |error| Evaluation::Failed { error };
        let found: Vec<Found> = match serde_json::from_slice(json) {
            Ok(found) => found,
            Err(error) => {
                return failed(format!("the job set's description cannot be read: {error}"));
            }
        };
        if found.len() > self.limits.jobs as usize {
            return failed(format!(
                "the job set has {} jobs; {} are allowed",
                found.len(),
                self.limits.jobs
            ));
        }
        let jobs = found.into_iter().map(|found| self.job(found));
        Evaluation::Jobs(jobs.collect())
    }

    fn job(&self, found: Found) -> (JobName, Result<Job, JobError>) {
        let name = job_name(&found.path);
        let job = match (found.job, found.error) {
            (Some(job), _) => self.check(job).ok_or(JobError::Unbuildable),
            (None, Some(Problem::Deep)) => Err(JobError::TooDeep),
            (None, Some(Problem::Throws) | None) => Err(JobError::Throws { path: found.path }),
        };
        (name, job)
    }

    /// Takes what an expression says of itself only if it can be true.
    fn check(&self, job: Described) -> Option<Job> {
        let in_store = |path: String| {
            let path = StorePath::parse(&path).ok()?;
            (path.store_dir() == self.store_dir).then_some(path)
        };
        let drv = in_store(job.drv).filter(StorePath::is_derivation)?;
        let outputs: Option<BTreeMap<_, _>> = job
            .outputs
            .into_iter()
            .map(|(name, path)| Some((name, in_store(path)?)))
            .collect();
        let outputs = outputs.filter(|outputs| !outputs.is_empty())?;
        let system = job.system.as_str().unwrap_or_default();
        Some(Job {
            drv,
            outputs,
            system: text::head(&text::clean(system), 64),
        })
    }
}

/// Sorts a finished evaluation: its output, the change's error, or the machine's.
fn outcome(done: Finished, tree: &Path) -> Result<Result<Vec<u8>, String>, BuildError> {
    if done.status.success() {
        return Ok(Ok(done.stdout));
    }
    let error = evaluation_error(&done.stderr, tree);
    // SIGSEGV and SIGABRT are what an endless recursion may end in; no other signal comes from
    // within.
    let stopped = done
        .status
        .signal()
        .is_some_and(|signal| !matches!(signal, 6 | 11));
    if stopped || is_machines_fault(&error) {
        return Err(BuildError::Nix {
            program: "nix-instantiate".into(),
            message: format!("{error} ({})", done.status),
        });
    }
    Ok(Err(error))
}
