//! Picket's language: its types, states, policy and planning.
//!
//! A channel is a function of what is wanted (a base revision, approved picks in order, policy)
//! and every stage's output is named by its inputs. This crate holds that function's pure part:
//! no I/O, no async, no clock. [`plan()`] takes [`Facts`] and the time and says which [`Step`]s
//! lead to the wanted state; the other crates carry the steps out.

mod account;
mod admission;
mod advisory;
mod aggregate;
mod assembly;
mod audit;
mod base;
mod board;
mod build;
mod build_record;
mod build_summary;
mod build_word;
mod by_name;
mod candidate;
mod chain_spec;
mod chosen_forms;
mod comment;
mod conflict;
mod digest;
mod dismissal;
mod facts;
mod failure;
#[cfg(test)]
mod fixtures;
mod form;
mod id;
mod impact;
mod invalid_id;
mod investigation;
mod kept_report;
mod log;
mod machine;
mod package_set;
mod passed_by;
mod plan;
mod policy;
mod port;
mod ports;
mod reception;
mod release;
mod releases;
mod resolve;
mod resolved_set;
mod review;
mod scope;
mod shared;
mod stage_times;
mod standing;
mod status;
mod store_path;
mod team;
pub mod text;
mod time;
mod trouble;
mod version;
mod waiver;

pub use account::{Account, Binding, Identity, Refusal};
pub use admission::Admission;
pub use advisory::Advisory;
pub use aggregate::{Aggregate, required_by};
pub use assembly::{
    Assembly, ContainedBy, PickOutcome, PickResult, PickedCommit, Renames, SecondOpinion,
};
pub use audit::{AccountEvent, Action, Actor, AuditError, Entry, EntryHash, verify_chain};
pub use base::Base;
pub use board::{
    Board, CommentTraffic, GitHubTraffic, LaneHealth, LaneKey, MirrorStanding, ReviewTraffic,
};
pub use build::{
    Attempt, BuildReport, EvaluationCost, EvaluationLimit, Fault, JobOutcome, JobReport, Verdict,
};
pub use build_record::{BuildRecord, BuildState, OddJobs};
pub use build_summary::{AttemptSummary, FailingJob, ReportSummary};
pub use build_word::BuildWord;
pub use by_name::attribute_of;
pub use candidate::{Candidate, ChangeKind, Details, FileChange, SourceCommit, UpstreamState};
pub use chain_spec::{ApprovedPick, ChainSpec};
pub use comment::{
    Comment, CommentEnd, CommentId, CommentPlace, CommentRecord, CommentSite, CommentStep, comment,
};
pub use conflict::{
    Conflict, ConflictKind, FileMode, FileVersion, ResolvedBy, ResolvedContent, ResolvedFile,
    Versions,
};
pub use digest::Sha256;
pub use dismissal::{Dismissal, DismissalKind, PUT_OFF_DAYS_MAX};
pub use facts::{Facts, OnBase, PickInput};
pub use failure::{FailureCause, FailureClass};
pub use form::Form;
pub use id::{
    AccountId, BlobId, BranchName, ChainId, ChannelName, CommitSha, ContentId, JobName, Login,
    MitigationName, PackageFolder, PatchId, PrNumber, ReleaseName, ReleaseSeq, ResolvedSetId,
};
pub use impact::{
    BuildingTime, Certainty, FailingPackage, Impact, ImpactOutcome, ImpactSummary, ImpactedPackage,
    Listed,
};
pub use invalid_id::InvalidId;
pub use investigation::{Investigation, Prerequisite, Together, TouchingCommit};
pub use log::Log;
pub use machine::{DiskShort, FailingRelease, Machine};
pub use package_set::{PackageSet, PackageTestSet};
pub use passed_by::PassedBy;
pub use plan::{Hold, Plan, Step, plan, plan_of};
pub use policy::{AfterHold, BaseHold, JobPattern, MassRebuild, PackageTests, Policy, RetryPolicy};
pub use port::{PortEvidence, PortOf, Series, picked_from, port_of};
pub use ports::Ports;
pub use reception::{Ci, CiState, Reception, ReceptionReading, Review, ReviewState, Reviews};
pub use release::{Release, ReleaseState, ReleasedPick};
pub use releases::Releases;
pub use resolve::{
    Culprit, HeldBase, LostFix, MissedFix, Next, Ready, Resolution, Setback, StalePick, resolve,
};
pub use resolved_set::ResolvedSet;
pub use review::{
    ConflictPlace, Objection, PickedBefore, Seen, Shown, approval, approvals, approvals_of,
    can_be_overruled, counting_approvals, has_spoken, is_open, last_word, may_decide, stale_pick,
};
pub use scope::{Scope, last_name};
pub use shared::SharedMap;
pub use stage_times::{StageTimes, stage_times};
pub use standing::{Approval, LapsedApproval, Standing, Veto};
pub use status::{PickStatus, StatusGroup, status};
pub use store_path::{PathInfo, StorePath};
pub use team::{Lapse, LapseReason, Member, Named, Team, Unbinding};
pub use time::{Timestamp, duration};
pub use trouble::{Lane, Trouble};
pub use version::compare_versions;
pub use waiver::{Rules, WAIVER_DAYS_MAX, Waiver};
