//! What domain values look like on pages. Pure functions, shared by the pages.

use picket_domain::{
    Advisory, Candidate, CommentId, ConflictKind, ContainedBy, Details, Form, ImpactSummary,
    PickOutcome, PickStatus, Renames, ResolvedSet, UpstreamState,
};
use picket_evidence::Rating;

/// A few words with a colour that repeats their meaning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Badge {
    /// `good`, `warn`, `bad`, `info` or nothing.
    pub(crate) tone: &'static str,
    pub(crate) text: String,
}

impl Badge {
    pub(crate) fn new(tone: &'static str, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { tone, text }
    }
}

/// Where a pull request is.
pub(crate) fn status_badge(status: &PickStatus) -> Badge {
    let (tone, text) = match status {
        PickStatus::Superseded { .. } => ("good", "Superseded"),
        PickStatus::InBase => ("", "In base"),
        PickStatus::InOtherPick => ("", "In another pick"),
        PickStatus::ResolvedAway => ("", "Resolved away"),
        PickStatus::GivenUp { .. } => ("warn", "Given up for now"),
        PickStatus::BuildCancelled { .. } => ("warn", "Build stopped"),
        PickStatus::NoMachine { .. } => ("bad", "No machine builds it"),
        PickStatus::Dismissed { .. } => ("", "Dismissed"),
        PickStatus::PutOff { .. } => ("", "Put off"),
        PickStatus::Vetoed { .. } => ("bad", "Vetoed"),
        PickStatus::AwaitingApproval { .. } => ("warn", "Needs approval"),
        PickStatus::Conflict { .. } => ("bad", "Conflict"),
        PickStatus::Disputed { .. } => ("bad", "Disputed"),
        PickStatus::Stale { .. } => ("warn", "Approve again"),
        PickStatus::Unavailable { .. } => ("bad", "Unavailable"),
        PickStatus::BuildFailed { .. } => ("bad", "Build failed"),
        PickStatus::Assembling => ("info", "Being picked"),
        PickStatus::Building { .. } => ("info", "Building"),
        PickStatus::Retrying { .. } => ("warn", "Waiting for the builder"),
        PickStatus::Releasing => ("info", "Being published"),
        PickStatus::Released { .. } => ("good", "Released"),
    };
    Badge::new(tone, text)
}

/// What comes of picking a candidate onto today's base, shown before anybody decides.
pub(crate) fn assessment_badge(
    assessment: Option<&PickOutcome>,
    (resolved, form): (&ResolvedSet, &Form),
) -> Badge {
    match assessment {
        None => Badge::new("", "Not tried yet"),
        Some(PickOutcome::Picked { .. }) if !form.is_as_is() => {
            Badge::new("good", form_words(form).will)
        }
        Some(PickOutcome::Picked { commits, .. })
            if !resolved.is_empty() && commits.iter().any(|commit| !commit.verbatim) =>
        {
            Badge::new("good", "Applies as resolved")
        }
        Some(PickOutcome::Picked { .. }) => Badge::new("good", "Applies cleanly"),
        Some(PickOutcome::Contained { by }) => Badge::new("", contained(*by)),
        Some(PickOutcome::Conflict { conflicts, .. }) => {
            Badge::new("bad", format!("Conflicts in {}", files(conflicts.len())))
        }
        Some(PickOutcome::Disputed { .. }) => Badge::new("bad", "Git picks it otherwise"),
        Some(PickOutcome::Unavailable { .. }) => Badge::new("bad", "Cannot be picked"),
    }
}

/// What a pick changes, in a few words.
pub(crate) fn impact_badge(summary: &ImpactSummary, rebuild_limit: u32) -> Badge {
    let tone = match summary {
        ImpactSummary::Unknown => "bad",
        ImpactSummary::Known { lost, .. } if *lost > 0 => "warn",
        known if known.may_exceed(rebuild_limit) => "warn",
        ImpactSummary::Known { .. } => "",
    };
    Badge::new(tone, summary.words(rebuild_limit))
}

/// How bad a vulnerability is, in a word.
pub(crate) fn rating_badge(rating: Rating) -> Badge {
    match rating {
        Rating::Critical => Badge::new("bad", "Critical"),
        Rating::High => Badge::new("warn", "High"),
        Rating::Medium => Badge::new("", "Medium"),
        Rating::Low => Badge::new("", "Low"),
        Rating::None => Badge::new("", "Harmless"),
    }
}

/// What a pick is contained by, in three words.
fn contained(by: ContainedBy) -> &'static str {
    match by {
        ContainedBy::Base => "In base already",
        ContainedBy::OtherPick => "In another pick",
        ContainedBy::Resolution => "Resolved to nothing",
    }
}

/// What was done about renamed files, where that is worth a word.
pub(crate) fn renames(assessment: Option<&PickOutcome>) -> String {
    let (PickOutcome::Picked { renames, .. } | PickOutcome::Conflict { renames, .. }) =
        (match assessment {
            Some(outcome) => outcome,
            None => return String::new(),
        })
    else {
        return String::new();
    };
    let found = |found: u32| format!("{} renamed", files(found as usize));
    match renames {
        Renames::NotNeeded | Renames::Followed { found: 0 } => String::new(),
        Renames::Followed { found: n } => format!("followed {}", found(*n)),
        Renames::GaveUp { found: n } => format!(
            "too many files came and went to look for all renames, as git would not either; {}",
            found(*n)
        ),
    }
}

/// `1 file`, `2 files`
pub(crate) fn files(n: usize) -> String {
    format!("{n} file{}", plural(n))
}

/// How many files a candidate changes.
pub(crate) fn changed_files(details: Option<&Details>) -> String {
    details.map_or_else(
        || "files not read yet".to_owned(),
        |details| files(details.all_files),
    )
}

pub(crate) fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

/// Where a pull request stands upstream, in a list: nothing where it is open, as most are.
pub(crate) fn upstream_words(candidate: &Candidate) -> &'static str {
    match candidate.upstream {
        UpstreamState::Open if candidate.pr.is_own() => "own patch",
        UpstreamState::Open if candidate.is_draft => "draft",
        UpstreamState::Open => "",
        UpstreamState::Merged { .. } => "merged upstream",
        UpstreamState::Closed => "closed upstream",
    }
}

/// Where a pull request stands upstream, in one word.
pub(crate) fn upstream_name(candidate: &Candidate) -> &'static str {
    match candidate.upstream {
        UpstreamState::Open if candidate.is_draft => "draft",
        UpstreamState::Open => "open",
        UpstreamState::Merged { .. } => "merged",
        UpstreamState::Closed => "closed",
    }
}

/// Whether a pull request is merged upstream.
pub(crate) fn upstream_badge(candidate: &Candidate) -> Badge {
    match candidate.upstream {
        UpstreamState::Open if candidate.pr.is_own() => Badge::new("info", "Not upstream's"),
        UpstreamState::Open if candidate.is_draft => Badge::new("warn", "Draft upstream"),
        UpstreamState::Open => Badge::new("info", "Open upstream"),
        UpstreamState::Merged { .. } => Badge::new("good", "Merged upstream"),
        UpstreamState::Closed => Badge::new("warn", "Closed upstream, not merged"),
    }
}

/// How the two sides of a conflict differ, as a sentence about a file.
pub(crate) fn conflict_kind(kind: ConflictKind) -> &'static str {
    match kind {
        ConflictKind::BothModified => "both changed the same lines",
        ConflictKind::BothAdded => "both added this file",
        ConflictKind::DeletedByUs => "the channel does not have this file",
        ConflictKind::DeletedByThem => "the pull request deletes it, the channel changed it",
        ConflictKind::Markers => "conflict markers would be left in it",
        ConflictKind::MergedByHand => "a merge inside the pull request changed it by hand",
        ConflictKind::Other => "renamed, or a file against a folder",
    }
}

/// An advisory and where it is described.
pub(crate) struct AdvisoryLink {
    pub(crate) id: String,
    pub(crate) url: String,
}

impl AdvisoryLink {
    pub(crate) fn new(advisory: &Advisory) -> Self {
        Self {
            id: advisory.to_string(),
            url: advisory.url(),
        }
    }
}

pub(crate) fn advisories(found: &[Advisory]) -> Vec<AdvisoryLink> {
    found.iter().map(AdvisoryLink::new).collect()
}

/// A link to a candidate's page on GitHub; nothing where the stored text is no web address.
pub(crate) fn web_address(candidate: &Candidate) -> Option<&str> {
    let url = candidate.url.as_str();
    (url.starts_with("https://") || url.starts_with("http://")).then_some(url)
}

/// A comment's address on GitHub.
pub(crate) fn comment_address(candidate: &Candidate, id: CommentId) -> Option<String> {
    Some(format!("{}#issuecomment-{id}", web_address(candidate)?))
}

/// What pages call a form.
pub(crate) struct FormWords {
    /// What will be done with it.
    pub(crate) will: &'static str,
    /// What has been done to the hole; nothing where it is fixed.
    pub(crate) done: &'static str,
}

pub(crate) fn form_words(form: &Form) -> FormWords {
    let (will, done) = match form {
        Form::AsIs => ("Picked as it is", ""),
        Form::Graft { .. } => ("Carried as a graft", "Grafted"),
        Form::Mitigation { .. } => ("Carried as a mitigation", "Mitigated"),
    };
    FormWords { will, done }
}

/// At most five items; the rest is counted.
pub(crate) fn listed(items: impl ExactSizeIterator<Item = String>) -> String {
    const SHOWN: usize = 5;
    let more = items.len().saturating_sub(SHOWN);
    let mut text = items.take(SHOWN).collect::<Vec<_>>().join(", ");
    if more > 0 {
        text += &format!(" and {more} more");
    }
    text
}
