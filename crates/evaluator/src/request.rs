//! What the evaluator is asked for.

use picket_nix::Installed;
use serde::Serialize;

use crate::job_set::JobSet;
use crate::revision::Revision;

/// What is to be evaluated.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The installed Nix.
    pub installed: &'a Installed,
    /// The revision.
    pub revision: &'a Revision,
    /// Which jobs of it.
    pub jobs: &'a JobSet,
    /// Which sets are looked into.
    pub walk: Walk,
    /// Whether to tell what `meta` and `passthru` say of each job.
    pub extras: bool,
    /// The system that the expressions believe to run on (`builtins.currentSystem`); `None`: the
    /// machine's.
    pub system: Option<&'a str>,
    /// Who vouches for the revision.
    pub trust: Trust,
}

impl<'a> Request<'a> {
    /// A job set as Hydra takes it, of a revision that was approved.
    pub fn new(installed: &'a Installed, revision: &'a Revision, jobs: &'a JobSet) -> Self {
        Self {
            installed,
            revision,
            jobs,
            walk: Walk::Jobs,
            extras: false,
            system: None,
            trust: Trust::Approved,
        }
    }
}

/// Which sets are looked into for jobs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Walk {
    /// Every one, as Hydra does.
    Jobs,
    /// Those that say `recurseForDerivations`, as `nix-env` does.
    Packages,
    /// None: the names of the first level alone.
    TopLevel,
}

/// Who vouches for what is evaluated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The team approved it, or it is upstream's.
    Approved,
    /// Nobody: it is evaluated in a sandbox or not at all.
    Nobody,
}
