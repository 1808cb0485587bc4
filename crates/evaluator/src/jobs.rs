//! What an evaluation gives.

use std::collections::BTreeMap;
use std::fmt;

use picket_domain::{EvaluationCost, EvaluationLimit, JobName, StorePath};
use serde::{Deserialize, Serialize};

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
    /// What the expression says that it is; texts are empty where it says nothing.
    #[serde(default)]
    pub says: Says,
    /// What it stands for, where it is one of Hydra's aggregates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constituents: Option<Constituents>,
}

impl Job {
    /// A job of which no more is known.
    pub fn new(drv: StorePath, outputs: BTreeMap<String, StorePath>, system: String) -> Self {
        Self {
            drv,
            outputs,
            system,
            says: Says::default(),
            constituents: None,
        }
    }
}

/// What a job's expression says of it. Nothing of it is checked: it is for people to read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Says {
    /// `name`, at most 256 bytes.
    pub name: String,
    /// `pname`, at most 256 bytes.
    pub pname: String,
    /// `version`, at most 256 bytes.
    pub version: String,
    /// `meta` and `passthru`, where they were asked for and could be had.
    pub extras: Extras,
}

/// What `meta` and `passthru` say of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Extras {
    /// `meta.position`: where it is defined, at most 512 bytes.
    pub position: String,
    /// `meta.timeout`: seconds that it may build.
    pub timeout: Option<i64>,
    /// `meta.maxSilent`: seconds that it may build without a line in its log.
    pub max_silent: Option<i64>,
    /// The names in `passthru.tests`.
    pub tests: Vec<String>,
}

/// What an aggregate stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constituents {
    /// Whether the names are patterns (`tests.*`).
    pub globs: bool,
    /// Names of jobs, at most 512 bytes each.
    pub names: Vec<String>,
    /// Derivations.
    pub derivations: Vec<StorePath>,
}

/// Why a job does not evaluate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "error", rename_all = "snake_case")]
pub enum JobError {
    /// Its expression fails.
    Fails {
        /// Nix's message, bounded; paths are relative to the tree.
        message: String,
    },
    /// It is a set nested too deep to be looked into.
    TooDeep {
        /// How many names a path may have.
        most: u32,
    },
    /// It is a set with more names in it, at whichever depth, than are looked at.
    TooMany {
        /// How many names all of the job set may have.
        most: u32,
    },
    /// What it says is a derivation is none that could be built.
    Unbuildable {
        /// What is wrong with it.
        why: String,
    },
    /// It wrote or said more than it may.
    Excessive {
        /// What it did too much of, in words.
        message: String,
    },
    /// Its evaluation was stopped: with more time or memory it might have come to an end.
    Stopped {
        /// What stopped it.
        cause: EvaluationLimit,
        /// The limit, and what Nix said last, bounded.
        message: String,
    },
}

impl fmt::Display for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fails { message }
            | Self::Excessive { message }
            | Self::Stopped { message, .. } => f.write_str(message),
            Self::TooDeep { most } => write!(f, "a set nested more than {most} deep"),
            Self::TooMany { most } => write!(
                f,
                "there are too many names in it, or sets that hold each other without end: the whole \
                 job set may have {most} names"
            ),
            Self::Unbuildable { why } => f.write_str(why),
        }
    }
}

/// What evaluating a job set came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evaluation {
    /// Its jobs.
    Jobs(Evaluated),
    /// It does not evaluate as a whole.
    Failed {
        /// Nix's message, bounded; paths are relative to the tree.
        error: String,
    },
    /// It was stopped before its end.
    Unfinished(Unfinished),
}

/// An evaluation that came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evaluated {
    /// The jobs.
    pub jobs: Jobs,
    /// What it took.
    pub cost: EvaluationCost,
    /// How many names, sets among them, were taken over from earlier evaluations: what they read is
    /// the same in this tree.
    #[serde(default)]
    pub taken_over: u32,
}

/// An evaluation that did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// What stopped it.
    pub cause: EvaluationLimit,
    /// What it had taken by then.
    pub spent: EvaluationCost,
    /// The limit, and what Nix said last, bounded.
    pub detail: String,
}

impl Evaluated {
    /// The first job whose evaluation was stopped, and why.
    pub fn stopped(&self) -> impl Iterator<Item = (&JobName, EvaluationLimit, &str)> {
        self.jobs.iter().filter_map(|(name, job)| match job {
            Err(JobError::Stopped { cause, message }) => Some((name, *cause, message.as_str())),
            _ => None,
        })
    }
}
