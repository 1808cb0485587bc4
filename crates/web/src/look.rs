//! One look at a channel: its facts and what they come to, now.

use std::collections::BTreeSet;
use std::sync::Arc;

use picket_domain::{
    Approval, Candidate, ConflictPlace, Facts, Form, PickOutcome, PickStatus, Plan, Ports,
    PrNumber, Release, Resolution, Seen, Series, StageTimes, StalePick, Timestamp, approvals,
    attribute_of, counting_approvals, stage_times, stale_pick, status,
};

use picket_evidence::{Advised, AdvisoryFacts, Exploited, Known, Record, Targets};
use picket_snapshot::ChannelSnapshot;

use crate::error::PageError;
use crate::risks::advised;
use crate::state::{AppState, ChannelInfo};

pub(crate) const NOT_WATCHED: PageError = PageError::NotFound(
    "Picket does not watch this pull request. A team member can nominate it; it appears here once \
     it has been fetched.",
);

/// A channel's facts and what they come to.
pub(crate) struct Look<'a> {
    pub(crate) channel: &'a ChannelInfo,
    pub(crate) facts: Arc<Facts>,
    pub(crate) resolution: Arc<Resolution>,
    pub(crate) now: Timestamp,
    /// What is known of vulnerabilities elsewhere.
    pub(crate) known: Arc<Known>,
    /// How soon the team wants fixes to be out.
    pub(crate) targets: Targets,
    snapshot: Arc<ChannelSnapshot>,
}

impl<'a> Look<'a> {
    /// Looks at a channel. What is new in the database since the last look, of anybody, is read.
    pub(crate) async fn at(app: &AppState, channel: &'a ChannelInfo) -> Result<Self, PageError> {
        let now = app.now();
        let all = app.snapshots.refresh(now).await?;
        let snapshot = all.channel(channel.name()).cloned();
        let snapshot = snapshot.ok_or(PageError::NotFound("There is no channel of this name."))?;
        let (facts, resolution) = (
            Arc::clone(snapshot.facts()),
            Arc::clone(snapshot.resolution()),
        );
        Ok(Self {
            channel,
            facts,
            resolution,
            now,
            known: app.evidence.known(),
            targets: app.targets,
            snapshot,
        })
    }

    /// What is known elsewhere of each advisory that a candidate names.
    pub(crate) fn advisories(&self, candidate: &Candidate) -> Vec<AdvisoryFacts<'_>> {
        let named = candidate.advisories();
        named.iter().map(|it| self.known.of(it)).collect()
    }

    /// The advisories that name a version of a candidate's bump as the fix, and that it does not name.
    pub(crate) fn advised(&self, candidate: &Candidate) -> Vec<Advised<'_>> {
        advised(&self.known, candidate)
    }

    /// The vulnerabilities that a candidate names, under whichever name, and that are known to be
    /// exploited; each once.
    pub(crate) fn exploited(&self, candidate: &Candidate) -> Vec<&Exploited> {
        let facts = self.advisories(candidate);
        let mut exploited: Vec<_> = facts.iter().filter_map(|it| it.exploited).collect();
        exploited.sort();
        exploited.dedup();
        exploited
    }

    /// The advisories of packages whose own files a candidate changes, and that it does not name, each
    /// with its attribute; the newest of each first.
    pub(crate) fn unnamed<'k>(
        &'k self,
        candidate: &'k Candidate,
        named: &[AdvisoryFacts<'_>],
    ) -> Vec<(&'k str, &'k Record)> {
        let names = named.iter();
        let names = names.flat_map(|it| it.also.iter().chain([&it.advisory]));
        let names: Vec<_> = names.cloned().collect();
        let files = candidate.files().iter();
        let attributes: BTreeSet<_> = files.filter_map(|it| attribute_of(&it.path)).collect();
        let unnamed = attributes.into_iter().flat_map(|attribute| {
            let records = self.known.unnamed(attribute, &names).into_iter();
            records.map(move |record| (attribute, record))
        });
        unnamed.collect()
    }

    /// What is to be done for the channel.
    pub(crate) fn plan(&self) -> &Plan {
        self.snapshot.plan()
    }

    pub(crate) fn status(&self, candidate: &Candidate) -> PickStatus {
        let known = self.snapshot.status(candidate.pr);
        known.map_or_else(
            || status(&self.facts, &self.resolution, candidate),
            Clone::clone,
        )
    }

    pub(crate) fn stage_times(&self, candidate: &Candidate) -> StageTimes {
        stage_times(&self.facts, candidate)
    }

    /// What comes of picking the candidate's head, alone, onto today's base.
    pub(crate) fn assessment(&self, candidate: &Candidate) -> Option<&PickOutcome> {
        self.facts.assessment(candidate)
    }

    /// Which candidates are ports of which.
    pub(crate) fn ports(&self) -> &Ports {
        self.snapshot.ports()
    }

    /// The port of a candidate to the branch of the release that the channel follows, where the
    /// candidate does not go there itself.
    pub(crate) fn release_port(&self, original: &Candidate) -> Option<&Candidate> {
        let series = self.channel.series()?;
        if Series::of(original.base_branch.as_str()).as_ref() == Some(&series) {
            return None;
        }
        self.ports().to_release(&self.facts, original.pr, &series)
    }

    pub(crate) fn candidate(&self, pr: PrNumber) -> Option<&Candidate> {
        self.facts.candidates.get(&pr).map(Arc::as_ref)
    }

    /// In which form the channel is to carry the candidate's head.
    pub(crate) fn form(&self, candidate: &Candidate) -> &Form {
        self.facts.form(candidate.pr, &candidate.head)
    }

    /// The same, for pages that are about it.
    pub(crate) fn watched(&self, pr: PrNumber) -> Result<&Candidate, PageError> {
        self.candidate(pr).ok_or(NOT_WATCHED)
    }

    /// What a page shows that the candidate's pick changes.
    pub(crate) fn seen<'c>(&'c self, candidate: &'c Candidate) -> Seen<'c> {
        Seen::of(&self.facts, &self.resolution, candidate)
    }

    /// The candidate's pick, where too few people approved of what it changes in the chain.
    pub(crate) fn stale(&self, candidate: &Candidate) -> Option<&StalePick> {
        stale_pick(&self.resolution, candidate)
    }

    /// The approvals of the candidate's current head, oldest first.
    pub(crate) fn approvals(&self, candidate: &Candidate) -> Vec<Approval> {
        approvals(&self.facts, candidate)
    }

    /// How many people approved of what is to be released.
    pub(crate) fn have(&self, candidate: &Candidate) -> u32 {
        counting_approvals(&self.facts, &self.resolution, candidate)
    }

    /// How many people must approve of the candidate's head.
    pub(crate) fn need(&self, candidate: &Candidate) -> u32 {
        self.facts.required_approvals(candidate, &candidate.head)
    }

    /// Where the candidate's pick conflicts, where that matters.
    pub(crate) fn conflict(&self, candidate: &Candidate) -> Option<ConflictPlace<'_>> {
        ConflictPlace::of(&self.facts, &self.resolution, candidate)
    }

    /// The published releases, newest first.
    pub(crate) fn published(&self) -> Vec<(&Release, Timestamp)> {
        let newest_first = self.facts.releases.iter().rev();
        newest_first
            .filter_map(|release| Some((release, release.published_at()?)))
            .collect()
    }

    /// Every candidate, and where it is.
    pub(crate) fn candidates(&self) -> impl Iterator<Item = (&Candidate, &PickStatus)> {
        let statuses = self.snapshot.statuses_by_pr().iter();
        statuses.filter_map(|(pr, status)| Some((self.candidate(*pr)?, status)))
    }
}

/// The channel that a page is about: the named one, or else the first.
pub(crate) fn chosen<'a>(
    app: &'a AppState,
    name: Option<&str>,
) -> Result<&'a ChannelInfo, PageError> {
    let found = match name {
        Some(name) => app.channel(name),
        None => app.channels.first(),
    };
    found.ok_or(PageError::NotFound("There is no channel of this name."))
}
