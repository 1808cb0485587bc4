//! `/api/v1/candidates/..` and a channel's candidates.

use axum::Json;
use axum::extract::{Path, State};
use picket_domain::{
    Candidate, ConflictKind, ImpactSummary, PickOutcome, PickStatus, PrNumber, Seen, Timestamp,
    approvals_of,
};
use picket_evidence::Risk;
use serde::Serialize;

use super::evidence::EvidenceJson;
use super::ports::{OriginalJson, PortJson, port_of, ports};
use super::reception::ReceptionJson;
use super::target::TargetJson;
use crate::aim::Aim;
use crate::error::{ApiError, PageError};
use crate::look::{Look, NOT_WATCHED, chosen};
use crate::risks::risk;
use crate::state::App;

/// A candidate as one channel sees it.
#[derive(Serialize)]
pub(crate) struct CandidateJson {
    number: PrNumber,
    channel: String,
    title: String,
    author: String,
    url: String,
    head: String,
    base_branch: String,
    advisories: Vec<String>,
    /// Those of them that are known to be exploited.
    exploited: Vec<String>,
    /// How many files it changes; null where that was not read yet.
    files: Option<usize>,
    is_draft: bool,
    port_of: Vec<OriginalJson>,
    ports: Vec<PortJson>,
    /// What comes of picking it, alone, onto today's base: `picked`, `contained`, `conflict`,
    /// `disputed`, `unavailable`; null where that was not tried yet.
    assessment: Option<&'static str>,
    pick: PickJson,
    conflicts: Vec<ConflictJson>,
    /// The files of which somebody said what they are to be.
    resolved: Vec<String>,
    /// In which form the channel is to carry it: `as_is`, `graft` or `mitigation`.
    form: &'static str,
    /// Of `head`.
    approvals: Vec<ApprovalJson>,
    approvals_needed: u32,
    /// An earlier head that servers have, in the current release; null where they have `head`, or
    /// nothing of it.
    earlier_head_out: Option<EarlierJson>,
    /// What is known elsewhere of its advisories; only where one candidate is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<EvidenceJson>,
    /// What upstream makes of it; only where one candidate is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    upstream: Option<ReceptionJson>,
    /// What it changes of the package set; null where nobody has found out yet.
    impact: Option<ImpactSummary>,
    /// The state's name, one of [`PickStatus::NAMES`].
    state: &'static str,
    /// Why it is in that state, as a sentence.
    reason: String,
    stages: StagesJson,
    /// How soon the team wants it out; null where it has no target for it, or nothing is left to do.
    target: Option<TargetJson>,
}

#[derive(Serialize)]
struct EarlierJson {
    head: String,
    release: String,
    approved_by: Vec<String>,
}

#[derive(Serialize)]
struct ApprovalJson {
    by: String,
    at: String,
    /// Whether it was given to what the pick changes now.
    covers: bool,
}

/// What the candidate's pick changes: in the chain where that waits for approval, or else alone on
/// today's base.
#[derive(Serialize)]
struct PickJson {
    /// Names what is seen here; an approval has to carry it.
    seen: String,
    /// None where the candidate does not apply, or was not tried yet.
    commits: Vec<CommitJson>,
}

#[derive(Serialize)]
struct CommitJson {
    /// The pull request's commit.
    source: String,
    /// What was made of it.
    commit: String,
    /// The id of what it changes.
    patch: String,
    /// Whether that is what the pull request's commit changes, to the line.
    verbatim: bool,
}

/// A file in which the candidate's pick conflicts, alone on today's base or else in the chain.
#[derive(Serialize)]
struct ConflictJson {
    path: String,
    kind: ConflictKind,
}

#[derive(Serialize)]
struct StagesJson {
    opened_at: String,
    merged_at: Option<String>,
    approved_at: Option<String>,
    released_at: Option<String>,
    superseded_at: Option<String>,
}

impl CandidateJson {
    fn new(look: &Look<'_>, candidate: &Candidate, status: &PickStatus, risk: Risk) -> Self {
        let seen = look.seen(candidate);
        let approvals = look.approvals(candidate);
        let approvals = approvals.into_iter().map(|approval| ApprovalJson {
            by: approval.by.to_string(),
            at: approval.at.to_string(),
            covers: seen.is_covered_by(&approval),
        });
        Self {
            number: candidate.pr,
            channel: look.channel.name().to_string(),
            title: candidate.title.clone(),
            author: candidate.author.to_string(),
            url: candidate.url.clone(),
            head: candidate.head.to_string(),
            base_branch: candidate.base_branch.to_string(),
            advisories: candidate
                .advisories()
                .iter()
                .map(ToString::to_string)
                .collect(),
            exploited: look
                .exploited(candidate)
                .iter()
                .map(|it| it.advisory.to_string())
                .collect(),
            files: candidate.details.as_ref().map(|it| it.all_files),
            is_draft: candidate.is_draft,
            port_of: port_of(look, candidate),
            ports: ports(look, candidate),
            assessment: look.assessment(candidate).map(assessment_name),
            pick: PickJson::new(&seen),
            conflicts: conflicts(look, candidate, status),
            resolved: resolved(look, candidate),
            form: look.form(candidate).name(),
            approvals: approvals.collect(),
            evidence: None,
            upstream: None,
            impact: look.facts.impact(candidate).cloned(),
            approvals_needed: look.need(candidate),
            earlier_head_out: EarlierJson::of(look, candidate),
            state: status.name(),
            reason: status.reason(),
            stages: StagesJson::new(look, candidate),
            target: Aim::of(look, candidate, status, risk).map(|it| TargetJson::new(&it)),
        }
    }
}

impl EarlierJson {
    fn of(look: &Look<'_>, candidate: &Candidate) -> Option<Self> {
        let (release, pick) = look.facts.earlier_head_out(candidate)?;
        let approvals = approvals_of(&look.facts, candidate, &pick.head);
        Some(Self {
            head: pick.head.to_string(),
            release: release.name.to_string(),
            approved_by: approvals.iter().map(|it| it.by.to_string()).collect(),
        })
    }
}

impl PickJson {
    fn new(seen: &Seen<'_>) -> Self {
        let commits = seen.commits.iter().map(|commit| CommitJson {
            source: commit.source.to_string(),
            commit: commit.commit.to_string(),
            patch: commit.patch.to_string(),
            verbatim: commit.verbatim,
        });
        Self {
            seen: seen.digest(),
            commits: commits.collect(),
        }
    }
}

fn conflicts(look: &Look<'_>, candidate: &Candidate, status: &PickStatus) -> Vec<ConflictJson> {
    let conflicts = match (look.assessment(candidate), status) {
        (Some(PickOutcome::Conflict { conflicts, .. }), _)
        | (_, PickStatus::Conflict { conflicts, .. }) => conflicts.as_slice(),
        _ => &[],
    };
    let json = conflicts.iter().map(|conflict| ConflictJson {
        path: conflict.path.clone(),
        kind: conflict.kind,
    });
    json.collect()
}

fn resolved(look: &Look<'_>, candidate: &Candidate) -> Vec<String> {
    let resolved = look.facts.resolved(candidate.pr);
    let files = resolved.files().iter();
    files.map(|file| file.path.clone()).collect()
}

impl StagesJson {
    fn new(look: &Look<'_>, candidate: &Candidate) -> Self {
        let times = look.stage_times(candidate);
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
        Self {
            opened_at: times.opened_at.to_string(),
            merged_at: text(times.merged_at),
            approved_at: text(times.approved_at),
            released_at: text(times.released_at),
            superseded_at: text(times.superseded_at),
        }
    }
}

fn assessment_name(outcome: &PickOutcome) -> &'static str {
    match outcome {
        PickOutcome::Picked { .. } => "picked",
        PickOutcome::Contained { .. } => "contained",
        PickOutcome::Conflict { .. } => "conflict",
        PickOutcome::Disputed { .. } => "disputed",
        PickOutcome::Unavailable { .. } => "unavailable",
    }
}

#[derive(Serialize)]
pub(crate) struct CandidatesOfChannel {
    channel: String,
    candidates: Vec<CandidateJson>,
}

/// `GET /api/v1/channels/{channel}/candidates`
pub(crate) async fn candidates(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Json<CandidatesOfChannel>, ApiError> {
    let look = Look::at(&app, chosen(&app, Some(&name))?).await?;
    let risks = app.risks.table(&look.facts, &look.known);
    let candidates = look.candidates();
    let candidates = candidates.map(|(candidate, status)| {
        CandidateJson::new(&look, candidate, status, risks.of(candidate))
    });
    Ok(Json(CandidatesOfChannel {
        channel: name,
        candidates: candidates.collect(),
    }))
}

#[derive(Serialize)]
pub(crate) struct Candidates {
    candidates: Vec<CandidateJson>,
}

/// `GET /api/v1/candidates/{pr}`
pub(crate) async fn candidate(
    State(app): State<App>,
    Path(pr): Path<String>,
) -> Result<Json<Candidates>, ApiError> {
    let pr: PrNumber = pr.parse().map_err(|_| {
        PageError::BadInput("A candidate is named by its pull request's number.".to_owned())
    })?;
    let (board, mut candidates) = (app.board(), Vec::new());
    for channel in &app.channels {
        let look = Look::at(&app, channel).await?;
        let Some(it) = look.candidate(pr) else {
            continue;
        };
        let comment = app.store.comment(pr).await?;
        candidates.push(CandidateJson {
            evidence: Some(EvidenceJson::new(&look, it)),
            upstream: Some(ReceptionJson::new(&look, &board, it, comment.as_ref())),
            ..CandidateJson::new(&look, it, &look.status(it), risk(&look.known, it))
        });
    }
    if candidates.is_empty() {
        return Err(NOT_WATCHED.into());
    }
    Ok(Json(Candidates { candidates }))
}
