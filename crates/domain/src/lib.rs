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
mod digest;
mod facts;
mod id;
mod plan;
mod policy;
mod release;
mod resolve;
mod standing;
mod status;
mod store_path;
mod time;

pub use assembly::{
    ApprovedPick, Assembly, ChainSpec, Conflict, ConflictKind, PickOutcome, PickResult,
};
pub use audit::{Action, Actor, AuditError, Entry, EntryHash, verify_chain};
pub use base::Base;
pub use build::{
    Attempt, BuildRecord, BuildReport, BuildState, FailureCause, JobOutcome, JobReport, Verdict,
};
pub use candidate::{Advisory, Candidate, ChangeKind, FileChange, SourceCommit, UpstreamState};
pub use digest::Sha256;
pub use facts::Facts;
pub use id::{
    BranchName, ChainId, ChannelName, CommitSha, InvalidId, JobName, Login, PrNumber, ReleaseName,
    ReleaseSeq,
};
pub use plan::{Hold, Plan, Step, plan};
pub use policy::{JobPattern, Policy, RetryPolicy};
pub use release::{Release, ReleaseState, ReleasedPick};
pub use resolve::{Culprit, Next, Ready, Resolution, resolve};
pub use standing::{Approval, Standing, Veto};
pub use status::{PickStatus, StageTimes, stage_times, status};
pub use store_path::{PathInfo, StorePath};
pub use time::{Timestamp, duration};
