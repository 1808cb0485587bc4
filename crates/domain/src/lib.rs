//! Picket's language: its types, states, policy and planning.
//!
//! A channel is a function of what is wanted (a base revision, approved picks in order, policy)
//! and every stage's output is named by its inputs. This crate holds that function's pure part:
//! no I/O, no async, no clock. [`plan()`] takes [`Facts`] and the time and says which [`Step`]s
//! lead to the wanted state; the other crates carry the steps out.

mod assembly;
mod audit;
mod base;
mod build;
mod candidate;
mod conflict;
mod digest;
mod facts;
mod id;
mod investigation;
mod plan;
mod policy;
mod release;
mod resolve;
mod standing;
mod status;
mod store_path;
mod time;

pub use assembly::{
    ApprovedPick, Assembly, ChainSpec, PickOutcome, PickResult, PickedCommit, Renames,
    SecondOpinion,
};
pub use audit::{Action, Actor, AuditError, Entry, EntryHash, verify_chain};
pub use base::Base;
pub use build::{
    Attempt, BuildRecord, BuildReport, BuildState, FailureCause, JobOutcome, JobReport, Verdict,
};
pub use candidate::{Advisory, Candidate, ChangeKind, FileChange, SourceCommit, UpstreamState};
pub use conflict::{
    Conflict, ConflictKind, FileMode, FileVersion, ResolvedBy, ResolvedContent, ResolvedFile,
    ResolvedSet, Versions,
};
pub use digest::Sha256;
pub use facts::{Facts, PickInput};
pub use id::{
    BlobId, BranchName, ChainId, ChannelName, CommitSha, ContentId, InvalidId, JobName, Login,
    PatchId, PrNumber, ReleaseName, ReleaseSeq, ResolvedSetId,
};
pub use investigation::{Investigation, Prerequisite, Together, TouchingCommit};
pub use plan::{Hold, Plan, Step, plan};
pub use policy::{JobPattern, Policy, RetryPolicy};
pub use release::{Release, ReleaseState, ReleasedPick};
pub use resolve::{Culprit, Next, Ready, Resolution, StalePick, resolve};
pub use standing::{Approval, Standing, Veto};
pub use status::{PickStatus, StageTimes, stage_times, status};
pub use store_path::{PathInfo, StorePath};
pub use time::{Timestamp, duration};
