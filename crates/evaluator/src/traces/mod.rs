//! What an evaluation read, and so which of it holds for another tree.
//!
//! What an expression gives is a function of the files that it reads. So while a job set is
//! evaluated, each worker is heard of reading (`picket_reads`), and what is found of a node is noted
//! with all that its worker had looked at until then (`notes`): that is more than the node needed,
//! and never less. It is kept beside the evaluation (`trace`). In another tree, what is found is the
//! same where every one of these looks shows the same, and is taken over (`earlier`).
//!
//! The same tells which jobs a change may change, before anything is evaluated (`readers`).
//!
//! Only what a node is and how a job fails is taken over: not that a worker was stopped, or wrote too
//! much. That holds where Nix keeps expressions to the tree, and where the kernel tells what is read;
//! elsewhere everything is evaluated anew.

mod digests;
mod earlier;
mod looks;
mod notes;
mod readers;
mod trace;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::job_set::job_name;
use crate::jobs::{Job, JobError};
use crate::queue::Item;

pub(crate) use digests::Digests;
pub(crate) use earlier::{Earlier, Held};
pub(crate) use notes::Notes;
pub use readers::{PathChange, Readers};
pub(crate) use trace::Trace;

/// A worker at the time when it had looked at so many things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Moment {
    pub(crate) worker: u32,
    pub(crate) looks: u32,
}

/// What there is at a node, as it is noted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Noted {
    /// A job, or one that does not evaluate: the evaluation has it.
    Job,
    /// A set with these names, to be looked into.
    Set(Vec<String>),
    /// Neither.
    Nothing,
}

/// A node of a job set by its path, as job names are written; the job set itself has an empty one.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Node(String);

impl Node {
    pub(crate) fn of(item: &Item) -> Self {
        if item.path.is_empty() {
            return Self(String::new());
        }
        Self(job_name(&item.path).to_string())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether another evaluation that reads the same would find the same of a job.
pub(crate) fn is_lasting(job: &Result<Job, JobError>) -> bool {
    match job {
        Ok(_) | Err(JobError::Fails { .. }) => true,
        Err(
            JobError::TooDeep { .. }
            | JobError::TooMany { .. }
            | JobError::Unbuildable { .. }
            | JobError::Excessive { .. }
            | JobError::Stopped { .. },
        ) => false,
    }
}
